/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: what happens to each item, told to whoever wants to watch. A producer that nobody watches pays for one
 * comparison with NULL at each of the places where something happens.
 */
#ifndef OIP_EVENTS_H
#define OIP_EVENTS_H

#include "producer.h"

OIP_PRIVATE_BEGIN

OIP_COLD void event_tell(struct oip_producer *producer, enum oip_event_kind kind, uint64_t sequence, int code);

static inline void event(struct oip_producer *producer, enum oip_event_kind kind, uint64_t sequence)
{
    if (OIP_UNLIKELY(producer->observe != NULL)) {
        event_tell(producer, kind, sequence, 0);
    }
}

/* An item that finishes elsewhere begins where it is asked for. */
static inline void event_reserved(struct oip_producer *producer, uint64_t sequence)
{
    event(producer, OIP_REQUESTED, sequence);
    event(producer, OIP_STARTED, sequence);
}

/* A finish that may be a failure's. */
static inline void event_finished(struct oip_producer *producer, uint64_t sequence, int code)
{
    if (OIP_UNLIKELY(producer->observe != NULL)) {
        event_tell(producer, OIP_FINISHED, sequence, code);
    }
}

/* Runs the item, between its start and its finish. */
OIP_COLD int event_run(struct oip_producer *producer, void *payload, uint64_t sequence);

OIP_PRIVATE_END

#endif
