/* SPDX-License-Identifier: Apache-2.0 */
/* What this process holds of the system's, as the system counts it. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>

struct holdings {
    size_t resident; /* bytes, once the allocator has given back what it keeps for later */
    size_t heap;     /* bytes that are allocated and not freed */
    int descriptors, threads;
};

/*
 * At the beginning. One arena: the allocator does not give back the ends of further ones, which would look like growth
 * for as long as random chance finds a new peak for each of them.
 */
void holdings_begin(void);

struct holdings holdings_now(void);

#endif
