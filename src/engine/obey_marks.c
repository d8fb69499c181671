/* TRIAL_NOTE, TAG: what people say of trials, or of the study. Nothing that runs or is asked
 * depends on it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/obey.h"

enum { TAGGED_MAX = 10000, TAG_BYTES_MAX = 64, NOTE_BYTES_MAX = 256 * 1024 };

/* The row of a trial; false: refused, or storage trouble. */
static bool find_trial(struct dln_driver *driver, const json_t *number, int64_t *id,
                       struct dln_arena *arena, struct dln_reply *reply)
{
    struct dln_error err = {0};
    struct dln_trial trial;
    if (!json_is_integer(number)) {
        dln_reply_refuse(reply, "a trial is named by its number");
        return false;
    }
    if (dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                        driver->study->n_objectives, json_integer_value(number), arena, &trial,
                        &err)) {
        *id = trial.id;
        return true;
    }
    if (err.code == DLN_NOT_FOUND) {
        dln_reply_refuse(reply, "there is no trial #%" JSON_INTEGER_FORMAT,
                         json_integer_value(number));
    } else {
        (void)dln_driver_blame(driver, &err);
    }
    return false;
}

static void keep_undo(struct dln_strbuf *undo, struct dln_reply *reply)
{
    if (dln_strbuf_ok(undo)) dln_reply_undo(reply, dln_strbuf_text(undo));
    dln_strbuf_release(undo);
}

/* ── notes ─────────────────────────────────────────────────────────────────────────────────────*/

void dln_obey_trial_note(struct dln_driver *driver, const struct dln_command *command,
                         json_t *payload, struct dln_reply *reply)
{
    (void)command;
    const json_t *number = json_object_get(payload, "trial");
    const char *text = json_string_value(json_object_get(payload, "text"));
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_strbuf undo = {0};
    const char *old = "";
    char about[32] = "the study";
    int64_t id = 0;
    if (number)
        (void)snprintf(about, sizeof about, "#%" PRId64, (int64_t)json_integer_value(number));
    if (!text || strlen(text) > NOTE_BYTES_MAX) {
        dln_reply_refuse(
            reply, "it needs {\"text\": …} and, for a trial, \"trial\": number; of at most %d KiB",
            NOTE_BYTES_MAX / 1024);
    } else if (!number || find_trial(driver, number, &id, &arena, reply)) {
        if (!dln_store_note_text(driver->store, driver->study_id, id, &arena, &old, &err) ||
            !dln_store_set_note(driver->store, driver->study_id, id, text, &err)) {
            (void)dln_driver_blame(driver, &err);
        } else {
            struct dln_json_writer w = {.out = &undo};
            dln_json_object(&w);
            if (number) {
                dln_json_key(&w, "trial");
                dln_json_int(&w, json_integer_value(number));
            }
            dln_json_key(&w, "text");
            dln_json_string(&w, old);
            dln_json_end_object(&w);
            dln_driver_committed(driver, true);
            dln_reply_done(reply, *text ? "note on %s: %.100s%s" : "no note on %s any more%s%s",
                           about, text, strlen(text) > 100 ? "…" : "");
            keep_undo(&undo, reply);
        }
    }
    dln_strbuf_release(&undo);
    dln_arena_release(&arena);
}

/* ── tags ──────────────────────────────────────────────────────────────────────────────────────*/

static bool is_tag(const char *tag, size_t len)
{
    if (len == 0 || len > TAG_BYTES_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)tag[i] <= ' ' || tag[i] == ',' || tag[i] == 127) return false;
    }
    return true;
}

/* Whether `list` ("a b") names the tag. */
static bool has_tag(const char *list, const char *tag, size_t len)
{
    for (; *list; list += strspn(list, " ")) {
        const size_t n = strcspn(list, " ");
        if (n == len && memcmp(list, tag, len) == 0) return true;
        list += n;
    }
    return false;
}

/* A JSON list of tags as "a b"; false: refused. */
static bool read_tags(const json_t *list, struct dln_strbuf *out, struct dln_reply *reply)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *tag = json_string_value(json_array_get(list, i));
        if (!tag || !is_tag(tag, strlen(tag))) {
            dln_reply_refuse(reply,
                             "a tag is a word of at most %d bytes, without blanks and commas",
                             TAG_BYTES_MAX);
            return false;
        }
        dln_strbuf_addf(out, "%s%s", out->len > 0 ? " " : "", tag);
    }
    return true;
}

/* The old tags without those that go, and then those that come. */
static const char *changed_tags(const char *old, const char *add, const char *remove,
                                struct dln_arena *arena)
{
    struct dln_strbuf all = {0};
    const char *const lists[] = {old, add};
    for (int i = 0; i < 2; i++) {
        for (const char *at = lists[i]; *at; at += strspn(at, " ")) {
            const size_t len = strcspn(at, " ");
            if (len > 0 && !has_tag(remove, at, len) && !has_tag(dln_strbuf_text(&all), at, len)) {
                if (all.len > 0) dln_strbuf_add(&all, " ");
                dln_strbuf_add_len(&all, at, len);
            }
            at += len;
        }
    }
    const char *copy = dln_strbuf_ok(&all) ? dln_arena_copy(arena, dln_strbuf_text(&all)) : NULL;
    dln_strbuf_release(&all);
    return copy;
}

struct tagging {
    const json_t *list; /* of numbers, or of [number, "a b"] when undoing */
    bool is_exact;      /* the second */
    const char *add, *remove;
    size_t n;
    struct dln_tagged *tagged;
    struct dln_strbuf undo;
};

static bool plan_tags(struct dln_driver *driver, struct tagging *t, struct dln_arena *arena,
                      struct dln_reply *reply)
{
    struct dln_error err = {0};
    for (size_t i = 0; i < t->n; i++) {
        const json_t *entry = json_array_get(t->list, i);
        const json_t *number = t->is_exact ? json_array_get(entry, 0) : entry;
        const char *exact = json_string_value(json_array_get(entry, 1));
        const char *old = "";
        struct dln_tagged *tagged = &t->tagged[i];
        if (!find_trial(driver, number, &tagged->trial_id, arena, reply)) return false;
        if (!dln_store_tags(driver->store, tagged->trial_id, arena, &old, &err)) {
            (void)dln_driver_blame(driver, &err);
            return false;
        }
        tagged->tags =
            t->is_exact ? (exact ? exact : "") : changed_tags(old, t->add, t->remove, arena);
        const char *quoted = dln_arena_copy(arena, old);
        if (!tagged->tags || !quoted) {
            dln_reply_refuse(reply, "out of memory");
            return false;
        }
        struct dln_json_writer w = {.out = &t->undo};
        dln_strbuf_addf(&t->undo, "%s[%" JSON_INTEGER_FORMAT ", ", i > 0 ? ", " : "",
                        json_integer_value(number));
        dln_json_string(&w, quoted);
        dln_strbuf_add(&t->undo, "]");
    }
    return true;
}

static void describe(const struct tagging *t, struct dln_reply *reply)
{
    const json_t *first = json_array_get(t->list, 0);
    char trials[64];
    if (t->n == 1) {
        (void)snprintf(trials, sizeof trials, "#%" JSON_INTEGER_FORMAT,
                       json_integer_value(t->is_exact ? json_array_get(first, 0) : first));
    } else {
        (void)snprintf(trials, sizeof trials, "%zu trials", t->n);
    }
    if (t->is_exact) {
        dln_reply_done(reply, "tags of %s as they were", trials);
    } else if (*t->add && *t->remove) {
        dln_reply_done(reply, "tag %s: %s, not %s", trials, t->add, t->remove);
    } else if (*t->add) {
        dln_reply_done(reply, "tag %s: %s", trials, t->add);
    } else {
        dln_reply_done(reply, "tag %s: not %s any more", trials, t->remove);
    }
}

void dln_obey_tag(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                  struct dln_reply *reply)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_strbuf add = {0}, remove = {0};
    struct tagging t = {.list = json_object_get(payload, "tags"), .is_exact = true};
    if (!t.list) {
        t.list = json_object_get(payload, "trials");
        t.is_exact = false;
    }
    t.n = json_array_size(t.list);
    if (!read_tags(json_object_get(payload, "add"), &add, reply) ||
        !read_tags(json_object_get(payload, "remove"), &remove, reply)) {
        goto done;
    }
    t.add = dln_strbuf_text(&add);
    t.remove = dln_strbuf_text(&remove);
    t.tagged = DLN_ARENA_ARRAY(&arena, struct dln_tagged, t.n);
    if (t.n == 0 || t.n > TAGGED_MAX || (!t.is_exact && !*t.add && !*t.remove)) {
        dln_reply_refuse(reply,
                         "it needs {\"trials\": [numbers], \"add\": [tags]} or \"remove\", of 1 "
                         "to %d trials",
                         TAGGED_MAX);
        goto done;
    }
    if (!t.tagged) {
        dln_reply_refuse(reply, "out of memory");
        goto done;
    }
    dln_strbuf_add(&t.undo, "{\"tags\": [");
    if (!plan_tags(driver, &t, &arena, reply)) goto done;
    dln_strbuf_add(&t.undo, "]}");
    if (!dln_store_set_tags(driver->store, driver->study_id, t.n, t.tagged, &err)) {
        (void)dln_driver_blame(driver, &err);
        goto done;
    }
    dln_driver_committed(driver, true);
    describe(&t, reply);
    keep_undo(&t.undo, reply);
done:
    dln_strbuf_release(&t.undo);
    dln_strbuf_release(&add);
    dln_strbuf_release(&remove);
    dln_arena_release(&arena);
}
