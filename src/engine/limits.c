#include "engine/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/arena.h"
#include "dialin/expr.h"

/* A strict comparison of equal sides is broken, though the difference is 0. */
static const double least_violation = 1e-12;

struct limit {
    const struct dln_expr *whole;
    const struct dln_expr *less, *more; /* less <= more must hold; NULL: not one comparison */
};

struct dln_limits {
    struct dln_arena arena;
    size_t n;
    struct limit *limit;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

/* Length of the word at text if it makes the expression more than one comparison, else 0. */
static size_t connective(const char *text)
{
    static const char *const words[] = {"and", "or", "not", "in"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t len = strlen(words[i]);
        if (strncmp(text, words[i], len) == 0 && !is_word(text[len])) return len;
    }
    return 0;
}

/*
 * The place of the only comparison outside of brackets and quotes; NULL if there is none, several,
 * or one that is no inequality.
 */
static const char *find_inequality(const char *text)
{
    const char *found = NULL;
    char quote = '\0';
    int depth = 0;
    for (const char *at = text; *at; at++) {
        const char before = at == text ? ' ' : at[-1];
        if (quote) {
            if (*at == quote) quote = '\0';
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '(' || *at == '[') {
            depth++;
        } else if (*at == ')' || *at == ']') {
            depth--;
        } else if (depth > 0) {
            continue;
        } else if (!is_word(before) && connective(at) > 0) {
            return NULL;
        } else if (*at == '!' || (*at == '=' && before != '<' && before != '>')) {
            return NULL;
        } else if (*at == '<' || *at == '>') {
            if (found) return NULL;
            found = at;
        }
    }
    return found;
}

static void split(const char *text, struct dln_arena *arena, struct limit *limit)
{
    const char *at = find_inequality(text);
    if (!at) return;
    const char *left_text = dln_arena_copy_len(arena, text, (size_t)(at - text));
    const struct dln_expr *left;
    const struct dln_expr *right;
    if (!left_text || !dln_expr_parse(left_text, arena, &left, NULL, NULL)) return;
    if (!dln_expr_parse(at + (at[1] == '=' ? 2 : 1), arena, &right, NULL, NULL)) return;
    limit->less = *at == '<' ? left : right;
    limit->more = *at == '<' ? right : left;
}

bool dln_limits_new(const struct dln_study *study, struct dln_limits **out, struct dln_error *err)
{
    struct dln_limits *limits = calloc(1, sizeof *limits);
    if (!limits) return dln_fail(err, DLN_NOMEM, "read the limits");
    limits->n = study->n_limits;
    limits->limit = DLN_ARENA_ARRAY(&limits->arena, struct limit, limits->n);
    if (!limits->limit) {
        dln_limits_free(limits);
        return dln_fail(err, DLN_NOMEM, "read the limits");
    }
    for (size_t i = 0; i < limits->n; i++) {
        limits->limit[i].whole = study->limits[i].expr;
        split(study->limits[i].text, &limits->arena, &limits->limit[i]);
    }
    *out = limits;
    return true;
}

void dln_limits_free(struct dln_limits *limits)
{
    if (!limits) return;
    dln_arena_release(&limits->arena);
    free(limits);
}

struct printed {
    const char *const *names;
    const struct dln_metric_sum *sums;
    size_t n;
};

static bool look_up(void *context, const char *name, struct dln_value *out)
{
    const struct printed *printed = context;
    for (size_t i = 0; i < printed->n; i++) {
        if (strcmp(printed->names[i], name) != 0) continue;
        *out = (struct dln_value){.kind = DLN_VALUE_MISSING};
        if (printed->sums[i].n == 0 || isnan(printed->sums[i].last)) return true;
        *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = printed->sums[i].last};
        return true;
    }
    return false;
}

void dln_limits_eval(const struct dln_limits *limits, const char *const *names,
                     const struct dln_metric_sum *sums, size_t n_metrics, double *out)
{
    struct printed printed = {names, sums, n_metrics};
    for (size_t i = 0; i < limits->n; i++) {
        const struct limit *limit = &limits->limit[i];
        const bool kept = dln_expr_truth(limit->whole, look_up, &printed) == 1;
        out[i] = kept ? 0 : 1;
        if (!limit->less) continue;
        const struct dln_value less = dln_expr_eval(limit->less, look_up, &printed);
        const struct dln_value more = dln_expr_eval(limit->more, look_up, &printed);
        if (less.kind != DLN_VALUE_NUMBER || more.kind != DLN_VALUE_NUMBER) continue;
        const double excess = less.number - more.number;
        if (isnan(excess)) continue;
        out[i] = kept ? fmin(excess, 0) : fmax(excess, least_violation);
    }
}
