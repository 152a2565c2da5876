/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options structs of other versions than the library's: an older program's is shorter, a newer program's longer. What
 * the library does not know has to be zero: it would not do what the program asks for.
 */
#include "Support/lane.h"

#include <string.h>

static oip_pool *pool;
static oip_producer *producer;
static uint64_t payload;

static int run_nothing(void *context, void *item, uint64_t number)
{
    (void)context, (void)item, (void)number;
    return 0;
}

/* A newer program's struct: what it has behind ours. */
struct newer {
    union {
        size_t size;
        struct oip_pool_options pool;
        struct oip_producer_options producer;
        struct oip_request request;
        struct oip_ready_queue_options queue;
    } known;
    uint64_t behind[4];
};

enum struct_kind { POOL, PRODUCER, REQUEST, QUEUE, KINDS };

static const char *kind_name(int kind)
{
    static const char *const names[KINDS] = {"pool", "producer", "request", "ready queue"};
    return names[kind];
}

static size_t fill_in(struct newer *newer, enum struct_kind kind)
{
    static const size_t sizes[KINDS] = {sizeof newer->known.pool, sizeof newer->known.producer,
                                        sizeof newer->known.request, sizeof newer->known.queue};
    memset(newer, 0, sizeof *newer);
    if (kind == PRODUCER) {
        newer->known.producer.payload_size = 8;
        newer->known.producer.run = run_nothing;
    } else if (kind == REQUEST) {
        newer->known.request.payload = &payload;
    }
    return sizes[kind];
}

/* Uses the struct as one of `size` bytes; what it made is given back. */
static int use(struct newer *newer, enum struct_kind kind, size_t size)
{
    oip_pool *made_pool;
    oip_producer *made_producer;
    oip_ready_queue *made_queue;
    int result = -1;
    newer->known.size = size;
    switch (kind) {
    case POOL:
        result = oip_pool_create(&made_pool, &newer->known.pool);
        if (result == 0) {
            pool_end(made_pool);
        }
        break;
    case PRODUCER:
        result = oip_producer_create(&made_producer, pool, &newer->known.producer);
        if (result == 0) {
            oip_producer_release(made_producer);
        }
        break;
    case REQUEST:
        result = oip_request(producer, &newer->known.request, NULL);
        break;
    case QUEUE:
        result = oip_ready_queue_create(&made_queue, &newer->known.queue);
        if (result == 0) {
            oip_ready_queue_release(made_queue);
        }
        break;
    case KINDS:
        break;
    }
    return result;
}

static void options_of_a_newer_program(int variant)
{
    enum struct_kind kind = (enum struct_kind)variant;
    struct newer newer;
    pool = pool_of(1);
    CHECK_EQUAL(oip_producer_create(&producer, pool, OPTIONS(.window = 64, .payload_size = 8, .run = run_nothing)), 0);
    size_t known = fill_in(&newer, kind);
    CHECK_EQUAL(use(&newer, kind, known), 0);
    CHECK_EQUAL(use(&newer, kind, known + 8), 0);
    CHECK_EQUAL(use(&newer, kind, known + 16), 0);
    for (size_t i = 0; i < 16; i++) {
        fill_in(&newer, kind);
        ((char *)&newer)[known + i] = 1;
        CHECK_EQUAL(use(&newer, kind, known + 16), -EINVAL);
        CHECK(strstr(oip_error_detail(), "does not know") != NULL);
        CHECK_EQUAL(use(&newer, kind, known), 0); /* not read */
    }
    CHECK_EQUAL(use(&newer, kind, SIZE_MAX / 8 * 8), -EINVAL); /* never written: not read either */
    CHECK_EQUAL(use(&newer, kind, 0), -EINVAL);
    oip_producer_release(producer);
    pool_end(pool);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"options of a newer program", options_of_a_newer_program, KINDS, kind_name},
        {0},
    };
    return run_tests(tests, count, arguments);
}
