/*
 * Waits until a file has grown or changed. With inotify where the system has it, else (and on
 * network folders) by the timeout alone, so the caller looks again either way.
 */
#ifndef UI_CLI_WATCHER_H
#define UI_CLI_WATCHER_H

struct watcher {
    int fd; /* of inotify, or -1 */
};

void watcher_open(struct watcher *watcher, const char *path); /* never fails: waits by time then */
void watcher_wait(struct watcher *watcher, int timeout_ms);
void watcher_close(struct watcher *watcher);

#endif
