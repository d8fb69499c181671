/* Without memory a pruner keeps the trial or says so, leaves nothing behind, and works the next
 * time. */
#include "support/fault.h"
#include "support/prune_rig.h"
#include "support/test.h"

enum { TRIALS = 6, STEPS = 12 };

/* A short study; ends at the first call that says it has no memory. */
static bool attempt(void *context)
{
    const char *name = context;
    const struct prune_setting settings[] = {{.name = "upper", .number = 3},
                                             {.name = "inner", .text = "{\"median\": {}}"}};
    const bool has_limit = strcmp(name, "threshold") == 0;
    const bool has_inner = strcmp(name, "patient") == 0;
    struct dln_error err = {0};
    dln_pruning *pruning = NULL;
    bool ok = prune_rig_try("s", false, name, has_limit || has_inner, settings + has_inner,
                            &pruning, &err);
    for (int t = 0; t < TRIALS && ok; t++) {
        for (int step = 1; step <= STEPS && ok; step++) {
            struct dln_prune out;
            bool is_news;
            ok = dln_pruning_report(pruning, t, step, t + 1.0 / step, &is_news, &err);
            if (ok) dln_pruning_decide(pruning, t, &out);
        }
        ok = ok && dln_pruning_finish(pruning, t, DLN_TRIAL_COMPLETE, t, 0, &err);
    }
    if (!ok) {
        assert_true(err.code == DLN_NOMEM || err.code == DLN_INVALID); /* jansson knows no code */
        assert_true(strlen(err.text) > 0);
    }
    dln_pruning_free(pruning);
    return ok;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (const struct dln_pruner *const *at = dln_pruners(); *at; at++) {
        char name[32];
        snprintf(name, sizeof name, "%s", (*at)->name);
        assert_true(fault_each(FAULT_ALLOC, attempt, name) >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
