/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"

#include "asymmetric_fence.h"

#include <errno.h>
#include <ordered_producer.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char detail[200];

int fork_generation;

static void count_fork(void)
{
    fork_generation++;
}

int prepare_process(void)
{
    static pthread_once_t fences = PTHREAD_ONCE_INIT;
    pthread_once(&fences, asymmetric_fences_prepare);
    /* Not once for all: what failed for want of memory may be tried again. Two threads that both see that nobody
     * watches make a fork count twice, which is as good as once. */
    static atomic_bool watches;
    if (!atomic_load_explicit(&watches, memory_order_relaxed)) {
        int error = pthread_atfork(NULL, NULL, count_fork);
        if (error != 0) {
            return fail_with(-error, "pthread_atfork");
        }
        atomic_store_explicit(&watches, true, memory_order_relaxed);
    }
    return 0;
}

int fail_with(int result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return result;
}

const char *oip_error_detail(void)
{
    return detail;
}

const char *oip_strerror(int result)
{
    switch (-result) {
    case 0:
        return "success";
    case EAGAIN:
        return "not now: the window is full, or nothing is deliverable";
    case EPIPE:
        return "production has ended";
    case EINVAL:
        return "an argument is out of range";
    case ENOMEM:
        return "out of memory";
    case EALREADY:
        return "a consumer is attached already, or the wait is over already";
    case EDEADLK:
        return "the call would wait for its own caller";
    case ESHUTDOWN:
        return "the pool is shut down, or shutting down";
    case ECHILD:
        return "made before fork() and not usable in the child process";
    case EINPROGRESS:
        return "registered; the callback will tell the outcome";
    default: {
        static _Thread_local char text[120];
        char buffer[100];
        /* The GNU form returns the text, which need not be in the buffer. */
        snprintf(text, sizeof text, "%s", strerror_r(-result, buffer, sizeof buffer));
        return text;
    }
    }
}
