/* The study file: as it was applied, or one that a foreign study's trials imply. */
#include "export/exporters.h"
#include "export/study_file.h"

static bool infer(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    struct opened *const study = ask->study;
    const struct trial_list *const list = ask->list;
    const double **const x = DLN_ARENA_ARRAY(&study->arena, const double *, list->n);
    size_t n = 0;
    for (size_t i = 0; x && i < list->n; i++) {
        if (list->trials[i].state != DLN_TRIAL_WAITING) x[n++] = list->trials[i].x;
    }
    const char **const when = x ? study_file_conditions(study->space, n, x, &study->arena) : NULL;
    const char *const confirm =
        dln_arena_printf(&study->arena, "dialin run THIS.yaml --db %s", study->db_path);
    if (!x || !when || !confirm) return dln_fail(err, DLN_NOMEM, "out of memory");
    const struct study_file file = {
        .name = study->summary.name,
        .n_objectives = study->summary.n_objectives,
        .metrics = study->summary.metric_names,
        .maximize = study->summary.maximize,
        .space = study->space,
        .when = when,
        .trials = study->summary.n_trials + 100,
        .source = study->db_path,
        .confirm = confirm,
    };
    study_file_write(out, &file);
    return true;
}

static bool write(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    if (!ask->study->def) return infer(ask, out, err);
    dln_strbuf_add_len(out, ask->study->def->text, ask->study->def->text_len);
    return true;
}

const struct exporter exporter_yaml = {
    .name = "yaml",
    .ending = ".yaml",
    .help = "the study file; for a study of Optuna one that its trials imply",
    .write = write,
};
