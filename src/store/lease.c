/*
 * At most one engine drives a study. Two things must be free: the lock of a side file, which the
 * guardian inherits, so that it is held until the last trial of a dead engine is gone; and the
 * row in dialin_engines, taken in a write transaction. The row's nonce is asked for by every write
 * of the holder: an engine that was frozen and replaced writes nothing when it wakes up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/json.h"
#include "store/attributes.h"
#include "store/place.h"
#include "store/study_rows.h"

/* Three missed heartbeats of 10 s. */
static const int64_t silence_ms = 30000;

/* ── looking ───────────────────────────────────────────────────────────────────────────────────*/

enum { BOOT_ID_LEN = 36 };

/* Same boot and process namespace: its pid means the same to us. */
static bool shares_pids(const dln_store *store, const char *host, const char *boot)
{
    return strcmp(host, store->self.host) == 0 && strcmp(boot, store->self.boot) == 0;
}

/* The same machine, but started anew since: nothing of that boot is alive. */
static bool is_earlier_boot(const dln_store *store, const char *host, const char *boot)
{
    return strcmp(host, store->self.host) == 0 && strncmp(boot, store->self.boot, BOOT_ID_LEN) != 0;
}

struct lease_row {
    struct dln_lease_info info;
    bool shares_pids, is_earlier_boot;
    bool is_own; /* of this very process */
    int64_t beats;
    char nonce[DLN_UID_MAX];
};

static bool read_row(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct lease_row *out, struct dln_error *err)
{
    static const char sql[] =
        "SELECT nonce, host, boot, pid, pid_start, started_us, beats, heartbeat_us"
        " FROM dialin_engines WHERE study_id = :id AND uid = :uid";
    struct lease_row row = {.info.host = ""};
    char uid[DLN_UID_MAX] = "";
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    if (!store->has_ours || !uid[0]) {
        *out = row;
        return true;
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":uid", uid);
    if (dln_query_row(&q)) {
        (void)snprintf(row.nonce, sizeof row.nonce, "%s", dln_column_text(&q, 0));
        row.info.held = true;
        row.info.host = dln_column_copy(&q, 1, arena);
        row.info.pid = dln_column_int(&q, 3);
        row.info.started_us = dln_column_int(&q, 5);
        row.info.heartbeat_us = dln_column_int(&q, 7);
        row.beats = dln_column_int(&q, 6);
        row.shares_pids = shares_pids(store, row.info.host, dln_column_text(&q, 2));
        row.is_earlier_boot = is_earlier_boot(store, row.info.host, dln_column_text(&q, 2));
        row.info.here = strcmp(row.info.host, store->self.host) == 0;
        row.is_own = row.shares_pids && row.info.pid == store->self.pid;
        row.info.heartbeat_age_ms = (dln_clock_wall_us() - row.info.heartbeat_us) / 1000;
        if (row.shares_pids) {
            row.info.alive = dln_self_is_alive(row.info.pid, dln_column_int(&q, 4));
        } else if (!row.is_earlier_boot) {
            row.info.alive = row.info.heartbeat_age_ms < silence_ms;
        }
    }
    if (!dln_query_end(&q, err)) return false;
    *out = row;
    return true;
}

bool dln_lease_look(dln_store *store, int64_t study_id, struct dln_arena *arena,
                    struct dln_lease_info *out, struct dln_error *err)
{
    struct lease_row row;
    if (!read_row(store, study_id, arena, &row, err)) return false;
    *out = row.info;
    return true;
}

/* ── taking ────────────────────────────────────────────────────────────────────────────────────*/

static bool busy(const struct lease_row *row, const char *more, struct dln_error *err)
{
    char since[DLN_TIME_TEXT_MAX];
    dln_time_format(row->info.started_us, true, since);
    since[19] = '\0'; /* whole seconds */
    return dln_fail(err, DLN_BUSY, "engine pid %" PRId64 " on %.100s drives this study since %s%s",
                    row->info.pid, row->info.host, since, more);
}

/*
 * Of an engine on another machine only the heartbeat is known. Clocks of two machines are not
 * compared: the counter must stand still for 30 s of our own clock, over several calls.
 */
static bool is_silent(dln_store *store, int64_t study_id, const struct lease_row *row)
{
    struct dln_beat_watch *watch = &store->watch;
    const int64_t now_ns = dln_clock_mono_ns();
    const bool is_same = watch->study_id == study_id && watch->beats == row->beats &&
                         strcmp(watch->nonce, row->nonce) == 0;
    if (!is_same) {
        *watch =
            (struct dln_beat_watch){.study_id = study_id, .beats = row->beats, .since_ns = now_ns};
        memcpy(watch->nonce, row->nonce, sizeof watch->nonce);
        return false;
    }
    return now_ns - watch->since_ns >= silence_ms * 1000000;
}

/* The lock is ours by now: a row of this process is one that it could not delete. */
static bool check_holder(dln_store *store, int64_t study_id, struct dln_arena *arena,
                         struct dln_error *err)
{
    struct lease_row row;
    if (!read_row(store, study_id, arena, &row, err)) return false;
    if (!row.info.held || row.is_earlier_boot || row.is_own) return true;
    if (row.shares_pids) return !row.info.alive || busy(&row, "", err);
    if (is_silent(store, study_id, &row)) return true;
    return busy(&row, "; it counts as gone when it gives no sign for 30 s", err);
}

bool dln_lease_sign(dln_store *store, struct dln_error *err)
{
    struct dln_lease *lease = &store->lease;
    dln_make_uid(lease->nonce);
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_object(&w);
    dln_json_key(&w, "host");
    dln_json_string(&w, store->self.host);
    dln_json_key(&w, "pid");
    dln_json_int(&w, store->self.pid);
    dln_json_key(&w, "start");
    dln_json_int(&w, store->self.pid_start);
    dln_json_key(&w, "nonce");
    dln_json_string(&w, lease->nonce);
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&json) && json.len < sizeof lease->owner;
    if (ok) memcpy(lease->owner, dln_strbuf_text(&json), json.len + 1);
    dln_strbuf_release(&json);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory");
}

static bool insert_row(dln_store *store, int64_t study_id, struct dln_error *err)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO dialin_engines (study_id, uid, nonce, host, boot, pid, pid_start,"
        " started_us, beats, heartbeat_us)"
        " VALUES (:id, :uid, :nonce, :host, :boot, :pid, :pid_start, :now, 0, :now)";
    char uid[DLN_UID_MAX];
    if (!dln_rows_give_uid(store, study_id, uid, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_text(&q, ":nonce", store->lease.nonce);
    dln_bind_text(&q, ":host", store->self.host);
    dln_bind_text(&q, ":boot", store->self.boot);
    dln_bind_int(&q, ":pid", store->self.pid);
    dln_bind_int(&q, ":pid_start", store->self.pid_start);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    return dln_query_run(&q, NULL, err);
}

static bool take_row(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    struct dln_lease *lease = &store->lease;
    if (!dln_store_begin(store, study_id, DLN_GUARD_NONE, false, err)) return false;
    if (!check_holder(store, study_id, arena, err)) goto fail;
    if (!dln_lease_sign(store, err) || !insert_row(store, study_id, err)) goto fail;
    if (!dln_store_time_base(store, study_id, &lease->times, err)) goto fail;
    if (!dln_store_tally(store, study_id, &tally, err)) goto fail;
    return dln_store_commit(store, err);
fail:
    dln_store_rollback(store);
    return false;
}

/* The lock is held: by whom, the row may know. */
static bool explain_lock(dln_store *store, int64_t study_id, struct dln_arena *arena,
                         struct dln_error *err)
{
    struct lease_row row;
    if (!read_row(store, study_id, arena, &row, err)) return false;
    if (row.info.held && row.info.alive) return busy(&row, "", err);
    return dln_fail(
        err, DLN_BUSY,
        "the engine that drove this study is gone, but its trials are still being ended;"
        " try again in a moment");
}

bool dln_store_take_lease(dln_store *store, int64_t study_id, int *lock_fd, struct dln_error *err)
{
    struct dln_lease *lease = &store->lease;
    struct dln_arena arena = {0};
    struct dln_error reason = {0};
    int fd = -1;
    int copy = -1;
    if (!dln_store_can_write(store, err)) return false;
    if (lease->study_id != 0) {
        return dln_fail(err, DLN_BUSY, "this program drives a study of this file already");
    }
    if (!dln_store_objectives(store, study_id, &lease->n_objectives, err)) return false;
    if (!dln_store_refresh_ours(store, err)) return false;
    if (!dln_place_lock(store->path, study_id, &fd, &reason)) {
        if (reason.code == DLN_BUSY) {
            explain_lock(store, study_id, &arena, err);
        } else {
            dln_fail(err, reason.code, "%s", reason.text);
        }
        goto fail;
    }
    if (lock_fd) {
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            dln_fail(err, DLN_IO, "no descriptor is left for the engine's lock");
            goto fail;
        }
    }
    if (!take_row(store, study_id, &arena, err)) goto fail;
    lease->study_id = study_id;
    lease->lock_fd = fd;
    lease->finished = 0;
    if (lock_fd) *lock_fd = copy;
    dln_arena_release(&arena);
    return true;
fail:
    if (fd >= 0) (void)close(fd);
    if (copy >= 0) (void)close(copy);
    dln_arena_release(&arena);
    return false;
}

/* ── holding and dropping ──────────────────────────────────────────────────────────────────────*/

bool dln_store_beat(dln_store *store, struct dln_error *err)
{
    static const char sql[] = "UPDATE dialin_engines SET beats = beats + 1, heartbeat_us = :now"
                              " WHERE study_id = :id";
    const int64_t study_id = store->lease.study_id;
    if (study_id == 0 || store->lease.is_guest) return dln_fail(err, DLN_BUSY, "no lease is held");
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, false, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_int(&q, ":id", study_id);
    if (dln_query_run(&q, NULL, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

void dln_store_drop_lease(dln_store *store)
{
    static const char sql[] = "DELETE FROM dialin_engines WHERE study_id = :id";
    struct dln_lease *lease = &store->lease;
    const int64_t study_id = lease->study_id;
    if (study_id == 0) return;
    /* nothing is lost when this fails: a row of a dead process counts for nothing */
    if (!lease->is_guest && dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, NULL)) {
        bool ok = dln_store_save_tally(store, study_id, NULL);
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":id", study_id);
        ok = dln_query_run(&q, NULL, NULL) && ok;
        if (!ok || !dln_store_commit(store, NULL)) dln_store_rollback(store);
    }
    if (lease->lock_fd >= 0) (void)close(lease->lock_fd);
    lease->lock_fd = -1;
    lease->study_id = 0;
    lease->is_guest = false;
    dln_binding_cache_release(&lease->binding);
}
