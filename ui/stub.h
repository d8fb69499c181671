/*
 * The small process that holds the shell's job, so that Ctrl-Z, `fg` and a hang-up stop the screen
 * and never the study.
 *
 *   shell ── stub (this: waits, owns nothing) ── child (screen, engine)
 *
 * Both are in one process group, joined by two pipes. Child → stub: please stop yourself; I go on
 * alone, so leave. Stub → child: words of enum stub_word. A child that dies of a signal leaves its
 * terminal as it was, because the stub mends it, and is started again: the engine resumes from the
 * file. Three such faults in ten minutes are enough.
 */
#ifndef UI_STUB_H
#define UI_STUB_H

#include <stdbool.h>

#include "terminal.h"

enum stub_word {                       /* stub → child, one byte each */
                 STUB_CONTINUED = 'C', /* the job is in the foreground again */
                 STUB_TERMINATE = 'T', /* SIGTERM */
                 STUB_INTERRUPT = 'I', /* SIGINT from outside; the key comes as a key */
                 STUB_SUSPEND = 'Z', /* SIGTSTP from outside: leave the screen, then stub_stop() */
                 STUB_HANGUP = 'H'   /* SIGHUP; the stub is gone after this */
};

struct stub_link {
    int from_stub; /* end of file: the stub died */
    int to_stub;
    const struct terminal_restore *restore;
    int faults;       /* children before this one that died of a signal */
    int fault_signal; /* of the last one */
};

typedef int stub_child(const struct stub_link *link, void *context);

/*
 * Forks; runs `child` in the child, whose result is its exit status. Returns in the parent alone,
 * with the exit status for the shell. The caller has no thread and no open database.
 */
int stub_run(const struct terminal_restore *restore, stub_child *child, void *context);

/* Child: asks the stub to stop itself; STUB_CONTINUED comes when it goes on. */
void stub_stop(const struct stub_link *link);
/* Child: asks the stub to end with this status now; the child goes on without it. */
void stub_dismiss(const struct stub_link *link, int status);

#endif
