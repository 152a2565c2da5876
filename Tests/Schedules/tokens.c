/* SPDX-License-Identifier: Apache-2.0 */
/* The account: each payload has a token, and its token one owner at a time and one end. */
#include "scene.h"

#include <errno.h>
#include <string.h>

struct scene scene;
_Thread_local struct inside *inside;

/* What a payload begins with; the rest of it is a pattern of the same number. */
struct head {
    uint32_t number, check;
};

enum { IS_INPUT = 0x11, IS_OUTPUT = 0x77 };

static const char *const fates[] = {"born", "running", "made", "delivered", "failed", "discarded unrun", "discarded"};

struct token *token_new(struct side *side, const struct make *make, unsigned by)
{
    if (scene.token_count == MOST_TOKENS) {
        return NULL;
    }
    struct token *token = &scene.tokens[scene.token_count++];
    memset(token, 0, sizeof *token);
    token->side = side;
    token->make = *make;
    token->by = by;
    token->sequence = UINT64_MAX;
    event_init(&token->settled);
    return token;
}

size_t stride_of(const struct side *side)
{
    size_t align = _Alignof(max_align_t);
    return side->plan->takes_calls ? sizeof(struct oip_call) : (side->plan->payload + align - 1) / align * align;
}

static int call(void *argument, void **result)
{
    *result = argument;
    struct token *token = argument;
    return item_run(token->side, argument, UINT64_MAX);
}

static unsigned char pattern(const struct head *head, size_t at)
{
    return (unsigned char)(head->number * 31 + at * 7 + head->check);
}

void token_write(struct token *token, void *payload, bool output)
{
    if (token->side->plan->takes_calls) {
        struct oip_call given = {call, token};
        memcpy(payload, output ? (void *)&token : (void *)&given, output ? sizeof token : sizeof given);
        return;
    }
    struct head head = {(uint32_t)(token - scene.tokens), 0};
    head.check = ~head.number ^ (output ? IS_OUTPUT : IS_INPUT);
    memcpy(payload, &head, sizeof head);
    for (size_t i = sizeof head; i < token->side->plan->payload; i++) {
        ((unsigned char *)payload)[i] = pattern(&head, i);
    }
}

struct token *token_read(struct side *side, const void *payload, bool output)
{
    struct token *token;
    if (side->plan->takes_calls) {
        struct oip_call given;
        memcpy(output ? (void *)&token : (void *)&given, payload, output ? sizeof token : sizeof given);
        token = output ? token : given.argument;
        REQUIRE(token >= scene.tokens && token < scene.tokens + scene.token_count && token->side == side);
        return token;
    }
    struct head head;
    memcpy(&head, payload, sizeof head);
    REQUIRE(head.number < scene.token_count);
    REQUIRE(head.check == (~head.number ^ (output ? IS_OUTPUT : IS_INPUT)));
    for (size_t i = sizeof head; i < side->plan->payload; i++) {
        REQUIRE(((const unsigned char *)payload)[i] == pattern(&head, i));
    }
    token = &scene.tokens[head.number];
    REQUIRE(token->side == side);
    return token;
}

void token_accepted(struct token *token, uint64_t sequence)
{
    REQUIRE(!token->refused && !token->accepted);
    REQUIRE(token->sequence == UINT64_MAX || sequence == UINT64_MAX || token->sequence == sequence);
    token->accepted = true;
    token->sequence = sequence != UINT64_MAX ? sequence : token->sequence;
}

void token_refused(struct token *token, int result)
{
    (void)result;
    REQUIRE(!token->accepted && !token->refused && token->fate == BORN);
    token->refused = true;
    token_settled(token);
}

void saw_end(struct side *side)
{
    REQUIRE(may_be_over(side));
    /* Where it is being ended at once the consumer may see it before that has closed it. */
    bool ends_at_once = side->ending != 0 || side->plan->policy == OIP_FAIL_FAST || scene.shutting;
    side->closed = side->closed || !ends_at_once;
}

bool may_be_over(const struct side *side)
{
    /* Nobody tells of an overtaken item that fails. */
    bool overtaken = side->plan->deadlines != 0 && side->plan->instead == INSTEAD_NONE;
    return side->over || side->stopping || overtaken || scene.shutting;
}

void token_settled(struct token *token)
{
    if (token->is_awaited) {
        event_happens(&token->settled);
    }
}

/* ------------------------------------------------------------------------------------------------- the end ---- */

static void check_order(const struct token *token)
{
    for (const struct token *later = token + 1; later < scene.tokens + scene.token_count; later++) {
        if (later->side == token->side && later->by == token->by && token->by != 0 && later->accepted &&
            later->sequence != UINT64_MAX && later->sequence < token->sequence) {
            controller_fail("account: one caller's items %zu and %zu have sequences %llu and %llu",
                            (size_t)(token - scene.tokens), (size_t)(later - scene.tokens),
                            (unsigned long long)token->sequence, (unsigned long long)later->sequence);
        }
    }
}

void tokens_check(void)
{
    for (unsigned i = 0; i < scene.token_count; i++) {
        const struct token *token = &scene.tokens[i];
        bool closed = token->fate == DELIVERED || token->fate == FAILED || token->fate == INPUT_DISCARDED ||
                      token->fate == OUTPUT_DISCARDED;
        if (token->accepted ? !closed || token->cancelled : token->fate != BORN) {
            controller_fail("account: item %u of producer %u was %s and is %s at the end", i, token->side->number,
                            token->accepted ? "accepted" : "not accepted", fates[token->fate]);
        }
        if (!token->accepted && !token->refused && !token->cancelled) {
            controller_fail("account: the wait for item %u of producer %u has no outcome", i, token->side->number);
        }
        if (token->waits && token->cancelled == token->told) {
            controller_fail("account: the wait for item %u was cancelled and told, or neither", i);
        }
        if (token->accepted && token->sequence != UINT64_MAX) {
            check_order(token);
        }
        if (token->has_argument && token->accepted != token->argument_came_back) {
            controller_fail("account: the argument of item %u came back although it was not accepted, or did not", i);
        }
        if (token->side->plan->deadlines != 0 && (token->fate == FAILED) != token->told_failed) {
            controller_fail("account: the failed function was told of item %u, which did not fail, or was not", i);
        }
    }
}

void tokens_print(void)
{
    for (unsigned i = 0; i < scene.token_count; i++) {
        const struct token *token = &scene.tokens[i];
        fprintf(stderr, "  item %u of producer %u: ", i, token->side->number);
        if (token->sequence != UINT64_MAX) {
            fprintf(stderr, "sequence %llu, ", (unsigned long long)token->sequence);
        }
        fprintf(stderr, "%s%s%s%s%s%s%s\n", fates[token->fate], token->reserved ? ", reserved" : "",
                token->accepted ? ", accepted" : "", token->refused ? ", refused" : "",
                token->waits ? ", registered" : "", token->told ? ", told" : "", token->cancelled ? ", cancelled" : "");
    }
}
