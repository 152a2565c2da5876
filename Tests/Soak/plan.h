/* SPDX-License-Identifier: Apache-2.0 */
/* What one production will be like. All of it follows from the seed and the production's number. */
#ifndef PLAN_H
#define PLAN_H

#include "../COrderedProducerTests/Support/dice.h"

#include <ordered_producer.h>

enum face { THREAD, ATTACHED, SINK, LOOP, SHARED_LOOP, NOBODY, FACES };

enum ending {
    BY_STOP,
    BY_STOP_WHILE_ASKED,
    BY_STOP_ASYNC,
    BY_STOP_PRODUCING,
    BY_ITEM,     /* an item calls oip_stop_producing() */
    BY_CONSUMER, /* the consumer does */
    BY_LEAVING,  /* the consumer returns early, detaches, or fails */
    BY_RELEASE,  /* the handle is given back while items are outstanding */
    ENDINGS
};

enum weight { LIGHT, MIXED, HEAVY, WEIGHTS };

enum { CALLERS_MOST = 4, ITEMS_MOST = 600, EXTRAS = 16 };

struct plan {
    struct dice dice; /* for what is drawn as the production goes on */
    enum face face;
    enum ending ending;
    enum weight weight;
    size_t window, payload_size, payload_align;
    uint32_t width;
    enum oip_failure_policy policy;
    enum oip_wait_strategy wait;
    bool no_assist, by_call, early, nests;
    bool deadlines; /* some items have one of their own */
    bool observed;
    int failures_in; /* one of so many items fails; 0: none */
    int callers, counts[CALLERS_MOST], total;
    int mark; /* how many deliveries, or which item, the ending is about */
};

struct plan draw_plan(uint64_t seed, uint64_t number);

const char *ending_name(int ending);
const char *face_name(int face);

#endif
