/*
 * What is new since the last look. The newest page comes first, then the older trials in slices,
 * oldest first; from then on only what changes: trials with a higher id, and those that were
 * unfinished. Finished trials never change, so nothing else has to be looked at.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "store/load.h"
#include "store/summary.h"

enum {
    SLICE_MAX = 2000,
    SLICE_MIN = 50,
    POINTS_MAX = 100000, /* of curves in a slice; above it slices get smaller */
};

struct seen { /* an unfinished trial as it was last handed out */
    int64_t id;
    enum dln_trial_state state;
    uint64_t print;
};

struct seen_list {
    size_t n, cap;
    struct seen *at;
};

/* How far the reader has got. */
struct progress {
    int64_t version; /* PRAGMA data_version at the last look; 0: none yet */
    bool has_page, is_gone, owes_summary;
    int64_t filled_to; /* older trials up to here are loaded … */
    int64_t page_from; /* … and those from here on */
    int64_t newest_id;
    int64_t total, loaded;
    size_t slice;
};

struct dln_follow {
    dln_store *store;
    int64_t study_id;
    const struct dln_space *space;
    size_t n_objectives, page;
    struct dln_arena arena; /* of the last batch */
    struct dln_arena binding_arena;
    struct dln_binding binding;
    struct dln_time_base times;
    /* a look that fails leaves `at` and `seen` as they were: nothing is lost, it is read again */
    struct progress at;
    struct seen_list seen, next;
};

/* ── unfinished trials ─────────────────────────────────────────────────────────────────────────*/

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    return dln_splitmix64(hash ^ dln_hash_bytes(bytes, len));
}

/* Everything that may change in a trial that is not finished. */
static uint64_t print_of(const struct dln_follow *follow, const struct dln_trial *trial)
{
    const int64_t facts[] = {(int64_t)trial->state, trial->started_us,       trial->ended_us,
                             trial->attempt,        (int64_t)trial->n_steps, trial->is_ours};
    uint64_t hash = mix(1, facts, sizeof facts);
    hash = mix(hash, trial->x, follow->space->n * sizeof *trial->x);
    hash = mix(hash, trial->values, follow->n_objectives * sizeof *trial->values);
    if (trial->n_steps == 0) return hash;
    hash = mix(hash, trial->steps, trial->n_steps * sizeof *trial->steps);
    return mix(hash, trial->curve, trial->n_steps * sizeof *trial->curve);
}

static bool is_open(const struct dln_trial *trial)
{
    return trial->state == DLN_TRIAL_RUNNING || trial->state == DLN_TRIAL_WAITING;
}

static bool remember(struct seen_list *list, const struct seen *seen, struct dln_error *err)
{
    if (list->n == list->cap) {
        const size_t cap = list->cap ? list->cap * 2 : 16;
        struct seen *more = realloc(list->at, cap * sizeof *more);
        if (!more) return dln_fail(err, DLN_NOMEM, "out of memory");
        list->at = more;
        list->cap = cap;
    }
    list->at[list->n++] = *seen;
    return true;
}

static bool watch(struct dln_follow *follow, const struct dln_loaded *loaded, struct dln_error *err)
{
    for (size_t i = 0; i < loaded->n; i++) {
        const struct dln_trial *trial = &loaded->trials[i];
        if (!is_open(trial)) continue;
        const struct seen seen = {trial->id, trial->state, print_of(follow, trial)};
        if (!remember(&follow->next, &seen, err)) return false;
    }
    return true;
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static struct dln_load load_of(struct dln_follow *follow)
{
    return (struct dln_load){
        .store = follow->store,
        .study_id = follow->study_id,
        .space = follow->space,
        .binding = &follow->binding,
        .n_objectives = follow->n_objectives,
        .times = &follow->times,
        .arena = &follow->arena,
    };
}

struct batch_trials {
    size_t n, cap;
    struct dln_trial *list;
};

static bool append(struct batch_trials *all, const struct dln_trial *trials, size_t n,
                   struct dln_arena *arena, struct dln_error *err)
{
    if (all->n + n > all->cap) {
        const size_t cap = (all->n + n) * 2;
        struct dln_trial *list = DLN_ARENA_ARRAY(arena, struct dln_trial, cap);
        if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
        if (all->n > 0) memcpy(list, all->list, all->n * sizeof *list);
        all->list = list;
        all->cap = cap;
    }
    if (n > 0) memcpy(all->list + all->n, trials, n * sizeof *trials);
    all->n += n;
    return true;
}

static bool state_of(struct dln_follow *follow, int64_t id, bool *is_there,
                     enum dln_trial_state *state, struct dln_error *err)
{
    static const char sql[] = "SELECT state FROM trials WHERE trial_id = :id AND study_id = :study";
    enum dln_trial_state found = DLN_TRIAL_FAIL;
    struct dln_query q = dln_query(follow->store->db, sql);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", follow->study_id);
    const bool row = dln_query_row(&q);
    if (row && !dln_trial_state_parse(dln_column_text(&q, 0), &found)) found = DLN_TRIAL_FAIL;
    if (!dln_query_end(&q, err)) return false;
    *is_there = row;
    *state = found;
    return true;
}

/* One unfinished trial: handed out again when it looks different, dropped when it has ended. */
static bool revisit(struct dln_follow *follow, struct seen seen, struct batch_trials *all,
                    struct dln_error *err)
{
    const struct dln_load load = load_of(follow);
    bool is_there;
    enum dln_trial_state state;
    struct dln_loaded loaded = {0};
    if (!state_of(follow, seen.id, &is_there, &state, err)) return false;
    if (!is_there) return true;
    /* what waits does not change but for its state: a long queue costs one look-up each */
    if (state == DLN_TRIAL_WAITING && seen.state == state)
        return remember(&follow->next, &seen, err);
    if (!dln_load_trials(&load, seen.id, seen.id, 1, false, &loaded, err)) return false;
    if (loaded.n == 0) return true;
    const uint64_t print = print_of(follow, &loaded.trials[0]);
    if (print != seen.print && !append(all, loaded.trials, 1, &follow->arena, err)) return false;
    return watch(follow, &loaded, err);
}

static bool read_changed(struct dln_follow *follow, struct batch_trials *all, struct dln_error *err)
{
    follow->next.n = 0;
    for (size_t i = 0; i < follow->seen.n; i++) {
        if (!revisit(follow, follow->seen.at[i], all, err)) return false;
    }
    return true;
}

static bool read_new(struct dln_follow *follow, struct batch_trials *all, bool *more,
                     struct dln_error *err)
{
    const struct dln_load load = load_of(follow);
    struct dln_loaded loaded;
    if (!dln_load_trials(&load, follow->at.newest_id + 1, INT64_MAX, SLICE_MAX, false, &loaded,
                         err)) {
        return false;
    }
    if (!append(all, loaded.trials, loaded.n, &follow->arena, err)) return false;
    if (!watch(follow, &loaded, err)) return false;
    if (loaded.n > 0) follow->at.newest_id = loaded.trials[loaded.n - 1].id;
    follow->at.loaded += (int64_t)loaded.n;
    if (follow->at.total < follow->at.loaded) follow->at.total = follow->at.loaded;
    *more = loaded.n == SLICE_MAX;
    return true;
}

static bool read_page(struct dln_follow *follow, struct batch_trials *all, struct dln_error *err)
{
    const struct dln_load load = load_of(follow);
    struct dln_loaded loaded;
    const size_t page = follow->page > 0 ? follow->page : 1;
    if (!dln_load_trials(&load, 0, INT64_MAX, page, true, &loaded, err)) return false;
    if (!append(all, loaded.trials, loaded.n, &follow->arena, err)) return false;
    if (!watch(follow, &loaded, err)) return false;
    follow->at.has_page = true;
    follow->at.filled_to = -1;
    follow->at.page_from = loaded.n > 0 ? loaded.trials[0].id : 0;
    follow->at.newest_id = loaded.n > 0 ? loaded.trials[loaded.n - 1].id : 0;
    follow->at.loaded = (int64_t)loaded.n;
    if (loaded.n < page) follow->at.filled_to = follow->at.page_from; /* that was all */
    return true;
}

static bool is_filled(const struct progress *at)
{
    return at->filled_to >= at->page_from - 1;
}

static bool read_older(struct dln_follow *follow, struct batch_trials *all, struct dln_error *err)
{
    const struct dln_load load = load_of(follow);
    struct dln_loaded loaded;
    if (!dln_load_trials(&load, follow->at.filled_to + 1, follow->at.page_from - 1,
                         follow->at.slice, false, &loaded, err)) {
        return false;
    }
    if (!append(all, loaded.trials, loaded.n, &follow->arena, err)) return false;
    if (!watch(follow, &loaded, err)) return false;
    follow->at.loaded += (int64_t)loaded.n;
    follow->at.filled_to =
        loaded.n == follow->at.slice ? loaded.trials[loaded.n - 1].id : follow->at.page_from - 1;
    if (loaded.n_points > POINTS_MAX && follow->at.slice > SLICE_MIN) follow->at.slice /= 2;
    return true;
}

/* ── one look ──────────────────────────────────────────────────────────────────────────────────*/

/* The study is not there, or not the one that it was. */
static bool check_gone(struct dln_follow *follow, bool *gone, struct dln_error *err)
{
    struct dln_error reason = {0};
    enum dln_trial_state state;
    bool is_there = true;
    if (!dln_store_has_study(follow->store, follow->study_id, &reason)) {
        if (reason.code != DLN_NOT_FOUND) return dln_fail(err, reason.code, "%s", reason.text);
        is_there = false;
    } else if (follow->at.newest_id > 0 &&
               !state_of(follow, follow->at.newest_id, &is_there, &state, err)) {
        return false;
    }
    *gone = !is_there;
    return true;
}

static bool read_summary(struct dln_follow *follow, struct dln_batch *batch, struct dln_error *err)
{
    if (!dln_summary_read(follow->store, follow->study_id, &follow->arena, &batch->summary, err)) {
        return false;
    }
    batch->has_summary = true;
    follow->at.owes_summary = false;
    follow->at.total = batch->summary.n_trials;
    return true;
}

static int by_id(const void *a, const void *b)
{
    const struct dln_trial *left = a;
    const struct dln_trial *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

static bool look(struct dln_follow *follow, struct dln_batch *batch, struct dln_error *err)
{
    struct progress *at = &follow->at;
    struct batch_trials all = {0};
    bool more_new = false;
    const int64_t version = dln_db_version(follow->store->db);
    const bool has_changed = version != at->version;
    if (!dln_store_refresh_ours(follow->store, err)) return false;
    if (!check_gone(follow, &at->is_gone, err)) return false;
    batch->study_gone = at->is_gone;
    if (at->is_gone) return true;
    if (!at->has_page) {
        bool cheap = false;
        if (!read_page(follow, &all, err) ||
            !dln_summary_is_cheap(follow->store, follow->study_id, &cheap, &at->total, err)) {
            return false;
        }
        at->owes_summary = true;
        if (cheap && !read_summary(follow, batch, err)) return false;
    } else {
        if (has_changed &&
            (!read_changed(follow, &all, err) || !read_new(follow, &all, &more_new, err))) {
            return false;
        }
        if (!is_filled(at) && !read_older(follow, &all, err)) return false;
        if ((has_changed || at->owes_summary) && !read_summary(follow, batch, err)) return false;
    }
    at->version = more_new ? 0 : version;
    if (all.n > 1) qsort(all.list, all.n, sizeof *all.list, by_id);
    batch->trials = all.list;
    batch->n_trials = all.n;
    batch->all_loaded = is_filled(at) && !more_new;
    batch->more = !batch->all_loaded || at->owes_summary;
    const int64_t total = at->total > at->loaded ? at->total : at->loaded;
    batch->loaded = batch->all_loaded || total == 0 ? 1 : (double)at->loaded / (double)total;
    return true;
}

/* A copy of the unfinished ones to work on. */
static bool prepare(struct dln_follow *follow, struct dln_error *err)
{
    follow->next.n = 0;
    for (size_t i = 0; i < follow->seen.n; i++) {
        if (!remember(&follow->next, &follow->seen.at[i], err)) return false;
    }
    return true;
}

bool dln_follow_next(dln_follow *follow, struct dln_batch *out, struct dln_error *err)
{
    struct dln_batch batch = {0};
    const struct progress before = follow->at;
    const bool is_settled = before.has_page && is_filled(&before) && !before.owes_summary;
    dln_arena_reset(&follow->arena);
    if (before.is_gone || (is_settled && dln_db_version(follow->store->db) == before.version)) {
        batch.all_loaded = true;
        batch.loaded = 1;
        batch.study_gone = before.is_gone;
        *out = batch;
        return true;
    }
    if (!prepare(follow, err)) return false;
    if (!dln_db_begin_read(follow->store->db, err)) return false;
    const bool ok = look(follow, &batch, err);
    dln_db_rollback(follow->store->db);
    if (!ok) {
        follow->at = before;
        return false;
    }
    const struct seen_list swap = follow->seen;
    follow->seen = follow->next;
    follow->next = swap;
    *out = batch;
    return true;
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

bool dln_follow_open(const char *path, int64_t study_id, const struct dln_space *space,
                     size_t n_objectives, size_t page, dln_follow **out, struct dln_error *err)
{
    dln_follow *follow = calloc(1, sizeof *follow);
    if (!follow) return dln_fail(err, DLN_NOMEM, "out of memory");
    follow->study_id = study_id;
    follow->space = space;
    follow->n_objectives = n_objectives;
    follow->page = page;
    follow->at.slice = SLICE_MAX;
    if (!dln_store_open(path, DLN_STORE_READ, &follow->store, err)) goto fail;
    if (!dln_store_has_study(follow->store, study_id, err)) goto fail;
    if (!dln_binding_make(follow->store->db, study_id, space, &follow->binding_arena,
                          &follow->binding, err)) {
        goto fail;
    }
    if (!dln_store_time_base(follow->store, study_id, &follow->times, err)) goto fail;
    *out = follow;
    return true;
fail:
    dln_follow_close(follow);
    return false;
}

void dln_follow_close(dln_follow *follow)
{
    if (!follow) return;
    dln_store_close(follow->store);
    dln_arena_release(&follow->arena);
    dln_arena_release(&follow->binding_arena);
    free(follow->seen.at);
    free(follow->next.at);
    free(follow);
}
