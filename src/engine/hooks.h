/*
 * `hooks:` commands of the study on `best`, `paused` and `finish`, run by a shell beside the
 * trials, in the study's folder and a session of their own. One process an event: what happens
 * while it runs is told to the next one, the newest only. They have a minute; what goes wrong is a
 * note.
 */
#ifndef DLN_ENGINE_HOOKS_H
#define DLN_ENGINE_HOOKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dialin/strbuf.h"

enum dln_hook_event { DLN_HOOK_BEST, DLN_HOOK_PAUSED, DLN_HOOK_FINISH, DLN_HOOK_COUNT };

struct dln_hook {
    pid_t pid; /* 0: none runs */
    int pidfd; /* -1: this kernel has none */
    int64_t deadline_ns;
    bool is_late; /* it was killed */
    bool is_due;  /* again, with `text` */
    struct dln_strbuf text;
};

struct dln_driver;
/*
 * The command gets {"event", "study", "state", "why", "trial", "values", "params"} on standard
 * input, and DIALIN_EVENT; `number`: the trial that it is about, -1: none.
 */
void dln_hooks_fire(struct dln_driver *driver, enum dln_hook_event event, int64_t number);
/* Notes those that have ended, ends those that take too long, starts those that are due. */
void dln_hooks_tend(struct dln_driver *driver, int64_t now_ns);
/* Waits for all of them, their minute at most, or until somebody insists on leaving. */
void dln_hooks_finish(struct dln_driver *driver, const atomic_int *quits);
void dln_hooks_release(struct dln_driver *driver);

#endif
