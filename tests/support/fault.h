/*
 * Makes the n-th allocation, write, fsync, exec or new process of the code under test fail. Only
 * for programs named test_faults or test_X_faults: they are linked with --wrap
 * (tests/CMakeLists.txt). What shared libraries do inside is not reached, except jansson after
 * fault_wrap_jansson().
 */
#ifndef TEST_SUPPORT_FAULT_H
#define TEST_SUPPORT_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_ALLOC,  /* malloc, calloc, realloc give NULL */
    FAULT_WRITE,  /* write fails with ENOSPC */
    FAULT_FSYNC,  /* fsync fails with EIO */
    FAULT_EXEC,   /* execve fails with EIO */
    FAULT_SPAWN,  /* posix_spawn and clone fail with EAGAIN */
    FAULT_SQLITE, /* an allocation inside SQLite gives NULL, after fault_wrap_sqlite() */
    FAULT_KIND_COUNT
};

/* The nth call of this kind from now on fails (from 1), only that one. */
void fault_arm(enum fault_kind kind, size_t nth);
/* No more faults; true if the armed one was hit. */
bool fault_disarm(void);

/*
 * The process as which this program is started next arms itself by fault_obey(); NULL: no more.
 * That is how a fault reaches the guardian. Kinds go by their names: "exec".
 */
void fault_order(const char *kind, size_t nth);
void fault_obey(void);

/* One run of the code under test: true if it succeeded. It must leave nothing behind. */
typedef bool fault_attempt(void *context);
/*
 * Runs attempt with the first call failing, then the second … until one run hits no fault, which
 * must succeed. Returns the number of faulty runs. A faulty run may fail or make do; what it may
 * give is the attempt's own affair.
 */
size_t fault_each(enum fault_kind kind, fault_attempt *attempt, void *context);

/*
 * For runs that cost much: the faults that fault_each() would try, or, unless DIALIN_FAULTS is set
 * in the environment, the first `near` and then ever fewer. Gives the next after nth.
 */
size_t fault_next(size_t nth, size_t near);

/* jansson allocates through the wrapped functions from now on. */
void fault_wrap_jansson(void);
/* Before the first use of SQLite in the process. */
void fault_wrap_sqlite(void);

#endif
