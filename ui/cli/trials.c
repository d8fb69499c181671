#include "cli/trials.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "dialin/clock.h"
#include "dialin/exec.h"

#define COMMAND_BYTES_MAX ((size_t)1024 * 1024) /* of a recorded command line */

/* ── all trials ────────────────────────────────────────────────────────────────────────────────*/

static bool copy_trial(const struct opened *study, struct dln_arena *arena,
                       const struct dln_trial *from, struct dln_trial *out)
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
    out->steps = NULL; /* tables show the last one only */
    out->curve = NULL;
    if (from->n_steps > 0) {
        int64_t *const step = DLN_ARENA_NEW(arena, int64_t);
        double *const value = DLN_ARENA_NEW(arena, double);
        if (!step || !value) return false;
        *step = from->steps[from->n_steps - 1];
        *value = from->curve[from->n_steps - 1];
        out->steps = step;
        out->curve = value;
        out->n_steps = 1;
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
    return (x > y) - (x < y);
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

static bool take_batch(const struct opened *study, const struct dln_batch *batch,
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
        if (!copy_trial(study, &out->arena, &batch->trials[i], &out->trials[out->n])) {
            return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
        }
        out->n++;
    }
    return true;
}

bool trial_list_load(const struct opened *study, struct trial_list *out, struct dln_error *err)
{
    *out = (struct trial_list){0};
    dln_follow *follow;
    if (!dln_follow_open(study->db_path, study->summary.id, study->space,
                         study->summary.n_objectives, 1000, &follow, err)) {
        return false;
    }
    struct dln_batch batch = {.more = true};
    bool ok = true;
    while (ok && batch.more && !batch.study_gone) {
        ok = dln_follow_next(follow, &batch, err) && take_batch(study, &batch, out, err);
    }
    dln_follow_close(follow);
    if (!ok) {
        trial_list_release(out);
        return dln_wrap(err, "read the trials of '%s'", study->db_path);
    }
    if (out->n > 0) qsort(out->trials, out->n, sizeof *out->trials, by_number);
    drop_doubles(out);
    return true;
}

void trial_list_release(struct trial_list *list)
{
    if (!list) return;
    free(list->trials);
    dln_arena_release(&list->arena);
    *list = (struct trial_list){0};
}

/* ── JSON ──────────────────────────────────────────────────────────────────────────────────────*/

void time_json(struct dln_json_writer *w, int64_t wall_us)
{
    char text[DLN_TIME_TEXT_MAX + 1];
    const size_t len = wall_us == 0 ? 0 : dln_time_format(wall_us, false, text);
    if (len < 11) {
        dln_json_null(w);
        return;
    }
    text[10] = 'T';
    text[len] = 'Z';
    text[len + 1] = '\0';
    dln_json_string(w, text);
}

double trial_duration_s(const struct dln_trial *trial)
{
    if (trial->started_us == 0 || trial->ended_us < trial->started_us) return (double)NAN;
    return (double)(trial->ended_us - trial->started_us) / 1e6;
}

static void text_or_null(struct dln_json_writer *w, const char *key, const char *text)
{
    dln_json_key(w, key);
    dln_json_string(w, text && text[0] ? text : NULL);
}

void trial_json(struct dln_json_writer *w, const struct opened *study,
                const struct dln_trial *trial)
{
    dln_json_object(w);
    dln_json_key(w, "number");
    dln_json_int(w, trial->number);
    dln_json_key(w, "state");
    dln_json_string(w, dln_trial_state_name(trial->state));
    dln_json_key(w, "values");
    dln_json_object(w);
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        dln_json_key(w, study->summary.metric_names[i]);
        dln_json_double(w, trial->values[i]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "params");
    struct dln_strbuf params = {0};
    dln_space_json(study->space, trial->x, &params);
    dln_json_raw(w, dln_strbuf_ok(&params) ? dln_strbuf_text(&params) : "null");
    dln_strbuf_release(&params);
    dln_json_key(w, "started");
    time_json(w, trial->started_us);
    dln_json_key(w, "ended");
    time_json(w, trial->ended_us);
    dln_json_key(w, "duration_s");
    dln_json_double(w, trial_duration_s(trial));
    text_or_null(w, "reason",
                 trial->reason == DLN_FAIL_NONE ? NULL : dln_fail_reason_name(trial->reason));
    text_or_null(w, "detail", trial->detail);
    text_or_null(w, "strategy", trial->strategy);
    text_or_null(w, "why", trial->why);
    dln_json_key(w, "attempts");
    dln_json_int(w, trial->attempt);
    dln_json_key(w, "last_step");
    if (trial->n_steps > 0) {
        dln_json_int(w, trial->steps[trial->n_steps - 1]);
    } else {
        dln_json_null(w);
    }
    text_or_null(w, "run_dir", trial->run_dir);
    dln_json_end_object(w);
}

static void lease_json(struct dln_json_writer *w, const struct dln_lease_info *lease)
{
    if (!lease->held) {
        dln_json_null(w);
        return;
    }
    dln_json_object(w);
    dln_json_key(w, "host");
    dln_json_string(w, lease->host);
    dln_json_key(w, "pid");
    dln_json_int(w, lease->pid);
    dln_json_key(w, "alive");
    dln_json_bool(w, lease->alive);
    dln_json_key(w, "started");
    time_json(w, lease->started_us);
    dln_json_key(w, "heartbeat");
    time_json(w, lease->heartbeat_us);
    dln_json_end_object(w);
}

static void budget_json(struct dln_json_writer *w, const struct dln_budget *budget)
{
    dln_json_object(w);
    dln_json_key(w, "trials");
    if (budget->trials > 0) {
        dln_json_int(w, budget->trials);
    } else {
        dln_json_null(w);
    }
    const struct {
        const char *key;
        double value;
    } limits[] = {
        {"time_s", budget->time_s > 0 ? budget->time_s : (double)NAN},
        {"slot_s", budget->slot_s > 0 ? budget->slot_s : (double)NAN},
        {"cost", budget->cost > 0 ? budget->cost : (double)NAN},
        {"target", budget->has_target ? budget->target : (double)NAN},
        {"no_improvement",
         budget->no_improvement > 0 ? (double)budget->no_improvement : (double)NAN},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        dln_json_key(w, limits[i].key);
        dln_json_double(w, limits[i].value);
    }
    dln_json_end_object(w);
}

void summary_json(struct dln_json_writer *w, const struct dln_study_summary *summary,
                  const char *db_path)
{
    dln_json_object(w);
    dln_json_key(w, "file");
    dln_json_string(w, db_path);
    dln_json_key(w, "study");
    dln_json_string(w, summary->name);
    dln_json_key(w, "state");
    dln_json_string(w, dln_engine_state_name(summary->state));
    text_or_null(w, "why", summary->why);
    dln_json_key(w, "engine");
    lease_json(w, &summary->lease);
    dln_json_key(w, "objectives");
    dln_json_array(w);
    for (size_t i = 0; i < summary->n_objectives; i++) {
        dln_json_object(w);
        dln_json_key(w, "metric");
        dln_json_string(w, summary->metric_names[i]);
        dln_json_key(w, "direction");
        dln_json_string(w, summary->maximize[i] ? "maximize" : "minimize");
        dln_json_end_object(w);
    }
    dln_json_end_array(w);
    dln_json_key(w, "trials");
    dln_json_int(w, summary->n_trials);
    dln_json_key(w, "counts");
    dln_json_object(w);
    for (int state = 0; state < DLN_TRIAL_STATE_COUNT; state++) {
        dln_json_key(w, dln_trial_state_name((enum dln_trial_state)state));
        dln_json_int(w, summary->counts[state]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "best");
    if (summary->n_objectives == 1 && summary->best_id >= 0) {
        dln_json_object(w);
        dln_json_key(w, "number");
        dln_json_int(w, summary->best_number);
        dln_json_key(w, "value");
        dln_json_double(w, summary->best_value);
        dln_json_end_object(w);
    } else {
        dln_json_null(w);
    }
    dln_json_key(w, "budget");
    budget_json(w, &summary->live.budget);
    dln_json_key(w, "parallel");
    dln_json_int(w, summary->live.parallel);
    text_or_null(w, "strategy", summary->strategy);
    dln_json_key(w, "run_time_s");
    dln_json_double(w, summary->run_time_s);
    dln_json_key(w, "created");
    time_json(w, summary->created_us);
    dln_json_key(w, "last_activity");
    time_json(w, summary->last_activity_us);
    dln_json_end_object(w);
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
    if (!study->def || study->def->run.n == 0) {
        return dln_fail(err, DLN_NOT_FOUND,
                        "the study has no command: nothing is known about how "
                        "its trials were run");
    }
    const struct dln_run_spec spec = {
        .study = study->def,
        .x = trial->x,
        .number = trial->number,
        .seed = study->summary.seed,
        .attempt = trial->attempt,
        .run_dir = run_dir ? run_dir : "RUN_DIR",
        .json_path = "RUN_DIR/params.json",
    };
    char **argv;
    if (!dln_argv_fill(&study->def->run, &spec, &study->arena, &argv, err)) return false;
    dln_argv_quote(argv, out);
    return true;
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
