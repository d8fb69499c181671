/*
 * A growing string. Sticky: appends after a failed allocation do nothing, and the failure is
 * reported once, by dln_strbuf_take() or dln_strbuf_ok(). `= {0}` is an empty buffer.
 * `data` is always NUL-terminated once anything was added; dln_strbuf_text() never gives NULL.
 */
#ifndef DIALIN_STRBUF_H
#define DIALIN_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"
#include "dialin/export.h"

struct dln_strbuf {
    char *data;
    size_t len; /* bytes without the NUL */
    size_t cap;
    bool failed;
};

DLN_API void dln_strbuf_release(struct dln_strbuf *buf);
/* Empties it, keeps the memory, forgets a failure. */
DLN_API void dln_strbuf_reset(struct dln_strbuf *buf);

DLN_API void dln_strbuf_add(struct dln_strbuf *buf, const char *text);
DLN_API void dln_strbuf_add_len(struct dln_strbuf *buf, const char *bytes, size_t len);
DLN_API void dln_strbuf_add_char(struct dln_strbuf *buf, char c);
DLN_API void dln_strbuf_addf(struct dln_strbuf *buf, const char *format, ...) DLN_PRINTF(2, 3);
DLN_API void dln_strbuf_addv(struct dln_strbuf *buf, const char *format, va_list args)
    DLN_PRINTF(2, 0);
/* Cuts to the first len bytes; len <= buf->len. */
DLN_API void dln_strbuf_cut(struct dln_strbuf *buf, size_t len);

/* The text so far, "" for an empty buffer; borrowed until the next change. */
DLN_API const char *dln_strbuf_text(const struct dln_strbuf *buf);
DLN_API bool dln_strbuf_ok(const struct dln_strbuf *buf);
/* Hands the text to the caller, who frees it with free(); the buffer is empty afterwards. */
DLN_API DLN_CHECK bool dln_strbuf_take(struct dln_strbuf *buf, char **out, struct dln_error *err);

#endif
