#include "support/test.h"

#include "base/rng.h"
#include "plot/axis.h"
#include "plot/braille.h"
#include "plot/plot_curve.h"
#include "plot/plot_history.h"
#include "support/cell_text.h"

enum { MANY = 5000 };

static struct cells grid;
static int64_t number[MANY];
static double value[MANY];
static enum dln_trial_state states[MANY];

static void make(int rows, int cols, enum glyph_level level)
{
    cells_release(&grid);
    assert_true(cells_init(&grid, rows, cols, level));
}

static int release(void **state)
{
    (void)state;
    cells_release(&grid);
    return 0;
}

static struct history_plot history(size_t n)
{
    return (struct history_plot){.n = n, .number = number, .value = value, .cursor = -1};
}

/* A study that improves: 1, 1/2, 1/3 … with every third trial off the line. */
static void improving(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        number[i] = (int64_t)i;
        value[i] = 1.0 / (1.0 + (double)i) + (i % 3 == 2 ? 0.2 : 0);
        states[i] = DLN_TRIAL_COMPLETE;
    }
}

/* ── scales ────────────────────────────────────────────────────────────────────────────────────*/

static void check_ticks(double low, double high, bool log, int max, bool integer,
                        const char *labels)
{
    struct ticks ticks;
    char text[AXIS_TICKS_MAX * FORMAT_MAX] = "";
    const struct scale scale = scale_make(low, high, log);
    ticks_make(&ticks, &scale, max, integer);
    for (int i = 0; i < ticks.n; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 ticks.label[i]);
    }
    assert_string_equal(text, labels);
}

static void ticks_stand_at_one_two_five_or_decades(void **state)
{
    (void)state;
    check_ticks(0, 212, false, 5, true, "0 50 100 150 200");
    check_ticks(0, 400, false, 3, true, "0 200 400");
    check_ticks(0.035, 0.16, false, 3, false, "0.05 0.10 0.15");
    check_ticks(-1, 1, false, 5, false, "-1.0 -0.5 0.0 0.5 1.0");
    check_ticks(0, 3, false, 8, true, "0 1 2 3");
    check_ticks(0.03871, 0.03874, false, 4, false, "0.03871 0.03872 0.03873 0.03874");
    check_ticks(1e7, 3e7, false, 4, false, "1e7 2e7 3e7");
    check_ticks(0, 4e-8, false, 4, false, "0 2e-8 4e-8");
    check_ticks(1e-5, 1e-1, true, 8, false, "1e-5 1e-4 1e-3 1e-2 1e-1");
    check_ticks(1e-9, 1, true, 4, false, "1e-9 1e-6 1e-3 1e0");
    check_ticks(5, 60, true, 8, false, "5 10 20 50");
    check_ticks(0.11, 0.19, true, 4, false, "0.12 0.14 0.16 0.18");
    check_ticks(5, 5, false, 3, false, "4.8 5.0 5.2");
}

static void scales_bear_any_bounds(void **state)
{
    (void)state;
    static const double hostile[] = {0,      -0.0,   1,        -1,        1e308, -1e308,
                                     5e-324, 1e-300, INFINITY, -INFINITY, NAN};
    const size_t n = sizeof hostile / sizeof hostile[0];
    for (size_t i = 0; i < n * n * 2; i++) {
        const struct scale scale = scale_make(hostile[i / 2 / n], hostile[i / 2 % n], i % 2);
        assert_true(isfinite(scale.low) && isfinite(scale.high) && scale.low < scale.high);
        for (size_t k = 0; k < n; k++) {
            assert_in_range(scale_row(&scale, hostile[k], 20) + 1, isnan(hostile[k]) ? 0 : 1, 20);
        }
        assert_int_equal(scale_col(&scale, scale.high, 20), 19);
        assert_int_equal(scale_row(&scale, scale.high, 20), 0);
        for (int max = 0; max < 14; max++) {
            struct ticks ticks;
            ticks_make(&ticks, &scale, max, i % 3 == 0);
            assert_in_range(ticks.n, 0, max < AXIS_TICKS_MAX ? max : AXIS_TICKS_MAX);
            assert_in_range(ticks_width(&ticks), 0, 12);
        }
    }
}

static void the_middle_of_a_log_scale_is_the_geometric_mean(void **state)
{
    (void)state;
    const struct scale scale = scale_make(1e-4, 1e-2, true);
    assert_close(scale_unit(&scale, 1e-3), 0.5, 1e-12, 0);
    assert_close(scale_value(&scale, 0.5), 1e-3, 0, 1e-12);
    assert_false(scale_make(0, 1, true).log);
}

/* ── dots ──────────────────────────────────────────────────────────────────────────────────────*/

static void dots_use_what_the_terminal_can_show(void **state)
{
    (void)state;
    static const char *const expected[] = {"⠑⢄", "▚▚", "'."};
    for (int level = GLYPHS_BRAILLE; level <= GLYPHS_ASCII; level++) {
        struct dots dots;
        make(1, 4, level);
        assert_true(dots_init(&dots, (struct rect){0, 0, 1, 4}, level));
        for (int i = 0; i < 4; i++) {
            dots_set(&dots, i, level == GLYPHS_BRAILLE ? i : i % 2, ROLE_POINT);
        }
        if (level == GLYPHS_ASCII) dots.bits[2] = dots.bits[3] = 0;
        dots_draw(&dots, &grid);
        dots_release(&dots);
        assert_grid_row(&grid, 0, expected[level]);
    }
}

static void lines_reach_both_ends_and_are_cut_at_the_edge(void **state)
{
    (void)state;
    struct dots dots;
    make(2, 4, GLYPHS_ASCII);
    assert_true(dots_init(&dots, cells_all(&grid), GLYPHS_ASCII));
    dots_line(&dots, 0, 0, 3, 3, ROLE_POINT);
    dots_line(&dots, -9000, 3, 1, 3, ROLE_POINT);
    dots_set(&dots, 4, 0, ROLE_POINT);
    dots_set(&dots, 0, -1, ROLE_POINT);
    dots_draw(&dots, &grid);
    dots_release(&dots);
    assert_grid(&grid, "'.\n..'.\n");
}

/* ── history ───────────────────────────────────────────────────────────────────────────────────*/

static void history_has_axes_dots_and_the_line_of_the_best(void **state)
{
    (void)state;
    struct history_plot plot = history(12);
    improving(12);
    make(8, 34, GLYPHS_BRAILLE);
    const struct plot_note note = plot_history(&grid, cells_all(&grid), &plot);
    assert_int_equal(note.n_shown, 12);
    assert_grid(&grid, " 1.0│⠉⠉⢹\n"
                       "    │  ⢸\n"
                       "    │  ⢸\n"
                       " 0.5│  ⢸⣀⣀⣄⣀⣀⡀\n"
                       "    │        ⡇    ⡀\n"
                       "    │        ⠧⠤⢤         ⠈       ⠐\n"
                       "    │          ⠈⠉⠉⠉⠉⠙⠒⠒⠦⠤⠤⠤⠤⢤⣀⣀⣀⣀⣀\n"
                       "    └0────────────────────────10──\n");
    make(8, 34, GLYPHS_BLOCKS);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, " 1.0│▀▀▜\n"
                       "    │  ▐\n"
                       "    │  ▐\n"
                       " 0.5│  ▐▄▄▄▄▄▖\n"
                       "    │        ▌    ▖\n"
                       "    │        ▙▄▄▄▄▄▄▄    ▝       ▝\n"
                       "    │               ▝▀▀▙▄▄▄▄▄▄▄▄▄▄\n"
                       "    └0────────────────────────10──\n");
    make(8, 34, GLYPHS_ASCII);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, " 1.0|''':\n"
                       "    |   :\n"
                       "    |   :\n"
                       " 0.5|   :.....\n"
                       "    |        :    .\n"
                       "    |        :.......    '       '\n"
                       "    |               ''':..........\n"
                       "    `0------------------------10--\n");
}

static void an_empty_history_is_a_sentence(void **state)
{
    (void)state;
    struct history_plot plot = history(0);
    make(5, 44, GLYPHS_BRAILLE);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, "\n\n           No finished trial yet.\n\n\n");
    plot.empty = "No finished trial yet; the first is expected in about 4 min.";
    make(5, 44, GLYPHS_BRAILLE);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, "\n\n  No finished trial yet; the first is\n  expected in about 4 min.\n\n");
}

static void what_is_not_drawn_is_counted(void **state)
{
    (void)state;
    struct history_plot plot = history(100);
    improving(100);
    plot.state = states;
    value[5] = NAN;
    value[6] = INFINITY;
    value[7] = 1e9;
    states[10] = states[11] = DLN_TRIAL_PRUNED;
    states[12] = DLN_TRIAL_FAIL;
    states[13] = DLN_TRIAL_RUNNING;
    value[12] = value[13] = NAN;
    make(10, 40, GLYPHS_BRAILLE);
    struct plot_note note = plot_history(&grid, cells_all(&grid), &plot);
    assert_int_equal(note.n_not_finite, 2);
    assert_int_equal(note.n_pruned, 2);
    assert_int_equal(note.n_shown, 94);
    assert_int_equal(note.n_clipped, 2); /* 1e9 and the first trial: those beyond the percentile */
    assert_int_equal(grid.cell[38].code, 0x25B4);
    assert_int_equal(grid.cell[39].code, '2');

    plot.show_all = plot.show_pruned = true;
    make(10, 40, GLYPHS_BRAILLE);
    note = plot_history(&grid, cells_all(&grid), &plot);
    assert_int_equal(note.n_clipped, 0);
    assert_int_equal(note.n_pruned, 0);
    assert_int_equal(note.n_shown, 96);
}

static void a_small_plot_is_a_sparkline_with_its_numbers(void **state)
{
    (void)state;
    struct history_plot plot = history(8);
    improving(8);
    make(4, 40, GLYPHS_BRAILLE);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, "█▄▄▂▁▁▁▁ 0.125..1.000 last 0.125\n\n\n\n");
    make(1, 27, GLYPHS_ASCII);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, "0.125..1.000 last 0.125\n");
    plot.maximize = true; /* the best is the first and stays */
    make(9, 19, GLYPHS_BRAILLE);
    plot_history(&grid, cells_all(&grid), &plot);
    assert_grid_row(&grid, 0, "1.00..1.00 last 1.…");
}

static void a_spike_among_many_trials_stays(void **state)
{
    (void)state;
    struct history_plot plot = history(MANY);
    for (size_t i = 0; i < MANY; i++) {
        number[i] = (int64_t)i;
        value[i] = 0.5 + 0.001 * (double)(i % 7);
    }
    value[2500] = 0.51; /* alone above the others */
    plot.show_all = true;
    make(12, 50, GLYPHS_BRAILLE);
    plot_history(&grid, cells_all(&grid), &plot);
    int above = 0;
    for (int col = 8; col < 50; col++)
        above += grid.cell[col].code != ' ';
    assert_int_equal(above, 1);
}

/* Any data in any rectangle: nothing outside it, nothing that a terminal cannot show. */
static void plots_keep_to_their_rectangle(void **state)
{
    (void)state;
    static const double hostile[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308,
                                     0,   -0.0,     5e-324,    1,     0.5};
    struct dln_rng rng;
    dln_rng_init(&rng, 99);
    for (int i = 0; i < 600; i++) {
        const size_t n = (size_t)dln_rng_below(&rng, i % 10 == 0 ? MANY : 6);
        for (size_t k = 0; k < n; k++) {
            number[k] = k ? number[k - 1] + 1 + (int64_t)dln_rng_below(&rng, 3)
                          : (int64_t)dln_rng_below(&rng, 50);
            value[k] = i % 2 ? hostile[dln_rng_below(&rng, 10)] : dln_rng_normal(&rng);
            states[k] = (enum dln_trial_state)dln_rng_below(&rng, DLN_TRIAL_STATE_COUNT);
        }
        make(30, 90, i % 3);
        const struct rect rect = {(int)dln_rng_below(&rng, 10), (int)dln_rng_below(&rng, 20),
                                  (int)dln_rng_below(&rng, 20), (int)dln_rng_below(&rng, 70)};
        struct history_plot plot = history(n);
        plot.state = states;
        plot.maximize = dln_rng_below(&rng, 2);
        plot.log_y = dln_rng_below(&rng, 2);
        plot.show_pruned = dln_rng_below(&rng, 2);
        plot.x_max = (int64_t)dln_rng_below(&rng, 400);
        plot.cursor = (int64_t)dln_rng_below(&rng, 20);
        plot_history(&grid, rect, &plot);
        assert_grid_sane(&grid);
        assert_grid_inside(&grid, rect);

        make(30, 90, i % 3);
        const struct curve curve = {.n = n,
                                    .step = number,
                                    .value = value,
                                    .role = ROLE_LINE_RUNNING,
                                    .is_pruned = i % 2,
                                    .points_only = i % 5 == 0};
        const struct curve_plot curves = {.n = 1,
                                          .curve = &curve,
                                          .n_rungs = n ? 1 : 0,
                                          .rung = number,
                                          .log_y = i % 2,
                                          .cursor = 3};
        plot_curve(&grid, rect, &curves);
        assert_grid_sane(&grid);
        assert_grid_inside(&grid, rect);
    }
}

/* ── curves ────────────────────────────────────────────────────────────────────────────────────*/

static void curves_have_rungs_and_the_end_of_what_was_cut(void **state)
{
    (void)state;
    int64_t steps[20];
    double whole[20], cut[20];
    for (int i = 0; i < 20; i++) {
        steps[i] = i + 1;
        whole[i] = 0.5 / (i + 1);
        cut[i] = 0.2 + 0.3 / (i + 1);
    }
    const struct curve curves[] = {
        {.n = 9, .step = steps, .value = cut, .role = ROLE_DIM, .is_pruned = true},
        {.n = 20, .step = steps, .value = whole, .role = ROLE_LINE_RUNNING},
    };
    const int64_t rungs[] = {3, 9};
    const struct curve_plot plot = {
        .n = 2, .curve = curves, .n_rungs = 2, .rung = rungs, .cursor = -1};
    make(8, 40, GLYPHS_BRAILLE);
    const struct plot_note note = plot_curve(&grid, cells_all(&grid), &plot);
    assert_int_equal(note.n_shown, 29);
    assert_grid(&grid, "    │⢣   ┊         ┊\n"
                       " 0.4│⠘⣧  ┊         ┊\n"
                       "    │ ⢱⠣⢄┊         ┊\n"
                       "    │ ⠈⢆ ⠉⠒⠢⠤⠤⠤⣀⣀⣀⣀·\n"
                       " 0.2│  ⠈⢆┊         ┊\n"
                       "    │    ⠉⠒⠤⣀⡀     ┊\n"
                       "    │    ┊   ⠈⠉⠉⠉⠒⠒⠒⠢⠤⠤⠤⠤⠤⠤⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀\n"
                       "    └────────────────10───────────────20\n");
}

static void a_curve_without_steps_says_how_to_get_them(void **state)
{
    (void)state;
    const struct curve_plot plot = {.cursor = -1};
    make(5, 50, GLYPHS_BRAILLE);
    plot_curve(&grid, cells_all(&grid), &plot);
    assert_grid(&grid, "\n\n"
                       "  This objective reports no steps. Print `step\n"
                       "  value` lines to get curves and pruning.\n\n");
}

static void quantiles_are_those_of_the_finite_values(void **state)
{
    (void)state;
    struct dln_rng rng;
    double values[101], q;
    dln_rng_init(&rng, 5);
    for (int i = 0; i < 101; i++)
        values[i] = i;
    for (int i = 100; i > 0; i--) {
        const int k = (int)dln_rng_below(&rng, (uint64_t)i + 1);
        const double swap = values[i];
        values[i] = values[k];
        values[k] = swap;
    }
    for (int i = 0; i <= 100; i++) {
        assert_true(plot_quantile(values, 101, i / 100.0 + 1e-9, &q));
        assert_close(q, i, 0, 0);
    }
    values[0] = values[1] = NAN;
    assert_true(plot_quantile(values, 2, 0.5, &q));
    assert_true(isnan(q));
    assert_true(plot_quantile(NULL, 0, 0.5, &q));
    assert_true(isnan(q));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_stand_at_one_two_five_or_decades),
        cmocka_unit_test(scales_bear_any_bounds),
        cmocka_unit_test(the_middle_of_a_log_scale_is_the_geometric_mean),
        cmocka_unit_test(dots_use_what_the_terminal_can_show),
        cmocka_unit_test(lines_reach_both_ends_and_are_cut_at_the_edge),
        cmocka_unit_test(history_has_axes_dots_and_the_line_of_the_best),
        cmocka_unit_test(an_empty_history_is_a_sentence),
        cmocka_unit_test(what_is_not_drawn_is_counted),
        cmocka_unit_test(a_small_plot_is_a_sparkline_with_its_numbers),
        cmocka_unit_test(a_spike_among_many_trials_stays),
        cmocka_unit_test(plots_keep_to_their_rectangle),
        cmocka_unit_test(curves_have_rungs_and_the_end_of_what_was_cut),
        cmocka_unit_test(a_curve_without_steps_says_how_to_get_them),
        cmocka_unit_test(quantiles_are_those_of_the_finite_values),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
