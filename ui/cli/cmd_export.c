#include <string.h>

#include "cli/commands.h"
#include "cli/evidence.h"
#include "cli/selection.h"
#include "cli/whole_file.h"
#include "export/exporters.h"

static bool choose(const struct options *options, const struct exporter **out,
                   struct dln_error *err)
{
    const char *const name = option_text(options, "to");
    const char *const path = option_text(options, "output");
    const char *names[16];
    size_t n = 0;
    for (const struct exporter *const *e = exporters(); *e && n < 16; e++)
        names[n++] = (*e)->name;
    if (name) {
        *out = exporter_find(name);
        if (*out) return true;
        dln_fail(err, DLN_USAGE, "--to: '%s' is none of csv, json, jsonl, md, html, yaml", name);
        return add_meant(err, name, names, n);
    }
    *out = path ? exporter_for_file(path) : exporter_find("csv");
    return *out ||
           dln_fail(err, DLN_USAGE,
                    "the ending of '%s' says no format: --to csv, json, jsonl, md, html or yaml",
                    path);
}

static enum status deliver(const struct options *options, struct dln_strbuf *text, size_t n)
{
    const char *const path = option_text(options, "output");
    struct dln_error err = {0};
    if (!path) return print_text(text);
    if (!dln_strbuf_ok(text)) {
        dln_fail(&err, DLN_NOMEM, "out of memory");
        return complain(&err);
    }
    if (!write_whole_file(path, text, &err)) return complain(&err);
    say(stdout, "%s: %zu trials, %zu bytes", path, n, text->len);
    return STATUS_DONE;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    const struct exporter *exporter = NULL;
    if (!choose(options, &exporter, &err)) return complain(&err);
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    struct trial_list list = {0};
    struct dln_strbuf text = {0};
    struct export_ask ask = {.study = &study, .list = &list, .raw = option_given(options, "raw")};
    enum status status;
    if (!evidence_objective(&study, options, &ask.objective, &err) ||
        !trial_list_load_curves(&study, &list, &err) ||
        !selection_apply(&study, options, &list, &err) || !exporter->write(&ask, &text, &err)) {
        status = complain(&err);
    } else {
        status = deliver(options, &text, list.n);
    }
    dln_strbuf_release(&text);
    trial_list_release(&list);
    opened_release(&study);
    return status;
}

static const struct option options_export[] = {
    {.name = "to",
     .value = "FORMAT",
     .help = "csv, json, jsonl, md, html, yaml (default: by the output's ending, else csv)"},
    {.name = "output", .alias = 'o', .value = "FILE", .help = "default: standard output"},
    OPTIONS_SELECTION,
    OPTION_OBJECTIVE,
    {.name = "raw", .help = "csv: no apostrophe before text that a spreadsheet would run"},
    OPTION_STUDY,
    {0},
};

const struct command command_export = {
    .name = "export",
    .group = GROUP_MOVE,
    .words = "STUDY [-o FILE]",
    .summary = "a study as CSV, JSON, JSON lines, Markdown, or one HTML page with plots",
    .notes = "csv    a line a trial, user attributes as columns attr.KEY\n"
             "json   everything: study file, space, trials with reports and attributes, journal\n"
             "jsonl  a trial a line, as in json\n"
             "md     a page for a wiki: best, importance, trials, study file, journal\n"
             "html   one self-contained page: no script, nothing loaded from anywhere\n"
             "yaml   the study file; for a study of Optuna one that its trials imply, to check\n"
             "  dialin export svm.db -o svm.html\n"
             "  dialin export svm.db --to csv --state ok --filter 'accuracy > 95' > good.csv\n",
    .options = options_export,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
