/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs random programs against the core under many schedules of their threads, and checks its invariants whenever all
 * threads sleep.
 *
 *   programs [--programs N] [--seconds S] [--plans N] [--failures N] [--shrink S] [--only TEXT] [SEED=number]
 *
 *     N programs (all that fit into the time), each under so many plans (24); the first program's seed (by the clock).
 *     Stops after so many failures that differ (1); each is made smaller, for S seconds (60). --only TEXT: those whose
 *     first line, without numbers, has the text; others are counted
 *
 *     --hangs: what is late is no failure, only what never ends
 *
 *   programs [--tells] [--steps] PROGRAM=seed [WITHOUT=elements] [PLAN=plan]      one again
 *
 * Ends with "N passed, N failed", of programs; the status is 1 where one failed. */
#include "hunt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FAILED = 1, USAGE = 2, MOST_FAILURES = 64, BATCH = 400 };

static double number(const char *option, const char *text)
{
    char *end;
    double value = text != NULL ? strtod(text, &end) : 0;
    if (text == NULL || end == text || *end != 0 || value < 0) {
        fprintf(stderr, "programs: %s wants a number\n", option);
        exit(USAGE);
    }
    return value;
}

static void report(struct failure *failure, double shrink)
{
    printf("\n%s", failure->report);
    fflush(stdout);
    if (shrink > 0) {
        hunt_shrink(failure, shrink);
        struct program program;
        program_draw(&program, failure->attempt.seed);
        program_reduce(&program, failure->attempt.gone);
        printf("\nmade smaller:\n%s", failure->report);
    }
    printf("\nagain: Tests/Schedules/run --programs --tells '");
    fflush(stdout);
    char line[4096];
    FILE *memory = fmemopen(line, sizeof line, "w");
    attempt_print(memory, &failure->attempt);
    fclose(memory);
    line[strcspn(line, "\n")] = 0;
    for (char *at = line; *at != 0; at++) {
        if (*at == ' ') {
            fputs("' '", stdout);
        } else {
            fputc(*at, stdout);
        }
    }
    printf("'\n\n");
    fflush(stdout);
}

struct command {
    uint64_t programs, first_seed;
    double seconds, shrink;
    unsigned plans, failures;
    const char *only;
};

static int search(const struct command *command)
{
    static struct failure failure;
    static struct {
        char signature[SIGNATURE];
        uint64_t count;
    } known[MOST_FAILURES];
    unsigned different = 0;
    uint64_t failed = 0, last = command->first_seed + command->programs;
    double began = hunt_now(), shrunk = 0;
    hunt->next_seed = command->first_seed;
    while (hunt->next_seed < last && hunt_now() - began - shrunk < command->seconds && different < command->failures) {
        uint64_t end = hunt->next_seed + BATCH < last ? hunt->next_seed + BATCH : last;
        if (!hunt_some(end, command->plans, command->seconds - (hunt_now() - began - shrunk), &failure)) {
            continue;
        }
        failed++;
        hunt->programs++;
        unsigned i = 0;
        while (i < different && strcmp(known[i].signature, failure.signature) != 0) {
            i++;
        }
        known[i].count++;
        bool wanted = command->only == NULL || strstr(failure.signature, command->only) != NULL;
        if (i == different && i < MOST_FAILURES - 1 && !wanted) {
            memcpy(known[different++].signature, failure.signature, SIGNATURE);
        } else if (i == different) {
            memcpy(known[different++].signature, failure.signature, SIGNATURE);
            double before = hunt_now();
            uint64_t next_seed = hunt->next_seed;
            report(&failure, command->shrink);
            hunt->next_seed = next_seed;
            shrunk += hunt_now() - before;
        }
    }
    for (unsigned i = 0; i < different; i++) {
        printf("  %6llu times: %s\n", (unsigned long long)known[i].count, known[i].signature);
    }
    printf(
        "  %llu executions of %llu programs, %.0f steps each, %.1f s; all asleep %llu times, %llu of them with a timer",
        (unsigned long long)hunt->executions, (unsigned long long)hunt->programs,
        (double)hunt->steps / (double)(hunt->executions + !hunt->executions), hunt_now() - began - shrunk,
        (unsigned long long)hunt->quiescence.looks, (unsigned long long)hunt->quiescence.with_timers);
    for (unsigned i = 0; i < EXCUSES; i++) {
        printf("%s %s %llu", i == 0 ? "; late:" : ",", excuse_names[i],
               (unsigned long long)hunt->quiescence.excused[i]);
    }
    printf("\nSEED=%llu\n%llu passed, %llu failed\n", (unsigned long long)command->first_seed,
           (unsigned long long)(hunt->programs - failed), (unsigned long long)failed);
    return failed != 0 ? FAILED : 0;
}

int main(int count, char **arguments)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct command command = {UINT64_MAX / 2, (uint64_t)now.tv_sec * 100000, 10, 60, 24, 1, NULL};
    struct attempt attempt = {.plan = {1, 0, 0, {{{0}, 0, 0, 0, false}}}};
    bool repeats = false, tells = false, limited = false;
    if (!hunt_begin()) {
        perror("programs: mmap");
        return USAGE;
    }
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--programs") == 0) {
            command.programs = (uint64_t)number(argument, arguments[++i]);
            command.seconds = limited ? command.seconds : 1e9;
        } else if (strcmp(argument, "--seconds") == 0) {
            command.seconds = number(argument, arguments[++i]);
            limited = true;
        } else if (strcmp(argument, "--plans") == 0) {
            command.plans = (unsigned)number(argument, arguments[++i]);
        } else if (strcmp(argument, "--failures") == 0) {
            command.failures = (unsigned)number(argument, arguments[++i]);
            command.failures = command.failures < MOST_FAILURES ? command.failures : MOST_FAILURES;
        } else if (strcmp(argument, "--shrink") == 0) {
            command.shrink = number(argument, arguments[++i]);
        } else if (strcmp(argument, "--only") == 0) {
            command.only = arguments[++i];
        } else if (strcmp(argument, "--tells") == 0) {
            tells = true;
        } else if (strcmp(argument, "--hangs") == 0) {
            quiescence_of_hangs_only = true;
        } else if (strcmp(argument, "--steps") == 0) {
            controller_tells_steps = true;
        } else if (strncmp(argument, "SEED=", 5) == 0) {
            command.first_seed = (uint64_t)number("SEED", argument + 5);
        } else if (strncmp(argument, "PROGRAM=", 8) == 0) {
            attempt.seed = (uint64_t)number("PROGRAM", argument + 8);
            repeats = true;
        } else if (strncmp(argument, "WITHOUT=", 8) == 0 && program_read_gone(argument + 8, attempt.gone)) {
        } else if (strncmp(argument, "PLAN=", 5) == 0 && plan_read(argument + 5, &attempt.plan)) {
        } else {
            fprintf(stderr, "programs: '%s' is not understood\n", argument);
            return USAGE;
        }
    }
    if (repeats) {
        hunt_repeat(&attempt, tells);
        printf("1 passed, 0 failed\n");
        return 0;
    }
    return search(&command);
}
