/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler, the processor and Linux call differently from one another. Included first by every file.
 */
#ifndef OIP_PLATFORM_H
#define OIP_PLATFORM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ck_ec.h, thread names and affinity */
#endif

#if !defined(__linux__)
#error "This library parks threads on futexes: it runs on Linux"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define OIP_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define OIP_TSAN 1
#endif
#ifndef OIP_TSAN
#define OIP_TSAN 0
#endif

/* Around the declarations of every private header, behind its includes: nothing but oip_* leaves a shared object. Not
 * by an option of the compiler, which a package that others depend on may not set. */
#define OIP_PRIVATE_BEGIN _Pragma("GCC visibility push(hidden)")
#define OIP_PRIVATE_END _Pragma("GCC visibility pop")

#define OIP_CACHE_LINE 64
#define OIP_ALIGNED_TO_LINE _Alignas(OIP_CACHE_LINE)

#define OIP_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define OIP_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define OIP_COLD __attribute__((noinline, cold))
#define OIP_INLINE static inline __attribute__((always_inline)) /* a part of several fast paths */

/* A place that matters between threads, by name. Nothing here: Tests/Schedules stops threads at it. */
#ifndef OIP_POINT
#define OIP_POINT(name) ((void)0)
#endif

/* The struct of type `type` whose member `member` is at `pointer`. */
#define OIP_CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Tells the processor that this thread polls. */
static inline void oip_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* `yield` is a no-op on most cores; isb drains, which is the pause wanted */
#endif
}

/* Asks for the cache line at `address` to be brought in for writing. A hint: never faults. (Compilers for baseline
 * x86-64 ask for reading; the other instruction was measured and made no difference.) */
static inline void oip_prefetch_for_write(const void *address)
{
    __builtin_prefetch(address, 1, 3);
}

static inline uint64_t oip_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* memcpy for payloads, most of which are one or two words: no call for those. */
static inline void oip_copy(void *to, const void *from, size_t size)
{
    switch (size) {
    case 8:
        memcpy(to, from, 8);
        break;
    case 16:
        memcpy(to, from, 16);
        break;
    default:
        memcpy(to, from, size);
    }
}

#endif
