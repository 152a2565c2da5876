/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing (publish.h): callers get sequences in order and publish them in any order, while a worker that comes to a
 * sequence which is not published yet leaves, whatever is ready behind it.
 *
 * Sequence 0 is a reservation (HANDED=0); or an item that the consumer is idle on, whose publisher hands it over, and
 * which does not return before item 1 has begun (HANDED=1). The others are items for the worker. The worker parks after
 * a last look at what is claimable, as end_turn() has it; the run queue and the stack of parked threads are one bit
 * each.
 *
 * Shown: when nobody can go on, all items have been run.
 *
 * BROKEN=1: who publishes sequence 0 does not look behind it. BROKEN=2: the worker counts as queued until it leaves.
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#ifndef HANDED
#define HANDED 0
#endif
#define ITEMS 3

mtype = { unpublished, reserved, ready };

mtype stamp[ITEMS + 1] = unpublished;
byte claim;
bool queued, signal;
bool idle = true; /* the delivery word: idle(0) */
bool begun[ITEMS];

#define CLAIMABLE (stamp[claim] == ready || (stamp[claim] == reserved && stamp[claim + 1] == ready))

inline call_worker() {
    if
    :: atomic { !queued -> queued = true }; signal = true
    :: queued
    fi
}

/* The publisher of sequence 0. */
proctype First() {
#if HANDED
    stamp[0] = ready;
    if
    :: atomic { idle -> idle = false } /* the consumer runs it, and nothing else */
#if BROKEN != 1
        if
        :: stamp[1] != unpublished -> call_worker()
        :: else
        fi
#endif
    :: else -> call_worker()
    fi
#else
    stamp[0] = reserved;
#if BROKEN != 1
    if
    :: stamp[1] != unpublished -> call_worker()
    :: else
    fi
#endif
#endif
}

/* Of the others. */
proctype Later(byte sequence) {
    stamp[sequence] = ready;
    call_worker()
}

proctype Worker() {
    byte mine;
    do
    ::
#if BROKEN != 2
        queued = false; /* begin_turn() */
#endif
        do
        :: atomic { stamp[claim] == ready -> mine = claim; claim++ };
            begun[mine] = true
        :: atomic { stamp[claim] == reserved -> claim++ }
        :: stamp[claim] == unpublished -> break
        od;
        if
        :: CLAIMABLE && !queued -> queued = true
        :: else
        fi;
#if BROKEN == 2
        queued = false;
#endif
        if
        :: queued
        :: else ->
end_parked:
            atomic { signal -> signal = false }
        fi
    od
}

/* The consumer, woken for item 0: it claims that one alone, unless the worker has. */
proctype Consumer() {
end_idle:
    !idle;
    if
    :: atomic { claim == 0 && stamp[0] == ready -> claim = 1 };
        begun[0] = true;
end_inside:
        begun[1]
    :: claim > 0
    fi
}

active proctype Judge() {
end_judge:
    timeout -> assert((!HANDED || begun[0]) && begun[1] && begun[2])
}

init {
    atomic {
        run First();
        run Later(1);
        run Later(2);
        run Worker();
        if
        :: HANDED -> run Consumer()
        :: else
        fi
    }
}
