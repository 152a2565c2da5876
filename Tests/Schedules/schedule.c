/* SPDX-License-Identifier: Apache-2.0 */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

uint64_t chance_next(struct chance *of, uint64_t below)
{
    of->state ^= of->state << 13;
    of->state ^= of->state >> 7;
    of->state ^= of->state << 17;
    return of->state % below;
}

void schedule_print(FILE *to, const char *play, const struct schedule *schedule)
{
    fprintf(to, "SCHEDULE=%s", play);
    for (unsigned i = 0; i < schedule->count; i++) {
        const struct deviation *deviation = &schedule->deviations[i];
        fprintf(to, "%c%u", i == 0 ? ':' : ',', deviation->step);
        if (deviation->point != NO_POINT) {
            fprintf(to, "@%s", point_name(deviation->point));
        }
        fprintf(to, ">%u", deviation->thread);
    }
    fputc('\n', to);
}

bool schedule_read(const char *text, struct schedule *schedule)
{
    schedule->count = 0;
    while (*text != 0) {
        char *end;
        struct deviation deviation = {(uint32_t)strtoul(text + 1, &end, 10), 0, NO_POINT};
        if (*end == '@') {
            size_t length = strcspn(end + 1, ">");
            deviation.point = point_named(end + 1, length);
            if (deviation.point == NO_POINT) {
                return false;
            }
            end += 1 + length;
        }
        if (*end != '>' || schedule->count == MOST_DEVIATIONS) {
            return false;
        }
        deviation.thread = (uint32_t)strtoul(end + 1, &end, 10);
        schedule->deviations[schedule->count++] = deviation;
        text = end;
    }
    return true;
}
