/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items that ask for items in a window that is always full, and items that stop other producers: whoever waits inside
 * an item helps by running the next one, on the same stack. However many there are, that ends before the stack does.
 */
#include "injection.h"

#include "Support/lane.h"

#include <stdio.h>
#include <unistd.h>

enum { CHILDREN = 2, FACTOR = 3 };

struct tree {
    oip_producer *producer;
    enum consumer consumer;
    size_t window;
    long total;
    atomic_long asked;             /* of which some were refused */
    atomic_long accepted, refused; /* by the answers */
    long delivered;
    oip_ready_queue *queue;
    pthread_t thread;
};

/* The n-th asks as long as there is somebody to ask for. */
static int grow(struct tree *tree)
{
    uint64_t payload = 0;
    int result = oip_produce(tree->producer, &payload, NULL);
    if (result == 0) {
        atomic_fetch_add(&tree->accepted, 1);
    } else {
        /* Those who ask for the last ones may find that production is being stopped. */
        CHECK(result == -EDEADLK || (result == -EPIPE && atomic_load(&tree->asked) >= tree->total));
        atomic_fetch_add(&tree->refused, result == -EDEADLK);
    }
    return result;
}

static int run_node(void *context, void *payload, uint64_t sequence)
{
    struct tree *tree = context;
    *(uint64_t *)payload = sequence;
    for (int i = 0; i < CHILDREN && atomic_fetch_add(&tree->asked, 1) < tree->total; i++) {
        grow(tree);
    }
    return 0;
}

static int take_node(void *context, void *payload, uint64_t sequence)
{
    struct tree *tree = context;
    CHECK_EQUAL(sequence, tree->delivered);
    CHECK_EQUAL(*(uint64_t *)payload, sequence);
    tree->delivered++;
    return 0;
}

static void *consume_nodes(oip_producer *producer, void *argument)
{
    uint64_t payload, sequence;
    while (oip_next(producer, &payload, &sequence) == 1) {
        take_node(argument, &payload, sequence);
    }
    return NULL;
}

static void *consume_attached(void *argument)
{
    struct tree *tree = argument;
    consume_nodes(tree->producer, tree);
    oip_detach(tree->producer);
    return NULL;
}

static void *consume_in_loop(void *argument)
{
    struct tree *tree = argument;
    uint64_t payload, sequence;
    int result;
    while ((result = oip_try_next(tree->producer, &payload, &sequence)) != 0) {
        if (result == 1) {
            take_node(tree, &payload, sequence);
            continue;
        }
        CHECK_EQUAL(result, -EAGAIN);
        void *tag;
        while (oip_ready_queue_take(tree->queue, &tag) != 1) {
            CHECK_EQUAL(oip_ready_queue_wait(tree->queue, -1), 1);
        }
    }
    oip_detach(tree->producer);
    return NULL;
}

static void start(struct tree *tree)
{
    switch (tree->consumer) {
    case THREAD:
        CHECK_EQUAL(oip_start(tree->producer, consume_nodes, tree), 0);
        break;
    case ATTACHED:
        CHECK_EQUAL(oip_attach(tree->producer), 0);
        CHECK_EQUAL(pthread_create(&tree->thread, NULL, consume_attached, tree), 0);
        break;
    case SINK:
        CHECK_EQUAL(oip_start_sink(tree->producer, take_node, tree), 0);
        break;
    case LOOP:
        CHECK_EQUAL(oip_ready_queue_create(&tree->queue, NULL), 0);
        CHECK_EQUAL(oip_attach_ready_queue(tree->producer, tree->queue, tree), 0);
        CHECK_EQUAL(pthread_create(&tree->thread, NULL, consume_in_loop, tree), 0);
        break;
    case CONSUMERS:
        break;
    }
}

static void small_stacks(void)
{
    pthread_attr_t attributes;
    CHECK_EQUAL(pthread_attr_init(&attributes), 0);
    CHECK_EQUAL(pthread_attr_setstacksize(&attributes, 64 * 1024), 0);
    CHECK_EQUAL(pthread_setattr_default_np(&attributes), 0);
    pthread_attr_destroy(&attributes);
}

static const size_t windows[] = {1, 16, 1024, 16384};
enum { WINDOWS = sizeof windows / sizeof windows[0] };

/* Grows a tree of so many items; the calling thread asks, too, and helps where it waits. */
static void grow_tree(enum consumer consumer, size_t window, uint32_t threads)
{
    static struct tree tree;
    tree = (struct tree){.consumer = consumer, .window = window, .total = (long)window * FACTOR + 200};
    oip_pool *pool = pool_of(threads);
    const struct oip_producer_options options = {
        .size = sizeof options, .window = window, .payload_size = sizeof(uint64_t), .run = run_node, .context = &tree};
    CHECK_EQUAL(oip_producer_create(&tree.producer, pool, &options), 0);
    start(&tree);
    while (atomic_fetch_add(&tree.asked, 1) < tree.total) {
        CHECK_EQUAL(grow(&tree), 0); /* outside of any item: this waits as long as it takes */
    }
    CHECK_EQUAL(oip_stop(tree.producer, NULL), 0);
    if (consumer == ATTACHED || consumer == LOOP) {
        CHECK_EQUAL(pthread_join(tree.thread, NULL), 0);
    }
    CHECK_EQUAL(tree.delivered, atomic_load(&tree.accepted));
    oip_producer_release(tree.producer);
    if (tree.queue != NULL) {
        oip_ready_queue_release(tree.queue);
    }
    pool_end(pool);
    expect_nothing_left();
    printf("count items asked for inside items, taken %ld\n", atomic_load(&tree.accepted));
    printf("count items asked for inside items, refused with EDEADLK %ld\n", atomic_load(&tree.refused));
}

static void recursion_ends_before_the_stack(int variant)
{
    small_stacks();
    enum consumer consumer = (enum consumer)(variant % CONSUMERS);
    size_t window = windows[variant / CONSUMERS % WINDOWS];
    grow_tree(consumer, window, variant / CONSUMERS / WINDOWS == 0 ? 1 : 4);
}

static const char *tree_name(int variant)
{
    static char name[60];
    snprintf(name, sizeof name, "%s, window %zu, %s", consumer_name(variant % CONSUMERS),
             windows[variant / CONSUMERS % WINDOWS], variant / CONSUMERS / WINDOWS == 0 ? "1 thread" : "4 threads");
    return name;
}

/* --------------------------------------------------------------------------------------------------- stopping ---- */

enum { CHAIN = 500 };

struct chain {
    oip_producer *producers[CHAIN];
    atomic_int refused;
};

struct link {
    struct chain *chain;
    int place;
};

static int stop_the_next(void *context, void *payload, uint64_t sequence)
{
    struct link *link = context;
    (void)payload, (void)sequence;
    if (link->place + 1 < CHAIN) {
        int result = oip_stop(link->chain->producers[link->place + 1], NULL);
        CHECK(result == 0 || result == -EDEADLK);
        atomic_fetch_add(&link->chain->refused, result == -EDEADLK);
    }
    return 0;
}

static int ignore(void *context, void *payload, uint64_t sequence)
{
    (void)context, (void)payload, (void)sequence;
    return 0;
}

/* Each producer's only item stops the next producer; the only pool thread meets the first one's item first. */
static void stops_inside_one_another_end_before_the_stack(int variant)
{
    (void)variant;
    static struct chain chain;
    static struct link links[CHAIN];
    small_stacks();
    oip_pool *pool = pool_of(1);
    for (int i = 0; i < CHAIN; i++) {
        links[i] = (struct link){&chain, i};
        const struct oip_producer_options options = {.size = sizeof options,
                                                     .window = 1,
                                                     .no_assist = true,
                                                     .payload_size = sizeof(uint64_t),
                                                     .run = stop_the_next,
                                                     .context = &links[i]};
        CHECK_EQUAL(oip_producer_create(&chain.producers[i], pool, &options), 0);
        CHECK_EQUAL(oip_start_sink(chain.producers[i], ignore, NULL), 0);
    }
    for (int i = 0; i < CHAIN; i++) {
        uint64_t payload = 0;
        int result = oip_produce(chain.producers[i], &payload, NULL);
        CHECK(result == 0 || result == -EPIPE); /* an earlier one's item may have stopped this one */
    }
    for (int i = 0; i < CHAIN; i++) {
        CHECK_EQUAL(oip_stop(chain.producers[i], NULL), 0); /* from here nothing is refused */
        oip_producer_release(chain.producers[i]);
    }
    pool_end(pool);
    expect_nothing_left();
    printf("count stops inside items, refused with EDEADLK %d\n", atomic_load(&chain.refused));
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"stops inside one another end before the stack", stops_inside_one_another_end_before_the_stack, 0, NULL},
        {"recursion ends before the stack", recursion_ends_before_the_stack, CONSUMERS * WINDOWS * 2, tree_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
