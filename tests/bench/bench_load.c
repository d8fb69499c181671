/*
 * What a screen waits for when it opens a long study, dialin's or another program's: the file and
 * its space, the head and the newest page; the values of all trials; then all that belongs to them.
 * Each number is the median of some rounds with the file in the page cache. Beside it: the least
 * that SQLite alone can do, which is to step through the same rows.
 *
 *     bench_load FILE
 */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "support/measure.h"

enum { ROUNDS = 5, PAGE = 200, SLICE = 20000 };

struct seen {
    struct samples open, first, values, all, step, ratio;
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

/* State, times and values of every trial. */
static void read_values(dln_store *store, int64_t id, const struct dln_space *space, size_t m)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    int64_t after = 0;
    for (size_t n = SLICE; n == SLICE;) {
        const struct dln_trial *trials;
        dln_arena_reset(&arena);
        if (!dln_store_trials(store, id, space, m, DLN_TRIAL_VALUES, after, SLICE, false, &arena,
                              &trials, &n, &err)) {
            measure_fail("read the values", &err);
        }
        if (n > 0) after = trials[n - 1].id;
    }
    dln_arena_release(&arena);
}

static void load(const char *path, struct seen *seen)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    struct dln_study *study = NULL;
    dln_follow *follow = NULL;
    struct dln_arena arena = {0};
    struct dln_space inferred;
    struct dln_study_summary head;
    struct dln_batch batch;
    int64_t id;
    bool sampled;
    const int64_t start_ns = dln_clock_mono_ns();
    if (!dln_store_open(path, DLN_STORE_READ, &store, &err) ||
        !dln_store_find_study(store, NULL, &id, &err) ||
        !dln_store_study_head(store, id, &arena, &head, &err)) {
        measure_fail("open", &err);
    }
    const bool has_study = dln_store_definition(store, id, &study, NULL);
    if (!has_study && !dln_store_sample_space(store, id, &arena, &inferred, &sampled, &err)) {
        measure_fail("infer the space", &err);
    }
    const struct dln_space *space = has_study ? &study->space : &inferred;
    samples_add(&seen->open, ms_since(start_ns));
    if (!dln_follow_open(path, id, space, head.n_objectives, PAGE, &follow, &err) ||
        !dln_follow_next(follow, &batch, &err)) {
        measure_fail("follow", &err);
    }
    samples_add(&seen->first, ms_since(start_ns));
    seen->n_trials = follow_all(follow, &batch);
    samples_add(&seen->all, ms_since(start_ns));
    dln_follow_close(follow);
    const int64_t again_ns = dln_clock_mono_ns();
    read_values(store, id, space, head.n_objectives);
    samples_add(&seen->values, ms_since(again_ns));
    dln_study_free(study);
    dln_store_close(store);
    dln_arena_release(&arena);
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
        if (sqlite3_prepare_v2(db, queries[i], -1, &stmt, NULL) != SQLITE_OK)
            continue; /* foreign */
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
    printf("  open, head                     %8.2f ms\n", samples_quantile(&seen.open, 0.5));
    printf("  and its space, newest %d       %8.2f ms\n", PAGE, samples_quantile(&seen.first, 0.5));
    printf("  states, times, values of all   %8.1f ms\n", samples_quantile(&seen.values, 0.5));
    printf("  all of them, all of it         %8.1f ms   (limit 1000)\n",
           samples_quantile(&seen.all, 0.5));
    printf("  SQLite alone, the same rows    %8.1f ms   ratio %.2f\n",
           samples_quantile(&seen.step, 0.5), samples_quantile(&seen.ratio, 0.5));
    return 0;
}
