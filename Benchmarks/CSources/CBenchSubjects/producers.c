/* SPDX-License-Identifier: Apache-2.0 */
/* Many producers on one pool, each with an equal share of the items and a sink; one caller serves them in turn. */
#include "groups.h"
#include "library.h"

#include <errno.h>
#include <stdlib.h>

struct lane {
    struct groups *groups;
    struct group *group;
    struct bench_receiver *receiver;
};

static int sink(void *argument, void *payload, uint64_t sequence)
{
    (void)sequence;
    struct lane *lane = argument;
    groups_count(lane->groups, lane->group);
    groups_receive(lane->groups, lane->group, lane->receiver, *(const uint64_t *)payload);
    return 0;
}

/* One item to each producer that has room, from `first` on; where none has, one to the last of them, waiting. */
static int request_round(oip_producer *const *producers, const struct groups *groups, uint64_t first, uint64_t *given,
                         uint64_t *left)
{
    bool some = false;
    uint64_t full = 0;
    for (uint64_t turn = 0; turn < groups->count; turn++) {
        uint64_t i = (first + turn) % groups->count;
        if (given[i] == groups->share)
            continue;
        uint64_t index = i * groups->share + given[i];
        int result = oip_try_produce(producers[i], &index, NULL);
        if (result == 0) {
            given[i]++;
            --*left;
            some = true;
        } else if (result == -EAGAIN) {
            full = i;
        } else {
            return result;
        }
    }
    if (some)
        return 0;
    uint64_t index = full * groups->share + given[full];
    int result = oip_produce(producers[full], &index, NULL);
    if (result == 0) {
        given[full]++;
        --*left;
    }
    return result;
}

int library_request_in_turn(oip_producer *const *producers, const struct groups *groups)
{
    uint64_t *given = calloc(groups->count, sizeof *given);
    if (given == NULL)
        return -ENOMEM;
    int result = 0;
    /* Each round begins with another one, so that waiting, and with it the caller's help, goes round as well. */
    for (uint64_t left = groups->share * groups->count, first = 0; left > 0 && result == 0; first++)
        result = request_round(producers, groups, first, given, &left);
    free(given);
    return result;
}

int library_producers(oip_pool *pool, const struct bench_job *job, struct bench_receiver *receiver,
                      struct bench_outcome *outcome)
{
    struct groups groups;
    int result = groups_init(&groups, job);
    if (result != 0)
        return result;
    oip_producer **producers = calloc(groups.count, sizeof *producers);
    struct lane *lanes = calloc(groups.count, sizeof *lanes);
    uint64_t made = 0;
    if (producers == NULL || lanes == NULL)
        result = -ENOMEM;
    while (result == 0 && made < groups.count) {
        lanes[made] = (struct lane){&groups, &groups.each[made], receiver};
        result = library_create(&producers[made], pool, job);
        if (result == 0)
            result = oip_start_sink(producers[made], sink, &lanes[made]);
        if (result == 0 || producers[made] != NULL)
            made++;
    }
    if (result == 0) {
        bench_begin(receiver);
        result = library_request_in_turn(producers, &groups);
    }
    for (uint64_t i = 0; i < made; i++)
        result = library_end(producers[i], result, outcome);
    groups_end(&groups, receiver, outcome);
    free(lanes);
    free(producers);
    groups_destroy(&groups);
    return result;
}
