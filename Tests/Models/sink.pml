/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink's runs (inline_sink.c, execution.c, look_out() in worker.c): workers claim runs of items, deliver at their
 * turns what they find finished, and the lookout takes over, where a worker is inside a long item, what that worker
 * holds and what it was relied on to deliver.
 *
 * Whoever finishes the item that the sink waits for delivers, if it is a worker at its turn; a helping caller leaves
 * it to the pool, and wakes nobody where a worker is at its turn and there is a lookout. The lookout's timer may run out
 * at any time. One item may be long: its worker is gone until all others have come to rest. Searching and the idle word
 * are left out, which park.pml is about, and what is held is taken in one step, which held_run.pml is about.
 *
 * Shown: when nobody can go on, all items are begun, and all are delivered up to the one that is long; one thread
 * delivers at a time, and each item is run once; in the end all are delivered.
 *
 * BROKEN=1: a caller that relies on a worker does not put the producer into the run queue. BROKEN=2: it does not ask
 * whether there is a lookout. BROKEN=3: what a thread holds is nobody else's work.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define ITEMS 3
#define WORKERS 2
#define RUN 2    /* items that are claimed at once, at most */
#define HELPED 1 /* items that the caller runs */
#define NOBODY 9

mtype = { busy, idle, queued };

byte claim, head;
byte begun[ITEMS];
byte all_begun;
bool final[ITEMS + 1];
byte long_item = NOBODY;
byte held_from[WORKERS], held_to[WORKERS];

mtype state = queued; /* the delivery word */
byte awaited;         /* of the word, where it is idle */
byte deliverers;

bool in_queue = true; /* the producer, in the run queue */
byte at_turn;          /* workers at their turns */
byte lookout = NOBODY;
bool parked[WORKERS];
bool signal[WORKERS];
bool over;

/* At the lookout's last look. */
byte seen_claim = NOBODY, seen_awaited, seen_from[WORKERS];
mtype seen_state;

#define OTHER_HOLDS (BROKEN != 3 && held_from[1 - me] < held_to[1 - me])

inline pool_wake() {
    atomic {
        if
        :: lookout != NOBODY -> signal[lookout] = true; lookout = NOBODY
        :: lookout == NOBODY && parked[0] -> parked[0] = false; signal[0] = true
        :: lookout == NOBODY && !parked[0] && parked[1] -> parked[1] = false; signal[1] = true
        :: else
        fi
    }
}

/* Into the run queue; and somebody will look there. */
inline watch() {
    in_queue = true;
    if
    :: lookout == NOBODY -> pool_wake()
    :: else
    fi
}

/* deliver_to_sink(): the thread has just made the word busy. */
inline deliver() {
    d_step { deliverers++; assert(deliverers == 1) }
    do
    :: final[head] -> head++
    :: !final[head] ->
        atomic { deliverers--; state = idle; awaited = head }
        if
        :: final[head] ->
            atomic {
                if
                :: state == idle -> state = busy; deliverers++; assert(deliverers == 1)
                :: else -> break
                fi
            }
        :: else -> break
        fi
    od
}

inline delivery_on_pool() {
    atomic {
        if
        :: state == queued || state == idle -> state = busy; mine = true
        :: else -> mine = false
        fi
    }
    if
    :: mine -> deliver()
    :: else
    fi
}

inline begin(item) { d_step { begun[item]++; all_begun++; assert(begun[item] == 1) } }

/* Runs what this worker holds, of which `item` is the first, or what is left of it. */
inline run_held() {
    do
    :: true ->
        atomic {
            begin(item);
            if
            :: true
            :: long_item == NOBODY && !over -> long_item = item
            fi
        }
        if
        :: long_item == item ->
end_long:
            atomic { over -> long_item = NOBODY }
        :: else
        fi;
        final[item] = true;
        /* delivery_after_finish(), at its turn */
        atomic {
            if
            :: state == idle && final[awaited] -> state = busy; mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine -> deliver()
        :: else
        fi;
        atomic {
            if
            :: held_from[me] < held_to[me] -> item = held_from[me]; held_from[me]++
            :: else -> break
            fi
        }
    od
}

/* Takes what the other worker holds and has not begun. */
inline steal() {
    atomic {
        got = OTHER_HOLDS;
        if
        :: got ->
            item = held_from[1 - me];
            held_from[me] = item + 1;
            held_to[me] = held_to[1 - me];
            held_to[1 - me] = item
        :: else
        fi
    }
}

proctype Worker(byte me) {
    byte item;
    bool mine, got, wants_lookout, looks_out;
again:
    atomic {
        if
        :: in_queue -> in_queue = false; at_turn++; looks_out = false
        :: else -> goto park
        fi
    }
turn:
    wants_lookout = true;
    /* waking_chain(): should this worker's next item be a long one, the lookout finds the rest. */
    if
    :: ITEMS - claim > (state == queued -> 0 : 1) || OTHER_HOLDS -> watch()
    :: else
    fi;
    delivery_on_pool();
    do
    :: true ->
        got = false;
        if
        :: looks_out -> steal()
        :: else
        fi;
        looks_out = false;
        if
        :: !got ->
            atomic {
                if
                :: claim < ITEMS ->
                    item = claim;
                    if
                    :: claim + RUN <= ITEMS -> claim = claim + RUN
                    :: claim = claim + 1
                    fi;
                    held_from[me] = item + 1;
                    held_to[me] = claim;
                    got = true
                :: else
                fi
            }
        :: else
        fi;
        if
        :: !got -> break
        :: else
        fi;
        /* execution_watch(): it holds what it has not begun. */
        if
        :: held_from[me] < held_to[me] -> watch()
        :: else
        fi;
        run_held();
        if
        :: state == queued -> delivery_on_pool()
        :: else
        fi
    od;
    delivery_on_pool();
    /* end_turn() */
    at_turn--;
    if
    :: claim < ITEMS || OTHER_HOLDS || state == queued -> in_queue = true
    :: else
    fi;
    goto again;
park:
    atomic {
        if
        :: wants_lookout && lookout == NOBODY -> lookout = me
        :: else -> parked[me] = true
        fi
    }
    if
    :: lookout == NOBODY && in_queue -> pool_wake()
    :: else
    fi;
asleep:
end_parked:
    if
    :: atomic { signal[me] -> signal[me] = false }; goto again
    :: atomic { lookout == me && !signal[me] ->
            /* look_out(): has anything moved since the last look? */
            if
            :: !in_queue -> lookout = NOBODY; parked[me] = true; wants_lookout = false; goto asleep
            :: in_queue && (claim != seen_claim || OTHER_HOLDS) &&
                    !(OTHER_HOLDS && seen_from[1 - me] == held_from[1 - me]) &&
                    (state != queued || seen_state != state || seen_awaited != awaited) ->
                seen_claim = claim;
                seen_from[1 - me] = held_from[1 - me];
                seen_state = state;
                seen_awaited = awaited;
                goto asleep
            :: else -> lookout = NOBODY; in_queue = false; at_turn++; looks_out = true
            fi }
        goto turn
    fi
}

/* A blocked caller that helps: it is at no turn. */
proctype Helper() {
    byte item, helped;
    bool mine;
    do
    :: atomic { helped < HELPED && claim < ITEMS -> item = claim; claim++; helped++ }
        begin(item);
        final[item] = true;
        atomic {
            if
            :: state == idle && final[awaited] -> state = busy; deliverers++; assert(deliverers == 1); mine = true
            :: else -> mine = false
            fi
        }
        if
        :: mine ->
            /* deliver_beside_sink(): what it finds is for the sink. */
            atomic { deliverers--; state = queued }
            if
            :: BROKEN == 1 && at_turn != 0 && lookout != NOBODY
            :: else ->
                in_queue = true;
                if
                :: at_turn != 0 && (BROKEN == 2 || lookout != NOBODY)
                :: else -> pool_wake()
                fi
            fi
        :: else
        fi
    :: helped == HELPED || claim == ITEMS -> break
    od
}

active proctype Judge() {
end_judge:
    timeout ->
        assert(all_begun == ITEMS && (head == ITEMS || head == long_item));
        over = true;
end_all:
    timeout -> assert(head == ITEMS)
}

init {
    atomic {
        run Worker(0);
        run Worker(1);
        run Helper()
    }
}
