/* The manual page, from the tables of `--help`. */
#ifndef UI_CLI_MANUAL_H
#define UI_CLI_MANUAL_H

#include "cli/report.h"

/* In roff with the macros of man(7), to standard output. */
enum status print_manual(void);

#endif
