#include "draft/help_text.h"

#include <string.h>
#include <strings.h>

#include "dialin/num.h"
#include "dialin/strbuf.h"

/* ── words ─────────────────────────────────────────────────────────────────────────────────────*/

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* strcasestr() */
static const char *seek(const char *text, const char *wanted)
{
    const size_t len = strlen(wanted);
    for (; *text; text++) {
        if (strncasecmp(text, wanted, len) == 0) return text;
    }
    return NULL;
}

static const char *trimmed(struct dln_arena *arena, const char *text, size_t len)
{
    while (len > 0 && is_blank(*text)) {
        text++;
        len--;
    }
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    return dln_arena_copy_len(arena, text, len);
}

/* ── what the description tells ────────────────────────────────────────────────────────────────*/

/* "(default: 0.1)", "[default: sgd]", "default is 3", "defaults to 5", "default=1" */
static const char *find_default(const char *text, struct dln_arena *arena)
{
    const char *at = seek(text, "default");
    for (; at; at = seek(at + 1, "default")) {
        const char *p = at + strlen("default");
        if (*p == 's') p++;
        while (is_blank(*p))
            p++;
        if (strncmp(p, "value", 5) == 0) p += 5;
        while (is_blank(*p))
            p++;
        if (strncmp(p, "is ", 3) == 0 || strncmp(p, "to ", 3) == 0) p += 3;
        while (is_blank(*p) || *p == ':' || *p == '=')
            p++;
        const char quote = *p == '\'' || *p == '"' || *p == '`' ? *p++ : '\0';
        const char stop[] = {quote, '\0'};
        size_t len = strcspn(p, quote ? stop : " \t)],;");
        while (!quote && len > 0 && p[len - 1] == '.')
            len--;
        if (len > 0) return dln_arena_copy_len(arena, p, len);
    }
    return NULL;
}

/* "(=0.001)" of Boost's program_options */
static const char *find_equals(const char *text, struct dln_arena *arena)
{
    const char *const at = strstr(text, "(=");
    return at ? dln_arena_copy_len(arena, at + 2, strcspn(at + 2, ")")) : NULL;
}

/* A number, the text between, another number. */
static bool read_range(const char *p, const char *between, double *low, double *high)
{
    double from, to;
    const size_t n = dln_num_scan(p, strlen(p), &from);
    if (n == 0 || strncmp(p + n, between, strlen(between)) != 0) return false;
    p += n + strlen(between);
    if (dln_num_scan(p, strlen(p), &to) == 0 || !(from < to)) return false;
    *low = from;
    *high = to;
    return true;
}

/* "0<=x<=1" of click, "between 0 and 1", "from 1 to 8", "in [0, 1]" */
static bool find_range(const char *text, double *low, double *high)
{
    static const struct {
        const char *before, *between;
    } forms[] = {{"between ", " and "}, {"from ", " to "}, {"in [", ", "}, {"in [", ","}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *const at = seek(text, forms[i].before);
        if (at && read_range(at + strlen(forms[i].before), forms[i].between, low, high)) {
            return true;
        }
    }
    const char *const middle = strstr(text, "<=x<=");
    const char *start = middle;
    while (start && start > text && (is_of_name(start[-1]) || start[-1] == '+'))
        start--;
    return start && read_range(start, "<=x<=", low, high);
}

/* "a,b" or "a|b" in braces, brackets or bare; nothing where it is not a list of plain words. */
static bool read_choices(const char *text, size_t len, const char *marks, struct dln_arena *arena,
                         struct help_option *out)
{
    const char **const choices = DLN_ARENA_ARRAY(arena, const char *, HELP_CHOICES_MAX);
    size_t n = 0;
    if (!choices) return false;
    for (size_t at = 0; at <= len;) {
        size_t end = at;
        while (end < len && !strchr(marks, text[end]))
            end++;
        const char *word = trimmed(arena, text + at, end - at);
        if (!word) return false;
        const size_t size = strlen(word);
        if (size > 1 && (word[0] == '\'' || word[0] == '"') && word[size - 1] == word[0]) {
            word = dln_arena_copy_len(arena, word + 1, size - 2);
            if (!word) return false;
        }
        bool is_plain = *word && n < HELP_CHOICES_MAX;
        for (const char *p = word; *p && is_plain; p++)
            is_plain = is_of_name(*p) || *p == '+' || *p == '/';
        for (size_t i = 0; i < n && is_plain; i++)
            is_plain = strcmp(choices[i], word) != 0;
        if (!is_plain) return true;
        choices[n++] = word;
        at = end + 1;
    }
    if (n < 2) return true;
    out->choices = choices;
    out->n_choices = n;
    return true;
}

/* "one of: a, b, c", "choices: a, b", "(a|b|c)" */
static bool find_choices(struct help_option *option, struct dln_arena *arena)
{
    static const char *const before[] = {"one of:", "one of", "choices:", "choose from"};
    const char *const bar = strchr(option->text, '|');
    if (bar) {
        const char *start = bar, *end = bar;
        while (start > option->text && (is_of_name(start[-1]) || start[-1] == '|'))
            start--;
        while (is_of_name(*end) || *end == '|')
            end++;
        return read_choices(start, (size_t)(end - start), "|", arena, option);
    }
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
        const char *p = seek(option->text, before[i]);
        if (!p) continue;
        p += strlen(before[i]);
        while (is_blank(*p) || *p == '(' || *p == '[' || *p == '{')
            p++;
        size_t len = strcspn(p, ")]};(.");
        const char *const told = seek(p, "default");
        if (told && (size_t)(told - p) < len) len = (size_t)(told - p);
        while (len > 0 && (is_blank(p[len - 1]) || p[len - 1] == ','))
            len--;
        return read_choices(p, len, ",", arena, option);
    }
    return true;
}

/* ── one option ────────────────────────────────────────────────────────────────────────────────*/

/* Where the piece of "-c C, --cost=C" that starts here ends. */
static size_t piece_len(const char *text)
{
    int depth = 0;
    size_t at = 0;
    for (; text[at]; at++) {
        if (strchr("{[<(", text[at])) depth++;
        if (strchr("}]>)", text[at])) depth--;
        if (depth > 0) continue;
        if (text[at] == ',') break;
        if ((text[at] == '/' || text[at] == '|') && strchr(text + at, '-')) break;
    }
    return at;
}

static bool read_piece(const char *piece, struct dln_arena *arena, struct help_option *out)
{
    const char *p = piece;
    while (*p == '-')
        p++;
    const size_t dashes = (size_t)(p - piece);
    if (dashes == 0) return true;
    if (strncmp(p, "[no-]", 5) == 0) {
        out->has_opposite = true;
        p += 5;
    }
    size_t len = 0;
    while (is_of_name(p[len]))
        len++;
    if (len == 0) return true;
    if (out->name && strncmp(p, "no-", 3) == 0 && strlen(out->name) == len - 3 &&
        strncmp(p + 3, out->name, len - 3) == 0) {
        out->has_opposite = true;
        return true;
    }
    if (dashes == 1 && !out->short_word) {
        out->short_word = dln_arena_printf(arena, "-%.*s", (int)len, p);
        if (!out->short_word) return false;
    }
    const bool is_better = !out->name || (dashes > 1 && strncmp(out->word, "--", 2) != 0);
    if (is_better) {
        out->name = dln_arena_copy_len(arena, p, len);
        out->word = dln_arena_printf(arena, "%.*s%.*s", (int)dashes, "--", (int)len, p);
        if (!out->name || !out->word) return false;
    }
    p += len;
    while (is_blank(*p) || *p == '=')
        p++;
    if (strncmp(p, "[=", 2) == 0) p += 2;
    if (*p) out->value = p;
    return true;
}

static bool settle(struct help_option *option, struct dln_arena *arena)
{
    const char *const value = option->value;
    const size_t len = strlen(value);
    if (len > 2 && (*value == '{' || *value == '[' || *value == '<' || *value == '(') &&
        strpbrk(value, *value == '{' ? "," : "|")) {
        const size_t inner = strcspn(value + 1, "}]>)");
        if (!read_choices(value + 1, inner, *value == '{' ? "," : "|", arena, option)) {
            return false;
        }
    } else if (strchr(value, '|') && !read_choices(value, len, "|", arena, option)) {
        return false;
    }
    if (!option->initial) option->initial = find_equals(value, arena);
    if (!option->initial) option->initial = find_default(option->text, arena);
    option->has_range = find_range(value, &option->low, &option->high) ||
                        find_range(option->text, &option->low, &option->high);
    if (option->n_choices == 0 && *value && !find_choices(option, arena)) return false;
    return true;
}

static bool read_left(const char *left, struct dln_arena *arena, struct help_option *out)
{
    *out = (struct help_option){.value = "", .text = ""};
    for (const char *p = left; *p;) {
        const size_t len = piece_len(p);
        const char *const piece = trimmed(arena, p, len);
        if (!piece || !read_piece(piece, arena, out)) return false;
        p += len;
        while (*p == ',' || *p == '/' || *p == '|')
            p++;
    }
    return true;
}

/* ── lines ─────────────────────────────────────────────────────────────────────────────────────*/

static bool starts_option(const char *p)
{
    if (*p != '-') return false;
    while (*p == '-')
        p++;
    return is_letter(*p) || strncmp(p, "[no-]", 5) == 0;
}

/* Where the description begins: after two blanks, a tab, or " : ". */
static size_t left_len(const char *line)
{
    int depth = 0;
    size_t at = 0;
    for (; line[at]; at++) {
        if (strchr("{[<(", line[at])) depth++;
        if (strchr("}]>)", line[at])) depth--;
        if (line[at] == '\t' || (is_blank(line[at]) && is_blank(line[at + 1]))) break;
        if (depth <= 0 && strncmp(line + at, " : ", 3) == 0) break;
    }
    return at;
}

static const char *join(struct dln_arena *arena, const char *text, const char *more)
{
    while (is_blank(*more) || *more == ':')
        more++;
    return *text ? dln_arena_printf(arena, "%s %s", text, more) : dln_arena_copy(arena, more);
}

/* "--no-X" on a line of its own belongs to the switch X. */
static size_t without_opposites(size_t n, struct help_option *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_opposite = false;
        for (size_t k = 0; k < n && strncmp(options[i].name, "no-", 3) == 0; k++) {
            if (strcmp(options[k].name, options[i].name + 3) != 0) continue;
            options[k].has_opposite = is_opposite = true;
        }
        if (!is_opposite) options[kept++] = options[i];
    }
    return kept;
}

bool help_text_read(const char *text, struct dln_arena *arena, struct help_text *out)
{
    struct help_option *const options =
        DLN_ARENA_ARRAY(arena, struct help_option, HELP_OPTIONS_MAX);
    size_t n = 0, indent_of_option = 0;
    bool in_usage = false, in_option = false;
    if (!options) return false;
    while (*text) {
        const size_t len = strcspn(text, "\r\n");
        const char *const line = dln_arena_copy_len(arena, text, len);
        if (!line) return false;
        text += len;
        if (*text) text++;
        const size_t indent = strspn(line, " \t");
        const char *const p = line + indent;
        if (strncasecmp(p, "usage:", 6) == 0) in_usage = true;
        if (*p == '\0') {
            in_usage = in_option = false;
        } else if (starts_option(p) && !(in_usage && indent >= 7)) {
            if (n == HELP_OPTIONS_MAX) break;
            const size_t cut = left_len(p);
            const char *const left = dln_arena_copy_len(arena, p, cut);
            if (!left || !read_left(left, arena, &options[n])) return false;
            in_option = options[n].name != NULL;
            if (!in_option) continue;
            options[n].text = join(arena, "", p + cut);
            if (!options[n++].text) return false;
            indent_of_option = indent;
        } else if (in_option && indent > indent_of_option) {
            options[n - 1].text = join(arena, options[n - 1].text, p);
            if (!options[n - 1].text) return false;
        } else {
            in_option = false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (!settle(&options[i], arena)) return false;
    }
    out->n = without_opposites(n, options);
    out->option = options;
    return true;
}
