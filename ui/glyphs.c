/*
 * The characters that the program itself draws, each with what stands for it where only ASCII is
 * left. All of them take one column in every level; none is an emoji.
 */
#include "cells.h"

#include <langinfo.h>
#include <string.h>

struct pair {
    uint32_t code;
    char ascii[2];
};

static const struct pair pairs[GLYPH_COUNT] = {
    [GLYPH_RUNNING] = {0x25CF, "*"},      /* ● */
    [GLYPH_COMPLETE] = {0x2713, "+"},     /* ✓ */
    [GLYPH_PRUNED] = {0x2571, "/"},       /* ╱ */
    [GLYPH_FAILED] = {0x2717, "x"},       /* ✗ */
    [GLYPH_WAITING] = {0x25CB, "o"},      /* ○ */
    [GLYPH_PAUSED] = {0x2016, "="},       /* ‖ */
    [GLYPH_BEST] = {0x2605, "!"},         /* ★ */
    [GLYPH_CURSOR] = {0x25B8, ">"},       /* ▸ */
    [GLYPH_MARKED] = {0x25CF, "*"},       /* ● */
    [GLYPH_CARET] = {0x258F, " "},        /* ▏ the hardware cursor instead */
    [GLYPH_HLINE] = {0x2500, "-"},        /* ─ */
    [GLYPH_VLINE] = {0x2502, "|"},        /* │ */
    [GLYPH_BOTTOM_LEFT] = {0x2514, "`"},  /* └ */
    [GLYPH_BOTTOM_RIGHT] = {0x2518, "'"}, /* ┘ */
    [GLYPH_TOP_LEFT] = {0x250C, "+"},     /* ┌ */
    [GLYPH_TOP_RIGHT] = {0x2510, "+"},    /* ┐ */
    [GLYPH_TEE_RIGHT] = {0x251C, "+"},    /* ├ */
    [GLYPH_TEE_LEFT] = {0x2524, "+"},     /* ┤ */
    [GLYPH_TEE_UP] = {0x2534, "+"},       /* ┴ */
    [GLYPH_TEE_DOWN] = {0x252C, "+"},     /* ┬ */
    [GLYPH_CROSS] = {0x253C, "+"},        /* ┼ */
    [GLYPH_DOTTED] = {0x250A, ":"},       /* ┊ */
    [GLYPH_BAR] = {0x2588, "#"},          /* █ */
    [GLYPH_BAR_HALF] = {0x258C, "|"},     /* ▌ */
    [GLYPH_SHADE_1] = {0x2591, "."},      /* ░ */
    [GLYPH_SHADE_2] = {0x2592, ":"},      /* ▒ */
    [GLYPH_SHADE_3] = {0x2593, "+"},      /* ▓ */
    [GLYPH_SORT_UP] = {0x25B4, "^"},      /* ▴ */
    [GLYPH_SORT_DOWN] = {0x25BE, "v"},    /* ▾ */
    [GLYPH_UP] = {0x25B2, "^"},           /* ▲ */
    [GLYPH_DOWN] = {0x25BC, "v"},         /* ▼ */
    [GLYPH_LEFT_RANGE] = {0x25C2, "<"},   /* ◂ */
    [GLYPH_RIGHT_RANGE] = {0x25B8, ">"},  /* ▸ */
    [GLYPH_TIMES] = {0x00D7, "x"},        /* × */
    [GLYPH_DASH] = {0x2013, "-"},         /* – */
    [GLYPH_DOT] = {0x00B7, "."},          /* · */
    [GLYPH_THICK] = {0x2501, "="},        /* ━ */
    [GLYPH_ERROR_BAR] = {0x253F, "+"},    /* ┿ */
    [GLYPH_UPDOWN] = {0x2195, "~"},       /* ↕ */
    [GLYPH_WORKER_START] = {0x2590, "["}, /* ▐ */
    [GLYPH_WORKER_END] = {0x258C, "]"},   /* ▌ */
    [GLYPH_STUDY_B] = {0x25C6, "B"},      /* ◆ */
    [GLYPH_STUDY_C] = {0x25B2, "C"},      /* ▲ */
    [GLYPH_LEFT] = {0x2190, "<"},         /* ← */
    [GLYPH_RIGHT] = {0x2192, ">"},        /* → */
};

uint32_t glyph_code(enum glyph_level level, enum glyph glyph)
{
    if ((unsigned)glyph >= GLYPH_COUNT) return ' ';
    return level == GLYPHS_ASCII ? (uint32_t)pairs[glyph].ascii[0] : pairs[glyph].code;
}

static const char spark_ascii[] = "_.-=^*#@";

uint32_t glyph_spark(enum glyph_level level, int eighth)
{
    const int height = eighth < 0 ? 0 : eighth > 7 ? 7 : eighth;
    return level == GLYPHS_ASCII ? (uint32_t)spark_ascii[height] : 0x2581U + (unsigned)height;
}

uint32_t glyph_bar(enum glyph_level level, int eighth)
{
    if (eighth <= 0) return ' ';
    if (level == GLYPHS_ASCII) return eighth >= 8 ? '#' : eighth >= 4 ? '|' : ' ';
    return 0x2590U - (unsigned)(eighth > 8 ? 8 : eighth); /* █ 2588 … ▏ 258F */
}

const char *glyph_ascii(uint32_t code)
{
    /* in running text there is room for two characters */
    static const struct {
        uint32_t code;
        const char *text;
    } words[] = {
        {0x2026, ".."}, {0x00B1, "+-"}, {0x2192, "->"}, {0x2190, "<-"}, {0x2191, "^"},
        {0x2193, "v"},  {0x2195, "^v"}, {0x03BC, "mu"}, {0x00B5, "mu"}, {0x03C3, "sd"},
        {0x03B3, "g"},  {0x2264, "<="}, {0x2265, ">="}, {0x00B0, " "},  {0x2014, "-"},
        {0x2212, "-"},  {0x00A0, " "},  {0x202F, " "},  {0x258C, "|"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].code == code) return words[i].text;
    }
    static const char *const heights[] = {"_", ".", "-", "=", "^", "*", "#"};
    if (code >= 0x2581 && code < 0x2588) return heights[code - 0x2581];
    for (size_t i = 0; i < GLYPH_COUNT; i++) {
        if (pairs[i].code == code) return pairs[i].ascii;
    }
    return NULL;
}

enum glyph_level glyph_level_of_locale(void)
{
    const char *codeset = nl_langinfo(CODESET);
    return strcmp(codeset, "UTF-8") == 0 ? GLYPHS_BRAILLE : GLYPHS_ASCII;
}
