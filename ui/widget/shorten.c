#include "widget/shorten.h"

#include <stdint.h>
#include <string.h>

#include "dialin/text.h"

/* Bytes at the start of safe text that take at most `width` columns, marks included. */
static size_t head_bytes(const char *text, size_t len, size_t width)
{
    size_t used = 0;
    size_t at = 0;
    while (at < len) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text + at, len - at, &code);
        const size_t columns = (size_t)dln_text_char_width(code);
        if (used + columns > width) break;
        used += columns;
        at += eaten;
    }
    return at;
}

/* First byte of the end of safe text that takes at most `width` columns. */
static size_t tail_start(const char *text, size_t len, size_t width)
{
    const size_t total = dln_text_width(text);
    size_t skipped = 0;
    size_t at = 0;
    while (at < len) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text + at, len - at, &code);
        const size_t columns = (size_t)dln_text_char_width(code);
        if (columns > 0 && total - skipped <= width) break;
        skipped += columns;
        at += eaten;
    }
    return at;
}

void shorten_middle(const struct cells *cells, const char *name, int width, struct dln_strbuf *out)
{
    if (width <= 0) return;
    const bool ascii = cells->level == GLYPHS_ASCII;
    struct dln_strbuf safe = {0};
    dln_text_show(&safe, name, strlen(name), SIZE_MAX, ascii);
    const char *text = dln_strbuf_text(&safe);
    const size_t limit = (size_t)width;
    const size_t dots = ascii ? 2 : 1;
    if (dln_text_width(text) <= limit) {
        dln_strbuf_add(out, text);
    } else if (limit < dots + 2) { /* no room for two ends */
        dln_text_show(out, text, safe.len, limit, ascii);
    } else {
        const size_t room = limit - dots;
        dln_strbuf_add_len(out, text, head_bytes(text, safe.len, room - room / 2));
        dln_strbuf_add(out, ascii ? ".." : "…");
        dln_strbuf_add(out, text + tail_start(text, safe.len, room / 2));
    }
    dln_strbuf_release(&safe);
}
