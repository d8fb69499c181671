#include "support/space_fixture.h"

#include "support/test.h"

static const struct dln_expr *parsed(struct fixture *f, const char *text)
{
    struct dln_error err = {0};
    const struct dln_expr *expr = NULL;
    assert_ok(dln_expr_parse(text, &f->arena, &expr, NULL, &err), err);
    return expr;
}

void fixture_init(struct fixture *f, size_t n, const struct dln_param *params, const char *strategy)
{
    *f = (struct fixture){.study = {.name = "fixture", .strategy = {.name = strategy}}};
    struct dln_space *space = &f->study.space;
    space->n = n;
    space->params = DLN_ARENA_ARRAY(&f->arena, struct dln_param, n);
    assert_non_null(space->params);
    for (size_t i = 0; i < n; i++) {
        space->params[i] = params[i];
        if (params[i].when_text) space->params[i].when = parsed(f, params[i].when_text);
    }
    struct dln_error err = {0};
    assert_ok(dln_space_settle(space, &f->arena, NULL, &err), err);
    fixture_objectives(f, 1, false);
}

void fixture_release(struct fixture *f)
{
    dln_arena_release(&f->arena);
}

void fixture_constrain(struct fixture *f, const char *expression)
{
    struct dln_space *space = &f->study.space;
    struct dln_constraint *all =
        DLN_ARENA_ARRAY(&f->arena, struct dln_constraint, space->n_constraints + 1);
    assert_non_null(all);
    for (size_t i = 0; i < space->n_constraints; i++)
        all[i] = space->constraints[i];
    all[space->n_constraints++] =
        (struct dln_constraint){.expr = parsed(f, expression), .text = expression};
    space->constraints = all;
}

void fixture_objectives(struct fixture *f, size_t n, bool maximize)
{
    static const char *const names[] = {"loss", "time", "size"};
    assert_true(n <= sizeof names / sizeof names[0]);
    struct dln_objective *all = DLN_ARENA_ARRAY(&f->arena, struct dln_objective, n);
    assert_non_null(all);
    for (size_t i = 0; i < n; i++) {
        all[i] = (struct dln_objective){.metric = names[i], .maximize = maximize};
    }
    f->study.n_objectives = n;
    f->study.objectives = all;
}

static void set(struct fixture *f, const char *name, struct dln_scalar value)
{
    struct dln_method *method = &f->study.strategy;
    struct dln_named_scalar *all =
        DLN_ARENA_ARRAY(&f->arena, struct dln_named_scalar, method->n_settings + 1);
    assert_non_null(all);
    for (size_t i = 0; i < method->n_settings; i++)
        all[i] = method->settings[i];
    all[method->n_settings++] =
        (struct dln_named_scalar){.name = name, .value = value, .line = 3, .column = 14};
    method->settings = all;
}

void fixture_set_number(struct fixture *f, const char *name, double value)
{
    set(f, name, (struct dln_scalar){.kind = DLN_SCALAR_REAL, .number = value});
}

void fixture_set_text(struct fixture *f, const char *name, const char *text)
{
    set(f, name, (struct dln_scalar){.kind = DLN_SCALAR_TEXT, .text = text});
}

void fixture_set_truth(struct fixture *f, const char *name, bool truth)
{
    set(f, name, (struct dln_scalar){.kind = DLN_SCALAR_BOOL, .truth = truth, .number = truth});
}

void fixture_set_json(struct fixture *f, const char *name, const char *json)
{
    set(f, name, (struct dln_scalar){.kind = DLN_SCALAR_JSON, .text = json});
}

struct dln_param fixture_choice(const char *name, const struct dln_scalar *words, size_t n)
{
    return (struct dln_param){.name = name,
                              .kind = DLN_PARAM_CHOICE,
                              .high = (double)n - 1,
                              .choices = words,
                              .n_choices = n};
}

struct dln_param fixture_float(const char *name, double low, double high)
{
    return (struct dln_param){.name = name, .kind = DLN_PARAM_FLOAT, .low = low, .high = high};
}

struct dln_param fixture_int(const char *name, double low, double high)
{
    return (struct dln_param){
        .name = name, .kind = DLN_PARAM_INT, .low = low, .high = high, .step = 1};
}

void fixture_learn(dln_proposer *proposer, int64_t number, enum dln_trial_state state,
                   const double *x, const double *values)
{
    const struct dln_history_row row = {.id = 100 + number,
                                        .number = number,
                                        .state = state,
                                        .x = x,
                                        .values = values,
                                        .last_step = -1,
                                        .last_value = NAN,
                                        .strategy = "random"};
    struct dln_error err = {0};
    assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
}
