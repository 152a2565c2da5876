/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's named points: OIP_POINT(name) in its sources. Each is a step at which a play can be gone on with by
 * another thread, is named in schedules, and has to be passed by some play. A name that is missing here does not
 * compile. */
#ifndef POINTS_H
#define POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POINTS(POINT)                                                                                                  \
    POINT(after_publish, "an item can be claimed, and nobody was told")                                                \
    POINT(between_claim_and_run, "items are this thread's, and none has begun")                                        \
    POINT(between_claim_and_discard, "an item was claimed by an ending")                                               \
    POINT(after_finish, "an item has finished, and the deliverer was not told")                                        \
    POINT(steal, "a thief has marked a run, and looks what is left of it")                                             \
    POINT(schedule_queued, "a producer counts as queued, and is not in the run queue yet")                             \
    POINT(end_of_turn, "a worker counts no longer as active, and looks for work once more")                            \
    POINT(going_to_park, "a worker is in the stack of parked threads, and looks once more")                            \
    POINT(before_park, "a thread is about to sleep")                                                                   \
    POINT(after_park, "a thread has been woken")                                                                       \
    POINT(worker_wake, "a worker was taken off the stack, and was not signalled")                                      \
    POINT(look_out, "the lookout's timer ran out")                                                                     \
    POINT(worker_leaves, "a worker leaves its pool")                                                                   \
    POINT(going_idle, "the delivery is idle, and its holder looks at the head once more")                              \
    POINT(going_paused, "the delivery is paused, and its holder looks at the gate once more")                          \
    POINT(flip_to_queued, "the delivery is queued, and the consumer was not told")                                     \
    POINT(ready_pushed, "an entry is on the ready queue, and the loop was not told")                                   \
    POINT(ready_taken, "an entry was taken, and can not be pushed again yet")                                          \
    POINT(loop_inside, "a loop's consumer may be taking an item")                                                      \
    POINT(ready_queue_abandoned, "a loop gives its queue back, and clears it away")                                    \
    POINT(window_wait, "a caller found the window full, and is not in the list")                                       \
    POINT(window_wake, "callers were let in, and were not told")                                                       \
    POINT(cancel, "a wait is about to be taken back")                                                                  \
    POINT(resume, "the gate is up, and nobody was told")                                                               \
    POINT(close, "no more sequences are given, and callers still wait")                                                \
    POINT(stop, "the end is asked for, and nothing has happened yet")                                                  \
    POINT(gate_down, "nothing more is delivered, and items still begin")                                               \
    POINT(abort_at_once, "limit and gate are down, and callers still wait")                                            \
    POINT(settled, "nothing is left to deliver or discard")                                                            \
    POINT(end, "production has ended, and nobody was told")                                                            \
    POINT(before_alarm, "an item with a deadline is there, and its caller has not looked who waits")                   \
    POINT(alarm_set, "an alarm is set, and the timekeeper was not told")                                               \
    POINT(alarm_taken_down, "an alarm rings, and has not looked what for")                                             \
    POINT(head_is_due, "an alarm has found the head due, and told nobody")                                             \
    POINT(item_in_its_copy, "an item can be overtaken while it runs, and has not begun")                               \
    POINT(item_comes, "an item that could be overtaken is made, and its slot not taken")                               \
    POINT(before_overtaking, "the holder has seen that the head is due, and not taken its slot")                       \
    POINT(after_overtaking, "the holder has an overtaken item's slot")                                                 \
    POINT(substitute_made, "a substitute is made, and not published")                                                  \
    POINT(late_item_comes, "an item has found that it was overtaken")                                                  \
    POINT(handle_release, "the handle counts as given back")                                                           \
    POINT(last_release, "the last reference has gone, and the memory is still there")

enum point {
#define POINT(name, about) POINT_##name,
    POINTS(POINT)
#undef POINT
        POINT_COUNT,
    NO_POINT = POINT_COUNT
};

/* How often plays passed a point where they could be gone on with by another thread, and how often they were. */
struct point_count {
    uint64_t passed, deviated;
};

const char *point_name(enum point point);

/* NO_POINT: there is none of this name. */
enum point point_named(const char *name, size_t length);

/* Before the first play: the counts are those of this process and of those it forks. NULL: no memory. */
struct point_count *points_begin(void);

/* The count of a point; NULL before points_begin(). */
struct point_count *point_count(enum point point);

/* Prints how often each was passed. With `complain` also which no play has passed: false, if there is one. */
bool points_report(bool complain);

#endif
