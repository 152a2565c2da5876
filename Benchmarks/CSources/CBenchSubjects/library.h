/* SPDX-License-Identifier: Apache-2.0 */
/* What the library's subjects share: a producer whose payload of 8 bytes holds the item's index, then its result. */
#ifndef BENCH_LIBRARY_H
#define BENCH_LIBRARY_H

#include "ordered_producer.h"
#include "subjects.h"

/* The job's producer on `pool`; `job` outlives it. */
int library_create(oip_producer **producer, oip_pool *pool, const struct bench_job *job);

/* One caller requests all items, one by one, each when it is due. */
int library_request(oip_producer *producer, const struct bench_job *job, struct bench_receiver *receiver);

/* Adds the producer's counters to the outcome. */
void library_note(const oip_producer *producer, struct bench_outcome *outcome);

/* Stops the producer, notes its counters, gives it back; `result`, or what went wrong here. */
int library_end(oip_producer *producer, int result, struct bench_outcome *outcome);

/* callers.c, producers.c, drain.c: the passes of c-thread and c-sink where the job asks for these. */
int library_callers(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                    struct bench_outcome *outcome);
int library_producers(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                      struct bench_outcome *outcome);
int library_drain(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                  struct bench_outcome *outcome, bool inline_sink);

/* producers.c: as much of each producer's share as it has room for, in turn. */
struct groups;
int library_request_in_turn(oip_producer *const *producers, const struct groups *groups);

/* library.c: how results arrive at a consumer thread and at a sink; the argument is the receiver. */
void *library_consume(oip_producer *producer, void *receiver);
int library_sink(void *receiver, void *payload, uint64_t sequence);

#endif
