/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait for room (window.h): callers find the window full, enlist, look once more, and sleep; whoever delivers makes
 * room and grants from a quarter of the window on, at once only to callers that wait eagerly.
 *
 * A blocking caller is patient first: it sleeps for a bounded time, and only then asks to be let in eagerly, with a heavy
 * fence; the deliverer's side of it is a plain store of the head and a plain look, with a light fence between. So the
 * deliverer's head is modelled with a store buffer, which the heavy fence empties.
 *
 * Shown: at most WINDOW items are outstanding; when nobody can go on, all items were asked for and delivered.
 *
 * BROKEN=1: no look at the room, neither after enlisting nor as an eager caller. BROKEN=2: no heavy fence when a caller becomes eager. BROKEN=3: the
 * patient sleep is not bounded.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define CALLERS 2
#define ITEMS 3 /* of each caller */
#define WINDOW 4
#define QUARTER 2 /* more than one, so that there is a difference */

mtype = { nobody, patient, eager };

byte tail;
byte head;        /* what others see */
byte head_own;    /* what the deliverer has stored: equal to head once its buffer is empty */
mtype callers_wait = nobody;
bool must_queue;  /* TAIL_CALLERS_WAIT */
bool lock;
chan list = [CALLERS] of { byte };
bool told[CALLERS]; /* granted */
byte delivered;

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }

/* Under the lock. */
inline grant() {
    do
    :: nempty(list) && tail - head < WINDOW ->
        atomic { tail++; assert(tail - head_own <= WINDOW); list?first; told[first] = true }
    :: else -> break
    od;
    if
    :: empty(list) -> callers_wait = nobody; must_queue = false
    :: else
    fi
}

proctype Caller(byte me) {
    byte asked, first;
    bool in;
    do
    :: asked < ITEMS ->
        asked++;
        in = false;
        atomic { /* ring_reserve() */
            if
            :: !must_queue && tail - head < WINDOW -> tail++; assert(tail - head_own <= WINDOW); in = true
            :: else
            fi
        }
        if
        :: in -> goto next
        :: else
        fi;
        /* enlist() */
        acquire();
        must_queue = true;
        told[me] = false;
        list!me;
        if
        :: callers_wait == nobody -> callers_wait = patient
        :: else
        fi;
#if BROKEN != 1
        grant();
#endif
        release();
        /* The first sleep is timed, the next are not. */
        if
        :: told[me] -> goto next
#if BROKEN != 3
        :: true
#endif
        fi;
        acquire();
        callers_wait = eager;
#if BROKEN != 2
        head = head_own; /* the heavy fence empties everybody's buffers */
#endif
#if BROKEN != 1
        grant();
#endif
        release();
end_asleep:
        told[me];
next:
        skip
    :: else -> break
    od
}

proctype Deliverer() {
    byte first;
    mtype seen;
    do
    :: delivered == CALLERS * ITEMS -> break
    :: delivered < CALLERS * ITEMS && tail > head_own ->
        head_own++;
        delivered++;
        /* window_after_delivery(): the light fence orders nothing but the compiler. */
        seen = callers_wait;
        if
        :: seen != nobody ->
            acquire(); /* a locked operation: empties the buffer */
            head = head_own;
            if
            :: WINDOW - (tail - head) >= QUARTER || (seen == eager && tail == head) -> grant()
            :: else
            fi;
            release()
        :: else
        fi
    od;
    head = head_own
}

/* The buffer empties by itself, some time. */
proctype Buffer() {
end_buffer:
    do
    :: atomic { head != head_own -> head = head_own }
    od
}

active proctype Judge() {
end_judge:
    timeout -> assert(delivered == CALLERS * ITEMS && empty(list))
}

init {
    byte i;
    atomic {
        for (i : 0 .. CALLERS - 1) { run Caller(i) }
        run Deliverer();
        run Buffer()
    }
}
