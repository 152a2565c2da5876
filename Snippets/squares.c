/* SPDX-License-Identifier: Apache-2.0 */
#include <ordered_producer.h>
#include <stdio.h>

static int square(void *context, void *payload, uint64_t sequence) /* on the pool, in place */
{
    (void)context, (void)sequence;
    *(int *)payload *= *(int *)payload;
    return 0;
}

static void *print_all(oip_producer *squares, void *argument) /* in a thread of its own, in order */
{
    for (int number; oip_next(squares, &number, NULL) == 1;)
        printf("%d\n", number);
    return argument;
}

int main(void)
{
    oip_pool *pool;
    oip_producer *squares;
    struct oip_producer_options options = OIP_PRODUCER_OPTIONS_INIT;
    options.payload_size = sizeof(int);
    options.run = square;
    if (oip_pool_create(&pool, NULL) || oip_producer_create(&squares, pool, &options) ||
        oip_start(squares, print_all, NULL))
        return fprintf(stderr, "squares: %s\n", oip_error_detail()), 1;
    for (int number = 1; number <= 10; number++)
        oip_produce(squares, &number, NULL);
    oip_stop(squares, NULL);
    oip_producer_release(squares);
    oip_pool_release(pool);
    return 0;
}
