/*
 * Which trials of a study: the language of filters, the same on the screens and on the command
 * line. It is that of dialin/expr.h over what a trial has, and
 *
 *   lr val_loss time step rank …   parameters, metrics and the words of dln_filter_word()
 *   time > 2m                      units: ms s m h d; a time is in seconds
 *   state:ok  state:run,wait       in one of these states
 *   tag:paper  note:cosine         has this tag; has a note with this in it
 *   has:artifact note tag NAME     has one at all; a parameter or metric has a value
 *   #12  #40..60  #900..           by number
 *   adamw  'out of memory'         a word by itself: stands somewhere in the trial's texts
 *   @good                          a filter that was saved under this name
 *
 * A name is a parameter before it is a metric, and that before it is a word of ours. Immutable once
 * parsed; evaluated by as many threads as there are readers.
 */
#ifndef DIALIN_FILTER_H
#define DIALIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/expr.h"
#include "dialin/space.h"
#include "dialin/trial.h"

enum dln_filter_kind {
    /* values */
    DLN_FILTER_PARAM,
    DLN_FILTER_METRIC,
    DLN_FILTER_VALUE, /* of the first objective */
    DLN_FILTER_NUMBER,
    DLN_FILTER_STATE, /* its word */
    DLN_FILTER_TIME,  /* seconds */
    DLN_FILTER_STEP,  /* the last one reported, and its value */
    DLN_FILTER_LAST,
    DLN_FILTER_RANK, /* 1: the best of the complete trials */
    DLN_FILTER_REASON,
    DLN_FILTER_SLOT,
    DLN_FILTER_STARTED, /* texts: 2026-11-30 14:05:00, UTC */
    DLN_FILTER_ENDED,
    DLN_FILTER_ATTEMPTS,
    DLN_FILTER_STRATEGY,
    DLN_FILTER_WHY,
    DLN_FILTER_DETAIL,
    DLN_FILTER_ATTRIBUTE, /* attr.KEY; text: the key */
    /* claims: true or false */
    DLN_FILTER_STATES,  /* states */
    DLN_FILTER_NUMBERS, /* low … high */
    DLN_FILTER_TAG,     /* text; "": any */
    DLN_FILTER_NOTE,    /* text; "": any */
    DLN_FILTER_ARTIFACT,
    DLN_FILTER_HAS, /* of: its value is there */
    DLN_FILTER_TEXT /* text stands somewhere, letter case aside */
};

struct dln_filter_field {
    enum dln_filter_kind kind;
    enum dln_filter_kind of; /* HAS */
    size_t index;            /* of the parameter or metric */
    const char *text;
    unsigned states; /* bits 1 << enum dln_trial_state */
    int64_t low, high;
};

/* What names there are. */
struct dln_filter_names {
    const struct dln_space *space;
    size_t m;
    const char *const *metric;
    uint64_t left_out; /* bits 1 << kind of values that the reader does not know */
    const char *(*saved)(void *context, const char *name); /* may be NULL */
    void *context;
};

struct dln_filter;

/* On failure *column (1-based, in bytes) is where. DLN_INVALID, DLN_NOMEM. */
DLN_API DLN_CHECK bool dln_filter_parse(const char *text, const struct dln_filter_names *names,
                                        struct dln_arena *arena, const struct dln_filter **out,
                                        size_t *column, struct dln_error *err);
/* Gives the value or truth of a field for the trial that the context means; leaves what is missing.
 */
typedef void dln_filter_read(void *context, const struct dln_filter_field *field,
                             struct dln_value *out);
DLN_API bool dln_filter_keeps(const struct dln_filter *filter, dln_filter_read *read,
                              void *context);
/* Its fields, for a reader that prepares something. */
DLN_API const struct dln_filter_field *dln_filter_fields(const struct dln_filter *filter,
                                                         size_t *n);
DLN_API bool dln_filter_uses(const struct dln_filter *filter, enum dln_filter_kind kind);

/* The kind of a word of ours ("rank"); false: it is none. */
DLN_API bool dln_filter_word(const char *name, enum dln_filter_kind *out);
/* The words, one by one; NULL at the end. For completion. */
DLN_API const char *dln_filter_word_at(size_t i);

/* Whether `text` holds `wanted`, ASCII letter case aside. */
DLN_API bool dln_text_holds(const char *text, const char *wanted);

/* Whether one of the tags ("baseline paper") is this one; "": whether there are any. */
DLN_API bool dln_tags_have(const char *tags, const char *tag);

#endif
