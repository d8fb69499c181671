#include "cli/outlook.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "cli/trial_list.h"

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

/* Rows of a history have no times: they come from the trials, in ascending number too. */
static bool learn(struct opened *study, dln_predictor *predictor, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct trial_list list = {0};
    struct dln_history_row *rows = NULL;
    size_t n = 0;
    bool ok = trial_list_load(study, &list, err) &&
              dln_store_history(study->store, study->summary.id, study->space,
                                study->summary.n_objectives, 0, &arena, &rows, &n, err);
    double *const run_s = ok ? DLN_ARENA_ARRAY(&arena, double, n) : NULL;
    if (ok && !run_s) ok = dln_fail(err, DLN_NOMEM, "out of memory for the trials");
    size_t at = 0;
    for (size_t i = 0; ok && i < n; i++) {
        run_s[i] = (double)NAN;
        if (at > 0 && list.trials[at - 1].number >= rows[i].number) at = 0;
        while (at < list.n && list.trials[at].number < rows[i].number)
            at++;
        if (at == list.n || list.trials[at].number != rows[i].number) continue;
        run_s[i] = trial_duration_s(&list.trials[at]);
    }
    ok = ok && (n == 0 || dln_predictor_learn(predictor, n, rows, run_s, err));
    trial_list_release(&list);
    dln_arena_release(&arena);
    return ok;
}

bool outlook_open(struct opened *study, struct outlook *out, struct dln_error *err)
{
    if (!dln_predictor_new(study->space, study->summary.n_objectives, study->summary.maximize,
                           &out->predictor, err)) {
        return false;
    }
    if (!study->def) dln_predictor_allow_gaps(out->predictor);
    return learn(study, out->predictor, err) && dln_predictor_fit(out->predictor, err);
}

void outlook_close(struct outlook *outlook)
{
    dln_predictor_free(outlook->predictor);
    outlook->predictor = NULL;
}

static void unknown_param(const struct opened *study, const char *name, struct dln_error *err)
{
    const char **const names = calloc(study->space->n + 1, sizeof *names);
    for (size_t i = 0; names && i < study->space->n; i++)
        names[i] = study->space->params[i].name;
    dln_fail(err, DLN_USAGE, "'%.80s' is no parameter of '%.80s'", name, study->summary.name);
    if (names) add_meant(err, name, names, study->space->n);
    free((void *)names);
}

bool parse_assignment(const struct opened *study, const char *word, size_t *param, double *value,
                      struct dln_error *err)
{
    const char *const equals = strchr(word, '=');
    if (!equals || equals == word) {
        return dln_fail(err, DLN_USAGE, "'%.80s': a value is given as NAME=VALUE", word);
    }
    struct dln_strbuf name = {0};
    dln_strbuf_add_len(&name, word, (size_t)(equals - word));
    *param = dln_space_find(study->space, dln_strbuf_text(&name));
    if (*param == SIZE_MAX) unknown_param(study, dln_strbuf_text(&name), err);
    dln_strbuf_release(&name);
    return *param != SIZE_MAX &&
           dln_param_parse(&study->space->params[*param], equals + 1, value, err);
}

/* ── words ─────────────────────────────────────────────────────────────────────────────────────*/

void outlook_interval(const struct dln_expected *expected, char low[FORMAT_MAX],
                      char high[FORMAT_MAX])
{
    format_interval(low, high, expected->low, expected->high);
}

char *outlook_chance(char out[FORMAT_MAX], double chance)
{
    if (chance < 0.01) {
        snprintf(out, FORMAT_MAX, "below 1 %%");
    } else if (chance > 0.99) {
        snprintf(out, FORMAT_MAX, "above 99 %%");
    } else {
        snprintf(out, FORMAT_MAX, "%.0f %%", 100 * chance);
    }
    return out;
}

void outlook_json(struct dln_json_writer *w, dln_predictor *predictor, size_t objective,
                  const struct dln_expected *expected)
{
    struct dln_trust trust = {.r2 = (double)NAN, .why_not = ""};
    struct dln_error err = {0};
    if (!dln_predictor_trust(predictor, objective, &trust, &err)) trust.why_not = err.text;
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"mean", expected->mean}, {"sd", expected->sd},         {"low", expected->low},
        {"high", expected->high}, {"chance", expected->chance}, {"best", expected->best},
        {"r2", trust.r2},         {"coverage", trust.coverage},
    };
    dln_json_object(w);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dln_json_key(w, numbers[i].key);
        dln_json_double(w, numbers[i].value);
    }
    dln_json_key(w, "best_trial");
    if (expected->best_number >= 0) {
        dln_json_int(w, expected->best_number);
    } else {
        dln_json_null(w);
    }
    dln_json_key(w, "why_not");
    dln_json_string(w, expected->is_known ? NULL : trust.why_not);
    dln_json_end_object(w);
}
