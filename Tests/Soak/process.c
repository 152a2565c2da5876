/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include "../COrderedProducerTests/Support/check.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

static int entries(const char *path)
{
    DIR *directory = opendir(path);
    CHECK(directory != NULL);
    int count = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    unsigned long all = 0, resident = 0;
    CHECK_EQUAL(fscanf(file, "%lu %lu", &all, &resident), 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void holdings_begin(void)
{
    CHECK_EQUAL(mallopt(M_ARENA_MAX, 1), 1);
}

struct holdings holdings_now(void)
{
    struct holdings holdings = {0};
    holdings.threads = entries("/proc/self/task");
    holdings.descriptors = entries("/proc/self/fd") - 1; /* the directory's own */
    struct mallinfo2 heap = mallinfo2();
    holdings.heap = heap.uordblks + heap.hblkhd;
    malloc_trim(0);
    holdings.resident = resident_bytes();
    return holdings;
}
