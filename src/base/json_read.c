/*
 * One pass before jansson: it measures the depth without recursion, and turns Python's bare NaN,
 * Infinity and -Infinity, which jansson refuses, into strings.
 */
#include "dialin/json.h"

#include <string.h>

static const char *bare_word(const char *text, size_t len)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if (len >= n && memcmp(text, words[i], n) == 0) return words[i];
    }
    return NULL;
}

static bool prepare(const char *text, size_t len, struct dln_strbuf *out, struct dln_error *err)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (in_string) {
            dln_strbuf_add_char(out, c);
            if (c == '\\' && i + 1 < len) dln_strbuf_add_char(out, text[++i]);
            if (c == '"') in_string = false;
            continue;
        }
        const char *word = bare_word(text + i, len - i);
        if (word) {
            dln_strbuf_addf(out, "\"%s\"", word);
            i += strlen(word) - 1;
            continue;
        }
        if (c == '"') in_string = true;
        if (c == '[' || c == '{') {
            if (++depth > DLN_JSON_DEPTH_MAX) {
                return dln_fail(err, DLN_INVALID, "JSON is nested deeper than %d levels",
                                DLN_JSON_DEPTH_MAX);
            }
        }
        if ((c == ']' || c == '}') && depth > 0) depth--;
        dln_strbuf_add_char(out, c);
    }
    if (!dln_strbuf_ok(out)) return dln_fail(err, DLN_NOMEM, "out of memory");
    return true;
}

bool dln_json_read(const char *text, size_t len, json_t **out, struct dln_error *err)
{
    if (len > DLN_JSON_BYTES_MAX) {
        return dln_fail(err, DLN_INVALID, "JSON text of %zu bytes is above the limit of %d", len,
                        DLN_JSON_BYTES_MAX);
    }
    struct dln_strbuf clean = {0};
    bool ok = prepare(text, len, &clean, err);
    if (ok) {
        json_error_t problem;
        json_t *value = json_loadb(dln_strbuf_text(&clean), clean.len, JSON_DECODE_ANY, &problem);
        if (value) {
            *out = value;
        } else {
            ok = dln_fail(err, DLN_INVALID, "not valid JSON at column %d: %s", problem.column,
                          problem.text);
        }
    }
    dln_strbuf_release(&clean);
    return ok;
}
