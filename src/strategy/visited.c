#include "strategy/visited.h"

#include <stdlib.h>

/* A slot is free while it was never taken; one that was emptied keeps its hash for the probing. */
static bool is_free(const struct dln_visited_slot *slot)
{
    return slot->hash == 0 && slot->count == 0;
}

static uint64_t key_of(uint64_t hash)
{
    return hash ? hash : 1; /* 0 marks a free slot */
}

static struct dln_visited_slot *find(const struct dln_visited *set, uint64_t key)
{
    size_t at = (size_t)key & (set->cap - 1);
    while (!is_free(&set->slots[at]) && set->slots[at].hash != key)
        at = (at + 1) & (set->cap - 1);
    return &set->slots[at];
}

void dln_visited_release(struct dln_visited *set)
{
    free(set->slots);
    *set = (struct dln_visited){0};
}

bool dln_visited_reserve(struct dln_visited *set)
{
    if (set->used + 1 <= set->cap / 2) return true;
    struct dln_visited grown = {.cap = 64};
    while (grown.cap < 4 * (set->n + 1))
        grown.cap *= 2;
    grown.slots = calloc(grown.cap, sizeof *grown.slots);
    if (!grown.slots) return false;
    for (size_t i = 0; i < set->cap; i++) {
        if (set->slots[i].count == 0) continue;
        *find(&grown, set->slots[i].hash) = set->slots[i];
        grown.used++;
        grown.n++;
    }
    free(set->slots);
    *set = grown;
    return true;
}

void dln_visited_add(struct dln_visited *set, uint64_t hash)
{
    struct dln_visited_slot *slot = find(set, key_of(hash));
    if (is_free(slot)) set->used++;
    if (slot->count == 0) set->n++;
    slot->hash = key_of(hash);
    slot->count++;
}

bool dln_visited_remove(struct dln_visited *set, uint64_t hash)
{
    if (set->cap == 0) return false;
    struct dln_visited_slot *slot = find(set, key_of(hash));
    if (slot->count == 0) return false;
    if (--slot->count > 0) return false;
    set->n--;
    return true;
}

bool dln_visited_has(const struct dln_visited *set, uint64_t hash)
{
    return set->cap > 0 && find(set, key_of(hash))->count > 0;
}
