/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inline sink: a function that the worker which made the head deliverable calls itself, item after item. No thread
 * and no wake for delivery; what a worker cannot deliver at once, because another one delivers, that one does. Where
 * all workers hang in items that have deadlines, a spare thread delivers: deadline.h.
 */
#include "deadline.h"
#include "deliverer.h"
#include "endings.h"
#include "execution.h"
#include "waking.h"

static void give_to_sink(struct oip_producer *producer, uint64_t head)
{
    struct frame frame;
    frame_enter(&frame, producer);
    void *payload = slot_payload(&producer->ring, ring_slot(&producer->ring, head));
    event(producer, OIP_DELIVERED, head);
    int code = producer->sink(producer->sink_context, payload, head);
    frame_leave(&frame);
    advance(producer, head);
    if (OIP_UNLIKELY(code != 0)) {
        ending_sink_failed(producer, head, code);
    }
}

/* A head that is not for the sink, or not yet. False: this thread holds the delivery no longer. */
static bool handle_other_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    if (view == HEAD_UNFINISHED || view == HEAD_READY) {
        return !go_idle(producer, head, head, false);
    }
    if (view == HEAD_GATED && !is_over(producer)) {
        return !go_paused(producer, head);
    }
    return handle_head(producer, head, view);
}

/* Whether a thread that has delivered so many in a row should let others have theirs. */
static bool others_wait(struct oip_pool *pool, unsigned delivered)
{
    return (pool_wants_threads_back(pool) && delivered != 0) ||
           (delivered >= QUANTUM_ITEMS && delivered % QUANTUM_CHECK_EVERY == 0 &&
            (run_queue_length(&pool->run_queue) > 0 || !on_pool_thread(pool)));
}

void deliver_to_sink(struct oip_producer *producer, uint32_t *until_sample)
{
    struct oip_pool *pool = producer->pool;
    if (producer->idle_since != 0) {
        producer->slept_briefly =
            oip_now() - producer->idle_since < atomic_load_explicit(&pool->wake_cost, memory_order_relaxed);
    }
    for (unsigned delivered = 0;;) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        enum head_view view = view_head(producer, head);
        if (view == HEAD_READY && producer->assists && run_head(producer, head, until_sample) != 0) {
            continue;
        }
        if (view == HEAD_DONE) {
            if (others_wait(pool, delivered)) {
                delivery_queue(producer, head); /* this thread goes on with it, behind what else is queued */
                return;
            }
            stall_end(producer, head);
            give_to_sink(producer, head);
            delivered++;
            continue;
        }
        if (view == HEAD_UNFINISHED || view == HEAD_READY) {
            if (is_overtaken(producer, head) || (view == HEAD_UNFINISHED && poll_head(producer, head, view))) {
                continue;
            }
            producer->idle_since = oip_now();
        }
        if (!handle_other_head(producer, head, view)) {
            return;
        }
    }
}

void deliver_beside_sink(struct oip_producer *producer)
{
    for (;;) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        enum head_view view = view_head(producer, head);
        if (view == HEAD_DONE) {
            delivery_queue(producer, head);
            return;
        }
        if (!handle_other_head(producer, head, view)) {
            return;
        }
    }
}

bool delivery_needs_pool(struct oip_producer *producer)
{
    enum consumer_kind kind = kind_of(producer);
    return (kind == CONSUMER_SINK || kind == CONSUMER_DISCARD) &&
           delivery_state(atomic_load_explicit(&producer->delivery, memory_order_seq_cst)) == DELIVERY_QUEUED;
}

void delivery_on_pool(struct oip_producer *producer, uint32_t *until_sample)
{
    enum consumer_kind kind = kind_of(producer);
    if (kind != CONSUMER_SINK && kind != CONSUMER_DISCARD) {
        return;
    }
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    bool queued = delivery_state(word) == DELIVERY_QUEUED;
    bool idle = delivery_state(word) == DELIVERY_IDLE && kind == CONSUMER_SINK;
    if ((queued || idle) && swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
        if (kind_of(producer) == CONSUMER_DISCARD) {
            discard_run(producer);
        } else {
            deliver_to_sink(producer, until_sample);
        }
    }
}
