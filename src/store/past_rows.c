/*
 * The copies that a study keeps of earlier trials: one attribute a source, so that the study goes
 * on the same when the source grows, moves or is deleted.
 *   {"from": "old.db", "params": [null, names…], "trials": [[score, values…], …]}, the best first
 */
#include <inttypes.h>
#include <string.h>

#include "store/attributes.h"
#include "store/past.h"

enum { KEY_MAX = 32, SOURCES_MAX = 1000, TEXT_MAX = 900000 /* below what dln_json_read() takes */ };

static void key_of(size_t index, char key[KEY_MAX])
{
    (void)snprintf(key, KEY_MAX, "%s%zu", DLN_KEY_PAST, index);
}

/* ── writing ───────────────────────────────────────────────────────────────────────────────────*/

static void write_past(const struct dln_study *def, const struct dln_past *past, size_t n,
                       struct dln_strbuf *out)
{
    const size_t d = def->space.n;
    struct dln_json_writer w = {.out = out};
    struct dln_strbuf value = {0};
    dln_json_object(&w);
    dln_json_key(&w, "from");
    dln_json_string(&w, past->from);
    dln_json_key(&w, "params");
    dln_json_array(&w);
    dln_json_null(&w);
    for (size_t i = 0; i < d; i++)
        dln_json_string(&w, def->space.params[i].name);
    dln_json_end_array(&w);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t t = 0; t < n; t++) {
        dln_json_array(&w);
        dln_json_double(&w, past->score[t]);
        for (size_t i = 0; i < d; i++) {
            const double x = past->x[t * d + i];
            dln_strbuf_reset(&value);
            if (x == x) dln_param_json(&def->space.params[i], x, &value);
            dln_json_raw(&w, x == x ? dln_strbuf_text(&value) : "{\"inactive\": true}");
        }
        dln_json_end_array(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    dln_strbuf_release(&value);
}

/* The source's copy as text, fewer trials where it would be too long. */
static bool copy_source(const struct dln_study *def, const char *from, struct dln_arena *arena,
                        const char **text, struct dln_error *err)
{
    struct dln_past_report report;
    struct dln_strbuf json = {0};
    if (!dln_store_past(def, from, arena, &report, err)) return false;
    for (size_t n = report.past.n;; n /= 2) {
        dln_strbuf_reset(&json);
        write_past(def, &report.past, n, &json);
        if (json.len <= TEXT_MAX || n == 0) break;
    }
    *text = dln_strbuf_ok(&json) ? dln_arena_copy(arena, dln_strbuf_text(&json)) : NULL;
    dln_strbuf_release(&json);
    return *text || dln_fail(err, DLN_NOMEM, "out of memory");
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

/* The copy at an index; *json NULL where there is none. */
static bool read_json(dln_store *store, int64_t study_id, size_t index, struct dln_arena *arena,
                      const char **text, json_t **json, struct dln_error *err)
{
    char key[KEY_MAX];
    key_of(index, key);
    *json = NULL;
    *text = NULL;
    return dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, key, arena, text, err) &&
           (!*text || dln_json_read(*text, strlen(*text), json, err));
}

/* Trials that have no place any more, since the study file has changed, are left out. */
static bool read_past(const struct dln_space *space, const json_t *json, struct dln_arena *arena,
                      struct dln_past *out)
{
    const json_t *trials = json_object_get(json, "trials");
    const json_t *names = json_object_get(json, "params");
    const char *from = json_string_value(json_object_get(json, "from"));
    const size_t n = json_array_size(trials);
    double *x = DLN_ARENA_ARRAY(arena, double, n * space->n);
    double *score = DLN_ARENA_ARRAY(arena, double, n);
    *out =
        (struct dln_past){.from = dln_arena_copy(arena, from ? from : ""), .x = x, .score = score};
    if (!x || !score || !out->from) return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *trial = json_array_get(trials, i);
        size_t culprit;
        if (!dln_past_place(space, names, trial, x + out->n * space->n, &culprit)) continue;
        score[out->n++] = json_number_value(json_array_get(trial, 0));
    }
    return true;
}

bool dln_rows_read_past(dln_store *store, int64_t study_id, struct dln_study *study,
                        struct dln_error *err)
{
    struct dln_arena texts = {0};
    struct dln_past *past = DLN_ARENA_ARRAY(&study->arena, struct dln_past, study->n_warm_start);
    size_t n = 0;
    bool ok = past != NULL || dln_fail(err, DLN_NOMEM, "out of memory");
    while (ok && n < study->n_warm_start) {
        const char *text;
        json_t *json = NULL;
        ok = read_json(store, study_id, n, &texts, &text, &json, err);
        if (!ok || !json) break;
        ok = read_past(&study->space, json, &study->arena, &past[n]) ||
             dln_fail(err, DLN_NOMEM, "out of memory");
        n++;
        json_decref(json);
    }
    dln_arena_release(&texts);
    if (!ok) return dln_wrap(err, "the trials that this study starts from");
    study->n_past = n;
    study->past = past;
    return true;
}

/* ── a new or changed study file ───────────────────────────────────────────────────────────────*/

static bool has_source(const json_t *json, const char *from)
{
    const char *old = json_string_value(json_object_get(json, "from"));
    return old && strcmp(old, from) == 0;
}

bool dln_rows_put_past(dln_store *store, int64_t study_id, const struct dln_study *def,
                       struct dln_arena *arena, struct dln_error *err)
{
    const char **texts = DLN_ARENA_ARRAY(arena, const char *, def->n_warm_start);
    bool ok = texts != NULL || dln_fail(err, DLN_NOMEM, "out of memory");
    size_t n_old = 0;
    for (; ok && n_old < SOURCES_MAX; n_old++) {
        const char *text;
        json_t *json;
        ok = read_json(store, study_id, n_old, arena, &text, &json, err);
        if (!json) break;
        for (size_t i = 0; i < def->n_warm_start; i++) {
            if (!texts[i] && has_source(json, def->warm_start[i])) texts[i] = text;
        }
        json_decref(json);
    }
    for (size_t i = 0; ok && i < def->n_warm_start; i++) {
        ok = texts[i] || copy_source(def, def->warm_start[i], arena, &texts[i], err);
    }
    for (size_t i = 0; ok && (i < n_old || i < def->n_warm_start); i++) {
        char key[KEY_MAX];
        key_of(i, key);
        ok = i < def->n_warm_start
                 ? dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id, key, texts[i], err)
                 : dln_attribute_drop(store->db, DLN_STUDY_SYSTEM, study_id, key, err);
    }
    return ok;
}
