/* What a program prints, kept: for `COMMAND --help`. */
#ifndef UI_DRAFT_CAPTURE_H
#define UI_DRAFT_CAPTURE_H

#include "dialin/error.h"
#include "dialin/strbuf.h"

/*
 * Runs argv (NULL-terminated) in a folder (NULL: here), without a shell, in a process group of its
 * own and without input, and takes what it writes to standard output and standard error, at most
 * 256 KiB. After `limit_ms` the group is killed. DLN_NOT_FOUND: it cannot be started; DLN_TIMEOUT:
 * it did not end.
 */
DLN_CHECK bool capture(char *const *argv, const char *folder, int limit_ms, struct dln_strbuf *out,
                       struct dln_error *err);

#endif
