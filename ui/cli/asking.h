/* From the STUDY of a command line to a tuner: serve, ask, tell. */
#ifndef UI_CLI_ASKING_H
#define UI_CLI_ASKING_H

#include "cli/options.h"
#include "dialin/serve.h"

/*
 * `argument` is a study file (its database, made where it is missing, lies beside it or at --db) or
 * a database. `beats` as in struct dln_tuner_place.
 */
DLN_CHECK bool tuner_of(const struct options *options, const char *argument, bool beats,
                        dln_tuner **out, struct dln_error *err);

#define OPTION_DB                                                       \
    {                                                                   \
        .name = "db", .value = "FILE",                                  \
        .help = "the database (default: NAME.db beside the study file)" \
    }

#endif
