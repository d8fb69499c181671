/*
 * Commands of people to the engine of a study, from any process: queue and journal in one. They are
 * rows of the file (dialin/store.h); the holder of the lease obeys them in order and answers.
 */
#ifndef DIALIN_COMMAND_H
#define DIALIN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"

typedef struct dln_store dln_store;

/*
 * Payloads are JSON objects:  PRUNE, STOP_TRIAL, RETRY, DELETE, RESTORE {"trials": [numbers]} ·
 * ENQUEUE {"params":
 * {}, "copy_of": n} · SET_PARALLEL {"value": n} · SET_BUDGET {"trials": n, "time_s": …} (absolute)
 * · REVISE {"trial": n, "params": {}} (all of a WAITING trial) · WITHDRAW {"trial": n} (a WAITING
 * one) · SET_STRATEGY {"strategy": "gp" or {"gp": {"startup": n}}} · SET_PRUNER {"pruner": the
 * same} · TRIAL_NOTE {"trial": n (none: the study), "text": …} · TAG {"trials": [numbers], "add":
 * [tags], "remove": [tags]} or {"tags": [[number, "a b"], …]} · SET_SPACE {"edits": {"lr": "{float:
 * [0, 1]}", "gone": null}} · CONFIRM {"top": k, "repeats": n, "fresh": bool, "then": "stop"} (each
 * may be left out) · STOP {"now": bool} · NOTE
 * {"text": …} (an engine decision of note, journal only; "about": the id of the entry that a
 * person's note explains) · SET_SLOT {"slot": n, "open": true}
 * · SUSPEND,
 * CONTINUE {"trials": [n, …]} · UNDO, REDO {"id": n} (of an entry; without it the newest that can
 * be). Any payload may have a "why": {"why": "text"}.
 */
/* clang-format off */
#define DLN_COMMANDS(X) \
    X(PAUSE, "pause") \
    X(RESUME, "resume") \
    X(DRAIN, "drain") \
    X(STOP, "stop") \
    X(PRUNE, "prune") \
    X(STOP_TRIAL, "stop_trial") \
    X(RETRY, "retry") \
    X(ENQUEUE, "enqueue") \
    X(SET_PARALLEL, "set_parallel") \
    X(SET_BUDGET, "set_budget") \
    X(SET_STRATEGY, "set_strategy") \
    X(NOTE, "note") \
    X(REVISE, "revise") \
    X(WITHDRAW, "withdraw") \
    X(SET_PRUNER, "set_pruner") \
    X(CONFIRM, "confirm") \
    X(SET_SPACE, "set_space") \
    X(UNDO, "undo") \
    X(REDO, "redo") \
    X(TRIAL_NOTE, "trial_note") \
    X(TAG, "tag") \
    X(DELETE, "delete") \
    X(RESTORE, "restore") \
    X(SUSPEND, "suspend") \
    X(CONTINUE, "continue") \
    X(SET_SLOT, "set_slot")
/* clang-format on */
enum dln_command_kind {
#define DLN_COMMAND_ENUM(name, text) DLN_COMMAND_##name,
    DLN_COMMANDS(DLN_COMMAND_ENUM)
#undef DLN_COMMAND_ENUM
        DLN_COMMAND_COUNT
};
DLN_API const char *dln_command_name(enum dln_command_kind kind);
enum dln_command_state { DLN_COMMAND_POSTED, DLN_COMMAND_DONE, DLN_COMMAND_REFUSED };

struct dln_command {
    int64_t id, posted_us;
    enum dln_command_kind kind;
    const char *who;     /* "mia@pts/7", "engine" */
    const char *payload; /* JSON */
    enum dln_command_state state;
    const char *answer; /* a sentence, "" while posted */
    const char *undo;   /* payload that undoes it, "" if none */
};

/* "user@pts/3" of this process; "user" without a terminal. */
DLN_API void dln_command_who(char *out, size_t cap);
DLN_API DLN_CHECK bool dln_store_post(dln_store *store, int64_t study_id,
                                      enum dln_command_kind kind, const char *who,
                                      const char *payload, int64_t *command_id,
                                      struct dln_error *err);
/* The oldest posted command, in the arena; DLN_NOT_FOUND when there is none. */
DLN_API DLN_CHECK bool dln_store_next_command(dln_store *store, int64_t study_id,
                                              struct dln_arena *arena, struct dln_command *out,
                                              struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_answer(dln_store *store, int64_t command_id,
                                        enum dln_command_state state, const char *answer,
                                        const char *undo, struct dln_error *err);
/* Journal-only entry by the engine ("new best #187 0.0387 (was 0.0401)"): posted and done at once.
 */
DLN_API DLN_CHECK bool dln_store_note(dln_store *store, int64_t study_id, const char *text,
                                      struct dln_error *err);
/* Newest first, at most `limit`, with id > after (0: all). */
DLN_API DLN_CHECK bool dln_store_journal(dln_store *store, int64_t study_id, int64_t after,
                                         size_t limit, struct dln_arena *arena,
                                         struct dln_command **out, size_t *n,
                                         struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_command(dln_store *store, int64_t command_id,
                                         struct dln_arena *arena, struct dln_command *out,
                                         struct dln_error *err);

#include "dialin/marks.h"

#endif
