/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws programs. Each is one that the header allows, and that ends under every schedule that lets each thread go on
 * at last. So whoever waits, waits only for what comes without him:
 *
 *   G1  Producers are numbered. Inside an item, consumer or sink of producer i only the room or the end of producers
 *       j > i is waited for; and the room of i itself, where the library refuses what would wait for its caller.
 *       A thread of the pool waits in the library alone, which helps, or lends its place.
 *   G2  The thread of an event loop serves all its producers, and waits for none.
 *   G3  Callbacks (`done`) wait for nobody.
 *   G4  What was reserved is finished at once, or handed to the keeper, who waits for nobody. A pause is ended by the
 *       keeper.
 *   G5  The director attaches the consumers, and so waits for nobody before he ends production: then in the order of
 *       falling numbers, so that whom the items of i wait for has ended already. Callers that wait for room of a
 *       producer that never gets a consumer are let go by its end, which is before they are joined.
 *   G6  A pool's shutdown waits for all producers: it is the last that its caller does, and the director ends
 *       production before he joins that caller.
 *   G8  An item may wait for the next one of the same oip_try_produce_many(), where a thread of the pool is sure to be
 *       free for it: two or more, the width not 1, no other item that waits, and no resize.
 *   G9  An item may wait for the next call of its caller, with no_assist; where nobody else asks that producer, whose
 *       window has a place more, and which needs no pool thread for its delivery.
 *   G7  Handles are given back when no other thread is in a call, but that which finishes reserved items. */
#include "program.h"

#include "schedule.h"

enum where { AS_DIRECTOR, AS_CALLER, AS_ITEM, AS_CONSUMER, AS_LOOP, AS_CALLBACK };

const uint64_t deadline_times[DEADLINE_TIMES] = {0, 1, 5000, 100000, 3000000, 3600000000000, OIP_NO_DEADLINE};

enum { LONGEST_INNER_NS = 2000000 };

struct drawing {
    struct program *program;
    struct chance dice;
    const uint8_t *choices; /* what is drawn first, instead of by the dice */
    size_t choices_left;
    enum { ITEMS_WAIT, CONSUMERS_WAIT, BOTH_WAIT, ITEMS_AWAIT, NEXT_CALL } mode; /* who waits: G1, G8, G9 */
    bool awaits;                                                                 /* there is one */
    unsigned style;                                                              /* of costs */
    unsigned resizes; /* still allowed: each may take threads of the controller */
    unsigned longest; /* list */
};

static unsigned roll(struct drawing *drawing, unsigned below)
{
    if (drawing->choices_left != 0) {
        drawing->choices_left--;
        return *drawing->choices++ % below;
    }
    return (unsigned)chance_next(&drawing->dice, below);
}

static bool in_percent(struct drawing *drawing, unsigned percent)
{
    return roll(drawing, 100) < percent;
}

/* From `weights`, which end with 0, by their sum. */
static unsigned weighed(struct drawing *drawing, const unsigned *weights)
{
    unsigned sum = 0, at = 0;
    for (unsigned i = 0; weights[i] != 0; i++) {
        sum += weights[i];
    }
    for (unsigned left = roll(drawing, sum); left >= weights[at]; at++) {
        left -= weights[at];
    }
    return at;
}

static uint32_t draw_cost(struct drawing *drawing)
{
    static const uint32_t costs[] = {0, 60, 300, 2000, 20000, 2000000, 40000000};
    switch (drawing->style) {
    case 0:
        return 0;
    case 1:
        return costs[roll(drawing, 3)];
    case 2: /* cheap ones, and now and then a long one */
        return in_percent(drawing, 80) ? costs[roll(drawing, 2)] : costs[4 + roll(drawing, 3)];
    default:
        return costs[roll(drawing, sizeof costs / sizeof *costs)];
    }
}

static uint32_t draw_time(struct drawing *drawing)
{
    static const uint32_t times[] = {100, 3000, 50000, 400000, 3000000, 50000000};
    return in_percent(drawing, 70) ? 0 : times[roll(drawing, sizeof times / sizeof *times)];
}

bool verb_asks(enum verb verb)
{
    return verb >= PRODUCE && verb <= REQUEST_RESERVATION;
}

bool verb_waits(enum verb verb)
{
    return verb == PRODUCE || verb == PRODUCE_MANY || verb == RESERVE || verb == REQUEST || verb == STOP ||
           verb == STOP_ASYNC;
}

static struct operation draw_operation(struct drawing *drawing, enum where where, unsigned inside);

static struct make draw_make(struct drawing *drawing, enum where where, unsigned of)
{
    struct program *program = drawing->program;
    struct make make = {.cost = draw_cost(drawing), .fails = in_percent(drawing, 4), .late = in_percent(drawing, 60)};
    make.deadline = (uint8_t)roll(drawing, DEADLINE_TIMES);
    make.mixed = in_percent(drawing, 40);
    /* Items that wait for others are many: theirs do not take long. */
    make.cost = where == AS_ITEM && make.cost > LONGEST_INNER_NS ? LONGEST_INNER_NS : make.cost;
    bool may_do_more = (where == AS_DIRECTOR || where == AS_CALLER) && of < program->producers;
    unsigned most = sizeof program->inner / sizeof *program->inner;
    if (may_do_more && in_percent(drawing, 25) && program->inner_count < most) {
        program->inner[program->inner_count] = draw_operation(drawing, AS_ITEM, of);
        make.inner = (uint8_t)++program->inner_count;
    }
    return make;
}

/* Where the verb waits, for whom it may from here: G1. MOST_PRODUCERS: for nobody. */
static unsigned draw_producer(struct drawing *drawing, enum where where, enum verb verb, unsigned inside)
{
    unsigned producers = drawing->program->producers;
    if (!verb_waits(verb) || where == AS_CALLER) {
        return roll(drawing, producers);
    }
    if (where == AS_DIRECTOR || where == AS_LOOP || where == AS_CALLBACK ||
        (where == AS_ITEM && drawing->mode != ITEMS_WAIT && drawing->mode != BOTH_WAIT) ||
        (where == AS_CONSUMER && drawing->mode != CONSUMERS_WAIT && drawing->mode != BOTH_WAIT)) {
        return MOST_PRODUCERS;
    }
    return inside + roll(drawing, producers - inside);
}

static struct operation draw_operation(struct drawing *drawing, enum where where, unsigned inside)
{
    /* By enum verb. */
    static const unsigned weights[VERBS + 1] = {
        [NOTHING] = 1,
        [PRODUCE] = 20,
        [TRY_PRODUCE] = 8,
        [PRODUCE_MANY] = 8,
        [TRY_MANY] = 5,
        [PRODUCE_ASYNC] = 10,
        [RESERVE] = 8,
        [TRY_RESERVE] = 6,
        [RESERVE_ASYNC] = 8,
        [REQUEST] = 4,
        [REQUEST_NOWAIT] = 3,
        [REQUEST_WAITER] = 3,
        [REQUEST_RESERVATION] = 3,
        [FINISH_SOME] = 6,
        [CANCEL] = 6,
        [NAP] = 8,
        [PAUSE] = 4,
        [RESUME] = 2,
        [LOOK] = 3,
        [ATTACH] = 1,
        [STOP] = 2,
        [STOP_ASYNC] = 1,
        [ABORT] = 2,
        [RESIZE] = 3,
        [JOB] = 3,
        [SHUT_DOWN] = 1,
        [LEAVE] = 1,
        [STOP_LATER] = 1,
        [FINISH] = 1,
        [WATCH] = 2,
        [NEST] = 4,
    };
    for (;;) {
        struct operation operation = {.verb = (enum verb)weighed(drawing, weights)};
        enum verb verb = operation.verb;
        bool outside = where == AS_CALLER || where == AS_DIRECTOR;
        if (verb == NOTHING || verb == SHUT_DOWN || (verb == NEST && (where != AS_ITEM || drawing->mode > BOTH_WAIT)) ||
            (verb == ATTACH && where != AS_CALLER) || (verb == LEAVE && where != AS_CONSUMER && where != AS_LOOP) ||
            (verb == NAP && !outside) || (verb == STOP_ASYNC && where != AS_CALLER) ||
            (verb == RESIZE && where == AS_CALLBACK) || (verb == RESIZE && drawing->resizes == 0)) {
            continue;
        }
        unsigned of = draw_producer(drawing, where, verb, inside);
        if (of == MOST_PRODUCERS) {
            continue;
        }
        drawing->resizes -= verb == RESIZE;
        operation.of = (uint8_t)of;
        operation.time = where == AS_CALLBACK ? 0 : draw_time(drawing);
        operation.count = (uint8_t)(1 + roll(drawing, verb == CANCEL ? 3 : 4));
        if (verb == PRODUCE_MANY || verb == TRY_MANY) {
            operation.count = (uint8_t)(1 + roll(drawing, 10));
        } else if (verb == RESIZE) {
            operation.count = (uint8_t)(1 + roll(drawing, 3));
        } else if (verb == CANCEL) {
            operation.count--;
        } else if (verb == NAP && operation.time == 0) {
            continue;
        }
        if (verb_asks(verb) || verb == JOB) {
            operation.make = draw_make(drawing, where, of);
        }
        if (verb == TRY_MANY && drawing->mode == ITEMS_AWAIT && !drawing->awaits && outside &&
            drawing->program->plans[of].width != 1) {
            drawing->awaits = true;
            operation.make.awaits = AWAITS_NEXT_ITEM;
            operation.count++;
        }
        return operation;
    }
}

static void draw_producer_plan(struct drawing *drawing, unsigned number)
{
    static const uint32_t windows[] = {1, 1, 2, 2, 5, 5, 8, 8, 8, 64}, widths[] = {0, 0, 1, 2},
                          payloads[] = {8, 8, 16, 24, 40, 300};
    struct producer_plan *plan = &drawing->program->plans[number];
    plan->window = windows[roll(drawing, sizeof windows / sizeof *windows)];
    plan->width = widths[roll(drawing, 4)];
    plan->payload = payloads[roll(drawing, 6)];
    plan->policy = (enum oip_failure_policy)weighed(drawing, (const unsigned[]){6, 2, 2, 0});
    plan->wait = (enum oip_wait_strategy)weighed(drawing, (const unsigned[]){6, 3, 1, 0});
    plan->no_assist = in_percent(drawing, 20);
    plan->observed = in_percent(drawing, 15);
    plan->helps = (enum helps)weighed(drawing, (const unsigned[]){80, 10, 10, 0});
    plan->deadlines = in_percent(drawing, 25) ? (uint8_t)(1 + roll(drawing, DEADLINE_TIMES)) : 0;
    plan->instead = (uint8_t)roll(drawing, 4);
    plan->takes_calls = in_percent(drawing, 12);
    plan->consumes = (enum consumes)weighed(drawing, (const unsigned[]){10, 30, 15, 25, 20, 0});
    plan->tries = in_percent(drawing, 30);
    plan->hands_over = in_percent(drawing, 20);
    plan->ends = (enum ends)weighed(drawing, (const unsigned[]){45, 20, 20, 15, 0});
    for (unsigned i = 0; i < MOST_INNER && plan->consumes != BY_NOBODY; i++) {
        if (in_percent(drawing, 15)) {
            enum where where = plan->consumes == BY_LOOP ? AS_LOOP : AS_CONSUMER;
            plan->on_delivery[i] = draw_operation(drawing, where, number);
            plan->at_delivery[i] = (uint8_t)(1 + roll(drawing, 6));
        }
    }
}

static void draw_list(struct drawing *drawing, struct list *list, enum where where)
{
    unsigned wanted = 1 + roll(drawing, where == AS_DIRECTOR ? 4 : drawing->longest);
    while (list->count < wanted) {
        struct operation operation = draw_operation(drawing, where, 0);
        list->operations[list->count++] = operation;
        if (operation.verb == PRODUCE && list->count < wanted && in_percent(drawing, 15)) {
            /* Beside the thread that was just woken for the item. */
            static const enum verb next[] = {PAUSE, ABORT, FINISH, PRODUCE, FINISH_SOME};
            enum verb verb = next[weighed(drawing, (const unsigned[]){8, 1, 1, 6, 2, 0})];
            list->operations[list->count - 1].count = 1;
            list->operations[list->count++] = (struct operation){.verb = verb, .of = operation.of, .count = 1};
        }
    }
}

/* At some place of the director's list. */
static void insert_attachments(struct drawing *drawing)
{
    struct list *list = &drawing->program->lists[0];
    for (unsigned i = 0; i < drawing->program->producers; i++) {
        if (drawing->program->plans[i].consumes == BY_NOBODY || list->count == MOST_OPERATIONS) {
            continue;
        }
        unsigned at = in_percent(drawing, 60) ? 0 : roll(drawing, list->count + 1);
        for (unsigned j = list->count++; j > at; j--) {
            list->operations[j] = list->operations[j - 1];
        }
        list->operations[at] = (struct operation){.verb = ATTACH, .of = (uint8_t)i, .time = draw_time(drawing)};
    }
}

void program_draw(struct program *program, uint64_t seed)
{
    program_draw_by(program, seed, NULL, 0);
}

void program_draw_by(struct program *program, uint64_t seed, const uint8_t *choices, size_t count)
{
    *program = (struct program){.seed = seed};
    struct drawing drawing = {.program = program, .dice = {seed * 0x9E3779B97F4A7C15u | 1, 0, false}, .resizes = 3};
    for (int i = 0; i < 4; i++) {
        roll(&drawing, 2); /* small seeds give small first numbers */
    }
    drawing.choices = choices;
    drawing.choices_left = count;
    program->threads = 1 + roll(&drawing, 2);
    program->producers = 1 + weighed(&drawing, (const unsigned[]){60, 30, 10, 0});
    program->callers = 1 + roll(&drawing, MOST_CALLERS);
    program->notifies = in_percent(&drawing, 50);
    program->joins_first = in_percent(&drawing, 65);
    program->pool_first = in_percent(&drawing, 30);
    program->shuts_down = in_percent(&drawing, 50);
    program->queue_first = in_percent(&drawing, 30);
    program->gives_back_in_pool = in_percent(&drawing, 20);
    program->last_comes_late = in_percent(&drawing, 30);
    bool is_short = in_percent(&drawing, 40); /* more of them in the same time */
    program->callers = is_short ? 1 + roll(&drawing, 2) : program->callers;
    drawing.longest = is_short ? 4 : MOST_OPERATIONS - 2;
    drawing.style = roll(&drawing, 4);
    drawing.mode = weighed(&drawing, (const unsigned[]){30, 10, 35, 15, 10, 0});
    drawing.resizes = drawing.mode == ITEMS_AWAIT ? 0 : drawing.resizes;
    program->threads = drawing.mode == ITEMS_AWAIT ? 2 : program->threads;
    for (unsigned i = 0; i < program->producers; i++) {
        draw_producer_plan(&drawing, i);
    }
    draw_list(&drawing, &program->lists[0], AS_DIRECTOR);
    insert_attachments(&drawing);
    for (unsigned i = 1; i <= program->callers; i++) {
        draw_list(&drawing, &program->lists[i], AS_CALLER);
    }
    if (in_percent(&drawing, 30)) {
        program->on_told = draw_operation(&drawing, AS_CALLBACK, 0);
    }
    if (drawing.mode == NEXT_CALL) {
        program_wait_for_next_calls(program);
    }
    if (in_percent(&drawing, 6)) {
        struct list *list = &program->lists[1];
        list->operations[list->count - 1].make.awaits = AWAITS_NOTHING; /* G6 */
        list->operations[list->count++] = (struct operation){.verb = SHUT_DOWN, .time = draw_time(&drawing)};
        program->joins_first = false;
    }
}
