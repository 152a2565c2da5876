/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Admission: items asked for. The fast path is one compare-and-swap on the tail, a copy, and one exchange of the stamp.
 */
#include "arguments.h"
#include "deadline.h"
#include "delivery.h"
#include "endings.h"
#include "events.h"
#include "execution.h"
#include "pool.h"
#include "publish.h"
#include "waking.h"
#include "window.h"

#include <errno.h>

/* How far ahead of the tail slots are fetched for writing: so many misses overlap instead of being waited for. */
enum { PREFETCH_AHEAD = 8 };

static OIP_COLD int refusal(struct oip_producer *producer, enum reserve_result result)
{
    if (result != RESERVED_NONE_CLOSED) {
        return -EAGAIN;
    }
    return atomic_load_explicit(&producer->pool->stopping, memory_order_acquire) ? -ESHUTDOWN : -EPIPE;
}

/* One whose deadline, if any, is the producer's own. */
static OIP_COLD void publish_plain(struct oip_producer *producer, uint64_t sequence, const void *payload)
{
    struct wish wish = {payload, NULL, deadline_from_now(producer, 0)};
    publish(producer, sequence, &wish);
}

/* publish() for the most frequent kind of item, within its caller. */
OIP_INLINE void publish_ready(struct oip_producer *producer, uint64_t sequence, const void *payload)
{
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        publish_plain(producer, sequence, payload);
        return;
    }
    struct reorder_ring *ring = &producer->ring;
    struct slot *slot = ring_slot(ring, sequence);
    event(producer, OIP_REQUESTED, sequence);
    oip_copy(slot_payload(ring, slot), payload, ring->payload_size);
    ring_publish(slot, sequence, PHASE_READY);
    OIP_POINT(after_publish);
    oip_prefetch_for_write(ring_slot(ring, sequence + PREFETCH_AHEAD));
    waking_after_publish(producer, sequence);
}

static inline int try_produce(struct oip_producer *producer, const void *payload, uint64_t *sequence)
{
    uint64_t first, count;
    enum reserve_result result = ring_reserve(&producer->ring, false, 1, &first, &count);
    if (OIP_UNLIKELY(result != RESERVED_SOME)) {
        return refusal(producer, result);
    }
    publish_ready(producer, first, payload);
    if (sequence != NULL) {
        *sequence = first;
    }
    return 0;
}

int oip_try_produce(oip_producer *producer, const void *payload, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(payload);
    return try_produce(producer, payload, sequence);
}

int oip_produce(oip_producer *producer, const void *payload, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(payload);
    int result = try_produce(producer, payload, sequence);
    return OIP_LIKELY(result != -EAGAIN) ? result : window_wait(producer, payload, NULL, sequence);
}

int oip_produce_async(oip_producer *producer, const void *payload, uint64_t *sequence, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(payload);
    RETURN_IF_NO_WAITER(waiter);
    waiter_init(waiter);
    int result = try_produce(producer, payload, sequence);
    return OIP_LIKELY(result != -EAGAIN) ? result : window_wait_async(producer, payload, NULL, waiter);
}

/* What oip_produce_many() and oip_try_produce_many() look at first. */
static int check_many(const struct oip_producer *producer, const void *payloads, size_t count, size_t *accepted,
                      const char *function)
{
    if (accepted == NULL) {
        return refuse_null("accepted", function);
    }
    *accepted = 0;
    if (!IS_USABLE(producer)) {
        return refuse_object(producer, function);
    }
    if (payloads == NULL && count != 0) {
        return refuse_null("payloads", function);
    }
    size_t bytes;
    if (__builtin_mul_overflow(count, producer->payload_stride, &bytes) || bytes > SIZE_MAX / 2) {
        return fail_with(-EINVAL, "%s: no memory holds %zu payloads of %zu bytes", function, count,
                         producer->payload_stride);
    }
    return 0;
}

static int try_produce_many(oip_producer *producer, const void *payloads, size_t count, size_t *accepted)
{
    *accepted = 0;
    if (count == 0) {
        return 0;
    }
    struct reorder_ring *ring = &producer->ring;
    uint64_t wanted = count < ring->window ? count : ring->window;
    uint64_t first, taken;
    enum reserve_result result = ring_reserve(ring, false, wanted, &first, &taken);
    if (result != RESERVED_SOME) {
        return refusal(producer, result);
    }
    *accepted = (size_t)taken;
    const char *from = payloads;
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        for (uint64_t i = 0; i < taken; i++) {
            publish_plain(producer, first + i, from + i * producer->payload_stride);
        }
        return 0;
    }
    if (OIP_UNLIKELY(producer->observe != NULL)) {
        for (uint64_t i = 0; i < taken; i++) {
            event_tell(producer, OIP_REQUESTED, first + i, 0);
        }
    }
    for (uint64_t i = 0; i + 1 < taken; i++) {
        struct slot *slot = ring_slot(ring, first + i);
        oip_copy(slot_payload(ring, slot), from + i * producer->payload_stride, ring->payload_size);
        /* Release: the payload; the fence of the last item's publication covers these stamps as well. */
        atomic_store_explicit(&slot->stamp, stamp_of(first + i, PHASE_READY), memory_order_release);
        oip_prefetch_for_write(ring_slot(ring, first + i + PREFETCH_AHEAD));
    }
    struct slot *slot = ring_slot(ring, first + taken - 1);
    oip_copy(slot_payload(ring, slot), from + (taken - 1) * producer->payload_stride, ring->payload_size);
    ring_publish(slot, first + taken - 1, PHASE_READY);
    /* Not only to the exchange of the last stamp: a consumer that went idle looks at an earlier one. */
    atomic_thread_fence(memory_order_seq_cst);
    OIP_POINT(after_publish);
    struct published published = {first, taken, true};
    waking_after_publish_many(producer, &published);
    return 0;
}

int oip_try_produce_many(oip_producer *producer, const void *payloads, size_t count, size_t *accepted)
{
    int result = check_many(producer, payloads, count, accepted, __func__);
    return result != 0 ? result : try_produce_many(producer, payloads, count, accepted);
}

int oip_produce_many(oip_producer *producer, const void *payloads, size_t count, size_t *accepted)
{
    int result = check_many(producer, payloads, count, accepted, __func__);
    if (result != 0) {
        return result;
    }
    const char *from = payloads;
    while (*accepted < count) {
        size_t now;
        const char *next = from + *accepted * producer->payload_stride;
        result = try_produce_many(producer, next, count - *accepted, &now);
        if (result == -EAGAIN) {
            result = window_wait(producer, next, NULL, NULL);
            now = result == 0;
        }
        if (result < 0) {
            return result;
        }
        *accepted += now;
    }
    return 0;
}

int oip_produce_call(oip_producer *producer, int (*function)(void *argument, void **result), void *argument,
                     uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(function);
    if (!producer->takes_calls) {
        return fail_with(-EINVAL, "oip_produce_call: the producer was created with a run function of its own");
    }
    struct oip_call call = {function, argument};
    return oip_produce(producer, &call, sequence);
}

/* --------------------------------------------------------------------------- items that finish elsewhere ---- */

static int try_reserve(oip_producer *producer, uint64_t *sequence)
{
    uint64_t count;
    enum reserve_result result = ring_reserve(&producer->ring, false, 1, sequence, &count);
    if (result != RESERVED_SOME) {
        return refusal(producer, result);
    }
    publish_plain(producer, *sequence, NULL);
    return 0;
}

int oip_try_reserve(oip_producer *producer, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(sequence);
    return try_reserve(producer, sequence);
}

int oip_reserve(oip_producer *producer, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(sequence);
    int result = try_reserve(producer, sequence);
    return result != -EAGAIN ? result : window_wait(producer, NULL, NULL, sequence);
}

int oip_reserve_async(oip_producer *producer, uint64_t *sequence, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(sequence);
    RETURN_IF_NO_WAITER(waiter);
    waiter_init(waiter);
    int result = try_reserve(producer, sequence);
    return result != -EAGAIN ? result : window_wait_async(producer, NULL, NULL, waiter);
}

/* The slot of a reserved item that comes in time is the caller's. */
static enum arrival arrival_of(struct oip_producer *producer, uint64_t sequence, const char *function)
{
    enum arrival arrival = ARRIVES_FOR_NONE;
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        arrival = overtaking_arrival(producer, sequence);
    } else if (ring_take(ring_slot(&producer->ring, sequence), sequence, PHASE_RESERVED)) {
        arrival = ARRIVES_IN_TIME;
    }
    if (OIP_UNLIKELY(arrival == ARRIVES_FOR_NONE)) {
        atomic_fetch_add_explicit(&producer->surplus, 1, memory_order_relaxed);
        fail_with(-EINVAL, "%s: the item %llu was not reserved, or is finished already", function,
                  (unsigned long long)sequence);
    }
    return arrival;
}

static void finish_reserved(struct oip_producer *producer, uint64_t sequence, enum phase phase)
{
    ring_publish(ring_slot(&producer->ring, sequence), sequence, phase);
    OIP_POINT(after_finish);
    delivery_after_finish(producer, sequence);
}

void oip_complete(oip_producer *producer, uint64_t sequence, const void *payload)
{
    IGNORE_IF_UNUSABLE(producer);
    if (payload == NULL) {
        refuse_null("payload", __func__);
        return;
    }
    producer_retain(producer); /* the last item may settle production, and with it take the memory away */
    struct reorder_ring *ring = &producer->ring;
    enum arrival arrival = arrival_of(producer, sequence, __func__);
    if (arrival != ARRIVES_FOR_NONE) {
        event(producer, OIP_FINISHED, sequence);
    }
    if (OIP_LIKELY(arrival == ARRIVES_IN_TIME)) {
        oip_copy(slot_payload(ring, ring_slot(ring, sequence)), payload, ring->output_size);
        finish_reserved(producer, sequence, PHASE_DONE);
    } else if (producer->discard != NULL) {
        producer->discard(producer->context, (void *)(uintptr_t)payload, OIP_PAYLOAD_OUTPUT);
    }
    producer_drop(producer);
}

static void fail_reserved(struct oip_producer *producer, uint64_t sequence, int code, void *payload,
                          const char *function)
{
    code = code != 0 ? code : -EINVAL;
    producer_retain(producer); /* as above */
    enum arrival arrival = arrival_of(producer, sequence, function);
    if (arrival != ARRIVES_FOR_NONE) {
        event_finished(producer, sequence, code);
    }
    if (producer->deadlines != NULL && producer->deadlines->failed != NULL) {
        producer->deadlines->failed(producer->context, payload, sequence, code, arrival != ARRIVES_IN_TIME);
    }
    if (arrival == ARRIVES_IN_TIME) {
        finish_reserved(producer, sequence, ending_item_failed(producer, sequence, code));
    }
    producer_drop(producer);
}

void oip_fail_with(oip_producer *producer, uint64_t sequence, int code, void *payload)
{
    IGNORE_IF_UNUSABLE(producer);
    fail_reserved(producer, sequence, code, payload, __func__);
}

void oip_fail(oip_producer *producer, uint64_t sequence, int code)
{
    IGNORE_IF_UNUSABLE(producer);
    fail_reserved(producer, sequence, code, NULL, __func__);
}

/* --------------------------------------------------------------------------------- all that can be asked for ---- */

/* How far the caller's idea of the struct goes: what it does not know it does not want. */
static int read_request(struct oip_request *read, const struct oip_producer *producer, const struct oip_request *given,
                        const uint64_t *sequence)
{
    int result = read_options_struct(read, sizeof *read, offsetof(struct oip_request, waiter), given, "oip_request",
                                     "oip_request");
    if (result != 0) {
        return result;
    }
    if (producer->deadlines == NULL && (read->deadline_ns != 0 || read->argument != NULL)) {
        return fail_with(-EINVAL, "oip_request: the producer was created without deadlines");
    }
    if (read->nowait && read->waiter != NULL) {
        return fail_with(-EINVAL, "oip_request: nowait and a waiter");
    }
    if (read->payload == NULL && sequence == NULL) {
        return fail_with(-EINVAL,
                         "oip_request: sequence is NULL, but without a payload it is needed to finish the item");
    }
    if (read->waiter != NULL) {
        int result = check_waiter(read->waiter, "oip_request");
        if (result != 0) {
            return result;
        }
        waiter_init(read->waiter);
    }
    return 0;
}

int oip_request(oip_producer *producer, const struct oip_request *given, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    struct oip_request request;
    int result = read_request(&request, producer, given, sequence);
    if (result != 0) {
        return result;
    }
    uint64_t due = deadline_from_now(producer, request.deadline_ns);
    uint64_t first, count;
    enum reserve_result reserved = ring_reserve(&producer->ring, false, 1, &first, &count);
    if (reserved != RESERVED_SOME) {
        result = refusal(producer, reserved);
        if (result != -EAGAIN || request.nowait) {
            return result;
        }
        /* `given` stays where it is as long as the wait goes on. */
        return request.waiter != NULL ? window_wait_async(producer, NULL, given, request.waiter)
                                      : window_wait(producer, NULL, given, sequence);
    }
    if (producer->deadlines == NULL && request.payload != NULL) {
        publish_ready(producer, first, request.payload);
    } else {
        struct wish wish = {request.payload, request.argument, due};
        publish(producer, first, &wish);
    }
    if (sequence != NULL) {
        *sequence = first;
    }
    return 0;
}
