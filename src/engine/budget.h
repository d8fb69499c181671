/* When a study has had enough. */
#ifndef DLN_ENGINE_BUDGET_H
#define DLN_ENGINE_BUDGET_H

#include <stdbool.h>

#include "dialin/study.h"
#include "engine/ledger.h"

/*
 * Whether one more trial may be started. If not, *why (if not NULL) names the limit that was met
 * first in the order of this list; once nothing runs any more, the study is done.
 *
 * trials          RUNNING and finished trials together: never one too many, whatever runs beside.
 * time            what engines have spent on the study, over its life.
 * slot_hours      how long slots were taken, together; those that run go on.
 * cost            what trials have reported as `cost`, those that run so far included.
 * target          a finished trial has reached it.
 * no_improvement  so many trials were started after the best one. Those that still run may change
 *                 the answer, so that never more than this number follows the best; failed trials
 *                 tell nothing and do not count.
 */
bool dln_budget_is_open(const struct dln_budget *budget, const struct dln_ledger *ledger,
                        const struct dln_spent *spent, const char **why);

/* "400 trials, 12 h": the limits that are set, for the journal. */
void dln_budget_text(const struct dln_budget *budget, struct dln_strbuf *out);

#endif
