/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"

#include <stdlib.h>
#include <string.h>

static struct entry *entry_of(struct overdue *overdue, const void *payload, uint64_t form)
{
    const struct parcel *parcel = payload;
    CHECK(parcel->form == form && parcel->index < (uint64_t)overdue->count);
    return &overdue->entries[parcel->index];
}

/* The whole payload is written and looked at, so that a copy in the wrong place is found out. */
static void write_parcel(struct overdue *overdue, void *payload, uint64_t index, uint64_t form)
{
    memset(payload, (int)form, overdue->payload_size);
    *(struct parcel *)payload = (struct parcel){index, form};
}

static void check_parcel(struct overdue *overdue, const void *payload, uint64_t form)
{
    const unsigned char *bytes = payload;
    for (size_t i = sizeof(struct parcel); i < overdue->payload_size; i++) {
        CHECK_EQUAL(bytes[i], form);
    }
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)sequence;
    struct overdue *overdue = context;
    check_parcel(overdue, payload, INPUT);
    struct entry *entry = entry_of(overdue, payload, INPUT);
    atomic_fetch_add(&entry->begins, 1);
    if (entry->begun != NULL) {
        sem_post(entry->begun);
    }
    if (entry->gate != NULL) {
        wait_for(entry->gate);
    }
    if (entry->inside != NULL) {
        entry->inside(entry);
    }
    for (volatile unsigned i = 0; i < entry->spins; i++) {
    }
    if (entry->fails) {
        write_parcel(overdue, payload, (uint64_t)(entry - overdue->entries), FAILURE);
        return FAILURE;
    }
    write_parcel(overdue, payload, (uint64_t)(entry - overdue->entries), OUTPUT);
    atomic_fetch_add(&entry->outputs, 1);
    return 0;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    struct overdue *overdue = context;
    struct parcel *parcel = payload;
    if (state == OIP_PAYLOAD_INPUT) {
        atomic_fetch_add(&entry_of(overdue, payload, INPUT)->inputs_discarded, 1);
    } else if (parcel->form == SUBSTITUTE) {
        atomic_fetch_add(&entry_of(overdue, payload, SUBSTITUTE)->substitutes_discarded, 1);
    } else {
        atomic_fetch_add(&entry_of(overdue, payload, OUTPUT)->outputs_discarded, 1);
    }
    parcel->form = 0;
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    (void)sequence;
    struct entry *entry = entry_of(context, payload, FAILURE);
    CHECK_EQUAL(code, FAILURE);
    atomic_fetch_add(late ? &entry->late_failures : &entry->failures, 1);
}

static struct entry *entry_with(struct overdue *overdue, uint64_t sequence)
{
    for (int i = 0; i < overdue->count; i++) {
        if (overdue->entries[i].asked && overdue->entries[i].sequence == sequence) {
            return &overdue->entries[i];
        }
    }
    return NULL;
}

/* Of an item with an argument, that is its entry; else it is found by the sequence, which these tests know by then. */
static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    struct overdue *overdue = context;
    struct entry *entry = argument != NULL ? argument : entry_with(overdue, sequence);
    CHECK(entry != NULL);
    atomic_fetch_add(&entry->substitutes, 1);
    if (argument != NULL) {
        atomic_fetch_add(&entry->arguments_used, 1);
    }
    if (overdue->in_substitute != NULL) {
        overdue->in_substitute(entry);
    }
    if (entry->instead == A_VALUE) {
        write_parcel(overdue, payload, (uint64_t)(entry - overdue->entries), SUBSTITUTE);
        return 0;
    }
    return entry->instead == NOTHING ? OIP_LEAVE_OUT : SUBSTITUTE_FAILURE;
}

static void release_argument(void *context, void *argument)
{
    (void)context;
    atomic_fetch_add(&((struct entry *)argument)->arguments_released, 1);
}

static void release(void *context)
{
    sem_post(&((struct overdue *)context)->released);
}

/* -------------------------------------------------------------------------------------------------- consumers ---- */

static int deliver(void *context, void *payload, uint64_t sequence)
{
    struct overdue *overdue = context;
    struct parcel *parcel = payload;
    CHECK(sequence >= overdue->next);
    overdue->next = sequence + 1;
    bool substituted = parcel->form == SUBSTITUTE;
    check_parcel(overdue, payload, substituted ? SUBSTITUTE : OUTPUT);
    struct entry *entry = entry_of(overdue, payload, substituted ? SUBSTITUTE : OUTPUT);
    atomic_fetch_add(substituted ? &entry->substitutes_delivered : &entry->delivered, 1);
    sem_post(&overdue->arrivals);
    return 0;
}

static void *consume(oip_producer *producer, void *argument)
{
    struct overdue *overdue = argument;
    _Alignas(64) char payload[4096];
    uint64_t sequence;
    while (oip_next(producer, payload, &sequence) == 1) {
        deliver(overdue, payload, sequence);
    }
    return NULL;
}

static void *consume_attached(void *argument)
{
    struct overdue *overdue = argument;
    consume(overdue->producer, overdue);
    oip_detach(overdue->producer);
    return NULL;
}

static void *loop(void *argument)
{
    struct overdue *overdue = argument;
    _Alignas(64) char payload[4096];
    uint64_t sequence;
    int taken;
    while ((taken = oip_try_next(overdue->producer, payload, &sequence)) != 0) {
        if (taken == 1) {
            deliver(overdue, payload, sequence);
            continue;
        }
        void *tag;
        do {
            CHECK_EQUAL(oip_ready_queue_wait(overdue->queue, -1), 1);
        } while (oip_ready_queue_take(overdue->queue, &tag) == 0);
    }
    return NULL;
}

void overdue_start(struct overdue *overdue)
{
    overdue->started = true;
    switch (overdue->consumer) {
    case THREAD:
        CHECK_EQUAL(oip_start(overdue->producer, consume, overdue), 0);
        break;
    case ATTACHED:
        CHECK_EQUAL(oip_attach(overdue->producer), 0);
        CHECK_EQUAL(pthread_create(&overdue->thread, NULL, consume_attached, overdue), 0);
        break;
    case SINK:
        CHECK_EQUAL(oip_start_sink(overdue->producer, deliver, overdue), 0);
        break;
    default:
        CHECK_EQUAL(oip_ready_queue_create(&overdue->queue, NULL), 0);
        CHECK_EQUAL(oip_attach_ready_queue(overdue->producer, overdue->queue, NULL), 0);
        CHECK_EQUAL(pthread_create(&overdue->thread, NULL, loop, overdue), 0);
    }
}

/* ------------------------------------------------------------------------------------------------------- life ---- */

struct overdue *overdue_create(enum consumer consumer, int count, uint32_t threads,
                               const struct oip_producer_options *given)
{
    struct overdue *overdue = calloc(1, sizeof *overdue);
    CHECK(overdue != NULL);
    overdue->consumer = consumer;
    overdue->count = count;
    overdue->entries = calloc((size_t)count, sizeof *overdue->entries);
    CHECK(overdue->entries != NULL);
    for (int i = 0; i < count; i++) {
        overdue->entries[i].overdue = overdue;
        overdue->entries[i].with_argument = true;
    }
    sem_init(&overdue->arrivals, 0, 0);
    sem_init(&overdue->released, 0, 0);
    overdue->pool = pool_of(threads);
    struct oip_producer_options options = *given;
    options.payload_size = given->payload_size != 0 ? given->payload_size : sizeof(struct parcel);
    overdue->payload_size = options.payload_size;
    options.deadlines = true;
    options.run = run;
    options.discard = discard;
    options.failed = failed;
    options.substitute = substitute;
    options.release_argument = release_argument;
    options.context = overdue;
    options.release = release;
    CHECK_EQUAL(oip_producer_create(&overdue->producer, overdue->pool, &options), 0);
    return overdue;
}

int overdue_ask(struct overdue *overdue, int index, enum making making, uint64_t deadline_ns)
{
    struct entry *entry = &overdue->entries[index];
    _Alignas(64) char payload[4096];
    write_parcel(overdue, payload, (uint64_t)index, INPUT);
    struct oip_request request = {
        .size = sizeof request,
        .payload = making == ON_POOL ? payload : NULL,
        .deadline_ns = deadline_ns,
        .argument = entry->with_argument ? entry : NULL,
    };
    int result = oip_request(overdue->producer, &request, &entry->sequence);
    entry->asked = result == 0;
    if (result == 0 && making == ELSEWHERE) {
        atomic_fetch_add(&entry->begins, 1);
        if (entry->begun != NULL) {
            sem_post(entry->begun);
        }
    }
    return result;
}

void overdue_finish(struct overdue *overdue, int index)
{
    struct entry *entry = &overdue->entries[index];
    _Alignas(64) char payload[4096];
    write_parcel(overdue, payload, (uint64_t)index, entry->fails ? FAILURE : OUTPUT);
    if (entry->fails) {
        oip_fail_with(overdue->producer, entry->sequence, FAILURE, payload);
    } else {
        atomic_fetch_add(&entry->outputs, 1);
        oip_complete(overdue->producer, entry->sequence, payload);
    }
}

struct oip_statistics overdue_statistics(struct overdue *overdue)
{
    struct oip_statistics statistics = {.size = sizeof statistics};
    CHECK_EQUAL(oip_get_statistics(overdue->producer, &statistics), 0);
    return statistics;
}

void overdue_stop(struct overdue *overdue)
{
    CHECK_EQUAL(oip_stop(overdue->producer, NULL), 0);
    if (overdue->started && (overdue->consumer == LOOP || overdue->consumer == ATTACHED)) {
        CHECK_EQUAL(pthread_join(overdue->thread, NULL), 0);
    }
    overdue->left = true;
}

static void check_entry(const struct entry *entry)
{
    if (!entry->asked) {
        CHECK(entry->begins + entry->substitutes + entry->arguments_used + entry->arguments_released == 0);
        return;
    }
    CHECK_EQUAL(entry->begins + entry->inputs_discarded, 1);
    CHECK_EQUAL(entry->outputs + entry->failures + entry->late_failures, entry->begins);
    CHECK_EQUAL(entry->delivered + entry->outputs_discarded, entry->outputs);
    bool value = entry->instead == A_VALUE;
    CHECK_EQUAL(entry->substitutes_delivered + entry->substitutes_discarded, value ? entry->substitutes : 0);
    CHECK(entry->delivered + entry->failures + entry->substitutes <= 1);
    CHECK(entry->late_failures == 0 || entry->delivered == 0);
    CHECK_EQUAL(entry->arguments_used + entry->arguments_released, entry->with_argument);
}

void overdue_end(struct overdue *overdue)
{
    if (!overdue->left) {
        overdue_stop(overdue);
    }
    oip_producer_release(overdue->producer);
    if (overdue->queue != NULL) {
        oip_ready_queue_release(overdue->queue); /* an entry that the loop has left there holds the producer */
    }
    wait_for(&overdue->released);
    for (int i = 0; i < overdue->count; i++) {
        check_entry(&overdue->entries[i]);
    }
    pool_end(overdue->pool);
    free(overdue->entries);
    free(overdue);
}
