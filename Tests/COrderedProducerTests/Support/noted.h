/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A producer whose items have deadlines, and finish elsewhere or never begin. Each of the functions that it calls is
 * noted, and fails the test where the thread that keeps the pool's time calls it.
 */
#ifndef NOTED_H
#define NOTED_H

#include "slow.h"

enum { AT_ONCE = 1 }; /* nanoseconds: over by the time anybody looks */

enum function { RUN, SINK_CALLED, SUBSTITUTE, DISCARD, FAILED, RELEASE_ARGUMENT, RELEASE, OBSERVE, FUNCTIONS };

struct noted {
    oip_producer *producer;
    sem_t called[FUNCTIONS]; /* posted per call */
    sem_t *sink_hold;        /* waited for inside the sink; NULL: none */
    pthread_key_t *sink_key; /* a thread that calls the sink gets a value, and so calls the destructor; NULL: none */
    int sink_result;
    struct slow_caller caller; /* by default slow at no sequence */
};

void noted_create(struct noted *noted, oip_pool *pool);

/* Has its items delivered to a sink. */
void noted_start(struct noted *noted);

/* Asks for an item that is reserved, or one that the pool would run. */
uint64_t noted_ask(struct noted *noted, bool reserved, uint64_t deadline_ns);

/* Ends what has nothing running, and so needs no thread of the pool; gives the handle back. */
void noted_end(struct noted *noted);

#endif
