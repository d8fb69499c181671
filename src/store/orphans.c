/* Running trials that an engine, now gone, has left: for recovery after the lease was taken. */
#include <stdio.h>
#include <string.h>

#include "store/attributes.h"
#include "store/load.h"
#include "store/trial_rows.h"

/* Ours, but not started under the lease that is held now. */
static bool is_left(dln_store *store, int64_t trial_id, struct dln_arena *arena, bool *left,
                    struct dln_error *err)
{
    const char *owner = NULL;
    if (!dln_attribute_get(store->db, DLN_TRIAL_SYSTEM, trial_id, DLN_KEY_OWNER, arena, &owner,
                           err)) {
        return false;
    }
    *left = owner && !strstr(owner, store->lease.nonce);
    return true;
}

static bool newest_run(dln_store *store, struct dln_orphan *orphan, struct dln_arena *arena,
                       struct dln_error *err)
{
    static const char sql[] =
        "SELECT run_id, attempt, pid, pid_start, host, boot, run_dir, ended_us FROM dialin_runs"
        " WHERE trial_id = :id ORDER BY run_id DESC LIMIT 1";
    orphan->run_dir = "";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", orphan->trial_id);
    if (dln_query_row(&q)) {
        orphan->run_id = dln_column_int(&q, 0);
        orphan->attempt = (int)dln_column_int(&q, 1);
        orphan->pid = dln_column_int(&q, 2);
        orphan->pid_start = dln_column_int(&q, 3);
        orphan->same_boot = strcmp(dln_column_text(&q, 4), store->self.host) == 0 &&
                            strcmp(dln_column_text(&q, 5), store->self.boot) == 0;
        orphan->run_dir = dln_column_copy(&q, 6, arena);
        orphan->is_open = dln_column_int(&q, 7) == 0;
    }
    return dln_query_end(&q, err);
}

/* The engine writes "interrupted: …" where a run ended because the engine did, "done: …" where a
 * trial has more runs. */
static bool count_failures(dln_store *store, struct dln_orphan *orphan, struct dln_error *err)
{
    static const char sql[] = "SELECT count(*) FROM dialin_runs WHERE trial_id = :id"
                              " AND ended_us > 0 AND detail NOT LIKE 'interrupted:%'"
                              " AND detail NOT LIKE '" DLN_PART_DONE "%'";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", orphan->trial_id);
    if (dln_query_row(&q)) orphan->failures = (int)dln_column_int(&q, 0);
    return dln_query_end(&q, err);
}

bool dln_store_orphans(dln_store *store, const struct dln_space *space, struct dln_arena *arena,
                       struct dln_orphan **out, size_t *n, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    const struct dln_binding *binding = NULL;
    const int64_t study_id = store->lease.study_id;
    if (study_id == 0) return dln_fail(err, DLN_BUSY, "no lease is held");
    if (!dln_store_tally(store, study_id, &tally, err)) return false;
    if (!dln_binding_get(&store->lease.binding, store->db, study_id, space, &binding, err)) {
        return false;
    }
    const struct dln_load load = {
        .store = store,
        .study_id = study_id,
        .space = space,
        .binding = binding,
        .times = &store->lease.times,
        .arena = arena,
    };
    struct dln_orphan *list = DLN_ARENA_ARRAY(arena, struct dln_orphan, tally->n_open);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = 0;
    for (size_t i = 0; i < tally->n_open; i++) {
        const struct dln_open_trial *trial = &tally->open[i];
        struct dln_loaded loaded;
        bool left = false;
        if (trial->state != DLN_TRIAL_RUNNING) continue;
        if (!is_left(store, trial->id, arena, &left, err)) return false;
        if (!left) continue;
        if (!dln_load_trials(&load, trial->id, trial->id, 1, false, &loaded, err)) return false;
        if (loaded.n == 0) continue;
        struct dln_orphan *orphan = &list[count++];
        *orphan = (struct dln_orphan){
            .trial_id = trial->id, .number = trial->number, .x = loaded.trials[0].x};
        if (!newest_run(store, orphan, arena, err)) return false;
        if (!count_failures(store, orphan, err)) return false;
    }
    *out = list;
    *n = count;
    return true;
}
