/* SPDX-License-Identifier: Apache-2.0 */
/* The pools and ready queues of one input. */
#ifndef POOLS_H
#define POOLS_H

#include "lane.h"

extern struct pool pools[POOLS_MOST];
extern struct queue queues[QUEUES_MOST];
extern unsigned pools_count, queues_count;
extern atomic_int jobs_begun, jobs_done; /* functions given to pools, and run by them */

void make_pool(unsigned char choice);
void run_job(struct pool *pool);

/* A shutdown in a thread of its own: it waits for producers that the driver has yet to end. */
void shut_down_aside(struct pool *pool);

/* Gives the handle back, unless a shutdown uses it. */
void release_pool(struct pool *pool);
void end_pool(struct pool *pool, bool shuts_down);

void make_queue(bool notifies);
void release_queue(struct queue *queue);

/* The process's threads: they are as many after each input as before the first. */
int threads_now(void);

#endif
