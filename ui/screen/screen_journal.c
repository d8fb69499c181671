/* What was done to the study, by whom, and what became of it: the newest first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "screen/live.h"
#include "screen/screens.h"
#include "widget/dialog.h"

enum { DETAIL_ROWS = 5, COLUMNS = 4, STATE_COLS = 7 };

struct journal {
    struct table table;
    struct column columns[COLUMNS];
    int64_t selected; /* command id */
};

static struct journal *journal_of(const struct view *view)
{
    return view->state[SCREEN_JOURNAL];
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
    const struct dln_command *command = &view->session.commands[row];
    char text[VIEW_TEXT_MAX];
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
    default:
        (void)cells_text(cells, rect.row, rect.col, rect.cols,
                         command->state == DLN_COMMAND_REFUSED ? ROLE_WARN : role,
                         state_word(command));
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
    free(journal_of(view));
    view->state[SCREEN_JOURNAL] = NULL;
}

static void select_cursor(struct view *view)
{
    struct journal *journal = journal_of(view);
    const int64_t at = journal->table.cursor;
    journal->selected =
        at >= 0 && (size_t)at < view->session.n_commands ? view->session.commands[at].id : 0;
}

/* Entries come in at the top: the selected one keeps its place, unless it is the newest. */
static void changed(struct view *view)
{
    struct journal *journal = journal_of(view);
    int64_t at = 0;
    if (journal->table.cursor > 0) {
        for (size_t i = 0; i < view->session.n_commands; i++) {
            if (view->session.commands[i].id == journal->selected) at = (int64_t)i;
        }
    }
    table_keep(&journal->table, (int64_t)view->session.n_commands, at);
    select_cursor(view);
}

static void draw(struct view *view, struct rect body)
{
    struct journal *journal = journal_of(view);
    struct cells *cells = &view->cells;
    if (view->session.n_commands == 0) {
        (void)cells_text(cells, body.row + 1, 2, body.cols - 4, ROLE_TEXT,
                         "Nothing yet. Every change of the study becomes a line here.");
        return;
    }
    int when_cols = 8, who_cols = 6;
    for (size_t i = 0; i < view->session.n_commands; i++) {
        const struct dln_command *command = &view->session.commands[i];
        char time[FORMAT_MAX];
        const int time_cols = (int)strlen(format_time(time, command->posted_us, view->now_us));
        const int cols = cells_text_width(cells, command->who);
        if (time_cols > when_cols) when_cols = time_cols;
        if (cols > who_cols) who_cols = cols;
    }
    if (who_cols > 14) who_cols = 14;
    const int what = body.cols - 3 - when_cols - 1 - who_cols - 1 - 1 - STATE_COLS;
    journal->columns[0] = (struct column){.name = "WHEN", .width = when_cols, .id = 0};
    journal->columns[1] = (struct column){.name = "WHO", .width = who_cols, .priority = 1, .id = 1};
    journal->columns[2] = (struct column){.name = "WHAT", .width = what, .priority = 0, .id = 2};
    journal->columns[3] =
        (struct column){.name = "STATE", .width = STATE_COLS, .priority = 2, .id = 3};
    journal->table.columns = journal->columns;
    journal->table.n_columns = COLUMNS;
    const int list = body.rows - DETAIL_ROWS;
    table_draw(&journal->table, cells, (struct rect){body.row, body.col, list, body.cols});
    const size_t at = (size_t)journal->table.cursor;
    if (at >= view->session.n_commands) return;
    const struct dln_command *command = &view->session.commands[at];
    char when[FORMAT_MAX], title[160], id[32];
    (void)format_time(when, command->posted_us, view->now_us);
    (void)snprintf(title, sizeof title, "%s · %s", when, dln_command_name(command->kind));
    (void)snprintf(id, sizeof id, "id %lld", (long long)command->id);
    cells_rule(cells, body.row + list, body.col, body.cols, title, id, ROLE_BORDER);
    struct rect rest = {body.row + list + 1, body.col + 1, DETAIL_ROWS - 1, body.cols - 2};
    char text[VIEW_TEXT_MAX];
    journal_text(command, text, sizeof text);
    const int used = wrap_draw(cells, rest, ROLE_TEXT, text, 0);
    if (command->kind == DLN_COMMAND_NOTE || !command->payload) return;
    rest.row += used;
    rest.rows -= used;
    if (strcmp(command->payload, "{}") != 0) {
        (void)wrap_draw(cells, rest, ROLE_DIM, command->payload, 0);
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
    default: return false;
    }
    select_cursor(view);
    return true;
}

static bool offers(const struct view *view, enum action action)
{
    const bool moves = action == ACTION_DOWN || action == ACTION_UP;
    return !moves || view->session.n_commands > 1;
}

static const enum action keys[] = {
    ACTION_HELP, ACTION_DOWN, ACTION_UP, ACTION_LIVE, ACTION_HOME, ACTION_BACK, ACTION_NONE,
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
