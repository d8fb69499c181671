/* A set of points, by hash, that counts how many trials are at each. `= {0}` is empty. */
#ifndef DLN_STRATEGY_VISITED_H
#define DLN_STRATEGY_VISITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dln_visited_slot {
    uint64_t hash;
    uint64_t count; /* 0: never used, or left by dln_visited_remove() */
};

struct dln_visited {
    struct dln_visited_slot *slots; /* open addressing, linear probing */
    size_t cap;                     /* a power of two, or 0 */
    size_t used;                    /* slots with a hash in them, counts of 0 included */
    size_t n;                       /* different points */
};

void dln_visited_release(struct dln_visited *set);
/* Room for one more, so that the next dln_visited_add() cannot fail. False: no memory. */
bool dln_visited_reserve(struct dln_visited *set);
void dln_visited_add(struct dln_visited *set, uint64_t hash);
/* One trial less at this point; true if it was the last one. */
bool dln_visited_remove(struct dln_visited *set, uint64_t hash);
bool dln_visited_has(const struct dln_visited *set, uint64_t hash);

#endif
