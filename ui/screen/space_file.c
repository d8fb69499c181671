/* The study file in an editor, with all edits; what comes back is staged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/space_edit.h"
#include "screen/space_screen.h"

/* The file with all edits, in memory. */
static bool whole_text(const struct view *view, struct dln_strbuf *out, struct dln_error *err)
{
    const struct dln_study *study = view->session.definition;
    const struct space_screen *screen = space_of(view);
    const struct dln_study *next = screen->has_plan ? screen->plan.study : study;
    return dln_space_edit_text(study->text, study->text_len, next->n_edits, next->edits, out, err);
}

/* Edits that lead from the study as it is to another one. */
static json_t *difference(const struct dln_space *now, const struct dln_space *then)
{
    json_t *edits = json_object();
    for (size_t i = 0; edits && i < then->n; i++) {
        struct dln_strbuf a = {0};
        struct dln_strbuf b = {0};
        const struct dln_param *was = space_param(now, then->params[i].name);
        dln_param_define(&then->params[i], &b);
        if (was) dln_param_define(was, &a);
        if (strcmp(dln_strbuf_text(&a), dln_strbuf_text(&b)) != 0) {
            (void)json_object_set_new(edits, then->params[i].name,
                                      json_string(dln_strbuf_text(&b)));
        }
        dln_strbuf_release(&a);
        dln_strbuf_release(&b);
    }
    for (size_t i = 0; edits && i < now->n; i++) {
        if (!space_param(then, now->params[i].name)) {
            (void)json_object_set_new(edits, now->params[i].name, json_null());
        }
    }
    return edits;
}

/* The study file, where it lies as it was read: it gets what was typed, comments and all. */
static bool write_back(const struct dln_study *study, const struct dln_study *typed)
{
    struct dln_study *there = NULL;
    if (!dln_study_read_file(study->path, &there, NULL)) return false;
    bool ok = there->text_len == study->text_len &&
              memcmp(there->text, study->text, study->text_len) == 0;
    dln_study_free(there);
    struct dln_strbuf name = {0};
    dln_strbuf_addf(&name, "%s.new", study->path);
    FILE *out = ok && dln_strbuf_ok(&name) ? fopen(dln_strbuf_text(&name), "wx") : NULL;
    ok = out != NULL;
    if (out) {
        ok = fwrite(typed->text, 1, typed->text_len, out) == typed->text_len;
        ok = fclose(out) == 0 && ok;
        ok = ok && rename(dln_strbuf_text(&name), study->path) == 0;
        if (!ok) (void)unlink(dln_strbuf_text(&name));
    }
    dln_strbuf_release(&name);
    return ok;
}

static void take_file(struct view *view, char *file, bool ok)
{
    struct space_screen *screen = space_of(view);
    const struct dln_study *study = view->session.definition;
    struct dln_study *typed = NULL;
    struct dln_strbuf before = {0};
    struct dln_error err = {0};
    view->is_dirty = true;
    if (!ok) {
        view_say(view, ROLE_WARN, "The editor failed: VISUAL or EDITOR names another one");
    } else if (!study || !whole_text(view, &before, &err)) {
        view_say(view, ROLE_WARN, "The study is gone, the text is not taken");
    } else if (!dln_study_read_file(file, &typed, &err)) {
        const char *place = strrchr(file, '/');
        const char *sentence = place ? strstr(err.text, place + 1) : NULL;
        view_say(view, ROLE_WARN, "Not taken: %s", sentence ? sentence : err.text);
    } else if (typed->text_len == before.len &&
               memcmp(typed->text, dln_strbuf_text(&before), before.len) == 0) {
        view_say(view, ROLE_INFO, "Nothing was changed");
    } else {
        json_t *edits = difference(view->session.space, &typed->space);
        if (edits) {
            json_decref(screen->edits);
            screen->edits = edits;
        }
        space_plan_again(view);
        const bool is_written = write_back(study, typed);
        view_say(view, ROLE_INFO, "%zu edit%s staged, w applies; %s",
                 json_object_size(screen->edits), json_object_size(screen->edits) == 1 ? "" : "s",
                 is_written ? "the study file is as you saved it"
                            : "only what changes the space is taken");
    }
    dln_strbuf_release(&before);
    dln_study_free(typed);
    (void)unlink(file);
    free(file);
}

void space_edit_file(struct view *view)
{
    struct dln_strbuf text = {0};
    struct dln_error err = {0};
    const char *folder = getenv("TMPDIR");
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/dialin-XXXXXX", folder && folder[0] == '/' ? folder : "/tmp");
    char *file = strdup(dln_strbuf_text(&path));
    dln_strbuf_release(&path);
    bool ok = whole_text(view, &text, &err);
    const int fd = ok && file ? mkstemp(file) : -1;
    if (fd >= 0) {
        ok = write(fd, dln_strbuf_text(&text), text.len) == (ssize_t)text.len;
        (void)close(fd);
    }
    if (!ok || fd < 0) {
        view_say(view, ROLE_WARN, "No file for the editor: %s",
                 err.text[0] ? err.text : strerror(errno));
        free(file);
    } else {
        free(view->editor_file);
        view->editor_file = file;
        view->edited = take_file;
    }
    dln_strbuf_release(&text);
}
