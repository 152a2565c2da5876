/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"
#include "deadline.h"

#include <errno.h>

static uint64_t read(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Looks at each outstanding item's stamp. Items come and go meanwhile: a snapshot, not a cut. */
static void count_outstanding(const struct reorder_ring *ring, uint64_t head, uint64_t tail,
                              struct oip_statistics *statistics)
{
    uint64_t claim = read(&ring->claim);
    for (uint64_t sequence = head; sequence < tail; sequence++) {
        uint64_t stamp = atomic_load_explicit(&ring_slot(ring, sequence)->stamp, memory_order_relaxed);
        if (stamp_is_final(stamp, sequence)) {
            statistics->finished_waiting++;
        } else if (stamp == stamp_of(sequence, PHASE_RESERVED) || stamp == stamp_of(sequence, PHASE_MOVING) ||
                   (stamp == stamp_of(sequence, PHASE_READY) && sequence < claim)) {
            statistics->running++;
        }
    }
}

int oip_get_statistics(const oip_producer *producer, struct oip_statistics *statistics)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(statistics);
    if (statistics->size < sizeof statistics->size) {
        return fail_with(-EINVAL, "oip_get_statistics: statistics.size is not sizeof(struct oip_statistics)");
    }
    struct oip_statistics now = {.size = statistics->size};
    const struct reorder_ring *ring = &producer->ring;
    now.head = read(&ring->head);
    uint64_t passed = read(&producer->passed);
    now.requested = atomic_load_explicit(&ring->tail, memory_order_acquire) >> TAIL_SHIFT;
    now.outstanding = now.requested - now.head;
    if (now.outstanding > ring->window) {
        now.outstanding = ring->window; /* head moved on between the two looks */
    }
    now.delivered = now.head > passed ? now.head - passed : 0;
    now.failed = read(&producer->failed_count);
    now.skipped = read(&producer->skipped_count);
    now.discarded = read(&producer->discarded);
    count_outstanding(ring, now.head, now.requested, &now);
    now.assisted = read(&producer->assisted);
    now.helped = read(&producer->helped);
    now.worker_wakes = read(&producer->worker_wakes);
    now.consumer_wakes = read(&producer->consumer_wakes);
    now.caller_wakes = read(&producer->caller_wakes);
    now.surplus = read(&producer->surplus);
    now.head_of_line_stall = read(&producer->stall_total);
    now.longest_stall = read(&producer->stall_longest);
    now.longest_stall_sequence = read(&producer->stall_longest_sequence);
    if (producer->deadlines != NULL) {
        now.overtaken = read(&producer->deadlines->overtaken);
        now.late = read(&producer->deadlines->late);
    }
    memcpy(statistics, &now, statistics->size < sizeof now ? statistics->size : sizeof now);
    return 0;
}
