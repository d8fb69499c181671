/* Settings of a method in the study file against its table. */
#include <math.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/num.h"
#include "dialin/strategy.h"

static size_t find_setting(const struct dln_setting *table, const char *name)
{
    size_t i = 0;
    while (table[i].name && strcmp(table[i].name, name) != 0)
        i++;
    return table[i].name ? i : SIZE_MAX;
}

static bool fail_unknown(const struct dln_setting *table, const struct dln_method *method,
                         const struct dln_named_scalar *given, struct dln_error *err)
{
    struct dln_nearest search = {.wanted = given->name};
    for (const struct dln_setting *at = table; at->name; at++)
        dln_nearest_offer(&search, at->name);
    if (search.best) {
        return dln_fail(err, DLN_INVALID, "%u:%u: '%s' has no setting '%s'; did you mean '%s'?",
                        given->line, given->column, method->name, given->name, search.best);
    }
    if (!table[0].name) {
        return dln_fail(err, DLN_INVALID, "%u:%u: '%s' has no settings, but here is '%s'",
                        given->line, given->column, method->name, given->name);
    }
    return dln_fail(err, DLN_INVALID, "%u:%u: '%s' has no setting '%s'; it has '%s' and the like",
                    given->line, given->column, method->name, given->name, table[0].name);
}

static bool resolve_number(const struct dln_setting *setting, const struct dln_named_scalar *given,
                           double *value, struct dln_error *err)
{
    const bool is_int = setting->kind == DLN_SETTING_INT;
    const bool is_number =
        given->value.kind == DLN_SCALAR_INT || given->value.kind == DLN_SCALAR_REAL;
    const double x = given->value.number;
    if (is_number && x >= setting->low && x <= setting->high && (!is_int || x == floor(x))) {
        *value = x;
        return true;
    }
    char low[DLN_NUM_TEXT_MAX];
    char high[DLN_NUM_TEXT_MAX];
    dln_num_short(setting->low, low);
    dln_num_short(setting->high, high);
    return dln_fail(err, DLN_INVALID, "%u:%u: '%s' must be a %s from %s to %s", given->line,
                    given->column, setting->name, is_int ? "whole number" : "number", low, high);
}

static bool resolve_choice(const struct dln_setting *setting, const struct dln_named_scalar *given,
                           double *value, struct dln_error *err)
{
    const char *word = given->value.text ? given->value.text : "";
    struct dln_nearest search = {.wanted = word};
    for (size_t i = 0; setting->choices[i]; i++) {
        if (strcmp(setting->choices[i], word) == 0) {
            *value = (double)i;
            return true;
        }
        dln_nearest_offer(&search, setting->choices[i]);
    }
    if (search.best) {
        return dln_fail(err, DLN_INVALID, "%u:%u: '%s' cannot be '%s'; did you mean '%s'?",
                        given->line, given->column, setting->name, word, search.best);
    }
    struct dln_strbuf list = {0};
    for (size_t i = 0; setting->choices[i]; i++) {
        dln_strbuf_addf(&list, "%s'%s'", i ? " or " : "", setting->choices[i]);
    }
    dln_fail(err, DLN_INVALID, "%u:%u: '%s' must be %s", given->line, given->column, setting->name,
             dln_strbuf_text(&list));
    dln_strbuf_release(&list);
    return false;
}

static bool resolve_one(const struct dln_setting *setting, const struct dln_named_scalar *given,
                        double *value, struct dln_error *err)
{
    switch (setting->kind) {
    case DLN_SETTING_REAL:
    case DLN_SETTING_INT: return resolve_number(setting, given, value, err);
    case DLN_SETTING_CHOICE: return resolve_choice(setting, given, value, err);
    case DLN_SETTING_BOOL:
        if (given->value.kind != DLN_SCALAR_BOOL) {
            return dln_fail(err, DLN_INVALID, "%u:%u: '%s' must be true or false", given->line,
                            given->column, setting->name);
        }
        *value = given->value.truth ? 1 : 0;
        return true;
    case DLN_SETTING_LISTS: /* read by the method itself, which knows the space */
        if (given->value.kind != DLN_SCALAR_JSON) {
            return dln_fail(err, DLN_INVALID, "%u:%u: '%s' must be a map of parameters to lists",
                            given->line, given->column, setting->name);
        }
        *value = 1;
        return true;
    case DLN_SETTING_METHOD: /* read by its owner, who knows the names */
        if (given->value.kind != DLN_SCALAR_JSON && given->value.kind != DLN_SCALAR_TEXT) {
            return dln_fail(err, DLN_INVALID, "%u:%u: '%s' must be a name, or {name: {settings}}",
                            given->line, given->column, setting->name);
        }
        *value = 1;
        return true;
    }
    return dln_fail(err, DLN_INVALID, "%u:%u: '%s' is not understood", given->line, given->column,
                    setting->name);
}

bool dln_settings_resolve(const struct dln_setting *table, const struct dln_method *method,
                          double *values, struct dln_error *err)
{
    static const struct dln_setting none[] = {{0}};
    if (!table) table = none;
    for (size_t i = 0; table[i].name; i++)
        values[i] = table[i].initial;
    for (size_t i = 0; i < method->n_settings; i++) {
        const struct dln_named_scalar *given = &method->settings[i];
        const size_t index = find_setting(table, given->name);
        if (index == SIZE_MAX) return fail_unknown(table, method, given, err);
        if (!resolve_one(&table[index], given, &values[index], err)) return false;
    }
    return true;
}
