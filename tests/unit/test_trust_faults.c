/* A judgement while memory fails: it says so, leaves nothing behind, and comes the next time. */
#include "support/test.h"

#include "dialin/trust.h"
#include "support/fault.h"

enum { N = 5, SEEDS = 40 };

static bool judge(void *context)
{
    static double values[N][SEEDS];
    (void)context;
    struct dln_candidate candidates[N];
    struct dln_findings findings = {0};
    struct dln_paired paired = {0};
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    double p[N];
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < SEEDS; k++)
            values[i][k] = (double)i + 0.1 * (double)((7 * k + 3 * i) % 11);
        candidates[i] = (struct dln_candidate){
            .search = (double)i - 0.5, .values = values[i], .n_asked = SEEDS, .is_control = i == 4};
        p[i] = 0.01 * (double)(i + 1);
    }
    const bool ok = dln_compare_paired(SEEDS, values[0], values[1], 0, &arena, &paired, &err) &&
                    dln_holm(N, p, &arena, &err) &&
                    dln_judge(N, candidates, SEEDS, false, 0, &arena, &findings, &err);
    if (ok) {
        assert_true(findings.is_known);
        assert_int_equal(findings.winner, 0);
        assert_true(findings.beats_control);
    } else {
        assert_int_equal(err.code, DLN_NOMEM);
        assert_true(strlen(err.text) > 0);
    }
    dln_arena_release(&arena);
    return ok;
}

static void a_judgement_is_made_or_the_lack_of_memory_is_named(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, judge, NULL) >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_judgement_is_made_or_the_lack_of_memory_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
