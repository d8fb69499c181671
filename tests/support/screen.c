#define _GNU_SOURCE /* forkpty */
#include "support/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <vterm.h>

#include "dialin/clock.h"
#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "support/screen_golden.h"
#include "support/test.h"

extern char **environ;

struct screen {
    int rows, cols;
    int master; /* -1: closed */
    pid_t pid;
    int pid_fd; /* readable once the program has ended */
    bool is_over;
    int status; /* as waitpid() gives it, once is_over */
    VTerm *vt;
    VTermScreen *cells;
    struct escapes escapes;
    size_t bytes;
    int64_t started_ns, last_ns; /* of the fork, and of the newest output */
    struct termios before;
    bool has_line; /* `after` was read while the line was there */
    struct termios after;
    struct dln_strbuf row;
};

/* ── start ─────────────────────────────────────────────────────────────────────────────────────*/

static bool is_handed_on(const char *entry)
{
    static const char *const names[] = {
        "PATH=",          "HOME=",         "TMPDIR=",      "ASAN_OPTIONS=",
        "UBSAN_OPTIONS=", "TSAN_OPTIONS=", "LSAN_OPTIONS="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0) return true;
    }
    return false;
}

/* Puts "NAME=value" in place of an entry of that name, or at the end; "NAME" takes it away. */
static void set_entry(char **list, size_t cap, char *entry)
{
    const size_t len = strcspn(entry, "=");
    size_t at = 0;
    while (list[at] && !(strncmp(list[at], entry, len) == 0 && list[at][len] == '='))
        at++;
    if (entry[len] == '=') {
        assert_true(at + 1 < cap);
        list[at] = entry;
        return;
    }
    for (; list[at]; at++)
        list[at] = list[at + 1];
}

static void start(struct screen *s, const char *term, char *const *argv, char *const *env)
{
    char *list[64] = {NULL};
    const size_t cap = sizeof list / sizeof list[0];
    static char locale[] = "LC_ALL=C.UTF-8";
    char term_entry[64];
    snprintf(term_entry, sizeof term_entry, "TERM=%s", term);
    for (char **at = environ; *at; at++) {
        if (is_handed_on(*at)) set_entry(list, cap, *at);
    }
    set_entry(list, cap, locale);
    set_entry(list, cap, term_entry);
    for (char *const *at = env; at && *at; at++)
        set_entry(list, cap, *at);

    const struct winsize size = {.ws_row = (unsigned short)s->rows,
                                 .ws_col = (unsigned short)s->cols};
    s->started_ns = dln_clock_mono_ns();
    s->pid = forkpty(&s->master, NULL, NULL, &size);
    if (s->pid < 0) fail_msg("forkpty: %s", strerror(errno));
    if (s->pid == 0) {
        execve(argv[0], argv, list);
        dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    s->pid_fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    if (s->pid_fd < 0) fail_msg("pidfd_open: %s", strerror(errno));
    fcntl(s->master, F_SETFD, FD_CLOEXEC);
    fcntl(s->master, F_SETFL, O_NONBLOCK);
    assert_int_equal(tcgetattr(s->master, &s->before), 0);
}

/* What the terminal answers to questions goes to the program's input. */
static void reply(const char *bytes, size_t len, void *user)
{
    const struct screen *s = user;
    if (s->master >= 0 && write(s->master, bytes, len) < 0) errno = 0; /* gone: nobody to answer */
}

screen *screen_open(int rows, int cols, const char *term, char *const *argv, char *const *env)
{
    struct screen *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->rows = rows;
    s->cols = cols;
    s->vt = vterm_new(rows, cols);
    assert_non_null(s->vt);
    vterm_set_utf8(s->vt, 1);
    vterm_output_set_callback(s->vt, reply, s);
    s->cells = vterm_obtain_screen(s->vt);
    vterm_screen_enable_altscreen(s->cells, 1);
    vterm_screen_reset(s->cells, 1);
    start(s, term, argv, env);
    return s;
}

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

static void note_end(struct screen *s)
{
    if (s->is_over || waitpid(s->pid, &s->status, WNOHANG) != s->pid) return;
    s->is_over = true;
    close(s->pid_fd);
    s->pid_fd = -1;
}

static void note_line(struct screen *s)
{
    if (tcgetattr(s->master, &s->after) == 0) s->has_line = true;
}

/* Reads what is there. False: nothing was, or the line is gone. */
static bool read_some(struct screen *s)
{
    char bytes[16 * 1024];
    const ssize_t n = s->master < 0 ? -1 : read(s->master, bytes, sizeof bytes);
    if (n <= 0) return false;
    s->last_ns = dln_clock_mono_ns();
    s->bytes += (size_t)n;
    escapes_feed(&s->escapes, bytes, (size_t)n);
    vterm_input_write(s->vt, bytes, (size_t)n);
    return true;
}

/*
 * One step: waits until there is output, the program ends or the deadline passes.
 * False: nothing more will come, or it is too late.
 */
static bool step(struct screen *s, int64_t deadline_ns)
{
    if (read_some(s)) return true;
    if (s->is_over) return false;
    const int64_t left_ms = (deadline_ns - dln_clock_mono_ns()) / 1000000;
    if (left_ms <= 0) return false;
    struct pollfd fds[] = {{.fd = s->pid_fd, .events = POLLIN},
                           {.fd = s->master, .events = POLLIN}};
    if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR) return false;
    if (fds[1].revents & POLLHUP && !(fds[1].revents & POLLIN)) {
        /* Nobody holds the terminal any more; only the end of the program is left to wait for. */
        if (poll(fds, 1, (int)left_ms) < 0 && errno != EINTR) return false;
    }
    if (fds[0].revents) {
        while (read_some(s))
            continue;
        if (s->master >= 0) note_line(s);
        note_end(s);
    }
    return true;
}

static int64_t deadline(int timeout_ms)
{
    return dln_clock_mono_ns() + (int64_t)timeout_ms * 1000000;
}

static void dump(struct screen *s)
{
    for (int row = 0; row < s->rows; row++)
        print_error("|%s\n", screen_row(s, row));
    if (s->is_over) print_error("(the program has ended, status %#x)\n", (unsigned)s->status);
}

void screen_wait_until(screen *s, screen_condition *is_true, const void *context, const char *what,
                       int timeout_ms)
{
    const int64_t until_ns = deadline(timeout_ms);
    while (!is_true(s, context)) {
        if (step(s, until_ns) || is_true(s, context)) continue;
        dump(s);
        fail_msg("waited %d ms for %s", timeout_ms, what);
    }
}

static bool has_text(screen *s, const void *context)
{
    for (int row = 0; row < s->rows; row++) {
        if (strstr(screen_row(s, row), context)) return true;
    }
    return false;
}

static bool lacks_text(screen *s, const void *context)
{
    return !has_text(s, context);
}

void screen_wait(screen *s, const char *text, int timeout_ms)
{
    char what[256];
    snprintf(what, sizeof what, "'%s'", text);
    screen_wait_until(s, has_text, text, what, timeout_ms);
}

void screen_wait_gone(screen *s, const char *text, int timeout_ms)
{
    char what[256];
    snprintf(what, sizeof what, "'%s' to go", text);
    screen_wait_until(s, lacks_text, text, what, timeout_ms);
}

bool screen_shows(screen *s, const char *text)
{
    while (read_some(s))
        continue;
    return has_text(s, text);
}

/* ── input ─────────────────────────────────────────────────────────────────────────────────────*/

void screen_keys(screen *s, const char *keys)
{
    const int64_t until_ns = deadline(10000);
    for (size_t len = strlen(keys); len > 0;) {
        const ssize_t n = write(s->master, keys, len);
        if (n > 0) {
            keys += n;
            len -= (size_t)n;
        } else if (!step(s, until_ns)) {
            dump(s);
            fail_msg("the program does not read its keys");
        }
    }
}

void screen_resize(screen *s, int rows, int cols)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    while (read_some(s))
        continue; /* what was drawn for the old size */
    vterm_set_size(s->vt, rows, cols);
    s->rows = rows;
    s->cols = cols;
    assert_int_equal(ioctl(s->master, TIOCSWINSZ, &size), 0);
}

void screen_close_master(screen *s)
{
    if (s->master < 0) return;
    while (read_some(s))
        continue;
    close(s->master);
    s->master = -1;
}

int64_t screen_pid(const screen *s)
{
    return s->pid;
}

void screen_signal(screen *s, int number)
{
    if (!s->is_over) kill(s->pid, number);
}

int screen_exit(screen *s, int timeout_ms)
{
    const int64_t until_ns = deadline(timeout_ms);
    while (!s->is_over) {
        if (step(s, until_ns)) continue;
        dump(s);
        fail_msg("waited %d ms for the program to end", timeout_ms);
    }
    return WIFEXITED(s->status) ? WEXITSTATUS(s->status) : 128 + WTERMSIG(s->status);
}

void screen_close(screen *s)
{
    if (!s) return;
    screen_close_master(s);
    if (!s->is_over) {
        kill(-s->pid, SIGKILL);
        kill(s->pid, SIGKILL);
        waitpid(s->pid, &s->status, 0);
        close(s->pid_fd);
    }
    vterm_free(s->vt);
    dln_strbuf_release(&s->row);
    free(s);
}

/* ── looking ───────────────────────────────────────────────────────────────────────────────────*/

const char *screen_row(screen *s, int row)
{
    dln_strbuf_reset(&s->row);
    size_t end = 0;
    for (int col = 0; col < s->cols; col++) {
        VTermScreenCell cell;
        const VTermPos pos = {.row = row, .col = col};
        if (!vterm_screen_get_cell(s->cells, pos, &cell)) break;
        if (cell.chars[0] == (uint32_t)-1) continue; /* right half of a wide character */
        for (size_t i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
            char bytes[4];
            dln_strbuf_add_len(&s->row, bytes, dln_text_encode(cell.chars[i], bytes));
        }
        if (cell.chars[0] == 0) dln_strbuf_add_char(&s->row, ' ');
        if (cell.chars[0] != 0 && cell.chars[0] != ' ') end = s->row.len;
    }
    dln_strbuf_cut(&s->row, end);
    return dln_strbuf_text(&s->row);
}

void screen_cursor(screen *s, int *row, int *col)
{
    VTermPos pos;
    vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &pos);
    *row = pos.row;
    *col = pos.col;
}

size_t screen_bytes(screen *s)
{
    while (read_some(s))
        continue;
    return s->bytes;
}

bool screen_settle(screen *s, int quiet_ms, int timeout_ms)
{
    const int64_t quiet_ns = (int64_t)quiet_ms * 1000000;
    const int64_t until_ns = deadline(timeout_ms);
    int64_t since_ns = dln_clock_mono_ns();
    for (;;) {
        const int64_t now_ns = dln_clock_mono_ns();
        if (s->last_ns > since_ns) since_ns = s->last_ns;
        if (now_ns >= since_ns + quiet_ns) return true;
        if (now_ns >= until_ns) return false;
        const int64_t next_ns = since_ns + quiet_ns < until_ns ? since_ns + quiet_ns : until_ns;
        if (!step(s, next_ns + 1000000) && s->is_over) return true; /* poll counts in whole ms */
    }
}

int64_t screen_started_ns(const screen *s)
{
    return s->started_ns;
}

int64_t screen_last_ns(const screen *s)
{
    return s->last_ns;
}

const struct escapes *screen_escapes(const screen *s)
{
    return &s->escapes;
}

void screen_left(screen *s, char *out, size_t cap)
{
    while (read_some(s))
        continue;
    escapes_left(&s->escapes, out, cap);
    if (s->master >= 0) note_line(s);
    if (!s->has_line) return;
    const struct termios *a = &s->before;
    const struct termios *b = &s->after;
    const bool is_same = a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
                         a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
                         memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
    if (is_same) return;
    const size_t len = strlen(out);
    snprintf(out + len, cap - len, "%sline settings iflag %x → %x, oflag %x → %x, lflag %x → %x",
             len ? ", " : "", a->c_iflag, b->c_iflag, a->c_oflag, b->c_oflag, a->c_lflag,
             b->c_lflag);
}

void screen_assert_clean(screen *s)
{
    char left[512];
    screen_left(s, left, sizeof left);
    if (left[0]) fail_msg("the terminal is left changed: %s", left);
}

static void add_rows(screen *s, struct dln_strbuf *out)
{
    for (int row = 0; row < s->rows; row++)
        dln_strbuf_addf(out, "%s\n", screen_row(s, row));
}

enum { MATCH_WAIT_MS = 10000, BLESS_QUIET_MS = 1000 };

static void see(screen *s, bool with_styles, struct dln_strbuf *seen)
{
    dln_strbuf_reset(seen);
    while (read_some(s))
        continue;
    add_rows(s, seen);
    if (with_styles) golden_add_styles(s->cells, s->rows, s->cols, seen);
}

/* A frame comes in pieces: what is not there yet is waited for. */
static void match(screen *s, bool with_styles, const char *name)
{
    struct dln_strbuf seen = {0};
    const int64_t until_ns = deadline(MATCH_WAIT_MS);
    if (golden_is_blessed()) (void)screen_settle(s, BLESS_QUIET_MS, MATCH_WAIT_MS);
    see(s, with_styles, &seen);
    while (!golden_is(name, &seen) && dln_clock_mono_ns() < until_ns && step(s, until_ns))
        see(s, with_styles, &seen);
    golden_match(name, &seen);
    dln_strbuf_release(&seen);
}

void screen_match(screen *s, const char *name)
{
    match(s, false, name);
}

void screen_match_styled(screen *s, const char *name)
{
    match(s, true, name);
}
