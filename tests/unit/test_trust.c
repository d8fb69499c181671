/* src/trust: numbers of SciPy, and what the judgement says of worlds whose truth is known. */
#include "base/rng.h"
#include "dialin/trust.h"
#include "support/test.h"
#include "support/vectors.h"

enum { K_MAX = 16, SEEDS = 64 };

static json_t *vectors;

static size_t numbers(const char *id, const char *key, double *out, size_t cap)
{
    return vectors_numbers(vectors_input(vectors, id, key), out, cap);
}

static double expected(const char *id, const char *key)
{
    return json_number_value(vectors_expected(vectors, id, key));
}

/* ── against vectors ───────────────────────────────────────────────────────────────────────────*/

static void means_are_shrunk_as_by_scipy(void **state)
{
    (void)state;
    double all[24];
    struct dln_candidate c[6] = {{0}};
    struct dln_findings found;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    assert_int_equal(numbers("shrinkage", "repeats", all, 24), 24);
    for (size_t i = 0; i < 6; i++)
        c[i] = (struct dln_candidate){.search = 0.8, .values = all + 4 * i, .n_asked = 4};
    assert_ok(dln_judge(6, c, 4, true, 0, &arena, &found, &err), err);
    double means[6];
    double shrunk[6];
    for (size_t i = 0; i < 6; i++) {
        means[i] = c[i].mean;
        shrunk[i] = c[i].shrunk;
    }
    vectors_assert_close(vectors_expected(vectors, "shrinkage", "means"), means, 1e-12, 0);
    vectors_assert_close(vectors_expected(vectors, "shrinkage", "shrunk"), shrunk, 1e-12, 0);
    assert_close(found.grand, expected("shrinkage", "grand_mean"), 1e-12, 0);
    assert_close(found.noise_sd * found.noise_sd, expected("shrinkage", "pooled_within_var"), 1e-12,
                 0);
    assert_close(found.between, expected("shrinkage", "tau2"), 1e-12, 0);
    assert_close(found.shrinkage, expected("shrinkage", "B"), 1e-9, 0);
    assert_int_equal(found.winner, (int)expected("shrinkage", "winner_naive"));
    assert_close(c[found.winner].mean - found.value,
                 expected("shrinkage", "winner_expected_optimism"), 1e-12, 0);
    dln_arena_release(&arena);
}

static void pairs_are_compared_as_by_scipy(void **state)
{
    (void)state;
    static const char id[] = "paired_tests_10fold";
    double a[10];
    double b[10];
    struct dln_paired pair;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    assert_int_equal(numbers(id, "a", a, 10), 10);
    assert_int_equal(numbers(id, "b", b, 10), 10);
    assert_ok(dln_compare_paired(10, a, b, 0, &arena, &pair, &err), err);
    assert_close(pair.t, expected(id, "t"), 0, 1e-9);
    assert_close(pair.p, expected(id, "p_two_sided"), 0, 1e-9);
    assert_close(pair.wilcoxon_p, expected(id, "wilcoxon_p_two_sided"), 0, 1e-9);
    assert_in_range(pair.more, 1, 20); /* t grows with the square root: 10 × (2 / 1.76)² */
    const double ratio = json_number_value(vectors_input(vectors, id, "test_train_ratio"));
    assert_ok(dln_compare_paired(10, a, b, ratio, &arena, &pair, &err), err);
    assert_close(pair.t, expected(id, "t_corrected"), 0, 1e-9);
    assert_close(pair.p, expected(id, "p_corrected"), 0, 1e-9);
    b[3] = a[7] = (double)NAN;
    assert_ok(dln_compare_paired(10, a, b, 0, &arena, &pair, &err), err);
    assert_int_equal(pair.n, 8);
    dln_arena_release(&arena);
}

static void holm_maxima_ranks_and_plans_are_those_of_the_vectors(void **state)
{
    (void)state;
    double p[5];
    double k[8];
    double found[8];
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    assert_int_equal(numbers("holm", "p_sorted", p, 5), 5);
    assert_ok(dln_holm(5, p, &arena, &err), err);
    vectors_assert_close(vectors_expected(vectors, "holm", "adjusted"), p, 1e-12, 0);
    double mixed[3] = {0.04, 0.01, 0.03};
    assert_ok(dln_holm(3, mixed, &arena, &err), err);
    assert_close(mixed[0], 0.06, 1e-12, 0);
    assert_close(mixed[1], 0.03, 1e-12, 0);
    assert_close(mixed[2], 0.06, 1e-12, 0);

    const size_t n_k = numbers("expected_max_normal", "k", k, 8);
    for (size_t i = 0; i < n_k; i++)
        found[i] = dln_expected_max((size_t)k[i]);
    vectors_assert_close(vectors_expected(vectors, "expected_max_normal", "value"), found, 1e-7, 0);

    double search[8];
    double fresh[8];
    assert_int_equal(numbers("generalisation_gap", "search_score", search, 8), 8);
    assert_int_equal(numbers("generalisation_gap", "confirm_score", fresh, 8), 8);
    assert_close(dln_rank_correlation(8, search, fresh), expected("generalisation_gap", "spearman"),
                 1e-12, 0);
    struct dln_candidate c[8] = {{0}};
    struct dln_findings findings;
    for (size_t i = 0; i < 8; i++)
        c[i] = (struct dln_candidate){.search = search[i], .values = &fresh[i], .n_asked = 1};
    assert_ok(dln_judge(8, c, 1, true, 0, &arena, &findings, &err), err);
    assert_close(findings.optimism, expected("generalisation_gap", "mean_gap"), 1e-12, 0);
    assert_close(findings.optimism_se, expected("generalisation_gap", "se"), 1e-12, 0);

    double budget[4];
    const json_t *schedules = vectors_expected(vectors, "sequential_halving", "schedule");
    assert_int_equal(numbers("sequential_halving", "k", k, 8), 4);
    assert_int_equal(numbers("sequential_halving", "budget", budget, 4), 4);
    for (size_t i = 0; i < 4; i++) {
        struct dln_round rounds[DLN_ROUNDS_MAX];
        double plan[2 * DLN_ROUNDS_MAX];
        const size_t n = dln_halving_plan((size_t)k[i], (size_t)budget[i], 1, rounds);
        assert_int_equal(n, json_array_size(json_array_get(schedules, i)));
        for (size_t r = 0; r < n; r++) {
            plan[2 * r] = (double)rounds[r].n_left;
            plan[2 * r + 1] = (double)rounds[r].repeats;
        }
        vectors_assert_close(json_array_get(schedules, i), plan, 0, 0);
    }
    dln_arena_release(&arena);
}

/* ── what is decided ───────────────────────────────────────────────────────────────────────────*/

static void the_short_list_goes_by_expectation_and_keeps_the_raw_best(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    const double expect[] = {5, 1, 2, 9, nan, 3, 0.5};
    const double loss[] = {4, 2, 1, 0, 2.5, 3, nan};
    size_t out[8];
    assert_int_equal(dln_shortlist(7, expect, loss, 3, out), 4);
    assert_int_equal(out[0], 1);
    assert_int_equal(out[1], 2);
    assert_int_equal(out[2], 4); /* no model there: its loss, 2.5 */
    assert_int_equal(out[3], 3); /* the raw best */
    assert_int_equal(dln_shortlist(7, expect, loss, 20, out), 6);
    assert_int_equal(dln_shortlist(0, expect, loss, 3, out), 0);
    assert_int_equal(dln_shortlist(1, &expect[6], &loss[6], 3, out), 0);
}

static void the_luck_of_the_best_counts_those_that_are_near(void **state)
{
    (void)state;
    const double loss[] = {0, 0.5, 1.9, 2.1, 50, (double)NAN};
    assert_close(dln_expected_luck(1, 6, loss), dln_expected_max(3), 1e-12, 0);
    assert_close(dln_expected_luck(0, 6, loss), 0, 0, 0);
    assert_close(dln_expected_luck(1, 1, loss), 0, 0, 0);
}

static void predictions_that_came_true_are_counted_by_who_made_them(void **state)
{
    (void)state;
    const struct dln_foretold rows[] = {
        {.mean = 1, .sd = 1, .value = 2.6},
        {.mean = 1, .sd = 1, .value = 2.7}, /* beyond 1.645 sd */
        {.mean = 5, .sd = 2, .value = (double)NAN},
        {.mean = 5, .sd = 2, .value = 3, .is_by_hand = true},
    };
    const struct dln_calibration suggested = dln_calibrate(4, rows, false);
    assert_int_equal(suggested.n, 2);
    assert_int_equal(suggested.n_within, 1);
    assert_close(suggested.bias, 1.65, 1e-12, 0);
    const struct dln_calibration by_hand = dln_calibrate(4, rows, true);
    assert_int_equal(by_hand.n, 1);
    assert_close(by_hand.share, 1, 0, 0);
    assert_close(by_hand.bias, -1, 0, 0);
    assert_true(isnan(dln_calibrate(0, NULL, true).share));
}

/* Measures as the program does: halves after each round; the control runs along. */
struct world {
    size_t k; /* candidates, the control last */
    double truth[K_MAX], search[K_MAX];
    double values[K_MAX][SEEDS];
    struct dln_candidate c[K_MAX];
};

static void measure(struct world *world, size_t repeats, struct dln_rng *rng,
                    struct dln_findings *found)
{
    struct dln_round rounds[DLN_ROUNDS_MAX];
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const size_t n = dln_halving_plan(world->k - 1, repeats * (world->k - 1), 2, rounds);
    size_t at = 0;
    for (size_t i = 0; i < world->k; i++) {
        world->c[i] = (struct dln_candidate){.search = world->search[i],
                                             .values = world->values[i],
                                             .is_control = i + 1 == world->k};
        for (size_t s = 0; s < SEEDS; s++)
            world->values[i][s] = (double)NAN;
    }
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < world->k; i++) {
            if (r > 0 && !world->c[i].is_control && world->c[i].rank >= rounds[r].n_left) continue;
            for (size_t s = 0; s < rounds[r].repeats; s++)
                world->values[i][at + s] = world->truth[i] + dln_rng_normal(rng);
            world->c[i].n_asked += rounds[r].repeats;
        }
        at += rounds[r].repeats;
        assert_ok(dln_judge(world->k, world->c, at, false, 0, &arena, found, &err), err);
    }
    dln_arena_release(&arena);
}

/*
 * The promise: 200 configurations of equal quality, noise 1. The best of the search looks 2.7 too
 * good; what is reported after the confirmation is within 1 of the truth in 95 % of all studies,
 * and the study is told that its best was luck.
 */
static void the_best_of_equals_is_called_luck_and_the_report_is_near_the_truth(void **state)
{
    (void)state;
    enum { STUDIES = 400, TRIALS = 200, TOP = 5 };
    int n_near = 0;
    int n_warned = 0;
    int n_default_beaten = 0;
    double too_good = 0;
    for (int study = 0; study < STUDIES; study++) {
        struct dln_rng rng;
        double loss[TRIALS];
        double expect[TRIALS];
        size_t picked[TOP + 1];
        struct world world = {0};
        struct dln_findings found;
        dln_rng_init_trial(&rng, 99, study, 77);
        for (size_t i = 0; i < TRIALS; i++) {
            loss[i] = dln_rng_normal(&rng);
            expect[i] = (double)NAN;
        }
        world.k = dln_shortlist(TRIALS, expect, loss, TOP, picked) + 1;
        for (size_t i = 0; i + 1 < world.k; i++)
            world.search[i] = loss[picked[i]];
        world.search[world.k - 1] = (double)NAN;
        too_good -= world.search[0];
        measure(&world, 5, &rng, &found);
        assert_true(found.is_known);
        n_near += fabs(found.value) <= 1;
        n_warned += world.c[0].word == DLN_WORD_LUCKY || found.n_tied > 0;
        n_default_beaten += found.beats_control;
    }
    assert_close(too_good / STUDIES, 2.75, 0.1, 0);
    assert_true(n_near >= STUDIES * 95 / 100);
    assert_true(n_warned >= STUDIES * 95 / 100);
    assert_true(n_default_beaten <= STUDIES * 6 / 100);
}

static void a_best_that_is_real_holds_and_beats_the_default(void **state)
{
    (void)state;
    enum { STUDIES = 200 };
    int n_holds = 0;
    int n_won = 0;
    int n_beats = 0;
    for (int study = 0; study < STUDIES; study++) {
        struct dln_rng rng;
        struct world world = {.k = 6, .truth = {0, 6, 7, 8, 9, 12}};
        struct dln_findings found;
        dln_rng_init_trial(&rng, 99, study, 78);
        for (size_t i = 0; i < world.k; i++)
            world.search[i] = world.truth[i];
        measure(&world, 5, &rng, &found);
        n_holds += world.c[0].word == DLN_WORD_HOLDS;
        n_won += found.winner == 0 && found.n_tied == 0;
        n_beats += found.beats_control;
    }
    assert_true(n_holds >= STUDIES * 94 / 100);
    assert_true(n_won >= STUDIES * 95 / 100);
    assert_true(n_beats >= STUDIES * 99 / 100);
}

static void programs_without_noise_and_failing_ones_are_judged(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    const double same[4] = {1, 1, 1, 1};
    const double other[4] = {2, 2, 2, 2};
    const double failing[4] = {0, nan, nan, nan};
    const double none[4] = {nan, nan, nan, nan};
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_findings found;
    struct dln_candidate c[] = {
        {.search = 2, .values = other, .n_asked = 4},
        {.search = 1, .values = same, .n_asked = 4},
        {.search = 0, .values = failing, .n_asked = 4},
        {.search = 0, .values = none, .n_asked = 4},
        {.search = nan, .values = other, .n_asked = 4, .is_control = true},
    };
    assert_ok(dln_judge(5, c, 4, false, 0, &arena, &found, &err), err);
    assert_int_equal(found.winner, 1);
    assert_int_equal(c[1].word, DLN_WORD_HOLDS);
    assert_int_equal(c[0].word, DLN_WORD_HOLDS);
    assert_int_equal(c[3].word, DLN_WORD_UNSETTLED);
    assert_true(found.beats_control);
    assert_close(found.value, 1, 0, 0);
    assert_int_equal(c[3].n, 0);
    assert_ok(dln_judge(1, &c[3], 4, false, 0, &arena, &found, &err), err);
    assert_false(found.is_known);
    const double two[2] = {1, 3};
    struct dln_candidate few[] = {{.search = 2, .values = two, .n_asked = 2}};
    assert_ok(dln_judge(1, few, 2, false, 0, &arena, &found, &err), err);
    assert_int_equal(few[0].word, DLN_WORD_UNSETTLED);
    assert_in_range(few[0].more, 2, 8);
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_are_shrunk_as_by_scipy),
        cmocka_unit_test(pairs_are_compared_as_by_scipy),
        cmocka_unit_test(holm_maxima_ranks_and_plans_are_those_of_the_vectors),
        cmocka_unit_test(the_short_list_goes_by_expectation_and_keeps_the_raw_best),
        cmocka_unit_test(the_luck_of_the_best_counts_those_that_are_near),
        cmocka_unit_test(predictions_that_came_true_are_counted_by_who_made_them),
        cmocka_unit_test(the_best_of_equals_is_called_luck_and_the_report_is_near_the_truth),
        cmocka_unit_test(a_best_that_is_real_holds_and_beats_the_default),
        cmocka_unit_test(programs_without_noise_and_failing_ones_are_judged),
    };
    vectors = vectors_load("confirm");
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    json_decref(vectors);
    return failed;
}
