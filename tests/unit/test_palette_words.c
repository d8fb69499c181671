#include "support/test.h"

#include "keymap.h"
#include "palette.h"
#include "verbs.h"

static void letters_match_in_their_order_only(void **state)
{
    (void)state;
    assert_true(fuzzy_score("nrw", "narrow") >= 0);
    assert_true(fuzzy_score("NAR", "narrow") >= 0);
    assert_true(fuzzy_score("wn", "narrow") < 0);
    assert_int_equal(fuzzy_score("", "narrow"), 0);
}

static void beginnings_and_neighbours_count_more(void **state)
{
    (void)state;
    assert_true(fuzzy_score("par", "parallel") > fuzzy_score("par", "spare"));
    assert_true(fuzzy_score("sf", "save-filter") > fuzzy_score("sf", "asif"));
}

static void a_line_is_cut_at_blanks_and_keeps_its_rest(void **state)
{
    (void)state;
    struct verb_words words;
    verb_words("  note  a lucky  seed", &words);
    assert_int_equal(words.n, 4);
    assert_string_equal(words.word[0], "note");
    assert_string_equal(words.rest, "a lucky  seed");
    assert_false(words.has_gap);
    verb_words("narrow ", &words);
    assert_int_equal(words.n, 1);
    assert_true(words.has_gap);
    assert_string_equal(words.rest, "");
    verb_words("", &words);
    assert_int_equal(words.n, 0);
}

static void every_verb_is_there_once_and_has_its_key(void **state)
{
    (void)state;
    size_t n;
    const struct verb *all = verbs_all(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(verb_find(all[i].name), &all[i]);
        assert_true(*all[i].help && all[i].plan);
        if (all[i].action != ACTION_NONE) assert_non_null(keymap_binding(all[i].action));
    }
    assert_null(verb_find("nothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_match_in_their_order_only),
        cmocka_unit_test(beginnings_and_neighbours_count_more),
        cmocka_unit_test(a_line_is_cut_at_blanks_and_keeps_its_rest),
        cmocka_unit_test(every_verb_is_there_once_and_has_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
