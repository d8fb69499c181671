/* The strategy and the pruner: what there is, what fits, settings in place, switched mid-run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "dialin/text.h"
#include "methods.h"
#include "screen/screens.h"
#include "widget/dialog.h"

enum {
    NAME_COLS = 11,
    BEST_COLS = 14,
    PAIR_GAP = 3,
    VALUE_COLS = 11,
    BOTH_ROWS = 18, /* of a body that has room for both pickers */
    HELP_COLS = 76  /* from here on each setting has a row of its own, with its help */
};

struct pane {
    size_t cursor, n;
    int top;         /* first row of the list that is shown */
    size_t setting;  /* under the cursor when the settings have the focus */
    int setting_top; /* first row of settings that is shown */
    struct method_form form[METHOD_CHOICES_MAX];
};

struct strategy_screen {
    enum method_kind focus;
    bool in_settings;
    bool is_placed;    /* the cursors stand on what is in force */
    uint64_t revision; /* of the facts that the forms are filled from */
    struct pane pane[METHOD_KINDS];
};

static const char *const kind_words[] = {"strategy", "pruner"};

static struct strategy_screen *state_of(const struct view *view)
{
    return view->state[SCREEN_STRATEGY];
}

static struct pane *focused(const struct view *view)
{
    return &state_of(view)->pane[state_of(view)->focus];
}

static struct method_form *form_of(struct pane *pane)
{
    return &pane->form[pane->cursor];
}

static void fill_forms(struct strategy_screen *screen, const struct methods *methods)
{
    for (int kind = 0; kind < METHOD_KINDS; kind++) {
        struct pane *pane = &screen->pane[kind];
        struct method_choice choice;
        const struct dln_method *now = methods ? methods_in_force(methods, kind) : NULL;
        pane->n = method_choices(kind);
        for (size_t i = 0; method_choice(kind, i, &choice); i++) {
            method_form_init(&pane->form[i], choice.name, choice.settings, now);
            if (now && !screen->is_placed && strcmp(now->name, choice.name) == 0) pane->cursor = i;
        }
    }
    if (methods && methods->study) screen->is_placed = true;
}

/* What was switched, here or elsewhere, comes into the forms. */
static struct methods *look(struct view *view)
{
    struct strategy_screen *screen = state_of(view);
    struct methods *methods = methods_of(view);
    if (methods && methods->revision != screen->revision) {
        screen->revision = methods->revision;
        if (!methods->study) screen->is_placed = false;
        fill_forms(screen, methods);
    }
    return methods;
}

static bool is_in_force(const struct methods *methods, enum method_kind kind, const char *name)
{
    const struct dln_method *now = methods ? methods_in_force(methods, kind) : NULL;
    return now && strcmp(now->name, name) == 0;
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_list(struct view *view, const struct methods *methods, enum method_kind kind,
                      struct rect rect, bool has_best)
{
    struct cells *cells = &view->cells;
    struct strategy_screen *screen = state_of(view);
    struct pane *pane = &screen->pane[kind];
    const bool is_focused = screen->focus == kind;
    if ((int)pane->cursor < pane->top) pane->top = (int)pane->cursor;
    if ((int)pane->cursor >= pane->top + rect.rows) pane->top = (int)pane->cursor - rect.rows + 1;
    if (pane->top + rect.rows > (int)pane->n) pane->top = (int)pane->n - rect.rows;
    if (pane->top < 0) pane->top = 0;
    for (int i = 0; i < rect.rows && pane->top + i < (int)pane->n; i++) {
        const size_t at = (size_t)(pane->top + i);
        const int row = rect.row + i;
        struct method_choice choice;
        (void)method_choice(kind, at, &choice);
        const struct method_facts *facts = methods ? &methods->facts[kind] : NULL;
        const bool is_now = is_in_force(methods, kind, choice.name);
        const bool is_best =
            facts && facts->recommended && strcmp(facts->recommended, choice.name) == 0;
        const enum role role = facts && facts->why_not[at][0] ? ROLE_DIM
                               : is_now                       ? ROLE_STRONG
                                                              : ROLE_TEXT;
        if (at == pane->cursor) cells_glyph(cells, row, rect.col + 1, GLYPH_CURSOR, ROLE_TEXT);
        (void)cells_text(cells, row, rect.col + 3, NAME_COLS, role, choice.name);
        if (is_now) {
            cells_glyph(cells, row, rect.col + 3 + NAME_COLS, GLYPH_MARKED, ROLE_MARK);
        } else if (is_best) {
            cells_glyph(cells, row, rect.col + 3 + NAME_COLS, GLYPH_BEST, ROLE_BEST);
        }
        if (has_best) {
            (void)cells_text(cells, row, rect.col + 5 + NAME_COLS, BEST_COLS, ROLE_DIM,
                             choice.best_for);
        }
        if (at != pane->cursor) continue;
        cells_base(cells, (struct rect){row, rect.col, 1, rect.cols},
                   is_focused && !screen->in_settings ? ROLE_CURSOR : ROLE_CURSOR_BLUR);
    }
}

static void draw_setting(struct view *view, const struct pane *pane, size_t i, struct rect rect,
                         bool has_cursor, bool has_help)
{
    struct cells *cells = &view->cells;
    const struct method_form *form = &pane->form[pane->cursor];
    char value[FORM_TEXT_MAX];
    method_form_value(form, i, value, sizeof value);
    const int pair = has_help ? rect.cols / 3 : rect.cols;
    int name = cells_text_width(cells, form->table[i].name), room = cells_text_width(cells, value);
    if (room > VALUE_COLS) room = VALUE_COLS;
    if (name > pair - room - 1) name = pair - room - 1;
    (void)cells_text(cells, rect.row, rect.col, name, ROLE_TEXT, form->table[i].name);
    cells_right(cells, rect.row, rect.col + name + 1, pair - name - 1,
                form->text[i][0] ? ROLE_STRONG : ROLE_DIM, value);
    if (has_help) {
        char range[FORM_TEXT_MAX];
        method_form_range(form, i, range, sizeof range);
        (void)cells_textf(cells, rect.row, rect.col + pair + 2, rect.cols - pair - 2, ROLE_DIM,
                          "%s: %s", range, form->table[i].help);
    }
    if (has_cursor) {
        cells_base(cells, (struct rect){rect.row, rect.col, 1, has_help ? rect.cols : pair},
                   ROLE_CURSOR);
    }
}

static void draw_settings(struct view *view, struct pane *pane, struct rect rect, bool has_cursor)
{
    const struct method_form *form = &pane->form[pane->cursor];
    const bool has_help = rect.cols >= HELP_COLS;
    const int columns = has_help || rect.cols < 40 ? 1 : 2;
    const int width = columns == 1 ? rect.cols : (rect.cols - PAIR_GAP) / 2;
    const int needed = ((int)form->n + columns - 1) / columns;
    const int at = (int)pane->setting / columns;
    if (rect.rows <= 0) return;
    if (at < pane->setting_top) pane->setting_top = at;
    if (at >= pane->setting_top + rect.rows) pane->setting_top = at - rect.rows + 1;
    if (pane->setting_top + rect.rows > needed) pane->setting_top = needed - rect.rows;
    if (pane->setting_top < 0 || !has_cursor) pane->setting_top = 0;
    for (size_t i = 0; i < form->n; i++) {
        const int row = (int)i / columns - pane->setting_top;
        if (row < 0 || row >= rect.rows) continue;
        const struct rect one = {
            rect.row + row, rect.col + (int)(i % (size_t)columns) * (width + PAIR_GAP), 1, width};
        draw_setting(view, pane, i, one, has_cursor && i == pane->setting, has_help);
    }
    if (needed > rect.rows + pane->setting_top) {
        char more[32];
        (void)snprintf(more, sizeof more, "▾ %d more",
                       (int)form->n - columns * (rect.rows + pane->setting_top));
        cells_right(&view->cells, rect.row + rect.rows, rect.col, rect.cols, ROLE_DIM, more);
    }
}

/* What there is to say of the choice under the cursor: one thing, the most important. */
static enum role note_of(const struct view *view, const struct methods *methods,
                         enum method_kind kind, char out[2 * METHOD_TEXT_MAX])
{
    struct strategy_screen *screen = state_of(view);
    struct pane *pane = &screen->pane[kind];
    const struct method_form *form = form_of(pane);
    const struct method_facts *facts = methods ? &methods->facts[kind] : NULL;
    const struct dln_method *now = methods ? methods_in_force(methods, kind) : NULL;
    out[0] = '\0';
    if (screen->focus == kind && screen->in_settings) {
        char range[FORM_TEXT_MAX];
        method_form_range(form, pane->setting, range, sizeof range);
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "%s: %s; %s", form->table[pane->setting].name,
                       form->table[pane->setting].help, range);
        return ROLE_INFO;
    }
    if (!facts) return ROLE_DIM;
    if (methods->sentence[0]) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "%s", methods->sentence);
        return ROLE_WARN;
    }
    if (facts->why_not[pane->cursor][0]) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "Not here: %s", facts->why_not[pane->cursor]);
        return ROLE_WARN;
    }
    struct dln_strbuf text = {0};
    method_form_json(form, &text);
    const bool is_replayed =
        kind == METHOD_PRUNER && strcmp(methods->replayed, dln_strbuf_text(&text)) == 0;
    dln_strbuf_release(&text);
    if (kind == METHOD_PRUNER && methods->is_replaying) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "Replaying the finished trials …");
        return ROLE_DIM;
    }
    if (is_replayed) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "%s", methods->replay);
        return ROLE_INFO;
    }
    if (now && strcmp(now->name, form->name) == 0 && !method_form_is(form, now)) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "Changed: w applies it; q leaves it");
        return ROLE_INFO;
    }
    if (facts->recommended && strcmp(facts->recommended, form->name) == 0) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "Recommended: %s", facts->why);
        return ROLE_BEST;
    }
    if (now && strcmp(now->name, form->name) != 0) {
        (void)snprintf(out, 2 * METHOD_TEXT_MAX, "%s",
                       kind == METHOD_STRATEGY
                           ? "w switches: it learns from all trials, and asks from the next on"
                           : "w switches: it knows all curves, and judges from the next report on");
    }
    return ROLE_DIM;
}

static void draw_side(struct view *view, const struct methods *methods, enum method_kind kind,
                      struct rect rect)
{
    struct cells *cells = &view->cells;
    struct strategy_screen *screen = state_of(view);
    struct pane *pane = &screen->pane[kind];
    struct method_choice choice;
    char note[2 * METHOD_TEXT_MAX], summary[METHOD_TEXT_MAX];
    const bool has_cursor = screen->focus == kind && screen->in_settings;
    const enum role role = note_of(view, methods, kind, note);
    (void)method_choice(kind, pane->cursor, &choice);
    (void)snprintf(summary, sizeof summary, "%s", choice.summary);
    for (char *c = summary; *c; c++) {
        if (*c == '\n') *c = ' ';
    }
    const struct rect nowhere = {rect.row, rect.col, 0, rect.cols};
    const int note_rows = note[0] ? wrap_draw(cells, nowhere, role, note, 0) : 0;
    const int columns = rect.cols >= HELP_COLS || rect.cols < 40 ? 1 : 2;
    const int needed = ((int)form_of(pane)->n + columns - 1) / columns;
    int used = 0;
    const int summary_rows = wrap_draw(cells, nowhere, ROLE_TEXT, summary, 0);
    if (!has_cursor || summary_rows + note_rows + needed <= rect.rows) {
        used = wrap_draw(cells, rect, ROLE_TEXT, summary, 0);
    }
    if (used + note_rows <= rect.rows) {
        (void)wrap_draw(cells,
                        (struct rect){rect.row + used, rect.col, rect.rows - used, rect.cols}, role,
                        note, 0);
        used += note_rows;
    }
    int left = rect.rows - used;
    if (left > needed) used++; /* a blank row between */
    left = rect.rows - used;
    if (needed > left) left--; /* for "more" */
    draw_settings(view, pane, (struct rect){rect.row + used, rect.col, left, rect.cols},
                  has_cursor);
}

static void draw_pane(struct view *view, const struct methods *methods, enum method_kind kind,
                      struct rect rect)
{
    struct cells *cells = &view->cells;
    struct strategy_screen *screen = state_of(view);
    const struct dln_method *now = methods ? methods_in_force(methods, kind) : NULL;
    const struct method_facts *facts = methods ? &methods->facts[kind] : NULL;
    struct dln_strbuf title = {0};
    char right[64] = "";
    dln_strbuf_add(&title, kind == METHOD_STRATEGY ? "Strategy" : "Pruner");
    if (now) {
        dln_strbuf_add(&title, " · now ");
        dln_method_text(now, &title);
    }
    if (facts && facts->recommended && rect.cols >= 80) {
        (void)snprintf(right, sizeof right, "%s %s", "recommended:", facts->recommended);
    }
    cells_rule(cells, rect.row, rect.col, rect.cols, dln_strbuf_text(&title), right,
               screen->focus == kind ? ROLE_BORDER_FOCUS : ROLE_BORDER);
    dln_strbuf_release(&title);
    const bool has_best = rect.cols >= 80;
    const int list = 5 + NAME_COLS + (has_best ? BEST_COLS : 0);
    draw_list(view, methods, kind, (struct rect){rect.row + 1, rect.col, rect.rows - 1, list},
              has_best);
    int width = rect.cols - list - 2;
    if (width > 120) width = 120;
    draw_side(view, methods, kind,
              (struct rect){rect.row + 1, rect.col + list + 1, rect.rows - 1, width});
}

static void draw(struct view *view, struct rect body)
{
    struct strategy_screen *screen = state_of(view);
    const struct methods *methods = look(view);
    if (!methods) return;
    if (body.rows < BOTH_ROWS) {
        draw_pane(view, methods, screen->focus, body);
        return;
    }
    int upper = 1 + (int)screen->pane[METHOD_STRATEGY].n,
        lower = 1 + (int)screen->pane[METHOD_PRUNER].n;
    const int spare = body.rows - upper - lower;
    if (spare < 0) {
        lower += spare;
    } else if (spare > 0) {
        upper += spare >= 8 ? 4 : spare / 2;
        lower += spare >= 8 ? 4 : spare - spare / 2;
    }
    draw_pane(view, methods, METHOD_STRATEGY, (struct rect){body.row, body.col, upper, body.cols});
    draw_pane(view, methods, METHOD_PRUNER,
              (struct rect){body.row + upper, body.col, lower, body.cols});
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void apply(struct view *view)
{
    struct strategy_screen *screen = state_of(view);
    const struct methods *methods = look(view);
    const struct method_form *form = form_of(focused(view));
    const struct dln_method *now = methods ? methods_in_force(methods, screen->focus) : NULL;
    const char *word = kind_words[screen->focus];
    if (!now) {
        view_say(view, ROLE_WARN, "%s",
                 methods && methods->sentence[0] ? methods->sentence
                                                 : "The study is being read; a moment");
    } else if (method_form_is(form, now)) {
        view_say(view, ROLE_INFO, "The %s is %s already, with these settings", word, form->name);
    } else if (methods->facts[screen->focus].why_not[focused(view)->cursor][0]) {
        view_say(view, ROLE_WARN, "Not here: %s",
                 methods->facts[screen->focus].why_not[focused(view)->cursor]);
    } else {
        struct dln_strbuf method = {0};
        method_form_json(form, &method);
        actions_set_method(view, screen->focus == METHOD_PRUNER, dln_strbuf_text(&method),
                           form->name);
        dln_strbuf_release(&method);
    }
}

static bool accept_setting(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct pane *pane = focused(view);
    struct dln_error err = {0};
    if (method_form_set(form_of(pane), pane->setting, text, &err)) return true;
    (void)snprintf(error, VIEW_TEXT_MAX, "%.250s", err.text);
    return false;
}

static void edit(struct view *view)
{
    struct pane *pane = focused(view);
    struct method_form *form = form_of(pane);
    if (method_form_is_choice(form, pane->setting)) {
        method_form_turn(form, pane->setting, 1);
        return;
    }
    char label[64], range[FORM_TEXT_MAX];
    method_form_range(form, pane->setting, range, sizeof range);
    (void)snprintf(label, sizeof label, "%.20s (%.38s)", form->table[pane->setting].name, range);
    view_prompt(view, label, form->text[pane->setting], accept_setting);
}

static void enter_settings(struct view *view)
{
    struct strategy_screen *screen = state_of(view);
    const struct method_form *form = form_of(focused(view));
    screen->in_settings = form->n > 0;
    focused(view)->setting = 0;
    if (form->n == 0) view_say(view, ROLE_INFO, "%s has no settings; w applies it", form->name);
}

static void step(struct view *view, int delta)
{
    struct strategy_screen *screen = state_of(view);
    struct pane *pane = focused(view);
    size_t *at = screen->in_settings ? &pane->setting : &pane->cursor;
    const size_t n = screen->in_settings ? form_of(pane)->n : pane->n;
    if (delta < 0) {
        *at -= *at < (size_t)-delta ? *at : (size_t)-delta;
    } else {
        *at = *at + (size_t)delta < n ? *at + (size_t)delta : n - 1;
    }
}

static bool act(struct view *view, enum action action)
{
    struct strategy_screen *screen = state_of(view);
    struct pane *pane = focused(view);
    const int all = METHOD_CHOICES_MAX;
    switch ((int)action) {
    case ACTION_UP: step(view, -1); return true;
    case ACTION_DOWN: step(view, 1); return true;
    case ACTION_FIRST:
    case ACTION_PAGE_UP:
    case ACTION_HALF_UP: step(view, -all); return true;
    case ACTION_LAST:
    case ACTION_PAGE_DOWN:
    case ACTION_HALF_DOWN: step(view, all); return true;
    case ACTION_NEXT_PANE:
    case ACTION_PREVIOUS_PANE:
        screen->focus = screen->focus == METHOD_STRATEGY ? METHOD_PRUNER : METHOD_STRATEGY;
        screen->in_settings = false;
        return true;
    case ACTION_RIGHT:
        if (!screen->in_settings) {
            enter_settings(view);
        } else {
            method_form_turn(form_of(pane), pane->setting, 1);
        }
        return true;
    case ACTION_LEFT: screen->in_settings = false; return true;
    case ACTION_BACK:
    case ACTION_CANCEL:
        if (!screen->in_settings) return false;
        screen->in_settings = false;
        return true;
    case ACTION_ENTER:
        if (screen->in_settings) {
            edit(view);
        } else {
            enter_settings(view);
        }
        return true;
    case ACTION_REPLAY: methods_replay(view, form_of(&screen->pane[METHOD_PRUNER])); return true;
    case ACTION_WRITE: apply(view); return true;
    default: return false;
    }
}

static bool offers(const struct view *view, enum action action)
{
    struct strategy_screen *screen = state_of(view);
    switch ((int)action) {
    case ACTION_ENTER: return screen->in_settings;
    case ACTION_RIGHT: return !screen->in_settings && form_of(focused(view))->n > 0;
    case ACTION_REPLAY: return screen->focus == METHOD_PRUNER;
    default: return true;
    }
}

static bool init(struct view *view)
{
    struct strategy_screen *screen = calloc(1, sizeof *screen);
    view->state[SCREEN_STRATEGY] = screen;
    if (!screen) return false;
    fill_forms(screen, NULL);
    screen->revision = UINT64_MAX;
    return true;
}

static void release(struct view *view)
{
    free(state_of(view));
    view->state[SCREEN_STRATEGY] = NULL;
}

static void enter(struct view *view)
{
    struct strategy_screen *screen = state_of(view);
    screen->in_settings = false;
    screen->is_placed = false;
    screen->revision = UINT64_MAX; /* what was tried and not applied is forgotten */
    (void)look(view);
}

static void changed(struct view *view)
{
    (void)look(view);
}

static const enum action keys[] = {
    ACTION_HELP,  ACTION_NEXT_PANE, ACTION_DOWN, ACTION_RIGHT, ACTION_ENTER,
    ACTION_WRITE, ACTION_REPLAY,    ACTION_LIVE, ACTION_BACK,  ACTION_NONE,
};

const struct screen screen_strategy = {
    .title = "Strategy",
    .digit = '5',
    .scope = SCOPE_STRATEGY,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = enter,
    .changed = changed,
    .draw = draw,
    .act = act,
    .offers = offers,
};
