/*
 * What people say of a trial: notes in the form of optuna-dashboard, tags as a user attribute that
 * it shows too. Written by the holder of the lease; read all at once for tables and filters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"
#include "dialin/text.h"
#include "store/attributes.h"
#include "store/handle.h"
#include "store/json_slice.h"

enum { NOTE_PIECE = 2045 }; /* code points, as optuna-dashboard cuts */

/* ── notes ─────────────────────────────────────────────────────────────────────────────────────*/

static void note_prefix(int64_t trial_id, char out[64])
{
    (void)snprintf(out, 64, "dashboard:");
    if (trial_id > 0) (void)snprintf(out, 64, "dashboard:%" PRId64 ":", trial_id);
}

/* Bytes of the next piece. */
static size_t piece_bytes(const char *text, size_t left)
{
    size_t at = 0;
    for (int i = 0; i < NOTE_PIECE && at < left; i++) {
        uint32_t code;
        at += dln_text_decode(text + at, left - at, &code);
    }
    return at;
}

static bool set_piece(dln_store *store, int64_t study_id, const char *prefix, size_t i,
                      const char *text, size_t len, struct dln_arena *arena, struct dln_error *err)
{
    const char *key = dln_arena_printf(arena, "%snote_str:%zu", prefix, i);
    const char *piece = dln_arena_copy_len(arena, text, len);
    if (!key || !piece) return dln_fail(err, DLN_NOMEM, "out of memory");
    return dln_attribute_set_text(store->db, DLN_STUDY_SYSTEM, study_id, key, piece, err);
}

/* Leftover pieces of a longer note become empty, not missing: the dashboard fails on a gap. */
static bool clear_rest(dln_store *store, int64_t study_id, const char *prefix, size_t from,
                       struct dln_arena *arena, struct dln_error *err)
{
    for (size_t i = from;; i++) {
        const char *old = NULL;
        const char *key = dln_arena_printf(arena, "%snote_str:%zu", prefix, i);
        if (!key) return dln_fail(err, DLN_NOMEM, "out of memory");
        if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, key, arena, &old, err)) {
            return false;
        }
        if (!old) return true;
        if (!set_piece(store, study_id, prefix, i, "", 0, arena, err)) return false;
    }
}

static bool write_note(dln_store *store, int64_t study_id, int64_t trial_id, const char *text,
                       struct dln_arena *arena, struct dln_error *err)
{
    char prefix[64];
    const char *old = NULL;
    int64_t version = 0; /* the first one is 1 */
    note_prefix(trial_id, prefix);
    const char *key = dln_arena_printf(arena, "%snote_ver", prefix);
    if (!key) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, key, arena, &old, err)) {
        return false;
    }
    if (old && !dln_num_parse_int(old, strlen(old), &version)) version = 0;
    if (!dln_attribute_set_int(store->db, DLN_STUDY_SYSTEM, study_id, key, version + 1, err)) {
        return false;
    }
    size_t n = 0;
    for (size_t left = strlen(text); left > 0; n++) {
        const size_t len = piece_bytes(text, left);
        if (!set_piece(store, study_id, prefix, n, text, len, arena, err)) return false;
        text += len;
        left -= len;
    }
    return clear_rest(store, study_id, prefix, n, arena, err);
}

bool dln_store_set_note(dln_store *store, int64_t study_id, int64_t trial_id, const char *text,
                        struct dln_error *err)
{
    struct dln_arena arena = {0};
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    const bool ok = write_note(store, study_id, trial_id, text, &arena, err);
    dln_arena_release(&arena);
    if (ok) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

/* ── tags ──────────────────────────────────────────────────────────────────────────────────────*/

/* ["a", "b"] → "a b"; whatever else stands there is no tag of ours. */
static const char *join_tags(const char *json, struct dln_arena *arena)
{
    struct dln_json_walk walk;
    struct dln_slice element;
    const char *all = "";
    if (!dln_json_walk_array(&walk, (struct dln_slice){json, strlen(json)})) return all;
    while (all && dln_json_walk_element(&walk, &element)) {
        if (element.len < 3 || element.at[0] != '"') continue;
        const char *tag = dln_slice_string(element, arena);
        all = tag ? dln_arena_printf(arena, "%s%s%s", all, *all ? " " : "", tag) : NULL;
    }
    return all;
}

bool dln_store_tags(dln_store *store, int64_t trial_id, struct dln_arena *arena, const char **out,
                    struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_TAGS, arena, &json, err)) {
        return false;
    }
    const char *tags = json ? join_tags(json, arena) : "";
    if (!tags) return dln_fail(err, DLN_NOMEM, "out of memory");
    *out = tags;
    return true;
}

static bool write_tags(dln_store *store, int64_t trial_id, const char *tags, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    struct dln_strbuf tag = {0};
    struct dln_json_writer w = {.out = &json};
    size_t n = 0;
    dln_json_array(&w);
    for (; *tags; tags += strspn(tags, " ")) {
        const size_t len = strcspn(tags, " ");
        dln_strbuf_reset(&tag);
        dln_strbuf_add_len(&tag, tags, len);
        if (len > 0) dln_json_string(&w, dln_strbuf_text(&tag));
        n += len > 0;
        tags += len;
    }
    dln_json_end_array(&w);
    bool ok =
        (dln_strbuf_ok(&json) && dln_strbuf_ok(&tag)) || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && (n > 0 ? dln_attribute_set(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_TAGS,
                                          dln_strbuf_text(&json), err)
                      : dln_attribute_drop(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_TAGS, err));
    dln_strbuf_release(&tag);
    dln_strbuf_release(&json);
    return ok;
}

bool dln_store_set_tags(dln_store *store, int64_t study_id, size_t n, const struct dln_tagged *list,
                        struct dln_error *err)
{
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (write_tags(store, list[i].trial_id, list[i].tags, err)) continue;
        dln_store_rollback(store);
        return false;
    }
    return dln_store_commit(store, err);
}

/* ── all of a study ────────────────────────────────────────────────────────────────────────────*/

struct collector {
    struct dln_arena *arena;
    struct dln_trial_marks *list;
    size_t n, cap;
};

static struct dln_trial_marks *collect(struct collector *c, int64_t trial_id)
{
    if (c->n > 0 && c->list[c->n - 1].trial_id == trial_id) return &c->list[c->n - 1];
    if (c->n == c->cap) {
        const size_t cap = c->cap ? c->cap * 2 : 64;
        struct dln_trial_marks *more = DLN_ARENA_ARRAY(c->arena, struct dln_trial_marks, cap);
        if (!more) return NULL;
        if (c->n > 0) memcpy(more, c->list, c->n * sizeof *more);
        c->list = more;
        c->cap = cap;
    }
    c->list[c->n] = (struct dln_trial_marks){.trial_id = trial_id, .note = "", .tags = ""};
    return &c->list[c->n++];
}

/* The trials whose notes have a version, and what artifacts old dashboards listed. */
static bool collect_of_study(dln_store *store, int64_t study_id, struct collector *c,
                             struct dln_error *err)
{
    static const char sql[] =
        "SELECT key, value_json FROM study_system_attributes"
        " WHERE study_id = :id AND key >= 'dashboard:' AND key < 'dashboard;'";
    static const char artifacts[] = "artifacts:";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    while (dln_query_row(&q)) {
        const char *rest = dln_column_text(&q, 0) + strlen("dashboard:");
        const bool is_artifact = strncmp(rest, artifacts, strlen(artifacts)) == 0;
        if (is_artifact) rest += strlen(artifacts);
        const size_t digits = strspn(rest, "0123456789");
        int64_t id;
        if (rest[digits] != ':' || !dln_num_parse_int(rest, digits, &id)) continue;
        if (!is_artifact && strcmp(rest + digits, ":note_ver") != 0) continue;
        if (is_artifact && strcmp(dln_column_text(&q, 1), "null") == 0) continue;
        struct dln_trial_marks *marks = collect(c, id);
        if (!marks) {
            dln_query_no_memory(&q);
            break;
        }
        if (is_artifact) {
            marks->has_artifact = true;
        } else {
            marks->note = NULL; /* to be read */
        }
    }
    return dln_query_end(&q, err);
}

static bool collect_of_trials(dln_store *store, int64_t study_id, const char *sql, bool is_tag,
                              struct collector *c, struct dln_error *err)
{
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    while (dln_query_row(&q)) {
        const char *json = dln_column_text(&q, 1);
        if (!is_tag && strcmp(json, "null") == 0) continue; /* deleted */
        struct dln_trial_marks *marks = collect(c, dln_column_int(&q, 0));
        const char *tags = marks && is_tag ? join_tags(json, c->arena) : "";
        if (!marks || !tags) {
            dln_query_no_memory(&q);
            break;
        }
        if (is_tag) marks->tags = tags;
        if (!is_tag) marks->has_artifact = true;
    }
    return dln_query_end(&q, err);
}

static int by_trial(const void *a, const void *b)
{
    const int64_t x = ((const struct dln_trial_marks *)a)->trial_id;
    const int64_t y = ((const struct dln_trial_marks *)b)->trial_id;
    return (x > y) - (x < y);
}

/* One entry a trial, its note read; entries that say nothing are left out. */
static bool unite(dln_store *store, int64_t study_id, struct collector *c, struct dln_error *err)
{
    size_t kept = 0;
    if (c->n > 0) qsort(c->list, c->n, sizeof *c->list, by_trial);
    for (size_t i = 0; i < c->n; i++) {
        struct dln_trial_marks marks = c->list[i];
        for (; i + 1 < c->n && c->list[i + 1].trial_id == marks.trial_id; i++) {
            const struct dln_trial_marks *more = &c->list[i + 1];
            if (!more->note) marks.note = NULL;
            if (*more->tags) marks.tags = more->tags;
            marks.has_artifact = marks.has_artifact || more->has_artifact;
        }
        if (!marks.note &&
            !dln_store_note_text(store, study_id, marks.trial_id, c->arena, &marks.note, err)) {
            return false;
        }
        if (*marks.note || *marks.tags || marks.has_artifact) c->list[kept++] = marks;
    }
    c->n = kept;
    return true;
}

bool dln_store_trial_marks(dln_store *store, int64_t study_id, struct dln_arena *arena,
                           struct dln_trial_marks **out, size_t *n, struct dln_error *err)
{
    static const char sql_tags[] =
        "SELECT a.trial_id, a.value_json FROM trials t CROSS JOIN trial_user_attributes a"
        " ON a.trial_id = t.trial_id AND a.key = 'dialin_tags' WHERE t.study_id = :id";
    static const char sql_artifacts[] =
        "SELECT a.trial_id, a.value_json FROM trials t CROSS JOIN trial_system_attributes a"
        " ON a.trial_id = t.trial_id AND a.key >= 'artifacts:' AND a.key < 'artifacts;'"
        " WHERE t.study_id = :id";
    struct collector c = {.arena = arena};
    if (!collect_of_study(store, study_id, &c, err) ||
        !collect_of_trials(store, study_id, sql_tags, true, &c, err) ||
        !collect_of_trials(store, study_id, sql_artifacts, false, &c, err) ||
        !unite(store, study_id, &c, err)) {
        return false;
    }
    *out = c.list;
    *n = c.n;
    return true;
}

/* Versions only grow, and rows of both kinds are never removed but with their study. */
bool dln_store_marks_stamp(dln_store *store, int64_t study_id, int64_t *out, struct dln_error *err)
{
    static const char sql[] =
        "SELECT total(CAST(value_json AS INTEGER)) + 1000003 * count(*) FROM study_system_attributes"
        " WHERE study_id = :id AND ((key >= 'dashboard:' AND key < 'dashboard;')"
        " OR (key >= 'artifacts:' AND key < 'artifacts;'))";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    const int64_t stamp = dln_query_row(&q) ? dln_column_int(&q, 0) : 0;
    if (!dln_query_end(&q, err)) return false;
    *out = stamp;
    return true;
}
