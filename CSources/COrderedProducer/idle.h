/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of the pool's idle word: see pool.h.
 *
 *      63   41   40       39    36 35     24 23     12 11      0
 *     |  tag  | wanted | searching | lookout | parked |   top   |
 *
 * top, lookout: a worker's index + 1, or 0. The lookout is named here and nowhere else: a name beside the word could be
 * overwritten by a thread whose swap of the word then fails.
 * wanted: somebody wanted a thread woken and left it at those that are awake: the next one to park looks again first.
 */
#ifndef OIP_IDLE_H
#define OIP_IDLE_H

#include <stdint.h>

enum {
    IDLE_FIELD = 0xfff,
    IDLE_PARKED_SHIFT = 12,
    IDLE_LOOKOUT_SHIFT = 24,
    IDLE_SEARCHING_SHIFT = 36,
    IDLE_SEARCHING_FIELD = 0xf,
};

#define IDLE_PARKED_ONE ((uint64_t)1 << IDLE_PARKED_SHIFT)
#define IDLE_SEARCHING_ONE ((uint64_t)1 << IDLE_SEARCHING_SHIFT)
#define IDLE_WANTED ((uint64_t)1 << 40)
#define IDLE_TAG_ONE ((uint64_t)1 << 41)

/* The topmost parked thread's index + 1, or 0. */
static inline uint32_t idle_top(uint64_t idle)
{
    return (uint32_t)(idle & IDLE_FIELD);
}

static inline uint64_t idle_with_top(uint64_t idle, uint32_t top)
{
    return (idle & ~(uint64_t)IDLE_FIELD) | top;
}

static inline uint32_t idle_lookout(uint64_t idle)
{
    return (uint32_t)(idle >> IDLE_LOOKOUT_SHIFT) & IDLE_FIELD;
}

static inline uint64_t idle_with_lookout(uint64_t idle, uint32_t lookout)
{
    return (idle & ~((uint64_t)IDLE_FIELD << IDLE_LOOKOUT_SHIFT)) | (uint64_t)lookout << IDLE_LOOKOUT_SHIFT;
}

static inline uint32_t idle_parked(uint64_t idle)
{
    return (uint32_t)(idle >> IDLE_PARKED_SHIFT) & IDLE_FIELD;
}

static inline uint32_t idle_searching(uint64_t idle)
{
    return (uint32_t)(idle >> IDLE_SEARCHING_SHIFT) & IDLE_SEARCHING_FIELD;
}

#endif
