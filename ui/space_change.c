#include "space_change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/entries.h"
#include "dialin/json.h"
#include "dialin/num.h"
#include "dialin/space_edit.h"

enum { BEST_SHARE = 10, MARGIN_PARTS = 5 };

bool change_parse_range(const char *text, double *low, double *high)
{
    const char *dots = strstr(text, "..");
    if (!dots) return false;
    const char *end = dots;
    const char *from = text;
    while (*from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    const char *to = dots + 2;
    while (*to == ' ')
        to++;
    size_t len = strlen(to);
    while (len > 0 && to[len - 1] == ' ')
        len--;
    return dln_num_parse(from, (size_t)(end - from), low) && dln_num_parse(to, len, high);
}

static bool is_number(const struct dln_param *param)
{
    return param->n_choices == 0;
}

bool change_range(const struct dln_param *param, double low, double high,
                  struct dln_strbuf *definition, struct dln_error *err)
{
    struct dln_param next = *param;
    if (!is_number(param)) {
        return dln_fail(err, DLN_USAGE, "'%.80s' has choices, no range", param->name);
    }
    next.low = low;
    next.high = high;
    if (next.has_initial && (next.initial < low || next.initial > high)) next.has_initial = false;
    dln_param_define(&next, definition);
    return dln_strbuf_ok(definition) || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool change_freeze(const struct dln_param *param, double x, struct dln_strbuf *definition,
                   struct dln_error *err)
{
    struct dln_param next = *param;
    if (param->kind == DLN_PARAM_FLAG) {
        return dln_fail(err, DLN_USAGE,
                        "'%.80s' is a flag, which is tried on and off; drop it to leave it off",
                        param->name);
    }
    next.has_initial = false;
    if (is_number(param)) {
        next.low = next.high = x;
        next.step = param->kind == DLN_PARAM_INT ? 1 : 0;
    } else {
        if (!(x >= 0 && x < (double)param->n_choices)) {
            return dln_fail(err, DLN_USAGE, "'%.80s' has no such choice", param->name);
        }
        next.choices = &param->choices[(size_t)x];
        next.n_choices = 1;
        next.has_was = false;
    }
    dln_param_define(&next, definition);
    return dln_strbuf_ok(definition) || dln_fail(err, DLN_NOMEM, "out of memory");
}

/* ── the best tenth ────────────────────────────────────────────────────────────────────────────*/

struct ranked {
    double loss, x;
};

static int by_loss(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->loss < right->loss) return -1;
    return left->loss > right->loss;
}

/* On the scale of the parameter, a fifth of the width to both sides, inside the range. */
static void add_margin(const struct dln_param *param, struct best_range *range)
{
    const double a = param->log ? log(range->bare_low) : range->bare_low;
    const double b = param->log ? log(range->bare_high) : range->bare_high;
    const double margin = (b - a) / MARGIN_PARTS;
    const double low = param->log ? exp(a - margin) : a - margin;
    const double high = param->log ? exp(b + margin) : b + margin;
    range->low = fmax(param->low, low);
    range->high = fmin(param->high, high);
    if (param->kind == DLN_PARAM_INT) {
        range->low = fmax(param->low, floor(range->low));
        range->high = fmin(param->high, ceil(range->high));
        if (param->step > 1) { /* stays on the grid of the range */
            range->low = param->low + floor((range->low - param->low) / param->step) * param->step;
        }
    } else if (param->step > 0) {
        range->low = param->low + floor((range->low - param->low) / param->step) * param->step;
    }
}

/* Three digits are enough for a bound that nobody typed; outwards is up to the margin. */
static double rounded(double x)
{
    char text[DLN_NUM_TEXT_MAX];
    double back = x;
    (void)snprintf(text, sizeof text, "%.2e", x);
    return dln_num_parse(text, strlen(text), &back) ? back : x;
}

bool change_best_range(const struct dln_param *param, size_t n, const double *x, const double *loss,
                       struct best_range *out)
{
    if (!is_number(param)) return false;
    struct ranked *ranked = calloc(n + 1, sizeof *ranked);
    size_t count = 0;
    if (!ranked) return false;
    for (size_t i = 0; i < n; i++) {
        if (isnan(loss[i]) || isnan(x[i])) continue;
        ranked[count++] = (struct ranked){.loss = loss[i], .x = x[i]};
    }
    qsort(ranked, count, sizeof *ranked, by_loss);
    struct best_range range = {.n = (count + BEST_SHARE - 1) / BEST_SHARE};
    if (range.n < 2 && count >= 2) range.n = 2;
    if (range.n < 2) {
        free(ranked);
        return false;
    }
    range.bare_low = HUGE_VAL;
    range.bare_high = -HUGE_VAL;
    for (size_t i = 0; i < range.n; i++) {
        range.bare_low = fmin(range.bare_low, ranked[i].x);
        range.bare_high = fmax(range.bare_high, ranked[i].x);
    }
    free(ranked);
    add_margin(param, &range);
    if (param->kind == DLN_PARAM_FLOAT && !(param->step > 0)) {
        if (range.low > param->low) range.low = fmax(param->low, rounded(range.low));
        if (range.high < param->high) range.high = fmin(param->high, rounded(range.high));
    }
    *out = range;
    return range.low < range.high;
}

/* ── before ────────────────────────────────────────────────────────────────────────────────────*/

const char *change_before(const char *name, size_t n, const struct dln_command *journal,
                          struct dln_arena *arena)
{
    struct dln_entry *entries;
    if (!dln_journal_entries(n, journal, arena, &entries, NULL)) return NULL;
    for (size_t i = 0; i < n; i++) {
        json_t *undo = NULL;
        const char *found = NULL;
        if (journal[i].kind != DLN_COMMAND_SET_SPACE || !entries[i].is_reversible) continue;
        if (entries[i].is_undone) continue;
        if (!dln_json_read(entries[i].undo, strlen(entries[i].undo), &undo, NULL)) continue;
        const json_t *value = json_object_get(json_object_get(undo, "edits"), name);
        if (value) {
            const char *text = json_string_value(value);
            found = dln_arena_copy(arena, text ? text : "");
        }
        json_decref(undo);
        if (found) return found;
    }
    return NULL;
}
