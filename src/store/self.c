#include "store/self.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialin/num.h"

/* At most cap - 1 bytes of a small file of the kernel; false when there is none. */
static bool read_small(const char *path, char *out, size_t cap)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t n = read(fd, out, cap - 1);
    (void)close(fd);
    if (n <= 0) return false;
    out[n] = '\0';
    return true;
}

/* Field 22 of a process and its state's letter; 0: there is no such process. */
static int64_t read_start(int64_t pid, char *state)
{
    char path[64];
    char stat[1024];
    *state = '\0';
    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    if (!read_small(path, stat, sizeof stat)) return 0;
    /* the name in field 2 may hold anything, but ends at the last bracket */
    const char *p = strrchr(stat, ')');
    if (p && p[1] == ' ') *state = p[2];
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }
    int64_t ticks = 0;
    if (!p || !dln_num_parse_int(p + 1, strspn(p + 1, "0123456789"), &ticks)) return 0;
    return ticks;
}

int64_t dln_self_pid_start(int64_t pid)
{
    char state;
    return read_start(pid, &state);
}

bool dln_self_is_alive(int64_t pid, int64_t pid_start)
{
    if (pid <= 0) return false;
    char state;
    const int64_t start = read_start(pid, &state);
    /* dead, and nobody has fetched its status: containers without an init keep such for ever */
    if (state == 'Z' || state == 'X') return false;
    if (start != 0 && pid_start != 0) return start == pid_start;
    return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

void dln_self_init(struct dln_self *out)
{
    *out = (struct dln_self){.pid = getpid()};
    if (gethostname(out->host, sizeof out->host - 1) != 0) {
        (void)snprintf(out->host, sizeof out->host, "localhost");
    }
    char boot[64] = "unknown";
    if (read_small("/proc/sys/kernel/random/boot_id", boot, sizeof boot)) {
        boot[strcspn(boot, "\n")] = '\0';
    }
    char names[32] = "";
    const ssize_t n = readlink("/proc/self/ns/pid", names, sizeof names - 1);
    names[n > 0 ? n : 0] = '\0';
    (void)snprintf(out->boot, sizeof out->boot, "%.40s %.30s", boot, names);
    out->pid_start = dln_self_pid_start(out->pid);
}
