/* SPDX-License-Identifier: Apache-2.0 */
#include "subjects.h"

int bench_serial(void *state, const struct bench_job *job, struct bench_receiver *receiver,
                 struct bench_outcome *outcome)
{
    (void)state;
    (void)outcome;
    bench_begin(receiver);
    for (uint64_t i = 0; i < job->items; i++)
        bench_receive(receiver, bench_item(job, i));
    return 0;
}
