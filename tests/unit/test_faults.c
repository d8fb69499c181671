/*
 * Every allocation may fail: the module says so with DLN_NOMEM, or makes do, leaves nothing behind
 * (the address sanitizer looks), and works the next time.
 */
#include "support/test.h"

#include "dialin/arena.h"
#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "support/fault.h"
#include "support/space_fixture.h"

/* A failed call must say why; gives ok back. */
static bool checked(bool ok, const struct dln_error *err)
{
    if (ok) return true;
    assert_int_equal(err->code, DLN_NOMEM);
    assert_true(strlen(err->text) > 0);
    return false;
}

/* ── base ──────────────────────────────────────────────────────────────────────────────────────*/

static bool build_text(void *context)
{
    (void)context;
    struct dln_strbuf buf = {0};
    for (int i = 0; i < 100; i++)
        dln_strbuf_addf(&buf, "%d,", i);
    char *text = NULL;
    struct dln_error err = {0};
    const bool ok = checked(dln_strbuf_take(&buf, &text, &err), &err);
    assert_true(ok == (text != NULL));
    if (ok) assert_int_equal(strlen(text), 290);
    free(text);
    dln_strbuf_release(&buf);
    return ok;
}

static void a_string_reports_once_that_it_could_not_grow(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, build_text, NULL) >= 3);
}

static bool fill_arena(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    bool ok = true;
    for (int i = 0; i < 2000 && ok; i++) {
        const char *text = dln_arena_printf(&arena, "item number %d", i);
        ok = text != NULL;
    }
    ok = ok && dln_arena_alloc(&arena, 1, 3 * 1024 * 1024);
    dln_arena_release(&arena);
    return ok;
}

static void an_arena_gives_null_and_releases_the_rest(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, fill_arena, NULL) >= 3);
}

static bool read_json(void *context)
{
    const char *text = context;
    json_t *value = NULL;
    struct dln_error err = {0};
    const bool ok = dln_json_read(text, strlen(text), &value, &err);
    /* jansson has no code for "no memory": its failure reads as text that is not valid */
    if (!ok) assert_true(err.code == DLN_NOMEM || err.code == DLN_INVALID);
    assert_true(ok == (value != NULL));
    json_decref(value);
    return ok;
}

static void json_is_read_or_refused(void **state)
{
    (void)state;
    static char text[] = "{\"a\": [1, 2.5, NaN, \"text\"], \"b\": {\"c\": null, \"d\": true}}";
    fault_wrap_jansson();
    assert_true(fault_each(FAULT_ALLOC, read_json, text) >= 10);
}

/* ── space ─────────────────────────────────────────────────────────────────────────────────────*/

static const struct dln_scalar words[] = {{.kind = DLN_SCALAR_TEXT, .text = "adam"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "sgd"}};

static bool settle_space(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param params[] = {fixture_float("momentum", 0, 1), fixture_choice("opt", words, 2)};
    struct dln_space space = {.n = 2, .params = params};
    bool ok = dln_expr_parse("opt == sgd and 1 < 2 + 3", &arena, &params[0].when, NULL, &err) &&
              dln_space_settle(&space, &arena, NULL, &err);
    checked(ok, &err);
    struct dln_strbuf json = {0};
    if (ok) {
        const double x[] = {0.5, 1};
        dln_space_json(&space, x, &json);
        ok = dln_strbuf_ok(&json);
        if (ok) {
            assert_string_equal(dln_strbuf_text(&json), "{\"momentum\": 0.5, \"opt\": \"sgd\"}");
        }
    }
    dln_strbuf_release(&json);
    dln_arena_release(&arena);
    return ok;
}

static void a_space_is_made_or_refused(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, settle_space, NULL) >= 2);
}

/* ── study ─────────────────────────────────────────────────────────────────────────────────────*/

static bool read_study(void *context)
{
    const char *path = context;
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    const bool ok = checked(dln_study_read_file(path, &study, &err), &err);
    assert_true(ok == (study != NULL));
    dln_study_free(study);
    return ok;
}

static void a_study_file_is_read_or_the_lack_of_memory_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"cifar10-resnet", "tabular-models", "ann-index"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/studies/%s.yaml", TEST_DATA, names[i]);
        assert_true(fault_each(FAULT_ALLOC, read_study, path) >= 2);
    }
}

/* ── strategies ────────────────────────────────────────────────────────────────────────────────*/

/*
 * A life of a proposer: opened, fed, asked often enough to leave the strategy's first answers, with
 * what it noted about its trials.
 */
static bool live_as_proposer(void *context)
{
    const struct fixture *f = context;
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    bool ok = dln_proposer_new(&f->study, 1, &proposer, &err);
    for (int64_t i = 0; i < 14 && ok; i++) {
        struct dln_proposal proposal;
        const double fixed[] = {i % 3 == 0 ? 0.25 : (double)NAN, NAN, NAN};
        ok = dln_proposer_ask(proposer, i, fixed, 10, &proposal, &err);
        if (!ok) break;
        const double x[] = {proposal.x[0], proposal.x[1], proposal.x[2]};
        char memo[400];
        snprintf(memo, sizeof memo, "%s", proposal.memo ? proposal.memo : "");
        const struct dln_history_row row = {.id = i,
                                            .number = i,
                                            .state = DLN_TRIAL_COMPLETE,
                                            .x = x,
                                            .values = &(double){(double)i},
                                            .last_step = -1,
                                            .memo = memo};
        ok = dln_proposer_learn(proposer, 1, &row, &err);
    }
    dln_proposer_free(proposer);
    return checked(ok, &err);
}

static bool has_setting(const struct dln_strategy *strategy, const char *name)
{
    const struct dln_setting *at = strategy->settings;
    while (at && at->name && strcmp(at->name, name) != 0)
        at++;
    return at && at->name;
}

static void every_strategy_bears_a_lack_of_memory_at_any_moment(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_float("lr", 0, 1), fixture_choice("opt", words, 2),
                                 fixture_int("k", 1, 9)};
    params[2].when_text = "opt == sgd";
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        struct fixture f;
        fixture_init(&f, 3, params, (*at)->name);
        if (has_setting(*at, "population")) fixture_set_number(&f, "population", 4);
        assert_true(fault_each(FAULT_ALLOC, live_as_proposer, &f) >= 10);
        fixture_release(&f);
    }
}

/* Nothing is lost of a history that could not take one more trial. */
static void a_history_stays_whole_when_it_cannot_grow(void **state)
{
    (void)state;
    const struct dln_param param = fixture_int("k", 0, 1000);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    dln_proposer *proposer = NULL;
    struct dln_error err = {0};
    assert_ok(dln_proposer_new(&f.study, 1, &proposer, &err), err);
    const struct dln_history_view *view = dln_proposer_history(proposer);
    for (int64_t i = 0; i < 300; i++) {
        const double x = (double)i;
        const struct dln_history_row row = {
            .number = i, .state = DLN_TRIAL_RUNNING, .x = &x, .last_step = -1};
        for (size_t nth = 1;; nth++) {
            fault_arm(FAULT_ALLOC, nth);
            const bool ok = dln_proposer_learn(proposer, 1, &row, &err);
            if (!fault_disarm()) {
                assert_true(ok);
                break;
            }
            assert_false(ok);
            assert_int_equal(view->n, i);
            assert_false(dln_history_has(view, &f.study.space, &x));
        }
        assert_int_equal(view->n, i + 1);
        assert_true(dln_history_has(view, &f.study.space, &x));
    }
    dln_proposer_free(proposer);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_reports_once_that_it_could_not_grow),
        cmocka_unit_test(an_arena_gives_null_and_releases_the_rest),
        cmocka_unit_test(json_is_read_or_refused),
        cmocka_unit_test(a_space_is_made_or_refused),
        cmocka_unit_test(a_study_file_is_read_or_the_lack_of_memory_is_named),
        cmocka_unit_test(every_strategy_bears_a_lack_of_memory_at_any_moment),
        cmocka_unit_test(a_history_stays_whole_when_it_cannot_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
