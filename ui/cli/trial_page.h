/* One trial in full, for people and as JSON: `dialin show STUDY NUMBER`. */
#ifndef UI_CLI_TRIAL_PAGE_H
#define UI_CLI_TRIAL_PAGE_H

#include "cli/locate.h"
#include "cli/report.h"
#include "dialin/json.h"

enum status trial_page(struct opened *study, const char *number, bool as_json);
/*
 * Into an object that is begun: trial, reports, limits, attributes, note, artifacts. The trial must
 * have come with its whole curve.
 */
DLN_CHECK bool trial_full_json(struct dln_json_writer *w, const struct opened *study,
                               const struct dln_trial *trial, struct dln_error *err);
/* Below an empty line and a title; nothing for "". */
void note_print(const char *note);
/* A stored JSON text as a value of the writer: one that is not strict JSON becomes a string. */
void stored_json(struct dln_json_writer *w, const char *json);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

/* The member "artifacts" of an object that is begun. */
void artifacts_json(struct dln_json_writer *w, const struct dln_artifact *list, size_t n);

#endif
