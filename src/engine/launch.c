#include "engine/launch.h"

#include "dialin/strbuf.h"
#include "engine/parts.h"

static bool write_params(const struct dln_study *study, const struct dln_job *job,
                         struct dln_error *err)
{
    struct dln_strbuf text = {0};
    dln_params_json(study, job->x, &text);
    dln_strbuf_add(&text, "\n");
    const bool written = dln_strbuf_ok(&text) ? dln_run_dir_write(job->run_dir, "params.json",
                                                                  text.data, text.len, err)
                                              : dln_fail(err, DLN_NOMEM, "write params.json");
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

/* line NULL: no warm worker. */
static bool write_command(struct dln_job *job, char *const *argv, const char *line,
                          struct dln_error *err)
{
    struct dln_strbuf text = {0};
    if (line) {
        dln_worker_command(line, argv, &text);
    } else {
        dln_argv_quote(argv, &text);
    }
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
    bool ok = false;
    dln_arena_reset(scratch);
    struct dln_run_spec spec = {
        .study = study,
        .x = job->x,
        .number = job->number,
        .seed = seed,
        .attempt = job->attempt,
        .fold = job->fold,
        .folds = job->folds,
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
    struct dln_strbuf line = {0};
    struct dln_run_request request = {
        .owner = job,
        .directory = study->directory,
        .run_dir = job->run_dir,
        .memory_bytes = study->machine.memory_bytes,
        .cpus = study->machine.cpus_per_trial,
        .slot = job->slot,
        .number = job->number,
        .x = job->x,
        .attempt = job->attempt,
        .is_left = job->is_left,
    };
    if (words == &study->worker) {
        dln_worker_line(&spec, &line);
        spec.is_worker = true;
        if (!dln_worker_dir_make(study, job->slot, scratch, &request.worker_dir, err)) goto done;
        spec.run_dir = request.worker_dir;
        request.line = dln_strbuf_text(&line);
    }
    ok = dln_strbuf_ok(&line) || dln_fail(err, DLN_NOMEM, "start a trial");
    ok = ok && dln_argv_fill(words, &spec, scratch, &argv, err) &&
         dln_env_fill(&spec, scratch, &envp, err) && write_command(job, argv, request.line, err);
    if (ok) {
        request.argv = argv;
        request.envp = envp;
        ok = dln_runner_start(driver->runner, &request, err);
    }
done:
    dln_strbuf_release(&line);
    return ok;
}

bool dln_launch(struct dln_driver *driver, struct dln_job *job, struct dln_error *err)
{
    const struct dln_study *study = driver->study;
    char folder[DLN_RUN_FOLDER_MAX];
    if (!dln_run_dir_make(study, job->number, &job->run_arena, &job->run_dir, err)) return false;
    /* of a trial of that number in an earlier study */
    if (study->checkpoint && job->attempt == 1 && !job->is_left &&
        !dln_run_dir_tidy(study, job->run_dir, err)) {
        return false;
    }
    if (!job->parts) {
        return dln_launch_words(driver, job, dln_study_command(study),
                                dln_job_seed(driver->seed, job->number, job->failures), err);
    }
    job->fold = dln_parts_fold(study, job);
    dln_run_folder(study, job->n_done, folder);
    return dln_run_dir_make_in(job->run_dir, folder, &job->run_arena, &job->run_dir, err) &&
           dln_launch_words(driver, job, dln_study_command(study),
                            dln_parts_seed(study, driver->seed, job), err);
}
