/* SPDX-License-Identifier: Apache-2.0 */
#include "node_store.h"

#include "errors.h"

#include <stdlib.h>

int node_store_init(struct node_store *store)
{
    for (unsigned i = 0; i < NODE_CHUNKS; i++) {
        atomic_init(&store->chunks[i], NULL);
    }
    store->free = NULL;
    int error = pthread_mutex_init(&store->lock, NULL);
    return error != 0 ? fail_with(-error, "pthread_mutex_init") : 0;
}

void node_store_destroy(struct node_store *store)
{
    for (unsigned i = 0; i < NODE_CHUNKS; i++) {
        free(atomic_load_explicit(&store->chunks[i], memory_order_relaxed));
    }
    pthread_mutex_destroy(&store->lock);
}

/* Under the lock. */
static void make_chunk(struct node_store *store)
{
    unsigned chunk = 0;
    while (chunk < NODE_CHUNKS && atomic_load_explicit(&store->chunks[chunk], memory_order_relaxed) != NULL) {
        chunk++;
    }
    uint32_t first = chunk_start(chunk);
    uint32_t count = chunk_start(chunk + 1) - first;
    struct node *nodes = chunk < NODE_CHUNKS ? calloc(count, sizeof *nodes) : NULL;
    if (nodes == NULL) {
        return;
    }
    for (uint32_t i = count; i-- > 0;) { /* the lowest number is taken first */
        nodes[i].number = first + i;
        nodes[i].free = store->free;
        store->free = &nodes[i];
    }
    /* Release, for the checker of races: see node_of(). */
    atomic_store_explicit(&store->chunks[chunk], nodes, memory_order_release);
}

struct node *node_store_take(struct node_store *store)
{
    pthread_mutex_lock(&store->lock);
    if (store->free == NULL) {
        make_chunk(store);
    }
    struct node *node = store->free;
    if (node != NULL) {
        store->free = node->free;
    }
    pthread_mutex_unlock(&store->lock);
    return node;
}

void node_store_return(struct node_store *store, struct node *node)
{
    pthread_mutex_lock(&store->lock);
    node->free = store->free;
    store->free = node;
    pthread_mutex_unlock(&store->lock);
}
