#include "dialin/json.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/num.h"
#include "dialin/text.h"

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

static void add_string(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add_char(out, '"');
    for (size_t left = strlen(text); left > 0;) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, left, &code);
        text += eaten;
        left -= eaten;
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
