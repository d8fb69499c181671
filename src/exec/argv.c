/*
 * A command's template and a trial's values → the argv of one run. A value fills its place inside
 * one word and is never read again, so no value can add a word, close a quote or name a
 * placeholder.
 */
#include "dialin/exec.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "exec/placeholder.h"

struct filling {
    const struct dln_run_spec *spec;
    struct dln_arena *arena;
    char **argv;
    size_t n, cap;
    bool failed;
};

static void push(struct filling *filling, const char *text, size_t len)
{
    if (filling->n + 1 >= filling->cap) {
        const size_t cap = filling->cap ? filling->cap * 2 : 32;
        char **grown = DLN_ARENA_ARRAY(filling->arena, char *, cap);
        if (!grown) {
            filling->failed = true;
            return;
        }
        for (size_t i = 0; i < filling->n; i++)
            grown[i] = filling->argv[i];
        filling->argv = grown;
        filling->cap = cap;
    }
    char *copy = dln_arena_copy_len(filling->arena, text, len);
    if (!copy) filling->failed = true;
    filling->argv[filling->n++] = copy;
    filling->argv[filling->n] = NULL;
}

/* ── {args} ────────────────────────────────────────────────────────────────────────────────────*/

static void push_option(struct filling *filling, const struct dln_args_style *style,
                        const char *name, const char *value)
{
    struct dln_strbuf word = {0};
    dln_strbuf_add(&word, style->prefix);
    dln_strbuf_add(&word, name);
    if (value && !style->two_words) {
        dln_strbuf_add_char(&word, '=');
        dln_strbuf_add(&word, value);
    }
    if (!dln_strbuf_ok(&word)) filling->failed = true;
    push(filling, dln_strbuf_text(&word), word.len);
    if (value && style->two_words) push(filling, value, strlen(value));
    dln_strbuf_release(&word);
}

static void push_param(struct filling *filling, const struct dln_args_style *style,
                       const struct dln_param *param, double x)
{
    if (isnan(x)) return;
    if (param->kind == DLN_PARAM_FLAG && style->prefix[0] == '-') {
        if (x >= 0.5) push_option(filling, style, param->name, NULL);
        return;
    }
    if (param->kind == DLN_PARAM_CHOICE && x >= 0 && x < (double)param->n_choices &&
        param->choices[(size_t)x].kind == DLN_SCALAR_NULL) {
        return;
    }
    struct dln_strbuf value = {0};
    dln_param_text(param, x, &value);
    if (!dln_strbuf_ok(&value)) filling->failed = true;
    push_option(filling, style, param->name, dln_strbuf_text(&value));
    dln_strbuf_release(&value);
}

/* Which parameters and constants have a place of their own somewhere in the command. */
static bool *find_placed(const struct dln_words *template, const struct dln_study *study,
                         struct dln_arena *arena)
{
    bool *placed = DLN_ARENA_ARRAY(arena, bool, study->space.n + study->n_fixed);
    for (size_t i = 0; placed && i < template->n; i++) {
        const char *at = template->word[i];
        struct dln_piece piece;
        while (dln_piece_next(study, &at, &piece)) {
            if (piece.place == DLN_PLACE_PARAM) placed[piece.index] = true;
            if (piece.place == DLN_PLACE_FIXED) placed[study->space.n + piece.index] = true;
        }
    }
    return placed;
}

static void push_args(struct filling *filling, const struct dln_words *template,
                      const struct dln_args_style *style)
{
    const struct dln_study *study = filling->spec->study;
    const bool *placed = find_placed(template, study, filling->arena);
    if (!placed) {
        filling->failed = true;
        return;
    }
    for (size_t i = 0; i < study->space.n; i++) {
        if (placed[i]) continue;
        push_param(filling, style, &study->space.params[i], filling->spec->x[i]);
    }
    for (size_t i = 0; i < study->n_fixed; i++) {
        const struct dln_scalar *value = &study->fixed[i].value;
        if (placed[study->space.n + i] || value->kind == DLN_SCALAR_NULL) continue;
        push_option(filling, style, study->fixed[i].name, value->text);
    }
}

/* ── one word ──────────────────────────────────────────────────────────────────────────────────*/

/* Where a program keeps what a later attempt goes on from: `checkpoint:` or a name of ours. */
static void add_checkpoint(const struct dln_run_spec *spec, struct dln_strbuf *out)
{
    const char *name = spec->study->checkpoint ? spec->study->checkpoint : "checkpoint";
    if (name[0] == '/') {
        const char *run = strrchr(spec->run_dir, '/'); /* "/fold2" */
        dln_strbuf_addf(out, "%s/%06" PRId64, name, spec->number);
        if (run && dln_study_runs(spec->study) > 1) dln_strbuf_addf(out, "-%s", run + 1);
    } else {
        dln_strbuf_addf(out, "%s/%s", spec->run_dir, name);
    }
}

/* The checkpoint that an earlier run of this trial has left; false: nothing to go on from. */
static bool add_resume(const struct dln_run_spec *spec, struct dln_strbuf *out)
{
    if (spec->attempt < 2) return false;
    const size_t start = out->len;
    add_checkpoint(spec, out);
    struct stat info;
    if (dln_strbuf_ok(out) && stat(dln_strbuf_text(out) + start, &info) == 0) return true;
    dln_strbuf_cut(out, start);
    return false;
}

int dln_run_folds(const struct dln_run_spec *spec)
{
    const int folds = spec->folds > 0 ? spec->folds : spec->study->folds;
    return folds > 1 ? folds : 1;
}

bool dln_piece_fill(const struct dln_run_spec *spec, const struct dln_piece *piece,
                    struct dln_strbuf *out)
{
    const struct dln_study *study = spec->study;
    const struct dln_scalar *budget;
    switch (piece->place) {
    case DLN_PLACE_TEXT: dln_strbuf_add_len(out, piece->text, piece->len); return true;
    case DLN_PLACE_PARAM:
        dln_param_text(&study->space.params[piece->index], spec->x[piece->index], out);
        return !isnan(spec->x[piece->index]);
    case DLN_PLACE_FIXED: dln_strbuf_add(out, study->fixed[piece->index].value.text); return true;
    case DLN_PLACE_JSON: dln_strbuf_add(out, spec->json_path); return true;
    case DLN_PLACE_CONFIG:
        if (spec->config_path) dln_strbuf_add(out, spec->config_path);
        return spec->config_path != NULL;
    case DLN_PLACE_DIR: dln_strbuf_add(out, spec->run_dir); return true;
    case DLN_PLACE_TRIAL: dln_strbuf_addf(out, "%" PRId64, spec->number); return true;
    case DLN_PLACE_SEED: dln_strbuf_addf(out, "%" PRIu64, spec->seed); return true;
    case DLN_PLACE_FOLD: dln_strbuf_addf(out, "%d", spec->fold); return true;
    case DLN_PLACE_FOLDS: dln_strbuf_addf(out, "%d", dln_run_folds(spec)); return true;
    case DLN_PLACE_GPU: dln_strbuf_add(out, spec->gpus ? spec->gpus : "0"); return true;
    case DLN_PLACE_BUDGET:
        budget = dln_budget_of(study);
        if (budget) dln_strbuf_add(out, budget->text);
        return budget != NULL;
    case DLN_PLACE_CKPT: add_checkpoint(spec, out); return true;
    case DLN_PLACE_RESUME: return add_resume(spec, out);
    case DLN_PLACE_ARGS:
    case DLN_PLACE_UNKNOWN:
    case DLN_PLACE_OPEN: break;
    }
    return false;
}

/* A literal `-x` or `--name` whose value is the next word. */
static bool is_option_word(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !strpbrk(word, "{=");
}

/* One word of the template that is not `{args}`; an inactive one takes its option word with it. */
static void push_word(struct filling *filling, const struct dln_words *template, size_t index)
{
    const struct dln_study *study = filling->spec->study;
    struct dln_strbuf word = {0};
    const char *at = template->word[index];
    const bool begins_with_place = at[0] == '{' && at[1] != '{';
    bool has_value = true;
    struct dln_piece piece;
    while (dln_piece_next(study, &at, &piece)) {
        if (!dln_piece_fill(filling->spec, &piece, &word)) has_value = false;
    }
    if (!dln_strbuf_ok(&word)) filling->failed = true;
    if (has_value) {
        push(filling, dln_strbuf_text(&word), word.len);
    } else if (begins_with_place && index > 1 && is_option_word(template->word[index - 1])) {
        filling->argv[--filling->n] = NULL;
    }
    dln_strbuf_release(&word);
}

bool dln_argv_fill(const struct dln_words *template, const struct dln_run_spec *spec,
                   struct dln_arena *arena, char ***argv, struct dln_error *err)
{
    struct filling filling = {.spec = spec, .arena = arena};
    for (size_t i = 0; i < template->n && !filling.failed; i++) {
        const char *at = template->word[i];
        struct dln_piece piece;
        struct dln_args_style style;
        if (dln_piece_next(spec->study, &at, &piece) && piece.place == DLN_PLACE_ARGS &&
            *at == '\0' && dln_args_style(&piece, &style)) {
            push_args(&filling, template, &style);
        } else {
            push_word(&filling, template, i);
        }
    }
    if (filling.failed) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (filling.n == 0 || filling.argv[0][0] == '\0') {
        return dln_fail(err, DLN_INVALID, "%u:%u: the command has no program to start",
                        template->line, template->column);
    }
    *argv = filling.argv;
    return true;
}

/* ── for people ────────────────────────────────────────────────────────────────────────────────*/

static bool needs_quotes(const char *word, bool is_first)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-+=:,./@%";
    if (word[strspn(word, safe)] != '\0' || *word == '\0') return true;
    return is_first && strchr(word, '=') != NULL; /* a shell would take it for an assignment */
}

void dln_argv_quote(char *const *argv, struct dln_strbuf *out)
{
    for (size_t i = 0; argv[i]; i++) {
        if (i > 0) dln_strbuf_add_char(out, ' ');
        if (!needs_quotes(argv[i], i == 0)) {
            dln_strbuf_add(out, argv[i]);
            continue;
        }
        dln_strbuf_add_char(out, '\'');
        for (const char *c = argv[i]; *c; c++) {
            if (*c == '\'') {
                dln_strbuf_add(out, "'\\''");
            } else {
                dln_strbuf_add_char(out, *c);
            }
        }
        dln_strbuf_add_char(out, '\'');
    }
}
