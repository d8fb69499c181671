/* From a CSV table to trials of a study, or to a space that its columns imply. */
#ifndef UI_CLI_IMPORT_H
#define UI_CLI_IMPORT_H

#include "cli/csv_table.h"
#include "dialin/store.h"
#include "dialin/study.h"

/* ── rows to trials ────────────────────────────────────────────────────────────────────────────*/

struct import_refusal { /* rows left out for one reason, and the first of them */
    char why[160];
    size_t n, first_line;
};
#define IMPORT_REFUSALS_MAX 12

struct imported { /* arrays in the arena */
    struct dln_arena arena;
    size_t n;
    struct dln_past_trial *trials;
    size_t n_refusals, left_out;
    struct import_refusal refusals[IMPORT_REFUSALS_MAX];
};

/* Trials that the study does not have yet. `source` is borrowed. */
DLN_CHECK bool import_rows(const struct csv_table *table, const struct dln_study *study,
                           dln_store *store, int64_t study_id, const char *source,
                           struct imported *out, struct dln_error *err);
void imported_release(struct imported *imported);

/* ── columns to a space ────────────────────────────────────────────────────────────────────────*/

/* `only`: names of parameters with commas between, NULL for every column that looks like one. */
DLN_CHECK bool import_space(const struct csv_table *table, const char *const *metrics, size_t m,
                            const char *only, struct dln_arena *arena, struct dln_space *out,
                            const double ***points, size_t *n, struct dln_error *err);

/* ── search spaces of others ───────────────────────────────────────────────────────────────────*/

struct import_sweep { /* in the arena */
    struct dln_space space;
    const char *metric, *program; /* NULL: not said */
    bool maximize;
};

/* A sweep of Weights & Biases or of Hydra, or a search space of NNI. */
DLN_CHECK bool import_sweep(const char *path, struct dln_arena *arena, struct import_sweep *out,
                            struct dln_error *err);

#endif
