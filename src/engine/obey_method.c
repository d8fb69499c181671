/* What SET_STRATEGY and SET_PRUNER share: reading what is wanted, and saying what was done. */
#include <stdio.h>
#include <string.h>

#include "engine/obey.h"

static bool same_text(const struct dln_method *a, const struct dln_method *b)
{
    struct dln_strbuf left = {0};
    struct dln_strbuf right = {0};
    dln_method_text(a, &left);
    dln_method_text(b, &right);
    const bool same = strcmp(dln_strbuf_text(&left), dln_strbuf_text(&right)) == 0;
    dln_strbuf_release(&left);
    dln_strbuf_release(&right);
    return same;
}

bool dln_obey_read_method(struct dln_driver *driver, json_t *payload, const char *what,
                          const struct dln_method *was, struct dln_method *out,
                          struct dln_reply *reply)
{
    struct dln_error err = {0};
    if (!dln_method_read(json_object_get(payload, what), &driver->study->arena, out, &err)) {
        dln_reply_refuse(reply, "'%s': %s", what, err.text);
        return false;
    }
    if (same_text(was, out)) {
        dln_reply_refuse(reply, "the %s is '%s' already, with these settings", what, out->name);
        return false;
    }
    return true;
}

static void describe_undo(const char *what, const struct dln_method *was, struct dln_reply *reply)
{
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "{\"%s\": ", what);
    dln_method_json(was, &text);
    dln_strbuf_add(&text, "}");
    if (dln_strbuf_ok(&text)) dln_reply_undo(reply, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

void dln_obey_method_done(const char *what, const struct dln_method *was,
                          const struct dln_method *now, const char *since, struct dln_reply *reply)
{
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "%s ", what);
    dln_method_text(was, &text);
    dln_strbuf_add(&text, " → ");
    dln_method_text(now, &text);
    dln_strbuf_addf(&text, " %s", since);
    dln_reply_done(reply, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    describe_undo(what, was, reply);
}
