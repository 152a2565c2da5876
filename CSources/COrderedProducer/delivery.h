/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery: who hands the head of the reorder ring to the consumer, and how the consumer waits for it.
 *
 * Guarantee. At any time at most one thread delivers (or, after an ending, discards), so items leave in order and one
 * by one. A head that is deliverable is delivered without any further event: by whoever delivers at the time, or by the
 * thread that made it deliverable, or by the consumer, which that thread wakes through the ready queue.
 *
 * How. One word per producer, a sequence and a state:
 *
 *     none      no consumer yet; items gather
 *     away      an event loop's consumer: will call oip_try_next() of its own accord, or is inside it (see below)
 *     busy      somebody delivers. A consumer thread is busy from its start, but when it is idle or paused
 *     assisting busy, and runs the item `sequence` itself, which others may be waiting for
 *     idle      nobody delivers; whoever finishes item `sequence` is to see to it
 *     queued    the consumer was told through its ready queue; or the pool was, for a sink, and where a timer has found
 *               something to discard
 *     paused    nobody delivers before oip_resume()
 *     settled   production has ended and nothing is left
 *
 *     busy -> idle(s)       the deliverer found s not finished, and looks once more at s after the change
 *     idle(s) -> queued     a thread that finished s, or ended, or resumed production: "flip"; or the timekeeper, where
 *                           the deadline of s has passed (deadline.h)
 *     queued -> busy        the consumer, or for a sink a pool thread
 *     idle(s) -> busy       for discarding, the thread that flips does the work itself; so it does for a sink, but that
 *                           only a pool thread calls the sink: another one passes over what needs no call of it, the
 *                           end included, and queues the delivery where it finds an item. So a production of which
 *                           nothing is left to deliver ends without the pool.
 *
 * Why nothing is slept through. Idle: word := idle(s), then look at the stamp of s (and at gate and tail). Finish:
 * stamp := done, then look at the word. All sequentially consistent: the deliverer sees the stamp, or the finisher sees
 * idle(s). Endings and pauses lower the gate or close the tail first and look at the word then, the same way.
 *
 * A loop's consumer takes what is finished without writing the word: the threads that finish items read it for each of
 * them, and would wait for its cache line. It says `inside` instead, in a line of its own:
 *
 *     consumer:  inside := true;   light fence;  away?   takes an item;  inside := false;  light fence;  still away?
 *     ending:    away -> queued;   heavy fence;  inside? then the consumer, which sees `queued` when it leaves,
 *                takes over the discarding; else queued -> busy, and this thread does it
 *
 * Under saturation a blocking consumer may wait for a later sequence than the head (waking.h, rule 4). Then a worker
 * that runs out of items flips as well (delivery_before_leaving), and the wait is timed. A loop has no timer, and so
 * always waits for the head.
 */
#ifndef OIP_DELIVERY_H
#define OIP_DELIVERY_H

#include "producer.h"

OIP_PRIVATE_BEGIN

enum delivery_state {
    DELIVERY_NONE,
    DELIVERY_AWAY,
    DELIVERY_BUSY,
    DELIVERY_IDLE,
    DELIVERY_QUEUED,
    DELIVERY_PAUSED,
    DELIVERY_ASSISTING,
    DELIVERY_SETTLED,
};

static inline uint64_t delivery_word(uint64_t sequence, enum delivery_state state)
{
    return sequence << 3 | (uint64_t)state;
}

static inline enum delivery_state delivery_state(uint64_t word)
{
    return (enum delivery_state)(word & 7);
}

static inline uint64_t delivery_sequence(uint64_t word)
{
    return word >> 3;
}

/* The item `sequence` has a final stamp. Any thread. */
void delivery_finished_while_waiting(struct oip_producer *producer, uint64_t word, uint64_t sequence);

static inline void delivery_after_finish(struct oip_producer *producer, uint64_t sequence)
{
    /* Sequentially consistent, after the stamp: pairs with going idle. */
    uint64_t word = atomic_load_explicit(&producer->delivery, memory_order_seq_cst);
    if (delivery_state(word) == DELIVERY_IDLE || delivery_state(word) == DELIVERY_ASSISTING) {
        delivery_finished_while_waiting(producer, word, sequence);
    }
}

/*
 * The head for which the holder is idle, as the word says, can be delivered without being finished: it is due. For the
 * timekeeper: whoever delivers or discards is told, and nothing of the user's is called here.
 */
void delivery_due(struct oip_producer *producer, uint64_t word);

/* A worker found nothing to claim: what finished under moderation is delivered now. */
void delivery_before_leaving(struct oip_producer *producer);

/* This thread is about to sleep, perhaps inside items: what finished before them is delivered now. */
void delivery_before_waiting(void);

/*
 * The `count` items from `first` on were published, and the holder is idle on one of them, as `word` says. True: all of
 * them are looked after, by the consumer thread that was woken to run the one, or since this thread has discarded what
 * there was to discard. Under no lock.
 */
bool delivery_published(struct oip_producer *producer, uint64_t word, uint64_t first, uint64_t count);

/* The holder lets go of a head that is for a sink: a pool thread is called, and takes it over. Needs a reference. */
void delivery_queue(struct oip_producer *producer, uint64_t head);

/* Whether a pool thread has to deliver; and its doing so. */
bool delivery_needs_pool(struct oip_producer *producer);
void delivery_on_pool(struct oip_producer *producer, uint32_t *until_sample);

/* Gate, tail or pause have changed: whoever waits looks again. Any thread; may discard. */
void delivery_kick(struct oip_producer *producer);

/*
 * Production was ended at once: what no consumer thread is about to clear away is discarded here. The event loop of a
 * ready queue is told; it finds the end.
 */
void delivery_abort(struct oip_producer *producer);

/* The holder of the delivery ends the iteration: what is outstanding is discarded as it finishes. */
void delivery_end(struct oip_producer *producer);

OIP_PRIVATE_END

#endif
