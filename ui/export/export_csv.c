/*
 * One line a trial: number, state, metrics, parameters, started, ended (UTC), duration, reason,
 * detail, strategy, and user attributes as columns attr.KEY. `dialin import` reads it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/csv.h"
#include "dialin/clock.h"
#include "export/exporters.h"

struct keys { /* of user attributes, in the order of their first appearance */
    const char **name;
    size_t n, cap;
};

struct rows {
    const struct export_ask *ask;
    struct dln_arena arena;
    struct keys keys;
    struct dln_attribute **attributes; /* of each trial */
    size_t *n_attributes;
};

static size_t find_key(const struct keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->n; i++) {
        if (strcmp(keys->name[i], name) == 0) return i;
    }
    return SIZE_MAX;
}

static bool note_key(struct keys *keys, const char *name)
{
    if (find_key(keys, name) != SIZE_MAX) return true;
    if (keys->n == keys->cap) {
        const size_t cap = keys->cap ? keys->cap * 2 : 16;
        const char **const moved = realloc((void *)keys->name, cap * sizeof *moved);
        if (!moved) return false;
        keys->name = moved;
        keys->cap = cap;
    }
    keys->name[keys->n++] = name;
    return true;
}

static bool read_attributes(struct rows *rows, struct dln_error *err)
{
    const struct trial_list *const list = rows->ask->list;
    rows->attributes = DLN_ARENA_ARRAY(&rows->arena, struct dln_attribute *, list->n);
    rows->n_attributes = DLN_ARENA_ARRAY(&rows->arena, size_t, list->n);
    if (!rows->attributes || !rows->n_attributes) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < list->n; i++) {
        if (!dln_store_attributes(rows->ask->study->store, DLN_OF_TRIAL, list->trials[i].id,
                                  &rows->arena, &rows->attributes[i], &rows->n_attributes[i],
                                  err)) {
            return false;
        }
        for (size_t a = 0; a < rows->n_attributes[i]; a++) {
            if (!note_key(&rows->keys, rows->attributes[i][a].key)) {
                return dln_fail(err, DLN_NOMEM, "out of memory");
            }
        }
    }
    return true;
}

/* A JSON string as its text, anything else as it stands. */
static void json_cell(struct csv *csv, const char *json)
{
    json_t *value = NULL;
    if (json[0] == '"' && dln_json_read(json, strlen(json), &value, NULL)) {
        csv_text(csv, json_string_value(value));
        json_decref(value);
    } else {
        csv_text(csv, json);
    }
}

static void attribute_cells(struct csv *csv, const struct rows *rows, size_t trial)
{
    for (size_t k = 0; k < rows->keys.n; k++) {
        const char *json = "";
        for (size_t a = 0; a < rows->n_attributes[trial]; a++) {
            const struct dln_attribute *const attribute = &rows->attributes[trial][a];
            if (strcmp(attribute->key, rows->keys.name[k]) == 0) json = attribute->json;
        }
        json_cell(csv, json);
    }
}

static void time_cell(struct csv *csv, int64_t wall_us)
{
    char text[DLN_TIME_TEXT_MAX + 1] = "";
    if (wall_us != 0) {
        const size_t len = dln_time_format(wall_us, false, text);
        text[10] = 'T';
        text[len] = 'Z';
        text[len + 1] = '\0';
    }
    csv_text(csv, text);
}

static const enum column_kind after_times[] = {COLUMN_DURATION, COLUMN_REASON, COLUMN_DETAIL,
                                               COLUMN_STRATEGY};
enum { N_AFTER = sizeof after_times / sizeof after_times[0] };

static void heads(struct csv *csv, const struct rows *rows)
{
    const struct opened *const study = rows->ask->study;
    struct dln_strbuf key = {0};
    csv_text(csv, "number");
    csv_text(csv, "state");
    for (size_t i = 0; i < study->summary.n_objectives; i++)
        csv_text(csv, study->summary.metric_names[i]);
    for (size_t i = 0; i < study->space->n; i++)
        csv_text(csv, study->space->params[i].name);
    csv_text(csv, "started");
    csv_text(csv, "ended");
    for (size_t i = 0; i < N_AFTER; i++) {
        csv_text(csv, column_name(study, (struct trial_column){.kind = after_times[i]}));
    }
    for (size_t k = 0; k < rows->keys.n; k++) {
        dln_strbuf_reset(&key);
        dln_strbuf_addf(&key, "attr.%s", rows->keys.name[k]);
        csv_text(csv, dln_strbuf_text(&key));
    }
    dln_strbuf_release(&key);
    csv_end_line(csv);
}

static void cell(struct csv *csv, const struct opened *study, struct trial_column column,
                 const struct dln_trial *trial, struct dln_strbuf *scratch)
{
    csv_value(csv, column_value(study, column, trial, scratch));
}

static void line(struct csv *csv, const struct rows *rows, size_t index, struct dln_strbuf *scratch)
{
    const struct opened *const study = rows->ask->study;
    const struct dln_trial *const trial = &rows->ask->list->trials[index];
    cell(csv, study, (struct trial_column){.kind = COLUMN_NUMBER}, trial, scratch);
    cell(csv, study, (struct trial_column){.kind = COLUMN_STATE}, trial, scratch);
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        cell(csv, study, (struct trial_column){.kind = COLUMN_METRIC, .index = i}, trial, scratch);
    }
    for (size_t i = 0; i < study->space->n; i++) {
        cell(csv, study, (struct trial_column){.kind = COLUMN_PARAM, .index = i}, trial, scratch);
    }
    time_cell(csv, trial->started_us);
    time_cell(csv, trial->ended_us);
    for (size_t i = 0; i < N_AFTER; i++) {
        cell(csv, study, (struct trial_column){.kind = after_times[i]}, trial, scratch);
    }
    attribute_cells(csv, rows, index);
    csv_end_line(csv);
}

static bool write(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    struct rows rows = {.ask = ask};
    struct csv csv = {.raw = ask->raw};
    struct dln_strbuf scratch = {0};
    const bool ok = read_attributes(&rows, err);
    if (ok) {
        heads(&csv, &rows);
        for (size_t i = 0; i < ask->list->n; i++)
            line(&csv, &rows, i, &scratch);
        dln_strbuf_add_len(out, dln_strbuf_text(&csv.out), csv.out.len);
        out->failed = out->failed || csv.out.failed;
    }
    dln_strbuf_release(&csv.out);
    dln_strbuf_release(&scratch);
    free((void *)rows.keys.name);
    dln_arena_release(&rows.arena);
    return ok;
}

const struct exporter exporter_csv = {
    .name = "csv",
    .ending = ".csv",
    .help = "a line a trial, user attributes as columns",
    .write = write,
};
