/*
 * A trial into the file, by dialin and by SQLite alone: 10 parameters, one value, WAL, synchronous
 * NORMAL, each program in a file of its own with the same tables.
 *
 *     ours   dln_store_start_trial(), dln_store_finish()
 *     rows   the same rows in the same two BEGIN IMMEDIATE transactions, statements prepared once
 *     least  of these the rows that Optuna has: no owner, strategy or reason for the point
 *
 * and the same three with dln_store_add_run() between, a third transaction, as an engine does it.
 * Rounds alternate, so that other load hits all; checkpoints are made between rounds, untimed.
 * The ratio is the median over the rounds of ours / rows. Goal: at most 1.3.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "store/distribution.h"
#include "support/fixture.h"
#include "support/measure.h"

enum { PARAMS = 10, TRIALS = 200, ROUNDS = 41 };

static const char strategy[] = "tpe";
static const char why[] = "density ratio 3.1, 24 candidates";
static const char run_dir[] = "bench.runs/000123";
static const char command[] = "./train --lr 0.001 --dropout 0.1 --layers 3";

struct point {
    double x[PARAMS], value;
};

static struct point points[TRIALS];
static struct dln_study *study;

/* ── SQLite alone ──────────────────────────────────────────────────────────────────────────────*/

enum statement { BEGIN, COMMIT, TRIAL, PARAM, SYSTEM, RUN, VALUE, END_RUN, FINISH, STATEMENTS };

static const char *const sql[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [TRIAL] = "INSERT INTO trials (number, study_id, state, datetime_start)"
              " VALUES (?1, 1, 'RUNNING', ?2)",
    [PARAM] = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
              " VALUES (?1, ?2, ?3, ?4)",
    [SYSTEM] =
        "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (?1, ?2, ?3)",
    [RUN] = "INSERT INTO dialin_runs (trial_id, attempt, slot, host, boot, pid, pid_start,"
            " started_us, ended_us, run_dir, command, detail)"
            " VALUES (?1, 1, 0, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, '')",
    [VALUE] = "INSERT INTO trial_values (trial_id, objective, value, value_type)"
              " VALUES (?1, 0, ?2, 'FINITE')",
    [END_RUN] = "UPDATE dialin_runs SET ended_us = ?1, exit_status = 0, user_s = 1.5,"
                " system_s = 0.1, max_rss_bytes = 1048576 WHERE run_id = ?2",
    [FINISH] = "UPDATE trials SET state = 'COMPLETE', datetime_complete = ?1 WHERE trial_id = ?2",
};

struct bare {
    sqlite3 *db;
    sqlite3_stmt *stmt[STATEMENTS];
    const char *distribution[PARAMS];
    int64_t number;
};

static void run(struct bare *bare, enum statement which)
{
    if (sqlite3_step(bare->stmt[which]) != SQLITE_DONE) {
        (void)fprintf(stderr, "%s: %s\n", sql[which], sqlite3_errmsg(bare->db));
        exit(1);
    }
    sqlite3_reset(bare->stmt[which]);
}

static void text(struct bare *bare, enum statement which, int index, const char *value)
{
    sqlite3_bind_text(bare->stmt[which], index, value, -1, SQLITE_STATIC);
}

static void attribute(struct bare *bare, int64_t id, const char *key, const char *json)
{
    sqlite3_bind_int64(bare->stmt[SYSTEM], 1, id);
    text(bare, SYSTEM, 2, key);
    text(bare, SYSTEM, 3, json);
    run(bare, SYSTEM);
}

static int64_t bare_start(struct bare *bare, const struct point *point, bool least)
{
    char now[DLN_TIME_TEXT_MAX];
    run(bare, BEGIN);
    dln_time_format(dln_clock_wall_us(), false, now);
    sqlite3_bind_int64(bare->stmt[TRIAL], 1, bare->number++);
    text(bare, TRIAL, 2, now);
    run(bare, TRIAL);
    const int64_t id = sqlite3_last_insert_rowid(bare->db);
    for (size_t i = 0; i < PARAMS; i++) {
        if (isnan(point->x[i])) continue;
        sqlite3_bind_int64(bare->stmt[PARAM], 1, id);
        text(bare, PARAM, 2, study->space.params[i].name);
        sqlite3_bind_double(bare->stmt[PARAM], 3, point->x[i]);
        text(bare, PARAM, 4, bare->distribution[i]);
        run(bare, PARAM);
    }
    if (!least) {
        attribute(bare, id, "dialin:owner",
                  "{\"host\": \"bench\", \"pid\": 4242, \"start\": 123456,"
                  " \"nonce\": \"0123456789abcdef0123456789abcdef\"}");
        attribute(bare, id, "dialin:strategy", "\"tpe\"");
        attribute(bare, id, "dialin:why", "\"density ratio 3.1, 24 candidates\"");
    }
    run(bare, COMMIT);
    return id;
}

static int64_t bare_run(struct bare *bare, int64_t id)
{
    run(bare, BEGIN);
    sqlite3_bind_int64(bare->stmt[RUN], 1, id);
    text(bare, RUN, 2, "bench");
    text(bare, RUN, 3, "01234567-89ab-cdef-0123-456789abcdef/4026531836");
    sqlite3_bind_int64(bare->stmt[RUN], 4, 4242);
    sqlite3_bind_int64(bare->stmt[RUN], 5, 123456);
    sqlite3_bind_int64(bare->stmt[RUN], 6, dln_clock_wall_us());
    text(bare, RUN, 7, run_dir);
    text(bare, RUN, 8, command);
    run(bare, RUN);
    const int64_t run_id = sqlite3_last_insert_rowid(bare->db);
    run(bare, COMMIT);
    return run_id;
}

static void bare_finish(struct bare *bare, int64_t id, int64_t run_id, double value)
{
    char now[DLN_TIME_TEXT_MAX];
    run(bare, BEGIN);
    sqlite3_bind_int64(bare->stmt[VALUE], 1, id);
    sqlite3_bind_double(bare->stmt[VALUE], 2, value);
    run(bare, VALUE);
    if (run_id > 0) {
        sqlite3_bind_int64(bare->stmt[END_RUN], 1, dln_clock_wall_us());
        sqlite3_bind_int64(bare->stmt[END_RUN], 2, run_id);
        run(bare, END_RUN);
    }
    dln_time_format(dln_clock_wall_us(), false, now);
    text(bare, FINISH, 1, now);
    sqlite3_bind_int64(bare->stmt[FINISH], 2, id);
    run(bare, FINISH);
    run(bare, COMMIT);
}

static void bare_open(struct bare *bare, const char *path)
{
    *bare = (struct bare){0};
    if (sqlite3_open_v2(path, &bare->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
        sqlite3_exec(bare->db, "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0", NULL,
                     NULL, NULL)) {
        measure_fail("open the bare file", NULL);
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v3(bare->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &bare->stmt[i],
                               NULL) != SQLITE_OK) {
            measure_fail(sqlite3_errmsg(bare->db), NULL);
        }
    }
    for (size_t i = 0; i < PARAMS; i++) {
        struct dln_strbuf json = {0};
        char *kept;
        dln_distribution_write(&study->space.params[i], DLN_FORM_MODERN, &json);
        if (!dln_strbuf_take(&json, &kept, NULL)) measure_fail("out of memory", NULL);
        bare->distribution[i] = kept;
    }
}

static double bare_round(struct bare *bare, bool least, bool with_run)
{
    const int64_t start_ns = dln_clock_mono_ns();
    for (size_t i = 0; i < TRIALS; i++) {
        const int64_t id = bare_start(bare, &points[i], least);
        const int64_t run_id = with_run ? bare_run(bare, id) : 0;
        bare_finish(bare, id, run_id, points[i].value);
    }
    const int64_t ns = dln_clock_mono_ns() - start_ns;
    sqlite3_wal_checkpoint_v2(bare->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return (double)ns / 1e3 / TRIALS;
}

/* ── dialin ────────────────────────────────────────────────────────────────────────────────────*/

static double our_round(dln_store *store, bool with_run)
{
    struct dln_error err = {0};
    const int64_t start_ns = dln_clock_mono_ns();
    for (size_t i = 0; i < TRIALS; i++) {
        int64_t id;
        int64_t number;
        int64_t run_id = 0;
        const struct dln_new_trial trial = {
            .x = points[i].x, .strategy = strategy, .why = why, .predicted_mean = (double)NAN};
        if (!dln_store_start_trial(store, &study->space, &trial, &id, &number, &err)) {
            measure_fail("start", &err);
        }
        const struct dln_run begun = {
            .attempt = 1, .pid = 4242, .pid_start = 123456, .run_dir = run_dir, .command = command};
        if (with_run && !dln_store_add_run(store, id, &begun, &run_id, &err)) {
            measure_fail("add a run", &err);
        }
        const struct dln_finish finish = {
            .state = DLN_TRIAL_COMPLETE,
            .values = &points[i].value,
            .run_id = run_id,
            .end = {.has_exit = true, .user_s = 1.5, .system_s = 0.1, .max_rss_bytes = 1 << 20},
        };
        if (!dln_store_finish(store, id, &finish, &err)) measure_fail("finish", &err);
    }
    const int64_t ns = dln_clock_mono_ns() - start_ns;
    dln_store_checkpoint(store);
    return (double)ns / 1e3 / TRIALS;
}

static dln_store *make_study(const char *path)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t id = 0;
    if (!dln_store_open(path, DLN_STORE_CREATE, &store, &err) ||
        !dln_store_create_study(store, study, &id, &err)) {
        measure_fail("make a study", &err);
    }
    if (id != 1) measure_fail("the first study has the id 1", NULL);
    return store;
}

static void make_points(void)
{
    for (size_t i = 0; i < TRIALS; i++) {
        double u[PARAMS];
        for (size_t k = 0; k < PARAMS; k++)
            u[k] = fmod((double)(i + 1) * sqrt((double)(2 + k)), 1.0);
        u[3] = 0.1; /* the first choice, with which all ten parameters are active */
        dln_space_decode(&study->space, u, points[i].x);
        points[i].value = 0.1 + 0.001 * (double)i;
    }
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static void compare(const char *title, const char *folder, bool with_run)
{
    static const char *const names[] = {"ours", "rows", "least"};
    char path[3][256];
    struct bare rows;
    struct bare least;
    struct dln_error err = {0};
    for (size_t i = 0; i < 3; i++)
        (void)snprintf(path[i], sizeof path[i], "%.200s/%s%d.db", folder, names[i], with_run);
    dln_store *store = make_study(path[0]);
    if (!dln_store_take_lease(store, 1, NULL, &err)) measure_fail("take the lease", &err);
    dln_store_close(make_study(path[1]));
    dln_store_close(make_study(path[2]));
    bare_open(&rows, path[1]);
    bare_open(&least, path[2]);

    static struct samples us[3];
    static struct samples ratio[2];
    memset(us, 0, sizeof us);
    memset(ratio, 0, sizeof ratio);
    for (size_t i = 0; i < ROUNDS; i++) {
        const double a = our_round(store, with_run);
        const double b = bare_round(&rows, false, with_run);
        const double c = bare_round(&least, true, with_run);
        samples_add(&us[0], a);
        samples_add(&us[1], b);
        samples_add(&us[2], c);
        samples_add(&ratio[0], a / b);
        samples_add(&ratio[1], a / c);
    }
    printf("%s\n", title);
    printf("  dialin                        %7.1f us\n", samples_quantile(&us[0], 0.5));
    printf("  SQLite alone, the same rows   %7.1f us   ratio %.2f   (limit 1.30)\n",
           samples_quantile(&us[1], 0.5), samples_quantile(&ratio[0], 0.5));
    printf("  SQLite alone, Optuna's rows   %7.1f us   ratio %.2f   (no limit)\n",
           samples_quantile(&us[2], 0.5), samples_quantile(&ratio[1], 0.5));
    dln_store_close(store);
    struct bare *const both[] = {&rows, &least};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < STATEMENTS; k++)
            sqlite3_finalize(both[i]->stmt[k]);
        sqlite3_close(both[i]->db);
        for (size_t k = 0; k < PARAMS; k++)
            free((char *)(uintptr_t)both[i]->distribution[k]);
    }
}

int main(void)
{
    char folder[256];
    struct dln_error err = {0};
    measure_folder(folder, sizeof folder);
    if (!fixture_definition("bench", PARAMS, 1000000, 1, &study, &err)) {
        measure_fail("define a study", &err);
    }
    make_points();
    compare("A trial recorded: start, finish (2 transactions, 10 parameters, 1 value)", folder,
            false);
    compare("The same with its run: start, run, finish (3 transactions)", folder, true);
    dln_study_free(study);
    measure_remove(folder);
    return 0;
}
