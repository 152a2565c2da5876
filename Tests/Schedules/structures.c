/* SPDX-License-Identifier: Apache-2.0 */
#include "structures.h"

#include "deadline.h"
#include "deliverer.h"
#include "execution.h"
#include "idle.h"
#include "pool.h"
#include "waking.h"
#include "window.h"

static unsigned length_of(const struct waiter_list *list)
{
    unsigned count = 0;
    for (const struct waiter *waiter = list->first; waiter != NULL; waiter = waiter->next) {
        count++;
    }
    return count;
}

/* Whether a batch holds the item, and has not begun it. */
static bool is_held(const struct oip_producer *producer, uint64_t sequence)
{
    for (unsigned i = 0; i < HELD_RUNS; i++) {
        const struct held_run *run = &producer->held.runs[i];
        if (sequence >= atomic_load(&run->begun) && sequence < atomic_load(&run->end)) {
            return true;
        }
    }
    return false;
}

static enum seen_head see_item(const struct oip_producer *producer, uint64_t sequence)
{
    uint64_t stamp = atomic_load(&ring_slot(&producer->ring, sequence)->stamp);
    if (stamp_sequence(stamp) != sequence || stamp_phase(stamp) == 0) {
        return SEEN_ASKED;
    }
    if (stamp_is_final(stamp, sequence)) {
        return SEEN_FINAL;
    }
    if (stamp_phase(stamp) == PHASE_READY) {
        bool claimed = sequence < atomic_load(&producer->ring.claim);
        return claimed && !is_held(producer, sequence) ? SEEN_RUNNING : SEEN_READY;
    }
    return SEEN_RUNNING;
}

static void count_items(const struct oip_producer *producer, struct seen_producer *seen)
{
    seen->first_unbegun = UINT64_MAX;
    for (uint64_t sequence = seen->head; sequence < seen->tail; sequence++) {
        uint64_t stamp = atomic_load(&ring_slot(&producer->ring, sequence)->stamp);
        switch (see_item(producer, sequence)) {
        case SEEN_READY:
            seen->first_unbegun = seen->held + seen->ready == 0 ? sequence : seen->first_unbegun;
            if (sequence < seen->claim) {
                seen->held++;
            } else {
                seen->ready++;
            }
            seen->discardable++;
            break;
        case SEEN_RUNNING:
            seen->running++;
            seen->reserved += stamp_phase(stamp) == PHASE_RESERVED && producer->deadlines == NULL;
            break;
        case SEEN_ASKED:
            seen->unpublished++;
            break;
        default:
            seen->discardable++;
        }
    }
}

static enum seen_owner see_owner(uint64_t word)
{
    switch (delivery_state(word)) {
    case DELIVERY_NONE:
        return OWNER_NONE;
    case DELIVERY_AWAY:
        return OWNER_COMES;
    case DELIVERY_IDLE:
        return OWNER_IDLE;
    case DELIVERY_QUEUED:
        return OWNER_TOLD;
    case DELIVERY_PAUSED:
        return OWNER_PAUSED;
    case DELIVERY_SETTLED:
        return OWNER_GONE;
    default:
        return OWNER_BUSY;
    }
}

static enum seen_consumer see_consumer(int kind)
{
    switch ((enum consumer_kind)kind) {
    case CONSUMER_THREAD:
        return SEEN_THREAD;
    case CONSUMER_LOOP:
        return SEEN_LOOP;
    case CONSUMER_SINK:
        return SEEN_SINK;
    case CONSUMER_DISCARD:
        return SEEN_DISCARDING;
    default:
        return SEEN_NONE;
    }
}

void see_producer(const oip_producer *producer, struct seen_producer *seen)
{
    const struct reorder_ring *ring = &producer->ring;
    uint64_t tail = atomic_load(&ring->tail);
    uint64_t word = atomic_load(&producer->delivery);
    unsigned schedule = atomic_load(&producer->schedule);
    uint32_t cost = atomic_load(&producer->cost);
    unsigned patience = atomic_load(&producer->callers_wait);
    *seen = (struct seen_producer){
        .head = atomic_load(&ring->head),
        .claim = atomic_load(&ring->claim),
        .tail = tail >> TAIL_SHIFT,
        .window = ring->window,
        .closed = (tail & TAIL_CLOSED) != 0,
        .marked = (tail & TAIL_CALLERS_WAIT) != 0,
        .due = UINT64_MAX,
        .alarm = producer->deadlines != NULL ? atomic_load(&producer->deadlines->alarm.set_for) : UINT64_MAX,
        .consumer = see_consumer(atomic_load(&producer->kind)),
        .owner = see_owner(word),
        .awaited = delivery_sequence(word),
        .aborted = atomic_load(&producer->start_limit) == 0,
        .stopping = producer->stopping,
        .paused = producer->paused,
        .ended = producer->ended,
        .callers = length_of(&producer->callers),
        .stoppers = length_of(&producer->stoppers),
        .helpers = atomic_load(&producer->helpers),
        .urgency = (patience & CALLERS_WAIT) == 0                       ? 0
                   : (patience & (CALLERS_EAGER | CALLERS_URGENT)) == 0 ? 1
                                                                        : 2,
        .queued = (schedule & SCHEDULE_QUEUED) != 0,
        .active = schedule_active(schedule),
        .width = producer->width,
        .assists = producer->assists,
        .cost = cost != 0 ? cost : UINT64_MAX,
        .told_in_queue = atomic_load(&producer->on_ready_queue),
    };
    seen->gate_down = seen->head >= atomic_load(&producer->gate);
    if (seen->head < seen->tail) {
        seen->at_head = see_item(producer, seen->head);
        if (producer->deadlines != NULL && seen->at_head != SEEN_ASKED) {
            seen->due = atomic_load(&slot_deadline(ring_slot(ring, seen->head))->due);
        }
    } else {
        seen->at_head = seen->closed ? SEEN_END : SEEN_NOTHING;
    }
    count_items(producer, seen);
}

uint64_t seen_head(const oip_producer *producer)
{
    return atomic_load(&producer->ring.head);
}

void see_pool(const oip_pool *pool, struct seen_pool *seen)
{
    uint64_t idle = atomic_load(&pool->idle);
    *seen = (struct seen_pool){
        .parked = idle_parked(idle),
        .lookouts = idle_lookout(idle) != 0,
        .searching = idle_searching(idle),
        .live = atomic_load(&pool->live),
        .leaving = atomic_load(&pool->leaving),
        .wanted = pool->threads,
        .stopping = atomic_load(&pool->stopping),
        .queued = atomic_load(&pool->run_queue.length),
        .wake_cost = atomic_load(&pool->wake_cost),
        .processors = pool->processors,
    };
}

void see_queue(const oip_ready_queue *queue, struct seen_queue *seen)
{
    seen->empty = queue->taken == NULL && queue->pushed.head == NULL;
    seen->notified = atomic_load(&queue->notified);
}

void print_seen_producer(FILE *to, const struct seen_producer *seen)
{
    static const char *const owners[] = {"none", "comes by itself", "busy", "idle", "told", "paused", "drained"};
    static const char *const heads[] = {"nothing", "not published", "ready", "running", "final", "the end"};
    static const char *const consumers[] = {"none", "thread", "loop", "sink", "discarding"};
    fprintf(
        to,
        "    head %llu, claim %llu, tail %llu of window %llu%s%s; at the head: %s; %u ready, %u held, from %lld on, "
        "%u running (%u reserved), %u unpublished\n",
        (unsigned long long)seen->head, (unsigned long long)seen->claim, (unsigned long long)seen->tail,
        (unsigned long long)seen->window, seen->closed ? ", closed" : "", seen->marked ? ", callers wait" : "",
        heads[seen->at_head], seen->ready, seen->held, (long long)seen->first_unbegun, seen->running, seen->reserved,
        seen->unpublished);
    fprintf(to, "    consumer: %s, owner %s", consumers[seen->consumer], owners[seen->owner]);
    if (seen->owner == OWNER_IDLE) {
        fprintf(to, " (%llu)", (unsigned long long)seen->awaited);
    }
    fprintf(to, "%s%s%s%s%s%s; %u callers wait (urgency %d), %u of them help; %u stoppers\n",
            seen->told_in_queue ? ", entry queued" : "", seen->gate_down ? ", gate down" : "",
            seen->aborted ? ", aborted" : "", seen->stopping ? ", stopping" : "", seen->paused ? ", paused" : "",
            seen->ended ? ", ended" : "", seen->callers, seen->urgency, seen->helpers, seen->stoppers);
    fprintf(to, "    %s, %u active of width %u, cost %lld ns\n", seen->queued ? "in the run queue" : "not queued",
            seen->active, seen->width, (long long)seen->cost);
}

void print_seen_pool(FILE *to, const struct seen_pool *seen)
{
    fprintf(to,
            "  pool: %u threads live (%u wanted, %u to leave), %u parked, %u on the lookout, %u searching, %d in the "
            "run queue, a wake costs %llu ns%s\n",
            seen->live, seen->wanted, seen->leaving, seen->parked, seen->lookouts, seen->searching, seen->queued,
            (unsigned long long)seen->wake_cost, seen->stopping ? ", stopping" : "");
}
