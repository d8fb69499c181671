/* A conversation with the real `dialin serve`: a line there, an answer back. */
#ifndef TEST_SUPPORT_TALK_H
#define TEST_SUPPORT_TALK_H

#include <stdio.h>
#include <sys/types.h>

#include "dialin/json.h"

struct talk {
    pid_t pid;
    FILE *to, *from;
};

/* Starts `dialin serve WORDS`; words are split at blanks. */
struct talk talk_start(const char *words);
/* Sends bytes as they are. */
void talk_send(struct talk *talk, const char *bytes, size_t len);
/* The next answer, an object; the caller releases it. */
json_t *talk_next(struct talk *talk);
/* Sends a line and gives its answer. */
json_t *talk_say(struct talk *talk, const char *format, ...) DLN_PRINTF(2, 3);
/* The answer must be an error of this code. */
void talk_refused(struct talk *talk, const char *code, const char *line);
/* The answer must be {"ok": true} or a report's, not an error. */
void talk_accepted(struct talk *talk, const char *format, ...) DLN_PRINTF(2, 3);
/* Asks; the number of the trial, -1 when it is done. *params (may be NULL) is the caller's. */
int64_t talk_ask(struct talk *talk, json_t **params);
/* Closes its input, expects no more answers; the exit status. */
int talk_end(struct talk *talk);
/* Ends it at once, as a crash would. */
void talk_kill(struct talk *talk);

#endif
