/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

const struct cast *cast;
struct side sides[MOST_SIDES];
unsigned side_count;
oip_pool *pool;
oip_ready_queue *queue;
struct event notified;
