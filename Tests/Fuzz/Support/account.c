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

enum { INPUT = 0x11, OUTPUT = 0x77, INSTEAD = 0x3c };

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

/* Whether it is a substitute's output. One of a call is a pointer: of a substitute, to the byte behind. */
static bool is_instead(const struct account *account, const void *payload)
{
    struct head head;
    uintptr_t pointer;
    if (account->takes_calls) {
        memcpy(&pointer, payload, sizeof pointer);
        return pointer % 2 != 0;
    }
    memcpy(&head, payload, sizeof head);
    return head.check == (~head.number ^ INSTEAD);
}

static void write_instead(const struct account *account, struct item *item, void *payload)
{
    if (account->takes_calls) {
        char *pointer = (char *)item + 1;
        memcpy(payload, &pointer, sizeof pointer);
    } else {
        write_payload(account, item, payload, INSTEAD);
    }
}

static struct item *read_output(struct account *account, const void *payload)
{
    struct item *item;
    bool instead = is_instead(account, payload);
    if (account->takes_calls) {
        char *pointer;
        memcpy(&pointer, payload, sizeof pointer);
        item = (struct item *)(void *)(pointer - instead);
        EXPECT(item >= account->items && item < account->items + atomic_load(&account->taken));
        return item;
    }
    return read_payload(account, payload, instead ? INSTEAD : OUTPUT);
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
    account->deadlines = options->deadlines;
    account->observed = options->observe != NULL;
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
        atomic_store(&item->arguments, 0);
        atomic_store(&item->substitutes, 0);
        atomic_store(&item->instead_fate, FATE_OPEN);
        item->has_argument = false;
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
        /* Where items are overtaken an ending discards places of items that are still being made. */
        EXPECT(sequence < (uint64_t)left + account->window || (account->deadlines && atomic_load(&account->abrupt)));
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
    if (is_instead(account, payload)) {
        EXPECT(atomic_exchange(&item->instead_fate, FATE_DELIVERED) == FATE_OPEN);
    } else {
        settle(account, item, FATE_DELIVERED);
        EXPECT(!item->fails && atomic_load(&item->runs) == (item->reserved ? 0 : 1));
        EXPECT(atomic_load(&item->substitutes) == 0);
    }
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

void account_failed_late(struct account *account, struct item *item)
{
    settle(account, item, FATE_LATE_FAILURE);
}

void account_overtaken(struct account *account, struct item *item, uint64_t sequence, enum fate fate, void *payload)
{
    EXPECT(atomic_load(&account->releases) == 0);
    EXPECT(atomic_fetch_add(&item->substitutes, 1) == 0);
    learn_sequence(item, sequence);
    if (fate == FATE_DELIVERED) {
        write_instead(account, item, payload);
        return; /* unless it is discarded */
    }
    EXPECT(atomic_exchange(&item->instead_fate, (int)fate) == FATE_OPEN);
    atomic_fetch_add(fate == FATE_FAILED ? &account->failed : &account->discarded, 1);
}

enum fate account_fate(const struct item *item)
{
    return (enum fate)(atomic_load(&item->substitutes) != 0 ? atomic_load(&item->instead_fate)
                                                            : atomic_load(&item->fate));
}

void account_discarded(struct account *account, const void *payload, enum oip_payload_state state)
{
    if (state == OIP_PAYLOAD_OUTPUT && is_instead(account, payload)) {
        EXPECT(atomic_exchange(&read_output(account, payload)->instead_fate, FATE_DISCARDED) == FATE_OPEN);
        atomic_fetch_add(&account->discarded, 1);
        return;
    }
    struct item *item =
        state == OIP_PAYLOAD_INPUT ? account_read_input(account, payload) : read_output(account, payload);
    settle(account, item, FATE_DISCARDED);
    int runs = state == OIP_PAYLOAD_INPUT || item->reserved ? 0 : 1;
    EXPECT(atomic_load(&item->runs) == runs && !(item->reserved && state == OIP_PAYLOAD_INPUT));
    atomic_fetch_add(&account->discarded, 1);
}
