/*
 * Many allocations, one release: for things that die together (one ask, one snapshot, one parsed
 * file). `= {0}` is an empty arena. Memory is zeroed and aligned for any type. Nothing is freed
 * singly. Functions that take an arena leave their results in it.
 */
#ifndef DIALIN_ARENA_H
#define DIALIN_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "dialin/export.h"

struct dln_arena {
    struct dln_arena_block *blocks; /* newest first */
    size_t bytes;                   /* handed out so far */
};

DLN_API void dln_arena_release(struct dln_arena *arena);
/* Forgets everything but keeps one block, for the next round. */
DLN_API void dln_arena_reset(struct dln_arena *arena);

/* NULL if there is no memory or count × size overflows. A count of 0 gives a valid pointer. */
DLN_API void *dln_arena_alloc(struct dln_arena *arena, size_t count, size_t size);
DLN_API char *dln_arena_copy(struct dln_arena *arena, const char *text);
DLN_API char *dln_arena_copy_len(struct dln_arena *arena, const char *bytes, size_t len);
DLN_API char *dln_arena_printf(struct dln_arena *arena, const char *format, ...) DLN_PRINTF(2, 3);

#define DLN_ARENA_NEW(arena, type)          ((type *)dln_arena_alloc((arena), 1, sizeof(type)))
#define DLN_ARENA_ARRAY(arena, type, count) ((type *)dln_arena_alloc((arena), (count), sizeof(type)))

#endif
