/* SPDX-License-Identifier: Apache-2.0 */
#include "deliverer.h"

#include "deadline.h"
#include "endings.h"
#include "execution.h"
#include "waking.h"

void stall_begin(struct oip_producer *producer)
{
    uint64_t none = 0;
    if (atomic_load_explicit(&producer->stall_began, memory_order_relaxed) == 0) {
        atomic_compare_exchange_strong_explicit(&producer->stall_began, &none, oip_now(), memory_order_relaxed,
                                                memory_order_relaxed);
    }
}

void stall_end_now(struct oip_producer *producer, uint64_t head)
{
    uint64_t began = atomic_exchange_explicit(&producer->stall_began, 0, memory_order_relaxed);
    uint64_t now = oip_now();
    uint64_t stalled = now > began ? now - began : 0;
    atomic_store_explicit(&producer->stall_total,
                          atomic_load_explicit(&producer->stall_total, memory_order_relaxed) + stalled,
                          memory_order_relaxed);
    if (stalled > atomic_load_explicit(&producer->stall_longest, memory_order_relaxed)) {
        atomic_store_explicit(&producer->stall_longest, stalled, memory_order_relaxed);
        atomic_store_explicit(&producer->stall_longest_sequence, head, memory_order_relaxed);
    }
}

bool at_turn_with(struct oip_producer *producer)
{
    return current_worker != NULL && current_worker->turn != NULL && current_worker->turn == current_frame &&
           current_frame->producer == producer && current_frame->sequence == UINT64_MAX;
}

/* Runs the `count` items at the head, which this thread has claimed, but for those that others take away. */
static uint64_t run_claimed_head(struct oip_producer *producer, uint64_t head, uint64_t count, uint32_t *until_sample)
{
    struct held_run *run = &producer->held.runs[0];
    OIP_POINT(between_claim_and_run);
    window_after_claim(producer);
    if (count > 1) {
        held_run_begin(run, head, head + count);
        execution_watch(producer, false);
    }
    struct frame frame;
    frame_enter(&frame, producer);
    uint64_t sequence = head;
    uint64_t ran = 0;
    do {
        frame.sequence = sequence;
        enum phase phase = execution_run(producer, sequence, until_sample);
        /* Nobody waits for it but this thread. */
        ring_publish_quietly(ring_slot(&producer->ring, sequence), sequence, phase);
        ran++;
    } while (count > 1 && held_run_next(run, &sequence, &producer->lock));
    frame_leave(&frame);
    return ran;
}

uint64_t run_head(struct oip_producer *producer, uint64_t head, uint32_t *until_sample)
{
    bool counted = producer->width == 0 || at_turn_with(producer); /* as one that runs items */
    if (!counted && !execution_enter(producer)) {
        return 0;
    }
    uint64_t ran = ring_claim_head(&producer->ring, head, waking_head_run_length(producer));
    if (OIP_LIKELY(ran != 0)) {
        bool observed = waking_cost(producer) >= WAKING_EXPENSIVE_NS;
        if (OIP_UNLIKELY(observed)) {
            atomic_store_explicit(&producer->stall_began, 0, memory_order_relaxed);
            set_delivery(producer, head, DELIVERY_ASSISTING);
        }
        ran = run_claimed_head(producer, head, ran, until_sample);
        if (OIP_UNLIKELY(observed)) {
            set_delivery(producer, head, DELIVERY_BUSY);
            stall_end(producer, head);
        }
    }
    if (!counted) {
        execution_exit(producer);
    }
    return ran;
}

/*
 * Whether to look for the next items now and then only, so that some gather. Where the deliverer is faster than the
 * caller, each look takes the line of the slot away from the caller who writes it and the next ones: 100 ns an item.
 * But where items come one at a time, waiting for more would only delay them.
 */
static void note_gathering(struct oip_producer *producer, uint64_t head, uint32_t polls)
{
    enum { QUICK = 32, QUICK_FINDS = 4, WORTH_IT = 4 };
    if (producer->gathers) {
        producer->gathers = stamp_sequence(ring_stamp(&producer->ring, head + WORTH_IT - 1)) == head + WORTH_IT - 1;
        producer->quick_finds = 0;
        return;
    }
    producer->quick_finds = polls <= QUICK ? producer->quick_finds + 1 : 0;
    producer->gathers = producer->quick_finds == QUICK_FINDS && waking_cost(producer) < WAKING_GATHER_NS / 2 &&
                        producer->ring.window >= HELD_RUN_MOST * 4;
    producer->quick_finds %= QUICK_FINDS;
}

/*
 * Rule 6: polls for a change of `view` before it sleeps. On a processor that nobody else wants for as long as a wake
 * keeps its waker busy, so that one wake (of a worker, say) does not lead to the next; otherwise only for a moment.
 *
 * Where the head is being run by another thread it goes on for as long as a wake takes.
 */
bool poll_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    enum { FEW = 4, PER_LOOK_AT_CLOCK = 8 };
    struct oip_pool *pool = producer->pool;
    if (producer->wait == OIP_WAIT_PARK || pool->processors < 2) {
        return false;
    }
    /* This thread and a caller have a processor each; and it did not sleep longer than a wake takes the last time. */
    uint32_t awake = pool_awake(pool) + (on_pool_thread(pool) ? 1 : 2);
    bool alone = awake <= pool->processors && producer->slept_briefly;
    uint64_t patience = WAKING_POLL_NS;
    if (alone && atomic_load_explicit(&producer->ring.claim, memory_order_relaxed) > head) {
        patience = atomic_load_explicit(&pool->wake_cost, memory_order_relaxed);
        patience = patience < WAKING_FIRST_GUESS_NS ? patience : WAKING_FIRST_GUESS_NS;
    }
    uint64_t began = alone ? oip_now() : 0;
    uint64_t waited = 0;
    uint64_t between_looks = alone && producer->gathers ? WAKING_GATHER_NS : 0;
    uint64_t look_at = between_looks;
    for (uint32_t polls = 1; alone ? waited < patience : polls <= FEW; polls++) {
        waking_poll(waited);
        if (alone && polls % PER_LOOK_AT_CLOCK == 0) {
            waited = oip_now() - began;
        }
        if (waited >= look_at) {
            if (view_head(producer, head) != view) {
                note_gathering(producer, head, polls);
                return true;
            }
            look_at = waited + between_looks;
        }
    }
    return false;
}

bool go_idle(struct oip_producer *producer, uint64_t head, uint64_t target, bool looks_for_ready)
{
    uint64_t idle = delivery_word(target, DELIVERY_IDLE);
    /* Where a later item has finished already, the stall begins now: nobody waited for the head before. */
    bool stalled = stamp_is_final(ring_stamp(&producer->ring, head + 1), head + 1);
    atomic_store_explicit(&producer->stall_began, stalled ? oip_now() : 0, memory_order_relaxed);
    set_delivery(producer, target, DELIVERY_IDLE); /* pairs with delivery_after_finish(), waking_after_publish() */
    OIP_POINT(going_idle);
    enum head_view view = view_head(producer, head);
    bool idles = view == HEAD_UNFINISHED || (view == HEAD_READY && !looks_for_ready);
    if (!idles && view == HEAD_READY) {
        idles = atomic_load_explicit(&producer->ring.claim, memory_order_seq_cst) > head;
    }
    if (idles && target != head) {
        idles = !stamp_is_final(ring_stamp(&producer->ring, target), target);
    }
    if (idles) {
        if (OIP_UNLIKELY(producer->deadlines != NULL)) {
            deadline_set_alarm(producer, head);
        }
        return true;
    }
    return !swap_delivery(producer, idle, delivery_word(head, DELIVERY_BUSY));
}

bool go_paused(struct oip_producer *producer, uint64_t head)
{
    uint64_t paused = delivery_word(head, DELIVERY_PAUSED);
    set_delivery(producer, head, DELIVERY_PAUSED); /* pairs with delivery_kick() */
    OIP_POINT(going_paused);
    if (ring_is_claimable(&producer->ring) && execution_queue(producer)) {
        pool_wake(producer->pool); /* it may be the item that this consumer was woken for */
    }
    return (view_head(producer, head) == HEAD_GATED && !is_over(producer)) ||
           !swap_delivery(producer, paused, delivery_word(head, DELIVERY_BUSY));
}

static void pass(struct oip_producer *producer, uint64_t head)
{
    enum phase phase = stamp_phase(ring_stamp(&producer->ring, head));
    add(&producer->passed, 1);
    /* Not as the difference to those that failed: they are counted before it is their turn. */
    add(&producer->discarded, phase != PHASE_FAILED && phase != PHASE_SKIPPED);
    advance(producer, head);
}

void discard_run(struct oip_producer *producer)
{
    struct reorder_ring *ring = &producer->ring;
    uint32_t never = UINT32_MAX;
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
        uint64_t stamp = ring_stamp(ring, head);
        if (stamp_is_final(stamp, head)) {
            if (stamp_phase(stamp) == PHASE_DONE && producer->discard != NULL) {
                producer->discard(producer->context, slot_payload(ring, ring_slot(ring, head)), OIP_PAYLOAD_OUTPUT);
            }
            pass(producer, head);
        } else if (OIP_UNLIKELY(producer->deadlines != NULL) && overtaking_discard(producer, head)) {
            pass(producer, head);
        } else if (producer->deadlines == NULL && ring_claim_head(ring, head, 1) != 0) {
            execution_run(producer, head, &never); /* the start limit is below: it discards */
            pass(producer, head);
        } else if (ring_is_exhausted(ring, head)) {
            set_delivery(producer, head, DELIVERY_SETTLED);
            OIP_POINT(settled);
            ending_settled(producer);
            return;
        } else {
            uint64_t idle = delivery_word(head, DELIVERY_IDLE);
            set_delivery(producer, head, DELIVERY_IDLE); /* pairs with delivery_after_finish(), delivery_published() */
            stamp = ring_stamp(ring, head);
            /* Whoever publishes it sees that this thread is idle, or this thread sees the item:
             * delivery_published(). */
            bool unbegun =
                stamp == stamp_of(head, PHASE_READY) &&
                (producer->deadlines != NULL || atomic_load_explicit(&ring->claim, memory_order_seq_cst) <= head);
            if (!stamp_is_final(stamp, head) && !unbegun && !ring_is_exhausted(ring, head)) {
                if (OIP_UNLIKELY(producer->deadlines != NULL)) {
                    deadline_set_alarm(producer, head);
                }
                return;
            }
            if (!swap_delivery(producer, idle, delivery_word(head, DELIVERY_BUSY))) {
                return;
            }
        }
    }
}

void delivery_end(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    atomic_store_explicit(&producer->kind, CONSUMER_DISCARD, memory_order_seq_cst);
    atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);
    atomic_store_explicit(&producer->consumer_thread, THREAD_NOBODY, memory_order_relaxed);
    pthread_mutex_unlock(&producer->lock);
    discard_run(producer);
}

bool handle_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    switch (view) {
    case HEAD_PASS:
        pass(producer, head);
        return true;
    case HEAD_FAILED:
        ending_failure_reached(producer);
        break;
    default:
        break;
    }
    delivery_end(producer);
    return false;
}
