#include "saved_filters.h"

#include "state_folder.h"

static const char file[] = "filters.json";

void saved_filters_load(struct saved_filters *saved)
{
    saved_filters_release(saved);
    saved->all = state_read(file);
    if (!saved->all) saved->all = json_object();
}

void saved_filters_release(struct saved_filters *saved)
{
    json_decref(saved->all);
    saved->all = NULL;
}

const char *saved_filters_text(void *context, const char *name)
{
    const struct saved_filters *saved = context;
    return json_string_value(json_object_get(saved->all, name));
}

bool saved_filters_is_name(const char *name)
{
    size_t n = 0;
    for (; name[n]; n++) {
        const char c = name[n];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') return false;
    }
    return n > 0 && n <= 64;
}

bool saved_filters_put(struct saved_filters *saved, const char *name, const char *text)
{
    saved_filters_load(saved); /* another dialin may have kept one meanwhile */
    if (*text) {
        if (json_object_set_new(saved->all, name, json_string(text)) != 0) return false;
    } else {
        (void)json_object_del(saved->all, name);
    }
    return state_write(file, saved->all);
}
