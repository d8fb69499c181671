/*
 * The environment of a run. What comes later wins: ours, what `env:` of the study says (null takes
 * a variable away). The parent's DIALIN_* variables do not go on to a trial: it has its own.
 */
#include "dialin/exec.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exec/placeholder.h"

extern char **environ;

#define PARAM_PREFIX "DIALIN_PARAM_"

struct settings {
    struct dln_arena *arena;
    char **entry; /* "NAME=value"; "NAME" alone takes the variable away */
    size_t n;
    bool failed;
};

static size_t name_len(const char *entry)
{
    return strcspn(entry, "=");
}

static bool has_name(const char *entry, const char *name, size_t len)
{
    return name_len(entry) == len && memcmp(entry, name, len) == 0;
}

static void set(struct settings *settings, char *entry)
{
    if (!entry) {
        settings->failed = true;
        return;
    }
    const size_t len = name_len(entry);
    for (size_t i = 0; i < settings->n; i++) {
        if (!has_name(settings->entry[i], entry, len)) continue;
        settings->entry[i] = entry;
        return;
    }
    settings->entry[settings->n++] = entry;
}

/* DIALIN_PARAM_XGB_MAX_DEPTH for xgb.max_depth. */
static char *param_variable(const char *name, struct dln_arena *arena)
{
    char *variable = dln_arena_printf(arena, PARAM_PREFIX "%s", name);
    for (char *c = variable ? variable + strlen(PARAM_PREFIX) : NULL; c && *c; c++) {
        if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        } else if (!(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9')) {
            *c = '_';
        }
    }
    return variable;
}

/* For scripts. Two parameters whose names become the same variable are both left out. */
static void set_params(struct settings *settings, const struct dln_run_spec *spec)
{
    const struct dln_space *space = &spec->study->space;
    char **variables = DLN_ARENA_ARRAY(settings->arena, char *, space->n);
    for (size_t i = 0; variables && i < space->n; i++) {
        variables[i] = param_variable(space->params[i].name, settings->arena);
        if (!variables[i]) settings->failed = true;
    }
    if (!variables) settings->failed = true;
    if (settings->failed) return;
    for (size_t i = 0; i < space->n; i++) {
        bool is_unique = true;
        for (size_t j = 0; j < space->n; j++) {
            if (j != i && strcmp(variables[i], variables[j]) == 0) is_unique = false;
        }
        if (!is_unique || isnan(spec->x[i])) continue;
        struct dln_strbuf value = {0};
        dln_param_text(&space->params[i], spec->x[i], &value);
        if (!dln_strbuf_ok(&value)) settings->failed = true;
        set(settings,
            dln_arena_printf(settings->arena, "%s=%s", variables[i], dln_strbuf_text(&value)));
        dln_strbuf_release(&value);
    }
}

/* A warm worker learns these from the line that it reads. */
static void set_trial(struct settings *settings, const struct dln_run_spec *spec)
{
    struct dln_arena *arena = settings->arena;
    set(settings, dln_arena_printf(arena, "DIALIN_TRIAL=%" PRId64, spec->number));
    set(settings, dln_arena_printf(arena, "DIALIN_SEED=%" PRIu64, spec->seed));
    set(settings, dln_arena_printf(arena, "DIALIN_FOLD=%d", spec->fold));
    set(settings, dln_arena_printf(arena, "DIALIN_FOLDS=%d", dln_run_folds(spec)));
    set(settings, dln_arena_printf(arena, "DIALIN_PARAMS=%s", spec->json_path));
    set(settings, dln_arena_printf(arena, "DIALIN_METRICS=%s/metrics.jsonl", spec->run_dir));
    set_params(settings, spec);
}

static void set_ours(struct settings *settings, const struct dln_run_spec *spec)
{
    struct dln_arena *arena = settings->arena;
    const struct dln_study *study = spec->study;
    set(settings, dln_arena_printf(arena, "DIALIN_RUN=%s", spec->run_dir));
    set(settings, dln_arena_printf(arena, "DIALIN_DIR=%s", spec->run_dir));
    if (!spec->is_worker) set_trial(settings, spec);
    if (!getenv("PYTHONUNBUFFERED")) set(settings, dln_arena_copy(arena, "PYTHONUNBUFFERED=1"));
    if (study->machine.cpus_per_trial > 0) {
        set(settings, dln_arena_printf(arena, "OMP_NUM_THREADS=%d", study->machine.cpus_per_trial));
    }
    if (spec->gpus) {
        set(settings, dln_arena_printf(arena, "CUDA_VISIBLE_DEVICES=%s", spec->gpus));
        set(settings, dln_arena_printf(arena, "HIP_VISIBLE_DEVICES=%s", spec->gpus));
    }
}

static bool is_set(const struct settings *settings, const char *entry)
{
    const size_t len = name_len(entry);
    for (size_t i = 0; i < settings->n; i++) {
        if (has_name(settings->entry[i], entry, len)) return true;
    }
    return strncmp(entry, "DIALIN_", 7) == 0;
}

bool dln_env_fill(const struct dln_run_spec *spec, struct dln_arena *arena, char ***envp,
                  struct dln_error *err)
{
    const struct dln_study *study = spec->study;
    size_t n_parent = 0;
    while (environ && environ[n_parent])
        n_parent++;
    enum { OURS_MAX = 16 };
    struct settings settings = {.arena = arena};
    settings.entry = DLN_ARENA_ARRAY(arena, char *, OURS_MAX + study->space.n + study->n_env);
    char **all =
        DLN_ARENA_ARRAY(arena, char *, n_parent + OURS_MAX + study->space.n + study->n_env + 1);
    if (!settings.entry || !all) return dln_fail(err, DLN_NOMEM, "out of memory");

    set_ours(&settings, spec);
    for (size_t i = 0; i < study->n_env; i++) {
        const struct dln_named_scalar *env = &study->env[i];
        set(&settings, env->value.kind == DLN_SCALAR_NULL
                           ? dln_arena_copy(arena, env->name)
                           : dln_arena_printf(arena, "%s=%s", env->name, env->value.text));
    }
    if (settings.failed) return dln_fail(err, DLN_NOMEM, "out of memory");

    size_t n = 0;
    for (size_t i = 0; i < n_parent; i++) {
        if (!is_set(&settings, environ[i])) all[n++] = environ[i];
    }
    for (size_t i = 0; i < settings.n; i++) {
        if (strchr(settings.entry[i], '=')) all[n++] = settings.entry[i];
    }
    all[n] = NULL;
    *envp = all;
    return true;
}
