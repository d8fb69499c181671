/* Stored JSON: values written and read again are the same, slices lie within, distributions too. */
#include <string.h>

#include "dialin/json.h"
#include "fuzz/fuzz.h"
#include "store/distribution.h"
#include "store/json_slice.h"

static void round_trip(const char *text, size_t size)
{
    json_t *value;
    json_t *again;
    struct dln_strbuf out = {0};
    struct dln_error err = {0};
    if (!dln_json_read(text, size, &value, &err)) {
        FUZZ_HOLDS(err.text[0]);
        return;
    }
    struct dln_json_writer w = {.out = &out};
    dln_json_value(&w, value);
    FUZZ_HOLDS(dln_strbuf_ok(&out));
    for (size_t i = 0; i < out.len; i++)
        FUZZ_HOLDS((unsigned char)out.data[i] < 0x80);
    if (out.len <= DLN_JSON_BYTES_MAX) {
        FUZZ_HOLDS(dln_json_read(out.data, out.len, &again, NULL));
        FUZZ_HOLDS(json_equal(value, again));
        json_decref(again);
    }
    json_decref(value);
    dln_strbuf_release(&out);
}

static void walk(struct dln_slice text, struct dln_arena *arena, int depth)
{
    struct dln_json_walk at;
    struct dln_slice key;
    struct dln_slice value;
    double number;
    const char *const end = text.at + text.len;
    if (depth > 8) return;
    (void)dln_slice_number(text, &number);
    (void)dln_slice_string(text, arena);
    if (dln_json_walk_object(&at, text)) {
        while (dln_json_walk_member(&at, &key, &value)) {
            FUZZ_HOLDS(key.at >= text.at && key.at + key.len <= end);
            FUZZ_HOLDS(value.at >= text.at && value.at + value.len <= end);
            (void)dln_slice_string(key, arena);
            walk(value, arena, depth + 1);
        }
        (void)dln_slice_member(text, "low", arena);
    } else if (dln_json_walk_array(&at, text)) {
        while (dln_json_walk_element(&at, &value)) {
            FUZZ_HOLDS(value.at >= text.at && value.at + value.len <= end);
            walk(value, arena, depth + 1);
        }
    }
}

static void distribution(struct dln_slice text, struct dln_arena *arena)
{
    struct dln_param param = {.name = "p"};
    struct dln_param again = {.name = "p"};
    enum dln_distribution_form form;
    struct dln_strbuf first = {0};
    struct dln_strbuf second = {0};
    struct dln_error err = {0};
    if (!dln_distribution_read(text, arena, &param, &form, &err)) {
        FUZZ_HOLDS(err.text[0]);
        return;
    }
    dln_distribution_write(&param, form, &first);
    const struct dln_slice written = {dln_strbuf_text(&first), first.len};
    FUZZ_HOLDS(dln_distribution_read(written, arena, &again, &form, &err));
    dln_distribution_write(&again, form, &second);
    FUZZ_HOLDS(strcmp(dln_strbuf_text(&first), dln_strbuf_text(&second)) == 0);
    FUZZ_HOLDS(param.kind == again.kind && param.n_choices == again.n_choices);
    (void)dln_param_contains(&param, dln_param_decode(&param, 0.5));
    dln_strbuf_release(&first);
    dln_strbuf_release(&second);
}

void fuzz_json(const uint8_t *data, size_t size)
{
    char *text = malloc(size + !size); /* slices do not end with a NUL */
    struct dln_arena arena = {0};
    FUZZ_HOLDS(text);
    if (size > 0) memcpy(text, data, size);
    round_trip(text, size);
    walk((struct dln_slice){text, size}, &arena, 0);
    distribution((struct dln_slice){text, size}, &arena);
    dln_arena_release(&arena);
    free(text);
}
