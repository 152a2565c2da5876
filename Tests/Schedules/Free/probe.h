/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: runs a program free, on real threads, and looks at the core whenever all of them sleep.
 *
 * Guarantee. It looks only where no thread runs or has been woken, and nobody can go on while it looks: the invariants
 * L1 to L4 (quiescence.h) hold there whatever the threads did before. Where nobody will ever go on, by a timer or by
 * itself, that is a failure at once; where threads run on and on, and the program makes no progress, when a limit of
 * time is over.
 *
 * How. The thread that is the last to fall asleep pokes the probe, which shuts the gate, finds each thread asleep, and
 * then finds that none was woken: threads.h. So that there is something to see, now and then it lets nobody come back
 * from a nap: all that the library can do by itself is then done, and its timers run out, before anything else happens.
 * And threads stand still at named points of the core until all others sleep. */
#ifndef PROBE_H
#define PROBE_H

#include "quiescence.h"
#include "threads.h"

struct probe_counts {
    uint64_t tries;    /* all seemed to sleep */
    uint64_t woken;    /* but somebody ran, or had been woken */
    uint64_t quiet;    /* looks: all slept, */
    uint64_t timers;   /* some with a timer of the core's, */
    uint64_t naps;     /* others in naps that end, */
    uint64_t for_good; /* or for good, but for naps that are held */
    uint64_t holds;    /* how often naps were held */
    uint64_t let_go;   /* threads that stood still at a named point */
};

extern struct probe_counts *probe_counts;

/* Runs `body` as the first thread, until all threads have ended. Returns only where nothing failed. */
void probe_run(void (*body)(void), const struct disturbance *disturbance, struct chance chance);

#endif
