/*
 * Where a population method wanted a trial to be, in the trial's memo. A trial keeps its values; a
 * coordinate that was rounded to an int, or that was not active, would be lost without the memo.
 */
#ifndef DLN_STRATEGY_MEMO_H
#define DLN_STRATEGY_MEMO_H

#include "dialin/json.h"
#include "dialin/strategy.h"

/* Values in an order with something in between: a distance between two of them means something. */
bool dln_param_is_ordered(const struct dln_param *param);

/*
 * Writes "v": the coordinates that the values alone do not give back, in billionths; null where a
 * person fixed the value (fixed: d, NaN where free).
 */
void dln_memo_write_raw(struct dln_json_writer *w, const struct dln_space *space,
                        const double *fixed, const double *u);
/*
 * raw (d): the coordinates of a trial as it was wanted, clipped to [low, high]; where nothing was
 * noted (memo may be NULL), those of its values; NaN where there are none.
 */
void dln_memo_read_raw(const json_t *memo, const struct dln_space *space,
                       const struct dln_view_trial *trial, double low, double high, double *raw);

/* Numbers in ascending order as text, "3,5-9"; NULL: no memory. */
char *dln_memo_ranges(struct dln_arena *arena, const int64_t *numbers, size_t n);
/* The numbers of such a text under a key, at most `most`; 0 when it is missing or not valid. */
size_t dln_memo_read_ranges(const json_t *memo, const char *key, size_t most, int64_t *numbers);

/* The memo of a trial as a JSON object, or NULL: there is none, or it is not valid. */
json_t *dln_memo_read(const struct dln_view_trial *trial);
/* A member within [low, high]; false: missing, of another kind, or outside. */
bool dln_memo_int(const json_t *memo, const char *key, int64_t low, int64_t high, int64_t *value);
bool dln_memo_real(const json_t *memo, const char *key, double low, double high, double *value);

#endif
