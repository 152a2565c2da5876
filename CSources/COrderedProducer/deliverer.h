/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The deliverer: what the holder of the delivery, of whatever kind, sees and does at the head. delivery.h says who
 * holds it; consumer_thread.c, event_loop.c and inline_sink.c are the holders.
 */
#ifndef OIP_DELIVERER_H
#define OIP_DELIVERER_H

#include "delivery.h"
#include "events.h"
#include "window.h"

OIP_PRIVATE_BEGIN

/* What the holder of the delivery sees at the head. */
enum head_view {
    HEAD_DONE,      /* an item to deliver */
    HEAD_READY,     /* asked for and perhaps not claimed */
    HEAD_PASS,      /* nothing to deliver: skipped or discarded */
    HEAD_FAILED,    /* the failure that ends the iteration */
    HEAD_CLOSED,    /* behind the last item */
    HEAD_GATED,     /* paused or ended at once */
    HEAD_UNFINISHED /* not here yet */
};

static inline enum head_view view_head(struct oip_producer *producer, uint64_t head)
{
    /* Both sequentially consistent, as the last looks before going idle: pair with finishing, pauses and endings. The
     * stamp first: an item that finished behind a pause or an ending must not pass a gate that was seen before it. */
    uint64_t stamp = ring_stamp(&producer->ring, head);
    if (head >= atomic_load_explicit(&producer->gate, memory_order_seq_cst)) {
        return HEAD_GATED;
    }
    if (stamp_sequence(stamp) == head) {
        switch (stamp_phase(stamp)) {
        case PHASE_DONE:
            return HEAD_DONE;
        case PHASE_READY:
            return HEAD_READY;
        case PHASE_FAILED:
            return HEAD_FAILED;
        case PHASE_SKIPPED:
        case PHASE_DISCARDED:
            return HEAD_PASS;
        case PHASE_RESERVED:
        case PHASE_MOVING:
            return HEAD_UNFINISHED;
        }
    }
    return ring_is_exhausted(&producer->ring, head) ? HEAD_CLOSED : HEAD_UNFINISHED;
}

static inline bool is_aborted(struct oip_producer *producer)
{
    return atomic_load_explicit(&producer->start_limit, memory_order_seq_cst) == 0;
}

static inline enum consumer_kind kind_of(struct oip_producer *producer)
{
    return (enum consumer_kind)atomic_load_explicit(&producer->kind, memory_order_acquire);
}

/* Whether a gate that is down stays down: production was ended at once, or the iteration has ended. */
static inline bool is_over(struct oip_producer *producer)
{
    return is_aborted(producer) || kind_of(producer) == CONSUMER_DISCARD;
}

static inline bool swap_delivery(struct oip_producer *producer, uint64_t from, uint64_t to)
{
    /* Acquire: what the last holder did; pairs with set_delivery(). Sequentially consistent: see delivery.h. */
    return atomic_compare_exchange_strong_explicit(&producer->delivery, &from, to, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

/* The holder lets go, or changes what others see of it. */
static inline void set_delivery(struct oip_producer *producer, uint64_t sequence, enum delivery_state state)
{
    atomic_exchange_explicit(&producer->delivery, delivery_word(sequence, state), memory_order_seq_cst);
}

static inline void add(_Atomic uint64_t *counter, uint64_t count)
{
    /* One writer: no need for a locked addition. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count, memory_order_relaxed);
}

/* What oip_next() and oip_try_next() say where the items are not the caller's to take: the end, or -EINVAL. */
int nobodys_items(struct oip_producer *producer, enum consumer_kind kind, const char *function);

/* This thread takes items: so that its own waits for room or for the end are refused. */
static inline void remember_consumer(struct oip_producer *producer)
{
    if (OIP_UNLIKELY(atomic_load_explicit(&producer->consumer_thread, memory_order_relaxed) != thread_identity)) {
        atomic_store_explicit(&producer->consumer_thread, thread_identify(), memory_order_relaxed);
    }
}

/* Head-of-line stalls: an item finished while the head had not; and the end of that. */
void stall_begin(struct oip_producer *producer);
void stall_end_now(struct oip_producer *producer, uint64_t head);

static inline void stall_end(struct oip_producer *producer, uint64_t head)
{
    if (OIP_UNLIKELY(atomic_load_explicit(&producer->stall_began, memory_order_relaxed) != 0)) {
        stall_end_now(producer, head);
    }
}

static inline void advance(struct oip_producer *producer, uint64_t head)
{
    ring_advance(&producer->ring, head);
    window_after_delivery(producer);
}

static inline void take_done(struct oip_producer *producer, uint64_t head, void *payload, uint64_t *sequence)
{
    struct reorder_ring *ring = &producer->ring;
    oip_copy(payload, slot_payload(ring, ring_slot(ring, head)), ring->output_size);
    if (sequence != NULL) {
        *sequence = head;
    }
    event(producer, OIP_DELIVERED, head);
    advance(producer, head);
}

/* Takes the head, if it is done and there to be delivered. For the holder of the delivery. */
static inline bool take_if_done(struct oip_producer *producer, uint64_t head, void *payload, uint64_t *sequence)
{
    /* Acquire: the output; pairs with ring_publish(). And the gate is looked at after it: see view_head(). */
    uint64_t stamp = atomic_load_explicit(&ring_slot(&producer->ring, head)->stamp, memory_order_acquire);
    if (stamp != stamp_of(head, PHASE_DONE) ||
        OIP_UNLIKELY(head >= atomic_load_explicit(&producer->gate, memory_order_acquire))) {
        return false;
    }
    take_done(producer, head, payload, sequence);
    return true;
}

/* Whether this thread is a worker between two items of its turn with the producer. */
bool at_turn_with(struct oip_producer *producer);

/* Rule 3: the holder runs the unclaimed head itself, and cheap items behind it on the way. How many. */
uint64_t run_head(struct oip_producer *producer, uint64_t head, uint32_t *until_sample);

/* Polls for a change of `view` before the holder sleeps. */
bool poll_head(struct oip_producer *producer, uint64_t head, enum head_view view);

/* Going idle, and back where the last look finds something. True: idle. `target`: see waking.h, rule 4. */
bool go_idle(struct oip_producer *producer, uint64_t head, uint64_t target, bool looks_for_ready);

/* Paused, and back where the pause is over. True: paused. */
bool go_paused(struct oip_producer *producer, uint64_t head);

/* The holder looks at a head that is neither done nor ready. False: the iteration has ended. */
bool handle_head(struct oip_producer *producer, uint64_t head, enum head_view view);

/* Discards what there is, after an ending; settles production, or goes idle for what is still being made. */
void discard_run(struct oip_producer *producer);

/* inline_sink.c: delivers to the sink until nothing is deliverable; then nobody holds the delivery. A pool thread. */
void deliver_to_sink(struct oip_producer *producer, uint32_t *until_sample);

/* The same on any thread, but that an item for the sink is left to the pool. */
void deliver_beside_sink(struct oip_producer *producer);

/* event_loop.c: lets go of the producers whose entries are in the list. */
void drop_entries(struct ck_stack_entry *entry);

OIP_PRIVATE_END

#endif
