#include "support/test.h"

#include "base/rng.h"
#include "math/hypervolume.h"
#include "math/nondominated.h"
#include "support/vectors.h"

enum { N_MAX = 64, M_MAX = 5 };

static size_t read_rows(const json_t *rows, double *out)
{
    size_t index;
    json_t *row;
    json_array_foreach(rows, index, row)
    {
        const size_t m = json_array_size(row);
        for (size_t k = 0; k < m; k++)
            out[index * m + k] = json_number_value(json_array_get(row, k));
    }
    return index;
}

static void check_population(const json_t *vectors, const char *id, size_t m)
{
    double loss[N_MAX * M_MAX];
    double reference[M_MAX];
    double front[N_MAX * M_MAX];
    size_t member[N_MAX];
    size_t rank[N_MAX];
    const size_t n = read_rows(vectors_input(vectors, id, "F"), loss);
    for (size_t k = 0; k < m; k++) {
        reference[k] =
            json_number_value(json_array_get(vectors_input(vectors, id, "reference_point"), k));
    }
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    double volume = 0;
    assert_ok(dln_hypervolume(n, m, loss, reference, &volume, &scratch, &err), err);
    assert_close(volume, json_number_value(vectors_expected(vectors, id, "hypervolume")), 1e-9,
                 1e-9);

    assert_ok(dln_nondominated_ranks(n, m, loss, NULL, rank, NULL, &scratch, &err), err);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (rank[i] > 0) continue;
        memcpy(front + count * m, loss + i * m, m * sizeof *loss);
        member[count++] = i;
    }
    const json_t *shares = vectors_expected(vectors, id, "hv_contribution_of_rank0");
    assert_int_equal(json_object_size(shares), count);
    double share[N_MAX]; /* among all points, also those of the fronts behind */
    assert_ok(dln_hypervolume_shares(n, m, loss, reference, share, &scratch, &err), err);
    for (size_t i = 0; i < count; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", member[i]);
        assert_close(share[member[i]], json_number_value(json_object_get(shares, key)), 1e-9, 1e-9);
    }

    const json_t *subset = vectors_expected(vectors, id, "greedy_hssp");
    const json_t *order = json_object_get(subset, "selected_in_order");
    const size_t k = json_array_size(order);
    assert_true(k > 0);
    size_t chosen[N_MAX];
    assert_ok(dln_hypervolume_subset(count, m, front, reference, k, chosen, &scratch, &err), err);
    for (size_t i = 0; i < k; i++)
        assert_int_equal(member[chosen[i]], json_integer_value(json_array_get(order, i)));
    dln_arena_release(&scratch);
}

static void two_objectives_agree_with_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("multiobjective");
    check_population(vectors, "population_m2", 2);
    json_decref(vectors);
}

static void three_objectives_agree_with_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("multiobjective");
    check_population(vectors, "population_m3", 3);
    json_decref(vectors);
}

static void three_steps_have_the_area_that_paper_gives(void **state)
{
    (void)state;
    const double points[] = {1, 5, 2, 3, 4, 1};
    double volume = 0;
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    assert_ok(dln_hypervolume(3, 2, points, (const double[]){6, 6}, &volume, &scratch, &err), err);
    assert_close(volume, 17, 0, 0);
    dln_arena_release(&scratch);
}

/* Points on a lattice: the unit cells that some point dominates are counted. */
static double counted(size_t n, size_t m, const double *points, int side)
{
    int cell[M_MAX] = {0};
    double count = 0;
    for (size_t at = 0; at < m;) {
        for (size_t i = 0; i < n; i++) {
            bool is_covered = true;
            for (size_t c = 0; c < m; c++)
                is_covered &= points[i * m + c] <= cell[c];
            if (is_covered) {
                count++;
                break;
            }
        }
        for (at = 0; at < m && ++cell[at] == side; at++)
            cell[at] = 0;
    }
    return count;
}

static void volumes_and_shares_are_those_that_counting_gives(void **state)
{
    (void)state;
    enum { SIDE = 5, N = 14 };
    struct dln_rng rng;
    dln_rng_init(&rng, 6);
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    for (size_t m = 1; m <= M_MAX; m++) {
        for (int round = 0; round < 20; round++) {
            double points[N * M_MAX];
            double reference[M_MAX];
            double share[N];
            double volume = 0;
            for (size_t i = 0; i < N * m; i++) /* some lie outside */
                points[i] = (double)dln_rng_below(&rng, SIDE + 1);
            for (size_t c = 0; c < m; c++)
                reference[c] = SIDE;
            assert_ok(dln_hypervolume(N, m, points, reference, &volume, &scratch, &err), err);
            assert_close(volume, counted(N, m, points, SIDE), 0, 0);
            assert_ok(dln_hypervolume_shares(N, m, points, reference, share, &scratch, &err), err);
            for (size_t i = 0; i < N; i++) {
                double rest[N * M_MAX];
                memcpy(rest, points, sizeof rest);
                memcpy(rest + i * m, points + (N - 1) * m, m * sizeof *rest);
                assert_close(share[i], volume - counted(N - 1, m, rest, SIDE), 0, 0);
            }
        }
    }
    dln_arena_release(&scratch);
}

static void a_subset_takes_what_adds_most_each_time(void **state)
{
    (void)state;
    enum { N = 40, K = 12, M = 3 };
    double points[N * M];
    const double reference[M] = {1, 1, 1};
    struct dln_rng rng;
    dln_rng_init(&rng, 9);
    for (size_t i = 0; i < N; i++) { /* on a plane: nobody dominates anybody */
        double sum = 0;
        for (size_t c = 0; c < M; c++)
            sum += points[i * M + c] = dln_rng_uniform(&rng);
        for (size_t c = 0; c < M; c++)
            points[i * M + c] /= sum;
    }
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    size_t chosen[K];
    assert_ok(dln_hypervolume_subset(N, M, points, reference, K, chosen, &scratch, &err), err);
    double taken[(K + 1) * M];
    for (size_t k = 0; k < K; k++) {
        double best = -1;
        size_t best_at = 0;
        for (size_t i = 0; i < N; i++) {
            double volume = 0;
            memcpy(taken + k * M, points + i * M, M * sizeof *taken);
            assert_ok(dln_hypervolume(k + 1, M, taken, reference, &volume, &scratch, &err), err);
            if (volume > best + 1e-12) {
                best = volume;
                best_at = i;
            }
        }
        assert_int_equal(chosen[k], best_at);
        memcpy(taken + k * M, points + chosen[k] * M, M * sizeof *taken);
    }
    dln_arena_release(&scratch);
}

static void a_subset_of_all_takes_each_once(void **state)
{
    (void)state;
    const double points[] = {2, 2, 9, 9, 2, 2, 1, 3};
    size_t chosen[4];
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    assert_ok(
        dln_hypervolume_subset(4, 2, points, (const double[]){5, 5}, 4, chosen, &scratch, &err),
        err);
    const size_t expected[] = {0, 3, 1, 2};
    assert_memory_equal(chosen, expected, sizeof chosen);
    dln_arena_release(&scratch);
}

static void a_reference_lies_beyond_the_worst(void **state)
{
    (void)state;
    const double points[] = {1, -4, 0, -2, 2, -3, -5, -1, 0};
    double reference[3];
    dln_reference_point(3, 3, points, reference);
    assert_close(reference[0], 1.1, 1e-12, 0);
    assert_close(reference[1], 2.2, 1e-12, 0);
    assert_close(reference[2], 0.3, 1e-12, 0);
    dln_reference_point(0, 3, points, reference);
    assert_close(reference[0], 1, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_objectives_agree_with_the_reference),
        cmocka_unit_test(three_objectives_agree_with_the_reference),
        cmocka_unit_test(three_steps_have_the_area_that_paper_gives),
        cmocka_unit_test(volumes_and_shares_are_those_that_counting_gives),
        cmocka_unit_test(a_subset_takes_what_adds_most_each_time),
        cmocka_unit_test(a_subset_of_all_takes_each_once),
        cmocka_unit_test(a_reference_lies_beyond_the_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
