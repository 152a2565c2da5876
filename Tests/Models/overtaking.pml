/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Overtaking (deadline.h, overtaking.c, timekeeper.h): one item with a deadline that may hang, the thread that runs it,
 * its caller, the holder of the delivery that waits for it, and the timekeeper.
 *
 * Steps are those of the code: each change of the slot's stamp to `moving` is one compare-and-swap; publishing, going
 * idle and taking the alarm down are followed by a look at what the others did. The deadline passes at any time. Shown:
 * when nobody else can go on the holder has got one thing, the item or its substitute; when what hung has come, too, each
 * output went one way, and the slot was never written by one who had lost it.
 *
 * BROKEN=1: the caller does not look whether the holder is idle. BROKEN=2: the holder sets no alarm. BROKEN=3: the
 * timekeeper takes the alarm down after its look. BROKEN=4: the runner does not ask whether it comes too late.
 */
#ifndef BROKEN
#define BROKEN 0
#endif

mtype = { unasked, ready, moving, reserved, done, replaced }; /* the stamp's phases */
mtype = { busy, idle, queued };                               /* the delivery word's states */

mtype stamp = unasked;
mtype word = busy;
bool alarm;  /* is set */
bool passed; /* the deadline */
bool over;
byte owners;    /* of the slot, while it is moving */
byte delivered; /* outputs and substitutes */
byte inputs, outputs, dropped; /* destroyed unrun; made; destroyed */
bool substituted;

inline flip() {
    atomic {
        if
        :: word == idle -> word = queued
        :: else
        fi
    }
}

proctype Caller() {
    stamp = ready;
    if
    :: BROKEN != 1 && word == idle -> alarm = true
    :: else
    fi
}

proctype Runner() {
    bool mine;
    stamp != unasked;
    atomic {
        mine = stamp == ready;
        if
        :: mine -> stamp = moving; owners++
        :: else
        fi
    }
    if
    :: !mine -> goto end_run
    :: else
    fi;
    assert(owners == 1);
    atomic { owners--; stamp = reserved }
    if
    :: true
    :: true ->
end_hang:
        over
    fi;
    outputs++;
    atomic {
        mine = stamp == reserved || BROKEN == 4;
        if
        :: mine -> stamp = moving; owners++
        :: else
        fi
    }
    if
    :: mine ->
        assert(owners == 1);
        atomic { owners--; stamp = done }
        flip()
    :: else -> dropped++
    fi;
end_run:
    skip
}

proctype Holder() {
    mtype seen;
look:
    seen = stamp;
    if
    :: seen == done || seen == replaced ->
        delivered++;
        goto end_delivery
    :: (seen == ready || seen == reserved) && passed ->
        atomic {
            if
            :: stamp == seen -> stamp = moving; owners++
            :: else -> goto look
            fi
        }
        assert(owners == 1);
        if
        :: seen == ready -> inputs++
        :: else
        fi;
        substituted = true;
        atomic { owners--; stamp = replaced }
        goto look
    :: else
    fi;
    word = idle;
    seen = stamp;
    if
    :: seen == done || seen == replaced ->
        atomic {
            if
            :: word == idle -> word = busy; goto look
            :: else
            fi
        }
    :: seen != unasked && seen != done && seen != replaced && BROKEN != 2 -> alarm = true
    :: else
    fi;
end_asleep:
    atomic { word == queued -> word = busy }
    goto look;
end_delivery:
    skip
}

proctype Timekeeper() {
    mtype seen;
end_sleep:
    atomic { alarm && passed; alarm = alarm && BROKEN == 3 }
    if
    :: word == idle ->
        seen = stamp;
        if
        :: seen == ready || seen == reserved -> flip()
        :: seen == moving -> alarm = true /* looks again */
        :: else
        fi
    :: else
    fi;
    if
    :: BROKEN == 3 -> alarm = false
    :: else
    fi;
    goto end_sleep
}

proctype Time() {
    passed = true
}

active proctype Judge() {
end_judge:
    timeout ->
        assert(delivered == 1);
        over = true;
end_all:
    timeout ->
        assert(delivered == 1 && inputs + outputs == 1);
        assert(dropped == (substituted && outputs == 1 -> 1 : 0));
        assert(stamp == (substituted -> replaced : done))
}

init {
    atomic {
        run Caller();
        run Runner();
        run Holder();
        run Timekeeper();
        run Time()
    }
}
