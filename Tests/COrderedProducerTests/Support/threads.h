/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of this process, as the system lists them. */
#ifndef THREADS_H
#define THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * How many have a name of their own: the library's, from when they have begun. A thread of the test or of a sanitizer
 * has the program's name. One that is joined is still there for a moment, and while threads end one may be left out.
 */
int library_threads(void);

/* How many have this name. */
int threads_named(const char *name);

/* How often these went to sleep or lost their processor, all together. */
uint64_t library_switches(void);

/* Whether the thread, one of this process, sleeps at this moment. 0: none yet. */
bool thread_is_asleep(pid_t thread);

#endif
