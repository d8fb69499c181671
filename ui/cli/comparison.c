#include "cli/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"

void comparison_release(struct comparison *comparison)
{
    free(comparison->rows);
    dln_arena_release(&comparison->arena);
    *comparison = (struct comparison){0};
}

static const char *keep(struct comparison *comparison, const char *text)
{
    const char *const copy = dln_arena_copy(&comparison->arena, text);
    if (!copy) comparison->failed = true;
    return copy ? copy : "";
}

void comparison_row(struct comparison *comparison, const char *kind, const char *name)
{
    if (comparison->n == comparison->cap) {
        const size_t cap = comparison->cap ? comparison->cap * 2 : 32;
        struct compared_row *const moved = realloc(comparison->rows, cap * sizeof *moved);
        if (!moved) {
            comparison->failed = true;
            return;
        }
        comparison->rows = moved;
        comparison->cap = cap;
    }
    struct compared_row *const row = &comparison->rows[comparison->n++];
    *row = (struct compared_row){.kind = kind, .name = keep(comparison, name), .change = ""};
    for (size_t i = 0; i < COMPARED_MAX; i++) {
        row->text[i] = "";
        row->json[i] = "null";
    }
}

static struct compared_row *last(struct comparison *comparison)
{
    return comparison->failed || comparison->n == 0 ? NULL : &comparison->rows[comparison->n - 1];
}

void comparison_json(struct comparison *comparison, size_t column, const char *text,
                     const char *json)
{
    struct compared_row *const row = last(comparison);
    if (!row) return;
    row->text[column] = keep(comparison, text);
    row->json[column] = keep(comparison, json);
}

void comparison_text(struct comparison *comparison, size_t column, const char *text)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_string(&w, text && text[0] ? text : NULL);
    comparison_json(comparison, column, text ? text : "", dln_strbuf_text(&json));
    dln_strbuf_release(&json);
}

void comparison_number(struct comparison *comparison, size_t column, double value, const char *text)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_double(&w, value);
    comparison_json(comparison, column, isnan(value) ? "" : text, dln_strbuf_text(&json));
    dln_strbuf_release(&json);
}

void comparison_change(struct comparison *comparison, const char *change)
{
    struct compared_row *const row = last(comparison);
    if (row) row->change = keep(comparison, change);
}

static enum status settle(struct comparison *comparison)
{
    if (comparison->failed) {
        struct dln_error err = {0};
        dln_fail(&err, DLN_NOMEM, "out of memory");
        return complain(&err);
    }
    for (size_t i = 0; i < comparison->n; i++) {
        struct compared_row *const row = &comparison->rows[i];
        row->differs = false;
        for (size_t c = 1; c < comparison->n_columns; c++) {
            row->differs = row->differs || strcmp(row->json[c], row->json[0]) != 0;
        }
    }
    return STATUS_DONE;
}

static bool print_rows(const struct comparison *comparison, bool all, struct dln_error *err)
{
    struct report report = {0};
    bool has_changes = false;
    for (size_t i = 0; i < comparison->n; i++)
        has_changes = has_changes || comparison->rows[i].change[0];
    report_column(&report, "", false);
    for (size_t c = 0; c < comparison->n_columns; c++)
        report_column(&report, comparison->columns[c], false);
    if (has_changes) report_column(&report, "change", false);
    for (size_t i = 0; i < comparison->n; i++) {
        const struct compared_row *const row = &comparison->rows[i];
        if (!row->differs && !all) continue;
        report_cell(&report, row->name);
        for (size_t c = 0; c < comparison->n_columns; c++)
            report_cell(&report, row->text[c]);
        if (has_changes) report_cell(&report, row->differs ? row->change : "=");
    }
    const bool ok = report_print(&report, stdout, report_width(), true, NULL, err);
    report_release(&report);
    return ok;
}

enum status comparison_print(struct comparison *comparison, const char *title, bool all)
{
    struct dln_error err = {0};
    struct dln_strbuf same = {0};
    size_t n_different = 0;
    enum status status = settle(comparison);
    if (status != STATUS_DONE) return status;
    for (size_t i = 0; i < comparison->n; i++) {
        const struct compared_row *const row = &comparison->rows[i];
        n_different += row->differs;
        if (row->differs || !row->text[0][0]) continue;
        dln_strbuf_addf(&same, "%s%s", same.len > 0 ? ", " : "", row->name);
    }
    say(stdout, "%s", title);
    putchar('\n');
    if ((n_different > 0 || all) && !print_rows(comparison, all, &err)) status = complain(&err);
    if (n_different == 0 && !all) say(stdout, "no difference");
    if (!all && same.len > 0) {
        putchar('\n');
        say(stdout, "the same: %s", dln_strbuf_text(&same));
    }
    dln_strbuf_release(&same);
    return status;
}

enum status comparison_print_json(struct comparison *comparison, const char *of, bool all)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    const enum status status = settle(comparison);
    if (status != STATUS_DONE) return status;
    dln_json_object(&w);
    dln_json_key(&w, "of");
    dln_json_string(&w, of);
    dln_json_key(&w, "columns");
    dln_json_array(&w);
    for (size_t c = 0; c < comparison->n_columns; c++)
        dln_json_string(&w, comparison->columns[c]);
    dln_json_end_array(&w);
    dln_json_key(&w, "rows");
    dln_json_array(&w);
    for (size_t i = 0; i < comparison->n; i++) {
        const struct compared_row *const row = &comparison->rows[i];
        if (!row->differs && !all) continue;
        dln_json_object(&w);
        dln_json_key(&w, "kind");
        dln_json_string(&w, row->kind);
        dln_json_key(&w, "name");
        dln_json_string(&w, row->name);
        dln_json_key(&w, "values");
        dln_json_array(&w);
        for (size_t c = 0; c < comparison->n_columns; c++)
            dln_json_raw(&w, row->json[c]);
        dln_json_end_array(&w);
        dln_json_key(&w, "differs");
        dln_json_bool(&w, row->differs);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}
