/* SPDX-License-Identifier: Apache-2.0 */
/* Several callers on one producer, each with an equal share of the items; a consumer thread. */
#include "groups.h"
#include "library.h"

#include <errno.h>
#include <pthread.h>

/* Whose item it is has to travel with it: the callers' items come interleaved. */
struct item {
    uint64_t value; /* the index, then the result */
    uint64_t caller;
};

struct run {
    oip_producer *producer;
    struct bench_receiver *receiver;
    struct groups groups;
    pthread_barrier_t start;
};

struct caller {
    struct run *run;
    uint64_t number;
    pthread_t thread;
    int result;
};

static int make_item(void *context, void *payload, uint64_t sequence)
{
    (void)sequence;
    struct item *item = payload;
    item->value = bench_item(context, item->value);
    return 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    struct run *run = argument;
    struct item item;
    while (oip_next(producer, &item, NULL) == 1)
        groups_receive(&run->groups, &run->groups.each[item.caller], run->receiver, item.value);
    return NULL;
}

static void *call(void *argument)
{
    struct caller *caller = argument;
    struct groups *groups = &caller->run->groups;
    struct item item = {.caller = caller->number};
    uint64_t first = caller->number * groups->share;
    pthread_barrier_wait(&caller->run->start);
    for (uint64_t i = 0; i < groups->share && caller->result == 0; i++) {
        item.value = first + i;
        caller->result = oip_produce(caller->run->producer, &item, NULL);
        groups_count(groups, &groups->each[caller->number]);
    }
    return NULL;
}

enum { MAX_CALLERS = 64 };

/* Starts the callers, lets them begin together, and waits for them. */
static int call_all(struct run *run, uint32_t count)
{
    struct caller callers[MAX_CALLERS];
    pthread_barrier_init(&run->start, NULL, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        callers[i] = (struct caller){.run = run, .number = i};
        int result = pthread_create(&callers[i].thread, NULL, call, &callers[i]);
        if (result != 0)
            return -result;
    }
    bench_begin(run->receiver);
    pthread_barrier_wait(&run->start);
    int result = 0;
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
        if (result == 0)
            result = callers[i].result;
    }
    pthread_barrier_destroy(&run->start);
    return result;
}

int library_callers(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                    struct bench_outcome *outcome)
{
    struct run run = {.receiver = receiver};
    if (job->callers > MAX_CALLERS || job->items % job->callers != 0)
        return -EINVAL;
    int result = groups_init(&run.groups, job);
    if (result != 0)
        return result;

    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = job->window;
    options.payload_size = sizeof(struct item);
    options.payload_align = _Alignof(struct item);
    options.run = make_item;
    options.context = (void *)(uintptr_t)job;
    result = oip_producer_create(&run.producer, pool, &options);
    if (result == 0) {
        result = oip_start(run.producer, consume, &run);
        if (result == 0)
            result = call_all(&run, job->callers);
        result = library_end(run.producer, result, outcome);
    }
    groups_end(&run.groups, receiver, outcome);
    groups_destroy(&run.groups);
    return result;
}
