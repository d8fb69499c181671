/* A file in the person's own editor: $VISUAL, else $EDITOR, else vi, which gets the terminal. */
#ifndef UI_EDITOR_H
#define UI_EDITOR_H

#include <stdbool.h>

/*
 * Waits until the editor is closed. Its words are split at blanks; there is no shell. False: it
 * could not be started, or ended badly. The screen must have been left.
 */
bool editor_run(const char *file);

#endif
