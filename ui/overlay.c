/* What lies over a screen: the help, a confirmation, the question on the way out. */
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "dialin/clock.h"
#include "dialin/text.h"
#include "palette.h"
#include "screen/screens.h"
#include "view.h"
#include "widget/dialog.h"

/* Two columns where there is room for both, else one. */
enum { HELP_LINES_MAX = 96, HELP_COLUMN = 31, HELP_KEYS = 11, HELP_COLS = 66, HELP_ABOVE = 2 };

/* ── help ──────────────────────────────────────────────────────────────────────────────────────*/

struct help_line {
    const char *title; /* of a group, or NULL */
    const struct binding *binding;
};
struct help_column {
    struct help_line line[HELP_LINES_MAX];
    int n;
};

static void collect_group(struct help_column *column, enum help_group group, unsigned scope)
{
    size_t n;
    const struct binding *all = keymap_all(&n);
    bool has_title = false;
    for (size_t i = 0; i < n && column->n + 2 < HELP_LINES_MAX; i++) {
        if (all[i].group != group || (all[i].scopes & scope) == 0) continue;
        if (!has_title) {
            if (column->n > 0) column->line[column->n++] = (struct help_line){0};
            column->line[column->n++] = (struct help_line){.title = help_group_title(group, scope)};
            has_title = true;
        }
        column->line[column->n++] = (struct help_line){.binding = &all[i]};
    }
}

/* Arrows have no good look in ASCII: "v" would be a letter. */
static const char *name_of_key(const struct cells *cells, uint32_t code, char label[16])
{
    if (cells->level == GLYPHS_ASCII && code == KEY_CODE_UP) return "Up";
    if (cells->level == GLYPHS_ASCII && code == KEY_CODE_DOWN) return "Down";
    if (cells->level == GLYPHS_ASCII && code == KEY_CODE_LEFT) return "Left";
    if (cells->level == GLYPHS_ASCII && code == KEY_CODE_RIGHT) return "Right";
    return key_label(code, label);
}

static void draw_help_column(struct view *view, struct rect rect, const struct help_column *column)
{
    for (int i = 0; i < rect.rows; i++) {
        const int at = view->overlay.scroll + i;
        if (at >= column->n) return;
        const struct help_line *line = &column->line[at];
        if (line->title) {
            (void)cells_text(&view->cells, rect.row + i, rect.col, rect.cols, ROLE_TITLE,
                             line->title);
        } else if (line->binding) {
            char keys[64] = "";
            for (int k = 0; k < BINDING_KEYS_MAX && line->binding->key[k] && k < 2; k++) {
                char label[16];
                const char *name = name_of_key(&view->cells, line->binding->key[k], label);
                if (k > 0 && strstr(keys, name)) continue;
                const size_t len = strlen(keys);
                (void)snprintf(keys + len, sizeof keys - len, "%s%s", k > 0 ? " " : "", name);
            }
            (void)cells_text(&view->cells, rect.row + i, rect.col + 1, HELP_KEYS - 1, ROLE_KEY,
                             keys);
            const bool is_off = line->binding->changes && view_read_only(view);
            (void)cells_text(&view->cells, rect.row + i, rect.col + 1 + HELP_KEYS,
                             rect.cols - 1 - HELP_KEYS, is_off ? ROLE_DIM : ROLE_TEXT,
                             binding_help(line->binding, screen_of(view->screen)->scope));
        }
    }
}

static void draw_help(struct view *view)
{
    const unsigned scope = screen_of(view->screen)->scope;
    struct help_column left = {.n = 0}, right = {.n = 0};
    const bool is_narrow = view->cells.cols < HELP_COLS + 4;
    struct help_column *second = is_narrow ? &left : &right;
    collect_group(&left, HELP_MOVE, scope);
    collect_group(&left, HELP_FIND, scope);
    collect_group(second, HELP_ACT, scope);
    collect_group(second, HELP_STEER, scope);
    collect_group(second, HELP_VIEW, scope);
    const int lines = left.n > right.n ? left.n : right.n;
    struct rect inside = overlay_draw(&view->cells, "Help", lines + HELP_ABOVE,
                                      is_narrow ? HELP_COLUMN + 8 : HELP_COLS);
    char search[64];
    (void)snprintf(search, sizeof search, "type to search %d commands", palette_count(view));
    (void)cells_textf(&view->cells, inside.row, inside.col, inside.cols, ROLE_INPUT, "▏%s", search);
    const char *title = screen_of(view->screen)->title;
    if (!is_narrow && title) {
        char here[48];
        (void)snprintf(here, sizeof here, "this screen: %.20s", title);
        cells_right(&view->cells, inside.row, inside.col, inside.cols, ROLE_DIM, here);
    }
    inside.row += HELP_ABOVE;
    inside.rows -= HELP_ABOVE;
    const int most = lines - inside.rows;
    struct overlay *overlay = &view->overlay;
    if (overlay->scroll > most) overlay->scroll = most;
    if (overlay->scroll < 0) overlay->scroll = 0;
    draw_help_column(
        view,
        (struct rect){inside.row, inside.col, inside.rows, is_narrow ? inside.cols : HELP_COLUMN},
        &left);
    if (most > 0 && overlay->scroll < most) {
        (void)cells_textf(&view->cells, inside.row + inside.rows, inside.col, inside.cols, ROLE_DIM,
                          " ↓ %d more · Esc closes ", most - overlay->scroll);
    } else {
        (void)cells_text(&view->cells, inside.row + inside.rows, inside.col, inside.cols, ROLE_DIM,
                         most > 0 ? " ↑ scrolls · Esc closes " : " Esc closes ");
    }
    if (is_narrow) return;
    draw_help_column(
        view,
        (struct rect){inside.row, inside.col + HELP_COLUMN, inside.rows, inside.cols - HELP_COLUMN},
        &right);
}

/* ── questions ─────────────────────────────────────────────────────────────────────────────────*/

static void draw_confirm(struct view *view)
{
    struct overlay *overlay = &view->overlay;
    const char *lines[CONFIRM_LINES_MAX + 2];
    char typed[VIEW_TEXT_MAX];
    int n = 0;
    for (; n < overlay->n_lines; n++)
        lines[n] = overlay->line[n];
    const bool is_typed = overlay->expected[0] != '\0';
    if (is_typed) {
        (void)snprintf(typed, sizeof typed, "Type %s: %.60s▏", overlay->expected,
                       overlay->typed.text);
        lines[n++] = " ";
        lines[n++] = typed;
    }
    const struct dialog_choice choices[] = {{"Esc", overlay->no},
                                            {is_typed ? "Enter" : "y", overlay->yes}};
    struct dialog dialog = {.title = overlay->title,
                            .lines = lines,
                            .n_lines = n,
                            .choices = choices,
                            .n_choices = 2,
                            .selected = 0};
    (void)dialog_draw(&view->cells, &dialog);
}

static void draw_quit(struct view *view)
{
    const int n = runs_count(&view->runs);
    const struct run *run = runs_first(&view->runs);
    char line[VIEW_TEXT_MAX];
    if (n == 1 && run) {
        (void)snprintf(line, sizeof line, "%s runs in this process.", run->name);
    } else {
        (void)snprintf(line, sizeof line, "%d studies run in this process.", n);
    }
    const char *lines[] = {line};
    static const struct dialog_choice choices[] = {
        {"k", "keep running in the background (Enter)"},
        {"d", "drain: running trials finish, then it ends"},
        {"s", "stop trials now; they are run again later"},
        {"Esc", "stay"},
    };
    struct dialog dialog = {.title = "Leave dialin",
                            .lines = lines,
                            .n_lines = 1,
                            .choices = choices,
                            .n_choices = 4,
                            .selected = 0};
    (void)dialog_draw(&view->cells, &dialog);
}

static void draw_menu(struct view *view)
{
    struct overlay *overlay = &view->overlay;
    struct dialog dialog = {.title = overlay->title,
                            .choices = overlay->choices,
                            .n_choices = overlay->n_choices,
                            .selected = -1};
    (void)dialog_draw(&view->cells, &dialog);
}

void overlay_draw_current(struct view *view)
{
    switch (view->overlay.kind) {
    case OVERLAY_HELP: draw_help(view); break;
    case OVERLAY_CONFIRM: draw_confirm(view); break;
    case OVERLAY_QUIT: draw_quit(view); break;
    case OVERLAY_MENU: draw_menu(view); break;
    case OVERLAY_PANEL: view->overlay.draw(view); break;
    case OVERLAY_PALETTE: palette_draw(view); break;
    case OVERLAY_NONE: break;
    }
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool is_no(uint32_t code)
{
    return code == KEY_CODE_ESC || code == KEY_CTRL('G') || code == KEY_CTRL('C') || code == 'q';
}

/* What moves scrolls; what can be typed searches. */
static void help_key(struct view *view, uint32_t code)
{
    struct overlay *overlay = &view->overlay;
    switch (code) {
    case KEY_CODE_DOWN: overlay->scroll++; return;
    case KEY_CODE_UP: overlay->scroll--; return;
    case KEY_CODE_PAGE_DOWN:
    case KEY_CTRL('D'): overlay->scroll += 8; return;
    case KEY_CODE_PAGE_UP:
    case KEY_CTRL('U'): overlay->scroll -= 8; return;
    default: break;
    }
    if (code == KEY_CODE_ESC || code == KEY_CTRL('G') || code == KEY_CTRL('C') || code == '\r' ||
        code == '\n' || keymap_action(code, SCOPE_ALL) == ACTION_HELP) {
        overlay->kind = OVERLAY_NONE;
    } else if (code > ' ' && code < KEY_CODE_UP && code != 127) {
        palette_open(view, "Help · search", "");
        if (overlay->kind == OVERLAY_PALETTE) palette_key(view, (struct key){.code = code});
    }
}

/* What is typed has to be the whole text: nobody does that by accident. */
static void typed_key(struct view *view, uint32_t code)
{
    struct overlay *overlay = &view->overlay;
    if (code == KEY_CODE_ESC || code == KEY_CTRL('G') || code == KEY_CTRL('C')) {
        overlay->kind = OVERLAY_NONE;
    } else if (code == '\r' || code == '\n') {
        if (strcmp(overlay->typed.text, overlay->expected) != 0) return;
        overlay->kind = OVERLAY_NONE;
        overlay->accept(view);
    } else if (code < 32 || code == 127) {
        (void)line_edit_op(&overlay->typed, edit_op_of_control((int)code));
    } else if (code < KEY_CODE_UP) {
        (void)line_edit_insert(&overlay->typed, code);
    }
}

static void confirm_key(struct view *view, uint32_t code)
{
    struct overlay *overlay = &view->overlay;
    /* A key that was on its way already must not answer a question nobody has read. */
    const int64_t age_ms = (view->now_ns - overlay->opened_ns) / 1000000;
    if (age_ms < CONFIRM_DEAF_MS) return;
    if (overlay->expected[0]) {
        typed_key(view, code);
    } else if (code == 'y') {
        overlay->kind = OVERLAY_NONE;
        overlay->accept(view);
    } else if (is_no(code) || code == 'n') {
        overlay->kind = OVERLAY_NONE;
    }
}

static void quit_key(struct view *view, uint32_t code)
{
    struct overlay *overlay = &view->overlay;
    if (code == 'k' || code == '\r' || code == '\n') {
        overlay->kind = OVERLAY_NONE;
        view->leave = LEAVE_BACKGROUND;
    } else if (code == 'd') {
        overlay->kind = OVERLAY_NONE;
        for (int i = 0; i < RUNS_MAX; i++) {
            const struct run *run = &view->runs.run[i];
            if (run->state == RUN_FREE) continue;
            actions_post_to(view, run->path, run->study_id, DLN_COMMAND_DRAIN, "{}", "Drain");
        }
        view->leave = LEAVE_BACKGROUND;
    } else if (code == 's') {
        overlay->kind = OVERLAY_NONE;
        view->is_ending = true;
        runs_quit(&view->runs);
        view_say(view, ROLE_WARN, "Stopping trials …; Ctrl-C stops them at once");
    } else if (is_no(code)) {
        overlay->kind = OVERLAY_NONE;
    }
}

static void menu_key(struct view *view, uint32_t code)
{
    struct overlay *overlay = &view->overlay;
    for (int i = 0; i < overlay->n_choices; i++) {
        if ((uint32_t)overlay->choices[i].key[0] != code) continue;
        overlay->kind = OVERLAY_NONE;
        overlay->choose(view, overlay->choices[i].key[0]);
        return;
    }
    if (is_no(code)) overlay->kind = OVERLAY_NONE;
}

static void panel_key(struct view *view, uint32_t code)
{
    if (is_no(code)) {
        view->overlay.kind = OVERLAY_NONE;
    } else {
        view->overlay.key(view, code);
    }
}

bool overlay_key(struct view *view, struct key key)
{
    if (view->overlay.kind == OVERLAY_NONE) return false;
    view->is_dirty = true;
    if (view->overlay.kind == OVERLAY_PALETTE) {
        palette_key(view, key);
        return true;
    }
    if (key.pasted) return true;
    switch (view->overlay.kind) {
    case OVERLAY_HELP: help_key(view, key.code); break;
    case OVERLAY_CONFIRM: confirm_key(view, key.code); break;
    case OVERLAY_QUIT: quit_key(view, key.code); break;
    case OVERLAY_MENU: menu_key(view, key.code); break;
    case OVERLAY_PANEL: panel_key(view, key.code); break;
    case OVERLAY_PALETTE:
    case OVERLAY_NONE: break;
    }
    return true;
}
