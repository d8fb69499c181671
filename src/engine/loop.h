/* The engine's thread: one poll over children, the wake-up and the clock. */
#ifndef DLN_ENGINE_LOOP_H
#define DLN_ENGINE_LOOP_H

#include <stdatomic.h>

#include "dialin/wake.h"
#include "engine/driver.h"

struct dln_loop {
    struct dln_driver *driver;
    const struct dln_wake *wake;   /* pokes to the engine */
    const struct dln_wake *notify; /* who wants to know of commits; NULL: nobody */
    const atomic_int *quits;       /* how often dln_engine_quit() was called */
};

/*
 * Runs until the study is done, stopped, left or failed: driver->outcome and end_error say which;
 * or until a confirmation is wanted and nothing runs: then driver->is_over is false.
 * The last state is in the file then, if the storage works.
 */
void dln_loop_run(const struct dln_loop *loop);

#endif
