#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/evidence.h"
#include "cli/trial_filter.h"
#include "format.h"

struct weighed { /* what is printed */
    const struct opened *study;
    const struct evidence *evidence;
    enum dln_importance_method method;
    struct dln_importance *list; /* largest share first */
    size_t n;
    struct dln_interaction *pairs; /* fanova only: largest first */
    size_t n_pairs;
};

static int by_share(const void *a, const void *b)
{
    const struct dln_importance *const x = a;
    const struct dln_importance *const y = b;
    if (x->share != y->share) return x->share < y->share ? 1 : -1;
    return (x->param > y->param) - (x->param < y->param);
}

/* Whether leaving out a fifth may change the order: two neighbours whose ranges overlap. */
static bool is_unsteady(const struct weighed *weighed)
{
    for (size_t i = 0; i + 1 < weighed->n; i++) {
        const bool matters = weighed->list[i].share >= 0.1;
        if (matters && weighed->list[i].low < weighed->list[i + 1].high) return true;
    }
    return false;
}

static void add_bar(struct dln_strbuf *out, double share, size_t width)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const size_t n = (size_t)(share * (double)width * 8 + 0.5);
    for (size_t i = 0; i < n / 8; i++)
        dln_strbuf_add(out, report_ascii() ? "#" : "█");
    if (!report_ascii()) dln_strbuf_add(out, eighths[n % 8]);
}

static bool print_rows(const struct weighed *weighed, struct dln_error *err)
{
    struct report report = {0};
    struct dln_strbuf text = {0};
    char share[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];
    for (size_t c = 0; c < 4; c++)
        report_column(&report, "", c == 1);
    report_column(&report, "", false);
    for (size_t i = 0; i < weighed->n; i++) {
        const struct dln_importance *const entry = &weighed->list[i];
        report_cell(&report, weighed->study->space->params[entry->param].name);
        report_cell(&report, format_share(share, entry->share));
        dln_strbuf_reset(&text);
        add_bar(&text, entry->share, 20);
        report_cell(&report, dln_strbuf_text(&text));
        report_cellf(&report, "%s … %s", format_share(low, entry->low),
                     format_share(high, entry->high));
        dln_strbuf_reset(&text);
        evidence_sentence(weighed->evidence, entry->param, &text);
        report_cell(&report, dln_strbuf_text(&text));
    }
    const bool ok = report_print(&report, stdout, report_width(), false, NULL, err);
    dln_strbuf_release(&text);
    report_release(&report);
    return ok;
}

/* Pairs that explain at least one part in fifty. */
static void print_pairs(const struct weighed *weighed)
{
    const struct dln_param *const params = weighed->study->space->params;
    char share[FORMAT_MAX];
    for (size_t i = 0; i < weighed->n_pairs && i < 3 && weighed->pairs[i].share >= 0.02; i++) {
        say(stdout, "%s and %s together: %s more than each alone", params[weighed->pairs[i].a].name,
            params[weighed->pairs[i].b].name, format_share(share, weighed->pairs[i].share));
    }
}

static enum status print_table(const struct weighed *weighed)
{
    struct dln_error err = {0};
    const struct evidence *const evidence = weighed->evidence;
    const char *const metric = weighed->study->summary.metric_names[evidence->objective];
    if (evidence->of.n < EVIDENCE_MIN) {
        say(stdout, "%s: importance needs %d complete trials, there are %zu",
            weighed->study->summary.name, EVIDENCE_MIN, evidence->of.n);
        return STATUS_DONE;
    }
    say(stdout, "%s: what %s depends on (%s, %zu trials)", weighed->study->summary.name, metric,
        dln_importance_method_name(weighed->method), evidence->of.n);
    putchar('\n');
    if (!print_rows(weighed, &err)) return complain(&err);
    putchar('\n');
    print_pairs(weighed);
    say(stdout, "The range is what the share becomes when each fifth of the trials is left out.");
    if (is_unsteady(weighed)) {
        say(stdout, "Ranges overlap: more trials may change the order.");
    }
    if (evidence->left_out > 0) {
        say(stdout, "%zu complete trials without a finite value are left out.", evidence->left_out);
    }
    return STATUS_DONE;
}

static enum status print_as_json(const struct weighed *weighed)
{
    struct dln_strbuf out = {0}, sentence = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, weighed->study->summary.name);
    dln_json_key(&w, "objective");
    dln_json_string(&w, weighed->study->summary.metric_names[weighed->evidence->objective]);
    dln_json_key(&w, "method");
    dln_json_string(&w, dln_importance_method_name(weighed->method));
    dln_json_key(&w, "trials");
    dln_json_int(&w, (int64_t)weighed->evidence->of.n);
    dln_json_key(&w, "params");
    dln_json_array(&w);
    for (size_t i = 0; i < weighed->n; i++) {
        const struct dln_importance *const entry = &weighed->list[i];
        dln_json_object(&w);
        dln_json_key(&w, "name");
        dln_json_string(&w, weighed->study->space->params[entry->param].name);
        const struct {
            const char *key;
            double value;
        } numbers[] = {{"share", entry->share},
                       {"low", entry->low},
                       {"high", entry->high},
                       {"raw", entry->raw}};
        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
            dln_json_key(&w, numbers[k].key);
            dln_json_double(&w, numbers[k].value);
        }
        dln_json_key(&w, "trials");
        dln_json_int(&w, (int64_t)entry->n);
        dln_strbuf_reset(&sentence);
        evidence_sentence(weighed->evidence, entry->param, &sentence);
        dln_json_key(&w, "note");
        dln_json_string(&w, sentence.len > 0 ? dln_strbuf_text(&sentence) : NULL);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    dln_json_key(&w, "pairs");
    dln_json_array(&w);
    for (size_t i = 0; i < weighed->n_pairs; i++) {
        dln_json_object(&w);
        dln_json_key(&w, "names");
        dln_json_array(&w);
        dln_json_string(&w, weighed->study->space->params[weighed->pairs[i].a].name);
        dln_json_string(&w, weighed->study->space->params[weighed->pairs[i].b].name);
        dln_json_end_array(&w);
        dln_json_key(&w, "share");
        dln_json_double(&w, weighed->pairs[i].share);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    dln_strbuf_release(&sentence);
    return print_json(&out);
}

static bool find_method(const struct options *options, enum dln_importance_method *out,
                        struct dln_error *err)
{
    static const char *const names[] = {
#define METHOD_NAME(name, text) text,
        DLN_IMPORTANCE_METHODS(METHOD_NAME)
#undef METHOD_NAME
    };
    const char *const name = option_text(options, "method");
    for (size_t i = 0; i < DLN_IMPORTANCE_METHOD_COUNT; i++) {
        if (name && strcmp(name, names[i]) != 0) continue;
        *out = (enum dln_importance_method)i;
        return true;
    }
    dln_fail(err, DLN_USAGE, "there is no method '%s'", name);
    return add_meant(err, name, names, DLN_IMPORTANCE_METHOD_COUNT);
}

enum { PAIRED_MAX = 5 }; /* parameters whose pairs are looked at */

static bool find_pairs(struct opened *study, struct weighed *weighed, struct dln_error *err)
{
    size_t params[PAIRED_MAX];
    size_t n = 0;
    if (weighed->method != DLN_IMPORTANCE_FANOVA) return true;
    while (n < PAIRED_MAX && n < weighed->n) {
        params[n] = weighed->list[n].param;
        n++;
    }
    return dln_interactions(&weighed->evidence->of, params, n, &study->arena, &weighed->pairs,
                            &weighed->n_pairs, err);
}

static bool weigh(struct opened *study, const struct options *options, struct trial_list *list,
                  struct evidence *evidence, struct weighed *out, struct dln_error *err)
{
    size_t objective = 0;
    if (!find_method(options, &out->method, err) ||
        !evidence_objective(study, options, &objective, err) ||
        !trial_list_load(study, list, err) ||
        !trial_filter_apply(study, option_text(options, "filter"), list, err) ||
        !evidence_make(study, list, objective, evidence, err) ||
        !dln_importance(&evidence->of, out->method, &study->arena, &out->list, err)) {
        return false;
    }
    out->study = study;
    out->evidence = evidence;
    out->n = study->space->n;
    if (out->n > 0) qsort(out->list, out->n, sizeof *out->list, by_share);
    return find_pairs(study, out, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    struct trial_list list = {0};
    struct evidence evidence = {0};
    struct weighed weighed = {0};
    enum status status;
    if (!weigh(&study, options, &list, &evidence, &weighed, &err)) {
        status = complain(&err);
    } else if (option_given(options, "json")) {
        status = print_as_json(&weighed);
    } else {
        status = print_table(&weighed);
    }
    evidence_release(&evidence);
    trial_list_release(&list);
    opened_release(&study);
    return status;
}

static const struct option options_importance[] = {
    {.name = "method", .value = "NAME", .help = "ped-anova (default), fanova, mdi"},
    OPTION_OBJECTIVE,
    OPTION_FILTER,
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_importance = {
    .name = "importance",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "which parameters matter, how sure that is, and where the good values lie",
    .notes =
        "ped-anova asks how the best tenth of the trials differs from all of them; parameters\n"
        "that are active in some trials only are weighed where they are.\n",
    .options = options_importance,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
