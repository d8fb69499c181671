#include "dialin/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 16 * 1024 };

struct dln_arena_block {
    struct dln_arena_block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

void dln_arena_release(struct dln_arena *arena)
{
    if (!arena) return;
    for (struct dln_arena_block *block = arena->blocks; block;) {
        struct dln_arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct dln_arena){0};
}

void dln_arena_reset(struct dln_arena *arena)
{
    struct dln_arena_block *keep = arena->blocks;
    if (!keep) return;
    struct dln_arena rest = {.blocks = keep->next};
    dln_arena_release(&rest);
    keep->next = NULL;
    keep->used = 0;
    *arena = (struct dln_arena){.blocks = keep};
}

void *dln_arena_alloc(struct dln_arena *arena, size_t count, size_t size)
{
    if (size > 0 && count > (SIZE_MAX / 4) / size) return NULL;
    const size_t unit = alignof(max_align_t);
    const size_t bytes = (count * size + unit - 1) / unit * unit;

    struct dln_arena_block *block = arena->blocks;
    if (!block || block->cap - block->used < bytes) {
        size_t cap = block ? block->cap * 2 : BLOCK_MIN;
        if (cap > 1024 * 1024) cap = 1024 * 1024;
        if (cap < bytes) cap = bytes;
        block = malloc(sizeof *block + cap);
        if (!block) return NULL;
        *block = (struct dln_arena_block){.next = arena->blocks, .cap = cap};
        arena->blocks = block;
    }
    void *memory = block->data + block->used;
    block->used += bytes;
    arena->bytes += bytes;
    memset(memory, 0, bytes);
    return memory;
}

char *dln_arena_copy_len(struct dln_arena *arena, const char *bytes, size_t len)
{
    char *copy = dln_arena_alloc(arena, len + 1, 1);
    if (copy && len > 0) memcpy(copy, bytes, len);
    return copy;
}

char *dln_arena_copy(struct dln_arena *arena, const char *text)
{
    return dln_arena_copy_len(arena, text, strlen(text));
}

char *dln_arena_printf(struct dln_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return NULL;
    char *text = dln_arena_alloc(arena, (size_t)len + 1, 1);
    if (!text) return NULL;
    va_start(args, format);
    const int written = vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return written == len ? text : NULL;
}
