#include "support/wild.h"

#include <inttypes.h>

#include "support/test.h"

/* ── dice ──────────────────────────────────────────────────────────────────────────────────────*/

static bool one_in(struct wild *wild, uint64_t n)
{
    return dln_rng_below(&wild->rng, n) == 0;
}

static size_t below(struct wild *wild, size_t n)
{
    return n == 0 ? 0 : (size_t)dln_rng_below(&wild->rng, n);
}

static double between(struct wild *wild, double low, double high)
{
    return low + (high - low) * dln_rng_uniform(&wild->rng);
}

static const char *words(struct wild *wild, const struct dln_strbuf *text)
{
    const char *copy = dln_arena_copy(&wild->texts, dln_strbuf_text(text));
    assert_non_null(copy);
    return copy;
}

/* ── parameters ────────────────────────────────────────────────────────────────────────────────*/

static const char *const names[WILD_D_MAX] = {
    "p0",  "p1",  "p2",  "p3",  "p4",  "p5",  "p6",  "p7",  "p8",  "p9",  "p10", "p11",
    "p12", "p13", "p14", "p15", "p16", "p17", "p18", "p19", "p20", "p21", "p22", "p23"};

static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "adam"},
    {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
    {.kind = DLN_SCALAR_INT, .number = 16, .text = "16"},
    {.kind = DLN_SCALAR_NULL, .text = "None"},
    {.kind = DLN_SCALAR_REAL, .number = 0.5, .text = "0.5"},
    {.kind = DLN_SCALAR_BOOL, .number = 1, .truth = true, .text = "True"},
    {.kind = DLN_SCALAR_JSON, .text = "[1, 2]"},
    {.kind = DLN_SCALAR_TEXT, .text = "lion"},
};
enum { N_CHOICES = sizeof choices / sizeof choices[0] };
static const struct dln_scalar truths[] = {
    {.kind = DLN_SCALAR_BOOL, .text = "False"},
    {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1, .text = "True"}};

static void make_float(struct wild *wild, struct dln_param *param)
{
    /* Ranges that the study file allows, however odd. */
    static const double odd[][2] = {{-8e307, 8e307},  {0, 5e-324},       {1, 1.0000000000000002},
                                    {1e15, 1e15 + 1}, {-1e-300, 1e-300}, {-0.0, 1},
                                    {1e300, 1.5e300}};
    static const double odd_log[][2] = {{1e-300, 1e300}, {5e-324, 1},      {1, 1.0000000000000002},
                                        {1e-8, 1e8},     {1e300, 1.5e300}, {5e-324, 1e-323}};
    param->kind = DLN_PARAM_FLOAT;
    param->log = one_in(wild, 3);
    if (one_in(wild, 8)) {
        const double *range = param->log ? odd_log[below(wild, 6)] : odd[below(wild, 7)];
        param->low = range[0];
        param->high = range[1];
    } else if (param->log) {
        param->low = pow(10, between(wild, -8, 2));
        param->high = param->low * pow(10, between(wild, 0, 6));
    } else {
        param->low = between(wild, -10, 10);
        param->high = param->low + pow(10, between(wild, -3, 3));
        if (one_in(wild, 3)) {
            static const double steps[] = {0.1, 0.25, 0.05, 1, 3};
            param->step = steps[below(wild, 5)];
            param->low = floor(param->low);
        }
    }
    if (one_in(wild, 12)) param->high = param->low;
    if (param->step > 0) param->high = dln_param_last_step(param->low, param->high, param->step);
}

static void make_int(struct wild *wild, struct dln_param *param)
{
    param->kind = DLN_PARAM_INT;
    param->step = 1;
    param->log = one_in(wild, 3);
    if (one_in(wild, 10)) {
        param->low = param->log ? 1 : one_in(wild, 2) ? 0 : -DLN_INT_MAX;
        param->high = DLN_INT_MAX;
    } else {
        param->low = param->log ? 1 + (double)below(wild, 20) : (double)below(wild, 40) - 20;
        param->high = param->low + (double)below(wild, one_in(wild, 3) ? 2000 : 6);
    }
    if (!param->log && one_in(wild, 4)) {
        param->step = 1 + (double)below(wild, 5);
        param->high = dln_param_last_step(param->low, param->high, param->step);
    }
    if (one_in(wild, 12)) param->high = param->low;
}

static void make_choice(struct wild *wild, struct dln_param *param)
{
    if (one_in(wild, 4)) {
        *param = fixture_choice(param->name, truths, 2);
        param->kind = DLN_PARAM_FLAG;
        return;
    }
    const size_t n = 1 + below(wild, N_CHOICES);
    *param = fixture_choice(param->name, choices + below(wild, N_CHOICES - n + 1), n);
    param->ordered = one_in(wild, 3);
}

/* `p3 in ['sgd', 16]`, `p2 > 4`, on one parameter; also used in constraints. */
static void say_claim(struct wild *wild, const struct dln_param *param, struct dln_strbuf *text)
{
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) {
        static const char *const relations[] = {"<", "<=", ">", ">=", "==", "!="};
        const double x = dln_param_decode(param, dln_rng_uniform(&wild->rng));
        dln_strbuf_addf(text, "%s %s %.17g", param->name, relations[below(wild, 6)], x);
        return;
    }
    const struct dln_scalar *choice = &param->choices[below(wild, param->n_choices)];
    const struct dln_scalar *other = &param->choices[below(wild, param->n_choices)];
    const bool is_plain = choice->kind != DLN_SCALAR_JSON && other->kind != DLN_SCALAR_JSON;
    if (!is_plain) {
        dln_strbuf_addf(text, "%s != sgd", param->name);
    } else if (one_in(wild, 3)) {
        dln_strbuf_addf(text, "%s in [%s, %s]", param->name, choice->text, other->text);
    } else {
        dln_strbuf_addf(text, "%s %s %s", param->name, one_in(wild, 2) ? "==" : "!=", choice->text);
    }
}

/* A claim, or two of them. */
static const char *make_claim(struct wild *wild, const struct dln_param *all, const size_t *from,
                              size_t n)
{
    struct dln_strbuf text = {0};
    if (one_in(wild, 6)) dln_strbuf_add(&text, "not ");
    say_claim(wild, &all[from[below(wild, n)]], &text);
    if (one_in(wild, 4)) {
        dln_strbuf_add(&text, one_in(wild, 2) ? " and " : " or ");
        say_claim(wild, &all[from[below(wild, n)]], &text);
    }
    const char *copy = words(wild, &text);
    dln_strbuf_release(&text);
    return copy;
}

static size_t make_params(struct wild *wild, struct dln_param *params)
{
    const bool is_tiny = one_in(wild, 6);
    const size_t d = is_tiny            ? below(wild, 4)
                     : one_in(wild, 12) ? 8 + below(wild, WILD_D_MAX - 7)
                                        : 1 + below(wild, 7);
    size_t order[WILD_D_MAX]; /* parents may stand behind their children in the file */
    for (size_t i = 0; i < d; i++) {
        params[i] = (struct dln_param){.name = names[i]};
        if (is_tiny) {
            if (one_in(wild, 2)) {
                make_choice(wild, &params[i]);
            } else {
                params[i] = fixture_int(names[i], 0, (double)below(wild, 4));
            }
        } else {
            const size_t kind = below(wild, 8);
            if (kind < 4) {
                make_float(wild, &params[i]);
            } else if (kind < 6) {
                make_int(wild, &params[i]);
            } else {
                make_choice(wild, &params[i]);
            }
        }
        if (one_in(wild, 4)) {
            params[i].has_initial = true;
            params[i].initial = dln_param_decode(&params[i], dln_rng_uniform(&wild->rng));
        }
        const size_t at = below(wild, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    if (one_in(wild, 2)) return d;
    for (size_t k = 1; k < d; k++) {
        if (one_in(wild, 3)) params[order[k]].when_text = make_claim(wild, params, order, k);
    }
    return d;
}

/* ── constraints ───────────────────────────────────────────────────────────────────────────────*/

static void random_point(struct wild *wild, double *x)
{
    double u[WILD_D_MAX];
    for (size_t i = 0; i < wild->fixture.study.space.n; i++)
        u[i] = one_in(wild, 12) ? (double)below(wild, 2) : dln_rng_uniform(&wild->rng);
    dln_space_decode(&wild->fixture.study.space, u, x);
}

/* Of 60 random points, those that keep all constraints. */
static int n_allowed(struct wild *wild)
{
    int n = 0;
    for (int i = 0; i < 60; i++) {
        double x[WILD_D_MAX];
        random_point(wild, x);
        n += dln_space_allows(&wild->fixture.study.space, x, NULL);
    }
    return n;
}

static void constrain(struct wild *wild)
{
    struct dln_space *space = &wild->fixture.study.space;
    size_t all[WILD_D_MAX];
    for (size_t i = 0; i < space->n; i++)
        all[i] = i;
    const bool is_large = wild->size.count > 0 && dln_space_count(space) > wild->size.count;
    if (space->n == 0 || is_large || !one_in(wild, 4)) return;
    for (size_t k = 1 + below(wild, 2); k > 0; k--) {
        const struct dln_param *a = &space->params[below(wild, space->n)];
        const struct dln_param *b = &space->params[below(wild, space->n)];
        const size_t before = space->n_constraints;
        if (one_in(wild, 3)) {
            struct dln_strbuf text = {0};
            dln_strbuf_addf(&text, "%s %s %s <= %.17g", a->name, one_in(wild, 2) ? "+" : "*",
                            b->name, between(wild, -1, 1) * (fabs(a->high) + fabs(b->high)));
            fixture_constrain(&wild->fixture, words(wild, &text));
            dln_strbuf_release(&text);
        } else {
            fixture_constrain(&wild->fixture, make_claim(wild, space->params, all, space->n));
        }
        /* Once in a while one that hardly any point keeps, or none. */
        const bool may_be_narrow = wild->size.count == 0 && one_in(wild, 40);
        if (n_allowed(wild) < (may_be_narrow ? 0 : 6)) space->n_constraints = before;
    }
}

/* ── settings ──────────────────────────────────────────────────────────────────────────────────*/

static void set_something(struct wild *wild, const struct dln_setting *setting)
{
    const double low = setting->low;
    const double high = fmin(setting->high, fmax(2 * setting->initial, 12));
    switch (setting->kind) {
    case DLN_SETTING_REAL:
        fixture_set_number(&wild->fixture, setting->name,
                           one_in(wild, 3) ? low : between(wild, low, high));
        break;
    case DLN_SETTING_INT:
        fixture_set_number(&wild->fixture, setting->name,
                           low + (double)below(wild, (size_t)(high - low) + 1));
        break;
    case DLN_SETTING_BOOL: fixture_set_truth(&wild->fixture, setting->name, one_in(wild, 2)); break;
    case DLN_SETTING_CHOICE: {
        size_t n = 0;
        while (setting->choices[n])
            n++;
        fixture_set_text(&wild->fixture, setting->name, setting->choices[below(wild, n)]);
        break;
    }
    case DLN_SETTING_LISTS: /* unit.grid */
    case DLN_SETTING_METHOD: /* of pruners */ break;
    }
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

enum { EQUAL = 3, ENORMOUS, TINY, INFINITE, NANS, N_LANDSCAPES };

static double value_at(struct wild *wild, const double *x, size_t k)
{
    const struct dln_space *space = &wild->fixture.study.space;
    double sum = 0;
    for (size_t i = 0; i < space->n; i++) {
        const double u = isnan(x[i]) ? 0.7 : dln_param_encode(&space->params[i], x[i]);
        sum += (u - 0.3 - 0.2 * (double)k) * (u - 0.3 - 0.2 * (double)k);
    }
    switch (wild->landscape) {
    case 1: return floor(2 * sum);
    case 2: return dln_rng_normal(&wild->rng);
    case EQUAL: return 0.25;
    case ENORMOUS: return (one_in(wild, 2) ? -1.7e308 : 1.7e308) * sum / (1 + sum);
    case TINY: return sum * 1e-310;
    case INFINITE: return one_in(wild, 3) ? (one_in(wild, 2) ? HUGE_VAL : -HUGE_VAL) : sum;
    case NANS: return one_in(wild, 3) ? (double)NAN : sum;
    default: return sum;
    }
}

static const char *any_memo(struct wild *wild)
{
    static const char *const odd[] = {
        "{}",
        "null",
        "[1, 2",
        "{\"g\": -1, \"u\": [0.5]}",
        "{\"g\": 1e300, \"at\": {}}",
        "{\"u\": [null, \"x\"], \"f\": 2, \"cr\": -3, \"place\": 99999999999}"};
    if (wild->n > 0 && one_in(wild, 2)) return wild->rows[below(wild, wild->n)].memo;
    return odd[below(wild, 6)];
}

static enum dln_trial_state any_state(struct wild *wild)
{
    if (wild->is_full_of_pending && !one_in(wild, 10)) return DLN_TRIAL_RUNNING;
    if (wild->has_failing && !one_in(wild, 4)) return DLN_TRIAL_FAIL;
    const size_t die = below(wild, 20);
    return die < 12   ? DLN_TRIAL_COMPLETE
           : die < 14 ? DLN_TRIAL_PRUNED
           : die < 16 ? DLN_TRIAL_FAIL
           : die < 19 ? DLN_TRIAL_RUNNING
                      : DLN_TRIAL_WAITING;
}

void wild_add(struct wild *wild, const double *x, const char *memo, const char *strategy)
{
    const struct dln_study *study = &wild->fixture.study;
    const size_t d = study->space.n;
    const size_t m = study->n_objectives;
    double *block = DLN_ARENA_ARRAY(&wild->fixture.arena, double, d + m);
    assert_non_null(block);
    if (wild->n == wild->cap) {
        wild->cap = wild->cap ? 2 * wild->cap : 64;
        wild->rows = realloc(wild->rows, wild->cap * sizeof *wild->rows);
        assert_non_null(wild->rows);
    }
    if (memo && one_in(wild, 30)) memo = any_memo(wild);
    const int64_t number =
        wild->n > 0 ? wild->rows[wild->n - 1].number + (one_in(wild, 20) ? 3 : 1) : 0;
    struct dln_history_row *row = &wild->rows[wild->n];
    *row = (struct dln_history_row){.id = 7 + number,
                                    .number = number,
                                    .state = any_state(wild),
                                    .x = block,
                                    .last_step = -1,
                                    .last_value = NAN,
                                    .strategy = strategy,
                                    .memo = "",
                                    .violation = one_in(wild, 8) ? between(wild, 0, 3) : 0};
    if (d > 0) memcpy(block, x, d * sizeof *x);
    if (memo) {
        row->memo = dln_arena_copy(&wild->fixture.arena, memo);
        assert_non_null(row->memo);
    }
    if (row->state == DLN_TRIAL_COMPLETE) {
        for (size_t k = 0; k < m; k++)
            block[d + k] = value_at(wild, x, k);
        row->values = block + d;
    }
    if (row->state == DLN_TRIAL_FAIL) {
        row->reason = (enum dln_fail_reason)below(wild, DLN_FAIL_REASON_COUNT);
    }
    if (row->state == DLN_TRIAL_PRUNED || one_in(wild, 4)) {
        row->last_step = (int64_t)below(wild, 5) - 1;
        row->last_value = row->last_step < 0 ? (double)NAN : value_at(wild, x, 0);
    }
    wild->n++;
}

/* A trial as another program, another release or another space may have left it. */
static void add_stranger(struct wild *wild)
{
    const struct dln_space *space = &wild->fixture.study.space;
    double x[WILD_D_MAX];
    if (wild->n > 0 && one_in(wild, 8)) {
        memcpy(x, wild->rows[below(wild, wild->n)].x, space->n * sizeof *x);
    } else {
        random_point(wild, x);
    }
    for (size_t i = 0; i < space->n && one_in(wild, 6); i++) {
        const struct dln_param *param = &space->params[i];
        const bool is_number = param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT;
        if (one_in(wild, 3)) {
            x[i] = NAN; /* unknown to whoever made it */
        } else if (is_number && !isnan(x[i])) {
            x[i] = one_in(wild, 2) ? param->high + 1 : param->low - 0.3 * fabs(param->low);
        }
    }
    wild_add(wild, x, one_in(wild, 12) ? any_memo(wild) : NULL,
             one_in(wild, 3) ? wild->fixture.study.strategy.name : "random");
}

/* Trials of earlier studies, the best first. */
static void make_past(struct wild *wild)
{
    const size_t d = wild->fixture.study.space.n;
    const size_t n_sources = 1 + below(wild, 3);
    struct dln_past *past = DLN_ARENA_ARRAY(&wild->texts, struct dln_past, n_sources);
    assert_non_null(past);
    for (size_t s = 0; s < n_sources; s++) {
        const size_t n = one_in(wild, 4) ? below(wild, 3) : below(wild, 60);
        double *x = DLN_ARENA_ARRAY(&wild->texts, double, n *d);
        double *score = DLN_ARENA_ARRAY(&wild->texts, double, n);
        assert_true(x && score);
        for (size_t i = 0; i < n; i++) {
            random_point(wild, x + i * d);
            score[i] = one_in(wild, 3) && i > 0 ? score[i - 1] : -2 + 4 * (double)i / (double)n;
            if (i > 0 && score[i] < score[i - 1]) score[i] = score[i - 1];
        }
        past[s] = (struct dln_past){.from = names[s], .n = n, .x = x, .score = score};
    }
    wild->fixture.study.n_past = n_sources;
    wild->fixture.study.past = past;
}

void wild_init(struct wild *wild, uint64_t seed, const struct dln_strategy *strategy,
               const struct wild_size *size)
{
    *wild = (struct wild){.seed = seed, .size = *size};
    dln_rng_init(&wild->rng, dln_splitmix64(seed));
    struct dln_param params[WILD_D_MAX];
    const size_t d = make_params(wild, params);
    fixture_init(&wild->fixture, d, params, strategy->name);
    if (strategy->multi_objective) {
        fixture_objectives(&wild->fixture, 1 + below(wild, WILD_M_MAX), one_in(wild, 3));
    } else if (one_in(wild, 3)) {
        fixture_objectives(&wild->fixture, 1, true);
    }
    if (one_in(wild, 8)) wild->fixture.study.duplicates = DLN_DUPLICATES_REPEAT;
    constrain(wild);
    for (const struct dln_setting *at = strategy->settings; at && at->name; at++) {
        if (one_in(wild, 6)) set_something(wild, at);
    }
    if (one_in(wild, 5)) make_past(wild);
    wild->landscape = (int)below(wild, N_LANDSCAPES);
    wild->budget = one_in(wild, 3) ? 0 : (int64_t)below(wild, 300);
    wild->has_failing = one_in(wild, 15);
    wild->is_full_of_pending = one_in(wild, 40);
    const size_t most = wild->is_full_of_pending ? size->pending : size->trials;
    for (size_t n = one_in(wild, 4) ? 0 : below(wild, most + 1); n > 0; n--)
        add_stranger(wild);
}

void wild_release(struct wild *wild)
{
    free(wild->rows);
    fixture_release(&wild->fixture);
    dln_arena_release(&wild->texts);
    *wild = (struct wild){0};
}

void wild_fix(struct wild *wild, double *fixed)
{
    double x[WILD_D_MAX];
    random_point(wild, x);
    for (size_t i = 0; i < wild->fixture.study.space.n; i++)
        fixed[i] = one_in(wild, 3) ? x[i] : (double)NAN;
}

/* ── what must hold ────────────────────────────────────────────────────────────────────────────*/

bool wild_is_active(const struct wild *wild, size_t index, const double *x)
{
    const struct dln_space *space = &wild->fixture.study.space;
    struct dln_point_context point = {.space = space, .x = x};
    const struct dln_expr *when = space->params[index].when;
    return !when || dln_expr_truth(when, dln_space_lookup, &point) == 1;
}

static bool has_trial(const struct wild *wild, size_t n, const double *x)
{
    const struct dln_space *space = &wild->fixture.study.space;
    for (size_t k = 0; k < n; k++) {
        double seen[WILD_D_MAX];
        if (space->n > 0) memcpy(seen, wild->rows[k].x, space->n * sizeof *seen);
        if (dln_space_activate(space, seen) && dln_space_same(space, seen, x)) return true;
    }
    return false;
}

long wild_n_left(const struct wild *wild, size_t n)
{
    enum { LOOKED_AT_MAX = 300 };
    const struct dln_space *space = &wild->fixture.study.space;
    const double count = dln_space_count(space);
    if (!(count <= LOOKED_AT_MAX)) return -1;
    double *seen = malloc(LOOKED_AT_MAX * (space->n + 1) * sizeof *seen);
    assert_non_null(seen);
    long left = 0;
    for (size_t index = 0; index < (size_t)count; index++) {
        double *x = seen + (size_t)left * space->n;
        size_t rest = index;
        for (size_t i = 0; i < space->n; i++) {
            const size_t values = (size_t)dln_param_count(&space->params[i]);
            x[i] = dln_param_nth(&space->params[i], (double)(rest % values));
            rest /= values;
        }
        dln_space_activate(space, x);
        bool is_new = dln_space_allows(space, x, NULL) && !has_trial(wild, n, x);
        for (long k = 0; k < left && is_new; k++)
            is_new = !dln_space_same(space, seen + (size_t)k * space->n, x);
        left += is_new;
    }
    free(seen);
    return left;
}

void wild_print(const struct wild *wild)
{
    const struct dln_study *study = &wild->fixture.study;
    print_error("%s, case %" PRIu64 ": %zu goals, %zu trials, landscape %d, budget %" PRId64 "\n",
                study->strategy.name, wild->seed, study->n_objectives, wild->n, wild->landscape,
                wild->budget);
    for (size_t i = 0; i < study->space.n; i++) {
        const struct dln_param *param = &study->space.params[i];
        print_error("  %s: kind %d [%.17g, %.17g] step %g%s%s choices %zu when %s\n", param->name,
                    (int)param->kind, param->low, param->high, param->step,
                    param->log ? " log" : "", param->ordered ? " ordered" : "", param->n_choices,
                    param->when_text ? param->when_text : "-");
    }
    for (size_t i = 0; i < study->space.n_constraints; i++)
        print_error("  constraint: %s\n", study->space.constraints[i].text);
    for (size_t i = 0; i < study->strategy.n_settings; i++) {
        const struct dln_named_scalar *set = &study->strategy.settings[i];
        print_error("  %s = %g %s\n", set->name, set->value.number,
                    set->value.text ? set->value.text : "");
    }
}
