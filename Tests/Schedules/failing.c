/* SPDX-License-Identifier: Apache-2.0 */
/* How an execution fails, and what its threads are called in what is printed then. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "batons.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void (*controller_explain)(void);

_Noreturn void controller_fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "FAIL %s: ", play_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (controller_explain != NULL) {
        controller_explain();
    } else {
        schedule_print(stderr, play_name, &trace->taken);
    }
    fflush(NULL);
    _exit(1);
}

/* AddressSanitizer calls this before it ends the process. */
void __asan_on_error(void)
{
    if (controller_explain != NULL) {
        controller_explain();
    } else {
        schedule_print(stderr, play_name, &trace->taken);
    }
}

static void on_fault(int number)
{
    controller_fail("signal %d", number);
}

void failing_begin(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    signal(SIGABRT, on_fault);
}

void controller_role(const char *format, ...)
{
    if (self != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(self->role, sizeof self->role, format, arguments);
        va_end(arguments);
    }
}

bool controller_is(const char *role)
{
    return self != NULL && strcmp(self->role, role) == 0;
}

void controller_print_threads(void)
{
    describe_threads();
}

long thread_number(void)
{
    return self != NULL ? index_of(self) + 1 : 0;
}
