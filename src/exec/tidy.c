/*
 * Removing what a program left in its run directory. What is removed is looked at through open
 * folders and without following links, so that it can only be what lies in there.
 */
#include "dialin/exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int remove_entry(int parent, const char *name, int depth);

/* Everything in it but `kept`. Takes the descriptor over. 0, or the first errno. */
static int empty_folder(int fd, const char *const *kept, int depth)
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        const int error = errno;
        (void)close(fd);
        return error;
    }
    int first = 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        bool is_kept = is_dots(entry->d_name);
        for (size_t i = 0; kept && kept[i] && !is_kept; i++)
            is_kept = strcmp(entry->d_name, kept[i]) == 0;
        const int error = is_kept ? 0 : remove_entry(dirfd(folder), entry->d_name, depth);
        if (first == 0) first = error;
    }
    (void)closedir(folder);
    return first;
}

static int remove_entry(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM) return errno;
    if (depth == DEPTH_MAX) return ELOOP;
    const int fd = open_folder(parent, name);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    const int error = empty_folder(fd, NULL, depth + 1);
    if (error != 0) return error;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? 0 : errno;
}

bool dln_run_dir_tidy(const struct dln_study *study, const char *run_dir, struct dln_error *err)
{
    struct dln_arena arena = {0};
    const bool has_config = study->config_as != DLN_CONFIG_NONE;
    const char *const config = has_config ? dln_config_file(study, &arena) : NULL;
    const char *const kept[] = {"cmd",           "params.json", "stdout", "stderr",
                                "metrics.jsonl", "status",      config,   NULL};
    bool ok = !has_config || config || dln_fail(err, DLN_NOMEM, "tidy '%s'", run_dir);
    const int fd = ok ? open_folder(AT_FDCWD, run_dir) : -1;
    if (ok && fd < 0) {
        ok = errno == ENOENT || dln_fail_errno(err, errno, "look into '%s'", run_dir);
    } else if (ok) {
        const int error = empty_folder(fd, kept, 0);
        ok = error == 0 || dln_fail_errno(err, error, "tidy '%s'", run_dir);
    }
    dln_arena_release(&arena);
    return ok;
}
