/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a negated errno for the program, and for people a sentence that names the argument or the system call.
 */
#ifndef OIP_ERRORS_H
#define OIP_ERRORS_H

#include "platform.h"

OIP_PRIVATE_BEGIN

/* Remembers the sentence as this thread's oip_error_detail() and returns `result`. */
OIP_COLD __attribute__((format(printf, 2, 3))) int fail_with(int result, const char *format, ...);

/*
 * How often this process came out of fork() as the child since the first object was made. An object remembers the value
 * at its creation; a different value means that its threads exist in another process only.
 */
extern int fork_generation;

/* Before the first object: watches for fork() from now on, and finds out about fences. 0 or an errno, negated. */
int prepare_process(void);

OIP_PRIVATE_END

#endif
