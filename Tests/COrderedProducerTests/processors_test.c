/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processors that a process may use. The linker wraps the core's calls to fopen and sched_getaffinity in this
 * program: each case brings an affinity mask and files of its own.
 */
#include "Support/lane.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define MOUNT_2 "30 24 0:26 / /sys/fs/cgroup rw,nosuid,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT_1 "33 24 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
#define ROOT_FS "24 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"

static const struct example {
    const char *name;
    int processors; /* in the affinity mask; 0: the system does not tell */
    uint32_t expected;
    struct {
        const char *path, *text;
    } files[8];
} examples[] = {
    {"no control groups", 8, 8, {{NULL, NULL}}},
    {"no mask that can be told", 0, CPU_SETSIZE, {{NULL, NULL}}},
    {"version 2: a quota",
     8,
     3,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", ROOT_FS MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "300000 100000\n"}}},
    {"version 2: rounded up",
     8,
     2,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "100001 100000\n"}}},
    {"version 2: at least one",
     8,
     1,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "1000 100000\n"}}},
    {"version 2: no quota",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "max 100000\n"}}},
    {"version 2: more than the mask",
     2,
     2,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "900000 100000\n"}}},
    {"version 2: a group above has less",
     8,
     2,
     {{"/proc/self/cgroup", "0::/slice/pod/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/slice/pod/app/cpu.max", "500000 100000\n"},
      {"/sys/fs/cgroup/slice/pod/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/slice/cpu.max", "200000 100000\n"}}},
    {"version 2: a group above has more",
     8,
     2,
     {{"/proc/self/cgroup", "0::/slice/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/slice/app/cpu.max", "200000 100000\n"},
      {"/sys/fs/cgroup/slice/cpu.max", "500000 100000\n"}}},
    {"a container with a name space",
     8,
     4,
     {{"/proc/self/cgroup", "0::/\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/cpu.max", "400000 100000\n"}}},
    {"a container without a name space",
     8,
     4,
     {{"/proc/self/cgroup", "0::/docker/abc\n"},
      {"/proc/self/mountinfo", "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
      {"/sys/fs/cgroup/cpu.max", "400000 100000\n"},
      {"/sys/fs/cgroup/docker/abc/cpu.max", "100000 100000\n"}}},
    {"a group in a container",
     8,
     3,
     {{"/proc/self/cgroup", "0::/docker/abc/app\n"},
      {"/proc/self/mountinfo", "30 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
      {"/sys/fs/cgroup/app/cpu.max", "max 100000\n"},
      {"/sys/fs/cgroup/cpu.max", "300000 100000\n"},
      {"/sys/fs/cpu.max", "100000 100000\n"}}},
    {"another group with a similar name",
     8,
     8,
     {{"/proc/self/cgroup", "0::/docker/abc\n"},
      {"/proc/self/mountinfo", "30 24 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"},
      {"/sys/fs/cgroup/cpu.max", "100000 100000\n"},
      {"/sys/fs/cgroup/c/cpu.max", "100000 100000\n"}}},
    {"a group out of sight",
     8,
     8,
     {{"/proc/self/cgroup", "0::/../app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/cpu.max", "100000 100000\n"},
      {"/sys/fs/cgroup/../app/cpu.max", "100000 100000\n"}}},
    {"version 1: a quota",
     8,
     3,
     {{"/proc/self/cgroup", "5:cpuset:/\n4:cpu,cpuacct:/app\n1:name=systemd:/x\n0::/x\n"},
      {"/proc/self/mountinfo", ROOT_FS MOUNT_1},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "250000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n"}}},
    {"version 1: no quota",
     8,
     8,
     {{"/proc/self/cgroup", "4:cpu,cpuacct:/app\n"},
      {"/proc/self/mountinfo", MOUNT_1},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "-1\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n"}}},
    {"version 1: a quota, and an empty period",
     8,
     8,
     {{"/proc/self/cgroup", "4:cpu,cpuacct:/app\n"},
      {"/proc/self/mountinfo", MOUNT_1},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "250000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", ""}}},
    {"version 1: a group above has less",
     8,
     1,
     {{"/proc/self/cgroup", "4:cpuacct,cpu:/slice/app\n"},
      {"/proc/self/mountinfo", MOUNT_1},
      {"/sys/fs/cgroup/cpu,cpuacct/slice/app/cpu.cfs_quota_us", "250000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/slice/app/cpu.cfs_period_us", "100000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/slice/cpu.cfs_quota_us", "50000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/slice/cpu.cfs_period_us", "50000\n"}}},
    {"version 1: another controller's quota",
     8,
     8,
     {{"/proc/self/cgroup", "5:cpuset:/app\n"},
      {"/proc/self/mountinfo", "33 24 0:29 / /groups rw - cgroup cgroup rw,cpuset\n"},
      {"/groups/app/cpu.cfs_quota_us", "100000\n"},
      {"/groups/app/cpu.cfs_period_us", "100000\n"}}},
    {"both versions",
     8,
     2,
     {{"/proc/self/cgroup", "4:cpu,cpuacct:/app\n0::/other\n"},
      {"/proc/self/mountinfo", MOUNT_1 "40 24 0:31 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us", "200000\n"},
      {"/sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us", "100000\n"}}},
    {"a mount with a blank in its name",
     8,
     3,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", "30 24 0:26 / /my\\040groups\\134 rw shared:4 master:2 - cgroup2 cgroup2 rw\n"},
      {"/my groups\\/app/cpu.max", "300000 100000\n"}}},
    {"files without a last line end",
     8,
     3,
     {{"/proc/self/cgroup", "0::/app"},
      {"/proc/self/mountinfo", "30 24 0:26 / /groups rw - cgroup2 cgroup2 rw"},
      {"/groups/app/cpu.max", "300000 100000"}}},
    {"an empty quota",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"}, {"/proc/self/mountinfo", MOUNT_2}, {"/sys/fs/cgroup/app/cpu.max", ""}}},
    {"a quota without a period",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "100000\n"}}},
    {"a period of zero",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "100000 0\n"}}},
    {"a quota that is no number",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"}, {"/proc/self/mountinfo", MOUNT_2}, {"/sys/fs/cgroup/app/cpu.max", "x y\n"}}},
    {"a quota beyond all numbers",
     8,
     8,
     {{"/proc/self/cgroup", "0::/app\n"},
      {"/proc/self/mountinfo", MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "99999999999999999999999999 100000\n"}}},
    {"lines that say nothing",
     8,
     3,
     {{"/proc/self/cgroup", "\n:\n0\n0:\n::\n0::/app\n"},
      {"/proc/self/mountinfo",
       "\n-\n1 2 3 4 5 6\n1 2 3 4 5 6 -\n1 2 3 4 5 6 - cgroup2\n- cgroup2 cgroup2 rw\n" MOUNT_2},
      {"/sys/fs/cgroup/app/cpu.max", "300000 100000\n"}}},
    {"no mounts", 8, 8, {{"/proc/self/cgroup", "0::/app\n"}}},
    {"no groups", 8, 8, {{"/proc/self/mountinfo", MOUNT_2}, {"/sys/fs/cgroup/cpu.max", "100000 100000\n"}}},
};

enum { EXAMPLES = sizeof examples / sizeof *examples };

static const char *example_name(int variant)
{
    return examples[variant].name;
}

/* ---------------------------------------------------------------------------------------- what the core calls ---- */

static const struct example *now;
static char long_mounts[4000]; /* instead of the example's */

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__real_fopen(const char *path, const char *mode);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);

static FILE *text_file(const char *text)
{
    return *text != '\0' ? fmemopen((void *)(uintptr_t)text, strlen(text), "r") : __real_fopen("/dev/null", "re");
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    if (now == NULL) {
        return __real_fopen(path, mode);
    }
    if (long_mounts[0] != '\0' && strcmp(path, "/proc/self/mountinfo") == 0) {
        return text_file(long_mounts);
    }
    for (size_t i = 0; i < sizeof now->files / sizeof *now->files && now->files[i].path != NULL; i++) {
        if (strcmp(path, now->files[i].path) == 0) {
            return text_file(now->files[i].text);
        }
    }
    errno = ENOENT;
    return NULL;
}

int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    if (now == NULL) {
        return __real_sched_getaffinity(process, size, set);
    }
    if (now->processors == 0) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO_S(size, set);
    for (int i = 0; i < now->processors; i++) {
        CPU_SET_S(i, size, set);
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------------- tests ---- */

static void the_least_of_mask_and_quotas_counts(int variant)
{
    now = &examples[variant];
    CHECK_EQUAL(oip_processors(), now->expected);
    now = NULL;
}

/* The lines of other file systems may be longer than any name of a group. */
static void long_lines_are_passed_over(int variant)
{
    (void)variant;
    now = &examples[2];
    for (size_t length = 900; length < 2200; length++) {
        memset(long_mounts, 'x', length);
        memcpy(long_mounts, ROOT_FS, strlen(ROOT_FS) - 1);
        strcpy(long_mounts + length, "\n" MOUNT_2);
        CHECK_EQUAL(oip_processors(), now->expected);
    }
    now = NULL;
}

static void a_pool_has_so_many_threads(int variant)
{
    now = &examples[2];
    oip_pool *pool = NULL;
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    CHECK_EQUAL(oip_pool_create(&pool, variant == 0 ? NULL : &options), 0);
    CHECK_EQUAL(oip_pool_threads(pool), now->expected);
    now = NULL;
    pool_end(pool);
}

static const char *options_or_none(int variant)
{
    return variant == 0 ? "without options" : "with options";
}

/* Whatever this machine says: at least one, and not more than the mask allows. */
static void this_machine_has_some(int variant)
{
    (void)variant;
    cpu_set_t allowed;
    CHECK_EQUAL(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CHECK(oip_processors() >= 1 && oip_processors() <= (uint32_t)CPU_COUNT(&allowed));
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"the least of mask and quotas counts", the_least_of_mask_and_quotas_counts, EXAMPLES, example_name},
        {"long lines are passed over", long_lines_are_passed_over, 0, NULL},
        {"a pool has so many threads", a_pool_has_so_many_threads, 2, options_or_none},
        {"this machine has some", this_machine_has_some, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
