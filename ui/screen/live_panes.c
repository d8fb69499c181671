/* The panes around the table of the live screen. Each draws what fits into its rectangle. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "format.h"
#include "plot/plot_curve.h"
#include "plot/plot_history.h"
#include "screen/live.h"

/* ── plots ─────────────────────────────────────────────────────────────────────────────────────*/

static enum role border_of(bool has_focus)
{
    return has_focus ? ROLE_BORDER_FOCUS : ROLE_BORDER;
}

static struct rect below_title(struct rect rect)
{
    return (struct rect){rect.row + 1, rect.col, rect.rows - 1, rect.cols};
}

/* The newest trials alone look like something else, and their best is not the best. */
static bool is_partial(const struct session *session)
{
    return !session->all_loaded && session->loaded < 0.5;
}

void live_draw_best(struct view *view, struct live *live, struct rect rect, bool has_focus)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    if (model->m == 0) return;
    char title[96];
    (void)snprintf(title, sizeof title, "Best so far · %.60s (%s)", session_metric(session, 0),
                   session->maximize ? "max" : "min");
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, NULL, border_of(has_focus));
    if (is_partial(session)) {
        plot_empty(&view->cells, below_title(rect), "Reading the trials …");
        return;
    }
    const int64_t budget = session->summary ? session->summary->live.budget.trials : 0;
    const uint64_t facts[KEPT_FACTS] = {(uint64_t)session->study_id, model->n, model->revision,
                                        (uint64_t)budget};
    if (kept_show(&live->best, &view->cells, below_title(rect), facts)) return;
    const struct history_plot plot = {
        .n = model->n,
        .number = model->number,
        .value = model->value[0],
        .state = model->state,
        .maximize = session->maximize,
        .x_max = budget,
        .cursor = -1,
    };
    (void)plot_history(&view->cells, below_title(rect), &plot);
    kept_take(&live->best, &view->cells, below_title(rect), facts);
}

enum { CURVES_MAX = 24, CURVES_FINISHED = 8 };

struct curves {
    size_t n;
    struct curve curve[CURVES_MAX];
    int64_t step[CURVES_MAX][MODEL_CURVE];
    double value[CURVES_MAX][MODEL_CURVE];
};

static void add_curve(struct curves *curves, const struct model *model, size_t row, enum role role)
{
    const struct model_curve *samples = &model->curve[row];
    if (curves->n == CURVES_MAX || samples->n < 2) return;
    const size_t at = curves->n++;
    for (size_t i = 0; i < samples->n; i++) {
        curves->step[at][i] = samples->step[i];
        curves->value[at][i] = (double)samples->value[i];
    }
    curves->curve[at] = (struct curve){.n = samples->n,
                                       .step = curves->step[at],
                                       .value = curves->value[at],
                                       .role = role,
                                       .is_pruned = model->state[row] == DLN_TRIAL_PRUNED};
}

void live_draw_curves(struct view *view, struct live *live, struct rect rect, bool has_focus)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    (void)live;
    static const char title[] = "Learning curves · running over finished";
    const bool has_room = rect.cols >= (int)sizeof title + 12;
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, has_room ? title : "Learning curves",
               "step", border_of(has_focus));
    if (is_partial(session)) return;
    static struct curves curves; /* large; only the ui draws */
    curves.n = 0;
    size_t finished = 0;
    for (size_t i = model->n; i > 0 && finished < CURVES_FINISHED; i--) {
        if (model->state[i - 1] == DLN_TRIAL_RUNNING) continue;
        const size_t before = curves.n;
        add_curve(&curves, model, i - 1, ROLE_DIM);
        finished += curves.n - before;
    }
    if (session->best.best != SIZE_MAX) add_curve(&curves, model, session->best.best, ROLE_BEST);
    int64_t running = model->count[DLN_TRIAL_RUNNING];
    for (size_t i = model->n; i > 0 && running > 0; i--) {
        if (model->state[i - 1] != DLN_TRIAL_RUNNING) continue;
        add_curve(&curves, model, i - 1, ROLE_LINE_RUNNING);
        running--;
    }
    const struct curve_plot plot = {.n = curves.n, .curve = curves.curve, .cursor = -1};
    (void)plot_curve(&view->cells, below_title(rect), &plot);
}

/* ── the selected trial ────────────────────────────────────────────────────────────────────────*/

static int label(struct view *view, int row, const char *text)
{
    (void)cells_text(&view->cells, row, 1, 8, ROLE_DIM, text);
    return 9;
}

/* "lr +5 %, opt sgd" against the best; numbers as change, choices as they are here. */
static void add_difference(struct dln_strbuf *out, const struct dln_param *param, double here,
                           double there)
{
    if (isnan(here) || isnan(there) || here == there) return;
    if (out->len > 0) dln_strbuf_add(out, ", ");
    if (param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG || there == 0) {
        dln_strbuf_addf(out, "%s ", param->name);
        dln_param_text(param, here, out);
    } else if (here / there >= 10 || (here / there > 0 && here / there <= 0.1)) {
        dln_strbuf_addf(out, "%s × %.2g", param->name, here / there);
    } else {
        dln_strbuf_addf(out, "%s %+.0f %%", param->name, (here / there - 1) * 100);
    }
}

static void draw_params(struct view *view, int row, size_t trial)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    struct dln_strbuf text = {0}, difference = {0};
    const size_t best = session->best.best;
    for (size_t i = 0; i < model->d; i++) {
        const struct dln_param *param = &session->space->params[i];
        const double x = model->x[i][trial];
        if (isnan(x)) continue;
        char value[96];
        trial_value_text(param, x, trial_param_style(param, true), value, sizeof value);
        dln_strbuf_addf(&text, "%s%s %s", text.len > 0 ? " · " : "", param->name, value);
        if (best < model->n && best != trial) {
            add_difference(&difference, param, x, model->x[i][best]);
        }
    }
    const int col = label(view, row, "params");
    const int width = view->cells.cols - col - 1;
    const int used = cells_text(&view->cells, row, col, width, ROLE_TEXT, dln_strbuf_text(&text));
    if (difference.len > 0 && used + 20 < width) {
        struct dln_strbuf line = {0};
        dln_strbuf_addf(&line, "vs best #%" PRId64 ": %s", model->number[best],
                        dln_strbuf_text(&difference));
        if ((int)dln_text_width(dln_strbuf_text(&line)) + used + 3 <= width) {
            cells_right(&view->cells, row, col + used, width - used, ROLE_DIM,
                        dln_strbuf_text(&line));
        }
        dln_strbuf_release(&line);
    }
    dln_strbuf_release(&text);
    dln_strbuf_release(&difference);
}

/* The last lines of a log, the newest at the top as in a ticker. */
static void draw_tail(struct view *view, struct rect rect, const struct log_text *log)
{
    const char *text = log->text;
    size_t end = log->len;
    for (int i = 0; i < rect.rows; i++) {
        while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r'))
            end--;
        size_t start = end;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        if (end == start) return;
        struct dln_strbuf line = {0};
        const size_t len = end - start;
        dln_strbuf_add_len(&line, text + start, len < 1024 ? len : 1024);
        (void)cells_text(&view->cells, rect.row + i, rect.col, rect.cols, ROLE_TEXT,
                         dln_strbuf_text(&line));
        dln_strbuf_release(&line);
        end = start;
    }
}

void live_draw_strip(struct view *view, struct live *live, struct rect rect)
{
    const struct model *model = &view->session.model;
    const size_t trial = view_selected_row(view);
    if (trial == SIZE_MAX) return;
    char title[96], step[32] = "";
    if (model->last_step[trial] >= 0) {
        (void)snprintf(step, sizeof step, " · step %d", (int)model->last_step[trial]);
    }
    (void)snprintf(title, sizeof title, "#%" PRId64 " · %s%s", model->number[trial],
                   dln_trial_state_word(model->state[trial]), step);
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, "Enter opens the trial",
               ROLE_BORDER);
    detail_ask(view, &live->detail, trial);
    const struct detail *detail = &live->detail;
    const bool has_detail = detail->has_trial && detail->trial_id == model->id[trial];
    int col = label(view, rect.row + 1, "why");
    const int width = view->cells.cols - col - 1;
    if (has_detail) {
        const struct dln_trial *full = &detail->trial;
        struct dln_strbuf why = {0};
        detail_why(full, &why);
        if (*full->detail) dln_strbuf_addf(&why, " · %s", full->detail);
        (void)cells_text(&view->cells, rect.row + 1, col, width, ROLE_TEXT, dln_strbuf_text(&why));
        dln_strbuf_release(&why);
    }
    draw_params(view, rect.row + 2, trial);
    if (rect.rows < 4) return;
    col = label(view, rect.row + 3, "log");
    if (!has_detail) return;
    const struct log_text *log = &detail->log[LOG_STDOUT];
    if (log->len == 0) log = &detail->log[LOG_STDERR];
    if (log->len == 0) {
        (void)cells_text(&view->cells, rect.row + 3, col, width, ROLE_DIM,
                         model->state[trial] == DLN_TRIAL_WAITING ? "not started"
                                                                  : "nothing printed");
    }
    draw_tail(view, (struct rect){rect.row + 3, col, rect.rows - 3, width}, log);
}

/* ── workers ───────────────────────────────────────────────────────────────────────────────────*/

enum { HOUR_S = 3600, WINDOW_MIN_S = 600 };

/* The end of what is shown: now, or when the last trial ended. */
static int64_t end_of_work_us(const struct view *view)
{
    const struct model *model = &view->session.model;
    int64_t end_us = 0;
    if (model->count[DLN_TRIAL_RUNNING] > 0) return view->now_us;
    for (size_t i = model->n; i > 0 && model->n - i < 200; i--) {
        if (model->ended_us[i - 1] > end_us) end_us = model->ended_us[i - 1];
    }
    return end_us > 0 ? end_us : view->now_us;
}

static enum role role_of_bar(enum dln_trial_state state)
{
    if (state == DLN_TRIAL_RUNNING) return ROLE_STATE_RUN;
    if (state == DLN_TRIAL_FAIL) return ROLE_STATE_ERR;
    return state == DLN_TRIAL_PRUNED ? ROLE_STATE_CUT : ROLE_STATE_OK;
}

/* What each worker did in the last hour, or ten minutes while there are no more: a bar a trial. */
void live_draw_workers(struct view *view, struct rect rect)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const int shown = rect.rows - 1;
    const int parallel = session->summary ? session->summary->live.parallel : 0;
    const int64_t now_us = end_of_work_us(view);
    const int64_t first_us = model->n > 0 ? model->started_us[0] : 0;
    const bool is_young = now_us - first_us < WINDOW_MIN_S * (int64_t)1000000;
    const int window_s = is_young ? WINDOW_MIN_S : HOUR_S;
    char right[64], of[32] = "";
    if (parallel > shown) (void)snprintf(of, sizeof of, "%d of %d · ", shown, parallel);
    (void)snprintf(right, sizeof right, "%s%s", of, is_young ? "10 minutes" : "one hour");
    cells_rule(cells, rect.row, rect.col, rect.cols, "Workers", right, ROLE_BORDER);
    const int col = rect.col + 6, width = rect.cols - 6 - 9;
    if (width < 20) return;
    for (int slot = 0; slot < shown && slot < parallel; slot++) {
        (void)cells_textf(cells, rect.row + 1 + slot, rect.col + 1, 4, ROLE_DIM, "%d", slot);
    }
    /* In whole columns while there is work, so that all bars move on at once, and rest in between.
     */
    const int64_t column_us = window_s * (int64_t)1000000 / width;
    const bool is_working = model->count[DLN_TRIAL_RUNNING] > 0;
    const int64_t start_us =
        is_working ? (now_us / column_us + 1 - width) * column_us : now_us - width * column_us;
    /* Newest first, until well before the window; a trial may have run long. */
    size_t looked = 0;
    for (size_t i = model->n; i > 0 && looked < 2000; i--, looked++) {
        const size_t row = i - 1;
        const int slot = model->slot[row];
        if (slot < 0 || slot >= shown || model->started_us[row] == 0) continue;
        const bool is_running = model->state[row] == DLN_TRIAL_RUNNING;
        const int64_t end_us = is_running ? now_us : model->ended_us[row];
        if (end_us < start_us) continue;
        int64_t from = (model->started_us[row] - start_us) / column_us;
        int64_t to = (end_us - start_us) / column_us;
        if (from < 0) from = 0;
        if (to > width) to = width;
        if (to <= from) to = from + 1;
        const enum role role = role_of_bar(model->state[row]);
        for (int64_t c = from; c < to - 1; c++) {
            cells_glyph(cells, rect.row + 1 + slot, col + (int)c, GLYPH_BAR, role);
        }
        cells_glyph(cells, rect.row + 1 + slot, col + (int)to - 1,
                    is_running ? GLYPH_BAR : GLYPH_BAR_HALF, role);
        if (is_running) {
            (void)cells_textf(cells, rect.row + 1 + slot, col + width + 1, 8, ROLE_TEXT,
                              "#%" PRId64, model->number[row]);
        }
    }
}

/* ── journal ───────────────────────────────────────────────────────────────────────────────────*/

/* What somebody noted; the answer to it only says that it was. */
static bool note_text(const struct dln_command *command, char *out, size_t cap)
{
    json_t *json = NULL;
    if (!command->payload ||
        !dln_json_read(command->payload, strlen(command->payload), &json, NULL)) {
        return false;
    }
    const char *text = json_string_value(json_object_get(json, "text"));
    if (text) (void)snprintf(out, cap, "%s", text);
    json_decref(json);
    return text != NULL;
}

void journal_text(const struct dln_command *command, char *out, size_t cap)
{
    const bool is_note = command->kind == DLN_COMMAND_NOTE;
    const char *answer = command->answer ? command->answer : "";
    if (is_note && note_text(command, out, cap)) return;
    if (command->state == DLN_COMMAND_REFUSED) {
        (void)snprintf(out, cap, "%s refused: %s", dln_command_name(command->kind), answer);
    } else if (*answer) {
        (void)snprintf(out, cap, "%s", answer);
    } else {
        (void)snprintf(out, cap, "%s %s", is_note ? "" : dln_command_name(command->kind),
                       command->payload ? command->payload : "");
    }
}

void live_draw_journal(struct view *view, struct rect rect)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    cells_rule(cells, rect.row, rect.col, rect.cols, "Journal", "8 shows all", ROLE_BORDER);
    for (int i = 0; i + 1 < rect.rows && (size_t)i < session->n_commands; i++) {
        const struct dln_command *command = &session->commands[i];
        char when[FORMAT_MAX], what[VIEW_TEXT_MAX];
        (void)format_time(when, command->posted_us, view->now_us);
        journal_text(command, what, sizeof what);
        int col = rect.col + 1;
        col += cells_text(cells, rect.row + 1 + i, col, 11, ROLE_LOG_TIME, when) + 1;
        col += cells_text(cells, rect.row + 1 + i, col, 10, ROLE_DIM, command->who) + 1;
        const int left = rect.col + rect.cols - col;
        if (left > 0) (void)cells_text(cells, rect.row + 1 + i, col, left, ROLE_TEXT, what);
    }
}

/* ── nothing yet ───────────────────────────────────────────────────────────────────────────────*/

void live_draw_empty(struct view *view, struct rect rect)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    const struct dln_study *definition = session->definition;
    int row = rect.row + 1;
    const int width = rect.cols - 4;
    if (session->word == WORD_RUN) {
        (void)cells_text(cells, row++, 2, width, ROLE_TEXT,
                         "No trial yet: the first one starts in a moment.");
    } else if (definition && !view->options->attach && !view_read_only(view)) {
        (void)cells_text(cells, row++, 2, width, ROLE_TEXT, "No trial yet. p starts.");
    } else {
        (void)cells_text(cells, row++, 2, width, ROLE_TEXT, "No trial yet.");
    }
    const struct dln_words *words = definition ? dln_study_command(definition) : NULL;
    if (!words || words->n == 0) return;
    struct dln_strbuf command = {0};
    for (size_t i = 0; i < words->n; i++) {
        dln_strbuf_addf(&command, "%s%s", i > 0 ? " " : "", words->word[i]);
    }
    row++;
    (void)cells_text(cells, row++, 2, width, ROLE_DIM,
                     words == &definition->worker ? "What takes the trials:"
                                                  : "What a trial runs:");
    (void)cells_text(cells, row, 2, width, ROLE_STRONG, dln_strbuf_text(&command));
    dln_strbuf_release(&command);
}
