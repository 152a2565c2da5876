/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs random programs free: on real threads, with real waits and real time, in several processes side by side. The
 * probe checks the core's invariants whenever all threads of a program sleep.
 *
 *   free [--programs N] [--seconds S] [--times N] [--jobs N] [--hangs] [SEED=number]
 *
 *     N programs (all that fit into the time, 60), each so many times (4), in so many processes (4); the first
 *     program's seed (by the clock). Stops at the first failure
 *
 *     --hangs: what is late is no failure, only what never ends
 *
 *   free [--times N] PROGRAM=seed [WITHOUT=elements]     one again, so many times in all
 *
 * Ends with "N passed, N failed", of programs; the status is 1 where one failed. */
#include "free_hunt.h"
#include "controller.h"
#include "probe.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 1, USAGE = 2, MOST_JOBS = 64 };

/* What the processes share. */
struct shared {
    atomic_ullong next_seed, programs, executions;
    struct job {
        struct probe_counts probe;
        struct quiescence_counts quiescence;
    } jobs[MOST_JOBS];
};

struct command {
    struct free_attempt attempt;
    uint64_t first_seed, programs;
    double seconds;
    unsigned jobs;
    bool repeats;
};

static struct shared *shared;

static double seconds_now(void)
{
    return (double)controller_now() * 1e-9;
}

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

/* ---------------------------------------------------------------------------------------------------- a job ---- */

static struct free_attempt now;

void free_print_how_to_repeat(FILE *to)
{
    enum { AGAIN = 1000 };
    fprintf(to, "again: Tests/Schedules/run --programs --free --times %d PROGRAM=%llu\n", AGAIN,
            (unsigned long long)now.seed);
}

void free_give_up(void)
{
    _exit(FAILED);
}

static void work(const struct command *command, unsigned job, double until)
{
    probe_counts = &shared->jobs[job].probe;
    quiescence_counts = &shared->jobs[job].quiescence;
    free_failing_begin();
    now = command->attempt;
    if (command->repeats) {
        now.times = 1;
        for (now.first = job; now.first < command->attempt.times && seconds_now() < until; now.first += command->jobs) {
            free_attempt(&now);
            atomic_fetch_add(&shared->executions, 1);
        }
        return;
    }
    while (seconds_now() < until) {
        now.seed = atomic_fetch_add(&shared->next_seed, 1);
        if (now.seed >= command->first_seed + command->programs) {
            return;
        }
        free_attempt(&now);
        atomic_fetch_add(&shared->programs, 1);
        atomic_fetch_add(&shared->executions, now.times);
    }
}

static pid_t begin_job(const struct command *command, unsigned job, double until)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("programs: fork");
        exit(USAGE);
    }
    if (child == 0) {
        work(command, job, until);
        exit(0); /* and AddressSanitizer looks for what was lost */
    }
    return child;
}

/* ------------------------------------------------------------------------------------------------------ all ---- */

static void print_counts(double seconds)
{
    struct probe_counts probe = {0};
    struct quiescence_counts quiescence = {0};
    for (unsigned i = 0; i < MOST_JOBS; i++) {
        const struct job *job = &shared->jobs[i];
        for (size_t at = 0; at < sizeof probe / sizeof(uint64_t); at++) {
            ((uint64_t *)&probe)[at] += ((const uint64_t *)&job->probe)[at];
        }
        for (unsigned e = 0; e < EXCUSES; e++) {
            quiescence.excused[e] += job->quiescence.excused[e];
        }
    }
    printf("  %llu executions of %llu programs, %.1f s\n", (unsigned long long)shared->executions,
           (unsigned long long)shared->programs, seconds);
    printf("  the probe met all asleep %llu times: %llu with a timer, %llu with a nap, %llu with neither; %llu times "
           "somebody was just waking up\n",
           (unsigned long long)probe.quiet, (unsigned long long)probe.timers, (unsigned long long)probe.naps,
           (unsigned long long)probe.for_good, (unsigned long long)probe.woken);
    printf("  naps held %llu times, threads held at named points %llu times", (unsigned long long)probe.holds,
           (unsigned long long)probe.let_go);
    for (unsigned i = 0; i < EXCUSES; i++) {
        printf("%s %s %llu", i == 0 ? "; late:" : ",", excuse_names[i], (unsigned long long)quiescence.excused[i]);
    }
    putchar('\n');
}

static int run(struct command *command)
{
    double began = seconds_now();
    atomic_store(&shared->next_seed, command->first_seed);
    pid_t jobs[MOST_JOBS];
    for (unsigned i = 0; i < command->jobs; i++) {
        jobs[i] = begin_job(command, i, began + command->seconds);
    }
    unsigned failed = 0;
    for (unsigned left = command->jobs; left != 0; left--) {
        int status;
        pid_t child = wait(&status);
        bool killed = failed != 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        if (child > 0 && status != 0 && !killed) {
            fprintf(stderr, "a process ended with status %#x\n", (unsigned)status);
            failed++;
        }
        for (unsigned i = 0; i < command->jobs; i++) {
            jobs[i] = jobs[i] == child ? 0 : jobs[i];
            if (failed != 0 && jobs[i] != 0) {
                kill(jobs[i], SIGKILL);
            }
        }
    }
    print_counts(seconds_now() - began);
    printf("SEED=%llu\n%llu passed, %u failed\n", (unsigned long long)command->first_seed,
           (unsigned long long)(command->repeats ? shared->executions : shared->programs), failed);
    return failed != 0 ? FAILED : 0;
}

int main(int count, char **arguments)
{
    struct command command = {.attempt.times = 4, .programs = UINT64_MAX / 2, .seconds = 60, .jobs = 4};
    command.first_seed = (uint64_t)time(NULL) * 100000;
    bool limited = false;
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--programs") == 0) {
            command.programs = (uint64_t)number(argument, arguments[++i]);
            command.seconds = limited ? command.seconds : 1e9;
        } else if (strcmp(argument, "--seconds") == 0) {
            command.seconds = number(argument, arguments[++i]);
            limited = true;
        } else if (strcmp(argument, "--times") == 0) {
            command.attempt.times = (unsigned)number(argument, arguments[++i]);
        } else if (strcmp(argument, "--jobs") == 0) {
            command.jobs = (unsigned)number(argument, arguments[++i]);
            command.jobs = command.jobs == 0 ? 1 : command.jobs < MOST_JOBS ? command.jobs : MOST_JOBS;
        } else if (strcmp(argument, "--hangs") == 0) {
            quiescence_of_hangs_only = true;
        } else if (strncmp(argument, "SEED=", 5) == 0) {
            command.first_seed = (uint64_t)number("SEED", argument + 5);
        } else if (strncmp(argument, "PROGRAM=", 8) == 0) {
            command.attempt.seed = (uint64_t)number("PROGRAM", argument + 8);
            command.seconds = limited ? command.seconds : 1e9;
            command.repeats = true;
        } else if (strncmp(argument, "WITHOUT=", 8) == 0 && program_read_gone(argument + 8, command.attempt.gone)) {
        } else {
            fprintf(stderr, "programs: '%s' is not understood\n", argument);
            return USAGE;
        }
    }
    void *memory = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("programs: mmap");
        return USAGE;
    }
    shared = memory;
    return run(&command);
}
