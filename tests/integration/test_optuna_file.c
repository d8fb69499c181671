/*
 * A file for Optuna to read, continue and write into. Alone it checks what it wrote itself;
 * optuna.sh calls it for Python:
 *
 *   write FILE          makes the studies `kinds` and `front`
 *   dump FILE STUDY     prints every trial as a line of JSON, as a reader of ours sees it
 *   hammer FILE N       drives `kinds` for N trials, while Python works on it too
 *   claim FILE          takes waiting trials of `kinds` until none is left; prints their numbers
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <poll.h>

#include "dialin/json.h"
#include "dialin/num.h"
#include "dialin/store.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static const char kinds_file[] = "study: kinds\n"
                                 "run: [./train, '{args}']\n"
                                 "objective: {minimize: loss}\n"
                                 "space:\n"
                                 "  x: {float: [-5.0, 5.0]}\n"
                                 "  lr: {float: [1e-5, 1e-1], log: true}\n"
                                 "  dropout: {float: [0.1, 0.95], step: 0.25}\n"
                                 "  width: {int: [1, 11], step: 4}\n"
                                 "  depth: {int: [1, 1024], log: true}\n"
                                 "  opt: {choice: [null, true, 2, 0.5, '', 'ä🚀', sgd]}\n"
                                 "  momentum: {float: [0.8, 0.99], when: opt == sgd}\n"
                                 "  amp: {flag: true}\n"
                                 "start: [{x: 0.75, opt: 'ä🚀', amp: true}]\n"
                                 "seed: 7\n";
enum { X, LR, DROPOUT, WIDTH, DEPTH, OPT, MOMENTUM, AMP, D };

static const char front_file[] = "study: front\n"
                                 "run: [./bench, '{args}']\n"
                                 "objective: [{minimize: p99}, {maximize: recall}]\n"
                                 "limits: [mem <= 16, mem >= 1]\n"
                                 "space: {m: {int: [4, 64]}}\n";

static struct dln_error err;
static struct dln_arena arena;

static void check(bool ok, const char *what)
{
    if (ok) return;
    (void)fprintf(stderr, "%s: %s\n", what, err.text);
    exit(1);
}

static dln_store *open_store(const char *path, enum dln_store_mode mode)
{
    dln_store *store = NULL;
    check(dln_store_open(path, mode, &store, &err), path);
    return store;
}

static struct dln_study *read_study(const char *text)
{
    struct dln_study *def = NULL;
    check(dln_study_read("study.yaml", text, strlen(text), &def, &err), "study file");
    return def;
}

static int64_t start(dln_store *store, const struct dln_space *space, const double *x)
{
    const struct dln_new_trial trial = {.x = x,
                                        .strategy = "tpe",
                                        .why = "density ratio 3.1 \"quoted\"",
                                        .memo = "{\"generation\": 2}",
                                        .predicted_mean = 0.5,
                                        .predicted_sd = 0.125};
    int64_t id = 0;
    int64_t number = 0;
    check(dln_store_start_trial(store, space, &trial, &id, &number, &err), "start");
    return id;
}

static void finish(dln_store *store, int64_t id, const struct dln_finish *end)
{
    check(dln_store_finish(store, id, end, &err), "finish");
}

static void complete(dln_store *store, int64_t id, double value)
{
    const struct dln_finish end = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    finish(store, id, &end);
}

/* ── write ─────────────────────────────────────────────────────────────────────────────────────*/

/* The i-th point: Python computes the same ones. */
static void point(int i, double *x)
{
    x[X] = -5 + 10 * (double)(i % 17) / 16;
    x[LR] = 1e-5 * (1 + i);
    x[DROPOUT] = i % 4 == 0 ? 0.1 : i % 4 == 1 ? 0.35 : i % 4 == 2 ? 0.6 : 0.85;
    x[WIDTH] = 1 + 4 * (i % 3);
    x[DEPTH] = 1 << (i % 11);
    x[OPT] = i % 7;
    x[MOMENTUM] = x[OPT] == 6 ? 0.9 : (double)NAN;
    x[AMP] = i % 2;
}

static void write_odd_ends(dln_store *store, const struct dln_space *space)
{
    static const struct dln_report reports[] = {{0, 0.5}, {3, INFINITY}, {5, -INFINITY}, {9, 0.7}};
    static const struct dln_report nans[] = {{0, 0.5}, {1, NAN}};
    static const char *const names[] = {"loss", "train_acc"};
    static const double seen[] = {0.125, INFINITY};
    static const struct dln_cut cut = {.pruner = "asha", .step = 9, .value = 0.7, .threshold = 0.5};
    const struct dln_finish pruned = {.state = DLN_TRIAL_PRUNED, .cut = &cut};
    const struct dln_finish failed = {.state = DLN_TRIAL_FAIL,
                                      .reason = DLN_FAIL_EXIT,
                                      .detail = "exit 3",
                                      .n_extra = 2,
                                      .extra_names = names,
                                      .extra_values = seen};
    double x[D];
    point(1, x);
    complete(store, start(store, space, x), 0.5);
    point(2, x);
    complete(store, start(store, space, x), INFINITY);
    point(3, x);
    const int64_t with_value = start(store, space, x);
    check(dln_store_report(store, with_value, 4, reports, &err), "report");
    finish(store, with_value, &pruned);
    point(4, x);
    const int64_t without = start(store, space, x);
    check(dln_store_report(store, without, 2, nans, &err), "report");
    finish(store, without, &pruned);
    point(5, x);
    finish(store, start(store, space, x), &failed);
    point(6, x);
    start(store, space, x); /* stays running */
}

static void write_kinds(dln_store *store)
{
    struct dln_study *def = read_study(kinds_file);
    int64_t id = 0;
    double x[D];
    check(dln_store_create_study(store, def, &id, &err), "create");
    check(dln_store_take_lease(store, id, NULL, &err), "lease");
    write_odd_ends(store, &def->space);
    for (int i = 7; i < 30; i++) {
        point(i, x);
        complete(store, start(store, &def->space, x), 0.25 + (double)i / 1024);
    }
    dln_store_drop_lease(store);
    dln_study_free(def);
}

static void write_front(dln_store *store)
{
    struct dln_study *def = read_study(front_file);
    int64_t id = 0;
    check(dln_store_create_study(store, def, &id, &err), "create");
    check(dln_store_take_lease(store, id, NULL, &err), "lease");
    for (int i = 0; i < 8; i++) {
        const double x = 4 + i;
        const double values[] = {1.0 + i, i % 2 == 0 ? 0.5 + 0.05 * i : 0.4};
        const double limits[] = {i == 6 ? 0.5 : -1.0, -2.0};
        const struct dln_finish end = {
            .state = DLN_TRIAL_COMPLETE, .values = values, .limits = limits, .n_limits = 2};
        finish(store, start(store, &def->space, &x), &end);
    }
    dln_store_drop_lease(store);
    dln_study_free(def);
}

static void write_file(const char *path)
{
    dln_store *store = open_store(path, DLN_STORE_CREATE);
    write_kinds(store);
    write_front(store);
    dln_store_close(store);
}

/* ── dump ──────────────────────────────────────────────────────────────────────────────────────*/

/* As Python's float() reads it. */
static void put_number(struct dln_json_writer *w, double value)
{
    char text[DLN_NUM_TEXT_MAX];
    dln_num_repr(value, text);
    dln_json_string(w, text);
}

static void dump_trial(const struct dln_space *space, size_t m, const struct dln_trial *trial)
{
    struct dln_strbuf line = {0};
    struct dln_strbuf params = {0};
    struct dln_json_writer w = {.out = &line};
    dln_json_object(&w);
    dln_json_key(&w, "number");
    dln_json_int(&w, trial->number);
    dln_json_key(&w, "state");
    dln_json_string(&w, dln_trial_state_name(trial->state));
    dln_json_key(&w, "values");
    dln_json_array(&w);
    for (size_t i = 0; i < m; i++)
        put_number(&w, trial->values[i]);
    dln_json_end_array(&w);
    dln_space_json(space, trial->x, &params);
    dln_json_key(&w, "params");
    dln_json_raw(&w, dln_strbuf_text(&params));
    dln_json_key(&w, "steps");
    dln_json_array(&w);
    for (size_t i = 0; i < trial->n_steps; i++) {
        dln_json_array(&w);
        dln_json_int(&w, trial->steps[i]);
        put_number(&w, trial->curve[i]);
        dln_json_end_array(&w);
    }
    dln_json_end_array(&w);
    dln_json_key(&w, "ours");
    dln_json_bool(&w, trial->is_ours);
    dln_json_end_object(&w);
    (void)puts(dln_strbuf_text(&line));
    dln_strbuf_release(&line);
    dln_strbuf_release(&params);
}

static void dump(const char *path, const char *name)
{
    int64_t id = 0;
    struct dln_space space;
    struct dln_study_summary s;
    struct dln_batch batch;
    dln_follow *follow = NULL;
    dln_store *store = open_store(path, DLN_STORE_READ);
    check(dln_store_find_study(store, name, &id, &err), name);
    check(dln_store_study(store, id, &arena, &s, &err), name);
    check(dln_store_infer_space(store, id, &arena, &space, &err), "infer");
    check(dln_follow_open(path, id, &space, s.n_objectives, 5, &follow, &err), "follow");
    do {
        check(dln_follow_next(follow, &batch, &err), "follow");
        for (size_t i = 0; i < batch.n_trials; i++) {
            dump_trial(&space, s.n_objectives, &batch.trials[i]);
        }
    } while (batch.more);
    dln_follow_close(follow);
    dln_store_close(store);
}

/* ── beside Python ─────────────────────────────────────────────────────────────────────────────*/

static struct dln_study *drive(dln_store *store)
{
    int64_t id = 0;
    struct dln_study *def = NULL;
    check(dln_store_find_study(store, "kinds", &id, &err), "kinds");
    check(dln_store_take_lease(store, id, NULL, &err), "lease");
    check(dln_store_definition(store, id, &def, &err), "definition");
    return def;
}

static void hammer(const char *path, int n)
{
    dln_store *store = open_store(path, DLN_STORE_ENGINE);
    struct dln_study *def = drive(store);
    for (int i = 0; i < n; i++) {
        double x[D];
        const struct dln_report report = {0, 0.5};
        point(i, x);
        const int64_t id = start(store, &def->space, x);
        check(dln_store_report(store, id, 1, &report, &err), "report");
        (void)poll(NULL, 0, 20); /* the objective: it leaves Python a turn */
        complete(store, id, 0.5);
        dln_store_checkpoint(store);
    }
    dln_study_free(def);
    dln_store_close(store);
}

static void claim(const char *path)
{
    dln_store *store = open_store(path, DLN_STORE_ENGINE);
    struct dln_study *def = drive(store);
    int64_t id = 0;
    int64_t number = 0;
    double x[D];
    double rest[D];
    point(6, rest);
    while (dln_store_next_waiting(store, &def->space, &id, &number, x, &err)) {
        bool ours = false;
        for (int i = 0; i < D; i++)
            x[i] = isnan(x[i]) ? rest[i] : x[i];
        (void)dln_space_activate(&def->space, x);
        const struct dln_new_trial trial = {
            .x = x, .strategy = "enqueued", .predicted_mean = NAN, .predicted_sd = NAN};
        if (!dln_store_claim(store, &def->space, id, &trial, &err)) {
            if (err.code == DLN_BUSY) continue;
            check(false, "claim");
        }
        (void)poll(NULL, 0, 200); /* the second look: Python may have read WAITING before us */
        check(dln_store_still_claimed(store, id, &ours, &err), "second look");
        if (!ours) continue;
        complete(store, id, 0.5);
        (void)printf("%" PRId64 "\n", number);
    }
    check(err.code == DLN_NOT_FOUND, "next");
    dln_study_free(def);
    dln_store_close(store);
}

/* ── alone ─────────────────────────────────────────────────────────────────────────────────────*/

static void the_file_written_for_optuna_is_whole(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_make(folder);
    const char *path = dln_arena_copy(&arena, scratch_path(folder, "optuna.db"));
    write_file(path);
    assert_string_equal(outside_ask(path, "PRAGMA integrity_check"), "ok");
    assert_string_equal(outside_ask(path, "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM"
                                          " trials GROUP BY study_id, state ORDER BY study_id,"
                                          " state)"),
                        "25,1,2,1,1,8");
    assert_string_equal(outside_ask(path, "SELECT count(*) FROM trial_params WHERE param_value IS"
                                          " NULL OR distribution_json IS NULL"),
                        "0");
    scratch_remove(folder);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        write_file(argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "dump") == 0) {
        dump(argv[2], argv[3]);
    } else if (argc == 4 && strcmp(argv[1], "hammer") == 0) {
        int64_t n = 0;
        if (dln_num_parse_int(argv[3], strlen(argv[3]), &n)) hammer(argv[2], (int)n);
    } else if (argc == 3 && strcmp(argv[1], "claim") == 0) {
        claim(argv[2]);
    } else {
        const struct CMUnitTest tests[] = {cmocka_unit_test(the_file_written_for_optuna_is_whole)};
        const int failures = cmocka_run_group_tests(tests, NULL, NULL);
        dln_arena_release(&arena);
        return failures;
    }
    dln_arena_release(&arena);
    return 0;
}
