/* The inside of a tuner. */
#ifndef DLN_SERVE_TUNER_H
#define DLN_SERVE_TUNER_H

#include "dialin/serve.h"
#include "serve/keeper.h"

struct dln_limits;

/* A pruner's no, until its trial is told. */
struct dln_no {
    int64_t number;
    struct dln_prune cut;
};

struct dln_tuner {
    struct dln_study *study;
    struct dln_book book;
    struct dln_keeper *keeper;
    struct dln_limits *limits;
    struct dln_no *noes;
    size_t n_noes, cap_noes;
    int reused_in_row;
    double *x; /* d: a queued point */
};

/* DLN_UNSUPPORTED names the key that cannot be served. */
DLN_CHECK bool dln_tuner_can_serve(const struct dln_study *study, struct dln_error *err);
/* A tuner without a keeper. Takes the study over, also on failure. */
DLN_CHECK bool dln_tuner_make(struct dln_study *study, uint64_t seed, dln_tuner **out,
                              struct dln_error *err);

#endif
