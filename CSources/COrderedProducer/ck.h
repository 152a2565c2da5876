/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that includes Concurrency Kit.
 *
 * ck's operations are inline assembly, which ThreadSanitizer does not see. It would report the memory that they
 * protect, and instrument the plain accesses around them. So its functions are compiled without that instrumentation,
 * and whoever passes a pointer through one of its queues says so: oip_tsan_release() before the push,
 * oip_tsan_acquire() after the pop. Everything else in this library uses C11 atomics, which the sanitizer checks.
 */
#ifndef OIP_CK_H
#define OIP_CK_H

#include "platform.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("thread"))), apply_to = function)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpedantic"
#pragma clang diagnostic ignored "-Wunused-parameter"
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

#include <ck_ec.h>
#include <ck_stack.h>

#if defined(__clang__)
#pragma clang diagnostic pop
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#if OIP_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#define oip_tsan_acquire(address) __tsan_acquire(address)
#define oip_tsan_release(address) __tsan_release(address)
#else
#define oip_tsan_acquire(address) ((void)(address))
#define oip_tsan_release(address) ((void)(address))
#endif

#endif
