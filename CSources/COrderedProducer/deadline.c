/* SPDX-License-Identifier: Apache-2.0 */
#include "deadline.h"

#include "deliverer.h"
#include "execution.h"
#include "pool.h"
#include "waking.h"

#include <errno.h>
#include <stdlib.h>

/* More than a century: as good as none, and far from overflowing. */
#define LONGEST_NS ((uint64_t)1 << 62)

uint64_t deadline_from_now(const struct oip_producer *producer, uint64_t deadline_ns)
{
    if (producer->deadlines == NULL) {
        return NEVER;
    }
    uint64_t ns = deadline_ns == 0 ? producer->deadlines->usual : deadline_ns;
    return ns >= LONGEST_NS ? NEVER : oip_now() + ns;
}

static uint64_t due_of(const struct oip_producer *producer, uint64_t sequence)
{
    struct slot *slot = ring_slot(&producer->ring, sequence);
    return atomic_load_explicit(&slot_deadline(slot)->due, memory_order_relaxed); /* published by the stamp */
}

/* Whether the stamp is that of an item that is asked for and not finished. */
static bool is_unfinished(uint64_t stamp, uint64_t sequence)
{
    return stamp_sequence(stamp) == sequence && stamp_phase(stamp) != 0 && !stamp_is_final(stamp, sequence);
}

bool deadline_has_passed(const struct oip_producer *producer, uint64_t head, uint64_t stamp)
{
    return is_unfinished(stamp, head) && due_of(producer, head) <= oip_now();
}

void deadline_after_publish(struct oip_producer *producer, uint64_t first, uint64_t count)
{
    /* Sequentially consistent, after the stamp: pairs with going idle, after which the alarm is set for a stamp. */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE && delivery_sequence(word) - first < count) {
        deadline_set_alarm(producer, delivery_sequence(word));
    }
}

void deadline_set_alarm(struct oip_producer *producer, uint64_t head)
{
    uint64_t stamp = ring_stamp(&producer->ring, head);
    if (!is_unfinished(stamp, head)) {
        return; /* whoever publishes or finishes it sees that this thread is idle */
    }
    uint64_t due = due_of(producer, head);
    if (stamp_phase(stamp) == PHASE_MOVING && due != NEVER) {
        uint64_t again = oip_now() + DEADLINE_LOOK_AGAIN_NS;
        due = due > again ? due : again;
    }
    if (due != NEVER) {
        alarm_set(producer->pool, &producer->deadlines->alarm, due);
    }
}

void deadline_expect_pool(struct oip_producer *producer)
{
    alarm_set(producer->pool, &producer->deadlines->alarm, oip_now() + WAKING_LOOKOUT_NS);
}

/* The alarm of a producer whose holder is idle. */
static void look_at_head(struct oip_producer *producer, uint64_t word)
{
    uint64_t head = delivery_sequence(word);
    uint64_t stamp = ring_stamp(&producer->ring, head);
    /* Sequentially consistent, after the word: pairs with a pause, which lowers the gate and then looks at the word. */
    bool discards = kind_of(producer) == CONSUMER_DISCARD;
    if (!discards && head >= atomic_load_explicit(&producer->gate, memory_order_seq_cst)) {
        return; /* paused; whoever lifts that flips the word: the holder looks then */
    }
    bool is_due = deadline_has_passed(producer, head, stamp) && stamp_phase(stamp) != PHASE_MOVING;
    if (is_due || (discards && stamp == stamp_of(head, PHASE_READY))) {
        OIP_POINT(head_is_due);
        delivery_due(producer, word);
    } else {
        deadline_set_alarm(producer, head);
    }
}

/* What a spare thread is started for. Each has a reference on the producer. */
static void deliver_errand(void *argument)
{
    struct oip_producer *producer = argument;
    uint32_t never = UINT32_MAX;
    execution_deliver(producer, &never);
    producer_drop(producer);
}

static void drop_errand(void *argument)
{
    producer_drop(argument);
}

/* Gives the alarm's reference back. If it is the last one, the context is released, which is the user's code. */
static void drop_elsewhere(struct oip_producer *producer)
{
    unsigned references = atomic_load_explicit(&producer->references, memory_order_relaxed);
    while (references > 1) {
        /* Release: as producer_drop(). */
        if (atomic_compare_exchange_weak_explicit(&producer->references, &references, references - 1,
                                                  memory_order_release, memory_order_relaxed)) {
            return;
        }
    }
    if (!pool_run_spare(producer->pool, drop_errand, producer)) {
        producer_drop(producer); /* no thread is to be had: better here than never */
    }
}

static void ring(struct alarm *alarm)
{
    struct oip_producer *producer = OIP_CONTAINER_OF(alarm, struct deadlines, alarm)->producer;
    /* Sequentially consistent, after the alarm was taken down: pairs with those who set it. */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE) {
        look_at_head(producer, word);
    } else if (delivery_needs_pool(producer)) {
        producer_retain(producer);
        if (!pool_run_spare(producer->pool, deliver_errand, producer)) {
            deadline_expect_pool(producer); /* no thread is to be had now */
            drop_elsewhere(producer);
        }
    }
    drop_elsewhere(producer);
}

static bool keep_alive(struct alarm *alarm)
{
    struct oip_producer *producer = OIP_CONTAINER_OF(alarm, struct deadlines, alarm)->producer;
    /* Relaxed, as every reference that is taken: the timekeeper's lock orders this with the alarm's dismissal. */
    unsigned references = atomic_load_explicit(&producer->references, memory_order_relaxed);
    while (references != 0) {
        if (atomic_compare_exchange_weak_explicit(&producer->references, &references, references + 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
    }
    return false; /* whoever has dropped the last one is about to dismiss the alarm */
}

int deadlines_create(struct oip_producer *producer, struct oip_pool *pool, const struct oip_producer_options *options)
{
    struct deadlines *deadlines = calloc(1, sizeof *deadlines);
    if (deadlines == NULL) {
        return fail_with(-ENOMEM, "oip_producer_create: %zu bytes", sizeof *deadlines);
    }
    deadlines->producer = producer;
    deadlines->usual = options->deadline_ns == 0 ? NEVER : options->deadline_ns;
    deadlines->substitute = options->substitute;
    deadlines->failed = options->failed;
    deadlines->release_argument = options->release_argument;
    deadlines->alarm.keep_alive = keep_alive;
    deadlines->alarm.ring = ring;
    int result = timekeeper_admit(pool, &deadlines->alarm);
    if (result != 0) {
        free(deadlines);
        return result;
    }
    producer->deadlines = deadlines;
    return 0;
}

void deadlines_destroy(struct oip_pool *pool, struct deadlines *deadlines)
{
    if (deadlines != NULL) {
        timekeeper_dismiss(pool, &deadlines->alarm);
        late_items_destroy(&deadlines->reserved);
        free(deadlines);
    }
}
