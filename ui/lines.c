#include "lines.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "format.h"
#include "headless.h"
#include "helper.h"
#include "runs.h"
#include "session.h"
#include "signals.h"
#include "actions.h"

enum { LAST_LOOK_MS = 2000 };
static const int64_t ns_per_ms = 1000000;

struct lines {
    const struct app_options *options;
    struct dln_wake wake;
    struct helper *helper;
    struct runs runs;
    struct session session;
    bool ascii;
    bool is_mute; /* standard output is gone */
    bool had_engine;
    bool is_over;
    int64_t over_ns; /* when the engine ended */
    int status;
};

/* ── one line ──────────────────────────────────────────────────────────────────────────────────*/

static void say(struct lines *lines, const char *format, ...) DLN_PRINTF(2, 3);
static void say(struct lines *lines, const char *format, ...)
{
    if (lines->is_mute) return;
    char stamp[DLN_TIME_TEXT_MAX];
    const size_t len = dln_time_format(dln_clock_wall_us(), true, stamp);
    struct dln_strbuf raw = {0}, line = {0};
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(&raw, format, args);
    va_end(args);
    if (len >= 19) dln_strbuf_add_len(&line, stamp + 11, 8);
    dln_strbuf_add_char(&line, ' ');
    dln_text_show(&line, dln_strbuf_text(&raw), raw.len, SIZE_MAX, lines->ascii);
    dln_strbuf_add_char(&line, '\n');
    if (fputs(dln_strbuf_text(&line), stdout) == EOF || fflush(stdout) == EOF) {
        lines->is_mute = true;
        if (!lines->options->start_engine) lines->is_over = true; /* nobody listens */
    }
    dln_strbuf_release(&raw);
    dln_strbuf_release(&line);
}

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

static void say_opened(struct lines *lines)
{
    const struct session *session = &lines->session;
    const struct dln_study_summary *summary = session->summary;
    char budget[32] = "", best[FORMAT_MAX + 48] = "", value[FORMAT_MAX];
    if (summary->live.budget.trials > 0) {
        (void)snprintf(budget, sizeof budget, " of %" PRId64, summary->live.budget.trials);
    }
    if (summary->best_id >= 0 && summary->n_objectives == 1) {
        (void)snprintf(best, sizeof best, ", best %s #%" PRId64,
                       format_detail(value, summary->best_value), summary->best_number);
    }
    say(lines, "%s: %s, %" PRId64 "%s trials ended%s", summary->name,
        study_word_text(session->word), summary_finished(summary), budget, best);
}

static void say_started(struct lines *lines, size_t row)
{
    const struct session *session = &lines->session;
    struct dln_strbuf point = {0};
    actions_point_text(session->space, &session->model, row, &point);
    say(lines, "#%" PRId64 " run  %s", session->model.number[row], dln_strbuf_text(&point));
    dln_strbuf_release(&point);
}

static void say_ended(struct lines *lines, const struct session_event *event)
{
    const struct model *model = &lines->session.model;
    const size_t row = event->row;
    char length[FORMAT_MAX], value[FORMAT_MAX];
    struct dln_strbuf values = {0};
    for (size_t i = 0; i < model->m; i++) {
        const double shown = model_shown_value(model, row, i);
        if (isnan(shown)) continue;
        dln_strbuf_addf(&values, "%s%s %s", i > 0 ? ", " : "", session_metric(&lines->session, i),
                        format_detail(value, shown));
    }
    (void)format_duration(length, model_elapsed_ms(model, row, dln_clock_wall_us()));
    const char *detail = event->detail;
    say(lines, "#%" PRId64 " %-4s %s%s%s  after %s", model->number[row],
        dln_trial_state_word(model->state[row]), dln_strbuf_text(&values),
        values.len > 0 && *detail ? ", " : "", detail, length);
    dln_strbuf_release(&values);
}

static void say_best(struct lines *lines, const struct session_event *event)
{
    const struct model *model = &lines->session.model;
    char now[FORMAT_MAX], old[FORMAT_MAX];
    (void)format_detail(now, model->value[0][event->row]);
    (void)format_detail(old, event->old_best);
    say(lines, "new best #%" PRId64 ", %s %s%s%s%s", model->number[event->row],
        session_metric(&lines->session, 0), now, isnan(event->old_best) ? "" : " (was ",
        isnan(event->old_best) ? "" : old, isnan(event->old_best) ? "" : ")");
}

static void say_command(struct lines *lines, const struct dln_command *command)
{
    if (command->kind == DLN_COMMAND_NOTE) return; /* what it tells has its own event */
    say(lines, "%s by %s%s%s%s", dln_command_name(command->kind), command->who,
        command->state == DLN_COMMAND_REFUSED ? ", refused" : "",
        command->answer && *command->answer ? ": " : "", command->answer ? command->answer : "");
}

static void say_state(struct lines *lines)
{
    const struct dln_study_summary *summary = lines->session.summary;
    const bool has_why = summary->why && *summary->why;
    say(lines, "%s%s%s", study_word_text(lines->session.word), has_why ? ": " : "",
        has_why ? summary->why : "");
}

static void tell(void *context, const struct session_event *event)
{
    struct lines *lines = context;
    switch (event->kind) {
    case EVENT_OPENED: say_opened(lines); break;
    case EVENT_STARTED: say_started(lines, event->row); break;
    case EVENT_ENDED: say_ended(lines, event); break;
    case EVENT_BEST: say_best(lines, event); break;
    case EVENT_COMMAND: say_command(lines, event->command); break;
    case EVENT_STATE: say_state(lines); break;
    }
}

static void tell_run(void *context, const struct run_news *news)
{
    struct lines *lines = context;
    switch (news->kind) {
    case RUN_NEWS_STARTED: break;
    case RUN_NEWS_REFUSED:
        (void)fprintf(stderr, "dialin: %s\n", news->err->text);
        lines->is_over = true;
        break;
    case RUN_NEWS_ENDED:
        if (news->outcome == DLN_OUTCOME_FAILED) {
            (void)fprintf(stderr, "dialin: the engine stopped: %s\n", news->err->text);
        }
        break;
    }
}

/* ── the loop ──────────────────────────────────────────────────────────────────────────────────*/

static void hear_signals(struct lines *lines)
{
    while (signals_take(SIGTERM) || signals_take(SIGINT)) {
        if (runs_count(&lines->runs) > 0) {
            if (!lines->runs.is_quitting) say(lines, "ending: running trials are stopped");
            runs_quit(&lines->runs);
        } else {
            lines->is_over = true;
        }
    }
    if (signals_take(SIGHUP)) {
        lines->is_mute = true;
        if (runs_count(&lines->runs) > 0) {
            headless_detach();
        } else {
            lines->is_over = true;
        }
    }
}

static void look_for_end(struct lines *lines)
{
    const struct session *session = &lines->session;
    if (session->code != DLN_OK && session->code != DLN_BUSY && !session->is_open) {
        (void)fprintf(stderr, "dialin: %s\n", session->sentence);
        lines->status = 4;
        lines->is_over = runs_count(&lines->runs) == 0;
        return;
    }
    if (session->is_gone) lines->is_over = true;
    if (!lines->had_engine) {
        if (lines->options->start_engine) return;
        if (session->is_open && session->word == WORD_DONE && session->all_loaded) {
            lines->is_over = true;
        }
        return;
    }
    if (runs_count(&lines->runs) > 0) return;
    const int64_t now_ns = dln_clock_mono_ns();
    if (lines->over_ns == 0) {
        lines->over_ns = now_ns;
        if (session->loader) loader_poke(session->loader);
    }
    /* What the engine wrote last is still to be told: the lease is given up after it. */
    const bool is_told = session->is_open && session->word != WORD_RUN &&
                         session->word != WORD_DRAIN && session->word != WORD_PAUSE;
    if (is_told || now_ns - lines->over_ns > LAST_LOOK_MS * ns_per_ms) lines->is_over = true;
}

static void start_engine(struct lines *lines)
{
    const struct app_options *options = lines->options;
    lines->had_engine = runs_start(&lines->runs, options->path, options->study_id,
                                   lines->session.summary->name, options->start_paused, 0);
    if (lines->had_engine) return;
    lines->status = 1;
    lines->is_over = true;
}

static void step(struct lines *lines)
{
    enum { FIXED = 2 };
    struct pollfd fds[FIXED + RUNS_MAX] = {
        {.fd = lines->wake.read_fd, .events = POLLIN},
        {.fd = signals_fd(), .events = POLLIN},
    };
    int timeout_ms = lines->over_ns != 0 ? 100 : -1;
    const int n = FIXED + runs_poll(&lines->runs, fds + FIXED, RUNS_MAX, &timeout_ms);
    (void)poll(fds, (nfds_t)n, timeout_ms);
    if (fds[0].revents) dln_wake_clear(&lines->wake);
    if (fds[1].revents) signals_clear();
    hear_signals(lines);
    helper_collect(lines->helper, lines);
    if (runs_look(&lines->runs)) loader_poke(lines->session.loader);
    (void)session_take(&lines->session, tell, lines);
    if (lines->options->start_engine && !lines->had_engine && lines->session.all_loaded) {
        start_engine(lines); /* not before: what happened earlier is no news */
    }
    look_for_end(lines);
}

static int finish(struct lines *lines)
{
    const struct dln_study_summary *summary = lines->session.summary;
    if (lines->runs.exit_status != 0) return lines->runs.exit_status;
    if (lines->status != 0 || !summary) return lines->status;
    const bool has_ended = lines->had_engine || lines->session.word == WORD_DONE;
    return has_ended && summary->counts[DLN_TRIAL_COMPLETE] == 0 ? 1 : 0;
}

int lines_run(const struct app_options *options)
{
    struct lines lines = {.options = options};
    (void)setlocale(LC_CTYPE, "");
    lines.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (options->study_id < 0) {
        (void)fprintf(stderr, "dialin: line mode follows one study: name its file\n");
        return 2;
    }
    signals_catch();
    struct dln_error err = {0};
    if (!dln_wake_init(&lines.wake, &err)) {
        (void)fprintf(stderr, "dialin: %s\n", err.text);
        return 1;
    }
    lines.helper = helper_new(&lines.wake);
    if (!lines.helper ||
        !session_open(&lines.session, options->path, options->study_id, &lines.wake)) {
        (void)fprintf(stderr, "dialin: out of memory\n");
        return 1;
    }
    runs_init(&lines.runs, lines.helper, tell_run, &lines);
    while (!lines.is_over)
        step(&lines);
    const int status = finish(&lines);
    session_close(&lines.session);
    helper_free(lines.helper);
    dln_wake_release(&lines.wake);
    return status;
}
