/* SPDX-License-Identifier: Apache-2.0 */
#include "run_queue.h"

#include "errors.h"

#include <errno.h>

/* A word: the tag above the number of a node, 0 for none. */
static uint32_t number_of(uint64_t word)
{
    return (uint32_t)word & (((uint32_t)1 << NODE_NUMBER_BITS) - 1);
}

/* The word that follows `word` in the same place, with another node. */
static uint64_t next_word(uint64_t word, uint32_t number)
{
    return ((word >> NODE_NUMBER_BITS) + 1) << NODE_NUMBER_BITS | number;
}

int run_queue_init(struct run_queue *queue)
{
    atomic_init(&queue->length, 0);
    int result = node_store_init(&queue->store);
    if (result != 0) {
        return result;
    }
    struct node *stub = node_store_take(&queue->store);
    if (stub == NULL) {
        node_store_destroy(&queue->store);
        return fail_with(-ENOMEM, "oip_pool_create: the run queue");
    }
    atomic_init(&queue->head, stub->number);
    atomic_init(&queue->tail, stub->number);
    return 0;
}

void run_queue_destroy(struct run_queue *queue)
{
    node_store_destroy(&queue->store);
}

int run_queue_admit(struct run_queue *queue, struct runnable *runnable)
{
    runnable->node = node_store_take(&queue->store);
    return runnable->node != NULL ? 0 : -ENOMEM;
}

void run_queue_dismiss(struct run_queue *queue, struct runnable *runnable)
{
    node_store_return(&queue->store, runnable->node);
    runnable->node = NULL;
}

/* Moves tail, which is one behind: whoever comes first. */
static void move_tail(struct run_queue *queue, uint64_t tail, uint64_t link)
{
    /* Release: what the link's reader acquired, for those who get to the node by tail. */
    atomic_compare_exchange_strong_explicit(&queue->tail, &tail, next_word(tail, number_of(link)), memory_order_release,
                                            memory_order_relaxed);
}

void run_queue_push(struct run_queue *queue, struct runnable *runnable)
{
    struct node *node = runnable->node;
    atomic_fetch_add_explicit(&queue->length, 1, memory_order_relaxed);
    atomic_store_explicit(&node->value, runnable, memory_order_relaxed); /* published by the link */
    uint64_t link = atomic_load_explicit(&node->link, memory_order_relaxed);
    /* Nobody else changes the link of a node that is not the last one. Release: that head and tail have passed the
     * node, for those who still look at it as the stub or the last one. */
    atomic_store_explicit(&node->link, next_word(link, 0), memory_order_release);
    for (;;) {
        /* Acquire: the node and its chunk; pairs with move_tail(). */
        uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
        struct node *last = node_of(&queue->store, number_of(tail));
        /* Acquire: where the node has gone round since, the second look at tail sees that tail has passed it. */
        link = atomic_load_explicit(&last->link, memory_order_acquire);
        if (atomic_load_explicit(&queue->tail, memory_order_relaxed) != tail) {
            continue;
        }
        if (number_of(link) != 0) {
            move_tail(queue, tail, link);
            continue;
        }
        uint64_t appended = next_word(link, node->number);
        /* Release: the value, and what its owner wrote; pairs with the acquire in pop. */
        if (atomic_compare_exchange_strong_explicit(&last->link, &link, appended, memory_order_release,
                                                    memory_order_relaxed)) {
            move_tail(queue, tail, appended);
            break;
        }
    }
    /* A waker reads the idle word next: worker.c, park and wake. */
    atomic_thread_fence(memory_order_seq_cst);
}

struct runnable *run_queue_pop(struct run_queue *queue)
{
    uint64_t head, next;
    struct runnable *runnable;
    do {
        uint64_t tail;
        do {
            /* Acquire all, so that each look comes behind the one before it: what is behind head's node, and how far
             * tail is, for as long as that is the stub. */
            head = atomic_load_explicit(&queue->head, memory_order_acquire);
            tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
            next = atomic_load_explicit(&node_of(&queue->store, number_of(head))->link, memory_order_acquire);
        } while (atomic_load_explicit(&queue->head, memory_order_relaxed) != head);
        if (number_of(next) == 0) {
            return NULL;
        }
        if (number_of(head) == number_of(tail)) {
            move_tail(queue, tail, next); /* head never passes tail */
        }
        runnable = atomic_load_explicit(&node_of(&queue->store, number_of(next))->value, memory_order_relaxed);
        /* Release: the value was read before the node can be somebody's. Acquire: what others did with the stub. */
    } while (!atomic_compare_exchange_strong_explicit(&queue->head, &head, next_word(head, number_of(next)),
                                                      memory_order_acq_rel, memory_order_relaxed));
    runnable->node = node_of(&queue->store, number_of(head));
    atomic_fetch_sub_explicit(&queue->length, 1, memory_order_relaxed);
    return runnable;
}

bool run_queue_is_empty(struct run_queue *queue)
{
    atomic_thread_fence(memory_order_seq_cst); /* pairs with the fence in push */
    for (;;) {
        /* As in pop. */
        uint64_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
        uint64_t next = atomic_load_explicit(&node_of(&queue->store, number_of(head))->link, memory_order_acquire);
        if (atomic_load_explicit(&queue->head, memory_order_relaxed) == head) {
            return number_of(next) == 0;
        }
    }
}
