#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/import.h"
#include "cli/locate.h"
#include "dialin/json.h"
#include "export/study_file.h"

enum { BATCH = 500 }; /* trials in one transaction */

/* ── a table into a study ──────────────────────────────────────────────────────────────────────*/

static enum status tell(const struct options *options, const char *db_path,
                        const struct dln_study *study, const struct imported *imported)
{
    if (option_given(options, "json")) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_object(&w);
        dln_json_key(&w, "file");
        dln_json_string(&w, db_path);
        dln_json_key(&w, "study");
        dln_json_string(&w, study->name);
        dln_json_key(&w, "trials");
        dln_json_int(&w, (int64_t)imported->n);
        dln_json_key(&w, "left_out");
        dln_json_array(&w);
        for (size_t i = 0; i < imported->n_refusals; i++) {
            dln_json_object(&w);
            dln_json_key(&w, "why");
            dln_json_string(&w, imported->refusals[i].why);
            dln_json_key(&w, "rows");
            dln_json_int(&w, (int64_t)imported->refusals[i].n);
            dln_json_key(&w, "first_line");
            dln_json_int(&w, (int64_t)imported->refusals[i].first_line);
            dln_json_end_object(&w);
        }
        dln_json_end_array(&w);
        dln_json_end_object(&w);
        return print_json(&out);
    }
    say(stdout, "%s: %zu trials added to '%s', %zu rows left out", db_path, imported->n,
        study->name, imported->left_out);
    for (size_t i = 0; i < imported->n_refusals; i++) {
        say(stdout, "  %zu: %s (line %zu%s)", imported->refusals[i].n, imported->refusals[i].why,
            imported->refusals[i].first_line, imported->refusals[i].n > 1 ? " and others" : "");
    }
    return STATUS_DONE;
}

static bool find_or_make(dln_store *store, const struct dln_study *study, int64_t *id,
                         struct dln_error *err)
{
    struct dln_error why = {0};
    if (dln_store_find_study(store, study->name, id, &why)) return true;
    if (why.code != DLN_NOT_FOUND) return dln_fail(err, why.code, "%s", why.text);
    return dln_store_create_study(store, study, id, err);
}

static bool add(dln_store *store, const struct dln_study *study, int64_t id,
                const struct imported *imported, const char *source, struct dln_error *err)
{
    struct dln_strbuf note = {0};
    if (imported->n == 0) return true;
    if (!dln_store_take_lease(store, id, NULL, err)) return false;
    bool ok = true;
    for (size_t at = 0; ok && at < imported->n; at += BATCH) {
        const size_t n = imported->n - at < BATCH ? imported->n - at : BATCH;
        ok = dln_store_add_past(store, &study->space, n, imported->trials + at, err);
    }
    dln_strbuf_addf(&note, "imported %zu trials from %s, %zu rows left out", imported->n, source,
                    imported->left_out);
    ok = ok && dln_store_note(store, id, dln_strbuf_text(&note), err);
    dln_strbuf_release(&note);
    dln_store_drop_lease(store);
    return ok;
}

static bool import_into(const struct dln_study *study, const char *db_path, const char *csv_path,
                        struct imported *out, struct dln_error *err)
{
    struct csv_table table;
    dln_store *store = NULL;
    int64_t id = 0;
    if (!csv_table_read(csv_path, &table, err)) return false;
    const bool ok = dln_store_open(db_path, DLN_STORE_CREATE, &store, err) &&
                    find_or_make(store, study, &id, err) &&
                    import_rows(&table, study, store, id, csv_path, out, err) &&
                    add(store, study, id, out, csv_path, err);
    dln_store_close(store);
    csv_table_release(&table);
    return ok;
}

static enum status run_import(const struct options *options)
{
    const char *const path = options->words[0];
    const char *const db = option_text(options, "db");
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct imported imported = {.n = 0};
    if (!is_study_file(path)) {
        dln_fail(&err, DLN_USAGE, "'%s' is no study file: dialin import STUDY.yaml FILE.csv", path);
        return complain(&err);
    }
    if (!dln_study_read_file(path, &study, &err)) return complain(&err);
    const char *const db_path = db ? db : default_db_path(study, path, &arena);
    enum status status;
    if (!db_path) {
        dln_fail(&err, DLN_NOMEM, "out of memory");
        status = complain(&err);
    } else if (!import_into(study, db_path, options->words[1], &imported, &err)) {
        status = complain(&err);
    } else {
        status = tell(options, db_path, study, &imported);
    }
    imported_release(&imported);
    dln_study_free(study);
    dln_arena_release(&arena);
    return status;
}

/* ── a table into a study file ─────────────────────────────────────────────────────────────────*/

static char *base_name(const char *path, struct dln_arena *arena)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash ? slash + 1 : path;
    const char *const dot = strrchr(name, '.');
    return dln_arena_copy_len(arena, name,
                              dot && dot != name ? (size_t)(dot - name) : strlen(name));
}

static bool write_study_file(const struct options *options, struct dln_arena *arena,
                             struct dln_strbuf *out, struct dln_error *err)
{
    const char *const path = options->words[0];
    const char *const minimize = option_text(options, "minimize");
    const char *const maximize = option_text(options, "maximize");
    const char *const metrics[] = {minimize ? minimize : maximize};
    const bool is_maximized[] = {minimize == NULL};
    struct csv_table table;
    struct dln_space space;
    const double **points = NULL;
    size_t n = 0;
    if (!csv_table_read(path, &table, err)) return false;
    bool ok = import_space(&table, metrics, 1, option_text(options, "params"), arena, &space,
                           &points, &n, err);
    if (ok) {
        const char *const confirm = dln_arena_printf(arena, "dialin import THIS.yaml %s", path);
        const struct study_file file = {
            .name = base_name(path, arena),
            .n_objectives = 1,
            .metrics = metrics,
            .maximize = is_maximized,
            .space = &space,
            .when = study_file_conditions(&space, n, points, arena),
            .trials = (int64_t)n + 100,
            .source = path,
            .confirm = confirm,
        };
        ok = (confirm && file.name && file.when) || dln_fail(err, DLN_NOMEM, "out of memory");
        if (ok) study_file_write(out, &file);
    }
    csv_table_release(&table);
    return ok;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    return n > strlen(end) && strcmp(text + n - strlen(end), end) == 0;
}

/* A sweep or a search space; --minimize and --maximize win over what it says. */
static bool write_sweep(const struct options *options, struct dln_arena *arena,
                        struct dln_strbuf *out, struct dln_error *err)
{
    const char *const path = options->words[0];
    const char *const minimize = option_text(options, "minimize");
    const char *const maximize = option_text(options, "maximize");
    struct import_sweep sweep;
    if (!import_sweep(path, arena, &sweep, err)) return false;
    const char *const metrics[] = {minimize ? minimize : maximize ? maximize : sweep.metric};
    const bool is_maximized[] = {minimize ? false : maximize ? true : sweep.maximize};
    if (!metrics[0]) {
        return dln_fail(err, DLN_USAGE,
                        "'%s' names no metric: --minimize METRIC or --maximize METRIC", path);
    }
    const struct study_file file = {
        .name = base_name(path, arena),
        .n_objectives = 1,
        .metrics = metrics,
        .maximize = is_maximized,
        .space = &sweep.space,
        .trials = 100,
        .program = sweep.program,
        .source = path,
        .confirm = "dialin run THIS.yaml",
    };
    if (!file.name) return dln_fail(err, DLN_NOMEM, "out of memory");
    study_file_write(out, &file);
    return true;
}

static enum status run_inference(const struct options *options)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_strbuf text = {0};
    const bool both = option_given(options, "minimize") && option_given(options, "maximize");
    const bool none = !option_given(options, "minimize") && !option_given(options, "maximize");
    enum status status;
    if (!ends_with(options->words[0], ".csv") && !both) {
        status = write_sweep(options, &arena, &text, &err) ? print_text(&text) : complain(&err);
    } else if (both || none) {
        dln_fail(&err, DLN_USAGE,
                 "dialin import STUDY.yaml FILE.csv, or, for a study file made from the table, "
                 "dialin import FILE.csv with --minimize METRIC or --maximize METRIC");
        status = complain(&err);
    } else if (!write_study_file(options, &arena, &text, &err)) {
        status = complain(&err);
    } else {
        status = print_text(&text);
    }
    dln_strbuf_release(&text);
    dln_arena_release(&arena);
    return status;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    return options->n_words == 1 ? run_inference(options) : run_import(options);
}

static const struct option options_import[] = {
    {.name = "db",
     .value = "FILE",
     .help = "the database (default: NAME.db beside the study file)"},
    {.name = "minimize", .value = "METRIC", .help = "with a table alone: its column of values"},
    {.name = "maximize", .value = "METRIC", .help = "the same, more is better"},
    {.name = "params",
     .value = "LIST",
     .help = "with a table alone: 'lr,momentum' (default: all columns that look like it)"},
    OPTION_JSON,
    {0},
};

const struct command command_import = {
    .name = "import",
    .group = GROUP_MOVE,
    .words = "[STUDY.yaml] FILE",
    .summary = "finished trials from a CSV table; search spaces of W&B, NNI and Hydra",
    .notes =
        "Columns are found by name; Optuna's data frames (params_lr, value) and run exports of\n"
        "Weights & Biases do as they are. Rows that do not fit are left out, with the reason;\n"
        "those that the study has already are not added again.\n"
        "A table alone prints a study file with the space that it shows, to be checked:\n"
        "  dialin import old.csv --minimize val_loss > study.yaml\n"
        "  dialin import study.yaml old.csv && dialin run study.yaml\n",
    .options = options_import,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
