/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arbitrary sequences of operations on the C API, decoded from libFuzzer's bytes: an operation, whom it concerns, and
 * its choices. Whatever the bytes, the calls are ones that the header allows, or wrong ones that it says are refused.
 * At the end of each input everything is ended, in the order that the input says, and every item accounted for.
 *
 * A call that never returns, a wait that is never told and a context that is never released show as libFuzzer's
 * timeout.
 */
#include "Support/pools.h"

#include <errno.h>
#include <sched.h>

enum { OPERATIONS_MOST = 400 };

static struct lane lanes[LANES_MOST];

/* ---------------------------------------------------------------------------------------------------- input ---- */

struct input {
    const uint8_t *at, *end;
};

static unsigned char next(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* ------------------------------------------------------------------------------------------------ operations ---- */

/* Where nobody takes items, the window is exact to the item. */
static void check_refusal(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    if (lane->consumer == CONSUMER_OF_NOBODY && lane->callers_count == 0 && lane->waits_count == 0) {
        EXPECT(oip_get_statistics(lane->producer, &statistics) == 0);
        /* An item that ends production discards what is outstanding; a full account looks like a full window. */
        EXPECT(statistics.outstanding == lane->account.window || atomic_load(&lane->account.abrupt) ||
               atomic_load(&lane->account.taken) + 8 > ITEMS_MOST);
    }
}

static void ask(struct lane *lane, struct input *input)
{
    unsigned char choice = next(input), mood = next(input);
    enum way way = (enum way)(choice % WAYS);
    bool waits = way == WAY_PRODUCE || way == WAY_MANY || way == WAY_CALL || way == WAY_RESERVE;
    if (waits) {
        lane_finish_all_reserved(lane);
        if (!lane_may_block(lane)) {
            way = way == WAY_MANY ? WAY_TRY_MANY : way == WAY_RESERVE ? WAY_TRY_RESERVE : WAY_TRY;
        }
    }
    int result = lane_ask(lane, way, ASKER_DRIVER, 1 + choice / WAYS % 7, mood, choice >= 0xd0);
    if (result == -EAGAIN) {
        check_refusal(lane);
    } else if (result != 0) {
        EXPECT(lane_has_ended(lane, result));
    }
}

static void pause_or_resume(struct lane *lane, bool pauses)
{
    if (pauses && !lane->nests) {
        lane->paused = !lane->stopping;
        oip_pause(lane->producer);
    } else if (!pauses) {
        lane->paused = false;
        oip_resume(lane->producer);
    }
}

static void look(struct lane *lane)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    EXPECT(oip_get_statistics(lane->producer, &statistics) == 0);
    EXPECT(statistics.delivered <= statistics.requested && statistics.requested <= ITEMS_MOST);
    int result = oip_failure(lane->producer, NULL, NULL);
    EXPECT(result == 0 || (result == 1 && lane_has_ended(lane, -EPIPE)));
}

static void create(struct lane *lane, struct pool *pool, struct input *input)
{
    unsigned char choices[8];
    for (unsigned i = 0; i < sizeof choices; i++) {
        choices[i] = next(input);
    }
    if (lane->exists) { /* another one in its place */
        lane_end(lane, lanes);
        lane->exists = false;
    }
    if (!atomic_load(&pool->handle_is_back)) {
        lane_create(lane, pool, choices);
    }
}

static void operate_on_lane(unsigned operation, struct lane *lane, struct queue *queue, struct input *input)
{
    unsigned char choice;
    switch (operation) {
    case 0:
    case 1:
    case 2:
    case 3:
        ask(lane, input);
        break;
    case 4:
    case 5:
        choice = next(input);
        lane_ask_async(lane, operation == 5, choice, choice % 16 == 5);
        break;
    case 6:
        lane_cancel(lane, next(input));
        break;
    case 7:
        choice = next(input);
        lane_finish_reserved(lane, choice, choice >= 128);
        break;
    case 8:
        choice = next(input);
        lane_attach(lane, (enum consumer)(choice % CONSUMERS), queue, choice < 192 ? ITEMS_MOST : choice - 192u);
        break;
    case 9:
        if (lane->consumer == CONSUMER_IN_LOOP || lane->consumer == CONSUMER_IN_DRIVER ||
            lane->consumer == CONSUMER_OF_NOBODY) {
            for (int count = next(input) % 16; count >= 0 && lane_try_next(lane) == 1; count--) {
            }
        }
        break;
    case 10:
        lane_next(lane);
        break;
    case 11:
    case 12:
        pause_or_resume(lane, operation == 11);
        break;
    case 13:
        lane_start_caller(lane, 1 + next(input) % 40, next(input));
        break;
    case 14:
        look(lane);
        break;
    case 15:
        lane_take_value(lane);
        break;
    case 16:
        lane_stop(lane);
        break;
    case 17:
        lane_stop_async(lane);
        break;
    case 18:
        lane_stop_producing(lane);
        break;
    case 19:
        lane_detach(lane);
        break;
    default:
        lane_release(lane);
    }
}

enum { LANE_OPERATIONS = 21, OPERATIONS = LANE_OPERATIONS + 9 };

static void operate(struct input *input)
{
    unsigned operation = next(input) % OPERATIONS;
    unsigned char whom = next(input);
    struct lane *lane = &lanes[whom % LANES_MOST];
    struct pool *pool = &pools[whom / LANES_MOST % pools_count];
    struct queue *queue = queues_count != 0 ? &queues[whom / LANES_MOST % queues_count] : NULL;
    bool has_pool = !atomic_load(&pool->handle_is_back);
    if (operation < LANE_OPERATIONS) {
        if (lane->exists && !lane->handle_is_back) {
            operate_on_lane(operation, lane, queue, input);
        } else if (lane->exists && operation == 7) {
            lane_finish_reserved(lane, whom / LANES_MOST, false); /* allowed also after production has ended */
        } else if (!lane->exists) {
            create(lane, pool, input);
        }
        return;
    }
    switch (operation - LANE_OPERATIONS) {
    case 0:
        create(lane, pool, input);
        break;
    case 1:
        if (queue != NULL && queue->queue != NULL) {
            if (!queue->notifies) {
                EXPECT(oip_ready_queue_wait(queue->queue, whom % 2 != 0 ? 0 : 1000) >= 0);
            }
            queue_serve(queue, lanes);
        }
        break;
    case 2:
        if (has_pool) {
            int result = oip_pool_resize(pool->pool, 1 + whom % 4);
            EXPECT(result == 0 || (result == -ESHUTDOWN && pool->refuses));
        }
        break;
    case 3:
        if (has_pool) {
            run_job(pool);
        }
        break;
    case 4:
        if (has_pool) {
            wrong_arguments(next(input), lane->exists && !lane->handle_is_back ? lane : NULL, pool, queue);
        }
        break;
    case 5:
        if (whom >= 200 && has_pool) {
            shut_down_aside(pool);
        }
        break;
    case 6:
        if (whom >= 200) {
            release_pool(pool);
        }
        break;
    case 7:
        if (whom >= 200 && queue != NULL) {
            release_queue(queue);
        }
        break;
    default:
        sched_yield();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct input input = {bytes, bytes + size};
    static int threads; /* before the first input: later some may just be leaving */
    threads = threads != 0 ? threads : threads_now();
    unsigned char world = next(&input), order = next(&input);
    pools_count = queues_count = 0;
    make_pool(next(&input));
    if (world % 4 == 0) {
        make_pool(next(&input));
    }
    for (unsigned i = 0; i < world / 4 % 3; i++) {
        make_queue((world / 16 + i) % 2 != 0);
    }
    for (int count = 0; count < OPERATIONS_MOST && input.at < input.end; count++) {
        operate(&input);
    }
    for (unsigned i = 0; i < LANES_MOST; i++) {
        struct lane *lane = &lanes[(i + order) % LANES_MOST];
        if (lane->exists) {
            lane_end(lane, lanes);
            lane->exists = false;
        }
    }
    for (unsigned i = 0; i < queues_count; i++) {
        release_queue(&queues[i]);
    }
    for (unsigned i = 0; i < pools_count; i++) {
        end_pool(&pools[(i + order) % pools_count], order / 3 % 2 != 0);
    }
    WAIT_UNTIL(atomic_load(&jobs_done) == atomic_load(&jobs_begun));
    WAIT_UNTIL(threads_now() <= threads);
    return 0;
}
