/*
 * Text from outside made harmless, and measured in terminal columns.
 *
 * Foreign text (names, values, program output, paths, error texts of libraries) reaches a terminal
 * or a human-readable pipe through dln_text_show() alone. Rules: invalid UTF-8 → U+FFFD; C0, DEL and
 * C1 → visible ^[ or <9B>; CR, LF, TAB → a blank or \n; bidi controls, zero-width characters, BOM,
 * tags, U+2028/9, private use and unassigned → <202E>; at most 2 combining marks a cell.
 * Idempotent: showing what was shown changes nothing.
 */
#ifndef DIALIN_TEXT_H
#define DIALIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"
#include "dialin/strbuf.h"

/* Decodes one UTF-8 sequence of text[0..len), len > 0; U+FFFD for an invalid one. Bytes eaten, ≥ 1. */
DLN_API size_t dln_text_decode(const char *text, size_t len, uint32_t *code);
DLN_API size_t dln_text_encode(uint32_t code, char out[4]); /* bytes written, no NUL */

/* Columns of a code point: 0 (combining), 1 or 2; by our own table, not the locale's. */
DLN_API int dln_text_char_width(uint32_t code);
/* May be sent to a terminal by itself: printable and not combining. */
DLN_API bool dln_text_is_plain(uint32_t code);
/* Columns of a NUL-terminated text that is already safe. */
DLN_API size_t dln_text_width(const char *text);

/*
 * Appends text, made harmless, cut to at most max_width columns (the last becomes "…", or ".." when
 * `ascii`); SIZE_MAX: no cut. `ascii` also turns everything outside 7 bits into '?'.
 */
DLN_API void dln_text_show(struct dln_strbuf *out, const char *text, size_t len, size_t max_width,
                           bool ascii);

#endif
