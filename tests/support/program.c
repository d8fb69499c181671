#include "support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64]; /* of the test; everything runs in it */

char *read_all(const char *path)
{
    FILE *const file = fopen(path, "r");
    assert_non_null(file);
    struct dln_strbuf text = {0};
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        dln_strbuf_add_len(&text, bytes, n);
    fclose(file);
    char *out;
    struct dln_error err = {0};
    assert_ok(dln_strbuf_take(&text, &out, &err), err);
    return out;
}

void write_file(const char *name, const char *text)
{
    FILE *const file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Splits a line at blanks; 'quoted words' may hold some. Modifies the line. */
static void split(char *line, char **argv, int cap)
{
    int argc = 0;
    for (char *p = line; *p;) {
        assert_true(argc + 1 < cap);
        const char end = *p == '\'' ? '\'' : ' ';
        if (end == '\'') p++;
        argv[argc++] = p;
        while (*p && *p != end)
            p++;
        while (*p == ' ' || *p == end)
            *p++ = '\0';
    }
    argv[argc] = NULL;
}

/* Starts `dialin LINE` with these descriptors as standard output and error. */
static pid_t start(const char *line, int out, int err)
{
    char copy[1024];
    char *argv[32];
    snprintf(copy, sizeof copy, "dialin %s", line);
    split(copy, argv, 32);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const int from = open("/dev/null", O_RDONLY);
        /* a test that stepped down for a while: its program is that user through and through */
        if (geteuid() != getuid() && setreuid(geteuid(), geteuid()) != 0) _exit(97);
        if (dup2(from, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(99);
        setenv("LC_ALL", "C.UTF-8", 1);
        unsetenv("COLUMNS");
        execv(TEST_DIALIN, argv);
        _exit(98);
    }
    return pid;
}

int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int new_file(const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

struct result dialin(const char *line)
{
    const int out = new_file("out.txt");
    const int err = new_file("err.txt");
    struct result result = {.status = wait_for(start(line, out, err))};
    close(out);
    close(err);
    result.out = read_all("out.txt");
    result.err = read_all("err.txt");
    return result;
}

static pid_t background; /* of the last start_run(), until end_of(): a failed test leaves it */

struct running start_run(const char *line)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    const int err = new_file("run-err.txt");
    const struct running running = {.pid = start(line, ends[1], err), .fd = ends[0]};
    background = running.pid;
    close(ends[1]);
    close(err);
    return running;
}

static bool read_more(struct running *running)
{
    char bytes[1024];
    const ssize_t n = read(running->fd, bytes, sizeof bytes);
    if (n > 0) dln_strbuf_add_len(&running->seen, bytes, (size_t)n);
    return n > 0;
}

void await(struct running *running, const char *text)
{
    while (!strstr(dln_strbuf_text(&running->seen), text)) {
        if (read_more(running)) continue;
        print_error("'%s' never came; there is: %s", text, dln_strbuf_text(&running->seen));
        fail();
    }
}

int end_of(struct running *running)
{
    while (read_more(running))
        continue;
    close(running->fd);
    dln_strbuf_release(&running->seen);
    background = 0;
    return wait_for(running->pid);
}

void forget(struct result *result)
{
    free(result->out);
    free(result->err);
}

void expect_(const char *line, int expected, const char *text, const char *file, int at)
{
    struct result result = dialin(line);
    const bool has = strstr(result.out, text) || strstr(result.err, text);
    if (result.status != expected || !has) {
        print_error("line %d: dialin %s: status %d, expected %d and '%s'\n%s%s", at, line,
                    result.status, expected, text, result.out, result.err);
        forget(&result);
        _fail(file, at);
    }
    forget(&result);
}

json_t *json_of(const char *line)
{
    struct result result = dialin(line);
    json_t *value = NULL;
    struct dln_error err = {0};
    if (result.status != 0) print_error("dialin %s: %s", line, result.err);
    assert_int_equal(result.status, 0);
    assert_ok(dln_json_read(result.out, strlen(result.out), &value, &err), err);
    forget(&result);
    return value;
}

int64_t int_at(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

int in_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/dialin-commands-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return chdir(folder);
}

int remove_folder(void **state)
{
    (void)state;
    if (background > 0) {
        kill(background, SIGKILL);
        wait_for(background);
        background = 0;
    }
    assert_int_equal(chdir("/"), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", folder, (char *)NULL);
        _exit(98);
    }
    return wait_for(pid);
}
