/* SPDX-License-Identifier: Apache-2.0 */
#include "execution.h"

#include "deadline.h"
#include "deliverer.h"
#include "delivery.h"
#include "endings.h"
#include "events.h"
#include "waking.h"
#include "window.h"
#include "worker.h"

_Thread_local struct frame *current_frame;

void frame_enter(struct frame *frame, const struct oip_producer *producer)
{
    frame->producer = producer;
    frame->pool = producer->pool;
    frame->outer = current_frame;
    frame->sequence = UINT64_MAX;
    current_frame = frame;
}

void frame_leave(struct frame *frame)
{
    current_frame = frame->outer;
}

bool inside_of(const struct oip_producer *producer)
{
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->producer == producer) {
            return true;
        }
    }
    return false;
}

bool delivers_for(const struct oip_producer *producer)
{
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->producer == producer && frame->sequence == UINT64_MAX) {
            return true;
        }
    }
    return atomic_load_explicit(&producer->consumer_thread, memory_order_relaxed) == thread_identity;
}

uint64_t outermost_item(const struct oip_producer *producer)
{
    uint64_t sequence = UINT64_MAX;
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->producer == producer && frame->sequence < sequence &&
            frame->sequence >= ring_head(&producer->ring)) { /* what was overtaken holds up nothing */
            sequence = frame->sequence;
        }
    }
    return sequence;
}

bool execution_queue(struct oip_producer *producer)
{
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_seq_cst);
    do {
        if ((schedule & SCHEDULE_QUEUED) != 0) {
            return false;
        }
        /* Acquire: the node that the last one to pop the runnable left; pairs with begin_turn(). */
    } while (!atomic_compare_exchange_weak_explicit(&producer->schedule, &schedule, schedule | SCHEDULE_QUEUED,
                                                    memory_order_seq_cst, memory_order_relaxed));
    OIP_POINT(schedule_queued);
    producer_retain_memory(producer);
    run_queue_push(&producer->pool->run_queue, &producer->runnable);
    /* Sequentially consistent, after the push: the threads that leave clear the queue after they saw this. */
    if (OIP_UNLIKELY(atomic_load_explicit(&producer->pool->stopping, memory_order_seq_cst))) {
        pool_clear_run_queue(producer->pool);
    }
    return true;
}

void execution_watch(struct oip_producer *producer, bool stolen)
{
    /* What is held was written by plain stores: a worker that leaves sees it, or this thread sees the queued bit
       gone. */
    atomic_thread_fence(memory_order_seq_cst);
    if ((atomic_load_explicit(&producer->schedule, memory_order_relaxed) & SCHEDULE_QUEUED) == 0) {
        execution_queue(producer);
    }
    /* Expensive: a lookout has found that out since they were claimed, as cheap ones. */
    if (stolen || !pool_is_watched(producer->pool) || waking_cost(producer) >= WAKING_EXPENSIVE_NS) {
        pool_wake(producer->pool);
    }
}

/* Off the queue; active where the width allows. */
static bool begin_turn(struct oip_producer *producer)
{
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_relaxed);
    for (;;) {
        bool enters = producer->width == 0 || schedule_active(schedule) < producer->width;
        unsigned next = (schedule & ~(unsigned)SCHEDULE_QUEUED) + (enters ? SCHEDULE_ACTIVE_ONE : 0);
        /* Release: runnable.node, for the next one to queue the producer. */
        if (atomic_compare_exchange_weak_explicit(&producer->schedule, &schedule, next, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
            return enters;
        }
    }
}

bool execution_enter(struct oip_producer *producer)
{
    if (producer->width == 0) {
        return true;
    }
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_relaxed);
    do {
        if (schedule_active(schedule) >= producer->width) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&producer->schedule, &schedule, schedule + SCHEDULE_ACTIVE_ONE,
                                                    memory_order_seq_cst, memory_order_relaxed));
    return true;
}

/* Whether the producer has something for a pool thread to do. */
static bool has_work(struct oip_producer *producer)
{
    return ring_is_claimable(&producer->ring) || held_runs_wait(&producer->held) || delivery_needs_pool(producer);
}

/* No longer active; looks once more. */
static void end_turn(struct oip_producer *producer)
{
    /* Sequentially consistent, before the look at the ring: pairs with waking_after_publish(). */
    unsigned before = atomic_fetch_sub_explicit(&producer->schedule, SCHEDULE_ACTIVE_ONE, memory_order_seq_cst);
    OIP_POINT(end_of_turn);
    if ((before & SCHEDULE_QUEUED) == 0 && has_work(producer)) {
        execution_queue(producer);
    }
}

void execution_exit(struct oip_producer *producer)
{
    if (producer->width == 0) {
        return;
    }
    unsigned before = atomic_fetch_sub_explicit(&producer->schedule, SCHEDULE_ACTIVE_ONE, memory_order_seq_cst);
    /* While this thread was counted others may have been turned away: a worker, or the consumer that was woken for an
     * item, which the one who queued the producer relied on. */
    bool was_full = schedule_active(before) >= producer->width;
    if (((before & SCHEDULE_QUEUED) == 0 || was_full) && has_work(producer) &&
        (execution_queue(producer) || was_full)) {
        pool_wake(producer->pool);
    }
}

static inline int run_item(struct oip_producer *producer, void *payload, uint64_t sequence)
{
    return OIP_LIKELY(producer->observe == NULL) ? producer->run(producer->context, payload, sequence)
                                                 : event_run(producer, payload, sequence);
}

static inline int call_run(struct oip_producer *producer, void *payload, uint64_t sequence, uint32_t *until_sample)
{
    int code;
    if (OIP_LIKELY(--*until_sample != 0)) {
        code = run_item(producer, payload, sequence);
    } else {
        uint64_t began = oip_now();
        code = run_item(producer, payload, sequence);
        waking_learn(&producer->cost, oip_now() - began);
        *until_sample = waking_cost(producer) < WAKING_CHEAP_NS ? WAKING_SAMPLE_CHEAP_EVERY : WAKING_SAMPLE_EVERY;
    }
    return code;
}

int execution_call(struct oip_producer *producer, void *payload, uint64_t sequence, uint32_t *until_sample)
{
    return call_run(producer, payload, sequence, until_sample);
}

enum phase execution_run(struct oip_producer *producer, uint64_t sequence, uint32_t *until_sample)
{
    void *payload = slot_payload(&producer->ring, ring_slot(&producer->ring, sequence));
    /* Acquire: pairs with the ending that lowered it. */
    if (OIP_UNLIKELY(sequence >= atomic_load_explicit(&producer->start_limit, memory_order_acquire))) {
        if (producer->discard != NULL) {
            producer->discard(producer->context, payload, OIP_PAYLOAD_INPUT);
        }
        return PHASE_DISCARDED;
    }
    int code = call_run(producer, payload, sequence, until_sample);
    return OIP_LIKELY(code == 0) ? PHASE_DONE : ending_item_failed(producer, sequence, code);
}

static inline void finish(struct oip_producer *producer, uint64_t sequence, enum phase phase)
{
    ring_publish(ring_slot(&producer->ring, sequence), sequence, phase);
    OIP_POINT(after_finish);
    delivery_after_finish(producer, sequence);
}

/* Runs the `count` items from `first` on, which this thread has claimed, but for those that others take away. */
static uint64_t run_claimed(struct oip_producer *producer, struct held_run *run, uint64_t first, uint64_t count,
                            bool stolen, uint32_t *until_sample)
{
    uint64_t sequence = first;
    uint64_t ran = 1;
    OIP_POINT(between_claim_and_run);
    window_after_claim(producer);
    if (count > 1) {
        /* Stolen items may be older than what this run held before: no other thief may see the one's beginning with the
         * other's end. */
        pthread_mutex_lock(&producer->lock);
        held_run_begin(run, first, first + count);
        pthread_mutex_unlock(&producer->lock);
        execution_watch(producer, stolen);
    }
    for (;; ran++) {
        current_frame->sequence = sequence;
        enum phase phase = execution_run(producer, sequence, until_sample);
        current_frame->sequence = UINT64_MAX; /* what follows, a sink perhaps, is not inside the item */
        finish(producer, sequence, phase);
        if (count == 1 || !held_run_next(run, &sequence, &producer->lock)) {
            return ran;
        }
    }
}

/* Claims an item that may be overtaken, and runs it. */
static OIP_COLD uint64_t run_one(struct oip_producer *producer, uint32_t *until_sample)
{
    uint64_t sequence;
    if (ring_claim(&producer->ring, 1, &sequence) == 0) {
        return 0;
    }
    window_after_claim(producer);
    current_frame->sequence = sequence;
    overtaking_run(producer, sequence, until_sample);
    current_frame->sequence = UINT64_MAX;
    return 1;
}

/* Claims some items and runs them; or takes over what a thread holds that does not get on. How many it ran. */
static uint64_t run_some(struct oip_producer *producer, bool steals_first, uint32_t *until_sample)
{
    if (OIP_UNLIKELY(producer->deadlines != NULL)) {
        return run_one(producer, until_sample);
    }
    struct held_runs *held = &producer->held;
    uint64_t most = waking_run_length(producer);
    struct held_run *run = most > 1 || steals_first ? held_runs_take(held) : NULL;
    uint64_t first;
    bool stolen = false;
    uint64_t count = steals_first ? 0 : ring_claim(&producer->ring, run != NULL ? most : 1, &first);
    if (OIP_UNLIKELY(count == 0) && held_runs_wait(held)) {
        struct held_run *stuck = held_runs_find(held, steals_first ? 0 : WAKING_PATIENCE_NS);
        if (stuck != NULL) {
            run = run != NULL ? run : held_runs_take(held);
            count = held_run_steal(stuck, run != NULL ? HELD_RUN_MOST : 1, &first, &producer->lock);
            stolen = true;
        }
    }
    uint64_t ran = count != 0 ? run_claimed(producer, run, first, count, stolen, until_sample) : 0;
    if (run != NULL) {
        held_runs_return(held, run);
    }
    return ran;
}

/*
 * Whether this thread is inside an item that was overtaken, and so counts among those that run items while it only
 * waits. The items that could make room for it may have nobody else: the width may be full of such.
 */
static bool has_a_place_already(const struct oip_producer *producer)
{
    for (const struct frame *frame = current_frame; frame != NULL; frame = frame->outer) {
        if (frame->producer == producer && frame->sequence < ring_head(&producer->ring)) {
            return true;
        }
    }
    return false;
}

uint64_t execution_help(struct oip_producer *producer, uint32_t *until_sample)
{
    bool counts = producer->width != 0 && has_a_place_already(producer);
    if (!counts && !execution_enter(producer)) {
        return 0;
    }
    struct frame frame;
    frame_enter(&frame, producer);
    uint64_t ran = run_some(producer, false, until_sample);
    frame_leave(&frame);
    if (!counts) {
        execution_exit(producer);
    }
    return ran;
}

void execution_deliver(struct oip_producer *producer, uint32_t *until_sample)
{
    struct frame frame; /* what it runs on the way must not wait for what only this thread delivers */
    frame_enter(&frame, producer);
    delivery_on_pool(producer, until_sample);
    frame_leave(&frame);
}

bool execution_sleep(struct parking *place, uint32_t ticket, uint64_t until)
{
    delivery_before_waiting();
    struct worker *worker = current_worker;
    bool signalled = worker != NULL ? pool_sleep(worker, place, ticket, until) : parking_wait(place, ticket, until);
    OIP_POINT(after_park);
    return signalled;
}

/* How a worker's turn at a producer ended. */
enum turn {
    TURN_SKIPPED,  /* it would only have been in the way of those that are at it */
    TURN_MADE_WAY, /* it has become so */
    TURN_HAS_MORE, /* others come first */
    TURN_RAN_DRY,
};

/* Runs items until there are none, or the quantum is over. */
static enum turn run_quantum(struct oip_producer *producer, struct worker *worker, bool stands_still)
{
    struct oip_pool *pool = worker->pool;
    uint64_t began = 0;
    uint64_t checked = 0;
    bool steals_first = stands_still && held_runs_wait(&producer->held);
    for (uint64_t count = 0;;) {
        uint64_t ran = run_some(producer, steals_first, &worker->until_sample);
        steals_first = false;
        if (ran == 0) {
            return TURN_RAN_DRY;
        }
        count += ran;
        if (delivery_needs_pool(producer)) {
            delivery_on_pool(producer, &worker->until_sample); /* whoever finished the head counts on this thread */
        }
        if (pool_wants_threads_back(pool)) {
            return TURN_HAS_MORE;
        }
        bool check = count - checked >= QUANTUM_CHECK_EVERY;
        if (check) {
            checked = count;
            if (waking_is_crowded(producer, 1)) {
                return TURN_MADE_WAY;
            }
        }
        bool expensive = waking_cost(producer) >= WAKING_EXPENSIVE_NS;
        if ((expensive || check) && run_queue_length(&pool->run_queue) > 0) {
            uint64_t now = oip_now();
            if (began == 0) {
                began = now;
            }
            if (count >= QUANTUM_ITEMS || now - began >= QUANTUM_NS) {
                return TURN_HAS_MORE;
            }
        }
    }
}

/* How many items have been begun, or passed over. A guess while others claim. */
static uint64_t begun_items(const struct oip_producer *producer)
{
    uint64_t held = held_runs_length(&producer->held);
    uint64_t claim = atomic_load_explicit(&producer->ring.claim, memory_order_relaxed);
    return claim > held ? claim - held : 0;
}

/* Whether what is ready or held lies as it did when a lookout passed last. Others may have left it since, too. */
static bool has_not_moved(struct oip_producer *producer)
{
    bool begins = begun_items(producer) != atomic_load_explicit(&producer->begun_at_lookout, memory_order_relaxed);
    return (!begins && ring_is_claimable(&producer->ring)) || held_runs_stand_still(&producer->held);
}

/* Whether the value is another than at the last look. */
static bool has_moved(_Atomic uint64_t *last, uint64_t now)
{
    return atomic_exchange_explicit(last, now, memory_order_relaxed) != now;
}

void execution_forget(struct runnable *runnable)
{
    struct oip_producer *producer = OIP_CONTAINER_OF(runnable, struct oip_producer, runnable);
    atomic_fetch_and_explicit(&producer->schedule, ~(unsigned)SCHEDULE_QUEUED, memory_order_seq_cst);
    producer_drop_memory(producer);
}

/* The worker's part of a turn: delivers, runs a quantum, and looks after who waits. */
static enum turn take_turn(struct oip_producer *producer, struct worker *worker, bool stands_still)
{
    if (worker->until_sample == 0 || waking_cost(producer) == UINT32_MAX) {
        worker->until_sample = 1;
    }
    waking_chain(producer);
    /* Not a delivery that waits for a head which others finish: what is ready may depend on this thread alone. */
    uint64_t head = ring_head(&producer->ring);
    if (delivery_needs_pool(producer) || ring_stamp(&producer->ring, head) == stamp_of(head, PHASE_READY)) {
        delivery_on_pool(producer, &worker->until_sample);
    }
    enum turn turn = run_quantum(producer, worker, stands_still);
    delivery_on_pool(producer, &worker->until_sample);
    return turn;
}

/*
 * Whether others left it at this worker, which was active until just now: who queued the delivery
 * (waking_worker_will_look), or the consumer, which the width turned away and which sleeps by now. Sequentially
 * consistent, after leaving: pairs with queueing the delivery and with going idle.
 */
static bool is_relied_on(struct oip_producer *producer)
{
    return delivery_needs_pool(producer) ||
           (producer->width != 0 && kind_of(producer) == CONSUMER_THREAD && ring_is_claimable(&producer->ring) &&
            !waking_consumer_will_look(producer));
}

/* Whether the worker may park beside what is queued; the producer perhaps, which it has queued as it left. */
static bool may_leave_the_rest(struct oip_producer *producer, struct worker *worker, enum turn turn)
{
    if (turn != TURN_SKIPPED) {
        worker->skipped = 0;
        return turn != TURN_HAS_MORE && waking_may_leave(producer);
    }
    /* What else is queued comes first; but only once around the same ones. */
    if (worker->skipped == 0) {
        worker->queued_behind = (unsigned)run_queue_length(&producer->pool->run_queue);
    }
    return worker->skipped++ >= worker->queued_behind && waking_is_crowded(producer, 0);
}

/*
 * This worker is active no longer. Goes on with what else is queued, or parks. That is decided now and not before it
 * left: until then others may have relied on it, and left, and what has come since is queued by this worker alone.
 */
static void after_turn(struct oip_producer *producer, struct worker *worker, enum turn turn)
{
    worker->relied_on = is_relied_on(producer);
    worker->leaves_the_rest = may_leave_the_rest(producer, worker, turn) && !worker->relied_on;
    bool turns_to_others = !worker->leaves_the_rest && waking_others_are_queued(producer);
    if (turns_to_others && turn != TURN_SKIPPED) {
        waking_turn_to_others(producer, turn != TURN_RAN_DRY);
    }
    if (turn == TURN_RAN_DRY || turns_to_others || worker->leaves_the_rest || pool_wants_threads_back(producer->pool)) {
        delivery_before_leaving(producer);
    }
}

void execution_turn(struct runnable *runnable, struct worker *worker)
{
    struct oip_producer *producer = OIP_CONTAINER_OF(runnable, struct oip_producer, runnable);
    if (begin_turn(producer)) {
        /* Where it would only be in the way it leaves at once; unless it has to deliver, or nothing moves. */
        bool stands_still = worker->looks_out;
        bool takes_it = stands_still || delivery_needs_pool(producer) || !waking_is_crowded(producer, 1) ||
                        (stands_still = has_not_moved(producer));
        enum turn turn = TURN_SKIPPED;
        if (takes_it) {
            struct frame frame;
            frame_enter(&frame, producer);
            worker->turn = &frame;
            turn = take_turn(producer, worker, stands_still);
            worker->turn = NULL;
            frame_leave(&frame);
        }
        end_turn(producer);
        after_turn(producer, worker, turn);
    } else if (delivery_needs_pool(producer)) {
        /* All that may run items are inside long ones, and the sink has something to get. */
        execution_deliver(producer, &worker->until_sample);
    } else if (has_work(producer) &&
               schedule_active(atomic_load_explicit(&producer->schedule, memory_order_seq_cst)) < producer->width) {
        /* Whoever filled the width has left since, perhaps before the queued bit was cleared. */
        execution_queue(producer);
    }
    producer_drop_memory(producer);
}

bool runnable_is_moving(struct runnable *runnable)
{
    if (runnable->run != execution_turn) {
        return false;
    }
    struct oip_producer *producer = OIP_CONTAINER_OF(runnable, struct oip_producer, runnable);
    uint64_t begun = begun_items(producer);
    uint64_t asked = ring_tail_word(&producer->ring) >> TAIL_SHIFT;
    /* Relaxed: guesses, and lookouts come one at a time. */
    uint64_t begun_before = atomic_exchange_explicit(&producer->begun_at_lookout, begun, memory_order_relaxed);
    uint64_t asked_before = atomic_exchange_explicit(&producer->asked_at_lookout, asked, memory_order_relaxed);
    bool waits = begun < asked_before && (ring_is_claimable(&producer->ring) || held_runs_wait(&producer->held));
    bool slow = waits && waking_is_slow(producer, begun > begun_before ? begun - begun_before : 0);
    uint64_t delivery = atomic_load_explicit(&producer->delivery, memory_order_relaxed);
    bool delivers = has_moved(&producer->delivery_at_lookout, delivery) || !delivery_needs_pool(producer);
    bool stuck = held_runs_are_stuck(&producer->held);
    return begun != begun_before && !slow && !stuck && delivers && !waking_needs_lookout(producer);
}
