/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A producer whose items have deadlines, with one of the kinds of consumers, and an account of what became of each
 * item, its substitute and its argument. Deadlines of these tests are over at once, or never; an item that hangs waits
 * for a gate.
 */
#ifndef OVERDUE_H
#define OVERDUE_H

#include "lane.h"

enum { AT_ONCE = 1 }; /* nanoseconds: a deadline that has passed by the time anybody looks */

enum making { ON_POOL, ELSEWHERE, MAKINGS };

/* What substitute() does. */
enum instead { A_VALUE, NOTHING, AN_ERROR, NO_SUBSTITUTE };

enum { FAILURE = 7, SUBSTITUTE_FAILURE = 8 };

struct overdue;

/* An item's orders and its account. */
struct entry {
    struct overdue *overdue;
    sem_t *begun; /* posted as it begins; NULL: nobody wants to know */
    sem_t *gate;  /* waited for inside; NULL: none */
    void (*inside)(struct entry *entry);
    unsigned spins; /* that it takes */
    bool fails;
    enum instead instead;
    bool asked, with_argument;
    uint64_t sequence;
    atomic_int begins, outputs, failures, late_failures;
    atomic_int inputs_discarded, outputs_discarded, substitutes_discarded;
    atomic_int substitutes, delivered, substitutes_delivered;
    atomic_int arguments_used, arguments_released;
};

enum form { INPUT = 11, OUTPUT, SUBSTITUTE };

/* The beginning of a payload. */
struct parcel {
    uint64_t index;
    uint64_t form;
};

struct overdue {
    enum consumer consumer;
    oip_pool *pool;
    oip_producer *producer;
    oip_ready_queue *queue;
    pthread_t thread;
    size_t payload_size;
    struct entry *entries;
    int count;
    uint64_t next;  /* the lowest sequence that may be delivered */
    sem_t arrivals; /* posted per delivery */
    sem_t released; /* posted as the context is released */
    void (*in_substitute)(struct entry *entry);
    bool started, left;
};

/* `options` may set all but payload, functions and context. Items have no deadline unless they or it say so. */
struct overdue *overdue_create(enum consumer consumer, int count, uint32_t threads,
                               const struct oip_producer_options *options);

void overdue_start(struct overdue *overdue);

/* Asks for the item with a deadline; the library's result. */
int overdue_ask(struct overdue *overdue, int index, enum making making, uint64_t deadline_ns);

/* Completes or fails a reserved item. */
void overdue_finish(struct overdue *overdue, int index);

struct oip_statistics overdue_statistics(struct overdue *overdue);

/* Stops; the items may still run. */
void overdue_stop(struct overdue *overdue);

/* Gives the handle back, waits until the last item has let go of it, and checks the accounts. Frees. */
void overdue_end(struct overdue *overdue);

#endif
