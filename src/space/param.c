/*
 * One parameter: value ⇄ unit cube, and the grid of stepped kinds.
 * Encoding as in Optuna's _transform.py: stepped kinds are widened by half a step at both ends, so
 * that every value owns a cell of the cube of equal width.
 */
#include "dialin/space.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "dialin/num.h"

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* Distance between neighbours, 0 where there is none. */
static double step_of(const struct dln_param *param)
{
    if (param->kind == DLN_PARAM_FLOAT) return param->step;
    if (param->kind == DLN_PARAM_INT && param->step > 1) return param->step;
    return 1;
}

bool dln_param_is_single(const struct dln_param *param)
{
    return param->low == param->high;
}

/* The range that maps to [0, 1], widened, in log space for a log parameter. */
static void cube_range(const struct dln_param *param, double *low, double *high)
{
    const double half = step_of(param) / 2;
    *low = param->low - half;
    *high = param->high + half;
    if (!param->log) return;
    *low = log(*low);
    *high = log(*high);
}

double dln_param_place(const struct dln_param *param, double x)
{
    double low;
    double high;
    if (isnan(x) || (param->log && !(x > 0))) return NAN;
    if (dln_param_is_single(param)) return 0.5;
    cube_range(param, &low, &high);
    const double at = param->log ? log(x) : x;
    return isfinite(high - low) && isfinite(at - low) ? (at - low) / (high - low)
                                                      : (at / 2 - low / 2) / (high / 2 - low / 2);
}

/* Where in the cube a value of the range lies. */
static double place(const struct dln_param *param, double x)
{
    return clip(dln_param_place(param, x), 0, 1);
}

double dln_param_encode(const struct dln_param *param, double x)
{
    if (isnan(x)) return x;
    if (dln_param_is_single(param)) return 0.5;
    return place(param, clip(x, param->low, param->high));
}

void dln_param_cell(const struct dln_param *param, double x, double *low, double *high)
{
    const double half = step_of(param) / 2;
    *low = *high = dln_param_encode(param, x);
    if (half == 0 || isnan(x) || dln_param_is_single(param)) return;
    x = clip(x, param->low, param->high);
    *low = place(param, x - half);
    *high = place(param, x + half);
}

/*
 * low + k·step as the double nearest to the decimal sum: 0.1 + 2·0.1 is 0.3, not
 * 0.30000000000000004. The scale is right when dividing by it gives back the very same doubles.
 */
static double grid_value(double low, double step, double k)
{
    for (int64_t power = 1; power <= 1000000000000000; power *= 10) {
        const double scale = (double)power;
        const double whole_low = nearbyint(low * scale);
        const double whole_step = nearbyint(step * scale);
        if (whole_low / scale != low || whole_step / scale != step) continue;
        const double sum = whole_low + k * whole_step;
        if (fabs(sum) > DLN_INT_MAX || fabs(k * whole_step) > DLN_INT_MAX) break;
        return sum / scale;
    }
    return low + k * step;
}

double dln_param_nth(const struct dln_param *param, double k)
{
    const double step = step_of(param);
    if (!(k > 0) || step == 0) return param->low;
    const double last = floor((param->high - param->low) / step + 0.5);
    if (k >= last) return param->high;
    if (param->kind != DLN_PARAM_INT) return grid_value(param->low, step, floor(k));
    /* k·step may be above 2^53, where doubles leave numbers out; the sum is not. */
    const double x = (double)((int64_t)param->low + (int64_t)k * (int64_t)step);
    return clip(x, param->low, param->high);
}

double dln_param_decode(const struct dln_param *param, double u)
{
    if (dln_param_is_single(param)) return param->low;
    u = u > 0 ? clip(u, 0, 1) : 0; /* NaN too */
    double low;
    double high;
    cube_range(param, &low, &high);
    double x = isfinite(high - low) ? low + u * (high - low) : low * (1 - u) + high * u;
    if (param->log) x = exp(x);
    x = clip(x, param->low, param->high);
    const double step = step_of(param);
    if (step == 0) return x;
    return dln_param_nth(param, floor((x - param->low) / step + 0.5));
}

bool dln_param_contains(const struct dln_param *param, double x)
{
    if (!(x >= param->low && x <= param->high)) return false;
    const double step = step_of(param);
    if (step == 0) return true;
    if (param->kind != DLN_PARAM_FLOAT) { /* the difference may be above 2^53 */
        return x == floor(x) && ((int64_t)x - (int64_t)param->low) % (int64_t)step == 0;
    }
    const double k = (x - param->low) / step;
    return fabs(k - nearbyint(k)) < 1e-8; /* Optuna's tolerance */
}

double dln_param_count(const struct dln_param *param)
{
    if (dln_param_is_single(param)) return 1;
    const double step = step_of(param);
    return step == 0 ? 0 : floor((param->high - param->low) / step + 0.5) + 1;
}

/* ── the last step, in decimal arithmetic ──────────────────────────────────────────────────────*/

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide;
enum { WIDE_DIGITS = 37 };
#else
typedef int64_t wide;
enum { WIDE_DIGITS = 18 };
#endif

struct decimal {
    wide digits;
    int exponent; /* value = digits · 10^exponent */
    int length;   /* of digits */
};

/* The decimal number that repr() shows. */
static struct decimal decimal_of(double x)
{
    char text[DLN_NUM_TEXT_MAX];
    const size_t len = dln_num_repr(x, text);
    struct decimal out = {0};
    bool after_point = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (c == 'e') {
            int64_t power = 0;
            if (dln_num_parse_int(text + i + 1, len - i - 1, &power)) out.exponent += (int)power;
            break;
        }
        if (c == '.') after_point = true;
        if (c < '0' || c > '9') continue;
        out.digits = out.digits * 10 + (c - '0');
        out.exponent -= after_point;
        out.length += out.digits != 0;
    }
    if (text[0] == '-') out.digits = -out.digits;
    return out;
}

static bool rescale(struct decimal *number, int exponent)
{
    if (number->digits == 0) number->exponent = exponent;
    if (number->length + (number->exponent - exponent) >= WIDE_DIGITS) return false;
    for (; number->exponent > exponent; number->exponent--)
        number->digits *= 10;
    return true;
}

static double double_of(wide digits, int exponent)
{
    char text[2 * DLN_NUM_TEXT_MAX];
    size_t at = sizeof text / 2;
    const size_t end = at;
    const bool negative = digits < 0;
    do {
        const int digit = (int)(digits % 10);
        text[--at] = (char)('0' + (negative ? -digit : digit));
        digits /= 10;
    } while (digits != 0);
    if (negative) text[--at] = '-';
    const int tail = snprintf(text + end, sizeof text - end, "e%d", exponent);
    double x = (double)NAN;
    if (tail < 0 || !dln_num_parse(text + at, end - at + (size_t)tail, &x)) return (double)NAN;
    return x;
}

double dln_param_last_step(double low, double high, double step)
{
    if (!(step > 0) || !(high > low) || !isfinite(high - low)) return high;
    struct decimal a = decimal_of(low);
    struct decimal b = decimal_of(high);
    struct decimal s = decimal_of(step);
    int exponent = a.exponent < b.exponent ? a.exponent : b.exponent;
    if (s.exponent < exponent) exponent = s.exponent;
    if (s.digits > 0 && rescale(&a, exponent) && rescale(&b, exponent) && rescale(&s, exponent)) {
        return double_of((b.digits - a.digits) / s.digits * s.digits + a.digits, exponent);
    }
    return clip(low + floor((high - low) / step) * step, low, high);
}
