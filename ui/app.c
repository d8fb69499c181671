#define _GNU_SOURCE /* realpath */
/*
 * The screen program's loop: one poll on the terminal, the wake-up pipe, the stub, the engines and
 * a timer; one frame a wake-up. Nothing in it waits for the disk or for a slow line.
 */
#include "app.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actions.h"
#include "advice.h"
#include "cli/line_mode.h"
#include "dialin/clock.h"
#include "editor.h"
#include "format.h"
#include "guard.h"
#include "headless.h"
#include "loader.h"
#include "methods.h"
#include "paint.h"
#include "palette.h"
#include "screen/screens.h"
#include "signals.h"
#include "stub.h"
#include "terminal.h"
#include "theme.h"
#include "view.h"

static const int64_t ns_per_ms = 1000000, ns_per_s = 1000000000;

/* Frames for keys: ten a second, and a few at once, so that single keys are never late. */
enum {
    KEY_FRAME_MS = 100,
    KEY_BURST = 4,
    FIRST_WAIT_MS = 30,
    FAULT_PATIENCE_S = 5,
    CLOSE_WAIT_MS = 500
};
/* A line that leaves a frame waiting for a second is slow, until none has had to for a minute. */
enum { STALL_S = 1, RECOVERY_S = 60 };
/* The file is read again when somebody comes back: what it tells so soon was before. */
enum { ABSENCE_S = 2 };

struct app {
    struct view view;
    struct terminal term;
    struct paint *paint;
    enum color_depth depth;
    const struct stub_link *link;
    bool has_screen;   /* false while suspended */
    int64_t tokens_ns; /* credit for key frames */
    int64_t credited_ns;
    int64_t data_frame_ns; /* of the last frame for data */
    int64_t tick_ns;       /* of the last tick of a screen */
    int64_t stalled_ns;    /* since when a frame has been on its way; 0: none is */
    int64_t late_ns;       /* when a frame was late last */
    bool was_late;         /* and nobody has been told why news come less often */
    int64_t left_finished; /* trials that had ended at Ctrl-Z; -1: unknown */
    int64_t absence_ns;    /* until then what is read is still news of the absence */
    double left_best;
    struct theme first_theme;         /* what :theme goes back to */
    char shown_theme[THEME_NAME_MAX]; /* of :theme; "": the first one */
    bool theme_is_chosen;             /* by the person: the background is not asked for */
};

/* ── frames ────────────────────────────────────────────────────────────────────────────────────*/

static int64_t data_period_ns(const struct app *app)
{
    return app->view.is_slow ? 5 * ns_per_s : ns_per_s;
}

static void set_title(struct app *app)
{
    const struct dln_study_summary *summary = app->view.session.summary;
    if (!summary || app->view.is_slow) return;
    char title[128], budget[32] = "";
    if (summary->live.budget.trials > 0) {
        (void)snprintf(budget, sizeof budget, "/%lld", (long long)summary->live.budget.trials);
    }
    (void)snprintf(title, sizeof title, "dialin %.60s %lld%s", summary->name,
                   (long long)summary_finished(summary), budget);
    terminal_set_title(&app->term, title);
}

/* What :theme says, or shows while somebody looks for one. */
static void follow_theme(struct app *app)
{
    const struct view *view = &app->view;
    const bool is_looking = view->overlay.kind == OVERLAY_PALETTE && view->previewed[0];
    const char *wanted = is_looking ? view->previewed : view->theme;
    struct theme theme = app->first_theme;
    if (strcmp(wanted, app->shown_theme) == 0) return;
    (void)snprintf(app->shown_theme, sizeof app->shown_theme, "%s", wanted);
    if (*wanted && !theme_load(wanted, NULL, &theme, NULL)) return;
    paint_theme(app->paint, &theme, app->depth);
}

/* Draws what there is now. A lost or stopped terminal is dealt with in the next round. */
static void draw(struct app *app)
{
    struct view *view = &app->view;
    struct cells *cells = &view->cells;
    if (cells->rows != app->term.rows || cells->cols != app->term.cols) {
        cells_release(cells);
        if (!cells_init(cells, app->term.rows, app->term.cols, app->term.level)) return;
    }
    if (view->wants_repaint) {
        paint_forget(app->paint);
        view->wants_repaint = false;
    }
    follow_theme(app);
    view_draw(view);
    struct dln_error err = {0};
    if (!paint_frame(app->paint, cells, &err)) return;
    set_title(app);
    (void)terminal_flush(&app->term);
    view->is_dirty = false;
    view->is_data_dirty = false;
    app->data_frame_ns = view->now_ns;
}

/* When the next frame is due; INT64_MAX: nothing to draw. */
static int64_t frame_due_ns(const struct app *app)
{
    const struct view *view = &app->view;
    if (!app->has_screen || terminal_is_stalled(&app->term)) return INT64_MAX;
    if (view->is_dirty) {
        const int64_t missing_ns = KEY_FRAME_MS * ns_per_ms - app->tokens_ns;
        const int64_t due_ns = missing_ns > 0 ? view->now_ns + missing_ns : view->now_ns;
        return view->hold_ns > due_ns ? view->hold_ns : due_ns;
    }
    const int64_t next_ns = app->data_frame_ns + data_period_ns(app);
    if (view->is_data_dirty) return next_ns > view->now_ns ? next_ns : view->now_ns;
    int64_t due_ns = INT64_MAX;
    if (view_has_clock(view)) due_ns = next_ns;
    if (view->message.text[0] && view->message.until_ns > app->data_frame_ns &&
        view->message.until_ns < due_ns) {
        due_ns = view->message.until_ns;
    }
    return due_ns;
}

static void credit(struct app *app)
{
    const int64_t cap_ns = KEY_BURST * KEY_FRAME_MS * ns_per_ms;
    app->tokens_ns += app->view.now_ns - app->credited_ns;
    if (app->tokens_ns > cap_ns) app->tokens_ns = cap_ns;
    app->credited_ns = app->view.now_ns;
}

static void draw_if_due(struct app *app)
{
    if (frame_due_ns(app) > app->view.now_ns) return;
    if (app->view.is_dirty) app->tokens_ns -= KEY_FRAME_MS * ns_per_ms;
    draw(app);
}

static void watch_line(struct app *app)
{
    struct view *view = &app->view;
    if (app->has_screen && terminal_is_stalled(&app->term)) {
        if (app->stalled_ns == 0) app->stalled_ns = view->now_ns;
        if (view->now_ns - app->stalled_ns < STALL_S * ns_per_s) return;
        app->late_ns = view->now_ns;
        app->was_late = app->was_late || !view->is_slow;
        view->is_slow = true;
        return;
    }
    app->stalled_ns = 0;
    if (app->was_late) view_say(view, ROLE_WARN, "The line is slow: news come every 5 s");
    app->was_late = false;
    const bool is_over = view->now_ns - app->late_ns > RECOVERY_S * ns_per_s;
    if (is_over && !view->options->slow) view->is_slow = false;
}

/* ── entering and leaving the screen ───────────────────────────────────────────────────────────*/

static void enter(struct app *app)
{
    terminal_enter(&app->term);
    app->has_screen = true;
    app->view.wants_repaint = true;
    app->view.is_dirty = true;
}

/* What has happened while somebody was away from the screen. */
static void tell_absence(struct app *app)
{
    const struct session *session = &app->view.session;
    if (!session->summary || app->left_finished < 0) return;
    const int64_t n = summary_finished(session->summary) - app->left_finished;
    if (n <= 0) return;
    char now[FORMAT_MAX], old[FORMAT_MAX];
    const double best = session->summary->best_value;
    const bool is_better = session->summary->n_objectives == 1 && session->summary->best_id >= 0 &&
                           best != app->left_best;
    if (is_better && !isnan(app->left_best)) {
        const struct number_style style = number_objective(best, app->left_best);
        view_say(&app->view, ROLE_INFO, "While you were away: %lld trial%s ended, best %s → %s",
                 (long long)n, n == 1 ? "" : "s", format_number(old, style, app->left_best),
                 format_number(now, style, best));
    } else {
        view_say(&app->view, ROLE_INFO, "While you were away: %lld trial%s ended", (long long)n,
                 n == 1 ? "" : "s");
    }
}

static void suspend(struct app *app)
{
    struct view *view = &app->view;
    const struct dln_study_summary *summary = view->session.summary;
    view->wants_suspend = false;
    if (!app->has_screen) return;
    app->left_finished = summary ? summary_finished(summary) : -1;
    app->left_best = summary && summary->best_id >= 0 ? summary->best_value : (double)NAN;
    terminal_leave(&app->term);
    app->has_screen = false;
    const struct run *run = runs_first(&view->runs);
    char sentence[VIEW_TEXT_MAX];
    if (run) {
        (void)snprintf(sentence, sizeof sentence, "dialin: %s keeps running (fg to return)",
                       run->name);
    } else {
        (void)snprintf(sentence, sizeof sentence, "dialin: fg to return");
    }
    terminal_say(&app->term, sentence);
    stub_stop(app->link);
}

/* The terminal does not answer any more, or somebody else has it. */
static void take_verdict(struct app *app, enum terminal_state state)
{
    if (state == TERMINAL_LOST) app->view.leave = LEAVE_LOST;
    if (state == TERMINAL_BACKGROUND) {
        /* The shell has taken the terminal: the stub was stopped by SIGSTOP. It tells us of fg. */
        app->has_screen = false;
        terminal_leave(&app->term);
    }
}

static void hear_stub(struct app *app)
{
    char words[32];
    const ssize_t n = read(app->link->from_stub, words, sizeof words);
    if (n == 0) { /* the stub was killed: the shell has its prompt back */
        if (app->has_screen) {
            terminal_leave(&app->term);
            app->has_screen = false;
        }
        app->view.leave = LEAVE_BACKGROUND;
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        switch (words[i]) {
        case STUB_CONTINUED:
            if (app->has_screen) break;
            enter(app);
            tell_absence(app);
            app->absence_ns = dln_clock_mono_ns() + ABSENCE_S * ns_per_s;
            if (app->view.session.loader) loader_poke(app->view.session.loader);
            break;
        case STUB_SUSPEND: suspend(app); break;
        case STUB_INTERRUPT: view_interrupt(&app->view); break;
        case STUB_HANGUP: app->view.leave = LEAVE_LOST; break;
        case STUB_TERMINATE: signals_note(SIGTERM); break;
        default: break;
        }
    }
}

static void hear_signals(struct app *app)
{
    struct view *view = &app->view;
    if (signals_take(SIGHUP)) view->leave = LEAVE_LOST;
    while (signals_take(SIGTERM)) {
        runs_quit(&view->runs);
        if (view->is_ending || runs_count(&view->runs) == 0) view->leave = LEAVE_END;
        view->is_ending = true;
        view_say(view, ROLE_WARN, "Ending: running trials are stopped and run again later");
    }
    if (signals_take(SIGINT)) view_interrupt(view);
    if (signals_take(SIGWINCH) && app->has_screen && terminal_resize(&app->term)) {
        view->wants_repaint = true;
        view->is_dirty = true;
    }
}

/* ── news ──────────────────────────────────────────────────────────────────────────────────────*/

static void take_news(struct app *app)
{
    struct view *view = &app->view;
    helper_collect(view->helper, view);
    helper_collect(view->thinker, view);
    if (runs_look(&view->runs) && view->session.loader) loader_poke(view->session.loader);
    const bool was_open = view->session.is_open;
    if (session_take(&view->session, view_event, view)) {
        view->is_data_dirty = true;
        if (!was_open) view->is_dirty = true; /* nobody waits a second for the first rows */
        const struct screen *screen = screen_of(view->screen);
        if (screen->changed) screen->changed(view);
        if (view->now_ns < app->absence_ns) tell_absence(app);
    }
    if (view->now_ns - app->tick_ns >= ns_per_s) {
        app->tick_ns = view->now_ns;
        const struct screen *screen = screen_of(view->screen);
        if (screen->tick) screen->tick(view);
    }
    /* Whoever was asked what shall become of engines has nothing to decide when they are over. */
    const bool is_leaving = view->is_ending || view->overlay.kind == OVERLAY_QUIT;
    if (is_leaving && runs_count(&view->runs) == 0) view->leave = LEAVE_END;
}

static void recolour(struct app *app, bool is_light)
{
    theme_builtin(is_light ? "paper" : "dusk", &app->first_theme);
    if (!app->shown_theme[0]) paint_theme(app->paint, &app->first_theme, app->depth);
    app->view.is_dirty = true;
}

/* The screen makes room for an editor, which has the terminal until it is closed. */
static void edit_file(struct app *app)
{
    struct view *view = &app->view;
    char *file = view->editor_file;
    view->editor_file = NULL;
    terminal_leave(&app->term);
    app->has_screen = false;
    const bool ok = editor_run(file);
    enter(app);
    view->now_ns = dln_clock_mono_ns();
    view->edited(view, file, ok);
}

static void take_keys(struct app *app)
{
    struct key key;
    while (app->has_screen && keys_next(&app->term.keys, app->view.now_ns, &key)) {
        if (key.code == KEY_CODE_DARK || key.code == KEY_CODE_LIGHT) {
            if (!app->theme_is_chosen) recolour(app, key.code == KEY_CODE_LIGHT);
            continue;
        }
        view_key(&app->view, key);
        if (app->view.wants_suspend) suspend(app);
        if (app->view.editor_file && app->has_screen) edit_file(app);
    }
}

/* ── the loop ──────────────────────────────────────────────────────────────────────────────────*/

static void read_clock(struct app *app)
{
    app->view.now_ns = dln_clock_mono_ns();
    app->view.now_us = dln_clock_wall_us();
}

static int timeout_of(const struct app *app)
{
    int64_t due_ns = frame_due_ns(app);
    const int64_t key_ns = keys_deadline_ns(&app->term.keys);
    if (app->has_screen && key_ns != 0 && key_ns < due_ns) due_ns = key_ns;
    if (app->has_screen && screen_of(app->view.screen)->tick) {
        const int64_t tick_ns = app->tick_ns + ns_per_s;
        if (tick_ns < due_ns) due_ns = tick_ns;
    }
    if (app->stalled_ns != 0 && !app->view.is_slow) {
        const int64_t late_ns = app->stalled_ns + STALL_S * ns_per_s;
        if (late_ns < due_ns) due_ns = late_ns;
    }
    if (due_ns == INT64_MAX) return -1;
    const int64_t left_ms = (due_ns - dln_clock_mono_ns() + ns_per_ms - 1) / ns_per_ms;
    return left_ms < 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms;
}

static void step(struct app *app)
{
    enum { FIXED = 4 };
    struct pollfd fds[FIXED + RUNS_MAX] = {
        {.fd = app->has_screen ? app->term.fd : -1, .events = POLLIN},
        {.fd = app->view.wake.read_fd, .events = POLLIN},
        {.fd = app->link->from_stub, .events = POLLIN},
        {.fd = signals_fd(), .events = POLLIN},
    };
    if (terminal_is_stalled(&app->term)) fds[0].events |= POLLOUT;
    int timeout_ms = timeout_of(app);
    const int n = FIXED + runs_poll(&app->view.runs, fds + FIXED, RUNS_MAX, &timeout_ms);
    (void)poll(fds, (nfds_t)n, timeout_ms);
    read_clock(app);
    credit(app);
    if (fds[1].revents) dln_wake_clear(&app->view.wake);
    if (fds[3].revents) signals_clear();
    hear_signals(app);
    if (fds[2].revents) hear_stub(app);
    if (app->view.leave != LEAVE_NOT) return;
    if (app->has_screen && fds[0].revents & POLLOUT) {
        take_verdict(app, terminal_flush(&app->term));
    }
    if (app->has_screen && fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        take_verdict(app, terminal_read(&app->term, app->view.now_ns));
    }
    take_news(app);
    take_keys(app);
    watch_line(app);
    draw_if_due(app);
    watch_line(app);
}

/* ── beginning ─────────────────────────────────────────────────────────────────────────────────*/

static enum color_depth depth_of(enum app_color color)
{
    const enum color_depth most = paint_depth();
    switch (color) {
    case APP_COLOR_NEVER: return DEPTH_MONO;
    case APP_COLOR_8: return most == DEPTH_MONO ? DEPTH_MONO : DEPTH_8;
    case APP_COLOR_ALWAYS: return most;
    case APP_COLOR_AUTO: break;
    }
    return paint_wants_no_color() ? DEPTH_MONO : most;
}

static bool open_paint(struct app *app, struct dln_error *err)
{
    const struct app_options *options = app->view.options;
    struct theme theme;
    app->theme_is_chosen = options->theme != NULL;
    if (options->theme) {
        if (!theme_load(options->theme, NULL, &theme, err)) return false;
    } else {
        theme_builtin("neutral", &theme);
    }
    app->first_theme = theme;
    (void)start_color();
    (void)use_default_colors();
    app->depth = depth_of(options->color);
    return paint_new(&theme, app->depth, &app->paint, err);
}

static bool init_view(struct app *app, const struct app_options *options)
{
    struct view *view = &app->view;
    view->options = options;
    view->is_slow = options->slow;
    view->selected_id = -1;
    view->faults = app->link->faults;
    view->fault_signal = app->link->fault_signal;
    if (!dln_wake_init(&view->wake, NULL)) return false;
    view->helper = helper_new(&view->wake);
    view->thinker = helper_new(&view->wake);
    if (!view->helper || !view->thinker) return false;
    runs_init(&view->runs, view->helper, view_run_news, view);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_of((enum screen_id)i);
        if (screen->init && !screen->init(view)) return false;
    }
    return true;
}

/* The first frame: what the loader has after a moment, else the frame alone. */
static void draw_first(struct app *app)
{
    struct view *view = &app->view;
    read_clock(app);
    struct pollfd pollfd = {.fd = view->wake.read_fd, .events = POLLIN};
    (void)poll(&pollfd, 1, FIRST_WAIT_MS);
    dln_wake_clear(&view->wake);
    take_news(app);
    draw(app);
    app->tokens_ns = KEY_BURST * KEY_FRAME_MS * ns_per_ms;
    app->credited_ns = view->now_ns;
    if (!app->theme_is_chosen) terminal_ask_background(&app->term);
}

static void begin(struct app *app)
{
    struct view *view = &app->view;
    const struct app_options *options = view->options;
    if (options->study_id >= 0) {
        view->base = SCREEN_LIVE;
        if (view_open(view, options->path, options->study_id)) view_go(view, SCREEN_LIVE);
    } else {
        view_go(view, SCREEN_HOME);
    }
    enter(app);
    draw_first(app);
    if (options->start_engine && options->study_id >= 0) {
        (void)runs_start(&view->runs, options->path, options->study_id, view_study_name(view),
                         options->start_paused, app->link->faults > 0 ? FAULT_PATIENCE_S : 0);
    }
}

/* ── ending ────────────────────────────────────────────────────────────────────────────────────*/

static void release(struct app *app)
{
    struct view *view = &app->view;
    helper_free(view->helper); /* jobs lead back to the screens */
    helper_free(view->thinker);
    advice_free(view);
    methods_free(view);
    guard_free(view);
    palette_free(view);
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_of((enum screen_id)i);
        if (screen->release) screen->release(view);
    }
    loaders_await_closed(CLOSE_WAIT_MS); /* who looked puts away what SQLite made for it */
    dln_wake_release(&view->wake);
}

static int end(struct app *app)
{
    struct view *view = &app->view;
    const bool is_lost = view->leave == LEAVE_LOST;
    const struct run *run = runs_first(&view->runs);
    char sentence[2 * VIEW_TEXT_MAX] = "";
    if (run && view->leave == LEAVE_BACKGROUND) {
        (void)snprintf(sentence, sizeof sentence,
                       "dialin: %s keeps running in the background (dialin attach %s)", run->name,
                       run->path);
    }
    paint_free(app->paint);
    if (!is_lost && app->has_screen) terminal_leave(&app->term);
    if (sentence[0] && !is_lost) terminal_say(&app->term, sentence);
    terminal_close(&app->term, is_lost);
    view_close_study(view);
    cells_release(&view->cells);
    if (run) {
        stub_dismiss(app->link, 0);
        headless_detach();
        if (is_lost) {
            actions_post_to(view, run->path, run->study_id, DLN_COMMAND_NOTE,
                            "{\"text\": \"terminal lost: goes on without a screen\"}", "Note");
        }
        headless_run(&view->runs, view->helper, &view->wake, view);
    }
    const int status = view->runs.exit_status;
    release(app);
    return status;
}

static int run_child(const struct stub_link *link, void *context)
{
    struct app *app = calloc(1, sizeof *app); /* large; and the stack is for drawing */
    if (!app) return 1;
    app->link = link;
    signals_catch();
    struct dln_error err = {0};
    bool ok = init_view(app, context) || dln_fail(&err, DLN_NOMEM, "start the screen");
    ok = ok && terminal_open(&app->term, link->restore, app->view.options->glyphs, &err);
    if (ok && !open_paint(app, &err)) {
        terminal_close(&app->term, true);
        ok = false;
    }
    if (!ok) {
        (void)fprintf(stderr, "dialin: %s\n", err.text);
        return 2;
    }
    begin(app);
    while (app->view.leave == LEAVE_NOT)
        step(app);
    const int status = end(app);
    free(app);
    return status;
}

/* Where there is no screen: the lines of the command line. */
static int run_lines(const struct app_options *options)
{
    if (options->study_id < 0) {
        (void)fprintf(stderr, "dialin: lines follow one study: name its file\n");
        return 2;
    }
    if (!options->start_engine) {
        return (int)line_mode_watch(options->path, options->study_id, false);
    }
    const struct line_mode mode = {
        .db_path = options->path,
        .study_id = options->study_id,
        .start_paused = options->start_paused,
    };
    return (int)line_mode_run(&mode);
}

int app_run(const struct app_options *options)
{
    if (options->lines) return run_lines(options);
    struct terminal_restore restore;
    struct dln_error err = {0};
    if (!terminal_restore_prepare(&restore, &err)) {
        if (options->study_id < 0) {
            (void)fprintf(stderr, "dialin: %s\n`dialin ls` lists studies without a screen\n",
                          err.text);
            return 2;
        }
        (void)fprintf(stderr, "dialin: %s\none line an event follows instead of the screen\n",
                      err.text);
        return run_lines(options);
    }
    (void)fflush(NULL);
    struct app_options copy = *options;
    char *path = realpath(options->path ? options->path : ".", NULL); /* one name for one file */
    if (path) copy.path = path;
    const int status = stub_run(&restore, run_child, &copy);
    terminal_restore_release(&restore);
    free(path);
    return status;
}
