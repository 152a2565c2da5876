/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as text. */
#include "program.h"

static const char *const verbs[VERBS] = {"nothing",
                                         "produce",
                                         "try_produce",
                                         "produce_many",
                                         "try_produce_many",
                                         "produce_async",
                                         "reserve",
                                         "try_reserve",
                                         "reserve_async",
                                         "request",
                                         "request, nowait",
                                         "request, waiter",
                                         "request, reservation",
                                         "finish some",
                                         "cancel",
                                         "nap",
                                         "pause",
                                         "resume",
                                         "look",
                                         "attach",
                                         "stop",
                                         "stop_async, wait",
                                         "stop_async",
                                         "finish",
                                         "wait_async",
                                         "stop_producing",
                                         "resize",
                                         "pool_run",
                                         "a production",
                                         "pool_shutdown",
                                         "leave"};

const char *verb_name(enum verb verb)
{
    return verbs[verb];
}

static void print_time(FILE *to, const char *before, uint64_t time)
{
    fputs(before, to);
    if (time >= 1000000) {
        fprintf(to, "%.3g ms", (double)time / 1000000);
    } else if (time >= 1000) {
        fprintf(to, "%.3g us", (double)time / 1000);
    } else {
        fprintf(to, "%u ns", (unsigned)time);
    }
}

static void print_deadline(FILE *to, unsigned index)
{
    fputs(", deadline ", to);
    if (deadline_times[index] == 0 || deadline_times[index] == OIP_NO_DEADLINE) {
        fputs(deadline_times[index] == 0 ? "the usual" : "none", to);
    } else {
        print_time(to, "", deadline_times[index]);
    }
}

static void print_operation(FILE *to, const struct program *program, const struct operation *operation,
                            const char *indent)
{
    enum verb verb = operation->verb;
    fputs(indent, to);
    if (operation->time != 0) {
        print_time(to, "after ", operation->time);
        fputs(": ", to);
    }
    fputs(verbs[verb], to);
    bool asks = verb >= PRODUCE && verb <= REQUEST_RESERVATION;
    bool of_pool =
        verb == RESIZE || verb == JOB || verb == NEST || verb == SHUT_DOWN || verb == NAP || verb == FINISH_SOME;
    if (!of_pool && verb != LEAVE) {
        fprintf(to, " of %u", operation->of);
    }
    if (asks || verb == FINISH_SOME) {
        fprintf(to, ", %u times", operation->count);
    } else if (verb == NEST) {
        fprintf(to, " of %u items%s%s%s", operation->count, operation->make.fails ? ", fail fast" : "",
                operation->make.late ? ", no assist" : "", operation->make.deadline == 1 ? ", deadlines" : "");
    } else if (verb == RESIZE) {
        fprintf(to, " to %u", operation->count);
    } else if (verb == CANCEL) {
        fprintf(to, ", number %u", operation->count);
    }
    const struct make *make = &operation->make;
    if ((asks || verb == NEST) && make->cost != 0) {
        print_time(to, make->mixed ? ", one computes " : ", each computes ", make->cost);
    }
    static const char *const awaits[] = {"", ", the first waits for the second", ", waits for the next call"};
    fputs(asks && make->fails ? ", fails" : "", to);
    fputs(asks ? awaits[make->awaits] : "", to);
    bool requests = verb == REQUEST || verb == REQUEST_NOWAIT || verb == REQUEST_WAITER || verb == REQUEST_RESERVATION;
    if (requests && program->plans[operation->of].deadlines != 0) {
        print_deadline(to, make->deadline);
    }
    bool reserves = verb == RESERVE || verb == TRY_RESERVE || verb == RESERVE_ASYNC || verb == REQUEST_RESERVATION;
    if (reserves) {
        fputs(make->late ? ", finished by the keeper" : ", finished at once", to);
    }
    fputc('\n', to);
    if ((asks || verb == JOB) && make->inner != 0 && program->inner[make->inner - 1].verb != NOTHING && !reserves) {
        fprintf(to, "%s  inside%s:\n", indent, asks ? " each" : "");
        char deeper[32];
        snprintf(deeper, sizeof deeper, "%s    ", indent);
        print_operation(to, program, &program->inner[make->inner - 1], deeper);
    }
}

static void print_plan(FILE *to, const struct program *program, unsigned number)
{
    static const char *const policies[] = {"", ", fail fast", ", skip"};
    static const char *const waits[] = {"", ", parks", ", spins"};
    static const char *const helps[] = {"", ", helps outside", ", never helps"};
    static const char *const consumers[] = {"nobody", "a thread", "an attached thread", "a sink", "the loop"};
    static const char *const ends[] = {"stop", "stop_async", "stop_producing, stop", "release"};
    const struct producer_plan *plan = &program->plans[number];
    fprintf(to, "  producer %u: window %u", number, plan->window);
    if (plan->width != 0) {
        fprintf(to, ", width %u", plan->width);
    }
    fprintf(to, ", %s%u bytes%s%s%s%s; consumed by %s%s; ends by %s\n", plan->takes_calls ? "calls of " : "",
            plan->takes_calls ? 16 : plan->payload, policies[plan->policy], waits[plan->wait],
            plan->no_assist ? ", no assist" : "", helps[plan->helps], consumers[plan->consumes],
            plan->consumes != BY_ATTACHED     ? ""
            : plan->tries && plan->hands_over ? ", which tries and hands over"
            : plan->tries                     ? ", which tries"
            : plan->hands_over                ? ", which hands over"
                                              : "",
            ends[plan->ends]);
    if (plan->deadlines != 0) {
        static const char *const instead[] = {"fail", "have a substitute", "are left out",
                                              "have a substitute that fails"};
        fputs("    overtaken items ", to);
        fputs(instead[plan->instead], to);
        print_deadline(to, plan->deadlines - 1u);
        fputc('\n', to);
    }
    if (plan->observed) {
        fputs("    observed\n", to);
    }
    for (unsigned i = 0; i < MOST_INNER; i++) {
        if (plan->at_delivery[i] != 0 && plan->on_delivery[i].verb != NOTHING) {
            fprintf(to, "    at delivery %u:", plan->at_delivery[i]);
            print_operation(to, program, &plan->on_delivery[i], " ");
        }
    }
}

void program_print(FILE *to, const struct program *program)
{
    fprintf(to, "  pool of %u%s%s%s%s%s\n", program->threads, program->pool_first ? ", whose handle goes first" : "",
            program->notifies ? ", the loop has a notify of its own" : "",
            program->queue_first ? ", its queue goes before producers" : "",
            program->gives_back_in_pool ? ", producers' handles go in the pool" : "",
            program->last_comes_late ? ", the last caller comes late" : "");
    for (unsigned i = 0; i < program->producers; i++) {
        print_plan(to, program, i);
    }
    for (unsigned i = 0; i <= program->callers; i++) {
        bool any = false;
        for (unsigned j = 0; j < program->lists[i].count; j++) {
            const struct operation *operation = &program->lists[i].operations[j];
            if (operation->verb != NOTHING && !any) {
                any = true;
                if (i == 0) {
                    fputs("  director:\n", to);
                } else {
                    fprintf(to, "  caller %u:\n", i);
                }
            }
            if (operation->verb != NOTHING) {
                print_operation(to, program, operation, "    ");
            }
        }
    }
    if (program->on_told.verb != NOTHING) {
        fputs("  callbacks, now and then:", to);
        print_operation(to, program, &program->on_told, " ");
    }
    fprintf(to, "  then the director %s\n",
            program->joins_first ? "attaches who is not, joins the callers, ends" : "ends, joins the callers");
}
