#include "cli/study_page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/best_luck.h"
#include "cli/progress.h"
#include "cli/space_table.h"
#include "cli/trial_list.h"
#include "cli/trial_page.h"
#include "dialin/clock.h"
#include "format.h"

struct page { /* what is known of a study beside its summary; texts in its arena */
    struct dln_attribute *attributes;
    size_t n_attributes;
    struct dln_artifact *artifacts;
    size_t n_artifacts;
    const char *note;
    struct dln_standing standing;
    struct dln_calibration suggested, by_hand;
};

enum { FORETOLD_MAX = 100000 }; /* trials, of which predictions are looked for */

/* How often what was predicted came true, of one objective. */
static bool read_calibration(struct opened *study, struct page *out, struct dln_error *err)
{
    struct dln_foretold *rows = NULL;
    size_t n = 0;
    const struct dln_study_summary *const s = &study->summary;
    if (s->n_objectives == 1 && s->n_trials <= FORETOLD_MAX &&
        !dln_store_foretold(study->store, s->id, &study->arena, &rows, &n, err)) {
        return false;
    }
    out->suggested = dln_calibrate(n, rows, false);
    out->by_hand = dln_calibrate(n, rows, true);
    return true;
}

static bool read_page(struct opened *study, struct page *out, struct dln_error *err)
{
    const int64_t id = study->summary.id;
    if (!study->summary.is_counted && !opened_refresh(study, err)) return false;
    out->standing = standing_of(study);
    return read_calibration(study, out, err) &&
           dln_store_attributes(study->store, DLN_OF_STUDY, id, &study->arena, &out->attributes,
                                &out->n_attributes, err) &&
           dln_store_artifacts(study->store, id, 0, &study->arena, &out->artifacts,
                               &out->n_artifacts, err) &&
           dln_store_note_text(study->store, id, 0, &study->arena, &out->note, err);
}

/* ── for people ────────────────────────────────────────────────────────────────────────────────*/

static void row(struct report *report, const char *name, const char *value)
{
    report_cell(report, "");
    report_cell(report, name);
    report_cell(report, value);
}

static void add_objectives(struct report *report, const struct dln_study_summary *s)
{
    struct dln_strbuf text = {0};
    for (size_t i = 0; i < s->n_objectives; i++) {
        dln_strbuf_addf(&text, "%s%s %s", i > 0 ? ", " : "",
                        s->maximize[i] ? "maximize" : "minimize", s->metric_names[i]);
    }
    row(report, "objective", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void add_counts(struct report *report, const struct dln_study_summary *s)
{
    struct dln_strbuf text = {0};
    const char *before = ": ";
    dln_strbuf_addf(&text, "%" PRId64, s->n_trials);
    if (s->live.budget.trials > 0) {
        dln_strbuf_addf(&text, " of %" PRId64, s->live.budget.trials);
    }
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        if (s->counts[i] == 0) continue;
        dln_strbuf_addf(&text, "%s%" PRId64 " %s", before, s->counts[i],
                        dln_trial_state_word((enum dln_trial_state)i));
        before = ", ";
    }
    row(report, "trials", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void add_best(struct report *report, const struct dln_study_summary *s)
{
    char value[FORMAT_MAX];
    if (s->n_objectives != 1 || s->best_id < 0) return;
    report_cell(report, "");
    report_cell(report, "best");
    report_cellf(report, "%s %s, trial #%" PRId64, s->metric_names[0],
                 format_runs(value, s->best_value, s->best_spread, s->best_runs), s->best_number);
}

static void add_calibration(struct report *report, const char *whose,
                            const struct dln_calibration *found)
{
    if (found->n == 0) return;
    report_cell(report, "");
    report_cell(report, "came true");
    report_cellf(report, "%zu of %zu predictions of %s points (9 of 10 should)", found->n_within,
                 found->n, whose);
}

static void fill(const struct opened *study, const struct page *page, struct report *report)
{
    const struct dln_study_summary *const s = &study->summary;
    char text[FORMAT_MAX];
    const int64_t now_us = dln_clock_wall_us();
    add_objectives(report, s);
    add_counts(report, s);
    add_best(report, s);
    standing_rows(report, &page->standing);
    add_calibration(report, "suggested", &page->suggested);
    add_calibration(report, "hand-made", &page->by_hand);
    if (s->strategy[0]) row(report, "strategy", s->strategy);
    if (s->is_ours) {
        report_cell(report, "");
        report_cell(report, "parallel");
        report_cellf(report, "%d", s->live.parallel);
        row(report, "run time", format_duration(text, (int64_t)(s->spent.time_s * 1000)));
    }
    if (s->created_us != 0) row(report, "made", format_time(text, s->created_us, now_us));
    if (s->last_activity_us != 0) {
        row(report, "last change", format_time(text, s->last_activity_us, now_us));
    }
    row(report, "file", study->db_path);
    const char *const reason = dln_store_read_only_reason(study->store);
    if (reason) row(report, "only to read", reason);
}

static bool print_page(const struct opened *study, const struct page *page, struct dln_error *err)
{
    const struct dln_study_summary *const s = &study->summary;
    struct report report = {0};
    for (int i = 0; i < 3; i++)
        report_column(&report, "", false);
    say(stdout, "%s: %s%s%s", s->name, state_word(s), s->why[0] ? ": " : "", s->why);
    fill(study, page, &report);
    bool ok = report_print(&report, stdout, report_width(), false, NULL, err);
    report_release(&report);
    if (ok && study->space->n > 0) {
        putchar('\n');
        ok = space_print(study->space, err);
        if (study->is_sampled) {
            say(stdout, "  (of a sample of its trials; `dialin trials` knows all parameters)");
        }
    }
    if (ok && page->n_attributes > 0) {
        putchar('\n');
        say(stdout, "Attributes");
        for (int i = 0; i < 3; i++)
            report_column(&report, "", false);
        for (size_t i = 0; i < page->n_attributes; i++)
            row(&report, page->attributes[i].key, page->attributes[i].json);
        ok = report_print(&report, stdout, report_width(), false, NULL, err);
        report_release(&report);
    }
    if (ok && page->n_artifacts > 0) {
        putchar('\n');
        say(stdout, "Artifacts");
        for (int i = 0; i < 3; i++)
            report_column(&report, "", false);
        for (size_t i = 0; i < page->n_artifacts; i++)
            row(&report, page->artifacts[i].file_name, page->artifacts[i].id);
        ok = report_print(&report, stdout, report_width(), false, NULL, err);
        report_release(&report);
    }
    note_print(page->note);
    return ok;
}

/* ── as JSON ───────────────────────────────────────────────────────────────────────────────────*/

void param_json(struct dln_json_writer *w, const struct dln_param *param)
{
    static const char *const kinds[] = {
        [DLN_PARAM_FLOAT] = "float",
        [DLN_PARAM_INT] = "int",
        [DLN_PARAM_CHOICE] = "choice",
        [DLN_PARAM_FLAG] = "flag",
    };
    struct dln_strbuf choice = {0};
    dln_json_object(w);
    dln_json_key(w, "name");
    dln_json_string(w, param->name);
    dln_json_key(w, "kind");
    dln_json_string(w, kinds[param->kind]);
    if (param->n_choices > 0) {
        dln_json_key(w, "choices");
        dln_json_array(w);
        for (size_t i = 0; i < param->n_choices; i++) {
            dln_strbuf_reset(&choice);
            dln_param_json(param, (double)i, &choice);
            dln_json_raw(w, dln_strbuf_text(&choice));
        }
        dln_json_end_array(w);
    } else {
        dln_json_key(w, "low");
        dln_json_double(w, param->low);
        dln_json_key(w, "high");
        dln_json_double(w, param->high);
        dln_json_key(w, "step");
        if (param->step > 0) {
            dln_json_double(w, param->step);
        } else {
            dln_json_null(w);
        }
        dln_json_key(w, "log");
        dln_json_bool(w, param->log);
    }
    dln_json_key(w, "when");
    dln_json_string(w, param->when_text);
    dln_json_end_object(w);
    dln_strbuf_release(&choice);
}

static void calibration_json(struct dln_json_writer *w, const char *key,
                             const struct dln_calibration *found)
{
    dln_json_key(w, key);
    dln_json_object(w);
    dln_json_key(w, "predictions");
    dln_json_int(w, (int64_t)found->n);
    dln_json_key(w, "within");
    dln_json_int(w, (int64_t)found->n_within);
    dln_json_key(w, "bias");
    dln_json_double(w, found->bias);
    dln_json_end_object(w);
}

static enum status print_page_json(const struct opened *study, const struct page *page)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    summary_json(&w, &study->summary, study->db_path);
    dln_json_key(&w, "space");
    dln_json_array(&w);
    for (size_t i = 0; i < study->space->n; i++)
        param_json(&w, &study->space->params[i]);
    dln_json_end_array(&w);
    dln_json_key(&w, "attributes");
    dln_json_object(&w);
    for (size_t i = 0; i < page->n_attributes; i++) {
        dln_json_key(&w, page->attributes[i].key);
        stored_json(&w, page->attributes[i].json);
    }
    dln_json_end_object(&w);
    dln_json_key(&w, "note");
    dln_json_string(&w, page->note[0] ? page->note : NULL);
    artifacts_json(&w, page->artifacts, page->n_artifacts);
    dln_json_key(&w, "standing");
    standing_json(&w, &page->standing);
    dln_json_key(&w, "calibration");
    dln_json_object(&w);
    calibration_json(&w, "suggested", &page->suggested);
    calibration_json(&w, "by_hand", &page->by_hand);
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

enum status study_page(struct opened *study, bool as_json)
{
    struct page page = {0};
    struct dln_error err = {0};
    if (as_json && study->is_sampled && !opened_infer(study, &err)) return complain(&err);
    if (!read_page(study, &page, &err)) return complain(&err);
    if (as_json) return print_page_json(study, &page);
    return print_page(study, &page, &err) ? STATUS_DONE : complain(&err);
}
