/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ROW_ENCODER_H
#define ROW_ENCODER_H

#include <stddef.h>
#include <stdint.h>

/*
 * libpng reports an error by longjmp, which must not cross a Swift frame. Here it never does: each call that enters
 * libpng lands its own jump, and a failing write callback has returned before the jump starts.
 *
 * An encoder belongs to one thread at a time. After a call has failed, destroy is the only one that is left.
 */
struct row_encoder;

/*
 * Takes bytes of the file, in order, often only four of them. May block. Anything but 0 ends the encoding. A count of 0
 * says that the encoder was flushed.
 */
typedef int row_encoder_write(void *context, const uint8_t *bytes, size_t count);

struct row_encoder_options {
    uint32_t width, height;
    int level; /* of zlib: 1 fastest, 9 smallest */
    row_encoder_write *write;
    void *context;
};

/* 8-bit RGB, not interlaced. NULL where memory is short. Writes nothing yet. */
struct row_encoder *row_encoder_create(const struct row_encoder_options *options);

/* Each returns 0, or -1, after which row_encoder_message says why. */
int row_encoder_begin(struct row_encoder *encoder);
/* The next rows, 3 bytes per pixel, one behind the other. Refuses all where they are too many. */
int row_encoder_rows(struct row_encoder *encoder, const uint8_t *rgb, uint32_t count);
/* Writes what can be decoded as all rows so far, but for its last 256 bytes at most. Costs the file some bytes. */
int row_encoder_flush(struct row_encoder *encoder);
int row_encoder_finish(struct row_encoder *encoder); /* refuses where rows are missing */

const char *row_encoder_message(const struct row_encoder *encoder);
void row_encoder_destroy(struct row_encoder *encoder);

#endif
