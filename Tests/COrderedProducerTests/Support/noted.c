/* SPDX-License-Identifier: Apache-2.0 */
#include "noted.h"

#include <string.h>

static void note(struct noted *noted, enum function function)
{
    char name[16];
    CHECK_EQUAL(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    if (strcmp(name, "oip-clock") == 0) {
        static const char *const functions[] = {
            "run", "sink", "substitute", "discard", "failed", "release_argument", "release", "observe"};
        check_failed(__FILE__, __LINE__, "%s was called on the thread that keeps time", functions[function]);
    }
    sem_post(&noted->called[function]);
}

static int run(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    note(context, RUN);
    return 0;
}

static int sink(void *context, void *payload, uint64_t sequence)
{
    (void)payload, (void)sequence;
    struct noted *noted = context;
    if (noted->sink_key != NULL) {
        CHECK_EQUAL(pthread_setspecific(*noted->sink_key, noted), 0);
    }
    note(noted, SINK_CALLED);
    if (noted->sink_hold != NULL) {
        wait_for(noted->sink_hold);
    }
    return noted->sink_result;
}

static int substitute(void *context, void *payload, uint64_t sequence, void *argument)
{
    (void)payload, (void)sequence, (void)argument;
    note(context, SUBSTITUTE);
    return 0;
}

static void discard(void *context, void *payload, enum oip_payload_state state)
{
    (void)payload, (void)state;
    note(context, DISCARD);
}

static void failed(void *context, void *payload, uint64_t sequence, int code, bool late)
{
    (void)payload, (void)sequence, (void)code, (void)late;
    note(context, FAILED);
}

static void release_argument(void *context, void *argument)
{
    (void)argument;
    note(context, RELEASE_ARGUMENT);
}

static void release(void *context)
{
    note(context, RELEASE);
}

static void observe(void *context, const struct oip_event *event)
{
    note(context, OBSERVE);
    slow_caller_observe(&((struct noted *)context)->caller, event);
}

void noted_create(struct noted *noted, oip_pool *pool)
{
    *noted = (struct noted){0};
    slow_caller_init(&noted->caller, UINT64_MAX);
    for (int i = 0; i < FUNCTIONS; i++) {
        sem_init(&noted->called[i], 0, 0);
    }
    CHECK_EQUAL(
        oip_producer_create(&noted->producer, pool,
                            OPTIONS(.window = 8, .payload_size = 8, .run = run, .discard = discard, .context = noted,
                                    .release = release, .observe = observe, .observe_context = noted, .deadlines = true,
                                    .substitute = substitute, .failed = failed, .release_argument = release_argument)),
        0);
}

void noted_start(struct noted *noted)
{
    CHECK_EQUAL(oip_start_sink(noted->producer, sink, noted), 0);
}

uint64_t noted_ask(struct noted *noted, bool reserved, uint64_t deadline_ns)
{
    uint64_t payload = 0, sequence;
    struct oip_request request = {
        .size = sizeof request, .payload = reserved ? NULL : &payload, .deadline_ns = deadline_ns, .argument = noted};
    CHECK_EQUAL(oip_request(noted->producer, &request, &sequence), 0);
    return sequence;
}

void noted_end(struct noted *noted)
{
    CHECK_EQUAL(oip_stop(noted->producer, NULL), 0);
    oip_producer_release(noted->producer);
}
