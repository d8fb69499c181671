#include "strategy/memo.h"

#include <math.h>
#include <string.h>

bool dln_param_is_ordered(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT || param->ordered;
}

#define DLN_MEMO_UNIT 1e9 /* a whole number is shorter, and quicker to write and read */

static bool is_noted(const struct dln_param *param)
{
    if (dln_param_is_single(param)) return false;
    if (!dln_param_is_ordered(param) && param->n_choices > 2) return false; /* has no between */
    return dln_param_count(param) > 0 || param->when;
}

void dln_memo_write_raw(struct dln_json_writer *w, const struct dln_space *space, const double *u)
{
    bool is_first = true;
    for (size_t i = 0; i < space->n; i++) {
        if (!is_noted(&space->params[i])) continue;
        if (is_first) {
            dln_json_key(w, "v");
            dln_json_array(w);
            is_first = false;
        }
        dln_json_int(w, (int64_t)round(u[i] * DLN_MEMO_UNIT));
    }
    if (!is_first) dln_json_end_array(w);
}

void dln_memo_read_raw(const json_t *memo, const struct dln_space *space,
                       const struct dln_view_trial *trial, double *raw)
{
    const json_t *noted = memo ? json_object_get(memo, "v") : NULL;
    size_t at = 0;
    for (size_t i = 0; i < space->n; i++) {
        raw[i] = trial->u[i];
        if (!is_noted(&space->params[i])) continue;
        const json_t *value = json_array_get(noted, at++);
        if (!json_is_integer(value)) continue;
        const double u = (double)json_integer_value(value) / DLN_MEMO_UNIT;
        if (!(u >= 0 && u <= 1)) continue;
        const bool is_same = dln_param_decode(&space->params[i], u) == trial->x[i];
        if (is_same || isnan(trial->x[i])) raw[i] = u;
    }
}

json_t *dln_memo_read(const struct dln_view_trial *trial)
{
    json_t *memo = NULL;
    if (!trial->memo[0] || !dln_json_read(trial->memo, strlen(trial->memo), &memo, NULL)) {
        return NULL;
    }
    if (json_is_object(memo)) return memo;
    json_decref(memo);
    return NULL;
}

bool dln_memo_int(const json_t *memo, const char *key, int64_t low, int64_t high, int64_t *value)
{
    const json_t *member = json_object_get(memo, key);
    if (!json_is_integer(member)) return false;
    const json_int_t number = json_integer_value(member);
    if (number < low || number > high) return false;
    *value = number;
    return true;
}

bool dln_memo_real(const json_t *memo, const char *key, double low, double high, double *value)
{
    const json_t *member = json_object_get(memo, key);
    const double number = json_is_number(member) ? json_number_value(member) : (double)NAN;
    if (!(number >= low && number <= high)) return false;
    *value = number;
    return true;
}
