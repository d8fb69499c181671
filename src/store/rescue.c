/*
 * What a damaged file still tells. Every table is read by its row ids alone, never through an
 * index: forward until something cannot be read, backward from the end, and the gap between is
 * halved until it is empty or too many looks have been in vain. The rows go into a new file under
 * their ids; what hangs on a lost trial or study is then left out, and trials of a lost study get
 * one that is made up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/handle.h"
#include "store/place.h"
#include "store/schema.h"

enum {
    BATCH = 2000,      /* rows of a query: none lasts long */
    GAPS_MAX = 128,    /* open at once, in one table */
    LOOKS_MAX = 20000, /* in vain, in one table */
    COLUMNS_MAX = 19,
};

struct rescued_table {
    const char *name, *forward, *backward, *insert;
    const char *kinds; /* a letter a column: i(nt), r(eal), t(ext) */
    bool is_ours;
};

#define RESCUED(table, id, columns, marks, letters, ours)                             \
    {                                                                                 \
        .name = table,                                                                \
        .forward = "SELECT " columns " FROM " table " WHERE " id " >= :low AND " id   \
                   " <= :high ORDER BY " id " LIMIT 2000",                            \
        .backward = "SELECT " columns " FROM " table " WHERE " id " >= :low AND " id  \
                    " <= :high ORDER BY " id " DESC LIMIT 2000",                      \
        .insert = "INSERT OR IGNORE INTO " table " (" columns ") VALUES (" marks ")", \
        .kinds = letters, .is_ours = ours                                             \
    }

#define MARKS_2  ":a, :b"
#define MARKS_3  ":a, :b, :c"
#define MARKS_4  ":a, :b, :c, :d"
#define MARKS_5  ":a, :b, :c, :d, :e"
#define MARKS_6  ":a, :b, :c, :d, :e, :f"
#define MARKS_11 ":a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k"
#define MARKS_18 ":a, :b, :c, :d, :e, :f, :g, :h, :i, :j, :k, :l, :m, :n, :o, :p, :q, :r"
#define MARKS_19 MARKS_18 ", :s"

static const char *const mark_names[COLUMNS_MAX] = {":a", ":b", ":c", ":d", ":e", ":f", ":g",
                                                    ":h", ":i", ":j", ":k", ":l", ":m", ":n",
                                                    ":o", ":p", ":q", ":r", ":s"};

static const struct rescued_table tables[] = {
    RESCUED("studies", "study_id", "study_id, study_name", MARKS_2, "it", false),
    RESCUED("study_directions", "study_direction_id",
            "study_direction_id, direction, study_id, objective", MARKS_4, "itii", false),
    RESCUED("study_user_attributes", "study_user_attribute_id",
            "study_user_attribute_id, study_id, key, value_json", MARKS_4, "iitt", false),
    RESCUED("study_system_attributes", "study_system_attribute_id",
            "study_system_attribute_id, study_id, key, value_json", MARKS_4, "iitt", false),
    RESCUED("trials", "trial_id",
            "trial_id, number, study_id, state, datetime_start, datetime_complete", MARKS_6,
            "iiittt", false),
    RESCUED("trial_user_attributes", "trial_user_attribute_id",
            "trial_user_attribute_id, trial_id, key, value_json", MARKS_4, "iitt", false),
    RESCUED("trial_system_attributes", "trial_system_attribute_id",
            "trial_system_attribute_id, trial_id, key, value_json", MARKS_4, "iitt", false),
    RESCUED("trial_params", "param_id",
            "param_id, trial_id, param_name, param_value, distribution_json", MARKS_5, "iitrt",
            false),
    RESCUED("trial_values", "trial_value_id",
            "trial_value_id, trial_id, objective, value, value_type", MARKS_5, "iiirt", false),
    RESCUED("trial_intermediate_values", "trial_intermediate_value_id",
            "trial_intermediate_value_id, trial_id, step, intermediate_value,"
            " intermediate_value_type",
            MARKS_5, "iiirt", false),
    RESCUED("trial_heartbeats", "trial_heartbeat_id", "trial_heartbeat_id, trial_id, heartbeat",
            MARKS_3, "iit", false),
    RESCUED("dialin_studies", "study_id",
            "study_id, uid, created_us, created_by, state, why, run_time_s, seed, strategy,"
            " parallel, budget_trials, budget_time_s, budget_slot_s, budget_cost, budget_target,"
            " budget_no_improvement, file_path, file_hash, file_text",
            MARKS_19, "ititttritiirrrrittt", true),
    RESCUED("dialin_commands", "command_id",
            "command_id, study_id, uid, posted_us, who, kind, payload, state, answered_us, answer,"
            " undo",
            MARKS_11,
            "iititttti"
            "tt",
            true),
    RESCUED("dialin_runs", "run_id",
            "run_id, trial_id, attempt, slot, host, boot, pid, pid_start, started_us, ended_us,"
            " exit_status, signal, user_s, system_s, max_rss_bytes, run_dir, command, detail",
            MARKS_18, "iiiittiiiiiirrittt", true),
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

struct gap {
    int64_t low, high; /* row ids that were not seen yet, both included */
};

struct rescuer {
    dln_db *from, *to;
    const struct rescued_table *table;
    struct gap gaps[GAPS_MAX];
    size_t n_gaps;
    int64_t looks; /* in vain */
    struct dln_rescued *out;
};

static bool copy_row(struct rescuer *r, struct dln_query *q, struct dln_query *p)
{
    for (int c = 0; r->table->kinds[c]; c++) {
        if (dln_column_is_null(q, c)) {
            dln_bind_text(p, mark_names[c], NULL);
        } else if (r->table->kinds[c] == 'i') {
            dln_bind_int(p, mark_names[c], dln_column_int(q, c));
        } else if (r->table->kinds[c] == 'r') {
            dln_bind_real(p, mark_names[c], dln_column_real(q, c));
        } else {
            dln_bind_text(p, mark_names[c], dln_column_text(q, c));
        }
    }
    dln_query_again(p);
    r->out->read++;
    return p->rc == 0;
}

/*
 * One batch of a gap, from its lower or its upper end; the gap shrinks by what was seen.
 * *is_damaged: it stopped because something cannot be read. False: the new file failed.
 */
static bool read_batch(struct rescuer *r, struct gap *gap, bool is_forward, bool *is_damaged,
                       bool *is_over, struct dln_error *err)
{
    struct dln_error why = {0};
    int64_t n = 0;
    struct dln_query q = dln_query(r->from, is_forward ? r->table->forward : r->table->backward);
    dln_bind_int(&q, ":low", gap->low);
    dln_bind_int(&q, ":high", gap->high);
    struct dln_query p = dln_query(r->to, r->table->insert);
    while (dln_query_row(&q)) {
        const int64_t id = dln_column_int(&q, 0);
        if (!copy_row(r, &q, &p)) break;
        n++;
        if (is_forward) {
            gap->low = id < INT64_MAX ? id + 1 : id;
        } else {
            gap->high = id > INT64_MIN ? id - 1 : id;
        }
    }
    const bool stored = dln_query_end(&p, err);
    *is_damaged = !dln_query_end(&q, &why);
    *is_over = !*is_damaged && n < BATCH;
    return stored &&
           (!*is_damaged || why.code != DLN_NOMEM || dln_fail(err, DLN_NOMEM, "%s", why.text));
}

static bool read_end(struct rescuer *r, struct gap *gap, bool is_forward, bool *is_over,
                     struct dln_error *err)
{
    bool is_damaged = false;
    *is_over = false;
    while (!is_damaged && !*is_over) {
        if (gap->low > gap->high) {
            *is_over = true;
            return true;
        }
        if (!read_batch(r, gap, is_forward, &is_damaged, is_over, err)) return false;
    }
    return true;
}

/* A gap whose both ends cannot be read is halved; the halves wait their turn. */
static void halve(struct rescuer *r, const struct gap *gap)
{
    r->looks++;
    if (gap->high - gap->low < 1 || r->n_gaps + 2 > GAPS_MAX || r->looks > LOOKS_MAX) {
        r->out->gaps++;
        return;
    }
    const int64_t middle = gap->low + (gap->high - gap->low) / 2;
    r->gaps[r->n_gaps++] = (struct gap){middle + 1, gap->high};
    r->gaps[r->n_gaps++] = (struct gap){gap->low, middle};
}

/* No id of Optuna's or ours is larger, and halving ends soon. */
static const int64_t last_id = INT64_C(1) << 31;

static bool read_table(struct rescuer *r, struct dln_error *err)
{
    r->n_gaps = 0;
    r->looks = 0;
    r->gaps[r->n_gaps++] = (struct gap){0, last_id};
    while (r->n_gaps > 0) {
        struct gap gap = r->gaps[--r->n_gaps];
        bool is_over = false;
        if (!read_end(r, &gap, true, &is_over, err)) return false;
        if (is_over) continue;
        if (!read_end(r, &gap, false, &is_over, err)) return false;
        if (!is_over && gap.low <= gap.high) halve(r, &gap);
    }
    return true;
}

/* ── the new file ──────────────────────────────────────────────────────────────────────────────*/

/* What says how times are written, and which releases may open it; ours where it cannot be read. */
static bool copy_versions(dln_db *from, dln_db *to, struct dln_error *err)
{
    static const char sql_library[] = "SELECT library_version FROM version_info LIMIT 1";
    static const char sql_head[] = "SELECT version_num FROM alembic_version LIMIT 1";
    static const char put_library[] = "UPDATE version_info SET library_version = :text";
    static const char put_head[] = "UPDATE alembic_version SET version_num = :text";
    static const struct {
        const char *get, *put;
    } rows[] = {{sql_library, put_library}, {sql_head, put_head}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dln_arena arena = {0};
        struct dln_query q = dln_query(from, rows[i].get);
        const char *text = dln_query_row(&q) ? dln_column_copy(&q, 0, &arena) : NULL;
        if (!dln_query_end(&q, NULL)) text = NULL;
        bool ok = true;
        if (text && text[0]) {
            struct dln_query p = dln_query(to, rows[i].put);
            dln_bind_text(&p, ":text", text);
            ok = dln_query_run(&p, NULL, err);
        }
        dln_arena_release(&arena);
        if (!ok) return false;
    }
    return true;
}

static bool run_all(dln_db *db, const char *const *sql, size_t n, int64_t *changed,
                    struct dln_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int64_t rows = 0;
        struct dln_query q = dln_query(db, sql[i]);
        if (!dln_query_run(&q, &rows, err)) return false;
        *changed += rows;
    }
    return true;
}

/* Trials without a study get one; a study without directions as many as its trials have values. */
static bool make_up(dln_db *db, struct dln_rescued *out, struct dln_error *err)
{
    static const char *const studies[] = {
        "INSERT INTO studies (study_id, study_name) SELECT DISTINCT study_id,"
        " 'rescued-' || study_id FROM trials WHERE study_id IS NOT NULL AND study_id NOT IN"
        " (SELECT study_id FROM studies)",
    };
    static const char *const directions[] = {
        "INSERT INTO study_directions (direction, study_id, objective) SELECT DISTINCT 'MINIMIZE',"
        " t.study_id, v.objective FROM trial_values v JOIN trials t ON t.trial_id = v.trial_id"
        " WHERE t.study_id NOT IN (SELECT study_id FROM study_directions)",
        "INSERT INTO study_directions (direction, study_id, objective) SELECT 'MINIMIZE', study_id,"
        " 0 FROM studies WHERE study_id NOT IN (SELECT study_id FROM study_directions)",
    };
    int64_t ignored = 0;
    return run_all(db, studies, 1, &out->made_up, err) && run_all(db, directions, 2, &ignored, err);
}

static bool drop_adrift(dln_db *db, struct dln_rescued *out, struct dln_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM trials WHERE study_id IS NULL",
        "DELETE FROM trial_params WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM trial_values WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM trial_intermediate_values WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM trial_user_attributes WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM trial_system_attributes WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM trial_heartbeats WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM dialin_runs WHERE trial_id NOT IN (SELECT trial_id FROM trials)",
        "DELETE FROM study_directions WHERE study_id NOT IN (SELECT study_id FROM studies)",
        "DELETE FROM study_user_attributes WHERE study_id NOT IN (SELECT study_id FROM studies)",
        "DELETE FROM study_system_attributes WHERE study_id NOT IN (SELECT study_id FROM studies)",
        "DELETE FROM dialin_studies WHERE study_id NOT IN (SELECT study_id FROM studies)",
        "DELETE FROM dialin_commands WHERE study_id NOT IN (SELECT study_id FROM studies)",
    };
    return run_all(db, sql, sizeof sql / sizeof sql[0], &out->adrift, err);
}

static bool count(dln_db *db, struct dln_rescued *out, struct dln_error *err)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM trials), (SELECT count(*) FROM studies)";
    struct dln_query q = dln_query(db, sql);
    if (dln_query_row(&q)) {
        out->trials = dln_column_int(&q, 0);
        out->studies = dln_column_int(&q, 1);
    }
    return dln_query_end(&q, err);
}

static bool has_our_tables(dln_db *db)
{
    bool has_ours = false;
    return dln_schema_find_ours(db, &has_ours, NULL) && has_ours;
}

static bool fill(dln_db *from, dln_db *to, struct dln_rescued *out, struct dln_error *err)
{
    struct rescuer rescuer = {.from = from, .to = to, .out = out};
    const bool has_ours = has_our_tables(from);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (tables[i].is_ours && !has_ours) continue;
        rescuer.table = &tables[i];
        if (!read_table(&rescuer, err)) return false;
    }
    if (out->read == 0) {
        return dln_fail(err, DLN_CORRUPT, "nothing can be read: not even the tables are there");
    }
    return copy_versions(from, to, err) && make_up(to, out, err) && drop_adrift(to, out, err) &&
           count(to, out, err);
}

bool dln_store_rescue(const char *from_path, const char *to_path, struct dln_rescued *out,
                      struct dln_error *err)
{
    char *path = NULL;
    dln_db *from = NULL;
    dln_store *to = NULL;
    bool is_new = false;
    struct dln_rescued rescued = {0};
    if (!dln_place_resolve(from_path, &path, err)) return false;
    bool ok = dln_place_make(to_path, &is_new, err);
    if (ok && !is_new) ok = dln_fail(err, DLN_REFUSED, "'%s' is there already", to_path);
    ok = ok && dln_db_open(path, DLN_DB_READ, &from, err) &&
         dln_store_open(to_path, DLN_STORE_CREATE, &to, err) &&
         dln_db_begin_write(to->db, true, err);
    if (ok) {
        ok = fill(from, to->db, &rescued, err);
        if (ok) {
            ok = dln_db_commit(to->db, err);
        } else {
            dln_db_rollback(to->db);
        }
    }
    dln_store_close(to);
    dln_db_close(from);
    free(path);
    if (ok) {
        *out = rescued;
    } else if (is_new) {
        (void)unlink(to_path);
    }
    return ok;
}
