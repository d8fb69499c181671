#define _GNU_SOURCE /* pipe2, ppoll */
#include "stub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"

enum { REQUEST_STOP = 'Z', REQUEST_DISMISS = 'D', FAULTS_MAX = 3, FAULT_WINDOW_S = 600 };

/* ── the stub's own signals ────────────────────────────────────────────────────────────────────*/

static volatile sig_atomic_t seen_term, seen_hup, seen_int, seen_tstp;

static void on_signal(int number)
{
    switch (number) {
    case SIGTERM: seen_term++; break;
    case SIGHUP: seen_hup++; break;
    case SIGINT: seen_int++; break;
    case SIGTSTP: seen_tstp++; break;
    default: break;
    }
}

static const int caught[] = {SIGTERM, SIGHUP, SIGINT, SIGTSTP};
enum { CAUGHT_COUNT = sizeof caught / sizeof caught[0] };

/* Catches them while ppoll() waits only: `waiting` is the mask for that. */
static void catch_signals(sigset_t *waiting, sigset_t *before, struct sigaction old[CAUGHT_COUNT])
{
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigemptyset(&action.sa_mask);
    for (int i = 0; i < CAUGHT_COUNT; i++) {
        (void)sigaction(caught[i], NULL, &old[i]);
        if (old[i].sa_handler == SIG_IGN) continue; /* nohup and kin are respected */
        (void)sigaction(caught[i], &action, NULL);
        (void)sigaddset(&blocked, caught[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, before);
    *waiting = *before;
    for (int i = 0; i < CAUGHT_COUNT; i++)
        (void)sigdelset(waiting, caught[i]);
}

/* ── the pipes ─────────────────────────────────────────────────────────────────────────────────*/

static void send_byte(int fd, char byte)
{
    while (write(fd, &byte, 1) < 0 && errno == EINTR) {}
}

void stub_stop(const struct stub_link *link)
{
    send_byte(link->to_stub, REQUEST_STOP);
}

void stub_dismiss(const struct stub_link *link, int status)
{
    const char request[2] = {REQUEST_DISMISS, (char)status};
    while (write(link->to_stub, request, sizeof request) < 0 && errno == EINTR) {}
}

/* ── stopping and going on ─────────────────────────────────────────────────────────────────────*/

static bool is_in_background(int tty)
{
    const pid_t foreground = tcgetpgrp(tty);
    return foreground > 0 && foreground != getpgrp();
}

/*
 * Stops this process alone, as the shell expects of a job that was suspended. `bg` wakes it without
 * the terminal: it stops again, as any program would that needs one.
 */
static void stop_self(int tty)
{
    do {
        (void)kill(getpid(), SIGSTOP);
    } while (is_in_background(tty) && seen_hup == 0 && seen_term == 0);
}

/* One child's life as the stub sees it. */
struct watch {
    pid_t child;
    int from_child, to_child;
    int tty;
};

/* Passes on what signals have said. True: the terminal is gone and so are we. */
static bool forward(const struct watch *watch)
{
    while (seen_term > 0) {
        seen_term--;
        send_byte(watch->to_child, STUB_TERMINATE);
    }
    while (seen_int > 0) {
        seen_int--;
        send_byte(watch->to_child, STUB_INTERRUPT);
    }
    if (seen_tstp > 0) {
        seen_tstp = 0;
        send_byte(watch->to_child, STUB_SUSPEND);
    }
    if (seen_hup == 0) return false;
    send_byte(watch->to_child, STUB_HANGUP);
    return true;
}

enum outcome { OUTCOME_ENDED, OUTCOME_DISMISSED };

/* Waits until the child has ended (*status from waitpid) or sends us away (*status for the shell).
 */
static enum outcome watch_child(const struct watch *watch, const sigset_t *waiting, int *status)
{
    for (;;) {
        struct pollfd pollfd = {.fd = watch->from_child, .events = POLLIN};
        (void)ppoll(&pollfd, 1, NULL, waiting);
        if (forward(watch)) {
            *status = 0;
            return OUTCOME_DISMISSED;
        }
        if (pollfd.revents == 0) continue;
        char request[2] = {0};
        const ssize_t n = read(watch->from_child, request, sizeof request);
        if (n > 0 && request[0] == REQUEST_DISMISS) {
            *status = (unsigned char)request[1];
            return OUTCOME_DISMISSED;
        }
        if (n > 0 && request[0] == REQUEST_STOP) {
            stop_self(watch->tty);
            send_byte(watch->to_child, STUB_CONTINUED);
        } else if (n == 0) {
            while (waitpid(watch->child, status, 0) < 0 && errno == EINTR) {}
            return OUTCOME_ENDED;
        }
    }
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────*/

struct start {
    stub_child *child;
    void *context;
    struct stub_link link;
};

/* Forks one child and stays with it. */
static enum outcome run_once(struct start *start, int *status)
{
    int up[2], down[2];
    if (pipe2(up, O_CLOEXEC) != 0) return *status = 1 << 8, OUTCOME_ENDED;
    if (pipe2(down, O_CLOEXEC) != 0) {
        (void)close(up[0]);
        (void)close(up[1]);
        return *status = 1 << 8, OUTCOME_ENDED;
    }
    sigset_t waiting, before;
    struct sigaction old[CAUGHT_COUNT];
    catch_signals(&waiting, &before, old);
    const pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < CAUGHT_COUNT; i++)
            (void)sigaction(caught[i], &old[i], NULL);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        (void)close(up[0]);
        (void)close(down[1]);
        start->link.from_stub = down[0];
        start->link.to_stub = up[1];
        exit(start->child(&start->link, start->context));
    }
    const int fork_errno = errno;
    (void)close(up[1]);
    (void)close(down[0]);
    enum outcome outcome = OUTCOME_ENDED;
    if (pid < 0) {
        (void)fprintf(stderr, "dialin: cannot start a process: %s\n", strerror(fork_errno));
        *status = 1 << 8;
    } else {
        (void)signal(SIGPIPE, SIG_IGN);
        const struct watch watch = {pid, up[0], down[1], start->link.restore->fd};
        outcome = watch_child(&watch, &waiting, status);
    }
    for (int i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaction(caught[i], &old[i], NULL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(up[0]);
    (void)close(down[1]);
    return outcome;
}

int stub_run(const struct terminal_restore *restore, stub_child *child, void *context)
{
    if (is_in_background(restore->fd)) stop_self(restore->fd);
    struct start start = {child, context, {.from_stub = -1, .to_stub = -1, .restore = restore}};
    int64_t fault_ns[FAULTS_MAX] = {0};
    for (;;) {
        int status = 0;
        if (run_once(&start, &status) == OUTCOME_DISMISSED) return status;
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        terminal_restore_now(restore);
        const int number = WTERMSIG(status);
        if (number == SIGTERM || number == SIGINT || number == SIGHUP) return 128 + number;
        const int64_t now_ns = dln_clock_mono_ns();
        const int n = start.link.faults++;
        fault_ns[n % FAULTS_MAX] = now_ns;
        const int64_t oldest_ns = fault_ns[(n + 1) % FAULTS_MAX]; /* two faults ago */
        const bool is_too_often =
            n + 1 >= FAULTS_MAX && now_ns - oldest_ns < FAULT_WINDOW_S * (int64_t)1000000000;
        start.link.fault_signal = number;
        if (is_too_often) {
            (void)fprintf(stderr,
                          "\ndialin: ended by signal %d (%s), and %d times before; not started "
                          "again. Trials that ran are run again by `dialin run`.\n",
                          number, strsignal(number), start.link.faults - 1);
            return 1;
        }
    }
}
