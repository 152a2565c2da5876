/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's tenant: a producer, as one of those whose end a shutdown of the pool brings about and waits for. */
#ifndef OIP_TENANT_H
#define OIP_TENANT_H

#include "platform.h"

OIP_PRIVATE_BEGIN

/* In one list at most; under the pool's lock. */
struct tenant {
    struct tenant *next, **link;
    void (*retain)(struct tenant *tenant); /* under the pool's lock: so that it lives until it was shut */
    void (*shut)(struct tenant *tenant);   /* under no lock: it accepts no more items; lets go */
};

static inline void tenant_link(struct tenant **list, struct tenant *tenant)
{
    tenant->next = *list;
    tenant->link = list;
    if (tenant->next != NULL) {
        tenant->next->link = &tenant->next;
    }
    *list = tenant;
}

static inline void tenant_unlink(struct tenant *tenant)
{
    *tenant->link = tenant->next;
    if (tenant->next != NULL) {
        tenant->next->link = tenant->link;
    }
}

OIP_PRIVATE_END

#endif
