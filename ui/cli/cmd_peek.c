#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/outlook.h"
#include "dialin/peek.h"

enum { PEEK_USUAL = 5 };

/* What a model of our own expects there, whatever the strategy says; false: nothing. */
static bool expect_at(const struct outlook *outlook, const double *x, struct dln_prediction *out)
{
    return outlook->predictor && dln_predictor_point(outlook->predictor, x, out, NULL);
}

static int64_t trials_left(const struct dln_study_summary *summary)
{
    const int64_t budget = summary->live.budget.trials;
    const int64_t used = summary->n_trials - summary->counts[DLN_TRIAL_WAITING];
    if (budget == 0) return INT64_MAX;
    return used < budget ? budget - used : 0;
}

/* ── for people ────────────────────────────────────────────────────────────────────────────────*/

static void say_next(const struct opened *study, const struct outlook *outlook,
                     const struct dln_peeked *next)
{
    struct dln_strbuf line = {0};
    for (size_t i = 0; i < study->space->n; i++) {
        if (isnan(next->x[i])) continue;
        dln_strbuf_addf(&line, " %s=", study->space->params[i].name);
        param_text(&study->space->params[i], next->x[i], &line);
    }
    say(stdout, "#%" PRId64 "%s", next->number, dln_strbuf_text(&line));
    dln_strbuf_reset(&line);
    dln_strbuf_addf(&line, "    %s%s", next->is_enqueued ? "enqueued: " : "", next->why);
    struct dln_prediction p;
    if (isnan(next->mean) && expect_at(outlook, next->x, &p)) { /* else `why` says it */
        for (size_t k = 0; k < study->summary.n_objectives; k++) {
            char value[FORMAT_MAX];
            char chance[FORMAT_MAX];
            const struct dln_expected *const e = &p.expected[k];
            if (!e->is_known) continue;
            dln_strbuf_addf(&line, "%s%s about %s", k == 0 ? "\n    " : "; ",
                            study->summary.metric_names[k], format_with_sd(value, e->mean, e->sd));
            if (isnan(e->chance)) continue;
            dln_strbuf_addf(&line, ", %s chance to be the best", outlook_chance(chance, e->chance));
        }
    }
    const char *text = dln_strbuf_text(&line);
    const char *feed;
    while ((feed = strchr(text, '\n'))) {
        say(stdout, "%.*s", (int)(feed - text), text);
        text = feed + 1;
    }
    say(stdout, "%s", text);
    dln_strbuf_release(&line);
}

static void say_state(const struct opened *study)
{
    const struct dln_study_summary *const s = &study->summary;
    const int64_t running = s->counts[DLN_TRIAL_RUNNING];
    const bool is_alive = s->lease.held && s->lease.alive;
    if (running > 0 && is_alive) {
        say(stdout, "%" PRId64 " %s now; results that come in may change what follows", running,
            running == 1 ? "trial runs" : "trials run");
    } else if (running > 0) {
        say(stdout, "%" PRId64 " unfinished %s run again before these", running,
            running == 1 ? "trial is" : "trials are");
    }
    if (s->state == DLN_ENGINE_PAUSED && is_alive) say(stdout, "the study is paused");
    if (trials_left(s) == 0) {
        say(stdout,
            "the budget of %" PRId64 " trials is met: these would come next with a larger one",
            s->live.budget.trials);
    }
}

static void say_all(const struct opened *study, const struct outlook *outlook,
                    const struct dln_peek *peek)
{
    say_state(study);
    const int64_t left = trials_left(&study->summary);
    for (size_t i = 0; i < peek->n; i++) {
        if (left > 0 && (int64_t)i == left) {
            say(stdout, "── the budget of %" PRId64 " trials ends here ──",
                study->summary.live.budget.trials);
        }
        say_next(study, outlook, &peek->next[i]);
    }
    if (peek->is_exhausted) {
        say(stdout, peek->n > 0 ? "then every point has been tried" : "every point has been tried");
    }
}

/* ── JSON ──────────────────────────────────────────────────────────────────────────────────────*/

static void next_json(struct dln_json_writer *w, const struct opened *study,
                      const struct outlook *outlook, const struct dln_peeked *next)
{
    struct dln_strbuf params = {0};
    dln_space_json(study->space, next->x, &params);
    dln_json_object(w);
    dln_json_key(w, "number");
    dln_json_int(w, next->number);
    dln_json_key(w, "enqueued");
    dln_json_bool(w, next->is_enqueued);
    dln_json_key(w, "params");
    dln_json_raw(w, dln_strbuf_ok(&params) ? dln_strbuf_text(&params) : "null");
    dln_json_key(w, "strategy");
    dln_json_string(w, next->strategy);
    dln_json_key(w, "why");
    dln_json_string(w, next->why);
    dln_json_key(w, "expected");
    struct dln_prediction p;
    if (expect_at(outlook, next->x, &p)) {
        dln_json_object(w);
        for (size_t k = 0; k < study->summary.n_objectives; k++) {
            dln_json_key(w, study->summary.metric_names[k]);
            outlook_json(w, outlook->predictor, k, &p.expected[k]);
        }
        dln_json_end_object(w);
    } else {
        dln_json_null(w);
    }
    dln_json_end_object(w);
    dln_strbuf_release(&params);
}

static enum status print_peek_json(const struct opened *study, const struct outlook *outlook,
                                   const struct dln_peek *peek)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    dln_json_key(&w, "budget_left");
    if (trials_left(&study->summary) < INT64_MAX) {
        dln_json_int(&w, trials_left(&study->summary));
    } else {
        dln_json_null(&w);
    }
    dln_json_key(&w, "exhausted");
    dln_json_bool(&w, peek->is_exhausted);
    dln_json_key(&w, "next");
    dln_json_array(&w);
    for (size_t i = 0; i < peek->n; i++)
        next_json(&w, study, outlook, &peek->next[i]);
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

/* ── the command ───────────────────────────────────────────────────────────────────────────────*/

static bool peek(struct opened *study, const struct options *options, struct dln_peek *out,
                 struct dln_error *err)
{
    int64_t count = PEEK_USUAL;
    if (!option_whole(options, "n", 1, DLN_PEEK_MAX, &count, err)) return false;
    if (!study->def) {
        return dln_fail(err, DLN_USAGE,
                        "the study has no study file, so nothing of dialin's would come next");
    }
    return dln_peek_study(study->store, &study->summary, study->def, (size_t)count, &study->arena,
                          out, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_peek found;
    struct outlook outlook = {0};
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_DONE;
    if (!peek(&study, options, &found, &err)) {
        status = complain(&err);
    } else {
        if (!outlook_open(&study, &outlook, NULL)) outlook_close(&outlook);
        if (option_given(options, "json")) {
            status = print_peek_json(&study, &outlook, &found);
        } else {
            say_all(&study, &outlook, &found);
        }
    }
    outlook_close(&outlook);
    opened_release(&study);
    return status;
}

static const struct option options_peek[] = {
    {.name = "n", .alias = 'n', .value = "COUNT", .help = "how many (default 5, at most 100)"},
    OPTION_STUDY,
    OPTION_JSON,
    {0},
};

const struct command command_peek = {
    .name = "peek",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "what would be tried next, and why",
    .notes = "Enqueued trials first, then the strategy's suggestions, each as if those before it\n"
             "were running. Nothing is written. To have one of them run now: dialin enqueue.\n",
    .options = options_peek,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
