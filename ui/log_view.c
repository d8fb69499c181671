#include "log_view.h"

#include <stdlib.h>
#include <string.h>

#include "dialin/text.h"
#include "widget/dialog.h"

enum { LINE_SHOWN_MAX = 8192, ESC = 27 };

void log_view_release(struct log_view *log)
{
    free(log->start);
    *log = (struct log_view){.is_wrapped = log->is_wrapped};
}

bool log_view_set(struct log_view *log, const char *text, size_t len, uint64_t revision)
{
    if (log->revision == revision) return true;
    log->n_lines = 0;
    for (size_t at = 0; at < len;) {
        if (log->n_lines == log->cap) {
            const size_t cap = log->cap ? log->cap * 2 : 256;
            uint32_t *grown = realloc(log->start, cap * sizeof *grown);
            if (!grown) return false;
            log->start = grown;
            log->cap = cap;
        }
        log->start[log->n_lines++] = (uint32_t)at;
        const char *end = memchr(text + at, '\n', len - at);
        at = end ? (size_t)(end - text) + 1 : len;
    }
    log->revision = revision;
    if (log->top >= log->n_lines) log->top = log->n_lines > 0 ? log->n_lines - 1 : 0;
    return true;
}

/* ── one line ──────────────────────────────────────────────────────────────────────────────────*/

/* Length of the escape sequence at text[0], which is ESC; at least 1. */
static size_t escape_length(const char *text, size_t len)
{
    if (len < 2) return 1;
    size_t i = 2;
    if (text[1] == '[') {
        while (i < len && (unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x40)
            i++;
        return i < len ? i + 1 : len;
    }
    if (text[1] == ']') {
        while (i < len && text[i] != '\007' && text[i] != ESC)
            i++;
        if (i < len && text[i] == ESC) i++;
        return i < len ? i + 1 : len;
    }
    return 2;
}

void log_line_clean(struct dln_strbuf *out, const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len > LINE_SHOWN_MAX) len = LINE_SHOWN_MAX;
    size_t from = 0;
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '\r') from = i + 1;
    }
    for (size_t i = from; i < len;) {
        if (line[i] == ESC) {
            i += escape_length(line + i, len - i);
        } else if (line[i] == '\t') {
            dln_strbuf_add(out, "    ");
            i++;
        } else {
            dln_strbuf_add_char(out, line[i++]);
        }
    }
}

static size_t line_length(const struct log_view *log, size_t line, size_t len)
{
    const size_t end = line + 1 < log->n_lines ? log->start[line + 1] : len;
    return end - log->start[line];
}

/* Columns of a cleaned line, all of it. */
static int rows_of(const struct log_view *log, const char *text, size_t len, size_t line, int width)
{
    if (!log->is_wrapped) return 1;
    struct dln_strbuf clean = {0};
    log_line_clean(&clean, text + log->start[line], line_length(log, line, len));
    struct cells none = {0};
    const int rows =
        wrap_draw(&none, (struct rect){0, 0, 0, width}, ROLE_TEXT, dln_strbuf_text(&clean), 0);
    dln_strbuf_release(&clean);
    return rows < 1 ? 1 : rows;
}

/* Skips `left` columns of a text. */
static const char *skip_columns(const char *text, int left)
{
    int col = 0;
    while (*text && col < left) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, strlen(text), &code);
        col += dln_text_char_width(code);
        text += eaten;
    }
    return text;
}

/* ── the rectangle ─────────────────────────────────────────────────────────────────────────────*/

void log_view_draw(struct log_view *log, struct cells *cells, struct rect rect, const char *text,
                   size_t len)
{
    log->page = rect.rows;
    if (log->n_lines == 0) return;
    size_t top = log->top;
    if (!log->is_parked) { /* as many of the last lines as fit */
        int rows = 0;
        top = log->n_lines;
        while (top > 0 && rows < rect.rows) {
            top--;
            rows += rows_of(log, text, len, top, rect.cols);
        }
        if (rows > rect.rows && top + 1 < log->n_lines) top++;
        log->top = top;
    }
    int row = 0;
    for (size_t line = top; line < log->n_lines && row < rect.rows; line++) {
        struct dln_strbuf clean = {0};
        log_line_clean(&clean, text + log->start[line], line_length(log, line, len));
        const char *shown = dln_strbuf_text(&clean);
        const enum role role = line + 1 == log->found ? ROLE_LOG_MATCH : ROLE_TEXT;
        if (log->is_wrapped) {
            const struct rect rest = {rect.row + row, rect.col, rect.rows - row, rect.cols};
            const int used = wrap_draw(cells, rest, role, shown, 0);
            row += used < 1 ? 1 : used;
        } else {
            (void)cells_text(cells, rect.row + row, rect.col, rect.cols, role,
                             skip_columns(shown, log->left));
            row++;
        }
        dln_strbuf_release(&clean);
    }
}

void log_view_scroll(struct log_view *log, int lines)
{
    if (log->n_lines == 0) return;
    const int64_t last = (int64_t)log->n_lines - 1;
    int64_t top = (int64_t)log->top + lines;
    const int64_t lowest = log->is_wrapped ? last : last - log->page + 1;
    log->is_parked = true;
    if (top >= lowest) {
        top = lowest;
        if (lines > 0) log->is_parked = false; /* at the end: follows again */
    }
    log->top = top < 0 ? 0 : (size_t)top;
}

void log_view_go(struct log_view *log, bool to_end)
{
    log->is_parked = !to_end;
    log->top = 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool holds(const char *line, size_t len, const char *needle)
{
    const size_t n = strlen(needle);
    for (size_t i = 0; n > 0 && i + n <= len; i++) {
        size_t k = 0;
        while (k < n && lower(line[i + k]) == lower(needle[k]))
            k++;
        if (k == n) return true;
    }
    return false;
}

bool log_view_find(struct log_view *log, const char *text, size_t len, int step)
{
    const int64_t n = (int64_t)log->n_lines;
    int64_t line = log->found > 0 ? (int64_t)log->found - 1 : (int64_t)log->top - step;
    for (int64_t i = 0; i < n; i++) {
        line = (line + step + n) % n;
        const size_t at = (size_t)line;
        if (!holds(text + log->start[at], line_length(log, at, len), log->needle)) continue;
        log->found = at + 1;
        log->is_parked = true;
        const int64_t top = line - log->page / 2;
        log->top = top > 0 ? (size_t)top : 0;
        return true;
    }
    return false;
}
