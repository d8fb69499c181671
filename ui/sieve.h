/*
 * A filter over the rows of the open study: which are hidden, renewed when rows change. 100,000
 * rows take a few milliseconds, so it filters while a person types. Thread: owner (ui).
 */
#ifndef UI_SIEVE_H
#define UI_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/filter.h"
#include "order.h"
#include "saved_filters.h"
#include "session.h"
#include "widget/line_edit.h"

struct word_hits;
struct sieve {                /* = {0} hides nothing */
    char text[LINE_EDIT_MAX]; /* "": no filter */
    struct dln_arena arena;
    const struct dln_filter *filter; /* NULL: none */
    struct word_hits *words;         /* of its fields that look for text */
    bool *hidden;                    /* cap; the first n are of the model's rows */
    size_t n, cap, n_shown;
    uint32_t *rank; /* cap; 0: none. Made when the filter asks for it */
    struct order by_value;
    uint64_t model_revision, marks_revision;
    uint64_t revision; /* changes whenever another row is hidden or shown */
};

/*
 * Takes another filter; "" is none. False: it is wrong in *column (from 1), the old one stays and
 * `error` says why.
 */
DLN_CHECK bool sieve_set(struct sieve *sieve, const struct session *session,
                         struct saved_filters *saved, const char *text, int64_t now_us, char *error,
                         size_t cap, size_t *column);
/* After the model or what people say of it has changed; true if rows have to be arranged anew. */
bool sieve_follow(struct sieve *sieve, const struct session *session, int64_t now_us);
/* For each row of the model; NULL: none is hidden. */
const bool *sieve_hidden(const struct sieve *sieve);
void sieve_release(struct sieve *sieve);

#endif
