#include <stdlib.h>

#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/selection.h"
#include "cli/trial_list.h"

/* ── three ways to print them ──────────────────────────────────────────────────────────────────*/

struct shown {
    struct opened *study;
    struct trial_list list;
    struct trial_column *columns;
    size_t n_columns;
};

static void fill_table(const struct shown *shown, const struct number_style *styles,
                       struct report *report)
{
    struct dln_strbuf text = {0};
    for (size_t c = 0; c < shown->n_columns; c++) {
        report_column(report, column_name(shown->study, shown->columns[c]),
                      column_is_number(shown->study, shown->columns[c]));
    }
    for (size_t i = 0; i < shown->list.n; i++) {
        for (size_t c = 0; c < shown->n_columns; c++) {
            dln_strbuf_reset(&text);
            column_text(shown->study, shown->columns[c], &shown->list.trials[i], styles[c], &text);
            report_cell(report, dln_strbuf_text(&text));
        }
    }
    dln_strbuf_release(&text);
}

static enum status print_table(const struct shown *shown)
{
    struct report report = {0};
    struct dln_error err = {0};
    size_t left_out = 0;
    struct number_style *const styles = calloc(shown->n_columns, sizeof *styles);
    bool ok = false;
    if (!styles) {
        dln_fail(&err, DLN_NOMEM, "out of memory");
    } else {
        for (size_t c = 0; c < shown->n_columns; c++) {
            styles[c] =
                column_style(shown->study, shown->columns[c], shown->list.n, shown->list.trials);
        }
        fill_table(shown, styles, &report);
        ok = report_print(&report, stdout, report_width(), true, &left_out, &err);
    }
    if (ok && left_out > 0) {
        say(stderr,
            "dialin: %zu more columns have no room: --columns chooses, --json and --csv "
            "have all",
            left_out);
    }
    free(styles);
    report_release(&report);
    return ok ? STATUS_DONE : complain(&err);
}

/* A long list leaves in parts, so that it is never in memory twice. */
enum { FLUSH_ABOVE = 1 << 20 };

static bool flush(struct dln_strbuf *out)
{
    return print_text(out) == STATUS_DONE;
}

static enum status print_trials_json(const struct shown *shown)
{
    struct dln_strbuf out = {0};
    struct dln_error err = {0};
    struct dln_json_writer w = {.out = &out};
    if (!shown->study->summary.is_counted && !opened_refresh(shown->study, &err)) {
        return complain(&err);
    }
    dln_json_object(&w);
    dln_json_key(&w, "study");
    summary_json(&w, &shown->study->summary, shown->study->db_path);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < shown->list.n; i++) {
        trial_json(&w, shown->study, &shown->list.trials[i]);
        if (out.len > FLUSH_ABOVE && !flush(&out)) return STATUS_STORAGE;
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

static enum status print_csv(const struct shown *shown, bool raw)
{
    struct csv csv = {.raw = raw};
    struct dln_strbuf scratch = {0};
    for (size_t c = 0; c < shown->n_columns; c++) {
        csv_text(&csv, column_name(shown->study, shown->columns[c]));
    }
    csv_end_line(&csv);
    for (size_t i = 0; i < shown->list.n; i++) {
        for (size_t c = 0; c < shown->n_columns; c++) {
            csv_value(&csv, column_value(shown->study, shown->columns[c], &shown->list.trials[i],
                                         &scratch));
        }
        csv_end_line(&csv);
        if (csv.out.len > FLUSH_ABOVE && !flush(&csv.out)) break;
    }
    dln_strbuf_release(&scratch);
    return print_text(&csv.out);
}

static bool choose_columns(struct shown *shown, const struct options *options,
                           struct dln_error *err)
{
    const char *const columns = option_text(options, "columns");
    if (!columns) {
        shown->columns = columns_default(shown->study, &shown->n_columns);
        return shown->columns || dln_fail(err, DLN_NOMEM, "out of memory");
    }
    struct dln_error why = {0};
    if (columns_parse(shown->study, columns, &shown->columns, &shown->n_columns, &why)) return true;
    if (!shown->study->is_sampled) return dln_fail(err, why.code, "--columns: %s", why.text);
    /* a parameter that few trials have: all of them tell */
    return opened_infer(shown->study, err) && choose_columns(shown, options, err);
}

/* The columns are checked first, and chosen anew when the trials have made the space larger. */
static bool prepare(struct shown *shown, const struct options *options, struct dln_error *err)
{
    if (!choose_columns(shown, options, err)) return false;
    const bool was_sampled = shown->study->is_sampled;
    if (!selection_load(shown->study, options, &shown->list, err)) return false;
    return was_sampled == shown->study->is_sampled || choose_columns(shown, options, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    struct shown shown = {.study = &study};
    enum status status;
    if (!prepare(&shown, options, &err)) {
        status = complain(&err);
    } else if (option_given(options, "json")) {
        status = print_trials_json(&shown);
    } else if (option_given(options, "csv")) {
        status = print_csv(&shown, option_given(options, "raw"));
    } else {
        status = print_table(&shown);
    }
    trial_list_release(&shown.list);
    opened_release(&study);
    return status;
}

static const struct option options_trials[] = {
    OPTIONS_SELECTION,
    {.name = "columns", .alias = 'c', .value = "LIST", .help = "'number,val_loss,lr'"},
    OPTION_JSON,
    {.name = "csv", .help = "RFC 4180; text that a spreadsheet would run gets an apostrophe"},
    {.name = "raw", .help = "with --csv: without that apostrophe"},
    OPTION_STUDY,
    {0},
};

const struct command command_trials = {
    .name = "trials",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "the table of trials: choose rows and columns, sort; JSON, CSV",
    .notes =
        "One trial in full is `dialin show STUDY NUMBER`.\n"
        "Columns: the parameters, the metrics, and number state value duration started ended\n"
        "reason detail strategy why attempts slot step last, and attr.KEY: what a program or a\n"
        "person noted on it.\n"
        "A filter speaks of these names, and rank, state:ok tag:paper note:WORD has:artifact #12\n"
        "#40..60; a word by itself stands somewhere in a trial's texts; time > 2m has units;\n"
        "@good was saved in the table of trials on the screen (:save-filter good).\n"
        "  dialin trials svm.db --filter 'state:ok and rank <= 10 and time < 2m'\n"
        "  dialin trials svm.db --state ok --sort -accuracy --limit 5\n",
    .options = options_trials,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
