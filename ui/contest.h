/*
 * Two searches against each other, fairly: after as many trials, after as much time, and whether
 * their values differ by more than chance. Losses are of the complete trials of one study in the
 * order of their numbers; less is better. Arithmetic only. Thread: any.
 */
#ifndef UI_CONTEST_H
#define UI_CONTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The best of the first n; NaN: there is none. */
double contest_best_of(size_t n_losses, const double *loss, size_t n);
/* The best of those that had ended by then; at_s as contest_clock() gives it. */
double contest_best_until(size_t n_losses, const double *loss, const double *at_s, double until_s);

/*
 * Seconds that a search had run when each of its trials ended, with the time that nothing ran left
 * out: a pause of a night is no slowness. Times are wall microseconds; 0: not known, and NaN comes
 * of it. False: no memory.
 */
bool contest_clock(size_t n, const int64_t *started_us, const int64_t *ended_us, double *at_s);

/*
 * The rank test of Mann and Whitney, two-sided, by its normal approximation with a correction for
 * ties: how often chance alone would part two sets of values as far. NaN with fewer than 4 in one,
 * or without memory.
 */
double contest_rank_p(size_t n_a, const double *a, size_t n_b, const double *b);

#endif
