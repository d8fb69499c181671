/* Runs a study that is prepared: the screen on a terminal, else lines. */
#ifndef UI_CLI_RUN_STUDY_H
#define UI_CLI_RUN_STUDY_H

#include <stdbool.h>

#include "app.h"
#include "cli/prepare.h"
#include "cli/report.h"

struct run_how {
    struct app_options looks; /* of the screen; which study is filled in */
    bool headless;            /* lines on a terminal, too */
    bool start_paused;
    bool ends_when_paused; /* lines: ends instead of waiting when failures pause the study */
};

/* Returns when the study is over, or the screen is left. */
enum status run_study(const struct prepared *prepared, const struct run_how *how);

#endif
