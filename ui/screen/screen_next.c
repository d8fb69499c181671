/* What comes next: the queue, then what the strategy proposes, each with its reason. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "advice.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "plot/param_axis.h"
#include "screen/dial.h"
#include "screen/screens.h"
#include "widget/dialog.h"
#include "widget/table.h"

enum { COLUMN_TRIAL, COLUMN_FROM, COLUMN_EXPECTED, COLUMN_CHANCE, COLUMN_PARAM };
enum { NAME_COLS = 20, VALUE_COLS_MAX = 12, DETAIL_ROWS = 5 };

struct next_screen {
    struct table table;
    struct column columns[TABLE_COLUMNS_MAX];
    char name[TABLE_COLUMNS_MAX][NAME_COLS];
    uint64_t revision;              /* of the advice that the predictions are for */
    struct dln_prediction *expects; /* one a row; NULL: no model */
};

static struct next_screen *next_of(const struct view *view)
{
    return view->state[SCREEN_NEXT];
}

static void release(struct view *view)
{
    struct next_screen *screen = next_of(view);
    if (!screen) return;
    free(screen->expects);
    free(screen);
    view->state[SCREEN_NEXT] = NULL;
}

static const struct dln_peek *peek_of(struct view *view)
{
    static const struct dln_peek none = {0};
    const struct advice *advice = advice_of(view);
    return advice && advice->has_next ? &advice->next : &none;
}

static const struct dln_peeked *selected(struct view *view)
{
    const struct dln_peek *peek = peek_of(view);
    const int64_t at = next_of(view)->table.cursor;
    return at >= 0 && (size_t)at < peek->n ? &peek->next[at] : NULL;
}

/* Predictions of all rows, once for what is known. */
static void expect(struct view *view)
{
    struct next_screen *screen = next_of(view);
    const struct advice *advice = advice_of(view);
    const struct dln_peek *peek = peek_of(view);
    if (!advice || screen->revision == advice->revision) return;
    screen->revision = advice->revision;
    free(screen->expects);
    screen->expects = NULL;
    if (!advice->predictor || peek->n == 0) return;
    screen->expects = calloc(peek->n, sizeof *screen->expects);
    for (size_t i = 0; screen->expects && i < peek->n; i++) {
        if (dln_predictor_point(advice->predictor, peek->next[i].x, &screen->expects[i], NULL)) {
            continue;
        }
        free(screen->expects);
        screen->expects = NULL;
    }
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static void cell_text(struct view *view, size_t row, const struct column *column, char *out,
                      size_t cap)
{
    const struct next_screen *screen = next_of(view);
    const struct dln_peeked *next = &peek_of(view)->next[row];
    const struct dln_expected *e = screen->expects ? &screen->expects[row].expected[0] : NULL;
    char text[FORMAT_MAX] = "";
    switch (column->id) {
    case COLUMN_TRIAL: (void)snprintf(out, cap, "#%" PRId64, next->number); return;
    case COLUMN_FROM:
        (void)snprintf(out, cap, "%s", next->is_enqueued ? "queue" : next->strategy);
        return;
    case COLUMN_EXPECTED:
        (void)snprintf(out, cap, "%s",
                       e && e->is_known ? format_with_sd(text, e->mean, e->sd) : FORMAT_MISSING);
        return;
    case COLUMN_CHANCE:
        (void)snprintf(out, cap, "%s",
                       e && e->is_known ? format_share(text, e->chance) : FORMAT_MISSING);
        return;
    default: break;
    }
    const size_t p = (size_t)(column->id - COLUMN_PARAM);
    if (isnan(next->x[p])) {
        out[0] = '\0';
    } else {
        param_value_text(&view->session.space->params[p], next->x[p], out, cap);
    }
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t row,
                      const struct column *column, enum role role)
{
    char text[128];
    cell_text(context, (size_t)row, column, text, sizeof text);
    if (column->align == ALIGN_RIGHT) {
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
    } else {
        (void)cells_text(cells, rect.row, rect.col, rect.cols, role, text);
    }
}

static struct table_mark mark(void *context, int64_t row)
{
    struct view *view = context;
    const bool is_queued = peek_of(view)->next[row].is_enqueued;
    return (struct table_mark){is_queued ? GLYPH_WAITING : GLYPH_COUNT, ROLE_STATE_WAIT, ROLE_TEXT};
}

static void add_column(struct view *view, int id, const char *name, int priority)
{
    struct next_screen *screen = next_of(view);
    struct table *table = &screen->table;
    if (table->n_columns == TABLE_COLUMNS_MAX) return;
    char *own = screen->name[table->n_columns];
    (void)snprintf(own, NAME_COLS, "%s", name);
    for (char *c = own; *c; c++) {
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    }
    struct column *column = &screen->columns[table->n_columns++];
    *column = (struct column){
        .name = own, .width = id == COLUMN_TRIAL ? 5 : 1, .priority = priority, .id = id};
    column->grow_to = cells_text_width(&view->cells, own);
    const bool is_text =
        id == COLUMN_TRIAL || id == COLUMN_FROM ||
        (id >= COLUMN_PARAM && param_is_choice(&view->session.space->params[id - COLUMN_PARAM]));
    column->align = is_text ? ALIGN_LEFT : ALIGN_RIGHT;
    for (size_t i = 0; i < peek_of(view)->n; i++) {
        char text[128];
        cell_text(view, i, column, text, sizeof text);
        int width = cells_text_width(&view->cells, text);
        if (width > 2 * VALUE_COLS_MAX) width = 2 * VALUE_COLS_MAX;
        if (id >= COLUMN_PARAM && width > VALUE_COLS_MAX) width = VALUE_COLS_MAX;
        if (width > column->width) column->width = width;
    }
}

static void make_table(struct view *view)
{
    struct next_screen *screen = next_of(view);
    struct table *table = &screen->table;
    const struct dln_space *space = view->session.space;
    table->columns = screen->columns;
    table->n_columns = 0;
    table->draw_cell = draw_cell;
    table->mark = mark;
    table->context = view;
    table->pinned = -1;
    add_column(view, COLUMN_TRIAL, "trial", 0);
    add_column(view, COLUMN_FROM, "from", 1);
    add_column(view, COLUMN_EXPECTED, session_metric(&view->session, 0), 0);
    add_column(view, COLUMN_CHANCE, "chance", 2);
    for (size_t p = 0; p < space->n; p++)
        add_column(view, COLUMN_PARAM + (int)p, space->params[p].name, 3 + (int)p);
    table_keep(table, (int64_t)peek_of(view)->n, table->cursor);
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_detail(struct view *view, struct rect rect)
{
    const struct dln_peeked *next = selected(view);
    const struct dln_space *space = view->session.space;
    struct dln_strbuf text = {0};
    char value[128];
    if (!next) return;
    (void)snprintf(value, sizeof value, "#%" PRId64 " · %s", next->number,
                   next->is_enqueued ? "in the queue" : "would be proposed");
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, value, "", ROLE_BORDER);
    if (strncmp(next->why, next->strategy, strlen(next->strategy)) != 0) {
        dln_strbuf_addf(&text, "%s: ", next->strategy);
    }
    dln_strbuf_addf(&text, "%s\n", *next->why ? next->why : "no reason was given");
    for (size_t p = 0; p < space->n; p++) {
        if (isnan(next->x[p])) continue;
        param_value_text(&space->params[p], next->x[p], value, sizeof value);
        dln_strbuf_addf(&text, "%s %s  ", space->params[p].name, value);
    }
    (void)wrap_draw(&view->cells,
                    (struct rect){rect.row + 1, rect.col + 1, rect.rows - 1, rect.cols - 2},
                    ROLE_TEXT, dln_strbuf_text(&text), 0);
    dln_strbuf_release(&text);
}

static void draw(struct view *view, struct rect body)
{
    struct cells *cells = &view->cells;
    const struct advice *advice = advice_of(view);
    const struct dln_peek *peek = peek_of(view);
    char right[96] = "";
    if (!advice) return;
    size_t n_queued = 0;
    for (size_t i = 0; i < peek->n; i++)
        n_queued += peek->next[i].is_enqueued;
    if (n_queued > 0) (void)snprintf(right, sizeof right, "%zu in the queue", n_queued);
    if (advice->is_asking) {
        const size_t len = strlen(right);
        (void)snprintf(right + len, sizeof right - len, "%sasking …", len > 0 ? " · " : "");
    }
    cells_rule(cells, body.row, body.col, body.cols, "What comes next", right, ROLE_BORDER);
    if (peek->n == 0) {
        const char *sentence = advice->next_sentence[0] ? advice->next_sentence
                               : advice->has_next
                                   ? "Nothing: every point of the space has been tried."
                                   : "The strategy is asked for its next suggestions …";
        (void)wrap_draw(cells, (struct rect){body.row + 2, 2, body.rows - 2, body.cols - 4},
                        ROLE_TEXT, sentence, 0);
        return;
    }
    expect(view);
    make_table(view);
    table_draw(&next_of(view)->table, cells,
               (struct rect){body.row + 1, body.col, body.rows - 1 - DETAIL_ROWS, body.cols});
    draw_detail(
        view, (struct rect){body.row + body.rows - DETAIL_ROWS, body.col, DETAIL_ROWS, body.cols});
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void changed(struct view *view)
{
    advice_ask_model(view);
    advice_ask_next(view, 1); /* the first one soon, then the others */
    const struct advice *advice = advice_of(view);
    if (advice && advice->has_next) advice_ask_next(view, ADVICE_NEXT);
}

static bool init(struct view *view)
{
    struct next_screen *screen = calloc(1, sizeof *screen);
    view->state[SCREEN_NEXT] = screen;
    if (screen) screen->revision = UINT64_MAX;
    return screen != NULL;
}

static void enter(struct view *view)
{
    next_of(view)->table.cursor = 0;
    changed(view);
}

static void enqueue(struct view *view, const struct dln_peeked *next)
{
    if (next->is_enqueued) {
        view_say(view, ROLE_INFO, "#%" PRId64 " is in the queue already", next->number);
    } else {
        (void)actions_enqueue(view, next->x, NULL, -1);
    }
}

static bool act(struct view *view, enum action action)
{
    struct table *table = &next_of(view)->table;
    const struct dln_peeked *next = selected(view);
    const int half = table->page > 1 ? table->page / 2 : 1;
    switch ((int)action) {
    case ACTION_UP: table_move(table, -1); return true;
    case ACTION_DOWN: table_move(table, 1); return true;
    case ACTION_FIRST: table_go(table, 0); return true;
    case ACTION_LAST: table_go(table, INT64_MAX); return true;
    case ACTION_HALF_UP: table_move(table, -half); return true;
    case ACTION_HALF_DOWN: table_move(table, half); return true;
    case ACTION_PAGE_UP: table_page(table, -1); return true;
    case ACTION_PAGE_DOWN: table_page(table, 1); return true;
    case ACTION_ENTER:
    case ACTION_ENQUEUE:
        if (next) {
            dial_open(view, next->is_enqueued ? DIAL_QUEUED : DIAL_SUGGESTION, next->number,
                      next->x);
        }
        return true;
    case ACTION_DELETE:
        if (next && next->is_enqueued) {
            (void)actions_withdraw(view, next->number);
        } else if (next) {
            view_say(view, ROLE_WARN,
                     "#%" PRId64 " is not in the queue: the strategy may propose it", next->number);
        }
        return true;
    case ACTION_WRITE:
        if (next) enqueue(view, next);
        return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    if (action == ACTION_BACK || action == ACTION_HELP) return true;
    const struct advice *advice = view->advice;
    const struct dln_peek *peek = advice && advice->has_next ? &advice->next : NULL;
    const size_t at = (size_t)next_of(view)->table.cursor;
    if (!peek || at >= peek->n) return false;
    switch ((int)action) {
    case ACTION_DOWN: return peek->n > 1;
    case ACTION_WRITE: return !peek->next[at].is_enqueued;
    case ACTION_DELETE: return peek->next[at].is_enqueued;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_HELP, ACTION_DOWN, ACTION_ENTER, ACTION_WRITE, ACTION_DELETE, ACTION_BACK, ACTION_NONE,
};

const struct screen screen_next = {
    .scope = SCOPE_NEXT,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = enter,
    .changed = changed,
    .tick = changed,
    .draw = draw,
    .act = act,
    .offers = offers,
};
