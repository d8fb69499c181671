#include "palette.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/text.h"
#include "screen/screens.h"
#include "state_folder.h"
#include "verbs.h"

enum {
    ROWS_MAX = 128,
    HISTORY_MAX = 50,
    PALETTE_COLS = 66,
    PALETTE_ROWS = 14,
    EFFECT_ROWS = 3,
    ABOVE_LIST = 2,
    COMMAND_COLS = 32
};
static const char file[] = "commands.json";

struct palette_row {
    const struct verb *verb;       /* or */
    const struct binding *binding; /* a key of this screen */
    char text[LINE_EDIT_MAX];      /* that the line gets */
    const char *help;
    int score;
};

struct palette {
    char title[32];
    struct line_edit edit;
    struct palette_row row[ROWS_MAX];
    int n_rows, selected, first;
    char history[HISTORY_MAX][LINE_EDIT_MAX]; /* the newest first */
    int n_history, at_history;                /* -1: not looking at it */
    char before[LINE_EDIT_MAX];               /* the line that was left for the history */
};

/* ── matching ──────────────────────────────────────────────────────────────────────────────────*/

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* From its first character at `start` on; -1: not all of them are there. */
static int score_from(const char *pattern, const char *text, const char *start)
{
    enum { FIRST = 12, WORD = 6, NEXT = 4, ANY = 1 };
    int score = 0;
    const char *at = start;
    const char *last = NULL;
    for (; *pattern; pattern++) {
        if (*pattern == ' ') continue;
        while (*at && lower(*at) != lower(*pattern))
            at++;
        if (!*at) return -1;
        if (at == text) {
            score += FIRST;
        } else if (last && at == last + 1) {
            score += NEXT;
        } else {
            score += at[-1] == ' ' || at[-1] == '-' || at[-1] == ',' ? WORD : ANY;
        }
        last = at++;
    }
    return score;
}

int fuzzy_score(const char *pattern, const char *text)
{
    int best = score_from(pattern, text, text);
    for (const char *start = text; best >= 0 && *start; start++) {
        const int score = score_from(pattern, text, start);
        if (score > best) best = score;
    }
    return best;
}

/* A sentence has most letters somewhere: only words, or parts of them, count there. */
static int sentence_score(const char *pattern, const char *text)
{
    enum { LETTER = 4, SLACK = 3 };
    const int score = fuzzy_score(pattern, text);
    int n = 0;
    for (const char *c = pattern; *c; c++)
        n += *c != ' ';
    return score < LETTER * n - SLACK ? -1 : score;
}

static int best_score(const char *pattern, const char *name, int by_name, const char *help)
{
    const int by_help = sentence_score(pattern, help);
    const int whole = strcmp(pattern, name) == 0 ? 100 : 0;
    return (by_name >= 0 ? 2 * by_name + 1 : by_help) + whole;
}

static struct palette_row *add_row(struct palette *palette)
{
    if (palette->n_rows == ROWS_MAX) return NULL;
    struct palette_row *row = &palette->row[palette->n_rows++];
    row->verb = NULL;
    row->binding = NULL;
    row->text[0] = '\0';
    row->help = "";
    row->score = 0;
    return row;
}

/* Movement is for fingers, and what edits this line is no command. */
static bool is_listed(const struct binding *binding, unsigned scope)
{
    return (binding->scopes & scope) != 0 && binding->group != HELP_MOVE &&
           binding->action != ACTION_ENTER && binding->action != ACTION_PALETTE &&
           binding->action != ACTION_CANCEL && binding->action != ACTION_INTERRUPT;
}

int palette_count(const struct view *view)
{
    const unsigned scope = screen_of(view->screen)->scope;
    size_t n_verbs = 0, n_bindings = 0;
    const struct verb *verbs = verbs_all(&n_verbs);
    const struct binding *bindings = keymap_all(&n_bindings);
    const bool has_study = view->session.is_open && view->screen != SCREEN_HOME;
    int count = 0;
    for (size_t i = 0; i < n_verbs; i++)
        count += has_study || verbs[i].is_view;
    for (size_t i = 0; i < n_bindings; i++)
        count += is_listed(&bindings[i], scope);
    return count;
}

static void match_all(struct view *view, const char *pattern)
{
    struct palette *palette = view->palette;
    const unsigned scope = screen_of(view->screen)->scope;
    size_t n = 0;
    const struct verb *verbs = verbs_all(&n);
    const bool has_study = view->session.is_open && view->screen != SCREEN_HOME;
    for (size_t i = 0; i < n; i++) {
        if (!has_study && !verbs[i].is_view) continue;
        const int score =
            best_score(pattern, verbs[i].name, fuzzy_score(pattern, verbs[i].name), verbs[i].help);
        struct palette_row *row = score >= 0 ? add_row(palette) : NULL;
        if (!row) continue;
        row->verb = &verbs[i];
        row->help = verbs[i].help;
        row->score = score;
        (void)snprintf(row->text, sizeof row->text, "%s", verbs[i].name);
    }
    const struct binding *bindings = keymap_all(&n);
    for (size_t i = 0; i < n; i++) {
        if (!is_listed(&bindings[i], scope)) continue;
        const char *help = binding_help(&bindings[i], scope);
        const int score = best_score(pattern, help, sentence_score(pattern, help),
                                     binding_word(&bindings[i], scope));
        struct palette_row *row = score >= 0 ? add_row(palette) : NULL;
        if (!row) continue;
        row->binding = &bindings[i];
        row->score = score;
        (void)snprintf(row->text, sizeof row->text, "%s", help);
    }
    /* the best first, those that are as good in their order */
    for (int i = 1; i < palette->n_rows && pattern[strspn(pattern, " ")]; i++) {
        const struct palette_row row = palette->row[i];
        int k = i;
        for (; k > 0 && palette->row[k - 1].score < row.score; k--)
            palette->row[k] = palette->row[k - 1];
        palette->row[k] = row;
    }
}

/* What the last word of the line may become. */
struct completing {
    struct palette *palette;
    const struct verb *verb;
    int kept; /* bytes of the line before that word */
    const char *part;
};

static void offer(void *context, const char *word, const char *help)
{
    struct completing *completing = context;
    struct palette *palette = completing->palette;
    const size_t len = strlen(completing->part);
    if (strncmp(word, completing->part, len) != 0 || strcmp(word, completing->part) == 0) return;
    struct palette_row *row = add_row(palette);
    if (!row) return;
    row->verb = completing->verb;
    row->help = help;
    (void)snprintf(row->text, sizeof row->text, "%.*s%.128s", completing->kept, palette->edit.text,
                   word);
}

static void match_words(struct view *view, const struct verb *verb, const struct verb_words *words)
{
    struct palette *palette = view->palette;
    struct palette_row *row = add_row(palette);
    row->verb = verb;
    row->help = verb->help;
    (void)snprintf(row->text, sizeof row->text, "%s", palette->edit.text);
    if (!verb->complete) return;
    const char *part = words->has_gap || words->n < 2 ? "" : words->word[words->n - 1];
    struct completing completing = {palette, verb, (int)(palette->edit.len - strlen(part)), part};
    verb->complete(view, offer, &completing);
}

/* After the line has changed. */
static void match(struct view *view)
{
    struct palette *palette = view->palette;
    struct verb_words words;
    palette->n_rows = palette->selected = palette->first = 0;
    verb_words(palette->edit.text, &words);
    const struct verb *verb = words.n > 0 ? verb_find(words.word[0]) : NULL;
    const bool has_study = view->session.is_open && view->screen != SCREEN_HOME;
    if (verb && (words.n > 1 || words.has_gap) && (has_study || verb->is_view)) {
        match_words(view, verb, &words);
    } else {
        match_all(view, palette->edit.text);
    }
}

/* ── history ───────────────────────────────────────────────────────────────────────────────────*/

static void read_history(struct palette *palette)
{
    json_t *object = state_read(file);
    const json_t *lines = json_object_get(object, "commands");
    for (size_t i = 0; i < json_array_size(lines) && palette->n_history < HISTORY_MAX; i++) {
        const char *text = json_string_value(json_array_get(lines, i));
        if (!text) continue;
        (void)snprintf(palette->history[palette->n_history++], LINE_EDIT_MAX, "%s", text);
    }
    json_decref(object);
}

/* The newest first, each once. */
static void remember(struct palette *palette, const char *text)
{
    int at = 0;
    while (at < palette->n_history && strcmp(palette->history[at], text) != 0)
        at++;
    if (at == palette->n_history && palette->n_history < HISTORY_MAX) palette->n_history++;
    if (at == HISTORY_MAX) at = HISTORY_MAX - 1;
    memmove(palette->history[1], palette->history[0], (size_t)at * LINE_EDIT_MAX);
    (void)snprintf(palette->history[0], LINE_EDIT_MAX, "%s", text);
    json_t *object = json_object();
    json_t *lines = json_array();
    for (int i = 0; i < palette->n_history; i++)
        (void)json_array_append_new(lines, json_string(palette->history[i]));
    if (object && json_object_set_new(object, "commands", lines) == 0) {
        (void)state_write(file, object);
    }
    json_decref(object);
}

/* An older line (1) or a newer one (-1), in the end what was being typed. */
static void recall(struct view *view, int step)
{
    struct palette *palette = view->palette;
    const int at = palette->at_history + step;
    if (at < -1 || at >= palette->n_history) return;
    if (palette->at_history < 0) {
        (void)snprintf(palette->before, sizeof palette->before, "%s", palette->edit.text);
    }
    palette->at_history = at;
    line_edit_set(&palette->edit, at < 0 ? palette->before : palette->history[at]);
    match(view);
}

/* ── opening ───────────────────────────────────────────────────────────────────────────────────*/

void palette_open(struct view *view, const char *title, const char *text)
{
    if (!view->palette) {
        view->palette = calloc(1, sizeof *view->palette);
        if (!view->palette) {
            view_say(view, ROLE_ERROR, "Out of memory");
            return;
        }
        read_history(view->palette);
    }
    struct palette *palette = view->palette;
    palette->at_history = -1;
    (void)snprintf(palette->title, sizeof palette->title, "%s", title);
    line_edit_set(&palette->edit, text);
    view->overlay = (struct overlay){.kind = OVERLAY_PALETTE, .opened_ns = view->now_ns};
    view->is_dirty = true;
    match(view);
}

void palette_free(struct view *view)
{
    free(view->palette);
    view->palette = NULL;
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

static void draw_row(struct view *view, int at, struct rect rect, const struct palette_row *row)
{
    struct cells *cells = &view->cells;
    const bool is_selected = at == view->palette->selected;
    const bool changes = row->verb ? !row->verb->is_view : row->binding->changes;
    const enum role role = changes && view_read_only(view) ? ROLE_DIM
                           : is_selected                   ? ROLE_STRONG
                                                           : ROLE_TEXT;
    const enum action action = row->verb ? row->verb->action : row->binding->action;
    const struct binding *binding = keymap_binding(action);
    char label[16] = "";
    if (binding) (void)key_label(binding->key[0], label);
    if (is_selected) cells_glyph(cells, rect.row, rect.col, GLYPH_CURSOR, ROLE_STRONG);
    const int width = rect.cols - 2;
    const int command = row->verb && *row->help ? COMMAND_COLS - 2 : width - 8;
    int used = cells_text(cells, rect.row, rect.col + 2, command, role, row->text);
    const bool is_bare = row->verb && strcmp(row->text, row->verb->name) == 0;
    if (is_bare && *row->verb->words && used + 1 < command) {
        used++;
        (void)cells_text(cells, rect.row, rect.col + 2 + used, command - used, ROLE_DIM,
                         row->verb->words);
    }
    if (row->verb) {
        (void)cells_text(cells, rect.row, rect.col + 2 + COMMAND_COLS - 1, width - COMMAND_COLS - 6,
                         ROLE_DIM, row->help);
    }
    cells_right(cells, rect.row, rect.col + rect.cols - 7, 7, ROLE_KEY, label);
}

static void draw_effect(struct view *view, struct rect rect)
{
    struct palette *palette = view->palette;
    struct cells *cells = &view->cells;
    if (palette->n_rows == 0) {
        (void)wrap_draw(cells, rect, ROLE_WARN, "No command matches; Ctrl-U clears the line.", 0);
        return;
    }
    const struct palette_row *row = &palette->row[palette->selected];
    char text[VERB_EFFECT_MAX + 16];
    if (row->binding) {
        char label[16];
        (void)snprintf(text, sizeof text, "Effect: the same as the key %s.",
                       key_label(row->binding->key[0], label));
        (void)wrap_draw(cells, rect, ROLE_TEXT, text, 0);
        return;
    }
    struct verb_words words;
    struct plan plan;
    struct dln_error err = {0};
    verb_words(row->text, &words);
    const bool ok = verb_plan(view, row->verb, &words, &plan, &err);
    (void)snprintf(text, sizeof text, "%s: %.511s",
                   ok                      ? "Effect"
                   : err.code == DLN_USAGE ? "Needs"
                                           : "Refused",
                   ok ? plan.effect : err.text);
    (void)wrap_draw(cells, rect,
                    ok                      ? ROLE_TEXT
                    : err.code == DLN_USAGE ? ROLE_DIM
                                            : ROLE_WARN,
                    text, 0);
    plan_release(&plan);
}

void palette_draw(struct view *view)
{
    struct palette *palette = view->palette;
    struct cells *cells = &view->cells;
    const struct rect inside = overlay_draw(cells, palette->title, PALETTE_ROWS, PALETTE_COLS);
    const int n_list = inside.rows - ABOVE_LIST - EFFECT_ROWS - 1;
    line_edit_draw(&palette->edit, cells, inside.row, inside.col, inside.cols, ROLE_INPUT);
    if (palette->selected < palette->first) palette->first = palette->selected;
    if (palette->selected >= palette->first + n_list) {
        palette->first = palette->selected - n_list + 1;
    }
    for (int i = 0; i < n_list && palette->first + i < palette->n_rows; i++) {
        draw_row(view, palette->first + i,
                 (struct rect){inside.row + ABOVE_LIST + i, inside.col, 1, inside.cols},
                 &palette->row[palette->first + i]);
    }
    draw_effect(view, (struct rect){inside.row + inside.rows - EFFECT_ROWS, inside.col, EFFECT_ROWS,
                                    inside.cols});
    (void)cells_text(cells, inside.row + inside.rows, inside.col, inside.cols, ROLE_DIM,
                     " Tab completes · ↑ history · Enter runs · Esc closes ");
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

/* The chosen row's text into the line, ready for its words. */
static void complete(struct view *view)
{
    struct palette *palette = view->palette;
    if (palette->n_rows == 0) return;
    const struct palette_row *row = &palette->row[palette->selected];
    char text[LINE_EDIT_MAX];
    const bool has_words = row->verb && row->verb->words[0];
    (void)snprintf(text, sizeof text, "%.1000s%s", row->text,
                   has_words && strcmp(row->text, row->verb->name) == 0 ? " " : "");
    line_edit_set(&palette->edit, text);
    palette->at_history = -1;
    match(view);
}

static void run_row(struct view *view)
{
    struct palette *palette = view->palette;
    if (palette->n_rows == 0) return;
    const struct palette_row *row = &palette->row[palette->selected];
    if (row->binding) {
        const enum action action = row->binding->action;
        view->overlay.kind = OVERLAY_NONE;
        view_act(view, action);
        return;
    }
    struct verb_words words;
    struct plan plan;
    verb_words(row->text, &words);
    if (verb_plan(view, row->verb, &words, &plan, NULL)) {
        remember(palette, row->text);
        view->overlay.kind = OVERLAY_NONE;
        verb_run(view, &plan);
    } else {
        complete(view); /* and what it needs is said below the list */
    }
    plan_release(&plan);
}

static void changed(struct view *view)
{
    view->palette->at_history = -1;
    match(view);
}

static void command_key(struct view *view, uint32_t code)
{
    struct palette *palette = view->palette;
    switch (code) {
    case KEY_CODE_ESC:
    case KEY_CTRL('G'):
    case KEY_CTRL('C'): view->overlay.kind = OVERLAY_NONE; return;
    case '\r':
    case '\n': run_row(view); return;
    case '\t': complete(view); return;
    case KEY_CODE_UP:
        if (palette->selected > 0) {
            palette->selected--;
        } else {
            recall(view, 1);
        }
        return;
    case KEY_CODE_DOWN:
        if (palette->at_history >= 0) {
            recall(view, -1);
        } else if (palette->selected + 1 < palette->n_rows) {
            palette->selected++;
        }
        return;
    default: break;
    }
    const enum edit_op op = view_edit_op(code);
    if (op != EDIT_NONE && line_edit_op(&palette->edit, op)) changed(view);
    if (op == EDIT_NONE && code >= 32 && code < KEY_CODE_UP &&
        line_edit_insert(&palette->edit, code)) {
        changed(view);
    }
}

/* The theme of the row under the cursor is seen at once, and is gone with the palette. */
static void preview(struct view *view)
{
    struct palette *palette = view->palette;
    struct verb_words words;
    struct theme theme;
    view->previewed[0] = '\0';
    if (view->overlay.kind != OVERLAY_PALETTE || palette->n_rows == 0) return;
    const struct palette_row *row = &palette->row[palette->selected];
    if (!row->verb || strcmp(row->verb->name, "theme") != 0) return;
    verb_words(row->text, &words);
    if (words.n == 2 && strlen(words.word[1]) < THEME_NAME_MAX &&
        theme_load(words.word[1], NULL, &theme, NULL)) {
        (void)snprintf(view->previewed, sizeof view->previewed, "%.*s", THEME_NAME_MAX - 1,
                       words.word[1]);
    }
}

void palette_key(struct view *view, struct key key)
{
    if (!key.pasted) {
        command_key(view, key.code);
    } else if (key.code >= 32 && key.code < KEY_CODE_UP &&
               line_edit_insert(&view->palette->edit, key.code)) {
        changed(view); /* an end of line in a paste runs nothing */
    }
    preview(view);
}
