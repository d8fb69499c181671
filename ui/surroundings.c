#define _GNU_SOURCE /* adjtimex */
#include "surroundings.h"

#include <dirent.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "terminal.h"

/* ── the folder ────────────────────────────────────────────────────────────────────────────────*/

static void read_folder(const char *folder, struct surroundings *out)
{
    (void)snprintf(out->folder, sizeof out->folder, "%s", folder);
    out->folder_errno = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    out->is_network = dln_store_is_on_network(folder);
    out->free_bytes = out->free_files = SURROUNDINGS_NONE;
    struct statvfs system;
    if (statvfs(folder, &system) != 0) return;
    out->free_bytes = (int64_t)system.f_bavail * (int64_t)system.f_frsize;
    if (system.f_files > 0) out->free_files = (int64_t)system.f_favail;
}

/* ── limits ────────────────────────────────────────────────────────────────────────────────────*/

static int64_t hard_limit(__rlimit_resource_t what)
{
    struct rlimit limit;
    if (getrlimit(what, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return SURROUNDINGS_NONE;
    return limit.rlim_max > (rlim_t)INT64_MAX ? SURROUNDINGS_NONE : (int64_t)limit.rlim_max;
}

/* What counts is the soft limit where nobody lifts it. */
static int64_t soft_limit(__rlimit_resource_t what)
{
    struct rlimit limit;
    if (getrlimit(what, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SURROUNDINGS_NONE;
    return limit.rlim_cur > (rlim_t)INT64_MAX ? SURROUNDINGS_NONE : (int64_t)limit.rlim_cur;
}

/* ── the session ───────────────────────────────────────────────────────────────────────────────*/

/* "KillUserProcesses=yes"; the line that is commented out shows what it was built with. */
static void read_setting(const char *path, bool with_comments, bool *kills)
{
    static const char key[] = "KillUserProcesses=";
    char line[512];
    FILE *file = fopen(path, "re");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        const char *at = line + strspn(line, " \t");
        if (with_comments && *at == '#') at++;
        if (strncmp(at, key, sizeof key - 1) != 0) continue;
        at += sizeof key - 1;
        *kills = strncmp(at, "yes", 3) == 0 || strncmp(at, "true", 4) == 0 || *at == '1' ||
                 strncmp(at, "on", 2) == 0;
    }
    (void)fclose(file);
}

static int is_setting_file(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

bool surroundings_logind_kills(const char *root)
{
    static const char *const files[] = {"/usr/lib/systemd", "/run/systemd", "/etc/systemd"};
    bool kills = false;
    char path[1024];
    for (size_t pass = 0; pass < 2; pass++) { /* what it was built with, then what was set */
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            (void)snprintf(path, sizeof path, "%s%s/logind.conf", root, files[i]);
            read_setting(path, pass == 0, &kills);
        }
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct dirent **entries;
        (void)snprintf(path, sizeof path, "%s%s/logind.conf.d", root, files[i]);
        const int n = scandir(path, &entries, is_setting_file, alphasort);
        for (int k = 0; k < n; k++) {
            (void)snprintf(path, sizeof path, "%s%s/logind.conf.d/%s", root, files[i],
                           entries[k]->d_name);
            read_setting(path, false, &kills);
            free(entries[k]);
        }
        if (n >= 0) free((void *)entries);
    }
    return kills;
}

/* A scope "session-3.scope" is ended as a whole when its user logs out. */
static bool is_in_session(void)
{
    char line[1024];
    bool found = false;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return false;
    while (!found && fgets(line, sizeof line, file))
        found = strstr(line, "/session-") != NULL;
    (void)fclose(file);
    return found;
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

static void read_terminal(struct surroundings *out)
{
    const char *term = getenv("TERM");
    (void)setlocale(LC_CTYPE, "");
    (void)snprintf(out->codeset, sizeof out->codeset, "%s", nl_langinfo(CODESET));
    (void)snprintf(out->term, sizeof out->term, "%s", term ? term : "");
    out->term_is_known = out->term[0] != '\0' && terminal_type_is_known(out->term);
}

void surroundings_read(const char *folder, struct surroundings *out)
{
    struct dln_error err = {0};
    char path[64];
    *out = (struct surroundings){.sqlite_version = dln_store_sqlite_version(),
                                 .sqlite_notice = dln_store_sqlite_notice()};
    read_folder(folder, out);
    if (!dln_store_lock_folder(&err))
        (void)snprintf(out->lock_trouble, sizeof out->lock_trouble, "%s", err.text);
    out->open_files = hard_limit(RLIMIT_NOFILE);
    out->processes = soft_limit(RLIMIT_NPROC);
    out->file_bytes = soft_limit(RLIMIT_FSIZE);
    out->memory_bytes = soft_limit(RLIMIT_AS);
    out->cpu_s = soft_limit(RLIMIT_CPU);
    out->is_root = geteuid() == 0;
    out->in_session = is_in_session();
    out->kills_at_logout = surroundings_logind_kills("");
    read_terminal(out);
    out->now_s = dln_clock_wall_us() / 1000000;
    struct timex clock = {.modes = 0};
    out->is_synchronised = adjtimex(&clock) != TIME_ERROR;
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    out->sees_children = access(path, R_OK) == 0;
}
