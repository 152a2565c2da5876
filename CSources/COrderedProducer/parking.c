/* SPDX-License-Identifier: Apache-2.0 */
#include "parking.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static int gettime(const struct ck_ec_ops *ops, struct timespec *now)
{
    (void)ops;
    return clock_gettime(CLOCK_MONOTONIC, now);
}

static void wait32(const struct ck_ec_wait_state *state, const uint32_t *word, uint32_t expected,
                   const struct timespec *deadline)
{
    (void)state;
    /* An early return of any kind is allowed here: ck_ec looks at the word again. The deadline is absolute. */
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, NULL, FUTEX_BITSET_MATCH_ANY);
    errno = saved;
}

static void wake32(const struct ck_ec_ops *ops, const uint32_t *word)
{
    (void)ops;
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
    errno = saved;
}

static const struct ck_ec_ops futex_ops = {
    .gettime = gettime,
    .wait32 = wait32,
    .wake32 = wake32,
    .busy_loop_iter = 1, /* spinning is the caller's business: waking.h */
};

static const struct ck_ec_mode futex_mode = {.ops = &futex_ops, .single_producer = false};

/* Replaces ck_ec's stepwise deadline by the caller's own, which `data` points to; NULL sleeps until signalled. */
static int whole_deadline(const struct ck_ec_wait_state *state, struct timespec *deadline)
{
    if (state->data != NULL) {
        *deadline = *(const struct timespec *)state->data;
    } else {
        /* The latest time there is: ck_ec passes it to wait32 as no deadline. */
        deadline->tv_sec = (time_t)INT64_MAX;
    }
    return 0;
}

void parking_init(struct parking *place)
{
    ck_ec32_init(&place->event, 0);
}

uint32_t parking_ticket(const struct parking *place)
{
    return ck_ec32_value(&place->event);
}

bool parking_wait(struct parking *place, uint32_t ticket, uint64_t until)
{
    OIP_POINT(before_park);
    if (until == PARKING_FOREVER) {
        return ck_ec32_wait_pred(&place->event, &futex_mode, ticket, whole_deadline, NULL, NULL) == 0;
    }
    struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000), .tv_nsec = (long)(until % 1000000000)};
    return ck_ec32_wait_pred(&place->event, &futex_mode, ticket, whole_deadline, &deadline, &deadline) == 0;
}

void parking_signal(struct parking *place)
{
    ck_ec32_inc(&place->event, &futex_mode);
}

void parking_nap(uint64_t ns)
{
    struct parking nobodys;
    parking_init(&nobodys);
    parking_wait(&nobodys, parking_ticket(&nobodys), oip_now() + ns);
}
