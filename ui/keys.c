#include "keys.h"

#include <stdio.h>
#include <string.h>

#include "dialin/text.h"

static const int64_t ns_per_ms = 1000000;

void keys_define(struct keys *keys, const char *bytes, uint32_t code)
{
    const size_t len = bytes ? strlen(bytes) : 0;
    /* One byte would shadow a plain character; a longer one than we hold cannot be matched. */
    if (len < 2 || len > KEYS_SEQUENCE_MAX || keys->n_defined == KEYS_DEFINED_MAX) return;
    struct key_definition *definition = &keys->defined[keys->n_defined++];
    memcpy(definition->bytes, bytes, len);
    definition->len = (uint8_t)len;
    definition->code = code;
}

static void push(struct keys *keys, uint32_t code, bool pasted)
{
    if (keys->count == KEYS_QUEUE_MAX) return; /* a person cannot type that far ahead */
    keys->queue[(keys->head + keys->count) % KEYS_QUEUE_MAX] = (struct key){code, pasted};
    keys->count++;
}

/* ── sequences ─────────────────────────────────────────────────────────────────────────────────*/

enum match { MATCH_NO, MATCH_PARTIAL, MATCH_WHOLE };

static enum match match_defined(const struct keys *keys, const char *bytes, size_t len,
                                size_t *eaten, uint32_t *code)
{
    enum match found = MATCH_NO;
    for (int i = 0; i < keys->n_defined; i++) {
        const struct key_definition *definition = &keys->defined[i];
        const size_t common = len < definition->len ? len : definition->len;
        if (memcmp(definition->bytes, bytes, common) != 0) continue;
        if (len >= definition->len) {
            *eaten = definition->len;
            *code = definition->code;
            return MATCH_WHOLE;
        }
        found = MATCH_PARTIAL;
    }
    return found;
}

static uint32_t code_of_letter(char final)
{
    switch (final) {
    case 'A': return KEY_CODE_UP;
    case 'B': return KEY_CODE_DOWN;
    case 'C': return KEY_CODE_RIGHT;
    case 'D': return KEY_CODE_LEFT;
    case 'H': return KEY_CODE_HOME;
    case 'F': return KEY_CODE_END;
    case 'Z': return KEY_CODE_BACK_TAB;
    case 'P': return KEY_CODE_F1;
    case 'Q': return KEY_CODE_F1 + 1;
    case 'R': return KEY_CODE_F1 + 2;
    case 'S': return KEY_CODE_F1 + 3;
    case 'M': return '\r'; /* keypad Enter in application mode */
    default: return KEY_CODE_NONE;
    }
}

static uint32_t code_of_number(unsigned number)
{
    static const uint32_t codes[] = {
        [1] = KEY_CODE_HOME,     [2] = KEY_CODE_INSERT,   [3] = KEY_CODE_DELETE,
        [4] = KEY_CODE_END,      [5] = KEY_CODE_PAGE_UP,  [6] = KEY_CODE_PAGE_DOWN,
        [7] = KEY_CODE_HOME,     [8] = KEY_CODE_END,      [11] = KEY_CODE_F1,
        [12] = KEY_CODE_F1 + 1,  [13] = KEY_CODE_F1 + 2,  [14] = KEY_CODE_F1 + 3,
        [15] = KEY_CODE_F1 + 4,  [17] = KEY_CODE_F1 + 5,  [18] = KEY_CODE_F1 + 6,
        [19] = KEY_CODE_F1 + 7,  [20] = KEY_CODE_F1 + 8,  [21] = KEY_CODE_F1 + 9,
        [23] = KEY_CODE_F1 + 10, [24] = KEY_CODE_F1 + 11,
    };
    return number < sizeof codes / sizeof codes[0] ? codes[number] : KEY_CODE_NONE;
}

enum { CSI_PASTE_START = 200, CSI_PASTE_END = 201 };

/*
 * ESC [ parameters final, and ESC O letter. Sequences that nobody asked for (late replies, unknown
 * keys) are eaten whole: *code stays NONE.
 */
static enum match match_ansi(const char *bytes, size_t len, size_t *eaten, uint32_t *code,
                             unsigned *number)
{
    *code = KEY_CODE_NONE;
    *number = 0;
    if (len < 2) return MATCH_PARTIAL;
    if (bytes[1] == 'O') {
        if (len < 3) return MATCH_PARTIAL;
        *code = code_of_letter(bytes[2]);
        *eaten = 3;
        return MATCH_WHOLE;
    }
    if (bytes[1] != '[') return MATCH_NO;
    if (len > 2 && bytes[2] == '[') { /* the Linux console: ESC [ [ A … E for F1 … F5 */
        if (len < 4) return MATCH_PARTIAL;
        if (bytes[3] >= 'A' && bytes[3] <= 'E') *code = KEY_CODE_F1 + (uint32_t)(bytes[3] - 'A');
        *eaten = 4;
        return MATCH_WHOLE;
    }
    bool in_first = true;
    for (size_t i = 2; i < len; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        if (c >= '0' && c <= '9') {
            if (in_first && *number < 1000) *number = *number * 10 + (c - '0');
        } else if (c >= 0x20 && c <= 0x3f) {
            in_first = false; /* ';' and private markers: modifiers are not told apart */
        } else {
            if (c >= 0x40 && c <= 0x7e) {
                *code = c == '~' ? code_of_number(*number) : code_of_letter((char)c);
                *eaten = i + 1;
            } else {
                *eaten = i; /* broken off by a control character, which counts on its own */
            }
            return MATCH_WHOLE;
        }
    }
    return MATCH_PARTIAL;
}

/* How bright two hexadecimal digits (the leading ones of a channel) are. */
static unsigned hex_pair(const char *digits)
{
    unsigned sum = 0;
    for (int i = 0; i < 2; i++) {
        const char c = digits[i];
        sum = sum * 16 + (c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                          : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                          : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
                                                 : 0);
    }
    return sum;
}

/* ESC ] … BEL or ESC \\: replies. Of these only "11;rgb:RRRR/GGGG/BBBB", the background, is ours.
 */
static enum match match_reply(const char *bytes, size_t len, size_t *eaten, uint32_t *code)
{
    static const char background[] = "\033]11;rgb:";
    enum { PREFIX = sizeof background - 1, CHANNELS = 14 };
    *code = KEY_CODE_NONE;
    if (len < 2) return MATCH_PARTIAL;
    if (bytes[1] != ']') return MATCH_NO;
    size_t end = 2;
    while (end < len && bytes[end] != '\007' && bytes[end] != KEY_CODE_ESC)
        end++;
    if (end == len || (bytes[end] == KEY_CODE_ESC && end + 1 == len)) return MATCH_PARTIAL;
    *eaten = bytes[end] == '\007' ? end + 1 : end + 2;
    if (end >= PREFIX + CHANNELS && memcmp(bytes, background, PREFIX) == 0) {
        const char *rgb = bytes + PREFIX; /* weights of Rec. 601 */
        const unsigned light =
            299 * hex_pair(rgb) + 587 * hex_pair(rgb + 5) + 114 * hex_pair(rgb + 10);
        *code = light > 127500 ? KEY_CODE_LIGHT : KEY_CODE_DARK;
    }
    return MATCH_WHOLE;
}

/* Bytes that one UTF-8 sequence of this first byte has; 1 for anything invalid. */
static size_t utf8_length(unsigned char first)
{
    if (first >= 0xf0 && first < 0xf8) return 4;
    if (first >= 0xe0) return first < 0xf0 ? 3 : 1;
    return first >= 0xc2 ? 2 : 1;
}

/* Takes one key from the front of the partial bytes; 0 when more bytes are needed. */
static size_t take_one(struct keys *keys, bool is_late)
{
    const char *bytes = keys->partial;
    const size_t len = keys->partial_len;
    if (bytes[0] == KEY_CODE_ESC) {
        size_t eaten = 0;
        uint32_t code = KEY_CODE_NONE;
        unsigned number = 0;
        enum match match = match_defined(keys, bytes, len, &eaten, &code);
        if (match != MATCH_WHOLE) {
            const enum match reply = match_reply(bytes, len, &eaten, &code);
            const enum match ansi =
                reply == MATCH_NO ? match_ansi(bytes, len, &eaten, &code, &number) : reply;
            if (ansi != MATCH_NO && !(match == MATCH_PARTIAL && ansi == MATCH_WHOLE)) match = ansi;
        }
        if (match == MATCH_PARTIAL && len < sizeof keys->partial && !is_late) return 0;
        if (match == MATCH_WHOLE) {
            if (number == CSI_PASTE_START || number == CSI_PASTE_END) {
                keys->in_paste = number == CSI_PASTE_START;
            } else if (code != KEY_CODE_NONE) {
                push(keys, code, keys->in_paste);
            }
            return eaten;
        }
        if (len == 1 || !keys->in_paste) push(keys, KEY_CODE_ESC, keys->in_paste);
        return 1;
    }
    const size_t wanted = utf8_length((unsigned char)bytes[0]);
    if (wanted > len && !is_late) return 0;
    uint32_t code = 0;
    const size_t eaten = dln_text_decode(bytes, len, &code);
    if (code != 0) push(keys, code, keys->in_paste); /* Ctrl-Space is left to input methods */
    return eaten;
}

static void take_all(struct keys *keys, bool is_late)
{
    while (keys->partial_len > 0) {
        const size_t eaten = take_one(keys, is_late);
        if (eaten == 0) break;
        keys->partial_len -= eaten;
        memmove(keys->partial, keys->partial + eaten, keys->partial_len);
    }
}

static bool is_overdue(const struct keys *keys, int64_t now_ns)
{
    return keys->partial_len > 0 && now_ns - keys->partial_since_ns >= KEYS_ESC_WAIT_MS * ns_per_ms;
}

void keys_feed(struct keys *keys, const char *bytes, size_t len, int64_t now_ns)
{
    if (is_overdue(keys, now_ns)) take_all(keys, true);
    for (size_t i = 0; i < len; i++) {
        if (keys->partial_len == 0) keys->partial_since_ns = now_ns;
        keys->partial[keys->partial_len++] = bytes[i];
        take_all(keys, false);
    }
}

bool keys_next(struct keys *keys, int64_t now_ns, struct key *out)
{
    if (keys->count == 0 && is_overdue(keys, now_ns)) take_all(keys, true);
    if (keys->count == 0) return false;
    *out = keys->queue[keys->head];
    keys->head = (keys->head + 1) % KEYS_QUEUE_MAX;
    keys->count--;
    return true;
}

int64_t keys_deadline_ns(const struct keys *keys)
{
    if (keys->partial_len == 0) return 0;
    return keys->partial_since_ns + KEYS_ESC_WAIT_MS * ns_per_ms;
}

void keys_reset(struct keys *keys)
{
    keys->partial_len = 0;
    keys->in_paste = false;
    keys->count = 0;
}

const char *key_label(uint32_t code, char out[16])
{
    static const struct {
        uint32_t code;
        const char *name;
    } names[] = {
        {KEY_CODE_ESC, "Esc"},
        {KEY_CODE_UP, "↑"},
        {KEY_CODE_DOWN, "↓"},
        {KEY_CODE_LEFT, "←"},
        {KEY_CODE_RIGHT, "→"},
        {KEY_CODE_HOME, "Home"},
        {KEY_CODE_END, "End"},
        {KEY_CODE_PAGE_UP, "PgUp"},
        {KEY_CODE_PAGE_DOWN, "PgDn"},
        {KEY_CODE_DELETE, "Del"},
        {KEY_CODE_INSERT, "Ins"},
        {KEY_CODE_BACK_TAB, "Shift-Tab"},
        {'\r', "Enter"},
        {'\n', "Enter"},
        {'\t', "Tab"},
        {' ', "Space"},
        {127, "Backspace"},
        {KEY_CTRL('H'), "Backspace"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == code) return names[i].name;
    }
    if (code >= KEY_CODE_F1 && code <= KEY_CODE_F12) {
        (void)snprintf(out, 16, "F%u", (unsigned)(code - KEY_CODE_F1 + 1));
    } else if (code < 32) {
        (void)snprintf(out, 16, "Ctrl-%c", (char)(code + '@'));
    } else {
        char text[4];
        const size_t len = dln_text_encode(code, text);
        memcpy(out, text, len);
        out[len] = '\0';
    }
    return out;
}
