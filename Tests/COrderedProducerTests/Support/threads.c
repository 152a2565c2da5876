/* SPDX-License-Identifier: Apache-2.0 */
#include "threads.h"

#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Calls `look` with the path of each thread's directory and adds up. */
static uint64_t sum_of_threads(uint64_t (*look)(const char *path, const void *argument), const void *argument)
{
    DIR *directory = opendir("/proc/self/task");
    CHECK(directory != NULL);
    uint64_t sum = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.') {
            char path[300];
            snprintf(path, sizeof path, "/proc/self/task/%s", entry->d_name);
            sum += look(path, argument);
        }
    }
    closedir(directory);
    return sum;
}

static FILE *open_in(const char *path, const char *file)
{
    char full[330];
    snprintf(full, sizeof full, "%s/%s", path, file);
    return fopen(full, "r"); /* NULL: the thread has left */
}

enum { NAME_SIZE = 64 };

static void read_name(char line[NAME_SIZE], const char *path)
{
    FILE *file = open_in(path, "comm");
    line[0] = '\0';
    if (file != NULL) {
        if (fgets(line, NAME_SIZE, file) == NULL) {
            line[0] = '\0';
        }
        fclose(file);
    }
    line[strcspn(line, "\n")] = '\0';
}

static uint64_t has_name(const char *path, const void *name)
{
    char line[NAME_SIZE];
    read_name(line, path);
    return strcmp(line, name) == 0;
}

static uint64_t has_another_name(const char *path, const void *name)
{
    char line[NAME_SIZE];
    read_name(line, path);
    return line[0] != '\0' && strcmp(line, name) != 0;
}

int library_threads(void)
{
    char program[NAME_SIZE];
    read_name(program, "/proc/self");
    return (int)sum_of_threads(has_another_name, program);
}

int threads_named(const char *name)
{
    return (int)sum_of_threads(has_name, name);
}

static uint64_t switches(const char *path, const void *program)
{
    if (!has_another_name(path, program)) {
        return 0;
    }
    FILE *file = open_in(path, "status");
    uint64_t sum = 0;
    if (file != NULL) {
        char line[200];
        while (fgets(line, sizeof line, file) != NULL) {
            unsigned long long number;
            if (sscanf(line, "voluntary_ctxt_switches: %llu", &number) == 1 ||
                sscanf(line, "nonvoluntary_ctxt_switches: %llu", &number) == 1) {
                sum += number;
            }
        }
        fclose(file);
    }
    return sum;
}

uint64_t library_switches(void)
{
    char program[NAME_SIZE];
    read_name(program, "/proc/self");
    return sum_of_threads(switches, program);
}

bool thread_is_asleep(pid_t thread)
{
    char path[40], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    FILE *file = thread != 0 ? fopen(path, "r") : NULL;
    bool read = file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) == 1;
    if (file != NULL) {
        fclose(file);
    }
    return read && state == 'S';
}
