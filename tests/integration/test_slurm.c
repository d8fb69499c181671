/*
 * Studies on a real Slurm of four nodes on this machine (support/slurm_start.sh), which the test
 * starts for itself and stops. Needs root and Debian's slurm-wlm; else it is skipped.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/engine_rig.h"

#define MACHINE(options)                                                                      \
    "machine: {parallel: 4, grace: 1s, executor: {slurm: {poll_min: 1s, poll_max: 2s" options \
    "}}}\n"
#define STUDY(options, trials)                                                      \
    "run: sh prog.sh {x}\nobjective: {minimize: loss}\nspace: {x: {int: [0, 9]}}\n" \
    "strategy: random\nduplicates: repeat\nfailure: {retry: 0, pause_after: 0}\n"   \
    "budget: {trials: " #trials "}\n" MACHINE(options)

static char prefix[64];

/* ── the cluster ───────────────────────────────────────────────────────────────────────────────*/

static int shell(const char *format, ...) DLN_PRINTF(1, 2);
static int shell(const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    assert_true(vsnprintf(line, sizeof line, format, args) < (int)sizeof line);
    va_end(args);
    const int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void must(const char *line)
{
    if (shell("%s", line) != 0) fail_msg("%s", line);
}

static int start_cluster(void **state)
{
    (void)state;
    char conf[128];
    (void)snprintf(prefix, sizeof prefix, "/var/tmp/dialin-slurm-XXXXXX");
    if (!mkdtemp(prefix)) return -1;
    (void)snprintf(conf, sizeof conf, "%s/etc/slurm.conf", prefix);
    (void)setenv("SLURM_CONF", conf, 1);
    const int port = 21000 + (int)(getpid() % 80) * 310;
    if (shell("bash %s/tests/support/slurm_start.sh -p %s -P %d >%s.log 2>&1 </dev/null",
              TEST_SOURCE, prefix, port, prefix) == 0) {
        return 0;
    }
    print_message("skipped: no Slurm can be started here, which takes root and slurm-wlm:\n");
    (void)shell("tail -n 3 %s.log; bash %s/tests/support/slurm_stop.sh -r -p %s; rm -f %s.log",
                prefix, TEST_SOURCE, prefix, prefix);
    exit(77);
}

static int stop_cluster(void **state)
{
    (void)state;
    return shell("bash %s/tests/support/slurm_stop.sh -r -p %s >%s.log 2>&1; rm -f %s.log",
                 TEST_SOURCE, prefix, prefix, prefix);
}

static void assert_no_jobs(void)
{
    /* one whose end was seen may be on its way out */
    const char *line = "for i in 1 2 3 4 5 6 7 8 9 10; do [ -z \"$(squeue -h)\" ] && exit 0; "
                       "sleep 0.5; done; squeue; exit 1";
    assert_int_equal(shell("%s", line), 0);
}

static void enqueue(struct engine_rig *rig, int x)
{
    char payload[64];
    (void)snprintf(payload, sizeof payload, "{\"params\": {\"x\": %d}}", x);
    (void)rig_steer(rig, DLN_COMMAND_ENQUEUE, payload);
}

static void assert_detail(struct engine_rig *rig, int64_t number, enum dln_fail_reason reason,
                          const char *text)
{
    const struct dln_trial trial = rig_trial(rig, number);
    if (trial.state != DLN_TRIAL_FAIL || trial.reason != reason || !strstr(trial.detail, text)) {
        fail_msg("#%d: state %d, reason %s, %s; not %s, %s", (int)number, (int)trial.state,
                 dln_fail_reason_name(trial.reason), trial.detail, dln_fail_reason_name(reason),
                 text);
    }
}

/* ── how jobs end ──────────────────────────────────────────────────────────────────────────────*/

static void each_way_to_end_is_told_from_the_others(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "case $1 in\n"
             "0) echo 'loss: 4';;\n"
             "1) echo 'loss: 4'; exit 3;;\n"
             "2) kill -SEGV $$;;\n"
             "3) echo nothing;;\n"
             "4) printf 'loss: 7\\n' >&2; printf '{\"loss\": 2}\\n' >>\"$DIALIN_METRICS\";;\n"
             "5) echo \"loss: $DIALIN_TRIAL\"; [ -z \"$DIALIN_RUN\" ];;\n"
             "6) exec sleep 1000;;\n"
             "esac\n",
             STUDY("", 7));
    for (int x = 0; x < 7; x++)
        enqueue(&rig, x);
    rig_start(&rig);
    rig_wait_run(&rig, 6);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 3);
    must("scancel $(squeue -h -t R -o %A)"); /* by somebody else */
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_close(rig_trial(&rig, 0).values[0], 4, 0, 0);
    assert_detail(&rig, 1, DLN_FAIL_EXIT, "exit 3");
    assert_detail(&rig, 2, DLN_FAIL_SIGNAL, "signal SEGV");
    assert_detail(&rig, 3, DLN_FAIL_NO_METRIC, "did not print");
    assert_close(rig_trial(&rig, 4).values[0], 2, 0, 0);
    assert_close(rig_trial(&rig, 5).values[0], 5, 0, 0);
    assert_detail(&rig, 6, DLN_FAIL_STOPPED, "was cancelled outside of dialin");
    rig_assert_numbers(&rig, 7);
    assert_no_jobs();
    rig_close(&rig);
}

static void too_much_memory_is_said(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "python3 -c \"import time; a = bytearray(300000000); time.sleep(1000)\"\n",
             STUDY(", mem: '100'", 1));
    rig_run(&rig);
    assert_detail(&rig, 0, DLN_FAIL_OOM, "out of memory");
    assert_no_jobs();
    rig_close(&rig);
}

/* ── pruned and stopped ────────────────────────────────────────────────────────────────────────*/

static void a_pruned_job_ends_in_its_grace_or_is_killed(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "if [ $1 = 1 ]; then trap '' TERM; else trap 'echo bye >caught; exit 7' TERM; fi\n"
             "echo 'epoch 1 loss: 4'\n"
             "while :; do sleep 0.1; done\n",
             STUDY("", 2));
    enqueue(&rig, 0);
    enqueue(&rig, 1);
    rig_start(&rig);
    rig_wait_run(&rig, 0);
    rig_wait_run(&rig, 1);
    while (rig_trial(&rig, 0).n_steps + rig_trial(&rig, 1).n_steps < 2)
        rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2); /* both have said something */
    (void)rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0, 1]}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_true(rig_has(&rig, "caught"));
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(rig_trial(&rig, i).state, DLN_TRIAL_PRUNED);
        assert_close(rig_trial(&rig, i).values[0], 4, 0, 0);
    }
    assert_no_jobs();
    rig_close(&rig);
}

static void a_stopped_study_leaves_no_job_in_the_queue(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "exit 1\n", STUDY(", partition: down", 4));
    rig_start(&rig);
    rig_wait_journal(&rig, "PartitionDown, which may never pass");
    (void)rig_steer(&rig, DLN_COMMAND_STOP, "{\"now\": true}");
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_no_jobs();
    rig_close(&rig);
}

/* ── refused ───────────────────────────────────────────────────────────────────────────────────*/

static void what_slurm_refuses_pauses_the_study_in_its_words(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "echo loss: 1\n", STUDY(", partition: nosuch", 2));
    rig_start(&rig);
    rig_wait_state(&rig, DLN_ENGINE_PAUSED);
    assert_non_null(strstr(rig_summary(&rig).why, "Invalid partition name specified"));
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_FAIL], 0);
    (void)rig_steer(&rig, DLN_COMMAND_STOP, "{\"now\": true}");
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_close(&rig);
}

/* ── what the cluster does ─────────────────────────────────────────────────────────────────────*/

static void a_preempted_job_is_run_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "echo x >>begun\n"
             "if [ $(wc -l <begun) = 1 ]; then exec sleep 1000; fi\n"
             "echo loss: 1\n",
             STUDY(", partition: scavenge, nodelist: node1, extra: [--exclusive]", 1));
    rig_start(&rig);
    rig_wait_file(&rig, "begun");
    must("sbatch -p debug -w node1 --exclusive -o /dev/null --wrap 'sleep 1' >/dev/null");
    rig_join(&rig, DLN_OUTCOME_DONE);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
    assert_int_equal(trial.attempt, 2);
    assert_true(rig_journal_says(&rig, "lost: job"));
    assert_no_jobs();
    rig_close(&rig);
}

static void a_job_outlives_its_controller(void **state)
{
    (void)state;
    struct engine_rig rig;
    char line[512];
    rig_open(&rig, "touch began; while [ ! -e go ]; do sleep 0.1; done; echo loss: 1\n",
             STUDY("", 1));
    rig_start(&rig);
    rig_wait_file(&rig, "began");
    (void)snprintf(
        line, sizeof line,
        "p=$(cat %s/run/slurmctld.pid) && kill $p && while [ -d /proc/$p ]; do sleep 0.1; "
        "done",
        prefix);
    must(line);
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE); /* its end is a file: nobody had to ask */
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    (void)snprintf(
        line, sizeof line,
        "PATH=$PATH:/usr/sbin slurmctld </dev/null >/dev/null 2>&1 && "
        "for i in $(seq 100); do sinfo >/dev/null 2>&1 && exit 0; sleep 0.1; done; exit 1");
    must(line);
    rig_close(&rig);
}

/* ── a tuner that dies ─────────────────────────────────────────────────────────────────────────*/

static pid_t start_tuner(const struct engine_rig *rig)
{
    const pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout)) _exit(126);
        execl(TEST_DIALIN, "dialin", "run", rig->db, "--headless", (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void a_new_tuner_takes_up_the_jobs_of_a_killed_one(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "echo x >>begun.$DIALIN_TRIAL\n"
             "echo \"epoch 1 loss: 9\"\n"
             "while [ ! -e go ]; do sleep 0.1; done\n"
             "echo \"epoch 2 loss: $DIALIN_TRIAL\"\n",
             STUDY(", partition: debug", 6));
    const pid_t pid = start_tuner(&rig);
    rig_wait_run(&rig, 3);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    rig_write(&rig, "go", ""); /* they end while nobody looks */
    rig_run(&rig);
    rig_assert_numbers(&rig, 6);
    for (int i = 0; i < 6; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_int_equal(trial.attempt, 1);
        assert_close(trial.values[0], i, 0, 0);
        assert_int_equal(trial.n_steps, 2);
    }
    char line[256];
    (void)snprintf(line, sizeof line, "cd %s && [ $(cat begun.* | wc -l) = 6 ]", rig.dir);
    must(line); /* none has run twice */
    assert_no_jobs();
    rig_close(&rig);
}

static void a_tuner_that_quits_leaves_its_jobs_for_the_next_one(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "echo x >>begun; while [ ! -e go ]; do sleep 0.1; done; echo loss: 1\n",
             STUDY(", max_queued: 2", 3));
    rig_start(&rig);
    rig_wait_run(&rig, 1);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    must("[ -n \"$(squeue -h)\" ]");
    must("sbatch -J dialin-ffffffff-1-1-0 -o /dev/null --wrap 'sleep 1000' >/dev/null"); /* another's
                                                                                          */
    rig_write(&rig, "go", "");
    rig_run(&rig);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_trial(&rig, i).attempt, 1);
    must("[ \"$(squeue -h -o %j)\" = dialin-ffffffff-1-1-0 ] && scancel -n dialin-ffffffff-1-1-0");
    assert_no_jobs();
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_end_is_told_from_the_others),
        cmocka_unit_test(too_much_memory_is_said),
        cmocka_unit_test(a_pruned_job_ends_in_its_grace_or_is_killed),
        cmocka_unit_test(a_stopped_study_leaves_no_job_in_the_queue),
        cmocka_unit_test(what_slurm_refuses_pauses_the_study_in_its_words),
        cmocka_unit_test(a_preempted_job_is_run_again),
        cmocka_unit_test(a_new_tuner_takes_up_the_jobs_of_a_killed_one),
        cmocka_unit_test(a_tuner_that_quits_leaves_its_jobs_for_the_next_one),
        cmocka_unit_test(a_job_outlives_its_controller),
    };
    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
