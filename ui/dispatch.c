/* Keys to actions, events to messages, and what screens may ask of the view. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "format.h"
#include "palette.h"
#include "screen/dial.h"
#include "screen/screens.h"
#include "view.h"

enum { SAY_S = 10 };
static const int64_t ns_per_s = 1000000000;

/* ── messages ──────────────────────────────────────────────────────────────────────────────────*/

static void set_message(struct message *message, enum role role, int64_t until_ns,
                        const char *format, va_list args) DLN_PRINTF(4, 0);
static void set_message(struct message *message, enum role role, int64_t until_ns,
                        const char *format, va_list args)
{
    (void)vsnprintf(message->text, sizeof message->text, format, args);
    message->role = role;
    message->until_ns = until_ns;
    if (message->text[0] >= 'a' && message->text[0] <= 'z') { /* sentences of the library */
        message->text[0] = (char)(message->text[0] - 'a' + 'A');
    }
}

void view_say(struct view *view, enum role role, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(&view->message, role, view->now_ns + SAY_S * ns_per_s, format, args);
    va_end(args);
    view->is_dirty = true;
}

static void tell_event(struct view *view, enum role role, const char *format, ...) DLN_PRINTF(3, 4);
static void tell_event(struct view *view, enum role role, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_message(&view->event, role, 0, format, args);
    va_end(args);
    view->is_data_dirty = true;
}

static const char *value_text(const struct session *session, double value, char out[FORMAT_MAX])
{
    const struct model *model = &session->model;
    const size_t best = session->best.best, second = session->best.second;
    if (best >= model->n) return format_detail(out, value);
    const double next = second < model->n ? model->value[0][second] : (double)NAN;
    return format_number(out, number_objective(model->value[0][best], next), value);
}

static const char *result_text(const struct session *session, size_t row, char out[FORMAT_MAX])
{
    const struct model *model = &session->model;
    if (model->n_runs[row] == 0) return value_text(session, model->value[0][row], out);
    return format_runs(out, model->value[0][row], (double)model->spread[0][row],
                       model->n_runs[row]);
}

static void tell_end(struct view *view, const struct session_event *event)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const size_t row = event->row;
    const int64_t number = model->number[row];
    char value[FORMAT_MAX], length[FORMAT_MAX];
    (void)format_duration(length, model_elapsed_ms(model, row, view->now_us));
    switch (model->state[row]) {
    case DLN_TRIAL_COMPLETE:
        tell_event(view, ROLE_INFO, "#%" PRId64 " ok after %s: %s %s", number, length,
                   session_metric(session, 0),
                   model->m > 0 ? result_text(session, row, value) : "");
        break;
    case DLN_TRIAL_PRUNED:
        if (*event->detail) {
            tell_event(view, ROLE_INFO, "#%" PRId64 " pruned after %s: %s", number, length,
                       event->detail);
        } else {
            tell_event(view, ROLE_INFO, "#%" PRId64 " pruned after %s", number, length);
        }
        break;
    case DLN_TRIAL_FAIL:
        tell_event(view, ROLE_ERROR, "#%" PRId64 " failed after %s: %s", number, length,
                   *event->detail ? event->detail : "no reason is known");
        break;
    case DLN_TRIAL_RUNNING:
    case DLN_TRIAL_WAITING:
    case DLN_TRIAL_STATE_COUNT: break;
    }
}

static void tell_best(struct view *view, const struct session_event *event)
{
    const struct session *session = &view->session;
    char value[FORMAT_MAX], old[FORMAT_MAX];
    if (isnan(event->old_best)) {
        tell_event(view, ROLE_BEST, "First result: #%" PRId64 ", %s %s",
                   session->model.number[event->row], session_metric(session, 0),
                   result_text(session, event->row, value));
    } else {
        tell_event(view, ROLE_BEST, "New best: #%" PRId64 ", %s %s (was %s)",
                   session->model.number[event->row], session_metric(session, 0),
                   result_text(session, event->row, value),
                   value_text(session, event->old_best, old));
    }
}

static void tell_state(struct view *view)
{
    const struct dln_study_summary *summary = view->session.summary;
    const char *why = summary->why && *summary->why ? summary->why : "";
    if (view->session.word == WORD_DONE || view->session.word == WORD_IDLE) {
        view->event.text[0] = '\0'; /* the message row says how it stands */
    } else if (view->session.word == WORD_PAUSE && *why) {
        tell_event(view, ROLE_WARN, "Paused: %s", why);
    }
}

void view_event(void *context, const struct session_event *event)
{
    struct view *view = context;
    switch (event->kind) {
    case EVENT_OPENED:
        view->event.text[0] = '\0';
        view->is_dirty = true;
        if (view->session.model.n > 0 && view->selected_id < 0) {
            view->selected_id = view->session.model.id[view->session.model.n - 1];
        }
        break;
    case EVENT_STARTED: break; /* the table shows it */
    case EVENT_ENDED: tell_end(view, event); break;
    case EVENT_BEST: tell_best(view, event); break;
    case EVENT_STATE: tell_state(view); break;
    case EVENT_COMMAND: actions_answer(view, event->command); break;
    }
}

void view_run_news(void *context, const struct run_news *news)
{
    struct view *view = context;
    switch (news->kind) {
    case RUN_NEWS_STARTED:
        view->message.text[0] = '\0'; /* "Starting …" */
        if (view->faults > 0) {
            view_say(view, ROLE_WARN,
                     "Restarted after a fault (signal %d); trials that ran are run again",
                     view->fault_signal);
        }
        break;
    case RUN_NEWS_REFUSED: view_say(view, ROLE_ERROR, "%s", news->err->text); break;
    case RUN_NEWS_ENDED:
        if (news->outcome == DLN_OUTCOME_FAILED) {
            view_say(view, ROLE_ERROR, "The engine stopped: %s", news->err->text);
        }
        break;
    }
    if (view->session.loader) loader_poke(view->session.loader);
    view->is_dirty = true;
}

/* ── what screens ask for ──────────────────────────────────────────────────────────────────────*/

static void show(struct view *view, enum screen_id id)
{
    view->screen = id;
    view->is_dirty = true;
    const struct screen *screen = screen_of(id);
    if (screen->enter) screen->enter(view);
}

void view_go(struct view *view, enum screen_id id)
{
    if (!screen_of(id)->title && view->screen != id) view->from[id] = view->screen;
    show(view, id);
}

void view_back(struct view *view)
{
    show(view, view->from[view->screen]);
}

void view_close_study(struct view *view)
{
    session_close(&view->session);
    sieve_release(&view->sieve);
    view->selected_id = -1;
    view->n_pending = 0;
    view->wanted_parallel = 0;
    view->event.text[0] = '\0';
}

bool view_open(struct view *view, const char *path, int64_t study_id)
{
    if (view->session.path && view->session.study_id == study_id &&
        strcmp(view->session.path, path) == 0) {
        return true;
    }
    view_close_study(view);
    if (!session_open(&view->session, path, study_id, &view->wake)) {
        view_say(view, ROLE_ERROR, "Out of memory: the study is not opened");
        return false;
    }
    return true;
}

void view_quit(struct view *view)
{
    if (view->is_ending) return;
    if (runs_count(&view->runs) == 0) {
        view->leave = LEAVE_END;
        return;
    }
    view->overlay = (struct overlay){.kind = OVERLAY_QUIT, .opened_ns = view->now_ns};
    view->is_dirty = true;
}

void view_prompt(struct view *view, const char *label, const char *text,
                 bool (*accept)(struct view *, const char *, char[VIEW_TEXT_MAX]))
{
    struct prompt *prompt = &view->prompt;
    prompt->is_open = true;
    prompt->error[0] = prompt->hint[0] = prompt->right[0] = '\0';
    prompt->has_hint = false;
    prompt->error_column = 0;
    prompt->typed = NULL;
    prompt->cancelled = NULL;
    prompt->special = NULL;
    prompt->accept = accept;
    (void)snprintf(prompt->label, sizeof prompt->label, "%s", label);
    line_edit_set(&prompt->edit, text);
    view->is_dirty = true;
}

void view_confirm(struct view *view, const char *title, const char *no, const char *yes,
                  void (*accept)(struct view *))
{
    struct overlay *overlay = &view->overlay;
    *overlay =
        (struct overlay){.kind = OVERLAY_CONFIRM, .opened_ns = view->now_ns, .accept = accept};
    (void)snprintf(overlay->title, sizeof overlay->title, "%s", title);
    (void)snprintf(overlay->no, sizeof overlay->no, "%s", no);
    (void)snprintf(overlay->yes, sizeof overlay->yes, "%s", yes);
    view->is_dirty = true;
}

void view_confirm_typed(struct view *view, const char *title, const char *no, const char *yes,
                        const char *expected, void (*accept)(struct view *))
{
    view_confirm(view, title, no, yes, accept);
    (void)snprintf(view->overlay.expected, sizeof view->overlay.expected, "%s", expected);
    line_edit_set(&view->overlay.typed, "");
}

void view_confirm_line(struct view *view, const char *format, ...)
{
    struct overlay *overlay = &view->overlay;
    if (overlay->n_lines == CONFIRM_LINES_MAX) return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(overlay->line[overlay->n_lines++], VIEW_TEXT_MAX, format, args);
    va_end(args);
}

void view_menu(struct view *view, const char *title, const struct dialog_choice *choices, int n,
               void (*choose)(struct view *, char))
{
    struct overlay *overlay = &view->overlay;
    *overlay = (struct overlay){.kind = OVERLAY_MENU,
                                .opened_ns = view->now_ns,
                                .choices = choices,
                                .n_choices = n,
                                .choose = choose};
    (void)snprintf(overlay->title, sizeof overlay->title, "%s", title);
    view->is_dirty = true;
}

void view_panel(struct view *view, void (*draw)(struct view *),
                void (*key)(struct view *, uint32_t))
{
    view->overlay = (struct overlay){
        .kind = OVERLAY_PANEL, .opened_ns = view->now_ns, .draw = draw, .key = key};
    view->is_dirty = true;
}

const char *view_read_only(const struct view *view)
{
    if (view->options->read_only) return "dialin view only looks; dialin attach steers";
    return view->session.read_only[0] ? view->session.read_only : NULL;
}

size_t view_selected_row(const struct view *view)
{
    if (!view->session.is_open || view->selected_id < 0) return SIZE_MAX;
    return model_find_id(&view->session.model, view->selected_id);
}

const char *view_study_name(const struct view *view)
{
    const struct dln_study_summary *summary = view->session.summary;
    if (summary) return summary->name;
    const bool is_asked_for = view->session.path && view->options->study_name &&
                              view->session.study_id == view->options->study_id &&
                              strcmp(view->session.path, view->options->path) == 0;
    return is_asked_for ? view->options->study_name : "dialin";
}

/* ── the prompt ────────────────────────────────────────────────────────────────────────────────*/

enum edit_op view_edit_op(uint32_t code)
{
    switch (code) {
    case KEY_CODE_LEFT: return EDIT_LEFT;
    case KEY_CODE_RIGHT: return EDIT_RIGHT;
    case KEY_CODE_HOME: return EDIT_HOME;
    case KEY_CODE_END: return EDIT_END;
    case KEY_CODE_DELETE: return EDIT_DELETE;
    default: break;
    }
    return code < 32 || code == 127 ? edit_op_of_control((int)code) : EDIT_NONE;
}

static void cancel_prompt(struct view *view)
{
    view->prompt.is_open = false;
    if (view->prompt.cancelled) view->prompt.cancelled(view);
}

static void line_changed(struct view *view)
{
    struct prompt *prompt = &view->prompt;
    prompt->error[0] = '\0';
    prompt->error_column = 0;
    if (prompt->typed) prompt->typed(view);
}

static void prompt_key(struct view *view, struct key key)
{
    struct prompt *prompt = &view->prompt;
    view->is_dirty = true;
    if (!key.pasted) {
        if (key.code == KEY_CODE_ESC || key.code == KEY_CTRL('G') || key.code == KEY_CTRL('C')) {
            cancel_prompt(view);
            return;
        }
        if (prompt->special && prompt->special(view, key.code)) return;
        if (key.code == '\r' || key.code == '\n') {
            prompt->error[0] = '\0';
            /* Closed first: what is accepted may ask the next question. */
            prompt->is_open = false;
            if (!prompt->accept(view, prompt->edit.text, prompt->error)) prompt->is_open = true;
            return;
        }
        const enum edit_op op = view_edit_op(key.code);
        if (op != EDIT_NONE) {
            if (line_edit_op(&prompt->edit, op)) line_changed(view);
            return;
        }
    }
    if (key.code >= 32 && key.code < KEY_CODE_UP) {
        if (line_edit_insert(&prompt->edit, key.code)) line_changed(view);
    }
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

void view_interrupt(struct view *view)
{
    if (view->is_ending) {
        runs_quit(&view->runs);
    } else if (view->prompt.is_open) {
        cancel_prompt(view);
    } else if (view->overlay.kind != OVERLAY_NONE) {
        view->overlay.kind = OVERLAY_NONE;
    } else {
        view_quit(view);
    }
    view->is_dirty = true;
}

static void go_back(struct view *view, bool may_leave)
{
    if (view->screen == view->base) {
        if (may_leave) view_quit(view);
    } else if (view->screen != SCREEN_HOME && !screen_of(view->screen)->title) {
        view_back(view);
    } else if (view->screen == SCREEN_JOURNAL || view->screen == SCREEN_PLOTS ||
               view->screen == SCREEN_TRIALS || view->screen == SCREEN_SPACE ||
               view->screen == SCREEN_STRATEGY || view->screen == SCREEN_GUARD) {
        view_go(view, SCREEN_LIVE);
    } else {
        view_go(view, SCREEN_HOME);
    }
}

/* What means the same on every screen. True: taken. */
static bool act_globally(struct view *view, enum action action)
{
    switch ((int)action) {
    case ACTION_HELP:
        view->overlay = (struct overlay){.kind = OVERLAY_HELP, .opened_ns = view->now_ns};
        return true;
    case ACTION_PALETTE: palette_open(view, "Command", ""); return true;
    case ACTION_BACK: go_back(view, true); return true;
    case ACTION_CANCEL: go_back(view, false); return true;
    case ACTION_HOME:
        view->base = SCREEN_HOME;
        view_go(view, SCREEN_HOME);
        return true;
    case ACTION_LIVE: view_go(view, SCREEN_LIVE); return true;
    case ACTION_TRIALS: view_go(view, SCREEN_TRIALS); return true;
    case ACTION_PLOTS: view_go(view, SCREEN_PLOTS); return true;
    case ACTION_SPACE: view_go(view, SCREEN_SPACE); return true;
    case ACTION_STRATEGY: view_go(view, SCREEN_STRATEGY); return true;
    case ACTION_GUARD: view_go(view, SCREEN_GUARD); return true;
    case ACTION_JOURNAL: view_go(view, SCREEN_JOURNAL); return true;
    case ACTION_ENQUEUE: dial_open_selected(view); return true;
    case ACTION_SUGGEST: view_go(view, SCREEN_NEXT); return true;
    case ACTION_ACTIONS: actions_menu(view); return true;
    case ACTION_INTERRUPT: view_interrupt(view); return true;
    case ACTION_QUIT: view_quit(view); return true;
    case ACTION_SUSPEND: view->wants_suspend = true; return true;
    case ACTION_REPAINT:
        view->wants_repaint = true;
        if (view->session.loader) loader_poke(view->session.loader);
        return true;
    default: return false;
    }
}

void view_act(struct view *view, enum action action)
{
    const struct screen *screen = screen_of(view->screen);
    view->is_dirty = true;
    if (screen->act && screen->act(view, action)) return;
    if (act_globally(view, action)) return;
    (void)actions_begin(view, action);
}

void view_key(struct view *view, struct key key)
{
    if (view->session.loader) loader_hurry(view->session.loader);
    if (key.code == KEY_CTRL('Z') && !key.pasted) {
        view->wants_suspend = true;
        return;
    }
    if (view->is_ending) {
        if (key.code == KEY_CTRL('C')) view_interrupt(view);
        return;
    }
    if (overlay_key(view, key)) return;
    if (view->prompt.is_open) {
        prompt_key(view, key);
        return;
    }
    if (key.pasted) return;
    const struct screen *screen = screen_of(view->screen);
    if (screen->key && screen->key(view, key)) return;
    const enum action action = keymap_action(key.code, screen->scope);
    if (action == ACTION_NONE) {
        char label[16];
        if (key.code >= KEY_CODE_UP || key.code < ' ') return;
        view_say(view, ROLE_DIM, "'%s' does nothing here; ? lists the keys",
                 key_label(key.code, label));
        return;
    }
    view_act(view, action);
}
