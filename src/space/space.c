/* All parameters together: which are active, points in both forms, equality, counts. */
#include "dialin/space.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/json.h"

size_t dln_space_find(const struct dln_space *space, const char *name)
{
    for (size_t i = 0; i < space->n; i++) {
        if (strcmp(space->params[i].name, name) == 0) return i;
    }
    return SIZE_MAX;
}

/* ── conditions ────────────────────────────────────────────────────────────────────────────────*/

bool dln_space_lookup(void *point_context, const char *name, struct dln_value *out)
{
    const struct dln_point_context *point = point_context;
    const size_t index = dln_space_find(point->space, name);
    if (index == SIZE_MAX) return false;
    const struct dln_param *param = &point->space->params[index];
    const double x = point->x[index];
    *out = (struct dln_value){.kind = DLN_VALUE_MISSING};
    if (isnan(x)) return true;
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) {
        *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = x};
        return true;
    }
    if (x < 0 || x >= (double)param->n_choices) return true;
    const struct dln_scalar *choice = &param->choices[(size_t)x];
    static const enum dln_value_kind kinds[] = {
        [DLN_SCALAR_NULL] = DLN_VALUE_NULL,  [DLN_SCALAR_BOOL] = DLN_VALUE_BOOL,
        [DLN_SCALAR_INT] = DLN_VALUE_NUMBER, [DLN_SCALAR_REAL] = DLN_VALUE_NUMBER,
        [DLN_SCALAR_TEXT] = DLN_VALUE_TEXT,  [DLN_SCALAR_JSON] = DLN_VALUE_TEXT,
    };
    *out = (struct dln_value){.kind = kinds[choice->kind],
                              .truth = choice->truth,
                              .number = choice->number,
                              .text = choice->text};
    return true;
}

bool dln_space_activate(const struct dln_space *space, double *x)
{
    struct dln_point_context point = {.space = space, .x = x};
    bool is_complete = true;
    for (size_t i = 0; i < space->n; i++) {
        const size_t index = space->order[i];
        const struct dln_expr *when = space->params[index].when;
        if (when && dln_expr_truth(when, dln_space_lookup, &point) != 1) {
            x[index] = (double)NAN;
        } else if (isnan(x[index])) {
            is_complete = false;
        }
    }
    return is_complete;
}

bool dln_space_allows(const struct dln_space *space, const double *x, size_t *broken)
{
    struct dln_point_context point = {.space = space, .x = x};
    for (size_t i = 0; i < space->n_constraints; i++) {
        if (dln_expr_truth(space->constraints[i].expr, dln_space_lookup, &point) != 0) continue;
        if (broken) *broken = i;
        return false;
    }
    return true;
}

/* ── points ────────────────────────────────────────────────────────────────────────────────────*/

void dln_space_decode(const struct dln_space *space, const double *u, double *x)
{
    for (size_t i = 0; i < space->n; i++)
        x[i] = dln_param_decode(&space->params[i], u[i]);
    dln_space_activate(space, x);
}

void dln_space_encode(const struct dln_space *space, const double *x, double *u)
{
    for (size_t i = 0; i < space->n; i++)
        u[i] = dln_param_encode(&space->params[i], x[i]);
}

void dln_space_initial(const struct dln_space *space, double *x)
{
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        const bool is_number = param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT;
        x[i] = param->has_initial ? param->initial : is_number ? dln_param_decode(param, 0.5) : 0;
    }
    dln_space_activate(space, x);
}

double dln_space_count(const struct dln_space *space)
{
    double count = 1;
    for (size_t i = 0; i < space->n; i++) {
        const double values = dln_param_count(&space->params[i]);
        if (values == 0) return HUGE_VAL;
        count *= values;
    }
    return count;
}

/*
 * What makes two values the same: the grid index of a stepped kind, so that Python's
 * 0.30000000000000004 and our 0.3 are one point; the value itself otherwise.
 */
static double identity(const struct dln_param *param, double x)
{
    if (param->kind == DLN_PARAM_FLOAT && param->step > 0) {
        x = nearbyint((x - param->low) / param->step);
    }
    return x + 0.0; /* -0.0 becomes 0.0 */
}

uint64_t dln_space_hash(const struct dln_space *space, const double *x)
{
    uint64_t hash = space->n;
    for (size_t i = 0; i < space->n; i++) {
        uint64_t bits = UINT64_MAX; /* every NaN */
        if (!isnan(x[i])) {
            const double value = identity(&space->params[i], x[i]);
            memcpy(&bits, &value, sizeof bits);
        }
        hash = dln_splitmix64(hash ^ bits);
    }
    return hash;
}

bool dln_space_same(const struct dln_space *space, const double *a, const double *b)
{
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(a[i]) && isnan(b[i])) continue;
        const struct dln_param *param = &space->params[i];
        if (!(identity(param, a[i]) == identity(param, b[i]))) return false;
    }
    return true;
}

void dln_space_json(const struct dln_space *space, const double *x, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    dln_json_object(&w);
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(x[i])) continue;
        dln_json_key(&w, space->params[i].name);
        dln_param_json(&space->params[i], x[i], out);
        w.needs_comma = true;
    }
    dln_json_end_object(&w);
}

static bool same_choice(const struct dln_scalar *a, const struct dln_scalar *b)
{
    if (a->kind != b->kind) return false;
    if (a->kind == DLN_SCALAR_NULL) return true;
    if (a->kind == DLN_SCALAR_BOOL) return a->truth == b->truth;
    return strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

double dln_param_carry(const struct dln_param *from, double x, const struct dln_param *to)
{
    const bool is_listed = from->n_choices > 0;
    if (isnan(x) || is_listed != (to->n_choices > 0)) return (double)NAN;
    if (!is_listed) return x;
    if (!(x >= 0 && x < (double)from->n_choices)) return (double)NAN;
    for (size_t k = 0; k < to->n_choices; k++) {
        if (same_choice(&from->choices[(size_t)x], &to->choices[k])) return (double)k;
    }
    return (double)NAN;
}

void dln_space_carry(const struct dln_space *from, const double *x, const struct dln_space *to,
                     double *out)
{
    for (size_t i = 0; i < to->n; i++) {
        const size_t at = dln_space_find(from, to->params[i].name);
        out[i] = at == SIZE_MAX ? (double)NAN
                                : dln_param_carry(&from->params[at], x[at], &to->params[i]);
    }
}

/* ── the order of parents and children ─────────────────────────────────────────────────────────*/

struct parent_list {
    const struct dln_space *space;
    size_t *parents; /* NULL: only count */
    size_t n;
};

static bool note_parent(void *context, const char *name, size_t column, bool is_operand_of_text)
{
    (void)column;
    (void)is_operand_of_text;
    struct parent_list *list = context;
    const size_t parent = dln_space_find(list->space, name);
    if (parent == SIZE_MAX) return true;
    if (list->parents) list->parents[list->n] = parent;
    list->n++;
    return true;
}

/* Fills first[0..n] so that parents[first[i] .. first[i + 1]) are those of i; the number of all. */
static size_t list_parents(const struct dln_space *space, size_t *first, size_t *parents)
{
    struct parent_list list = {.space = space};
    list.parents = parents;
    for (size_t i = 0; i < space->n; i++) {
        first[i] = list.n;
        if (space->params[i].when) dln_expr_names(space->params[i].when, note_parent, &list);
    }
    first[space->n] = list.n;
    return list.n;
}

/* Follows parents that are not placed; after n steps it must be inside the ring. */
static size_t find_in_ring(const struct dln_space *space, const size_t *first,
                           const size_t *parents, const bool *is_placed)
{
    size_t at = 0;
    while (is_placed[at])
        at++;
    for (size_t step = 0; step <= space->n; step++) {
        for (size_t k = first[at]; k < first[at + 1]; k++) {
            if (is_placed[parents[k]]) continue;
            at = parents[k];
            break;
        }
    }
    return at;
}

static bool fail_ring(const struct dln_space *space, size_t start, const size_t *first,
                      const size_t *parents, const bool *is_placed, struct dln_error *err)
{
    struct dln_strbuf ring = {0};
    size_t at = start;
    do {
        size_t k = first[at];
        while (is_placed[parents[k]])
            k++;
        at = parents[k];
        dln_strbuf_addf(&ring, " needs '%.80s'", space->params[at].name);
    } while (at != start && ring.len < 400);
    if (dln_strbuf_ok(&ring)) {
        dln_fail(err, DLN_INVALID, "the conditions form a ring: '%.80s'%s",
                 space->params[start].name, dln_strbuf_text(&ring));
    } else {
        dln_fail(err, DLN_NOMEM, "out of memory");
    }
    dln_strbuf_release(&ring);
    return false;
}

static size_t place_all(const struct dln_space *space, const size_t *first, const size_t *parents,
                        bool *is_placed, size_t *order)
{
    size_t n_placed = 0;
    for (bool moved = true; moved && n_placed < space->n;) {
        moved = false;
        for (size_t i = 0; i < space->n; i++) {
            if (is_placed[i]) continue;
            bool is_ready = true;
            for (size_t k = first[i]; k < first[i + 1] && is_ready; k++) {
                is_ready = is_placed[parents[k]];
            }
            if (!is_ready) continue;
            is_placed[i] = true;
            order[n_placed++] = i;
            moved = true;
        }
    }
    return n_placed;
}

bool dln_space_settle(struct dln_space *space, struct dln_arena *arena, size_t *culprit,
                      struct dln_error *err)
{
    const size_t n = space->n;
    size_t *order = DLN_ARENA_ARRAY(arena, size_t, n);
    size_t *first = DLN_ARENA_ARRAY(arena, size_t, n + 1);
    bool *is_placed = DLN_ARENA_ARRAY(arena, bool, n);
    if (!order || !first || !is_placed) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t *parents = DLN_ARENA_ARRAY(arena, size_t, list_parents(space, first, NULL));
    if (!parents) return dln_fail(err, DLN_NOMEM, "out of memory");
    list_parents(space, first, parents);

    if (place_all(space, first, parents, is_placed, order) < n) {
        const size_t inside = find_in_ring(space, first, parents, is_placed);
        if (culprit) *culprit = inside;
        return fail_ring(space, inside, first, parents, is_placed, err);
    }
    space->order = order;
    return true;
}
