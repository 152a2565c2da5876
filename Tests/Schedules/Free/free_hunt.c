/* SPDX-License-Identifier: Apache-2.0 */
#include "free_hunt.h"

#include "controller.h"
#include "probe.h"

static const struct program *performed;

static void body(void)
{
    program_perform(performed);
}

/* Every fourth is hardly disturbed. */
void free_execute(const struct program *program, uint64_t seed, unsigned number)
{
    static const uint32_t yields_in[] = {0, 0, 40, 8}, holds_in[] = {0, 400, 100, 25, 8};
    struct chance dice = {(seed * 64 + number + 1) * 0xD1342543DE82EF95u | 1, 0, false};
    chance_next(&dice, 2);
    struct disturbance disturbance = {.seed = chance_next(&dice, (uint64_t)1 << 48)};
    disturbance.yields_in = yields_in[number % 4];
    disturbance.holds_in = holds_in[chance_next(&dice, number % 4 == 0 ? 2 : 5)];
    performed = program;
    controller_explain = program_explain;
    probe_run(body, &disturbance, dice);
    program_check();
}

void free_attempt(const struct free_attempt *attempt)
{
    static struct program program;
    program_draw(&program, attempt->seed);
    program_reduce(&program, attempt->gone);
    for (unsigned i = 0; i < attempt->times; i++) {
        free_execute(&program, attempt->seed, attempt->first + i);
    }
}
