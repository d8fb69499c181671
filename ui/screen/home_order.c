/* Which studies the home screen shows, and in which order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "screen/home.h"
#include "screen/screens.h"

static bool has_text(const char *text, const char *wanted)
{
    const size_t len = strlen(wanted);
    for (; *text; text++) {
        if (strncasecmp(text, wanted, len) == 0) return true;
    }
    return len == 0;
}

static int by_name(const void *a, const void *b)
{
    const struct study_row *x = a, *y = b;
    const int order = strcasecmp(x->summary.name, y->summary.name);
    return order ? order : strcmp(x->path, y->path);
}

static int by_trials(const void *a, const void *b)
{
    const int64_t x = summary_finished(&((const struct study_row *)a)->summary);
    const int64_t y = summary_finished(&((const struct study_row *)b)->summary);
    return x != y ? (x > y ? -1 : 1) : by_name(a, b);
}

static int by_file(const void *a, const void *b)
{
    const struct study_row *x = a, *y = b;
    const int order = strcmp(x->path, y->path);
    return order ? order : by_name(a, b);
}

void home_arrange(struct home *home)
{
    const struct study_list *const list = &home->studies;
    if (list->n > home->cap) {
        struct study_row *const grown = realloc(home->row, list->n * sizeof *grown);
        if (!grown) return;
        home->row = grown;
        home->cap = list->n;
    }
    home->n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct study_row *const row = &list->row[i];
        if (has_text(row->summary.name, home->filter) || has_text(row->file, home->filter)) {
            home->row[home->n++] = *row;
        }
    }
    if (home->n < 2) return;
    if (home->order == 'n') qsort(home->row, home->n, sizeof *home->row, by_name);
    if (home->order == 't') qsort(home->row, home->n, sizeof *home->row, by_trials);
    if (home->order == 'f') qsort(home->row, home->n, sizeof *home->row, by_file);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void choose(struct view *view, char letter)
{
    struct home *const home = view->state[SCREEN_HOME];
    home->order = letter;
    home_arrange(home);
    view->is_dirty = true;
}

void home_ask_order(struct view *view)
{
    static const struct dialog_choice choices[] = {
        {"s", "running first, then the last seen"},
        {"n", "by name"},
        {"t", "by trials, most first"},
        {"f", "by file"},
    };
    view_menu(view, "Order of the studies", choices, 4, choose);
}

static bool accept_filter(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct home *const home = view->state[SCREEN_HOME];
    (void)error;
    (void)snprintf(home->filter, sizeof home->filter, "%.63s", text);
    home_arrange(home);
    return true;
}

void home_ask_filter(struct view *view)
{
    struct home *const home = view->state[SCREEN_HOME];
    view_prompt(view, "Only studies with", home->filter, accept_filter);
}
