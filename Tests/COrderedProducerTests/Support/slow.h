/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Callers that are slow between their sequence and its publication, and pool threads that are stuck.
 *
 * A caller that loses its processor there cannot be arranged; one whose producer is observed can: OIP_REQUESTED is told
 * between the two. So the observer here waits, in the thread and at the sequence that the test says.
 */
#ifndef SLOW_H
#define SLOW_H

#include "lane.h"

/* A thread that has a sequence, and publishes it when it is told to. */
struct slow_caller {
    int (*ask)(struct slow_caller *caller); /* in a thread of its own: asks for what gets the sequence */
    void *context;                          /* for `ask` */
    uint64_t sequence;                      /* at which it is slow */
    sem_t has_sequence;
    sem_t may_publish;
    int result; /* of `ask`, once it is joined */
    pthread_t thread;
};

/* The producer's `observe`, whose `observe_context` is the caller. */
void slow_caller_observe(void *caller, const struct oip_event *event);

/* Returns once the caller has its sequence. */
void slow_caller_begin(struct slow_caller *caller, int (*ask)(struct slow_caller *caller), void *context);

/* Has it publish, and returns what `ask` did. */
int slow_caller_goes_on(struct slow_caller *caller);

/* Before the producer of this caller is made. */
void slow_caller_init(struct slow_caller *caller, uint64_t sequence);

/* What keeps threads of a pool busy until it is told otherwise. */
struct stuck_pool {
    oip_pool *pool;
    sem_t begun;
    sem_t hold;
};

/* One thread more of `pool` is stuck, when this returns. Begins with `stuck` zeroed. */
void stuck_pool_hold(struct stuck_pool *stuck, oip_pool *pool);

/* Lets `count` threads go. */
void stuck_pool_let_go(struct stuck_pool *stuck, int count);

/* Whatever could be run by the pool's only thread, and was queued before this, was looked at when this returns. */
void pool_has_looked(oip_pool *pool);

#endif
