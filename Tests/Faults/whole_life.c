/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios.h"

/* A whole life, by somebody who gives back what there is when one of the calls fails. */
int live_whole_life(struct stage *stage)
{
    (void)stage;
    oip_pool *pool = NULL;
    oip_producer *producer = NULL;
    uint64_t count = 0;
    struct oip_pool_options options = OIP_POOL_OPTIONS_INIT;
    options.threads = 2;
    int result = oip_pool_create(&pool, &options);
    if (result != 0) {
        return result;
    }
    result = oip_producer_create(&producer, pool, &small_options);
    if (result == 0) {
        result = oip_pool_resize(pool, 3);
        if (result == 0) {
            result = oip_start(producer, count_items, &count);
            for (uint64_t i = 0; i < 50 && result == 0; i++) {
                CHECK_EQUAL(oip_produce(producer, &i, NULL), 0);
            }
            CHECK_EQUAL(oip_stop(producer, NULL), 0);
            CHECK_EQUAL(count, result == 0 ? 50 : 0);
        }
        oip_producer_release(producer);
    }
    CHECK_EQUAL(oip_pool_shutdown(pool), 0);
    oip_pool_release(pool);
    return result;
}
