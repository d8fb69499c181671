#include "cli/confirmed.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "dialin/json.h"
#include "format.h"

/* Rows by rank, the default last; in the arena. */
static const struct dln_confirm_row **by_rank(const struct dln_confirmation *found,
                                              struct dln_arena *arena)
{
    const struct dln_confirm_row **sorted =
        DLN_ARENA_ARRAY(arena, const struct dln_confirm_row *, found->n);
    for (size_t i = 0; sorted && i < found->n; i++) {
        size_t place = i;
        while (place > 0 && sorted[place - 1]->result.rank > found->rows[i].result.rank) {
            sorted[place] = sorted[place - 1];
            place--;
        }
        sorted[place] = &found->rows[i];
    }
    return sorted;
}

/* "holds, tied": the word of a candidate in the table. */
static void add_word(const struct dln_confirm_row *row, struct dln_strbuf *out)
{
    if (row->result.n == 0) {
        dln_strbuf_add(out, row->result.n_asked > 0 ? "failed" : "not run yet");
        return;
    }
    if (row->result.is_control) {
        dln_strbuf_add(out, "the default");
        return;
    }
    dln_strbuf_add(out, dln_verdict_name(row->result.word));
    if (row->result.is_tied) dln_strbuf_add(out, ", tied with the first");
    if (row->n_failed > 0) dln_strbuf_addf(out, ", %zu failed", row->n_failed);
}

enum { CELLS = 7 };
static const char *const titles[CELLS] = {"rank", "trial", "search", "fresh, 95 %",
                                          "runs", "shift", "verdict"};

/* Fills the seven cells of a row. */
static void fill_cells(const struct dln_confirm_row *row, struct dln_strbuf cells[CELLS])
{
    char text[FORMAT_MAX];
    const struct dln_candidate *const r = &row->result;
    for (size_t i = 0; i < CELLS; i++)
        dln_strbuf_reset(&cells[i]);
    if (r->is_control) {
        dln_strbuf_add(&cells[0], FORMAT_MISSING);
        dln_strbuf_add(&cells[1], "default");
    } else {
        dln_strbuf_addf(&cells[0], "%zu", r->rank + 1);
        dln_strbuf_addf(&cells[1], "#%" PRId64 "%s", row->number, row->is_best ? " *" : "");
    }
    dln_strbuf_add(&cells[2], isnan(r->search) ? FORMAT_MISSING : format_detail(text, r->search));
    if (r->n > 0) {
        dln_confirmation_number(r->mean, r->half_width, &cells[3]);
    } else {
        dln_strbuf_add(&cells[3], FORMAT_MISSING);
    }
    dln_strbuf_addf(&cells[4], "%zu", r->n);
    if (isnan(r->shift)) {
        dln_strbuf_add(&cells[5], FORMAT_MISSING);
    } else {
        dln_strbuf_addf(&cells[5], "%+.3g", r->shift);
    }
    add_word(row, &cells[6]);
}

static void about(const struct opened *study, const struct dln_confirmation *found,
                  struct dln_strbuf *out)
{
    size_t n = found->n;
    if (n > 0) n -= found->rows[n - 1].result.is_control;
    dln_strbuf_addf(out, "%s: %zu of %" PRId64 " trials again on fresh %s, %s%s, %zu runs",
                    study->summary.name, n, found->n_complete, found->folds > 1 ? "folds" : "seeds",
                    found->metric, found->is_held_out ? " of the held-out command" : "",
                    found->n_runs);
    if (!found->is_finished) dln_strbuf_add(out, ", not finished");
}

bool confirmed_is_due(const struct opened *study)
{
    struct dln_confirmation found;
    if (!study->def || !study->def->confirm.given) return false;
    if (!dln_confirmation_read(study->store, study->summary.id, study->def, &found, NULL)) {
        return false;
    }
    const bool is_due = !(found.series > 0 && found.is_finished && found.is_current);
    dln_confirmation_release(&found);
    return is_due;
}

bool confirmed_print(const struct opened *study, const struct dln_confirmation *found, FILE *to,
                     struct dln_error *err)
{
    struct report report = {0};
    struct dln_strbuf cells[CELLS] = {{0}};
    struct dln_strbuf text = {0};
    const struct dln_confirm_row **rows = by_rank(found, &report.arena);
    if (!rows) return dln_fail(err, DLN_NOMEM, "out of memory");
    about(study, found, &text);
    say(to, "%s", dln_strbuf_text(&text));
    fputc('\n', to);
    for (size_t i = 0; i < CELLS; i++)
        report_column(&report, titles[i], i == 0 || i == 2 || i == 4 || i == 5);
    for (size_t i = 0; i < found->n; i++) {
        fill_cells(rows[i], cells);
        for (size_t k = 0; k < CELLS; k++)
            report_cell(&report, dln_strbuf_text(&cells[k]));
    }
    const bool ok = report_print(&report, to, report_width(), true, NULL, err);
    dln_strbuf_reset(&text);
    dln_confirmation_verdict(found, &text);
    if (ok && text.len > 0) {
        fputc('\n', to);
        for (char *line = text.data, *end; line && *line; line = end + 1) {
            end = strchr(line, '\n');
            if (!end) break;
            *end = '\0';
            say(to, "%s", line);
        }
    }
    for (size_t i = 0; i < CELLS; i++)
        dln_strbuf_release(&cells[i]);
    dln_strbuf_release(&text);
    report_release(&report);
    return ok;
}

bool confirmed_say(const struct opened *study, FILE *to, struct dln_error *err)
{
    struct dln_confirmation found;
    if (!study->def) return true;
    if (!dln_confirmation_read(study->store, study->summary.id, study->def, &found, err)) {
        return false;
    }
    bool ok = true;
    if (found.series > 0) {
        fputc('\n', to);
        ok = confirmed_print(study, &found, to, err);
    }
    dln_confirmation_release(&found);
    return ok;
}

/* Letters that mean something in Markdown are taken as they stand. */
static void add_plain(struct dln_strbuf *out, const char *text)
{
    struct dln_strbuf safe = {0};
    harmless(&safe, text, SIZE_MAX);
    for (const char *at = dln_strbuf_text(&safe); *at; at++) {
        if (strchr("\\`*_{}[]<>|~&", *at)) dln_strbuf_add_char(out, '\\');
        dln_strbuf_add_char(out, *at);
    }
    dln_strbuf_release(&safe);
}

static void add_point(const struct opened *study, const struct dln_confirmation *found,
                      struct dln_strbuf *out)
{
    struct dln_trial trial;
    struct dln_arena arena = {0};
    struct dln_strbuf value = {0};
    const int64_t number = found->rows[found->findings.winner].number;
    if (dln_store_trial(study->store, study->summary.id, study->space, study->summary.n_objectives,
                        number, &arena, &trial, NULL)) {
        dln_strbuf_addf(out, "\n## #%" PRId64 "\n\n| parameter | value |\n| --- | --- |\n", number);
        for (size_t i = 0; i < study->space->n; i++) {
            if (isnan(trial.x[i])) continue;
            dln_strbuf_reset(&value);
            dln_param_text(&study->space->params[i], trial.x[i], &value);
            dln_strbuf_add(out, "| ");
            add_plain(out, study->space->params[i].name);
            dln_strbuf_add(out, " | ");
            add_plain(out, dln_strbuf_text(&value));
            dln_strbuf_add(out, " |\n");
        }
    }
    dln_strbuf_release(&value);
    dln_arena_release(&arena);
}

void confirmed_markdown(const struct opened *study, const struct dln_confirmation *found,
                        struct dln_strbuf *out)
{
    struct dln_arena arena = {0};
    struct dln_strbuf text = {0};
    struct dln_strbuf cells[CELLS] = {{0}};
    const struct dln_confirm_row **rows = by_rank(found, &arena);
    about(study, found, &text);
    dln_strbuf_add(out, "# Does the result hold?\n\n");
    add_plain(out, dln_strbuf_text(&text));
    dln_strbuf_add(out, ".\n\n");
    dln_strbuf_reset(&text);
    dln_confirmation_verdict(found, &text);
    for (char *line = text.data, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) break;
        *end = '\0';
        dln_strbuf_add(out, "- ");
        add_plain(out, line);
        dln_strbuf_add(out, "\n");
    }
    dln_strbuf_add(out, "\n|");
    for (size_t i = 0; i < CELLS; i++)
        dln_strbuf_addf(out, " %s |", titles[i]);
    dln_strbuf_add(out, "\n|");
    for (size_t i = 0; i < CELLS; i++)
        dln_strbuf_add(out, " --- |");
    for (size_t i = 0; rows && i < found->n; i++) {
        fill_cells(rows[i], cells);
        dln_strbuf_add(out, "\n|");
        for (size_t k = 0; k < CELLS; k++) {
            dln_strbuf_add_char(out, ' ');
            add_plain(out, dln_strbuf_text(&cells[k]));
            dln_strbuf_add(out, " |");
        }
    }
    dln_strbuf_add(out, "\n\n\\* best of the search. Intervals by the noise of all candidates; the "
                        "value to report is drawn towards their mean by how little they differ; "
                        "ties by paired tests on common seeds, corrected by Holm.\n");
    if (found->is_held_out) {
        dln_strbuf_addf(out, "\nShort lists that the held-out command has judged: %" PRId64 ".\n",
                        found->held_out_uses);
    }
    if (found->is_finished && found->findings.is_known) add_point(study, found, out);
    for (size_t i = 0; i < CELLS; i++)
        dln_strbuf_release(&cells[i]);
    dln_strbuf_release(&text);
    dln_arena_release(&arena);
}

/* ── JSON ──────────────────────────────────────────────────────────────────────────────────────*/

static void real(struct dln_json_writer *w, const char *key, double value)
{
    dln_json_key(w, key);
    dln_json_double(w, value);
}

static void whole(struct dln_json_writer *w, const char *key, int64_t value)
{
    dln_json_key(w, key);
    dln_json_int(w, value);
}

static void truth(struct dln_json_writer *w, const char *key, bool value)
{
    dln_json_key(w, key);
    dln_json_bool(w, value);
}

static void trial_number(struct dln_json_writer *w, const char *key, int64_t number)
{
    dln_json_key(w, key);
    if (number < 0) {
        dln_json_null(w);
    } else {
        dln_json_int(w, number);
    }
}

static void row_json(struct dln_json_writer *w, const struct dln_confirm_row *row, size_t n_seeds)
{
    const struct dln_candidate *const r = &row->result;
    dln_json_object(w);
    trial_number(w, "trial", row->number);
    truth(w, "best_of_search", row->is_best);
    truth(w, "default", r->is_control);
    whole(w, "rank", (int64_t)r->rank + 1);
    real(w, "search", r->search);
    real(w, "mean", r->mean);
    real(w, "half_width", r->half_width);
    real(w, "sd", r->sd);
    real(w, "shrunk", r->shrunk);
    real(w, "shift", r->shift);
    whole(w, "runs", (int64_t)r->n);
    whole(w, "failed", (int64_t)row->n_failed);
    real(w, "behind", r->behind.mean);
    real(w, "p", r->p);
    truth(w, "tied", r->is_tied);
    dln_json_key(w, "verdict");
    dln_json_string(w, r->is_control ? NULL : dln_verdict_name(r->word));
    dln_json_key(w, "values");
    dln_json_array(w);
    for (size_t s = 0; s < n_seeds; s++) {
        if (row->cells[s] == DLN_CELL_MEASURED) dln_json_double(w, row->values[s]);
    }
    dln_json_end_array(w);
    dln_json_end_object(w);
}

void confirmed_json(const struct opened *study, const struct dln_confirmation *found,
                    struct dln_strbuf *out)
{
    struct dln_arena arena = {0};
    struct dln_strbuf verdict = {0};
    struct dln_json_writer w = {.out = out};
    const struct dln_findings *const f = &found->findings;
    const bool is_known = found->is_finished && f->is_known;
    const struct dln_confirm_row **rows = by_rank(found, &arena);
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    dln_json_key(&w, "metric");
    dln_json_string(&w, found->metric);
    truth(&w, "held_out", found->is_held_out);
    whole(&w, "held_out_uses", found->held_out_uses);
    whole(&w, "series", found->series);
    whole(&w, "trials", found->n_complete);
    whole(&w, "runs", (int64_t)found->n_runs);
    truth(&w, "finished", found->is_finished);
    truth(&w, "current", found->is_current);
    trial_number(&w, "use", is_known ? found->rows[f->winner].number : -1);
    real(&w, "value", is_known ? f->value : (double)NAN);
    real(&w, "half_width", is_known ? f->half_width : (double)NAN);
    dln_json_key(&w, "best_of_search");
    dln_json_string(&w, is_known ? dln_verdict_name(found->rows[found->best].result.word) : NULL);
    whole(&w, "tied", (int64_t)f->n_tied);
    dln_json_key(&w, "more_seeds");
    if (is_known && f->more < SIZE_MAX) {
        dln_json_int(&w, f->n_tied > 0 ? (int64_t)f->more : 0);
    } else {
        dln_json_null(&w);
    }
    truth(&w, "beats_default", f->beats_control);
    real(&w, "p_default", f->has_control ? f->p_control : (double)NAN);
    real(&w, "noise_sd", f->noise_sd);
    real(&w, "expected_luck", found->luck);
    real(&w, "optimism", f->optimism);
    real(&w, "rank_agreement", f->rank_agreement);
    dln_confirmation_verdict(found, &verdict);
    dln_json_key(&w, "verdict");
    dln_json_string(&w, dln_strbuf_text(&verdict));
    dln_json_key(&w, "candidates");
    dln_json_array(&w);
    for (size_t i = 0; rows && i < found->n; i++)
        row_json(&w, rows[i], found->n_seeds);
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    dln_strbuf_release(&verdict);
    dln_arena_release(&arena);
}
