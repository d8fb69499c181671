#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/comparison.h"
#include "cli/trial_list.h"
#include "format.h"

/* "×2.4", "+0.31", and whether that is for the better. */
static void say_change(struct comparison *out, double from, double to, bool is_ratio, int better)
{
    struct dln_strbuf text = {0};
    char number[FORMAT_MAX];
    if (isnan(from) || isnan(to) || from == to) return;
    if (is_ratio && from > 0 && to > 0) {
        dln_strbuf_addf(&text, "×%s", format_detail(number, to / from));
    } else {
        dln_strbuf_addf(&text, "%s%s", to > from ? "+" : "", format_detail(number, to - from));
    }
    if (better != 0) dln_strbuf_add(&text, (to > from) == (better > 0) ? " better" : " worse");
    comparison_change(out, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void param_row(const struct opened *study, const struct dln_trial *trials, size_t n,
                      size_t index, struct comparison *out)
{
    const struct dln_param *const param = &study->space->params[index];
    struct dln_strbuf text = {0}, json = {0};
    comparison_row(out, "param", param->name);
    for (size_t t = 0; t < n; t++) {
        const double x = trials[t].x[index];
        if (isnan(x)) continue;
        dln_strbuf_reset(&text);
        dln_strbuf_reset(&json);
        dln_param_text(param, x, &text);
        dln_param_json(param, x, &json);
        comparison_json(out, t, dln_strbuf_text(&text), dln_strbuf_text(&json));
    }
    if (n == 2 && param->n_choices == 0) {
        say_change(out, trials[0].x[index], trials[1].x[index], param->log, 0);
    }
    dln_strbuf_release(&text);
    dln_strbuf_release(&json);
}

static void run_rows(const struct dln_trial *trials, size_t n, struct comparison *out)
{
    static const char *const names[] = {"state", "reason", "detail", "strategy", "why"};
    char text[FORMAT_MAX];
    for (size_t r = 0; r < sizeof names / sizeof names[0]; r++) {
        comparison_row(out, "run", names[r]);
        for (size_t t = 0; t < n; t++) {
            const struct dln_trial *const trial = &trials[t];
            const char *const values[] = {
                dln_trial_state_word(trial->state),
                trial->reason == DLN_FAIL_NONE ? "" : dln_fail_reason_name(trial->reason),
                trial->detail, trial->strategy, trial->why};
            comparison_text(out, t, values[r]);
        }
    }
    comparison_row(out, "run", "duration_s");
    for (size_t t = 0; t < n; t++) {
        const double seconds = trial_duration_s(&trials[t]);
        comparison_number(out, t, seconds,
                          isnan(seconds) ? "" : format_duration(text, (int64_t)(seconds * 1000)));
    }
    comparison_row(out, "run", "last_step");
    for (size_t t = 0; t < n; t++) {
        const size_t steps = trials[t].n_steps;
        const double step = steps > 0 ? (double)trials[t].steps[steps - 1] : (double)NAN;
        comparison_number(out, t, step, format_detail(text, step));
    }
}

/* The limits of all trials by name; the list and the named form may both be there. */
static bool limit_rows(struct opened *study, const struct dln_trial *trials, size_t n,
                       struct comparison *out, struct dln_error *err)
{
    struct dln_limit_value *first = NULL, *list = NULL;
    size_t n_first = 0, n_list = 0;
    char text[FORMAT_MAX];
    if (!dln_store_limits(study->store, study->summary.id, trials[0].id, &study->arena, &first,
                          &n_first, err)) {
        return false;
    }
    for (size_t i = 0; i < n_first; i++) {
        comparison_row(out, "limit", first[i].name);
        for (size_t t = 0; t < n; t++) {
            if (!dln_store_limits(study->store, study->summary.id, trials[t].id, &study->arena,
                                  &list, &n_list, err)) {
                return false;
            }
            for (size_t l = 0; l < n_list; l++) {
                if (strcmp(list[l].name, first[i].name) != 0) continue;
                comparison_number(out, t, list[l].value, format_detail(text, list[l].value));
            }
        }
    }
    return true;
}

bool compare_trials(struct opened *study, char *const *numbers, size_t n, struct comparison *out,
                    struct dln_error *err)
{
    struct dln_trial trials[COMPARED_MAX];
    const struct dln_study_summary *const summary = &study->summary;
    char text[FORMAT_MAX];
    out->n_columns = n;
    for (size_t t = 0; t < n; t++) {
        if (!opened_trial(study, numbers[t], &trials[t], err)) return false;
        out->columns[t] = dln_arena_printf(&out->arena, "#%" PRId64, trials[t].number);
        if (!out->columns[t]) return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < summary->n_objectives; i++) {
        comparison_row(out, "metric", summary->metric_names[i]);
        for (size_t t = 0; t < n; t++) {
            const double value = trials[t].values[i];
            comparison_number(out, t, value, format_detail(text, value));
        }
        if (n == 2) {
            say_change(out, trials[0].values[i], trials[1].values[i], false,
                       summary->maximize[i] ? 1 : -1);
        }
    }
    for (size_t i = 0; i < study->space->n; i++)
        param_row(study, trials, n, i, out);
    if (!limit_rows(study, trials, n, out, err)) return false;
    run_rows(trials, n, out);
    return true;
}
