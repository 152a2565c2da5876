/* SPDX-License-Identifier: Apache-2.0 */
/* Makes programs smaller. What is left is still one that generator.c allows: waits only go, they do not come. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

/* The next element; whether it is to go. */
struct elements {
    const bool *gone;
    unsigned count;
};

static bool goes(struct elements *elements)
{
    unsigned number = elements->count++;
    return number < MOST_GONE && elements->gone[number];
}

static void reduce_operation(struct elements *elements, struct operation *operation)
{
    if (goes(elements)) {
        operation->verb = NOTHING;
    }
}

static void simplify_operation(struct elements *elements, struct operation *operation)
{
    if (operation->verb == NOTHING) {
        elements->count += 7;
        return;
    }
    bool alone = goes(elements), at_once = goes(elements), free = goes(elements), sound = goes(elements);
    bool prompt = goes(elements), plain = goes(elements), independent = goes(elements);
    if (operation->make.awaits == AWAITS_NEXT_ITEM) {
        alone = alone && independent;
    }
    if (alone && operation->verb != CANCEL && operation->verb != RESIZE && operation->count > 1) {
        operation->count = 1;
    }
    operation->time = at_once && operation->verb != NAP ? 0 : operation->time;
    operation->make.cost = free ? 0 : operation->make.cost;
    operation->make.fails = operation->make.fails && !sound;
    operation->make.late = operation->make.late && !prompt;
    operation->make.inner = plain ? 0 : operation->make.inner;
    operation->make.awaits = independent ? AWAITS_NOTHING : operation->make.awaits;
}

/* `is_alone`: its items wait for the next call of their caller. */
static void simplify_plan(struct elements *elements, struct producer_plan *plan, bool is_alone)
{
    plan->width = goes(elements) ? 0 : plan->width;
    plan->policy = goes(elements) ? OIP_END_IN_ORDER : plan->policy;
    plan->wait = goes(elements) ? OIP_WAIT_ADAPTIVE : plan->wait;
    plan->no_assist = (!goes(elements) || is_alone) && plan->no_assist;
    plan->takes_calls = !goes(elements) && plan->takes_calls;
    plan->payload = goes(elements) ? 8 : plan->payload;
    plan->tries = !goes(elements) && plan->tries;
    plan->hands_over = !goes(elements) && plan->hands_over;
    plan->ends = goes(elements) ? BY_STOP : plan->ends;
    plan->observed = !goes(elements) && plan->observed;
    plan->helps = goes(elements) ? ALWAYS_HELPS : plan->helps;
    plan->deadlines = goes(elements) ? 0 : plan->deadlines;
}

unsigned program_reduce(struct program *program, const bool *gone)
{
    struct elements elements = {gone, 0};
    for (unsigned i = 0; i <= program->callers; i++) {
        bool all = i != 0 && goes(&elements);
        for (unsigned j = 0; all && j < program->lists[i].count; j++) {
            program->lists[i].operations[j].verb = NOTHING;
        }
    }
    for (unsigned i = 0; i <= program->callers; i++) {
        for (unsigned j = 0; j < program->lists[i].count; j++) {
            reduce_operation(&elements, &program->lists[i].operations[j]);
        }
    }
    for (unsigned i = 0; i < program->inner_count; i++) {
        reduce_operation(&elements, &program->inner[i]);
    }
    for (unsigned i = 0; i < program->producers; i++) {
        for (unsigned j = 0; j < MOST_INNER; j++) {
            reduce_operation(&elements, &program->plans[i].on_delivery[j]);
        }
    }
    reduce_operation(&elements, &program->on_told);
    program->pool_first = !goes(&elements) && program->pool_first;
    program->queue_first = !goes(&elements) && program->queue_first;
    program->gives_back_in_pool = !goes(&elements) && program->gives_back_in_pool;
    program->last_comes_late = !goes(&elements) && program->last_comes_late;
    program->shuts_down = !goes(&elements) && program->shuts_down;
    for (unsigned i = 0; i < program->producers; i++) {
        simplify_plan(&elements, &program->plans[i], program->alone == i + 1);
    }
    for (unsigned i = 0; i <= program->callers; i++) {
        for (unsigned j = 0; j < program->lists[i].count; j++) {
            simplify_operation(&elements, &program->lists[i].operations[j]);
        }
    }
    for (unsigned i = 0; i < program->inner_count; i++) {
        simplify_operation(&elements, &program->inner[i]);
    }
    return elements.count;
}

bool program_read_gone(const char *text, bool *gone)
{
    while (*text != 0) {
        char *end;
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-') {
            last = strtoul(end + 1, &end, 10);
        }
        if (end == text || last >= MOST_GONE || first > last || (*end != 0 && *end != ',')) {
            return false;
        }
        memset(gone + first, true, last - first + 1);
        text = *end == ',' ? end + 1 : end;
    }
    return true;
}
