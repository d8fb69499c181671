/* What a search says of its best, where the truth is known. */
#include "dialin/trust.h"
#include "support/predict_rig.h"
#include "support/test.h"

enum { TRIALS_MAX = 200, D = 2 };

struct story { /* a search, its rows kept */
    struct predict_rig rig;
    double x[TRIALS_MAX][D], value[TRIALS_MAX];
    struct dln_history_row rows[TRIALS_MAX];
    struct dln_standing found;
};

static void tell(struct story *story, play_objective *objective, double noise_sd, size_t n,
                 uint64_t seed)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    predict_rig_floats(&story->rig, D, -5, 10);
    dln_rng_init(&story->rig.rng, seed);
    for (size_t i = 0; i < n; i++) {
        predict_rig_draw(&story->rig, story->x[i]);
        const double truth = objective ? predict_rig_value(objective, D, story->x[i]) : 0;
        story->value[i] = truth + noise_sd * dln_rng_normal(&story->rig.rng);
        story->rows[i] = (struct dln_history_row){.id = (int64_t)i + 1,
                                                  .number = (int64_t)i,
                                                  .state = DLN_TRIAL_COMPLETE,
                                                  .x = story->x[i],
                                                  .values = &story->value[i],
                                                  .last_step = -1,
                                                  .last_value = (double)NAN,
                                                  .memo = "",
                                                  .strategy = ""};
    }
    assert_ok(dln_predictor_learn(story->rig.predictor, n, story->rows, NULL, &err), err);
    assert_ok(
        dln_standing_find(story->rig.predictor, n, story->rows, false, &arena, &story->found, &err),
        err);
    dln_arena_release(&arena);
}

static size_t raw_best(const struct story *story)
{
    size_t best = 0;
    for (size_t i = 1; i < story->found.n; i++) {
        if (story->value[i] < story->value[best]) best = i;
    }
    return best;
}

/* 200 configurations of equal quality, noise 1: the best claims 2.75 too much. */
static void a_search_among_equals_is_said_to_fit_noise(void **state)
{
    (void)state;
    enum { SEEDS = 20 };
    int n_warned = 0;
    double claimed = 0;
    double corrected = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        static struct story story;
        struct dln_strbuf text = {0};
        tell(&story, NULL, 1, TRIALS_MAX, seed);
        const double best = story.value[raw_best(&story)];
        assert_true(story.found.is_known);
        dln_standing_warning(&story.found, &text);
        n_warned += dln_strbuf_text(&text)[0] != '\0';
        claimed += best / SEEDS;
        corrected += (best + story.found.luck) / SEEDS;
        assert_true(story.found.noise_sd > 0.6 && story.found.noise_sd < 1.4);
        assert_true(story.found.n_near > 1);
        dln_strbuf_release(&text);
        predict_rig_free(&story.rig);
    }
    assert_true(n_warned >= SEEDS * 95 / 100);
    assert_true(claimed < -2.4);
    assert_true(fabs(corrected) < 0.35); /* the truth is 0 */
}

static void a_clear_best_is_not_called_luck(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        static struct story story;
        struct dln_strbuf text = {0};
        tell(&story, play_branin, 0, 60, seed);
        assert_true(story.found.is_known);
        assert_true(story.found.luck < 0.05 * 50);
        dln_standing_warning(&story.found, &text);
        assert_string_equal(dln_strbuf_text(&text), "");
        dln_strbuf_release(&text);
        predict_rig_free(&story.rig);
    }
}

/* On average: what the model picks is truly better than what happened to be measured best. */
static void the_pick_of_the_model_is_better_than_the_luckiest(void **state)
{
    (void)state;
    enum { SEEDS = 20 };
    double by_value = 0;
    double by_model = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        static struct story story;
        tell(&story, play_branin, 10, 100, seed);
        const size_t pick = (size_t)story.found.pick;
        assert_true(pick < 100);
        by_value += predict_rig_value(play_branin, D, story.x[raw_best(&story)]);
        by_model += predict_rig_value(play_branin, D, story.x[pick]);
        predict_rig_free(&story.rig);
    }
    assert_true(by_model < by_value);
}

static void few_trials_have_no_standing(void **state)
{
    (void)state;
    static struct story story;
    tell(&story, play_branin, 1, 3, 1);
    assert_false(story.found.is_known);
    assert_int_equal(story.found.pick, -1);
    assert_int_equal(story.found.n, 3);
    predict_rig_free(&story.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_among_equals_is_said_to_fit_noise),
        cmocka_unit_test(a_clear_best_is_not_called_luck),
        cmocka_unit_test(the_pick_of_the_model_is_better_than_the_luckiest),
        cmocka_unit_test(few_trials_have_no_standing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
