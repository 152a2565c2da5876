/* SPDX-License-Identifier: Apache-2.0 */
/* Operations but asking, wherever they are performed. */
#include "scene.h"

#include <errno.h>
#include <string.h>

static void look(struct side *side)
{
    struct oip_statistics counts = {.size = sizeof counts};
    REQUIRE(oip_get_statistics(side->producer, &counts) == 0);
    REQUIRE(counts.outstanding <= side->plan->window && counts.delivered <= counts.requested);
    uint64_t sequence;
    int code;
    int failed = oip_failure(side->producer, &sequence, &code);
    REQUIRE(failed == 0 || (failed == 1 && may_be_over(side) && code != 0));
}

static void pause(struct side *side)
{
    bool alone = side->resuming == 0;
    unsigned resumes = side->resumes;
    oip_pause(side->producer);
    if (alone && side->resumes == resumes && !side->stopping && !side->paused) {
        side->paused = true;
        side->delivered_in_pause = 0;
    }
    resume_later(side);
}

void resume(struct side *side)
{
    side->resumes++;
    side->resuming++;
    side->paused = false;
    oip_resume(side->producer);
    side->resuming--;
}

void begin_stop(struct side *side)
{
    side->stopping = true;
    side->resumes++;
    side->paused = false;
    /* Before a consumer is attached what is outstanding is discarded. */
    side->over = true;
}

bool is_inside_of(const struct side *side)
{
    for (const struct inside *frame = inside; frame != NULL; frame = frame->outer) {
        if (frame->side == side) {
            return true;
        }
    }
    return false;
}

void end_with_stop(struct side *side)
{
    if (!is_inside_of(side)) {
        begin_stop(side);
    }
    void *value = NULL;
    side->ending++;
    int result = oip_stop(side->producer, &value);
    side->ending--;
    if (result == -EDEADLK) {
        if (!is_inside_of(side) && (inside == NULL || side->plan->helps == ALWAYS_HELPS)) {
            controller_fail("refused: oip_stop of producer %u with -EDEADLK outside of its items and consumer",
                            side->number);
        }
        return;
    }
    REQUIRE(result == 0);
    side->closed = true;
    side->values += value != NULL;
    REQUIRE(value == NULL || value == side);
}

static void stopped(struct oip_waiter *waiter, int result, uint64_t sequence)
{
    TAKES_TURN;
    (void)sequence;
    REQUIRE(result == 0);
    struct event *event = waiter->context;
    event_happens(event);
}

/* The waiter is the waiting thread's: it waits at once where it may. */
static void end_with_waiter(struct side *side)
{
    if (is_inside_of(side)) {
        return;
    }
    begin_stop(side);
    struct event event;
    event_init(&event);
    struct oip_waiter waiter = {.done = stopped, .context = &event};
    side->ending++;
    int result = oip_stop_async(side->producer, &waiter);
    side->ending--;
    REQUIRE(result == 0 || result == -EINPROGRESS);
    if (result == -EINPROGRESS) {
        event_await(&event);
    }
    void *value = oip_take_value(side->producer);
    side->values += value != NULL;
}

static void job(void *argument)
{
    TAKES_TURN;
    const struct operation *inner = argument;
    if (inner != NULL) {
        struct inside frame = {.kind = IN_CALLBACK, .outer = inside};
        inside = &frame;
        operate(inner, 0);
        inside = frame.outer;
    }
    scene.jobs_done++;
    event_happens(&scene.job_done);
}

static void run_job(const struct operation *operation)
{
    unsigned inner = operation->make.inner;
    const struct operation *performed = inner != 0 ? &scene.program->inner[inner - 1] : NULL;
    scene.jobs_begun++;
    int result = oip_pool_run(scene.pool, job, (void *)(uintptr_t)performed);
    scene.jobs_begun -= result != 0;
    REQUIRE(result == 0 || (result == -ESHUTDOWN && scene.shutting));
}

static void pool_operation(const struct operation *operation)
{
    int result = 0;
    switch (operation->verb) {
    case RESIZE:
        result = oip_pool_resize(scene.pool, operation->count);
        break;
    default:
        scene.shutting = true;
        result = oip_pool_shutdown(scene.pool);
        scene.shut = true;
        REQUIRE(result == 0);
    }
    REQUIRE(result == 0 || (result == -ESHUTDOWN && scene.shutting));
}

static void perform(const struct operation *operation, unsigned by)
{
    struct side *side = &scene.sides[operation->of];
    if (operation->verb != NOTHING && operation->time != 0) {
        scene.computing += inside != NULL;
        own_code(true);
        controller_nap(operation->time);
        own_code(false);
        scene.computing -= inside != NULL;
    }
    switch (operation->verb) {
    case NOTHING:
    case NAP:
    case LEAVE:
    case VERBS:
        break;
    case FINISH_SOME:
        for (unsigned i = 0; i < operation->count && keep_one(); i++) {
        }
        break;
    case CANCEL:
        cancel_some(operation);
        break;
    case PAUSE:
        pause(side);
        break;
    case RESUME:
        resume(side);
        break;
    case LOOK:
        look(side);
        break;
    case ATTACH:
        attach(side);
        break;
    case STOP:
        end_with_stop(side);
        break;
    case STOP_ASYNC:
        end_with_waiter(side);
        break;
    case ABORT:
        side->over = true;
        side->ending++;
        oip_stop_producing(side->producer);
        side->ending--;
        side->aborted = side->closed = true;
        break;
    case STOP_LATER:
        watch_end(side, true);
        break;
    case WATCH:
        watch_end(side, false);
        break;
    case FINISH:
        finish(side);
        break;
    case JOB:
        run_job(operation);
        break;
    case NEST:
        nest(operation);
        break;
    case RESIZE:
    case SHUT_DOWN:
        pool_operation(operation);
        break;
    default:
        ask(operation, by);
    }
}

void operate(const struct operation *operation, unsigned by)
{
    if (scene.releasing) {
        return;
    }
    scene.operations++;
    perform(operation, by);
    scene.operations--;
}
