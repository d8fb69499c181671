#include "dialin/strbuf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dln_strbuf_release(struct dln_strbuf *buf)
{
    if (!buf) return;
    free(buf->data);
    *buf = (struct dln_strbuf){0};
}

void dln_strbuf_reset(struct dln_strbuf *buf)
{
    buf->len = 0;
    buf->failed = false;
    if (buf->data) buf->data[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static bool reserve(struct dln_strbuf *buf, size_t more)
{
    if (buf->failed) return false;
    if (more < buf->cap && buf->len < buf->cap - more) return true;
    if (more > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4) {
        buf->failed = true;
        return false;
    }
    size_t cap = buf->cap ? buf->cap * 2 : 64;
    while (cap <= buf->len + more) cap *= 2;
    char *data = realloc(buf->data, cap);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->cap = cap;
    return true;
}

void dln_strbuf_add_len(struct dln_strbuf *buf, const char *bytes, size_t len)
{
    if (!reserve(buf, len)) return;
    if (len > 0) memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void dln_strbuf_add(struct dln_strbuf *buf, const char *text)
{
    dln_strbuf_add_len(buf, text, strlen(text));
}

void dln_strbuf_add_char(struct dln_strbuf *buf, char c)
{
    dln_strbuf_add_len(buf, &c, 1);
}

void dln_strbuf_addv(struct dln_strbuf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0) {
        buf->failed = true;
        return;
    }
    if (!reserve(buf, (size_t)len)) return;
    if (vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args) != len) {
        buf->failed = true;
        return;
    }
    buf->len += (size_t)len;
}

void dln_strbuf_addf(struct dln_strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(buf, format, args);
    va_end(args);
}

void dln_strbuf_cut(struct dln_strbuf *buf, size_t len)
{
    if (len >= buf->len) return;
    buf->len = len;
    buf->data[len] = '\0';
}

const char *dln_strbuf_text(const struct dln_strbuf *buf)
{
    return buf->data ? buf->data : "";
}

bool dln_strbuf_ok(const struct dln_strbuf *buf)
{
    return !buf->failed;
}

bool dln_strbuf_take(struct dln_strbuf *buf, char **out, struct dln_error *err)
{
    dln_strbuf_add_len(buf, "", 0); /* an empty buffer becomes "" */
    if (buf->failed) {
        dln_strbuf_release(buf);
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    *out = buf->data;
    *buf = (struct dln_strbuf){0};
    return true;
}
