/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little that these tests need of a framework: a table of tests, each run in a child process of its own with an
 * alarm, so that one that crashes or hangs fails by its name and the others still run.
 *
 *     program [FILTER] [SEED=number]       runs the tests whose name contains FILTER
 *
 * WATCHDOG in the environment is the alarm in seconds. It bounds a test that hangs; no test passes because of it.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

struct test {
    const char *name;
    void (*run)(int variant);
    int variants; /* 0: one, without a name of its own */
    const char *(*variant_name)(int);
};

/* Runs the tests of a table that ends with an empty entry; the value is main()'s. Prints "N passed, N failed" last. */
int run_tests(const struct test *tests, int count, char **arguments);

/* SEED=… of the command line or the environment; otherwise one that differs from run to run. Printed with the test. */
uint64_t test_seed(void);

void check_failed(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn, cold));

/* Ends the test where the condition does not hold. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            check_failed(__FILE__, __LINE__, "%s does not hold", #condition);                                          \
        }                                                                                                              \
    } while (0)

/* Ends the test where two integers differ. */
#define CHECK_EQUAL(left, right)                                                                                       \
    do {                                                                                                               \
        long long left_ = (long long)(left), right_ = (long long)(right);                                              \
        if (left_ != right_) {                                                                                         \
            check_failed(__FILE__, __LINE__, "%s is %lld, not %s = %lld", #left, left_, #right, right_);               \
        }                                                                                                              \
    } while (0)

#endif
