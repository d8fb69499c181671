/*
 * Every strategy of the registry on 10,000 studies that nobody would write by hand: whatever the
 * space and whatever became of its trials, a point is in range, active exactly where the conditions
 * say, allowed, new, and the same when a proposer that knows only the rows is asked again.
 *
 * DIALIN_CASE=gp:17 runs one case and prints it; DIALIN_CASE=gp prints each case of gp before it
 * runs, for whoever looks for a crash.
 */
#include "support/test.h"

#include <inttypes.h>

#include "dialin/json.h"
#include "support/wild.h"

enum { N_CASES = 10000, HEAVY_CASES = 800, SKIPPED_MAX = 3 * N_CASES };

/* A strategy whose model costs the cube of the number of trials. */
static bool is_heavy(const struct dln_strategy *strategy)
{
    return strcmp(strategy->name, "gp") == 0 || strcmp(strategy->name, "auto") == 0;
}

static const struct wild_size light = {.trials = 60, .pending = 400, .asks = 50};
static const struct wild_size heavy = {.trials = 40, .pending = 60, .asks = 5};
/* A grid looks through its points one by one, so they must not be too many where few are allowed.
 */
static const struct wild_size counted = {.trials = 60, .pending = 400, .asks = 50, .count = 20000};

static const struct wild_size *size_for(const struct dln_strategy *strategy)
{
    if (is_heavy(strategy)) return &heavy;
    return strcmp(strategy->name, "grid") == 0 ? &counted : &light;
}

static const struct wild *current;

static void demand_(bool holds, const char *what, int line)
{
    if (holds) return;
    wild_print(current);
    print_error("%s:%d: not so: %s\n", __FILE__, line, what);
    _fail(__FILE__, line);
}
#define demand(holds, what) demand_((holds), (what), __LINE__)

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* ── one answer ────────────────────────────────────────────────────────────────────────────────*/

static void check_point(const struct wild *wild, const struct dln_proposal *proposal,
                        const double *fixed)
{
    const struct dln_space *space = &wild->fixture.study.space;
    for (size_t i = 0; i < space->n; i++) {
        const double x = proposal->x[i];
        if (!wild_is_active(wild, i, proposal->x)) {
            demand(isnan(x), "what is not active has no value");
            continue;
        }
        demand(!isnan(x), "what is active has a value");
        demand(isfinite(x), "a value is finite");
        demand(dln_param_contains(&space->params[i], x), "a value is in its range, on its grid");
        demand(isnan(fixed[i]) || x == fixed[i], "what a person fixed stays");
    }
}

static void check_texts(const struct dln_proposal *proposal)
{
    demand(proposal->why[0] != '\0', "there is a reason");
    demand(!strchr(proposal->why, '\n'), "the reason is one line");
    demand(!strstr(proposal->why, "nan"), "no NaN in the reason");
    demand(isnan(proposal->mean) == isnan(proposal->sd), "mean and sd come together");
    demand(isnan(proposal->mean) || (isfinite(proposal->mean) && isfinite(proposal->sd)),
           "a prediction is finite");
    demand(isnan(proposal->sd) || proposal->sd >= 0, "an sd is not negative");
    if (!proposal->memo) return;
    struct dln_error err = {0};
    json_t *memo = NULL;
    demand(dln_json_read(proposal->memo, strlen(proposal->memo), &memo, &err), "a memo is JSON");
    json_decref(memo);
}

/* Among the first n rows but the one that is asked for. */
static void check_place(const struct wild *wild, size_t n, const struct dln_proposal *proposal,
                        bool has_fixed)
{
    const struct dln_study *study = &wild->fixture.study;
    if (strcmp(proposal->strategy, "enqueued") == 0) return; /* as a person wants it */
    demand(dln_space_allows(&study->space, proposal->x, NULL), "the constraints are kept");
    if (study->duplicates != DLN_DUPLICATES_AVOID || strstr(proposal->why, "tried before")) return;
    for (size_t k = 0; k < n; k++) {
        double seen[WILD_D_MAX];
        if (study->space.n > 0) memcpy(seen, wild->rows[k].x, study->space.n * sizeof *seen);
        if (!dln_space_activate(&study->space, seen)) continue;
        demand(!dln_space_same(&study->space, seen, proposal->x), "the point is a new one");
    }
    demand(has_fixed || wild_n_left(wild, n) != 0, "only what is left can be new");
}

/* An ask may end without a point only where there is a reason that the study gives. */
static void check_refusal(const struct wild *wild, size_t n, const struct dln_error *err,
                          bool has_fixed)
{
    const struct dln_study *study = &wild->fixture.study;
    const bool is_grid = strcmp(study->strategy.name, "grid") == 0;
    if (err->code == DLN_INVALID) {
        demand(study->space.n_constraints > 0, "only constraints can leave no point");
        demand(strstr(err->text, "constraints") != NULL, "the refusal names the constraints");
    } else {
        if (err->code != DLN_EXHAUSTED) print_error("%s\n", err->text);
        demand(err->code == DLN_EXHAUSTED, "there is a point, or every point has been tried");
        demand(is_grid || !has_fixed, "a person's values are obeyed");
        demand(is_grid || wild_n_left(wild, n) <= 0, "nothing is left");
        demand(is_grid || isfinite(dln_space_count(&study->space)), "a space ends only if finite");
    }
}

/* ── one study ─────────────────────────────────────────────────────────────────────────────────*/

static void learn(dln_proposer *proposer, const struct wild *wild, size_t from, size_t to)
{
    struct dln_error err = {0};
    if (from == to) return;
    demand(dln_proposer_learn(proposer, to - from, wild->rows + from, &err), "rows are learnt");
}

struct answer {
    bool ok;
    enum dln_code code;
    double x[WILD_D_MAX], mean, sd;
    char why[DLN_WHY_MAX], memo[32768];
};

static void ask(dln_proposer *proposer, const struct wild *wild, int64_t number,
                const double *fixed, struct answer *answer)
{
    const size_t d = wild->fixture.study.space.n;
    bool has_fixed = false;
    for (size_t i = 0; i < d; i++)
        has_fixed |= !isnan(fixed[i]);
    struct dln_error err = {0};
    struct dln_proposal proposal;
    *answer = (struct answer){0};
    answer->ok = dln_proposer_ask(proposer, number, fixed, wild->budget, &proposal, &err);
    answer->code = err.code;
    const bool is_known = wild->n > 0 && wild->rows[wild->n - 1].number == number;
    const size_t n = wild->n - is_known; /* without the trial itself */
    if (!answer->ok) {
        check_refusal(wild, n, &err, has_fixed);
        return;
    }
    check_point(wild, &proposal, fixed);
    check_texts(&proposal);
    check_place(wild, n, &proposal, has_fixed);
    if (d > 0) memcpy(answer->x, proposal.x, d * sizeof *answer->x);
    answer->mean = proposal.mean;
    answer->sd = proposal.sd;
    (void)snprintf(answer->why, sizeof answer->why, "%s", proposal.why);
    (void)snprintf(answer->memo, sizeof answer->memo, "%s", proposal.memo ? proposal.memo : "");
}

static void check_same(const struct answer *a, const struct answer *b)
{
    demand(a->ok == b->ok && a->code == b->code, "the same end twice");
    for (size_t i = 0; i < WILD_D_MAX; i++)
        demand(same_number(a->x[i], b->x[i]), "the same point twice");
    demand(same_number(a->mean, b->mean) && same_number(a->sd, b->sd), "the same prediction twice");
    demand(strcmp(a->why, b->why) == 0, "the same reason twice");
    demand(strcmp(a->memo, b->memo) == 0, "the same memo twice");
}

/* False: the strategy cannot work on this space, and says so. */
static bool open(const struct wild *wild, dln_proposer **out)
{
    struct dln_error err = {0};
    if (dln_proposer_new(&wild->fixture.study, 5 + wild->seed, out, &err)) return true;
    const bool is_grid = strcmp(wild->fixture.study.strategy.name, "grid") == 0;
    if (!is_grid) print_error("%s\n", err.text);
    demand(is_grid && err.code == DLN_UNSUPPORTED, "a strategy works on any space");
    return false;
}

static bool run_case(const struct dln_strategy *strategy, uint64_t seed, bool is_told)
{
    struct wild wild;
    wild_init(&wild, seed, strategy, size_for(strategy));
    current = &wild;
    if (is_told) wild_print(&wild);
    dln_proposer *proposer = NULL;
    if (!open(&wild, &proposer)) {
        wild_release(&wild);
        return false;
    }
    double fixed[WILD_D_MAX];
    for (size_t i = 0; i < WILD_D_MAX; i++)
        fixed[i] = NAN;
    learn(proposer, &wild, 0, wild.n);

    struct answer answer;
    struct answer again;
    for (size_t n = dln_rng_below(&wild.rng, wild.size.asks + 1); n > 0; n--) {
        const int64_t number = wild.n > 0 ? wild.rows[wild.n - 1].number + 1 : 0;
        ask(proposer, &wild, number, fixed, &answer);
        if (!answer.ok) break;
        wild_add(&wild, answer.x, answer.memo[0] ? answer.memo : NULL, strategy->name);
        learn(proposer, &wild, wild.n - 1, wild.n);
    }

    const bool is_known = wild.n > 0 && dln_rng_below(&wild.rng, 8) == 0;
    const int64_t number = wild.n > 0 ? wild.rows[wild.n - 1].number + !is_known : 0;
    if (dln_rng_below(&wild.rng, 5) == 0) wild_fix(&wild, fixed);
    ask(proposer, &wild, number, fixed, &answer);
    ask(proposer, &wild, number, fixed, &again);
    check_same(&answer, &again);
    dln_proposer_free(proposer);

    demand(open(&wild, &proposer), "what was opened can be opened again");
    learn(proposer, &wild, 0, wild.n);
    ask(proposer, &wild, number, fixed, &again);
    check_same(&answer, &again);
    dln_proposer_free(proposer);
    wild_release(&wild);
    return true;
}

/* ── all of them ───────────────────────────────────────────────────────────────────────────────*/

static void any_strategy_bears_any_space_and_any_history(void **state)
{
    (void)state;
    const char *wanted = getenv("DIALIN_CASE");
    const char *colon = wanted ? strchr(wanted, ':') : NULL;
    const size_t name_len = colon ? (size_t)(colon - wanted) : wanted ? strlen(wanted) : 0;
    size_t n_strategies = 0;
    size_t n_heavy = 0;
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        n_strategies++;
        n_heavy += is_heavy(*at);
    }
    const size_t rest = N_CASES - n_heavy * HEAVY_CASES;
    const size_t n_light = n_strategies - n_heavy;
    const size_t share = (rest + n_light - 1) / n_light;

    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        const bool is_wanted = wanted && strncmp((*at)->name, wanted, name_len) == 0 &&
                               strlen((*at)->name) == name_len;
        if (wanted && !is_wanted) continue;
        if (colon) {
            (void)run_case(*at, strtoull(colon + 1, NULL, 10), true);
            continue;
        }
        const size_t n_cases = is_heavy(*at) ? HEAVY_CASES : share;
        size_t n = 0;
        for (uint64_t seed = 0; n < n_cases; seed++) {
            assert_true(seed < SKIPPED_MAX);
            n += run_case(*at, seed, is_wanted);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_strategy_bears_any_space_and_any_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
