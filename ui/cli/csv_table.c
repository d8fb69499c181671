#include "cli/csv_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 4096 };

static bool read_bytes(const char *path, char **out, size_t *len, struct dln_error *err)
{
    FILE *const file = fopen(path, "rb");
    if (!file) {
        dln_fail_errno(err, errno, "open '%s'", path);
        if (err && errno == ENOENT) err->code = DLN_NOT_FOUND;
        return false;
    }
    char *bytes = NULL;
    size_t n = 0, cap = 0;
    bool ok = true;
    while (ok) {
        if (n + 1 >= cap) {
            cap = cap ? cap * 2 : (size_t)64 * 1024;
            char *const moved = cap <= CSV_BYTES_MAX ? realloc(bytes, cap) : NULL;
            ok = moved || dln_fail(err, DLN_NOMEM, "'%s' is too large to read at once", path);
            if (!ok) break;
            bytes = moved;
        }
        const size_t got = fread(bytes + n, 1, cap - n - 1, file);
        if (got == 0) break;
        n += got;
    }
    if (ok && ferror(file)) ok = dln_fail_errno(err, errno, "read '%s'", path);
    fclose(file);
    if (!ok) {
        free(bytes);
        return false;
    }
    bytes[n] = '\0';
    *out = bytes;
    *len = n;
    return true;
}

struct scanner {
    const char *path;
    char *at, *end;
    size_t line;
};

/* One cell, unquoted in place; *ends_row at the end of a line. */
static bool scan_cell(struct scanner *s, const char **out, bool *ends_row, struct dln_error *err)
{
    char *to = s->at;
    *out = s->at;
    if (*s->at == '"') {
        const size_t first = s->line;
        s->at++;
        for (;;) {
            if (s->at == s->end) {
                return dln_fail(err, DLN_INVALID, "%s:%zu: a quote that begins here does not end",
                                s->path, first);
            }
            if (*s->at == '"' && s->at[1] == '"') {
                s->at++;
            } else if (*s->at == '"') {
                break;
            }
            s->line += *s->at == '\n';
            *to++ = *s->at++;
        }
        s->at++;
    }
    while (s->at < s->end && *s->at != ',' && *s->at != '\n') {
        if (*s->at != '\r') *to++ = *s->at;
        s->at++;
    }
    *ends_row = s->at == s->end || *s->at == '\n';
    if (s->at < s->end) {
        s->line += *s->at == '\n';
        s->at++;
    }
    *to = '\0';
    if (**out == '\'' && (*out)[1] && strchr("=+-@\t\r", (*out)[1])) ++*out;
    return true;
}

static bool push(struct csv_table *table, const char *cell, size_t used)
{
    if (used == table->cap) {
        const size_t cap = table->cap ? table->cap * 2 : 1024;
        const char **const moved = realloc((void *)table->cells, cap * sizeof *moved);
        if (!moved) return false;
        table->cells = moved;
        table->cap = cap;
    }
    table->cells[used] = cell;
    return true;
}

static bool push_line(struct csv_table *table, size_t line)
{
    if (table->n_rows == table->cap_lines) {
        const size_t cap = table->cap_lines ? table->cap_lines * 2 : 256;
        size_t *const moved = realloc(table->lines, cap * sizeof *moved);
        if (!moved) return false;
        table->lines = moved;
        table->cap_lines = cap;
    }
    table->lines[table->n_rows++] = line;
    return true;
}

static bool scan_titles(struct scanner *s, struct csv_table *table, struct dln_error *err)
{
    bool ends_row = false;
    table->titles = DLN_ARENA_ARRAY(&table->arena, const char *, COLUMNS_MAX);
    if (!table->titles) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (s->end - s->at >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0) s->at += 3;
    while (!ends_row) {
        if (table->n_columns == COLUMNS_MAX) {
            return dln_fail(err, DLN_INVALID, "%s:1: more than %d columns", s->path, COLUMNS_MAX);
        }
        if (!scan_cell(s, &table->titles[table->n_columns++], &ends_row, err)) return false;
    }
    return true;
}

static bool scan_rows(struct scanner *s, struct csv_table *table, struct dln_error *err)
{
    size_t used = 0;
    while (s->at < s->end) {
        const size_t line = s->line;
        bool ends_row = false;
        size_t column = 0;
        const char *cell = "";
        while (!ends_row) {
            if (!scan_cell(s, &cell, &ends_row, err)) return false;
            if (column == 0 && ends_row && !cell[0]) break; /* an empty line */
            if (column == table->n_columns) {
                return dln_fail(err, DLN_INVALID, "%s:%zu: more cells than the %zu titles", s->path,
                                line, table->n_columns);
            }
            if (!push(table, cell, used++)) return dln_fail(err, DLN_NOMEM, "out of memory");
            column++;
        }
        if (column == 0) continue;
        for (; column < table->n_columns; column++) {
            if (!push(table, "", used++)) return dln_fail(err, DLN_NOMEM, "out of memory");
        }
        if (!push_line(table, line)) return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    return true;
}

bool csv_table_read(const char *path, struct csv_table *out, struct dln_error *err)
{
    size_t len = 0;
    *out = (struct csv_table){0};
    if (!read_bytes(path, &out->bytes, &len, err)) return false;
    struct scanner scanner = {.path = path, .at = out->bytes, .end = out->bytes + len, .line = 1};
    bool ok = len > 0 || dln_fail(err, DLN_INVALID, "'%s' is empty", path);
    if (ok && memchr(out->bytes, '\0', len)) {
        ok = dln_fail(err, DLN_INVALID, "'%s' is no text: it holds NUL bytes", path);
    }
    ok = ok && scan_titles(&scanner, out, err) && scan_rows(&scanner, out, err);
    if (!ok) csv_table_release(out);
    return ok;
}

void csv_table_release(struct csv_table *table)
{
    free((void *)table->cells);
    free(table->lines);
    free(table->bytes);
    dln_arena_release(&table->arena);
    *table = (struct csv_table){0};
}

const char *csv_cell(const struct csv_table *table, size_t row, size_t column)
{
    return table->cells[row * table->n_columns + column];
}

size_t csv_column(const struct csv_table *table, const char *title)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->titles[i], title) == 0) return i;
    }
    return SIZE_MAX;
}
