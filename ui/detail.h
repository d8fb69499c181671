/*
 * One trial in full, for the strip under the table and for its own screen: whole curve, reason,
 * attributes, and the end of its log. Read in the background; what is shown of another trial goes
 * away at once. Thread: ui.
 */
#ifndef UI_DETAIL_H
#define UI_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"
#include "view.h"

enum { DETAIL_LOG_MAX = 1024 * 1024 }; /* kept of a log: its end */

enum log_stream { LOG_STDOUT, LOG_STDERR, LOG_STREAM_COUNT };
const char *log_stream_name(enum log_stream stream); /* also the file's name */

struct log_text {
    char *text; /* len bytes, NUL-terminated */
    size_t len;
    int64_t size; /* of the file */
    bool is_cut;  /* there is more before it */
    uint64_t revision;
};

struct detail {
    int64_t trial_id; /* -1: nothing asked for */
    bool has_trial;
    struct dln_arena arena;
    struct dln_trial trial;
    size_t n_attributes;
    const struct dln_attribute *attributes;
    struct log_text log[LOG_STREAM_COUNT];
    char sentence[VIEW_TEXT_MAX]; /* why there is no trial or no log */
    bool is_asked;                /* a job is on its way */
    int64_t asked_ns;             /* a growing log is looked at once a second */
};

/* Asks for the trial at `row` of the model unless it is there and current. */
void detail_ask(struct view *view, struct detail *detail, size_t row);
void detail_release(struct detail *detail);
/* "auto: gp: most to gain …": who proposed it and why; the strategy is named once. */
void detail_why(const struct dln_trial *trial, struct dln_strbuf *out);

#endif
