#include <poll.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/watcher.h"

/* Ends when no engine is at work any more, or the reader of our lines has gone. */
static bool follow(struct progress *progress, struct dln_error *err)
{
    struct watcher watcher;
    watcher_open(&watcher, progress->study->db_path);
    bool ok = true;
    while (ok) {
        ok = progress_next(progress, err);
        if (!ok || progress->study_gone || ferror(stdout)) break;
        if (!is_running(&progress->summary)) break;
        watcher_wait(&watcher, 1000);
        /* a dead engine writes nothing: its lease is looked at apart from what is new */
        struct dln_arena arena = {0};
        struct dln_study_summary now;
        if (dln_store_study(progress->study->store, progress->study->summary.id, &arena, &now,
                            NULL)) {
            progress->summary.lease.held = now.lease.held;
            progress->summary.lease.alive = now.lease.alive;
        }
        dln_arena_release(&arena);
    }
    watcher_close(&watcher);
    return ok;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    say_summary(stdout, &study.summary);
    fflush(stdout);
    bool ok = true;
    if (!option_given(options, "once") && is_running(&study.summary)) {
        struct progress progress;
        ok = progress_open(&progress, &study, stdout, &err);
        if (ok) {
            ok = follow(&progress, &err);
            progress_close(&progress);
        }
        if (ok) ok = opened_refresh(&study, &err);
        if (ok) say_summary(stdout, &study.summary);
    }
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}

static const struct option options_watch[] = {
    {.name = "once", .help = "say how it stands and end"},
    OPTION_STUDY,
    {0},
};

const struct command command_watch = {
    .name = "watch",
    .group = GROUP_LOOK,
    .words = "STUDY [--once]",
    .summary = "follow a study as lines, one an event, until its engine ends",
    .options = options_watch,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
