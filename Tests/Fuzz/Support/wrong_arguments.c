/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with arguments that are out of range: each says so, and changes nothing. */
#include "lane.h"

#include <errno.h>
#include <string.h>

static int run_nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    EXPECT(!"an item of a producer that was never made is run");
    return 0;
}

static void wrong_pools(unsigned which)
{
    uint32_t processors[] = {0, 1u << 20};
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    oip_pool *pool = NULL;
    oip_pool **result = &pool;
    switch (which % 4) {
    case 0:
        options.size = which % 8;
        break;
    case 1:
        options.threads = OIP_MAX_THREADS + 1 + which;
        break;
    case 2:
        options.cpus = processors;
        options.cpu_count = 2;
        break;
    default:
        result = NULL;
    }
    EXPECT(oip_pool_create(result, &options) == -EINVAL && pool == NULL);
}

static void wrong_producers(unsigned which, struct pool *pool)
{
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.run = run_nothing;
    options.payload_size = 8;
    oip_producer *producer = NULL;
    oip_producer **result = &producer;
    oip_pool *on = pool->pool;
    switch (which % 9) {
    case 0:
        options.size = which % 16;
        break;
    case 1:
        options.window = OIP_MAX_WINDOW + 1 + which;
        break;
    case 2:
        options.width = UINT32_MAX - which;
        break;
    case 3:
        options.payload_align = 3 + which / 9 % 4 * 4;
        break;
    case 4:
        options.payload_align = 8192;
        break;
    case 5:
        options.run = NULL;
        break;
    case 6:
        options.on_failure = (enum oip_failure_policy)(3 + which);
        break;
    case 7:
        options.wait = (enum oip_wait_strategy)(3 + which);
        break;
    default:
        if (which / 9 % 2 == 0) {
            result = NULL;
        } else {
            on = NULL;
        }
    }
    EXPECT(oip_producer_create(result, on, &options) == -EINVAL && producer == NULL);
    EXPECT(oip_producer_create(&producer, pool->pool, NULL) == -EINVAL && producer == NULL);
}

static void wrong_requests(unsigned which, struct lane *lane)
{
    struct oip_waiter waiter;
    struct oip_request request = OIP_REQUEST_INIT;
    memset(&waiter, 0, sizeof waiter);
    switch (lane->account.deadlines ? which % 2 : which % 4) {
    case 0:
        request.size = which % 8;
        break;
    case 1:
        request.nowait = true;
        request.waiter = &waiter;
        break;
    case 2:
        request.deadline_ns = 1 + which;
        break;
    default:
        request.argument = &waiter;
    }
    EXPECT(oip_request(lane->producer, &request, NULL) == -EINVAL);
    EXPECT(oip_request(lane->producer, NULL, NULL) == -EINVAL);
}

static void wrong_uses(unsigned which, struct lane *lane)
{
    struct oip_statistics statistics = {.size = 0};
    switch (which % 6) {
    case 5:
        wrong_requests(which / 6, lane);
        break;
    case 0:
        EXPECT(oip_start(lane->producer, NULL, NULL) == -EINVAL);
        break;
    case 1:
        EXPECT(oip_start_sink(lane->producer, NULL, NULL) == -EINVAL);
        break;
    case 2:
        EXPECT(oip_get_statistics(lane->producer, which % 2 != 0 ? NULL : &statistics) == -EINVAL);
        break;
    case 3: {
        struct oip_waiter waiter;
        memset(&waiter, 0, sizeof waiter);
        EXPECT(oip_cancel(lane->producer, &waiter) == -EALREADY);
        return; /* tells no details */
    }
    default:
        if (lane->account.takes_calls) {
            return;
        }
        EXPECT(oip_produce_call(lane->producer, NULL, NULL, NULL) == -EINVAL);
    }
    EXPECT(oip_error_detail()[0] != '\0');
}

/* A program of an older version has a shorter struct: nothing behind it is written. */
static void short_statistics(unsigned size, struct lane *lane)
{
    struct {
        struct oip_statistics statistics;
        unsigned char behind[8];
    } room;
    memset(&room, 0xa5, sizeof room);
    room.statistics.size = sizeof(size_t) + size % (sizeof room.statistics - sizeof(size_t));
    size_t end = room.statistics.size;
    EXPECT(oip_get_statistics(lane->producer, &room.statistics) == 0);
    for (size_t i = end; i < sizeof room; i++) {
        EXPECT(((unsigned char *)&room)[i] == 0xa5);
    }
}

void wrong_arguments(unsigned which, struct lane *lane, struct pool *pool, struct queue *queue)
{
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    oip_ready_queue *made = NULL;
    unsigned detail = which / 8;
    switch (which % 8) {
    case 0:
        wrong_pools(detail);
        break;
    case 1:
        wrong_producers(detail, pool);
        break;
    case 2:
        EXPECT(oip_pool_resize(pool->pool, detail % 2 != 0 ? 0 : OIP_MAX_THREADS + 1) == -EINVAL);
        EXPECT(oip_pool_threads(pool->pool) <= OIP_MAX_THREADS);
        break;
    case 3:
        EXPECT(oip_pool_run(pool->pool, NULL, NULL) == -EINVAL);
        break;
    case 4:
        options.size = detail % sizeof options;
        EXPECT(oip_ready_queue_create(&made, &options) == -EINVAL && made == NULL);
        EXPECT(oip_ready_queue_create(NULL, NULL) == -EINVAL);
        break;
    case 5:
        if (queue != NULL && queue->queue != NULL && queue->notifies) {
            EXPECT(oip_ready_queue_wait(queue->queue, 0) == -EINVAL);
        }
        break;
    case 6:
        if (lane != NULL) {
            wrong_uses(detail, lane);
        }
        break;
    default:
        if (lane != NULL) {
            short_statistics(detail, lane);
        }
    }
    const char *sentence = oip_strerror(-(int)which);
    EXPECT(sentence != NULL && sentence[0] != '\0');
}
