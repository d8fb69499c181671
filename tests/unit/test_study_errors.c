/*
 * Bad study files and what is said about them. The tables are the specification of the sentences:
 * each names file, line and column, what is wrong and, where it can, what would be right.
 */
#include "support/test.h"

#include "dialin/study.h"

#define OBJECTIVE "objective: {maximize: acc}\n"
#define BASE      OBJECTIVE "space: {x: {float: [0, 1]}, k: {choice: [rbf, poly]}}\n"

struct mistake {
    const char *text, *sentence;
};

static void assert_mistakes(const struct mistake *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct dln_error err = {0};
        struct dln_study *study = NULL;
        const bool ok = dln_study_read("s.yaml", list[i].text, strlen(list[i].text), &study, &err);
        if (ok || err.code != DLN_INVALID || strcmp(err.text, list[i].sentence) != 0) {
            fail_msg("\n%s\nsaid: %s\nnot:  %s", list[i].text, err.text, list[i].sentence);
        }
        assert_null(study);
    }
}

#define ASSERT_MISTAKES(list) assert_mistakes((list), sizeof(list) / sizeof((list)[0]))

static void what_is_not_a_study_file_is_refused(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {"", "s.yaml:1:1: the file is empty"},
        {"# only a comment\n", "s.yaml:1:1: the file is empty"},
        {"just text",
         "s.yaml:1:1: a study file is a map of keys, such as 'objective:' and 'space:'"},
        {"- a\n- b\n",
         "s.yaml:1:1: a study file is a map of keys, such as 'objective:' and 'space:'"},
        {"a: 1\n---\nb: 2\n",
         "s.yaml:2:1: a study file is one document, and here a second one starts"},
        {"a: &x 1\n", "s.yaml:1:4: anchors are not used in a study file"},
        {"a: *x\n", "s.yaml:1:4: aliases are not used in a study file"},
        {"a: !!str 1\n", "s.yaml:1:4: tags are not used in a study file"},
        {"a: &x [1]\n", "s.yaml:1:4: anchors are not used in a study file"},
        {"a: !t {b: 1}\n", "s.yaml:1:4: tags are not used in a study file"},
        {"<<: {a: 1}\n", "s.yaml:1:1: merge keys are not used in a study file"},
        {"a: 1\nb: 2\na: 3\n", "s.yaml:3:1: the key 'a' stands at line 1 already"},
        {"a:\n\tb: 1\n", "s.yaml:2:1: a tab cannot indent YAML; use blanks"},
        {"a: {b: 1\n",
         "s.yaml:2:1: not valid YAML: did not find expected ',' or '}' (the brace or bracket was opened at line 1, column 4; a text with , : [ ] { } inside one is put in quotes)"},
        {"a: [1, 2\nb: 3\n",
         "s.yaml:2:2: not valid YAML: did not find expected ',' or ']' (the brace or bracket was opened at line 1, column 4; a text with , : [ ] { } inside one is put in quotes)"},
        {"[a, b]: 1\n", "s.yaml:1:1: a key must be a word, not a list or a map"},
        {"a: 'open\n",
         "s.yaml:2:1: not valid YAML: found unexpected end of stream, while scanning a quoted scalar (line 1, column 4)"},
        {"a: b: c\n", "s.yaml:1:5: not valid YAML: mapping values are not allowed in this context"},
        {"? {a: 1}\n: 2\n", "s.yaml:1:3: a key must be a word, not a list or a map"},
        {"a: \"\\0\"\n", "s.yaml:1:4: a text must not contain a NUL character"},
        {"%YAML 1.1\n---\na: *b\n", "s.yaml:3:4: aliases are not used in a study file"},
        {"a: @b\n",
         "s.yaml:1:4: not valid YAML: found character that cannot start any token, while scanning for the next token (line 1, column 4)"},
        {"a: \"\\q\"\n",
         "s.yaml:1:5: not valid YAML: found unknown escape character, while parsing a quoted scalar (line 1, column 4)"},
        {"caf\303\251: {b: *c}\n", "s.yaml:1:11: aliases are not used in a study file"},
        {"a: 1\r\nb: 2\r\na: 3\r\n", "s.yaml:3:1: the key 'a' stands at line 1 already"},
        {"\357\273\277a: *x\n", "s.yaml:1:4: aliases are not used in a study file"},
    };
    ASSERT_MISTAKES(list);
}

static void unknown_and_missing_keys_are_named(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {"space: {x: {float: [0, 1]}}\n",
         "s.yaml:1:1: 'objective' is missing, such as objective: {maximize: accuracy}"},
        {OBJECTIVE,
         "s.yaml:1:1: 'space' is missing, such as space: {lr: {float: [1e-5, 1e-1], log: true}}"},
        {OBJECTIVE "spase: {x: {float: [0, 1]}}\n",
         "s.yaml:2:1: unknown key 'spase'; did you mean 'space'?"},
        {OBJECTIVE "parallel: 4\n", "s.yaml:2:1: unknown key 'parallel'; it belongs in 'machine'"},
        {OBJECTIVE "zzzzzz: 4\n",
         "s.yaml:2:1: unknown key 'zzzzzz'; there are: study, run, worker, objective, space, strategy, pruner, prune_on, budget, machine, confirm, folds, repeat, metrics, aggregate, limits, constraints, failure, start, fixed, config, duplicates, seed, env, dir, checkpoint, hooks, keep, warm_start"},
        {OBJECTIVE "Strategy: tpe\n",
         "s.yaml:2:1: unknown key 'Strategy'; did you mean 'strategy'?"},
    };
    ASSERT_MISTAKES(list);
}

static void an_objective_says_metric_and_direction(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {"objective: acc\n",
         "s.yaml:1:12: say which way is better: {maximize: acc} or {minimize: acc}"},
        {"objective:\n", "s.yaml:1:11: an objective is {maximize: METRIC} or {minimize: METRIC}"},
        {"objective: []\n", "s.yaml:1:12: 'objective' is empty"},
        {"objective: {}\n",
         "s.yaml:1:12: an objective is {maximize: METRIC} or {minimize: METRIC}"},
        {"objective: {maximise: acc}\n",
         "s.yaml:1:13: 'objective' cannot be 'maximise'; did you mean 'maximize'?"},
        {"objective: {best: acc}\n",
         "s.yaml:1:13: 'objective' cannot be 'best'; it is minimize or maximize"},
        {"objective: {maximize: a, minimize: b}\n",
         "s.yaml:1:12: one objective has one metric; several objectives are a list: [{maximize: a}, {minimize: b}]"},
        {"objective: [{maximize: a}, {minimize: a}]\n",
         "s.yaml:1:39: the metric 'a' is an objective already"},
        {"objective: {maximize: [a]}\n", "s.yaml:1:23: a metric's name is a text, not a list"},
        {"objective: {maximize: ''}\n", "s.yaml:1:23: a metric's name is empty"},
        {"objective: [acc]\n",
         "s.yaml:1:13: say which way is better: {maximize: acc} or {minimize: acc}"},
        {"objective: {maximize: \"a\\tb\"}\n",
         "s.yaml:1:23: a metric's name must not contain control characters"},
    };
    ASSERT_MISTAKES(list);
}

static void definitions_of_parameters_are_checked(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {OBJECTIVE "space: []\n",
         "s.yaml:2:8: 'space' is a map such as 'lr: {float: [1e-5, 1e-1], log: true}', not a list"},
        {OBJECTIVE "space:\n", "s.yaml:2:7: 'space' has no value"},
        {OBJECTIVE "space: {x: 1}\n",
         "s.yaml:2:12: 'x' needs one of {float: [0.0, 0.5]}, {int: [1, 8]}, {choice: [a, b]} or {flag: true}"},
        {OBJECTIVE "space: {x: {}}\n",
         "s.yaml:2:12: 'x' needs one of {float: [0.0, 0.5]}, {int: [1, 8]}, {choice: [a, b]} or {flag: true}"},
        {OBJECTIVE "space: {x: {float: 1}}\n",
         "s.yaml:2:20: 'float' takes [low, high], such as [0.0, 0.5]"},
        {OBJECTIVE "space: {x: {float: [1]}}\n",
         "s.yaml:2:20: 'float' takes [low, high], such as [0.0, 0.5]"},
        {OBJECTIVE "space: {x: {float: [1, 0.1]}}\n",
         "s.yaml:2:21: 'low' must not be above 'high' (1 and 0.1)"},
        {OBJECTIVE "space: {x: {float: [a, 1]}}\n", "s.yaml:2:21: 'low' is a number, not 'a'"},
        {OBJECTIVE "space: {x: {float: [0, 1e999]}}\n",
         "s.yaml:2:24: '1e999' is too large for a number"},
        {OBJECTIVE "space: {x: {float: [-1.7e308, 1.7e308]}}\n",
         "s.yaml:2:21: the range from -1.7e308 to 1.7e308 is too wide"},
        {OBJECTIVE "space: {x: {int: [1.5, 2]}}\n",
         "s.yaml:2:19: a bound of 'int' is a whole number, not 1.5; a real one is a 'float'"},
        {OBJECTIVE "space: {x: {int: [0, 1e300]}}\n",
         "s.yaml:2:22: a bound of 'int' is at most 2^53, not 1e300"},
        {OBJECTIVE "space: {x: {float: [0, 1], int: [0, 1]}}\n",
         "s.yaml:2:33: 'x' is one of float, int, choice and flag, not two of them"},
        {OBJECTIVE "space: {x: {flot: [0, 1]}}\n",
         "s.yaml:2:13: unknown key 'flot' in a parameter; did you mean 'float'?"},
        {OBJECTIVE "space: {x: {float: [0, 1], log: true}}\n",
         "s.yaml:2:21: 'log' needs a 'low' above 0, not 0"},
        {OBJECTIVE "space: {x: {int: [0, 8], log: true}}\n",
         "s.yaml:2:19: 'log' needs a 'low' of 1 or more, not 0"},
        {OBJECTIVE "space: {x: {log: true, float: [1, 2], step: 0.1}}\n",
         "s.yaml:2:45: 'step' and 'log' exclude each other; remove one of them"},
        {OBJECTIVE "space: {x: {float: [0, 1], log: yes}}\n",
         "s.yaml:2:33: 'log' is true or false"},
        {OBJECTIVE "space: {x: {float: [0, 1], step: 0}}\n", "s.yaml:2:34: 'step' must be above 0"},
        {OBJECTIVE "space: {x: {int: [0, 9], step: 0.5}}\n",
         "s.yaml:2:32: the 'step' of an 'int' is a whole number, not 0.5"},
        {OBJECTIVE "space: {x: {float: [0, 1], step: 1e-300}}\n",
         "s.yaml:2:34: 'step' is too small for the range: more than 2^53 values"},
        {OBJECTIVE "space: {x: {float: [0, 1], ordered: true}}\n",
         "s.yaml:2:37: 'ordered' belongs to a choice; numbers are ordered"},
        {OBJECTIVE "space: {x: {choice: a}}\n",
         "s.yaml:2:21: 'choice' takes a list, such as [sgd, adamw]"},
        {OBJECTIVE "space: {x: {choice: []}}\n", "s.yaml:2:21: 'choice' needs at least one value"},
        {OBJECTIVE "space: {x: {choice: [a, b, a]}}\n", "s.yaml:2:28: the choice 'a' is repeated"},
        {OBJECTIVE "space: {x: {choice: [1, 2, 1.0]}}\n",
         "s.yaml:2:28: the choice '1.0' is repeated"},
        {OBJECTIVE "space: {x: {choice: [{a: 1}, {a: 1}]}}\n",
         "s.yaml:2:30: the choice '{\"a\": 1}' is repeated"},
        {OBJECTIVE "space: {x: {choice: [a], log: true}}\n",
         "s.yaml:2:31: 'log' belongs to 'float' and 'int'"},
        {OBJECTIVE "space: {x: {choice: [a], step: 1}}\n",
         "s.yaml:2:32: 'step' belongs to 'float' and 'int'"},
        {OBJECTIVE "space: {x: {flag: false}}\n",
         "s.yaml:2:19: write flag: true; a flag is tried on and off, and 'default: false' makes off the default"},
        {OBJECTIVE "space: {x: {flag: 1}}\n", "s.yaml:2:19: 'flag' is true or false"},
        {OBJECTIVE "space: {x: {flag: true, ordered: true}}\n",
         "s.yaml:2:34: 'ordered' belongs to a choice"},
        {OBJECTIVE "space: {x: {choice: [1e999]}}\n",
         "s.yaml:2:22: '1e999' is too large for a number"},
        {OBJECTIVE "space: {'': {flag: true}}\n", "s.yaml:2:9: a parameter's name is empty"},
    };
    ASSERT_MISTAKES(list);
}

static void a_default_must_be_a_value_of_its_parameter(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {OBJECTIVE "space: {x: {float: [0, 1], default: 2}}\n",
         "s.yaml:2:37: 2 lies outside the range of 'x', 0 to 1"},
        {OBJECTIVE "space: {x: {default: a, float: [0, 1]}}\n",
         "s.yaml:2:22: 'x' is a number, not 'a'"},
        {OBJECTIVE "space: {x: {float: [0, 1], step: 0.25, default: 0.3}}\n",
         "s.yaml:2:49: 0.3 is not a step of 'x', which goes from 0 to 1 by 0.25"},
        {OBJECTIVE "space: {x: {int: [0, 9], default: 1.5}}\n",
         "s.yaml:2:35: 'x' is a whole number, not 1.5"},
        {OBJECTIVE "space: {x: {choice: [rbf, poly], default: rfb}}\n",
         "s.yaml:2:43: 'rfb' is not a choice of 'x'; did you mean 'rbf'?"},
        {OBJECTIVE "space: {x: {choice: [64, 128], default: '64'}}\n",
         "s.yaml:2:41: '64' is a choice of 'x' in another form: a text in quotes is not a number or a word"},
    };
    ASSERT_MISTAKES(list);
}

static void conditions_name_known_parameters_and_choices(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {OBJECTIVE "space: {x: {float: [0, 1], when: k == rbf}}\n",
         "s.yaml:2:34: there is no parameter 'k'"},
        {OBJECTIVE
         "space: {x: {float: [0, 1], when: kernl == rbf}, kernel: {choice: [rbf, poly]}}\n",
         "s.yaml:2:34: there is no parameter 'kernl'; did you mean 'kernel'?"},
        {OBJECTIVE
         "space: {x: {float: [0, 1], when: kernel == rfb}, kernel: {choice: [rbf, poly]}}\n",
         "s.yaml:2:44: 'rfb' is not a choice of 'kernel'; did you mean 'rbf'?"},
        {OBJECTIVE
         "space: {x: {float: [0, 1], when: kernel == tree}, kernel: {choice: [rbf, poly]}}\n",
         "s.yaml:2:44: 'kernel' has no such choice; there are: rbf, poly"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: n == 7}, n: {choice: [4, 8]}}\n",
         "s.yaml:2:39: 'n' has no such choice; there are: 4, 8"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: n == big}, n: {int: [1, 9]}}\n",
         "s.yaml:2:39: 'n' is a number and never equals 'big'"},
        {OBJECTIVE
         "space:\n  x: {float: [0, 1], when: y > 0}\n  y: {int: [0, 1], when: z > 0}\n  z: {int: [0, 1], when: x > 0.5}\n",
         "s.yaml:4:26: the conditions form a ring: 'y' needs 'z' needs 'x' needs 'y'"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: x > 0}}\n",
         "s.yaml:2:34: the conditions form a ring: 'x' needs 'x'"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: n >}, n: {int: [1, 9]}}\n",
         "s.yaml:2:37: a value is missing at the end"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: 'n && 1'}, n: {int: [1, 9]}}\n",
         "s.yaml:2:37: '&&' is written 'and'"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: [a]}}\n",
         "s.yaml:2:34: a condition is an expression (one with [ ] or { } is put in quotes), not a list"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: k in [a, b]}, k: {choice: [a, b]}}\n",
         "s.yaml:2:39: not valid YAML: did not find expected ',' or '}' (the brace or bracket was opened at line 2, column 12; a text with , : [ ] { } inside one is put in quotes)"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: 1 < 2}}\n",
         "s.yaml:2:34: the condition names no parameter"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: true}}\n",
         "s.yaml:2:34: the condition names no parameter"},
    };
    ASSERT_MISTAKES(list);
}

static void constraints_are_over_parameters_and_limits_over_metrics(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "constraints: x < 1\n",
         "s.yaml:3:14: 'constraints' is a list such as [layers * width <= 3072], not a single value"},
        {BASE "constraints: []\n", "s.yaml:3:14: 'constraints' is empty"},
        {BASE "constraints: [x +]\n", "s.yaml:3:18: a value is missing at the end"},
        {BASE "constraints: [mem <= 16]\n",
         "s.yaml:3:15: there is no parameter 'mem'; what the program prints is limited by 'limits'"},
        {BASE "constraints: [1 < 2]\n", "s.yaml:3:15: the constraint names no parameter"},
        {BASE "constraints:\n  - x < 1\n  - 'k == \"pol\"'\n",
         "s.yaml:5:11: 'pol' is not a choice of 'k'; did you mean 'poly'?"},
        {BASE "limits: [x < 1]\n",
         "s.yaml:3:10: the limit names parameters only; it belongs in 'constraints'"},
        {BASE "limits: [1 < 2]\n", "s.yaml:3:10: the limit names no metric"},
        {BASE "limits: {a: 1}\n",
         "s.yaml:3:9: 'limits' is a list such as [mem_gb <= 16], not a map"},
    };
    ASSERT_MISTAKES(list);
}

static void strategies_and_pruners_are_known_names(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "strategy: tep\n", "s.yaml:3:11: 'strategy' cannot be 'tep'; did you mean 'tpe'?"},
        {BASE "strategy: {tpe: {}, gp: {}}\n",
         "s.yaml:3:11: 'strategy' is one name, or {name: {settings}}"},
        {BASE "strategy: [tpe]\n", "s.yaml:3:11: 'strategy' is one name, or {name: {settings}}"},
        {BASE "strategy: {tpe: 20}\n",
         "s.yaml:3:17: the settings of 'tpe' are a map: {tpe: {name: value}}"},
        {BASE "strategy:\n", "s.yaml:3:10: 'strategy' has no value"},
        {BASE "pruner: medain\n",
         "s.yaml:3:9: 'pruner' cannot be 'medain'; did you mean 'median'?"},
        {BASE "pruner: none\nprune_on: acc\n",
         "s.yaml:4:11: 'prune_on' without a 'pruner' has no effect"},
        {BASE "pruner: median\nprune_on: ac\n",
         "s.yaml:4:11: 'ac' is not a metric of this study; did you mean 'acc'?"},
        {BASE "metrics: {f1: '(.*)'}\npruner: median\nprune_on: f1\n",
         "s.yaml:5:11: 'f1' is no objective, so it is not known which way is better; 'prune_on' is "
         "one of the objectives"},
        {BASE "pruner: {asha: {min: 1e999}}\n", "s.yaml:3:22: '1e999' is too large for a number"},
    };
    ASSERT_MISTAKES(list);
}

static void a_budget_has_positive_limits_with_units(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "budget: 100\n",
         "s.yaml:3:9: 'budget' is a map such as {trials: 100, time: 12h}, not a single value"},
        {BASE "budget: {}\n", "s.yaml:3:9: 'budget' is empty"},
        {BASE "budget: {trials: 0}\n", "s.yaml:3:18: 'trials' must be 1 or more"},
        {BASE "budget: {trials: 1.5}\n", "s.yaml:3:18: 'trials' is a whole number, not 1.5"},
        {BASE "budget: {trials: ten}\n", "s.yaml:3:18: 'trials' is a number, not 'ten'"},
        {BASE "budget: {time: 3600}\n",
         "s.yaml:3:16: 'time' is a duration such as 90s, 10m, 2h or 1d"},
        {BASE "budget: {time: 0s}\n", "s.yaml:3:16: 'time' must be above 0"},
        {BASE "budget: {hours: 3}\n",
         "s.yaml:3:10: unknown key 'hours' in 'budget'; there are: trials, time, slot_hours, cost, target, no_improvement"},
        {BASE "budget: {slot_hours: -1}\n", "s.yaml:3:22: 'slot_hours' must be above 0"},
        {BASE "budget: {cost: 0}\n", "s.yaml:3:16: 'cost' must be above 0"},
        {BASE "budget: {target: high}\n", "s.yaml:3:18: 'target' is a number, not 'high'"},
        {BASE "budget: {timeout: 1h}\n",
         "s.yaml:3:10: unknown key 'timeout' in 'budget'; it belongs in 'machine'"},
    };
    ASSERT_MISTAKES(list);
}

static void machine_settings_are_in_range(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "machine: 4\n",
         "s.yaml:3:10: 'machine' is a map such as {parallel: 4, timeout: 2h}, not a single value"},
        {BASE "machine: {parallel: 0}\n", "s.yaml:3:21: 'parallel' must be 1 or more"},
        {BASE "machine: {parallel: 1000000}\n",
         "s.yaml:3:21: 'parallel' must lie between 1 and 65536"},
        {BASE "machine: {paralel: 4}\n",
         "s.yaml:3:11: unknown key 'paralel' in 'machine'; did you mean 'parallel'?"},
        {BASE "machine: {memory: 16}\n", "s.yaml:3:19: 'memory' is a size such as 500MB or 16GB"},
        {BASE "machine: {memory: 16 bananas}\n",
         "s.yaml:3:19: 'memory' is a size such as 500MB or 16GB"},
        {BASE "machine: {timeout: 10x}\n",
         "s.yaml:3:20: 'timeout' is a duration such as 90s, 10m, 2h or 1d"},
        {BASE "machine: {gpus: some}\n", "s.yaml:3:17: 'gpus' is auto or a number"},
        {BASE "checkpoint: a/../b\n",
         "s.yaml:3:13: 'checkpoint' is a name in the run directory, or a folder by its whole path"},
        {BASE "machine: {gpus_per_trial: 1.5}\n",
         "s.yaml:3:27: 'gpus_per_trial' is a whole number, or a part of one as 0.5 or 0.25"},
        {BASE "machine: {gpus_per_trial: 2, trials_per_gpu: 2}\n",
         "s.yaml:3:27: either 'gpus_per_trial' or 'trials_per_gpu', not both"},
        {BASE "machine: {gpus: 2, gpus_per_trial: 4}\n",
         "s.yaml:3:36: a trial cannot have 4 of 2 GPUs"},
        {BASE "machine: {gpus_per_trial: 0}\n", "s.yaml:3:27: 'gpus_per_trial' must be above 0"},
        {BASE "machine: {executor: slrum}\n",
         "s.yaml:3:21: 'executor' cannot be 'slrum'; did you mean 'slurm'?"},
        {BASE "machine: {executor: {local: {a: 1}}}\n",
         "s.yaml:3:21: the executor 'local' has no settings"},
        {BASE "machine: {executor: {slurm: {tme: 5}}}\n",
         "s.yaml:3:30: unknown key 'tme' in 'slurm'; did you mean 'time'?"},
        {BASE "machine: {executor: {slurm: {time: 0:00}}}\n",
         "s.yaml:3:36: a time of 0 is no limit for Slurm, and such a job may wait for ever; leave 'time' out for the partition's own"},
        {BASE "machine: {executor: {slurm: {time: 2h}}}\n",
         "s.yaml:3:36: 'time' is written as Slurm has it: minutes, H:M:S or D-H:M:S, as 90, 1:30:00 or 2-12, not '2h'"},
        {BASE "machine: {executor: {slurm: {partition: -x}}}\n",
         "s.yaml:3:41: 'partition' must not begin with a '-'"},
        {BASE "machine: {executor: {slurm: {mem: 1G, mem_per_cpu: 1G}}}\n",
         "s.yaml:3:29: only one of 'mem', 'mem_per_cpu' and 'mem_per_gpu'"},
        {BASE "machine: {executor: {slurm: {extra: [--exclusive, -Jx]}}}\n",
         "s.yaml:3:51: '-Jx' is dialin's own to say"},
        {BASE "machine: {executor: {slurm: {extra: [x]}}}\n",
         "s.yaml:3:38: 'extra' has options of sbatch, which begin with a '-'"},
        {BASE "machine: {executor: {slurm: {cpus: {param: y}}}}\n",
         "s.yaml:3:44: there is no parameter 'y'"},
        {BASE "machine: {executor: {slurm: {cpus: {param: x}}}}\n",
         "s.yaml:3:44: 'x' cannot say how many: that is an int from 1 up"},
        {BASE "machine: {executor: {slurm: {cpus: 0}}}\n", "s.yaml:3:36: 'cpus' must be 1 or more"},
        {BASE "machine: {executor: {slurm: {gpu_type: a100}}}\n",
         "s.yaml:3:40: 'gpu_type' needs 'gpus'"},
        {BASE "machine: {executor: {slurm: {poll_min: 9s, poll_max: 5s}}}\n",
         "s.yaml:3:29: 'poll_max' must not be less than 'poll_min'"},
        {BASE "machine: {executor: slurm, memory: 4GB}\n",
         "s.yaml:3:28: 'memory' is for trials on this machine; a job asks by slurm: {mem: 4G}"},
        {BASE "machine: {executor: queue}\n",
         "s.yaml:3:21: 'queue' needs 'submit', 'poll' and 'cancel', such as {submit: [qsub, -N, "
         "'{name}', '{script}'], poll: [qstat], cancel: [qdel, '{jobid}']}"},
        {BASE "machine: {executor: {queue: {submit: [a], poll: [b], cancel: [c]}}}\n",
         "s.yaml:3:38: 'submit' has no {script}, so it would run nothing"},
        {BASE "machine: {executor: {queue: {submit: 'a {script}', poll: b, cancel: 'c {jobd}'}}}\n",
         "s.yaml:3:69: 'cancel' has no {jobid}, so it would end the wrong job"},
        {BASE "machine: {executor: {queue: {submit: 'a {script} {nam}', poll: b, cancel: 'c "
              "{jobid}'}}}\n",
         "s.yaml:3:38: '{nam}' is not known in 'submit'; there is {name}"},
        {BASE "machine: {executor: {queue: {submit: 'a {script}', poll: b, cancel: 'c {jobid}', "
              "id: '[0-9]+'}}}\n",
         "s.yaml:3:86: 'id' needs a group around the job's number, as in 'Job <([0-9]+)>'"},
        {BASE "machine: {executor: {queue: {submit: 'a {script}', poll: b, cancel: 'c {jobid}', "
              "states: {Q: waiting}}}}\n",
         "s.yaml:3:94: 'Q' cannot be 'waiting'; it is pending, held, running or ended"},
        {BASE "machine: {trials: 4}\n",
         "s.yaml:3:11: unknown key 'trials' in 'machine'; it belongs in 'budget'"},
    };
    ASSERT_MISTAKES(list);
}

static void every_other_key_is_checked(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "failure: {omm: avoid}\n",
         "s.yaml:3:11: unknown key 'omm' in 'failure'; did you mean 'oom'?"},
        {BASE "failure: {oom: avoit}\n",
         "s.yaml:3:16: 'oom' cannot be 'avoit'; did you mean 'avoid'?"},
        {BASE "failure: {retry: -1}\n", "s.yaml:3:18: 'retry' must be 0 or more"},
        {BASE "confirm: {seeds: 5}\n",
         "s.yaml:3:10: 'confirm' needs 'top', the number of trials to confirm"},
        {BASE "confirm: {top: 5}\n", "s.yaml:3:10: 'confirm' needs either 'seeds' or 'folds'"},
        {BASE "confirm: {top: 5, seeds: 3, folds: 4}\n",
         "s.yaml:3:10: 'confirm' needs either 'seeds' or 'folds', not both"},
        {BASE "folds: 0\n", "s.yaml:3:8: 'folds' must be 1 or more"},
        {BASE "repeat: {take: medain}\n",
         "s.yaml:3:16: 'take' cannot be 'medain'; did you mean 'median'?"},
        {BASE "repeat: 3\n",
         "s.yaml:3:9: 'repeat' is a map such as {runs: 3, take: median}, not a single value"},
        {BASE "aggregate: max\n",
         "s.yaml:3:12: 'aggregate' cannot be 'max'; it is last, best or mean"},
        {BASE "duplicates: drop\n",
         "s.yaml:3:13: 'duplicates' cannot be 'drop'; it is avoid, reuse or repeat"},
        {BASE "config: {from: a.yaml}\n",
         "s.yaml:3:9: 'config' needs 'as': yaml, json, toml, ini or text"},
        {BASE "config: {as: text}\n", "s.yaml:3:9: 'config' as text needs 'from', a file"},
        {BASE "config: {from: a, as: xml}\n",
         "s.yaml:3:23: 'as' cannot be 'xml'; it is yaml, json, toml, ini or text"},
        {BASE "seed: -1\n", "s.yaml:3:7: 'seed' is a whole number from 0 to 9223372036854775807"},
        {BASE "seed: abc\n", "s.yaml:3:7: 'seed' is a whole number from 0 to 9223372036854775807"},
        {BASE "seed: '1'\n", "s.yaml:3:7: 'seed' is a whole number from 0 to 9223372036854775807"},
        {BASE "fixed: {x: 1}\n",
         "s.yaml:3:9: 'x' is a parameter already; a constant needs another name"},
        {BASE "env: {A B: 1}\n",
         "s.yaml:3:7: 'A B' cannot be the name of a variable: letters, digits and _"},
        {BASE "env: {A: [1]}\n", "s.yaml:3:10: 'A' is a text, not a list or a map"},
        {BASE "hooks: {end: ls}\n",
         "s.yaml:3:9: 'hooks' cannot be 'end'; it is best, finish or paused"},
        {BASE "keep: some\n",
         "s.yaml:3:7: 'keep' is all, or {top: N} for the run directories of the best N trials"},
        {BASE "warm_start: []\n", "s.yaml:3:13: 'warm_start' is empty"},
        {BASE "study: ''\n", "s.yaml:3:8: a study's name is empty"},
        {BASE "study: \"a\\nb\"\n",
         "s.yaml:3:8: a study's name must not contain control characters"},
        {BASE "dir: [a]\n", "s.yaml:3:6: 'dir' is a text, not a list"},
    };
    ASSERT_MISTAKES(list);
}

static void command_lines_can_be_split(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "run: {args}\n",
         "s.yaml:3:6: 'run' is a command line, not a map; one that begins with a brace is put in quotes"},
        {BASE "run: 'a \"b'\n", "s.yaml:3:9: a quote is not closed"},
        {BASE "run: []\n", "s.yaml:3:6: 'run' names no program"},
        {BASE "run: ''\n", "s.yaml:3:6: 'run' names no program"},
        {BASE "run: [python, {args}]\n",
         "s.yaml:3:15: a word of 'run' is a text; one with { } or [ ] is put in quotes"},
        {BASE "run: a\\\n", "s.yaml:3:7: a backslash at the end escapes nothing"},
        {BASE "run: x {args:--k v\n", "s.yaml:3:8: '{args:' has no closing brace"},
        {BASE "run: a\nworker: b\n", "s.yaml:4:1: a study has either 'run' or 'worker', not both"},
        {BASE "worker: {a: b}\n",
         "s.yaml:3:9: 'worker' is a command line, not a map; one that begins with a brace is put in quotes"},
    };
    ASSERT_MISTAKES(list);
}

static void metric_expressions_compile_and_have_a_group(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "metrics: a\n",
         "s.yaml:3:10: 'metrics' is a map such as {rmse: 'RMSE (\\S+)'}, not a single value"},
        {BASE "metrics: {a: 'x (\\d+)'}\n", "s.yaml:3:18: '\\d' is not known here; write [0-9]"},
        {BASE "metrics: {a: '(x'}\n",
         "s.yaml:3:14: not a valid regular expression: Unmatched ( or \\("},
        {BASE "metrics: {a: 'x'}\n",
         "s.yaml:3:14: the number is the first group, and there is none: put ( ) around what matches it"},
        {BASE "metrics: {a: '(((x{100}){100}){100})'}\n",
         "s.yaml:3:25: the expression repeats too much"},
        {BASE "metrics: {a: ''}\n", "s.yaml:3:14: 'a' is empty"},
        {BASE "metrics: {a: [x]}\n", "s.yaml:3:14: 'a' is a text, not a list"},
    };
    ASSERT_MISTAKES(list);
}

static void start_points_hold_values_of_parameters(void **state)
{
    (void)state;
    static const struct mistake list[] = {
        {BASE "start: default\n",
         "s.yaml:3:8: 'start' is a list such as [default, {lr: 3e-4}], not a single value"},
        {BASE "start: [defualt]\n",
         "s.yaml:3:9: a start point is 'default' or a map of parameters to values"},
        {BASE "start: [{y: 1}]\n", "s.yaml:3:10: there is no parameter 'y'"},
        {BASE "start: [{kk: 1}]\n", "s.yaml:3:10: there is no parameter 'kk'"},
        {BASE "start: [{x: 2}]\n", "s.yaml:3:13: 2 lies outside the range of 'x', 0 to 1"},
        {BASE "start: [default, {k: poly, x: a}]\n", "s.yaml:3:31: 'x' is a number, not 'a'"},
        {BASE "start: [{k: linear}]\n", "s.yaml:3:13: 'linear' is not a choice of 'k': rbf, poly"},
    };
    ASSERT_MISTAKES(list);
}

/* ── bytes that no editor writes ───────────────────────────────────────────────────────────────*/

static void assert_bytes_refused(const char *text, size_t len, const char *sentence)
{
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_fails(dln_study_read("s.yaml", text, len, &study, &err), err, DLN_INVALID);
    assert_string_equal(err.text, sentence);
    assert_null(study);
}

static void bytes_that_are_not_text_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_bytes_refused("a: 1\nb: \0c\n", 12,
                         "s.yaml:2:4: a NUL byte has no place in a study file");
    assert_bytes_refused("a: 1\nb: \xFFz\n", 11, "s.yaml:2:4: not valid UTF-8");
    assert_bytes_refused("\xC3\xA9: \xC3\n", 6, "s.yaml:1:4: not valid UTF-8");
    assert_bytes_refused("a: \x1B[31m\n", 9,
                         "s.yaml:1:4: a control character has no place in a study file");
    assert_bytes_refused("\xFF\xFE"
                         "a\0",
                         4, "s.yaml:1:1: the file is UTF-16; save it as UTF-8");
}

static char *repeated(const char *head, const char *piece, size_t count, const char *tail)
{
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, head);
    for (size_t i = 0; i < count; i++)
        dln_strbuf_add(&text, piece);
    dln_strbuf_add(&text, tail);
    struct dln_error err = {0};
    char *out = NULL;
    assert_ok(dln_strbuf_take(&text, &out, &err), err);
    return out;
}

static void bombs_end_at_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *head, *piece;
        size_t count;
        const char *tail, *sentence;
    } bombs[] = {
        {"", "[", 100000, "", "s.yaml:1:17: lists and maps are nested deeper than 16 levels"},
        {"", "{a: ", 100000, "", "s.yaml:1:65: lists and maps are nested deeper than 16 levels"},
        {"", "- ", 100000, "a", "s.yaml:1:33: lists and maps are nested deeper than 16 levels"},
        {"[", "a,", 524000, "a]", "s.yaml:1:999996: the file has too many parts"},
        {"study: ", "x", 70000, "\n", "s.yaml:1:8: a text is longer than 64 KiB"},
        {"", "# comment\n", 200000, "", "s.yaml: a study file is at most 1 MiB"},
        {OBJECTIVE "space: {", "x: {flag: true}, ", 2, "}\n",
         "s.yaml:2:26: the key 'x' stands at line 2 already"},
        {OBJECTIVE "space: {x: {choice: [", "1, ", 300000, "2]}}\n",
         "s.yaml:2:25: the choice '1' is repeated"},
        {OBJECTIVE "space: {x: {float: [0, 1], when: '", "(", 60000, "x'}}\n",
         "s.yaml:2:99: the expression is nested too deeply"},
    };
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        char *text = repeated(bombs[i].head, bombs[i].piece, bombs[i].count, bombs[i].tail);
        assert_bytes_refused(text, strlen(text), bombs[i].sentence);
        free(text);
    }
}

static void a_space_of_too_many_parameters_is_refused(void **state)
{
    (void)state;
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, OBJECTIVE "space:\n");
    for (int i = 0; i <= DLN_SPACE_MAX; i++)
        dln_strbuf_addf(&text, "  p%d: {flag: true}\n", i);
    assert_bytes_refused(dln_strbuf_text(&text), text.len,
                         "s.yaml:3:3: a space has at most 1024 parameters, not 1025");
    dln_strbuf_release(&text);
}

static void names_are_bounded_in_characters(void **state)
{
    (void)state;
    char *fits = repeated("study: ", "x", 512, "\n" OBJECTIVE "space: {x: {flag: true}}\n");
    char *long_name = repeated("study: ", "x", 513, "\n");
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_ok(dln_study_read("s.yaml", fits, strlen(fits), &study, &err), err);
    assert_int_equal(strlen(study->name), 512);
    dln_study_free(study);
    assert_bytes_refused(long_name, strlen(long_name),
                         "s.yaml:1:8: a study's name is longer than 512 characters");
    free(fits);
    free(long_name);
}

/* ── files ─────────────────────────────────────────────────────────────────────────────────────*/

static void a_missing_file_is_an_answer_and_a_folder_an_error(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_fails(dln_study_read_file(TEST_DATA "/studies/none.yaml", &study, &err), err,
                 DLN_NOT_FOUND);
    assert_fails(dln_study_read_file(TEST_DATA "/studies", &study, &err), err, DLN_IO);
    assert_string_equal(err.text, "'" TEST_DATA "/studies' is not a regular file");
    assert_null(study);
}

static void an_error_in_text_without_a_file_has_line_and_column(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_study *study = NULL;
    assert_fails(dln_study_read("", "a: 1\n", 5, &study, &err), err, DLN_INVALID);
    assert_memory_equal(err.text, "1:1: unknown key 'a'", 20);
    assert_fails(dln_study_read("", "a: &x 1\n", 8, &study, &err), err, DLN_INVALID);
    assert_string_equal(err.text, "1:4: anchors are not used in a study file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_a_study_file_is_refused),
        cmocka_unit_test(unknown_and_missing_keys_are_named),
        cmocka_unit_test(an_objective_says_metric_and_direction),
        cmocka_unit_test(definitions_of_parameters_are_checked),
        cmocka_unit_test(a_default_must_be_a_value_of_its_parameter),
        cmocka_unit_test(conditions_name_known_parameters_and_choices),
        cmocka_unit_test(constraints_are_over_parameters_and_limits_over_metrics),
        cmocka_unit_test(strategies_and_pruners_are_known_names),
        cmocka_unit_test(a_budget_has_positive_limits_with_units),
        cmocka_unit_test(machine_settings_are_in_range),
        cmocka_unit_test(every_other_key_is_checked),
        cmocka_unit_test(command_lines_can_be_split),
        cmocka_unit_test(metric_expressions_compile_and_have_a_group),
        cmocka_unit_test(start_points_hold_values_of_parameters),
        cmocka_unit_test(bytes_that_are_not_text_are_refused_with_their_place),
        cmocka_unit_test(bombs_end_at_a_limit),
        cmocka_unit_test(a_space_of_too_many_parameters_is_refused),
        cmocka_unit_test(names_are_bounded_in_characters),
        cmocka_unit_test(a_missing_file_is_an_answer_and_a_folder_an_error),
        cmocka_unit_test(an_error_in_text_without_a_file_has_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
