/* One trial: its curve, where its parameters lie, why it was asked, what its program printed. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "format.h"
#include "log_view.h"
#include "plot/plot_curve.h"
#include "screen/live.h"
#include "screen/screens.h"
#include "screen/trials.h"

struct trial_screen {
    struct detail detail;
    struct log_view log[LOG_STREAM_COUNT];
    enum log_stream stream;
    bool params_focus; /* else the log has it */
    bool is_zoomed;
    int params_top;
    int64_t trial_id; /* that the logs belong to */
};

static struct trial_screen *trial_of(const struct view *view)
{
    return view->state[SCREEN_TRIAL];
}

static enum log_stream other_stream(const struct trial_screen *trial)
{
    return trial->stream == LOG_STDOUT ? LOG_STDERR : LOG_STDOUT;
}

static bool init(struct view *view)
{
    struct trial_screen *trial = calloc(1, sizeof *trial);
    view->state[SCREEN_TRIAL] = trial;
    if (!trial) return false;
    trial->detail.trial_id = -1;
    trial->trial_id = -1;
    return true;
}

static void release(struct view *view)
{
    struct trial_screen *trial = trial_of(view);
    if (!trial) return;
    for (int i = 0; i < LOG_STREAM_COUNT; i++)
        log_view_release(&trial->log[i]);
    detail_release(&trial->detail);
    free(trial);
    view->state[SCREEN_TRIAL] = NULL;
}

static void ask(struct view *view)
{
    struct trial_screen *trial = trial_of(view);
    const size_t row = view_selected_row(view);
    if (row == SIZE_MAX) return;
    detail_ask(view, &trial->detail, row);
    if (trial->trial_id == view->selected_id) return;
    trial->trial_id = view->selected_id;
    trial->stream = LOG_STDOUT;
    trial->params_top = 0;
    for (int i = 0; i < LOG_STREAM_COUNT; i++)
        log_view_release(&trial->log[i]);
}

static void tick(struct view *view)
{
    const size_t row = view_selected_row(view);
    if (row != SIZE_MAX && view->session.model.state[row] == DLN_TRIAL_RUNNING) ask(view);
}

/* ── the top line ──────────────────────────────────────────────────────────────────────────────*/

static const char *state_sentence(enum dln_trial_state state)
{
    switch (state) {
    case DLN_TRIAL_RUNNING: return "running";
    case DLN_TRIAL_COMPLETE: return "complete";
    case DLN_TRIAL_PRUNED: return "pruned";
    case DLN_TRIAL_FAIL: return "failed";
    case DLN_TRIAL_WAITING: return "waiting";
    case DLN_TRIAL_STATE_COUNT: break;
    }
    return "";
}

static void draw_status(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const size_t at = view_selected_row(view);
    if (at == SIZE_MAX) return;
    static const struct {
        enum glyph glyph;
        enum role role;
    } looks[DLN_TRIAL_STATE_COUNT] = {
        [DLN_TRIAL_RUNNING] = {GLYPH_RUNNING, ROLE_STATE_RUN},
        [DLN_TRIAL_COMPLETE] = {GLYPH_COMPLETE, ROLE_STATE_OK},
        [DLN_TRIAL_PRUNED] = {GLYPH_PRUNED, ROLE_STATE_CUT},
        [DLN_TRIAL_FAIL] = {GLYPH_FAILED, ROLE_STATE_ERR},
        [DLN_TRIAL_WAITING] = {GLYPH_WAITING, ROLE_STATE_WAIT},
    };
    int col = 1;
    const int end = cells->cols - 1;
    col += cells_textf(cells, row, col, end - col, ROLE_STRONG, "#%" PRId64, model->number[at]) + 1;
    if (at == session->best.best) {
        cells_glyph(cells, row, col, GLYPH_BEST, ROLE_BEST);
        col += 2 + cells_text(cells, row, col + 2, end - col, ROLE_BEST, "best") + 2;
    }
    const enum dln_trial_state state = model->state[at];
    cells_glyph(cells, row, col, looks[state].glyph, looks[state].role);
    col += 2;
    col += cells_text(cells, row, col, end - col, looks[state].role, state_sentence(state)) + 2;
    if (model->slot[at] >= 0) {
        col += cells_textf(cells, row, col, end - col, ROLE_TEXT, "worker %d", model->slot[at]) + 2;
    }
    char from[FORMAT_MAX], to[FORMAT_MAX], length[FORMAT_MAX];
    if (model->started_us[at] != 0) {
        (void)format_time(from, model->started_us[at], view->now_us);
        const int64_t elapsed_ms = model_elapsed_ms(model, at, view->now_us);
        const bool is_coarse = view->is_slow && state == DLN_TRIAL_RUNNING;
        (void)(is_coarse ? format_minutes(length, elapsed_ms)
                         : format_duration(length, elapsed_ms));
        if (model->ended_us[at] != 0) {
            (void)format_time(to, model->ended_us[at], view->now_us);
            col += cells_textf(cells, row, col, end - col, ROLE_TEXT, "%s → %s (%s)", from, to,
                               length);
        } else {
            col +=
                cells_textf(cells, row, col, end - col, ROLE_TEXT, "since %s (%s)", from, length);
        }
    }
    if (cells->cols >= 160) return; /* the tab row has the study's name there */
    const char *name = view_study_name(view);
    const int width = (int)dln_text_width(name);
    if (col + width + 2 <= end) cells_right(cells, row, end - width, width, ROLE_TITLE, name);
}

/* ── curve and parameters ──────────────────────────────────────────────────────────────────────*/

static void draw_curve(struct view *view, struct rect rect)
{
    const struct trial_screen *trial = trial_of(view);
    const struct model *model = &view->session.model;
    const size_t at = view_selected_row(view);
    char title[96];
    const struct dln_study *study = view->session.definition;
    const char *word = !study || dln_study_runs(study) == 1 ? "step"
                       : study->repeat_runs <= 1            ? "fold"
                                                            : "run";
    (void)snprintf(title, sizeof title, "%.60s by %s", session_metric(&view->session, 0), word);
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, NULL, ROLE_BORDER);
    struct curve curve = {.role = ROLE_LINE_BEST};
    int64_t steps[MODEL_CURVE];
    double values[MODEL_CURVE];
    if (trial->detail.has_trial) {
        curve.n = trial->detail.trial.n_steps;
        curve.step = trial->detail.trial.steps;
        curve.value = trial->detail.trial.curve;
    } else { /* until the whole curve is read: its samples */
        const struct model_curve *samples = &model->curve[at];
        for (size_t i = 0; i < samples->n; i++) {
            steps[i] = samples->step[i];
            values[i] = (double)samples->value[i];
        }
        curve.n = samples->n;
        curve.step = steps;
        curve.value = values;
    }
    curve.is_pruned = model->state[at] == DLN_TRIAL_PRUNED;
    if (model->state[at] == DLN_TRIAL_RUNNING) curve.role = ROLE_LINE_RUNNING;
    const struct curve_plot plot = {.n = 1, .curve = &curve, .cursor = -1};
    (void)plot_curve(&view->cells, (struct rect){rect.row + 1, rect.col, rect.rows - 1, rect.cols},
                     &plot);
}

/* Where the value lies in its range: "────●──────", or a dot for each choice. */
static void draw_range(struct cells *cells, int row, int col, int width,
                       const struct dln_param *param, double x)
{
    const bool is_choice = param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
    if (is_choice) {
        for (size_t i = 0; i < param->n_choices && (int)(2 * i) < width; i++) {
            const bool is_it = x == (double)i;
            cells_glyph(cells, row, col + (int)(2 * i), is_it ? GLYPH_MARKED : GLYPH_DOT,
                        is_it ? ROLE_STRONG : ROLE_DIM);
        }
        return;
    }
    cells_hline(cells, row, col, width, ROLE_RANGE);
    const double u = dln_param_encode(param, x);
    const bool is_outside = !dln_param_contains(param, x);
    int at = (int)(u * (width - 1) + 0.5);
    if (at < 0) at = 0;
    if (at >= width) at = width - 1;
    cells_glyph(cells, row, col + at, GLYPH_MARKED, is_outside ? ROLE_WARN : ROLE_STRONG);
}

static size_t rank_of(const struct session *session, size_t at, size_t *of)
{
    const struct model *model = &session->model;
    size_t rank = 1;
    *of = 0;
    for (size_t i = 0; i < model->n; i++) {
        if (model->state[i] != DLN_TRIAL_COMPLETE) continue;
        (*of)++;
        const double other = model->value[0][i], own = model->value[0][at];
        rank += session->maximize ? other > own : other < own;
    }
    return rank;
}

static void draw_params(struct view *view, struct rect rect)
{
    struct trial_screen *trial = trial_of(view);
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const size_t at = view_selected_row(view);
    char right[64] = "";
    if (model->m == 1 && model->state[at] == DLN_TRIAL_COMPLETE) {
        size_t of = 0;
        const size_t rank = rank_of(session, at, &of);
        (void)snprintf(right, sizeof right, "rank %zu of %zu", rank, of);
    }
    cells_rule(cells, rect.row, rect.col, rect.cols, "Parameters", right,
               trial->params_focus ? ROLE_BORDER_FOCUS : ROLE_BORDER);
    const int rows = rect.rows - 1;
    int shown = 0, skipped = 0, n_active = 0;
    for (size_t i = 0; i < model->d; i++)
        n_active += !isnan(model->x[i][at]);
    if (n_active == 0 && rows > 0) {
        (void)cells_text(cells, rect.row + 1, rect.col + 1, rect.cols - 1, ROLE_DIM,
                         "Chosen when the trial starts");
        return;
    }
    if (trial->params_top > n_active - rows) trial->params_top = n_active - rows;
    if (trial->params_top < 0) trial->params_top = 0;
    const int name_width = rect.cols >= 60 ? 24 : 13, value_width = 10;
    const int bar = rect.cols - name_width - value_width - 4;
    for (size_t i = 0; i < model->d && shown < rows; i++) {
        const double x = model->x[i][at];
        if (isnan(x) || skipped++ < trial->params_top) continue;
        const struct dln_param *param = &session->space->params[i];
        const int row = rect.row + 1 + shown++;
        char value[96];
        trial_value_text(param, x, trial_param_style(param, true), value, sizeof value);
        (void)cells_text(cells, row, rect.col + 1, name_width - 1, ROLE_DIM, param->name);
        cells_right(cells, row, rect.col + name_width, value_width, ROLE_TEXT, value);
        if (bar >= 5) {
            draw_range(cells, row, rect.col + name_width + value_width + 1, bar > 40 ? 40 : bar,
                       param, x);
        }
    }
}

/* ── facts ─────────────────────────────────────────────────────────────────────────────────────*/

static void draw_fact(struct view *view, int row, const char *label, const char *text)
{
    (void)cells_text(&view->cells, row, 1, 7, ROLE_DIM, label);
    (void)cells_text(&view->cells, row, 8, view->cells.cols - 9, ROLE_TEXT, text);
}

/* why, outcome, values, attributes, folder: what there is of them. Returns the rows used. */
static int draw_facts(struct view *view, int row, int rows)
{
    const struct trial_screen *trial = trial_of(view);
    const struct detail *detail = &trial->detail;
    const int first = row, end = row + rows;
    if (!detail->has_trial) {
        if (detail->sentence[0] && row < end) draw_fact(view, row, "", detail->sentence);
        return detail->sentence[0] ? 1 : 0;
    }
    const struct dln_trial *full = &detail->trial;
    struct dln_strbuf text = {0};
    if (*full->why || *full->strategy) {
        detail_why(full, &text);
        if (row < end) draw_fact(view, row++, "why", dln_strbuf_text(&text));
    }
    const struct model *model = &view->session.model;
    const size_t at = view_selected_row(view);
    dln_strbuf_reset(&text);
    for (size_t i = 0; at != SIZE_MAX && i < model->m; i++) {
        if (isnan(model->value[i][at])) continue;
        char value[FORMAT_MAX];
        dln_strbuf_addf(&text, "%s%s %s", text.len > 0 ? " · " : "",
                        session_metric(&view->session, i),
                        format_runs(value, model->value[i][at], (double)model->spread[i][at],
                                    model->n_runs[at]));
    }
    if (*full->detail) dln_strbuf_addf(&text, "%s%s", text.len > 0 ? " · " : "", full->detail);
    const struct dln_study *study = view->session.definition;
    if (study && dln_study_runs(study) > 1) {
        if (full->state == DLN_TRIAL_RUNNING) {
            dln_strbuf_addf(&text, "%srun %zu of %d", text.len > 0 ? " · " : "", full->n_steps + 1,
                            dln_study_runs(study));
        }
    } else if (full->attempt > 1) {
        dln_strbuf_addf(&text, "%sattempt %d", text.len > 0 ? " · " : "", full->attempt);
    }
    if (text.len > 0 && row < end) draw_fact(view, row++, "result", dln_strbuf_text(&text));
    dln_strbuf_reset(&text);
    for (size_t i = 0; i < detail->n_attributes; i++) {
        dln_strbuf_addf(&text, "%s%s %s", i > 0 ? " · " : "", detail->attributes[i].key,
                        detail->attributes[i].json);
    }
    if (text.len > 0 && row < end) draw_fact(view, row++, "attrs", dln_strbuf_text(&text));
    if (*full->run_dir && row < end) draw_fact(view, row++, "files", full->run_dir);
    dln_strbuf_release(&text);
    return row - first;
}

/* ── the log ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_log(struct view *view, struct rect rect)
{
    struct trial_screen *trial = trial_of(view);
    const struct log_text *text = &trial->detail.log[trial->stream];
    struct log_view *log = &trial->log[trial->stream];
    const bool is_indexed = log_view_set(log, text->text, text->len, text->revision);
    char title[160], count[FORMAT_MAX], right[64] = "";
    (void)format_count(count, (int64_t)log->n_lines);
    const size_t at = view_selected_row(view);
    const enum dln_trial_state state = view->session.model.state[at];
    const bool is_following = state == DLN_TRIAL_RUNNING && !log->is_parked;
    (void)snprintf(title, sizeof title, "Log · %s · %s%s line%s%s", log_stream_name(trial->stream),
                   text->is_cut ? "last " : "", count, log->n_lines == 1 ? "" : "s",
                   is_following ? " · following" : "");
    if (log->is_parked && log->n_lines > 0) {
        (void)snprintf(right, sizeof right, "line %zu", log->top + 1);
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, right,
               trial->params_focus ? ROLE_BORDER : ROLE_BORDER_FOCUS);
    const struct rect body = {rect.row + 1, rect.col + 1, rect.rows - 1, rect.cols - 2};
    if (is_indexed && text->len > 0) {
        log_view_draw(log, &view->cells, body, text->text, text->len);
    } else if (trial->detail.has_trial && body.rows > 0) {
        (void)cells_textf(&view->cells, body.row, body.col, body.cols, ROLE_DIM,
                          state == DLN_TRIAL_WAITING ? "Not started yet: nothing on %s"
                                                     : "Nothing on %s; o shows %s",
                          log_stream_name(trial->stream), log_stream_name(other_stream(trial)));
    }
}

static void draw(struct view *view, struct rect body)
{
    struct trial_screen *trial = trial_of(view);
    const size_t at = view_selected_row(view);
    if (at == SIZE_MAX) return;
    if (trial->is_zoomed) {
        if (trial->params_focus) {
            draw_params(view, body);
        } else {
            draw_log(view, body);
        }
        return;
    }
    const bool has_curve = view->session.model.curve[at].n > 1;
    int upper = body.rows * 45 / 100;
    if (upper < 5) upper = 5;
    if (!has_curve && upper > (int)view->session.model.d + 1) {
        upper = (int)view->session.model.d + 1;
    }
    const int left = has_curve ? body.cols * 55 / 100 : 0;
    if (has_curve) draw_curve(view, (struct rect){body.row, body.col, upper, left});
    draw_params(view, (struct rect){body.row, body.col + left, upper, body.cols - left});
    int row = body.row + upper;
    const int rest = body.rows - upper;
    row += draw_facts(view, row, rest > 6 ? 4 : 1);
    if (body.row + body.rows - row >= 2) {
        draw_log(view, (struct rect){row, body.col, body.row + body.rows - row, body.cols});
    }
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool accept_find(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct trial_screen *trial = trial_of(view);
    const struct log_text *content = &trial->detail.log[trial->stream];
    struct log_view *log = &trial->log[trial->stream];
    (void)snprintf(log->needle, sizeof log->needle, "%s", text);
    log->found = 0;
    if (*text == '\0' || log_view_find(log, content->text, content->len, 1)) return true;
    (void)snprintf(error, VIEW_TEXT_MAX, "Not in this log");
    return false;
}

static void find_again(struct view *view, int step)
{
    struct trial_screen *trial = trial_of(view);
    const struct log_text *content = &trial->detail.log[trial->stream];
    struct log_view *log = &trial->log[trial->stream];
    if (!log->needle[0]) {
        view_say(view, ROLE_WARN, "/ finds a word in the log");
    } else if (!log_view_find(log, content->text, content->len, step)) {
        view_say(view, ROLE_WARN, "'%s' is not in this log", log->needle);
    }
}

static bool scroll(struct view *view, enum action action)
{
    struct trial_screen *trial = trial_of(view);
    struct log_view *log = &trial->log[trial->stream];
    const int page = log->page > 1 ? log->page - 1 : 1;
    int lines = 0;
    switch ((int)action) {
    case ACTION_HALF_UP: lines = -(page + 1) / 2; break;
    case ACTION_HALF_DOWN: lines = (page + 1) / 2; break;
    case ACTION_PAGE_UP: lines = -page; break;
    case ACTION_PAGE_DOWN: lines = page; break;
    case ACTION_FIRST:
        trial->params_top = 0;
        if (!trial->params_focus) log_view_go(log, false);
        return true;
    case ACTION_LAST:
        if (trial->params_focus) {
            trial->params_top = (int)view->session.model.d;
        } else {
            log_view_go(log, true);
        }
        return true;
    case ACTION_LEFT: log->left = log->left > 8 ? log->left - 8 : 0; return true;
    case ACTION_RIGHT: log->left += 8; return true;
    default: return false;
    }
    if (trial->params_focus) {
        trial->params_top += lines;
    } else {
        log_view_scroll(log, lines);
    }
    return true;
}

static bool act(struct view *view, enum action action)
{
    struct trial_screen *trial = trial_of(view);
    struct log_view *log = &trial->log[trial->stream];
    if (scroll(view, action)) return true;
    switch ((int)action) {
    case ACTION_UP:
    case ACTION_DOWN:
        if (view->from[SCREEN_TRIAL] == SCREEN_TRIALS) {
            trials_step(view, action == ACTION_DOWN ? 1 : -1);
        } else {
            live_step(view, action == ACTION_DOWN ? 1 : -1);
        }
        ask(view);
        return true;
    case ACTION_BEST:
        if (view->session.best.best < view->session.model.n) {
            view->selected_id = view->session.model.id[view->session.best.best];
        }
        ask(view);
        return true;
    case ACTION_NEXT_PANE:
    case ACTION_PREVIOUS_PANE: trial->params_focus = !trial->params_focus; return true;
    case ACTION_ZOOM: trial->is_zoomed = !trial->is_zoomed; return true;
    case ACTION_FIND: view_prompt(view, "Find in the log", log->needle, accept_find); return true;
    case ACTION_FIND_NEXT: find_again(view, 1); return true;
    case ACTION_FIND_PREVIOUS: find_again(view, -1); return true;
    case ACTION_FOLLOW: log_view_go(log, true); return true;
    case ACTION_WRAP:
        log->is_wrapped = !log->is_wrapped;
        log->left = 0;
        return true;
    case ACTION_STREAM: trial->stream = other_stream(trial); return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    const size_t at = view_selected_row(view);
    if (at == SIZE_MAX) return action == ACTION_HELP || action == ACTION_BACK;
    const enum dln_trial_state state = view->session.model.state[at];
    const struct trial_screen *trial = trial_of(view);
    switch ((int)action) {
    case ACTION_PRUNE:
    case ACTION_STOP: return state == DLN_TRIAL_RUNNING;
    case ACTION_FOLLOW: return state == DLN_TRIAL_RUNNING && trial->log[trial->stream].is_parked;
    case ACTION_RETRY: return state != DLN_TRIAL_RUNNING && state != DLN_TRIAL_WAITING;
    case ACTION_FIND:
    case ACTION_WRAP: return trial->log[trial->stream].n_lines > 0;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_HELP,      ACTION_DOWN,    ACTION_UP,   ACTION_FIND,  ACTION_WRAP, ACTION_STREAM,
    ACTION_FOLLOW,    ACTION_ENQUEUE, ACTION_BACK, ACTION_PRUNE, ACTION_STOP, ACTION_RETRY,
    ACTION_NEXT_PANE, ACTION_ZOOM,    ACTION_BEST, ACTION_NONE,
};

const struct screen screen_trial = {
    .scope = SCOPE_TRIAL,
    .keys = keys,
    .draws_status = true,
    .init = init,
    .release = release,
    .enter = ask,
    .changed = ask,
    .tick = tick,
    .draw = draw,
    .draw_status = draw_status,
    .act = act,
    .offers = offers,
};
