/*
 * A study with a real program in a folder of its own, and an engine on it. The program is a small
 * shell script; a trial that is to wait until the test says so loops until the file `go` is there.
 * Every wait ends by an event of the engine, or fails the test after a minute.
 */
#ifndef TEST_SUPPORT_ENGINE_RIG_H
#define TEST_SUPPORT_ENGINE_RIG_H

#include "dialin/engine.h"
#include "dialin/store.h"
#include "support/test.h"

struct engine_rig {
    char dir[64];
    char db[96];
    int64_t study_id;
    struct dln_study *study;
    dln_engine *engine;
    struct dln_wake wake; /* poked by the engine */
    struct dln_arena arena;
};

/* If the test program was started as the guardian, does that and exits. First thing in main(). */
void rig_be_guardian(int argc, char **argv);

/* Writes prog.sh and study.yaml ("study:" and "run:" are put in front, the latter where the text names no program) and makes the database. */
void rig_open(struct engine_rig *rig, const char *script, const char *yaml);
void rig_open_in(const char *root, struct engine_rig *rig, const char *script, const char *yaml);
void rig_close(struct engine_rig *rig);

void rig_start(struct engine_rig *rig);
/* Joins; prints the sentence of an outcome that is not the expected one. */
void rig_join(struct engine_rig *rig, enum dln_engine_outcome expected);
void rig_run(struct engine_rig *rig); /* start and join, DONE */

void rig_write(const struct engine_rig *rig, const char *file, const char *text);
bool rig_has(const struct engine_rig *rig, const char *file);
void rig_path(const struct engine_rig *rig, const char *file, char *out, size_t cap);

/* Steers as another program would; the answer stays until the next call. */
const char *rig_steer(struct engine_rig *rig, enum dln_command_kind kind, const char *payload);
/* Must be refused; gives the sentence. */
const char *rig_refused(struct engine_rig *rig, enum dln_command_kind kind, const char *payload);

struct dln_study_summary rig_summary(struct engine_rig *rig);
struct dln_trial rig_trial(struct engine_rig *rig, int64_t number);
/* Waits until so many trials are in the state (or more). */
void rig_wait_count(struct engine_rig *rig, enum dln_trial_state state, int64_t at_least);
/* Waits until a run of this trial is in the file. */
void rig_wait_run(struct engine_rig *rig, int64_t number);
void rig_wait_state(struct engine_rig *rig, enum dln_engine_state state);
void rig_wait_journal(struct engine_rig *rig, const char *text);
void rig_wait_file(struct engine_rig *rig, const char *file);
/* Whether a journal line contains the text. */
bool rig_journal_says(struct engine_rig *rig, const char *text);
/* Every number from 0 to n - 1 is there once, and nothing else. */
void rig_assert_numbers(struct engine_rig *rig, int64_t n);

#endif
