#include "engine/budget.h"

#include <inttypes.h>

#include "dialin/num.h"

bool dln_budget_is_open(const struct dln_budget *budget, const struct dln_ledger *ledger,
                        double run_time_s, const char **why)
{
    const char *limit = NULL;
    double loss;
    if (budget->trials > 0 && dln_ledger_used(ledger) >= budget->trials) {
        limit = "budget: trials";
    } else if (budget->has_target && dln_ledger_first_loss(ledger, &loss) &&
               loss <= (ledger->maximize[0] ? -budget->target : budget->target)) {
        limit = "budget: target";
    } else if (budget->time_s > 0 && run_time_s >= budget->time_s) {
        limit = "budget: time";
    } else if (budget->no_improvement > 0 &&
               dln_ledger_since_best(ledger) >= budget->no_improvement) {
        limit = "budget: no_improvement";
    }
    if (limit && why) *why = limit;
    return !limit;
}

static void comma(struct dln_strbuf *out, size_t start)
{
    if (out->len > start) dln_strbuf_add(out, ", ");
}

void dln_budget_text(const struct dln_budget *budget, struct dln_strbuf *out)
{
    const size_t start = out->len;
    char number[DLN_NUM_TEXT_MAX];
    if (budget->trials > 0) dln_strbuf_addf(out, "%" PRId64 " trials", budget->trials);
    if (budget->time_s > 0) {
        comma(out, start);
        (void)dln_num_short(budget->time_s, number);
        dln_strbuf_addf(out, "%s s", number);
    }
    if (budget->has_target) {
        comma(out, start);
        (void)dln_num_short(budget->target, number);
        dln_strbuf_addf(out, "target %s", number);
    }
    if (budget->no_improvement > 0) {
        comma(out, start);
        dln_strbuf_addf(out, "%" PRId64 " without improvement", budget->no_improvement);
    }
    if (out->len == start) dln_strbuf_add(out, "no limit");
}
