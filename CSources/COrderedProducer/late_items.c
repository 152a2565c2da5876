/* SPDX-License-Identifier: Apache-2.0 */
#include "late_items.h"

#include <stdlib.h>

enum { LEAST_BITS = 4 };

/* Fibonacci hashing: sequences that lie apart evenly, which late ones often do, are spread all the same. */
static size_t home_of(const struct late_items *late, uint64_t entry)
{
    return (size_t)(entry * 0x9e3779b97f4a7c15u >> (64 - late->bits));
}

static size_t room_of(const struct late_items *late)
{
    return late->bits == 0 ? 0 : (size_t)1 << late->bits;
}

static size_t after(const struct late_items *late, size_t place)
{
    return (place + 1) & (room_of(late) - 1);
}

/* The place of the entry, or the free one where it would be. There is a free one. */
static size_t find(const struct late_items *late, uint64_t entry)
{
    size_t place = home_of(late, entry);
    while (late->places[place] != 0 && late->places[place] != entry) {
        place = after(late, place);
    }
    return place;
}

static bool grow(struct late_items *late)
{
    struct late_items larger = {.bits = late->bits == 0 ? LEAST_BITS : late->bits + 1};
    larger.places = calloc(room_of(&larger), sizeof *larger.places);
    if (larger.places == NULL) {
        return false;
    }
    for (size_t i = 0; i < room_of(late); i++) {
        if (late->places[i] != 0) {
            larger.places[find(&larger, late->places[i])] = late->places[i];
        }
    }
    free(late->places);
    late->places = larger.places;
    late->bits = larger.bits;
    return true;
}

void late_items_add(struct late_items *late, uint64_t sequence)
{
    if ((late->count + 1) * 2 > room_of(late) && !grow(late)) {
        late->unknown++;
        return;
    }
    late->places[find(late, sequence + 1)] = sequence + 1;
    late->count++;
}

bool late_items_remove(struct late_items *late, uint64_t sequence)
{
    size_t place = late->count != 0 ? find(late, sequence + 1) : 0;
    if (late->count == 0 || late->places[place] == 0) {
        bool believed = late->unknown != 0;
        late->unknown -= believed;
        return believed;
    }
    late->places[place] = 0;
    late->count--;
    /* Those behind it that had to go on because of it move up. */
    for (size_t at = after(late, place); late->places[at] != 0; at = after(late, at)) {
        uint64_t entry = late->places[at];
        late->places[at] = 0;
        late->places[find(late, entry)] = entry;
    }
    return true;
}

void late_items_destroy(struct late_items *late)
{
    free(late->places);
}
