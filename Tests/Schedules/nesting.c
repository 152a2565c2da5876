/* SPDX-License-Identifier: Apache-2.0 */
/* A production inside an item: created, asked, consumed and ended by one thread, which others of the pool may help. */
#include "scene.h"

#include <errno.h>

static void take_all(struct side *side, unsigned count)
{
    unsigned char payload[MOST_PAYLOAD];
    uint64_t sequence;
    for (unsigned i = 0; i < count; i++) {
        side->in_next = true;
        int result = oip_next(side->producer, payload, &sequence);
        side->in_next = false;
        REQUIRE(result == 1 || (result == 0 && may_be_over(side)) || result == -EDEADLK);
        if (result != 1) {
            return;
        }
        deliver(side, payload, sequence);
    }
}

void nest(const struct operation *operation)
{
    if (scene.side_count == MOST_SIDES || scene.shutting) {
        return;
    }
    unsigned number = scene.side_count++;
    struct side *side = &scene.sides[number];
    struct producer_plan *plan = &scene.nested[number];
    *plan = (struct producer_plan){
        .window = operation->count, .payload = 8, .consumes = BY_ATTACHED, .instead = INSTEAD_VALUE};
    plan->policy = operation->make.fails ? OIP_FAIL_FAST : OIP_END_IN_ORDER;
    plan->no_assist = operation->make.late;
    plan->deadlines = operation->make.deadline == 1 ? 6 : 0; /* an hour */
    side->number = number;
    create_producer(side, plan);
    if (side->producer == NULL) {
        side->released = true; /* the pool is just being shut down */
        return;
    }
    int attached = oip_attach(side->producer);
    REQUIRE(attached == 0 || (attached == -EPIPE && scene.shutting));
    side->attached = true;
    unsigned accepted = 0;
    struct make make = {.cost = operation->make.cost};
    for (unsigned i = 0; i < operation->count; i++) {
        struct token *token = token_new(side, &make, 0);
        if (token != NULL) {
            token_write(token, token->payload, false);
            int result = oip_try_produce(side->producer, token->payload, NULL);
            REQUIRE(result == 0 || (result == -ESHUTDOWN && scene.shutting));
            if (result == 0) {
                token_accepted(token, UINT64_MAX);
                accepted++;
            } else {
                token_refused(token, result);
            }
        }
    }
    take_all(side, accepted);
    side->over = true;
    side->consumer_gone = true;
    oip_detach(side->producer);
    side->handle_back = true;
    oip_producer_release(side->producer);
}
