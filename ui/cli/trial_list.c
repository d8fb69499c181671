#include "cli/trial_list.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "dialin/exec.h"

#define COMMAND_BYTES_MAX ((size_t)1024 * 1024) /* of a recorded command line */

/* ── all trials ────────────────────────────────────────────────────────────────────────────────*/

static bool copy_trial(const struct opened *study, struct dln_arena *arena,
                       const struct dln_trial *from, bool with_curves, struct dln_trial *out)
{
    *out = *from;
    const size_t d = study->space->n;
    const size_t m = study->summary.n_objectives;
    double *const x = DLN_ARENA_ARRAY(arena, double, d);
    double *const values = DLN_ARENA_ARRAY(arena, double, m);
    if (!x || !values) return false;
    if (d > 0) memcpy(x, from->x, d * sizeof *x);
    if (m > 0) memcpy(values, from->values, m * sizeof *values);
    out->x = x;
    out->values = values;
    if (from->n_runs > 0) {
        double *const spread = DLN_ARENA_ARRAY(arena, double, m);
        if (!spread) return false;
        memcpy(spread, from->spread, m * sizeof *spread);
        out->spread = spread;
    }
    out->steps = NULL;
    out->curve = NULL;
    out->n_steps = with_curves || from->n_steps == 0 ? from->n_steps : 1; /* tables show the last */
    if (from->n_steps > 0) {
        const size_t first = from->n_steps - out->n_steps;
        int64_t *const step = DLN_ARENA_ARRAY(arena, int64_t, out->n_steps);
        double *const value = DLN_ARENA_ARRAY(arena, double, out->n_steps);
        if (!step || !value) return false;
        memcpy(step, from->steps + first, out->n_steps * sizeof *step);
        memcpy(value, from->curve + first, out->n_steps * sizeof *value);
        out->steps = step;
        out->curve = value;
    }
    out->detail = dln_arena_copy(arena, from->detail ? from->detail : "");
    out->strategy = dln_arena_copy(arena, from->strategy ? from->strategy : "");
    out->why = dln_arena_copy(arena, from->why ? from->why : "");
    out->run_dir = dln_arena_copy(arena, from->run_dir ? from->run_dir : "");
    return out->detail && out->strategy && out->why && out->run_dir;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = ((const struct dln_trial *)a)->number;
    const int64_t y = ((const struct dln_trial *)b)->number;
    if (x != y) return x > y ? 1 : -1;
    const int64_t left = ((const struct dln_trial *)a)->id; /* numbers may be there twice */
    const int64_t right = ((const struct dln_trial *)b)->id;
    return (left > right) - (left < right);
}

/* The newest trial was read first, the others came in order: sorting is seldom needed. */
static void sort_by_number(struct trial_list *list)
{
    if (list->n > 1) {
        const struct dln_trial newest = list->trials[0];
        memmove(list->trials, list->trials + 1, (list->n - 1) * sizeof newest);
        list->trials[list->n - 1] = newest;
    }
    size_t i = 1;
    while (i < list->n && by_number(&list->trials[i - 1], &list->trials[i]) <= 0)
        i++;
    if (i < list->n) qsort(list->trials, list->n, sizeof *list->trials, by_number);
}

/* A trial that ended during the load may be there twice; the finished row stays. */
static void drop_doubles(struct trial_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && list->trials[kept - 1].id == list->trials[i].id) {
            const enum dln_trial_state state = list->trials[i].state;
            if (state != DLN_TRIAL_RUNNING && state != DLN_TRIAL_WAITING) {
                list->trials[kept - 1] = list->trials[i];
            }
        } else {
            list->trials[kept++] = list->trials[i];
        }
    }
    list->n = kept;
}

static bool take_batch(const struct opened *study, const struct dln_batch *batch, bool with_curves,
                       struct trial_list *out, struct dln_error *err)
{
    if (out->n + batch->n_trials > out->cap) {
        size_t cap = out->cap ? out->cap : 256;
        while (cap < out->n + batch->n_trials)
            cap *= 2;
        struct dln_trial *const moved = realloc(out->trials, cap * sizeof *moved);
        if (!moved) return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
        out->trials = moved;
        out->cap = cap;
    }
    for (size_t i = 0; i < batch->n_trials; i++) {
        if (!copy_trial(study, &out->arena, &batch->trials[i], with_curves, &out->trials[out->n])) {
            return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
        }
        out->n++;
    }
    return true;
}

static bool load(const struct opened *study, bool with_curves, struct trial_list *out,
                 struct dln_error *err)
{
    *out = (struct trial_list){0};
    dln_follow *follow;
    if (!dln_follow_open(study->db_path, study->summary.id, study->space,
                         study->summary.n_objectives, 1, &follow, err)) {
        return false;
    }
    struct dln_batch batch = {.more = true};
    bool ok = true;
    while (ok && batch.more && !batch.study_gone) {
        ok = dln_follow_next(follow, &batch, err) &&
             take_batch(study, &batch, with_curves, out, err);
    }
    dln_follow_close(follow);
    if (!ok) {
        trial_list_release(out);
        return dln_wrap(err, "read the trials of '%s'", study->db_path);
    }
    sort_by_number(out);
    drop_doubles(out);
    return true;
}

bool trial_list_load(const struct opened *study, struct trial_list *out, struct dln_error *err)
{
    return load(study, false, out, err);
}

bool trial_list_load_curves(const struct opened *study, struct trial_list *out,
                            struct dln_error *err)
{
    return load(study, true, out, err);
}

void trial_list_release(struct trial_list *list)
{
    if (!list) return;
    free(list->trials);
    dln_arena_release(&list->arena);
    *list = (struct trial_list){0};
}

double trial_duration_s(const struct dln_trial *trial)
{
    if (trial->started_us == 0 || trial->ended_us < trial->started_us) return (double)NAN;
    return (double)(trial->ended_us - trial->started_us) / 1e6;
}

/* ── the command line ──────────────────────────────────────────────────────────────────────────*/

/* The line that the run directory recorded; false: there is none. */
static bool recorded_command(const char *run_dir, struct dln_strbuf *out)
{
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/cmd", run_dir);
    FILE *const file = dln_strbuf_ok(&path) ? fopen(dln_strbuf_text(&path), "r") : NULL;
    dln_strbuf_release(&path);
    if (!file) return false;
    const size_t start = out->len;
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0 && out->len < COMMAND_BYTES_MAX) {
        dln_strbuf_add_len(out, bytes, n);
    }
    fclose(file);
    while (out->len > start && out->data[out->len - 1] == '\n')
        dln_strbuf_cut(out, out->len - 1);
    return out->len > start;
}

bool trial_command(struct opened *study, const struct dln_trial *trial, struct dln_strbuf *out,
                   struct dln_error *err)
{
    const char *const run_dir = opened_run_dir(study, trial);
    if (run_dir && recorded_command(run_dir, out)) return true;
    if (!study->def || dln_study_command(study->def)->n == 0) {
        return dln_fail(err, DLN_NOT_FOUND,
                        "the study has no command: nothing is known about how "
                        "its trials were run");
    }
    const char *const folder = run_dir ? run_dir : "RUN_DIR";
    const bool has_config = study->def->config_as != DLN_CONFIG_NONE;
    const char *const file = has_config ? dln_config_file(study->def, &study->arena) : NULL;
    const struct dln_run_spec spec = {
        .study = study->def,
        .x = trial->x,
        .number = trial->number,
        .seed = study->summary.seed,
        .attempt = trial->attempt,
        .run_dir = folder,
        .json_path = dln_arena_printf(&study->arena, "%s/params.json", folder),
        .config_path = file ? dln_arena_printf(&study->arena, "%s/%s", folder, file) : NULL,
    };
    return dln_command_text(&spec, &study->arena, out, err);
}

void trial_directory(struct opened *study, struct dln_strbuf *out)
{
    if (!study->def || !study->def->directory || !study->def->directory[0]) return;
    char *const here = getcwd(NULL, 0);
    if (!here || strcmp(here, study->def->directory) != 0) {
        char word[] = "cd";
        char *directory = dln_arena_copy(&study->arena, study->def->directory);
        char *argv[] = {word, directory, NULL};
        if (directory) {
            dln_argv_quote(argv, out);
            dln_strbuf_add(out, " && ");
        }
    }
    free(here);
}
