/* SPDX-License-Identifier: Apache-2.0 */
#include "production.h"
#include "tally.h"

#include <sched.h>
#include <stdlib.h>

_Thread_local uint64_t this_production = UINT64_MAX;

bool is_end(const struct production *production, int result)
{
    return result == -EPIPE || (result == -ESHUTDOWN && atomic_load(&production->site->closing));
}

static void release_production(void *context)
{
    sem_post(&((struct production *)context)->released);
}

/* NULL where the pool takes no more producers. */
static struct production *create(struct site *site, uint64_t seed, uint64_t number)
{
    struct production *production = calloc(1, sizeof *production);
    CHECK(production != NULL);
    production->plan = draw_plan(seed, number);
    production->number = number;
    production->site = site;
    struct plan *plan = &production->plan;
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.window = plan->window;
    options.width = plan->width;
    options.on_failure = plan->policy;
    options.wait = plan->wait;
    options.no_assist = plan->no_assist;
    if (!plan->by_call) {
        options.payload_size = plan->payload_size;
        options.payload_align = plan->payload_align;
        options.run = make_payload;
    }
    allow_deadlines(production, &options);
    options.discard = discard_payload;
    options.context = production;
    options.release = release_production;
    int result = oip_producer_create(&production->producer, site->pool, &options);
    if (result != 0) {
        CHECK(result == -ESHUTDOWN && atomic_load(&site->closing));
        free(production);
        return NULL;
    }
    size_t count = (size_t)(plan->total + EXTRAS);
    production->items = calloc(count, sizeof *production->items);
    production->order = calloc(count, sizeof *production->order);
    CHECK(production->items != NULL && production->order != NULL);
    for (size_t i = 0; i < count; i++) {
        struct item *item = &production->items[i];
        item->production = production;
        atomic_init(&item->sequence, UINT64_MAX);
        item->mood = (unsigned char)draw(&plan->dice);
        item->fails = plan->failures_in != 0 && chance(&plan->dice, plan->failures_in);
    }
    sem_init(&production->gone, 0, 0);
    sem_init(&production->released, 0, 0);
    return production;
}

static void disturb(struct production *production)
{
    struct dice *dice = &production->plan.dice;
    struct oip_statistics statistics = {.size = sizeof statistics};
    for (int times = below(dice, 8); times > 0; times--) {
        int result;
        switch (below(dice, 6)) {
        case 0:
        case 1:
            oip_pause(production->producer);
            count_one(&tally.pauses);
            break;
        case 2:
            result = oip_pool_resize(production->site->pool, 1 + (uint32_t)below(dice, 5));
            CHECK(result == 0 || (result == -ESHUTDOWN && atomic_load(&production->site->closing)));
            count_one(&tally.resizes);
            break;
        case 3:
            CHECK_EQUAL(oip_get_statistics(production->producer, &statistics), 0);
            CHECK(statistics.delivered <= statistics.requested);
            break;
        default:
            oip_resume(production->producer);
        }
        for (int i = below(dice, 50); i > 0; i--) {
            sched_yield();
        }
    }
    oip_resume(production->producer);
}

static void stop(struct production *production, bool started)
{
    void *expected = started && production->plan.face == THREAD ? production : NULL;
    void *value = &value;
    CHECK_EQUAL(oip_stop(production->producer, &value), 0);
    CHECK(value == expected);
}

static void stop_async(struct production *production)
{
    struct blocking_waiter waiter;
    blocking_waiter_init(&waiter);
    uint64_t nothing;
    int result = oip_stop_async(production->producer, &waiter.waiter);
    CHECK_EQUAL(blocking_waiter_outcome(&waiter, production->producer, result, &nothing, false), 0);
    bool has_value = production->started && production->plan.face == THREAD;
    CHECK(oip_take_value(production->producer) == (has_value ? production : NULL));
}

/* Everything from the first caller to the ending, up to where the handle is given back. */
static void live(struct production *production)
{
    struct plan *plan = &production->plan;
    struct caller callers[CALLERS_MOST];
    if (plan->early) {
        CHECK_EQUAL(start_consumer(production), 0);
    }
    for (int i = 0, first = 0; i < plan->callers; first += plan->counts[i], i++) {
        callers[i] = (struct caller){.production = production, .first = first, .count = plan->counts[i]};
        callers[i].dice.state = draw(&plan->dice);
        CHECK_EQUAL(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
    disturb(production);
    if (!plan->early && plan->face != NOBODY) {
        int result = start_consumer(production);
        bool may_have_ended = plan->ending == BY_ITEM || (plan->policy == OIP_FAIL_FAST && plan->failures_in != 0);
        CHECK(result == 0 || (is_end(production, result) && may_have_ended));
    }
    disturb(production);
    bool taken = false;
    if (plan->ending == BY_STOP_PRODUCING) {
        oip_stop_producing(production->producer);
    } else if (plan->ending == BY_STOP_WHILE_ASKED) {
        stop(production, production->started);
        taken = true;
    }
    for (int i = 0; i < plan->callers; i++) {
        CHECK_EQUAL(pthread_join(callers[i].thread, NULL), 0);
    }
    if (plan->ending == BY_RELEASE) {
        return;
    }
    if (plan->ending == BY_STOP_ASYNC) {
        stop_async(production);
        taken = true;
    }
    stop(production, production->started && !taken);
    end_consumer(production);
    check_against_model(production);
}

bool run_production(struct site *site, uint64_t seed, uint64_t number)
{
    struct production *production = create(site, seed, number);
    if (production == NULL) {
        return false;
    }
    this_production = number;
    live(production);
    oip_producer_release(production->producer);
    wait_for(&production->released);
    CHECK(sem_trywait(&production->released) != 0);
    if (production->queue != NULL) {
        oip_ready_queue_release(production->queue);
    }
    check_accounts(production);
    count_one(&tally.producers);
    count_one(&tally.endings[production->plan.ending]);
    count_one(&tally.faces[production->plan.face]);
    sem_destroy(&production->gone);
    sem_destroy(&production->released);
    free(production->items);
    free(production->order);
    free(production);
    this_production = UINT64_MAX;
    return true;
}
