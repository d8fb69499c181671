#include "draft/draft.h"

#include <inttypes.h>
#include <string.h>

#include "dialin/exec.h"
#include "dialin/num.h"
#include "dialin/study.h"
#include "dialin/text.h"
#include "draft/capture.h"
#include "draft/option_kind.h"
#include "draft/help_text.h"
#include "export/study_file.h"

enum { HELP_MS = 20000, PARAMS_MAX = 256, WORDS_MAX = 1024 };

struct entry {
    struct dln_param param;
    const char *why;
};

struct left_out {
    const char *name, *why;
};

struct draft {
    const struct draft_ask *ask;
    struct dln_arena *arena;
    struct help_text help;
    const char *asked; /* the command that told, for the first line; NULL: none did */
    size_t n_words;
    const char *words[WORDS_MAX]; /* of `run` */
    size_t n;
    struct entry entry[PARAMS_MAX];
    size_t n_left_out;
    struct left_out left_out[HELP_OPTIONS_MAX];
    size_t n_vary;
    struct left_out vary[PARAMS_MAX]; /* name, and the range or NULL */
    bool was_used[PARAMS_MAX];
};

static bool no_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

/* ── the command ───────────────────────────────────────────────────────────────────────────────*/

static const char *base_name(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_interpreter(const char *word)
{
    static const char *const names[] = {"python", "julia", "Rscript", "node",
                                        "perl",   "ruby",  "bash",    "sh"};
    const char *const name = base_name(word);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const size_t len = strlen(names[i]);
        if (strncmp(name, names[i], len) == 0 && name[len + strspn(name + len, "0123456789.")] == 0)
            return true;
    }
    return false;
}

/* How many words are the program, and what stands before its options: "python -m pkg.train". */
static size_t program_words(size_t n, char *const *words)
{
    bool is_before_script = n > 0 && is_interpreter(words[0]);
    for (size_t i = 1; i < n; i++) {
        if (strchr(words[i], '{')) return i;
        if (words[i][0] == '-' && !is_before_script) return i;
        if (words[i][0] != '-') is_before_script = false;
    }
    return n;
}

char *draft_name(size_t n_words, char *const *words, struct dln_arena *arena)
{
    static const char *const endings[] = {".py", ".sh", ".jl", ".R", ".js", ".pl", ".rb"};
    size_t at = 0;
    if (n_words > 1 && is_interpreter(words[0])) {
        for (at = 1; at + 1 < n_words && words[at][0] == '-';)
            at++;
    }
    const char *const name = n_words > 0 ? base_name(words[at]) : "study";
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t end = strlen(endings[i]);
        if (len > end && strcmp(name + len - end, endings[i]) == 0) {
            len -= end;
            break;
        }
    }
    return len > 0 && name[0] != '-' && name[0] != '{' ? dln_arena_copy_len(arena, name, len)
                                                       : dln_arena_copy(arena, "study");
}

static bool add_word(struct draft *draft, const char *word)
{
    if (!word || draft->n_words == WORDS_MAX) return false;
    draft->words[draft->n_words++] = word;
    return true;
}

/* The command has this option already: "--lr", "--lr=0.1". */
static bool is_in_command(const struct draft *draft, const char *option)
{
    const size_t len = strlen(option);
    for (size_t i = 0; i < draft->ask->n_words; i++) {
        const char *const word = draft->ask->words[i];
        if (strncmp(word, option, len) == 0 && (word[len] == '\0' || word[len] == '=')) return true;
    }
    return false;
}

bool draft_help(const struct draft_ask *ask, int limit_ms, struct dln_arena *arena,
                const char **out, struct dln_error *err)
{
    static const char *const ways[] = {"--help", "-h"};
    const size_t n = program_words(ask->n_words, ask->words);
    char **const argv = DLN_ARENA_ARRAY(arena, char *, n + 2);
    if (!argv) return no_memory(err);
    memcpy(argv, ask->words, n * sizeof *argv);
    argv[n + 1] = NULL;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct dln_strbuf text = {0};
        struct dln_error why = {0};
        struct help_text help = {0};
        argv[n] = dln_arena_copy(arena, ways[i]);
        if (!argv[n]) return no_memory(err);
        const bool has_ended = capture(argv, ask->folder, limit_ms, &text, &why);
        const char *const copy =
            has_ended ? dln_arena_copy_len(arena, dln_strbuf_text(&text), text.len) : "";
        dln_strbuf_release(&text);
        if (!has_ended && why.code != DLN_TIMEOUT) return dln_fail(err, why.code, "%s", why.text);
        if (!copy || !help_text_read(copy, arena, &help)) return no_memory(err);
        *out = help.n > 0 ? copy : "";
        if (help.n > 0 || !has_ended) return true;
    }
    return true;
}

/* Reads what the command tells, asked for it now or before. */
static bool read_help(struct draft *draft, struct dln_error *err)
{
    const struct draft_ask *const ask = draft->ask;
    const char *text = ask->help;
    if (!text && !draft_help(ask, HELP_MS, draft->arena, &text, err)) return false;
    if (!help_text_read(text, draft->arena, &draft->help)) return no_memory(err);
    if (draft->help.n == 0) return true;
    struct dln_strbuf words = {0};
    for (size_t i = 0; i < program_words(ask->n_words, ask->words); i++)
        dln_strbuf_addf(&words, "%s ", ask->words[i]);
    dln_strbuf_add(&words, "--help");
    draft->asked = dln_arena_copy(draft->arena, dln_strbuf_text(&words));
    dln_strbuf_release(&words);
    return draft->asked || no_memory(err);
}

/* ── what was named ────────────────────────────────────────────────────────────────────────────*/

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        const bool both_join = strchr("-_", *a) && strchr("-_", *b);
        if (*a != *b && !both_join) return false;
    }
    return *a == *b;
}

static bool read_vary(struct draft *draft, struct dln_error *err)
{
    for (const char *p = draft->ask->vary; p && *p;) {
        p += strspn(p, ", ");
        const size_t len = strcspn(p, ",");
        const char *const equals = memchr(p, '=', len);
        size_t name = equals ? (size_t)(equals - p) : len;
        size_t end = len;
        while (name > 0 && p[name - 1] == ' ')
            name--;
        while (end > 0 && p[end - 1] == ' ')
            end--;
        if (len == 0) break;
        if (name == 0 || draft->n_vary == PARAMS_MAX) {
            return dln_fail(err, DLN_USAGE, "--vary '%s': write 'lr=1e-5..0.1 log, batch=16|32'",
                            draft->ask->vary);
        }
        struct left_out *const vary = &draft->vary[draft->n_vary++];
        vary->name = dln_arena_copy_len(draft->arena, p, name);
        vary->why = NULL;
        if (equals) {
            const char *range = equals + 1;
            while (range < p + end && *range == ' ')
                range++;
            vary->why = dln_arena_copy_len(draft->arena, range, (size_t)(p + end - range));
            if (!vary->why) return no_memory(err);
        }
        if (!vary->name) return no_memory(err);
        p += len;
    }
    return true;
}

/* What --vary says of a name; NULL: nothing. */
static const struct left_out *varied(struct draft *draft, const char *name)
{
    for (size_t i = 0; i < draft->n_vary; i++) {
        if (!same_name(draft->vary[i].name, name)) continue;
        draft->was_used[i] = true;
        return &draft->vary[i];
    }
    return NULL;
}

/* ── parameters ────────────────────────────────────────────────────────────────────────────────*/

static bool has_entry(const struct draft *draft, const char *name)
{
    for (size_t i = 0; i < draft->n; i++) {
        if (strcmp(draft->entry[i].param.name, name) == 0) return true;
    }
    return false;
}

static bool add_entry(struct draft *draft, const struct dln_param *param, const char *why,
                      struct dln_error *err)
{
    if (draft->n == PARAMS_MAX) {
        return dln_fail(err, DLN_USAGE, "more than %d parameters: --vary names those that matter",
                        PARAMS_MAX);
    }
    draft->entry[draft->n++] = (struct entry){*param, why};
    return true;
}

static bool add_typed(struct draft *draft, const char *name, const char *range,
                      struct dln_error *err)
{
    struct dln_param param;
    return guess_typed(name, range, draft->arena, &param, err) &&
           add_entry(draft, &param, "as --vary says", err);
}

/* The program's own default, where it lies in the range that was typed. */
static void take_initial(struct dln_param *param, const char *text)
{
    struct dln_error none = {0};
    double x;
    if (!text || !dln_param_parse(param, text, &x, &none) || !dln_param_contains(param, x)) return;
    param->has_initial = true;
    param->initial = x;
}

static void leave_out(struct draft *draft, const char *name, const char *why)
{
    if (strcmp(name, "help") == 0 || strcmp(name, "version") == 0) return;
    if (draft->n_left_out == HELP_OPTIONS_MAX) return;
    draft->left_out[draft->n_left_out++] = (struct left_out){name, why};
}

/* An option that the command does not have: its value comes by {args}, or as words of its own. */
static bool take_option(struct draft *draft, const struct help_option *option,
                        struct dln_error *err)
{
    const struct left_out *const vary = varied(draft, option->name);
    struct guess guess;
    if (is_in_command(draft, option->word) ||
        (option->short_word && is_in_command(draft, option->short_word)) ||
        has_entry(draft, option->name))
        return true;
    if (!guess_option(option, vary != NULL, draft->arena, &guess)) return no_memory(err);
    if (guess.kind == GUESS_SEED && !vary) {
        return (add_word(draft, option->word) && add_word(draft, "{seed}")) || no_memory(err);
    }
    if (draft->n_vary > 0 && !vary) return true;
    if (vary && vary->why) {
        if (!add_typed(draft, option->name, vary->why, err)) return false;
        take_initial(&draft->entry[draft->n - 1].param, option->initial);
    } else if (guess.kind != GUESS_PARAM) {
        if (vary) {
            return dln_fail(err, DLN_USAGE, "'%s': %s; give its range: --vary '%s=1..8'",
                            option->name, guess.why, option->name);
        }
        leave_out(draft, option->name, guess.why);
        return true;
    } else if (guess.param.kind == DLN_PARAM_FLAG && strncmp(option->word, "--", 2) != 0) {
        leave_out(draft, option->name, "a switch with one dash");
        return true;
    } else if (!add_entry(draft, &guess.param, guess.why, err)) {
        return false;
    }
    if (strncmp(option->word, "--", 2) == 0) return true;
    return (add_word(draft, option->word) &&
            add_word(draft, dln_arena_printf(draft->arena, "{%s}", option->name))) ||
           no_memory(err);
}

static const struct help_option *option_of(const struct draft *draft, const char *name,
                                           const char *word_before)
{
    for (size_t i = 0; i < draft->help.n; i++) {
        const struct help_option *const option = &draft->help.option[i];
        if (same_name(option->name, name) || strcmp(option->word, word_before) == 0 ||
            (option->short_word && strcmp(option->short_word, word_before) == 0)) {
            return option;
        }
    }
    return NULL;
}

static bool is_of_dialin(const char *name)
{
    static const char *const names[] = {"seed", "fold",   "folds", "trial",  "dir",   "json",
                                        "ckpt", "resume", "gpu",   "budget", "config"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}

static bool take_placeholder(struct draft *draft, const char *name, const char *word_before,
                             struct dln_error *err)
{
    const struct left_out *const vary = varied(draft, name);
    if (has_entry(draft, name)) return true;
    if (vary && vary->why) return add_typed(draft, name, vary->why, err);
    const struct help_option *const told = option_of(draft, name, word_before);
    const struct help_option nothing = {.name = name, .word = name, .value = "X", .text = ""};
    struct guess guess;
    if (!guess_option(told ? told : &nothing, true, draft->arena, &guess)) return no_memory(err);
    if (guess.kind != GUESS_PARAM || guess.param.kind == DLN_PARAM_FLAG) {
        return dln_fail(err, DLN_NOT_FOUND,
                        "nothing tells what values '{%s}' has; say it: --vary '%s=1e-5..0.1 log', "
                        "1..8 or a|b|c",
                        name, name);
    }
    guess.param.name = name;
    return add_entry(draft, &guess.param, guess.why, err);
}

/* {names} in the words; *has_args: {args} is one. */
static bool take_placeholders(struct draft *draft, bool *has_args, bool *has_names,
                              struct dln_error *err)
{
    const struct draft_ask *const ask = draft->ask;
    for (size_t i = 0; i < ask->n_words; i++) {
        for (const char *p = strchr(ask->words[i], '{'); p; p = strchr(p, '{')) {
            const size_t len = strcspn(p + 1, "{}:");
            const char *const name = dln_arena_copy_len(draft->arena, p + 1, len);
            if (!name) return no_memory(err);
            if (len == 0) {
                p += p[1] == '{' ? 2 : 1;
                continue;
            }
            p += 1 + len;
            if (strcmp(name, "args") == 0) {
                *has_args = true;
            } else if (!is_of_dialin(name)) {
                *has_names = true;
                if (!take_placeholder(draft, name, i > 0 ? ask->words[i - 1] : "", err)) {
                    return false;
                }
            }
        }
    }
    return true;
}

static bool fail_empty(const struct draft *draft, struct dln_error *err)
{
    const struct draft_ask *const ask = draft->ask;
    struct dln_strbuf program = {0};
    for (size_t i = 0; i < program_words(ask->n_words, ask->words); i++)
        dln_strbuf_addf(&program, "%s%s", i > 0 ? " " : "", ask->words[i]);
    dln_fail(err, DLN_NOT_FOUND,
             "'%s --help' tells no options that could be varied: put {lr} where a value goes, and "
             "say --vary 'lr=1e-5..0.1 log, batch=16|32'",
             dln_strbuf_text(&program));
    dln_strbuf_release(&program);
    return false;
}

static bool take_all(struct draft *draft, struct dln_error *err)
{
    const struct draft_ask *const ask = draft->ask;
    bool has_args = false, has_names = false;
    for (size_t i = 0; i < ask->n_words; i++) {
        if (!add_word(draft, ask->words[i])) return no_memory(err);
    }
    if (!take_placeholders(draft, &has_args, &has_names, err)) return false;
    if (has_args || !has_names || draft->n_vary > 0) {
        for (size_t i = 0; i < draft->help.n; i++) {
            if (!take_option(draft, &draft->help.option[i], err)) return false;
        }
    }
    for (size_t i = 0; i < draft->n_vary; i++) {
        const struct left_out *const vary = &draft->vary[i];
        if (draft->was_used[i]) continue;
        if (!vary->why) {
            return dln_fail(err, DLN_NOT_FOUND,
                            "the help of '%s' has no option '%s'; give its range: --vary "
                            "'%s=1e-5..0.1 log'",
                            ask->words[0], vary->name, vary->name);
        }
        if (!add_typed(draft, vary->name, vary->why, err)) return false;
    }
    if (!has_args && (!has_names || draft->n_vary > 0)) {
        /* {args} holds what no other word places: nothing, perhaps */
        if (!add_word(draft, "{args}")) return no_memory(err);
    }
    return draft->n > 0 || fail_empty(draft, err);
}

/* ── the text ──────────────────────────────────────────────────────────────────────────────────*/

static void write(const struct draft *draft, const char *name, const char *path,
                  struct dln_strbuf *out)
{
    const struct draft_ask *const ask = draft->ask;
    struct dln_strbuf first = {0};
    dln_strbuf_addf(&first, "Made by dialin%s%s", *ask->verb ? " " : "", ask->verb);
    if (draft->asked) dln_strbuf_addf(&first, " from what %s prints", draft->asked);
    dln_strbuf_add(out, "# ");
    dln_text_show(out, dln_strbuf_text(&first), first.len, SIZE_MAX, false);
    dln_strbuf_addf(out, ".\n# Check the ranges, then: dialin run ");
    dln_text_show(out, path, strlen(path), SIZE_MAX, false);
    dln_strbuf_release(&first);
    dln_strbuf_add(out, "\nstudy: ");
    study_file_word(out, name);
    dln_strbuf_add(out, "\nrun: [");
    for (size_t i = 0; i < draft->n_words; i++) {
        if (i > 0) dln_strbuf_add(out, ", ");
        study_file_word(out, draft->words[i]);
    }
    dln_strbuf_addf(out, "]\nobjective: {%s: ", ask->maximize ? "maximize" : "minimize");
    study_file_word(out, ask->metric ? ask->metric : "loss");
    dln_strbuf_add(out,
                   ask->metric ? "}\n" : "} # a guess: the name that it prints before the value\n");
    dln_strbuf_add(out, "space:\n");
    for (size_t i = 0; i < draft->n; i++) {
        study_file_param(out, &draft->entry[i].param, NULL);
        dln_strbuf_addf(out, " # %s\n", draft->entry[i].why);
    }
    for (size_t i = 0; i < draft->n_left_out; i++) {
        dln_strbuf_addf(out, "# left out: %s: %s\n", draft->left_out[i].name,
                        draft->left_out[i].why);
    }
    dln_strbuf_addf(out, "budget: {trials: %" PRId64 "}\n", ask->trials);
    if (ask->parallel > 1) {
        dln_strbuf_addf(out, "machine: {parallel: %" PRId64 "}\n", ask->parallel);
    }
}

static bool draft_begin(const struct draft_ask *ask, struct dln_arena *arena, struct draft **out,
                        struct dln_error *err)
{
    struct draft *const draft = DLN_ARENA_NEW(arena, struct draft);
    if (!draft) return no_memory(err);
    *draft = (struct draft){.ask = ask, .arena = arena};
    *out = draft;
    return read_vary(draft, err) && read_help(draft, err) && take_all(draft, err);
}

static void add_range(struct dln_strbuf *out, const struct dln_param *param)
{
    char low[DLN_NUM_TEXT_MAX], high[DLN_NUM_TEXT_MAX];
    dln_strbuf_addf(out, "%s=", param->name);
    if (param->kind == DLN_PARAM_FLAG) {
        dln_strbuf_add(out, "flag");
    } else if (param->n_choices > 0) {
        for (size_t i = 0; i < param->n_choices; i++)
            dln_strbuf_addf(out, "%s%s", i > 0 ? "|" : "", param->choices[i].text);
    } else {
        (void)(param->kind == DLN_PARAM_INT ? dln_num_short : dln_num_repr)(param->low, low);
        (void)(param->kind == DLN_PARAM_INT ? dln_num_short : dln_num_repr)(param->high, high);
        dln_strbuf_addf(out, "%s..%s%s", low, high, param->log ? " log" : "");
    }
}

bool draft_vary(const struct draft_ask *ask, struct dln_arena *arena, struct dln_strbuf *out,
                struct dln_error *err)
{
    struct draft *draft;
    if (!draft_begin(ask, arena, &draft, err)) return false;
    for (size_t i = 0; i < draft->n; i++) {
        if (i > 0) dln_strbuf_add(out, ", ");
        add_range(out, &draft->entry[i].param);
    }
    return dln_strbuf_ok(out) || no_memory(err);
}

bool draft_make(const struct draft_ask *ask, const char *path, struct dln_arena *arena,
                struct dln_strbuf *out, struct dln_error *err)
{
    struct draft *draft;
    struct dln_study *study = NULL;
    const char *const name = ask->name ? ask->name : draft_name(ask->n_words, ask->words, arena);
    if (!name) return no_memory(err);
    if (!draft_begin(ask, arena, &draft, err)) return false;
    write(draft, name, path, out);
    if (!dln_strbuf_ok(out)) return no_memory(err);
    const bool ok = dln_study_read(path, dln_strbuf_text(out), out->len, &study, err) &&
                    dln_study_can_run(study, err) && dln_argv_check(study, err);
    dln_study_free(study);
    return ok;
}
