/*
 * What people and other programs wrote beside the trials of a file (dialin/store.h): attributes,
 * notes, tags, artifacts, constraint values; and the trials that were deleted.
 */
#ifndef DIALIN_MARKS_H
#define DIALIN_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/trial.h"

typedef struct dln_store dln_store;

struct dln_attribute {
    const char *key, *json;
};
/* User attributes of one trial. */
DLN_API DLN_CHECK bool dln_store_trial_attributes(dln_store *store, int64_t trial_id,
                                                  struct dln_arena *arena,
                                                  struct dln_attribute **out, size_t *n,
                                                  struct dln_error *err);

enum dln_attributes_of { DLN_OF_STUDY, DLN_OF_STUDY_SYSTEM, DLN_OF_TRIAL, DLN_OF_TRIAL_SYSTEM };
/* All of one study or trial (by its row id), oldest first; the JSON is the text as stored. */
DLN_API DLN_CHECK bool dln_store_attributes(dln_store *store, enum dln_attributes_of of, int64_t id,
                                            struct dln_arena *arena, struct dln_attribute **out,
                                            size_t *n, struct dln_error *err);
/* One of them by its key, in the arena; NULL without one. */
DLN_API DLN_CHECK bool dln_store_attribute(dln_store *store, enum dln_attributes_of of, int64_t id,
                                           const char *key, struct dln_arena *arena,
                                           const char **json, struct dln_error *err);
/* By the holder of the lease, durably, all in one: system attributes, or those that people see. */
DLN_API DLN_CHECK bool dln_store_set_study_attributes(dln_store *store, int64_t study_id, size_t n,
                                                      const struct dln_attribute *attributes,
                                                      bool for_people, struct dln_error *err);
/* The note that optuna-dashboard shows on a study (trial_id 0) or on a trial; "" without one. */
DLN_API DLN_CHECK bool dln_store_note_text(dln_store *store, int64_t study_id, int64_t trial_id,
                                           struct dln_arena *arena, const char **out,
                                           struct dln_error *err);
/* By the holder of the lease, durably; a text of "" empties it. */
DLN_API DLN_CHECK bool dln_store_set_note(dln_store *store, int64_t study_id, int64_t trial_id,
                                          const char *text, struct dln_error *err);
/* The tags of a trial, blanks between them: "baseline paper"; "" without any. */
DLN_API DLN_CHECK bool dln_store_tags(dln_store *store, int64_t trial_id, struct dln_arena *arena,
                                      const char **out, struct dln_error *err);
struct dln_tagged {
    int64_t trial_id;
    const char *tags; /* all it has from now on */
};
/* By the holder of the lease, durably, all in one. */
DLN_API DLN_CHECK bool dln_store_set_tags(dln_store *store, int64_t study_id, size_t n,
                                          const struct dln_tagged *list, struct dln_error *err);
/*
 * Deleted trials: in nobody's sight, but kept for so many days. Optuna sees an empty failed trial
 * under each number, so that it numbers the next one right.
 */
#define DLN_TRASH_DAYS 30
struct dln_trashed {
    int64_t trial_id, number, deleted_us;
    enum dln_trial_state state;
    const char *who;
};
/*
 * By the holder of the lease, durably, all or none; no RUNNING ones. Whoever follows the study has
 * to begin anew when the number of moves is another one.
 */
DLN_API DLN_CHECK bool dln_store_delete_trials(dln_store *store, int64_t study_id, size_t n,
                                               const int64_t *ids, const char *who,
                                               struct dln_error *err);
/* DLN_REFUSED: another trial has taken the place of one of them. */
DLN_API DLN_CHECK bool dln_store_restore_trials(dln_store *store, int64_t study_id, size_t n,
                                                const struct dln_trashed *list,
                                                struct dln_error *err);
/* By number. */
DLN_API DLN_CHECK bool dln_store_trash(dln_store *store, int64_t study_id, struct dln_arena *arena,
                                       struct dln_trashed **out, size_t *n, struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_trash_moves(dln_store *store, int64_t study_id, int64_t *out,
                                             struct dln_error *err);
struct dln_trial_marks {
    int64_t trial_id;
    const char *note, *tags; /* "" without */
    bool has_artifact;
};
/* Of all trials that have any, ascending id. */
DLN_API DLN_CHECK bool dln_store_trial_marks(dln_store *store, int64_t study_id,
                                             struct dln_arena *arena, struct dln_trial_marks **out,
                                             size_t *n, struct dln_error *err);
/* Another number when notes or artifacts were changed, by whomever: versions and counts of them. */
DLN_API DLN_CHECK bool dln_store_marks_stamp(dln_store *store, int64_t study_id, int64_t *out,
                                             struct dln_error *err);
struct dln_artifact { /* "" where the file does not say; the bytes lie in the artifact store */
    const char *id, *file_name, *media_type;
};
/* Those of a study (trial_id 0) or of a trial that have not been deleted. */
DLN_API DLN_CHECK bool dln_store_artifacts(dln_store *store, int64_t study_id, int64_t trial_id,
                                           struct dln_arena *arena, struct dln_artifact **out,
                                           size_t *n, struct dln_error *err);
struct dln_limit_value {
    const char *name; /* "0", "1" … where nobody named it */
    double value;     /* ≤ 0: kept */
};
/* The constraint values of a trial, from the list and from the named form. */
DLN_API DLN_CHECK bool dln_store_limits(dln_store *store, int64_t study_id, int64_t trial_id,
                                        struct dln_arena *arena, struct dln_limit_value **out,
                                        size_t *n, struct dln_error *err);

#endif
