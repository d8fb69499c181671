/* What the live screen's two files share: its state and its panes. */
#ifndef UI_SCREEN_LIVE_H
#define UI_SCREEN_LIVE_H

#include "detail.h"
#include "order.h"
#include "trial_table.h"
#include "view.h"
#include "widget/kept.h"

enum live_pane { PANE_TABLE, PANE_BEST, PANE_CURVES, PANE_COUNT };

struct live {
    struct order order;
    struct trial_table table;
    struct detail detail;
    struct kept best; /* the plot */
    enum live_pane focus;
    enum live_pane plot; /* that is shown where there is room for one */
    bool is_zoomed;
    bool is_following;
    bool is_at_top;  /* the person left the cursor on the first row: it stays there */
    char wanted[32]; /* looked for last */
};

/* Panes with their title rule in the first row. */
void live_draw_best(struct view *view, struct live *live, struct rect rect, bool has_focus);
void live_draw_curves(struct view *view, struct live *live, struct rect rect, bool has_focus);
/* The selected trial: why, parameters, and `n_log` last lines of its log. */
void live_draw_strip(struct view *view, struct live *live, struct rect rect);
void live_draw_workers(struct view *view, struct rect rect);
void live_draw_journal(struct view *view, struct rect rect);
/* In place of the table while there is no trial. */
void live_draw_empty(struct view *view, struct rect rect);

/* The trial screen goes through the rows of the table. */
void live_step(struct view *view, int step);

/* One line about a command, for the journal's rows. */
void journal_text(const struct dln_command *command, char *out, size_t cap);

#endif
