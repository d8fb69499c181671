#include "strategy/memo.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/num.h"

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

void dln_memo_write_raw(struct dln_json_writer *w, const struct dln_space *space,
                        const double *fixed, const double *u)
{
    bool is_first = true;
    for (size_t i = 0; i < space->n; i++) {
        if (!is_noted(&space->params[i])) continue;
        if (is_first) {
            dln_json_key(w, "v");
            dln_json_array(w);
            is_first = false;
        }
        if (isnan(fixed[i])) {
            dln_json_int(w, (int64_t)round(u[i] * DLN_MEMO_UNIT));
        } else {
            dln_json_null(w);
        }
    }
    if (!is_first) dln_json_end_array(w);
}

void dln_memo_read_raw(const json_t *memo, const struct dln_space *space,
                       const struct dln_view_trial *trial, double low, double high, double *raw)
{
    const json_t *noted = memo ? json_object_get(memo, "v") : NULL;
    size_t n_noted = 0;
    for (size_t i = 0; i < space->n; i++)
        n_noted += is_noted(&space->params[i]);
    if (json_array_size(noted) != n_noted) noted = NULL; /* of other parameters */
    size_t at = 0;
    for (size_t i = 0; i < space->n; i++) {
        raw[i] = trial->u[i];
        if (!is_noted(&space->params[i])) continue;
        const json_t *value = json_array_get(noted, at++);
        if (!json_is_integer(value)) continue;
        /* of another range: the space was edited since */
        const double noted_u = (double)json_integer_value(value) / DLN_MEMO_UNIT;
        const bool is_other =
            !isnan(trial->x[i]) && dln_param_decode(&space->params[i], noted_u) != trial->x[i];
        if (is_other) continue;
        raw[i] = fmin(high, fmax(low, (double)json_integer_value(value) / DLN_MEMO_UNIT));
    }
}

char *dln_memo_ranges(struct dln_arena *arena, const int64_t *numbers, size_t n)
{
    struct dln_strbuf text = {0};
    for (size_t first = 0; first < n;) {
        size_t last = first;
        while (last + 1 < n && numbers[last + 1] == numbers[last] + 1)
            last++;
        dln_strbuf_addf(&text, "%s%" PRId64, first > 0 ? "," : "", numbers[first]);
        if (last > first) dln_strbuf_addf(&text, "-%" PRId64, numbers[last]);
        first = last + 1;
    }
    char *copy = dln_strbuf_ok(&text) ? dln_arena_copy(arena, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return copy;
}

/* One "5" or "5-9", up to the comma or the end; false: it is neither. */
static bool read_range(const char *text, size_t len, int64_t *first, int64_t *last)
{
    const char *dash = memchr(text, '-', len);
    const size_t head = dash ? (size_t)(dash - text) : len;
    if (!dln_num_parse_int(text, head, first)) return false;
    *last = *first;
    return !dash || dln_num_parse_int(dash + 1, len - head - 1, last);
}

size_t dln_memo_read_ranges(const json_t *memo, const char *key, size_t most, int64_t *numbers)
{
    const char *text = json_string_value(json_object_get(memo, key));
    size_t n = 0;
    while (text && *text) {
        const size_t len = strcspn(text, ",");
        int64_t first = 0;
        int64_t last = 0;
        if (!read_range(text, len, &first, &last) || first < 0 || last < first) return 0;
        if (n > 0 && first <= numbers[n - 1]) return 0; /* not ascending: not ours */
        if ((uint64_t)(last - first) >= most - n) return 0;
        for (int64_t number = first; number <= last; number++)
            numbers[n++] = number;
        text += len + (text[len] == ',');
    }
    return n;
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
