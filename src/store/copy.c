/*
 * A study copied into another file, row by row: texts and numbers as they stand, so that Optuna
 * reads the copy as it reads the original. Trials get new ids and are numbered without gaps; what
 * speaks of ids or numbers is brought along or left out:
 *
 *   notes and artifacts of trials      under the new id
 *   failed_trial, retry_history        under the new number, if that trial came along
 *   populations of NSGA-II/III         left out: Python begins a generation anew
 *   dialin:uid, owners, claims         left out: nobody works on the copy
 *   times                              written as the other file writes them
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"
#include "store/attributes.h"
#include "store/study_rows.h"
#include "store/trial_rows.h"

struct copied_trial {
    int64_t from, to; /* ids */
    int64_t old_number, number;
};

struct copier {
    dln_store *from, *to;
    int64_t from_study, to_study;
    struct dln_time_base read, write;
    struct dln_arena *arena;
    struct copied_trial *trials; /* ascending old id */
    size_t n;
};

static int by_old_id(const void *a, const void *b)
{
    const int64_t x = ((const struct copied_trial *)a)->from;
    const int64_t y = ((const struct copied_trial *)b)->from;
    return (x > y) - (x < y);
}

static const struct copied_trial *by_id(const struct copier *c, int64_t id)
{
    const struct copied_trial key = {.from = id};
    return c->n > 0 ? bsearch(&key, c->trials, c->n, sizeof key, by_old_id) : NULL;
}

static const struct copied_trial *by_number(const struct copier *c, int64_t number)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->trials[i].old_number == number) return &c->trials[i];
    }
    return NULL;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* ── the study itself ──────────────────────────────────────────────────────────────────────────*/

static bool copy_directions(struct copier *c, struct dln_error *err)
{
    static const char sql[] = "SELECT direction, objective FROM study_directions"
                              " WHERE study_id = :id ORDER BY objective";
    static const char sql_put[] = "INSERT INTO study_directions (direction, study_id, objective)"
                                  " VALUES (:direction, :id, :objective)";
    struct dln_query q = dln_query(c->from->db, sql);
    dln_bind_int(&q, ":id", c->from_study);
    struct dln_query p = dln_query(c->to->db, sql_put);
    while (dln_query_row(&q)) {
        const bool maximize = strcmp(dln_column_text(&q, 0), "MAXIMIZE") == 0;
        dln_bind_text(&p, ":direction", maximize ? "MAXIMIZE" : "MINIMIZE");
        dln_bind_int(&p, ":id", c->to_study);
        dln_bind_int(&p, ":objective", dln_column_int(&q, 1));
        dln_query_again(&p);
    }
    const bool ok = dln_query_end(&p, err);
    return dln_query_end(&q, ok ? err : NULL) && ok;
}

/* "PREFIX17REST" with the trial's new id; NULL: that trial did not come along, or no memory. */
static const char *with_new_id(const struct copier *c, const char *key, const char *prefix)
{
    const char *digits = key + strlen(prefix);
    const size_t len = strspn(digits, "0123456789");
    int64_t id;
    if (len == 0 || !dln_num_parse_int(digits, len, &id)) return NULL;
    const struct copied_trial *trial = by_id(c, id);
    return trial ? dln_arena_printf(c->arena, "%s%" PRId64 "%s", prefix, trial->to, digits + len)
                 : NULL;
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* The key under which a system attribute of the study goes on; NULL: it does not. */
static const char *study_key(const struct copier *c, const char *key)
{
    static const char *const left_out[] = {
        "NSGAIISampler:parent:",
        "NSGAIIISampler:parent:",
        "nsga2:population:",
        "nsga3:population:",
        DLN_KEY_UID,
        DLN_KEY_TIME,
    };
    static const char *const with_ids[] = {
        "dashboard:artifacts:", "preference:skip_trial:", "dashboard:"};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (starts_with(key, left_out[i])) return NULL;
    }
    for (size_t i = 0; i < sizeof with_ids / sizeof with_ids[0]; i++) {
        if (!starts_with(key, with_ids[i]) || !is_digit(key[strlen(with_ids[i])])) continue;
        return with_new_id(c, key, with_ids[i]);
    }
    return key;
}

static bool copy_study_attributes(struct copier *c, struct dln_error *err)
{
    struct dln_attribute *list = NULL;
    size_t n = 0;
    if (!dln_store_attributes(c->from, DLN_OF_STUDY, c->from_study, c->arena, &list, &n, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!dln_attribute_set(c->to->db, DLN_STUDY_USER, c->to_study, list[i].key, list[i].json,
                               err)) {
            return false;
        }
    }
    if (!dln_store_attributes(c->from, DLN_OF_STUDY_SYSTEM, c->from_study, c->arena, &list, &n,
                              err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *key = study_key(c, list[i].key);
        if (key &&
            !dln_attribute_set(c->to->db, DLN_STUDY_SYSTEM, c->to_study, key, list[i].json, err)) {
            return false;
        }
    }
    return dln_attribute_set_text(c->to->db, DLN_STUDY_SYSTEM, c->to_study, DLN_KEY_TIME,
                                  c->write.is_utc ? "utc" : "local", err);
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

/* As it stands where both files write times alike, or where it is no time. */
static const char *time_text(struct copier *c, const char *text, char out[DLN_TIME_TEXT_MAX])
{
    if (!text[0]) return NULL;
    if (c->read.is_utc == c->write.is_utc) return text;
    const int64_t us = dln_time_base_read(&c->read, text);
    if (us == 0) return text;
    dln_time_format(us, !c->write.is_utc, out);
    return out;
}

/* False at the end of a row that is not copied: gone meanwhile, or running. */
static bool copy_trial_row(struct copier *c, struct copied_trial *trial, bool *copied,
                           struct dln_error *err)
{
    static const char sql[] = "SELECT number, state, datetime_start, datetime_complete FROM trials"
                              " WHERE trial_id = :id AND study_id = :study";
    static const char sql_put[] =
        "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)"
        " VALUES (:number, :study, :state, :start, :end)";
    static const char sql_runs[] = "DELETE FROM dialin_runs WHERE trial_id = :id";
    char start[DLN_TIME_TEXT_MAX];
    char end[DLN_TIME_TEXT_MAX];
    enum dln_trial_state state = DLN_TRIAL_RUNNING;
    struct dln_query q = dln_query(c->from->db, sql);
    dln_bind_int(&q, ":id", trial->from);
    dln_bind_int(&q, ":study", c->from_study);
    *copied = dln_query_row(&q) && dln_trial_state_parse(dln_column_text(&q, 1), &state) &&
              state != DLN_TRIAL_RUNNING;
    if (!*copied) return dln_query_end(&q, err);
    trial->old_number = dln_column_is_null(&q, 0) ? -1 : dln_column_int(&q, 0);
    struct dln_query p = dln_query(c->to->db, sql_put);
    dln_bind_int(&p, ":number", trial->number);
    dln_bind_int(&p, ":study", c->to_study);
    dln_bind_text(&p, ":state", dln_trial_state_name(state));
    dln_bind_text(&p, ":start", time_text(c, dln_column_text(&q, 2), start));
    dln_bind_text(&p, ":end", time_text(c, dln_column_text(&q, 3), end));
    const bool ok = dln_query_run(&p, NULL, err);
    if (ok) trial->to = dln_db_last_id(c->to->db);
    if (!dln_query_end(&q, ok ? err : NULL) || !ok) return false;
    struct dln_query d = dln_query(c->to->db, sql_runs);
    dln_bind_int(&d, ":id", trial->to);
    return dln_query_run(&d, NULL, err);
}

static bool copy_params(struct copier *c, const struct copied_trial *trial, struct dln_error *err)
{
    static const char sql[] = "SELECT param_name, param_value, distribution_json FROM trial_params"
                              " WHERE trial_id = :id ORDER BY param_id";
    static const char sql_put[] =
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
        " VALUES (:id, :name, :value, :json)";
    struct dln_query q = dln_query(c->from->db, sql);
    dln_bind_int(&q, ":id", trial->from);
    struct dln_query p = dln_query(c->to->db, sql_put);
    while (dln_query_row(&q)) {
        dln_bind_int(&p, ":id", trial->to);
        dln_bind_text(&p, ":name", dln_column_text(&q, 0));
        dln_bind_real(&p, ":value",
                      dln_column_is_null(&q, 1) ? (double)NAN : dln_column_real(&q, 1));
        dln_bind_text(&p, ":json", dln_column_text(&q, 2));
        dln_query_again(&p);
    }
    const bool ok = dln_query_end(&p, err);
    return dln_query_end(&q, ok ? err : NULL) && ok;
}

/* Values, or reports: a place, a number, its type. */
static bool copy_numbers(struct copier *c, const struct copied_trial *trial, const char *sql,
                         const char *sql_put, struct dln_error *err)
{
    struct dln_query q = dln_query(c->from->db, sql);
    dln_bind_int(&q, ":id", trial->from);
    struct dln_query p = dln_query(c->to->db, sql_put);
    while (dln_query_row(&q)) {
        dln_bind_int(&p, ":id", trial->to);
        dln_bind_int(&p, ":place", dln_column_int(&q, 0));
        dln_bind_real(&p, ":value",
                      dln_column_is_null(&q, 1) ? (double)NAN : dln_column_real(&q, 1));
        dln_bind_text(&p, ":type", dln_column_text(&q, 2));
        dln_query_again(&p);
    }
    const bool ok = dln_query_end(&p, err);
    return dln_query_end(&q, ok ? err : NULL) && ok;
}

static bool copy_all_numbers(struct copier *c, const struct copied_trial *trial,
                             struct dln_error *err)
{
    static const char values[] = "SELECT objective, value, value_type FROM trial_values"
                                 " WHERE trial_id = :id ORDER BY trial_value_id";
    static const char put_values[] =
        "INSERT INTO trial_values (trial_id, objective, value, value_type)"
        " VALUES (:id, :place, :value, :type)";
    static const char reports[] =
        "SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values"
        " WHERE trial_id = :id ORDER BY trial_intermediate_value_id";
    static const char put_reports[] =
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value,"
        " intermediate_value_type) VALUES (:id, :place, :value, :type)";
    return copy_numbers(c, trial, values, put_values, err) &&
           copy_numbers(c, trial, reports, put_reports, err);
}

/* ── attributes of trials ──────────────────────────────────────────────────────────────────────*/

/* A number, or a list of numbers, of trials: under their new numbers; NULL: none came along. */
static const char *renumbered(const struct copier *c, const char *json)
{
    const struct dln_slice text = {json, strlen(json)};
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    struct dln_json_walk walk;
    struct dln_slice element;
    double number;
    size_t n = 0;
    if (dln_slice_number(text, &number)) {
        const struct copied_trial *trial = by_number(c, (int64_t)number);
        return trial ? dln_arena_printf(c->arena, "%" PRId64, trial->number) : NULL;
    }
    if (!dln_json_walk_array(&walk, text)) return NULL;
    dln_json_array(&w);
    while (dln_json_walk_element(&walk, &element)) {
        if (!dln_slice_number(element, &number)) continue;
        const struct copied_trial *trial = by_number(c, (int64_t)number);
        if (!trial) continue;
        dln_json_int(&w, trial->number);
        n++;
    }
    dln_json_end_array(&w);
    const char *kept = n > 0 ? dln_arena_copy(c->arena, dln_strbuf_text(&out)) : NULL;
    dln_strbuf_release(&out);
    return kept;
}

static const char *trial_value(const struct copier *c, const struct dln_attribute *attribute)
{
    static const char *const left_out[] = {DLN_KEY_OWNER, DLN_KEY_CLAIMED};
    static const char *const numbers[] = {"failed_trial", "retry_history", DLN_KEY_COPY_OF};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strcmp(attribute->key, left_out[i]) == 0) return NULL;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(attribute->key, numbers[i]) == 0) return renumbered(c, attribute->json);
    }
    return attribute->json;
}

static bool copy_trial_attributes(struct copier *c, const struct copied_trial *trial,
                                  struct dln_error *err)
{
    static const struct {
        enum dln_attributes_of of;
        enum dln_attribute_table table;
    } kinds[] = {{DLN_OF_TRIAL, DLN_TRIAL_USER}, {DLN_OF_TRIAL_SYSTEM, DLN_TRIAL_SYSTEM}};
    struct dln_arena arena = {0};
    struct copier here = *c;
    here.arena = &arena; /* for this trial's texts only */
    bool ok = true;
    for (size_t k = 0; ok && k < sizeof kinds / sizeof kinds[0]; k++) {
        struct dln_attribute *list = NULL;
        size_t n = 0;
        ok = dln_store_attributes(c->from, kinds[k].of, trial->from, &arena, &list, &n, err);
        for (size_t i = 0; ok && i < n; i++) {
            const char *json =
                kinds[k].of == DLN_OF_TRIAL ? list[i].json : trial_value(&here, &list[i]);
            ok = !json ||
                 dln_attribute_set(c->to->db, kinds[k].table, trial->to, list[i].key, json, err);
        }
    }
    dln_arena_release(&arena);
    return ok;
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

/* Rows first, in the order asked for; then what may speak of other trials. */
static bool copy_trials(struct copier *c, const struct dln_copy *what, size_t *left_out,
                        struct dln_error *err)
{
    c->trials = DLN_ARENA_ARRAY(c->arena, struct copied_trial, what->n);
    if (!c->trials) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < what->n; i++) {
        struct copied_trial trial = {.from = what->trial_ids[i], .number = (int64_t)c->n};
        bool copied = false;
        if (!copy_trial_row(c, &trial, &copied, err)) return false;
        if (!copied) {
            ++*left_out;
            continue;
        }
        if (!copy_params(c, &trial, err) || !copy_all_numbers(c, &trial, err)) return false;
        c->trials[c->n++] = trial;
    }
    if (c->n > 0) qsort(c->trials, c->n, sizeof *c->trials, by_old_id);
    for (size_t i = 0; i < c->n; i++) {
        if (!copy_trial_attributes(c, &c->trials[i], err)) return false;
    }
    return true;
}

/* The study file comes along where it still names the study. */
static bool copy_definition(struct copier *c, const char *name, struct dln_error *err)
{
    struct dln_study *def = NULL;
    char uid[DLN_UID_MAX];
    if (!dln_rows_give_uid(c->to, c->to_study, uid, err)) return false;
    if (!dln_store_definition(c->from, c->from_study, &def, NULL)) return true;
    const bool ok =
        strcmp(def->name, name) != 0 || dln_rows_put_definition(c->to, c->to_study, uid, def, err);
    dln_study_free(def);
    return ok;
}

static bool study_name(dln_store *store, int64_t id, struct dln_arena *arena, const char **out,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT study_name FROM studies WHERE study_id = :id";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    const char *name = dln_query_row(&q) ? dln_column_copy(&q, 0, arena) : NULL;
    if (!dln_query_end(&q, err)) return false;
    if (!name) return dln_fail(err, DLN_NOT_FOUND, "the study is gone");
    *out = name;
    return true;
}

static bool copy_all(struct copier *c, const struct dln_copy *what, struct dln_copied *out,
                     struct dln_error *err)
{
    const char *name = what->name;
    if (!name && !study_name(c->from, c->from_study, c->arena, &name, err)) return false;
    if (!dln_store_time_base(c->from, c->from_study, &c->read, err)) return false;
    if (!dln_rows_new_study(c->to, name, &c->to_study, err)) return false;
    dln_time_base_init(&c->write, c->to->is_utc);
    size_t left_out = 0;
    if (!copy_directions(c, err) || !copy_trials(c, what, &left_out, err) ||
        !copy_study_attributes(c, err) || !copy_definition(c, name, err)) {
        return false;
    }
    *out = (struct dln_copied){.study_id = c->to_study, .trials = c->n, .left_out = left_out};
    return true;
}

bool dln_store_copy_study(dln_store *from, int64_t study_id, const struct dln_copy *what,
                          dln_store *to, struct dln_copied *out, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct copier copier = {.from = from, .to = to, .from_study = study_id, .arena = &arena};
    if (strcmp(from->path, to->path) == 0) {
        return dln_fail(err, DLN_USAGE, "'%s' cannot be copied into itself", from->path);
    }
    if (!dln_store_refresh_ours(from, err) || !dln_db_begin_read(from->db, err)) return false;
    bool ok = dln_store_begin(to, 0, DLN_GUARD_NONE, true, err);
    if (ok) {
        ok = copy_all(&copier, what, out, err);
        if (ok) {
            ok = dln_store_commit(to, err);
        } else {
            dln_store_rollback(to);
        }
    }
    dln_db_rollback(from->db);
    dln_arena_release(&arena);
    return ok;
}
