#include "store/schema.h"

#include "dialin/version.h"

/* Equal to what Optuna 3.2 … 5.0 makes, by name, type, null and keys; alembic head v3.2.0.a. */
static const char sql_optuna[] =
    "CREATE TABLE studies (study_id INTEGER NOT NULL PRIMARY KEY,"
    "    study_name VARCHAR(512) NOT NULL);"
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);"
    "CREATE TABLE version_info (version_info_id INTEGER NOT NULL PRIMARY KEY,"
    "    schema_version INTEGER, library_version VARCHAR(256), CHECK (version_info_id = 1));"
    "CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL PRIMARY KEY,"
    "    direction VARCHAR(8) NOT NULL,"
    "    study_id INTEGER NOT NULL REFERENCES studies (study_id),"
    "    objective INTEGER NOT NULL, UNIQUE (study_id, objective));"
    "CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL PRIMARY KEY,"
    "    study_id INTEGER REFERENCES studies (study_id), \"key\" VARCHAR(512), value_json TEXT,"
    "    UNIQUE (study_id, \"key\"));"
    "CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL PRIMARY KEY,"
    "    study_id INTEGER REFERENCES studies (study_id), \"key\" VARCHAR(512), value_json TEXT,"
    "    UNIQUE (study_id, \"key\"));"
    "CREATE TABLE trials (trial_id INTEGER NOT NULL PRIMARY KEY, number INTEGER,"
    "    study_id INTEGER REFERENCES studies (study_id), state VARCHAR(8) NOT NULL,"
    "    datetime_start DATETIME, datetime_complete DATETIME);"
    "CREATE INDEX ix_trials_study_id ON trials (study_id);"
    "CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER REFERENCES trials (trial_id), \"key\" VARCHAR(512), value_json TEXT,"
    "    UNIQUE (trial_id, \"key\"));"
    "CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER REFERENCES trials (trial_id), \"key\" VARCHAR(512), value_json TEXT,"
    "    UNIQUE (trial_id, \"key\"));"
    "CREATE TABLE trial_params (param_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER REFERENCES trials (trial_id), param_name VARCHAR(512),"
    "    param_value FLOAT, distribution_json TEXT, UNIQUE (trial_id, param_name));"
    "CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER NOT NULL REFERENCES trials (trial_id), objective INTEGER NOT NULL,"
    "    value FLOAT, value_type VARCHAR(7) NOT NULL, UNIQUE (trial_id, objective));"
    "CREATE TABLE trial_intermediate_values ("
    "    trial_intermediate_value_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER NOT NULL REFERENCES trials (trial_id), step INTEGER NOT NULL,"
    "    intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,"
    "    UNIQUE (trial_id, step));"
    "CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER NOT NULL REFERENCES trials (trial_id), heartbeat DATETIME NOT NULL,"
    "    UNIQUE (trial_id));"
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    "    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));"
    "INSERT INTO version_info VALUES (1, 12, 'dialin/" DLN_VERSION "');"
    "INSERT INTO alembic_version VALUES ('v3.2.0.a');";

static const char sql_ours[] =
    "CREATE TABLE IF NOT EXISTS dialin_meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER);"
    "INSERT OR IGNORE INTO dialin_meta VALUES ('version', 1);"
    "CREATE TABLE IF NOT EXISTS dialin_studies (study_id INTEGER NOT NULL PRIMARY KEY,"
    "    uid TEXT NOT NULL, created_us INTEGER NOT NULL, created_by TEXT NOT NULL,"
    "    state TEXT NOT NULL, why TEXT NOT NULL, run_time_s REAL NOT NULL,"
    "    seed INTEGER NOT NULL, strategy TEXT NOT NULL, parallel INTEGER NOT NULL,"
    "    budget_trials INTEGER NOT NULL, budget_time_s REAL NOT NULL, budget_slot_s REAL NOT NULL,"
    "    budget_cost REAL NOT NULL, budget_target REAL, budget_no_improvement INTEGER NOT NULL,"
    "    file_path TEXT NOT NULL, file_hash TEXT NOT NULL, file_text TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS dialin_tallies (study_id INTEGER NOT NULL PRIMARY KEY,"
    "    uid TEXT NOT NULL, tally TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS dialin_engines (study_id INTEGER NOT NULL PRIMARY KEY,"
    "    uid TEXT NOT NULL, nonce TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL,"
    "    pid INTEGER NOT NULL, pid_start INTEGER NOT NULL, started_us INTEGER NOT NULL,"
    "    beats INTEGER NOT NULL, heartbeat_us INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS dialin_commands (command_id INTEGER NOT NULL PRIMARY KEY,"
    "    study_id INTEGER NOT NULL, uid TEXT NOT NULL, posted_us INTEGER NOT NULL,"
    "    who TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,"
    "    answered_us INTEGER NOT NULL, answer TEXT NOT NULL, undo TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS dialin_commands_study ON dialin_commands (study_id, command_id);"
    "CREATE INDEX IF NOT EXISTS dialin_commands_posted ON dialin_commands (study_id, command_id)"
    "    WHERE state = 'posted';"
    "CREATE TABLE IF NOT EXISTS dialin_runs (run_id INTEGER NOT NULL PRIMARY KEY,"
    "    trial_id INTEGER NOT NULL, attempt INTEGER NOT NULL, slot INTEGER NOT NULL,"
    "    host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL, pid_start INTEGER NOT NULL,"
    "    started_us INTEGER NOT NULL, ended_us INTEGER NOT NULL, exit_status INTEGER,"
    "    signal INTEGER, user_s REAL, system_s REAL, max_rss_bytes INTEGER,"
    "    run_dir TEXT NOT NULL, command TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS dialin_runs_trial ON dialin_runs (trial_id, run_id);";

bool dln_schema_add_ours(dln_db *db, struct dln_error *err)
{
    return dln_db_script(db, sql_ours, err);
}

bool dln_schema_create(dln_db *db, struct dln_error *err)
{
    static const char sql_tables[] = "SELECT count(*) FROM sqlite_schema";
    if (!dln_db_begin_write(db, true, err)) return false;
    struct dln_query q = dln_query(db, sql_tables);
    const bool is_new = dln_query_row(&q) && dln_column_int(&q, 0) == 0;
    if (!dln_query_end(&q, err)) goto fail;
    /* somebody else may have made them while we waited for the lock */
    if (is_new && !dln_db_script(db, sql_optuna, err)) goto fail;
    if (!dln_schema_add_ours(db, err)) goto fail;
    return dln_db_commit(db, err);
fail:
    dln_db_rollback(db);
    return false;
}

bool dln_schema_find_ours(dln_db *db, bool *has_ours, struct dln_error *err)
{
    /* the last one that sql_ours makes */
    static const char sql[] =
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'dialin_runs'";
    struct dln_query q = dln_query(db, sql);
    const bool found = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    *has_ours = found;
    return true;
}
