#include "dialin/space_plan.h"

#include <math.h>
#include <string.h>

#include "dialin/exec.h"
#include "dialin/space_edit.h"

enum { CHOICES_SHOWN = 6 };

static const struct dln_param *find(const struct dln_space *space, const char *name)
{
    const size_t at = dln_space_find(space, name);
    return at == SIZE_MAX ? NULL : &space->params[at];
}

/* The edits that there are, with the new ones in their place or at the end. */
static bool merge(const struct dln_study *now, const json_t *edits, struct dln_arena *arena,
                  size_t *n, struct dln_space_edit **out, struct dln_error *err)
{
    struct dln_space_edit *all =
        DLN_ARENA_ARRAY(arena, struct dln_space_edit, now->n_edits + json_object_size(edits) + 1);
    if (!all) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = now->n_edits;
    for (size_t i = 0; i < now->n_edits; i++)
        all[i] = now->edits[i];
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)edits, name, value)
    {
        const char *definition = json_string_value(value);
        if (!definition && !json_is_null(value)) {
            return dln_fail(err, DLN_INVALID, "'%.80s' needs a definition as text, or null", name);
        }
        if (!definition && !find(&now->space, name)) {
            return dln_fail(err, DLN_INVALID, "there is no parameter '%.80s'", name);
        }
        size_t at = 0;
        while (at < count && strcmp(all[at].name, name) != 0)
            at++;
        all[at] = (struct dln_space_edit){.name = name, .definition = definition};
        if (at == count) count++;
    }
    *n = count;
    *out = all;
    return true;
}

/* ── in words ──────────────────────────────────────────────────────────────────────────────────*/

static void describe(const char *name, const struct dln_param *was, const struct dln_param *is,
                     struct dln_strbuf *out)
{
    if (out->len > 0) dln_strbuf_add(out, "; ");
    dln_strbuf_add(out, name);
    if (!is) {
        dln_strbuf_add(out, " dropped, was ");
        dln_param_describe(was, CHOICES_SHOWN, out);
        return;
    }
    if (!was) {
        dln_strbuf_add(out, " added: ");
        dln_param_describe(is, CHOICES_SHOWN, out);
        return;
    }
    const bool freezes = dln_param_is_single(is) && !dln_param_is_single(was);
    const bool thaws = dln_param_is_single(was) && !dln_param_is_single(is);
    struct dln_strbuf then = {0};
    struct dln_strbuf now = {0};
    dln_param_describe(was, CHOICES_SHOWN, &then);
    dln_param_describe(is, CHOICES_SHOWN, &now);
    if (freezes) {
        dln_strbuf_addf(out, " frozen at %s, was %s", dln_strbuf_text(&now),
                        dln_strbuf_text(&then));
    } else if (thaws) {
        dln_strbuf_addf(out, " thawed: %s, was %s", dln_strbuf_text(&now), dln_strbuf_text(&then));
    } else if (strcmp(dln_strbuf_text(&now), dln_strbuf_text(&then)) == 0) {
        dln_strbuf_addf(out, " %s: another default", dln_strbuf_text(&now));
    } else {
        dln_strbuf_addf(out, " %s → %s", dln_strbuf_text(&then), dln_strbuf_text(&now));
    }
    dln_strbuf_release(&then);
    dln_strbuf_release(&now);
}

static bool same(const struct dln_param *a, const struct dln_param *b)
{
    if (!a || !b) return a == b;
    struct dln_strbuf left = {0};
    struct dln_strbuf right = {0};
    dln_param_define(a, &left);
    dln_param_define(b, &right);
    const bool is_same = strcmp(dln_strbuf_text(&left), dln_strbuf_text(&right)) == 0;
    dln_strbuf_release(&left);
    dln_strbuf_release(&right);
    return is_same;
}

static bool say_change(const struct dln_study *now, const json_t *edits,
                       struct dln_space_plan *plan, struct dln_error *err)
{
    struct dln_json_writer w = {.out = &plan->undo};
    dln_json_object(&w);
    dln_json_key(&w, "edits");
    dln_json_object(&w);
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)edits, name, value)
    {
        const struct dln_param *was = find(&now->space, name);
        const struct dln_param *is = find(&plan->study->space, name);
        if (same(was, is)) continue;
        n++;
        describe(name, was, is, &plan->change);
        dln_json_key(&w, name);
        if (was) {
            struct dln_strbuf text = {0};
            dln_param_define(was, &text);
            dln_json_string(&w, dln_strbuf_text(&text));
            dln_strbuf_release(&text);
        } else {
            dln_json_null(&w);
        }
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    if (n == 0) return dln_fail(err, DLN_REFUSED, "the space is like this already");
    return (dln_strbuf_ok(&plan->change) && dln_strbuf_ok(&plan->undo)) ||
           dln_fail(err, DLN_NOMEM, "out of memory");
}

/* ── what it means for the trials there are ────────────────────────────────────────────────────*/

static bool is_outside(const struct dln_study *now, const json_t *edits,
                       const struct dln_study *then, const double *x)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)edits, name, value)
    {
        const size_t at = dln_space_find(&now->space, name);
        const struct dln_param *is = find(&then->space, name);
        if (at == SIZE_MAX || !is || isnan(x[at])) continue;
        const double carried = dln_param_carry(&now->space.params[at], x[at], is);
        if (isnan(carried) || !dln_param_contains(is, carried)) return true;
    }
    return false;
}

static bool say_effect(dln_store *store, int64_t study_id, const struct dln_study *now,
                       const json_t *edits, struct dln_space_plan *plan, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n;
    size_t n_running = 0;
    if (!dln_store_history(store, study_id, &now->space, now->n_objectives, 0, &arena, &rows, &n,
                           err)) {
        dln_arena_release(&arena);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        n_running += rows[i].state == DLN_TRIAL_RUNNING;
        if (rows[i].state == DLN_TRIAL_RUNNING || rows[i].state == DLN_TRIAL_WAITING) continue;
        plan->n_finished++;
        plan->n_outside += is_outside(now, edits, plan->study, rows[i].x);
    }
    dln_arena_release(&arena);
    if (plan->n_outside > 0) {
        dln_strbuf_addf(&plan->effect,
                        "%zu of %zu finished trials lie outside and still inform the model",
                        plan->n_outside, plan->n_finished);
    } else if (plan->n_finished > 0) {
        dln_strbuf_addf(&plan->effect, "all %zu finished trials lie inside", plan->n_finished);
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)edits, name, value)
    {
        const struct dln_param *is = find(&plan->study->space, name);
        if (!is || find(&now->space, name) || plan->n_finished == 0) continue;
        if (is->has_was) {
            struct dln_strbuf text = {0};
            dln_param_text(is, is->was, &text);
            dln_strbuf_addf(&plan->effect, "; they count as %s %s", name, dln_strbuf_text(&text));
            dln_strbuf_release(&text);
        } else {
            dln_strbuf_addf(&plan->effect, "; they have no %s", name);
        }
    }
    if (n_running > 0) {
        dln_strbuf_addf(&plan->effect, "%s%zu running trial%s", plan->effect.len > 0 ? "; " : "",
                        n_running, n_running == 1 ? " keeps its values" : "s keep their values");
    }
    return dln_strbuf_ok(&plan->effect) || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool dln_space_plan_make(dln_store *store, int64_t study_id, const struct dln_study *now,
                         const json_t *edits, struct dln_space_plan *out, struct dln_error *err)
{
    struct dln_space_plan plan = {0};
    struct dln_arena arena = {0};
    struct dln_space_edit *all = NULL;
    size_t n = 0;
    bool ok = json_is_object(edits) && json_object_size(edits) > 0;
    if (!ok)
        (void)dln_fail(err, DLN_INVALID, "it needs {\"edits\": {\"name\": \"{float: [0, 1]}\"}}");
    ok = ok && merge(now, edits, &arena, &n, &all, err) &&
         dln_study_edit(now, n, all, &plan.study, err);
    if (ok) { /* which may have been set since */
        plan.study->strategy = now->strategy;
        plan.study->pruner = now->pruner;
    }
    ok = ok && say_change(now, edits, &plan, err);
    /* a study that only asks and tells has nothing to run */
    if (ok && now->run.n > 0) ok = dln_argv_check(plan.study, err);
    if (ok && store) ok = say_effect(store, study_id, now, edits, &plan, err);
    dln_arena_release(&arena);
    if (!ok) {
        dln_space_plan_release(&plan);
        return false;
    }
    *out = plan;
    return true;
}

void dln_space_plan_release(struct dln_space_plan *plan)
{
    dln_strbuf_release(&plan->change);
    dln_strbuf_release(&plan->effect);
    dln_strbuf_release(&plan->undo);
    dln_study_free(plan->study);
    *plan = (struct dln_space_plan){0};
}
