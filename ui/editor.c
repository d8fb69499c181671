#include "editor.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { WORDS_MAX = 15 };

extern char **environ;

/* The command in words; the file comes last. */
static bool split(char *command, char *file, char *argv[WORDS_MAX + 2])
{
    int n = 0;
    char *rest = NULL;
    for (char *word = strtok_r(command, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (n == WORDS_MAX) return false;
        argv[n++] = word;
    }
    argv[n] = file;
    argv[n + 1] = NULL;
    return n > 0;
}

/* Signals as a program from a shell finds them. */
static bool prepare(posix_spawnattr_t *attributes)
{
    static const int usual[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGTERM,
                                SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGWINCH};
    sigset_t defaults, none;
    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        (void)sigaddset(&defaults, usual[i]);
    return posix_spawnattr_setsigdefault(attributes, &defaults) == 0 &&
           posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) ==
               0;
}

static bool run(char *const *argv)
{
    posix_spawnattr_t attributes;
    pid_t pid;
    int status = 0;
    if (posix_spawnattr_init(&attributes) != 0) return false;
    const bool started =
        prepare(&attributes) && posix_spawnp(&pid, argv[0], NULL, &attributes, argv, environ) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    if (!started) return false;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool editor_run(const char *file)
{
    const char *name = getenv("VISUAL");
    if (!name || !name[0]) name = getenv("EDITOR");
    if (!name || !name[0]) name = "vi";
    char *command = strdup(name);
    char *copy = strdup(file);
    char *argv[WORDS_MAX + 2];
    const bool ok = command && copy && split(command, copy, argv) && run(argv);
    free(command);
    free(copy);
    return ok;
}
