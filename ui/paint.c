/*
 * See paint.h. A frame is compared with the one before, cell by cell, after roles became styles;
 * curses gets the difference and works out the bytes. What a cell shows is decided by our own table
 * of widths: where the locale's differs, "?" stands for the character, so that nothing shifts.
 */
#define _XOPEN_SOURCE_EXTENDED 1
#include "paint.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <curses.h>
#include <term.h>

enum { PAIRS_MAX = 255, SLOTS = 1024, GAP_MAX = 4 };

struct shown {
    uint32_t code, combining, combining_2;
    struct style style;
    uint8_t width; /* 0: the second half of the one before */
};

struct looks {
    struct style style;
    bool is_known;
};

struct paint {
    struct theme theme;
    enum color_depth depth;
    struct looks looks[ROLE_COUNT][ROLE_COUNT]; /* role on base, without the flags of cells */
    struct {
        int16_t fg, bg;
        int16_t pair; /* 0: free */
    } slots[SLOTS];
    int n_pairs, pairs_cap;
    struct shown *shown; /* rows × cols: what curses has */
    struct shown *line;  /* cols: one row of the next frame */
    int rows, cols;
    bool is_whole;   /* the next frame gives every cell */
    bool is_lost;    /* … and clears the screen first */
    int caret_shown; /* -1: unknown */
};

bool paint_wants_no_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    return no_color && no_color[0];
}

enum color_depth paint_depth(void)
{
    const int colors = tigetnum("colors");
    return colors >= 256 ? DEPTH_256 : colors >= 8 ? DEPTH_8 : DEPTH_MONO;
}

bool paint_new(const struct theme *theme, enum color_depth depth, struct paint **out,
               struct dln_error *err)
{
    struct paint *paint = calloc(1, sizeof *paint);
    if (!paint) return dln_fail(err, DLN_NOMEM, "the screen");
    paint->caret_shown = -1;
    paint_theme(paint, theme, depth);
    *out = paint;
    return true;
}

void paint_free(struct paint *paint)
{
    if (!paint) return;
    free(paint->shown);
    free(paint->line);
    free(paint);
}

void paint_theme(struct paint *paint, const struct theme *theme, enum color_depth depth)
{
    const bool had_pairs = paint->n_pairs > 0;
    paint->theme = *theme;
    paint->depth = depth;
    memset(paint->looks, 0, sizeof paint->looks);
    memset(paint->slots, 0, sizeof paint->slots);
    paint->n_pairs = paint->pairs_cap = 0;
    paint->is_whole = true;
    if (depth == DEPTH_MONO) return;
    start_color();
    use_default_colors();
    if (had_pairs) reset_color_pairs();
    paint->pairs_cap = COLOR_PAIRS - 1 < PAIRS_MAX ? COLOR_PAIRS - 1 : PAIRS_MAX;
}

void paint_forget(struct paint *paint)
{
    paint->is_whole = paint->is_lost = true;
    paint->caret_shown = -1;
}

/* The curses pair of two colours; 0, the terminal's own, when all are in use. */
static short pair_of(struct paint *paint, struct style style)
{
    if (style.fg == COLOR_DEFAULT && style.bg == COLOR_DEFAULT) return 0;
    unsigned slot = ((unsigned)(style.fg + 1) * 257U + (unsigned)(style.bg + 1)) % SLOTS;
    while (paint->slots[slot].pair) {
        if (paint->slots[slot].fg == style.fg && paint->slots[slot].bg == style.bg) {
            return paint->slots[slot].pair;
        }
        slot = (slot + 1) % SLOTS;
    }
    if (paint->n_pairs >= paint->pairs_cap) return 0;
    const short pair = (short)(paint->n_pairs + 1);
    if (init_pair(pair, style.fg, style.bg) == ERR) return 0;
    paint->n_pairs++;
    paint->slots[slot].fg = style.fg;
    paint->slots[slot].bg = style.bg;
    paint->slots[slot].pair = pair;
    return pair;
}

static struct style style_of(struct paint *paint, const struct cell *cell)
{
    struct looks *looks = &paint->looks[cell->role][cell->base];
    if (!looks->is_known) {
        looks->style = theme_style(&paint->theme, paint->depth, cell->role, cell->base, 0);
        looks->is_known = true;
    }
    struct style style = looks->style;
    style.attrs |= cell->flags & (CELL_BOLD | CELL_REVERSE | CELL_UNDERLINE);
    return style;
}

static struct shown shown_of(struct paint *paint, const struct cell *cell)
{
    struct shown shown = {.style = style_of(paint, cell)};
    if (cell->flags & CELL_AFTER) return shown;
    shown.width = cell->flags & CELL_WIDE ? 2 : 1;
    shown.code = theme_code(&paint->theme, paint->depth, cell->role, cell->code);
    if (cell->code >= 0x80 && wcwidth((wchar_t)cell->code) != shown.width) {
        shown.code = '?';
        return shown;
    }
    if (cell->combining && wcwidth((wchar_t)cell->combining) == 0)
        shown.combining = cell->combining;
    if (cell->combining_2 && wcwidth((wchar_t)cell->combining_2) == 0) {
        shown.combining_2 = cell->combining_2;
    }
    return shown;
}

static bool is_same(const struct shown *a, const struct shown *b)
{
    return a->code == b->code && a->combining == b->combining && a->combining_2 == b->combining_2 &&
           a->width == b->width && a->style.fg == b->style.fg && a->style.bg == b->style.bg &&
           a->style.attrs == b->style.attrs;
}

static void give(struct paint *paint, int row, int col, const struct shown *shown)
{
    wchar_t text[4] = {(wchar_t)shown->code};
    int n = 1;
    if (shown->combining) text[n++] = (wchar_t)shown->combining;
    if (shown->combining_2) text[n] = (wchar_t)shown->combining_2;

    attr_t attrs = A_NORMAL;
    if (shown->style.attrs & CELL_BOLD) attrs |= A_BOLD;
    if (shown->style.attrs & STYLE_DIM) attrs |= A_DIM;
    if (shown->style.attrs & CELL_UNDERLINE) attrs |= A_UNDERLINE;
    if (shown->style.attrs & CELL_REVERSE) attrs |= A_REVERSE;

    const short pair = pair_of(paint, shown->style);
    cchar_t character;
    if (setcchar(&character, text, attrs, pair, NULL) == ERR) {
        setcchar(&character, L"?", attrs, pair, NULL);
    }
    mvadd_wch(row, col, &character); /* ERR in the last corner means only that nothing scrolls */
    if (shown->width == 2 && shown->code == '?')
        mvaddch(row, col + 1, ' ' | attrs | COLOR_PAIR(pair));
}

static bool make_room(struct paint *paint, const struct cells *cells, struct dln_error *err)
{
    if (paint->rows == cells->rows && paint->cols == cells->cols) return true;
    const size_t n = (size_t)cells->rows * (size_t)cells->cols;
    struct shown *shown = calloc(n ? n : 1, sizeof *shown);
    struct shown *line = calloc(cells->cols > 0 ? (size_t)cells->cols : 1, sizeof *line);
    if (!shown || !line) {
        free(shown);
        free(line);
        return dln_fail(err, DLN_NOMEM, "a screen of %d × %d", cells->cols, cells->rows);
    }
    free(paint->shown);
    free(paint->line);
    paint->shown = shown;
    paint->line = line;
    paint->rows = cells->rows;
    paint->cols = cells->cols;
    paint->is_whole = true;
    erase();
    return true;
}

/* A blank in this style looks like any other blank on the same background. */
static bool is_invisible(const struct shown *shown)
{
    return (shown->style.attrs & (CELL_REVERSE | CELL_UNDERLINE)) == 0;
}

/*
 * One row as it will be shown. A short gap between two words of one style takes that style: the
 * words are then one run, for which the attributes are changed once and not at every word.
 */
static void compose_row(struct paint *paint, const struct cell *cell, int cols)
{
    struct shown *line = paint->line;
    for (int col = 0; col < cols; col++)
        line[col] = shown_of(paint, &cell[col]);
    for (int col = 1; col < cols; col++) {
        int end = col;
        while (end < cols && end - col <= GAP_MAX && line[end].code == ' ' &&
               !line[end].combining && line[end].style.bg == line[col - 1].style.bg &&
               is_invisible(&line[end])) {
            end++;
        }
        const int gap = end - col;
        if (gap == 0 || gap > GAP_MAX || end == cols) continue;
        const struct style *left = &line[col - 1].style;
        const struct style *right = &line[end].style;
        const bool is_same =
            left->fg == right->fg && left->bg == right->bg && left->attrs == right->attrs;
        for (int i = col; i < end && is_same && is_invisible(&line[col - 1]); i++)
            line[i].style = *left;
        col = end;
    }
}

static void place_caret(struct paint *paint, const struct cells *cells)
{
    const bool is_shown = cells->caret_row >= 0 && cells->caret_row < LINES &&
                          cells->caret_col >= 0 && cells->caret_col < COLS;
    leaveok(stdscr, !is_shown); /* a hidden cursor may stay where it is: no bytes for it */
    if (is_shown) move(cells->caret_row, cells->caret_col);
    if (paint->caret_shown != is_shown) curs_set(is_shown);
    paint->caret_shown = is_shown;
}

bool paint_frame(struct paint *paint, const struct cells *cells, struct dln_error *err)
{
    if (!make_room(paint, cells, err)) return false;
    if (paint->is_lost) clearok(stdscr, TRUE);
    const int rows = cells->rows < LINES ? cells->rows : LINES;
    const int cols = cells->cols < COLS ? cells->cols : COLS;
    for (int row = 0; row < rows; row++) {
        const struct cell *cell = cells->cell + (size_t)row * (size_t)cells->cols;
        struct shown *before = paint->shown + (size_t)row * (size_t)cells->cols;
        compose_row(paint, cell, cols);
        for (int col = 0; col < cols; col++) {
            const struct shown *now = &paint->line[col];
            if (!paint->is_whole && is_same(now, &before[col])) continue;
            before[col] = *now;
            if (now->width > 0) give(paint, row, col, now);
        }
    }
    paint->is_whole = paint->is_lost = false;
    place_caret(paint, cells);
    wnoutrefresh(stdscr);
    doupdate();
    return true;
}
