#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/best.h"
#include "cli/comparison.h"
#include "cli/evidence.h"
#include "cli/trial_filter.h"
#include "contest.h"
#include "format.h"

struct side { /* one study */
    struct opened *study;
    struct trial_list list, best;
    struct evidence evidence; /* of its first objective */
    double *at_s;             /* of each of its trials: when it ended, in time of the search */
    double run_s;             /* when the last one did */
};

static void range_text(const struct dln_param *param, struct dln_strbuf *out)
{
    char low[FORMAT_MAX], high[FORMAT_MAX];
    if (param->n_choices > 0) {
        for (size_t i = 0; i < param->n_choices; i++) {
            if (i > 0) dln_strbuf_add(out, "|");
            dln_param_text(param, (double)i, out);
        }
        return;
    }
    dln_strbuf_addf(out, "%s … %s", format_detail(low, param->low),
                    format_detail(high, param->high));
    if (param->kind == DLN_PARAM_INT) dln_strbuf_add(out, " int");
    if (param->log) dln_strbuf_add(out, " log");
    if (param->step > 0 && (param->kind != DLN_PARAM_INT || param->step > 1)) {
        dln_strbuf_addf(out, " step %s", format_detail(low, param->step));
    }
    if (param->when_text) dln_strbuf_addf(out, " when %s", param->when_text);
}

/* In the user's sign. */
static double shown(const struct evidence *evidence, double loss)
{
    return evidence->maximize ? -loss : loss;
}

/* When each trial of the evidence ended, and how long the whole search ran. */
static bool read_clock(struct side *side, struct dln_error *err)
{
    const size_t n = side->list.n;
    struct dln_arena *arena = &side->evidence.arena;
    int64_t *started = DLN_ARENA_ARRAY(arena, int64_t, n + 1);
    int64_t *ended = DLN_ARENA_ARRAY(arena, int64_t, n + 1);
    double *all = DLN_ARENA_ARRAY(arena, double, n + 1);
    side->at_s = DLN_ARENA_ARRAY(arena, double, side->evidence.of.n + 1);
    for (size_t i = 0; started && ended && i < n; i++) {
        started[i] = side->list.trials[i].started_us;
        ended[i] = side->list.trials[i].ended_us;
    }
    if (!started || !ended || !all || !side->at_s || !contest_clock(n, started, ended, all)) {
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++)
        side->run_s = fmax(side->run_s, isnan(all[i]) ? 0 : all[i]);
    for (size_t i = 0; i < side->evidence.of.n; i++)
        side->at_s[i] = all[side->evidence.trial[i] - side->list.trials];
    return true;
}

/* After as much time as the shortest of them ran. */
static void time_row(const struct side *sides, size_t n, struct comparison *out)
{
    char text[FORMAT_MAX];
    struct dln_strbuf name = {0};
    double equal_s = INFINITY;
    for (size_t s = 0; s < n; s++)
        equal_s = fmin(equal_s, sides[s].run_s);
    if (equal_s <= 0 || !isfinite(equal_s)) return; /* one of them says nothing of times */
    dln_strbuf_addf(&name, "best in %s", format_duration(text, (int64_t)(equal_s * 1000)));
    comparison_row(out, "study", dln_strbuf_text(&name));
    for (size_t s = 0; s < n; s++) {
        const struct evidence *const evidence = &sides[s].evidence;
        if (sides[s].study->summary.n_objectives != 1) continue;
        const double best = shown(evidence, contest_best_until(evidence->of.n, evidence->of.loss,
                                                               sides[s].at_s, equal_s));
        comparison_number(out, s, best, format_detail(text, best));
    }
    dln_strbuf_release(&name);
}

/* Of the same number of first trials, each against the first study. */
static void rank_row(const struct side *sides, size_t n, size_t equal, struct comparison *out)
{
    char text[FORMAT_MAX];
    comparison_row(out, "study", "rank test p");
    for (size_t s = 1; s < n; s++) {
        const struct evidence *const first = &sides[0].evidence;
        const struct evidence *const other = &sides[s].evidence;
        if (first->maximize != other->maximize) continue;
        const double p = contest_rank_p(equal, first->of.loss, equal, other->of.loss);
        (void)snprintf(text, sizeof text, p < 0.001 ? "< 0.001" : "%.3f", p);
        comparison_number(out, s, p, text);
    }
}

static void count_rows(const struct side *sides, size_t n, struct comparison *out)
{
    char text[FORMAT_MAX];
    comparison_row(out, "study", "trials");
    for (size_t s = 0; s < n; s++) {
        const int64_t count = sides[s].study->summary.n_trials;
        comparison_number(out, s, (double)count, format_count(text, count));
    }
    for (int state = 0; state < DLN_TRIAL_STATE_COUNT; state++) {
        comparison_row(out, "study", dln_trial_state_word((enum dln_trial_state)state));
        for (size_t s = 0; s < n; s++) {
            const int64_t count = sides[s].study->summary.counts[state];
            comparison_number(out, s, (double)count, format_count(text, count));
        }
    }
}

static void value_rows(const struct side *sides, size_t n, struct comparison *out)
{
    char text[FORMAT_MAX];
    struct dln_strbuf words = {0};
    size_t equal = SIZE_MAX;
    comparison_row(out, "study", "objective");
    for (size_t s = 0; s < n; s++) {
        const struct dln_study_summary *const summary = &sides[s].study->summary;
        dln_strbuf_reset(&words);
        for (size_t i = 0; i < summary->n_objectives; i++) {
            dln_strbuf_addf(&words, "%s%s %s", i > 0 ? ", " : "",
                            summary->maximize[i] ? "maximize" : "minimize",
                            summary->metric_names[i]);
        }
        comparison_text(out, s, dln_strbuf_text(&words));
        if (sides[s].evidence.of.n < equal) equal = sides[s].evidence.of.n;
    }
    comparison_row(out, "study", "best");
    for (size_t s = 0; s < n; s++) {
        const struct dln_study_summary *const summary = &sides[s].study->summary;
        if (summary->n_objectives != 1 || summary->best_id < 0) continue;
        dln_strbuf_reset(&words);
        dln_strbuf_addf(&words, "%s #%" PRId64, format_detail(text, summary->best_value),
                        summary->best_number);
        comparison_number(out, s, summary->best_value, dln_strbuf_text(&words));
    }
    dln_strbuf_reset(&words);
    dln_strbuf_addf(&words, "best of first %zu", equal);
    comparison_row(out, "study", dln_strbuf_text(&words));
    for (size_t s = 0; s < n; s++) {
        if (sides[s].study->summary.n_objectives != 1) continue;
        const struct evidence *const evidence = &sides[s].evidence;
        const double best =
            shown(evidence, contest_best_of(evidence->of.n, evidence->of.loss, equal));
        comparison_number(out, s, best, format_detail(text, best));
    }
    dln_strbuf_release(&words);
    time_row(sides, n, out);
    rank_row(sides, n, equal, out);
}

static void setting_rows(const struct side *sides, size_t n, struct comparison *out)
{
    char text[FORMAT_MAX];
    comparison_row(out, "study", "strategy");
    for (size_t s = 0; s < n; s++)
        comparison_text(out, s, sides[s].study->summary.strategy);
    comparison_row(out, "study", "parallel");
    for (size_t s = 0; s < n; s++) {
        const int parallel = sides[s].study->summary.live.parallel;
        const bool known = sides[s].study->summary.is_ours;
        comparison_number(out, s, known ? parallel : (double)NAN, format_count(text, parallel));
    }
    comparison_row(out, "study", "run_time_s");
    for (size_t s = 0; s < n; s++) {
        const double seconds = sides[s].study->summary.spent.time_s;
        comparison_number(out, s, seconds > 0 ? seconds : (double)NAN,
                          format_duration(text, (int64_t)(seconds * 1000)));
    }
}

static bool is_known_before(const struct side *sides, size_t side, const char *name)
{
    for (size_t s = 0; s < side; s++) {
        if (dln_space_find(sides[s].study->space, name) != SIZE_MAX) return true;
    }
    return false;
}

/* The range of a parameter, and its value in the best trial. */
static void param_rows(const struct side *sides, size_t n, const char *name, struct comparison *out)
{
    struct dln_strbuf text = {0}, json = {0};
    dln_strbuf_addf(&text, "space: %s", name);
    comparison_row(out, "space", dln_strbuf_text(&text));
    for (size_t s = 0; s < n; s++) {
        const struct dln_space *const space = sides[s].study->space;
        const size_t index = dln_space_find(space, name);
        dln_strbuf_reset(&text);
        if (index != SIZE_MAX) range_text(&space->params[index], &text);
        comparison_text(out, s, dln_strbuf_text(&text));
    }
    dln_strbuf_reset(&text);
    dln_strbuf_addf(&text, "best: %s", name);
    comparison_row(out, "best", dln_strbuf_text(&text));
    for (size_t s = 0; s < n; s++) {
        const struct dln_space *const space = sides[s].study->space;
        const size_t index = dln_space_find(space, name);
        if (index == SIZE_MAX || sides[s].best.n != 1) continue;
        const double x = sides[s].best.trials[0].x[index];
        if (isnan(x)) continue;
        dln_strbuf_reset(&text);
        dln_strbuf_reset(&json);
        param_text(&space->params[index], x, &text);
        dln_param_json(&space->params[index], x, &json);
        comparison_json(out, s, dln_strbuf_text(&text), dln_strbuf_text(&json));
    }
    dln_strbuf_release(&text);
    dln_strbuf_release(&json);
}

static bool read_side(struct opened *study, const char *filter, struct side *out,
                      struct dln_error *err)
{
    out->study = study;
    if (!trial_list_load(study, &out->list, err) ||
        !trial_filter_apply(study, filter, &out->list, err) ||
        !best_find_among(study, filter, &out->best, err)) {
        return false;
    }
    return study->summary.n_objectives == 0 ||
           (evidence_make(study, &out->list, 0, &out->evidence, err) && read_clock(out, err));
}

bool compare_studies(struct opened *const *studies, size_t n, const char *filter,
                     struct comparison *out, struct dln_error *err)
{
    struct side sides[COMPARED_MAX] = {{0}};
    bool ok = true;
    out->n_columns = n;
    for (size_t s = 0; ok && s < n; s++) {
        out->columns[s] = studies[s]->summary.name;
        ok = read_side(studies[s], filter, &sides[s], err);
    }
    if (ok) {
        value_rows(sides, n, out);
        count_rows(sides, n, out);
        setting_rows(sides, n, out);
        for (size_t s = 0; s < n; s++) {
            const struct dln_space *const space = studies[s]->space;
            for (size_t i = 0; i < space->n; i++) {
                if (is_known_before(sides, s, space->params[i].name)) continue;
                param_rows(sides, n, space->params[i].name, out);
            }
        }
    }
    for (size_t s = 0; s < n; s++) {
        evidence_release(&sides[s].evidence);
        trial_list_release(&sides[s].best);
        trial_list_release(&sides[s].list);
    }
    return ok;
}
