/*
 * `config:` of a study: a file for each trial, from a template whose values are replaced where they
 * stand, from a text with {placeholders}, or from the parameters alone. The template is read once,
 * when the engine starts or the study is checked: what does not fit is told then.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/exec.h"
#include "dialin/nearest.h"
#include "dialin/num.h"
#include "exec/config_slots.h"
#include "exec/placeholder.h"

enum { TEMPLATE_BYTES_MAX = 1024 * 1024 };

struct dln_config {
    const struct dln_study *study;
    struct dln_arena arena;
    char *text; /* of the template; NULL: there is none */
    size_t len;
    struct dln_slots slots;
    size_t *source; /* of each slot: index of a parameter, n + index of a constant, or SIZE_MAX */
    size_t n_filled;
};

static const char *format_name(enum dln_config_format as)
{
    static const char *const names[] = {"none", "yaml", "json", "toml", "ini", "text"};
    return names[as];
}

char *dln_config_file(const struct dln_study *study, struct dln_arena *arena)
{
    if (study->config_as != DLN_CONFIG_TEXT) {
        return dln_arena_printf(arena, "config.%s", format_name(study->config_as));
    }
    const char *slash = strrchr(study->config_from, '/');
    const char *base = slash ? slash + 1 : study->config_from;
    const char *dot = strrchr(base, '.');
    return dln_arena_printf(arena, "config%s", dot && dot != base ? dot : ".txt");
}

/* ── slots ─────────────────────────────────────────────────────────────────────────────────────*/

size_t dln_slots_add(struct dln_slots *slots, const struct dln_slot *slot)
{
    if (slots->n == slots->cap) {
        const size_t cap = slots->cap ? 2 * slots->cap : 64;
        struct dln_slot *more = DLN_ARENA_ARRAY(slots->arena, struct dln_slot, cap);
        if (!more) return SIZE_MAX;
        if (slots->n > 0) memcpy(more, slots->slot, slots->n * sizeof *more);
        slots->slot = more;
        slots->cap = cap;
    }
    slots->slot[slots->n] = *slot;
    slots->slot[slots->n].name = dln_arena_copy(slots->arena, slot->name);
    return slots->slot[slots->n].name ? slots->n++ : SIZE_MAX;
}

bool dln_slots_fail(const char *title, const char *text, size_t at, struct dln_error *err,
                    const char *sentence)
{
    size_t line = 1;
    size_t column = 1;
    for (size_t i = 0; i < at && text[i]; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    return dln_fail(err, DLN_INVALID, "%.300s:%zu:%zu: %.500s", title, line, column, sentence);
}

/* ── the template ──────────────────────────────────────────────────────────────────────────────*/

DLN_PRINTF(3, 4)
static bool fail_here(const struct dln_study *study, struct dln_error *err, const char *format, ...)
{
    char sentence[700];
    va_list args;
    va_start(args, format);
    if (vsnprintf(sentence, sizeof sentence, format, args) < 0) sentence[0] = '\0';
    va_end(args);
    return dln_fail(err, DLN_INVALID, "%u:%u: %s", study->config_line, study->config_column,
                    sentence);
}

static bool read_bytes(int fd, struct dln_config *config)
{
    config->text = malloc(TEMPLATE_BYTES_MAX + 2);
    if (!config->text) return false;
    while (config->len <= TEMPLATE_BYTES_MAX) {
        const ssize_t got =
            read(fd, config->text + config->len, TEMPLATE_BYTES_MAX + 1 - config->len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        config->len += (size_t)got;
    }
    config->text[config->len] = '\0';
    return true;
}

static bool read_template(struct dln_config *config, struct dln_error *err)
{
    const struct dln_study *study = config->study;
    const char *from = study->config_from;
    const bool is_absolute = from[0] == '/';
    const char *path =
        dln_arena_printf(&config->arena, "%s%s%s", is_absolute ? "" : study->directory,
                         is_absolute ? "" : "/", from);
    struct stat info;
    if (!path) return dln_fail(err, DLN_NOMEM, "out of memory");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        const int problem = errno;
        struct dln_error inner = {0};
        dln_fail_errno(&inner, problem, "the template '%.300s' of 'config' cannot be read", from);
        return fail_here(study, err, "%s", inner.text);
    }
    const bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    const bool has_room = is_file && read_bytes(fd, config);
    (void)close(fd);
    if (!is_file) return fail_here(study, err, "the template '%.300s' is not a file", from);
    if (!has_room) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (config->len > TEMPLATE_BYTES_MAX) {
        return fail_here(study, err, "the template '%.300s' is larger than 1 MiB", from);
    }
    if (memchr(config->text, '\0', config->len)) {
        return fail_here(study, err, "the template '%.300s' has a NUL byte: it is no text", from);
    }
    return true;
}

static bool scan_template(struct dln_config *config, struct dln_error *err)
{
    const char *title = config->study->config_from;
    struct dln_slots *slots = &config->slots;
    switch (config->study->config_as) {
    case DLN_CONFIG_YAML: return dln_config_scan_yaml(title, config->text, config->len, slots, err);
    case DLN_CONFIG_JSON: return dln_config_scan_json(title, config->text, config->len, slots, err);
    case DLN_CONFIG_TOML: return dln_config_scan_toml(title, config->text, config->len, slots, err);
    case DLN_CONFIG_INI: return dln_config_scan_ini(title, config->text, config->len, slots, err);
    case DLN_CONFIG_TEXT:
    case DLN_CONFIG_NONE: break;
    }
    return true;
}

/* ── names ─────────────────────────────────────────────────────────────────────────────────────*/

static const char *source_name(const struct dln_study *study, size_t source)
{
    return source < study->space.n ? study->space.params[source].name
                                   : study->fixed[source - study->space.n].name;
}

/* Whether `run` hands a parameter on by itself. */
static bool is_placed(const struct dln_study *study, size_t param)
{
    for (size_t i = 0; i < study->run.n; i++) {
        const char *at = study->run.word[i];
        struct dln_piece piece;
        while (dln_piece_next(study, &at, &piece)) {
            if (piece.place == DLN_PLACE_ARGS || piece.place == DLN_PLACE_JSON) return true;
            if (piece.place == DLN_PLACE_PARAM && piece.index == param) return true;
        }
    }
    return false;
}

static bool fail_unknown(const struct dln_config *config, const char *name, struct dln_error *err)
{
    struct dln_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < config->slots.n; i++)
        dln_nearest_offer(&nearest, config->slots.slot[i].name);
    return fail_here(config->study, err,
                     "parameter '%.80s' is no key of '%.200s', and 'run' does not name it%s%.80s%s",
                     name, config->study->config_from, nearest.best ? "; did you mean '" : "",
                     nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
}

/* Gives each slot its parameter or constant. Every parameter needs a slot, or a place in `run`. */
static bool match(struct dln_config *config, struct dln_error *err)
{
    const struct dln_study *study = config->study;
    const size_t n = study->space.n + study->n_fixed;
    config->source = DLN_ARENA_ARRAY(&config->arena, size_t, config->slots.n);
    if (!config->source) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < config->slots.n; i++)
        config->source[i] = SIZE_MAX;
    for (size_t source = 0; source < n; source++) {
        const char *name = source_name(study, source);
        size_t found = SIZE_MAX;
        for (size_t i = 0; i < config->slots.n; i++) {
            const struct dln_slot *slot = &config->slots.slot[i];
            if (strcmp(slot->name, name) != 0) continue;
            if (found != SIZE_MAX) {
                return dln_slots_fail(study->config_from, config->text, slot->start, err,
                                      "this key comes twice under the same name");
            }
            if (slot->trouble) {
                char sentence[300];
                (void)snprintf(sentence, sizeof sentence, "'%.100s' cannot be replaced: %.150s",
                               name, slot->trouble);
                return dln_slots_fail(study->config_from, config->text, slot->start, err, sentence);
            }
            found = i;
        }
        if (found != SIZE_MAX) {
            config->source[found] = source;
            config->n_filled++;
        } else if (source < study->space.n && !is_placed(study, source)) {
            return fail_unknown(config, name, err);
        }
    }
    for (size_t i = 0, end = 0; i < config->slots.n; i++) {
        if (config->source[i] == SIZE_MAX) continue;
        if (config->slots.slot[i].start < end) {
            return dln_slots_fail(study->config_from, config->text, config->slots.slot[i].start,
                                  err, "this value is part of another one that is replaced");
        }
        end = config->slots.slot[i].end;
    }
    return true;
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

/* A parameter's value as a scalar; `text` backs the digits of an int. */
static struct dln_scalar scalar_of(const struct dln_param *param, double x,
                                   char text[DLN_NUM_TEXT_MAX])
{
    if (param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG) {
        const bool is_known = x >= 0 && x < (double)param->n_choices;
        return is_known ? param->choices[(size_t)x]
                        : (struct dln_scalar){.kind = DLN_SCALAR_NULL, .text = "None"};
    }
    if (param->kind == DLN_PARAM_FLOAT) {
        return (struct dln_scalar){.kind = DLN_SCALAR_REAL, .number = x};
    }
    (void)dln_num_short(x, text);
    return (struct dln_scalar){.kind = DLN_SCALAR_INT, .number = x, .text = text};
}

/* Every choice, so that a value that the format cannot hold is told before the first trial. */
static bool check_values(const struct dln_study *study, struct dln_error *err)
{
    struct dln_strbuf scratch = {0};
    const char *trouble = NULL;
    const char *name = "";
    const char *text = "";
    for (size_t i = 0; i < study->space.n && !trouble; i++) {
        const struct dln_param *param = &study->space.params[i];
        name = param->name;
        for (size_t k = 0; k < param->n_choices && !trouble; k++) {
            text = param->choices[k].text;
            trouble = dln_config_put(study->config_as, &param->choices[k], &scratch);
        }
    }
    for (size_t i = 0; i < study->n_fixed && !trouble; i++) {
        name = study->fixed[i].name;
        text = study->fixed[i].value.text;
        trouble = dln_config_put(study->config_as, &study->fixed[i].value, &scratch);
    }
    const bool has_room = dln_strbuf_ok(&scratch);
    dln_strbuf_release(&scratch);
    if (!has_room) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!trouble) return true;
    return fail_here(study, err, "'%.80s' cannot be '%.80s' in a config file: %s", name, text,
                     trouble);
}

/* ── text ──────────────────────────────────────────────────────────────────────────────────────*/

static bool fail_piece(const struct dln_config *config, const char *at,
                       const struct dln_piece *piece, struct dln_error *err)
{
    char sentence[300];
    const char *why = "is no parameter and no placeholder (a brace is written '{{')";
    if (piece->place == DLN_PLACE_OPEN) why = "has a brace that is not closed (a brace is '{{')";
    if (piece->place == DLN_PLACE_ARGS) why = "is for a command line";
    if (piece->place == DLN_PLACE_CONFIG) why = "is this file itself";
    (void)snprintf(sentence, sizeof sentence, "'{%.*s%s' %s",
                   (int)(piece->len < 60 ? piece->len : 60),
                   piece->place == DLN_PLACE_OPEN ? "" : piece->text,
                   piece->place == DLN_PLACE_OPEN ? "" : "}", why);
    return dln_slots_fail(config->study->config_from, config->text, (size_t)(at - config->text),
                          err, sentence);
}

/* Every placeholder means something, and every parameter arrives. */
static bool check_text(struct dln_config *config, struct dln_error *err)
{
    const struct dln_study *study = config->study;
    bool *seen = DLN_ARENA_ARRAY(&config->arena, bool, study->space.n);
    bool sees_json = false;
    if (!seen) return dln_fail(err, DLN_NOMEM, "out of memory");
    const char *at = config->text;
    const char *start = at;
    struct dln_piece piece;
    for (; dln_piece_next(study, &at, &piece); start = at) {
        const bool is_wrong = piece.place == DLN_PLACE_UNKNOWN || piece.place == DLN_PLACE_OPEN ||
                              piece.place == DLN_PLACE_ARGS || piece.place == DLN_PLACE_CONFIG;
        if (is_wrong) return fail_piece(config, start, &piece, err);
        if (piece.place == DLN_PLACE_TEXT) continue;
        config->n_filled++;
        sees_json = sees_json || piece.place == DLN_PLACE_JSON;
        if (piece.place == DLN_PLACE_PARAM) seen[piece.index] = true;
    }
    for (size_t i = 0; i < study->space.n && !sees_json; i++) {
        if (seen[i] || is_placed(study, i)) continue;
        return fail_here(study, err,
                         "parameter '%.80s' reaches the program by no way: '{%.80s}' is neither in "
                         "'%.200s' nor in 'run'",
                         study->space.params[i].name, study->space.params[i].name,
                         study->config_from);
    }
    return true;
}

static bool render_text(const struct dln_config *config, const struct dln_run_spec *spec,
                        struct dln_strbuf *out)
{
    const char *at = config->text;
    struct dln_piece piece;
    while (dln_piece_next(config->study, &at, &piece))
        (void)dln_piece_fill(spec, &piece, out); /* no value: nothing */
    return dln_strbuf_ok(out);
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

static bool prepare(struct dln_config *config, struct dln_error *err)
{
    const struct dln_study *study = config->study;
    if (!check_values(study, err)) return false;
    if (study->config_from) {
        if (!read_template(config, err)) return false;
        if (study->config_as == DLN_CONFIG_TEXT) return check_text(config, err);
        return scan_template(config, err) && match(config, err);
    }
    /* from the parameters alone: the names are tried with any value */
    const size_t n = study->space.n + study->n_fixed;
    struct dln_entry *entries = DLN_ARENA_ARRAY(&config->arena, struct dln_entry, n);
    struct dln_strbuf scratch = {0};
    if (!entries) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        entries[i].name = source_name(study, i);
        entries[i].value = (struct dln_scalar){.kind = DLN_SCALAR_BOOL};
    }
    config->n_filled = n;
    const char *trouble = dln_config_put_all(study->config_as, n, entries, &scratch);
    const bool has_room = dln_strbuf_ok(&scratch);
    dln_strbuf_release(&scratch);
    if (!has_room) return dln_fail(err, DLN_NOMEM, "out of memory");
    return trouble ? fail_here(study, err, "%s", trouble) : true;
}

bool dln_config_new(const struct dln_study *study, dln_config **out, struct dln_error *err)
{
    if (study->config_as == DLN_CONFIG_NONE) {
        *out = NULL;
        return true;
    }
    struct dln_config *config = calloc(1, sizeof *config);
    if (!config) return dln_fail(err, DLN_NOMEM, "out of memory");
    config->study = study;
    config->slots.arena = &config->arena;
    if (!prepare(config, err)) {
        dln_config_free(config);
        return false;
    }
    *out = config;
    return true;
}

void dln_config_free(dln_config *config)
{
    if (!config) return;
    free(config->text);
    dln_arena_release(&config->arena);
    free(config);
}

size_t dln_config_count(const dln_config *config)
{
    return config->n_filled;
}

/* ── rendering ─────────────────────────────────────────────────────────────────────────────────*/

static const char *put_source(const struct dln_study *study, size_t source, const double *x,
                              struct dln_strbuf *out)
{
    char text[DLN_NUM_TEXT_MAX];
    if (source >= study->space.n) {
        return dln_config_put(study->config_as, &study->fixed[source - study->space.n].value, out);
    }
    const struct dln_scalar value = scalar_of(&study->space.params[source], x[source], text);
    return dln_config_put(study->config_as, &value, out);
}

/* The template with values in their places; an inactive parameter leaves what stands there. */
static const char *render_slots(const struct dln_config *config, const double *x,
                                struct dln_strbuf *out)
{
    size_t done = 0;
    const char *trouble = NULL;
    for (size_t i = 0; i < config->slots.n && !trouble; i++) {
        const size_t source = config->source[i];
        const struct dln_slot *slot = &config->slots.slot[i];
        if (source == SIZE_MAX) continue;
        if (source < config->study->space.n && isnan(x[source])) continue;
        dln_strbuf_add_len(out, config->text + done, slot->start - done);
        if (slot->needs_blank) dln_strbuf_add_char(out, ' ');
        trouble = put_source(config->study, source, x, out);
        done = slot->end;
    }
    dln_strbuf_add_len(out, config->text + done, config->len - done);
    return trouble;
}

/* Active parameters and constants, nothing else. */
static const char *render_entries(const struct dln_study *study, const double *x,
                                  struct dln_arena *arena, struct dln_strbuf *out)
{
    const size_t most = study->space.n + study->n_fixed;
    struct dln_entry *entries = DLN_ARENA_ARRAY(arena, struct dln_entry, most);
    char(*texts)[DLN_NUM_TEXT_MAX] = dln_arena_alloc(arena, most, sizeof *texts);
    size_t n = 0;
    if (!entries || !texts) return "out of memory";
    for (size_t i = 0; i < most; i++) {
        const bool is_param = i < study->space.n;
        if (is_param && isnan(x[i])) continue;
        entries[n].name = source_name(study, i);
        entries[n].value = is_param ? scalar_of(&study->space.params[i], x[i], texts[i])
                                    : study->fixed[i - study->space.n].value;
        n++;
    }
    return dln_config_put_all(study->config_as, n, entries, out);
}

bool dln_config_render(const dln_config *config, const struct dln_run_spec *spec,
                       struct dln_strbuf *out, struct dln_error *err)
{
    const char *trouble = NULL;
    if (config->study->config_as == DLN_CONFIG_TEXT) {
        (void)render_text(config, spec, out);
    } else if (config->text) {
        trouble = render_slots(config, spec->x, out);
    } else {
        struct dln_arena arena = {0};
        trouble = render_entries(config->study, spec->x, &arena, out);
        dln_arena_release(&arena);
    }
    if (!dln_strbuf_ok(out)) return dln_fail(err, DLN_NOMEM, "out of memory");
    return trouble ? dln_fail(err, DLN_INVALID, "the config file cannot be written: %s", trouble)
                   : true;
}
