/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the core that fail on order.
 *
 * The core's objects are linked with every call that can fail renamed to a fault_ function (redirected.txt): only the
 * core's own calls are numbered and made to fail, not those of the tests, of libc or of a sanitizer. What is taken is
 * counted until it is given back.
 */
#ifndef INJECTION_H
#define INJECTION_H

#include <stdbool.h>

enum call {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_ALIGNED_ALLOC,
    CALL_THREAD,
    CALL_MUTEX,
    CALL_CONDITION,
    CALL_ATTRIBUTES,
    CALL_STACK_SIZE,
    CALL_BINDING,
    CALL_FORK_WATCH,
    CALL_SIGNAL_MASK,
    CALL_PROCESSORS,
    CALL_MEMBARRIER,
    CALL_NAME,
    CALLS
};

/* What such a call is called, and what it then returns or leaves in errno. */
const char *call_name(enum call call);
int call_error(enum call call);

/* Whether its failure is none of the caller's business: it costs a label or some speed. */
bool call_is_optional(enum call call);

/*
 * Numbers the calls from now on, those of CALL_NAME excepted, from 1; the calls [first, last] fail. A thread's name is
 * set by the thread itself, at any time: it has an order of its own.
 */
void injection_begin(long first, long last);
void injection_fail_names(bool fail);

/* Lets everything succeed again. How many calls failed since injection_begin(). */
long injection_end(void);

/* The first of them whose failure is not optional; CALLS: none. */
enum call injection_cause(void);

/* What the core has taken and not given back. */
struct census {
    long memory, mutexes, conditions, attributes, threads;
};

struct census census_now(void);
bool census_equal(struct census left, struct census right);

/* Ends the test unless everything was given back, and no thread of the library is left. Waits for threads to leave. */
void expect_nothing_left(void);

/* Prints how many calls failed on order since the process began, by their names, for `run` to add up. */
void injection_report(void);

#endif
