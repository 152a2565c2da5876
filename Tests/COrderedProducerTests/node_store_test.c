/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of a run queue: each is found by its number, those that were returned are taken again, and memory ends. */
#include "node_store.h"
#include "wrapped.h"

enum { NODES = 1000 };

static void each_node_is_found_by_its_number(int variant)
{
    (void)variant;
    struct node_store store;
    struct node *nodes[NODES];
    CHECK_EQUAL(node_store_init(&store), 0);
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[i] = node_store_take(&store);
        CHECK(nodes[i] != NULL);
        CHECK_EQUAL(nodes[i]->number, i + 1);
        for (uint32_t k = 0; k <= i; k++) {
            CHECK(node_of(&store, k + 1) == nodes[k]); /* the old ones are where they were */
        }
    }
    for (uint32_t i = 0; i < NODES; i++) {
        node_store_return(&store, nodes[i]);
    }
    long held = memory_held();
    for (uint32_t i = 0; i < NODES; i++) {
        CHECK(node_store_take(&store) == nodes[NODES - 1 - i]);
    }
    CHECK_EQUAL(memory_held(), held);
    node_store_destroy(&store);
    CHECK_EQUAL(memory_held(), 0);
}

static void numbers_and_chunks_agree(int variant)
{
    (void)variant;
    CHECK_EQUAL(chunk_start(0), 1);
    for (unsigned chunk = 0; chunk < NODE_CHUNKS; chunk++) {
        CHECK_EQUAL(node_chunk(chunk_start(chunk)), chunk);
        CHECK_EQUAL(node_chunk(chunk_start(chunk + 1) - 1), chunk);
    }
    CHECK(chunk_start(NODE_CHUNKS) - 1 < (uint32_t)1 << NODE_NUMBER_BITS); /* the last number fits */
}

static void without_memory_there_is_none(int variant)
{
    (void)variant;
    struct node_store store;
    CHECK_EQUAL(node_store_init(&store), 0);
    let_allocation_fail(0);
    CHECK(node_store_take(&store) == NULL);
    CHECK(has_failed());
    CHECK_EQUAL(node_store_take(&store)->number, 1); /* another time */
    node_store_destroy(&store);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"each node is found by its number", each_node_is_found_by_its_number, 0, NULL},
        {"numbers and chunks agree", numbers_and_chunks_agree, 0, NULL},
        {"without memory there is none", without_memory_there_is_none, 0, NULL},
        {0},
    };
    return run_tests(tests, count, arguments);
}
