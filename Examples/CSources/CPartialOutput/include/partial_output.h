/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one output file that is being written, and its removal where a signal ends the process.
 *
 * A process has at most one partial output at a time. All functions are for the main thread, and assume that every
 * other thread has the ending signals blocked, so that they arrive here.
 */
#ifndef PARTIAL_OUTPUT_H
#define PARTIAL_OUTPUT_H

/*
 * From now on SIGHUP, SIGINT, SIGTERM and SIGXCPU remove the partial output before they end the process, except those
 * that the process was started with ignored. Writing to a closed pipe or beyond the file size limit gives an error
 * instead of a signal.
 */
void partial_output_catch_signals(void);

/* Creates the file `path`, which must not exist, with mode 0600. Its descriptor, or a negated errno. */
int partial_output_create(const char *path);

/*
 * The output is complete, and under `final_path` (if that is not NULL) instead of its own from now on, in place of what
 * was there. 0, or a negated errno; then it is still the partial output.
 */
int partial_output_keep(const char *final_path);

/* Removes the partial output, if there is one. */
void partial_output_remove(void);

#endif
