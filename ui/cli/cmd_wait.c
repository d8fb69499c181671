#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/progress.h"
#include "cli/trial_list.h"
#include "cli/watcher.h"
#include "dialin/clock.h"
#include "dialin/expr.h"
#include "dialin/num.h"

enum { LOOK_MS = 1000 }; /* where nothing tells of a change */

/* ── what an expression may speak of ───────────────────────────────────────────────────────────*/

#define NAMES(X)                                                                        \
    X(trials)                                                                           \
    X(run) X(ok) X(cut) X(err) X(wait) X(finished) X(best) X(state) X(engine) X(idle_s) \
        X(run_time_s)

static const char *const names[] = {
#define NAME_TEXT(name) #name,
    NAMES(NAME_TEXT)
#undef NAME_TEXT
};
enum { N_NAMES = sizeof names / sizeof names[0] };

static struct dln_value number(double x)
{
    if (isnan(x)) return (struct dln_value){.kind = DLN_VALUE_MISSING};
    return (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = x};
}

static double idle_seconds(const struct dln_study_summary *s)
{
    if (s->last_activity_us == 0) return (double)NAN;
    return (double)(dln_clock_wall_us() - s->last_activity_us) / 1e6;
}

static bool look_up(void *context, const char *name, struct dln_value *out)
{
    const struct dln_study_summary *const s = context;
    const int64_t *const counts = s->counts;
    const int64_t finished =
        counts[DLN_TRIAL_COMPLETE] + counts[DLN_TRIAL_PRUNED] + counts[DLN_TRIAL_FAIL];
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        if (strcmp(name, dln_trial_state_word((enum dln_trial_state)i)) != 0) continue;
        *out = number((double)counts[i]);
        return true;
    }
    if (strcmp(name, "trials") == 0) {
        *out = number((double)s->n_trials);
    } else if (strcmp(name, "finished") == 0) {
        *out = number((double)finished);
    } else if (strcmp(name, "best") == 0) {
        *out = number(s->best_id >= 0 ? s->best_value : (double)NAN);
    } else if (strcmp(name, "idle_s") == 0) {
        *out = number(idle_seconds(s));
    } else if (strcmp(name, "run_time_s") == 0) {
        *out = number(s->spent.time_s);
    } else if (strcmp(name, "state") == 0) {
        *out = (struct dln_value){.kind = DLN_VALUE_TEXT, .text = state_word(s)};
    } else if (strcmp(name, "engine") == 0) {
        *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = is_running(s)};
    } else {
        return false;
    }
    return true;
}

static bool check_name(void *context, const char *name, size_t column, bool is_operand_of_text)
{
    struct dln_error *const err = context;
    for (size_t i = 0; i < N_NAMES; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    if (is_operand_of_text) return true;
    dln_fail(err, DLN_USAGE, "--until, column %zu: a study has no '%s'", column, name);
    return add_meant(err, name, names, N_NAMES);
}

static bool parse(const char *text, struct dln_arena *arena, const struct dln_expr **out,
                  struct dln_error *err)
{
    size_t column = 0;
    struct dln_error why = {0};
    if (!dln_expr_parse(text, arena, out, &column, &why)) {
        return dln_fail(err, DLN_USAGE, "--until, column %zu: %s", column, why.text);
    }
    return dln_expr_names(*out, check_name, err);
}

/* "90s", "10m", "2h", "1d", or seconds. */
static bool parse_duration(const char *text, int64_t *ms, struct dln_error *err)
{
    static const char units[] = "smhd";
    static const double seconds[] = {1, 60, 3600, 86400};
    double value;
    const size_t n = dln_num_scan(text, strlen(text), &value);
    const char *const unit = n > 0 && text[n] ? strchr(units, text[n]) : NULL;
    const bool is_whole = n > 0 && (text[n] == '\0' || (unit && text[n + 1] == '\0'));
    if (!is_whole || !(value >= 0) || value > 1e9) {
        return dln_fail(err, DLN_USAGE, "--timeout: '%s' is no duration such as 90s, 10m, 2h, 1d",
                        text);
    }
    *ms = (int64_t)(value * 1000 * (unit ? seconds[unit - units] : 1));
    return true;
}

/* ── waiting ───────────────────────────────────────────────────────────────────────────────────*/

enum outcome { OUTCOME_MET, OUTCOME_ENDED, OUTCOME_LATE, OUTCOME_FAILED };

struct wait {
    struct opened *study;
    const struct dln_expr *until; /* NULL: until no engine is at work */
    int64_t deadline_ns;          /* INT64_MAX: none */
    bool for_engine;              /* goes on though no engine is at work */
};

static bool refresh(struct opened *study, struct dln_error *err)
{
    struct dln_error why = {0};
    if (opened_refresh(study, &why)) return true;
    return why.code == DLN_BUSY || dln_fail(err, why.code, "%s", why.text);
}

static enum outcome wait_for_it(const struct wait *wait, struct dln_error *err)
{
    struct watcher watcher;
    struct dln_strbuf log = {0};
    enum outcome outcome = OUTCOME_FAILED;
    dln_strbuf_addf(&log, "%s-wal", wait->study->db_path);
    watcher_open(&watcher, dln_strbuf_text(&log));
    while (refresh(wait->study, err)) {
        struct dln_study_summary *const s = &wait->study->summary;
        if (wait->until && dln_expr_truth(wait->until, look_up, s) > 0) {
            outcome = OUTCOME_MET;
            break;
        }
        if (!is_running(s) && !wait->for_engine) {
            outcome = wait->until ? OUTCOME_ENDED : OUTCOME_MET;
            break;
        }
        const int64_t left_ms = (wait->deadline_ns - dln_clock_mono_ns()) / 1000000;
        if (left_ms <= 0) {
            outcome = OUTCOME_LATE;
            break;
        }
        watcher_wait(&watcher, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
    }
    watcher_close(&watcher);
    dln_strbuf_release(&log);
    return outcome;
}

static enum status tell(const struct options *options, const struct opened *study,
                        enum outcome outcome)
{
    static const char *const words[] = {
        [OUTCOME_MET] = "met", [OUTCOME_ENDED] = "ended", [OUTCOME_LATE] = "timeout"};
    static const enum status statuses[] = {
        [OUTCOME_MET] = STATUS_DONE, [OUTCOME_ENDED] = STATUS_FAILED, [OUTCOME_LATE] = STATUS_BUSY};
    if (option_given(options, "json")) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_object(&w);
        dln_json_key(&w, "outcome");
        dln_json_string(&w, words[outcome]);
        dln_json_key(&w, "study");
        summary_json(&w, &study->summary, study->db_path);
        dln_json_end_object(&w);
        const enum status printed = print_json(&out);
        return printed == STATUS_DONE ? statuses[outcome] : printed;
    }
    if (outcome == OUTCOME_ENDED) {
        say(stderr, "dialin: no engine is at work on '%s', and it has not come to that",
            study->summary.name);
    } else if (outcome == OUTCOME_LATE) {
        say(stderr, "dialin: the time is up");
    }
    say_summary(stdout, &study->summary);
    return statuses[outcome];
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    int64_t timeout_ms = -1;
    const char *const until = option_text(options, "until");
    const char *const timeout = option_text(options, "timeout");
    if (timeout && !parse_duration(timeout, &timeout_ms, &err)) return complain(&err);
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    struct wait wait = {.study = &study,
                        .deadline_ns =
                            timeout_ms < 0 ? INT64_MAX : dln_clock_mono_ns() + timeout_ms * 1000000,
                        .for_engine = option_given(options, "for-engine")};
    enum status status;
    if (until && !parse(until, &study.arena, &wait.until, &err)) {
        status = complain(&err);
    } else {
        const enum outcome outcome = wait_for_it(&wait, &err);
        status = outcome == OUTCOME_FAILED ? complain(&err) : tell(options, &study, outcome);
    }
    opened_release(&study);
    return status;
}

static const struct option options_wait[] = {
    {.name = "until", .alias = 'u', .value = "EXPR", .help = "default: until no engine is at work"},
    {.name = "timeout", .value = "TIME", .help = "90s, 10m, 2h, 1d (default: none)"},
    {.name = "for-engine",
     .help = "go on though no dialin engine is at work: one comes, or Optuna's workers are"},
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_wait = {
    .name = "wait",
    .group = GROUP_LOOK,
    .words = "STUDY [--until EXPR]",
    .summary = "until a study has come to something, for scripts",
    .notes = "EXPR may speak of trials run ok cut err wait finished best state engine idle_s\n"
             "run_time_s. Exit status: 0 it has, 1 the engine ended before, 3 the time is up.\n"
             "  dialin wait svm.db --until 'ok >= 50 or best > 98' --timeout 2h\n",
    .options = options_wait,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
