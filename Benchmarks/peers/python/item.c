/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call for an item, whatever its size: what an item costs in Python beside its work is the call into C, and no
 * arithmetic.
 */
#include "bench_work.h"

static uint64_t steps, head_steps, tail_steps, tail_every;

/* Before a pass: the steps of an item, of the first, and of the last in each `every` items (none if 0). */
void item_sizes(uint64_t usual, uint64_t head, uint64_t tail, uint64_t every)
{
    steps = usual;
    head_steps = head;
    tail_steps = tail;
    tail_every = every;
}

uint64_t item(uint64_t index)
{
    if (index == 0)
        return bench_work(index, head_steps);
    if (tail_every > 0 && index % tail_every == tail_every - 1)
        return bench_work(index, tail_steps);
    return bench_work(index, steps);
}
