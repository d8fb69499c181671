#if defined(__linux__)
#define _GNU_SOURCE /* pipe2 */
#endif
#include "dialin/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#endif

bool dln_wake_init(struct dln_wake *wake, struct dln_error *err)
{
#if defined(__linux__)
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) return dln_fail_errno(err, errno, "make an event descriptor");
    *wake = (struct dln_wake){.read_fd = fd, .write_fd = fd};
#else
    int fds[2];
    if (pipe(fds) != 0) return dln_fail_errno(err, errno, "make a wake-up pipe");
    for (int i = 0; i < 2; i++) {
        (void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    *wake = (struct dln_wake){.read_fd = fds[0], .write_fd = fds[1]};
#endif
    return true;
}

void dln_wake_release(struct dln_wake *wake)
{
    if (wake->read_fd > 0) (void)close(wake->read_fd);
    if (wake->write_fd > 0 && wake->write_fd != wake->read_fd) (void)close(wake->write_fd);
    *wake = (struct dln_wake){0};
}

void dln_wake_poke(const struct dln_wake *wake)
{
    const int saved = errno;
    const uint64_t one = 1;
    const ssize_t written = write(wake->write_fd, &one, sizeof one);
    (void)written; /* full means that a poke is already waiting */
    errno = saved;
}

void dln_wake_clear(const struct dln_wake *wake)
{
    uint64_t sink[16];
    while (read(wake->read_fd, sink, sizeof sink) == (ssize_t)sizeof sink) {
    }
}
