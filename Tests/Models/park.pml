/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parking (worker.c, pool.h): workers that find the run queue empty park, and pushers wake one.
 *
 * Steps are those of the code: the swap of the idle word, the look at the queue after it, the push, the look at the idle
 * word after that. An item may be long: its worker is gone until all others have come to rest. Shown: when nobody else
 * can go on nothing is left in the queue, unless all workers are inside long items; nobody is counted as searching; and
 * in the end all has been run. The lookout, whose timer mends what is overslept, is left out.
 *
 * BROKEN=1: the worker does not look at the queue after its swap. BROKEN=2: a searcher that found work does not look what
 * else there is, of which its pushers have told nobody else.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#define WORKERS 2
#define PUSHERS 2
#define PUSHES 2 /* of each */

byte queue;            /* runnables in it */
byte ran;
bool is_parked[WORKERS]; /* on the stack: the order does not matter here */
byte searching;
bool wanted;
bool signal[WORKERS];
byte inside; /* workers in long items */
bool over;

inline wake() {
    atomic { /* one compare-and-swap of the idle word */
        if
        :: searching > 0 ->
            wanted = true
        :: searching == 0 && is_parked[0] -> is_parked[0] = false; searching++; signal[0] = true
        :: searching == 0 && is_parked[1] -> is_parked[1] = false; searching++; signal[1] = true
        :: else
        fi
    }
}

proctype Pusher() {
    byte pushed;
    do
    :: pushed < PUSHES ->
        pushed++;
        queue++;
        wake()
    :: else -> break
    od
}

proctype Worker(byte me) {
    bool searches, more, last;
again:
    if
    :: atomic { queue > 0 -> queue--; ran++ }
        if
        :: searches ->
            atomic {
                searches = false;
                searching--;
                last = searching == 0;
                more = last && wanted;
                if
                :: more -> wanted = false
                :: else
                fi
            }
            /* The wake after the last search: whatever is left, with a mark, since how much that is is not known. */
            if
            :: BROKEN != 2 && last && queue > 0 -> wake()
            :: else
            fi
        :: else
        fi;
        if
        :: true
        :: inside++;
end_long:
            atomic { over -> inside-- }
        fi;
        goto again
    :: queue == 0 ->
        if
        :: !searches ->
            atomic {
                if
                :: searching == 0 -> searching++; searches = true
                :: else
                fi
            }
            if
            :: searches -> goto again
            :: else
            fi
        :: else
        fi;
        /* The swap that parks; a searcher that is wanted looks again instead. */
        atomic {
            if
            :: searches && wanted -> wanted = false; goto again
            :: else ->
                is_parked[me] = true;
                if
                :: searches -> searching--; searches = false
                :: else
                fi
            fi
        }
        if
        :: BROKEN != 1 && queue > 0 -> wake()
        :: else
        fi;
end_parked:
        atomic { signal[me] -> signal[me] = false; searches = true }
        goto again
    fi
}

active proctype Judge() {
end_judge:
    timeout ->
        assert(queue == 0 || inside == WORKERS);
        assert(searching == 0);
        over = true;
end_all:
    timeout -> assert(ran == PUSHERS * PUSHES && searching == 0)
}

init {
    atomic {
        run Worker(0);
        run Worker(1);
        run Pusher();
        run Pusher()
    }
}
