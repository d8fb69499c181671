#include "support/test.h"

#include "keys.h"

static const int64_t ms = 1000000;

static uint32_t next_code(struct keys *keys, int64_t now_ns)
{
    struct key key;
    return keys_next(keys, now_ns, &key) ? key.code : KEY_CODE_NONE;
}

static void plain_letters_come_one_by_one(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "jK\003", 3, 0);
    assert_int_equal(next_code(&keys, 0), 'j');
    assert_int_equal(next_code(&keys, 0), 'K');
    assert_int_equal(next_code(&keys, 0), KEY_CTRL('C'));
    assert_int_equal(next_code(&keys, 0), KEY_CODE_NONE);
}

static void a_sequence_split_byte_by_byte_is_one_key(void **state)
{
    (void)state;
    struct keys keys = {0};
    const char bytes[] = "\033[6~";
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(next_code(&keys, (int64_t)i * 100 * ms / 4), KEY_CODE_NONE);
        keys_feed(&keys, &bytes[i], 1, (int64_t)i * 100 * ms / 4);
    }
    assert_int_equal(next_code(&keys, 100 * ms), KEY_CODE_PAGE_DOWN);
}

static void a_lone_escape_is_a_key_after_its_time(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033", 1, 0);
    assert_int_equal(next_code(&keys, 100 * ms), KEY_CODE_NONE);
    assert_true(keys_deadline_ns(&keys) == KEYS_ESC_WAIT_MS * ms);
    assert_int_equal(next_code(&keys, 200 * ms), KEY_CODE_ESC);
    assert_int_equal(keys_deadline_ns(&keys), 0);
}

static void escape_then_a_letter_long_after_are_two_keys(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033", 1, 0);
    keys_feed(&keys, "[", 1, 500 * ms);
    assert_int_equal(next_code(&keys, 500 * ms), KEY_CODE_ESC);
    assert_int_equal(next_code(&keys, 500 * ms), '[');
}

static void both_forms_of_arrows_are_known(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033[A\033OB\033[1;2C\033[[A", 16, 0);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_UP);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_DOWN);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_RIGHT);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_F1);
}

static void what_the_terminal_defines_is_known_too(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_define(&keys, "\033<up>", KEY_CODE_UP);
    keys_feed(&keys, "\033<up>", 5, 0);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_UP);
}

static void unknown_replies_are_eaten_whole(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033[?2026;2$yj", 12, 0);
    assert_int_equal(next_code(&keys, 0), 'j');
    assert_int_equal(next_code(&keys, 0), KEY_CODE_NONE);
}

static void the_background_colour_is_understood(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033]11;rgb:ffff/ffff/f0f0\033\\k", 27, 0);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_LIGHT);
    assert_int_equal(next_code(&keys, 0), 'k');
    keys_feed(&keys, "\033]11;rgb:0000/1111/2222\007", 24, 0);
    assert_int_equal(next_code(&keys, 0), KEY_CODE_DARK);
}

static void pasted_text_is_marked_as_pasted(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\033[200~Xy\033[201~q", 15, 0);
    struct key key;
    assert_true(keys_next(&keys, 0, &key) && key.code == 'X' && key.pasted);
    assert_true(keys_next(&keys, 0, &key) && key.code == 'y' && key.pasted);
    assert_true(keys_next(&keys, 0, &key) && key.code == 'q' && !key.pasted);
}

static void utf8_is_decoded_and_rubbish_is_harmless(void **state)
{
    (void)state;
    struct keys keys = {0};
    keys_feed(&keys, "\xce", 1, 0);
    keys_feed(&keys, "\xb1", 1, 0);
    assert_int_equal(next_code(&keys, 0), 0x3b1);
    for (int i = 0; i < 100000; i++) {
        const char byte = (char)((i * 7919 + i / 3) & 0xff);
        keys_feed(&keys, &byte, 1, i);
        (void)next_code(&keys, i);
    }
    assert_true(keys.partial_len < sizeof keys.partial);
}

static void keys_have_names(void **state)
{
    (void)state;
    char name[16];
    assert_string_equal(key_label(KEY_CTRL('L'), name), "Ctrl-L");
    assert_string_equal(key_label('j', name), "j");
    assert_string_equal(key_label(KEY_CODE_F1 + 9, name), "F10");
    assert_string_equal(key_label('\r', name), "Enter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_letters_come_one_by_one),
        cmocka_unit_test(a_sequence_split_byte_by_byte_is_one_key),
        cmocka_unit_test(a_lone_escape_is_a_key_after_its_time),
        cmocka_unit_test(escape_then_a_letter_long_after_are_two_keys),
        cmocka_unit_test(both_forms_of_arrows_are_known),
        cmocka_unit_test(what_the_terminal_defines_is_known_too),
        cmocka_unit_test(unknown_replies_are_eaten_whole),
        cmocka_unit_test(the_background_colour_is_understood),
        cmocka_unit_test(pasted_text_is_marked_as_pasted),
        cmocka_unit_test(utf8_is_decoded_and_rubbish_is_harmless),
        cmocka_unit_test(keys_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
