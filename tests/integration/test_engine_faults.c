/*
 * An engine, or its guardian, meets one fault: no memory, a write that fails, a program that cannot
 * be started. It goes on, or ends and says why; nothing of the file is lost or wrong, and the next
 * run, without a fault, ends with exactly the budget. DIALIN_FAULTS tries every single one.
 */
#include "support/engine_rig.h"
#include "support/fault.h"
#include "support/outside.h"

enum { TRIALS = 3 };

static const char study[] = "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}, k: {choice: [a, b]}}\n"
                            "strategy: tpe\n"
                            "budget: {trials: 3}\n"
                            "machine: {parallel: 2}\n"
                            "failure: {exit: retry, retry: 9}\n"
                            "keep: {top: 1}\n";
static const char program[] = "echo \"loss: ${1#--x=}\"\n";

static void assert_data_intact(struct engine_rig *rig)
{
    assert_string_equal(outside_ask(rig->db, "PRAGMA integrity_check"), "ok");
    const struct dln_study_summary summary = rig_summary(rig);
    for (int64_t i = 0; i < summary.n_trials; i++) {
        const struct dln_trial trial = rig_trial(rig, i);
        if (trial.state == DLN_TRIAL_COMPLETE) assert_close(trial.values[0], trial.x[0], 0, 0);
        if (trial.state == DLN_TRIAL_FAIL) assert_true(trial.detail[0] != '\0');
    }
}

/* One life of an engine under a fault. True: it ended as one without a fault does. */
static bool live(struct engine_rig *rig)
{
    struct dln_error err = {0};
    const struct dln_engine_options options = {
        .db_path = rig->db, .study_id = rig->study_id, .notify = &rig->wake};
    bool ok = dln_engine_start(&options, &rig->engine, &err);
    if (ok) {
        const enum dln_engine_outcome outcome = dln_engine_join(rig->engine, &err);
        rig->engine = NULL;
        assert_true(outcome == DLN_OUTCOME_DONE || outcome == DLN_OUTCOME_FAILED);
        ok = outcome == DLN_OUTCOME_DONE;
    }
    if (!ok) assert_true(err.code != DLN_OK && err.text[0] != '\0');
    return ok;
}

/* The study as it is after the fault; and how it ends when all is well again. */
static void go_on(struct engine_rig *rig, bool is_done)
{
    assert_data_intact(rig);
    if (!is_done) rig_run(rig);
    assert_data_intact(rig);
    const struct dln_study_summary summary = rig_summary(rig);
    assert_int_equal(summary.counts[DLN_TRIAL_RUNNING] + summary.counts[DLN_TRIAL_WAITING], 0);
    rig_assert_numbers(rig, TRIALS);
}

static void each_fault_of_the_engine(enum fault_kind kind, size_t near, size_t at_least)
{
    size_t n_told = 0;
    size_t n_hit = 0;
    for (size_t nth = 1;; nth = fault_next(nth, near)) {
        struct engine_rig rig;
        rig_open(&rig, program, study);
        fault_arm(kind, nth);
        const bool ok = live(&rig);
        const bool is_hit = fault_disarm();
        n_told += !ok;
        n_hit += is_hit;
        if (!is_hit) assert_true(ok);
        go_on(&rig, ok);
        rig_close(&rig);
        if (!is_hit) break;
    }
    print_message("%zu faults, told %zu times\n", n_hit, n_told);
    assert_true(n_hit >= at_least);
}

static void each_fault_of_the_guardian(const char *kind, size_t n, size_t near)
{
    size_t n_told = 0;
    for (size_t nth = 1; nth <= n; nth = fault_next(nth, near)) {
        struct engine_rig rig;
        rig_open(&rig, program, study);
        fault_order(kind, nth);
        const bool ok = live(&rig);
        fault_order(NULL, 0);
        n_told += !ok;
        go_on(&rig, ok);
        rig_close(&rig);
    }
    print_message("told %zu times\n", n_told);
}

/* ── tests ─────────────────────────────────────────────────────────────────────────────────────*/

static void an_engine_bears_a_lack_of_memory_at_any_moment(void **state)
{
    (void)state;
    fault_wrap_jansson();
    each_fault_of_the_engine(FAULT_ALLOC, 4, 10);
}

static void an_engine_bears_a_failed_write_of_its_own(void **state)
{
    (void)state;
    each_fault_of_the_engine(FAULT_WRITE, 1, 3); /* a full disk is tried again after 5 s */
}

static void an_engine_bears_that_no_guardian_can_be_started(void **state)
{
    (void)state;
    each_fault_of_the_engine(FAULT_SPAWN, 8, 1);
}

static void a_program_that_cannot_be_started_once_is_told(void **state)
{
    (void)state;
    each_fault_of_the_guardian("exec", 6, 6);
}

static void a_process_that_cannot_be_made_once_is_told(void **state)
{
    (void)state;
    each_fault_of_the_guardian("spawn", TRIALS, TRIALS);
}

static void a_guardian_bears_a_lack_of_memory_at_any_moment(void **state)
{
    (void)state;
    each_fault_of_the_guardian("alloc", 16, 3);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--guardian") == 0) fault_obey();
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_bears_a_lack_of_memory_at_any_moment),
        cmocka_unit_test(an_engine_bears_a_failed_write_of_its_own),
        cmocka_unit_test(an_engine_bears_that_no_guardian_can_be_started),
        cmocka_unit_test(a_program_that_cannot_be_started_once_is_told),
        cmocka_unit_test(a_process_that_cannot_be_made_once_is_told),
        cmocka_unit_test(a_guardian_bears_a_lack_of_memory_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
