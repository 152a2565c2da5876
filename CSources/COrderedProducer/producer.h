/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A producer: the state of one ordered production, and what its parts do for one another.
 *
 *   reorder_ring   the items and the three counters                        callers, workers, consumer
 *   admission      produce, reserve, complete                              callers
 *   window         callers that wait for room                              callers, consumer
 *   execution      claiming and running items                              workers, helping callers, assisting consumer
 *   delivery       who may deliver, next, sink, discarding                 consumer
 *   deadline       items that nobody waits for any longer                  consumer, timekeeper
 *   waking         whom to wake when                                       all
 *   endings        stop, stop_producing, failures, the last reference      all
 *
 * Fields are grouped by who writes them, each group on a cache line of its own, so that nobody pays for another's
 * writes.
 */
#ifndef OIP_PRODUCER_H
#define OIP_PRODUCER_H

#include "errors.h"
#include "held_run.h"
#include "ready_queue.h"
#include "reorder_ring.h"
#include "run_queue.h"
#include "tenant.h"
#include "thread_identity.h"
#include "waiter.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

enum consumer_kind {
    CONSUMER_NONE,    /* not started yet */
    CONSUMER_THREAD,  /* oip_next() in a thread */
    CONSUMER_LOOP,    /* oip_try_next() when a ready queue says so */
    CONSUMER_SINK,    /* a function that pool threads call */
    CONSUMER_DISCARD, /* production has ended; what comes is destroyed */
};

struct oip_producer {
    /* Constant after creation. */
    struct reorder_ring ring;
    OIP_ALIGNED_TO_LINE struct oip_pool *pool;
    oip_run_function run;
    oip_discard_function discard;
    void *context;
    oip_observe_function observe;
    bool (*may_help)(void *context); /* NULL: whoever waits may run items */
    struct deadlines *deadlines;     /* NULL: its items have none */
    uint32_t width;                  /* 0: no bound of its own */
    enum oip_failure_policy on_failure;
    enum oip_wait_strategy wait;
    bool assists;
    bool items_wait;       /* no_assist: items may wait for what their callers do next */
    bool takes_calls;      /* payloads are struct oip_call */
    int generation;        /* of fork() */
    size_t payload_stride; /* of payloads given several at once */
    size_t payload_align;
    void (*release)(void *context);
    void *observe_context;

    /* Control: read by everybody, written when something ends or pauses. */
    OIP_ALIGNED_TO_LINE _Atomic uint64_t start_limit; /* items from this sequence on are not started any more */
    _Atomic uint64_t gate;                            /* items from this sequence on are not delivered now */
    atomic_int kind;                                  /* enum consumer_kind */
    atomic_uint callers_wait;                         /* for room, and how urgently: enum callers_wait, window.h */
    oip_run_function sink;                            /* constant once kind is CONSUMER_SINK */
    void *sink_context;

    /* The holder of the delivery: delivery.h. */
    OIP_ALIGNED_TO_LINE _Atomic uint64_t delivery;
    _Atomic uint64_t stall_began; /* when a later item finished while the head had not; 0: none did */

    /* The holder's own. */
    OIP_ALIGNED_TO_LINE _Atomic uint64_t passed; /* sequences behind head that were not delivered, */
    _Atomic uint64_t discarded;                  /* and of them those that had not failed */
    _Atomic uint64_t assisted;
    uint32_t until_sample;           /* of the consumer's cost samples */
    _Atomic int64_t consumer_thread; /* the thread that takes items: thread_identity.h */
    atomic_bool inside;              /* a loop's consumer may be taking an item: delivery.h */
    bool gathers;                    /* looks for items now and then only: deliverer.c */
    uint32_t quick_finds;            /* in a row */
    bool slept_briefly;              /* the last time: then polling would have been better */
    uint64_t idle_since;             /* of a sink: when it last found nothing to deliver */
    uint32_t unneeded_fences;        /* deliveries in a row that fenced for nobody: window.c */
    _Atomic uint64_t stall_total;
    _Atomic uint64_t stall_longest;
    _Atomic uint64_t stall_longest_sequence;

    /* Workers. */
    OIP_ALIGNED_TO_LINE atomic_uint schedule; /* execution.h */
    atomic_uint helpers;                      /* blocked callers that run items */
    atomic_uint cost;                         /* nanoseconds an item takes, moving average: waking.h */
    struct runnable runnable;
    struct tenant tenant;
    atomic_bool consumer_abstains;        /* its thread may not run items */
    _Atomic uint64_t begun_at_lookout;    /* items begun when a lookout last passed: execution.c */
    _Atomic uint64_t asked_at_lookout;    /* those that had been asked for by then */
    _Atomic uint64_t delivery_at_lookout; /* likewise */

    struct held_runs held; /* each run its holder's */

    /* Rarely touched. */
    OIP_ALIGNED_TO_LINE struct oip_ready_queue own_queue; /* of a blocking consumer */
    struct oip_ready_queue *ready_queue;                  /* the consumer's: own_queue, or a loop's */
    struct ready_entry ready_entry;
    atomic_bool on_ready_queue;
    atomic_bool handle_gone;
    void *tag; /* of the loop */

    atomic_bool closed_by_pool; /* accepts no more because the pool is shutting down; written under the lock */

    pthread_mutex_t lock;               /* everything below, and changes of the control group */
    struct waiter_list callers;         /* waiting for room, oldest first */
    struct inner_caller *inner_callers; /* of them, those inside an item of this producer: window.c */
    struct waiter_list stoppers;        /* waiting for the end */
    bool paused;
    bool stopping;        /* oip_stop() was called: a pause has no effect any more */
    bool ended;           /* nothing is outstanding and the consumer function has returned */
    bool failed;          /* an item's failure was recorded */
    bool failure_reached; /* and ended the iteration */
    uint64_t failed_sequence;
    int failed_code;
    unsigned open_ends; /* settled, consumer function: what `ended` waits for */
    void *value;        /* of the consumer function */
    void *(*consume)(struct oip_producer *producer, void *argument);
    void *consume_argument;
    char name[16];

    _Atomic uint64_t failed_count;
    _Atomic uint64_t skipped_count;
    _Atomic uint64_t helped;
    _Atomic uint64_t worker_wakes;
    _Atomic uint64_t consumer_wakes;
    _Atomic uint64_t caller_wakes;
    _Atomic uint64_t surplus; /* completions of what was not there to be completed */

    atomic_uint references; /* on the context: handle, production, late items, each one; and calls that complete */
    atomic_uint memory;     /* on this struct: the references together, the run queue or a worker, a ready queue */
};

/* A reference on the context. With the last one that is released. */
void producer_retain(struct oip_producer *producer);
void producer_drop(struct oip_producer *producer);

/*
 * One on the memory alone. What is queued has such a one: it may lie there until a thread of the pool, or the loop,
 * comes by, and the context does not wait for that.
 */
void producer_retain_memory(struct oip_producer *producer);
void producer_drop_memory(struct oip_producer *producer);

OIP_PRIVATE_END

#endif
