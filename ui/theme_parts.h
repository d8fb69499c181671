/* What theme.c and theme_read.c share; nobody else needs it. */
#ifndef UI_THEME_PARTS_H
#define UI_THEME_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "theme.h"

/* themes/NAME.yaml as it was when the program was built (written by CMake). */
struct theme_file {
    const char *name;
    const unsigned char *bytes;
    size_t len;
};
extern const struct theme_file theme_files[];
extern const size_t theme_file_count;

/* Fills in roles that were not given: from a compiled-in theme, or with "base" from related roles.
 */
void theme_complete(struct theme *theme, const bool given[ROLE_COUNT], const char *inherit);

#endif
