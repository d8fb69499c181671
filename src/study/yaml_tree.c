/*
 * Events → tree, with a stack of open lists and maps, so that nesting costs no recursion. libyaml
 * is fed from memory and pulled one event at a time: the first one over a limit ends the reading.
 */
#include "study/yaml_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "dialin/text.h"

struct builder {
    const char *path;
    const char *text;
    size_t len;
    struct dln_arena *arena;
    struct dln_error *err;
    yaml_parser_t parser;
    struct dln_node *open[DLN_YAML_DEPTH_MAX];
    struct dln_node *last[DLN_YAML_DEPTH_MAX]; /* newest child of each open node */
    size_t depth;
    struct dln_node *root;
    size_t n_documents;
};

static bool fail_at(const struct builder *b, size_t line, size_t column, const char *sentence)
{
    dln_fail(b->err, DLN_INVALID, "%zu:%zu: %s", line, column, sentence);
    if (b->path[0] != '\0' && b->err) {
        char inner[DLN_ERROR_TEXT_MAX];
        memcpy(inner, b->err->text, sizeof inner);
        dln_fail(b->err, DLN_INVALID, "%.400s:%.600s", b->path, inner);
    }
    return false;
}

static bool fail_mark(const struct builder *b, yaml_mark_t mark, const char *sentence)
{
    return fail_at(b, mark.line + 1, mark.column + 1, sentence);
}

/* ── errors of libyaml ─────────────────────────────────────────────────────────────────────────*/

/* Line and column of a byte. */
static void place_of(const struct builder *b, size_t offset, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < b->len; i++) {
        if (b->text[i] == '\n') {
            (*line)++;
            *column = 1;
        } else if (((unsigned char)b->text[i] & 0xC0) != 0x80) {
            (*column)++;
        }
    }
}

/* The byte at a place: libyaml counts characters. */
static char byte_at(const struct builder *b, yaml_mark_t mark)
{
    size_t line = 0;
    size_t column = 0;
    for (size_t i = 0; i < b->len; i++) {
        const bool is_first = ((unsigned char)b->text[i] & 0xC0) != 0x80;
        if (is_first && line == mark.line && column == mark.column) return b->text[i];
        column += is_first;
        if (b->text[i] != '\n') continue;
        line++;
        column = 0;
    }
    return '\0';
}

/* libyaml gives only the number of the byte; what is not UTF-8 never reaches it. */
static bool fail_reading(const struct builder *b)
{
    size_t line;
    size_t column;
    place_of(b, b->parser.problem_offset, &line, &column);
    return fail_at(b, line, column, "a control character has no place in a study file");
}

static bool refuse_bytes(const struct builder *b)
{
    for (size_t i = 0; i < b->len;) {
        uint32_t code = 0;
        const size_t len = dln_text_decode(b->text + i, b->len - i, &code);
        const bool is_broken =
            code == 0xFFFD && (len != 3 || memcmp(b->text + i, "\xEF\xBF\xBD", 3) != 0);
        if (code == 0 || is_broken) {
            size_t line;
            size_t column;
            place_of(b, i, &line, &column);
            return fail_at(b, line, column,
                           code == 0 ? "a NUL byte has no place in a study file"
                                     : "not valid UTF-8");
        }
        i += len;
    }
    return true;
}

static bool fail_parser(const struct builder *b)
{
    const yaml_parser_t *parser = &b->parser;
    /* a failed copy of a tag leaves libyaml without an error to tell */
    if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR) {
        return dln_fail(b->err, DLN_NOMEM, "out of memory");
    }
    if (parser->error == YAML_READER_ERROR) return fail_reading(b);

    const yaml_mark_t mark = parser->problem_mark;
    const char *problem = parser->problem ? parser->problem : "something is wrong";
    const char *context = parser->context ? parser->context : "";
    if (byte_at(b, mark) == '\t') {
        return fail_mark(b, mark, "a tab cannot indent YAML; use blanks");
    }
    char sentence[400];
    int len;
    if (strstr(context, "flow node") && strstr(problem, "did not find expected")) {
        len = snprintf(sentence, sizeof sentence,
                       "not valid YAML: a value or a closing bracket is missing (a text with"
                       " , : [ ] { } inside one is put in quotes)");
    } else if (strstr(context, "flow") && strstr(problem, "did not find expected")) {
        len = snprintf(sentence, sizeof sentence,
                       "not valid YAML: %s (the brace or bracket was opened at line %zu, column "
                       "%zu; a text with , : [ ] { } inside one is put in quotes)",
                       problem, parser->context_mark.line + 1, parser->context_mark.column + 1);
    } else if (context[0] != '\0') {
        len = snprintf(sentence, sizeof sentence, "not valid YAML: %s, %s (line %zu, column %zu)",
                       problem, context, parser->context_mark.line + 1,
                       parser->context_mark.column + 1);
    } else {
        len = snprintf(sentence, sizeof sentence, "not valid YAML: %s", problem);
    }
    return fail_mark(b, mark, len > 0 ? sentence : problem);
}

/* ── the tree ──────────────────────────────────────────────────────────────────────────────────*/

static bool wants_key(const struct builder *b)
{
    if (b->depth == 0) return false;
    const struct dln_node *parent = b->open[b->depth - 1];
    if (parent->kind != DLN_NODE_MAP) return false;
    return parent->count % 2 == 0; /* counts keys and values until the map is closed */
}

static struct dln_node *add_node(struct builder *b, enum dln_node_kind kind, yaml_mark_t mark)
{
    struct dln_node *node = DLN_ARENA_NEW(b->arena, struct dln_node);
    if (!node) {
        dln_fail(b->err, DLN_NOMEM, "out of memory");
        return NULL;
    }
    *node = (struct dln_node){.line = (uint32_t)(mark.line + 1),
                              .column = (uint32_t)(mark.column + 1) & 0xFFFFFFF,
                              .kind = (uint32_t)kind & 3};
    if (b->depth == 0) {
        b->root = node;
        return node;
    }
    struct dln_node *parent = b->open[b->depth - 1];
    struct dln_node **last = &b->last[b->depth - 1];
    if (*last) {
        (*last)->next = node;
    } else {
        parent->first = node;
    }
    *last = node;
    parent->count++;
    return node;
}

static size_t count_characters(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static bool add_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    const size_t len = event->data.scalar.length;
    const bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    const yaml_mark_t at = event->start_mark;
    if (event->data.scalar.anchor) return fail_mark(b, at, "anchors are not used in a study file");
    if (event->data.scalar.tag) return fail_mark(b, at, "tags are not used in a study file");
    if (len > DLN_YAML_SCALAR_MAX) return fail_mark(b, at, "a text is longer than 64 KiB");
    if (memchr(text, '\0', len)) return fail_mark(b, at, "a text must not contain a NUL character");
    if (wants_key(b) && is_plain && strcmp(text, "<<") == 0) {
        return fail_mark(b, at, "merge keys are not used in a study file");
    }
    struct dln_node *node = add_node(b, DLN_NODE_SCALAR, at);
    if (!node) return false;
    node->text = dln_arena_copy_len(b->arena, text, len);
    if (!node->text) return dln_fail(b->err, DLN_NOMEM, "out of memory");
    node->count = (uint32_t)len;
    node->is_plain = is_plain;
    const size_t width = event->end_mark.column - at.column;
    node->is_exact = event->end_mark.line == at.line &&
                     width == count_characters(text, len) + (is_plain ? 0 : 2);
    return true;
}

static bool open_node(struct builder *b, enum dln_node_kind kind, const yaml_event_t *event)
{
    const bool is_list = kind == DLN_NODE_LIST;
    const yaml_char_t *anchor =
        is_list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor;
    const yaml_char_t *tag =
        is_list ? event->data.sequence_start.tag : event->data.mapping_start.tag;
    const yaml_mark_t at = event->start_mark;
    if (anchor) return fail_mark(b, at, "anchors are not used in a study file");
    if (tag) return fail_mark(b, at, "tags are not used in a study file");
    if (wants_key(b)) return fail_mark(b, at, "a key must be a word, not a list or a map");
    if (b->depth == DLN_YAML_DEPTH_MAX) {
        return fail_mark(b, at, "lists and maps are nested deeper than 16 levels");
    }
    struct dln_node *node = add_node(b, kind, at);
    if (!node) return false;
    b->open[b->depth] = node;
    b->last[b->depth] = NULL;
    b->depth++;
    return true;
}

static int by_text_then_place(const void *a, const void *b)
{
    const struct dln_node *const *left = a;
    const struct dln_node *const *right = b;
    const int order = strcmp((*left)->text, (*right)->text);
    if (order != 0) return order;
    if ((*left)->line != (*right)->line) return (*left)->line < (*right)->line ? -1 : 1;
    return (*left)->column < (*right)->column ? -1 : (*left)->column > (*right)->column;
}

/* Sorted, so that a map with very many keys does not take the square of their number. */
static bool refuse_duplicates(const struct builder *b, const struct dln_node *map)
{
    if (map->count < 2) return true;
    const struct dln_node **keys = malloc(map->count * sizeof *keys);
    if (!keys) return dln_fail(b->err, DLN_NOMEM, "out of memory");
    size_t n = 0;
    for (const struct dln_node *key = map->first; key; key = key->next->next)
        keys[n++] = key;
    qsort(keys, n, sizeof *keys, by_text_then_place);

    const struct dln_node *again = NULL;
    const struct dln_node *before = NULL;
    for (size_t i = 1; i < n; i++) {
        if (strcmp(keys[i]->text, keys[i - 1]->text) != 0) continue;
        if (again && keys[i]->line > again->line) continue;
        again = keys[i];
        before = keys[i - 1];
    }
    free(keys);
    if (!again) return true;
    char sentence[200];
    if (snprintf(sentence, sizeof sentence, "the key '%.80s' stands at line %u already",
                 again->text, (unsigned)before->line) < 0) {
        sentence[0] = '\0';
    }
    return fail_at(b, again->line, again->column, sentence);
}

static bool close_node(struct builder *b)
{
    struct dln_node *node = b->open[--b->depth];
    if (node->kind != DLN_NODE_MAP) return true;
    node->count /= 2;
    return refuse_duplicates(b, node);
}

static bool take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (b->n_documents++ == 0) return true;
        return fail_mark(b, event->start_mark,
                         "a study file is one document, and here a second one starts");
    case YAML_ALIAS_EVENT:
        return fail_mark(b, event->start_mark, "aliases are not used in a study file");
    case YAML_SCALAR_EVENT: return add_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT: return open_node(b, DLN_NODE_LIST, event);
    case YAML_MAPPING_START_EVENT: return open_node(b, DLN_NODE_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close_node(b);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return true;
}

static bool take_all(struct builder *b)
{
    for (size_t n = 0;; n++) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return fail_parser(b);
        const bool is_end = event.type == YAML_STREAM_END_EVENT;
        const bool ok = n < DLN_YAML_EVENTS_MAX
                            ? take_event(b, &event)
                            : fail_mark(b, event.start_mark, "the file has too many parts");
        yaml_event_delete(&event);
        if (!ok) return false;
        if (is_end) return true;
    }
}

bool dln_yaml_parse(const char *path, const char *text, size_t len, struct dln_arena *arena,
                    const struct dln_node **out, struct dln_error *err)
{
    struct builder b = {.path = path, .text = text, .len = len, .arena = arena, .err = err};
    if (len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        return fail_at(&b, 1, 1, "the file is UTF-16; save it as UTF-8");
    }
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        b.text += 3;
        b.len -= 3;
    }
    if (!refuse_bytes(&b)) return false;
    if (!yaml_parser_initialize(&b.parser)) return dln_fail(err, DLN_NOMEM, "out of memory");
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)b.text, b.len);
    bool ok = take_all(&b);
    if (ok && !b.root) ok = fail_at(&b, 1, 1, "the file is empty");
    yaml_parser_delete(&b.parser);
    if (ok) *out = b.root;
    return ok;
}

/* ── looking into it ───────────────────────────────────────────────────────────────────────────*/

const struct dln_node *dln_node_get_key(const struct dln_node *map, const char *key)
{
    if (!map || map->kind != DLN_NODE_MAP) return NULL;
    for (const struct dln_node *at = map->first; at; at = at->next->next) {
        if (strcmp(at->text, key) == 0) return at;
    }
    return NULL;
}

const struct dln_node *dln_node_get(const struct dln_node *map, const char *key)
{
    const struct dln_node *at = dln_node_get_key(map, key);
    return at ? at->next : NULL;
}

bool dln_node_is(const struct dln_node *node, const char *text)
{
    return node && node->kind == DLN_NODE_SCALAR && strcmp(node->text, text) == 0;
}
