/* Golden screens: text files that a reviewer can read. See screen.h. */
#ifndef TEST_SUPPORT_SCREEN_GOLDEN_H
#define TEST_SUPPORT_SCREEN_GOLDEN_H

#include <vterm.h>

#include "dialin/strbuf.h"

/*
 * Compares with tests/terminal/screens/NAME.txt, or writes it under DIALIN_BLESS=1; releases `seen`
 * before it fails the test.
 */
void golden_match(const char *name, struct dln_strbuf *seen);
/* Whether it is what the file holds; times in `seen` are masked. Always under DIALIN_BLESS=1. */
bool golden_is(const char *name, struct dln_strbuf *seen);
bool golden_is_blessed(void);
/*
 * Appends "--- styles", a map with one letter a cell ('.' for plain), and what each letter means,
 * in the order of first use: "a  bold fg 4".
 */
void golden_add_styles(VTermScreen *cells, int rows, int cols, struct dln_strbuf *out);

#endif
