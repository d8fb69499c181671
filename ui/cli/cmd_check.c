#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/space_table.h"
#include "dialin/exec.h"
#include "dialin/num.h"
#include "dialin/pruner.h"
#include "dialin/store.h"
#include "dialin/strategy.h"
#include "format.h"

#define N_SUGGESTIONS 3

/* ── what would run ────────────────────────────────────────────────────────────────────────────*/

static void add_limit(struct dln_strbuf *out, const char *words, double value)
{
    char number[DLN_NUM_TEXT_MAX];
    dln_num_short(value, number);
    dln_strbuf_addf(out, "%s%s %s", out->len > 0 ? ", " : "", words, number);
}

static void budget_text(const struct dln_budget *budget, struct dln_strbuf *out)
{
    char text[FORMAT_MAX];
    if (budget->trials > 0) dln_strbuf_addf(out, "%" PRId64 " trials", budget->trials);
    if (budget->time_s > 0) {
        dln_strbuf_addf(out, "%s%s", out->len > 0 ? ", " : "",
                        format_duration(text, (int64_t)(budget->time_s * 1000)));
    }
    if (budget->slot_s > 0) add_limit(out, "slot hours", budget->slot_s / 3600);
    if (budget->cost > 0) add_limit(out, "cost", budget->cost);
    if (budget->has_target) add_limit(out, "until", budget->target);
    if (budget->no_improvement > 0) {
        dln_strbuf_addf(out, "%suntil %" PRId64 " trials bring nothing better",
                        out->len > 0 ? ", " : "", budget->no_improvement);
    }
    if (out->len == 0) dln_strbuf_add(out, "none: until it is stopped");
}

static void machine_text(const struct dln_study *study, struct dln_strbuf *out)
{
    const struct dln_machine *machine = &study->machine;
    dln_gpus *gpus = NULL;
    struct dln_error err = {0};
    const bool has_gpus = dln_gpus_new(study, &gpus, &err);
    char text[FORMAT_MAX];
    int at_a_time = machine->parallel;
    if (gpus && (!machine->has_parallel || at_a_time > dln_gpus_slots(gpus))) {
        at_a_time = dln_gpus_slots(gpus);
    }
    dln_strbuf_addf(out, "%d at a time, %s", at_a_time, machine->executor);
    if (gpus) dln_strbuf_add(out, ", ");
    if (gpus) dln_gpus_text(gpus, out);
    if (!has_gpus) dln_strbuf_addf(out, "; here it cannot run: %s", err.text);
    dln_gpus_free(gpus);
    if (machine->cpus_per_trial > 0)
        dln_strbuf_addf(out, ", %d CPUs each", machine->cpus_per_trial);
    if (machine->memory_bytes > 0) {
        dln_strbuf_addf(out, ", at most %s each", format_bytes(text, machine->memory_bytes));
    }
    if (machine->timeout_ms > 0) {
        dln_strbuf_addf(out, ", ended after %s", format_duration(text, machine->timeout_ms));
    }
    if (machine->idle_timeout_ms > 0) {
        dln_strbuf_addf(out, ", or %s of silence", format_duration(text, machine->idle_timeout_ms));
    }
}

static void config_text(const struct dln_study *study, const dln_config *config,
                        struct dln_strbuf *out)
{
    struct dln_arena arena = {0};
    const char *file = dln_config_file(study, &arena);
    dln_strbuf_addf(out, "%s, %zu values%s%s", file ? file : "config", dln_config_count(config),
                    study->config_from ? " filled into a copy of " : ", nothing else",
                    study->config_from ? study->config_from : "");
    dln_arena_release(&arena);
}

static void space_text(const struct dln_space *space, struct dln_strbuf *out)
{
    const double count = dln_space_count(space);
    dln_strbuf_addf(out, "%zu parameters", space->n);
    if (isinf(count)) {
        dln_strbuf_add(out, ", endless points");
    } else {
        char text[FORMAT_MAX];
        dln_strbuf_addf(out, ", at most %s points", format_detail(text, count));
    }
    for (size_t i = 0; i < space->n_constraints; i++) {
        dln_strbuf_addf(out, ", %s", space->constraints[i].text);
    }
}

static void print_facts(const struct dln_study *study, const dln_pruning *pruning,
                        const dln_config *config)
{
    struct dln_strbuf text = {0};
    for (size_t i = 0; i < study->n_objectives; i++) {
        say(stdout, "  objective  %s %s", study->objectives[i].maximize ? "maximize" : "minimize",
            study->objectives[i].metric);
    }
    for (size_t i = 0; i < study->n_limits; i++) {
        say(stdout, "  limit      %s", study->limits[i].text);
    }
    say(stdout, "  strategy   %s", study->strategy.name);
    if (strcmp(study->pruner.name, "auto") == 0) {
        say(stdout, "  pruner     auto: %s", dln_pruner_auto_why(study));
    } else if (pruning) {
        say(stdout, "  pruner     %s, on %s", study->pruner.name,
            study->objectives[dln_prune_objective(study)].metric);
    }
    if (config) config_text(study, config, &text);
    if (config) say(stdout, "  config     %s", dln_strbuf_text(&text));
    dln_strbuf_reset(&text);
    budget_text(&study->budget, &text);
    say(stdout, "  budget     %s", dln_strbuf_text(&text));
    dln_strbuf_reset(&text);
    machine_text(study, &text);
    say(stdout, "  machine    %s", dln_strbuf_text(&text));
    dln_strbuf_reset(&text);
    space_text(&study->space, &text);
    say(stdout, "  space      %s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

/* ── the first suggestions ─────────────────────────────────────────────────────────────────────*/

static void print_point(const struct dln_study *study, size_t number,
                        const struct dln_proposal *proposal)
{
    struct dln_strbuf line = {0};
    for (size_t i = 0; i < study->space.n; i++) {
        if (isnan(proposal->x[i])) continue;
        dln_strbuf_addf(&line, " %s=", study->space.params[i].name);
        param_text(&study->space.params[i], proposal->x[i], &line);
    }
    say(stdout, "  #%zu %s", number, dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

static bool print_command(const struct dln_study *study, uint64_t seed, const double *x,
                          struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_strbuf line = {0};
    const bool has_config = study->config_as != DLN_CONFIG_NONE;
    const char *file = has_config ? dln_config_file(study, &arena) : NULL;
    const struct dln_run_spec spec = {
        .study = study,
        .x = x,
        .seed = seed,
        .attempt = 1,
        .run_dir = "RUN_DIR",
        .json_path = "RUN_DIR/params.json",
        .config_path = file ? dln_arena_printf(&arena, "RUN_DIR/%s", file) : NULL,
    };
    const bool ok = dln_command_text(&spec, &arena, &line, err);
    if (ok) {
        say(stdout, "The first one as it would run, in %s:", study->directory);
        fputc('\n', stdout);
        say(stdout, "  %s", dln_strbuf_text(&line));
    }
    dln_strbuf_release(&line);
    dln_arena_release(&arena);
    return ok;
}

/* A point that was suggested counts as running, as it would in a study. */
static bool learn(dln_proposer *proposer, int64_t number, const double *x, const double *nothing,
                  struct dln_error *err)
{
    const struct dln_history_row row = {
        .id = number + 1,
        .number = number,
        .state = DLN_TRIAL_RUNNING,
        .x = x,
        .values = nothing,
        .last_step = -1,
        .last_value = (double)NAN,
        .strategy = "",
        .memo = "",
    };
    return dln_proposer_learn(proposer, 1, &row, err);
}

static bool print_suggestions(const struct dln_study *study, struct dln_error *err)
{
    const size_t d = study->space.n;
    const uint64_t seed = study->has_seed ? study->seed : 0;
    dln_proposer *proposer = NULL;
    double *const fixed = calloc(d + 1, sizeof *fixed);
    double *const first = calloc(d + 1, sizeof *first);
    double *const x = calloc(d + 1, sizeof *x);
    double *const nothing = calloc(study->n_objectives + 1, sizeof *nothing);
    bool ok = fixed && first && x && nothing;
    if (!ok) dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; ok && i < study->n_objectives; i++)
        nothing[i] = (double)NAN;
    ok = ok && dln_proposer_new(study, seed, &proposer, err);
    if (ok) {
        say(stdout, "First suggestions%s:",
            study->has_seed ? "" : " (an example: without `seed:` one is drawn at the start)");
        fputc('\n', stdout);
    }
    for (size_t k = 0; ok && k < N_SUGGESTIONS; k++) {
        struct dln_proposal proposal;
        const bool is_start = k < study->n_start;
        if (is_start) dln_study_start_point(study, k, fixed);
        ok = dln_proposer_ask(proposer, (int64_t)k, is_start ? fixed : NULL, study->budget.trials,
                              &proposal, err);
        if (!ok && err->code == DLN_EXHAUSTED) {
            ok = true;
            say(stdout, "  no point is left after these");
            break;
        }
        if (!ok) break;
        memcpy(x, proposal.x, d * sizeof *x);
        if (k == 0) memcpy(first, x, d * sizeof *first);
        print_point(study, k, &proposal);
        ok = learn(proposer, (int64_t)k, x, nothing, err);
    }
    fputc('\n', stdout);
    if (ok && dln_study_command(study)->n > 0) ok = print_command(study, seed, first, err);
    dln_proposer_free(proposer);
    free(fixed);
    free(first);
    free(x);
    free(nothing);
    return ok;
}

/* ── earlier studies ───────────────────────────────────────────────────────────────────────────*/

static void print_report(const struct dln_study *study, const struct dln_past_report *report)
{
    say(stdout, "  warm start %s: study '%s', %zu of %zu complete trials fit", report->from,
        report->study, report->n_fitting, report->n_trials);
    say(stdout, "             matched %s", report->matched);
    if (report->only_here[0]) {
        say(stdout, "             not there, taken as the default: %s", report->only_here);
    }
    if (report->only_there[0]) say(stdout, "             dropped: %s", report->only_there);
    for (size_t i = 0; i < study->space.n; i++) {
        if (report->n_outside[i] == 0) continue;
        say(stdout, "             %zu trials dropped: '%s' has not their value here",
            report->n_outside[i], study->space.params[i].name);
    }
    if (report->n_outside[study->space.n] > 0) {
        say(stdout, "             %zu trials dropped: they break the constraints",
            report->n_outside[study->space.n]);
    }
}

/* What `warm_start` gives; the study then has it as a definition from a store would. */
static bool take_past(struct dln_study *study, struct dln_error *err)
{
    struct dln_past *past = DLN_ARENA_ARRAY(&study->arena, struct dln_past, study->n_warm_start);
    if (!past) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < study->n_warm_start; i++) {
        struct dln_past_report report;
        if (!dln_store_past(study, study->warm_start[i], &study->arena, &report, err)) return false;
        print_report(study, &report);
        past[i] = report.past;
    }
    study->n_past = study->n_warm_start;
    study->past = past;
    return true;
}

/* ── the command ───────────────────────────────────────────────────────────────────────────────*/

/* A study of that name that exists already: what a run would do with it. */
static void say_existing(const struct dln_study *study, const char *path)
{
    struct dln_arena arena = {0};
    struct dln_study_summary summary;
    dln_store *store = NULL;
    int64_t id;
    const char *const db_path = default_db_path(study, path, &arena);
    if (db_path && dln_store_open(db_path, DLN_STORE_READ, &store, NULL) &&
        dln_store_find_study(store, study->name, &id, NULL) &&
        dln_store_study(store, id, &arena, &summary, NULL)) {
        say(stdout, "  exists     %s has %" PRId64 " trials of it: a run resumes there", db_path,
            summary.n_trials);
        if (summary.is_ours && strcmp(summary.strategy, study->strategy.name) != 0) {
            say(stdout, "             its strategy is %s now", summary.strategy);
        }
    }
    dln_store_close(store);
    dln_arena_release(&arena);
}

/* What is allowed, and yet seldom what was meant. */
static void say_hints(const struct dln_study *study)
{
    struct dln_error why = {0};
    if (!dln_argv_find_program(study, &why)) {
        fputc('\n', stdout);
        say(stdout, "note: no trial can be started on this machine: %s", why.text);
    }
    if (!dln_argv_names_param(study)) {
        fputc('\n', stdout);
        say(stdout, "note: 'run' names no parameter: the program finds the values in the file "
                    "$DIALIN_PARAMS and in $DIALIN_PARAM_NAME; {args} hands them over as options");
    }
}

static bool check(struct dln_study *study, const char *path, struct dln_error *err)
{
    for (size_t i = 0; i < study->n_warnings; i++)
        say(stderr, "warning: %s", study->warnings[i]);
    dln_pruning *pruning = NULL;
    dln_config *config = NULL;
    if (!dln_argv_check(study, err)) return false;
    if (!dln_pruning_new(study, &study->pruner, &pruning, err) ||
        !dln_config_new(study, &config, err)) {
        dln_pruning_free(pruning);
        return dln_wrap(err, "%s", path);
    }
    say(stdout, "%s: a valid study file", path);
    fputc('\n', stdout);
    print_facts(study, pruning, config);
    dln_pruning_free(pruning);
    dln_config_free(config);
    if (!take_past(study, err)) return dln_wrap(err, "%s", path);
    say_existing(study, path);
    fputc('\n', stdout);
    if (!space_print(&study->space, err)) return false;
    fputc('\n', stdout);
    if (!dln_study_can_run(study, err) || !print_suggestions(study, err)) return false;
    say_hints(study);
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    const char *const path = options->words[0];
    struct dln_study *study;
    struct dln_error err = {0};
    if (is_folder(path)) {
        (void)refuse_folder(path, &err);
        return complain(&err);
    }
    if (!dln_study_read_file(path, &study, &err)) return complain(&err);
    const bool ok = check(study, path, &err);
    dln_study_free(study);
    return ok ? STATUS_DONE : complain(&err);
}

const struct command command_check = {
    .name = "check",
    .group = GROUP_RUN,
    .words = "STUDY.yaml",
    .summary = "validate a study file and say what would run, without running it",
    .options = NULL,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
