/* SPDX-License-Identifier: Apache-2.0 */
/* The library with an event loop: one thread receives the results of any number of producers through a ready queue. */
#include "groups.h"
#include "library.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct lane {
    oip_producer *producer;
    struct group *group;
    bool ended;
};

struct loop {
    oip_ready_queue *queue;
    struct bench_receiver *receiver;
    const struct bench_job *job;
    struct groups groups;
    struct lane *lanes;
    oip_producer **producers;
    uint64_t running; /* lanes whose end the loop has not seen */
};

/* Takes what there is of one producer. */
static void drain(struct loop *loop, struct lane *lane)
{
    uint64_t value;
    int result;
    while ((result = oip_try_next(lane->producer, &value, NULL)) == 1) {
        if (loop->job->producers == 0) {
            bench_receive(loop->receiver, value);
        } else {
            groups_count(&loop->groups, lane->group);
            groups_receive(&loop->groups, lane->group, loop->receiver, value);
        }
    }
    if (result != -EAGAIN && !lane->ended) {
        lane->ended = true;
        oip_detach(lane->producer);
        loop->running--;
    }
}

static void *run_loop(void *argument)
{
    struct loop *loop = argument;
    /* Each producer is looked at once before the queue tells of it. */
    for (uint64_t i = 0; i < loop->groups.count; i++)
        drain(loop, &loop->lanes[i]);
    while (loop->running > 0) {
        void *tag;
        if (oip_ready_queue_take(loop->queue, &tag) == 1)
            drain(loop, tag);
        else
            oip_ready_queue_wait(loop->queue, -1);
    }
    return NULL;
}

static int open_lanes(struct loop *loop, oip_pool *pool)
{
    for (uint64_t i = 0; i < loop->groups.count; i++) {
        struct lane *lane = &loop->lanes[i];
        int result = library_create(&lane->producer, pool, loop->job);
        if (result != 0)
            return result;
        loop->producers[i] = lane->producer;
        lane->group = &loop->groups.each[i];
        loop->running++;
        result = oip_attach_ready_queue(lane->producer, loop->queue, lane);
        if (result != 0)
            return result;
    }
    return 0;
}

static int run_all(struct loop *loop, oip_pool *pool, struct bench_outcome *outcome)
{
    pthread_t thread;
    int result = open_lanes(loop, pool);
    bool started = result == 0 && (result = -pthread_create(&thread, NULL, run_loop, loop)) == 0;
    if (result == 0 && loop->job->producers == 0) {
        result = library_request(loop->producers[0], loop->job, loop->receiver);
    } else if (result == 0) {
        bench_begin(loop->receiver);
        result = library_request_in_turn(loop->producers, &loop->groups);
    }
    for (uint64_t i = 0; i < loop->groups.count && loop->producers[i] != NULL; i++) {
        int stopped = oip_stop(loop->producers[i], NULL);
        library_note(loop->producers[i], outcome);
        if (result == 0)
            result = stopped;
    }
    if (started)
        pthread_join(thread, NULL);
    for (uint64_t i = 0; i < loop->groups.count && loop->producers[i] != NULL; i++)
        oip_producer_release(loop->producers[i]);
    void *tag;
    while (oip_ready_queue_take(loop->queue, &tag) == 1) {
        /* An end that the loop had seen already: its entry holds the producer. */
    }
    return result;
}

int bench_loop(void *state, const struct bench_job *job, struct bench_receiver *receiver, struct bench_outcome *outcome)
{
    struct loop loop = {.receiver = receiver, .job = job};
    if (job->callers != 0 || job->drain)
        return -ENOTSUP;
    int result = groups_init(&loop.groups, job);
    if (result != 0)
        return result;
    loop.lanes = calloc(loop.groups.count, sizeof *loop.lanes);
    loop.producers = calloc(loop.groups.count, sizeof *loop.producers);
    if (loop.lanes == NULL || loop.producers == NULL)
        result = -ENOMEM;
    if (result == 0)
        result = oip_ready_queue_create(&loop.queue, NULL);
    if (result == 0) {
        result = run_all(&loop, state, outcome);
        oip_ready_queue_release(loop.queue);
    }
    if (job->producers != 0)
        groups_end(&loop.groups, receiver, outcome);
    free(loop.lanes);
    free(loop.producers);
    groups_destroy(&loop.groups);
    return result;
}
