/* What a confirmation found, in sentences. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine/confirm_plan.h"

/* As many decimals as the half width asks for: two digits of it. */
void dln_confirmation_number(double value, double half_width, struct dln_strbuf *out)
{
    char text[512];
    if (!(half_width > 0) || !isfinite(half_width)) {
        (void)snprintf(text, sizeof text, "%.6g", value);
        dln_strbuf_add(out, text);
        return;
    }
    int decimals = 1 - (int)floor(log10(half_width));
    if (decimals < 0) decimals = 0;
    if (decimals > 17) decimals = 17;
    if (fabs(value) < 1e15 && half_width < 1e15) {
        (void)snprintf(text, sizeof text, "%.*f ± %.*f", decimals, value, decimals, half_width);
    } else {
        (void)snprintf(text, sizeof text, "%.6g ± %.2g", value, half_width);
    }
    dln_strbuf_add(out, text);
}

static void add_name(const struct dln_confirm_row *row, struct dln_strbuf *out)
{
    if (row->number < 0) {
        dln_strbuf_add(out, "the default");
    } else {
        dln_strbuf_addf(out, "#%" PRId64, row->number);
    }
}

/* Within a sentence: the search's own value with the digits of the fresh one. */
static void add_claim(double value, double half_width, struct dln_strbuf *out)
{
    struct dln_strbuf text = {0};
    dln_confirmation_number(value, half_width, &text);
    const char *const whole = dln_strbuf_text(&text);
    const char *const end = strstr(whole, " ±");
    dln_strbuf_addf(out, "%.*s", (int)(end ? end - whole : (ptrdiff_t)text.len), whole);
    dln_strbuf_release(&text);
}

static void about_best(const struct dln_confirmation *c, struct dln_strbuf *out)
{
    const struct dln_confirm_row *best = &c->rows[c->best];
    const struct dln_candidate *r = &best->result;
    dln_strbuf_add(out, "The best of the search, ");
    add_name(best, out);
    if (r->n == 0) {
        dln_strbuf_add(out, ", is unsettled: none of its fresh runs gave a value.\n");
        return;
    }
    dln_strbuf_addf(out, ", %s: ",
                    r->word == DLN_WORD_HOLDS   ? "holds"
                    : r->word == DLN_WORD_LUCKY ? "was lucky"
                                                : "is unsettled");
    dln_confirmation_number(r->mean, r->half_width, out);
    dln_strbuf_addf(out, " on %zu fresh run%s, ", r->n, r->n == 1 ? "" : "s");
    add_claim(r->search, r->half_width, out);
    dln_strbuf_add(out, " in the search");
    if (r->word == DLN_WORD_UNSETTLED && r->more > 0) {
        dln_strbuf_addf(out, "; %zu more run%s would tell", r->more, r->more == 1 ? "" : "s");
    }
    dln_strbuf_add(out, ".\n");
}

static void about_ties(const struct dln_confirmation *c, struct dln_strbuf *out)
{
    size_t named = 0;
    if (c->findings.n_tied == 0) return;
    for (size_t i = 0; i < c->n; i++) {
        if (!c->rows[i].result.is_tied) continue;
        dln_strbuf_add(out, named++ ? ", " : "Not told apart from it: ");
        add_name(&c->rows[i], out);
    }
    if (c->findings.more > 0 && c->findings.more < SIZE_MAX) {
        dln_strbuf_addf(out, "; about %zu more run%s would settle it", c->findings.more,
                        c->findings.more == 1 ? "" : "s");
    } else if (c->findings.more > 0) {
        dln_strbuf_add(out, "; as good as equal, so prefer the cheaper one");
    }
    dln_strbuf_add(out, ".\n");
}

static void about_control(const struct dln_confirmation *c, struct dln_strbuf *out)
{
    const struct dln_findings *f = &c->findings;
    const struct dln_candidate *control = &c->rows[c->n - 1].result;
    if (!f->has_control || control->n == 0) return;
    dln_strbuf_addf(out, f->beats_control ? "It beats the default, "
                                          : "It is not shown to beat the default, ");
    dln_confirmation_number(control->mean, control->half_width, out);
    if (f->p_control < 0.001) {
        dln_strbuf_add(out, " (p < 0.001).\n");
    } else {
        dln_strbuf_addf(out, " (p = %.2g).\n", f->p_control);
    }
}

static void about_search(const struct dln_confirmation *c, struct dln_strbuf *out)
{
    const struct dln_findings *f = &c->findings;
    if (f->optimism > 2 * f->optimism_se && f->optimism > 0) {
        dln_strbuf_addf(out, "The search made its candidates look better by %.2g on average",
                        f->optimism);
        if (c->luck > 0) {
            dln_strbuf_addf(out, "; %.2g is what luck alone gives the best of these trials",
                            c->luck);
        }
        dln_strbuf_add(out, ".\n");
    }
    if (f->rank_agreement < 0.3 && f->optimism > 0) {
        dln_strbuf_add(out, "Their order in the search says little about their fresh order: at "
                            "the top the search is sorting noise.\n");
    }
    if (c->is_held_out && c->held_out_uses > 10) {
        dln_strbuf_addf(out,
                        "The held-out command has judged %" PRId64 " short lists: what it says "
                        "becomes optimistic, too.\n",
                        c->held_out_uses);
    }
    if (!c->is_current) {
        dln_strbuf_add(out, "Trials were completed since: another confirmation looks at them.\n");
    }
}

void dln_confirmation_verdict(const struct dln_confirmation *c, struct dln_strbuf *out)
{
    const struct dln_findings *f = &c->findings;
    if (!c->is_finished) return;
    if (!f->is_known) {
        dln_strbuf_add(out, "No candidate could be measured: every fresh run failed.\n");
        return;
    }
    const struct dln_confirm_row *winner = &c->rows[f->winner];
    about_best(c, out);
    dln_strbuf_add(out, "Use ");
    add_name(winner, out);
    dln_strbuf_addf(out, " and report %s ", c->metric);
    dln_confirmation_number(f->value, f->half_width, out);
    dln_strbuf_addf(out, " (%zu fresh run%s).\n", winner->result.n,
                    winner->result.n == 1 ? "" : "s");
    about_ties(c, out);
    about_control(c, out);
    about_search(c, out);
}
