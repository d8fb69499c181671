/* A study file for a command, by asking the command what its options are. */
#ifndef UI_DRAFT_DRAFT_H
#define UI_DRAFT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/strbuf.h"

struct draft_ask {
    const char *verb; /* "init", for the first line */
    size_t n_words;   /* of the command: {placeholders} may stand in it */
    char *const *words;
    const char *vary;   /* "lr=1e-5..0.1 log, batch=16|32, layers"; NULL: what the help tells */
    const char *metric; /* NULL: "loss", marked as a guess */
    bool maximize;
    int64_t trials, parallel;
    const char *name;   /* of the study; NULL: the program's */
    const char *folder; /* where the command is asked; NULL: here */
    const char *help;   /* what it has printed when it was asked; NULL: ask it */
};

/*
 * Asks the command for its help, at most `limit_ms` for each of --help and -h; "" where it has no
 * options to tell of. DLN_NOT_FOUND: it cannot be started.
 */
DLN_CHECK bool draft_help(const struct draft_ask *ask, int limit_ms, struct dln_arena *arena,
                          const char **out, struct dln_error *err);
/* What would be varied, as --vary has it: "lr=1e-05..0.1 log, batch=16|32". Asks nothing. */
DLN_CHECK bool draft_vary(const struct draft_ask *ask, struct dln_arena *arena,
                          struct dln_strbuf *out, struct dln_error *err);

/* "train" of python3 src/train.py, in the arena; NULL: no memory. */
char *draft_name(size_t n_words, char *const *words, struct dln_arena *arena);
/*
 * Runs the command with --help, then -h, for at most 20 s each. `path` is where the file will be:
 * the text is read and checked as that file, so what comes out is valid. DLN_NOT_FOUND: nothing
 * to vary was found; the sentence says how to name it.
 */
DLN_CHECK bool draft_make(const struct draft_ask *ask, const char *path, struct dln_arena *arena,
                          struct dln_strbuf *out, struct dln_error *err);

/*
 * Runs what draft_make() wrote once, at the defaults, for at most `limit_ms` and in ask->folder;
 * nothing is kept. `out`: a sentence on what it printed.
 */
DLN_CHECK bool draft_dry_run(const struct draft_ask *ask, const char *text, size_t len,
                             int limit_ms, struct dln_strbuf *out, struct dln_error *err);

#endif
