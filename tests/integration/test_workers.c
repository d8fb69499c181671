/* Warm workers: one process, many trials, and everything that may happen to it. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/exec.h"
#include "dialin/num.h"
#include "exec/proc.h"
#include "support/engine_rig.h"

/*
 * Reads trials; $t is the number, $x the parameter. What a test adds stands in place of the answer.
 * A worker that is told to go leaves `bye.` with its pid.
 */
#define WORKER(body)                                                      \
    "echo $$ >> pids\n"                                                   \
    "while read -r line; do\n"                                            \
    "    case $line in *'\"exit\": true'*) touch bye.$$; exit 0;; esac\n" \
    "    case $line in *prune*) continue;; esac\n"                        \
    "    t=${line#*\\\"trial\\\": }; t=${t%%,*}\n"                        \
    "    x=${line#*\\\"x\\\": }; x=${x%%[,\\}]*}\n"                       \
    "    d=${line#*\\\"dir\\\": \\\"}; d=${d%%\\\"*}\n"                   \
    "    echo \"$line\" >> lines\n" body "done\n"
#define ANSWER "    echo \"{\\\"trial\\\": $t, \\\"loss\\\": $x}\"\n"

static const char plain[] = "worker: sh prog.sh\n"
                            "objective: {minimize: loss}\n"
                            "space: {x: {float: [0.001, 0.05]}}\n"
                            "strategy: random\nseed: 3\n";

static void open_rig(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[2048];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", plain, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

/* The whole of a file in the rig's folder; "" where there is none. */
static const char *text_of(struct engine_rig *rig, const char *file)
{
    char path[256];
    rig_path(rig, file, path, sizeof path);
    FILE *stream = fopen(path, "r");
    char *text = dln_arena_alloc(&rig->arena, 65536, 1);
    assert_non_null(text);
    text[0] = '\0';
    if (!stream) return text;
    text[fread(text, 1, 65535, stream)] = '\0';
    assert_int_equal(fclose(stream), 0);
    return text;
}

static int count(const char *text, const char *word)
{
    int n = 0;
    for (; (text = strstr(text, word)); text++)
        n++;
    return n;
}

static int n_workers(struct engine_rig *rig)
{
    return count(text_of(rig, "pids"), "\n");
}

static bool any_alive(struct engine_rig *rig)
{
    const char *at = text_of(rig, "pids");
    for (; *at; at = strchr(at, '\n') + 1) {
        const pid_t pid = (pid_t)strtol(at, NULL, 10);
        if (dln_proc_is_alive(pid)) return true;
    }
    return false;
}

/* ── the usual ─────────────────────────────────────────────────────────────────────────────────*/

static void a_worker_takes_trial_after_trial_and_goes_when_told_to(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             WORKER("    echo \"log of $t\"; echo \"warning in $t\" >&2\n"
                    "    echo \"{\\\"trial\\\": $t, \\\"step\\\": 5, \\\"loss\\\": 9}\"\n"
                    "    echo \"epoch 10 loss 8\"\n" ANSWER),
             "budget: {trials: 20}\nmachine: {parallel: 2}\nfixed: {data: 'a \"b\"'}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 20);
    assert_int_equal(n_workers(&rig), 2);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 20);
    for (int64_t i = 0; i < 20; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        char file[64];
        char expected[64];
        assert_close(trial.values[0], trial.x[0], 0, 0);
        assert_int_equal(trial.n_steps, 2); /* the answer is no point of the curve */
        assert_close(trial.curve[0], 9, 0, 0);
        assert_close(trial.curve[1], 8, 0, 0);
        (void)snprintf(file, sizeof file, "t.runs/%06d/stdout", (int)i);
        (void)snprintf(expected, sizeof expected, "log of %d\nepoch 10 loss 8\n", (int)i);
        assert_string_equal(text_of(&rig, file), expected);
        (void)snprintf(file, sizeof file, "t.runs/%06d/stderr", (int)i);
        (void)snprintf(expected, sizeof expected, "warning in %d\n", (int)i);
        assert_string_equal(text_of(&rig, file), expected);
        (void)snprintf(file, sizeof file, "t.runs/%06d/status", (int)i);
        assert_non_null(strstr(text_of(&rig, file), "answered\n"));
    }
    const char *lines = text_of(&rig, "lines");
    assert_int_equal(count(lines, "\"seed\": "), 20);
    assert_int_equal(count(lines, "\"fold\": 0"), 20);
    assert_int_equal(count(lines, "\"data\": \"a \\\"b\\\"\""), 20);
    for (const char *at = text_of(&rig, "pids"); *at; at = strchr(at, '\n') + 1) {
        char file[32];
        (void)snprintf(file, sizeof file, "bye.%ld", strtol(at, NULL, 10));
        assert_true(rig_has(&rig, file));
    }
    assert_false(any_alive(&rig));
    rig_close(&rig);
}

static void each_slot_has_its_gpus_and_a_closed_one_loses_its_worker(void **state)
{
    (void)state;
    struct engine_rig rig;
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7", 1), 0);
    open_rig(
        &rig,
        WORKER("    [ -e gpu.$$ ] || echo $CUDA_VISIBLE_DEVICES ${DIALIN_TRIAL-none} > gpu.$$\n"
               "    [ $t -ge 8 ] && while [ ! -e go ]; do sleep 0.01; done\n" ANSWER),
        "budget: {trials: 12}\nmachine: {gpus: auto, gpus_per_trial: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 8);
    (void)rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 1}");
    rig_write(&rig, "go", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 10);
    const char *pids = text_of(&rig, "pids");
    const long first = strtol(pids, NULL, 10);
    const long second = strtol(strchr(pids, '\n') + 1, NULL, 10);
    char file[2][32];
    char gpus[2][32];
    (void)snprintf(file[0], sizeof file[0], "gpu.%ld", first);
    (void)snprintf(file[1], sizeof file[1], "gpu.%ld", second);
    for (int i = 0; i < 2; i++)
        (void)snprintf(gpus[i], sizeof gpus[i], "%s", text_of(&rig, file[i]));
    const bool in_order = strcmp(gpus[0], "4,5 none\n") == 0;
    assert_string_equal(gpus[in_order ? 0 : 1], "4,5 none\n");
    assert_string_equal(gpus[in_order ? 1 : 0], "6,7 none\n");
    (void)snprintf(file[0], sizeof file[0], "bye.%ld", in_order ? second : first);
    rig_wait_file(&rig, file[0]);
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(n_workers(&rig), 2);
    rig_assert_numbers(&rig, 12);
    assert_int_equal(unsetenv("CUDA_VISIBLE_DEVICES"), 0);
    rig_close(&rig);
}

/* ── what goes wrong ───────────────────────────────────────────────────────────────────────────*/

static void a_worker_that_dies_is_started_again_and_its_trial_is_tried_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             WORKER("    case $t in\n"
                    "    2) [ -e died ] || { touch died; kill -SEGV $$; };;\n"
                    "    4) echo 'no such layer' >&2; exit 3;;\n"
                    "    6) exit 0;;\n"
                    "    esac\n" ANSWER),
             "budget: {trials: 9}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 9);
    assert_int_equal(rig_trial(&rig, 2).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(rig_trial(&rig, 2).attempt, 2);
    assert_true(rig_journal_says(&rig, "#2 failed: signal SEGV; trying again (1 of 1)"));
    assert_int_equal(rig_trial(&rig, 4).state, DLN_TRIAL_FAIL);
    assert_string_equal(rig_trial(&rig, 4).detail, "exit 3: no such layer");
    assert_string_equal(rig_trial(&rig, 6).detail, "the worker ended without an answer");
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 7);
    assert_int_equal(n_workers(&rig), 6); /* one, and one after each of five deaths */
    rig_close(&rig);
}

static void a_worker_says_itself_why_a_trial_failed_and_goes_on(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        WORKER("    case $t in\n"
               "    1) echo \"{\\\"trial\\\": $t, \\\"error\\\": \\\"bad\\\\\\\\tshape\\\"}\";;\n"
               "    2) echo \"{\\\"trial\\\": $t, \\\"error\\\": \\\"CUDA out of memory\\\"}\";;\n"
               "    3) echo \"{\\\"trial\\\": $t, \\\"gain\\\": 1}\";;\n"
               "    4) echo \"{\\\"trial\\\": $t, \\\"loss\\\": NaN}\";;\n"
               "    *) echo \"{\\\"trial\\\": $t, \\\"loss\\\": $x}\";;\n"
               "    esac\n"),
        "budget: {trials: 6}\nfailure: {retry: 0}\n");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 1).reason, DLN_FAIL_EXIT);
    assert_string_equal(rig_trial(&rig, 1).detail, "bad shape");
    assert_int_equal(rig_trial(&rig, 2).reason, DLN_FAIL_OOM);
    assert_string_equal(rig_trial(&rig, 3).detail, "the answer has no 'loss'");
    assert_int_equal(rig_trial(&rig, 4).reason, DLN_FAIL_NAN);
    assert_int_equal(rig_trial(&rig, 5).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(n_workers(&rig), 1);
    rig_close(&rig);
}

static void garbage_is_log_and_an_answer_for_another_trial_ends_the_worker(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        WORKER(
            "    case $t in\n"
            "    1) printf '\\000\\377{\"trial\"\\n{not json\\n[1]\\n{\"a\": 1}\\n"
            "{\"a\": \"trial\"}\\n';;\n"
            "    2) [ -e lied ] || { touch lied; t=1; };;\n"
            "    3) [ -e dict ] || { touch dict; echo \"{'trial': 3, 'loss': 1}\"; continue; };;\n"
            "    esac\n" ANSWER),
        "budget: {trials: 4}\n");
    rig_run(&rig);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 4);
    assert_true(rig_journal_says(
        &rig, "#2 failed: the worker answered for #1, but what it had was #2; trying again"));
    assert_close(rig_trial(&rig, 1).values[0], rig_trial(&rig, 1).x[0], 0, 0);
    assert_close(rig_trial(&rig, 2).values[0], rig_trial(&rig, 2).x[0], 0, 0);
    assert_true(rig_journal_says(&rig, "#3 failed: the worker's line is no JSON with a number as "
                                       "\"trial\": {'trial': 3, 'loss': 1}; trying again"));
    assert_int_equal(n_workers(&rig), 3);
    rig_close(&rig);
}

static void a_worker_that_never_answers_is_out_of_time(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, WORKER("    [ $t = 1 ] && sleep 1000\n" ANSWER),
             "budget: {trials: 4}\nfailure: {retry: 0}\nmachine: {timeout: 1s, grace: 1s}\n");
    rig_run(&rig);
    assert_string_equal(rig_trial(&rig, 1).detail, "ran for 1 s");
    assert_int_equal(rig_trial(&rig, 1).reason, DLN_FAIL_TIMEOUT);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
    assert_int_equal(n_workers(&rig), 2);
    assert_false(any_alive(&rig));
    rig_close(&rig);
}

static void workers_that_only_die_pause_the_study(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo 'no module torch' >&2; exit 1\n",
             "budget: {trials: 9}\nfailure: {pause_after: 2}\n");
    rig_start(&rig);
    rig_wait_state(&rig, DLN_ENGINE_PAUSED);
    assert_true(rig_journal_says(&rig, "paused: 2 failures in a row: exit 1: no module torch"));
    (void)rig_steer(&rig, DLN_COMMAND_STOP, "{\"now\": true}");
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_close(&rig);
}

/* ── pruning ───────────────────────────────────────────────────────────────────────────────────*/

/* Polite: between two steps it looks whether it is to stop, as a program with a loop would. */
static const char polite[] =
    WORKER("    echo \"{\\\"trial\\\": $t, \\\"step\\\": 1, \\\"loss\\\": $x}\"\n"
           "    case $x in 0.5) read -r line; echo \"$line\" >> prunes\n"
           "        echo \"{\\\"trial\\\": $t, \\\"pruned\\\": true}\"; continue;; esac\n" ANSWER);
static const char deaf[] =
    WORKER("    echo \"{\\\"trial\\\": $t, \\\"step\\\": 1, \\\"loss\\\": $x}\"\n"
           "    case $x in 0.5) sleep 1000;; esac\n" ANSWER);
static const char late[] =
    WORKER("    echo \"{\\\"trial\\\": $t, \\\"step\\\": 1, \\\"loss\\\": $x}\"\n"
           "    case $x in 0.5) read -r line\n"
           "        echo \"{\\\"trial\\\": $t, \\\"loss\\\": 0.5}\"\n"
           "        echo \"{\\\"trial\\\": $t, \\\"pruned\\\": true}\"; continue;; esac\n" ANSWER);

static void prune(struct engine_rig *rig, const char *script)
{
    rig_open(rig, script,
             "worker: sh prog.sh\nobjective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
             "strategy: random\nstart: [{x: 0.1}, {x: 0.5}, {x: 0.2}]\nbudget: {trials: 3}\n"
             "machine: {grace: 1s}\n"
             "pruner: {threshold: {upper: 0.4, step: step}}\n");
}

static void assert_pruned(struct engine_rig *rig, int workers)
{
    assert_int_equal(rig_trial(rig, 1).state, DLN_TRIAL_PRUNED);
    assert_close(rig_trial(rig, 1).values[0], 0.5, 0, 0);
    assert_int_equal(rig_trial(rig, 2).state, DLN_TRIAL_COMPLETE);
    assert_close(rig_trial(rig, 2).values[0], 0.2, 0, 0);
    assert_int_equal(n_workers(rig), workers);
    rig_close(rig);
}

static void a_pruned_trial_is_given_up_by_its_worker_which_lives_on(void **state)
{
    (void)state;
    struct engine_rig rig;
    prune(&rig, polite);
    rig_run(&rig);
    assert_string_equal(text_of(&rig, "prunes"), "{\"prune\": 1}\n");
    assert_pruned(&rig, 1);
}

static void a_worker_that_does_not_stop_is_ended_and_another_one_started(void **state)
{
    (void)state;
    struct engine_rig rig;
    prune(&rig, deaf);
    rig_run(&rig);
    assert_pruned(&rig, 2);
}

static void an_answer_that_crossed_the_prune_message_is_no_fault(void **state)
{
    (void)state;
    struct engine_rig rig;
    prune(&rig, late);
    rig_run(&rig);
    assert_pruned(&rig, 1);
}

static void a_trial_of_a_worker_can_be_pruned_by_hand(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        WORKER("    [ $t = 0 ] && { touch has; read -r line\n"
               "        echo \"{\\\"trial\\\": $t, \\\"pruned\\\": true}\"; continue; }\n" ANSWER),
        "budget: {trials: 3}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "has");
    rig_wait_run(&rig, 0);
    (void)rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_PRUNED);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 2);
    assert_int_equal(n_workers(&rig), 1);
    rig_close(&rig);
}

/* ── dialin is killed ──────────────────────────────────────────────────────────────────────────*/

static void no_worker_outlives_a_killed_engine_and_its_trials_are_run_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        WORKER("    [ $t -ge 4 ] && [ ! -e go ] && { touch at.$t; sleep 1000 & wait; }\n" ANSWER),
        "budget: {trials: 8}\nmachine: {parallel: 2}\n");
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct dln_error err = {0};
        const struct dln_engine_options options = {
            .db_path = rig.db, .study_id = rig.study_id, .notify = &rig.wake};
        if (!dln_engine_start(&options, &rig.engine, &err)) _exit(1);
        (void)dln_engine_join(rig.engine, &err);
        _exit(2);
    }
    rig_wait_file(&rig, "at.4");
    rig_wait_file(&rig, "at.5");
    assert_int_equal(kill(pid, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    rig_write(&rig, "go", "");
    rig_run(&rig); /* waits for the guardian's lock, which is free when all are gone */
    assert_false(any_alive(&rig));
    rig_assert_numbers(&rig, 8);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 8);
    assert_int_equal(n_workers(&rig), 4);
    assert_true(rig_journal_says(&rig, "2 unfinished run again"));
    rig_close(&rig);
}

static void leaving_ends_workers_and_keeps_their_trials_for_later(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        WORKER("    [ $t = 1 ] && [ ! -e go ] && { touch has; read -r line\n"
               "        echo \"{\\\"trial\\\": $t, \\\"pruned\\\": true}\"; continue; }\n" ANSWER),
        "budget: {trials: 3}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "has");
    rig_wait_run(&rig, 1);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_false(any_alive(&rig));
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_RUNNING);
    rig_write(&rig, "go", "");
    rig_run(&rig);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
    rig_close(&rig);
}

/* ── the study file ────────────────────────────────────────────────────────────────────────────*/

static void a_placeholder_of_a_trial_in_worker_is_refused(void **state)
{
    (void)state;
    static const char text[] = "study: t\nworker: sh prog.sh --x {x}\n"
                               "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n";
    struct dln_error err = {0};
    struct dln_study *study;
    assert_ok(dln_study_read("s.yaml", text, sizeof text - 1, &study, &err), err);
    assert_fails(dln_argv_check(study, &err), err, DLN_INVALID);
    assert_string_equal(
        err.text, "s.yaml:2:9: '{x}' in 'worker' differs from trial to trial, and a worker is "
                  "started once: it reads a line of JSON for each trial");
    dln_study_free(study);
}

static void what_a_worker_gets_can_be_pasted_into_a_shell(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, WORKER(ANSWER), "budget: {trials: 1}\n");
    rig_run(&rig);
    char command[4096];
    const char *recorded = text_of(&rig, "t.runs/000000/cmd");
    assert_int_equal(strncmp(recorded, "printf '%s\\n' '{\"trial\": 0, \"seed\": ", 36), 0);
    assert_true(snprintf(command, sizeof command, "cd %s && { %.*s; } > again", rig.dir,
                         (int)strcspn(recorded, "\n"), recorded) < (int)sizeof command);
    assert_int_equal(system(command), 0);
    char answer[128];
    char value[DLN_NUM_TEXT_MAX];
    (void)dln_num_repr(rig_trial(&rig, 0).x[0], value);
    (void)snprintf(answer, sizeof answer, "{\"trial\": 0, \"loss\": %s}\n", value);
    assert_string_equal(text_of(&rig, "again"), answer);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
#define T(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        T(a_worker_takes_trial_after_trial_and_goes_when_told_to),
        T(each_slot_has_its_gpus_and_a_closed_one_loses_its_worker),
        T(a_worker_that_dies_is_started_again_and_its_trial_is_tried_again),
        T(a_worker_says_itself_why_a_trial_failed_and_goes_on),
        T(garbage_is_log_and_an_answer_for_another_trial_ends_the_worker),
        T(a_worker_that_never_answers_is_out_of_time),
        T(workers_that_only_die_pause_the_study),
        T(a_pruned_trial_is_given_up_by_its_worker_which_lives_on),
        T(a_worker_that_does_not_stop_is_ended_and_another_one_started),
        T(an_answer_that_crossed_the_prune_message_is_no_fault),
        T(a_trial_of_a_worker_can_be_pruned_by_hand),
        T(no_worker_outlives_a_killed_engine_and_its_trials_are_run_again),
        T(leaving_ends_workers_and_keeps_their_trials_for_later),
        T(a_placeholder_of_a_trial_in_worker_is_refused),
        T(what_a_worker_gets_can_be_pasted_into_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
