#include "widget/keyrow.h"

enum { GAP = 2 };

static int entry_width(const struct cells *cells, const struct keyrow_entry *entry)
{
    return cells_text_width(cells, entry->key) + 1 + cells_text_width(cells, entry->text);
}

int keyrow_draw(struct cells *cells, int row, int col, int width,
                const struct keyrow_entry *entries, int n)
{
    int kept = 0; /* columns that the kept entries will need */
    for (int i = 0; i < n; i++) {
        if (entries[i].keep) kept += entry_width(cells, &entries[i]) + GAP;
    }
    const int end = col + width;
    int at = col + 1;
    int shown = 0;
    bool is_full = false;
    for (int i = 0; i < n; i++) {
        const struct keyrow_entry *entry = &entries[i];
        const int need = entry_width(cells, entry);
        if (entry->keep) kept -= need + GAP;
        const int rest = entry->keep ? 0 : kept;
        if (!entry->keep && (is_full || at + need + rest > end)) {
            is_full = true; /* those behind it are less useful */
            continue;
        }
        if (at + need > end) continue;
        at += cells_text(cells, row, at, end - at, entry->dimmed ? ROLE_DIM : ROLE_KEY, entry->key);
        at += 1;
        at += cells_text(cells, row, at, end - at, entry->dimmed ? ROLE_DIM : ROLE_KEYBAR,
                         entry->text);
        at += GAP;
        shown++;
    }
    return shown;
}
