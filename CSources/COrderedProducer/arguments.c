/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <errno.h>

int refuse_object(const void *object, const char *function)
{
    return object == NULL ? fail_with(-EINVAL, "%s: the object is NULL", function) : -ECHILD;
}

int refuse_null(const char *argument, const char *function)
{
    return fail_with(-EINVAL, "%s: %s is NULL", function, argument);
}

int check_waiter(const struct oip_waiter *waiter, const char *function)
{
    if (waiter == NULL) {
        return refuse_null("waiter", function);
    }
    if ((uintptr_t)waiter % _Alignof(struct oip_waiter) != 0) {
        return fail_with(-EINVAL, "%s: the waiter is not aligned", function);
    }
    return waiter->done != NULL ? 0 : refuse_null("waiter->done", function);
}

int read_options_struct(void *read, size_t known, size_t least, const void *given, const char *function,
                        const char *type)
{
    if (given == NULL) {
        return fail_with(-EINVAL, "%s: the struct %s is NULL", function, type);
    }
    if ((uintptr_t)given % _Alignof(size_t) != 0) {
        return fail_with(-EINVAL, "%s: the struct %s is not aligned", function, type);
    }
    size_t size = *(const size_t *)given;
    /* Every version's size is a multiple of the alignment. */
    if (size < least || size > OPTIONS_MOST || size % _Alignof(size_t) != 0) {
        return fail_with(-EINVAL, "%s: size is %zu, not sizeof(struct %s), which is %zu", function, size, type, known);
    }
    const char *bytes = given;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0) {
            return fail_with(-EINVAL, "%s: byte %zu of the struct %s is set, which this library does not know",
                             function, i, type);
        }
    }
    memset(read, 0, known);
    memcpy(read, given, size < known ? size : known);
    return 0;
}
