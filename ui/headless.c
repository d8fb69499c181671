#include "headless.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "signals.h"

void headless_detach(void)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        for (int fd = 0; fd < 3; fd++) {
            if (fd != null) (void)dup2(null, fd);
        }
        if (null > 2) (void)close(null);
    }
    (void)setsid();
}

void headless_run(struct runs *runs, struct helper *helper, const struct dln_wake *wake,
                  void *context)
{
    while (runs_count(runs) > 0) {
        enum { FIXED = 2 };
        struct pollfd fds[FIXED + RUNS_MAX] = {
            {.fd = wake->read_fd, .events = POLLIN},
            {.fd = signals_fd(), .events = POLLIN},
        };
        int timeout_ms = -1;
        const int n = FIXED + runs_poll(runs, fds + FIXED, RUNS_MAX, &timeout_ms);
        (void)poll(fds, (nfds_t)n, timeout_ms);
        if (fds[0].revents) dln_wake_clear(wake);
        if (fds[1].revents) signals_clear();
        while (signals_take(SIGTERM))
            runs_quit(runs);
        helper_collect(helper, context);
        (void)runs_look(runs);
    }
}
