/* SPDX-License-Identifier: Apache-2.0 */
#include "publish.h"

#include "deadline.h"
#include "events.h"
#include "waking.h"

void publish_write(struct oip_producer *producer, uint64_t sequence, const struct wish *wish)
{
    struct reorder_ring *ring = &producer->ring;
    struct slot *slot = ring_slot(ring, sequence);
    if (producer->deadlines != NULL) {
        deadline_write(slot, wish->due, wish->argument, wish->payload == NULL); /* the stamp publishes it */
    }
    if (wish->payload != NULL) {
        event(producer, OIP_REQUESTED, sequence);
        oip_copy(slot_payload(ring, slot), wish->payload, ring->payload_size);
        ring_publish(slot, sequence, PHASE_READY);
    } else {
        event_reserved(producer, sequence);
        ring_publish(slot, sequence, PHASE_RESERVED);
    }
}

void publish_announce(struct oip_producer *producer, const struct published *published)
{
    OIP_POINT(after_publish);
    waking_after_publish_many(producer, published);
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        OIP_POINT(before_alarm);
        deadline_after_publish(producer, published->first, published->count);
    }
}
