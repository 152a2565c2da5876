/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue_items.h"

#include <string.h>

static struct entry *entry_of(struct overdue *overdue, const void *payload, uint64_t form)
{
    const struct parcel *parcel = payload;
    CHECK(parcel->form == form && parcel->index < (uint64_t)overdue->count);
    return &overdue->entries[parcel->index];
}

void overdue_write(const struct overdue *overdue, void *payload, uint64_t index, uint64_t form)
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
        overdue_write(overdue, payload, (uint64_t)(entry - overdue->entries), FAILURE);
        return FAILURE;
    }
    overdue_write(overdue, payload, (uint64_t)(entry - overdue->entries), OUTPUT);
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
        overdue_write(overdue, payload, (uint64_t)(entry - overdue->entries), SUBSTITUTE);
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

void overdue_give_functions(struct overdue *overdue, struct oip_producer_options *options)
{
    options->run = run;
    options->discard = discard;
    options->failed = failed;
    options->substitute = substitute;
    options->release_argument = release_argument;
    options->context = overdue;
    options->release = release;
}

int overdue_deliver(void *context, void *payload, uint64_t sequence)
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

void overdue_check(const struct entry *entry)
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
