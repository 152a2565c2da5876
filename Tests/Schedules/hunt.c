/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hunt.h"

#include <ctype.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST_S = 60 }; /* of one program: it loops without a step, or waits in earnest */

struct hunt *hunt;
static struct trace trace;
static struct program program;

double hunt_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool hunt_begin(void)
{
    void *shared = mmap(NULL, sizeof *hunt, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        return false;
    }
    hunt = shared;
    quiescence_counts = &hunt->quiescence;
    return true;
}

static void body(void)
{
    program_perform(&program);
}

static void explain(void)
{
    program_explain();
    attempt_print(stderr, &hunt->now);
}

static const struct chance no_chance = {1, 0, false};

static void execute(void)
{
    static const struct schedule none = {0};
    plan_use(&hunt->now.plan);
    controller_run("program", body, &none, no_chance, &trace);
    program_check();
    hunt->executions++;
    hunt->steps += trace.steps;
}

static void use_program(void)
{
    program_draw(&program, hunt->now.seed);
    program_reduce(&program, hunt->now.gone);
}

/* One thread runs at a time: on one processor they pass the baton several times as fast. */
static void use_one_processor(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int processor = sched_getcpu();
    CPU_SET(processor >= 0 ? processor : 0, &set);
    sched_setaffinity(0, sizeof set, &set); /* where it fails it is only slow */
}

/* What the core does once in a process takes steps of its own: a first execution leaves the same steps to all
 * others. */
static void warm_up(void)
{
    controller_explain = explain;
    struct attempt wanted = hunt->now;
    hunt->now = (struct attempt){.seed = 0};
    memset(hunt->now.gone, true, sizeof hunt->now.gone);
    use_program();
    execute();
    hunt->now = wanted;
}

/* The first plans of a program have no changes: what it passes is not known yet. */
static void draw_plan(struct chance *dice, unsigned number)
{
    plan_draw(&hunt->now.plan, dice);
    if (number < 2) {
        hunt->now.plan.count = 0;
        hunt->now.plan.one_in = number == 0 ? 0 : 40;
    }
}

static void hunt_in_child(uint64_t last, unsigned plans, double until)
{
    warm_up();
    memset(hunt->now.gone, 0, sizeof hunt->now.gone);
    while (hunt->next_seed < last && hunt_now() < until) {
        hunt->now.seed = hunt->next_seed++;
        use_program();
        alarm(LONGEST_S);
        struct chance dice = {(hunt->now.seed + 1) * 0xD1342543DE82EF95u | 1, 0, false};
        for (unsigned i = 0; i < plans; i++) {
            draw_plan(&dice, i);
            execute();
        }
        hunt->programs++;
    }
}

static void repeat_in_child(const struct attempt *attempt, unsigned plans, double until)
{
    hunt->now = *attempt;
    warm_up();
    use_program();
    alarm(LONGEST_S);
    execute();
    struct chance dice = {(attempt->seed + 1) * 0xA0761D6478BD642Fu | 1, 0, false};
    for (unsigned i = 0; i < plans && hunt_now() < until; i++) {
        draw_plan(&dice, i);
        execute();
    }
}

/* The first line that says what failed, without numbers: failures that differ in these only are the same. */
static void read_signature(struct failure *failure, int status)
{
    const char *line = strstr(failure->report, "FAIL program: ");
    if (line == NULL) {
        const char *sanitizer = strstr(failure->report, "ERROR: ");
        line = sanitizer != NULL ? sanitizer : failure->report;
        if (*line == 0) {
            snprintf(failure->signature, SIGNATURE, "ended with status %#x", (unsigned)status);
            return;
        }
    } else {
        line += strlen("FAIL program: ");
    }
    size_t length = 0;
    for (; *line != 0 && *line != '\n' && length + 1 < SIGNATURE; line++) {
        if (!isdigit((unsigned char)*line) || line[-1] == 'L') {
            failure->signature[length++] = *line;
        }
    }
    failure->signature[length] = 0;
}

static bool run_child(void (*work)(void *), void *argument, struct failure *failure)
{
    FILE *said = tmpfile();
    if (said == NULL) {
        perror("programs: tmpfile");
        exit(2);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("programs: fork");
        exit(2);
    }
    if (child == 0) {
        dup2(fileno(said), STDERR_FILENO);
        use_one_processor();
        work(argument);
        _exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) < 0) {
        perror("programs: waitpid");
        exit(2);
    }
    if (status != 0) {
        failure->attempt = hunt->now;
        rewind(said);
        size_t length = fread(failure->report, 1, REPORT - 1, said);
        failure->report[length] = 0;
        read_signature(failure, status);
    }
    fclose(said);
    return status != 0;
}

struct work {
    uint64_t last;
    const struct attempt *attempt;
    unsigned plans;
    double until;
};

static void hunt_work(void *argument)
{
    const struct work *work = argument;
    hunt_in_child(work->last, work->plans, work->until);
}

static void repeat_work(void *argument)
{
    const struct work *work = argument;
    repeat_in_child(work->attempt, work->plans, work->until);
}

bool hunt_some(uint64_t last, unsigned plans, double seconds, struct failure *failure)
{
    struct work work = {last, NULL, plans, hunt_now() + seconds};
    return run_child(hunt_work, &work, failure);
}

bool hunt_again(const struct attempt *attempt, unsigned plans, double seconds, struct failure *failure)
{
    struct work work = {0, attempt, plans, hunt_now() + seconds};
    return run_child(repeat_work, &work, failure);
}

void hunt_repeat(const struct attempt *attempt, bool tells)
{
    hunt->now = *attempt;
    bool steps = controller_tells_steps;
    controller_tells_steps = false;
    warm_up();
    controller_tells_steps = steps;
    use_program();
    program_print(stdout, &program);
    fflush(stdout);
    controller_tells = tells;
    execute();
    printf("%u steps, changes that took place: %#x of %u\n", trace.steps, plan_changed(), attempt->plan.count);
}

void attempt_print(FILE *to, const struct attempt *attempt)
{
    fprintf(to, "PROGRAM=%llu WITHOUT=", (unsigned long long)attempt->seed);
    bool first = true;
    for (unsigned i = 0; i < MOST_GONE; i++) {
        unsigned end = i;
        while (end < MOST_GONE && attempt->gone[end]) {
            end++;
        }
        if (end != i) {
            fprintf(to, "%s%u-%u", first ? "" : ",", i, end - 1);
            first = false;
            i = end;
        }
    }
    fputc(' ', to);
    plan_print(to, &attempt->plan);
    fputc('\n', to);
}
