/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes of a run queue, known by number: 1, 2, 3 … So a number and a tag fit into one word, and a thread that holds
 * an old number finds a node all the same. They live in chunks, each as large as all before it together, that stay
 * until the store is gone.
 */
#ifndef OIP_NODE_STORE_H
#define OIP_NODE_STORE_H

#include "platform.h"
#include <pthread.h>

OIP_PRIVATE_BEGIN

struct runnable;

struct node {
    _Atomic uint64_t link; /* the next node's number and a tag: run_queue.c */
    _Atomic(struct runnable *) value;
    uint32_t number;
    struct node *free; /* the next one that is free, while this one is */
};

enum {
    NODE_NUMBER_BITS = 24,
    FIRST_CHUNK_BITS = 4,
    NODE_CHUNKS = NODE_NUMBER_BITS - FIRST_CHUNK_BITS,
};

struct node_store {
    _Atomic(struct node *) chunks[NODE_CHUNKS]; /* of 16, 16, 32, 64 … nodes; NULL: not made yet */
    OIP_ALIGNED_TO_LINE pthread_mutex_t lock;   /* taken to create and destroy runnables, never to run them */
    struct node *free;
};

/* 0, or an errno, negated. */
int node_store_init(struct node_store *store);
void node_store_destroy(struct node_store *store);

/* NULL: there is no memory, or there are as many nodes as numbers. */
struct node *node_store_take(struct node_store *store);
void node_store_return(struct node_store *store, struct node *node);

/* The chunk that the number lies in; 0 is nobody's. */
static inline unsigned node_chunk(uint32_t number)
{
    uint32_t above = (number - 1) >> FIRST_CHUNK_BITS;
    return above == 0 ? 0 : 32 - (unsigned)__builtin_clz(above);
}

/* The first number of the chunk. */
static inline uint32_t chunk_start(unsigned chunk)
{
    return chunk == 0 ? 1 : ((uint32_t)1 << (FIRST_CHUNK_BITS + chunk - 1)) + 1;
}

static inline struct node *node_of(const struct node_store *store, uint32_t number)
{
    unsigned chunk = node_chunk(number);
    /* Relaxed: whoever has a number has got it from a word that was written after the chunk was made. */
    return atomic_load_explicit(&store->chunks[chunk], memory_order_relaxed) + (number - chunk_start(chunk));
}

OIP_PRIVATE_END

#endif
