/*
 * The text is taken apart into pieces: a character that may be shown with up to two marks on it, or
 * a stand-in such as "^[" or "<202E>". Pieces are never split, so a cut falls between them.
 */
#include "dialin/text.h"

#include <stdio.h>
#include <string.h>

#include "base/text_width.h"

enum { REPLACEMENT = 0xFFFD, ELLIPSIS = 0x2026, MARKS_MAX = 2, STAND_IN_MAX = 16 };

size_t dln_text_decode(const char *text, size_t len, uint32_t *code)
{
    const unsigned char *byte = (const unsigned char *)text;
    const unsigned lead = byte[0];
    if (lead < 0x80) {
        *code = lead;
        return 1;
    }
    *code = REPLACEMENT;
    if (lead < 0xC2 || lead > 0xF4) return 1;

    const size_t need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t value = lead & (0x7FU >> need);
    for (size_t i = 1; i < need; i++) {
        /* the second byte alone decides: overlong forms, surrogates, above U+10FFFF */
        const unsigned low = i > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = i > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        if (i >= len || byte[i] < low || byte[i] > high) return i;
        value = value << 6 | (byte[i] & 0x3FU);
    }
    *code = value;
    return need;
}

size_t dln_text_encode(uint32_t code, char out[4])
{
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) code = REPLACEMENT;
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(lead[len] | code);
    return len;
}

int dln_text_char_width(uint32_t code)
{
    switch (dln_text_kind(code)) {
    case DLN_TEXT_COMBINING: return 0;
    case DLN_TEXT_WIDE: return 2;
    case DLN_TEXT_HIDDEN:
    case DLN_TEXT_NARROW: break;
    }
    return 1;
}

bool dln_text_is_plain(uint32_t code)
{
    const enum dln_text_kind kind = dln_text_kind(code);
    return kind == DLN_TEXT_NARROW || kind == DLN_TEXT_WIDE;
}

size_t dln_text_width(const char *text)
{
    size_t width = 0;
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, left, &code);
        width += (size_t)dln_text_char_width(code);
        text += eaten;
        left -= eaten;
    }
    return width;
}

/* What is shown in place of a character that must not reach a terminal. Returns its length. */
static size_t stand_in(uint32_t code, char out[STAND_IN_MAX])
{
    int len;
    if (code == '\t' || code == '\r') {
        len = snprintf(out, STAND_IN_MAX, " ");
    } else if (code == '\n') {
        len = snprintf(out, STAND_IN_MAX, "\\n");
    } else if (code < 0x20 || code == 0x7F) {
        len = snprintf(out, STAND_IN_MAX, "^%c", (int)(code ^ 0x40));
    } else {
        len = snprintf(out, STAND_IN_MAX, code < 0x100 ? "<%02X>" : "<%04X>", (unsigned)code);
    }
    return (size_t)len;
}

/* Bytes and columns of one piece, without marks. */
struct piece {
    char bytes[STAND_IN_MAX];
    size_t len, width;
};

static struct piece make_piece(uint32_t code, bool ascii)
{
    struct piece piece = {.width = 1};
    const enum dln_text_kind kind = dln_text_kind(code);
    if (kind == DLN_TEXT_HIDDEN || (kind == DLN_TEXT_COMBINING && !ascii)) {
        piece.len = piece.width = stand_in(code, piece.bytes);
    } else if (ascii && code >= 0x80) {
        piece.bytes[0] = '?';
        piece.len = 1;
    } else {
        piece.len = dln_text_encode(code, piece.bytes);
        piece.width = kind == DLN_TEXT_WIDE ? 2 : 1;
    }
    return piece;
}

void dln_text_show(struct dln_strbuf *out, const char *text, size_t len, size_t max_width,
                   bool ascii)
{
    const size_t dots = ascii ? 2 : 1; /* columns of the mark of a cut */
    const size_t cut_width = max_width > dots ? max_width - dots : 0;
    size_t width = 0;
    size_t cut_at = out->len; /* where the text ends if the mark of a cut follows */
    bool has_base = false;
    int marks = 0;

    while (len > 0) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, len, &code);
        const bool is_crlf = code == '\r' && len > 1 && text[1] == '\n';
        text += eaten;
        len -= eaten;
        if (is_crlf) continue;

        if (has_base && dln_text_kind(code) == DLN_TEXT_COMBINING) {
            if (!ascii && marks++ < MARKS_MAX) {
                char bytes[4];
                dln_strbuf_add_len(out, bytes, dln_text_encode(code, bytes));
                if (width <= cut_width) cut_at = out->len;
            }
            continue;
        }
        const struct piece piece = make_piece(code, ascii);
        if (piece.width > max_width - width) {
            dln_strbuf_cut(out, cut_at);
            char bytes[4];
            if (ascii) {
                dln_strbuf_add_len(out, "..", max_width < dots ? max_width : dots);
            } else if (max_width >= dots) {
                dln_strbuf_add_len(out, bytes, dln_text_encode(ELLIPSIS, bytes));
            }
            return;
        }
        dln_strbuf_add_len(out, piece.bytes, piece.len);
        width += piece.width;
        has_base = true;
        marks = 0;
        if (width <= cut_width) cut_at = out->len;
    }
}
