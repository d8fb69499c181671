/* What runs now: the table of trials, the best so far, and around them what the size allows. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"
#include "screen/live.h"
#include "screen/screens.h"

static struct live *live_of(const struct view *view)
{
    return view->state[SCREEN_LIVE];
}

static bool init(struct view *view)
{
    struct live *live = calloc(1, sizeof *live);
    view->state[SCREEN_LIVE] = live;
    if (!live) return false;
    live->plot = PANE_BEST;
    live->is_at_top = true;
    live->detail.trial_id = -1;
    live->table.pins_best = true;
    return true;
}

static void release(struct view *view)
{
    struct live *live = live_of(view);
    if (!live) return;
    order_release(&live->order);
    detail_release(&live->detail);
    kept_release(&live->best);
    free(live);
    view->state[SCREEN_LIVE] = NULL;
}

/* ── the rows ──────────────────────────────────────────────────────────────────────────────────*/

static int strip_rows(const struct view *view)
{
    if (view->cells.rows < 30 || view->session.model.n == 0) return 0;
    return view->cells.rows >= 40 ? 6 : 4;
}

/* The trial at a row of the table becomes the selected one; what the strip says of it is asked for,
   so that the next frame has it. */
static void select_cursor(struct view *view)
{
    struct live *live = live_of(view);
    const int64_t at = live->table.table.cursor;
    if (at < 0 || (size_t)at >= live->order.n) return;
    const size_t row = live->order.row[at];
    view->selected_id = view->session.model.id[row];
    if (view->screen == SCREEN_LIVE && strip_rows(view) > 0) detail_ask(view, &live->detail, row);
}

static void sort(struct view *view, enum sort_key key, bool reversed)
{
    struct live *live = live_of(view);
    const struct session *session = &view->session;
    if (!order_sort(&live->order, &session->model, key, reversed, session->maximize,
                    view->now_us)) {
        view_say(view, ROLE_ERROR, "Out of memory: the order stays");
    }
    live->table.table.cursor = 0;
    live->table.table.top = 0;
    live->is_at_top = true;
    select_cursor(view);
}

/* Rows have come or changed: the order follows, and the selected trial keeps its place. */
static void follow_rows(struct view *view)
{
    struct live *live = live_of(view);
    struct session *session = &view->session;
    struct table *table = &live->table.table;
    if (!session->is_open) return;
    const bool stays = live->is_following || (live->is_at_top && live->order.key == SORT_NUMBER);
    if (session->model.n < live->order.n || live->order.revision == 0) {
        if (!order_sort(&live->order, &session->model, live->order.key, live->order.reversed,
                        session->maximize, view->now_us)) {
            return;
        }
    } else if (!order_follow(&live->order, &session->model, &session->change, session->maximize,
                             view->now_us)) {
        return;
    }
    table->n_rows = (int64_t)live->order.n;
    if (stays && view->screen == SCREEN_LIVE) {
        table_go(table, 0);
        select_cursor(view);
        return;
    }
    const size_t row = view_selected_row(view);
    const int64_t at = row == SIZE_MAX ? 0 : order_find(&live->order, row);
    table_keep(table, (int64_t)live->order.n, at < 0 ? 0 : at);
    if (row == SIZE_MAX) select_cursor(view);
}

static void enter(struct view *view)
{
    struct live *live = live_of(view);
    if (view->session.is_open && live->order.n == view->session.model.n) {
        const size_t row = view_selected_row(view); /* the trial screen may have moved on */
        if (row != SIZE_MAX) table_go(&live->table.table, order_find(&live->order, row));
    }
    live->order.revision = 0;
    live->table.range_n = SIZE_MAX; /* it may be another study */
    kept_forget(&live->best);
    follow_rows(view);
}

static void move_to_selected(struct view *view, size_t row)
{
    struct live *live = live_of(view);
    const int64_t at = order_find(&live->order, row);
    if (at < 0) return;
    live->is_following = false;
    table_go(&live->table.table, at);
    live->is_at_top = at == 0;
    select_cursor(view);
}

void live_step(struct view *view, int step)
{
    struct live *live = live_of(view);
    table_move(&live->table.table, step);
    live->is_at_top = live->table.table.cursor == 0;
    select_cursor(view);
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_table(struct view *view, struct rect rect)
{
    struct live *live = live_of(view);
    const struct session *session = &view->session;
    if (!session->is_open) return;
    if (session->model.n == 0) {
        live_draw_empty(view, rect);
        return;
    }
    trial_table_update(&live->table, session, &live->order, rect.cols >= 100, view->is_slow,
                       view->now_us);
    live->table.table.blurred = live->focus != PANE_TABLE;
    table_draw(&live->table.table, &view->cells, rect);
}

static void draw_plot(struct view *view, struct live *live, enum live_pane pane, struct rect rect)
{
    if (pane == PANE_CURVES) {
        live_draw_curves(view, live, rect, live->focus == PANE_CURVES);
    } else {
        live_draw_best(view, live, rect, live->focus == PANE_BEST);
    }
}

/* Title rule over the table, where there is a side column to be told apart from. */
static void draw_table_title(struct view *view, struct rect rect)
{
    const struct live *live = live_of(view);
    char title[64], right[64];
    (void)snprintf(title, sizeof title, "Trials · %s%s",
                   live->order.key == SORT_NUMBER
                       ? (live->order.reversed ? "oldest first" : "newest first")
                       : "by ",
                   live->order.key == SORT_NUMBER ? "" : sort_key_name(live->order.key));
    if (view->session.model.n_marked > 0) {
        (void)snprintf(right, sizeof right, "%zu shown · %zu marked", live->order.n,
                       view->session.model.n_marked);
    } else {
        (void)snprintf(right, sizeof right, "%zu %s", live->order.n,
                       view->session.all_loaded ? "shown" : "loaded");
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, right,
               live->focus == PANE_TABLE ? ROLE_BORDER_FOCUS : ROLE_BORDER);
}

/* Table left, plots right. */
static void draw_columns(struct view *view, struct rect rect)
{
    struct live *live = live_of(view);
    struct cells *cells = &view->cells;
    const int side = rect.cols >= 160 ? rect.cols * 35 / 100 : 40;
    const int left = rect.cols - side - 1;
    draw_table_title(view, (struct rect){rect.row, rect.col, 1, left});
    draw_table(view, (struct rect){rect.row + 1, rect.col, rect.rows - 1, left});
    for (int i = 0; i < rect.rows; i++) {
        cells_glyph(cells, rect.row + i, rect.col + left, GLYPH_VLINE, ROLE_BORDER);
    }
    const struct rect column = {rect.row, rect.col + left + 1, rect.rows, side};
    const bool has_both = rect.rows >= 18 && view->session.model.max_steps > 1;
    if (!has_both) {
        draw_plot(view, live, live->plot, column);
        return;
    }
    const int upper = rect.rows / 2;
    draw_plot(view, live, PANE_BEST, (struct rect){column.row, column.col, upper, side});
    draw_plot(view, live, PANE_CURVES,
              (struct rect){column.row + upper, column.col, rect.rows - upper, side});
}

static void draw(struct view *view, struct rect body)
{
    struct live *live = live_of(view);
    if (view->session.path && !view->session.is_open) return;
    if (live->is_zoomed && view->session.model.n > 0) {
        if (live->focus == PANE_TABLE) {
            draw_table(view, body);
        } else {
            draw_plot(view, live, live->focus, body);
        }
        return;
    }
    const int cols = view->cells.cols, rows = view->cells.rows;
    const int bottom = cols >= 160 && rows >= 40 ? 5 : 0;
    const int strip = strip_rows(view);
    int upper = body.rows - bottom - strip;
    if (cols >= 120) {
        draw_columns(view, (struct rect){body.row, body.col, upper, body.cols});
    } else {
        const int plot = rows < 20 || view->session.model.n == 0 ? 0
                         : rows < 30                             ? 7
                         : rows < 40                             ? 11
                                                                 : 13;
        draw_table(view, (struct rect){body.row, body.col, upper - plot, body.cols});
        if (plot > 0) {
            draw_plot(view, live, live->plot,
                      (struct rect){body.row + upper - plot, body.col, plot, body.cols});
        }
    }
    if (strip > 0) {
        live_draw_strip(view, live, (struct rect){body.row + upper, body.col, strip, body.cols});
    }
    upper += strip;
    if (bottom > 0) {
        const int left = body.cols * 65 / 100;
        live_draw_workers(view, (struct rect){body.row + upper, body.col, bottom, left});
        live_draw_journal(view, (struct rect){body.row + upper, body.col + left + 1, bottom,
                                              body.cols - left - 1});
        cells_glyph(&view->cells, body.row + upper, body.col + left, GLYPH_TEE_DOWN, ROLE_BORDER);
        for (int i = 1; i < bottom; i++) {
            cells_glyph(&view->cells, body.row + upper + i, body.col + left, GLYPH_VLINE,
                        ROLE_BORDER);
        }
    }
}

/* ── finding and sorting ───────────────────────────────────────────────────────────────────────*/

static bool matches(const struct model *model, size_t row, const char *wanted)
{
    int64_t number = 0;
    const char *digits = *wanted == '#' ? wanted + 1 : wanted;
    if (dln_num_parse_int(digits, strlen(digits), &number)) return model->number[row] == number;
    return strcmp(dln_trial_state_word(model->state[row]), wanted) == 0;
}

/* The next row in the table's order that matches, from the cursor on; false: there is none. */
static bool find(struct view *view, int step)
{
    struct live *live = live_of(view);
    const int64_t n = (int64_t)live->order.n;
    int64_t at = live->table.table.cursor;
    for (int64_t i = 0; i < n; i++) {
        at = (at + step + n) % n;
        if (!matches(&view->session.model, live->order.row[at], live->wanted)) continue;
        move_to_selected(view, live->order.row[at]);
        return true;
    }
    return false;
}

static bool accept_find(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct live *live = live_of(view);
    while (*text == ' ')
        text++;
    (void)snprintf(live->wanted, sizeof live->wanted, "%s", text);
    if (live->wanted[0] == '\0' || find(view, 1)) return true;
    (void)snprintf(error, VIEW_TEXT_MAX, "No trial is '%s': a number, or run ok cut err wait",
                   live->wanted);
    return false;
}

static void find_again(struct view *view, int step)
{
    const struct live *live = live_of(view);
    if (live->wanted[0] == '\0') {
        view_say(view, ROLE_WARN, "/ finds a number or a state");
    } else if (!find(view, step)) {
        view_say(view, ROLE_WARN, "No trial is '%s'", live->wanted);
    }
}

static void choose_sort(struct view *view, char letter)
{
    const struct live *live = live_of(view);
    enum sort_key key = live->order.key;
    bool reversed = live->order.reversed;
    if (letter != 's') reversed = false;
    if (letter == 'n') key = SORT_NUMBER;
    if (letter == 'v') key = SORT_VALUE;
    if (letter == 't') key = SORT_TIME;
    if (letter == 'r') key = SORT_STATE;
    sort(view, key, reversed);
}

static void ask_sort(struct view *view)
{
    static const struct dialog_choice choices[] = {
        {"n", "number, newest first"}, {"v", "value, best first"}, {"t", "time, longest first"},
        {"r", "running first"},        {"s", "the same again"},
    };
    view_menu(view, "Sort", choices, 5, choose_sort);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void next_pane(struct live *live, int step)
{
    live->focus = (enum live_pane)(((int)live->focus + step + PANE_COUNT) % PANE_COUNT);
    if (live->focus != PANE_TABLE) live->plot = live->focus;
}

static void next_plot(struct live *live)
{
    live->plot = live->plot == PANE_BEST ? PANE_CURVES : PANE_BEST;
    if (live->focus != PANE_TABLE) live->focus = live->plot;
}

static void mark(struct view *view)
{
    struct live *live = live_of(view);
    struct model *model = &view->session.model;
    const size_t row = view_selected_row(view);
    if (row == SIZE_MAX) return;
    model_set_mark(model, row, (model->mark[row] & MODEL_MARKED) == 0);
    table_move(&live->table.table, 1);
    live->is_at_top = false;
    select_cursor(view);
}

static bool move(struct view *view, enum action action)
{
    struct live *live = live_of(view);
    struct table *table = &live->table.table;
    const int half = table->page > 1 ? table->page / 2 : 1;
    switch ((int)action) {
    case ACTION_UP: table_move(table, -1); break;
    case ACTION_DOWN: table_move(table, 1); break;
    case ACTION_FIRST: table_go(table, 0); break;
    case ACTION_LAST: table_go(table, INT64_MAX); break;
    case ACTION_HALF_UP: table_move(table, -half); break;
    case ACTION_HALF_DOWN: table_move(table, half); break;
    case ACTION_PAGE_UP: table_page(table, -1); break;
    case ACTION_PAGE_DOWN: table_page(table, 1); break;
    default: return false;
    }
    live->is_following = false;
    live->is_at_top = table->cursor == 0;
    select_cursor(view);
    return true;
}

static bool act(struct view *view, enum action action)
{
    struct live *live = live_of(view);
    struct session *session = &view->session;
    if (!session->is_open || session->model.n == 0) return false;
    if (move(view, action)) return true;
    switch ((int)action) {
    case ACTION_ENTER:
        if (view_selected_row(view) != SIZE_MAX) view_go(view, SCREEN_TRIAL);
        return true;
    case ACTION_BEST:
        if (session->best.best != SIZE_MAX) move_to_selected(view, session->best.best);
        return true;
    case ACTION_NEXT_PANE: next_pane(live, 1); return true;
    case ACTION_PREVIOUS_PANE: next_pane(live, -1); return true;
    case ACTION_PLOT_NEXT:
    case ACTION_PLOT_PREVIOUS: next_plot(live); return true;
    case ACTION_ZOOM: live->is_zoomed = !live->is_zoomed; return true;
    case ACTION_FIND: view_prompt(view, "Find", "", accept_find); return true;
    case ACTION_FIND_NEXT: find_again(view, 1); return true;
    case ACTION_FIND_PREVIOUS: find_again(view, -1); return true;
    case ACTION_FOLLOW:
        live->is_following = !live->is_following;
        view_say(view, ROLE_INFO, live->is_following ? "Following the newest" : "Not following");
        follow_rows(view);
        return true;
    case ACTION_SORT: ask_sort(view); return true;
    case ACTION_REVERSE: sort(view, live->order.key, !live->order.reversed); return true;
    case ACTION_MARK: mark(view); return true;
    case ACTION_MARK_ALL:
        for (size_t i = 0; i < session->model.n; i++)
            model_set_mark(&session->model, i, true);
        return true;
    case ACTION_CLEAR_MARKS: model_clear_marks(&session->model); return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    const struct model *model = &view->session.model;
    const bool is_done = view->session.is_open && view->session.word == WORD_DONE;
    switch ((int)action) {
    case ACTION_FIND:
    case ACTION_SORT:
    case ACTION_ENTER:
    case ACTION_MARK:
    case ACTION_NEXT_PANE:
    case ACTION_ZOOM:
    case ACTION_FOLLOW: return model->n > 0;
    case ACTION_BEST: return view->session.best.best < model->n;
    case ACTION_PRUNE:
    case ACTION_STOP: return model->n > 0 && model->count[DLN_TRIAL_RUNNING] > 0;
    case ACTION_RETRY: return summary_finished(view->session.summary) > 0;
    case ACTION_MORE:
    case ACTION_FEWER: return !is_done;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_HELP,   ACTION_FIND, ACTION_SORT,    ACTION_ENTER, ACTION_ENQUEUE,
    ACTION_PAUSE,  ACTION_BACK, ACTION_SUGGEST, ACTION_PRUNE, ACTION_STOP,
    ACTION_BUDGET, ACTION_MORE, ACTION_NONE,
};

const struct screen screen_live = {
    .title = "Live",
    .digit = '1',
    .scope = SCOPE_LIVE,
    .keys = keys,
    .has_progress = true,
    .init = init,
    .release = release,
    .enter = enter,
    .changed = follow_rows,
    .draw = draw,
    .act = act,
    .offers = offers,
};
