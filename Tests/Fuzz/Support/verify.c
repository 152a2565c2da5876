/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of an account, when production is over. */
#include "account.h"

static void verify_events(const struct account *account)
{
    int accepted = 0, begun = 0, overtaken = 0;
    for (unsigned i = 0; i < atomic_load(&account->taken); i++) {
        const struct item *item = &account->items[i];
        accepted += atomic_load(&item->accepted);
        begun += item->reserved ? atomic_load(&item->accepted) : atomic_load(&item->runs);
        overtaken += atomic_load(&item->substitutes);
    }
    EXPECT(atomic_load(&account->events[OIP_REQUESTED]) == accepted);
    EXPECT(atomic_load(&account->events[OIP_STARTED]) == begun);
    EXPECT(atomic_load(&account->events[OIP_FINISHED]) == begun);
    EXPECT(atomic_load(&account->events[OIP_DELIVERED]) == atomic_load(&account->delivered));
    EXPECT(atomic_load(&account->events[OIP_OVERTAKEN]) == overtaken);
}

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
        int fate = (int)account_fate(item);
        EXPECT((fate != FATE_OPEN) == atomic_load(&item->accepted));
        EXPECT((atomic_load(&item->fate) != FATE_OPEN) == atomic_load(&item->accepted));
        EXPECT(atomic_load(&item->arguments) == (item->has_argument && atomic_load(&item->accepted)));
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
            if (!skips && by_sequence[end] != NULL && account_fate(by_sequence[end]) == FATE_FAILED) {
                break;
            }
        }
    }
    for (long long sequence = 0; sequence < end; sequence++) {
        struct item *item = by_sequence[sequence];
        EXPECT(item != NULL);
        enum fate fate = account_fate(item);
        EXPECT(fate == FATE_DELIVERED || fate == FATE_LEFT_OUT || (skips && fate == FATE_FAILED));
    }
    EXPECT(last < end);
    if (account->observed) {
        verify_events(account);
    }
}
