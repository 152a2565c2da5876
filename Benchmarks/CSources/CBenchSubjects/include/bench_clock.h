/* SPDX-License-Identifier: Apache-2.0 */
/* Time as every subject takes it, and sleeping until a time. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds on the monotonic clock. */
static inline int64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Sleeps until `time`, or returns at once where that has passed: the kernel takes some 40 µs to find that out. */
static inline void bench_sleep_until(int64_t time)
{
    if (bench_now() >= time)
        return;
    struct timespec until = {.tv_sec = (time_t)(time / 1000000000), .tv_nsec = (long)(time % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
    }
}

/* Lets the calling thread wake from sleep as exactly as the kernel can: a timer slack of 1 ns instead of 50 µs. */
void bench_sharpen_timers(void);

#endif
