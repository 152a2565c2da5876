/* SPDX-License-Identifier: Apache-2.0 */
#include "asymmetric_fence.h"

#include "parking.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

atomic_int asymmetric_fence_mode;

void asymmetric_fences_prepare(void)
{
    int saved = errno;
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0) {
        atomic_store_explicit(&asymmetric_fence_mode, FENCES_ASYMMETRIC, memory_order_relaxed);
    }
    errno = saved;
}

/* The kernel does not do it any more. */
static OIP_COLD void leave_membarrier(void)
{
    int asymmetric = FENCES_ASYMMETRIC;
    atomic_compare_exchange_strong_explicit(&asymmetric_fence_mode, &asymmetric, FENCES_LEAVING, memory_order_seq_cst,
                                            memory_order_relaxed);
    parking_nap(ASYMMETRIC_FENCE_SETTLES_NS);
    atomic_store_explicit(&asymmetric_fence_mode, FENCES_FULL, memory_order_seq_cst);
}

void heavy_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    int mode = atomic_load_explicit(&asymmetric_fence_mode, memory_order_relaxed);
    if (OIP_UNLIKELY(mode == FENCES_FULL)) {
        return;
    }
    int saved = errno;
    if (mode == FENCES_LEAVING || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
        leave_membarrier();
        atomic_thread_fence(memory_order_seq_cst);
    }
    errno = saved;
}
