/* SPDX-License-Identifier: Apache-2.0 */
#include "points.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const struct {
    const char *name, *about;
} names[] = {
#define POINT(name, about) {#name, about},
    POINTS(POINT)
#undef POINT
};

static struct point_count *counts;

const char *point_name(enum point point)
{
    return names[point].name;
}

enum point point_named(const char *name, size_t length)
{
    for (unsigned i = 0; i < POINT_COUNT; i++) {
        if (strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0) {
            return (enum point)i;
        }
    }
    return NO_POINT;
}

struct point_count *points_begin(void)
{
    void *shared = mmap(NULL, POINT_COUNT * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counts = shared != MAP_FAILED ? shared : NULL;
    return counts;
}

struct point_count *point_count(enum point point)
{
    return counts != NULL ? &counts[point] : NULL;
}

bool points_report(bool complain)
{
    bool all = true;
    for (unsigned i = 0; i < POINT_COUNT; i++) {
        printf("  %-26s passed %9llu times, left to another thread %8llu times: %s\n", names[i].name,
               (unsigned long long)counts[i].passed, (unsigned long long)counts[i].deviated, names[i].about);
    }
    for (unsigned i = 0; complain && i < POINT_COUNT; i++) {
        if (counts[i].passed == 0) {
            printf("  no play passes the point %s of the core: one is missing\n", names[i].name);
            all = false;
        }
    }
    return all;
}
