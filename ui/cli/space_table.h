/* What is searched, as a table: each parameter with its kind, range and condition. */
#ifndef UI_CLI_SPACE_TABLE_H
#define UI_CLI_SPACE_TABLE_H

#include <stdbool.h>

#include "dialin/error.h"
#include "dialin/space.h"

DLN_CHECK bool space_print(const struct dln_space *space, struct dln_error *err);

#endif
