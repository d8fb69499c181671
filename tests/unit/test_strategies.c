/* What every strategy must do, whatever it is: run over the registry. */
#include "support/test.h"

#include "support/space_fixture.h"

static const struct dln_scalar models[] = {{.kind = DLN_SCALAR_TEXT, .text = "mlp"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "xgb"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "linear"}};

/* Every kind of parameter, a tree of conditions, and one that has a single value. */
enum { RATE, LR, MODEL, LAYERS, WIDTH, FOLDS, DROP, D };

static void mixed(struct fixture *f, const char *strategy)
{
    struct dln_param params[D];
    params[RATE] = fixture_float("rate", -1, 3);
    params[LR] = fixture_float("lr", 1e-5, 1e-1);
    params[LR].log = true;
    params[MODEL] = fixture_choice("model", models, 3);
    params[LAYERS] = fixture_int("layers", 1, 4);
    params[LAYERS].when_text = "model == mlp";
    params[WIDTH] = fixture_int("width", 8, 64);
    params[WIDTH].log = true;
    params[WIDTH].when_text = "layers > 1";
    params[FOLDS] = fixture_int("folds", 5, 5);
    params[DROP] = fixture_float("drop", 0, 0.5);
    params[DROP].step = 0.1;
    fixture_init(f, D, params, strategy);
}

static dln_proposer *opened(const struct fixture *f, uint64_t seed)
{
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f->study, seed, &proposer, &err), err);
    return proposer;
}

static double objective(const double *x)
{
    double sum = 0;
    for (int i = 0; i < D; i++)
        sum += isnan(x[i]) ? 0.3 : x[i] * x[i];
    return sum;
}

/* Trial by trial in different states; x of trial i in all[i]. */
static void run(dln_proposer *proposer, int from, int to, double all[][D])
{
    for (int i = from; i < to; i++) {
        struct dln_error err = {0};
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(proposer, i, NULL, 100, &proposal, &err), err);
        memcpy(all[i], proposal.x, sizeof all[i]);
        const enum dln_trial_state state = i % 7 == 3   ? DLN_TRIAL_FAIL
                                           : i % 7 == 5 ? DLN_TRIAL_RUNNING
                                           : i % 7 == 6 ? DLN_TRIAL_PRUNED
                                                        : DLN_TRIAL_COMPLETE;
        const double value = i % 11 == 4 ? HUGE_VAL : objective(proposal.x);
        fixture_learn(proposer, i, state, all[i], state == DLN_TRIAL_COMPLETE ? &value : NULL);
    }
}

#define FOR_EACH_STRATEGY(at) \
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++)

/* ── the registry ──────────────────────────────────────────────────────────────────────────────*/

static size_t columns(const char *text)
{
    return strcspn(text, "\n");
}

static void every_entry_is_complete_and_fits_its_place(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        const struct dln_strategy *s = *at;
        assert_ptr_equal(dln_strategy_find(s->name), s);
        assert_non_null(s->suggest);
        assert_true(strlen(s->title) > 0);
        assert_true(strlen(s->best_for) > 0 && strlen(s->best_for) <= 14);
        int lines = 0;
        for (const char *line = s->summary; *line; lines++) {
            assert_true(columns(line) <= 47);
            line += columns(line);
            if (*line) line++;
        }
        assert_true(lines >= 1 && lines <= 4);
        for (const struct dln_setting *set = s->settings; set && set->name; set++) {
            assert_true(strlen(set->help) > 0);
            if (set->kind == DLN_SETTING_REAL || set->kind == DLN_SETTING_INT) {
                assert_true(set->low <= set->initial && set->initial <= set->high);
            }
            assert_true((set->kind == DLN_SETTING_CHOICE) == (set->choices != NULL));
        }
    }
    assert_null(dln_strategy_find("no such"));
    assert_null(dln_strategy_find(""));
}

static void auto_takes_turns_and_says_whose(void **state)
{
    (void)state;
    struct fixture f;
    mixed(&f, "auto");
    dln_proposer *proposer = opened(&f, 1);
    int named = 0;
    for (int i = 0; i < 60; i++) {
        struct dln_error err = {0};
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(proposer, i, NULL, 100, &proposal, &err), err);
        if (i == 0) assert_string_equal(proposal.why, "auto: the default point first");
        char turn[64];
        snprintf(turn, sizeof turn, "%s's turn", proposal.strategy);
        const bool is_design = strcmp(proposal.strategy, "random") == 0;
        assert_true(is_design || strncmp(proposal.why, turn, strlen(turn)) == 0);
        named |= strcmp(proposal.strategy, "gp") == 0 ? 1 : 0;
        named |= strcmp(proposal.strategy, "tpe") == 0 ? 2 : 0;
        double x[D];
        memcpy(x, proposal.x, sizeof x);
        fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, x, &(double){objective(x)});
    }
    assert_int_equal(named, 3);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void an_unknown_strategy_names_the_nearest(void **state)
{
    (void)state;
    struct fixture f;
    mixed(&f, "sobl");
    f.study.strategy.line = 4;
    f.study.strategy.column = 11;
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_UNSUPPORTED);
    assert_non_null(strstr(err.text, "4:11"));
    assert_non_null(strstr(err.text, "'sobol'"));
    fixture_release(&f);
}

static void settings_are_checked_against_the_table(void **state)
{
    (void)state;
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    struct fixture f;
    mixed(&f, "grid");
    fixture_set_number(&f, "pionts", 4);
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_INVALID);
    assert_non_null(strstr(err.text, "3:14"));
    assert_non_null(strstr(err.text, "'points'"));
    fixture_release(&f);

    mixed(&f, "grid");
    fixture_set_number(&f, "points", 2.5);
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_INVALID);
    assert_non_null(strstr(err.text, "whole number from 1 to 1000"));
    fixture_release(&f);

    mixed(&f, "grid");
    fixture_set_text(&f, "order", "shufled");
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_INVALID);
    assert_non_null(strstr(err.text, "'shuffled'"));
    fixture_release(&f);

    mixed(&f, "sobol");
    fixture_set_number(&f, "points", 3);
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_INVALID);
    assert_non_null(strstr(err.text, "no settings"));
    fixture_release(&f);
}

static void more_goals_than_one_are_sought_or_refused(void **state)
{
    (void)state;
    size_t refused = 0;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        fixture_objectives(&f, 2, false);
        struct dln_error err = {0};
        dln_proposer *proposer = NULL;
        if ((*at)->multi_objective) {
            assert_ok(dln_proposer_new(&f.study, 1, &proposer, &err), err);
            for (int i = 0; i < 80; i++) {
                struct dln_proposal proposal;
                assert_ok(dln_proposer_ask(proposer, i, NULL, 100, &proposal, &err), err);
                double x[D];
                memcpy(x, proposal.x, sizeof x);
                const double values[] = {objective(x), i % 5 == 1 ? -HUGE_VAL : -x[RATE]};
                fixture_learn(proposer, i, i % 7 == 3 ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE, x,
                              i % 7 == 3 ? NULL : values);
            }
            dln_proposer_free(proposer);
        } else {
            assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_UNSUPPORTED);
            assert_non_null(strstr(err.text, (*at)->name));
            assert_non_null(strstr(err.text, "one goal"));
            refused++;
        }
        fixture_release(&f);
    }
    assert_true(refused > 0);
}

/* ── points ────────────────────────────────────────────────────────────────────────────────────*/

static void suggestions_fill_the_cube_and_are_legal(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        const struct dln_space *space = &f.study.space;
        dln_proposer *proposer = opened(&f, 42);
        double all[80][D];
        run(proposer, 0, 80, all);
        for (int i = 0; i < 80; i++) {
            double active[D];
            memcpy(active, all[i], sizeof active);
            assert_true(dln_space_activate(space, active));
            assert_true(dln_space_same(space, active, all[i]));
            for (size_t j = 0; j < D; j++) {
                if (!isnan(all[i][j]))
                    assert_true(dln_param_contains(&space->params[j], all[i][j]));
            }
            assert_close(all[i][FOLDS], 5, 0, 0);
        }
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

/* Straight at the strategy: every coordinate is filled, the inactive ones too. */
static void raw_suggestions_are_complete(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        dln_proposer *proposer = opened(&f, 42);
        void *instance = NULL;
        struct dln_error err = {0};
        double settings[16];
        assert_ok(dln_settings_resolve((*at)->settings, &f.study.strategy, settings, &err), err);
        if ((*at)->open) {
            assert_ok((*at)->open(&f.study.space, settings, &f.study.strategy, &instance, &err),
                      err);
        }
        for (unsigned attempt = 0; attempt < 5; attempt++) {
            double u[D];
            double x[D];
            double fixed[D];
            for (int i = 0; i < D; i++)
                u[i] = x[i] = fixed[i] = NAN;
            struct dln_arena scratch = {0};
            const struct dln_ask ask = {.space = &f.study.space,
                                        .history = dln_proposer_history(proposer),
                                        .maximize = &(bool){false},
                                        .seed = 9,
                                        .fixed = fixed,
                                        .attempt = attempt,
                                        .scratch = &scratch};
            struct dln_suggestion out = {.u = u, .x = x, .mean = NAN, .sd = NAN};
            assert_ok((*at)->suggest(instance, &ask, &out, &err), err);
            for (int i = 0; i < D; i++)
                assert_true(u[i] >= 0 && u[i] <= 1);
            assert_true(strlen(out.why) > 0);
            dln_arena_release(&scratch);
        }
        if ((*at)->close) (*at)->close(instance);
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void no_point_is_tried_twice(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        dln_proposer *proposer = opened(&f, 3);
        double all[60][D];
        run(proposer, 0, 60, all);
        for (int i = 0; i < 60; i++) {
            for (int j = 0; j < i; j++) {
                assert_false(dln_space_same(&f.study.space, all[i], all[j]));
            }
        }
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

/* ── history is state ──────────────────────────────────────────────────────────────────────────*/

static void a_fresh_instance_suggests_what_an_old_one_does(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        double all[40][D];
        dln_proposer *old = opened(&f, 5);
        run(old, 0, 40, all);
        for (int cut = 0; cut < 40; cut += 3) {
            double again[40][D];
            dln_proposer *fresh = opened(&f, 5);
            memcpy(again, all, sizeof again);
            for (int i = 0; i < cut; i++) {
                struct dln_history_row row = {.id = i + 1, .number = i, .last_step = -1};
                const struct dln_view_trial *trial = &dln_proposer_history(old)->trials[i];
                row.state = trial->state;
                row.x = trial->x;
                row.values = trial->loss; /* minimised: the same */
                struct dln_error err = {0};
                assert_ok(dln_proposer_learn(fresh, 1, &row, &err), err);
            }
            run(fresh, cut, 40, again);
            assert_memory_equal(again, all, sizeof all);
            dln_proposer_free(fresh);
        }
        dln_proposer_free(old);
        fixture_release(&f);
    }
}

static void asking_twice_without_telling_gives_the_same_point(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        double all[20][D];
        dln_proposer *proposer = opened(&f, 5);
        run(proposer, 0, 20, all);
        struct dln_error err = {0};
        struct dln_proposal proposal;
        double first[D];
        assert_ok(dln_proposer_ask(proposer, 20, NULL, 100, &proposal, &err), err);
        memcpy(first, proposal.x, sizeof first);
        assert_ok(dln_proposer_ask(proposer, 25, NULL, 100, &proposal, &err), err);
        assert_ok(dln_proposer_ask(proposer, 20, NULL, 100, &proposal, &err), err);
        assert_memory_equal(first, proposal.x, sizeof first);
        /* the trial itself, waiting in the history, does not get in its own way */
        fixture_learn(proposer, 20, DLN_TRIAL_WAITING, first, NULL);
        assert_ok(dln_proposer_ask(proposer, 20, NULL, 100, &proposal, &err), err);
        assert_memory_equal(first, proposal.x, sizeof first);
        assert_int_equal(dln_proposer_history(proposer)->n, 21);
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void the_order_in_which_trials_become_known_does_not_matter(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        double all[20][D];
        dln_proposer *forward = opened(&f, 5);
        dln_proposer *backward = opened(&f, 5);
        run(forward, 0, 20, all);
        for (int i = 20; i-- > 0;) {
            const struct dln_view_trial *trial = &dln_proposer_history(forward)->trials[i];
            fixture_learn(backward, i, DLN_TRIAL_RUNNING, trial->x, NULL);
            fixture_learn(backward, i, trial->state, trial->x, trial->loss);
        }
        assert_int_equal(dln_proposer_history(backward)->n, 20);
        struct dln_error err = {0};
        struct dln_proposal one;
        struct dln_proposal two;
        assert_ok(dln_proposer_ask(forward, 20, NULL, 0, &one, &err), err);
        assert_ok(dln_proposer_ask(backward, 20, NULL, 0, &two, &err), err);
        assert_memory_equal(one.x, two.x, D * sizeof(double));
        dln_proposer_free(forward);
        dln_proposer_free(backward);
        fixture_release(&f);
    }
}

static void pending_trials_get_different_points(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        dln_proposer *proposer = opened(&f, 8);
        double all[16][D];
        for (int i = 0; i < 16; i++) {
            struct dln_error err = {0};
            struct dln_proposal proposal;
            assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
            memcpy(all[i], proposal.x, sizeof all[i]);
            for (int j = 0; j < i; j++) {
                assert_false(dln_space_same(&f.study.space, all[i], all[j]));
            }
            fixture_learn(proposer, i, DLN_TRIAL_RUNNING, all[i], NULL);
        }
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void other_seeds_give_other_points(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        mixed(&f, (*at)->name);
        dln_proposer *one = opened(&f, 1);
        dln_proposer *two = opened(&f, 2);
        double a[10][D];
        double b[10][D];
        run(one, 0, 10, a);
        run(two, 0, 10, b);
        assert_memory_not_equal(a, b, sizeof a);
        dln_proposer_free(one);
        dln_proposer_free(two);
        fixture_release(&f);
    }
}

static void only_failures_or_only_ties_are_borne(void **state)
{
    (void)state;
    FOR_EACH_STRATEGY(at)
    {
        for (int kind = 0; kind < 4; kind++) {
            struct fixture f;
            mixed(&f, (*at)->name);
            dln_proposer *proposer = opened(&f, 8);
            for (int i = 0; i < 30; i++) {
                struct dln_error err = {0};
                struct dln_proposal proposal;
                assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
                double x[D];
                memcpy(x, proposal.x, sizeof x);
                const double value = kind == 1 ? 0.5 : kind == 2 ? HUGE_VAL : -HUGE_VAL;
                fixture_learn(proposer, i, kind == 0 ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE, x,
                              kind == 0 ? NULL : &value);
            }
            assert_int_equal(dln_proposer_history(proposer)->n_finished, 30);
            assert_int_equal(dln_proposer_history(proposer)->n_complete, kind == 0 ? 0 : 30);
            dln_proposer_free(proposer);
            fixture_release(&f);
        }
    }
}

/* ── the end ───────────────────────────────────────────────────────────────────────────────────*/

static void a_space_of_six_points_ends_after_six_trials(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_choice("model", models, 3), fixture_int("n", 1, 2)};
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        fixture_init(&f, 2, params, (*at)->name);
        dln_proposer *proposer = opened(&f, 8);
        struct dln_error err = {0};
        struct dln_proposal proposal;
        double all[6][2];
        for (int i = 0; i < 6; i++) {
            assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
            memcpy(all[i], proposal.x, sizeof all[i]);
            for (int j = 0; j < i; j++) {
                assert_false(dln_space_same(&f.study.space, all[i], all[j]));
            }
            fixture_learn(proposer, i, i == 2 ? DLN_TRIAL_FAIL : DLN_TRIAL_RUNNING, all[i], NULL);
        }
        assert_fails(dln_proposer_ask(proposer, 6, NULL, 0, &proposal, &err), err, DLN_EXHAUSTED);
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void only_allowed_and_different_points_count_for_the_end(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_choice("model", models, 3), fixture_int("n", 1, 4),
                                 fixture_int("k", 1, 3)};
    params[2].when_text = "model == mlp";
    FOR_EACH_STRATEGY(at)
    {
        struct fixture f;
        fixture_init(&f, 3, params, (*at)->name);
        fixture_constrain(&f, "n <= 2 or model == xgb"); /* mlp 2·3, xgb 4, linear 2 */
        dln_proposer *proposer = opened(&f, 8);
        struct dln_error err = {0};
        struct dln_proposal proposal;
        int n = 0;
        while (n < 20 && dln_proposer_ask(proposer, n, NULL, 0, &proposal, &err)) {
            double x[3];
            memcpy(x, proposal.x, sizeof x);
            fixture_learn(proposer, n++, DLN_TRIAL_COMPLETE, x, &(double){1});
        }
        assert_int_equal(n, 12);
        assert_int_equal(err.code, DLN_EXHAUSTED);
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void a_space_without_freedom_has_one_trial(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_int("folds", 5, 5), fixture_float("c", 0.1, 0.1)};
    FOR_EACH_STRATEGY(at)
    {
        for (size_t d = 0; d <= 2; d++) {
            struct fixture f;
            fixture_init(&f, d, params, (*at)->name);
            dln_proposer *proposer = opened(&f, 8);
            struct dln_error err = {0};
            struct dln_proposal proposal;
            assert_ok(dln_proposer_ask(proposer, 0, NULL, 0, &proposal, &err), err);
            if (d > 0) assert_close(proposal.x[0], 5, 0, 0);
            if (d > 1) assert_close(proposal.x[1], 0.1, 0, 0);
            fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, (const double[]){5, 0.1}, &(double){1});
            assert_fails(dln_proposer_ask(proposer, 1, NULL, 0, &proposal, &err), err,
                         DLN_EXHAUSTED);
            dln_proposer_free(proposer);
            fixture_release(&f);
        }
    }
}

static void repeats_are_made_where_they_are_wanted(void **state)
{
    (void)state;
    const struct dln_param param = fixture_int("n", 1, 2);
    static const char *const names[] = {"random", "sobol"}; /* a grid ends whatever is wanted */
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        fixture_init(&f, 1, &param, names[k]);
        f.study.duplicates = DLN_DUPLICATES_REPEAT;
        dln_proposer *proposer = opened(&f, 8);
        for (int i = 0; i < 10; i++) {
            struct dln_error err = {0};
            struct dln_proposal proposal;
            assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
            fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, &(double){proposal.x[0]}, &(double){1});
        }
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_is_complete_and_fits_its_place),
        cmocka_unit_test(auto_takes_turns_and_says_whose),
        cmocka_unit_test(an_unknown_strategy_names_the_nearest),
        cmocka_unit_test(settings_are_checked_against_the_table),
        cmocka_unit_test(more_goals_than_one_are_sought_or_refused),
        cmocka_unit_test(suggestions_fill_the_cube_and_are_legal),
        cmocka_unit_test(raw_suggestions_are_complete),
        cmocka_unit_test(no_point_is_tried_twice),
        cmocka_unit_test(a_fresh_instance_suggests_what_an_old_one_does),
        cmocka_unit_test(asking_twice_without_telling_gives_the_same_point),
        cmocka_unit_test(the_order_in_which_trials_become_known_does_not_matter),
        cmocka_unit_test(pending_trials_get_different_points),
        cmocka_unit_test(other_seeds_give_other_points),
        cmocka_unit_test(only_failures_or_only_ties_are_borne),
        cmocka_unit_test(a_space_of_six_points_ends_after_six_trials),
        cmocka_unit_test(only_allowed_and_different_points_count_for_the_end),
        cmocka_unit_test(a_space_without_freedom_has_one_trial),
        cmocka_unit_test(repeats_are_made_where_they_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
