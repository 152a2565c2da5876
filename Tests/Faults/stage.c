/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a scenario, whoever lets its requests fail. */
#include "scenarios.h"

#include <sched.h>
#include <stdio.h>

void stage_begin(struct stage *stage, const struct scenario *scenario)
{
    *stage = (struct stage){.scenario = scenario};
    sem_init(&stage->ran, 0, 0);
    if (scenario->prepare != NULL) {
        scenario->prepare(stage);
    }
    stage->prepared = census_now();
}

struct census stage_settled(struct stage *stage)
{
    WAIT_UNTIL(stage->scenario->keeps || census_equal(stage->prepared, census_now()));
    return census_now();
}

void stage_try_again(struct stage *stage, struct census before)
{
    const struct scenario *scenario = stage->scenario;
    scenario->expect_unchanged(stage);
    CHECK(scenario->keeps || census_equal(before, census_now()));
    CHECK_EQUAL(scenario->attempt(stage), 0);
}

void stage_undo(struct stage *stage)
{
    if (stage->scenario->undo != NULL) {
        stage->scenario->undo(stage);
    }
}

void stage_end(struct stage *stage)
{
    if (stage->scenario->finish != NULL) {
        stage->scenario->finish(stage);
    }
    expect_nothing_left();
}

const char *scenario_name(int variant)
{
    static char name[60];
    snprintf(name, sizeof name, "%s, %s", scenarios[variant / 2].name, variant % 2 ? "and all later" : "one request");
    return name;
}
