#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/trial_list.h"
#include "cli/trial_page.h"

/* ── which trials, in which order ──────────────────────────────────────────────────────────────*/

/* "ok,cut" */
static bool parse_states(const char *list, bool wanted[DLN_TRIAL_STATE_COUNT],
                         struct dln_error *err)
{
    static const char *const known[] = {
#define STATE_WORD(name, word) word,
        DLN_TRIAL_STATES(STATE_WORD)
#undef STATE_WORD
    };
    char word[32];
    for (; *list; list += *list == ',') {
        const size_t len = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), list);
        list += len;
        size_t state = 0;
        while (state < DLN_TRIAL_STATE_COUNT && strcmp(known[state], word) != 0)
            state++;
        if (state == DLN_TRIAL_STATE_COUNT) {
            dln_fail(err, DLN_USAGE, "--state: '%s' is none of run, ok, cut, err, wait", word);
            return add_meant(err, word, known, DLN_TRIAL_STATE_COUNT);
        }
        wanted[state] = true;
    }
    return true;
}

static bool keep_wanted(struct opened *study, const struct options *options,
                        struct trial_list *list, struct dln_error *err)
{
    const char *const states = option_text(options, "state");
    const char *const filter = option_text(options, "filter");
    bool wanted[DLN_TRIAL_STATE_COUNT] = {false};
    const struct dln_expr *expr = NULL;
    if (states && !parse_states(states, wanted, err)) return false;
    if (filter && !filter_parse(study, filter, &expr, err)) return false;
    struct dln_strbuf scratch = {0};
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct dln_trial *const trial = &list->trials[i];
        if (states && !wanted[trial->state]) continue;
        if (expr && !filter_keeps(study, expr, trial, &scratch)) continue;
        list->trials[kept++] = *trial;
    }
    list->n = kept;
    dln_strbuf_release(&scratch);
    return true;
}

struct sort_key { /* of one trial; missing values are last in both directions */
    struct dln_value value;
    size_t place; /* equal keys keep their order */
    bool descending;
};

static int by_key(const void *a, const void *b)
{
    const struct sort_key *const x = a;
    const struct sort_key *const y = b;
    const bool x_has = x->value.kind != DLN_VALUE_MISSING && x->value.kind != DLN_VALUE_NULL;
    const bool y_has = y->value.kind != DLN_VALUE_MISSING && y->value.kind != DLN_VALUE_NULL;
    if (x_has != y_has) return x_has ? -1 : 1;
    int order = 0;
    if (x_has && x->value.kind != y->value.kind) {
        order = x->value.kind < y->value.kind ? -1 : 1;
    } else if (x_has && x->value.kind == DLN_VALUE_TEXT) {
        order = strcmp(x->value.text, y->value.text);
    } else if (x_has && x->value.kind == DLN_VALUE_BOOL) {
        order = x->value.truth - y->value.truth;
    } else if (x_has) {
        order = (x->value.number > y->value.number) - (x->value.number < y->value.number);
    }
    if (x->descending) order = -order;
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static bool sort(struct opened *study, const char *name, struct trial_list *list,
                 struct dln_error *err)
{
    struct trial_column column;
    const bool descending = name[0] == '-';
    if (!column_find(study, name + descending, &column, err)) return false;
    struct sort_key *const keys = calloc(list->n + 1, sizeof *keys);
    struct dln_trial *const sorted = calloc(list->n + 1, sizeof *sorted);
    bool ok = keys && sorted;
    struct dln_strbuf scratch = {0};
    for (size_t i = 0; ok && i < list->n; i++) {
        keys[i] = (struct sort_key){.place = i, .descending = descending};
        keys[i].value = column_value(study, column, &list->trials[i], &scratch);
        if (keys[i].value.kind == DLN_VALUE_TEXT) {
            keys[i].value.text = dln_arena_copy(&list->arena, keys[i].value.text);
            ok = keys[i].value.text != NULL;
        }
    }
    if (ok) {
        qsort(keys, list->n, sizeof *keys, by_key);
        for (size_t i = 0; i < list->n; i++)
            sorted[i] = list->trials[keys[i].place];
        memcpy(list->trials, sorted, list->n * sizeof *sorted);
    }
    dln_strbuf_release(&scratch);
    free(keys);
    free(sorted);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory to sort the trials");
}

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

static enum status show_table(const struct shown *shown)
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

static enum status show_json(const struct shown *shown)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    summary_json(&w, &shown->study->summary, shown->study->db_path);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < shown->list.n; i++) {
        trial_json(&w, shown->study, &shown->list.trials[i]);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

static enum status show_csv(const struct shown *shown, bool raw)
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
    }
    dln_strbuf_release(&scratch);
    return print_text(&csv.out);
}

static bool prepare(struct shown *shown, const struct options *options, struct dln_error *err)
{
    const char *const columns = option_text(options, "columns");
    const char *const order = option_text(options, "sort");
    int64_t limit = INT64_MAX;
    if (!option_whole(options, "limit", 0, INT64_MAX, &limit, err)) return false;
    if (columns) {
        if (!columns_parse(shown->study, columns, &shown->columns, &shown->n_columns, err)) {
            return dln_wrap(err, "--columns");
        }
    } else {
        shown->columns = columns_default(shown->study, &shown->n_columns);
        if (!shown->columns) return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    if (!trial_list_load(shown->study, &shown->list, err)) return false;
    if (!keep_wanted(shown->study, options, &shown->list, err)) return false;
    if (order && !sort(shown->study, order, &shown->list, err)) return dln_wrap(err, "--sort");
    if (limit < (int64_t)shown->list.n) shown->list.n = (size_t)limit;
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    if (options->n_words > 1) {
        const enum status told =
            trial_page(&study, options->words[1], option_given(options, "json"));
        opened_release(&study);
        return told;
    }
    struct shown shown = {.study = &study};
    enum status status;
    if (!prepare(&shown, options, &err)) {
        status = complain(&err);
    } else if (option_given(options, "json")) {
        status = show_json(&shown);
    } else if (option_given(options, "csv")) {
        status = show_csv(&shown, option_given(options, "raw"));
    } else {
        status = show_table(&shown);
    }
    trial_list_release(&shown.list);
    opened_release(&study);
    return status;
}

static const struct option options_show[] = {
    {.name = "filter",
     .alias = 'f',
     .value = "EXPR",
     .help = "e.g. 'val_loss < 0.1 and opt == sgd'"},
    {.name = "state", .value = "LIST", .help = "of run, ok, cut, err, wait: 'ok,cut'"},
    {.name = "sort",
     .alias = 's',
     .value = "COLUMN",
     .help = "ascending; -COLUMN descending; missing values last"},
    {.name = "columns", .alias = 'c', .value = "LIST", .help = "'number,val_loss,lr'"},
    {.name = "limit", .alias = 'n', .value = "N", .help = "the first N rows after sorting"},
    OPTION_JSON,
    {.name = "csv", .help = "RFC 4180; text that a spreadsheet would run gets an apostrophe"},
    {.name = "raw", .help = "with --csv: without that apostrophe"},
    OPTION_STUDY,
    {0},
};

const struct command command_show = {
    .name = "show",
    .group = GROUP_LOOK,
    .words = "STUDY [NUMBER]",
    .summary = "the table of trials: filter, sort, choose columns; or one trial in full",
    .notes = "With a NUMBER: that trial with limits, attributes, artifacts and note.\n"
             "Columns: the parameters, the metrics, and number state value duration started ended\n"
             "reason detail strategy why attempts slot step last.\n"
             "  dialin show svm.db --state ok --sort -accuracy --limit 5\n",
    .options = options_show,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
