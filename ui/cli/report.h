/*
 * What commands print: lines, tables and numbers for people. Everything that came from outside (a
 * name, a value, an error of the system) leaves through dln_text_show(), so no control character of
 * a study reaches a terminal or a pipe. JSON and CSV keep the data, by their own escaping rules.
 */
#ifndef UI_CLI_REPORT_H
#define UI_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"

/* The exit statuses of every command. */
enum status {
    STATUS_DONE = 0,
    STATUS_FAILED =
        1,            /* the study failed, or was stopped without a result; a command was refused */
    STATUS_USAGE = 2, /* bad words, a bad study file, no such study or trial */
    STATUS_BUSY = 3,  /* another engine holds the study, or does not answer */
    STATUS_STORAGE = 4, /* the file or the machine failed */
};
enum status status_of(enum dln_code code);

/* One line, made harmless; the line feed is added. */
void say(FILE *to, const char *format, ...) DLN_PRINTF(2, 3);
/* "dialin: sentence" on standard error; gives the status that belongs to its code. */
enum status complain(const struct dln_error *err);

/* Writes a whole text as it is to standard output and releases it; a JSON text gets a line feed. */
enum status print_text(struct dln_strbuf *text);
enum status print_json(struct dln_strbuf *json);

/* Appends ": did you mean 'x'" where one of the words is near; always returns false. */
bool add_meant(struct dln_error *err, const char *typed, const char *const *words, size_t n);

/* True where the locale is not UTF-8: "…" becomes "..", other letters '?'. */
bool report_ascii(void);
/* Appends foreign or our own text, harmless, cut to `width` columns (SIZE_MAX: not cut). */
void harmless(struct dln_strbuf *out, const char *text, size_t width);
/* A parameter for people, floats with the digits that its range asks for; nothing if inactive. */
void param_text(const struct dln_param *param, double x, struct dln_strbuf *out);
/* $COLUMNS, else the terminal's, else 80. */
size_t report_width(void);
bool report_on_terminal(void); /* standard input and output are one */

/* ── tables ────────────────────────────────────────────────────────────────────────────────────*/

struct report_column {
    const char *title; /* in the table's arena */
    bool is_number;    /* aligned to the right, never cut */
    size_t width;      /* of the widest cell so far, columns of the terminal */
};

struct report { /* = {0} is empty */
    struct dln_arena arena;
    size_t n_columns, cap_columns;
    struct report_column *columns;
    size_t n_cells, cap_cells;
    const char **cells; /* row-major */
    bool failed;        /* out of memory: report_print says so */
};

void report_release(struct report *report);
/* All columns come before the first cell. */
void report_column(struct report *report, const char *title, bool is_number);
void report_cell(struct report *report, const char *text);
void report_cellf(struct report *report, const char *format, ...) DLN_PRINTF(2, 3);
/*
 * Fits the table into `width`: wide columns of text are cut first ("…"), then columns on the
 * right are left out; *left_out (may be NULL) says how many.
 */
DLN_CHECK bool report_print(const struct report *report, FILE *to, size_t width, bool with_titles,
                            size_t *left_out, struct dln_error *err);

#endif
