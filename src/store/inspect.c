/* What a file is, found out before anything in it is believed. */
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "store/schema.h"

enum {
    OBJECTS_MAX = 1000 /* tables, indexes, triggers, views; Optuna's and ours are under 50 */
};

static const struct {
    const char *table;
    const char *columns; /* all that we read or write */
} tables[] = {
    {"studies", "study_id study_name"},
    {"study_directions", "study_id direction objective"},
    {"study_user_attributes", "study_id key value_json"},
    {"study_system_attributes", "study_id key value_json"},
    {"trials", "trial_id number study_id state datetime_start datetime_complete"},
    {"trial_user_attributes", "trial_id key value_json"},
    {"trial_system_attributes", "trial_id key value_json"},
    {"trial_params", "param_id trial_id param_name param_value distribution_json"},
    {"trial_values", "trial_id objective value value_type"},
    {"trial_intermediate_values", "trial_id step intermediate_value intermediate_value_type"},
    {"trial_heartbeats", "trial_id heartbeat"},
    {"version_info", "schema_version library_version"},
};
enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

/* Releases before 3.0.0, in order; their files lack columns that we need. */
static const char *const old_heads[] = {"v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a",
                                        "v2.6.0.a", "v3.0.0.a", "v3.0.0.b", "v3.0.0.c"};

static bool is_watched(const char *name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(tables[i].table, name) == 0) return true;
    }
    return strcmp(name, "alembic_version") == 0 || strncmp(name, "dialin_", 7) == 0;
}

struct objects {
    size_t n;
    bool found[TABLE_COUNT];
    bool has_alembic, has_ours, has_meta;
};

/* Every object of the file: which of the tables are there, and what should not be. */
static bool list_objects(dln_db *db, const char *path, struct objects *objects,
                         struct dln_file_facts *facts, struct dln_error *err)
{
    static const char sql[] = "SELECT type, name, tbl_name FROM sqlite_schema LIMIT 1001";
    struct dln_query q = dln_query(db, sql);
    bool is_foreign = false;
    while (dln_query_row(&q)) {
        char type[16];
        char name[64];
        (void)snprintf(type, sizeof type, "%s", dln_column_text(&q, 0));
        (void)snprintf(name, sizeof name, "%s", dln_column_text(&q, 1));
        const char *of = dln_column_text(&q, 2);
        objects->n++;
        const bool is_table = strcmp(type, "table") == 0;
        if (strcmp(type, "trigger") == 0 && is_watched(of) && !facts->reason[0]) {
            (void)snprintf(facts->reason, sizeof facts->reason,
                           "it holds a trigger on '%.60s' that is neither Optuna's nor ours", of);
        }
        if (strcmp(type, "view") == 0 && is_watched(name)) is_foreign = true;
        if (!is_table) continue;
        for (size_t i = 0; i < TABLE_COUNT; i++) {
            if (strcmp(tables[i].table, name) == 0) objects->found[i] = true;
        }
        if (strcmp(name, "alembic_version") == 0) objects->has_alembic = true;
        if (strcmp(name, "dialin_runs") == 0) objects->has_ours = true;
        if (strcmp(name, "dialin_meta") == 0) objects->has_meta = true;
    }
    if (!dln_query_end(&q, err)) return false;
    if (is_foreign) {
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is not an Optuna storage: a view stands in place of"
                        " a table",
                        path);
    }
    if (objects->n > OBJECTS_MAX) {
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is not an Optuna storage: it has more than %d tables"
                        " and indexes",
                        path, OBJECTS_MAX);
    }
    return true;
}

static bool has_word(const char *words, const char *word)
{
    const size_t len = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += len) {
        const bool begins = p == words || p[-1] == ' ';
        if (begins && (p[len] == ' ' || p[len] == '\0')) return true;
    }
    return false;
}

static size_t count_words(const char *words)
{
    size_t n = 1;
    for (const char *p = words; *p; p++)
        n += *p == ' ';
    return n;
}

/* All columns are there and hold what was stored, not what is computed. */
static bool check_columns(dln_db *db, const char *path, size_t table, struct dln_error *err)
{
    static const char sql[] = "SELECT name, hidden FROM pragma_table_xinfo(:table)";
    struct dln_query q = dln_query(db, sql);
    dln_bind_text(&q, ":table", tables[table].table);
    size_t found = 0;
    bool is_generated = false;
    while (dln_query_row(&q)) {
        found += has_word(tables[table].columns, dln_column_text(&q, 0));
        if (dln_column_int(&q, 1) != 0) is_generated = true;
    }
    if (!dln_query_end(&q, err)) return false;
    if (is_generated) {
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is not an Optuna storage: '%s' has computed columns", path,
                        tables[table].table);
    }
    if (found < count_words(tables[table].columns)) {
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is not an Optuna storage that this release can read:"
                        " table '%s' lacks a column",
                        path, tables[table].table);
    }
    return true;
}

static bool check_head(dln_db *db, const char *path, struct dln_file_facts *facts,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT version_num FROM alembic_version LIMIT 2";
    char head[40] = "";
    size_t rows = 0;
    struct dln_query q = dln_query(db, sql);
    while (dln_query_row(&q)) {
        rows++;
        (void)snprintf(head, sizeof head, "%s", dln_column_text(&q, 0));
    }
    if (!dln_query_end(&q, err)) return false;
    if (rows > 1) {
        return dln_fail(err, DLN_CORRUPT, "'%s' names two alembic versions at once", path);
    }
    if (rows == 0 || strcmp(head, "v3.2.0.a") == 0 || strcmp(head, "v3.0.0.d") == 0) return true;
    for (size_t i = 0; i < sizeof old_heads / sizeof old_heads[0]; i++) {
        if (strcmp(head, old_heads[i]) != 0) continue;
        return dln_fail(err, DLN_UNSUPPORTED,
                        "'%s' was made by an Optuna before 3.0 (%s); bring it up to date with"
                        " `optuna storage upgrade --storage sqlite:///%s`",
                        path, head, path);
    }
    for (char *p = head; *p; p++) {
        if (*p < ' ' || *p > '~') *p = '?';
    }
    if (!facts->reason[0]) {
        (void)snprintf(facts->reason, sizeof facts->reason,
                       "its format (%s) is newer than this release knows", head);
    }
    return true;
}

/* Optuna up to 4.9 stores local times, later ones UTC; we store UTC. Nothing else tells. */
static bool read_version(dln_db *db, struct dln_file_facts *facts, struct dln_error *err)
{
    static const char sql[] = "SELECT library_version FROM version_info LIMIT 1";
    struct dln_query q = dln_query(db, sql);
    if (dln_query_row(&q)) {
        const char *text = dln_column_text(&q, 0);
        double major;
        const size_t digits = strspn(text, "0123456789");
        facts->is_utc =
            strncmp(text, "dialin/", 7) == 0 ||
            (digits > 0 && digits < 4 && dln_num_parse(text, digits, &major) && major >= 5);
    }
    return dln_query_end(&q, err);
}

static bool check_ours(dln_db *db, struct dln_file_facts *facts, struct dln_error *err)
{
    static const char sql[] = "SELECT value FROM dialin_meta WHERE key = 'version'";
    struct dln_query q = dln_query(db, sql);
    const int64_t version = dln_query_row(&q) ? dln_column_int(&q, 0) : 0;
    if (!dln_query_end(&q, err)) return false;
    if (version != DLN_SCHEMA_VERSION && !facts->reason[0]) {
        (void)snprintf(facts->reason, sizeof facts->reason,
                       "its dialin tables are of version %lld, this release writes version %d",
                       (long long)version, DLN_SCHEMA_VERSION);
    }
    return true;
}

bool dln_schema_inspect(dln_db *db, const char *path, struct dln_file_facts *out,
                        struct dln_error *err)
{
    struct dln_file_facts facts = {.kind = DLN_FILE_OPTUNA};
    struct objects objects = {0};
    if (!list_objects(db, path, &objects, &facts, err)) return false;
    if (objects.n == 0) {
        facts.kind = DLN_FILE_EMPTY;
        *out = facts;
        return true;
    }
    if (objects.has_alembic && !check_head(db, path, &facts, err)) return false;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (objects.found[i]) continue;
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is a SQLite file, but not an Optuna storage: it has no"
                        " table '%s'",
                        path, tables[i].table);
    }
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (!check_columns(db, path, i, err)) return false;
    }
    if (!read_version(db, &facts, err)) return false;
    facts.has_ours = objects.has_ours;
    if (objects.has_ours && objects.has_meta && !check_ours(db, &facts, err)) return false;
    if (facts.reason[0]) facts.kind = DLN_FILE_READ_ONLY;
    *out = facts;
    return true;
}
