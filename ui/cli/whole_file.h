/* A file that a command writes. */
#ifndef UI_CLI_WHOLE_FILE_H
#define UI_CLI_WHOLE_FILE_H

#include "dialin/error.h"
#include "dialin/strbuf.h"

/* Beside it first, then renamed: a reader never sees half a file, a failure leaves the old one. */
DLN_CHECK bool write_whole_file(const char *path, const struct dln_strbuf *text,
                                struct dln_error *err);

#endif
