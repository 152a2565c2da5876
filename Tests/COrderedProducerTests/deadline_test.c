/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines: who sees to it that they are kept, what they mean for endings, and requests that have one. */
#include "Support/overdue_items.h"
#include "Support/overdue_variants.h"

#include <sched.h>

/* ---------------------------------------------------------------------------------------------- who sees to it ---- */

static bool is_idle(struct overdue *overdue)
{
    struct oip_statistics statistics = overdue_statistics(overdue);
    return statistics.outstanding == 0;
}

/* The consumer sleeps before anything is asked for; its alarm is the caller's to set. */
static void a_sleeping_consumer_is_told(int variant)
{
    enum { ITEMS = 20 };
    struct overdue *overdue = of_variant(variant, ITEMS, OPTIONS(.window = 4));
    sem_t gates[ITEMS];
    overdue_start(overdue);
    for (int i = 0; i < ITEMS; i++) {
        WAIT_UNTIL(is_idle(overdue));
        sem_init(&gates[i], 0, 0);
        overdue->entries[i].gate = &gates[i];
        CHECK_EQUAL(overdue_ask(overdue, i, making_of(variant), i % 2 == 0 ? AT_ONCE : 200000), 0);
        wait_for_arrivals(overdue, 1);
        sem_post(&gates[i]);
        if (making_of(variant) == ELSEWHERE) {
            overdue_finish(overdue, i);
        }
    }
    CHECK_EQUAL(overdue_statistics(overdue).overtaken, ITEMS);
    overdue_end(overdue);
}

/* A later deadline is set already: the earlier one counts, and then the later. */
static void deadlines_may_come_in_any_order(int variant)
{
    struct overdue *overdue = of_variant(variant, 3, OPTIONS(.window = 4, .deadline_ns = 3600000000000));
    overdue_start(overdue);
    sem_t first;
    sem_init(&first, 0, 0);
    overdue->entries[0].gate = &first;
    CHECK_EQUAL(overdue_ask(overdue, 0, ON_POOL, 0), 0); /* an hour */
    ask_hung(overdue, 1, making_of(variant), 300000);
    sem_post(&first);
    wait_for_arrivals(overdue, 2);
    CHECK_EQUAL(overdue->entries[1].substitutes_delivered, 1);
    let_go(overdue, 1, making_of(variant));
    CHECK_EQUAL(overdue_ask(overdue, 2, ON_POOL, 0), 0);
    wait_for_arrivals(overdue, 1);
    CHECK_EQUAL(overdue->entries[2].delivered, 1);
    overdue_end(overdue);
}

/* All threads hang, and more are asked for: the sink gets substitutes for them all, from the timekeeper. */
static void everything_hangs(int variant)
{
    enum { ITEMS = 600 };
    struct overdue *overdue = of_variant(variant, ITEMS, OPTIONS(.window = ITEMS));
    ask_hung(overdue, 0, ON_POOL, AT_ONCE);
    sem_t second_begun;
    sem_init(&second_begun, 0, 0);
    overdue->entries[1].gate = &gate;
    overdue->entries[1].begun = &second_begun;
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, AT_ONCE), 0);
    wait_for(&second_begun);
    overdue_start(overdue);
    for (int i = 2; i < ITEMS; i++) {
        CHECK_EQUAL(overdue_ask(overdue, i, making_of(variant), AT_ONCE), 0);
    }
    wait_for_arrivals(overdue, ITEMS);
    CHECK_EQUAL(overdue_statistics(overdue).overtaken, ITEMS);
    overdue_stop(overdue);
    for (int i = 2; i < ITEMS && making_of(variant) == ELSEWHERE; i++) {
        overdue_finish(overdue, i);
    }
    sem_post(&gate);
    sem_post(&gate);
    overdue_end(overdue);
}

static struct overdue *second_stage;

static int ask_the_second_stage(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    sem_post(&begun);
    CHECK_EQUAL(overdue_ask(second_stage, 2, ON_POOL, AT_ONCE), 0);
    return 0;
}

static int ignore(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

/* All threads hang, so both stages' sinks are the timekeeper's: the first's waits for room that the second's makes. */
static void a_sink_may_wait_for_a_deadline(int variant)
{
    (void)variant;
    second_stage = overdue_create(SINK, 3, 1, OPTIONS(.window = 2));
    oip_producer *first_stage;
    CHECK_EQUAL(oip_producer_create(&first_stage, second_stage->pool,
                                    OPTIONS(.payload_size = 8, .run = ignore, .deadlines = true)),
                0);
    CHECK_EQUAL(overdue_ask(second_stage, 0, ELSEWHERE, OIP_NO_DEADLINE), 0);
    ask_hung(second_stage, 1, ON_POOL, AT_ONCE);
    overdue_start(second_stage);
    CHECK_EQUAL(oip_start_sink(first_stage, ask_the_second_stage, NULL), 0);
    uint64_t payload = 0, sequence;
    CHECK_EQUAL(oip_reserve(first_stage, &sequence), 0);
    oip_complete(first_stage, sequence, &payload);
    wait_for(&begun);
    overdue_finish(second_stage, 0);
    wait_for_arrivals(second_stage, 3);
    CHECK_EQUAL(second_stage->entries[1].substitutes_delivered + second_stage->entries[2].substitutes_delivered, 2);
    CHECK_EQUAL(oip_stop(first_stage, NULL), 0);
    oip_producer_release(first_stage);
    overdue_stop(second_stage);
    let_go(second_stage, 1, ON_POOL);
    overdue_end(second_stage);
}

static int take_the_second_stage(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    CHECK_EQUAL(oip_attach(second_stage->producer), 0);
    for (int i = 0; i < 2; i++) {
        struct parcel parcel;
        uint64_t of_second;
        CHECK_EQUAL(oip_next(second_stage->producer, &parcel, &of_second), 1);
        overdue_deliver(second_stage, &parcel, of_second);
        sem_post(&begun);
    }
    oip_detach(second_stage->producer);
    return 0;
}

/* The same where it is the other's consumer. */
static void a_sink_may_wait_for_an_item_that_is_overdue(int variant)
{
    (void)variant;
    second_stage = overdue_create(THREAD, 2, 1, OPTIONS(.window = 2));
    oip_producer *first_stage;
    CHECK_EQUAL(oip_producer_create(&first_stage, second_stage->pool,
                                    OPTIONS(.payload_size = 8, .run = ignore, .deadlines = true)),
                0);
    ask_hung(second_stage, 0, ON_POOL, AT_ONCE);
    CHECK_EQUAL(oip_start_sink(first_stage, take_the_second_stage, NULL), 0);
    uint64_t payload = 0, sequence;
    CHECK_EQUAL(oip_reserve(first_stage, &sequence), 0);
    oip_complete(first_stage, sequence, &payload);
    wait_for(&begun);
    WAIT_UNTIL(is_idle(second_stage));
    CHECK_EQUAL(overdue_ask(second_stage, 1, ELSEWHERE, AT_ONCE), 0);
    wait_for(&begun);
    CHECK_EQUAL(oip_stop(first_stage, NULL), 0);
    oip_producer_release(first_stage);
    let_go(second_stage, 0, ON_POOL);
    let_go(second_stage, 1, ELSEWHERE);
    overdue_end(second_stage);
}

/* ---------------------------------------------------------------------------------------------------- endings ---- */

static void an_end_at_once_waits_for_no_item_that_is_due(int variant)
{
    for (int attached = 0; attached < 2; attached++) {
        struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4));
        ask_hung(overdue, 0, making_of(variant), 200000);
        CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, 0), 0);
        if (attached) {
            overdue_start(overdue);
        }
        oip_stop_producing(overdue->producer);
        overdue_stop(overdue);
        CHECK_EQUAL(overdue->entries[0].outputs, 0);
        let_go(overdue, 0, making_of(variant));
        overdue_end(overdue);
    }
}

static sem_t is_asking, may_go_on;

/* Keeps the caller between its sequence and its slot. */
static void hold_the_caller(void *context, const struct oip_event *event)
{
    (void)context;
    if (event->kind == OIP_REQUESTED && event->sequence == 1) {
        sem_post(&is_asking);
        wait_for(&may_go_on);
    }
}

static void *ask_the_second(void *overdue)
{
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, OIP_NO_DEADLINE), 0);
    return NULL;
}

/* The pool's only thread hangs, so nobody but the ending can discard what was asked for just before it. */
static void an_end_at_once_discards_what_is_just_being_asked_for(int variant)
{
    struct overdue *overdue =
        overdue_create((enum consumer)variant, 2, 1, OPTIONS(.window = 4, .observe = hold_the_caller));
    sem_init(&is_asking, 0, 0);
    sem_init(&may_go_on, 0, 0);
    ask_hung(overdue, 0, ON_POOL, AT_ONCE);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 1);
    pthread_t caller;
    CHECK_EQUAL(pthread_create(&caller, NULL, ask_the_second, overdue), 0);
    wait_for(&is_asking);
    oip_stop_producing(overdue->producer);
    sem_post(&may_go_on);
    CHECK_EQUAL(pthread_join(caller, NULL), 0);
    WAIT_UNTIL(overdue->entries[1].inputs_discarded == 1);
    overdue_stop(overdue);
    let_go(overdue, 0, ON_POOL);
    overdue_end(overdue);
}

static void the_last_handle_goes_while_items_are_late(int variant)
{
    struct overdue *overdue = of_variant(variant, 1, OPTIONS(.window = 4));
    ask_hung(overdue, 0, ON_POOL, AT_ONCE);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 1);
    overdue_stop(overdue);
    int value;
    sem_getvalue(&overdue->released, &value);
    CHECK_EQUAL(value, 0);
    sem_post(&gate);
    overdue_end(overdue); /* waits for the context's release */
}

static void stop_inside(struct entry *entry)
{
    CHECK_EQUAL(oip_stop(entry->overdue->producer, NULL), -EDEADLK);
    CHECK_EQUAL(oip_stop(entry->overdue->producer, NULL), -EDEADLK);
}

static void a_substitute_cannot_wait_for_itself(int variant)
{
    struct overdue *overdue = of_variant(variant, 1, OPTIONS(.window = 4));
    overdue->in_substitute = stop_inside;
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 1);
    let_go(overdue, 0, making_of(variant));
    overdue_end(overdue);
}

static void ask_from_inside(struct entry *entry)
{
    /* The window is full of items asked for later; this one is out of the line, so there will be room. */
    CHECK_EQUAL(overdue_ask(entry->overdue, 3, ON_POOL, OIP_NO_DEADLINE), 0);
}

static void wait_for_room_in_a_late_item(int variant, uint32_t width)
{
    struct overdue *overdue = of_variant(variant, 4, OPTIONS(.window = 2, .width = width));
    overdue->entries[0].inside = ask_from_inside;
    ask_hung(overdue, 0, ON_POOL, AT_ONCE);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 1);
    oip_pause(overdue->producer);
    CHECK_EQUAL(overdue_ask(overdue, 1, making_of(variant), OIP_NO_DEADLINE), 0);
    CHECK_EQUAL(overdue_ask(overdue, 2, ON_POOL, OIP_NO_DEADLINE), 0);
    sem_post(&gate);
    if (making_of(variant) == ELSEWHERE) {
        overdue_finish(overdue, 1);
    }
    oip_resume(overdue->producer);
    wait_for_arrivals(overdue, 3);
    overdue_end(overdue);
}

static void a_late_item_may_wait_for_room(int variant)
{
    wait_for_room_in_a_late_item(variant, 0);
}

/* Nobody else may run the items that make room. */
static void a_late_item_that_fills_the_width_may_wait_for_room(int variant)
{
    wait_for_room_in_a_late_item(variant, 1);
}

static void ask_behind_the_reservation_beneath(struct entry *entry)
{
    CHECK_EQUAL(overdue_ask(entry->overdue, 2, ELSEWHERE, OIP_NO_DEADLINE), 0);
    CHECK_EQUAL(overdue_ask(entry->overdue, 3, ELSEWHERE, OIP_NO_DEADLINE), -EDEADLK);
}

static sem_t asked_for_two, has_reserved;

static void reserve_the_fifth(void *overdue)
{
    wait_for(&asked_for_two);
    CHECK_EQUAL(overdue_ask(overdue, 4, ELSEWHERE, OIP_NO_DEADLINE), 0);
    sem_post(&has_reserved);
}

/*
 * The pool's thread waits for a reservation, and runs an item meanwhile. The reservation is granted, and heads the
 * line: it is finished when its call has returned, which the item is on top of.
 */
static void a_late_item_on_top_of_a_granted_reservation_is_refused(int consumer)
{
    sem_t begun, overtaken;
    sem_init(&begun, 0, 0);
    sem_init(&overtaken, 0, 0);
    sem_init(&asked_for_two, 0, 0);
    sem_init(&has_reserved, 0, 0);
    struct overdue *overdue = overdue_create((enum consumer)consumer, 5, 1, OPTIONS(.window = 2));
    CHECK_EQUAL(oip_pool_run(overdue->pool, reserve_the_fifth, overdue), 0);
    overdue->entries[1].begun = &begun;
    overdue->entries[1].gate = &overtaken;
    overdue->entries[1].inside = ask_behind_the_reservation_beneath;
    CHECK_EQUAL(overdue_ask(overdue, 0, ELSEWHERE, OIP_NO_DEADLINE), 0);
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, AT_ONCE), 0);
    sem_post(&asked_for_two);
    wait_for(&begun);
    overdue_start(overdue);
    overdue_finish(overdue, 0);
    wait_for_arrivals(overdue, 2);
    sem_post(&overtaken);
    wait_for(&has_reserved);
    CHECK_EQUAL(overdue->entries[4].sequence, 2);
    overdue_finish(overdue, 4);
    overdue_finish(overdue, 2);
    wait_for_arrivals(overdue, 2);
    overdue_end(overdue);
}

/* --------------------------------------------------------------------------------------------------- requests ---- */

static void arguments_that_make_no_sense_are_refused(int variant)
{
    (void)variant;
    oip_pool *pool = pool_of(1);
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = ignore)), 0);
    uint64_t payload = 0;
    struct oip_waiter waiter = {0};
    struct oip_request request = OIP_REQUEST_INIT;
    request.payload = &payload;
    CHECK_EQUAL(oip_request(producer, NULL, NULL), -EINVAL);
    request.deadline_ns = 1;
    CHECK_EQUAL(oip_request(producer, &request, NULL), -EINVAL);
    request.deadline_ns = 0;
    request.argument = &payload;
    CHECK_EQUAL(oip_request(producer, &request, NULL), -EINVAL);
    request.argument = NULL;
    request.nowait = true;
    request.waiter = &waiter;
    CHECK_EQUAL(oip_request(producer, &request, NULL), -EINVAL);
    request.waiter = NULL;
    request.size = 3;
    CHECK_EQUAL(oip_request(producer, &request, NULL), -EINVAL);
    request.size = sizeof request;
    uint64_t sequence = 7;
    CHECK_EQUAL(oip_request(producer, &request, &sequence), 0);
    CHECK_EQUAL(sequence, 0);
    oip_stop_producing(producer);
    CHECK_EQUAL(oip_request(producer, &request, &sequence), -EPIPE);
    oip_producer_release(producer);
    pool_end(pool);
}

static void told(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    CHECK_EQUAL(result, 0);
    *(uint64_t *)waiter->context = sequence;
    sem_post(&begun);
}

static void requests_wait_as_the_others_do(int variant)
{
    struct overdue *overdue = of_variant(variant, 3, OPTIONS(.window = 1));
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    struct parcel parcel = {1, INPUT};
    struct entry *entry = &overdue->entries[1];
    struct oip_request request = {.size = sizeof request, .payload = &parcel, .argument = entry, .nowait = true};
    CHECK_EQUAL(oip_request(overdue->producer, &request, NULL), -EAGAIN);
    struct oip_waiter waiter = {.done = told, .context = &entry->sequence};
    request.nowait = false;
    request.waiter = &waiter;
    CHECK_EQUAL(oip_request(overdue->producer, &request, NULL), -EINPROGRESS);
    CHECK_EQUAL(oip_cancel(overdue->producer, &waiter), 0);
    CHECK_EQUAL(entry->arguments_used + entry->arguments_released, 0); /* it is the caller's again */
    CHECK_EQUAL(oip_request(overdue->producer, &request, NULL), -EINPROGRESS);
    entry->asked = true;
    overdue_start(overdue);
    wait_for(&begun);
    CHECK_EQUAL(entry->sequence, 1);
    let_go(overdue, 0, making_of(variant));
    overdue_end(overdue);
}

/* ---------------------------------------------------------------------------------------------------------------- */

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a sleeping consumer is told", a_sleeping_consumer_is_told, VARIANTS, variant_name},
        {"deadlines may come in any order", deadlines_may_come_in_any_order, VARIANTS, variant_name},
        {"everything hangs", everything_hangs, VARIANTS, variant_name},
        {"a sink may wait for a deadline", a_sink_may_wait_for_a_deadline, 0, NULL},
        {"a sink may wait for an item that is overdue", a_sink_may_wait_for_an_item_that_is_overdue, 0, NULL},
        {"an end at once waits for no item that is due", an_end_at_once_waits_for_no_item_that_is_due, VARIANTS,
         variant_name},
        {"an end at once discards what is just being asked for", an_end_at_once_discards_what_is_just_being_asked_for,
         CONSUMERS, consumer_name},
        {"the last handle goes while items are late", the_last_handle_goes_while_items_are_late, VARIANTS,
         variant_name},
        {"a substitute cannot wait for itself", a_substitute_cannot_wait_for_itself, VARIANTS, variant_name},
        {"a late item may wait for room", a_late_item_may_wait_for_room, VARIANTS, variant_name},
        {"a late item on top of a granted reservation is refused",
         a_late_item_on_top_of_a_granted_reservation_is_refused, SINK, consumer_name}, /* threads */
        {"a late item that fills the width may wait for room", a_late_item_that_fills_the_width_may_wait_for_room,
         VARIANTS, variant_name},
        {"arguments that make no sense are refused", arguments_that_make_no_sense_are_refused, 0, NULL},
        {"requests wait as the others do", requests_wait_as_the_others_do, VARIANTS, variant_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
