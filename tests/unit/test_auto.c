/* Who is asked in an `auto` study, and that the history alone decides it. */
#include "strategy/auto_shares.h"
#include "support/play.h"
#include "support/test.h"

enum { GP = DLN_AUTO_GP, TPE = DLN_AUTO_TPE, CMAES = DLN_AUTO_CMAES, N = DLN_AUTO_EXPERTS };

/* ── shares ────────────────────────────────────────────────────────────────────────────────────*/

static void assert_shares(const double first[N], const double credits[N], double of_all,
                          const double expected[N])
{
    double shares[N];
    dln_auto_shares(first, credits, of_all, shares);
    for (int e = 0; e < N; e++)
        assert_close(shares[e], expected[e], 1e-6, 0);
}

/* Values computed with Python from the formula in auto_shares.h. */
static void credit_moves_shares(void **state)
{
    (void)state;
    assert_shares((const double[N]){0.8, 0.1, 0.1, 0}, (const double[N]){NAN, NAN, NAN, NAN}, 0,
                  (const double[N]){0.8, 0.1, 0.1, 0});
    assert_shares((const double[N]){0.8, 0.1, 0.1, 0}, (const double[N]){0.5, 0.9, NAN, NAN}, 0.6,
                  (const double[N]){0.631414, 0.262046, 0.106540, 0});
    /* none is forgotten */
    assert_shares((const double[N]){0.9, 0.1, 0, 0}, (const double[N]){1.2, 0.1, NAN, NAN}, 1,
                  (const double[N]){0.952195, 0.047805, 0, 0});
}

static void first_shares_are_shares(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 20, 50, 200, 500, 2000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (size_t m = 1; m <= 2; m++) {
            for (size_t axes = 0; axes <= 5; axes += 5) {
                for (int costly = 0; costly < 2; costly++) {
                    double shares[N];
                    const struct dln_auto_case c = {
                        .n = sizes[k], .d = 5, .n_axes = axes, .m = m, .is_costly = costly};
                    dln_auto_first_shares(&c, shares);
                    double sum = 0;
                    for (int e = 0; e < N; e++) {
                        assert_true(shares[e] >= 0);
                        if (m > 1 && shares[e] > 0) {
                            assert_true(dln_auto_experts[e]->multi_objective);
                        }
                        sum += shares[e];
                    }
                    assert_close(sum, 1, 0, 1e-12);
                    assert_true((shares[GP] > 0) == !costly);
                    if (axes == 0) assert_close(shares[CMAES], 0, 0, 0);
                }
            }
        }
    }
}

static void shares_hold_over_a_few_trials(void **state)
{
    (void)state;
    const double shares[N] = {0.7, 0.2, 0.1, 0};
    for (uint64_t seed = 0; seed < 20; seed++) {
        for (int64_t from = 0; from < 200; from += 7) {
            int counts[N] = {0};
            for (int64_t i = from; i < from + 20; i++)
                counts[dln_auto_turn(shares, seed, i)]++;
            assert_true(counts[GP] >= 12 && counts[GP] <= 16);
            assert_true(counts[TPE] >= 2 && counts[TPE] <= 6);
            assert_true(counts[CMAES] >= 1 && counts[CMAES] <= 4);
        }
    }
}

/* ── credit ────────────────────────────────────────────────────────────────────────────────────*/

static void learn(dln_proposer *proposer, int64_t number, const char *strategy,
                  enum dln_trial_state trial_state, double value)
{
    const struct dln_history_row row = {.id = number + 1,
                                        .number = number,
                                        .state = trial_state,
                                        .x = &(double){0.001 * (double)number},
                                        .values = &value,
                                        .last_step = -1,
                                        .last_value = NAN,
                                        .strategy = strategy};
    struct dln_error err = {0};
    assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
}

static void a_trial_is_worth_what_it_beats(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 1, 0, 1, "auto");
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f.study, 1, &proposer, &err), err);
    learn(proposer, 0, "sobol", DLN_TRIAL_COMPLETE, 5);
    learn(proposer, 1, "gp", DLN_TRIAL_COMPLETE, 4); /* beats all: 1, and a new best: 2 */
    learn(proposer, 2, "tpe", DLN_TRIAL_FAIL, NAN);  /* 0 */
    learn(proposer, 3, "enqueued", DLN_TRIAL_COMPLETE, 1);
    learn(proposer, 4, "tpe", DLN_TRIAL_COMPLETE, 4.5); /* beats 2 of 4: 0.5 */
    learn(proposer, 5, "gp", DLN_TRIAL_RUNNING, NAN);   /* nothing yet */
    learn(proposer, 6, "gp", DLN_TRIAL_COMPLETE, 4.2);  /* beats 3 of 5: 0.6 */

    struct dln_arena scratch = {0};
    const struct dln_ask ask = {
        .space = &f.study.space, .history = dln_proposer_history(proposer), .scratch = &scratch};
    double credits[N];
    double of_all = 0;
    assert_ok(dln_auto_credits(&ask, credits, &of_all, &err), err);
    assert_close(credits[GP], (0.9 * 2 + 0.6) / 1.9, 0, 1e-12);
    assert_close(credits[TPE], 0.5 / 1.9, 0, 1e-12);
    assert_true(isnan(credits[CMAES]));
    assert_close(of_all, (0.9 * 2 + 0.6 + 0.5) / 3.8, 0, 1e-12);
    dln_arena_release(&scratch);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static bool is_costly(int64_t n, double seconds)
{
    struct fixture f;
    play_space(&f, 5, 0, 1, "auto");
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f.study, 1, &proposer, &err), err);
    for (int64_t i = 0; i < n; i++) {
        const struct dln_history_row row = {.id = i + 1,
                                            .number = i,
                                            .state = DLN_TRIAL_COMPLETE,
                                            .x = (const double[5]){0.0001 * (double)i},
                                            .values = &(double){1},
                                            .last_step = -1,
                                            .seconds = i % 10 == 0 ? 1000 : seconds};
        assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
    }
    const struct dln_ask ask = {.space = &f.study.space, .history = dln_proposer_history(proposer)};
    const bool costly = dln_auto_case_of(&ask).is_costly;
    dln_proposer_free(proposer);
    fixture_release(&f);
    return costly;
}

static void a_model_is_spared_where_trials_are_short(void **state)
{
    (void)state;
    assert_false(is_costly(0, 0));
    assert_false(is_costly(100, 0.001)); /* a person does not notice it yet */
    assert_true(is_costly(2000, 0.1));
    assert_false(is_costly(2000, 60));
    assert_false(is_costly(2000, 0)); /* not known: what costs is the trial */
}

/* ── in a study ────────────────────────────────────────────────────────────────────────────────*/

static void a_study_read_again_goes_on_as_it_would_have(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 4; workers += 3) {
        struct fixture f;
        play_space(&f, 3, -5, 5, "auto");
        struct play play;
        play_init(&play, &f, play_rosenbrock, 7);
        play.workers = workers;
        play.budget = 80;
        while (play.n < 80) {
            play_step(&play);
            play_check_history_is_state(&play);
        }
        play_release(&play);
        fixture_release(&f);
    }
}

static void every_expert_gets_its_turn(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 3, -5, 5, "auto");
    struct play play;
    play_init(&play, &f, play_sphere, 7);
    play_until(&play, 120);
    int counts[N] = {0};
    int others = 0;
    for (size_t i = 0; i < play.n; i++) {
        int e = 0;
        while (e < N && strcmp(play.trials[i].strategy, dln_auto_experts[e]->name) != 0)
            e++;
        if (e < N) counts[e]++;
        others += strcmp(play.trials[i].strategy, "random") == 0;
    }
    assert_int_equal(others, 5);
    assert_int_equal(counts[GP] + counts[TPE] + counts[CMAES], 115);
    assert_true(counts[GP] > 60 && counts[TPE] > 2 && counts[CMAES] > 2);
    play_release(&play);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credit_moves_shares),
        cmocka_unit_test(first_shares_are_shares),
        cmocka_unit_test(shares_hold_over_a_few_trials),
        cmocka_unit_test(a_trial_is_worth_what_it_beats),
        cmocka_unit_test(a_model_is_spared_where_trials_are_short),
        cmocka_unit_test(a_study_read_again_goes_on_as_it_would_have),
        cmocka_unit_test(every_expert_gets_its_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
