/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before every file of the core and of the programs, when programs run free: on real threads, with real waits
 * and real time. Each thread, wait and named point is noted (threads.h), so that the probe knows who sleeps, and what
 * would wake it. Nothing else is changed: the core's atomics are its own. */
#ifndef FREE_H
#define FREE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "controller.h"
#include "threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define OIP_POINT(name) free_point(__func__, __LINE__)
#define syscall(...) free_syscall(__VA_ARGS__)
#define pthread_mutex_lock(mutex) free_lock(mutex, __func__, __LINE__)
#define pthread_cond_wait(condition, mutex) free_wait(condition, mutex, __func__, __LINE__)
#define pthread_cond_broadcast(condition) free_broadcast(condition)
#define pthread_create(thread, attributes, main, argument) free_create(thread, attributes, main, argument)
#define pthread_join(thread, result) free_join(thread, result, __func__, __LINE__)
#define pthread_setname_np(thread, name) ((void)(thread), controller_role("%s", name), 0)
#define malloc(size) controller_malloc(size)
#define calloc(count, size) controller_calloc(count, size)
#define aligned_alloc(align, size) controller_aligned_alloc(align, size)
#define free(memory) controller_free(memory)

#endif
