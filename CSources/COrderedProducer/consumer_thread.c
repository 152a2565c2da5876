/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blocking consumer: oip_next() in a thread of its own. It holds the delivery from its start, but for when it sleeps
 * or is paused, runs the head itself where nobody has claimed it, and later items where the head is being run.
 */
#include "arguments.h"
#include "deadline.h"
#include "deliverer.h"
#include "execution.h"
#include "waking.h"

#include <errno.h>

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
        OIP_POINT(after_park);
    }
    /* Pairs with the exchange in tell_consumer(), of the next one to tell. */
    atomic_store_explicit(&producer->on_ready_queue, false, memory_order_seq_cst);
    set_delivery(producer, head, DELIVERY_BUSY);
    producer_drop_memory(producer); /* the entry's; production's own is still there */
}

/*
 * This consumer waits beside what is ready, but counts as one that runs it: the pool has to. If it was woken for it
 * perhaps, nobody else was. Where the width is full whoever leaves it calls a thread.
 */
static void pass_on(struct oip_producer *producer, bool woken_for_it)
{
    /* After going idle: pairs with waking_after_publish(). */
    unsigned schedule = atomic_load_explicit(&producer->schedule, memory_order_seq_cst);
    bool full = producer->width != 0 && schedule_active(schedule) >= producer->width;
    if (!full && ring_is_claimable(&producer->ring) && (execution_queue(producer) || woken_for_it)) {
        pool_wake(producer->pool);
    }
}

/* Whether this thread may run items. Others are told: a guess, so that none of them leaves it what it would pass on. */
static bool consumer_may_help(struct oip_producer *producer)
{
    bool may_help = execution_may_help(producer);
    /* Relaxed: the consumer's thread writes it, and whoever reads an old one leaves to it what it passes on. */
    if (OIP_UNLIKELY(may_help == atomic_load_explicit(&producer->consumer_abstains, memory_order_relaxed))) {
        atomic_store_explicit(&producer->consumer_abstains, !may_help, memory_order_relaxed);
    }
    return may_help;
}

static void consumer_sleep(struct oip_producer *producer, uint64_t head, bool may_help)
{
    struct oip_ready_queue *queue = producer->ready_queue;
    uint32_t ticket = parking_ticket(&queue->parking);
    uint64_t until;
    uint64_t target = waking_consumer_target(producer, head, &until);
    bool runs_items = may_help && (producer->assists || on_pool_thread(producer->pool));
    if (!go_idle(producer, head, target, runs_items && producer->width == 0)) {
        return;
    }
    if (!may_help || producer->width != 0) {
        pass_on(producer, true);
    }
    uint64_t began = oip_now();
    execution_sleep(&queue->parking, ticket, until);
    producer->slept_briefly =
        oip_now() - began < atomic_load_explicit(&producer->pool->wake_cost, memory_order_relaxed);
    /* Timed out, or woken by a signal that belonged to an earlier notice; where this one was given the swap fails. */
    if (swap_delivery(producer, delivery_word(target, DELIVERY_IDLE), delivery_word(head, DELIVERY_BUSY))) {
        return;
    }
    take_notice(producer, head);
}

/* The head has to be waited for. 0, or -EDEADLK. */
static int wait_for_head(struct oip_producer *producer, uint64_t head, enum head_view view)
{
    uint64_t ran;
    /* The items may have no other thread than the one that waits for them. */
    bool pool_thread = on_pool_thread(producer->pool);
    bool may_help = consumer_may_help(producer);
    if (pool_thread && !may_help) {
        return fail_with(-EDEADLK, "oip_next: this thread of the pool would wait, and may not help");
    }
    if (pool_thread && waits_are_deep()) {
        return fail_with(-EDEADLK, "oip_next: this thread is inside %d items and consumers already", WINDOW_HELP_DEPTH);
    }
    if (is_overtaken(producer, head)) {
        /* There is a substitute in its place. */
    } else if (may_help && (pool_thread || waking_should_help(producer)) &&
               (ran = execution_help(producer, &producer->until_sample)) != 0) {
        add(&producer->assisted, ran); /* the head may be finished by now */
    } else if (producer->wait == OIP_WAIT_SPIN) {
        if (!may_help) {
            pass_on(producer, false);
        }
        oip_relax();
    } else if (!poll_head(producer, head, view)) {
        consumer_sleep(producer, head, may_help);
    }
    stall_end(producer, head);
    return 0;
}

/* The head cannot be taken at once: does what is to be done. 1; 0: the iteration has ended; or -EDEADLK. */
static OIP_COLD int consumer_wait(struct oip_producer *producer, uint64_t head)
{
    if (kind_of(producer) != CONSUMER_THREAD) {
        return 0;
    }
    enum head_view view = view_head(producer, head);
    int result;
    switch (view) {
    case HEAD_DONE:
        return 1;
    case HEAD_READY:
    case HEAD_UNFINISHED:
        result = wait_for_head(producer, head, view);
        return result == 0 ? 1 : result;
    case HEAD_GATED:
        if (!is_aborted(producer)) {
            if (go_paused(producer, head)) {
                take_notice(producer, head);
            }
            return 1;
        }
        break;
    default:
        break;
    }
    return handle_head(producer, head, view);
}

int nobodys_items(struct oip_producer *producer, enum consumer_kind kind, const char *function)
{
    if (kind == CONSUMER_NONE) {
        return fail_with(-EINVAL, "%s: no consumer is attached; call oip_start, oip_attach or oip_attach_ready_queue",
                         function);
    }
    if (kind == CONSUMER_LOOP) {
        return fail_with(-EINVAL, "%s: the consumer is an event loop, which calls oip_try_next", function);
    }
    /* Set before the kind, and constant: whatever ended production, its items were the sink's. */
    return producer->sink != NULL ? fail_with(-EINVAL, "%s: the items are given to a sink", function) : 0;
}

int oip_next(oip_producer *producer, void *payload, uint64_t *sequence)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(payload);
    enum consumer_kind kind = kind_of(producer);
    if (OIP_UNLIKELY(kind != CONSUMER_THREAD)) {
        return nobodys_items(producer, kind, __func__);
    }
    remember_consumer(producer);
    for (;;) {
        /* Relaxed: this thread wrote it. */
        uint64_t head = atomic_load_explicit(&producer->ring.head, memory_order_relaxed);
        if (take_if_done(producer, head, payload, sequence)) {
            return 1;
        }
        if (producer->assists && head < atomic_load_explicit(&producer->gate, memory_order_acquire) &&
            consumer_may_help(producer)) {
            uint64_t ran = run_head(producer, head, &producer->until_sample);
            add(&producer->assisted, ran);
            if (OIP_LIKELY(ran != 0)) {
                continue;
            }
        }
        int result = consumer_wait(producer, head);
        if (result <= 0) {
            return result;
        }
    }
}
