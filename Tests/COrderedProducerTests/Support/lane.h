/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane: one producer with one of the ways to ask for items and one of the kinds of consumers, and an account of every
 * item: how often it was begun, failed, delivered, discarded. Most tests of behaviour are written once against a lane
 * and run for all combinations.
 */
#ifndef LANE_H
#define LANE_H

#include "check.h"
#include "waiting.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

enum way { BY_PRODUCE, BY_TRY, BY_MANY, BY_ASYNC, BY_RESERVE, BY_CALL, WAYS };
enum consumer { THREAD, ATTACHED, SINK, LOOP, CONSUMERS };

const char *way_name(int way);
const char *consumer_name(int consumer);
const char *lane_name(int variant); /* of way * CONSUMERS + consumer */

struct lane;

/* Input: the item in `second`, as the argument of an oip_call. Output: the item in `first`. */
struct payload {
    void *first;
    void *second;
};

/* One item's account and orders. */
struct item {
    struct lane *lane;
    sem_t *begun;                      /* posted as it begins; NULL: nobody wants to know */
    sem_t *hold;                       /* waited for inside; NULL: none */
    void (*inside)(struct item *item); /* called inside the item; NULL: nothing */
    int code;                          /* what the item returns */
    bool accepted;                     /* the producer took it over */
    uint64_t sequence;                 /* where it was made or delivered */
    unsigned mood;                     /* of a random test */
    uint64_t given;                    /* what the asking call said; UINT64_MAX: it does not say */
    atomic_int begins, ends, failures, deliveries, inputs_discarded, outputs_discarded;
};

struct lane {
    enum way way;
    enum consumer consumer;
    oip_pool *pool;
    oip_pool *elsewhere; /* where reserved items are finished */
    oip_producer *producer;
    struct item *items;
    int count;
    uint64_t *order; /* sequences, as they were delivered */
    atomic_int delivered;
    atomic_int overlaps, most_overlaps;                       /* items that run at once */
    sem_t arrivals;                                           /* posted per delivery */
    sem_t finished;                                           /* posted as the consumer sees the end, or leaves */
    sem_t released;                                           /* posted by the producer's release function */
    int (*on_delivery)(struct lane *lane, struct item *item); /* inside the consumer; not 0: it leaves */
    oip_ready_queue *queue;
    pthread_t thread; /* of an attached consumer or a loop */
    bool started;
    bool gone; /* the handle was given back */
};

/* A lane with `count` items to be asked for; `options` may set window, width, policy, wait, no_assist. */
struct lane *lane_create(enum way way, enum consumer consumer, int count, uint32_t threads,
                         const struct oip_producer_options *options);
struct lane *lane_of_variant(int variant, int count, uint32_t threads, const struct oip_producer_options *options);

/* Gives the lane a producer on its pool: part of lane_create(), or for a lane whose producer is gone. */
void lane_new_producer(struct lane *lane, const struct oip_producer_options *options);

/* Attaches the consumer and lets it run. The library's result. */
int lane_start(struct lane *lane);

/* For a loop of the test's own: takes what is there. True at the end, the first time that it is seen. */
bool lane_drain(struct lane *lane);

/* The items [first, end) post `begun` and wait for `hold` inside; both are made here. */
void lane_hold(struct lane *lane, int first, int end, sem_t *begun, sem_t *hold);

/* Asks for the items [first, first + count) from this thread, waiting where the way can. The first result but 0. */
int lane_ask(struct lane *lane, int first, int count);

int lane_ask_by(struct lane *lane, enum way way, int first, int count);

/* The same for one item, without waiting: 0 or negative. */
int lane_try(struct lane *lane, int index);

/* For tests that ask by themselves: the input of an item, and that it was taken over. */
struct payload lane_input(struct lane *lane, int index);
void lane_accepted(struct lane *lane, int index, uint64_t sequence);

/* Has the item of a reservation finished on the pool elsewhere. */
void lane_finish_reserved(struct lane *lane, int index, uint64_t sequence);

/* Items that are finished and wait for their turn to be delivered. */
uint64_t lane_finished_waiting(const struct lane *lane);

/* The first `count` items were delivered, in order, and no other. */
void lane_check_in_order(const struct lane *lane, int count);

/* Ends everything, and checks that each item that was taken over ended in exactly one way. Frees the lane. */
void lane_end(struct lane *lane);

/* What must hold once the producer is released. */
void lane_check_accounts(struct lane *lane);

oip_pool *pool_of(uint32_t threads);
void pool_end(oip_pool *pool);

#define OPTIONS(...) (&(struct oip_producer_options){.size = sizeof(struct oip_producer_options), __VA_ARGS__})

#endif
