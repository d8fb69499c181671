#include "export/study_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"
#include "dialin/text.h"

/* ── words of YAML ─────────────────────────────────────────────────────────────────────────────*/

/* Double-quoted; what is not printable as an escape of YAML. */
static void quoted(struct dln_strbuf *out, const char *text)
{
    const size_t len = strlen(text);
    dln_strbuf_add_char(out, '"');
    for (size_t at = 0; at < len;) {
        uint32_t code;
        const size_t n = dln_text_decode(text + at, len - at, &code);
        if (code == '"' || code == '\\') {
            dln_strbuf_addf(out, "\\%c", (char)code);
        } else if (code < 0x20 || code == 0x7f || (code >= 0x80 && code < 0xa0)) {
            dln_strbuf_addf(out, "\\x%02x", (unsigned)code);
        } else if (!dln_text_is_plain(code) && code < 0x10000) {
            dln_strbuf_addf(out, "\\u%04x", (unsigned)code);
        } else {
            dln_strbuf_add_len(out, text + at, n);
        }
        at += n;
    }
    dln_strbuf_add_char(out, '"');
}

static bool is_plain_word(const char *text)
{
    static const char *const special[] = {"null", "true", "false", "yes", "no",
                                          "on",   "off",  "y",     "n"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char later[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789.-";
    if (!text[0] || !strchr(letters, text[0]) || text[strspn(text, later)]) return false;
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strcmp(special[i], text) == 0) return false;
    }
    return true;
}

void study_file_word(struct dln_strbuf *out, const char *text)
{
    if (is_plain_word(text)) {
        dln_strbuf_add(out, text);
    } else {
        quoted(out, text);
    }
}

static void number(struct dln_strbuf *out, double x, bool is_whole)
{
    char text[DLN_NUM_TEXT_MAX];
    if (is_whole) {
        dln_strbuf_add_len(out, text, dln_num_short(x, text));
    } else {
        dln_strbuf_add_len(out, text, dln_num_repr(x, text));
    }
}

static void comment(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add(out, "# ");
    dln_text_show(out, text, strlen(text), SIZE_MAX, false);
    dln_strbuf_add_char(out, '\n');
}

/* ── the file ──────────────────────────────────────────────────────────────────────────────────*/

static void choice(struct dln_strbuf *out, const struct dln_scalar *value)
{
    switch (value->kind) {
    case DLN_SCALAR_NULL: dln_strbuf_add(out, "null"); break;
    case DLN_SCALAR_BOOL: dln_strbuf_add(out, value->truth ? "true" : "false"); break;
    case DLN_SCALAR_INT: number(out, value->number, true); break;
    case DLN_SCALAR_REAL: number(out, value->number, false); break;
    case DLN_SCALAR_TEXT: study_file_word(out, value->text); break;
    case DLN_SCALAR_JSON: dln_strbuf_add(out, value->text); break;
    }
}

void study_file_param(struct dln_strbuf *out, const struct dln_param *param, const char *when)
{
    dln_strbuf_add(out, "  ");
    study_file_word(out, param->name);
    if (param->kind == DLN_PARAM_FLAG) {
        dln_strbuf_add(out, ": {flag: true");
    } else if (param->n_choices > 0) {
        dln_strbuf_add(out, ": {choice: [");
        for (size_t i = 0; i < param->n_choices; i++) {
            if (i > 0) dln_strbuf_add(out, ", ");
            choice(out, &param->choices[i]);
        }
        dln_strbuf_add(out, "]");
    } else {
        const bool is_int = param->kind == DLN_PARAM_INT;
        dln_strbuf_addf(out, ": {%s: [", is_int ? "int" : "float");
        number(out, param->low, is_int);
        dln_strbuf_add(out, ", ");
        number(out, param->high, is_int);
        dln_strbuf_add(out, "]");
        if (param->log) dln_strbuf_add(out, ", log: true");
        if (param->step > (is_int ? 1 : 0)) {
            dln_strbuf_add(out, ", step: ");
            number(out, param->step, is_int);
        }
    }
    if (when) {
        dln_strbuf_add(out, ", when: ");
        quoted(out, when);
    }
    if (param->kind == DLN_PARAM_CHOICE && param->ordered) dln_strbuf_add(out, ", ordered: true");
    if (param->has_initial) {
        dln_strbuf_add(out, ", default: ");
        if (param->n_choices > 0) {
            choice(out, &param->choices[(size_t)param->initial]);
        } else {
            number(out, param->initial, param->kind == DLN_PARAM_INT);
        }
    }
    dln_strbuf_add(out, "}");
}

void study_file_write(struct dln_strbuf *out, const struct study_file *file)
{
    struct dln_strbuf line = {0};
    dln_strbuf_addf(&line, "Made from %s. Check the space, say how your", file->source);
    comment(out, dln_strbuf_text(&line));
    dln_strbuf_reset(&line);
    dln_strbuf_addf(&line, "program is called in 'run', then: %s", file->confirm);
    comment(out, dln_strbuf_text(&line));
    dln_strbuf_release(&line);
    dln_strbuf_add(out, "study: ");
    study_file_word(out, file->name);
    if (file->program) {
        dln_strbuf_add(out, "\nrun: [python, ");
        quoted(out, file->program);
        dln_strbuf_add(out, ", '{args}']\nobjective:");
    } else {
        dln_strbuf_add(out, "\n# run: python train.py {args}\nobjective:");
    }
    for (size_t i = 0; i < file->n_objectives; i++) {
        dln_strbuf_add(out, file->n_objectives > 1 ? "\n  - {" : " {");
        dln_strbuf_add(out, file->maximize[i] ? "maximize: " : "minimize: ");
        study_file_word(out, file->metrics[i]);
        dln_strbuf_add(out, "}");
    }
    dln_strbuf_add(out, "\nspace:\n");
    for (size_t i = 0; i < file->space->n; i++) {
        study_file_param(out, &file->space->params[i], file->when ? file->when[i] : NULL);
        dln_strbuf_add_char(out, '\n');
    }
    dln_strbuf_addf(out, "budget: {trials: %" PRId64 "}\n", file->trials);
}

/* ── conditions ────────────────────────────────────────────────────────────────────────────────*/

/* What a choice was while another parameter was active, and while it was not. */
struct split {
    size_t n_choices;
    bool *with, *without;
    bool is_missing_with; /* the choice itself was not active */
};

static void look(struct split *split, size_t n, const double *const *x, size_t target,
                 size_t candidate)
{
    for (size_t i = 0; i < n; i++) {
        const double value = x[i][candidate];
        const bool is_active = !isnan(x[i][target]);
        if (isnan(value) || value < 0 || value >= (double)split->n_choices) {
            split->is_missing_with = split->is_missing_with || is_active;
        } else if (is_active) {
            split->with[(size_t)value] = true;
        } else {
            split->without[(size_t)value] = true;
        }
    }
}

static bool tells_apart(const struct split *split)
{
    size_t n = 0;
    for (size_t c = 0; c < split->n_choices; c++) {
        if (split->with[c] && split->without[c]) return false;
        n += split->with[c];
    }
    return n > 0 && !split->is_missing_with;
}

static void add_name(struct dln_strbuf *out, const char *name)
{
    const bool is_bare = is_plain_word(name) && !strchr(name, '-');
    dln_strbuf_addf(out, is_bare ? "%s" : "`%s`", name);
}

static void add_value(struct dln_strbuf *out, const struct dln_scalar *value)
{
    if (value->kind != DLN_SCALAR_TEXT && value->kind != DLN_SCALAR_JSON) {
        choice(out, value);
        return;
    }
    dln_strbuf_add_char(out, '\'');
    for (const char *p = value->text; *p; p++) {
        if (*p == '\'') dln_strbuf_add_char(out, '\'');
        dln_strbuf_add_char(out, *p);
    }
    dln_strbuf_add_char(out, '\'');
}

static void condition(struct dln_strbuf *out, const struct dln_param *of, const struct split *split)
{
    size_t n = 0;
    for (size_t c = 0; c < split->n_choices; c++)
        n += split->with[c];
    add_name(out, of->name);
    dln_strbuf_add(out, n == 1 ? " == " : " in [");
    bool is_first = true;
    for (size_t c = 0; c < split->n_choices; c++) {
        if (!split->with[c]) continue;
        if (!is_first) dln_strbuf_add(out, ", ");
        add_value(out, &of->choices[c]);
        is_first = false;
    }
    if (n > 1) dln_strbuf_add(out, "]");
}

/* A choice whose values part the points with the target from those without. */
static bool guess_choice(const struct dln_space *space, size_t n, const double *const *x,
                         size_t target, struct dln_arena *arena, struct dln_strbuf *out)
{
    for (size_t c = 0; c < space->n && out->len == 0; c++) {
        const struct dln_param *const candidate = &space->params[c];
        if (c == target || candidate->n_choices == 0) continue;
        struct split split = {.n_choices = candidate->n_choices,
                              .with = DLN_ARENA_ARRAY(arena, bool, candidate->n_choices),
                              .without = DLN_ARENA_ARRAY(arena, bool, candidate->n_choices)};
        if (!split.with || !split.without) return false;
        look(&split, n, x, target, c);
        if (tells_apart(&split)) condition(out, candidate, &split);
    }
    return true;
}

/* A whole number above or below which the target is active: layers >= 2. */
static void guess_number(const struct dln_space *space, size_t n, const double *const *x,
                         size_t target, struct dln_strbuf *out)
{
    for (size_t c = 0; c < space->n && out->len == 0; c++) {
        const struct dln_param *const candidate = &space->params[c];
        double low_with = NAN, high_with = NAN, low_without = NAN, high_without = NAN;
        bool is_missing_with = false;
        if (c == target || candidate->n_choices > 0 || candidate->kind != DLN_PARAM_INT) continue;
        for (size_t i = 0; i < n; i++) {
            const double value = x[i][c];
            if (isnan(x[i][target])) {
                low_without = fmin(low_without, value);
                high_without = fmax(high_without, value);
            } else {
                is_missing_with = is_missing_with || isnan(value);
                low_with = fmin(low_with, value);
                high_with = fmax(high_with, value);
            }
        }
        const bool is_above = low_with > high_without;
        if (is_missing_with || !(is_above || high_with < low_without)) continue;
        add_name(out, candidate->name);
        dln_strbuf_add(out, is_above ? " >= " : " <= ");
        number(out, is_above ? low_with : high_with, true);
    }
}

enum { SEEN_MIN = 2, ALL_MIN = 10 }; /* fewer points prove nothing */

static bool guess(const struct dln_space *space, size_t n, const double *const *x, size_t target,
                  struct dln_arena *arena, const char **out)
{
    struct dln_strbuf text = {0};
    size_t active = 0;
    for (size_t i = 0; i < n; i++)
        active += !isnan(x[i][target]);
    *out = NULL;
    if (n < ALL_MIN || active < SEEN_MIN || n - active < SEEN_MIN) return true;
    bool ok = guess_choice(space, n, x, target, arena, &text);
    if (ok && text.len == 0) guess_number(space, n, x, target, &text);
    if (ok && text.len > 0) {
        *out = dln_arena_copy(arena, dln_strbuf_text(&text));
        ok = *out != NULL;
    }
    dln_strbuf_release(&text);
    return ok;
}

const char **study_file_conditions(const struct dln_space *space, size_t n, const double *const *x,
                                   struct dln_arena *arena)
{
    const char **const when = DLN_ARENA_ARRAY(arena, const char *, space->n);
    for (size_t i = 0; when && i < space->n; i++) {
        if (!guess(space, n, x, i, arena, &when[i])) return NULL;
    }
    return when;
}
