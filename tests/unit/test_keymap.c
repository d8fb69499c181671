#include "support/test.h"

#include "keymap.h"

/* Only those that are local to a screen may mean something else on another one. */
static void every_key_has_one_meaning_everywhere(void **state)
{
    (void)state;
    size_t n;
    const struct binding *all = keymap_all(&n);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            if (all[i].action == all[j].action) continue;
            const bool may_meet = (all[i].scopes & all[j].scopes) != 0;
            for (int a = 0; a < BINDING_KEYS_MAX && all[i].key[a]; a++) {
                for (int b = 0; b < BINDING_KEYS_MAX && all[j].key[b]; b++) {
                    if (all[i].key[a] != all[j].key[b]) continue;
                    assert_false(may_meet);
                    assert_non_null(strchr("[]{}xYioKMvrd()!.T", (int)all[i].key[a]));
                }
            }
        }
    }
}

static void every_action_is_bound_once_and_explained(void **state)
{
    (void)state;
    size_t n;
    const struct binding *all = keymap_all(&n);
    assert_int_equal(n, ACTION_COUNT - 1);
    for (int action = ACTION_NONE + 1; action < ACTION_COUNT; action++) {
        const struct binding *binding = keymap_binding((enum action)action);
        assert_non_null(binding);
        assert_int_not_equal(binding->key[0], KEY_CODE_NONE);
        assert_true(*binding->word && *binding->help);
        assert_true(strlen(binding->help) <= 28); /* two columns of help in 70 */
    }
    (void)all;
}

/* Everything that acts is a plain letter or sign: function keys and arrows are extras. */
static void every_action_has_a_plain_key(void **state)
{
    (void)state;
    size_t n;
    const struct binding *all = keymap_all(&n);
    for (size_t i = 0; i < n; i++) {
        if (all[i].action == ACTION_PAGE_DOWN || all[i].action == ACTION_PAGE_UP ||
            all[i].action == ACTION_PREVIOUS_PANE || all[i].action == ACTION_QUIT) {
            continue; /* half pages, Tab and q do as well */
        }
        bool is_plain = false;
        for (int k = 0; k < BINDING_KEYS_MAX; k++) {
            is_plain = is_plain || (all[i].key[k] > 0 && all[i].key[k] < 128);
        }
        assert_true(is_plain);
    }
}

/* tmux, screen, flow control, browser terminals and tty drivers eat these on the way. */
static void keys_that_are_eaten_on_the_way_are_not_used(void **state)
{
    (void)state;
    for (const char *c = "BASQWTNOVY\\^"; *c; c++) {
        assert_int_equal(keymap_action((uint32_t)KEY_CTRL(*c), SCOPE_ALL), ACTION_NONE);
    }
    assert_int_equal(keymap_action('~', SCOPE_ALL), ACTION_NONE);
    assert_int_equal(keymap_action(KEY_CODE_F12, SCOPE_ALL), ACTION_NONE);
}

static void a_key_means_nothing_where_it_is_not_listed(void **state)
{
    (void)state;
    assert_int_equal(keymap_action('P', SCOPE_LIVE), ACTION_PRUNE);
    assert_int_equal(keymap_action('P', SCOPE_HOME), ACTION_NONE);
    assert_int_equal(keymap_action(KEY_CODE_NONE, SCOPE_ALL), ACTION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_has_one_meaning_everywhere),
        cmocka_unit_test(every_action_is_bound_once_and_explained),
        cmocka_unit_test(every_action_has_a_plain_key),
        cmocka_unit_test(keys_that_are_eaten_on_the_way_are_not_used),
        cmocka_unit_test(a_key_means_nothing_where_it_is_not_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
