/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait for room (window.h): callers find the window full, enlist, look once more, and sleep. Whoever delivers makes
 * room, and lets in from a quarter of the window on; at once only where nothing is ready and somebody is eager. Whoever
 * claims the last ready item lets in, too.
 *
 * The first caller is a blocking one: patient first, it sleeps for a bounded time, and only then becomes eager. The
 * second is a callback, which is eager at once and cannot look again. The deliverer stores its head and looks at
 * callers_wait with a light fence between, so its head is modelled with a store buffer, which a full fence of its own or
 * anybody's heavy fence empties. The mark that makes deliveries fence may be taken away whenever nobody waits.
 *
 * One item does not finish before the last one was asked for: somebody has to be let in beside it.
 *
 * Shown: at most WINDOW items are outstanding; when nobody can go on, all items were asked for and delivered.
 *
 * BROKEN=1: no look at the room, neither after enlisting nor as an eager caller. BROKEN=2: no heavy fence with the mark.
 * BROKEN=3: the patient sleep is not bounded. BROKEN=4: deliveries do not fence where they are to. BROKEN=5: whoever
 * claims the last ready item does not look.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define CALLERS 2
#define ITEMS 3 /* of each caller */
#define TOTAL 6
#define WINDOW 4
#define QUARTER 2 /* more than one, so that there is a difference */
#define SLOW 2    /* the item that waits for the last one */

byte tail;
byte claim;
byte head;     /* what others see */
byte head_own; /* what the deliverer has stored: equal to head once its buffer is empty */
bool waits, eager, fenced; /* callers_wait */
bool must_queue;           /* TAIL_CALLERS_WAIT */
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
    :: empty(list) -> atomic { waits = false; eager = false }; must_queue = false
    :: else
    fi
}

/* window_grant() */
inline let_in() { acquire(); grant(); release() }

/* say_that_callers_wait(), under the lock: `fence` is whether this is the one to fence deliveries. */
inline say_that_an_eager_one_waits() { atomic { fence = !fenced; waits = true; eager = true; fenced = true } }

/* fence_deliveries() */
inline fence_deliveries() {
    if
    :: fence ->
#if BROKEN != 2
        head = head_own; /* the heavy fence empties everybody's buffers */
#endif
#if BROKEN != 1
        let_in()
#endif
    :: else
    fi
}

proctype Caller(byte me) {
    byte asked, first;
    bool in, fence;
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
        fence = false;
        if
        :: me == 0 -> waits = true
        :: else -> say_that_an_eager_one_waits()
        fi;
#if BROKEN != 1
        grant();
#endif
        release();
        fence_deliveries();
        /* The first sleep of a thread is timed, the next are not. */
        if
        :: told[me] -> goto next
#if BROKEN != 3
        :: me == 0 ->
#else
        :: false ->
#endif
            acquire();
            fence = false;
            if
            :: !told[me] ->
                say_that_an_eager_one_waits();
#if BROKEN != 1
                grant()
#endif
            :: else
            fi;
            release();
            fence_deliveries()
        :: me != 0
        fi;
end_asleep:
        told[me];
next:
        skip
    :: else -> break
    od
}

proctype Worker() {
    byte first;
    do
    :: atomic { claim < tail -> claim++ };
        /* window_after_claim() */
#if BROKEN != 5
        if
        :: waits && claim == tail && tail - head < WINDOW -> let_in()
        :: else
        fi
#endif
    :: delivered == TOTAL -> break
    od
}

proctype Deliverer() {
    byte first;
    bool seen_waits, seen_eager, seen_fenced;
    do
    :: delivered == TOTAL -> break
    :: claim > head_own && (head_own != SLOW || tail == TOTAL) ->
        head_own++;
        delivered++;
        /* window_after_delivery(): the light fence orders nothing but the compiler. */
        atomic { seen_waits = waits; seen_eager = eager; seen_fenced = fenced };
        if
#if BROKEN != 4
        :: seen_fenced ->
            head = head_own;
            atomic { seen_waits = waits; seen_eager = eager }
#endif
        :: else
        fi;
        if
        :: seen_waits && (WINDOW - (tail - head_own) >= QUARTER || (seen_eager && claim == tail)) ->
            head = head_own; /* a locked operation: empties the buffer */
            let_in()
        :: seen_fenced && !seen_waits ->
            /* unfence_deliveries(), or not yet */
            if
            :: atomic { fenced && !waits -> fenced = false }
            :: true
            fi
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
    timeout -> assert(delivered == TOTAL && empty(list))
}

init {
    byte i;
    atomic {
        for (i : 0 .. CALLERS - 1) { run Caller(i) }
        run Worker();
        run Deliverer();
        run Buffer()
    }
}
