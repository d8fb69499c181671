#include "cli/best.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/report.h"
#include "cli/trial_filter.h"
#include "format.h"

/* Whether a is at least as good as b everywhere and better somewhere. */
static bool dominates(const struct dln_study_summary *summary, const double *a, const double *b)
{
    bool better = false;
    for (size_t i = 0; i < summary->n_objectives; i++) {
        const double gain = summary->maximize[i] ? a[i] - b[i] : b[i] - a[i];
        if (gain < 0) return false;
        better = better || gain > 0;
    }
    return better;
}

static bool has_values(const struct dln_study_summary *summary, const struct dln_trial *trial)
{
    for (size_t i = 0; i < summary->n_objectives; i++) {
        if (isnan(trial->values[i])) return false;
    }
    return trial->state == DLN_TRIAL_COMPLETE;
}

/* Keeps the front only: each trial against those kept so far, which never beat each other. */
static void keep_front(const struct dln_study_summary *summary, struct trial_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct dln_trial trial = list->trials[i];
        if (!has_values(summary, &trial)) continue;
        bool beaten = false;
        for (size_t k = 0; k < kept && !beaten; k++) {
            beaten = dominates(summary, list->trials[k].values, trial.values);
        }
        if (beaten) continue;
        size_t still = 0;
        for (size_t k = 0; k < kept; k++) {
            if (dominates(summary, trial.values, list->trials[k].values)) continue;
            list->trials[still++] = list->trials[k];
        }
        list->trials[still++] = trial;
        kept = still;
    }
    list->n = kept;
}

static int by_first_value(const void *a, const void *b)
{
    const double x = ((const struct dln_trial *)a)->values[0];
    const double y = ((const struct dln_trial *)b)->values[0];
    return (x > y) - (x < y);
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct dln_history_row *)a)->id;
    const int64_t y = ((const struct dln_history_row *)b)->id;
    return (x > y) - (x < y);
}

/* Leaves out trials that break a limit. One whose limits are not known is kept, as by Optuna 5. */
static bool keep_feasible(const struct opened *study, struct trial_list *list,
                          struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_history_row *rows = NULL;
    size_t n = 0, kept = 0;
    const bool ok = dln_store_history(study->store, study->summary.id, study->space,
                                      study->summary.n_objectives, 0, &arena, &rows, &n, err);
    for (size_t i = 0; ok && i < list->n; i++) {
        const struct dln_history_row wanted = {.id = list->trials[i].id};
        const struct dln_history_row *const row =
            n > 0 ? bsearch(&wanted, rows, n, sizeof *rows, by_id) : NULL;
        if (row && row->violation > 0) continue;
        list->trials[kept++] = list->trials[i];
    }
    if (ok) list->n = kept;
    dln_arena_release(&arena);
    return ok;
}

/* Keeps the first of the best by the only objective. */
static void keep_best(const struct dln_study_summary *summary, struct trial_list *list)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < list->n; i++) {
        const double value = list->trials[i].values[0];
        if (!has_values(summary, &list->trials[i])) continue;
        if (best == SIZE_MAX || (summary->maximize[0] ? value > list->trials[best].values[0]
                                                      : value < list->trials[best].values[0])) {
            best = i;
        }
    }
    list->n = best == SIZE_MAX ? 0 : 1;
    if (list->n > 0) list->trials[0] = list->trials[best];
}

bool best_find_among(struct opened *study, const char *filter, struct trial_list *out,
                     struct dln_error *err)
{
    const struct dln_study_summary *const summary = &study->summary;
    if (!filter) return best_find(study, out, err);
    if (!trial_list_load(study, out, err)) return false;
    if (!trial_filter_apply(study, filter, out, err) || !keep_feasible(study, out, err)) {
        trial_list_release(out);
        return false;
    }
    if (summary->n_objectives == 1) {
        keep_best(summary, out);
    } else {
        keep_front(summary, out);
        if (out->n > 0) qsort(out->trials, out->n, sizeof *out->trials, by_first_value);
    }
    return true;
}

bool best_find(struct opened *study, struct trial_list *out, struct dln_error *err)
{
    *out = (struct trial_list){0};
    const struct dln_study_summary *const summary = &study->summary;
    if (!summary->is_counted && !opened_refresh(study, err)) return false;
    if (summary->n_objectives > 1) {
        if (study->is_sampled && !opened_infer(study, err)) return false;
        if (!trial_list_load(study, out, err)) return false;
        if (!keep_feasible(study, out, err)) {
            trial_list_release(out);
            return false;
        }
        keep_front(summary, out);
        if (out->n > 0) qsort(out->trials, out->n, sizeof *out->trials, by_first_value);
        return true;
    }
    if (summary->best_id < 0) return true;
    out->trials = calloc(1, sizeof *out->trials);
    if (!out->trials) return dln_fail(err, DLN_NOMEM, "out of memory");
    out->cap = out->n = 1;
    if (opened_number(study, summary->best_number, &out->trials[0], err)) return true;
    trial_list_release(out);
    return false;
}

/* Name and exact value, one parameter a line: what a person types into the next configuration. */
static bool print_params(const struct opened *study, const struct dln_trial *trial, FILE *to,
                         struct dln_error *err)
{
    struct report report = {0};
    struct dln_strbuf value = {0};
    report_column(&report, "", false);
    report_column(&report, "", false);
    report_column(&report, "", false);
    for (size_t i = 0; i < study->space->n; i++) {
        if (isnan(trial->x[i])) continue;
        dln_strbuf_reset(&value);
        dln_param_text(&study->space->params[i], trial->x[i], &value);
        report_cell(&report, "");
        report_cell(&report, study->space->params[i].name);
        report_cell(&report, dln_strbuf_text(&value));
    }
    const bool ok = report_print(&report, to, report_width(), false, NULL, err);
    dln_strbuf_release(&value);
    report_release(&report);
    return ok;
}

static void print_command(struct opened *study, const struct dln_trial *trial, FILE *to)
{
    struct dln_strbuf command = {0};
    trial_directory(study, &command);
    if (trial_command(study, trial, &command, NULL)) {
        fputc('\n', to);
        say(to, "  %s", dln_strbuf_text(&command));
    }
    dln_strbuf_release(&command);
}

static bool print_one(struct opened *study, const struct dln_trial *trial, FILE *to,
                      struct dln_error *err)
{
    const struct dln_study_summary *const summary = &study->summary;
    char value[FORMAT_MAX], duration[FORMAT_MAX];
    const double seconds = trial_duration_s(trial);
    say(to, "%s: best %s %s, trial #%" PRId64 " (%s)", summary->name, summary->metric_names[0],
        format_runs(value, trial->values[0], trial->n_runs > 0 ? trial->spread[0] : (double)NAN,
                    trial->n_runs),
        trial->number,
        isnan(seconds) ? FORMAT_MISSING : format_duration(duration, (int64_t)(seconds * 1000)));
    fputc('\n', to);
    if (!print_params(study, trial, to, err)) return false;
    print_command(study, trial, to);
    return true;
}

static bool print_front(struct opened *study, const struct trial_list *front, FILE *to,
                        struct dln_error *err)
{
    const struct dln_study_summary *const summary = &study->summary;
    say(to, "%s: %zu trials that no other one beats in everything", summary->name, front->n);
    fputc('\n', to);
    struct report report = {0};
    report_column(&report, "number", true);
    for (size_t i = 0; i < summary->n_objectives; i++) {
        report_column(&report, summary->metric_names[i], true);
    }
    for (size_t i = 0; i < study->space->n; i++) {
        report_column(&report, study->space->params[i].name, false);
    }
    struct dln_strbuf text = {0};
    char value[FORMAT_MAX];
    for (size_t t = 0; t < front->n; t++) {
        report_cellf(&report, "%" PRId64, front->trials[t].number);
        for (size_t i = 0; i < summary->n_objectives; i++) {
            const struct dln_trial *const trial = &front->trials[t];
            report_cell(&report, format_runs(value, trial->values[i],
                                             trial->n_runs > 0 ? trial->spread[i] : (double)NAN,
                                             trial->n_runs));
        }
        for (size_t i = 0; i < study->space->n; i++) {
            dln_strbuf_reset(&text);
            param_text(&study->space->params[i], front->trials[t].x[i], &text);
            report_cell(&report, dln_strbuf_text(&text));
        }
    }
    const bool ok = report_print(&report, to, report_width(), true, NULL, err);
    dln_strbuf_release(&text);
    report_release(&report);
    return ok;
}

bool best_print(struct opened *study, FILE *to, struct dln_error *err)
{
    return best_print_among(study, NULL, to, err);
}

bool best_print_among(struct opened *study, const char *filter, FILE *to, struct dln_error *err)
{
    struct trial_list best;
    if (!best_find_among(study, filter, &best, err)) return false;
    bool ok = true;
    if (best.n == 0 && filter) {
        ok = dln_fail(err, DLN_REFUSED, "%s: no complete trial is left by the filter",
                      study->summary.name);
    } else if (best.n == 0) {
        const struct dln_study_summary *const s = &study->summary;
        ok = s->n_trials == 0
                 ? dln_fail(err, DLN_REFUSED, "%s: no trial has run yet", s->name)
                 : dln_fail(err, DLN_REFUSED,
                            "%s: no trial is complete yet; dialin trials %s lists all %" PRId64,
                            s->name, study->db_path, s->n_trials);
    } else if (study->summary.n_objectives == 1) {
        ok = print_one(study, &best.trials[0], to, err);
    } else {
        ok = print_front(study, &best, to, err);
    }
    trial_list_release(&best);
    return ok;
}
