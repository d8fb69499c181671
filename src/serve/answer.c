/*
 * One request of a conversation and its answer. What is wrong with a request is its answer, with a
 * code to branch on and a sentence; half an answer is never given.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/nearest.h"
#include "dialin/num.h"
#include "engine/point.h"
#include "serve/tuner.h"

enum { ASK_MAX = 1000, DETAIL_MAX = 400 };

struct talk {
    dln_tuner *tuner;
    json_t *request; /* an object */
    struct dln_json_writer w;
};

/* ── fields of a request ───────────────────────────────────────────────────────────────────────*/

static bool read_whole(const struct talk *talk, const char *key, int64_t low, int64_t high,
                       int64_t *out, struct dln_error *err)
{
    const json_t *value = json_object_get(talk->request, key);
    if (!value) return dln_fail(err, DLN_INVALID, "it needs '%s'", key);
    const double real = json_number_value(value); /* 0 for what is no number */
    const bool is_whole = json_is_integer(value) ||
                          (json_is_real(value) && floor(real) == real && fabs(real) < DLN_INT_MAX);
    int64_t whole = 0;
    if (is_whole) whole = json_is_integer(value) ? json_integer_value(value) : (int64_t)real;
    if (is_whole && whole >= low && whole <= high) {
        *out = whole;
        return true;
    }
    if (high == INT64_MAX) {
        return dln_fail(err, DLN_INVALID, "'%s' must be a whole number from %" PRId64, key, low);
    }
    return dln_fail(err, DLN_INVALID, "'%s' must be a whole number from %" PRId64 " to %" PRId64,
                    key, low, high);
}

/* Python writes nan and infinities as bare words, which come here as text. */
static bool read_number(const json_t *value, const char *what, double *out, struct dln_error *err)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", (double)NAN}, {"Infinity", HUGE_VAL}, {"-Infinity", -HUGE_VAL}};
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return true;
    }
    for (size_t i = 0; json_is_string(value) && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(json_string_value(value), words[i].word) != 0) continue;
        *out = words[i].value;
        return true;
    }
    return dln_fail(err, DLN_INVALID, "'%.100s' must be a number", what);
}

static bool read_trial(const struct talk *talk, int64_t *number, struct dln_error *err)
{
    return read_whole(talk, "trial", 0, INT64_MAX, number, err);
}

/* ── ask ───────────────────────────────────────────────────────────────────────────────────────*/

static void write_params(struct talk *talk, const double *x)
{
    struct dln_strbuf params = {0};
    dln_space_json(&dln_tuner_study(talk->tuner)->space, x, &params);
    dln_json_key(&talk->w, "params");
    dln_json_raw(&talk->w, dln_strbuf_text(&params));
    if (!dln_strbuf_ok(&params)) talk->w.out->failed = true;
    dln_strbuf_release(&params);
}

static void write_asked(struct talk *talk, const struct dln_asked *asked)
{
    dln_json_key(&talk->w, "trial");
    dln_json_int(&talk->w, asked->number);
    write_params(talk, asked->x);
    dln_json_key(&talk->w, "seed");
    dln_json_int(&talk->w, (int64_t)asked->seed);
}

static void write_done(struct talk *talk, const struct dln_error *why)
{
    dln_json_key(&talk->w, "done");
    dln_json_bool(&talk->w, true);
    dln_json_key(&talk->w, "reason");
    dln_json_string(&talk->w, why->text);
}

/* As many as there are; what was started is answered whatever comes after it. */
static bool ask_several(struct talk *talk, struct dln_error *err)
{
    struct dln_asked asked;
    int64_t count;
    if (!read_whole(talk, "count", 1, ASK_MAX, &count, err)) return false;
    if (!dln_tuner_ask(talk->tuner, &asked, err)) {
        if (err->code != DLN_EXHAUSTED) return false;
        write_done(talk, err);
        return true;
    }
    dln_json_key(&talk->w, "trials");
    dln_json_array(&talk->w);
    do {
        dln_json_object(&talk->w);
        write_asked(talk, &asked);
        dln_json_end_object(&talk->w);
    } while (--count > 0 && dln_tuner_ask(talk->tuner, &asked, NULL));
    dln_json_end_array(&talk->w);
    return true;
}

static bool ask(struct talk *talk, struct dln_error *err)
{
    struct dln_asked asked;
    if (json_object_get(talk->request, "count")) return ask_several(talk, err);
    if (dln_tuner_ask(talk->tuner, &asked, err)) {
        write_asked(talk, &asked);
    } else if (err->code == DLN_EXHAUSTED) {
        write_done(talk, err);
    } else {
        return false;
    }
    return true;
}

/* ── tell ──────────────────────────────────────────────────────────────────────────────────────*/

struct telling {
    struct dln_told told;
    bool has_values;
    double values[DLN_OBJECTIVES_MAX];
    const char *names[DLN_TOLD_MAX];
    double metrics[DLN_TOLD_MAX], constraints[DLN_TOLD_MAX];
    char detail[DETAIL_MAX];
};

static bool read_state(const struct talk *talk, struct telling *telling, struct dln_error *err)
{
    const json_t *value = json_object_get(talk->request, "state");
    const char *word = value ? json_string_value(value) : "complete";
    struct dln_told *told = &telling->told;
    if (word && strcmp(word, "complete") == 0) {
        told->state = DLN_TRIAL_COMPLETE;
    } else if (word && strcmp(word, "pruned") == 0) {
        told->state = DLN_TRIAL_PRUNED;
    } else if (word && strcmp(word, "failed") == 0) {
        told->state = DLN_TRIAL_FAIL;
    } else {
        return dln_fail(err, DLN_INVALID, "'state' must be \"complete\", \"failed\" or \"pruned\"");
    }
    return true;
}

/* A word of the study file's `failure` is the reason itself, all else is said beside it. */
static bool read_reason(const struct talk *talk, struct telling *telling, struct dln_error *err)
{
    const json_t *value = json_object_get(talk->request, "reason");
    struct dln_told *told = &telling->told;
    told->reason = DLN_FAIL_EXIT;
    told->detail = told->state == DLN_TRIAL_FAIL ? "told as failed" : NULL;
    if (!value) return true;
    if (!json_is_string(value)) return dln_fail(err, DLN_INVALID, "'reason' must be text");
    const char *text = json_string_value(value);
    for (int i = DLN_FAIL_NONE + 1; i < DLN_FAIL_REASON_COUNT; i++) {
        if (strcmp(text, dln_fail_reason_name((enum dln_fail_reason)i)) == 0) {
            told->reason = (enum dln_fail_reason)i;
        }
    }
    struct dln_strbuf line = {0};
    for (const char *c = text; *c; c++)
        dln_strbuf_add_char(&line, *c == '\n' || *c == '\r' ? ' ' : *c);
    size_t len = line.len < DETAIL_MAX ? line.len : DETAIL_MAX - 1;
    while (len < line.len && len > 0 && ((unsigned char)line.data[len] & 0xC0) == 0x80)
        len--; /* not through a letter */
    if (len > 0) memcpy(telling->detail, line.data, len);
    const bool ok = dln_strbuf_ok(&line) || dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&line);
    told->detail = telling->detail;
    return ok;
}

static bool add_metric(struct telling *telling, const char *name, double value,
                       struct dln_error *err)
{
    struct dln_told *told = &telling->told;
    if (told->n_metrics == DLN_TOLD_MAX) {
        return dln_fail(err, DLN_INVALID, "more than %d metrics", DLN_TOLD_MAX);
    }
    telling->names[told->n_metrics] = name;
    telling->metrics[told->n_metrics++] = value;
    return true;
}

/* Metric → number: objectives by their name, what is none of them beside. */
static bool read_named(const struct talk *talk, json_t *map, struct telling *telling,
                       struct dln_error *err)
{
    const struct dln_study *study = dln_tuner_study(talk->tuner);
    bool found[DLN_OBJECTIVES_MAX] = {false};
    const char *name;
    json_t *value;
    json_object_foreach(map, name, value)
    {
        double number;
        size_t k = 0;
        if (!read_number(value, name, &number, err)) return false;
        while (k < study->n_objectives && strcmp(study->objectives[k].metric, name) != 0)
            k++;
        if (k == study->n_objectives) {
            if (!add_metric(telling, name, number, err)) return false;
        } else {
            telling->values[k] = number;
            found[k] = telling->has_values = true;
        }
    }
    for (size_t k = 0; telling->has_values && k < study->n_objectives; k++) {
        if (found[k]) continue;
        return dln_fail(err, DLN_INVALID, "the objective '%.200s' has no value",
                        study->objectives[k].metric);
    }
    return true;
}

static bool read_list(const struct talk *talk, const json_t *list, struct telling *telling,
                      struct dln_error *err)
{
    const size_t n = dln_tuner_study(talk->tuner)->n_objectives;
    if (json_array_size(list) != n) {
        return dln_fail(err, DLN_INVALID, "'values' must be a list of %zu number%s", n,
                        n == 1 ? "" : "s");
    }
    for (size_t k = 0; k < n; k++) {
        if (!read_number(json_array_get(list, k), "values", &telling->values[k], err)) return false;
    }
    telling->has_values = true;
    return true;
}

static bool read_values(const struct talk *talk, struct telling *telling, struct dln_error *err)
{
    const size_t n = dln_tuner_study(talk->tuner)->n_objectives;
    const json_t *value = json_object_get(talk->request, "value");
    json_t *values = json_object_get(talk->request, "values");
    json_t *metrics = json_object_get(talk->request, "metrics");
    if (value && values) return dln_fail(err, DLN_INVALID, "'value' or 'values', not both");
    if (value) {
        if (n != 1) return dln_fail(err, DLN_INVALID, "it needs 'values', a list of %zu", n);
        if (!read_number(value, "value", &telling->values[0], err)) return false;
        telling->has_values = true;
    } else if (json_is_object(values)) {
        if (!read_named(talk, values, telling, err)) return false;
    } else if (values && !read_list(talk, values, telling, err)) {
        return false;
    }
    if (metrics && !json_is_object(metrics)) {
        return dln_fail(err, DLN_INVALID, "'metrics' must be a map of name to number");
    }
    const char *name;
    json_object_foreach(metrics, name, value)
    {
        double number;
        if (!read_number(value, name, &number, err)) return false;
        if (!add_metric(telling, name, number, err)) return false;
    }
    if (telling->told.state != DLN_TRIAL_COMPLETE || telling->has_values) return true;
    return dln_fail(err, DLN_INVALID, "it needs '%s', or 'state': \"failed\" or \"pruned\"",
                    n == 1 ? "value" : "values");
}

static bool read_constraints(const struct talk *talk, struct telling *telling,
                             struct dln_error *err)
{
    const json_t *list = json_object_get(talk->request, "constraints");
    const size_t n = json_array_size(list);
    if (list && (!json_is_array(list) || n > DLN_TOLD_MAX)) {
        return dln_fail(err, DLN_INVALID, "'constraints' must be a list of at most %d numbers",
                        DLN_TOLD_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (!read_number(json_array_get(list, i), "constraints", &telling->constraints[i], err)) {
            return false;
        }
    }
    telling->told.n_constraints = n;
    return true;
}

static bool tell(struct talk *talk, struct dln_error *err)
{
    int64_t number;
    struct telling *telling = calloc(1, sizeof *telling);
    if (!telling) return dln_fail(err, DLN_NOMEM, "out of memory");
    bool ok = read_trial(talk, &number, err) && read_state(talk, telling, err) &&
              read_reason(talk, telling, err) && read_values(talk, telling, err) &&
              read_constraints(talk, telling, err);
    if (ok) {
        if (telling->has_values) telling->told.values = telling->values;
        telling->told.metric_names = telling->names;
        telling->told.metric_values = telling->metrics;
        telling->told.constraints = telling->constraints;
        ok = dln_tuner_tell(talk->tuner, number, &telling->told, err);
    }
    free(telling);
    if (!ok) return false;
    dln_json_key(&talk->w, "ok");
    dln_json_bool(&talk->w, true);
    return true;
}

static bool report(struct talk *talk, struct dln_error *err)
{
    int64_t number;
    int64_t step;
    double value;
    struct dln_advice advice;
    const json_t *given = json_object_get(talk->request, "value");
    if (!read_trial(talk, &number, err)) return false;
    if (!read_whole(talk, "step", 0, INT64_MAX, &step, err)) return false;
    if (!given) return dln_fail(err, DLN_INVALID, "it needs 'value'");
    if (!read_number(given, "value", &value, err)) return false;
    if (!dln_tuner_report(talk->tuner, number, step, value, &advice, err)) return false;
    dln_json_key(&talk->w, "prune");
    dln_json_bool(&talk->w, advice.prune);
    if (!advice.prune) return true;
    dln_json_key(&talk->w, "why");
    dln_json_string(&talk->w, advice.why);
    return true;
}

/* ── queue ───────────────────────────────────────────────────────────────────────────────*/

/* `params` of the request, NaN where nothing is given; the caller frees it. NULL: err says why. */
static double *read_point(const struct talk *talk, bool anywhere, struct dln_error *err)
{
    const struct dln_space *space = &dln_tuner_study(talk->tuner)->space;
    json_t *params = json_object_get(talk->request, "params");
    if (!json_is_object(params)) {
        dln_fail(err, DLN_INVALID, "it needs 'params', a map of name to value");
        return NULL;
    }
    double *x = calloc(space->n + 1, sizeof *x);
    if (!x) {
        dln_fail(err, DLN_NOMEM, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < space->n; i++)
        x[i] = (double)NAN;
    if (anywhere ? dln_point_read_anywhere(space, params, x, err)
                 : dln_point_read(space, params, x, err)) {
        return x;
    }
    free(x);
    return NULL;
}

static bool enqueue(struct talk *talk, struct dln_error *err)
{
    int64_t number;
    double *x = read_point(talk, false, err);
    const bool ok = x && dln_tuner_enqueue(talk->tuner, x, &number, err);
    free(x);
    if (!ok) return false;
    dln_json_key(&talk->w, "trial");
    dln_json_int(&talk->w, number);
    return true;
}

/* ── predict ───────────────────────────────────────────────────────────────────────────────────*/

static void write_expected(struct talk *talk, const char *key, size_t n, const double *values)
{
    dln_json_key(&talk->w, key);
    dln_json_array(&talk->w);
    for (size_t k = 0; k < n; k++)
        dln_json_double(&talk->w, values[k]);
    dln_json_end_array(&talk->w);
}

static void write_nearest(struct talk *talk, const struct dln_prediction *p)
{
    dln_json_key(&talk->w, "nearest");
    dln_json_array(&talk->w);
    for (size_t i = 0; i < p->n_nearest; i++) {
        dln_json_object(&talk->w);
        dln_json_key(&talk->w, "trial");
        dln_json_int(&talk->w, p->nearest[i].number);
        dln_json_key(&talk->w, "value");
        dln_json_double(&talk->w, p->nearest[i].value);
        dln_json_key(&talk->w, "distance");
        dln_json_double(&talk->w, p->nearest[i].distance);
        dln_json_end_object(&talk->w);
    }
    dln_json_end_array(&talk->w);
}

static void write_prediction(struct talk *talk, const struct dln_prediction *p,
                             const char *const *why_not)
{
    enum { MEAN, SD, LOW, HIGH, CHANCE, N_LISTS };
    static const char *const keys[N_LISTS] = {"mean", "sd", "low", "high", "chance"};
    const size_t n = dln_tuner_study(talk->tuner)->n_objectives;
    double lists[N_LISTS][DLN_OBJECTIVES_MAX];
    const char *why = "";
    for (size_t k = 0; k < n; k++) {
        lists[MEAN][k] = p->expected[k].mean;
        lists[SD][k] = p->expected[k].sd;
        lists[LOW][k] = p->expected[k].low;
        lists[HIGH][k] = p->expected[k].high;
        lists[CHANCE][k] = p->expected[k].chance;
        if (!p->expected[k].is_known) why = why_not[k];
    }
    for (size_t i = 0; i < N_LISTS; i++)
        write_expected(talk, keys[i], n, lists[i]);
    dln_json_key(&talk->w, "works");
    dln_json_double(&talk->w, p->chance_works);
    write_nearest(talk, p);
    dln_json_key(&talk->w, "extrapolates");
    dln_json_string(&talk->w, p->far == DLN_FAR_NOT ? NULL : p->far_text);
    if (!why[0]) return;
    dln_json_key(&talk->w, "why_not");
    dln_json_string(&talk->w, why);
}

static bool predict(struct talk *talk, struct dln_error *err)
{
    struct dln_prediction prediction;
    const char *why_not[DLN_OBJECTIVES_MAX];
    double *x = read_point(talk, true, err);
    const bool ok = x && dln_tuner_predict(talk->tuner, x, &prediction, why_not, err);
    if (ok) {
        write_params(talk, x);
        write_prediction(talk, &prediction, why_not);
    }
    free(x);
    return ok;
}

/* ── best ──────────────────────────────────────────────────────────────────────────────────────*/

static void write_best(struct talk *talk, const struct dln_best *best)
{
    const size_t n = dln_tuner_study(talk->tuner)->n_objectives;
    dln_json_key(&talk->w, "trial");
    dln_json_int(&talk->w, best->number);
    write_params(talk, best->x);
    dln_json_key(&talk->w, "values");
    dln_json_array(&talk->w);
    for (size_t k = 0; k < n; k++)
        dln_json_double(&talk->w, best->values[k]);
    dln_json_end_array(&talk->w);
}

static bool best(struct talk *talk, struct dln_error *err)
{
    struct dln_best found;
    if (!talk->tuner->keeper->refresh(talk->tuner->keeper, err)) return false;
    if (dln_tuner_study(talk->tuner)->n_objectives == 1) {
        if (dln_tuner_best(talk->tuner, 0, &found)) {
            write_best(talk, &found);
        } else {
            dln_json_key(&talk->w, "trial");
            dln_json_null(&talk->w);
        }
        return true;
    }
    dln_json_key(&talk->w, "trials");
    dln_json_array(&talk->w);
    for (size_t i = 0; dln_tuner_best(talk->tuner, i, &found); i++) {
        dln_json_object(&talk->w);
        write_best(talk, &found);
        dln_json_end_object(&talk->w);
    }
    dln_json_end_array(&talk->w);
    return true;
}

/* ── one line ──────────────────────────────────────────────────────────────────────────────────*/

enum { KEYS_MAX = 8 };

static const struct op {
    const char *name;
    const char *keys[KEYS_MAX]; /* besides op and id */
    bool (*run)(struct talk *talk, struct dln_error *err);
} ops[] = {
    {"ask", {"count"}, ask},
    {"tell", {"trial", "value", "values", "state", "reason", "metrics", "constraints"}, tell},
    {"report", {"trial", "step", "value"}, report},
    {"enqueue", {"params"}, enqueue},
    {"predict", {"params"}, predict},
    {"best", {NULL}, best},
};
enum { N_OPS = sizeof ops / sizeof ops[0] };

static const char *code_word(enum dln_code code)
{
    switch (code) {
    case DLN_NOMEM: return "no-memory";
    case DLN_USAGE: return "bad-json";
    case DLN_INVALID: return "bad-request";
    case DLN_UNSUPPORTED: return "unknown-op";
    case DLN_NOT_FOUND: return "unknown-trial";
    case DLN_BUSY: return "busy";
    case DLN_REFUSED: return "not-running";
    case DLN_NUMERIC: return "not-a-number";
    case DLN_OK:
    case DLN_EXHAUSTED:
    case DLN_TIMEOUT:
    case DLN_IO:
    case DLN_STORAGE:
    case DLN_CORRUPT: break;
    }
    return "storage";
}

static bool find_op(const json_t *request, const struct op **out, struct dln_error *err)
{
    const char *name = json_string_value(json_object_get(request, "op"));
    struct dln_nearest search = {.wanted = name};
    if (!name) {
        return dln_fail(err, DLN_UNSUPPORTED,
                        "it needs 'op': ask, tell, report, enqueue, predict or best");
    }
    for (size_t i = 0; i < N_OPS; i++) {
        *out = &ops[i];
        if (strcmp(name, ops[i].name) == 0) return true;
        dln_nearest_offer(&search, ops[i].name);
    }
    if (search.best) {
        return dln_fail(err, DLN_UNSUPPORTED, "there is no op '%.100s'; did you mean '%s'?", name,
                        search.best);
    }
    return dln_fail(
        err, DLN_UNSUPPORTED,
        "there is no op '%.100s'; there are ask, tell, report, enqueue, predict and best", name);
}

static bool check_keys(json_t *request, const struct op *op, struct dln_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(request, key, value)
    {
        struct dln_nearest search = {.wanted = key};
        bool known = strcmp(key, "op") == 0 || strcmp(key, "id") == 0;
        for (size_t i = 0; i < KEYS_MAX && op->keys[i]; i++) {
            known = known || strcmp(key, op->keys[i]) == 0;
            dln_nearest_offer(&search, op->keys[i]);
        }
        if (known) continue;
        return dln_fail(err, DLN_INVALID, "%s has no '%.100s'%s%s%s", op->name, key,
                        search.best ? "; did you mean '" : "", search.best ? search.best : "",
                        search.best ? "'?" : "");
    }
    return true;
}

static bool parse(const char *line, size_t len, json_t **out, struct dln_error *err)
{
    struct dln_error why = {0};
    json_t *value;
    if (!dln_json_read(line, len, &value, &why)) {
        return dln_fail(err, why.code == DLN_INVALID ? DLN_USAGE : why.code, "%s", why.text);
    }
    if (!json_is_object(value)) {
        json_decref(value);
        return dln_fail(err, DLN_USAGE, "a request is a JSON object: {\"op\": \"ask\"}");
    }
    *out = value;
    return true;
}

static void open_answer(struct talk *talk)
{
    const json_t *id = json_object_get(talk->request, "id");
    dln_json_object(&talk->w);
    if (!id) return;
    dln_json_key(&talk->w, "id");
    dln_json_value(&talk->w, id);
}

static void write_error(struct talk *talk, const char *code, const char *text)
{
    dln_json_key(&talk->w, "error");
    dln_json_object(&talk->w);
    dln_json_key(&talk->w, "code");
    dln_json_string(&talk->w, code);
    dln_json_key(&talk->w, "message");
    dln_json_string(&talk->w, text);
    dln_json_end_object(&talk->w);
}

void dln_tuner_answer(dln_tuner *tuner, const char *line, size_t len, struct dln_strbuf *answer)
{
    const size_t start = answer->len;
    const struct op *op;
    struct dln_error err = {0};
    struct talk talk = {.tuner = tuner, .w = {.out = answer}};
    bool ok = parse(line, len, &talk.request, &err);
    open_answer(&talk);
    ok = ok && find_op(talk.request, &op, &err) && check_keys(talk.request, op, &err) &&
         op->run(&talk, &err);
    if (!ok) {
        dln_strbuf_cut(answer, start);
        talk.w = (struct dln_json_writer){.out = answer};
        open_answer(&talk);
        write_error(&talk, code_word(err.code), err.text);
    }
    dln_json_end_object(&talk.w);
    dln_strbuf_add_char(answer, '\n');
    json_decref(talk.request);
}
