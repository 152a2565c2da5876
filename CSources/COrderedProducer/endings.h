/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endings: every way in which production ends, and that everything ends with it.
 *
 *   in order   oip_finish(), oip_stop(), a shutdown of the pool: the tail is closed; the consumer finds it behind the
 *              last item.
 *   failure    the item s fails: the tail is closed, items behind s are not started (start_limit); the consumer finds
 * the failed stamp when it gets to s, and ends there. Items before s are all run, and any of them that fails takes the
 * place of s; so the lowest failing sequence ends the iteration, whatever the timing. at once    oip_stop_producing(),
 * OIP_FAIL_FAST, a consumer or sink that is gone, the last handle: start_limit and gate drop to 0; items that run
 * finish, all else is discarded.
 *
 * After the iteration has ended the delivery goes on as discarding (delivery.h), until the closed tail is reached: then
 * production is settled, every payload has been delivered or destroyed. When the consumer function, if any, has
 * returned too, production has ended, oip_stop() returns, and the reference that production itself holds on the
 * producer goes. The context is released with the last reference.
 */
#ifndef OIP_ENDINGS_H
#define OIP_ENDINGS_H

#include "producer.h"

OIP_PRIVATE_BEGIN

/* An item failed: the phase its stamp gets. */
enum phase ending_item_failed(struct oip_producer *producer, uint64_t sequence, int code);

/* The deliverer has arrived at the failed item that ends the iteration. */
void ending_failure_reached(struct oip_producer *producer);

/* The sink failed. */
void ending_sink_failed(struct oip_producer *producer, uint64_t sequence, int code);

/* Nothing is left to deliver or discard: called once, by the holder of the delivery. */
void ending_settled(struct oip_producer *producer);

/* One of the things that `ended` waits for has come. */
void ending_part_done(struct oip_producer *producer);

/* The pool is shutting down: production accepts no more. */
void ending_pool_shuts(struct oip_producer *producer);

/* Ends production at once. */
void ending_abort(struct oip_producer *producer);

OIP_PRIVATE_END

#endif
