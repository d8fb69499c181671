#include "widget/kept.h"

#include <stdlib.h>
#include <string.h>

static bool is_inside(const struct cells *cells, struct rect rect)
{
    return rect.row >= 0 && rect.col >= 0 && rect.rows > 0 && rect.cols > 0 &&
           rect.row + rect.rows <= cells->rows && rect.col + rect.cols <= cells->cols;
}

static struct cell *row_of(const struct cells *cells, struct rect rect, int row)
{
    return cells->cell + (size_t)(rect.row + row) * (size_t)cells->cols + (size_t)rect.col;
}

bool kept_show(const struct kept *kept, struct cells *cells, struct rect rect,
               const uint64_t facts[KEPT_FACTS])
{
    const bool is_same = kept->is_filled && kept->level == cells->level &&
                         kept->rect.row == rect.row && kept->rect.col == rect.col &&
                         kept->rect.rows == rect.rows && kept->rect.cols == rect.cols &&
                         memcmp(kept->facts, facts, sizeof kept->facts) == 0;
    if (!is_same || !is_inside(cells, rect)) return false;
    const size_t width = (size_t)rect.cols;
    for (int i = 0; i < rect.rows; i++) {
        memcpy(row_of(cells, rect, i), kept->cell + (size_t)i * width, width * sizeof *kept->cell);
    }
    return true;
}

void kept_take(struct kept *kept, const struct cells *cells, struct rect rect,
               const uint64_t facts[KEPT_FACTS])
{
    kept->is_filled = false;
    if (!is_inside(cells, rect)) return;
    const size_t width = (size_t)rect.cols;
    const size_t n = width * (size_t)rect.rows;
    if (n > kept->cap) {
        struct cell *grown = realloc(kept->cell, n * sizeof *grown);
        if (!grown) return;
        kept->cell = grown;
        kept->cap = n;
    }
    for (int i = 0; i < rect.rows; i++) {
        memcpy(kept->cell + (size_t)i * width, row_of(cells, rect, i), width * sizeof *kept->cell);
    }
    kept->is_filled = true;
    kept->level = cells->level;
    kept->rect = rect;
    memcpy(kept->facts, facts, sizeof kept->facts);
}

void kept_forget(struct kept *kept)
{
    kept->is_filled = false;
}

void kept_release(struct kept *kept)
{
    free(kept->cell);
    *kept = (struct kept){0};
}
