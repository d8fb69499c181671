/* One study in a line: what `dialin ls` and the home screen show. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/attributes.h"
#include "store/handle.h"
#include "store/load.h"
#include "store/summary.h"

enum { STUDIES_MAX = 100000 };

static bool out_of_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

/* ── parts ─────────────────────────────────────────────────────────────────────────────────────*/

static bool read_directions(dln_store *store, struct dln_study_summary *s, struct dln_arena *arena,
                            struct dln_error *err)
{
    static const char sql[] = "SELECT direction FROM study_directions WHERE study_id = :id"
                              " ORDER BY objective LIMIT 1000";
    size_t n = 0;
    if (!dln_store_objectives(store, s->id, &n, err)) return false;
    bool *maximize = DLN_ARENA_ARRAY(arena, bool, n);
    if (!maximize) return out_of_memory(err);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", s->id);
    size_t read = 0;
    while (dln_query_row(&q) && read < n) {
        maximize[read++] = strcmp(dln_column_text(&q, 0), "MAXIMIZE") == 0;
    }
    if (!dln_query_end(&q, err)) return false;
    s->n_objectives = read;
    s->maximize = maximize;
    return true;
}

static bool read_metric_names(dln_store *store, struct dln_study_summary *s,
                              struct dln_arena *arena, struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, s->id, DLN_KEY_METRICS, arena, &json,
                           err)) {
        return false;
    }
    if (!json && !dln_attribute_get(store->db, DLN_STUDY_SYSTEM, s->id, "dashboard:objective_names",
                                    arena, &json, err)) {
        return false;
    }
    const char **names = DLN_ARENA_ARRAY(arena, const char *, s->n_objectives);
    if (!names) return out_of_memory(err);
    struct dln_json_walk walk;
    struct dln_slice element;
    const struct dln_slice text = {json ? json : "", json ? strlen(json) : 0};
    dln_json_walk_array(&walk, text);
    for (size_t i = 0; i < s->n_objectives; i++) {
        if (dln_json_walk_element(&walk, &element) && element.at[0] == '"') {
            names[i] = dln_slice_string(element, arena);
        } else {
            names[i] = s->n_objectives == 1 ? "value" : dln_arena_printf(arena, "value %zu", i + 1);
        }
        if (!names[i]) return out_of_memory(err);
    }
    s->metric_names = names;
    return true;
}

static bool read_tally(dln_store *store, struct dln_study_summary *s, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    if (!dln_store_tally(store, s->id, &tally, err)) return false;
    for (size_t i = 0; i < DLN_TRIAL_STATE_COUNT; i++)
        s->counts[i] = tally->finished[i];
    for (size_t i = 0; i < tally->n_open; i++)
        s->counts[tally->open[i].state]++;
    s->is_counted = true;
    s->n_trials = dln_tally_trials(tally);
    s->best_id = tally->best_id;
    s->best_number = tally->best_number;
    s->best_value = tally->best_value;
    s->last_activity_us = tally->activity_us;
    struct dln_tally rolled = *tally; /* the numbers only; its list of open trials is not touched */
    dln_tally_roll(&rolled, dln_clock_wall_us());
    memcpy(s->finished_per_bin, rolled.bins, sizeof s->finished_per_bin);
    return true;
}

/* Of the best trial, where that was several runs. */
static bool read_spread(dln_store *store, struct dln_study_summary *s, struct dln_arena *arena,
                        struct dln_error *err)
{
    const char *json = NULL;
    if (s->best_id < 0 || s->n_objectives != 1) return true;
    if (!dln_attribute_get(store->db, DLN_TRIAL_USER, s->best_id, DLN_KEY_SPREAD, arena, &json,
                           err)) {
        return false;
    }
    if (json) (void)dln_load_spread(json, strlen(json), 1, &s->best_spread, &s->best_runs);
    return true;
}

static enum dln_engine_state parse_state(const char *text)
{
    static const char *const names[] = {
#define DLN_ENGINE_TEXT(name, text) text,
        DLN_ENGINE_STATES(DLN_ENGINE_TEXT)
#undef DLN_ENGINE_TEXT
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], text) == 0) return (enum dln_engine_state)i;
    }
    return DLN_ENGINE_IDLE;
}

static bool read_spent(dln_store *store, struct dln_study_summary *s, struct dln_arena *arena,
                       struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, s->id, DLN_KEY_SPENT, arena, &json, err)) {
        return false;
    }
    struct dln_json_walk walk;
    struct dln_slice element;
    double values[2] = {0, 0};
    dln_json_walk_array(&walk, (struct dln_slice){json ? json : "", json ? strlen(json) : 0});
    for (size_t i = 0; i < 2 && dln_json_walk_element(&walk, &element); i++) {
        if (!dln_slice_number(element, &values[i]) || !isfinite(values[i])) values[i] = 0;
    }
    s->spent.slot_s = values[0];
    s->spent.cost = values[1];
    return true;
}

static bool read_closed(dln_store *store, struct dln_study_summary *s, struct dln_arena *arena,
                        struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, s->id, DLN_KEY_CLOSED, arena, &json, err)) {
        return false;
    }
    struct dln_json_walk walk;
    struct dln_slice element;
    double slot;
    dln_json_walk_array(&walk, (struct dln_slice){json ? json : "", json ? strlen(json) : 0});
    while (dln_json_walk_element(&walk, &element)) {
        if (!dln_slice_number(element, &slot) || !(slot >= 0) || slot >= DLN_SLOTS_MAX) continue;
        s->live.is_closed[(int)slot] = true;
    }
    return true;
}

static bool read_ours(dln_store *store, struct dln_study_summary *s, struct dln_arena *arena,
                      struct dln_error *err)
{
    static const char sql[] =
        "SELECT state, why, seed, strategy, created_us, run_time_s, parallel, budget_trials,"
        " budget_time_s, budget_slot_s, budget_cost, budget_target, budget_no_improvement"
        " FROM dialin_studies WHERE study_id = :id AND uid = :uid";
    char uid[DLN_UID_MAX];
    if (!store->has_ours) return true;
    if (!dln_store_uid(store, s->id, uid, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", s->id);
    dln_bind_text(&q, ":uid", uid);
    if (uid[0] && dln_query_row(&q)) {
        s->is_ours = true;
        s->state = parse_state(dln_column_text(&q, 0));
        s->why = dln_column_copy(&q, 1, arena);
        s->seed = (uint64_t)dln_column_int(&q, 2);
        s->strategy = dln_column_copy(&q, 3, arena);
        s->created_us = dln_column_int(&q, 4);
        s->spent.time_s = dln_column_real(&q, 5);
        s->live.parallel = (int)dln_column_int(&q, 6);
        s->live.budget.trials = dln_column_int(&q, 7);
        s->live.budget.time_s = dln_column_real(&q, 8);
        s->live.budget.slot_s = dln_column_real(&q, 9);
        s->live.budget.cost = dln_column_real(&q, 10);
        s->live.budget.has_target = !dln_column_is_null(&q, 11);
        s->live.budget.target = dln_column_real(&q, 11);
        s->live.budget.no_improvement = dln_column_int(&q, 12);
    }
    return dln_query_end(&q, err) && read_spent(store, s, arena, err) &&
           read_closed(store, s, arena, err) && dln_lease_look(store, s->id, arena, &s->lease, err);
}

static bool read(dln_store *store, int64_t study_id, bool with_counts, struct dln_arena *arena,
                 struct dln_study_summary *out, struct dln_error *err)
{
    static const char sql[] = "SELECT study_name FROM studies WHERE study_id = :id";
    struct dln_study_summary s = {
        .id = study_id,
        .best_id = -1,
        .best_number = -1,
        .best_value = NAN,
        .best_spread = NAN,
        .why = "",
        .strategy = "",
        .lease.host = "",
        .live.parallel = 1,
    };
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    if (dln_query_row(&q)) s.name = dln_column_copy(&q, 0, arena);
    if (!dln_query_end(&q, err)) return false;
    if (!s.name) {
        return dln_fail(err, DLN_NOT_FOUND, "'%s' has no study with id %" PRId64, store->path,
                        study_id);
    }
    if (!read_directions(store, &s, arena, err) || !read_metric_names(store, &s, arena, err) ||
        (with_counts && (!read_tally(store, &s, err) || !read_spread(store, &s, arena, err))) ||
        !read_ours(store, &s, arena, err)) {
        return false;
    }
    *out = s;
    return true;
}

bool dln_summary_read(dln_store *store, int64_t study_id, struct dln_arena *arena,
                      struct dln_study_summary *out, struct dln_error *err)
{
    return read(store, study_id, true, arena, out, err);
}

bool dln_summary_is_cheap(dln_store *store, int64_t study_id, bool *cheap, int64_t *span,
                          struct dln_error *err)
{
    enum { COUNTED_AT_ONCE = 5000 };
    static const char sql[] = "SELECT (SELECT max(trial_id) FROM trials)"
                              " - (SELECT min(trial_id) FROM trials) + 1";
    static const char sql_tally[] = "SELECT 1 FROM dialin_tallies WHERE study_id = :id";
    struct dln_query q = dln_query(store->db, sql);
    const int64_t ids = dln_query_row(&q) ? dln_column_int(&q, 0) : 0;
    if (!dln_query_end(&q, err)) return false;
    bool is_known = ids < COUNTED_AT_ONCE;
    if (!is_known && store->has_ours) {
        struct dln_query t = dln_query(store->db, sql_tally);
        dln_bind_int(&t, ":id", study_id);
        is_known = dln_query_row(&t);
        if (!dln_query_end(&t, err)) return false;
    }
    *cheap = is_known;
    *span = ids;
    return true;
}

/* ── the public ones ───────────────────────────────────────────────────────────────────────────*/

bool dln_store_study(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_study_summary *out, struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok =
        dln_store_refresh_ours(store, err) && dln_summary_read(store, study_id, arena, out, err);
    dln_db_rollback(store->db);
    return ok;
}

static bool read_head(dln_store *store, int64_t study_id, struct dln_arena *arena,
                      struct dln_study_summary *out, struct dln_error *err)
{
    bool cheap = false;
    int64_t span;
    return dln_store_refresh_ours(store, err) &&
           dln_summary_is_cheap(store, study_id, &cheap, &span, err) &&
           read(store, study_id, cheap, arena, out, err);
}

bool dln_store_study_head(dln_store *store, int64_t study_id, struct dln_arena *arena,
                          struct dln_study_summary *out, struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = read_head(store, study_id, arena, out, err);
    dln_db_rollback(store->db);
    return ok;
}

struct id_list {
    size_t n;
    int64_t *id;
};

static bool list_ids(dln_store *store, struct dln_arena *arena, struct id_list *out,
                     struct dln_error *err)
{
    static const char sql_count[] = "SELECT count(*) FROM studies";
    static const char sql[] = "SELECT study_id FROM studies ORDER BY study_id LIMIT 100000";
    struct dln_query c = dln_query(store->db, sql_count);
    size_t cap = dln_query_row(&c) ? (size_t)dln_column_int(&c, 0) : 0;
    if (!dln_query_end(&c, err)) return false;
    if (cap > STUDIES_MAX) cap = STUDIES_MAX;
    struct id_list list = {.id = DLN_ARENA_ARRAY(arena, int64_t, cap)};
    if (!list.id) return out_of_memory(err);
    struct dln_query q = dln_query(store->db, sql);
    while (dln_query_row(&q) && list.n < cap)
        list.id[list.n++] = dln_column_int(&q, 0);
    if (!dln_query_end(&q, err)) return false;
    *out = list;
    return true;
}

static bool read_all(dln_store *store, struct dln_arena *arena, struct dln_study_summary **out,
                     size_t *n, struct dln_error *err)
{
    struct id_list ids = {0};
    if (!dln_store_refresh_ours(store, err) || !list_ids(store, arena, &ids, err)) return false;
    struct dln_study_summary *all = DLN_ARENA_ARRAY(arena, struct dln_study_summary, ids.n);
    if (!all) return out_of_memory(err);
    for (size_t i = 0; i < ids.n; i++) {
        if (!dln_summary_read(store, ids.id[i], arena, &all[i], err)) return false;
    }
    *out = all;
    *n = ids.n;
    return true;
}

bool dln_store_studies(dln_store *store, struct dln_arena *arena, struct dln_study_summary **out,
                       size_t *n, struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = read_all(store, arena, out, n, err);
    dln_db_rollback(store->db);
    return ok;
}

/* The first names, for a sentence, and the id of the last of them. */
static bool list_names(dln_store *store, struct dln_strbuf *names, size_t *n, int64_t *id,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT study_id, study_name FROM studies ORDER BY study_id LIMIT 20";
    struct dln_query q = dln_query(store->db, sql);
    *n = 0;
    while (dln_query_row(&q)) {
        *id = dln_column_int(&q, 0);
        dln_strbuf_addf(names, "%s'%.60s'", *n > 0 ? ", " : "", dln_column_text(&q, 1));
        (*n)++;
    }
    return dln_query_end(&q, err);
}

static bool find_named(dln_store *store, const char *name, bool *is_there, int64_t *id,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT study_id FROM studies WHERE study_name = :name";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":name", name);
    *is_there = dln_query_row(&q);
    if (*is_there) *id = dln_column_int(&q, 0);
    return dln_query_end(&q, err);
}

bool dln_store_find_study(dln_store *store, const char *name, int64_t *study_id,
                          struct dln_error *err)
{
    int64_t found = 0;
    size_t n = 0;
    bool is_there = false;
    struct dln_strbuf names = {0};
    bool ok = !name || find_named(store, name, &is_there, &found, err);
    ok = ok && (is_there || list_names(store, &names, &n, &found, err));
    if (ok && !is_there && n == 0) {
        ok = dln_fail(err, DLN_NOT_FOUND, "'%s' has no study", store->path);
    } else if (ok && !is_there && name) {
        ok = dln_fail(err, DLN_NOT_FOUND, "'%s' has no study '%s'; it has %s", store->path, name,
                      dln_strbuf_text(&names));
    } else if (ok && n > 1) {
        ok = dln_fail(err, DLN_USAGE, "'%s' has several studies, name one of them: %s", store->path,
                      dln_strbuf_text(&names));
    }
    dln_strbuf_release(&names);
    if (ok) *study_id = found;
    return ok;
}
