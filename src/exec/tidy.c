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

/* A run's own folder, with what it must keep. No folder is fine. */
static bool tidy_run(const char *run_dir, const char *const *kept, struct dln_error *err)
{
    const int fd = open_folder(AT_FDCWD, run_dir);
    if (fd < 0) return errno == ENOENT || dln_fail_errno(err, errno, "look into '%s'", run_dir);
    const int error = empty_folder(fd, kept, 0);
    return error == 0 || dln_fail_errno(err, error, "tidy '%s'", run_dir);
}

bool dln_run_dir_tidy(const struct dln_study *study, const char *run_dir, struct dln_error *err)
{
    static const char *const ours[] = {"cmd",    "params.json",   "stdout",
                                       "stderr", "metrics.jsonl", "status"};
    enum { N_OURS = sizeof ours / sizeof ours[0] };
    struct dln_arena arena = {0};
    const size_t n_runs = dln_study_runs(study) > 1 ? (size_t)dln_study_runs(study) : 0;
    const bool has_config = study->config_as != DLN_CONFIG_NONE;
    const char *const config = has_config ? dln_config_file(study, &arena) : NULL;
    const char **kept = DLN_ARENA_ARRAY(&arena, const char *, N_OURS + n_runs + 2);
    bool ok = kept && (!has_config || config);
    size_t n = 0;
    for (size_t i = 0; ok && i < N_OURS; i++)
        kept[n++] = ours[i];
    if (ok && config) kept[n++] = config;
    const size_t n_files = n;
    for (size_t i = 0; ok && i < n_runs; i++) {
        char folder[DLN_RUN_FOLDER_MAX];
        dln_run_folder(study, (int)i, folder);
        kept[n] = dln_arena_copy(&arena, folder);
        ok = kept[n++] != NULL;
    }
    ok = ok ? tidy_run(run_dir, kept, err) : dln_fail(err, DLN_NOMEM, "tidy '%s'", run_dir);
    if (ok) kept[n_files] = NULL; /* in a run's folder there are none */
    for (size_t i = 0; ok && i < n_runs; i++) {
        char folder[DLN_RUN_FOLDER_MAX];
        dln_run_folder(study, (int)i, folder);
        const char *path = dln_arena_printf(&arena, "%s/%s", run_dir, folder);
        ok = path ? tidy_run(path, kept, err) : dln_fail(err, DLN_NOMEM, "tidy '%s'", run_dir);
    }
    dln_arena_release(&arena);
    return ok;
}
