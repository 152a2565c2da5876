/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs plays under many schedules.
 *
 *   schedules [--bound N] [--points N] [--random N] [--seconds N] [--failures N] [SEED=number] [PLAY...]
 *
 *     all schedules with up to `bound` deviations (1), then all with up to `points` at the core's named points (1),
 *     then `random` ones with more (1000): of all plays or those
 *
 *   schedules SCHEDULE=play:step>thread,step@point>thread
 *
 *     one again, with every change of threads
 *
 *   schedules list
 *
 * --seconds is for each play, random ones not counted: the last bound that does not fit is cut off and said to be, that
 * of the points at half of it. After --failures of them no further play is run. Where all plays were run, each named
 * point must have been passed. Ends with "N passed, N failed"; the status is 1 where a play failed, and 3 where a point
 * was missed. */
#include "schedule.h"
#include "search.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { MOST_PLAYS = 256, PLAY_FAILED = 1, USAGE = 2, POINT_MISSED = 3 };

static const struct play *plays[MOST_PLAYS];
static unsigned play_count;

static void list_plays(const struct play_list *list)
{
    for (unsigned i = 0; i < list->count && play_count < MOST_PLAYS; i++) {
        plays[play_count++] = &list->plays[i];
    }
}

static unsigned play_named(const char *name, size_t length)
{
    for (unsigned i = 0; i < play_count; i++) {
        if (strlen(plays[i]->name) == length && memcmp(plays[i]->name, name, length) == 0) {
            return i;
        }
    }
    fprintf(stderr, "schedules: there is no play '%.*s'; `schedules list` names them\n", (int)length, name);
    exit(USAGE);
}

static int repeat(const char *text)
{
    size_t length = strcspn(text, ":");
    const struct play *play = plays[play_named(text, length)];
    struct schedule schedule;
    if (!schedule_read(text + length, &schedule)) {
        fprintf(stderr, "schedules: '%s' is not play:step>thread,step@point>thread and so on\n", text);
        return USAGE;
    }
    search_repeat(play, &schedule);
    printf("1 passed, 0 failed\n");
    return 0;
}

static uint64_t number(const char *option, const char *text)
{
    char *end;
    uint64_t value = text != NULL ? strtoull(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != 0) {
        fprintf(stderr, "schedules: %s wants a number\n", option);
        exit(USAGE);
    }
    return value;
}

static unsigned bound(const char *option, const char *text)
{
    uint64_t value = number(option, text);
    if (value > MOST_DEVIATIONS) {
        fprintf(stderr, "schedules: %s is at most %d\n", option, MOST_DEVIATIONS);
        exit(USAGE);
    }
    return (unsigned)value;
}

/* The plays with a mark in `chosen`. */
static int search(const bool *chosen, bool all, unsigned most_failures, const struct command *command)
{
    void *shared = mmap(NULL, sizeof(struct totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("schedules: mmap");
        return USAGE;
    }
    struct totals *totals = shared;
    unsigned passed = 0, failed = 0;
    for (unsigned i = 0; i < play_count && failed < most_failures; i++) {
        if (all || chosen[i]) {
            bool good = search_in_child(plays[i], i, command, totals);
            passed += good;
            failed += !good;
        }
    }
    bool all_points = points_report(all && failed == 0);
    printf("%llu schedules, %llu distinct\n", (unsigned long long)totals->schedules,
           (unsigned long long)totals->distinct);
    printf("SEED=%llu\n%u passed, %u failed\n", (unsigned long long)command->seed, passed, failed);
    return failed != 0 ? PLAY_FAILED : all_points ? 0 : POINT_MISSED;
}

int main(int count, char **arguments)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    struct command command = {.bound = 1, .points = 1, .random = 1000, .seconds = 3600, .seed = seed};
    bool chosen[MOST_PLAYS] = {false};
    bool all = true;
    unsigned most_failures = UINT_MAX;
    list_plays(&item_plays);
    list_plays(&sharing_plays);
    list_plays(&ending_plays);
    list_plays(&overtaking_plays);
    if (points_begin() == NULL) {
        perror("schedules: mmap");
        return USAGE;
    }
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strncmp(argument, "SCHEDULE=", 9) == 0) {
            return repeat(argument + 9);
        } else if (strcmp(argument, "list") == 0) {
            for (unsigned p = 0; p < play_count; p++) {
                printf("%-26s %s\n", plays[p]->name, plays[p]->about);
            }
            return 0;
        } else if (strcmp(argument, "--bound") == 0) {
            command.bound = bound(argument, arguments[++i]);
        } else if (strcmp(argument, "--points") == 0) {
            command.points = bound(argument, arguments[++i]);
        } else if (strcmp(argument, "--random") == 0) {
            command.random = number(argument, arguments[++i]);
        } else if (strcmp(argument, "--seconds") == 0) {
            command.seconds = (unsigned)number(argument, arguments[++i]);
        } else if (strcmp(argument, "--failures") == 0) {
            most_failures = (unsigned)number(argument, arguments[++i]);
        } else if (strncmp(argument, "SEED=", 5) == 0) {
            command.seed = number("SEED", argument + 5);
        } else {
            chosen[play_named(argument, strlen(argument))] = true;
            all = false;
        }
    }
    return search(chosen, all, most_failures, &command);
}
