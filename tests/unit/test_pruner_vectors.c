/* Each pruner against Optuna's decisions. */
#include "pruner/rules.h"
#include "support/prune_rig.h"
#include "support/test.h"
#include "support/vectors.h"

enum { POINTS_MAX = 64 };

struct points {
    size_t n;
    int64_t steps[POINTS_MAX];
    double values[POINTS_MAX];
};

static double number_of(const json_t *value)
{
    if (json_is_number(value)) return json_number_value(value);
    const char *text = json_string_value(value);
    assert_non_null(text);
    return strcmp(text, "nan") == 0 ? (double)NAN : strcmp(text, "inf") == 0 ? HUGE_VAL : -HUGE_VAL;
}

static double input(const json_t *inputs, const char *key)
{
    return number_of(json_object_get(inputs, key));
}

/* {"1": 0.5, "2": "nan"}, in whatever order. */
static struct points read_points(const json_t *map)
{
    struct points out = {0};
    for (int64_t step = 0; step < POINTS_MAX; step++) {
        char key[24];
        snprintf(key, sizeof key, "%d", (int)step);
        const json_t *value = json_object_get(map, key);
        if (!value) continue;
        out.steps[out.n] = step;
        out.values[out.n++] = number_of(value);
    }
    assert_int_equal(out.n, json_object_size(map));
    return out;
}

static bool is_maximize(const json_t *inputs)
{
    return strcmp(json_string_value(json_object_get(inputs, "direction")), "maximize") == 0;
}

/* Reports a whole curve; the decision at its last point. */
static struct dln_prune report_all(dln_pruning *pruning, int64_t number,
                                   const struct points *points)
{
    struct dln_prune last = {0};
    for (size_t i = 0; i < points->n; i++)
        last = prune_report(pruning, number, points->steps[i], points->values[i]);
    return last;
}

static void check_percentile(const json_t *inputs, const json_t *expected)
{
    const struct prune_setting settings[] = {
        {.name = "startup", .number = input(inputs, "n_startup_trials")},
        {.name = "warmup", .number = input(inputs, "n_warmup_steps")},
        {.name = "interval", .number = input(inputs, "interval_steps")},
        {.name = "min_trials", .number = input(inputs, "n_min_trials")},
        {.name = "percentile", .number = input(inputs, "percentile")},
    };
    const bool is_median = settings[4].number == 50;
    for (int as_median = 0; as_median <= is_median; as_median++) {
        dln_pruning *pruning =
            prune_rig("s", is_maximize(inputs), as_median ? "median" : "percentile",
                      as_median ? 4 : 5, settings);
        size_t index;
        json_t *curve;
        json_array_foreach(json_object_get(inputs, "completed"), index, curve)
        {
            const struct points points = read_points(curve);
            prune_complete(pruning, (int64_t)index, points.n, points.steps, points.values);
        }
        const struct points current = read_points(json_object_get(inputs, "current"));
        const struct dln_prune decision = report_all(pruning, 1000, &current);
        assert_int_equal(decision.prune, json_is_true(json_object_get(expected, "prune")));
        dln_pruning_free(pruning);
    }
}

/*
 * A value of a rung is a trial that arrived there with it. At the rungs below it shows NaN, which
 * is no value of theirs.
 */
static void fill_rungs(dln_pruning *pruning, const json_t *rungs, double first, double eta)
{
    int64_t number = 0;
    for (int rung = 0; rung < 8; rung++) {
        char key[8];
        snprintf(key, sizeof key, "%d", rung);
        size_t index;
        json_t *value;
        json_array_foreach(json_object_get(rungs, key), index, value)
        {
            double at = first;
            for (int below = 0; below <= rung; below++, at *= eta) {
                prune_report(pruning, number, (int64_t)at,
                             below < rung ? (double)NAN : number_of(value));
            }
            number++;
        }
    }
}

static void check_halving(const json_t *inputs, const json_t *expected)
{
    const double eta = input(inputs, "reduction_factor");
    const double min = input(inputs, "min_resource");
    const double skip = input(inputs, "min_early_stopping_rate");
    const struct prune_setting settings[] = {
        {.name = "min", .number = min},
        {.name = "eta", .number = eta},
        {.name = "skip", .number = skip},
        {.name = "bootstrap", .number = input(inputs, "bootstrap_count")},
    };
    dln_pruning *pruning = prune_rig("s", is_maximize(inputs), "asha", 4, settings);
    fill_rungs(pruning, json_object_get(inputs, "rung_values"), min * pow(eta, skip), eta);
    const json_t *current = json_object_get(inputs, "current");
    const json_t *decisions = json_object_get(expected, "decisions");
    for (size_t i = 0; i < json_array_size(decisions); i++) {
        const json_t *point = json_array_get(current, i);
        const json_t *decision = json_array_get(decisions, i);
        const int64_t step = json_integer_value(json_array_get(point, 0));
        assert_int_equal(step, json_integer_value(json_object_get(decision, "step")));
        const struct dln_prune out =
            prune_report(pruning, 1000, step, number_of(json_array_get(point, 1)));
        assert_int_equal(out.prune, json_is_true(json_object_get(decision, "prune")));
    }
    dln_pruning_free(pruning);
}

static void check_brackets(const json_t *inputs, const json_t *expected)
{
    struct dln_error err = {0};
    struct dln_brackets brackets;
    struct dln_share share;
    dln_curves *curves;
    const double min = input(inputs, "min_resource");
    const double eta = input(inputs, "reduction_factor");
    dln_brackets_make(min, input(inputs, "max_resource"), eta, &brackets);
    assert_int_equal(brackets.n, json_integer_value(json_object_get(expected, "n_brackets")));
    for (size_t i = 0; i < brackets.n; i++) {
        const json_t *budget = json_array_get(json_object_get(expected, "allocation"), i);
        const json_t *first = json_array_get(json_object_get(expected, "first_rung_step"), i);
        assert_int_equal(brackets.budget[i], json_integer_value(budget));
        assert_close(min * pow(eta, (double)i), json_number_value(first), 0, 0);
    }
    assert_ok(
        dln_curves_new(json_string_value(json_object_get(inputs, "study_name")), &curves, &err),
        err);
    size_t index;
    json_t *number;
    json_array_foreach(json_object_get(inputs, "trial_numbers"), index, number)
    {
        bool is_last;
        const int64_t n = json_integer_value(number);
        assert_ok(dln_curves_report(curves, n, 1, 0, &is_last, &err), err);
        const json_t *bracket =
            json_array_get(json_object_get(expected, "bracket_of_trial"), index);
        assert_int_equal(dln_brackets_find(&brackets, dln_curves_find(curves, n)->crc, &share),
                         json_integer_value(bracket));
        assert_true(share.to - share.from == brackets.budget[(size_t)json_integer_value(bracket)]);
    }
    dln_curves_free(curves);
}

static void check_patient(const json_t *inputs, const json_t *expected)
{
    const struct prune_setting settings[] = {
        {.name = "patience", .number = input(inputs, "patience")},
        {.name = "min_delta", .number = input(inputs, "min_delta")},
    };
    dln_pruning *pruning = prune_rig("s", is_maximize(inputs), "patient", 2, settings);
    struct points points = {0};
    size_t index;
    json_t *value;
    json_array_foreach(json_object_get(inputs, "values"), index, value)
    {
        points.steps[points.n] = (int64_t)index;
        points.values[points.n++] = number_of(value);
    }
    assert_int_equal(report_all(pruning, 0, &points).prune,
                     json_is_true(json_object_get(expected, "maybe_prune")));
    dln_pruning_free(pruning);
}

static void check_threshold(const json_t *inputs, const json_t *expected)
{
    const struct prune_setting settings[] = {
        {.name = "lower", .number = input(inputs, "lower")},
        {.name = "upper", .number = input(inputs, "upper")},
    };
    size_t index;
    json_t *value;
    json_array_foreach(json_object_get(inputs, "values"), index, value)
    {
        for (int maximize = 0; maximize < 2; maximize++) {
            dln_pruning *pruning = prune_rig("s", maximize, "threshold", 2, settings);
            const json_t *prune = json_array_get(json_object_get(expected, "prune"), index);
            assert_int_equal(prune_report(pruning, 0, 3, number_of(value)).prune,
                             json_is_true(prune));
            dln_pruning_free(pruning);
        }
    }
}

static void check_wilcoxon(const json_t *inputs, const json_t *expected)
{
    const struct prune_setting settings[] = {
        {.name = "p", .number = input(inputs, "p_threshold")},
        {.name = "startup", .number = input(inputs, "n_startup_steps")},
    };
    dln_pruning *pruning = prune_rig("s", is_maximize(inputs), "wilcoxon", 2, settings);
    const struct points best = read_points(json_object_get(inputs, "best"));
    const struct points current = read_points(json_object_get(inputs, "current"));
    prune_complete(pruning, 0, best.n, best.steps, best.values);
    assert_int_equal(report_all(pruning, 1, &current).prune,
                     json_is_true(json_object_get(expected, "prune")));
    dln_pruning_free(pruning);
}

static void decisions_are_those_of_optuna(void **state)
{
    (void)state;
    static const struct {
        const char *pruner;
        void (*check)(const json_t *inputs, const json_t *expected);
        size_t least;
    } kinds[] = {
        {"percentile", check_percentile, 60}, {"successive_halving", check_halving, 6},
        {"hyperband", check_brackets, 7},     {"patient", check_patient, 5},
        {"threshold", check_threshold, 1},    {"wilcoxon", check_wilcoxon, 12},
    };
    json_t *vectors = vectors_load("pruners");
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t n = 0;
        size_t index;
        json_t *entry;
        json_array_foreach(json_object_get(vectors, "cases"), index, entry)
        {
            const json_t *inputs = json_object_get(entry, "inputs");
            const char *pruner = json_string_value(json_object_get(inputs, "pruner"));
            if (!pruner || strcmp(pruner, kinds[k].pruner) != 0) continue;
            kinds[k].check(inputs, json_object_get(entry, "expected"));
            n++;
        }
        assert_true(n >= kinds[k].least);
    }
    json_decref(vectors);
}

static void the_first_rung_is_a_hundredth_of_the_longest_trial(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("pruners");
    const json_t *all = vectors_input(vectors, "sha_auto_min_resource", "last_steps_of_completed");
    const json_t *rungs = vectors_expected(vectors, "sha_auto_min_resource", "min_resource");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *steps = json_array_get(all, i);
        dln_pruning *pruning = prune_rig("s", false, "asha", 0, NULL);
        for (size_t k = 0; k < json_array_size(steps); k++) {
            const int64_t last = json_integer_value(json_array_get(steps, k));
            const double value = 0;
            prune_complete(pruning, (int64_t)k, 1, &last, &value);
        }
        const int64_t rung = json_integer_value(json_array_get(rungs, i)); /* null: 0 */
        if (rung > 1) assert_false(prune_report(pruning, 9, rung - 1, 1).prune);
        assert_int_equal(prune_report(pruning, 9, rung > 0 ? rung : 50, 1).prune, rung > 0);
        dln_pruning_free(pruning);
    }
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_are_those_of_optuna),
        cmocka_unit_test(the_first_rung_is_a_hundredth_of_the_longest_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
