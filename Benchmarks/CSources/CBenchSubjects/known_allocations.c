/* SPDX-License-Identifier: Apache-2.0 */
#include "subjects.h"

#include <errno.h>
#include <stdlib.h>

int bench_known_allocations(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                            struct bench_outcome *outcome)
{
    (void)state;
    (void)outcome;
    bench_begin(receiver);
    for (uint64_t i = 0; i < job->items; i++) {
        /* Volatile: a compiler may leave out memory that nobody looks at. */
        void *volatile first = malloc(16);
        void *volatile second = calloc(1, 16);
        void *third;
        if (posix_memalign(&third, 64, 64) != 0)
            return -ENOMEM;
        free(first);
        free(second);
        free(third);
        bench_receive(receiver, bench_item(job, i));
    }
    return 0;
}
