/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

void event_init(struct event *event)
{
    event->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    event->changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    event->happened = false;
}

void event_happens(struct event *event)
{
    pthread_mutex_lock(&event->lock);
    event->happened = true;
    pthread_cond_broadcast(&event->changed);
    pthread_mutex_unlock(&event->lock);
}

void event_take(struct event *event)
{
    turn_pause(); /* whoever lets it happen has the turn, and then the lock */
    pthread_mutex_lock(&event->lock);
    while (!event->happened) {
        pthread_cond_wait(&event->changed, &event->lock);
    }
    event->happened = false;
    pthread_mutex_unlock(&event->lock);
    turn_resume();
}

void event_await(struct event *event)
{
    event_take(event);
    event_happens(event);
}
