/*
 * A theme file, read event by event. The document is a mapping of scalars, mappings and sequences
 * two levels deep; anchors, tags and deeper nesting are refused, so its size bounds the work.
 */
#include "theme.h"

#include <string.h>

#include <yaml.h>

#include "color.h"
#include "dialin/nearest.h"
#include "dialin/num.h"
#include "theme_parts.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one */
    bool has_event;
    const char *file;
    struct dln_error *err;
};

/* What the file said, before missing roles are filled in. */
struct parsed {
    struct theme theme;
    bool given[ROLE_COUNT];
    char inherit[THEME_NAME_MAX];
};

static const char *const keys[] = {"name", "base", "inherit", "roles", "series", "heat"};
static const char *const attributes[] = {"fg", "bg", "bold", "dim", "underline", "reverse"};
static const char *const role_names[] = {
#define ROLE_TEXT_OF(name, text) text,
    ROLES(ROLE_TEXT_OF)
#undef ROLE_TEXT_OF
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum role role_parse(const char *text)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(text, role_names[i]) == 0) return (enum role)i;
    }
    return ROLE_COUNT;
}

const char *role_name(enum role role)
{
    return (unsigned)role < ROLE_COUNT ? role_names[role] : "";
}

/* "file:line:column: sentence", about the current event. */
#define COMPLAIN(reader, ...) (dln_fail((reader)->err, DLN_INVALID, __VA_ARGS__), located(reader))

static bool located(struct reader *reader)
{
    const yaml_mark_t mark = reader->event.start_mark;
    return dln_wrap(reader->err, "%s:%zu:%zu", reader->file, mark.line + 1, mark.column + 1);
}

static bool next(struct reader *reader)
{
    if (reader->has_event) yaml_event_delete(&reader->event);
    reader->has_event = false;
    if (!yaml_parser_parse(&reader->parser, &reader->event)) {
        const yaml_parser_t *parser = &reader->parser;
        if (parser->error == YAML_MEMORY_ERROR) return dln_fail(reader->err, DLN_NOMEM, "theme");
        return dln_fail(reader->err, DLN_INVALID, "%s:%zu:%zu: %s", reader->file,
                        parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                        parser->problem ? parser->problem : "not YAML");
    }
    reader->has_event = true;
    const yaml_event_t *event = &reader->event;
    if (event->type == YAML_ALIAS_EVENT ||
        (event->type == YAML_SCALAR_EVENT &&
         (event->data.scalar.anchor || event->data.scalar.tag)) ||
        (event->type == YAML_MAPPING_START_EVENT &&
         (event->data.mapping_start.anchor || event->data.mapping_start.tag)) ||
        (event->type == YAML_SEQUENCE_START_EVENT &&
         (event->data.sequence_start.anchor || event->data.sequence_start.tag))) {
        return COMPLAIN(reader, "anchors, aliases and tags have no place in a theme");
    }
    return true;
}

static bool expect(struct reader *reader, yaml_event_type_t type, const char *what)
{
    if (!next(reader)) return false;
    return reader->event.type == type || COMPLAIN(reader, "%s is expected here", what);
}

static const char *scalar(const struct reader *reader)
{
    return (const char *)reader->event.data.scalar.value;
}

/* Position of the current scalar among words; false names the one that was probably meant. */
static bool find_word(struct reader *reader, const char *what, const char *const *words, size_t n,
                      size_t *out)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(scalar(reader), words[i]) == 0) {
            *out = i;
            return true;
        }
    }
    const char *near = dln_nearest_word(scalar(reader), words, n);
    if (near)
        return COMPLAIN(reader, "unknown %s '%s', did you mean '%s'", what, scalar(reader), near);
    return COMPLAIN(reader, "unknown %s '%s'", what, scalar(reader));
}

static bool read_word(struct reader *reader, const char *what, const char *const *words, size_t n,
                      size_t *out)
{
    return expect(reader, YAML_SCALAR_EVENT, "a word") && find_word(reader, what, words, n, out);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = (char)(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    const char *at = c ? strchr(digits, lower) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The current scalar as a colour: default, 0–255, #rrggbb. */
static bool parse_color(struct reader *reader, int16_t *out)
{
    const char *text = scalar(reader);
    int64_t index;
    if (strcmp(text, "default") == 0) {
        *out = COLOR_DEFAULT;
        return true;
    }
    if (dln_num_parse_int(text, strlen(text), &index) && index >= 0 && index <= 255) {
        *out = (int16_t)index;
        return true;
    }
    bool is_hex = text[0] == '#' && strlen(text) == 7;
    uint8_t rgb[3] = {0};
    for (int i = 0; is_hex && i < 6; i++) {
        const int digit = hex_digit(text[1 + i]);
        if (digit < 0) is_hex = false;
        rgb[i / 2] = (uint8_t)(rgb[i / 2] << 4 | (digit & 15));
    }
    if (!is_hex) {
        return COMPLAIN(reader, "'%s' is no colour: default, 0 to 255 or \"#rrggbb\" is", text);
    }
    *out = (int16_t)color_nearest(rgb);
    return true;
}

static bool read_style(struct reader *reader, struct style *style)
{
    static const char *const truths[] = {"false", "true"};
    static const uint8_t bits[] = {0, 0, CELL_BOLD, STYLE_DIM, CELL_UNDERLINE, CELL_REVERSE};
    *style = (struct style){COLOR_DEFAULT, COLOR_DEFAULT, 0};
    if (!expect(reader, YAML_MAPPING_START_EVENT, "a mapping such as {fg: 252, bold: true}")) {
        return false;
    }
    while (next(reader) && reader->event.type != YAML_MAPPING_END_EVENT) {
        size_t which, truth;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return COMPLAIN(reader, "a word is expected here");
        if (!find_word(reader, "attribute", attributes, COUNT(attributes), &which)) return false;
        if (bits[which]) {
            if (!read_word(reader, "truth value", truths, COUNT(truths), &truth)) return false;
            if (truth) style->attrs |= bits[which];
            continue;
        }
        if (!expect(reader, YAML_SCALAR_EVENT, "a colour")) return false;
        if (!parse_color(reader, which == 0 ? &style->fg : &style->bg)) return false;
    }
    return reader->has_event;
}

static bool read_roles(struct reader *reader, struct parsed *parsed)
{
    if (!expect(reader, YAML_MAPPING_START_EVENT, "a mapping of roles")) return false;
    while (next(reader) && reader->event.type != YAML_MAPPING_END_EVENT) {
        size_t role;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return COMPLAIN(reader, "a role is expected here");
        if (!find_word(reader, "role", role_names, COUNT(role_names), &role)) return false;
        if (parsed->given[role]) return COMPLAIN(reader, "'%s' was said before", scalar(reader));
        if (!read_style(reader, &parsed->theme.style[role])) return false;
        parsed->given[role] = true;
    }
    return reader->has_event;
}

/* series: the foreground of up to four roles; heat: the background of exactly ten. */
static bool read_colors(struct reader *reader, struct parsed *parsed, enum role first, int n,
                        bool is_heat)
{
    if (!expect(reader, YAML_SEQUENCE_START_EVENT, "a list of colours")) return false;
    int i = 0;
    while (next(reader) && reader->event.type != YAML_SEQUENCE_END_EVENT) {
        int16_t color = COLOR_DEFAULT;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return COMPLAIN(reader, "a colour is expected here");
        if (i == n) return COMPLAIN(reader, "at most %d colours have a use here", n);
        if (!parse_color(reader, &color)) return false;
        struct style *style = &parsed->theme.style[first + i];
        *style = (struct style){color, COLOR_DEFAULT, 0};
        if (is_heat) {
            style->bg = color;
            style->fg = (int16_t)(color < 0 ? COLOR_DEFAULT : color_on(color));
        }
        parsed->given[first + i++] = true;
    }
    if (!reader->has_event) return false;
    return !is_heat || i == n || COMPLAIN(reader, "a heat ramp has %d colours, not %d", n, i);
}

static bool read_name(struct reader *reader, char out[THEME_NAME_MAX])
{
    if (!expect(reader, YAML_SCALAR_EVENT, "a name")) return false;
    const size_t len = reader->event.data.scalar.length;
    if (len == 0 || len >= THEME_NAME_MAX || strlen(scalar(reader)) != len) {
        return COMPLAIN(reader, "a name has 1 to %d bytes", THEME_NAME_MAX - 1);
    }
    memcpy(out, scalar(reader), len + 1);
    return true;
}

static bool read_entry(struct reader *reader, struct parsed *parsed, size_t key)
{
    static const char *const bases[] = {"any", "dark", "light"};
    static const char *const parents[] = {"base", "dusk", "paper", "neutral", "mono"};
    size_t which = 0;
    switch (key) {
    case 0: return read_name(reader, parsed->theme.name);
    case 1:
        if (!read_word(reader, "base", bases, COUNT(bases), &which)) return false;
        parsed->theme.base = (enum theme_base)which;
        return true;
    case 2:
        if (!read_word(reader, "theme", parents, COUNT(parents), &which)) return false;
        memcpy(parsed->inherit, parents[which], strlen(parents[which]) + 1);
        return true;
    case 3: return read_roles(reader, parsed);
    case 4: return read_colors(reader, parsed, ROLE_SERIES_1, 4, false);
    default: return read_colors(reader, parsed, ROLE_HEAT_0, 10, true);
    }
}

static bool read_document(struct reader *reader, struct parsed *parsed)
{
    bool seen[COUNT(keys)] = {false};
    if (!expect(reader, YAML_STREAM_START_EVENT, "YAML")) return false;
    if (!expect(reader, YAML_DOCUMENT_START_EVENT, "a theme")) return false;
    if (!expect(reader, YAML_MAPPING_START_EVENT, "a mapping with 'name' and 'roles'"))
        return false;
    while (next(reader) && reader->event.type != YAML_MAPPING_END_EVENT) {
        size_t key;
        if (reader->event.type != YAML_SCALAR_EVENT)
            return COMPLAIN(reader, "a key is expected here");
        if (!find_word(reader, "key", keys, COUNT(keys), &key)) return false;
        if (seen[key]) return COMPLAIN(reader, "'%s' was said before", keys[key]);
        seen[key] = true;
        if (!read_entry(reader, parsed, key)) return false;
    }
    if (!reader->has_event) return false;
    return expect(reader, YAML_DOCUMENT_END_EVENT, "the end of the theme") &&
           expect(reader, YAML_STREAM_END_EVENT, "the end of the file");
}

bool theme_parse(const char *text, size_t len, const char *file, struct theme *out,
                 struct dln_error *err)
{
    struct parsed parsed = {.inherit = "base"};
    struct reader reader = {.file = file, .err = err};
    if (!yaml_parser_initialize(&reader.parser)) return dln_fail(err, DLN_NOMEM, "theme");
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    const bool ok = read_document(&reader, &parsed);
    if (reader.has_event) yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    if (!ok) return false;

    theme_complete(&parsed.theme, parsed.given, parsed.inherit);
    *out = parsed.theme;
    return true;
}
