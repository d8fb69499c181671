/* The folder of a trial: NAME.runs/000017 beside the study file, and small files in it. */
#include "dialin/exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/num.h"
#include "dialin/strbuf.h"

enum { STEM_BYTES_MAX = 200 }; /* a name in a folder has at most 255 */

/* The study's name, as NAME.db has it, made fit for a folder. */
static void add_stem(const struct dln_study *study, struct dln_strbuf *out)
{
    const char *const stem = study->name;
    size_t len = strlen(stem);
    if (len > STEM_BYTES_MAX) len = STEM_BYTES_MAX;
    for (size_t i = 0; i < len; i++) {
        const bool is_bad = stem[i] == '/' || (unsigned char)stem[i] < 0x20 || stem[i] == 0x7f ||
                            (i == 0 && stem[i] == '.');
        dln_strbuf_add_char(out, is_bad ? '_' : stem[i]);
    }
}

static bool make_folder(const char *path, struct dln_error *err)
{
    if (mkdir(path, 0777) == 0) return true;
    if (errno != EEXIST) return dln_fail_errno(err, errno, "make the folder '%s'", path);
    struct stat info;
    if (stat(path, &info) != 0) return dln_fail_errno(err, errno, "look at the folder '%s'", path);
    if (!S_ISDIR(info.st_mode)) {
        return dln_fail(err, DLN_IO, "'%s' should be a folder for trials, but is a file", path);
    }
    return true;
}

/* Every folder on the way; mostly all but the last one are there. The text is changed and changed
   back. */
static bool make_folders(char *path, struct dln_error *err)
{
    if (mkdir(path, 0777) == 0) return true;
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        const bool ok = make_folder(path, err);
        *slash = '/';
        if (!ok) return false;
    }
    return make_folder(path, err);
}

static void add_base(const struct dln_study *study, struct dln_strbuf *path)
{
    if (!study->dir || study->dir[0] != '/') dln_strbuf_addf(path, "%s/", study->directory);
    if (study->dir && study->dir[0]) {
        dln_strbuf_add(path, study->dir);
    } else {
        add_stem(study, path);
        dln_strbuf_add(path, ".runs");
    }
}

char *dln_run_dir_path(const struct dln_study *study, int64_t number, struct dln_arena *arena)
{
    struct dln_strbuf path = {0};
    add_base(study, &path);
    dln_strbuf_addf(&path, "/%06" PRId64, number);
    char *made = dln_strbuf_ok(&path) ? dln_arena_copy(arena, dln_strbuf_text(&path)) : NULL;
    dln_strbuf_release(&path);
    return made;
}

bool dln_run_dir_make(const struct dln_study *study, int64_t number, struct dln_arena *arena,
                      const char **run_dir, struct dln_error *err)
{
    char *made = dln_run_dir_path(study, number, arena);
    if (!made) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!make_folders(made, err)) return false;
    *run_dir = made;
    return true;
}

void dln_run_folder(const struct dln_study *study, int part, char out[DLN_RUN_FOLDER_MAX])
{
    const int folds = study->folds > 1 ? study->folds : 1;
    if (study->repeat_runs <= 1) {
        (void)snprintf(out, DLN_RUN_FOLDER_MAX, "fold%d", part);
    } else if (folds == 1) {
        (void)snprintf(out, DLN_RUN_FOLDER_MAX, "run%d", part);
    } else {
        (void)snprintf(out, DLN_RUN_FOLDER_MAX, "run%dfold%d", part / folds, part % folds);
    }
}

bool dln_run_dir_make_in(const char *parent, const char *folder, struct dln_arena *arena,
                         const char **run_dir, struct dln_error *err)
{
    char *path = dln_arena_printf(arena, "%s/%s", parent, folder);
    if (!path) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!make_folder(path, err)) return false;
    *run_dir = path;
    return true;
}

/* NAME.runs/workers, or the folder of one of them. NULL: no memory. */
static char *worker_path(const struct dln_study *study, int slot, struct dln_arena *arena)
{
    struct dln_strbuf path = {0};
    add_base(study, &path);
    dln_strbuf_add(&path, "/workers");
    if (slot >= 0) dln_strbuf_addf(&path, "/%d", slot);
    char *made = dln_strbuf_ok(&path) ? dln_arena_copy(arena, dln_strbuf_text(&path)) : NULL;
    dln_strbuf_release(&path);
    return made;
}

bool dln_worker_dir_make(const struct dln_study *study, int slot, struct dln_arena *arena,
                         const char **dir, struct dln_error *err)
{
    char *made = worker_path(study, slot, arena);
    if (!made) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!make_folders(made, err)) return false;
    *dir = made;
    return true;
}

void dln_worker_end_orphans(const struct dln_study *study)
{
    struct dln_arena arena = {0};
    char *folder = worker_path(study, -1, &arena);
    DIR *list = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    while (list && (entry = readdir(list))) {
        int64_t slot;
        if (!dln_num_parse_int(entry->d_name, strlen(entry->d_name), &slot) || slot < 0) continue;
        const char *dir = dln_arena_printf(&arena, "%s/%s", folder, entry->d_name);
        if (dir) (void)dln_exec_end_orphan(0, 0, dir);
    }
    if (list) (void)closedir(list);
    dln_arena_release(&arena);
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t put = write(fd, text, len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        text += put;
        len -= (size_t)put;
    }
    return true;
}

static bool replace(const char *path, const char *temporary, const char *text, size_t len,
                    struct dln_error *err)
{
    int fd;
    do {
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return dln_fail_errno(err, errno, "write '%s'", path);
    bool ok = write_all(fd, text, len);
    int error = errno;
    if (close(fd) != 0 && ok) {
        error = errno;
        ok = false;
    }
    if (ok && rename(temporary, path) == 0) return true;
    if (ok) error = errno;
    (void)unlink(temporary);
    return dln_fail_errno(err, error, "write '%s'", path);
}

bool dln_run_dir_write(const char *run_dir, const char *file, const char *text, size_t len,
                       struct dln_error *err)
{
    struct dln_strbuf path = {0};
    struct dln_strbuf temporary = {0};
    dln_strbuf_addf(&path, "%s/%s", run_dir, file);
    dln_strbuf_addf(&temporary, "%s/.%s.new", run_dir, file);
    const bool ok =
        dln_strbuf_ok(&path) && dln_strbuf_ok(&temporary)
            ? replace(dln_strbuf_text(&path), dln_strbuf_text(&temporary), text, len, err)
            : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&path);
    dln_strbuf_release(&temporary);
    return ok;
}
