/* SPDX-License-Identifier: Apache-2.0 */
/* The public calls that ask something of the system, each with what it needs and what shows that it worked. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "injection.h"

#include "Support/lane.h"

enum { SPARE = 40 };

struct scenario;

/* What a scenario's call finds, and what it makes. */
struct stage {
    const struct scenario *scenario;
    oip_pool *pool;
    oip_producer *producer;
    oip_producer *spare[SPARE];
    oip_ready_queue *queue;
    sem_t ran;
    struct census prepared; /* what the core had taken before the first attempt */
};

struct scenario {
    const char *name;
    void (*prepare)(struct stage *stage); /* NULL: nothing is needed */
    int (*attempt)(struct stage *stage);  /* the call in question */
    void (*expect_unchanged)(struct stage *stage);
    void (*undo)(struct stage *stage); /* uses what was made, and brings back what prepare() left */
    void (*finish)(struct stage *stage);
    int fewest; /* requests that a call makes of the system at least */
    bool keeps; /* places of threads that are gone are kept for the next ones */
};

extern const struct scenario scenarios[];
extern const int scenario_count;

/* The first so many need threads, or memory in such amounts that the kernel is asked for it. */
extern const int large_scenario_count;

/* Of a test whose variants are each scenario with one failing request, and with that and all later ones. */
const char *scenario_name(int variant);

/* Brings about what the scenario's call needs. */
void stage_begin(struct stage *stage, const struct scenario *scenario);

/*
 * What the core has taken between two attempts. Waits for the last one's producer, which may go with the consumer's
 * thread, a moment after its end.
 */
struct census stage_settled(struct stage *stage);

/* After a failure: nothing has changed since `before`, and the call succeeds now. */
void stage_try_again(struct stage *stage, struct census before);

/* After a success: uses what was made, and brings back what there was. */
void stage_undo(struct stage *stage);

/* Nothing may be left. */
void stage_end(struct stage *stage);

/* A pool of 16 for the stage, which has none; and to use it and end it. */
int make_large_pool(struct stage *stage);
void use_pool(struct stage *stage);

/* A pool, a producer, a resize, a consumer thread, some items; gives back what there is when one of the calls fails. */
int live_whole_life(struct stage *stage);

/* A producer that is cheap to make, and a consumer function that counts its items in a uint64_t. */
extern const struct oip_producer_options small_options;
void *count_items(oip_producer *producer, void *argument);

#endif
