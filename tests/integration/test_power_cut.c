/*
 * The power is cut at every moment of a study, and the disk loses, tears and reorders what had not
 * been synced. The file opens, is sound, and holds the first part of what was acknowledged: all up
 * to the last durable commit, no trial by half. DIALIN_POWER_SEEDS sets how many states are drawn
 * at every moment (else one, at every second or fifth).
 */
#include <unistd.h>

#include "dialin/num.h"
#include "dialin/store.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/power_cut.h"
#include "support/scratch.h"
#include "support/test.h"

enum { TRIALS = 30, STEPS_MAX = 4 * TRIALS + 16, D = 4 };

static char folder[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX];
static char after[SCRATCH_PATH_MAX], found[SCRATCH_PATH_MAX];
static struct dln_study *def;

/* ── a study, and what it was told ─────────────────────────────────────────────────────────────*/

enum step_kind { MADE, STARTED, ENDED, QUEUED, LEFT };

struct step { /* a commit, in the order of the file */
    enum step_kind kind;
    size_t acknowledged; /* events of the disk when the call had returned */
    bool is_durable;     /* the power may go after that */
    int64_t number;
};

static struct step steps[STEPS_MAX];
static size_t n_steps;
static bool all_durable;

static void acknowledge(enum step_kind kind, int64_t number, bool is_durable)
{
    assert_true(n_steps < STEPS_MAX);
    steps[n_steps++] = (struct step){kind, power_events(), is_durable || all_durable, number};
}

static double value_of(int64_t number)
{
    return 0.25 * (double)number - 1;
}

static int64_t start(dln_store *store, int64_t expected)
{
    struct dln_error err = {0};
    double x[D];
    int64_t id = 0;
    int64_t number = -1;
    dln_space_initial(&def->space, x);
    const struct dln_new_trial trial = {.x = x,
                                        .strategy = "random",
                                        .memo = "{\"g\": 1}",
                                        .predicted_mean = NAN,
                                        .predicted_sd = NAN};
    assert_ok(dln_store_start_trial(store, &def->space, &trial, &id, &number, &err), err);
    assert_int_equal(number, expected);
    acknowledge(STARTED, number, false);
    return id;
}

static void end(dln_store *store, int64_t id, int64_t number)
{
    struct dln_error err = {0};
    const struct dln_report report = {.step = 1, .value = 0.5};
    const double value = value_of(number);
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .detail = "fine"};
    if (number % 3 == 0) assert_ok(dln_store_report(store, id, 1, &report, &err), err);
    assert_ok(dln_store_finish(store, id, &finish, &err), err);
    acknowledge(ENDED, number, false);
}

/* Two trials at a time, three sittings, a queued trial in each. */
static void live(const char *journal)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t study_id = 0;
    n_steps = 0;
    all_durable = strcmp(journal, "WAL") != 0;
    if (all_durable) { /* as on a network file system */
        char pragma[64];
        assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
        dln_store_close(store);
        (void)snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", journal);
        outside_ask(path, pragma);
    }
    power_record();
    assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    acknowledge(MADE, 0, true);
    dln_store_close(store);
    int64_t number = 0;
    for (int sitting = 0; sitting < 3; sitting++) {
        int64_t queued;
        int64_t queued_number;
        double x[D];
        dln_space_initial(&def->space, x);
        assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
        assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
        for (int i = 0; i < TRIALS / 6; i++, number += 2) {
            const int64_t first = start(store, number);
            const int64_t second = start(store, number + 1);
            end(store, second, number + 1);
            end(store, first, number);
            dln_store_checkpoint(store);
        }
        assert_ok(dln_store_enqueue(store, &def->space, x, -1, false, "mia@pts/7", &queued,
                                    &queued_number, &err),
                  err);
        assert_int_equal(queued_number, number);
        acknowledge(QUEUED, number++, true);
        dln_store_close(store);
        acknowledge(LEFT, 0, true);
    }
    power_stop();
}

/* ── what is left of it ────────────────────────────────────────────────────────────────────────*/

static const struct dln_history_row *row_of(const struct dln_history_row *rows, size_t n,
                                            int64_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].number == number) return &rows[i];
    }
    return NULL;
}

static bool is_there(const struct step *step, const struct dln_history_row *rows, size_t n)
{
    const struct dln_history_row *row = row_of(rows, n, step->number);
    switch (step->kind) {
    case MADE:
    case LEFT: return true; /* change no trial */
    case STARTED: return row != NULL;
    case ENDED:
        if (!row || row->state != DLN_TRIAL_COMPLETE) return false;
        assert_close(row->values[0], value_of(step->number), 0, 0);
        return true;
    case QUEUED: return row && row->state == DLN_TRIAL_WAITING;
    }
    return false;
}

static void assert_first_part(size_t cut, const struct dln_history_row *rows, size_t n)
{
    size_t must = 0;
    size_t last = 0;
    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].is_durable && steps[i].acknowledged <= cut) must = i + 1;
        const bool tells = steps[i].kind != MADE && steps[i].kind != LEFT;
        if (tells && is_there(&steps[i], rows, n)) last = i + 1;
    }
    for (size_t i = 0; i < last || i < must; i++) {
        if (!is_there(&steps[i], rows, n)) {
            fail_msg("cut at %zu: commit %zu is lost, %zu are there, %zu were durable", cut, i,
                     last, must);
        }
    }
    double x[D];
    dln_space_initial(&def->space, x);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < def->space.n && rows[i].state != DLN_TRIAL_WAITING; k++) {
            if (!(rows[i].x[k] == x[k]))
                fail_msg("cut at %zu: #%d has %g for %s", cut, (int)rows[i].number, rows[i].x[k],
                         def->space.params[k].name);
        }
    }
}

/* The file after a cut; gives how many commits it held beyond what it had to. */
static void look_after(size_t cut)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n = 0;
    dln_store *store = NULL;
    int64_t study_id;
    if (cut < steps[0].acknowledged) { /* the study was being made: whole or not at all */
        if (access(found, F_OK) != 0) return;
        assert_string_equal(outside_ask(found, "PRAGMA integrity_check"), "ok");
        return;
    }
    if (!dln_store_open(found, DLN_STORE_ENGINE, &store, &err))
        fail_msg("cut at %zu: %s", cut, err.text);
    assert_ok(dln_store_find_study(store, def->name, &study_id, &err), err);
    if (!dln_store_history(store, study_id, &def->space, 1, 0, &arena, &rows, &n, &err))
        fail_msg("cut at %zu: %s", cut, err.text);
    assert_first_part(cut, rows, n);
    if (cut % 16 == 0) { /* and it goes on */
        const size_t kept = n_steps;
        assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
        if (n_steps + 2 < STEPS_MAX) end(store, start(store, (int64_t)n), (int64_t)n);
        n_steps = kept;
    }
    dln_store_close(store);
    dln_arena_release(&arena);
    assert_string_equal(outside_ask(found, "PRAGMA integrity_check"), "ok");
}

static int64_t states_each(void)
{
    const char *text = getenv("DIALIN_POWER_SEEDS");
    int64_t n = 0;
    if (text && !dln_num_parse_int(text, strlen(text), &n)) n = 0;
    return n;
}

static void cut_everywhere(const char *journal, size_t every)
{
    const int64_t n_states = states_each();
    size_t n_cuts = 0;
    live(journal);
    for (size_t cut = 0; cut <= power_events(); cut++) {
        const int64_t n = n_states > 0 ? n_states : cut % every == 0;
        for (int64_t seed = 0; seed < n; seed++) {
            power_cut_at(cut, (uint64_t)seed * 7919 + 1, after);
            look_after(cut);
            n_cuts++;
        }
    }
    print_message("%s: %zu events of the disk, %zu cuts\n", journal, power_events(), n_cuts);
    power_forget();
}

/* ── tests ─────────────────────────────────────────────────────────────────────────────────────*/

static int set_up(void **state)
{
    (void)state;
    struct dln_error err = {0};
    scratch_make(folder);
    scratch_make(after);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    (void)snprintf(found, sizeof found, "%s", scratch_path(after, "study.db"));
    assert_ok(fixture_definition("mlp", D, TRIALS, 1, &def, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    power_forget();
    dln_study_free(def);
    scratch_remove(folder);
    scratch_remove(after);
    return 0;
}

static void a_power_cut_costs_at_most_what_came_after_the_last_durable_commit(void **state)
{
    (void)state;
    cut_everywhere("WAL", 2);
}

static void with_a_rollback_journal_a_power_cut_costs_nothing_acknowledged(void **state)
{
    (void)state;
    cut_everywhere("DELETE", 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_power_cut_costs_at_most_what_came_after_the_last_durable_commit),
        T(with_a_rollback_journal_a_power_cut_costs_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
