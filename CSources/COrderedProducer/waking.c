/* SPDX-License-Identifier: Apache-2.0 */
#include "waking.h"

#include "delivery.h"
#include "execution.h"

void waking_learn(atomic_uint *average, uint64_t sample)
{
    uint64_t old = atomic_load_explicit(average, memory_order_relaxed);
    if (sample == 0) {
        sample = 1;
    }
    uint64_t next;
    if (old == 0) {
        next = sample < UINT32_MAX / 2 ? sample : UINT32_MAX / 2;
    } else {
        uint64_t most = old * 8 + 256;
        uint64_t taken = sample < most ? sample : most;
        next = (old * 7 + taken + 4) / 8;
    }
    uint64_t change = next > old ? next - old : old - next;
    if (old != 0 && change <= old / 64) {
        return; /* not worth taking the cache line from all who read it per item */
    }
    /* Racing samples: one is lost. */
    atomic_store_explicit(average, (unsigned)(next < UINT32_MAX / 2 ? next : UINT32_MAX / 2), memory_order_relaxed);
}

/* Threads that are busy with this producer or anything else on the pool. */
static uint32_t busy_threads(struct oip_producer *producer)
{
    uint64_t delivery = atomic_load_explicit(&producer->delivery, memory_order_relaxed);
    bool consumer_runs = atomic_load_explicit(&producer->kind, memory_order_relaxed) == CONSUMER_THREAD &&
                         delivery_state(delivery) != DELIVERY_IDLE && delivery_state(delivery) != DELIVERY_PAUSED;
    return pool_awake(producer->pool) + consumer_runs + atomic_load_explicit(&producer->helpers, memory_order_relaxed);
}

/* Rule 2. */
static bool worth_a_wake(struct oip_producer *producer)
{
    uint32_t cost = waking_cost(producer);
    uint32_t wake = atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    if (cost >= wake) {
        return true;
    }
    /* A caller is one more that is awake, while it does not help; a consumer that lets callers in is counted
       already. */
    bool calls = !on_pool_thread(producer->pool) && !delivers_for(producer);
    return ring_backlog(&producer->ring) * cost >= wake && busy_threads(producer) + calls < producer->pool->processors;
}

bool waking_deliverer_runs_items(struct oip_producer *producer)
{
    int kind = atomic_load_explicit(&producer->kind, memory_order_relaxed);
    if (!producer->assists || (kind != CONSUMER_THREAD && kind != CONSUMER_SINK) ||
        atomic_load_explicit(&producer->consumer_abstains, memory_order_relaxed)) {
        return false;
    }
    enum delivery_state state = delivery_state(atomic_load_explicit(&producer->delivery, memory_order_relaxed));
    return state == DELIVERY_BUSY || state == DELIVERY_QUEUED;
}

bool waking_worker_will_look(struct oip_producer *producer)
{
    /* Sequentially consistent, after the delivery was queued: pairs with leaving, execution.h. */
    return schedule_active(atomic_load_explicit(&producer->schedule, memory_order_seq_cst)) != 0 &&
           waking_cost(producer) < WAKING_EXPENSIVE_NS && producer->width == 0 && pool_is_watched(producer->pool);
}

bool waking_consumer_will_look(struct oip_producer *producer)
{
    return atomic_load_explicit(&producer->kind, memory_order_relaxed) == CONSUMER_THREAD &&
           waking_deliverer_runs_items(producer);
}

static void wake_worker(struct oip_producer *producer)
{
    if (pool_wake(producer->pool)) {
        atomic_fetch_add_explicit(&producer->worker_wakes, 1, memory_order_relaxed);
    }
}

/* What is there for the pool. */
static inline void call_workers(struct oip_producer *producer, bool check)
{
    /* Sequentially consistent, after the stamp: pairs with leaving, execution.h. */
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_seq_cst);
    if ((schedule & SCHEDULE_QUEUED) == 0) {
        if (execution_queue(producer)) {
            bool looked_after = schedule_active(schedule) != 0 || waking_consumer_will_look(producer);
            /* Also who queued a delivery beside this, and found it marked as queued, has woken a thread that may have
             * found nothing yet. Pairs with call_pool(). */
            if (!looked_after || !pool_is_watched(producer->pool) || delivery_needs_pool(producer) ||
                worth_a_wake(producer)) {
                wake_worker(producer);
            }
        }
    } else if (check || waking_cost(producer) >= WAKING_EXPENSIVE_NS) {
        if (worth_a_wake(producer)) {
            wake_worker(producer);
        }
    }
}

void waking_after_publish(struct oip_producer *producer, uint64_t sequence)
{
    /* Sequentially consistent, after the stamp: pairs with go_idle() and discard_run(). */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    bool check = false;
    if (OIP_UNLIKELY(word == delivery_word(sequence, DELIVERY_IDLE))) {
        if (delivery_published(producer, word, sequence, 1)) {
            return;
        }
        check = true;
    }
    unsigned every = waking_cost(producer) < WAKING_CHEAP_NS ? WAKING_CHECK_CHEAP_EVERY : WAKING_CHECK_EVERY;
    call_workers(producer, check || (sequence & (every - 1)) == 0);
}

void waking_after_publish_many(struct oip_producer *producer, const struct published *published)
{
    uint64_t first = published->first;
    uint64_t count = published->count;
    /* As above. */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE && delivery_sequence(word) - first < count &&
        delivery_published(producer, word, first, count)) {
        return;
    }
    /* Reservations are for nobody to run; what is ready behind them is. */
    if (published->ready || (ring_is_published(&producer->ring, first + count) && ring_is_claimable(&producer->ring))) {
        call_workers(producer, true);
    }
}

bool waking_others_are_queued(struct oip_producer *producer)
{
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_relaxed);
    int own = (schedule & SCHEDULE_QUEUED) != 0;
    return run_queue_length(&producer->pool->run_queue) > own;
}

void waking_chain(struct oip_producer *producer)
{
    /* This thread is gone for long. What else is queued was left to it perhaps. */
    if (waking_cost(producer) >= WAKING_EXPENSIVE_NS && waking_others_are_queued(producer) &&
        pool_awake(producer->pool) < producer->pool->processors) {
        wake_worker(producer);
    }
    /* This worker is about to run one of them, unless it has to deliver first. */
    uint64_t mine = delivery_needs_pool(producer) ? 0 : 1;
    /* Not by the backlog alone: of sequences that were given, and whose caller has lost its processor before it
     * published them, this thread would tell itself about for ever. */
    bool more = ring_backlog(&producer->ring) > mine && ring_is_claimable(&producer->ring);
    if (!more && !held_runs_wait(&producer->held)) {
        return;
    }
    /* Queued even if no wake is worth it: should this thread's next item be a long one, the lookout finds the rest. */
    if (execution_queue(producer) && (!pool_is_watched(producer->pool) || worth_a_wake(producer))) {
        wake_worker(producer);
    }
}

void waking_turn_to_others(struct oip_producer *producer, bool more)
{
    if (delivery_needs_pool(producer) || (more && waking_cost(producer) >= WAKING_EXPENSIVE_NS)) {
        wake_worker(producer);
    }
}

bool waking_may_leave(struct oip_producer *producer)
{
    bool in_good_hands = (waking_cost(producer) < WAKING_EXPENSIVE_NS && waking_consumer_will_look(producer)) ||
                         waking_is_crowded(producer, 0);
    return in_good_hands && !waking_others_are_queued(producer);
}

bool waking_room_is_near(struct oip_producer *producer)
{
    return waking_cost(producer) < WAKING_EXPENSIVE_NS && waking_deliverer_runs_items(producer) &&
           producer->pool->processors > 1 && busy_threads(producer) <= producer->pool->processors;
}

bool waking_needs_lookout(struct oip_producer *producer)
{
    uint32_t cost = waking_cost(producer);
    uint32_t wake = atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    return cost >= WAKING_CHEAP_NS && ring_backlog(&producer->ring) * cost >= wake &&
           busy_threads(producer) <= producer->pool->processors;
}

bool waking_is_slow(struct oip_producer *producer, uint64_t begun)
{
    uint32_t wake = atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    if (begun * wake >= WAKING_LOOKOUT_NS) {
        return false;
    }
    uint32_t slow = wake > WAKING_EXPENSIVE_NS ? wake : WAKING_EXPENSIVE_NS;
    if (waking_cost(producer) < slow) {
        atomic_store_explicit(&producer->cost, slow, memory_order_relaxed); /* samples bring it down again */
    }
    return true;
}

bool waking_is_crowded(struct oip_producer *producer, unsigned own)
{
    uint32_t cost = waking_cost(producer);
    if (!producer->assists || cost >= WAKING_EXPENSIVE_NS) {
        return false;
    }
    int kind = atomic_load_explicit(&producer->kind, memory_order_relaxed);
    if (kind == CONSUMER_THREAD) {
        return waking_consumer_will_look(producer) && busy_threads(producer) > producer->pool->processors;
    }
    uint64_t delivery = atomic_load_explicit(&producer->delivery, memory_order_relaxed);
    if (kind == CONSUMER_SINK && cost < WAKING_CHEAP_NS && delivery_state(delivery) == DELIVERY_BUSY) {
        return true; /* another worker delivers, and runs such items on its way */
    }
    /* Somebody at its turn must stay: here no consumer runs items. */
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_relaxed);
    return schedule_active(schedule) > own && busy_threads(producer) > producer->pool->processors;
}

/* Rule 4: so many items at the head that a wake for them is a few percent of their work. Below 2: no saturation. */
static uint64_t worth_a_consumer_wake(struct oip_producer *producer, uint64_t head)
{
    uint32_t cost = waking_cost(producer);
    uint64_t backlog = ring_backlog(&producer->ring);
    if (producer->wait == OIP_WAIT_PARK || cost == UINT32_MAX || backlog < 4 || producer->deadlines != NULL) {
        return 0;
    }
    if (stamp_is_final(ring_stamp(&producer->ring, head + 1), head + 1)) {
        return 0; /* later ones have finished: the head itself is what is missing */
    }
    uint32_t wake = atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    uint64_t run = (uint64_t)wake * 4 / cost;
    uint64_t most = producer->ring.window / 4;
    if (run > most) {
        run = most;
    }
    return run < backlog / 2 ? run : backlog / 2;
}

static bool is_to_be_run(const struct reorder_ring *ring, uint64_t sequence)
{
    return ring_stamp(ring, sequence) == stamp_of(sequence, PHASE_READY);
}

uint64_t waking_consumer_target(struct oip_producer *producer, uint64_t head, uint64_t *until)
{
    uint64_t run = worth_a_consumer_wake(producer, head);
    /* Both are the pool's to run; when a reservation finishes is not for the library to guess. */
    if (run < 2 || !is_to_be_run(&producer->ring, head) || !is_to_be_run(&producer->ring, head + run)) {
        *until = PARKING_FOREVER;
        return head;
    }
    *until = oip_now() + 2 * run * waking_cost(producer) + WAKING_LOOKOUT_NS / 4;
    return head + run;
}

uint64_t waking_run_length(struct oip_producer *producer)
{
    uint32_t cost = waking_cost(producer);
    bool sink = atomic_load_explicit(&producer->kind, memory_order_relaxed) == CONSUMER_SINK;
    if (cost >= WAKING_EXPENSIVE_NS || producer->width != 0 ||
        (sink && cost < WAKING_CHEAP_NS && on_pool_thread(producer->pool))) {
        return 1; /* the last: that thread delivers as soon as the head is finished, and runs the rest on its way */
    }
    uint64_t run = WAKING_RUN_NS / cost;
    uint64_t share = ring_backlog(&producer->ring) / 4; /* something for the others, too */
    run = run < share ? run : share;
    return run == 0 ? 1 : run < HELD_RUN_MOST ? run : HELD_RUN_MOST;
}

uint64_t waking_head_run_length(const struct oip_producer *producer)
{
    uint32_t cost = waking_cost(producer);
    if (cost > WAKING_HEAD_RUN_NS / 2 || producer->width != 0) {
        return 1;
    }
    uint64_t run = WAKING_HEAD_RUN_NS / cost;
    return run < HELD_RUN_MOST ? run : HELD_RUN_MOST;
}

bool waking_should_help(struct oip_producer *producer)
{
    if (!producer->assists || producer->wait == OIP_WAIT_PARK) {
        return false;
    }
    uint32_t wake = atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    return waking_cost(producer) < wake;
}
