#include "support/prune_rig.h"

#include "support/test.h"

bool prune_rig_try(const char *name, bool maximize, const char *pruner, size_t n,
                   const struct prune_setting *settings, dln_pruning **out, struct dln_error *err)
{
    struct dln_objective objective = {.metric = "loss", .maximize = maximize};
    const struct dln_study study = {.name = name, .n_objectives = 1, .objectives = &objective};
    struct dln_named_scalar given[16] = {0};
    assert_true(n <= 16);
    for (size_t i = 0; i < n; i++) {
        const char *text = settings[i].text;
        given[i] = (struct dln_named_scalar){.name = settings[i].name, .line = 7, .column = 9};
        given[i].value = (struct dln_scalar){
            .kind = !text             ? DLN_SCALAR_REAL
                    : text[0] == '{'  ? DLN_SCALAR_JSON
                    : text[0] == '\1' ? DLN_SCALAR_BOOL
                                      : DLN_SCALAR_TEXT,
            .truth = true,
            .number = settings[i].number,
            .text = text,
        };
    }
    const struct dln_method method = {
        .name = pruner, .n_settings = n, .settings = given, .line = 6, .column = 8};
    return dln_pruning_new(&study, &method, out, err);
}

dln_pruning *prune_rig(const char *name, bool maximize, const char *pruner, size_t n,
                       const struct prune_setting *settings)
{
    struct dln_error err = {0};
    dln_pruning *pruning = NULL;
    assert_ok(prune_rig_try(name, maximize, pruner, n, settings, &pruning, &err), err);
    assert_non_null(pruning);
    return pruning;
}

void prune_complete(dln_pruning *pruning, int64_t number, size_t n, const int64_t *steps,
                    const double *values)
{
    struct dln_error err = {0};
    const struct dln_pruned_trial trial = {
        .number = number,
        .state = DLN_TRIAL_COMPLETE,
        .value = n > 0 ? values[n - 1] : (double)NAN,
        .n = n,
        .steps = steps,
        .values = values,
    };
    assert_ok(dln_pruning_put(pruning, &trial, &err), err);
}

struct dln_prune prune_report(dln_pruning *pruning, int64_t number, int64_t step, double value)
{
    struct dln_error err = {0};
    struct dln_prune out = {0};
    bool is_news = false;
    assert_ok(dln_pruning_report(pruning, number, step, value, &is_news, &err), err);
    if (is_news) dln_pruning_decide(pruning, number, &out);
    return out;
}
