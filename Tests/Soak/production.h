/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One production from its creation to the last trace of it, with an account of every item. An item that was taken over
 * has exactly one fate in the end: failed, delivered, or discarded as input or as output; any other has none. Where it
 * was overtaken it is never delivered, and what took its place has a fate of its own.
 */
#ifndef PRODUCTION_H
#define PRODUCTION_H

#include "../COrderedProducerTests/Support/check.h"
#include "../COrderedProducerTests/Support/waiting.h"
#include "../COrderedProducerTests/Support/outcome.h"
#include "plan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

enum { PAYLOAD_MOST = 256 };

struct shared_loop;

/* Where productions take place side by side, for a while. */
struct site {
    oip_pool *pool;
    oip_pool *elsewhere; /* finishes reserved items */
    struct shared_loop *loop;
    atomic_bool closing; /* the pool is being shut down */
};

struct production;

struct item {
    struct production *production;
    atomic_ullong sequence; /* UINT64_MAX: nobody said it yet */
    unsigned char mood;
    bool fails;
    bool has_argument; /* for its substitute */
    atomic_uchar accepted, begun, ended, failed, delivered, inputs_discarded, outputs_discarded;
    atomic_uchar late_failures, arguments;
    atomic_uchar substitutes, substitutes_delivered, substitutes_discarded;
};

struct production {
    struct plan plan;
    uint64_t number;
    struct site *site;
    oip_producer *producer;
    struct item *items; /* plan.total for the callers, then EXTRAS for items that ask for items */
    atomic_int extras;
    uint64_t *order; /* sequences, as they were delivered */
    atomic_int delivered;
    atomic_ullong events[OIP_OVERTAKEN + 1];
    oip_ready_queue *queue;
    pthread_t thread; /* of an attached consumer or a loop */
    bool started;
    sem_t gone;     /* posted as the shared loop has detached */
    sem_t released; /* posted by the producer's release function */
};

/* Runs one production to its end. False where the site was closing already. */
bool run_production(struct site *site, uint64_t seed, uint64_t number);

/* The number of the production that this thread works for; UINT64_MAX: none. */
extern _Thread_local uint64_t this_production;

/* Whether a call said that production has ended, and may have said so. */
bool is_end(const struct production *production, int result);

/* items.c */
int make_payload(void *context, void *payload, uint64_t sequence);
int make_called(void *argument, void **result);
void finish_elsewhere(void *argument);
void discard_payload(void *context, void *payload, enum oip_payload_state state);
void write_input(struct item *item, void *payload);
struct item *read_output(struct production *production, const void *payload);
struct item *read_input(struct production *production, const void *payload);
size_t payload_stride(const struct plan *plan);
void accepted(struct item *item, uint64_t sequence);

/* callers.c */
struct caller {
    struct production *production;
    struct dice dice;
    int first, count;
    pthread_t thread;
};
void *call(void *caller);
int produce_one(struct production *production, struct item *item, bool waits);

/* The outcome of a registered wait; where `gives_up`, it is taken back at once, perhaps too late. */
int wait_or_give_up(struct production *production, struct blocking_waiter *waiter, int result, uint64_t *sequence,
                    bool gives_up);

/* deadlines.c: items that may be overtaken, and the observer. */
void allow_deadlines(struct production *production, struct oip_producer_options *options);
int request_one(struct production *production, struct item *item, struct dice *dice);
struct item *substituted(struct production *production, const void *output); /* NULL: it is an item's own */
bool was_left_out(const struct item *item);
bool has_failed(const struct item *item);       /* in its place, where its substitute did */
struct fates fates_of(const struct item *item); /* of what is in its place */
void check_events(const struct production *production);

/* consumers.c */
int start_consumer(struct production *production);
bool take(struct production *production, const void *payload, uint64_t sequence);
void end_consumer(struct production *production);

/* shared_loop.c: an event loop with a descriptor, which serves all productions of a site that want one. */
struct shared_loop *shared_loop_start(void);
int shared_loop_adopt(struct shared_loop *loop, struct production *production);
void shared_loop_end(struct shared_loop *loop);

/* model.c */
void check_against_model(struct production *production);
void check_accounts(struct production *production);

#endif
