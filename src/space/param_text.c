/* One parameter's value as text: for a program, as JSON, and back from what a person typed. */
#include "dialin/space.h"

#include <math.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/json.h"
#include "dialin/num.h"

static const struct dln_scalar *choice_at(const struct dln_param *param, double x)
{
    return x >= 0 && x < (double)param->n_choices ? &param->choices[(size_t)x] : NULL;
}

static bool is_indexed(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
}

static size_t number_text(const struct dln_param *param, double x, char out[DLN_NUM_TEXT_MAX])
{
    return param->kind == DLN_PARAM_INT ? dln_num_short(x, out) : dln_num_repr(x, out);
}

void dln_param_text(const struct dln_param *param, double x, struct dln_strbuf *out)
{
    if (isnan(x)) return;
    if (is_indexed(param)) {
        const struct dln_scalar *choice = choice_at(param, x);
        dln_strbuf_add(out, choice ? choice->text : "?");
        return;
    }
    char text[DLN_NUM_TEXT_MAX];
    dln_strbuf_add_len(out, text, number_text(param, x, text));
}

static void scalar_json(const struct dln_scalar *scalar, struct dln_json_writer *w)
{
    switch (scalar->kind) {
    case DLN_SCALAR_NULL: dln_json_null(w); break;
    case DLN_SCALAR_BOOL: dln_json_bool(w, scalar->truth); break;
    case DLN_SCALAR_REAL: dln_json_double(w, scalar->number); break;
    case DLN_SCALAR_TEXT: dln_json_string(w, scalar->text); break;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_JSON: dln_json_raw(w, scalar->text); break;
    }
}

void dln_param_json(const struct dln_param *param, double x, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    if (is_indexed(param)) {
        const struct dln_scalar *choice = isnan(x) ? NULL : choice_at(param, x);
        if (choice) {
            scalar_json(choice, &w);
        } else {
            dln_json_null(&w);
        }
    } else if (isfinite(x)) {
        char text[DLN_NUM_TEXT_MAX];
        number_text(param, x, text);
        dln_json_raw(&w, text);
    } else {
        dln_json_null(&w);
    }
}

/* Other spellings of a choice: null, true, 64.0 for 64. */
static bool means_choice(const struct dln_scalar *choice, const char *text)
{
    double number;
    switch (choice->kind) {
    case DLN_SCALAR_NULL: return strcmp(text, "null") == 0 || strcmp(text, "~") == 0;
    case DLN_SCALAR_BOOL: return strcmp(text, choice->truth ? "true" : "false") == 0;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_REAL:
        return dln_num_parse(text, strlen(text), &number) && number == choice->number;
    case DLN_SCALAR_TEXT:
    case DLN_SCALAR_JSON: break;
    }
    return false;
}

static bool parse_choice(const struct dln_param *param, const char *text, double *x,
                         struct dln_error *err)
{
    struct dln_nearest nearest = {.wanted = text};
    for (size_t i = 0; i < param->n_choices; i++) {
        dln_nearest_offer(&nearest, param->choices[i].text);
        if (strcmp(param->choices[i].text, text) != 0) continue;
        *x = (double)i;
        return true;
    }
    for (size_t i = 0; i < param->n_choices; i++) {
        if (!means_choice(&param->choices[i], text)) continue;
        *x = (double)i;
        return true;
    }
    if (nearest.best) {
        return dln_fail(err, DLN_USAGE, "'%.80s' is not a choice of '%.80s'; did you mean '%.80s'?",
                        text, param->name, nearest.best);
    }
    struct dln_strbuf list = {0};
    for (size_t i = 0; i < param->n_choices && list.len < 200; i++) {
        dln_strbuf_addf(&list, "%s%.80s", i > 0 ? ", " : "", param->choices[i].text);
    }
    if (dln_strbuf_ok(&list)) {
        dln_fail(err, DLN_USAGE, "'%.80s' is not a choice of '%.80s': %s", text, param->name,
                 dln_strbuf_text(&list));
    } else {
        dln_fail(err, DLN_NOMEM, "out of memory");
    }
    dln_strbuf_release(&list);
    return false;
}

bool dln_param_parse(const struct dln_param *param, const char *text, double *x,
                     struct dln_error *err)
{
    if (is_indexed(param)) return parse_choice(param, text, x, err);
    double number;
    if (!dln_num_parse(text, strlen(text), &number) || !isfinite(number)) {
        return dln_fail(err, DLN_USAGE, "'%.80s' is not a number, which '%.80s' takes", text,
                        param->name);
    }
    if (param->kind == DLN_PARAM_INT && (number != floor(number) || fabs(number) > DLN_INT_MAX)) {
        return dln_fail(err, DLN_USAGE, "'%.80s' is not a whole number, which '%.80s' takes", text,
                        param->name);
    }
    *x = number;
    return true;
}
