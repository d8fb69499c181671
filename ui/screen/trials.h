/* What the files of the table of all trials share. */
#ifndef UI_SCREEN_TRIALS_H
#define UI_SCREEN_TRIALS_H

#include "order.h"
#include "trial_table.h"
#include "view.h"

enum { HISTORY_MAX = 20, SORTS_MAX = 36 };

struct trials {
    struct order order;
    struct trial_table table;
    struct column_choices choices; /* of the person; in use as long as n > 0 */
    struct sort_by by, then;
    bool has_then, is_arranged;
    bool is_following, is_at_top;
    bool is_new;             /* nothing was done here yet: the cursor stays on the first row */
    uint64_t sieve_revision; /* of the filter when the rows were arranged */
    struct sieve found;      /* what is looked for: its rows are those not hidden */
    int64_t study_id;        /* that all this was recalled for; -1: none */
    char *path;
    bool is_recalled;                    /* what was kept of the study has come */
    char recalled_filter[LINE_EDIT_MAX]; /* to be applied once rows are there */

    /* the prompt of the filter */
    char before[LINE_EDIT_MAX]; /* what it was when the prompt opened */
    int64_t selected_before;    /* the trial under the cursor then */
    char history[HISTORY_MAX][LINE_EDIT_MAX];
    int n_history, history_at; /* newest first; -1: the line itself */

    /* the menus */
    struct dialog_choice sort_choice[SORTS_MAX + 2];
    struct sort_by sort_of[SORTS_MAX];
    char sort_key[SORTS_MAX][2], sort_text[SORTS_MAX][64];
    int n_sorts;
    bool picks_second;
    int column_cursor, column_top;
};

struct trials *trials_of(const struct view *view);
/* Arranges the rows anew; the selected trial keeps its place on the screen where it can. */
void trials_arrange(struct view *view);
/* Keeps for the next time how the table stands. */
void trials_remember(struct view *view);

/* The prompts of `f` and `/` (trials_filter.c). */
void trials_ask_filter(struct view *view);
void trials_ask_find(struct view *view);
void trials_find_again(struct view *view, int step);
void trials_use_history(struct trials *trials, const json_t *history);
json_t *trials_history(const struct trials *trials);

/* The menus of `s` and `c` (trials_columns.c). */
void trials_ask_sort(struct view *view);
void trials_ask_columns(struct view *view);
/* The keys as they are told in a rule and kept: "value, then time, reversed". */
void trials_sort_text(const struct trials *trials, char *out, size_t cap);

/* The trial screen goes through the rows of the table. */
void trials_step(struct view *view, int step);

#endif
