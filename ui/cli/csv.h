/*
 * Cells of a CSV text (RFC 4180). Text whose first character is = + - @ TAB or CR gets a leading
 * apostrophe (OWASP ASVS 1.2.10), so that a spreadsheet does not run it; numbers never do.
 */
#ifndef UI_CLI_CSV_H
#define UI_CLI_CSV_H

#include <stdbool.h>

#include "dialin/expr.h"
#include "dialin/strbuf.h"

struct csv { /* = {0} is empty */
    struct dln_strbuf out;
    bool needs_comma;
    bool raw; /* no apostrophes */
};

void csv_text(struct csv *csv, const char *text);
void csv_value(struct csv *csv, struct dln_value value); /* empty when missing */
void csv_end_line(struct csv *csv);

#endif
