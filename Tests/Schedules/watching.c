/* SPDX-License-Identifier: Apache-2.0 */
/* Ends that nobody waits for in place: somebody is told. */
#include "scene.h"

#include <errno.h>
#include <string.h>

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    TAKES_TURN;
    (void)sequence;
    struct watcher *watcher = waiter->context;
    REQUIRE(waiter == &watcher->waiter && result == 0 && watcher->waits && !watcher->told && !watcher->side->released);
    watcher->told = true;
    memset(waiter, 0xA5, sizeof *waiter);
}

void watch_end(struct side *side, bool stops)
{
    if (scene.watcher_count == MOST_WATCHERS) {
        return;
    }
    struct watcher *watcher = &scene.watchers[scene.watcher_count++];
    *watcher = (struct watcher){.waiter = {.done = told, .context = watcher}, .side = side, .waits = true};
    if (stops) {
        begin_stop(side);
    }
    side->ending += stops;
    int result =
        stops ? oip_stop_async(side->producer, &watcher->waiter) : oip_wait_async(side->producer, &watcher->waiter);
    side->ending -= stops;
    if (result != -EINPROGRESS) {
        REQUIRE(result == 0);
        REQUIRE(!watcher->told);
        watcher->waits = false;
    }
}

void finish(struct side *side)
{
    side->stopping = true;
    oip_finish(side->producer);
    side->closed = true;
}

void watchers_check(void)
{
    for (unsigned i = 0; i < scene.watcher_count; i++) {
        if (scene.watchers[i].waits && !scene.watchers[i].told) {
            controller_fail("account: nobody was told of the end of producer %u", scene.watchers[i].side->number);
        }
    }
}
