/* Verbs on the space of a study, planned over the trials that are on the screen. */
#include "verbs_space.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/space_plan.h"
#include "space_change.h"

void complete_param(struct view *view,
                    void (*offer)(void *context, const char *word, const char *help), void *context)
{
    const struct dln_space *space = view->session.space;
    for (size_t i = 0; space && i < space->n; i++)
        offer(context, space->params[i].name, "");
}

static const struct dln_param *param_of(const struct view *view, const char *word, size_t len,
                                        struct dln_error *err)
{
    char name[DLN_PARAM_NAME_MAX];
    (void)snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1),
                   word);
    const size_t at = dln_space_find(view->session.space, name);
    if (at != SIZE_MAX) return &view->session.space->params[at];
    (void)dln_fail(err, DLN_NOT_FOUND, "there is no parameter '%s'", name);
    return NULL;
}

static bool add_edit(json_t *edits, const char *name, const char *definition, struct dln_error *err)
{
    json_t *value = definition ? json_string(definition) : json_null();
    return json_object_set_new(edits, name, value) == 0 || dln_fail(err, DLN_INVALID, "no text");
}

/* Finished trials that the space after the edits would not propose any more. */
static void add_outside(const struct view *view, const json_t *edits, const struct dln_space *next,
                        struct dln_strbuf *out)
{
    const struct model *model = &view->session.model;
    size_t n_outside = 0, n_finished = 0;
    for (size_t row = 0; row < model->n; row++) {
        if (model->state[row] == DLN_TRIAL_RUNNING || model->state[row] == DLN_TRIAL_WAITING) {
            continue;
        }
        bool is_outside = false;
        n_finished++;
        for (size_t p = 0; p < next->n && !is_outside; p++) {
            if (!json_object_get(edits, next->params[p].name)) continue;
            const size_t at = dln_space_find(view->session.space, next->params[p].name);
            if (at == SIZE_MAX || at >= model->d) continue;
            const double x = model->x[at][row];
            is_outside = !isnan(x) && !dln_param_contains(&next->params[p], x);
        }
        n_outside += is_outside;
    }
    dln_strbuf_addf(out, "%zu of %zu finished trials lie outside and still inform the model.",
                    n_outside, n_finished);
    if (model->count[DLN_TRIAL_RUNNING] > 0) {
        dln_strbuf_addf(out, " %" PRId64 " running keep their values.",
                        model->count[DLN_TRIAL_RUNNING]);
    }
}

static bool finish_edits(struct view *view, json_t *edits, struct plan *plan, struct dln_error *err)
{
    struct dln_space_plan made;
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &plan->payload};
    if (!dln_space_plan_make(NULL, 0, view->session.definition, edits, &made, err)) return false;
    plan->kind = DLN_COMMAND_SET_SPACE;
    dln_json_object(&w);
    dln_json_key(&w, "edits");
    dln_json_value(&w, edits);
    dln_json_end_object(&w);
    if (json_object_size(edits) > 2) { /* the space screen shows each */
        dln_strbuf_addf(&text, "%zu parameters get another range. ", json_object_size(edits));
    } else {
        dln_strbuf_addf(&text, "%s. ", dln_strbuf_text(&made.change));
    }
    add_outside(view, edits, &made.study->space, &text);
    dln_strbuf_add(&text, " u undoes.");
    (void)snprintf(plan->effect, sizeof plan->effect, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    dln_space_plan_release(&made);
    return true;
}

static bool range_edit(json_t *edits, const struct dln_param *param, double low, double high,
                       struct dln_error *err)
{
    struct dln_strbuf text = {0};
    const bool ok = change_range(param, low, high, &text, err) &&
                    add_edit(edits, param->name, dln_strbuf_text(&text), err);
    dln_strbuf_release(&text);
    return ok;
}

/* Where the best tenth lies; `must`: says why it cannot be narrowed. */
static bool best_edit(struct view *view, json_t *edits, const struct dln_param *param, bool must,
                      struct dln_error *err)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    struct dln_arena arena = {0};
    struct best_range range;
    double *loss = DLN_ARENA_ARRAY(&arena, double, model->n + 1);
    bool ok = loss || dln_fail(err, DLN_NOMEM, "out of memory");
    if (ok && model->m != 1) {
        ok = dln_fail(err, DLN_UNSUPPORTED, "with several objectives there is no best tenth");
    } else if (ok) {
        for (size_t i = 0; i < model->n; i++) {
            loss[i] = model->state[i] != DLN_TRIAL_COMPLETE ? (double)NAN
                      : session->maximize                   ? -model->value[0][i]
                                                            : model->value[0][i];
        }
        const size_t p = (size_t)(param - session->space->params);
        if (!change_best_range(param, model->n, model->x[p], loss, &range)) {
            ok = !must ||
                 dln_fail(err, DLN_REFUSED,
                          "%s: no best tenth to go by (numbers, two finished trials)", param->name);
        } else if (range.low <= param->low && range.high >= param->high) {
            ok = !must || dln_fail(err, DLN_REFUSED, "the best tenth needs the whole range of %s",
                                   param->name);
        } else {
            ok = range_edit(edits, param, range.low, range.high, err);
        }
    }
    dln_arena_release(&arena);
    return ok;
}

static bool narrow_edits(struct view *view, const struct verb_words *words, json_t *edits,
                         struct dln_error *err)
{
    const struct dln_space *space = view->session.space;
    for (size_t i = 0; words->n == 1 && i < space->n; i++) {
        if (!best_edit(view, edits, &space->params[i], false, err)) return false;
    }
    for (size_t i = 1; i < words->n; i++) {
        const char *equals = strchr(words->word[i], '=');
        const char *range = equals ? equals + 1 : i + 1 < words->n ? words->word[i + 1] : "";
        double low = 0, high = 0;
        const struct dln_param *param =
            param_of(view, words->word[i],
                     equals ? (size_t)(equals - words->word[i]) : strlen(words->word[i]), err);
        if (!param) return false;
        const bool has_range = change_parse_range(range, &low, &high);
        if (equals && !has_range) return dln_fail(err, DLN_USAGE, "a range is 1e-4..1e-2");
        if (has_range ? !range_edit(edits, param, low, high, err)
                      : !best_edit(view, edits, param, true, err)) {
            return false;
        }
        i += has_range && !equals;
    }
    return json_object_size(edits) > 0 ||
           dln_fail(err, DLN_REFUSED, "the best tenth needs the whole range of every parameter");
}

static bool freeze_edits(struct view *view, const struct verb_words *words, json_t *edits,
                         struct dln_error *err)
{
    const struct session *session = &view->session;
    for (size_t i = 1; i < words->n; i++) {
        const char *equals = strchr(words->word[i], '=');
        struct dln_strbuf text = {0};
        double x = (double)NAN;
        const struct dln_param *param =
            param_of(view, words->word[i],
                     equals ? (size_t)(equals - words->word[i]) : strlen(words->word[i]), err);
        if (!param) return false;
        if (equals) {
            if (!dln_param_parse(param, equals + 1, &x, err)) return false;
        } else if (session->best.best < session->model.n) {
            x = session->model.x[param - session->space->params][session->best.best];
        }
        const bool ok = (!isnan(x) || dln_fail(err, DLN_USAGE, "at which value: freeze %s=VALUE",
                                               param->name)) &&
                        change_freeze(param, x, &text, err) &&
                        add_edit(edits, param->name, dln_strbuf_text(&text), err);
        dln_strbuf_release(&text);
        if (!ok) return false;
    }
    return words->n > 1 || dln_fail(err, DLN_USAGE, "which parameter: freeze NAME=VALUE");
}

static bool before_edits(struct view *view, const struct verb_words *words, json_t *edits,
                         struct dln_error *err)
{
    struct dln_arena arena = {0};
    bool ok = words->n > 1 || dln_fail(err, DLN_USAGE, "which parameter: Tab shows them");
    for (size_t i = 1; ok && i < words->n; i++) {
        const struct dln_param *param = param_of(view, words->word[i], strlen(words->word[i]), err);
        const char *before = param ? change_before(param->name, view->session.n_commands,
                                                   view->session.commands, &arena)
                                   : NULL;
        ok = param &&
             ((before && *before) ||
              dln_fail(err, DLN_REFUSED, "%s was not narrowed or frozen", param->name)) &&
             add_edit(edits, param->name, before, err);
    }
    dln_arena_release(&arena);
    return ok;
}

typedef bool edits_fn(struct view *view, const struct verb_words *words, json_t *edits,
                      struct dln_error *err);

static bool plan_edits(struct view *view, const struct verb_words *words, struct plan *plan,
                       edits_fn *gather, struct dln_error *err)
{
    if (!view->session.definition) {
        return dln_fail(err, DLN_UNSUPPORTED,
                        "the study has no study file: its program says what "
                        "is searched");
    }
    json_t *edits = json_object();
    const bool ok = (edits || dln_fail(err, DLN_NOMEM, "out of memory")) &&
                    gather(view, words, edits, err) && finish_edits(view, edits, plan, err);
    json_decref(edits);
    return ok;
}

bool plan_narrow(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err)
{
    return plan_edits(view, words, plan, narrow_edits, err);
}

bool plan_freeze(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err)
{
    return plan_edits(view, words, plan, freeze_edits, err);
}

bool plan_before(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err)
{
    return plan_edits(view, words, plan, before_edits, err);
}
