/* SPDX-License-Identifier: Apache-2.0 */
/* A pool thread: its main loop, searching, parking and looking out. The essay is in pool.h. */
#ifndef OIP_WORKER_H
#define OIP_WORKER_H

#include "pool.h"

OIP_PRIVATE_BEGIN

/* The thread's main function; the argument is its struct worker. */
void *worker_main(void *argument);

/* Whether the runnable is a producer whose items have been claimed by others since this was asked last. */
bool runnable_is_moving(struct runnable *runnable);

OIP_PRIVATE_END

#endif
