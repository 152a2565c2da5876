/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to ask for items, and what may come of it. */
#include "scene.h"

#include <errno.h>
#include <string.h>

static unsigned depth(void)
{
    unsigned depth = 0;
    for (const struct inside *frame = inside; frame != NULL; frame = frame->outer) {
        depth++;
    }
    return depth;
}

void check_refusal(struct side *side, int result, bool blocks)
{
    enum { DEEP = 32 };
    switch (result) {
    case -EPIPE:
        REQUIRE(may_be_over(side)); /* whatever becomes of the pool */
        break;
    case -ESHUTDOWN:
        REQUIRE(scene.shutting);
        break;
    case -EDEADLK:
        if (!blocks ||
            (!is_inside_of(side) && depth() < DEEP && (inside == NULL || side->plan->helps == ALWAYS_HELPS))) {
            controller_fail("refused: producer %u refuses with -EDEADLK outside of its items and consumer",
                            side->number);
        }
        break;
    case -EAGAIN:
        REQUIRE(!blocks);
        break;
    default:
        controller_fail("refused: producer %u refuses with %d", side->number, result);
    }
}

static void accepted(struct token *token, uint64_t sequence)
{
    token_accepted(token, sequence);
    if (!token->reserved) {
        return;
    }
    if (token->make.late) {
        hand_over(token);
    } else {
        finish_reserved(token);
    }
}

/* What the library must not touch any more. */
static void spoil(struct token *token)
{
    memset(&token->waiter, 0xA5, sizeof token->waiter);
    memset(token->payload, 0xA5, sizeof token->payload);
    memset(&token->request, 0xA5, sizeof token->request);
}

/* A callback may call back, as long as it waits for nobody. */
static void operate_in_callback(void)
{
    enum { FEW = 6 };
    if (scene.program->on_told.verb != NOTHING && scene.told_operations < FEW) {
        scene.told_operations++;
        operate(&scene.program->on_told, 0);
    }
}

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    TAKES_TURN;
    struct token *token = waiter->context;
    REQUIRE(waiter == &token->waiter && !token->told && !token->cancelled && token->waits);
    token->told = true;
    if (!token->cancelling) {
        spoil(token);
    }
    if (result != 0) {
        check_refusal(token->side, result, false);
        token_refused(token, result);
    } else {
        accepted(token, sequence);
    }
    event_happens(&scene.keeper.changed);
    operate_in_callback();
}

static int ask_by_request(const struct operation *operation, struct token *token, uint64_t *sequence)
{
    token->request = (struct oip_request){.size = sizeof token->request};
    token->request.payload = token->reserved ? NULL : token->payload;
    token->request.nowait = operation->verb == REQUEST_NOWAIT;
    if (token->side->plan->deadlines != 0) {
        token->request.deadline_ns = deadline_times[operation->make.deadline];
        token->request.argument = operation->make.deadline % 2 == 0 ? token : NULL;
        token->has_argument = token->request.argument != NULL;
    }
    if (operation->verb == REQUEST_WAITER || operation->verb == REQUEST_RESERVATION) {
        token->request.waiter = &token->waiter;
    }
    return oip_request(token->side->producer, &token->request, sequence);
}

static int call_with(const struct operation *operation, struct token *token, uint64_t *sequence)
{
    oip_producer *producer = token->side->producer;
    switch (operation->verb) {
    case PRODUCE:
        return oip_produce(producer, token->payload, sequence);
    case TRY_PRODUCE:
        return oip_try_produce(producer, token->payload, sequence);
    case PRODUCE_ASYNC:
        return oip_produce_async(producer, token->payload, sequence, &token->waiter);
    case RESERVE:
        return oip_reserve(producer, sequence);
    case TRY_RESERVE:
        return oip_try_reserve(producer, sequence);
    case RESERVE_ASYNC:
        return oip_reserve_async(producer, sequence, &token->waiter);
    default:
        return ask_by_request(operation, token, sequence);
    }
}

static bool is_registering(enum verb verb)
{
    return verb == PRODUCE_ASYNC || verb == RESERVE_ASYNC || verb == REQUEST_WAITER || verb == REQUEST_RESERVATION;
}

static bool is_reserving(enum verb verb)
{
    return verb == RESERVE || verb == TRY_RESERVE || verb == RESERVE_ASYNC || verb == REQUEST_RESERVATION;
}

static bool is_blocking(enum verb verb)
{
    return verb == PRODUCE || verb == PRODUCE_MANY || verb == RESERVE || verb == REQUEST;
}

/* Of several items only the middle one computes, where they are mixed. */
static struct token *new_token(const struct operation *operation, unsigned number, unsigned by)
{
    struct make make = operation->make;
    make.cost = make.mixed && number != operation->count / 2u ? 0 : make.cost;
    return token_new(&scene.sides[operation->of], &make, by);
}

static void check_acceptance(const struct side *side, bool closed)
{
    if (closed) {
        controller_fail("account: producer %u accepts an item that was asked for behind the end", side->number);
    }
}

static void ask_for_one(const struct operation *operation, unsigned number, unsigned by)
{
    struct side *side = &scene.sides[operation->of];
    struct token *token = new_token(operation, number, by);
    if (token == NULL) {
        return;
    }
    bool closed = side->closed;
    token->reserved = is_reserving(operation->verb);
    token->call = by != 0 ? scene.lists[by - 1].calls : 0;
    token->waiter = (struct oip_waiter){.done = told, .context = token};
    token->waits = is_registering(operation->verb);
    token_write(token, token->payload, false);
    uint64_t sequence = UINT64_MAX;
    int result = call_with(operation, token, &sequence);
    if (result == -EINPROGRESS) {
        REQUIRE(is_registering(operation->verb) && !closed);
        token->registered = true;
        return;
    }
    token->waits = false;
    if (result == 0) {
        REQUIRE(sequence != UINT64_MAX);
        check_acceptance(side, closed);
        accepted(token, sequence);
        return;
    }
    check_refusal(side, result, is_blocking(operation->verb));
    token_refused(token, result);
}

static void ask_for_many(const struct operation *operation, unsigned by)
{
    struct side *side = &scene.sides[operation->of];
    struct token *tokens[16];
    _Alignas(max_align_t) unsigned char payloads[16 * MOST_PAYLOAD];
    unsigned count = 0;
    for (; count < operation->count && count < 16; count++) {
        tokens[count] = new_token(operation, count, by);
        if (tokens[count] == NULL) {
            break;
        }
        token_write(tokens[count], payloads + count * stride_of(side), false);
        tokens[count]->call = by != 0 ? scene.lists[by - 1].calls : 0;
    }
    if (operation->make.awaits == AWAITS_NEXT_ITEM && operation->verb == TRY_MANY && count > 1) {
        tokens[0]->awaits = tokens[1];
        tokens[1]->is_awaited = true;
    }
    size_t taken = 99;
    bool closed = side->closed;
    int result = operation->verb == PRODUCE_MANY ? oip_produce_many(side->producer, payloads, count, &taken)
                                                 : oip_try_produce_many(side->producer, payloads, count, &taken);
    REQUIRE(taken <= count && (result != 0 || operation->verb != PRODUCE_MANY || taken == count));
    if (result != 0) {
        check_refusal(side, result, operation->verb == PRODUCE_MANY);
        REQUIRE(operation->verb == PRODUCE_MANY || taken == 0);
    }
    check_acceptance(side, closed && taken != 0);
    for (unsigned i = 0; i < count; i++) {
        if (i < taken) {
            token_accepted(tokens[i], UINT64_MAX);
        } else {
            token_refused(tokens[i], result);
        }
    }
    memset(payloads, 0xA5, sizeof payloads);
}

void ask(const struct operation *operation, unsigned by)
{
    if (operation->verb == PRODUCE_MANY || operation->verb == TRY_MANY) {
        ask_for_many(operation, by);
        return;
    }
    for (unsigned i = 0; i < operation->count; i++) {
        ask_for_one(operation, i, by);
    }
}

void cancel_some(const struct operation *operation)
{
    unsigned nth = operation->count;
    for (unsigned i = scene.token_count; i-- > 0;) {
        struct token *token = &scene.tokens[i];
        if (token->side->number != operation->of || !token->registered || token->told || token->cancelling ||
            token->cancelled || nth-- != 0) {
            continue;
        }
        token->cancelling = true;
        int result = oip_cancel(token->side->producer, &token->waiter);
        if (result == 0) {
            REQUIRE(!token->told);
            token->cancelled = true;
            token_settled(token);
        } else {
            REQUIRE(result == -EALREADY);
        }
        token->cancelling = false;
        if (token->told || token->cancelled) {
            spoil(token);
        }
        return;
    }
}
