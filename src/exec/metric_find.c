#define _GNU_SOURCE /* memmem */
#include "exec/metric_find.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dialin/expr.h"
#include "dialin/json.h"
#include "dialin/num.h"

struct dln_metric_set {
    size_t refs;
    size_t n, cap;
    char **name;
    size_t shortest_name;
    bool *has_pattern; /* by metric: found by its own expression, not by its name */
    size_t n_patterns;
    regex_t *regex;
    size_t *pattern_metric;
};

/* In this order: a line that tells epoch and step is about the epoch. */
static const char *const step_words[] = {"epoch", "step", "iter", "iteration", "fold"};
enum { STEP_WORDS = sizeof step_words / sizeof step_words[0] };

/* ── the set ───────────────────────────────────────────────────────────────────────────────────*/

static bool add_name(struct dln_metric_set *set, const char *name, struct dln_error *err)
{
    if (!name || !*name) return true;
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->name[i], name) == 0) return true;
    }
    if (set->n == set->cap) {
        const size_t cap = set->cap ? set->cap * 2 : 8;
        char **grown = realloc(set->name, cap * sizeof *grown);
        if (!grown) return dln_fail(err, DLN_NOMEM, "out of memory");
        set->name = grown;
        set->cap = cap;
    }
    char *copy = strdup(name);
    if (!copy) return dln_fail(err, DLN_NOMEM, "out of memory");
    set->name[set->n++] = copy;
    const size_t len = strlen(name);
    if (set->n == 1 || len < set->shortest_name) set->shortest_name = len;
    return true;
}

struct limit_names {
    struct dln_metric_set *set;
    const struct dln_study *study;
    struct dln_error *err;
};

/* A word of a limit that is no parameter and no constant can only be a metric. */
static bool add_limit_name(void *context, const char *name, size_t column, bool is_operand_of_text)
{
    (void)column;
    (void)is_operand_of_text; /* a word that is text after all is looked for in vain */
    const struct limit_names *limits = context;
    if (dln_space_find(&limits->study->space, name) != SIZE_MAX) return true;
    for (size_t i = 0; i < limits->study->n_fixed; i++) {
        if (strcmp(limits->study->fixed[i].name, name) == 0) return true;
    }
    return add_name(limits->set, name, limits->err);
}

static bool add_names(struct dln_metric_set *set, const struct dln_study *study,
                      struct dln_error *err)
{
    for (size_t i = 0; i < study->n_objectives; i++) {
        if (!add_name(set, study->objectives[i].metric, err)) return false;
    }
    for (size_t i = 0; i < study->n_patterns; i++) {
        if (!add_name(set, study->patterns[i].name, err)) return false;
    }
    struct limit_names limits = {set, study, err};
    for (size_t i = 0; i < study->n_limits; i++) {
        if (!dln_expr_names(study->limits[i].expr, add_limit_name, &limits)) return false;
    }
    if (study->budget.cost > 0 && !add_name(set, "cost", err)) return false;
    return add_name(set, study->confirm.metric, err);
}

static size_t find_name(const struct dln_metric_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(set->name[i], name) == 0) return i;
    }
    return SIZE_MAX;
}

/* `\d` would silently match a letter d. */
static const char *find_digit_escape(const char *regex)
{
    for (const char *at = regex; *at; at++) {
        if (*at != '\\') continue;
        at++;
        if (*at == 'd' || *at == 'D') return at - 1;
        if (*at == '\0') break;
    }
    return NULL;
}

static bool compile(const struct dln_metric_pattern *pattern, regex_t *regex, struct dln_error *err)
{
    const char *digit = find_digit_escape(pattern->regex);
    if (digit) {
        return dln_fail(err, DLN_INVALID,
                        "%u:%u: expression of '%s': '%.2s' is not known here, write '%s'",
                        pattern->line, pattern->column, pattern->name, digit,
                        digit[1] == 'd' ? "[0-9]" : "[^0-9]");
    }
    const int code = regcomp(regex, pattern->regex, REG_EXTENDED);
    if (code != 0) {
        char why[200];
        (void)regerror(code, regex, why, sizeof why);
        return dln_fail(err, code == REG_ESPACE ? DLN_NOMEM : DLN_INVALID,
                        "%u:%u: expression of '%s' cannot be read: %s", pattern->line,
                        pattern->column, pattern->name, why);
    }
    if (regex->re_nsub == 0) {
        regfree(regex);
        return dln_fail(err, DLN_INVALID,
                        "%u:%u: expression of '%s' needs a group around the number, as in "
                        "'loss = (\\S+)'",
                        pattern->line, pattern->column, pattern->name);
    }
    return true;
}

static bool add_patterns(struct dln_metric_set *set, const struct dln_study *study,
                         struct dln_error *err)
{
    set->has_pattern = calloc(set->n + 1, sizeof *set->has_pattern);
    set->regex = calloc(study->n_patterns + 1, sizeof *set->regex);
    set->pattern_metric = calloc(study->n_patterns + 1, sizeof *set->pattern_metric);
    if (!set->has_pattern || !set->regex || !set->pattern_metric) {
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < study->n_patterns; i++) {
        if (!compile(&study->patterns[i], &set->regex[i], err)) return false;
        set->n_patterns++;
        set->pattern_metric[i] = find_name(set, study->patterns[i].name);
        set->has_pattern[set->pattern_metric[i]] = true;
    }
    return true;
}

bool dln_metric_set_new(const struct dln_study *study, struct dln_metric_set **out,
                        struct dln_error *err)
{
    struct dln_metric_set *set = calloc(1, sizeof *set);
    if (!set) return dln_fail(err, DLN_NOMEM, "out of memory");
    set->refs = 1;
    if (!add_names(set, study, err) || !add_patterns(set, study, err)) {
        dln_metric_set_drop(set);
        return false;
    }
    *out = set;
    return true;
}

struct dln_metric_set *dln_metric_set_hold(struct dln_metric_set *set)
{
    set->refs++;
    return set;
}

void dln_metric_set_drop(struct dln_metric_set *set)
{
    if (!set || --set->refs > 0) return;
    for (size_t i = 0; i < set->n_patterns; i++)
        regfree(&set->regex[i]);
    for (size_t i = 0; i < set->n; i++)
        free(set->name[i]);
    free(set->name);
    free(set->has_pattern);
    free(set->regex);
    free(set->pattern_metric);
    free(set);
}

size_t dln_metric_set_count(const struct dln_metric_set *set)
{
    return set->n;
}

const char *dln_metric_set_name(const struct dln_metric_set *set, size_t metric)
{
    return metric < set->n ? set->name[metric] : "";
}

size_t dln_metric_set_shortest(const struct dln_metric_set *set)
{
    return set->n_patterns > 0 ? 1 : set->shortest_name + 2;
}

/* ── bytes ─────────────────────────────────────────────────────────────────────────────────────*/

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What may belong to a name: `val/loss`, `val.loss` and `val-loss` are not about `loss`. */
static bool is_name_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '.' || c == '/' || c == '-' || (unsigned char)c >= 0x80;
}

/* Whether a number may end before `at`: not inside 0.5s, 1,234, 0.5.1, 45/50, 12:30, 3-4. */
static bool ends_number(const char *at, const char *end)
{
    if (at == end) return true;
    const bool then_digit = at + 1 < end && is_digit(at[1]);
    switch (*at) {
    case '.':
    case ',':
    case '/':
    case ':':
    case '-': return !then_digit;
    default: return !is_name_byte(*at);
    }
}

static void keep(struct dln_metric_line *found, size_t metric, double value)
{
    if (found->has_value[metric]) return;
    found->has_value[metric] = true;
    found->value[metric] = value;
}

/* ── way 1 ─────────────────────────────────────────────────────────────────────────────────────*/

static int step_rank(const char *word, size_t len)
{
    for (int i = 0; i < STEP_WORDS; i++) {
        if (strlen(step_words[i]) == len && strncasecmp(step_words[i], word, len) == 0) return i;
    }
    return STEP_WORDS;
}

/* Keeps the step of the most telling word; *best is the rank of the one kept so far. */
static void keep_step(struct dln_metric_line *found, int rank, double step, int *best)
{
    if (rank >= *best || !(step >= 0) || step > DLN_INT_MAX || step != floor(step)) return;
    *best = rank;
    found->has_step = true;
    found->step = (int64_t)step;
}

static bool json_number(const json_t *value, double *out)
{
    if (json_is_number(value)) {
        *out = json_number_value(value);
        return true;
    }
    /* NaN and Infinity, which JSON does not have, come as text; so do some programs' numbers. */
    return json_is_string(value) &&
           dln_num_parse(json_string_value(value), json_string_length(value), out);
}

/* False: not an object after all. */
static bool find_in_json(const struct dln_metric_set *set, const char *line, size_t len,
                         struct dln_metric_line *found)
{
    json_t *object;
    if (!dln_json_read(line, len, &object, NULL)) return false;
    const bool is_object = json_is_object(object);
    int best = STEP_WORDS;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        double number;
        if (!json_number(value, &number)) continue;
        const size_t metric = find_name(set, key);
        if (metric != SIZE_MAX) keep(found, metric, number);
        keep_step(found, step_rank(key, strlen(key)), number, &best);
    }
    json_decref(object);
    return is_object;
}

static void find_in_pairs(const struct dln_metric_set *set, const char *text,
                          struct dln_metric_line *found)
{
    int best = STEP_WORDS;
    for (const char *at = text;;) {
        at += strspn(at, " \t,;");
        const size_t len = strcspn(at, " \t,;");
        if (len == 0) return;
        const char *equals = memchr(at, '=', len);
        double number;
        if (equals && dln_num_parse(equals + 1, len - (size_t)(equals + 1 - at), &number)) {
            const size_t name_len = (size_t)(equals - at);
            for (size_t i = 0; i < set->n; i++) {
                if (strlen(set->name[i]) == name_len && memcmp(set->name[i], at, name_len) == 0) {
                    keep(found, i, number);
                }
            }
            keep_step(found, step_rank(at, name_len), number, &best);
        }
        at += len;
    }
}

/* ── ways 2 and 3 ──────────────────────────────────────────────────────────────────────────────*/

static void find_by_pattern(const struct dln_metric_set *set, const char *line,
                            struct dln_metric_line *found)
{
    for (size_t i = 0; i < set->n_patterns; i++) {
        regmatch_t match[2];
        if (regexec(&set->regex[i], line, 2, match, 0) != 0 || match[1].rm_so < 0) continue;
        const char *at = line + match[1].rm_so;
        const char *end = line + match[1].rm_eo;
        while (at < end && is_blank(*at))
            at++;
        double value;
        const size_t len = dln_num_scan(at, (size_t)(end - at), &value);
        if (len > 0 && ends_number(at + len, end)) keep(found, set->pattern_metric[i], value);
    }
}

/* Behind a name: a closing quote, blanks, `:` or `=`, blanks; at least one of the last three. */
static const char *skip_separator(const char *at, const char *end)
{
    if (at < end && (*at == '\'' || *at == '"')) at++;
    const char *start = at;
    while (at < end && is_blank(*at))
        at++;
    if (at < end && (*at == ':' || *at == '=')) {
        at++;
        while (at < end && is_blank(*at))
            at++;
    }
    return at > start ? at : NULL;
}

static bool find_by_name(const char *line, size_t len, const char *name, double *value)
{
    const size_t name_len = strlen(name);
    const char *const end = line + len;
    for (const char *at = line; (at = memmem(at, (size_t)(end - at), name, name_len)); at++) {
        if (at > line && is_name_byte(at[-1])) continue;
        const char *number = skip_separator(at + name_len, end);
        if (!number) continue;
        const size_t number_len = dln_num_scan(number, (size_t)(end - number), value);
        if (number_len > 0 && ends_number(number + number_len, end)) return true;
    }
    return false;
}

/* `Epoch 3/60`, `epoch=3`, `[epoch 3]`, `Epoch [3/60]`, `Step #12`. */
static bool step_behind(const char *at, const char *end, double *step)
{
    if (at < end && (*at == '\'' || *at == '"')) at++;
    const char *start = at;
    while (at < end && strchr(" \t:=#[(", *at))
        at++;
    if (at == start && !(at < end && is_digit(*at))) return false;
    size_t len = 0;
    while (at + len < end && is_digit(at[len]))
        len++;
    if (len == 0 || !dln_num_parse(at, len, step)) return false;
    at += len;
    if (at + 2 <= end && at[0] == '.' && at[1] == '0') { /* 3.0 is whole, 3.5 is not */
        at++;
        while (at < end && *at == '0')
            at++;
    }
    return at == end || *at == '/' || *at == '-' || ends_number(at, end);
}

static void find_step(const char *line, size_t len, struct dln_metric_line *found)
{
    const char *const end = line + len;
    int best = STEP_WORDS;
    for (const char *at = line; at < end; at++) {
        if (!strchr("eEsSiIfF", *at) || (at > line && is_name_byte(at[-1]))) continue;
        for (int rank = 0; rank < best; rank++) {
            const size_t word_len = strlen(step_words[rank]);
            double step;
            if (strncasecmp(at, step_words[rank], word_len) == 0 &&
                step_behind(at + word_len, end, &step)) {
                keep_step(found, rank, step, &best);
                break;
            }
        }
    }
}

bool dln_metric_find(const struct dln_metric_set *set, const char *line, size_t len,
                     struct dln_metric_line *found)
{
    memset(found->has_value, 0, set->n * sizeof *found->has_value);
    found->has_step = false;
    found->step = 0;
    while (len > 0 && is_blank(*line)) {
        line++;
        len--;
    }
    bool is_tagged = *line == '{' && find_in_json(set, line, len, found);
    if (!is_tagged && strncmp(line, "dialin:", 7) == 0) {
        find_in_pairs(set, line + 7, found);
        is_tagged = true;
    }
    if (!is_tagged) {
        find_by_pattern(set, line, found);
        for (size_t i = 0; i < set->n; i++) {
            double value;
            if (set->has_pattern[i]) continue;
            if (find_by_name(line, len, set->name[i], &value)) keep(found, i, value);
        }
    }
    const bool any = memchr(found->has_value, true, set->n * sizeof *found->has_value) != NULL;
    if (any && !is_tagged) find_step(line, len, found);
    return any;
}
