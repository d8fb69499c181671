/* A pruner with its settings, resolved once, and the curves that it judges by. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/nearest.h"
#include "pruner/rules.h"

struct chosen {
    const struct dln_pruner *pruner;
    double *values;
};

struct dln_pruning {
    struct chosen outer, inner;
    bool maximize;
    dln_curves *curves;
};

/* ── settings ──────────────────────────────────────────────────────────────────────────────────*/

static bool fail_unknown(const struct dln_method *method, struct dln_error *err)
{
    struct dln_nearest nearest = {.wanted = method->name};
    for (const struct dln_pruner *const *at = dln_pruners(); *at; at++)
        dln_nearest_offer(&nearest, (*at)->name);
    return dln_fail(err, DLN_INVALID, "%u:%u: there is no pruner '%.80s'%s%s%s", method->line,
                    method->column, method->name, nearest.best ? "; did you mean '" : "",
                    nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

static bool choose(const struct dln_method *method, struct chosen *out, struct dln_error *err)
{
    const struct dln_pruner *pruner = dln_pruner_find(method->name);
    if (!pruner) return fail_unknown(method, err);
    size_t n = 0;
    while (pruner->settings[n].name)
        n++;
    double *values = calloc(n + 1, sizeof *values);
    if (!values) return dln_fail(err, DLN_NOMEM, "out of memory for the pruner");
    bool ok = dln_settings_resolve(pruner->settings, method, values, err);
    const char *wrong = ok && pruner->check ? pruner->check(values) : NULL;
    if (wrong) {
        ok = dln_fail(err, DLN_INVALID, "%u:%u: %s", method->line, method->column, wrong);
    }
    if (!ok) {
        free(values);
        return false;
    }
    *out = (struct chosen){pruner, values};
    return true;
}

/* A member of {"asha": {"eta": 3}} as the study file's reader would give it. */
static bool read_setting(const char *name, const json_t *value, struct dln_named_scalar *out)
{
    out->name = name;
    if (json_is_boolean(value)) {
        out->value = (struct dln_scalar){.kind = DLN_SCALAR_BOOL, .truth = json_is_true(value)};
    } else if (json_is_number(value)) {
        out->value =
            (struct dln_scalar){.kind = json_is_integer(value) ? DLN_SCALAR_INT : DLN_SCALAR_REAL,
                                .number = json_number_value(value)};
    } else if (json_is_string(value)) {
        out->value = (struct dln_scalar){.kind = DLN_SCALAR_TEXT, .text = json_string_value(value)};
    } else {
        return false;
    }
    return true;
}

/* {"asha": {"eta": 3}} */
static bool choose_json(const struct dln_named_scalar *given, json_t *tree, struct chosen *out,
                        struct dln_error *err)
{
    void *member = json_is_object(tree) ? json_object_iter(tree) : NULL;
    if (!member || json_object_size(tree) != 1) {
        return dln_fail(err, DLN_INVALID, "%u:%u: 'inner' is a pruner, or {pruner: {settings}}",
                        given->line, given->column);
    }
    json_t *settings = json_object_iter_value(member);
    const size_t n = json_object_size(settings);
    struct dln_named_scalar *list = calloc(n + 1, sizeof *list);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory for the pruner");
    bool ok = true;
    size_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(settings, name, value)
    {
        list[count].line = given->line;
        list[count].column = given->column;
        ok = ok && read_setting(name, value, &list[count++]);
    }
    const struct dln_method method = {.name = json_object_iter_key(member),
                                      .n_settings = count,
                                      .settings = list,
                                      .line = given->line,
                                      .column = given->column};
    ok = ok ? choose(&method, out, err)
            : dln_fail(err, DLN_INVALID, "%u:%u: the settings of 'inner' are plain values",
                       given->line, given->column);
    free(list);
    return ok;
}

static bool choose_inner(const struct dln_method *method, struct chosen *out, struct dln_error *err)
{
    const struct dln_named_scalar *given = NULL;
    for (size_t i = 0; i < method->n_settings; i++) {
        if (strcmp(method->settings[i].name, "inner") == 0) given = &method->settings[i];
    }
    if (!given) return true;
    bool ok;
    if (given->value.kind == DLN_SCALAR_JSON) {
        json_t *tree;
        if (!dln_json_read(given->value.text, strlen(given->value.text), &tree, err)) return false;
        ok = choose_json(given, tree, out, err);
        json_decref(tree);
    } else {
        const struct dln_method named = {
            .name = given->value.text, .line = given->line, .column = given->column};
        if (strcmp(named.name, "none") == 0) return true;
        ok = choose(&named, out, err);
    }
    if (!ok || strcmp(out->pruner->name, method->name) != 0) return ok;
    return dln_fail(err, DLN_INVALID, "%u:%u: '%s' cannot wrap itself", given->line, given->column,
                    method->name);
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

bool dln_pruning_new(const struct dln_study *study, const struct dln_method *method,
                     dln_pruning **out, struct dln_error *err)
{
    const bool is_auto = strcmp(method->name, "auto") == 0;
    const struct dln_pruner *automatic = is_auto ? dln_pruner_auto(study) : NULL;
    if (strcmp(method->name, "none") == 0 || (is_auto && !automatic)) {
        *out = NULL;
        return true;
    }
    struct dln_method chosen = *method;
    if (automatic) chosen.name = automatic->name;
    const size_t objective = dln_prune_objective(study);
    if (objective == SIZE_MAX) {
        return dln_fail(err, DLN_INVALID,
                        "%u:%u: a pruner of a study with several objectives needs 'prune_on', one "
                        "of them",
                        method->line, method->column);
    }
    dln_pruning *pruning = calloc(1, sizeof *pruning);
    if (!pruning) return dln_fail(err, DLN_NOMEM, "out of memory for the pruner");
    pruning->maximize = study->objectives[objective].maximize;
    if (choose(&chosen, &pruning->outer, err) && choose_inner(&chosen, &pruning->inner, err) &&
        dln_curves_new(study->name ? study->name : "", &pruning->curves, err)) {
        *out = pruning;
        return true;
    }
    dln_pruning_free(pruning);
    return false;
}

void dln_pruning_free(dln_pruning *pruning)
{
    if (!pruning) return;
    free(pruning->outer.values);
    free(pruning->inner.values);
    dln_curves_free(pruning->curves);
    free(pruning);
}

const struct dln_pruner *dln_pruning_pruner(const dln_pruning *pruning)
{
    return pruning->outer.pruner;
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

static double turned(const dln_pruning *pruning, double value)
{
    return pruning->maximize ? -value : value;
}

bool dln_pruning_put(dln_pruning *pruning, const struct dln_pruned_trial *trial,
                     struct dln_error *err)
{
    struct dln_curve curve = {
        .number = trial->number,
        .state = trial->state,
        .n = trial->n,
        .loss = turned(pruning, trial->value),
        .violation = trial->violation,
    };
    curve.steps = malloc((trial->n + 1) * sizeof *curve.steps);
    curve.losses = malloc((trial->n + 1) * sizeof *curve.losses);
    bool ok = curve.steps && curve.losses;
    if (ok) {
        for (size_t i = 0; i < trial->n; i++) {
            curve.steps[i] = trial->steps[i];
            curve.losses[i] = turned(pruning, trial->values[i]);
        }
        ok = dln_curves_put(pruning->curves, &curve, err);
    } else {
        dln_fail(err, DLN_NOMEM, "out of memory for the curves");
    }
    free(curve.steps);
    free(curve.losses);
    return ok;
}

bool dln_pruning_report(dln_pruning *pruning, int64_t number, int64_t step, double value,
                        bool *is_news, struct dln_error *err)
{
    return dln_curves_report(pruning->curves, number, step, turned(pruning, value), is_news, err);
}

void dln_pruning_rewind(dln_pruning *pruning, int64_t number, int64_t step)
{
    dln_curves_rewind(pruning->curves, number, step);
}

bool dln_pruning_finish(dln_pruning *pruning, int64_t number, enum dln_trial_state state,
                        double value, double violation, struct dln_error *err)
{
    return dln_curves_finish(pruning->curves, number, state, turned(pruning, value), violation,
                             err);
}

void dln_pruning_decide(dln_pruning *pruning, int64_t number, struct dln_prune *out)
{
    *out = (struct dln_prune){0};
    const struct dln_curve *curve = dln_curves_find(pruning->curves, number);
    if (!curve || curve->n == 0) return;
    const struct dln_prune_ask ask = {
        .curves = pruning->curves,
        .trial = curve,
        .maximize = pruning->maximize,
        .step_word = dln_prune_step_words[(size_t)pruning->outer.values[0]],
        .inner = pruning->inner.pruner,
        .inner_values = pruning->inner.values,
    };
    pruning->outer.pruner->decide(&ask, pruning->outer.values, out);
}
