/* SPDX-License-Identifier: Apache-2.0 */
/* A program that knows the public header only, built as C and as C++. */
#include <ordered_producer.h>

#include <stdio.h>

static int make_square(void *argument, void **result)
{
    int *number = (int *)argument;
    *number *= *number;
    *result = number;
    return 0;
}

static int failures;

static int expect_square(void *context, void *payload, uint64_t sequence)
{
    int *number = *(int **)payload;
    int root = (int)sequence + 1;
    if (*number != root * root || context != &failures) {
        failures++;
    }
    return 0;
}

int main(void)
{
    struct oip_pool_options pool_options = OIP_POOL_OPTIONS_INIT;
    pool_options.threads = 2;
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    oip_pool *pool;
    oip_producer *producer;
    int numbers[100];
    if (oip_pool_create(&pool, &pool_options) != 0 || oip_producer_create(&producer, pool, &options) != 0 ||
        oip_start_sink(producer, expect_square, &failures) != 0) {
        printf("%s\n", oip_error_detail());
        return 1;
    }
    for (int i = 0; i < 100; i++) {
        numbers[i] = i + 1;
        if (oip_produce_call(producer, make_square, &numbers[i], NULL) != 0) {
            failures++;
        }
    }
    if (oip_stop(producer, NULL) != 0) {
        failures++;
    }
    struct oip_statistics statistics;
    statistics.size = sizeof statistics;
    if (oip_get_statistics(producer, &statistics) != 0 || statistics.delivered != 100) {
        failures++;
    }
    oip_producer_release(producer);
    if (oip_pool_shutdown(pool) != 0) {
        failures++;
    }
    oip_pool_release(pool);
    printf("%s\n", oip_strerror(failures == 0 ? 0 : -1));
    return failures != 0;
}
