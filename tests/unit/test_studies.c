/* Making studies, changing them by a changed file, and the commands that steer them. */
#include <unistd.h>

#include "dialin/store.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static struct dln_error err;
static struct dln_arena arena;
static dln_store *store;
static int64_t study_id;

static const char head[] = "study: mlp\nrun: [./train, '{args}']\n";
static const char first_file[] = "objective: {minimize: loss}\n"
                                 "space:\n"
                                 "  lr: {float: [1e-5, 1e-1], log: true}\n"
                                 "  opt: {choice: [sgd, adamw, lion]}\n"
                                 "budget: {trials: 20}\n"
                                 "machine: {parallel: 2}\n"
                                 "seed: 9223372036854775807\n";

static struct dln_study *study(const char *body)
{
    struct dln_study *def = NULL;
    const char *text = dln_arena_printf(&arena, "%s%s", head, body);
    assert_ok(dln_study_read("sub/mlp.yaml", text, strlen(text), &def, &err), err);
    return def;
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    dln_error_reset(&err);
    struct dln_study *def = study(first_file);
    assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    dln_study_free(def);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_store_close(store);
    dln_arena_release(&arena);
    scratch_remove(folder);
    return 0;
}

static struct dln_study_summary summary(void)
{
    struct dln_study_summary s;
    assert_ok(dln_store_study(store, study_id, &arena, &s, &err), err);
    return s;
}

/* A trial with this choice, complete with value 1. */
static void add_trial(const struct dln_study *def, double choice)
{
    const double x[] = {1e-3, choice};
    const double value = 1;
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .predicted_mean = NAN, .predicted_sd = NAN};
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    int64_t id = 0;
    int64_t number = 0;
    assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
    assert_ok(dln_store_start_trial(store, &def->space, &trial, &id, &number, &err), err);
    assert_ok(dln_store_finish(store, id, &finish, &err), err);
    dln_store_drop_lease(store);
}

static void update(const char *body)
{
    struct dln_study *def = study(body);
    assert_ok(dln_store_update_study(store, study_id, def, &err), err);
    dln_study_free(def);
}

static void assert_refused(const char *body, const char *words)
{
    struct dln_study *def = study(body);
    assert_fails(dln_store_update_study(store, study_id, def, &err), err, DLN_REFUSED);
    if (!strstr(err.text, words)) fail_msg("'%s' does not say '%s'", err.text, words);
    dln_study_free(def);
}

/* ── making ────────────────────────────────────────────────────────────────────────────────────*/

static void a_new_study_is_known_by_what_its_file_says(void **state)
{
    (void)state;
    const struct dln_study_summary s = summary();
    assert_string_equal(s.name, "mlp");
    assert_true(s.is_ours);
    assert_int_equal(s.state, DLN_ENGINE_IDLE);
    assert_int_equal(s.live.parallel, 2);
    assert_int_equal(s.live.budget.trials, 20);
    assert_false(s.live.budget.has_target);
    assert_true(s.seed == (uint64_t)INT64_MAX);
    assert_string_equal(s.strategy, "auto");
    assert_string_equal(s.metric_names[0], "loss");
    assert_int_equal(s.best_id, -1);
    assert_true(isnan(s.best_value));
    assert_string_equal(outside_ask(path, "SELECT direction, objective FROM study_directions"),
                        "MINIMIZE|0");
    assert_string_equal(outside_ask(path, "SELECT value_json FROM study_system_attributes WHERE key"
                                          " = 'dialin:time'"),
                        "\"utc\"");
}

static void the_definition_comes_back_from_any_folder(void **state)
{
    (void)state;
    struct dln_study *def = NULL;
    char here[SCRATCH_PATH_MAX];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir("/"), 0);
    assert_ok(dln_store_definition(store, study_id, &def, &err), err);
    assert_int_equal(chdir(here), 0);
    const char *wanted = dln_arena_printf(&arena, "%s/sub", here);
    assert_string_equal(def->directory, wanted);
    assert_int_equal(def->space.n, 2);
    assert_string_equal(def->text, dln_arena_printf(&arena, "%s%s", head, first_file));
    dln_study_free(def);
}

static void a_name_is_taken_once(void **state)
{
    (void)state;
    struct dln_study *def = study(first_file);
    int64_t id = 0;
    assert_fails(dln_store_create_study(store, def, &id, &err), err, DLN_REFUSED);
    assert_non_null(strstr(err.text, "already has a study 'mlp'"));
    dln_study_free(def);
}

static void a_study_is_found_by_name_or_when_it_is_alone(void **state)
{
    (void)state;
    int64_t id = 0;
    assert_ok(dln_store_find_study(store, NULL, &id, &err), err);
    assert_int_equal(id, study_id);
    assert_fails(dln_store_find_study(store, "cnn", &id, &err), err, DLN_NOT_FOUND);
    outside_ask(path, "INSERT INTO studies (study_name) VALUES ('cnn')");
    assert_ok(dln_store_find_study(store, "cnn", &id, &err), err);
    assert_int_equal(id, 2);
    assert_fails(dln_store_find_study(store, NULL, &id, &err), err, DLN_USAGE);
    assert_non_null(strstr(err.text, "'mlp', 'cnn'"));
}

static void rows_of_a_deleted_study_are_not_inherited(void **state)
{
    (void)state;
    struct dln_study *def = study("objective: {maximize: acc}\nspace: {x: {float: [0, 1]}}\n");
    int64_t command = 0;
    assert_ok(dln_store_post(store, study_id, DLN_COMMAND_PAUSE, "mia", "{}", &command, &err), err);
    outside_run(path, "DELETE FROM study_system_attributes; DELETE FROM study_directions; DELETE"
                      " FROM studies;");
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    assert_int_equal(study_id, 1);
    struct dln_command *journal = NULL;
    size_t n = 0;
    assert_ok(dln_store_journal(store, study_id, 0, 10, &arena, &journal, &n, &err), err);
    assert_int_equal(n, 0);
    assert_true(summary().maximize[0]);
    dln_study_free(def);
}

static void a_pure_optuna_study_has_no_definition(void **state)
{
    (void)state;
    struct dln_study *def = NULL;
    outside_run(path,
                "INSERT INTO studies (study_name) VALUES ('python'); INSERT INTO"
                " study_directions (direction, study_id, objective) VALUES ('MINIMIZE', 2, 0);");
    assert_fails(dln_store_definition(store, 2, &def, &err), err, DLN_NOT_FOUND);
    assert_fails(dln_store_definition(store, 9, &def, &err), err, DLN_NOT_FOUND);
}

/* ── changing ──────────────────────────────────────────────────────────────────────────────────*/

static void a_changed_budget_replaces_the_live_one_and_the_seed_stays(void **state)
{
    (void)state;
    const struct dln_live_settings live = {.parallel = 7, .budget = {.trials = 99}};
    assert_ok(dln_store_set_live(store, study_id, &live, &err), err);
    assert_int_equal(summary().live.parallel, 7);
    assert_int_equal(summary().live.budget.trials, 99);
    update("objective: {minimize: loss}\nspace:\n  lr: {float: [1e-6, 1], log: true}\n"
           "  opt: {choice: [sgd, adamw, lion]}\nbudget: {target: 0.1, time: 2h}\n");
    const struct dln_study_summary s = summary();
    assert_int_equal(s.live.parallel, 1);
    assert_true(s.live.budget.has_target);
    assert_close(s.live.budget.target, 0.1, 0, 0);
    assert_close(s.live.budget.time_s, 7200, 0, 0);
    assert_true(s.seed == (uint64_t)INT64_MAX);
}

static void other_objectives_are_refused(void **state)
{
    (void)state;
    assert_refused("objective: {maximize: loss}\nspace: {lr: {float: [1e-5, 1e-1], log: true}}\n",
                   "make a new study");
    assert_refused("objective: {minimize: acc}\nspace: {lr: {float: [1e-5, 1e-1], log: true}}\n",
                   "make a new study");
    assert_refused(
        "objective: [{minimize: loss}, {minimize: time}]\nspace: {lr: {float: [1, 2]}}\n",
        "objectives");
}

static void the_kind_of_a_parameter_with_trials_stays(void **state)
{
    (void)state;
    struct dln_study *def = study(first_file);
    static const char other_kind[] =
        "objective: {minimize: loss}\nspace:\n  lr: {float: [1e-5, 1]}\n"
        "  opt: {choice: [sgd, adamw, lion]}\n";
    update(other_kind); /* nobody has used it yet */
    update(first_file);
    add_trial(def, 1);
    assert_refused(other_kind, "'lr' is a logarithmic float in the trials");
    assert_refused("objective: {minimize: loss}\nspace:\n  lr: {float: [1e-5, 1e-1], log: true}\n"
                   "  opt: {int: [0, 2]}\n",
                   "give it a new name");
    dln_study_free(def);
}

static void new_choices_go_to_the_end_of_every_row(void **state)
{
    (void)state;
    static const char more[] = "objective: {minimize: loss}\nspace:\n"
                               "  lr: {float: [1e-5, 1e-1], log: true}\n"
                               "  opt: {choice: [rmsprop, lion, sgd]}\n"; /* adamw dropped */
    struct dln_study *def = study(first_file);
    struct dln_study *changed = study(more);
    struct dln_history_row *rows = NULL;
    size_t n = 0;
    for (int choice = 0; choice < 3; choice++)
        add_trial(def, choice);
    update(more);
    assert_string_equal(
        outside_ask(path, "SELECT count(*), group_concat(DISTINCT distribution_json) FROM"
                          " trial_params WHERE param_name = 'opt'"),
        "3|{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"sgd\", \"adamw\","
        " \"lion\", \"rmsprop\"]}}");
    add_trial(changed, 0);
    assert_string_equal(outside_ask(path, "SELECT group_concat(param_value) FROM trial_params WHERE"
                                          " param_name = 'opt'"),
                        "0.0,1.0,2.0,3.0");
    assert_ok(dln_store_history(store, study_id, &changed->space, 1, 0, &arena, &rows, &n, &err),
              err);
    assert_close(rows[0].x[1], 2, 0, 0); /* sgd */
    assert_true(isnan(rows[1].x[1]));    /* adamw is not in the space any more */
    assert_close(rows[2].x[1], 1, 0, 0); /* lion */
    assert_close(rows[3].x[1], 0, 0, 0); /* rmsprop */
    dln_study_free(changed);
    dln_study_free(def);
}

static void new_choices_wait_for_foreign_workers(void **state)
{
    (void)state;
    struct dln_study *def = study(first_file);
    add_trial(def, 1);
    outside_ask(path, "INSERT INTO trials (number, study_id, state) VALUES (1, 1, 'RUNNING')");
    assert_refused("objective: {minimize: loss}\nspace:\n  lr: {float: [1e-5, 1e-1], log: true}\n"
                   "  opt: {choice: [sgd, adamw, lion, rmsprop]}\n",
                   "trial #1 is run by another program");
    assert_string_equal(outside_ask(path, "SELECT file_text LIKE '%rmsprop%' FROM dialin_studies"),
                        "0");
    dln_study_free(def);
}

static void assert_strategy(const char *text)
{
    struct dln_study *def = NULL;
    struct dln_strbuf now = {0};
    assert_ok(dln_store_definition(store, study_id, &def, &err), err);
    dln_method_text(&def->strategy, &now);
    assert_string_equal(dln_strbuf_text(&now), text);
    assert_string_equal(summary().strategy, def->strategy.name);
    dln_strbuf_release(&now);
    dln_study_free(def);
}

static void a_strategy_that_was_set_stays_until_the_file_names_another_one(void **state)
{
    (void)state;
    const struct dln_named_scalar startup = {
        .name = "startup", .value = {.kind = DLN_SCALAR_INT, .number = 4, .text = "4"}};
    const struct dln_method set = {.name = "tpe", .n_settings = 1, .settings = &startup};
    char body[2048];
    struct dln_study *def = study(first_file);
    struct dln_strbuf written = {0};
    dln_method_text(&def->strategy, &written);
    dln_study_free(def);
    assert_strategy(dln_strbuf_text(&written));
    dln_strbuf_release(&written);

    assert_ok(dln_store_set_strategy(store, study_id, &set, &err), err);
    assert_strategy("tpe startup=4");
    (void)snprintf(body, sizeof body, "%s# a remark\n", first_file);
    update(body);
    assert_strategy("tpe startup=4");
    (void)snprintf(body, sizeof body, "%sstrategy: sobol\n", first_file);
    update(body);
    assert_strategy("sobol");
    update(first_file);
    assert_true(strcmp(summary().strategy, "tpe") != 0);
}

static void assert_pruner(const char *name)
{
    struct dln_study *def = NULL;
    assert_ok(dln_store_definition(store, study_id, &def, &err), err);
    assert_string_equal(def->pruner.name, name);
    dln_study_free(def);
}

static void a_pruner_that_was_set_stays_until_the_file_names_another_one(void **state)
{
    (void)state;
    const struct dln_method set = {.name = "asha"};
    char body[2048];
    assert_pruner("none");
    assert_ok(dln_store_set_pruner(store, study_id, &set, &err), err);
    assert_pruner("asha");
    (void)snprintf(body, sizeof body, "%sstrategy: sobol\n", first_file);
    update(body); /* another strategy says nothing of the pruner */
    assert_pruner("asha");
    (void)snprintf(body, sizeof body, "%spruner: median\n", first_file);
    update(body);
    assert_pruner("median");
}

static void a_driven_study_is_not_changed_from_outside(void **state)
{
    (void)state;
    struct dln_study *def = study(first_file);
    dln_store *engine = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &engine, &err), err);
    assert_ok(dln_store_take_lease(engine, study_id, NULL, &err), err);
    assert_fails(dln_store_update_study(store, study_id, def, &err), err, DLN_BUSY);
    const struct dln_spent spent = {1.5, 3.25, 7};
    assert_fails(dln_store_set_state(store, study_id, DLN_ENGINE_DONE, "", &spent, &err), err,
                 DLN_BUSY);
    assert_ok(dln_store_set_state(engine, study_id, DLN_ENGINE_RUNNING, "go", &spent, &err), err);
    const struct dln_study_summary s = summary();
    assert_int_equal(s.state, DLN_ENGINE_RUNNING);
    assert_string_equal(s.why, "go");
    assert_memory_equal(&s.spent, &spent, sizeof spent);
    assert_close(s.spent.time_s, 1.5, 0, 0);
    dln_store_close(engine);
    dln_study_free(def);
}

static void a_python_study_can_be_taken_over_with_a_file(void **state)
{
    (void)state;
    outside_run(
        path,
        "INSERT INTO studies (study_name) VALUES ('python'); INSERT INTO study_directions"
        " (direction, study_id, objective) VALUES ('MINIMIZE', 2, 0); INSERT INTO trials"
        " (number, study_id, state) VALUES (0, 2, 'COMPLETE'); INSERT INTO trial_params (trial_id,"
        " param_name, param_value, distribution_json) VALUES (1, 'opt', 1.0, '{\"name\":"
        " \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"adamw\", \"sgd\"]}}'), (1,"
        " 'lr', 0.5, '{\"name\": \"LogUniformDistribution\", \"attributes\": {\"low\": 0.1,"
        " \"high\": 1.0}}');");
    struct dln_study *def = study(first_file);
    study_id = 2;
    assert_ok(dln_store_update_study(store, 2, def, &err), err);
    assert_true(summary().is_ours);
    add_trial(def, 0);
    assert_string_equal(
        outside_ask(path, "SELECT param_value, distribution_json FROM trial_params WHERE trial_id ="
                          " 2 AND param_name = 'opt'"),
        "1.0|{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"adamw\","
        " \"sgd\", \"lion\"]}}");
    /* Python refuses a change of class within a study */
    assert_string_equal(
        outside_ask(path, "SELECT distribution_json FROM trial_params WHERE trial_id = 2 AND"
                          " param_name = 'lr'"),
        "{\"name\": \"LogUniformDistribution\", \"attributes\": {\"low\": 1e-05, \"high\": 0.1}}");
    dln_study_free(def);
}

/* ── steering ──────────────────────────────────────────────────────────────────────────────────*/

static void commands_are_taken_in_order_and_answered_once(void **state)
{
    (void)state;
    dln_store *steer = NULL;
    struct dln_command command;
    int64_t first = 0;
    int64_t second = 0;
    assert_ok(dln_store_open(path, DLN_STORE_STEER, &steer, &err), err);
    assert_ok(dln_store_post(steer, study_id, DLN_COMMAND_SET_PARALLEL, "mia@pts/7",
                             "{\"value\": 4}", &first, &err),
              err);
    assert_ok(dln_store_post(steer, study_id, DLN_COMMAND_PAUSE, "bo", NULL, &second, &err), err);
    assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
    assert_ok(dln_store_next_command(store, study_id, &arena, &command, &err), err);
    assert_int_equal(command.id, first);
    assert_int_equal(command.kind, DLN_COMMAND_SET_PARALLEL);
    assert_string_equal(command.who, "mia@pts/7");
    assert_string_equal(command.payload, "{\"value\": 4}");
    assert_ok(dln_store_answer(store, first, DLN_COMMAND_DONE, "4 at a time (was 2)",
                               "{\"value\": 2}", &err),
              err);
    assert_fails(dln_store_answer(store, first, DLN_COMMAND_REFUSED, "no", "", &err), err,
                 DLN_REFUSED);
    assert_ok(dln_store_next_command(store, study_id, &arena, &command, &err), err);
    assert_int_equal(command.id, second);
    assert_string_equal(command.payload, "{}");
    assert_ok(dln_store_answer(store, second, DLN_COMMAND_REFUSED, "not running", "", &err), err);
    assert_fails(dln_store_next_command(store, study_id, &arena, &command, &err), err,
                 DLN_NOT_FOUND);
    assert_ok(dln_store_command(steer, first, &arena, &command, &err), err);
    assert_int_equal(command.state, DLN_COMMAND_DONE);
    assert_string_equal(command.answer, "4 at a time (was 2)");
    assert_string_equal(command.undo, "{\"value\": 2}");
    dln_store_close(steer);
}

static void the_journal_is_newest_first_and_pages(void **state)
{
    (void)state;
    struct dln_command *journal = NULL;
    size_t n = 0;
    for (int i = 0; i < 150; i++) {
        assert_ok(dln_store_note(store, study_id, dln_arena_printf(&arena, "event %d", i), &err),
                  err);
    }
    assert_ok(dln_store_journal(store, study_id, 0, 1000, &arena, &journal, &n, &err), err);
    assert_int_equal(n, 150);
    assert_string_equal(journal[0].answer, "event 149");
    assert_string_equal(journal[0].payload, "{\"text\": \"event 149\"}");
    assert_int_equal(journal[0].kind, DLN_COMMAND_NOTE);
    assert_int_equal(journal[0].state, DLN_COMMAND_DONE);
    assert_ok(dln_store_journal(store, study_id, journal[5].id, 3, &arena, &journal, &n, &err),
              err);
    assert_int_equal(n, 3);
    assert_string_equal(journal[2].answer, "event 147");
}

static void the_steering_person_is_named(void **state)
{
    (void)state;
    char who[64];
    dln_command_who(who, sizeof who);
    assert_true(who[0] != '\0' && who[0] != '@');
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_new_study_is_known_by_what_its_file_says),
        T(the_definition_comes_back_from_any_folder),
        T(a_name_is_taken_once),
        T(a_study_is_found_by_name_or_when_it_is_alone),
        T(rows_of_a_deleted_study_are_not_inherited),
        T(a_pure_optuna_study_has_no_definition),
        T(a_changed_budget_replaces_the_live_one_and_the_seed_stays),
        T(other_objectives_are_refused),
        T(the_kind_of_a_parameter_with_trials_stays),
        T(new_choices_go_to_the_end_of_every_row),
        T(new_choices_wait_for_foreign_workers),
        T(a_strategy_that_was_set_stays_until_the_file_names_another_one),
        T(a_pruner_that_was_set_stays_until_the_file_names_another_one),
        T(a_driven_study_is_not_changed_from_outside),
        T(a_python_study_can_be_taken_over_with_a_file),
        T(commands_are_taken_in_order_and_answered_once),
        T(the_journal_is_newest_first_and_pages),
        T(the_steering_person_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
