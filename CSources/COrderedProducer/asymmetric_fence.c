/* SPDX-License-Identifier: Apache-2.0 */
#include "asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

bool asymmetric_fences_work;

void asymmetric_fences_prepare(void)
{
    asymmetric_fences_work = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void heavy_fence(void)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (asymmetric_fences_work) {
        /* Cannot fail once registered. */
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    }
}
