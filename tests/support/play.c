#include "support/play.h"

#include "support/test.h"

static const double pi = 3.14159265358979323846;

void play_init(struct play *play, const struct fixture *fixture, play_objective *objective,
               uint64_t seed)
{
    *play = (struct play){
        .fixture = fixture, .objective = objective, .seed = seed, .workers = 1, .cap = 64};
    assert_true(fixture->study.space.n <= PLAY_D_MAX);
    dln_rng_init(&play->rng, seed);
    play->trials = calloc(play->cap, sizeof *play->trials);
    assert_non_null(play->trials);
    struct dln_error err = {0};
    assert_ok(dln_proposer_new(&fixture->study, seed, &play->proposer, &err), err);
}

void play_release(struct play *play)
{
    for (size_t i = 0; i < play->n; i++)
        free(play->trials[i].memo);
    free(play->trials);
    dln_proposer_free(play->proposer);
}

static void learn(dln_proposer *proposer, size_t number, const struct play_trial *trial)
{
    const bool is_complete = trial->state == DLN_TRIAL_COMPLETE;
    const struct dln_history_row row = {.id = (int64_t)number + 1,
                                        .number = (int64_t)number,
                                        .state = trial->state,
                                        .x = trial->x,
                                        .values = is_complete ? trial->values : NULL,
                                        .last_step = -1,
                                        .last_value = NAN,
                                        .violation = is_complete ? trial->violation : 0,
                                        .memo = trial->memo,
                                        .strategy = trial->strategy};
    struct dln_error err = {0};
    assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
}

static struct play_trial *append(struct play *play)
{
    if (play->n == play->cap) {
        play->cap *= 2;
        play->trials = realloc(play->trials, play->cap * sizeof *play->trials);
        assert_non_null(play->trials);
    }
    struct play_trial *trial = &play->trials[play->n++];
    *trial = (struct play_trial){0};
    return trial;
}

/* One of the running trials, drawn. */
static void end_one(struct play *play)
{
    uint64_t left = dln_rng_below(&play->rng, play->running);
    size_t at = 0;
    while (play->trials[at].state != DLN_TRIAL_RUNNING || left-- > 0)
        at++;
    struct play_trial *trial = &play->trials[at];
    trial->state = isnan(trial->values[0]) ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE;
    play->running--;
    learn(play->proposer, at, trial);
}

void play_step(struct play *play)
{
    while (play->running >= play->workers)
        end_one(play);
    struct dln_error err = {0};
    struct dln_proposal proposal;
    assert_ok(
        dln_proposer_ask(play->proposer, (int64_t)play->n, NULL, play->budget, &proposal, &err),
        err);
    struct play_trial *trial = append(play);
    const size_t d = play->fixture->study.space.n;
    trial->state = DLN_TRIAL_RUNNING;
    memcpy(trial->x, proposal.x, d * sizeof *trial->x);
    if (proposal.memo) {
        trial->memo = strdup(proposal.memo);
        assert_non_null(trial->memo);
    }
    snprintf(trial->strategy, sizeof trial->strategy, "%s", proposal.strategy);
    play->objective(d, trial->x, trial->values, &trial->violation);
    play->running++;
    learn(play->proposer, play->n - 1, trial);
}

void play_until(struct play *play, size_t n)
{
    while (play->n < n)
        play_step(play);
    while (play->running > 0)
        end_one(play);
}

void play_add(struct play *play, enum dln_trial_state state, const double *x, double value)
{
    struct play_trial *trial = append(play);
    trial->state = state;
    memcpy(trial->x, x, play->fixture->study.space.n * sizeof *x);
    trial->values[0] = value;
    snprintf(trial->strategy, sizeof trial->strategy, "enqueued");
    if (state == DLN_TRIAL_RUNNING) play->running++;
    learn(play->proposer, play->n - 1, trial);
}

dln_proposer *play_read_again(const struct play *play)
{
    dln_proposer *proposer = NULL;
    struct dln_error err = {0};
    assert_ok(dln_proposer_new(&play->fixture->study, play->seed, &proposer, &err), err);
    for (size_t i = 0; i < play->n; i++)
        learn(proposer, i, &play->trials[i]);
    return proposer;
}

void play_check_history_is_state(struct play *play)
{
    dln_proposer *again = play_read_again(play);
    struct dln_error err = {0};
    struct dln_proposal one;
    struct dln_proposal two;
    const int64_t number = (int64_t)play->n;
    assert_ok(dln_proposer_ask(again, number, NULL, play->budget, &two, &err), err);
    assert_ok(dln_proposer_ask(play->proposer, number, NULL, play->budget, &one, &err), err);
    assert_memory_equal(one.x, two.x, play->fixture->study.space.n * sizeof *one.x);
    assert_string_equal(one.memo ? one.memo : "", two.memo ? two.memo : "");
    assert_string_equal(one.why, two.why);
    dln_proposer_free(again);
}

double play_best(const struct play *play)
{
    double best = HUGE_VAL;
    for (size_t i = 0; i < play->n; i++) {
        const struct play_trial *trial = &play->trials[i];
        if (trial->state == DLN_TRIAL_COMPLETE && trial->violation <= 0)
            best = fmin(best, trial->values[0]);
    }
    return best;
}

/* ── functions ─────────────────────────────────────────────────────────────────────────────────*/

void play_sphere(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = 0;
    for (size_t i = 0; i < d; i++)
        values[0] += (x[i] - 1) * (x[i] - 1);
}

void play_rosenbrock(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = 0;
    for (size_t i = 0; i + 1 < d; i++) {
        const double bend = x[i + 1] - x[i] * x[i];
        values[0] += 100 * bend * bend + (1 - x[i]) * (1 - x[i]);
    }
}

void play_rastrigin(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = 10 * (double)d;
    for (size_t i = 0; i < d; i++)
        values[0] += x[i] * x[i] - 10 * cos(2 * pi * x[i]);
}

void play_ackley(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    double squares = 0;
    double waves = 0;
    for (size_t i = 0; i < d; i++) {
        squares += x[i] * x[i] / (double)d;
        waves += cos(2 * pi * x[i]) / (double)d;
    }
    values[0] = -20 * exp(-0.2 * sqrt(squares)) - exp(waves) + 20 + exp(1);
}

void play_levy(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    const double first = sin(pi * (1 + (x[0] - 1) / 4));
    const double w = 1 + (x[d - 1] - 1) / 4;
    const double last = sin(2 * pi * w);
    values[0] = first * first + (w - 1) * (w - 1) * (1 + last * last);
    for (size_t i = 0; i + 1 < d; i++) {
        const double at = 1 + (x[i] - 1) / 4;
        const double wave = sin(pi * at + 1);
        values[0] += (at - 1) * (at - 1) * (1 + 10 * wave * wave);
    }
}

void play_styblinski_tang(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = 0;
    for (size_t i = 0; i < d; i++) {
        const double square = x[i] * x[i];
        values[0] += (square * square - 16 * square + 5 * x[i]) / 2;
    }
}

void play_branin(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)violation;
    const double bend = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
    values[0] = bend * bend + 10 * (1 - 1 / (8 * pi)) * cos(x[0]) + 10;
}

void play_hartmann6(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    static const double alpha[4] = {1, 1.2, 3, 3.2};
    static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                   {0.05, 10, 17, 0.1, 8, 14},
                                   {3, 3.5, 1.7, 10, 17, 8},
                                   {17, 8, 0.05, 10, 0.1, 14}};
    static const double p[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                                   {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                                   {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                                   {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    values[0] = 0;
    for (size_t i = 0; i < 4; i++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]);
        values[0] -= alpha[i] * exp(-sum);
    }
}

void play_zdt1(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    double g = 1;
    for (size_t i = 1; i < d; i++)
        g += 9 * x[i] / (double)(d - 1);
    values[0] = x[0];
    values[1] = g * (1 - sqrt(x[0] / g));
}
