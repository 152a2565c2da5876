/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_clock.h"

#include <sys/prctl.h>

void bench_sharpen_timers(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}
