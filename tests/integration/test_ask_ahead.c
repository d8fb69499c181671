/*
 * The engine asks for the next point while all slots are busy. What counts is the order of events:
 * a trial that starts after another one has ended was chosen before that end. No clock is read:
 * once the run of the last slot is in the file, the engine goes on to ask ahead before it looks at
 * its children again.
 */
#include "dialin/peek.h"
#include "support/engine_rig.h"

enum { FIRST = 12 }; /* trials that the strategy has learned from */

static const char yaml[] =
    "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}, y: {float: [0, 1]}}\n"
    "strategy: gp\nseed: 5\nbudget: {trials: 12}\nmachine: {parallel: %d}\n";

/* From #12 on a trial waits for a file of its own, and then has a result that changes everything.
 */
static const char script[] =
    "if [ $DIALIN_TRIAL -ge 12 ]; then\n"
    "  while [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
    "  echo \"loss: -50\"\n"
    "else\n"
    "  echo \"${1#--x=} ${2#--y=}\" | awk '{ print \"loss: \" ($1 - 0.3) ^ 2 + ($2 - 0.6) ^ 2 }'\n"
    "fi\n";

static void learn_first(struct engine_rig *rig, int parallel)
{
    char text[512];
    assert_true(snprintf(text, sizeof text, yaml, parallel) < (int)sizeof text);
    rig_open(rig, script, text);
    rig_run(rig);
    rig_assert_numbers(rig, FIRST);
    (void)rig_steer(rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 20}");
}

/* What comes next as things are. */
static struct dln_peeked next_of(struct engine_rig *rig)
{
    struct dln_error err = {0};
    struct dln_peek peek;
    dln_store *store;
    const struct dln_study_summary summary = rig_summary(rig);
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_peek_study(store, &summary, rig->study, 1, &rig->arena, &peek, &err), err);
    dln_store_close(store);
    assert_int_equal(peek.n, 1);
    return peek.next[0];
}

static void leave(struct engine_rig *rig)
{
    dln_engine_quit(rig->engine);
    dln_engine_quit(rig->engine);
    rig_join(rig, DLN_OUTCOME_STOPPED);
    rig_close(rig);
}

static void a_free_slot_gets_the_point_that_was_chosen_while_it_was_busy(void **state)
{
    (void)state;
    struct engine_rig rig;
    learn_first(&rig, 2);
    rig_start(&rig);
    rig_wait_run(&rig, FIRST + 1);
    const struct dln_peeked before = next_of(&rig);
    rig_write(&rig, "go.12", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, FIRST + 1);
    rig_wait_run(&rig, FIRST + 2);
    const struct dln_trial ran = rig_trial(&rig, FIRST + 2);
    assert_int_equal(before.number, FIRST + 2);
    assert_close(ran.x[0], before.x[0], 0, 0); /* although -50 was known when it started */
    assert_close(ran.x[1], before.x[1], 0, 0);
    assert_string_equal(ran.why, before.why);
    leave(&rig);
}

static void an_enqueued_point_goes_before_it(void **state)
{
    (void)state;
    struct engine_rig rig;
    learn_first(&rig, 2);
    rig_start(&rig);
    rig_wait_run(&rig, FIRST + 1);
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.125, \"y\": 0.5}}");
    rig_write(&rig, "go.12", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, FIRST + 1);
    rig_wait_run(&rig, FIRST + 2);
    assert_close(rig_trial(&rig, FIRST + 2).x[0], 0.125, 0, 0);
    leave(&rig);
}

static void one_worker_always_learns_from_its_last_trial(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    struct dln_history_row *rows;
    struct dln_peek peek;
    dln_store *store;
    size_t n;
    learn_first(&rig, 1);
    rig_start(&rig);
    rig_wait_run(&rig, FIRST);
    rig_write(&rig, "go.12", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, FIRST + 1);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    dln_engine_quit(rig.engine);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);

    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_history(store, rig.study_id, &rig.study->space, 1, 0, &rig.arena, &rows, &n,
                                &err),
              err);
    dln_store_close(store);
    const struct dln_peek_request request = {.study = rig.study,
                                             .seed = rig_summary(&rig).seed,
                                             .budget_trials = 20,
                                             .n_rows = FIRST + 1, /* #12 and its result */
                                             .rows = rows,
                                             .count = 1};
    assert_int_equal(n, FIRST + 2);
    assert_ok(dln_peek_rows(&request, &rig.arena, &peek, &err), err);
    const struct dln_trial ran = rig_trial(&rig, FIRST + 1);
    assert_close(ran.x[0], peek.next[0].x[0], 0, 0);
    assert_close(ran.x[1], peek.next[0].x[1], 0, 0);
    assert_string_equal(ran.why, peek.next[0].why);
    rig_close(&rig);
}

static void resumed_or_not_one_worker_proposes_the_same_points(void **state)
{
    (void)state;
    double x[2][16];
    for (int round = 0; round < 2; round++) {
        struct engine_rig rig;
        char text[512];
        assert_true(snprintf(text, sizeof text, yaml, 1) < (int)sizeof text);
        rig_open(&rig, script, text);
        (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 16}");
        for (int i = FIRST; i < 16; i++) {
            char file[16];
            snprintf(file, sizeof file, "go.%d", i);
            if (round == 0 || i != FIRST) rig_write(&rig, file, "");
        }
        if (round == 1) {
            rig_start(&rig);
            rig_wait_run(&rig, FIRST);
            dln_engine_quit(rig.engine);
            dln_engine_quit(rig.engine);
            rig_join(&rig, DLN_OUTCOME_STOPPED);
            rig_write(&rig, "go.12", "");
        }
        rig_run(&rig);
        rig_assert_numbers(&rig, 16);
        for (int64_t i = 0; i < 16; i++)
            x[round][i] = rig_trial(&rig, i).x[0];
        rig_close(&rig);
    }
    assert_memory_equal(x[0], x[1], sizeof x[0]);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_slot_gets_the_point_that_was_chosen_while_it_was_busy),
        cmocka_unit_test(an_enqueued_point_goes_before_it),
        cmocka_unit_test(one_worker_always_learns_from_its_last_trial),
        cmocka_unit_test(resumed_or_not_one_worker_proposes_the_same_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
