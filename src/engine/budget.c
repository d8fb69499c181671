#include "engine/budget.h"

#include <inttypes.h>

#include "dialin/num.h"

bool dln_budget_is_open(const struct dln_budget *budget, const struct dln_ledger *ledger,
                        const struct dln_spent *spent, const char **why)
{
    const char *limit = NULL;
    double loss;
    if (budget->trials > 0 && dln_ledger_used(ledger) >= budget->trials) {
        limit = "budget: trials";
    } else if (budget->has_target && dln_ledger_first_loss(ledger, &loss) &&
               loss <= (ledger->maximize[0] ? -budget->target : budget->target)) {
        limit = "budget: target";
    } else if (budget->time_s > 0 && spent->time_s >= budget->time_s) {
        limit = "budget: time";
    } else if (budget->slot_s > 0 && spent->slot_s >= budget->slot_s) {
        limit = "budget: slot_hours";
    } else if (budget->cost > 0 && spent->cost >= budget->cost) {
        limit = "budget: cost";
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
    if (budget->slot_s > 0) {
        comma(out, start);
        (void)dln_num_short(budget->slot_s / 3600, number);
        dln_strbuf_addf(out, "%s slot hours", number);
    }
    if (budget->cost > 0) {
        comma(out, start);
        (void)dln_num_short(budget->cost, number);
        dln_strbuf_addf(out, "cost %s", number);
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
