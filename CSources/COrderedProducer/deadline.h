/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines: items that nobody waits for any longer than was agreed, although nobody can stop the code that makes them.
 *
 * An item is *overtaken* where its deadline has passed, it is not finished, and it holds the line: it is the head, and
 * whoever delivers waits for it. A *substitute* takes its place in the order; what it makes in the end is discarded. An
 * item past its deadline that others are still ahead of is left alone, and used if it is finished when its turn comes.
 *
 * Who overtakes. The holder of the delivery (delivery.h), and nobody else: it is the one who waits, it alone moves
 * `head`, and it may end the iteration. Where it goes to sleep it sets the producer's alarm to the head's due time, and
 * the timekeeper that it wakes by is one more who tells the consumer of a head that it can deliver (timekeeper.h).
 *
 *     holder:      word := idle(s);  stamp of s?  then the alarm is set for s
 *     publisher:   stamp of s := ready;  word idle(s)?  then the alarm is set for s
 *     timekeeper:  alarm taken down;  word idle(s)?  stamp of s not final, and due?  then it flips the word, as one who
 *                  finishes s does
 *
 * All sequentially consistent, so that of a publisher and a holder, and of each of them and the timekeeper, one sees
 * what the other did. Alarms may ring for nothing; then the alarm is set again, or nobody waits.
 *
 * Who gets the slot. Items are run in place elsewhere, so one that runs could still write into a slot that a later lap
 * uses. So an item of a producer with deadlines is run in a copy, and its slot's stamp says who may touch the slot:
 *
 *      ready -> moving -> reserved -> moving -> final       it is copied out, runs, is copied back
 *      ready -> moving -> final                             overtaken, or discarded, before it began
 *      reserved -> moving -> final                          overtaken; or finished elsewhere in time
 *
 * An item that runs is one that finishes elsewhere, whether that is a copy on a thread's stack or somebody's task. Each
 * change to `moving` is a compare-and-swap from exactly this sequence and phase, so one side wins, and the other finds
 * out whenever it comes: also when the slot belongs to a later lap by then, which has another sequence in its stamp.
 * `moving` is short, but whoever it is may lose its processor: the holder does not wait for it, its alarm looks again.
 *
 * An item that was overtaken while it ran has a reference on the producer, taken by whoever overtook it and given back
 * when it comes. So production ends without it, and the memory and the context live as long as it does.
 *
 * Where all pool threads hang in items a sink gets its items from a spare thread: whoever queues the delivery for the
 * pool sets the alarm, and if no pool thread has taken it when that rings, the timekeeper starts one.
 *
 * Producers without deadlines have none of this: one pointer that is NULL, looked at once per call.
 */
#ifndef OIP_DEADLINE_H
#define OIP_DEADLINE_H

#include "late_items.h"
#include "producer.h"
#include "timekeeper.h"

OIP_PRIVATE_BEGIN

enum {
    DEADLINE_LOOK_AGAIN_NS = 20000, /* at a slot that somebody is just copying */
    DEADLINE_COPY_ON_STACK = 256,   /* bytes of a payload: items may run inside items, on small stacks */
};

struct deadlines {
    struct oip_producer *producer;
    uint64_t usual; /* nanoseconds from the asking call; NEVER: none */
    oip_substitute_function substitute;
    oip_failed_function failed;
    void (*release_argument)(void *context, void *argument);
    struct alarm alarm;
    _Atomic uint64_t overtaken; /* how many */
    _Atomic uint64_t late;      /* of them still being made, now */
    struct late_items reserved; /* which of those are to be finished by the program; under the producer's lock */
};

/* How a reserved item comes. */
enum arrival {
    ARRIVES_IN_TIME,
    ARRIVES_LATE,    /* it was overtaken */
    ARRIVES_FOR_NONE /* there is no such item: it has come before, or was never reserved */
};

/* What a slot has besides stamp and payload. Written before the item is published. */
struct slot_deadline {
    _Atomic uint64_t due; /* NEVER: none. Atomic for those who look at a slot that may be a later lap's by now */
    void *argument;       /* for the substitute; of whoever moves the slot */
    atomic_bool reserved; /* the program finishes it; not a thread that runs a copy of it */
};

static inline struct slot_deadline *slot_deadline(struct slot *slot)
{
    return (struct slot_deadline *)(void *)(slot + 1);
}

/* The deadlines of a producer that is being made. 0 or an errno, negated. */
int deadlines_create(struct oip_producer *producer, struct oip_pool *pool, const struct oip_producer_options *options);

/* With the producer. */
void deadlines_destroy(struct oip_pool *pool, struct deadlines *deadlines);

/* When an item is due that is asked for now; `deadline_ns` as in oip_request. NEVER where there are no deadlines. */
uint64_t deadline_from_now(const struct oip_producer *producer, uint64_t deadline_ns);

/* What the slot of an item that is not published yet has besides its payload. */
static inline void deadline_write(struct slot *slot, uint64_t due, void *argument, bool reserved)
{
    atomic_store_explicit(&slot_deadline(slot)->due, due, memory_order_relaxed);
    atomic_store_explicit(&slot_deadline(slot)->reserved, reserved, memory_order_relaxed);
    slot_deadline(slot)->argument = argument;
}

/* Items were published: the alarm is set for the one that the holder is idle on. */
void deadline_after_publish(struct oip_producer *producer, uint64_t first, uint64_t count);

/* The holder has gone idle and waits for `head`. */
void deadline_set_alarm(struct oip_producer *producer, uint64_t head);

/* The delivery was queued for a pool thread. */
void deadline_expect_pool(struct oip_producer *producer);

/* Whether the item `head`, whose stamp this is, is published, unfinished and due. For the holder. */
bool deadline_has_passed(const struct oip_producer *producer, uint64_t head, uint64_t stamp);

/* ------------------------------------------------------------------------------------------------ overtaking.c ---- */

/*
 * Runs the item `sequence`, which this thread has claimed, and publishes it, unless it was overtaken. Or discards it,
 * where production has ended.
 */
void overtaking_run(struct oip_producer *producer, uint64_t sequence, uint32_t *until_sample);

/* A reserved item has come. In time its slot is the caller's to finish; late: gives the reference back. */
enum arrival overtaking_arrival(struct oip_producer *producer, uint64_t sequence);

/* The holder overtakes the head, if that is due. True: the head is final. */
bool overtaking_overtake(struct oip_producer *producer, uint64_t head);

/* After an ending: as above, but nothing takes the place of the item, and one that has not begun need not be due. */
bool overtaking_discard(struct oip_producer *producer, uint64_t head);

/* The same, for producers of either kind. */
static inline bool is_overtaken(struct oip_producer *producer, uint64_t head)
{
    return OIP_UNLIKELY(producer->deadlines != NULL) && overtaking_overtake(producer, head);
}

OIP_PRIVATE_END

#endif
