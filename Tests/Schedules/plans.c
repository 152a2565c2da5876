/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PLACES = 2048, PLACE_HASH = 4096, PROGRAM_STEPS = 400000 };

/* A place of the source that some execution of this process has passed. */
struct place {
    const char *function;
    int line;
    uint32_t passed; /* in this execution */
    uint32_t same;   /* the first place of this name: inlined functions have several addresses */
    uint32_t drawn;  /* changes at it, so far */
    bool named;      /* a point of the core, or where items are published: what matters between threads */
};

static struct place places[MOST_PLACES];
static uint32_t place_count;
static uint32_t place_at[PLACE_HASH]; /* index + 1 */

static const struct plan *plan;
static struct chance dice;
static uint64_t priority[MOST_THREADS]; /* 0: not drawn */
static uint32_t patience[MOST_THREADS]; /* what a slow thread still sleeps through */
static uint64_t lowest, highest;
static uint32_t place_of_change[MOST_CHANGES]; /* index; UINT32_MAX: not passed yet */
static uint32_t changed;
static unsigned last_thread, steps_in_a_row;

static uint32_t find_place(const char *function, int line, bool named)
{
    uint32_t at = (uint32_t)(((uintptr_t)function * 31 + (unsigned)line) * 0x9E3779B1u >> 20) % PLACE_HASH;
    while (place_at[at] != 0) {
        struct place *place = &places[place_at[at] - 1];
        if (place->function == function && place->line == line) {
            return place->same;
        }
        at = (at + 1) % PLACE_HASH;
    }
    if (place_count == MOST_PLACES) {
        controller_fail("more than %d places of the source", MOST_PLACES);
    }
    uint32_t index = place_count++;
    uint32_t same = 0;
    while (same < index && (places[same].line != line || strcmp(places[same].function, function) != 0)) {
        same++;
    }
    places[index] = (struct place){function, line, 0, same, 0, named || strncmp(function, "ring_publish", 12) == 0};
    place_at[at] = index + 1;
    for (unsigned i = 0; same == index && i < plan->count; i++) {
        if (plan->changes[i].line == line && strcmp(plan->changes[i].function, function) == 0) {
            place_of_change[i] = index;
        }
    }
    return same;
}

static void draw_priority(unsigned thread)
{
    if (priority[thread] == 0) {
        priority[thread] = ((uint64_t)1 << 40) + chance_next(&dice, (uint64_t)1 << 40);
    }
}

static unsigned any_of(uint32_t set)
{
    unsigned nth = (unsigned)chance_next(&dice, (uint64_t)__builtin_popcount(set));
    for (unsigned i = 0;; i++) {
        if ((set & 1u << i) != 0 && nth-- == 0) {
            return i;
        }
    }
}

/* MOST_THREADS: none. */
static unsigned highest_of(uint32_t set, bool slow)
{
    unsigned best = MOST_THREADS;
    for (; set != 0; set &= set - 1) {
        unsigned i = (unsigned)__builtin_ctz(set);
        if (slow || patience[i] == 0) {
            draw_priority(i);
            best = best == MOST_THREADS || priority[i] > priority[best] ? i : best;
        }
    }
    return best;
}

static void others_are_patient(void)
{
    for (unsigned i = 0; i < MOST_THREADS; i++) {
        patience[i] -= patience[i] != 0;
    }
}

/* One thread goes on and on, neither waits nor polls, and others are not let go on by that. */
static void look_for_spinning(const struct moment *moment)
{
    enum { LONGEST = 10000 };
    bool goes_on = moment->thread == last_thread && !moment->polls && moment->runnable != 0;
    steps_in_a_row = goes_on ? steps_in_a_row + 1 : 0;
    last_thread = moment->thread;
    if (steps_in_a_row == LONGEST) {
        controller_fail("spin: thread %u has made %d steps without waiting or polling, in %s:%d", moment->thread,
                        LONGEST, moment->function, moment->line);
    }
}

static unsigned choose(struct decider *decider, const struct moment *moment)
{
    (void)decider;
    look_for_spinning(moment);
    struct place *place = &places[find_place(moment->function, moment->line, moment->point != NO_POINT)];
    place->passed++;
    unsigned thread = moment->thread;
    for (unsigned i = 0; i < plan->count; i++) {
        if (place_of_change[i] != (uint32_t)(place - places) || plan->changes[i].nth != place->passed) {
            continue;
        }
        changed |= 1u << i;
        if (!plan->changes[i].rings) {
            priority[thread] = lowest--;
            patience[thread] = plan->changes[i].patience;
        } else if (moment->timed != 0) {
            return any_of(moment->timed);
        }
    }
    if (moment->polls) {
        priority[thread] = patience[thread] == 0 ? lowest-- : priority[thread];
        others_are_patient();
    }
    if (plan->one_in != 0 && moment->runnable != 0 && chance_next(&dice, plan->one_in) == 0) {
        priority[any_of(moment->runnable)] = highest++;
    }
    unsigned next = highest_of(moment->runnable, false);
    if (next == MOST_THREADS && moment->timed != 0) {
        others_are_patient(); /* a timer runs out, while the slow are slow */
        return moment->earliest;
    }
    return next != MOST_THREADS ? next : highest_of(moment->runnable, true);
}

static struct decider by_plan = {choose, PROGRAM_STEPS};

void plan_use(const struct plan *wanted)
{
    plan = wanted;
    dice = (struct chance){plan->seed * 2 + 1, 0, false};
    chance_next(&dice, 2);
    changed = 0;
    steps_in_a_row = 0;
    lowest = ((uint64_t)1 << 40) - 1;
    highest = (uint64_t)1 << 42;
    memset(priority, 0, sizeof priority);
    memset(patience, 0, sizeof patience);
    for (uint32_t i = 0; i < place_count; i++) {
        places[i].passed = 0;
    }
    for (unsigned i = 0; i < plan->count; i++) {
        place_of_change[i] = UINT32_MAX;
        for (uint32_t p = 0; p < place_count && place_of_change[i] == UINT32_MAX; p++) {
            if (places[p].line == plan->changes[i].line && strcmp(places[p].function, plan->changes[i].function) == 0) {
                place_of_change[i] = p;
            }
        }
    }
    controller_decider = &by_plan;
}

uint32_t plan_changed(void)
{
    return changed;
}

/* One of those that the last execution has passed, `passed` in all. */
static struct place *any_place(struct chance *from, bool named, uint32_t passed)
{
    uint32_t nth = (uint32_t)chance_next(from, passed), at = 0;
    for (;; at++) {
        if (places[at].passed != 0 && (!named || places[at].named) && nth-- == 0) {
            return &places[at];
        }
    }
}

/* The same, but rather one at which less was tried: what few programs come by would hardly get its turn. */
static struct place *rare_place(struct chance *from, bool named, uint32_t passed)
{
    enum { CANDIDATES = 6 };
    struct place *rarest = any_place(from, named, passed);
    for (int i = 1; i < CANDIDATES; i++) {
        struct place *place = any_place(from, named, passed);
        rarest = place->drawn < rarest->drawn ? place : rarest;
    }
    rarest->drawn++;
    return rarest;
}

void plan_draw(struct plan *drawn, struct chance *from)
{
    static const uint32_t patiences[] = {0, 1, 3, 10, 100, 1000};
    drawn->seed = chance_next(from, (uint64_t)1 << 48);
    drawn->one_in = chance_next(from, 3) == 0 ? 10u + (uint32_t)chance_next(from, 300) : 0;
    drawn->count = (unsigned)chance_next(from, MOST_CHANGES - 1);
    uint32_t passed[] = {0, 0}; /* all; named */
    for (uint32_t i = 0; i < place_count; i++) {
        passed[0] += places[i].passed != 0;
        passed[1] += places[i].passed != 0 && places[i].named;
    }
    drawn->count = passed[1] == 0 ? 0 : drawn->count;
    for (unsigned i = 0; i < drawn->count; i++) {
        bool named = chance_next(from, 3) == 0;
        struct place *place = (chance_next(from, 2) == 0 ? rare_place : any_place)(from, named, passed[named]);
        struct change *change = &drawn->changes[i];
        *change = (struct change){.line = place->line, .nth = 1 + (uint32_t)chance_next(from, place->passed)};
        snprintf(change->function, sizeof change->function, "%s", place->function);
        change->patience = patiences[chance_next(from, sizeof patiences / sizeof *patiences)];
        change->rings = chance_next(from, 10) == 0;
    }
}

/* ------------------------------------------------------------------------------------------------------ text ---- */

void plan_print(FILE *to, const struct plan *printed)
{
    fprintf(to, "PLAN=%llu/%u/", (unsigned long long)printed->seed, printed->one_in);
    for (unsigned i = 0; i < printed->count; i++) {
        const struct change *change = &printed->changes[i];
        fprintf(to, "%s%s@%d#%u", i == 0 ? "" : ",", change->function, change->line, change->nth);
        if (change->rings) {
            fputc('!', to);
        } else {
            fprintf(to, "-%u", change->patience);
        }
    }
}

bool plan_read(const char *text, struct plan *read)
{
    char *end;
    *read = (struct plan){.seed = strtoull(text, &end, 10)};
    if (*end != '/') {
        return false;
    }
    read->one_in = (uint32_t)strtoul(end + 1, &end, 10);
    if (*end != '/') {
        return false;
    }
    for (end++; *end != 0 && *end != ' '; end += *end == ',') {
        struct change *change = &read->changes[read->count++];
        size_t length = strcspn(end, "@");
        if (read->count > MOST_CHANGES || length >= PLACE_NAME || end[length] != '@') {
            return false;
        }
        memcpy(change->function, end, length);
        change->line = (int)strtol(end + length + 1, &end, 10);
        if (*end != '#') {
            return false;
        }
        change->nth = (uint32_t)strtoul(end + 1, &end, 10);
        if (*end == '!') {
            change->rings = true;
            end++;
        } else if (*end == '-') {
            change->patience = (uint32_t)strtoul(end + 1, &end, 10);
        } else {
            return false;
        }
    }
    return true;
}
