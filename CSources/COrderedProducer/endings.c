/* SPDX-License-Identifier: Apache-2.0 */
#include "endings.h"

#include "arguments.h"
#include "deadline.h"
#include "deliverer.h"
#include "delivery.h"
#include "execution.h"
#include "pool.h"
#include "waking.h"
#include "window.h"

#include <errno.h>

/* No item from `limit` on is started any more. */
static void lower_start_limit(struct oip_producer *producer, uint64_t limit)
{
    uint64_t old = atomic_load_explicit(&producer->start_limit, memory_order_relaxed);
    while (limit < old && !atomic_compare_exchange_weak_explicit(&producer->start_limit, &old, limit,
                                                                 memory_order_seq_cst, memory_order_relaxed)) {
    }
}

/*
 * Under the lock: nothing more is delivered, and nothing more begins. The gate first: an item that the limit has
 * discarded looks like one that was left out, and whoever finds one must find the gate down, too, or would deliver what
 * is behind it.
 */
static void lower_gate_and_limit(struct oip_producer *producer)
{
    atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);
    OIP_POINT(gate_down);
    atomic_store_explicit(&producer->start_limit, 0, memory_order_seq_cst);
}

/*
 * The lowest failing sequence is kept; where a failure ends the iteration at once, the first in time, which did so, and
 * which lowers the limit and the gate in the same breath: whoever can see it knows that nothing more is delivered.
 */
static void record_failure(struct oip_producer *producer, uint64_t sequence, int code, bool at_once)
{
    pthread_mutex_lock(&producer->lock);
    bool keeps_first = producer->on_failure == OIP_FAIL_FAST;
    if (!producer->failed || (!keeps_first && sequence < producer->failed_sequence)) {
        producer->failed = true;
        producer->failed_sequence = sequence;
        producer->failed_code = code;
    }
    if (at_once && atomic_load_explicit(&producer->start_limit, memory_order_relaxed) != 0) {
        producer->failure_reached = true;
        lower_gate_and_limit(producer);
    }
    pthread_mutex_unlock(&producer->lock);
}

enum phase ending_item_failed(struct oip_producer *producer, uint64_t sequence, int code)
{
    atomic_fetch_add_explicit(&producer->failed_count, 1, memory_order_relaxed);
    if (producer->on_failure == OIP_SKIP) {
        atomic_fetch_add_explicit(&producer->skipped_count, 1, memory_order_relaxed);
        return PHASE_SKIPPED;
    }
    bool at_once = producer->on_failure == OIP_FAIL_FAST;
    record_failure(producer, sequence, code, at_once);
    lower_start_limit(producer, sequence + 1);
    window_close(producer);
    if (at_once) {
        ending_abort(producer);
    }
    return PHASE_FAILED;
}

void ending_failure_reached(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    producer->failure_reached = true;
    pthread_mutex_unlock(&producer->lock);
}

void ending_sink_failed(struct oip_producer *producer, uint64_t sequence, int code)
{
    record_failure(producer, sequence, code, true); /* which behind an ending at once has not been reached */
    ending_abort(producer);
}

/* From here on nothing more is delivered, and nothing more begins. */
static void end_at_once(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    lower_gate_and_limit(producer);
    pthread_mutex_unlock(&producer->lock);
    OIP_POINT(abort_at_once);
}

void ending_abort(struct oip_producer *producer)
{
    end_at_once(producer);
    window_close(producer);
    /* What nobody has begun is discarded here: the pool's threads may all be inside long items. */
    uint64_t sequence;
    uint32_t never = UINT32_MAX;
    while (ring_claim(&producer->ring, 1, &sequence) != 0 ||
           held_runs_steal(&producer->held, &sequence, &producer->lock)) {
        OIP_POINT(between_claim_and_discard);
        if (OIP_UNLIKELY(producer->deadlines != NULL)) {
            overtaking_run(producer, sequence, &never); /* the start limit is below: both discard */
            continue;
        }
        ring_publish(ring_slot(&producer->ring, sequence), sequence, execution_run(producer, sequence, &never));
        delivery_after_finish(producer, sequence);
    }
    delivery_abort(producer);
}

void ending_settled(struct oip_producer *producer)
{
    ending_part_done(producer);
}

void ending_part_done(struct oip_producer *producer)
{
    struct waiter_list told = {NULL, NULL};
    pthread_mutex_lock(&producer->lock);
    bool last = --producer->open_ends == 0;
    if (last) {
        producer->ended = true;
        waiter_settle_all(&producer->stoppers, &told, 0);
    }
    pthread_mutex_unlock(&producer->lock);
    if (last) {
        OIP_POINT(end);
        waiter_tell_all(&told);
        pool_close(producer->pool, &producer->tenant);
        producer_drop(producer); /* production's own */
    }
}

/* -------------------------------------------------------------------------------------------- the public side ---- */

static void lift_pause(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    bool lifted = producer->paused;
    producer->paused = false;
    if (lifted && atomic_load_explicit(&producer->start_limit, memory_order_relaxed) != 0 &&
        atomic_load_explicit(&producer->kind, memory_order_relaxed) != CONSUMER_DISCARD) {
        atomic_store_explicit(&producer->gate, UINT64_MAX, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&producer->lock);
    if (lifted) {
        OIP_POINT(resume);
        delivery_kick(producer);
    }
}

void oip_pause(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer);
    pthread_mutex_lock(&producer->lock);
    if (!producer->stopping) {
        producer->paused = true;
        atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&producer->lock);
}

void oip_resume(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer);
    lift_pause(producer);
}

void oip_finish(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer);
    window_close(producer);
    delivery_kick(producer); /* the end may be the head already */
}

void ending_pool_shuts(struct oip_producer *producer)
{
    window_close_for_pool(producer);
    if (kind_of(producer) == CONSUMER_NONE && ring_is_exhausted(&producer->ring, ring_head(&producer->ring))) {
        /* Nothing is there to wait for. Whoever attaches a consumer at this moment has one that gets nothing. */
        end_at_once(producer);
        delivery_abort(producer);
    } else {
        delivery_kick(producer); /* as oip_finish() */
    }
}

/* What oip_stop() and oip_stop_async() have in common: the end is on its way. */
static void begin_stop(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    producer->stopping = true; /* from here on no pause has an effect, and no consumer is attached */
    bool not_started = atomic_load_explicit(&producer->kind, memory_order_relaxed) == CONSUMER_NONE;
    pthread_mutex_unlock(&producer->lock);
    OIP_POINT(stop);
    lift_pause(producer);
    window_close(producer);
    if (not_started) {
        ending_abort(producer);
    } else {
        delivery_kick(producer);
    }
}

/* -EINPROGRESS: the waiter is registered; 0: all has ended. */
static int register_stopper(struct oip_producer *producer, struct oip_waiter *waiter)
{
    pthread_mutex_lock(&producer->lock);
    bool ended = producer->ended;
    if (!ended) {
        waiter_append(&producer->stoppers, waiter_of(waiter));
    }
    pthread_mutex_unlock(&producer->lock);
    return ended ? 0 : -EINPROGRESS;
}

static int would_wait_for_itself(struct oip_producer *producer)
{
    if (inside_of(producer) || delivers_for(producer)) {
        return fail_with(-EDEADLK, "oip_stop inside an item, the sink or the consumer of the same producer");
    }
    return 0;
}

void *oip_take_value(oip_producer *producer)
{
    if (!IS_USABLE(producer)) {
        refuse_object(producer, __func__);
        return NULL;
    }
    pthread_mutex_lock(&producer->lock);
    void *value = producer->value;
    producer->value = NULL;
    pthread_mutex_unlock(&producer->lock);
    return value;
}

static bool has_ended(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    bool ended = producer->ended;
    pthread_mutex_unlock(&producer->lock);
    return ended;
}

int oip_stop(oip_producer *producer, void **value)
{
    RETURN_IF_UNUSABLE(producer);
    if (has_ended(producer)) {
        window_close(producer); /* where the pool's shutdown brought it about, the program says so, too */
    } else {
        int result = would_wait_for_itself(producer);
        if (result != 0) {
            return result;
        }
        if (on_pool_thread(producer->pool) && !execution_may_help(producer)) {
            return fail_with(-EDEADLK, "oip_stop: this thread of the pool would wait, and may not help");
        }
        if (on_pool_thread(producer->pool) && waits_are_deep()) {
            return fail_with(-EDEADLK, "oip_stop: this thread is inside %d items and consumers already",
                             WINDOW_HELP_DEPTH);
        }
        begin_stop(producer);
        struct sleeper sleeper;
        sleeper_init(&sleeper);
        if (register_stopper(producer, &sleeper.waiter) == -EINPROGRESS) {
            uint32_t until_sample = UINT32_MAX;
            while (!sleeper_is_told(&sleeper)) {
                /* A pool thread must not wait idly for items that need it. */
                uint32_t ticket = parking_ticket(&sleeper.parking);
                if (on_pool_thread(producer->pool)) {
                    if (execution_help(producer, &until_sample)) {
                        continue;
                    }
                    execution_deliver(producer, &until_sample);
                }
                if (!sleeper_is_told(&sleeper)) {
                    execution_sleep(&sleeper.parking, ticket, PARKING_FOREVER);
                }
            }
        }
    }
    if (value != NULL) {
        *value = oip_take_value(producer);
    }
    return 0;
}

int oip_stop_async(oip_producer *producer, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NO_WAITER(waiter);
    waiter_init(waiter);
    if (has_ended(producer)) {
        window_close(producer);
        return 0;
    }
    begin_stop(producer);
    return register_stopper(producer, waiter);
}

int oip_wait_async(oip_producer *producer, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NO_WAITER(waiter);
    waiter_init(waiter);
    return register_stopper(producer, waiter);
}

void oip_stop_producing(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer);
    ending_abort(producer);
}

int oip_failure(const oip_producer *producer, uint64_t *sequence, int *code)
{
    RETURN_IF_UNUSABLE(producer);
    struct oip_producer *inner = (struct oip_producer *)(uintptr_t)producer; /* for its lock */
    pthread_mutex_lock(&inner->lock);
    bool failed = producer->failed && producer->failure_reached;
    if (failed && sequence != NULL) {
        *sequence = producer->failed_sequence;
    }
    if (failed && code != NULL) {
        *code = producer->failed_code;
    }
    pthread_mutex_unlock(&inner->lock);
    return failed;
}

/* The consumer has returned or was detached: what it left is discarded. */
static void consumer_is_gone(struct oip_producer *producer)
{
    ending_abort(producer);
    if (atomic_load_explicit(&producer->kind, memory_order_acquire) == CONSUMER_THREAD) {
        delivery_end(producer); /* a consumer thread holds the delivery whenever it is not asleep */
    }
}

static void *consumer_main(void *argument)
{
    struct oip_producer *producer = argument;
    struct oip_pool *pool = producer->pool;
    pool_thread_begins(pool);
    pthread_setname_np(pthread_self(), producer->name); /* only a label: its failure is no failure */
    struct frame frame;
    frame_enter(&frame, producer);
    void *value = producer->consume(producer, producer->consume_argument);
    frame_leave(&frame);
    pthread_mutex_lock(&producer->lock);
    producer->value = value;
    pthread_mutex_unlock(&producer->lock);
    if (atomic_load_explicit(&producer->kind, memory_order_acquire) == CONSUMER_THREAD) {
        consumer_is_gone(producer);
    }
    ending_part_done(producer);
    pool_consumer_leaves(pool);
    return NULL;
}

void oip_detach(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer);
    pthread_mutex_lock(&producer->lock);
    int kind = atomic_load_explicit(&producer->kind, memory_order_relaxed);
    bool attached = kind == CONSUMER_LOOP || (kind == CONSUMER_THREAD && producer->consume == NULL);
    pthread_mutex_unlock(&producer->lock);
    if (attached) {
        consumer_is_gone(producer);
    } else if (kind != CONSUMER_DISCARD) { /* then the iteration has ended, and nothing is left to do */
        fail_with(-EINVAL, "oip_detach: the consumer was not attached by oip_attach or oip_attach_ready_queue");
    }
}

/* Under the lock: whether the producer can get a consumer. */
static int may_attach(struct oip_producer *producer)
{
    int kind = atomic_load_explicit(&producer->kind, memory_order_relaxed);
    if (kind == CONSUMER_DISCARD || producer->stopping ||
        atomic_load_explicit(&producer->start_limit, memory_order_relaxed) == 0) {
        return -EPIPE;
    }
    return kind == CONSUMER_NONE ? 0 : -EALREADY;
}

/*
 * Under the lock, after may_attach(): makes `kind` the producer's consumer. The delivery is nobody's until the lock is
 * given up: an ending at once takes it only after it has lowered the start limit, under the lock.
 */
static void attach(struct oip_producer *producer, enum consumer_kind kind, enum delivery_state state)
{
    /* Sequentially consistent, both: pair with delivery_kick(), delivery_abort(), who read them the other way round. */
    atomic_store_explicit(&producer->kind, kind, memory_order_seq_cst);
    atomic_store_explicit(&producer->delivery, delivery_word(0, state), memory_order_seq_cst);
}

int oip_start(oip_producer *producer, void *(*consume)(oip_producer *producer, void *argument), void *argument)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(consume);
    pthread_mutex_lock(&producer->lock);
    int result = may_attach(producer);
    if (result == 0) {
        attach(producer, CONSUMER_THREAD, DELIVERY_BUSY);
        producer->consume = consume;
        producer->consume_argument = argument;
        producer->open_ends++;
    }
    pthread_mutex_unlock(&producer->lock);
    if (result != 0) {
        return result;
    }
    result = pool_start_consumer(producer->pool, consumer_main, producer);
    if (result != 0) {
        /* As if never started: the delivery is given back, unless production ended meanwhile. */
        pthread_mutex_lock(&producer->lock);
        producer->open_ends--;
        producer->consume = NULL;
        atomic_store_explicit(&producer->kind, CONSUMER_NONE, memory_order_seq_cst);
        atomic_exchange_explicit(&producer->delivery, delivery_word(0, DELIVERY_NONE), memory_order_seq_cst);
        bool stopped = producer->stopping || atomic_load(&producer->start_limit) == 0;
        pthread_mutex_unlock(&producer->lock);
        if (stopped) {
            ending_abort(producer);
        }
        return result;
    }
    return 0;
}

int oip_attach(oip_producer *producer)
{
    RETURN_IF_UNUSABLE(producer);
    pthread_mutex_lock(&producer->lock);
    int result = may_attach(producer);
    if (result == 0) {
        attach(producer, CONSUMER_THREAD, DELIVERY_BUSY);
    }
    pthread_mutex_unlock(&producer->lock);
    return result;
}

int oip_attach_ready_queue(oip_producer *producer, oip_ready_queue *queue, void *tag)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_UNUSABLE(queue);
    pthread_mutex_lock(&producer->lock);
    int result = may_attach(producer);
    if (result == 0) {
        ready_queue_retain(queue);
        producer->ready_queue = queue;
        producer->tag = tag;
        attach(producer, CONSUMER_LOOP, DELIVERY_AWAY);
    }
    pthread_mutex_unlock(&producer->lock);
    return result;
}

int oip_start_sink(oip_producer *producer, int (*sink)(void *context, void *payload, uint64_t sequence), void *context)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(sink);
    pthread_mutex_lock(&producer->lock);
    int result = may_attach(producer);
    if (result == 0) {
        producer->sink = sink;
        producer->sink_context = context;
        attach(producer, CONSUMER_SINK, DELIVERY_BUSY);
    }
    pthread_mutex_unlock(&producer->lock);
    if (result == 0) {
        deliver_beside_sink(producer); /* a pool thread delivers what has gathered */
    }
    return result;
}
