/* Without memory a config file is refused, nothing is left behind, and the next try works. */
#include <unistd.h>

#include "dialin/exec.h"
#include "support/fault.h"
#include "support/scratch.h"
#include "support/test.h"

static const char *const templates[] = {
    [DLN_CONFIG_YAML] = "a:\n  lr: 1 # x\nk: {b: [1, 2]}\n",
    [DLN_CONFIG_JSON] = "{\"a\": {\"lr\": 1}, \"k\": {\"b\": [1, 2]}}\n",
    [DLN_CONFIG_TOML] = "k = {b = [1, 2]}\n[a]\nlr = 1\n",
    [DLN_CONFIG_INI] = "k = x\n[a]\nlr = 1\n",
    [DLN_CONFIG_TEXT] = "{a.lr} {k}\n",
};

static bool attempt(void *context)
{
    const struct dln_study *study = context;
    struct dln_error err = {0};
    struct dln_strbuf out = {0};
    dln_config *config = NULL;
    const double x[] = {0.5, 0};
    const struct dln_run_spec spec = {
        .study = study, .x = x, .run_dir = "/r", .json_path = "/r/params.json"};
    const bool ok =
        dln_config_new(study, &config, &err) && dln_config_render(config, &spec, &out, &err);
    if (ok) {
        assert_true(out.len > 0);
    } else { /* jansson has no code for "no memory" */
        assert_true(err.code == DLN_NOMEM || err.code == DLN_INVALID);
        assert_true(strlen(err.text) > 0);
    }
    dln_strbuf_release(&out);
    dln_config_free(config);
    return ok;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_make(folder);
    fault_wrap_jansson();
    for (int as = DLN_CONFIG_YAML; as <= DLN_CONFIG_TEXT; as++) {
        static const char *const names[] = {"none", "yaml", "json", "toml", "ini", "text"};
        for (int alone = 0; alone < 2; alone++) {
            struct dln_error err = {0};
            struct dln_study *study;
            char text[512];
            if (alone && as == DLN_CONFIG_TEXT) continue;
            FILE *file = fopen(scratch_path(folder, "base"), "w");
            assert_non_null(file);
            assert_true(fputs(templates[as], file) >= 0);
            assert_int_equal(fclose(file), 0);
            snprintf(text, sizeof text,
                     "run: p {config}\nobjective: {minimize: loss}\nconfig: {%sas: %s}\n"
                     "space: {a.lr: {float: [0, 1]}, k: {choice: [\"q '\", [1, [2]]]}}\n",
                     alone ? "" : "from: base, ", names[as]);
            assert_ok(dln_study_read(scratch_path(folder, "study.yaml"), text, strlen(text), &study,
                                     &err),
                      err);
            assert_true(fault_each(FAULT_ALLOC, attempt, study) >= 3);
            dln_study_free(study);
        }
    }
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
