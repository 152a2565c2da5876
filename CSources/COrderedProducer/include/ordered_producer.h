/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ordered production: work that runs side by side and arrives in order.
 *
 * Callers ask for items with oip_produce(). A pool of pthreads makes them concurrently; a consumer receives them
 * strictly in the order of the calls. At most `window` items are outstanding (asked for and not yet consumed), and a
 * caller that would exceed it waits.
 *
 *     oip_pool *pool;          oip_pool_create(&pool, NULL);
 *     oip_producer *squares;   oip_producer_create(&squares, pool, &options);
 *     oip_start(squares, print_all, NULL);                            print_all() loops over oip_next()
 *     for (uint64_t i = 0; i < 1000; i++) oip_produce(squares, &i, NULL);
 *     oip_stop(squares, NULL);
 *     oip_producer_release(squares);
 *     oip_pool_release(pool);
 *
 * Items
 *     An item's memory is its slot in the producer's reorder ring: `payload_size` bytes, aligned to `payload_align`.
 *     A caller copies the input in, `run` turns it into the output in place, the consumer copies the output out. A
 *     payload is moved bytewise and has one owner at any time: the caller until a produce call returns 0, the producer
 *     until `run` is called, `run` while it runs, the producer again until it is delivered, then the consumer. What the
 *     producer still owns when production ends is given to `discard`, exactly once.
 *
 * Results
 *     0 or a positive number is success; a negative number is an errno value negated, with these meanings:
 *
 *       -EAGAIN       the window is full (produce), or nothing is deliverable now (next)
 *       -EPIPE        production has ended: stopped, finished, failed, or the consumer is gone; nothing was taken over.
 *                     So it stays, whatever becomes of the pool
 *       -EINVAL       an argument cannot be meant: out of range, NULL where it is needed, or the call is not for this
 *                     object; nothing was changed
 *       -ENOMEM       memory could not be had
 *       -EALREADY     a consumer is attached already, or the wait is over already
 *       -EDEADLK      the call would wait for its own caller; nothing was changed
 *       -ESHUTDOWN    the pool is shut down, or shutting down; of an item: and nothing else has ended production
 *       -ECHILD       the object was made before fork() and cannot be used in the child
 *       -EINPROGRESS  the call was registered, its callback will tell the outcome
 *       -ETIMEDOUT    (of a failed item) its deadline had passed, and there was no substitute
 *
 *     or the errno of a system call that failed. oip_strerror() names each; oip_error_detail() says which argument or
 *     call of this thread's last failure it was. A function without a result that is called with such an argument does
 *     nothing but leave that sentence; to give back NULL is allowed.
 *
 * Versions
 *     Structs with options begin with their size as the program knows it. A library that is newer than the program
 *     gives what the program does not know its default. A library that is older refuses a struct with anything but zero
 *     behind what it knows (-EINVAL): it would not do what the program asks for.
 *
 * Threads
 *     Every function may be called from any thread unless it says otherwise. The consuming functions (oip_next,
 *     oip_try_next) belong to one thread at a time per producer. No function may be called from a signal handler.
 *
 *     The program's functions that the library calls (items, sinks, consumers, callbacks) return: they do not leave by
 *     pthread_exit(), longjmp() or a C++ exception, and no thread of the program's is cancelled inside one, or inside a
 *     call of the library. The library's own threads disable cancellation. They block all signals but those that the
 *     kernel raises for what a thread itself did (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS) and SIGABRT: so a
 *     crash handler is called on them, too.
 *
 *     In a child of fork() each call on an object from before fails with -ECHILD, or does nothing; what it makes itself
 *     is its own. A child of _Fork(), vfork() or clone() is not noticed: it must not call the library.
 */
#ifndef ORDERED_PRODUCER_H
#define ORDERED_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define OIP_API __attribute__((visibility("default")))
#else
#define OIP_API
#endif

/* Threads that run item functions, shared by any number of producers. */
typedef struct oip_pool oip_pool;

/* One ordered production: its reorder ring, its callers and its consumer. */
typedef struct oip_producer oip_producer;

/* The lock-free queue through which one event loop learns which of its producers have something deliverable. */
typedef struct oip_ready_queue oip_ready_queue;

/* ---------------------------------------------------------------------------------------------------- errors ---- */

/* A sentence for a result of this library, `result` being 0 or negative. Never NULL; not to be freed. */
OIP_API const char *oip_strerror(int result);

/*
 * What exactly was wrong in this thread's last call that failed with -EINVAL or a system call's errno: the function,
 * the argument and its value, or the name of the system call. Empty if nothing failed yet. Valid until the thread's
 * next failure.
 */
OIP_API const char *oip_error_detail(void);

/* ------------------------------------------------------------------------------------------------------ pool ---- */

/* Zero means the default in every field; `size` is sizeof(struct oip_pool_options). */
struct oip_pool_options {
    size_t size;
    uint32_t threads;     /* 1 to OIP_MAX_THREADS; 0: oip_processors() */
    const char *name;     /* threads appear as "<name>-<n>", cut to what the system allows; NULL: "oip" */
    size_t stack_size;    /* bytes; 0: the system's default */
    const uint32_t *cpus; /* processors that the threads are bound to, round robin; NULL: none */
    size_t cpu_count;
};

#define OIP_MAX_THREADS 4000u
#define OIP_POOL_OPTIONS_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(struct oip_pool_options), 0, NULL, 0, NULL, 0                                                           \
    }

/*
 * How many processors this process may use now, at least 1: those that the calling thread's affinity mask allows, and
 * no more than the quotas of its control groups grant, rounded up. Reads files in /proc: not for every item.
 */
OIP_API uint32_t oip_processors(void);

/* Starts a pool. `options` may be NULL. On failure nothing is left behind and `*pool` is untouched. */
OIP_API int oip_pool_create(oip_pool **pool, const struct oip_pool_options *options);

/* How many threads the pool has, or will have as soon as those that are to leave have finished their item. */
OIP_API uint32_t oip_pool_threads(const oip_pool *pool);

/* Changes the number of threads. Running items are not disturbed; a thread too many leaves after its present item. */
OIP_API int oip_pool_resize(oip_pool *pool, uint32_t threads);

/* Runs `function(argument)` once on a thread of the pool. No order is promised. */
OIP_API int oip_pool_run(oip_pool *pool, void (*function)(void *argument), void *argument);

/*
 * Ends the pool in order. From the beginning it refuses new producers, functions and items (-ESHUTDOWN), and sends
 * callers home that wait for room; each producer on it finishes as by oip_finish(). Waits until what was asked for
 * before is delivered, every production has ended and every function given to oip_pool_run() has returned, then ends
 * and joins the threads. So it waits for a consumer where something is outstanding and none is attached, and for the
 * end of a pause. Idempotent: each call returns when all is done. -EDEADLK on a thread of the pool, and in a consumer
 * of a producer on it.
 */
OIP_API int oip_pool_shutdown(oip_pool *pool);

/* Gives the handle back. The threads go on until the last producer on the pool has ended. Never blocks. NULL:
 * nothing. */
OIP_API void oip_pool_release(oip_pool *pool);

/* -------------------------------------------------------------------------------------------------- producer ---- */

/* What happens when an item fails. */
enum oip_failure_policy {
    OIP_END_IN_ORDER = 0, /* all items before it are delivered, then the iteration ends */
    OIP_FAIL_FAST = 1,    /* the iteration ends at once, with the failure that came first in time */
    OIP_SKIP = 2          /* the item is left out and counted */
};

/* How a blocking consumer waits. */
enum oip_wait_strategy {
    OIP_WAIT_ADAPTIVE = 0, /* spins where that pays off, sleeps otherwise; under load woken for several items at once */
    OIP_WAIT_PARK = 1,     /* sleeps at once, is woken at once */
    OIP_WAIT_SPIN = 2      /* never sleeps: for a processor of its own */
};

enum oip_payload_state {
    OIP_PAYLOAD_INPUT = 0, /* as the caller gave it; `run` was not called */
    OIP_PAYLOAD_OUTPUT = 1 /* as `run` or oip_complete() left it; not delivered */
};

/*
 * Makes an item: turns the input in `payload` into the output, in place. Returns 0, or any other number for a failure;
 * then `payload` holds nothing any more. Called once per item, on a pool thread, on the consumer's thread (where
 * `assists`) or on the thread of a blocking caller that helps instead of waiting for room in the window.
 */
typedef int (*oip_run_function)(void *context, void *payload, uint64_t sequence);

/*
 * Makes what takes the place of an overtaken item, see deadlines below. 0: the output is in `payload`, which held
 * nothing before; OIP_LEAVE_OUT: nothing takes its place; any other number: the item fails with it. Called once per
 * overtaken item, on the thread that delivers at the time. Everybody waits for it: it must be quick.
 */
typedef int (*oip_substitute_function)(void *context, void *payload, uint64_t sequence, void *argument);

#define OIP_LEAVE_OUT INT32_MAX

/*
 * Told of each failing item of a producer with deadlines, before production hears of it: `late`, the item was overtaken
 * and its failure has no effect. `payload` is as the failing `run` left it, or what oip_fail_with() was given: the
 * place for an error value. NULL: oip_fail(), or there was no memory to run the item in (`code` is -ENOMEM).
 */
typedef void (*oip_failed_function)(void *context, void *payload, uint64_t sequence, int code, bool late);

/* Destroys a payload that will not be delivered. Called on any thread. */
typedef void (*oip_discard_function)(void *context, void *payload, enum oip_payload_state state);

/* What happens to an item, in this order. A reserved one is requested and started at once. */
enum oip_event_kind {
    OIP_REQUESTED = 0, /* it was given its sequence */
    OIP_STARTED = 1,
    OIP_FINISHED = 2,
    OIP_DELIVERED = 3, /* the consumer has it */
    OIP_OVERTAKEN = 4  /* its deadline has passed, and a substitute takes its place; it may finish after that */
};

struct oip_event {
    enum oip_event_kind kind;
    int code;        /* of OIP_FINISHED: 0, or the failure's */
    uint32_t thread; /* on which it happened, as gettid() numbers them */
    uint64_t sequence;
    uint64_t time; /* CLOCK_MONOTONIC, in nanoseconds */
};

/*
 * Told of each event, where it happens: on any thread, on several at once. Must be quick, and must not call the
 * producer. The events of one item come in order; an item that is discarded may have no further ones.
 */
typedef void (*oip_observe_function)(void *observe_context, const struct oip_event *event);

/* Zero means the default in every field but `size`, which is sizeof(struct oip_producer_options). */
struct oip_producer_options {
    size_t size;
    size_t window;  /* items outstanding at most, exact, 1 to OIP_MAX_WINDOW; 0: 1024 */
    uint32_t width; /* items running at once at most, on whatever thread; 0: as many as there are threads */
    enum oip_failure_policy on_failure;
    enum oip_wait_strategy wait;
    /*
     * Neither the blocking consumer nor blocked callers run items. Needed where an item waits for something that its
     * own caller or the consumer does later: the thread that is to do it could be inside that very item.
     */
    bool no_assist;
    const char *name;               /* of the consumer thread, cut to what the system allows; NULL: "oip-consumer" */
    size_t payload_size;            /* bytes of an item; 0 where `run` is NULL, and only there */
    size_t payload_align;           /* a power of two up to 4096; 0: that of max_align_t */
    oip_run_function run;           /* NULL: payloads are struct oip_call, see oip_produce_call() */
    oip_discard_function discard;   /* NULL: payloads need no destruction */
    void *context;                  /* for run, discard and release */
    void (*release)(void *context); /* called once, when nothing will touch `context` any more; may be NULL */
    oip_observe_function observe;   /* NULL: nobody watches, and it costs nothing */
    void *observe_context;          /* for observe; as long-lived as `context` */

    uint64_t deadline_ns; /* of items that have none of their own; 0: none */
    bool deadlines;       /* items may have deadlines of their own: oip_request(). Implied by the above */
    /* These three only with deadlines. */
    oip_substitute_function substitute;                      /* NULL: overtaken items fail with -ETIMEDOUT */
    oip_failed_function failed;                              /* may be NULL */
    void (*release_argument)(void *context, void *argument); /* of items that needed no substitute; may be NULL */

    /*
     * Asked on a thread that is about to run items instead of waiting, in a call of the program's: whether it may.
     * NULL: it always may. For threads on which an item would see what is not meant for it, thread-local values say.
     * Must be quick, and give the same answer throughout one call. A thread of the producer's pool that may not is
     * refused with -EDEADLK where it would wait, since what it waits for may have no other thread.
     */
    bool (*may_help)(void *context);
};

#define OIP_MAX_WINDOW ((size_t)1 << 30)
#define OIP_PRODUCER_OPTIONS_INIT                                                                                      \
    {                                                                                                                  \
        sizeof(struct oip_producer_options), 0, 0, OIP_END_IN_ORDER, OIP_WAIT_ADAPTIVE, false, NULL, 0, 0, NULL, NULL, \
            NULL, NULL, NULL, NULL, 0, false, NULL, NULL, NULL, NULL                                                   \
    }

/* Makes a producer on `pool`. On failure nothing is left behind; `release` is not called. */
OIP_API int oip_producer_create(oip_producer **producer, oip_pool *pool, const struct oip_producer_options *options);

/*
 * Gives the handle back: ends production as oip_stop_producing() does, if it has not ended. Never blocks. The memory
 * goes when the last item that is running has returned; `release` is called then, on any thread, or by this call.
 *
 * The handle is nobody's from then on, so no other thread may be inside a call with it, or wait in one: to send waiting
 * callers home, call oip_stop_producing(), and wait until they have returned. Only what production itself still owes is
 * done with it: the consumer function of oip_start() goes on until it returns, oip_next() saying that the iteration has
 * ended, and reserved items are still to be completed or failed.
 */
OIP_API void oip_producer_release(oip_producer *producer);

/* The `context` of the options. */
OIP_API void *oip_producer_context(const oip_producer *producer);

/* ------------------------------------------------------------------------------------------------ for callers ---- */

/*
 * Asks for an item: copies `payload` in and stores its sequence (if `sequence` is not NULL). Where the window is full
 * it waits, first come, first served; a waiting caller helps by running items, unless `no_assist`. From inside an item
 * of the same pool it only helps, and fails with -EDEADLK where that cannot make room. Helping runs items inside items:
 * where this thread is inside 32 items and consumers already, a call that would wait fails with -EDEADLK, too; and an
 * item must not wait for an earlier one that itself asks for items, since it may be running on top of it. -EPIPE once
 * production has ended.
 */
OIP_API int oip_produce(oip_producer *producer, const void *payload, uint64_t *sequence);

/* As oip_produce(), but -EAGAIN where it would have to wait. */
OIP_API int oip_try_produce(oip_producer *producer, const void *payload, uint64_t *sequence);

/*
 * Asks for `count` items whose payloads lie one behind the other, `payload_size` apart rounded up to `payload_align`;
 * as many at once as the window has room for. `*accepted` tells how many were taken over, also where the result is
 * negative.
 */
OIP_API int oip_produce_many(oip_producer *producer, const void *payloads, size_t count, size_t *accepted);

/* As oip_produce_many(), but takes what there is room for now: -EAGAIN where that is nothing. */
OIP_API int oip_try_produce_many(oip_producer *producer, const void *payloads, size_t count, size_t *accepted);

/*
 * The memory of a wait that is registered and not blocked in: it stays valid and in place until `done` was called or
 * oip_cancel() returned 0, and as long as a call of oip_cancel() for it runs. Set `done` and `context`; the rest is the
 * library's.
 */
struct oip_waiter {
    /* `result`: 0 (then `sequence` is the item's) or negative. Called once, on any thread; must not block. */
    void (*done)(struct oip_waiter *waiter, int result, uint64_t sequence);
    void *context;
    void *reserved[6];
};

/*
 * As oip_try_produce(), but where the window is full it registers `waiter` and returns -EINPROGRESS: `payload` is read
 * when there is room, so it stays valid as long as `waiter` does.
 */
OIP_API int oip_produce_async(oip_producer *producer, const void *payload, uint64_t *sequence,
                              struct oip_waiter *waiter);

/*
 * Takes back a wait of oip_produce_async() or oip_reserve_async(), once that call has returned. 0: no sequence was used
 * up and `done` will not be called. -EALREADY: it was, or is being, called, or there was nothing to wait for.
 */
OIP_API int oip_cancel(oip_producer *producer, struct oip_waiter *waiter);

/*
 * Takes the next sequence for an item that finishes elsewhere: exactly one of oip_complete() and oip_fail() must
 * follow, on any thread, also after production has ended. The blocking form waits as oip_produce() does.
 *
 * The first of them counts, whichever it is. A further one, and one for a sequence that was not reserved, changes
 * nothing: it is counted (oip_statistics.surplus), its payload is discarded as an output, or given to the producer's
 * oip_failed_function as late, and oip_error_detail() names it. The producer has to be alive: after the one call that
 * is due it may be gone, unless somebody holds the handle.
 */
OIP_API int oip_reserve(oip_producer *producer, uint64_t *sequence);
OIP_API int oip_try_reserve(oip_producer *producer, uint64_t *sequence);
OIP_API int oip_reserve_async(oip_producer *producer, uint64_t *sequence, struct oip_waiter *waiter);

/*
 * Finishes a reserved item with the output in `payload`, which is taken over in every case. NULL: nothing is done, the
 * item is still to be finished.
 */
OIP_API void oip_complete(oip_producer *producer, uint64_t sequence, const void *payload);

/* Finishes a reserved item with a failure. `code` is not 0, or it becomes -EINVAL. */
OIP_API void oip_fail(oip_producer *producer, uint64_t sequence, int code);

/* As oip_fail(), with something for the producer's oip_failed_function, which is called before this returns. */
OIP_API void oip_fail_with(oip_producer *producer, uint64_t sequence, int code, void *payload);

/* Zero means the default in every field but `size`, which is sizeof(struct oip_request). */
struct oip_request {
    size_t size;
    const void *payload;       /* the input; NULL: takes a sequence, as oip_reserve() does */
    uint64_t deadline_ns;      /* from this call on; 0: the producer's; OIP_NO_DEADLINE: none */
    void *argument;            /* for the substitute of this item; NULL: none */
    bool nowait;               /* where it would have to wait: -EAGAIN */
    struct oip_waiter *waiter; /* likewise: registers it, as oip_produce_async() does; NULL: blocks */
};

#define OIP_NO_DEADLINE UINT64_MAX
#define OIP_REQUEST_INIT                                                                                               \
    {                                                                                                                  \
        sizeof(struct oip_request), NULL, 0, NULL, false, NULL                                                         \
    }

/*
 * Asks for an item in any of the ways above, and says how long it may hold up the line.
 *
 * Deadlines. An item whose deadline has passed, that is not finished, and that the consumer waits for, all items before
 * it being delivered, is overtaken: what oip_substitute_function makes is delivered in its place, or it is left out, or
 * it fails. Its input is discarded where it has not begun. Where it runs, it goes on, nobody can stop it: its thread is
 * taken until it returns (it counts for the width, and the pool's shutdown waits for it); its output is discarded then.
 * Production does not wait for it: oip_stop() returns, and only the memory and the context stay until it has returned.
 * An item past its deadline that is not waited for (later in the line, delivery paused, no consumer yet) is left alone,
 * and delivered if it is finished when it is.
 *
 * The argument is handed back exactly once where the item was accepted: to the substitute, or to release_argument where
 * none was called.
 *
 * In a producer with deadlines an item runs in a copy of its payload, on a thread of the pool, never on that of the
 * consumer or of a caller from outside. The pool has one more thread, "<name>-clock", from the first such producer on:
 * creating that one fails where the thread cannot be started. It calls nothing of the program's. Where a sink has
 * something to get, or something is to be discarded, and no thread of the pool has come for it within a millisecond,
 * one is started for this alone.
 *
 * -EINVAL: the producer has no deadlines, and one was given, or an argument. Where a waiter is registered, the request
 * has to stay valid and in place as long as it.
 */
OIP_API int oip_request(oip_producer *producer, const struct oip_request *request, uint64_t *sequence);

/*
 * The payload of a producer whose `run` is NULL: the input. The output is a `void *`, what `function` stored in
 * `*result`: so much is copied to the consumer, and from whoever completes a reserved item.
 */
struct oip_call {
    int (*function)(void *argument, void **result); /* 0, or the failure's code; NULL: fails with -EINVAL */
    void *argument;
};

/* oip_produce() for such a producer. */
OIP_API int oip_produce_call(oip_producer *producer, int (*function)(void *argument, void **result), void *argument,
                             uint64_t *sequence);

/* ---------------------------------------------------------------------------------------------- for consumers ---- */

/*
 * Each producer gets one consumer, by one of these four; -EALREADY for a second one, -EPIPE after an ending.
 */

/* Runs `consume(producer, argument)` in a thread of its own. It calls oip_next(); its value is oip_stop()'s. */
OIP_API int oip_start(oip_producer *producer, void *(*consume)(oip_producer *producer, void *argument), void *argument);

/* A thread of the caller's will call oip_next(), and oip_detach() when it is done. */
OIP_API int oip_attach(oip_producer *producer);

/*
 * Items are handed to `sink` in order, one call at a time, by the pool thread that finds the head deliverable.
 * `payload` is the sink's from then on, in memory that is valid during the call. Any value but 0 ends production;
 * oip_failure() reports it.
 */
OIP_API int oip_start_sink(oip_producer *producer, int (*sink)(void *context, void *payload, uint64_t sequence),
                           void *context);

/*
 * An event loop will call oip_try_next(); whenever that returned -EAGAIN, `queue` hands out `tag` once as soon as there
 * is something to call it for: an item, or the end.
 */
OIP_API int oip_attach_ready_queue(oip_producer *producer, oip_ready_queue *queue, void *tag);

/*
 * The consumer is gone: production ends as with oip_stop_producing(). For oip_attach() and oip_attach_ready_queue(), on
 * the thread that takes the items, or when no thread is inside oip_next() any more. Nothing happens to any other
 * consumer: one of oip_start() ends when its function returns, a sink when it returns a failure.
 */
OIP_API void oip_detach(oip_producer *producer);

/*
 * Waits for the next item and moves its output to `payload`: 1. Returns 0 where the iteration has ended, again and
 * again. `sequence` may be NULL. On a thread of the producer's pool it runs items while it waits, whatever the options
 * say, since these may have no other thread; -EDEADLK where it would wait and is inside 32 items and consumers already.
 * -EINVAL: the items are not the caller's to take, because no consumer is attached, or a sink or an event loop is.
 */
OIP_API int oip_next(oip_producer *producer, void *payload, uint64_t *sequence);

/* As oip_next(), but -EAGAIN instead of waiting, and for event loops, too. Runs no items. */
OIP_API int oip_try_next(oip_producer *producer, void *payload, uint64_t *sequence);

/* Nothing more is delivered until oip_resume(). Items go on being accepted and run, up to the window. */
OIP_API void oip_pause(oip_producer *producer);
OIP_API void oip_resume(oip_producer *producer);

/* Zero means the default in every field but `size`, which is sizeof(struct oip_ready_queue_options). */
struct oip_ready_queue_options {
    size_t size;
    /*
     * Called on any thread when the queue becomes non-empty: wakes the loop, which takes until there is nothing; only
     * then does the next call come. Must not block. `context` has to live until no producer of the queue can be made
     * deliverable any more: its pool is shut down, and no call that produces or completes is running. NULL: the loop
     * uses oip_ready_queue_wait().
     */
    void (*notify)(void *context);
    void *context;
};

#define OIP_READY_QUEUE_OPTIONS_INIT                                                                                   \
    {                                                                                                                  \
        sizeof(struct oip_ready_queue_options), NULL, NULL                                                             \
    }

OIP_API int oip_ready_queue_create(oip_ready_queue **queue, const struct oip_ready_queue_options *options);

/* 1 and the tag of a producer that has something to deliver, or 0. One thread at a time. */
OIP_API int oip_ready_queue_take(oip_ready_queue *queue, void **tag);

/* Waits until the queue is non-empty: 1, or 0 after `timeout_ns` (negative: never). One thread at a time. */
OIP_API int oip_ready_queue_wait(oip_ready_queue *queue, int64_t timeout_ns);

/* Gives the handle back; the queue lives on while producers are attached to it. */
OIP_API void oip_ready_queue_release(oip_ready_queue *queue);

/* -------------------------------------------------------------------------------------------------- endings ---- */

/*
 * Accepts no more and returns at once: -EPIPE for new items and for callers that wait for room. What is outstanding is
 * delivered, then the iteration ends. A pause stays in force, for the items and for the end behind them. A consumer can
 * still be attached, and gets what is outstanding. Never blocks; allowed everywhere, inside consumers, sinks and items,
 * too; idempotent. To learn when all has ended, call oip_stop(), oip_stop_async() or oip_wait_async().
 */
OIP_API void oip_finish(oip_producer *producer);

/*
 * Ends production in order: accepts no more, lifts a pause, waits until all outstanding items are delivered and the
 * consumer function has returned. `*value` (if not NULL) receives what oip_start()'s function returned, the first call
 * that asks for it; NULL otherwise. Before a consumer is attached the outstanding items are discarded. -EDEADLK from
 * inside the consumer, the sink or an item of this producer; and, where it would wait, on a pool thread that is inside
 * 32 items and consumers already (it helps as oip_produce() does). The consumer is the function that oip_start() runs,
 * or the thread that took an item last.
 */
OIP_API int oip_stop(oip_producer *producer, void **value);

/*
 * As oip_stop() without waiting: 0 where all has ended already, else -EINPROGRESS and `waiter` is called with 0.
 * Allowed everywhere, inside consumers, sinks and items, too.
 */
OIP_API int oip_stop_async(oip_producer *producer, struct oip_waiter *waiter);

/*
 * Waits for the end without causing it: 0 where production has ended already, nothing being outstanding and the
 * consumer function having returned; else -EINPROGRESS, and `waiter` is called with 0 when it has. Changes nothing, and
 * is allowed everywhere.
 */
OIP_API int oip_wait_async(oip_producer *producer, struct oip_waiter *waiter);

/* What oip_stop() gives, for those who used oip_stop_async() or oip_wait_async(). */
OIP_API void *oip_take_value(oip_producer *producer);

/* Ends production at once: no further item is started or delivered, the iteration ends. Never blocks. Final. */
OIP_API void oip_stop_producing(oip_producer *producer);

/*
 * 1 where an item's failure (or the sink's) ended production, with its sequence and code, else 0: the lowest failing
 * sequence, or under OIP_FAIL_FAST that of the first failure in time. Final once oip_stop() has returned.
 */
OIP_API int oip_failure(const oip_producer *producer, uint64_t *sequence, int *code);

/* ----------------------------------------------------------------------------------------------- statistics ---- */

/* Counts since creation; durations in nanoseconds. `size` is sizeof(struct oip_statistics), set by the caller. */
struct oip_statistics {
    size_t size;
    uint64_t requested;              /* sequences given */
    uint64_t delivered;              /* items that reached the consumer */
    uint64_t failed;                 /* items that failed */
    uint64_t skipped;                /* failed items that were left out (OIP_SKIP) */
    uint64_t discarded;              /* items that were neither delivered nor failed */
    uint64_t running;                /* now: claimed or reserved, and not finished */
    uint64_t finished_waiting;       /* now: finished, and not delivered */
    uint64_t outstanding;            /* now: asked for, and not consumed */
    uint64_t head;                   /* the sequence that delivery waits for */
    uint64_t assisted;               /* items that the consumer ran itself */
    uint64_t helped;                 /* items that blocked callers ran */
    uint64_t worker_wakes;           /* times that a pool thread was woken for this producer */
    uint64_t consumer_wakes;         /* times that the consumer was woken or notified */
    uint64_t caller_wakes;           /* times that a caller was woken from waiting for room */
    uint64_t head_of_line_stall;     /* time in which finished items waited for the head */
    uint64_t longest_stall;          /* the worst of it */
    uint64_t longest_stall_sequence; /* and whose fault it was; UINT64_MAX: there was none */
    uint64_t overtaken; /* items that a substitute took the place of; delivered, failed or discarded, too */
    uint64_t late;      /* now: of them, still being made */
    uint64_t surplus;   /* calls that finished no item: of one that was not reserved, or finished already */
};

/* A snapshot; O(outstanding items), a nanosecond or so each. */
OIP_API int oip_get_statistics(const oip_producer *producer, struct oip_statistics *statistics);

#ifdef __cplusplus
}
#endif

#endif
