#include "study/words.h"

#include <string.h>

struct splitter {
    const char *text;
    size_t at;
    char *out; /* all words, each with its NUL; never longer than the text + 1 */
    size_t len;
    bool in_word;
    size_t n;
};

static void put(struct splitter *s, char c)
{
    s->out[s->len++] = c;
    s->in_word = true;
}

static void end_word(struct splitter *s)
{
    if (!s->in_word) return;
    s->out[s->len++] = '\0';
    s->in_word = false;
    s->n++;
}

/* s->at is after the quote. */
static bool take_quoted(struct splitter *s, char quote)
{
    s->in_word = true;
    for (; s->text[s->at]; s->at++) {
        const char c = s->text[s->at];
        if (c == quote) {
            s->at++;
            return true;
        }
        const char next = s->text[s->at + 1];
        if (quote == '"' && c == '\\' && next && strchr("\"\\$`", next)) {
            s->at++;
            put(s, next);
        } else {
            put(s, c);
        }
    }
    return false;
}

static enum dln_split_result take_one(struct splitter *s, size_t *offset)
{
    const char c = s->text[s->at];
    *offset = s->at;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        end_word(s);
        s->at++;
    } else if (c == '\'' || c == '"') {
        s->at++;
        if (!take_quoted(s, c)) return DLN_SPLIT_OPEN_QUOTE;
    } else if (c == '\\') {
        if (!s->text[s->at + 1]) return DLN_SPLIT_TRAILING_ESCAPE;
        put(s, s->text[s->at + 1]);
        s->at += 2;
    } else if (c == '{' && s->text[s->at + 1] == '{') {
        put(s, c);
        put(s, c);
        s->at += 2;
    } else if (strncmp(s->text + s->at, "{args:", 6) == 0) {
        if (!strchr(s->text + s->at, '}')) return DLN_SPLIT_OPEN_BRACE;
        while (s->text[s->at] != '}')
            put(s, s->text[s->at++]);
    } else {
        put(s, c);
        s->at++;
    }
    return DLN_SPLIT_OK;
}

enum dln_split_result dln_words_split(const char *text, struct dln_arena *arena, size_t *n,
                                      const char *const **words, size_t *offset)
{
    struct splitter s = {.text = text};
    s.out = dln_arena_alloc(arena, strlen(text) + 1, 1);
    if (!s.out) return DLN_SPLIT_NO_MEMORY;
    while (text[s.at]) {
        const enum dln_split_result result = take_one(&s, offset);
        if (result != DLN_SPLIT_OK) return result;
    }
    end_word(&s);
    const char **list = DLN_ARENA_ARRAY(arena, const char *, s.n);
    if (!list) return DLN_SPLIT_NO_MEMORY;
    const char *word = s.out;
    for (size_t i = 0; i < s.n; i++) {
        list[i] = word;
        word += strlen(word) + 1;
    }
    *n = s.n;
    *words = list;
    return DLN_SPLIT_OK;
}

const char *dln_words_shell_sign(size_t n, const char *const *words)
{
    static const char *const signs[] = {"|",  "||", "&",  "&&",   ";", ">",
                                        ">>", "<",  "2>", "2>&1", "&>"};
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof signs / sizeof signs[0]; k++) {
            if (strcmp(words[i], signs[k]) == 0) return words[i];
        }
    }
    return NULL;
}
