/*
 * The screen program: one entry for `dialin`, `dialin STUDY`, `dialin run` and `dialin attach`, and
 * for the plain line mode of `run --headless` and `watch`.
 *
 * app_run() forks and makes threads: the caller must hold no open store, no engine and no thread.
 * It does not parse study files: whoever calls it has made the study in the database already.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include <stdbool.h>
#include <stdint.h>

/* AUTO obeys NO_COLOR; ALWAYS does not. None shows more than the terminal can. */
enum app_color { APP_COLOR_AUTO, APP_COLOR_NEVER, APP_COLOR_8, APP_COLOR_ALWAYS };
enum app_glyphs { APP_GLYPHS_AUTO, APP_GLYPHS_BRAILLE, APP_GLYPHS_BLOCKS, APP_GLYPHS_ASCII };

struct app_options {
    const char *path; /* a database file; for home a folder or a file, NULL: the working folder */
    int64_t study_id; /* the study to open; -1: home, the list of all studies */
    const char *study_name; /* its name, shown until the file has been read */
    bool start_engine;      /* run the study in this process, at once */
    bool start_paused;      /* with start_engine: wait for `p` */
    bool attach;            /* look and steer: runs a study here only where its engine died */
    bool read_only;         /* no commands either */
    bool lines;        /* one line an event, no control codes; also where there is no terminal */
    bool slow;         /* a slow line: fewer and smaller frames, from the start */
    const char *theme; /* name or file; NULL: the default */
    enum app_color color;
    enum app_glyphs glyphs;
};

/*
 * Runs until the person leaves, or, in line mode, until the study ends. Returns the exit status of
 * the program: 0 fine, 1 the study failed or was stopped without a result, 2 no usable terminal or
 * a bad option, 3 another engine holds the study, 4 the file could not be read or written.
 * Sentences about failures have been written to standard error.
 */
int app_run(const struct app_options *options);

#endif
