/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_clock.h"
#include "bench_work.h"

__attribute__((noinline)) uint64_t bench_work(uint64_t index, uint64_t steps)
{
    uint64_t state = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (; steps > 0; steps--) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
    }
    return state * UINT64_C(0x2545f4914f6cdd1d);
}

double bench_steps_per_microsecond(void)
{
    enum { TRIES = 40, STEPS = 200000 };
    int64_t best = INT64_MAX;
    static volatile uint64_t keep;
    for (int i = 0; i < TRIES; i++) {
        int64_t start = bench_now();
        keep = bench_work((uint64_t)i, STEPS);
        int64_t took = bench_now() - start;
        if (took < best)
            best = took;
    }
    (void)keep;
    return (double)STEPS / ((double)best / 1000.0);
}

uint64_t bench_expected_checksum(uint64_t items, uint64_t steps)
{
    uint64_t checksum = BENCH_FOLD_START;
    for (uint64_t i = 0; i < items; i++)
        checksum = bench_fold(checksum, bench_work(i, steps));
    return checksum;
}
