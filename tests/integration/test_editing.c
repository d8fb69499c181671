/* The space edited in the middle of a study, and every change undone: by the engine that runs, or
 * where none is alive. */
#include "base/rng.h"
#include "dialin/entries.h"
#include "dialin/num.h"
#include "dialin/space_edit.h"
#include "support/engine_rig.h"

static const char plain[] = "objective: {minimize: loss}\n"
                            "space:\n"
                            "  x: {float: [0, 1]}\n"
                            "  opt: {choice: [sgd, adamw]}   # both\n"
                            "strategy: random\n"
                            "seed: 11\n";
/* waits for the file go.N of its trial where `gates` is there; prints a value */
static const char bowl[] = "touch started.$DIALIN_TRIAL\n"
                           "while [ -e gates ] && [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
                           "echo \"$1\" | sed 's/--x=//' |\n"
                           "    awk '{ print \"loss:\", ($1 - 0.3) * ($1 - 0.3) }'\n";

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

static void says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("'%s' does not say '%s'", text, words);
}

static void the_next_trial_comes_from_the_new_space_and_a_running_one_ends_in_the_old(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 12}\n");
    rig_write(&rig, "gates", "");
    for (int64_t i = 0; i < 6; i++)
        release(&rig, i);
    rig_start(&rig);
    rig_wait_file(&rig, "started.6");
    const char *answer = rig_steer(&rig, DLN_COMMAND_SET_SPACE,
                                   "{\"edits\": {\"x\": \"{float: [0.4, 0.5]}\", "
                                   "\"y\": \"{int: [3, 9], was: 3}\", \"opt\": null}}");
    says(answer, "x 0 .. 1 → 0.4 .. 0.5; y added: 3 .. 9; opt dropped, was sgd adamw · ");
    says(answer, "of 6 finished trials lie outside and still inform the model");
    says(answer, "they count as y 3");
    says(answer, "1 running trial keeps its values");
    for (int64_t i = 6; i < 12; i++)
        release(&rig, i);
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 12);
    dln_study_free(rig.study);
    rig.study = definition(&rig);
    assert_int_equal(rig.study->space.n, 2);
    for (int64_t i = 7; i < 12; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_true(trial.x[0] >= 0.4 && trial.x[0] <= 0.5);
        assert_true(trial.x[1] >= 3 && trial.x[1] <= 9);
    }
    assert_int_equal(rig_trial(&rig, 6).state, DLN_TRIAL_COMPLETE);
    rig_close(&rig);
}

static void a_choice_is_added_at_the_end_of_all_rows_and_a_removed_one_stays_in_them(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 6}\n");
    rig_run(&rig);
    (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE,
                    "{\"edits\": {\"opt\": \"{choice: [lion, adamw]}\"}}");
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 14}");
    rig_run(&rig);
    struct dln_study *study = definition(&rig);
    assert_int_equal(study->space.params[1].n_choices, 2);
    dln_study_free(rig.study);
    rig.study = study;
    bool has_lion = false;
    for (int64_t i = 6; i < 14; i++)
        has_lion = has_lion || rig_trial(&rig, i).x[1] == 0;
    assert_true(has_lion);
    rig_close(&rig);
}

static void every_strategy_goes_on_in_an_edited_space(void **state)
{
    (void)state;
    static const char *const names[] = {"tpe", "gp", "cmaes", "de", "ga", "sobol", "auto", "grid"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct engine_rig rig;
        char payload[64];
        rig_open(&rig, bowl,
                 "objective: {minimize: loss}\n"
                 "space: {x: {float: [0, 1], step: 0.01}, k: {int: [1, 30]}, f: {flag: true}}\n"
                 "strategy: random\nseed: 3\nbudget: {trials: 14}\n");
        (void)snprintf(payload, sizeof payload, "{\"strategy\": \"%s\"}", names[i]);
        (void)rig_steer(&rig, DLN_COMMAND_SET_STRATEGY, payload);
        rig_run(&rig);
        (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE,
                        "{\"edits\": {\"x\": \"{float: [0.2, 0.4], step: 0.01}\", \"f\": null, "
                        "\"k\": \"{int: [7, 7]}\", \"z\": \"{float: [0, 1], was: 0.5}\"}}");
        (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 24}");
        rig_run(&rig);
        dln_study_free(rig.study);
        rig.study = definition(&rig);
        for (int64_t n = 14; n < 24; n++) {
            const struct dln_trial trial = rig_trial(&rig, n);
            assert_true(trial.x[0] > 0.19 && trial.x[0] < 0.41);
            assert_close(trial.x[1], 7, 0, 0);
        }
        rig_close(&rig);
    }
}

static void what_waits_outside_the_new_space_is_suggested_anew(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 2}\n");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.9, \"opt\": \"sgd\"}}");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.25, \"opt\": \"sgd\"}}");
    (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE, "{\"edits\": {\"x\": \"{float: [0.2, 0.3]}\"}}");
    rig_run(&rig);
    assert_true(rig_trial(&rig, 0).x[0] <= 0.3);
    assert_close(rig_trial(&rig, 1).x[0], 0.25, 0, 0);
    rig_close(&rig);
}

static void refuses(struct engine_rig *rig, const char *edits, const char *words)
{
    char payload[512];
    (void)snprintf(payload, sizeof payload, "{\"edits\": %s}", edits);
    says(rig_refused(rig, DLN_COMMAND_SET_SPACE, payload), words);
}

static void what_cannot_be_is_refused_and_nothing_is_changed(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 3}\n");
    rig_run(&rig);
    refuses(&rig, "{\"x\": \"{float: [1, 0]}\"}", "'low' must not be above 'high'");
    refuses(&rig, "{\"x\": \"{float: [0.1, 1], log: true}\"}", "cannot become a logarithmic float");
    refuses(&rig, "{\"x\": \"{int: [0, 1]}\"}", "cannot become a int");
    refuses(&rig, "{\"q\": null}", "there is no parameter 'q'");
    refuses(&rig, "{\"x\": \"{float: [0, 1]}\"}", "like this already");
    refuses(&rig, "{\"y\": \"{float: [0, 1], when: z == 1}\"}", "z");
    refuses(&rig, "{\"y\": \"{float: [0, 1]}, w: {int: [1, 2]}\"}", "such as {float");
    refuses(&rig, "{}", "it needs");
    /* the whole or nothing */
    refuses(&rig, "{\"x\": \"{float: [0.2, 0.4]}\", \"opt\": \"{choice: []}\"}", "at least one");
    struct dln_study *study = definition(&rig);
    assert_int_equal(study->n_edits, 0);
    assert_close(study->space.params[0].high, 1, 0, 0);
    dln_study_free(study);
    rig_close(&rig);
}

/* ── undo ──────────────────────────────────────────────────────────────────────────────────────*/

/* Everything that a person can set, in one text. */
static void dump(struct engine_rig *rig, struct dln_strbuf *out)
{
    const struct dln_study_summary summary = rig_summary(rig);
    struct dln_study *study = definition(rig);
    dln_strbuf_reset(out);
    dln_strbuf_addf(out, "parallel %d trials %d time %g cost %g none %d target %d %g\n",
                    summary.live.parallel, (int)summary.live.budget.trials,
                    summary.live.budget.time_s, summary.live.budget.cost,
                    (int)summary.live.budget.no_improvement, summary.live.budget.has_target,
                    summary.live.budget.target);
    dln_method_json(&study->strategy, out);
    for (size_t i = 0; i < study->space.n; i++) {
        dln_strbuf_addf(out, "\n%s: ", study->space.params[i].name);
        dln_param_define(&study->space.params[i], out);
    }
    for (size_t i = 0; i < study->n_edits; i++)
        dln_strbuf_addf(out, "\nedit %s", study->edits[i].name);
    assert_true(dln_strbuf_ok(out));
    dln_study_free(study);
}

/* Posts what may be refused. */
static bool steer(struct engine_rig *rig, enum dln_command_kind kind, const char *payload)
{
    struct dln_error err = {0};
    if (dln_steer(rig->db, rig->study_id, kind, payload, 60000, NULL, &err)) return true;
    assert_int_equal(err.code, DLN_REFUSED);
    return false;
}

static void change_at_random(struct engine_rig *rig, struct dln_rng *rng)
{
    static const char *const edits[] = {
        "{\"x\": \"{float: [0.%d, 0.9]}\"}",
        "{\"x\": \"{float: [0.%d, 0.5]}\", \"opt\": \"{choice: [adamw]}\"}",
        "{\"opt\": \"{choice: [sgd, adamw, lion%d]}\"}",
        "{\"opt\": null, \"n\": \"{int: [1, 1%d]}\"}",
        "{\"y\": \"{float: [0, %d], was: 0}\"}",
        "{\"z\": \"{float: [0, 1.%d], when: opt == sgd}\"}",
        "{\"y\": null, \"a%d\": \"{flag: true}\"}",
        "{\"z\": null, \"x\": \"{float: [0.2%d, 0.8]}\"}",
        "{\"opt\": \"{choice: [sgd, adamw]}\", \"x\": \"{float: [0.0%d, 1]}\"}",
    };
    static const char *const budgets[] = {"{\"trials\": %d, \"cost\": null}", "{\"time_s\": 9%d}",
                                          "{\"target\": 0.%d}", "{\"no_improvement\": 3%d}"};
    static const char *const strategies[] = {"\"tpe\"", "{\"tpe\": {\"startup\": 7}}", "\"sobol\"",
                                             "\"random\""};
    char payload[256];
    char text[200];
    const int digit = 1 + (int)dln_rng_below(rng, 8);
    switch (dln_rng_below(rng, 6)) {
    case 0:
        (void)snprintf(payload, sizeof payload, "{\"value\": %d}", digit);
        (void)steer(rig, DLN_COMMAND_SET_PARALLEL, payload);
        return;
    case 1: {
        const char *format = budgets[dln_rng_below(rng, 4)];
        const char *at = strstr(format, "%d");
        (void)snprintf(payload, sizeof payload, "%.*s%d%s", (int)(at - format), format, digit,
                       at + 2);
        (void)steer(rig, DLN_COMMAND_SET_BUDGET, payload);
        return;
    }
    case 2:
        (void)snprintf(payload, sizeof payload, "{\"strategy\": %s}",
                       strategies[dln_rng_below(rng, 4)]);
        (void)steer(rig, DLN_COMMAND_SET_STRATEGY, payload);
        return;
    default: {
        const char *format = edits[dln_rng_below(rng, sizeof edits / sizeof edits[0])];
        const char *at = strstr(format, "%d");
        (void)snprintf(text, sizeof text, "%.*s%d%s", (int)(at - format), format, digit, at + 2);
        (void)snprintf(payload, sizeof payload, "{\"edits\": %s, \"why\": \"chance\"}", text);
        (void)steer(rig, DLN_COMMAND_SET_SPACE, payload);
        return;
    }
    }
}

static void undoing_all_of_a_random_sequence_restores_every_setting(void **state)
{
    (void)state;
    struct dln_strbuf before = {0};
    struct dln_strbuf after = {0};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct engine_rig rig;
        struct dln_rng rng;
        open_rig(&rig, "budget: {trials: 5}\n");
        if (seed % 2 == 0) rig_run(&rig);
        dln_rng_init_trial(&rng, seed, 0, 0);
        dump(&rig, &before);
        for (int i = 0; i < 24; i++) {
            const uint64_t turn = dln_rng_below(&rng, 8);
            if (turn == 0) {
                (void)steer(&rig, DLN_COMMAND_UNDO, "{}");
            } else if (turn == 1) {
                (void)steer(&rig, DLN_COMMAND_REDO, "{}");
            } else {
                change_at_random(&rig, &rng);
            }
        }
        dump(&rig, &after);
        assert_string_not_equal(dln_strbuf_text(&before), dln_strbuf_text(&after));
        int n = 0;
        while (steer(&rig, DLN_COMMAND_UNDO, "{}"))
            assert_true(++n < 100);
        dump(&rig, &after);
        assert_string_equal(dln_strbuf_text(&before), dln_strbuf_text(&after));
        rig_close(&rig);
    }
    dln_strbuf_release(&before);
    dln_strbuf_release(&after);
}

static int64_t newest_id(struct engine_rig *rig)
{
    struct dln_error err = {0};
    struct dln_command *journal;
    size_t n;
    dln_store *store = NULL;
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_journal(store, rig->study_id, 0, 1, &rig->arena, &journal, &n, &err), err);
    dln_store_close(store);
    return journal[0].id;
}

static void a_row_is_undone_only_while_nothing_later_depends_on_it(void **state)
{
    (void)state;
    struct engine_rig rig;
    char payload[64];
    char words[64];
    open_rig(&rig, "");
    (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE, "{\"edits\": {\"x\": \"{float: [0.1, 1]}\"}}");
    const int64_t first = newest_id(&rig);
    (void)rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 3}");
    (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE, "{\"edits\": {\"x\": \"{float: [0.2, 1]}\"}}");
    const int64_t second = newest_id(&rig);
    (void)snprintf(payload, sizeof payload, "{\"id\": %d}", (int)first);
    (void)snprintf(words, sizeof words, "entry %d depends on it", (int)second);
    says(rig_refused(&rig, DLN_COMMAND_UNDO, payload), words);
    (void)rig_steer(&rig, DLN_COMMAND_UNDO, "{}");
    says(rig_steer(&rig, DLN_COMMAND_UNDO, payload), "x 0.1 .. 1 → 0 .. 1");
    says(rig_refused(&rig, DLN_COMMAND_UNDO, payload), "undone already");
    says(rig_steer(&rig, DLN_COMMAND_REDO, "{}"), "x 0 .. 1 → 0.1 .. 1");
    says(rig_steer(&rig, DLN_COMMAND_REDO, "{}"), "x 0.1 .. 1 → 0.2 .. 1");
    says(rig_refused(&rig, DLN_COMMAND_REDO, "{}"), "nothing to do again");
    rig_close(&rig);
}

static void a_point_is_undone_while_it_waits(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "budget: {trials: 1}\n");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.5}}");
    (void)rig_steer(&rig, DLN_COMMAND_REVISE, "{\"trial\": 0, \"params\": {\"x\": 0.75}}");
    says(rig_steer(&rig, DLN_COMMAND_UNDO, "{}"), "changed #0");
    says(rig_steer(&rig, DLN_COMMAND_UNDO, "{}"), "took #0 out of the queue");
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_FAIL);
    rig_close(&rig);
}

static void an_edit_outlives_a_changed_file_that_says_the_same_of_it(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    struct dln_study *file = NULL;
    dln_store *store = NULL;
    open_rig(&rig, "");
    (void)rig_steer(&rig, DLN_COMMAND_SET_SPACE,
                    "{\"edits\": {\"x\": \"{float: [0.1, 1]}\", \"opt\": null}}");
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "study: %s\nrun: %s {args}\nobjective: {minimize: loss}\n",
                    rig.study->name, rig.study->run.word[0]);
    dln_strbuf_add(&text, "space:\n  x: {float: [0, 1]}\n  opt: {choice: [sgd, adamw, lion]}\n");
    assert_ok(dln_study_read(rig.study->path, dln_strbuf_text(&text), text.len, &file, &err), err);
    assert_ok(dln_store_open(rig.db, DLN_STORE_ENGINE, &store, &err), err);
    assert_ok(dln_store_update_study(store, rig.study_id, file, &err), err);
    dln_store_close(store);
    struct dln_study *study = definition(&rig);
    assert_int_equal(study->n_edits, 1);
    assert_close(study->space.params[0].low, 0.1, 0, 0);
    assert_int_equal(study->space.params[1].n_choices, 3);
    dln_study_free(study);
    dln_study_free(file);
    dln_strbuf_release(&text);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_trial_comes_from_the_new_space_and_a_running_one_ends_in_the_old),
        cmocka_unit_test(a_choice_is_added_at_the_end_of_all_rows_and_a_removed_one_stays_in_them),
        cmocka_unit_test(every_strategy_goes_on_in_an_edited_space),
        cmocka_unit_test(what_waits_outside_the_new_space_is_suggested_anew),
        cmocka_unit_test(what_cannot_be_is_refused_and_nothing_is_changed),
        cmocka_unit_test(undoing_all_of_a_random_sequence_restores_every_setting),
        cmocka_unit_test(a_row_is_undone_only_while_nothing_later_depends_on_it),
        cmocka_unit_test(a_point_is_undone_while_it_waits),
        cmocka_unit_test(an_edit_outlives_a_changed_file_that_says_the_same_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
