#define _GNU_SOURCE
#include "cli/watcher.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/inotify.h>
#endif

void watcher_open(struct watcher *watcher, const char *path)
{
    watcher->fd = -1;
#ifdef __linux__
    watcher->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watcher->fd < 0) return;
    char wal[4096]; /* a database in WAL mode changes there first */
    const int len = snprintf(wal, sizeof wal, "%s-wal", path);
    inotify_add_watch(watcher->fd, path, IN_MODIFY);
    if (len > 0 && (size_t)len < sizeof wal) inotify_add_watch(watcher->fd, wal, IN_MODIFY);
#else
    (void)path;
#endif
}

void watcher_wait(struct watcher *watcher, int timeout_ms)
{
    struct pollfd fd = {.fd = watcher->fd, .events = POLLIN}; /* fd -1: only the timeout */
    if (poll(&fd, 1, timeout_ms) <= 0) return;
    char events[4096];
    while (read(watcher->fd, events, sizeof events) > 0)
        continue;
}

void watcher_close(struct watcher *watcher)
{
    if (watcher->fd >= 0) close(watcher->fd);
    watcher->fd = -1;
}
