/* The journal of a study, oldest entry first. */
#ifndef UI_CLI_JOURNAL_H
#define UI_CLI_JOURNAL_H

#include "cli/locate.h"
#include "dialin/json.h"

struct journal { /* in the study's arena */
    size_t n;
    const struct dln_command *entries;
};

/* The newest `limit` entries. */
DLN_CHECK bool journal_load(struct opened *study, size_t limit, struct journal *out,
                            struct dln_error *err);
const char *journal_state(const struct dln_command *entry); /* "posted", "done", "refused" */
/* What happened, as a sentence: the answer, else what was asked. */
const char *journal_what(const struct dln_command *entry);
void journal_json(struct dln_json_writer *w, const struct journal *journal);

#endif
