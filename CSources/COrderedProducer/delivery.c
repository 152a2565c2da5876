/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.h"

#include "deadline.h"
#include "deliverer.h"
#include "execution.h"
#include "waking.h"

/* Tells the consumer through its ready queue, on which it is at most once. */
static void tell_consumer(struct oip_producer *producer)
{
    atomic_fetch_add_explicit(&producer->consumer_wakes, 1, memory_order_relaxed);
    if (!atomic_exchange_explicit(&producer->on_ready_queue, true, memory_order_seq_cst)) {
        producer_retain_memory(producer);
        struct oip_ready_queue *queue = producer->ready_queue;
        ready_queue_push(queue, &producer->ready_entry);
        /* Sequentially consistent, after the push: pairs with oip_ready_queue_release(). */
        if (OIP_UNLIKELY(atomic_load_explicit(&queue->abandoned, memory_order_seq_cst))) {
            drop_entries(ready_queue_take_all(queue));
        }
    }
}

/*
 * The delivery is queued: a pool thread is called for it. Where the producer was marked as queued already its entry may
 * not be there yet, and whoever pushes it looks for the delivery: pairs with call_workers(), waking.c.
 */
static void call_pool(struct oip_producer *producer)
{
    execution_queue(producer);
    /* A thread at its turn goes on with it, but may be inside the sink for long first, and publish there. */
    bool looked_after = at_turn_with(producer) ? pool_is_watched(producer->pool) : waking_worker_will_look(producer);
    if (!looked_after && pool_wake(producer->pool)) {
        atomic_fetch_add_explicit(&producer->worker_wakes, 1, memory_order_relaxed);
    }
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        deadline_expect_pool(producer);
    }
}

void delivery_queue(struct oip_producer *producer, uint64_t head)
{
    set_delivery(producer, head, DELIVERY_QUEUED);
    call_pool(producer);
    if (is_aborted(producer)) {
        delivery_abort(producer); /* it found the delivery busy and left it to the holder */
    }
}

static bool flip(struct oip_producer *producer, uint64_t word)
{
    uint64_t busy = delivery_word(delivery_sequence(word), DELIVERY_BUSY);
    uint64_t queued = delivery_word(delivery_sequence(word), DELIVERY_QUEUED);
    enum consumer_kind kind = kind_of(producer);
    bool takes_over = kind == CONSUMER_DISCARD || kind == CONSUMER_SINK;
    if (kind == CONSUMER_NONE || !swap_delivery(producer, word, takes_over ? busy : queued)) {
        return false;
    }
    OIP_POINT(flip_to_queued);
    /* Between reading the kind and the swap the iteration may have ended, and the discarding gone idle on the same
     * item. */
    if (kind_of(producer) == CONSUMER_DISCARD) {
        if (takes_over || swap_delivery(producer, queued, busy)) {
            discard_run(producer);
        }
    } else if (kind != CONSUMER_SINK) {
        tell_consumer(producer);
    } else if (at_turn_with(producer)) {
        deliver_to_sink(producer, &current_worker->until_sample);
    } else {
        deliver_beside_sink(producer);
    }
    return true;
}

void delivery_finished_while_waiting(struct oip_producer *producer, uint64_t word, uint64_t sequence)
{
    uint64_t awaited = delivery_sequence(word);
    if (delivery_state(word) == DELIVERY_IDLE && stamp_is_final(ring_stamp(&producer->ring, awaited), awaited)) {
        flip(producer, word);
    } else if (sequence > awaited) {
        stall_begin(producer);
    }
}

void delivery_due(struct oip_producer *producer, uint64_t word)
{
    if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_QUEUED))) {
        OIP_POINT(flip_to_queued);
        /* After the swap: until then the iteration could end, and the discarding go idle on the same item. */
        enum consumer_kind kind = kind_of(producer);
        if (kind == CONSUMER_THREAD || kind == CONSUMER_LOOP) {
            tell_consumer(producer);
        } else {
            call_pool(producer);
        }
    }
}

void delivery_before_leaving(struct oip_producer *producer)
{
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE) {
        uint64_t head = ring_head(&producer->ring);
        if (head < delivery_sequence(word) && stamp_is_final(ring_stamp(&producer->ring, head), head)) {
            flip(producer, word);
        }
    }
}

void delivery_before_waiting(void)
{
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        delivery_before_leaving((struct oip_producer *)(uintptr_t)frame->producer);
    }
}

bool delivery_published(struct oip_producer *producer, uint64_t word, uint64_t first, uint64_t count)
{
    enum consumer_kind kind = kind_of(producer);
    if (kind == CONSUMER_DISCARD) {
        flip(producer, word); /* or another thread has: in either case it discards what is there, up to what runs */
        return !ring_is_claimable(&producer->ring);
    }
    /* Under moderation it may wait for a later item than the head; that is not for it to run. */
    bool handed_over = kind == CONSUMER_THREAD && producer->assists &&
                       !atomic_load_explicit(&producer->consumer_abstains, memory_order_relaxed) &&
                       delivery_sequence(word) == ring_head(&producer->ring) && flip(producer, word);
    /* It runs that one item, and looks at no other before that has returned. */
    return handed_over && count == 1 && !ring_is_published(&producer->ring, first + 1);
}

void delivery_kick(struct oip_producer *producer)
{
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    while (delivery_state(word) == DELIVERY_IDLE || delivery_state(word) == DELIVERY_PAUSED) {
        if (flip(producer, word)) {
            return;
        }
        word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    }
}

void delivery_abort(struct oip_producer *producer)
{
    for (;;) {
        uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
        enum delivery_state state = delivery_state(word);
        enum consumer_kind kind = kind_of(producer);
        if (state == DELIVERY_BUSY || state == DELIVERY_ASSISTING || state == DELIVERY_SETTLED) {
            return; /* the holder looks at the gate before it lets go */
        }
        if (kind == CONSUMER_DISCARD && state == DELIVERY_QUEUED) {
            /* By a timer, for the pool. */
            if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
                discard_run(producer);
                return;
            }
            continue;
        }
        if (kind == CONSUMER_THREAD || kind == CONSUMER_DISCARD) {
            if (state == DELIVERY_QUEUED || flip(producer, word)) {
                return;
            }
            continue;
        }
        if (kind == CONSUMER_LOOP && (state == DELIVERY_AWAY || state == DELIVERY_QUEUED)) {
            uint64_t queued = delivery_word(delivery_sequence(word), DELIVERY_QUEUED);
            if (word != queued && !swap_delivery(producer, word, queued)) {
                continue;
            }
            word = queued;
            heavy_fence(); /* pairs with the light ones in take_while_away() */
            if (atomic_load_explicit(&producer->inside, memory_order_seq_cst)) {
                return; /* it looks at the word when it leaves */
            }
        }
        if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
            producer_retain(producer); /* production may be settled, and its reference gone */
            delivery_end(producer);
            if (kind == CONSUMER_LOOP) {
                tell_consumer(producer); /* not before: a loop that finds the delivery busy waits to be told */
            }
            producer_drop(producer);
            return;
        }
    }
}
