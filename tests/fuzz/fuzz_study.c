/* A study file: read or refused with a place, and read the same way twice. */
#include <math.h>
#include <string.h>

#include "dialin/study.h"
#include "fuzz/fuzz.h"

void fuzz_study(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct dln_study *study = NULL;
    struct dln_study *again = NULL;
    struct dln_error err = {0};
    if (!dln_study_read("s.yaml", text, size, &study, &err)) {
        FUZZ_HOLDS(err.text[0] && !strchr(err.text, '\n'));
        free(text);
        return;
    }
    FUZZ_HOLDS(study->text_len == size && memcmp(study->text, text, size) == 0);
    FUZZ_HOLDS(dln_study_read("s.yaml", text, size, &again, NULL));
    FUZZ_HOLDS(again->space.n == study->space.n && again->n_start == study->n_start);
    if (!dln_study_can_run(study, &err)) FUZZ_HOLDS(err.text[0]);
    FUZZ_HOLDS(dln_study_runs(study) >= 1);

    const size_t d = study->space.n;
    double *x = calloc(d + 1, sizeof *x);
    double *u = calloc(d + 1, sizeof *u);
    FUZZ_HOLDS(x && u);
    for (int k = 0; k < 4; k++) {
        for (size_t i = 0; i < d; i++)
            u[i] = k < 3 ? k / 2.0 : fmod((double)i * 0.37, 1.0);
        dln_space_decode(&study->space, u, x);
        for (size_t i = 0; i < d; i++) {
            FUZZ_HOLDS(isnan(x[i]) || dln_param_contains(&study->space.params[i], x[i]));
        }
        (void)dln_space_allows(&study->space, x, NULL);
    }
    for (size_t i = 0; i < study->n_start; i++)
        dln_study_start_point(study, i, x);
    struct dln_strbuf out = {0};
    dln_method_json(&study->strategy, &out);
    dln_method_text(&study->pruner, &out);
    dln_strbuf_release(&out);
    free(x);
    free(u);
    dln_study_free(again);
    dln_study_free(study);
    free(text);
}
