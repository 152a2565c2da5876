/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run queue: what a pool's threads are to run next, first come, first served.
 *
 * Guarantee. Lock-free at both ends, for any number of threads; first in, first out, so that of many producers with
 * claimable items each gets its turn.
 *
 * How. It holds runnables: producers that have something to do, and single functions (oip_pool_run). A runnable is on
 * the queue at most once. The queue is ck_fifo_mpmc, Michael and Scott's: it always keeps one node as its stub, and
 * whoever takes a value gets the node that was the stub before in exchange. So nodes wander between runnables: a
 * runnable owns one node while it is off the queue, gives it away when pushed, and gets another when popped. A thread
 * that was overtaken may still read a node that somebody else pushes again by then (it notices by the generation beside
 * each pointer and discards what it read), so nodes must stay mapped: they come from the pool's own store (node_store
 * below) and go back to it, never to the system, until the pool is gone.
 */
#ifndef OIP_RUN_QUEUE_H
#define OIP_RUN_QUEUE_H

#include "ck.h"
#include <pthread.h>

OIP_PRIVATE_BEGIN

struct worker;

struct runnable {
    /* Called on a pool thread that popped this runnable. */
    void (*run)(struct runnable *runnable, struct worker *worker);
    /* Called instead where the pool's threads have left: what was queued has ended by then. */
    void (*forget)(struct runnable *runnable);
    struct ck_fifo_mpmc_entry *node; /* owned while off the queue */
};

struct run_queue {
    OIP_ALIGNED_TO_LINE struct ck_fifo_mpmc fifo;
    atomic_int length;                              /* a hint: counted before a push and after a pop */
    OIP_ALIGNED_TO_LINE pthread_mutex_t store_lock; /* taken to create and destroy runnables, never to run them */
    struct ck_fifo_mpmc_entry *free_nodes;          /* linked by next.pointer */
    struct node_chunk *chunks;
};

int run_queue_init(struct run_queue *queue);
void run_queue_destroy(struct run_queue *queue);

/* Gives the runnable its node. -ENOMEM. */
int run_queue_admit(struct run_queue *queue, struct runnable *runnable);

/* Takes a node back from a runnable that is off the queue for good. */
void run_queue_dismiss(struct run_queue *queue, struct runnable *runnable);

/* Release: what was written before is visible to whoever pops the runnable. Also a full fence. */
void run_queue_push(struct run_queue *queue, struct runnable *runnable);

/* The oldest runnable, or NULL. Acquire. */
struct runnable *run_queue_pop(struct run_queue *queue);

/* About how many runnables are queued. */
static inline int run_queue_length(struct run_queue *queue)
{
    return atomic_load_explicit(&queue->length, memory_order_relaxed);
}

/* A look, sequentially consistent with push. */
bool run_queue_is_empty(struct run_queue *queue);

OIP_PRIVATE_END

#endif
