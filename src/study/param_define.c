/* A parameter as a study file has it, and as people read it. */
#include <math.h>
#include <string.h>

#include "dialin/num.h"
#include "dialin/space_edit.h"
#include "study/param_define.h"

static void add_number(struct dln_strbuf *out, double x)
{
    char text[DLN_NUM_TEXT_MAX];
    (void)dln_num_short(x, text);
    dln_strbuf_add(out, text);
}

void dln_choice_define(const struct dln_scalar *choice, struct dln_strbuf *out)
{
    switch (choice->kind) {
    case DLN_SCALAR_NULL: dln_strbuf_add(out, "null"); return;
    case DLN_SCALAR_BOOL: dln_strbuf_add(out, choice->truth ? "true" : "false"); return;
    case DLN_SCALAR_INT:
        if (choice->text) {
            dln_strbuf_add(out, choice->text);
        } else {
            add_number(out, choice->number);
        }
        return;
    case DLN_SCALAR_REAL: {
        char text[DLN_NUM_TEXT_MAX];
        (void)dln_num_repr(choice->number, text); /* 1.0 stays a real one */
        dln_strbuf_add(out, text);
        return;
    }
    case DLN_SCALAR_TEXT: dln_yaml_word(out, choice->text ? choice->text : ""); return;
    case DLN_SCALAR_JSON: dln_strbuf_add(out, choice->text); return;
    }
}

static void add_value(struct dln_strbuf *out, const struct dln_param *param, double x)
{
    if (param->choices && x >= 0 && x < (double)param->n_choices) {
        dln_choice_define(&param->choices[(size_t)x], out);
    } else {
        add_number(out, x);
    }
}

static bool has_step(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_INT ? param->step > 1 : param->step > 0;
}

void dln_param_define(const struct dln_param *param, struct dln_strbuf *out)
{
    switch (param->kind) {
    case DLN_PARAM_FLOAT:
    case DLN_PARAM_INT:
        dln_strbuf_add(out, param->kind == DLN_PARAM_INT ? "{int: [" : "{float: [");
        add_number(out, param->low);
        dln_strbuf_add(out, ", ");
        add_number(out, param->high);
        dln_strbuf_add(out, "]");
        if (param->log) dln_strbuf_add(out, ", log: true");
        if (has_step(param)) {
            dln_strbuf_add(out, ", step: ");
            add_number(out, param->step);
        }
        break;
    case DLN_PARAM_CHOICE:
        dln_strbuf_add(out, "{choice: [");
        for (size_t i = 0; i < param->n_choices; i++) {
            if (i > 0) dln_strbuf_add(out, ", ");
            dln_choice_define(&param->choices[i], out);
        }
        dln_strbuf_add(out, "]");
        if (param->ordered) dln_strbuf_add(out, ", ordered: true");
        break;
    case DLN_PARAM_FLAG: dln_strbuf_add(out, "{flag: true"); break;
    }
    if (param->has_initial) {
        dln_strbuf_add(out, ", default: ");
        add_value(out, param, param->initial);
    }
    if (param->has_was) {
        dln_strbuf_add(out, ", was: ");
        add_value(out, param, param->was);
    }
    if (param->when_text) {
        dln_strbuf_add(out, ", when: ");
        dln_yaml_word(out, param->when_text);
    }
    dln_strbuf_add(out, "}");
}

void dln_param_describe(const struct dln_param *param, size_t choices_max, struct dln_strbuf *out)
{
    if (param->choices) {
        for (size_t i = 0; i < param->n_choices && i < choices_max; i++) {
            if (i > 0) dln_strbuf_add(out, " ");
            dln_strbuf_add(out, param->choices[i].text ? param->choices[i].text : "");
        }
        if (param->n_choices > choices_max) dln_strbuf_add(out, " …");
    } else if (dln_param_is_single(param)) {
        add_number(out, param->low);
    } else {
        add_number(out, param->low);
        dln_strbuf_add(out, " .. ");
        add_number(out, param->high);
        if (param->log) dln_strbuf_add(out, " log");
        if (has_step(param)) {
            dln_strbuf_add(out, " step ");
            add_number(out, param->step);
        }
    }
    if (param->when_text) dln_strbuf_addf(out, " when %s", param->when_text);
}
