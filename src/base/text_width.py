#!/usr/bin/env python3
"""Writes text_width.c: python3 text_width.py > text_width.c

Needs the Unicode 15.0 database: Python 3.12's unicodedata, or the package unicodedata2 15.0.
"""
import sys

try:
    import unicodedata2 as ucd
except ImportError:
    import unicodedata as ucd

if ucd.unidata_version != "15.0.0":
    sys.exit(f"Unicode 15.0.0 is needed, this is {ucd.unidata_version}")

# Default_Ignorable_Code_Point that is not Cf or Cn: letters and marks without a picture.
IGNORABLE = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
IGNORABLE |= set(range(0xFE00, 0xFE10)) | set(range(0xE0100, 0xE01F0))
# Vowels and final consonants of conjoining Hangul stand on the syllable's first letter.
JAMO = set(range(0x1161, 0x1200)) | set(range(0xD7B0, 0xD800))


def kind(code):
    char = chr(code)
    category = ucd.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or code in IGNORABLE:
        return "H"
    if category in ("Mn", "Me") or code in JAMO:
        return "C"
    return "W" if ucd.east_asian_width(char) in "WF" else None


ranges = []
for code in range(0x300, 0x110000):
    k = kind(code)
    if k and ranges and ranges[-1][0] == k and ranges[-1][2] == code - 1:
        ranges[-1][2] = code
    elif k:
        ranges.append([k, code, code])

print("""/*
 * How a terminal shows a code point: not at all, on the character before it, in one column, in two.
 * Unicode 15.0: general category and East Asian Width, ambiguous ones narrow. Written by
 * text_width.py; change that, not this.
 */
#include "base/text_width.h"

#include <stddef.h>

struct range {
    uint32_t first, last;
    enum dln_text_kind kind;
};

/* clang-format off */
#define H(first, last) {0x##first, 0x##last, DLN_TEXT_HIDDEN}
#define C(first, last) {0x##first, 0x##last, DLN_TEXT_COMBINING}
#define W(first, last) {0x##first, 0x##last, DLN_TEXT_WIDE}

/* Sorted, disjoint, from U+0300; what is not here is narrow. */
static const struct range ranges[] = {""")
line = "   "
for k, first, last in ranges:
    item = f" {k}({first:X}, {last:X}),"
    if len(line) + len(item) > 100:
        print(line)
        line = "   "
    line += item
print(line)
print("""};
/* clang-format on */

enum dln_text_kind dln_text_kind(uint32_t code)
{
    if (code < 0x300) {
        if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD) return DLN_TEXT_HIDDEN;
        return DLN_TEXT_NARROW;
    }
    size_t low = 0;
    size_t high = sizeof ranges / sizeof ranges[0];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (code > ranges[middle].last) {
            low = middle + 1;
        } else if (code < ranges[middle].first) {
            high = middle;
        } else {
            return ranges[middle].kind;
        }
    }
    return code > 0x10FFFF ? DLN_TEXT_HIDDEN : DLN_TEXT_NARROW;
}""")
