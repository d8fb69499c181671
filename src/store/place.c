#define _GNU_SOURCE
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dialin/strbuf.h"

/* ── the database ──────────────────────────────────────────────────────────────────────────────*/

/* The folder of a path: everything before the last slash, "." without one. */
static bool folder_of(const char *path, char **out, struct dln_error *err)
{
    struct dln_strbuf folder = {0};
    const char *slash = strrchr(path, '/');
    if (!slash) {
        dln_strbuf_add(&folder, ".");
    } else {
        dln_strbuf_add_len(&folder, path, slash == path ? 1 : (size_t)(slash - path));
    }
    return dln_strbuf_take(&folder, out, err);
}

/* In a folder that everybody may write, only our own and root's links are to be trusted. */
static bool check_link(const char *path, struct dln_error *err)
{
    struct stat link;
    if (lstat(path, &link) != 0 || !S_ISLNK(link.st_mode)) return true;
    if (link.st_uid == geteuid() || link.st_uid == 0) return true;
    char *folder = NULL;
    if (!folder_of(path, &folder, err)) return false;
    struct stat place;
    const bool is_open = stat(folder, &place) == 0 && (place.st_mode & S_IWOTH) != 0;
    free(folder);
    if (!is_open) return true;
    return dln_fail(err, DLN_IO, "'%s' is a link that somebody else put into a shared folder",
                    path);
}

bool dln_place_resolve(const char *path, char **out, struct dln_error *err)
{
    struct stat file;
    if (stat(path, &file) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return dln_fail(err, DLN_NOT_FOUND, "there is no file '%s'", path);
        }
        return dln_fail_errno(err, errno, "look at '%s'", path);
    }
    if (S_ISDIR(file.st_mode)) {
        return dln_fail(err, DLN_CORRUPT, "'%s' is a directory, not a study file", path);
    }
    if (!S_ISREG(file.st_mode)) {
        return dln_fail(err, DLN_CORRUPT, "'%s' is a device or a pipe, not a study file", path);
    }
    if (!check_link(path, err)) return false;
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0) {
        return dln_fail_errno(err, errno, "open '%s'", path);
    }
    char *resolved = realpath(path, NULL);
    if (!resolved) return dln_fail_errno(err, errno, "find '%s'", path);
    *out = resolved;
    return true;
}

bool dln_place_make(const char *path, bool *is_new, struct dln_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno != EEXIST) return dln_fail_errno(err, errno, "make '%s'", path);
        *is_new = false;
        return true;
    }
    (void)close(fd);
    *is_new = true;
    return true;
}

bool dln_place_is_network_type(uint64_t magic)
{
    static const uint64_t network[] = {
        0x6969,     /* NFS */
        0xFF534D42, /* CIFS */
        0xFE534D42, /* SMB2 */
        0x517B,     /* SMB */
        0x01021997, /* 9p */
        0x65735546, /* FUSE: sshfs and many others */
        0x0BD00BD0, /* Lustre */
        0x47504653, /* GPFS */
        0x00C36400, /* Ceph */
        0x5346414F, /* AFS */
        0x19830326, /* BeeGFS */
    };
    for (size_t i = 0; i < sizeof network / sizeof network[0]; i++) {
        if (network[i] == magic) return true;
    }
    return false;
}

bool dln_place_is_network(const char *path)
{
    struct statfs system;
    return statfs(path, &system) == 0 && dln_place_is_network_type((uint32_t)system.f_type);
}

/* ── the lock ──────────────────────────────────────────────────────────────────────────────────*/

static bool runtime_folder(struct dln_strbuf *folder, struct dln_error *err)
{
    const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
    struct stat place;
    if (runtime && runtime[0] == '/' && stat(runtime, &place) == 0 && S_ISDIR(place.st_mode)) {
        dln_strbuf_addf(folder, "%s/dialin", runtime);
    } else {
        dln_strbuf_addf(folder, "/tmp/dialin-%lu", (unsigned long)geteuid());
    }
    if (!dln_strbuf_ok(folder)) return dln_fail(err, DLN_NOMEM, "out of memory");
    const char *path = dln_strbuf_text(folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return dln_fail_errno(err, errno, "make the folder '%s' for the engine's lock", path);
    }
    if (lstat(path, &place) != 0) return dln_fail_errno(err, errno, "look at '%s'", path);
    if (!S_ISDIR(place.st_mode) || place.st_uid != geteuid() || (place.st_mode & 077) != 0) {
        return dln_fail(err, DLN_IO,
                        "the folder '%s' for the engine's lock must belong to you alone (mode 700)",
                        path);
    }
    return true;
}

bool dln_place_lock_folder(struct dln_error *err)
{
    struct dln_strbuf folder = {0};
    const bool ok = runtime_folder(&folder, err);
    dln_strbuf_release(&folder);
    return ok;
}

bool dln_place_lock(const char *db_path, int64_t study_id, int *fd, struct dln_error *err)
{
    struct stat file;
    if (stat(db_path, &file) != 0) return dln_fail_errno(err, errno, "look at '%s'", db_path);
    struct dln_strbuf path = {0};
    int lock = -1;
    if (!runtime_folder(&path, err)) goto fail;
    dln_strbuf_addf(&path, "/engine-%llx-%llx-%lld.lock", (unsigned long long)file.st_dev,
                    (unsigned long long)file.st_ino, (long long)study_id);
    if (!dln_strbuf_ok(&path)) {
        dln_fail(err, DLN_NOMEM, "out of memory");
        goto fail;
    }
    lock = open(dln_strbuf_text(&path), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) {
        dln_fail_errno(err, errno, "open '%s'", dln_strbuf_text(&path));
        goto fail;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            dln_fail(err, DLN_BUSY, "another engine, or the last trials of one, still run");
        } else {
            dln_fail_errno(err, errno, "lock '%s'", dln_strbuf_text(&path));
        }
        goto fail;
    }
    *fd = lock;
    dln_strbuf_release(&path);
    return true;
fail:
    if (lock >= 0) (void)close(lock);
    dln_strbuf_release(&path);
    return false;
}
