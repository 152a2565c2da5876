/* SPDX-License-Identifier: Apache-2.0 */
/* Overtaking: what takes the place of a late item, who is overtaken and who is not, and what becomes of what comes too
 * late. */
#include "Support/overdue_variants.h"

#include <sched.h>

/* ------------------------------------------------------------------------------------- what takes its place ---- */

static void a_hung_head_is_replaced(int variant)
{
    struct overdue *overdue = of_variant(variant, 3, OPTIONS(.window = 4));
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, 0), 0);
    CHECK_EQUAL(overdue_ask(overdue, 2, ON_POOL, 0), 0);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 3);
    CHECK_EQUAL(overdue->entries[0].substitutes_delivered, 1);
    CHECK_EQUAL(overdue->entries[1].delivered + overdue->entries[2].delivered, 2);
    overdue_stop(overdue); /* while it still hangs */
    struct oip_statistics statistics = overdue_statistics(overdue);
    CHECK_EQUAL(statistics.overtaken, 1);
    CHECK_EQUAL(statistics.late, 1);
    CHECK_EQUAL(statistics.running, 0);
    CHECK_EQUAL(statistics.delivered, 3);
    let_go(overdue, 0, making_of(variant));
    WAIT_UNTIL(overdue_statistics(overdue).late == 0);
    CHECK_EQUAL(overdue->entries[0].outputs_discarded, 1);
    overdue_end(overdue);
}

static void nothing_may_take_its_place(int variant)
{
    struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4));
    overdue->entries[0].instead = NOTHING;
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, 0), 0);
    overdue_start(overdue);
    overdue_stop(overdue);
    CHECK_EQUAL(overdue->entries[1].delivered, 1);
    CHECK_EQUAL(oip_failure(overdue->producer, NULL, NULL), 0);
    struct oip_statistics statistics = overdue_statistics(overdue);
    CHECK_EQUAL(statistics.delivered, 1);
    CHECK_EQUAL(statistics.discarded, 1);
    CHECK_EQUAL(statistics.failed + statistics.skipped, 0);
    let_go(overdue, 0, making_of(variant));
    overdue_end(overdue);
}

/* One that has failed and is still to be passed over is no less than nothing. */
static void what_is_left_out_stays_counted(int variant)
{
    struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4, .on_failure = OIP_SKIP));
    overdue->entries[0].instead = NOTHING;
    overdue->entries[1].fails = true;
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    overdue_start(overdue);
    WAIT_UNTIL(overdue_statistics(overdue).head == 1);
    CHECK_EQUAL(overdue_statistics(overdue).discarded, 1);
    oip_pause(overdue->producer);
    CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, 0), 0);
    WAIT_UNTIL(overdue_statistics(overdue).failed == 1);
    CHECK_EQUAL(overdue_statistics(overdue).discarded, 1);
    overdue_stop(overdue);
    CHECK_EQUAL(overdue_statistics(overdue).discarded, 1);
    CHECK_EQUAL(overdue_statistics(overdue).skipped, 1);
    let_go(overdue, 0, making_of(variant));
    overdue_end(overdue);
}

static void a_failure_may_take_its_place(int variant)
{
    for (enum oip_failure_policy policy = OIP_END_IN_ORDER; policy <= OIP_SKIP; policy++) {
        struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4, .on_failure = policy));
        overdue->entries[0].instead = AN_ERROR;
        ask_hung(overdue, 0, making_of(variant), AT_ONCE);
        CHECK_EQUAL(overdue_ask(overdue, 1, ON_POOL, 0), 0);
        overdue_start(overdue);
        overdue_stop(overdue);
        uint64_t sequence = UINT64_MAX;
        int code = 0;
        CHECK_EQUAL(oip_failure(overdue->producer, &sequence, &code), policy != OIP_SKIP);
        CHECK(policy == OIP_SKIP || (sequence == 0 && code == SUBSTITUTE_FAILURE));
        CHECK_EQUAL(overdue->entries[1].delivered, policy == OIP_SKIP);
        struct oip_statistics statistics = overdue_statistics(overdue);
        CHECK_EQUAL(statistics.failed, 1);
        CHECK_EQUAL(statistics.overtaken, 1);
        let_go(overdue, 0, making_of(variant));
        overdue_end(overdue);
    }
}

static int hang(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    sem_post(&begun);
    wait_for(&gate);
    return 0;
}

static int ignore(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

static void without_a_substitute_the_item_fails(int variant)
{
    (void)variant;
    sem_init(&begun, 0, 0);
    sem_init(&gate, 0, 0);
    oip_pool *pool = pool_of(1);
    oip_producer *producer;
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.payload_size = 8, .run = hang, .deadline_ns = AT_ONCE)),
                0);
    uint64_t payload = 0, sequence = UINT64_MAX;
    int code = 0;
    CHECK_EQUAL(oip_produce(producer, &payload, NULL), 0);
    wait_for(&begun);
    CHECK_EQUAL(oip_start_sink(producer, ignore, NULL), 0);
    CHECK_EQUAL(oip_stop(producer, NULL), 0); /* all the pool's threads are in the item: the timekeeper delivers */
    CHECK_EQUAL(oip_failure(producer, &sequence, &code), 1);
    CHECK_EQUAL(sequence, 0);
    CHECK_EQUAL(code, -ETIMEDOUT);
    sem_post(&gate);
    oip_producer_release(producer);
    pool_end(pool);
}

/* ------------------------------------------------------------------------------------------ who is overtaken ---- */

static void block_a_thread(void *argument)
{
    (void)argument;
    sem_post(&begun);
    wait_for(&gate);
}

static void an_item_that_has_not_begun_is_not_run(int variant)
{
    struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 8));
    sem_init(&begun, 0, 0);
    sem_init(&gate, 0, 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(oip_pool_run(overdue->pool, block_a_thread, NULL), 0);
        wait_for(&begun);
    }
    CHECK_EQUAL(overdue_ask(overdue, 0, ON_POOL, AT_ONCE), 0);
    CHECK_EQUAL(overdue_ask(overdue, 1, making_of(variant), OIP_NO_DEADLINE), 0);
    overdue_start(overdue);
    wait_for_arrivals(overdue, 1);
    CHECK_EQUAL(overdue->entries[0].inputs_discarded, 1);
    CHECK_EQUAL(overdue_statistics(overdue).late, 0);
    sem_post(&gate);
    sem_post(&gate);
    if (making_of(variant) == ELSEWHERE) {
        overdue_finish(overdue, 1);
    }
    wait_for_arrivals(overdue, 1);
    CHECK_EQUAL(overdue->entries[0].begins, 0);
    overdue_end(overdue);
}

static void only_the_head_is_overtaken(int variant)
{
    struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4));
    sem_t first;
    sem_init(&first, 0, 0);
    overdue->entries[0].gate = &first;
    CHECK_EQUAL(overdue_ask(overdue, 0, ON_POOL, OIP_NO_DEADLINE), 0);
    ask_hung(overdue, 1, making_of(variant), AT_ONCE);
    overdue_start(overdue);
    let_go(overdue, 1, making_of(variant)); /* late, and before its turn */
    WAIT_UNTIL(overdue_statistics(overdue).finished_waiting == 1);
    sem_post(&first);
    overdue_stop(overdue);
    CHECK_EQUAL(overdue->entries[0].delivered + overdue->entries[1].delivered, 2);
    CHECK_EQUAL(overdue_statistics(overdue).overtaken, 0);
    overdue_end(overdue);
}

static void a_pause_overtakes_nobody(int variant)
{
    struct overdue *overdue = of_variant(variant, 2, OPTIONS(.window = 4));
    oip_pause(overdue->producer);
    overdue_start(overdue);
    ask_hung(overdue, 0, making_of(variant), AT_ONCE);
    let_go(overdue, 0, making_of(variant));
    WAIT_UNTIL(overdue_statistics(overdue).finished_waiting == 1);
    ask_hung(overdue, 1, making_of(variant), AT_ONCE);
    CHECK_EQUAL(overdue_statistics(overdue).overtaken, 0);
    oip_resume(overdue->producer);
    wait_for_arrivals(overdue, 2);
    CHECK_EQUAL(overdue->entries[0].delivered, 1);
    CHECK_EQUAL(overdue->entries[1].substitutes_delivered, 1);
    let_go(overdue, 1, making_of(variant));
    overdue_end(overdue);
}

/* ------------------------------------------------------------------------------------ what comes too late ---- */

/* The slot belongs to others when the item comes. */
static void a_late_item_finds_its_slot_taken(int variant)
{
    enum { ITEMS = 60 };
    for (size_t size = sizeof(struct parcel); size <= 4096; size += 2040) {
        struct overdue *overdue = of_variant(variant, ITEMS, OPTIONS(.window = 1, .payload_size = size));
        ask_hung(overdue, 0, making_of(variant), AT_ONCE);
        overdue->entries[0].fails = size > 2000;
        overdue_start(overdue);
        for (int i = 1; i < ITEMS; i++) {
            CHECK_EQUAL(overdue_ask(overdue, i, ON_POOL, OIP_NO_DEADLINE),
                        0); /* waits for the room of the one before */
        }
        let_go(overdue, 0, making_of(variant));
        overdue_stop(overdue);
        for (int i = 1; i < ITEMS; i++) {
            CHECK_EQUAL(overdue->entries[i].delivered, 1);
        }
        CHECK_EQUAL(oip_failure(overdue->producer, NULL, NULL), 0); /* a late failure has no effect */
        overdue_end(overdue);
    }
}

/* --------------------------------------------------------------------------------------------------- at random ---- */

/* Items that finish about when they are due, on either side of it. */
static void overtaking_races_finishing(int variant)
{
    enum { ITEMS = 3000, LONGEST = 4000 };
    uint64_t state = test_seed();
    enum oip_failure_policy policy = state % 3 == 0 ? (enum oip_failure_policy)(state / 3 % 3) : OIP_SKIP;
    struct overdue *overdue = of_variant(variant, ITEMS, OPTIONS(.window = 16, .on_failure = policy));
    overdue_start(overdue);
    for (int i = 0; i < ITEMS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        struct entry *entry = &overdue->entries[i];
        entry->spins = (unsigned)(state >> 40) % LONGEST;
        entry->fails = (state >> 33) % 7 == 0;
        entry->instead = (enum instead)((state >> 36) % 3);
        enum making making = (state >> 38) % 8 == 0 ? ELSEWHERE : ON_POOL;
        int result = overdue_ask(overdue, i, making, 1 + (state >> 42) % (LONGEST * 8));
        CHECK(result == 0 || (result == -EPIPE && policy != OIP_SKIP));
        if (making == ELSEWHERE && result == 0) {
            overdue_finish(overdue, i);
        }
        if ((state >> 44) % 64 == 0) {
            oip_pause(overdue->producer);
            sched_yield();
            oip_resume(overdue->producer);
        }
    }
    if (making_of(variant) == ELSEWHERE) {
        oip_stop_producing(overdue->producer);
    }
    overdue_end(overdue);
}

/* ---------------------------------------------------------------------------------------------------------------- */

/* A reservation that has time left is waited for, also by an ending at once. */
static void an_ending_waits_for_a_reservation_that_is_not_due(int consumer)
{
    struct overdue *overdue = overdue_create((enum consumer)consumer, 1, 2, OPTIONS(.window = 4));
    CHECK_EQUAL(overdue_ask(overdue, 0, ELSEWHERE, 0), 0);
    overdue_start(overdue);
    oip_stop_producing(overdue->producer);
    struct blocking_waiter stopped;
    blocking_waiter_init(&stopped);
    CHECK_EQUAL(oip_stop_async(overdue->producer, &stopped.waiter), -EINPROGRESS);
    CHECK_EQUAL(overdue_statistics(overdue).late, 0);
    let_go(overdue, 0, ELSEWHERE);
    wait_for(&stopped.told);
    CHECK_EQUAL(overdue->entries[0].outputs_discarded, 1);
    overdue_end(overdue);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a hung head is replaced", a_hung_head_is_replaced, VARIANTS, variant_name},
        {"nothing may take its place", nothing_may_take_its_place, VARIANTS, variant_name},
        {"what is left out stays counted", what_is_left_out_stays_counted, VARIANTS, variant_name},
        {"a failure may take its place", a_failure_may_take_its_place, VARIANTS, variant_name},
        {"without a substitute the item fails", without_a_substitute_the_item_fails, 0, NULL},
        {"an item that has not begun is not run", an_item_that_has_not_begun_is_not_run, VARIANTS, variant_name},
        {"only the head is overtaken", only_the_head_is_overtaken, VARIANTS, variant_name},
        {"a pause overtakes nobody", a_pause_overtakes_nobody, VARIANTS, variant_name},
        {"a late item finds its slot taken", a_late_item_finds_its_slot_taken, VARIANTS, variant_name},
        {"an ending waits for a reservation that is not due", an_ending_waits_for_a_reservation_that_is_not_due,
         CONSUMERS, consumer_name},
        {"overtaking races finishing", overtaking_races_finishing, VARIANTS, variant_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
