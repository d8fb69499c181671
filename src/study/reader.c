/* Errors with their place, tables of keys. */
#include "study/reader.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dialin/nearest.h"
#include "study/scalar.h"

/* ── errors and warnings ───────────────────────────────────────────────────────────────────────*/

static void write_place(const struct dln_reader *r, unsigned line, unsigned column, char *out,
                        size_t size)
{
    const char *colon = r->path[0] == '\0' ? "" : ":";
    if (snprintf(out, size, "%.400s%s%u:%u", r->path, colon, line, column) < 0) out[0] = '\0';
}

static bool fail_place(struct dln_reader *r, unsigned line, unsigned column, const char *sentence)
{
    char place[500];
    write_place(r, line, column, place, sizeof place);
    return dln_fail(r->err, DLN_INVALID, "%s: %s", place, sentence);
}

bool dln_read_fail(struct dln_reader *r, const struct dln_node *at, const char *format, ...)
{
    char sentence[600];
    va_list args;
    va_start(args, format);
    if (vsnprintf(sentence, sizeof sentence, format, args) < 0) sentence[0] = '\0';
    va_end(args);
    return fail_place(r, at->line, at->column, sentence);
}

bool dln_read_no_memory(struct dln_reader *r)
{
    return dln_fail(r->err, DLN_NOMEM, "out of memory");
}

bool dln_read_fail_inside(struct dln_reader *r, const struct dln_node *at, size_t offset,
                          const char *format, ...)
{
    char sentence[600];
    va_list args;
    va_start(args, format);
    if (vsnprintf(sentence, sizeof sentence, format, args) < 0) sentence[0] = '\0';
    va_end(args);
    unsigned column = at->column;
    if (at->is_exact) {
        column += !at->is_plain;
        for (size_t i = 0; i < offset && at->text[i]; i++) {
            column += ((unsigned char)at->text[i] & 0xC0) != 0x80;
        }
    }
    return fail_place(r, at->line, column, sentence);
}

bool dln_read_warn(struct dln_reader *r, const struct dln_node *at, const char *format, ...)
{
    struct dln_study *study = r->study;
    char sentence[600];
    va_list args;
    va_start(args, format);
    if (vsnprintf(sentence, sizeof sentence, format, args) < 0) sentence[0] = '\0';
    va_end(args);
    char place[500];
    write_place(r, at->line, at->column, place, sizeof place);

    if (study->n_warnings == r->warnings_cap) {
        const size_t cap = r->warnings_cap ? r->warnings_cap * 2 : 8;
        const char **more = DLN_ARENA_ARRAY(r->arena, const char *, cap);
        if (!more) return dln_read_no_memory(r);
        for (size_t i = 0; i < study->n_warnings; i++)
            more[i] = r->warnings[i];
        r->warnings = more;
        r->warnings_cap = cap;
        study->warnings = more;
    }
    const char *warning = dln_arena_printf(r->arena, "%s: %s", place, sentence);
    if (!warning) return dln_read_no_memory(r);
    r->warnings[study->n_warnings++] = warning;
    return true;
}

/* ── tables of keys ────────────────────────────────────────────────────────────────────────────*/

/* Sections of the top level, to tell where a key that stands in the wrong one belongs. */
static const struct {
    const char *name;
    const struct dln_field *fields;
} sections[] = {
    {"machine", dln_machine_fields}, {"budget", dln_budget_fields}, {"failure", dln_failure_fields},
    {"confirm", dln_confirm_fields}, {"repeat", dln_repeat_fields}, {"config", dln_config_fields},
};

static bool has_field(const struct dln_field *fields, const char *name)
{
    for (; fields->name; fields++) {
        if (strcmp(fields->name, name) == 0) return true;
    }
    return false;
}

static bool fail_unknown(struct dln_reader *r, const struct dln_node *key, const char *section,
                         const struct dln_field *fields)
{
    struct dln_nearest nearest = {.wanted = key->text};
    for (const struct dln_field *field = fields; field->name; field++) {
        dln_nearest_offer(&nearest, field->name);
    }
    const char *where = section ? " in " : "";
    const char *what = section ? section : "";
    if (nearest.best && nearest.distance <= 2) {
        return dln_read_fail(r, key, "unknown key '%.80s'%s%s; did you mean '%s'?", key->text,
                             where, what, nearest.best);
    }
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (sections[i].fields == fields || !has_field(sections[i].fields, key->text)) continue;
        return dln_read_fail(r, key, "unknown key '%.80s'%s%s; it belongs in '%s'", key->text,
                             where, what, sections[i].name);
    }
    if (nearest.best) {
        return dln_read_fail(r, key, "unknown key '%.80s'%s%s; did you mean '%s'?", key->text,
                             where, what, nearest.best);
    }
    struct dln_strbuf list = {0};
    for (const struct dln_field *field = fields; field->name; field++) {
        dln_strbuf_addf(&list, "%s%s", list.len > 0 ? ", " : "", field->name);
    }
    if (dln_strbuf_ok(&list)) {
        dln_read_fail(r, key, "unknown key '%.80s'%s%s; there are: %s", key->text, where, what,
                      dln_strbuf_text(&list));
    } else {
        dln_read_no_memory(r);
    }
    dln_strbuf_release(&list);
    return false;
}

static bool read_ms(struct dln_reader *r, const struct dln_node *value, const char *name,
                    double *seconds)
{
    if (value->kind != DLN_NODE_SCALAR || !dln_duration_parse(value->text, seconds)) {
        return dln_read_fail(r, value, "'%s' is a duration such as 90s, 10m, 2h or 1d", name);
    }
    if (*seconds <= 0) return dln_read_fail(r, value, "'%s' must be above 0", name);
    if (*seconds > 1e9) return dln_read_fail(r, value, "'%s' is longer than 30 years", name);
    return true;
}

static bool read_bytes(struct dln_reader *r, const struct dln_node *value, const char *name,
                       int64_t *bytes)
{
    if (value->kind != DLN_NODE_SCALAR || !dln_size_parse(value->text, bytes)) {
        return dln_read_fail(r, value, "'%s' is a size such as 500MB or 16GB", name);
    }
    if (*bytes <= 0) return dln_read_fail(r, value, "'%s' must be above 0", name);
    return true;
}

static bool read_real(struct dln_reader *r, const struct dln_field *field,
                      const struct dln_node *value, double *out)
{
    double number;
    if (!dln_read_number(r, value, field->name, &number)) return false;
    if (number < field->low || number > field->high) {
        if (field->high >= HUGE_VAL) {
            return dln_read_fail(r, value, "'%s' must be above 0", field->name);
        }
        return dln_read_fail(r, value, "'%s' must lie between %g and %g", field->name, field->low,
                             field->high);
    }
    *out = number;
    return true;
}

static bool read_field(struct dln_reader *r, const struct dln_field *field,
                       const struct dln_node *key, const struct dln_node *value, char *target)
{
    void *at = target + field->offset;
    double number = 0;
    switch (field->kind) {
    case DLN_FIELD_NODE: *(const struct dln_node **)at = value; return true;
    case DLN_FIELD_TRUTH: return dln_read_truth(r, value, field->name, at);
    case DLN_FIELD_COUNT:
        if (!dln_read_whole(r, value, field->name, field->low, field->high, &number)) return false;
        *(int *)at = (int)number;
        return true;
    case DLN_FIELD_COUNT64:
        if (!dln_read_whole(r, value, field->name, field->low, field->high, &number)) return false;
        *(int64_t *)at = (int64_t)number;
        return true;
    case DLN_FIELD_REAL: return read_real(r, field, value, at);
    case DLN_FIELD_SECONDS: return read_ms(r, value, field->name, at);
    case DLN_FIELD_MS:
        if (!read_ms(r, value, field->name, &number)) return false;
        *(int64_t *)at = (int64_t)ceil(number * 1000);
        return true;
    case DLN_FIELD_BYTES: return read_bytes(r, value, field->name, at);
    case DLN_FIELD_TEXT: return dln_read_text(r, value, field->name, at);
    case DLN_FIELD_WORD: return dln_read_word(r, value, field->name, field->words, at);
    case DLN_FIELD_COMMAND: return dln_read_words(r, value, field->name, at);
    case DLN_FIELD_FUNCTION: return field->read(r, key, value);
    }
    return true;
}

bool dln_read_map(struct dln_reader *r, const struct dln_node *map, const char *section,
                  const struct dln_field *fields, void *target)
{
    for (const struct dln_node *key = map->first; key; key = key->next->next) {
        const struct dln_field *field = fields;
        while (field->name && strcmp(field->name, key->text) != 0)
            field++;
        if (!field->name) return fail_unknown(r, key, section, fields);
        if (!read_field(r, field, key, key->next, target)) return false;
    }
    return true;
}
