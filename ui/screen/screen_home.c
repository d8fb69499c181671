/* All studies of the folder or file, and a look at the one under the cursor. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "format.h"
#include "plot/plot_history.h"
#include "screen/home.h"
#include "screen/screens.h"
#include "widget/dialog.h"
#include "widget/shorten.h"
#include "widget/spark.h"

enum { PREVIEW_ROWS = 9, PREVIEW_MAX = 20, FACT_COLS = 9, SCAN_S = 2 };

static struct home *home_of(const struct view *view)
{
    return view->state[SCREEN_HOME];
}

/* ── rows ──────────────────────────────────────────────────────────────────────────────────────*/

static void draw_state(struct cells *cells, struct rect rect, const struct study_row *row)
{
    const enum study_word word = study_word_of(&row->summary);
    static const struct {
        enum glyph glyph;
        enum role role;
        const char *text;
    } looks[] = {
        [WORD_RUN] = {GLYPH_RUNNING, ROLE_STATE_RUN, "run"},
        [WORD_PAUSE] = {GLYPH_PAUSED, ROLE_WARN, "pause"},
        [WORD_DRAIN] = {GLYPH_RUNNING, ROLE_WARN, "drain"},
        [WORD_DONE] = {GLYPH_COMPLETE, ROLE_STATE_OK, "done"},
        [WORD_IDLE] = {GLYPH_WAITING, ROLE_DIM, "idle"},
        [WORD_LOST] = {GLYPH_FAILED, ROLE_ERROR, "lost"},
    };
    cells_glyph(cells, rect.row, rect.col, looks[word].glyph, looks[word].role);
    (void)cells_text(cells, rect.row, rect.col + 2, rect.cols - 2, looks[word].role,
                     looks[word].text);
}

static void draw_best(struct cells *cells, struct rect rect, const struct study_row *row,
                      enum role role)
{
    const struct dln_study_summary *summary = &row->summary;
    char value[FORMAT_MAX];
    if (summary->n_objectives != 1) {
        (void)snprintf(value, sizeof value, "%zu goals", summary->n_objectives);
        cells_right(cells, rect.row, rect.col, rect.cols, ROLE_DIM, value);
    } else if (summary->best_id < 0) {
        cells_right(cells, rect.row, rect.col, rect.cols - 2, role, FORMAT_MISSING);
    } else {
        const struct number_style style = number_objective(summary->best_value, (double)NAN);
        cells_right(cells, rect.row, rect.col, rect.cols - 2, ROLE_BEST,
                    format_number(value, style, summary->best_value));
        cells_glyph(cells, rect.row, rect.col + rect.cols - 1,
                    summary->maximize[0] ? GLYPH_UP : GLYPH_DOWN, ROLE_DIM);
    }
}

static void draw_trials(char *out, size_t cap, const struct dln_study_summary *summary)
{
    char done[FORMAT_MAX], budget[FORMAT_MAX] = FORMAT_MISSING;
    (void)format_count_short(done, summary_finished(summary));
    if (summary->live.budget.trials > 0) {
        (void)format_count_short(budget, summary->live.budget.trials);
    }
    (void)snprintf(out, cap, "%.20s/%.20s", done, budget);
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t at,
                      const struct column *column, enum role role)
{
    const struct view *view = context;
    const struct study_row *row = &home_of(view)->row[at];
    const struct dln_study_summary *summary = &row->summary;
    char text[96];
    switch (column->id) {
    case 0: (void)cells_text(cells, rect.row, rect.col, rect.cols, role, summary->name); break;
    case 1: draw_state(cells, rect, row); break;
    case 2:
        draw_trials(text, sizeof text, summary);
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
        break;
    case 3: draw_best(cells, rect, row, role); break;
    case 4:
        if (summary->last_activity_us == 0) break;
        (void)format_ago(text, (view->now_us - summary->last_activity_us) / 1000000, false);
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
        break;
    case 5: {
        double bins[10], high = 0;
        for (int i = 0; i < 10; i++) {
            bins[i] = summary->finished_per_bin[i] > 0 ? (double)summary->finished_per_bin[i]
                                                       : (double)NAN;
            if (bins[i] > high) high = bins[i];
        }
        if (high > 0) {
            spark_draw(cells, rect.row, rect.col, rect.cols, ROLE_SPARK, bins, 10, 0, high);
        }
        break;
    }
    default: (void)cells_text(cells, rect.row, rect.col, rect.cols, ROLE_DIM, row->file); break;
    }
}

static void make_columns(struct home *home)
{
    int name = 12, file = 6;
    for (size_t i = 0; i < home->n; i++) {
        const int name_width = (int)dln_text_width(home->row[i].summary.name);
        const int file_width = (int)dln_text_width(home->row[i].file);
        if (name_width > name) name = name_width;
        if (file_width > file) file = file_width;
    }
    if (name > 26) name = 26;
    if (file > 14) file = 14;
    const struct column columns[HOME_COLUMNS] = {
        {.name = "STUDY", .width = name, .grow_to = 40, .priority = 0, .id = 0},
        {.name = "STATE", .width = 7, .priority = 1, .id = 1},
        {.name = "TRIALS", .width = 9, .align = ALIGN_RIGHT, .priority = 2, .id = 2},
        {.name = "BEST  ", .width = 10, .align = ALIGN_RIGHT, .priority = 3, .id = 3},
        {.name = "SEEN", .width = 5, .align = ALIGN_RIGHT, .priority = 4, .id = 4},
        {.name = "LAST 24 h", .width = 10, .priority = 6, .id = 5},
        {.name = "FILE", .width = file, .priority = 5, .id = 6},
    };
    memcpy(home->columns, columns, sizeof columns);
    home->table.columns = home->columns;
    home->table.n_columns = HOME_COLUMNS;
}

/* ── the selected study ────────────────────────────────────────────────────────────────────────*/

static void select_cursor(struct view *view)
{
    struct home *home = home_of(view);
    const int64_t at = home->table.cursor;
    if (at < 0 || (size_t)at >= home->n) return;
    const struct study_row *row = &home->row[at];
    if (home->path && home->study_id == row->summary.id && strcmp(home->path, row->path) == 0) {
        return;
    }
    free(home->path);
    home->path = strdup(row->path);
    home->study_id = row->summary.id;
    if (home->path) (void)view_open(view, home->path, home->study_id); /* for the preview */
}

/* The list has changed: the selected study keeps its place on the screen. */
static void keep_selected(struct view *view)
{
    struct home *home = home_of(view);
    int64_t at = 0;
    home_arrange(home);
    for (size_t i = 0; home->path && i < home->n; i++) {
        if (home->row[i].summary.id == home->study_id &&
            strcmp(home->row[i].path, home->path) == 0) {
            at = (int64_t)i;
        }
    }
    table_keep(&home->table, (int64_t)home->n, at);
    select_cursor(view);
}

static bool init(struct view *view)
{
    struct home *home = calloc(1, sizeof *home);
    view->state[SCREEN_HOME] = home;
    if (!home) return false;
    home->table.draw_cell = draw_cell;
    home->table.context = view;
    home->table.pinned = -1;
    return true;
}

static void release(struct view *view)
{
    struct home *home = home_of(view);
    if (!home) return;
    study_list_release(&home->studies);
    home_new_free(home->fresh);
    free(home->row);
    free(home->path);
    free(home);
    view->state[SCREEN_HOME] = NULL;
}

static void enter(struct view *view)
{
    struct home *home = home_of(view);
    if (view->session.path) { /* home from a study: it is the selected one */
        free(home->path);
        home->path = strdup(view->session.path);
        home->study_id = view->session.study_id;
    }
    study_list_ask(view, &home->studies);
}

static void tick(struct view *view)
{
    struct home *home = home_of(view);
    if (view->now_ns - home->studies.asked_ns >= SCAN_S * (int64_t)1000000000) {
        study_list_ask(view, &home->studies);
    }
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_fact(struct view *view, int row, int col, const char *label, const char *format,
                      ...) DLN_PRINTF(5, 6);
static void draw_fact(struct view *view, int row, int col, const char *label, const char *format,
                      ...)
{
    char text[VIEW_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const int end = view->cells.cols - 1;
    (void)cells_text(&view->cells, row, col, FACT_COLS - 1, ROLE_DIM, label);
    col += FACT_COLS;
    if (col < end) (void)cells_text(&view->cells, row, col, end - col, ROLE_TEXT, text);
}

static void draw_facts(struct view *view, int row, int col, const struct study_row *study)
{
    const struct dln_study_summary *summary = &study->summary;
    const struct dln_lease_info *lease = &summary->lease;
    char ok[FORMAT_MAX], cut[FORMAT_MAX], failed[FORMAT_MAX];
    draw_fact(view, row++, col, "Ended", "%s ok · %s cut · %s err",
              format_count_short(ok, summary->counts[DLN_TRIAL_COMPLETE]),
              format_count_short(cut, summary->counts[DLN_TRIAL_PRUNED]),
              format_count_short(failed, summary->counts[DLN_TRIAL_FAIL]));
    draw_fact(view, row++, col, "Running", "%" PRId64 " · waiting %" PRId64,
              summary->counts[DLN_TRIAL_RUNNING], summary->counts[DLN_TRIAL_WAITING]);
    if (lease->held && lease->alive) {
        draw_fact(view, row++, col, "Engine", "pid %" PRId64 "%s%s", lease->pid,
                  lease->here ? "" : " on ", lease->here ? "" : lease->host);
    } else if (lease->held) {
        char age[FORMAT_MAX];
        draw_fact(view, row++, col, "Engine", "lost %s",
                  format_ago(age, (view->now_us - lease->heartbeat_us) / 1000000, true));
    } else {
        draw_fact(view, row++, col, "Engine", "none");
    }
    if (summary->strategy && *summary->strategy) {
        draw_fact(view, row++, col, "Strategy", "%s", summary->strategy);
    }
    char why[VIEW_TEXT_MAX];
    study_why(summary, why, sizeof why);
    if (*why) draw_fact(view, row++, col, "Why", "%s", why);
    draw_fact(view, row, col, "File", "%s", study->file);
}

static void draw_preview(struct view *view, struct rect rect)
{
    struct home *home = home_of(view);
    const struct session *session = &view->session;
    const int64_t at = home->table.cursor;
    if (at < 0 || (size_t)at >= home->n) return;
    const struct study_row *row = &home->row[at];
    const struct dln_study_summary *summary = &row->summary;
    char right[128] = "";
    if (summary->n_objectives > 0) {
        (void)snprintf(right, sizeof right, "%s %.60s",
                       summary->maximize[0] ? "maximize" : "minimize", summary->metric_names[0]);
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, summary->name, right, ROLE_BORDER);
    const int plot = rect.cols * 56 / 100;
    const struct rect inside = {rect.row + 1, rect.col, rect.rows - 1, plot};
    if (session->is_open && session->model.m > 0) {
        const struct history_plot history = {
            .n = session->model.n,
            .number = session->model.number,
            .value = session->model.value[0],
            .state = session->model.state,
            .maximize = session->maximize,
            .cursor = -1,
        };
        (void)plot_history(&view->cells, inside, &history);
    } else if (session->sentence[0]) {
        (void)cells_text(&view->cells, inside.row, 1, plot, ROLE_ERROR, session->sentence);
    } else {
        (void)cells_text(&view->cells, inside.row, 1, plot, ROLE_DIM, "…");
    }
    draw_facts(view, rect.row + 1, rect.col + plot + 2, row);
}

/* The folder or file that is listed, "~" for the home folder. */
static void add_where(const struct view *view, struct dln_strbuf *out)
{
    const char *path = view->options->path ? view->options->path : ".";
    const char *home = getenv("HOME");
    const char *slash = strrchr(path, '/');
    /* beside a study that was opened directly, its folder */
    const bool is_file = view->options->study_id >= 0 && slash && slash != path;
    const size_t len = is_file ? (size_t)(slash - path) : strlen(path);
    const size_t home_len = home && *home == '/' ? strlen(home) : 0;
    const bool is_below = home_len > 1 && len >= home_len && strncmp(path, home, home_len) == 0 &&
                          (len == home_len || path[home_len] == '/');
    if (is_below) dln_strbuf_add(out, "~");
    dln_strbuf_add_len(out, path + (is_below ? home_len : 0), len - (is_below ? home_len : 0));
}

static void draw_header(struct view *view, int row)
{
    const struct home *home = home_of(view);
    const struct study_list *studies = &home->studies;
    char counts[96];
    (void)snprintf(counts, sizeof counts, "  %zu file%s  %zu stud%s", studies->n_files,
                   studies->n_files == 1 ? "" : "s", studies->n, studies->n == 1 ? "y" : "ies");
    (void)cells_text(&view->cells, row, 1, 20, ROLE_TITLE, "dialin");
    if (!studies->is_loaded) return;
    const int room = view->cells.cols - 21;
    struct dln_strbuf where = {0}, right = {0};
    add_where(view, &where);
    shorten_middle(&view->cells, dln_strbuf_text(&where), room - (int)dln_text_width(counts),
                   &right);
    dln_strbuf_add(&right, counts);
    cells_right(&view->cells, row, 20, room, ROLE_DIM, dln_strbuf_text(&right));
    dln_strbuf_release(&where);
    dln_strbuf_release(&right);
}

static void draw(struct view *view, struct rect body)
{
    struct home *home = home_of(view);
    const struct study_list *studies = &home->studies;
    struct cells *cells = &view->cells;
    int row = body.row;
    draw_header(view, row++);
    if (studies->digest[0]) {
        (void)cells_text(cells, row, 1, cells->cols - 2, ROLE_INFO, studies->digest);
    } else if (studies->sentence[0]) {
        (void)cells_text(cells, row, 1, cells->cols - 2, ROLE_WARN, studies->sentence);
    }
    row += cells->rows >= 20 ? 2 : 1;
    if (!studies->is_loaded) {
        (void)cells_text(cells, row, 2, cells->cols - 4, ROLE_DIM, "looking …");
        return;
    }
    if (studies->n == 0) {
        const struct rect rest = {row, 2, body.row + body.rows - row, cells->cols - 4};
        (void)wrap_draw(
            cells, rest, ROLE_TEXT,
            "No studies here yet. A starts one in four questions; `dialin run "
            "STUDY.yaml` and `dialin init` do from the command line, and what they make "
            "appears here by itself.\n\n`dialin demo` shows one that is simulated, "
            "`dialin --help` lists all commands, `dialin FOLDER` looks elsewhere.",
            0);
        return;
    }
    keep_selected(view);
    if (home->filter[0]) {
        char shown[128];
        (void)snprintf(shown, sizeof shown, "only with '%s': %zu of %zu; f changes that",
                       home->filter, home->n, studies->n);
        cells_right(cells, row - 1, 1, cells->cols - 2, ROLE_WARN, shown);
    }
    make_columns(home);
    const int rows = body.row + body.rows - row;
    /* Room that the list does not need goes to the preview. */
    int preview = rows - 2 - (int)(home->n < 100 ? home->n : 100);
    if (preview > PREVIEW_MAX) preview = PREVIEW_MAX;
    if (preview < PREVIEW_ROWS) preview = PREVIEW_ROWS;
    if (rows < 2 * PREVIEW_ROWS - 2) preview = 0;
    table_draw(&home->table, cells, (struct rect){row, body.col, rows - preview, body.cols});
    if (preview > 0) {
        draw_preview(view,
                     (struct rect){body.row + body.rows - preview, body.col, preview, body.cols});
    }
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool find(struct view *view, int step)
{
    struct home *home = home_of(view);
    home_arrange(home);
    const int64_t n = (int64_t)home->n;
    int64_t at = home->table.cursor;
    for (int64_t i = 0; i < n; i++) {
        at = (at + step + n) % n;
        if (!strstr(home->row[at].summary.name, home->wanted)) continue;
        table_go(&home->table, at);
        select_cursor(view);
        return true;
    }
    return false;
}

static bool accept_find(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct home *home = home_of(view);
    (void)snprintf(home->wanted, sizeof home->wanted, "%s", text);
    if (*text == '\0' || find(view, 1)) return true;
    (void)snprintf(error, VIEW_TEXT_MAX, "No study has '%s' in its name", home->wanted);
    return false;
}

static bool act(struct view *view, enum action action)
{
    struct home *home = home_of(view);
    struct table *table = &home->table;
    home_arrange(home); /* the list may have changed since it was drawn */
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
    case ACTION_FIND: view_prompt(view, "Find", home->wanted, accept_find); return true;
    case ACTION_FIND_NEXT:
    case ACTION_FIND_PREVIOUS:
        if (!find(view, action == ACTION_FIND_NEXT ? 1 : -1)) {
            view_say(view, ROLE_WARN, "No study has '%s' in its name", home->wanted);
        }
        return true;
    case ACTION_ENTER:
        if (home->n > 0 && home->path && view_open(view, home->path, home->study_id)) {
            view_go(view, SCREEN_LIVE);
        }
        return true;
    case ACTION_ADD: home_new(view); return true;
    case ACTION_SORT: home_ask_order(view); return true;
    case ACTION_FILTER: home_ask_filter(view); return true;
    default: return false;
    }
    if (home->n > 0) select_cursor(view);
    return true;
}

static bool offers(const struct view *view, enum action action)
{
    const size_t n = home_of(view)->n;
    switch ((int)action) {
    case ACTION_ENTER:
    case ACTION_FIND: return n > 0;
    case ACTION_UP:
    case ACTION_DOWN: return n > 1;
    case ACTION_SORT:
    case ACTION_FILTER: return home_of(view)->studies.n > 1;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_ENTER, ACTION_ADD, ACTION_FIND, ACTION_FILTER, ACTION_SORT,
    ACTION_DOWN,  ACTION_UP,  ACTION_HELP, ACTION_BACK,   ACTION_NONE,
};

const struct screen screen_home = {
    .digit = '0',
    .scope = SCOPE_HOME,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = enter,
    .tick = tick,
    .draw = draw,
    .act = act,
    .offers = offers,
};
