/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery word (delivery.h): a consumer that goes idle, runners that finish items and flip it to queued, the ready
 * queue on which its entry is at most once.
 *
 * Shown: items are delivered in order, each once; when nobody can go on, all are delivered; the entry is never pushed
 * while it is in the queue.
 *
 * BROKEN=1: the consumer does not look at the stamp after it went idle. BROKEN=2: the runner looks at the word before it
 * writes the stamp. BROKEN=3: the consumer does not clear `on_queue`.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define ITEMS 4
#define RUNNERS 2

mtype = { away, busy, idle, queued };

bool done[ITEMS + 1];
byte claim;     /* next item to run */
byte head;      /* next to deliver */
mtype state = away;
byte awaited;   /* of the word, where it is idle */
byte entries;   /* in the ready queue */
bool on_queue;

inline tell() {
    bool was;
    atomic { was = on_queue; on_queue = true }
    if
    :: !was -> atomic { assert(entries == 0); entries++ }
    :: else
    fi
}

inline flip_if_awaited() {
    bool mine;
    atomic {
        mine = state == idle && seen_idle && awaited == seen_awaited && done[awaited];
        if
        :: mine -> state = queued
        :: else
        fi
    }
    if
    :: mine -> tell()
    :: else
    fi
}

proctype Runner() {
    byte item, seen_awaited;
    bool seen_idle;
    do
    :: atomic { claim < ITEMS -> item = claim; claim++ }
#if BROKEN == 2
        atomic { seen_idle = state == idle; seen_awaited = awaited }
        done[item] = true;
#else
        done[item] = true;
        atomic { seen_idle = state == idle; seen_awaited = awaited }
#endif
        if
        :: seen_idle && done[seen_awaited] -> flip_if_awaited()
        :: else
        fi
    :: claim == ITEMS -> break
    od
}

proctype Consumer() {
    bool won;
    do
    :: head == ITEMS -> break
    :: head < ITEMS && done[head] ->
        d_step { assert(head < ITEMS); head++ }
    :: head < ITEMS && !done[head] ->
        /* go_idle() */
        atomic { state = idle; awaited = head }
        won = false;
#if BROKEN != 1
        if
        :: done[head] ->
            atomic {
                if
                :: state == idle -> state = busy; won = true
                :: else
                fi
            }
        :: else
        fi;
#endif
        if
        :: won
        :: else ->
            /* Told, or about to be: the entry is taken, then the word. */
end_waiting:
            atomic { entries > 0 -> entries-- }
#if BROKEN != 3
            on_queue = false;
#endif
            state = busy
        fi
    od
}

active proctype Judge() {
end_judge:
    timeout -> assert(head == ITEMS && entries == 0)
}

init {
    byte i;
    atomic {
        state = busy;
        run Consumer();
        for (i : 1 .. RUNNERS) { run Runner() }
    }
}
