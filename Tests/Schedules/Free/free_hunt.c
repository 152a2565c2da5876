/* SPDX-License-Identifier: Apache-2.0 */
#include "free_hunt.h"

#include "controller.h"
#include "probe.h"

static struct program program;
static struct free_attempt now;

static void body(void)
{
    program_perform(&program);
}

/* The first executions are hardly disturbed. */
static void execute(unsigned number)
{
    static const uint32_t yields_in[] = {0, 0, 40, 8}, holds_in[] = {0, 400, 100, 25, 8};
    struct chance dice = {(program.seed * 64 + number + 1) * 0xD1342543DE82EF95u | 1, 0, false};
    chance_next(&dice, 2);
    struct disturbance disturbance = {.seed = chance_next(&dice, (uint64_t)1 << 48)};
    disturbance.yields_in = yields_in[number % 4];
    disturbance.holds_in = holds_in[chance_next(&dice, number == 0 ? 2 : 5)];
    probe_run(body, &disturbance, dice);
    program_check();
}

void free_attempt(const struct free_attempt *attempt)
{
    now = *attempt;
    controller_explain = program_explain;
    program_draw(&program, now.seed);
    program_reduce(&program, now.gone);
    for (unsigned i = 0; i < attempt->times; i++) {
        execute(attempt->first + i);
    }
}

void free_attempt_print(FILE *to)
{
    enum { AGAIN = 1000 };
    fprintf(to, "again: Tests/Schedules/run --programs --free --times %d PROGRAM=%llu\n", AGAIN,
            (unsigned long long)now.seed);
}
