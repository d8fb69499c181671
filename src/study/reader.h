/*
 * What the readers of a study file's sections share: errors with their place, tables of keys, and
 * conversions of a node into a C value. Inner to study/.
 *
 * A section is a table of fields. dln_read_map() walks a map, finds each key in the table (an
 * unknown one is an error with the nearest word) and stores the value at the field's offset in the
 * target.
 */
#ifndef DLN_STUDY_READER_H
#define DLN_STUDY_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/study.h"
#include "study/yaml_tree.h"

struct dln_reader {
    struct dln_study *study;
    struct dln_arena *arena; /* the study's */
    const char *path;        /* in front of each error */
    struct dln_error *err;
    const struct dln_node *root;
    const char **warnings; /* study->warnings, while it grows */
    size_t warnings_cap;
    bool has_warned_words;        /* of yes, no, on, off: once a file */
    const struct dln_node **when; /* the condition of each parameter, NULL: none */
};

/* ── errors and warnings ───────────────────────────────────────────────────────────────────────*/

/* "PATH:LINE:COLUMN: sentence"; always false. */
bool dln_read_fail(struct dln_reader *r, const struct dln_node *at, const char *format, ...)
    DLN_PRINTF(3, 4);
bool dln_read_no_memory(struct dln_reader *r);
/* The same at a place inside a one-line scalar: `offset` bytes into its text. */
bool dln_read_fail_inside(struct dln_reader *r, const struct dln_node *at, size_t offset,
                          const char *format, ...) DLN_PRINTF(4, 5);
DLN_CHECK bool dln_read_warn(struct dln_reader *r, const struct dln_node *at, const char *format,
                             ...) DLN_PRINTF(3, 4);

/* ── tables of keys ────────────────────────────────────────────────────────────────────────────*/

enum dln_field_kind {
    DLN_FIELD_NODE,    /* const struct dln_node *: read later, with its neighbours */
    DLN_FIELD_TRUTH,   /* bool */
    DLN_FIELD_COUNT,   /* int, low … high */
    DLN_FIELD_COUNT64, /* int64_t, low … high */
    DLN_FIELD_REAL,    /* double, low … high */
    DLN_FIELD_SECONDS, /* double */
    DLN_FIELD_MS,      /* int64_t */
    DLN_FIELD_BYTES,   /* int64_t */
    DLN_FIELD_TEXT,    /* const char *, not empty */
    DLN_FIELD_WORD,    /* int: index in words */
    DLN_FIELD_COMMAND, /* struct dln_words */
    DLN_FIELD_FUNCTION /* read() */
};

struct dln_field {
    const char *name;
    enum dln_field_kind kind;
    size_t offset;
    double low, high;
    const char *const *words; /* WORD: NULL-terminated */
    bool (*read)(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value);
};

/* `section` names the map in sentences ("'machine'"); the table ends with a NULL name. */
DLN_CHECK bool dln_read_map(struct dln_reader *r, const struct dln_node *map, const char *section,
                            const struct dln_field *fields, void *target);

/* ── single values ─────────────────────────────────────────────────────────────────────────────*/

DLN_CHECK bool dln_read_scalar(struct dln_reader *r, const struct dln_node *node,
                               struct dln_scalar *out);
DLN_CHECK bool dln_read_number(struct dln_reader *r, const struct dln_node *node, const char *what,
                               double *out);
DLN_CHECK bool dln_read_whole(struct dln_reader *r, const struct dln_node *node, const char *what,
                              double low, double high, double *out);
DLN_CHECK bool dln_read_truth(struct dln_reader *r, const struct dln_node *node, const char *what,
                              bool *out);
/* A scalar as it is written, in the study's arena; not empty. */
DLN_CHECK bool dln_read_text(struct dln_reader *r, const struct dln_node *node, const char *what,
                             const char **out);
DLN_CHECK bool dln_read_word(struct dln_reader *r, const struct dln_node *node, const char *what,
                             const char *const *words, int *out);
/* 1 … 512 characters without control characters: names of studies, parameters, metrics. */
DLN_CHECK bool dln_read_name(struct dln_reader *r, const struct dln_node *node, const char *what,
                             const char **out);
DLN_CHECK bool dln_read_words(struct dln_reader *r, const struct dln_node *node, const char *what,
                              struct dln_words *out);
/* `name`, or `{name: {settings}}`. */
DLN_CHECK bool dln_read_method(struct dln_reader *r, const struct dln_node *node, const char *what,
                               const char *const *names, struct dln_method *out);
/* A map of names to plain values. */
DLN_CHECK bool dln_read_named(struct dln_reader *r, const struct dln_node *map, const char *what,
                              size_t *n, struct dln_named_scalar **out);
/* A scalar as the value of a parameter, in internal representation. */
DLN_CHECK bool dln_read_value(struct dln_reader *r, const struct dln_node *at,
                              const struct dln_param *param, const struct dln_scalar *scalar,
                              double *x);
DLN_CHECK bool dln_read_expr(struct dln_reader *r, const struct dln_node *node, const char *what,
                             const struct dln_expr **out);

/* Room for as many entries as the list or map has; fails for another kind of node. */
DLN_CHECK bool dln_read_expect_list(struct dln_reader *r, const struct dln_node *node,
                                    const char *what, const char *example);
DLN_CHECK bool dln_read_expect_map(struct dln_reader *r, const struct dln_node *node,
                                   const char *what, const char *example);

/* ── sections, each in its file ────────────────────────────────────────────────────────────────*/

extern const struct dln_field dln_machine_fields[], dln_budget_fields[], dln_failure_fields[],
    dln_confirm_fields[], dln_repeat_fields[], dln_config_fields[];

typedef bool dln_key_reader(struct dln_reader *r, const struct dln_node *key,
                            const struct dln_node *value);
dln_key_reader dln_read_objective, dln_read_space, dln_read_constraints, dln_read_limits,
    dln_read_machine, dln_read_budget, dln_read_failure, dln_read_confirm, dln_read_folds,
    dln_read_repeat, dln_read_metrics, dln_read_fixed, dln_read_config, dln_read_seed, dln_read_env,
    dln_read_hooks, dln_read_keep, dln_read_warm_start, dln_read_checkpoint, dln_read_strategy,
    dln_read_pruner, dln_read_run, dln_read_worker, dln_read_executor;

/* What of `machine` a cluster cannot give; parameters that feed what a job asks for. */
DLN_CHECK bool dln_check_executor(struct dln_reader *r, const struct dln_node *machine);
DLN_CHECK bool dln_validate_executor(struct dln_reader *r);

/* Conditions, constraints, limits and start points, once everything that they may name is known. */
DLN_CHECK bool dln_validate_names(struct dln_reader *r);
DLN_CHECK bool dln_validate_start(struct dln_reader *r);
DLN_CHECK bool dln_validate_whole(struct dln_reader *r);

#endif
