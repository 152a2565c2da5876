/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs plays under many schedules.
 *
 *   schedules [--bound N] [--random N] [--seconds N] [SEED=number] [PLAY...]   all schedules with up to N deviations
 * (1), then N random ones with more (1000), of all plays or those schedules SCHEDULE=play:step>thread,… one again, with
 * every change of threads schedules list
 *
 * --seconds is for each play: the last bound that does not fit is cut off and said to be. Ends with "N passed, N
 * failed".
 */
#include "controller.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct trace scratch;

/* ---------------------------------------------------------------------------- which executions were seen before ----
 */

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

/* ------------------------------------------------------------------------------------------------------- search ----
 */

static const struct chance no_chance = {1, 0};

struct search {
    const struct play *play;
    struct seen seen;
    uint64_t executions;
    struct timespec until;
    bool cut;
};

static bool is_late(const struct search *search)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > search->until.tv_sec ||
           (now.tv_sec == search->until.tv_sec && now.tv_nsec >= search->until.tv_nsec);
}

static void execute(struct search *search, const struct schedule *schedule, struct chance chance)
{
    controller_run(search->play->name, search->play->body, schedule, chance, &scratch);
    plays_check();
    search->executions++;
    seen_add(&search->seen, scratch.hash);
}

/* All schedules that go on from `schedule` with one deviation more, or up to `more`. */
static void extend(struct search *search, const struct schedule *schedule, unsigned more)
{
    uint32_t steps = scratch.steps;
    uint32_t first = schedule->count == 0 ? 0 : schedule->deviations[schedule->count - 1].step + 1;
    uint8_t *possible = malloc(steps);
    if (possible == NULL) {
        perror("schedules: malloc");
        exit(1);
    }
    memcpy(possible, scratch.possible, steps);
    struct schedule longer = *schedule;
    longer.count++;
    for (uint32_t step = first; step < steps && !search->cut; step++) {
        for (uint32_t thread = 0; thread < MOST_THREADS; thread++) {
            if ((possible[step] & 1u << thread) != 0) {
                longer.deviations[longer.count - 1] = (struct deviation){step, thread};
                execute(search, &longer, no_chance);
                if (more > 1) {
                    extend(search, &longer, more - 1);
                }
            }
        }
        search->cut = is_late(search);
    }
    free(possible);
}

/* --------------------------------------------------------------------------------------------------- the command ----
 */

struct command {
    unsigned bound;
    uint64_t random;
    unsigned seconds;
    uint64_t seed;
};

/* In a process of its own: a failure ends it. */
static void search_play(const struct play *play, const struct command *command)
{
    struct search search = {.play = play};
    clock_gettime(CLOCK_MONOTONIC, &search.until);
    search.until.tv_sec += command->seconds;
    struct schedule none = {0};
    execute(&search, &none, no_chance);
    uint32_t steps = scratch.steps;
    char bounds[128] = "";
    for (unsigned bound = 1; bound <= command->bound && !search.cut; bound++) {
        uint64_t before = search.executions;
        execute(&search, &none, no_chance);
        extend(&search, &none, bound);
        size_t length = strlen(bounds);
        snprintf(bounds + length, sizeof bounds - length, ", %llu with up to %u%s",
                 (unsigned long long)(search.executions - before), bound, search.cut ? " (not all)" : "");
    }
    struct chance dice = {(command->seed ^ (uint64_t)(play - plays) * 0x9E3779B97F4A7C15u) | 1, 0};
    for (uint64_t i = 0; i < command->random; i++) {
        /* From some few deviations in all to one at every fifth step. */
        uint32_t one_in = 5 + (uint32_t)chance_next(&dice, steps / 2);
        execute(&search, &none, (struct chance){chance_next(&dice, UINT64_MAX) | 1, one_in});
    }
    printf("  %-26s %5u steps%s, %llu random: %zu distinct\n", play->name, steps, bounds,
           (unsigned long long)command->random, search.seen.count);
    fflush(stdout);
}

static bool search_in_child(const struct play *play, const struct command *command)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("schedules: fork");
        exit(1);
    }
    if (child == 0) {
        search_play(play, command);
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

static const struct play *play_named(const char *name, size_t length)
{
    for (unsigned i = 0; i < play_count; i++) {
        if (strlen(plays[i].name) == length && memcmp(plays[i].name, name, length) == 0) {
            return &plays[i];
        }
    }
    fprintf(stderr, "schedules: there is no play '%.*s'; `schedules list` names them\n", (int)length, name);
    exit(2);
}

static int repeat(const char *text)
{
    size_t length = strcspn(text, ":");
    const struct play *play = play_named(text, length);
    struct schedule schedule = {0};
    const char *at = text + length;
    while (*at != 0) {
        char *end;
        struct deviation deviation = {(uint32_t)strtoul(at + 1, &end, 10), 0};
        if (*end != '>' || schedule.count == MOST_DEVIATIONS) {
            fprintf(stderr, "schedules: '%s' is not play:step>thread,step>thread and so on\n", text);
            return 2;
        }
        deviation.thread = (uint32_t)strtoul(end + 1, &end, 10);
        schedule.deviations[schedule.count++] = deviation;
        at = end;
    }
    controller_tells = true;
    controller_run(play->name, play->body, &schedule, no_chance, &scratch);
    plays_check();
    printf("%u steps, %u of %u deviations took place\n1 passed, 0 failed\n", scratch.steps, scratch.taken.count,
           schedule.count);
    return 0;
}

static uint64_t number(const char *option, const char *text)
{
    char *end;
    uint64_t value = text != NULL ? strtoull(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != 0) {
        fprintf(stderr, "schedules: %s wants a number\n", option);
        exit(2);
    }
    return value;
}

int main(int count, char **arguments)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct command command = {1, 1000, 3600, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000};
    const struct play *chosen[64];
    unsigned chosen_count = 0;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strncmp(argument, "SCHEDULE=", 9) == 0) {
            return repeat(argument + 9);
        } else if (strcmp(argument, "list") == 0) {
            for (unsigned p = 0; p < play_count; p++) {
                printf("%-26s %s\n", plays[p].name, plays[p].about);
            }
            return 0;
        } else if (strcmp(argument, "--bound") == 0) {
            command.bound = (unsigned)number(argument, arguments[++i]);
        } else if (strcmp(argument, "--random") == 0) {
            command.random = number(argument, arguments[++i]);
        } else if (strcmp(argument, "--seconds") == 0) {
            command.seconds = (unsigned)number(argument, arguments[++i]);
        } else if (strncmp(argument, "SEED=", 5) == 0) {
            command.seed = number("SEED", argument + 5);
        } else if (chosen_count < sizeof chosen / sizeof chosen[0]) {
            chosen[chosen_count++] = play_named(argument, strlen(argument));
        }
    }
    if (command.bound > MOST_DEVIATIONS) {
        fprintf(stderr, "schedules: --bound is at most %d\n", MOST_DEVIATIONS);
        return 2;
    }
    unsigned passed = 0, failed = 0;
    for (unsigned i = 0; i < (chosen_count != 0 ? chosen_count : play_count); i++) {
        bool good = search_in_child(chosen_count != 0 ? chosen[i] : &plays[i], &command);
        passed += good;
        failed += !good;
    }
    printf("SEED=%llu\n%u passed, %u failed\n", (unsigned long long)command.seed, passed, failed);
    return failed != 0;
}
