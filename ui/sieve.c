#include "sieve.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"

/* Which choices of which parameters hold a text that is looked for. */
struct word_hits {
    const struct dln_filter_field *field;
    bool **choice; /* by parameter; NULL: it has no texts */
    bool state[DLN_TRIAL_STATE_COUNT];
    struct word_hits *next;
};

void sieve_release(struct sieve *sieve)
{
    dln_arena_release(&sieve->arena);
    order_release(&sieve->by_value);
    free(sieve->hidden);
    free(sieve->rank);
    const uint64_t revision = sieve->revision;
    *sieve = (struct sieve){.revision = revision + 1};
}

const bool *sieve_hidden(const struct sieve *sieve)
{
    return sieve->filter ? sieve->hidden : NULL;
}

/* ── what is prepared ──────────────────────────────────────────────────────────────────────────*/

static bool *find_choices(struct dln_arena *arena, const struct dln_param *param, const char *word)
{
    bool *hits = DLN_ARENA_ARRAY(arena, bool, param->n_choices);
    for (size_t i = 0; hits && i < param->n_choices; i++) {
        hits[i] = param->choices[i].text && dln_text_holds(param->choices[i].text, word);
    }
    return hits;
}

static struct word_hits *make_hits(struct dln_arena *arena, const struct dln_space *space,
                                   const struct dln_filter_field *field)
{
    struct word_hits *hits = DLN_ARENA_NEW(arena, struct word_hits);
    if (!hits) return NULL;
    hits->field = field;
    hits->choice = DLN_ARENA_ARRAY(arena, bool *, space->n);
    for (size_t i = 0; hits->choice && i < space->n; i++) {
        if (space->params[i].n_choices == 0) continue;
        hits->choice[i] = find_choices(arena, &space->params[i], field->text);
        if (!hits->choice[i]) return NULL;
    }
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        hits->state[i] = dln_text_holds(dln_trial_state_word((enum dln_trial_state)i), field->text);
    }
    return hits->choice ? hits : NULL;
}

static bool prepare_words(const struct dln_filter *filter, const struct dln_space *space,
                          struct dln_arena *arena, struct word_hits **out)
{
    size_t n;
    const struct dln_filter_field *fields = dln_filter_fields(filter, &n);
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        if (fields[i].kind != DLN_FILTER_TEXT) continue;
        struct word_hits *hits = make_hits(arena, space, &fields[i]);
        if (!hits) return false;
        hits->next = *out;
        *out = hits;
    }
    return true;
}

/* Of the complete trials by the first objective; equal values share the better rank. */
static bool find_ranks(struct sieve *sieve, const struct session *session)
{
    const struct model *model = &session->model;
    if (!sieve->rank) sieve->rank = calloc(sieve->cap, sizeof *sieve->rank);
    if (!sieve->rank || model->m == 0) return sieve->rank != NULL;
    if (!order_sort(&sieve->by_value, model, SORT_VALUE, false, session->maximize, 0)) return false;
    memset(sieve->rank, 0, sieve->cap * sizeof *sieve->rank);
    uint32_t seen = 0, rank = 0;
    double before = (double)NAN;
    for (size_t i = 0; i < sieve->by_value.n; i++) {
        const size_t row = sieve->by_value.row[i];
        const double value = model->value[0][row];
        if (model->state[row] != DLN_TRIAL_COMPLETE || isnan(value)) continue;
        seen++;
        if (value != before) rank = seen;
        before = value;
        sieve->rank[row] = rank;
    }
    return true;
}

static bool reserve(struct sieve *sieve, size_t n)
{
    if (n < sieve->cap) return true;
    const size_t cap = n + n / 4 + 256;
    bool *hidden = realloc(sieve->hidden, cap * sizeof *hidden);
    if (!hidden) return false;
    sieve->hidden = hidden;
    free(sieve->rank);
    sieve->rank = NULL;
    sieve->cap = cap;
    return true;
}

/* ── reading a row ─────────────────────────────────────────────────────────────────────────────*/

struct reading {
    const struct sieve *sieve;
    const struct session *session;
    const struct dln_trial_marks *marks; /* of the row, NULL: none */
    size_t row;
    int64_t now_us;
    char text[DLN_TIME_TEXT_MAX];
};

static void set_number(struct dln_value *out, double x)
{
    if (isnan(x)) return;
    out->kind = DLN_VALUE_NUMBER;
    out->number = x;
}

static void set_text(struct dln_value *out, const char *text)
{
    if (!text || !*text) return;
    out->kind = DLN_VALUE_TEXT;
    out->text = text;
}

static void set_truth(struct dln_value *out, bool truth)
{
    out->kind = DLN_VALUE_BOOL;
    out->truth = truth;
    out->number = truth;
}

static void read_param(const struct dln_param *param, double x, struct dln_value *out)
{
    if (isnan(x)) return;
    if (param->n_choices == 0) {
        set_number(out, x);
        return;
    }
    if (x < 0 || x >= (double)param->n_choices) return;
    const struct dln_scalar *choice = &param->choices[(size_t)x];
    switch (choice->kind) {
    case DLN_SCALAR_NULL: *out = (struct dln_value){.kind = DLN_VALUE_NULL}; break;
    case DLN_SCALAR_BOOL: set_truth(out, choice->truth); break;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_REAL: set_number(out, choice->number); break;
    case DLN_SCALAR_TEXT:
    case DLN_SCALAR_JSON: set_text(out, choice->text); break;
    }
}

static bool holds_text(const struct reading *r, const struct dln_filter_field *field)
{
    const struct model *model = &r->session->model;
    const struct word_hits *hits = r->sieve->words;
    while (hits && hits->field != field)
        hits = hits->next;
    if (!hits) return false;
    if (hits->state[model->state[r->row]]) return true;
    for (size_t i = 0; i < model->d; i++) {
        const double x = model->x[i][r->row];
        if (!hits->choice[i] || isnan(x) || x < 0) continue;
        if ((size_t)x < r->session->space->params[i].n_choices && hits->choice[i][(size_t)x]) {
            return true;
        }
    }
    if (r->marks && (dln_text_holds(r->marks->tags, field->text) ||
                     dln_text_holds(r->marks->note, field->text))) {
        return true;
    }
    const uint8_t reason = model->reason[r->row];
    return reason != DLN_FAIL_NONE &&
           dln_text_holds(dln_fail_reason_name((enum dln_fail_reason)reason), field->text);
}

static void read_time(struct reading *r, int64_t wall_us, struct dln_value *out)
{
    if (wall_us == 0) return;
    (void)dln_time_format(wall_us, true, r->text);
    set_text(out, r->text);
}

static void read_field(void *context, const struct dln_filter_field *field, struct dln_value *out)
{
    struct reading *r = context;
    const struct model *model = &r->session->model;
    const size_t row = r->row;
    switch (field->kind) {
    case DLN_FILTER_PARAM:
        read_param(&r->session->space->params[field->index], model->x[field->index][row], out);
        break;
    case DLN_FILTER_METRIC: set_number(out, model->value[field->index][row]); break;
    case DLN_FILTER_VALUE:
        if (model->m > 0) set_number(out, model->value[0][row]);
        break;
    case DLN_FILTER_NUMBER: set_number(out, (double)model->number[row]); break;
    case DLN_FILTER_STATE: set_text(out, dln_trial_state_word(model->state[row])); break;
    case DLN_FILTER_TIME: {
        const int64_t ms = model_elapsed_ms(model, row, r->now_us);
        if (ms >= 0) set_number(out, (double)ms / 1000);
        break;
    }
    case DLN_FILTER_STEP:
        if (model->last_step[row] >= 0) set_number(out, model->last_step[row]);
        break;
    case DLN_FILTER_LAST: set_number(out, model->last_value[row]); break;
    case DLN_FILTER_RANK:
        if (r->sieve->rank && r->sieve->rank[row] > 0) set_number(out, r->sieve->rank[row]);
        break;
    case DLN_FILTER_REASON:
        if (model->reason[row] != DLN_FAIL_NONE) {
            set_text(out, dln_fail_reason_name((enum dln_fail_reason)model->reason[row]));
        }
        break;
    case DLN_FILTER_SLOT:
        if (model->slot[row] >= 0) set_number(out, model->slot[row]);
        break;
    case DLN_FILTER_STARTED: read_time(r, model->started_us[row], out); break;
    case DLN_FILTER_ENDED: read_time(r, model->ended_us[row], out); break;
    case DLN_FILTER_STATES: set_truth(out, field->states >> model->state[row] & 1); break;
    case DLN_FILTER_NUMBERS:
        set_truth(out, model->number[row] >= field->low && model->number[row] <= field->high);
        break;
    case DLN_FILTER_TAG:
        set_truth(out, r->marks && dln_tags_have(r->marks->tags, field->text));
        break;
    case DLN_FILTER_NOTE:
        set_truth(out, r->marks && *r->marks->note && dln_text_holds(r->marks->note, field->text));
        break;
    case DLN_FILTER_ARTIFACT: set_truth(out, r->marks && r->marks->has_artifact); break;
    case DLN_FILTER_TEXT: set_truth(out, holds_text(r, field)); break;
    case DLN_FILTER_ATTEMPTS:
    case DLN_FILTER_STRATEGY:
    case DLN_FILTER_WHY:
    case DLN_FILTER_DETAIL:
    case DLN_FILTER_ATTRIBUTE:
    case DLN_FILTER_HAS: break;
    }
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────*/

static bool run(struct sieve *sieve, const struct session *session, int64_t now_us)
{
    const struct model *model = &session->model;
    if (!reserve(sieve, model->n)) return false;
    if (dln_filter_uses(sieve->filter, DLN_FILTER_RANK) && !find_ranks(sieve, session)) {
        return false;
    }
    struct reading reading = {.sieve = sieve, .session = session, .now_us = now_us};
    size_t at = 0; /* marks and rows are both ascending by id */
    bool has_changed = sieve->n != model->n;
    sieve->n_shown = 0;
    for (size_t row = 0; row < model->n; row++) {
        while (at < session->n_marks && session->marks[at].trial_id < model->id[row])
            at++;
        const bool is_marked =
            at < session->n_marks && session->marks[at].trial_id == model->id[row];
        reading.row = row;
        reading.marks = is_marked ? &session->marks[at] : NULL;
        const bool is_hidden = !dln_filter_keeps(sieve->filter, read_field, &reading);
        if (row >= sieve->n || sieve->hidden[row] != is_hidden) has_changed = true;
        sieve->hidden[row] = is_hidden;
        sieve->n_shown += !is_hidden;
    }
    sieve->n = model->n;
    sieve->model_revision = model->revision;
    sieve->marks_revision = session->marks_revision;
    if (has_changed) sieve->revision++;
    return true;
}

bool sieve_set(struct sieve *sieve, const struct session *session, struct saved_filters *saved,
               const char *text, int64_t now_us, char *error, size_t cap, size_t *column)
{
    const struct dln_filter_names names = {
        .space = session->space,
        .m = session->model.m,
        .metric = session->summary ? session->summary->metric_names : NULL,
        .left_out = UINT64_C(1) << DLN_FILTER_ATTEMPTS | UINT64_C(1) << DLN_FILTER_STRATEGY |
                    UINT64_C(1) << DLN_FILTER_WHY | UINT64_C(1) << DLN_FILTER_DETAIL |
                    UINT64_C(1) << DLN_FILTER_ATTRIBUTE,
        .saved = saved_filters_text,
        .context = saved,
    };
    *column = 1;
    error[0] = '\0';
    if (text[strspn(text, " ")] == '\0') {
        sieve_release(sieve);
        return true;
    }
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_filter *filter = NULL;
    struct word_hits *words = NULL;
    bool ok = dln_filter_parse(text, &names, &arena, &filter, column, &err);
    if (ok && !prepare_words(filter, session->space, &arena, &words)) {
        ok = dln_fail(&err, DLN_NOMEM, "out of memory");
    }
    if (!ok) {
        (void)snprintf(error, cap, "%s", err.text);
        dln_arena_release(&arena);
        return false;
    }
    dln_arena_release(&sieve->arena);
    sieve->arena = arena;
    sieve->filter = filter;
    sieve->words = words;
    sieve->n = 0;
    (void)snprintf(sieve->text, sizeof sieve->text, "%s", text);
    if (run(sieve, session, now_us)) return true;
    (void)snprintf(error, cap, "out of memory");
    sieve_release(sieve);
    return false;
}

bool sieve_follow(struct sieve *sieve, const struct session *session, int64_t now_us)
{
    if (!sieve->filter || !session->is_open) return false;
    if (sieve->n == session->model.n && sieve->model_revision == session->model.revision &&
        sieve->marks_revision == session->marks_revision) {
        return false;
    }
    const uint64_t before = sieve->revision;
    if (!run(sieve, session, now_us)) sieve_release(sieve);
    return sieve->revision != before;
}
