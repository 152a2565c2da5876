/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop's consumer: oip_try_next() whenever its ready queue names the producer, and again until there is
 * nothing more. One queue serves any number of producers.
 */
#include "arguments.h"
#include "deadline.h"
#include "deliverer.h"
#include "execution.h"
#include "waking.h"

#include <errno.h>

/* A loop's consumer, between two times that it had to wait. Whether an item was taken. */
static inline bool take_while_away(struct oip_producer *producer, void *payload, uint64_t *sequence)
{
    bool taken = false;
    atomic_store_explicit(&producer->inside, true, memory_order_relaxed);
    light_fence(); /* pairs with the heavy one in delivery_abort() */
    OIP_POINT(loop_inside);
    /* Acquire: what the last holder did; pairs with set_delivery(). */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_acquire);
    if (OIP_LIKELY(delivery_state(word) == DELIVERY_AWAY)) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        taken = take_if_done(producer, head, payload, sequence);
        stall_end(producer, head);
    }
    /* Release: that this thread is done with the head; pairs with delivery_abort(). */
    atomic_store_explicit(&producer->inside, false, memory_order_release);
    light_fence(); /* pairs with the heavy one in delivery_abort(): it sees this thread outside, or this one `queued` */
    if (OIP_UNLIKELY(taken && delivery_state(atomic_load_explicit(&producer->delivery, memory_order_acquire)) !=
                                  DELIVERY_AWAY)) {
        delivery_abort(producer); /* it found this thread inside and left it to it */
    }
    return taken;
}

int oip_try_next(oip_producer *producer, void *payload, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(payload);
    enum consumer_kind kind = kind_of(producer);
    if (OIP_UNLIKELY(kind != CONSUMER_LOOP && kind != CONSUMER_THREAD)) {
        return nobodys_items(producer, kind, __func__);
    }
    if (kind == CONSUMER_LOOP) {
        if (take_while_away(producer, payload, sequence)) {
            return 1;
        }
        for (;;) {
            uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
            enum delivery_state state = delivery_state(word);
            if (kind_of(producer) == CONSUMER_DISCARD) {
                return 0;
            }
            if (state == DELIVERY_BUSY) {
                return -EAGAIN; /* an ending is just clearing away; it tells through the queue */
            }
            if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
                break;
            }
        }
    }
    if (kind == CONSUMER_THREAD) {
        remember_consumer(producer);
    }
    for (;;) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        enum head_view view = view_head(producer, head);
        if (view == HEAD_DONE) {
            stall_end(producer, head);
            take_done(producer, head, payload, sequence);
            if (kind == CONSUMER_LOOP) {
                set_delivery(producer, head + 1, DELIVERY_AWAY);
                if (is_aborted(producer)) {
                    delivery_abort(producer); /* it found this thread busy and left it to it */
                }
            }
            return 1;
        }
        if (view == HEAD_UNFINISHED || view == HEAD_READY) {
            if (is_overtaken(producer, head)) {
                continue;
            }
            if (kind == CONSUMER_THREAD || go_idle(producer, head, head, false)) {
                return -EAGAIN;
            }
        } else if (view == HEAD_GATED && !is_over(producer)) {
            if (kind == CONSUMER_THREAD || go_paused(producer, head)) {
                return -EAGAIN;
            }
        } else if (!handle_head(producer, head, view)) {
            return 0;
        }
    }
}

void drop_entries(struct ck_stack_entry *entry)
{
    while (entry != NULL) {
        struct ck_stack_entry *next = entry->next;
        struct ready_entry *ready = OIP_CONTAINER_OF(entry, struct ready_entry, link);
        struct oip_producer *producer = OIP_CONTAINER_OF(ready, struct oip_producer, ready_entry);
        /* Release: `next` was read before; pairs with the exchange in tell_consumer(), which may reuse the entry. */
        atomic_store_explicit(&producer->on_ready_queue, false, memory_order_release);
        producer_drop_memory(producer);
        entry = next;
    }
}

void oip_ready_queue_release(oip_ready_queue *queue)
{
    IGNORE_IF_UNUSABLE(queue);
    /* An entry keeps its producer, and the producer this queue: whoever comes last clears them away. */
    atomic_store_explicit(&queue->abandoned, true, memory_order_seq_cst);
    OIP_POINT(ready_queue_abandoned);
    atomic_thread_fence(memory_order_seq_cst); /* between the mark and the look at the entries, as in tell_consumer() */
    struct ck_stack_entry *taken = queue->taken;
    queue->taken = NULL;
    drop_entries(taken);
    drop_entries(ready_queue_take_all(queue));
    ready_queue_drop(queue);
}

int oip_ready_queue_take(oip_ready_queue *queue, void **tag)
{
    RETURN_IF_UNUSABLE(queue);
    RETURN_IF_NULL(tag);
    struct ready_entry *entry;
    while ((entry = ready_queue_take(queue)) != NULL) {
        struct oip_producer *producer = OIP_CONTAINER_OF(entry, struct oip_producer, ready_entry);
        bool wanted = !atomic_load_explicit(&producer->handle_gone, memory_order_acquire);
        *tag = producer->tag;
        OIP_POINT(ready_taken);
        /* The entry is free again, and whoever is told looks at the delivery next: pairs with tell_consumer(). */
        atomic_store_explicit(&producer->on_ready_queue, false, memory_order_seq_cst);
        producer_drop_memory(producer);
        if (wanted) {
            return 1;
        }
    }
    return 0;
}
