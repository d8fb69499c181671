/*
 * The engine: one thread that asks the proposer, runs trials, records, obeys commands from any
 * process, and ends by the budget. Everything it knows is in the file; it can die at any moment.
 */
#ifndef DIALIN_ENGINE_H
#define DIALIN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/confirm.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/store.h"
#include "dialin/wake.h"

typedef struct dln_engine dln_engine;

struct dln_engine_options {
    const char *db_path;
    int64_t study_id;           /* must have a definition in the file */
    const char *guardian;       /* program for `--guardian`; NULL: /proc/self/exe */
    const struct dln_wake *notify; /* poked after each commit of note; NULL: nobody */
    bool start_paused;
    const struct dln_confirm_settings *confirm; /* NULL: runs trials; else confirms, then ends */
};

/*
 * Takes the lease, recovers what a dead engine left, starts the guardian and the thread.
 * DLN_BUSY names who holds the study; DLN_UNSUPPORTED names the key that cannot run yet.
 * All signals are blocked in the engine's thread.
 */
DLN_API DLN_CHECK bool dln_engine_start(const struct dln_engine_options *options, dln_engine **out,
                                        struct dln_error *err);
/* Thread: any; safe from a signal handler. Look at the inbox now. */
DLN_API void dln_engine_poke(dln_engine *engine);
/*
 * Thread: any; safe from a signal handler. Leave: first call ends running trials (TERM, grace, KILL;
 * recorded to be run again on resume) and stops, a second call does not wait for the grace.
 */
DLN_API void dln_engine_quit(dln_engine *engine);
DLN_API bool dln_engine_is_over(const dln_engine *engine); /* thread: any */

enum dln_engine_outcome {
    DLN_OUTCOME_DONE,    /* the budget is met, or every point was tried */
    DLN_OUTCOME_STOPPED, /* by a person or dln_engine_quit() */
    DLN_OUTCOME_FAILED   /* lease lost, storage failed, program cannot be started: err says */
};
/* Waits for the thread and frees the engine. */
DLN_API enum dln_engine_outcome dln_engine_join(dln_engine *engine, struct dln_error *err);

/*
 * Steers a study from any process: posts the command; where no engine is alive, takes the lease for
 * the length of this change and obeys it here. Waits up to wait_ms for the answer (0: does not).
 * *answer (DLN_ERROR_TEXT_MAX bytes, may be NULL) gets the sentence. DLN_REFUSED: refused, err says
 * why; DLN_TIMEOUT: posted, not answered yet.
 */
DLN_API DLN_CHECK bool dln_steer(const char *db_path, int64_t study_id, enum dln_command_kind kind,
                                 const char *payload, int64_t wait_ms, char *answer,
                                 struct dln_error *err);

#endif
