#include "engine/parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/json.h"

enum { KEY_BYTES = 40 };
static const uint64_t salt = UINT64_C(0x7061727473); /* "parts" */

/* ── which they are ────────────────────────────────────────────────────────────────────────────*/

int dln_parts_fold(const struct dln_study *study, const struct dln_job *job)
{
    return study->folds > 1 ? job->n_done % study->folds : 0;
}

/*
 * Folds of one repeat share their seed, which may have shuffled the rows, so a fold that is tried
 * again keeps it too. Without folds a retry draws anew, as it does for a trial of one run.
 */
uint64_t dln_parts_seed(const struct dln_study *study, uint64_t study_seed,
                        const struct dln_job *job)
{
    const bool has_folds = study->folds > 1;
    const int repeat = has_folds ? job->n_done / study->folds : job->n_done;
    return dln_job_seed(study_seed ^ salt, repeat, has_folds ? 0 : job->failures);
}

/* ── arithmetic ────────────────────────────────────────────────────────────────────────────────*/

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean_of(size_t n, const double *values)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

double dln_parts_combine(enum dln_take take, bool maximize, size_t n, double *values)
{
    const double mean = mean_of(n, values); /* in the order in which they came */
    qsort(values, n, sizeof *values, by_value);
    switch (take) {
    case DLN_TAKE_MEAN: break;
    case DLN_TAKE_MEDIAN:
        return n % 2 == 1 ? values[n / 2] : values[n / 2 - 1] / 2 + values[n / 2] / 2;
    case DLN_TAKE_WORST: return values[maximize ? 0 : n - 1];
    case DLN_TAKE_BEST: return values[maximize ? n - 1 : 0];
    }
    return mean;
}

double dln_parts_spread(size_t n, const double *values)
{
    const double mean = mean_of(n, values);
    double squares = 0;
    if (n < 2 || !isfinite(mean)) return (double)NAN;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(n - 1));
}

/* The values of one metric that are there; how many. */
static size_t column(const struct dln_job *job, size_t metric, double *out)
{
    size_t n = 0;
    for (int i = 0; i < job->n_done; i++) {
        const double value = job->parts[(size_t)i * job->n_sums + metric];
        if (!isnan(value)) out[n++] = value;
    }
    return n;
}

void dln_parts_add_up(const struct dln_driver *driver, struct dln_job *job,
                      struct dln_parts_sum *out)
{
    const struct dln_study *study = driver->study;
    double *values = job->scratch;
    for (size_t i = 0; i < job->n_sums; i++) {
        const size_t n = column(job, i, values);
        job->sums[i] = (struct dln_metric_sum){0};
        if (n == 0 || i == driver->cost_metric) continue;
        const enum dln_take take = study->take == DLN_TAKE_MEDIAN ? DLN_TAKE_MEDIAN : DLN_TAKE_MEAN;
        const double value = dln_parts_combine(take, false, n, values);
        job->sums[i] = (struct dln_metric_sum){
            .n = 1, .last = value, .lowest = value, .highest = value, .sum = value};
    }
    for (size_t k = 0; k < study->n_objectives; k++) {
        struct dln_metric_sum *sum = &job->sums[driver->objective_metric[k]];
        const size_t n = column(job, driver->objective_metric[k], values);
        out->values[k] = out->spread[k] = (double)NAN;
        if (n == 0) continue;
        out->spread[k] = dln_parts_spread(n, values);
        out->values[k] = dln_parts_combine(study->take, study->objectives[k].maximize, n, values);
        if (sum->n > 0) sum->last = out->values[k];
    }
    if (driver->curve_metric == SIZE_MAX) return;
    job->last_step = job->n_done - 1;
    job->last_value = job->parts[(size_t)job->last_step * job->n_sums + driver->curve_metric];
}

/* ── into the file and out of it ───────────────────────────────────────────────────────────────*/

static void write_number(struct dln_json_writer *w, double value)
{
    if (isinf(value)) {
        dln_json_raw(w, value > 0 ? "Infinity" : "-Infinity");
    } else {
        dln_json_double(w, value);
    }
}

static double read_number(const json_t *value)
{
    const char *text = json_string_value(value);
    if (json_is_number(value)) return json_number_value(value);
    if (text && strcmp(text, "Infinity") == 0) return (double)INFINITY;
    if (text && strcmp(text, "-Infinity") == 0) return -(double)INFINITY;
    return (double)NAN;
}

/* {"fold": 2, "seed": 1234, "metrics": {"accuracy": 0.94}} */
static void part_json(const struct dln_driver *driver, const struct dln_job *job, const double *row,
                      struct dln_strbuf *text)
{
    struct dln_json_writer w = {.out = text};
    dln_json_object(&w);
    if (driver->study->folds > 1) {
        dln_json_key(&w, "fold");
        dln_json_int(&w, dln_parts_fold(driver->study, job));
    }
    dln_json_key(&w, "seed");
    dln_json_int(&w, (int64_t)dln_parts_seed(driver->study, driver->seed, job));
    dln_json_key(&w, "metrics");
    dln_json_object(&w);
    for (size_t i = 0; i < job->n_sums; i++) {
        if (isnan(row[i])) continue;
        dln_json_key(&w, driver->metric_names[i]);
        write_number(&w, row[i]);
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
}

static bool read_part(const struct dln_driver *driver, struct dln_job *job, const char *text)
{
    json_t *json;
    double *row = job->parts + (size_t)job->n_done * job->n_sums;
    bool is_whole = true;
    if (!text || !dln_json_read(text, strlen(text), &json, NULL)) return false;
    const json_t *metrics = json_object_get(json, "metrics");
    for (size_t i = 0; i < job->n_sums; i++) {
        row[i] = read_number(json_object_get(metrics, driver->metric_names[i]));
    }
    for (size_t k = 0; k < driver->study->n_objectives; k++) {
        is_whole = is_whole && !isnan(row[driver->objective_metric[k]]);
    }
    json_decref(json);
    return is_whole;
}

/* As many as there are without a gap: what another hand has broken is run again. */
static bool read_parts(struct dln_driver *driver, struct dln_job *job, struct dln_error *err)
{
    struct dln_arena arena = {0};
    bool ok = true;
    while (job->n_done < job->n_parts) {
        char key[KEY_BYTES];
        const char *text = NULL;
        (void)snprintf(key, sizeof key, DLN_KEY_RUN "%d", job->n_done);
        ok = dln_store_attribute(driver->store, DLN_OF_TRIAL_SYSTEM, job->trial_id, key, &arena,
                                 &text, err);
        if (!ok || !read_part(driver, job, text)) break;
        if (driver->cost_metric != SIZE_MAX) {
            const double cost = job->parts[(size_t)job->n_done * job->n_sums + driver->cost_metric];
            if (isfinite(cost)) job->cost += cost;
        }
        job->n_done++;
        job->is_unsettled = true;
    }
    dln_arena_release(&arena);
    return ok;
}

bool dln_parts_prepare(struct dln_driver *driver, struct dln_job *job, bool is_taken_over,
                       struct dln_error *err)
{
    const int n = dln_study_runs(driver->study);
    if (n < 2) return true;
    const size_t n_cells = (size_t)n * job->n_sums;
    job->parts = DLN_ARENA_ARRAY(&job->arena, double, n_cells);
    job->scratch = DLN_ARENA_ARRAY(&job->arena, double, (size_t)n);
    if (!job->parts || !job->scratch) return dln_fail(err, DLN_NOMEM, "keep a trial");
    job->n_parts = n;
    return !is_taken_over || read_parts(driver, job, err);
}

bool dln_parts_put(struct dln_driver *driver, struct dln_job *job, const double *values,
                   const struct dln_run_end *end, struct dln_error *err)
{
    double *row = job->parts + (size_t)job->n_done * job->n_sums;
    struct dln_strbuf json = {0};
    char key[KEY_BYTES];
    char folder[DLN_RUN_FOLDER_MAX];
    char detail[2 * DLN_RUN_FOLDER_MAX];
    for (size_t i = 0; i < job->n_sums; i++)
        row[i] = job->sums[i].n > 0 ? job->sums[i].last : (double)NAN;
    for (size_t k = 0; k < driver->study->n_objectives; k++)
        row[driver->objective_metric[k]] = values[k];
    part_json(driver, job, row, &json);
    (void)snprintf(key, sizeof key, DLN_KEY_RUN "%d", job->n_done);
    dln_run_folder(driver->study, job->n_done, folder);
    (void)snprintf(detail, sizeof detail, DLN_PART_DONE "%s", folder);
    const bool has_value = driver->curve_metric != SIZE_MAX;
    const struct dln_part part = {
        .key = key,
        .json = dln_strbuf_text(&json),
        .report = {job->n_done, has_value ? row[driver->curve_metric] : (double)NAN},
        .has_report = has_value,
        .run_id = job->run_id,
        .end = *end,
        .detail = detail,
    };
    const bool ok = dln_strbuf_ok(&json)
                        ? dln_store_put_part(driver->store, job->trial_id, &part, err)
                        : dln_fail(err, DLN_NOMEM, "record a run");
    dln_strbuf_release(&json);
    return ok;
}

/* ── racing ────────────────────────────────────────────────────────────────────────────────────*/

void dln_parts_judge(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_error err = {0};
    struct dln_prune cut = {0};
    bool is_news = false;
    if (!driver->pruning || job->n_done == 0 || job->n_done == job->n_parts || job->is_cut) return;
    const int64_t step = job->n_done - 1;
    const double value = job->parts[(size_t)step * job->n_sums + driver->curve_metric];
    if (!dln_pruning_report(driver->pruning, job->number, step, value, &is_news, &err)) {
        dln_driver_give_up(driver, &err);
        return;
    }
    dln_pruning_decide(driver->pruning, job->number, &cut);
    if (cut.prune) dln_job_cut(job, &cut);
}

bool dln_parts_are_over(const struct dln_job *job)
{
    return job->n_done == job->n_parts || job->is_cut;
}
