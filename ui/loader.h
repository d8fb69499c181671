/*
 * The thread that reads a study for the screens. It owns the connections, follows the file, and
 * hands over finished deliveries; the ui never waits for the disk. It looks for news at once when
 * poked (the engine of this process has committed), each 250 ms while keys are pressed, else once a
 * second. Thread of all functions here: ui.
 */
#ifndef UI_LOADER_H
#define UI_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/store.h"
#include "dialin/study.h"
#include "dialin/wake.h"
#include "model.h"

struct loader;

/* What one look at the file gave. All of it lives in the arena, but for `definition` and `space`.
 */
struct delivery {
    struct delivery *next;
    struct dln_arena arena;

    bool is_opening;                    /* the first one, or the file was opened anew: forget all */
    const struct dln_study *definition; /* NULL: a study of another program; until loader_close() */
    const struct dln_space *space;      /* until loader_close() */
    const char *read_only_reason;       /* or NULL */

    bool has_summary;
    struct dln_study_summary summary;
    size_t n_rows;
    const struct model_row *rows;
    bool all_loaded;
    double loaded;
    bool has_journal; /* the newest commands, newest first */
    size_t n_commands;
    const struct dln_command *commands;
    bool has_marks; /* notes, tags, artifacts of trials */
    size_t n_marks;
    const struct dln_trial_marks *marks;
    bool study_gone;
    enum dln_code code; /* OK, BUSY (what is shown is old), or why nothing comes any more */
    const char *sentence;
};

enum { LOADER_PAGE = 200, LOADER_JOURNAL = 200 };

/* Never blocks; what fails comes as a delivery. `wake` is poked when there is one. NULL: no memory.
 */
struct loader *loader_open(const char *path, int64_t study_id, const struct dln_wake *wake);
/* Lets go of it; the thread ends by itself, and what it lent is invalid from now on. */
void loader_close(struct loader *loader);

/* At the end of the program: until all files are closed, or a slow disk has had its time. */
void loaders_await_closed(int64_t wait_ms);

/* Keeps what it lent valid for a job in another thread, until let go of. Thread: any. */
void loader_hold(struct loader *loader);
void loader_let_go(struct loader *loader);

/* All deliveries so far, oldest first; NULL: none. */
struct delivery *loader_take(struct loader *loader);
void delivery_free(struct delivery *delivery);

void loader_poke(struct loader *loader);
/* A key was pressed: look more often for some seconds. */
void loader_hurry(struct loader *loader);

#endif
