#include "engine/confirm_parts.h"

#include <math.h>
#include <string.h>

#include "dialin/pruner.h"
#include "engine/job.h"

enum { REPEATS_DEFAULT = 5, TOP_DEFAULT = 5, FIRST_ROUND = 2, CELLS_MAX = 4000000 };
static const uint64_t salt = UINT64_C(0x636f6e6669726d); /* "confirm" */

bool dln_confirm_no_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "confirm a study: out of memory");
}

/* ── what is asked for ─────────────────────────────────────────────────────────────────────────*/

static const struct dln_words *words_of(const struct dln_study *study)
{
    return study->confirm.run.n > 0 ? &study->confirm.run : dln_study_command(study);
}

size_t dln_confirm_objective(const struct dln_study *study)
{
    for (size_t i = 0; study->confirm.metric && i < study->n_objectives; i++) {
        if (strcmp(study->confirm.metric, study->objectives[i].metric) == 0) return i;
    }
    return dln_prune_objective(study);
}

static const char *metric_of(const struct dln_study *study)
{
    return study->confirm.metric ? study->confirm.metric
                                 : study->objectives[dln_confirm_objective(study)].metric;
}

/* A held-out command is one run a seed, unless 'confirm' itself speaks of folds. */
static int folds_of(const struct dln_study *study)
{
    if (study->confirm.folds > 1) return study->confirm.folds;
    return study->confirm.run.n == 0 && study->folds > 1 ? study->folds : 1;
}

static void describe(const struct dln_study *study, struct dln_confirmation *c)
{
    c->metric = metric_of(study);
    const struct dln_objective *objective = &study->objectives[dln_confirm_objective(study)];
    c->maximize = objective->maximize;
    c->folds = folds_of(study);
    c->is_held_out = study->confirm.run.n > 0 || strcmp(c->metric, objective->metric) != 0;
}

/* The command as text, so that a changed one is seen. */
static const char *command_text(const struct dln_study *study, struct dln_arena *arena)
{
    const struct dln_words *words = words_of(study);
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "%s:", metric_of(study));
    for (size_t i = 0; i < words->n; i++)
        dln_strbuf_addf(&text, " %zu:%s", strlen(words->word[i]), words->word[i]);
    if (folds_of(study) > 1) dln_strbuf_addf(&text, " folds=%d", folds_of(study));
    const char *copy = dln_strbuf_ok(&text) ? dln_arena_copy(arena, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return copy;
}

uint64_t dln_confirm_seed(const struct dln_confirmation *c, uint64_t study_seed, size_t seed)
{
    const size_t split = seed / (size_t)c->folds;
    return dln_job_seed(study_seed ^ salt, c->series * DLN_CONFIRM_SEEDS_MAX + (int64_t)split, 0);
}

/* ── rounds ────────────────────────────────────────────────────────────────────────────────────*/

static size_t rounds_of(const struct dln_confirmation *c, struct dln_round *rounds)
{
    size_t k = 0;
    for (size_t i = 0; i < c->n; i++)
        k += !c->rows[i].result.is_control;
    return dln_halving_plan(k, k * (size_t)c->repeats,
                            c->repeats < FIRST_ROUND ? (size_t)c->repeats : FIRST_ROUND, rounds);
}

bool dln_confirm_is_tried(const struct dln_confirm_row *row, size_t seed)
{
    return row->cells[seed] == DLN_CELL_MEASURED || row->cells[seed] == DLN_CELL_FAILED;
}

static bool judge(struct dln_confirmation *c, size_t n_seeds, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_candidate *candidates = DLN_ARENA_ARRAY(&arena, struct dln_candidate, c->n);
    if (!candidates) return dln_confirm_no_memory(err);
    for (size_t i = 0; i < c->n; i++) {
        struct dln_confirm_row *row = &c->rows[i];
        row->result.n_asked = row->n_failed = 0;
        for (size_t s = 0; s < n_seeds; s++) {
            row->result.n_asked += dln_confirm_is_tried(row, s);
            row->n_failed += row->cells[s] == DLN_CELL_FAILED;
        }
        row->result.values = row->values;
        candidates[i] = row->result;
    }
    const double test_train = c->folds > 1 ? 1 / (double)(c->folds - 1) : 0;
    const bool ok =
        dln_judge(c->n, candidates, n_seeds, c->maximize, test_train, &arena, &c->findings, err);
    for (size_t i = 0; ok && i < c->n; i++)
        c->rows[i].result = candidates[i];
    dln_arena_release(&arena);
    return ok;
}

/*
 * From the first round on: who is left, and whether all of a round was tried. A pure function of
 * the cells, so that a confirmation that was cut short goes on as if nothing had happened.
 */
static bool advance(struct dln_confirmation *c, struct dln_error *err)
{
    struct dln_round rounds[DLN_ROUNDS_MAX];
    const size_t n_rounds = rounds_of(c, rounds);
    size_t end = 0;
    c->n_runs = 0;
    for (size_t i = 0; i < c->n; i++) {
        for (size_t s = 0; s < c->n_seeds; s++)
            c->n_runs += dln_confirm_is_tried(&c->rows[i], s);
    }
    c->is_finished = false;
    for (size_t r = 0; r < n_rounds; r++) {
        bool is_whole = true;
        end += rounds[r].repeats;
        for (size_t i = 0; i < c->n; i++) {
            struct dln_confirm_row *row = &c->rows[i];
            row->is_in = r == 0 || row->result.is_control || row->result.rank < rounds[r].n_left;
            for (size_t s = 0; row->is_in && s < end; s++)
                is_whole = is_whole && dln_confirm_is_tried(row, s);
        }
        if (!is_whole) return judge(c, c->n_seeds, err); /* how it stands so far */
        if (!judge(c, end, err)) return false;
    }
    c->is_finished = true;
    return true;
}

bool dln_confirm_next(struct dln_confirmation *c, size_t *row, size_t *seed)
{
    struct dln_round rounds[DLN_ROUNDS_MAX];
    const size_t n_rounds = rounds_of(c, rounds);
    size_t end = 0;
    if (c->is_finished) return false;
    /* The rows that are in are those of the first round that is not whole. */
    for (size_t r = 0; r < n_rounds; r++) {
        bool is_whole = true;
        end += rounds[r].repeats;
        for (size_t s = 0; s < end; s++) {
            for (size_t i = 0; i < c->n; i++) {
                if (!c->rows[i].is_in) continue;
                is_whole = is_whole && dln_confirm_is_tried(&c->rows[i], s);
                if (c->rows[i].cells[s] != DLN_CELL_NONE) continue;
                c->rows[i].cells[s] = DLN_CELL_RUNNING;
                *row = i;
                *seed = s;
                return true;
            }
        }
        if (!is_whole) return false;
    }
    return false;
}

bool dln_confirm_take(struct dln_confirmation *c, size_t row, size_t seed, double value,
                      struct dln_error *err)
{
    c->rows[row].values[seed] = value;
    c->rows[row].cells[seed] = isnan(value) ? DLN_CELL_FAILED : DLN_CELL_MEASURED;
    return advance(c, err);
}

bool dln_confirm_make_room(struct dln_confirmation *c, size_t at_least, struct dln_error *err)
{
    struct dln_round rounds[DLN_ROUNDS_MAX];
    const size_t n_rounds = rounds_of(c, rounds);
    c->n_seeds = at_least;
    size_t needed = 0;
    for (size_t r = 0; r < n_rounds; r++)
        needed += rounds[r].repeats;
    if (needed > c->n_seeds) c->n_seeds = needed;
    if (c->n_seeds > DLN_CONFIRM_SEEDS_MAX || c->n_seeds * c->n > CELLS_MAX) {
        return dln_fail(err, DLN_INVALID, "so many repeats are beyond what a confirmation can be");
    }
    for (size_t i = 0; i < c->n; i++) {
        struct dln_confirm_row *row = &c->rows[i];
        row->values = DLN_ARENA_ARRAY(&c->arena, double, c->n_seeds);
        row->cells = DLN_ARENA_ARRAY(&c->arena, unsigned char, c->n_seeds);
        if (!row->values || !row->cells) return dln_confirm_no_memory(err);
        for (size_t s = 0; s < c->n_seeds; s++) {
            row->values[s] = (double)NAN;
            row->cells[s] = DLN_CELL_NONE;
        }
    }
    return true;
}

static void find_luck(const struct dln_confirm_trials *t, struct dln_confirmation *c)
{
    c->luck = c->findings.noise_sd > 0 ? dln_expected_luck(c->findings.noise_sd, t->n, t->loss)
                                       : (double)NAN;
}

/* ── opening ───────────────────────────────────────────────────────────────────────────────────*/

static int chosen(int asked, int of_file, int otherwise)
{
    return asked > 0 ? asked : of_file > 0 ? of_file : otherwise;
}

static bool begin_anew(const struct dln_study *study, struct dln_confirm_trials *t, int top,
                       int repeats, const char *command, struct dln_confirmation *c,
                       struct dln_error *err)
{
    c->series++;
    c->top = top;
    c->repeats = repeats;
    c->command = command;
    c->n_complete = (int64_t)t->n_complete;
    c->held_out_uses += c->is_held_out;
    c->n = 0;
    return dln_confirm_make_list(study, t, c, err) && dln_confirm_make_room(c, 0, err);
}

bool dln_confirm_plan(dln_store *store, int64_t study_id, const struct dln_study *study,
                      const struct dln_confirm_settings *settings, struct dln_confirmation *c,
                      struct dln_error *err)
{
    struct dln_confirm_trials t = {0};
    bool goes_on = false;
    const int top = chosen(settings->top, study->confirm.top, TOP_DEFAULT);
    /* whole cross-validations, but for `confirm: {folds: 10}`, which is one */
    const int of_file = study->confirm.folds > 0 ? 1 : study->confirm.seeds;
    const int seeds = chosen(settings->repeats, of_file, REPEATS_DEFAULT);
    *c = (struct dln_confirmation){0};
    if (dln_confirm_objective(study) == SIZE_MAX) {
        return dln_fail(err, DLN_UNSUPPORTED,
                        "a study with several objectives has a front, not one best trial to "
                        "confirm: 'metric' in 'confirm' names the objective to judge by");
    }
    describe(study, c);
    const int repeats = seeds * c->folds;
    const char *command = command_text(study, &c->arena);
    bool ok = command || dln_confirm_no_memory(err);
    ok = ok && dln_confirm_read_trials(store, study_id, study, &c->arena, &t, err) &&
         dln_confirm_read_plan(store, study_id, c, err);
    if (ok && t.n_complete == 0) {
        ok = dln_fail(err, DLN_REFUSED, "no trial is complete yet, so there is nothing to confirm");
    }
    if (ok && c->series > 0 && !settings->fresh && c->n_complete == (int64_t)t.n_complete &&
        c->top == top && strcmp(c->command, command) == 0) {
        c->repeats = repeats;
        ok = dln_confirm_find_points(study, &t, c, &goes_on, err);
    }
    if (ok && goes_on) {
        ok = dln_confirm_read_rows(store, study_id, c, err);
    } else if (ok) {
        ok = begin_anew(study, &t, top, repeats, command, c, err);
    }
    ok = ok && advance(c, err);
    if (ok) {
        find_luck(&t, c);
        c->is_current = true;
    } else {
        dln_confirmation_release(c);
    }
    return ok;
}

bool dln_confirmation_read(dln_store *store, int64_t study_id, const struct dln_study *study,
                           struct dln_confirmation *c, struct dln_error *err)
{
    struct dln_confirm_trials t = {0};
    *c = (struct dln_confirmation){0};
    if (dln_confirm_objective(study) == SIZE_MAX) return true;
    describe(study, c);
    bool ok = dln_confirm_read_plan(store, study_id, c, err);
    if (ok && c->series > 0) {
        ok = dln_confirm_read_trials(store, study_id, study, &c->arena, &t, err) &&
             dln_confirm_read_rows(store, study_id, c, err) && advance(c, err);
        if (ok) find_luck(&t, c);
        c->is_current = c->n_complete == (int64_t)t.n_complete;
    }
    if (!ok) dln_confirmation_release(c);
    return ok;
}

void dln_confirmation_release(struct dln_confirmation *c)
{
    dln_arena_release(&c->arena);
    *c = (struct dln_confirmation){0};
}
