/* SPDX-License-Identifier: Apache-2.0 */
#include "row_encoder.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

struct row_encoder {
    struct row_encoder_options options;
    png_structp png;
    png_infop info;
    uint32_t rows; /* written so far */
    char message[128];
};

static void fail(png_structp png, png_const_charp message)
{
    struct row_encoder *encoder = png_get_error_ptr(png);
    snprintf(encoder->message, sizeof encoder->message, "%s", message);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static void pass_on(png_structp png, png_bytep bytes, size_t count)
{
    struct row_encoder *encoder = png_get_io_ptr(png);
    if (encoder->options.write(encoder->options.context, bytes, count))
        png_error(png, "the receiver takes no more");
}

static void pass_on_flush(png_structp png)
{
    pass_on(png, NULL, 0);
}

struct row_encoder *row_encoder_create(const struct row_encoder_options *options)
{
    struct row_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder)
        return NULL;
    encoder->options = *options;
    encoder->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, encoder, fail, ignore_warning);
    encoder->info = encoder->png ? png_create_info_struct(encoder->png) : NULL;
    if (!encoder->info) {
        row_encoder_destroy(encoder);
        return NULL;
    }
    return encoder;
}

int row_encoder_begin(struct row_encoder *encoder)
{
    const struct row_encoder_options *options = &encoder->options;
    if (setjmp(png_jmpbuf(encoder->png)))
        return -1;
    png_set_write_fn(encoder->png, encoder, pass_on, pass_on_flush);
    png_set_IHDR(encoder->png, encoder->info, options->width, options->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(encoder->png, options->level);
    /* One filter: trying all five for each row, as libpng does unless told, costs more than the compression. */
    png_set_filter(encoder->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    /*
     * A flush empties zlib, but libpng 1.6 goes on holding what does not fill its own buffer: with its 8 KiB all of an
     * image that is mostly black. Each time it is full costs 12 bytes of the file.
     */
    png_set_compression_buffer_size(encoder->png, 256);
    png_write_info(encoder->png, encoder->info);
    return 0;
}

int row_encoder_rows(struct row_encoder *encoder, const uint8_t *rgb, uint32_t count)
{
    if (setjmp(png_jmpbuf(encoder->png)))
        return -1;
    if (count > encoder->options.height - encoder->rows)
        png_error(encoder->png, "more rows than the image has");
    for (uint32_t row = 0; row < count; row++)
        png_write_row(encoder->png, rgb + 3 * (size_t)encoder->options.width * row);
    encoder->rows += count;
    return 0;
}

int row_encoder_flush(struct row_encoder *encoder)
{
    if (setjmp(png_jmpbuf(encoder->png)))
        return -1;
    png_write_flush(encoder->png);
    return 0;
}

int row_encoder_finish(struct row_encoder *encoder)
{
    if (setjmp(png_jmpbuf(encoder->png)))
        return -1;
    if (encoder->rows != encoder->options.height)
        png_error(encoder->png, "rows are missing");
    png_write_end(encoder->png, NULL);
    return 0;
}

const char *row_encoder_message(const struct row_encoder *encoder)
{
    return encoder->message;
}

void row_encoder_destroy(struct row_encoder *encoder)
{
    png_destroy_write_struct(&encoder->png, &encoder->info);
    free(encoder);
}
