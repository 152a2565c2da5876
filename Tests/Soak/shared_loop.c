/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event loop as a server has one: a thread that sleeps in poll() on a descriptor, one ready queue for all
 * productions that come and go. Tags are numbers, not addresses: the end may be told once more when the production is
 * gone.
 */
#include "production.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SEATS = 64, RUN_MOST = 16 };

struct shared_loop {
    int descriptor;
    oip_ready_queue *queue;
    pthread_t thread;
    pthread_mutex_t lock; /* of all that follows */
    uintptr_t next_tag;
    bool ending;
    struct seat {
        struct production *production; /* NULL: free */
        uintptr_t tag;
        bool look; /* there may be something to take, whatever the queue says */
    } seats[SEATS];
};

static void wake(void *context)
{
    struct shared_loop *loop = context;
    uint64_t one = 1;
    CHECK_EQUAL(write(loop->descriptor, &one, sizeof one), sizeof one);
}

/* Takes a run of items. True where more may be there at once. */
static bool drain(struct shared_loop *loop, struct seat *seat)
{
    struct production *production = seat->production;
    _Alignas(64) unsigned char payload[256];
    uint64_t sequence;
    this_production = production->number;
    for (int i = 0; i < RUN_MOST; i++) {
        int result = oip_try_next(production->producer, payload, &sequence);
        if (result == -EAGAIN) {
            return false;
        }
        if (result == 0 || !take(production, payload, sequence)) {
            oip_detach(production->producer);
            pthread_mutex_lock(&loop->lock);
            seat->production = NULL;
            pthread_mutex_unlock(&loop->lock);
            sem_post(&production->gone);
            return false;
        }
        CHECK_EQUAL(result, 1);
    }
    return true;
}

static struct seat *seat_to_look_at(struct shared_loop *loop, int *from)
{
    struct seat *found = NULL;
    pthread_mutex_lock(&loop->lock);
    for (int i = 0; i < SEATS && found == NULL; i++) {
        struct seat *seat = &loop->seats[(*from + i) % SEATS];
        if (seat->production != NULL && seat->look) {
            seat->look = false;
            found = seat;
            *from = (*from + i + 1) % SEATS;
        }
    }
    pthread_mutex_unlock(&loop->lock);
    return found;
}

static void look_at_tag(struct shared_loop *loop, uintptr_t tag)
{
    pthread_mutex_lock(&loop->lock);
    for (int i = 0; i < SEATS; i++) {
        if (loop->seats[i].production != NULL && loop->seats[i].tag == tag) {
            loop->seats[i].look = true;
        }
    }
    pthread_mutex_unlock(&loop->lock);
}

static bool is_ending(struct shared_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    bool ending = loop->ending;
    pthread_mutex_unlock(&loop->lock);
    return ending;
}

static void *serve(void *argument)
{
    struct shared_loop *loop = argument;
    int from = 0;
    while (!is_ending(loop)) {
        struct pollfd wait = {loop->descriptor, POLLIN, 0};
        CHECK(poll(&wait, 1, -1) == 1 || errno == EINTR);
        uint64_t wakes;
        CHECK_EQUAL(read(loop->descriptor, &wakes, sizeof wakes), sizeof wakes);
        bool more = true;
        while (more) {
            void *tag;
            more = false;
            while (oip_ready_queue_take(loop->queue, &tag) == 1) {
                look_at_tag(loop, (uintptr_t)tag);
            }
            struct seat *seat = seat_to_look_at(loop, &from);
            if (seat != NULL) {
                more = true;
                if (drain(loop, seat)) {
                    seat->look = true; /* only this thread clears it or frees the seat */
                }
            }
        }
        this_production = UINT64_MAX;
    }
    return NULL;
}

struct shared_loop *shared_loop_start(void)
{
    struct shared_loop *loop = calloc(1, sizeof *loop);
    CHECK(loop != NULL);
    loop->descriptor = eventfd(0, EFD_CLOEXEC);
    CHECK(loop->descriptor >= 0);
    pthread_mutex_init(&loop->lock, NULL);
    struct oip_ready_queue_options options = OIP_READY_QUEUE_OPTIONS_INIT;
    options.notify = wake;
    options.context = loop;
    CHECK_EQUAL(oip_ready_queue_create(&loop->queue, &options), 0);
    CHECK_EQUAL(pthread_create(&loop->thread, NULL, serve, loop), 0);
    return loop;
}

int shared_loop_adopt(struct shared_loop *loop, struct production *production)
{
    struct seat *seat = NULL;
    pthread_mutex_lock(&loop->lock);
    for (int i = 0; i < SEATS && seat == NULL; i++) {
        if (loop->seats[i].production == NULL) {
            seat = &loop->seats[i];
        }
    }
    CHECK(seat != NULL);
    uintptr_t tag = ++loop->next_tag;
    int result = oip_attach_ready_queue(production->producer, loop->queue, (void *)tag);
    if (result == 0) {
        *seat = (struct seat){production, tag, true};
    }
    pthread_mutex_unlock(&loop->lock);
    if (result == 0) {
        wake(loop);
    }
    return result;
}

void shared_loop_end(struct shared_loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    loop->ending = true;
    pthread_mutex_unlock(&loop->lock);
    wake(loop);
    CHECK_EQUAL(pthread_join(loop->thread, NULL), 0);
    void *tag;
    while (oip_ready_queue_take(loop->queue, &tag) == 1) {
        /* told again after the end: its entry holds the producer */
    }
    oip_ready_queue_release(loop->queue);
    close(loop->descriptor);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}
