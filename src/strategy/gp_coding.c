#include "strategy/gp_coding.h"

#include <math.h>

static bool is_category(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_FLAG || (param->kind == DLN_PARAM_CHOICE && !param->ordered);
}

static enum dln_gp_motion motion_of(const struct dln_param *param)
{
    if (dln_param_is_single(param)) return DLN_GP_STILL;
    if (is_category(param)) return DLN_GP_SWITCHES;
    const double count = dln_param_count(param);
    if (count == 0) return DLN_GP_SMOOTH;
    return count <= DLN_GP_FEW ? DLN_GP_SWITCHES : DLN_GP_STEPS;
}

bool dln_gp_coding_init(struct dln_gp_coding *coding, const struct dln_space *space,
                        struct dln_arena *arena)
{
    *coding = (struct dln_gp_coding){.space = space};
    struct dln_gp_layout *layout = &coding->layout;
    layout->ell_of = DLN_ARENA_ARRAY(arena, size_t, 2 * space->n);
    layout->is_category = DLN_ARENA_ARRAY(arena, bool, 2 * space->n);
    coding->column_of = DLN_ARENA_ARRAY(arena, size_t, space->n);
    coding->motion = DLN_ARENA_ARRAY(arena, enum dln_gp_motion, space->n);
    if (!layout->ell_of || !layout->is_category || !coding->column_of || !coding->motion) {
        return false;
    }
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        coding->motion[i] = motion_of(param);
        coding->column_of[i] = SIZE_MAX;
        if (coding->motion[i] == DLN_GP_STILL) continue;
        coding->column_of[i] = layout->n_columns;
        const size_t columns = param->when && !is_category(param) ? 2 : 1;
        for (size_t k = 0; k < columns; k++) {
            layout->ell_of[layout->n_columns] = layout->n_ell;
            layout->is_category[layout->n_columns++] = is_category(param);
        }
        layout->n_ell++;
    }
    return true;
}

void dln_gp_code(const struct dln_gp_coding *coding, const double *x, const double *u,
                 double *columns)
{
    for (size_t i = 0; i < coding->space->n; i++) {
        const size_t at = coding->column_of[i];
        if (at == SIZE_MAX) continue;
        const bool is_absent = isnan(x[i]);
        if (coding->layout.is_category[at]) {
            columns[at] = is_absent ? -1 : x[i];
        } else if (coding->space->params[i].when) {
            columns[at] = is_absent ? 0 : u[i] - 0.5;
            columns[at + 1] = is_absent ? 0 : 0.5;
        } else {
            columns[at] = u[i];
        }
    }
}

bool dln_gp_is_whole(const struct dln_gp_coding *coding, const double *x)
{
    for (size_t i = 0; i < coding->space->n; i++) {
        const bool is_always_there = !coding->space->params[i].when;
        if (is_always_there && coding->column_of[i] != SIZE_MAX && isnan(x[i])) return false;
    }
    return true;
}
