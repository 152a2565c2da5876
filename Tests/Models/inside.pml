/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits for room inside an item (window.h, CALLERS_URGENT). The item that waits takes up the width, so what is claimable
 * is claimable for nobody, and less than a quarter of the window may be all the room that there will ever be. Who ends
 * such a wait is whoever frees a slot, also by making it hopeless where the slot goes to another caller.
 *
 * A caller asks for items and helps while the window is full; item ASKING asks for one more, on a worker or on the
 * caller's own thread. A thread that is no worker sleeps once for a bounded time, then for good; a worker's sleeps are
 * all timed. The deliverer's head is modelled with a store buffer, as in window.pml.
 *
 * Shown: at most WINDOW items are outstanding; when nobody can go on nobody waits, and all that was accepted is
 * delivered; each payload is either copied into one slot, or its request is refused and it stays its caller's.
 *
 * BROKEN=1: who waits inside an item waits like any eager caller. BROKEN=2: a grant does not tell those whose wait it
 * makes hopeless. BROKEN=3: who waits inside an item makes no heavy fence, nor is its first sleep timed.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define WINDOW 4
#define QUARTER 2 /* more than one, so that there is a difference */
#define ITEMS 5   /* that the caller asks for; one more is asked for inside */
#define ASKING 1
#define NO_ITEM 99

/* Patience. */
#define NOBODY 0
#define PATIENT 1
#define EAGER 2
#if BROKEN == 1
#define INSIDE 2
#else
#define INSIDE 3
#endif

/* The requests that may wait: the caller's own, and that of item ASKING. */
#define OUTER 0
#define INNER 1

mtype = { unasked, listed, accepted, refused };

byte tail;
byte head;     /* what others see */
byte head_own; /* what the deliverer has stored */
byte claim;
bool width_taken;
bool done[ITEMS + 2];
byte callers_wait = NOBODY;
bool must_queue; /* TAIL_CALLERS_WAIT */
bool lock;
chan list = [2] of { byte };
byte own[2] = NO_ITEM;
mtype request[2] = unasked;
byte slots_filled, payloads_kept;
bool asked_all;

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }

/* ring_reserve(), and the copy of the payload. */
inline reserve() {
    tail++;
    slots_filled++;
    assert(tail - head_own <= WINDOW)
}

inline refuse(r) {
    assert(request[r] != accepted && request[r] != refused);
    request[r] = refused;
    payloads_kept++
}

/* Under the lock. What is looked at meanwhile is the tail alone, and that grows one by one all the same. */
inline grant() {
    d_step {
        do
        :: len(list) > 0 && tail - head < WINDOW ->
            reserve();
            list?first;
            assert(request[first] == listed);
            request[first] = accepted
        :: else -> break
        od;
        if
        :: BROKEN != 2 && request[INNER] == listed && tail - own[INNER] >= WINDOW ->
            list??INNER;
            refuse(INNER)
        :: else
        fi;
        if
        :: len(list) == 0 -> callers_wait = NOBODY; must_queue = false
        :: else
        fi;
        first = 0
    }
}

inline window_grant() { acquire(); grant(); release() }

inline heavy_fence() { head = head_own }

/* oip_produce() up to the first sleep: in at once, refused, or listed. */
inline ask(r, item, patience) {
    atomic {
        own[r] = item;
        if
        :: !must_queue && tail - head < WINDOW -> reserve(); request[r] = accepted
        :: else -> request[r] = unasked
        fi
    }
    if
    :: request[r] == accepted
    :: request[r] != accepted && item != NO_ITEM && tail - item >= WINDOW -> refuse(r)
    :: else ->
        acquire();
        atomic {
            must_queue = true;
            request[r] = listed;
            list!r;
            if
            :: callers_wait < patience -> callers_wait = patience
            :: else
            fi
        }
        if
        :: patience >= EAGER && BROKEN != 3 -> heavy_fence()
        :: else
        fi;
        grant();
        release()
    fi
}

/* Of a thread that is no worker: the rest of window_wait(). It helps only outside of items: there is a width. */
inline wait_as_caller(r) {
    do
    :: request[r] != listed -> break
    :: request[r] == listed && tail - head < WINDOW -> window_grant()
    :: else ->
        if
        :: slept || (BROKEN == 3 && r == INNER) -> request[r] != listed
        :: else ->
            slept = true;
            atomic {
                if
                :: callers_wait < EAGER -> callers_wait = EAGER
                :: else
                fi
            }
            heavy_fence()
        fi
    od;
    slept = false
}

/* Of a worker. */
inline wait_as_worker(r) {
    do
    :: request[r] != listed -> break
    :: request[r] == listed && tail - head < WINDOW -> window_grant()
    od
}

inline finish(item) { d_step { done[item] = true; width_taken = false } }

/* execution_enter() and ring_claim(). */
inline try_claim() {
    atomic {
        claims = !width_taken && claim < tail;
        if
        :: claims -> width_taken = true; item = claim; claim++
        :: else
        fi
    }
}

proctype Caller() {
    byte item, asked, first;
    bool claims, slept, outer_slept;
    do
    :: asked < ITEMS ->
        asked++;
        ask(OUTER, NO_ITEM, PATIENT);
        outer_slept = false;
        do
        :: request[OUTER] != listed -> break
        :: request[OUTER] == listed ->
            try_claim();
            if
            :: claims ->
                if
                :: item == ASKING -> ask(INNER, item, INSIDE); wait_as_caller(INNER)
                :: else
                fi;
                finish(item)
            :: !claims && tail - head < WINDOW -> window_grant()
            :: else ->
                if
                :: outer_slept -> request[OUTER] != listed
                :: else ->
                    outer_slept = true;
                    atomic {
                        if
                        :: callers_wait < EAGER -> callers_wait = EAGER
                        :: else
                        fi
                    }
                    heavy_fence()
                fi
            fi
        od
    :: else -> break
    od;
    asked_all = true
}

#define IS_OVER (asked_all && (request[INNER] == accepted || request[INNER] == refused))

proctype Worker() {
    byte item, first;
    bool claims;
    do
    :: !width_taken && claim < tail ->
        try_claim();
        if
        :: claims ->
            if
            :: item == ASKING -> ask(INNER, item, INSIDE); wait_as_worker(INNER)
            :: else
            fi;
            finish(item)
        :: else
        fi;
        /* window_before_leaving() */
        if
        :: claim == tail && callers_wait >= EAGER -> window_grant()
        :: else
        fi
    :: IS_OVER && claim == tail -> break
    od
}

proctype Deliverer() {
    byte first, seen;
    do
    :: done[head_own] ->
        head_own++;
        /* window_after_delivery(): the light fence orders nothing but the compiler. */
        seen = callers_wait;
        if
        :: seen != NOBODY && (WINDOW - (tail - head_own) >= QUARTER || seen == 3 || (seen == EAGER && claim == tail)) ->
            acquire(); /* a locked operation: empties the buffer */
            head = head_own;
            grant();
            release()
        :: else
        fi
    :: IS_OVER && head_own == tail -> break
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
    timeout ->
        assert(IS_OVER && len(list) == 0 && head == tail);
        assert(slots_filled == tail && slots_filled + payloads_kept == ITEMS + 1)
}

init {
    atomic {
        run Caller();
        run Worker();
        run Deliverer();
        run Buffer()
    }
}
