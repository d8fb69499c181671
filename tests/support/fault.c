#define _GNU_SOURCE
#include "support/fault.h"

#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <stdatomic.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

#include "dialin/num.h"
#include "support/test.h"

/* The linker turns calls of malloc into __wrap_malloc, and __real_malloc into malloc. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_execve(const char *path, char *const argv[], char *const envp[]);
int __real_clone(int (*child)(void *), void *stack, int flags, void *context, ...);
int __real_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_execve(const char *path, char *const argv[], char *const envp[]);
int __wrap_clone(int (*child)(void *), void *stack, int flags, void *context, ...);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);

/* Also runs between clone and exec, on a stack that the address sanitizer does not know. */
#define IN_CHILD __attribute__((no_sanitize("address")))

static atomic_size_t left[FAULT_KIND_COUNT]; /* calls until the one that fails; 0: none will */
static atomic_bool is_hit;

IN_CHILD static bool is_now(enum fault_kind kind)
{
    size_t n = atomic_load(&left[kind]);
    while (n > 0 && !atomic_compare_exchange_weak(&left[kind], &n, n - 1))
        continue;
    if (n != 1) return false;
    atomic_store(&is_hit, true);
    return true;
}

void *__wrap_malloc(size_t size)
{
    if (!is_now(FAULT_ALLOC)) return __real_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (!is_now(FAULT_ALLOC)) return __real_calloc(count, size);
    errno = ENOMEM;
    return NULL;
}

void *__wrap_realloc(void *old, size_t size)
{
    if (!is_now(FAULT_ALLOC)) return __real_realloc(old, size);
    errno = ENOMEM;
    return NULL;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    if (!is_now(FAULT_WRITE)) return __real_write(fd, bytes, len);
    errno = ENOSPC;
    return -1;
}

int __wrap_fsync(int fd)
{
    if (!is_now(FAULT_FSYNC)) return __real_fsync(fd);
    errno = EIO;
    return -1;
}

IN_CHILD int __wrap_execve(const char *path, char *const argv[], char *const envp[])
{
    if (!is_now(FAULT_EXEC)) return __real_execve(path, argv, envp);
    errno = EIO;
    return -1;
}

int __wrap_clone(int (*child)(void *), void *stack, int flags, void *context, ...)
{
    if (!is_now(FAULT_SPAWN)) return __real_clone(child, stack, flags, context);
    errno = EAGAIN;
    return -1;
}

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
    if (is_now(FAULT_SPAWN)) return EAGAIN;
    return __real_posix_spawn(pid, path, actions, attr, argv, envp);
}

void fault_arm(enum fault_kind kind, size_t nth)
{
    atomic_store(&is_hit, false);
    atomic_store(&left[kind], nth);
}

bool fault_disarm(void)
{
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
        atomic_store(&left[kind], 0);
    return atomic_load(&is_hit);
}

static const char *const kind_names[FAULT_KIND_COUNT] = {"alloc", "write", "fsync",
                                                         "exec",  "spawn", "sqlite"};

void fault_order(const char *kind, size_t nth)
{
    char text[64];
    if (!kind) {
        (void)unsetenv("TEST_FAULT");
        return;
    }
    (void)snprintf(text, sizeof text, "%s %zu", kind, nth);
    assert_int_equal(setenv("TEST_FAULT", text, 1), 0);
}

void fault_obey(void)
{
    const char *text = getenv("TEST_FAULT");
    const char *blank = text ? strchr(text, ' ') : NULL;
    int64_t nth;
    if (!blank || !dln_num_parse_int(blank + 1, strlen(blank + 1), &nth)) return;
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        const size_t len = (size_t)(blank - text);
        if (strlen(kind_names[kind]) == len && strncmp(text, kind_names[kind], len) == 0)
            fault_arm((enum fault_kind)kind, (size_t)nth);
    }
}

size_t fault_next(size_t nth, size_t near)
{
    return nth < near || getenv("DIALIN_FAULTS") ? nth + 1 : nth + nth / 2 + 1;
}

size_t fault_each(enum fault_kind kind, fault_attempt *attempt, void *context)
{
    for (size_t nth = 1;; nth++) {
        fault_arm(kind, nth);
        const bool ok = attempt(context);
        if (!fault_disarm()) {
            assert_true(ok);
            return nth - 1;
        }
    }
}

void fault_wrap_jansson(void)
{
    json_set_alloc_funcs(__wrap_malloc, free);
}

static sqlite3_mem_methods memory_of_sqlite;

static void *sqlite_malloc(int size)
{
    return is_now(FAULT_SQLITE) ? NULL : memory_of_sqlite.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
    return is_now(FAULT_SQLITE) ? NULL : memory_of_sqlite.xRealloc(old, size);
}

void fault_wrap_sqlite(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory_of_sqlite), SQLITE_OK);
    sqlite3_mem_methods methods = memory_of_sqlite;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}
