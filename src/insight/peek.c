/*
 * A proposer of its own is taken through what the engine would do: the WAITING trials, lowest
 * number first, then proposals, each made part of the history as RUNNING before the next is asked.
 */
#include "dialin/peek.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/strategy.h"

enum { REUSED_MAX = 100 }; /* as the engine: so many known points in a row, and it is over */

struct look {
    const struct dln_peek_request *request;
    dln_proposer *proposer;
    struct dln_arena *arena;
    struct dln_peeked *next;
    size_t n;
    int64_t last_id, last_number;
};

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for the next suggestions");
}

/* Keeps a proposal for trial `number` and makes it part of the history. */
static bool take(struct look *look, int64_t id, int64_t number, bool is_enqueued,
                 const struct dln_proposal *proposal, struct dln_error *err)
{
    const struct dln_study *study = look->request->study;
    const size_t d = study->space.n;
    const struct dln_view_trial *known =
        is_enqueued ? NULL : dln_proposer_known(look->proposer, proposal->x);
    double *x = DLN_ARENA_ARRAY(look->arena, double, d);
    const char *why =
        known
            ? dln_arena_printf(look->arena, "same point as #%" PRId64 ", whose value is taken over",
                               known->number)
            : dln_arena_copy(look->arena, proposal->why);
    const char *strategy =
        dln_arena_copy(look->arena, is_enqueued ? "enqueued" : proposal->strategy);
    const char *memo = dln_arena_copy(look->arena, proposal->memo ? proposal->memo : "");
    if (!x || !why || !strategy || !memo) return fail_memory(err);
    if (d > 0) memcpy(x, proposal->x, d * sizeof *x);
    look->next[look->n++] = (struct dln_peeked){.number = number,
                                                .is_enqueued = is_enqueued,
                                                .x = x,
                                                .strategy = strategy,
                                                .why = why,
                                                .mean = proposal->mean,
                                                .sd = proposal->sd};
    double values[DLN_OBJECTIVES_MAX];
    for (size_t k = 0; k < study->n_objectives; k++) {
        values[k] = known ? known->loss[k] : (double)NAN;
        if (study->objectives[k].maximize) values[k] = -values[k];
    }
    const struct dln_history_row row = {
        .id = id,
        .number = number,
        .state = known ? DLN_TRIAL_COMPLETE : DLN_TRIAL_RUNNING,
        .x = x,
        .values = values,
        .last_step = -1,
        .last_value = (double)NAN,
        .strategy = strategy,
        .memo = memo,
    };
    return dln_proposer_learn(look->proposer, 1, &row, err);
}

/* The WAITING row of the lowest number that is not below `from`; its index among them. */
static const struct dln_history_row *lowest_waiting(const struct dln_peek_request *request,
                                                    int64_t from, size_t *place)
{
    const struct dln_history_row *lowest = NULL;
    size_t n = 0;
    for (size_t i = 0; i < request->n_rows; i++) {
        const struct dln_history_row *row = &request->rows[i];
        if (row->state != DLN_TRIAL_WAITING) continue;
        n++;
        if (row->number < from || (lowest && row->number >= lowest->number)) continue;
        lowest = row;
        *place = n - 1;
    }
    return lowest;
}

static bool take_waiting(struct look *look, struct dln_error *err)
{
    const struct dln_peek_request *request = look->request;
    int64_t from = 0;
    while (look->n < request->count) {
        size_t place = 0;
        const struct dln_history_row *row = lowest_waiting(request, from, &place);
        if (!row) return true;
        struct dln_proposal proposal;
        const double *fixed =
            request->fixed ? request->fixed + place * request->study->space.n : row->x;
        if (!dln_proposer_complete(look->proposer, row->number, fixed, request->budget_trials,
                                   &proposal, err) ||
            !take(look, row->id, row->number, true, &proposal, err)) {
            return false;
        }
        from = row->number + 1;
    }
    return true;
}

static bool take_proposed(struct look *look, bool *is_exhausted, struct dln_error *err)
{
    int n_reused = 0;
    while (look->n < look->request->count && !*is_exhausted) {
        struct dln_proposal proposal;
        struct dln_error why = {0};
        const int64_t number = look->last_number + 1;
        if (!dln_proposer_ask(look->proposer, number, NULL, look->request->budget_trials, &proposal,
                              &why)) {
            *is_exhausted = why.code == DLN_EXHAUSTED;
            if (!*is_exhausted) return dln_fail(err, why.code, "%s", why.text);
            return true;
        }
        n_reused = dln_proposer_known(look->proposer, proposal.x) ? n_reused + 1 : 0;
        *is_exhausted = n_reused > REUSED_MAX;
        if (*is_exhausted) return true;
        if (!take(look, ++look->last_id, number, false, &proposal, err)) return false;
        look->last_number = number;
    }
    return true;
}

bool dln_peek_rows(const struct dln_peek_request *request, struct dln_arena *arena,
                   struct dln_peek *out, struct dln_error *err)
{
    if (request->count > DLN_PEEK_MAX) {
        return dln_fail(err, DLN_USAGE, "at most %d suggestions can be looked at", DLN_PEEK_MAX);
    }
    struct look look = {.request = request, .arena = arena, .last_number = -1};
    bool is_exhausted = false;
    look.next = DLN_ARENA_ARRAY(arena, struct dln_peeked, request->count);
    if (!look.next) return fail_memory(err);
    if (!dln_proposer_new(request->study, request->seed, &look.proposer, err)) return false;
    if (request->n_rows > 0) { /* counted as the engine counts: the newest row's number is last */
        look.last_id = request->rows[request->n_rows - 1].id;
        look.last_number = request->rows[request->n_rows - 1].number;
    }
    const bool ok = (request->n_rows == 0 ||
                     dln_proposer_learn(look.proposer, request->n_rows, request->rows, err)) &&
                    take_waiting(&look, err) && take_proposed(&look, &is_exhausted, err);
    dln_proposer_free(look.proposer);
    if (!ok) return false;
    *out = (struct dln_peek){.n = look.n, .next = look.next, .is_exhausted = is_exhausted};
    return true;
}

/* ── of a file ─────────────────────────────────────────────────────────────────────────────────*/

static bool read_fixed(dln_store *store, int64_t study_id, const struct dln_space *space, size_t n,
                       const struct dln_history_row *rows, struct dln_arena *arena,
                       const double **out, struct dln_error *err)
{
    size_t n_waiting = 0;
    for (size_t i = 0; i < n; i++)
        n_waiting += rows[i].state == DLN_TRIAL_WAITING;
    double *fixed = DLN_ARENA_ARRAY(arena, double, n_waiting * space->n);
    if (!fixed) return fail_memory(err);
    *out = fixed;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].state != DLN_TRIAL_WAITING) continue;
        if (!dln_store_waiting_point(store, study_id, space, rows[i].id, fixed, err)) return false;
        fixed += space->n;
    }
    return true;
}

bool dln_peek_study(dln_store *store, const struct dln_study_summary *study,
                    const struct dln_study *def, size_t count, struct dln_arena *arena,
                    struct dln_peek *out, struct dln_error *err)
{
    struct dln_history_row *rows = NULL;
    struct dln_peek_request request = {.study = def,
                                       .seed = study->seed,
                                       .budget_trials = study->live.budget.trials,
                                       .count = count};
    if (!dln_store_history(store, study->id, &def->space, def->n_objectives, 0, arena, &rows,
                           &request.n_rows, err) ||
        !read_fixed(store, study->id, &def->space, request.n_rows, rows, arena, &request.fixed,
                    err)) {
        return false;
    }
    request.rows = rows;
    return dln_peek_rows(&request, arena, out, err);
}
