#include "cli/run_study.h"

#include <inttypes.h>
#include <string.h>

#include "cli/best.h"
#include "cli/confirmed.h"
#include "cli/line_mode.h"
#include "cli/locate.h"
#include "cli/progress.h"

static enum status run_lines(const struct prepared *prepared, const struct run_how *how)
{
    struct dln_strbuf note = {0};
    dln_strbuf_addf(&note,
                    "%s %s%s; dialin attach %s from another terminal watches and steers it, Ctrl-C "
                    "ends it",
                    prepared->created ? "made" : "resumed", prepared->db_path,
                    prepared->changed ? " with the changed study file" : "", prepared->db_path);
    const struct line_mode mode = {
        .db_path = prepared->db_path,
        .study_id = prepared->study_id,
        .note = dln_strbuf_text(&note),
        .start_paused = how->start_paused,
        .ends_when_paused = how->ends_when_paused,
    };
    const enum status status = line_mode_run(&mode);
    dln_strbuf_release(&note);
    return status;
}

/* What stays on the terminal when the screen is gone. */
static void say_how_it_stands(const struct prepared *prepared)
{
    struct opened study;
    struct dln_error err = {0};
    if (!opened_by_id(prepared->db_path, prepared->study_id, DLN_STORE_READ, &study, &err)) {
        complain(&err);
        return;
    }
    say_summary(stdout, &study.summary);
    if (study.summary.counts[DLN_TRIAL_COMPLETE] > 0) {
        putchar('\n');
        if (!best_print(&study, stdout, &err) || !confirmed_say(&study, stdout, &err)) {
            complain(&err);
        }
    }
    opened_release(&study);
}

static bool has_spent_budget(const struct dln_study_summary *summary)
{
    return summary->why && strncmp(summary->why, "budget", strlen("budget")) == 0;
}

/* Its budget is used up, or no point is left: a start would end at once. */
static bool has_nothing_to_do(const struct prepared *prepared)
{
    const struct dln_study_summary *const s = &prepared->summary;
    if (prepared->created || prepared->changed || s->state != DLN_ENGINE_DONE ||
        s->counts[DLN_TRIAL_RUNNING] > 0 ||
        (s->counts[DLN_TRIAL_WAITING] > 0 && !has_spent_budget(s))) {
        return false;
    }
    struct opened study;
    if (!opened_by_id(prepared->db_path, prepared->study_id, DLN_STORE_READ, &study, NULL)) {
        return true;
    }
    const bool is_due = s->counts[DLN_TRIAL_COMPLETE] > 0 && confirmed_is_due(&study);
    opened_release(&study);
    return !is_due;
}

static enum status say_done(const struct prepared *prepared)
{
    say_how_it_stands(prepared);
    if (has_spent_budget(&prepared->summary)) {
        say(stderr,
            "dialin: nothing is left to run; dialin set %s budget trials=+50 (or a larger one in "
            "the study file) lets it go on",
            prepared->db_path);
    } else {
        say(stderr, "dialin: nothing is left to run");
    }
    return prepared->summary.counts[DLN_TRIAL_COMPLETE] > 0 ? STATUS_DONE : STATUS_FAILED;
}

enum status run_study(const struct prepared *prepared, const struct run_how *how)
{
    struct dln_error err = {0};
    if (is_running(&prepared->summary)) {
        dln_fail(&err, DLN_BUSY,
                 "'%s' is already run by the engine pid %" PRId64 " on %s: dialin attach %s "
                 "watches and steers it",
                 prepared->summary.name, prepared->summary.lease.pid, prepared->summary.lease.host,
                 prepared->db_path);
        return complain(&err);
    }
    if (how->headless || !report_on_terminal()) {
        return has_nothing_to_do(prepared) ? say_done(prepared) : run_lines(prepared, how);
    }
    struct app_options app = how->looks;
    app.path = prepared->db_path;
    app.study_id = prepared->study_id;
    app.study_name = prepared->summary.name;
    app.start_engine = true;
    app.start_paused = how->start_paused;
    const enum status status = (enum status)app_run(&app);
    if (status == STATUS_DONE) say_how_it_stands(prepared);
    return status;
}
