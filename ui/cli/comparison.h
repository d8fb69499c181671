/* Things side by side: named rows, a cell for each thing, and whether they differ. */
#ifndef UI_CLI_COMPARISON_H
#define UI_CLI_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/locate.h"
#include "cli/report.h"

#define COMPARED_MAX 6

struct compared_row {
    const char *kind, *name;
    const char *text[COMPARED_MAX]; /* for people; "" where there is none */
    const char *json[COMPARED_MAX]; /* the same as JSON */
    const char *change; /* from the first to the second, "" if there is nothing to say */
    bool differs;
};

struct comparison { /* = {0} and n_columns set is empty */
    struct dln_arena arena;
    size_t n_columns;
    const char *columns[COMPARED_MAX];
    size_t n, cap;
    struct compared_row *rows;
    bool failed; /* out of memory */
};

void comparison_release(struct comparison *comparison);
/* Begins a row; its cells are filled by the functions below, each once, in any order. */
void comparison_row(struct comparison *comparison, const char *kind, const char *name);
void comparison_text(struct comparison *comparison, size_t column, const char *text);
void comparison_number(struct comparison *comparison, size_t column, double value,
                       const char *text);
void comparison_json(struct comparison *comparison, size_t column, const char *text,
                     const char *json);
void comparison_change(struct comparison *comparison, const char *change);

/* `title` stands above; rows that are equal are left out and named below, unless `all`. */
enum status comparison_print(struct comparison *comparison, const char *title, bool all);
enum status comparison_print_json(struct comparison *comparison, const char *of, bool all);

/* Trials of one study by their numbers as typed. */
DLN_CHECK bool compare_trials(struct opened *study, char *const *numbers, size_t n,
                              struct comparison *out, struct dln_error *err);
/* Whole studies. */
/* Each by the trials that the filter keeps; NULL: all. */
DLN_CHECK bool compare_studies(struct opened *const *studies, size_t n, const char *filter,
                               struct comparison *out, struct dln_error *err);

#endif
