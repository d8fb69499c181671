/*
 * What people and other programs wrote beside the trials: attributes, the dashboard's notes, the
 * list of artifacts, constraint values. Only read; texts as they are stored.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"
#include "store/attributes.h"
#include "store/handle.h"

static bool out_of_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

static struct dln_slice slice_of(const char *text)
{
    return (struct dln_slice){text, strlen(text)};
}

/* ── attributes ────────────────────────────────────────────────────────────────────────────────*/

bool dln_store_attributes(dln_store *store, enum dln_attributes_of of, int64_t id,
                          struct dln_arena *arena, struct dln_attribute **out, size_t *n,
                          struct dln_error *err)
{
    static const char *const sql[] = {
        [DLN_OF_STUDY] = "SELECT key, value_json FROM study_user_attributes WHERE study_id = :id"
                         " AND key IS NOT NULL ORDER BY study_user_attribute_id",
        [DLN_OF_STUDY_SYSTEM] = "SELECT key, value_json FROM study_system_attributes"
                                " WHERE study_id = :id AND key IS NOT NULL"
                                " ORDER BY study_system_attribute_id",
        [DLN_OF_TRIAL] = "SELECT key, value_json FROM trial_user_attributes WHERE trial_id = :id"
                         " AND key IS NOT NULL ORDER BY trial_user_attribute_id",
        [DLN_OF_TRIAL_SYSTEM] = "SELECT key, value_json FROM trial_system_attributes"
                                " WHERE trial_id = :id AND key IS NOT NULL"
                                " ORDER BY trial_system_attribute_id",
    };
    size_t count = 0;
    size_t cap = 16;
    struct dln_attribute *list = DLN_ARENA_ARRAY(arena, struct dln_attribute, cap);
    if (!list) return out_of_memory(err);
    struct dln_query q = dln_query(store->db, sql[of]);
    dln_bind_int(&q, ":id", id);
    while (dln_query_row(&q)) {
        if (count == cap) {
            struct dln_attribute *more = DLN_ARENA_ARRAY(arena, struct dln_attribute, cap * 2);
            if (!more) {
                dln_query_no_memory(&q);
                break;
            }
            memcpy(more, list, cap * sizeof *more);
            list = more;
            cap *= 2;
        }
        list[count].key = dln_column_copy(&q, 0, arena);
        list[count].json = dln_column_is_null(&q, 1) ? "null" : dln_column_copy(&q, 1, arena);
        count++;
    }
    if (!dln_query_end(&q, err)) return false;
    *out = list;
    *n = count;
    return true;
}

bool dln_store_attribute(dln_store *store, enum dln_attributes_of of, int64_t id, const char *key,
                         struct dln_arena *arena, const char **json, struct dln_error *err)
{
    static const enum dln_attribute_table of_table[] = {
        [DLN_OF_STUDY] = DLN_STUDY_USER,
        [DLN_OF_STUDY_SYSTEM] = DLN_STUDY_SYSTEM,
        [DLN_OF_TRIAL] = DLN_TRIAL_USER,
        [DLN_OF_TRIAL_SYSTEM] = DLN_TRIAL_SYSTEM,
    };
    return dln_attribute_get(store->db, of_table[of], id, key, arena, json, err);
}

/* ── notes ─────────────────────────────────────────────────────────────────────────────────────*/

struct note_piece {
    int64_t place;
    const char *text;
};

static int by_place(const void *a, const void *b)
{
    const int64_t x = ((const struct note_piece *)a)->place;
    const int64_t y = ((const struct note_piece *)b)->place;
    return (x > y) - (x < y);
}

/*
 * optuna-dashboard keeps a note in pieces of 2045 characters under PREFIX:note_str:I, with its
 * version beside them; without a version there is no note.
 */
static bool join_note(const struct dln_attribute *list, size_t n, const char *prefix,
                      struct dln_arena *arena, const char **out, struct dln_error *err)
{
    struct note_piece *pieces = DLN_ARENA_ARRAY(arena, struct note_piece, n);
    if (!pieces) return out_of_memory(err);
    const size_t len = strlen(prefix);
    size_t count = 0;
    size_t bytes = 1;
    bool has_version = false;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(list[i].key, prefix, len) != 0) continue;
        const char *rest = list[i].key + len;
        if (strcmp(rest, "note_ver") == 0) has_version = true;
        if (strncmp(rest, "note_str:", 9) != 0) continue;
        struct note_piece *piece = &pieces[count];
        if (!dln_num_parse_int(rest + 9, strlen(rest + 9), &piece->place)) continue;
        piece->text = dln_slice_string(slice_of(list[i].json), arena);
        if (!piece->text) return out_of_memory(err);
        bytes += strlen(piece->text);
        count++;
    }
    if (!has_version) {
        *out = "";
        return true;
    }
    if (count > 0) qsort(pieces, count, sizeof *pieces, by_place);
    char *text = DLN_ARENA_ARRAY(arena, char, bytes);
    if (!text) return out_of_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t piece_len = strlen(pieces[i].text);
        memcpy(text + at, pieces[i].text, piece_len);
        at += piece_len;
    }
    text[at] = '\0';
    *out = text;
    return true;
}

bool dln_store_note_text(dln_store *store, int64_t study_id, int64_t trial_id,
                         struct dln_arena *arena, const char **out, struct dln_error *err)
{
    struct dln_attribute *list = NULL;
    size_t n = 0;
    char prefix[64] = "dashboard:";
    if (trial_id > 0) (void)snprintf(prefix, sizeof prefix, "dashboard:%" PRId64 ":", trial_id);
    return dln_store_attributes(store, DLN_OF_STUDY_SYSTEM, study_id, arena, &list, &n, err) &&
           join_note(list, n, prefix, arena, out, err);
}

/* ── artifacts ─────────────────────────────────────────────────────────────────────────────────*/

/* Keys artifacts:UUID, and dashboard:artifacts:TRIALID:UUID of old dashboards on the study. */
static bool add_artifacts(const struct dln_attribute *list, size_t n, const char *prefix,
                          struct dln_arena *arena, struct dln_artifact *out, size_t *count,
                          struct dln_error *err)
{
    const size_t len = strlen(prefix);
    for (size_t i = 0; i < n; i++) {
        if (strncmp(list[i].key, prefix, len) != 0) continue;
        const char *text = dln_slice_string(slice_of(list[i].json), arena);
        if (!text) return out_of_memory(err);
        struct dln_artifact *artifact = &out[*count];
        const struct dln_slice object = slice_of(text);
        const struct {
            const char *key;
            const char **to;
        } fields[] = {
            {"artifact_id", &artifact->id},
            {"filename", &artifact->file_name},
            {"mimetype", &artifact->media_type},
        };
        struct dln_json_walk walk;
        if (!dln_json_walk_object(&walk, object)) continue; /* "null": deleted */
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            const struct dln_slice value = dln_slice_member(object, fields[f].key, arena);
            *fields[f].to = "";
            if (value.len == 0 || dln_slice_is(value, "null")) continue;
            *fields[f].to = dln_slice_string(value, arena);
            if (!*fields[f].to) return out_of_memory(err);
        }
        ++*count;
    }
    return true;
}

bool dln_store_artifacts(dln_store *store, int64_t study_id, int64_t trial_id,
                         struct dln_arena *arena, struct dln_artifact **out, size_t *n,
                         struct dln_error *err)
{
    struct dln_attribute *of_study = NULL;
    struct dln_attribute *of_trial = NULL;
    size_t n_study = 0;
    size_t n_trial = 0;
    size_t count = 0;
    char old[64];
    (void)snprintf(old, sizeof old, "dashboard:artifacts:%" PRId64 ":", trial_id);
    if (!dln_store_attributes(store, DLN_OF_STUDY_SYSTEM, study_id, arena, &of_study, &n_study,
                              err)) {
        return false;
    }
    if (trial_id > 0 && !dln_store_attributes(store, DLN_OF_TRIAL_SYSTEM, trial_id, arena,
                                              &of_trial, &n_trial, err)) {
        return false;
    }
    struct dln_artifact *list = DLN_ARENA_ARRAY(arena, struct dln_artifact, n_study + n_trial);
    if (!list) return out_of_memory(err);
    if (trial_id > 0) {
        if (!add_artifacts(of_trial, n_trial, "artifacts:", arena, list, &count, err) ||
            !add_artifacts(of_study, n_study, old, arena, list, &count, err)) {
            return false;
        }
    } else if (!add_artifacts(of_study, n_study, "artifacts:", arena, list, &count, err)) {
        return false;
    }
    *out = list;
    *n = count;
    return true;
}

/* ── constraints ───────────────────────────────────────────────────────────────────────────────*/

static bool put_limit(struct dln_limit_value *list, size_t cap, size_t *n, const char *name,
                      double value)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(list[i].name, name) != 0) continue;
        list[i].value = value;
        return true;
    }
    if (*n == cap) return true;
    list[(*n)++] = (struct dln_limit_value){name, value};
    return name != NULL;
}

static size_t count_elements(struct dln_slice text)
{
    struct dln_json_walk walk;
    struct dln_slice element;
    size_t n = 0;
    dln_json_walk_array(&walk, text);
    while (dln_json_walk_element(&walk, &element))
        n++;
    return n;
}

/* The list form, its values named by the study where it has names, else by their place. */
static bool add_list(struct dln_slice text, struct dln_slice names, struct dln_arena *arena,
                     struct dln_limit_value *list, size_t cap, size_t *n)
{
    struct dln_json_walk values_walk;
    struct dln_json_walk names_walk;
    struct dln_slice element;
    struct dln_slice name;
    double value;
    bool has_names = dln_json_walk_array(&names_walk, names);
    dln_json_walk_array(&values_walk, text);
    for (size_t i = 0; dln_json_walk_element(&values_walk, &element); i++) {
        has_names = has_names && dln_json_walk_element(&names_walk, &name);
        const char *called =
            has_names ? dln_slice_string(name, arena) : dln_arena_printf(arena, "%zu", i);
        if (!called) return false;
        if (!dln_slice_number(element, &value)) continue;
        if (!put_limit(list, cap, n, called, value)) return false;
    }
    return true;
}

bool dln_store_limits(dln_store *store, int64_t study_id, int64_t trial_id, struct dln_arena *arena,
                      struct dln_limit_value **out, size_t *n, struct dln_error *err)
{
    static const char named[] = "constraints:";
    const char *names = NULL;
    struct dln_attribute *attributes = NULL;
    size_t n_attributes = 0;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_LIMITS, arena, &names,
                           err) ||
        !dln_store_attributes(store, DLN_OF_TRIAL_SYSTEM, trial_id, arena, &attributes,
                              &n_attributes, err)) {
        return false;
    }
    size_t cap = n_attributes;
    for (size_t i = 0; i < n_attributes; i++) {
        if (strcmp(attributes[i].key, "constraints") == 0) {
            cap += count_elements(slice_of(attributes[i].json));
        }
    }
    struct dln_limit_value *list = DLN_ARENA_ARRAY(arena, struct dln_limit_value, cap);
    size_t count = 0;
    if (!list) return out_of_memory(err);
    for (size_t i = 0; i < n_attributes; i++) {
        if (strcmp(attributes[i].key, "constraints") != 0) continue;
        if (!add_list(slice_of(attributes[i].json), slice_of(names ? names : ""), arena, list, cap,
                      &count)) {
            return out_of_memory(err);
        }
    }
    for (size_t i = 0; i < n_attributes; i++) { /* this form wins over an equal name of the list */
        double value;
        if (strncmp(attributes[i].key, named, strlen(named)) != 0) continue;
        if (!dln_slice_number(slice_of(attributes[i].json), &value)) continue;
        (void)put_limit(list, cap, &count, attributes[i].key + strlen(named), value);
    }
    *out = list;
    *n = count;
    return true;
}
