/* SPDX-License-Identifier: Apache-2.0 */
#include "quiescence.h"

#include "lateness.h"
#include "scene.h"
#include "structures.h"

struct quiescence_counts *quiescence_counts;
bool quiescence_of_hangs_only;

enum { FIRST_GUESS_NS = 30000, MOVING_NS = 20000 };

static struct seen_pool pool;
static bool timers;

static unsigned free_threads(void)
{
    return pool.parked + pool.lookouts;
}

/* ---------------------------------------------------------------------------------------------------- L1 ---- */

static void check_ready(struct side *side, const struct seen_producer *seen)
{
    unsigned unclaimed = seen->ready + seen->held;
    if (unclaimed == 0 || (seen->width != 0 && seen->active >= seen->width)) {
        return;
    }
    if (!seen->queued && seen->active == 0 && side->running == 0) {
        controller_fail("L1: producer %u has %u items ready and nobody looks", side->number, unclaimed);
    }
    if (free_threads() == 0 || pool.stopping) {
        return;
    }
    bool watches = timers && pool.lookouts != 0 && seen->queued;
    /* As it may have been when it was decided: both averages move by a factor of two with a sample. */
    uint64_t wake = 4 * (pool.wake_cost > FIRST_GUESS_NS ? pool.wake_cost : FIRST_GUESS_NS);
    /* Or more of them, published while as many threads were awake as there are processors. */
    bool cheap = seen->cost < pool.wake_cost || (seen->cost < wake && unclaimed * seen->cost < wake);
    if (!watches || !cheap) {
        controller_fail("L1: producer %u has %u items ready, and %u pool threads are parked%s", side->number, unclaimed,
                        free_threads(), watches ? " but for the lookout" : "");
    }
    excuse(side, CHEAP_BACKLOG, seen->first_unbegun);
}

/* ---------------------------------------------------------------------------------------------------- L2 ---- */

/* The head, and the calls that have looked at it: each hands it to the pool anew. */
static uint64_t since_calls(const struct side *side, const struct seen_producer *seen)
{
    return seen->head << 8 | ((side->resumes + side->stopping + side->aborted + side->closed) & 255);
}

static void check_sink_told(struct side *side, const struct seen_producer *seen)
{
    if (free_threads() == 0) {
        /* Deadlines are kept though all threads hang; without them whoever hangs is waited for. */
        if (side->plan->deadlines != 0 && !side->in_sink) {
            excuse(side, SPARE, since_calls(side, seen));
        }
        return;
    }
    if (timers && pool.lookouts != 0 && seen->active != 0 && side->running != 0) {
        excuse(side, SINK_AT_WORKER, seen->head);
    } else {
        controller_fail("L2: producer %u has something for the pool to deliver, and %u pool threads are parked",
                        side->number, free_threads());
    }
}

static void check_loop_told(struct side *side)
{
    struct seen_queue queue;
    see_queue(scene.queue, &queue);
    if (side->in_loop && scene.loop.waits && !side->todo && !side->seen_end && !scene.loop.notified.happened) {
        controller_fail("L2: the loop of producer %u sleeps and was told%s", side->number,
                        queue.empty ? ", and its queue is empty" : "");
    }
}

static void check_told(struct side *side, const struct seen_producer *seen)
{
    switch (seen->consumer) {
    case SEEN_THREAD:
        if (side->in_next) {
            controller_fail("L2: the consumer of producer %u sleeps and was told", side->number);
        }
        break;
    case SEEN_LOOP:
        check_loop_told(side);
        break;
    default: /* a sink, or what is to be discarded */
        check_sink_told(side, seen);
        break;
    }
}

static void check_busy(struct side *side, const struct seen_producer *seen)
{
    bool somebody = side->running != 0 || side->in_sink || side->in_callback != 0 ||
                    (seen->consumer == SEEN_THREAD && !side->in_next);
    if (!somebody) {
        controller_fail("L2: the delivery of producer %u is taken, and nobody is there", side->number);
    }
}

/* Whether the head will be due, or is, and no timer of the producer's looks then. */
static bool is_due_unheard(const struct seen_producer *seen)
{
    bool counts = seen->at_head == SEEN_READY || seen->at_head == SEEN_RUNNING;
    bool gated = seen->gate_down && seen->consumer != SEEN_DISCARDING; /* whoever lifts that tells the owner */
    return counts && !gated && seen->awaited == seen->head && seen->due != UINT64_MAX && seen->alarm > seen->due &&
           seen->alarm > controller_now() + MOVING_NS;
}

static void check_delivery(struct side *side, const struct seen_producer *seen)
{
    bool over = seen->aborted || seen->consumer == SEEN_DISCARDING;
    bool deliverable = (seen->at_head == SEEN_FINAL || seen->at_head == SEEN_END) && (!seen->gate_down || over);
    switch (seen->owner) {
    case OWNER_IDLE:
        /* Whoever comes back to the library, or is about to sleep in it, tells the consumer. */
        if (deliverable && seen->consumer == SEEN_THREAD && !over && seen->awaited > seen->head && timers &&
            side->in_own_code != 0) {
            excuse(side, MODERATED, seen->head);
        } else if (deliverable || (seen->aborted && seen->consumer != SEEN_DISCARDING)) {
            controller_fail("L2: producer %u has %s at its head, and its owner is idle", side->number,
                            deliverable ? "something deliverable" : "an ending");
        } else if (is_due_unheard(seen)) {
            controller_fail("L2: the head of producer %u is due in %lld ns, its owner is idle, and no timer is set",
                            side->number, (long long)(seen->due - controller_now()));
        }
        break;
    case OWNER_PAUSED:
        if (!seen->gate_down || over) {
            controller_fail("L2: producer %u is not paused, and its owner waits for that", side->number);
        }
        break;
    case OWNER_TOLD:
        check_told(side, seen);
        break;
    case OWNER_BUSY:
        check_busy(side, seen);
        break;
    default:
        break;
    }
}

/* ---------------------------------------------------------------------------------------------------- L3 ---- */

static void check_callers(struct side *side, const struct seen_producer *seen)
{
    uint64_t room = seen->window - (seen->tail - seen->head);
    if (seen->callers == 0) {
        if (seen->marked && !seen->closed) {
            controller_fail("L3: producer %u sends newcomers to callers that do not wait", side->number);
        }
        return;
    }
    if (seen->closed) {
        controller_fail("L3: %u callers of producer %u wait, and no more are let in", seen->callers, side->number);
    }
    if (room == 0) {
        return;
    }
    if (seen->callers <= seen->helpers && side->running != 0) {
        excuse(side, HELPING, seen->tail);
    } else if (seen->urgency == 1 && timers) {
        excuse(side, PATIENT, seen->tail);
    } else if (seen->ready + seen->held != 0 &&
               (side->running != 0 || side->in_sink || free_threads() == 0 || pool.lookouts != 0)) {
        excuse(side, CLAIMABLE, seen->tail);
    } else {
        controller_fail("L3: %u callers of producer %u wait (urgency %d), and there is room for %llu", seen->callers,
                        side->number, seen->urgency, (unsigned long long)room);
    }
}

/* ---------------------------------------------------------------------------------------------------- L4 ---- */

static void check_end(struct side *side, const struct seen_producer *seen)
{
    bool over = seen->aborted || seen->consumer == SEEN_DISCARDING;
    bool nothing_runs = seen->running == 0 && seen->unpublished == 0 && side->running == 0;
    bool outside = (seen->consumer == SEEN_THREAD && !side->in_next) || side->in_sink || side->in_callback != 0 ||
                   (seen->consumer == SEEN_LOOP && !over) || (seen->consumer == SEEN_NONE && !over && !seen->stopping);
    bool outstanding = seen->head != seen->tail;
    if (seen->owner == OWNER_GONE) {
        if (seen->ended && seen->stoppers != 0) {
            controller_fail("L4: producer %u has ended, and %u wait for that", side->number, seen->stoppers);
        }
        return;
    }
    bool ends = seen->closed && nothing_runs && !outside && (!outstanding || over) && (!seen->gate_down || over);
    if (ends && seen->owner == OWNER_TOLD && side->plan->deadlines != 0 && over && timers && free_threads() == 0) {
        excuse(side, SPARE, since_calls(side, seen));
    } else if (ends) {
        controller_fail("L4: producer %u has ended and nothing is left that runs, and it is not drained", side->number);
    }
}

/* ------------------------------------------------------------------------------------------------------ all ---- */

static void check_pool(void)
{
    if (free_threads() == 0 || pool.stopping) {
        return;
    }
    if (pool.leaving != 0 && pool.live > free_threads()) {
        excuse(&scene.sides[0], LEAVER, 0);
    } else if (pool.leaving != 0) {
        controller_fail("L1: %u threads are to leave the pool, and %u are parked", pool.leaving, free_threads());
    }
    if (pool.queued != 0 && (pool.lookouts == 0 || !timers)) {
        controller_fail("L1: %d are in the run queue, which nobody watches", pool.queued);
    }
}

static void look(bool core_timers, uint64_t until)
{
    if (quiescence_of_hangs_only && until != UINT64_MAX) {
        return;
    }
    timers = core_timers;
    uint64_t now = controller_now();
    lateness_look(now, until > now ? until - now : 0);
    bool any = false;
    quiescence_counts->looks++;
    quiescence_counts->with_timers += timers;
    for (unsigned i = 0; i < scene.side_count; i++) {
        struct side *side = &scene.sides[i];
        if (side->producer == NULL || side->released) {
            continue;
        }
        if (!any) {
            see_pool(scene.pool, &pool);
            any = true;
        }
        struct seen_producer seen;
        see_producer(side->producer, &seen);
        check_ready(side, &seen);
        check_delivery(side, &seen);
        check_callers(side, &seen);
        check_end(side, &seen);
    }
    if (any) {
        check_pool();
    }
    lateness_looked();
}

void quiescence_watch(bool watches)
{
    lateness_begin();
    controller_quiet = watches ? look : NULL;
}

void quiescence_print(void)
{
    bool any = false;
    for (unsigned i = 0; i < scene.side_count; i++) {
        const struct side *side = &scene.sides[i];
        if (side->producer == NULL || side->released) {
            continue;
        }
        if (!any) {
            see_pool(scene.pool, &pool);
            print_seen_pool(stderr, &pool);
            any = true;
        }
        struct seen_producer seen;
        see_producer(side->producer, &seen);
        fprintf(stderr, "  producer %u: %u items run%s%s%s%s%s\n", i, side->running, side->over ? ", over" : "",
                side->in_next ? ", in oip_next" : "", side->in_sink ? ", in its sink" : "",
                side->left ? ", its consumer has left" : "", side->attached ? "" : ", nobody attached");
        print_seen_producer(stderr, &seen);
    }
}
