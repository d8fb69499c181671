#include <math.h>
#include <string.h>

#include "explain/method.h"

const char *dln_importance_method_name(enum dln_importance_method method)
{
    static const char *const names[] = {
#define DLN_IMPORTANCE_TEXT(name, text) text,
        DLN_IMPORTANCE_METHODS(DLN_IMPORTANCE_TEXT)
#undef DLN_IMPORTANCE_TEXT
    };
    return (size_t)method < DLN_IMPORTANCE_METHOD_COUNT ? names[method] : "";
}

static bool run_method(const struct dln_evidence *evidence, enum dln_importance_method method,
                       struct dln_arena *arena, double *raw)
{
    for (size_t i = 0; i < evidence->space->n; i++)
        raw[i] = 0;
    if (evidence->n < 2) return true;
    switch (method) {
    case DLN_IMPORTANCE_PED_ANOVA: return dln_ped_anova(evidence, arena, raw);
    case DLN_IMPORTANCE_FANOVA: return dln_fanova(evidence, arena, raw);
    case DLN_IMPORTANCE_MDI: return dln_impurity(evidence, arena, raw);
    case DLN_IMPORTANCE_METHOD_COUNT: break;
    }
    return true;
}

static void to_shares(size_t d, const double *raw, double *share)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += raw[i];
    for (size_t i = 0; i < d; i++)
        share[i] = sum > 0 ? raw[i] / sum : 0;
}

/* Every fifth trial is left out, beginning with the one of number `fold`. */
static struct dln_evidence without_fold(const struct dln_evidence *evidence, size_t fold,
                                        const double **x, double *loss)
{
    size_t n = 0;
    for (size_t i = 0; i < evidence->n; i++) {
        if (i % DLN_IMPORTANCE_FOLDS == fold) continue;
        x[n] = evidence->x[i];
        loss[n++] = evidence->loss[i];
    }
    return (struct dln_evidence){.space = evidence->space, .n = n, .x = x, .loss = loss};
}

static void begin_entry(const struct dln_evidence *evidence, size_t param, double raw, double share,
                        struct dln_importance *out)
{
    *out = (struct dln_importance){
        .param = param, .raw = raw, .share = share, .low = share, .high = share};
    for (size_t i = 0; i < evidence->n; i++)
        out->n += !isnan(evidence->x[i][param]);
}

static bool fill(const struct dln_evidence *evidence, enum dln_importance_method method,
                 struct dln_arena *arena, struct dln_arena *scratch, struct dln_importance **out)
{
    const size_t d = evidence->space->n;
    struct dln_importance *list = DLN_ARENA_ARRAY(arena, struct dln_importance, d);
    double *raw = DLN_ARENA_ARRAY(scratch, double, d);
    double *share = DLN_ARENA_ARRAY(scratch, double, d);
    const double **x = DLN_ARENA_ARRAY(scratch, const double *, evidence->n);
    double *loss = DLN_ARENA_ARRAY(scratch, double, evidence->n);
    if (!list || !raw || !share || !x || !loss) return false;
    if (!run_method(evidence, method, scratch, raw)) return false;
    to_shares(d, raw, share);
    for (size_t j = 0; j < d; j++)
        begin_entry(evidence, j, raw[j], share[j], &list[j]);
    for (size_t fold = 0; fold < DLN_IMPORTANCE_FOLDS; fold++) {
        const struct dln_evidence part = without_fold(evidence, fold, x, loss);
        if (!run_method(&part, method, scratch, raw)) return false;
        to_shares(d, raw, share);
        for (size_t j = 0; j < d; j++) {
            list[j].low = fmin(list[j].low, share[j]);
            list[j].high = fmax(list[j].high, share[j]);
        }
    }
    *out = list;
    return true;
}

bool dln_importance(const struct dln_evidence *evidence, enum dln_importance_method method,
                    struct dln_arena *arena, struct dln_importance **out, struct dln_error *err)
{
    struct dln_arena scratch = {0};
    const bool ok = fill(evidence, method, arena, &scratch, out);
    dln_arena_release(&scratch);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory");
}
