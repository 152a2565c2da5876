/* SPDX-License-Identifier: Apache-2.0 */
/* What a program's threads share while it runs: producers, the account of every payload, and what was handed over. */
#ifndef SCENE_H
#define SCENE_H

#include "event.h"
#include "program.h"

#include <stddef.h>

enum {
    MOST_SIDES = MOST_PRODUCERS + 4,
    MOST_WATCHERS = 24,
    MOST_TOKENS = 320,
    MOST_PAYLOAD = 320,
    MOST_MAIL = 400,
    MOST_EVENTS = 512,
    ITEM_FAILS = 1000,
    SINK_FAILS = 77
};

/* What became of a payload. One owner at a time: each change is from exactly one state. */
enum fate { BORN, RUNNING, MADE, DELIVERED, FAILED, INPUT_DISCARDED, OUTPUT_DISCARDED };

/* One item: it was asked for, or someone tried to. */
struct token {
    struct side *side;
    struct make make;
    enum fate fate;
    bool reserved, accepted, refused, waits, told, cancelling, cancelled, ended_behind_abort;
    bool registered;   /* the call that registers the wait has said so: it may be taken back */
    unsigned by;       /* the list that asks for it; 0: another */
    uint64_t sequence; /* UINT64_MAX: not known */
    struct oip_waiter waiter;
    struct oip_request request;
    unsigned char payload[MOST_PAYLOAD];   /* read while the wait goes on */
    bool has_argument, argument_came_back; /* of a request with a deadline */
    bool told_failed, failed_late;         /* by the producer's failed function */
    struct token *awaits;                  /* NULL: none */
    bool is_awaited;
    struct event settled; /* it ended in some way, if it is awaited */
    unsigned call;        /* of its list, counted from 1: AWAITS_NEXT_CALL */
};

/* One producer. */
struct side {
    const struct producer_plan *plan;
    oip_producer *producer;
    unsigned number;
    bool released, handle_back;
    bool over;          /* something may have ended production before its last item */
    bool stopping;      /* a stop has begun, or no more is accepted */
    bool aborted;       /* an ending at once has returned */
    bool closed;        /* nothing that is asked for from now on is accepted */
    unsigned ending;    /* calls that end it at once, in progress */
    bool left;          /* its consumer has */
    unsigned attaching; /* calls that attach, in progress */
    bool attached, consumer_gone, in_next, in_sink;
    bool in_loop, told_before, seen_end, todo; /* of a loop: it was given to it; its tag was taken before */
    bool paused;
    unsigned resumes, resuming, delivered_in_pause; /* resumes: begun; resuming: of them not returned */
    unsigned in_own_code; /* threads that are inside of it, and for now outside of the library */
    unsigned running, lent, in_callback, deliveries, values, failures;
    uint64_t next_sequence; /* that may be delivered */
    unsigned substitutes, substitutes_failed, failed_in_time;
    unsigned char events[MOST_EVENTS]; /* told of each sequence, a bit for each kind */
    struct event was_released;
    struct event was_detached;
    bool consumer_runs; /* a thread that is attached */
    unsigned consumers; /* that it was handed over to */
};

/* What took the place of an overtaken item. */
struct substitute {
    struct side *side;
    uint64_t sequence;
    enum fate fate; /* MADE; FAILED: it failed, or was left out */
};

/* Where an operation is performed. */
enum place_kind { OUTSIDE, IN_ITEM, IN_CONSUMER, IN_CALLBACK };

/* What this thread is inside of, innermost first. */
struct inside {
    enum place_kind kind;
    struct side *side; /* NULL: outside */
    struct inside *outer;
    struct token *token; /* of an item */
};

struct scene {
    const struct program *program;
    oip_pool *pool;
    oip_ready_queue *queue;
    bool shutting, shut;
    unsigned side_count; /* the program's, and nested ones */
    struct side sides[MOST_SIDES];
    struct producer_plan nested[MOST_SIDES];
    unsigned token_count;
    struct chance dice;
    struct {
        unsigned count;
        unsigned resumes; /* that it owes */
        bool closed;
        struct {
            struct token *token; /* NULL: `resume` */
            struct side *resume;
        } mail[MOST_MAIL];
        struct event changed;
    } keeper;
    struct {
        bool runs, waits;
        pthread_t thread;
        bool to_join;
        struct event notified;
    } loop;
    unsigned operations; /* that are being performed inside of items and consumers */
    bool releasing;      /* no further ones are: handles are given back */
    unsigned computing;  /* threads that are in an item and use a processor */
    struct {
        unsigned calls; /* that have returned */
        struct event changed;
    } lists[1 + MOST_CALLERS];
    unsigned told_operations;
    unsigned watcher_count;
    struct watcher {
        struct oip_waiter waiter;
        struct side *side;
        bool waits, told;
    } watchers[MOST_WATCHERS]; /* of ends */
    unsigned substitute_count;
    struct substitute substitutes[MOST_TOKENS];
    unsigned jobs_begun, jobs_done;
    struct event job_done;
    long allocations;
    struct token tokens[MOST_TOKENS]; /* the last: those in use are cleared one by one */
};

extern struct scene scene;
extern _Thread_local struct inside *inside;

/* tokens.c */
struct token *token_new(struct side *side, const struct make *make, unsigned by); /* NULL: there are too many */
size_t stride_of(const struct side *side);
void token_write(struct token *token, void *payload, bool output);
struct token *token_read(struct side *side, const void *payload, bool output);
void token_accepted(struct token *token, uint64_t sequence); /* UINT64_MAX: not known */
void token_refused(struct token *token, int result);
void saw_end(struct side *side);           /* a consumer did */
bool may_be_over(const struct side *side); /* something may have ended production before its last item */
void token_settled(struct token *token);   /* it has ended in some way */
void tokens_check(void);
void tokens_print(void);

/* overtaking items: deadlines.c */
void allow_deadlines(struct oip_producer_options *options, struct side *side);
void watch_events(struct oip_producer_options *options, struct side *side);
struct substitute *substitute_in(struct side *side, const void *payload); /* NULL: it is an item */
void events_check(const struct side *side);

/* program_items.c */
int item_run(void *context, void *payload, uint64_t sequence);
void item_discard(void *context, void *payload, enum oip_payload_state state);
void item_release(void *context);
bool may_help(void *context);
void finish_reserved(struct token *token);
void own_code(bool begins); /* this thread is about to compute, or to wait for others; or has */
bool deliver(struct side *side, const void *payload, uint64_t sequence); /* whether the consumer leaves */

/* asking.c; `by` is the list that asks, counted from 1; 0: another */
void ask(const struct operation *operation, unsigned by);
void cancel_some(const struct operation *operation);

/* operating.c */
void operate(const struct operation *operation, unsigned by);
void resume(struct side *side);
void end_with_stop(struct side *side);
void begin_stop(struct side *side);
bool is_inside_of(const struct side *side); /* whether this thread is inside an item or the consumer of it */
void check_refusal(struct side *side, int result, bool blocks);

/* program_consumers.c */
void create_queue(void);
void attach(struct side *side);

/* watching.c */
void watch_end(struct side *side, bool stops);
void finish(struct side *side);
void watchers_check(void);

/* perform.c */
void create_producer(struct side *side, const struct producer_plan *plan);

/* nesting.c */
void nest(const struct operation *operation);

/* keeper.c */
void hand_over(struct token *token);
void resume_later(struct side *side);
bool keep_one(void);
void *keeper_main(void *unused);

#endif
