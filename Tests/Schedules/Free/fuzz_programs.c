/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that a fuzzer draws: its input makes the generator's choices, and the program runs free. */
#include "controller.h"
#include "free_hunt.h"
#include "probe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *choices, size_t count);

/* The fuzzer says which input it was, and keeps it. */
void free_print_how_to_repeat(FILE *to)
{
    (void)to;
}

void free_give_up(void)
{
    abort();
}

static void print_counts(void)
{
    fprintf(stderr, "the probe met all asleep %llu times: %llu with a timer, %llu with a nap, %llu with neither\n",
            (unsigned long long)probe_counts->quiet, (unsigned long long)probe_counts->timers,
            (unsigned long long)probe_counts->naps, (unsigned long long)probe_counts->for_good);
}

int LLVMFuzzerTestOneInput(const uint8_t *choices, size_t count)
{
    static struct probe_counts probe;
    static struct quiescence_counts quiescence;
    static struct program program;
    static uint64_t number;
    if (number++ == 0) {
        probe_counts = &probe;
        quiescence_counts = &quiescence;
        atexit(print_counts);
    }
    program_draw_by(&program, 1, choices, count);
    free_execute(&program, number, (unsigned)(number % 4));
    return 0;
}
