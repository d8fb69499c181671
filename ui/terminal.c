#define _GNU_SOURCE /* memfd_create */
#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "tighten.h"

/* ── giving the terminal back ──────────────────────────────────────────────────────────────────*/

static void append(struct terminal_restore *restore, const char *bytes)
{
    if (!bytes || bytes == (char *)-1) return;
    /* Padding such as $<2> is for terminals of lead and glass; it must not show as text. */
    for (const char *c = bytes; *c != '\0' && restore->len + 1 < TERMINAL_RESTORE_MAX; c++) {
        if (c[0] == '$' && c[1] == '<') {
            const char *end = strchr(c, '>');
            if (end) {
                c = end;
                continue;
            }
        }
        restore->text[restore->len++] = *c;
    }
    restore->text[restore->len] = '\0';
}

static const char *capability(const char *name)
{
    const char *text = tigetstr(name);
    return text == (char *)-1 ? NULL : text;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Of the terminals that say so, screen shows titles elsewhere. */
static bool can_set_title(void)
{
    const char *name = getenv("TERM");
    return name && !starts_with(name, "screen") && tigetflag("XT") > 0;
}

/* The alternate screen of many keeps the title too (xterm's "22;0;0t"): then we need not. */
static bool must_keep_title(void)
{
    const char *enter = capability("smcup");
    return can_set_title() && !(enter && strstr(enter, "[22;0"));
}

bool terminal_type_is_known(const char *name)
{
    int found = 0;
    if (setupterm(name, STDOUT_FILENO, &found) != OK) return false;
    (void)del_curterm(cur_term);
    return true;
}

bool terminal_restore_prepare(struct terminal_restore *restore, struct dln_error *err)
{
    *restore = (struct terminal_restore){.fd = -1};
    const char *name = getenv("TERM");
    if (!name || !*name) return dln_fail(err, DLN_UNSUPPORTED, "TERM is not set");
    if (strcmp(name, "dumb") == 0) {
        return dln_fail(err, DLN_UNSUPPORTED, "a terminal of the type 'dumb' has no screen");
    }
    const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return dln_fail(err, DLN_UNSUPPORTED, "there is no terminal");

    int found = 0;
    if (setupterm(NULL, fd, &found) != OK) {
        (void)close(fd);
        return dln_fail(err, DLN_UNSUPPORTED,
                        "TERM '%s' is unknown here; TERM=xterm-256color fits most", name);
    }
    const bool has_screen = capability("cup") && capability("clear");
    append(restore, capability("sgr0"));
    if (capability("BD")) append(restore, "\033[?2004l");
    if (must_keep_title()) append(restore, "\033[23;0t");
    append(restore, capability("cnorm"));
    if (capability("rmcup")) {
        append(restore, capability("rmcup"));
    } else {
        append(restore, "\r\n");
    }
    (void)del_curterm(cur_term);
    if (!has_screen) {
        (void)close(fd);
        return dln_fail(err, DLN_UNSUPPORTED, "a terminal of the type '%s' cannot place its cursor",
                        name);
    }
    void *shared = mmap(NULL, sizeof *restore->is_entered, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        (void)close(fd);
        return dln_fail(err, DLN_NOMEM, "start the screen");
    }
    restore->is_entered = shared;
    restore->fd = fd;
    restore->has_modes = tcgetattr(fd, &restore->modes) == 0;
    return true;
}

void terminal_restore_now(const struct terminal_restore *restore)
{
    if (restore->fd < 0) return;
    const int saved = errno;
    const bool is_ours = atomic_exchange(restore->is_entered, false);
    size_t done = is_ours ? 0 : restore->len;
    for (int tries = 0; done < restore->len && tries < 8; tries++) {
        const ssize_t n = write(restore->fd, restore->text + done, restore->len - done);
        if (n > 0) done += (size_t)n;
    }
    if (restore->has_modes) (void)tcsetattr(restore->fd, TCSANOW, &restore->modes);
    errno = saved;
}

void terminal_restore_release(struct terminal_restore *restore)
{
    if (restore->fd >= 0) (void)close(restore->fd);
    if (restore->is_entered) (void)munmap(restore->is_entered, sizeof *restore->is_entered);
    *restore = (struct terminal_restore){.fd = -1};
}

/* A signal handler has no other way to what it needs. */
static const struct terminal_restore *_Atomic guarded;

static void on_fatal(int signal_number)
{
    const struct terminal_restore *restore = guarded;
    if (restore) terminal_restore_now(restore);
    (void)raise(signal_number); /* the action is the default again: it comes when we return */
}

void terminal_guard(const struct terminal_restore *restore)
{
    static char stack[64 * 1024]; /* a full stack is one of the faults */
    guarded = restore;
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = on_fatal,
                               .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK)};
    (void)sigemptyset(&action.sa_mask);
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        (void)sigaction(fatal[i], &action, NULL);
    }
}

void terminal_unguard(void)
{
    guarded = NULL;
}

/* ── what this terminal can show ───────────────────────────────────────────────────────────────*/

/*
 * Braille where the locale is UTF-8; ASCII where it is not, where the locale draws a dot two
 * columns wide, and on terminals whose fonts are known to lack the rest.
 */
static enum glyph_level choose_level(enum app_glyphs glyphs)
{
    switch (glyphs) {
    case APP_GLYPHS_BRAILLE: return GLYPHS_BRAILLE;
    case APP_GLYPHS_BLOCKS: return GLYPHS_BLOCKS;
    case APP_GLYPHS_ASCII: return GLYPHS_ASCII;
    case APP_GLYPHS_AUTO: break;
    }
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) return GLYPHS_ASCII;
    if (wcwidth(0x25cf) != 1) return GLYPHS_ASCII; /* ● */
    const char *name = getenv("TERM");
    static const char *const plain[] = {"linux", "vt1", "vt2", "vt3", "vt4", "ansi", "cons25"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (name && starts_with(name, plain[i])) return GLYPHS_ASCII;
    }
    return GLYPHS_BRAILLE;
}

static void define_keys(struct keys *keys)
{
    static const struct {
        const char *capability;
        uint32_t code;
    } names[] = {
        {"kcuu1", KEY_CODE_UP},     {"kcud1", KEY_CODE_DOWN},    {"kcub1", KEY_CODE_LEFT},
        {"kcuf1", KEY_CODE_RIGHT},  {"khome", KEY_CODE_HOME},    {"kend", KEY_CODE_END},
        {"kpp", KEY_CODE_PAGE_UP},  {"knp", KEY_CODE_PAGE_DOWN}, {"kdch1", KEY_CODE_DELETE},
        {"kich1", KEY_CODE_INSERT}, {"kcbt", KEY_CODE_BACK_TAB}, {"kbs", 127},
        {"kf1", KEY_CODE_F1},       {"kf2", KEY_CODE_F1 + 1},    {"kf3", KEY_CODE_F1 + 2},
        {"kf4", KEY_CODE_F1 + 3},   {"kf5", KEY_CODE_F1 + 4},    {"kf6", KEY_CODE_F1 + 5},
        {"kf7", KEY_CODE_F1 + 6},   {"kf8", KEY_CODE_F1 + 7},    {"kf9", KEY_CODE_F1 + 8},
        {"kf10", KEY_CODE_F1 + 9},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        keys_define(keys, capability(names[i].capability), names[i].code);
    }
}

/* ── open and close ────────────────────────────────────────────────────────────────────────────*/

static void read_size(const struct terminal *term, int *rows, int *cols)
{
    struct winsize size = {0};
    *rows = *cols = 0;
    if (ioctl(term->fd, TIOCGWINSZ, &size) == 0) {
        *rows = size.ws_row;
        *cols = size.ws_col;
    }
    if (*rows < 1) *rows = 24;
    if (*cols < 1) *cols = 80;
    if (*rows > 500) *rows = 500;
    if (*cols > 1000) *cols = 1000;
    if (*cols > term->margin) *cols -= term->margin;
}

/*
 * Where a character in the last column wraps at once, says the description (am without xenl: TERM
 * ansi and kin), emulators and consoles differ in whether it does. Curses believes it and loses its
 * place on those that wait for the next character. Nothing is written there.
 */
static int margin_of_terminal(void)
{
    return tigetflag("am") > 0 && tigetflag("xenl") <= 0 ? 1 : 0;
}

static bool open_streams(struct terminal *term, struct dln_error *err)
{
    term->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (term->fd < 0) return dln_fail_errno(err, errno, "open the terminal");
    term->sink = memfd_create("dialin-frame", MFD_CLOEXEC);
    if (term->sink < 0) return dln_fail_errno(err, errno, "make a memory file for the screen");
    const int sink_copy = fcntl(term->sink, F_DUPFD_CLOEXEC, 3);
    const int in_copy = fcntl(term->fd, F_DUPFD_CLOEXEC, 3);
    term->sink_file = sink_copy >= 0 ? fdopen(sink_copy, "w") : NULL;
    term->in_file = in_copy >= 0 ? fdopen(in_copy, "r") : NULL;
    if (!term->sink_file || !term->in_file) {
        if (!term->sink_file && sink_copy >= 0) (void)close(sink_copy);
        if (!term->in_file && in_copy >= 0) (void)close(in_copy);
        return dln_fail_errno(err, errno, "open the terminal");
    }
    return true;
}

bool terminal_open(struct terminal *term, const struct terminal_restore *restore,
                   enum app_glyphs glyphs, struct dln_error *err)
{
    *term = (struct terminal){.restore = restore, .fd = -1, .sink = -1};
    if (!open_streams(term, err)) {
        terminal_close(term, true);
        return false;
    }
    (void)setlocale(LC_CTYPE, "");
    term->level = choose_level(glyphs);
    SCREEN *screen = newterm(NULL, term->sink_file, term->in_file);
    if (!screen) {
        terminal_close(term, true);
        return dln_fail(err, DLN_UNSUPPORTED, "the terminal '%s' cannot show a screen",
                        getenv("TERM"));
    }
    term->screen = screen;
    (void)set_term(screen);
    (void)typeahead(-1);
    term->margin = margin_of_terminal();
    read_size(term, &term->rows, &term->cols);
    /* curses knows the environment's size only */
    (void)resizeterm(term->rows, term->cols + term->margin);
    (void)nonl();
    (void)idlok(stdscr, TRUE);
    (void)leaveok(stdscr, FALSE);
    (void)scrollok(stdscr, FALSE);
    define_keys(&term->keys);
    term->has_replies = tigetflag("XT") > 0;
    term->has_title = can_set_title();
    return true;
}

void terminal_close(struct terminal *term, bool is_lost)
{
    if (term->is_entered && !is_lost) terminal_leave(term);
    terminal_unguard();
    if (term->screen) {
        if (is_lost && !isendwin()) (void)endwin(); /* into the memory file */
        delscreen(term->screen);
    }
    if (term->sink_file) (void)fclose(term->sink_file);
    if (term->in_file) (void)fclose(term->in_file);
    if (term->sink >= 0) (void)close(term->sink);
    if (term->fd >= 0) (void)close(term->fd);
    free(term->out);
    *term = (struct terminal){.fd = -1, .sink = -1};
}

/* ── enter and leave ───────────────────────────────────────────────────────────────────────────*/

static bool queue_bytes(struct terminal *term, const char *bytes, size_t len)
{
    if (term->out_done == term->out_len) term->out_done = term->out_len = 0;
    if (term->out_len + len > term->out_cap) {
        const size_t cap = (term->out_len + len) * 2;
        char *grown = realloc(term->out, cap);
        if (!grown) return false;
        term->out = grown;
        term->out_cap = cap;
    }
    memcpy(term->out + term->out_len, bytes, len);
    term->out_len += len;
    return true;
}

static void queue_text(struct terminal *term, const char *text)
{
    (void)queue_bytes(term, text, strlen(text));
}

void terminal_enter(struct terminal *term)
{
    if (term->restore->has_modes) {
        struct termios raw = term->restore->modes;
        raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON);
        raw.c_oflag &= ~(tcflag_t)OPOST;
        raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
        raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        (void)tcsetattr(term->fd, TCSADRAIN, &raw);
    }
    keys_reset(&term->keys);
    term->title[0] = '\0';
    term->is_entered = true;
    term->is_announced = false;
    terminal_guard(term->restore);
    if (capability("BE")) queue_text(term, "\033[?2004h");
    if (must_keep_title()) queue_text(term, "\033[22;0t");
    (void)terminal_resize(term);
}

/* Waits a moment for a slow line: what is left after that is lost with the screen. */
static void drain(struct terminal *term)
{
    for (int tries = 0; tries < 20 && terminal_is_stalled(term); tries++) {
        struct pollfd pollfd = {.fd = term->fd, .events = POLLOUT};
        if (poll(&pollfd, 1, 50) > 0 && (pollfd.revents & POLLOUT) == 0) break;
        if (terminal_flush(term) == TERMINAL_LOST) break;
    }
}

void terminal_leave(struct terminal *term)
{
    if (!term->is_entered) return;
    drain(term);
    if (must_keep_title()) queue_text(term, "\033[23;0t");
    if (capability("BD")) queue_text(term, "\033[?2004l");
    if (!isendwin()) (void)endwin();
    (void)terminal_flush(term);
    drain(term);
    if (term->restore->has_modes) (void)tcsetattr(term->fd, TCSANOW, &term->restore->modes);
    atomic_store(term->restore->is_entered, false);
    term->is_entered = false;
    terminal_unguard();
}

void terminal_say(const struct terminal *term, const char *sentence)
{
    struct dln_strbuf line = {0};
    dln_text_show(&line, sentence, strlen(sentence), SIZE_MAX, term->level == GLYPHS_ASCII);
    dln_strbuf_add(&line, "\n");
    (void)!write(term->fd, dln_strbuf_text(&line), line.len);
    dln_strbuf_release(&line);
}

void terminal_set_title(struct terminal *term, const char *title)
{
    if (!term->has_title || strcmp(title, term->title) == 0) return;
    (void)snprintf(term->title, sizeof term->title, "%s", title);
    struct dln_strbuf safe = {0};
    dln_text_show(&safe, title, strlen(title), 100, true);
    queue_text(term, "\033]0;");
    queue_text(term, dln_strbuf_text(&safe));
    queue_text(term, "\007");
    dln_strbuf_release(&safe);
}

void terminal_ask_background(struct terminal *term)
{
    if (!term->has_replies) return;
    queue_text(term, "\033]11;?\033\\");
    (void)terminal_flush(term);
}

/* ── bytes in and out ──────────────────────────────────────────────────────────────────────────*/

/* An error of the terminal: gone, or only not ours at the moment? */
static enum terminal_state verdict(const struct terminal *term)
{
    const pid_t foreground = tcgetpgrp(term->fd);
    if (foreground > 0 && foreground != getpgrp()) return TERMINAL_BACKGROUND;
    return TERMINAL_LOST;
}

enum terminal_state terminal_read(struct terminal *term, int64_t now_ns)
{
    char bytes[1024];
    for (int round = 0; round < 16; round++) {
        const ssize_t n = read(term->fd, bytes, sizeof bytes);
        if (n > 0) {
            keys_feed(&term->keys, bytes, (size_t)n, now_ns);
            if ((size_t)n < sizeof bytes) return TERMINAL_OK;
        } else if (n == 0) {
            return verdict(term);
        } else if (errno == EAGAIN) {
            return TERMINAL_OK;
        } else if (errno != EINTR) {
            return verdict(term);
        }
    }
    return TERMINAL_OK;
}

/*
 * Puts bytes of curses into the queue, with "repeat the last character" (ESC [ n b) written out:
 * emulators on libvterm (in editors, and our tests) wrap a column too early after it, others that
 * call themselves xterm do not have it at all.
 */
static bool queue_expanded(struct terminal *term, const char *bytes, size_t len)
{
    size_t from = 0;
    bool ok = true;
    for (size_t i = 1; ok && i + 2 < len; i++) {
        if (bytes[i] != KEY_CODE_ESC || bytes[i + 1] != '[') continue;
        size_t end = i + 2, count = 0;
        while (end < len && bytes[end] >= '0' && bytes[end] <= '9' && count < 10000) {
            count = count * 10 + (size_t)(bytes[end++] - '0');
        }
        if (end >= len || bytes[end] != 'b' || bytes[i - 1] < ' ' || bytes[i - 1] > '~') continue;
        ok = queue_bytes(term, bytes + from, i - from);
        while (ok && count-- > 0)
            ok = queue_bytes(term, &bytes[i - 1], 1);
        from = end + 1;
        i = end;
    }
    return ok && queue_bytes(term, bytes + from, len - from);
}

/* Moves what curses wrote from the memory file to the end of the queue. */
static void collect(struct terminal *term)
{
    (void)fflush(term->sink_file); /* some builds of curses write through stdio */
    const off_t size = lseek(term->sink, 0, SEEK_CUR);
    char *bytes = size > 0 ? malloc((size_t)size) : NULL;
    size_t len = 0;
    while (bytes && len < (size_t)size) {
        /* What lies behind `size` is left over from longer frames. */
        const ssize_t n = pread(term->sink, bytes + len, (size_t)size - len, (off_t)len);
        if (n <= 0) break;
        len += (size_t)n;
    }
    if (len > 0) (void)queue_expanded(term, bytes, tighten(bytes, len));
    free(bytes);
    (void)lseek(term->sink, 0, SEEK_SET);
}

enum terminal_state terminal_flush(struct terminal *term)
{
    collect(term);
    if (term->is_entered && !term->is_announced && terminal_is_stalled(term)) {
        atomic_store(term->restore->is_entered, true);
        term->is_announced = true;
    }
    while (term->out_done < term->out_len) {
        const ssize_t n =
            write(term->fd, term->out + term->out_done, term->out_len - term->out_done);
        if (n > 0) {
            term->out_done += (size_t)n;
            term->bytes += n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno != EAGAIN) {
            return verdict(term);
        } else {
            break;
        }
    }
    return TERMINAL_OK;
}

bool terminal_is_stalled(const struct terminal *term)
{
    return term->out_done < term->out_len;
}

bool terminal_resize(struct terminal *term)
{
    int rows, cols;
    read_size(term, &rows, &cols);
    if (rows == term->rows && cols == term->cols) return false;
    term->rows = rows;
    term->cols = cols;
    (void)resizeterm(rows, cols + term->margin);
    return true;
}
