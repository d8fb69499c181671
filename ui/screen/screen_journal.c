/*
 * What was done to the study, by whom, what became of it, and the way back: the newest first. An
 * entry's own reason is told below it, and is no line of its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "actions.h"
#include "dialin/entries.h"
#include "dialin/json.h"
#include "format.h"
#include "screen/live.h"
#include "screen/screens.h"
#include "widget/dialog.h"

enum { DETAIL_ROWS = 7, COLUMNS = 5, STATE_COLS = 7, UNDO_COLS = 4, FILTER_MAX = 80 };

struct journal {
    struct table table;
    struct column columns[COLUMNS];
    int64_t selected; /* command id */
    struct dln_arena arena;
    const struct dln_command *of; /* that the entries are for */
    struct dln_entry *entries;    /* one a command; NULL: no memory */
    size_t *shown;                /* indexes of those in the table */
    size_t n_shown;
    char filter[FILTER_MAX]; /* "who:mia lr", "": all */
    char wanted[FILTER_MAX];
};

static struct journal *journal_of(const struct view *view)
{
    return view->state[SCREEN_JOURNAL];
}

/* The command in a row of the table; NULL: none. */
static const struct dln_command *command_at(const struct view *view, int64_t row)
{
    const struct journal *journal = journal_of(view);
    if (row < 0 || (size_t)row >= journal->n_shown) return NULL;
    const size_t at = journal->shown[row];
    return at < view->session.n_commands ? &view->session.commands[at] : NULL;
}

static const struct dln_entry *entry_at(const struct view *view, int64_t row)
{
    static const struct dln_entry none = {.undo = "", .why = ""};
    const struct journal *journal = journal_of(view);
    return journal->entries && command_at(view, row) ? &journal->entries[journal->shown[row]]
                                                     : &none;
}

static const char *state_word(const struct dln_command *command)
{
    if (command->kind == DLN_COMMAND_NOTE) return "–";
    switch (command->state) {
    case DLN_COMMAND_POSTED: return "waits";
    case DLN_COMMAND_DONE: return "done";
    case DLN_COMMAND_REFUSED: return "refused";
    }
    return "";
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t row,
                      const struct column *column, enum role role)
{
    const struct view *view = context;
    const struct dln_command *command = command_at(view, row);
    const struct dln_entry *entry = entry_at(view, row);
    char text[VIEW_TEXT_MAX];
    if (!command) return;
    switch (column->id) {
    case 0:
        (void)format_time(text, command->posted_us, view->now_us);
        (void)cells_text(cells, rect.row, rect.col, rect.cols, ROLE_LOG_TIME, text);
        break;
    case 1: (void)cells_text(cells, rect.row, rect.col, rect.cols, role, command->who); break;
    case 2:
        journal_text(command, text, sizeof text);
        (void)cells_text(cells, rect.row, rect.col, rect.cols, role, text);
        break;
    case 4:
        (void)cells_text(cells, rect.row, rect.col, rect.cols, ROLE_KEY,
                         !entry->is_reversible ? FORMAT_MISSING
                         : entry->is_undone    ? "U"
                                               : "u");
        break;
    default:
        (void)cells_text(cells, rect.row, rect.col, rect.cols,
                         command->state == DLN_COMMAND_REFUSED ? ROLE_WARN : role,
                         entry->is_undone ? "undone" : state_word(command));
        break;
    }
}

static bool init(struct view *view)
{
    struct journal *journal = calloc(1, sizeof *journal);
    view->state[SCREEN_JOURNAL] = journal;
    if (!journal) return false;
    journal->table.draw_cell = draw_cell;
    journal->table.context = view;
    journal->table.pinned = -1;
    return true;
}

static void release(struct view *view)
{
    struct journal *journal = journal_of(view);
    if (journal) {
        dln_arena_release(&journal->arena);
        free(journal->shown);
    }
    free(journal);
    view->state[SCREEN_JOURNAL] = NULL;
}

static void select_cursor(struct view *view)
{
    struct journal *journal = journal_of(view);
    const struct dln_command *command = command_at(view, journal->table.cursor);
    journal->selected = command ? command->id : 0;
}

/* Whatever the case. */
static bool has_words(const char *text, const char *words)
{
    const size_t len = strlen(words);
    for (; *text; text++) {
        if (strncasecmp(text, words, len) == 0) return true;
    }
    return len == 0;
}

/* "who:mia what:lr", or words that may stand in either. */
static bool fits(const struct dln_command *command, const char *filter)
{
    char text[VIEW_TEXT_MAX];
    char words[FILTER_MAX];
    char *rest = NULL;
    journal_text(command, text, sizeof text);
    (void)snprintf(words, sizeof words, "%s", filter);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, "who:", 4) == 0) {
            if (!has_words(command->who, word + 4)) return false;
        } else if (strncmp(word, "what:", 5) == 0) {
            if (!has_words(text, word + 5)) return false;
        } else if (!has_words(text, word) && !has_words(command->who, word)) {
            return false;
        }
    }
    return true;
}

static void list_shown(struct view *view)
{
    struct journal *journal = journal_of(view);
    const size_t n = view->session.n_commands;
    dln_arena_reset(&journal->arena);
    journal->of = view->session.commands;
    journal->n_shown = 0;
    journal->entries = NULL;
    free(journal->shown);
    journal->shown = calloc(n + 1, sizeof *journal->shown);
    if (!dln_journal_entries(n, view->session.commands, &journal->arena, &journal->entries, NULL)) {
        journal->entries = NULL;
    }
    for (size_t i = 0; journal->shown && i < n; i++) {
        if (journal->entries && journal->entries[i].about > 0) continue;
        if (!fits(&view->session.commands[i], journal->filter)) continue;
        journal->shown[journal->n_shown++] = i;
    }
}

/* Entries come in at the top: the selected one keeps its place, unless it is the newest. */
static void changed(struct view *view)
{
    struct journal *journal = journal_of(view);
    int64_t at = 0;
    list_shown(view);
    if (journal->table.cursor > 0) {
        for (size_t i = 0; i < journal->n_shown; i++) {
            if (command_at(view, (int64_t)i)->id == journal->selected) at = (int64_t)i;
        }
    }
    table_keep(&journal->table, (int64_t)journal->n_shown, at);
    select_cursor(view);
}

/* A line of the detail with its label; the rows it took. */
static int draw_part(struct cells *cells, struct rect *rest, const char *label, const char *text)
{
    if (!text[0] || rest->rows <= 0) return 0;
    (void)cells_text(cells, rest->row, rest->col, 7, ROLE_DIM, label);
    const struct rect inside = {rest->row, rest->col + 7, rest->rows, rest->cols - 7};
    int used = wrap_draw(cells, inside, ROLE_TEXT, text, 0);
    if (used > rest->rows) used = rest->rows;
    rest->row += used;
    rest->rows -= used;
    return used;
}

/* What `u` would do. */
static void undo_text(const struct view *view, const struct dln_entry *entry, char *out, size_t cap)
{
    out[0] = '\0';
    if (!entry->is_reversible) return;
    if (entry->is_undone) {
        (void)snprintf(out, cap, "is undone. U does it again");
    } else if (entry->blocked_by != 0) {
        for (size_t i = 0; i < view->session.n_commands; i++) {
            char text[VIEW_TEXT_MAX];
            if (view->session.commands[i].id != entry->blocked_by) continue;
            journal_text(&view->session.commands[i], text, sizeof text);
            (void)snprintf(out, cap, "entry %" PRId64 " depends on it: %.150s", entry->blocked_by,
                           text);
        }
    } else {
        (void)snprintf(out, cap, "u restores what was, for the next asks. Trials since are kept");
    }
}

static void draw_detail(struct view *view, struct rect rect)
{
    struct cells *cells = &view->cells;
    const int64_t at = journal_of(view)->table.cursor;
    const struct dln_command *command = command_at(view, at);
    const struct dln_entry *entry = entry_at(view, at);
    if (!command) return;
    char when[FORMAT_MAX], title[160], id[32];
    char text[DLN_ERROR_TEXT_MAX];
    (void)format_time(when, command->posted_us, view->now_us);
    (void)snprintf(title, sizeof title, "%s · %s", when, dln_command_name(command->kind));
    (void)snprintf(id, sizeof id, "id %" PRId64, command->id);
    cells_rule(cells, rect.row, rect.col, rect.cols, title, id, ROLE_BORDER);
    struct rect rest = {rect.row + 1, rect.col + 1, rect.rows - 1, rect.cols - 2};
    char *effect = NULL;
    journal_text(command, text, sizeof text);
    if (command->kind == DLN_COMMAND_SET_SPACE) effect = strstr(text, " · ");
    if (effect) *effect = '\0';
    char *arrow = strstr(text, " → ");
    const bool is_one = arrow && !strstr(text, "; ") && !strstr(arrow + 5, " → ");
    if (is_one) {
        *arrow = '\0';
        (void)draw_part(cells, &rest, "From", text);
        (void)draw_part(cells, &rest, "To", arrow + strlen(" → "));
    } else {
        (void)draw_part(cells, &rest, "What", text);
    }
    (void)draw_part(cells, &rest, "Why", entry->why);
    if (effect) (void)draw_part(cells, &rest, "Effect", effect + strlen(" · "));
    char undo[VIEW_TEXT_MAX];
    undo_text(view, entry, undo, sizeof undo);
    (void)draw_part(cells, &rest, "Undo", undo);
    const bool has_payload = command->kind != DLN_COMMAND_NOTE && command->payload &&
                             command->state == DLN_COMMAND_REFUSED &&
                             strcmp(command->payload, "{}") != 0;
    if (has_payload) (void)draw_part(cells, &rest, "Asked", command->payload);
}

static void draw(struct view *view, struct rect body)
{
    struct journal *journal = journal_of(view);
    struct cells *cells = &view->cells;
    if (journal->of != view->session.commands) changed(view);
    if (journal->n_shown == 0) {
        (void)cells_text(cells, body.row + 1, 2, body.cols - 4, ROLE_TEXT,
                         journal->filter[0]
                             ? "Nothing fits the filter. f changes it; empty shows all."
                             : "Nothing yet. Every change of the study becomes a line here.");
        return;
    }
    int when_cols = 8, who_cols = 6;
    for (size_t i = 0; i < journal->n_shown; i++) {
        const struct dln_command *command = command_at(view, (int64_t)i);
        char time[FORMAT_MAX];
        const int time_cols = (int)strlen(format_time(time, command->posted_us, view->now_us));
        const int cols = cells_text_width(cells, command->who);
        if (time_cols > when_cols) when_cols = time_cols;
        if (cols > who_cols) who_cols = cols;
    }
    if (who_cols > 14) who_cols = 14;
    const int what = body.cols - 3 - when_cols - 1 - who_cols - 1 - 1 - STATE_COLS - 1 - UNDO_COLS;
    journal->columns[0] = (struct column){.name = "WHEN", .width = when_cols, .id = 0};
    journal->columns[1] = (struct column){.name = "WHO", .width = who_cols, .priority = 1, .id = 1};
    journal->columns[2] = (struct column){.name = "WHAT", .width = what, .priority = 0, .id = 2};
    journal->columns[3] =
        (struct column){.name = "STATE", .width = STATE_COLS, .priority = 2, .id = 3};
    journal->columns[4] =
        (struct column){.name = "UNDO", .width = UNDO_COLS, .priority = 3, .id = 4};
    journal->table.columns = journal->columns;
    journal->table.n_columns = COLUMNS;
    const int list = body.rows - DETAIL_ROWS;
    table_draw(&journal->table, cells, (struct rect){body.row, body.col, list, body.cols});
    draw_detail(view, (struct rect){body.row + list, body.col, DETAIL_ROWS, body.cols});
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void turn(struct view *view, bool is_undo)
{
    const int64_t at = journal_of(view)->table.cursor;
    const struct dln_command *command = command_at(view, at);
    const struct dln_entry *entry = entry_at(view, at);
    char payload[64];
    char text[64];
    if (!command) return;
    if (!entry->is_reversible) {
        view_say(view, ROLE_WARN, "Entry %" PRId64 " cannot be undone", command->id);
    } else if (entry->is_undone == is_undo) {
        view_say(view, ROLE_WARN,
                 is_undo ? "Entry %" PRId64 " is undone; U does it again"
                         : "Entry %" PRId64 " stands; u undoes it",
                 command->id);
    } else {
        (void)snprintf(payload, sizeof payload, "{\"id\": %" PRId64 "}", command->id);
        (void)snprintf(text, sizeof text, "%s entry %" PRId64, is_undo ? "Undo" : "Redo",
                       command->id);
        actions_post(view, is_undo ? DLN_COMMAND_UNDO : DLN_COMMAND_REDO, payload, text);
    }
}

static bool accept_why(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    (void)error;
    if (!text[0]) return true;
    dln_json_object(&w);
    dln_json_key(&w, "text");
    dln_json_string(&w, text);
    dln_json_key(&w, "about");
    dln_json_int(&w, journal_of(view)->selected);
    dln_json_end_object(&w);
    if (dln_strbuf_ok(&payload)) {
        actions_post(view, DLN_COMMAND_NOTE, dln_strbuf_text(&payload), "Note");
    }
    dln_strbuf_release(&payload);
    return true;
}

static bool accept_filter(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    (void)error;
    (void)snprintf(journal_of(view)->filter, FILTER_MAX, "%.*s", FILTER_MAX - 1, text);
    changed(view);
    return true;
}

/* The next entry that has the words, from the one under the cursor on. */
static void find_from(struct view *view, int by)
{
    struct journal *journal = journal_of(view);
    const int64_t n = (int64_t)journal->n_shown;
    for (int64_t step = 1; step <= n; step++) {
        const int64_t at = ((journal->table.cursor + by * step) % n + n) % n;
        if (!fits(command_at(view, at), journal->wanted)) continue;
        table_go(&journal->table, at);
        select_cursor(view);
        return;
    }
    view_say(view, ROLE_WARN, "No entry has '%s'", journal->wanted);
}

static bool accept_find(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    (void)error;
    (void)snprintf(journal_of(view)->wanted, FILTER_MAX, "%.*s", FILTER_MAX - 1, text);
    if (text[0]) find_from(view, 1);
    return true;
}

static void ask_why(struct view *view)
{
    const struct dln_entry *entry = entry_at(view, journal_of(view)->table.cursor);
    if (view_read_only(view)) {
        view_say(view, ROLE_WARN, "Read only: %s", view_read_only(view));
    } else if (journal_of(view)->selected > 0) {
        view_prompt(view, "Why", entry->why, accept_why);
    }
}

static bool act(struct view *view, enum action action)
{
    struct table *table = &journal_of(view)->table;
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
    case ACTION_UNDO:
    case ACTION_REDO:
        if (view_read_only(view)) return false;
        turn(view, action == ACTION_UNDO);
        break;
    case ACTION_NOTE: ask_why(view); break;
    case ACTION_FILTER:
        view_prompt(view, "Filter (who: what:)", journal_of(view)->filter, accept_filter);
        break;
    case ACTION_FIND: view_prompt(view, "Find", "", accept_find); break;
    case ACTION_FIND_NEXT:
    case ACTION_FIND_PREVIOUS:
        if (journal_of(view)->wanted[0]) find_from(view, action == ACTION_FIND_NEXT ? 1 : -1);
        break;
    default: return false;
    }
    select_cursor(view);
    return true;
}

static bool offers(const struct view *view, enum action action)
{
    const struct dln_entry *entry = entry_at(view, journal_of(view)->table.cursor);
    switch ((int)action) {
    case ACTION_DOWN: return view->session.n_commands > 1;
    case ACTION_UNDO: return entry->is_reversible && !entry->is_undone;
    case ACTION_REDO: return entry->is_reversible && entry->is_undone;
    default: return true;
    }
}

static const enum action keys[] = {
    ACTION_HELP,   ACTION_DOWN, ACTION_UNDO, ACTION_REDO, ACTION_NOTE,
    ACTION_FILTER, ACTION_FIND, ACTION_LIVE, ACTION_BACK, ACTION_NONE,
};

const struct screen screen_journal = {
    .title = "Journal",
    .digit = '8',
    .scope = SCOPE_JOURNAL,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = changed,
    .changed = changed,
    .draw = draw,
    .act = act,
    .offers = offers,
};
