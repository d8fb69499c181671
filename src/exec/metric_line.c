/*
 * Bytes of standard output → lines → metric events. A line ends at a line feed or a carriage return
 * (progress bars); of a line longer than 64 KiB the first 64 KiB count. Escape sequences are taken
 * out before anybody looks at the line. Whatever way the bytes are cut into chunks, the events are
 * the same: a line is looked at when it is whole.
 */
#include "exec/metric_line.h"

#include <stdlib.h>
#include <string.h>

#include "exec/metric_find.h"

#define METRIC_LINE_MAX ((size_t)64 * 1024)

struct dln_metric_reader {
    struct dln_metric_set *set;
    struct dln_metric_line found;
    int64_t *counter; /* by metric: values so far */
    char *clean;      /* a line without escape sequences; METRIC_LINE_MAX + 1 bytes, or NULL yet */
    char *part;       /* a line whose end has not come; made when it is needed */
    size_t part_len, part_cap;
    bool in_line; /* bytes of a line have come, kept or not */
    bool is_cut;
    int64_t cut_lines;
};

static bool reader_new(struct dln_metric_set *set, dln_metric_reader **out, struct dln_error *err)
{
    const size_t n = dln_metric_set_count(set);
    dln_metric_reader *reader = calloc(1, sizeof *reader);
    if (reader) {
        reader->set = set;
        reader->found.has_value = calloc(n + 1, sizeof *reader->found.has_value);
        reader->found.value = calloc(n + 1, sizeof *reader->found.value);
        reader->counter = calloc(n + 1, sizeof *reader->counter);
        if (reader->found.has_value && reader->found.value && reader->counter) {
            *out = reader;
            return true;
        }
        dln_metric_reader_free(reader);
    } else {
        dln_metric_set_drop(set);
    }
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

bool dln_metric_reader_new(const struct dln_study *study, dln_metric_reader **out,
                           struct dln_error *err)
{
    struct dln_metric_set *set;
    return dln_metric_set_new(study, &set, err) && reader_new(set, out, err);
}

bool dln_metric_reader_clone(const dln_metric_reader *reader, dln_metric_reader **out,
                             struct dln_error *err)
{
    return reader_new(dln_metric_set_hold(reader->set), out, err);
}

void dln_metric_reader_free(dln_metric_reader *reader)
{
    if (!reader) return;
    dln_metric_set_drop(reader->set);
    free(reader->found.has_value);
    free(reader->found.value);
    free(reader->counter);
    free(reader->clean);
    free(reader->part);
    free(reader);
}

void dln_metric_reader_reset(dln_metric_reader *reader)
{
    memset(reader->counter, 0, dln_metric_set_count(reader->set) * sizeof *reader->counter);
    reader->part_len = 0;
    reader->in_line = false;
    reader->is_cut = false;
    reader->cut_lines = 0;
}

size_t dln_metric_count(const dln_metric_reader *reader)
{
    return dln_metric_set_count(reader->set);
}

const char *dln_metric_name(const dln_metric_reader *reader, size_t metric)
{
    return dln_metric_set_name(reader->set, metric);
}

int64_t dln_metric_reader_cut_lines(const dln_metric_reader *reader)
{
    return reader->cut_lines;
}

/* Length of the escape sequence at text[0] == ESC: CSI … letter, OSC … BEL or ESC \, ESC x
 * (ECMA-48). */
static size_t escape_len(const char *text, size_t len)
{
    if (len < 2) return len;
    size_t i = 2;
    switch (text[1]) {
    case '[':
        while (i < len && text[i] >= 0x20 && text[i] <= 0x3f)
            i++;
        return i < len && text[i] >= 0x40 && text[i] <= 0x7e ? i + 1 : i;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        for (; i < len; i++) {
            if (text[i] == '\a') return i + 1;
            if (text[i] == '\033') return i + 1 < len && text[i + 1] == '\\' ? i + 2 : i;
        }
        return 2; /* never closed: what follows is the line's text */
    default:      /* ESC ( B */
        for (i = 1; i < len && text[i] >= 0x20 && text[i] <= 0x2f;)
            i++;
        return i < len && text[i] >= 0x30 && text[i] <= 0x7e ? i + 1 : i;
    }
}

/* Into reader->clean, NUL-terminated; a NUL in the line becomes a blank. */
static size_t clean_line(dln_metric_reader *reader, const char *line, size_t len)
{
    char *out = reader->clean;
    if (!memchr(line, '\033', len) && !memchr(line, '\0', len)) {
        memcpy(out, line, len);
        out[len] = '\0';
        return len;
    }
    size_t kept = 0;
    for (size_t i = 0; i < len;) {
        if (line[i] == '\033') {
            i += escape_len(line + i, len - i);
            continue;
        }
        out[kept++] = line[i] ? line[i] : ' ';
        i++;
    }
    out[kept] = '\0';
    return kept;
}

static void take_line(dln_metric_reader *reader, const char *line, size_t len,
                      dln_metric_sink *sink, void *context)
{
    if (reader->is_cut || len > METRIC_LINE_MAX) {
        reader->cut_lines++;
        if (len > METRIC_LINE_MAX) len = METRIC_LINE_MAX;
    }
    if (len < dln_metric_set_shortest(reader->set)) return;
    if (!reader->clean && !(reader->clean = malloc(METRIC_LINE_MAX + 1))) return;
    const size_t clean_len = clean_line(reader, line, len);
    struct dln_metric_line *found = &reader->found;
    if (!dln_metric_find(reader->set, reader->clean, clean_len, found)) return;
    for (size_t i = 0; i < dln_metric_set_count(reader->set); i++) {
        if (!found->has_value[i]) continue;
        const int64_t count = reader->counter[i]++;
        const struct dln_metric_event event = {.metric = i,
                                               .value = found->value[i],
                                               .has_step = found->has_step,
                                               .step = found->has_step ? found->step : count};
        sink(context, &event);
    }
}

static void keep_part(dln_metric_reader *reader, const char *bytes, size_t len)
{
    size_t room = METRIC_LINE_MAX - reader->part_len;
    if (len > room) {
        reader->is_cut = true;
    } else {
        room = len;
    }
    while (reader->part_cap < reader->part_len + room) {
        const size_t cap = reader->part_cap ? reader->part_cap * 2 : 4096;
        char *grown = realloc(reader->part, cap);
        if (!grown) { /* the line is lost, the run is not */
            reader->is_cut = true;
            return;
        }
        reader->part = grown;
        reader->part_cap = cap;
    }
    if (room > 0) memcpy(reader->part + reader->part_len, bytes, room);
    reader->part_len += room;
}

static void finish_line(dln_metric_reader *reader, dln_metric_sink *sink, void *context)
{
    take_line(reader, reader->part_len ? reader->part : "", reader->part_len, sink, context);
    reader->part_len = 0;
    reader->in_line = false;
    reader->is_cut = false;
}

void dln_metric_feed(dln_metric_reader *reader, const char *bytes, size_t len, bool end,
                     dln_metric_sink *sink, void *context)
{
    const char *const stop = bytes + len;
    const char *feed = bytes; /* the next line feed, found once however many returns precede it */
    if (len > 0 && !(feed = memchr(bytes, '\n', len))) feed = stop;
    while (bytes < stop) {
        if (feed < bytes && !(feed = memchr(bytes, '\n', (size_t)(stop - bytes)))) feed = stop;
        const char *back = memchr(bytes, '\r', (size_t)(feed - bytes));
        const char *line_end = back ? back : feed;
        const size_t line_len = (size_t)(line_end - bytes);
        if (line_end < stop && !reader->in_line) {
            take_line(reader, bytes, line_len, sink, context);
        } else {
            reader->in_line = true;
            keep_part(reader, bytes, line_len);
            if (line_end < stop) finish_line(reader, sink, context);
        }
        bytes = line_end < stop ? line_end + 1 : stop;
    }
    if (end && reader->in_line) finish_line(reader, sink, context);
}
