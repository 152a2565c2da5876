/* SPDX-License-Identifier: Apache-2.0 */
#include "ready_queue.h"

#include "arguments.h"

#include <errno.h>
#include <stdlib.h>

void ready_queue_init(struct oip_ready_queue *queue, void (*notify)(void *), void *context)
{
    ck_stack_init(&queue->pushed);
    parking_init(&queue->parking);
    atomic_init(&queue->notified, false);
    atomic_init(&queue->abandoned, false);
    queue->taken = NULL;
    queue->notify = notify;
    queue->context = context;
    atomic_init(&queue->references, 1);
}

void ready_queue_push(struct oip_ready_queue *queue, struct ready_entry *entry)
{
    /* Copied before the push: afterwards the consumer may take the entry and give the queue back. */
    void (*notify)(void *) = queue->notify;
    void *context = queue->context;
    oip_tsan_release(entry);
    ck_stack_push_upmc(&queue->pushed, &entry->link); /* release, pairs with the batch pop in take */
    OIP_POINT(ready_pushed);
    if (notify == NULL) {
        parking_signal(&queue->parking);
        return;
    }
    /* Pairs with the store in take: see above. */
    if (!atomic_exchange_explicit(&queue->notified, true, memory_order_seq_cst)) {
        notify(context);
    }
}

struct ck_stack_entry *ready_queue_take_all(struct oip_ready_queue *queue)
{
    struct ck_stack_entry *newest = ck_stack_batch_pop_upmc(&queue->pushed); /* acquire, pairs with push */
    struct ck_stack_entry *oldest = NULL;
    while (newest != NULL) {
        oip_tsan_acquire(OIP_CONTAINER_OF(newest, struct ready_entry, link));
        struct ck_stack_entry *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

struct ready_entry *ready_queue_take(struct oip_ready_queue *queue)
{
    if (queue->taken == NULL) {
        queue->taken = ready_queue_take_all(queue);
    }
    if (queue->taken == NULL && queue->notify != NULL) {
        /* Lower the flag, look again: pairs with the exchange in push. */
        atomic_store_explicit(&queue->notified, false, memory_order_seq_cst);
        atomic_thread_fence(memory_order_seq_cst); /* ck's exchange is none */
        queue->taken = ready_queue_take_all(queue);
    }
    if (queue->taken == NULL) {
        return NULL;
    }
    struct ck_stack_entry *oldest = queue->taken;
    queue->taken = oldest->next;
    return OIP_CONTAINER_OF(oldest, struct ready_entry, link);
}

void ready_queue_retain(struct oip_ready_queue *queue)
{
    atomic_fetch_add_explicit(&queue->references, 1, memory_order_relaxed);
}

void ready_queue_drop(struct oip_ready_queue *queue)
{
    /* Release: what this thread did with the queue is before its end; acquire: the last one sees all of it. */
    if (atomic_fetch_sub_explicit(&queue->references, 1, memory_order_acq_rel) == 1) {
        free(queue);
    }
}

/* -------------------------------------------------------------------------------------------- the public side ---- */

/* A loop without a notify of its own waits on the parking place: this tells it. */
static void signal_parking(void *context)
{
    parking_signal(&((struct oip_ready_queue *)context)->parking);
}

int oip_ready_queue_create(oip_ready_queue **created, const struct oip_ready_queue_options *given)
{
    if (created == NULL) {
        return refuse_null("queue", __func__);
    }
    static const struct oip_ready_queue_options defaults = OIP_READY_QUEUE_OPTIONS_INIT;
    struct oip_ready_queue_options options;
    int result = read_options_struct(&options, sizeof options, sizeof options, given != NULL ? given : &defaults,
                                     __func__, "oip_ready_queue_options");
    if (result == 0) {
        result = prepare_process();
    }
    if (result != 0) {
        return result;
    }
    struct oip_ready_queue *queue = aligned_alloc(_Alignof(struct oip_ready_queue), sizeof *queue);
    if (queue == NULL) {
        return fail_with(-ENOMEM, "oip_ready_queue_create: %zu bytes", sizeof *queue);
    }
    memset(queue, 0, sizeof *queue);
    if (options.notify != NULL) {
        ready_queue_init(queue, options.notify, options.context);
    } else {
        ready_queue_init(queue, signal_parking, queue);
    }
    queue->generation = fork_generation;
    *created = queue;
    return 0;
}

static bool is_empty(const struct oip_ready_queue *queue)
{
    return queue->taken == NULL && ck_pr_load_ptr(&queue->pushed.head) == NULL;
}

int oip_ready_queue_wait(oip_ready_queue *queue, int64_t timeout_ns)
{
    RETURN_IF_UNUSABLE(queue);
    if (queue->notify != signal_parking) {
        return fail_with(-EINVAL, "oip_ready_queue_wait: the queue was created with a notify of its own");
    }
    uint64_t until = timeout_ns < 0 ? PARKING_FOREVER : oip_now() + (uint64_t)timeout_ns;
    for (;;) {
        uint32_t ticket = parking_ticket(&queue->parking);
        /* Lower the flag, then look: pairs with the exchange in push. */
        atomic_store_explicit(&queue->notified, false, memory_order_seq_cst);
        atomic_thread_fence(memory_order_seq_cst);
        if (!is_empty(queue)) {
            return 1;
        }
        if (!parking_wait(&queue->parking, ticket, until)) {
            return !is_empty(queue);
        }
    }
}
