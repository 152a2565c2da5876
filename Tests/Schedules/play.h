/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A play: a short program for two to five threads against the C API, with an account of every item.
 */
#ifndef PLAY_H
#define PLAY_H

#include <ordered_producer.h>
#include <stdbool.h>

enum consumer { THREAD, SINK, LOOP, NOBODY };
enum way { ONE_BY_ONE, AT_ONCE, WITH_CALLBACK, ELSEWHERE };
enum act { NONE, PAUSE, ABORT, ABORT_INSIDE, GROW, SHRINK, LEAVE, DROP, SHUT_DOWN };

/* Who plays what. */
struct cast {
    enum consumer consumer;
    enum way way;
    enum act act;
    unsigned callers, items; /* items of each */
    unsigned workers, window;
    uint32_t width;
    enum oip_failure_policy policy;
    bool fails;       /* item 1 */
    unsigned cost;    /* nanoseconds of an item */
    unsigned slow;    /* and of item 3 */
    bool asks_inside; /* item 1, for one more */
    bool no_assist;
};

struct play {
    const char *name;
    const char *about;
    void (*body)(void);
};

extern const struct play plays[];
extern const unsigned play_count;

/* The first thread's part: all of it. */
void perform(const struct cast *with);

/* After all threads of a play have ended: that each item ended in exactly one way. */
void plays_check(void);

#endif
