/* What every pruner must do, whatever it is: run over the registry. */
#include "base/rng.h"
#include "support/prune_rig.h"
#include "support/test.h"

#define FOR_EACH_PRUNER(at) for (const struct dln_pruner *const *at = dln_pruners(); *at; at++)

/* ── the registry ──────────────────────────────────────────────────────────────────────────────*/

static void every_entry_is_complete_and_fits_its_place(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        const struct dln_pruner *p = *at;
        assert_ptr_equal(dln_pruner_find(p->name), p);
        assert_true(strlen(p->title) > 0);
        assert_non_null(p->decide);
        int lines = 0;
        for (const char *line = p->summary; *line; lines++) {
            const size_t columns = strcspn(line, "\n");
            assert_true(columns <= 47);
            line += columns;
            if (*line) line++;
        }
        assert_true(lines >= 1 && lines <= 4);
        assert_string_equal(p->settings[0].name, "step");
        for (const struct dln_setting *set = p->settings; set->name; set++)
            assert_true(strlen(set->help) > 0);
    }
    assert_null(dln_pruner_find("none"));
    assert_null(dln_pruner_find("auto"));
    assert_null(dln_pruner_find(""));
}

/* A simulated study: trials in slots report in turn; curves of several shapes, gaps, NaN, inf. */
enum { TRIALS = 60, SLOTS = 4, STEPS = 30 };

struct simulation {
    struct dln_pruned_trial trial[TRIALS];
    int64_t steps[TRIALS][STEPS];
    double values[TRIALS][STEPS];
    size_t total[TRIALS]; /* points that a trial would report */
    int64_t cut_at[TRIALS];
    struct dln_prune cut[TRIALS];
};

static void make_curves(struct simulation *sim, bool odd, bool maximize)
{
    struct dln_rng rng;
    dln_rng_init(&rng, 7);
    for (int t = 0; t < TRIALS; t++) {
        const double quality = dln_rng_uniform(&rng);
        const double speed = 0.05 + dln_rng_uniform(&rng);
        int64_t step = 0;
        sim->total[t] = odd && t % 9 == 4 ? 5 : STEPS;
        for (size_t i = 0; i < sim->total[t]; i++) {
            step += odd && dln_rng_uniform(&rng) < 0.2 ? 3 : 1;
            double value = quality + exp(-speed * (double)step) + 0.02 * dln_rng_uniform(&rng);
            if (odd && dln_rng_uniform(&rng) < 0.01) value = (double)NAN;
            if (odd && dln_rng_uniform(&rng) < 0.01) value = HUGE_VAL;
            sim->steps[t][i] = step;
            sim->values[t][i] = maximize ? -value : value;
        }
        sim->trial[t] = (struct dln_pruned_trial){.number = t,
                                                  .state = DLN_TRIAL_WAITING,
                                                  .value = (double)NAN,
                                                  .steps = sim->steps[t],
                                                  .values = sim->values[t]};
        sim->cut_at[t] = -1;
    }
}

static dln_pruning *open_named(const char *name, bool maximize)
{
    const struct prune_setting upper[] = {{.name = "upper", .number = 1.5},
                                          {.name = "lower", .number = -1.5}};
    const bool is_threshold = strcmp(name, "threshold") == 0;
    return prune_rig("sim", maximize, name, is_threshold ? 2 : 0, upper);
}

/* What the file would hold, given to a fresh pruner. */
static dln_pruning *resumed(const struct simulation *sim, const char *name, bool maximize,
                            bool backwards)
{
    struct dln_error err = {0};
    dln_pruning *pruning = open_named(name, maximize);
    for (int k = 0; k < TRIALS; k++) {
        const struct dln_pruned_trial *trial = &sim->trial[backwards ? TRIALS - 1 - k : k];
        if (trial->state == DLN_TRIAL_WAITING) continue;
        assert_ok(dln_pruning_put(pruning, trial, &err), err);
    }
    return pruning;
}

static void finish(struct simulation *sim, dln_pruning *pruning, int t, enum dln_trial_state state)
{
    struct dln_error err = {0};
    struct dln_pruned_trial *trial = &sim->trial[t];
    trial->state = state;
    trial->value = state == DLN_TRIAL_COMPLETE ? trial->values[trial->n - 1] : (double)NAN;
    if (state == DLN_TRIAL_COMPLETE && isnan(trial->value)) trial->state = DLN_TRIAL_FAIL;
    assert_ok(dln_pruning_finish(pruning, t, trial->state, trial->value, 0, &err), err);
}

/* One more report; *out is the decision. */
static void advance(struct simulation *sim, dln_pruning *pruning, int t, struct dln_prune *out)
{
    struct dln_pruned_trial *trial = &sim->trial[t];
    const size_t i = trial->n++;
    trial->state = DLN_TRIAL_RUNNING;
    *out = prune_report(pruning, t, sim->steps[t][i], sim->values[t][i]);
    if (out->prune) {
        sim->cut_at[t] = sim->steps[t][i];
        sim->cut[t] = *out;
        finish(sim, pruning, t, DLN_TRIAL_PRUNED);
    } else if (trial->n == sim->total[t]) {
        finish(sim, pruning, t, DLN_TRIAL_COMPLETE);
    }
}

/* Runs a whole study; where `compare`, every decision is made by a resumed pruner as well. */
static void simulate(struct simulation *sim, const char *name, bool maximize, bool compare)
{
    int running[SLOTS];
    int next = 0;
    dln_pruning *pruning = open_named(name, maximize);
    for (int s = 0; s < SLOTS; s++)
        running[s] = next++;
    for (int turn = 0; turn < TRIALS * STEPS * SLOTS; turn++) {
        const int s = turn % SLOTS;
        const int t = running[s];
        struct dln_prune out;
        if (t >= TRIALS) continue;
        const struct dln_pruned_trial before = sim->trial[t];
        dln_pruning *fresh =
            compare && turn % 5 == 0 ? resumed(sim, name, maximize, turn % 2) : NULL;
        advance(sim, pruning, t, &out);
        if (fresh) {
            const struct dln_prune again =
                prune_report(fresh, t, sim->steps[t][before.n], sim->values[t][before.n]);
            assert_int_equal(again.prune, out.prune);
            assert_string_equal(again.why, out.why);
            assert_close(again.value, out.value, 0, 0);
            assert_close(again.threshold, out.threshold, 0, 0);
            dln_pruning_free(fresh);
        }
        const enum dln_trial_state state = sim->trial[t].state;
        if (state != DLN_TRIAL_RUNNING) running[s] = next++;
    }
    dln_pruning_free(pruning);
}

static void a_resumed_study_decides_the_same(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        static struct simulation sim;
        make_curves(&sim, true, false);
        simulate(&sim, (*at)->name, false, true);
    }
}

static void maximize_is_minimize_with_the_sign_turned(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        static struct simulation down;
        static struct simulation up;
        make_curves(&down, false, false);
        make_curves(&up, false, true);
        simulate(&down, (*at)->name, false, false);
        simulate(&up, (*at)->name, true, false);
        for (int t = 0; t < TRIALS; t++) {
            assert_int_equal(down.cut_at[t], up.cut_at[t]);
            if (down.cut_at[t] < 0) continue;
            assert_close(down.cut[t].value, -up.cut[t].value, 0, 1e-12);
        }
    }
}

static void every_pruner_prunes_some_and_says_why_with_its_numbers(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        static struct simulation sim;
        int n_cut = 0;
        make_curves(&sim, true, false);
        simulate(&sim, (*at)->name, false, false);
        for (int t = 0; t < TRIALS; t++) {
            const struct dln_prune *cut = &sim.cut[t];
            if (sim.cut_at[t] < 0) continue;
            n_cut++;
            assert_string_equal(cut->pruner, (*at)->name);
            assert_int_equal(cut->step, sim.cut_at[t]);
            char begin[64];
            snprintf(begin, sizeof begin, "%s at step %d: ", (*at)->name, (int)cut->step);
            assert_memory_equal(cut->why, begin, strlen(begin));
            assert_null(strchr(cut->why, '\n'));
            if (!isnan(cut->threshold)) assert_true(cut->value > cut->threshold);
            memset(&sim.cut[t], 0, sizeof sim.cut[t]);
        }
        assert_true(n_cut > 0 && n_cut < TRIALS);
    }
}

/* The best trial so far, at every step and by a margin, is never stopped, whoever is asked. */
static void a_trial_that_leads_from_the_start_is_never_pruned(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        dln_pruning *pruning = open_named((*at)->name, false);
        for (int t = 0; t < 40; t++) {
            double curve[STEPS];
            int64_t steps[STEPS];
            for (int i = 0; i < STEPS; i++) {
                steps[i] = i + 1;
                curve[i] = 1.4 - 0.01 * t - 0.001 * i;
                assert_false(prune_report(pruning, t, steps[i], curve[i]).prune);
            }
            prune_complete(pruning, t, STEPS, steps, curve);
        }
        dln_pruning_free(pruning);
    }
}

static void a_step_that_is_known_or_old_asks_for_no_decision(void **state)
{
    (void)state;
    FOR_EACH_PRUNER(at)
    {
        struct dln_error err = {0};
        bool is_news = true;
        dln_pruning *pruning = open_named((*at)->name, false);
        (void)prune_report(pruning, 0, 5, 1);
        assert_ok(dln_pruning_report(pruning, 0, 5, 2, &is_news, &err), err);
        assert_false(is_news);
        assert_ok(dln_pruning_report(pruning, 0, 3, 2, &is_news, &err), err);
        assert_false(is_news);
        assert_ok(dln_pruning_report(pruning, 0, 6, 2, &is_news, &err), err);
        assert_true(is_news);
        dln_pruning_free(pruning);
    }
}

/* ── settings ──────────────────────────────────────────────────────────────────────────────────*/

static void wrong_settings_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *pruner;
        struct prune_setting settings[2];
        size_t n;
        const char *sentence;
    } cases[] = {
        {"ahsa", {{0}}, 0, "6:8: there is no pruner 'ahsa'; did you mean 'asha'?"},
        {"asha",
         {{.name = "etta", .number = 3}},
         1,
         "7:9: 'asha' has no setting 'etta'; did you mean 'eta'?"},
        {"asha",
         {{.name = "eta", .number = 1}},
         1,
         "7:9: 'eta' must be a whole number from 2 to 1000"},
        {"asha",
         {{.name = "min", .number = 9}, {.name = "max", .number = 3}},
         2,
         "6:8: 'min' is above 'max', so there is no rung"},
        {"threshold", {{0}}, 0, "6:8: 'threshold' needs 'lower' or 'upper'"},
        {"patient",
         {{.name = "inner", .text = "medain"}},
         1,
         "7:9: there is no pruner 'medain'; did you mean 'median'?"},
        {"patient", {{.name = "inner", .text = "patient"}}, 1, "7:9: 'patient' cannot wrap itself"},
        {"patient",
         {{.name = "inner", .text = "{\"asha\": {\"eta\": 0}}"}},
         1,
         "7:9: 'eta' must be a whole number from 2 to 1000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_error err = {0};
        dln_pruning *pruning = NULL;
        assert_fails(prune_rig_try("s", false, cases[i].pruner, cases[i].n, cases[i].settings,
                                   &pruning, &err),
                     err, DLN_INVALID);
        assert_string_equal(err.text, cases[i].sentence);
    }
}

static void auto_forecasts_curves_compares_folds_and_says_so(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_objective objectives[] = {{"a", false}, {"b", true}};
    struct dln_study study = {.name = "s", .n_objectives = 1, .objectives = objectives};
    const struct dln_method none = {.name = "none"};
    const struct dln_method automatic = {.name = "auto"};
    dln_pruning *pruning = NULL;
    assert_ok(dln_pruning_new(&study, &none, &pruning, &err), err);
    assert_null(pruning);
    assert_ok(dln_pruning_new(&study, &automatic, &pruning, &err), err);
    assert_string_equal(dln_pruning_pruner(pruning)->name, "forecast");
    assert_memory_equal(dln_pruner_auto_why(&study), "forecast, ", 10);
    dln_pruning_free(pruning);
    study.folds = 5;
    assert_ok(dln_pruning_new(&study, &automatic, &pruning, &err), err);
    assert_string_equal(dln_pruning_pruner(pruning)->name, "wilcoxon");
    assert_memory_equal(dln_pruner_auto_why(&study), "wilcoxon, ", 10);
    dln_pruning_free(pruning);
    assert_int_equal(dln_prune_objective(&study), 0);
    study.n_objectives = 2;
    assert_true(dln_prune_objective(&study) == SIZE_MAX);
    assert_ok(dln_pruning_new(&study, &automatic, &pruning, &err), err);
    assert_null(pruning);
    assert_non_null(strstr(dln_pruner_auto_why(&study), "prune_on"));
    study.prune_on = "b";
    assert_int_equal(dln_prune_objective(&study), 1);
}

/* Ends that the value at step 1 tells of, or does not. */
static void forecast_stops_only_what_the_curves_tell_of(void **state)
{
    (void)state;
    for (int tells = 0; tells < 2; tells++) {
        struct dln_rng rng;
        dln_rng_init(&rng, 3);
        dln_pruning *pruning = prune_rig("s", false, "forecast", 0, NULL);
        const int64_t steps[] = {1, 2};
        for (int t = 0; t < 30; t++) {
            const double first = dln_rng_uniform(&rng);
            const double noise = dln_rng_uniform(&rng);
            const double values[] = {first, tells ? 0.5 * first + 0.02 * noise : noise};
            prune_complete(pruning, t, 2, steps, values);
            if (t < 9) assert_false(prune_report(pruning, 100 + t, 1, 9).prune); /* too few */
        }
        assert_int_equal(prune_report(pruning, 200, 1, 0.9).prune, tells);
        if (tells) assert_true(prune_report(pruning, 201, 1, 1e300).prune); /* one that explodes */
        assert_false(prune_report(pruning, 202, 1, 0.01).prune);
        assert_false(prune_report(pruning, 203, 1, (double)NAN).prune);
        const double huge[] = {1e300, 1e300};
        prune_complete(pruning, 50, 2, steps, huge); /* one such trial does not hide the others */
        if (tells) assert_true(prune_report(pruning, 204, 1, 0.9).prune);
        assert_false(prune_report(pruning, 205, 1, 0.01).prune);
        dln_pruning_free(pruning);
    }
}

static void a_patient_pruner_asks_its_inner_one_with_its_own_settings(void **state)
{
    (void)state;
    const struct prune_setting settings[] = {
        {.name = "patience", .number = 1},
        {.name = "inner", .text = "{\"threshold\": {\"upper\": 2}}"},
        {.name = "step", .text = "epoch"},
    };
    dln_pruning *pruning = prune_rig("s", false, "patient", 3, settings);
    assert_false(prune_report(pruning, 0, 1, 3).prune); /* above, but not yet stuck */
    assert_false(prune_report(pruning, 0, 2, 1).prune);
    assert_false(prune_report(pruning, 0, 3, 1.5).prune);
    assert_false(prune_report(pruning, 0, 4, 1.5).prune); /* stuck, but within the limit */
    const struct dln_prune cut = prune_report(pruning, 0, 5, 2.5);
    assert_true(cut.prune);
    assert_string_equal(cut.pruner, "threshold");
    assert_string_equal(cut.why, "threshold at epoch 5: 2.5 is above the limit 2");
    dln_pruning_free(pruning);
}

static void asha_judges_nobody_at_the_end(void **state)
{
    (void)state;
    const struct prune_setting settings[] = {
        {.name = "min", .number = 1}, {.name = "max", .number = 9}, {.name = "eta", .number = 3}};
    dln_pruning *pruning = prune_rig("s", false, "asha", 3, settings);
    for (int t = 0; t < 2; t++) { /* equal until the end: both go on */
        assert_false(prune_report(pruning, t, 1, 5).prune);
        assert_false(prune_report(pruning, t, 3, 4).prune);
    }
    assert_false(prune_report(pruning, 0, 9, 1).prune);
    assert_false(prune_report(pruning, 1, 9, 2).prune);
    dln_pruning_free(pruning);
}

static void ragged_curves_can_be_compared_with_the_step_before(void **state)
{
    (void)state;
    const struct prune_setting settings[] = {{.name = "startup", .number = 1},
                                             {.name = "nearest_step", .text = "\1"}};
    const int64_t steps[] = {2, 4};
    const double values[] = {0.5, 0.25};
    for (size_t n = 1; n <= 2; n++) {
        dln_pruning *pruning = prune_rig("s", false, "median", n, settings);
        prune_complete(pruning, 0, 2, steps, values);
        assert_false(prune_report(pruning, 1, 1, 9).prune);
        assert_int_equal(prune_report(pruning, 1, 3, 9).prune, n == 2);
        dln_pruning_free(pruning);
    }
}

static void a_trial_that_runs_again_begins_its_curve_anew(void **state)
{
    (void)state;
    const struct prune_setting settings[] = {{.name = "min", .number = 1},
                                             {.name = "eta", .number = 2}};
    dln_pruning *pruning = prune_rig("s", false, "asha", 2, settings);
    (void)prune_report(pruning, 0, 1, 0.1);
    (void)prune_report(pruning, 0, 2, 0.1);
    assert_true(prune_report(pruning, 1, 1, 0.5).prune);
    dln_pruning_rewind(pruning, 0, 1); /* its seed was another one: it is worse now */
    (void)prune_report(pruning, 0, 1, 0.9);
    assert_false(prune_report(pruning, 2, 1, 0.2).prune);
    dln_pruning_free(pruning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_complete_and_fits_its_place),
        cmocka_unit_test(a_resumed_study_decides_the_same),
        cmocka_unit_test(maximize_is_minimize_with_the_sign_turned),
        cmocka_unit_test(every_pruner_prunes_some_and_says_why_with_its_numbers),
        cmocka_unit_test(a_trial_that_leads_from_the_start_is_never_pruned),
        cmocka_unit_test(a_step_that_is_known_or_old_asks_for_no_decision),
        cmocka_unit_test(wrong_settings_are_named_with_their_place),
        cmocka_unit_test(auto_forecasts_curves_compares_folds_and_says_so),
        cmocka_unit_test(forecast_stops_only_what_the_curves_tell_of),
        cmocka_unit_test(a_patient_pruner_asks_its_inner_one_with_its_own_settings),
        cmocka_unit_test(asha_judges_nobody_at_the_end),
        cmocka_unit_test(ragged_curves_can_be_compared_with_the_step_before),
        cmocka_unit_test(a_trial_that_runs_again_begins_its_curve_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
