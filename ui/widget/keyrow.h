/* The last row: " ? help  : command  / find …", cut at the right by whole entries. */
#ifndef UI_KEYROW_H
#define UI_KEYROW_H

#include <stdbool.h>

#include "cells.h"

struct keyrow_entry {
    const char *key;  /* "?", "Enter", "← →" */
    const char *text; /* "help" */
    bool dimmed;      /* would be refused now (read-only) */
    bool keep;        /* stays when others are cut: "q back" */
};

/* Returns how many entries are shown. */
int keyrow_draw(struct cells *cells, int row, int col, int width,
                const struct keyrow_entry *entries, int n);

#endif
