/*
 * The real `dialin` as a shell would run it: one command and what it printed, or a run in the
 * background whose lines are waited for. Lines are split at blanks; 'quoted words' may hold some.
 */
#ifndef TEST_SUPPORT_PROGRAM_H
#define TEST_SUPPORT_PROGRAM_H

#include <sys/types.h>

#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "support/test.h"

/* Setup and teardown: each test has a folder of its own as its working directory. */
int in_folder(void **state);
int remove_folder(void **state);

void write_file(const char *name, const char *text);
char *read_all(const char *path); /* the caller frees it */

struct result {
    int status; /* of exit; 128 + N for a signal */
    char *out, *err;
};
struct result dialin(const char *line);
void forget(struct result *result);

/* Runs a command, checks its status and that a text is in what it printed (output or errors). */
#define expect(line, expected, text) expect_((line), (expected), (text), __FILE__, __LINE__)
void expect_(const char *line, int expected, const char *text, const char *file, int at);

/* What a command prints, which must succeed; the caller releases it. */
json_t *json_of(const char *line);
int64_t int_at(const json_t *object, const char *key);

/* A command in the background, its lines in a pipe. One at a time; ended with the test. */
struct running {
    pid_t pid;
    int fd;
    struct dln_strbuf seen;
};
struct running start_run(const char *line);
void await(struct running *running, const char *text); /* reads on until the text has come */
int end_of(struct running *running);                   /* reads to the end; the status */

int wait_for(pid_t pid); /* the status of a child */

#endif
