#include "base/rng.h"
#include "dialin/explain.h"
#include "math/forest.h"
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
        for (int method = 0; method < DLN_IMPORTANCE_METHOD_COUNT; method++) {
            struct dln_importance *list = NULL;
            assert_ok(
                dln_importance(&evidence, (enum dln_importance_method)method, &arena, &list, &err),
                err);
            for (size_t j = 0; j < D; j++)
                assert_close(list[j].share, 0, 0, 0);
        }
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

/* ── the forest ────────────────────────────────────────────────────────────────────────────────*/

/* y = 3 u0, and 4 more where u1 and u2 are both above 1/2; u3 has no effect. Of a variance of 3.75,
   u0 explains 9/12, u1 and u2 each 1, and together 1 more. */
enum { PLANE_D = 4, PLANE_N = 1200 };

static struct dln_param plane_params[PLANE_D] = {{.name = "a", .high = 1},
                                                 {.name = "b", .high = 1},
                                                 {.name = "c", .high = 1},
                                                 {.name = "d", .high = 1}};
static const struct dln_space plane = {.n = PLANE_D, .params = plane_params};

static struct dln_evidence plane_evidence(void)
{
    const double **const x = DLN_ARENA_ARRAY(&arena, const double *, PLANE_N);
    double *const loss = DLN_ARENA_ARRAY(&arena, double, PLANE_N);
    struct dln_rng rng;
    dln_rng_init(&rng, 5);
    for (size_t i = 0; i < PLANE_N; i++) {
        double *const u = DLN_ARENA_ARRAY(&arena, double, PLANE_D);
        for (size_t j = 0; j < PLANE_D; j++)
            u[j] = dln_rng_uniform(&rng);
        x[i] = u;
        loss[i] = 3 * u[0] + (u[1] > 0.5 && u[2] > 0.5 ? 4 : 0);
    }
    return (struct dln_evidence){.space = &plane, .n = PLANE_N, .x = x, .loss = loss};
}

static void fanova_finds_the_variance_of_main_effects(void **state)
{
    (void)state;
    const struct dln_evidence evidence = plane_evidence();
    struct dln_importance *list = NULL;
    assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_FANOVA, &arena, &list, &err), err);
    /* the forest sees 1200 points of the surface, hence the margin */
    assert_close(list[0].raw, 0.75 / 3.75, 0.03, 0);
    assert_close(list[1].raw, 1 / 3.75, 0.03, 0);
    assert_close(list[2].raw, 1 / 3.75, 0.03, 0);
    assert_true(list[3].raw < 0.01);
    assert_true(list[0].low <= list[0].share && list[0].share <= list[0].high);
    dln_arena_release(&arena);
}

static void impurity_counts_what_interacts_too(void **state)
{
    (void)state;
    const struct dln_evidence evidence = plane_evidence();
    struct dln_importance *list = NULL;
    double sum = 0;
    assert_ok(dln_importance(&evidence, DLN_IMPORTANCE_MDI, &arena, &list, &err), err);
    for (size_t j = 0; j < PLANE_D; j++)
        sum += list[j].raw;
    assert_close(sum, 1, 1e-9, 0);
    assert_true(list[1].raw > 0.2 && list[2].raw > 0.2); /* more than their main effects */
    assert_true(list[1].raw + list[2].raw > 0.7);
    assert_true(list[3].raw < 0.05);
    dln_arena_release(&arena);
}

static void the_largest_interaction_comes_first(void **state)
{
    (void)state;
    const struct dln_evidence evidence = plane_evidence();
    const size_t all[] = {0, 1, 2, 3};
    struct dln_interaction *pairs = NULL;
    size_t n = 0;
    assert_ok(dln_interactions(&evidence, all, 4, &arena, &pairs, &n, &err), err);
    assert_int_equal(n, 6);
    assert_int_equal(pairs[0].a + pairs[0].b, 3);
    assert_true(pairs[0].a == 1 || pairs[0].b == 1);
    assert_close(pairs[0].share, 1 / 3.75, 0.03, 0);
    assert_true(pairs[1].share < 0.02);
    dln_arena_release(&arena);
}

static struct dln_tree tree_of(const json_t *nodes)
{
    struct dln_tree tree = {.n = json_array_size(nodes)};
    tree.node = DLN_ARENA_ARRAY(&arena, struct dln_tree_node, tree.n);
    for (size_t i = 0; i < tree.n; i++) {
        const json_t *const node = json_array_get(nodes, i);
        const json_t *const leaf = json_object_get(node, "leaf");
        tree.node[i] = (struct dln_tree_node){.feature = -1};
        if (leaf) {
            tree.node[i].value = json_number_value(leaf);
            continue;
        }
        tree.node[i].feature = (int)json_integer_value(json_object_get(node, "feature"));
        tree.node[i].threshold = json_number_value(json_object_get(node, "threshold"));
        tree.node[i].left = (uint32_t)json_integer_value(json_object_get(node, "left"));
        tree.node[i].right = (uint32_t)json_integer_value(json_object_get(node, "right"));
    }
    return tree;
}

static void marginals_of_given_trees_are_exact(void **state)
{
    (void)state;
    static const size_t pair_of[][2] = {{0, 1}, {0, 2}, {1, 2}};
    json_t *vectors = vectors_load("fanova");
    const json_t *const trees = vectors_input(vectors, "fanova_given_trees", "trees");
    double total[3], main_effect[9], pair[9];
    for (size_t t = 0; t < 3; t++) {
        const struct dln_tree tree = tree_of(json_array_get(trees, t));
        struct dln_boxes boxes;
        assert_true(dln_boxes_make(&boxes, &tree, 3, &arena));
        total[t] = dln_boxes_variance(&boxes);
        for (size_t j = 0; j < 3; j++)
            main_effect[3 * t + j] = dln_boxes_main(&boxes, j) / total[t];
        for (size_t p = 0; p < 3; p++) {
            const size_t a = pair_of[p][0], b = pair_of[p][1];
            pair[3 * t + p] = dln_boxes_pair(&boxes, a, b) / total[t] - main_effect[3 * t + a] -
                              main_effect[3 * t + b];
        }
    }
    vectors_assert_close(vectors_expected(vectors, "fanova_given_trees", "total_variance"), total,
                         1e-13, 1e-12);
    vectors_assert_close(
        vectors_expected(vectors, "fanova_given_trees", "main_effect_fraction_per_tree"),
        main_effect, 1e-13, 1e-12);
    vectors_assert_close(
        vectors_expected(vectors, "fanova_given_trees", "pair_fraction_order_01_02_12"), pair,
        1e-12, 1e-12);
    json_decref(vectors);
    dln_arena_release(&arena);
}

static void a_forest_fits_what_it_has_seen(void **state)
{
    (void)state;
    const struct dln_evidence evidence = plane_evidence();
    double *const u = DLN_ARENA_ARRAY(&arena, double, (size_t)PLANE_N *PLANE_D);
    struct dln_forest forest;
    double worst = 0;
    for (size_t i = 0; i < PLANE_N; i++)
        memcpy(u + i * PLANE_D, evidence.x[i], PLANE_D * sizeof *u);
    assert_true(dln_forest_grow(&forest, 32, PLANE_D, PLANE_N, u, evidence.loss, 1, &arena));
    for (size_t i = 0; i < PLANE_N; i++) {
        double sum = 0;
        for (size_t t = 0; t < forest.n; t++)
            sum += dln_tree_predict(&forest.tree[t], evidence.x[i]);
        worst += fabs(sum / (double)forest.n - evidence.loss[i]);
    }
    assert_true(worst / PLANE_N < 0.1);
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ped_anova_gives_the_numbers_of_optuna),
        cmocka_unit_test(shares_sum_to_one_and_lie_in_their_range),
        cmocka_unit_test(nothing_to_tell_apart_gives_zeros),
        cmocka_unit_test(values_outside_their_range_are_counted_at_its_edge),
        cmocka_unit_test(fanova_finds_the_variance_of_main_effects),
        cmocka_unit_test(impurity_counts_what_interacts_too),
        cmocka_unit_test(the_largest_interaction_comes_first),
        cmocka_unit_test(marginals_of_given_trees_are_exact),
        cmocka_unit_test(a_forest_fits_what_it_has_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
