#include "draft/option_kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialin/num.h"

/* ── names ─────────────────────────────────────────────────────────────────────────────────────*/

/* Lower case, '_' for '-', without what stands before the last dot. */
static void normal_name(const char *name, char out[64])
{
    const char *const dot = strrchr(name, '.');
    size_t n = 0;
    for (const char *p = dot ? dot + 1 : name; *p && n < 63; p++) {
        out[n++] = (char)(*p == '-' ? '_' : *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    }
    out[n] = '\0';
}

/* The whole name, or words of it between '_'. */
static bool has_word(const char *name, const char *const *words)
{
    for (; *words; words++) {
        const size_t len = strlen(*words);
        for (const char *at = strstr(name, *words); at; at = strstr(at + 1, *words)) {
            if ((at == name || at[-1] == '_') && (at[len] == '\0' || at[len] == '_')) return true;
        }
    }
    return false;
}

static const char *const seeds[] = {"seed", "random_state", "random_seed", NULL};
static const char *const lengths[] = {"epochs", "epoch",     "steps",     "iterations", "iters",
                                      "iter",   "max_steps", "max_iters", "n_iter",     NULL};
static const char *const machinery[] = {
    "help",        "version", "verbose",  "quiet",      "debug",       "output",   "out",
    "log",         "logs",    "logging",  "logdir",     "save",        "path",     "dir",
    "folder",      "file",    "filename", "data",       "dataset",     "workers",  "threads",
    "jobs",        "device",  "gpu",      "gpus",       "cpu",         "cuda",     "port",
    "host",        "rank",    "resume",   "checkpoint", "ckpt",        "name",     "project",
    "config",      "load",    "eval",     "evaluate",   "test",        "dry_run",  "force",
    "profile",     "wandb",   "download", "overwrite",  "print",       "interval", "freq",
    "list",        "plot",    "show",     "id",         "distributed", "backend",  "every",
    "tensorboard", "cache",   "gui",      "url",        "timeout",     "input",    "model_dir",
    NULL};
static const char *const rates[] = {"lr", "learning_rate", "eta", "step_size", NULL};
static const char *const penalties[] = {"weight_decay", "wd",  "l2",    "l1",
                                        "lambda",       "reg", "alpha", NULL};
static const char *const costs[] = {"cost", "c", NULL};
static const char *const shares[] = {"dropout",  "drop", "prob",      "p",         "ratio",
                                     "fraction", "frac", "subsample", "smoothing", NULL};
static const char *const momenta[] = {"momentum", "beta1", "beta2", "beta", "gamma", NULL};
static const char *const batches[] = {"batch", "batch_size", "bs", "batchsize", NULL};

/* ── ranges ────────────────────────────────────────────────────────────────────────────────────*/

static void range(struct dln_param *param, double low, double high, bool log)
{
    param->low = low;
    param->high = high;
    param->log = log && low > 0;
}

/* One significant digit, so that a range reads as a person would write it. */
static double rounded(double x)
{
    char text[DLN_NUM_TEXT_MAX];
    double out = x;
    (void)snprintf(text, sizeof text, "%.0e", x);
    return dln_num_parse(text, strlen(text), &out) ? out : x;
}

static const char *float_range(struct dln_param *param, const char *name, double d)
{
    const bool told = d > 0;
    if (has_word(name, rates)) {
        range(param, told ? rounded(d / 100) : 1e-5,
              told ? rounded(fmin(d * 100, fmax(1, d))) : 0.1, true);
        return "a learning rate: decades around its default";
    }
    if (has_word(name, penalties)) {
        range(param, told ? rounded(d / 1000) : 1e-6, told ? rounded(d * 100) : 0.1, true);
        return "a penalty: decades around its default";
    }
    if (has_word(name, costs)) {
        range(param, told ? rounded(d / 1000) : 1e-3, told ? rounded(d * 1000) : 1e3, true);
        return "a cost: decades around its default";
    }
    if (has_word(name, momenta) && !(d >= 1) && !(d < 0)) {
        range(param, 0, d > 0.99 ? 0.9999 : 0.99, false);
        return "a decay rate, below 1";
    }
    if (has_word(name, shares) && !(d > 1) && !(d < 0)) {
        const bool drops = strstr(name, "drop") != NULL && !(d > 0.6);
        range(param, 0, drops ? 0.6 : 1, false);
        return "a share";
    }
    if (isnan(d)) return NULL;
    if (d == 0) {
        range(param, 0, 1, false);
        return "its default is 0, so this is a guess";
    }
    if (d < 0) {
        range(param, 2 * d, 0, false);
        return "its default is below 0, so this is a guess";
    }
    if (d >= 0.1 && d <= 1) {
        range(param, 0, 1, false);
        return "from 0 to 1, around its default";
    }
    range(param, rounded(d / 10), rounded(d * 10), true);
    return "a tenth to ten times its default";
}

static const char *int_range(struct dln_param *param, double d)
{
    if (d <= 0) {
        range(param, fmin(0, d), 10, false);
        return "its default is not above 0, so this is a guess";
    }
    range(param, fmax(1, floor(d / 4)), d * 4, d * 4 >= 64);
    return "a quarter to four times its default";
}

/* ── choices ───────────────────────────────────────────────────────────────────────────────────*/

/* A choice that reads as a number is one for the study file, and its text stays the same. */
static struct dln_scalar scalar(const char *text)
{
    struct dln_scalar out = {.kind = DLN_SCALAR_TEXT, .text = text};
    char same[DLN_NUM_TEXT_MAX];
    int64_t whole;
    double real;
    if (dln_num_parse_int(text, strlen(text), &whole) && fabs((double)whole) < DLN_INT_MAX) {
        (void)dln_num_short((double)whole, same);
        if (strcmp(same, text) == 0) {
            out.kind = DLN_SCALAR_INT;
            out.number = (double)whole;
        }
    } else if (dln_num_parse(text, strlen(text), &real) && isfinite(real)) {
        (void)dln_num_repr(real, same);
        if (strcmp(same, text) == 0) {
            out.kind = DLN_SCALAR_REAL;
            out.number = real;
        }
    }
    return out;
}

static bool fill_choices(struct dln_param *param, const char *const *choices, size_t n,
                         const char *initial, struct dln_arena *arena)
{
    struct dln_scalar *const scalars = DLN_ARENA_ARRAY(arena, struct dln_scalar, n);
    if (!scalars) return false;
    bool are_numbers = true;
    for (size_t i = 0; i < n; i++) {
        scalars[i] = scalar(choices[i]);
        are_numbers = are_numbers && scalars[i].kind != DLN_SCALAR_TEXT;
        if (initial && strcmp(initial, choices[i]) == 0) {
            param->has_initial = true;
            param->initial = (double)i;
        }
    }
    param->kind = DLN_PARAM_CHOICE;
    param->choices = scalars;
    param->n_choices = n;
    param->low = 0;
    param->high = (double)(n - 1);
    param->ordered = are_numbers;
    return true;
}

/* Halves and doubles around the default. */
static bool fill_batches(struct dln_param *param, int64_t d, struct dln_arena *arena)
{
    const char *words[5];
    const char *initial = NULL;
    size_t n = 0;
    for (int64_t x = d >= 4 ? d / 4 : 1; x <= d * 4 && n < 5; x *= 2) {
        words[n] = dln_arena_printf(arena, "%lld", (long long)x);
        if (!words[n]) return false;
        if (x == d) initial = words[n];
        n++;
    }
    return fill_choices(param, words, n, initial, arena);
}

/* ── one option ────────────────────────────────────────────────────────────────────────────────*/

static bool leave(struct guess *out, const char *why)
{
    out->kind = GUESS_LEAVE;
    out->why = why;
    return true;
}

static bool is_true(const char *text)
{
    return text && (strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0);
}

static bool guess_switch(const struct help_option *option, struct dln_arena *arena,
                         struct guess *out)
{
    static const struct dln_scalar both[] = {
        {.kind = DLN_SCALAR_BOOL, .text = "False"},
        {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1, .text = "True"}};
    out->param.kind = DLN_PARAM_FLAG;
    out->param.choices = both;
    out->param.n_choices = 2;
    out->param.high = 1;
    out->why = "a switch";
    if (option->has_opposite && is_true(option->initial)) { /* the word that changes something */
        out->param.name = dln_arena_printf(arena, "no-%s", option->name);
        out->why = "a switch that is on by default";
    }
    return out->param.name != NULL;
}

static bool guess_number(const struct help_option *option, const char *name, struct guess *out,
                         struct dln_arena *arena)
{
    const char *const text = option->initial;
    int64_t whole = 0;
    double d = NAN;
    const bool has_number = text && dln_num_parse(text, strlen(text), &d) && isfinite(d);
    bool is_int = has_number && dln_num_parse_int(text, strlen(text), &whole);
    if (!has_number) d = NAN;
    const bool says_int = strncasecmp(option->value, "int", 3) == 0;
    const bool says_real =
        strncasecmp(option->value, "float", 5) == 0 || strncasecmp(option->value, "double", 6) == 0;
    if (says_real || has_word(name, rates) || has_word(name, penalties) || has_word(name, costs))
        is_int = false;
    if (text && !has_number && strcasecmp(text, "none") != 0) {
        return leave(out, "its default is a text, and no choices are told");
    }
    if (is_int && has_word(name, batches) && whole > 0 && whole < 1000000) {
        out->why = "halves and doubles around its default";
        return fill_batches(&out->param, whole, arena);
    }
    out->param.kind = is_int || (says_int && !has_number) ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
    out->param.step = out->param.kind == DLN_PARAM_INT ? 1 : 0;
    if (option->has_range) {
        range(&out->param, option->low, option->high, false);
        out->why = "the range that its help tells";
    } else if (out->param.kind == DLN_PARAM_FLOAT) {
        out->why = float_range(&out->param, name, d);
        if (!out->why) return leave(out, "its help tells neither a default nor choices");
    } else if (!has_number) {
        return leave(out, "its help tells no default");
    } else {
        out->why = int_range(&out->param, d);
    }
    if (has_number && d >= out->param.low && d <= out->param.high) {
        out->param.has_initial = true;
        out->param.initial = d;
    }
    return true;
}

bool guess_option(const struct help_option *option, bool wanted, struct dln_arena *arena,
                  struct guess *out)
{
    char name[64];
    normal_name(option->name, name);
    *out = (struct guess){.kind = GUESS_PARAM, .param = {.name = option->name}};
    if (has_word(name, seeds) && *option->value) {
        out->kind = GUESS_SEED;
        out->why = "gets a new {seed} in each trial";
        return true;
    }
    if (!wanted && has_word(name, lengths)) return leave(out, "how long it runs");
    if (!wanted && has_word(name, machinery)) return leave(out, "no hyperparameter by its name");
    if (!wanted && strcmp(name, "h") == 0) return leave(out, "no hyperparameter by its name");
    if (option->n_choices > 0) {
        out->why = "the choices that its help tells";
        return fill_choices(&out->param, option->choices, option->n_choices, option->initial,
                            arena);
    }
    if (*option->value == '\0') return guess_switch(option, arena, out);
    return guess_number(option, name, out, arena);
}

/* ── as typed ──────────────────────────────────────────────────────────────────────────────────*/

static bool typed_choices(const char *text, struct dln_arena *arena, struct dln_param *out,
                          struct dln_error *err)
{
    const char *words[HELP_CHOICES_MAX];
    size_t n = 0;
    for (const char *p = text;; p++) {
        const size_t len = strcspn(p, "|");
        if (n == HELP_CHOICES_MAX || len == 0) {
            return dln_fail(err, DLN_USAGE, "'%s': write the choices as a|b|c, at most %d", text,
                            HELP_CHOICES_MAX);
        }
        words[n] = dln_arena_copy_len(arena, p, len);
        if (!words[n++]) return dln_fail(err, DLN_NOMEM, "out of memory");
        p += len;
        if (!*p) break;
    }
    return fill_choices(out, words, n, NULL, arena) || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool guess_typed(const char *name, const char *text, struct dln_arena *arena, struct dln_param *out,
                 struct dln_error *err)
{
    *out = (struct dln_param){.name = name};
    if (strcmp(text, "flag") == 0) {
        struct guess flag = {.kind = GUESS_PARAM, .param = *out};
        const struct help_option option = {.name = name, .value = ""};
        if (!guess_switch(&option, arena, &flag)) return dln_fail(err, DLN_NOMEM, "out of memory");
        *out = flag.param;
        return true;
    }
    if (strchr(text, '|')) return typed_choices(text, arena, out, err);
    const char *const dots = strstr(text, "..");
    const size_t len = strlen(text);
    const bool log = len > 4 && strcmp(text + len - 4, " log") == 0;
    const char *const end = text + len - (log ? 4 : 0);
    int64_t whole[2];
    double low, high;
    if (!dots || dots > end - 2 || !dln_num_parse(text, (size_t)(dots - text), &low) ||
        !dln_num_parse(dots + 2, (size_t)(end - dots - 2), &high) || !isfinite(low) ||
        !isfinite(high) || low >= high || (log && low <= 0)) {
        return dln_fail(err, DLN_USAGE,
                        "'%s=%s' is no range: 1e-5..0.1, with ' log' behind it, 1..8, a|b|c or "
                        "flag",
                        name, text);
    }
    const bool is_int = dln_num_parse_int(text, (size_t)(dots - text), &whole[0]) &&
                        dln_num_parse_int(dots + 2, (size_t)(end - dots - 2), &whole[1]);
    out->kind = is_int ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
    out->step = is_int ? 1 : 0;
    range(out, low, high, log);
    return true;
}
