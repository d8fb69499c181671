/* Making a study, and what a person may change of it while it runs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/json.h"
#include "dialin/version.h"
#include "store/attributes.h"
#include "store/past.h"
#include "store/study_rows.h"
#include "store/trial_rows.h"

const char *dln_engine_state_name(enum dln_engine_state state)
{
    static const char *const names[] = {
#define DLN_ENGINE_TEXT(name, text) text,
        DLN_ENGINE_STATES(DLN_ENGINE_TEXT)
#undef DLN_ENGINE_TEXT
    };
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "idle";
}

/* ── rows of a definition ──────────────────────────────────────────────────────────────────────*/

void dln_make_uid(char out[DLN_UID_MAX])
{
    (void)snprintf(out, DLN_UID_MAX, "%016" PRIx64 "%016" PRIx64, dln_entropy64(), dln_entropy64());
}

bool dln_rows_give_uid(dln_store *store, int64_t study_id, char out[DLN_UID_MAX],
                       struct dln_error *err)
{
    if (!dln_store_uid(store, study_id, out, err)) return false;
    if (out[0]) return true;
    dln_make_uid(out);
    return dln_attribute_set_text(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_UID, out, err);
}

static void bind_live(struct dln_query *q, int parallel, const struct dln_budget *budget)
{
    dln_bind_int(q, ":parallel", parallel);
    dln_bind_int(q, ":trials", budget->trials);
    dln_bind_real(q, ":time", budget->time_s);
    dln_bind_real(q, ":slot", budget->slot_s);
    dln_bind_real(q, ":cost", budget->cost);
    dln_bind_real(q, ":target", budget->has_target ? budget->target : (double)NAN);
    dln_bind_int(q, ":no_improvement", budget->no_improvement);
}

/* Where the file lay, absolute: a later process may stand in another folder. */
static bool file_path(const struct dln_study *def, char **out, struct dln_error *err)
{
    struct dln_strbuf path = {0};
    const char *name = def->path ? def->path : "";
    const char *slash = strrchr(name, '/');
    if (slash) name = slash + 1;
    if (def->directory && def->directory[0]) dln_strbuf_addf(&path, "%s/", def->directory);
    dln_strbuf_add(&path, name[0] ? name : "study.yaml");
    return dln_strbuf_take(&path, out, err);
}

bool dln_rows_put_definition(dln_store *store, int64_t study_id, const char *uid,
                             const struct dln_study *def, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO dialin_studies (study_id, uid, created_us, created_by, state, why, run_time_s,"
        " seed, strategy, parallel, budget_trials, budget_time_s, budget_slot_s, budget_cost,"
        " budget_target, budget_no_improvement, file_path, file_hash, file_text)"
        " VALUES (:id, :uid, :now, :by, 'idle', '', 0.0, :seed, :strategy, :parallel, :trials,"
        " :time, :slot, :cost, :target, :no_improvement, :path, :hash, :text)"
        " ON CONFLICT (study_id) DO UPDATE SET strategy = excluded.strategy,"
        " parallel = excluded.parallel, budget_trials = excluded.budget_trials,"
        " budget_time_s = excluded.budget_time_s, budget_slot_s = excluded.budget_slot_s,"
        " budget_cost = excluded.budget_cost, budget_target = excluded.budget_target,"
        " budget_no_improvement = excluded.budget_no_improvement, file_path = excluded.file_path,"
        " file_hash = excluded.file_hash, file_text = excluded.file_text";
    static const char sql_seed[] = "UPDATE dialin_studies SET seed = :seed WHERE study_id = :id";
    char hash[DLN_UID_MAX];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, dln_hash_bytes(def->text, def->text_len));
    /* 63 bits: a drawn seed can be written into a study file */
    const uint64_t seed = def->has_seed ? def->seed : dln_entropy64() >> 1;
    char *path = NULL;
    if (!file_path(def, &path, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_text(&q, ":by", "dialin/" DLN_VERSION);
    dln_bind_int(&q, ":seed", (int64_t)seed);
    dln_bind_text(&q, ":strategy", def->strategy.name ? def->strategy.name : "");
    bind_live(&q, def->machine.parallel, &def->budget);
    dln_bind_text(&q, ":path", path);
    dln_bind_text(&q, ":hash", hash);
    dln_bind_text_len(&q, ":text", def->text ? def->text : "", def->text_len);
    const bool ok = dln_query_run(&q, NULL, err);
    free(path);
    if (!ok) return false;
    if (!def->has_seed) return true; /* a drawn seed stays as it was drawn */
    struct dln_query again = dln_query(store->db, sql_seed);
    dln_bind_int(&again, ":seed", (int64_t)seed);
    dln_bind_int(&again, ":id", study_id);
    return dln_query_run(&again, NULL, err);
}

bool dln_rows_put_names(dln_store *store, int64_t study_id, const struct dln_study *def,
                        struct dln_error *err)
{
    struct dln_strbuf metrics = {0};
    struct dln_strbuf limits = {0};
    struct dln_json_writer w = {.out = &metrics};
    dln_json_array(&w);
    for (size_t i = 0; i < def->n_objectives; i++)
        dln_json_string(&w, def->objectives[i].metric);
    dln_json_end_array(&w);
    struct dln_json_writer v = {.out = &limits};
    dln_json_array(&v);
    for (size_t i = 0; i < def->n_limits; i++)
        dln_json_string(&v, def->limits[i].text);
    dln_json_end_array(&v);
    bool ok = (dln_strbuf_ok(&metrics) && dln_strbuf_ok(&limits)) ||
              dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_METRICS,
                                 dln_strbuf_text(&metrics), err);
    if (def->n_limits > 0) {
        ok = ok && dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_LIMITS,
                                     dln_strbuf_text(&limits), err);
    }
    dln_strbuf_release(&metrics);
    dln_strbuf_release(&limits);
    return ok;
}

bool dln_rows_put_space(dln_store *store, int64_t study_id, const struct dln_bound *params,
                        size_t n, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_object(&w);
    for (size_t i = 0; i < n; i++) {
        dln_json_key(&w, params[i].name);
        dln_json_raw(&w, params[i].json);
    }
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&json)
                        ? dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SPACE,
                                            dln_strbuf_text(&json), err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&json);
    return ok;
}

/* ── making one ────────────────────────────────────────────────────────────────────────────────*/

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    return n;
}

static bool check_name(dln_store *store, const char *name, struct dln_error *err)
{
    static const char sql[] = "SELECT 1 FROM studies WHERE study_name = :name";
    if (!name[0] || count_characters(name) > DLN_STUDY_NAME_MAX) {
        return dln_fail(err, DLN_INVALID, "a study's name must have 1 to %d characters",
                        DLN_STUDY_NAME_MAX);
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":name", name);
    const bool is_taken = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    if (!is_taken) return true;
    return dln_fail(err, DLN_REFUSED, "'%s' already has a study '%s'", store->path, name);
}

static bool check_definition(const struct dln_study *def, struct dln_error *err)
{
    if (def->n_objectives == 0) {
        return dln_fail(err, DLN_INVALID, "study '%.80s' has no objective", def->name);
    }
    for (size_t i = 0; i < def->space.n; i++) {
        if (count_characters(def->space.params[i].name) <= DLN_PARAM_NAME_MAX) continue;
        return dln_fail(err, DLN_INVALID,
                        "the parameter name '%.40s…' is longer than %d characters",
                        def->space.params[i].name, DLN_PARAM_NAME_MAX);
    }
    return true;
}

/* Rows of ours that a deleted study of the same id has left. */
static bool forget_leftovers(dln_store *store, int64_t study_id, struct dln_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM dialin_studies WHERE study_id = :id",
        "DELETE FROM dialin_tallies WHERE study_id = :id",
        "DELETE FROM dialin_engines WHERE study_id = :id",
        "DELETE FROM dialin_commands WHERE study_id = :id",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct dln_query q = dln_query(store->db, sql[i]);
        dln_bind_int(&q, ":id", study_id);
        if (!dln_query_run(&q, NULL, err)) return false;
    }
    return true;
}

bool dln_rows_new_study(dln_store *store, const char *name, int64_t *study_id,
                        struct dln_error *err)
{
    static const char sql[] = "INSERT INTO studies (study_name) VALUES (:name)";
    if (!check_name(store, name, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":name", name);
    if (!dln_query_run(&q, NULL, err)) return false;
    const int64_t id = dln_db_last_id(store->db);
    if (!forget_leftovers(store, id, err)) return false;
    *study_id = id;
    return true;
}

static bool insert_study(dln_store *store, const struct dln_study *def, int64_t *study_id,
                         struct dln_error *err)
{
    static const char sql[] = "INSERT INTO study_directions (direction, study_id, objective)"
                              " VALUES (:direction, :id, :objective)";
    int64_t id = 0;
    if (!dln_rows_new_study(store, def->name, &id, err)) return false;
    struct dln_query d = dln_query(store->db, sql);
    for (size_t i = 0; i < def->n_objectives; i++) {
        dln_bind_text(&d, ":direction", def->objectives[i].maximize ? "MAXIMIZE" : "MINIMIZE");
        dln_bind_int(&d, ":id", id);
        dln_bind_int(&d, ":objective", (int64_t)i);
        dln_query_again(&d);
    }
    if (!dln_query_end(&d, err)) return false;
    *study_id = id;
    return true;
}

static bool enqueue_start(dln_store *store, int64_t study_id, const struct dln_study *def,
                          const struct dln_time_base *times, struct dln_arena *arena,
                          struct dln_error *err)
{
    double *x = DLN_ARENA_ARRAY(arena, double, def->space.n);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < def->n_start; i++) {
        int64_t id;
        int64_t number;
        dln_study_start_point(def, i, x);
        if (!dln_rows_add_waiting(store, study_id, &def->space, times, x, "study file", &id,
                                  &number, err)) {
            return false;
        }
    }
    return true;
}

/* What was best in earlier studies, after the points that the file names. */
static bool enqueue_past(dln_store *store, int64_t study_id, const struct dln_study *def,
                         const struct dln_time_base *times, struct dln_arena *arena,
                         struct dln_error *err)
{
    struct dln_past *past = DLN_ARENA_ARRAY(arena, struct dln_past, def->n_warm_start);
    const double *x = NULL;
    size_t n = 0;
    if (!past) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < def->n_warm_start; i++) {
        struct dln_past_report report;
        if (!dln_store_past(def, def->warm_start[i], arena, &report, err)) return false;
        past[i] = report.past;
    }
    if (!dln_past_portfolio(def, def->n_warm_start, past, arena, &x, &n, err)) return false;
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        int64_t number;
        if (!dln_rows_add_waiting(store, study_id, &def->space, times, x + i * def->space.n,
                                  "warm start", &id, &number, err)) {
            return false;
        }
    }
    return true;
}

static bool create_rows(dln_store *store, const struct dln_study *def, int64_t *study_id,
                        struct dln_arena *arena, struct dln_error *err)
{
    int64_t id = 0;
    char uid[DLN_UID_MAX];
    struct dln_binding binding;
    struct dln_time_base times;
    if (!check_definition(def, err) || !insert_study(store, def, &id, err)) return false;
    if (!dln_rows_give_uid(store, id, uid, err)) return false;
    if (!dln_attribute_set_text(store->db, DLN_STUDY_SYSTEM, id, DLN_KEY_TIME,
                                store->is_utc ? "utc" : "local", err)) {
        return false;
    }
    if (!dln_rows_put_names(store, id, def, err)) return false;
    if (!dln_binding_make(store->db, id, &def->space, arena, &binding, err)) return false;
    if (!dln_rows_put_space(store, id, binding.params, binding.n, err)) return false;
    if (!dln_rows_put_definition(store, id, uid, def, err)) return false;
    if (!dln_store_time_base(store, id, &times, err)) return false;
    if (!enqueue_start(store, id, def, &times, arena, err)) return false;
    if (!dln_rows_put_past(store, id, def, arena, err)) return false;
    if (!enqueue_past(store, id, def, &times, arena, err)) return false;
    *study_id = id;
    return true;
}

bool dln_store_create_study(dln_store *store, const struct dln_study *def, int64_t *study_id,
                            struct dln_error *err)
{
    struct dln_arena arena = {0};
    int64_t id = 0;
    if (!dln_store_begin(store, 0, DLN_GUARD_NONE, true, err)) return false;
    bool ok = create_rows(store, def, &id, &arena, err);
    if (ok) {
        ok = dln_store_commit(store, err);
    } else {
        dln_store_rollback(store);
    }
    dln_arena_release(&arena);
    if (!ok) return dln_wrap(err, "make study '%.80s'", def->name);
    *study_id = id;
    return true;
}

/* ── what changes while it runs ────────────────────────────────────────────────────────────────*/

static bool end_update(dln_store *store, struct dln_query *q, struct dln_error *err)
{
    int64_t changed = 0;
    bool ok = dln_query_run(q, &changed, err);
    if (ok && changed != 1) {
        ok = dln_fail(err, DLN_NOT_FOUND, "this study has no study file stored with it");
    }
    if (!ok) {
        dln_store_rollback(store);
        return false;
    }
    return dln_store_commit(store, err);
}

static bool put_closed(dln_store *store, int64_t study_id, const struct dln_live_settings *live,
                       struct dln_error *err)
{
    double slots[DLN_SLOTS_MAX];
    size_t n = 0;
    for (int i = 0; i < DLN_SLOTS_MAX; i++) {
        if (live->is_closed[i]) slots[n++] = i;
    }
    return dln_attribute_set_reals(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_CLOSED, slots, n,
                                   err);
}

bool dln_store_set_live(dln_store *store, int64_t study_id, const struct dln_live_settings *live,
                        struct dln_error *err)
{
    static const char sql[] =
        "UPDATE dialin_studies SET parallel = :parallel, budget_trials = :trials,"
        " budget_time_s = :time, budget_slot_s = :slot, budget_cost = :cost,"
        " budget_target = :target, budget_no_improvement = :no_improvement WHERE study_id = :id";
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, true, err)) return false;
    if (!put_closed(store, study_id, live, err)) {
        dln_store_rollback(store);
        return false;
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    bind_live(&q, live->parallel, &live->budget);
    return end_update(store, &q, err);
}

/* Beside the time, for which there is a column. */
static bool put_spent(dln_store *store, int64_t study_id, const struct dln_spent *spent,
                      struct dln_error *err)
{
    const double values[] = {spent->slot_s, spent->cost};
    if (spent->slot_s <= 0 && spent->cost <= 0) return true;
    return dln_attribute_set_reals(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SPENT, values, 2,
                                   err);
}

bool dln_store_cost(dln_store *store, int64_t study_id, int objective, double *cost,
                    struct dln_error *err)
{
    static const char sql[] =
        "SELECT (SELECT total(CAST(value_json AS REAL)) FROM trials"
        " JOIN trial_user_attributes USING (trial_id) WHERE study_id = :id AND key = 'cost')"
        " + (SELECT total(value) FROM trials JOIN trial_values USING (trial_id)"
        " WHERE study_id = :id AND state = 'COMPLETE' AND objective = :objective)";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_int(&q, ":objective", objective);
    *cost = dln_query_row(&q) ? dln_column_real(&q, 0) : 0;
    return dln_query_end(&q, err);
}

bool dln_store_set_state(dln_store *store, int64_t study_id, enum dln_engine_state state,
                         const char *why, const struct dln_spent *spent, struct dln_error *err)
{
    static const char sql[] = "UPDATE dialin_studies SET state = :state, why = :why,"
                              " run_time_s = :run_time WHERE study_id = :id";
    const bool is_end = state == DLN_ENGINE_DONE || state == DLN_ENGINE_IDLE;
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, is_end, err)) return false;
    if (!dln_store_save_tally(store, study_id, err) || !put_spent(store, study_id, spent, err)) {
        dln_store_rollback(store);
        return false;
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":state", dln_engine_state_name(state));
    dln_bind_text(&q, ":why", why ? why : "");
    dln_bind_real(&q, ":run_time", spent->time_s);
    return end_update(store, &q, err);
}

bool dln_rows_written_definition(dln_store *store, int64_t study_id, struct dln_study **out,
                                 struct dln_error *err)
{
    static const char sql[] =
        "SELECT file_path, file_text FROM dialin_studies WHERE study_id = :id AND uid = :uid";
    char uid[DLN_UID_MAX];
    if (!dln_store_has_study(store, study_id, err) || !dln_store_refresh_ours(store, err)) {
        return false;
    }
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    if (!store->has_ours || !uid[0]) {
        return dln_fail(err, DLN_NOT_FOUND, "this study has no study file stored with it");
    }
    struct dln_arena arena = {0};
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":uid", uid);
    const char *path = NULL;
    const char *text = "";
    size_t len = 0;
    if (dln_query_row(&q)) {
        path = dln_column_copy(&q, 0, &arena);
        text = dln_column_copy(&q, 1, &arena);
        len = dln_column_len(&q, 1);
    }
    bool ok = dln_query_end(&q, err);
    if (ok && !path) {
        ok = dln_fail(err, DLN_NOT_FOUND, "this study has no study file stored with it");
    }
    ok = ok && dln_study_read(path, text, len, out, err);
    dln_arena_release(&arena);
    return ok;
}
