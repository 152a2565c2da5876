/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: finishes what was reserved and handed over, in any order, and ends pauses. It never waits for anybody. */
#include "scene.h"

static void post(struct token *token, struct side *resume)
{
    REQUIRE(scene.keeper.count < MOST_MAIL);
    scene.keeper.mail[scene.keeper.count].token = token;
    scene.keeper.mail[scene.keeper.count++].resume = resume;
    event_happens(&scene.keeper.changed);
}

void hand_over(struct token *token)
{
    post(token, NULL);
}

void resume_later(struct side *side)
{
    scene.keeper.resumes++;
    post(NULL, side);
}

bool keep_one(void)
{
    if (scene.keeper.count == 0) {
        return false;
    }
    unsigned at = (unsigned)chance_next(&scene.dice, scene.keeper.count);
    struct token *token = scene.keeper.mail[at].token;
    struct side *paused = scene.keeper.mail[at].resume;
    scene.keeper.mail[at] = scene.keeper.mail[--scene.keeper.count];
    if (token != NULL) {
        finish_reserved(token);
    } else {
        resume(paused);
        scene.keeper.resumes--;
    }
    return true;
}

/* Whether some registered wait has no outcome yet: what it reserves is still to be handed over. */
static bool token_waits(void)
{
    for (unsigned i = 0; i < scene.token_count; i++) {
        const struct token *token = &scene.tokens[i];
        if (token->waits && !token->told && !token->cancelled) {
            return true;
        }
    }
    return false;
}

void *keeper_main(void *unused)
{
    TAKES_TURN;
    (void)unused;
    controller_role("keeper");
    static const uint64_t naps[] = {0, 0, 100, 5000, 400000, 3000000};
    for (;;) {
        uint64_t nap = naps[chance_next(&scene.dice, sizeof naps / sizeof *naps)];
        if (scene.keeper.count != 0 && nap != 0) {
            controller_nap(nap);
        }
        if (keep_one()) {
            continue;
        }
        if (scene.keeper.closed && !token_waits()) {
            return NULL;
        }
        event_take(&scene.keeper.changed);
    }
}
