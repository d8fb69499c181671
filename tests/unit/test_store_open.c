/* Opening: new files, files of others, damaged and hostile ones. */
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/rng.h"
#include "dialin/store.h"
#include "store/place.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static void make_study(void)
{
    struct dln_error err = {0};
    assert_ok(fixture_study(path, "mlp", 30, 6, 4, 1, &err), err);
}

static void assert_opens(enum dln_store_mode mode)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, mode, &store, &err), err);
    dln_store_close(store);
}

static void assert_refused(enum dln_store_mode mode, enum dln_code code, const char *words)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    assert_fails(dln_store_open(path, mode, &store, &err), err, code);
    if (!strstr(err.text, words)) fail_msg("'%s' does not say '%s'", err.text, words);
}

/* ── new files ─────────────────────────────────────────────────────────────────────────────────*/

static void a_new_file_is_an_optuna_storage_of_the_current_head(void **state)
{
    (void)state;
    assert_opens(DLN_STORE_CREATE);
    assert_string_equal(outside_ask(path, "SELECT version_num FROM alembic_version"), "v3.2.0.a");
    assert_string_equal(outside_ask(path, "SELECT schema_version, library_version LIKE 'dialin/%'"
                                          " FROM version_info"),
                        "12|1");
    assert_string_equal(outside_ask(path, "SELECT count(*) FROM sqlite_schema WHERE type IN"
                                          " ('view', 'trigger')"),
                        "0");
    assert_string_equal(outside_ask(path, "PRAGMA journal_mode"), "wal");
    assert_string_equal(outside_ask(path, "PRAGMA integrity_check"), "ok");
}

static void a_new_file_can_be_read_by_its_owner_only(void **state)
{
    (void)state;
    const mode_t old = umask(0);
    assert_opens(DLN_STORE_CREATE);
    umask(old);
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

static void a_missing_file_is_not_made_by_looking(void **state)
{
    (void)state;
    assert_refused(DLN_STORE_READ, DLN_NOT_FOUND, "there is no file");
    assert_refused(DLN_STORE_STEER, DLN_NOT_FOUND, "there is no file");
    assert_refused(DLN_STORE_ENGINE, DLN_NOT_FOUND, "there is no file");
    assert_int_not_equal(access(path, F_OK), 0);
}

static void an_empty_file_is_filled_by_create_alone(void **state)
{
    (void)state;
    outside_write(path, "", 0);
    assert_refused(DLN_STORE_ENGINE, DLN_CORRUPT, "empty");
    assert_opens(DLN_STORE_CREATE);
    assert_opens(DLN_STORE_READ);
}

static void network_file_systems_are_told_by_their_magic(void **state)
{
    (void)state;
    assert_true(dln_place_is_network_type(0x6969));
    assert_true(dln_place_is_network_type(0xFF534D42));
    assert_true(dln_place_is_network_type(0x0BD00BD0));
    assert_false(dln_place_is_network_type(0xEF53));     /* ext4 */
    assert_false(dln_place_is_network_type(0x01021994)); /* tmpfs */
}

/* ── what is no study file ─────────────────────────────────────────────────────────────────────*/

static void folders_pipes_and_devices_are_refused_without_hanging(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "directory");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "a device or a pipe");
    assert_refused(DLN_STORE_CREATE, DLN_CORRUPT, "a device or a pipe");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "a device or a pipe");
}

static void a_link_to_a_study_file_is_followed(void **state)
{
    (void)state;
    make_study();
    char link[SCRATCH_PATH_MAX];
    struct dln_error err = {0};
    dln_store *store = NULL;
    (void)snprintf(link, sizeof link, "%s", scratch_path(folder, "link.db"));
    assert_int_equal(symlink(path, link), 0);
    assert_ok(dln_store_open(link, DLN_STORE_READ, &store, &err), err);
    dln_store_close(store);
}

static void random_bytes_are_no_sqlite_file(void **state)
{
    (void)state;
    char bytes[8192];
    struct dln_rng rng;
    dln_rng_init(&rng, 5);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)dln_rng_below(&rng, 256);
    outside_write(path, bytes, sizeof bytes);
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "not a SQLite file");
    assert_refused(DLN_STORE_CREATE, DLN_CORRUPT, "not a SQLite file");
}

static void another_programs_database_is_refused_and_not_written(void **state)
{
    (void)state;
    outside_run(path, "CREATE TABLE trials (trial_id INTEGER PRIMARY KEY); CREATE TABLE x (y);");
    size_t before_len = 0;
    size_t after_len = 0;
    char *before = outside_read(path, &before_len);
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "not an Optuna storage");
    assert_refused(DLN_STORE_CREATE, DLN_CORRUPT, "not an Optuna storage");
    char *after = outside_read(path, &after_len);
    assert_int_equal(before_len, after_len);
    assert_memory_equal(before, after, before_len);
    free(before);
    free(after);
}

static void a_truncated_file_is_called_damaged(void **state)
{
    (void)state;
    make_study();
    size_t len = 0;
    char *bytes = outside_read(path, &len);
    struct dln_error err = {0};
    for (size_t cut = len - 4096; cut > 100; cut = cut / 2) {
        struct dln_arena arena = {0};
        struct dln_study_summary *studies = NULL;
        size_t n = 0;
        dln_store *store = NULL;
        dln_error_reset(&err);
        outside_write(path, bytes, cut);
        if (dln_store_open(path, DLN_STORE_READ, &store, &err)) {
            (void)!dln_store_studies(store, &arena, &studies, &n, &err);
        }
        if (err.code != DLN_OK) assert_int_equal(err.code, DLN_CORRUPT);
        dln_store_close(store);
        dln_arena_release(&arena);
    }
    assert_int_equal(err.code, DLN_CORRUPT); /* the shortest one surely */
    free(bytes);
}

static void flipped_bits_neither_crash_nor_hang(void **state)
{
    (void)state;
    make_study();
    size_t len = 0;
    char *bytes = outside_read(path, &len);
    struct dln_rng rng;
    size_t opened = 0;
    dln_rng_init(&rng, 17);
    for (int round = 0; round < 300; round++) {
        struct dln_error err = {0};
        struct dln_arena arena = {0};
        struct dln_study_summary *studies = NULL;
        struct dln_history_row *rows = NULL;
        struct dln_space space;
        size_t n = 0;
        dln_store *store = NULL;
        const size_t at = (size_t)dln_rng_below(&rng, len);
        const char old = bytes[at];
        bytes[at] = (char)(old ^ (1 << dln_rng_below(&rng, 8)));
        outside_write(path, bytes, len);
        if (dln_store_open(path, DLN_STORE_READ, &store, &err)) {
            opened++;
            if (dln_store_studies(store, &arena, &studies, &n, &err) && n > 0 &&
                dln_store_infer_space(store, studies[0].id, &arena, &space, &err)) {
                (void)!dln_store_history(store, studies[0].id, &space, 1, 0, &arena, &rows, &n,
                                         &err);
            }
        }
        dln_store_close(store);
        dln_arena_release(&arena);
        bytes[at] = old;
    }
    assert_true(opened > 100);
    free(bytes);
}

/* ── what was planted ──────────────────────────────────────────────────────────────────────────*/

static void a_view_in_place_of_a_table_is_refused(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "ALTER TABLE trials RENAME TO old; CREATE VIEW trials AS WITH RECURSIVE"
                      " r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x AS trial_id, x AS"
                      " number, 1 AS study_id, 'COMPLETE' AS state, NULL AS datetime_start, NULL AS"
                      " datetime_complete FROM r;");
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "view");
}

static void a_trigger_makes_the_file_read_only_and_does_not_fire(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "CREATE TRIGGER bad AFTER INSERT ON dialin_commands BEGIN DELETE FROM"
                      " trial_values; END;");
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t id = 0;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_non_null(strstr(dln_store_read_only_reason(store), "trigger"));
    assert_fails(dln_store_post(store, 1, DLN_COMMAND_PAUSE, "mia", "{}", &id, &err), err,
                 DLN_UNSUPPORTED);
    assert_fails(dln_store_take_lease(store, 1, NULL, &err), err, DLN_UNSUPPORTED);
    dln_store_close(store);
    assert_string_not_equal(outside_ask(path, "SELECT count(*) FROM trial_values"), "0");
}

static void computed_columns_are_refused(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "ALTER TABLE trials ADD COLUMN evil TEXT GENERATED ALWAYS AS (state || 'x')"
                      " VIRTUAL;");
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "computed");
}

static void a_missing_column_is_named_by_its_table(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "ALTER TABLE trial_values DROP COLUMN value_type;");
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "trial_values");
}

/* ── versions ──────────────────────────────────────────────────────────────────────────────────*/

static void an_older_head_is_refused_with_the_command_that_helps(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "UPDATE alembic_version SET version_num = 'v2.6.0.a';");
    assert_refused(DLN_STORE_READ, DLN_UNSUPPORTED, "optuna storage upgrade --storage sqlite:///");
}

static void the_head_of_optuna_3_0_is_written_as_it_is(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "UPDATE alembic_version SET version_num = 'v3.0.0.d'; DROP INDEX"
                      " ix_trials_study_id;");
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t id = 0;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_null(dln_store_read_only_reason(store));
    assert_ok(dln_store_post(store, 1, DLN_COMMAND_PAUSE, "mia", "{}", &id, &err), err);
    dln_store_close(store);
    assert_string_equal(outside_ask(path, "SELECT version_num FROM alembic_version"), "v3.0.0.d");
}

static void an_unknown_head_can_only_be_read(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "UPDATE alembic_version SET version_num = 'v9.0.0.a';");
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_study_summary *studies = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_non_null(strstr(dln_store_read_only_reason(store), "v9.0.0.a"));
    assert_ok(dln_store_studies(store, &arena, &studies, &n, &err), err);
    assert_int_equal(studies[0].n_trials, 30);
    assert_fails(dln_store_set_state(store, 1, DLN_ENGINE_PAUSED, "", &(struct dln_spent){0}, &err),
                 err, DLN_UNSUPPORTED);
    dln_store_close(store);
    dln_arena_release(&arena);
}

static void two_heads_at_once_are_refused(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "INSERT INTO alembic_version VALUES ('v3.0.0.d');");
    assert_refused(DLN_STORE_READ, DLN_CORRUPT, "two alembic versions");
}

/* ── looking does not write ────────────────────────────────────────────────────────────────────*/

static void look_around(void)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_study_summary *studies = NULL;
    struct dln_space space;
    size_t n = 0;
    dln_store *store = NULL;
    dln_follow *follow = NULL;
    struct dln_batch batch;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_studies(store, &arena, &studies, &n, &err), err);
    assert_int_equal(n, 1);
    assert_ok(dln_store_infer_space(store, 1, &arena, &space, &err), err);
    assert_ok(dln_follow_open(path, 1, &space, 1, 10, &follow, &err), err);
    do {
        assert_ok(dln_follow_next(follow, &batch, &err), err);
    } while (batch.more);
    dln_follow_close(follow);
    dln_store_close(store);
    dln_arena_release(&arena);
}

static void assert_looking_writes_nothing(void)
{
    size_t before_len = 0;
    size_t after_len = 0;
    char *before = outside_read(path, &before_len);
    look_around();
    char *after = outside_read(path, &after_len);
    assert_int_equal(before_len, after_len);
    assert_memory_equal(before, after, before_len);
    free(before);
    free(after);
}

static void looking_at_a_study_writes_no_byte(void **state)
{
    (void)state;
    make_study();
    assert_looking_writes_nothing();
    outside_ask(path, "PRAGMA journal_mode = DELETE");
    assert_looking_writes_nothing();
    size_t files = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        files += entry->d_name[0] != '.';
    (void)closedir(list);
    assert_int_equal(files, 1); /* in rollback mode not even a side file */
}

static void a_pure_optuna_file_gets_no_tables_by_looking(void **state)
{
    (void)state;
    make_study();
    outside_run(path, "DROP TABLE dialin_meta; DROP TABLE dialin_studies; DROP TABLE"
                      " dialin_tallies; DROP TABLE dialin_engines; DROP TABLE dialin_commands; DROP"
                      " TABLE dialin_runs;");
    look_around();
    struct dln_error err = {0};
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    dln_store_close(store);
    assert_string_equal(outside_ask(path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE"
                                          " 'dialin%'"),
                        "0");
}

static void a_study_in_a_folder_for_reading_can_be_looked_at(void **state)
{
    (void)state;
    static const uid_t nobody = 65534; /* root may write anywhere, so it steps down for a while */
    const bool is_root = geteuid() == 0;
    struct dln_error err = {0};
    dln_store *store = NULL;
    make_study();
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    if (is_root) assert_int_equal(seteuid(nobody), 0);
    look_around();
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_non_null(dln_store_read_only_reason(store));
    dln_store_close(store);
    if (is_root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(folder, 0700), 0);
}

/* A program that ends in the middle of a write, with pages of it already in the file. */
static void leave_half_a_write(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        sqlite3 *db = NULL;
        int rc = sqlite3_open(path, &db);
        if (rc == SQLITE_OK) {
            rc = sqlite3_exec(db,
                              "PRAGMA cache_size = 2; PRAGMA cache_spill = 2; BEGIN IMMEDIATE;"
                              " UPDATE trial_params SET distribution_json = zeroblob(2000);",
                              NULL, NULL, NULL);
        }
        _exit(rc == SQLITE_OK ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void half_a_write_is_told_to_a_reader_and_mended_by_a_writer(void **state)
{
    (void)state;
    make_study();
    outside_ask(path, "PRAGMA journal_mode = DELETE");
    leave_half_a_write();
    assert_refused(DLN_STORE_READ, DLN_STORAGE, "in the middle of a write");
    assert_opens(DLN_STORE_ENGINE);
    assert_opens(DLN_STORE_READ);
    assert_string_equal(outside_ask(path, "SELECT count(*) FROM trial_params WHERE"
                                          " length(distribution_json) = 2000"),
                        "0");
}

static void a_locked_file_is_busy_not_broken(void **state)
{
    (void)state;
    make_study();
    outside_ask(path, "PRAGMA journal_mode = DELETE");
    sqlite3 *db = NULL;
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t id = 0;
    assert_ok(dln_store_open(path, DLN_STORE_STEER, &store, &err), err);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(dln_store_post(store, 1, DLN_COMMAND_PAUSE, "mia", "{}", &id, &err), err,
                 DLN_BUSY);
    assert_non_null(strstr(err.text, "locked by another program"));
    sqlite3_close(db);
    assert_ok(dln_store_post(store, 1, DLN_COMMAND_PAUSE, "mia", "{}", &id, &err), err);
    dln_store_close(store);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_new_file_is_an_optuna_storage_of_the_current_head),
        T(a_new_file_can_be_read_by_its_owner_only),
        T(a_missing_file_is_not_made_by_looking),
        T(an_empty_file_is_filled_by_create_alone),
        T(network_file_systems_are_told_by_their_magic),
        T(folders_pipes_and_devices_are_refused_without_hanging),
        T(a_link_to_a_study_file_is_followed),
        T(random_bytes_are_no_sqlite_file),
        T(another_programs_database_is_refused_and_not_written),
        T(a_truncated_file_is_called_damaged),
        T(flipped_bits_neither_crash_nor_hang),
        T(a_view_in_place_of_a_table_is_refused),
        T(a_trigger_makes_the_file_read_only_and_does_not_fire),
        T(computed_columns_are_refused),
        T(a_missing_column_is_named_by_its_table),
        T(an_older_head_is_refused_with_the_command_that_helps),
        T(the_head_of_optuna_3_0_is_written_as_it_is),
        T(an_unknown_head_can_only_be_read),
        T(two_heads_at_once_are_refused),
        T(looking_at_a_study_writes_no_byte),
        T(a_pure_optuna_file_gets_no_tables_by_looking),
        T(a_study_in_a_folder_for_reading_can_be_looked_at),
        T(half_a_write_is_told_to_a_reader_and_mended_by_a_writer),
        T(a_locked_file_is_busy_not_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
