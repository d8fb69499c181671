/* What a confirmation found: as a table, as Markdown, as JSON. */
#ifndef UI_CLI_CONFIRMED_H
#define UI_CLI_CONFIRMED_H

#include <stdio.h>

#include "cli/locate.h"
#include "dialin/confirm.h"

/* The study file asks for a confirmation, and what the file has is none of these trials. */
bool confirmed_is_due(const struct opened *study);
DLN_CHECK bool confirmed_print(const struct opened *study, const struct dln_confirmation *found,
                               FILE *to, struct dln_error *err);
/* The same after an empty line, where something was confirmed. */
DLN_CHECK bool confirmed_say(const struct opened *study, FILE *to, struct dln_error *err);
void confirmed_markdown(const struct opened *study, const struct dln_confirmation *found,
                        struct dln_strbuf *out);
/* ui/cli/README.md lists the keys. */
void confirmed_json(const struct opened *study, const struct dln_confirmation *found,
                    struct dln_strbuf *out);

#endif
