/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments: what a public function looks at before it does anything else. A call with an argument that cannot be meant
 * changes nothing, returns -EINVAL and names the argument; a function without a result names it all the same.
 */
#ifndef OIP_ARGUMENTS_H
#define OIP_ARGUMENTS_H

#include "errors.h"
#include <ordered_producer.h>

OIP_PRIVATE_BEGIN

/* Why the object cannot be used: -EINVAL where it is NULL, -ECHILD where it is from before a fork. */
OIP_COLD int refuse_object(const void *object, const char *function);

OIP_COLD int refuse_null(const char *argument, const char *function);

#define IS_USABLE(object) OIP_LIKELY((object) != NULL && (object)->generation == fork_generation)

#define RETURN_IF_UNUSABLE(object)                                                                                     \
    do {                                                                                                               \
        if (!IS_USABLE(object)) {                                                                                      \
            return refuse_object(object, __func__);                                                                    \
        }                                                                                                              \
    } while (0)

#define IGNORE_IF_UNUSABLE(object)                                                                                     \
    do {                                                                                                               \
        if (!IS_USABLE(object)) {                                                                                      \
            refuse_object(object, __func__);                                                                           \
            return;                                                                                                    \
        }                                                                                                              \
    } while (0)

#define RETURN_IF_NULL(argument)                                                                                       \
    do {                                                                                                               \
        if (OIP_UNLIKELY((argument) == NULL)) {                                                                        \
            return refuse_null(#argument, __func__);                                                                   \
        }                                                                                                              \
    } while (0)

/* A waiter that somebody can be told by. */
int check_waiter(const struct oip_waiter *waiter, const char *function);

#define RETURN_IF_NO_WAITER(waiter)                                                                                    \
    do {                                                                                                               \
        int checked_ = check_waiter(waiter, __func__);                                                                 \
        if (OIP_UNLIKELY(checked_ != 0)) {                                                                             \
            return checked_;                                                                                           \
        }                                                                                                              \
    } while (0)

/* Bytes: no options struct of any version comes near. */
enum { OPTIONS_MOST = 4096 };

/*
 * Copies an options struct whose first member is its size as the program knows it, into `*read`, which has `known`
 * bytes and becomes zero where the program's has nothing. The program may be older: at least `least` bytes; or newer:
 * what this library does not know must be zero, or the program would believe in something that does not happen.
 */
int read_options_struct(void *read, size_t known, size_t least, const void *given, const char *function,
                        const char *type);

OIP_PRIVATE_END

#endif
