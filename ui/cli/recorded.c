#include "cli/recorded.h"

#include <stdlib.h>
#include <string.h>

#include "dialin/store.h"

static bool take(struct recorded *out, const struct dln_trial *trial, size_t objective)
{
    if (trial->state == DLN_TRIAL_RUNNING || trial->state == DLN_TRIAL_WAITING) return true;
    if (out->n == out->cap) {
        const size_t cap = out->cap ? 2 * out->cap : 256;
        struct replay_trial *moved = realloc(out->trials, cap * sizeof *moved);
        if (!moved) return false;
        out->trials = moved;
        out->cap = cap;
    }
    int64_t *steps = DLN_ARENA_ARRAY(&out->arena, int64_t, trial->n_steps);
    double *curve = DLN_ARENA_ARRAY(&out->arena, double, trial->n_steps);
    if (!steps || !curve) return false;
    if (trial->n_steps > 0) {
        memcpy(steps, trial->steps, trial->n_steps * sizeof *steps);
        memcpy(curve, trial->curve, trial->n_steps * sizeof *curve);
    }
    out->trials[out->n++] = (struct replay_trial){
        .number = trial->number,
        .state = trial->state,
        .started_us = trial->started_us,
        .ended_us = trial->ended_us,
        .value = trial->values[objective],
        .n = trial->n_steps,
        .steps = steps,
        .curve = curve,
    };
    return true;
}

static int by_number(const void *a, const void *b)
{
    const int64_t x = ((const struct replay_trial *)a)->number;
    const int64_t y = ((const struct replay_trial *)b)->number;
    return (x > y) - (x < y);
}

/* A trial that changed during the load comes twice; the later one counts. */
static void drop_doubles(struct recorded *list)
{
    size_t kept = 0;
    if (list->n > 0) qsort(list->trials, list->n, sizeof *list->trials, by_number);
    for (size_t i = 0; i < list->n; i++) {
        if (kept > 0 && list->trials[kept - 1].number == list->trials[i].number) kept--;
        list->trials[kept++] = list->trials[i];
    }
    list->n = kept;
}

bool recorded_load(const char *db_path, int64_t study_id, const struct dln_space *space,
                   size_t n_objectives, size_t objective, struct recorded *out,
                   struct dln_error *err)
{
    dln_follow *follow;
    struct dln_batch batch = {.more = true};
    bool ok = true;
    if (!dln_follow_open(db_path, study_id, space, n_objectives, 1000, &follow, err)) {
        return false;
    }
    while (ok && batch.more && !batch.study_gone) {
        ok = dln_follow_next(follow, &batch, err);
        for (size_t i = 0; ok && i < batch.n_trials; i++) {
            ok = take(out, &batch.trials[i], objective) ||
                 dln_fail(err, DLN_NOMEM, "out of memory for the trials");
        }
    }
    dln_follow_close(follow);
    if (!ok) return dln_wrap(err, "read the trials of '%s'", db_path);
    drop_doubles(out);
    return true;
}

void recorded_release(struct recorded *recorded)
{
    free(recorded->trials);
    dln_arena_release(&recorded->arena);
    *recorded = (struct recorded){0};
}
