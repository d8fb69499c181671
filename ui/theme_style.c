/* A role on a background, brought down to what the terminal can show. */
#include "theme.h"

#include <math.h>

#include "color.h"

static bool is_heat(enum role role)
{
    return role >= ROLE_HEAT_0 && role <= ROLE_HEAT_9;
}

/*
 * The nearest hue of the eight colours, -1 for what is hardly a colour. Blue is dark and yellow is
 * light on most terminals, so each gives way to its neighbour where it could not be read.
 */
static int nearest_hue(int index, enum theme_base base)
{
    /* CIELAB hue in degrees and chroma of red, yellow, green, cyan, blue, magenta */
    static const struct {
        double hue;
        int on_dark, on_light;
    } hues[] = {{40, 1, 1}, {103, 3, 5}, {136, 2, 2}, {196, 6, 4}, {306, 6, 4}, {328, 5, 5}};
    enum { CHROMA_MIN = 15 };
    uint8_t rgb[3];
    double lab[3];
    color_rgb(index, rgb);
    color_lab(rgb, lab);
    if (hypot(lab[1], lab[2]) < CHROMA_MIN) return COLOR_DEFAULT;
    const double hue = atan2(lab[2], lab[1]) * 180 / acos(-1.0);
    int nearest = 1;
    double best = INFINITY;
    for (size_t i = 0; i < sizeof hues / sizeof hues[0]; i++) {
        const double distance = fabs(remainder(hue - hues[i].hue, 360));
        if (distance >= best) continue;
        best = distance;
        nearest = base == THEME_LIGHT ? hues[i].on_light : hues[i].on_dark;
    }
    return nearest;
}

static double lightness(int index)
{
    uint8_t rgb[3];
    double lab[3];
    color_rgb(index, rgb);
    color_lab(rgb, lab);
    return lab[0];
}

/* A grey that is fainter than the text of the theme. */
static bool is_faint(const struct theme *theme, int fg)
{
    enum { FAINTER = 12 }; /* L* */
    const int text = theme->style[ROLE_TEXT].fg;
    if (fg == COLOR_DEFAULT || text == COLOR_DEFAULT) return false;
    const double less = lightness(text) - lightness(fg);
    return (theme->base == THEME_LIGHT ? -less : less) > FAINTER;
}

static struct style to_eight(const struct theme *theme, struct style style)
{
    struct style out = {COLOR_DEFAULT, COLOR_DEFAULT, style.attrs};
    if (style.fg != COLOR_DEFAULT) out.fg = (int16_t)nearest_hue(style.fg, theme->base);
    if (style.bg != COLOR_DEFAULT) {
        out.bg = (int16_t)nearest_hue(style.bg, theme->base);
        if (out.bg != COLOR_DEFAULT) out.fg = lightness(style.bg) > 50 ? 0 : 7;
    } else if (out.fg == COLOR_DEFAULT && is_faint(theme, style.fg)) {
        out.attrs |= STYLE_DIM;
    }
    return out;
}

/* Backgrounds that carry meaning become reverse video where they cannot be shown. */
static bool wants_reverse(enum role role)
{
    return role == ROLE_CURSOR || role == ROLE_TAB_ACTIVE || role == ROLE_INPUT_INVALID ||
           role == ROLE_BADGE;
}

bool theme_is_mono(const struct theme *theme, enum color_depth depth)
{
    if (depth == DEPTH_MONO) return true;
    for (int i = ROLE_HEAT_0; i <= ROLE_HEAT_9; i++) {
        if (theme->style[i].bg != COLOR_DEFAULT) return false;
    }
    return true;
}

uint32_t theme_code(const struct theme *theme, enum color_depth depth, enum role role,
                    uint32_t code)
{
    const bool is_shade = code >= 0x2588 && code <= 0x2593 && (code == 0x2588 || code >= 0x2591);
    if (!is_shade || role < ROLE_HEAT_0 || role > ROLE_HEAT_9) return code;
    return depth == DEPTH_256 && theme->style[role].bg != COLOR_DEFAULT ? ' ' : code;
}

struct style theme_style(const struct theme *theme, enum color_depth depth, enum role role,
                         enum role base, unsigned flags)
{
    struct style style = theme->style[role];
    const struct style under = theme->style[base];
    enum role ground = base;
    if (style.bg != COLOR_DEFAULT || base == ROLE_BG) ground = role;

    if (style.bg == COLOR_DEFAULT) style.bg = under.bg;
    if (is_heat(base)) style.fg = under.fg;
    if (base == ROLE_CURSOR || base == ROLE_CURSOR_BLUR) style.attrs |= under.attrs;
    style.attrs |= (uint8_t)(flags & (CELL_BOLD | CELL_REVERSE | CELL_UNDERLINE));
    if (depth == DEPTH_256) return style;

    const bool had_ground = style.bg != COLOR_DEFAULT;
    const struct style reduced = to_eight(theme, style);
    style =
        depth == DEPTH_8 ? reduced : (struct style){COLOR_DEFAULT, COLOR_DEFAULT, reduced.attrs};
    if (had_ground && style.bg == COLOR_DEFAULT && wants_reverse(ground)) {
        style.attrs |= CELL_REVERSE;
    }
    return style;
}
