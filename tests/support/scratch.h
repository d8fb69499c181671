/* A folder of its own for each test, removed with everything in it. */
#ifndef TEST_SUPPORT_SCRATCH_H
#define TEST_SUPPORT_SCRATCH_H

#include <stddef.h>

#define SCRATCH_PATH_MAX 512

/* Makes TMPDIR-or-/tmp/dialin-test-XXXXXX; exits the test program when that fails. */
void scratch_make(char folder[SCRATCH_PATH_MAX]);
/* folder/name; the text is good until the eighth call after this one. */
const char *scratch_path(const char *folder, const char *name);
void scratch_remove(const char *folder);

#endif
