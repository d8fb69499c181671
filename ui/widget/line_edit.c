#include "widget/line_edit.h"

#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"

/* ── positions ─────────────────────────────────────────────────────────────────────────────────*/

static bool is_mark(const struct line_edit *edit, size_t at)
{
    uint32_t code;
    if (at >= edit->len) return false;
    dln_text_decode(edit->text + at, edit->len - at, &code);
    return dln_text_char_width(code) == 0;
}

/* Behind the character at `at` and the marks on it. */
static size_t after(const struct line_edit *edit, size_t at)
{
    uint32_t code;
    if (at >= edit->len) return edit->len;
    do {
        at += dln_text_decode(edit->text + at, edit->len - at, &code);
    } while (is_mark(edit, at));
    return at;
}

static size_t before(const struct line_edit *edit, size_t at)
{
    do {
        if (at == 0) return 0;
        at--;
        while (at > 0 && ((unsigned char)edit->text[at] & 0xC0) == 0x80)
            at--;
    } while (is_mark(edit, at));
    return at;
}

/* Words are what stands between blanks and signs, as in an expression. */
static bool is_word(const struct line_edit *edit, size_t at)
{
    static const char signs[] = " \t,;:=<>!()[]{}'\"+*/|&";
    return !strchr(signs, edit->text[at]);
}

static size_t word_before(const struct line_edit *edit, size_t at)
{
    while (at > 0 && !is_word(edit, before(edit, at)))
        at = before(edit, at);
    while (at > 0 && is_word(edit, before(edit, at)))
        at = before(edit, at);
    return at;
}

static size_t word_after(const struct line_edit *edit, size_t at)
{
    while (at < edit->len && !is_word(edit, at))
        at = after(edit, at);
    while (at < edit->len && is_word(edit, at))
        at = after(edit, at);
    return at;
}

/* ── changes ───────────────────────────────────────────────────────────────────────────────────*/

static bool cut(struct line_edit *edit, size_t from, size_t to, bool keep)
{
    if (from >= to) return false;
    if (keep) {
        memcpy(edit->killed, edit->text + from, to - from);
        edit->killed[to - from] = '\0';
    }
    memmove(edit->text + from, edit->text + to, edit->len - to + 1);
    edit->len -= to - from;
    edit->caret = from;
    return true;
}

static bool insert(struct line_edit *edit, const char *text, size_t len)
{
    if (len == 0 || len >= LINE_EDIT_MAX - edit->len) return false;
    memmove(edit->text + edit->caret + len, edit->text + edit->caret, edit->len - edit->caret + 1);
    memcpy(edit->text + edit->caret, text, len);
    edit->caret += len;
    edit->len += len;
    return true;
}

/* The two characters around the caret change places, as Ctrl-T does. */
static bool swap(struct line_edit *edit)
{
    char kept[LINE_EDIT_MAX];
    const size_t middle =
        before(edit, edit->caret == edit->len ? edit->len : after(edit, edit->caret));
    const size_t start = before(edit, middle);
    const size_t end = after(edit, middle);
    if (start == middle || middle == end) return false;
    const size_t first = middle - start;
    const size_t second = end - middle;
    memcpy(kept, edit->text + start, first);
    memmove(edit->text + start, edit->text + middle, second);
    memcpy(edit->text + start + second, kept, first);
    edit->caret = end;
    return true;
}

void line_edit_set(struct line_edit *edit, const char *text)
{
    *edit = (struct line_edit){0};
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, left, &code);
        line_edit_insert(edit, code);
        text += eaten;
        left -= eaten;
    }
}

bool line_edit_insert(struct line_edit *edit, uint32_t code)
{
    char bytes[4];
    const bool is_combining = dln_text_char_width(code) == 0;
    if (is_combining ? edit->caret == 0 : !dln_text_is_plain(code)) return false;
    return insert(edit, bytes, dln_text_encode(code, bytes));
}

enum edit_op edit_op_of_control(int c)
{
    switch (c) {
    case 1: return EDIT_HOME;   /* Ctrl-A */
    case 2: return EDIT_LEFT;   /* Ctrl-B */
    case 4: return EDIT_DELETE; /* Ctrl-D */
    case 5: return EDIT_END;    /* Ctrl-E */
    case 6: return EDIT_RIGHT;  /* Ctrl-F */
    case 8:                     /* Ctrl-H */
    case 127: return EDIT_BACKSPACE;
    case 11: return EDIT_KILL_END;   /* Ctrl-K */
    case 20: return EDIT_SWAP;       /* Ctrl-T */
    case 21: return EDIT_KILL_START; /* Ctrl-U */
    case 23: return EDIT_KILL_WORD;  /* Ctrl-W */
    case 25: return EDIT_YANK;       /* Ctrl-Y */
    default: return EDIT_NONE;
    }
}

bool line_edit_op(struct line_edit *edit, enum edit_op op)
{
    switch (op) {
    case EDIT_NONE: return false;
    case EDIT_LEFT: edit->caret = before(edit, edit->caret); return false;
    case EDIT_RIGHT: edit->caret = after(edit, edit->caret); return false;
    case EDIT_WORD_LEFT: edit->caret = word_before(edit, edit->caret); return false;
    case EDIT_WORD_RIGHT: edit->caret = word_after(edit, edit->caret); return false;
    case EDIT_HOME: edit->caret = 0; return false;
    case EDIT_END: edit->caret = edit->len; return false;
    case EDIT_BACKSPACE: return cut(edit, before(edit, edit->caret), edit->caret, false);
    case EDIT_DELETE: return cut(edit, edit->caret, after(edit, edit->caret), false);
    case EDIT_KILL_END: return cut(edit, edit->caret, edit->len, true);
    case EDIT_KILL_START: return cut(edit, 0, edit->caret > 0 ? edit->caret : edit->len, true);
    case EDIT_KILL_WORD: return cut(edit, word_before(edit, edit->caret), edit->caret, true);
    case EDIT_YANK: return insert(edit, edit->killed, strlen(edit->killed));
    case EDIT_SWAP: return swap(edit);
    }
    return false;
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

/* Columns of text[from..to) in this grid. */
static int columns(const struct line_edit *edit, const struct cells *cells, size_t from, size_t to)
{
    struct dln_strbuf part = {0};
    dln_strbuf_add_len(&part, edit->text + from, to - from);
    const int width = cells_text_width(cells, dln_strbuf_text(&part));
    dln_strbuf_release(&part);
    return width;
}

void line_edit_draw(struct line_edit *edit, struct cells *cells, int row, int col, int width,
                    enum role role)
{
    if (width > cells->cols - col) width = cells->cols - col;
    if (width <= 0) return;
    if (edit->first > edit->caret) edit->first = edit->caret;
    while (columns(edit, cells, edit->first, edit->caret) >= width) {
        edit->first = after(edit, edit->first);
    }
    /* deleted text leaves room: show as much before the caret as there is place for */
    while (edit->first > 0) {
        const size_t earlier = before(edit, edit->first);
        if (columns(edit, cells, earlier, edit->len) >= width) break;
        edit->first = earlier;
    }
    cells_fill(cells, (struct rect){row, col, 1, width}, ' ', role);
    cells_text(cells, row, col, width, role, edit->text + edit->first);
    cells->caret_row = row;
    cells->caret_col = col + columns(edit, cells, edit->first, edit->caret);
    if (edit->first > 0 && width > 2 && cells->caret_col > col) {
        cells_glyph(cells, row, col, GLYPH_LEFT_RANGE, ROLE_DIM); /* more lies before it */
    }
}
