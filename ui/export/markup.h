/* Foreign text inside HTML and Markdown: made harmless first, then escaped. */
#ifndef UI_EXPORT_MARKUP_H
#define UI_EXPORT_MARKUP_H

#include <stdint.h>

#include "dialin/strbuf.h"

void html_text(struct dln_strbuf *out, const char *text); /* also inside "attributes" */
/* Several lines: line feeds stay, each line is made harmless. */
void html_lines(struct dln_strbuf *out, const char *text);
/* Nothing in it is Markdown any more, and it stays in its table cell. */
void markdown_text(struct dln_strbuf *out, const char *text);

/* "2026-11-24 15:38:40", local: a page is read on other days. */
void document_time(struct dln_strbuf *out, int64_t wall_us);

#endif
