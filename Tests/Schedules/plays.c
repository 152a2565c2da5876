/* SPDX-License-Identifier: Apache-2.0 */
#include "play.h"

#define PLAY(function, ...)                                                                                            \
    static void function(void)                                                                                         \
    {                                                                                                                  \
        static const struct cast as = {__VA_ARGS__};                                                                   \
        perform(&as);                                                                                                  \
    }

PLAY(thread_one_worker, .consumer = THREAD, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(thread_two_callers, .consumer = THREAD, .callers = 2, .items = 2, .workers = 1, .window = 1)
PLAY(thread_no_assist, .consumer = THREAD, .callers = 1, .items = 3, .workers = 2, .window = 2, .no_assist = true)
PLAY(thread_long_items, .consumer = THREAD, .callers = 1, .items = 3, .workers = 1, .window = 4, .cost = 50000)
PLAY(sink_one_worker, .consumer = SINK, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(sink_two_workers, .consumer = SINK, .callers = 1, .items = 3, .workers = 2, .window = 2, .cost = 1000)
PLAY(sink_two_callers, .consumer = SINK, .callers = 2, .items = 2, .workers = 2, .window = 1, .cost = 1000)
PLAY(loop_one_worker, .consumer = LOOP, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(loop_two_workers, .consumer = LOOP, .callers = 1, .items = 3, .workers = 2, .window = 2, .cost = 1000)
PLAY(callbacks_window_of_one, .consumer = THREAD, .way = WITH_CALLBACK, .callers = 1, .items = 3, .workers = 1,
     .window = 1)
PLAY(callbacks_sink, .consumer = SINK, .way = WITH_CALLBACK, .callers = 2, .items = 2, .workers = 1, .window = 1)
PLAY(reserved_elsewhere, .consumer = THREAD, .way = ELSEWHERE, .callers = 2, .items = 2, .workers = 1, .window = 2)
PLAY(reserved_loop, .consumer = LOOP, .way = ELSEWHERE, .callers = 2, .items = 2, .workers = 1, .window = 2)
PLAY(width_of_one, .consumer = SINK, .callers = 1, .items = 3, .workers = 2, .window = 4, .width = 1, .cost = 1000)
PLAY(pause_thread, .consumer = THREAD, .act = PAUSE, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(pause_sink, .consumer = SINK, .act = PAUSE, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(pause_loop, .consumer = LOOP, .act = PAUSE, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(abort_thread, .consumer = THREAD, .act = ABORT, .callers = 1, .items = 3, .workers = 1, .window = 2)
PLAY(abort_sink, .consumer = SINK, .act = ABORT, .callers = 1, .items = 3, .workers = 1, .window = 2)
PLAY(abort_loop, .consumer = LOOP, .act = ABORT, .callers = 1, .items = 3, .workers = 1, .window = 2)
PLAY(abort_inside_thread, .consumer = THREAD, .act = ABORT_INSIDE, .callers = 1, .items = 3, .workers = 1, .window = 4)
PLAY(abort_inside_sink, .consumer = SINK, .act = ABORT_INSIDE, .callers = 1, .items = 3, .workers = 2, .window = 4)
PLAY(abort_reserved, .consumer = LOOP, .way = ELSEWHERE, .act = ABORT, .callers = 1, .items = 3, .workers = 1,
     .window = 2)
PLAY(fail_in_order, .consumer = THREAD, .fails = true, .callers = 1, .items = 3, .workers = 2, .window = 2)
PLAY(fail_fast_thread, .consumer = THREAD, .fails = true, .policy = OIP_FAIL_FAST, .callers = 1, .items = 3,
     .workers = 1, .window = 2)
PLAY(fail_fast_sink, .consumer = SINK, .fails = true, .policy = OIP_FAIL_FAST, .callers = 1, .items = 3, .workers = 2,
     .window = 2)
PLAY(fail_fast_loop, .consumer = LOOP, .fails = true, .policy = OIP_FAIL_FAST, .callers = 1, .items = 3, .workers = 1,
     .window = 2)
PLAY(skip_thread, .consumer = THREAD, .fails = true, .policy = OIP_SKIP, .callers = 1, .items = 3, .workers = 1,
     .window = 2)
PLAY(leave_thread, .consumer = THREAD, .act = LEAVE, .callers = 1, .items = 3, .workers = 1, .window = 2)
PLAY(leave_sink, .consumer = SINK, .act = LEAVE, .callers = 1, .items = 3, .workers = 1, .window = 2)
PLAY(drop_thread, .consumer = THREAD, .act = DROP, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(drop_sink, .consumer = SINK, .act = DROP, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(drop_unstarted, .consumer = NOBODY, .act = DROP, .callers = 1, .items = 2, .workers = 1, .window = 2)
PLAY(grow, .consumer = SINK, .act = GROW, .callers = 1, .items = 2, .workers = 1, .window = 2, .cost = 50000)
PLAY(shrink, .consumer = THREAD, .act = SHRINK, .callers = 1, .items = 2, .workers = 2, .window = 2, .cost = 50000)
PLAY(inside_width_of_one, .consumer = LOOP, .asks_inside = true, .callers = 1, .items = 7, .workers = 1, .window = 5,
     .width = 1, .cost = 1000)
PLAY(inside_thread, .consumer = THREAD, .asks_inside = true, .callers = 2, .items = 2, .workers = 1, .window = 2)
PLAY(inside_sink, .consumer = SINK, .asks_inside = true, .callers = 1, .items = 3, .workers = 2, .window = 2)
PLAY(runs_thread, .consumer = THREAD, .way = AT_ONCE, .callers = 1, .items = 12, .workers = 2, .window = 16,
     .cost = 300, .slow = 3000000)
PLAY(runs_sink, .consumer = SINK, .way = AT_ONCE, .callers = 1, .items = 16, .workers = 2, .window = 16, .cost = 300,
     .slow = 3000000)
PLAY(runs_two_callers, .consumer = LOOP, .way = AT_ONCE, .callers = 2, .items = 12, .workers = 2, .window = 12,
     .cost = 300, .slow = 3000000)
PLAY(runs_abort, .consumer = THREAD, .way = AT_ONCE, .act = ABORT, .callers = 1, .items = 12, .workers = 2,
     .window = 16, .cost = 300, .slow = 3000000)

#define ENTRY(function, about)                                                                                         \
    {                                                                                                                  \
#function, about, function                                                                                     \
    }

const struct play plays[] = {
    ENTRY(thread_one_worker, "a consumer thread, a worker, two items"),
    ENTRY(thread_two_callers, "two callers, a window of one: they wait for each other's items"),
    ENTRY(thread_no_assist, "nobody but the workers runs items"),
    ENTRY(thread_long_items, "items that are worth a wake"),
    ENTRY(sink_one_worker, "an inline sink"),
    ENTRY(sink_two_workers, "a sink between two workers and a caller that helps"),
    ENTRY(sink_two_callers, "a sink, two callers, a window of one"),
    ENTRY(loop_one_worker, "an event loop"),
    ENTRY(loop_two_workers, "an event loop and two workers"),
    ENTRY(callbacks_window_of_one, "callers that are told by a callback"),
    ENTRY(callbacks_sink, "the same, into a sink"),
    ENTRY(reserved_elsewhere, "items that finish elsewhere"),
    ENTRY(reserved_loop, "the same, for an event loop"),
    ENTRY(width_of_one, "one item at a time on two workers"),
    ENTRY(pause_thread, "pause and resume beside it"),
    ENTRY(pause_sink, "the same, into a sink"),
    ENTRY(pause_loop, "the same, for an event loop"),
    ENTRY(abort_thread, "production ended at once by another thread"),
    ENTRY(abort_sink, "the same, into a sink"),
    ENTRY(abort_loop, "the same, for an event loop"),
    ENTRY(abort_inside_thread, "production ended at once inside an item, which is not delivered"),
    ENTRY(abort_inside_sink, "the same, into a sink"),
    ENTRY(abort_reserved, "production ended at once while an item finishes elsewhere"),
    ENTRY(fail_in_order, "a failure that ends the iteration at its place"),
    ENTRY(fail_fast_thread, "a failure that ends it at once"),
    ENTRY(fail_fast_sink, "the same, into a sink"),
    ENTRY(fail_fast_loop, "the same, for an event loop"),
    ENTRY(skip_thread, "a failure that is left out"),
    ENTRY(leave_thread, "a consumer that leaves after an item"),
    ENTRY(leave_sink, "a sink that fails"),
    ENTRY(drop_thread, "the handle given back instead of a stop"),
    ENTRY(drop_sink, "the same, with a sink"),
    ENTRY(drop_unstarted, "the same, before there was a consumer"),
    ENTRY(grow, "a thread more for the pool meanwhile"),
    ENTRY(shrink, "a thread less"),
    ENTRY(inside_width_of_one, "an item asks for another and holds all of the width"),
    ENTRY(inside_thread, "an item asks for another in a full window"),
    ENTRY(inside_sink, "the same, into a sink"),
    ENTRY(runs_thread, "runs of cheap items, one of them long: the rest of its run is taken away"),
    ENTRY(runs_sink, "the same, into a sink"),
    ENTRY(runs_two_callers, "the same, two callers that help, an event loop"),
    ENTRY(runs_abort, "the same, ended at once"),
};
const unsigned play_count = sizeof plays / sizeof plays[0];
