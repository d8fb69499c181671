#include "cli/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "format.h"

bool evidence_objective(const struct opened *study, const struct options *options, size_t *out,
                        struct dln_error *err)
{
    const struct dln_study_summary *const summary = &study->summary;
    const char *const name = option_text(options, "objective");
    for (size_t i = 0; i < summary->n_objectives; i++) {
        if (name && strcmp(summary->metric_names[i], name) != 0) continue;
        *out = i;
        return true;
    }
    if (!name) return dln_fail(err, DLN_INVALID, "'%s' has no objective", summary->name);
    dln_fail(err, DLN_USAGE, "'%s' is no objective of '%s'", name, summary->name);
    return add_meant(err, name, summary->metric_names, summary->n_objectives);
}

static bool fill(const struct opened *study, const struct trial_list *list, struct evidence *out)
{
    const double **const x = DLN_ARENA_ARRAY(&out->arena, const double *, list->n);
    double *const loss = DLN_ARENA_ARRAY(&out->arena, double, list->n);
    out->trial = DLN_ARENA_ARRAY(&out->arena, const struct dln_trial *, list->n);
    if (!x || !loss || !out->trial) return false;
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct dln_trial *const trial = &list->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE) continue;
        const double value = trial->values[out->objective];
        if (!isfinite(value)) {
            out->left_out++;
            continue;
        }
        out->trial[n] = trial;
        x[n] = trial->x;
        loss[n++] = out->maximize ? -value : value;
    }
    out->of = (struct dln_evidence){.space = study->space, .n = n, .x = x, .loss = loss};
    return true;
}

bool evidence_make(const struct opened *study, const struct trial_list *list, size_t objective,
                   struct evidence *out, struct dln_error *err)
{
    *out =
        (struct evidence){.objective = objective, .maximize = study->summary.maximize[objective]};
    if (fill(study, list, out)) return true;
    evidence_release(out);
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

void evidence_release(struct evidence *evidence)
{
    dln_arena_release(&evidence->arena);
    *evidence = (struct evidence){0};
}

/* ── what good trials have in common ───────────────────────────────────────────────────────────*/

struct seen {
    double x, loss;
};

static int by_loss(const void *a, const void *b)
{
    const double x = ((const struct seen *)a)->loss;
    const double y = ((const struct seen *)b)->loss;
    return (x > y) - (x < y);
}

static int by_x(const void *a, const void *b)
{
    const double x = ((const struct seen *)a)->x;
    const double y = ((const struct seen *)b)->x;
    return (x > y) - (x < y);
}

/* The best tenth, at least four: their middle and their middle half. */
static void number_sentence(const struct dln_param *param, struct seen *seen, size_t n,
                            struct dln_strbuf *out)
{
    size_t top = (n + 9) / 10;
    if (top < 4) top = 4;
    qsort(seen, n, sizeof *seen, by_loss);
    const double best = seen[0].x;
    qsort(seen, top, sizeof *seen, by_x);
    struct dln_strbuf low = {0}, high = {0}, at = {0};
    param_text(param, best, &at);
    param_text(param, seen[top / 4].x, &low);
    param_text(param, seen[top - 1 - top / 4].x, &high);
    dln_strbuf_addf(out, "best at %s", dln_strbuf_text(&at));
    if (strcmp(dln_strbuf_text(&low), dln_strbuf_text(&high)) == 0) {
        dln_strbuf_addf(out, "; most of the best %zu at %s", top, dln_strbuf_text(&low));
    } else {
        dln_strbuf_addf(out, "; half of the best %zu within %s … %s", top, dln_strbuf_text(&low),
                        dln_strbuf_text(&high));
    }
    dln_strbuf_release(&at);
    dln_strbuf_release(&low);
    dln_strbuf_release(&high);
}

struct rank { /* of a choice: its median loss */
    size_t choice, n;
    double median;
};

static int by_median(const void *a, const void *b)
{
    const double x = ((const struct rank *)a)->median;
    const double y = ((const struct rank *)b)->median;
    return (x > y) - (x < y);
}

enum { RANKS_MAX = 4 }; /* in a sentence */

static void choice_sentence(const struct dln_param *param, struct seen *seen, size_t n,
                            struct dln_strbuf *out)
{
    struct rank *const ranks = calloc(param->n_choices, sizeof *ranks);
    if (!ranks) return;
    size_t count = 0;
    qsort(seen, n, sizeof *seen, by_loss);
    for (size_t c = 0; c < param->n_choices; c++) {
        size_t of = 0, at = 0;
        for (size_t i = 0; i < n; i++)
            of += (size_t)seen[i].x == c;
        if (of == 0) continue;
        struct rank *const rank = &ranks[count++];
        *rank = (struct rank){.choice = c, .n = of};
        for (size_t i = 0; i < n; i++) {
            if ((size_t)seen[i].x != c) continue;
            if (at++ == (of - 1) / 2) rank->median = seen[i].loss;
        }
    }
    qsort(ranks, count, sizeof *ranks, by_median);
    for (size_t i = 0; i < count && i < RANKS_MAX; i++) {
        dln_strbuf_add(out, i == 0 ? "by median " : " before ");
        dln_param_text(param, (double)ranks[i].choice, out);
        dln_strbuf_addf(out, " (%zu)", ranks[i].n);
    }
    free(ranks);
}

void evidence_sentence(const struct evidence *evidence, size_t index, struct dln_strbuf *out)
{
    const struct dln_evidence *const of = &evidence->of;
    const struct dln_param *const param = &of->space->params[index];
    struct seen *const seen = calloc(of->n + 1, sizeof *seen);
    size_t n = 0;
    for (size_t i = 0; seen && i < of->n; i++) {
        const double x = of->x[i][index];
        if (isnan(x)) continue;
        if (param->n_choices > 0 && !(x >= 0 && x < (double)param->n_choices)) continue;
        seen[n++] = (struct seen){.x = x, .loss = of->loss[i]};
    }
    if (n >= 5 && param->n_choices > 0) choice_sentence(param, seen, n, out);
    if (n >= 5 && param->n_choices == 0) number_sentence(param, seen, n, out);
    free(seen);
}
