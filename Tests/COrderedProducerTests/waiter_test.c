/* SPDX-License-Identifier: Apache-2.0 */
/* Waiters: lists that are first in, first out; outcomes told once; a sleeper may leave as soon as it was told. */
#include "Support/check.h"
#include "Support/threads.h"
#include "Support/waiting.h"

#include "waiter.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAITERS = 5 };

static int order[WAITERS], told;

static void note(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    int index = *(int *)waiter->context;
    CHECK_EQUAL(result, index % 2 ? -EPIPE : 0);
    CHECK_EQUAL(sequence, index % 2 ? 0 : 100 + index);
    order[told++] = index;
    free(waiter); /* its memory may go as soon as it is told */
}

static void list_of(struct waiter_list *list, struct waiter **waiters, int *numbers)
{
    for (int i = 0; i < WAITERS; i++) {
        struct oip_waiter *waiter = calloc(1, sizeof *waiter);
        CHECK(waiter != NULL);
        numbers[i] = i;
        waiter->done = note;
        waiter->context = &numbers[i];
        waiters[i] = waiter_of(waiter);
        waiter_append(list, waiters[i]);
    }
}

static void outcomes_are_told_in_order(int variant)
{
    (void)variant;
    struct waiter_list list = {NULL, NULL}, outcomes = {NULL, NULL};
    struct waiter *waiters[WAITERS];
    int numbers[WAITERS];
    list_of(&list, waiters, numbers);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(list.first == waiters[i]);
        waiter_settle(list.first, &outcomes, i % 2 ? -EPIPE : 0, i % 2 ? 0 : 100 + (uint64_t)i);
        CHECK(waiters[i]->list == NULL);
    }
    CHECK(list.first == NULL && list.last == NULL);
    CHECK_EQUAL(waiter_tell_all(&outcomes), WAITERS);
    CHECK(outcomes.first == NULL);
    for (int i = 0; i < WAITERS; i++) {
        CHECK_EQUAL(order[i], i);
    }
}

static void note_closed(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    CHECK_EQUAL(result, -EPIPE);
    CHECK_EQUAL(sequence, 0);
    order[told++] = *(int *)waiter->context;
}

/* And the list that they were moved to can be used again. */
static void all_are_settled_at_once(int variant)
{
    (void)variant;
    struct waiter_list list = {NULL, NULL}, outcomes = {NULL, NULL};
    waiter_settle_all(&list, &outcomes, -EPIPE); /* nobody */
    CHECK(outcomes.first == NULL && outcomes.last == NULL);
    for (int round = 0; round < 2; round++) {
        struct waiter *waiters[WAITERS];
        int numbers[WAITERS];
        list_of(&list, waiters, numbers);
        for (int i = 0; i < WAITERS; i++) {
            waiters[i]->done = note_closed;
            waiters[i]->sequence = 4711; /* what it was before is no outcome */
        }
        waiter_settle_all(&list, &outcomes, -EPIPE);
        CHECK(list.first == NULL && list.last == NULL);
        told = 0;
        CHECK_EQUAL(waiter_tell_all(&outcomes), WAITERS);
        CHECK_EQUAL(told, WAITERS);
        CHECK(outcomes.first == NULL && outcomes.last == NULL);
        CHECK_EQUAL(waiter_tell_all(&outcomes), 0);
        for (int i = 0; i < WAITERS; i++) {
            CHECK_EQUAL(order[i], i);
            free(waiters[i]);
        }
    }
}

static void any_waiter_can_be_removed(int removed)
{
    struct waiter_list list = {NULL, NULL};
    struct waiter *waiters[WAITERS];
    int numbers[WAITERS];
    list_of(&list, waiters, numbers);
    waiter_remove(waiters[removed]);
    CHECK(waiters[removed]->list == NULL);
    waiter_append(&list, waiters[removed]); /* now the last */
    struct waiter *at = list.first;
    for (int i = 0; i < WAITERS; i++) {
        if (i != removed) {
            CHECK(at == waiters[i]);
            at = at->next;
        }
    }
    CHECK(at == waiters[removed] && list.last == at && at->next == NULL);
    for (int i = 0; i < WAITERS; i++) {
        free(waiters[i]);
    }
}

static const char *place_name(int variant)
{
    static const char *const names[WAITERS] = {"first", "second", "third", "fourth", "last"};
    return names[variant];
}

static void *tell(void *argument)
{
    struct waiter_list outcomes = {NULL, NULL};
    struct waiter *waiter = argument;
    waiter->result = 0;
    waiter_append(&outcomes, waiter);
    CHECK_EQUAL(waiter_tell_all(&outcomes), 1);
    return NULL;
}

/* The sleeper is on the stack, which the next round uses again. */
static void sleepers_come_and_go(int variant)
{
    (void)variant;
    for (int round = 0; round < 300; round++) {
        struct sleeper sleeper;
        sleeper_init(&sleeper);
        CHECK(!sleeper_is_told(&sleeper));
        pthread_t teller;
        CHECK_EQUAL(pthread_create(&teller, NULL, tell, waiter_of(&sleeper.waiter)), 0);
        for (;;) {
            uint32_t ticket = parking_ticket(&sleeper.parking);
            if (sleeper_is_told(&sleeper)) {
                break;
            }
            parking_wait(&sleeper.parking, ticket, PARKING_FOREVER);
        }
        CHECK_EQUAL(waiter_of(&sleeper.waiter)->result, 0);
        CHECK_EQUAL(pthread_join(teller, NULL), 0);
    }
}

/* Among callbacks, at any place; before and after some are settled. */
static void several_sleepers_are_seen_among_callbacks(int variant)
{
    (void)variant;
    struct waiter_list list = {NULL, NULL}, outcomes = {NULL, NULL};
    CHECK(!waiter_has_several_sleepers(&list));
    struct waiter *callbacks[WAITERS];
    int numbers[WAITERS];
    list_of(&list, callbacks, numbers);
    CHECK(!waiter_has_several_sleepers(&list));
    struct sleeper sleepers[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        sleeper_init(&sleepers[i]);
        waiter_append(&list, waiter_of(&sleepers[i].waiter));
        CHECK(waiter_has_several_sleepers(&list) == (i >= 1));
        waiter_remove(callbacks[i]); /* from the front to the end: the kinds mix */
        waiter_append(&list, callbacks[i]);
        CHECK(waiter_has_several_sleepers(&list) == (i >= 1));
    }
    waiter_remove(waiter_of(&sleepers[2].waiter));
    CHECK(waiter_has_several_sleepers(&list));
    int left = WAITERS - 1;
    while (list.first != NULL) {
        left -= list.first->done != note; /* whatever is no callback sleeps */
        waiter_settle(list.first, &outcomes, 0, 0);
        CHECK(waiter_has_several_sleepers(&list) == (left >= 2));
        CHECK(waiter_has_several_sleepers(&outcomes) == (WAITERS - 1 - left >= 2));
    }
    CHECK_EQUAL(left, 0);
    for (int i = 0; i < WAITERS; i++) {
        free(callbacks[i]);
    }
}

static struct sleeper half_told;
static _Atomic pid_t looking;

static void *look(void *unused)
{
    (void)unused;
    atomic_store(&looking, gettid());
    return sleeper_is_told(&half_told) ? &half_told : NULL;
}

/* Whoever tells it has a processor to finish on, though it may be this thread's, and by priority never its own. */
static void a_sleeper_that_is_being_told_sleeps(int variant)
{
    (void)variant;
    pthread_t thread;
    void *result;
    sleeper_init(&half_told);
    atomic_store(&half_told.told, 1);
    CHECK_EQUAL(pthread_create(&thread, NULL, look, NULL), 0);
    WAIT_UNTIL(thread_is_asleep(atomic_load(&looking)));
    atomic_store(&half_told.told, 2);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(result == &half_told);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"outcomes are told in order", outcomes_are_told_in_order, 0, NULL},
        {"all are settled at once", all_are_settled_at_once, 0, NULL},
        {"any waiter can be removed", any_waiter_can_be_removed, WAITERS, place_name},
        {"sleepers come and go", sleepers_come_and_go, 0, NULL},
        {"several sleepers are seen among callbacks", several_sleepers_are_seen_among_callbacks, 0, NULL},
        {"a sleeper that is being told sleeps", a_sleeper_that_is_being_told_sleeps, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
