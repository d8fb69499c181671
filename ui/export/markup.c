#include "export/markup.h"

#include <stdint.h>
#include <string.h>

#include "dialin/clock.h"
#include "dialin/text.h"

static void escape_html(struct dln_strbuf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': dln_strbuf_add(out, "&amp;"); break;
        case '<': dln_strbuf_add(out, "&lt;"); break;
        case '>': dln_strbuf_add(out, "&gt;"); break;
        case '"': dln_strbuf_add(out, "&quot;"); break;
        case '\'': dln_strbuf_add(out, "&#39;"); break;
        default: dln_strbuf_add_char(out, *text);
        }
    }
}

static void shown(struct dln_strbuf *out, const char *text, size_t len,
                  void (*escape)(struct dln_strbuf *, const char *))
{
    struct dln_strbuf harmless = {0};
    dln_text_show(&harmless, text, len, SIZE_MAX, false);
    escape(out, dln_strbuf_text(&harmless));
    out->failed = out->failed || harmless.failed;
    dln_strbuf_release(&harmless);
}

void html_text(struct dln_strbuf *out, const char *text)
{
    shown(out, text, strlen(text), escape_html);
}

void html_lines(struct dln_strbuf *out, const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, "\n");
        shown(out, text, len, escape_html);
        dln_strbuf_add_char(out, '\n');
        text += len + (text[len] == '\n');
    }
}

static void escape_markdown(struct dln_strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<') {
            dln_strbuf_add(out, "&lt;");
            continue;
        }
        if (*text == '&') {
            dln_strbuf_add(out, "&amp;");
            continue;
        }
        if (strchr("\\`*_[]#|~", *text)) dln_strbuf_add_char(out, '\\');
        dln_strbuf_add_char(out, *text);
    }
}

void markdown_text(struct dln_strbuf *out, const char *text)
{
    shown(out, text, strlen(text), escape_markdown);
}

void document_time(struct dln_strbuf *out, int64_t wall_us)
{
    char text[DLN_TIME_TEXT_MAX];
    const size_t len = dln_time_format(wall_us, true, text);
    dln_strbuf_add_len(out, text, len > 19 ? 19 : len);
}
