/* What would come next is what comes next. */
#include "support/test.h"

#include "dialin/peek.h"
#include "support/play.h"

enum { D = 3, N_MAX = 40 };

static const struct dln_scalar words[] = {{.kind = DLN_SCALAR_TEXT, .text = "adam"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "sgd"}};

static void make_space(struct fixture *f, const char *strategy)
{
    struct dln_param params[] = {fixture_float("rate", 1e-4, 1), fixture_int("depth", 1, 20),
                                 fixture_choice("opt", words, 2)};
    params[0].log = true;
    params[1].when_text = "opt == adam";
    fixture_init(f, D, params, strategy);
}

static double loss_of(const double *x)
{
    return fabs(log10(x[0]) + 2) + (isnan(x[1]) ? 0.5 : 0.01 * fabs(x[1] - 5));
}

struct trials { /* rows and what they point at */
    size_t n;
    struct dln_history_row rows[N_MAX];
    double x[N_MAX][D], values[N_MAX];
    char memos[N_MAX][512], strategies[N_MAX][16];
};

static void add(struct trials *trials, enum dln_trial_state state, const double *x, double value,
                const char *memo, const char *strategy)
{
    const size_t i = trials->n++;
    assert_true(trials->n <= N_MAX);
    memcpy(trials->x[i], x, sizeof trials->x[i]);
    trials->values[i] = value;
    snprintf(trials->memos[i], sizeof trials->memos[i], "%s", memo ? memo : "");
    snprintf(trials->strategies[i], sizeof trials->strategies[i], "%s", strategy);
    trials->rows[i] = (struct dln_history_row){.id = (int64_t)(10 + i),
                                               .number = (int64_t)i,
                                               .state = state,
                                               .x = trials->x[i],
                                               .values = &trials->values[i],
                                               .last_step = -1,
                                               .last_value = NAN,
                                               .memo = trials->memos[i],
                                               .strategy = trials->strategies[i]};
}

/* n finished trials that the strategy itself proposed. */
static void run(const struct fixture *f, struct trials *trials, size_t n)
{
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f->study, 9, &proposer, &err), err);
    for (size_t i = 0; i < n; i++) {
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(proposer, (int64_t)i, NULL, 50, &proposal, &err), err);
        add(trials, DLN_TRIAL_COMPLETE, proposal.x, loss_of(proposal.x), proposal.memo,
            proposal.strategy);
        assert_ok(dln_proposer_learn(proposer, 1, &trials->rows[i], &err), err);
    }
    dln_proposer_free(proposer);
}

static struct dln_peek peeked(const struct fixture *f, const struct trials *trials, size_t count,
                              struct dln_arena *arena)
{
    struct dln_error err = {0};
    struct dln_peek peek;
    const struct dln_peek_request request = {.study = &f->study,
                                             .seed = 9,
                                             .budget_trials = 50,
                                             .n_rows = trials->n,
                                             .rows = trials->rows,
                                             .count = count};
    assert_ok(dln_peek_rows(&request, arena, &peek, &err), err);
    return peek;
}

static void suggestions_are_those_that_are_then_proposed(void **state)
{
    (void)state;
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        struct fixture f;
        struct trials trials = {0};
        struct dln_arena arena = {0};
        struct dln_error err = {0};
        dln_proposer *proposer = NULL;
        make_space(&f, (*at)->name);
        if (strcmp((*at)->name, "grid") == 0) fixture_set_json(&f, "rate", "[0.001, 0.01, 0.1]");
        if (!dln_proposer_new(&f.study, 9, &proposer, &err)) { /* not for such a study */
            fixture_release(&f);
            continue;
        }
        dln_proposer_free(proposer);
        run(&f, &trials, 20);
        add(&trials, DLN_TRIAL_RUNNING, (const double[]){0.01, 5, 0}, NAN, "", (*at)->name);
        const struct dln_peek peek = peeked(&f, &trials, 4, &arena);
        assert_int_equal(peek.n, 4);

        assert_ok(dln_proposer_new(&f.study, 9, &proposer, &err), err);
        assert_ok(dln_proposer_learn(proposer, trials.n, trials.rows, &err), err);
        for (size_t i = 0; i < 4; i++) {
            struct dln_proposal proposal;
            const int64_t number = (int64_t)trials.n;
            assert_int_equal(peek.next[i].number, number);
            assert_false(peek.next[i].is_enqueued);
            assert_ok(dln_proposer_ask(proposer, number, NULL, 50, &proposal, &err), err);
            assert_memory_equal(peek.next[i].x, proposal.x, D * sizeof *proposal.x);
            assert_string_equal(peek.next[i].why, proposal.why);
            assert_string_equal(peek.next[i].strategy, proposal.strategy);
            add(&trials, DLN_TRIAL_RUNNING, proposal.x, NAN, proposal.memo, proposal.strategy);
            assert_ok(dln_proposer_learn(proposer, 1, &trials.rows[trials.n - 1], &err), err);
        }
        dln_proposer_free(proposer);
        dln_arena_release(&arena);
        fixture_release(&f);
    }
}

static void enqueued_trials_come_first_lowest_number_first(void **state)
{
    (void)state;
    struct fixture f;
    struct trials trials = {0};
    struct dln_arena arena = {0};
    make_space(&f, "tpe");
    run(&f, &trials, 15);
    add(&trials, DLN_TRIAL_WAITING, (const double[]){0.5, NAN, NAN}, NAN, "", "enqueued");
    add(&trials, DLN_TRIAL_WAITING, (const double[]){0.25, NAN, 1}, NAN, "", "enqueued");
    const struct dln_peek peek = peeked(&f, &trials, 3, &arena);
    assert_int_equal(peek.n, 3);
    assert_int_equal(peek.next[0].number, 15);
    assert_true(peek.next[0].is_enqueued && peek.next[1].is_enqueued && !peek.next[2].is_enqueued);
    assert_close(peek.next[0].x[0], 0.5, 0, 0);
    assert_false(isnan(peek.next[0].x[2])); /* filled in */
    assert_non_null(strstr(peek.next[0].why, "rate given"));
    assert_int_equal(peek.next[1].number, 16);
    assert_close(peek.next[1].x[0], 0.25, 0, 0);
    assert_string_equal(peek.next[1].why, "values given by hand");
    assert_string_equal(peek.next[1].strategy, "enqueued");
    assert_int_equal(peek.next[2].number, 17);
    dln_arena_release(&arena);
    fixture_release(&f);
}

static void a_new_study_starts_with_its_default(void **state)
{
    (void)state;
    struct fixture f;
    const struct trials trials = {0};
    struct dln_arena arena = {0};
    make_space(&f, "gp");
    const struct dln_peek peek = peeked(&f, &trials, 2, &arena);
    assert_int_equal(peek.next[0].number, 0);
    assert_non_null(strstr(peek.next[0].why, "default"));
    assert_int_equal(peek.next[1].number, 1);
    dln_arena_release(&arena);
    fixture_release(&f);
}

static void a_small_space_ends(void **state)
{
    (void)state;
    struct fixture f;
    const struct trials trials = {0};
    struct dln_arena arena = {0};
    const struct dln_param params[] = {fixture_int("a", 1, 3), fixture_float("b", 1, 1),
                                       fixture_float("c", 1, 1)};
    fixture_init(&f, D, params, "random");
    const struct dln_peek peek = peeked(&f, &trials, 10, &arena);
    assert_int_equal(peek.n, 3);
    assert_true(peek.is_exhausted);
    f.study.duplicates = DLN_DUPLICATES_REUSE;
    const struct dln_peek all = peeked(&f, &trials, 10, &arena);
    assert_int_equal(all.n, 10);
    dln_arena_release(&arena);
    fixture_release(&f);
}

static void a_known_point_is_taken_over_where_values_are_reused(void **state)
{
    (void)state;
    struct fixture f;
    struct trials trials = {0};
    struct dln_arena arena = {0};
    const struct dln_param params[] = {fixture_int("a", 1, 2), fixture_float("b", 1, 1),
                                       fixture_float("c", 1, 1)};
    fixture_init(&f, D, params, "random");
    f.study.duplicates = DLN_DUPLICATES_REUSE;
    add(&trials, DLN_TRIAL_COMPLETE, (const double[]){1, 1, 1}, 5, "", "random");
    add(&trials, DLN_TRIAL_COMPLETE, (const double[]){2, 1, 1}, 6, "", "random");
    const struct dln_peek peek = peeked(&f, &trials, 3, &arena);
    assert_int_equal(peek.n, 3);
    for (size_t i = 0; i < peek.n; i++)
        assert_non_null(strstr(peek.next[i].why, "whose value is taken over"));
    dln_arena_release(&arena);
    fixture_release(&f);
}

static void too_many_and_unknown_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_peek peek;
    make_space(&f, "random");
    struct dln_peek_request request = {.study = &f.study, .count = DLN_PEEK_MAX + 1};
    assert_fails(dln_peek_rows(&request, &arena, &peek, &err), err, DLN_USAGE);
    request.count = 0;
    assert_ok(dln_peek_rows(&request, &arena, &peek, &err), err);
    assert_int_equal(peek.n, 0);
    fixture_release(&f);
    make_space(&f, "magic");
    request.study = &f.study;
    assert_fails(dln_peek_rows(&request, &arena, &peek, &err), err, DLN_UNSUPPORTED);
    dln_arena_release(&arena);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestions_are_those_that_are_then_proposed),
        cmocka_unit_test(enqueued_trials_come_first_lowest_number_first),
        cmocka_unit_test(a_new_study_starts_with_its_default),
        cmocka_unit_test(a_small_space_ends),
        cmocka_unit_test(a_known_point_is_taken_over_where_values_are_reused),
        cmocka_unit_test(too_many_and_unknown_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
