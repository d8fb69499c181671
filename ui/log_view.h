/*
 * A program's log in a rectangle: the end of it while it grows (following), or any place; cut or
 * wrapped; searched. Colour sequences of the program are taken out, and of a line that was
 * overwritten (progress bars) only what stood there last is shown. Thread: owner (ui).
 */
#ifndef UI_LOG_VIEW_H
#define UI_LOG_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "dialin/strbuf.h"

struct log_view {
    uint32_t *start; /* of each line */
    size_t n_lines, cap;
    uint64_t revision; /* of the text that was indexed */
    size_t top;        /* first line shown, while not following */
    bool is_parked;    /* not following */
    bool is_wrapped;
    int left; /* columns cut off at the left, while not wrapped */
    int page; /* rows at the last draw */
    char needle[64];
    size_t found; /* line of the last hit + 1; 0: none */
};

void log_view_release(struct log_view *log);
/* Indexes the lines anew if the revision is another one. False: out of memory. */
bool log_view_set(struct log_view *log, const char *text, size_t len, uint64_t revision);
void log_view_draw(struct log_view *log, struct cells *cells, struct rect rect, const char *text,
                   size_t len);
void log_view_scroll(struct log_view *log, int lines);
void log_view_go(struct log_view *log, bool to_end);
/* The next line, from the last hit or the top on, that holds the needle in any case of ASCII. */
bool log_view_find(struct log_view *log, const char *text, size_t len, int step);
/* One line as it is shown: without escape sequences, after the last carriage return. */
void log_line_clean(struct dln_strbuf *out, const char *line, size_t len);

#endif
