/* The plots, one at a time, with a cursor that walks over their trials. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "picture.h"
#include "plot/plots.h"
#include "print.h"
#include "screen/dial.h"
#include "screen/screens.h"
#include "trial_table.h"
#include "widget/kept.h"

enum { TITLE_ROWS = 1, TRIAL_ROWS = 1 };

struct plots_screen {
    size_t kind;
    struct plot_ask ask;
    struct plot_result result;
    struct kept drawn; /* without the cursor */
    uint64_t asked;    /* changes with each key that changes the picture */
    size_t cell;       /* of the map, under its cursor; SIZE_MAX: the best one */
    int64_t study_id;  /* that the parameters were chosen for */
};

static struct plots_screen *plots_of(const struct view *view)
{
    return view->state[SCREEN_PLOTS];
}

static const struct plot_kind *kind_of(const struct plots_screen *screen)
{
    size_t n;
    return plots(&n)[screen->kind];
}

static bool init(struct view *view)
{
    struct plots_screen *screen = calloc(1, sizeof *screen);
    view->state[SCREEN_PLOTS] = screen;
    if (!screen) return false;
    screen->ask = (struct plot_ask){.other_goal = 1, .share = PLOT_SHARE_TOP, .selected = -1};
    screen->study_id = -1;
    screen->cell = SIZE_MAX;
    return true;
}

static void release(struct view *view)
{
    struct plots_screen *screen = plots_of(view);
    if (!screen) return;
    plot_result_release(&screen->result);
    kept_release(&screen->drawn);
    free(screen);
    view->state[SCREEN_PLOTS] = NULL;
}

/* ── what is plotted ───────────────────────────────────────────────────────────────────────────*/

static bool varies(const struct model *model, size_t p)
{
    return model->x_low[p] < model->x_high[p];
}

/* The next parameter that varies; the same one if no other does. */
static size_t next_param(const struct model *model, size_t from, int step, size_t besides)
{
    for (size_t k = 1; k <= model->d; k++) {
        const size_t p = (from + model->d + (step > 0 ? k : model->d - k)) % model->d;
        if (p != besides && varies(model, p)) return p;
    }
    return from;
}

/* Another study, or its first trials: parameters that vary are worth a plot. */
static void choose_params(struct view *view)
{
    struct plots_screen *screen = plots_of(view);
    const struct model *model = &view->session.model;
    if (model->d == 0 || model->n == 0 || screen->study_id == view->session.study_id) return;
    screen->study_id = view->session.study_id;
    screen->ask.goal = 0;
    screen->ask.other_goal = 1;
    screen->ask.param = next_param(model, model->d - 1, 1, SIZE_MAX);
    screen->ask.other_param = next_param(model, screen->ask.param, 1, screen->ask.param);
}

static size_t in_range(size_t index, size_t n)
{
    return index < n ? index : 0;
}

/* Whatever the model says of the plot that is shown now, or why it does not. */
static void add_guess(struct view *view, struct plot_study *study)
{
    const struct plots_screen *screen = plots_of(view);
    const struct model *model = &view->session.model;
    struct advice *advice = advice_of(view);
    if (!advice || !(kind_of(screen)->uses & PLOT_USES_GUESS) || model->d == 0 || model->m == 0) {
        return;
    }
    const size_t goal = in_range(screen->ask.goal, model->m);
    const size_t param = in_range(screen->ask.param, model->d);
    const size_t other_param = in_range(screen->ask.other_param, model->d);
    advice_ask_guess(view, goal, param, other_param);
    const struct plot_guess_ask *of = &advice->guessed;
    if (advice->guessed_of < 0 || of->goal != goal || of->param != param ||
        of->other_param != other_param) {
        study->is_guessing = true;
    } else if (advice->has_guess) {
        study->guess = &advice->guess;
    } else {
        study->guess_why = advice->guess_sentence;
    }
}

static struct plot_study study_of(struct view *view)
{
    const struct session *session = &view->session;
    struct plot_study study = {
        .name = view_study_name(view),
        .model = &session->model,
        .space = session->space,
        .metric = session->summary->metric_names,
        .maximize = session->summary->maximize,
        .hidden = sieve_hidden(&view->sieve),
        .budget = session->summary->live.budget.trials,
        .now_us = view->now_us,
    };
    add_guess(view, &study);
    return study;
}

static void enter(struct view *view)
{
    kept_forget(&plots_of(view)->drawn);
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

/* " [history] curves slice …": all names that fit, the current one among them. */
static void draw_kinds(struct view *view, int row)
{
    size_t n;
    const struct plot_kind *const *all = plots(&n);
    const struct plots_screen *screen = plots_of(view);
    const int width = view->cells.cols - 2;
    size_t first = 0;
    for (int used = width + 1; used > width && first<screen->kind; first += used> width) {
        used = 0;
        for (size_t i = first; i <= screen->kind; i++)
            used += (int)strlen(all[i]->name) + 1 + 2 * (i == screen->kind);
    }
    int col = 1, end = width + 1;
    if (view->sieve.filter) { /* what is left out must be told */
        char text[96];
        (void)snprintf(text, sizeof text, "%zu of %zu · %s", view->sieve.n_shown, view->sieve.n,
                       view->sieve.text);
        const int room = width / 3, need = cells_text_width(&view->cells, text);
        const int cols = need < room ? need : room;
        end = width + 1 - cols - 2;
        (void)cells_text(&view->cells, row, end + 2, cols, ROLE_INFO, text);
    }
    for (size_t i = first; i < n; i++) {
        const bool is_current = i == screen->kind;
        const int len = (int)strlen(all[i]->name) + 2 * is_current;
        if (col + len > end) break;
        col += cells_textf(&view->cells, row, col, len, is_current ? ROLE_TAB_ACTIVE : ROLE_TAB,
                           is_current ? "[%s]" : "%s", all[i]->name) +
               1;
    }
    if (view->session.all_loaded) return;
    char count[FORMAT_MAX], text[FORMAT_MAX + 16];
    (void)snprintf(text, sizeof text, "of %s loaded",
                   format_count(count, (int64_t)view->session.model.n));
    if (col + (int)strlen(text) > width) return;
    cells_right(&view->cells, row, col, width + 1 - col, ROLE_DIM, text);
}

/* The cell of the map under its cursor; SIZE_MAX: no map is shown. */
static size_t map_cell(const struct view *view)
{
    const struct plots_screen *screen = plots_of(view);
    const struct advice *advice = view->advice;
    if (!screen->result.has_map || !advice || !advice->has_guess) return SIZE_MAX;
    const struct plot_guess *guess = &advice->guess;
    if (screen->cell < guess->map.n_across * guess->map.n_down) return screen->cell;
    return plot_guess_best(guess, view->session.summary->maximize[guess->goal]);
}

static void map_place(const struct view *view, size_t cell, int *row, int *col)
{
    const struct plot_result *result = &plots_of(view)->result;
    const struct dln_map *map = &view->advice->guess.map;
    const struct rect rect = result->map_rect;
    *row = rect.row + scale_row(&result->map_y, map->down[cell / map->n_across], rect.rows);
    *col = rect.col + scale_col(&result->map_x, map->across[cell % map->n_across], rect.cols);
}

/* To the next cell that is another place on the screen; the trial next to it is selected. */
static void move_in_map(struct view *view, size_t cell, int d_row, int d_col)
{
    struct plots_screen *screen = plots_of(view);
    const struct dln_map *map = &view->advice->guess.map;
    const size_t n_across = map->n_across, n_down = map->n_down;
    int row, col, to_row, to_col;
    map_place(view, cell, &row, &col);
    to_row = row;
    to_col = col;
    while (to_row == row && to_col == col) { /* the first row is the lowest value */
        if ((d_col < 0 && cell % n_across == 0) || (d_col > 0 && (cell + 1) % n_across == 0)) break;
        if ((d_row > 0 && cell / n_across == 0) || (d_row < 0 && cell / n_across + 1 == n_down)) {
            break;
        }
        if (d_col) cell = d_col > 0 ? cell + 1 : cell - 1;
        if (d_row) cell = d_row < 0 ? cell + n_across : cell - n_across;
        map_place(view, cell, &to_row, &to_col);
    }
    screen->cell = cell;
    int least = INT32_MAX;
    for (size_t i = 0; i < screen->result.n_spots; i++) {
        const struct plot_spot *spot = &screen->result.spots[i];
        const int away = abs(spot->col - to_col) + 2 * abs(spot->row - to_row);
        if (spot->col < 0 || away >= least) continue;
        least = away;
        view->selected_id = view->session.model.id[spot->trial];
    }
}

/* The dial at the point under the cursor, as a copy of the trial that the map is drawn around. */
static void open_map_point(struct view *view, size_t cell)
{
    const struct plot_guess *guess = &view->advice->guess;
    const struct dln_map *map = &guess->map;
    if (guess->base_number >= 0) {
        dial_open(view, DIAL_COPY, guess->base_number, guess->base);
    } else {
        dial_open(view, DIAL_DEFAULT, -1, NULL);
    }
    dial_set(view, guess->param, map->across[cell % map->n_across]);
    dial_set(view, guess->other_param, map->down[cell / map->n_across]);
}

static void draw_map_cursor(struct view *view, size_t cell)
{
    int row, col;
    map_place(view, cell, &row, &col);
    cells_base(&view->cells, (struct rect){row, col, 1, 1}, ROLE_CURSOR);
    cells_flag(&view->cells, (struct rect){row, col, 1, 1}, CELL_REVERSE);
}

static void draw_cursor(struct view *view)
{
    const struct plots_screen *screen = plots_of(view);
    const size_t cell = map_cell(view);
    if (cell != SIZE_MAX) {
        draw_map_cursor(view, cell);
        return;
    }
    const size_t row = view_selected_row(view);
    for (size_t i = 0; row != SIZE_MAX && i < screen->result.n_spots; i++) {
        const struct plot_spot *spot = &screen->result.spots[i];
        if (spot->trial != row || spot->col < 0) continue;
        const struct rect place = {spot->row, spot->col, 1, 1};
        cells_base(&view->cells, place, ROLE_CURSOR);
        cells_flag(&view->cells, place, CELL_REVERSE);
        return;
    }
}

/* "▸ #187 ok  val_loss 0.0387  lr 9.1e-04  opt adamw" */
static void draw_trial(struct view *view, int row)
{
    const struct session *session = &view->session;
    const struct model *model = &session->model;
    const size_t at = view_selected_row(view);
    struct dln_strbuf text = {0};
    char number[FORMAT_MAX], value[96];
    const size_t cell = map_cell(view);
    if (cell != SIZE_MAX) {
        char point[PLOT_LINE_MAX];
        const struct plot_study study = study_of(view);
        if (!study.guess) return;
        plot_map_point_text(&study, cell, point, sizeof point);
        cells_glyph(&view->cells, row, 1, GLYPH_CURSOR, ROLE_KEY);
        (void)cells_text(&view->cells, row, 3, view->cells.cols - 4, ROLE_TEXT, point);
        return;
    }
    if (at == SIZE_MAX) {
        (void)cells_text(&view->cells, row, 1, view->cells.cols - 2, ROLE_DIM,
                         model->n ? "Arrows move a cursor over the trials." : "");
        return;
    }
    dln_strbuf_addf(&text, "#%" PRId64 " %s", model->number[at],
                    dln_trial_state_word(model->state[at]));
    for (size_t k = 0; k < model->m; k++) {
        const double shown = model_shown_value(model, at, k);
        if (isnan(shown)) continue;
        dln_strbuf_addf(&text, "  %s %s", session_metric(session, k), format_detail(number, shown));
    }
    for (size_t p = 0; p < model->d; p++) {
        const struct dln_param *param = &session->space->params[p];
        if (!varies(model, p) || model->x[p][at] != model->x[p][at]) continue;
        trial_value_text(param, model->x[p][at], trial_param_style(param, true), value,
                         sizeof value);
        dln_strbuf_addf(&text, "  %s %s", param->name, value);
    }
    cells_glyph(&view->cells, row, 1, GLYPH_CURSOR, ROLE_KEY);
    (void)cells_text(&view->cells, row, 3, view->cells.cols - 4, ROLE_TEXT, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void draw(struct view *view, struct rect body)
{
    struct plots_screen *screen = plots_of(view);
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary) return;
    choose_params(view);
    (void)sieve_follow(&view->sieve, session, view->now_us);
    draw_kinds(view, body.row);
    const struct rect rect = {body.row + TITLE_ROWS, body.col, body.rows - TITLE_ROWS - TRIAL_ROWS,
                              body.cols};
    const uint64_t facts[KEPT_FACTS] = {(uint64_t)session->study_id, session->model.n,
                                        session->model.revision,
                                        screen->asked ^ view->sieve.revision << 32 ^
                                            (view->advice ? view->advice->revision : 0) << 48};
    const struct plot_study study = study_of(view);
    if (!kept_show(&screen->drawn, &view->cells, rect, facts)) {
        plot_draw(kind_of(screen), &view->cells, rect, &study, &screen->ask, &screen->result);
        kept_take(&screen->drawn, &view->cells, rect, facts);
    }
    draw_cursor(view);
    draw_trial(view, body.row + body.rows - 1);
}

/* ── export ────────────────────────────────────────────────────────────────────────────────────*/

/* "NAME-slice.svg", or "NAME-slice-2.svg" and so on: never over a file that is there. */
static FILE *new_file(const struct view *view, const char *ending, char *path, size_t cap)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s", view_study_name(view));
    for (char *c = name; *c; c++) {
        if (*c == '/' || (unsigned char)*c < ' ') *c = '_';
    }
    for (int i = 1; i < 1000; i++) {
        char count[16] = "";
        if (i > 1) (void)snprintf(count, sizeof count, "-%d", i);
        (void)snprintf(path, cap, "%s-%s%s.%s", name, kind_of(plots_of(view))->name, count, ending);
        FILE *file = fopen(path, "wx");
        if (file || errno != EEXIST) return file;
    }
    return NULL;
}

/* The picture as it stands on the screen, without cursor. */
static bool picture_of(struct view *view, struct cells *out)
{
    struct plots_screen *screen = plots_of(view);
    const struct plot_study study = study_of(view);
    if (!cells_init(out, view->cells.rows - 2, view->cells.cols, view->cells.level)) return false;
    cells_clear(out);
    plot_draw(kind_of(screen), out, cells_all(out), &study, &screen->ask, &screen->result);
    screen->asked++; /* its spots are the picture's, not the screen's */
    return true;
}

static void export_as(struct view *view, char letter)
{
    struct dln_strbuf text = {0};
    struct cells cells = {0};
    struct theme theme;
    char path[256];
    const char *ending = letter == 's'   ? "svg"
                         : letter == 'c' ? "csv"
                         : letter == 'j' ? "json"
                                         : "txt";
    if (!picture_of(view, &cells)) {
        view_say(view, ROLE_ERROR, "Out of memory: nothing was exported");
        return;
    }
    theme_builtin("paper", &theme);
    if (letter == 's') {
        picture_cells(&text, &cells, &theme);
    } else if (letter == 'c') {
        const struct plot_study study = study_of(view);
        plot_csv(&plots_of(view)->result, &study, &text);
    } else if (letter == 'j') {
        const struct plot_study study = study_of(view);
        plot_json(kind_of(plots_of(view)), &plots_of(view)->result, &study, &text);
    } else {
        print_cells(&text, &cells, NULL, DEPTH_MONO);
    }
    FILE *file = new_file(view, ending, path, sizeof path);
    bool ok = file && dln_strbuf_ok(&text) &&
              fwrite(dln_strbuf_text(&text), 1, text.len, file) == text.len;
    if (file && fclose(file) != 0) ok = false;
    if (ok) {
        view_say(view, ROLE_INFO, "Written to %s", path);
    } else {
        view_say(view, ROLE_ERROR, "%s was not written: %s", path, strerror(errno));
    }
    dln_strbuf_release(&text);
    cells_release(&cells);
}

static void ask_export(struct view *view)
{
    static const struct dialog_choice choices[] = {
        {"s", "SVG, a picture for a page"},
        {"c", "CSV, its points"},
        {"j", "JSON, points and what the model says"},
        {"t", "text, as it stands here"},
    };
    view_menu(view, "Export", choices, 4, export_as);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void move(struct view *view, int d_row, int d_col)
{
    const struct plots_screen *screen = plots_of(view);
    const size_t cell = map_cell(view);
    if (cell != SIZE_MAX) {
        move_in_map(view, cell, d_row, d_col);
        return;
    }
    const size_t to = plot_neighbour(&screen->result, view_selected_row(view), d_row, d_col);
    if (to != SIZE_MAX) view->selected_id = view->session.model.id[to];
}

/* The leftmost or rightmost trial. */
static void move_to_end(struct view *view, int side)
{
    const struct plot_result *result = &plots_of(view)->result;
    const struct plot_spot *end = NULL;
    for (size_t i = 0; i < result->n_spots; i++) {
        const struct plot_spot *spot = &result->spots[i];
        if (spot->col >= 0 && (!end || side * (spot->col - end->col) > 0)) end = spot;
    }
    if (end) view->selected_id = view->session.model.id[end->trial];
}

static void turn(struct plots_screen *screen, int step)
{
    size_t n;
    (void)plots(&n);
    screen->kind = (screen->kind + n + (size_t)(step + (int)n)) % n;
}

static void next_share(struct plot_ask *ask)
{
    static const int shares[] = {10, 25, 50, 100};
    size_t i = 0;
    while (i < 4 && shares[i] != ask->share)
        i++;
    ask->share = shares[(i + 1) % 4];
}

static bool offers(const struct view *view, enum action action)
{
    const struct plots_screen *screen = plots_of(view);
    const unsigned uses = kind_of(screen)->uses;
    const struct model *model = &view->session.model;
    switch ((int)action) {
    case ACTION_PARAM_NEXT: return (uses & PLOT_USES_PARAM) && model->d > 1;
    case ACTION_AXES: return (uses & PLOT_USES_OTHER_PARAM) && model->d > 2;
    case ACTION_GOAL: return (uses & PLOT_USES_GOAL) && model->m > 1;
    case ACTION_PRUNED: return model->count[DLN_TRIAL_PRUNED] > 0;
    case ACTION_ENTER: return view_selected_row(view) != SIZE_MAX;
    case ACTION_EXPORT: return model->n > 0;
    case ACTION_FREEZE:
    case ACTION_NARROW:
    case ACTION_WIDEN:
        return strcmp(kind_of(screen)->name, "slice") == 0 && model->d > 0 &&
               view->session.definition != NULL;
    default: return true;
    }
}

static bool act_on_picture(struct view *view, enum action action)
{
    struct plots_screen *screen = plots_of(view);
    struct plot_ask *ask = &screen->ask;
    const struct model *model = &view->session.model;
    switch ((int)action) {
    case ACTION_PLOT_NEXT: turn(screen, 1); break;
    case ACTION_PLOT_PREVIOUS: turn(screen, -1); break;
    case ACTION_PARAM_NEXT:
    case ACTION_PARAM_PREVIOUS:
        screen->cell = SIZE_MAX;
        if (model->d == 0) break;
        ask->param =
            next_param(model, ask->param, action == ACTION_PARAM_NEXT ? 1 : -1,
                       kind_of(screen)->uses & PLOT_USES_OTHER_PARAM ? ask->other_param : SIZE_MAX);
        break;
    case ACTION_AXES:
        screen->cell = SIZE_MAX;
        if (model->d > 0) ask->other_param = next_param(model, ask->other_param, 1, ask->param);
        break;
    case ACTION_GOAL:
        if (model->m < 2) break;
        ask->goal = (ask->goal + 1) % model->m;
        ask->other_goal = (ask->goal + 1) % model->m;
        break;
    case ACTION_LOG: ask->log_y = !ask->log_y; break;
    case ACTION_PRUNED: ask->show_pruned = !ask->show_pruned; break;
    case ACTION_OUTLIERS:
        if (screen->result.has_map) {
            ask->map_show = (enum plot_map_show)((ask->map_show + 1) % PLOT_MAP_COUNT);
            break;
        }
        ask->show_all = !ask->show_all;
        break;
    case ACTION_SHARE: next_share(ask); break;
    default: return false;
    }
    screen->asked++;
    return true;
}

static bool act(struct view *view, enum action action)
{
    if (!view->session.is_open || !view->session.summary) return false;
    if (act_on_picture(view, action)) return true;
    const struct session *session = &view->session;
    switch ((int)action) {
    case ACTION_UP: move(view, -1, 0); return true;
    case ACTION_DOWN: move(view, 1, 0); return true;
    case ACTION_LEFT: move(view, 0, -1); return true;
    case ACTION_RIGHT: move(view, 0, 1); return true;
    case ACTION_FIRST: move_to_end(view, -1); return true;
    case ACTION_LAST: move_to_end(view, 1); return true;
    case ACTION_BEST:
        if (session->best.best != SIZE_MAX)
            view->selected_id = session->model.id[session->best.best];
        plots_of(view)->cell = SIZE_MAX;
        return true;
    case ACTION_ENTER:
        if (view_selected_row(view) != SIZE_MAX) view_go(view, SCREEN_TRIAL);
        return true;
    case ACTION_ENQUEUE:
        if (map_cell(view) == SIZE_MAX) return false;
        open_map_point(view, map_cell(view));
        return true;
    case ACTION_FREEZE:
    case ACTION_NARROW:
    case ACTION_WIDEN:
        if (!offers(view, action)) {
            view_say(view, ROLE_INFO, "The slice plot narrows, widens and freezes its parameter");
        } else {
            const size_t param = in_range(plots_of(view)->ask.param, session->model.d);
            space_begin(view, session->space->params[param].name, action);
        }
        return true;
    case ACTION_EXPORT: ask_export(view); return true;
    default: return false;
    }
}

static const enum action keys[] = {
    ACTION_HELP,    ACTION_PLOT_NEXT, ACTION_PARAM_NEXT, ACTION_AXES,   ACTION_ENTER,
    ACTION_LOG,     ACTION_GOAL,      ACTION_PRUNED,     ACTION_SHARE,  ACTION_BACK,
    ACTION_EXPORT,  ACTION_BEST,      ACTION_OUTLIERS,   ACTION_LIVE,   ACTION_ENQUEUE,
    ACTION_SUGGEST, ACTION_NARROW,    ACTION_WIDEN,      ACTION_FREEZE, ACTION_NONE,
};

const struct screen screen_plots = {
    .title = "Plots",
    .digit = '3',
    .scope = SCOPE_PLOTS,
    .keys = keys,
    .offers = offers,
    .init = init,
    .release = release,
    .enter = enter,
    .draw = draw,
    .act = act,
};
