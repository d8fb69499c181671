/* A CSV file in memory: RFC 4180, with LF or CRLF, quoted cells over several lines. */
#ifndef UI_CLI_CSV_TABLE_H
#define UI_CLI_CSV_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"

#define CSV_BYTES_MAX ((size_t)512 * 1024 * 1024)

struct csv_table { /* = {0} is empty */
    struct dln_arena arena;
    char *bytes;
    size_t n_columns, n_rows, cap;
    const char **titles; /* n_columns */
    const char **cells;  /* row-major; short rows are filled with "" */
    size_t *lines;       /* of each row, in the file, from 1 */
    size_t cap_lines;
};

/* DLN_INVALID names file and line. The apostrophe that `dialin export` put before = + - @ is taken
   off again. */
DLN_CHECK bool csv_table_read(const char *path, struct csv_table *out, struct dln_error *err);
void csv_table_release(struct csv_table *table);

const char *csv_cell(const struct csv_table *table, size_t row, size_t column);
/* SIZE_MAX where there is none. */
size_t csv_column(const struct csv_table *table, const char *title);

#endif
