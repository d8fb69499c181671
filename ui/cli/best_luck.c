#include "cli/best_luck.h"

#include <inttypes.h>
#include <math.h>

#include "format.h"

enum { TRIALS_MAX = 2000 }; /* a look at a study should not take a second */

static bool find(struct opened *study, struct dln_standing *out)
{
    struct dln_arena arena = {0};
    struct dln_error why = {0};
    struct dln_history_row *rows = NULL;
    dln_predictor *predictor = NULL;
    size_t n = 0;
    const bool *const maximize = study->summary.maximize;
    bool ok = dln_predictor_new(study->space, 1, maximize, &predictor, &why) &&
              dln_store_history(study->store, study->summary.id, study->space, 1, 0, &arena, &rows,
                                &n, &why);
    if (ok && !study->def) dln_predictor_allow_gaps(predictor);
    ok = ok && dln_predictor_learn(predictor, n, rows, NULL, &why) &&
         dln_standing_find(predictor, n, rows, maximize[0], &arena, out, &why);
    dln_predictor_free(predictor);
    dln_arena_release(&arena);
    return ok;
}

struct dln_standing standing_of(struct opened *study)
{
    const struct dln_study_summary *const s = &study->summary;
    const int64_t n = s->counts[DLN_TRIAL_COMPLETE];
    struct dln_standing found;
    const bool is_fit = s->n_objectives == 1 && s->is_counted && !study->is_sampled &&
                        study->space->n > 0 && n >= DLN_PREDICT_TRIALS_MIN &&
                        s->n_trials <= TRIALS_MAX;
    if (!is_fit || !find(study, &found)) return (struct dln_standing){.best = -1, .pick = -1};
    return found;
}

/* A best that no other comes near, and that the model would pick itself, needs no words. */
static bool has_rows(const struct dln_standing *standing)
{
    return standing->is_known && (standing->n_near > 1 || standing->pick != standing->best);
}

void standing_rows(struct report *report, const struct dln_standing *standing)
{
    char text[FORMAT_MAX];
    struct dln_strbuf warning = {0};
    if (!has_rows(standing)) return;
    if (standing->n_near > 1) {
        report_cell(report, "");
        report_cell(report, "its luck");
        report_cellf(report, "about %.2g too good, the luckiest of %zu within the noise",
                     standing->luck, standing->n_near);
    }
    report_cell(report, "");
    report_cell(report, "model's pick");
    report_cellf(report, "trial #%" PRId64 ", expected %s", standing->pick,
                 format_with_sd(text, standing->pick_mean, standing->pick_sd));
    dln_standing_warning(standing, &warning);
    if (warning.len > 0) {
        report_cell(report, "");
        report_cell(report, "warning");
        report_cell(report, dln_strbuf_text(&warning));
    }
    dln_strbuf_release(&warning);
}

bool standing_say(const struct opened *study, const struct dln_standing *standing, FILE *to,
                  struct dln_error *err)
{
    struct report report = {0};
    if (!has_rows(standing)) return true;
    for (int i = 0; i < 3; i++)
        report_column(&report, "", false);
    standing_rows(&report, standing);
    fputc('\n', to);
    const bool ok = report_print(&report, to, report_width(), false, NULL, err);
    report_release(&report);
    if (ok && (standing->explains_nothing || standing->is_crowded) && study->def) {
        say(to, "  (dialin confirm runs the best few again, on fresh seeds)");
    }
    return ok;
}

void standing_json(struct dln_json_writer *w, const struct dln_standing *standing)
{
    if (!standing->is_known) {
        dln_json_null(w);
        return;
    }
    struct dln_strbuf warning = {0};
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"noise_sd", standing->noise_sd},   {"luck", standing->luck},
        {"best_mean", standing->best_mean}, {"pick_mean", standing->pick_mean},
        {"pick_sd", standing->pick_sd},
    };
    dln_json_object(w);
    dln_json_key(w, "trials");
    dln_json_int(w, (int64_t)standing->n);
    dln_json_key(w, "near");
    dln_json_int(w, (int64_t)standing->n_near);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dln_json_key(w, numbers[i].key);
        dln_json_double(w, numbers[i].value);
    }
    dln_json_key(w, "pick");
    if (standing->pick >= 0) {
        dln_json_int(w, standing->pick);
    } else {
        dln_json_null(w);
    }
    dln_standing_warning(standing, &warning);
    dln_json_key(w, "warning");
    dln_json_string(w, warning.len > 0 ? dln_strbuf_text(&warning) : NULL);
    dln_json_end_object(w);
    dln_strbuf_release(&warning);
}
