/* Clocks that jump under a running study, and an engine that was frozen while another took over. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/engine_rig.h"
#include "support/fault.h"
#include "support/outside.h"

enum { DAY_S = 24 * 60 * 60 };

static const char waits[] = "while [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
                            "echo \"loss: ${1#--x=}\"\n";

static void release(struct engine_rig *rig, int number)
{
    char file[32];
    assert_true(snprintf(file, sizeof file, "go.%d", number) > 0);
    rig_write(rig, file, "");
}

/* ── the wall clock ────────────────────────────────────────────────────────────────────────────*/

static void a_clock_set_back_or_forth_ends_nothing(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, waits,
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 6, time: 1h}\n"
             "machine: {parallel: 2, timeout: 30m, idle_timeout: 30m}\n");
    rig_start(&rig);
    rig_wait_run(&rig, 0);
    rig_wait_run(&rig, 1);
    fault_shift_wall(DAY_S);
    release(&rig, 0);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 1);
    release(&rig, 1);
    rig_wait_run(&rig, 2);
    rig_wait_run(&rig, 3);
    fault_shift_wall(-DAY_S);
    for (int i = 2; i < 6; i++)
        release(&rig, i);
    rig_join(&rig, DLN_OUTCOME_DONE);
    fault_shift_wall(0);
    rig_assert_numbers(&rig, 6);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], 6);
    assert_true(summary.spent.time_s < 3000); /* a day did not pass */
    for (int64_t i = 0; i < 6; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.attempt, 1);
        assert_close(trial.values[0], trial.x[0], 0, 0);
    }
    rig_close(&rig);
}

/* The seconds that strategies and people see of a trial are never below nothing. */
static void no_trial_takes_less_than_no_time(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    dln_store *store;
    double seconds = -1;
    rig_open(&rig, waits,
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 1}\n");
    rig_start(&rig);
    rig_wait_run(&rig, 0);
    fault_shift_wall(-DAY_S);
    release(&rig, 0);
    rig_join(&rig, DLN_OUTCOME_DONE);
    fault_shift_wall(0);
    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_seconds(store, rig_trial(&rig, 0).id, &seconds, &err), err);
    dln_store_close(store);
    assert_true(seconds >= 0);
    rig_close(&rig);
}

/* ── a frozen engine ───────────────────────────────────────────────────────────────────────────*/

static pid_t start_engine(struct engine_rig *rig)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) return pid;
    struct dln_error err = {0};
    const struct dln_engine_options options = {.db_path = rig->db, .study_id = rig->study_id};
    if (!dln_engine_start(&options, &rig->engine, &err)) _exit(1);
    const enum dln_engine_outcome outcome = dln_engine_join(rig->engine, &err);
    _exit(outcome == DLN_OUTCOME_FAILED && err.code == DLN_BUSY ? 42 : 2);
}

/* All that an engine writes, as one text. */
static const char *all_rows(const struct engine_rig *rig)
{
    return outside_ask(
        rig->db,
        "SELECT (SELECT group_concat(trial_id || state) FROM trials),"
        " (SELECT count(*) FROM trial_values), (SELECT count(*) FROM trial_intermediate_values),"
        " (SELECT count(*) FROM trial_system_attributes), (SELECT count(*) FROM dialin_commands),"
        " (SELECT count(*) FROM dialin_runs), (SELECT group_concat(nonce || beats)"
        " FROM dialin_engines)");
}

/* The row as an engine on another machine would have left it: only its heartbeat tells of it. */
static void move_to_another_machine(const struct engine_rig *rig)
{
    char runtime[256];
    outside_run(rig->db, "UPDATE dialin_engines SET host = 'elsewhere', boot = 'another'");
    rig_path(rig, "runtime", runtime, sizeof runtime);
    assert_int_equal(mkdir(runtime, 0700), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
}

static void an_engine_that_was_frozen_and_replaced_writes_nothing(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    dln_store *store;
    int status;
    const char *const runtime = getenv("XDG_RUNTIME_DIR");
    char *const kept = runtime ? strdup(runtime) : NULL;
    rig_open(&rig, waits,
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 9}\nmachine: {parallel: 2}\n");
    const pid_t pid = start_engine(&rig);
    rig_wait_run(&rig, 0);
    rig_wait_run(&rig, 1);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));

    assert_ok(dln_store_open(rig.db, DLN_STORE_ENGINE, &store, &err), err);
    assert_fails(dln_store_take_lease(store, rig.study_id, NULL, &err), err, DLN_BUSY);
    move_to_another_machine(&rig); /* as seen from there, only silence tells */
    assert_fails(dln_store_take_lease(store, rig.study_id, NULL, &err), err, DLN_BUSY);
    fault_shift_monotonic(29);
    assert_fails(dln_store_take_lease(store, rig.study_id, NULL, &err), err, DLN_BUSY);
    fault_shift_monotonic(31);
    assert_ok(dln_store_take_lease(store, rig.study_id, NULL, &err), err);
    fault_shift_monotonic(0);

    char before[4096];
    (void)snprintf(before, sizeof before, "%s", all_rows(&rig));
    release(&rig, 0); /* the trial ends: the old engine has something to write */
    release(&rig, 1);
    assert_int_equal(kill(pid, SIGCONT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42); /* it stepped down, and said so */
    assert_string_equal(all_rows(&rig), before);
    dln_store_close(store);
    assert_int_equal(kept ? setenv("XDG_RUNTIME_DIR", kept, 1) : unsetenv("XDG_RUNTIME_DIR"), 0);
    free(kept);
    for (int i = 2; i < 9; i++)
        release(&rig, i);
    rig_run(&rig); /* and the study goes on */
    rig_assert_numbers(&rig, 9);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 9);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_set_back_or_forth_ends_nothing),
        cmocka_unit_test(no_trial_takes_less_than_no_time),
        cmocka_unit_test(an_engine_that_was_frozen_and_replaced_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
