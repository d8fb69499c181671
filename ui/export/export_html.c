/*
 * One self-contained page: no script, nothing loaded, foreign text escaped. Light and dark as the
 * reader's system is; it prints.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/best.h"
#include "cli/columns.h"
#include "dialin/clock.h"
#include "dialin/version.h"
#include "export/charts.h"
#include "export/markup.h"
#include "format.h"

enum { ROWS_MAX = 2000 }; /* of the table */

static const char style[] =
    ":root{--ink:#1c2430;--dim:#667080;--page:#fff;--box:#f5f7f9;--edge:#d8dee5;--accent:#0b6e99;"
    "--best:#c2410c;--s0:#0b6e99;--s1:#4d96b3;--s2:#9aa6b0;--s3:#d3a76a;--s4:#c9663a}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e7ec;--dim:#97a1ad;--page:#15191e;"
    "--box:#1d2329;--edge:#353d46;--accent:#6cc4e8;--best:#ff9e64;--s0:#6cc4e8;--s1:#4b8aa3;"
    "--s2:#6c7782;--s3:#a5854f;--s4:#b4633f}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:1040px;padding:24px;background:"
    "var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}"
    "h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:32px 0 8px}"
    "p{margin:4px 0;color:var(--dim)}.cards{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}"
    ".card{background:var(--box);border:1px solid var(--edge);border-radius:6px;padding:8px 14px}"
    ".card b{display:block;font-size:19px;font-weight:600}.card span{color:var(--dim);"
    "font-size:13px}"
    "svg{width:100%;height:auto;display:block}.small{display:grid;"
    "grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:8px}"
    "svg text{font:12px system-ui,sans-serif;fill:var(--dim)}svg .name{fill:var(--ink)}"
    ".grid{stroke:var(--edge);stroke-width:1}.axis{stroke:var(--dim);stroke-width:1}"
    ".dot{fill:var(--accent);fill-opacity:.5}.best{fill:var(--best)}"
    "path{fill:none}.line{stroke:var(--best);stroke-width:2}"
    ".curve{stroke:var(--accent);stroke-opacity:.45}.cut{stroke:var(--dim);stroke-dasharray:3 3}"
    ".bar{fill:var(--accent)}.range{stroke:var(--ink);stroke-width:2}"
    "circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}"
    "circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}circle{fill-opacity:.75}"
    "path.s0{stroke:var(--s0);stroke-opacity:.9}path.s1{stroke:var(--s1)}path.s2{stroke:var(--s2)}"
    "path.s3{stroke:var(--s3)}path.s4{stroke:var(--s4)}.fan{stroke-width:1.2;stroke-opacity:.35}"
    ".fan:hover,.curve:hover{stroke-width:3;stroke-opacity:1}"
    ".scroll{overflow:auto;max-height:560px;border:1px solid var(--edge);border-radius:6px}"
    "table{border-collapse:collapse;font-size:13px;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{padding:3px 10px;text-align:left;white-space:nowrap;border-bottom:1px solid "
    "var(--edge)}td.n,th.n{text-align:right}th{position:sticky;top:0;background:var(--box)}"
    "tr.top td{font-weight:600;color:var(--best)}"
    "pre{background:var(--box);border:1px solid var(--edge);border-radius:6px;padding:12px;"
    "overflow:auto;font:13px/1.45 ui-monospace,monospace;margin:0}"
    "@media print{.scroll{max-height:none}body{max-width:none}}";

static void title(struct dln_strbuf *out, const char *text, const char *below)
{
    dln_strbuf_addf(out, "<h2>%s</h2>\n", text);
    if (!below) return;
    dln_strbuf_add(out, "<p>");
    html_text(out, below);
    dln_strbuf_add(out, "</p>\n");
}

/* ── how it stands ─────────────────────────────────────────────────────────────────────────────*/

static void card(struct dln_strbuf *out, const char *value, const char *words)
{
    dln_strbuf_add(out, "<div class=\"card\"><b>");
    html_text(out, value);
    dln_strbuf_add(out, "</b><span>");
    html_text(out, words);
    dln_strbuf_add(out, "</span></div>\n");
}

static void add_cards(struct dln_strbuf *out, const struct dln_study_summary *s)
{
    char text[FORMAT_MAX];
    struct dln_strbuf words = {0};
    dln_strbuf_add(out, "<div class=\"cards\">\n");
    if (s->n_objectives == 1 && s->best_id >= 0) {
        dln_strbuf_addf(&words, "best %s, trial #%" PRId64, s->metric_names[0], s->best_number);
        card(out, format_runs(text, s->best_value, s->best_spread, s->best_runs),
             dln_strbuf_text(&words));
    }
    dln_strbuf_reset(&words);
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        if (s->counts[i] == 0) continue;
        dln_strbuf_addf(&words, "%s%" PRId64 " %s", words.len > 0 ? ", " : "", s->counts[i],
                        dln_trial_state_word((enum dln_trial_state)i));
    }
    struct dln_strbuf count = {0};
    dln_strbuf_addf(&count, "%s trials", format_count(text, s->n_trials));
    card(out, dln_strbuf_text(&count), words.len > 0 ? dln_strbuf_text(&words) : "none yet");
    dln_strbuf_release(&count);
    if (s->strategy && s->strategy[0]) card(out, s->strategy, "strategy");
    if (s->spent.time_s > 0) {
        card(out, format_duration(text, (int64_t)(s->spent.time_s * 1000)), "engine at work");
    }
    dln_strbuf_add(out, "</div>\n");
    dln_strbuf_release(&words);
}

static void add_head(struct dln_strbuf *out, const struct dln_study_summary *s)
{
    dln_strbuf_add(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"
                        " style-src 'unsafe-inline'\">\n"
                        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                        "<title>");
    html_text(out, s->name);
    dln_strbuf_addf(out, "</title>\n<style>%s</style></head><body>\n<h1>", style);
    html_text(out, s->name);
    dln_strbuf_add(out, "</h1>\n<p>");
    for (size_t i = 0; i < s->n_objectives; i++) {
        dln_strbuf_add(out, i > 0 ? ", " : "");
        dln_strbuf_add(out, s->maximize[i] ? "maximize " : "minimize ");
        html_text(out, s->metric_names[i]);
    }
    dln_strbuf_addf(out, "; told by dialin %s at ", DLN_VERSION);
    document_time(out, dln_clock_wall_us());
    dln_strbuf_add(out, "</p>\n");
    add_cards(out, s);
}

/* ── tables ────────────────────────────────────────────────────────────────────────────────────*/

static void table_cell(struct dln_strbuf *out, const char *tag, bool is_number, const char *text)
{
    dln_strbuf_addf(out, "<%s%s>", tag, is_number ? " class=\"n\"" : "");
    html_text(out, text);
    dln_strbuf_addf(out, "</%s>", tag);
}

static bool add_trials(struct dln_strbuf *out, const struct export_ask *ask, size_t n,
                       const struct dln_trial *trials, struct dln_error *err)
{
    size_t n_columns = 0;
    struct trial_column *const columns = columns_default(ask->study, &n_columns);
    struct number_style *const styles = calloc(n_columns + 1, sizeof *styles);
    struct dln_strbuf text = {0};
    const bool ok = (columns && styles) || dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_add(out, "<div class=\"scroll\"><table><thead><tr>");
    for (size_t c = 0; ok && c < n_columns; c++) {
        styles[c] = column_style(ask->study, columns[c], n, trials);
        table_cell(out, "th", column_is_number(ask->study, columns[c]),
                   column_name(ask->study, columns[c]));
    }
    dln_strbuf_add(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; ok && i < n; i++) {
        const bool is_best = ask->study->summary.best_id == trials[i].id;
        dln_strbuf_add(out, is_best ? "<tr class=\"top\">" : "<tr>");
        for (size_t c = 0; c < n_columns; c++) {
            dln_strbuf_reset(&text);
            column_text(ask->study, columns[c], &trials[i], styles[c], &text);
            table_cell(out, "td", column_is_number(ask->study, columns[c]), dln_strbuf_text(&text));
        }
        dln_strbuf_add(out, "</tr>\n");
    }
    dln_strbuf_add(out, "</tbody></table></div>\n");
    dln_strbuf_release(&text);
    free(styles);
    return ok;
}

static bool add_best(struct dln_strbuf *out, const struct export_ask *ask, struct dln_error *err)
{
    struct trial_list best;
    if (!best_find(ask->study, &best, err)) return false;
    bool ok = true;
    if (best.n > 0) {
        title(out, best.n == 1 ? "Best" : "Trials that no other one beats in everything", NULL);
        ok = add_trials(out, ask, best.n, best.trials, err);
        struct dln_strbuf command = {0};
        if (best.n == 1 && trial_command(ask->study, &best.trials[0], &command, NULL)) {
            dln_strbuf_add(out, "<p>Its command:</p>\n<pre>");
            html_lines(out, dln_strbuf_text(&command));
            dln_strbuf_add(out, "</pre>\n");
        }
        dln_strbuf_release(&command);
    }
    trial_list_release(&best);
    return ok;
}

static bool add_settings(struct dln_strbuf *out, const struct export_ask *ask,
                         struct dln_error *err)
{
    struct opened *const study = ask->study;
    struct journal journal;
    const char *note = NULL;
    if (!journal_load(study, 500, &journal, err) ||
        !dln_store_note_text(study->store, study->summary.id, 0, &study->arena, &note, err)) {
        return false;
    }
    if (note[0]) {
        title(out, "Note", NULL);
        dln_strbuf_add(out, "<pre>");
        html_lines(out, note);
        dln_strbuf_add(out, "</pre>\n");
    }
    if (study->def) {
        title(out, "Study file", NULL);
        dln_strbuf_add(out, "<pre>");
        html_lines(out, study->def->text);
        dln_strbuf_add(out, "</pre>\n");
    }
    if (journal.n == 0) return true;
    title(out, "Journal", NULL);
    dln_strbuf_add(out, "<div class=\"scroll\"><table><thead><tr><th>time</th><th>who</th>"
                        "<th>what</th><th>state</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < journal.n; i++) {
        dln_strbuf_add(out, "<tr><td>");
        document_time(out, journal.entries[i].posted_us);
        dln_strbuf_add(out, "</td>");
        table_cell(out, "td", false, journal.entries[i].who);
        table_cell(out, "td", false, journal_what(&journal.entries[i]));
        table_cell(out, "td", false, journal_state(&journal.entries[i]));
        dln_strbuf_add(out, "</tr>\n");
    }
    dln_strbuf_add(out, "</tbody></table></div>\n");
    return true;
}

/* ── pictures ──────────────────────────────────────────────────────────────────────────────────*/

static int by_share(const void *a, const void *b)
{
    const double x = ((const struct dln_importance *)a)->share;
    const double y = ((const struct dln_importance *)b)->share;
    return (x < y) - (x > y);
}

struct placed {
    double loss;
    size_t index;
};

static int by_loss(const void *a, const void *b)
{
    const double x = ((const struct placed *)a)->loss;
    const double y = ((const struct placed *)b)->loss;
    return (x > y) - (x < y);
}

/* Fifths by rank. */
static const int *make_shades(struct evidence *evidence)
{
    const size_t n = evidence->of.n;
    struct placed *const placed = DLN_ARENA_ARRAY(&evidence->arena, struct placed, n);
    int *const shade = DLN_ARENA_ARRAY(&evidence->arena, int, n);
    if (!placed || !shade) return NULL;
    for (size_t i = 0; i < n; i++)
        placed[i] = (struct placed){evidence->of.loss[i], i};
    if (n > 0) qsort(placed, n, sizeof *placed, by_loss);
    for (size_t i = 0; i < n; i++)
        shade[placed[i].index] = (int)(i * CHART_SHADES / n);
    return shade;
}

typedef void chart_function(struct dln_strbuf *out, const struct chart_data *data);

static void add_chart(struct dln_strbuf *out, const struct chart_data *data, const char *name,
                      const char *below, chart_function *chart, bool is_many)
{
    struct dln_strbuf picture = {0};
    chart(&picture, data);
    out->failed = out->failed || picture.failed;
    if (picture.len > 0) {
        title(out, name, below);
        if (is_many) dln_strbuf_add(out, "<div class=\"small\">\n");
        dln_strbuf_add_len(out, picture.data, picture.len);
        if (is_many) dln_strbuf_add(out, "</div>\n");
    }
    dln_strbuf_release(&picture);
}

static bool add_charts(struct dln_strbuf *out, const struct export_ask *ask, struct dln_error *err)
{
    struct evidence evidence;
    struct dln_importance *list = NULL;
    const size_t d = ask->study->space->n;
    if (ask->study->summary.n_objectives == 0) return true;
    if (!evidence_make(ask->study, ask->list, ask->objective, &evidence, err)) return false;
    const int *const shade = make_shades(&evidence);
    bool ok = shade || dln_fail(err, DLN_NOMEM, "out of memory");
    if (ok && d > 0 && evidence.of.n >= EVIDENCE_MIN) {
        ok = dln_importance(&evidence.of, DLN_IMPORTANCE_PED_ANOVA, &evidence.arena, &list, err);
        if (ok) qsort(list, d, sizeof *list, by_share);
    }
    if (ok) {
        const struct chart_data data = {
            .ask = ask, .evidence = &evidence, .list = list, .shade = shade};
        add_chart(out, &data, "Front", "The first two objectives; large dots are not beaten.",
                  chart_front, false);
        add_chart(out, &data, "History", "A dot is a trial, the line the best so far.",
                  chart_history, false);
        add_chart(out, &data, "What matters",
                  "PED-ANOVA: how the best tenth of the trials differs from all. The stroke is the "
                  "range when a fifth of the trials is left out.",
                  chart_importance, false);
        add_chart(out, &data, "Value by parameter",
                  "Blue dots are the best fifth of the trials, red ones the worst.", chart_slices,
                  true);
        add_chart(out, &data, "Parallel coordinates",
                  "A line is a trial, the best ones on top; it breaks where a parameter is not "
                  "active.",
                  chart_parallel, false);
        add_chart(out, &data, "Learning curves", "Dashed: cut, failed or still running.",
                  chart_curves, false);
    }
    evidence_release(&evidence);
    return ok;
}

static bool write(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    add_head(out, &ask->study->summary);
    if (!add_best(out, ask, err) || !add_charts(out, ask, err)) return false;
    const size_t n = ask->list->n < ROWS_MAX ? ask->list->n : ROWS_MAX;
    struct dln_strbuf left = {0};
    if (n < ask->list->n) {
        dln_strbuf_addf(&left, "The first %zu of %zu; CSV and JSON have all.", n, ask->list->n);
    }
    title(out, "Trials", left.len > 0 ? dln_strbuf_text(&left) : NULL);
    dln_strbuf_release(&left);
    if (!add_trials(out, ask, n, ask->list->trials, err)) return false;
    if (!add_settings(out, ask, err)) return false;
    dln_strbuf_add(out, "</body></html>\n");
    return true;
}

const struct exporter exporter_html = {
    .name = "html",
    .ending = ".html",
    .help = "one self-contained page with plots, table, study file and journal",
    .write = write,
};
