/* SPDX-License-Identifier: Apache-2.0 */
#include "run_queue.h"

#include "errors.h"

#include <errno.h>
#include <stdlib.h>

enum { NODES_PER_CHUNK = 16 };

struct node_chunk {
    struct node_chunk *next;
    /* The double-width compare-and-swap of ck_fifo needs its operands aligned to their size. */
    _Alignas(16) struct ck_fifo_mpmc_entry nodes[NODES_PER_CHUNK];
};

static struct ck_fifo_mpmc_entry *take_node(struct run_queue *queue)
{
    pthread_mutex_lock(&queue->store_lock);
    if (queue->free_nodes == NULL) {
        struct node_chunk *chunk =
            aligned_alloc(OIP_CACHE_LINE, (sizeof *chunk + OIP_CACHE_LINE - 1) / OIP_CACHE_LINE * OIP_CACHE_LINE);
        if (chunk != NULL) {
            memset(chunk, 0, sizeof *chunk);
            chunk->next = queue->chunks;
            queue->chunks = chunk;
            for (int i = 0; i < NODES_PER_CHUNK; i++) {
                chunk->nodes[i].next.pointer = queue->free_nodes;
                queue->free_nodes = &chunk->nodes[i];
            }
        }
    }
    struct ck_fifo_mpmc_entry *node = queue->free_nodes;
    if (node != NULL) {
        queue->free_nodes = node->next.pointer;
    }
    pthread_mutex_unlock(&queue->store_lock);
    return node;
}

int run_queue_init(struct run_queue *queue)
{
    queue->free_nodes = NULL;
    queue->chunks = NULL;
    atomic_init(&queue->length, 0);
    int error = pthread_mutex_init(&queue->store_lock, NULL);
    if (error != 0) {
        return fail_with(-error, "pthread_mutex_init");
    }
    struct ck_fifo_mpmc_entry *stub = take_node(queue);
    if (stub == NULL) {
        pthread_mutex_destroy(&queue->store_lock);
        return fail_with(-ENOMEM, "oip_pool_create: the run queue");
    }
    ck_fifo_mpmc_init(&queue->fifo, stub);
    return 0;
}

void run_queue_destroy(struct run_queue *queue)
{
    while (queue->chunks != NULL) {
        struct node_chunk *next = queue->chunks->next;
        free(queue->chunks);
        queue->chunks = next;
    }
    pthread_mutex_destroy(&queue->store_lock);
}

int run_queue_admit(struct run_queue *queue, struct runnable *runnable)
{
    runnable->node = take_node(queue);
    return runnable->node != NULL ? 0 : -ENOMEM;
}

void run_queue_dismiss(struct run_queue *queue, struct runnable *runnable)
{
    pthread_mutex_lock(&queue->store_lock);
    runnable->node->next.pointer = queue->free_nodes;
    queue->free_nodes = runnable->node;
    pthread_mutex_unlock(&queue->store_lock);
    runnable->node = NULL;
}

void run_queue_push(struct run_queue *queue, struct runnable *runnable)
{
    struct ck_fifo_mpmc_entry *node = runnable->node;
    atomic_fetch_add_explicit(&queue->length, 1, memory_order_relaxed);
    oip_tsan_release(runnable);
    ck_fifo_mpmc_enqueue(&queue->fifo, node, runnable);
    /* ck's compare-and-swap is a full fence on x86 only; a waker reads the idle word next (pool.c, park and wake). */
    atomic_thread_fence(memory_order_seq_cst);
}

struct runnable *run_queue_pop(struct run_queue *queue)
{
    struct runnable *runnable = NULL;
    struct ck_fifo_mpmc_entry *node = NULL;
    if (!ck_fifo_mpmc_dequeue(&queue->fifo, &runnable, &node)) {
        return NULL;
    }
    /* Acquire also for what is not reached through the runnable, pairs with the fence in push: on aarch64 ck's dequeue
       orders only dependent loads. */
    atomic_thread_fence(memory_order_acquire);
    oip_tsan_acquire(runnable);
    runnable->node = node;
    atomic_fetch_sub_explicit(&queue->length, 1, memory_order_relaxed);
    return runnable;
}

bool run_queue_is_empty(struct run_queue *queue)
{
    atomic_thread_fence(memory_order_seq_cst); /* pairs with the fence in push */
    for (;;) {
        /* The stub may be taken away and pushed again as the last node while it is looked at: hence the generation. */
        void *generation = ck_pr_load_ptr(&queue->fifo.head.generation);
        ck_pr_fence_load();
        struct ck_fifo_mpmc_entry *stub = ck_pr_load_ptr(&queue->fifo.head.pointer);
        struct ck_fifo_mpmc_entry *first = ck_pr_load_ptr(&stub->next.pointer);
        ck_pr_fence_load();
        if (ck_pr_load_ptr(&queue->fifo.head.generation) == generation) {
            return first == NULL;
        }
    }
}
