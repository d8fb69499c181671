/*
 * From a study file to a study in a database that can be run: made when it is new, brought up to
 * date when the file has changed.
 */
#ifndef UI_CLI_PREPARE_H
#define UI_CLI_PREPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "app.h"
#include "cli/options.h"
#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/store.h"

struct prepared {
    struct dln_arena arena;
    const char *db_path;
    int64_t study_id;
    struct dln_study_summary summary; /* as it stood afterwards */
    bool created;                     /* the study is new */
    bool changed;                     /* a changed study file was applied */
    bool outdated;                    /* the file has changed, but an engine is at work */
};

/*
 * `argument` is a study file or a database; `db` (may be NULL) places the database of a study file.
 * DLN_UNSUPPORTED where this release cannot run what the file asks for. A study that is running is
 * left as it is: summary.lease says who holds it.
 */
DLN_CHECK bool prepare_study(const char *argument, const char *db, const char *study_name,
                             struct prepared *out, struct dln_error *err);
void prepared_release(struct prepared *prepared);

/* Opens the screen on a study: `dialin STUDY`. `looks` says how. Gives the exit status. */
int prepared_screen(const struct prepared *prepared, const struct app_options *looks);

#endif
