/* SPDX-License-Identifier: Apache-2.0 */
#include "search.h"

#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct trace scratch;

/* Which executions were seen before. */
struct seen {
    uint64_t *hashes; /* open addressing; 0: free */
    size_t size, count;
};

static bool seen_add(struct seen *seen, uint64_t hash)
{
    hash |= hash == 0;
    if (seen->count * 2 >= seen->size) {
        struct seen larger = {calloc(seen->size == 0 ? 1024 : seen->size * 2, sizeof(uint64_t)),
                              seen->size == 0 ? 1024 : seen->size * 2, 0};
        if (larger.hashes == NULL) {
            perror("schedules: calloc");
            exit(1);
        }
        for (size_t i = 0; i < seen->size; i++) {
            if (seen->hashes[i] != 0) {
                seen_add(&larger, seen->hashes[i]);
            }
        }
        free(seen->hashes);
        *seen = larger;
    }
    size_t at = (size_t)hash & (seen->size - 1);
    while (seen->hashes[at] != 0) {
        if (seen->hashes[at] == hash) {
            return false;
        }
        at = (at + 1) & (seen->size - 1);
    }
    seen->hashes[at] = hash;
    seen->count++;
    return true;
}

static const struct chance no_chance = {1, 0, false};

struct search {
    const struct play *play;
    struct seen seen;
    uint64_t executions;
    struct timespec until;
    bool cut;
    char report[256];
};

static void set_limit(struct search *search, const struct timespec *began, uint64_t milliseconds)
{
    uint64_t nanoseconds = (uint64_t)began->tv_nsec + milliseconds % 1000 * 1000000;
    search->until.tv_sec = began->tv_sec + (time_t)(milliseconds / 1000 + nanoseconds / 1000000000);
    search->until.tv_nsec = (long)(nanoseconds % 1000000000);
    search->cut = false;
}

static bool is_late(const struct search *search)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > search->until.tv_sec ||
           (now.tv_sec == search->until.tv_sec && now.tv_nsec >= search->until.tv_nsec);
}

static const struct cast *cast_of_play;

static void body(void)
{
    perform(cast_of_play);
}

static void execute(struct search *search, const struct schedule *schedule, struct chance chance)
{
    controller_run(search->play->name, body, schedule, chance, &scratch);
    plays_check();
    search->executions++;
    seen_add(&search->seen, scratch.hash);
}

/*
 * What the core does once in a process takes steps of its own: a first execution, which does not count, leaves the same
 * steps to all that come, here and where a schedule is repeated. */
static void begin(struct search *search, const struct play *play)
{
    *search = (struct search){.play = play};
    cast_of_play = &play->cast;
    struct schedule none = {0};
    controller_run(play->name, body, &none, no_chance, &scratch);
    plays_check();
}

/* A step of some kind, and who could go on there. */
struct choice {
    uint32_t step;
    uint32_t possible;
    uint8_t point;
};

/* The choices of the last execution from the step `first` on. */
static struct choice *list_choices(uint32_t first, bool at_points, uint32_t *count)
{
    struct choice *choices = malloc((scratch.steps + 1) * sizeof *choices);
    if (choices == NULL) {
        perror("schedules: malloc");
        exit(1);
    }
    *count = 0;
    for (uint32_t step = first; step < scratch.steps; step++) {
        if (scratch.possible[step] != 0 && (!at_points || scratch.point[step] != NO_POINT)) {
            choices[(*count)++] = (struct choice){step, scratch.possible[step], scratch.point[step]};
        }
    }
    return choices;
}

/* All schedules that go on from `schedule`, which was executed last, with one deviation more, or up to `more`. */
static void extend(struct search *search, const struct schedule *schedule, unsigned more, bool at_points)
{
    enum { STRIDE = 7919 }; /* a prime: where time is short it is spread over the whole play */
    uint32_t first = schedule->count == 0 ? 0 : schedule->deviations[schedule->count - 1].step + 1;
    uint32_t count;
    struct choice *choices = list_choices(first, at_points, &count);
    struct schedule longer = *schedule;
    struct deviation *last = &longer.deviations[longer.count++];
    for (uint32_t i = 0; i < count && !search->cut; i++) {
        const struct choice *choice = &choices[count % STRIDE != 0 ? (uint64_t)i * STRIDE % count : i];
        for (uint32_t thread = 0; thread < MOST_THREADS; thread++) {
            if ((choice->possible & 1u << thread) != 0) {
                *last = (struct deviation){choice->step, thread, (enum point)choice->point};
                execute(search, &longer, no_chance);
                if (more > 1) {
                    extend(search, &longer, more - 1, at_points);
                }
            }
        }
        search->cut = is_late(search);
    }
    free(choices);
}

/* All schedules with up to `bound` deviations, of which those with fewer were tried before. */
static void search_up_to(struct search *search, unsigned bound, bool at_points)
{
    struct schedule none = {0};
    uint64_t before = search->executions;
    execute(search, &none, no_chance);
    extend(search, &none, bound, at_points);
    size_t length = strlen(search->report);
    snprintf(search->report + length, sizeof search->report - length, ", %llu with up to %u%s%s",
             (unsigned long long)(search->executions - before), bound, at_points ? " at points" : "",
             search->cut ? " (not all)" : "");
}

static void search_at_random(struct search *search, uint64_t seed, uint64_t count)
{
    struct schedule none = {0};
    execute(search, &none, no_chance);
    uint32_t steps = scratch.steps, points = scratch.points;
    struct chance dice = {seed | 1, 0, false};
    for (uint64_t i = 0; i < count; i++) {
        bool at_points = i % 2 != 0;
        /* From some few deviations in all to one at every fifth step, or second point. */
        uint32_t one_in =
            at_points ? 2 + (uint32_t)chance_next(&dice, points) : 5 + (uint32_t)chance_next(&dice, steps / 2);
        execute(search, &none, (struct chance){chance_next(&dice, UINT64_MAX) | 1, one_in, at_points});
    }
}

static void search_play(const struct play *play, unsigned number, const struct command *command, struct totals *totals)
{
    struct search search;
    struct timespec began;
    clock_gettime(CLOCK_MONOTONIC, &began);
    begin(&search, play);
    struct schedule none = {0};
    execute(&search, &none, no_chance);
    uint32_t steps = scratch.steps, points = scratch.points;
    set_limit(&search, &began, command->seconds * 1000ull);
    if (command->bound != 0) {
        search_up_to(&search, 1, false);
    }
    if (!search.cut && command->points > 1) {
        set_limit(&search, &began, command->seconds * 500ull);
        for (unsigned bound = 2; bound <= command->points && !search.cut; bound++) {
            search_up_to(&search, bound, true);
        }
    }
    set_limit(&search, &began, command->seconds * 1000ull);
    for (unsigned bound = 2; bound <= command->bound && !search.cut; bound++) {
        search_up_to(&search, bound, false);
    }
    search_at_random(&search, command->seed ^ (uint64_t)number * 0x9E3779B97F4A7C15u, command->random);
    printf("  %-26s %5u steps, %3u points%s, %llu random: %zu distinct\n", play->name, steps, points, search.report,
           (unsigned long long)command->random, search.seen.count);
    fflush(stdout);
    totals->schedules += search.executions;
    totals->distinct += search.seen.count;
    free(search.seen.hashes);
}

bool search_in_child(const struct play *play, unsigned number, const struct command *command, struct totals *totals)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("schedules: fork");
        exit(1);
    }
    if (child == 0) {
        search_play(play, number, command, totals);
        exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) < 0) {
        perror("schedules: waitpid");
        exit(1);
    }
    if (status != 0) {
        printf("  %-26s failed, status %d, SEED=%llu\n", play->name, status, (unsigned long long)command->seed);
    }
    return status == 0;
}

void search_repeat(const struct play *play, const struct schedule *schedule)
{
    struct search search;
    begin(&search, play);
    controller_tells = true;
    execute(&search, schedule, no_chance);
    printf("%u steps, %u of %u deviations took place\n", scratch.steps, scratch.taken.count, schedule->count);
    free(search.seen.hashes);
}
