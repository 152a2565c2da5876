/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's system calls, seen from outside: build.mk has the linker wrap `syscall` in the programs that include this.
 * Who sleeps, with a timer or without, is known from what the thread asked futex for; how often it slept is the
 * number of those calls, and how often processors were interrupted that of membarriers.
 */
#ifndef SLEEPS_H
#define SLEEPS_H

#include <pthread.h>
#include <stdbool.h>

/* Whether a thread of this name sleeps without a timer, and nobody has woken it. */
bool sleeps_for_good(const char *name);
bool thread_sleeps_for_good(pthread_t thread);

/* So far, all threads. */
long membarriers(void);
long futex_waits(void);

#endif
