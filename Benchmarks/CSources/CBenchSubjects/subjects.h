/* SPDX-License-Identifier: Apache-2.0 */
/* The subjects by name, for the table in subject.c. */
#ifndef BENCH_SUBJECTS_H
#define BENCH_SUBJECTS_H

#include "bench_subject.h"

/* library.c: a pool; one caller. Results arrive at a consumer thread or at an inline sink. */
int bench_library_open(const struct bench_job *job, void **state);
void bench_library_close(void *state);
int bench_library_thread(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);
int bench_library_sink(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);
int bench_library_many(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);
int bench_library_many_sink(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* loop.c: the same pool; an event loop with a ready queue, for any number of producers. */
int bench_loop(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* spsc.c: a ring between two threads, no pool: the requester makes the items. */
int bench_spsc_spinning(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);
int bench_spsc_parked(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* serial.c: one thread makes and receives them. */
int bench_serial(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* independent.c: as many threads as workers, each making its part, none waiting for another. */
int bench_independent(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* known_allocations.c: the same with three allocations an item, to check what counts them. */
int bench_known_allocations(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

#endif
