/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a lane gives to the library for its items. */
#ifndef LANE_ITEMS_H
#define LANE_ITEMS_H

#include "lane.h"

/* The producer's, for an item whose input holds it. */
int lane_run_payload(void *context, void *payload, uint64_t sequence);
void lane_discard_payload(void *context, void *payload, enum oip_payload_state state);

/* An item that is asked for as a function; the argument is the item. */
int lane_run_called(void *argument, void **result);

/* An item that was reserved, on whatever thread finishes it; the argument is the item. */
void lane_finish_elsewhere(void *argument);

#endif
