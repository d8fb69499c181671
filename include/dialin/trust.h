/*
 * Is the best result of a search real? The best of many noisy values is too good by luck, so a
 * short list is measured again on fresh seeds, the same for every candidate, and judged by these
 * values alone; the value from the search is the claim that is tested, never part of the evidence.
 *
 * Values in, judgement out; nothing here runs, reads or writes anything. Less is better ("loss") where it says
 * so. Thread: any.
 */
#ifndef DIALIN_TRUST_H
#define DIALIN_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/predict.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"

/* ── how lucky the best of many is ─────────────────────────────────────────────────────────────*/

/* The expected maximum of k independent standard normals. */
DLN_API double dln_expected_max(size_t k);
/*
 * By how much the best of n losses is too good, if one measurement has this standard deviation:
 * so much as the luckiest of those within two of them of the best. NaNs are passed over.
 */
DLN_API double dln_expected_luck(double noise_sd, size_t n, const double *loss);

/*
 * What a search found, before anything is measured again. The model's pick is the trial whose
 * expected value is best: a lucky one falls back to what its neighbours say.
 */
struct dln_standing {
    size_t n;        /* complete trials that count; their values may be means of runs */
    bool is_known;   /* there is a model; else all below is empty */
    double noise_sd; /* of one trial; NaN */
    size_t n_near;   /* trials within two of these of the best, itself included; all, where nothing is
                        explained */
    double luck;     /* by how much the best is expected to be too good; NaN */
    int64_t best;    /* number of the trial with the best value; -1: none */
    int64_t pick;    /* number of the trial; -1: none */
    double pick_mean, pick_sd; /* what one more trial of it would give */
    double best_mean;          /* the same of the trial with the best value */
    bool explains_nothing; /* enough trials, and no parameter tells good from bad */
    bool is_crowded;       /* so many within the noise of the best that their order is luck */
};
enum {
    DLN_STANDING_MIN = 20,   /* trials, before a warning */
    DLN_STANDING_CROWD = 20, /* trials near the best that are a crowd */
    DLN_STANDING_PICKS = 200 /* by value, that the model chooses among */
};
/*
 * Rows as the store gives them, with the one objective that the predictor knows; it must have
 * learned from them. The search is fitting noise where it explains nothing or is crowded.
 */
DLN_API DLN_CHECK bool dln_standing_find(dln_predictor *predictor, size_t n,
                                         const struct dln_history_row *rows, bool maximize,
                                         struct dln_arena *arena, struct dln_standing *out,
                                         struct dln_error *err);
/* The warning as one line, "" where there is none. */
DLN_API void dln_standing_warning(const struct dln_standing *standing, struct dln_strbuf *out);

/* ── did predictions come true ─────────────────────────────────────────────────────────────────*/

struct dln_calibration {
    size_t n, n_within; /* predictions; within their 90 % interval */
    double share;       /* of these; NaN without any */
    double bias;        /* mean of (value - prediction) / sd; NaN */
};
/* by_hand: of a person's points, else of suggested ones. */
DLN_API struct dln_calibration dln_calibrate(size_t n, const struct dln_foretold *rows,
                                             bool by_hand);

/* ── who is measured again, how often ──────────────────────────────────────────────────────────*/

/*
 * The `top` trials by expected loss (a model's mean; NaN: none, the loss stands for it), and the
 * one with the least loss of all even if it is not among them. Their indices, best expectation
 * first, to out (room for top + 1); how many. Trials whose loss is NaN are passed over.
 */
DLN_API size_t dln_shortlist(size_t n, const double *expected, const double *loss, size_t top,
                             size_t *out);

/*
 * Sequential halving (Karnin 2013): each round measures all that are left so many times more, then
 * keeps the better half. `budget` measurements in all, evenly over the rounds; at least `least` in
 * the first round, because one value has no spread.
 */
struct dln_round {
    size_t n_left, repeats;
};
enum { DLN_ROUNDS_MAX = 16 };
/* k ≥ 1. How many rounds. */
DLN_API size_t dln_halving_plan(size_t k, size_t budget, size_t least,
                                struct dln_round rounds[DLN_ROUNDS_MAX]);

/* ── two candidates on the same seeds ──────────────────────────────────────────────────────────*/

struct dln_paired {
    size_t n;          /* seeds that both have */
    double mean, sd;   /* of a - b; NaN where there are too few */
    double half_width; /* of its 95 % interval */
    double t, p;       /* two-sided; p is 1 with fewer than two seeds */
    double wilcoxon_p; /* two-sided; NaN with fewer than six */
    size_t more;       /* further seeds until such a difference would show; 0: it does,
                          SIZE_MAX: more than a thousand */
};
/*
 * NaN: not measured. test_train: size of the test part by that of the training part where the
 * values are folds of one cross-validation, which are not independent (Nadeau and Bengio 2003);
 * 0: independent seeds.
 */
DLN_API DLN_CHECK bool dln_compare_paired(size_t n, const double *a, const double *b,
                                          double test_train, struct dln_arena *arena,
                                          struct dln_paired *out, struct dln_error *err);
/* Holm's correction for n comparisons, in place, in any order. */
DLN_API DLN_CHECK bool dln_holm(size_t n, double *p, struct dln_arena *arena,
                                struct dln_error *err);

/* ── the judgement ─────────────────────────────────────────────────────────────────────────────*/

enum dln_verdict_word {
    DLN_WORD_HOLDS,    /* the fresh mean agrees with the value from the search, or is better */
    DLN_WORD_LUCKY,    /* it is worse, beyond its 95 % interval */
    DLN_WORD_UNSETTLED /* too few runs to tell */
};
DLN_API const char *dln_verdict_name(enum dln_verdict_word word);

struct dln_candidate {
    /* given */
    double search;        /* its value in the search; NaN: none */
    const double *values; /* n_seeds, NaN where not measured or failed */
    size_t n_asked;       /* runs that were tried, the failed ones included */
    bool is_control;      /* the default: compared with the winner, never the winner */

    /* found */
    size_t n;
    double mean, sd;          /* of the fresh values; NaN: too few */
    double half_width;        /* of the 95 % interval of the mean, by the noise of all candidates */
    double shift;             /* mean - search, in units of the objective */
    double shrunk;            /* the mean drawn towards that of all, by how little they differ */
    struct dln_paired behind; /* itself against the winner, as losses: positive is worse */
    double p;                 /* of that, corrected for all comparisons; 1 for the winner */
    bool is_tied;             /* not told apart from the winner, which itself is not */
    enum dln_verdict_word word;
    size_t rank; /* 0: the winner */
    size_t more; /* UNSETTLED: runs that are missing */
};

struct dln_findings {
    bool is_known; /* there is a winner */
    size_t winner;
    double value, half_width;     /* to report: the winner's shrunk mean */
    double noise_sd;              /* of one measurement, pooled over candidates; NaN: not known */
    double grand, between;        /* mean of the candidates' means; variance of their true means */
    double shrinkage;             /* 0: the means stand for themselves, 1: they do not differ */
    double optimism, optimism_se; /* how much better the search made them look, on average */
    double rank_agreement;        /* Spearman's, of search and fresh means; NaN: too few */
    size_t n_tied;                /* with the winner */
    size_t more;                  /* seeds that would tell the winner from the nearest of these */
    bool has_control, beats_control;
    double p_control;
};

/*
 * Fills the found half of all candidates. The winner has the best mean among those that were
 * measured most often. test_train: as for dln_compare_paired(). False: no memory.
 */
DLN_API DLN_CHECK bool dln_judge(size_t n, struct dln_candidate *candidates, size_t n_seeds,
                                 bool maximize, double test_train, struct dln_arena *arena,
                                 struct dln_findings *out, struct dln_error *err);

/* Spearman's rank correlation of n pairs, ties by their mean rank; NaN for n < 3 or no spread. */
DLN_API double dln_rank_correlation(size_t n, const double *a, const double *b);

#endif
