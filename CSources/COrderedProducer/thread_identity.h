/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which thread this is: a number that no other thread of the process gets, before or after. The system's own names, and
 * the address of anything thread-local, go to a later thread when this one has ended; whoever is remembered by one of
 * those is taken for a stranger's namesake.
 */
#ifndef OIP_THREAD_IDENTITY_H
#define OIP_THREAD_IDENTITY_H

#include "platform.h"

OIP_PRIVATE_BEGIN

enum { THREAD_NOBODY = -1 };

/* This thread's number; 0: it was not asked for yet. Read it to compare, thread_identify() to remember. */
extern _Thread_local int64_t thread_identity;

/* The number, given at the first call. */
int64_t thread_identify(void);

OIP_PRIVATE_END

#endif
