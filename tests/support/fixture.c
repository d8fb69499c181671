#include "support/fixture.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/store.h"
#include "store/distribution.h"

/* ── the definition ────────────────────────────────────────────────────────────────────────────*/

static const char *const first_params[] = {
    "  lr: {float: [1e-5, 1e-1], log: true, default: 1e-3}\n",
    "  dropout: {float: [0.0, 0.5], step: 0.05}\n",
    "  layers: {int: [2, 8]}\n",
    "  optimizer: {choice: [sgd, adamw, lion]}\n",
    "  momentum: {float: [0.80, 0.99], when: optimizer == sgd}\n",
    "  amp: {flag: true}\n",
};
enum { FIRST_PARAMS = sizeof first_params / sizeof first_params[0] };

bool fixture_definition(const char *name, size_t n_params, int64_t budget_trials, uint64_t seed,
                        struct dln_study **out, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    dln_strbuf_addf(
        &text, "study: %s\nrun: [./train, '{args}']\nobjective: {minimize: loss}\nspace:\n", name);
    for (size_t i = 0; i < n_params; i++) {
        if (i < FIRST_PARAMS) {
            dln_strbuf_add(&text, first_params[i]);
        } else {
            dln_strbuf_addf(&text, "  x%zu: {float: [-5.0, 5.0]}\n", i);
        }
    }
    dln_strbuf_addf(&text, "strategy: tpe\nbudget: {trials: %" PRId64 "}\nseed: %" PRIu64 "\n",
                    budget_trials > 0 ? budget_trials : 1, seed % 1000000);
    const bool ok = dln_strbuf_ok(&text)
                        ? dln_study_read("fixture.yaml", dln_strbuf_text(&text), text.len, out, err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&text);
    return ok;
}

/* ── rows ──────────────────────────────────────────────────────────────────────────────────────*/

enum statement { TRIAL, PARAM, VALUE, STEP, SYSTEM, USER, RUN, STATEMENTS };

static const char *const statements[STATEMENTS] = {
    [TRIAL] = "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)"
              " VALUES (?1, ?2, ?3, ?4, ?5)",
    [PARAM] = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
              " VALUES (?1, ?2, ?3, ?4)",
    [VALUE] = "INSERT INTO trial_values (trial_id, objective, value, value_type)"
              " VALUES (?1, 0, ?2, 'FINITE')",
    [STEP] = "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value,"
             " intermediate_value_type) VALUES (?1, ?2, ?3, 'FINITE')",
    [SYSTEM] =
        "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (?1, ?2, ?3)",
    [USER] = "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (?1, ?2, ?3)",
    [RUN] = "INSERT INTO dialin_runs (trial_id, attempt, slot, host, boot, pid, pid_start,"
            " started_us, ended_us, exit_status, user_s, system_s, max_rss_bytes, run_dir, command,"
            " detail) VALUES (?1, 1, 0, 'fixture', '', 1, 1, ?2, ?3, ?4, 1.5, 0.1, 1048576, ?5,"
            " './train', '')",
};

static int64_t age_s;

void fixture_set_age(int64_t seconds)
{
    age_s = seconds;
}

struct writer {
    sqlite3 *db;
    sqlite3_stmt *stmt[STATEMENTS];
    const struct dln_study *def;
    struct dln_strbuf *json; /* distribution of each parameter */
    int64_t study_id;
    size_t n_trials, n_steps;
    int64_t end_us;
    struct dln_rng rng;
    double *u, *x;
    bool failed;
};

static void run(struct writer *w, enum statement which)
{
    if (sqlite3_step(w->stmt[which]) != SQLITE_DONE) w->failed = true;
    sqlite3_reset(w->stmt[which]);
}

static void attribute(struct writer *w, enum statement which, int64_t id, const char *key,
                      const char *json)
{
    sqlite3_bind_int64(w->stmt[which], 1, id);
    sqlite3_bind_text(w->stmt[which], 2, key, -1, SQLITE_STATIC);
    sqlite3_bind_text(w->stmt[which], 3, json, -1, SQLITE_STATIC);
    run(w, which);
}

/* A bowl around the middle of the cube, deeper with the trial's number, and a little noise. */
static double loss_of(struct writer *w, size_t number)
{
    const struct dln_space *space = &w->def->space;
    const double focus = 1.0 / (1.0 + 3.0 * (double)number / (double)w->n_trials);
    double loss = 0.1;
    for (size_t i = 0; i < space->n; i++) {
        w->u[i] = 0.5 + (dln_rng_uniform(&w->rng) - 0.5) * focus;
        loss += (w->u[i] - 0.45) * (w->u[i] - 0.45) / (double)(i + 1);
    }
    dln_space_decode(space, w->u, w->x);
    return loss + 0.01 * dln_rng_uniform(&w->rng);
}

static void write_steps(struct writer *w, int64_t id, size_t n, double loss)
{
    for (size_t step = 0; step < n; step++) {
        const double value = loss + 2.0 * exp(-5.0 * (double)(step + 1) / (double)w->n_steps);
        sqlite3_bind_int64(w->stmt[STEP], 1, id);
        sqlite3_bind_int64(w->stmt[STEP], 2, (int64_t)step);
        sqlite3_bind_double(w->stmt[STEP], 3, value);
        run(w, STEP);
    }
}

static void write_params(struct writer *w, int64_t id)
{
    const struct dln_space *space = &w->def->space;
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(w->x[i])) continue;
        sqlite3_bind_int64(w->stmt[PARAM], 1, id);
        sqlite3_bind_text(w->stmt[PARAM], 2, space->params[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_double(w->stmt[PARAM], 3, w->x[i]);
        sqlite3_bind_text(w->stmt[PARAM], 4, dln_strbuf_text(&w->json[i]), -1, SQLITE_STATIC);
        run(w, PARAM);
    }
}

static void write_trial(struct writer *w, size_t number)
{
    const double loss = loss_of(w, number);
    const bool failed = number % 23 == 22;
    const bool pruned = !failed && number % 7 == 6 && w->n_steps > 0;
    const int64_t ended_us = w->end_us - (int64_t)(w->n_trials - 1 - number) * 1000000;
    const int64_t started_us = ended_us - 30000000 - (int64_t)(number % 10) * 1000000;
    char start[DLN_TIME_TEXT_MAX];
    char end[DLN_TIME_TEXT_MAX];
    dln_time_format(started_us, false, start);
    dln_time_format(ended_us, false, end);
    sqlite3_bind_int64(w->stmt[TRIAL], 1, (int64_t)number);
    sqlite3_bind_int64(w->stmt[TRIAL], 2, w->study_id);
    sqlite3_bind_text(w->stmt[TRIAL], 3,
                      failed   ? "FAIL"
                      : pruned ? "PRUNED"
                               : "COMPLETE",
                      -1, SQLITE_STATIC);
    sqlite3_bind_text(w->stmt[TRIAL], 4, start, -1, SQLITE_STATIC);
    sqlite3_bind_text(w->stmt[TRIAL], 5, end, -1, SQLITE_STATIC);
    run(w, TRIAL);
    const int64_t id = sqlite3_last_insert_rowid(w->db);

    write_params(w, id);
    write_steps(w, id, failed || pruned ? w->n_steps / 2 : w->n_steps, loss);
    if (!failed) {
        sqlite3_bind_int64(w->stmt[VALUE], 1, id);
        sqlite3_bind_double(w->stmt[VALUE], 2, pruned ? loss + 0.2 : loss);
        run(w, VALUE);
    }
    attribute(w, SYSTEM, id, "dialin:owner", "{\"host\": \"fixture\", \"nonce\": \"\"}");
    attribute(w, SYSTEM, id, "dialin:strategy", number < 10 ? "\"random\"" : "\"tpe\"");
    attribute(w, SYSTEM, id, "dialin:why", "\"density ratio 3.1\"");
    if (failed) {
        attribute(w, USER, id, "dialin_reason", "\"exit\"");
        attribute(w, USER, id, "dialin_detail", "\"exit 3\"");
    }
    char run_dir[64];
    (void)snprintf(run_dir, sizeof run_dir, "fixture.runs/%06zu", number);
    sqlite3_bind_int64(w->stmt[RUN], 1, id);
    sqlite3_bind_int64(w->stmt[RUN], 2, started_us);
    sqlite3_bind_int64(w->stmt[RUN], 3, ended_us);
    sqlite3_bind_int64(w->stmt[RUN], 4, failed ? 3 : 0);
    sqlite3_bind_text(w->stmt[RUN], 5, run_dir, -1, SQLITE_STATIC);
    run(w, RUN);
}

static bool fail_with(struct writer *w, struct dln_error *err)
{
    return dln_fail(err, DLN_STORAGE, "fixture: %s", sqlite3_errmsg(w->db));
}

static bool write_all(struct writer *w, const char *path, struct dln_error *err)
{
    if (sqlite3_open_v2(path, &w->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(w->db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -64000; BEGIN IMMEDIATE",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return fail_with(w, err);
    }
    for (size_t i = 0; i < STATEMENTS; i++) {
        if (sqlite3_prepare_v2(w->db, statements[i], -1, &w->stmt[i], NULL) != SQLITE_OK) {
            return fail_with(w, err);
        }
    }
    for (size_t number = 0; number < w->n_trials && !w->failed; number++)
        write_trial(w, number);
    if (w->failed || sqlite3_exec(w->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        return fail_with(w, err);
    }
    return true;
}

static bool make_rows(const char *path, const struct dln_study *def, int64_t study_id,
                      size_t n_trials, size_t n_steps, uint64_t seed, struct dln_error *err)
{
    const size_t d = def->space.n;
    struct writer w = {.def = def,
                       .study_id = study_id,
                       .n_trials = n_trials,
                       .n_steps = n_steps,
                       .end_us = dln_clock_wall_us() - age_s * 1000000};
    dln_rng_init(&w.rng, seed);
    w.u = calloc(d + 1, sizeof *w.u);
    w.x = calloc(d + 1, sizeof *w.x);
    w.json = calloc(d + 1, sizeof *w.json);
    bool ok = w.u && w.x && w.json;
    if (!ok) dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; ok && i < d; i++) {
        dln_distribution_write(&def->space.params[i], DLN_FORM_MODERN, &w.json[i]);
    }
    ok = ok && write_all(&w, path, err);
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w.stmt[i]);
    sqlite3_close(w.db);
    for (size_t i = 0; w.json && i < d; i++)
        dln_strbuf_release(&w.json[i]);
    free(w.json);
    free(w.u);
    free(w.x);
    return ok;
}

/* ── the study ─────────────────────────────────────────────────────────────────────────────────*/

bool fixture_study(const char *path, const char *name, size_t n_trials, size_t n_params,
                   size_t n_steps, uint64_t seed, struct dln_error *err)
{
    struct dln_study *def = NULL;
    dln_store *store = NULL;
    int64_t study_id = 0;
    bool ok = fixture_definition(name, n_params, (int64_t)n_trials, seed, &def, err) &&
              dln_store_open(path, DLN_STORE_CREATE, &store, err) &&
              dln_store_create_study(store, def, &study_id, err);
    dln_store_close(store);
    store = NULL;
    ok = ok && make_rows(path, def, study_id, n_trials, n_steps, seed, err) &&
         dln_store_open(path, DLN_STORE_ENGINE, &store, err) &&
         dln_store_set_state(store, study_id, DLN_ENGINE_DONE, "budget: trials",
                             &(struct dln_spent){.time_s = (double)n_trials}, err);
    dln_store_close(store);
    dln_study_free(def);
    return ok;
}
