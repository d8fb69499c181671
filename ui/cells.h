/*
 * A grid of cells, (character, role, extra attributes), that everything is drawn into: tables,
 * plots, overlays. The grid goes to curses (paint.c), to standard output (print.c), and to tests.
 * Roles are resolved by the theme last; nothing here knows a colour.
 *
 * Drawing outside the grid, or outside the rectangle given, is cut off, never an error. Text from
 * outside is made harmless on its way in (dln_text_show), so a grid never holds a control character.
 */
#ifndef UI_CELLS_H
#define UI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"

/* ui.md section 12; the text is the role's name in a theme file. */
#define ROLES(X)                                                                                   \
    X(TEXT, "text") X(DIM, "dim") X(STRONG, "strong") X(BG, "bg") X(BORDER, "border")              \
    X(BORDER_FOCUS, "border.focus") X(TITLE, "title") X(HEADER, "header") X(TAB, "tab")            \
    X(TAB_ACTIVE, "tab.active") X(STATUS, "status") X(KEY, "key") X(KEYBAR, "keybar")              \
    X(CURSOR, "cursor") X(CURSOR_BLUR, "cursor.blur") X(MARK, "mark") X(MATCH, "match")            \
    X(INPUT, "input") X(INPUT_INVALID, "input.invalid") X(BUTTON, "button")                        \
    X(OVERLAY, "overlay") X(OVERLAY_BORDER, "overlay.border") X(STATE_RUN, "state.run")            \
    X(STATE_OK, "state.ok") X(STATE_CUT, "state.cut") X(STATE_ERR, "state.err")                    \
    X(STATE_WAIT, "state.wait") X(BEST, "best") X(BETTER, "better") X(WORSE, "worse")              \
    X(WARN, "warn") X(ERROR, "error") X(INFO, "info") X(BADGE, "badge") X(PROGRESS, "progress")    \
    X(PROGRESS_REST, "progress.rest") X(SPARK, "spark") X(AXIS, "axis") X(GRID, "grid")            \
    X(POINT, "point") X(POINT_CUT, "point.cut") X(LINE_BEST, "line.best")                          \
    X(LINE_FORECAST, "line.forecast") X(LINE_RUNNING, "line.running") X(FRONT, "front")            \
    X(PREDICT, "predict") X(PREDICT_BAND, "predict.band") X(RANGE, "range")                        \
    X(SERIES_1, "series.1") X(SERIES_2, "series.2") X(SERIES_3, "series.3")                        \
    X(SERIES_4, "series.4") X(HEAT_0, "heat.0") X(HEAT_1, "heat.1") X(HEAT_2, "heat.2")            \
    X(HEAT_3, "heat.3") X(HEAT_4, "heat.4") X(HEAT_5, "heat.5") X(HEAT_6, "heat.6")                \
    X(HEAT_7, "heat.7") X(HEAT_8, "heat.8") X(HEAT_9, "heat.9") X(LOG_TIME, "log.time")            \
    X(LOG_MATCH, "log.match")

enum role {
#define ROLE_ENUM(name, text) ROLE_##name,
    ROLES(ROLE_ENUM)
#undef ROLE_ENUM
    ROLE_COUNT
};

/* Levels of ui.md section 11. */
enum glyph_level { GLYPHS_BRAILLE, GLYPHS_BLOCKS, GLYPHS_ASCII };

/* Each glyph has one column in every level; the pairs stand in glyphs.c. */
enum glyph {
    GLYPH_RUNNING, GLYPH_COMPLETE, GLYPH_PRUNED, GLYPH_FAILED, GLYPH_WAITING, GLYPH_PAUSED,
    GLYPH_BEST, GLYPH_CURSOR, GLYPH_MARKED, GLYPH_CARET,
    GLYPH_HLINE, GLYPH_VLINE, GLYPH_BOTTOM_LEFT, GLYPH_BOTTOM_RIGHT, GLYPH_TOP_LEFT, GLYPH_TOP_RIGHT,
    GLYPH_TEE_RIGHT, GLYPH_TEE_LEFT, GLYPH_TEE_UP, GLYPH_TEE_DOWN, GLYPH_CROSS, GLYPH_DOTTED,
    GLYPH_BAR, GLYPH_BAR_HALF, GLYPH_SHADE_1, GLYPH_SHADE_2, GLYPH_SHADE_3,
    GLYPH_SORT_UP, GLYPH_SORT_DOWN, GLYPH_UP, GLYPH_DOWN, GLYPH_LEFT_RANGE, GLYPH_RIGHT_RANGE,
    GLYPH_TIMES, GLYPH_DASH, GLYPH_DOT, GLYPH_THICK, GLYPH_ERROR_BAR, GLYPH_UPDOWN,
    GLYPH_WORKER_START, GLYPH_WORKER_END, GLYPH_STUDY_B, GLYPH_STUDY_C, GLYPH_LEFT, GLYPH_RIGHT,
    GLYPH_COUNT
};
uint32_t glyph_code(enum glyph_level level, enum glyph glyph);
uint32_t glyph_spark(enum glyph_level level, int eighth); /* 0 … 7 */
uint32_t glyph_bar(enum glyph_level level, int eighth);   /* a bar's last column, 0 (blank) … 8 */
/* What stands for a character of our own texts where only ASCII is left: "+-" for ±; or NULL. */
const char *glyph_ascii(uint32_t code);
/* The level of this locale (after setlocale): braille in UTF-8, else ASCII. */
enum glyph_level glyph_level_of_locale(void);

enum cell_flags {
    CELL_BOLD = 1 << 0,
    CELL_REVERSE = 1 << 1,
    CELL_UNDERLINE = 1 << 2,
    CELL_WIDE = 1 << 3,  /* takes this column and the next */
    CELL_AFTER = 1 << 4  /* the second column of a wide character: nothing is drawn */
};

struct cell {
    uint32_t code;       /* one printable code point; ' ' when empty */
    uint32_t combining;  /* 0, or one combining mark */
    uint32_t combining_2; /* a second one */
    uint8_t role;        /* enum role: the foreground and attributes */
    uint8_t base;        /* enum role that lends the background: ROLE_BG, ROLE_CURSOR, ROLE_OVERLAY */
    uint8_t flags;
};

struct cells {
    int rows, cols;
    enum glyph_level level;
    struct cell *cell;   /* rows × cols, row-major */
    int caret_row, caret_col; /* where the hardware cursor stands; -1: hidden */
};

struct rect { int row, col, rows, cols; };

bool cells_init(struct cells *cells, int rows, int cols, enum glyph_level level);
void cells_release(struct cells *cells);
void cells_clear(struct cells *cells); /* blanks, ROLE_TEXT on ROLE_BG */
struct rect cells_all(const struct cells *cells);

void cells_put(struct cells *cells, int row, int col, uint32_t code, enum role role);
void cells_glyph(struct cells *cells, int row, int col, enum glyph glyph, enum role role);
/* At most `width` columns of foreign text, "…" where it is cut. Returns the columns used. */
int cells_text(struct cells *cells, int row, int col, int width, enum role role, const char *text);
int cells_textf(struct cells *cells, int row, int col, int width, enum role role,
                const char *format, ...) DLN_PRINTF(6, 7);
/* Columns that the text takes in this grid when nothing is cut. */
int cells_text_width(const struct cells *cells, const char *text);
/* Right-aligned in [col, col + width). */
void cells_right(struct cells *cells, int row, int col, int width, enum role role, const char *text);
void cells_fill(struct cells *cells, struct rect rect, uint32_t code, enum role role);
/* Lends a background role (and nothing else) to cells that are drawn already. */
void cells_base(struct cells *cells, struct rect rect, enum role base);
/* Adds cell_flags (bold, underline, reverse) to cells that are drawn already. */
void cells_flag(struct cells *cells, struct rect rect, unsigned flags);
void cells_hline(struct cells *cells, int row, int col, int width, enum role role);
/* "─ Title ──────── right ─" */
void cells_rule(struct cells *cells, int row, int col, int width, const char *title,
                const char *right, enum role role);

#endif
