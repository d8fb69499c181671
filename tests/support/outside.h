/* What another program does to a database file, or sees in it: plain SQLite, nothing of ours. */
#ifndef TEST_SUPPORT_OUTSIDE_H
#define TEST_SUPPORT_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs one statement. Gives its first row, columns joined by '|' and NULL as "NULL"; "" without a
 * row. The text is good until the fourth call after this one. Fails the test when SQLite does.
 */
const char *outside_ask(const char *path, const char *sql);
/* Runs several statements, with views and triggers allowed. */
void outside_run(const char *path, const char *sql);
/* All bytes of a file; the caller frees them. */
char *outside_read(const char *path, size_t *len);
void outside_write(const char *path, const char *bytes, size_t len);

#endif
