#include "dialin/serve.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "engine/limits.h"
#include "engine/point.h"
#include "serve/tuner.h"

/* Somebody else was faster so many times in a row: then the file is too busy for this strategy. */
enum { RACES_MAX = 1000 };

/* ── open, close ───────────────────────────────────────────────────────────────────────────────*/

bool dln_tuner_can_serve(const struct dln_study *study, struct dln_error *err)
{
    const bool by_slots = study->budget.slot_s > 0;
    if (!by_slots && study->budget.cost <= 0) return true;
    const bool has_path = study->path && study->path[0];
    return dln_fail(err, DLN_UNSUPPORTED,
                    "%.400s%s'budget.%s' is for trials that dialin runs itself; limit 'trials' or "
                    "'time' to serve the study",
                    has_path ? study->path : "", has_path ? ": " : "",
                    by_slots ? "slot_hours" : "cost");
}

bool dln_tuner_make(struct dln_study *study, uint64_t seed, dln_tuner **out, struct dln_error *err)
{
    dln_tuner *tuner = calloc(1, sizeof *tuner);
    if (!tuner) {
        dln_study_free(study);
        return dln_fail(err, DLN_NOMEM, "open a tuner");
    }
    tuner->study = study;
    tuner->x = calloc(study->space.n + 1, sizeof *tuner->x);
    if (!tuner->x) {
        dln_fail(err, DLN_NOMEM, "open a tuner");
    } else if (dln_tuner_can_serve(study, err) && dln_limits_new(study, &tuner->limits, err) &&
               dln_book_open(&tuner->book, study, seed, err)) {
        *out = tuner;
        return true;
    }
    dln_tuner_close(tuner);
    return false;
}

bool dln_tuner_new(struct dln_study *study, dln_tuner **out, struct dln_error *err)
{
    dln_tuner *tuner;
    const uint64_t seed = study->has_seed ? study->seed : dln_entropy64() >> 1;
    if (study->n_warm_start > 0) {
        dln_fail(err, DLN_UNSUPPORTED,
                 "%.400s: 'warm_start' is read when a study is made in a file: remove it, or serve"
                 " the file",
                 study->path);
        dln_study_free(study);
        return false;
    }
    if (!dln_tuner_make(study, seed, &tuner, err)) return false;
    if (!dln_keep_in_memory(&tuner->book, &tuner->keeper, err)) {
        dln_tuner_close(tuner);
        return false;
    }
    *out = tuner;
    return true;
}

void dln_tuner_close(dln_tuner *tuner)
{
    if (!tuner) return;
    if (tuner->keeper) tuner->keeper->close(tuner->keeper);
    dln_book_close(&tuner->book);
    dln_limits_free(tuner->limits);
    dln_study_free(tuner->study);
    free(tuner->noes);
    free(tuner->x);
    free(tuner);
}

const struct dln_study *dln_tuner_study(const dln_tuner *tuner)
{
    return tuner->study;
}

/* ── ask ───────────────────────────────────────────────────────────────────────────────────────*/

static struct dln_new_trial new_trial(const struct dln_proposal *proposal)
{
    return (struct dln_new_trial){
        .x = proposal->x,
        .strategy = proposal->strategy,
        .why = proposal->why,
        .memo = proposal->memo,
        .predicted_mean = proposal->mean,
        .predicted_sd = proposal->sd,
    };
}

/* The lowest WAITING trial. DLN_NOT_FOUND: none; DLN_REFUSED: somebody took it. */
static bool begin_waiting(dln_tuner *tuner, int64_t *number, struct dln_new_trial *trial,
                          struct dln_error *err)
{
    struct dln_keeper *keeper = tuner->keeper;
    const struct dln_book *book = &tuner->book;
    struct dln_proposal proposal;
    if (!keeper->next_waiting(keeper, number, tuner->x, err) ||
        !dln_proposer_complete(book->proposer, *number, tuner->x, book->budget.trials, &proposal,
                               err)) {
        return false;
    }
    *trial = new_trial(&proposal);
    return keeper->claim(keeper, *number, trial, err);
}

/*
 * `duplicates: reuse`: the trial ends as soon as it has begun, with the values of the known one.
 * Then the next number's turn has come: always DLN_REFUSED, but for what goes wrong.
 */
static bool reuse(dln_tuner *tuner, const struct dln_view_trial *known, int64_t number,
                  struct dln_new_trial *trial, struct dln_error *err)
{
    struct dln_keeper *keeper = tuner->keeper;
    const struct dln_ledger *ledger = &tuner->book.ledger;
    double values[DLN_OBJECTIVES_MAX];
    char why[DLN_WHY_MAX];
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = values};
    if (++tuner->reused_in_row > DLN_REUSED_MAX) {
        return dln_fail(err, DLN_EXHAUSTED, "the strategy repeats itself");
    }
    for (size_t k = 0; k < ledger->m; k++)
        values[k] = ledger->maximize[k] ? -known->loss[k] : known->loss[k];
    (void)snprintf(why, sizeof why, "same point as #%" PRId64 ", whose value is taken over",
                   known->number);
    trial->why = why;
    return keeper->start(keeper, number, trial, err) &&
           keeper->finish(keeper, number, &finish, err) && dln_fail(err, DLN_REFUSED, "%s", why);
}

/* The strategy's point for the next number. DLN_REFUSED: somebody took the number. */
static bool begin_proposed(dln_tuner *tuner, int64_t *number, struct dln_new_trial *trial,
                           struct dln_error *err)
{
    struct dln_keeper *keeper = tuner->keeper;
    dln_proposer *proposer = tuner->book.proposer;
    struct dln_proposal proposal;
    if (!keeper->next_number(keeper, number, err)) return false;
    if (!dln_proposer_ask(proposer, *number, NULL, tuner->book.budget.trials, &proposal, err)) {
        if (err->code != DLN_EXHAUSTED) return false;
        return dln_fail(err, DLN_EXHAUSTED, "every point was tried");
    }
    *trial = new_trial(&proposal);
    const struct dln_view_trial *known = dln_proposer_known(proposer, proposal.x);
    if (known) return reuse(tuner, known, *number, trial, err);
    tuner->reused_in_row = 0;
    return keeper->start(keeper, *number, trial, err);
}

static bool begin(dln_tuner *tuner, int64_t *number, struct dln_new_trial *trial,
                  struct dln_error *err)
{
    const char *why = "";
    if (!tuner->keeper->refresh(tuner->keeper, err)) return false;
    if (!dln_book_is_open(&tuner->book, &why)) return dln_fail(err, DLN_EXHAUSTED, "%s", why);
    if (tuner->book.ledger.counts[DLN_TRIAL_WAITING] > 0) {
        if (begin_waiting(tuner, number, trial, err)) return true;
        if (err->code != DLN_NOT_FOUND) return false;
    }
    return begin_proposed(tuner, number, trial, err);
}

bool dln_tuner_ask(dln_tuner *tuner, struct dln_asked *out, struct dln_error *err)
{
    struct dln_new_trial trial;
    struct dln_error own = {0};
    int64_t number;
    if (!err) err = &own;
    for (int races = 0; !begin(tuner, &number, &trial, err); races++) {
        if (err->code != DLN_REFUSED) return false;
        if (races == RACES_MAX) {
            return dln_fail(err, DLN_BUSY, "other programs took %d numbers in a row", RACES_MAX);
        }
    }
    *out = (struct dln_asked){
        .number = number,
        .x = dln_book_find(&tuner->book, number)->x,
        .seed = dln_job_seed(tuner->book.seed, number, 0),
        .strategy = trial.strategy,
        .why = trial.why,
    };
    return true;
}

double dln_tuner_real(const dln_tuner *tuner, const double *x, const char *name)
{
    const size_t i = dln_space_find(&tuner->study->space, name);
    return i == SIZE_MAX ? (double)NAN : x[i];
}

const char *dln_tuner_text(const dln_tuner *tuner, const double *x, const char *name)
{
    const size_t i = dln_space_find(&tuner->study->space, name);
    if (i == SIZE_MAX) return "";
    const struct dln_param *param = &tuner->study->space.params[i];
    const bool is_choice = x[i] >= 0 && x[i] < (double)param->n_choices;
    return is_choice ? param->choices[(size_t)x[i]].text : "";
}

/* ── tell ──────────────────────────────────────────────────────────────────────────────────────*/

static bool check_running(dln_tuner *tuner, int64_t number, struct dln_error *err)
{
    if (!tuner->keeper->refresh(tuner->keeper, err)) return false;
    const struct dln_view_trial *trial = dln_book_find(&tuner->book, number);
    if (!trial) return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, number);
    if (trial->state == DLN_TRIAL_RUNNING) return true;
    if (trial->state == DLN_TRIAL_WAITING) {
        return dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " waits to be asked for", number);
    }
    return dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " has ended already (%s)", number,
                    dln_trial_state_word(trial->state));
}

static bool check_told(const dln_tuner *tuner, const struct dln_told *told, struct dln_error *err)
{
    const struct dln_study *study = tuner->study;
    const bool ends = told->state == DLN_TRIAL_COMPLETE || told->state == DLN_TRIAL_PRUNED ||
                      told->state == DLN_TRIAL_FAIL;
    if (!ends) return dln_fail(err, DLN_INVALID, "a trial ends complete, pruned or failed");
    if (told->n_metrics > DLN_TOLD_MAX || told->n_constraints > DLN_TOLD_MAX) {
        return dln_fail(err, DLN_INVALID, "more than %d metrics or constraints of one trial",
                        DLN_TOLD_MAX);
    }
    if (told->state == DLN_TRIAL_COMPLETE && !told->values) {
        return dln_fail(err, DLN_INVALID, "a complete trial needs a value for each objective");
    }
    for (size_t k = 0; told->values && k < study->n_objectives; k++) {
        if (!isnan(told->values[k])) continue;
        return dln_fail(err, DLN_NUMERIC, "'%.200s' is nan; a trial without a value is told failed",
                        study->objectives[k].metric);
    }
    for (size_t i = 0; i < told->n_constraints; i++) {
        if (isnan(told->constraints[i])) return dln_fail(err, DLN_NUMERIC, "a constraint is nan");
    }
    return true;
}

/* The study's limits by the metrics that were told, then what the program found itself. */
static bool find_limits(const dln_tuner *tuner, const struct dln_told *told,
                        struct dln_finish *finish, struct dln_arena *arena, struct dln_error *err)
{
    const struct dln_study *study = tuner->study;
    const size_t n_metrics = study->n_objectives + told->n_metrics;
    finish->n_limits = study->n_limits + told->n_constraints;
    if (finish->n_limits == 0) return true;
    double *limits = DLN_ARENA_ARRAY(arena, double, finish->n_limits);
    const char **names = DLN_ARENA_ARRAY(arena, const char *, n_metrics);
    struct dln_metric_sum *sums = DLN_ARENA_ARRAY(arena, struct dln_metric_sum, n_metrics);
    if (!limits || !names || !sums) return dln_fail(err, DLN_NOMEM, "look at the limits");
    for (size_t i = 0; i < n_metrics; i++) {
        const bool is_goal = i < study->n_objectives;
        const size_t k = i - study->n_objectives;
        names[i] = is_goal ? study->objectives[i].metric : told->metric_names[k];
        sums[i].n = 1;
        sums[i].last = is_goal ? told->values[i] : told->metric_values[k];
    }
    dln_limits_eval(tuner->limits, names, sums, n_metrics, limits);
    for (size_t i = 0; i < told->n_constraints; i++)
        limits[study->n_limits + i] = told->constraints[i];
    finish->limits = limits;
    return true;
}

static struct dln_no *find_no(const dln_tuner *tuner, int64_t number)
{
    for (size_t i = 0; i < tuner->n_noes; i++) {
        if (tuner->noes[i].number == number) return &tuner->noes[i];
    }
    return NULL;
}

bool dln_tuner_tell(dln_tuner *tuner, int64_t number, const struct dln_told *told,
                    struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_cut cut;
    struct dln_no *no = find_no(tuner, number);
    struct dln_finish finish = {
        .state = told->state,
        .values = told->values,
        .reason = told->state == DLN_TRIAL_FAIL ? told->reason : DLN_FAIL_NONE,
        .detail = told->detail,
        .n_extra = told->n_metrics,
        .extra_names = told->metric_names,
        .extra_values = told->metric_values,
    };
    if (told->state == DLN_TRIAL_FAIL) finish.values = NULL;
    if (told->state == DLN_TRIAL_PRUNED && no) {
        cut = (struct dln_cut){no->cut.pruner, no->cut.step, no->cut.value, no->cut.threshold};
        finish.cut = &cut;
        if (!finish.detail) finish.detail = no->cut.why;
    }
    const bool ok =
        check_running(tuner, number, err) && check_told(tuner, told, err) &&
        (told->state != DLN_TRIAL_COMPLETE || find_limits(tuner, told, &finish, &arena, err)) &&
        tuner->keeper->finish(tuner->keeper, number, &finish, err);
    if (ok && no) *no = tuner->noes[--tuner->n_noes];
    dln_arena_release(&arena);
    return ok;
}

bool dln_tuner_tell_value(dln_tuner *tuner, int64_t number, double value, struct dln_error *err)
{
    const struct dln_told told = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    if (tuner->study->n_objectives == 1) return dln_tuner_tell(tuner, number, &told, err);
    return dln_fail(err, DLN_INVALID, "this study has %zu objectives, each needs a value",
                    tuner->study->n_objectives);
}

/* Kept for when the trial is told: what was compared, and why. */
static bool keep_no(dln_tuner *tuner, int64_t number, const struct dln_prune *cut,
                    struct dln_error *err)
{
    struct dln_no *no = find_no(tuner, number);
    if (!no) {
        if (tuner->n_noes == tuner->cap_noes) {
            const size_t cap = tuner->cap_noes ? tuner->cap_noes * 2 : 8;
            struct dln_no *noes = realloc(tuner->noes, cap * sizeof *noes);
            if (!noes) return dln_fail(err, DLN_NOMEM, "prune a trial");
            tuner->noes = noes;
            tuner->cap_noes = cap;
        }
        no = &tuner->noes[tuner->n_noes++];
        no->number = number;
    }
    no->cut = *cut;
    return true;
}

bool dln_tuner_report(dln_tuner *tuner, int64_t number, int64_t step, double value,
                      struct dln_advice *out, struct dln_error *err)
{
    const struct dln_report report = {.step = step, .value = value};
    struct dln_prune cut = {0};
    bool is_news = false;
    if (step < 0) return dln_fail(err, DLN_INVALID, "a step must be 0 or above");
    if (!check_running(tuner, number, err) ||
        !tuner->keeper->report(tuner->keeper, number, &report, &is_news, err)) {
        return false;
    }
    if (is_news) dln_pruning_decide(tuner->book.pruning, number, &cut);
    if (cut.prune && !keep_no(tuner, number, &cut, err)) return false;
    *out = (struct dln_advice){.prune = cut.prune,
                               .why = cut.prune ? find_no(tuner, number)->cut.why : ""};
    return true;
}

/* ── queue, beat, best
 * ───────────────────────────────────────────────────────────────────────────────*/

bool dln_tuner_enqueue(dln_tuner *tuner, const double *x, int64_t *number, struct dln_error *err)
{
    return tuner->keeper->refresh(tuner->keeper, err) &&
           tuner->keeper->enqueue(tuner->keeper, x, number, err);
}

bool dln_tuner_predict(dln_tuner *tuner, double *x, struct dln_prediction *out,
                       const char **why_not, struct dln_error *err)
{
    dln_predictor *predictor;
    if (!tuner->keeper->refresh(tuner->keeper, err) ||
        !dln_book_predictor(&tuner->book, &predictor, err) ||
        !dln_predictor_complete(predictor, -1, x, NULL, NULL, err) ||
        !dln_predictor_point(predictor, x, out, err)) {
        return false;
    }
    for (size_t k = 0; why_not && k < tuner->study->n_objectives; k++) {
        struct dln_trust trust;
        if (!dln_predictor_trust(predictor, k, &trust, err)) return false;
        why_not[k] = trust.why_not;
    }
    return true;
}

bool dln_tuner_beat(dln_tuner *tuner, struct dln_error *err)
{
    return !tuner->keeper->beat || tuner->keeper->beat(tuner->keeper, err);
}

bool dln_tuner_best(const dln_tuner *tuner, size_t i, struct dln_best *out)
{
    const struct dln_ledger *ledger = &tuner->book.ledger;
    if (i >= ledger->n_front) return false;
    const struct dln_view_trial *trial = dln_book_find(&tuner->book, ledger->front_numbers[i]);
    *out = (struct dln_best){.number = trial->number, .x = trial->x};
    for (size_t k = 0; k < ledger->m; k++) {
        out->values[k] = ledger->maximize[k] ? -trial->loss[k] : trial->loss[k];
    }
    return true;
}
