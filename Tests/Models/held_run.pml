/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held runs (held_run.h): a holder begins the items of its runs one after another with plain stores; thieves take what it
 * has not begun from the back, under a lock, and begin it as a run of their own. A thief that has no run, since all are
 * taken, or ends production and only destroys what it finds, takes the last one.
 *
 * Run 0 is that of the holder of the delivery, who claims in order and begins without the lock. The others are taken by
 * a thread and given back; what a thief left in `revoked` the next one finds there.
 *
 * The holder's store of `begun` is modelled with a store buffer, which only the thief's heavy fence, or time, empties.
 *
 * Shown: each item is begun, or destroyed, exactly once.
 *
 * BROKEN=1: the thief makes no heavy fence. BROKEN=2: a holder that finds itself revoked does not ask under the lock.
 * BROKEN=3: stolen runs begin without the lock (the defect that was found by injected yields: a second thief sees the
 * new beginning with the old end).
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define ITEMS 6
#define RUNS 2
#define THIEVES 2 /* thief t begins what it steals in run t */

byte begun_count[ITEMS];
byte claim;
bool lock;

typedef run_t {
    byte begun;     /* what others see */
    byte begun_own; /* what the holder has stored */
    byte end;
    bool revoked
};
run_t runs[RUNS + 1];

inline acquire() { atomic { !lock -> lock = true } }
inline release() { lock = false }
inline begin_item(item) { d_step { begun_count[item]++; assert(begun_count[item] == 1) } }

/* Runs what run `r` holds, whose first item has begun. */
inline run_the_rest(r) {
    do
    :: runs[r].begun_own < runs[r].end ->
        item = runs[r].begun_own;
        runs[r].begun_own = item + 1;
        /* light fence */
        if
        :: runs[r].revoked ->
#if BROKEN != 2
            acquire();
            runs[r].begun = runs[r].begun_own;
            runs[r].revoked = false;
            mine = item < runs[r].end;
            release()
#else
            runs[r].revoked = false;
            mine = true
#endif
        :: else -> mine = true
        fi;
        if
        :: mine -> begin_item(item)
        :: else -> break
        fi
    :: else -> break
    od
}

/* Claims a run of up to three, in order. */
proctype Holder() {
    byte item, first, last;
    bool mine;
    do
    :: atomic { claim < ITEMS ->
            first = claim;
            claim = (first + 3 < ITEMS -> first + 3 : ITEMS);
            last = claim }
        /* held_run_begin(): begun before end, and the runs that are claimed ascend. */
        runs[0].begun_own = first + 1;
        runs[0].begun = first + 1;
        runs[0].end = last;
        begin_item(first);
        run_the_rest(0)
    :: claim == ITEMS -> break
    od
}

proctype Thief(byte own) {
    byte item, victim, first, last, tries;
    bool mine, waits, alone;
    do
    :: tries < 2 ->
        tries++;
        if
        :: victim = 0
        :: victim = 1
        :: victim = 2
        fi;
        if
        :: victim != own && runs[victim].begun < runs[victim].end ->
            acquire();
            waits = runs[victim].begun < runs[victim].end;
            first = 0;
            last = 0;
            if
            :: waits ->
                if
                :: !runs[victim].revoked ->
                    runs[victim].revoked = true;
#if BROKEN != 1
                    runs[victim].begun = runs[victim].begun_own /* the heavy fence empties the holder's buffer */
#endif
                :: else
                fi;
                last = runs[victim].end;
                first = runs[victim].begun;
                if
                :: first < last ->
                    if
                    :: true -> alone = false
                    :: alone = true; first = last - 1
                    fi;
                    runs[victim].end = first
                :: else -> first = last
                fi
            :: else
            fi;
            release();
            if
            :: first < last && alone -> begin_item(first)
            :: first < last && !alone ->
#if BROKEN != 3
                acquire();
#endif
                runs[own].begun_own = first + 1;
                runs[own].begun = first + 1;
                runs[own].end = last;
#if BROKEN != 3
                release();
#endif
                begin_item(first);
                run_the_rest(own)
            :: else
            fi
        :: else
        fi
    :: else -> break
    od
}

/* Buffers empty by themselves, some time. */
proctype Buffer() {
end_buffer:
    do
    :: atomic { runs[0].begun != runs[0].begun_own -> runs[0].begun = runs[0].begun_own }
    :: atomic { runs[1].begun != runs[1].begun_own -> runs[1].begun = runs[1].begun_own }
    :: atomic { runs[2].begun != runs[2].begun_own -> runs[2].begun = runs[2].begun_own }
    od
}

active proctype Judge() {
    byte i;
end_judge:
    timeout ->
        for (i : 0 .. ITEMS - 1) { assert(begun_count[i] == 1) }
}

init {
    atomic {
        run Holder();
        run Thief(1);
        run Thief(2);
        run Buffer()
    }
}
