/*
 * The plain mode: one line an event on standard output, no control codes. For logs, pipes, screen
 * readers, and terminals that can show nothing else; `run --headless` and `watch` are this.
 */
#ifndef UI_LINES_H
#define UI_LINES_H

#include "app.h"

/*
 * Runs the study if options->start_engine, and follows it: until its engine is over, or, when it
 * runs elsewhere, until it is done. Returns the exit status of app_run().
 */
int lines_run(const struct app_options *options);

#endif
