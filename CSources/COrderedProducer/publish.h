/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing: an item that has its sequence becomes visible to those who run and deliver it. Nobody else publishes.
 *
 * Guarantee (liveness L1). An item that is ready and that nobody has claimed is looked at: the producer is queued and a
 * worker or the lookout watches the queue; or a thread runs items of it and looks again before it leaves; or the
 * consumer was woken for this very item and nothing else is published behind it.
 *
 * How. Two steps, since whoever lets waiting callers in publishes under the producer's lock:
 *
 *     publish_write()     fills the slot, then exchanges its stamp: a full fence
 *     publish_announce()  under no lock: looks who sleeps
 *
 * Why no item is left behind. Claims are made in the order of the sequences, so a worker that comes to a sequence which
 * its caller has not published yet leaves, although later items may be ready. Hence whoever publishes s looks at s + 1,
 * too, also where s itself is nothing to run (a reservation): stamp s := published, look at s + 1. The one who
 * publishes s + 1 does: stamp s + 1 := ready, calls the workers, which look at s. All sequentially consistent: one of
 * the two sees what the other did, and calls the workers for what can be claimed by then.
 *
 * After the iteration has ended nothing is run any more. The thread that discards may be idle on this very item; then
 * whoever publishes it takes over, and no thread of the pool is needed for production to end.
 */
#ifndef OIP_PUBLISH_H
#define OIP_PUBLISH_H

#include "producer.h"

OIP_PRIVATE_BEGIN

/* What a caller asks for. */
struct wish {
    const void *payload; /* NULL: a reservation */
    void *argument;      /* for the substitute: deadline.h */
    uint64_t due;        /* likewise; unused where the producer has no deadlines */
};

/* Items that were written by one thread in a row. */
struct published {
    uint64_t first, count;
    bool ready; /* at least one of them is to be run */
};

/* Fills the slot of `sequence`, which the caller has reserved, and publishes it. Also under the producer's lock. */
void publish_write(struct oip_producer *producer, uint64_t sequence, const struct wish *wish);

/* Sees to it that what was written is run, or discarded. Under no lock: may run user's discard functions. */
void publish_announce(struct oip_producer *producer, const struct published *published);

/* Both, for one item. */
static inline void publish(struct oip_producer *producer, uint64_t sequence, const struct wish *wish)
{
    publish_write(producer, sequence, wish);
    struct published one = {sequence, 1, wish->payload != NULL};
    publish_announce(producer, &one);
}

OIP_PRIVATE_END

#endif
