/*
 * The real program on a terminal with studies of its own: what the tests of the screens share.
 * A study that runs has trials that print one value and then wait for the gate, a file.
 */
#ifndef TEST_SUPPORT_DESK_H
#define TEST_SUPPORT_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "support/scratch.h"
#include "support/screen.h"

enum { DESK_WAIT_MS = 20000 };

struct desk {
    char folder[SCRATCH_PATH_MAX];
    char study[SCRATCH_PATH_MAX]; /* the study file, after desk_write() */
    char db[SCRATCH_PATH_MAX];    /* its database */
};

void desk_open(struct desk *desk);
/* Ends engines that are still alive, removes the folder. */
void desk_close(struct desk *desk);

/* A finished study of n trials in folder/file: made in the same way each time. */
void desk_fixture(const struct desk *desk, const char *file, const char *name, int n);
/* A study file `gated`: `trials` trials, `parallel` at a time, that wait for desk_open_gate(). */
void desk_write(struct desk *desk, int trials, int parallel);
void desk_open_gate(const struct desk *desk);

/* dialin with these words (NULL-terminated), HOME and state in the desk's folder, LC_ALL `locale`.
 */
screen *desk_start(const struct desk *desk, int rows, int cols, const char *term,
                   const char *locale, const char *const *words);
/* The usual: 80x24, xterm-256color, UTF-8. */
screen *desk_dialin(const struct desk *desk, const char *word, const char *argument);

/* Presses a key again until the text is gone: for questions that are deaf for a moment. */
void desk_press_until_gone(screen *s, const char *key, const char *text);
/* Counts of the gated study as its file has them. */
int64_t desk_count_ended(const struct desk *desk);
bool desk_engine_alive(const struct desk *desk, int64_t *pid);
/* Waits until no engine is alive any more. */
void desk_wait_engine_gone(const struct desk *desk);
/* The newest child of a process, -1 if there is none. */
int64_t desk_child_of(int64_t pid);

#endif
