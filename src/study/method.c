/* `strategy:` and its kin as JSON, for what a person sets while a study runs. */
#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"
#include "dialin/study.h"

static void write_scalar(struct dln_json_writer *w, const struct dln_scalar *scalar)
{
    switch (scalar->kind) {
    case DLN_SCALAR_NULL: dln_json_null(w); break;
    case DLN_SCALAR_BOOL: dln_json_bool(w, scalar->truth); break;
    case DLN_SCALAR_INT: dln_json_int(w, (int64_t)scalar->number); break;
    case DLN_SCALAR_REAL: dln_json_double(w, scalar->number); break;
    case DLN_SCALAR_TEXT: dln_json_string(w, scalar->text); break;
    case DLN_SCALAR_JSON: dln_json_raw(w, scalar->text); break;
    }
}

void dln_method_json(const struct dln_method *method, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    dln_json_object(&w);
    dln_json_key(&w, method->name);
    dln_json_object(&w);
    for (size_t i = 0; i < method->n_settings; i++) {
        dln_json_key(&w, method->settings[i].name);
        write_scalar(&w, &method->settings[i].value);
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
}

void dln_method_text(const struct dln_method *method, struct dln_strbuf *out)
{
    dln_strbuf_add(out, method->name);
    for (size_t i = 0; i < method->n_settings; i++) {
        const struct dln_scalar *value = &method->settings[i].value;
        const bool is_truth = value->kind == DLN_SCALAR_BOOL;
        dln_strbuf_addf(out, " %s=%s", method->settings[i].name,
                        is_truth ? (value->truth ? "true" : "false") : value->text);
    }
}

static bool read_number(const json_t *json, struct dln_arena *arena, struct dln_scalar *out)
{
    const double number = json_number_value(json);
    char text[DLN_NUM_TEXT_MAX];
    const bool is_int = json_is_integer(json) && fabs(number) <= DLN_INT_MAX;
    if (is_int) {
        dln_num_short(number, text);
    } else {
        dln_num_repr(number, text);
    }
    *out = (struct dln_scalar){.kind = is_int ? DLN_SCALAR_INT : DLN_SCALAR_REAL,
                               .number = number,
                               .text = dln_arena_copy(arena, text)};
    return out->text != NULL;
}

static bool read_scalar(const json_t *json, struct dln_arena *arena, struct dln_scalar *out)
{
    if (json_is_number(json)) return read_number(json, arena, out);
    if (json_is_string(json)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_TEXT,
                                   .text = dln_arena_copy(arena, json_string_value(json))};
        return out->text != NULL;
    }
    if (json_is_boolean(json)) {
        const bool truth = json_is_true(json);
        *out = (struct dln_scalar){.kind = DLN_SCALAR_BOOL,
                                   .truth = truth,
                                   .number = truth,
                                   .text = truth ? "True" : "False"};
        return true;
    }
    if (json_is_null(json)) {
        *out = (struct dln_scalar){.kind = DLN_SCALAR_NULL, .text = "None"};
        return true;
    }
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_value(&w, json);
    *out = (struct dln_scalar){.kind = DLN_SCALAR_JSON};
    if (dln_strbuf_ok(&text)) out->text = dln_arena_copy(arena, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    return out->text != NULL;
}

bool dln_method_read(const json_t *json, struct dln_arena *arena, struct dln_method *out,
                     struct dln_error *err)
{
    const char *name = json_string_value(json);
    json_t *settings = NULL;
    if (json_is_object(json) && json_object_size(json) == 1) {
        void *first = json_object_iter((json_t *)(uintptr_t)json);
        name = json_object_iter_key(first);
        settings = json_object_iter_value(first);
    }
    if (!name || !name[0] || (settings && !json_is_object(settings))) {
        return dln_fail(err, DLN_INVALID,
                        "this must be a name, or a name with its settings: {\"tpe\": {\"startup\": "
                        "20}}");
    }
    const size_t n = json_object_size(settings);
    struct dln_named_scalar *all = DLN_ARENA_ARRAY(arena, struct dln_named_scalar, n);
    struct dln_method method = {.name = dln_arena_copy(arena, name), .settings = all};
    bool ok = all && method.name;
    const char *key;
    json_t *value;
    json_object_foreach(settings, key, value)
    {
        struct dln_named_scalar *setting = all ? &all[method.n_settings++] : NULL;
        ok = ok && read_scalar(value, arena, &setting->value);
        ok = ok && (setting->name = dln_arena_copy(arena, key)) != NULL;
    }
    if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory for the settings of a method");
    *out = method;
    return true;
}
