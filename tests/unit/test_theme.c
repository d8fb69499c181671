#include "support/test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "color.h"
#include "theme.h"

static const char *const names[] = {
    "dusk",    "paper",     "neutral",         "mono",      "contrast", "okabe",
    "gruvbox", "solarized", "solarized_light", "terminal16"};
#define ALL_NAMES \
    " contrast dusk gruvbox mono neutral okabe paper solarized solarized_light terminal16"
enum { N_NAMES = sizeof names / sizeof names[0] };

static void load(const char *name, struct theme *theme)
{
    struct dln_error err = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/themes/%s.yaml", TEST_SOURCE, name);
    assert_ok(theme_load(path, NULL, theme, &err), err);
    assert_string_equal(theme->name, name);
}

static bool parse(const char *text, struct theme *theme, struct dln_error *err)
{
    dln_error_reset(err);
    return theme_parse(text, strlen(text), "mine.yaml", theme, err);
}

static void files_and_compiled_in_themes_are_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < N_NAMES; i++) {
        struct theme file, builtin;
        load(names[i], &file);
        theme_builtin(names[i], &builtin);
        assert_string_equal(builtin.name, names[i]);
        assert_int_equal(builtin.base, file.base);
        for (int r = 0; r < ROLE_COUNT; r++) {
            assert_int_equal(builtin.style[r].fg, file.style[r].fg);
            assert_int_equal(builtin.style[r].bg, file.style[r].bg);
            assert_int_equal(builtin.style[r].attrs, file.style[r].attrs);
        }
    }
    struct theme theme;
    theme_builtin("no such theme", &theme);
    assert_string_equal(theme.name, "neutral");
}

static void every_role_is_within_every_depth(void **state)
{
    (void)state;
    static const int limit[] = {[DEPTH_MONO] = -1, [DEPTH_8] = 7, [DEPTH_256] = 255};
    static const enum role bases[] = {ROLE_BG, ROLE_CURSOR, ROLE_OVERLAY, ROLE_HEAT_4};
    for (int i = 0; i < N_NAMES; i++) {
        struct theme theme;
        load(names[i], &theme);
        for (int depth = DEPTH_MONO; depth <= DEPTH_256; depth++) {
            for (int k = 0; k < 4 * ROLE_COUNT; k++) {
                const struct style style = theme_style(&theme, depth, k / 4, bases[k % 4], 0);
                assert_in_range(style.fg + 1, 0, limit[depth] + 1);
                assert_in_range(style.bg + 1, 0, limit[depth] + 1);
            }
        }
        const bool is_mono = strcmp(names[i], "mono") == 0 || strcmp(names[i], "terminal16") == 0;
        assert_int_equal(theme_is_mono(&theme, DEPTH_256), is_mono);
    }
}

static bool same(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

/* Where you are must be seen with any terminal. */
static void places_stand_out_in_every_theme_and_depth(void **state)
{
    (void)state;
    static const enum role places[] = {ROLE_TAB_ACTIVE, ROLE_INPUT_INVALID, ROLE_BEST,
                                       ROLE_STATE_ERR, ROLE_KEY};
    for (int i = 0; i < N_NAMES; i++) {
        struct theme theme;
        load(names[i], &theme);
        for (int depth = DEPTH_MONO; depth <= DEPTH_256; depth++) {
            const struct style text = theme_style(&theme, depth, ROLE_TEXT, ROLE_BG, 0);
            for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
                assert_false(same(text, theme_style(&theme, depth, places[p], ROLE_BG, 0)));
            }
            assert_false(same(text, theme_style(&theme, depth, ROLE_TEXT, ROLE_CURSOR, 0)));
            const struct style cursor = theme_style(&theme, depth, ROLE_CURSOR, ROLE_CURSOR, 0);
            assert_true(cursor.bg != COLOR_DEFAULT || cursor.attrs & CELL_REVERSE);
        }
    }
}

static double luminance_of(int index)
{
    uint8_t rgb[3];
    color_rgb(index, rgb);
    return color_luminance(rgb);
}

static double contrast(double a, double b)
{
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

/* Lines that only structure the screen may be faint. */
static bool may_be_faint(enum role role)
{
    return role == ROLE_BORDER || role == ROLE_GRID || role == ROLE_PROGRESS_REST;
}

static void assert_contrast(const struct theme *theme, int ground, double ratio)
{
    for (int r = 0; r < ROLE_COUNT; r++) {
        const struct style style = theme_style(theme, DEPTH_256, r, ROLE_BG, 0);
        if (style.fg == COLOR_DEFAULT || may_be_faint(r)) continue;
        const int under = style.bg == COLOR_DEFAULT ? ground : style.bg;
        const bool is_heat = r >= ROLE_HEAT_0 && r <= ROLE_HEAT_9; /* a mark on a colour field */
        const double seen = contrast(luminance_of(style.fg), luminance_of(under));
        if (seen < (is_heat ? 4.2 : ratio)) {
            print_error("%s: %s: %d on %d is %.2f\n", theme->name, role_name(r), style.fg, under,
                        seen);
            fail();
        }
    }
}

static void text_can_be_read_on_its_background(void **state)
{
    (void)state;
    enum { BLACK = 16, WHITE = 231, NEAR_BLACK = 232 };
    struct theme theme;
    load("dusk", &theme);
    assert_contrast(&theme, BLACK, 5);
    assert_contrast(&theme, NEAR_BLACK, 5);
    load("paper", &theme);
    assert_contrast(&theme, WHITE, 5);
    load("neutral", &theme);
    assert_contrast(&theme, BLACK, 4.2);
    assert_contrast(&theme, WHITE, 4.2);
    load("contrast", &theme);
    assert_contrast(&theme, BLACK, 7);
    assert_int_equal(theme.style[ROLE_BG].bg, BLACK); /* whatever the terminal has */
    load("okabe", &theme);
    assert_contrast(&theme, NEAR_BLACK, 5);
    load("gruvbox", &theme);
    assert_contrast(&theme, NEAR_BLACK, 5);
    load("solarized", &theme);
    assert_contrast(&theme, BLACK, 2.9);
    load("solarized_light", &theme);
    assert_contrast(&theme, WHITE, 3.2);
}

static void nothing_is_dim_in_the_theme_for_low_vision(void **state)
{
    (void)state;
    struct theme theme;
    load("contrast", &theme);
    for (int r = 0; r < ROLE_COUNT; r++)
        assert_false(theme.style[r].attrs & STYLE_DIM);
}

static void sixteen_colors_are_the_terminals_own(void **state)
{
    (void)state;
    struct theme theme;
    load("terminal16", &theme);
    for (int r = 0; r < ROLE_COUNT; r++) {
        assert_in_range(theme.style[r].fg + 1, 0, 16);
        assert_in_range(theme.style[r].bg + 1, 0, 16);
    }
}

/* A row under the cursor keeps its colours: they still have to be read. */
static void text_can_be_read_under_the_cursor_and_in_overlays(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_TEXT,      ROLE_STRONG,    ROLE_STATE_RUN, ROLE_STATE_OK,
                                      ROLE_STATE_ERR, ROLE_STATE_CUT, ROLE_BEST,      ROLE_KEY,
                                      ROLE_DIM,       ROLE_SPARK};
    static const enum role bases[] = {ROLE_CURSOR, ROLE_CURSOR_BLUR, ROLE_OVERLAY};
    static const char *const grounded[] = {"dusk", "paper", "okabe", "gruvbox"};
    for (size_t i = 0; i < sizeof grounded / sizeof grounded[0]; i++) {
        struct theme theme;
        load(grounded[i], &theme);
        for (size_t k = 0; k < 3 * sizeof roles / sizeof roles[0]; k++) {
            const struct style style =
                theme_style(&theme, DEPTH_256, roles[k / 3], bases[k % 3], 0);
            assert_true(contrast(luminance_of(style.fg), luminance_of(style.bg)) >= 3);
        }
    }
}

/* ── colour vision ─────────────────────────────────────────────────────────────────────────────*/

/* Machado, Oliveira, Fernandes 2009, severity 1: protan, deutan, tritan; on linear RGB. */
static const double machado[3][3][3] = {
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static void simulate(const double matrix[3][3], int index, double lab[3])
{
    uint8_t rgb[3];
    double linear[3];
    color_rgb(index, rgb);
    for (int c = 0; c < 3; c++) {
        const double v = rgb[c] / 255.0;
        linear[c] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    for (int c = 0; c < 3; c++) {
        double v = 0;
        for (int k = 0; k < 3; k++)
            v += matrix[c][k] * linear[k];
        v = v < 0 ? 0 : v > 1 ? 1 : v;
        v = v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
        rgb[c] = (uint8_t)lround(v * 255);
    }
    color_lab(rgb, lab);
}

/* Sharma, Wu, Dalal: The CIEDE2000 color-difference formula (2005); kL = kC = kH = 1. */
static double ciede2000(const double one[3], const double two[3])
{
    const double degree = acos(-1.0) / 180;
    const double c_mean = (hypot(one[1], one[2]) + hypot(two[1], two[2])) / 2;
    const double g = 0.5 * (1 - sqrt(pow(c_mean, 7) / (pow(c_mean, 7) + pow(25, 7))));
    const double a1 = (1 + g) * one[1], a2 = (1 + g) * two[1];
    const double c1 = hypot(a1, one[2]), c2 = hypot(a2, two[2]);
    const double h1 = c1 > 0 ? fmod(atan2(one[2], a1) / degree + 360, 360) : 0;
    const double h2 = c2 > 0 ? fmod(atan2(two[2], a2) / degree + 360, 360) : 0;
    double dh = h2 - h1;
    if (c1 * c2 == 0) dh = 0;
    if (dh > 180) dh -= 360;
    if (dh < -180) dh += 360;
    const double d_l = two[0] - one[0], d_c = c2 - c1;
    const double d_h = 2 * sqrt(c1 * c2) * sin(dh / 2 * degree);
    const double l = (one[0] + two[0]) / 2, c = (c1 + c2) / 2;
    double h = h1 + h2;
    if (c1 * c2 != 0) {
        if (fabs(h1 - h2) > 180) h += h < 360 ? 360 : -360;
        h /= 2;
    }
    const double t = 1 - 0.17 * cos((h - 30) * degree) + 0.24 * cos(2 * h * degree) +
                     0.32 * cos((3 * h + 6) * degree) - 0.20 * cos((4 * h - 63) * degree);
    const double s_l = 1 + 0.015 * (l - 50) * (l - 50) / sqrt(20 + (l - 50) * (l - 50));
    const double s_c = 1 + 0.045 * c, s_h = 1 + 0.015 * c * t;
    const double turn = 30 * exp(-pow((h - 275) / 25, 2));
    const double r = -2 * sqrt(pow(c, 7) / (pow(c, 7) + pow(25, 7))) * sin(2 * turn * degree);
    const double x = d_l / s_l, y = d_c / s_c, z = d_h / s_h;
    return sqrt(x * x + y * y + z * z + r * y * z);
}

static void distance_is_that_of_the_published_pairs(void **state)
{
    (void)state;
    /* Sharma et al., table 1: pairs 1, 7, 17, 25 */
    static const double pairs[][7] = {
        {50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425},
        {50, 0, 0, 50, -1, 2, 2.3669},
        {50, 2.5, 0, 73, 25, -18, 27.1492},
        {60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_close(ciede2000(pairs[i], pairs[i] + 3), pairs[i][6], 1e-4, 0);
    }
}

static void assert_apart(const char *name, const enum role *roles, int n, double least)
{
    struct theme theme;
    load(name, &theme);
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < i; k++) {
                double one[3], two[3];
                simulate(machado[kind], theme.style[roles[i]].fg, one);
                simulate(machado[kind], theme.style[roles[k]].fg, two);
                const double distance = ciede2000(one, two);
                if (distance >= least) continue;
                print_error("%s, kind %d: %s and %s are %.1f apart\n", name, kind,
                            role_name(roles[i]), role_name(roles[k]), distance);
                fail();
            }
        }
    }
}

static void states_stay_apart_without_one_kind_of_cone(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_STATE_RUN, ROLE_STATE_OK, ROLE_STATE_CUT, ROLE_STATE_ERR,
                                      ROLE_BEST};
    assert_apart("dusk", roles, 5, 14);
    assert_apart("okabe", roles, 4, 15); /* the best has its star and stands bold besides */
    assert_apart("contrast", roles, 5, 10);
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static void faults_name_their_place_and_the_word_that_was_meant(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"name: x\nroles:\n  stat.run: {fg: 1}\n",
         "mine.yaml:3:3: unknown role 'stat.run', did you mean 'state.run'"},
        {"roles: {text: {fgg: 1}}", "mine.yaml:1:16: unknown attribute 'fgg', did you mean 'fg'"},
        {"roles: {text: {fg: 256}}",
         "mine.yaml:1:20: '256' is no colour: default, 0 to 255 or \"#rrggbb\" is"},
        {"roles: {text: {fg: \"#12345g\"}}",
         "mine.yaml:1:20: '#12345g' is no colour: default, 0 to 255 or \"#rrggbb\" is"},
        {"roles: {text: {bold: yes}}", "mine.yaml:1:22: unknown truth value 'yes'"},
        {"roles: {text: {fg: 1}, text: {fg: 2}}", "mine.yaml:1:24: 'text' was said before"},
        {"rolls: {}", "mine.yaml:1:1: unknown key 'rolls', did you mean 'roles'"},
        {"heat: [1, 2]", "mine.yaml:1:12: a heat ramp has 10 colours, not 2"},
        {"series: [1, 2, 3, 4, 5]", "mine.yaml:1:22: at most 4 colours have a use here"},
        {"inherit: dust", "mine.yaml:1:10: unknown theme 'dust', did you mean 'dusk'"},
        {"base: &a dark", "mine.yaml:1:7: anchors, aliases and tags have no place in a theme"},
        {"- a", "mine.yaml:1:1: a mapping with 'name' and 'roles' is expected here"},
        {"name: a\n--- \nname: b\n", "mine.yaml:2:1: the end of the file is expected here"},
        {"", "mine.yaml:1:1: a theme is expected here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct theme theme;
        struct dln_error err = {0};
        assert_fails(parse(cases[i].text, &theme, &err), err, DLN_INVALID);
        assert_string_equal(err.text, cases[i].sentence);
    }
    struct theme theme;
    struct dln_error err = {0};
    assert_fails(parse("roles: [a", &theme, &err), err, DLN_INVALID);
    assert_fails(parse("a: {\"\x01", &theme, &err), err, DLN_INVALID);
}

static void missing_roles_come_from_where_the_file_says(void **state)
{
    (void)state;
    struct theme theme, dusk;
    struct dln_error err = {0};
    theme_builtin("dusk", &dusk);
    assert_ok(parse("inherit: dusk\nroles: {best: {fg: \"#ff0000\"}}", &theme, &err), err);
    assert_int_equal(theme.style[ROLE_BEST].fg, 196);
    assert_int_equal(theme.style[ROLE_KEY].fg, dusk.style[ROLE_KEY].fg);
    assert_ok(parse("roles: {strong: {fg: 9}, best: {fg: 11}}", &theme, &err), err);
    assert_int_equal(theme.style[ROLE_LINE_BEST].fg, 11);
    assert_int_equal(theme.style[ROLE_TITLE].fg, 9);
    assert_int_equal(theme.style[ROLE_TEXT].fg, COLOR_DEFAULT);
    assert_int_equal(theme.style[ROLE_CURSOR].attrs, CELL_REVERSE);
}

static void colors_go_to_the_nearest_index(void **state)
{
    (void)state;
    static const uint8_t exact[] = {95, 175, 255}, grey[] = {129, 128, 127}, red[] = {250, 5, 3};
    assert_int_equal(color_nearest(exact), 75);
    assert_int_equal(color_nearest(grey), 244);
    assert_int_equal(color_nearest(red), 196);
    for (int i = 16; i < 256; i++) {
        uint8_t rgb[3], again[3];
        color_rgb(i, rgb);
        color_rgb(color_nearest(rgb), again); /* some greys are there twice */
        assert_memory_equal(rgb, again, 3);
    }
}

static void themes_are_found_where_they_lie(void **state)
{
    (void)state;
    char root[] = "/tmp/dialin-theme-XXXXXX", dir[128], path[160];
    assert_non_null(mkdtemp(root));
    snprintf(dir, sizeof dir, "%s/dialin", root);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(dir, sizeof dir, "%s/dialin/themes", root);
    assert_int_equal(mkdir(dir, 0700), 0);
    snprintf(path, sizeof path, "%s/dusk.yaml", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("name: mine\n", file);
    assert_int_equal(fclose(file), 0);

    struct theme theme;
    struct dln_error err = {0};
    assert_ok(theme_load("dusk", dir, &theme, &err), err);
    assert_string_equal(theme.name, "mine");
    assert_ok(theme_load("dusk", NULL, &theme, &err), err);
    assert_string_equal(theme.name, "dusk");
    setenv("XDG_CONFIG_HOME", root, 1);
    assert_ok(theme_load("dusk", NULL, &theme, &err), err);
    assert_string_equal(theme.name, "mine");
    unsetenv("XDG_CONFIG_HOME");

    assert_fails(theme_load("dawn", NULL, &theme, &err), err, DLN_NOT_FOUND);
    assert_string_equal(err.text, "no theme 'dawn'; there are:" ALL_NAMES);
    assert_false(theme_load("papr", NULL, &theme, &err));
    assert_string_equal(err.text, "no theme 'papr': did you mean 'paper'; there are:" ALL_NAMES);
    assert_fails(theme_load("..", dir, &theme, &err), err, DLN_NOT_FOUND);
    assert_fails(theme_load("./no/such", dir, &theme, &err), err, DLN_NOT_FOUND);
    assert_fails(theme_load(dir, NULL, &theme, &err), err, DLN_INVALID);
    assert_fails(theme_load("/dev/zero", NULL, &theme, &err), err, DLN_INVALID);
    unlink(path);
    rmdir(dir);
    snprintf(dir, sizeof dir, "%s/dialin", root);
    rmdir(dir);
    rmdir(root);
}

int main(void)
{
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_compiled_in_themes_are_the_same),
        cmocka_unit_test(every_role_is_within_every_depth),
        cmocka_unit_test(places_stand_out_in_every_theme_and_depth),
        cmocka_unit_test(text_can_be_read_on_its_background),
        cmocka_unit_test(nothing_is_dim_in_the_theme_for_low_vision),
        cmocka_unit_test(sixteen_colors_are_the_terminals_own),
        cmocka_unit_test(text_can_be_read_under_the_cursor_and_in_overlays),
        cmocka_unit_test(distance_is_that_of_the_published_pairs),
        cmocka_unit_test(states_stay_apart_without_one_kind_of_cone),
        cmocka_unit_test(faults_name_their_place_and_the_word_that_was_meant),
        cmocka_unit_test(missing_roles_come_from_where_the_file_says),
        cmocka_unit_test(colors_go_to_the_nearest_index),
        cmocka_unit_test(themes_are_found_where_they_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
