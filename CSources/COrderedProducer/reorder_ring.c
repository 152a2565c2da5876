/* SPDX-License-Identifier: Apache-2.0 */
#include "reorder_ring.h"

#include <errno.h>
#include <stdlib.h>

static size_t round_up(size_t value, size_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

int reorder_ring_init(struct reorder_ring *ring, size_t window, size_t extra, size_t payload_size, size_t payload_align)
{
    uint64_t slots = 1;
    while (slots < window) {
        slots *= 2;
    }
    size_t align = payload_align > sizeof(uint64_t) ? payload_align : sizeof(uint64_t);
    ring->payload_offset = round_up(sizeof(struct slot) + extra, align);
    if (payload_size > SIZE_MAX / 4) {
        return -ENOMEM;
    }
    ring->stride = round_up(ring->payload_offset + payload_size, align);
    size_t bytes;
    if (__builtin_mul_overflow(slots, ring->stride, &bytes) ||
        __builtin_add_overflow(bytes, align + OIP_CACHE_LINE, &bytes)) {
        return -ENOMEM;
    }
    /* Zeroed memory has no valid stamp (no phase is 0), and large windows cost no more than what is used of them. */
    ring->memory = calloc(1, bytes);
    if (ring->memory == NULL) {
        return -ENOMEM;
    }
    ring->slots = (char *)round_up((size_t)(uintptr_t)ring->memory, align > OIP_CACHE_LINE ? align : OIP_CACHE_LINE);
    ring->mask = slots - 1;
    ring->payload_size = ring->output_size = payload_size;
    ring->slots_per_line = 1;
    while (ring->slots_per_line * 2 * ring->stride <= OIP_CACHE_LINE) {
        ring->slots_per_line *= 2;
    }
    ring->window = window;
    atomic_init(&ring->tail, 0);
    atomic_init(&ring->head_seen, 0);
    atomic_init(&ring->claim, 0);
    atomic_init(&ring->head, 0);
    return 0;
}

void reorder_ring_destroy(struct reorder_ring *ring)
{
    free(ring->memory);
}

enum reserve_result ring_reserve(struct reorder_ring *ring, bool from_queue, uint64_t wanted, uint64_t *first,
                                 uint64_t *count)
{
    uint64_t word = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    for (;;) {
        if (OIP_UNLIKELY((word & TAIL_FLAGS) != 0)) {
            if (word & TAIL_CLOSED) {
                return RESERVED_NONE_CLOSED;
            }
            if (!from_queue) {
                return RESERVED_NONE_QUEUE;
            }
        }
        uint64_t tail = word >> TAIL_SHIFT;
        /* Acquire on both: the consumer has read the slot's old payload. head_seen passes on what its writer
           acquired. */
        uint64_t head = atomic_load_explicit(&ring->head_seen, memory_order_acquire);
        if (OIP_UNLIKELY(tail - head + wanted > ring->window)) {
            /* The last look of a caller that is about to wait: see window.h. */
            head = atomic_load_explicit(&ring->head, memory_order_seq_cst);
            atomic_store_explicit(&ring->head_seen, head, memory_order_release);
            if (tail < head || tail - head > ring->window) {
                word = atomic_load_explicit(&ring->tail, memory_order_relaxed); /* `word` was old */
                continue;
            }
            if (tail - head == ring->window) {
                return RESERVED_NONE_FULL;
            }
        }
        uint64_t room = ring->window - (tail - head);
        uint64_t taken = wanted < room ? wanted : room;
        /* Acquire-release: orders this caller's writes to the slot behind the look at head. */
        if (atomic_compare_exchange_weak_explicit(&ring->tail, &word, word + taken * TAIL_ONE, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
            *first = tail;
            *count = taken;
            return RESERVED_SOME;
        }
    }
}

/* What a look at slot `claim` says. */
enum claim_view {
    CLAIM_NOTHING, /* not published yet */
    CLAIM_READY,   /* to be taken */
    CLAIM_PASS,    /* reserved: it finishes elsewhere; or it was overtaken */
    CLAIM_BEHIND,  /* delivered already: claim has to catch up with head */
};

static enum claim_view view_claim(const struct reorder_ring *ring, uint64_t claim)
{
    uint64_t stamp = ring_stamp(ring, claim);
    if (stamp == stamp_of(claim, PHASE_READY)) {
        return CLAIM_READY;
    }
    if (stamp_sequence(stamp) == claim && stamp_phase(stamp) != 0) {
        return CLAIM_PASS;
    }
    return claim < ring_head(ring) ? CLAIM_BEHIND : CLAIM_NOTHING;
}

/* How many items are ready from `first` on, up to `most`. */
static uint64_t count_ready(const struct reorder_ring *ring, uint64_t first, uint64_t most)
{
    uint64_t count = 0;
    while (count < most && ring_stamp(ring, first + count) == stamp_of(first + count, PHASE_READY)) {
        count++;
    }
    return count;
}

/* Where a run of `most` items from `first` on should end: not in the middle of a cache line, if it reaches one's
   end. */
static uint64_t cut_at_line(const struct reorder_ring *ring, uint64_t first, uint64_t most)
{
    uint64_t end = (first + most) & ~(ring->slots_per_line - 1);
    return end > first ? end - first : most;
}

uint64_t ring_claim(struct reorder_ring *ring, uint64_t most, uint64_t *first)
{
    uint64_t claim = atomic_load_explicit(&ring->claim, memory_order_relaxed);
    for (;;) {
        enum claim_view view = view_claim(ring, claim);
        uint64_t count = 1;
        uint64_t next = claim + 1;
        if (OIP_UNLIKELY(view == CLAIM_NOTHING || view == CLAIM_BEHIND)) {
            uint64_t now = atomic_load_explicit(&ring->claim, memory_order_seq_cst);
            if (now != claim) {
                claim = now; /* others have claimed what this look was about */
                continue;
            }
            if (view == CLAIM_NOTHING) {
                return 0;
            }
            next = ring_head(ring);
        } else if (view == CLAIM_READY && most > 1) {
            count = 1 + count_ready(ring, claim + 1, cut_at_line(ring, claim, most) - 1);
            next = claim + count;
        }
        /* Relaxed is enough for the data, which the stamps' acquire brings; sequentially consistent for whoever asks by
         * claim whether an item that it left is taken (ring_is_claimable before a park). */
        if (atomic_compare_exchange_weak_explicit(&ring->claim, &claim, next, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
            if (OIP_LIKELY(view == CLAIM_READY)) {
                *first = claim;
                return count;
            }
            claim = next;
        }
    }
}

uint64_t ring_claim_head(struct reorder_ring *ring, uint64_t head, uint64_t most)
{
    uint64_t claim = atomic_load_explicit(&ring->claim, memory_order_relaxed);
    if (claim > head) {
        return 0;
    }
    uint64_t count = count_ready(ring, head, most);
    while (count != 0 && claim <= head) {
        /* From behind head, too: all between is delivered. Order as in ring_claim(). */
        if (atomic_compare_exchange_weak_explicit(&ring->claim, &claim, head + count, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
            return count;
        }
    }
    return 0;
}

bool ring_is_claimable(struct reorder_ring *ring)
{
    uint64_t claim = atomic_load_explicit(&ring->claim, memory_order_seq_cst);
    for (;;) {
        enum claim_view view = view_claim(ring, claim);
        if (view == CLAIM_READY || view == CLAIM_NOTHING) {
            uint64_t now = atomic_load_explicit(&ring->claim, memory_order_seq_cst);
            if (now == claim) {
                return view == CLAIM_READY;
            }
            claim = now; /* others have claimed what this look was about */
            continue;
        }
        uint64_t next = view == CLAIM_PASS ? claim + 1 : ring_head(ring);
        if (atomic_compare_exchange_weak_explicit(&ring->claim, &claim, next, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
            claim = next;
        }
    }
}

uint64_t ring_backlog(const struct reorder_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed) >> TAIL_SHIFT;
    uint64_t claim = atomic_load_explicit(&ring->claim, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t from = claim > head ? claim : head;
    return tail > from ? tail - from : 0;
}
