/* SPDX-License-Identifier: Apache-2.0 */
/* Programs whose items wait for the next call of their caller: G9 of generator.c. */
#include "program.h"

static bool asks_of(const struct operation *operation, unsigned of)
{
    return verb_asks(operation->verb) && operation->of == of;
}

/* One caller alone asks the first producer, one by one, and its items wait for its next call: G9. */
void program_wait_for_next_calls(struct program *program)
{
    struct producer_plan *plan = &program->plans[0];
    plan->no_assist = true;
    plan->window = plan->window < 2 ? 2 : plan->window;
    plan->consumes = plan->consumes == BY_NOBODY || plan->consumes == BY_SINK ? BY_THREAD : plan->consumes;
    plan->deadlines = 0;
    program->alone = 1;
    for (unsigned i = 0; i <= program->callers; i++) {
        for (unsigned j = 0; j < program->lists[i].count; j++) {
            struct operation *operation = &program->lists[i].operations[j];
            if (asks_of(operation, 0) && i != 1) {
                operation->verb = NOTHING;
            } else if (asks_of(operation, 0) && operation->verb == PRODUCE) {
                operation->count = 1;
                operation->make.awaits = AWAITS_NEXT_CALL;
            }
        }
    }
    program->on_told.verb = asks_of(&program->on_told, 0) ? NOTHING : program->on_told.verb;
    for (unsigned i = 0; i < program->inner_count; i++) {
        program->inner[i].verb = asks_of(&program->inner[i], 0) ? NOTHING : program->inner[i].verb;
    }
    for (unsigned i = 0; i < program->producers; i++) {
        for (unsigned j = 0; j < MOST_INNER; j++) {
            struct operation *operation = &program->plans[i].on_delivery[j];
            operation->verb = asks_of(operation, 0) ? NOTHING : operation->verb;
        }
    }
    /* The call that an item waits for: one that waits for room of the same producer, or for nobody. */
    struct list *list = &program->lists[1];
    for (unsigned j = 0; j < list->count; j++) {
        struct operation *next = j + 1 < list->count ? &list->operations[j + 1] : NULL;
        if (list->operations[j].make.awaits == AWAITS_NEXT_CALL && next != NULL && verb_waits(next->verb)) {
            *next = (struct operation){.verb = PRODUCE, .of = 0, .count = 1, .make = {.awaits = AWAITS_NOTHING}};
        }
    }
}
