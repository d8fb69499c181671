#include "support/test.h"

#include "base/rng.h"
#include "math/nondominated.h"
#include "support/vectors.h"

enum { N_MAX = 400, M_MAX = 4 };

static size_t read_losses(const json_t *rows, double *loss)
{
    size_t index;
    const size_t m = json_array_size(json_array_get(rows, 0));
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        for (size_t k = 0; k < m; k++)
            loss[index * m + k] = json_number_value(json_array_get(row, k));
    }
    return index;
}

static void check_ranks(const json_t *vectors, const char *id, size_t m)
{
    double loss[N_MAX];
    double penalty[N_MAX];
    size_t rank[N_MAX];
    const size_t n = read_losses(vectors_input(vectors, id, "F"), loss);
    assert_int_equal(n, 14);
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    size_t n_fronts = 0;
    assert_ok(dln_nondominated_ranks(n, m, loss, NULL, rank, &n_fronts, &scratch, &err), err);
    const json_t *expected = vectors_expected(vectors, id, "ranks");
    size_t highest = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rank[i], json_integer_value(json_array_get(expected, i)));
        if (rank[i] > highest) highest = rank[i];
    }
    assert_int_equal(n_fronts, highest + 1);

    for (size_t i = 0; i < n; i++)
        penalty[i] = json_number_value(json_array_get(vectors_input(vectors, id, "penalty"), i));
    assert_ok(dln_nondominated_ranks(n, m, loss, penalty, rank, NULL, &scratch, &err), err);
    expected = vectors_expected(vectors, id, "ranks_constrained");
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rank[i], json_integer_value(json_array_get(expected, i)));

    size_t front[N_MAX];
    double crowding[N_MAX];
    size_t n_front = 0;
    assert_ok(dln_nondominated_ranks(n, m, loss, NULL, rank, NULL, &scratch, &err), err);
    for (size_t i = 0; i < n; i++) {
        if (rank[i] == 0) front[n_front++] = i;
    }
    assert_ok(dln_crowding(n_front, front, m, loss, crowding, &scratch, &err), err);
    expected = vectors_expected(vectors, id, "crowding_of_rank0");
    assert_int_equal(json_object_size(expected), n_front);
    for (size_t i = 0; i < n_front; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", front[i]);
        const json_t *value = json_object_get(expected, key);
        assert_non_null(value);
        const double distance = json_is_string(value) ? HUGE_VAL : json_number_value(value);
        assert_close(crowding[i], distance, 1e-9, 1e-9);
    }
    dln_arena_release(&scratch);
}

static void two_objectives_are_ranked_as_the_reference_does(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("multiobjective");
    check_ranks(vectors, "population_m2", 2);
    json_decref(vectors);
}

static void three_objectives_are_ranked_as_the_reference_does(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("multiobjective");
    check_ranks(vectors, "population_m3", 3);
    json_decref(vectors);
}

/* Front by front, as the definition says. */
static void peel(size_t n, size_t m, const double *loss, size_t *rank)
{
    for (size_t i = 0; i < n; i++)
        rank[i] = SIZE_MAX;
    size_t left = n;
    for (size_t front = 0; left > 0; front++) {
        for (size_t i = 0; i < n; i++) {
            bool is_dominated = rank[i] < front;
            for (size_t j = 0; !is_dominated && j < n; j++)
                is_dominated = rank[j] >= front && dln_dominates(m, loss + j * m, loss + i * m);
            if (!is_dominated) {
                rank[i] = front;
                left--;
            }
        }
    }
}

static void fronts_are_those_that_peeling_gives(void **state)
{
    (void)state;
    static double loss[N_MAX * M_MAX];
    struct dln_rng rng;
    dln_rng_init(&rng, 4);
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    for (size_t m = 1; m <= M_MAX; m++) {
        for (uint64_t steps = 3; steps <= 3000; steps *= 10) { /* few values: many ties */
            size_t rank[N_MAX];
            size_t expected[N_MAX];
            const size_t n = 150;
            for (size_t i = 0; i < n * m; i++)
                loss[i] = (double)dln_rng_below(&rng, steps);
            assert_ok(dln_nondominated_ranks(n, m, loss, NULL, rank, NULL, &scratch, &err), err);
            peel(n, m, loss, expected);
            assert_memory_equal(rank, expected, n * sizeof *rank);
        }
    }
    dln_arena_release(&scratch);
}

static void broken_limits_follow_and_missing_losses_come_last(void **state)
{
    (void)state;
    const double loss[] = {9, 9, 0, 0, NAN, 1, 1, 1, -HUGE_VAL, 0, 0, HUGE_VAL};
    const double violation[] = {0, NAN, 0, 2, 0.5, HUGE_VAL};
    size_t rank[6];
    size_t n_fronts = 0;
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    assert_ok(dln_nondominated_ranks(6, 2, loss, violation, rank, &n_fronts, &scratch, &err), err);
    const size_t expected[] = {0, 3, 4, 2, 1, 3};
    assert_memory_equal(rank, expected, sizeof rank);
    assert_int_equal(n_fronts, 5);
    assert_ok(dln_nondominated_ranks(0, 2, loss, NULL, rank, &n_fronts, &scratch, &err), err);
    assert_int_equal(n_fronts, 0);
    dln_arena_release(&scratch);
}

static void crowding_bears_infinite_and_equal_losses(void **state)
{
    (void)state;
    const double loss[] = {-HUGE_VAL, 7, 1, 5, 3, -HUGE_VAL, HUGE_VAL, 2}; /* 1 1 3 3, 7 5 2 2 */
    const size_t front[] = {0, 1, 2, 3};
    double crowding[4];
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    assert_ok(dln_crowding(4, front, 2, loss, crowding, &scratch, &err), err);
    assert_close(crowding[1], 1 + 1, 1e-12, 0);
    for (int i = 0; i < 4; i++)
        assert_true(i == 1 || isinf(crowding[i]));

    const double equal[] = {4, 4, 4, 4, 4, 4};
    assert_ok(dln_crowding(3, front, 2, equal, crowding, &scratch, &err), err);
    for (int i = 0; i < 3; i++)
        assert_close(crowding[i], 0, 0, 0);
    dln_arena_release(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_objectives_are_ranked_as_the_reference_does),
        cmocka_unit_test(three_objectives_are_ranked_as_the_reference_does),
        cmocka_unit_test(fronts_are_those_that_peeling_gives),
        cmocka_unit_test(broken_limits_follow_and_missing_losses_come_last),
        cmocka_unit_test(crowding_bears_infinite_and_equal_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
