/*
 * What stands in a word of a command: text, and placeholders in braces. `{{` is a brace. The name
 * of a parameter or constant goes before a word of ours: a study with a parameter `seed` means
 * that.
 */
#ifndef DLN_EXEC_PLACEHOLDER_H
#define DLN_EXEC_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/strbuf.h"
#include "dialin/study.h"

#define DLN_PLACES(X)   \
    X(ARGS, "args")     \
    X(JSON, "json")     \
    X(CONFIG, "config") \
    X(DIR, "dir")       \
    X(TRIAL, "trial")   \
    X(SEED, "seed")     \
    X(FOLD, "fold")     \
    X(FOLDS, "folds")   \
    X(GPU, "gpu")       \
    X(BUDGET, "budget") \
    X(CKPT, "ckpt")     \
    X(RESUME, "resume")

enum dln_place {
    DLN_PLACE_TEXT,
    DLN_PLACE_PARAM, /* index: in the space */
    DLN_PLACE_FIXED, /* index: in study->fixed */
#define DLN_PLACE_ENUM(name, word) DLN_PLACE_##name,
    DLN_PLACES(DLN_PLACE_ENUM)
#undef DLN_PLACE_ENUM
        DLN_PLACE_UNKNOWN, /* text: what stands between the braces */
    DLN_PLACE_OPEN         /* a brace that is never closed; text: from it on */
};

struct dln_piece {
    enum dln_place place;
    const char *text; /* TEXT: the bytes; else what stands between the braces */
    size_t len;
    size_t index;
};

/* Takes the next piece of a word off *at; false at its end. */
bool dln_piece_next(const struct dln_study *study, const char **at, struct dln_piece *piece);

struct dln_run_spec;
/* Folds of the run's cross-validation; 1: it is none. */
int dln_run_folds(const struct dln_run_spec *spec);
/* Appends what a piece that is not `{args}` stands for. False: there is no value. (argv.c) */
bool dln_piece_fill(const struct dln_run_spec *spec, const struct dln_piece *piece,
                    struct dln_strbuf *out);

/* How `{args:…}` writes a parameter: `--k=v`, `--k v`, `k=v`, `++k=v`, `-k v` … */
struct dln_args_style {
    const char *prefix; /* "", "-", "--", "+", "++" */
    bool two_words;
};
/* False: not a style. For a piece of kind ARGS. */
bool dln_args_style(const struct dln_piece *piece, struct dln_args_style *out);

/* Whether the study says anything about GPUs at all. */
bool dln_gpu_wanted(const struct dln_study *study);

/* `max` of the pruner: the longest that a trial may get. NULL: the pruner has no such setting. */
const struct dln_scalar *dln_budget_of(const struct dln_study *study);

#endif
