/* dialin confirm STUDY: the best few again, on fresh seeds. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>

#include "cli/commands.h"
#include "cli/confirmed.h"
#include "cli/steer.h"
#include "cli/whole_file.h"
#include "dialin/json.h"
#include "format.h"

/* What the handlers of SIGINT and SIGTERM reach. */
static atomic_int quits;
static struct dln_wake wake = {.read_fd = -1, .write_fd = -1};

static void on_end_signal(int signal_number)
{
    (void)signal_number;
    (void)atomic_fetch_add(&quits, 1);
    dln_wake_poke(&wake);
}

static void set_signals(void)
{
    struct sigaction end = {.sa_handler = on_end_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&end.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* A line a run. */
static void tell(void *context, const struct dln_confirmation *so_far, size_t row, size_t seed,
                 const char *failure)
{
    char value[FORMAT_MAX];
    char name[FORMAT_MAX];
    (void)context;
    if (row >= so_far->n) {
        if (so_far->n_runs > 0) say(stdout, "goes on after %zu runs", so_far->n_runs);
    } else {
        const struct dln_confirm_row *const one = &so_far->rows[row];
        (void)snprintf(name, sizeof name, "#%" PRId64, one->number);
        say(stdout, "%s seed %zu: %s%s", one->number < 0 ? "default" : name, seed + 1,
            failure ? "failed, " : "", failure ? failure : format_detail(value, one->values[seed]));
    }
    fflush(stdout);
}

/* Where an engine runs the study: it confirms behind its running trials, and goes on. */
static enum status ask_engine(const struct options *options, struct opened *study)
{
    int64_t top = 0;
    int64_t repeats = 0;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    if (!option_whole(options, "top", 1, 100, &top, &err) ||
        !option_whole(options, "repeats", 1, 1000, &repeats, &err)) {
        return complain(&err);
    }
    dln_json_object(&w);
    if (top > 0) {
        dln_json_key(&w, "top");
        dln_json_int(&w, top);
    }
    if (repeats > 0) {
        dln_json_key(&w, "repeats");
        dln_json_int(&w, repeats);
    }
    dln_json_key(&w, "fresh");
    dln_json_bool(&w, option_given(options, "fresh"));
    if (option_given(options, "wrap-up")) {
        dln_json_key(&w, "then");
        dln_json_string(&w, "stop");
    }
    dln_json_end_object(&w);
    const enum status status = steer(study, options, DLN_COMMAND_CONFIRM, &payload);
    dln_strbuf_release(&payload);
    return status;
}

static bool is_run_by_an_engine(const struct dln_study_summary *summary)
{
    return summary->lease.held && summary->lease.alive &&
           (summary->state == DLN_ENGINE_RUNNING || summary->state == DLN_ENGINE_PAUSED ||
            summary->state == DLN_ENGINE_DRAINING);
}

static bool measure(const struct options *options, const char *db_path, int64_t study_id,
                    bool *finished, struct dln_error *err)
{
    int64_t top = 0;
    int64_t repeats = 0;
    if (!option_whole(options, "top", 1, 100, &top, err) ||
        !option_whole(options, "repeats", 1, 1000, &repeats, err) || !dln_wake_init(&wake, err)) {
        return false;
    }
    set_signals();
    const struct dln_confirm_options ask = {
        .db_path = db_path,
        .study_id = study_id,
        .settings = {.top = (int)top,
                     .repeats = (int)repeats,
                     .fresh = option_given(options, "fresh")},
        .wake = &wake,
        .quits = &quits,
        .watch = option_given(options, "json") ? NULL : tell,
    };
    const bool ok = dln_confirm(&ask, finished, err);
    dln_wake_release(&wake);
    return ok;
}

static enum status print(const struct options *options, const struct opened *study,
                         const struct dln_confirmation *found)
{
    struct dln_error err = {0};
    struct dln_strbuf text = {0};
    const char *const path = option_text(options, "report");
    if (path) {
        confirmed_markdown(study, found, &text);
        const bool ok = write_whole_file(path, &text, &err);
        dln_strbuf_release(&text);
        if (!ok) return complain(&err);
    }
    if (option_given(options, "json")) {
        struct dln_strbuf json = {0};
        confirmed_json(study, found, &json);
        return print_json(&json);
    }
    if (!confirmed_print(study, found, stdout, &err)) return complain(&err);
    if (path) say(stdout, "%s: written", path);
    return STATUS_DONE;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_confirmation found = {0};
    struct dln_error err = {0};
    bool finished = true;
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_DONE;
    if (!study.def) {
        dln_fail(&err, DLN_REFUSED, "'%s' has no study file, so nothing says how to run it",
                 study.summary.name);
        status = complain(&err);
    } else if (!option_given(options, "show") && is_run_by_an_engine(&study.summary)) {
        status = ask_engine(options, &study);
        opened_release(&study);
        return status;
    } else if (!option_given(options, "show") &&
               !measure(options, study.db_path, study.summary.id, &finished, &err)) {
        status = complain(&err);
    } else if (!dln_confirmation_read(study.store, study.summary.id, study.def, &found, &err)) {
        status = complain(&err);
    } else if (found.series == 0) {
        dln_fail(&err, DLN_REFUSED, "%s: nothing was confirmed yet", study.summary.name);
        status = complain(&err);
    } else {
        if (!option_given(options, "json") && !option_given(options, "show")) putchar('\n');
        status = print(options, &study, &found);
        if (status == STATUS_DONE && !finished) {
            say(stderr, "dialin: cut short; the same command goes on where it stands");
            status = STATUS_FAILED;
        }
    }
    dln_confirmation_release(&found);
    opened_release(&study);
    return status;
}

static const struct option options_confirm[] = {
    {.name = "top", .value = "N", .help = "candidates beside the best (default: the file's, 5)"},
    {.name = "repeats",
     .value = "N",
     .help = "runs of each on average; the better ones get more (default: the file's, 5)"},
    {.name = "fresh", .help = "new candidates and seeds even if no trial has come since"},
    {.name = "wrap-up", .help = "where it runs: no new trials, confirm, then end"},
    {.name = "wait",
     .value = "SECONDS",
     .help = "where it runs: for the answer (default 10; 0: post and leave)"},
    {.name = "show", .help = "what was found, without running anything"},
    {.name = "report", .value = "FILE.md", .help = "writes it as Markdown, too"},
    OPTION_STUDY,
    OPTION_JSON,
    {0},
};

const struct command command_confirm = {
    .name = "confirm",
    .group = GROUP_RUN,
    .words = "STUDY [--repeats N]",
    .summary = "run the best few again on fresh seeds: does the result hold, or was it luck",
    .notes =
        "Candidates are the best by a model of all trials, the best value, and the default as\n"
        "a control; all get the same seeds, in rounds after which the better half stays. The\n"
        "program must use {seed} or $DIALIN_SEED. 'confirm: {top: 5, seeds: 5, run: …,\n"
        "metric: …}' in the study file lets another, held-out command judge. More repeats\n"
        "later add to what was measured; Ctrl-C or a crash loses at most what is running.\n"
        "A study that runs confirms behind its running trials, and then goes on.\n"
        "Trials and strategy are left as they are.\n",
    .options = options_confirm,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
