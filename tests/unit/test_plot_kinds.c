#include "support/test.h"

#include "base/rng.h"
#include "picture.h"
#include "plot/heading.h"
#include "plot/plots.h"
#include "print.h"
#include "support/cell_text.h"

/* A study of two floats (the first logarithmic) and a choice, two objectives. */
enum { D = 3, M = 2, N_MAX = 400 };

static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "adam"},
    {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
};
static struct dln_param params[D] = {
    {.name = "lr", .kind = DLN_PARAM_FLOAT, .low = 1e-4, .high = 1, .log = true},
    {.name = "drop", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 0.5},
    {.name = "opt",
     .kind = DLN_PARAM_CHOICE,
     .low = 0,
     .high = 1,
     .choices = choices,
     .n_choices = 2},
};
static const struct dln_space space = {.n = D, .params = params};
static const char *const metrics[M] = {"loss", "time"};
static const bool minimize[M] = {false, false};

struct rig {
    struct model model;
    struct cells cells;
    struct plot_study study;
    struct plot_ask ask;
    struct plot_result result;
};

static void rig_open(struct rig *rig, int rows, int cols)
{
    *rig = (struct rig){0};
    assert_true(model_init(&rig->model, D, M));
    assert_true(cells_init(&rig->cells, rows, cols, GLYPHS_BRAILLE));
    cells_clear(&rig->cells);
    rig->ask = (struct plot_ask){.other_param = 1, .other_goal = 1, .selected = -1};
    rig->study = (struct plot_study){.name = "s",
                                     .model = &rig->model,
                                     .space = &space,
                                     .metric = metrics,
                                     .maximize = minimize,
                                     .now_us = 1000000000};
}

static void rig_close(struct rig *rig)
{
    plot_result_release(&rig->result);
    cells_release(&rig->cells);
    model_release(&rig->model);
}

static void add(struct rig *rig, enum dln_trial_state state, const double *x, const double *values)
{
    const int64_t number = (int64_t)rig->model.n;
    const struct model_row row = {.id = number + 1,
                                  .number = number,
                                  .state = state,
                                  .started_us = 1000000 * (number / 2 + 1),
                                  .ended_us = 1000000 * (number / 2 + 1) + 900000,
                                  .slot = (int16_t)(number % 2),
                                  .last_step = 3,
                                  .last_value = values[0],
                                  .x = x,
                                  .values = values,
                                  .detail = ""};
    struct model_change change;
    assert_true(model_absorb(&rig->model, &row, 1, &change));
}

/* n trials; the loss is smallest at lr 0.01. */
static void add_many(struct rig *rig, size_t n)
{
    struct dln_rng rng;
    dln_rng_init(&rng, 3);
    for (size_t i = 0; i < n; i++) {
        const double u = dln_rng_uniform(&rng);
        const double x[D] = {pow(10, -4 + 4 * u), 0.5 * dln_rng_uniform(&rng), (double)(i % 2)};
        const double values[M] = {0.1 + (u - 0.5) * (u - 0.5), 2 - u};
        add(rig, DLN_TRIAL_COMPLETE, x, values);
    }
}

static const char *draw(struct rig *rig, const char *name)
{
    static struct dln_strbuf text;
    const struct plot_kind *kind = plot_find(name);
    assert_non_null(kind);
    cells_clear(&rig->cells);
    plot_draw(kind, &rig->cells, cells_all(&rig->cells), &rig->study, &rig->ask, &rig->result);
    dln_strbuf_reset(&text);
    print_cells(&text, &rig->cells, NULL, DEPTH_MONO);
    return dln_strbuf_text(&text);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("'%s' is not in:\n%s", part, text);
}

/* ── all of them ───────────────────────────────────────────────────────────────────────────────*/

static void every_plot_bears_any_size_and_any_number_of_trials(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {2, 10}, {5, 20}, {8, 40}, {16, 60}, {50, 200}};
    static const size_t counts[] = {0, 1, 2, 40, N_MAX};
    size_t n;
    const struct plot_kind *const *all = plots(&n);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            struct rig rig;
            rig_open(&rig, sizes[s][0], sizes[s][1]);
            add_many(&rig, counts[c]);
            for (size_t i = 0; i < n; i++) {
                (void)draw(&rig, all[i]->name);
                for (size_t k = 0; k < rig.result.n_spots; k++) {
                    const struct plot_spot *spot = &rig.result.spots[k];
                    assert_true(spot->trial < rig.model.n);
                    assert_true(spot->col < sizes[s][1]);
                    assert_true(spot->col < 0 || (spot->row >= 0 && spot->row < sizes[s][0]));
                }
            }
            rig_close(&rig);
        }
    }
}

static void values_that_are_not_finite_are_counted_not_drawn(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 20);
    const double x[D] = {0.1, 0.1, 0};
    add(&rig, DLN_TRIAL_COMPLETE, x, (double[]){INFINITY, 1});
    add(&rig, DLN_TRIAL_COMPLETE, x, (double[]){NAN, 1});
    add(&rig, DLN_TRIAL_PRUNED, x, (double[]){NAN, NAN});
    static const char *const names[] = {"history", "slice", "rank", "edf", "parallel"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_has(draw(&rig, names[i]), "20 trials, 1 pruned left out, 2 not finite.");
    rig_close(&rig);
}

static void pruned_trials_come_in_when_asked_for(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 4);
    add(&rig, DLN_TRIAL_PRUNED, (double[]){0.5, 0.1, 0}, (double[]){NAN, NAN});
    rig.model.last_value[4] = 0.3;
    rig.ask.show_pruned = true;
    assert_has(draw(&rig, "slice"), "5 trials.");
    rig_close(&rig);
}

static void a_filter_hides_trials_from_every_plot(void **state)
{
    (void)state;
    struct rig rig;
    bool hidden[10] = {false, true, true, true, true, true, true, true, false, false};
    rig_open(&rig, 24, 80);
    add_many(&rig, 10);
    rig.study.hidden = hidden;
    size_t n;
    const struct plot_kind *const *all = plots(&n);
    for (size_t i = 0; i < n; i++) {
        (void)draw(&rig, all[i]->name);
        for (size_t k = 0; k < rig.result.n_spots; k++)
            assert_false(hidden[rig.result.spots[k].trial]);
    }
    rig_close(&rig);
}

/* ── one by one ────────────────────────────────────────────────────────────────────────────────*/

static void a_slice_tells_where_the_best_trials_lie(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 200);
    const char *text = draw(&rig, "slice");
    assert_has(text, "Best 10 % of the trials (20): lr ");
    assert_has(text, "├");
    assert_has(text, "★");
    assert_has(text, "1e-4");
    double low, high;
    assert_int_equal(sscanf(strstr(text, "(20): lr ") + 9, "%lf .. %lf", &low, &high), 2);
    assert_true(low > 0.003 && low < 0.01 && high > 0.01 && high < 0.03);
    rig.ask.param = 2;
    text = draw(&rig, "slice");
    assert_has(text, "adam");
    assert_has(text, "sgd");
    rig_close(&rig);
}

static void importance_finds_the_parameter_that_matters(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 9);
    assert_has(draw(&rig, "importance"), "Needs 10 complete trials, has 9.");
    rig_close(&rig);
    rig_open(&rig, 24, 80);
    add_many(&rig, 200);
    int share = 0;
    const char *text = draw(&rig, "importance");
    const char *first = strstr(text, "lr ");
    assert_non_null(first);
    assert_true(first < strstr(text, "drop "));
    assert_int_equal(sscanf(strstr(first, " %") - 3, "%d", &share), 1);
    assert_true(share > 80);
    rig_close(&rig);
}

static void a_front_is_what_nothing_beats(void **state)
{
    (void)state;
    struct rig rig;
    static const double values[][2] = {{1, 9}, {2, 4}, {3, 8}, {4, 3}, {9, 1}, {9, 2}, {2, 5}};
    rig_open(&rig, 24, 80);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        add(&rig, DLN_TRIAL_COMPLETE, (double[]){0.1, 0.1, 0}, values[i]);
    const char *text = draw(&rig, "pareto");
    assert_has(text, "Front: 4 of 7.");
    assert_has(text, "#0 1/9  #1 2/4  #3 4/3  #4 9/1");
    assert_has(text, "Knee, the best trade-off: #1 with loss 2, time 4.");
    /* 8 × 8 in all: (9-2)·(9-4) + (9-4)·(4-3) + 0 */
    assert_has(text, "covers 62.5 % of the area");
    rig_close(&rig);
}

static void one_goal_has_no_front(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 5);
    rig.model.m = 1;
    assert_has(draw(&rig, "pareto"), "One goal only: see history.");
    rig.model.m = M;
    rig_close(&rig);
}

static void the_distribution_tells_which_share_reaches_what(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    for (int i = 1; i <= 20; i++)
        add(&rig, DLN_TRIAL_COMPLETE, (double[]){0.1, 0.1, 0}, (double[]){i, 1});
    assert_has(draw(&rig, "edf"), "Half of the trials reach 10");
    rig_close(&rig);
}

static void a_timeline_says_how_busy_the_workers_were(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 20); /* two workers, 0.9 s of each second, and one blank in the end */
    assert_has(draw(&rig, "timeline"), "2 workers, used 91 % of the time");
    rig_close(&rig);
}

static void history_says_what_more_trials_buy(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 100);
    for (int i = 1; i <= 50; i++)
        add(&rig, DLN_TRIAL_COMPLETE, (double[]){0.1, 0.1, 0}, (double[]){1 + 1.0 / i, 1});
    rig.study.budget = 100;
    const char *text = draw(&rig, "history");
    assert_has(text, "Best 1.02 at #49. Improved 49 times, last 0 trials ago");
    assert_has(text, "Fit a+b·n^-c: 1.01 at 100 trials; 50 more trials buy about 0.01.");
    rig_close(&rig);
}

static void the_forecast_finds_the_law_that_made_the_curve(void **state)
{
    (void)state;
    double best[60];
    struct forecast fit;
    for (int k = 0; k < 60; k++)
        best[k] = 0.3 + 2 * pow(k + 1, -0.7);
    assert_true(forecast_fit(best, 60, &fit));
    assert_close(fit.a, 0.3, 0.02, 0);
    assert_close(forecast_at(&fit, 300), 0.3 + 2 * pow(300, -0.7), 0.01, 0);
    assert_false(forecast_fit(best, 9, &fit));
    for (int k = 0; k < 60; k++)
        best[k] = 1;
    assert_false(forecast_fit(best, 60, &fit));
}

static void the_cursor_goes_to_the_nearest_trial_in_a_direction(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    for (int i = 1; i <= 5; i++)
        add(&rig, DLN_TRIAL_COMPLETE, (double[]){pow(10, -i * 0.7), 0.1, 0}, (double[]){i, 1});
    (void)draw(&rig, "slice");
    assert_int_equal(plot_neighbour(&rig.result, 2, 0, 1), 1);
    assert_int_equal(plot_neighbour(&rig.result, 2, 0, -1), 3);
    assert_int_equal(plot_neighbour(&rig.result, 0, 0, 1), SIZE_MAX);
    assert_int_not_equal(plot_neighbour(&rig.result, SIZE_MAX, 0, 1), SIZE_MAX);
    rig_close(&rig);
}

static void the_points_of_a_plot_are_a_table(void **state)
{
    (void)state;
    struct rig rig;
    struct dln_strbuf csv = {0};
    rig_open(&rig, 24, 80);
    add(&rig, DLN_TRIAL_COMPLETE, (double[]){0.25, 0.1, 0}, (double[]){3.5, 1});
    (void)draw(&rig, "slice");
    plot_csv(&rig.result, &rig.study, &csv);
    assert_string_equal(dln_strbuf_text(&csv), "trial,state,lr,loss\n0,ok,0.25,3.5\n");
    dln_strbuf_release(&csv);
    rig_close(&rig);
}

static void a_picture_escapes_what_a_page_would_run(void **state)
{
    (void)state;
    struct cells cells;
    struct theme theme;
    struct dln_strbuf svg = {0};
    assert_true(cells_init(&cells, 1, 20, GLYPHS_BRAILLE));
    cells_clear(&cells);
    (void)cells_text(&cells, 0, 0, 20, ROLE_TEXT, "<b>&\"⠁█");
    theme_builtin("paper", &theme);
    picture_cells(&svg, &cells, &theme);
    const char *text = dln_strbuf_text(&svg);
    assert_null(strstr(text, "<b>"));
    assert_has(text, ">&lt;</text>");
    assert_has(text, ">&amp;</text>");
    assert_has(text, "<circle ");
    assert_has(text, "</svg>");
    dln_strbuf_release(&svg);
    cells_release(&cells);
}

/* A model made by hand: the mean rises with lr, and nothing is allowed below drop 0.1. */
struct told {
    double across[4], down[5], mean[20], sd[20], chance[20], base[D];
    bool is_allowed[20];
    struct plot_guess guess;
};

static void tell(struct told *told)
{
    *told = (struct told){0};
    for (size_t i = 0; i < 4; i++)
        told->across[i] = pow(10, -4 + 4 * (double)i / 3);
    for (size_t i = 0; i < 5; i++)
        told->down[i] = 0.125 * (double)i;
    for (size_t i = 0; i < 20; i++) {
        told->mean[i] = 0.1 + 0.1 * (double)(i % 4) + 0.001 * (double)(i / 4);
        told->sd[i] = 0.01;
        told->chance[i] = 0.5;
        told->is_allowed[i] = i >= 4;
    }
    told->guess = (struct plot_guess){
        .param = 0,
        .other_param = 1,
        .n_learned = 12,
        .r2 = 0.9,
        .map = {4, 5, told->across, told->down, told->mean, told->sd, told->is_allowed},
        .chance = told->chance,
        .base = told->base,
        .base_number = 7,
        .n_curve = 4,
        .n_averaged = 3,
        .at = told->across,
        .mean = told->mean,
        .sd = told->sd};
}

static void the_contour_names_the_best_point_that_is_allowed(void **state)
{
    (void)state;
    struct rig rig;
    struct told told;
    rig_open(&rig, 24, 80);
    add_many(&rig, 12);
    tell(&told);
    rig.study.guess = &told.guess;
    const char *text = draw(&rig, "contour");
    assert_non_null(strstr(text, "Lowest predicted: lr 1.00e-04  drop 0.125: 0.101 ± 0.010"));
    assert_non_null(strstr(text, "others as in #7"));
    assert_non_null(strstr(text, "█"));
    assert_non_null(strstr(text, "×")); /* what is not allowed */
    assert_true(rig.result.has_map);
    assert_int_equal(plot_guess_best(&told.guess, true), 19);
    rig_close(&rig);
}

static void a_contour_without_a_model_says_why(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, 24, 80);
    add_many(&rig, 3);
    rig.study.guess_why = "3 complete trials are too few";
    assert_non_null(strstr(draw(&rig, "contour"), "No model: 3 complete trials are too few"));
    rig.study.is_guessing = true;
    assert_non_null(strstr(draw(&rig, "contour"), "Learning from the trials"));
    rig.ask.other_param = 0;
    assert_non_null(strstr(draw(&rig, "contour"), "Needs 2 parameters."));
    rig_close(&rig);
}

static void a_map_is_exported_cell_by_cell(void **state)
{
    (void)state;
    struct rig rig;
    struct told told;
    struct dln_strbuf text = {0};
    rig_open(&rig, 24, 80);
    add_many(&rig, 12);
    tell(&told);
    rig.study.guess = &told.guess;
    (void)draw(&rig, "contour");
    plot_csv(&rig.result, &rig.study, &text);
    assert_non_null(strstr(dln_strbuf_text(&text), "lr,drop,mean,sd,chance\n"));
    size_t lines = 0;
    for (const char *c = dln_strbuf_text(&text); *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + 16);
    dln_strbuf_reset(&text);
    plot_json(plot_find("contour"), &rig.result, &rig.study, &text);
    assert_non_null(strstr(dln_strbuf_text(&text), "\"others_as_in\": 7"));
    assert_non_null(strstr(dln_strbuf_text(&text), "null")); /* not allowed */
    dln_strbuf_release(&text);
    rig_close(&rig);
}

static void the_slice_shows_the_range_in_force(void **state)
{
    (void)state;
    struct rig rig;
    struct told told;
    rig_open(&rig, 24, 80);
    add_many(&rig, 40);
    tell(&told);
    rig.study.guess = &told.guess;
    const char *text = draw(&rig, "slice");
    assert_non_null(strstr(text, "░")); /* the band */
    assert_non_null(strstr(text, "averaged over 3 trials"));
    assert_null(strstr(text, "range now"));
    const double low = params[0].low, high = params[0].high;
    params[0].low = 1e-3;
    params[0].high = 1e-1;
    assert_non_null(strstr(draw(&rig, "slice"), "range now 1.00e-03 .. 1.00e-01"));
    params[0].low = low;
    params[0].high = high;
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contour_names_the_best_point_that_is_allowed),
        cmocka_unit_test(a_contour_without_a_model_says_why),
        cmocka_unit_test(a_map_is_exported_cell_by_cell),
        cmocka_unit_test(the_slice_shows_the_range_in_force),
        cmocka_unit_test(every_plot_bears_any_size_and_any_number_of_trials),
        cmocka_unit_test(values_that_are_not_finite_are_counted_not_drawn),
        cmocka_unit_test(pruned_trials_come_in_when_asked_for),
        cmocka_unit_test(a_filter_hides_trials_from_every_plot),
        cmocka_unit_test(a_slice_tells_where_the_best_trials_lie),
        cmocka_unit_test(importance_finds_the_parameter_that_matters),
        cmocka_unit_test(a_front_is_what_nothing_beats),
        cmocka_unit_test(one_goal_has_no_front),
        cmocka_unit_test(the_distribution_tells_which_share_reaches_what),
        cmocka_unit_test(a_timeline_says_how_busy_the_workers_were),
        cmocka_unit_test(history_says_what_more_trials_buy),
        cmocka_unit_test(the_forecast_finds_the_law_that_made_the_curve),
        cmocka_unit_test(the_cursor_goes_to_the_nearest_trial_in_a_direction),
        cmocka_unit_test(the_points_of_a_plot_are_a_table),
        cmocka_unit_test(a_picture_escapes_what_a_page_would_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
