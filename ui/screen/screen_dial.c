/*
 * A new trial, made by hand: the parameters are turned, and what the models expect of the point
 * moves with them. The models are learned in the background; a turn asks them for one point and one
 * curve, which is quick.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actions.h"
#include "advice.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "plot/param_axis.h"
#include "screen/dial.h"
#include "screen/screens.h"

enum { FAR = 10, CURVE_MAX = 200 };

struct dial *dial_of(const struct view *view)
{
    return view->state[SCREEN_DIAL];
}

static bool init(struct view *view)
{
    struct dial *dial = calloc(1, sizeof *dial);
    view->state[SCREEN_DIAL] = dial;
    if (dial) dial->asked_revision = UINT64_MAX;
    return dial != NULL;
}

static void drop_point(struct dial *dial)
{
    free(dial->base);
    free(dial->want);
    free(dial->anchor);
    free(dial->x);
    dln_arena_release(&dial->arena);
    *dial = (struct dial){.turns = dial->turns + 1, .asked_revision = UINT64_MAX, .number = -1};
}

static void release(struct view *view)
{
    struct dial *dial = dial_of(view);
    if (!dial) return;
    drop_point(dial);
    free(dial);
    view->state[SCREEN_DIAL] = NULL;
}

/* Whether the point is one of the study that is open: a file may have been made anew. */
static bool is_ready(const struct view *view)
{
    const struct dial *dial = dial_of(view);
    const struct session *session = &view->session;
    return session->is_open && session->summary && dial->space && dial->space == session->space;
}

/* ── the point ─────────────────────────────────────────────────────────────────────────────────*/

static void settle(struct dial *dial)
{
    const size_t n = dial->space->n;
    memcpy(dial->x, dial->want, n * sizeof *dial->x);
    (void)dln_space_activate(dial->space, dial->x);
    for (size_t i = 0; i < n && isnan(dial->x[dial->at]); i++)
        dial->at = (dial->at + 1) % n;
    dial->turns++;
}

/* Values that the source lacks are kept ready from the defaults, for when they become active. */
static void set_point(struct view *view, enum dial_source source, int64_t number, const double *x)
{
    struct dial *dial = dial_of(view);
    const size_t n = dial->space->n;
    dln_space_initial(dial->space, dial->want);
    for (size_t i = 0; i < n; i++) {
        dial->base[i] = x ? x[i] : dial->want[i];
        /* Without a definition nothing says when a parameter is active: the trial does. */
        if (!isnan(dial->base[i]) || !view->session.definition) dial->want[i] = dial->base[i];
        dial->anchor[i] = dial->want[i];
    }
    dial->source = source;
    dial->number = number;
    settle(dial);
}

void dial_open(struct view *view, enum dial_source source, int64_t number, const double *x)
{
    struct dial *dial = dial_of(view);
    const struct dln_space *space = view->session.space;
    if (!view->session.is_open || !view->session.summary) {
        view_say(view, ROLE_WARN, "The study is not loaded yet");
        return;
    }
    if (!space || space->n == 0) {
        view_say(view, ROLE_WARN, "This study has no parameters that are known yet");
        return;
    }
    const size_t at = dial->space == space ? dial->at : 0;
    drop_point(dial);
    dial->base = calloc(space->n, sizeof *dial->base);
    dial->want = calloc(space->n, sizeof *dial->want);
    dial->anchor = calloc(space->n, sizeof *dial->anchor);
    dial->x = calloc(space->n, sizeof *dial->x);
    if (!dial->base || !dial->want || !dial->anchor || !dial->x) {
        drop_point(dial);
        view_say(view, ROLE_ERROR, "Out of memory for a point");
        return;
    }
    dial->space = space;
    dial->at = at;
    set_point(view, source, number, x);
    dial->cycled = source;
    view_go(view, SCREEN_DIAL);
}

void dial_set(struct view *view, size_t param, double x)
{
    struct dial *dial = dial_of(view);
    if (!is_ready(view) || param >= dial->space->n) return;
    dial->want[param] = dial->anchor[param] = x;
    settle(dial);
}

static void copy_trial(const struct model *model, size_t row, double *x)
{
    for (size_t i = 0; i < model->d; i++)
        x[i] = model->x[i][row];
}

/* A row of the model as a point; false: no memory. */
static bool open_row(struct view *view, enum dial_source source, size_t row)
{
    const struct model *model = &view->session.model;
    double *x = calloc(model->d + 1, sizeof *x);
    if (!x) return false;
    copy_trial(model, row, x);
    dial_open(view, source, model->number[row], x);
    free(x);
    return true;
}

void dial_open_selected(struct view *view)
{
    const struct model *model = &view->session.model;
    const size_t row = view_selected_row(view);
    if (row == SIZE_MAX) {
        dial_open(view, DIAL_DEFAULT, -1, NULL);
    } else if (model->state[row] == DLN_TRIAL_WAITING) {
        view_go(view, SCREEN_NEXT); /* where the queue is */
    } else {
        (void)open_row(view, DIAL_COPY, row);
    }
}

/* ── turning ───────────────────────────────────────────────────────────────────────────────────*/

static void turn(struct view *view, int steps)
{
    struct dial *dial = dial_of(view);
    const struct dln_param *param = &dial->space->params[dial->at];
    double *want = &dial->want[dial->at];
    if (isnan(*want)) return;
    *want = dial_turned(param, dial->anchor[dial->at], *want, steps);
    settle(dial);
}

static void move(struct dial *dial, int step)
{
    const size_t n = dial->space->n;
    size_t to = dial->at;
    for (;;) {
        if (step < 0 ? to == 0 : to + 1 >= n) return;
        to = step < 0 ? to - 1 : to + 1;
        if (!isnan(dial->x[to])) break;
    }
    dial->at = to;
}

static void move_to_end(struct dial *dial, int step)
{
    size_t before;
    do {
        before = dial->at;
        move(dial, step);
    } while (dial->at != before);
}

/* ── typing ────────────────────────────────────────────────────────────────────────────────────*/

/* The only choice that begins like this. */
static bool find_choice(const struct dln_param *param, const char *text, double *x)
{
    size_t n = 0;
    const size_t len = strlen(text);
    for (size_t i = 0; i < param->n_choices && len > 0; i++) {
        if (strncasecmp(param->choices[i].text, text, len) != 0) continue;
        *x = (double)i;
        n++;
    }
    return n == 1;
}

static bool accept_value(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct dial *dial = dial_of(view);
    if (!is_ready(view)) return true;
    const struct dln_param *param = &dial->space->params[dial->at];
    struct dln_error err = {0};
    double x = 0;
    text += strspn(text, " ");
    if (*text == '\0') return true; /* as it is */
    if (!dln_param_parse(param, text, &x, &err) && !find_choice(param, text, &x)) {
        (void)snprintf(error, VIEW_TEXT_MAX, "%.200s", err.text);
        return false;
    }
    dial->want[dial->at] = dial->anchor[dial->at] = x;
    settle(dial);
    return true;
}

static void range_text(const struct dln_param *param, char *out, size_t cap)
{
    struct dln_strbuf low = {0}, high = {0};
    dln_param_text(param, param->low, &low);
    dln_param_text(param, param->high, &high);
    (void)snprintf(out, cap, "%.20s .. %.20s", dln_strbuf_text(&low), dln_strbuf_text(&high));
    dln_strbuf_release(&low);
    dln_strbuf_release(&high);
}

static void ask_value(struct view *view, const char *text)
{
    const struct dial *dial = dial_of(view);
    const struct dln_param *param = &dial->space->params[dial->at];
    char label[64], range[48];
    range_text(param, range, sizeof range);
    if (param_is_choice(param)) (void)snprintf(range, sizeof range, "a choice");
    (void)snprintf(label, sizeof label, "%.20s (%.40s)", param->name, range);
    view_prompt(view, label, text, accept_value);
}

/* A digit begins a value. */
static bool key(struct view *view, struct key pressed)
{
    if (!is_ready(view)) return false;
    const uint32_t code = pressed.code;
    if (code != '-' && (code < '0' || code > '9')) return false;
    if (param_is_choice(&dial_of(view)->space->params[dial_of(view)->at]) && code == '-') {
        return false;
    }
    const char text[] = {(char)code, '\0'};
    ask_value(view, text);
    return true;
}

/* ── other points ──────────────────────────────────────────────────────────────────────────────*/

static bool take_best(struct view *view)
{
    const struct session *session = &view->session;
    if (session->best.best == SIZE_MAX) return false;
    double *x = calloc(session->model.d + 1, sizeof *x);
    if (!x) return false;
    copy_trial(&session->model, session->best.best, x);
    set_point(view, DIAL_BEST, session->model.number[session->best.best], x);
    free(x);
    return true;
}

/* The first of the suggestions that nobody has queued. False: it is not known yet. */
static bool take_suggestion(struct view *view)
{
    struct dial *dial = dial_of(view);
    struct advice *advice = advice_of(view);
    for (size_t i = 0; advice && advice->has_next && i < advice->next.n; i++) {
        const struct dln_peeked *next = &advice->next.next[i];
        if (next->is_enqueued) continue;
        set_point(view, DIAL_SUGGESTION, next->number, next->x);
        view_say(view, ROLE_INFO, "%s", next->why);
        dial->wants_suggestion = false;
        return true;
    }
    return false;
}

static void cycle(struct view *view)
{
    struct dial *dial = dial_of(view);
    if (dial->cycled == DIAL_SUGGESTION && take_best(view)) {
        dial->cycled = DIAL_BEST;
        return;
    }
    if (dial->cycled == DIAL_SUGGESTION || dial->cycled == DIAL_BEST) {
        set_point(view, DIAL_DEFAULT, -1, NULL);
        dial->cycled = DIAL_DEFAULT;
        return;
    }
    dial->cycled = DIAL_SUGGESTION;
    if (take_suggestion(view)) return;
    dial->wants_suggestion = true;
    advice_ask_next(view, 1);
    const struct advice *advice = advice_of(view);
    if (advice && advice->next_sentence[0]) {
        view_say(view, ROLE_WARN, "%s", advice->next_sentence);
        dial->wants_suggestion = false;
    } else {
        view_say(view, ROLE_DIM, "Asking the strategy …");
    }
}

/* ── asking the models ─────────────────────────────────────────────────────────────────────────*/

static void ask_models(struct view *view)
{
    struct dial *dial = dial_of(view);
    const struct advice *advice = advice_of(view);
    if (!advice || !advice->predictor) {
        dial->has_answer = false;
        return;
    }
    if (dial->asked_turns == dial->turns && dial->asked_revision == advice->revision &&
        dial->asked_at == dial->at && dial->asked_goal == dial->goal) {
        return;
    }
    dial->asked_turns = dial->turns;
    dial->asked_revision = advice->revision;
    dial->asked_at = dial->at;
    dial->asked_goal = dial->goal;
    struct dln_error err = {0};
    dial->profile = (struct dln_profile){0};
    dial->error[0] = '\0';
    dln_arena_reset(&dial->arena);
    dial->has_answer = dln_predictor_point(advice->predictor, dial->x, &dial->expected, &err) &&
                       dln_predictor_profile(advice->predictor, dial->goal, dial->x, dial->at,
                                             CURVE_MAX, &dial->arena, &dial->profile, &err);
    if (!dial->has_answer) {
        (void)snprintf(dial->error, sizeof dial->error, "%.200s", err.text);
    }
}

static void ask_background(struct view *view)
{
    if (!is_ready(view)) return;
    advice_ask_model(view);
    if (!dial_of(view)->wants_suggestion) return;
    advice_ask_next(view, 1);
}

static void draw(struct view *view, struct rect body)
{
    enum { ANSWER_ROWS_MIN = 6, ANSWER_ROWS_WANTED = 9 };
    struct dial *dial = dial_of(view);
    if (!is_ready(view)) {
        (void)cells_text(&view->cells, body.row + 1, 2, body.cols - 4, ROLE_DIM,
                         "The study has changed; q goes back");
        return;
    }
    if (dial->goal >= view->session.model.m) dial->goal = 0;
    ask_models(view);
    int n = 0;
    for (size_t i = 0; i < dial->space->n; i++)
        n += !isnan(dial->x[i]);
    const int wanted = body.rows >= 20 ? ANSWER_ROWS_WANTED : ANSWER_ROWS_MIN;
    const int params = n + 2 < body.rows - wanted ? n + 2 : body.rows - wanted;
    dial_draw_params(view, (struct rect){body.row, body.col, params, body.cols});
    dial_draw_answer(view,
                     (struct rect){body.row + params, body.col, body.rows - params, body.cols});
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void submit(struct view *view)
{
    struct dial *dial = dial_of(view);
    for (size_t i = 0; i < dial->space->n; i++) {
        const struct dln_param *param = &dial->space->params[i];
        char range[48];
        if (!dial_is_changed(dial, i) || dln_param_contains(param, dial->x[i])) continue;
        dial->at = i;
        range_text(param, range, sizeof range);
        view_say(view, ROLE_WARN, "%s is outside %s, so no trial can have it", param->name, range);
        return;
    }
    if (dial->source == DIAL_QUEUED) {
        if (actions_revise(view, dial->number, dial->x)) view_back(view);
        return;
    }
    const bool is_copy = dial->source == DIAL_COPY || dial->source == DIAL_BEST;
    if (actions_enqueue(view, dial->x, is_copy ? dial->base : NULL, is_copy ? dial->number : -1)) {
        view_back(view);
    }
}

static void reset(struct dial *dial)
{
    if (isnan(dial->base[dial->at])) return;
    dial->want[dial->at] = dial->anchor[dial->at] = dial->base[dial->at];
    settle(dial);
}

static bool act(struct view *view, enum action action)
{
    struct dial *dial = dial_of(view);
    if (!is_ready(view)) return false;
    switch ((int)action) {
    case ACTION_UP: move(dial, -1); return true;
    case ACTION_DOWN: move(dial, 1); return true;
    case ACTION_FIRST: move_to_end(dial, -1); return true;
    case ACTION_LAST: move_to_end(dial, 1); return true;
    case ACTION_LEFT: turn(view, -1); return true;
    case ACTION_RIGHT: turn(view, 1); return true;
    case ACTION_FAR_LEFT: turn(view, -FAR); return true;
    case ACTION_FAR_RIGHT: turn(view, FAR); return true;
    case ACTION_VALUE: ask_value(view, ""); return true;
    case ACTION_RESET: reset(dial); return true;
    case ACTION_SUGGEST: cycle(view); return true;
    case ACTION_BEST:
        if (!take_best(view)) view_say(view, ROLE_WARN, "There is no best trial yet");
        return true;
    case ACTION_GOAL: dial->goal = (dial->goal + 1) % view->session.model.m; return true;
    case ACTION_ENTER:
    case ACTION_WRITE: submit(view); return true;
    default: return false;
    }
}

static void changed(struct view *view)
{
    ask_background(view);
    struct dial *dial = dial_of(view);
    if (is_ready(view) && dial->wants_suggestion) (void)take_suggestion(view);
}

static bool offers(const struct view *view, enum action action)
{
    const struct dial *dial = dial_of(view);
    if (!is_ready(view)) return action == ACTION_BACK || action == ACTION_HELP;
    switch ((int)action) {
    case ACTION_GOAL: return view->session.model.m > 1;
    case ACTION_RESET: return dial_is_changed(dial, dial->at);
    case ACTION_BEST: return view->session.best.best != SIZE_MAX;
    case ACTION_SUGGEST: return view->session.definition != NULL;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_HELP, ACTION_RIGHT, ACTION_VALUE,     ACTION_SUGGEST, ACTION_WRITE, ACTION_BEST,
    ACTION_BACK, ACTION_RESET, ACTION_FAR_RIGHT, ACTION_GOAL,    ACTION_NONE,
};

const struct screen screen_dial = {
    .scope = SCOPE_DIAL,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = changed,
    .changed = changed,
    .tick = changed,
    .draw = draw,
    .act = act,
    .key = key,
    .offers = offers,
};
