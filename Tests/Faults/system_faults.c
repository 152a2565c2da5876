/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel refuses: mmap, mprotect, brk and clone fail beneath libc, whoever there makes the call. The core sees what
 * libc makes of it, which may have another way; then the call succeeds. seccomp(2) stops the test's thread and the
 * threads that come from it at these calls; a supervising thread, started before, says how each goes on.
 */
#include "injection.h"
#include "scenarios.h"

#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
    long number;
    const char *name;
    int error;
} refused[] = {
    {SYS_mmap, "mmap", ENOMEM},     {SYS_mprotect, "mprotect", ENOMEM}, {SYS_brk, "brk", 0},
    {SYS_clone3, "clone3", EAGAIN}, {SYS_clone, "clone", EAGAIN},
};

enum { REFUSED = sizeof refused / sizeof refused[0] };

static int listener;
static atomic_long number, first_failing = LONG_MAX, last_failing, failed, totals[REFUSED];

static void answer(const struct seccomp_notif *call, struct seccomp_notif_resp *response)
{
    response->id = call->id;
    response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    long mine = atomic_fetch_add(&number, 1) + 1;
    if (mine < atomic_load(&first_failing) || mine > atomic_load(&last_failing)) {
        return;
    }
    response->flags = 0;
    for (int i = 0; i < REFUSED; i++) {
        if (refused[i].number == call->data.nr) {
            response->error = -refused[i].error;
            atomic_fetch_add(&totals[i], 1);
        }
    }
    if (call->data.nr == SYS_brk) {
        response->val = (long)(intptr_t)sbrk(0); /* brk reports its failure by leaving the break where it is */
    }
    atomic_fetch_add(&failed, 1);
}

static void *supervise(void *argument)
{
    for (;;) {
        struct seccomp_notif call;
        struct seccomp_notif_resp response;
        memset(&call, 0, sizeof call);
        memset(&response, 0, sizeof response);
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
            answer(&call, &response);
            ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
        }
    }
    return argument;
}

static sem_t listening;

static void *wait_and_supervise(void *argument)
{
    wait_for(&listening);
    return supervise(argument);
}

/* From here on the calls of this thread, and of those that it starts, are answered by the supervisor. */
static void begin_supervision(void)
{
    struct sock_filter program[REFUSED + 3];
    program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (unsigned char i = 0; i < REFUSED; i++) {
        program[1 + i] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refused[i].number, REFUSED - i, 0);
    }
    program[REFUSED + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program[REFUSED + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    struct sock_fprog filter = {REFUSED + 3, program};
    sem_init(&listening, 0, 0);
    pthread_t supervisor;
    CHECK_EQUAL(pthread_create(&supervisor, NULL, wait_and_supervise, NULL), 0);
    CHECK_EQUAL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    CHECK(listener >= 0);
    sem_post(&listening);
    CHECK_EQUAL(mallopt(M_MMAP_THRESHOLD, 0), 1); /* memory comes from the kernel each time */
}

static long try_with(struct stage *stage, long first, bool all)
{
    struct census before = stage_settled(stage);
    atomic_store(&number, 0);
    atomic_store(&failed, 0);
    atomic_store(&last_failing, all ? LONG_MAX : first);
    atomic_store(&first_failing, first);
    int result = stage->scenario->attempt(stage);
    atomic_store(&first_failing, LONG_MAX);
    long count = atomic_load(&failed);
    if (result != 0) {
        CHECK(count > 0);
        CHECK(result == -ENOMEM || result == -EAGAIN);
        const char *detail = oip_error_detail();
        CHECK(strstr(detail, result == -ENOMEM ? "oip_" : "pthread_create") != NULL ||
              strstr(detail, "pthread_attr_") != NULL || strstr(detail, "pthread_atfork") != NULL);
        stage_try_again(stage, before);
    }
    stage_undo(stage);
    return count;
}

static void every_call_is_refused(int variant)
{
    begin_supervision();
    struct stage stage;
    stage_begin(&stage, &scenarios[variant / 2]);
    long requests = 0;
    while (try_with(&stage, requests + 1, variant % 2) != 0) {
        requests++;
    }
    CHECK(requests > 0);
    stage_end(&stage);
    for (int i = 0; i < REFUSED; i++) {
        if (atomic_load(&totals[i]) != 0) {
            printf("count %s in the kernel %ld\n", refused[i].name, atomic_load(&totals[i]));
        }
    }
}

int main(int count, char **arguments)
{
    const struct test tests[] = {
        {"every call is refused", every_call_is_refused, large_scenario_count * 2, scenario_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
