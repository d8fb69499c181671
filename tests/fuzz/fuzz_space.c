/*
 * A study file, then edits of its space: each part ends with a NUL, and names and definitions take
 * turns; an empty definition takes the parameter out. What comes of it is read as a study file, and
 * a parameter's own definition put in its place changes nothing.
 */
#include <string.h>

#include "dialin/space_edit.h"
#include "fuzz/fuzz.h"

enum { EDITS_MAX = 8 };

static void check(const struct dln_study *study)
{
    struct dln_strbuf text = {0};
    struct dln_strbuf again = {0};
    for (size_t i = 0; i < study->space.n && i < 8; i++) {
        struct dln_study *same = NULL;
        struct dln_error err = {0};
        dln_strbuf_reset(&text);
        dln_strbuf_reset(&again);
        dln_param_define(&study->space.params[i], &text);
        const struct dln_space_edit edit = {study->space.params[i].name, dln_strbuf_text(&text)};
        if (!dln_study_edit(study, 1, &edit, &same, &err)) {
            /* Other edits are taken back by it, and the rest may not do without them. */
            FUZZ_HOLDS(study->n_edits > 0);
            continue;
        }
        const size_t at = dln_space_find(&same->space, edit.name);
        FUZZ_HOLDS(at != SIZE_MAX);
        dln_param_define(&same->space.params[at], &again);
        FUZZ_HOLDS(strcmp(dln_strbuf_text(&text), dln_strbuf_text(&again)) == 0);
        dln_strbuf_reset(&again);
        dln_param_describe(&same->space.params[at], 3, &again);
        dln_study_free(same);
    }
    dln_strbuf_release(&text);
    dln_strbuf_release(&again);
}

void fuzz_space(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct dln_space_edit edits[EDITS_MAX];
    size_t n = 0;
    const char *at = text + strlen(text) + 1;
    while (at <= text + size && n < EDITS_MAX) {
        const char *definition = at + strlen(at) + 1;
        if (definition > text + size) break;
        edits[n++] = (struct dln_space_edit){at, definition[0] ? definition : NULL};
        at = definition + strlen(definition) + 1;
    }
    struct dln_study *study = NULL;
    struct dln_study *edited = NULL;
    struct dln_strbuf out = {0};
    struct dln_error err = {0};
    if (!dln_space_edit_text(text, strlen(text), n, edits, &out, &err)) FUZZ_HOLDS(err.text[0]);
    dln_strbuf_release(&out);
    if (dln_study_read("s.yaml", text, strlen(text), &study, NULL)) {
        check(study);
        dln_error_reset(&err);
        if (dln_study_edit(study, n, edits, &edited, &err)) {
            FUZZ_HOLDS(edited->text_len == study->text_len);
            check(edited);
            dln_study_free(edited);
        } else {
            FUZZ_HOLDS(err.text[0]);
        }
        dln_study_free(study);
    }
    free(text);
}
