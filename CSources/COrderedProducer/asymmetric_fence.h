/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pair of fences of which one side pays everything.
 *
 * Where two threads each write one word and then read the other's, both need a full fence between. If one of them does
 * so for every item and the other once in a while, the light side takes a compiler barrier and the heavy side makes the
 * kernel run a full fence on every processor that runs a thread of this process: membarrier(2), private expedited,
 * about a microsecond. Where that call is missing both sides are full fences.
 *
 *     light:   write A;  light fence;  read B
 *     heavy:   write B;  heavy fence;  read A            one of them sees what the other has written
 *
 * Used only where the heavy side is about to wait for long, or finds that something has not moved for long: it
 * interrupts the other processors, and a thread that calls it on its way to sleep between two items makes everybody
 * slower.
 *
 * Where membarrier is refused later. A program may confine itself after it has made its first pool (seccomp), and the
 * kernel may have no memory for the call. Then the light side pays from there on, for good:
 *
 *     heavy:   write B;  full fence;  membarrier fails;  mode := leaving;  waits a while;  mode := full;  full fence;
 *              read A
 *     light:   write A;  mode?  a compiler barrier, or a full fence;  read B
 *
 * Why the transition is safe: by time. A processor may hold a write back, and may do a read before the write in front
 * of it, but not for longer than it has both in flight, which is microseconds. An interruption does not prolong that:
 * what is behind it in the program is done after it, again if need be. So in "write A; mode?; read B" others see A at
 * the latest microseconds after the mode, or B, was read. The heavy side waits thousands of times as long
 * (ASYMMETRIC_FENCE_SETTLES_NS), and
 *   - a light side that read B before the heavy side's write was there has its A seen before the wait is over;
 *   - whoever comes to a heavy fence after somebody's wait, and finds `full`: a light side that read the old mode did
 *     so before that wait was over by far, so that its A is seen; one that reads the new mode has a full fence, as the
 *     heavy side has.
 * Who finds `leaving`, another thread being in its wait, waits as long itself.
 *
 * That the mode is read between the write and the read of B, and not long before, is up to the compiler: hence its
 * barriers on both sides. Else a thread could read the old mode, sleep through the transition, and then do the rest.
 *
 * No call of the kernel that makes other processors run a fence is certain where membarrier is not: a changed
 * protection of a page interrupts them on some processors only, and a thread that visits each processor in turn needs
 * the right to, and waits for whoever holds one.
 */
#ifndef OIP_ASYMMETRIC_FENCE_H
#define OIP_ASYMMETRIC_FENCE_H

#include "platform.h"

OIP_PRIVATE_BEGIN

enum { ASYMMETRIC_FENCE_SETTLES_NS = 10000000 };

enum fence_mode {
    FENCES_FULL = 0,   /* on both sides */
    FENCES_ASYMMETRIC, /* by membarrier */
    FENCES_LEAVING,    /* it was refused: light sides are becoming full */
};

/* enum fence_mode. Chosen before the first object exists; from then on it changes in the order above, backwards. */
extern atomic_int asymmetric_fence_mode;

void asymmetric_fences_prepare(void);

static inline void light_fence(void)
{
    atomic_signal_fence(memory_order_seq_cst); /* the mode is read behind the write: see above */
    /* Relaxed: pairs with nothing, see above. */
    if (OIP_UNLIKELY(atomic_load_explicit(&asymmetric_fence_mode, memory_order_relaxed) != FENCES_ASYMMETRIC)) {
        atomic_thread_fence(memory_order_seq_cst);
    }
    atomic_signal_fence(memory_order_seq_cst);
}

void heavy_fence(void);

OIP_PRIVATE_END

#endif
