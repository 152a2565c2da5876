/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "arguments.h"
#include "deadline.h"
#include "delivery.h"
#include "endings.h"
#include "events.h"
#include "execution.h"
#include "pool.h"
#include "waking.h"

#include <errno.h>

static void fill_in(struct oip_producer *producer, struct waiter *waiter, struct wish wish, uint64_t own)
{
    waiter->requests = wish.request != NULL;
    waiter->payload = waiter->requests ? (const void *)wish.request : wish.payload;
    waiter->own = own;
    if (producer->deadlines != NULL) { /* which count from the call */
        waiter->sequence = deadline_from_now(producer, waiter->requests ? wish.request->deadline_ns : 0);
    }
}

/* What the first in the list wants has the sequence: into its slot with it. */
static void admit(struct oip_producer *producer, const struct waiter *waiter, uint64_t sequence)
{
    struct reorder_ring *ring = &producer->ring;
    struct slot *slot = ring_slot(ring, sequence);
    const struct oip_request *request = waiter->requests ? waiter->payload : NULL;
    const void *payload = request != NULL ? request->payload : waiter->payload;
    if (producer->deadlines != NULL) {
        deadline_publish(producer, sequence, payload, waiter->sequence, request != NULL ? request->argument : NULL);
    } else if (payload != NULL) {
        event(producer, OIP_REQUESTED, sequence);
        oip_copy(slot_payload(ring, slot), payload, ring->payload_size);
        ring_publish(slot, sequence, PHASE_READY);
        OIP_POINT(after_publish);
        waking_after_publish(producer, sequence);
    } else {
        event_reserved(producer, sequence);
        ring_publish(slot, sequence, PHASE_RESERVED);
    }
}

/* Under the lock: as much as there is room for. Whoever is settled moves to `told`. */
static void grant(struct oip_producer *producer, struct waiter_list *told)
{
    struct reorder_ring *ring = &producer->ring;
    struct waiter_list *callers = &producer->callers;
    while (callers->first != NULL) {
        uint64_t sequence, count;
        if (ring_reserve(ring, true, 1, &sequence, &count) != RESERVED_SOME) {
            break;
        }
        admit(producer, callers->first, sequence);
        waiter_settle_first(callers, told, 0, sequence);
    }
    /* What was granted may have made the wait of one inside an item hopeless. */
    uint64_t tail = ring_tail_word(ring) >> TAIL_SHIFT;
    for (struct waiter *waiter = callers->first; waiter != NULL;) {
        struct waiter *next = waiter->next;
        /* Behind head: it was overtaken, and holds up nothing. */
        if (waiter->own != UINT64_MAX && waiter->own >= ring_head(ring) && tail - waiter->own >= ring->window) {
            waiter_remove(callers, waiter);
            waiter->result = -EDEADLK;
            waiter_append(told, waiter);
            waiter->state = WAITER_SETTLED;
        }
        waiter = next;
    }
    if (callers->first == NULL) {
        atomic_store_explicit(&producer->callers_wait, NOBODY_WAITS, memory_order_seq_cst);
        atomic_fetch_and_explicit(&ring->tail, ~(uint64_t)TAIL_CALLERS_WAIT, memory_order_seq_cst);
    }
}

/*
 * Tells those who were granted. Where several threads wait in turn, one of them may have to share this processor with
 * the thread that makes room: that yields, or the one gets a time slice now and then, in which nobody makes room, and
 * the others get the rest.
 */
static void tell(struct oip_producer *producer, struct waiter_list *told)
{
    if (told->first != NULL) {
        OIP_POINT(window_wake);
        bool several = waiter_count_sleepers(told) > 1;
        atomic_fetch_add_explicit(&producer->caller_wakes, waiter_tell_all(told), memory_order_relaxed);
        if (several) {
            sched_yield();
        }
    }
}

bool window_grant(struct oip_producer *producer)
{
    struct waiter_list told = {NULL, NULL};
    pthread_mutex_lock(&producer->lock);
    grant(producer, &told);
    pthread_mutex_unlock(&producer->lock);
    bool some = told.first != NULL;
    tell(producer, &told);
    return some;
}

static uint64_t room(const struct oip_producer *producer)
{
    uint64_t tail = atomic_load_explicit(&producer->ring.tail, memory_order_relaxed) >> TAIL_SHIFT;
    return producer->ring.window - (tail - ring_head(&producer->ring));
}

void window_made_room(struct oip_producer *producer, enum patience patience)
{
    if (room(producer) >= (producer->ring.window + 3) / 4 || patience == CALLERS_URGENT ||
        (patience == CALLERS_EAGER && !ring_is_claimable(&producer->ring))) {
        window_grant(producer);
    }
}

/* How eager those become who wait outside of its items. */
static enum patience most_eager(const struct oip_producer *producer)
{
    return producer->items_wait ? CALLERS_URGENT : CALLERS_EAGER;
}

static void wait_eagerly(struct oip_producer *producer, enum patience patience)
{
    int before = atomic_load_explicit(&producer->callers_wait, memory_order_relaxed);
    while (before < (int)patience &&
           !atomic_compare_exchange_weak_explicit(&producer->callers_wait, &before, (int)patience, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
    }
    heavy_fence(); /* before the look at head; pairs with the light one in window_after_delivery() */
}

/*
 * Appends the waiter, looks once more, and grants. Afterwards it is listed or settled; where it is settled, nobody else
 * tells it. Under no lock.
 */
static void enlist(struct oip_producer *producer, struct waiter *waiter, bool eager)
{
    struct waiter_list told = {NULL, NULL};
    pthread_mutex_lock(&producer->lock);
    /* Acquire-release: after this newcomers go to the list. */
    uint64_t tail = atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CALLERS_WAIT, memory_order_seq_cst);
    waiter_append(&producer->callers, waiter);
    if ((tail & TAIL_CLOSED) != 0) {
        waiter_settle_all(&producer->callers, &told, window_refusal(producer));
    } else {
        int patience = atomic_load_explicit(&producer->callers_wait, memory_order_relaxed);
        if (waiter->own != UINT64_MAX) {
            wait_eagerly(producer, CALLERS_URGENT);
        } else if (eager) {
            wait_eagerly(producer, most_eager(producer));
        } else if (patience == NOBODY_WAITS) {
            atomic_store_explicit(&producer->callers_wait, CALLERS_PATIENT, memory_order_seq_cst);
        }
        grant(producer, &told);
    }
    pthread_mutex_unlock(&producer->lock);
    tell(producer, &told);
}

/* Whether room comes only after this caller has returned; see window.h. */
static bool is_hopeless(struct oip_producer *producer, uint64_t own)
{
    return delivers_for(producer) ||
           (own != UINT64_MAX && (ring_tail_word(&producer->ring) >> TAIL_SHIFT) - own >= producer->ring.window);
}

/*
 * Items so cheap that claiming them costs more than running them are better left to a deliverer that is awake and runs
 * them on its way: it makes room within microseconds, for which a caller with a processor of its own polls.
 */
static bool deliverer_is_faster(struct oip_producer *producer)
{
    return waking_cost(producer) < WAKING_CHEAP_NS && waking_deliverer_runs_items(producer) &&
           producer->pool->processors > 1;
}

/*
 * Whether this thread is inside items inside items: each that asks for more in a full window runs the next one on the
 * same stack, as many as the window has. Waiting without helping could wait for threads that do the same.
 */
bool waits_are_deep(void)
{
    int depth = 0;
    for (const struct frame *frame = current_frame; frame != NULL && depth < WINDOW_HELP_DEPTH; frame = frame->outer) {
        depth++;
    }
    return depth == WINDOW_HELP_DEPTH;
}

int window_wait(struct oip_producer *producer, struct wish wish, uint64_t *sequence)
{
    uint64_t own = outermost_item(producer);
    if (is_hopeless(producer, own)) {
        return fail_with(-EDEADLK, "the window of %llu items is full, and room comes only after this caller returns",
                         (unsigned long long)producer->ring.window);
    }
    if (waits_are_deep()) {
        return fail_with(-EDEADLK, "the window is full, and this thread is inside %d items and consumers already",
                         WINDOW_HELP_DEPTH);
    }
    bool pool_thread = on_pool_thread(producer->pool);
    bool helps = producer->assists || pool_thread;
    struct sleeper sleeper;
    sleeper_init(&sleeper);
    struct waiter *waiter = waiter_of(&sleeper.waiter);
    fill_in(producer, waiter, wish, own);
    OIP_POINT(window_wait);
    enlist(producer, waiter, pool_thread);
    atomic_fetch_add_explicit(&producer->helpers, 1, memory_order_relaxed);
    uint32_t until_sample = waking_cost(producer) == UINT32_MAX ? 1 : WAKING_SAMPLE_EVERY;
    bool eager = pool_thread;
    uint64_t polls_since = 0;
    uint64_t polled = 0; /* nanoseconds */
    uint64_t ran;
    while (!sleeper_is_told(&sleeper)) {
        bool leaves_items = !pool_thread && deliverer_is_faster(producer);
        if (!leaves_items && helps && (ran = execution_help(producer, &until_sample)) != 0) {
            atomic_fetch_add_explicit(&producer->helped, ran, memory_order_relaxed);
            polls_since = 0;
            polled = 0;
            continue;
        }
        if (!pool_thread && polled < WINDOW_POLL_NS && (leaves_items || waking_room_is_near(producer))) {
            waking_poll(polled);
            polls_since = polls_since == 0 ? oip_now() : polls_since;
            polled = oip_now() - polls_since;
            continue;
        }
        uint32_t ticket = parking_ticket(&sleeper.parking);
        /* Where there is room and nobody to let in, another thread has let this one in and is about to tell it. */
        if (room(producer) > 0 && window_grant(producer)) {
            continue;
        }
        if (pool_thread) {
            delivery_on_pool(producer, &until_sample); /* the sink may be waiting for a pool thread */
        }
        bool looks_again = timekeeper_goes_on() || pool_thread;
        if (!sleeper_is_told(&sleeper)) {
            atomic_fetch_sub_explicit(&producer->helpers, 1, memory_order_relaxed);
            /* A pool thread is what others count on: it looks again what there is to run, or to hand to the sink. */
            sleeper_sleep(&sleeper, ticket,
                          looks_again ? WAKING_LOOKOUT_NS
                          : eager     ? PARKING_FOREVER
                                      : WINDOW_PATIENCE_NS);
            atomic_fetch_add_explicit(&producer->helpers, 1, memory_order_relaxed);
            if (!eager) {
                eager = true;
                wait_eagerly(producer, most_eager(producer));
            }
        }
    }
    atomic_fetch_sub_explicit(&producer->helpers, 1, memory_order_relaxed);
    if (waiter->result == -EDEADLK) {
        fail_with(-EDEADLK, "the window of %llu items filled up behind the item that waits for room in it",
                  (unsigned long long)producer->ring.window);
    } else if (waiter->result == 0 && sequence != NULL) {
        *sequence = waiter->sequence;
    }
    return waiter->result;
}

int window_wait_async(struct oip_producer *producer, struct wish wish, struct oip_waiter *waiter)
{
    struct waiter *inner = waiter_of(waiter);
    fill_in(producer, inner, wish, UINT64_MAX);
    OIP_POINT(window_wait);
    enlist(producer, inner, true);
    return -EINPROGRESS;
}

int oip_cancel(oip_producer *producer, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(waiter);
    struct waiter *inner = waiter_of(waiter);
    struct waiter_list told = {NULL, NULL};
    OIP_POINT(cancel);
    pthread_mutex_lock(&producer->lock);
    bool waits = false;
    for (struct waiter *at = producer->callers.first; at != NULL; at = at->next) {
        waits = waits || at == inner;
    }
    if (waits) {
        waiter_remove(&producer->callers, inner);
        grant(producer, &told); /* takes the marks away if it was the last */
    }
    pthread_mutex_unlock(&producer->lock);
    tell(producer, &told);
    return waits ? 0 : -EALREADY;
}

int window_refusal(const struct oip_producer *producer)
{
    /* Acquire: pairs with nothing but the tail's mark, behind which it was written. */
    return atomic_load_explicit(&producer->closed_by_pool, memory_order_acquire) ? -ESHUTDOWN : -EPIPE;
}

/* Under the lock, the tail being closed: all waiting callers go home. */
static void send_home(struct oip_producer *producer, struct waiter_list *told)
{
    waiter_settle_all(&producer->callers, told, window_refusal(producer));
    atomic_store_explicit(&producer->callers_wait, NOBODY_WAITS, memory_order_seq_cst);
}

void window_close(struct oip_producer *producer)
{
    struct waiter_list told = {NULL, NULL};
    atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CLOSED, memory_order_seq_cst);
    OIP_POINT(close);
    pthread_mutex_lock(&producer->lock);
    atomic_store_explicit(&producer->closed_by_pool, false, memory_order_relaxed); /* the program's own ending wins */
    send_home(producer, &told);
    pthread_mutex_unlock(&producer->lock);
    tell(producer, &told);
}

void window_close_for_pool(struct oip_producer *producer)
{
    struct waiter_list told = {NULL, NULL};
    pthread_mutex_lock(&producer->lock);
    if ((ring_tail_word(&producer->ring) & TAIL_CLOSED) == 0) {
        /* Where production is ended at this moment, that takes it back, under the lock. */
        atomic_store_explicit(&producer->closed_by_pool, true, memory_order_relaxed);
        atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CLOSED, memory_order_seq_cst);
        send_home(producer, &told);
    }
    pthread_mutex_unlock(&producer->lock);
    OIP_POINT(close);
    tell(producer, &told);
}
