/* SPDX-License-Identifier: Apache-2.0 */
/* The set of late items: against a plain model, and without memory. */
#include "late_items.h"
#include "Support/dice.h"
#include "wrapped.h"

#include <stdlib.h>

enum { MOST = 600 };

/* `stride` apart: sequences that fall into one another's places. */
static void random_items(struct late_items *late, uint64_t stride)
{
    struct dice dice = {test_seed()};
    bool is_late[MOST] = {false};
    for (int step = 0; step < 20000; step++) {
        int item = below(&dice, 1 + step % MOST);
        uint64_t sequence = (uint64_t)item * stride;
        if (!is_late[item] && chance(&dice, 2)) {
            late_items_add(late, sequence);
            is_late[item] = true;
        } else {
            CHECK_EQUAL(late_items_remove(late, sequence), is_late[item]);
            is_late[item] = false;
        }
    }
    for (int item = 0; item < MOST; item++) {
        CHECK_EQUAL(late_items_remove(late, (uint64_t)item * stride), is_late[item]);
    }
    CHECK_EQUAL(late->count, 0);
}

static void each_item_is_late_once(int variant)
{
    static const uint64_t strides[] = {1, 1024, (uint64_t)1 << 40};
    struct late_items late = {0};
    CHECK(!late_items_remove(&late, 0));
    random_items(&late, strides[variant]);
    CHECK_EQUAL(late.unknown, 0);
    late_items_destroy(&late);
    CHECK_EQUAL(memory_held(), 0);
}

static const char *stride_name(int variant)
{
    static const char *const names[] = {"neighbours", "a window apart", "far apart"};
    return names[variant];
}

/* Those that could not be remembered are believed, so many and no more. */
static void without_memory_completions_are_believed(int variant)
{
    (void)variant;
    struct late_items late = {0};
    for (uint64_t i = 0; i < 3; i++) {
        let_allocation_fail(0);
        late_items_add(&late, i);
        CHECK(has_failed());
    }
    late_items_add(&late, 3);
    CHECK(late_items_remove(&late, 3));
    CHECK(late_items_remove(&late, 2));
    CHECK(late_items_remove(&late, 1));
    CHECK(late_items_remove(&late, 0));
    CHECK(!late_items_remove(&late, 0));
    late_items_destroy(&late);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"each item is late once", each_item_is_late_once, 3, stride_name},
        {"without memory completions are believed", without_memory_completions_are_believed, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
