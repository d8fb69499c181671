/* Trials of several runs: folds, repeats, racing between them, and what survives a kill -9. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/num.h"
#include "support/engine_rig.h"

/* x plus 0, 1, 2 … by fold; each run leaves a line in `runs`. */
static const char counts[] =
    "echo \"$DIALIN_TRIAL $DIALIN_FOLD/$DIALIN_FOLDS $DIALIN_SEED\" >> runs\n"
    "awk -v x=\"${1#--x=}\" -v f=$DIALIN_FOLD "
    "'BEGIN { print \"loss: \" x + f }'\n";

static const char one_point[] = "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
                                "strategy: random\nseed: 7\n";

static void open_study(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[1024];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", one_point, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

/* The lines of a file of the study's folder that begin with a text. */
static int count_lines(const struct engine_rig *rig, const char *file, const char *start)
{
    char path[256];
    char line[256];
    int n = 0;
    rig_path(rig, file, path, sizeof path);
    FILE *stream = fopen(path, "r");
    if (!stream) return 0;
    while (fgets(line, sizeof line, stream))
        n += strncmp(line, start, strlen(start)) == 0;
    assert_int_equal(fclose(stream), 0);
    return n;
}

/* The seeds of a trial's runs, in their order. */
static size_t seeds_of(const struct engine_rig *rig, int64_t number, char out[][24], size_t cap)
{
    char path[256];
    char line[256];
    char start[24];
    size_t n = 0;
    rig_path(rig, "runs", path, sizeof path);
    assert_true(snprintf(start, sizeof start, "%d ", (int)number) > 0);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    while (fgets(line, sizeof line, stream) && n < cap) {
        if (strncmp(line, start, strlen(start)) != 0) continue;
        const char *seed = strrchr(line, ' ') + 1;
        assert_true(snprintf(out[n++], 24, "%.*s", (int)strcspn(seed, "\n"), seed) > 0);
    }
    assert_int_equal(fclose(stream), 0);
    return n;
}

static const char *attribute(struct engine_rig *rig, enum dln_attributes_of of, int64_t number,
                             const char *key)
{
    struct dln_error err = {0};
    const char *json = NULL;
    dln_store *store;
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    assert_ok(
        dln_store_attribute(store, of, rig_trial(rig, number).id, key, &rig->arena, &json, &err),
        err);
    dln_store_close(store);
    return json;
}

static void a_trial_is_the_mean_of_its_folds_and_keeps_each_of_them(void **state)
{
    (void)state;
    struct engine_rig rig;
    char seeds[2][8][24];
    open_study(&rig, counts, "folds: 3\nstart: [{x: 0.5}]\nbudget: {trials: 2}\n");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
    assert_close(trial.values[0], 1.5, 0, 1e-12);
    assert_int_equal(trial.n_runs, 3);
    assert_close(trial.spread[0], 1, 0, 1e-12);
    assert_int_equal(trial.n_steps, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(trial.steps[i], (int64_t)i);
        assert_close(trial.curve[i], 0.5 + (double)i, 0, 1e-12);
    }
    assert_int_equal(trial.attempt, 3);
    assert_true(rig_has(&rig, "t.runs/000000/fold0/stdout"));
    assert_true(rig_has(&rig, "t.runs/000000/fold2/stdout"));
    assert_int_equal(count_lines(&rig, "runs", "0 2/3"), 1);
    /* folds share a seed, which may have shuffled the rows; so do trials, to be comparable */
    assert_int_equal(seeds_of(&rig, 0, seeds[0], 8), 3);
    assert_int_equal(seeds_of(&rig, 1, seeds[1], 8), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(seeds[0][i], seeds[0][0]);
        assert_string_equal(seeds[1][i], seeds[0][0]);
    }
    assert_string_equal(attribute(&rig, DLN_OF_TRIAL, 0, "dialin_spread"),
                        "{\"n\": 3, \"take\": \"mean\", \"sd\": [1.0]}");
    assert_non_null(strstr(attribute(&rig, DLN_OF_TRIAL_SYSTEM, 0, "dialin:run:1"),
                           "\"metrics\": {\"loss\": 1.5}"));
    rig_close(&rig);
}

/* Prints its seed's remainder, so that repeats differ. */
static const char draws[] =
    "echo \"$DIALIN_TRIAL $DIALIN_FOLD/$DIALIN_FOLDS $DIALIN_SEED\" >> runs\n"
    "n=$(grep -c \"^$DIALIN_TRIAL \" runs)\n"
    "echo \"loss: $((n * n))\"\n";

static void repeats_are_taken_together_as_the_study_says(void **state)
{
    (void)state;
    static const struct {
        const char *take;
        double value; /* of 1, 4, 9, 16 */
        const char *goal;
    } cases[] = {
        {"mean", 7.5, "minimize"}, {"median", 6.5, "minimize"}, {"worst", 16, "minimize"},
        {"best", 1, "minimize"},   {"worst", 1, "maximize"},    {"best", 16, "maximize"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        struct engine_rig rig;
        char yaml[512];
        char seeds[8][24];
        assert_true(snprintf(yaml, sizeof yaml,
                             "objective: {%s: loss}\nspace: {x: {float: [0, 1]}}\nseed: 7\n"
                             "strategy: random\nrepeat: {runs: 4, take: %s}\nbudget: {trials: 1}\n",
                             cases[c].goal, cases[c].take) < (int)sizeof yaml);
        rig_open(&rig, draws, yaml);
        rig_run(&rig);
        const struct dln_trial trial = rig_trial(&rig, 0);
        assert_close(trial.values[0], cases[c].value, 0, 1e-12);
        assert_int_equal(trial.n_runs, 4);
        assert_int_equal(seeds_of(&rig, 0, seeds, 8), 4);
        for (size_t i = 1; i < 4; i++)
            assert_string_not_equal(seeds[i], seeds[i - 1]);
        rig_close(&rig);
    }
}

static void repeated_folds_take_a_new_seed_for_each_repeat(void **state)
{
    (void)state;
    struct engine_rig rig;
    char seeds[8][24];
    open_study(&rig, counts, "folds: 2\nrepeat: {runs: 2}\nstart: [{x: 0}]\nbudget: {trials: 1}\n");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).n_runs, 4);
    assert_close(rig_trial(&rig, 0).values[0], 0.5, 0, 1e-12);
    assert_int_equal(count_lines(&rig, "runs", "0 1/2"), 2);
    assert_int_equal(seeds_of(&rig, 0, seeds, 8), 4);
    assert_string_equal(seeds[0], seeds[1]);
    assert_string_equal(seeds[2], seeds[3]);
    assert_string_not_equal(seeds[1], seeds[2]);
    assert_true(rig_has(&rig, "t.runs/000000/run1fold1/stdout"));
    rig_close(&rig);
}

static void several_objectives_and_limits_are_taken_together_too(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    struct dln_history_row *rows;
    size_t n;
    dln_store *store;
    rig_open(&rig,
             "f=$DIALIN_FOLD\necho \"recall: 0.$f\"\necho \"p99: $((10 + f))\"\n"
             "echo \"mem: $((15 + f))\"\n",
             "objective: [{maximize: recall}, {minimize: p99}]\nspace: {x: {float: [0, 1]}}\n"
             "strategy: random\nseed: 7\nfolds: 3\nrepeat: {take: worst}\n"
             "limits: [mem <= 15.5]\nbudget: {trials: 1}\n");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_close(trial.values[0], 0, 0, 0);
    assert_close(trial.values[1], 12, 0, 0);
    assert_close(trial.spread[1], 1, 0, 1e-12);
    assert_string_equal(attribute(&rig, DLN_OF_TRIAL, 0, "mem"), "16.0");
    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_history(store, rig.study_id, &rig.study->space, 2, 0, &rig.arena, &rows, &n,
                                &err),
              err);
    dln_store_close(store);
    assert_close(rows[0].violation, 0.5, 0, 1e-12);
    rig_close(&rig);
}

static void a_fold_that_fails_is_tried_again_and_then_fails_the_trial(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_study(
        &rig,
        "echo \"$DIALIN_TRIAL $DIALIN_FOLD\" >> runs\n"
        "[ $DIALIN_TRIAL = 0 ] && [ $DIALIN_FOLD = 1 ] && exit 3\n"
        "[ $DIALIN_TRIAL = 1 ] && [ $DIALIN_FOLD = 1 ] && [ ! -f once ] && touch once && exit 3\n"
        "echo \"loss: 1\"\n",
        "folds: 3\nbudget: {trials: 2}\nfailure: {exit: retry, retry: 1}\n");
    rig_run(&rig);
    const struct dln_trial failed = rig_trial(&rig, 0);
    assert_int_equal(failed.state, DLN_TRIAL_FAIL);
    assert_int_equal(failed.reason, DLN_FAIL_EXIT);
    assert_int_equal(failed.n_runs, 0);
    assert_int_equal(count_lines(&rig, "runs", "0 0"), 1);
    assert_int_equal(count_lines(&rig, "runs", "0 1"), 2);
    assert_int_equal(count_lines(&rig, "runs", "0 2"), 0);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(rig_trial(&rig, 1).n_runs, 3);
    assert_int_equal(count_lines(&rig, "runs", "1 0"), 1);
    assert_int_equal(count_lines(&rig, "runs", "1 1"), 2);
    rig_close(&rig);
}

/* Fold 2 of trial 0 waits for the file `go`. */
static const char waits[] =
    "echo \"$DIALIN_TRIAL $DIALIN_FOLD/$DIALIN_FOLDS $DIALIN_SEED\" >> runs\n"
    "if [ $DIALIN_TRIAL = 0 ] && [ $DIALIN_FOLD = 2 ]; then\n"
    "    touch waiting\n"
    "    while [ ! -f go ]; do sleep 0.02; done\n"
    "fi\n"
    "awk -v x=\"${1#--x=}\" -v f=$DIALIN_FOLD "
    "'BEGIN { print \"loss: \" x + f }'\n";

static void a_person_prunes_between_folds_and_the_finished_ones_count(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_study(&rig, waits, "folds: 4\nstart: [{x: 0.25}]\nbudget: {trials: 1}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "waiting");
    rig_wait_run(&rig, 0);
    (void)rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_int_equal(trial.state, DLN_TRIAL_PRUNED);
    assert_close(trial.values[0], 0.75, 0, 1e-12); /* folds 0 and 1 */
    assert_int_equal(trial.n_runs, 2);
    assert_int_equal(trial.n_steps, 2);
    rig_close(&rig);
}

/* In a child: an engine that is killed when the file `waiting` is there. */
static void kill_an_engine_at_the_third_fold(struct engine_rig *rig)
{
    int status;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct dln_error err = {0};
        const struct dln_engine_options options = {
            .db_path = rig->db, .study_id = rig->study_id, .notify = &rig->wake};
        if (!dln_engine_start(&options, &rig->engine, &err)) _exit(1);
        (void)dln_engine_join(rig->engine, &err);
        _exit(2);
    }
    rig_wait_file(rig, "waiting");
    while (rig_trial(rig, 0).n_steps < 2)
        (void)poll(NULL, 0, 10);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

static void finished_folds_survive_a_kill_9_and_only_the_rest_is_run(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_study(&rig, waits, "folds: 4\nstart: [{x: 0.25}]\nbudget: {trials: 3}\n");
    kill_an_engine_at_the_third_fold(&rig);
    rig_write(&rig, "go", "");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
    assert_close(trial.values[0], 1.75, 0, 1e-12);
    assert_int_equal(trial.n_runs, 4);
    assert_int_equal(trial.n_steps, 4);
    assert_int_equal(count_lines(&rig, "runs", "0 0"), 1);
    assert_int_equal(count_lines(&rig, "runs", "0 1"), 1);
    assert_int_equal(count_lines(&rig, "runs", "0 2"), 2);
    assert_int_equal(count_lines(&rig, "runs", "0 3"), 1);
    rig_assert_numbers(&rig, 3);
    rig_close(&rig);
}

static void a_study_that_was_killed_gives_the_same_numbers_as_one_that_was_not(void **state)
{
    (void)state;
    static const char yaml[] = "folds: 4\nbudget: {trials: 6}\npruner: wilcoxon\n";
    struct engine_rig rig[2];
    for (int i = 0; i < 2; i++) {
        open_study(&rig[i], waits, yaml);
        if (i == 1) kill_an_engine_at_the_third_fold(&rig[i]);
        rig_write(&rig[i], "go", "");
        rig_run(&rig[i]);
    }
    for (int64_t t = 0; t < 6; t++) {
        const struct dln_trial a = rig_trial(&rig[0], t);
        const struct dln_trial b = rig_trial(&rig[1], t);
        assert_int_equal(a.state, b.state);
        assert_close(a.x[0], b.x[0], 0, 0);
        assert_close(a.values[0], b.values[0], 0, 0);
        assert_int_equal(a.n_runs, b.n_runs);
    }
    rig_close(&rig[0]);
    rig_close(&rig[1]);
}

static void a_resumed_trial_whose_folds_are_all_there_runs_nothing_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    dln_store *store;
    open_study(&rig, waits, "folds: 4\nstart: [{x: 0.25}]\nbudget: {trials: 1}\n");
    kill_an_engine_at_the_third_fold(&rig);
    /* as if the engine had died after the last commit of a run and before the trial's end */
    assert_ok(dln_store_open(rig.db, DLN_STORE_ENGINE, &store, &err), err);
    while (!dln_store_take_lease(store, rig.study_id, NULL, &err)) { /* its guardian tidies up */
        assert_int_equal(err.code, DLN_BUSY);
        err = (struct dln_error){0};
        (void)poll(NULL, 0, 10);
    }
    for (int i = 2; i < 4; i++) {
        const struct dln_part part = {
            .key = i == 2 ? DLN_KEY_RUN "2" : DLN_KEY_RUN "3",
            .json = "{\"fold\": 2, \"seed\": 1, \"metrics\": {\"loss\": 9.0}}",
            .has_report = true,
            .report = {i, 9},
        };
        assert_ok(dln_store_put_part(store, rig_trial(&rig, 0).id, &part, &err), err);
    }
    dln_store_close(store);
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    assert_close(rig_trial(&rig, 0).values[0], (0.25 + 1.25 + 9 + 9) / 4, 0, 1e-12);
    assert_int_equal(count_lines(&rig, "runs", "0 3"), 0);
    rig_close(&rig);
}

/* A loss that depends on x, plus noise of the fold that all trials share and noise of their own. */
static const char noisy[] = "echo \"$DIALIN_TRIAL $DIALIN_FOLD\" >> runs\n"
                            "awk -v x=\"${1#--x=}\" -v f=$DIALIN_FOLD -v t=$DIALIN_TRIAL 'BEGIN {\n"
                            "    srand(f * 7 + 1); rand(); shared = rand()\n"
                            "    srand(t * 1000 + f + 1); rand(); own = rand()\n"
                            "    print \"loss: \" (x - 0.3) * (x - 0.3) * 4 + shared + 0.2 * own\n"
                            "}'\n";

static void racing_saves_runs_and_finds_the_same_winner(void **state)
{
    (void)state;
    struct engine_rig rig[2];
    int n_runs[2];
    for (int i = 0; i < 2; i++) {
        char more[160];
        assert_true(snprintf(more, sizeof more,
                             "folds: 10\nbudget: {trials: 20}\npruner: %s\n"
                             "machine: {parallel: 2}\n",
                             i == 0 ? "none" : "wilcoxon") < (int)sizeof more);
        open_study(&rig[i], noisy, more);
        rig_run(&rig[i]);
        n_runs[i] = count_lines(&rig[i], "runs", "");
    }
    print_message("racing: %d runs instead of %d\n", n_runs[1], n_runs[0]);
    assert_int_equal(n_runs[0], 200);
    assert_true(n_runs[1] < n_runs[0]);
    const struct dln_study_summary whole = rig_summary(&rig[0]);
    const struct dln_study_summary raced = rig_summary(&rig[1]);
    assert_int_equal(raced.best_number, whole.best_number);
    assert_close(raced.best_value, whole.best_value, 0, 1e-12);
    assert_true(raced.counts[DLN_TRIAL_PRUNED] > 0);
    assert_int_equal(raced.counts[DLN_TRIAL_PRUNED] + raced.counts[DLN_TRIAL_COMPLETE], 20);
    rig_close(&rig[0]);
    rig_close(&rig[1]);
}

static void what_programs_leave_in_the_folders_of_their_runs_is_tidied(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_study(&rig, "echo big > $DIALIN_DIR/model.bin\necho \"loss: ${1#--x=}\"\n",
               "folds: 2\nkeep: {top: 1}\nstart: [{x: 0.1}, {x: 0.9}]\nbudget: {trials: 2}\n");
    rig_run(&rig);
    assert_true(rig_has(&rig, "t.runs/000000/fold1/model.bin"));
    assert_false(rig_has(&rig, "t.runs/000001/fold1/model.bin"));
    assert_true(rig_has(&rig, "t.runs/000001/fold1/stdout"));
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_is_the_mean_of_its_folds_and_keeps_each_of_them),
        cmocka_unit_test(repeats_are_taken_together_as_the_study_says),
        cmocka_unit_test(repeated_folds_take_a_new_seed_for_each_repeat),
        cmocka_unit_test(several_objectives_and_limits_are_taken_together_too),
        cmocka_unit_test(a_fold_that_fails_is_tried_again_and_then_fails_the_trial),
        cmocka_unit_test(a_person_prunes_between_folds_and_the_finished_ones_count),
        cmocka_unit_test(finished_folds_survive_a_kill_9_and_only_the_rest_is_run),
        cmocka_unit_test(a_study_that_was_killed_gives_the_same_numbers_as_one_that_was_not),
        cmocka_unit_test(a_resumed_trial_whose_folds_are_all_there_runs_nothing_again),
        cmocka_unit_test(racing_saves_runs_and_finds_the_same_winner),
        cmocka_unit_test(what_programs_leave_in_the_folders_of_their_runs_is_tidied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
