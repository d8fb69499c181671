/* The menus of the table of trials: what it is sorted by, and its columns. */
#include <stdio.h>
#include <string.h>

#include "screen/trials.h"
#include "widget/dialog.h"

/* ── sorting ───────────────────────────────────────────────────────────────────────────────────*/

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* s and + have a meaning of their own in the menu, q closes it. */
static bool is_taken(const struct trials *trials, char letter)
{
    if (letter == 's' || letter == 'q') return true;
    for (int i = 0; i < trials->n_sorts; i++) {
        if (trials->sort_key[i][0] == letter) return true;
    }
    return false;
}

/* The first letter of the name that is free, else a digit, else any letter; 0: none is left. */
static char free_letter(const struct trials *trials, const char *name)
{
    for (const char *c = name; *c; c++) {
        const char letter = lower(*c);
        if (letter >= 'a' && letter <= 'z' && !is_taken(trials, letter)) return letter;
    }
    for (const char *c = "123456789abcdefghijklmnoprtuvwxyz"; *c; c++) {
        if (!is_taken(trials, *c)) return *c;
    }
    return 0;
}

static void add_sort(struct trials *trials, struct sort_by by, const char *name, const char *how)
{
    const int n = trials->n_sorts;
    const char letter = n < SORTS_MAX ? free_letter(trials, name) : 0;
    if (letter == 0) return;
    trials->sort_key[n][0] = letter;
    trials->sort_key[n][1] = '\0';
    (void)snprintf(trials->sort_text[n], sizeof trials->sort_text[n], "%.40s%s", name, how);
    trials->sort_of[n] = by;
    trials->sort_choice[n] = (struct dialog_choice){trials->sort_key[n], trials->sort_text[n]};
    trials->n_sorts++;
}

static void choose(struct view *view, char letter);

static void show_menu(struct view *view)
{
    struct trials *trials = trials_of(view);
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const int room = overlay_rows(&view->cells) - 2;
    trials->n_sorts = 0;
    add_sort(trials, (struct sort_by){.key = SORT_NUMBER}, "number", ", newest first");
    if (model->m > 0) {
        add_sort(trials, (struct sort_by){.key = SORT_VALUE, .maximize = session->maximize},
                 "value", ", best first");
    }
    add_sort(trials, (struct sort_by){.key = SORT_TIME}, "time", ", longest first");
    add_sort(trials, (struct sort_by){.key = SORT_STATE}, "running", " first");
    for (size_t i = 1; i < model->m; i++) {
        const bool maximize = session->summary && session->summary->maximize[i];
        add_sort(trials, (struct sort_by){.key = SORT_METRIC, .index = i, .maximize = maximize},
                 session_metric(session, i), ", best first");
    }
    for (size_t i = 0; i < model->d && trials->n_sorts < room; i++) {
        if (!(model->x_low[i] < model->x_high[i])) continue;
        add_sort(trials, (struct sort_by){.key = SORT_PARAM, .index = i},
                 session->space->params[i].name, "");
    }
    int n = trials->n_sorts;
    if (!trials->picks_second) {
        trials->sort_choice[n++] = (struct dialog_choice){"s", "the same again"};
        trials->sort_choice[n++] = (struct dialog_choice){"+", "a second key, for equal rows"};
    } else {
        trials->sort_choice[n++] = (struct dialog_choice){"s", "no second key"};
    }
    view_menu(view, trials->picks_second ? "Sort equal rows" : "Sort", trials->sort_choice, n,
              choose);
}

static void choose(struct view *view, char letter)
{
    struct trials *trials = trials_of(view);
    if (letter == '+') {
        trials->picks_second = true;
        show_menu(view);
        return;
    }
    if (letter == 's' && trials->picks_second) trials->has_then = false;
    for (int i = 0; i < trials->n_sorts; i++) {
        if (trials->sort_key[i][0] != letter) continue;
        if (trials->picks_second) {
            trials->then = trials->sort_of[i];
            trials->has_then = true;
        } else {
            trials->by = trials->sort_of[i];
        }
    }
    if (trials->by.key != SORT_NUMBER) trials->is_following = false;
    if (!trials->picks_second) {
        view->selected_id = -1; /* the first row is what was asked for */
        trials->table.table.top = trials->table.table.cursor = 0;
        trials->is_at_top = true;
    }
    trials_arrange(view);
    trials_remember(view);
}

void trials_ask_sort(struct view *view)
{
    trials_of(view)->picks_second = false;
    show_menu(view);
}

static const char *name_of(const struct trials *trials, const struct sort_by *by)
{
    const struct session *session = trials->table.session;
    if (by->key == SORT_PARAM) return session->space->params[by->index].name;
    if (by->key == SORT_METRIC) return session_metric(session, by->index);
    return sort_key_name(by->key);
}

void trials_sort_text(const struct trials *trials, char *out, size_t cap)
{
    (void)snprintf(out, cap, "by %s%s%s%s", name_of(trials, &trials->by),
                   trials->by.reversed ? " reversed" : "", trials->has_then ? ", then " : "",
                   trials->has_then ? name_of(trials, &trials->then) : "");
}

/* ── columns ───────────────────────────────────────────────────────────────────────────────────*/

/* The choice of every column, made from how the table stands now. */
static void settle_choices(struct trials *trials)
{
    const struct table *table = &trials->table.table;
    const struct column_choices old = trials->choices;
    trials->choices.n = 0;
    for (int i = 0; i < table->n_columns && trials->choices.n < TABLE_COLUMNS_MAX; i++) {
        const struct column *column = &table->columns[i];
        struct column_choice choice = {.width = 0};
        for (int k = 0; k < old.n; k++) {
            if (strcmp(old.choice[k].name, column->name) == 0) choice = old.choice[k];
        }
        (void)snprintf(choice.name, sizeof choice.name, "%s", column->name);
        trials->choices.choice[trials->choices.n++] = choice;
    }
}

static const struct column *column_of(const struct trials *trials, const char *name)
{
    const struct table *table = &trials->table.table;
    for (int i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
    }
    return NULL;
}

/* Whether the layout of this width has room for it. */
static bool has_room(const struct view *view, const struct trials *trials,
                     const struct column *column)
{
    int x[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];
    (void)table_layout(&trials->table.table, view->cells.cols, x, w);
    return w[column - trials->table.table.columns] > 0;
}

static void draw_columns(struct view *view)
{
    struct trials *trials = trials_of(view);
    struct cells *cells = &view->cells;
    const int n = trials->choices.n;
    const int page = overlay_rows(cells) - 2;
    const int rows = n < page ? n : page;
    const struct rect inside = overlay_draw(cells, "Columns", rows + 2, 56);
    if (trials->column_cursor < trials->column_top) trials->column_top = trials->column_cursor;
    if (trials->column_cursor >= trials->column_top + rows) {
        trials->column_top = trials->column_cursor - rows + 1;
    }
    for (int i = 0; i < rows && trials->column_top + i < n; i++) {
        const int at = trials->column_top + i, row = inside.row + i;
        const struct column_choice *choice = &trials->choices.choice[at];
        const struct column *column = column_of(trials, choice->name);
        if (!column) continue;
        const struct trial_column *info = &trials->table.info[column->id];
        const char *state = column->hidden && info->is_constant ? "hidden: the same in every row"
                            : column->hidden                    ? "hidden"
                            : has_room(view, trials, column)    ? "shown"
                                                             : "no room: narrower ones, or Space";
        if (at == trials->column_cursor)
            cells_glyph(cells, row, inside.col, GLYPH_CURSOR, ROLE_CURSOR);
        (void)cells_text(cells, row, inside.col + 2, 16, column->hidden ? ROLE_DIM : ROLE_TEXT,
                         choice->name);
        (void)cells_textf(cells, row, inside.col + 19, 4, ROLE_DIM, "%d", column->width);
        (void)cells_text(cells, row, inside.col + 23, inside.cols - 23,
                         column->hidden ? ROLE_DIM : ROLE_TEXT, state);
        if (at == trials->column_cursor) {
            cells_base(cells, (struct rect){row, inside.col, 1, inside.cols}, ROLE_CURSOR);
        }
    }
    (void)cells_text(cells, inside.row + inside.rows - 1, inside.col, inside.cols, ROLE_DIM,
                     "Space shows, hides  H L moves  + - width  r as it was");
}

static void move_choice(struct trials *trials, int step)
{
    const int from = trials->column_cursor, to = from + step;
    if (to < 0 || to >= trials->choices.n) return;
    const struct column_choice kept = trials->choices.choice[from];
    trials->choices.choice[from] = trials->choices.choice[to];
    trials->choices.choice[to] = kept;
    trials->column_cursor = to;
}

static void change_width(const struct trials *trials, struct column_choice *choice, int step)
{
    const struct column *column = column_of(trials, choice->name);
    const int width = (choice->width > 0 ? choice->width : column ? column->width : 1) + step;
    if (width >= 1 && width <= 40) choice->width = width;
}

static void toggle(const struct view *view, struct trials *trials, struct column_choice *choice)
{
    const struct column *column = column_of(trials, choice->name);
    if (!column) return;
    const bool is_seen = !column->hidden && has_room(view, trials, column);
    choice->hidden = is_seen;
    choice->shown = !is_seen;
}

static void columns_key(struct view *view, uint32_t code)
{
    struct trials *trials = trials_of(view);
    struct column_choice *choice = &trials->choices.choice[trials->column_cursor];
    if (code == 'j' || code == KEY_CODE_DOWN) {
        if (trials->column_cursor + 1 < trials->choices.n) trials->column_cursor++;
    } else if (code == 'k' || code == KEY_CODE_UP) {
        if (trials->column_cursor > 0) trials->column_cursor--;
    } else if (code == ' ') {
        toggle(view, trials, choice);
    } else if (code == 'H') {
        move_choice(trials, -1);
    } else if (code == 'L') {
        move_choice(trials, 1);
    } else if (code == '+' || code == '-') {
        change_width(trials, choice, code == '+' ? 1 : -1);
    } else if (code == 'r') {
        trials->choices.n = 0;
        view->overlay.kind = OVERLAY_NONE;
    } else if (code == '\r' || code == '\n' || code == 'c') {
        view->overlay.kind = OVERLAY_NONE;
    } else {
        return;
    }
    trials_remember(view);
}

void trials_ask_columns(struct view *view)
{
    struct trials *trials = trials_of(view);
    settle_choices(trials);
    if (trials->choices.n == 0) return;
    trials->column_cursor = trials->column_top = 0;
    view_panel(view, draw_columns, columns_key);
}
