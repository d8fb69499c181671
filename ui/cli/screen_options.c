#include "cli/screen_options.h"

#include <string.h>

#include "cli/report.h"
#include "theme.h"

/* The place of the word that was given in the list; 0, the first, where none was. */
static bool read_level(const struct options *options, const char *name, const char *const *words,
                       size_t n, size_t *out, struct dln_error *err)
{
    const char *const text = option_text(options, name);
    if (!text) return true;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) != 0) continue;
        *out = i;
        return true;
    }
    struct dln_strbuf list = {0};
    for (size_t i = 0; i < n; i++) {
        dln_strbuf_addf(&list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
    }
    dln_fail(err, DLN_USAGE, "'--%s %s': must be %s", name, text, dln_strbuf_text(&list));
    dln_strbuf_release(&list);
    return err && add_meant(err, text, words, n);
}

bool screen_options_read(const struct options *options, struct app_options *out,
                         struct dln_error *err)
{
    static const char *const colors[] = {"auto", "never", "always", "8", "256"};
    static const enum app_color color_of[] = {APP_COLOR_AUTO, APP_COLOR_NEVER, APP_COLOR_ALWAYS,
                                              APP_COLOR_8, APP_COLOR_ALWAYS};
    static const char *const glyphs[] = {"auto", "braille", "blocks", "ascii"};
    static const enum app_glyphs glyphs_of[] = {APP_GLYPHS_AUTO, APP_GLYPHS_BRAILLE,
                                                APP_GLYPHS_BLOCKS, APP_GLYPHS_ASCII};
    size_t color = 0, glyph = 0;
    if (!read_level(options, "color", colors, sizeof colors / sizeof colors[0], &color, err) ||
        !read_level(options, "glyphs", glyphs, sizeof glyphs / sizeof glyphs[0], &glyph, err)) {
        return false;
    }
    const char *const theme = option_text(options, "theme");
    struct theme loaded;
    if (theme && !theme_load(theme, NULL, &loaded, err)) return false;
    out->theme = theme;
    out->color = color_of[color];
    out->glyphs = glyphs_of[glyph];
    out->slow = option_given(options, "slow");
    return true;
}
