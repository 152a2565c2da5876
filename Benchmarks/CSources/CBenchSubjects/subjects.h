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

/* spsc.c: a ring between two threads, no pool: the requester makes the items. */
int bench_spsc_spinning(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);
int bench_spsc_parked(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

/* serial.c: one thread makes and receives them. */
int bench_serial(void *state, const struct bench_job *, struct bench_receiver *, struct bench_outcome *);

#endif
