#include "support/play.h"
#include "support/test.h"

#include "math/hypervolume.h"

enum { SEEDS = 11, D = 10 };

static void unit_space(struct fixture *f, size_t d, const char *strategy)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    struct dln_param params[D];
    for (size_t i = 0; i < d; i++)
        params[i] = fixture_float(names[i], 0, 1);
    fixture_init(f, d, params, strategy);
    fixture_objectives(f, 2, false);
}

static double volume_of(const struct play *play)
{
    double *points = calloc(play->n, 2 * sizeof *points);
    assert_non_null(points);
    size_t n = 0;
    for (size_t i = 0; i < play->n; i++) {
        if (play->trials[i].state != DLN_TRIAL_COMPLETE || play->trials[i].violation > 0) continue;
        memcpy(points + 2 * n++, play->trials[i].values, 2 * sizeof *points);
    }
    struct dln_arena scratch = {0};
    struct dln_error err = {0};
    double volume = 0;
    assert_ok(dln_hypervolume(n, 2, points, (const double[]){1.1, 6}, &volume, &scratch, &err),
              err);
    dln_arena_release(&scratch);
    free(points);
    return volume;
}

static int ascending(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

static double median_volume(const char *strategy, size_t workers, play_objective *objective)
{
    double volume[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture f;
        unit_space(&f, D, strategy);
        struct play play;
        play_init(&play, &f, objective, seed);
        play.workers = workers;
        play.budget = 300;
        play_until(&play, 300);
        volume[seed] = volume_of(&play);
        play_release(&play);
        fixture_release(&f);
    }
    qsort(volume, SEEDS, sizeof *volume, ascending);
    return volume[SEEDS / 2];
}

static void the_front_is_far_ahead_of_random_search(void **state)
{
    (void)state;
    const double random = median_volume("random", 1, play_zdt1);
    const double one = median_volume("nsga2", 1, play_zdt1);
    const double eight = median_volume("nsga2", 8, play_zdt1);
    print_message("zdt1, 300 trials: random %.3f, nsga2 %.3f, with 8 workers %.3f, best 6.27\n",
                  random, one, eight);
    assert_true(one > random + 0.5 * (6.27 - random));
    assert_true(eight > random + 0.5 * (6.27 - random));
}

/* The sum of x must reach 6 of 10: most random points break it. */
static void limited(size_t d, const double *x, double *values, double *violation)
{
    play_zdt1(d, x, values, violation);
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += x[i];
    *violation = fmax(0, 6 - sum);
}

static size_t count_broken(const struct play *play, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += play->trials[i].violation > 0;
    return n;
}

static void limits_are_kept_better_with_time(void **state)
{
    (void)state;
    struct fixture f;
    unit_space(&f, D, "nsga2");
    struct play play;
    play_init(&play, &f, limited, 5);
    play.budget = 300;
    play_until(&play, 300);
    assert_true(count_broken(&play, 0, 60) > 30);
    assert_true(count_broken(&play, 200, 300) < 40);
    play_release(&play);
    fixture_release(&f);
}

/* The sum of x cannot reach 10.5. */
static void impossible(size_t d, const double *x, double *values, double *violation)
{
    play_zdt1(d, x, values, violation);
    *violation = 10.5;
    for (size_t i = 0; i < d; i++)
        *violation -= x[i];
}

static void nothing_feasible_lets_the_violation_fall(void **state)
{
    (void)state;
    struct fixture f;
    unit_space(&f, D, "nsga2");
    struct play play;
    play_init(&play, &f, impossible, 5);
    play_until(&play, 300);
    double early = 0;
    double late = 0;
    for (size_t i = 0; i < 50; i++) {
        early += play.trials[i].violation / 50;
        late += play.trials[250 + i].violation / 50;
    }
    assert_true(late < 0.6 * early);
    play_release(&play);
    fixture_release(&f);
}

static void some_crash(size_t d, const double *x, double *values, double *violation)
{
    play_zdt1(d, x, values, violation);
    if (x[1] > 0.7) values[0] = NAN;
}

static void history_is_state_at_every_step(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 4; workers += 3) {
        struct fixture f;
        unit_space(&f, 4, "nsga2");
        struct play play;
        play_init(&play, &f, some_crash, 3);
        play.workers = workers;
        play.budget = 100;
        for (int i = 0; i < 100; i++) {
            play_step(&play);
            play_check_history_is_state(&play);
        }
        play_release(&play);
        fixture_release(&f);
    }
}

static void a_region_that_crashes_is_left(void **state)
{
    (void)state;
    struct fixture f;
    unit_space(&f, 4, "nsga2");
    struct play play;
    play_init(&play, &f, some_crash, 3);
    play_until(&play, 150);
    size_t failed = 0;
    for (size_t i = 50; i < 150; i++)
        failed += play.trials[i].state == DLN_TRIAL_FAIL;
    assert_true(failed < 10);
    play_release(&play);
    fixture_release(&f);
}

static const struct dln_scalar kernels[] = {{.kind = DLN_SCALAR_TEXT, .text = "linear"},
                                            {.kind = DLN_SCALAR_TEXT, .text = "poly"},
                                            {.kind = DLN_SCALAR_TEXT, .text = "rbf"}};

/* Best: c = 17, kernel rbf with gamma 0.25. */
static void machine(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)violation;
    values[0] = fabs(x[0] - 17) / 50 + (x[1] == 2 ? fabs(x[2] - 0.25) : 1 + x[1]);
}

static void mixed_and_conditional_parameters_are_bred(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_int("c", 0, 100), fixture_choice("kernel", kernels, 3),
                                 fixture_float("gamma", 0, 1)};
    params[2].when_text = "kernel == rbf";
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture f;
        fixture_init(&f, 3, params, "ga");
        struct play play;
        play_init(&play, &f, machine, seed);
        play_until(&play, 120);
        best[seed] = play_best(&play);
        play_check_history_is_state(&play);
        play_release(&play);
        fixture_release(&f);
    }
    qsort(best, SEEDS, sizeof *best, ascending);
    assert_true(best[SEEDS / 2] < 0.05);
}

static void a_child_of_equal_parents_is_mutated_until_it_is_new(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_int("a", 0, 3), fixture_int("b", 0, 3)};
    struct fixture f;
    fixture_init(&f, 2, params, "ga");
    fixture_set_number(&f, "population", 4);
    struct play play;
    play_init(&play, &f, play_sphere, 2);
    play_until(&play, 16);
    for (size_t i = 0; i < 16; i++) {
        for (size_t j = 0; j < i; j++)
            assert_false(dln_space_same(&f.study.space, play.trials[i].x, play.trials[j].x));
    }
    play_release(&play);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_is_far_ahead_of_random_search),
        cmocka_unit_test(limits_are_kept_better_with_time),
        cmocka_unit_test(nothing_feasible_lets_the_violation_fall),
        cmocka_unit_test(history_is_state_at_every_step),
        cmocka_unit_test(a_region_that_crashes_is_left),
        cmocka_unit_test(mixed_and_conditional_parameters_are_bred),
        cmocka_unit_test(a_child_of_equal_parents_is_mutated_until_it_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
