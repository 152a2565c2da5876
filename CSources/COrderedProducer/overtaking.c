/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets the slot of an item that has a deadline: its runner, whoever finishes it, or who overtakes it. See
 * deadline.h. */
#include "deadline.h"
#include "deliverer.h"
#include "endings.h"
#include "events.h"
#include "execution.h"
#include "window.h"

#include <errno.h>
#include <stdlib.h>

/* The argument was not needed. */
static void release_argument(struct oip_producer *producer, struct slot *slot)
{
    struct deadlines *deadlines = producer->deadlines;
    void *argument = slot_deadline(slot)->argument;
    if (argument != NULL && deadlines->release_argument != NULL) {
        deadlines->release_argument(producer->context, argument);
    }
}

static void discard(struct oip_producer *producer, void *payload, enum oip_payload_state state)
{
    if (producer->discard != NULL) {
        producer->discard(producer->context, payload, state);
    }
}

/* ------------------------------------------------------------------------------------- items that come in time ---- */

/* An item that was overtaken while it was made is no longer. */
static void late_item_is_gone(struct oip_producer *producer)
{
    OIP_POINT(late_item_comes);
    atomic_fetch_sub_explicit(&producer->deadlines->late, 1, memory_order_relaxed);
    producer_drop(producer); /* the reference of whoever overtook it */
}

/* A reserved item that is being overtaken is one that comes late; and no longer. Whether it still was. */
static void expect_late(struct oip_producer *producer, uint64_t sequence)
{
    pthread_mutex_lock(&producer->lock);
    late_items_add(&producer->deadlines->reserved, sequence);
    pthread_mutex_unlock(&producer->lock);
}

static bool expect_no_longer(struct oip_producer *producer, uint64_t sequence)
{
    pthread_mutex_lock(&producer->lock);
    bool was_late = late_items_remove(&producer->deadlines->reserved, sequence);
    pthread_mutex_unlock(&producer->lock);
    return was_late;
}

/* Whether the program is to finish the item, as far as the slot is still its own. */
static bool is_reserved(struct slot *slot)
{
    return atomic_load_explicit(&slot_deadline(slot)->reserved, memory_order_relaxed);
}

enum arrival overtaking_arrival(struct oip_producer *producer, uint64_t sequence)
{
    struct slot *slot = ring_slot(&producer->ring, sequence);
    OIP_POINT(item_comes);
    /* Acquire: the mark, which was written before the stamp. Where that is this sequence's and stays it until the slot
     * is taken, so is the mark. */
    uint64_t stamp = atomic_load_explicit(&slot->stamp, memory_order_acquire);
    if (stamp == stamp_of(sequence, PHASE_RESERVED) && is_reserved(slot) && ring_take(slot, sequence, PHASE_RESERVED)) {
        release_argument(producer, slot);
        return ARRIVES_IN_TIME;
    }
    if (!expect_no_longer(producer, sequence)) {
        return ARRIVES_FOR_NONE;
    }
    late_item_is_gone(producer);
    return ARRIVES_LATE;
}

/* Runs the item in `copy`. The final phase; 0: it was overtaken. */
static enum phase run_in(void *copy, struct oip_producer *producer, uint64_t sequence, uint32_t *until_sample)
{
    struct reorder_ring *ring = &producer->ring;
    struct slot *slot = ring_slot(ring, sequence);
    oip_copy(copy, slot_payload(ring, slot), ring->payload_size);
    ring_publish(slot, sequence, PHASE_RESERVED); /* release: the slot was read; pairs with ring_take() */
    OIP_POINT(item_in_its_copy);
    int code = execution_call(producer, copy, sequence, until_sample);
    OIP_POINT(item_comes);
    bool in_time = ring_take(slot, sequence, PHASE_RESERVED);
    oip_failed_function failed = producer->deadlines->failed;
    if (code != 0 && failed != NULL) {
        failed(producer->context, copy, sequence, code, !in_time);
    }
    if (!in_time) {
        if (code == 0) {
            discard(producer, copy, OIP_PAYLOAD_OUTPUT);
        }
        late_item_is_gone(producer);
        return 0;
    }
    release_argument(producer, slot);
    if (code != 0) {
        return ending_item_failed(producer, sequence, code);
    }
    oip_copy(slot_payload(ring, slot), copy, ring->payload_size);
    return PHASE_DONE;
}

/* The slot is this thread's, the item has not begun. The final phase; 0: it was overtaken. */
static enum phase run_item(struct oip_producer *producer, struct slot *slot, uint64_t sequence, uint32_t *until_sample)
{
    struct reorder_ring *ring = &producer->ring;
    /* Acquire: pairs with the ending that lowered it. */
    if (sequence >= atomic_load_explicit(&producer->start_limit, memory_order_acquire)) {
        discard(producer, slot_payload(ring, slot), OIP_PAYLOAD_INPUT);
        release_argument(producer, slot);
        return PHASE_DISCARDED;
    }
    _Alignas(OIP_CACHE_LINE) char room[DEADLINE_COPY_ON_STACK];
    size_t align = producer->payload_align;
    if (ring->payload_size <= sizeof room && align <= OIP_CACHE_LINE) {
        return run_in(room, producer, sequence, until_sample);
    }
    align = align < sizeof(void *) ? sizeof(void *) : align;
    void *copy = aligned_alloc(align, (ring->payload_size + align - 1) / align * align);
    if (copy == NULL) {
        discard(producer, slot_payload(ring, slot), OIP_PAYLOAD_INPUT);
        release_argument(producer, slot);
        if (producer->deadlines->failed != NULL) {
            producer->deadlines->failed(producer->context, NULL, sequence, -ENOMEM, false);
        }
        return ending_item_failed(producer, sequence, -ENOMEM);
    }
    enum phase phase = run_in(copy, producer, sequence, until_sample);
    free(copy);
    return phase;
}

void overtaking_run(struct oip_producer *producer, uint64_t sequence, uint32_t *until_sample)
{
    struct slot *slot = ring_slot(&producer->ring, sequence);
    if (!ring_take(slot, sequence, PHASE_READY)) {
        return; /* it was overtaken before it began */
    }
    enum phase phase = run_item(producer, slot, sequence, until_sample);
    if (phase != 0) {
        ring_publish(slot, sequence, phase);
        delivery_after_finish(producer, sequence);
    }
}

/* ---------------------------------------------------------------------------------- the holder of the delivery ---- */

/* Takes the item at `head`, which has not begun, out of its slot. */
static bool take_unbegun(struct oip_producer *producer, uint64_t head)
{
    struct slot *slot = ring_slot(&producer->ring, head);
    if (!ring_take(slot, head, PHASE_READY)) {
        return false;
    }
    discard(producer, slot_payload(&producer->ring, slot), OIP_PAYLOAD_INPUT);
    return true;
}

/* Takes the slot of the item at `head`, which is being made. */
static bool overtake_begun(struct oip_producer *producer, uint64_t head)
{
    struct deadlines *deadlines = producer->deadlines;
    /* Before the slot is taken: from then on the item may come, and find itself late. */
    producer_retain(producer);
    atomic_fetch_add_explicit(&deadlines->late, 1, memory_order_relaxed);
    struct slot *slot = ring_slot(&producer->ring, head);
    bool reserved = is_reserved(slot); /* head stays until this thread moves it, and with it the slot */
    if (reserved) {
        expect_late(producer, head);
    }
    if (!ring_take(slot, head, PHASE_RESERVED)) {
        if (!reserved || expect_no_longer(producer, head)) {
            late_item_is_gone(producer);
        }
        return false;
    }
    return true;
}

/* What takes the place of an overtaken item: the phase its stamp gets. */
static enum phase substitute(struct oip_producer *producer, uint64_t head)
{
    struct deadlines *deadlines = producer->deadlines;
    struct slot *slot = ring_slot(&producer->ring, head);
    int code = -ETIMEDOUT;
    if (deadlines->substitute == NULL) {
        release_argument(producer, slot);
    } else {
        struct frame frame; /* a stop of this producer in there would wait for this thread */
        frame_enter(&frame, producer);
        code = deadlines->substitute(producer->context, slot_payload(&producer->ring, slot), head,
                                     slot_deadline(slot)->argument);
        frame_leave(&frame);
    }
    return code == 0 ? PHASE_DONE : code == OIP_LEAVE_OUT ? PHASE_DISCARDED : ending_item_failed(producer, head, code);
}

bool overtaking_overtake(struct oip_producer *producer, uint64_t head)
{
    uint64_t stamp = ring_stamp(&producer->ring, head);
    if (!deadline_has_passed(producer, head, stamp)) {
        return false;
    }
    OIP_POINT(before_overtaking);
    bool taken = stamp_phase(stamp) == PHASE_RESERVED
                     ? overtake_begun(producer, head)
                     : stamp_phase(stamp) == PHASE_READY && take_unbegun(producer, head);
    if (!taken) {
        return false;
    }
    window_after_claim(producer); /* it may have been the last one that was ready */
    OIP_POINT(after_overtaking);
    atomic_fetch_add_explicit(&producer->deadlines->overtaken, 1, memory_order_relaxed);
    event(producer, OIP_OVERTAKEN, head);
    enum phase phase = substitute(producer, head);
    OIP_POINT(substitute_made);
    ring_publish(ring_slot(&producer->ring, head), head, phase);
    return true;
}

bool overtaking_discard(struct oip_producer *producer, uint64_t head)
{
    uint64_t stamp = ring_stamp(&producer->ring, head);
    bool taken = false;
    if (stamp == stamp_of(head, PHASE_READY)) {
        taken = take_unbegun(producer, head);
    } else if (stamp == stamp_of(head, PHASE_RESERVED) && deadline_has_passed(producer, head, stamp)) {
        taken = overtake_begun(producer, head);
    }
    if (taken) {
        struct slot *slot = ring_slot(&producer->ring, head);
        release_argument(producer, slot);
        ring_publish(slot, head, PHASE_DISCARDED);
    }
    return taken;
}
