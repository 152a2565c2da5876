/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of fences of which one side pays everything.
 *
 * Where two threads each write one word and then read the other's, both need a full fence between. If one of them does
 * so for every item and the other once in a while, the light side takes a compiler barrier and the heavy side makes the
 * kernel run a full fence on every processor that runs a thread of this process: membarrier(2), private expedited,
 * about a microsecond. Where that call is missing both sides are full fences.
 *
 * Used only where the heavy side is about to wait for long, or finds that something has not moved for long: it
 * interrupts the other processors, and a thread that calls it on its way to sleep between two items makes everybody
 * slower.
 */
#ifndef OIP_ASYMMETRIC_FENCE_H
#define OIP_ASYMMETRIC_FENCE_H

#include "platform.h"

OIP_PRIVATE_BEGIN

/* Set before the first object exists, constant afterwards. */
extern bool asymmetric_fences_work;

void asymmetric_fences_prepare(void);

static inline void light_fence(void)
{
    if (OIP_LIKELY(asymmetric_fences_work)) {
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_thread_fence(memory_order_seq_cst);
    }
}

void heavy_fence(void);

OIP_PRIVATE_END

#endif
