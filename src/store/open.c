/* Opening and closing a store, and the guards that every write passes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/attributes.h"
#include "store/handle.h"
#include "store/place.h"
#include "store/schema.h"

/* ── open and close ────────────────────────────────────────────────────────────────────────────*/

static enum dln_db_mode db_mode(enum dln_store_mode mode)
{
    switch (mode) {
    case DLN_STORE_READ: return DLN_DB_READ;
    case DLN_STORE_STEER: return DLN_DB_STEER;
    case DLN_STORE_GUEST: return DLN_DB_GUEST;
    case DLN_STORE_ENGINE:
    case DLN_STORE_CREATE: return DLN_DB_ENGINE;
    }
    return DLN_DB_READ;
}

/* Tables of a file that has none yet. */
static bool fill_new(dln_store *store, struct dln_file_facts *facts, struct dln_error *err)
{
    if (!dln_place_is_network(store->path) && !dln_db_use_wal(store->db, err)) return false;
    return dln_schema_create(store->db, err) &&
           dln_schema_inspect(store->db, store->path, facts, err);
}

static bool inspect(dln_store *store, struct dln_error *err)
{
    struct dln_file_facts facts;
    if (!dln_schema_inspect(store->db, store->path, &facts, err)) return false;
    if (facts.kind == DLN_FILE_EMPTY) {
        if (store->mode != DLN_STORE_CREATE) {
            return dln_fail(err, DLN_CORRUPT, "'%s' is empty, not an Optuna storage", store->path);
        }
        if (!fill_new(store, &facts, err)) return false;
    }
    store->has_ours = facts.has_ours;
    store->is_utc = facts.is_utc;
    if (facts.kind == DLN_FILE_READ_ONLY) {
        (void)snprintf(store->reason, sizeof store->reason, "%s", facts.reason);
    } else if (store->mode != DLN_STORE_READ && dln_db_is_read_only(store->db)) {
        (void)snprintf(store->reason, sizeof store->reason, "you may not write it");
    }
    return !store->reason[0] || dln_db_forbid_writes(store->db, err);
}

bool dln_store_open(const char *path, enum dln_store_mode mode, dln_store **out,
                    struct dln_error *err)
{
    dln_store *store = calloc(1, sizeof *store);
    if (!store) return dln_fail(err, DLN_NOMEM, "out of memory");
    store->mode = mode;
    store->lease.lock_fd = -1;
    bool is_new = false;
    if (mode == DLN_STORE_CREATE && !dln_place_make(path, &is_new, err)) goto fail;
    if (!dln_place_resolve(path, &store->path, err)) goto fail;
    if (!dln_db_open(store->path, db_mode(mode), &store->db, err)) goto fail;
    if (!inspect(store, err)) goto fail;
    dln_self_init(&store->self);
    *out = store;
    return true;
fail:
    dln_store_close(store);
    if (is_new) (void)unlink(path);
    return false;
}

void dln_store_close(dln_store *store)
{
    if (!store) return;
    dln_lease_drop_row(store);
    dln_binding_cache_release(&store->lease.binding);
    dln_db_close(store->db); /* moves the log of a lease's holder into the file, hence the lock */
    dln_lease_drop_lock(store);
    for (struct dln_study_entry *entry = store->studies; entry;) {
        struct dln_study_entry *next = entry->next;
        dln_tally_release(&entry->tally);
        free(entry);
        entry = next;
    }
    free(store->path);
    free(store);
}

const char *dln_store_path(const dln_store *store)
{
    return store->path;
}

const char *dln_store_read_only_reason(const dln_store *store)
{
    return store->reason[0] ? store->reason : NULL;
}

int64_t dln_store_version(dln_store *store)
{
    return dln_db_version(store->db);
}

void dln_store_checkpoint(dln_store *store)
{
    dln_db_checkpoint(store->db, true);
}

const char *dln_store_sqlite_version(void)
{
    return sqlite3_libversion();
}

const char *dln_store_sqlite_notice(void)
{
    const int version = sqlite3_libversion_number();
    const bool is_mended = version >= 3051003 || (version >= 3050007 && version < 3051000) ||
                           (version >= 3044006 && version < 3045000);
    if (version < 3007000 || is_mended) return NULL;
    return "this SQLite release can damage a file in WAL mode when two programs write and"
           " checkpoint at the same moment; dialin keeps its own connections out of that, other"
           " programs on the same file may not (mended in 3.51.3)";
}

bool dln_store_is_on_network(const char *path)
{
    return dln_place_is_network(path);
}

bool dln_store_lock_folder(struct dln_error *err)
{
    return dln_place_lock_folder(err);
}

/* ── guards ────────────────────────────────────────────────────────────────────────────────────*/

bool dln_store_refresh_ours(dln_store *store, struct dln_error *err)
{
    return store->has_ours || dln_schema_find_ours(store->db, &store->has_ours, err);
}

bool dln_store_can_write(const dln_store *store, struct dln_error *err)
{
    if (store->reason[0]) {
        return dln_fail(err, DLN_UNSUPPORTED, "'%s' can only be read: %s", store->path,
                        store->reason);
    }
    if (store->mode == DLN_STORE_READ) {
        return dln_fail(err, DLN_UNSUPPORTED, "'%s' was opened for reading only", store->path);
    }
    return true;
}

/* The fence: the row still carries what this store wrote when it took the lease. */
static bool check_nonce(dln_store *store, struct dln_error *err)
{
    static const char sql[] =
        "SELECT 1 FROM dialin_engines WHERE study_id = :study AND nonce = :nonce";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", store->lease.study_id);
    dln_bind_text(&q, ":nonce", store->lease.nonce);
    const bool is_ours = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    if (is_ours) return true;
    dln_db_own_log(store->db, false);
    return dln_fail(err, DLN_BUSY, "another engine has taken over this study; nothing was written");
}

static bool check_nobody(dln_store *store, int64_t study_id, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_lease_info info;
    bool ok = dln_lease_look(store, study_id, &arena, &info, err);
    if (ok && info.held && info.alive) {
        ok = dln_fail(err, DLN_BUSY, "engine pid %" PRId64 " on %s drives this study", info.pid,
                      info.host);
    }
    dln_arena_release(&arena);
    return ok;
}

static bool check_guard(dln_store *store, int64_t study_id, enum dln_guard guard,
                        struct dln_error *err)
{
    const bool is_joined = store->lease.study_id == study_id && study_id != 0;
    const bool is_holder = is_joined && !store->lease.is_guest;
    switch (guard) {
    case DLN_GUARD_NONE: return true;
    case DLN_GUARD_IDLE:
        return is_holder ? check_nonce(store, err) : check_nobody(store, study_id, err);
    case DLN_GUARD_LEASE:
        if (is_holder) return check_nonce(store, err);
        if (is_joined) return true; /* a guest writes trials of its own only */
        return dln_fail(err, DLN_BUSY, "this study's lease was not taken");
    }
    return false;
}

bool dln_store_begin(dln_store *store, int64_t study_id, enum dln_guard guard, bool durable,
                     struct dln_error *err)
{
    if (!dln_store_can_write(store, err)) return false;
    if (!dln_db_begin_write(store->db, durable, err)) return false;
    if (!store->has_ours && !dln_schema_add_ours(store->db, err)) goto fail;
    store->has_ours = true;
    if (study_id != 0 && !dln_store_has_study(store, study_id, err)) goto fail;
    if (!check_guard(store, study_id, guard, err)) goto fail;
    return true;
fail:
    dln_store_rollback(store);
    return false;
}

void dln_store_rollback(dln_store *store)
{
    dln_db_rollback(store->db);
    /* our tables may have been made in what was rolled back */
    store->has_ours = false;
    if (!dln_schema_find_ours(store->db, &store->has_ours, NULL)) store->has_ours = false;
}

bool dln_store_commit(dln_store *store, struct dln_error *err)
{
    if (dln_db_commit(store->db, err)) return true;
    dln_store_rollback(store);
    return false;
}
