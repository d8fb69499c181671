#include "cli/csv.h"

#include <string.h>

#include "dialin/num.h"

static void before(struct csv *csv)
{
    if (csv->needs_comma) dln_strbuf_add_char(&csv->out, ',');
    csv->needs_comma = true;
}

static void add_text(struct dln_strbuf *line, const char *text, bool raw)
{
    const bool runs = !raw && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (!runs && !text[strcspn(text, ",\"\r\n")]) {
        dln_strbuf_add(line, text);
        return;
    }
    dln_strbuf_add(line, runs ? "\"'" : "\"");
    for (; *text; text++) {
        if (*text == '"') dln_strbuf_add_char(line, '"');
        dln_strbuf_add_char(line, *text);
    }
    dln_strbuf_add_char(line, '"');
}

void csv_text(struct csv *csv, const char *text)
{
    before(csv);
    add_text(&csv->out, text, csv->raw);
}

void csv_value(struct csv *csv, struct dln_value value)
{
    before(csv);
    char number[DLN_NUM_TEXT_MAX];
    switch (value.kind) {
    case DLN_VALUE_MISSING: break;
    case DLN_VALUE_NULL: dln_strbuf_add(&csv->out, "null"); break;
    case DLN_VALUE_BOOL: dln_strbuf_add(&csv->out, value.truth ? "true" : "false"); break;
    case DLN_VALUE_NUMBER:
        dln_strbuf_add_len(&csv->out, number, dln_num_short(value.number, number));
        break;
    case DLN_VALUE_TEXT: add_text(&csv->out, value.text, csv->raw); break;
    }
}

void csv_end_line(struct csv *csv)
{
    dln_strbuf_add(&csv->out, "\r\n");
    csv->needs_comma = false;
}
