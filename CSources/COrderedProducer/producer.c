/* SPDX-License-Identifier: Apache-2.0 */
#include "producer.h"

#include "arguments.h"
#include "deadline.h"
#include "delivery.h"
#include "endings.h"
#include "execution.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The run function of producers whose payloads are struct oip_call. */
static int run_call(void *context, void *payload, uint64_t sequence)
{
    (void)context;
    (void)sequence;
    struct oip_call call = *(struct oip_call *)payload;
    void *result = NULL;
    int code = call.function != NULL ? call.function(call.argument, &result) : -EINVAL;
    if (code == 0) {
        memcpy(payload, &result, sizeof result);
    }
    return code;
}

static bool has_deadlines(const struct oip_producer_options *options)
{
    return options->deadlines || options->deadline_ns != 0;
}

/* Functions that would never be called. */
static int check_deadline_options(const struct oip_producer_options *options)
{
    const char *name = options->substitute != NULL         ? "substitute"
                       : options->failed != NULL           ? "failed"
                       : options->release_argument != NULL ? "release_argument"
                                                           : NULL;
    if (name != NULL && !has_deadlines(options)) {
        return fail_with(-EINVAL, "oip_producer_create: %s is for producers with deadlines: set deadlines", name);
    }
    return 0;
}

/* The options with every default filled in, however old the caller's idea of the struct is. */
static int read_options(struct oip_producer_options *read, const struct oip_producer_options *given)
{
    int result = read_options_struct(read, sizeof *read, offsetof(struct oip_producer_options, release), given,
                                     "oip_producer_create", "oip_producer_options");
    if (result != 0) {
        return result;
    }
    if (read->window == 0) {
        read->window = 1024;
    }
    if (read->window > OIP_MAX_WINDOW) {
        return fail_with(-EINVAL, "oip_producer_create: window %zu is over %zu", read->window, OIP_MAX_WINDOW);
    }
    if (read->width > OIP_MAX_THREADS * 2) {
        return fail_with(-EINVAL, "oip_producer_create: width %u is over %u", read->width, OIP_MAX_THREADS * 2);
    }
    if ((unsigned)read->on_failure > OIP_SKIP) {
        return fail_with(-EINVAL, "oip_producer_create: on_failure is %d", (int)read->on_failure);
    }
    if ((unsigned)read->wait > OIP_WAIT_SPIN) {
        return fail_with(-EINVAL, "oip_producer_create: wait is %d", (int)read->wait);
    }
    if (read->run == NULL) {
        if (read->payload_size != 0) {
            return fail_with(-EINVAL, "oip_producer_create: payload_size is %zu, but run is NULL", read->payload_size);
        }
        read->run = run_call;
        read->payload_size = sizeof(struct oip_call);
        read->payload_align = _Alignof(struct oip_call);
    } else if (read->payload_size == 0) {
        return fail_with(-EINVAL, "oip_producer_create: payload_size is 0, but there is a run function");
    }
    if (read->payload_align == 0) {
        read->payload_align = _Alignof(max_align_t);
    }
    if ((read->payload_align & (read->payload_align - 1)) != 0 || read->payload_align > 4096) {
        return fail_with(-EINVAL, "oip_producer_create: payload_align %zu is no power of two up to 4096",
                         read->payload_align);
    }
    return check_deadline_options(read);
}

static void retain_tenant(struct tenant *tenant)
{
    producer_retain(OIP_CONTAINER_OF(tenant, struct oip_producer, tenant));
}

static void shut_tenant(struct tenant *tenant)
{
    struct oip_producer *producer = OIP_CONTAINER_OF(tenant, struct oip_producer, tenant);
    ending_pool_shuts(producer);
    producer_drop(producer);
}

static void init(struct oip_producer *producer, struct oip_pool *pool, const struct oip_producer_options *options)
{
    producer->pool = pool;
    producer->run = options->run;
    producer->takes_calls = options->run == run_call;
    if (producer->takes_calls) {
        producer->ring.output_size = sizeof(void *);
    }
    producer->discard = options->discard;
    producer->context = options->context;
    producer->release = options->release;
    producer->observe = options->observe;
    producer->observe_context = options->observe_context;
    producer->width = options->width;
    producer->on_failure = options->on_failure;
    producer->wait = options->wait;
    /* A thread that is inside an item that hangs can do nothing else: those who call and deliver run none then. */
    producer->assists = !options->no_assist && options->on_failure != OIP_FAIL_FAST && producer->deadlines == NULL;
    producer->items_wait = options->no_assist;
    producer->may_help = options->may_help;
    producer->generation = fork_generation;
    producer->payload_stride =
        (options->payload_size + options->payload_align - 1) / options->payload_align * options->payload_align;
    producer->payload_align = options->payload_align;
    atomic_init(&producer->start_limit, UINT64_MAX);
    atomic_init(&producer->gate, UINT64_MAX);
    atomic_init(&producer->stall_longest_sequence, UINT64_MAX);
    atomic_init(&producer->consumer_thread, THREAD_NOBODY);
    atomic_init(&producer->delivery, delivery_word(0, DELIVERY_NONE));
    producer->until_sample = 1;
    producer->slept_briefly = true;
    producer->runnable.run = execution_turn;
    producer->runnable.forget = execution_forget;
    producer->tenant.retain = retain_tenant;
    producer->tenant.shut = shut_tenant;
    ready_queue_init(&producer->own_queue, NULL, NULL);
    producer->ready_queue = &producer->own_queue;
    producer->open_ends = 1;
    snprintf(producer->name, sizeof producer->name, "%s", options->name != NULL ? options->name : "oip-consumer");
    held_runs_init(&producer->held);
    atomic_init(&producer->references, 2); /* the handle, and production itself */
    atomic_init(&producer->memory, 1);
}

int oip_producer_create(oip_producer **created, oip_pool *pool, const struct oip_producer_options *given)
{
    if (created == NULL || pool == NULL) {
        return refuse_null(created == NULL ? "producer" : "pool", __func__);
    }
    RETURN_IF_UNUSABLE(pool);
    struct oip_producer_options options;
    int result = read_options(&options, given);
    if (result != 0) {
        return result;
    }
    struct oip_producer *producer = aligned_alloc(_Alignof(struct oip_producer), sizeof *producer);
    if (producer == NULL) {
        return fail_with(-ENOMEM, "oip_producer_create: %zu bytes", sizeof *producer);
    }
    memset(producer, 0, sizeof *producer);
    result =
        reorder_ring_init(&producer->ring, options.window, has_deadlines(&options) ? sizeof(struct slot_deadline) : 0,
                          options.payload_size, options.payload_align);
    if (result != 0) {
        fail_with(result, "oip_producer_create: a window of %zu items of %zu bytes", options.window,
                  options.payload_size);
        goto no_ring;
    }
    result = -pthread_mutex_init(&producer->lock, NULL);
    if (result != 0) {
        fail_with(result, "pthread_mutex_init");
        goto no_lock;
    }
    result = run_queue_admit(&pool->run_queue, &producer->runnable);
    if (result != 0) {
        fail_with(result, "oip_producer_create: a place in the run queue");
        goto no_place;
    }
    result = pool_open(pool);
    if (result != 0) {
        goto not_open;
    }
    if (has_deadlines(&options)) {
        result = deadlines_create(producer, pool, &options);
        if (result != 0) {
            goto no_deadlines;
        }
    }
    init(producer, pool, &options);
    pool_retain(pool);
    result = pool_enlist(pool, &producer->tenant); /* last: from here on others have it */
    if (result != 0) {
        goto not_enlisted;
    }
    *created = producer;
    return 0;

not_enlisted:
    pool_drop(pool); /* never the last: the caller's */
    deadlines_destroy(pool, producer->deadlines);
no_deadlines:
    pool_close(pool, NULL);
not_open:
    run_queue_dismiss(&pool->run_queue, &producer->runnable);
no_place:
    pthread_mutex_destroy(&producer->lock);
no_lock:
    reorder_ring_destroy(&producer->ring);
no_ring:
    free(producer);
    return result;
}

void producer_retain(struct oip_producer *producer)
{
    atomic_fetch_add_explicit(&producer->references, 1, memory_order_relaxed);
}

void producer_retain_memory(struct oip_producer *producer)
{
    atomic_fetch_add_explicit(&producer->memory, 1, memory_order_relaxed);
}

void producer_drop(struct oip_producer *producer)
{
    /* Release: what this thread did with the context is before its end; acquire: the last one sees all of it. */
    if (atomic_fetch_sub_explicit(&producer->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    OIP_POINT(last_release);
    if (producer->release != NULL) {
        producer->release(producer->context);
    }
    producer_drop_memory(producer);
}

void producer_drop_memory(struct oip_producer *producer)
{
    /* As above, for the memory. */
    if (atomic_fetch_sub_explicit(&producer->memory, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct oip_pool *pool = producer->pool;
    if (producer->ready_queue != &producer->own_queue) {
        ready_queue_drop(producer->ready_queue);
    }
    deadlines_destroy(pool, producer->deadlines);
    run_queue_dismiss(&pool->run_queue, &producer->runnable);
    pthread_mutex_destroy(&producer->lock);
    reorder_ring_destroy(&producer->ring);
    free(producer);
    pool_drop(pool);
}

void oip_producer_release(oip_producer *producer)
{
    IGNORE_IF_UNUSABLE(producer); /* in a child its threads are elsewhere, and perhaps its locks are taken there */
    atomic_store_explicit(&producer->handle_gone, true, memory_order_release);
    OIP_POINT(handle_release);
    ending_abort(producer);
    producer_drop(producer);
}

void *oip_producer_context(const oip_producer *producer)
{
    if (producer == NULL) {
        refuse_object(producer, __func__);
        return NULL;
    }
    return producer->context;
}
