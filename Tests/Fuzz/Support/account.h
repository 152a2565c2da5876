/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who owes what: every item that a fuzzed sequence of operations asks for, and what became of it.
 *
 * A payload carries the number of its item and a pattern that says whose hands it is in. Whoever gets a payload hands
 * it in here; a second time, a wrong pattern, a delivery out of order or one after the release of the context ends the
 * process at once. account_verify() looks at the whole when production is over.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <ordered_producer.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { ITEMS_MOST = 512, ASKERS_MOST = 8, ASKER_DRIVER = 0, ASKER_INSIDE = ASKERS_MOST - 1 };

/* What became of an item that was accepted. */
enum fate { FATE_OPEN, FATE_DELIVERED, FATE_FAILED, FATE_DISCARDED, FATE_LATE_FAILURE, FATE_LEFT_OUT };

struct account;

struct item {
    struct account *account; /* argument of a called function, which learns nothing else */
    atomic_ullong sequence;  /* UINT64_MAX: nobody has been told */
    atomic_int fate;
    atomic_int runs;
    atomic_bool accepted;
    bool reserved; /* finishes elsewhere */
    bool fails;
    bool has_argument;
    atomic_int arguments;    /* how often it came back */
    atomic_int substitutes;  /* 1: overtaken; then `fate` is not that of its place in the order, but: */
    atomic_int instead_fate; /* of what took its place */
    unsigned char asker;     /* one thread each, but for ASKER_INSIDE: from inside items and consumers */
    unsigned char mood;      /* what is done inside the item, and on its delivery */
};

struct account {
    void *lane;
    bool takes_calls;
    bool deadlines, observed;
    size_t window, payload_size, payload_align;
    enum oip_failure_policy policy;
    atomic_int slack; /* items that may have left the window before their consumer says so */
    atomic_uint taken;
    atomic_int delivered, failed, discarded;
    atomic_llong last_delivered;
    atomic_int releases;
    atomic_int events[OIP_OVERTAKEN + 1];
    /* Production may end, or has ended, otherwise than by waiting for the items; set before the call that does it. */
    atomic_bool abrupt;
    struct item items[ITEMS_MOST];
};

void account_init(struct account *account, const struct oip_producer_options *options);

/* `count` items in a row that are about to be asked for; NULL where the account is full. */
struct item *account_take(struct account *account, unsigned count, unsigned asker, unsigned char mood, bool fails);

/* Bytes from one payload to the next. */
size_t account_stride(const struct account *account);

/* Writes an item's input, or output, to `payload`. */
void account_write_input(const struct account *account, struct item *item, void *payload);
void account_write_output(const struct account *account, struct item *item, void *payload);

/* The call that asked said yes. UINT64_MAX: it does not tell the sequence. */
void account_accepted(struct account *account, struct item *item, uint64_t sequence);

/* The item to which a payload belongs, checked. */
struct item *account_read_input(struct account *account, const void *payload);

/* A payload has arrived where it belongs; each once per item. */
struct item *account_delivered(struct account *account, const void *payload, uint64_t sequence);
void account_failed(struct account *account, struct item *item);
void account_failed_late(struct account *account, struct item *item);
void account_discarded(struct account *account, const void *payload, enum oip_payload_state state);

/* An item is overtaken, and this becomes of its place: delivered means that `payload` gets a value for the consumer. */
void account_overtaken(struct account *account, struct item *item, uint64_t sequence, enum fate fate, void *payload);

/* What becomes of a place in the order. */
enum fate account_fate(const struct item *item);

/* All is over: nothing is open, nothing came that was not accepted, what arrived is what had to. */
void account_verify(struct account *account, bool expect_all);

/* Waits for an event that has to come; libFuzzer's -timeout ends an input for which it does not. */
#define WAIT_UNTIL(condition)                                                                                          \
    while (!(condition)) {                                                                                             \
        sched_yield();                                                                                                 \
    }

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            expectation_failed(__FILE__, __LINE__, #condition);                                                        \
        }                                                                                                              \
    } while (0)

void expectation_failed(const char *file, int line, const char *condition) __attribute__((noreturn, cold));

#endif
