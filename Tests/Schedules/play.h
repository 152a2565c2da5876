/* SPDX-License-Identifier: Apache-2.0 */
/* A play: a short program for two to seven threads against the C API, with an account of every item. */
#ifndef PLAY_H
#define PLAY_H

#include <ordered_producer.h>
#include <stdbool.h>

enum consumer { THREAD, SINK, LOOP, NOBODY };

/* How callers ask. */
enum way {
    ONE_BY_ONE,
    AT_ONCE,
    WITH_CALLBACK,
    ELSEWHERE,           /* reserved, and finished by the caller */
    HANDED_OVER,         /* reserved, and finished by a thread of its own */
    ALTERNATING,         /* every second one ELSEWHERE */
    RESERVED_BY_CALLBACK /* and finished in the callback, where there was no room at once */
};

/* What happens beside it, on a thread of its own; or inside an item or the consumer. */
enum act {
    NONE,
    PAUSE,          /* and resume */
    PAUSE_FOR_GOOD, /* until the stop */
    PAUSE_INSIDE,   /* the consumer's function does, the thread resumes */
    ABORT,
    ABORT_INSIDE, /* item 1 does */
    GROW,
    SHRINK,
    RESIZE,        /* one thread less, and one more again */
    SHRINK_INSIDE, /* item 1 does */
    CANCEL,        /* the wait of item `cancels` */
    ABORT_CANCEL,  /* at once, and the cancelling behind it */
    LEAVE,         /* the consumer does, after an item */
    STOP_BESIDE,   /* without waiting, while callers still ask */
    STOP_INSIDE,   /* item 1 and the consumer do, which is refused */
    SHUT_DOWN      /* the pool */
};

/* How the first thread ends it, when all callers have returned. */
enum ending {
    STOP,
    STOP_ASYNC, /* and waits to be told */
    STOP_TWICE, /* and another thread without waiting */
    STOP_DROP,  /* without waiting, and gives the handle back at once */
    DROP        /* gives the handle back */
};

/* The first item, where items have deadlines: it may be overtaken. No other one has a deadline. */
struct late {
    unsigned due;  /* nanoseconds after it was asked for; 0: the producers have no deadlines */
    unsigned cost; /* nanoseconds of it */
    bool hangs;    /* until it was overtaken, and no stop has the consumer look */
    bool fails;
    int instead; /* what its substitute says */
};

/* Who plays what. */
struct cast {
    unsigned producers; /* on one pool; 0: 1 */
    enum consumer consumer;
    enum consumer second; /* of the second producer */
    enum way way;
    enum act act;
    enum ending ending;
    unsigned times;          /* of the act; 0: 1 */
    unsigned callers, items; /* items of each, for each producer */
    unsigned workers, window;
    uint32_t width;
    enum oip_failure_policy policy;
    bool fails;       /* item 1 */
    unsigned cost;    /* nanoseconds of an item */
    unsigned slow;    /* more of item 5, in which others run */
    unsigned cancels; /* whose wait is taken back */
    bool asks_inside; /* item 1 of the first producer, for one more, of the last */
    bool no_assist;
    unsigned gap;    /* nanoseconds before each item, for which all others sleep */
    bool notifies;   /* the ready queue does by a function of the loop's */
    bool pool_first; /* its handle is given back before the producers' */
    bool asks_first; /* the first item, before there is a consumer */
    struct late late;
};

struct play {
    const char *name;
    const char *about;
    struct cast cast;
};

struct play_list {
    const struct play *plays;
    unsigned count;
};

extern const struct play_list item_plays, sharing_plays, ending_plays, overtaking_plays;

/* The first thread's part: all of it. */
void perform(const struct cast *with);

/* After all threads of a play have ended: that each item ended in exactly one way. */
void plays_check(void);

#endif
