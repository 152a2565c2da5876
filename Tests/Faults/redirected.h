/* SPDX-License-Identifier: Apache-2.0 */
/* What the core's objects call in the place of the functions whose names follow fault_: see redirected.txt. */
#ifndef REDIRECTED_H
#define REDIRECTED_H

#include "injection.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

/* Whether this call is one that is to fail. */
bool injection_fails(enum call call);

void *fault_malloc(size_t size);
void *fault_calloc(size_t count, size_t size);
void *fault_aligned_alloc(size_t align, size_t size);
void fault_free(void *block);
int fault_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
int fault_pthread_join(pthread_t thread, void **value);
int fault_pthread_tryjoin_np(pthread_t thread, void **value);
int fault_pthread_detach(pthread_t thread);
int fault_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int fault_pthread_mutex_destroy(pthread_mutex_t *mutex);
int fault_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int fault_pthread_cond_destroy(pthread_cond_t *condition);
int fault_pthread_attr_init(pthread_attr_t *attributes);
int fault_pthread_attr_destroy(pthread_attr_t *attributes);
int fault_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size);
int fault_pthread_attr_setaffinity_np(pthread_attr_t *attributes, size_t size, const cpu_set_t *set);
int fault_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int fault_pthread_sigmask(int how, const sigset_t *set, sigset_t *old);
int fault_pthread_setname_np(pthread_t thread, const char *name);
int fault_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int fault_clock_gettime(clockid_t clock, struct timespec *now);
long fault_syscall(long number, ...);

#endif
