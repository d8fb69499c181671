#include "support/test.h"

#include <unistd.h>

#include "dialin/study.h"
#include "dialin/trial.h"

static struct dln_study *read_example(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/studies/%s.yaml", TEST_DATA, name);
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_ok(dln_study_read_file(path, &study, &err), err);
    return study;
}

static struct dln_study *read_text(const char *text)
{
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_ok(dln_study_read("/data/mine.yaml", text, strlen(text), &study, &err), err);
    return study;
}

#define BASE "objective: {maximize: acc}\nspace: {x: {float: [0, 1]}, k: {choice: [a, b]}}\n"

static void assert_words(const struct dln_words *words, size_t n, const char *const *expected)
{
    assert_int_equal(words->n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(words->word[i], expected[i]);
}

static const struct dln_param *param_of(const struct dln_study *study, const char *name)
{
    const size_t index = dln_space_find(&study->space, name);
    assert_true(index < study->space.n);
    return &study->space.params[index];
}

/* ── the examples ──────────────────────────────────────────────────────────────────────────────*/

static void the_pytorch_example_means_what_it_says(void **state)
{
    (void)state;
    struct dln_study *study = read_example("cifar10-resnet");
    assert_string_equal(study->name, "cifar10-resnet");
    assert_string_equal(study->directory, TEST_DATA "/studies");
    const char *const run[] = {"python", "train.py", "--data", "cifar10", "--epochs",
                               "60",     "--seed",   "{seed}", "{args}"};
    assert_words(&study->run, 9, run);
    assert_int_equal(study->run.line, 2);
    assert_int_equal(study->run.column, 6);
    assert_int_equal(study->n_objectives, 1);
    assert_string_equal(study->objectives[0].metric, "val_acc");
    assert_true(study->objectives[0].maximize);

    assert_int_equal(study->space.n, 8);
    const struct dln_param *lr = param_of(study, "lr");
    assert_int_equal(lr->kind, DLN_PARAM_FLOAT);
    assert_true(lr->low == 1e-5 && lr->high == 0.1 && lr->log);
    assert_true(lr->has_initial && lr->initial == 1e-3);
    const struct dln_param *batch = param_of(study, "batch_size");
    assert_int_equal(batch->kind, DLN_PARAM_CHOICE);
    assert_int_equal(batch->n_choices, 4);
    assert_true(batch->ordered && batch->choices[3].number == 512);
    assert_int_equal(batch->choices[3].kind, DLN_SCALAR_INT);
    assert_string_equal(batch->choices[3].text, "512");
    const struct dln_param *momentum = param_of(study, "momentum");
    assert_string_equal(momentum->when_text, "optimizer == sgd");
    assert_non_null(momentum->when);
    assert_true(param_of(study, "dropout")->step == 0.05);
    assert_int_equal(param_of(study, "layers")->kind, DLN_PARAM_INT);
    assert_int_equal(param_of(study, "amp")->kind, DLN_PARAM_FLAG);
    assert_string_equal(param_of(study, "amp")->choices[0].text, "False");

    assert_string_equal(study->strategy.name, "auto");
    assert_string_equal(study->pruner.name, "asha");
    assert_int_equal(study->pruner.n_settings, 4);
    assert_string_equal(study->pruner.settings[0].name, "step");
    assert_string_equal(study->pruner.settings[0].value.text, "epoch");
    assert_true(study->pruner.settings[2].value.number == 60);
    assert_int_equal(study->budget.trials, 200);
    assert_true(study->budget.time_s == 12 * 3600);
    assert_int_equal(study->budget.no_improvement, 50);
    assert_true(study->machine.gpus_auto && study->machine.gpus_per_trial == 1);
    assert_int_equal(study->machine.timeout_ms, 2 * 3600 * 1000);
    assert_int_equal(study->policy[DLN_FAIL_OOM], DLN_POLICY_AVOID);
    assert_int_equal(study->policy[DLN_FAIL_NAN], DLN_POLICY_RETRY);
    assert_int_equal(study->retries, 1);
    assert_int_equal(study->n_start, 2);
    assert_true(study->confirm.given && study->confirm.top == 5 && study->confirm.seeds == 5);
    assert_string_equal(study->confirm.metric, "test_acc");
    assert_int_equal(study->confirm.run.n, 6);
    assert_int_equal(study->n_warnings, 0);
    dln_study_free(study);
}

static void start_points_become_values(void **state)
{
    (void)state;
    struct dln_study *study = read_example("cifar10-resnet");
    double x[8];
    dln_study_start_point(study, 0, x);
    assert_true(study->start[0].is_default);
    assert_close(x[0], 1e-3, 0, 0);
    assert_close(x[3], 0, 0, 0);
    assert_false(isnan(x[4])); /* momentum belongs to sgd, the first choice */
    dln_study_start_point(study, 1, x);
    assert_close(x[dln_space_find(&study->space, "lr")], 3e-4, 0, 0);
    assert_close(x[dln_space_find(&study->space, "optimizer")], 1, 0, 0);
    assert_true(isnan(x[dln_space_find(&study->space, "layers")]));
    dln_study_free(study);
}

static void the_cross_validation_example_means_what_it_says(void **state)
{
    (void)state;
    struct dln_study *study = read_example("svm-digits");
    const char *const run[] = {"python3", "cv.py",   "--fold",  "{fold}",   "--C",
                               "{C}",     "--gamma", "{gamma}", "--kernel", "{kernel}"};
    assert_words(&study->run, 10, run);
    assert_int_equal(study->folds, 5);
    assert_string_equal(study->strategy.name, "gp");
    assert_string_equal(study->pruner.name, "wilcoxon");
    assert_int_equal(study->machine.parallel, 8);
    assert_int_equal(study->machine.cpus_per_trial, 1);
    assert_int_equal(study->confirm.folds, 10);
    dln_study_free(study);
}

static void the_two_objective_example_means_what_it_says(void **state)
{
    (void)state;
    struct dln_study *study = read_example("ann-index");
    const char *const run[] = {"./bench", "--index", "hnsw", "--threads", "8", "{args:--k v}"};
    assert_words(&study->run, 6, run);
    assert_int_equal(study->n_objectives, 2);
    assert_string_equal(study->objectives[1].metric, "p99_ms");
    assert_false(study->objectives[1].maximize);
    assert_int_equal(study->n_limits, 1);
    assert_string_equal(study->limits[0].text, "mem_gb <= 16");
    assert_non_null(study->limits[0].expr);
    assert_true(study->budget.slot_s == 20 * 3600);
    assert_int_equal(study->repeat_runs, 3);
    assert_int_equal(study->take, DLN_TAKE_MEDIAN);
    dln_study_free(study);
}

static void the_conditional_example_means_what_it_says(void **state)
{
    (void)state;
    struct dln_study *study = read_example("tabular-models");
    assert_string_equal(study->config_from, "base.yaml");
    assert_int_equal(study->config_as, DLN_CONFIG_YAML);
    assert_int_equal(study->n_patterns, 1);
    assert_string_equal(study->patterns[0].name, "rmse");
    assert_string_equal(study->patterns[0].regex, "holdout RMSE\\s+(\\S+)");
    assert_string_equal(study->strategy.name, "tpe");
    assert_string_equal(study->strategy.settings[0].name, "startup");
    assert_true(study->strategy.settings[0].value.number == 20);
    assert_int_equal(study->strategy.settings[0].line, 16);
    assert_int_equal(study->policy[DLN_FAIL_NAN], DLN_POLICY_AVOID);
    const struct dln_param *norm = param_of(study, "mlp.norm");
    assert_int_equal(norm->choices[0].kind, DLN_SCALAR_NULL);
    assert_string_equal(norm->choices[0].text, "None");

    /* mlp, widest and deepest: the constraint is broken; xgb leaves all of mlp out */
    double x[8] = {0};
    assert_int_equal(study->space.n, 8);
    x[dln_space_find(&study->space, "mlp.layers")] = 6;
    x[dln_space_find(&study->space, "mlp.width")] = 4;
    x[dln_space_find(&study->space, "mlp.norm")] = 1;
    dln_space_activate(&study->space, x);
    assert_false(isnan(x[dln_space_find(&study->space, "mlp.norm_momentum")]));
    assert_false(dln_space_allows(&study->space, x, NULL));
    x[0] = 1;
    dln_space_activate(&study->space, x);
    assert_true(isnan(x[dln_space_find(&study->space, "mlp.norm_momentum")]));
    assert_true(dln_space_allows(&study->space, x, NULL));
    dln_study_free(study);
}

/* ── defaults and keys ─────────────────────────────────────────────────────────────────────────*/

static void what_is_not_given_has_the_documented_default(void **state)
{
    (void)state;
    struct dln_study *study = read_text(BASE);
    assert_string_equal(study->name, "mine");
    assert_string_equal(study->path, "/data/mine.yaml");
    assert_string_equal(study->directory, "/data");
    assert_string_equal(study->text, BASE);
    assert_int_equal(study->text_len, strlen(BASE));
    assert_int_equal(study->run.n, 0);
    assert_string_equal(study->strategy.name, "auto");
    assert_string_equal(study->pruner.name, "none");
    assert_int_equal(study->budget.trials, 100);
    assert_false(study->budget.has_target);
    assert_int_equal(study->machine.parallel, 1);
    assert_int_equal(study->machine.gpus, -1);
    assert_int_equal(study->machine.grace_ms, 15000);
    assert_int_equal(study->machine.log_limit_bytes, 50000000);
    assert_int_equal(study->machine.timeout_ms, 0);
    assert_string_equal(study->machine.executor, "local");
    assert_int_equal(study->folds, 1);
    assert_int_equal(study->repeat_runs, 1);
    assert_int_equal(study->take, DLN_TAKE_MEAN);
    assert_int_equal(study->aggregate, DLN_AGGREGATE_LAST);
    assert_int_equal(study->duplicates, DLN_DUPLICATES_AVOID);
    assert_int_equal(study->retries, 1);
    assert_int_equal(study->pause_after, 5);
    assert_int_equal(study->policy[DLN_FAIL_EXIT], DLN_POLICY_RETRY);
    assert_int_equal(study->policy[DLN_FAIL_STOPPED], DLN_POLICY_IGNORE);
    assert_false(study->has_seed || study->confirm.given);
    assert_null(study->dir);
    assert_int_equal(study->keep_top, -1);
    dln_study_free(study);
}

static void a_budget_replaces_the_default_one(void **state)
{
    (void)state;
    struct dln_study *study = read_text(BASE "budget: {time: 1.5h, target: 0.9}\n");
    assert_int_equal(study->budget.trials, 0);
    assert_true(study->budget.time_s == 5400);
    assert_true(study->budget.has_target && study->budget.target == 0.9);
    dln_study_free(study);
}

static void every_remaining_key_is_read(void **state)
{
    (void)state;
    struct dln_study *study =
        read_text(BASE "study: 2024\n"
                       "aggregate: best\n"
                       "duplicates: reuse\n"
                       "seed: 9223372036854775807\n"
                       "dir: /scratch/runs\n"
                       "fixed: {data: cifar10, n: 3, on: true, list: [1, a, {b: null}]}\n"
                       "env: {DEBUG: 1, FLAG: true, EMPTY: , PATH_X: '/a b'}\n"
                       "hooks: {finish: notify done}\n"
                       "keep: {top: 3}\n"
                       "warm_start: [old.db, older.db]\n"
                       "checkpoint: true\n"
                       "machine: {parallel: 4, idle_timeout: 10m, grace: 2s, log_limit: 1MiB}\n"
                       "failure: {nan: ignore, lost: retry, retry: 3, pause_after: 0}\n"
                       "worker: python3 'my worker.py'\n");
    assert_string_equal(study->name, "2024");
    assert_int_equal(study->aggregate, DLN_AGGREGATE_BEST);
    assert_int_equal(study->duplicates, DLN_DUPLICATES_REUSE);
    assert_true(study->has_seed && study->seed == INT64_MAX);
    assert_string_equal(study->dir, "/scratch/runs");
    assert_int_equal(study->n_fixed, 4);
    assert_string_equal(study->fixed[2].value.text, "True");
    assert_int_equal(study->fixed[3].value.kind, DLN_SCALAR_JSON);
    assert_string_equal(study->fixed[3].value.text, "[1, \"a\", {\"b\": null}]");
    assert_int_equal(study->n_env, 4);
    assert_string_equal(study->env[1].value.text, "true");
    assert_string_equal(study->env[2].value.text, "");
    assert_string_equal(study->env[3].value.text, "/a b");
    assert_string_equal(study->hooks[0].name, "finish");
    assert_string_equal(study->hooks[0].value.text, "notify done");
    assert_int_equal(study->keep_top, 3);
    assert_string_equal(study->checkpoint, "checkpoint");
    assert_int_equal(study->n_warm_start, 2);
    assert_string_equal(study->warm_start[1], "older.db");
    assert_int_equal(study->machine.idle_timeout_ms, 600000);
    assert_int_equal(study->machine.grace_ms, 2000);
    assert_int_equal(study->machine.log_limit_bytes, 1048576);
    assert_int_equal(study->policy[DLN_FAIL_NAN], DLN_POLICY_IGNORE);
    assert_int_equal(study->retries, 3);
    assert_int_equal(study->pause_after, 0);
    const char *const worker[] = {"python3", "my worker.py"};
    assert_words(&study->worker, 2, worker);
    dln_study_free(study);
}

static void the_order_of_keys_does_not_matter(void **state)
{
    (void)state;
    struct dln_study *study =
        read_text("start: [{lr: 0.1, opt: sgd}]\n"
                  "constraints: [lr < 0.5]\n"
                  "space:\n"
                  "  momentum: {when: opt == sgd, default: 0.9, float: [0, 1]}\n"
                  "  lr: {default: 0.1, log: true, float: [0.01, 1]}\n"
                  "  opt: {choice: [adam, sgd]}\n"
                  "objective: {minimize: loss}\n");
    assert_int_equal(study->space.order[0], 1);
    assert_int_equal(study->space.order[2], 0);
    assert_true(study->space.params[0].initial == 0.9);
    dln_study_free(study);
}

static void scalars_follow_the_core_schema(void **state)
{
    (void)state;
    struct dln_study *study = read_text(
        "objective: {minimize: loss}\n"
        "space: {k: {choice: [1e-5, 010, 0x1F, '7', yes, null, .5, -2.0, 1_000, 2024-01-01,\n"
        "                     18446744073709551616, [1, true], nan, +3, 'true', -0o17]}}\n"
        "start: [{k: 31}, {k: +3.0}, {k: '7'}]\n"
        "fixed: {a: , b: ~, c: \"null\"}\n");
    static const struct {
        enum dln_scalar_kind kind;
        const char *text;
    } expected[] = {
        {DLN_SCALAR_REAL, "1e-05"},
        {DLN_SCALAR_INT, "10"},
        {DLN_SCALAR_INT, "31"},
        {DLN_SCALAR_TEXT, "7"},
        {DLN_SCALAR_TEXT, "yes"},
        {DLN_SCALAR_NULL, "None"},
        {DLN_SCALAR_REAL, "0.5"},
        {DLN_SCALAR_REAL, "-2.0"},
        {DLN_SCALAR_TEXT, "1_000"},
        {DLN_SCALAR_TEXT, "2024-01-01"},
        {DLN_SCALAR_INT, "18446744073709551616"},
        {DLN_SCALAR_JSON, "[1, true]"},
        {DLN_SCALAR_TEXT, "nan"},
        {DLN_SCALAR_INT, "3"},
        {DLN_SCALAR_TEXT, "true"},
        {DLN_SCALAR_TEXT, "-0o17"},
    };
    const struct dln_param *k = &study->space.params[0];
    assert_int_equal(k->n_choices, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < k->n_choices; i++) {
        assert_int_equal(k->choices[i].kind, expected[i].kind);
        assert_string_equal(k->choices[i].text, expected[i].text);
    }
    double x;
    dln_study_start_point(study, 0, &x);
    assert_close(x, 2, 0, 0);
    dln_study_start_point(study, 1, &x);
    assert_close(x, 13, 0, 0);
    dln_study_start_point(study, 2, &x);
    assert_close(x, 3, 0, 0);
    assert_int_equal(study->fixed[0].value.kind, DLN_SCALAR_NULL);
    assert_int_equal(study->fixed[1].value.kind, DLN_SCALAR_NULL);
    assert_int_equal(study->fixed[2].value.kind, DLN_SCALAR_TEXT);
    dln_study_free(study);
}

static void a_stepped_high_is_lowered_to_the_last_step_and_told(void **state)
{
    (void)state;
    struct dln_study *study = read_text("objective: {minimize: loss}\n"
                                        "space:\n"
                                        "  a: {float: [0.1, 0.95], step: 0.25}\n"
                                        "  b: {int: [1, 10], step: 4}\n"
                                        "  c: {int: [1, 3], step: 5}\n");
    assert_true(study->space.params[0].high == 0.85);
    assert_true(study->space.params[1].high == 9);
    assert_true(dln_param_is_single(&study->space.params[2]));
    assert_int_equal(study->n_warnings, 3);
    assert_string_equal(
        study->warnings[0],
        "/data/mine.yaml:3:33: 'high' of 'a' is lowered from 0.95 to 0.85, the last step");
    dln_study_free(study);
}

static void words_of_other_dialects_are_told_once(void **state)
{
    (void)state;
    struct dln_study *study = read_text("objective: {minimize: loss}\n"
                                        "space: {a: {choice: [yes, no]}, b: {choice: [on, off]}}\n"
                                        "limits: [los <= 1]\n");
    assert_int_equal(study->n_warnings, 2);
    assert_string_equal(study->warnings[0],
                        "/data/mine.yaml:2:22: 'yes' is a text here; only true, false and null are "
                        "words, and quotes make a text plain to see");
    assert_string_equal(
        study->warnings[1],
        "/data/mine.yaml:3:10: 'los' is looked for in the output as a metric of its "
        "own; did you mean 'loss'?");
    dln_study_free(study);
}

/* ── commands ──────────────────────────────────────────────────────────────────────────────────*/

static void a_command_line_is_split_as_a_shell_does(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        size_t n;
        const char *words[8];
    } cases[] = {
        {"run: a b\tc", 3, {"a", "b", "c"}},
        {"run: a 'b  c' \"d \\\" \\$ \\n\" e\\ f", 4, {"a", "b  c", "d \" $ \\n", "e f"}},
        {"run: a '' --x={x}y", 3, {"a", "", "--x={x}y"}},
        {"run: a x'y'\"z\"", 2, {"a", "xyz"}},
        {"run: a {args:--k v} b", 3, {"a", "{args:--k v}", "b"}},
        {"run: a {{args:--k v}}", 3, {"a", "{{args:--k", "v}}"}},
        {"run: >\n  python\n  train.py {args}", 3, {"python", "train.py", "{args}"}},
        {"run: [sh, -c, 'train \"$1\" | tee log', sh, '{lr}', 5]",
         6,
         {"sh", "-c", "train \"$1\" | tee log", "sh", "{lr}", "5"}},
        {"run: a '\\\\'", 2, {"a", "\\\\"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s%s\n", BASE, cases[i].yaml);
        struct dln_study *study = read_text(text);
        assert_words(&study->run, cases[i].n, cases[i].words);
        assert_int_equal(study->n_warnings, 0);
        dln_study_free(study);
    }
}

static void a_word_meant_for_a_shell_is_told(void **state)
{
    (void)state;
    struct dln_study *study = read_text(BASE "run: train {x} | tee log\n");
    assert_int_equal(study->run.n, 5);
    assert_int_equal(study->n_warnings, 1);
    assert_string_equal(
        study->warnings[0],
        "/data/mine.yaml:3:6: there is no shell between dialin and the program: '|' "
        "reaches it as a word; for a shell write [sh, -c, '…', sh, …]");
    dln_study_free(study);
}

static void a_value_that_looks_like_an_option_is_told(void **state)
{
    (void)state;
    struct dln_study *study = read_text("objective: {minimize: loss}\n"
                                        "space:\n"
                                        "  shift: {float: [-1, 1]}\n"
                                        "  mode: {choice: [a, -b]}\n"
                                        "  lr: {float: [0, 1]}\n"
                                        "run: t --shift {shift} --m={mode} --lr {lr} {mode}\n");
    assert_int_equal(study->n_warnings, 2);
    assert_string_equal(study->warnings[0],
                        "/data/mine.yaml:6:6: the value of 'shift' may begin with '-' and be taken "
                        "for an option; --NAME={shift} in one word is safe");
    assert_non_null(strstr(study->warnings[1], "'mode'"));
    dln_study_free(study);
}

/* ── what can run ──────────────────────────────────────────────────────────────────────────────*/

static void a_confirmation_of_several_objectives_names_one(void **state)
{
    (void)state;
    static const struct {
        const char *metric, *sentence;
    } cases[] = {
        {"", "s.yaml:3:10: 'confirm' of a study with several objectives needs 'metric', the one to "
             "judge by"},
        {", metric: test",
         "s.yaml:3:37: 'confirm' of a study with several objectives needs 'metric', the one to "
         "judge by; this is none of them"},
        {", metric: size", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "objective: [{minimize: loss}, {minimize: size}]\nspace: {x: {float: [0, 1]}}\n"
                 "confirm: {top: 5, seeds: 3%s}\n",
                 cases[i].metric);
        struct dln_study *study = NULL;
        struct dln_error err = {0};
        const bool ok = dln_study_read("s.yaml", text, strlen(text), &study, &err);
        assert_int_equal(ok, cases[i].sentence == NULL);
        if (!ok) assert_string_equal(err.text, cases[i].sentence);
        dln_study_free(study);
    }
}

static void what_has_a_program_can_run(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "run: a\n",
        "run: a\npruner: none\nfolds: 1\nrepeat: {runs: 1}\n",
        "run: a\npruner: median\n",
        "run: a\npruner: {asha: {eta: 3}}\nprune_on: acc\n",
        "run: a\nstrategy: auto\n",
        "run: a\nstrategy: {sobol: {}}\n",
        "run: a\nstrategy: {grid: {x: [0.1, 0.2]}}\n",
        "run: a\nmachine: {executor: local, gpus: 0, parallel: 3, memory: 1GB}\nkeep: all\n",
        "run: a\nbudget: {slot_hours: 20, cost: 3}\n",
        "run: a\nmachine: {gpus: auto, gpus_per_trial: 2}\n",
        "run: a\nmachine: {gpus: 2, trials_per_gpu: 3}\n",
        "run: a\nmachine: {timeout: 1h, cpus_per_trial: 2}\ncheckpoint: false\n",
        "run: a\nmachine: {parallel: 2, executor: slurm}\n",
        "run: a\nhooks: {finish: notify done}\n",
        "run: a\ncheckpoint: /scratch/x\nkeep: {top: 0}\n",
        "run: a\nlimits: [mem < 3]\naggregate: mean\nduplicates: repeat\nfailure: {oom: avoid}\n",
        "run: a\nenv: {A: b}\ndir: runs\nfixed: {c: 1}\nstart: [default]\nseed: 0\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "%s%s", BASE, cases[i]);
        struct dln_study *study = read_text(text);
        struct dln_error err = {0};
        assert_ok(dln_study_can_run(study, &err), err);
        dln_study_free(study);
    }
}

static void without_a_program_there_is_nothing_to_run(void **state)
{
    (void)state;
    struct dln_study *study = read_text(BASE);
    struct dln_error err = {0};
    assert_fails(dln_study_can_run(study, &err), err, DLN_INVALID);
    assert_string_equal(err.text, "/data/mine.yaml:1:1: there is nothing to run: 'run' names the "
                                  "program");
    dln_study_free(study);
}

/* ── bytes, paths, names ───────────────────────────────────────────────────────────────────────*/

static void line_ends_and_a_byte_order_mark_change_nothing(void **state)
{
    (void)state;
    struct dln_study *study =
        read_text("\xEF\xBB\xBF%YAML 1.2\r\n---\r\nobjective: {maximize: acc} # better\r\n"
                  "space:\r\n  x: {float: [0, 1]}\r\nrun: train\r\n...\r\n");
    assert_string_equal(study->run.word[0], "train");
    assert_int_equal(study->run.line, 6);
    dln_study_free(study);
}

static void paths_give_name_and_directory(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0);
    assert_non_null(here);
    char below[4096];
    snprintf(below, sizeof below, "%s/a/b", here);
    const struct {
        const char *path, *name, *directory;
    } cases[] = {
        {"/x.yml", "x", "/"},        {"/data/caf\xC3\xA9.yaml", "caf\xC3\xA9", "/data"},
        {"x.yaml", "x", here},       {"a/b/x", "x", below},
        {"/d/.yaml", ".yaml", "/d"}, {"", "study", here},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_error err = {0};
        struct dln_study *study = NULL;
        assert_ok(dln_study_read(cases[i].path, BASE, strlen(BASE), &study, &err), err);
        assert_string_equal(study->name, cases[i].name);
        assert_string_equal(study->directory, cases[i].directory);
        dln_study_free(study);
    }
    free(here);
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_fails(dln_study_read("/d/a\x1B.yaml", BASE, strlen(BASE), &study, &err), err,
                 DLN_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pytorch_example_means_what_it_says),
        cmocka_unit_test(start_points_become_values),
        cmocka_unit_test(the_cross_validation_example_means_what_it_says),
        cmocka_unit_test(the_two_objective_example_means_what_it_says),
        cmocka_unit_test(the_conditional_example_means_what_it_says),
        cmocka_unit_test(what_is_not_given_has_the_documented_default),
        cmocka_unit_test(a_budget_replaces_the_default_one),
        cmocka_unit_test(every_remaining_key_is_read),
        cmocka_unit_test(the_order_of_keys_does_not_matter),
        cmocka_unit_test(scalars_follow_the_core_schema),
        cmocka_unit_test(a_stepped_high_is_lowered_to_the_last_step_and_told),
        cmocka_unit_test(words_of_other_dialects_are_told_once),
        cmocka_unit_test(a_command_line_is_split_as_a_shell_does),
        cmocka_unit_test(a_word_meant_for_a_shell_is_told),
        cmocka_unit_test(a_value_that_looks_like_an_option_is_told),
        cmocka_unit_test(a_confirmation_of_several_objectives_names_one),
        cmocka_unit_test(what_has_a_program_can_run),
        cmocka_unit_test(without_a_program_there_is_nothing_to_run),
        cmocka_unit_test(line_ends_and_a_byte_order_mark_change_nothing),
        cmocka_unit_test(paths_give_name_and_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
