/* SPDX-License-Identifier: Apache-2.0 */
/* What plays and programs have in common: events that threads wait for, and requirements. */
#ifndef EVENT_H
#define EVENT_H

#include "controller.h"

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            controller_fail("%s:%d: " #condition " does not hold", __FILE_NAME__, __LINE__);                           \
        }                                                                                                              \
    } while (0)

/* Where programs run free, their own code runs on one thread at a time: Free/turn.h. Under the controller all does. */
#ifndef TAKES_TURN
#define TAKES_TURN                                                                                                     \
    do {                                                                                                               \
    } while (0)
#define turn_pause() ((void)0)
#define turn_resume() ((void)0)
#endif

/* Something that happens once, and who waits for it. */
struct event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool happened;
};

void event_init(struct event *event);
void event_happens(struct event *event);
void event_await(struct event *event);

/* The same, for one that happens again. */
void event_take(struct event *event);

#endif
