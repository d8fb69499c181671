#include "support/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include <jansson.h>

#include "support/test.h"

/* The linker turns calls of malloc into __wrap_malloc, and __real_malloc into malloc. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);

static atomic_size_t left[FAULT_KIND_COUNT]; /* calls until the one that fails; 0: none will */
static atomic_bool is_hit;

static bool is_now(enum fault_kind kind)
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
