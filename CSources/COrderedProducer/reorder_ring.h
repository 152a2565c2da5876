/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reorder ring: one array of slots that is submission queue, reorder buffer and delivery queue of a producer at
 * once.
 *
 *      head                    claim                       tail
 *       |  finished, running     |  ready, reserved          |  free
 *  -----+------------------------+---------------------------+---------->  sequences
 *       delivered by the         claimed and run by          given to callers
 *       consumer, in order       workers, in order
 *
 * Guarantee. An item is written once, by its caller; run in place, by exactly one thread; and read once, by the
 * consumer or the discarding end, in the order of the sequences. At most `window` sequences lie between head and tail.
 * No operation takes a lock or allocates; a thread that is interrupted delays only the items behind its own.
 *
 * How. Sequence s lives in slot `s & mask`. Each slot has a stamp, the sequence and the phase in one word:
 *
 *      (older)  ->  ready  ->  done | failed | skipped | discarded         an item that the pool runs
 *      (older)  ->  reserved  ->  moving  ->  done | failed | skipped      an item that finishes elsewhere
 *
 * Items that have deadlines run in a copy, and go through `moving` and `reserved`, too: deadline.h.
 *
 * Since the sequence is in the stamp, a stamp of an earlier lap never looks like one of this lap, and nothing has to be
 * reset: a slot is free because head has passed it, whatever its stamp says. So who finishes a reserved item takes the
 * slot from exactly this sequence and phase (ring_take), and a program that finishes one twice, or one that it never
 * reserved, changes nothing: neither the item nor one of a later lap in its slot.
 *
 * Three counters, each on a cache line of its own:
 *   tail   next sequence to give. A caller takes t by compare-and-swap t -> t + 1 after it has seen t - head < window.
 *          The low bits say that the producer is closed, or that callers wait (then newcomers queue behind them): one
 *          word, so that no sequence can be given after the closing swap.
 *   claim  next sequence to run. A claimer reads the stamp of slot `claim`; if that is ready it takes the item by
 *          compare-and-swap. It does not read tail: the stamp says all. Reserved items are passed over. claim may lag
 *          behind head (reserved items are finished and delivered without any claim); whoever finds it behind, by a
 *          stamp of a later lap or by head, moves it up.
 *   head   next sequence to deliver. One writer at a time, the holder of the delivery (delivery.h).
 *
 * Why it is right.
 *   - A slot is written by a new caller only after head has passed its old sequence: the caller reads head (acquire),
 *     the consumer had copied the payload out before it advanced head (release).
 *   - A claimer that reads "ready, c" (acquire) sees the payload that was written before the stamp (release). Its
 *     compare-and-swap succeeds for one claimer only, because claim never decreases. The stamp it read cannot become
 *     stale between: only a claimer of c, or head passing c, would allow a new one, and both have claim > c. Where
 *     items have deadlines head may pass c all the same, and its claimer finds that out by the stamp (deadline.h).
 *   - The consumer that reads a finished stamp (acquire) sees the output written before it (release).
 *   - Stamps count sequences in 61 bits: at 10^9 items a second they last for 73 years.
 */
#ifndef OIP_REORDER_RING_H
#define OIP_REORDER_RING_H

#include "platform.h"

OIP_PRIVATE_BEGIN

enum phase {
    PHASE_READY = 1,     /* waits for a claimer; while it is run the stamp stays and claim has passed it */
    PHASE_RESERVED = 2,  /* finishes elsewhere */
    PHASE_MOVING = 3,    /* one thread is copying the payload in or out: deadline.h */
    PHASE_DONE = 4,      /* the payload is an output */
    PHASE_FAILED = 5,    /* the payload is empty, as in all below */
    PHASE_SKIPPED = 6,   /* failed, and to be left out */
    PHASE_DISCARDED = 7, /* not run, because production had ended; or overtaken, and left out */
};

enum { PHASE_BITS = 3, PHASE_MASK = (1 << PHASE_BITS) - 1 };

static inline uint64_t stamp_of(uint64_t sequence, enum phase phase)
{
    return sequence << PHASE_BITS | (uint64_t)phase;
}

static inline uint64_t stamp_sequence(uint64_t stamp)
{
    return stamp >> PHASE_BITS;
}

static inline enum phase stamp_phase(uint64_t stamp)
{
    return (enum phase)(stamp & PHASE_MASK);
}

/* Whether the stamp says that `sequence` needs no more running. */
static inline bool stamp_is_final(uint64_t stamp, uint64_t sequence)
{
    return stamp_sequence(stamp) == sequence && (stamp & 4) != 0;
}

struct slot {
    _Atomic uint64_t stamp;
    /* struct slot_deadline where items have deadlines; then the payload, at reorder_ring.payload_offset */
};

/* The tail word: a sequence above these bits. */
enum { TAIL_CLOSED = 1, TAIL_CALLERS_WAIT = 2, TAIL_FLAGS = 3, TAIL_SHIFT = 2 };
#define TAIL_ONE ((uint64_t)1 << TAIL_SHIFT)

struct reorder_ring {
    /* Constant after creation. */
    OIP_ALIGNED_TO_LINE char *slots;
    uint64_t mask;
    size_t stride; /* bytes from slot to slot */
    size_t payload_offset;
    size_t payload_size;
    size_t output_size; /* of it: what the consumer gets */
    uint64_t window;
    uint64_t slots_per_line; /* a power of two: the most that surely share a cache line */
    void *memory;            /* to be freed */

    OIP_ALIGNED_TO_LINE _Atomic uint64_t tail;
    _Atomic uint64_t head_seen; /* a recent head, so that callers seldom read the consumer's line */

    OIP_ALIGNED_TO_LINE _Atomic uint64_t claim;

    OIP_ALIGNED_TO_LINE _Atomic uint64_t head;
};

/* Allocates `window` slots, rounded up to a power of two, each with `extra` bytes behind its stamp. -ENOMEM. */
int reorder_ring_init(struct reorder_ring *ring, size_t window, size_t extra, size_t payload_size,
                      size_t payload_align);
void reorder_ring_destroy(struct reorder_ring *ring);

static inline struct slot *ring_slot(const struct reorder_ring *ring, uint64_t sequence)
{
    return (struct slot *)(void *)(ring->slots + (sequence & ring->mask) * ring->stride);
}

static inline void *slot_payload(const struct reorder_ring *ring, struct slot *slot)
{
    return (char *)slot + ring->payload_offset;
}

static inline uint64_t ring_stamp(const struct reorder_ring *ring, uint64_t sequence)
{
    /* Sequentially consistent: the last look of whoever is about to sleep. On x86 a plain load all the same. */
    return atomic_load_explicit(&ring_slot(ring, sequence)->stamp, memory_order_seq_cst);
}

/* Whether the item `sequence` has been published, whatever has become of it since. A last look, as above. */
static inline bool ring_is_published(const struct reorder_ring *ring, uint64_t sequence)
{
    uint64_t stamp = ring_stamp(ring, sequence);
    /* Older, in a slot that has not been used yet: of phase 0, or of an earlier lap. */
    return stamp_phase(stamp) != 0 && stamp_sequence(stamp) >= sequence;
}

static inline uint64_t ring_head(const struct reorder_ring *ring)
{
    return atomic_load_explicit(&ring->head, memory_order_acquire); /* pairs with ring_advance() */
}

static inline uint64_t ring_tail_word(const struct reorder_ring *ring)
{
    return atomic_load_explicit(&ring->tail, memory_order_seq_cst);
}

/* Whether every sequence that was ever given is behind `head`, and none will follow. */
static inline bool ring_is_exhausted(const struct reorder_ring *ring, uint64_t head)
{
    uint64_t tail = ring_tail_word(ring);
    return (tail & TAIL_CLOSED) != 0 && tail >> TAIL_SHIFT == head;
}

enum reserve_result { RESERVED_NONE_FULL, RESERVED_NONE_CLOSED, RESERVED_NONE_QUEUE, RESERVED_SOME };

/*
 * Takes up to `wanted` sequences, `*count` of them from `*first` on. RESERVED_NONE_QUEUE: other callers wait already
 * and come first; with `from_queue` the caller is the first of those.
 */
enum reserve_result ring_reserve(struct reorder_ring *ring, bool from_queue, uint64_t wanted, uint64_t *first,
                                 uint64_t *count);

/* As ring_publish(), without the fence: where nobody but the publisher waits for it. */
static inline void ring_publish_quietly(struct slot *slot, uint64_t sequence, enum phase phase)
{
    /* Release: the payload; pairs with the acquire of the consumer. */
    atomic_store_explicit(&slot->stamp, stamp_of(sequence, phase), memory_order_release);
}

/* Finishes what ring_reserve() began: the payload was written, now others may see it. A full fence. */
static inline void ring_publish(struct slot *slot, uint64_t sequence, enum phase phase)
{
    /* Release: the payload; pairs with the acquire of claimers and consumer. Sequentially consistent: the publisher
     * looks next whether somebody sleeps, who looks at this stamp last before it sleeps. */
    atomic_exchange_explicit(&slot->stamp, stamp_of(sequence, phase), memory_order_seq_cst);
}

/* Takes the slot of `sequence` out of `phase`, to move or replace the payload. One of several succeeds; nobody does
 * where the slot is in another phase or another sequence's, or `sequence` is more than a stamp can hold. */
static inline bool ring_take(struct slot *slot, uint64_t sequence, enum phase phase)
{
    uint64_t stamp = stamp_of(sequence, phase);
    /* Acquire: the payload, and that a runner has read it; pairs with the release of whoever left it in this phase. */
    return OIP_LIKELY(stamp_sequence(stamp) == sequence) &&
           atomic_compare_exchange_strong_explicit(&slot->stamp, &stamp, stamp_of(sequence, PHASE_MOVING),
                                                   memory_order_seq_cst, memory_order_relaxed);
}

/*
 * Takes the next item to run, `*first`, and up to `most` in all of those that are ready behind it. How many; 0: there
 * is none now. A run that fills cache lines ends with one, so that no two threads run items in the same line.
 */
uint64_t ring_claim(struct reorder_ring *ring, uint64_t most, uint64_t *first);

/*
 * Takes the item at `head`, if it is ready and nobody has, and up to `most` in all of those that are ready behind it.
 * How many. For the holder of the delivery.
 */
uint64_t ring_claim_head(struct reorder_ring *ring, uint64_t head, uint64_t most);

/* Whether an item is ready and unclaimed. Moves `claim` over what needs no claiming, so O(1) amortized. */
bool ring_is_claimable(struct reorder_ring *ring);

/* Sequences published or about to be, and not claimed. A snapshot. */
uint64_t ring_backlog(const struct reorder_ring *ring);

/* The holder of the delivery has read the item at `head` and gives its slot back. */
static inline void ring_advance(struct reorder_ring *ring, uint64_t head)
{
    /* Release: the payload was read; pairs with the acquire in ring_reserve(). */
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

OIP_PRIVATE_END

#endif
