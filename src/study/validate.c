/*
 * What can be checked only when the whole file is known: names in expressions (the order in the
 * file does not matter), start points, keys that depend on each other, whether it can run.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "dialin/nearest.h"
#include "space/expr_node.h"
#include "study/reader.h"
#include "study/scalar.h"

/* ── names in expressions ──────────────────────────────────────────────────────────────────────*/

/* The node at the other side of an equality from node i, or NULL. */
static const struct dln_expr_node *partner_of(const struct dln_expr *expr, size_t i)
{
    if (i + 1 < expr->n && dln_expr_is_match(&expr->nodes[i + 1])) {
        return &expr->nodes[expr->nodes[i + 1].left];
    }
    for (size_t k = i + 1; k < expr->n; k++) {
        const struct dln_expr_node *node = &expr->nodes[k];
        if (dln_expr_is_match(node) && node->left == i) return &expr->nodes[k - 1];
    }
    return NULL;
}

static const struct dln_param *param_of(const struct dln_space *space,
                                        const struct dln_expr_node *node)
{
    if (!node || node->op != DLN_OP_NAME) return NULL;
    const size_t index = dln_space_find(space, node->text);
    return index == SIZE_MAX ? NULL : &space->params[index];
}

static bool fail_unknown(struct dln_reader *r, const struct dln_node *at,
                         const struct dln_expr_node *name, bool is_constraint)
{
    const struct dln_space *space = &r->study->space;
    struct dln_nearest nearest = {.wanted = name->text};
    for (size_t i = 0; i < space->n; i++)
        dln_nearest_offer(&nearest, space->params[i].name);
    if (nearest.best) {
        return dln_read_fail_inside(r, at, name->column - 1,
                                    "there is no parameter '%.80s'; did you mean '%.80s'?",
                                    name->text, nearest.best);
    }
    return dln_read_fail_inside(
        r, at, name->column - 1, "there is no parameter '%.80s'%s", name->text,
        is_constraint ? "; what the program prints is limited by 'limits'" : "");
}

static bool is_literal(const struct dln_expr_node *node)
{
    return node->op == DLN_OP_NUMBER || node->op == DLN_OP_TEXT || node->op == DLN_OP_NAME ||
           node->op == DLN_OP_BOOL || node->op == DLN_OP_NULL;
}

struct choice_lookup {
    const struct dln_param *param;
    size_t choice;
};

static bool look_up_choice(void *context, const char *name, struct dln_value *out)
{
    const struct choice_lookup *lookup = context;
    if (strcmp(name, lookup->param->name) != 0) return false;
    const double x = (double)lookup->choice;
    struct dln_param param = *lookup->param;
    const struct dln_space space = {.n = 1, .params = &param};
    struct dln_point_context point = {.space = &space, .x = &x};
    return dln_space_lookup(&point, name, out);
}

/* Whether `param == literal` can hold: asked from the evaluator itself. */
static bool can_equal(const struct dln_param *param, const struct dln_expr_node *literal)
{
    struct dln_expr_node nodes[] = {
        {.op = DLN_OP_NAME, .text = param->name}, *literal, {.op = DLN_OP_EQUAL}};
    const struct dln_expr expr = {.n = 3, .nodes = nodes};
    struct choice_lookup lookup = {.param = param};
    for (; lookup.choice < param->n_choices; lookup.choice++) {
        if (dln_expr_truth(&expr, look_up_choice, &lookup) == 1) return true;
    }
    return false;
}

/* `optimizer == sdg`, where there is no such choice, would be false for ever. */
static bool check_literal(struct dln_reader *r, const struct dln_node *at,
                          const struct dln_param *param, const struct dln_expr_node *literal)
{
    const size_t offset = literal->column - 1;
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) {
        if (literal->op != DLN_OP_NAME && literal->op != DLN_OP_TEXT) return true;
        return dln_read_fail_inside(r, at, offset, "'%.80s' is a number and never equals '%.80s'",
                                    param->name, literal->text);
    }
    if (can_equal(param, literal)) return true;
    const char *text =
        literal->op == DLN_OP_NAME || literal->op == DLN_OP_TEXT ? literal->text : "";
    struct dln_nearest nearest = {.wanted = text};
    struct dln_strbuf list = {0};
    for (size_t i = 0; i < param->n_choices; i++) {
        dln_nearest_offer(&nearest, param->choices[i].text);
        if (list.len > 200) continue;
        dln_strbuf_addf(&list, "%s%.80s", i > 0 ? ", " : "", param->choices[i].text);
    }
    if (!dln_strbuf_ok(&list)) {
        dln_read_no_memory(r);
    } else if (nearest.best) {
        dln_read_fail_inside(r, at, offset,
                             "'%.80s' is not a choice of '%.80s'; did you mean '%.80s'?", text,
                             param->name, nearest.best);
    } else {
        dln_read_fail_inside(r, at, offset, "'%.80s' has no such choice; there are: %.300s",
                             param->name, dln_strbuf_text(&list));
    }
    dln_strbuf_release(&list);
    return false;
}

static bool check_names(struct dln_reader *r, const struct dln_node *at,
                        const struct dln_expr *expr, bool is_constraint)
{
    const struct dln_space *space = &r->study->space;
    size_t n_params = 0;
    for (size_t i = 0; i < expr->n; i++) {
        const struct dln_expr_node *node = &expr->nodes[i];
        if (!is_literal(node)) continue;
        if (param_of(space, node)) {
            n_params++;
            continue;
        }
        const struct dln_param *param = param_of(space, partner_of(expr, i));
        if (param && !check_literal(r, at, param, node)) return false;
        if (!param && node->op == DLN_OP_NAME) return fail_unknown(r, at, node, is_constraint);
    }
    if (n_params == 0) {
        return dln_read_fail(r, at, "the %s names no parameter",
                             is_constraint ? "constraint" : "condition");
    }
    return true;
}

/* ── limits ────────────────────────────────────────────────────────────────────────────────────*/

static bool is_metric(const struct dln_study *study, const char *name)
{
    for (size_t i = 0; i < study->n_objectives; i++) {
        if (strcmp(study->objectives[i].metric, name) == 0) return true;
    }
    for (size_t i = 0; i < study->n_patterns; i++) {
        if (strcmp(study->patterns[i].name, name) == 0) return true;
    }
    return false;
}

static void offer_metrics(const struct dln_study *study, struct dln_nearest *nearest)
{
    for (size_t i = 0; i < study->n_objectives; i++) {
        dln_nearest_offer(nearest, study->objectives[i].metric);
    }
    for (size_t i = 0; i < study->n_patterns; i++) {
        dln_nearest_offer(nearest, study->patterns[i].name);
    }
}

/* Any name in a limit declares a metric; one that looks like a slip of the pen is told. */
static bool check_limit(struct dln_reader *r, const struct dln_node *at,
                        const struct dln_expr *expr)
{
    const struct dln_study *study = r->study;
    size_t n_params = 0;
    size_t n_names = 0;
    for (size_t i = 0; i < expr->n; i++) {
        const struct dln_expr_node *node = &expr->nodes[i];
        if (node->op != DLN_OP_NAME) continue;
        n_names++;
        if (is_metric(study, node->text)) continue;
        if (param_of(&study->space, node)) {
            n_params++;
            continue;
        }
        struct dln_nearest nearest = {.wanted = node->text};
        offer_metrics(study, &nearest);
        if (!nearest.best || nearest.distance > 2) continue;
        if (!dln_read_warn(r, at,
                           "'%.80s' is looked for in the output as a metric of its own; did "
                           "you mean '%.80s'?",
                           node->text, nearest.best)) {
            return false;
        }
    }
    if (n_names == 0) return dln_read_fail(r, at, "the limit names no metric");
    if (n_params == n_names) {
        return dln_read_fail(r, at, "the limit names parameters only; it belongs in 'constraints'");
    }
    return true;
}

bool dln_validate_names(struct dln_reader *r)
{
    struct dln_study *study = r->study;
    for (size_t i = 0; i < study->space.n; i++) {
        const struct dln_expr *when = study->space.params[i].when;
        if (when && !check_names(r, r->when[i], when, false)) return false;
    }
    const struct dln_node *constraints = dln_node_get(r->root, "constraints");
    const struct dln_node *item = constraints ? constraints->first : NULL;
    for (size_t i = 0; item && i < study->space.n_constraints; i++, item = item->next) {
        if (!check_names(r, item, study->space.constraints[i].expr, true)) return false;
    }
    const struct dln_node *limits = dln_node_get(r->root, "limits");
    item = limits ? limits->first : NULL;
    for (size_t i = 0; item && i < study->n_limits; i++, item = item->next) {
        if (!check_limit(r, item, study->limits[i].expr)) return false;
    }
    size_t culprit = 0;
    struct dln_error inner = {0};
    if (dln_space_settle(&study->space, r->arena, &culprit, &inner)) return true;
    if (inner.code == DLN_NOMEM) return dln_read_no_memory(r);
    return dln_read_fail(r, r->when[culprit], "%s", inner.text);
}

/* ── start points ──────────────────────────────────────────────────────────────────────────────*/

static bool read_point(struct dln_reader *r, const struct dln_node *node,
                       struct dln_start_point *point)
{
    const struct dln_space *space = &r->study->space;
    *point = (struct dln_start_point){.line = node->line, .column = node->column};
    if (dln_node_is(node, "default")) {
        point->is_default = true;
        return true;
    }
    if (node->kind != DLN_NODE_MAP) {
        return dln_read_fail(r, node,
                             "a start point is 'default' or a map of parameters to values");
    }
    struct dln_named_scalar *values;
    if (!dln_read_named(r, node, "a parameter's name", &point->n, &values)) return false;
    point->values = values;
    const struct dln_node *key = node->first;
    for (size_t i = 0; i < point->n; i++, key = key->next->next) {
        const size_t index = dln_space_find(space, values[i].name);
        double x = 0;
        if (index != SIZE_MAX) {
            const struct dln_param *param = &space->params[index];
            if (!dln_read_value(r, key->next, param, &values[i].value, &x)) return false;
            continue;
        }
        struct dln_nearest nearest = {.wanted = values[i].name};
        for (size_t k = 0; k < space->n; k++)
            dln_nearest_offer(&nearest, space->params[k].name);
        return dln_read_fail(r, key, "there is no parameter '%.80s'%s%.80s%s", values[i].name,
                             nearest.best ? "; did you mean '" : "",
                             nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
    }
    return true;
}

bool dln_validate_start(struct dln_reader *r)
{
    struct dln_study *study = r->study;
    const struct dln_node *start = dln_node_get(r->root, "start");
    if (!start) return true;
    if (!dln_read_expect_list(r, start, "start", "[default, {lr: 3e-4}]")) return false;
    study->start = DLN_ARENA_ARRAY(r->arena, struct dln_start_point, start->count);
    if (!study->start) return dln_read_no_memory(r);
    for (const struct dln_node *item = start->first; item; item = item->next) {
        if (!read_point(r, item, &study->start[study->n_start++])) return false;
    }
    return true;
}

void dln_study_start_point(const struct dln_study *study, size_t index, double *x)
{
    const struct dln_space *space = &study->space;
    const struct dln_start_point *point = &study->start[index];
    if (point->is_default) {
        dln_space_initial(space, x);
        return;
    }
    for (size_t i = 0; i < space->n; i++)
        x[i] = (double)NAN;
    for (size_t i = 0; i < point->n; i++) {
        const size_t at = dln_space_find(space, point->values[i].name);
        double value;
        if (at == SIZE_MAX) continue;
        if (dln_scalar_to_value(&point->values[i].value, &space->params[at], &value)) x[at] = value;
    }
}

/* ── keys that depend on each other ────────────────────────────────────────────────────────────*/

static bool check_prune_on(struct dln_reader *r)
{
    const struct dln_study *study = r->study;
    const bool prunes = strcmp(study->pruner.name, "none") != 0;
    const struct dln_node *node = dln_node_get(r->root, "prune_on");
    if (!node) {
        if (!prunes || study->n_objectives == 1 || strcmp(study->pruner.name, "auto") == 0) {
            return true;
        }
        return dln_read_fail(r, dln_node_get_key(r->root, "pruner"),
                             "a pruner of a study with several objectives needs 'prune_on', one of "
                             "the metrics");
    }
    if (!prunes) return dln_read_fail(r, node, "'prune_on' without a 'pruner' has no effect");
    for (size_t i = 0; i < study->n_objectives; i++) {
        if (strcmp(study->objectives[i].metric, study->prune_on) == 0) return true;
    }
    if (is_metric(study, study->prune_on)) {
        return dln_read_fail(r, node,
                             "'%.80s' is no objective, so it is not known which way is better; "
                             "'prune_on' is one of the objectives",
                             study->prune_on);
    }
    struct dln_nearest nearest = {.wanted = study->prune_on};
    offer_metrics(study, &nearest);
    return dln_read_fail(r, node, "'%.80s' is not a metric of this study%s%.80s%s", study->prune_on,
                         nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
                         nearest.best ? "'?" : "");
}

/* Of several objectives one must be named; 'prune_on' does it too. */
static bool check_confirm(struct dln_reader *r)
{
    const struct dln_study *study = r->study;
    const struct dln_confirm *confirm = &study->confirm;
    if (!confirm->given || study->n_objectives < 2 || study->prune_on) return true;
    for (size_t i = 0; confirm->metric && i < study->n_objectives; i++) {
        if (strcmp(confirm->metric, study->objectives[i].metric) == 0) return true;
    }
    const struct dln_node *section = dln_node_get(r->root, "confirm");
    const struct dln_node *metric = dln_node_get(section, "metric");
    return dln_read_fail(r, metric ? metric : section,
                         "'confirm' of a study with several objectives needs 'metric', the one to "
                         "judge by%s",
                         metric ? "; this is none of them" : "");
}

static bool may_look_like_option(const struct dln_param *param)
{
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) return param->low < 0;
    for (size_t i = 0; i < param->n_choices; i++) {
        if (param->choices[i].text[0] == '-') return true;
    }
    return false;
}

/* A word that is "{name}" and nothing else, in `run`. */
static bool warn_option_like(struct dln_reader *r)
{
    const struct dln_study *study = r->study;
    const struct dln_node *run = dln_node_get(r->root, "run");
    for (size_t i = 0; i < study->run.n; i++) {
        const char *word = study->run.word[i];
        const size_t len = strlen(word);
        if (len < 3 || word[0] != '{' || word[len - 1] != '}') continue;
        for (size_t k = 0; k < study->space.n; k++) {
            const struct dln_param *param = &study->space.params[k];
            const bool is_named =
                strlen(param->name) == len - 2 && memcmp(param->name, word + 1, len - 2) == 0;
            if (!is_named || !may_look_like_option(param)) continue;
            if (!dln_read_warn(r, run,
                               "the value of '%.80s' may begin with '-' and be taken for an "
                               "option; --NAME={%.80s} in one word is safe",
                               param->name, param->name)) {
                return false;
            }
        }
    }
    return true;
}

bool dln_validate_whole(struct dln_reader *r)
{
    const struct dln_study *study = r->study;
    if (study->n_objectives == 0) {
        return dln_read_fail(r, r->root,
                             "'objective' is missing, such as objective: {maximize: "
                             "accuracy}");
    }
    if (study->space.n == 0) {
        return dln_read_fail(r, r->root,
                             "'space' is missing, such as space: {lr: {float: [1e-5, "
                             "1e-1], log: true}}");
    }
    if (study->run.n > 0 && study->worker.n > 0) {
        return dln_read_fail(r, dln_node_get_key(r->root, "worker"),
                             "a study has either 'run' or 'worker', not both");
    }
    const struct dln_node *fixed = dln_node_get(r->root, "fixed");
    const struct dln_node *key = fixed ? fixed->first : NULL;
    for (; key; key = key->next->next) {
        if (dln_space_find(&study->space, key->text) == SIZE_MAX) continue;
        return dln_read_fail(
            r, key, "'%.80s' is a parameter already; a constant needs another name", key->text);
    }
    return check_prune_on(r) && check_confirm(r) && warn_option_like(r);
}

/* ── what can run ──────────────────────────────────────────────────────────────────────────────*/

const struct dln_words *dln_study_command(const struct dln_study *study)
{
    return study->worker.n > 0 ? &study->worker : &study->run;
}

bool dln_study_can_run(const struct dln_study *study, struct dln_error *err)
{
    if (dln_study_command(study)->n > 0) return true;
    return dln_fail(err, DLN_INVALID,
                    "%.400s%s1:1: there is nothing to run: 'run' names the program", study->path,
                    study->path[0] ? ":" : "");
}
