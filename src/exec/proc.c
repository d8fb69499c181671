#include "exec/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/num.h"

enum { PATH_BYTES = 64, STAT_BYTES = 1024, ENVIRON_BYTES_MAX = 16 * 1024 * 1024 };
enum { IS_EXITING = 4 }; /* PF_EXITING: set before a process gives back its memory */
enum { LISTS_MAX = 64 }; /* on a machine that makes processes faster than they are listed */

void dln_pids_release(struct dln_pids *pids)
{
    free(pids->pid);
    if (pids->list_fd > 0) (void)close(pids->list_fd);
    *pids = (struct dln_pids){0};
}

static bool add_pid(struct dln_pids *pids, pid_t pid)
{
    if (pids->n == pids->cap) {
        const size_t cap = pids->cap ? pids->cap * 2 : 64;
        pid_t *grown = realloc(pids->pid, cap * sizeof *grown);
        if (!grown) return false;
        pids->pid = grown;
        pids->cap = cap;
    }
    pids->pid[pids->n++] = pid;
    return true;
}

static int open_file(const char *path)
{
    int fd;
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* The n-th field after the parenthesised name in /proc/PID/stat, counted as proc(5) counts. */
static const char *stat_field(char *text, int field)
{
    char *at = strrchr(text, ')'); /* the name itself may hold blanks and brackets */
    for (int i = 2; at && i < field; i++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}

static int64_t stat_number(char *text, int field)
{
    const char *at = stat_field(text, field);
    int64_t number;
    if (!at || !dln_num_parse_int(at, strcspn(at, " \n"), &number)) return 0;
    return number;
}

static bool read_stat_of(const char *path, char text[STAT_BYTES])
{
    const int fd = open_file(path);
    if (fd < 0) return false;
    const ssize_t got = read(fd, text, STAT_BYTES - 1);
    (void)close(fd);
    if (got <= 0) return false;
    text[got] = '\0';
    return true;
}

static bool read_stat(pid_t pid, char text[STAT_BYTES])
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    return read_stat_of(path, text);
}

int64_t dln_proc_start_time(pid_t pid)
{
    char text[STAT_BYTES];
    if (!read_stat(pid, text)) return 0;
    return stat_number(text, 22);
}

bool dln_proc_is_alive(pid_t pid)
{
    char text[STAT_BYTES];
    if (!read_stat(pid, text)) return false;
    const char *state = stat_field(text, 3);
    return state && *state != 'Z' && *state != 'X';
}

static pid_t parse_pid(const char *text, size_t len)
{
    int64_t pid;
    return dln_num_parse_int(text, len, &pid) && pid > 0 ? (pid_t)pid : 0;
}

/* The numbers in a folder of /proc, rising: processes, or threads of one. */
static bool list_numbers(const char *folder, struct dln_pids *out)
{
    out->n = 0;
    DIR *dir = opendir(folder);
    if (!dir) return false;
    bool ok = true;
    for (const struct dirent *entry; ok && (entry = readdir(dir));) {
        const pid_t pid = parse_pid(entry->d_name, strlen(entry->d_name));
        if (pid > 0) ok = add_pid(out, pid);
    }
    (void)closedir(dir);
    return ok;
}

/* A process whose first thread has ended may go on with its others. */
static void list_threads(pid_t pid, struct dln_pids *out)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
    (void)list_numbers(path, out);
}

static bool has_lost_first_thread(pid_t pid)
{
    char text[STAT_BYTES];
    return read_stat(pid, text) && (stat_number(text, 9) & IS_EXITING) != 0;
}

bool dln_proc_is_ending(pid_t pid)
{
    if (!has_lost_first_thread(pid)) return false;
    struct dln_pids threads = {0};
    list_threads(pid, &threads);
    bool is_ending = true;
    for (size_t i = 0; i < threads.n && is_ending; i++) {
        char path[PATH_BYTES];
        char text[STAT_BYTES];
        (void)snprintf(path, sizeof path, "/proc/%ld/task/%ld/stat", (long)pid,
                       (long)threads.pid[i]);
        if (!read_stat_of(path, text)) continue;
        is_ending = (stat_number(text, 9) & IS_EXITING) != 0;
    }
    dln_pids_release(&threads);
    return is_ending;
}

/*
 * Calls visit for each process there is, until it gives false. A list is old as soon as it is read:
 * a process on it may make another and end before it is looked at. So lists are made until one has
 * nobody new: then everybody on it has been looked at while it was alive, or its parent has.
 */
static void each_process(bool (*visit)(void *context, pid_t pid), void *context)
{
    struct dln_pids lists[2] = {{0}, {0}};
    bool has_new = true;
    for (int round = 0; has_new && round < LISTS_MAX; round++) {
        struct dln_pids *now = &lists[round % 2];
        const struct dln_pids *before = &lists[(round + 1) % 2];
        has_new = false;
        if (!list_numbers("/proc", now)) break;
        for (size_t i = 0, j = 0; i < now->n; i++) {
            while (j < before->n && before->pid[j] < now->pid[i])
                j++;
            if (j < before->n && before->pid[j] == now->pid[i]) continue;
            has_new = true;
            if (!visit(context, now->pid[i])) goto done;
        }
    }
done:
    dln_pids_release(&lists[0]);
    dln_pids_release(&lists[1]);
}

static bool add_if_own_child(void *context, pid_t pid)
{
    char text[STAT_BYTES];
    if (!read_stat(pid, text)) return true;
    const char *parent = stat_field(text, 4);
    if (!parent || parse_pid(parent, strcspn(parent, " ")) != getpid()) return true;
    return add_pid(context, pid);
}

void dln_proc_own_children(struct dln_pids *out)
{
    out->n = 0;
    if (out->list_fd == 0) {
        char path[PATH_BYTES];
        (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
        out->list_fd = open_file(path);
    }
    if (out->list_fd < 0) { /* a kernel without CONFIG_PROC_CHILDREN */
        each_process(add_if_own_child, out);
        return;
    }
    char text[4096];
    size_t kept = 0; /* digits of a number that the last read cut */
    off_t offset = 0;
    for (;;) {
        const ssize_t got = pread(out->list_fd, text + kept, sizeof text - kept, offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        offset += got;
        const size_t len = kept + (size_t)got;
        size_t start = 0;
        for (size_t i = 0; i < len; i++) {
            if (text[i] != ' ') continue;
            const pid_t pid = parse_pid(text + start, i - start);
            if (pid > 0) (void)add_pid(out, pid);
            start = i + 1;
        }
        kept = len - start;
        if (kept == sizeof text) kept = 0; /* not a list of numbers */
        memmove(text, text + start, kept);
    }
}

/* The whole of an environ file: NUL-terminated strings. *len 0: none, or not ours to read. */
static char *read_environ(const char *path, size_t *len)
{
    *len = 0;
    const int fd = open_file(path);
    if (fd < 0) return NULL;
    size_t cap = 8192;
    char *text = malloc(cap + 1);
    while (text) {
        const ssize_t got = read(fd, text + *len, cap - *len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        *len += (size_t)got;
        if (*len < cap) continue;
        if (cap >= ENVIRON_BYTES_MAX) break;
        char *grown = realloc(text, cap * 2 + 1);
        if (!grown) break;
        text = grown;
        cap *= 2;
    }
    (void)close(fd);
    if (text) text[*len] = '\0';
    return text;
}

static bool holds(const char *path, const char *name, const char *value, size_t *len)
{
    char *text = read_environ(path, len);
    const size_t name_len = strlen(name);
    bool is_there = false;
    for (size_t at = 0; at < *len && !is_there; at += strlen(text + at) + 1) {
        const char *entry = text + at;
        is_there = strncmp(entry, name, name_len) == 0 && entry[name_len] == '=' &&
                   strcmp(entry + name_len + 1, value) == 0;
    }
    free(text);
    return is_there;
}

bool dln_proc_is_marked(pid_t pid, const char *name, const char *value)
{
    size_t len;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    bool is_marked = holds(path, name, value, &len);
    if (len > 0 || !has_lost_first_thread(pid)) return is_marked;
    struct dln_pids threads = {0};
    list_threads(pid, &threads);
    for (size_t i = 0; i < threads.n && len == 0; i++) {
        (void)snprintf(path, sizeof path, "/proc/%ld/task/%ld/environ", (long)pid,
                       (long)threads.pid[i]);
        is_marked = holds(path, name, value, &len);
    }
    dln_pids_release(&threads);
    return is_marked;
}

struct search {
    const char *name, *value;
    struct dln_pids *found;
};

static bool add_if_marked(void *context, pid_t pid)
{
    const struct search *search = context;
    if (pid == getpid()) return true;
    if (!dln_proc_is_marked(pid, search->name, search->value)) return true;
    return add_pid(search->found, pid);
}

void dln_proc_find_marked(const char *name, const char *value, struct dln_pids *out)
{
    out->n = 0;
    struct search search = {name, value, out};
    each_process(add_if_marked, &search);
}
