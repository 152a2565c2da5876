/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <errno.h>

/* A thread that may wait for room for ever, until production ends. */
static void *call(void *argument)
{
    static const enum way ways[] = {WAY_PRODUCE, WAY_PRODUCE, WAY_MANY, WAY_RESERVE, WAY_CALL, WAY_TRY};
    struct caller *caller = argument;
    for (unsigned i = 0; i < caller->count; i++) {
        enum way way = ways[(caller->moods + i) % 6];
        int result = lane_ask(caller->lane, way, caller->asker, 1 + i % 5, (unsigned char)(caller->moods * i), false);
        if (result != 0 && result != -EAGAIN) {
            EXPECT(result == -EPIPE || result == -ESHUTDOWN);
            break;
        }
    }
    return NULL;
}

void lane_start_caller(struct lane *lane, unsigned count, unsigned moods)
{
    if (lane->callers_count == CALLERS_MOST) {
        return;
    }
    struct caller *caller = &lane->callers[lane->callers_count];
    *caller = (struct caller){.lane = lane, .asker = 1 + lane->callers_count++, .count = count, .moods = moods};
    EXPECT(pthread_create(&caller->thread, NULL, call, caller) == 0);
}

void lane_join_callers(struct lane *lane)
{
    for (unsigned i = 0; i < lane->callers_count; i++) {
        EXPECT(pthread_join(lane->callers[i].thread, NULL) == 0);
    }
    lane->callers_count = 0;
}
