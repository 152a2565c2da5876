/* SPDX-License-Identifier: Apache-2.0 */
#include "account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void expectation_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
    abort();
}

/* ------------------------------------------------------------------------------------------------- payloads ---- */

/* What a payload begins with; the rest of it is a pattern of the same number. */
struct head {
    uint32_t number, check;
};

enum { INPUT = 0x11, OUTPUT = 0x77 };

static unsigned char pattern(uint32_t number, size_t at, unsigned char hands)
{
    return (unsigned char)(number * 31u + at * 7u + hands);
}

static void write_payload(const struct account *account, const struct item *item, void *payload, unsigned char hands)
{
    struct head head = {(uint32_t)(item - account->items), 0};
    head.check = ~head.number ^ hands;
    memcpy(payload, &head, sizeof head);
    unsigned char *bytes = payload;
    for (size_t i = sizeof head; i < account->payload_size; i++) {
        bytes[i] = pattern(head.number, i, hands);
    }
}

static struct item *read_payload(struct account *account, const void *payload, unsigned char hands)
{
    struct head head;
    memcpy(&head, payload, sizeof head);
    EXPECT(head.check == (~head.number ^ hands));
    EXPECT(head.number < atomic_load(&account->taken));
    const unsigned char *bytes = payload;
    for (size_t i = sizeof head; i < account->payload_size; i++) {
        EXPECT(bytes[i] == pattern(head.number, i, hands));
    }
    return &account->items[head.number];
}

static int call_item(void *argument, void **result);

size_t account_stride(const struct account *account)
{
    return (account->payload_size + account->payload_align - 1) / account->payload_align * account->payload_align;
}

void account_write_input(const struct account *account, struct item *item, void *payload)
{
    if (account->takes_calls) {
        struct oip_call call = {call_item, item};
        memcpy(payload, &call, sizeof call);
    } else {
        write_payload(account, item, payload, INPUT);
    }
}

void account_write_output(const struct account *account, struct item *item, void *payload)
{
    if (account->takes_calls) {
        memcpy(payload, &item, sizeof item);
    } else {
        write_payload(account, item, payload, OUTPUT);
    }
}

struct item *account_read_input(struct account *account, const void *payload)
{
    if (account->takes_calls) {
        struct oip_call call;
        memcpy(&call, payload, sizeof call);
        EXPECT(call.function == call_item);
        return call.argument;
    }
    return read_payload(account, payload, INPUT);
}

static struct item *read_output(struct account *account, const void *payload)
{
    struct item *item;
    if (account->takes_calls) {
        memcpy(&item, payload, sizeof item);
        EXPECT(item >= account->items && item < account->items + atomic_load(&account->taken));
        return item;
    }
    return read_payload(account, payload, OUTPUT);
}

/* ---------------------------------------------------------------------------------------------------- items ---- */

int lane_run(void *lane, struct item *item);

static int call_item(void *argument, void **result)
{
    struct item *item = argument;
    *result = item;
    return lane_run(item->account->lane, item);
}

void account_init(struct account *account, const struct oip_producer_options *options)
{
    memset(account, 0, offsetof(struct account, items));
    account->takes_calls = options->run == NULL;
    account->window = options->window != 0 ? options->window : 1024;
    account->policy = options->on_failure;
    account->payload_size = account->takes_calls ? sizeof(struct oip_call) : options->payload_size;
    account->payload_align = options->payload_align != 0 ? options->payload_align : _Alignof(max_align_t);
    if (account->takes_calls) {
        account->payload_align = _Alignof(struct oip_call);
    }
    atomic_init(&account->last_delivered, -1);
}

struct item *account_take(struct account *account, unsigned count, unsigned asker, unsigned char mood, bool fails)
{
    unsigned first = atomic_load(&account->taken);
    do {
        if (first + count > ITEMS_MOST) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&account->taken, &first, first + count));
    for (unsigned i = first; i < first + count; i++) {
        struct item *item = &account->items[i];
        item->account = account;
        atomic_store(&item->sequence, UINT64_MAX);
        atomic_store(&item->fate, FATE_OPEN);
        atomic_store(&item->runs, 0);
        atomic_store(&item->accepted, false);
        item->reserved = false;
        item->fails = fails;
        item->asker = (unsigned char)asker;
        item->mood = mood;
    }
    return &account->items[first];
}

static void learn_sequence(struct item *item, uint64_t sequence)
{
    unsigned long long before = atomic_exchange(&item->sequence, sequence);
    EXPECT(before == UINT64_MAX || before == sequence);
}

void account_accepted(struct account *account, struct item *item, uint64_t sequence)
{
    EXPECT(!atomic_exchange(&item->accepted, true));
    if (sequence != UINT64_MAX) {
        learn_sequence(item, sequence);
        /* What was discarded has left the window, too, perhaps just before the window was closed. */
        int left = atomic_load(&account->delivered) + atomic_load(&account->slack) + atomic_load(&account->discarded);
        left += atomic_load(&account->failed);
        EXPECT(sequence < (uint64_t)left + account->window);
    }
}

static void settle(struct account *account, struct item *item, enum fate fate)
{
    EXPECT(atomic_load(&account->releases) == 0);
    EXPECT(atomic_exchange(&item->fate, (int)fate) == FATE_OPEN);
}

struct item *account_delivered(struct account *account, const void *payload, uint64_t sequence)
{
    struct item *item = read_output(account, payload);
    settle(account, item, FATE_DELIVERED);
    EXPECT(!item->fails && atomic_load(&item->runs) == (item->reserved ? 0 : 1));
    learn_sequence(item, sequence);
    EXPECT(atomic_exchange(&account->last_delivered, (long long)sequence) < (long long)sequence);
    atomic_fetch_add(&account->delivered, 1);
    return item;
}

void account_failed(struct account *account, struct item *item)
{
    settle(account, item, FATE_FAILED);
    atomic_fetch_add(&account->failed, 1);
}

void account_discarded(struct account *account, const void *payload, enum oip_payload_state state)
{
    struct item *item =
        state == OIP_PAYLOAD_INPUT ? account_read_input(account, payload) : read_output(account, payload);
    settle(account, item, FATE_DISCARDED);
    int runs = state == OIP_PAYLOAD_INPUT || item->reserved ? 0 : 1;
    EXPECT(atomic_load(&item->runs) == runs && !(item->reserved && state == OIP_PAYLOAD_INPUT));
    atomic_fetch_add(&account->discarded, 1);
}

/* ------------------------------------------------------------------------------------------------- the whole ---- */

void account_verify(struct account *account, bool expect_all)
{
    struct item *by_sequence[ITEMS_MOST] = {NULL};
    unsigned long long next_of[ASKERS_MOST] = {0};
    unsigned taken = atomic_load(&account->taken), accepted = 0;
    for (unsigned i = 0; i < taken; i++) {
        accepted += atomic_load(&account->items[i].accepted);
    }
    for (unsigned i = 0; i < taken; i++) {
        struct item *item = &account->items[i];
        int fate = atomic_load(&item->fate);
        EXPECT((fate != FATE_OPEN) == atomic_load(&item->accepted));
        unsigned long long sequence = atomic_load(&item->sequence);
        if (fate == FATE_OPEN || sequence == UINT64_MAX) {
            continue;
        }
        EXPECT(sequence < accepted && by_sequence[sequence] == NULL);
        by_sequence[sequence] = item;
        if (item->asker != ASKER_INSIDE) { /* who asks for one after the other gets them so */
            EXPECT(sequence >= next_of[item->asker]);
            next_of[item->asker] = sequence + 1;
        }
    }
    bool skips = account->policy == OIP_SKIP;
    long long last = atomic_load(&account->last_delivered);
    long long end = last + 1; /* everything below was delivered, or skipped */
    if (expect_all) {
        for (end = 0; end < (long long)accepted; end++) {
            if (!skips && by_sequence[end] != NULL && atomic_load(&by_sequence[end]->fate) == FATE_FAILED) {
                break;
            }
        }
    }
    for (long long sequence = 0; sequence < end; sequence++) {
        struct item *item = by_sequence[sequence];
        EXPECT(item != NULL);
        int fate = atomic_load(&item->fate);
        EXPECT(fate == FATE_DELIVERED || (skips && fate == FATE_FAILED));
    }
    EXPECT(last < end);
}
