#include "engine/launch.h"

#include <string.h>

#include "dialin/json.h"

/* Constants of `fixed` beside the parameters, so that a program finds all its values in one file.
 */
static void fixed_json(const struct dln_scalar *value, struct dln_json_writer *w)
{
    switch (value->kind) {
    case DLN_SCALAR_NULL: dln_json_null(w); return;
    case DLN_SCALAR_BOOL: dln_json_bool(w, value->truth); return;
    case DLN_SCALAR_INT: dln_json_int(w, (int64_t)value->number); return;
    case DLN_SCALAR_REAL: dln_json_double(w, value->number); return;
    case DLN_SCALAR_TEXT: dln_json_string(w, value->text); return;
    case DLN_SCALAR_JSON: dln_json_raw(w, value->text); return;
    }
}

static bool write_params(const struct dln_study *study, const struct dln_job *job,
                         struct dln_error *err)
{
    struct dln_strbuf text = {0};
    struct dln_strbuf value = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    for (size_t i = 0; i < study->space.n; i++) {
        const double x = job->x[i];
        if (x != x) continue; /* inactive */
        dln_strbuf_reset(&value);
        dln_param_json(&study->space.params[i], x, &value);
        dln_json_key(&w, study->space.params[i].name);
        dln_json_raw(&w, dln_strbuf_text(&value));
    }
    for (size_t i = 0; i < study->n_fixed; i++) {
        dln_json_key(&w, study->fixed[i].name);
        fixed_json(&study->fixed[i].value, &w);
    }
    dln_json_end_object(&w);
    dln_strbuf_add(&text, "\n");
    const bool ok = dln_strbuf_ok(&text) && dln_strbuf_ok(&value);
    const bool written =
        ok ? dln_run_dir_write(job->run_dir, "params.json", text.data, text.len, err)
           : dln_fail(err, DLN_NOMEM, "write params.json");
    dln_strbuf_release(&value);
    dln_strbuf_release(&text);
    return written;
}

/* The study's config file, filled in; spec->config_path is set. */
static bool write_config(const dln_config *config, const struct dln_job *job,
                         struct dln_run_spec *spec, struct dln_arena *arena, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    const char *file = dln_config_file(spec->study, arena);
    spec->config_path = file ? dln_arena_printf(arena, "%s/%s", job->run_dir, file) : NULL;
    const bool ok =
        !spec->config_path
            ? dln_fail(err, DLN_NOMEM, "write the config of a trial")
            : dln_config_render(config, spec, &text, err) &&
                  dln_run_dir_write(job->run_dir, file, dln_strbuf_text(&text), text.len, err);
    dln_strbuf_release(&text);
    return ok;
}

static bool write_command(struct dln_job *job, char *const *argv, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    dln_argv_quote(argv, &text);
    job->command = dln_arena_copy(&job->run_arena, dln_strbuf_text(&text));
    dln_strbuf_add(&text, "\n");
    const bool written = job->command && dln_strbuf_ok(&text)
                             ? dln_run_dir_write(job->run_dir, "cmd", text.data, text.len, err)
                             : dln_fail(err, DLN_NOMEM, "write the command of a trial");
    dln_strbuf_release(&text);
    if (!job->command) job->command = "";
    return written;
}

bool dln_launch_words(struct dln_driver *driver, struct dln_job *job, const struct dln_words *words,
                      uint64_t seed, struct dln_error *err)
{
    const struct dln_study *study = job->study ? job->study : driver->study;
    const dln_config *config = job->study ? job->config : driver->config;
    struct dln_arena *scratch = &driver->scratch;
    dln_arena_reset(scratch);
    struct dln_run_spec spec = {
        .study = study,
        .x = job->x,
        .number = job->number,
        .seed = seed,
        .attempt = job->attempt,
        .run_dir = job->run_dir,
    };
    spec.json_path = dln_arena_printf(scratch, "%s/params.json", job->run_dir);
    if (driver->gpus) spec.gpus = dln_gpus_of_slot(driver->gpus, job->slot, scratch);
    if (!spec.json_path || (driver->gpus && !spec.gpus))
        return dln_fail(err, DLN_NOMEM, "start a trial");
    if (!write_params(study, job, err)) return false;
    if (config && !write_config(config, job, &spec, scratch, err)) return false;

    char **argv;
    char **envp;
    if (!dln_argv_fill(words, &spec, scratch, &argv, err)) return false;
    if (!dln_env_fill(&spec, scratch, &envp, err)) return false;
    if (!write_command(job, argv, err)) return false;
    const struct dln_run_request request = {
        .owner = job,
        .argv = argv,
        .envp = envp,
        .directory = study->directory,
        .run_dir = job->run_dir,
        .memory_bytes = study->machine.memory_bytes,
        .cpus = study->machine.cpus_per_trial,
        .slot = job->slot,
    };
    return dln_runner_start(driver->runner, &request, err);
}

bool dln_launch(struct dln_driver *driver, struct dln_job *job, struct dln_error *err)
{
    const struct dln_study *study = driver->study;
    if (!dln_run_dir_make(study, job->number, &job->run_arena, &job->run_dir, err)) return false;
    /* of a trial of that number in an earlier study */
    if (study->checkpoint && job->attempt == 1 && !dln_run_dir_tidy(study, job->run_dir, err)) {
        return false;
    }
    return dln_launch_words(driver, job, &study->run,
                            dln_job_seed(driver->seed, job->number, job->failures), err);
}
