/* SPDX-License-Identifier: Apache-2.0 */
/* The reorder ring: sequences are given, claimed and passed in order; the window is exact; laps are not mistaken. */
#include "Support/check.h"

#include "reorder_ring.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

static void reserve_one(struct reorder_ring *ring, uint64_t expected)
{
    uint64_t first, count;
    CHECK_EQUAL(ring_reserve(ring, false, 1, &first, &count), RESERVED_SOME);
    CHECK_EQUAL(first, expected);
    CHECK_EQUAL(count, 1);
}

static void the_window_is_exact(int variant)
{
    (void)variant;
    for (uint64_t window = 1; window <= 9; window++) {
        struct reorder_ring ring;
        uint64_t first, count;
        CHECK_EQUAL(reorder_ring_init(&ring, window, 0, 8, 8), 0);
        CHECK_EQUAL(ring_reserve(&ring, false, window + 5, &first, &count), RESERVED_SOME);
        CHECK_EQUAL(count, window);
        for (uint64_t head = 0; head < 50; head++) {
            CHECK_EQUAL(ring_reserve(&ring, false, 1, &first, &count), RESERVED_NONE_FULL);
            ring_advance(&ring, head);
            reserve_one(&ring, head + window);
        }
        reorder_ring_destroy(&ring);
    }
}

static void flags_turn_callers_away(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    uint64_t first, count;
    CHECK_EQUAL(reorder_ring_init(&ring, 4, 0, 8, 8), 0);
    reserve_one(&ring, 0);
    atomic_fetch_or(&ring.tail, TAIL_CALLERS_WAIT);
    CHECK_EQUAL(ring_reserve(&ring, false, 1, &first, &count), RESERVED_NONE_QUEUE);
    CHECK_EQUAL(ring_reserve(&ring, true, 1, &first, &count), RESERVED_SOME);
    CHECK(!ring_is_exhausted(&ring, 2));
    atomic_fetch_or(&ring.tail, TAIL_CLOSED);
    CHECK_EQUAL(ring_reserve(&ring, false, 1, &first, &count), RESERVED_NONE_CLOSED);
    CHECK_EQUAL(ring_reserve(&ring, true, 1, &first, &count), RESERVED_NONE_CLOSED);
    CHECK(ring_is_exhausted(&ring, 2));
    CHECK(!ring_is_exhausted(&ring, 1));
    reorder_ring_destroy(&ring);
}

/* Whoever looks late finds the slot used again. */
static void what_was_published_stays_published(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    CHECK_EQUAL(reorder_ring_init(&ring, 2, 0, 8, 8), 0);
    CHECK(!ring_is_published(&ring, 0));
    CHECK(!ring_is_published(&ring, 2));
    for (uint64_t sequence = 0; sequence < 4; sequence++) {
        reserve_one(&ring, sequence);
        CHECK(!ring_is_published(&ring, sequence));
        ring_publish(ring_slot(&ring, sequence), sequence, PHASE_READY);
        CHECK(ring_is_published(&ring, sequence));
        ring_publish(ring_slot(&ring, sequence), sequence, PHASE_DONE);
        ring_advance(&ring, sequence);
    }
    CHECK(ring_is_published(&ring, 0) && ring_is_published(&ring, 1));
    reorder_ring_destroy(&ring);
}

static void reserved_items_are_passed_over(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    uint64_t sequence;
    CHECK_EQUAL(reorder_ring_init(&ring, 8, 0, 8, 8), 0);
    static const enum phase phases[] = {PHASE_RESERVED, PHASE_READY, PHASE_RESERVED, PHASE_RESERVED, PHASE_READY};
    for (uint64_t s = 0; s < 5; s++) {
        reserve_one(&ring, s);
        if (s != 4) {
            ring_publish(ring_slot(&ring, s), s, phases[s]);
        }
    }
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 1);
    CHECK_EQUAL(sequence, 1);
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 0); /* given, not published */
    CHECK(!ring_is_claimable(&ring));
    ring_publish(ring_slot(&ring, 4), 4, PHASE_READY);
    CHECK(ring_is_claimable(&ring));
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 1);
    CHECK_EQUAL(sequence, 4);
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 0);
    reorder_ring_destroy(&ring);
}

/* Reserved items may be finished and passed by head without any claim; an old lap's stamps stay where they are. */
static void claim_catches_up_with_head(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    uint64_t sequence;
    CHECK_EQUAL(reorder_ring_init(&ring, 4, 0, 8, 8), 0);
    for (uint64_t s = 0; s < 11; s++) {
        reserve_one(&ring, s);
        ring_publish(ring_slot(&ring, s), s, PHASE_RESERVED);
        ring_publish(ring_slot(&ring, s), s, PHASE_DONE);
        ring_advance(&ring, s);
    }
    CHECK_EQUAL(ring_backlog(&ring), 0);
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 0);
    reserve_one(&ring, 11);
    ring_publish(ring_slot(&ring, 11), 11, PHASE_READY);
    CHECK_EQUAL(ring_backlog(&ring), 1);
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 1);
    CHECK_EQUAL(sequence, 11);
    reorder_ring_destroy(&ring);
}

static void a_head_is_claimed_with_what_follows(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    uint64_t sequence;
    CHECK_EQUAL(reorder_ring_init(&ring, 16, 0, 8, 8), 0);
    for (uint64_t s = 0; s < 10; s++) {
        reserve_one(&ring, s);
        ring_publish(ring_slot(&ring, s), s, s == 6 ? PHASE_RESERVED : PHASE_READY);
    }
    CHECK_EQUAL(ring_claim_head(&ring, 0, 4), 4);
    CHECK_EQUAL(ring_claim_head(&ring, 3, 4), 0); /* claimed */
    CHECK_EQUAL(ring_claim(&ring, 1, &sequence), 1);
    CHECK_EQUAL(sequence, 4);
    CHECK_EQUAL(ring_claim_head(&ring, 5, 4), 1); /* up to the reserved one */
    CHECK_EQUAL(ring_claim_head(&ring, 6, 4), 0);
    CHECK_EQUAL(ring_claim_head(&ring, 7, 16), 3);
    CHECK(!ring_is_claimable(&ring));
    reorder_ring_destroy(&ring);
}

static void runs_end_at_a_cache_line(int variant)
{
    (void)variant;
    struct reorder_ring ring;
    uint64_t first;
    CHECK_EQUAL(reorder_ring_init(&ring, 32, 0, 8, 8), 0);
    CHECK_EQUAL(ring.slots_per_line, 4);
    for (uint64_t s = 0; s < 20; s++) {
        reserve_one(&ring, s);
        ring_publish(ring_slot(&ring, s), s, s == 17 ? PHASE_RESERVED : PHASE_READY);
    }
    CHECK_EQUAL(ring_claim(&ring, 2, &first), 2); /* shorter than a line: as it is */
    CHECK_EQUAL(first, 0);
    CHECK_EQUAL(ring_claim(&ring, 7, &first), 6); /* 2 to 7: the line that begins with 8 is left to others */
    CHECK_EQUAL(first, 2);
    CHECK_EQUAL(ring_claim(&ring, 4, &first), 4);
    CHECK_EQUAL(first, 8);
    CHECK_EQUAL(ring_claim(&ring, 16, &first), 5); /* up to the reserved one */
    CHECK_EQUAL(first, 12);
    CHECK_EQUAL(ring_claim(&ring, 16, &first), 2); /* which is passed over */
    CHECK_EQUAL(first, 18);
    CHECK_EQUAL(ring_claim(&ring, 16, &first), 0);
    reorder_ring_destroy(&ring);
    CHECK_EQUAL(reorder_ring_init(&ring, 4, 0, 100, 8), 0);
    CHECK_EQUAL(ring.slots_per_line, 1);
    reorder_ring_destroy(&ring);
}

static void phases_are_told_apart(int variant)
{
    (void)variant;
    static const enum phase phases[] = {PHASE_READY,  PHASE_RESERVED, PHASE_DONE,
                                        PHASE_FAILED, PHASE_SKIPPED,  PHASE_DISCARDED};
    for (uint64_t sequence = 0; sequence < (uint64_t)1 << 60; sequence = sequence * 3 + 1) {
        for (int i = 0; i < 6; i++) {
            uint64_t stamp = stamp_of(sequence, phases[i]);
            CHECK(stamp_sequence(stamp) == sequence && stamp_phase(stamp) == phases[i]);
            CHECK_EQUAL(stamp_is_final(stamp, sequence), i >= 2);
            CHECK(!stamp_is_final(stamp, sequence + 8));
        }
    }
}

static void layout_keeps_payloads_aligned(int variant)
{
    (void)variant;
    for (size_t align = 1; align <= 4096; align *= 2) {
        for (size_t size = 1; size < 200; size += 13) {
            struct reorder_ring ring;
            CHECK_EQUAL(reorder_ring_init(&ring, 5, 0, size, align), 0);
            for (uint64_t s = 0; s < 8; s++) {
                uintptr_t payload = (uintptr_t)slot_payload(&ring, ring_slot(&ring, s));
                CHECK_EQUAL(payload % align, 0);
                CHECK(s == 0 ||
                      payload - (uintptr_t)slot_payload(&ring, ring_slot(&ring, s - 1)) >= size + sizeof(struct slot));
            }
            reorder_ring_destroy(&ring);
        }
    }
    struct reorder_ring ring;
    CHECK_EQUAL(reorder_ring_init(&ring, (size_t)1 << 30, 0, SIZE_MAX / 8, 8), -ENOMEM);
    CHECK_EQUAL(reorder_ring_init(&ring, 2, 0, SIZE_MAX - 3, 8), -ENOMEM);
}

/* ---------------------------------------------------------------------------------------- all at the same time ---- */

enum { CALLERS = 2, CLAIMERS = 2, ITEMS = 40000 };

static struct reorder_ring shared;
static atomic_int runs[CALLERS * ITEMS];
static atomic_long claimed;

static void *ask_all(void *argument)
{
    (void)argument;
    for (int i = 0; i < ITEMS;) {
        uint64_t first, count;
        if (ring_reserve(&shared, false, 1, &first, &count) == RESERVED_SOME) {
            struct slot *slot = ring_slot(&shared, first);
            *(uint64_t *)slot_payload(&shared, slot) = first; /* not atomic: the stamp orders it */
            ring_publish(slot, first, PHASE_READY);
            i++;
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void *claim_all(void *argument)
{
    (void)argument;
    while (atomic_load(&claimed) < CALLERS * ITEMS) {
        uint64_t first;
        uint64_t count = ring_claim(&shared, 3, &first);
        if (count == 0) {
            sched_yield();
            continue;
        }
        atomic_fetch_add(&claimed, (unsigned)count);
        for (uint64_t sequence = first; sequence < first + count; sequence++) {
            CHECK_EQUAL(atomic_fetch_add(&runs[sequence], 1), 0);
            struct slot *slot = ring_slot(&shared, sequence);
            uint64_t *payload = slot_payload(&shared, slot);
            CHECK_EQUAL(*payload, sequence);
            *payload = ~sequence;
            ring_publish(slot, sequence, PHASE_DONE);
        }
    }
    return NULL;
}

static void callers_claimers_and_a_consumer(int window)
{
    CHECK_EQUAL(reorder_ring_init(&shared, window == 0 ? 2 : 64, 0, 8, 8), 0);
    pthread_t threads[CALLERS + CLAIMERS];
    for (int i = 0; i < CALLERS + CLAIMERS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, i < CALLERS ? ask_all : claim_all, NULL), 0);
    }
    for (uint64_t head = 0; head < CALLERS * ITEMS; head++) {
        while (ring_stamp(&shared, head) != stamp_of(head, PHASE_DONE)) {
            sched_yield();
        }
        CHECK_EQUAL(*(uint64_t *)slot_payload(&shared, ring_slot(&shared, head)), ~head);
        ring_advance(&shared, head);
    }
    for (int i = 0; i < CALLERS + CLAIMERS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    reorder_ring_destroy(&shared);
}

static const char *window_name(int variant)
{
    return variant == 0 ? "window 2" : "window 64";
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the window is exact", the_window_is_exact, 0, NULL},
        {"flags turn callers away", flags_turn_callers_away, 0, NULL},
        {"what was published stays published", what_was_published_stays_published, 0, NULL},
        {"reserved items are passed over", reserved_items_are_passed_over, 0, NULL},
        {"claim catches up with head", claim_catches_up_with_head, 0, NULL},
        {"a head is claimed with what follows", a_head_is_claimed_with_what_follows, 0, NULL},
        {"runs end at a cache line", runs_end_at_a_cache_line, 0, NULL},
        {"phases are told apart", phases_are_told_apart, 0, NULL},
        {"layout keeps payloads aligned", layout_keeps_payloads_aligned, 0, NULL},
        {"callers, claimers and a consumer", callers_claimers_and_a_consumer, 2, window_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
