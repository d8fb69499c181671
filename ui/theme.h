/*
 * Colours: what a role of the grid looks like on this terminal.
 *
 * A theme is a YAML file (themes/README.md says how to write one). It is asked for last, by paint.c
 * and print.c; a screen names roles only. All of themes/ are compiled in,
 * so the program starts without any file.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/strbuf.h"

enum color_depth { DEPTH_MONO, DEPTH_8, DEPTH_256 };

/* What the background of the terminal must be for the theme to be read. */
enum theme_base { THEME_ANY, THEME_DARK, THEME_LIGHT };

/* cell_flags BOLD, REVERSE, UNDERLINE, and this one. */
enum { STYLE_DIM = 1 << 5 };
enum { COLOR_DEFAULT = -1 }; /* the terminal's own */

struct style {
    int16_t fg, bg; /* 0–255, 0–7 or COLOR_DEFAULT, after the depth */
    uint8_t attrs;
};

#define THEME_NAME_MAX 32

struct theme {
    char name[THEME_NAME_MAX];
    enum theme_base base;
    struct style style[ROLE_COUNT]; /* in 256 colours, complete */
};

/*
 * Finds `name` as dir/name.yaml (dir may be NULL), then in $XDG_CONFIG_HOME/dialin/themes, the
 * source tree, the installed themes, and last among those compiled in. A name with a '/' is a path.
 * DLN_NOT_FOUND names the themes there are; DLN_INVALID says file:line:column.
 */
DLN_CHECK bool theme_load(const char *name, const char *dir, struct theme *out,
                          struct dln_error *err);
/* A theme from text (theme_read.c); `file` is for sentences only. */
DLN_CHECK bool theme_parse(const char *text, size_t len, const char *file, struct theme *out,
                           struct dln_error *err);
/* One of themes/; anything else gives neutral. Cannot fail. */
void theme_builtin(const char *name, struct theme *out);
/* Appends the names of all themes there are, one a line, sorted. */
void theme_list(const char *dir, struct dln_strbuf *out);

/* The role's text of cells.h, or ROLE_COUNT. */
enum role role_parse(const char *text);
const char *role_name(enum role role);

/* How a cell of this role looks on the background of role `base`; `flags` of the cell are added. */
struct style theme_style(const struct theme *theme, enum color_depth depth, enum role role,
                         enum role base, unsigned flags);
/* A shade of a heat map as it is sent: a blank where the colour alone tells the step. */
uint32_t theme_code(const struct theme *theme, enum color_depth depth, enum role role,
                    uint32_t code);
/* Attributes only: heat maps are drawn in shades. */
bool theme_is_mono(const struct theme *theme, enum color_depth depth);

#endif
