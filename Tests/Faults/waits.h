/* SPDX-License-Identifier: Apache-2.0 */
/* The core's sleeps and its clock: sleeps that end early, and a clock that leaps. */
#ifndef WAITS_H
#define WAITS_H

#include <stdbool.h>
#include <stdint.h>

/* How a sleep ends that nobody has woken: futex(2) allows all of these. */
enum early { EARLY_NOT, EARLY_INTERRUPTED, EARLY_CHANGED, EARLY_WOKEN, EARLIES };

const char *early_name(int early);

/* Each `every`-th sleep from now on ends before it began. */
void waits_end_early(enum early early, long every);

/* Only the `number`-th sleep from now on, counted from 1. */
void wait_ends_early(enum early early, long number);

/* How many sleeps ended early since one of these was called. */
long waits_ended_early(void);

/* The processor is given up before each sleep and each wake from now on. */
void waits_dawdle(bool dawdle);

/*
 * The monotonic clock leaps ahead by `nanoseconds` at each `every`-th look from now on, for deadlines as for durations,
 * as after a suspension of a virtual machine; 0: it does not.
 */
void clock_leaps(long every, int64_t nanoseconds);

/* Looks at the clock since the process began. Looking at any other clock than the monotonic one ends the test. */
long clock_looks(void);

/* Prints the counts for `run` to add up. */
void waits_report(void);

#endif
