#include "dialin/explain.h"
#include "support/test.h"
#include "support/vectors.h"

enum { LR, DROPOUT, WIDTH, DEPTH, X, K, OPT, MOMENTUM, ONE, D };

static const struct dln_scalar opts[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
    {.kind = DLN_SCALAR_TEXT, .text = "adam"},
    {.kind = DLN_SCALAR_TEXT, .text = "adamw"},
};

static struct dln_param params[D] = {
    [LR] = {.name = "lr", .low = 1e-5, .high = 1e-1, .log = true},
    [DROPOUT] = {.name = "dropout", .low = 0, .high = 0.5, .step = 0.05},
    [WIDTH] = {.name = "width", .kind = DLN_PARAM_INT, .low = 1, .high = 9, .step = 4},
    [DEPTH] =
        {.name = "depth", .kind = DLN_PARAM_INT, .low = 1, .high = 1024, .step = 1, .log = true},
    [X] = {.name = "x", .low = -5, .high = 5},
    [K] = {.name = "k", .kind = DLN_PARAM_INT, .low = 0, .high = 200, .step = 1},
    [OPT] = {.name = "opt", .kind = DLN_PARAM_CHOICE, .high = 2, .choices = opts, .n_choices = 3},
    [MOMENTUM] = {.name = "momentum", .low = 0.8, .high = 0.99},
    [ONE] = {.name = "one", .low = 2, .high = 2},
};
static const struct dln_space space = {.n = D, .params = params};

static struct dln_arena arena;
static struct dln_error err;

static struct dln_evidence evidence_of(const json_t *vectors, const char *id)
{
    const json_t *const rows = vectors_input(vectors, id, "x");
    const json_t *const values = vectors_input(vectors, id, "values");
    const bool maximize = json_is_true(vectors_input(vectors, id, "maximize"));
    const size_t n = json_array_size(rows);
    const double **const x = DLN_ARENA_ARRAY(&arena, const double *, n);
    double *const loss = DLN_ARENA_ARRAY(&arena, double, n);
    for (size_t i = 0; i < n; i++) {
        double *const point = DLN_ARENA_ARRAY(&arena, double, D);
        for (size_t j = 0; j < D; j++) {
            const json_t *const value = json_array_get(json_array_get(rows, i), j);
            point[j] = json_is_null(value) ? (double)NAN : json_number_value(value);
        }
        x[i] = point;
        const double value = json_number_value(json_array_get(values, i));
        loss[i] = maximize ? -value : value;
    }
    return (struct dln_evidence){.space = &space, .n = n, .x = x, .loss = loss};
}

static void ped_anova_gives_the_numbers_of_optuna(void **state)
{
    (void)state;
    static const char *const ids[] = {"few", "many", "maximize", "ties", "two"};
    json_t *vectors = vectors_load("importance");
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        const struct dln_evidence evidence = evidence_of(vectors, ids[i]);
        struct dln_importance *list = NULL;
        double raw[D];
        assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err), err);
        for (size_t j = 0; j < D; j++)
            raw[j] = list[j].raw;
        /* both sum a few hundred products of erf() */
        vectors_assert_close(vectors_expected(vectors, ids[i], "ped_anova"), raw, 1e-12, 1e-9);
    }
    json_decref(vectors);
    dln_arena_release(&arena);
}

static void shares_sum_to_one_and_lie_in_their_range(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("importance");
    const struct dln_evidence evidence = evidence_of(vectors, "many");
    struct dln_importance *list = NULL;
    double sum = 0;
    assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err), err);
    for (size_t j = 0; j < D; j++) {
        sum += list[j].share;
        assert_true(list[j].low <= list[j].share && list[j].share <= list[j].high);
        if (j != X) assert_true(list[j].share < list[X].share); /* it shapes the loss the most */
    }
    assert_close(sum, 1, 1e-12, 0);
    assert_true(list[X].low < list[X].high);
    assert_true(list[MOMENTUM].n < 150 && list[MOMENTUM].n > 0);
    assert_int_equal(list[X].n, 150);
    json_decref(vectors);
    dln_arena_release(&arena);
}

static void nothing_to_tell_apart_gives_zeros(void **state)
{
    (void)state;
    double point[D] = {1e-3, 0.1, 5, 64, 0, 7, 1, 0.9, 2};
    const double *const x[] = {point, point, point};
    const double loss[] = {1, 1, 1};
    for (size_t n = 0; n <= 3; n++) {
        const struct dln_evidence evidence = {.space = &space, .n = n, .x = x, .loss = loss};
        struct dln_importance *list = NULL;
        assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err), err);
        for (size_t j = 0; j < D; j++)
            assert_close(list[j].share, 0, 0, 0);
    }
    dln_arena_release(&arena);
}

static void values_outside_their_range_are_counted_at_its_edge(void **state)
{
    (void)state;
    double low[D] = {1e-9, -3, -7, 0, -99, -5, -1, 0.1, 2};
    double high[D] = {9, 3, 99, 1e6, 99, 500, 17, 5, 2};
    const double *const x[] = {low, high, low, high};
    const double loss[] = {1, 2, 3, 4};
    const struct dln_evidence evidence = {.space = &space, .n = 4, .x = x, .loss = loss};
    struct dln_importance *list = NULL;
    assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err), err);
    for (size_t j = 0; j < D; j++)
        assert_true(isfinite(list[j].share));
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ped_anova_gives_the_numbers_of_optuna),
        cmocka_unit_test(shares_sum_to_one_and_lie_in_their_range),
        cmocka_unit_test(nothing_to_tell_apart_gives_zeros),
        cmocka_unit_test(values_outside_their_range_are_counted_at_its_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
