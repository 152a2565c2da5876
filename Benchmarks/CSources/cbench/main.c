/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C subjects by hand, without Swift: repeated runs of chosen subjects, one line each, medians at the end. For
 * whoever works on the core; ordered-bench is what measures and reports.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_subject.h"

enum { MAX_SUBJECTS = 16, MAX_RUNS = 101 };

struct arguments {
    const char *scenario;
    const struct bench_subject *subjects[MAX_SUBJECTS];
    int subject_count;
    int runs;
    uint64_t items;
    double work_ns;
    bool has_work;
    struct bench_job job;
};

static _Noreturn void usage(const char *problem, const char *value)
{
    fprintf(stderr,
            "cbench: %s%s\n"
            "usage: cbench --scenario trivial|<N>ns|<N>us|latency|drain --subject NAME[,NAME...] [--items N]\n"
            "              [--workers N] [--window N] [--rate N] [--burst N] [--tail-every N --tail-times N] "
            "[--slow-head TIMES]\n"
            "              [--callers N] [--producers N] [--runs N]\nsubjects:",
            problem, value);
    for (const struct bench_subject *subject = bench_subjects; subject->name != NULL; subject++)
        fprintf(stderr, " %s", subject->name);
    fputs("\n", stderr);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || *text == '-' || value == 0)
        usage("a positive number is needed, not ", text);
    return value;
}

static void choose_scenario(struct arguments *arguments, const char *name)
{
    char unit[3] = "";
    int used = 0;
    double amount = 0;
    arguments->scenario = name;
    arguments->work_ns = 0;
    if (strcmp(name, "latency") == 0)
        arguments->job.rate = arguments->job.rate > 0 ? arguments->job.rate : 10000;
    else if (strcmp(name, "drain") == 0)
        arguments->job.drain = true;
    else if (sscanf(name, "%lf%2[nu]%n", &amount, unit, &used) == 2 && strcmp(name + used, "s") == 0 && amount >= 0)
        arguments->work_ns = unit[0] == 'u' ? amount * 1000 : amount;
    else if (strcmp(name, "trivial") != 0)
        usage("no such scenario: ", name);
}

static void choose_subjects(struct arguments *arguments, char *names)
{
    for (char *name = strtok(names, ","); name != NULL; name = strtok(NULL, ",")) {
        const struct bench_subject *subject = bench_find_subject(name);
        if (subject == NULL || arguments->subject_count == MAX_SUBJECTS)
            usage("no such subject, or too many: ", name);
        arguments->subjects[arguments->subject_count++] = subject;
    }
}

/* The options that a pass is without where they are not given. */
static bool set_in_job(struct bench_job *job, const char *name, const char *value)
{
    if (strcmp(name, "--burst") == 0)
        job->burst = number(value);
    else if (strcmp(name, "--tail-every") == 0)
        job->tail_every = number(value);
    else if (strcmp(name, "--tail-times") == 0)
        job->tail_times = number(value);
    else if (strcmp(name, "--slow-head") == 0)
        job->slow_head = number(value);
    else if (strcmp(name, "--callers") == 0)
        job->callers = (uint32_t)number(value);
    else if (strcmp(name, "--producers") == 0)
        job->producers = (uint32_t)number(value);
    else
        return false;
    return true;
}

static struct arguments parse(int count, char **values)
{
    struct arguments arguments = {.runs = 1, .job = {.workers = 2, .window = 1024}};
    const char *scenario = "trivial";
    for (int i = 1; i < count; i += 2) {
        const char *name = values[i];
        if (i + 1 == count)
            usage("a value is missing after ", name);
        char *value = values[i + 1];
        if (strcmp(name, "--scenario") == 0)
            scenario = value;
        else if (strcmp(name, "--subject") == 0)
            choose_subjects(&arguments, value);
        else if (strcmp(name, "--items") == 0)
            arguments.items = number(value);
        else if (strcmp(name, "--workers") == 0)
            arguments.job.workers = (uint32_t)number(value);
        else if (strcmp(name, "--window") == 0)
            arguments.job.window = number(value);
        else if (strcmp(name, "--rate") == 0)
            arguments.job.rate = (double)number(value);
        else if (strcmp(name, "--runs") == 0)
            arguments.runs = (int)number(value);
        else if (!set_in_job(&arguments.job, name, value))
            usage("no such option: ", name);
    }
    if (arguments.subject_count == 0)
        usage("--subject is missing", "");
    if (arguments.runs > MAX_RUNS)
        usage("too many runs", "");
    choose_scenario(&arguments, scenario);
    return arguments;
}

/* Half a second or so of work, where nothing else is asked for. */
static uint64_t default_items(const struct arguments *arguments)
{
    if (arguments->job.rate > 0)
        return (uint64_t)arguments->job.rate;
    double per_item = arguments->work_ns < 25 ? 25 : arguments->work_ns;
    return (uint64_t)(1e9 / per_item);
}

static int ascending_int64(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int ascending_double(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double percentile(const int64_t *sorted, uint64_t count, double share)
{
    uint64_t index = (uint64_t)((double)count * share);
    return (double)sorted[index < count ? index : count - 1] / 1000;
}

static void print_run(const char *name, const struct bench_job *job, const struct bench_outcome *outcome)
{
    double items = (double)job->items;
    printf("%-14s %9.2f ns/item  cpu %9.2f  switches %.4f  wakes w %.4f c %.4f r %.4f  assisted %.3f helped %.3f", name,
           outcome->seconds * 1e9 / items, outcome->cpu_seconds * 1e9 / items,
           (double)outcome->context_switches / items, (double)outcome->worker_wakes / items,
           (double)outcome->consumer_wakes / items, (double)outcome->caller_wakes / items,
           (double)outcome->assisted / items, (double)outcome->helped / items);
    if (outcome->worst_share > 0)
        printf("  slowest %.3f of fastest", outcome->worst_share);
    if (job->drain)
        printf("  drain %.2f ns/item of %" PRIu64, outcome->drain_seconds * 1e9 / items, outcome->behind_head);
    if (job->latencies != NULL) {
        qsort(job->latencies, job->items, sizeof *job->latencies, ascending_int64);
        printf("  p50 %.1f p99 %.1f p99.9 %.1f max %.1f us", percentile(job->latencies, job->items, .5),
               percentile(job->latencies, job->items, .99), percentile(job->latencies, job->items, .999),
               percentile(job->latencies, job->items, 1));
    }
    fputs("\n", stdout);
    fflush(stdout);
}

/* The figure that a scenario is about: the median latency in microseconds, or nanoseconds per item. */
static double figure(const struct bench_job *job, const struct bench_outcome *outcome)
{
    if (job->drain)
        return outcome->drain_seconds * 1e9 / (double)job->items;
    return job->latencies != NULL ? percentile(job->latencies, job->items, .5)
                                  : outcome->seconds * 1e9 / (double)job->items;
}

int main(int count, char **values)
{
    struct arguments arguments = parse(count, values);
    struct bench_job *job = &arguments.job;
    static double figures[MAX_SUBJECTS][MAX_RUNS];

    double steps_per_us = bench_steps_per_microsecond();
    job->steps = (uint64_t)(arguments.work_ns * steps_per_us / 1000 + 0.5);
    job->items = arguments.items != 0 ? arguments.items : job->drain ? 1000001 : default_items(&arguments);
    job->items -= job->items % bench_groups(job);
    if (job->drain && job->window < job->items)
        job->window = job->items;
    if (job->rate > 0) {
        job->latencies = calloc(job->items, sizeof *job->latencies);
        if (job->latencies == NULL)
            usage("no memory for so many latencies", "");
    }
    uint64_t expected = bench_expected_checksum_of(job);
    printf("%s: %" PRIu64 " items, %" PRIu64 " steps (%.1f a microsecond), %u workers, window %" PRIu64 "\n",
           arguments.scenario, job->items, job->steps, steps_per_us, job->workers, job->window);

    for (int run = 0; run < arguments.runs; run++) {
        for (int i = 0; i < arguments.subject_count; i++) {
            struct bench_outcome outcome;
            int result = bench_measure(arguments.subjects[i], job, expected, &outcome);
            if (result != 0) {
                fprintf(stderr, "cbench: %s failed: %s (%" PRIu64 " of %" PRIu64 " results received)\n",
                        arguments.subjects[i]->name, strerror(-result), outcome.received, job->items);
                return 1;
            }
            print_run(arguments.subjects[i]->name, job, &outcome);
            figures[i][run] = figure(job, &outcome);
        }
    }
    for (int i = 0; i < arguments.subject_count && arguments.runs > 1; i++) {
        qsort(figures[i], (size_t)arguments.runs, sizeof(double), ascending_double);
        printf("median %-14s %9.2f (%.2f to %.2f)\n", arguments.subjects[i]->name, figures[i][arguments.runs / 2],
               figures[i][0], figures[i][arguments.runs - 1]);
    }
    free(job->latencies);
    return 0;
}
