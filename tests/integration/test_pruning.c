/* Pruners in the engine: real programs that print curves. */
#include "support/engine_rig.h"

/* Counts epochs; a bad one never ends by itself: only a pruner's TERM can end it. */
static const char trains[] = "x=${1#--x=}\n"
                             "for i in 1 2 3 4 5 6 7 8 9; do\n"
                             "    echo \"epoch $i loss: $(awk \"BEGIN { print $x + 1 / $i }\")\"\n"
                             "    case $x in 0.5|0.7|0.9) [ $i = 4 ] && sleep 1000;; esac\n"
                             "done\n"
                             "touch finished.$DIALIN_TRIAL\n";

static const struct dln_attribute *attribute(struct engine_rig *rig, int64_t number,
                                             const char *key)
{
    struct dln_error err = {0};
    struct dln_attribute *list;
    size_t n;
    dln_store *store;
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    assert_ok(
        dln_store_trial_attributes(store, rig_trial(rig, number).id, &rig->arena, &list, &n, &err),
        err);
    dln_store_close(store);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].key, key) == 0) return &list[i];
    }
    return NULL;
}

static void bad_trials_end_early_and_the_best_is_never_pruned(void **state)
{
    (void)state;
    static const char *const pruners[] = {
        "{median: {startup: 1, step: epoch}}",
        "{percentile: {startup: 1, percentile: 50, step: epoch}}",
        "{asha: {min: 1, eta: 2, step: epoch}}",
        "{hyperband: {min: 1, max: 2, eta: 3, step: epoch}}",
        "{threshold: {upper: 1.3, step: epoch}}",
        "{patient: {patience: 0, inner: {threshold: {upper: 1.3}}, step: epoch}}",
        "{wilcoxon: {step: epoch}}",
    };
    for (size_t p = 0; p < sizeof pruners / sizeof pruners[0]; p++) {
        struct engine_rig rig;
        char yaml[1024];
        const bool is_patient = strstr(pruners[p], "patient") != NULL; /* curves here only fall */
        assert_true(snprintf(yaml, sizeof yaml,
                             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
                             "strategy: random\nstart: [{x: 0.1}, {x: %s}, {x: 0.05}, {x: %s}]\n"
                             "budget: {trials: 4}\npruner: %s\n",
                             is_patient ? "0.2" : "0.9", is_patient ? "0.3" : "0.5",
                             pruners[p]) < (int)sizeof yaml);
        rig_open(&rig, trains, yaml);
        rig_run(&rig);
        assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
        assert_int_equal(rig_trial(&rig, 2).state, DLN_TRIAL_COMPLETE);
        assert_int_equal(rig_summary(&rig).best_number, 2);
        for (int64_t i = 1; i < 4 && !is_patient; i += 2) {
            const struct dln_trial trial = rig_trial(&rig, i);
            char file[32];
            assert_int_equal(trial.state, DLN_TRIAL_PRUNED);
            assert_in_range(trial.n_steps, 1, 4);
            assert_close(trial.values[0], trial.curve[trial.n_steps - 1], 0, 0);
            assert_non_null(strstr(trial.detail, "at epoch"));
            assert_non_null(attribute(&rig, i, "dialin_pruned"));
            assert_true(rig_journal_says(&rig, trial.detail));
            assert_true(snprintf(file, sizeof file, "finished.%d", (int)i) > 0);
            assert_false(rig_has(&rig, file));
        }
        rig_close(&rig);
    }
}

static void a_pruned_trial_records_who_when_and_what_was_compared(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, trains,
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "start: [{x: 0.25}, {x: 0.5}]\nbudget: {trials: 2}\n"
             "pruner: {median: {startup: 1, warmup: 2, step: epoch}}\n");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 1);
    assert_int_equal(trial.state, DLN_TRIAL_PRUNED);
    assert_int_equal(trial.n_steps, 2);
    assert_close(trial.values[0], 1, 0, 0);
    assert_string_equal(trial.detail,
                        "median at epoch 2: its best is 1, the median of 1 trials there 0.75");
    assert_string_equal(
        attribute(&rig, 1, "dialin_pruned")->json,
        "{\"pruner\": \"median\", \"step\": 2, \"value\": 1.0, \"threshold\": 0.75}");
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_PRUNED], 1);
    assert_int_equal(rig_summary(&rig).best_number, 0);
    rig_close(&rig);
}

static void several_objectives_are_judged_by_the_one_of_prune_on(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "x=${1#--x=}\n"
             "for i in 1 2 3; do echo \"epoch $i size: 3 acc: $x\"; done\n"
             "case $x in 0.2) sleep 1000;; esac\n",
             "objective: [{minimize: size}, {maximize: acc}]\nspace: {x: {float: [0, 1]}}\n"
             "strategy: random\nstart: [{x: 0.8}, {x: 0.2}, {x: 0.9}]\nbudget: {trials: 3}\n"
             "pruner: {median: {startup: 1}}\nprune_on: acc\n");
    rig_run(&rig);
    const struct dln_trial cut = rig_trial(&rig, 1);
    assert_int_equal(cut.state, DLN_TRIAL_PRUNED);
    assert_int_equal(cut.n_steps, 1);
    assert_close(cut.curve[0], 0.2, 0, 0);
    assert_true(isnan(cut.values[0]) && isnan(cut.values[1])); /* as Optuna has it */
    assert_non_null(strstr(cut.detail, "its best is 0.2, the median of 1 trials there 0.8"));
    const struct dln_trial kept = rig_trial(&rig, 2);
    assert_int_equal(kept.state, DLN_TRIAL_COMPLETE);
    assert_int_equal(kept.n_steps, 3);
    rig_close(&rig);
}

static void nan_ends_a_trial_without_a_value_and_steps_may_skip(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "x=${1#--x=}\n"
             "echo \"step 0 loss: $x\"; echo \"step 7 loss: $x\"\n"
             "case $x in\n"
             "0.5) echo step 40 loss: nan; sleep 1000;;\n"
             "0.6) sleep 1000;;\n"
             "*) echo \"step 41 loss: $x\";;\n"
             "esac\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "start: [{x: 0.7}, {x: 0.6}, {x: 0.5}]\nbudget: {trials: 3}\n"
             "pruner: {asha: {min: 3, eta: 3}}\n");
    /* rungs at 3, 9, 27: the value at 7 counts for the first, that at 40 or 41 for the others */
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 1);
    assert_non_null(strstr(rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [1]}"), "#1"));
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_string_equal(rig_trial(&rig, 1).detail, "pruned by a person");
    assert_null(attribute(&rig, 1, "dialin_pruned"));
    const struct dln_trial trial = rig_trial(&rig, 2);
    assert_int_equal(trial.state, DLN_TRIAL_PRUNED);
    assert_int_equal(trial.n_steps, 3);
    assert_true(isnan(trial.values[0]));
    assert_string_equal(trial.detail, "asha at step 40: rung 1 is reached with nan");
    assert_string_equal(
        attribute(&rig, 2, "dialin_pruned")->json,
        "{\"pruner\": \"asha\", \"step\": 40, \"value\": null, \"threshold\": null}");
    rig_close(&rig);
}

/* Curves that cross; the seed makes the points. */
static const char crosses[] =
    "x=${1#--x=}\n"
    "awk -v x=\"$x\" 'BEGIN { for (i = 1; i <= 12; i++)"
    " printf \"epoch %d loss: %.6f\\n\", i, x + (1 - x) / (i * x + 0.2) }'\n";

static void a_study_that_was_stopped_decides_as_one_that_was_not(void **state)
{
    (void)state;
    static const struct {
        const char *strategy, *pruner;
    } cases[] = {
        {"random", "{median: {startup: 3}}"},
        {"random", "{asha: {min: 1, eta: 2}}"},
        {"{tpe: {startup: 6}}", "{forecast: {startup: 5}}"}, /* learns from pruned trials too */
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct engine_rig rig[2];
        int64_t n_pruned = 0;
        for (int stopped = 0; stopped < 2; stopped++) {
            char yaml[512];
            assert_true(snprintf(yaml, sizeof yaml,
                                 "objective: {minimize: loss}\nspace: {x: {float: [0.01, 1]}}\n"
                                 "strategy: %s\nseed: 5\nbudget: {trials: 30}\npruner: %s\n",
                                 cases[c].strategy, cases[c].pruner) < (int)sizeof yaml);
            rig_open(&rig[stopped], crosses, yaml);
            for (int64_t part = 1; stopped && part <= 2; part++) { /* wherever it is by then */
                rig_start(&rig[1]);
                rig_wait_count(&rig[1], DLN_TRIAL_PRUNED, part);
                dln_engine_quit(rig[1].engine);
                (void)dln_engine_join(rig[1].engine, NULL); /* stopped, or done on a slow day */
                rig[1].engine = NULL;
            }
            rig_run(&rig[stopped]);
        }
        for (int64_t i = 0; i < 30; i++) {
            const struct dln_trial one = rig_trial(&rig[0], i);
            const struct dln_trial other = rig_trial(&rig[1], i);
            assert_int_equal(one.state, other.state);
            assert_close(one.x[0], other.x[0], 0, 0);
            assert_string_equal(one.detail, other.detail);
            assert_int_equal(one.n_steps, other.n_steps);
            assert_close(one.values[0], other.values[0], 0, 0);
            n_pruned += one.state == DLN_TRIAL_PRUNED;
        }
        assert_in_range(n_pruned, 3, 28);
        rig_close(&rig[0]);
        rig_close(&rig[1]);
    }
}

static void a_program_that_ignores_the_request_is_killed_after_the_grace(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "trap '' TERM\necho step 1 loss: $((3 + $DIALIN_TRIAL))\n"
             "[ $DIALIN_TRIAL = 0 ] || while :; do sleep 1; done\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 2}\nmachine: {grace: 0.1s}\npruner: {threshold: {upper: 3.5}}\n");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_PRUNED);
    assert_close(rig_trial(&rig, 1).values[0], 4, 0, 0);
    rig_close(&rig);
}

static void a_second_attempt_begins_its_curve_anew(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "if [ ! -e tried ]; then\n"
             "    touch tried; for i in 1 2 3 4 5; do echo epoch $i loss: 9; done; exit 75\n"
             "fi\n"
             "echo epoch 1 loss: 2; echo epoch 2 loss: 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 1}\npruner: median\n");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
    assert_int_equal(trial.attempt, 2);
    assert_int_equal(trial.n_steps, 2);
    assert_close(trial.curve[1], 1, 0, 0);
    rig_close(&rig);
}

static void auto_says_in_the_journal_what_it_chose(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "echo loss: 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 1}\npruner: auto\n");
    rig_run(&rig);
    assert_true(rig_journal_says(&rig, "pruner auto: "));
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_trials_end_early_and_the_best_is_never_pruned),
        cmocka_unit_test(a_pruned_trial_records_who_when_and_what_was_compared),
        cmocka_unit_test(several_objectives_are_judged_by_the_one_of_prune_on),
        cmocka_unit_test(nan_ends_a_trial_without_a_value_and_steps_may_skip),
        cmocka_unit_test(a_study_that_was_stopped_decides_as_one_that_was_not),
        cmocka_unit_test(a_program_that_ignores_the_request_is_killed_after_the_grace),
        cmocka_unit_test(a_second_attempt_begins_its_curve_anew),
        cmocka_unit_test(auto_says_in_the_journal_what_it_chose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
