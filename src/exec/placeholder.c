#include "exec/placeholder.h"

#include <string.h>

static bool is_word(const struct dln_piece *piece, const char *word)
{
    return strlen(word) == piece->len && memcmp(word, piece->text, piece->len) == 0;
}

static void recognise(const struct dln_study *study, struct dln_piece *piece)
{
    for (size_t i = 0; i < study->space.n; i++) {
        if (!is_word(piece, study->space.params[i].name)) continue;
        piece->place = DLN_PLACE_PARAM;
        piece->index = i;
        return;
    }
    for (size_t i = 0; i < study->n_fixed; i++) {
        if (!is_word(piece, study->fixed[i].name)) continue;
        piece->place = DLN_PLACE_FIXED;
        piece->index = i;
        return;
    }
    static const char *const words[] = {
#define DLN_PLACE_WORD(name, word) word,
        DLN_PLACES(DLN_PLACE_WORD)
#undef DLN_PLACE_WORD
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!is_word(piece, words[i])) continue;
        piece->place = (enum dln_place)(DLN_PLACE_ARGS + i);
        return;
    }
    piece->place = piece->len >= 5 && memcmp(piece->text, "args:", 5) == 0 ? DLN_PLACE_ARGS
                                                                           : DLN_PLACE_UNKNOWN;
}

bool dln_piece_next(const struct dln_study *study, const char **at, struct dln_piece *piece)
{
    const char *text = *at;
    if (*text == '\0') return false;
    *piece = (struct dln_piece){.place = DLN_PLACE_TEXT, .text = text};
    if (text[0] == '{' && text[1] == '{') {
        piece->len = 1;
        *at = text + 2;
        return true;
    }
    if (text[0] != '{') {
        piece->len = strcspn(text, "{");
        *at = text + piece->len;
        return true;
    }
    const size_t len = strcspn(text + 1, "}");
    if (text[1 + len] == '\0') {
        piece->place = DLN_PLACE_OPEN;
        piece->len = 1 + len;
        *at = text + piece->len;
        return true;
    }
    piece->text = text + 1;
    piece->len = len;
    *at = text + 1 + len + 1;
    recognise(study, piece);
    return true;
}

bool dln_args_style(const struct dln_piece *piece, struct dln_args_style *out)
{
    const char *text = piece->text + strlen("args");
    size_t len = piece->len - strlen("args");
    if (len == 0) {
        *out = (struct dln_args_style){.prefix = "--"};
        return true;
    }
    text++; /* the colon */
    len--;
    static const char *const prefixes[] = {"--", "-", "++", "+", ""};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t prefix_len = strlen(prefixes[i]);
        if (len != prefix_len + 3 || memcmp(text, prefixes[i], prefix_len) != 0) continue;
        const char *rest = text + prefix_len;
        if (rest[0] != 'k' || rest[2] != 'v' || (rest[1] != '=' && rest[1] != ' ')) continue;
        *out = (struct dln_args_style){.prefix = prefixes[i], .two_words = rest[1] == ' '};
        return true;
    }
    return false;
}

const struct dln_scalar *dln_budget_of(const struct dln_study *study)
{
    for (size_t i = 0; i < study->pruner.n_settings; i++) {
        if (strcmp(study->pruner.settings[i].name, "max") == 0) {
            return &study->pruner.settings[i].value;
        }
    }
    return NULL;
}
