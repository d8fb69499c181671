#include "signals.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "dialin/wake.h"

/* A handler can reach nothing but file scope. */
static struct dln_wake wake;
static atomic_int terms, ints, hups, winches;

static atomic_int *counter_of(int number)
{
    switch (number) {
    case SIGTERM: return &terms;
    case SIGINT: return &ints;
    case SIGHUP: return &hups;
    case SIGWINCH: return &winches;
    default: return NULL;
    }
}

void signals_note(int number)
{
    atomic_int *counter = counter_of(number);
    if (counter) atomic_fetch_add(counter, 1);
    dln_wake_poke(&wake);
}

void signals_catch(void)
{
    if (!dln_wake_init(&wake, NULL)) return;
    struct sigaction action = {.sa_handler = signals_note, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP, SIGWINCH};
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        struct sigaction old;
        (void)sigaction(caught[i], NULL, &old);
        if (old.sa_handler == SIG_IGN && caught[i] != SIGWINCH) continue;
        (void)sigaction(caught[i], &action, NULL);
    }
    static const int ignored[] = {SIGTTIN, SIGTTOU, SIGTSTP, SIGPIPE};
    action.sa_handler = SIG_IGN;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        (void)sigaction(ignored[i], &action, NULL);
    }
}

int signals_fd(void)
{
    return wake.read_fd;
}

void signals_clear(void)
{
    dln_wake_clear(&wake);
}

bool signals_take(int number)
{
    atomic_int *counter = counter_of(number);
    if (!counter || atomic_load(counter) == 0) return false;
    if (number == SIGTERM || number == SIGINT) {
        atomic_fetch_sub(counter, 1);
    } else {
        atomic_store(counter, 0);
    }
    return true;
}
