/*
 * Edits of a study file's `space` as edits of its text: libyaml's marks say where a definition
 * stands, and nothing else of the text is touched.
 */
#include "dialin/space_edit.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "study/param_define.h"
#include "study/yaml_tree.h"

/* One member of a map. Places are bytes of the text. */
struct member {
    char *name;
    size_t key, key_end;
    size_t value, value_end; /* value_end: behind the last thing that stands in it */
    bool is_flow;            /* value is {…} or a plain word */
};

struct map {
    bool is_found, is_flow;
    size_t at, end; /* of a {…} */
    size_t n, cap;
    struct member *members;
};

struct scan {
    const char *text;
    size_t len;
    size_t mark_at, mark_index; /* a place in both countings, for the next one */
    struct map root, space;
};

/* ── where things stand ────────────────────────────────────────────────────────────────────────*/

/* libyaml counts characters. */
static size_t byte_of(struct scan *scan, size_t index)
{
    if (index < scan->mark_index) scan->mark_at = scan->mark_index = 0;
    while (scan->mark_index < index && scan->mark_at < scan->len) {
        scan->mark_at++;
        while (scan->mark_at < scan->len && (scan->text[scan->mark_at] & 0xC0) == 0x80)
            scan->mark_at++;
        scan->mark_index++;
    }
    return scan->mark_at;
}

static struct member *add_member(struct map *map)
{
    if (map->n == map->cap) {
        const size_t cap = map->cap ? 2 * map->cap : 16;
        struct member *more = realloc(map->members, cap * sizeof *more);
        if (!more) return NULL;
        map->members = more;
        map->cap = cap;
    }
    struct member *member = &map->members[map->n++];
    *member = (struct member){0};
    return member;
}

static void release_map(struct map *map)
{
    for (size_t i = 0; i < map->n; i++)
        free(map->members[i].name);
    free(map->members);
}

/* A walk over events: depth 1 is the root map, depth 2 the space. */
struct walk {
    struct scan *scan;
    int depth;
    bool wants_key[3]; /* in the map of depth 1, 2 */
    bool is_in_space;
    bool no_memory;
};

static struct map *map_at(struct walk *walk, int depth)
{
    if (depth == 1) return &walk->scan->root;
    return depth == 2 && walk->is_in_space ? &walk->scan->space : NULL;
}

static void note_end(struct walk *walk, size_t end)
{
    for (int depth = 1; depth <= 2; depth++) {
        struct map *map = map_at(walk, depth);
        if (map && map->n > 0 && !walk->wants_key[depth] && walk->depth >= depth) {
            map->members[map->n - 1].value_end = end;
        }
    }
}

static void begin_value(struct walk *walk, size_t at, bool is_flow)
{
    struct map *map = map_at(walk, walk->depth);
    if (!map || walk->depth > 2 || map->n == 0) return;
    map->members[map->n - 1].value = at;
    map->members[map->n - 1].is_flow = is_flow;
}

static void scalar(struct walk *walk, const yaml_event_t *event)
{
    const size_t at = byte_of(walk->scan, event->start_mark.index);
    const size_t end = byte_of(walk->scan, event->end_mark.index);
    struct map *map = walk->depth <= 2 ? map_at(walk, walk->depth) : NULL;
    if (map && walk->wants_key[walk->depth]) {
        struct member *member = add_member(map);
        if (member) member->name = malloc(event->data.scalar.length + 1);
        if (!member || !member->name) {
            walk->no_memory = true;
            return;
        }
        memcpy(member->name, event->data.scalar.value, event->data.scalar.length);
        member->name[event->data.scalar.length] = '\0';
        member->key = at;
        member->key_end = end;
        walk->wants_key[walk->depth] = false;
        note_end(walk, end);
        walk->wants_key[walk->depth] = false;
        return;
    }
    begin_value(walk, at, true);
    note_end(walk, end);
    if (map) walk->wants_key[walk->depth] = true;
}

static void open_node(struct walk *walk, const yaml_event_t *event)
{
    const bool is_map = event->type == YAML_MAPPING_START_EVENT;
    const bool is_flow = is_map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                                : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    const size_t at = byte_of(walk->scan, event->start_mark.index);
    if (walk->depth > 0) begin_value(walk, at, is_flow);
    const struct map *root = &walk->scan->root;
    if (walk->depth == 1) {
        walk->is_in_space = is_map && root->n > 0 && !walk->wants_key[1] &&
                            strcmp(root->members[root->n - 1].name, "space") == 0;
    }
    walk->depth++;
    struct map *map = walk->depth <= 2 ? map_at(walk, walk->depth) : NULL;
    if (!map || !is_map) return;
    map->is_found = true;
    map->is_flow = is_flow;
    map->at = at;
    walk->wants_key[walk->depth] = true;
}

static void close_node(struct walk *walk, const yaml_event_t *event)
{
    const size_t at = byte_of(walk->scan, event->start_mark.index);
    const size_t end = byte_of(walk->scan, event->end_mark.index);
    struct map *map = walk->depth <= 2 ? map_at(walk, walk->depth) : NULL;
    const bool is_ours = map && map->is_found && walk->wants_key[walk->depth];
    if (is_ours) map->end = at;
    walk->depth--;
    if (end > at) note_end(walk, end); /* a bracket; a block ends at the next thing */
    if (walk->depth == 1) walk->is_in_space = false;
    if (walk->depth >= 1 && walk->depth <= 2 && map_at(walk, walk->depth)) {
        walk->wants_key[walk->depth] = true;
    }
}

static bool find_members(struct scan *scan, struct dln_error *err)
{
    yaml_parser_t parser;
    struct walk walk = {.scan = scan};
    if (!yaml_parser_initialize(&parser)) return dln_fail(err, DLN_NOMEM, "out of memory");
    const size_t skip = scan->len >= 3 && memcmp(scan->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    scan->text += skip;
    scan->len -= skip;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)scan->text, scan->len);
    bool ok = true;
    for (bool is_over = false; ok && !is_over;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            ok = dln_fail(err, DLN_INVALID, "the study file is no YAML any more");
            break;
        }
        switch ((int)event.type) {
        case YAML_SCALAR_EVENT: scalar(&walk, &event); break;
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT: open_node(&walk, &event); break;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT: close_node(&walk, &event); break;
        case YAML_DOCUMENT_END_EVENT:
        case YAML_STREAM_END_EVENT: is_over = true; break;
        default: break;
        }
        yaml_event_delete(&event);
        if (walk.no_memory) ok = dln_fail(err, DLN_NOMEM, "out of memory");
    }
    yaml_parser_delete(&parser);
    if (ok && !scan->space.is_found) {
        ok = dln_fail(err, DLN_INVALID, "the study file has no 'space' that could be edited");
    }
    return ok;
}

static struct member *find_member(struct map *map, const char *name)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->members[i].name, name) == 0) return &map->members[i];
    }
    return NULL;
}

/* ── the changed text ──────────────────────────────────────────────────────────────────────────*/

struct splice {
    size_t at, end;
    const char *before; /* "" */
    const char *text;   /* NULL: nothing */
    bool is_name;       /* `text: definition` */
    const char *definition;
};

static size_t line_start(const struct scan *scan, size_t at)
{
    while (at > 0 && scan->text[at - 1] != '\n')
        at--;
    return at;
}

/* Behind the line's end. */
static size_t line_end(const struct scan *scan, size_t at)
{
    while (at < scan->len && scan->text[at] != '\n')
        at++;
    return at < scan->len ? at + 1 : at;
}

static bool is_plain_name(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off"};
    const char *c = text;
    if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_')) return false;
    for (; *c; c++) {
        const bool is_word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                             (*c >= '0' && *c <= '9') || strchr("_.-/", *c);
        if (!is_word) return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) return false;
    }
    return true;
}

/* A text as a YAML scalar inside {…}. */
static void add_word(struct dln_strbuf *out, const char *text)
{
    if (is_plain_name(text)) {
        dln_strbuf_add(out, text);
        return;
    }
    dln_strbuf_add(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            dln_strbuf_addf(out, "\\%c", *c);
        else if (*c == '\n')
            dln_strbuf_add(out, "\\n");
        else if ((unsigned char)*c < ' ' || *c == 127)
            dln_strbuf_addf(out, "\\x%02x", (unsigned)*c);
        else
            dln_strbuf_add_len(out, c, 1);
    }
    dln_strbuf_add(out, "\"");
}

/* Takes a member out with what separates it from the others. */
static struct splice cut_member(const struct scan *scan, const struct map *map,
                                const struct member *member)
{
    if (!map->is_flow) {
        return (struct splice){.at = line_start(scan, member->key),
                               .end = line_end(scan, member->value_end)};
    }
    size_t at = member->key;
    size_t end = member->value_end;
    while (end < map->end && strchr(" \t\r\n", scan->text[end]))
        end++;
    if (end < map->end && scan->text[end] == ',') {
        end++;
        while (end < map->end && strchr(" \t", scan->text[end]))
            end++;
    } else {
        while (at > map->at && strchr(" \t\r\n", scan->text[at - 1]))
            at--;
        if (at > map->at && scan->text[at - 1] == ',') at--;
        end = member->value_end;
    }
    return (struct splice){.at = at, .end = end};
}

static struct splice put_member(const struct member *member, const char *definition)
{
    if (member->is_flow) {
        return (struct splice){.at = member->value, .end = member->value_end, .text = definition};
    }
    return (struct splice){
        .at = member->key_end, .end = member->value_end, .before = ": ", .text = definition};
}

static int by_place(const void *a, const void *b)
{
    const struct splice *left = a;
    const struct splice *right = b;
    if (left->at != right->at) return left->at < right->at ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

static void add_new(const struct scan *scan, size_t n, const struct dln_space_edit *edits,
                    const bool *is_new, bool has_others, struct dln_strbuf *out)
{
    const struct map *space = &scan->space;
    bool is_first = !has_others;
    for (size_t i = 0; i < n; i++) {
        if (!is_new[i]) continue;
        if (space->is_flow) {
            if (!is_first) dln_strbuf_add(out, ", ");
        } else {
            const size_t first = space->n > 0 ? space->members[0].key : 0;
            const size_t column = space->n > 0 ? first - line_start(scan, first) : 2;
            for (size_t k = 0; k < column; k++)
                dln_strbuf_add(out, " ");
        }
        is_first = false;
        add_word(out, edits[i].name);
        dln_strbuf_addf(out, ": %s%s", edits[i].definition, space->is_flow ? "" : "\n");
    }
}

static bool write_text(struct scan *scan, size_t n, const struct dln_space_edit *edits,
                       bool without_start, struct dln_strbuf *out, struct dln_error *err)
{
    struct map *space = &scan->space;
    struct splice *splices = calloc(n + 1, sizeof *splices);
    bool *is_new = calloc(n + 1, sizeof *is_new);
    size_t n_splices = 0;
    size_t n_cut = 0;
    if (!splices || !is_new) {
        free(splices);
        free(is_new);
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < n; i++) {
        const struct member *member = find_member(space, edits[i].name);
        if (!member) {
            is_new[i] = edits[i].definition != NULL;
        } else if (edits[i].definition) {
            splices[n_splices++] = put_member(member, edits[i].definition);
        } else {
            splices[n_splices++] = cut_member(scan, space, member);
            n_cut++;
        }
    }
    const struct member *start = find_member(&scan->root, "start");
    if (without_start && start) splices[n_splices++] = cut_member(scan, &scan->root, start);
    qsort(splices, n_splices, sizeof *splices, by_place);
    /* new ones go behind the last member */
    const bool has_members = space->n > 0;
    const size_t last = has_members ? space->members[space->n - 1].value_end : space->at + 1;
    const size_t end = space->is_flow ? space->end : line_end(scan, last);
    size_t at = 0;
    bool has_added = false;
    for (size_t i = 0; i <= n_splices; i++) {
        const size_t next = i < n_splices ? splices[i].at : scan->len;
        if (!has_added && next >= end && (i == n_splices || splices[i].at >= end)) {
            if (at < end) dln_strbuf_add_len(out, scan->text + at, end - at);
            if (!space->is_flow && end > 0 && scan->text[end - 1] != '\n')
                dln_strbuf_add(out, "\n");
            add_new(scan, n, edits, is_new, space->n > n_cut, out);
            if (at < end) at = end;
            has_added = true;
        }
        if (i == n_splices) break;
        if (splices[i].at > at) dln_strbuf_add_len(out, scan->text + at, splices[i].at - at);
        if (splices[i].before) dln_strbuf_add(out, splices[i].before);
        if (splices[i].text) dln_strbuf_add(out, splices[i].text);
        if (splices[i].end > at) at = splices[i].end;
    }
    if (at < scan->len) dln_strbuf_add_len(out, scan->text + at, scan->len - at);
    free(splices);
    free(is_new);
    return dln_strbuf_ok(out) || dln_fail(err, DLN_NOMEM, "out of memory");
}

static bool edit_text(const char *text, size_t len, size_t n, const struct dln_space_edit *edits,
                      bool without_start, struct dln_strbuf *out, struct dln_error *err)
{
    struct scan scan = {.text = text, .len = len};
    const bool ok =
        find_members(&scan, err) && write_text(&scan, n, edits, without_start, out, err);
    release_map(&scan.root);
    release_map(&scan.space);
    return ok;
}

bool dln_space_edit_text(const char *text, size_t len, size_t n, const struct dln_space_edit *edits,
                         struct dln_strbuf *out, struct dln_error *err)
{
    return edit_text(text, len, n, edits, false, out, err);
}

void dln_yaml_word(struct dln_strbuf *out, const char *text)
{
    add_word(out, text);
}

/* ── a study with edits ────────────────────────────────────────────────────────────────────────*/

/* "FILE:LINE:COLUMN: sentence" → "sentence": the text that it speaks of is in no file. */
static void drop_place(const char *path, struct dln_error *err)
{
    const size_t len = strlen(path);
    if (!err || strncmp(err->text, path, len) != 0) return;
    const char *c = err->text + len;
    while (*c == ':' || (*c >= '0' && *c <= '9'))
        c++;
    if (*c == ' ') c++;
    memmove(err->text, c, strlen(c) + 1);
}

/* Whether an edit says something else than the file. */
static bool differs(const struct dln_space *written, const struct dln_space *now,
                    const struct dln_space_edit *edit)
{
    const size_t then_at = dln_space_find(written, edit->name);
    const size_t now_at = dln_space_find(now, edit->name);
    if (then_at == SIZE_MAX || now_at == SIZE_MAX) return then_at != now_at || !edit->definition;
    struct dln_strbuf then_text = {0};
    struct dln_strbuf now_text = {0};
    dln_param_define(&written->params[then_at], &then_text);
    dln_param_define(&now->params[now_at], &now_text);
    const bool same = dln_strbuf_ok(&then_text) && dln_strbuf_ok(&now_text) &&
                      strcmp(dln_strbuf_text(&then_text), dln_strbuf_text(&now_text)) == 0;
    dln_strbuf_release(&then_text);
    dln_strbuf_release(&now_text);
    return !same;
}

/* The edits that count, in the study's own words. */
static bool keep_edits(struct dln_study *study, const struct dln_space *written, size_t n,
                       const struct dln_space_edit *edits, struct dln_error *err)
{
    struct dln_space_edit *kept = DLN_ARENA_ARRAY(&study->arena, struct dln_space_edit, n + 1);
    if (!kept) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = 0;
    size_t last = 0; /* behind the last one that says something by itself */
    for (size_t i = 0; i < n; i++) {
        const bool is_in_file = dln_space_find(written, edits[i].name) != SIZE_MAX;
        if (is_in_file && !differs(written, &study->space, &edits[i])) continue;
        struct dln_strbuf text = {0};
        const size_t at = dln_space_find(&study->space, edits[i].name);
        if (at != SIZE_MAX) dln_param_define(&study->space.params[at], &text);
        kept[count].name = dln_arena_copy(&study->arena, edits[i].name);
        kept[count].definition =
            at != SIZE_MAX ? dln_arena_copy(&study->arena, dln_strbuf_text(&text)) : NULL;
        const bool ok =
            dln_strbuf_ok(&text) && kept[count].name && (at == SIZE_MAX || kept[count].definition);
        dln_strbuf_release(&text);
        if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory");
        /* one that came and went keeps the place of what came after it */
        if (kept[count++].definition || is_in_file) last = count;
    }
    study->edits = kept;
    study->n_edits = last;
    return true;
}

/* One {…} and nothing else: a definition cannot bring in other keys of the file. */
static bool check_definitions(size_t n, const struct dln_space_edit *edits, struct dln_error *err)
{
    for (size_t i = 0; i < n; i++) {
        const char *text = edits[i].definition;
        if (!text) continue;
        struct dln_arena arena = {0};
        const struct dln_node *node = NULL;
        struct dln_error why = {0};
        const size_t len = strlen(text);
        bool ok = text[0] == '{' && text[len - 1] == '}' && !strpbrk(text, "\r\n") &&
                  dln_yaml_parse("", text, len, &arena, &node, &why) && node->kind == DLN_NODE_MAP;
        dln_arena_release(&arena);
        if (!ok) {
            return dln_fail(err, DLN_INVALID,
                            "'%.80s' needs a definition such as {float: [0.0, 0.5]}, not %.80s",
                            edits[i].name, text);
        }
    }
    return true;
}

bool dln_study_edit(const struct dln_study *study, size_t n, const struct dln_space_edit *edits,
                    struct dln_study **out, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    struct dln_study *written = NULL;
    struct dln_study *edited = NULL;
    bool ok = check_definitions(n, edits, err) &&
              dln_study_read(study->path, study->text, study->text_len, &written, err) &&
              edit_text(study->text, study->text_len, n, edits, true, &text, err) &&
              dln_study_read(study->path, dln_strbuf_text(&text), text.len, &edited, err) &&
              keep_edits(edited, &written->space, n, edits, err);
    if (ok) {
        edited->text = dln_arena_copy_len(&edited->arena, study->text, study->text_len);
        edited->text_len = study->text_len;
        ok = edited->text || dln_fail(err, DLN_NOMEM, "out of memory");
    } else {
        drop_place(study->path, err);
    }
    dln_strbuf_release(&text);
    dln_study_free(written);
    if (ok) {
        *out = edited;
    } else {
        dln_study_free(edited);
    }
    return ok;
}
