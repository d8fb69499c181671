/*
 * The columns of a table of trials, made from the space and what the model has seen: number, state,
 * objectives, parameters that vary, time, curve. Widths and number formats are the same in all
 * rows.
 */
#ifndef UI_TRIAL_TABLE_H
#define UI_TRIAL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"
#include "order.h"
#include "session.h"
#include "widget/table.h"

struct trial_column {
    int kind; /* the file's own */
    size_t index;
    struct number_style style;
    char name[40];
    bool is_constant;    /* says the same in every row */
    struct sort_by sort; /* that its header stands for; SORT_KEY_COUNT: none */
};

/* How a person wants the columns: in this order, the others behind. By name, in capitals. */
struct column_choice {
    char name[40];
    bool hidden, shown; /* neither: as the table thinks best */
    int width;          /* 0: as the table thinks best */
};
struct column_choices {
    int n;
    struct column_choice choice[TABLE_COLUMNS_MAX];
};

struct trial_table {
    const struct session *session;
    const struct order *order;
    struct table table;
    struct column columns[TABLE_COLUMNS_MAX];
    struct trial_column info[TABLE_COLUMNS_MAX];
    const struct column_choices *choices; /* NULL: none */
    bool pins_best;                       /* in a row of its own below the others */
    bool is_wide, is_slow;
    int64_t now_us;
    double curve_low, curve_high;
    size_t curve_n;          /* rows when the curves' scale was made */
    bool has_spread;         /* some trials are of several runs */
    uint64_t range_revision; /* of the model when the ranges below were found */
    size_t range_n;
    double low[DLN_OBJECTIVES_MAX], high[DLN_OBJECTIVES_MAX]; /* shown values; low > high: none */
};

/*
 * Renews what has changed; is_wide: one digit more, a step column; is_slow: running trials change
 * once a minute, and have no curve before their end.
 */
void trial_table_update(struct trial_table *view, const struct session *session,
                        const struct order *order, bool is_wide, bool is_slow, int64_t now_us);
/* The text of a parameter's value as the table shows it, at most `cap` bytes. */
void trial_value_text(const struct dln_param *param, double x, struct number_style style, char *out,
                      size_t cap);
struct number_style trial_param_style(const struct dln_param *param, bool is_wide);

#endif
