/* SPDX-License-Identifier: Apache-2.0 */
#include "events.h"

#include <sys/syscall.h>
#include <unistd.h>

/* The system's number of this thread; asked for once a thread. */
static uint32_t thread_number(void)
{
    static _Thread_local uint32_t number;
    if (number == 0) {
        number = (uint32_t)syscall(SYS_gettid);
    }
    return number;
}

void event_tell(struct oip_producer *producer, enum oip_event_kind kind, uint64_t sequence, int code)
{
    struct oip_event event = {kind, code, thread_number(), sequence, oip_now()};
    producer->observe(producer->observe_context, &event);
}

int event_run(struct oip_producer *producer, void *payload, uint64_t sequence)
{
    event_tell(producer, OIP_STARTED, sequence, 0);
    int code = producer->run(producer->context, payload, sequence);
    event_tell(producer, OIP_FINISHED, sequence, code);
    return code;
}
