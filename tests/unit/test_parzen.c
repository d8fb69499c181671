#include "support/test.h"

#include "base/rng.h"
#include "dialin/space.h"
#include "math/normal.h"
#include "math/parzen.h"
#include "support/vectors.h"

enum { D_MAX = 8, N_MAX = 64 };

/* A table of points in the parameters of a reference case, in the unit cube. */
struct table {
    struct dln_arena arena;
    size_t d, n;
    struct dln_param params[D_MAX];
    struct dln_parzen_axis axes[D_MAX];
    struct dln_parzen_axis *axis[D_MAX];
    double low[D_MAX], width[D_MAX]; /* of the range in the reference's units */
    uint32_t order[D_MAX][N_MAX];
};

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static double at(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

static void add_param(struct table *t, const json_t *spec)
{
    const char *type = json_string_value(json_object_get(spec, "type"));
    struct dln_param *param = &t->params[t->d];
    *param = (struct dln_param){.name = "p",
                                .low = number(spec, "low"),
                                .high = number(spec, "high"),
                                .step = number(spec, "step"),
                                .log = json_is_true(json_object_get(spec, "log"))};
    struct dln_parzen_axis *axis = &t->axes[t->d];
    *axis = (struct dln_parzen_axis){.kind = DLN_PARZEN_LINE};
    if (strcmp(type, "int") == 0) {
        param->kind = DLN_PARAM_INT;
        param->step = 1;
    } else if (strcmp(type, "categorical") == 0) {
        axis->kind = DLN_PARZEN_CHOICE;
        axis->n_choices = (size_t)number(spec, "n_choices");
    }
    if (param->step > 0) axis->kind = DLN_PARZEN_CELLS;
    axis->kernel = DLN_ARENA_ARRAY(&t->arena, struct dln_parzen_kernel, N_MAX);
    for (size_t i = 0; i < N_MAX; i++)
        axis->kernel[i].sigma = NAN;
    t->low[t->d] = param->low - param->step / 2;
    t->width[t->d] = param->high + param->step / 2;
    if (param->log) {
        t->low[t->d] = log(t->low[t->d]);
        t->width[t->d] = log(t->width[t->d]);
    }
    t->width[t->d] -= t->low[t->d];
    t->axis[t->d] = axis;
    t->d++;
}

static struct dln_parzen_value value_of(const struct table *t, size_t j, double x)
{
    struct dln_parzen_value value = {.at = x};
    if (t->axes[j].kind == DLN_PARZEN_CHOICE) return value;
    value.at = dln_param_encode(&t->params[j], x);
    dln_param_cell(&t->params[j], x, &value.low, &value.high);
    return value;
}

static void add_row(struct table *t, const json_t *row)
{
    for (size_t j = 0; j < t->d; j++)
        t->axes[j].kernel[t->n].at = value_of(t, j, at(row, j)).at;
    t->n++;
}

static void swap(uint32_t *a, uint32_t *b)
{
    const uint32_t kept = *a;
    *a = *b;
    *b = kept;
}

/*
 * Sorts t[first … last] as numpy's argsort does: a quicksort by the median of three down to runs of
 * 16. It is not stable, and which of several equal rows is the first or last of them, and so has a
 * neighbour of another value, shows in the reference numbers. Stable order for up to 16 rows.
 */
static void numpy_order(const struct dln_parzen_kernel *v, uint32_t *t, long first, long last)
{
    while (last - first > 16) {
        const long middle = first + (last - first) / 2;
        if (v[t[middle]].at < v[t[first]].at) swap(&t[middle], &t[first]);
        if (v[t[last]].at < v[t[middle]].at) swap(&t[last], &t[middle]);
        if (v[t[middle]].at < v[t[first]].at) swap(&t[middle], &t[first]);
        const double pivot = v[t[middle]].at;
        long i = first;
        long j = last - 1;
        swap(&t[middle], &t[j]);
        for (;;) {
            do
                i++;
            while (v[t[i]].at < pivot);
            do
                j--;
            while (pivot < v[t[j]].at);
            if (i >= j) break;
            swap(&t[i], &t[j]);
        }
        swap(&t[i], &t[last - 1]);
        numpy_order(v, t, i + 1, last);
        last = i - 1;
    }
    for (long i = first + 1; i <= last; i++) {
        for (long k = i; k > first && v[t[k]].at < v[t[k - 1]].at; k--)
            swap(&t[k], &t[k - 1]);
    }
}

/* Fits the rows listed (all of them, in order of age, when rows is NULL). */
static void fit(struct table *t, const json_t *rows, enum dln_parzen_widths widths,
                struct dln_parzen *out)
{
    const size_t n = rows ? json_array_size(rows) : t->n;
    uint32_t *members = DLN_ARENA_ARRAY(&t->arena, uint32_t, n + 1);
    const uint32_t *order[D_MAX];
    for (size_t i = 0; i < n; i++)
        members[i] = rows ? (uint32_t)at(rows, i) : (uint32_t)i;
    for (size_t j = 0; j < t->d; j++) {
        uint32_t *sorted = DLN_ARENA_ARRAY(&t->arena, uint32_t, n + 1);
        memcpy(sorted, members, n * sizeof *sorted);
        numpy_order(t->axes[j].kernel, sorted, 0, (long)n - 1);
        order[j] = sorted;
    }
    assert_true(dln_parzen_fit(out, t->d, t->axis, n, members, order, NULL, widths, &t->arena));
}

/* log density in the reference's units. */
static double log_density(struct table *t, const struct dln_parzen *mixture, const json_t *x)
{
    struct dln_parzen_value point[D_MAX];
    struct dln_parzen_scratch scratch;
    double log_units = 0;
    for (size_t j = 0; j < t->d; j++) {
        point[j] = value_of(t, j, at(x, j));
        if (t->axes[j].kind == DLN_PARZEN_LINE) log_units += log(t->width[j]);
    }
    assert_true(dln_parzen_scratch_init(&scratch, D_MAX, mixture->n, &t->arena));
    return dln_parzen_log_density(mixture, point, &scratch) - log_units;
}

static void check_kernels(struct table *t, const struct dln_parzen *mixture, const json_t *expected)
{
    for (size_t j = 0; j < t->d; j++) {
        const json_t *one = json_array_get(expected, j);
        if (t->axes[j].kind == DLN_PARZEN_CHOICE) {
            const json_t *rows = json_object_get(one, "W");
            for (size_t i = 0; i <= mixture->n; i++) {
                for (size_t c = 0; c < t->axes[j].n_choices; c++) {
                    const struct dln_parzen_value value = {.at = (double)c};
                    assert_close(exp(dln_parzen_log_kernel(mixture, i, j, value)),
                                 at(json_array_get(rows, i), c), 1e-12, 1e-12);
                }
            }
            continue;
        }
        for (size_t i = 0; i < mixture->n; i++) {
            const uint32_t row = mixture->rows[i];
            assert_close(t->low[j] + t->axes[j].kernel[row].at * t->width[j],
                         at(json_object_get(one, "mu"), i), 1e-9, 1e-12);
            assert_close(t->axes[j].kernel[row].sigma * t->width[j],
                         at(json_object_get(one, "sigma"), i), 1e-9, 1e-9);
        }
    }
}

static void check_weights(const struct dln_parzen *mixture, const json_t *expected)
{
    assert_int_equal(json_array_size(expected), mixture->n + 1);
    for (size_t i = 0; i <= mixture->n; i++)
        assert_close(mixture->weight[i], at(expected, i), 1e-12, 1e-12);
}

static void load(struct table *t, const json_t *vectors, const char *id)
{
    *t = (struct table){0};
    size_t i;
    const json_t *one;
    json_array_foreach(vectors_input(vectors, id, "params"), i, one) add_param(t, one);
    json_array_foreach(vectors_input(vectors, id, "X"), i, one) add_row(t, one);
}

static const char *const histories[] = {"history_n3", "history_n12", "history_n40"};

static void kernels_and_joint_densities_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    for (size_t k = 0; k < 3; k++) {
        struct table t;
        struct dln_parzen good;
        struct dln_parzen rest;
        load(&t, vectors, histories[k]);
        fit(&t, vectors_expected(vectors, histories[k], "below"), DLN_PARZEN_NEIGHBOURS, &good);
        fit(&t, vectors_expected(vectors, histories[k], "above"), DLN_PARZEN_NEIGHBOURS, &rest);
        check_weights(&good, vectors_expected(vectors, histories[k], "weights_below"));
        check_weights(&rest, vectors_expected(vectors, histories[k], "weights_above"));
        check_kernels(&t, &good, vectors_expected(vectors, histories[k], "below_kernels"));
        size_t i;
        const json_t *x;
        json_array_foreach(vectors_input(vectors, histories[k], "query"), i, x)
        {
            const double l = log_density(&t, &good, x);
            const double g = log_density(&t, &rest, x);
            assert_close(l, at(vectors_expected(vectors, histories[k], "log_l"), i), 1e-8, 1e-8);
            assert_close(g, at(vectors_expected(vectors, histories[k], "log_g"), i), 1e-8, 1e-8);
            assert_close(l - g, at(vectors_expected(vectors, histories[k], "score"), i), 1e-8,
                         1e-8);
        }
        assert_int_equal(i, 5);
        dln_arena_release(&t.arena);
    }
    json_decref(vectors);
}

static void check_single(const json_t *vectors, const char *id, size_t j, const char *side,
                         const char *expected_key)
{
    struct table t = {0};
    const json_t *spec = json_array_get(vectors_input(vectors, id, "params"), j);
    const char *name = json_string_value(json_object_get(spec, "name"));
    add_param(&t, spec);
    size_t i;
    const json_t *x;
    json_array_foreach(vectors_input(vectors, id, "X"), i, x)
    {
        json_t *one = json_pack("[f]", at(x, j));
        add_row(&t, one);
        json_decref(one);
    }
    struct dln_parzen mixture;
    fit(&t, vectors_expected(vectors, id, side), DLN_PARZEN_NEIGHBOURS, &mixture);
    const json_t *expected = json_object_get(vectors_expected(vectors, id, expected_key), name);
    json_array_foreach(vectors_input(vectors, id, "query"), i, x)
    {
        json_t *one = json_pack("[f]", at(x, j));
        assert_close(log_density(&t, &mixture, one), at(expected, i), 1e-8, 1e-8);
        json_decref(one);
    }
    dln_arena_release(&t.arena);
}

static void densities_of_single_parameters_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    for (size_t k = 0; k < 3; k++) {
        for (size_t j = 0; j < 6; j++) {
            check_single(vectors, histories[k], j, "below", "log_l_per_param");
            check_single(vectors, histories[k], j, "above", "log_g_per_param");
        }
    }
    json_decref(vectors);
}

static void few_equal_and_extreme_observations_are_as_in_the_reference(void **state)
{
    (void)state;
    static const char *const ids[] = {"edge_no_observation", "edge_one_observation",
                                      "edge_identical", "edge_at_bounds"};
    json_t *vectors = vectors_load("tpe");
    for (size_t k = 0; k < 4; k++) {
        struct table t = {0};
        add_param(&t, vectors_input(vectors, ids[k], "param"));
        size_t i;
        const json_t *x;
        json_array_foreach(vectors_input(vectors, ids[k], "obs"), i, x)
        {
            json_t *one = json_pack("[O]", x);
            add_row(&t, one);
            json_decref(one);
        }
        struct dln_parzen mixture;
        fit(&t, NULL, DLN_PARZEN_NEIGHBOURS, &mixture);
        check_weights(&mixture, vectors_expected(vectors, ids[k], "weights"));
        const json_t *sigma = vectors_expected(vectors, ids[k], "sigma");
        for (i = 0; i < t.n; i++)
            assert_close(t.axes[0].kernel[i].sigma * t.width[0], at(sigma, i), 1e-12, 1e-12);
        json_array_foreach(vectors_input(vectors, ids[k], "query"), i, x)
        {
            json_t *one = json_pack("[O]", x);
            assert_close(log_density(&t, &mixture, one),
                         at(vectors_expected(vectors, ids[k], "logpdf"), i), 1e-8, 1e-8);
            json_decref(one);
        }
        dln_arena_release(&t.arena);
    }
    json_decref(vectors);
}

static void weights_by_age_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    size_t i;
    const json_t *n;
    json_array_foreach(vectors_input(vectors, "weights", "n"), i, n)
    {
        const json_t *expected = json_array_get(vectors_expected(vectors, "weights", "weights"), i);
        const size_t k = (size_t)json_integer_value(n);
        double w[N_MAX];
        dln_parzen_ages(k, w);
        assert_int_equal(json_array_size(expected), k);
        for (size_t a = 0; a < k; a++)
            assert_close(w[a], at(expected, a), 1e-12, 1e-12);
    }
    json_decref(vectors);
}

static void scott_gives_every_row_the_same_width(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    struct table t;
    struct dln_parzen mixture;
    load(&t, vectors, "history_n40");
    fit(&t, NULL, DLN_PARZEN_SCOTT, &mixture);
    for (size_t i = 0; i < 40; i++)
        assert_close(t.axes[0].kernel[i].sigma, 0.2 * pow(40, -0.1), 0, 1e-14); /* d = 6 */
    dln_arena_release(&t.arena);
    json_decref(vectors);
}

/* ── what no reference says ────────────────────────────────────────────────────────────────────*/

/* A table of many rows, close enough together that most kernels are far from any point. */
static void crowd(struct table *t, size_t d, uint64_t seed)
{
    *t = (struct table){0};
    static const char *const specs[] = {
        "{\"type\": \"float\", \"low\": 0, \"high\": 1}",
        "{\"type\": \"int\", \"low\": 1, \"high\": 300, \"log\": true}",
        "{\"type\": \"categorical\", \"n_choices\": 4}",
        "{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.1}"};
    for (size_t j = 0; j < d; j++) {
        json_t *spec = json_loads(specs[j % 4], 0, NULL);
        add_param(t, spec);
        json_decref(spec);
    }
    struct dln_rng rng;
    dln_rng_init(&rng, seed);
    for (size_t i = 0; i < N_MAX; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < d; j++) {
            const double u = dln_rng_uniform(&rng);
            const double x = j % 4 == 2 ? floor(4 * u) : dln_param_decode(&t->params[j], u);
            json_array_append_new(row, json_real(x));
        }
        add_row(t, row);
        json_decref(row);
    }
}

static void kernels_left_out_do_not_show_in_the_density(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct table t;
        struct dln_parzen mixture;
        crowd(&t, 4 + seed % 5, seed);
        fit(&t, NULL, DLN_PARZEN_NEIGHBOURS, &mixture);
        struct dln_parzen_scratch scratch;
        assert_true(dln_parzen_scratch_init(&scratch, D_MAX, t.n, &t.arena));
        struct dln_rng rng;
        dln_rng_init(&rng, seed + 100);
        for (int k = 0; k < 20; k++) {
            struct dln_parzen_value point[D_MAX];
            const size_t kernel = dln_parzen_draw_kernel(&mixture, mixture.weight, &rng);
            for (size_t j = 0; j < t.d; j++) {
                double x = dln_parzen_draw(&mixture, kernel, j, &rng);
                if (t.axes[j].kind != DLN_PARZEN_CHOICE) x = dln_param_decode(&t.params[j], x);
                point[j] = value_of(&t, j, x);
            }
            double sum = 0;
            for (size_t i = 0; i <= mixture.n; i++) {
                double term = log(mixture.weight[i]);
                for (size_t j = 0; j < t.d; j++)
                    term += dln_parzen_log_kernel(&mixture, i, j, point[j]);
                sum += exp(term);
            }
            assert_close(dln_parzen_log_density(&mixture, point, &scratch), log(sum), 2e-9, 0);
        }
        dln_arena_release(&t.arena);
    }
}

static void a_kernel_shape_is_kept_only_while_it_is_right(void **state)
{
    (void)state;
    struct table t;
    struct dln_parzen first;
    struct dln_parzen again;
    crowd(&t, 4, 3);
    fit(&t, NULL, DLN_PARZEN_NEIGHBOURS, &first);
    json_t *few = json_pack("[i,i,i]", 5, 6, 7);
    fit(&t, few, DLN_PARZEN_NEIGHBOURS, &again); /* other neighbours, other widths */
    const double narrow = t.axes[0].kernel[9].sigma;
    assert_true(t.axes[0].kernel[5].sigma > narrow);
    for (size_t i = 5; i <= 7; i++) {
        const double sigma = t.axes[0].kernel[i].sigma;
        const double z = (1 - t.axes[0].kernel[i].at) / sigma;
        const double a = -t.axes[0].kernel[i].at / sigma;
        assert_close(t.axes[0].kernel[i].peak,
                     -log(sigma) - DLN_LOG_SQRT_2PI - dln_normal_log_mass(a, z), 1e-13, 1e-13);
    }
    json_decref(few);
    dln_arena_release(&t.arena);
}

/* Draws in ten bins (or per choice) against the mass that the density gives them. */
static void draws_follow_the_density(void **state)
{
    (void)state;
    enum { DRAWS = 40000, BINS = 10 };
    for (size_t j = 0; j < 4; j++) {
        struct table all;
        crowd(&all, 4, 11);
        struct table t = {.arena = all.arena, .d = 1, .n = 12};
        t.params[0] = all.params[j];
        t.axes[0] = all.axes[j];
        t.axis[0] = &t.axes[0];
        struct dln_parzen mixture;
        fit(&t, NULL, DLN_PARZEN_NEIGHBOURS, &mixture);
        const bool is_choice = t.axes[0].kind == DLN_PARZEN_CHOICE;
        const size_t n_bins = is_choice ? 4 : BINS;
        double count[BINS] = {0};
        struct dln_rng rng;
        dln_rng_init(&rng, 5);
        for (int i = 0; i < DRAWS; i++) {
            const size_t kernel = dln_parzen_draw_kernel(&mixture, mixture.weight, &rng);
            const double x = dln_parzen_draw(&mixture, kernel, 0, &rng);
            assert_true(x >= 0 && x <= (is_choice ? 3 : 1));
            count[is_choice ? (size_t)x : (size_t)fmin(x * BINS, BINS - 1)] += 1.0 / DRAWS;
        }
        for (size_t b = 0; b < n_bins; b++) {
            double mass = 0;
            for (size_t i = 0; i <= mixture.n; i++) {
                const uint32_t row = i < mixture.n ? mixture.rows[i] : 0;
                const double mu = i < mixture.n ? t.axes[0].kernel[row].at : 0.5;
                const double s = i < mixture.n && !is_choice ? t.axes[0].kernel[row].scale : 1;
                const double low = (double)b / BINS;
                mass +=
                    mixture.weight[i] *
                    (is_choice ? exp(dln_parzen_log_kernel(
                                     &mixture, i, 0, (struct dln_parzen_value){.at = (double)b}))
                               : exp(dln_normal_log_mass((low - mu) * s, (low + 0.1 - mu) * s) -
                                     dln_normal_log_mass(-mu * s, (1 - mu) * s)));
            }
            /* five standard errors */
            assert_close(count[b], mass, 5 * sqrt(mass * (1 - mass) / DRAWS), 0);
        }
        dln_arena_release(&t.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_and_joint_densities_are_those_of_the_reference),
        cmocka_unit_test(densities_of_single_parameters_are_those_of_the_reference),
        cmocka_unit_test(few_equal_and_extreme_observations_are_as_in_the_reference),
        cmocka_unit_test(weights_by_age_are_those_of_the_reference),
        cmocka_unit_test(scott_gives_every_row_the_same_width),
        cmocka_unit_test(kernels_left_out_do_not_show_in_the_density),
        cmocka_unit_test(a_kernel_shape_is_kept_only_while_it_is_right),
        cmocka_unit_test(draws_follow_the_density),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
