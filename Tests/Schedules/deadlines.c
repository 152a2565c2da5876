/* SPDX-License-Identifier: Apache-2.0 */
/* Items that may be overtaken, what takes their place, and whoever watches. */
#include "scene.h"

#include <string.h>

enum { IS_SUBSTITUTE = 0x3C, SUBSTITUTE_FAILS = 900 };

/* What a substitute's payload is: the number in scene.substitutes; of a producer that takes calls, the address. */
struct mark {
    uint32_t number, check;
};

struct substitute *substitute_in(struct side *side, const void *payload)
{
    if (side->plan->deadlines == 0) {
        return NULL;
    }
    if (side->plan->takes_calls) {
        struct substitute *substitute;
        memcpy(&substitute, payload, sizeof substitute);
        bool is = substitute >= scene.substitutes && substitute < scene.substitutes + scene.substitute_count;
        return is ? substitute : NULL;
    }
    struct mark mark;
    memcpy(&mark, payload, sizeof mark);
    if (mark.check != (~mark.number ^ IS_SUBSTITUTE)) {
        return NULL;
    }
    REQUIRE(mark.number < scene.substitute_count && scene.substitutes[mark.number].side == side);
    return &scene.substitutes[mark.number];
}

static void write_mark(const struct side *side, struct substitute *substitute, void *payload)
{
    if (side->plan->takes_calls) {
        memcpy(payload, &substitute, sizeof substitute);
        return;
    }
    struct mark mark = {(uint32_t)(substitute - scene.substitutes), 0};
    mark.check = ~mark.number ^ IS_SUBSTITUTE;
    memcpy(payload, &mark, sizeof mark);
}

static void argument_comes_back(struct side *side, void *argument, uint64_t sequence)
{
    struct token *token = argument;
    REQUIRE(token >= scene.tokens && token < scene.tokens + scene.token_count && token->side == side);
    REQUIRE(token->has_argument && !token->argument_came_back);
    REQUIRE(sequence == UINT64_MAX || token->sequence == UINT64_MAX || token->sequence == sequence);
    token->argument_came_back = true;
}

static int make_substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->released && scene.substitute_count < MOST_TOKENS);
    for (unsigned i = 0; i < scene.substitute_count; i++) {
        REQUIRE(scene.substitutes[i].side != side || scene.substitutes[i].sequence != sequence);
    }
    if (argument != NULL) {
        argument_comes_back(side, argument, sequence);
    }
    struct substitute *substitute = &scene.substitutes[scene.substitute_count++];
    *substitute = (struct substitute){side, sequence, FAILED};
    side->substitutes++;
    switch (side->plan->instead) {
    case INSTEAD_VALUE:
        substitute->fate = MADE;
        write_mark(side, substitute, payload);
        return 0;
    case INSTEAD_LEFT_OUT:
        return OIP_LEAVE_OUT;
    default:
        side->substitutes_failed++;
        side->over = side->over || side->plan->policy != OIP_SKIP;
        return SUBSTITUTE_FAILS;
    }
}

static void release_argument(void *context, void *argument)
{
    TAKES_TURN;
    argument_comes_back(context, argument, UINT64_MAX);
}

static void item_failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->released && code != 0);
    unsigned number = (unsigned)(code - ITEM_FAILS);
    REQUIRE(number < scene.token_count);
    struct token *token = &scene.tokens[number];
    REQUIRE(token->side == side && token->fate == FAILED && !token->told_failed);
    REQUIRE(token->sequence == sequence || side->plan->takes_calls);
    REQUIRE(payload == NULL || token_read(side, payload, token->reserved) == token);
    REQUIRE(payload != NULL || token->reserved);
    token->told_failed = true;
    token->failed_late = late;
    side->failed_in_time += !late;
}

void allow_deadlines(struct oip_producer_options *options, struct side *side)
{
    if (side->plan->deadlines != 0) {
        options->deadlines = true;
        options->deadline_ns = deadline_times[side->plan->deadlines - 1];
        options->substitute = side->plan->instead != INSTEAD_NONE ? make_substitute : NULL;
        options->failed = item_failed;
        options->release_argument = release_argument;
    }
}

/* ------------------------------------------------------------------------------------------------- events ---- */

static void observe(void *context, const struct oip_event *event)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->released && event->kind <= OIP_OVERTAKEN && event->sequence < MOST_EVENTS && event->thread != 0);
    unsigned char *told = &side->events[event->sequence];
    static const unsigned char before[] = {
        [OIP_REQUESTED] = 0,
        [OIP_STARTED] = 1 << OIP_REQUESTED,
        [OIP_FINISHED] = 1 << OIP_STARTED,
        [OIP_DELIVERED] = 1 << OIP_REQUESTED,
        [OIP_OVERTAKEN] = 1 << OIP_REQUESTED,
    };
    if ((*told & 1u << event->kind) != 0 || (*told & before[event->kind]) != before[event->kind]) {
        controller_fail("account: event %d of sequence %llu of producer %u behind those of %#x", (int)event->kind,
                        (unsigned long long)event->sequence, side->number, *told);
    }
    *told |= (unsigned char)(1u << event->kind);
}

void watch_events(struct oip_producer_options *options, struct side *side)
{
    if (side->plan->observed) {
        options->observe = observe;
        options->observe_context = side;
    }
}

void events_check(const struct side *side)
{
    unsigned delivered = 0;
    for (unsigned i = 0; i < MOST_EVENTS; i++) {
        bool was_delivered = (side->events[i] & 1u << OIP_DELIVERED) != 0;
        REQUIRE(!was_delivered || (side->events[i] & (1u << OIP_FINISHED | 1u << OIP_OVERTAKEN)) != 0);
        delivered += was_delivered;
    }
    REQUIRE(!side->plan->observed || delivered == side->deliveries);
}
