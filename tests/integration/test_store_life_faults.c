/* A study's life in the file while memory runs out at any moment: told, nothing leaked, nothing
 * lost. */
#include "support/test.h"

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/store.h"
#include "support/fault.h"
#include "support/fixture.h"

struct place {
    char folder[256], path[300];
    struct dln_study *def;
};

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    const char *root = getenv("TMPDIR");
    if (!place) return -1;
    snprintf(place->folder, sizeof place->folder, "%s/dialin-faults-XXXXXX", root ? root : "/tmp");
    if (!mkdtemp(place->folder)) return -1;
    snprintf(place->path, sizeof place->path, "%s/study.db", place->folder);
    struct dln_error err = {0};
    assert_ok(fixture_definition("faulty", 8, 50, 7, &place->def, &err), err);
    *state = place;
    return 0;
}

static void empty(const struct place *place)
{
    DIR *folder = opendir(place->folder);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char path[600];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", place->folder, entry->d_name);
        unlink(path);
    }
    closedir(folder);
}

static int teardown(void **state)
{
    struct place *place = *state;
    empty(place);
    rmdir(place->folder);
    dln_study_free(place->def);
    free(place);
    return 0;
}

static bool checked(bool ok, const struct dln_error *err)
{
    if (ok) return true;
    if (err->code != DLN_NOMEM) {
        print_error("code %s: %s\n", dln_code_name(err->code), err->text);
        fail();
    }
    assert_true(strlen(err->text) > 0);
    return false;
}

static bool write_trial(dln_store *store, const struct dln_space *space, struct dln_error *err)
{
    double x[8];
    int64_t id;
    int64_t number;
    dln_space_initial(space, x);
    const struct dln_new_trial trial = {.x = x,
                                        .strategy = "sobol",
                                        .why = "because",
                                        .memo = "{\"g\": 1}",
                                        .predicted_mean = NAN,
                                        .predicted_sd = NAN};
    const struct dln_report report = {.step = 3, .value = 0.5};
    const double value = 0.25;
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .detail = "fine"};
    return dln_store_start_trial(store, space, &trial, &id, &number, err) &&
           dln_store_report(store, id, 1, &report, err) &&
           dln_store_finish(store, id, &finish, err) &&
           dln_store_enqueue(store, space, x, -1, false, "mia@pts/7", &id, &number, err);
}

static bool look(dln_store *store, int64_t study_id, const struct dln_study *def,
                 struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_study_summary *studies;
    struct dln_history_row *rows;
    struct dln_study *stored = NULL;
    size_t n;
    bool ok = dln_store_studies(store, &arena, &studies, &n, err) &&
              dln_store_history(store, study_id, &def->space, 1, 0, &arena, &rows, &n, err);
    if (ok) assert_int_equal(n, 2);
    ok = ok && dln_store_definition(store, study_id, &stored, err);
    dln_study_free(stored);
    dln_arena_release(&arena);
    return ok;
}

static bool live(void *context)
{
    const struct place *place = context;
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t study_id;
    const bool ok = dln_store_open(place->path, DLN_STORE_CREATE, &store, &err) &&
                    dln_store_create_study(store, place->def, &study_id, &err) &&
                    dln_store_take_lease(store, study_id, NULL, &err) &&
                    write_trial(store, &place->def->space, &err) &&
                    look(store, study_id, place->def, &err);
    dln_store_close(store);
    checked(ok, &err);
    empty(place);
    return ok;
}

static void a_study_is_made_written_and_read_or_the_lack_is_told(void **state)
{
    assert_true(fault_each(FAULT_ALLOC, live, *state) >= 20);
}

/* ── one file, one process a fault ─────────────────────────────────────────────────────────────*/

enum outcome { WHOLE, WHOLE_BUT_HIT, TOLD, WRONG };

/* A lease that could not be dropped ends with its process, so each trial is written by a new one.
 */
static enum outcome write_one(const struct place *place, size_t nth)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct dln_error err = {0};
        dln_store *store = NULL;
        int64_t study_id;
        fault_arm(FAULT_ALLOC, nth);
        const bool ok = dln_store_open(place->path, DLN_STORE_ENGINE, &store, &err) &&
                        dln_store_find_study(store, "faulty", &study_id, &err) &&
                        dln_store_take_lease(store, study_id, NULL, &err) &&
                        write_trial(store, &place->def->space, &err);
        dln_store_close(store);
        const bool is_hit = fault_disarm();
        if (!ok && err.code != DLN_NOMEM) print_error("fault %zu: %s\n", nth, err.text);
        _exit(ok ? (is_hit ? WHOLE_BUT_HIT : WHOLE) : err.code == DLN_NOMEM ? TOLD : WRONG);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return (enum outcome)WEXITSTATUS(status);
}

static void a_file_in_use_survives_every_single_fault(void **state)
{
    struct place *place = *state;
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t study_id;
    assert_ok(dln_store_open(place->path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, place->def, &study_id, &err), err);
    dln_store_close(store);

    int64_t n_whole = 0;
    int n_told = 0;
    for (size_t nth = 1;; nth++) {
        const enum outcome outcome = write_one(place, nth);
        assert_int_not_equal(outcome, WRONG);
        n_told += outcome == TOLD;
        n_whole += outcome != TOLD;
        if (outcome == WHOLE) break;
    }
    assert_true(n_told >= 10);

    struct dln_arena arena = {0};
    struct dln_study_summary summary;
    assert_ok(dln_store_open(place->path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_study(store, study_id, &arena, &summary, &err), err);
    assert_true(summary.counts[DLN_TRIAL_COMPLETE] >= n_whole);
    dln_arena_release(&arena);
    dln_store_close(store);
    empty(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_is_made_written_and_read_or_the_lack_is_told),
        cmocka_unit_test(a_file_in_use_survives_every_single_fault),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
