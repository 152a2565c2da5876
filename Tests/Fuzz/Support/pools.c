/* SPDX-License-Identifier: Apache-2.0 */
#include "pools.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

struct pool pools[POOLS_MOST];
struct queue queues[QUEUES_MOST];
unsigned pools_count, queues_count;
atomic_int jobs_begun, jobs_done;

int threads_now(void)
{
    DIR *directory = opendir("/proc/self/task");
    EXPECT(directory != NULL);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

void make_pool(unsigned char choice)
{
    uint32_t processors[] = {0};
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    struct pool *pool = &pools[pools_count];
    memset(pool, 0, sizeof *pool);
    options.threads = 1 + choice % 3;
    options.name = choice / 3 % 2 != 0 ? "fuzzed" : NULL;
    options.cpus = choice / 6 % 4 == 0 ? processors : NULL;
    options.cpu_count = options.cpus != NULL;
    EXPECT(oip_pool_create(&pool->pool, &options) == 0);
    EXPECT(oip_pool_threads(pool->pool) == options.threads);
    pools_count++;
}

static void *shut_down(void *argument)
{
    struct pool *pool = argument;
    EXPECT(oip_pool_shutdown(pool->pool) == 0);
    return NULL;
}

void shut_down_aside(struct pool *pool)
{
    if (!pool->shutdown_runs) {
        pool->refuses = true;
        pool->shutdown_runs = true;
        EXPECT(pthread_create(&pool->shutdown, NULL, shut_down, pool) == 0);
    }
}

static void join_shutdown(struct pool *pool)
{
    if (pool->shutdown_runs) {
        EXPECT(pthread_join(pool->shutdown, NULL) == 0);
        pool->shutdown_runs = false;
    }
}

void release_pool(struct pool *pool)
{
    if (!pool->shutdown_runs && !atomic_exchange(&pool->handle_is_back, true)) {
        oip_pool_release(pool->pool);
    }
}

void end_pool(struct pool *pool, bool shuts_down)
{
    join_shutdown(pool);
    if (!atomic_load(&pool->handle_is_back) && shuts_down) {
        EXPECT(oip_pool_shutdown(pool->pool) == 0 && oip_pool_shutdown(pool->pool) == 0);
        EXPECT(oip_pool_resize(pool->pool, 2) == -ESHUTDOWN);
    }
    release_pool(pool);
}

static void job(void *argument)
{
    (void)argument;
    atomic_fetch_add(&jobs_done, 1);
}

void run_job(struct pool *pool)
{
    atomic_fetch_add(&jobs_begun, 1);
    int result = oip_pool_run(pool->pool, job, NULL);
    EXPECT(result == 0 || (result == -ESHUTDOWN && pool->refuses));
    if (result != 0) {
        atomic_fetch_sub(&jobs_begun, 1);
    }
}

static void notice(void *context)
{
    atomic_fetch_add(&((struct queue *)context)->notices, 1);
}

void make_queue(bool notifies)
{
    struct queue *queue = &queues[queues_count++];
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    memset(queue, 0, sizeof *queue);
    queue->notifies = notifies;
    options.notify = notifies ? notice : NULL;
    options.context = queue;
    EXPECT(oip_ready_queue_create(&queue->queue, &options) == 0);
}

void release_queue(struct queue *queue)
{
    if (queue->queue != NULL) {
        oip_ready_queue_release(queue->queue);
        queue->queue = NULL;
    }
}
