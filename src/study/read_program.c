/* What runs and what it says: commands, objectives, methods, metrics, constants, and small keys. */
#include <inttypes.h>
#include <math.h>
#include <regex.h>
#include <stdint.h>
#include <string.h>

#include "dialin/num.h"
#include "study/reader.h"
#include "study/scalar.h"

/* ── commands ──────────────────────────────────────────────────────────────────────────────────*/

bool dln_read_run(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    return dln_read_words(r, value, "run", &r->study->run);
}

bool dln_read_worker(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    return dln_read_words(r, value, "worker", &r->study->worker);
}

/* ── objectives ────────────────────────────────────────────────────────────────────────────────*/

static bool read_one_objective(struct dln_reader *r, const struct dln_node *node)
{
    struct dln_study *study = r->study;
    if (node->kind == DLN_NODE_SCALAR && node->count > 0) {
        return dln_read_fail(r, node,
                             "say which way is better: {maximize: %.80s} or "
                             "{minimize: %.80s}",
                             node->text, node->text);
    }
    if (node->kind != DLN_NODE_MAP || node->count == 0) {
        return dln_read_fail(r, node, "an objective is {maximize: METRIC} or {minimize: METRIC}");
    }
    if (node->count > 1) {
        return dln_read_fail(r, node,
                             "one objective has one metric; several objectives are a list: "
                             "[{maximize: a}, {minimize: b}]");
    }
    static const char *const ways[] = {"minimize", "maximize", NULL};
    int way = 0;
    if (!dln_read_word(r, node->first, "objective", ways, &way)) return false;
    struct dln_objective *objective = &study->objectives[study->n_objectives];
    objective->maximize = way == 1;
    const struct dln_node *metric = node->first->next;
    if (!dln_read_name(r, metric, "a metric's name", &objective->metric)) return false;
    for (size_t i = 0; i < study->n_objectives; i++) {
        if (strcmp(study->objectives[i].metric, objective->metric) == 0) {
            return dln_read_fail(r, metric, "the metric '%.80s' is an objective already",
                                 objective->metric);
        }
    }
    study->n_objectives++;
    return true;
}

bool dln_read_objective(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    (void)key;
    const bool is_list = value->kind == DLN_NODE_LIST;
    if (is_list && value->count == 0) return dln_read_fail(r, value, "'objective' is empty");
    if (is_list && value->count > DLN_OBJECTIVES_MAX) {
        return dln_read_fail(r, value, "there are at most %d objectives, not %u",
                             DLN_OBJECTIVES_MAX, (unsigned)value->count);
    }
    r->study->objectives =
        DLN_ARENA_ARRAY(r->arena, struct dln_objective, is_list ? value->count : 1);
    if (!r->study->objectives) return dln_read_no_memory(r);
    if (!is_list) return read_one_objective(r, value);
    for (const struct dln_node *item = value->first; item; item = item->next) {
        if (!read_one_objective(r, item)) return false;
    }
    return true;
}

/* ── methods ───────────────────────────────────────────────────────────────────────────────────*/

bool dln_read_strategy(struct dln_reader *r, const struct dln_node *key,
                       const struct dln_node *value)
{
    static const char *const names[] = {"auto",  "grid", "random", "sobol", "tpe", "gp",
                                        "cmaes", "de",   "ga",     "nsga2", NULL};
    (void)key;
    return dln_read_method(r, value, "strategy", names, &r->study->strategy);
}

bool dln_read_pruner(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    static const char *const names[] = {"none",       "auto",     "forecast",  "median",
                                        "percentile", "asha",     "hyperband", "patient",
                                        "threshold",  "wilcoxon", NULL};
    (void)key;
    return dln_read_method(r, value, "pruner", names, &r->study->pruner);
}

/* ── metrics ───────────────────────────────────────────────────────────────────────────────────*/

/*
 * The C library unrolls {m,n}, so nested ones can take all memory: the product of all upper bounds
 * is limited. Also finds \d, which POSIX does not have.
 */
static bool check_pattern(struct dln_reader *r, const struct dln_node *node)
{
    double copies = 1;
    for (const char *p = node->text; *p; p++) {
        const size_t at = (size_t)(p - node->text);
        if (*p == '\\' && p[1]) {
            p++;
            if (*p == 'd') {
                return dln_read_fail_inside(r, node, at, "'\\d' is not known here; write [0-9]");
            }
            if (*p == 'D') {
                return dln_read_fail_inside(r, node, at, "'\\D' is not known here; write [^0-9]");
            }
            continue;
        }
        if (*p != '{' || p[1] < '0' || p[1] > '9') continue;
        double least = 0;
        double most = 0;
        p += dln_num_scan(p + 1, strspn(p + 1, "0123456789"), &least);
        if (p[1] == ',') p++;
        if (p[1] >= '0' && p[1] <= '9') {
            p += dln_num_scan(p + 1, strspn(p + 1, "0123456789"), &most);
        }
        copies *= fmax(fmax(least, most), 1);
        if (copies > 1000) {
            return dln_read_fail_inside(r, node, at, "the expression repeats too much");
        }
    }
    return true;
}

static bool read_pattern(struct dln_reader *r, const struct dln_node *node,
                         struct dln_metric_pattern *pattern)
{
    if (!dln_read_text(r, node, pattern->name, &pattern->regex)) return false;
    if (node->count > 4096) {
        return dln_read_fail(r, node, "a metric's expression is longer than 4096 bytes");
    }
    if (!check_pattern(r, node)) return false;
    regex_t regex;
    const int problem = regcomp(&regex, node->text, REG_EXTENDED);
    if (problem == REG_ESPACE) return dln_read_no_memory(r);
    if (problem != 0) {
        char reason[128];
        regerror(problem, &regex, reason, sizeof reason);
        return dln_read_fail(r, node, "not a valid regular expression: %s", reason);
    }
    const size_t groups = regex.re_nsub;
    regfree(&regex);
    if (groups > 0) return true;
    return dln_read_fail(r, node,
                         "the number is the first group, and there is none: put ( ) around "
                         "what matches it");
}

bool dln_read_metrics(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    (void)key;
    struct dln_study *study = r->study;
    if (!dln_read_expect_map(r, value, "metrics", "{rmse: 'RMSE (\\S+)'}")) return false;
    study->patterns = DLN_ARENA_ARRAY(r->arena, struct dln_metric_pattern, value->count);
    if (!study->patterns) return dln_read_no_memory(r);
    for (const struct dln_node *name = value->first; name; name = name->next->next) {
        struct dln_metric_pattern *pattern = &study->patterns[study->n_patterns];
        pattern->line = name->next->line;
        pattern->column = name->next->column;
        if (!dln_read_name(r, name, "a metric's name", &pattern->name)) return false;
        if (!read_pattern(r, name->next, pattern)) return false;
        study->n_patterns++;
    }
    return true;
}

/* ── constraints and limits ────────────────────────────────────────────────────────────────────*/

static bool read_expressions(struct dln_reader *r, const struct dln_node *value, const char *what,
                             const char *example, size_t *n, struct dln_constraint **out)
{
    if (!dln_read_expect_list(r, value, what, example)) return false;
    struct dln_constraint *list = DLN_ARENA_ARRAY(r->arena, struct dln_constraint, value->count);
    if (!list) return dln_read_no_memory(r);
    size_t count = 0;
    for (const struct dln_node *item = value->first; item; item = item->next) {
        struct dln_constraint *one = &list[count++];
        if (!dln_read_expr(r, item, what, &one->expr)) return false;
        one->text = dln_arena_copy(r->arena, item->text);
        if (!one->text) return dln_read_no_memory(r);
    }
    *n = count;
    *out = list;
    return true;
}

bool dln_read_constraints(struct dln_reader *r, const struct dln_node *key,
                          const struct dln_node *value)
{
    (void)key;
    return read_expressions(r, value, "constraints", "[layers * width <= 3072]",
                            &r->study->space.n_constraints, &r->study->space.constraints);
}

bool dln_read_limits(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    return read_expressions(r, value, "limits", "[mem_gb <= 16]", &r->study->n_limits,
                            &r->study->limits);
}

/* ── constants, environment, hooks ─────────────────────────────────────────────────────────────*/

bool dln_read_fixed(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    return dln_read_expect_map(r, value, "fixed", "{data: cifar10}") &&
           dln_read_named(r, value, "a constant's name", &r->study->n_fixed, &r->study->fixed);
}

/* Values stand as they are written: `DEBUG: 1`, `FLAG: true`, and nothing is an empty text. */
static bool read_texts(struct dln_reader *r, const struct dln_node *map, const char *what,
                       bool may_be_empty, size_t *n, struct dln_named_scalar **out)
{
    if (!dln_read_named(r, map, what, n, out)) return false;
    struct dln_named_scalar *one = *out;
    for (const struct dln_node *key = map->first; key; key = key->next->next, one++) {
        const struct dln_node *value = key->next;
        if (value->kind != DLN_NODE_SCALAR) {
            return dln_read_fail(r, value, "'%.80s' is a text, not a list or a map", key->text);
        }
        if (value->count == 0 && !may_be_empty) {
            return dln_read_fail(r, value, "'%.80s' is empty", key->text);
        }
        one->value = (struct dln_scalar){.kind = DLN_SCALAR_TEXT,
                                         .text = dln_arena_copy(r->arena, value->text)};
        if (!one->value.text) return dln_read_no_memory(r);
    }
    return true;
}

bool dln_read_env(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    if (!dln_read_expect_map(r, value, "env", "{OMP_NUM_THREADS: 4}")) return false;
    for (const struct dln_node *name = value->first; name; name = name->next->next) {
        const bool starts_well = name->text[0] < '0' || name->text[0] > '9';
        if (name->count > 0 && starts_well && name->text[strspn(name->text, letters)] == '\0') {
            continue;
        }
        return dln_read_fail(r, name,
                             "'%.80s' cannot be the name of a variable: letters, digits "
                             "and _",
                             name->text);
    }
    return read_texts(r, value, "a variable's name", true, &r->study->n_env, &r->study->env);
}

bool dln_read_hooks(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    static const char *const events[] = {"best", "finish", "paused", NULL};
    if (!dln_read_expect_map(r, value, "hooks", "{finish: notify-send done}")) return false;
    for (const struct dln_node *name = value->first; name; name = name->next->next) {
        int index = 0;
        if (!dln_read_word(r, name, "hooks", events, &index)) return false;
    }
    return read_texts(r, value, "a hook", false, &r->study->n_hooks, &r->study->hooks);
}

/* ── small keys ────────────────────────────────────────────────────────────────────────────────*/

bool dln_read_seed(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    int64_t seed = 0;
    const bool is_whole = value->kind == DLN_NODE_SCALAR && value->is_plain &&
                          dln_num_parse_int(value->text, value->count, &seed);
    if (!is_whole || seed < 0) {
        return dln_read_fail(r, value, "'seed' is a whole number from 0 to %" PRId64, INT64_MAX);
    }
    r->study->has_seed = true;
    r->study->seed = (uint64_t)seed;
    return true;
}

/* `all`, or `{top: N}`. */
bool dln_read_keep(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    double top = 0;
    const struct dln_node *count = dln_node_get(value, "top");
    if (dln_node_is(value, "all")) {
        r->study->keep_top = -1;
        return true;
    }
    if (!count || value->count != 1) {
        return dln_read_fail(r, value,
                             "'keep' is all, or {top: N} for the run directories of the "
                             "best N trials");
    }
    if (!dln_read_whole(r, count, "top", 0, 1e9, &top)) return false;
    r->study->keep_top = (int64_t)top;
    return true;
}

bool dln_read_warm_start(struct dln_reader *r, const struct dln_node *key,
                         const struct dln_node *value)
{
    (void)key;
    const bool is_list = value->kind == DLN_NODE_LIST;
    if (is_list && !dln_read_expect_list(r, value, "warm_start", "[old.db]")) return false;
    const char **paths = DLN_ARENA_ARRAY(r->arena, const char *, is_list ? value->count : 1);
    if (!paths) return dln_read_no_memory(r);
    r->study->warm_start = paths;
    for (const struct dln_node *item = is_list ? value->first : value; item; item = item->next) {
        if (!dln_read_text(r, item, "warm_start", &paths[r->study->n_warm_start++])) return false;
        if (!is_list) break;
    }
    return true;
}

/* A path, or true for a place in the run directory. */
bool dln_read_checkpoint(struct dln_reader *r, const struct dln_node *key,
                         const struct dln_node *value)
{
    (void)key;
    if (value->is_plain && dln_node_is(value, "false")) return true;
    if (value->is_plain && dln_node_is(value, "true")) {
        r->study->checkpoint = "checkpoint";
        return true;
    }
    if (!dln_read_text(r, value, "checkpoint", &r->study->checkpoint)) return false;
    const char *path = r->study->checkpoint;
    for (const char *at = path; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) != 0 || (at[2] != '/' && at[2] != '\0')) continue;
        return dln_read_fail(r, value,
                             "'checkpoint' is a name in the run directory, or a folder "
                             "by its whole path");
    }
    return true;
}
