#include "support/escapes.h"

#include <stdio.h>
#include <string.h>

#include "dialin/num.h"

static bool is_on_at_start(int number)
{
    return number == 7 || number == 25;
}

static int find(const struct escapes *escapes, int number)
{
    for (int i = 0; i < escapes->n_modes; i++) {
        if (escapes->modes[i].number == number) return i;
    }
    return -1;
}

static void set_mode(struct escapes *escapes, int number, bool is_on)
{
    int at = find(escapes, number);
    if (at < 0) {
        if (escapes->n_modes == ESCAPES_MODES_MAX) return;
        at = escapes->n_modes++;
        escapes->modes[at].number = number;
    }
    escapes->modes[at].is_on = is_on;
    escapes->modes[at].changes++;
}

/* The number at the start of text; *text goes behind it and one ';'. */
static int next_number(const char **text)
{
    int number = 0;
    while (**text >= '0' && **text <= '9')
        number = number * 10 + (*(*text)++ - '0');
    if (**text == ';') (*text)++;
    return number;
}

static void end_csi(struct escapes *escapes, char final)
{
    const char *at = escapes->part;
    if (*at == '?' && (final == 'h' || final == 'l')) {
        at++;
        while (*at >= '0' && *at <= '9')
            set_mode(escapes, next_number(&at), final == 'h');
    }
    if (final == 't') {
        const int number = next_number(&at);
        if (number == 22) escapes->title_depth++;
        if (number == 23) escapes->title_depth--;
    }
}

static void end_osc(struct escapes *escapes)
{
    const char *at = escapes->part;
    const int number = next_number(&at);
    if (number <= 2) {
        escapes->n_titles++;
        snprintf(escapes->title, sizeof escapes->title, "%s", at);
    }
    if (number == 52) {
        const char *payload = strchr(at, ';');
        escapes->n_clipboard++;
        snprintf(escapes->clipboard, sizeof escapes->clipboard, "%s", payload ? payload + 1 : at);
    }
}

static void keep(struct escapes *escapes, char c)
{
    if (escapes->part_len + 1 < sizeof escapes->part) escapes->part[escapes->part_len++] = c;
    escapes->part[escapes->part_len] = '\0';
}

static void feed_escape(struct escapes *escapes, char c)
{
    escapes->part_len = 0;
    escapes->part[0] = '\0';
    escapes->state = c == '[' ? ESCAPES_CSI : c == ']' ? ESCAPES_OSC : ESCAPES_TEXT;
    if (c == '=') escapes->has_keypad = true;
    if (c == '>') escapes->has_keypad = false;
}

static void feed_one(struct escapes *escapes, char c)
{
    switch (escapes->state) {
    case ESCAPES_TEXT:
        if (c == '\033') escapes->state = ESCAPES_ESC;
        if (c == '\a') escapes->n_bells++;
        return;
    case ESCAPES_ESC: feed_escape(escapes, c); return;
    case ESCAPES_CSI:
        if (c >= '@' && c <= '~') {
            end_csi(escapes, c);
            escapes->state = ESCAPES_TEXT;
        } else {
            keep(escapes, c);
        }
        return;
    case ESCAPES_OSC:
        if (c == '\a') {
            end_osc(escapes);
            escapes->state = ESCAPES_TEXT;
        } else if (c == '\033') {
            escapes->state = ESCAPES_OSC_ESC;
        } else {
            keep(escapes, c);
        }
        return;
    case ESCAPES_OSC_ESC:
        end_osc(escapes);
        escapes->state = ESCAPES_TEXT;
        if (c != '\\') feed_escape(escapes, c);
        return;
    }
}

void escapes_feed(struct escapes *escapes, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        feed_one(escapes, bytes[i]);
}

bool escapes_mode(const struct escapes *escapes, int number)
{
    const int at = find(escapes, number);
    return at < 0 ? is_on_at_start(number) : escapes->modes[at].is_on;
}

int escapes_changes(const struct escapes *escapes, int number)
{
    const int at = find(escapes, number);
    return at < 0 ? 0 : escapes->modes[at].changes;
}

void escapes_left(const struct escapes *escapes, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; i < escapes->n_modes; i++) {
        const int number = escapes->modes[i].number;
        if (escapes->modes[i].is_on == is_on_at_start(number)) continue;
        const int n = snprintf(out + len, cap - len, "%s%d %s", len ? ", " : "", number,
                               escapes->modes[i].is_on ? "on" : "off");
        if (n < 0 || (size_t)n >= cap - len) return;
        len += (size_t)n;
    }
    if (escapes->has_keypad) {
        const int n = snprintf(out + len, cap - len, "%skeypad on", len ? ", " : "");
        if (n < 0 || (size_t)n >= cap - len) return;
        len += (size_t)n;
    }
    if (escapes->title_depth != 0) {
        snprintf(out + len, cap - len, "%stitle stack %+d", len ? ", " : "", escapes->title_depth);
    }
}
