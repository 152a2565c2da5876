/* SPDX-License-Identifier: Apache-2.0 */
/* A program from its beginning to its end: the director's part. */
#include "scene.h"

#include "quiescence.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static void create_pool(void)
{
    struct oip_pool_options options = {.size = sizeof options, .threads = scene.program->threads};
    REQUIRE(oip_pool_create(&scene.pool, &options) == 0);
}

void create_producer(struct side *side, const struct producer_plan *plan)
{
    side->plan = plan;
    event_init(&side->was_released);
    event_init(&side->was_detached);
    struct oip_producer_options options = {
        .size = sizeof options,
        .window = plan->window,
        .width = plan->width,
        .on_failure = plan->policy,
        .wait = plan->wait,
        .no_assist = plan->no_assist,
        .may_help = plan->helps == ALWAYS_HELPS ? NULL : may_help,
        .payload_size = plan->takes_calls ? 0 : plan->payload,
        .run = plan->takes_calls ? NULL : item_run,
        .discard = item_discard,
        .context = side,
        .release = item_release,
    };
    allow_deadlines(&options, side);
    watch_events(&options, side);
    int result = oip_producer_create(&side->producer, scene.pool, &options);
    REQUIRE(result == 0 || (result == -ESHUTDOWN && scene.shutting));
}

static void perform_list(unsigned number)
{
    const struct list *list = &scene.program->lists[number];
    for (unsigned i = 0; i < list->count; i++) {
        operate(&list->operations[i], number + 1);
        scene.lists[number].calls++;
        event_happens(&scene.lists[number].changed);
    }
    scene.lists[number].calls = UINT_MAX;
    event_happens(&scene.lists[number].changed);
}

static void *caller_main(void *argument)
{
    TAKES_TURN;
    unsigned number = (unsigned)(uintptr_t)argument;
    controller_role("caller %u", number);
    perform_list(number);
    return NULL;
}

static bool ends_before_callers(const struct side *side)
{
    return !scene.program->joins_first || side->plan->consumes == BY_NOBODY;
}

static void end(struct side *side)
{
    switch (side->plan->ends) {
    case BY_STOP:
        end_with_stop(side);
        break;
    case BY_STOP_ASYNC:
        operate(&(struct operation){.verb = STOP_ASYNC, .of = (uint8_t)side->number}, 0);
        break;
    case BY_ABORT:
        operate(&(struct operation){.verb = ABORT, .of = (uint8_t)side->number}, 0);
        end_with_stop(side);
        break;
    case BY_RELEASE:
        /* Nobody else may be in a call of it any more: where somebody is, that ends first. */
        if (ends_before_callers(side) || side->plan->consumes == BY_LOOP || side->plan->consumes == BY_ATTACHED) {
            operate(&(struct operation){.verb = ABORT, .of = (uint8_t)side->number}, 0);
        }
        side->over = true;
        break;
    }
}

/* In the order of falling numbers: G5. */
static void end_those(bool before_callers)
{
    for (unsigned i = scene.program->producers; i-- > 0;) {
        if (ends_before_callers(&scene.sides[i]) == before_callers) {
            end(&scene.sides[i]);
        }
    }
}

/* After the end, but for producers that are only let go of. */
static void check_end(struct side *side)
{
    struct oip_statistics counts = {.size = sizeof counts};
    REQUIRE(oip_get_statistics(side->producer, &counts) == 0);
    unsigned accepted = 0, delivered = 0, failed = 0, untold = 0;
    for (unsigned i = 0; i < scene.token_count; i++) {
        struct token *token = &scene.tokens[i];
        if (token->side == side) {
            accepted += token->accepted || token->fate != BORN; /* whoever has let it in may not have told it yet */
            untold += token->reserved && token->waits && !token->told && !token->cancelled;
            delivered += token->fate == DELIVERED;
            failed += token->fate == FAILED;
        }
    }
    if (side->plan->deadlines != 0) {
        delivered = side->deliveries;
        failed = side->failed_in_time + side->substitutes_failed;
        failed += side->plan->instead == INSTEAD_NONE ? (unsigned)counts.overtaken : 0;
        REQUIRE(side->plan->instead == INSTEAD_NONE || counts.overtaken == side->substitutes);
    }
    /* Overtaken, and whoever reserved it was not told yet. */
    while (untold-- != 0 && counts.requested > accepted) {
        accepted++;
    }
    if (counts.requested != accepted || counts.delivered != delivered || counts.failed != failed ||
        counts.discarded != accepted - delivered - failed || counts.outstanding != 0 || counts.running != 0 ||
        counts.finished_waiting != 0) {
        controller_fail("account: producer %u counts %llu requested, %llu delivered, %llu failed, %llu discarded, %llu "
                        "outstanding, %llu running; it is %u, %u, %u, %u",
                        side->number, (unsigned long long)counts.requested, (unsigned long long)counts.delivered,
                        (unsigned long long)counts.failed, (unsigned long long)counts.discarded,
                        (unsigned long long)counts.outstanding, (unsigned long long)counts.running, accepted, delivered,
                        failed, accepted - delivered - failed);
    }
    REQUIRE(counts.skipped == (side->plan->policy == OIP_SKIP ? failed : 0));
    REQUIRE(oip_try_produce(side->producer, "a payload that nobody reads", NULL) != 0);
    REQUIRE(oip_stop(side->producer, NULL) == 0);
    bool had_function = side->plan->consumes == BY_THREAD && side->attached;
    REQUIRE(side->values == had_function);
    REQUIRE(oip_take_value(side->producer) == NULL);
}

static void join_callers(pthread_t *callers)
{
    for (unsigned i = 0; i < scene.program->callers; i++) {
        pthread_join(callers[i], NULL);
    }
}

/* Nobody uses the handle any more: no call that the keeper makes is under way either. */
static void give_back(void *argument)
{
    struct side *side = argument;
    side->handle_back = true;
    oip_producer_release(side->producer);
}

static void give_back_in_pool(void *argument)
{
    TAKES_TURN;
    give_back(argument);
}

/* Here, or on a thread of the pool. */
static void give_back_all(void)
{
    for (unsigned i = 0; i < scene.program->producers; i++) {
        struct side *side = &scene.sides[i];
        bool in_pool = scene.program->gives_back_in_pool && !scene.shutting && !scene.program->pool_first;
        if (!in_pool || oip_pool_run(scene.pool, give_back_in_pool, side) != 0) {
            give_back(side);
        }
    }
}

static void begin(const struct program *program)
{
    memset(&scene, 0, offsetof(struct scene, tokens));
    scene.program = program;
    scene.dice = (struct chance){program->seed * 2 + 1, 0, false};
    scene.allocations = controller_allocations();
    event_init(&scene.keeper.changed);
    event_init(&scene.loop.notified);
    event_init(&scene.job_done);
    for (unsigned i = 0; i <= MOST_CALLERS; i++) {
        event_init(&scene.lists[i].changed);
    }
    controller_role("director");
    create_pool();
    bool loops = false;
    for (unsigned i = 0; i < program->producers; i++) {
        scene.sides[i].number = i;
        scene.side_count++;
        create_producer(&scene.sides[i], &program->plans[i]);
        loops = loops || program->plans[i].consumes == BY_LOOP;
    }
    if (loops) {
        create_queue();
    }
    quiescence_watch(true);
}

void program_perform(const struct program *program)
{
    TAKES_TURN;
    begin(program);
    pthread_t keeper, callers[MOST_CALLERS];
    pthread_create(&keeper, NULL, keeper_main, NULL);
    unsigned early = program->callers - (program->last_comes_late && program->callers > 1);
    for (unsigned i = 0; i < early; i++) {
        pthread_create(&callers[i], NULL, caller_main, (void *)(uintptr_t)(i + 1));
    }
    perform_list(0);
    for (unsigned i = early; i < program->callers; i++) {
        pthread_create(&callers[i], NULL, caller_main, (void *)(uintptr_t)(i + 1));
    }
    for (unsigned i = 0; i < program->producers; i++) {
        struct side *side = &scene.sides[i];
        if (!ends_before_callers(side) && !side->attached && side->attaching == 0) {
            attach(side);
        }
    }
    end_those(true);
    join_callers(callers);
    end_those(false);
    for (unsigned i = 0; i < program->producers; i++) {
        if (scene.sides[i].consumer_runs) {
            event_await(&scene.sides[i].was_detached);
        }
    }
    if (scene.loop.to_join) {
        pthread_join(scene.loop.thread, NULL);
    }
    scene.releasing = true;
    while (scene.keeper.resumes != 0 || scene.operations != 0) {
        controller_nap(1000000);
    }
    for (unsigned i = 0; i < program->producers; i++) {
        if (scene.sides[i].plan->ends != BY_RELEASE) {
            check_end(&scene.sides[i]);
        }
    }
    while (scene.jobs_done != scene.jobs_begun) {
        event_take(&scene.job_done);
    }
    if (scene.queue != NULL && program->queue_first) {
        oip_ready_queue_release(scene.queue);
    }
    if (program->pool_first) {
        oip_pool_release(scene.pool);
    }
    give_back_all();
    if (scene.queue != NULL && !program->queue_first) {
        oip_ready_queue_release(scene.queue);
    }
    scene.keeper.closed = true;
    event_happens(&scene.keeper.changed);
    pthread_join(keeper, NULL);
    for (unsigned i = 0; i < scene.side_count; i++) {
        if (scene.sides[i].producer != NULL) {
            event_await(&scene.sides[i].was_released);
        }
    }
    if (!program->pool_first) {
        if (program->shuts_down) {
            REQUIRE(oip_pool_shutdown(scene.pool) == 0);
        }
        oip_pool_release(scene.pool);
    }
}

void program_check(void)
{
    for (unsigned i = 0; i < scene.side_count; i++) {
        REQUIRE(scene.sides[i].released);
        events_check(&scene.sides[i]);
    }
    for (unsigned i = 0; i < scene.substitute_count; i++) {
        REQUIRE(scene.substitutes[i].fate != MADE);
    }
    tokens_check();
    watchers_check();
    if (controller_allocations() != scene.allocations) {
        controller_fail("account: %ld pieces of memory were not given back",
                        controller_allocations() - scene.allocations);
    }
}

void program_explain(void)
{
    program_print(stderr, scene.program);
    tokens_print();
    quiescence_print();
    controller_print_threads();
}
