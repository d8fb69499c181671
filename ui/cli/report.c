#include "cli/report.h"

#include <errno.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cells.h"
#include "dialin/nearest.h"
#include "dialin/num.h"
#include "dialin/text.h"
#include "format.h"

enum status status_of(enum dln_code code)
{
    switch (code) {
    case DLN_OK: return STATUS_DONE;
    case DLN_REFUSED:
    case DLN_EXHAUSTED:
    case DLN_NUMERIC: return STATUS_FAILED;
    case DLN_USAGE:
    case DLN_INVALID:
    case DLN_UNSUPPORTED:
    case DLN_NOT_FOUND: return STATUS_USAGE;
    case DLN_BUSY:
    case DLN_TIMEOUT: return STATUS_BUSY;
    case DLN_NOMEM:
    case DLN_IO:
    case DLN_STORAGE:
    case DLN_CORRUPT: return STATUS_STORAGE;
    }
    return STATUS_STORAGE;
}

bool report_ascii(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

bool add_meant(struct dln_error *err, const char *typed, const char *const *words, size_t n)
{
    const char *const meant = dln_nearest_word(typed, words, n);
    const size_t len = strlen(err->text);
    if (meant) snprintf(err->text + len, sizeof err->text - len, ": did you mean '%s'", meant);
    return false;
}

enum status print_text(struct dln_strbuf *text)
{
    struct dln_error err = {0};
    if (!dln_strbuf_ok(text)) {
        dln_fail(&err, DLN_NOMEM, "out of memory for what is to be printed");
    } else if (fwrite(dln_strbuf_text(text), 1, text->len, stdout) != text->len ||
               fflush(stdout) != 0) {
        dln_fail_errno(&err, errno, "write to standard output");
    }
    dln_strbuf_release(text);
    return err.code == DLN_OK ? STATUS_DONE : complain(&err);
}

enum status print_json(struct dln_strbuf *json)
{
    dln_strbuf_add_char(json, '\n');
    return print_text(json);
}

/* Our own characters have stand-ins ("–" is "-"); dln_text_show() turns the others into '?'. */
static void add_ascii(struct dln_strbuf *out, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, left, &code);
        const char *const plain = code < 0x80 ? NULL : glyph_ascii(code);
        if (plain) {
            dln_strbuf_add(out, plain);
        } else {
            dln_strbuf_add_len(out, text, eaten);
        }
        text += eaten;
        left -= eaten;
    }
}

void harmless(struct dln_strbuf *out, const char *text, size_t width)
{
    if (!report_ascii()) {
        dln_text_show(out, text, strlen(text), width, false);
        return;
    }
    struct dln_strbuf plain = {0};
    add_ascii(&plain, text);
    dln_text_show(out, dln_strbuf_text(&plain), plain.len, width, true);
    if (!dln_strbuf_ok(&plain)) out->failed = true;
    dln_strbuf_release(&plain);
}

void param_text(const struct dln_param *param, double x, struct dln_strbuf *out)
{
    if (isnan(x)) return;
    if (param->kind != DLN_PARAM_FLOAT) {
        dln_param_text(param, x, out);
        return;
    }
    char text[FORMAT_MAX];
    const struct number_style style =
        number_param(param->low, param->high, param->step, param->log, false, true);
    dln_strbuf_add(out, format_number(text, style, x));
}

size_t report_width(void)
{
    const char *const columns = getenv("COLUMNS");
    int64_t width;
    if (columns && dln_num_parse_int(columns, strlen(columns), &width) && width >= 20 &&
        width <= 10000) {
        return (size_t)width;
    }
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
    return 80;
}

bool report_on_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void say(FILE *to, const char *format, ...)
{
    struct dln_strbuf line = {0};
    struct dln_strbuf shown = {0};
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(&line, format, args);
    va_end(args);
    harmless(&shown, dln_strbuf_text(&line), SIZE_MAX);
    dln_strbuf_add_char(&shown, '\n');
    fwrite(dln_strbuf_text(&shown), 1, shown.len, to);
    dln_strbuf_release(&line);
    dln_strbuf_release(&shown);
}

enum status complain(const struct dln_error *err)
{
    fflush(stdout);
    say(stderr, "dialin: %s", err->text);
    return status_of(err->code);
}

/* ── tables ────────────────────────────────────────────────────────────────────────────────────*/

#define COLUMN_GAP 2
#define COLUMN_MIN 8 /* a cut column is never narrower */

void report_release(struct report *report)
{
    free(report->columns);
    free(report->cells);
    dln_arena_release(&report->arena);
    *report = (struct report){0};
}

/* A harmless copy in the table's arena; its width. */
static const char *keep(struct report *report, const char *text, size_t *width)
{
    struct dln_strbuf shown = {0};
    harmless(&shown, text, SIZE_MAX);
    const char *const copy = dln_arena_copy(&report->arena, dln_strbuf_text(&shown));
    if (!copy || !dln_strbuf_ok(&shown)) report->failed = true;
    dln_strbuf_release(&shown);
    *width = copy ? dln_text_width(copy) : 0;
    return copy ? copy : "";
}

/* Room for one more element, doubling; false marks the table failed. */
static bool grow(struct report *report, void **items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap) return true;
    const size_t more = *cap ? *cap * 2 : 16;
    void *const moved = realloc(*items, more * size);
    if (!moved) {
        report->failed = true;
        return false;
    }
    *items = moved;
    *cap = more;
    return true;
}

void report_column(struct report *report, const char *title, bool is_number)
{
    void *items = report->columns;
    if (!grow(report, &items, report->n_columns, &report->cap_columns, sizeof *report->columns))
        return;
    report->columns = items;
    struct report_column *const column = &report->columns[report->n_columns++];
    column->is_number = is_number;
    column->title = keep(report, title, &column->width);
}

void report_cell(struct report *report, const char *text)
{
    void *items = (void *)report->cells;
    if (report->n_columns == 0) return;
    if (!grow(report, &items, report->n_cells, &report->cap_cells, sizeof *report->cells)) return;
    report->cells = items;
    struct report_column *const column = &report->columns[report->n_cells % report->n_columns];
    size_t width;
    report->cells[report->n_cells++] = keep(report, text, &width);
    if (width > column->width) column->width = width;
}

void report_cellf(struct report *report, const char *format, ...)
{
    struct dln_strbuf text = {0};
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(&text, format, args);
    va_end(args);
    report_cell(report, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

/* Widths that fit, and how many columns of the left are printed. */
static size_t fit(const struct report *report, size_t width, size_t *widths)
{
    size_t total = 0;
    for (size_t c = 0; c < report->n_columns; c++) {
        widths[c] = report->columns[c].width;
        total += widths[c] + (c > 0 ? COLUMN_GAP : 0);
    }
    while (total > width) { /* take one column from the widest that may be cut */
        size_t widest = SIZE_MAX;
        for (size_t c = 0; c < report->n_columns; c++) {
            if (report->columns[c].is_number || widths[c] <= COLUMN_MIN) continue;
            if (widest == SIZE_MAX || widths[c] > widths[widest]) widest = c;
        }
        if (widest == SIZE_MAX) break;
        widths[widest]--;
        total--;
    }
    size_t shown = report->n_columns;
    while (total > width && shown > 1)
        total -= widths[--shown] + COLUMN_GAP;
    if (shown == 1 && widths[0] > width) widths[0] = width;
    return shown;
}

static void print_row(const struct report *report, FILE *to, const char *const *cells, size_t shown,
                      const size_t *widths, struct dln_strbuf *line)
{
    dln_strbuf_reset(line);
    size_t blanks = 0; /* owed; never printed at the end of a line */
    for (size_t c = 0; c < shown; c++) {
        const char *const text = cells[c];
        const size_t start = line->len;
        struct dln_strbuf cut = {0};
        harmless(&cut, text, widths[c]);
        const size_t used = dln_text_width(dln_strbuf_text(&cut));
        const size_t pad = widths[c] > used ? widths[c] - used : 0;
        if (used > 0) {
            if (report->columns[c].is_number) blanks += pad;
            for (; blanks > 0; blanks--)
                dln_strbuf_add_char(line, ' ');
            dln_strbuf_add_len(line, dln_strbuf_text(&cut), cut.len);
        }
        if (line->len == start || !report->columns[c].is_number) blanks += pad;
        blanks += COLUMN_GAP;
        dln_strbuf_release(&cut);
    }
    dln_strbuf_add_char(line, '\n');
    fwrite(dln_strbuf_text(line), 1, line->len, to);
}

bool report_print(const struct report *report, FILE *to, size_t width, bool with_titles,
                  size_t *left_out, struct dln_error *err)
{
    const size_t n = report->n_columns;
    size_t *const widths = calloc(n ? n : 1, sizeof *widths);
    const char **const titles = calloc(n ? n : 1, sizeof *titles);
    struct dln_strbuf line = {0};
    const bool ok = widths && titles && !report->failed;
    if (ok) {
        const size_t shown = fit(report, width, widths);
        for (size_t c = 0; c < shown; c++)
            titles[c] = report->columns[c].title;
        if (with_titles) print_row(report, to, titles, shown, widths, &line);
        for (size_t at = 0; at + n <= report->n_cells && n > 0; at += n) {
            print_row(report, to, report->cells + at, shown, widths, &line);
        }
        if (left_out) *left_out = n - shown;
    }
    dln_strbuf_release(&line);
    free(widths);
    free((void *)titles);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory for a table");
}
