/*
 * `executor: queue` over a small real queue, task-spooler, and Slurm's executor over commands that
 * only play Slurm: they hang, talk nonsense, or die.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/engine_rig.h"

#define STUDY(executor, trials)                                                     \
    "run: sh prog.sh {x}\nobjective: {minimize: loss}\nspace: {x: {int: [0, 9]}}\n" \
    "strategy: random\nduplicates: repeat\nfailure: {retry: 0, pause_after: 0}\n"   \
    "budget: {trials: " #trials "}\n"                                               \
    "machine: {parallel: 2, grace: 1s, executor: " executor "}\n"
#define TSP                                                                                \
    "{queue: {submit: 'tsp -L {name} sh {script}', poll: tsp, cancel: 'tsp -k {jobid}',\n" \
    "  poll_min: 1s, poll_max: 1s, fs_grace: 2s}}"

static void enqueue(struct engine_rig *rig, int x)
{
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"params\": {\"x\": %d}}", x);
    (void)rig_steer(rig, DLN_COMMAND_ENQUEUE, payload);
}

/* ── task-spooler ──────────────────────────────────────────────────────────────────────────────*/

/* Each test has a spooler of its own, told apart by its socket. */
static void open_spooler(struct engine_rig *rig, const char *script, const char *yaml)
{
    char path[256];
    if (system("command -v tsp >/dev/null") != 0) {
        print_message("skipped: there is no task-spooler (tsp) here\n");
        skip();
    }
    rig_open(rig, script, yaml);
    rig_path(rig, "spooler", path, sizeof path);
    (void)setenv("TS_SOCKET", path, 1);
    (void)setenv("TMPDIR", rig->dir, 1);
    assert_int_equal(system("tsp -S 2"), 0);
}

static void close_spooler(struct engine_rig *rig)
{
    assert_int_equal(system("tsp -K"), 0);
    (void)unsetenv("TMPDIR");
    rig_close(rig);
}

static void a_study_runs_through_a_real_queue(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_spooler(&rig,
                 "[ $1 != 1 ] || exit 3\n"
                 "echo \"epoch 1 loss: 9\"; echo \"epoch 2 loss: $1\"\n",
                 STUDY(TSP, 4));
    for (int x = 0; x < 4; x++)
        enqueue(&rig, x);
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 1).reason, DLN_FAIL_EXIT);
    assert_string_equal(rig_trial(&rig, 1).detail, "exit 3");
    assert_close(rig_trial(&rig, 3).values[0], 3, 0, 0);
    assert_int_equal(rig_trial(&rig, 3).n_steps, 2);
    rig_assert_numbers(&rig, 4);
    close_spooler(&rig);
}

static void a_job_that_is_killed_or_pruned_frees_its_slot(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_spooler(&rig,
                 "echo 'epoch 1 loss: 5'\n"
                 "[ $1 != 0 ] || exec sleep 1000\n"
                 "[ $1 != 1 ] || [ -e once ] || { touch once; kill -9 $PPID; kill -9 $$; }\n"
                 "echo 'epoch 2 loss: 2'\n",
                 STUDY(TSP, 3));
    for (int x = 0; x < 3; x++)
        enqueue(&rig, x);
    rig_start(&rig);
    rig_wait_run(&rig, 0);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 2); /* beside it; the second one at its second try */
    (void)rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_PRUNED);
    assert_int_equal(rig_trial(&rig, 1).attempt, 2);
    assert_close(rig_trial(&rig, 1).values[0], 2, 0, 0);
    close_spooler(&rig);
}

/* ── commands that misbehave ───────────────────────────────────────────────────────────────────*/

/* bin/NAME, first in PATH. */
static void play(const struct engine_rig *rig, const char *name, const char *script)
{
    char path[256];
    char file[64];
    rig_path(rig, "bin", path, sizeof path);
    (void)mkdir(path, 0700);
    (void)snprintf(file, sizeof file, "bin/%s", name);
    rig_write(rig, file, script);
    rig_path(rig, file, path, sizeof path);
    assert_int_equal(chmod(path, 0700), 0);
}

static char *saved_path;

static void play_slurm(struct engine_rig *rig, const char *sbatch, const char *squeue)
{
    char path[4096];
    saved_path = strdup(getenv("PATH"));
    assert_non_null(saved_path);
    assert_true(snprintf(path, sizeof path, "%s/bin:%s", rig->dir, saved_path) < 4096);
    (void)setenv("PATH", path, 1);
    (void)setenv("RIG", rig->dir, 1);
    play(rig, "sbatch", sbatch);
    play(rig, "squeue", squeue);
    play(rig, "scancel", "#!/bin/sh\necho \"$*\" >>\"$RIG/cancelled\"\n");
    play(rig, "scontrol", "#!/bin/sh\nexit 1\n");
}

static void stop_playing(struct engine_rig *rig)
{
    (void)setenv("PATH", saved_path, 1);
    free(saved_path);
    rig_close(rig);
}

/* The job begins at once, in the background; its number is that of the call. */
#define ACCEPTS                                                   \
    "#!/bin/sh\n"                                                 \
    "echo x >>\"$RIG/calls\"; n=$(wc -l <\"$RIG/calls\")\n"       \
    "for last; do :; done\n"                                      \
    "SLURM_JOB_ID=$n sh \"$last\" >/dev/null 2>&1 </dev/null &\n" \
    "echo $n\n"
#define SLURM "{slurm: {poll_min: 1s, poll_max: 1s}}"

static void results_come_by_files_whatever_squeue_says(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "#!/bin/sh\necho garbage; printf '\\001|\\377|'; exit 0\n",
        "#!/bin/sh\necho 'slurm_load_jobs error: broken' >&2; exit 1\n",
        "#!/bin/sh\nexec sleep 1000\n",
        "#!/bin/sh\nkill -9 $$\n",
        "#!/bin/sh\nyes '7|RUNNING|0:01|1:00|None|n1|foreign' | head -n 100000\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct engine_rig rig;
        rig_open(&rig, "echo \"loss: $1\"\n", STUDY(SLURM, 3));
        play_slurm(&rig, ACCEPTS, answers[i]);
        rig_run(&rig);
        assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
        stop_playing(&rig);
    }
}

static void a_submit_without_an_answer_is_looked_for_before_it_is_repeated(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "while [ ! -e go ]; do sleep 0.1; done; echo 'loss: 1'\n", STUDY(SLURM, 1));
    play_slurm(
        &rig,
        "#!/bin/sh\n"
        "echo x >>\"$RIG/calls\"\n"
        "for last; do :; done\n"
        "basename \"$(dirname \"$last\")\" >\"$RIG/name\"\n"
        "sh \"$last\" >/dev/null 2>&1 </dev/null &\n"
        "echo 'sbatch: error: Batch job submission failed: Socket timed out' >&2; exit 1\n",
        "#!/bin/sh\n"
        "[ -e \"$RIG/name\" ] && echo \"42|RUNNING|0:01|1:00|None|n1|$(cat \"$RIG/name\")\"\n"
        "touch \"$RIG/go\"\n");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    char path[256];
    struct stat info;
    rig_path(&rig, "calls", path, sizeof path);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 2); /* once */
    stop_playing(&rig);
}

static void a_job_of_another_name_is_never_ended(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "exit 1\n", STUDY(SLURM, 1));
    play_slurm(&rig, "#!/bin/sh\necho 42\n", /* lost by a controller that died, and given away */
               "#!/bin/sh\necho '42|RUNNING|0:01|1:00|None|n1|somebody-elses'\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    rig_wait_journal(&rig, "start");
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_false(rig_has(&rig, "cancelled"));
    stop_playing(&rig);
}

static void without_its_commands_the_study_waits_and_says_why(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(
        &rig, "echo 'loss: 1'\n",
        STUDY("{queue: {submit: 'no-such-qsub {script}', poll: 'true', cancel: 'x {jobid}'}}", 1));
    rig_start(&rig);
    rig_wait_state(&rig, DLN_ENGINE_PAUSED);
    assert_non_null(strstr(rig_summary(&rig).why, "no-such-qsub"));
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_runs_through_a_real_queue),
        cmocka_unit_test(a_job_that_is_killed_or_pruned_frees_its_slot),
        cmocka_unit_test(results_come_by_files_whatever_squeue_says),
        cmocka_unit_test(a_submit_without_an_answer_is_looked_for_before_it_is_repeated),
        cmocka_unit_test(a_job_of_another_name_is_never_ended),
        cmocka_unit_test(without_its_commands_the_study_waits_and_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
