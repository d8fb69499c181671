/*
 * Trials of an earlier study as points of this one. Names are matched with names, values with
 * values: a number must be in the range it has now, a choice must be one that there still is. What
 * the earlier study does not know is taken to have been at its default. Values are compared as
 * z-scores within their own study, never with those of another one.
 */
#include "store/past.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "store/handle.h"

enum { KEPT_MAX = 256, KEPT_BEST = 128, PORTFOLIO_MAX = 4 };

/* ── one value ─────────────────────────────────────────────────────────────────────────────────*/

static double choice_of(const struct dln_param *param, const json_t *value, struct dln_strbuf *room)
{
    struct dln_strbuf wanted = {0};
    struct dln_json_writer w = {.out = &wanted};
    double found = (double)NAN;
    dln_json_value(&w, value);
    for (size_t k = 0; k < param->n_choices && isnan(found); k++) {
        dln_strbuf_reset(room);
        dln_param_json(param, (double)k, room);
        if (strcmp(dln_strbuf_text(room), dln_strbuf_text(&wanted)) == 0) found = (double)k;
    }
    dln_strbuf_release(&wanted);
    return found;
}

/* The value as this parameter has it, on its grid; NaN where it cannot have it. */
static double value_of(const struct dln_param *param, const json_t *value, struct dln_strbuf *room)
{
    if (param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG) {
        return choice_of(param, value, room);
    }
    if (!json_is_number(value)) return (double)NAN;
    const double x = json_number_value(value);
    if (!(x >= param->low && x <= param->high)) return (double)NAN;
    if (param->kind == DLN_PARAM_INT && x != floor(x)) return (double)NAN;
    if (param->step == 0) return x;
    const double k = nearbyint((x - param->low) / param->step);
    return param->log ? x : dln_param_nth(param, k);
}

/* ── one trial ─────────────────────────────────────────────────────────────────────────────────*/

/* How a trial says that it has no value for a name; no choice looks like this. */
static json_t *make_inactive(void)
{
    json_t *inactive = json_object();
    (void)json_object_set_new(inactive, "inactive", json_true());
    return inactive;
}

static bool is_inactive(const json_t *value)
{
    return !value || json_is_true(json_object_get(value, "inactive"));
}

static double default_of(const struct dln_param *param)
{
    const bool is_number = param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT;
    return param->has_initial ? param->initial : is_number ? dln_param_decode(param, 0.5) : 0;
}

bool dln_past_place(const struct dln_space *space, const json_t *names, const json_t *values,
                    double *x, size_t *culprit)
{
    const size_t n = json_array_size(names);
    struct dln_strbuf room = {0};
    *culprit = space->n;
    for (size_t i = 0; i < space->n; i++) {
        const json_t *value = NULL;
        for (size_t k = 0; k < n && !value; k++) {
            const char *name = json_string_value(json_array_get(names, k));
            if (name && strcmp(name, space->params[i].name) == 0) value = json_array_get(values, k);
        }
        x[i] = is_inactive(value) ? default_of(&space->params[i])
                                  : value_of(&space->params[i], value, &room);
        if (isnan(x[i]) && *culprit == space->n) *culprit = i;
    }
    dln_strbuf_release(&room);
    if (*culprit < space->n) return false;
    (void)dln_space_activate(space, x);
    return dln_space_allows(space, x, NULL);
}

/* ── the earlier study ─────────────────────────────────────────────────────────────────────────*/

struct source {
    dln_store *store;
    int64_t id;
    struct dln_study_summary summary;
    struct dln_space space;
    struct dln_history_row *rows;
    size_t n;
    size_t objective[DLN_OBJECTIVES_MAX]; /* of the earlier study, for each of ours */
};

/* "old.db", or "old.db#study" where the file holds several. */
static bool open_source(const struct dln_study *def, const char *from, struct dln_arena *arena,
                        struct source *source, struct dln_error *err)
{
    const char *hash = strrchr(from, '#');
    const size_t len = hash ? (size_t)(hash - from) : strlen(from);
    const bool is_absolute = from[0] == '/' || !def->directory || !def->directory[0];
    const char *path = is_absolute
                           ? dln_arena_copy_len(arena, from, len)
                           : dln_arena_printf(arena, "%s/%.*s", def->directory, (int)len, from);
    if (!path) return dln_fail(err, DLN_NOMEM, "out of memory");
    return dln_store_open(path, DLN_STORE_READ, &source->store, err) &&
           dln_store_find_study(source->store, hash ? hash + 1 : NULL, &source->id, err) &&
           dln_store_study(source->store, source->id, arena, &source->summary, err) &&
           dln_store_infer_space(source->store, source->id, arena, &source->space, err) &&
           dln_store_history(source->store, source->id, &source->space,
                             source->summary.n_objectives, 0, arena, &source->rows, &source->n,
                             err);
}

static bool match_objectives(const struct dln_study *def, struct source *source,
                             struct dln_error *err)
{
    const struct dln_study_summary *s = &source->summary;
    for (size_t k = 0; k < def->n_objectives; k++) {
        const struct dln_objective *ours = &def->objectives[k];
        size_t at = 0;
        while (at < s->n_objectives && strcmp(s->metric_names[at], ours->metric) != 0)
            at++;
        if (at == s->n_objectives && s->n_objectives == 1 && def->n_objectives == 1) at = 0;
        if (at == s->n_objectives) {
            return dln_fail(err, DLN_INVALID, "study '%.80s' has no objective '%.80s'", s->name,
                            ours->metric);
        }
        if (s->maximize[at] != ours->maximize) {
            return dln_fail(err, DLN_INVALID,
                            "study '%.80s' is to %s '%.80s', this one is to %s it", s->name,
                            s->maximize[at] ? "maximize" : "minimize", s->metric_names[at],
                            ours->maximize ? "maximize" : "minimize");
        }
        source->objective[k] = at;
    }
    return true;
}

/* A complete trial within its limits. */
static bool is_usable(const struct source *source, const struct dln_history_row *row)
{
    if (row->state != DLN_TRIAL_COMPLETE || row->violation > 0) return false;
    for (size_t k = 0; k < source->summary.n_objectives; k++) {
        if (!isfinite(row->values[k])) return false;
    }
    return true;
}

/* The trial's values in JSON; {} where it has none. NULL: no memory. */
static json_t *values_of(const struct source *source, const struct dln_history_row *row)
{
    json_t *values = json_array();
    struct dln_strbuf text = {0};
    for (size_t i = 0; i < source->space.n; i++) {
        json_t *value = NULL;
        dln_strbuf_reset(&text);
        if (isnan(row->x[i])) {
            value = make_inactive();
        } else {
            dln_param_json(&source->space.params[i], row->x[i], &text);
            if (!dln_json_read(dln_strbuf_text(&text), text.len, &value, NULL)) value = NULL;
        }
        (void)json_array_append_new(values, value ? value : make_inactive());
    }
    dln_strbuf_release(&text);
    return values;
}

/* ── scores ────────────────────────────────────────────────────────────────────────────────────*/

struct candidate {
    const struct dln_history_row *row;
    double *x, score;
};

/* The mean over objectives of (loss − mean) / sd: less is better. */
static void score(const struct dln_study *def, const struct source *source,
                  struct candidate *trials, size_t n)
{
    for (size_t k = 0; k < def->n_objectives; k++) {
        const double sign = def->objectives[k].maximize ? -1 : 1;
        const size_t at = source->objective[k];
        double most = 0; /* the values are taken as shares of it, so that no sum overflows */
        double mean = 0;
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            most = fmax(most, fabs(trials[i].row->values[at]));
        if (most == 0) continue;
        for (size_t i = 0; i < n; i++)
            mean += trials[i].row->values[at] / most / (double)n;
        for (size_t i = 0; i < n; i++) {
            const double gap = trials[i].row->values[at] / most - mean;
            sum += gap * gap / (double)n;
        }
        if (!(sum > 1e-24)) continue;
        for (size_t i = 0; i < n; i++) {
            const double gap = trials[i].row->values[at] / most - mean;
            trials[i].score += sign * gap / sqrt(sum) / (double)def->n_objectives;
        }
    }
}

static int by_score(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    if (left->score != right->score) return left->score < right->score ? -1 : 1;
    return (left->row->number > right->row->number) - (left->row->number < right->row->number);
}

/* The best, and of the rest every so many, so that what is bad is known too. */
static size_t thin(struct candidate *trials, size_t n)
{
    if (n <= KEPT_MAX) return n;
    const size_t rest = n - KEPT_BEST;
    const size_t wanted = KEPT_MAX - KEPT_BEST;
    for (size_t i = 0; i < wanted; i++)
        trials[KEPT_BEST + i] = trials[KEPT_BEST + i * rest / wanted];
    return KEPT_MAX;
}

/* ── what was matched, in words ────────────────────────────────────────────────────────────────*/

/* The names of one space that the other has, or has not; NULL: no memory. */
static const char *list_names(const struct dln_space *of, const struct dln_space *other,
                              bool shared, struct dln_arena *arena)
{
    struct dln_strbuf list = {0};
    for (size_t i = 0; i < of->n; i++) {
        const char *name = of->params[i].name;
        if ((dln_space_find(other, name) != SIZE_MAX) != shared) continue;
        dln_strbuf_addf(&list, "%s%s", list.len ? ", " : "", name);
    }
    const char *copy = dln_strbuf_ok(&list) ? dln_arena_copy(arena, dln_strbuf_text(&list)) : NULL;
    dln_strbuf_release(&list);
    return copy;
}

static bool describe(const struct dln_study *def, const struct source *source,
                     struct dln_arena *arena, struct dln_past_report *out, struct dln_error *err)
{
    out->study = source->summary.name;
    out->matched = list_names(&def->space, &source->space, true, arena);
    out->only_here = list_names(&def->space, &source->space, false, arena);
    out->only_there = list_names(&source->space, &def->space, false, arena);
    if (!out->matched || !out->only_here || !out->only_there) {
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    if (out->matched[0]) return true;
    return dln_fail(err, DLN_INVALID, "study '%.80s' has no parameter of this one",
                    source->summary.name);
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

/* Every usable trial that has a place here, the best first; *n of them. NULL: no memory. */
static struct candidate *place_all(const struct dln_study *def, const struct source *source,
                                   struct dln_arena *arena, struct dln_past_report *out, size_t *n)
{
    const size_t d = def->space.n;
    struct candidate *trials = DLN_ARENA_ARRAY(arena, struct candidate, source->n);
    double *x = DLN_ARENA_ARRAY(arena, double, source->n *d);
    size_t *n_outside = DLN_ARENA_ARRAY(arena, size_t, d + 1);
    json_t *names = json_array();
    bool ok = trials && x && n_outside && names;
    out->n_outside = n_outside;
    for (size_t i = 0; ok && i < source->space.n; i++)
        ok = json_array_append_new(names, json_string(source->space.params[i].name)) == 0;
    *n = 0;
    for (size_t i = 0; ok && i < source->n; i++) {
        size_t culprit;
        if (!is_usable(source, &source->rows[i])) continue;
        json_t *values = values_of(source, &source->rows[i]);
        ok = values != NULL;
        out->n_trials++;
        trials[*n] = (struct candidate){.row = &source->rows[i], .x = x + *n * d};
        if (ok && dln_past_place(&def->space, names, values, trials[*n].x, &culprit)) {
            ++*n;
        } else if (ok) {
            n_outside[culprit]++;
        }
        json_decref(values);
    }
    json_decref(names);
    if (!ok) return NULL;
    score(def, source, trials, *n);
    if (*n > 0) qsort(trials, *n, sizeof *trials, by_score);
    return trials;
}

static bool gather(const struct dln_study *def, const struct source *source,
                   struct dln_arena *arena, struct dln_past_report *out, struct dln_error *err)
{
    const size_t d = def->space.n;
    size_t n = 0;
    struct candidate *trials = place_all(def, source, arena, out, &n);
    if (!trials) return dln_fail(err, DLN_NOMEM, "out of memory");
    out->n_fitting = n;
    n = thin(trials, n);
    double *x = DLN_ARENA_ARRAY(arena, double, n *d);
    double *scores = DLN_ARENA_ARRAY(arena, double, n);
    if (!x || !scores) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (d > 0) memcpy(x + i * d, trials[i].x, d * sizeof *x);
        scores[i] = trials[i].score;
    }
    out->past = (struct dln_past){.from = out->from, .n = n, .x = x, .score = scores};
    return true;
}

bool dln_store_past(const struct dln_study *def, const char *from, struct dln_arena *arena,
                    struct dln_past_report *out, struct dln_error *err)
{
    struct source source = {0};
    struct dln_past_report report = {.from = from};
    const bool ok =
        open_source(def, from, arena, &source, err) && match_objectives(def, &source, err) &&
        describe(def, &source, arena, &report, err) && gather(def, &source, arena, &report, err);
    dln_store_close(source.store);
    if (!ok) return dln_wrap(err, "warm_start: '%.300s'", from);
    *out = report;
    return true;
}

bool dln_past_portfolio(const struct dln_study *def, size_t n_past, const struct dln_past *past,
                        struct dln_arena *arena, const double **x, size_t *n, struct dln_error *err)
{
    const size_t d = def->space.n;
    const int64_t budget = def->budget.trials;
    size_t most = PORTFOLIO_MAX;
    if (budget > 0 && most > (size_t)(budget + 4) / 5) most = (size_t)(budget + 4) / 5;
    double *chosen = DLN_ARENA_ARRAY(arena, double, most *d);
    if (!chosen) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = 0;
    bool has_more = true;
    for (size_t rank = 0; has_more && count < most; rank++) {
        has_more = false;
        for (size_t s = 0; s < n_past && count < most; s++) {
            if (rank >= past[s].n) continue;
            has_more = true;
            const double *point = past[s].x + rank * d;
            bool is_new = true;
            for (size_t k = 0; k < count; k++)
                is_new = is_new && !dln_space_same(&def->space, chosen + k * d, point);
            if (is_new && d > 0) memcpy(chosen + count * d, point, d * sizeof *point);
            count += is_new;
        }
    }
    *x = chosen;
    *n = count;
    return true;
}
