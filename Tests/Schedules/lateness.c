/* SPDX-License-Identifier: Apache-2.0 */
#include "lateness.h"

#include "scene.h"

#include <string.h>

const char *const excuse_names[EXCUSES] = {
    "cheap backlog", "moderated", "sink at a worker", "patient", "helping", "claimable", "spare", "leaver"};

#define FOR_GOOD_NS ((uint64_t)1 << 62)
enum { LOOKOUT_NS = 1000000, PATIENCE_NS = 250000, SLACK_NS = 100000, WAKE_NS = 60000 };

/* How long something has been late with the same excuse, all threads being asleep. */
static struct {
    uint64_t time, what;
    bool now;
} excused[MOST_SIDES][EXCUSES];
static uint64_t asleep;      /* from now on, at least */
static uint64_t slept_until; /* the last time */

/* As long as no thread can go on; others are as long as the items that are being run. */
static const uint64_t bounds[EXCUSES] = {
    [CHEAP_BACKLOG] = 2 * LOOKOUT_NS + SLACK_NS,
    [MODERATED] = PATIENCE_NS + 8 * WAKE_NS + SLACK_NS,
    [SINK_AT_WORKER] = 2 * LOOKOUT_NS + SLACK_NS,
    [PATIENT] = PATIENCE_NS + SLACK_NS,
    [HELPING] = UINT64_MAX,
    [CLAIMABLE] = UINT64_MAX,
    [SPARE] = LOOKOUT_NS + SLACK_NS,
    [LEAVER] = UINT64_MAX,
};

void excuse(const struct side *side, enum excuse excuse, uint64_t what)
{
    unsigned number = side->number;
    if (excused[number][excuse].now) {
        return; /* for another reason at the same time */
    }
    if (excused[number][excuse].what != what) {
        excused[number][excuse].time = 0;
        excused[number][excuse].what = what;
    }
    excused[number][excuse].time += asleep;
    if (excused[number][excuse].time > FOR_GOOD_NS && bounds[excuse] != UINT64_MAX) {
        controller_fail("late: producer %u, %s, and no timer ends that", number, excuse_names[excuse]);
    }
    if (excused[number][excuse].time > bounds[excuse]) {
        controller_fail("late: producer %u, %s, for %llu us", number, excuse_names[excuse],
                        (unsigned long long)excused[number][excuse].time / 1000);
    }
    excused[number][excuse].now = true;
    quiescence_counts->excused[excuse]++;
}

void lateness_begin(void)
{
    memset(excused, 0, sizeof excused);
    slept_until = 0;
}

void lateness_look(uint64_t now, uint64_t asleep_for)
{
    if (now > slept_until + SLACK_NS) {
        lateness_begin(); /* a thread stood still in between, and had what is late in its hands perhaps */
    }
    asleep = asleep_for;
    slept_until = asleep_for < UINT64_MAX - now ? now + asleep_for : UINT64_MAX;
    for (unsigned i = 0; i < MOST_SIDES; i++) {
        for (unsigned e = 0; e < EXCUSES; e++) {
            excused[i][e].now = false;
        }
    }
}

void lateness_looked(void)
{
    for (unsigned i = 0; i < MOST_SIDES; i++) {
        for (unsigned e = 0; e < EXCUSES; e++) {
            excused[i][e].time = excused[i][e].now ? excused[i][e].time : 0;
        }
    }
}
