#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/outlook.h"
#include "cli/trial_list.h"
#include "format.h"

struct asked { /* a point that a person asks about */
    struct outlook outlook;
    double *x;
    enum dln_origin *origins;
    int64_t base;
    struct dln_prediction answer;
};

/* ── the question ──────────────────────────────────────────────────────────────────────────────*/

static bool read_words(const struct opened *study, const struct options *options, double *x,
                       struct dln_error *err)
{
    for (size_t i = 0; i < study->space->n; i++)
        x[i] = (double)NAN;
    for (size_t i = 1; i < options->n_words; i++) {
        size_t param;
        double value;
        if (!parse_assignment(study, options->words[i], &param, &value, err)) return false;
        x[param] = value;
    }
    return true;
}

static bool ask(struct opened *study, const struct options *options, struct asked *asked,
                struct dln_error *err)
{
    const size_t d = study->space->n;
    int64_t base = -1;
    asked->x = DLN_ARENA_ARRAY(&study->arena, double, d);
    asked->origins = DLN_ARENA_ARRAY(&study->arena, enum dln_origin, d);
    if (!asked->x || !asked->origins) return dln_fail(err, DLN_NOMEM, "out of memory");
    const char *const copy = option_text(options, "copy");
    if (copy && !parse_trial_number(copy, &base, err)) return false;
    dln_predictor *predictor;
    return read_words(study, options, asked->x, err) && outlook_open(study, &asked->outlook, err) &&
           (predictor = asked->outlook.predictor) &&
           dln_predictor_complete(predictor, base, asked->x, asked->origins, &asked->base, err) &&
           dln_predictor_point(predictor, asked->x, &asked->answer, err);
}

/* ── for people ────────────────────────────────────────────────────────────────────────────────*/

static void add_param(const struct dln_param *param, double x, struct dln_strbuf *out)
{
    struct dln_strbuf text = {0};
    const bool is_inside = param->n_choices > 0 || (x >= param->low && x <= param->high);
    if (is_inside) {
        param_text(param, x, &text);
    } else {
        dln_param_text(param, x, &text); /* its digits may not be those of the range */
    }
    dln_strbuf_addf(out, "%s%s=%s", out->len > 0 ? " " : "", param->name, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

/* One line of the parameters that have this origin; nothing where there are none. */
static void say_origin(const struct opened *study, const struct asked *asked,
                       enum dln_origin origin, const char *title)
{
    struct dln_strbuf line = {0};
    for (size_t i = 0; i < study->space->n; i++) {
        if (asked->origins[i] != origin) continue;
        if (origin == DLN_ORIGIN_IGNORED) {
            dln_strbuf_addf(&line, "%s%s", line.len > 0 ? ", " : "", study->space->params[i].name);
        } else {
            add_param(&study->space->params[i], asked->x[i], &line);
        }
    }
    if (line.len > 0) say(stdout, "%s%s", title, dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

static void say_point(const struct opened *study, const struct asked *asked)
{
    struct dln_strbuf base = {0};
    dln_strbuf_addf(&base, "from #%" PRId64, asked->base);
    if (asked->base == asked->answer.expected[0].best_number) {
        dln_strbuf_add(&base, ", the best");
        if (study->summary.n_objectives > 1) {
            dln_strbuf_addf(&base, " %s", study->summary.metric_names[0]);
        }
    }
    dln_strbuf_add(&base, ": ");
    say_origin(study, asked, DLN_ORIGIN_GIVEN, "given: ");
    say_origin(study, asked, DLN_ORIGIN_BASE, dln_strbuf_text(&base));
    say_origin(study, asked, DLN_ORIGIN_DEFAULT, "default: ");
    say_origin(study, asked, DLN_ORIGIN_IGNORED, "without effect at this point: ");
    dln_strbuf_release(&base);
}

/* "accuracy 0.912 ± 0.011 (90 %: 0.89 … 0.93), 34 % chance to beat the best 0.915 (#17)" */
static void say_expected(const struct opened *study, struct asked *asked, size_t k)
{
    const struct dln_expected *const e = &asked->answer.expected[k];
    const char *const metric = study->summary.metric_names[k];
    struct dln_trust trust;
    struct dln_error err = {0};
    if (!e->is_known) {
        const bool known = dln_predictor_trust(asked->outlook.predictor, k, &trust, &err);
        say(stdout, "%s: no prediction, %s", metric, known ? trust.why_not : err.text);
        return;
    }
    struct dln_strbuf line = {0};
    char text[FORMAT_MAX];
    char low[FORMAT_MAX];
    char high[FORMAT_MAX];
    outlook_interval(e, low, high);
    dln_strbuf_addf(&line, "%s %s (90 %%: %s … %s)", metric, format_with_sd(text, e->mean, e->sd),
                    low, high);
    if (!isnan(e->chance)) {
        char best[FORMAT_MAX];
        dln_strbuf_addf(&line, ", %s chance to beat the best %s (#%" PRId64 ")",
                        outlook_chance(text, e->chance), format_detail(best, e->best),
                        e->best_number);
    }
    say(stdout, "%s", dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

/* How good the model has been so far, in one line. */
static void say_trust(const struct opened *study, struct asked *asked, size_t k)
{
    struct dln_trust trust;
    if (!dln_predictor_trust(asked->outlook.predictor, k, &trust, NULL) || !trust.is_known) return;
    char r2[FORMAT_MAX];
    char coverage[FORMAT_MAX];
    const char *const metric = study->summary.metric_names[k];
    format_share(coverage, trust.coverage);
    if (trust.r2 < 0.2) {
        say(stdout,
            "do not lean on it: the model explains next to nothing of %s yet (%zu trials, each "
            "predicted from the others)",
            metric, trust.n_used);
    } else {
        say(stdout,
            "the model explains %s of the spread of %s; %s of %zu trials lie in their 90 %% "
            "interval",
            format_share(r2, trust.r2), metric, coverage, trust.n_used);
    }
}

static void say_works(const struct opened *study, const struct dln_prediction *p)
{
    char text[FORMAT_MAX];
    if (!p->is_allowed) {
        say(stdout, "not allowed: it breaks '%s'", study->space->constraints[p->broken].text);
        return;
    }
    if (isnan(p->chance_runs)) return;
    const int64_t failed = study->summary.counts[DLN_TRIAL_FAIL];
    if (failed == 0) {
        say(stdout, "no trial has failed so far");
    } else {
        say(stdout, "%s chance to run without failing", outlook_chance(text, p->chance_runs));
    }
    if (study->def && study->def->n_limits > 0 && !isnan(p->chance_limits)) {
        say(stdout, "%s chance to keep the limits", outlook_chance(text, p->chance_limits));
    }
}

static void say_near(const struct dln_prediction *p)
{
    struct dln_strbuf line = {0};
    char text[FORMAT_MAX];
    char value[FORMAT_MAX];
    for (size_t i = 0; i < p->n_nearest; i++) {
        const struct dln_neighbour *const near = &p->nearest[i];
        dln_strbuf_addf(&line, "%s#%" PRId64 " at %.2g: %s", i > 0 ? ", " : "", near->number,
                        near->distance,
                        isnan(near->value) ? dln_trial_state_word(near->state)
                                           : format_detail(value, near->value));
    }
    if (!isnan(p->run_s)) {
        say(stdout, "run time about %s",
            format_duration(text, (int64_t)(fmin(p->run_s, 1e9) * 1000)));
    }
    if (line.len > 0) say(stdout, "nearest: %s (1 is a parameter's range)", dln_strbuf_text(&line));
    dln_strbuf_release(&line);
    if (p->far != DLN_FAR_NOT) say(stdout, "extrapolating: %s", p->far_text);
}

/* ── JSON ──────────────────────────────────────────────────────────────────────────────────────*/

static const char *far_name(enum dln_far far)
{
    switch (far) {
    case DLN_FAR_NOT: return NULL;
    case DLN_FAR_RANGE: return "range";
    case DLN_FAR_CHOICE: return "choice";
    case DLN_FAR_TRIED: return "tried";
    case DLN_FAR_TRIALS: return "trials";
    }
    return NULL;
}

static const char *origin_name(enum dln_origin origin)
{
    switch (origin) {
    case DLN_ORIGIN_GIVEN: return "given";
    case DLN_ORIGIN_BASE: return "trial";
    case DLN_ORIGIN_DEFAULT: return "default";
    case DLN_ORIGIN_IGNORED: return "ignored";
    case DLN_ORIGIN_ABSENT: return "inactive";
    }
    return NULL;
}

static void point_json(struct dln_json_writer *w, const struct opened *study,
                       const struct asked *asked)
{
    struct dln_strbuf params = {0};
    dln_space_json(study->space, asked->x, &params);
    dln_json_key(w, "params");
    dln_json_raw(w, dln_strbuf_ok(&params) ? dln_strbuf_text(&params) : "null");
    dln_strbuf_release(&params);
    dln_json_key(w, "origins");
    dln_json_object(w);
    for (size_t i = 0; i < study->space->n; i++) {
        dln_json_key(w, study->space->params[i].name);
        dln_json_string(w, origin_name(asked->origins[i]));
    }
    dln_json_end_object(w);
    dln_json_key(w, "base");
    if (asked->base >= 0) {
        dln_json_int(w, asked->base);
    } else {
        dln_json_null(w);
    }
}

static void near_json(struct dln_json_writer *w, const struct dln_prediction *p)
{
    dln_json_key(w, "nearest");
    dln_json_array(w);
    for (size_t i = 0; i < p->n_nearest; i++) {
        dln_json_object(w);
        dln_json_key(w, "number");
        dln_json_int(w, p->nearest[i].number);
        dln_json_key(w, "state");
        dln_json_string(w, dln_trial_state_name(p->nearest[i].state));
        dln_json_key(w, "value");
        dln_json_double(w, p->nearest[i].value);
        dln_json_key(w, "distance");
        dln_json_double(w, p->nearest[i].distance);
        dln_json_key(w, "lengths");
        dln_json_double(w, p->nearest[i].lengths);
        dln_json_end_object(w);
    }
    dln_json_end_array(w);
}

static void numbers_json(struct dln_json_writer *w, const struct dln_prediction *p)
{
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"chance_works", p->chance_works},   {"chance_runs", p->chance_runs},
        {"chance_limits", p->chance_limits}, {"run_time_s", p->run_s},
        {"run_time_low_s", p->run_low_s},    {"run_time_high_s", p->run_high_s},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dln_json_key(w, numbers[i].key);
        dln_json_double(w, numbers[i].value);
    }
}

static enum status print_prediction_json(const struct opened *study, struct asked *asked)
{
    const struct dln_prediction *const p = &asked->answer;
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    point_json(&w, study, asked);
    dln_json_key(&w, "expected");
    dln_json_object(&w);
    for (size_t k = 0; k < study->summary.n_objectives; k++) {
        dln_json_key(&w, study->summary.metric_names[k]);
        outlook_json(&w, asked->outlook.predictor, k, &p->expected[k]);
    }
    dln_json_end_object(&w);
    dln_json_key(&w, "trials");
    dln_json_int(&w, (int64_t)p->n_trials);
    dln_json_key(&w, "allowed");
    dln_json_bool(&w, p->is_allowed);
    dln_json_key(&w, "broken");
    dln_json_string(&w, p->is_allowed ? NULL : study->space->constraints[p->broken].text);
    numbers_json(&w, p);
    near_json(&w, p);
    dln_json_key(&w, "extrapolates");
    dln_json_string(&w, far_name(p->far));
    dln_json_key(&w, "extrapolates_in");
    dln_json_string(&w, p->far != DLN_FAR_NOT && p->far_param < study->space->n
                            ? study->space->params[p->far_param].name
                            : NULL);
    dln_json_key(&w, "extrapolates_why");
    dln_json_string(&w, p->far_text[0] ? p->far_text : NULL);
    dln_json_end_object(&w);
    return print_json(&out);
}

/* ── the command ───────────────────────────────────────────────────────────────────────────────*/

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct asked asked = {.base = -1};
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_DONE;
    if (!ask(&study, options, &asked, &err)) {
        if (err.code == DLN_NOT_FOUND || err.code == DLN_INVALID) err.code = DLN_USAGE;
        status = complain(&err);
    } else if (option_given(options, "json")) {
        status = print_prediction_json(&study, &asked);
    } else {
        say_point(&study, &asked);
        for (size_t k = 0; k < study.summary.n_objectives; k++)
            say_expected(&study, &asked, k);
        say_works(&study, &asked.answer);
        say_near(&asked.answer);
        for (size_t k = 0; k < study.summary.n_objectives; k++)
            say_trust(&study, &asked, k);
    }
    outlook_close(&asked.outlook);
    opened_release(&study);
    return status;
}

static const struct option options_predict[] = {
    {.name = "copy", .value = "NUMBER", .help = "what is not named is as in that trial"},
    OPTION_STUDY,
    OPTION_JSON,
    {0},
};

const struct command command_predict = {
    .name = "predict",
    .group = GROUP_LOOK,
    .words = "STUDY NAME=VALUE…",
    .summary = "what a trial of this point would bring, before it is run",
    .notes = "  dialin predict svm.db C=10 gamma=0.05\n"
             "What is not named is as in the best trial, or else as by default. Values may lie\n"
             "outside their range. A model is fitted to the trials: at least 5 complete ones.\n",
    .options = options_predict,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = run,
};
