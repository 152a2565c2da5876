/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pair of fences where the kernel refuses membarrier, from the beginning or later: a program that has confined
 * itself. The refusal is the kernel's own, by a filter of system calls.
 */
#include "asymmetric_fence.h"
#include "Support/lane.h"

#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int errors[] = {ENOMEM, EPERM, ENOSYS};
enum { ERRORS = sizeof errors / sizeof *errors };

static const char *error_name(int variant)
{
    static const char *const names[ERRORS] = {"ENOMEM", "EPERM", "ENOSYS"};
    return names[variant];
}

/* From now on, on all threads. Ends the test where there are no filters, in an emulator. */
static void refuse_membarrier(int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        CHECK(errno == ENOSYS || errno == EINVAL);
        exit(0);
    }
    CHECK_EQUAL(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), -1);
    CHECK_EQUAL(errno, error);
}

/* ------------------------------------------------------------------------------------------------- two threads ---- */

/*
 * Each writes one word and then reads the other's, so closely together that on a processor without the fences both
 * would often read the old one.
 */
enum { ROUNDS = 3000 };
static OIP_ALIGNED_TO_LINE _Atomic int round_of_light;
static OIP_ALIGNED_TO_LINE _Atomic int round_of_heavy;
static OIP_ALIGNED_TO_LINE _Atomic int written_by_light;
static OIP_ALIGNED_TO_LINE _Atomic int written_by_heavy;
static int seen_by_light[ROUNDS + 1], seen_by_heavy[ROUNDS + 1];

/* One of them is `late` by some nanoseconds more or less, so that now and then they are at it at the same time. */
static void meet(_Atomic int *mine, _Atomic int *other, int round, int late)
{
    atomic_store_explicit(mine, round, memory_order_release);
    for (int polls = 0; atomic_load_explicit(other, memory_order_acquire) < round; polls++) {
        if (polls % 1000 == 999) {
            sched_yield();
        }
    }
    for (volatile int i = 0; i < late; i++) {
    }
}

static void *be_light(void *unused)
{
    for (int round = 1; round <= ROUNDS; round++) {
        meet(&round_of_light, &round_of_heavy, round, round % 64);
        atomic_store_explicit(&written_by_light, round, memory_order_relaxed);
        light_fence();
        seen_by_light[round] = atomic_load_explicit(&written_by_heavy, memory_order_relaxed);
    }
    return unused;
}

static void be_heavy(void)
{
    for (int round = 1; round <= ROUNDS; round++) {
        meet(&round_of_heavy, &round_of_light, round, 0);
        atomic_store_explicit(&written_by_heavy, round, memory_order_relaxed);
        heavy_fence();
        seen_by_heavy[round] = atomic_load_explicit(&written_by_light, memory_order_relaxed);
    }
}

static void one_of_both_sees_the_other(void)
{
    pthread_t light;
    CHECK_EQUAL(pthread_create(&light, NULL, be_light, NULL), 0);
    be_heavy();
    CHECK_EQUAL(pthread_join(light, NULL), 0);
    int missed = 0;
    for (int round = 1; round <= ROUNDS; round++) {
        missed += seen_by_light[round] < round && seen_by_heavy[round] < round;
    }
    CHECK_EQUAL(missed, 0);
    CHECK_EQUAL(atomic_load(&asymmetric_fence_mode), FENCES_FULL);
}

static void refused_from_the_beginning(int variant)
{
    refuse_membarrier(errors[variant]);
    asymmetric_fences_prepare();
    CHECK_EQUAL(atomic_load(&asymmetric_fence_mode), FENCES_FULL);
    one_of_both_sees_the_other();
}

static void refused_later(int variant)
{
    asymmetric_fences_prepare();
    CHECK_EQUAL(atomic_load(&asymmetric_fence_mode), FENCES_ASYMMETRIC);
    heavy_fence();
    CHECK_EQUAL(atomic_load(&asymmetric_fence_mode), FENCES_ASYMMETRIC);
    refuse_membarrier(errors[variant]);
    one_of_both_sees_the_other();
}

static void *fence_heavily(void *unused)
{
    heavy_fence();
    CHECK_EQUAL(atomic_load(&asymmetric_fence_mode), FENCES_FULL); /* whoever came first: its wait is over */
    return unused;
}

static void refused_to_several_at_once(int variant)
{
    pthread_t threads[4];
    asymmetric_fences_prepare();
    refuse_membarrier(errors[variant]);
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, fence_heavily, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
}

static void errno_is_left_alone(int variant)
{
    asymmetric_fences_prepare();
    refuse_membarrier(errors[variant]);
    errno = EXDEV;
    heavy_fence();
    CHECK_EQUAL(errno, EXDEV);
}

/* -------------------------------------------------------------------------------------------------- production ---- */

/* Callers that wait, items that are stolen, loops that are ended: all of them go on. */
static void production_goes_on(int variant)
{
    for (int round = 0; round < 6; round++) {
        struct lane *lane = lane_of_variant(variant, 2000, 3, OPTIONS(.window = 16));
        CHECK_EQUAL(lane_start(lane), 0);
        CHECK_EQUAL(lane_ask(lane, 0, 1000), 0);
        if (round == 1) {
            refuse_membarrier(EPERM);
        }
        CHECK_EQUAL(lane_ask(lane, 1000, 1000), 0);
        if (round % 2 == 0) {
            CHECK_EQUAL(oip_stop(lane->producer, NULL), 0);
            lane_check_in_order(lane, 2000);
        } else {
            oip_stop_producing(lane->producer);
        }
        lane_end(lane);
    }
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"membarrier is refused from the beginning", refused_from_the_beginning, ERRORS, error_name},
        {"membarrier is refused later", refused_later, ERRORS, error_name},
        {"membarrier is refused to several at once", refused_to_several_at_once, ERRORS, error_name},
        {"membarrier is refused, and errno left alone", errno_is_left_alone, ERRORS, error_name},
        {"production goes on without membarrier", production_goes_on, WAYS * CONSUMERS, lane_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
