/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_WATCHDOG_SECONDS = 30 };

static uint64_t seed;

uint64_t test_seed(void)
{
    return seed;
}

void check_failed(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    flockfile(stdout);
    printf("%s:%d: ", file, line);
    vprintf(format, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
    _exit(1); /* other threads may be anywhere: nothing is cleaned up */
}

static unsigned watchdog_seconds(void)
{
    const char *text = getenv("WATCHDOG");
    int seconds = text != NULL ? atoi(text) : 0;
    return seconds > 0 ? (unsigned)seconds : DEFAULT_WATCHDOG_SECONDS;
}

/* Whether the test passed, in a process of its own. */
static bool passes(const struct test *test, int variant, const char *name)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(watchdog_seconds()); /* its default action ends the process; the library's threads block signals */
        test->run(variant);
        exit(0); /* not _exit: the leak checker runs now */
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        printf("FAIL %s: fork or waitpid\n", name);
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    if (WIFSIGNALED(status)) {
        bool hung = WTERMSIG(status) == SIGALRM;
        printf("FAIL %s: %s (signal %d), SEED=%llu\n", name, hung ? "hangs" : "crashed", WTERMSIG(status),
               (unsigned long long)seed);
    } else {
        printf("FAIL %s: exit status %d, SEED=%llu\n", name, WEXITSTATUS(status), (unsigned long long)seed);
    }
    return false;
}

int run_tests(const struct test *tests, int count, char **arguments)
{
    const char *filter = "";
    const char *seed_text = getenv("SEED");
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "SEED=", 5) == 0) {
            seed_text = arguments[i] + 5;
        } else {
            filter = arguments[i];
        }
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    seed = seed_text != NULL && *seed_text != '\0' ? strtoull(seed_text, NULL, 0)
                                                   : (uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec;
    int passed = 0, failed = 0;
    for (const struct test *test = tests; test->name != NULL; test++) {
        for (int variant = 0; variant < (test->variants > 0 ? test->variants : 1); variant++) {
            char name[160];
            snprintf(name, sizeof name, "%s%s%s", test->name, test->variants > 0 ? ": " : "",
                     test->variants > 0 ? test->variant_name(variant) : "");
            if (strstr(name, filter) == NULL) {
                continue;
            }
            if (passes(test, variant, name)) {
                passed++;
            } else {
                failed++;
            }
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
