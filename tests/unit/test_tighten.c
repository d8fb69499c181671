/* Fewer bytes that say the same to a terminal. */
#include "support/test.h"

#include <vterm.h>

#include "base/rng.h"
#include "tighten.h"

static void assert_becomes(const char *before, const char *after)
{
    char bytes[256];
    const size_t len = strlen(before);
    assert_true(len < sizeof bytes);
    memcpy(bytes, before, len);
    const size_t kept = tighten(bytes, len);
    assert_int_equal(kept, strlen(after));
    assert_memory_equal(bytes, after, kept);
}

static void text_and_moves_stay(void **state)
{
    (void)state;
    assert_becomes("", "");
    assert_becomes("\033[2;4Hlr \xe2\x96\x88\r\n\033[K\033[3b",
                   "\033[2;4Hlr \xe2\x96\x88\r\n\033[K\033[3b");
    assert_becomes("\033[?25l\033]0;title\007\033[", "\033[?25l\033]0;title\007\033[");
    assert_becomes("\033[1;2", "\033[1;2"); /* cut in the middle */
}

static void the_character_set_is_chosen_once(void **state)
{
    (void)state;
    assert_becomes("\033(Ba\033(Bb\033(B", "\033(Bab");
}

static void neighbours_become_one(void **state)
{
    (void)state;
    assert_becomes("\033[1m\033[38;5;30mx", "\033[1;38;5;30mx");
    assert_becomes("\033[1m\033(B\033[4mx", "\033[1m\033(B\033[4mx");
}

static void no_change_has_more_numbers_than_emulators_take(void **state)
{
    (void)state;
    assert_becomes("\033[1;2;3m\033[38;5;30m\033[48;5;20m\033[38;5;30m\033[4m",
                   "\033[1;2;3;38;5;30;48;5;20;38;5;30m\033[4m");
}

static void what_a_reset_undoes_is_left_out(void **state)
{
    (void)state;
    assert_becomes("x\033[39m\033[my", "x\033[my");
    assert_becomes("x\033[39m\033(B\033[0;1my", "x\033(B\033[0;1my");
    assert_becomes("x\033[7m\033[0;2my", "x\033[0;2my");
    assert_becomes("\033[39m\033[1mx", "\033[39;1mx");
}

static void nothing_is_reset_twice(void **state)
{
    (void)state;
    assert_becomes("\033[mx\033[0;1my\033[mz\033[m.", "\033[mx\033[1my\033[mz.");
    assert_becomes("x\033[0;1my", "x\033[0;1my"); /* who knows what was set */
    assert_becomes("\033[m\033[1m\033[0;2mx", "\033[0;2mx");
}

/* ── the same on an emulator ───────────────────────────────────────────────────────────────────*/

enum { ROWS = 4, COLS = 20 };

static VTermScreen *show(VTerm **out, const char *bytes, size_t len)
{
    VTerm *vt = vterm_new(ROWS, COLS);
    assert_non_null(vt);
    vterm_set_utf8(vt, 1);
    VTermScreen *screen = vterm_obtain_screen(vt);
    vterm_screen_reset(screen, 1);
    vterm_input_write(vt, bytes, len);
    *out = vt;
    return screen;
}

static bool is_equal(VTermScreen *a, VTermScreen *b)
{
    for (int row = 0; row < ROWS; row++) {
        for (int col = 0; col < COLS; col++) {
            const VTermPos at = {.row = row, .col = col};
            VTermScreenCell x = {0};
            VTermScreenCell y = {0};
            if (!vterm_screen_get_cell(a, at, &x) || !vterm_screen_get_cell(b, at, &y))
                return false;
            if (x.chars[0] != y.chars[0] || memcmp(&x.attrs, &y.attrs, sizeof x.attrs) != 0 ||
                !vterm_color_is_equal(&x.fg, &y.fg) || !vterm_color_is_equal(&x.bg, &y.bg)) {
                return false;
            }
        }
    }
    return true;
}

static void any_mixture_looks_the_same(void **state)
{
    (void)state;
    static const char *const words[] = {
        "a",           "b ",          "\033(B",    "\033[m",    "\033[0m",
        "\033[0;1m",   "\033[0;2;4m", "\033[7m",   "\033[39m",  "\033[38;5;30m",
        "\033[39;49m", "\033[2;3H",   "\033[3;1H", "\033[0;7m", "\033[48;5;20m",
        "\033[K",      "\r",          "\033[;1m",  "\033[24m",  "\xe2\x96\x88",
    };
    enum { WORDS = sizeof words / sizeof words[0] };
    struct dln_rng rng;
    dln_rng_init(&rng, 1);
    for (int round = 0; round < 3000; round++) {
        char before[256];
        char after[256];
        size_t len = 0;
        for (int i = 0; i < 16; i++) {
            const char *word = words[(size_t)(dln_rng_uniform(&rng) * WORDS)];
            memcpy(before + len, word, strlen(word));
            len += strlen(word);
        }
        memcpy(after, before, len);
        const size_t kept = tighten(after, len);
        assert_true(kept <= len);
        VTerm *one;
        VTerm *two;
        VTermScreen *a = show(&one, before, len);
        VTermScreen *b = show(&two, after, kept);
        const bool is_same = is_equal(a, b);
        vterm_free(one);
        vterm_free(two);
        if (!is_same) fail_msg("round %d", round);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_moves_stay),
        cmocka_unit_test(the_character_set_is_chosen_once),
        cmocka_unit_test(neighbours_become_one),
        cmocka_unit_test(no_change_has_more_numbers_than_emulators_take),
        cmocka_unit_test(what_a_reset_undoes_is_left_out),
        cmocka_unit_test(nothing_is_reset_twice),
        cmocka_unit_test(any_mixture_looks_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
