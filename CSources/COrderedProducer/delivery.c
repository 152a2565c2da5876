/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.h"

#include "endings.h"
#include "execution.h"
#include "waking.h"
#include "window.h"

#include <errno.h>

/* What the holder of the delivery sees at the head. */
enum head_view {
    HEAD_DONE,      /* an item to deliver */
    HEAD_READY,     /* asked for and perhaps not claimed */
    HEAD_PASS,      /* nothing to deliver: skipped or discarded */
    HEAD_FAILED,    /* the failure that ends the iteration */
    HEAD_CLOSED,    /* behind the last item */
    HEAD_GATED,     /* paused or ended at once */
    HEAD_UNFINISHED /* not here yet */
};

static enum head_view view_head(struct oip_producer *producer, uint64_t head)
{
    /* Sequentially consistent, as the last look before going idle: pairs with pauses and endings. */
    if (head >= atomic_load_explicit(&producer->gate, memory_order_seq_cst)) {
        return HEAD_GATED;
    }
    uint64_t stamp = ring_stamp(&producer->ring, head);
    if (stamp_sequence(stamp) == head) {
        switch (stamp_phase(stamp)) {
        case PHASE_DONE:
            return HEAD_DONE;
        case PHASE_READY:
            return HEAD_READY;
        case PHASE_FAILED:
            return HEAD_FAILED;
        case PHASE_SKIPPED:
        case PHASE_DISCARDED:
            return HEAD_PASS;
        case PHASE_RESERVED:
            return HEAD_UNFINISHED;
        }
    }
    return ring_is_exhausted(&producer->ring, head) ? HEAD_CLOSED : HEAD_UNFINISHED;
}

static bool is_aborted(struct oip_producer *producer)
{
    return atomic_load_explicit(&producer->start_limit, memory_order_seq_cst) == 0;
}

static enum consumer_kind kind_of(struct oip_producer *producer)
{
    return (enum consumer_kind)atomic_load_explicit(&producer->kind, memory_order_acquire);
}

/* Whether a gate that is down stays down: production was ended at once, or the iteration has ended. */
static bool is_over(struct oip_producer *producer)
{
    return is_aborted(producer) || kind_of(producer) == CONSUMER_DISCARD;
}

static bool swap_delivery(struct oip_producer *producer, uint64_t from, uint64_t to)
{
    /* Acquire: what the last holder did; pairs with set_delivery(). Sequentially consistent: see delivery.h. */
    return atomic_compare_exchange_strong_explicit(&producer->delivery, &from, to, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}

/* The holder lets go, or changes what others see of it. */
static void set_delivery(struct oip_producer *producer, uint64_t sequence, enum delivery_state state)
{
    atomic_exchange_explicit(&producer->delivery, delivery_word(sequence, state), memory_order_seq_cst);
}

static void add(_Atomic uint64_t *counter, uint64_t count)
{
    /* One writer: no need for a locked addition. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + count, memory_order_relaxed);
}

/* --------------------------------------------------------------------------------------- head-of-line stalls ---- */

static void stall_begin(struct oip_producer *producer)
{
    uint64_t none = 0;
    if (atomic_load_explicit(&producer->stall_began, memory_order_relaxed) == 0) {
        atomic_compare_exchange_strong_explicit(&producer->stall_began, &none, oip_now(), memory_order_relaxed,
                                                memory_order_relaxed);
    }
}

static void stall_end(struct oip_producer *producer, uint64_t head)
{
    if (atomic_load_explicit(&producer->stall_began, memory_order_relaxed) == 0) {
        return;
    }
    uint64_t began = atomic_exchange_explicit(&producer->stall_began, 0, memory_order_relaxed);
    uint64_t now = oip_now();
    uint64_t stalled = now > began ? now - began : 0;
    atomic_store_explicit(&producer->stall_total,
                          atomic_load_explicit(&producer->stall_total, memory_order_relaxed) + stalled,
                          memory_order_relaxed);
    if (stalled > atomic_load_explicit(&producer->stall_longest, memory_order_relaxed)) {
        atomic_store_explicit(&producer->stall_longest, stalled, memory_order_relaxed);
        atomic_store_explicit(&producer->stall_longest_sequence, head, memory_order_relaxed);
    }
}

/* -------------------------------------------------------------------------------- what the holder does at head ---- */

static void advance(struct oip_producer *producer, uint64_t head)
{
    ring_advance(&producer->ring, head);
    window_after_delivery(producer);
}

static void pass(struct oip_producer *producer, uint64_t head)
{
    add(&producer->passed, 1);
    advance(producer, head);
}

/* Whether this thread is a worker between two items of its turn with the producer. */
static bool at_turn_with(struct oip_producer *producer)
{
    return current_worker != NULL && current_worker->turn != NULL && current_worker->turn == current_frame &&
           current_frame->producer == producer && current_frame->sequence == UINT64_MAX;
}

/* Runs the `count` items at the head, which this thread has claimed, but for those that others take away. */
static uint64_t run_claimed_head(struct oip_producer *producer, uint64_t head, uint64_t count, uint32_t *until_sample)
{
    struct held_run *run = &producer->held.runs[0];
    if (count > 1) {
        held_run_begin(run, head, head + count);
        execution_watch(producer);
    }
    struct frame frame;
    frame_enter(&frame, producer);
    uint64_t sequence = head;
    uint64_t ran = 0;
    do {
        frame.sequence = sequence;
        enum phase phase = execution_run(producer, sequence, until_sample);
        /* Nobody waits for it but this thread. */
        ring_publish_quietly(ring_slot(&producer->ring, sequence), sequence, phase);
        ran++;
    } while (count > 1 && held_run_next(run, &sequence, &producer->lock));
    frame_leave(&frame);
    return ran;
}

/* Rule 3: the holder runs the unclaimed head itself, and cheap items behind it on the way. How many. */
static inline uint64_t run_head(struct oip_producer *producer, uint64_t head, uint32_t *until_sample)
{
    bool counted = producer->width == 0 || at_turn_with(producer); /* as one that runs items */
    if (!counted && !execution_enter(producer)) {
        return 0;
    }
    uint64_t ran = ring_claim_head(&producer->ring, head, waking_head_run_length(producer));
    if (OIP_LIKELY(ran != 0)) {
        bool observed = waking_cost(producer) >= WAKING_EXPENSIVE_NS;
        if (OIP_UNLIKELY(observed)) {
            atomic_store_explicit(&producer->stall_began, 0, memory_order_relaxed);
            set_delivery(producer, head, DELIVERY_ASSISTING);
        }
        ran = run_claimed_head(producer, head, ran, until_sample);
        if (OIP_UNLIKELY(observed)) {
            set_delivery(producer, head, DELIVERY_BUSY);
            stall_end(producer, head);
        }
    }
    if (!counted) {
        execution_exit(producer);
    }
    return ran;
}

/* Going idle, and back where the last look finds something. True: idle. `target`: see waking.h, rule 4. */
static bool go_idle(struct oip_producer *producer, uint64_t head, uint64_t target, bool looks_for_ready)
{
    uint64_t idle = delivery_word(target, DELIVERY_IDLE);
    /* Where a later item has finished already, the stall begins now: nobody waited for the head before. */
    bool stalled = stamp_is_final(ring_stamp(&producer->ring, head + 1), head + 1);
    atomic_store_explicit(&producer->stall_began, stalled ? oip_now() : 0, memory_order_relaxed);
    set_delivery(producer, target, DELIVERY_IDLE); /* pairs with delivery_after_finish(), waking_after_publish() */
    enum head_view view = view_head(producer, head);
    bool idles = view == HEAD_UNFINISHED || (view == HEAD_READY && !looks_for_ready);
    if (!idles && view == HEAD_READY) {
        idles = atomic_load_explicit(&producer->ring.claim, memory_order_seq_cst) > head;
    }
    if (idles && target != head) {
        idles = !stamp_is_final(ring_stamp(&producer->ring, target), target);
    }
    return idles || !swap_delivery(producer, idle, delivery_word(head, DELIVERY_BUSY));
}

/* Paused, and back where the pause is over. True: paused. */
static bool go_paused(struct oip_producer *producer, uint64_t head)
{
    uint64_t paused = delivery_word(head, DELIVERY_PAUSED);
    set_delivery(producer, head, DELIVERY_PAUSED); /* pairs with delivery_kick() */
    if (ring_is_claimable(&producer->ring) && execution_queue(producer)) {
        pool_wake(producer->pool); /* it may be the item that this consumer was woken for */
    }
    return (view_head(producer, head) == HEAD_GATED && !is_over(producer)) ||
           !swap_delivery(producer, paused, delivery_word(head, DELIVERY_BUSY));
}

/* -------------------------------------------------------------------------------------------------- discarding ---- */

static void discard_run(struct oip_producer *producer)
{
    struct reorder_ring *ring = &producer->ring;
    uint32_t never = UINT32_MAX;
    for (;;) {
        uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
        uint64_t stamp = ring_stamp(ring, head);
        if (stamp_is_final(stamp, head)) {
            if (stamp_phase(stamp) == PHASE_DONE && producer->discard != NULL) {
                producer->discard(producer->context, slot_payload(ring, ring_slot(ring, head)), OIP_PAYLOAD_OUTPUT);
            }
            pass(producer, head);
        } else if (ring_claim_head(ring, head, 1) != 0) {
            execution_run(producer, head, &never); /* the start limit is below: it discards */
            pass(producer, head);
        } else if (ring_is_exhausted(ring, head)) {
            set_delivery(producer, head, DELIVERY_SETTLED);
            ending_settled(producer);
            return;
        } else {
            uint64_t idle = delivery_word(head, DELIVERY_IDLE);
            set_delivery(producer, head, DELIVERY_IDLE); /* pairs with delivery_after_finish() */
            if (!stamp_is_final(ring_stamp(ring, head), head) && !ring_is_exhausted(ring, head)) {
                return;
            }
            if (!swap_delivery(producer, idle, delivery_word(head, DELIVERY_BUSY))) {
                return;
            }
        }
    }
}

void delivery_end(struct oip_producer *producer)
{
    pthread_mutex_lock(&producer->lock);
    atomic_store_explicit(&producer->kind, CONSUMER_DISCARD, memory_order_seq_cst);
    atomic_store_explicit(&producer->gate, 0, memory_order_seq_cst);
    atomic_store_explicit(&producer->consumer_thread, NULL, memory_order_relaxed);
    pthread_mutex_unlock(&producer->lock);
    discard_run(producer);
}

/* The holder looks at a head that is neither done nor ready. False: the iteration has ended. */
static bool handle_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    switch (view) {
    case HEAD_PASS:
        pass(producer, head);
        return true;
    case HEAD_FAILED:
        ending_failure_reached(producer);
        break;
    default:
        break;
    }
    delivery_end(producer);
    return false;
}

/* --------------------------------------------------------------------------------------- flipping and kicking ---- */

/* Lets go of the producers whose entries are in the list. */
static void drop_entries(struct ck_stack_entry *entry)
{
    while (entry != NULL) {
        struct ck_stack_entry *next = entry->next;
        struct ready_entry *ready = OIP_CONTAINER_OF(entry, struct ready_entry, link);
        struct oip_producer *producer = OIP_CONTAINER_OF(ready, struct oip_producer, ready_entry);
        atomic_store_explicit(&producer->on_ready_queue, false, memory_order_release);
        producer_drop(producer);
        entry = next;
    }
}

/* Tells the consumer through its ready queue, on which it is at most once. */
static void tell_consumer(struct oip_producer *producer)
{
    atomic_fetch_add_explicit(&producer->consumer_wakes, 1, memory_order_relaxed);
    if (!atomic_exchange_explicit(&producer->on_ready_queue, true, memory_order_seq_cst)) {
        producer_retain(producer);
        struct oip_ready_queue *queue = producer->ready_queue;
        ready_queue_push(queue, &producer->ready_entry);
        /* Sequentially consistent, after the push: pairs with oip_ready_queue_release(). */
        if (OIP_UNLIKELY(atomic_load_explicit(&queue->abandoned, memory_order_seq_cst))) {
            drop_entries(ready_queue_take_all(queue));
        }
    }
}

static void deliver_to_sink(struct oip_producer *producer, uint32_t *until_sample);

static bool flip(struct oip_producer *producer, uint64_t word)
{
    uint64_t busy = delivery_word(delivery_sequence(word), DELIVERY_BUSY);
    uint64_t queued = delivery_word(delivery_sequence(word), DELIVERY_QUEUED);
    enum consumer_kind kind = kind_of(producer);
    bool delivers = kind == CONSUMER_DISCARD || (kind == CONSUMER_SINK && at_turn_with(producer));
    if (kind == CONSUMER_NONE || !swap_delivery(producer, word, delivers ? busy : queued)) {
        return false;
    }
    /* Between reading the kind and the swap the iteration may have ended, and the discarding gone idle on the same
     * item. */
    if (kind_of(producer) == CONSUMER_DISCARD) {
        if (delivers || swap_delivery(producer, queued, busy)) {
            discard_run(producer);
        }
    } else if (kind != CONSUMER_SINK) {
        tell_consumer(producer);
    } else if (delivers) {
        deliver_to_sink(producer, &current_worker->until_sample);
    } else {
        execution_queue(producer);
        if (!waking_worker_will_look(producer) && pool_wake(producer->pool)) {
            atomic_fetch_add_explicit(&producer->worker_wakes, 1, memory_order_relaxed);
        }
    }
    return true;
}

void delivery_finished_while_waiting(struct oip_producer *producer, uint64_t word, uint64_t sequence)
{
    uint64_t awaited = delivery_sequence(word);
    if (delivery_state(word) == DELIVERY_IDLE && stamp_is_final(ring_stamp(&producer->ring, awaited), awaited)) {
        flip(producer, word);
    } else if (sequence > awaited) {
        stall_begin(producer);
    }
}

void delivery_before_leaving(struct oip_producer *producer)
{
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE) {
        uint64_t head = ring_head(&producer->ring);
        if (head < delivery_sequence(word) && stamp_is_final(ring_stamp(&producer->ring, head), head)) {
            flip(producer, word);
        }
    }
}

bool delivery_hand_over(struct oip_producer *producer, uint64_t word)
{
    return kind_of(producer) == CONSUMER_THREAD && flip(producer, word);
}

void delivery_kick(struct oip_producer *producer)
{
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    while (delivery_state(word) == DELIVERY_IDLE || delivery_state(word) == DELIVERY_PAUSED) {
        if (flip(producer, word)) {
            return;
        }
        word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    }
}

void delivery_abort(struct oip_producer *producer)
{
    for (;;) {
        uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
        enum delivery_state state = delivery_state(word);
        enum consumer_kind kind = kind_of(producer);
        if (state == DELIVERY_BUSY || state == DELIVERY_ASSISTING || state == DELIVERY_SETTLED) {
            return; /* the holder looks at the gate before it lets go */
        }
        if (kind == CONSUMER_THREAD || kind == CONSUMER_DISCARD) {
            if (state == DELIVERY_QUEUED || flip(producer, word)) {
                return;
            }
            continue;
        }
        if (kind == CONSUMER_LOOP && (state == DELIVERY_AWAY || state == DELIVERY_QUEUED)) {
            uint64_t queued = delivery_word(delivery_sequence(word), DELIVERY_QUEUED);
            if (word != queued && !swap_delivery(producer, word, queued)) {
                continue;
            }
            word = queued;
            heavy_fence(); /* pairs with the light ones in take_while_away() */
            if (atomic_load_explicit(&producer->inside, memory_order_seq_cst)) {
                return; /* it looks at the word when it leaves */
            }
        }
        if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
            producer_retain(producer); /* production may be settled, and its reference gone */
            delivery_end(producer);
            if (kind == CONSUMER_LOOP) {
                tell_consumer(producer); /* not before: a loop that finds the delivery busy waits to be told */
            }
            producer_drop(producer);
            return;
        }
    }
}

/* ------------------------------------------------------------------------------------------------------- sinks ---- */

/*
 * Whether to look for the next items now and then only, so that some gather. Where the deliverer is faster than the
 * caller, each look takes the line of the slot away from the caller who writes it and the next ones: 100 ns an item.
 * But where items come one at a time, waiting for more would only delay them.
 */
static void note_gathering(struct oip_producer *producer, uint64_t head, uint32_t polls)
{
    enum { QUICK = 32, QUICK_FINDS = 4, WORTH_IT = 4 };
    if (producer->gathers) {
        producer->gathers = stamp_sequence(ring_stamp(&producer->ring, head + WORTH_IT - 1)) == head + WORTH_IT - 1;
        producer->quick_finds = 0;
        return;
    }
    producer->quick_finds = polls <= QUICK ? producer->quick_finds + 1 : 0;
    producer->gathers = producer->quick_finds == QUICK_FINDS && waking_cost(producer) < WAKING_GATHER_NS / 2 &&
                        producer->ring.window >= HELD_RUN_MOST * 4;
    producer->quick_finds %= QUICK_FINDS;
}

/*
 * Rule 6: polls for a change of `view` before it sleeps. On a processor that nobody else wants for as long as a wake
 * keeps its waker busy, so that one wake (of a worker, say) does not lead to the next; otherwise only for a moment.
 *
 * Where the head is being run by another thread it goes on for as long as a wake takes.
 */
static bool poll_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    enum { FEW = 4, PER_LOOK_AT_CLOCK = 8 };
    struct oip_pool *pool = producer->pool;
    if (producer->wait == OIP_WAIT_PARK || pool->processors < 2) {
        return false;
    }
    /* This thread and a caller have a processor each; and it did not sleep longer than a wake takes the last time. */
    uint32_t awake = pool_awake(pool) + (on_pool_thread(pool) ? 1 : 2);
    bool alone = awake <= pool->processors && producer->slept_briefly;
    uint64_t patience = WAKING_POLL_NS;
    if (alone && atomic_load_explicit(&producer->ring.claim, memory_order_relaxed) > head) {
        patience = atomic_load_explicit(&pool->wake_cost, memory_order_relaxed);
        patience = patience < WAKING_FIRST_GUESS_NS ? patience : WAKING_FIRST_GUESS_NS;
    }
    uint64_t began = alone ? oip_now() : 0;
    uint64_t waited = 0;
    uint64_t between_looks = alone && producer->gathers ? WAKING_GATHER_NS : 0;
    uint64_t look_at = between_looks;
    for (uint32_t polls = 1; alone ? waited < patience : polls <= FEW; polls++) {
        waking_poll(waited);
        if (alone && polls % PER_LOOK_AT_CLOCK == 0) {
            waited = oip_now() - began;
        }
        if (waited >= look_at) {
            if (view_head(producer, head) != view) {
                note_gathering(producer, head, polls);
                return true;
            }
            look_at = waited + between_looks;
        }
    }
    return false;
}

static void give_to_sink(struct oip_producer *producer, uint64_t head)
{
    struct frame frame;
    frame_enter(&frame, producer);
    void *payload = slot_payload(&producer->ring, ring_slot(&producer->ring, head));
    int code = producer->sink(producer->sink_context, payload, head);
    frame_leave(&frame);
    advance(producer, head);
    if (OIP_UNLIKELY(code != 0)) {
        ending_sink_failed(producer, head, code);
    }
}

/* The holder, a pool thread, delivers until nothing is deliverable; then nobody holds the delivery. */
static void deliver_to_sink(struct oip_producer *producer, uint32_t *until_sample)
{
    struct oip_pool *pool = producer->pool;
    if (producer->idle_since != 0) {
        producer->slept_briefly =
            oip_now() - producer->idle_since < atomic_load_explicit(&pool->wake_cost, memory_order_relaxed);
    }
    for (unsigned delivered = 0;;) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        enum head_view view = view_head(producer, head);
        if (view == HEAD_READY && producer->assists && run_head(producer, head, until_sample) != 0) {
            continue;
        }
        if (view == HEAD_DONE) {
            stall_end(producer, head);
            give_to_sink(producer, head);
            delivered++;
            bool others_wait = (delivered % QUANTUM_CHECK_EVERY == 0 && run_queue_length(&pool->run_queue) > 0) ||
                               pool_wants_threads_back(pool);
            if (others_wait && (delivered >= QUANTUM_ITEMS || pool_wants_threads_back(pool))) {
                set_delivery(producer, head + 1, DELIVERY_QUEUED);
                execution_queue(producer); /* at the end of the run queue; this thread goes on with it there */
                if (is_aborted(producer)) {
                    delivery_abort(producer);
                }
                return;
            }
        } else if (view == HEAD_UNFINISHED || view == HEAD_READY) {
            if (view == HEAD_UNFINISHED && poll_head(producer, head, view)) {
                continue;
            }
            producer->idle_since = oip_now();
            if (go_idle(producer, head, head, false)) {
                return;
            }
        } else if (view == HEAD_GATED && !is_over(producer)) {
            if (go_paused(producer, head)) {
                return;
            }
        } else if (!handle_head(producer, head, view)) {
            return;
        }
    }
}

bool delivery_is_mine_to_make(struct oip_producer *producer)
{
    return kind_of(producer) == CONSUMER_SINK && at_turn_with(producer);
}

bool delivery_needs_pool(struct oip_producer *producer)
{
    return kind_of(producer) == CONSUMER_SINK &&
           delivery_state(atomic_load_explicit(&producer->delivery, memory_order_seq_cst)) == DELIVERY_QUEUED;
}

void delivery_on_pool(struct oip_producer *producer, uint32_t *until_sample)
{
    if (kind_of(producer) != CONSUMER_SINK) {
        return;
    }
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if ((delivery_state(word) == DELIVERY_QUEUED || delivery_state(word) == DELIVERY_IDLE) &&
        swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
        deliver_to_sink(producer, until_sample);
    }
}

/* -------------------------------------------------------------------------------------------- consumer threads ---- */

/* The consumer was, or is just being, told: takes its entry off its queue and is busy again. */
static void take_notice(struct oip_producer *producer, uint64_t head)
{
    struct oip_ready_queue *queue = producer->ready_queue;
    for (;;) {
        uint32_t ticket = parking_ticket(&queue->parking);
        if (ready_queue_take(queue) != NULL) {
            break;
        }
        parking_wait(&queue->parking, ticket, PARKING_FOREVER);
    }
    /* Pairs with the exchange in tell_consumer(), of the next one to tell. */
    atomic_store_explicit(&producer->on_ready_queue, false, memory_order_seq_cst);
    set_delivery(producer, head, DELIVERY_BUSY);
    producer_drop(producer); /* the entry's; production's own is still there */
}

static void consumer_sleep(struct oip_producer *producer, uint64_t head)
{
    struct oip_ready_queue *queue = producer->ready_queue;
    uint32_t ticket = parking_ticket(&queue->parking);
    int64_t timeout;
    uint64_t target = waking_consumer_target(producer, head, &timeout);
    if (!go_idle(producer, head, target, producer->assists && producer->width == 0)) {
        return;
    }
    uint64_t began = oip_now();
    parking_wait(&queue->parking, ticket, timeout);
    producer->slept_briefly =
        oip_now() - began < atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    /* Timed out, or woken by a signal that belonged to an earlier notice; where this one was given the swap fails. */
    if (swap_delivery(producer, delivery_word(target, DELIVERY_IDLE), delivery_word(head, DELIVERY_BUSY))) {
        return;
    }
    take_notice(producer, head);
}

/* So that oip_stop() on this thread fails instead of waiting for it. */
static void remember_consumer(struct oip_producer *producer)
{
    atomic_store_explicit(&producer->consumer_thread, &current_frame, memory_order_relaxed);
}

/* The head cannot be taken at once: does what is to be done. False: the iteration has ended. */
static OIP_COLD bool consumer_wait(struct oip_producer *producer, uint64_t head)
{
    if (kind_of(producer) != CONSUMER_THREAD) {
        return false;
    }
    enum head_view view = view_head(producer, head);
    uint64_t ran;
    switch (view) {
    case HEAD_DONE:
        return true;
    case HEAD_READY:
    case HEAD_UNFINISHED:
        if (producer->wait == OIP_WAIT_SPIN) {
            oip_relax();
        } else if (waking_should_help(producer) && (ran = execution_help(producer, &producer->until_sample)) != 0) {
            add(&producer->assisted, ran); /* the head may be finished by now */
        } else if (!poll_head(producer, head, view)) {
            consumer_sleep(producer, head);
        }
        stall_end(producer, head);
        return true;
    case HEAD_GATED:
        if (!is_aborted(producer)) {
            if (go_paused(producer, head)) {
                take_notice(producer, head);
            }
            return true;
        }
        break;
    default:
        break;
    }
    return handle_head(producer, head, view);
}

static void take_done(struct oip_producer *producer, uint64_t head, void *payload, uint64_t *sequence)
{
    struct reorder_ring *ring = &producer->ring;
    oip_copy(payload, slot_payload(ring, ring_slot(ring, head)), ring->payload_size);
    if (sequence != NULL) {
        *sequence = head;
    }
    advance(producer, head);
}

/* Takes the head, if it is done and there to be delivered. For the holder of the delivery. */
static inline bool take_if_done(struct oip_producer *producer, uint64_t head, void *payload, uint64_t *sequence)
{
    if (OIP_UNLIKELY(head >= atomic_load_explicit(&producer->gate, memory_order_acquire))) {
        return false;
    }
    /* Acquire: the output; pairs with ring_publish(). */
    uint64_t stamp = atomic_load_explicit(&ring_slot(&producer->ring, head)->stamp, memory_order_acquire);
    if (stamp != stamp_of(head, PHASE_DONE)) {
        return false;
    }
    take_done(producer, head, payload, sequence);
    return true;
}

int oip_next(oip_producer *producer, void *payload, uint64_t *sequence)
{
    RETURN_IF_FORKED(producer);
    enum consumer_kind kind = kind_of(producer);
    if (OIP_UNLIKELY(kind != CONSUMER_THREAD)) {
        return kind != CONSUMER_NONE
                   ? 0
                   : fail_with(-EINVAL, "oip_next: no consumer is attached; call oip_start or oip_attach first");
    }
    if (OIP_UNLIKELY(atomic_load_explicit(&producer->consumer_thread, memory_order_relaxed) != &current_frame)) {
        remember_consumer(producer);
    }
    for (;;) {
        /* Relaxed: this thread wrote it. */
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        if (take_if_done(producer, head, payload, sequence)) {
            return 1;
        }
        if (producer->assists && head < atomic_load_explicit(&producer->gate, memory_order_acquire)) {
            uint64_t ran = run_head(producer, head, &producer->until_sample);
            add(&producer->assisted, ran);
            if (OIP_LIKELY(ran != 0)) {
                continue;
            }
        }
        if (!consumer_wait(producer, head)) {
            return 0;
        }
    }
}

/* ------------------------------------------------------------------------------------------------- event loops ---- */

/* A loop's consumer, between two times that it had to wait. Whether an item was taken. */
static inline bool take_while_away(struct oip_producer *producer, void *payload, uint64_t *sequence)
{
    bool taken = false;
    atomic_store_explicit(&producer->inside, true, memory_order_relaxed);
    light_fence(); /* pairs with the heavy one in delivery_abort() */
    /* Acquire: what the last holder did; pairs with set_delivery(). */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_acquire);
    if (OIP_LIKELY(delivery_state(word) == DELIVERY_AWAY)) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        taken = take_if_done(producer, head, payload, sequence);
        stall_end(producer, head);
    }
    /* Release: that this thread is done with the head; pairs with delivery_abort(). */
    atomic_store_explicit(&producer->inside, false, memory_order_release);
    light_fence();
    if (OIP_UNLIKELY(taken && delivery_state(atomic_load_explicit(&producer->delivery, memory_order_acquire)) !=
                                  DELIVERY_AWAY)) {
        delivery_abort(producer); /* it found this thread inside and left it to it */
    }
    return taken;
}

int oip_try_next(oip_producer *producer, void *payload, uint64_t *sequence)
{
    RETURN_IF_FORKED(producer);
    enum consumer_kind kind = kind_of(producer);
    if (kind == CONSUMER_NONE) {
        return fail_with(-EINVAL, "oip_try_next: no consumer is attached; call oip_attach_ready_queue first");
    }
    if (kind == CONSUMER_DISCARD) {
        return 0;
    }
    if (kind == CONSUMER_LOOP) {
        if (take_while_away(producer, payload, sequence)) {
            return 1;
        }
        for (;;) {
            uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
            enum delivery_state state = delivery_state(word);
            if (kind_of(producer) == CONSUMER_DISCARD) {
                return 0;
            }
            if (state == DELIVERY_BUSY) {
                return -EAGAIN; /* an ending is just clearing away; it tells through the queue */
            }
            if (swap_delivery(producer, word, delivery_word(delivery_sequence(word), DELIVERY_BUSY))) {
                break;
            }
        }
    }
    for (;;) {
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        enum head_view view = view_head(producer, head);
        if (kind == CONSUMER_THREAD && kind_of(producer) != CONSUMER_THREAD) {
            return 0;
        }
        if (view == HEAD_DONE) {
            stall_end(producer, head);
            take_done(producer, head, payload, sequence);
            if (kind == CONSUMER_LOOP) {
                set_delivery(producer, head + 1, DELIVERY_AWAY);
                if (is_aborted(producer)) {
                    delivery_abort(producer); /* it found this thread busy and left it to it */
                }
            }
            return 1;
        }
        if (view == HEAD_UNFINISHED || view == HEAD_READY) {
            if (kind == CONSUMER_THREAD || go_idle(producer, head, waking_loop_target(producer, head), false)) {
                return -EAGAIN;
            }
        } else if (view == HEAD_GATED && !is_over(producer)) {
            if (kind == CONSUMER_THREAD || go_paused(producer, head)) {
                return -EAGAIN;
            }
        } else if (!handle_head(producer, head, view)) {
            return 0;
        }
    }
}

void oip_ready_queue_release(oip_ready_queue *queue)
{
    if (queue->generation != fork_generation) {
        return;
    }
    /* An entry keeps its producer, and the producer this queue: whoever comes last clears them away. */
    atomic_store_explicit(&queue->abandoned, true, memory_order_seq_cst);
    atomic_thread_fence(memory_order_seq_cst);
    struct ck_stack_entry *taken = queue->taken;
    queue->taken = NULL;
    drop_entries(taken);
    drop_entries(ready_queue_take_all(queue));
    ready_queue_drop(queue);
}

int oip_ready_queue_take(oip_ready_queue *queue, void **tag)
{
    RETURN_IF_FORKED(queue);
    struct ready_entry *entry;
    while ((entry = ready_queue_take(queue)) != NULL) {
        struct oip_producer *producer = OIP_CONTAINER_OF(entry, struct oip_producer, ready_entry);
        bool wanted = !atomic_load_explicit(&producer->handle_gone, memory_order_acquire);
        *tag = producer->tag;
        /* The entry is free again, and whoever is told looks at the delivery next: pairs with tell_consumer(). */
        atomic_store_explicit(&producer->on_ready_queue, false, memory_order_seq_cst);
        producer_drop(producer);
        if (wanted) {
            return 1;
        }
    }
    return 0;
}
