/* Another strategy in the middle of a study: by the engine that runs, or where none is alive. */
#include "support/engine_rig.h"

static const char plain[] = "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}, y: {float: [0, 1]}}\n"
                            "strategy: random\n"
                            "seed: 11\n";
/* prints (x − 0.3)² + y; waits for the file go.N of its trial where `gates` is there */
static const char bowl[] = "touch started.$DIALIN_TRIAL\n"
                           "while [ -e gates ] && [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
                           "echo \"$1 $2\" | sed 's/--x=//; s/--y=//' |\n"
                           "    awk '{ print \"loss:\", ($1 - 0.3) * ($1 - 0.3) + $2 }'\n";

static void open_rig(struct engine_rig *rig, const char *more)
{
    char yaml[1024];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", plain, more) < (int)sizeof yaml);
    rig_open(rig, bowl, yaml);
}

static struct dln_study *definition(struct engine_rig *rig)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    struct dln_study *study = NULL;
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_definition(store, rig->study_id, &study, &err), err);
    dln_store_close(store);
    return study;
}

static void release(struct engine_rig *rig, int64_t number)
{
    char file[32];
    (void)snprintf(file, sizeof file, "go.%d", (int)number);
    rig_write(rig, file, "");
}

static void the_next_trial_asks_the_new_strategy_with_all_trials_as_evidence(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 20}\n");
    rig_write(&rig, "gates", "");
    for (int64_t i = 0; i < 15; i++)
        release(&rig, i);
    rig_start(&rig);
    rig_wait_file(&rig, "started.15");
    assert_string_equal(
        rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, "{\"strategy\": {\"tpe\": {\"startup\": 12}}}"),
        "strategy random → tpe startup=12 from the next trial on");
    for (int64_t i = 15; i < 20; i++)
        release(&rig, i);
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 20);
    assert_string_equal(rig_trial(&rig, 15).strategy, "random"); /* it ran already */
    for (int64_t i = 16; i < 20; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_string_equal(trial.strategy, "tpe");
        assert_non_null(strstr(trial.why, "denser among the best")); /* it has what it needs */
    }
    assert_string_equal(rig_summary(&rig).strategy, "tpe");
    assert_true(rig_journal_says(&rig, "strategy random → tpe"));
    rig_close(&rig);
}

/* The points of trials 0 to 11 of a study that is switched before trial 6. */
static void play(bool stops, double points[12][2])
{
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 6}\n");
    rig_run(&rig);
    (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY,
                    "{\"strategy\": {\"de\": {\"population\": 4}}}");
    if (stops) {
        (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 9}");
        rig_run(&rig);
    }
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 12}");
    rig_run(&rig);
    for (int64_t i = 0; i < 12; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_string_equal(trial.strategy, i < 6 ? "random" : "de");
        memcpy(points[i], trial.x, sizeof points[i]);
    }
    rig_close(&rig);
}

static void a_study_that_was_switched_proposes_the_same_after_a_stop(void **state)
{
    (void)state;
    double once[12][2];
    double stopped[12][2];
    play(false, once);
    play(true, stopped);
    assert_memory_equal(once, stopped, sizeof once);
}

static void without_an_engine_the_next_start_uses_it(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 4}\n");
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, "{\"strategy\": \"sobol\"}"),
                        "strategy random → sobol from the next start on");
    struct dln_study *study = definition(&rig);
    assert_string_equal(study->strategy.name, "sobol");
    dln_study_free(study);
    assert_string_equal(rig_summary(&rig).strategy, "sobol");
    rig_run(&rig);
    for (int64_t i = 0; i < 4; i++)
        assert_string_equal(rig_trial(&rig, i).strategy, "sobol");
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_DONE);
    (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, "{\"strategy\": \"gp\"}");
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_IDLE);
    rig_close(&rig);
}

static void what_was_set_can_be_undone(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    struct dln_command *journal;
    size_t n;
    dln_store *store = NULL;
    open_rig(&rig, "");
    (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY,
                    "{\"strategy\": {\"grid\": {\"order\": \"sequential\", \"values\": {\"x\": [0, "
                    "0.5]}}}}");
    (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, "{\"strategy\": \"gp\"}");
    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_journal(store, rig.study_id, 0, 1, &rig.arena, &journal, &n, &err), err);
    dln_store_close(store);
    assert_int_equal(n, 1);
    assert_true(strlen(journal[0].who) > 0);
    (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, journal[0].undo);
    struct dln_study *study = definition(&rig);
    assert_string_equal(study->strategy.name, "grid");
    assert_int_equal(study->strategy.n_settings, 2);
    assert_string_equal(study->strategy.settings[1].value.text, "{\"x\": [0, 0.5]}");
    dln_study_free(study);
    rig_close(&rig);
}

static void refuses(struct engine_rig *rig, const char *payload, const char *words)
{
    const char *answer = rig_refused(rig, DLN_COMMAND_SET_STRATEGY, payload);
    if (!strstr(answer, words)) fail_msg("'%s' does not say '%s'", answer, words);
    assert_null(strstr(answer, "0:0")); /* there is no file to look into */
}

static void what_is_unknown_or_cannot_work_is_refused(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "");
    refuses(&rig, "{\"strategy\": \"tpee\"}", "there is no strategy 'tpee'; did you mean 'tpe'?");
    refuses(&rig, "{\"strategy\": {\"tpe\": {\"startpu\": 3}}}", "did you mean 'startup'?");
    refuses(&rig, "{\"strategy\": {\"tpe\": {\"startup\": 0}}}", "whole number from 1");
    refuses(&rig, "{\"strategy\": {\"tpe\": {\"startup\": \"few\"}}}", "whole number from 1");
    refuses(&rig, "{\"strategy\": {\"grid\": {\"values\": {\"z\": [1]}}}}", "no parameter 'z'");
    refuses(&rig, "{\"strategy\": \"random\"}", "already");
    refuses(&rig, "{\"strategy\": {}}", "must be a name");
    refuses(&rig, "{\"strategy\": {\"gp\": 3}}", "must be a name");
    refuses(&rig, "{\"strategy\": {\"gp\": {}, \"tpe\": {}}}", "must be a name");
    refuses(&rig, "{}", "must be a name");
    assert_string_equal(rig_summary(&rig).strategy, "random");
    rig_close(&rig);

    rig_open(&rig, bowl,
             "objective: [{minimize: loss}, {maximize: speed}]\n"
             "space: {x: {float: [0, 1]}}\n"
             "strategy: nsga2\n");
    refuses(&rig, "{\"strategy\": \"cmaes\"}", "'cmaes' has one goal only, not 2");
    rig_close(&rig);

    rig_open(&rig, bowl,
             "objective: {minimize: loss}\n"
             "space: {a: {int: [0, 9000000000]}, b: {int: [0, 9000000000]}}\n"
             "strategy: random\n");
    refuses(&rig, "{\"strategy\": \"grid\"}", "2^64");
    rig_close(&rig);
}

/* ── another pruner ────────────────────────────────────────────────────────────────────────────*/

/* three reports of x, with a stop before the last two where `gates` is there */
static const char curve[] = "x=${1#--x=}\n"
                            "echo \"step: 1 loss: $x\"\n"
                            "touch started.$DIALIN_TRIAL\n"
                            "while [ -e gates ] && [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
                            "echo \"step: 2 loss: $x\"\n"
                            "sleep 0.2\n"
                            "echo \"step: 3 loss: $x\"\n";
static const char line[] = "objective: {minimize: loss}\n"
                           "space: {x: {float: [0, 1]}}\n"
                           "strategy: {grid: {order: sequential, values: {x: [0.1, 0.2, 0.3, 0.4,"
                           " 0.5, 0.9]}}}\n"
                           "seed: 11\n";

static void a_trial_that_runs_is_judged_by_the_new_pruner(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, curve, line);
    rig_write(&rig, "gates", "");
    for (int64_t i = 0; i < 5; i++)
        release(&rig, i);
    rig_start(&rig);
    rig_wait_file(&rig, "started.5");
    assert_string_equal(
        rig_steer(&rig, DLN_COMMAND_SET_PRUNER, "{\"pruner\": {\"median\": {\"startup\": 3}}}"),
        "pruner none → median startup=3 from the next report on");
    release(&rig, 5);
    rig_join(&rig, DLN_OUTCOME_DONE);
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(rig_trial(&rig, i).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(rig_trial(&rig, 5).state, DLN_TRIAL_PRUNED); /* 0.9, at its second report */
    struct dln_study *study = definition(&rig);
    assert_string_equal(study->pruner.name, "median");
    dln_study_free(study);
    rig_close(&rig);
}

static void the_pruner_that_was_set_can_be_undone(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    struct dln_command *journal;
    size_t n;
    dln_store *store = NULL;
    rig_open(&rig, curve, line);
    (void)rig_steer(&rig, DLN_COMMAND_SET_PRUNER, "{\"pruner\": {\"asha\": {\"eta\": 4}}}");
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_PRUNER, "{\"pruner\": \"none\"}"),
                        "pruner asha eta=4 → none from the next start on");
    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_journal(store, rig.study_id, 0, 1, &rig.arena, &journal, &n, &err), err);
    dln_store_close(store);
    assert_int_equal(n, 1);
    (void)rig_steer(&rig, DLN_COMMAND_SET_PRUNER, journal[0].undo);
    struct dln_study *study = definition(&rig);
    assert_string_equal(study->pruner.name, "asha");
    assert_int_equal(study->pruner.n_settings, 1);
    dln_study_free(study);
    rig_close(&rig);
}

static void refuses_pruner(struct engine_rig *rig, const char *payload, const char *words)
{
    const char *answer = rig_refused(rig, DLN_COMMAND_SET_PRUNER, payload);
    if (!strstr(answer, words)) fail_msg("'%s' does not say '%s'", answer, words);
    assert_null(strstr(answer, "0:0"));
}

static void a_pruner_that_cannot_work_is_refused(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, curve, line);
    refuses_pruner(&rig, "{\"pruner\": \"ash\"}", "did you mean 'asha'?");
    refuses_pruner(&rig, "{\"pruner\": {\"asha\": {\"eta\": 1}}}", "whole number from 2");
    refuses_pruner(&rig, "{\"pruner\": {\"none\": {\"eta\": 3}}}", "has no settings");
    refuses_pruner(&rig, "{\"pruner\": \"none\"}", "already");
    rig_close(&rig);
    rig_open(&rig, curve,
             "objective: [{minimize: loss}, {maximize: speed}]\n"
             "space: {x: {float: [0, 1]}}\n"
             "strategy: nsga2\n");
    refuses_pruner(&rig, "{\"pruner\": \"median\"}", "needs 'prune_on'");
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_trial_asks_the_new_strategy_with_all_trials_as_evidence),
        cmocka_unit_test(a_study_that_was_switched_proposes_the_same_after_a_stop),
        cmocka_unit_test(without_an_engine_the_next_start_uses_it),
        cmocka_unit_test(what_was_set_can_be_undone),
        cmocka_unit_test(what_is_unknown_or_cannot_work_is_refused),
        cmocka_unit_test(a_trial_that_runs_is_judged_by_the_new_pruner),
        cmocka_unit_test(the_pruner_that_was_set_can_be_undone),
        cmocka_unit_test(a_pruner_that_cannot_work_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
