/* A study file written from a space that was inferred: to be read by a person, and confirmed. */
#ifndef UI_EXPORT_STUDY_FILE_H
#define UI_EXPORT_STUDY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/space.h"
#include "dialin/strbuf.h"

struct study_file {
    const char *name;
    size_t n_objectives;
    const char *const *metrics;
    const bool *maximize;
    const struct dln_space *space;
    const char *const *when; /* of each parameter: an expression, or NULL */
    int64_t trials;          /* of the budget */
    const char *program;     /* a script that takes --NAME=VALUE; NULL: not known */
    const char *source;      /* where the space comes from */
    const char *confirm;     /* what to do next, one line */
};

/* A text as YAML has it: bare, or in double quotes. */
void study_file_word(struct dln_strbuf *out, const char *text);
/* "  lr: {float: [1e-05, 0.1], log: true}", without the line feed. */
void study_file_param(struct dln_strbuf *out, const struct dln_param *param, const char *when);
void study_file_write(struct dln_strbuf *out, const struct study_file *file);

/*
 * When each parameter is active, guessed from points in which it is and is not: `q == v` or
 * `q in [v, w]` of a choice that tells the two apart, `q >= v` of a whole number. NULL where it
 * always is, or nothing tells.
 * NULL as a whole: no memory.
 */
const char **study_file_conditions(const struct dln_space *space, size_t n, const double *const *x,
                                   struct dln_arena *arena);

#endif
