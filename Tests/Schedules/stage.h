/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a play have in common: the producers, the account of their items, and who is told what. */
#ifndef STAGE_H
#define STAGE_H

#include "event.h"
#include "play.h"

#include <stddef.h>

enum { MOST_ITEMS = 24, MOST_SIDES = 2, MOST_CALLERS = 2, FAILURE = 7, LATE = 0, MARKED = 1, SLOW = 5 };

struct item {
    unsigned begun, ended, delivered, inputs_discarded, outputs_discarded, told;
    bool accepted, failed, ended_behind_abort, waits, cancelled;
    uint64_t sequence; /* UINT64_MAX: not known */
    uint64_t payload;  /* stays where it is until the waiter is told */
    struct oip_waiter waiter;
    struct oip_request request; /* likewise */
    struct {
        unsigned substitutes, delivered, discarded; /* of its substitutes; its own are above */
        bool behind_abort;                          /* the substitute was made then */
        unsigned arguments;                         /* that came back */
        unsigned failures, late_failures;           /* that were told */
    } overtaking;
};

/* One producer. */
struct side {
    oip_producer *producer;
    enum consumer consumer;
    struct item items[MOST_ITEMS];
    uint64_t next_sequence; /* to be delivered */
    unsigned delivered, released;
    bool aborted, paused, consumed;
    pthread_t completing, stopping;
    struct oip_waiter stopper;
    struct event ended, was_paused, overtaken;
    struct event changed; /* of what was handed over */
    struct {
        unsigned count, taken;
        bool closed;
        uint64_t indices[MOST_ITEMS];
    } handed;
};

extern const struct cast *cast;
extern struct side sides[MOST_SIDES];
extern unsigned side_count;
extern oip_pool *pool;
extern oip_ready_queue *queue;
extern struct event notified;

/* items.c: the functions of a producer, whose context is its side, and what becomes of its items. */
int run(void *context, void *payload, uint64_t sequence);
void discard(void *context, void *payload, enum oip_payload_state state);
void release(void *context);
void deliver(struct side *side, uint64_t index, uint64_t sequence);
void spend(struct side *side, uint64_t index); /* the time that an item takes */
bool item_fails(uint64_t index);
bool something_fails(void);
bool ends_whole(void); /* nothing ends production before its last item */
bool all_are_delivered(void);
void check_settled(const struct side *side); /* nothing is running, and nothing waits to be delivered or discarded */
void check_counts(const struct side *side);  /* the library's own, after the end */

/* overtaken.c: items that have deadlines, and their substitutes. */
void allow_deadlines(struct oip_producer_options *options);
int request(struct side *side, uint64_t index);
bool may_be_overtaken(uint64_t index);
bool is_substitute(uint64_t payload); /* what a payload holds that is no index */
void deliver_substitute(struct side *side, uint64_t payload, uint64_t sequence);
void discard_substitute(struct side *side, uint64_t payload);
unsigned failures_of(const struct item *item); /* as the library counts them */
void check_overtaking(const struct side *side, uint64_t index);

/* consumers.c */
void *consume(oip_producer *producer, void *side);
int sink(void *side, void *payload, uint64_t sequence);
void *loop(void *unused);
void loop_notify(void *unused);

/* callers.c */
void *call(void *number);
bool is_reserved(uint64_t index); /* it is one that the library does not run */
void ask_first(void);
void *complete(void *side); /* what was handed over */

/* acts.c */
void *act(void *unused);
void act_inside_item(struct side *side);
void act_inside_consumer(struct side *side);
int stop_async(struct side *side, struct oip_waiter *waiter);
void *stop_beside(void *side);

#endif
