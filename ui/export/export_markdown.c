/* A page for a wiki or a pull request: how it stands, the best, what matters, the trials. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "cli/best.h"
#include "cli/columns.h"
#include "cli/evidence.h"
#include "dialin/text.h"
#include "export/exporters.h"
#include "export/markup.h"
#include "format.h"

static void cell(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add(out, " ");
    markdown_text(out, text);
    dln_strbuf_add(out, " |");
}

static void rule(struct dln_strbuf *out, size_t n)
{
    dln_strbuf_add(out, "\n|");
    for (size_t i = 0; i < n; i++)
        dln_strbuf_add(out, " --- |");
    dln_strbuf_add_char(out, '\n');
}

static void add_summary(struct dln_strbuf *out, const struct dln_study_summary *s)
{
    dln_strbuf_add(out, "# ");
    markdown_text(out, s->name);
    dln_strbuf_add(out, "\n\n");
    for (size_t i = 0; i < s->n_objectives; i++) {
        dln_strbuf_add(out, i == 0 ? "" : ", ");
        dln_strbuf_add(out, s->maximize[i] ? "maximize " : "minimize ");
        markdown_text(out, s->metric_names[i]);
    }
    dln_strbuf_addf(out, "; %" PRId64 " trials:", s->n_trials);
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        if (s->counts[i] == 0) continue;
        dln_strbuf_addf(out, " %" PRId64 " %s", s->counts[i],
                        dln_trial_state_word((enum dln_trial_state)i));
    }
    if (s->strategy && s->strategy[0]) {
        dln_strbuf_add(out, "; strategy ");
        markdown_text(out, s->strategy);
    }
    dln_strbuf_add(out, "\n");
}

static bool add_trials(struct dln_strbuf *out, const struct export_ask *ask, size_t n,
                       const struct dln_trial *trials, struct dln_error *err)
{
    size_t n_columns = 0;
    struct trial_column *const columns = columns_default(ask->study, &n_columns);
    struct number_style *const styles = calloc(n_columns + 1, sizeof *styles);
    struct dln_strbuf text = {0};
    const bool ok = (columns && styles) || dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_add(out, "|");
    for (size_t c = 0; ok && c < n_columns; c++) {
        styles[c] = column_style(ask->study, columns[c], n, trials);
        cell(out, column_name(ask->study, columns[c]));
    }
    rule(out, n_columns);
    for (size_t i = 0; ok && i < n; i++) {
        dln_strbuf_add(out, "|");
        for (size_t c = 0; c < n_columns; c++) {
            dln_strbuf_reset(&text);
            column_text(ask->study, columns[c], &trials[i], styles[c], &text);
            cell(out, dln_strbuf_text(&text));
        }
        dln_strbuf_add_char(out, '\n');
    }
    dln_strbuf_release(&text);
    free(styles);
    return ok;
}

static int by_share(const void *a, const void *b)
{
    const double x = ((const struct dln_importance *)a)->share;
    const double y = ((const struct dln_importance *)b)->share;
    return (x < y) - (x > y);
}

static bool add_importance(struct dln_strbuf *out, const struct export_ask *ask,
                           struct dln_error *err)
{
    struct evidence evidence;
    struct dln_importance *list = NULL;
    const size_t d = ask->study->space->n;
    char share[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];
    if (!evidence_make(ask->study, ask->list, ask->objective, &evidence, err)) return false;
    bool ok = true;
    if (evidence.of.n >= EVIDENCE_MIN && d > 0) {
        ok = dln_importance(&evidence.of, DLN_IMPORTANCE_PED_ANOVA, &evidence.arena, &list, err);
    }
    if (ok && list) {
        struct dln_strbuf note = {0};
        qsort(list, d, sizeof *list, by_share);
        dln_strbuf_addf(out,
                        "\n## What matters\n\nPED-ANOVA over %zu complete trials; the range "
                        "is what remains when a fifth of them is left out.\n\n",
                        evidence.of.n);
        dln_strbuf_add(out, "| parameter | share | range | |");
        rule(out, 4);
        for (size_t i = 0; i < d; i++) {
            dln_strbuf_reset(&note);
            evidence_sentence(&evidence, list[i].param, &note);
            dln_strbuf_add(out, "|");
            cell(out, ask->study->space->params[list[i].param].name);
            dln_strbuf_addf(out, " %s | %s … %s |", format_share(share, list[i].share),
                            format_share(low, list[i].low), format_share(high, list[i].high));
            cell(out, dln_strbuf_text(&note));
            dln_strbuf_add_char(out, '\n');
        }
        dln_strbuf_release(&note);
    }
    evidence_release(&evidence);
    return ok;
}

/* Indented text cannot end a code block, whatever is in it. */
static void add_file(struct dln_strbuf *out, const struct export_ask *ask)
{
    if (!ask->study->def) return;
    dln_strbuf_add(out, "\n## Study file\n\n");
    struct dln_strbuf lines = {0};
    const char *text = ask->study->def->text;
    while (*text) {
        size_t len = 0;
        while (text[len] && text[len] != '\n')
            len++;
        dln_strbuf_reset(&lines);
        dln_text_show(&lines, text, len, SIZE_MAX, false);
        dln_strbuf_addf(out, "    %s\n", dln_strbuf_text(&lines));
        text += len + (text[len] == '\n');
    }
    dln_strbuf_release(&lines);
}

static bool add_journal(struct dln_strbuf *out, const struct export_ask *ask, struct dln_error *err)
{
    struct journal journal;
    if (!journal_load(ask->study, 200, &journal, err)) return false;
    if (journal.n == 0) return true;
    dln_strbuf_add(out, "\n## Journal\n\n| time | who | what |");
    rule(out, 3);
    for (size_t i = 0; i < journal.n; i++) {
        dln_strbuf_add(out, "| ");
        document_time(out, journal.entries[i].posted_us);
        dln_strbuf_add(out, " |");
        cell(out, journal.entries[i].who);
        cell(out, journal_what(&journal.entries[i]));
        dln_strbuf_add_char(out, '\n');
    }
    return true;
}

static bool add_best(struct dln_strbuf *out, const struct export_ask *ask, struct dln_error *err)
{
    struct trial_list best;
    if (!best_find(ask->study, &best, err)) return false;
    bool ok = true;
    if (best.n > 0) {
        dln_strbuf_add(out, best.n == 1 ? "\n## Best\n\n" : "\n## Front\n\n");
        ok = add_trials(out, ask, best.n, best.trials, err);
    }
    trial_list_release(&best);
    return ok;
}

static bool write(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    const char *note = NULL;
    if (!dln_store_note_text(ask->study->store, ask->study->summary.id, 0, &ask->study->arena,
                             &note, err)) {
        return false;
    }
    add_summary(out, &ask->study->summary);
    if (!add_best(out, ask, err)) return false;
    if (note[0]) {
        dln_strbuf_add(out, "\n## Note\n\n");
        markdown_text(out, note);
        dln_strbuf_add_char(out, '\n');
    }
    if (!add_importance(out, ask, err)) return false;
    dln_strbuf_add(out, "\n## Trials\n\n");
    if (!add_trials(out, ask, ask->list->n, ask->list->trials, err)) return false;
    add_file(out, ask);
    return add_journal(out, ask, err);
}

const struct exporter exporter_md = {
    .name = "md",
    .ending = ".md",
    .help = "a Markdown page: best, importance, trials, study file, journal",
    .write = write,
};
