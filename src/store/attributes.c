#include "store/attributes.h"

#include <inttypes.h>

#include "dialin/json.h"
#include "store/json_slice.h"

static const char *const sql_set[] = {
    [DLN_STUDY_USER] =
        "INSERT INTO study_user_attributes (study_id, key, value_json)"
        " VALUES (:id, :key, :json)"
        " ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json",
    [DLN_STUDY_SYSTEM] =
        "INSERT INTO study_system_attributes (study_id, key, value_json)"
        " VALUES (:id, :key, :json)"
        " ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json",
    [DLN_TRIAL_USER] =
        "INSERT INTO trial_user_attributes (trial_id, key, value_json)"
        " VALUES (:id, :key, :json)"
        " ON CONFLICT (trial_id, key) DO UPDATE SET value_json = excluded.value_json",
    [DLN_TRIAL_SYSTEM] =
        "INSERT INTO trial_system_attributes (trial_id, key, value_json)"
        " VALUES (:id, :key, :json)"
        " ON CONFLICT (trial_id, key) DO UPDATE SET value_json = excluded.value_json",
};

static const char *const sql_get[] = {
    [DLN_STUDY_USER] = "SELECT value_json FROM study_user_attributes"
                       " WHERE study_id = :id AND key = :key",
    [DLN_STUDY_SYSTEM] = "SELECT value_json FROM study_system_attributes"
                         " WHERE study_id = :id AND key = :key",
    [DLN_TRIAL_USER] = "SELECT value_json FROM trial_user_attributes"
                       " WHERE trial_id = :id AND key = :key",
    [DLN_TRIAL_SYSTEM] = "SELECT value_json FROM trial_system_attributes"
                         " WHERE trial_id = :id AND key = :key",
};

static const char *const sql_drop[] = {
    [DLN_STUDY_USER] = "DELETE FROM study_user_attributes WHERE study_id = :id AND key = :key",
    [DLN_STUDY_SYSTEM] = "DELETE FROM study_system_attributes WHERE study_id = :id AND key = :key",
    [DLN_TRIAL_USER] = "DELETE FROM trial_user_attributes WHERE trial_id = :id AND key = :key",
    [DLN_TRIAL_SYSTEM] = "DELETE FROM trial_system_attributes WHERE trial_id = :id AND key = :key",
};

bool dln_attribute_set(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                       const char *json, struct dln_error *err)
{
    struct dln_query q = dln_query(db, sql_set[table]);
    dln_bind_int(&q, ":id", id);
    dln_bind_text(&q, ":key", key);
    dln_bind_text(&q, ":json", json);
    return dln_query_run(&q, NULL, err);
}

static bool set_built(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                      struct dln_strbuf *json, struct dln_error *err)
{
    const bool ok = dln_strbuf_ok(json)
                        ? dln_attribute_set(db, table, id, key, dln_strbuf_text(json), err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(json);
    return ok;
}

bool dln_attribute_set_text(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                            const char *text, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer writer = {.out = &json};
    dln_json_string(&writer, text);
    return set_built(db, table, id, key, &json, err);
}

bool dln_attribute_set_int(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                           int64_t value, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    dln_strbuf_addf(&json, "%" PRId64, value);
    return set_built(db, table, id, key, &json, err);
}

bool dln_attribute_set_reals(dln_db *db, enum dln_attribute_table table, int64_t id,
                             const char *key, const double *values, size_t n, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    dln_strbuf_add_char(&json, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) dln_strbuf_add(&json, ", ");
        dln_python_real(&json, values[i]);
    }
    dln_strbuf_add_char(&json, ']');
    return set_built(db, table, id, key, &json, err);
}

bool dln_attribute_set_real(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                            double value, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    dln_python_real(&json, value);
    return set_built(db, table, id, key, &json, err);
}

bool dln_attribute_get(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                       struct dln_arena *arena, const char **json, struct dln_error *err)
{
    struct dln_query q = dln_query(db, sql_get[table]);
    dln_bind_int(&q, ":id", id);
    dln_bind_text(&q, ":key", key);
    const char *found = NULL;
    if (dln_query_row(&q)) found = dln_column_copy(&q, 0, arena);
    if (!dln_query_end(&q, err)) return false;
    *json = found;
    return true;
}

bool dln_attribute_drop(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                        struct dln_error *err)
{
    struct dln_query q = dln_query(db, sql_drop[table]);
    dln_bind_int(&q, ":id", id);
    dln_bind_text(&q, ":key", key);
    return dln_query_run(&q, NULL, err);
}
