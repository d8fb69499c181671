/* How a terminal shows a code point, by a table of Unicode 15.0. Thread: any. */
#ifndef DLN_BASE_TEXT_WIDTH_H
#define DLN_BASE_TEXT_WIDTH_H

#include <stdint.h>

enum dln_text_kind {
    DLN_TEXT_HIDDEN,    /* controls, format characters, private use, unassigned: never sent */
    DLN_TEXT_COMBINING, /* on the character before it */
    DLN_TEXT_NARROW,
    DLN_TEXT_WIDE /* two columns */
};

enum dln_text_kind dln_text_kind(uint32_t code);

#endif
