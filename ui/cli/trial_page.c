#include "cli/trial_page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/trial_list.h"
#include "dialin/clock.h"
#include "format.h"

struct page { /* what is known of a trial; texts in the study's arena */
    struct dln_trial trial;
    struct dln_limit_value *limits;
    size_t n_limits;
    struct dln_attribute *attributes;
    size_t n_attributes;
    struct dln_artifact *artifacts;
    size_t n_artifacts;
    const char *note;
};

static bool read_page(const struct opened *study, struct dln_arena *arena, struct page *out,
                      struct dln_error *err)
{
    const int64_t id = study->summary.id;
    return dln_store_limits(study->store, id, out->trial.id, arena, &out->limits, &out->n_limits,
                            err) &&
           dln_store_attributes(study->store, DLN_OF_TRIAL, out->trial.id, arena, &out->attributes,
                                &out->n_attributes, err) &&
           dln_store_artifacts(study->store, id, out->trial.id, arena, &out->artifacts,
                               &out->n_artifacts, err) &&
           dln_store_note_text(study->store, id, out->trial.id, arena, &out->note, err);
}

/* ── for people ────────────────────────────────────────────────────────────────────────────────*/

static void two_columns(struct report *report)
{
    report_column(report, "", false);
    report_column(report, "", false);
    report_column(report, "", false);
}

static void row(struct report *report, const char *name, const char *value)
{
    report_cell(report, "");
    report_cell(report, name);
    report_cell(report, value);
}

static bool print_rows(struct report *report, const char *title, struct dln_error *err)
{
    bool ok = true;
    if (report->n_cells > 0) {
        putchar('\n');
        say(stdout, "%s", title);
        ok = report_print(report, stdout, report_width(), false, NULL, err);
    }
    report_release(report);
    return ok;
}

static void fill_times(const struct dln_trial *trial, struct report *report)
{
    char text[FORMAT_MAX];
    const int64_t now_us = dln_clock_wall_us();
    const double seconds = trial_duration_s(trial);
    if (trial->started_us != 0) {
        row(report, "started", format_time(text, trial->started_us, now_us));
    }
    if (trial->ended_us != 0) row(report, "ended", format_time(text, trial->ended_us, now_us));
    if (!isnan(seconds)) {
        row(report, "duration", format_duration(text, (int64_t)(seconds * 1000)));
    }
    if (trial->strategy[0]) row(report, "strategy", trial->strategy);
    if (trial->why[0]) row(report, "why", trial->why);
    if (trial->reason != DLN_FAIL_NONE) row(report, "reason", dln_fail_reason_name(trial->reason));
    if (trial->detail[0]) row(report, "detail", trial->detail);
    if (trial->run_dir[0]) row(report, "run_dir", trial->run_dir);
}

static void fill_values(const struct opened *study, const struct dln_trial *trial,
                        struct report *report)
{
    char text[FORMAT_MAX];
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        if (isnan(trial->values[i])) continue;
        row(report, study->summary.metric_names[i],
            format_runs(text, trial->values[i], trial->n_runs > 0 ? trial->spread[i] : (double)NAN,
                        trial->n_runs));
    }
    if (trial->n_steps == 0) return;
    report_cell(report, "");
    report_cell(report, "reports");
    report_cellf(report, "%zu, the last one %s at step %" PRId64, trial->n_steps,
                 format_detail(text, trial->curve[trial->n_steps - 1]),
                 trial->steps[trial->n_steps - 1]);
}

static void fill_params(const struct opened *study, const struct dln_trial *trial,
                        struct report *report)
{
    struct dln_strbuf value = {0};
    for (size_t i = 0; i < study->space->n; i++) {
        if (isnan(trial->x[i])) continue;
        dln_strbuf_reset(&value);
        dln_param_text(&study->space->params[i], trial->x[i], &value);
        row(report, study->space->params[i].name, dln_strbuf_text(&value));
    }
    dln_strbuf_release(&value);
}

/* Each line by itself: it is Markdown. */
void note_print(const char *note)
{
    if (!note[0]) return;
    putchar('\n');
    say(stdout, "Note");
    while (*note) {
        const size_t len = strcspn(note, "\n");
        say(stdout, "  %.*s", (int)(len < 4000 ? len : 4000), note);
        note += len + (note[len] == '\n');
    }
}

static bool print_page(const struct opened *study, const struct page *page, struct dln_error *err)
{
    struct report report = {0};
    char text[FORMAT_MAX];
    say(stdout, "%s #%" PRId64 ": %s", study->summary.name, page->trial.number,
        dln_trial_state_word(page->trial.state));
    two_columns(&report);
    fill_values(study, &page->trial, &report);
    if (!print_rows(&report, "Values", err)) return false;
    two_columns(&report);
    fill_params(study, &page->trial, &report);
    if (!print_rows(&report, "Parameters", err)) return false;
    two_columns(&report);
    fill_times(&page->trial, &report);
    if (!print_rows(&report, "Run", err)) return false;
    two_columns(&report);
    for (size_t i = 0; i < page->n_limits; i++) {
        report_cell(&report, "");
        report_cell(&report, page->limits[i].name);
        report_cellf(&report, "%s%s", format_detail(text, page->limits[i].value),
                     page->limits[i].value > 0 ? ": broken" : "");
    }
    if (!print_rows(&report, "Limits (kept at 0 or below)", err)) return false;
    two_columns(&report);
    for (size_t i = 0; i < page->n_attributes; i++) {
        row(&report, page->attributes[i].key, page->attributes[i].json);
    }
    if (!print_rows(&report, "Attributes", err)) return false;
    two_columns(&report);
    for (size_t i = 0; i < page->n_artifacts; i++) {
        row(&report, page->artifacts[i].file_name, page->artifacts[i].id);
    }
    if (!print_rows(&report, "Artifacts", err)) return false;
    note_print(page->note);
    return true;
}

/* ── as JSON ───────────────────────────────────────────────────────────────────────────────────*/

void stored_json(struct dln_json_writer *w, const char *json)
{
    json_t *value = NULL;
    if (dln_json_read(json, strlen(json), &value, NULL)) {
        dln_json_value(w, value);
        json_decref(value);
    } else {
        dln_json_string(w, json);
    }
}

void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n)
{
    dln_json_key(w, "artifacts");
    dln_json_array(w);
    for (size_t i = 0; i < n; i++) {
        dln_json_object(w);
        dln_json_key(w, "id");
        dln_json_string(w, list[i].id);
        dln_json_key(w, "file_name");
        dln_json_string(w, list[i].file_name);
        dln_json_key(w, "media_type");
        dln_json_string(w, list[i].media_type);
        dln_json_end_object(w);
    }
    dln_json_end_array(w);
}

/* The members of an object that is begun. */
static void page_json(struct dln_json_writer *w, const struct opened *study,
                      const struct page *page)
{
    dln_json_key(w, "trial");
    trial_json(w, study, &page->trial);
    dln_json_key(w, "reports");
    dln_json_array(w);
    for (size_t i = 0; i < page->trial.n_steps; i++) {
        dln_json_array(w);
        dln_json_int(w, page->trial.steps[i]);
        dln_json_double(w, page->trial.curve[i]);
        dln_json_end_array(w);
    }
    dln_json_end_array(w);
    dln_json_key(w, "limits");
    dln_json_object(w);
    for (size_t i = 0; i < page->n_limits; i++) {
        dln_json_key(w, page->limits[i].name);
        dln_json_double(w, page->limits[i].value);
    }
    dln_json_end_object(w);
    dln_json_key(w, "attributes");
    dln_json_object(w);
    for (size_t i = 0; i < page->n_attributes; i++) {
        dln_json_key(w, page->attributes[i].key);
        stored_json(w, page->attributes[i].json);
    }
    dln_json_end_object(w);
    dln_json_key(w, "note");
    dln_json_string(w, page->note[0] ? page->note : NULL);
    artifacts_json(w, page->artifacts, page->n_artifacts);
}

bool trial_full_json(struct dln_json_writer *w, const struct opened *study,
                     const struct dln_trial *trial, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct page page = {.trial = *trial};
    const bool ok = read_page(study, &arena, &page, err);
    if (ok) page_json(w, study, &page);
    dln_arena_release(&arena);
    return ok;
}

static enum status print_page_json(const struct opened *study, const struct page *page)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    page_json(&w, study, page);
    dln_json_end_object(&w);
    return print_json(&out);
}

enum status trial_page(struct opened *study, const char *number, bool as_json)
{
    struct page page = {0};
    struct dln_error err = {0};
    if (!opened_trial(study, number, &page.trial, &err) ||
        !read_page(study, &study->arena, &page, &err)) {
        return complain(&err);
    }
    if (as_json) return print_page_json(study, &page);
    return print_page(study, &page, &err) ? STATUS_DONE : complain(&err);
}
