/* SPDX-License-Identifier: Apache-2.0 */
#include "timekeeper.h"

#include "execution.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct timekeeper {
    struct parking parking;
    pthread_mutex_t lock; /* the heap */
    struct alarm **heap;  /* from 1 on: none rings before the one at half its place */
    size_t set;
    size_t room;             /* in the heap */
    size_t admitted;         /* alarms that there are */
    enum worker_state state; /* under the pool's lock */
    pthread_t thread;
};

/* --------------------------------------------------------------------------------------------------- the heap ---- */

static uint64_t time_of(const struct timekeeper *keeper, size_t place)
{
    return atomic_load_explicit(&keeper->heap[place]->set_for, memory_order_relaxed); /* written under the lock */
}

static void put(struct timekeeper *keeper, size_t place, struct alarm *alarm)
{
    keeper->heap[place] = alarm;
    alarm->place = place;
}

static void swap(struct timekeeper *keeper, size_t a, size_t b)
{
    struct alarm *alarm = keeper->heap[a];
    put(keeper, a, keeper->heap[b]);
    put(keeper, b, alarm);
}

static void sift_up(struct timekeeper *keeper, size_t place)
{
    for (; place > 1 && time_of(keeper, place) < time_of(keeper, place / 2); place /= 2) {
        swap(keeper, place, place / 2);
    }
}

static void sift_down(struct timekeeper *keeper, size_t place)
{
    for (;;) {
        size_t least = place;
        for (size_t child = 2 * place; child <= 2 * place + 1 && child <= keeper->set; child++) {
            least = time_of(keeper, child) < time_of(keeper, least) ? child : least;
        }
        if (least == place) {
            return;
        }
        swap(keeper, place, least);
        place = least;
    }
}

static void take_down(struct timekeeper *keeper, struct alarm *alarm)
{
    size_t place = alarm->place;
    struct alarm *last = keeper->heap[keeper->set--];
    alarm->place = 0;
    if (last != alarm) {
        put(keeper, place, last);
        sift_up(keeper, place);
        sift_down(keeper, last->place);
    }
    /* Sequentially consistent, before the look at what is needed: see timekeeper.h. */
    atomic_store_explicit(&alarm->set_for, NEVER, memory_order_seq_cst);
}

void timekeeper_set(struct oip_pool *pool, struct alarm *alarm, uint64_t time)
{
    struct timekeeper *keeper = pool->timekeeper;
    pthread_mutex_lock(&keeper->lock);
    bool earlier = time < atomic_load_explicit(&alarm->set_for, memory_order_relaxed);
    if (earlier) {
        if (alarm->place == 0) {
            put(keeper, ++keeper->set, alarm);
        }
        atomic_store_explicit(&alarm->set_for, time, memory_order_seq_cst);
        sift_up(keeper, alarm->place);
    }
    bool first = earlier && alarm->place == 1;
    pthread_mutex_unlock(&keeper->lock);
    OIP_POINT(alarm_set);
    if (first) {
        parking_signal(&keeper->parking);
    }
}

/* ------------------------------------------------------------------------------------------------- the thread ---- */

/* Takes down the first alarm if it is time; otherwise says when it will be. */
static struct alarm *take_due(struct timekeeper *keeper, bool *alive, uint64_t *first)
{
    pthread_mutex_lock(&keeper->lock);
    struct alarm *due = NULL;
    *first = keeper->set != 0 ? time_of(keeper, 1) : PARKING_FOREVER;
    if (*first <= oip_now()) {
        due = keeper->heap[1];
        take_down(keeper, due);
        *alive = due->keep_alive(due);
    }
    pthread_mutex_unlock(&keeper->lock);
    return due;
}

/* "<name>-clock", the name cut so that both fit into what Linux shows. Only a label: its failure is no failure. */
static void name_this_thread(const struct oip_pool *pool)
{
    char name[16];
    snprintf(name, sizeof name, "%.9s-clock", pool->name);
    pthread_setname_np(pthread_self(), name);
}

static void *keeper_main(void *argument)
{
    struct oip_pool *pool = argument;
    struct timekeeper *keeper = pool->timekeeper;
    pool_thread_begins(pool);
    name_this_thread(pool);
    for (;;) {
        uint32_t ticket = parking_ticket(&keeper->parking);
        /* After the ticket: pairs with the stop, which raises this and then signals, so that the ticket is stale. */
        if (atomic_load_explicit(&pool->stopping, memory_order_seq_cst)) {
            break;
        }
        bool alive;
        uint64_t first;
        struct alarm *due = take_due(keeper, &alive, &first);
        if (due == NULL) {
            parking_wait(&keeper->parking, ticket, first);
        } else if (alive) {
            OIP_POINT(alarm_taken_down);
            due->ring(due);
        }
    }
    pthread_mutex_lock(&pool->lock);
    keeper->state = WORKER_LEFT;
    if (pool->handle_gone) {
        pthread_detach(pthread_self());
        keeper->state = WORKER_NONE;
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    pool_drop(pool);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------ life and end ---- */

static int make(struct timekeeper **made)
{
    struct timekeeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL) {
        return fail_with(-ENOMEM, "oip_producer_create: a timekeeper for the pool");
    }
    int error = pthread_mutex_init(&keeper->lock, NULL);
    if (error != 0) {
        free(keeper);
        return fail_with(-error, "pthread_mutex_init");
    }
    parking_init(&keeper->parking);
    *made = keeper;
    return 0;
}

void timekeeper_destroy(struct timekeeper *keeper)
{
    if (keeper != NULL) {
        pthread_mutex_destroy(&keeper->lock);
        free(keeper->heap);
        free(keeper);
    }
}

/* Under the pool's lock: starts the thread. */
static int start(struct oip_pool *pool, struct timekeeper *keeper)
{
    pool_retain(pool);
    keeper->state = WORKER_RUNS;
    pool->timekeeper = keeper;
    /* With the system's stack: it runs nothing of the program's, for which the pool's size is meant. */
    int result = start_thread(&keeper->thread, NULL, keeper_main, pool);
    if (result != 0) {
        pool->timekeeper = NULL;
        atomic_fetch_sub_explicit(&pool->references, 1, memory_order_relaxed); /* never the last: the caller's */
    }
    return result;
}

/* Room in the heap for one alarm more. */
static int reserve(struct timekeeper *keeper)
{
    int result = 0;
    pthread_mutex_lock(&keeper->lock);
    if (keeper->admitted + 1 >= keeper->room) {
        size_t room = keeper->room == 0 ? 16 : keeper->room * 2;
        struct alarm **heap = malloc(room * sizeof(struct alarm *));
        if (heap == NULL) {
            result = fail_with(-ENOMEM, "oip_producer_create: a place with the timekeeper");
        } else {
            if (keeper->heap != NULL) {
                memcpy(heap, keeper->heap, (keeper->set + 1) * sizeof(struct alarm *));
            }
            free(keeper->heap);
            keeper->heap = heap;
            keeper->room = room;
        }
    }
    keeper->admitted += result == 0;
    pthread_mutex_unlock(&keeper->lock);
    return result;
}

int timekeeper_admit(struct oip_pool *pool, struct alarm *alarm)
{
    atomic_init(&alarm->set_for, NEVER);
    alarm->place = 0;
    pthread_mutex_lock(&pool->lock);
    struct timekeeper *keeper = pool->timekeeper;
    int result = keeper == NULL ? make(&keeper) : 0;
    if (result == 0) {
        result = reserve(keeper);
    }
    if (result == 0 && pool->timekeeper == NULL) {
        result = start(pool, keeper);
    }
    if (result != 0 && pool->timekeeper == NULL) {
        timekeeper_destroy(keeper);
    }
    pthread_mutex_unlock(&pool->lock);
    return result;
}

void timekeeper_dismiss(struct oip_pool *pool, struct alarm *alarm)
{
    struct timekeeper *keeper = pool->timekeeper;
    pthread_mutex_lock(&keeper->lock);
    if (alarm->place != 0) {
        take_down(keeper, alarm);
    }
    keeper->admitted--;
    pthread_mutex_unlock(&keeper->lock);
}

void timekeeper_stop(struct oip_pool *pool)
{
    if (pool->timekeeper != NULL) {
        parking_signal(&pool->timekeeper->parking);
    }
}

bool timekeeper_runs(const struct oip_pool *pool)
{
    return pool->timekeeper != NULL && pool->timekeeper->state == WORKER_RUNS;
}

bool timekeeper_take_left(struct oip_pool *pool, pthread_t *thread)
{
    struct timekeeper *keeper = pool->timekeeper;
    if (keeper == NULL || keeper->state != WORKER_LEFT) {
        return false;
    }
    keeper->state = WORKER_NONE;
    *thread = keeper->thread;
    return true;
}
