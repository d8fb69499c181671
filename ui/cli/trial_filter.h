/* A --filter of the command line over trials of a study: what it speaks of is read when it is made.
 */
#ifndef UI_CLI_TRIAL_FILTER_H
#define UI_CLI_TRIAL_FILTER_H

#include "cli/locate.h"
#include "cli/options.h"
#include "cli/trial_list.h"
#include "dialin/filter.h"
#include "saved_filters.h"

struct trial_rank {
    int64_t id;
    double loss;
    size_t rank;
};

struct trial_filter { /* = {0} keeps all */
    struct opened *study;
    const struct dln_filter *filter; /* NULL: keeps all */
    struct saved_filters saved;
    struct dln_arena arena;
    struct dln_strbuf scratch;
    struct trial_rank *ranks; /* by id */
    size_t n_ranks;
    struct dln_trial_marks *marks; /* by trial */
    size_t n_marks;
};

/* text NULL: keeps all. DLN_USAGE names the column of what is wrong. */
DLN_CHECK bool trial_filter_init(struct trial_filter *filter, struct opened *study,
                                 const char *text, struct dln_error *err);
void trial_filter_release(struct trial_filter *filter);
bool trial_filter_keeps(struct trial_filter *filter, const struct dln_trial *trial);

/* Leaves the trials of the list that the text keeps; NULL: all. */
DLN_CHECK bool trial_filter_apply(struct opened *study, const char *text, struct trial_list *list,
                                  struct dln_error *err);

#define OPTION_FILTER                                            \
    {                                                            \
        .name = "filter", .alias = 'f', .value = "EXPR",         \
        .help = "only these trials: 'loss < 0.1 and opt == sgd'" \
    }

#endif
