/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random programs: what they consist of. Data only, so that they can be drawn from a seed, printed, and made smaller by
 * leaving things out.
 *
 * A program has one pool, some producers, and threads that each do a list of operations: the director, who creates
 * everything, attaches consumers and ends production, and some callers. What items, consumers and callbacks do on their
 * own thread is a list, too. A keeper finishes what was reserved and handed over. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <ordered_producer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MOST_PRODUCERS = 3, MOST_CALLERS = 3, MOST_OPERATIONS = 10, MOST_INNER = 3, MOST_GONE = 512 };

enum verb {
    NOTHING,
    /* asking, for `count` items */
    PRODUCE,
    TRY_PRODUCE,
    PRODUCE_MANY,
    TRY_MANY,
    PRODUCE_ASYNC,
    RESERVE,
    TRY_RESERVE,
    RESERVE_ASYNC,
    REQUEST, /* blocks */
    REQUEST_NOWAIT,
    REQUEST_WAITER,
    REQUEST_RESERVATION, /* with a waiter */
    /* the rest */
    FINISH_SOME, /* of what was reserved and handed over, here */
    CANCEL,      /* one of the registered waits */
    NAP,         /* `time` */
    PAUSE,       /* until the keeper resumes, or the same list does */
    RESUME,
    LOOK, /* statistics, failure */
    ATTACH,
    STOP,
    STOP_ASYNC,
    STOP_LATER, /* oip_stop_async(), without waiting */
    FINISH,     /* oip_finish() */
    WATCH,      /* oip_wait_async(), without waiting */
    ABORT,      /* oip_stop_producing() */
    RESIZE,     /* to `count` */
    JOB,        /* oip_pool_run(), which performs `make.inner` */
    NEST,       /* a production of `count` items, all of it on this thread */
    SHUT_DOWN,
    LEAVE, /* of consumers: returns, detaches, fails */
    VERBS
};

/* What an item waits for, before it ends: G8, G9 of generator.c. */
enum awaits { AWAITS_NOTHING, AWAITS_NEXT_ITEM, AWAITS_NEXT_CALL };

/* What an item is like. */
struct make {
    uint32_t cost; /* nanoseconds it computes */
    bool mixed;    /* of several only one does */
    bool fails;
    bool late;        /* of reservations: the keeper takes a nap before it finishes it */
    uint8_t awaits;   /* enum awaits */
    uint8_t deadline; /* index of deadline_times */
    uint8_t inner;    /* index + 1 of what it does while it runs, in the program's list; 0: nothing */
};

struct operation {
    enum verb verb;
    uint8_t of; /* producer */
    uint8_t count;
    uint32_t time; /* nanoseconds before it */
    struct make make;
};

enum consumes { BY_NOBODY, BY_THREAD, BY_ATTACHED, BY_SINK, BY_LOOP };
enum helps { ALWAYS_HELPS, HELPS_OUTSIDE, NEVER_HELPS }; /* threads that wait: outside of items and consumers */
enum ends { BY_STOP, BY_STOP_ASYNC, BY_ABORT, BY_RELEASE };

struct producer_plan {
    uint32_t window, width, payload;
    enum oip_failure_policy policy;
    enum oip_wait_strategy wait;
    bool no_assist, takes_calls, observed;
    enum helps helps;
    uint8_t deadlines; /* 0: none; else index of deadline_times of items that say nothing, + 1 */
    uint8_t instead;   /* enum instead */
    enum consumes consumes;
    bool tries;                               /* an attached consumer takes by oip_try_next(), too */
    bool hands_over;                          /* and another thread goes on with it behind the second item */
    struct operation on_delivery[MOST_INNER]; /* at the delivery `count` - the operation's own count is 1 then */
    uint8_t at_delivery[MOST_INNER];
    enum ends ends;
};

enum instead { INSTEAD_NONE, INSTEAD_VALUE, INSTEAD_LEFT_OUT, INSTEAD_FAILS };

struct list {
    unsigned count;
    struct operation operations[MOST_OPERATIONS];
};

struct program {
    uint64_t seed;
    unsigned threads; /* of the pool */
    unsigned producers;
    struct producer_plan plans[MOST_PRODUCERS];
    bool notifies; /* the loop's queue has a notify of the program's */
    unsigned callers;
    struct list lists[1 + MOST_CALLERS]; /* the director's first */
    unsigned inner_count;
    struct operation inner[16]; /* what items do */
    bool joins_first;           /* callers have returned before production is ended */
    bool pool_first;            /* the pool's handle is given back before the producers' */
    bool queue_first;           /* likewise the ready queue's */
    bool gives_back_in_pool;    /* handles are given back on a thread of the pool */
    bool shuts_down;
    bool last_comes_late;     /* the last caller begins when the director is through */
    struct operation on_told; /* what a callback does now and then */
    uint8_t alone; /* number + 1 of the producer that one caller alone asks, whose items wait for its next call */
};

extern const uint64_t deadline_times[];
enum { DEADLINE_TIMES = 7 };

/* generator.c */
void program_draw(struct program *program, uint64_t seed);
/* The first choices by `choices`, which a fuzzer makes; then by the seed. */
void program_draw_by(struct program *program, uint64_t seed, const uint8_t *choices, size_t count);
bool verb_asks(enum verb verb);
bool verb_waits(enum verb verb); /* for room or an end */

/* next_calls.c: one caller alone asks the first producer, and its items wait for its next call. */
void program_wait_for_next_calls(struct program *program);

/* text.c */
void program_print(FILE *to, const struct program *program);
const char *verb_name(enum verb verb);

/*
 * smaller.c: leaves things out, or makes them plain: the elements that are marked. How many elements there are; the
 * numbers are those of the program as it was drawn. */
unsigned program_reduce(struct program *program, const bool *gone);

/* What stands behind "WITHOUT=". */
bool program_read_gone(const char *text, bool *gone);

/* perform.c: all of it, as the body of an execution. */
void program_perform(const struct program *program);

/* After the execution: all accounts are closed. */
void program_check(void);

/* What the program is about, printed where it failed. */
void program_explain(void);

#endif
