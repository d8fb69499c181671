/* What was predicted of trials when they were asked for, beside what came of it. */
#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "store/attributes.h"
#include "store/handle.h"

/* [mean, sd]; another program may have written anything. */
static bool read_pair(const char *text, size_t len, double *mean, double *sd)
{
    json_t *pair = NULL;
    struct dln_error why = {0};
    if (!dln_json_read(text, len, &pair, &why)) return false;
    const json_t *first = json_array_get(pair, 0);
    const json_t *second = json_array_get(pair, 1);
    const bool ok = json_is_number(first) && json_is_number(second);
    *mean = json_number_value(first);
    *sd = json_number_value(second);
    json_decref(pair);
    return ok && isfinite(*mean) && *sd > 0;
}

bool dln_store_foretold(dln_store *store, int64_t study_id, struct dln_arena *arena,
                        struct dln_foretold **out, size_t *n, struct dln_error *err)
{
    static const char sql[] =
        "SELECT t.number, v.value, v.value_type, s.value_json, p.value_json"
        " FROM trials t"
        " JOIN trial_values v ON v.trial_id = t.trial_id AND v.objective = 0"
        " JOIN trial_system_attributes p ON p.trial_id = t.trial_id AND p.key = :predicted"
        " LEFT JOIN trial_system_attributes s ON s.trial_id = t.trial_id AND s.key = :strategy"
        " WHERE t.study_id = :study AND t.state = 'COMPLETE' ORDER BY t.number";
    struct dln_foretold *rows = NULL;
    size_t count = 0;
    size_t cap = 0;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":predicted", DLN_KEY_PREDICTED);
    dln_bind_text(&q, ":strategy", DLN_KEY_STRATEGY);
    dln_bind_int(&q, ":study", study_id);
    while (dln_query_row(&q)) {
        struct dln_foretold row = {.number = dln_column_int(&q, 0),
                                   .value = dln_column_value(&q, 1)};
        row.is_by_hand = strcmp(dln_column_text(&q, 3), "\"enqueued\"") == 0;
        const char *const text = dln_column_text(&q, 4);
        if (!read_pair(text, strlen(text), &row.mean, &row.sd)) continue;
        if (count == cap) {
            struct dln_foretold *const more =
                DLN_ARENA_ARRAY(arena, struct dln_foretold, cap > 0 ? 2 * cap : 64);
            if (!more) {
                dln_query_no_memory(&q);
                break;
            }
            if (count > 0) memcpy(more, rows, count * sizeof *rows);
            rows = more;
            cap = cap > 0 ? 2 * cap : 64;
        }
        rows[count++] = row;
    }
    if (!dln_query_end(&q, err)) return false;
    *out = rows;
    *n = count;
    return true;
}
