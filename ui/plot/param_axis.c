#include "plot/param_axis.h"

#include "dialin/text.h"
#include "trial_table.h"

enum { NAME_MAX = 96, LABEL_COLS_MAX = 12 };

bool param_is_choice(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
}

void param_value_text(const struct dln_param *param, double x, char *out, size_t cap)
{
    trial_value_text(param, x, trial_param_style(param, true), out, cap);
}

struct scale param_scale(const struct dln_param *param)
{
    const double margin = param_is_choice(param) ? 0.5 : 0;
    return scale_make(param->low - margin, param->high + margin, param->log);
}

void param_axis_bottom(struct cells *cells, struct rect plot, const struct dln_param *param,
                       const struct scale *scale)
{
    enum { NAME_COLS_MIN = 3 };
    if (!param_is_choice(param)) {
        axis_bottom(cells, plot, scale, param->kind == DLN_PARAM_INT);
        return;
    }
    const int row = plot.row + plot.rows;
    cells_glyph(cells, row, plot.col - 1, GLYPH_BOTTOM_LEFT, ROLE_AXIS);
    cells_hline(cells, row, plot.col, plot.cols, ROLE_AXIS);
    const int room = plot.cols / (int)param->n_choices - 1;
    for (size_t i = 0; i < param->n_choices && room >= NAME_COLS_MIN; i++) {
        char text[NAME_MAX];
        param_value_text(param, (double)i, text, sizeof text);
        const int len = cells_text_width(cells, text);
        const int width = len < room ? len : room;
        const int middle = scale_col(scale, (double)i, plot.cols);
        (void)cells_text(cells, row, plot.col + middle - width / 2, width, ROLE_AXIS, text);
    }
}

int param_axis_width(const struct dln_param *param, const struct scale *scale, int rows)
{
    if (!param_is_choice(param)) return axis_left_width(scale, rows);
    size_t width = 0;
    for (size_t i = 0; i < param->n_choices; i++) {
        char text[NAME_MAX];
        param_value_text(param, (double)i, text, sizeof text);
        const size_t len = dln_text_width(text);
        if (len > width) width = len;
    }
    return width < LABEL_COLS_MAX ? (int)width : LABEL_COLS_MAX;
}

void param_axis_left(struct cells *cells, struct rect plot, int col, int width,
                     const struct dln_param *param, const struct scale *scale)
{
    if (!param_is_choice(param)) {
        axis_left(cells, plot, col, width, scale);
        return;
    }
    for (int row = 0; row < plot.rows; row++)
        cells_glyph(cells, plot.row + row, col + width, GLYPH_VLINE, ROLE_AXIS);
    int taken = -1;
    for (size_t i = 0; i < param->n_choices; i++) {
        char text[NAME_MAX];
        param_value_text(param, (double)i, text, sizeof text);
        const int row = scale_row(scale, (double)i, plot.rows);
        if (row == taken) continue;
        cells_right(cells, plot.row + row, col, width, ROLE_AXIS, text);
        taken = row;
    }
}
