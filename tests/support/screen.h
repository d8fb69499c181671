/*
 * A program on a pseudo-terminal behind libvterm: press keys, wait for cells, compare screens.
 *
 *     screen *s = screen_open(24, 80, "xterm-256color", argv, NULL);
 *     screen_wait(s, "IDLE", 5000);
 *     screen_keys(s, "2jp");
 *     screen_wait(s, "paused", 5000);
 *     screen_match(s, "trials-80x24");
 *     screen_keys(s, "q");
 *     assert_int_equal(screen_exit(s, 5000), 0);
 *     screen_assert_clean(s);
 *     screen_close(s);
 *
 * Every function that waits does so on events with a deadline; passing it fails the test and prints
 * the screen. Environment of the program: PATH, HOME, TMPDIR, *SAN_OPTIONS of the test, TERM,
 * LC_ALL=C.UTF-8, then what the test gives ("NAME=value"; "NAME" alone takes it away).
 */
#ifndef TEST_SUPPORT_SCREEN_H
#define TEST_SUPPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/escapes.h"

typedef struct screen screen;

screen *screen_open(int rows, int cols, const char *term, char *const *argv, char *const *env);
/* Hangs up, ends the program's process group if it still lives, waits for it. */
void screen_close(screen *s);

/* Bytes as a keyboard would send them. */
void screen_keys(screen *s, const char *keys);
#define SCREEN_ESC       "\033"
#define SCREEN_ENTER     "\r"
#define SCREEN_TAB       "\t"
#define SCREEN_UP        "\033OA" /* as terminals send them in keypad mode, which curses sets */
#define SCREEN_DOWN      "\033OB"
#define SCREEN_RIGHT     "\033OC"
#define SCREEN_LEFT      "\033OD"
#define SCREEN_PAGE_UP   "\033[5~"
#define SCREEN_PAGE_DOWN "\033[6~"

/* Until the text stands in a row, or in none any more. */
void screen_wait(screen *s, const char *text, int timeout_ms);
void screen_wait_gone(screen *s, const char *text, int timeout_ms);
/* Until `is_true(s, context)` holds; looked at after each piece of output. `what` is for the
 * report. */
typedef bool screen_condition(screen *s, const void *context);
void screen_wait_until(screen *s, screen_condition *is_true, const void *context, const char *what,
                       int timeout_ms);
/* Whether the text stands in a row now; reads what has already arrived. */
bool screen_shows(screen *s, const char *text);
/* Row (from 0) as UTF-8, without trailing blanks; borrowed until the next call. */
const char *screen_row(screen *s, int row);
void screen_cursor(screen *s, int *row, int *col);

/*
 * Compares with tests/terminal/screens/NAME.txt: the text of all rows; _styled adds a map of
 * colours and attributes. A time of the day counts as 00:00:00. A difference fails the test and leaves what was seen in
 * BUILD/screens/NAME.txt. With DIALIN_BLESS=1 in the environment the file is written instead.
 */
void screen_match(screen *s, const char *name);
void screen_match_styled(screen *s, const char *name);

void screen_resize(screen *s, int rows, int cols);
/* The line drops: the program sees a hang-up, and errors when it writes. */
void screen_close_master(screen *s);

int64_t screen_pid(const screen *s);
void screen_signal(screen *s, int number);
/* Waits for the end: the exit status, or 128 + the signal. Output is read on. */
int screen_exit(screen *s, int timeout_ms);

size_t screen_bytes(screen *s); /* that the program has written so far and that have arrived */
/* Reads on until nothing has come for quiet_ms; false: it was still coming at the timeout. */
bool screen_settle(screen *s, int quiet_ms, int timeout_ms);
/* Monotonic times of the program's start and of the newest output that was read. */
int64_t screen_started_ns(const screen *s);
int64_t screen_last_ns(const screen *s);
const struct escapes *screen_escapes(const screen *s);
/* What is not as it was at the start: modes, title stack, line settings; "" if all is well. */
void screen_left(screen *s, char *out, size_t cap);
/* Fails if anything is. */
void screen_assert_clean(screen *s);

#endif
