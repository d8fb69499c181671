#include "strategy/lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dln_lattice {
    const struct dln_space *space;
    const struct dln_axis *axes;
    bool *is_switch; /* d */
    size_t n_switches;
    size_t *switches; /* parents before children */
    size_t n_branches, cap;
    uint32_t *digits; /* n_branches × n_switches; 0 where inactive */
    uint64_t *ends;   /* points in this branch and in all before it */
};

bool dln_axis_of(const struct dln_param *param, const double *fixed, struct dln_axis *axis)
{
    const double count = dln_param_count(param);
    *axis = (struct dln_axis){.n = (uint64_t)count};
    if (fixed && !isnan(*fixed)) *axis = (struct dln_axis){.n = 1, .x = fixed};
    return axis->n > 0;
}

static double axis_value(const struct dln_lattice *lattice, size_t param, uint64_t digit)
{
    const struct dln_axis *axis = &lattice->axes[param];
    if (axis->x) return axis->x[digit];
    return dln_param_nth(&lattice->space->params[param], (double)digit);
}

static bool is_active(const struct dln_lattice *lattice, size_t param, const double *x)
{
    struct dln_point_context point = {.space = lattice->space, .x = x};
    const struct dln_expr *when = lattice->space->params[param].when;
    return !when || dln_expr_truth(when, dln_space_lookup, &point) == 1;
}

/* Gives the switches from the k-th on their first value, or NaN, as those before them command. */
static void start_switches(const struct dln_lattice *lattice, size_t k, uint32_t *digits, double *x)
{
    for (; k < lattice->n_switches; k++) {
        const size_t param = lattice->switches[k];
        digits[k] = 0;
        x[param] = NAN;
        if (is_active(lattice, param, x)) x[param] = axis_value(lattice, param, 0);
    }
}

/* The next setting of the switches, depth first; false after the last. */
static bool next_switches(const struct dln_lattice *lattice, uint32_t *digits, double *x)
{
    for (size_t k = lattice->n_switches; k-- > 0;) {
        const size_t param = lattice->switches[k];
        if (isnan(x[param]) || digits[k] + UINT64_C(1) >= lattice->axes[param].n) continue;
        digits[k]++;
        x[param] = axis_value(lattice, param, digits[k]);
        start_switches(lattice, k + 1, digits, x);
        return true;
    }
    return false;
}

static bool fail_too_many(struct dln_error *err)
{
    return dln_fail(err, DLN_UNSUPPORTED,
                    "the grid has more than 2^64 points; give some parameters "
                    "a step or fewer values, or take another strategy");
}

static bool count_leaves(const struct dln_lattice *lattice, double *x, uint64_t *count)
{
    *count = 1;
    for (size_t i = 0; i < lattice->space->n; i++) {
        if (lattice->is_switch[i] || !is_active(lattice, i, x)) continue;
        if (__builtin_mul_overflow(*count, lattice->axes[i].n, count)) return false;
    }
    return true;
}

static bool add_branch(struct dln_lattice *lattice, const uint32_t *digits, uint64_t n_points,
                       struct dln_error *err)
{
    const size_t n = lattice->n_branches;
    if (n >= DLN_BRANCHES_MAX) {
        return dln_fail(err, DLN_UNSUPPORTED,
                        "the conditions of this space give a grid more than "
                        "%d branches; take another strategy",
                        DLN_BRANCHES_MAX);
    }
    if (n == lattice->cap) {
        const size_t cap = n ? 2 * n : 8;
        uint32_t *all = realloc(lattice->digits, (cap * lattice->n_switches + 1) * sizeof *all);
        if (all) lattice->digits = all;
        uint64_t *ends = all ? realloc(lattice->ends, cap * sizeof *ends) : NULL;
        if (!ends) return dln_fail(err, DLN_NOMEM, "out of memory for a grid");
        lattice->ends = ends;
        lattice->cap = cap;
    }
    if (lattice->n_switches > 0) {
        memcpy(lattice->digits + n * lattice->n_switches, digits,
               lattice->n_switches * sizeof *digits);
    }
    const uint64_t before = n ? lattice->ends[n - 1] : 0;
    if (__builtin_add_overflow(before, n_points, &lattice->ends[n])) return fail_too_many(err);
    lattice->n_branches++;
    return true;
}

static bool build_branches(struct dln_lattice *lattice, uint32_t *digits, double *x,
                           struct dln_error *err)
{
    start_switches(lattice, 0, digits, x);
    do {
        uint64_t n_points;
        if (!count_leaves(lattice, x, &n_points)) return fail_too_many(err);
        if (!add_branch(lattice, digits, n_points, err)) return false;
    } while (next_switches(lattice, digits, x));
    return true;
}

static bool note_switch(void *context, const char *name, size_t column, bool is_operand_of_text)
{
    (void)column;
    (void)is_operand_of_text;
    const struct dln_lattice *lattice = context;
    const size_t param = dln_space_find(lattice->space, name);
    if (param != SIZE_MAX) lattice->is_switch[param] = true;
    return true;
}

static void find_switches(struct dln_lattice *lattice)
{
    const struct dln_space *space = lattice->space;
    for (size_t i = 0; i < space->n; i++) {
        if (space->params[i].when) dln_expr_names(space->params[i].when, note_switch, lattice);
    }
    for (size_t i = 0; i < space->n; i++) {
        const size_t param = space->order[i];
        if (lattice->is_switch[param]) lattice->switches[lattice->n_switches++] = param;
    }
}

bool dln_lattice_new(const struct dln_space *space, const struct dln_axis *axes, dln_lattice **out,
                     struct dln_error *err)
{
    const size_t d = space->n;
    dln_lattice *lattice = calloc(1, sizeof *lattice);
    uint32_t *digits = calloc(d + 1, sizeof *digits);
    double *x = calloc(d + 1, sizeof *x);
    if (!lattice || !digits || !x) goto nomem;
    lattice->space = space;
    lattice->axes = axes;
    lattice->is_switch = calloc(d + 1, sizeof *lattice->is_switch);
    lattice->switches = calloc(d + 1, sizeof *lattice->switches);
    if (!lattice->is_switch || !lattice->switches) goto nomem;

    find_switches(lattice);
    if (!build_branches(lattice, digits, x, err)) goto fail;
    free(digits);
    free(x);
    *out = lattice;
    return true;
nomem:
    dln_fail(err, DLN_NOMEM, "out of memory for a grid");
fail:
    free(digits);
    free(x);
    dln_lattice_free(lattice);
    return false;
}

void dln_lattice_free(dln_lattice *lattice)
{
    if (!lattice) return;
    free(lattice->is_switch);
    free(lattice->switches);
    free(lattice->digits);
    free(lattice->ends);
    free(lattice);
}

uint64_t dln_lattice_count(const dln_lattice *lattice)
{
    return lattice->ends[lattice->n_branches - 1];
}

static size_t branch_of(const dln_lattice *lattice, uint64_t index)
{
    size_t low = 0;
    size_t high = lattice->n_branches - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (index < lattice->ends[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void dln_lattice_point(const dln_lattice *lattice, uint64_t index, double *x)
{
    const struct dln_space *space = lattice->space;
    const size_t branch = branch_of(lattice, index);
    if (branch > 0) index -= lattice->ends[branch - 1];

    for (size_t i = 0; i < space->n; i++)
        x[i] = NAN;
    for (size_t k = 0; k < lattice->n_switches; k++) {
        const size_t param = lattice->switches[k];
        const uint32_t digit = lattice->digits[branch * lattice->n_switches + k];
        if (is_active(lattice, param, x)) x[param] = axis_value(lattice, param, digit);
    }
    for (size_t i = space->n; i-- > 0;) {
        if (lattice->is_switch[i] || !is_active(lattice, i, x)) continue;
        const uint64_t n = lattice->axes[i].n;
        x[i] = axis_value(lattice, i, index % n);
        index /= n;
    }
}
