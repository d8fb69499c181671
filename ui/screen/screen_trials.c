/* The whole table of a study: every trial, filtered, in any order, marked and acted on. */
#include "screen/screens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot.h"
#include "screen/trials.h"
#include "table_memory.h"

struct trials *trials_of(const struct view *view)
{
    return view->state[SCREEN_TRIALS];
}

static bool init(struct view *view)
{
    struct trials *trials = calloc(1, sizeof *trials);
    view->state[SCREEN_TRIALS] = trials;
    if (!trials) return false;
    trials->study_id = -1;
    trials->is_at_top = true;
    trials->table.choices = &trials->choices;
    return true;
}

static void release(struct view *view)
{
    struct trials *trials = trials_of(view);
    if (!trials) return;
    order_release(&trials->order);
    sieve_release(&trials->found);
    sieve_release(&view->sieve);
    saved_filters_release(&view->saved);
    free(trials->path);
    free(trials);
    view->state[SCREEN_TRIALS] = NULL;
}

/* ── the rows ──────────────────────────────────────────────────────────────────────────────────*/

static void select_cursor(struct view *view)
{
    const struct trials *trials = trials_of(view);
    const int64_t at = trials->table.table.cursor;
    if (at < 0 || (size_t)at >= trials->order.n) return;
    view->selected_id = view->session.model.id[trials->order.row[at]];
}

/* After the rows have moved: the selected trial stays where it is on the screen, or the first one
   is selected. */
static void keep_selected(struct view *view)
{
    struct trials *trials = trials_of(view);
    struct table *table = &trials->table.table;
    const size_t row = view_selected_row(view);
    const bool stays = trials->is_following || trials->is_new || row == SIZE_MAX ||
                       (trials->is_at_top && trials->order.key == SORT_NUMBER);
    const int64_t at = stays ? 0 : order_find(&trials->order, row);
    table_keep(table, (int64_t)trials->order.n, at < 0 ? 0 : at);
    if (at <= 0) select_cursor(view);
}

void trials_arrange(struct view *view)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    if (!session->is_open) return;
    trials->sieve_revision = view->sieve.revision;
    if (!order_arrange(&trials->order, &session->model, trials->by,
                       trials->has_then ? &trials->then : NULL, sieve_hidden(&view->sieve),
                       view->now_us)) {
        view_say(view, ROLE_ERROR, "Out of memory: the order stays");
        return;
    }
    trials->is_arranged = true;
    keep_selected(view);
    view->is_dirty = true;
}

/* The best first, where there is one goal. */
static void use_defaults(struct view *view)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    trials->by = (struct sort_by){.key = session->model.m == 1 ? SORT_VALUE : SORT_NUMBER,
                                  .maximize = session->maximize};
    trials->has_then = false;
    trials->choices.n = 0;
    trials->is_following = false;
    trials->is_at_top = trials->is_new = true;
    trials->table.table.cursor = trials->table.table.top = 0;
    trials->table.range_n = SIZE_MAX;
    sieve_release(&trials->found);
}

static void apply_recalled_filter(struct view *view)
{
    struct trials *trials = trials_of(view);
    char error[VIEW_TEXT_MAX];
    size_t column;
    if (!trials->recalled_filter[0] || view->sieve.filter || !view->session.is_open) return;
    if (!sieve_set(&view->sieve, &view->session, &view->saved, trials->recalled_filter,
                   view->now_us, error, sizeof error, &column)) {
        view_say(view, ROLE_WARN, "The filter of last time does not fit any more: %s", error);
    }
    trials->recalled_filter[0] = '\0';
}

/* ── what is kept ──────────────────────────────────────────────────────────────────────────────*/

static json_t *sort_json(const struct view *view, const struct sort_by *by)
{
    const struct session *session = &view->session;
    const char *name = sort_key_name(by->key);
    if (by->key == SORT_PARAM) name = session->space->params[by->index].name;
    if (by->key == SORT_METRIC) name = session_metric(session, by->index);
    return json_pack("{s:s, s:s, s:b}", "key", sort_key_name(by->key), "name", name, "reversed",
                     by->reversed);
}

static bool read_sort(const struct view *view, const json_t *json, struct sort_by *out)
{
    const struct session *session = &view->session;
    const char *key = json_string_value(json_object_get(json, "key"));
    const char *name = json_string_value(json_object_get(json, "name"));
    struct sort_by by = {.key = SORT_KEY_COUNT, .maximize = session->maximize};
    for (int i = 0; key && i < SORT_KEY_COUNT; i++) {
        if (strcmp(key, sort_key_name((enum sort_key)i)) == 0) by.key = (enum sort_key)i;
    }
    by.reversed = json_is_true(json_object_get(json, "reversed"));
    if (by.key == SORT_KEY_COUNT || !name) return false;
    if (by.key == SORT_PARAM) {
        by.index = dln_space_find(session->space, name);
        if (by.index == SIZE_MAX) return false;
    }
    if (by.key == SORT_METRIC) {
        while (by.index < session->model.m && strcmp(session_metric(session, by.index), name) != 0)
            by.index++;
        if (by.index == session->model.m || !session->summary) return false;
        by.maximize = session->summary->maximize[by.index];
    }
    *out = by;
    return true;
}

void trials_remember(struct view *view)
{
    const struct trials *trials = trials_of(view);
    if (!view->session.is_open || !view->session.summary) return;
    json_t *table = json_object();
    json_t *columns = json_array();
    (void)json_object_set_new(table, "sort", sort_json(view, &trials->by));
    if (trials->has_then) (void)json_object_set_new(table, "then", sort_json(view, &trials->then));
    (void)json_object_set_new(table, "filter", json_string(view->sieve.text));
    for (int i = 0; i < trials->choices.n; i++) {
        const struct column_choice *choice = &trials->choices.choice[i];
        (void)json_array_append_new(columns, json_pack("{s:s, s:b, s:b, s:i}", "name", choice->name,
                                                       "hidden", choice->hidden, "shown",
                                                       choice->shown, "width", choice->width));
    }
    (void)json_object_set_new(table, "columns", columns);
    table_memory_save(view, table, trials_history(trials));
}

static void read_columns(struct column_choices *choices, const json_t *columns)
{
    choices->n = 0;
    for (size_t i = 0; i < json_array_size(columns) && choices->n < TABLE_COLUMNS_MAX; i++) {
        const json_t *json = json_array_get(columns, i);
        const char *name = json_string_value(json_object_get(json, "name"));
        const json_int_t width = json_integer_value(json_object_get(json, "width"));
        if (!name) continue;
        struct column_choice *choice = &choices->choice[choices->n++];
        *choice = (struct column_choice){
            .hidden = json_is_true(json_object_get(json, "hidden")),
            .shown = json_is_true(json_object_get(json, "shown")),
            .width = width > 0 && width <= 60 ? (int)width : 0,
        };
        (void)snprintf(choice->name, sizeof choice->name, "%s", name);
    }
}

static void recalled(struct view *view, const json_t *table, const json_t *history)
{
    struct trials *trials = trials_of(view);
    trials->is_recalled = true;
    trials_use_history(trials, history);
    if (!table || !view->session.is_open) return;
    const char *filter = json_string_value(json_object_get(table, "filter"));
    (void)read_sort(view, json_object_get(table, "sort"), &trials->by);
    trials->has_then = read_sort(view, json_object_get(table, "then"), &trials->then);
    read_columns(&trials->choices, json_object_get(table, "columns"));
    if (filter) (void)snprintf(trials->recalled_filter, LINE_EDIT_MAX, "%s", filter);
    apply_recalled_filter(view);
    trials_arrange(view);
}

/* Another study than last time: it has an order, a filter and columns of its own. */
static void begin_study(struct view *view)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    if (trials->study_id == session->study_id && trials->path &&
        strcmp(trials->path, session->path) == 0) {
        return;
    }
    free(trials->path);
    trials->path = strdup(session->path);
    trials->study_id = session->study_id;
    trials->is_recalled = false;
    trials->recalled_filter[0] = '\0';
    use_defaults(view);
    saved_filters_load(&view->saved);
    table_memory_load(view, recalled);
}

/* Rows have come or changed. */
static void changed(struct view *view)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    if (!session->is_open) return;
    begin_study(view);
    (void)sieve_follow(&view->sieve, session, view->now_us);
    trials->order.hidden = sieve_hidden(&view->sieve);
    if (!trials->is_arranged || session->model.n < trials->order.n) {
        trials_arrange(view);
    } else if (order_follow(&trials->order, &session->model, &session->change, session->maximize,
                            view->now_us)) {
        trials->sieve_revision = view->sieve.revision;
        keep_selected(view);
    }
}

/* Marks and order stay; what came meanwhile is put in. The first look is at the first rows. */
static void enter(struct view *view)
{
    struct trials *trials = trials_of(view);
    trials->is_arranged = false;
    changed(view);
    if (trials->is_new) return;
    const size_t row = view_selected_row(view);
    const int64_t at = row == SIZE_MAX ? -1 : order_find(&trials->order, row);
    if (at >= 0) table_go(&trials->table.table, at);
    trials->is_at_top = at <= 0;
}

static void move_to_row(struct view *view, size_t row)
{
    struct trials *trials = trials_of(view);
    const int64_t at = order_find(&trials->order, row);
    if (at < 0) {
        view_say(view, ROLE_WARN, "The filter hides it");
        return;
    }
    trials->is_following = false;
    table_go(&trials->table.table, at);
    trials->is_at_top = at == 0;
    select_cursor(view);
}

void trials_step(struct view *view, int step)
{
    struct trials *trials = trials_of(view);
    table_move(&trials->table.table, step);
    trials->is_at_top = trials->table.table.cursor == 0;
    select_cursor(view);
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

/* Of the marked trials: "median val_loss 0.0402". */
static void add_median(const struct view *view, struct dln_strbuf *out)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    double *values = malloc((model->n_marked + 1) * sizeof *values);
    double median;
    char text[FORMAT_MAX];
    size_t n = 0;
    for (size_t i = 0; values && model->m > 0 && i < model->n && n < model->n_marked; i++) {
        const double value = model_shown_value(model, i, 0);
        if ((model->mark[i] & MODEL_MARKED) && isfinite(value)) values[n++] = value;
    }
    if (n > 0 && plot_quantile(values, n, 0.5, &median)) {
        const size_t best = session->best.best, second = session->best.second;
        const struct number_style style =
            number_objective(best < model->n ? model->value[0][best] : median,
                             second < model->n ? model->value[0][second] : (double)NAN);
        dln_strbuf_addf(out, "%s median %s %s", out->len > 0 ? "," : "", session_metric(session, 0),
                        format_number(text, style, median));
    }
    free(values);
}

/* "lr 8.1e-04..1.2e-03": the first parameter that is a number and varies. */
static void add_range(const struct view *view, struct dln_strbuf *out)
{
    const struct model *model = &view->session.model;
    for (size_t p = 0; p < model->d; p++) {
        const struct dln_param *param = &view->session.space->params[p];
        double low = HUGE_VAL, high = -HUGE_VAL;
        char from[FORMAT_MAX], to[FORMAT_MAX];
        if (param->n_choices > 0 || !(model->x_low[p] < model->x_high[p])) continue;
        for (size_t i = 0; i < model->n; i++) {
            const double x = model->x[p][i];
            if (!(model->mark[i] & MODEL_MARKED) || isnan(x)) continue;
            if (x < low) low = x;
            if (x > high) high = x;
        }
        if (low > high) continue;
        const struct number_style style = trial_param_style(param, false);
        dln_strbuf_addf(out, ", %s %s..%s", param->name, format_number(from, style, low),
                        format_number(to, style, high));
        return;
    }
}

static void draw_marked(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const size_t n = view->session.model.n_marked;
    struct dln_strbuf text = {0};
    add_median(view, &text);
    add_range(view, &text);
    int col = 1;
    col += cells_textf(cells, row, col, cells->cols - 2, ROLE_TEXT, "%zu marked (", n);
    cells_glyph(cells, row, col++, GLYPH_MARKED, ROLE_MARK);
    (void)cells_textf(cells, row, col, cells->cols - 1 - col, ROLE_TEXT,
                      text.len > 0 ? "):%s. a acts." : ")%s. a acts.", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void draw_filter(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const struct sieve *sieve = &view->sieve;
    char right[48];
    (void)snprintf(right, sizeof right, "%zu of %zu", sieve->n_shown, sieve->n);
    const int width = cells_text_width(cells, right);
    int col = 1;
    col += cells_text(cells, row, col, 10, ROLE_STRONG, "Filter: ");
    (void)cells_text(cells, row, col, cells->cols - col - width - 3, ROLE_TEXT, sieve->text);
    cells_right(cells, row, cells->cols - 1 - width, width, ROLE_INFO, right);
}

static void draw_nothing(struct view *view, struct rect rect)
{
    const bool is_filtered = view->session.model.n > 0;
    (void)cells_text(&view->cells, rect.row + 1, 2, rect.cols - 4, ROLE_TEXT,
                     is_filtered ? "No trial passes the filter. f changes it, Ctrl-U there clears."
                                 : "No trial yet: 1 shows what runs.");
}

static void draw(struct view *view, struct rect body)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    if (!session->is_open) return;
    const bool has_marks = session->model.n_marked > 0;
    const bool is_typed = view->prompt.is_open && view->prompt.has_hint;
    const bool has_filter = view->sieve.filter && !is_typed;
    const int lines = has_marks + has_filter;
    const int below = lines > 0 ? lines + 1 : 0;
    trials->table.pins_best = trials->by.key != SORT_VALUE || trials->by.reversed;
    trial_table_update(&trials->table, session, &trials->order, body.cols >= 100, view->is_slow,
                       view->now_us);
    trials->table.table.n_rows = (int64_t)trials->order.n;
    const struct rect rect = {body.row, body.col, body.rows - below, body.cols};
    if (trials->order.n == 0) {
        draw_nothing(view, rect);
    } else {
        table_draw(&trials->table.table, &view->cells, rect);
    }
    int row = body.row + rect.rows;
    if (below > 0) {
        char right[96];
        trials_sort_text(trials, right, sizeof right);
        cells_rule(&view->cells, row++, body.col, body.cols, NULL, right, ROLE_BORDER);
    }
    if (has_marks) draw_marked(view, row++);
    if (has_filter) draw_filter(view, row);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool move(struct view *view, enum action action)
{
    struct trials *trials = trials_of(view);
    struct table *table = &trials->table.table;
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
    trials->is_following = false;
    trials->is_at_top = table->cursor == 0;
    select_cursor(view);
    return true;
}

static void mark(struct view *view)
{
    struct trials *trials = trials_of(view);
    struct model *model = &view->session.model;
    const int64_t at = trials->table.table.cursor;
    if (at < 0 || (size_t)at >= trials->order.n) return;
    const size_t row = trials->order.row[at];
    model_set_mark(model, row, (model->mark[row] & MODEL_MARKED) == 0);
    (void)move(view, ACTION_DOWN);
}

static void mark_shown(struct view *view)
{
    const struct trials *trials = trials_of(view);
    for (size_t i = 0; i < trials->order.n; i++)
        model_set_mark(&view->session.model, trials->order.row[i], true);
}

static void follow(struct view *view)
{
    struct trials *trials = trials_of(view);
    trials->is_following = !trials->is_following;
    if (trials->is_following && trials->by.key != SORT_NUMBER) {
        trials->by = (struct sort_by){.key = SORT_NUMBER};
        trials->has_then = false;
    }
    view_say(view, ROLE_INFO,
             trials->is_following ? "Following the newest, which stand first" : "Not following");
    trials_arrange(view);
}

static bool act(struct view *view, enum action action)
{
    struct trials *trials = trials_of(view);
    struct session *session = &view->session;
    if (!session->is_open || session->model.n == 0) return false;
    trials->is_new = false;
    if (move(view, action)) return true;
    switch ((int)action) {
    case ACTION_ENTER:
        if (trials->order.n > 0 && view_selected_row(view) != SIZE_MAX) {
            view_go(view, SCREEN_TRIAL);
        }
        return true;
    case ACTION_BEST:
        if (session->best.best < session->model.n) move_to_row(view, session->best.best);
        return true;
    case ACTION_FILTER: trials_ask_filter(view); return true;
    case ACTION_FIND: trials_ask_find(view); return true;
    case ACTION_FIND_NEXT: trials_find_again(view, 1); return true;
    case ACTION_FIND_PREVIOUS: trials_find_again(view, -1); return true;
    case ACTION_FOLLOW: follow(view); return true;
    case ACTION_SORT: trials_ask_sort(view); return true;
    case ACTION_REVERSE:
        trials->by.reversed = !trials->by.reversed;
        trials_arrange(view);
        trials_remember(view);
        return true;
    case ACTION_COLUMNS: trials_ask_columns(view); return true;
    case ACTION_MARK: mark(view); return true;
    case ACTION_MARK_ALL: mark_shown(view); return true;
    case ACTION_CLEAR_MARKS: model_clear_marks(&session->model); return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    const struct model *model = &view->session.model;
    switch ((int)action) {
    case ACTION_BEST: return view->session.best.best < model->n;
    case ACTION_CLEAR_MARKS: return model->n_marked > 0;
    case ACTION_PAUSE:
    case ACTION_HELP:
    case ACTION_LIVE:
    case ACTION_BACK: return true;
    default: return model->n > 0;
    }
}

static const enum action keys[] = {
    ACTION_HELP, ACTION_FILTER, ACTION_FIND,  ACTION_SORT,    ACTION_ACTIONS, ACTION_COLUMNS,
    ACTION_MARK, ACTION_BACK,   ACTION_ENTER, ACTION_REVERSE, ACTION_ENQUEUE, ACTION_NOTE,
    ACTION_TAG,  ACTION_BEST,   ACTION_LIVE,  ACTION_NONE,
};

const struct screen screen_trials = {
    .title = "Trials",
    .digit = '2',
    .scope = SCOPE_TRIALS,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = enter,
    .changed = changed,
    .draw = draw,
    .act = act,
    .offers = offers,
};
