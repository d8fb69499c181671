#include "dialin/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/num.h"

static void before(struct dln_json_writer *w)
{
    if (w->needs_comma) dln_strbuf_add(w->out, ", ");
    w->needs_comma = true;
}

static void open_bracket(struct dln_json_writer *w, char c)
{
    before(w);
    dln_strbuf_add_char(w->out, c);
    w->needs_comma = false;
}

static void close_bracket(struct dln_json_writer *w, char c)
{
    dln_strbuf_add_char(w->out, c);
    w->needs_comma = true;
}

void dln_json_object(struct dln_json_writer *w)
{
    open_bracket(w, '{');
}

void dln_json_end_object(struct dln_json_writer *w)
{
    close_bracket(w, '}');
}

void dln_json_array(struct dln_json_writer *w)
{
    open_bracket(w, '[');
}

void dln_json_end_array(struct dln_json_writer *w)
{
    close_bracket(w, ']');
}

/* Length of the UTF-8 sequence at text and its code point; U+FFFD and 1 byte where it is invalid. */
static size_t decode_utf8(const unsigned char *text, uint32_t *code)
{
    const unsigned char c = text[0];
    *code = 0xFFFD;
    if (c < 0x80) {
        *code = c;
        return 1;
    }
    const size_t len = c >= 0xF0 && c <= 0xF4 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 0;
    if (len == 0 || c > 0xF4) return 1;
    uint32_t sum = c & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xC0) != 0x80) return 1;
        sum = (sum << 6) | (text[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (sum < least[len] || sum > 0x10FFFF || (sum >= 0xD800 && sum <= 0xDFFF)) return 1;
    *code = sum;
    return len;
}

static void add_string(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add_char(out, '"');
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        uint32_t code;
        p += decode_utf8(p, &code);
        if (code == '"' || code == '\\') {
            dln_strbuf_add_char(out, '\\');
            dln_strbuf_add_char(out, (char)code);
        } else if (code >= 0x20 && code < 0x7F) {
            dln_strbuf_add_char(out, (char)code);
        } else if (code == '\n') {
            dln_strbuf_add(out, "\\n");
        } else if (code == '\t') {
            dln_strbuf_add(out, "\\t");
        } else if (code == '\r') {
            dln_strbuf_add(out, "\\r");
        } else if (code == '\b') {
            dln_strbuf_add(out, "\\b");
        } else if (code == '\f') {
            dln_strbuf_add(out, "\\f");
        } else if (code == 0x7F) {
            dln_strbuf_add_char(out, 0x7F);
        } else if (code < 0x10000) {
            dln_strbuf_addf(out, "\\u%04" PRIx32, code);
        } else {
            code -= 0x10000;
            dln_strbuf_addf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD800 + (code >> 10),
                            0xDC00 + (code & 0x3FF));
        }
    }
    dln_strbuf_add_char(out, '"');
}

void dln_json_key(struct dln_json_writer *w, const char *key)
{
    before(w);
    add_string(w->out, key);
    dln_strbuf_add(w->out, ": ");
    w->needs_comma = false;
}

void dln_json_string(struct dln_json_writer *w, const char *text)
{
    before(w);
    if (text) {
        add_string(w->out, text);
    } else {
        dln_strbuf_add(w->out, "null");
    }
}

void dln_json_int(struct dln_json_writer *w, int64_t value)
{
    before(w);
    dln_strbuf_addf(w->out, "%" PRId64, value);
}

void dln_json_bool(struct dln_json_writer *w, bool value)
{
    before(w);
    dln_strbuf_add(w->out, value ? "true" : "false");
}

void dln_json_null(struct dln_json_writer *w)
{
    before(w);
    dln_strbuf_add(w->out, "null");
}

void dln_json_double(struct dln_json_writer *w, double value)
{
    before(w);
    if (!isfinite(value)) {
        dln_strbuf_add(w->out, "null");
        return;
    }
    char text[DLN_NUM_TEXT_MAX];
    dln_strbuf_add_len(w->out, text, dln_num_repr(value, text));
}

void dln_json_raw(struct dln_json_writer *w, const char *json)
{
    before(w);
    dln_strbuf_add(w->out, json);
}

void dln_json_value(struct dln_json_writer *w, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: {
        dln_json_object(w);
        /* jansson's iterator wants a mutable object but does not change it */
        json_t *object = (json_t *)(uintptr_t)value;
        const char *key;
        json_t *member;
        json_object_foreach(object, key, member)
        {
            dln_json_key(w, key);
            dln_json_value(w, member);
        }
        dln_json_end_object(w);
        break;
    }
    case JSON_ARRAY:
        dln_json_array(w);
        for (size_t i = 0; i < json_array_size(value); i++) {
            dln_json_value(w, json_array_get(value, i));
        }
        dln_json_end_array(w);
        break;
    case JSON_STRING: dln_json_string(w, json_string_value(value)); break;
    case JSON_INTEGER: dln_json_int(w, json_integer_value(value)); break;
    case JSON_REAL: dln_json_double(w, json_real_value(value)); break;
    case JSON_TRUE: dln_json_bool(w, true); break;
    case JSON_FALSE: dln_json_bool(w, false); break;
    case JSON_NULL: dln_json_null(w); break;
    }
}
