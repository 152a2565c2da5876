/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a program's producers, and what becomes of their items. */
#include "scene.h"
#include "structures.h"

#include <errno.h>
#include <string.h>

static void enter(struct inside *frame, enum place_kind kind, struct side *side, struct token *token)
{
    *frame = (struct inside){kind, side, inside, token};
    inside = frame;
}

static void leave(struct inside *frame)
{
    inside = frame->outer;
}

void own_code(bool begins)
{
    for (const struct inside *frame = inside; frame != NULL; frame = frame->outer) {
        if (frame->side != NULL) {
            frame->side->in_own_code += begins ? 1 : -1;
        }
    }
}

/* An item that is not left out ends production when it fails. */
static void will_fail(struct side *side)
{
    side->failures++;
    side->over = side->over || side->plan->policy != OIP_SKIP;
}

static void compute(struct token *token)
{
    if (token->make.cost != 0) {
        scene.computing++;
        own_code(true);
        controller_nap(token->make.cost);
        own_code(false);
        scene.computing--;
    }
    if (token->make.inner != 0) {
        operate(&scene.program->inner[token->make.inner - 1], 0);
    }
    own_code(true);
    if (token->awaits != NULL) {
        event_await(&token->awaits->settled);
    }
    if (token->make.awaits == AWAITS_NEXT_CALL) {
        while (scene.lists[token->by - 1].calls <= token->call) {
            event_take(&scene.lists[token->by - 1].changed);
        }
        event_happens(&scene.lists[token->by - 1].changed);
    }
    own_code(false);
}

/* Whether this thread is inside an item that was overtaken, and lends its place. */
static bool has_a_place(const struct side *side)
{
    for (const struct inside *frame = inside; frame != NULL; frame = frame->outer) {
        if (frame->kind == IN_ITEM && frame->side == side && side->plan->deadlines != 0 &&
            (frame->token->sequence == UINT64_MAX || frame->token->sequence < seen_head(side->producer))) {
            return true;
        }
    }
    return false;
}

/* For producers that take calls, `payload` is the token. */
int item_run(void *context, void *payload, uint64_t sequence)
{
    TAKES_TURN;
    struct side *side = context;
    struct token *token = side->plan->takes_calls ? payload : token_read(side, payload, false);
    REQUIRE(!side->released && token->fate == BORN && !token->cancelled && !token->refused && !token->reserved);
    REQUIRE(sequence == UINT64_MAX || token->sequence == UINT64_MAX || token->sequence == sequence);
    token->fate = RUNNING;
    token->sequence = sequence != UINT64_MAX ? sequence : token->sequence;
    bool lent = side->plan->width != 0 && has_a_place(side);
    side->lent += lent;
    side->running++;
    if (side->plan->width != 0 && side->running > side->plan->width + side->lent) {
        controller_fail("account: %u items of producer %u run, its width is %u", side->running, side->number,
                        side->plan->width);
    }
    struct inside frame;
    enter(&frame, IN_ITEM, side, token);
    compute(token);
    leave(&frame);
    side->running--;
    side->lent -= lent;
    REQUIRE(token->fate == RUNNING && !side->released);
    token->ended_behind_abort = side->aborted;
    if (token->make.fails) {
        token->fate = FAILED;
        will_fail(side);
        token_settled(token);
        return ITEM_FAILS + (int)(token - scene.tokens);
    }
    token->fate = MADE;
    if (!side->plan->takes_calls) {
        token_write(token, payload, true);
    }
    token_settled(token);
    return 0;
}

bool may_help(void *context)
{
    return ((struct side *)context)->plan->helps == HELPS_OUTSIDE && inside == NULL;
}

void finish_reserved(struct token *token)
{
    struct side *side = token->side;
    REQUIRE(token->fate == BORN && token->reserved && token->accepted);
    int code = ITEM_FAILS + (int)(token - scene.tokens);
    token->ended_behind_abort = side->aborted;
    if (!token->make.fails) {
        unsigned char payload[MOST_PAYLOAD];
        token_write(token, payload, true);
        token->fate = MADE;
        oip_complete(side->producer, token->sequence, payload);
        memset(payload, 0xA5, sizeof payload);
        return;
    }
    token->fate = FAILED;
    will_fail(side);
    if (token->sequence % 2 == 0) {
        oip_fail(side->producer, token->sequence, code);
    } else {
        unsigned char payload[MOST_PAYLOAD];
        token_write(token, payload, true);
        oip_fail_with(side->producer, token->sequence, code, payload);
    }
}

void item_discard(void *context, void *payload, enum oip_payload_state state)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->released);
    bool output = state == OIP_PAYLOAD_OUTPUT;
    struct substitute *substitute = output ? substitute_in(side, payload) : NULL;
    if (substitute != NULL) {
        REQUIRE(substitute->fate == MADE);
        substitute->fate = OUTPUT_DISCARDED;
        return;
    }
    struct token *token = token_read(side, payload, output);
    REQUIRE(token->fate == (output ? MADE : BORN) && !token->cancelled && !token->refused);
    token->fate = output ? OUTPUT_DISCARDED : INPUT_DISCARDED;
    memset(payload, 0x5A, side->plan->takes_calls ? sizeof(void *) : side->plan->payload);
    token_settled(token);
}

void item_release(void *context)
{
    TAKES_TURN;
    struct side *side = context;
    REQUIRE(!side->released && side->handle_back && side->running == 0);
    side->released = true;
    event_happens(&side->was_released);
}

/* ----------------------------------------------------------------------------------------------- delivery ---- */

static void deliver_token(struct side *side, const void *payload, uint64_t sequence)
{
    struct token *token = token_read(side, payload, true);
    REQUIRE(token->fate == MADE && (token->sequence == UINT64_MAX || token->sequence == sequence));
    if (token->ended_behind_abort) {
        controller_fail("account: item %u finished behind an ending at once, and is delivered",
                        (unsigned)(token - scene.tokens));
    }
    token->sequence = sequence;
    token->fate = DELIVERED;
}

bool deliver(struct side *side, const void *payload, uint64_t sequence)
{
    REQUIRE(!side->released && !side->left);
    struct substitute *substitute = substitute_in(side, payload);
    if (substitute != NULL) {
        REQUIRE(substitute->fate == MADE && substitute->sequence == sequence);
        substitute->fate = DELIVERED;
    } else {
        deliver_token(side, payload, sequence);
    }
    if (sequence < side->next_sequence) {
        controller_fail("account: producer %u delivers %llu behind %llu", side->number, (unsigned long long)sequence,
                        (unsigned long long)side->next_sequence - 1);
    }
    /* What is left out between failed, and was to be left out. */
    REQUIRE(sequence == side->next_sequence || side->plan->policy == OIP_SKIP || side->plan->deadlines != 0);
    side->next_sequence = sequence + 1;
    side->deliveries++;
    REQUIRE(!side->paused || ++side->delivered_in_pause <= 1);
    struct inside frame;
    enter(&frame, IN_CONSUMER, side, NULL);
    bool leaves = false;
    for (unsigned i = 0; i < MOST_INNER; i++) {
        if (side->plan->at_delivery[i] == side->deliveries) {
            leaves = leaves || side->plan->on_delivery[i].verb == LEAVE;
            operate(&side->plan->on_delivery[i], 0);
        }
    }
    leave(&frame);
    if (leaves) {
        side->over = side->left = true;
    }
    return leaves;
}
