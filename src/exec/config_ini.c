/*
 * The values of an INI file, as Python's configparser and most others read it: [section], `key =
 * value` or `key: value`, comments on lines of their own that begin with # or ;. Lines that are
 * indented deeper go on with a value. A value's name is section.key, or key alone before any
 * section and in [DEFAULT], whose values hold in all others.
 */
#include <string.h>

#include "exec/config_slots.h"

struct line {
    size_t start, end; /* without the line's end and blanks before it */
    size_t next;       /* where the following line begins */
    size_t indent;
};

static struct line line_at(const char *text, size_t len, size_t at)
{
    struct line line = {.start = at, .end = at};
    while (line.end < len && text[line.end] != '\n')
        line.end++;
    line.next = line.end < len ? line.end + 1 : len;
    while (line.start < line.end && (text[line.start] == ' ' || text[line.start] == '\t'))
        line.start++;
    line.indent = line.start - at;
    while (line.end > line.start && strchr(" \t\r", text[line.end - 1]))
        line.end--;
    return line;
}

static bool is_comment(const char *text, const struct line *line)
{
    return line->start < line->end && (text[line->start] == '#' || text[line->start] == ';');
}

/* Where a value ends that goes on over deeper lines; comments between them are passed over. */
static size_t value_end(const char *text, size_t len, const struct line *first, size_t *next)
{
    size_t end = first->end;
    *next = first->next;
    for (size_t at = first->next; at < len;) {
        const struct line line = line_at(text, len, at);
        const bool is_empty = line.start == line.end;
        if (!is_empty && !is_comment(text, &line)) {
            if (line.indent <= first->indent) break;
            end = line.end;
            *next = line.next;
        }
        at = line.next;
    }
    return end;
}

static bool add_option(const char *text, size_t len, const struct line *line, const char *section,
                       size_t section_len, struct dln_slots *slots, size_t *next)
{
    size_t key_end = line->start;
    while (key_end < line->end && text[key_end] != '=' && text[key_end] != ':')
        key_end++;
    size_t start = key_end + (key_end < line->end);
    while (start < line->end && strchr(" \t", text[start]))
        start++;
    const size_t end = value_end(text, len, line, next);
    const bool has_delimiter = key_end < line->end;
    while (key_end > line->start && strchr(" \t", text[key_end - 1]))
        key_end--;
    const struct dln_slot slot = {
        .name = dln_arena_printf(slots->arena, "%.*s%s%.*s", (int)section_len, section,
                                 section_len > 0 ? "." : "", (int)(key_end - line->start),
                                 text + line->start),
        .start = start,
        .end = end,
        .trouble = has_delimiter ? NULL : "it has no '='",
    };
    return slot.name && dln_slots_add(slots, &slot) != SIZE_MAX;
}

bool dln_config_scan_ini(const char *title, const char *text, size_t len, struct dln_slots *slots,
                         struct dln_error *err)
{
    const char *section = "";
    size_t section_len = 0;
    size_t next = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (next < len) {
        const struct line line = line_at(text, len, next);
        next = line.next;
        if (line.start == line.end || is_comment(text, &line)) continue;
        if (text[line.start] != '[') {
            if (add_option(text, len, &line, section, section_len, slots, &next)) continue;
            return dln_fail(err, DLN_NOMEM, "out of memory");
        }
        size_t close = line.end;
        while (close > line.start && text[close - 1] != ']')
            close--;
        if (close < line.start + 2) {
            return dln_slots_fail(title, text, line.start, err, "the section is not closed by ']'");
        }
        section = text + line.start + 1;
        section_len = close - line.start - 2;
        if (section_len == 7 && strncmp(section, "DEFAULT", 7) == 0) section_len = 0;
    }
    return true;
}
