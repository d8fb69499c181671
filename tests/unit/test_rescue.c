/* Files with pages that cannot be read. */
#include "base/rng.h"
#include "dialin/store.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static char saved[SCRATCH_PATH_MAX];
static struct dln_error err;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    (void)snprintf(saved, sizeof saved, "%s", scratch_path(folder, "saved.db"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void make_study(size_t n_trials)
{
    dln_error_reset(&err);
    assert_ok(fixture_study(path, "mlp", n_trials, 6, 4, 1, &err), err);
    outside_ask(path, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* The pages of a table, its inner ones too, by number from 1. */
static size_t pages_of(const char *table, size_t *out, size_t cap)
{
    char sql[256];
    size_t n = 0;
    for (; n < cap; n++) {
        (void)snprintf(sql, sizeof sql,
                       "SELECT pageno FROM dbstat WHERE name = '%s' AND pagetype = 'leaf'"
                       " ORDER BY pageno LIMIT 1 OFFSET %zu",
                       table, n);
        const char *text = outside_ask(path, sql);
        if (!text[0]) break;
        out[n] = (size_t)strtoul(text, NULL, 10);
    }
    return n;
}

static void spoil_page(size_t page)
{
    size_t len = 0;
    char *bytes = outside_read(path, &len);
    struct dln_rng rng;
    dln_rng_init(&rng, page);
    assert_true(page * 4096 <= len && page > 1);
    for (size_t i = 0; i < 4096; i++)
        bytes[(page - 1) * 4096 + i] = (char)dln_rng_below(&rng, 256);
    outside_write(path, bytes, len);
    free(bytes);
}

/* The new file opens, is sound, and its trials can be read. */
static int64_t trials_of_saved(void)
{
    struct dln_arena arena = {0};
    struct dln_study_summary *studies = NULL;
    struct dln_space space;
    struct dln_history_row *rows = NULL;
    size_t n = 0;
    size_t n_rows = 0;
    dln_store *store = NULL;
    assert_string_equal(outside_ask(saved, "PRAGMA integrity_check"), "ok");
    assert_ok(dln_store_open(saved, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_studies(store, &arena, &studies, &n, &err), err);
    assert_int_equal(n, 1);
    assert_ok(dln_store_infer_space(store, studies[0].id, &arena, &space, &err), err);
    assert_ok(dln_store_history(store, studies[0].id, &space, 1, 0, &arena, &rows, &n_rows, &err),
              err);
    assert_int_equal(n_rows, studies[0].n_trials);
    const int64_t trials = studies[0].n_trials;
    dln_store_close(store);
    dln_arena_release(&arena);
    return trials;
}

static void a_sound_file_loses_nothing(void **state)
{
    (void)state;
    struct dln_rescued rescued;
    make_study(120);
    assert_ok(dln_store_rescue(path, saved, &rescued, &err), err);
    assert_int_equal(rescued.gaps, 0);
    assert_int_equal(rescued.adrift, 0);
    assert_int_equal(rescued.trials, 120);
    assert_int_equal(trials_of_saved(), 120);
    assert_string_equal(outside_ask(saved, "SELECT count(*) FROM dialin_studies"), "1");
    assert_string_equal(outside_ask(saved, "SELECT count(*) FROM dialin_runs"), "120");
}

static void pages_that_cannot_be_read_cost_their_own_rows_only(void **state)
{
    (void)state;
    struct dln_rescued rescued;
    size_t pages[64];
    make_study(2000);
    const size_t n = pages_of("trial_params", pages, 64);
    if (n == 0) skip(); /* this SQLite has no dbstat */
    assert_true(n > 10);
    spoil_page(pages[3]);
    spoil_page(pages[n / 2]);
    spoil_page(pages[n / 2 + 2]);
    assert_ok(dln_store_rescue(path, saved, &rescued, &err), err);
    assert_true(rescued.gaps >= 3);
    assert_int_equal(rescued.trials, 2000);
    const long left = strtol(outside_ask(saved, "SELECT count(*) FROM trial_params"), NULL, 10);
    assert_true(left > 8000 && left < 12000);
    assert_int_equal(trials_of_saved(), 2000);
}

static void what_hangs_on_lost_trials_is_left_out(void **state)
{
    (void)state;
    struct dln_rescued rescued;
    size_t pages[64];
    make_study(2000);
    const size_t n = pages_of("trials", pages, 64);
    if (n == 0) skip();
    spoil_page(pages[n / 2]);
    assert_ok(dln_store_rescue(path, saved, &rescued, &err), err);
    assert_true(rescued.trials > 1800 && rescued.trials < 2000);
    assert_true(rescued.adrift > 0);
    assert_int_equal(trials_of_saved(), rescued.trials);
    assert_string_equal(outside_ask(saved, "SELECT count(*) FROM trial_params WHERE trial_id NOT"
                                           " IN (SELECT trial_id FROM trials)"),
                        "0");
}

static void trials_of_a_lost_study_get_one(void **state)
{
    (void)state;
    struct dln_rescued rescued;
    make_study(50);
    outside_run(path, "DELETE FROM studies; DELETE FROM study_directions;");
    assert_ok(dln_store_rescue(path, saved, &rescued, &err), err);
    assert_int_equal(rescued.made_up, 1);
    assert_int_equal(trials_of_saved(), 50);
    assert_string_equal(outside_ask(saved, "SELECT study_name FROM studies"), "rescued-1");
}

static void flipped_bits_leave_a_file_that_opens(void **state)
{
    (void)state;
    make_study(60);
    size_t len = 0;
    char *bytes = outside_read(path, &len);
    struct dln_rng rng;
    dln_rng_init(&rng, 3);
    size_t rescues = 0;
    for (int round = 0; round < 40; round++) {
        struct dln_rescued rescued;
        const size_t at = 4096 + (size_t)dln_rng_below(&rng, len - 4096);
        const char old = bytes[at];
        bytes[at] = (char)(old ^ (1 << dln_rng_below(&rng, 8)));
        outside_write(path, bytes, len);
        bytes[at] = old;
        dln_error_reset(&err);
        if (dln_store_rescue(path, saved, &rescued, &err)) {
            rescues++;
            assert_string_equal(outside_ask(saved, "PRAGMA integrity_check"), "ok");
            assert_int_equal(remove(saved), 0);
        }
        (void)remove(scratch_path(folder, "saved.db-wal"));
        (void)remove(scratch_path(folder, "saved.db-shm"));
    }
    assert_true(rescues > 30);
    free(bytes);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_sound_file_loses_nothing),
        T(pages_that_cannot_be_read_cost_their_own_rows_only),
        T(what_hangs_on_lost_trials_is_left_out),
        T(trials_of_a_lost_study_get_one),
        T(flipped_bits_leave_a_file_that_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
