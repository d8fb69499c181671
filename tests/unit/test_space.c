#include "support/test.h"

#include "dialin/space.h"

enum { MODEL, WIDTH, NORM, MOMENTUM, LAYERS, N };

static const struct dln_scalar models[] = {{.kind = DLN_SCALAR_TEXT, .text = "mlp"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "xgb"}};
static const struct dln_scalar norms[] = {{.kind = DLN_SCALAR_NULL, .text = "None"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "batch"}};

struct fixture {
    struct dln_arena arena;
    struct dln_param params[N];
    struct dln_constraint constraints[1];
    struct dln_space space;
};

static const struct dln_expr *parsed(struct fixture *f, const char *text)
{
    struct dln_error err = {0};
    const struct dln_expr *expr = NULL;
    assert_ok(dln_expr_parse(text, &f->arena, &expr, NULL, &err), err);
    return expr;
}

/* A child stands before its parent, on purpose. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    f->params[MOMENTUM] = (struct dln_param){.name = "norm.momentum",
                                             .kind = DLN_PARAM_FLOAT,
                                             .low = 0.01,
                                             .high = 1,
                                             .log = true,
                                             .when = parsed(f, "model == mlp and norm == batch")};
    f->params[NORM] = (struct dln_param){.name = "norm",
                                         .kind = DLN_PARAM_CHOICE,
                                         .high = 1,
                                         .choices = norms,
                                         .n_choices = 2,
                                         .when = parsed(f, "model == mlp")};
    f->params[MODEL] = (struct dln_param){
        .name = "model", .kind = DLN_PARAM_CHOICE, .high = 1, .choices = models, .n_choices = 2};
    f->params[WIDTH] = (struct dln_param){.name = "width",
                                          .kind = DLN_PARAM_INT,
                                          .low = 64,
                                          .high = 1024,
                                          .step = 1,
                                          .log = true,
                                          .when = parsed(f, "model == mlp")};
    f->params[LAYERS] = (struct dln_param){.name = "layers",
                                           .kind = DLN_PARAM_INT,
                                           .low = 1,
                                           .high = 6,
                                           .step = 1,
                                           .has_initial = true,
                                           .initial = 2};
    f->constraints[0] =
        (struct dln_constraint){.expr = parsed(f, "layers * width <= 3072"), .text = ""};
    f->space = (struct dln_space){
        .n = N, .params = f->params, .n_constraints = 1, .constraints = f->constraints};
    struct dln_error err = {0};
    assert_ok(dln_space_settle(&f->space, &f->arena, NULL, &err), err);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    dln_arena_release(&f->arena);
    free(f);
    return 0;
}

static void parents_come_before_children(void **state)
{
    const struct fixture *f = *state;
    size_t place[N];
    for (size_t i = 0; i < N; i++)
        place[f->space.order[i]] = i;
    assert_true(place[MODEL] < place[NORM]);
    assert_true(place[NORM] < place[MOMENTUM]);
    assert_true(place[MODEL] < place[WIDTH]);
}

static void decoding_leaves_inactive_parameters_out(void **state)
{
    const struct fixture *f = *state;
    double u[N] = {[MODEL] = 0.2, [WIDTH] = 0.5, [NORM] = 0.7, [MOMENTUM] = 0.5, [LAYERS] = 0};
    double x[N];
    dln_space_decode(&f->space, u, x);
    assert_close(x[MOMENTUM], 0.1, 1e-12, 0);
    assert_close(x[LAYERS], 1, 0, 0);
    u[NORM] = 0.1;
    dln_space_decode(&f->space, u, x);
    assert_close(x[NORM], 0, 0, 0);
    assert_true(isnan(x[MOMENTUM]));
    u[MODEL] = 0.9; /* the grandchild follows its inactive parent */
    u[NORM] = 0.7;
    dln_space_decode(&f->space, u, x);
    assert_true(isnan(x[NORM]) && isnan(x[MOMENTUM]) && isnan(x[WIDTH]));
    double back[N];
    dln_space_encode(&f->space, x, back);
    assert_close(back[MODEL], 0.75, 1e-15, 0);
    assert_true(isnan(back[NORM]));
}

static void activation_tells_what_is_still_free(void **state)
{
    const struct fixture *f = *state;
    double x[N] = {[MODEL] = 1, [WIDTH] = 64, [NORM] = 1, [MOMENTUM] = 0.5, [LAYERS] = 3};
    assert_true(dln_space_activate(&f->space, x));
    assert_true(isnan(x[WIDTH]));
    x[MODEL] = 0;
    assert_false(dln_space_activate(&f->space, x)); /* width has no value */
    double unknown[N] = {[MODEL] = (double)NAN, [WIDTH] = 64, [LAYERS] = 3};
    assert_false(dln_space_activate(&f->space, unknown));
    assert_true(isnan(unknown[WIDTH]));
}

static void a_constraint_with_an_inactive_name_holds(void **state)
{
    const struct fixture *f = *state;
    double x[N] = {[MODEL] = 0, [WIDTH] = 1024, [LAYERS] = 3};
    assert_true(dln_space_allows(&f->space, x, NULL));
    x[LAYERS] = 4;
    size_t broken = 9;
    assert_false(dln_space_allows(&f->space, x, &broken));
    assert_int_equal(broken, 0);
    x[WIDTH] = (double)NAN;
    assert_true(dln_space_allows(&f->space, x, NULL));
}

static void the_default_point_takes_given_defaults_and_middles(void **state)
{
    const struct fixture *f = *state;
    double x[N];
    dln_space_initial(&f->space, x);
    assert_close(x[MODEL], 0, 0, 0);
    assert_close(x[LAYERS], 2, 0, 0);
    assert_close(x[WIDTH], 256, 1, 0);
    assert_close(x[NORM], 0, 0, 0);
    assert_true(isnan(x[MOMENTUM]));
}

static void equal_points_have_equal_hashes(void **state)
{
    (void)state;
    struct dln_param params[] = {
        {.name = "a", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 1, .step = 0.1},
        {.name = "b", .kind = DLN_PARAM_FLOAT, .low = -1, .high = 1}};
    const struct dln_space space = {.n = 2, .params = params};
    const double ours[] = {0.3, 0.0};
    const double python[] = {0.1 + 0.2, -0.0};
    const double other[] = {0.4, 0.0};
    const double part[] = {0.3, (double)NAN};
    const double part_again[] = {0.3, -(double)NAN};
    assert_true(dln_space_same(&space, ours, python));
    assert_true(dln_space_hash(&space, ours) == dln_space_hash(&space, python));
    assert_false(dln_space_same(&space, ours, other));
    assert_true(dln_space_hash(&space, ours) != dln_space_hash(&space, other));
    assert_false(dln_space_same(&space, ours, part));
    assert_true(dln_space_same(&space, part, part_again));
    assert_true(dln_space_hash(&space, part) == dln_space_hash(&space, part_again));
}

static void points_are_counted(void **state)
{
    struct fixture *f = *state;
    assert_true(dln_space_count(&f->space) == HUGE_VAL);
    f->space.n = MOMENTUM;
    assert_close(dln_space_count(&f->space), 2 * 961 * 2, 0, 0);
    f->space.n = N;
    assert_true(dln_space_find(&f->space, "norm") == NORM);
    assert_true(dln_space_find(&f->space, "Norm") == SIZE_MAX);
}

static void a_point_is_written_as_json_without_its_inactive_part(void **state)
{
    const struct fixture *f = *state;
    const double x[N] = {[MODEL] = 0, [WIDTH] = 100, [NORM] = 0, [MOMENTUM] = (double)NAN, 2};
    struct dln_strbuf out = {0};
    dln_space_json(&f->space, x, &out);
    assert_string_equal(dln_strbuf_text(&out),
                        "{\"model\": \"mlp\", \"width\": 100, \"norm\": null, \"layers\": 2}");
    dln_strbuf_release(&out);
}

static void a_ring_of_conditions_is_named(void **state)
{
    struct fixture *f = *state;
    f->params[MODEL].when = parsed(f, "norm.momentum > 0.5");
    size_t culprit = 99;
    struct dln_error err = {0};
    assert_fails(dln_space_settle(&f->space, &f->arena, &culprit, &err), err, DLN_INVALID);
    assert_int_equal(culprit, MODEL);
    assert_string_equal(err.text, "the conditions form a ring: 'model' needs 'norm.momentum' needs "
                                  "'model'");
    f->params[MODEL].when = parsed(f, "model == mlp");
    assert_fails(dln_space_settle(&f->space, &f->arena, &culprit, &err), err, DLN_INVALID);
    assert_string_equal(err.text, "the conditions form a ring: 'model' needs 'model'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parents_come_before_children, setup, teardown),
        cmocka_unit_test_setup_teardown(decoding_leaves_inactive_parameters_out, setup, teardown),
        cmocka_unit_test_setup_teardown(activation_tells_what_is_still_free, setup, teardown),
        cmocka_unit_test_setup_teardown(a_constraint_with_an_inactive_name_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(the_default_point_takes_given_defaults_and_middles, setup,
                                        teardown),
        cmocka_unit_test(equal_points_have_equal_hashes),
        cmocka_unit_test_setup_teardown(points_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_point_is_written_as_json_without_its_inactive_part, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_ring_of_conditions_is_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
