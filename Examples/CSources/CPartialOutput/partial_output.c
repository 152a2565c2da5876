/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler may run between any two instructions of the main thread, so a file and the note that it is ours must
 * appear together and go together: signals are blocked around each such pair. A note that came first would have the
 * handler remove a stranger's file where O_EXCL is about to find one; a note that came second would leave ours behind.
 */
#define _GNU_SOURCE
#include "partial_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM, SIGXCPU};
#define ENDING_SIGNALS (sizeof(ending_signals) / sizeof(ending_signals[0]))

static char partial_path[PATH_MAX]; /* empty: there is none */

static void remove_and_end(int number)
{
    if (partial_path[0] != '\0')
        unlink(partial_path);
    /* SA_RESETHAND has restored the default, which takes effect when this returns: the parent sees the true cause. */
    raise(number);
}

void partial_output_catch_signals(void)
{
    struct sigaction action, old;
    memset(&action, 0, sizeof(action));
    action.sa_handler = remove_and_end;
    action.sa_flags = (int)SA_RESETHAND;
    for (size_t i = 0; i < ENDING_SIGNALS; i++)
        sigaddset(&action.sa_mask, ending_signals[i]);
    for (size_t i = 0; i < ENDING_SIGNALS; i++) {
        if (sigaction(ending_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) {
            sigaction(ending_signals[i], &action, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static void block_signals(sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ENDING_SIGNALS; i++)
        sigaddset(&set, ending_signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, old);
}

int partial_output_create(const char *path)
{
    if (strlen(path) >= sizeof(partial_path))
        return -ENAMETOOLONG;
    sigset_t old;
    block_signals(&old);
    int result;
    do {
        result = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        result = -errno;
    } else {
        strcpy(partial_path, path);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}

int partial_output_keep(const char *final_path)
{
    sigset_t old;
    block_signals(&old);
    int result = final_path != NULL && rename(partial_path, final_path) != 0 ? -errno : 0;
    if (result == 0)
        partial_path[0] = '\0';
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}

void partial_output_remove(void)
{
    sigset_t old;
    block_signals(&old);
    if (partial_path[0] != '\0')
        unlink(partial_path);
    partial_path[0] = '\0';
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
