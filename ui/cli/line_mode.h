/*
 * A study without a screen: `run --headless`, `watch`, and every command where the terminal can
 * show no more than lines. See progress.h for the lines.
 */
#ifndef UI_CLI_LINE_MODE_H
#define UI_CLI_LINE_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/report.h"

struct line_mode {
    const char *db_path;
    int64_t study_id;
    const char *note;      /* a line to start with, or NULL */
    bool start_paused;     /* run nothing until a person resumes */
    bool ends_when_paused; /* do not wait for a person when failures pause the study */
};

/*
 * Runs the study in this process to its end, then prints the best setting. SIGINT and SIGTERM end
 * it politely, a second one at once; SIGHUP and a reader that goes away end nothing.
 */
enum status line_mode_run(const struct line_mode *mode);
/* Follows a study until no engine is at work. `once`: says how it stands, and ends. */
enum status line_mode_watch(const char *db_path, int64_t study_id, bool once);

#endif
