#include "cli/space_table.h"

#include "cli/report.h"
#include "dialin/num.h"

static void range_text(const struct dln_param *param, struct dln_strbuf *out)
{
    char low[DLN_NUM_TEXT_MAX], high[DLN_NUM_TEXT_MAX], step[DLN_NUM_TEXT_MAX];
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) {
        dln_num_short(param->low, low);
        dln_num_short(param->high, high);
        dln_strbuf_addf(out, "%s … %s", low, high);
        if (param->log) dln_strbuf_add(out, ", log");
        if (param->step > 0 && (param->kind == DLN_PARAM_FLOAT || param->step > 1)) {
            dln_num_short(param->step, step);
            dln_strbuf_addf(out, ", step %s", step);
        }
        return;
    }
    for (size_t i = 0; i < param->n_choices; i++) {
        dln_strbuf_addf(out, "%s%s", i > 0 ? ", " : "", param->choices[i].text);
    }
    if (param->ordered) dln_strbuf_add(out, " (ordered)");
}

bool space_print(const struct dln_space *space, struct dln_error *err)
{
    static const char *const kinds[] = {
        [DLN_PARAM_FLOAT] = "float",
        [DLN_PARAM_INT] = "int",
        [DLN_PARAM_CHOICE] = "choice",
        [DLN_PARAM_FLAG] = "flag",
    };
    struct report report = {0};
    struct dln_strbuf text = {0};
    static const char *const titles[] = {"", "PARAMETER", "KIND", "RANGE", "ONLY WHEN"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        report_column(&report, titles[i], false);
    }
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *const param = &space->params[i];
        dln_strbuf_reset(&text);
        range_text(param, &text);
        report_cell(&report, "");
        report_cell(&report, param->name);
        report_cell(&report, kinds[param->kind]);
        report_cell(&report, dln_strbuf_text(&text));
        report_cell(&report, param->when_text ? param->when_text : "");
    }
    const bool ok = report_print(&report, stdout, report_width(), true, NULL, err);
    dln_strbuf_release(&text);
    report_release(&report);
    return ok;
}
