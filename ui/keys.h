/*
 * Bytes of a terminal into keys. Arrives split or late over slow lines: an ESC that is followed
 * within 150 ms by '[' or 'O' still is one sequence; a lone ESC becomes a key after that time.
 * Pasted text (bracketed paste) comes as characters that are marked as pasted.
 * Thread: ui. Nothing here knows curses; what a terminal sends for its keys is told by
 * keys_define().
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a Unicode code point (control characters included) or one of these. */
enum key_code {
    KEY_CODE_NONE = 0,
    KEY_CODE_ESC = 27,
    KEY_CODE_UP = 0x110000, /* above every code point */
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_DELETE,
    KEY_CODE_INSERT,
    KEY_CODE_BACK_TAB,
    KEY_CODE_F1,
    KEY_CODE_F12 = KEY_CODE_F1 + 11,
    KEY_CODE_DARK, /* replies: the terminal's background */
    KEY_CODE_LIGHT
};

#define KEY_CTRL(letter) ((letter)&0x1f)

struct key {
    uint32_t code;
    bool pasted; /* text only, never a command */
};

enum {
    KEYS_DEFINED_MAX = 48,
    KEYS_SEQUENCE_MAX = 16,
    KEYS_QUEUE_MAX = 256,
    KEYS_ESC_WAIT_MS = 150
};

struct key_definition {
    char bytes[KEYS_SEQUENCE_MAX];
    uint8_t len;
    uint32_t code;
};

struct keys {
    struct key_definition defined[KEYS_DEFINED_MAX];
    int n_defined;
    char partial[KEYS_SEQUENCE_MAX * 2]; /* an unfinished sequence or character */
    size_t partial_len;
    int64_t partial_since_ns;
    bool in_paste;
    struct key queue[KEYS_QUEUE_MAX]; /* a ring; the oldest at head */
    int head, count;
};

/* What this terminal sends for a key, from terminfo; the sequences of ANSI are known anyway. */
void keys_define(struct keys *keys, const char *bytes, uint32_t code);
/* Takes what was read, in any cutting. */
void keys_feed(struct keys *keys, const char *bytes, size_t len, int64_t now_ns);
/* The next key; false when there is none yet. */
bool keys_next(struct keys *keys, int64_t now_ns, struct key *out);
/* When to look again for a lone ESC (monotonic), 0: no need. */
int64_t keys_deadline_ns(const struct keys *keys);
/* Forgets half sequences and waiting keys (the terminal was left). */
void keys_reset(struct keys *keys);
/* "Ctrl-L", "PgUp", "Enter", "j": for help texts; returns out. */
const char *key_label(uint32_t code, char out[16]);

#endif
