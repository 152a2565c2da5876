/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parking: one thread sleeps until another signals it.
 *
 * Guarantee. A signal sent after parking_ticket() was taken ends the parking_wait() that was given the ticket, whether
 * it is sent before or during the wait. Signals are remembered, and several count as one.
 *
 * Use. The thread that is about to sleep takes a ticket, announces that it sleeps in a word that its wakers read, looks
 * once more for what it would sleep through, and waits with the ticket. A waker makes the work visible, reads the
 * announcement, and signals if there is one. Announcement and last look, work and reading of the announcement: these
 * two pairs are sequentially consistent, so at least one side sees the other. The pairs are named where they stand
 * (park and wake in pool.c, idle and flip in delivery.c, wait and grant in window.c).
 *
 * How. An event count, ck_ec, whose counter and "somebody sleeps" flag share one futex word, so that a signal nobody
 * waits for is one atomic addition and no system call. ck_ec leaves waiting and waking to its user and wakes everybody
 * who waits; each parking place here has one sleeper. It also backs off in steps, timed sleeps that grow; that is for
 * its single-producer mode, where a wake-up can be lost, and is switched off: a signal here is always a locked
 * addition.
 */
#ifndef OIP_PARKING_H
#define OIP_PARKING_H

#include "ck.h"

OIP_PRIVATE_BEGIN

struct parking {
    struct ck_ec32 event;
};

#define PARKING_FOREVER UINT64_MAX

void parking_init(struct parking *place);

/* Taken before the announcement; see above. */
uint32_t parking_ticket(const struct parking *place);

/*
 * True if signalled since the ticket was taken; false where oip_now() is `until` without a signal. Never wakes for
 * nothing. A time and no span: a thread that loses its processor before it sleeps sleeps no longer for that.
 */
bool parking_wait(struct parking *place, uint32_t ticket, uint64_t until);

void parking_signal(struct parking *place);

/* Sleeps for so long, whatever happens. */
void parking_nap(uint64_t ns);

OIP_PRIVATE_END

#endif
