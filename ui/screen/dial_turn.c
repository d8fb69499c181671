/* One step of a parameter. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "plot/param_axis.h"
#include "screen/dial.h"

enum { STEPS = 50 };

double dial_clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* As few digits as tell a step from the next. */
static double rounded(double x, double gap)
{
    char text[32];
    double value = x;
    if (!(gap > 0) || x == 0 || !isfinite(gap)) return x;
    const double digits = floor(log10(fabs(x))) - floor(log10(gap)) + 2;
    if (digits > 15) return x;
    (void)snprintf(text, sizeof text, "%.*g", digits < 1 ? 1 : (int)digits, x);
    return dln_num_scan(text, strlen(text), &value) > 0 ? value : x;
}

static double turned_float(const struct dln_param *param, double anchor, double x, int steps)
{
    const double from = dln_param_place(param, anchor);
    const double u = dln_param_place(param, x);
    if (isnan(u) || isnan(from)) return steps < 0 ? param->low : param->high;
    const double k = round((u - from) * STEPS) + steps;
    if (k == 0) return anchor;
    const double to = dial_clamp(from + k / STEPS, 0, 1);
    const double value = dln_param_decode(param, to);
    const double below = dln_param_decode(param, dial_clamp(to - 1.0 / STEPS, 0, 1));
    return dial_clamp(rounded(value, value - below), param->low, param->high);
}

double dial_turned(const struct dln_param *param, double anchor, double x, int steps)
{
    if (param_is_choice(param)) {
        const int n = (int)param->n_choices;
        return (double)(((int)x + (steps > 0 ? 1 : n - 1)) % n);
    }
    if (param->step <= 0 && param->kind == DLN_PARAM_FLOAT) {
        return turned_float(param, anchor, x, steps);
    }
    const double sign = steps > 0 ? 1 : -1;
    const double to = dln_param_decode(
        param, dial_clamp(dln_param_encode(param, x) + (double)steps / STEPS, 0, 1));
    if ((to - x) * sign > 0) return to;
    return dial_clamp(x + sign * param->step, param->low, param->high);
}

bool dial_is_changed(const struct dial *dial, size_t i)
{
    return !isnan(dial->x[i]) && !(dial->x[i] == dial->base[i]);
}
