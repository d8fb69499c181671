/* A study's trials as the engine writes them, read back through SQLite as Optuna would see them. */
#include <sqlite3.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "support/scratch.h"
#include "support/test.h"

static const char study_text[] = "study: mlp\n"
                                 "run: [./train, '{args}']\n"
                                 "objective: {maximize: acc}\n"
                                 "space:\n"
                                 "  lr: {float: [1e-5, 1e-1], log: true}\n"
                                 "  dropout: {float: [0.1, 0.95], step: 0.25}\n"
                                 "  layers: {int: [2, 8]}\n"
                                 "  opt: {choice: [sgd, adamw, null, 3]}\n"
                                 "  momentum: {float: [0.8, 0.99], when: opt == sgd}\n"
                                 "  amp: {flag: true}\n"
                                 "start: [{lr: 3e-4, opt: adamw}]\n"
                                 "seed: 7\n";
enum { LR, DROPOUT, LAYERS, OPT, MOMENTUM, AMP, D };

struct fixture {
    char folder[SCRATCH_PATH_MAX];
    const char *path;
    struct dln_study *def;
    dln_store *store;
    int64_t study_id;
    struct dln_error err;
    struct dln_arena arena;
};

static int set_up(void **state)
{
    static char path[SCRATCH_PATH_MAX];
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    scratch_make(f->folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(f->folder, "mlp.db"));
    f->path = path;
    assert_ok(dln_study_read("mlp.yaml", study_text, sizeof study_text - 1, &f->def, &f->err),
              f->err);
    assert_ok(dln_store_open(f->path, DLN_STORE_CREATE, &f->store, &f->err), f->err);
    assert_ok(dln_store_create_study(f->store, f->def, &f->study_id, &f->err), f->err);
    assert_ok(dln_store_take_lease(f->store, f->study_id, NULL, &f->err), f->err);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    dln_store_close(f->store);
    dln_study_free(f->def);
    dln_arena_release(&f->arena);
    scratch_remove(f->folder);
    free(f);
    return 0;
}

/* The first row of a query by another program, columns joined by '|'; "" without a row. */
static const char *ask(struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    struct dln_strbuf text = {0};
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    const int rc = sqlite3_step(stmt);
    assert_true(rc == SQLITE_ROW || rc == SQLITE_DONE);
    for (int i = 0; rc == SQLITE_ROW && i < sqlite3_column_count(stmt); i++) {
        const unsigned char *value = sqlite3_column_text(stmt, i);
        dln_strbuf_addf(&text, "%s%s", i > 0 ? "|" : "", value ? (const char *)value : "NULL");
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    const char *copy = dln_arena_copy(&f->arena, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    return copy;
}

static const double point[D] = {1e-3, 0.35, 4, 0, 0.9, 1};

static struct dln_new_trial trial_at(const double *x)
{
    return (struct dln_new_trial){.x = x,
                                  .strategy = "tpe",
                                  .why = "density ratio 3.1",
                                  .memo = "{\"generation\": 2}",
                                  .predicted_mean = NAN,
                                  .predicted_sd = NAN};
}

static int64_t start(struct fixture *f, const double *x)
{
    const struct dln_new_trial trial = trial_at(x);
    int64_t id = 0;
    int64_t number = -1;
    assert_ok(dln_store_start_trial(f->store, &f->def->space, &trial, &id, &number, &f->err),
              f->err);
    return id;
}

static void a_started_trial_has_all_its_parameters_at_once(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    assert_int_equal(id, 2); /* after the start point */
    assert_string_equal(ask(f, "SELECT number, state, datetime_complete FROM trials"
                               " WHERE trial_id = 2"),
                        "1|RUNNING|NULL");
    assert_string_equal(ask(f,
                            "SELECT group_concat(param_name || '=' || param_value) FROM"
                            " (SELECT * FROM trial_params WHERE trial_id = 2 ORDER BY param_id)"),
                        "lr=0.001,dropout=0.35,layers=4.0,opt=0.0,momentum=0.9,amp=1.0");
    assert_string_equal(
        ask(f, "SELECT distribution_json FROM trial_params WHERE trial_id = 2"
               " AND param_name = 'dropout'"),
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.25, \"low\":"
        " 0.1, \"high\": 0.85, \"log\": false}}");
    assert_string_equal(ask(f, "SELECT value_json FROM trial_system_attributes WHERE trial_id = 2"
                               " AND key = 'dialin:strategy'"),
                        "\"tpe\"");
}

static void an_inactive_parameter_has_no_row(void **state)
{
    struct fixture *f = *state;
    const double x[D] = {1e-3, 0.35, 4, 1, NAN, 0};
    start(f, x);
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_params WHERE trial_id = 2"), "5");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_params WHERE param_name = 'momentum'"),
                        "0");
}

static void a_complete_trial_stores_its_value_and_end(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const double value = 0.871;
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    assert_string_equal(ask(f, "SELECT state, length(datetime_complete),"
                               " datetime_complete LIKE '20__-__-__ __:__:__.______'"
                               " FROM trials WHERE trial_id = 2"),
                        "COMPLETE|26|1");
    assert_string_equal(ask(f, "SELECT objective, value, value_type FROM trial_values"),
                        "0|0.871|FINITE");
    struct dln_study_summary s;
    assert_ok(dln_store_study(f->store, f->study_id, &f->arena, &s, &f->err), f->err);
    assert_int_equal(s.counts[DLN_TRIAL_COMPLETE], 1);
    assert_int_equal(s.counts[DLN_TRIAL_WAITING], 1);
    assert_int_equal(s.best_number, 1);
    assert_close(s.best_value, 0.871, 0, 0);
    assert_int_equal(s.finished_per_bin[9], 1);
}

static void a_finished_trial_is_not_finished_again(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const double value = 0.5;
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    const struct dln_report report = {3, 0.4};
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    assert_fails(dln_store_finish(f->store, id, &finish, &f->err), f->err, DLN_REFUSED);
    assert_fails(dln_store_report(f->store, id, 1, &report, &f->err), f->err, DLN_REFUSED);
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_values"), "1");
}

static void reports_keep_nan_and_infinities_by_type_and_overwrite(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const struct dln_report reports[] = {
        {0, 0.5}, {1, NAN}, {2, INFINITY}, {3, -INFINITY}, {0, 0.25}};
    assert_ok(dln_store_report(f->store, id, 5, reports, &f->err), f->err);
    assert_string_equal(
        ask(f, "SELECT group_concat(step || ':' || intermediate_value_type || ':' ||"
               " coalesce(intermediate_value, 'NULL')) FROM trial_intermediate_values"),
        "0:FINITE:0.25,1:NAN:NULL,2:INF_POS:NULL,3:INF_NEG:NULL");
    const struct dln_report before = {-1, 0.1};
    assert_fails(dln_store_report(f->store, id, 1, &before, &f->err), f->err, DLN_INVALID);
}

static void a_pruned_trial_takes_its_last_report_as_value(void **state)
{
    struct fixture *f = *state;
    const struct dln_finish finish = {.state = DLN_TRIAL_PRUNED};
    const struct dln_report reports[] = {{1, 0.5}, {2, 0.7}};
    const struct dln_report last_nan[] = {{1, 0.5}, {2, NAN}};
    const int64_t with_value = start(f, point);
    assert_ok(dln_store_report(f->store, with_value, 2, reports, &f->err), f->err);
    assert_ok(dln_store_finish(f->store, with_value, &finish, &f->err), f->err);
    const int64_t without = start(f, point);
    assert_ok(dln_store_report(f->store, without, 2, last_nan, &f->err), f->err);
    assert_ok(dln_store_finish(f->store, without, &finish, &f->err), f->err);
    assert_string_equal(ask(f, "SELECT group_concat(trial_id || '=' || value) FROM trial_values"),
                        "2=0.7");
}

static void curves_are_read_for_pruners_and_cut_where_a_run_begins_anew(void **state)
{
    struct fixture *f = *state;
    struct dln_curve_row *curves;
    size_t n;
    const struct dln_report reports[] = {{1, 0.5}, {4, NAN}, {9, INFINITY}};
    const int64_t first = start(f, point);
    const int64_t silent = start(f, point);
    const int64_t last = start(f, point);
    assert_ok(dln_store_report(f->store, first, 3, reports, &f->err), f->err);
    assert_ok(dln_store_report(f->store, last, 2, reports, &f->err), f->err);
    assert_ok(dln_store_curves(f->store, f->study_id, 0, &f->arena, &curves, &n, &f->err), f->err);
    assert_int_equal(n, 2);
    assert_int_equal(curves[0].trial_id, first);
    assert_int_equal(curves[0].n_steps, 3);
    assert_int_equal(curves[0].steps[2], 9);
    assert_true(isnan(curves[0].curve[1]) && isinf(curves[0].curve[2]));
    assert_int_equal(curves[1].trial_id, last);
    assert_int_equal(curves[1].n_steps, 2);
    assert_ok(dln_store_rewind(f->store, first, 4, &f->err), f->err);
    assert_ok(dln_store_rewind(f->store, last, 0, &f->err), f->err);
    assert_ok(dln_store_curves(f->store, f->study_id, 0, &f->arena, &curves, &n, &f->err), f->err);
    assert_int_equal(n, 1);
    assert_int_equal(curves[0].n_steps, 1);
    assert_ok(dln_store_curves(f->store, f->study_id, silent, &f->arena, &curves, &n, &f->err),
              f->err);
    assert_int_equal(n, 0);
    const struct dln_finish finish = {.state = DLN_TRIAL_PRUNED};
    assert_ok(dln_store_finish(f->store, first, &finish, &f->err), f->err);
    assert_fails(dln_store_rewind(f->store, first, 0, &f->err), f->err, DLN_REFUSED);
}

static void what_a_pruner_compared_is_kept_with_the_trial(void **state)
{
    struct fixture *f = *state;
    const struct dln_cut cut = {.pruner = "asha", .step = 9, .value = 0.25, .threshold = NAN};
    const struct dln_finish finish = {
        .state = DLN_TRIAL_PRUNED, .detail = "asha at step 9: nan", .cut = &cut};
    assert_ok(dln_store_finish(f->store, start(f, point), &finish, &f->err), f->err);
    assert_string_equal(
        ask(f, "SELECT value_json FROM trial_user_attributes WHERE key = 'dialin_pruned'"),
        "{\"pruner\": \"asha\", \"step\": 9, \"value\": 0.25, \"threshold\": null}");
}

static void a_failed_trial_says_why_and_keeps_its_metric_apart(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const char *const name = "acc";
    const double seen = 0.99;
    const struct dln_finish finish = {
        .state = DLN_TRIAL_FAIL,
        .reason = DLN_FAIL_EXIT,
        .detail = "exit 3",
        .n_extra = 1,
        .extra_names = &name,
        .extra_values = &seen,
    };
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    assert_string_equal(ask(f, "SELECT group_concat(key || '=' || value_json) FROM"
                               " (SELECT * FROM trial_user_attributes ORDER BY key)"),
                        "acc=0.99,dialin_detail=\"exit 3\",dialin_reason=\"exit\"");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_values"), "0");
    struct dln_trial trial;
    assert_ok(
        dln_store_trial(f->store, f->study_id, &f->def->space, 1, 1, &f->arena, &trial, &f->err),
        f->err);
    assert_int_equal(trial.reason, DLN_FAIL_EXIT);
    assert_string_equal(trial.detail, "exit 3");
    assert_string_equal(trial.why, "density ratio 3.1");
    assert_true(trial.is_ours);
}

static void a_complete_trial_without_a_number_is_refused_whole(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const double value = NAN;
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .reason = DLN_FAIL_NAN};
    assert_fails(dln_store_finish(f->store, id, &finish, &f->err), f->err, DLN_INVALID);
    assert_string_equal(ask(f, "SELECT state FROM trials WHERE trial_id = 2"), "RUNNING");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_user_attributes"), "0");
}

static void a_start_point_waits_with_its_external_values(void **state)
{
    struct fixture *f = *state;
    double x[D];
    int64_t id = 0;
    int64_t number = -1;
    assert_string_equal(ask(f, "SELECT number, state, datetime_start FROM trials"),
                        "0|WAITING|NULL");
    assert_string_equal(ask(f, "SELECT value_json FROM trial_system_attributes"
                               " WHERE key = 'fixed_params'"),
                        "{\"lr\": 0.0003, \"opt\": \"adamw\"}");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_params"), "0");
    assert_ok(dln_store_next_waiting(f->store, &f->def->space, &id, &number, x, &f->err), f->err);
    assert_int_equal(number, 0);
    assert_close(x[LR], 3e-4, 0, 0);
    assert_close(x[OPT], 1, 0, 0);
    assert_true(isnan(x[LAYERS]));
}

static void a_waiting_trial_is_claimed_once(void **state)
{
    struct fixture *f = *state;
    const double x[D] = {3e-4, 0.1, 2, 1, NAN, 0};
    const struct dln_new_trial trial = trial_at(x);
    bool ours = false;
    assert_ok(dln_store_claim(f->store, &f->def->space, 1, &trial, &f->err), f->err);
    assert_ok(dln_store_still_claimed(f->store, 1, &ours, &f->err), f->err);
    assert_true(ours);
    assert_fails(dln_store_claim(f->store, &f->def->space, 1, &trial, &f->err), f->err, DLN_BUSY);
    /* Python has read WAITING before and overwrites the start */
    ask(f, "UPDATE trials SET datetime_start = '2026-01-01 00:00:00.000000' WHERE trial_id = 1");
    assert_ok(dln_store_still_claimed(f->store, 1, &ours, &f->err), f->err);
    assert_false(ours);
    double y[D];
    int64_t id;
    int64_t number;
    assert_fails(dln_store_next_waiting(f->store, &f->def->space, &id, &number, y, &f->err), f->err,
                 DLN_NOT_FOUND);
}

static void a_retry_waits_with_parameters_and_history(void **state)
{
    struct fixture *f = *state;
    const struct dln_finish finish = {.state = DLN_TRIAL_FAIL, .reason = DLN_FAIL_OOM};
    const int64_t failed = start(f, point);
    assert_ok(dln_store_finish(f->store, failed, &finish, &f->err), f->err);
    int64_t id = 0;
    int64_t number = 0;
    assert_ok(
        dln_store_enqueue(f->store, &f->def->space, point, 1, true, "", &id, &number, &f->err),
        f->err);
    assert_int_equal(number, 2);
    assert_string_equal(ask(f, "SELECT group_concat(key || '=' || value_json) FROM (SELECT * FROM"
                               " trial_system_attributes WHERE trial_id = 3 AND key NOT LIKE"
                               " 'dialin:%' AND key <> 'fixed_params' ORDER BY key)"),
                        "failed_trial=1,retry_history=[1]");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_params WHERE trial_id = 3"), "6");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_user_attributes WHERE trial_id = 3"),
                        "0");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_system_attributes WHERE trial_id = 3"
                               " AND key = 'dialin:owner'"),
                        "0");
}

static void a_retry_of_a_retry_keeps_the_first_failure(void **state)
{
    struct fixture *f = *state;
    const struct dln_finish finish = {.state = DLN_TRIAL_FAIL, .reason = DLN_FAIL_OOM};
    const struct dln_new_trial trial = trial_at(point);
    int64_t id = start(f, point);
    int64_t number = 1;
    for (int i = 0; i < 2; i++) {
        assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
        assert_ok(dln_store_enqueue(f->store, &f->def->space, point, number, true, "", &id, &number,
                                    &f->err),
                  f->err);
        assert_ok(dln_store_claim(f->store, &f->def->space, id, &trial, &f->err), f->err);
    }
    assert_string_equal(ask(f, "SELECT group_concat(key || '=' || value_json) FROM (SELECT * FROM"
                               " trial_system_attributes WHERE trial_id = 4 AND key IN"
                               " ('failed_trial', 'retry_history') ORDER BY key)"),
                        "failed_trial=1,retry_history=[1, 2]");
    assert_string_equal(ask(f, "SELECT count(*) FROM trial_params WHERE trial_id = 4"), "6");
}

static void numbers_are_dense_while_another_program_adds_trials(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        start(f, point);
        ask(f, "INSERT INTO trials (number, study_id, state) SELECT count(*), 1, 'RUNNING'"
               " FROM trials WHERE study_id = 1");
    }
    assert_string_equal(ask(f, "SELECT count(*), count(DISTINCT number), max(number) FROM trials"),
                        "11|11|10");
}

static void numbers_stay_unique_in_a_study_with_gaps(void **state)
{
    struct fixture *f = *state;
    ask(f, "INSERT INTO trials (number, study_id, state) VALUES (50, 1, 'FAIL')");
    start(f, point);
    assert_string_equal(ask(f, "SELECT max(number) FROM trials"), "51");
}

static void a_trial_is_found_by_number_beside_other_studies_and_behind_gaps(void **state)
{
    struct fixture *f = *state;
    struct dln_trial trial;
    const int64_t first = start(f, point);
    (void)ask(f, "INSERT INTO studies VALUES (99, 'other')");
    (void)ask(f, "INSERT INTO trials (number, study_id, state) VALUES (0, 99, 'COMPLETE'),"
                 " (1, 99, 'COMPLETE'), (2, 99, 'COMPLETE')");
    const int64_t second = start(f, point);
    (void)ask(f,
              "UPDATE trials SET number = 50 WHERE trial_id = (SELECT max(trial_id) FROM trials)");
    const struct dln_space *space = &f->def->space;
    assert_ok(dln_store_trial(f->store, f->study_id, space, 1, 1, &f->arena, &trial, &f->err),
              f->err);
    assert_int_equal(trial.id, first);
    assert_ok(dln_store_trial(f->store, f->study_id, space, 1, 50, &f->arena, &trial, &f->err),
              f->err);
    assert_int_equal(trial.id, second);
    assert_fails(dln_store_trial(f->store, f->study_id, space, 1, 2, &f->arena, &trial, &f->err),
                 f->err, DLN_NOT_FOUND);
    assert_fails(
        dln_store_trial(f->store, f->study_id, space, 1, INT64_MAX, &f->arena, &trial, &f->err),
        f->err, DLN_NOT_FOUND);
}

static void a_foreign_running_trial_is_left_alone(void **state)
{
    struct fixture *f = *state;
    bool alive = true;
    assert_ok(dln_store_foreign_workers(f->store, &alive, &f->err), f->err);
    assert_false(alive);
    ask(f, "INSERT INTO trials (number, study_id, state, datetime_start)"
           " VALUES (1, 1, 'RUNNING', '2026-01-01 00:00:00.000000')");
    const struct dln_finish finish = {.state = DLN_TRIAL_FAIL, .reason = DLN_FAIL_STOPPED};
    assert_fails(dln_store_finish(f->store, 2, &finish, &f->err), f->err, DLN_REFUSED);
    assert_ok(dln_store_foreign_workers(f->store, &alive, &f->err), f->err);
    assert_true(alive);
}

static void a_worker_between_two_trials_counts_as_alive(void **state)
{
    struct fixture *f = *state;
    bool alive = true;
    char now[DLN_TIME_TEXT_MAX];
    char sql[256];
    (void)dln_time_format(dln_clock_wall_us(), false, now);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)"
                   " VALUES (1, 1, 'COMPLETE', '%s', '%s')",
                   now, now);
    ask(f, sql);
    assert_ok(dln_store_foreign_workers(f->store, &alive, &f->err), f->err);
    assert_true(alive);
    ask(f, "UPDATE trials SET datetime_start = '2026-01-01 00:00:00.000000',"
           " datetime_complete = '2026-01-01 00:00:01.000000' WHERE number = 1");
    assert_ok(dln_store_foreign_workers(f->store, &alive, &f->err), f->err);
    assert_false(alive);
    ask(f, "INSERT INTO trials (number, study_id, state) VALUES (2, 1, 'WAITING')");
    assert_ok(dln_store_foreign_workers(f->store, &alive, &f->err), f->err);
    assert_true(alive); /* whoever queued it may be about to take it */
}

static void a_trial_that_python_took_as_well_is_left_to_it(void **state)
{
    struct fixture *f = *state;
    const struct dln_space *space = &f->def->space;
    const struct dln_new_trial trial = {
        .x = point, .strategy = "enqueued", .predicted_mean = NAN, .predicted_sd = NAN};
    const double value = 1;
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    const struct dln_report report = {1, 0.5};
    int64_t id = 0;
    int64_t number = 0;
    assert_ok(dln_store_enqueue(f->store, space, point, -1, false, "mia", &id, &number, &f->err),
              f->err);
    assert_ok(dln_store_claim(f->store, space, id, &trial, &f->err), f->err);
    assert_ok(dln_store_report(f->store, id, 1, &report, &f->err), f->err);
    ask(f, "UPDATE trials SET datetime_start = '2026-01-01 00:00:00.000000' WHERE state ="
           " 'RUNNING'");
    assert_fails(dln_store_report(f->store, id, 1, &report, &f->err), f->err, DLN_REFUSED);
    assert_fails(dln_store_finish(f->store, id, &finish, &f->err), f->err, DLN_REFUSED);
}

static void runs_are_kept_with_their_ends(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const struct dln_run run = {.attempt = 1,
                                .slot = 2,
                                .pid = 4242,
                                .pid_start = 99,
                                .run_dir = "mlp.runs/000001",
                                .command = "./train --lr=0.001"};
    const struct dln_run_end crash = {.signal = 11, .user_s = 1.5, .max_rss_bytes = 4096};
    const double value = 1;
    int64_t first = 0;
    int64_t second = 0;
    assert_ok(dln_store_add_run(f->store, id, &run, &first, &f->err), f->err);
    assert_ok(dln_store_end_run(f->store, first, &crash, "signal SEGV", &f->err), f->err);
    assert_ok(dln_store_add_run(f->store, id, &run, &second, &f->err), f->err);
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .run_id = second, .end = {.has_exit = true}};
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    assert_string_equal(ask(f, "SELECT group_concat(coalesce(exit_status, 's' || signal) || ':' ||"
                               " detail || ':' || (ended_us > 0)) FROM dialin_runs"),
                        "s11:signal SEGV:1,0::1");
    struct dln_trial trial;
    assert_ok(
        dln_store_trial(f->store, f->study_id, &f->def->space, 1, 1, &f->arena, &trial, &f->err),
        f->err);
    assert_int_equal(trial.attempt, 2);
    assert_int_equal(trial.slot, 2);
    assert_string_equal(trial.run_dir, "mlp.runs/000001");
}

static void the_best_trial_obeys_direction_ties_and_constraints(void **state)
{
    struct fixture *f = *state;
    const double values[] = {0.5, 0.9, 0.9, 0.99, -INFINITY};
    const double broken = 0.1;
    for (size_t i = 0; i < 5; i++) {
        const int64_t id = start(f, point);
        const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE,
                                          .values = &values[i],
                                          .limits = &broken,
                                          .n_limits = i == 3 ? 1 : 0};
        assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    }
    struct dln_study_summary s;
    assert_ok(dln_store_study(f->store, f->study_id, &f->arena, &s, &f->err), f->err);
    assert_int_equal(s.best_number, 2);
    assert_close(s.best_value, 0.9, 0, 0);
}

static void the_history_gives_back_what_strategies_left(void **state)
{
    struct fixture *f = *state;
    const int64_t id = start(f, point);
    const struct dln_report reports[] = {{4, 0.5}, {9, 0.75}};
    const double limits[] = {0.25, -1, 0.5};
    const double value = 0.75;
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .limits = limits, .n_limits = 3};
    struct dln_history_row *rows = NULL;
    size_t n = 0;
    assert_ok(dln_store_report(f->store, id, 2, reports, &f->err), f->err);
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
    assert_ok(dln_store_history(f->store, f->study_id, &f->def->space, 1, 0, &f->arena, &rows, &n,
                                &f->err),
              f->err);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].state, DLN_TRIAL_WAITING);
    assert_int_equal(rows[1].last_step, 9);
    assert_close(rows[1].last_value, 0.75, 0, 0);
    assert_close(rows[1].violation, 0.75, 1e-15, 0);
    assert_close(rows[1].values[0], 0.75, 0, 0);
    assert_string_equal(rows[1].memo, "{\"generation\": 2}");
    assert_string_equal(rows[1].strategy, "tpe");
    double seconds = -1;
    assert_ok(dln_store_seconds(f->store, id, &seconds, &f->err), f->err);
    assert_close(rows[1].seconds, seconds, 0, 0);
    assert_true(rows[1].seconds > 0 && rows[0].seconds == 0);
    for (size_t i = 0; i < D; i++)
        assert_close(rows[1].x[i], point[i], 0, 0);
    assert_ok(dln_store_history(f->store, f->study_id, &f->def->space, 1, id, &f->arena, &rows, &n,
                                &f->err),
              f->err);
    assert_int_equal(n, 0);
}

static void orphans_are_the_running_trials_of_an_earlier_engine(void **state)
{
    struct fixture *f = *state;
    const struct dln_run run = {.attempt = 1, .slot = 0, .pid = 77, .pid_start = 5, .run_dir = "r"};
    const int64_t id = start(f, point);
    struct dln_orphan *orphans = NULL;
    size_t n = 0;
    int64_t run_id = 0;
    assert_ok(dln_store_add_run(f->store, id, &run, &run_id, &f->err), f->err);
    assert_ok(dln_store_orphans(f->store, &f->def->space, &f->arena, &orphans, &n, &f->err),
              f->err);
    assert_int_equal(n, 0);
    dln_store_drop_lease(f->store);
    assert_ok(dln_store_take_lease(f->store, f->study_id, NULL, &f->err), f->err);
    ask(f, "INSERT INTO trials (number, study_id, state) VALUES (2, 1, 'RUNNING')"); /* Python's */
    assert_ok(dln_store_orphans(f->store, &f->def->space, &f->arena, &orphans, &n, &f->err),
              f->err);
    assert_int_equal(n, 1);
    assert_int_equal(orphans[0].trial_id, id);
    assert_int_equal(orphans[0].run_id, run_id);
    assert_int_equal(orphans[0].pid, 77);
    assert_true(orphans[0].same_boot);
    assert_close(orphans[0].x[LR], 1e-3, 0, 0);
    const struct dln_finish finish = {
        .state = DLN_TRIAL_FAIL, .reason = DLN_FAIL_LOST, .run_id = orphans[0].run_id};
    assert_ok(dln_store_finish(f->store, id, &finish, &f->err), f->err);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_started_trial_has_all_its_parameters_at_once),
        T(an_inactive_parameter_has_no_row),
        T(a_complete_trial_stores_its_value_and_end),
        T(a_finished_trial_is_not_finished_again),
        T(reports_keep_nan_and_infinities_by_type_and_overwrite),
        T(a_pruned_trial_takes_its_last_report_as_value),
        T(curves_are_read_for_pruners_and_cut_where_a_run_begins_anew),
        T(what_a_pruner_compared_is_kept_with_the_trial),
        T(a_failed_trial_says_why_and_keeps_its_metric_apart),
        T(a_complete_trial_without_a_number_is_refused_whole),
        T(a_start_point_waits_with_its_external_values),
        T(a_waiting_trial_is_claimed_once),
        T(a_retry_waits_with_parameters_and_history),
        T(a_retry_of_a_retry_keeps_the_first_failure),
        T(numbers_are_dense_while_another_program_adds_trials),
        T(numbers_stay_unique_in_a_study_with_gaps),
        T(a_trial_is_found_by_number_beside_other_studies_and_behind_gaps),
        T(a_foreign_running_trial_is_left_alone),
        T(a_worker_between_two_trials_counts_as_alive),
        T(a_trial_that_python_took_as_well_is_left_to_it),
        T(runs_are_kept_with_their_ends),
        T(the_best_trial_obeys_direction_ties_and_constraints),
        T(the_history_gives_back_what_strategies_left),
        T(orphans_are_the_running_trials_of_an_earlier_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
