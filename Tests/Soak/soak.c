/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Productions of every kind, many side by side, with random endings, for as long as one likes.
 *
 *     soak MINUTES [SEED=number] [ONLY=number]
 *
 * Four stations run one production after the other on a site (a pool that they all share and resize, a pool that
 * finishes reserved items, an event loop) for some seconds; then the site is torn down, under the stations now and
 * then, and what the process holds is compared with what it held before. A production that breaks a promise ends the
 * run with its number: ONLY=number with the same SEED has all stations run nothing else.
 */
#include "process.h"
#include "production.h"
#include "tally.h"

#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STATIONS = 4, EPOCH_SECONDS = 2, HANG_SECONDS = 60 };

/* How much more the process may hold at the end than at its peak while it warmed up. */
#define RESIDENT_BOUND ((size_t)1 << 20)
#define HEAP_BOUND ((size_t)16 << 10)

struct tally tally;

static uint64_t seed, only = UINT64_MAX;
static atomic_ullong next_number;
static atomic_ullong in_progress[STATIONS];

uint64_t test_seed(void)
{
    return seed;
}

void check_failed(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stdout);
    printf("%s:%d: ", file, line);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\nSEED=%" PRIu64, seed);
    if (this_production != UINT64_MAX) {
        printf(" ONLY=%" PRIu64, this_production);
    }
    printf("; in progress:");
    for (int i = 0; i < STATIONS; i++) {
        uint64_t number = atomic_load(&in_progress[i]);
        struct plan plan = draw_plan(seed, number);
        printf("%s %" PRIu64 " (%s, %s)", i > 0 ? "," : "", number, face_name(plan.face), ending_name(plan.ending));
    }
    printf("\n");
    fflush(stdout);
    _exit(1); /* other threads may be anywhere: nothing is cleaned up */
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct station {
    struct site *site;
    int index;
    double until;
    sem_t *over;
    pthread_t thread;
};

static void *work(void *argument)
{
    struct station *station = argument;
    bool open = true;
    while (open && seconds_now() < station->until) {
        uint64_t number = only != UINT64_MAX ? only : atomic_fetch_add(&next_number, 1);
        atomic_store(&in_progress[station->index], number);
        open = run_production(station->site, seed, number);
    }
    sem_post(station->over);
    return NULL;
}

/* Waits with a limit: nothing passes because of it, it is what finds a hang. */
static void wait_or_hang(sem_t *semaphore, double until)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += HANG_SECONDS + (time_t)(until - seconds_now());
    while (sem_timedwait(semaphore, &limit) != 0) {
        if (errno != EINTR) {
            check_failed(__FILE__, __LINE__, "hangs: a production did not end within %d s", HANG_SECONDS);
        }
    }
}

static oip_pool *create_pool(uint32_t threads)
{
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = threads;
    oip_pool *pool;
    CHECK_EQUAL(oip_pool_create(&pool, &options), 0);
    count_one(&tally.pools);
    return pool;
}

static void end_pool(oip_pool *pool)
{
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    oip_pool_release(pool);
}

static void run_epoch(struct dice *dice, double seconds)
{
    bool closes_early = chance(dice, 3);
    struct site site = {create_pool(1 + (uint32_t)below(dice, 4)), create_pool(2), shared_loop_start(), false};
    struct station stations[STATIONS];
    sem_t over;
    sem_init(&over, 0, 0);
    double until = seconds_now() + seconds;
    for (int i = 0; i < STATIONS; i++) {
        stations[i] = (struct station){&site, i, until, &over, 0};
        CHECK_EQUAL(pthread_create(&stations[i].thread, NULL, work, &stations[i]), 0);
    }
    if (closes_early) {
        nanosleep(&(struct timespec){0, (long)(seconds * 4e8)}, NULL);
        atomic_store(&site.closing, true);
        CHECK_EQUAL(oip_pool_shutdown(site.pool), 0);
        count_one(&tally.by_pool);
    }
    for (int i = 0; i < STATIONS; i++) {
        wait_or_hang(&over, until);
    }
    for (int i = 0; i < STATIONS; i++) {
        CHECK_EQUAL(pthread_join(stations[i].thread, NULL), 0);
    }
    end_pool(site.pool);
    end_pool(site.elsewhere);
    shared_loop_end(site.loop);
    sem_destroy(&over);
}

/* A thread that was joined, or a consumer's that is done, may still be on its way out. */
static struct holdings settled(int threads)
{
    struct holdings holdings = holdings_now();
    double limit = seconds_now() + HANG_SECONDS;
    while (holdings.threads > threads && seconds_now() < limit) {
        sched_yield();
        holdings = holdings_now();
    }
    return holdings;
}

static void print_minute(int minute, const struct holdings *now)
{
    printf("minute %d: %llu producers, %llu items; resident %.1f MiB, heap %.1f KiB, %d descriptors, %d threads\n",
           minute, atomic_load(&tally.producers), atomic_load(&tally.items), (double)now->resident / 1048576.0,
           (double)now->heap / 1024.0, now->descriptors, now->threads);
    fflush(stdout);
}

static void print_tally(void)
{
    printf("%llu producers, %llu items: %llu delivered, %llu failed, %llu discarded\n", atomic_load(&tally.producers),
           atomic_load(&tally.items), atomic_load(&tally.delivered), atomic_load(&tally.failed),
           atomic_load(&tally.discarded));
    printf("consumers:");
    for (int i = 0; i < FACES; i++) {
        printf("%s %s %llu", i > 0 ? "," : "", face_name(i), atomic_load(&tally.faces[i]));
    }
    printf("\nendings:");
    for (int i = 0; i < ENDINGS; i++) {
        printf("%s %s %llu", i > 0 ? "," : "", ending_name(i), atomic_load(&tally.endings[i]));
    }
    printf("; of these by a failure %llu\n", atomic_load(&tally.by_failure));
    printf("%llu pools (%llu shut down under their producers), %llu resizes, %llu pauses, %llu waits taken back\n",
           atomic_load(&tally.pools), atomic_load(&tally.by_pool), atomic_load(&tally.resizes),
           atomic_load(&tally.pauses), atomic_load(&tally.cancelled));
    printf("deadlines: %llu producers, %llu requests, %llu overtaken, %llu of these while they ran; %llu events "
           "observed\n",
           atomic_load(&tally.with_deadlines), atomic_load(&tally.requests), atomic_load(&tally.overtaken),
           atomic_load(&tally.late), atomic_load(&tally.events));
    printf("nested: %llu accepted, %llu refused\n", atomic_load(&tally.nested), atomic_load(&tally.nested_refused));
}

static int verdict(const char *what, bool holds, size_t before, size_t after)
{
    printf("%s %s: %zu, then %zu\n", holds ? "ok  " : "FAIL", what, before, after);
    return !holds;
}

static size_t larger(size_t one, size_t other)
{
    return one > other ? one : other;
}

int main(int count, char **arguments)
{
    double minutes = count > 1 ? atof(arguments[1]) : 0;
    seed = (uint64_t)time(NULL) * 1000003u + (uint64_t)getpid();
    for (int i = 2; i < count; i++) {
        if (strncmp(arguments[i], "SEED=", 5) == 0) {
            seed = strtoull(arguments[i] + 5, NULL, 0);
        } else if (strncmp(arguments[i], "ONLY=", 5) == 0) {
            only = strtoull(arguments[i] + 5, NULL, 0);
        } else {
            minutes = 0;
        }
    }
    if (minutes <= 0) {
        fprintf(stderr, "usage: soak MINUTES [SEED=number] [ONLY=number]\n");
        return 2;
    }
    printf("SEED=%" PRIu64 "\n", seed);
    fflush(stdout);
    holdings_begin();
    struct dice dice = {seed};
    double begin = seconds_now(), end = begin + minutes * 60, warm = begin + minutes * 60 / 4;
    run_epoch(&dice, 0.2); /* what the process allocates once */
    struct holdings first = settled(1), warmed = first, now = first;
    for (int minute = 0; seconds_now() < end;) {
        double left = end - seconds_now();
        run_epoch(&dice, left < EPOCH_SECONDS ? left : EPOCH_SECONDS);
        now = settled(first.threads);
        if (now.threads != first.threads || now.descriptors != first.descriptors) {
            break;
        }
        if (seconds_now() < warm) {
            warmed.resident = larger(warmed.resident, now.resident);
            warmed.heap = larger(warmed.heap, now.heap);
        }
        if ((int)((seconds_now() - begin) / 60) > minute) {
            minute = (int)((seconds_now() - begin) / 60);
            print_minute(minute, &now);
        }
    }
    print_tally();
    int failed = 0;
    size_t items = atomic_load(&tally.items);
    size_t fates = atomic_load(&tally.delivered) + atomic_load(&tally.failed) + atomic_load(&tally.discarded);
    failed += verdict("every item accounted for", items == fates, items, fates);
    failed += verdict("resident bytes, at most 1 MiB more than while warming up",
                      now.resident <= warmed.resident + RESIDENT_BOUND, warmed.resident, now.resident);
    failed += verdict("allocated bytes, at most 16 KiB more than while warming up",
                      now.heap <= warmed.heap + HEAP_BOUND, warmed.heap, now.heap);
    failed += verdict("descriptors", now.descriptors == first.descriptors, (size_t)first.descriptors,
                      (size_t)now.descriptors);
    failed += verdict("threads", now.threads == first.threads, (size_t)first.threads, (size_t)now.threads);
    printf("SEED=%" PRIu64 "\n%d passed, %d failed\n", seed, 5 - failed, failed);
    return failed != 0;
}
