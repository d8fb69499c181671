/* The values of a YAML file, by libyaml's events, whose marks say where each of them stands. */
#include <inttypes.h>
#include <string.h>

#include <yaml.h>

#include "exec/config_slots.h"

enum { DEPTH_MAX = 64 };

struct level { /* an open list or map */
    bool is_map, wants_key;
    size_t path_len; /* of its own name */
    int64_t index;   /* of the next item */
    size_t slot;     /* its own, to be closed; SIZE_MAX: none */
};

struct scan {
    const char *title, *text;
    size_t len;
    struct dln_slots *slots;
    struct dln_error *err;
    struct dln_strbuf path;
    struct level levels[DEPTH_MAX];
    size_t depth;
    size_t skipped;      /* bytes of a byte order mark, which libyaml would indent by */
    size_t chars, bytes; /* how far characters were counted as bytes */
};

/* libyaml counts characters; asked in ascending order. */
static size_t byte_of(struct scan *scan, const yaml_mark_t *mark)
{
    if (mark->index < scan->chars) { /* an end was asked for before */
        scan->chars = 0;
        scan->bytes = scan->skipped;
    }
    while (scan->chars < mark->index && scan->bytes < scan->len) {
        scan->bytes++;
        while (scan->bytes < scan->len && ((unsigned char)scan->text[scan->bytes] & 0xC0) == 0x80)
            scan->bytes++;
        scan->chars++;
    }
    return scan->bytes;
}

static bool no_memory(const struct scan *scan)
{
    return dln_fail(scan->err, DLN_NOMEM, "out of memory");
}

static struct level *top(struct scan *scan)
{
    return scan->depth > 0 ? &scan->levels[scan->depth - 1] : NULL;
}

static void add_part(struct scan *scan, const char *part)
{
    if (scan->path.len > 0) dln_strbuf_add_char(&scan->path, '.');
    dln_strbuf_add(&scan->path, part);
}

/* A node comes: true if it is a key, whose name is then in the path (where it is a scalar). */
static bool take_key(struct scan *scan, const char *text)
{
    struct level *level = top(scan);
    if (!level) return false;
    if (level->is_map && level->wants_key) {
        level->wants_key = false;
        dln_strbuf_cut(&scan->path, level->path_len);
        add_part(scan, text ? text : "?");
        return true;
    }
    if (!level->is_map) {
        char index[24];
        (void)snprintf(index, sizeof index, "%" PRId64, level->index++);
        dln_strbuf_cut(&scan->path, level->path_len);
        add_part(scan, index);
    }
    level->wants_key = level->is_map;
    return false;
}

static bool add_slot(struct scan *scan, const yaml_event_t *event, const char *trouble,
                     bool has_anchor, size_t *slot)
{
    struct dln_slot one = {
        .name = dln_strbuf_text(&scan->path),
        .start = byte_of(scan, &event->start_mark),
        .trouble = has_anchor ? "it has an anchor or a tag" : trouble,
    };
    one.end = byte_of(scan, &event->end_mark);
    one.needs_blank = one.start == one.end;
    if (!dln_strbuf_ok(&scan->path)) return no_memory(scan);
    *slot = dln_slots_add(scan->slots, &one);
    return *slot == SIZE_MAX ? no_memory(scan) : true;
}

static bool open_level(struct scan *scan, const yaml_event_t *event, bool is_map, bool is_flow,
                       bool has_anchor)
{
    if (scan->depth == DEPTH_MAX) {
        return dln_slots_fail(scan->title, scan->text, byte_of(scan, &event->start_mark), scan->err,
                              "it is nested too deep");
    }
    size_t slot = SIZE_MAX;
    const bool is_key = take_key(scan, NULL);
    if (!is_key && scan->depth > 0 &&
        !add_slot(scan, event,
                  is_flow ? NULL : "it is a block of lines; write it as [ ] or { } on one line",
                  has_anchor, &slot)) {
        return false;
    }
    scan->levels[scan->depth++] = (struct level){.is_map = is_map,
                                                 .wants_key = is_map,
                                                 .path_len = scan->path.len,
                                                 .slot = is_flow ? slot : SIZE_MAX};
    return true;
}

static void close_level(struct scan *scan, const yaml_event_t *event)
{
    const struct level *level = &scan->levels[--scan->depth];
    if (level->slot != SIZE_MAX) {
        scan->slots->slot[level->slot].end = byte_of(scan, &event->end_mark);
        scan->slots->slot[level->slot].needs_blank = false;
    }
    const struct level *outer = top(scan);
    dln_strbuf_cut(&scan->path, outer ? outer->path_len : 0);
}

static bool take_event(struct scan *scan, const yaml_event_t *event)
{
    size_t slot;
    switch (event->type) {
    case YAML_SCALAR_EVENT: {
        const yaml_scalar_style_t style = event->data.scalar.style;
        const bool is_block =
            style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
        if (take_key(scan, (const char *)event->data.scalar.value) || scan->depth == 0) return true;
        return add_slot(scan, event, is_block ? "it is a text of several lines" : NULL,
                        event->data.scalar.anchor || event->data.scalar.tag, &slot);
    }
    case YAML_ALIAS_EVENT:
        if (take_key(scan, NULL) || scan->depth == 0) return true;
        return add_slot(scan, event, "it is an alias", false, &slot);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(scan, event, false,
                          event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                          event->data.sequence_start.anchor || event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_level(scan, event, true,
                          event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                          event->data.mapping_start.anchor || event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: close_level(scan, event); return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    }
    return true;
}

static bool fail_parser(const struct scan *scan, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR) {
        return no_memory(scan);
    }
    return dln_fail(scan->err, DLN_INVALID, "%.300s:%zu:%zu: not valid YAML: %.300s", scan->title,
                    parser->problem_mark.line + 1, parser->problem_mark.column + 1,
                    parser->problem ? parser->problem : "something is wrong");
}

bool dln_config_scan_yaml(const char *title, const char *text, size_t len, struct dln_slots *slots,
                          struct dln_error *err)
{
    struct scan scan = {.title = title, .text = text, .len = len, .slots = slots, .err = err};
    scan.bytes = scan.skipped = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return no_memory(&scan);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text + scan.skipped,
                                 len - scan.skipped);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    bool ok = true;
    for (bool is_over = false; ok && !is_over;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            ok = fail_parser(&scan, &parser);
            break;
        }
        ok = take_event(&scan, &event);
        is_over = event.type == YAML_STREAM_END_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    dln_strbuf_release(&scan.path);
    return ok;
}
