/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the core asks of the system: its calls to malloc and its like, and to pthread_create, are wrapped by the linker
 * in the programs that build.mk says. They are counted, and fail on order.
 */
#ifndef WRAPPED_H
#define WRAPPED_H

#include "Support/lane.h"

/* So far: allocations, the bytes that they asked for, and the bytes that are held now. */
long memory_allocations(void);
long memory_requested(void);
long memory_held(void);

/* The next allocation, or thread, fails once so many have succeeded. */
void let_allocation_fail(int after);
void let_thread_fail(int after);

/* Whether that has come about. Nothing fails from now on. */
bool has_failed(void);

/* A producer whose items do nothing. */
int make_producer(oip_producer **producer, oip_pool *pool, size_t window, size_t payload_size, size_t align);
oip_producer *producer_with(oip_pool *pool, size_t window, size_t payload_size, size_t align);

#endif
