/* What analyses look at: the complete trials of a study with a finite value, and what stands out.
 */
#ifndef UI_CLI_EVIDENCE_H
#define UI_CLI_EVIDENCE_H

#include "cli/locate.h"
#include "cli/options.h"
#include "cli/trial_list.h"
#include "dialin/explain.h"

#define EVIDENCE_MIN 10 /* trials; fewer say nothing about a tenth of them */

struct evidence { /* arrays in its arena; trials are borrowed from the list */
    struct dln_arena arena;
    size_t objective;
    bool maximize;
    struct dln_evidence of;         /* loss has the sign turned for an objective to maximize */
    const struct dln_trial **trial; /* of.n: the rows themselves */
    size_t left_out;                /* complete trials without a finite value */
};

/* The objective that --objective names (default: the first). DLN_USAGE names the nearest one. */
DLN_CHECK bool evidence_objective(const struct opened *study, const struct options *options,
                                  size_t *out, struct dln_error *err);
DLN_CHECK bool evidence_make(const struct opened *study, const struct trial_list *list,
                             size_t objective, struct evidence *out, struct dln_error *err);
void evidence_release(struct evidence *evidence);

/* "best near 9.6e-04, half of the best within 4e-04 … 2e-03", "adamw, then sgd": what good trials
   have in common in one parameter. Nothing for fewer than five trials. */
void evidence_sentence(const struct evidence *evidence, size_t param, struct dln_strbuf *out);

#define OPTION_OBJECTIVE                                                                       \
    {                                                                                          \
        .name = "objective", .value = "METRIC", .help = "which one, where a study has several" \
    }

#endif
