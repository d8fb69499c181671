/* All trials of a study in memory, and one trial as JSON or as a command line. */
#ifndef UI_CLI_TRIAL_LIST_H
#define UI_CLI_TRIAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/locate.h"
#include "cli/report.h"
#include "dialin/error.h"
#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "dialin/trial.h"

struct trial_list { /* = {0} is empty */
    struct dln_arena arena;
    size_t n, cap;
    struct dln_trial *trials; /* ascending number */
};

DLN_CHECK bool trial_list_load(const struct opened *study, struct trial_list *out,
                               struct dln_error *err);
/* The same with every reported value, not the last one only. */
DLN_CHECK bool trial_list_load_curves(const struct opened *study, struct trial_list *out,
                                      struct dln_error *err);
void trial_list_release(struct trial_list *list);

/* A value of the JSON writer; ui/cli/README.md lists the keys. */
void trial_json(struct dln_json_writer *w, const struct opened *study,
                const struct dln_trial *trial);
void summary_json(struct dln_json_writer *w, const struct dln_study_summary *summary,
                  const char *db_path);
/* "2026-11-24T15:38:40.123456Z", or null for 0. */
void time_json(struct dln_json_writer *w, int64_t wall_us);
double trial_duration_s(const struct dln_trial *trial); /* NaN while it runs */

/*
 * The command of a trial as a person may paste it: what its run directory recorded, else what the
 * definition makes of its values.
 */
DLN_CHECK bool trial_command(struct opened *study, const struct dln_trial *trial,
                             struct dln_strbuf *out, struct dln_error *err);
/* "cd DIR && ", where the working directory is not the trial's already; else nothing. */
void trial_directory(struct opened *study, struct dln_strbuf *out);

#endif
