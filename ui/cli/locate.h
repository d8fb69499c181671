/*
 * What the STUDY of a command line means: a study file (.yaml, its database beside it), or a
 * database, with `--study NAME` where it holds several.
 */
#ifndef UI_CLI_LOCATE_H
#define UI_CLI_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/space.h"
#include "dialin/store.h"
#include "dialin/study.h"

bool is_study_file(const char *path); /* by its ending: .yaml or .yml */
bool is_folder(const char *path);
bool refuse_folder(const char *path, struct dln_error *err); /* always false */
/* The database of a study file, and the name of its study unless *name is given. */
bool follow_study_file(const char *path, struct dln_arena *arena, const char **db_path,
                       const char **name, struct dln_error *err);

/* NAME.db beside the study file, in the arena; NULL without memory. '/' in a name becomes '_'. */
const char *default_db_path(const struct dln_study *study, const char *yaml_path,
                            struct dln_arena *arena);

/* A study that is open for looking or steering. Everything lives until opened_release(). */
struct opened {
    struct dln_arena arena;
    const char *db_path;
    dln_store *store;
    struct dln_study_summary summary; /* as of the opening or opened_refresh() */
    struct dln_study *def;            /* NULL: a study without a definition (pure Optuna) */
    struct dln_space inferred;        /* what its trials tell, where there is no definition */
    const struct dln_space *space;
    bool is_sampled; /* `inferred` is what a sample of a long study's trials tells */
};

/* Opens the STUDY that `argument` and the option --study of the table name. */
DLN_CHECK bool opened_study(const struct options *options, const char *argument,
                            enum dln_store_mode mode, struct opened *out, struct dln_error *err);
/*
 * The same at once, for what needs a few trials only: where a study is long and nobody has counted
 * its trials, summary.is_counted is false, and a space that its trials imply comes from a sample.
 */
DLN_CHECK bool opened_glance(const struct options *options, const char *argument,
                             struct opened *out, struct dln_error *err);
/* After a trial with has_strangers: the space from all trials. */
DLN_CHECK bool opened_infer(struct opened *opened, struct dln_error *err);
/* As opened_study(), for a study whose place is known. */
DLN_CHECK bool opened_by_id(const char *db_path, int64_t study_id, enum dln_store_mode mode,
                            struct opened *out, struct dln_error *err);
/* Reads the summary again; its texts go to the same arena. */
DLN_CHECK bool opened_refresh(struct opened *opened, struct dln_error *err);
/* NULL and zeroed structs are fine. */
void opened_release(struct opened *opened);

/* The number of a trial as typed: "17" or "#17". */
DLN_CHECK bool parse_trial_number(const char *text, int64_t *number, struct dln_error *err);
/* That trial, in the arena of `opened`. */
DLN_CHECK bool opened_trial(struct opened *opened, const char *text, struct dln_trial *out,
                            struct dln_error *err);
DLN_CHECK bool opened_number(struct opened *opened, int64_t number, struct dln_trial *out,
                             struct dln_error *err);
/* The folder of a trial's last run, absolute or as good as; NULL: it never ran. */
const char *opened_run_dir(struct opened *opened, const struct dln_trial *trial);

#endif
