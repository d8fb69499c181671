/*
 * What the journal of a study says together: which entries were undone, which can be, and what
 * stands in the way of it. An entry can be undone while nothing that is later and still stands has
 * changed the same setting.
 */
#ifndef DIALIN_ENTRIES_H
#define DIALIN_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/store.h"

struct dln_entry {
    bool is_reversible; /* a change that was made, and knows its way back */
    bool is_undone;     /* and has gone it */
    int64_t since;      /* id of the entry that made it so: its own, or of an undo or redo */
    int64_t blocked_by; /* id of the newest entry that must go first; 0: none */
    const char *undo;   /* the payload that takes it back now; "" */
    const char *why;    /* what a person wrote about it; "" */
    int64_t about;      /* of a note on another entry: its id; 0 */
};

/* entries[i] belongs to commands[i]; these are newest first. In the arena. */
DLN_API DLN_CHECK bool dln_journal_entries(size_t n, const struct dln_command *commands,
                                           struct dln_arena *arena, struct dln_entry **entries,
                                           struct dln_error *err);
/* The kind of command that takes such a one back. */
DLN_API enum dln_command_kind dln_undo_kind(enum dln_command_kind kind);

#endif
