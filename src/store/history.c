/* Whole-study and single-trial reads: what strategies and a trial's own screen ask for. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/load.h"

enum { SLICE = 2000 }; /* rows of `trials` at once, so that no read lasts long */

static bool grow(struct dln_history_row **rows, size_t n, size_t *cap, size_t more,
                 struct dln_arena *arena)
{
    if (n + more <= *cap) return true;
    size_t wanted = *cap * 2 > n + more ? *cap * 2 : n + more;
    struct dln_history_row *larger = DLN_ARENA_ARRAY(arena, struct dln_history_row, wanted);
    if (!larger) return false;
    if (n > 0) memcpy(larger, *rows, n * sizeof *larger);
    *rows = larger;
    *cap = wanted;
    return true;
}

static double seconds_between(int64_t started_us, int64_t ended_us)
{
    const bool has_both = started_us > 0 && ended_us > started_us;
    return has_both ? (double)(ended_us - started_us) / 1e6 : 0;
}

static void fill_row(const struct dln_loaded *loaded, size_t i, struct dln_history_row *out)
{
    const struct dln_trial *trial = &loaded->trials[i];
    *out = (struct dln_history_row){
        .id = trial->id,
        .number = trial->number,
        .state = trial->state,
        .x = trial->x,
        .values = trial->values,
        .last_step = loaded->last_steps[i],
        .last_value = loaded->last_values[i],
        .reason = trial->reason,
        .violation = loaded->violations[i],
        .strategy = trial->strategy,
        .memo = loaded->memos[i],
        .seconds = seconds_between(trial->started_us, trial->ended_us),
    };
}

/* Trials with after_id < id ≤ last_id. */
static bool read_range(dln_store *store, int64_t study_id, const struct dln_space *space,
                       size_t n_objectives, int64_t after_id, int64_t last_id,
                       struct dln_arena *arena, struct dln_history_row **out, size_t *n,
                       struct dln_error *err)
{
    struct dln_binding binding;
    struct dln_time_base times;
    if (!dln_store_has_study(store, study_id, err)) return false;
    if (!dln_binding_make(store->db, study_id, space, arena, &binding, err)) return false;
    if (!dln_store_time_base(store, study_id, &times, err)) return false;
    const struct dln_load load = {
        .store = store,
        .study_id = study_id,
        .space = space,
        .binding = &binding,
        .n_objectives = n_objectives,
        .times = &times,
        .for_history = true,
        .arena = arena,
    };
    struct dln_history_row *rows = NULL;
    size_t count = 0;
    size_t cap = 0;
    int64_t after = after_id;
    for (;;) {
        struct dln_loaded loaded;
        if (!dln_load_trials(&load, after + 1, last_id, SLICE, false, &loaded, err)) return false;
        if (!grow(&rows, count, &cap, loaded.n, arena)) {
            return dln_fail(err, DLN_NOMEM, "out of memory");
        }
        for (size_t i = 0; i < loaded.n; i++)
            fill_row(&loaded, i, &rows[count++]);
        if (loaded.n < SLICE) break;
        after = loaded.trials[loaded.n - 1].id;
    }
    *out = rows;
    *n = count;
    return true;
}

bool dln_store_history(dln_store *store, int64_t study_id, const struct dln_space *space,
                       size_t n_objectives, int64_t after_id, struct dln_arena *arena,
                       struct dln_history_row **out, size_t *n, struct dln_error *err)
{
    return read_range(store, study_id, space, n_objectives, after_id, INT64_MAX, arena, out, n,
                      err);
}

bool dln_store_history_one(dln_store *store, int64_t study_id, const struct dln_space *space,
                           size_t n_objectives, int64_t id, struct dln_arena *arena,
                           struct dln_history_row *out, struct dln_error *err)
{
    struct dln_history_row *rows;
    size_t n;
    if (!read_range(store, study_id, space, n_objectives, id - 1, id, arena, &rows, &n, err)) {
        return false;
    }
    if (n == 0) return dln_fail(err, DLN_NOT_FOUND, "this study has no trial with id %" PRId64, id);
    *out = rows[0];
    return true;
}

bool dln_store_seconds(dln_store *store, int64_t trial_id, double *seconds, struct dln_error *err)
{
    static const char sql[] = "SELECT study_id, datetime_start, datetime_complete FROM trials"
                              " WHERE trial_id = :id";
    char started[DLN_TIME_TEXT_MAX] = "";
    char ended[DLN_TIME_TEXT_MAX] = "";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    int64_t study_id = -1;
    if (dln_query_row(&q)) {
        study_id = dln_column_int(&q, 0);
        snprintf(started, sizeof started, "%s", dln_column_text(&q, 1));
        snprintf(ended, sizeof ended, "%s", dln_column_text(&q, 2));
    }
    *seconds = 0;
    if (!dln_query_end(&q, err)) return false;
    if (study_id < 0) return true;
    struct dln_time_base times;
    if (!dln_store_time_base(store, study_id, &times, err)) return false;
    *seconds =
        seconds_between(dln_time_base_read(&times, started), dln_time_base_read(&times, ended));
    return true;
}

/* ── one trial ─────────────────────────────────────────────────────────────────────────────────*/

static bool read_one(dln_store *store, int64_t study_id, const struct dln_space *space,
                     size_t n_objectives, int64_t number, struct dln_arena *arena,
                     struct dln_trial *out, struct dln_error *err)
{
    int64_t id = 0;
    struct dln_binding binding;
    struct dln_time_base times;
    struct dln_loaded loaded;
    if (!dln_store_refresh_ours(store, err)) return false;
    if (!dln_store_find_number(store, study_id, number, &id, err)) return false;
    if (!dln_binding_make(store->db, study_id, space, arena, &binding, err)) return false;
    if (!dln_store_time_base(store, study_id, &times, err)) return false;
    const struct dln_load load = {
        .store = store,
        .study_id = study_id,
        .space = space,
        .binding = &binding,
        .n_objectives = n_objectives,
        .times = &times,
        .arena = arena,
    };
    if (!dln_load_trials(&load, id, id, 1, false, &loaded, err)) return false;
    if (loaded.n == 0) return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, number);
    *out = loaded.trials[0];
    return true;
}

bool dln_store_trial(dln_store *store, int64_t study_id, const struct dln_space *space,
                     size_t n_objectives, int64_t number, struct dln_arena *arena,
                     struct dln_trial *out, struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = read_one(store, study_id, space, n_objectives, number, arena, out, err);
    dln_db_rollback(store->db);
    return ok;
}

static bool read_some(dln_store *store, int64_t study_id, const struct dln_space *space,
                      size_t n_objectives, enum dln_trial_parts parts, int64_t after_id,
                      size_t limit, bool newest, struct dln_arena *arena, struct dln_loaded *out,
                      struct dln_error *err)
{
    struct dln_binding binding;
    struct dln_time_base times;
    if (!dln_store_refresh_ours(store, err)) return false;
    if (!dln_store_has_study(store, study_id, err)) return false;
    if (!dln_binding_make(store->db, study_id, space, arena, &binding, err)) return false;
    if (!dln_store_time_base(store, study_id, &times, err)) return false;
    const struct dln_load load = {
        .store = store,
        .study_id = study_id,
        .space = space,
        .binding = &binding,
        .n_objectives = n_objectives,
        .times = &times,
        .parts = parts,
        .arena = arena,
    };
    return dln_load_trials(&load, newest ? 0 : after_id + 1, INT64_MAX, limit, newest, out, err);
}

bool dln_store_trials(dln_store *store, int64_t study_id, const struct dln_space *space,
                      size_t n_objectives, enum dln_trial_parts parts, int64_t after_id,
                      size_t limit, bool newest, struct dln_arena *arena,
                      const struct dln_trial **out, size_t *n, struct dln_error *err)
{
    struct dln_loaded loaded = {0};
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = read_some(store, study_id, space, n_objectives, parts, after_id, limit, newest,
                              arena, &loaded, err);
    dln_db_rollback(store->db);
    if (!ok) return false;
    *out = loaded.trials;
    *n = loaded.n;
    return true;
}

bool dln_store_trial_attributes(dln_store *store, int64_t trial_id, struct dln_arena *arena,
                                struct dln_attribute **out, size_t *n, struct dln_error *err)
{
    static const char sql_count[] =
        "SELECT count(*) FROM trial_user_attributes WHERE trial_id = :id";
    static const char sql[] = "SELECT key, value_json FROM trial_user_attributes"
                              " WHERE trial_id = :id ORDER BY trial_user_attribute_id";
    struct dln_query c = dln_query(store->db, sql_count);
    dln_bind_int(&c, ":id", trial_id);
    const size_t cap = dln_query_row(&c) ? (size_t)dln_column_int(&c, 0) : 0;
    if (!dln_query_end(&c, err)) return false;
    struct dln_attribute *list = DLN_ARENA_ARRAY(arena, struct dln_attribute, cap);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = 0;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    while (count < cap && dln_query_row(&q)) {
        list[count].key = dln_column_copy(&q, 0, arena);
        list[count].json = dln_column_is_null(&q, 1) ? "null" : dln_column_copy(&q, 1, arena);
        count++;
    }
    if (!dln_query_end(&q, err)) return false;
    *out = list;
    *n = count;
    return true;
}
