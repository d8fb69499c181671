/*
 * What a warm worker reads for a trial: one JSON object on one line. Also the same for people: a
 * command that starts a worker for this one trial.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/exec.h"
#include "dialin/json.h"
#include "exec/placeholder.h"

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

void dln_params_json(const struct dln_study *study, const double *x, struct dln_strbuf *out)
{
    struct dln_strbuf value = {0};
    struct dln_json_writer w = {.out = out};
    dln_json_object(&w);
    for (size_t i = 0; i < study->space.n; i++) {
        if (isnan(x[i])) continue; /* inactive */
        dln_strbuf_reset(&value);
        dln_param_json(&study->space.params[i], x[i], &value);
        dln_json_key(&w, study->space.params[i].name);
        dln_json_raw(&w, dln_strbuf_text(&value));
        if (!dln_strbuf_ok(&value)) out->failed = true;
    }
    for (size_t i = 0; i < study->n_fixed; i++) {
        dln_json_key(&w, study->fixed[i].name);
        fixed_json(&study->fixed[i].value, &w);
    }
    dln_json_end_object(&w);
    dln_strbuf_release(&value);
}

/* "checkpoint": what {ckpt} would stand for; nothing where there is no such place. */
static void add_place(const struct dln_run_spec *spec, enum dln_place place, const char *key,
                      struct dln_json_writer *w)
{
    const struct dln_piece piece = {.place = place};
    struct dln_strbuf path = {0};
    if (dln_piece_fill(spec, &piece, &path)) {
        dln_json_key(w, key);
        dln_json_string(w, dln_strbuf_text(&path));
    }
    if (!dln_strbuf_ok(&path)) w->out->failed = true;
    dln_strbuf_release(&path);
}

void dln_worker_line(const struct dln_run_spec *spec, struct dln_strbuf *out)
{
    struct dln_strbuf params = {0};
    struct dln_json_writer w = {.out = out};
    dln_params_json(spec->study, spec->x, &params);
    dln_json_object(&w);
    dln_json_key(&w, "trial");
    dln_json_int(&w, spec->number);
    dln_json_key(&w, "seed");
    dln_json_int(&w, (int64_t)spec->seed);
    dln_json_key(&w, "fold");
    dln_json_int(&w, spec->fold);
    dln_json_key(&w, "params");
    dln_json_raw(&w, dln_strbuf_text(&params));
    dln_json_key(&w, "dir");
    dln_json_string(&w, spec->run_dir);
    if (spec->config_path) {
        dln_json_key(&w, "config");
        dln_json_string(&w, spec->config_path);
    }
    if (spec->study->checkpoint) {
        add_place(spec, DLN_PLACE_CKPT, "checkpoint", &w);
        add_place(spec, DLN_PLACE_RESUME, "resume", &w);
    }
    dln_json_end_object(&w);
    if (!dln_strbuf_ok(&params)) out->failed = true;
    dln_strbuf_release(&params);
}

void dln_worker_command(const char *line, char *const *argv, struct dln_strbuf *out)
{
    char *words[] = {NULL, NULL};
    struct dln_strbuf copy = {0};
    dln_strbuf_add(&copy, line);
    if (dln_strbuf_ok(&copy)) {
        words[0] = copy.data;
        dln_strbuf_add(out, "printf '%s\\n' ");
        dln_argv_quote(words, out);
        dln_strbuf_add(out, " | ");
        dln_argv_quote(argv, out);
    } else {
        out->failed = true;
    }
    dln_strbuf_release(&copy);
}

bool dln_command_text(const struct dln_run_spec *spec, struct dln_arena *arena,
                      struct dln_strbuf *out, struct dln_error *err)
{
    const struct dln_words *words = dln_study_command(spec->study);
    char **argv;
    if (!dln_argv_fill(words, spec, arena, &argv, err)) return false;
    if (words != &spec->study->worker) {
        dln_argv_quote(argv, out);
        return true;
    }
    struct dln_strbuf line = {0};
    dln_worker_line(spec, &line);
    dln_worker_command(dln_strbuf_text(&line), argv, out);
    dln_strbuf_release(&line);
    return true;
}
