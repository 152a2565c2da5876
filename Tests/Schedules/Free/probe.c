/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include "controller.h"

enum { HANG_S = 30, FEWEST_TURNS = 5000, MOST_LOOKS = 12, LONGEST_HOLD_NS = 30000000, LONGEST_STAND_NS = 20000000 };

struct probe_counts *probe_counts;
void (*controller_quiet)(bool timers, uint64_t until);

/* What all threads together sleep for. */
struct sleep {
    bool timers, naps; /* of the core's; of the program's, held or not */
    uint64_t until;    /* the earliest of the timers, and of the naps that are not held; NEVER: there is none */
};

static struct chance dice;
static uint64_t generation; /* of the last look: nobody has left a wait since */
static struct {
    uint64_t since, next;
    unsigned looks;
} hold;
static struct {
    uint64_t progress, since;
    unsigned turns; /* of the probe's own: where it gets no processor either, nothing hangs */
} watched;

static uint64_t generation_now(unsigned count)
{
    uint64_t sum = count;
    for (unsigned i = 0; i < count; i++) {
        sum += atomic_load_explicit(&free_threads[i].passes, memory_order_relaxed);
    }
    return sum;
}

/* ---------------------------------------------------------------------------------------------- the threads ---- */

static bool each_is(bool (*holds)(struct thread *), unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (!holds(&free_threads[i])) {
            return false;
        }
    }
    return true;
}

static bool has_ended(struct thread *thread)
{
    return atomic_load(&thread->doing) == ENDED;
}

static bool is_sleep(enum doing doing)
{
    return doing == SLEEPS || doing == AWAITS || doing == JOINS || doing == NAPS || doing == ENDED;
}

static bool is_asleep(struct thread *thread)
{
    return is_sleep(atomic_load(&thread->doing));
}

/* A guess. Relaxed: the threads are to be ordered by the probe where all sleep, and nowhere else, so that a sanitizer
 * sees what the core does not order. */
static bool seems_asleep(struct thread *thread)
{
    return is_sleep(atomic_load_explicit(&thread->doing, memory_order_relaxed));
}

/* Whoever waits for a lock goes on when whoever holds it does. */
static bool seems_asleep_or_held(struct thread *thread)
{
    enum doing doing = atomic_load_explicit(&thread->doing, memory_order_relaxed);
    return doing == HELD || doing == LOCKS || is_sleep(doing);
}

static bool seems_ended(struct thread *thread)
{
    return atomic_load_explicit(&thread->doing, memory_order_relaxed) == ENDED;
}

/* One that was to be over before naps were held may be on its way out of it. */
static bool nap_is_held(const struct thread *thread)
{
    return free_naps_are_held() && thread->deadline > hold.since;
}

static void ends_at(struct sleep *sleep, uint64_t time)
{
    sleep->until = time < sleep->until ? time : sleep->until;
}

/* Behind the gate, when none runs: what it sleeps for, and whether it was not woken. It may be at the gate by now,
 * where its timer has run out: its word is read once. */
static bool note_sleep(struct thread *thread, struct sleep *sleep)
{
    switch (atomic_load(&thread->doing)) {
    case SLEEPS:
        sleep->timers = sleep->timers || thread->deadline != NEVER;
        ends_at(sleep, thread->deadline);
        return __atomic_load_n(thread->word, __ATOMIC_SEQ_CST) == thread->expected;
    case AWAITS:
        return !atomic_load(&thread->woken);
    case JOINS:
        return !has_ended(thread->joined);
    case NAPS:
        sleep->naps = true;
        ends_at(sleep, nap_is_held(thread) ? NEVER : thread->deadline);
        return true;
    case ENDED:
        return true;
    default:
        return false;
    }
}

/* Whether each sleeps, and was not woken. Each was asleep at some time since the gate was shut, and so none runs. */
static bool all_sleep(unsigned count, struct sleep *sleep)
{
    if (!each_is(is_asleep, count) || atomic_load(&free_thread_count) != count) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!note_sleep(&free_threads[i], sleep)) {
            return false;
        }
    }
    return true;
}

/* -------------------------------------------------------------------------------------------------- a look ---- */

static void look(const struct sleep *sleep)
{
    enum { FAR_NS = 1000000000 };
    bool for_good = sleep->until == NEVER;
    /* How late something is that a timer ends soon, the controlled form judges: here a thread may lose its processor
     * before any sleep. */
    bool is_far = sleep->until > controller_now() + FAR_NS;
    probe_counts->quiet++;
    probe_counts->timers += sleep->timers;
    probe_counts->naps += !sleep->timers && !for_good;
    probe_counts->for_good += for_good;
    if (controller_quiet != NULL) {
        controller_quiet(sleep->timers, is_far ? sleep->until : 0);
    }
    if (for_good && !sleep->naps) {
        controller_fail("all threads wait");
    }
}

/* Once for all that happened before: whoever looks again finds the same. Whether all sleep, and for how long. */
static bool look_if_asleep(unsigned count, struct sleep *sleep)
{
    probe_counts->tries++;
    free_gate_shut(false);
    bool quiet = all_sleep(count, sleep);
    if (!quiet) {
        probe_counts->woken++;
    } else if (!each_is(has_ended, count) && generation_now(count) != generation) {
        generation = generation_now(count);
        hold.looks++;
        look(sleep);
    }
    free_gate_open();
    return quiet;
}

/* -------------------------------------------------------------------------------------------- interferences ---- */

static void begin_hold(void)
{
    free_naps_hold(true);
    probe_counts->holds++;
    hold.since = controller_now();
    hold.looks = 0;
}

/* Until nothing more happens by itself soon. */
static void end_hold(uint64_t now, bool quiet, const struct sleep *sleep)
{
    bool settled = quiet && (sleep->until == NEVER || sleep->until > now + LONGEST_HOLD_NS);
    if (settled || hold.looks >= MOST_LOOKS || now - hold.since > LONGEST_HOLD_NS) {
        free_naps_hold(false);
        hold.next = now + chance_next(&dice, 8000000);
    }
}

/* One of those that stand still at a named point, if all others sleep, or if it has stood there for long. */
static void let_one_go(unsigned count, uint64_t now)
{
    struct thread *chosen = NULL;
    unsigned held = 0;
    bool others_sleep = each_is(seems_asleep_or_held, count);
    for (unsigned i = 0; i < count; i++) {
        struct thread *thread = &free_threads[i];
        if (atomic_load_explicit(&thread->doing, memory_order_relaxed) != HELD || atomic_load(&thread->held) == 0) {
            continue;
        }
        bool is_long = now > thread->held_since + LONGEST_STAND_NS;
        bool may = is_long || (others_sleep && (thread->patience == 0 || thread->patience-- == 0));
        if (may && chance_next(&dice, ++held) == 0) {
            chosen = thread;
        }
    }
    if (chosen != NULL) {
        probe_counts->let_go++;
        free_let_go(chosen);
    }
}

static void watch_progress(uint64_t now)
{
    uint64_t progress = atomic_load_explicit(&free_progress, memory_order_relaxed);
    if (progress != watched.progress) {
        watched.progress = progress;
        watched.since = now;
        watched.turns = 0;
    } else if (++watched.turns > FEWEST_TURNS && now - watched.since > (uint64_t)HANG_S * 1000000000) {
        controller_fail("hang: no progress for %d s", HANG_S);
    }
}

/* ------------------------------------------------------------------------------------------------------ all ---- */

static void turn(unsigned count)
{
    struct sleep sleep = {false, false, NEVER};
    bool quiet = each_is(seems_asleep, count) && look_if_asleep(count, &sleep);
    uint64_t now = controller_now();
    if (free_naps_are_held()) {
        end_hold(now, quiet, &sleep);
    } else if (now >= hold.next) {
        begin_hold();
    }
    let_one_go(count, now);
    watch_progress(now);
}

static void *body_main(void *body)
{
    (*(void (**)(void))body)();
    return NULL;
}

void probe_run(void (*body)(void), const struct disturbance *disturbance, struct chance chance)
{
    enum { SHORTEST_NS = 100000, LONGER_NS = 1000000 };
    free_threads_begin(disturbance);
    dice = chance;
    generation = 0;
    hold.next = controller_now() + chance_next(&dice, 8000000);
    watched.since = controller_now();
    watched.turns = 0;
    pthread_t first;
    if (free_create(&first, NULL, body_main, &body) != 0) {
        controller_fail("pthread_create");
    }
    unsigned count;
    do {
        free_await_poke(SHORTEST_NS + chance_next(&dice, LONGER_NS));
        count = atomic_load(&free_thread_count);
        turn(count);
    } while (!each_is(seems_ended, count) || !each_is(has_ended, count) || atomic_load(&free_thread_count) != count);
    free_naps_hold(false);
    pthread_join(first, NULL);
}
