#define _GNU_SOURCE /* O_DIRECTORY, strcasestr */
#include "exec/ticket_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/num.h"

enum { SMALL_BYTES = 4096 };

extern char **environ;

/* ── the script ────────────────────────────────────────────────────────────────────────────────*/

static void add_quoted(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add_char(out, '\'');
    for (const char *c = text; *c; c++) {
        if (*c == '\'') {
            dln_strbuf_add(out, "'\\''");
        } else {
            dln_strbuf_add_char(out, *c);
        }
    }
    dln_strbuf_add_char(out, '\'');
}

/* The part before '=', if a shell can have a variable of that name. */
static size_t name_length(const char *entry)
{
    const size_t len = strspn(entry, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                     "0123456789");
    return len > 0 && entry[len] == '=' && !(entry[0] >= '0' && entry[0] <= '9') ? len : 0;
}

static bool is_in(char *const *list, const char *entry, size_t len)
{
    for (size_t i = 0; list && list[i]; i++) {
        if (strncmp(list[i], entry, len) == 0) return true;
    }
    return false;
}

/* Where the tuner's environment does not go along, what the study itself sets is said in any case.
 */
static bool must_say(const struct dln_study *study, const char *entry, size_t len)
{
    for (size_t i = 0; study->machine.cluster.env == 1 && i < study->n_env; i++) {
        if (strlen(study->env[i].name) == len && strncmp(study->env[i].name, entry, len) == 0) {
            return true;
        }
    }
    return false;
}

/* What the trial has beyond the tuner's environment, and what it must not have. */
static void add_environment(const struct dln_study *study, const struct dln_run_request *request,
                            struct dln_strbuf *out)
{
    for (size_t i = 0; request->envp[i]; i++) {
        const char *entry = request->envp[i];
        const size_t len = name_length(entry);
        if (len == 0) continue;
        if (is_in(environ, entry, strlen(entry) + 1) && !must_say(study, entry, len)) continue;
        /* DIALIN_RUN marks processes that an engine of this machine may end. */
        if (strncmp(entry, "DIALIN_RUN=", 11) == 0) continue;
        dln_strbuf_addf(out, "export %.*s=", (int)len, entry);
        if (strncmp(entry, "DIALIN_METRICS=", 15) == 0) {
            dln_strbuf_add(out, "\"$d/metrics.jsonl\"");
        } else {
            add_quoted(out, entry + len + 1);
        }
        dln_strbuf_add_char(out, '\n');
    }
    for (size_t i = 0; environ && environ[i]; i++) {
        const size_t len = name_length(environ[i]);
        if (len == 0 || is_in(request->envp, environ[i], len + 1)) continue;
        dln_strbuf_addf(out, "unset %.*s\n", (int)len, environ[i]);
    }
}

void dln_ticket_script(const struct dln_study *study, const struct dln_run_request *request,
                       const char *dir, struct dln_strbuf *out)
{
    const struct dln_cluster *cluster = &study->machine.cluster;
    dln_strbuf_add(out, "#!/bin/sh\nd=");
    add_quoted(out, dir);
    dln_strbuf_add(
        out, "\nbytes() { { wc -c <\"$d/$1\"; } 2>/dev/null || echo 0; }\n"
             "over() {\n"
             "  trap - 0\n"
             "  printf 'v1 %s %s %s %s %s\\n' \"$(date +%s)\" \"$1\" $(bytes out) $(bytes err) "
             "$(bytes metrics.jsonl) >\"$d/end.tmp\" &&\n"
             "    mv -f \"$d/end.tmp\" \"$d/end\"\n"
             "  exit \"$1\"\n"
             "}\n"
             "printf 'v1 %s %s %s %s\\n' \"$(date +%s)\" \"${SLURM_JOB_ID:-0}\" "
             "\"${SLURM_RESTART_COUNT:-0}\" \"$(uname -n)\" >\"$d/start.tmp\" &&\n"
             "  mv -f \"$d/start.tmp\" \"$d/start\"\n"
             "trap 'over $?' 0\n"
             "cd ");
    add_quoted(out, request->directory);
    /* A shell that dies of TERM leaves no end; the program gets the signal for itself. What the
       program has of an environment is its own: this shell still needs its PATH. */
    dln_strbuf_add(out, " 2>>\"$d/err\" || over 53\ngot=0; trap 'got=1' TERM USR1\n(\n");
    add_environment(study, request, out);
    for (size_t i = 0; i < cluster->n_setup; i++)
        dln_strbuf_addf(out, "%s\n", cluster->setup[i]);
    dln_strbuf_add(out, "exec ");
    if (cluster->line_buffer) dln_strbuf_add(out, "stdbuf -oL ");
    for (size_t i = 0; i < cluster->launcher.n; i++) {
        add_quoted(out, cluster->launcher.word[i]);
        dln_strbuf_add_char(out, ' ');
    }
    for (size_t i = 0; request->argv[i]; i++) {
        add_quoted(out, request->argv[i]);
        dln_strbuf_add_char(out, ' ');
    }
    dln_strbuf_add(out, "</dev/null >>\"$d/out\" 2>>\"$d/err\"\n) & pid=$!\n"
                        "while :; do got=0; wait \"$pid\"; rc=$?; [ \"$got\" = 0 ] && break; done\n"
                        "over \"$rc\"\n");
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static bool open_file(const char *dir, const char *file, int *fd)
{
    char path[4096];
    const int len = snprintf(path, sizeof path, "%s/%s", dir, file);
    if (len < 0 || (size_t)len >= sizeof path) return false;
    do {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    } while (*fd < 0 && errno == EINTR);
    return *fd >= 0;
}

/* The first line, without its line feed; false: there is no whole one. */
static bool read_line(const char *dir, const char *file, char text[SMALL_BYTES])
{
    int fd;
    size_t len = 0;
    if (!open_file(dir, file, &fd)) return false;
    while (len < SMALL_BYTES - 1) {
        const ssize_t got = read(fd, text + len, SMALL_BYTES - 1 - len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        len += (size_t)got;
    }
    (void)close(fd);
    text[len] = '\0';
    char *end = strchr(text, '\n');
    if (end) *end = '\0';
    return end != NULL;
}

/* The n-th word, from 0. */
static bool take_word(const char *text, int n, char *out, size_t cap)
{
    for (;;) {
        text += strspn(text, " \t");
        const size_t len = strcspn(text, " \t");
        if (len == 0) return false;
        if (n-- > 0) {
            text += len;
            continue;
        }
        if (len >= cap) return false;
        memcpy(out, text, len);
        out[len] = '\0';
        return true;
    }
}

static bool take_int(const char *text, int n, int64_t *out)
{
    char word[24];
    return take_word(text, n, word, sizeof word) && dln_num_parse_int(word, strlen(word), out);
}

bool dln_ticket_read_start(const char *dir, struct dln_job_id *id)
{
    char text[SMALL_BYTES];
    if (!read_line(dir, "start", text) || strncmp(text, "v1 ", 3) != 0) return false;
    if (!id) return true;
    *id = (struct dln_job_id){0};
    if (!take_word(text, 2, id->id, sizeof id->id) || strcmp(id->id, "0") == 0) id->id[0] = '\0';
    return true;
}

bool dln_ticket_parse_end(const char *text, struct dln_ticket_end *end)
{
    int64_t status;
    struct dln_ticket_end read = {0};
    if (strncmp(text, "v1 ", 3) != 0 || !take_int(text, 2, &status)) return false;
    if (status < 0 || status > 255) return false;
    read.status = (int)status;
    for (int i = 0; i < 3; i++) {
        if (!take_int(text, 3 + i, &read.bytes[i]) || read.bytes[i] < 0) read.bytes[i] = 0;
    }
    *end = read;
    return true;
}

bool dln_ticket_read_end(const char *dir, struct dln_ticket_end *end)
{
    char text[SMALL_BYTES];
    return read_line(dir, "end", text) && dln_ticket_parse_end(text, end);
}

bool dln_ticket_read_id(const char *dir, struct dln_job_id *id)
{
    char text[SMALL_BYTES];
    struct dln_job_id read = {0};
    if (!read_line(dir, "jobid", text) || !take_word(text, 0, read.id, sizeof read.id)) {
        return false;
    }
    if (!take_word(text, 1, read.cluster, sizeof read.cluster)) read.cluster[0] = '\0';
    *id = read;
    return true;
}

bool dln_ticket_has(const char *dir, const char *file)
{
    int fd;
    if (!open_file(dir, file, &fd)) return false;
    (void)close(fd);
    return true;
}

bool dln_ticket_says_memory(const char *dir, const char *id)
{
    char name[DLN_JOB_ID_MAX + 16];
    char text[SMALL_BYTES];
    int fd;
    (void)snprintf(name, sizeof name, "slurm.%s", id);
    if (!open_file(dir, name, &fd)) return false;
    const off_t size = lseek(fd, 0, SEEK_END);
    const off_t from = size > SMALL_BYTES - 1 ? size - (SMALL_BYTES - 1) : 0;
    const ssize_t got = pread(fd, text, SMALL_BYTES - 1, from);
    (void)close(fd);
    text[got > 0 ? got : 0] = '\0';
    return strcasestr(text, "exceeded memory limit") || strcasestr(text, "oom-kill") ||
           strcasestr(text, "out-of-memory") || strcasestr(text, "out of memory");
}

/* ── folders ───────────────────────────────────────────────────────────────────────────────────*/

char *dln_ticket_find_dir(const char *run_dir, const char *prefix, struct dln_arena *arena)
{
    DIR *folder = opendir(run_dir);
    char *newest = NULL;
    struct timespec newest_time = {0};
    if (!folder) return NULL;
    const struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct stat info;
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        char *path = dln_arena_printf(arena, "%s/%s", run_dir, entry->d_name);
        char *script = path ? dln_arena_printf(arena, "%s/job.sh", path) : NULL;
        if (!script || stat(script, &info) != 0) continue;
        const bool is_newer = !newest || info.st_mtim.tv_sec > newest_time.tv_sec ||
                              (info.st_mtim.tv_sec == newest_time.tv_sec &&
                               info.st_mtim.tv_nsec > newest_time.tv_nsec);
        if (!is_newer) continue;
        newest = path;
        newest_time = info.st_mtim;
    }
    (void)closedir(folder);
    return newest;
}

static bool sync_path(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool ok = fsync(fd) == 0 || errno == EINVAL;
    (void)close(fd);
    return ok;
}

bool dln_ticket_make_dir(const char *dir, const struct dln_strbuf *script, struct dln_error *err)
{
    char path[4096];
    const int len = snprintf(path, sizeof path, "%s/job.sh", dir);
    if (len < 0 || (size_t)len >= sizeof path) {
        return dln_fail(err, DLN_IO, "the path of a run directory is too long");
    }
    if (!dln_strbuf_ok(script)) return dln_fail(err, DLN_NOMEM, "write the script of a job");
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return dln_fail_errno(err, errno, "make the folder '%s'", dir);
    }
    if (!dln_run_dir_write(dir, "job.sh", script->data, script->len, err)) return false;
    return (sync_path(path) && sync_path(dir)) ||
           dln_fail_errno(err, errno, "bring '%s' to the disk", path);
}

void dln_ticket_remove_dir(const char *dir)
{
    char path[4096];
    const int len = snprintf(path, sizeof path, "%s/job.sh", dir);
    if (len < 0 || (size_t)len >= sizeof path) return;
    (void)unlink(path);
    (void)rmdir(dir);
}
