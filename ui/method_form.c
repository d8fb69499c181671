#include "method_form.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"

bool setting_word_json(struct dln_json_writer *writer, const char *word)
{
    const size_t len = strlen(word);
    int64_t whole;
    double real;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        dln_json_bool(writer, word[0] == 't');
    } else if (dln_num_parse_int(word, len, &whole)) {
        dln_json_int(writer, whole);
    } else if (dln_num_parse(word, len, &real) && isfinite(real)) {
        dln_json_double(writer, real);
    } else if (word[0] == '{' || word[0] == '[') {
        json_t *value = NULL;
        if (!dln_json_read(word, len, &value, NULL)) return false;
        dln_json_value(writer, value);
        json_decref(value);
    } else {
        dln_json_string(writer, word);
    }
    return true;
}

static void take_scalar(const struct dln_scalar *value, char out[FORM_TEXT_MAX])
{
    const bool is_truth = value->kind == DLN_SCALAR_BOOL;
    (void)snprintf(out, FORM_TEXT_MAX, "%s",
                   is_truth ? (value->truth ? "true" : "false") : value->text);
}

void method_form_init(struct method_form *form, const char *name, const struct dln_setting *table,
                      const struct dln_method *given)
{
    *form = (struct method_form){.name = name, .table = table};
    while (table && table[form->n].name && form->n < FORM_SETTINGS_MAX)
        form->n++;
    if (!given || strcmp(given->name, name) != 0) return;
    for (size_t i = 0; i < form->n; i++) {
        for (size_t k = 0; k < given->n_settings; k++) {
            if (strcmp(given->settings[k].name, table[i].name) != 0) continue;
            take_scalar(&given->settings[k].value, form->text[i]);
        }
    }
}

static void default_text(const struct dln_setting *setting, char *out, size_t cap)
{
    char number[DLN_NUM_TEXT_MAX];
    switch (setting->kind) {
    case DLN_SETTING_BOOL:
        (void)snprintf(out, cap, "%s", setting->initial > 0 ? "true" : "false");
        return;
    case DLN_SETTING_CHOICE:
        (void)snprintf(out, cap, "%s", setting->choices[(size_t)setting->initial]);
        return;
    case DLN_SETTING_REAL:
    case DLN_SETTING_INT:
        (void)dln_num_short(setting->initial, number);
        (void)snprintf(out, cap, "%s", isfinite(setting->initial) ? number : "none");
        return;
    case DLN_SETTING_LISTS:
    case DLN_SETTING_METHOD: (void)snprintf(out, cap, "none"); return;
    }
}

void method_form_value(const struct method_form *form, size_t i, char *out, size_t cap)
{
    if (form->text[i][0]) {
        (void)snprintf(out, cap, "%s", form->text[i]);
    } else {
        default_text(&form->table[i], out, cap);
    }
}

void method_form_range(const struct method_form *form, size_t i, char *out, size_t cap)
{
    const struct dln_setting *setting = &form->table[i];
    char low[DLN_NUM_TEXT_MAX], high[DLN_NUM_TEXT_MAX];
    size_t len = 0;
    out[0] = '\0';
    switch (setting->kind) {
    case DLN_SETTING_BOOL: (void)snprintf(out, cap, "true or false"); return;
    case DLN_SETTING_CHOICE:
        for (size_t k = 0; setting->choices[k] && len < cap; k++) {
            const char *between = k == 0 ? "" : setting->choices[k + 1] ? ", " : " or ";
            const int n = snprintf(out + len, cap - len, "%s%s", between, setting->choices[k]);
            if (n > 0) len += (size_t)n;
        }
        return;
    case DLN_SETTING_REAL:
    case DLN_SETTING_INT: {
        (void)dln_num_short(setting->low, low);
        (void)dln_num_short(setting->high, high);
        const bool has_low = setting->low > -1e9, has_high = setting->high < 1e9;
        if (has_low && has_high) {
            (void)snprintf(out, cap, "%s to %s", low, high);
        } else if (has_low) {
            (void)snprintf(out, cap, "%s or more", low);
        } else {
            (void)snprintf(out, cap, "a number");
        }
        return;
    }
    case DLN_SETTING_LISTS: (void)snprintf(out, cap, "{\"parameter\": [values]}"); return;
    case DLN_SETTING_METHOD: (void)snprintf(out, cap, "a name, or {name: {settings}}"); return;
    }
}

bool method_form_is_choice(const struct method_form *form, size_t i)
{
    return form->table[i].kind == DLN_SETTING_BOOL || form->table[i].kind == DLN_SETTING_CHOICE;
}

void method_form_turn(struct method_form *form, size_t i, int step)
{
    static const char *const truths[] = {"false", "true", NULL};
    const struct dln_setting *setting = &form->table[i];
    const char *const *words = setting->kind == DLN_SETTING_BOOL ? truths : setting->choices;
    char now[FORM_TEXT_MAX];
    size_t n = 0, at = 0;
    if (!method_form_is_choice(form, i)) return;
    method_form_value(form, i, now, sizeof now);
    for (; words[n]; n++)
        if (strcmp(words[n], now) == 0) at = n;
    at = (at + n + (size_t)(step + (int)n)) % n;
    default_text(setting, now, sizeof now);
    (void)snprintf(form->text[i], FORM_TEXT_MAX, "%s",
                   strcmp(words[at], now) == 0 ? "" : words[at]);
}

void method_form_json(const struct method_form *form, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    dln_json_object(&w);
    dln_json_key(&w, form->name);
    dln_json_object(&w);
    for (size_t i = 0; i < form->n; i++) {
        if (!form->text[i][0]) continue;
        dln_json_key(&w, form->table[i].name);
        if (!setting_word_json(&w, form->text[i])) dln_json_string(&w, form->text[i]);
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
}

bool method_form_read(const struct method_form *form, struct dln_arena *arena,
                      struct dln_method *out, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    json_t *json = NULL;
    method_form_json(form, &text);
    const bool ok = dln_json_read(dln_strbuf_text(&text), text.len, &json, err) &&
                    dln_method_read(json, arena, out, err);
    json_decref(json);
    dln_strbuf_release(&text);
    return ok;
}

/* What a person types stands in no file. */
static void drop_place(struct dln_error *err)
{
    static const char nowhere[] = "0:0: ";
    const size_t n = sizeof nowhere - 1;
    if (strncmp(err->text, nowhere, n) == 0)
        memmove(err->text, err->text + n, strlen(err->text) - n + 1);
}

static bool is_right(const struct method_form *form, struct dln_error *err)
{
    double values[FORM_SETTINGS_MAX];
    struct dln_arena arena = {0};
    struct dln_method method;
    struct dln_error own = {0};
    const bool ok = method_form_read(form, &arena, &method, &own) &&
                    dln_settings_resolve(form->table, &method, values, &own);
    dln_arena_release(&arena);
    drop_place(&own);
    return ok || dln_fail(err, own.code, "%s", own.text);
}

bool method_form_set(struct method_form *form, size_t i, const char *text, struct dln_error *err)
{
    char typed[FORM_TEXT_MAX], usual[FORM_TEXT_MAX];
    struct method_form changed = *form;
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len >= sizeof typed) {
        return dln_fail(err, DLN_INVALID, "'%s' is too long here: the study file takes it",
                        form->table[i].name);
    }
    (void)snprintf(typed, sizeof typed, "%.*s", (int)len, text);
    default_text(&form->table[i], usual, sizeof usual);
    if (strcmp(typed, usual) == 0) typed[0] = '\0';
    memcpy(changed.text[i], typed, sizeof typed);
    if (!is_right(&changed, err)) return false;
    *form = changed;
    return true;
}

bool method_form_is(const struct method_form *form, const struct dln_method *method)
{
    struct method_form other;
    if (strcmp(form->name, method->name) != 0) return false;
    method_form_init(&other, form->name, form->table, method);
    for (size_t i = 0; i < form->n; i++) {
        char mine[FORM_TEXT_MAX], theirs[FORM_TEXT_MAX];
        method_form_value(form, i, mine, sizeof mine);
        method_form_value(&other, i, theirs, sizeof theirs);
        if (strcmp(mine, theirs) != 0) return false;
    }
    return true;
}
