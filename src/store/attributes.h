/*
 * Optuna's four attribute tables: key and JSON text. User attributes are what people see in
 * dashboards; system attributes are not shown.
 */
#ifndef DLN_STORE_ATTRIBUTES_H
#define DLN_STORE_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "store/db.h"

enum dln_attribute_table {
    DLN_STUDY_USER,
    DLN_STUDY_SYSTEM,
    DLN_TRIAL_USER,
    DLN_TRIAL_SYSTEM,
};

/* Keys of ours. */
#define DLN_KEY_UID          "dialin:uid"   /* study: string */
#define DLN_KEY_TIME         "dialin:time"  /* study: "utc" or "local" */
#define DLN_KEY_SPACE        "dialin:space" /* study: name → distribution as stored on the rows */
#define DLN_KEY_LIMITS       "dialin:constraint_names" /* study: list of strings */
#define DLN_KEY_PAST         "dialin:past:" /* study, and an index: trials of an earlier study */
#define DLN_KEY_TRASH        "dialin:trash" /* study: how often trials were deleted or restored */
#define DLN_KEY_CLOSED       "dialin:closed_slots" /* study: [number of a slot, …] */
#define DLN_KEY_SPENT        "dialin:spent" /* study: [seconds of slots, cost] */
#define DLN_KEY_SET_STRATEGY "dialin:set_strategy" /* study: {"gp": {…}}, instead of the file's */
#define DLN_KEY_SET_SPACE    "dialin:set_space"  /* study: name → definition or null, as edited */
#define DLN_KEY_SET_PRUNER   "dialin:set_pruner" /* study: {"asha": {…}}, the same */
#define DLN_KEY_OWNER        "dialin:owner"   /* trial: {"host", "boot", "pid", "start", "nonce"} */
#define DLN_KEY_ASKED        "dialin:asked"   /* trial: as owner, of a program that asked for it */
#define DLN_KEY_CLAIMED      "dialin:claimed" /* trial: string, datetime_start as we wrote it */
#define DLN_KEY_STRATEGY     "dialin:strategy"  /* trial: string */
#define DLN_KEY_WHY          "dialin:why"       /* trial: string */
#define DLN_KEY_MEMO         "dialin:memo"      /* trial: JSON of the strategy */
#define DLN_KEY_PREDICTED    "dialin:predicted" /* trial: [mean, sd] at ask time */
#define DLN_KEY_WHO          "dialin:who"       /* trial: string, who enqueued it */
#define DLN_KEY_DELETED      "dialin:deleted"   /* trial: the id of the row that it was moved to */
#define DLN_KEY_COPY_OF      "dialin:copy_of"   /* trial: number */
/* trial, and DLN_KEY_RUN of store.h with a number: {"fold", "seed", "metrics": {…}} of one run */
/* User attributes of a trial: why it failed or was pruned. */
#define DLN_KEY_REASON "dialin_reason"
#define DLN_KEY_DETAIL "dialin_detail"
#define DLN_KEY_PRUNED "dialin_pruned" /* {"pruner", "step", "value", "threshold"} */
#define DLN_KEY_TAGS   "dialin_tags"   /* list of strings */
/* {"n": runs, "take": "mean", "sd": [one an objective]} of a trial of several runs */
#define DLN_KEY_SPREAD "dialin_spread"
/* Optuna's. */
#define DLN_KEY_FIXED   "fixed_params"
#define DLN_KEY_METRICS "study:metric_names"

/* Inserts or replaces; `json` is the text as stored. */
bool dln_attribute_set(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                       const char *json, struct dln_error *err);
bool dln_attribute_set_text(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                            const char *text, struct dln_error *err);
bool dln_attribute_set_int(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                           int64_t value, struct dln_error *err);
/* Non-finite ones as Python writes them: NaN, Infinity. */
bool dln_attribute_set_reals(dln_db *db, enum dln_attribute_table table, int64_t id,
                             const char *key, const double *values, size_t n,
                             struct dln_error *err);
bool dln_attribute_set_real(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                            double value, struct dln_error *err);
/* Nothing happens where there is none. */
bool dln_attribute_drop(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                        struct dln_error *err);
/* The stored text in the arena; NULL when there is none. */
bool dln_attribute_get(dln_db *db, enum dln_attribute_table table, int64_t id, const char *key,
                       struct dln_arena *arena, const char **json, struct dln_error *err);

#endif
