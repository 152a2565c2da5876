/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "arguments.h"
#include "deadline.h"
#include "delivery.h"
#include "endings.h"
#include "events.h"
#include "execution.h"
#include "pool.h"
#include "publish.h"
#include "waking.h"

#include <errno.h>

/* A wait of a thread for room, on its stack. */
struct inner_caller {
    struct waiter *waiter;
    uint64_t own;              /* the outermost item of the producer that the thread is inside of; UINT64_MAX: none */
    struct inner_caller *next; /* of the producer: only waits that what the thread is inside of can make hopeless */
    struct inner_caller *beneath; /* a wait for the same producer, on top of which this thread has run an item */
    struct inner_caller *outer;   /* the thread's wait beneath this one, for whatever producer */
    const struct oip_producer *producer;
};

static _Thread_local struct inner_caller *current_wait;

static void fill_in(struct oip_producer *producer, struct waiter *waiter, const void *payload,
                    const struct oip_request *request)
{
    waiter->requests = request != NULL;
    waiter->payload = request != NULL ? (const void *)request : payload;
    waiter->sequence = deadline_from_now(producer, request != NULL ? request->deadline_ns : 0); /* from the call on */
}

/* Callers that were let in under the lock, and what is to be done about it after. */
struct granted {
    struct waiter_list told;
    struct published published;
};

/* Under the lock: what the first in the list wants has the sequence, and is published. */
static void admit(struct oip_producer *producer, uint64_t sequence, struct granted *granted)
{
    struct waiter *waiter = producer->callers.first;
    const struct oip_request *request = waiter->requests ? waiter->payload : NULL;
    struct wish wish = {.payload = request != NULL ? request->payload : waiter->payload,
                        .argument = request != NULL ? request->argument : NULL,
                        .due = waiter->sequence};
    publish_write(producer, sequence, &wish);
    if (granted->published.count++ == 0) {
        granted->published.first = sequence; /* newcomers go to the list: the sequences come in a row */
    }
    granted->published.ready |= wish.payload != NULL;
    waiter_settle(waiter, &granted->told, 0, sequence);
}

/* Whether an item and all that was asked for after it fill the window: room comes only when it is delivered. */
static bool fills_window(const struct oip_producer *producer, uint64_t own, uint64_t tail)
{
    /* Behind head: it was overtaken, and holds up nothing. Beyond tail: there is none. */
    return own < tail && own >= ring_head(&producer->ring) && tail - own >= producer->ring.window;
}

/*
 * Under the lock: the first item that cannot be delivered before the wait ends: one that the thread is inside of, or a
 * reservation that was granted to a wait beneath, which cannot return and so finishes nothing.
 */
static uint64_t held_up_by(const struct inner_caller *inner)
{
    uint64_t own = inner->own;
    for (const struct inner_caller *beneath = inner->beneath; beneath != NULL; beneath = beneath->beneath) {
        const struct waiter *waiter = beneath->waiter;
        const struct oip_request *request = waiter->requests ? waiter->payload : NULL;
        bool reserves = request != NULL ? request->payload == NULL : waiter->payload == NULL;
        if (waiter->list == NULL && waiter->result == 0 && reserves && waiter->sequence < own) {
            own = waiter->sequence;
        }
    }
    return own;
}

/* Under the lock: lets in as many as there is room for. */
static void grant(struct oip_producer *producer, struct granted *granted)
{
    struct reorder_ring *ring = &producer->ring;
    struct waiter_list *callers = &producer->callers;
    uint64_t sequence, count;
    while (callers->first != NULL && ring_reserve(ring, true, 1, &sequence, &count) == RESERVED_SOME) {
        admit(producer, sequence, granted);
    }
    /* What was granted may have made the wait of one inside an item hopeless. */
    uint64_t tail = ring_tail_word(ring) >> TAIL_SHIFT;
    for (struct inner_caller *inner = producer->inner_callers; inner != NULL; inner = inner->next) {
        if (inner->waiter->list != NULL && fills_window(producer, held_up_by(inner), tail)) {
            waiter_settle(inner->waiter, &granted->told, -EDEADLK, 0);
        }
    }
    if (callers->first == NULL) {
        atomic_fetch_and_explicit(&producer->callers_wait, (unsigned)CALLERS_FENCED, memory_order_seq_cst);
        atomic_fetch_and_explicit(&ring->tail, ~(uint64_t)TAIL_CALLERS_WAIT, memory_order_seq_cst);
    }
}

/*
 * Under no lock: has the items of those who were let in run, and tells them. Where several threads wait in turn, one of
 * them may have to share this processor with the thread that makes room: that yields, or the one gets a time slice now
 * and then, in which nobody makes room, and the others get the rest.
 */
static void conclude(struct oip_producer *producer, struct granted *granted)
{
    if (granted->published.count != 0) {
        publish_announce(producer, &granted->published);
    }
    if (granted->told.first != NULL) {
        OIP_POINT(window_wake);
        bool several = waiter_has_several_sleepers(&granted->told);
        atomic_fetch_add_explicit(&producer->caller_wakes, waiter_tell_all(&granted->told), memory_order_relaxed);
        if (several) {
            sched_yield();
        }
    }
}

bool window_grant(struct oip_producer *producer)
{
    struct granted granted = {0};
    pthread_mutex_lock(&producer->lock);
    grant(producer, &granted);
    pthread_mutex_unlock(&producer->lock);
    bool some = granted.told.first != NULL;
    conclude(producer, &granted);
    return some;
}

static uint64_t room(const struct oip_producer *producer)
{
    uint64_t tail = atomic_load_explicit(&producer->ring.tail, memory_order_relaxed) >> TAIL_SHIFT;
    return producer->ring.window - (tail - ring_head(&producer->ring));
}

/* Deliveries have fenced for nobody for a while: they stop to, unless somebody begins to wait just now. */
static void unfence_deliveries(struct oip_producer *producer)
{
    if (++producer->unneeded_fences == FENCED_DELIVERIES) {
        producer->unneeded_fences = 0;
        unsigned fenced = CALLERS_FENCED;
        atomic_compare_exchange_strong_explicit(&producer->callers_wait, &fenced, 0, memory_order_seq_cst,
                                                memory_order_relaxed);
    }
}

void window_made_room(struct oip_producer *producer, unsigned callers)
{
    if ((callers & CALLERS_FENCED) != 0) {
        /* Between head and the word, and the look at claim: pairs with enlist() and window_after_claim(). */
        atomic_thread_fence(memory_order_seq_cst);
        callers = atomic_load_explicit(&producer->callers_wait, memory_order_seq_cst);
    }
    if ((callers & CALLERS_WAIT) == 0) {
        unfence_deliveries(producer);
        return;
    }
    producer->unneeded_fences = 0;
    if (room(producer) >= (producer->ring.window + 3) / 4 || (callers & CALLERS_URGENT) != 0 ||
        ((callers & CALLERS_EAGER) != 0 && !ring_is_claimable(&producer->ring))) {
        window_grant(producer);
    }
}

void window_ran_dry(struct oip_producer *producer)
{
    if (!ring_is_claimable(&producer->ring) && room(producer) > 0) {
        window_grant(producer);
    }
}

/* What those become in the end who wait outside of its items. */
static unsigned most_eager(const struct oip_producer *producer)
{
    return producer->items_wait ? CALLERS_URGENT : CALLERS_EAGER;
}

/* Under the lock: says that somebody waits. True: deliveries are to fence from now on, and the caller has to call
 * fence_deliveries(). */
static bool say_that_callers_wait(struct oip_producer *producer, unsigned urgency)
{
    unsigned marks = CALLERS_WAIT | urgency | (urgency != 0 ? CALLERS_FENCED : 0);
    /* Sequentially consistent, before the look at head: pairs with window_made_room(). */
    unsigned before = atomic_fetch_or_explicit(&producer->callers_wait, marks, memory_order_seq_cst);
    return (marks & ~before & CALLERS_FENCED) != 0;
}

/* Under no lock: no delivery is between its head and its look at callers_wait any more, without a fence. */
static void fence_deliveries(struct oip_producer *producer)
{
    heavy_fence(); /* pairs with the light one in window_after_delivery() */
    window_grant(producer);
}

/*
 * Appends the waiter, looks once more, and grants. Afterwards it is listed or settled; where it is settled, nobody else
 * tells it. Under no lock.
 */
static void enlist(struct oip_producer *producer, struct waiter *waiter, struct inner_caller *inner, unsigned urgency)
{
    struct granted granted = {0};
    bool fence = false;
    pthread_mutex_lock(&producer->lock);
    /* Acquire-release: after this newcomers go to the list. */
    uint64_t tail = atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CALLERS_WAIT, memory_order_seq_cst);
    waiter_append(&producer->callers, waiter);
    if (inner != NULL) {
        inner->next = producer->inner_callers;
        producer->inner_callers = inner;
    }
    if ((tail & TAIL_CLOSED) != 0) {
        waiter_settle_all(&producer->callers, &granted.told, window_refusal(producer));
    } else {
        fence = say_that_callers_wait(producer, urgency);
        grant(producer, &granted);
    }
    pthread_mutex_unlock(&producer->lock);
    conclude(producer, &granted);
    if (fence) {
        fence_deliveries(producer);
    }
}

static void remove_inner(struct oip_producer *producer, struct inner_caller *inner)
{
    pthread_mutex_lock(&producer->lock);
    struct inner_caller **link = &producer->inner_callers;
    while (*link != inner) {
        link = &(*link)->next;
    }
    *link = inner->next;
    pthread_mutex_unlock(&producer->lock);
}

/* A thread has slept for a while: it is as eager as it gets. It looks for room before it sleeps again. */
static void wait_eagerly(struct oip_producer *producer, struct waiter *waiter)
{
    pthread_mutex_lock(&producer->lock);
    bool fence = waiter->list != NULL && say_that_callers_wait(producer, most_eager(producer));
    pthread_mutex_unlock(&producer->lock);
    if (fence) {
        fence_deliveries(producer);
    }
}

/* Whether room comes only after this caller has returned; see window.h. */
static bool is_hopeless(struct oip_producer *producer, uint64_t own)
{
    return delivers_for(producer) ||
           (own != UINT64_MAX && fills_window(producer, own, ring_tail_word(&producer->ring) >> TAIL_SHIFT));
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

int window_wait(struct oip_producer *producer, const void *payload, const struct oip_request *request,
                uint64_t *sequence)
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
    bool may_help = execution_may_help(producer);
    if (pool_thread && !may_help) {
        return fail_with(-EDEADLK, "the window is full, and this thread of the pool may not help");
    }
    bool helps = may_help && (producer->assists || pool_thread);
    struct sleeper sleeper;
    sleeper_init(&sleeper);
    struct waiter *waiter = waiter_of(&sleeper.waiter);
    fill_in(producer, waiter, payload, request);
    struct inner_caller inner = {.waiter = waiter, .own = own, .outer = current_wait, .producer = producer};
    for (inner.beneath = current_wait; inner.beneath != NULL && inner.beneath->producer != producer;) {
        inner.beneath = inner.beneath->outer;
    }
    bool is_inner = own != UINT64_MAX || inner.beneath != NULL;
    current_wait = &inner;
    OIP_POINT(window_wait);
    enlist(producer, waiter, is_inner ? &inner : NULL,
           is_inner      ? CALLERS_URGENT
           : pool_thread ? most_eager(producer)
                         : 0);
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
            execution_deliver(producer, &until_sample); /* the sink may be waiting for a pool thread */
        }
        if (!sleeper_is_told(&sleeper)) {
            atomic_fetch_sub_explicit(&producer->helpers, 1, memory_order_relaxed);
            delivery_before_leaving(producer); /* what it has run */
            execution_sleep(&sleeper.parking, ticket, eager ? PARKING_FOREVER : oip_now() + WINDOW_PATIENCE_NS);
            atomic_fetch_add_explicit(&producer->helpers, 1, memory_order_relaxed);
            if (!eager) {
                eager = true;
                wait_eagerly(producer, waiter);
            }
        }
    }
    atomic_fetch_sub_explicit(&producer->helpers, 1, memory_order_relaxed);
    delivery_before_leaving(producer);
    if (is_inner) {
        remove_inner(producer, &inner);
    }
    current_wait = inner.outer;
    if (waiter->result == -EDEADLK) {
        fail_with(-EDEADLK, "the window of %llu items filled up behind the item that waits for room in it",
                  (unsigned long long)producer->ring.window);
    } else if (waiter->result == 0 && sequence != NULL) {
        *sequence = waiter->sequence;
    }
    return waiter->result;
}

int window_wait_async(struct oip_producer *producer, const void *payload, const struct oip_request *request,
                      struct oip_waiter *waiter)
{
    struct waiter *inner = waiter_of(waiter);
    fill_in(producer, inner, payload, request);
    OIP_POINT(window_wait);
    enlist(producer, inner, NULL, most_eager(producer));
    return -EINPROGRESS;
}

int oip_cancel(oip_producer *producer, struct oip_waiter *waiter)
{
    RETURN_IF_UNUSABLE(producer);
    RETURN_IF_NULL(waiter);
    struct waiter *inner = waiter_of(waiter);
    struct granted granted = {0};
    OIP_POINT(cancel);
    pthread_mutex_lock(&producer->lock);
    bool waits = inner->list == &producer->callers;
    if (waits) {
        waiter_remove(inner);
        grant(producer, &granted); /* takes the marks away if it was the last */
    }
    pthread_mutex_unlock(&producer->lock);
    conclude(producer, &granted);
    return waits ? 0 : -EALREADY;
}

int window_refusal(const struct oip_producer *producer)
{
    /* Acquire: pairs with nothing but the tail's mark, behind which it was written. */
    return atomic_load_explicit(&producer->closed_by_pool, memory_order_acquire) ? -ESHUTDOWN : -EPIPE;
}

/* Under the lock, the tail being closed: all waiting callers go home. */
static void send_home(struct oip_producer *producer, struct granted *granted)
{
    waiter_settle_all(&producer->callers, &granted->told, window_refusal(producer));
    atomic_fetch_and_explicit(&producer->callers_wait, (unsigned)CALLERS_FENCED, memory_order_seq_cst);
}

void window_close(struct oip_producer *producer)
{
    struct granted granted = {0};
    atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CLOSED, memory_order_seq_cst);
    OIP_POINT(close);
    pthread_mutex_lock(&producer->lock);
    atomic_store_explicit(&producer->closed_by_pool, false, memory_order_relaxed); /* the program's own ending wins */
    send_home(producer, &granted);
    pthread_mutex_unlock(&producer->lock);
    conclude(producer, &granted);
}

void window_close_for_pool(struct oip_producer *producer)
{
    struct granted granted = {0};
    pthread_mutex_lock(&producer->lock);
    if ((ring_tail_word(&producer->ring) & TAIL_CLOSED) == 0) {
        /* Where production is ended at this moment, that takes it back, under the lock. */
        atomic_store_explicit(&producer->closed_by_pool, true, memory_order_relaxed);
        atomic_fetch_or_explicit(&producer->ring.tail, TAIL_CLOSED, memory_order_seq_cst);
        send_home(producer, &granted);
    }
    pthread_mutex_unlock(&producer->lock);
    OIP_POINT(close);
    conclude(producer, &granted);
}
