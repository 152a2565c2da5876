/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operations of one input work on: pools, ready queues, and lanes. A lane is a producer with its consumer, its
 * callers, its registered waits and its account.
 *
 * One thread, the driver, performs the operations. It may never block for ever, so a call that waits is made only where
 * somebody else is certain to end the wait: lane_may_block() says where, and before it the driver finishes what it has
 * reserved. Threads that may wait (callers, attached consumers) are others, and are joined at the end.
 */
#ifndef LANE_H
#define LANE_H

#include "account.h"

#include <pthread.h>

enum consumer {
    CONSUMER_OF_NOBODY,
    CONSUMER_IN_THREAD,
    CONSUMER_IN_SINK,
    CONSUMER_IN_LOOP,         /* the driver, told by a ready queue */
    CONSUMER_IN_DRIVER,       /* the driver, attached */
    CONSUMER_IN_OTHER_THREAD, /* a thread of the test, attached */
    CONSUMERS
};
enum { LANES_MOST = 3, POOLS_MOST = 2, QUEUES_MOST = 2, WAITS_MOST = 24, CALLERS_MOST = 2 };

struct pool {
    oip_pool *pool;
    atomic_bool handle_is_back;
    bool refuses; /* a shutdown has begun */
    pthread_t shutdown;
    bool shutdown_runs;
};

struct queue {
    oip_ready_queue *queue; /* NULL: given back, or never made */
    bool notifies;
    atomic_int notices;
};

/* The memory of a registered wait. */
struct wait {
    struct oip_waiter waiter;
    struct lane *lane;
    struct item *item; /* NULL: for the end of production */
    void *payload;
    struct oip_request request;
    atomic_int told; /* how often */
    int result;
    bool cancelled, harvested;
};

struct caller {
    struct lane *lane;
    unsigned asker, count, moods;
    pthread_t thread;
};

struct lane {
    struct account account;
    struct pool *pool;
    oip_producer *producer; /* also after the handle was given back: reserved items are finished by it */
    bool exists, handle_is_back;
    bool nests; /* items may wait for room: then nothing of this lane may depend on the driver */
    bool inside_may_end, inside_pauses;
    bool ends_in_order; /* where no operation has ended it before */
    struct queue *queue;
    enum consumer consumer;
    unsigned leave_after; /* items that the consumer takes */
    bool paused, stopping, detached, saw_end;
    pthread_t consumer_thread;
    bool consumer_thread_runs;
    struct wait waits[WAITS_MOST];
    unsigned waits_count;
    struct item *reserved[ITEMS_MOST]; /* by the driver, unfinished */
    unsigned reserved_count;
    struct caller callers[CALLERS_MOST];
    unsigned callers_count;
    int values; /* of the consumer function, that somebody got */
};

/* ------------------------------------------------------------------------------------------------- lane.c ---- */

/* Makes a producer by eight bytes of the input. False: its pool refuses. */
bool lane_create(struct lane *lane, struct pool *pool, const unsigned char choices[8]);

/* What items, consumers and sinks do with their producer from inside. */
int lane_run(void *lane, struct item *item);
void lane_on_delivery(struct lane *lane, struct item *item, enum consumer consumer);

/* Whether somebody other than the driver makes room and takes items. */
bool lane_may_block(const struct lane *lane);

/* Whether a result says that production is over, which it may be only where something has ended it. */
bool lane_has_ended(const struct lane *lane, int result);

/* --------------------------------------------------------------------------------------------- consumers.c ---- */

/* Asks for a consumer, the first one or one too many. */
void lane_attach(struct lane *lane, enum consumer consumer, struct queue *queue, unsigned leave_after);

/* The driver's next item without waiting: what oip_try_next() said. */
int lane_try_next(struct lane *lane);
/* With waiting, where an item or the end is certain to come. */
void lane_next(struct lane *lane);
void lane_detach(struct lane *lane);

/* Takes what the queue names, until it names nothing. */
void queue_serve(struct queue *queue, struct lane *lanes);

/* ------------------------------------------------------------------------------------------------ asking.c ---- */

/* `count`: of many; of one that may be overtaken it says how soon. */
enum way { WAY_TRY, WAY_PRODUCE, WAY_TRY_MANY, WAY_MANY, WAY_CALL, WAY_TRY_RESERVE, WAY_RESERVE, WAYS };

/* Asks once; `result` of the call. A way that waits is replaced where the driver must not wait. */
int lane_ask(struct lane *lane, enum way way, unsigned asker, unsigned count, unsigned char mood, bool fails);
void lane_ask_async(struct lane *lane, bool reserves, unsigned char mood, bool fails);
void lane_cancel(struct lane *lane, unsigned which);
void lane_finish_reserved(struct lane *lane, unsigned which, bool on_pool);

/* No wait of the driver is left that could become a reserved item, and no reserved item. */
void lane_finish_all_reserved(struct lane *lane);
void lane_start_caller(struct lane *lane, unsigned count, unsigned moods);
void lane_join_callers(struct lane *lane);

/* A further wait's memory; NULL where there is none. */
struct wait *lane_new_wait(struct lane *lane);

/* --------------------------------------------------------------------------------------------- deadlines.c ---- */

/* Items of this producer may be overtaken; it is observed. */
void lane_allow_deadlines(struct oip_producer_options *options);
void lane_observe(struct oip_producer_options *options, struct lane *lane);

/* What asks for the item with a deadline, and its payload in there; NULL: it finishes elsewhere. */
struct oip_request lane_request(struct item *item, const void *payload, unsigned how_soon);

/* Whether what takes the place of the item, if it is overtaken, is a value. */
bool lane_has_value_instead(const struct item *item);

/* ----------------------------------------------------------------------------------------------- endings.c ---- */

void lane_stop(struct lane *lane);
void lane_stop_async(struct lane *lane);
void lane_stop_producing(struct lane *lane);
void lane_take_value(struct lane *lane);
void lane_release(struct lane *lane);

/* Ends what has not ended, waits for the release of the context, and looks at the account. */
void lane_end(struct lane *lane, struct lane *lanes);

/* ------------------------------------------------------------------------------------- wrong_arguments.c ---- */

void wrong_arguments(unsigned which, struct lane *lane, struct pool *pool, struct queue *queue);

#endif
