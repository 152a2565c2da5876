/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run queue: what a pool's threads are to run next, first come, first served.
 *
 * Guarantee. Lock-free at both ends, for any number of threads; first in, first out, so that of many producers with
 * claimable items each gets its turn. A pop that finds nothing was at a moment at which nothing was queued.
 *
 * How. It holds runnables: producers that have something to do, and single functions (oip_pool_run). A runnable is on
 * the queue at most once. The queue is Michael and Scott's (Simple, fast, and practical non-blocking and blocking
 * concurrent queue algorithms, 1996), a list from `head` to `tail` that always keeps one node as its stub:
 *
 *     head             tail
 *      |                |
 *     stub ---> node ---> node ---> nothing              a node's value is the runnable, the stub's is nobody's
 *
 *     push:  writes the value into its own node, links it behind the last one, moves tail
 *     pop:   reads the value of the node behind the stub, and moves head there: that node is the stub now, and whoever
 *            popped gets the old one
 *
 * So nodes wander between runnables: a runnable owns one node while it is off the queue, gives it away when pushed, and
 * gets another when popped. A thread that was overtaken may still read a node that somebody else pushes again by then,
 * and discards what it read. So nodes must stay where they are: they come from the pool's own store (node_store.h) and
 * go back to it, never to the system, until the pool is gone.
 *
 * Why nothing is mistaken for something older. head, tail and each node's link are one word, the number of a node and a
 * tag that makes each value unique: a node that comes back has another tag everywhere, also behind it, since its link
 * is emptied with the tag after its last one. A link is appended to, and a stub is judged, only where head or tail,
 * read again, has not changed. The tag counts 2^40 changes, a swap spans a few instructions.
 *
 * Why it is right on weakly ordered processors. A link is swapped in with release and read with acquire: so the value,
 * and what was written before the push, is there for whoever pops. head is swapped with release, too: the value was
 * read before others can take the node as their stub, own it, and push something else in it. (The queue of Concurrency
 * Kit leaves that out: on aarch64 a pop could return what was pushed later. It also takes a stub that has come back as
 * the last node for an empty queue.)
 */
#ifndef OIP_RUN_QUEUE_H
#define OIP_RUN_QUEUE_H

#include "node_store.h"

OIP_PRIVATE_BEGIN

struct worker;

struct runnable {
    /* Called on a pool thread that popped this runnable. */
    void (*run)(struct runnable *runnable, struct worker *worker);
    /* Called instead where the pool's threads have left: what was queued has ended by then. */
    void (*forget)(struct runnable *runnable);
    struct node *node; /* owned while off the queue */
};

struct run_queue {
    OIP_ALIGNED_TO_LINE _Atomic uint64_t head; /* words as in node.link */
    OIP_ALIGNED_TO_LINE _Atomic uint64_t tail;
    OIP_ALIGNED_TO_LINE atomic_int length; /* a hint: counted before a push and after a pop */
    struct node_store store;
};

/* 0, or an errno, negated. */
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
