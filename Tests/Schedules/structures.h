/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's real structures, as whoever looks while all threads stand still sees them: plain numbers. All that the
 * quiescence check knows of the core's insides is in structures.c. */
#ifndef STRUCTURES_H
#define STRUCTURES_H

#include <ordered_producer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum seen_consumer { SEEN_NONE, SEEN_THREAD, SEEN_LOOP, SEEN_SINK, SEEN_DISCARDING };

/* Who delivers. */
enum seen_owner {
    OWNER_NONE,   /* no consumer yet */
    OWNER_COMES,  /* a loop's, of its own accord */
    OWNER_BUSY,   /* it delivers, or runs the head */
    OWNER_IDLE,   /* it waits to be notified */
    OWNER_TOLD,   /* it was notified */
    OWNER_PAUSED, /* it waits for the end of a pause */
    OWNER_GONE    /* drained */
};

/* The head. */
enum seen_head {
    SEEN_NOTHING, /* nothing outstanding, more may come */
    SEEN_ASKED,   /* a sequence was given, and nothing is published */
    SEEN_READY,   /* not begun */
    SEEN_RUNNING, /* begun, or it finishes elsewhere */
    SEEN_FINAL,   /* finished in some way */
    SEEN_END      /* nothing outstanding, and no more comes */
};

struct seen_producer {
    uint64_t head, claim, tail, window;
    bool closed, marked; /* the tail word */
    enum seen_head at_head;
    uint64_t due;   /* of the head; UINT64_MAX: none */
    uint64_t alarm; /* for which its timer is set; UINT64_MAX: none */
    enum seen_consumer consumer;
    enum seen_owner owner;
    uint64_t awaited; /* by an idle owner */
    bool gate_down, aborted, stopping, paused, ended;
    unsigned ready; /* items not claimed */
    uint64_t first_unbegun;
    unsigned held;     /* items claimed in a batch and not begun */
    unsigned running;  /* claimed, begun, and not final; and reservations */
    unsigned reserved; /* of them reservations */
    unsigned unpublished;
    unsigned discardable; /* of the outstanding ones: neither running nor reserved nor unpublished */
    unsigned callers, stoppers;
    unsigned helpers; /* callers that run items, or look, instead of sleeping */
    int urgency;      /* 0: nobody waits; 1: patient; 2: more */
    bool queued;
    unsigned active, width;
    bool assists;
    uint64_t cost;      /* nanoseconds; UINT64_MAX: not known */
    bool told_in_queue; /* its entry is on a ready queue */
};

struct seen_pool {
    unsigned parked, lookouts, searching, live, leaving, wanted;
    bool stopping;
    int queued;
    uint64_t wake_cost;
    unsigned processors;
};

struct seen_queue {
    bool empty, notified;
};

void see_producer(const oip_producer *producer, struct seen_producer *seen);
/* Its head alone. */
uint64_t seen_head(const oip_producer *producer);
void see_pool(const oip_pool *pool, struct seen_pool *seen);
void see_queue(const oip_ready_queue *queue, struct seen_queue *seen);

void print_seen_producer(FILE *to, const struct seen_producer *seen);
void print_seen_pool(FILE *to, const struct seen_pool *seen);

#endif
