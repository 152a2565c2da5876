/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endings (endings.h, delivery.c): callers publish, a runner runs, the consumer of an event loop takes what is done
 * without writing the delivery word, and another thread ends production: in order (the tail is closed, all that was
 * accepted is delivered) or at once (the gate drops, what was not delivered is discarded).
 *
 * `inside` is the loop's plain store; the thread that ends at once makes a heavy fence after its swap of the word. So it
 * is modelled with a store buffer, which the heavy fence empties.
 *
 * Shown: each item that was accepted is delivered or discarded, exactly once, nobody touches the head at the same time as
 * another, none is accepted behind the close, and production settles.
 *
 * AT_ONCE=0, 1: which ending.
 * BROKEN=1: no heavy fence. BROKEN=2: who discards does not look again after it went idle. BROKEN=3: the close is not
 * in the same word as the sequences.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#ifndef AT_ONCE
#define AT_ONCE 1
#endif
#define ITEMS 3

mtype = { away, busy, idle, queued, settled };

mtype state = away;
byte tail;
bool closed;
bool published[ITEMS + 1];
bool done[ITEMS + 1];
byte ended_items[ITEMS];
byte claim, head;
bool gate_down;
bool discarding;      /* kind is CONSUMER_DISCARD */
bool inside, inside_own;
byte holders;         /* threads that are taking or discarding the head */
bool told;            /* the loop's entry is in its queue */

inline end_item(item) { d_step { ended_items[item]++; assert(ended_items[item] == 1) } }

inline hold() { d_step { holders++; assert(holders == 1) } }
inline let_go() { holders-- }

/* discard_run(): whoever is busy discards what is done, or not begun; then goes idle or settles. */
inline discard_all() {
    discarding = true;
    hold();
    do
    :: head < tail && done[head] -> end_item(head); head++
    :: head < tail && !done[head] && published[head] && claim <= head ->
        /* ring_claim_head() */
        atomic {
            if
            :: claim <= head -> claim = head + 1; mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine -> end_item(head); head++
        :: else
        fi
    :: closed && head == tail -> state = settled; let_go(); break
    :: else ->
        let_go();
        state = idle;
        if
        :: BROKEN != 2 && (done[head] || (closed && head == tail)) ->
            atomic {
                if
                :: state == idle -> state = busy; mine = true
                :: else -> mine = false
                fi
            }
            if
            :: mine -> hold()
            :: else -> break
            fi
        :: else -> break
        fi
    od
}

proctype Caller() {
    byte item;
    bool in, mine;
    do
    :: item < ITEMS ->
        in = false;
#if BROKEN == 3
        if
        :: !closed -> tail++; in = true
        :: else
        fi;
#else
        atomic {
            if
            :: !closed -> tail++; in = true
            :: else
            fi
        }
#endif
        if
        :: in -> published[item] = true; item++
        :: else -> break
        fi
    :: else -> break
    od;
    closed = true; /* oip_stop(), where nobody has closed it before */
    /* delivery_kick() */
    mine = false;
    atomic {
        if
        :: state == idle && discarding -> state = busy; mine = true
        :: state == idle && !discarding -> state = queued; told = true
        :: else
        fi
    }
    if
    :: mine -> discard_all()
    :: else
    fi
}

proctype Runner() {
    byte item;
    bool mine;
    do
    :: atomic { claim < ITEMS && published[claim] -> item = claim; claim++ }
        done[item] = true;
        /* delivery_after_finish() */
        mine = false;
        if
        :: state == idle && done[head] ->
            atomic {
                if
                :: state == idle && discarding -> state = busy; mine = true
                :: state == idle && !discarding -> state = queued; told = true
                :: else
                fi
            }
            if
            :: mine -> discard_all()
            :: else
            fi
        :: else
        fi
    :: state == settled -> break
    od
}

proctype Loop() {
    bool mine, took;
    do
    :: discarding -> break
    :: else ->
        /* take_while_away() */
        took = false;
        inside_own = true;
        /* light fence */
        if
        :: state == away && !gate_down && done[head] ->
            hold();
            if
            :: head < ITEMS -> end_item(head); head++; took = true
            fi;
            let_go()
        :: else
        fi;
        inside_own = false;
        inside = false; /* release: what it did is before */
        if
        :: state == queued && took ->
            /* The ending found this thread inside and left it to it. */
            atomic {
                if
                :: state == queued -> state = busy; mine = true
                :: else -> mine = false
                fi
            }
            if
            :: mine -> discard_all(); break
            :: else
            fi
        :: else
        fi;
        if
        :: took
        :: else ->
            /* oip_try_next(): busy, then the head, then idle. */
            atomic {
                if
                :: state == away || state == queued -> state = busy; mine = true; told = false
                :: else -> mine = false
                fi
            }
            if
            :: mine ->
look_at_head:
                if
                :: gate_down || (closed && head == tail) -> discard_all(); break
                :: else ->
                    if
                    :: done[head] -> state = away
                    :: else ->
                        state = idle;
                        mine = false;
                        if
                        :: done[head] || gate_down || (closed && head == tail) ->
                            atomic {
                                if
                                :: state == idle -> state = busy; mine = true
                                :: else
                                fi
                            }
                        :: else
                        fi;
                        if
                        :: mine -> goto look_at_head
                        :: else
                        fi;
end_waiting:
                        (state != idle || discarding)
                    fi
                fi
            :: else ->
end_busy:
                (state != busy || discarding)
            fi
        fi
    od
}

#if AT_ONCE
proctype Ender() {
    bool mine, left;
    closed = true;
    gate_down = true;
    do
    :: state == busy || state == settled || discarding -> break
    :: state == idle ->
        atomic {
            if
            :: state == idle -> state = busy; mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine -> discard_all(); break
        :: else
        fi
    :: state == away || state == queued ->
        atomic {
            if
            :: state == away || state == queued -> state = queued; mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine ->
#if BROKEN != 1
            inside = inside_own; /* the heavy fence empties the loop's buffer */
#endif
            if
            :: inside -> break /* it looks at the word when it leaves */
            :: else ->
                atomic {
                    if
                    :: state == queued -> state = busy
                    :: else -> mine = false
                    fi
                }
                if
                :: mine -> discard_all(); break
                :: else
                fi
            fi
        :: else
        fi
    od
}
#endif

/* The buffer empties by itself, some time. */
proctype Buffer() {
end_buffer:
    do
    :: atomic { inside != inside_own -> inside = inside_own }
    od
}

active proctype Judge() {
    byte i;
end_judge:
    timeout ->
        assert(state == settled);
        for (i : 0 .. ITEMS - 1) { assert(ended_items[i] == (i < tail -> 1 : 0)) }
}

init {
    atomic {
        run Caller();
        run Runner();
        run Loop();
#if AT_ONCE
        run Ender();
#endif
        run Buffer()
    }
}
