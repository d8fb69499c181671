/* The parts of a frame that all screens share: tabs, status, progress, messages, keys. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/text.h"
#include "format.h"
#include "guard.h"
#include "screen/screens.h"
#include "view.h"
#include "widget/keyrow.h"
#include "widget/spark.h"

/* ── tabs ──────────────────────────────────────────────────────────────────────────────────────*/

/* A detail belongs to the tab of the screen it was opened from. */
static enum screen_id tab_of(const struct view *view)
{
    enum screen_id id = view->screen;
    while (id != SCREEN_HOME && !screen_of(id)->title)
        id = view->from[id];
    return id;
}

/* Where there is no room for their names: the digits of the others. Returns the columns used. */
static int draw_digits(struct cells *cells, int col, enum screen_id current)
{
    const int start = col;
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_of((enum screen_id)i);
        if (screen->digit == '\0' || i == (int)current) continue;
        cells_put(cells, 0, col, (uint32_t)screen->digit, ROLE_TAB);
        col += 2;
    }
    return col - start;
}

static void draw_tabs(struct view *view)
{
    struct cells *cells = &view->cells;
    const bool is_narrow = cells->cols < 80, is_wide = cells->cols >= 160;
    const enum screen_id current = tab_of(view);
    int col = 1;
    if (is_wide) {
        col += cells_text(cells, 0, col, 40, ROLE_TITLE, view_study_name(view)) + 3;
    }
    for (int i = 0; i < SCREEN_COUNT; i++) {
        const struct screen *screen = screen_of((enum screen_id)i);
        if (!screen->title || (is_narrow && i != (int)current)) continue;
        const char *blank = is_wide ? " " : "";
        if (i == (int)current) {
            col += cells_textf(cells, 0, col, 30, ROLE_TAB_ACTIVE, "[%c%s%s]", screen->digit, blank,
                               screen->title);
        } else {
            col += cells_textf(cells, 0, col, 30, ROLE_TAB, "%c%s%s", screen->digit, blank,
                               screen->title);
        }
        col += is_wide ? 2 : 1;
    }
    const char *right = "";
    if (is_narrow) {
        col += draw_digits(cells, col, current);
        if (!screen_of(view->screen)->draws_status) right = view_study_name(view);
    } else if (view_read_only(view)) {
        right = "RO";
    } else if (is_wide) {
        right = "RW";
    }
    const int left = col + 1;
    if (cells->cols - 1 > left) {
        cells_right(cells, 0, left, cells->cols - 1 - left, is_narrow ? ROLE_TITLE : ROLE_BADGE,
                    right);
    }
}

/* ── status ────────────────────────────────────────────────────────────────────────────────────*/

enum { PIECES_MAX = 12, PIECE_TEXT = 96 };
struct piece {
    char text[PIECE_TEXT];
    enum role role;
    int importance; /* the least goes first when room is short */
};
struct pieces {
    struct piece piece[PIECES_MAX];
    int n;
};

static void add_piece(struct pieces *pieces, int importance, enum role role, const char *format,
                      ...) DLN_PRINTF(4, 5);
static void add_piece(struct pieces *pieces, int importance, enum role role, const char *format,
                      ...)
{
    if (pieces->n == PIECES_MAX) return;
    struct piece *piece = &pieces->piece[pieces->n++];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(piece->text, sizeof piece->text, format, args);
    va_end(args);
    piece->role = role;
    piece->importance = importance;
}

static void draw_pieces(struct cells *cells, int row, int col, int width, struct pieces *pieces,
                        int gap)
{
    for (;;) {
        int need = 0, least = -1;
        for (int i = 0; i < pieces->n; i++) {
            if (pieces->piece[i].text[0] == '\0') continue;
            need += (int)dln_text_width(pieces->piece[i].text) + (need > 0 ? gap : 0);
            if (least < 0 || pieces->piece[i].importance < pieces->piece[least].importance) {
                least = i;
            }
        }
        if (need <= width || least < 0) break;
        if (pieces->piece[least].importance >= 100) break; /* cut it instead */
        pieces->piece[least].text[0] = '\0';
    }
    const int end = col + width;
    for (int i = 0; i < pieces->n && col < end; i++) {
        const struct piece *piece = &pieces->piece[i];
        if (piece->text[0] == '\0') continue;
        col += cells_text(cells, row, col, end - col, piece->role, piece->text) + gap;
    }
}

static enum role role_of_word(enum study_word word)
{
    switch (word) {
    case WORD_RUN: return ROLE_STATE_RUN;
    case WORD_LOST: return ROLE_ERROR;
    case WORD_PAUSE:
    case WORD_DRAIN: return ROLE_WARN;
    case WORD_DONE:
    case WORD_IDLE: break;
    }
    return ROLE_STATUS;
}

static enum glyph glyph_of_word(enum study_word word)
{
    switch (word) {
    case WORD_RUN:
    case WORD_DRAIN: return GLYPH_RUNNING;
    case WORD_PAUSE: return GLYPH_PAUSED;
    case WORD_LOST: return GLYPH_FAILED;
    case WORD_DONE: return GLYPH_COMPLETE;
    case WORD_IDLE: break;
    }
    return GLYPH_WAITING;
}

static void add_word(const struct view *view, struct pieces *pieces)
{
    const struct session *session = &view->session;
    const struct dln_study_summary *summary = session->summary;
    const enum study_word word = session->word;
    char age[FORMAT_MAX];
    if (word == WORD_LOST) {
        (void)format_ago(age, (view->now_us - summary->lease.heartbeat_us) / 1000000, false);
        add_piece(pieces, 100, ROLE_ERROR, "LOST %s", age);
    } else if (word == WORD_RUN || word == WORD_DRAIN || word == WORD_PAUSE) {
        add_piece(pieces, 100, role_of_word(word), "%s %" PRId64 "/%d%s", study_word_text(word),
                  summary->counts[DLN_TRIAL_RUNNING], summary->live.parallel,
                  view->cells.cols >= 160 ? " workers" : "");
    } else {
        add_piece(pieces, 100, role_of_word(word), "%s", study_word_text(word));
    }
}

static void add_best(const struct view *view, struct pieces *pieces)
{
    const struct session *session = &view->session;
    const struct dln_study_summary *summary = session->summary;
    const struct model *model = &session->model;
    if (summary->n_objectives != 1 || summary->best_id < 0) return;
    const size_t best = session->best.best, second = session->best.second;
    const bool is_loaded = best < model->n && model->id[best] == summary->best_id;
    const struct number_style style =
        number_objective(summary->best_value,
                         is_loaded && second < model->n ? model->value[0][second] : (double)NAN);
    char value[FORMAT_MAX], spread[FORMAT_MAX];
    (void)format_number(value, style, summary->best_value);
    (void)format_spread(spread, style, summary->best_spread, summary->best_runs);
    add_piece(pieces, 80, ROLE_BEST, "best %s%s #%" PRId64, value, spread, summary->best_number);
    if (view->cells.cols >= 160 && is_loaded) {
        const size_t n = session->best.finished_since;
        add_piece(pieces, 30, ROLE_STATUS, "%zu trial%s since", n, n == 1 ? "" : "s");
    }
}

static void add_engine(const struct view *view, struct pieces *pieces)
{
    const struct dln_lease_info *lease = &view->session.summary->lease;
    if (view->cells.cols < 120 || !lease->held) return;
    if (runs_find(&view->runs, view->session.path, view->session.study_id)) {
        add_piece(pieces, 20, ROLE_DIM, "engine here");
    } else if (lease->here) {
        add_piece(pieces, 20, ROLE_DIM, "engine pid %" PRId64, lease->pid);
    } else {
        add_piece(pieces, 20, ROLE_DIM, "engine pid %" PRId64 " on %s", lease->pid, lease->host);
    }
}

/* "guard 2/5": how many of the best few have been judged on fresh seeds. */
static void add_guard(struct view *view, struct pieces *pieces)
{
    const bool is_over = view->session.word == WORD_DONE || view->session.word == WORD_IDLE;
    if (!is_over && !guard_is_underway(view)) return;
    const struct guard *guard = guard_of(view);
    size_t judged, n;
    if (!guard || guard->found.series == 0) return;
    guard_count(guard, &judged, &n);
    add_piece(pieces, 65, ROLE_STATUS, "guard %zu/%zu", judged, n);
}

/* "/400", "" without a budget of trials. */
static void budget_text(const struct dln_study_summary *summary, char *out, size_t cap)
{
    out[0] = '\0';
    if (summary->live.budget.trials > 0) {
        (void)snprintf(out, cap, "/%" PRId64, summary->live.budget.trials);
    }
}

static void draw_study_status(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary) {
        const char *text = session->sentence[0] ? session->sentence : "opening …";
        (void)cells_text(cells, row, 1, cells->cols - 2,
                         session->sentence[0] ? ROLE_ERROR : ROLE_DIM, text);
        return;
    }
    const struct dln_study_summary *summary = session->summary;
    const bool is_narrow = cells->cols < 80;
    struct pieces pieces = {0};
    add_word(view, &pieces);
    char budget[32];
    budget_text(summary, budget, sizeof budget);
    if (summary->is_counted) {
        add_piece(&pieces, 90, ROLE_STATUS, "%" PRId64 "%s%s", summary_finished(summary), budget,
                  is_narrow ? "" : " trials");
    }
    add_best(view, &pieces);
    char text[FORMAT_MAX];
    if (summary->lease.alive && !is_narrow) {
        const int64_t up_ms = (view->now_us - summary->lease.started_us) / 1000;
        (void)(view->is_slow ? format_minutes(text, up_ms) : format_duration(text, up_ms));
        add_piece(&pieces, 40, ROLE_STATUS, "up %s", text);
    }
    const int64_t eta_ms = session_eta_ms(session, view->now_us);
    if (eta_ms >= 0 && summary_finished(summary) >= 5) {
        (void)format_eta(text, eta_ms, summary_finished(summary));
        add_piece(&pieces, 60, ROLE_STATUS, "ETA %s", text);
    }
    if (!session->all_loaded && session->loaded < 1) {
        (void)format_share(text, session->loaded);
        add_piece(&pieces, 70, ROLE_DIM, "loading %s", text);
        add_piece(&pieces, 30, ROLE_DIM, "of %s loaded",
                  format_count(text, (int64_t)session->model.n));
    }
    add_guard(view, &pieces);
    if (session->code == DLN_BUSY) {
        (void)format_duration(text, (view->now_ns - session->fresh_ns) / 1000000);
        add_piece(&pieces, 85, ROLE_WARN, "data %s old", text);
    }
    if (!is_narrow && cells->cols < 160) {
        add_piece(&pieces, 50, ROLE_TITLE, "%s", view_study_name(view));
    }
    add_engine(view, &pieces);
    cells_glyph(cells, row, 1, glyph_of_word(session->word), role_of_word(session->word));
    draw_pieces(cells, row, 3, cells->cols - 4, &pieces, cells->cols >= 160 ? 3 : 2);
}

static void draw_progress(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    if (!session->summary) return;
    const struct dln_study_summary *summary = session->summary;
    const double share = session_share(session, view->now_us);
    char text[96], percent[FORMAT_MAX] = "";
    if (!isnan(share)) (void)format_share(percent, share);
    (void)snprintf(text, sizeof text, "%s  pruned %" PRId64 "  failed %" PRId64, percent,
                   summary->counts[DLN_TRIAL_PRUNED], summary->counts[DLN_TRIAL_FAIL]);
    const int text_width = (int)dln_text_width(text);
    const int width = isnan(share) ? 0 : cells->cols - text_width - 4;
    if (width >= 10) {
        progress_draw(cells, row, 1, width, share, session->word == WORD_PAUSE);
    }
    (void)cells_text(cells, row, width >= 10 ? width + 2 : 1, cells->cols - 2, ROLE_STATUS,
                     width >= 10 ? text : text + strspn(text, " "));
}

bool view_has_clock(const struct view *view)
{
    if (view->screen == SCREEN_HOME) return false;
    const struct session *session = &view->session;
    if (!session->summary) return false;
    return session->word == WORD_RUN || session->word == WORD_DRAIN || session->word == WORD_LOST ||
           session->code == DLN_BUSY || session->summary->counts[DLN_TRIAL_RUNNING] > 0;
}

/* ── messages and keys ─────────────────────────────────────────────────────────────────────────*/

static void draw_prompt(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    struct prompt *prompt = &view->prompt;
    int col = 1;
    col += cells_text(cells, row, col, cells->cols * 2 / 3, ROLE_STRONG, prompt->label);
    col += cells_text(cells, row, col, 2, ROLE_STRONG, ": ");
    const int right = cells_text_width(cells, prompt->right);
    const int width = cells->cols - col - 1 - (right > 0 ? right + 2 : 0);
    line_edit_draw(&prompt->edit, cells, row, col, width,
                   prompt->error[0] ? ROLE_INPUT_INVALID : ROLE_INPUT);
    if (right > 0)
        cells_right(cells, row, cells->cols - 1 - right, right, ROLE_INFO, prompt->right);
}

/* Columns from the start of the shown part of the line to its byte `at`. */
static int columns_to(const struct view *view, size_t at)
{
    const struct line_edit *edit = &view->prompt.edit;
    char part[LINE_EDIT_MAX];
    if (at <= edit->first || edit->first >= edit->len) return 0;
    const size_t end = at < edit->len ? at : edit->len;
    (void)snprintf(part, sizeof part, "%.*s", (int)(end - edit->first), edit->text + edit->first);
    return cells_text_width(&view->cells, part);
}

/* What may be typed, or what is wrong, under its place in the line. */
static void draw_hint(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const struct prompt *prompt = &view->prompt;
    if (!prompt->error[0] || prompt->error_column == 0) {
        (void)cells_text(cells, row, 1, cells->cols - 2, prompt->error[0] ? ROLE_ERROR : ROLE_DIM,
                         prompt->error[0] ? prompt->error : prompt->hint);
        return;
    }
    const int start = 1 + cells_text_width(cells, prompt->label) + 2;
    int col = start + columns_to(view, prompt->error_column - 1);
    const int width = cells_text_width(cells, prompt->error);
    if (col > cells->cols - 2) col = cells->cols - 2;
    cells_glyph(cells, row, col, GLYPH_SORT_UP, ROLE_ERROR);
    if (col + 2 + width < cells->cols) {
        (void)cells_text(cells, row, col + 2, width, ROLE_ERROR, prompt->error);
    } else if (width + 2 <= col) {
        (void)cells_text(cells, row, col - 1 - width, width, ROLE_ERROR, prompt->error);
    } else {
        (void)cells_textf(cells, row, 1, cells->cols - 2, ROLE_ERROR, "column %zu: %s",
                          prompt->error_column, prompt->error);
    }
}

/* What one may want to know, and do next, while nothing happens. */
static void draw_standing(const struct view *view, struct cells *cells, int row, int width)
{
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary) return;
    const struct dln_study_summary *summary = session->summary;
    if (session->word == WORD_DONE) {
        char why[VIEW_TEXT_MAX];
        study_why(summary, why, sizeof why);
        const struct guard *guard = guard_known(view);
        const bool is_open = guard && !guard->sentence[0] && guard->found.series == 0 &&
                             summary->n_objectives == 1 && summary->best_id >= 0;
        (void)cells_textf(
            cells, row, 1, width, ROLE_TEXT, "Done%s%s%s%s", *why ? ": " : "", why,
            view_read_only(view) ? "" : ". B adds more",
            view_read_only(view) || !is_open ? "" : ", C confirms the best on fresh seeds");
    } else if (session->word == WORD_PAUSE) {
        const char *why = summary->why ? summary->why : "";
        const bool is_by = strncmp(why, "paused ", 7) == 0; /* "paused by mia@pts/7" */
        (void)cells_textf(cells, row, 1, width, ROLE_WARN, "Paused%s%s%s",
                          is_by  ? " "
                          : *why ? ": "
                                 : "",
                          is_by ? why + 7 : why, view_read_only(view) ? "" : ". p resumes");
    } else if (session->word != WORD_IDLE || view_read_only(view)) {
        return;
    } else if (view->options->attach || !session->definition) {
        (void)cells_text(cells, row, 1, width, ROLE_TEXT,
                         "No engine runs it; `dialin run STUDY.yaml` starts one");
    } else {
        (void)cells_textf(cells, row, 1, width, ROLE_TEXT,
                          "Not running: p starts it here, %d at a time", summary->live.parallel);
    }
}

static void draw_message(struct view *view, int row)
{
    struct cells *cells = &view->cells;
    const int width = cells->cols - 2;
    const struct session *session = &view->session;
    if (view->prompt.is_open) {
        draw_prompt(view, row);
    } else if (view->message.text[0] &&
               (view->message.until_ns == 0 || view->now_ns < view->message.until_ns)) {
        (void)cells_text(cells, row, 1, width, view->message.role, view->message.text);
    } else if (view->n_pending > 0) {
        (void)cells_textf(cells, row, 1, width, ROLE_DIM, "%s …",
                          view->pending[view->n_pending - 1].text);
    } else if (view->screen == SCREEN_HOME) {
        return;
    } else if (session->code != DLN_OK && session->code != DLN_BUSY && session->is_open) {
        (void)cells_text(cells, row, 1, width, ROLE_ERROR, session->sentence);
    } else if (session->is_gone) {
        (void)cells_text(cells, row, 1, width, ROLE_ERROR,
                         "The study is not in its file any more; what is shown is the last state");
    } else if (session->word == WORD_LOST) {
        (void)cells_text(cells, row, 1, width, ROLE_ERROR,
                         "The engine is gone. p takes over here; its trials are run again");
    } else if (view->event.text[0]) {
        (void)cells_text(cells, row, 1, width, view->event.role, view->event.text);
    } else {
        draw_standing(view, cells, row, width);
    }
}

static void draw_prompt_keys(struct view *view, int row)
{
    static const struct keyrow_entry entries[] = {
        {"Enter", "accept", false, true},
        {"Esc", "cancel", false, true},
        {"Ctrl-U", "clear", false, false},
    };
    if (view->prompt.has_hint) {
        static const struct keyrow_entry more[] = {
            {"Enter", "apply", false, true},   {"Esc", "cancel", false, true},
            {"Tab", "complete", false, false}, {"↑", "history", false, false},
            {"Ctrl-U", "clear", false, false},
        };
        const bool has_more = view->prompt.typed != NULL;
        (void)keyrow_draw(&view->cells, row, 0, view->cells.cols - 1, has_more ? more : entries,
                          has_more ? 5 : 3);
    } else if (view->prompt.error[0]) {
        (void)cells_text(&view->cells, row, 1, view->cells.cols - 2, ROLE_ERROR,
                         view->prompt.error);
    } else {
        (void)keyrow_draw(&view->cells, row, 0, view->cells.cols - 1, entries, 3);
    }
}

/* Whether a key can do anything now: the key row promises nothing else. */
static bool is_offered(const struct view *view, enum action action)
{
    const struct screen *screen = screen_of(view->screen);
    const struct session *session = &view->session;
    if (view->screen != SCREEN_HOME && (!session->is_open || !session->summary)) {
        return action == ACTION_HELP || action == ACTION_BACK;
    }
    if (screen->offers && !screen->offers(view, action)) return false;
    if (view->screen == SCREEN_HOME) return true;
    const bool is_over = session->word == WORD_DONE || session->word == WORD_IDLE;
    switch ((int)action) {
    case ACTION_PAUSE: return session->word != WORD_DONE;
    case ACTION_DRAIN: return !is_over;
    case ACTION_CONFIRM:
        return (is_over || view->screen != SCREEN_LIVE) && session->definition &&
               session->summary->n_objectives == 1;
    default: return true;
    }
}

static void draw_keys(struct view *view, int row)
{
    enum { KEYS_MAX = 32 };
    struct keyrow_entry entries[KEYS_MAX];
    char labels[KEYS_MAX][16], marked[48];
    int n = 0;
    const bool is_read_only = view_read_only(view) != NULL;
    const bool is_idle_attach = view->options->attach && (view->session.word == WORD_IDLE ||
                                                          view->session.word == WORD_DONE);
    const enum action *actions = screen_of(view->screen)->keys;
    for (int i = 0; actions[i] != ACTION_NONE && n < KEYS_MAX; i++) {
        if (!is_offered(view, actions[i])) continue;
        const struct binding *binding = keymap_binding(actions[i]);
        const char *word = binding_word(binding, screen_of(view->screen)->scope);
        if (binding->action == ACTION_PAUSE && view->session.is_open) {
            word = view->session.word == WORD_RUN                                         ? "pause"
                   : view->session.word == WORD_PAUSE || view->session.word == WORD_DRAIN ? "resume"
                                                                                          : "start";
        }
        if (binding->action == ACTION_BACK && view->screen == view->base) word = "quit";
        if (binding->action == ACTION_ACTIONS && view->session.model.n_marked > 0) {
            (void)snprintf(marked, sizeof marked, "acts on %zu marked",
                           view->session.model.n_marked);
            word = marked;
        }
        entries[n] = (struct keyrow_entry){
            .key = key_label(binding->key[0], labels[n]),
            .text = word,
            .dimmed = binding->changes &&
                      (is_read_only || (binding->action == ACTION_PAUSE && is_idle_attach)),
            .keep = binding->action == ACTION_BACK || binding->action == ACTION_HELP ||
                    binding->action == ACTION_PAUSE,
        };
        n++;
    }
    (void)keyrow_draw(&view->cells, row, 0, view->cells.cols - 1, entries, n);
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────*/

/* Below the smallest size: the truth in a few lines, and which keys still work. */
static void draw_small(struct view *view)
{
    struct cells *cells = &view->cells;
    const struct session *session = &view->session;
    const int width = cells->cols;
    int row = 0;
    (void)cells_textf(cells, row++, 0, width, ROLE_TITLE, "dialin · %dx%d is small", cells->cols,
                      cells->rows);
    if (session->summary) {
        const struct dln_study_summary *summary = session->summary;
        char budget[32];
        budget_text(summary, budget, sizeof budget);
        cells_glyph(cells, row, 0, glyph_of_word(session->word), role_of_word(session->word));
        (void)cells_textf(cells, row++, 2, width - 2, role_of_word(session->word),
                          "%s %" PRId64 "/%d   %" PRId64 "%s", study_word_text(session->word),
                          summary->counts[DLN_TRIAL_RUNNING], summary->live.parallel,
                          summary_finished(summary), budget);
        if (summary->best_id >= 0 && summary->n_objectives == 1) {
            char value[FORMAT_MAX];
            (void)format_runs(value, summary->best_value, summary->best_spread, summary->best_runs);
            (void)cells_textf(cells, row++, 0, width, ROLE_BEST, "best %s #%" PRId64, value,
                              summary->best_number);
        }
    }
    row++;
    (void)cells_textf(cells, row++, 0, width, ROLE_TEXT, "Needs %dx%d. Keys still", VIEW_MIN_COLS,
                      VIEW_MIN_ROWS);
    (void)cells_text(cells, row, 0, width, ROLE_TEXT, "work: p pause  q quit");
}

void view_draw(struct view *view)
{
    struct cells *cells = &view->cells;
    cells_clear(cells);
    if (cells->rows < VIEW_MIN_ROWS || cells->cols < VIEW_MIN_COLS) {
        draw_small(view);
        return;
    }
    const struct screen *screen = screen_of(view->screen);
    int top = 0;
    if (view->screen != SCREEN_HOME) {
        draw_tabs(view);
        if (screen->draws_status && view->session.is_open) {
            screen->draw_status(view, 1);
        } else {
            draw_study_status(view, 1);
        }
        top = 2;
        if (screen->has_progress && cells->rows >= 20 && cells->cols >= 80) {
            draw_progress(view, top++);
        }
    }
    const bool has_hint = view->prompt.is_open && view->prompt.has_hint;
    screen->draw(view, (struct rect){top, 0, cells->rows - 2 - has_hint - top, cells->cols});
    if (has_hint) {
        draw_prompt(view, cells->rows - 3);
        draw_hint(view, cells->rows - 2);
    } else {
        draw_message(view, cells->rows - 2);
    }
    if (view->prompt.is_open) {
        draw_prompt_keys(view, cells->rows - 1);
    } else {
        draw_keys(view, cells->rows - 1);
    }
    if (view->overlay.kind != OVERLAY_NONE) overlay_draw_current(view);
}
