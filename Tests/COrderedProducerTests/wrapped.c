/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapped.h"

#include <malloc.h>

static atomic_long allocations, requested, bytes;
static atomic_long fail_allocation_in = -1, fail_thread_in = -1; /* so many succeed before one fails; -1: none fails */

long memory_allocations(void)
{
    return atomic_load(&allocations);
}

long memory_requested(void)
{
    return atomic_load(&requested);
}

long memory_held(void)
{
    return atomic_load(&bytes);
}

void let_allocation_fail(int after)
{
    atomic_store(&fail_allocation_in, after);
}

void let_thread_fail(int after)
{
    atomic_store(&fail_thread_in, after);
}

bool has_failed(void)
{
    long allocation = atomic_exchange(&fail_allocation_in, -1), thread = atomic_exchange(&fail_thread_in, -1);
    return allocation < 0 && thread < 0;
}

/* ------------------------------------------------------------------------------------- what the core calls now ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *memory);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

static bool fails(atomic_long *countdown)
{
    return atomic_load(countdown) >= 0 && atomic_fetch_sub(countdown, 1) == 0;
}

static void *counted(void *memory, size_t size)
{
    if (memory != NULL) {
        atomic_fetch_add(&requested, (long)size);
        atomic_fetch_add(&allocations, 1);
        atomic_fetch_add(&bytes, (long)malloc_usable_size(memory));
    }
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_calloc(count, size), count * size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails(&fail_allocation_in) ? NULL : counted(__real_aligned_alloc(align, size), size);
}

void __wrap_free(void *memory)
{
    if (memory != NULL) {
        atomic_fetch_sub(&bytes, (long)malloc_usable_size(memory));
    }
    __real_free(memory);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument)
{
    return fails(&fail_thread_in) ? EAGAIN : __real_pthread_create(thread, attributes, run, argument);
}

/* --------------------------------------------------------------------------- a producer whose items do nothing ---- */

static int run_nothing(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

int make_producer(oip_producer **producer, oip_pool *pool, size_t window, size_t payload_size, size_t align)
{
    return oip_producer_create(
        producer, pool,
        OPTIONS(.window = window, .payload_size = payload_size, .payload_align = align, .run = run_nothing));
}

oip_producer *producer_with(oip_pool *pool, size_t window, size_t payload_size, size_t align)
{
    oip_producer *producer = NULL;
    CHECK_EQUAL(make_producer(&producer, pool, window, payload_size, align), 0);
    return producer;
}
