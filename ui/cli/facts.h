/* What `dialin --help` and the manual page both tell beside the commands: one row a fact. */
#ifndef UI_CLI_FACTS_H
#define UI_CLI_FACTS_H

#include "cli/options.h"

struct fact { /* tables end with {0} */
    const char *name, *text;
};

/* One sentence for what it is. */
extern const char fact_purpose[];
/* How it is called, by words after `dialin`. */
extern const struct fact fact_calls[];
extern const struct option fact_options[]; /* without a command */
extern const struct fact fact_statuses[];
extern const struct fact fact_files[];
extern const struct fact fact_environment[]; /* that dialin reads */
extern const struct fact fact_trial_environment[];

#endif
