/* The guard: the best few on fresh seeds, what holds and what was luck. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "cli/confirmed.h"
#include "cli/whole_file.h"
#include "format.h"
#include "guard.h"
#include "plot/axis.h"
#include "screen/screens.h"
#include "widget/dialog.h"
#include "widget/table.h"

enum {
    COLUMN_RANK,
    COLUMN_TRIAL,
    COLUMN_SEARCH,
    COLUMN_FRESH,
    COLUMN_RUNS,
    COLUMN_SHIFT,
    COLUMN_VERDICT,
    COLUMNS
};
enum { ROWS_MAX = 128, LABEL_COLS = 8, SCALE_COLS_MIN = 24, TOP = 5, REPEATS = 5 };

struct guard_screen {
    struct table table;
    struct column columns[COLUMNS];
    size_t order[ROWS_MAX]; /* rows of the confirmation, by rank */
    size_t n;
    int repeats; /* asked for; 0: as the last time */
};

static struct guard_screen *state_of(const struct view *view)
{
    return view->state[SCREEN_GUARD];
}

static const struct dln_confirmation *found_of(const struct view *view)
{
    const struct guard *guard = guard_known(view);
    return guard && guard->found.series > 0 ? &guard->found : NULL;
}

static int repeats_of(const struct view *view)
{
    const struct dln_confirmation *found = found_of(view);
    if (state_of(view)->repeats > 0) return state_of(view)->repeats;
    if (found) return found->repeats;
    const struct dln_study *study = view->session.definition;
    return study && study->confirm.seeds > 0 ? study->confirm.seeds : REPEATS;
}

static int top_of(const struct view *view)
{
    const struct dln_confirmation *found = found_of(view);
    const struct dln_study *study = view->session.definition;
    return found ? found->top : study && study->confirm.top > 0 ? study->confirm.top : TOP;
}

static bool is_held_out(const struct view *view)
{
    const struct dln_study *study = view->session.definition;
    return study && (study->confirm.run.n > 0 || study->confirm.metric);
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static void sort_rows(struct guard_screen *screen, const struct dln_confirmation *found)
{
    screen->n = found->n < ROWS_MAX ? found->n : ROWS_MAX;
    for (size_t i = 0; i < screen->n; i++) {
        size_t at = i;
        while (at > 0 &&
               found->rows[screen->order[at - 1]].result.rank > found->rows[i].result.rank) {
            screen->order[at] = screen->order[at - 1];
            at--;
        }
        screen->order[at] = i;
    }
}

static void cell_text(const struct dln_confirm_row *row, int column, bool is_underway,
                      bool is_finished, char *out, size_t cap)
{
    const struct dln_candidate *r = &row->result;
    struct dln_strbuf text = {0};
    char number[FORMAT_MAX];
    out[0] = '\0';
    switch (column) {
    case COLUMN_RANK:
        if (!r->is_control) (void)snprintf(out, cap, "%zu", r->rank + 1);
        break;
    case COLUMN_TRIAL:
        if (row->number < 0) {
            (void)snprintf(out, cap, "default");
        } else {
            (void)snprintf(out, cap, "#%" PRId64, row->number);
        }
        break;
    case COLUMN_SEARCH:
        (void)snprintf(out, cap, "%s",
                       isnan(r->search) ? FORMAT_MISSING : format_detail(number, r->search));
        break;
    case COLUMN_FRESH:
        if (r->n > 0) dln_confirmation_number(r->mean, r->half_width, &text);
        (void)snprintf(out, cap, "%s", r->n > 0 ? dln_strbuf_text(&text) : FORMAT_MISSING);
        break;
    case COLUMN_RUNS: (void)snprintf(out, cap, "%zu", r->n); break;
    case COLUMN_SHIFT:
        if (isnan(r->shift) || r->n == 0) {
            (void)snprintf(out, cap, FORMAT_MISSING);
        } else {
            (void)snprintf(out, cap, "%+.3g", r->shift);
        }
        break;
    default:
        (void)snprintf(out, cap, "%s%s",
                       r->n == 0                                   ? (r->n_asked > 0 ? "failed"
                                                                      : is_underway  ? "queued"
                                                                                     : "not run yet")
                       : r->is_control                             ? "the default"
                       : !is_finished && row->is_in && is_underway ? "running"
                                                                   : dln_verdict_name(r->word),
                       r->n > 0 && r->is_tied && is_finished ? ", tied" : "");
        break;
    }
    dln_strbuf_release(&text);
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t row,
                      const struct column *column, enum role role)
{
    struct view *view = context;
    const struct dln_confirmation *found = found_of(view);
    char text[128];
    if (!found) return;
    const struct dln_confirm_row *one = &found->rows[state_of(view)->order[row]];
    cell_text(one, column->id, guard_is_underway(view), found->is_finished, text, sizeof text);
    if (column->id == COLUMN_VERDICT && one->result.n > 0 && !one->result.is_control) {
        role = one->result.word == DLN_WORD_LUCKY   ? ROLE_WARN
               : one->result.word == DLN_WORD_HOLDS ? ROLE_BETTER
                                                    : role;
    }
    if (column->align == ALIGN_RIGHT) {
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
    } else {
        (void)cells_text(cells, rect.row, rect.col, rect.cols, role, text);
    }
}

static struct table_mark mark(void *context, int64_t row)
{
    struct view *view = context;
    const struct dln_confirmation *found = found_of(view);
    const size_t at = state_of(view)->order[row];
    const bool is_winner =
        found && found->is_finished && found->findings.is_known && found->findings.winner == at;
    return (struct table_mark){is_winner ? GLYPH_BEST : GLYPH_COUNT, ROLE_BEST, ROLE_TEXT};
}

static void make_table(struct view *view, const struct dln_confirmation *found)
{
    struct guard_screen *screen = state_of(view);
    const char *const names[COLUMNS] = {"RANK",   "TRIAL",
                                        "SEARCH", found->is_held_out ? "HELD OUT" : "FRESH SEEDS",
                                        "RUNS",   found->is_held_out ? "GAP" : "SHIFT",
                                        "VERDICT"};
    static const int priority[COLUMNS] = {3, 0, 1, 0, 4, 2, 0};
    struct table *table = &screen->table;
    sort_rows(screen, found);
    table->columns = screen->columns;
    table->n_columns = COLUMNS;
    table->draw_cell = draw_cell;
    table->mark = mark;
    table->context = view;
    table->pinned = -1;
    for (int c = 0; c < COLUMNS; c++) {
        const bool is_text = c == COLUMN_TRIAL || c == COLUMN_VERDICT || c == COLUMN_FRESH;
        struct column *column = &screen->columns[c];
        *column = (struct column){.name = names[c],
                                  .width = (int)strlen(names[c]),
                                  .priority = priority[c],
                                  .id = c,
                                  .align = is_text ? ALIGN_LEFT : ALIGN_RIGHT};
        for (size_t i = 0; i < screen->n; i++) {
            char text[128];
            cell_text(&found->rows[screen->order[i]], c, true, found->is_finished, text,
                      sizeof text);
            const int width = cells_text_width(&view->cells, text);
            if (width > column->width) column->width = width;
        }
    }
    table_keep(table, (int64_t)screen->n, table->cursor);
}

/* ── the picture ───────────────────────────────────────────────────────────────────────────────*/

static void widen(double x, double *low, double *high)
{
    if (!isfinite(x)) return;
    if (!(*low <= x)) *low = x;
    if (!(*high >= x)) *high = x;
}

/* "#187   ●   ━━━┿━━━": the claim of the search, and the fresh mean with its interval. */
static void draw_interval(struct cells *cells, int row, struct rect plot, const struct scale *scale,
                          const struct dln_candidate *r)
{
    const int mid = scale_col(scale, r->mean, plot.cols);
    if (r->n > 0 && mid >= 0) {
        const double half = isfinite(r->half_width) ? r->half_width : 0;
        const int from = scale_col(scale, r->mean - half, plot.cols);
        const int to = scale_col(scale, r->mean + half, plot.cols);
        for (int col = from; col <= to; col++)
            cells_glyph(cells, row, plot.col + col, GLYPH_THICK, ROLE_PREDICT_BAND);
        cells_glyph(cells, row, plot.col + mid, GLYPH_ERROR_BAR, ROLE_PREDICT);
    }
    const int claim = scale_col(scale, r->search, plot.cols);
    if (isfinite(r->search) && claim >= 0) {
        cells_glyph(cells, row, plot.col + claim, GLYPH_MARKED, ROLE_POINT);
    }
}

static void draw_picture(struct view *view, const struct dln_confirmation *found, struct rect rect)
{
    struct guard_screen *screen = state_of(view);
    struct cells *cells = &view->cells;
    double low = (double)NAN, high = (double)NAN;
    for (size_t i = 0; i < screen->n; i++) {
        const struct dln_candidate *r = &found->rows[screen->order[i]].result;
        if (r->is_control) continue; /* far off mostly: it would squeeze the others */
        widen(r->search, &low, &high);
        if (r->n == 0) continue;
        const double half = isfinite(r->half_width) ? r->half_width : 0;
        widen(r->mean - half, &low, &high);
        widen(r->mean + half, &low, &high);
    }
    cells_rule(cells, rect.row, rect.col, rect.cols, "Search ● against fresh ┿, 95 %",
               found->metric, ROLE_BORDER);
    if (!(low < high)) return;
    const struct scale scale = scale_make(low, high, false);
    const struct rect plot = {rect.row + 1, rect.col + LABEL_COLS, rect.rows - 2,
                              rect.cols - LABEL_COLS - 2};
    int row = plot.row;
    for (size_t i = 0; i < screen->n && row < plot.row + plot.rows; i++) {
        const struct dln_confirm_row *one = &found->rows[screen->order[i]];
        if (one->result.is_control) continue;
        (void)cells_textf(cells, row, rect.col + 1, LABEL_COLS - 2, ROLE_DIM, "#%" PRId64,
                          one->number);
        draw_interval(cells, row++, plot, &scale, &one->result);
    }
    axis_bottom(cells, (struct rect){plot.row, plot.col, row - plot.row, plot.cols}, &scale, false);
}

/* ── the words ─────────────────────────────────────────────────────────────────────────────────*/

static void say_found(const struct view *view, const struct dln_confirmation *found,
                      struct dln_strbuf *out)
{
    if (!found->is_finished) {
        dln_strbuf_addf(out, "%zu runs so far. ", found->n_runs);
        dln_strbuf_add(out,
                       guard_is_underway(view)
                           ? "Each is kept as it comes; after a round the better half goes on.\n"
                           : "It was cut short: C goes on where it stands.\n");
    }
    dln_confirmation_verdict(found, out);
    if (found->findings.noise_sd > 0) {
        dln_strbuf_addf(out, "Noise of one run: sd %.2g.", found->findings.noise_sd);
        if (found->luck > 0) {
            dln_strbuf_addf(out, " Expected luck of the best of %" PRId64 ": %.2g.",
                            found->n_complete, found->luck);
        }
        dln_strbuf_add(out, "\n");
    }
    if (found->is_held_out) {
        dln_strbuf_addf(out, "Test set used %" PRId64 " time%s.\n", found->held_out_uses,
                        found->held_out_uses == 1 ? "" : "s");
    }
}

static void say_nothing_yet(const struct view *view, const struct guard *guard,
                            struct dln_strbuf *out)
{
    const struct session *session = &view->session;
    const int64_t n = session->summary->counts[DLN_TRIAL_COMPLETE];
    if (!session->definition) {
        dln_strbuf_add(out, "This study has no study file, so nothing says how to run its trials "
                            "again.");
    } else if (session->summary->n_objectives > 1) {
        dln_strbuf_add(out, "A study with several objectives has a front, not one best trial to "
                            "confirm.");
    } else if (guard && guard->sentence[0]) {
        dln_strbuf_add(out, guard->sentence);
    } else if (!guard_known(view)) {
        dln_strbuf_add(out, "Reading …");
    } else if (n == 0) {
        dln_strbuf_add(out, "No trial is complete yet. Later C runs the best few again on fresh "
                            "seeds: does the result hold, or was it luck?");
    } else {
        dln_strbuf_addf(out,
                        "The best of %" PRId64 " scores is too good, if there is noise: some of it "
                        "is luck. C runs the top %d again on fresh seeds, the same for all, and "
                        "judges by these runs alone; the default runs beside them.\n\n"
                        "%s\n\n+ and - change how often each runs: %d on average now, the better "
                        "ones more.",
                        n, top_of(view),
                        is_held_out(view)
                            ? "The study file names a held-out command or metric: T, and each use "
                              "is counted."
                            : "The program has to use {seed} or $DIALIN_SEED.",
                        repeats_of(view));
    }
}

static void draw(struct view *view, struct rect body)
{
    struct cells *cells = &view->cells;
    const struct guard *guard = guard_of(view);
    const struct dln_confirmation *found = found_of(view);
    struct dln_strbuf text = {0};
    char right[64];
    (void)snprintf(right, sizeof right, "top %d, %d runs each", top_of(view), repeats_of(view));
    if (!found) {
        cells_rule(cells, body.row, body.col, body.cols, "Guard", right, ROLE_BORDER);
        say_nothing_yet(view, guard, &text);
        (void)wrap_draw(cells, (struct rect){body.row + 2, 2, body.rows - 2, body.cols - 4},
                        ROLE_TEXT, dln_strbuf_text(&text), 0);
        dln_strbuf_release(&text);
        return;
    }
    char title[160];
    (void)snprintf(title, sizeof title, "Guard · %zu runs%s%s", found->n_runs,
                   found->is_held_out ? " of the held-out command" : " on fresh seeds",
                   found->is_finished ? "" : ", not finished");
    cells_rule(cells, body.row, body.col, body.cols, title, right, ROLE_BORDER);
    make_table(view, found);
    say_found(view, found, &text);
    const struct rect nowhere = {0, 0, 0, body.cols - 2};
    const int n = (int)state_of(view)->n;
    const int lines = wrap_draw(cells, nowhere, ROLE_TEXT, dln_strbuf_text(&text), 0);
    int rows = n + 1, left = body.rows - 1;
    const int least = lines < 3 ? lines : 3;
    if (rows > left - 1 - least) rows = left - 1 - least;
    table_draw(&state_of(view)->table, cells,
               (struct rect){body.row + 1, body.col, rows, body.cols});
    int row = body.row + 1 + rows;
    left -= rows;
    const int picture = n + 2 - (found->n > 0 && found->rows[found->n - 1].result.is_control);
    if (left > lines + picture) {
        draw_picture(view, found, (struct rect){row, body.col, picture, body.cols});
        row += picture;
        left -= picture;
    }
    cells_rule(cells, row, body.col, body.cols, "", "", ROLE_BORDER);
    (void)wrap_draw(cells, (struct rect){row + 1, body.col + 1, left - 1, body.cols - 2}, ROLE_TEXT,
                    dln_strbuf_text(&text), 0);
    dln_strbuf_release(&text);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool accept_top(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    char *end = NULL;
    const long top = strtol(text, &end, 10);
    if (end == text || *end != '\0' || top < 1 || top > 100) {
        (void)snprintf(error, VIEW_TEXT_MAX, "A whole number of trials from 1 to 100");
        return false;
    }
    actions_confirm(view, (int)top, repeats_of(view), false, false);
    return true;
}

static bool accept_test(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    if (strcmp(text, view_study_name(view)) != 0) {
        (void)snprintf(error, VIEW_TEXT_MAX, "Type %.100s, or Esc keeps the test set unused",
                       view_study_name(view));
        return false;
    }
    const struct dln_confirmation *found = found_of(view);
    const bool goes_on = found && !found->is_finished && found->is_current;
    actions_confirm(view, top_of(view), repeats_of(view), !goes_on, false);
    return true;
}

static void ask_test(struct view *view)
{
    const struct dln_confirmation *found = found_of(view);
    const int64_t uses = found ? found->held_out_uses : 0;
    char label[64];
    if (!is_held_out(view)) {
        view_say(view, ROLE_WARN, "No test set: `confirm: {run: …}` in the study file names one");
        return;
    }
    (void)snprintf(label, sizeof label, "Test set, used %" PRId64 " time%s. Type %.20s to use it",
                   uses, uses == 1 ? "" : "s", view_study_name(view));
    view_prompt(view, label, "", accept_test);
}

void guard_ask(struct view *view)
{
    char label[64], top[16];
    if (is_held_out(view)) { /* whoever judges there is used up by being asked */
        ask_test(view);
        return;
    }
    (void)snprintf(label, sizeof label, "Confirm the top, %d runs each", repeats_of(view));
    (void)snprintf(top, sizeof top, "%d", top_of(view));
    view_prompt(view, label, top, accept_top);
}

static void write_report(struct view *view)
{
    const struct session *session = &view->session;
    struct opened opened = {0};
    struct dln_confirmation found = {0};
    struct dln_strbuf text = {0};
    struct dln_error err = {0};
    char path[VIEW_TEXT_MAX];
    (void)snprintf(path, sizeof path, "%.100s-guard.md", view_study_name(view));
    for (char *c = path; *c; c++) {
        if (*c == '/') *c = '_';
    }
    bool ok =
        opened_by_id(session->path, session->study_id, DLN_STORE_READ, &opened, &err) &&
        dln_confirmation_read(opened.store, session->study_id, session->definition, &found, &err);
    if (ok && found.series == 0) {
        ok = dln_fail(&err, DLN_REFUSED, "nothing was confirmed yet: C runs the best few again");
    }
    if (ok) {
        confirmed_markdown(&opened, &found, &text);
        ok = write_whole_file(path, &text, &err);
    }
    if (ok) {
        view_say(view, ROLE_INFO, "Written to %s", path);
    } else {
        view_say(view, ROLE_WARN, "%.250s", err.text);
    }
    dln_strbuf_release(&text);
    dln_confirmation_release(&found);
    opened_release(&opened);
}

static void change_repeats(struct view *view, int delta)
{
    const int now = repeats_of(view) + delta;
    if (now < 1 || now > 1000) return;
    state_of(view)->repeats = now;
    view_say(view, ROLE_INFO, "%d runs each on average; C makes them", now);
}

static void open_trial(struct view *view)
{
    const struct dln_confirmation *found = found_of(view);
    const struct guard_screen *screen = state_of(view);
    const int64_t at = screen->table.cursor;
    if (!found || at < 0 || (size_t)at >= screen->n) return;
    const int64_t number = found->rows[screen->order[at]].number;
    const size_t row = number < 0 ? SIZE_MAX : model_find_number(&view->session.model, number);
    if (row == SIZE_MAX) {
        view_say(view, ROLE_INFO, "The default is no trial: it runs as a control");
        return;
    }
    view->selected_id = view->session.model.id[row];
    view_go(view, SCREEN_TRIAL);
}

static bool act(struct view *view, enum action action)
{
    struct table *table = &state_of(view)->table;
    switch ((int)action) {
    case ACTION_UP: table_move(table, -1); return true;
    case ACTION_DOWN: table_move(table, 1); return true;
    case ACTION_FIRST: table_go(table, 0); return true;
    case ACTION_LAST: table_go(table, INT64_MAX); return true;
    case ACTION_PAGE_UP:
    case ACTION_HALF_UP: table_page(table, -1); return true;
    case ACTION_PAGE_DOWN:
    case ACTION_HALF_DOWN: table_page(table, 1); return true;
    case ACTION_ENTER: open_trial(view); return true;
    case ACTION_MORE: change_repeats(view, 1); return true;
    case ACTION_FEWER: change_repeats(view, -1); return true;
    case ACTION_TEST: ask_test(view); return true;
    case ACTION_EXPORT: write_report(view); return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    const bool has_any = found_of(view) != NULL;
    switch ((int)action) {
    case ACTION_DOWN:
    case ACTION_ENTER:
    case ACTION_EXPORT: return has_any;
    case ACTION_TEST: return is_held_out(view);
    case ACTION_CONFIRM:
    case ACTION_MORE:
        return view->session.definition && view->session.summary->n_objectives == 1 &&
               view->session.summary->counts[DLN_TRIAL_COMPLETE] > 0;
    default: return true;
    }
}

static bool init(struct view *view)
{
    view->state[SCREEN_GUARD] = calloc(1, sizeof(struct guard_screen));
    return view->state[SCREEN_GUARD] != NULL;
}

static void release(struct view *view)
{
    free(state_of(view));
    view->state[SCREEN_GUARD] = NULL;
}

static void look(struct view *view)
{
    (void)guard_of(view);
}

static void enter(struct view *view)
{
    state_of(view)->repeats = 0;
    look(view);
}

static const enum action keys[] = {
    ACTION_HELP,  ACTION_CONFIRM, ACTION_MORE, ACTION_FEWER, ACTION_TEST,
    ACTION_ENTER, ACTION_EXPORT,  ACTION_LIVE, ACTION_BACK,  ACTION_NONE,
};

const struct screen screen_guard = {
    .title = "Guard",
    .digit = '6',
    .scope = SCOPE_GUARD,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = enter,
    .changed = look,
    .tick = look,
    .draw = draw,
    .act = act,
    .offers = offers,
};
