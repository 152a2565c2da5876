/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processors that this process may use: those of its affinity mask, and no more than its control groups give it
 * time for, rounded up.
 *
 * A quota binds a group and all groups below it, so the least counts of those from the process's group up to the root
 * that is visible. /proc/self/cgroup names the process's group in each hierarchy; /proc/self/mountinfo says where a
 * hierarchy is mounted, and which of its groups is the root of what is seen there: in a container that is the
 * container's own group, which a control group namespace calls "/".
 *
 *     version 2   cpu.max            "150000 100000", microseconds in each period of so many; "max 100000": no quota
 *     version 1   cpu.cfs_quota_us   "150000", or "-1": no quota; cpu.cfs_period_us: the period
 *
 * What cannot be read, or is not understood, is no quota. Control groups: Linux,
 * Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/; mountinfo: proc(5).
 */
#include "platform.h"

#include <ordered_producer.h>

#include <sched.h>
#include <stdio.h>

/* Longer lines and names are passed over: they are other file systems'. */
enum { LINE_SIZE = 1024, NAME_SIZE = 512 };

enum version { VERSION_1, VERSION_2, VERSIONS };

struct search {
    uint32_t least;
    char line[LINE_SIZE];
    char groups[VERSIONS][NAME_SIZE]; /* of this process; empty: unknown */
};

/* The next whole line without its end, or false. */
static bool next_line(FILE *file, char line[LINE_SIZE])
{
    while (fgets(line, LINE_SIZE, file) != NULL) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
            return true;
        }
        int next;
        do {
            next = fgetc(file);
        } while (next != EOF && next != '\n');
        if (next == EOF && strlen(line) + 1 < LINE_SIZE) {
            return true; /* the last one has no end */
        }
    }
    return false;
}

/* Cuts the word off that begins at `*rest`, up to `delimiter`. NULL where nothing is left. */
static char *next_word(char **rest, char delimiter)
{
    char *word = *rest;
    if (word == NULL) {
        return NULL;
    }
    *rest = strchr(word, delimiter);
    if (*rest != NULL) {
        *(*rest)++ = '\0';
    }
    return word;
}

/* Whether `word` is one of the words of `list`, which commas separate. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    while (list != NULL) {
        if (strncmp(list, word, length) == 0 && (list[length] == ',' || list[length] == '\0')) {
            return true;
        }
        list = strchr(list, ',');
        list += list != NULL;
    }
    return false;
}

static bool copy_name(char to[NAME_SIZE], const char *from)
{
    size_t length = strlen(from);
    if (length >= NAME_SIZE) {
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

/* A positive decimal number, or 0. What follows it does not count. */
static uint64_t number(const char *text)
{
    uint64_t value = 0;
    for (; *text >= '0' && *text <= '9' && value < UINT64_MAX / 100; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

/* "0::/group" is version 2's; "4:cpu,cpuacct:/group" version 1's. */
static void find_groups(struct search *search)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) {
        return;
    }
    while (next_line(file, search->line)) {
        char *rest = search->line;
        const char *hierarchy = next_word(&rest, ':'), *controllers = next_word(&rest, ':');
        if (rest == NULL) {
            continue;
        }
        if (strcmp(hierarchy, "0") == 0 && *controllers == '\0') {
            copy_name(search->groups[VERSION_2], rest);
        } else if (lists(controllers, "cpu")) {
            copy_name(search->groups[VERSION_1], rest);
        }
    }
    fclose(file);
}

/* The first line of a file of the group `directory`. */
static bool read_file(struct search *search, const char *directory, const char *name)
{
    int length = snprintf(search->line, LINE_SIZE, "%s/%s", directory, name);
    FILE *file = length < LINE_SIZE ? fopen(search->line, "re") : NULL;
    if (file == NULL) {
        return false;
    }
    bool is_read = next_line(file, search->line);
    fclose(file);
    return is_read;
}

/* Microseconds of all processors in each `*period`; 0: no quota. */
static uint64_t quota_of(struct search *search, enum version version, const char *directory, uint64_t *period)
{
    uint64_t quota;
    if (version == VERSION_2) {
        if (!read_file(search, directory, "cpu.max")) {
            return 0;
        }
        char *rest = search->line;
        quota = number(next_word(&rest, ' '));
        *period = rest != NULL ? number(rest) : 0;
    } else {
        quota = read_file(search, directory, "cpu.cfs_quota_us") ? number(search->line) : 0;
        *period = read_file(search, directory, "cpu.cfs_period_us") ? number(search->line) : 0;
    }
    return quota;
}

/* Names in mountinfo have blanks and the like as three octal digits. In place. */
static void decode(char *name)
{
    char *to = name;
    for (const char *from = name; *from != '\0'; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
            from[3] <= '7') {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* What the name of `group` says behind that of `root`; NULL where it is not a part of it, or out of sight. */
static const char *below(const char *group, const char *root)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    bool is_below =
        strncmp(group, root, length) == 0 && (group[length] == '/' || (length > 0 && group[length] == '\0'));
    return is_below && strstr(group, "/..") == NULL ? group + length : NULL;
}

/* Looks at the process's group in the hierarchy that is mounted at `mount`, and at all above it. */
static void look_upwards(struct search *search, enum version version, const char *mount, const char *root)
{
    char directory[NAME_SIZE];
    size_t top = strlen(mount);
    const char *group = below(search->groups[version], root);
    if (group == NULL || snprintf(directory, NAME_SIZE, "%s%s", mount, group) >= NAME_SIZE) {
        return;
    }
    for (;;) {
        uint64_t period;
        uint64_t quota = quota_of(search, version, directory, &period);
        if (quota != 0 && period != 0) {
            uint64_t processors = (quota - 1) / period + 1;
            search->least = processors < search->least ? (uint32_t)processors : search->least;
        }
        char *last = strrchr(directory, '/');
        if (last == NULL || last < directory + top) {
            return;
        }
        *last = '\0';
    }
}

/* "36 35 0:30 /root /mount rw,nosuid shared:1 - cgroup cgroup rw,cpu,cpuacct": what is before "-" may be more. */
static void look_at_mounts(struct search *search)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (file == NULL) {
        return;
    }
    while (next_line(file, search->line)) {
        char *rest = search->line, *root = NULL, *mount = NULL, *word;
        for (int i = 0; (word = next_word(&rest, ' ')) != NULL && strcmp(word, "-") != 0; i++) {
            root = i == 3 ? word : root;
            mount = i == 4 ? word : mount;
        }
        const char *type = next_word(&rest, ' ');
        next_word(&rest, ' ');
        if (type == NULL || mount == NULL || rest == NULL) {
            continue;
        }
        enum version version = strcmp(type, "cgroup2") == 0 ? VERSION_2 : VERSION_1;
        if (version == VERSION_1 && (strcmp(type, "cgroup") != 0 || !lists(rest, "cpu"))) {
            continue;
        }
        char mount_name[NAME_SIZE], root_name[NAME_SIZE];
        if (copy_name(mount_name, mount) && copy_name(root_name, root)) {
            decode(mount_name);
            decode(root_name);
            look_upwards(search, version, mount_name, root_name); /* which uses the line */
        }
    }
    fclose(file);
}

uint32_t oip_processors(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    /* Fails where there are more than cpu_set_t has room for: then there are enough. */
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : CPU_SETSIZE;
    struct search search = {.least = (uint32_t)count};
    find_groups(&search);
    look_at_mounts(&search);
    return search.least;
}
