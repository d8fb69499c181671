/*
 * What a screen waits for when it opens a study of 100,000 trials and 6 parameters: the file, the
 * summary and the newest page; then all trials, and the memory that they take. Each number is the
 * median of some rounds with the file in the page cache. Beside it: the least that SQLite alone can
 * do, which is to step through the same rows.
 *
 *     bench_load FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "support/measure.h"

enum { ROUNDS = 5, PAGE = 200 };

struct seen {
    struct samples open, first, all, step, ratio;
    size_t n_trials;
};

static double ms_since(int64_t start_ns)
{
    return (double)(dln_clock_mono_ns() - start_ns) / 1e6;
}

static size_t follow_all(dln_follow *follow, struct dln_batch *batch)
{
    struct dln_error err = {0};
    size_t n = batch->n_trials;
    while (!batch->all_loaded) {
        if (!dln_follow_next(follow, batch, &err)) measure_fail("follow", &err);
        n += batch->n_trials;
    }
    return n;
}

static void load(const char *path, struct seen *seen)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    struct dln_study *study = NULL;
    dln_follow *follow = NULL;
    struct dln_batch batch;
    int64_t id;
    const int64_t start_ns = dln_clock_mono_ns();
    if (!dln_store_open(path, DLN_STORE_READ, &store, &err) ||
        !dln_store_find_study(store, NULL, &id, &err) ||
        !dln_store_definition(store, id, &study, &err)) {
        measure_fail("open", &err);
    }
    samples_add(&seen->open, ms_since(start_ns));
    if (!dln_follow_open(path, id, &study->space, study->n_objectives, PAGE, &follow, &err) ||
        !dln_follow_next(follow, &batch, &err)) {
        measure_fail("follow", &err);
    }
    samples_add(&seen->first, ms_since(start_ns));
    seen->n_trials = follow_all(follow, &batch);
    samples_add(&seen->all, ms_since(start_ns));
    dln_follow_close(follow);
    dln_study_free(study);
    dln_store_close(store);
}

static void touch(sqlite3_stmt *stmt, int column)
{
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER: (void)sqlite3_column_int64(stmt, column); return;
    case SQLITE_FLOAT: (void)sqlite3_column_double(stmt, column); return;
    default: (void)sqlite3_column_text(stmt, column); return;
    }
}

/* Every row of the tables that a trial is made of, each column touched. */
static void step(const char *path, struct seen *seen)
{
    static const char *const queries[] = {
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials",
        "SELECT trial_id, param_name, param_value FROM trial_params",
        "SELECT trial_id, value FROM trial_values",
        "SELECT trial_id, step, intermediate_value FROM trial_intermediate_values",
        "SELECT trial_id, key, value_json FROM trial_system_attributes",
        "SELECT trial_id, key, value_json FROM trial_user_attributes",
        "SELECT trial_id, attempt, slot, started_us, ended_us FROM dialin_runs",
    };
    sqlite3 *db;
    const int64_t start_ns = dln_clock_mono_ns();
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        measure_fail("open with SQLite", NULL);
    }
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        sqlite3_stmt *stmt;
        if (sqlite3_prepare_v2(db, queries[i], -1, &stmt, NULL) != SQLITE_OK) {
            measure_fail(sqlite3_errmsg(db), NULL);
        }
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            for (int k = 0; k < sqlite3_column_count(stmt); k++)
                touch(stmt, k);
        }
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    samples_add(&seen->step, ms_since(start_ns));
}

int main(int argc, char **argv)
{
    static struct seen seen;
    if (argc != 2) {
        (void)fprintf(stderr, "bench_load FILE\n");
        return 2;
    }
    for (int i = 0; i < ROUNDS; i++) {
        load(argv[1], &seen);
        step(argv[1], &seen);
        samples_add(&seen.ratio, seen.all.value[i] / seen.step.value[i]);
    }
    printf("Reading %zu trials\n", seen.n_trials);
    printf("  open, definition               %8.2f ms\n", samples_quantile(&seen.open, 0.5));
    printf("  and summary, newest %d         %8.2f ms\n", PAGE, samples_quantile(&seen.first, 0.5));
    printf("  and all of them                %8.1f ms   (limit 1000)\n",
           samples_quantile(&seen.all, 0.5));
    printf("  SQLite alone, the same rows    %8.1f ms   ratio %.2f\n",
           samples_quantile(&seen.step, 0.5), samples_quantile(&seen.ratio, 0.5));
    return 0;
}
