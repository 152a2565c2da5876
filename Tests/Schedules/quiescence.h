/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quiescence check: whenever no thread of a program can go on, the invariants L1 to L4 hold on the core's real
 * structures.
 *
 *     L1  an item is ready and unclaimed    ⇒ no pool thread is parked, or the width is full
 *     L2  the head is deliverable           ⇒ the owner is outside of the library, or in an item or the sink
 *     L3  a caller waits                    ⇒ there is no room
 *     L4  ended, and nothing is outstanding ⇒ drained
 *
 * While a timer of the core's runs that will look, some of it may be late on purpose. What, and how long, is this list
 * and nothing else; each is counted, and must be over by its bound:
 *
 *     cheap backlog    L1: less to run than a wake costs, or items that each cost less, published while as many threads
 *                      were awake as there are processors; the monitor looks within a millisecond, twice
 *     moderated        L2: a consumer thread waits for a later item, and a thread inside of the producer's items is
 *                      outside of the library, and tells it when it comes back: 250 us and eight times a wake's cost
 *                      at most
 *     sink at a worker L2: a worker that has the producer in hand is in an item that was expected to be short
 *     patient          L3: a blocked caller sleeps for the first time, 250 us at most
 *     helping          L3: the callers that wait are in items that they run meanwhile, and look when they come back
 *     claimable        L3: the callers are let in when the ready items, of which a running thread takes the next, have
 *                      been claimed
 *     spare            L2, L4: a producer with deadlines has something for the pool to deliver or discard, all threads
 *                      of which are in items; within a millisecond one is started for it
 *     leaver           a thread is to leave the pool, and those that are not parked are in items
 */
#ifndef QUIESCENCE_H
#define QUIESCENCE_H

#include <stdbool.h>
#include <stdint.h>

enum excuse { CHEAP_BACKLOG, MODERATED, SINK_AT_WORKER, PATIENT, HELPING, CLAIMABLE, SPARE, LEAVER, EXCUSES };

struct quiescence_counts {
    uint64_t looks, with_timers;
    uint64_t excused[EXCUSES];
};

/* Shared with the processes that this one forks. */
extern struct quiescence_counts *quiescence_counts;

extern const char *const excuse_names[EXCUSES];

/* Look only where nothing will ever happen again: what is late is no failure then. */
extern bool quiescence_of_hangs_only;

/* From now on, the producers of the scene. */
void quiescence_watch(bool watches);

/* The state of everything, for whoever reads of a failure. */
void quiescence_print(void);

#endif
