/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endings (endings.h, delivery.c): callers publish, a runner runs, the consumer of an event loop takes what is done
 * without writing the delivery word, and another thread ends production: in order (the tail is closed, all that was
 * accepted is delivered) or at once (the gate drops, what was not delivered is discarded).
 *
 * `inside` is the loop's plain store; the thread that ends at once makes a heavy fence after its swap of the word. So it
 * is modelled with a store buffer, which the heavy fence empties.
 *
 * A payload that will not be delivered is destroyed by whoever finds it: a runner that begins it after the ending, the
 * thread that ends, for what nobody has begun, or whoever discards, for what was finished or is still to be claimed.
 *
 * Shown: the payload of each item that was accepted is delivered or destroyed, exactly once; nobody touches the head at
 * the same time as another, none is accepted behind the close, nothing is delivered behind what an ending has discarded,
 * and production settles.
 *
 * AT_ONCE=0, 1: which ending. RUNNERS=1, 2: with three items, or two.
 * BROKEN=1: no heavy fence. BROKEN=2: who discards does not look again after it went idle. BROKEN=3: the close is not
 * in the same word as the sequences. BROKEN=4: who discards destroys all that is finished, whatever the stamp says.
 * BROKEN=5: who ends does not claim what it destroys. BROKEN=6: the limit drops before the gate.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#ifndef AT_ONCE
#define AT_ONCE 1
#endif
#ifndef RUNNERS
#define RUNNERS 1
#endif
#define ITEMS (4 - RUNNERS)

mtype = { away, busy, idle, queued, settled };
mtype = { unfinished, done, discarded };

mtype state = away;
byte tail;
bool closed;
bool published[ITEMS + 1];
mtype stamp[ITEMS + 1] = unfinished;
byte ended[ITEMS]; /* payloads: delivered or destroyed */
byte claim, head;
bool aborted;         /* start_limit is 0 */
bool gate_down;
bool discarding;      /* kind is CONSUMER_DISCARD */
bool inside, inside_own;
byte holders;         /* threads that are taking or discarding the head */
bool told;            /* the loop's entry is in its queue */
bool gap;             /* the loop has passed what was discarded: nothing may be delivered behind it */

inline end_payload(item) { d_step { ended[item]++; assert(ended[item] == 1) } }

#define IS_FINAL(item) (stamp[item] != unfinished)

inline hold() { d_step { holders++; assert(holders == 1) } }
inline let_go() { holders-- }

/* discard_run(): whoever is busy discards what is done, or not begun; then goes idle or settles. */
inline discard_all() {
    discarding = true;
    hold();
    do
    :: head < tail && IS_FINAL(head) ->
        if
        :: BROKEN == 4 || stamp[head] == done -> end_payload(head)
        :: else
        fi;
        head++
    :: head < tail && !IS_FINAL(head) && published[head] && claim <= head ->
        /* ring_claim_head() */
        atomic {
            if
            :: claim <= head -> claim = head + 1; mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine -> end_payload(head); head++
        :: else
        fi
    :: closed && head == tail -> state = settled; let_go(); break
    :: else ->
        let_go();
        state = idle;
        if
        :: BROKEN != 2 && (IS_FINAL(head) || (closed && head == tail)) ->
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

/* delivery_after_finish() */
inline after_finish() {
    mine = false;
    if
    :: state == idle && IS_FINAL(head) ->
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
}

/* execution_run() and the stamp. */
inline finish(item, is_aborted) {
    if
    :: is_aborted -> end_payload(item); stamp[item] = discarded
    :: else -> stamp[item] = done
    fi;
    after_finish()
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
        finish(item, aborted)
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
        :: state == away && !gate_down && stamp[head] == done ->
            hold();
            if
            :: head < ITEMS -> assert(!gap); end_payload(head); head++; took = true
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
                    :: stamp[head] == done -> state = away
                    :: stamp[head] == discarded -> gap = true; head++; goto look_at_head
                    :: else ->
                        state = idle;
                        mine = false;
                        if
                        :: IS_FINAL(head) || gate_down || (closed && head == tail) ->
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
    byte item;
    bool mine;
    /* The gate first: see lower_gate_and_limit(). */
    if
    :: BROKEN == 6 -> aborted = true; gate_down = true
    :: else -> gate_down = true; aborted = true
    fi;
    closed = true;
    /* What nobody has begun. */
    do
    :: atomic { claim < tail && published[claim] -> item = claim; claim = (BROKEN == 5 -> claim : claim + 1) }
        finish(item, true);
        if
        :: BROKEN == 5 -> break
        :: else
        fi
    :: else -> break
    od;
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
        for (i : 0 .. ITEMS - 1) { assert(ended[i] == (i < tail -> 1 : 0)) }
}

init {
    atomic {
        run Caller();
        run Runner();
#if RUNNERS == 2
        run Runner();
#endif

        run Loop();
#if AT_ONCE
        run Ender();
#endif
        run Buffer()
    }
}
