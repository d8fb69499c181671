#include "cli/trial_filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "dialin/clock.h"

/* ── ranks ─────────────────────────────────────────────────────────────────────────────────────*/

static int by_loss(const void *a, const void *b)
{
    const double x = ((const struct trial_rank *)a)->loss;
    const double y = ((const struct trial_rank *)b)->loss;
    return (x > y) - (x < y);
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct trial_rank *)a)->id;
    const int64_t y = ((const struct trial_rank *)b)->id;
    return (x > y) - (x < y);
}

/* Of the complete trials by the first objective; equal values share the better rank. */
static bool find_ranks(struct trial_filter *filter, struct dln_error *err)
{
    struct trial_list list;
    const struct dln_study_summary *summary = &filter->study->summary;
    if (summary->n_objectives == 0) return true;
    if (!trial_list_load(filter->study, &list, err)) return false;
    filter->ranks = DLN_ARENA_ARRAY(&filter->arena, struct trial_rank, list.n);
    for (size_t i = 0; filter->ranks && i < list.n; i++) {
        const struct dln_trial *trial = &list.trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || isnan(trial->values[0])) continue;
        filter->ranks[filter->n_ranks++] = (struct trial_rank){
            .id = trial->id,
            .loss = summary->maximize[0] ? -trial->values[0] : trial->values[0],
        };
    }
    trial_list_release(&list);
    if (!filter->ranks) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (filter->n_ranks == 0) return true;
    qsort(filter->ranks, filter->n_ranks, sizeof *filter->ranks, by_loss);
    for (size_t i = 0; i < filter->n_ranks; i++) {
        const bool is_equal = i > 0 && filter->ranks[i].loss == filter->ranks[i - 1].loss;
        filter->ranks[i].rank = is_equal ? filter->ranks[i - 1].rank : i + 1;
    }
    qsort(filter->ranks, filter->n_ranks, sizeof *filter->ranks, by_id);
    return true;
}

static double rank_of(const struct trial_filter *filter, const struct dln_trial *trial)
{
    const struct trial_rank wanted = {.id = trial->id};
    const struct trial_rank *found =
        filter->n_ranks > 0 ? bsearch(&wanted, filter->ranks, filter->n_ranks, sizeof wanted, by_id)
                            : NULL;
    return found ? (double)found->rank : (double)NAN;
}

/* ── what people say ───────────────────────────────────────────────────────────────────────────*/

static int by_trial(const void *a, const void *b)
{
    const int64_t x = ((const struct dln_trial_marks *)a)->trial_id;
    const int64_t y = ((const struct dln_trial_marks *)b)->trial_id;
    return (x > y) - (x < y);
}

static const struct dln_trial_marks *marks_of(const struct trial_filter *filter,
                                              const struct dln_trial *trial)
{
    static const struct dln_trial_marks none = {.note = "", .tags = ""};
    const struct dln_trial_marks wanted = {.trial_id = trial->id};
    const struct dln_trial_marks *found =
        filter->n_marks > 0
            ? bsearch(&wanted, filter->marks, filter->n_marks, sizeof wanted, by_trial)
            : NULL;
    return found ? found : &none;
}

static bool holds_text(struct trial_filter *filter, const struct dln_trial *trial,
                       const char *wanted)
{
    const struct dln_trial_marks *marks = marks_of(filter, trial);
    const char *const texts[] = {
        dln_trial_state_word(trial->state),  trial->detail, trial->strategy,
        dln_fail_reason_name(trial->reason), marks->note,   marks->tags,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i] && dln_text_holds(texts[i], wanted)) return true;
    }
    const struct dln_space *space = filter->study->space;
    for (size_t i = 0; i < space->n; i++) {
        const enum dln_param_kind kind = space->params[i].kind;
        if (kind != DLN_PARAM_CHOICE && kind != DLN_PARAM_FLAG) continue;
        dln_strbuf_reset(&filter->scratch);
        dln_param_text(&space->params[i], trial->x[i], &filter->scratch);
        if (dln_text_holds(dln_strbuf_text(&filter->scratch), wanted)) return true;
    }
    return false;
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

struct reading {
    struct trial_filter *filter;
    const struct dln_trial *trial;
};

static double seconds_of(const struct dln_trial *trial)
{
    if (trial->state == DLN_TRIAL_RUNNING && trial->started_us > 0) {
        return (double)(dln_clock_wall_us() - trial->started_us) / 1e6;
    }
    return trial_duration_s(trial);
}

static enum column_kind column_of(enum dln_filter_kind kind)
{
    switch (kind) {
    case DLN_FILTER_PARAM: return COLUMN_PARAM;
    case DLN_FILTER_METRIC: return COLUMN_METRIC;
    case DLN_FILTER_VALUE: return COLUMN_VALUE;
    case DLN_FILTER_STATE: return COLUMN_STATE;
    case DLN_FILTER_STEP: return COLUMN_STEP;
    case DLN_FILTER_LAST: return COLUMN_LAST;
    case DLN_FILTER_REASON: return COLUMN_REASON;
    case DLN_FILTER_SLOT: return COLUMN_SLOT;
    case DLN_FILTER_STARTED: return COLUMN_STARTED;
    case DLN_FILTER_ENDED: return COLUMN_ENDED;
    case DLN_FILTER_ATTEMPTS: return COLUMN_ATTEMPTS;
    case DLN_FILTER_STRATEGY: return COLUMN_STRATEGY;
    case DLN_FILTER_WHY: return COLUMN_WHY;
    case DLN_FILTER_DETAIL: return COLUMN_DETAIL;
    case DLN_FILTER_NUMBER:
    case DLN_FILTER_TIME:
    case DLN_FILTER_RANK:
    case DLN_FILTER_ATTRIBUTE:
    case DLN_FILTER_STATES:
    case DLN_FILTER_NUMBERS:
    case DLN_FILTER_TAG:
    case DLN_FILTER_NOTE:
    case DLN_FILTER_ARTIFACT:
    case DLN_FILTER_HAS:
    case DLN_FILTER_TEXT: break;
    }
    return COLUMN_NUMBER;
}

static void set_truth(struct dln_value *out, bool truth)
{
    *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = truth, .number = truth};
}

static void set_number(struct dln_value *out, double x)
{
    if (!isnan(x)) *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = x};
}

static void read_field(void *context, const struct dln_filter_field *field, struct dln_value *out)
{
    const struct reading *r = context;
    struct trial_filter *filter = r->filter;
    const struct dln_trial *trial = r->trial;
    struct trial_column column = {.kind = column_of(field->kind), .index = field->index};
    switch (field->kind) {
    case DLN_FILTER_STATES: set_truth(out, field->states >> trial->state & 1); return;
    case DLN_FILTER_NUMBERS:
        set_truth(out, trial->number >= field->low && trial->number <= field->high);
        return;
    case DLN_FILTER_TAG:
        set_truth(out, dln_tags_have(marks_of(filter, trial)->tags, field->text));
        return;
    case DLN_FILTER_NOTE: {
        const char *note = marks_of(filter, trial)->note;
        set_truth(out, *note && dln_text_holds(note, field->text));
        return;
    }
    case DLN_FILTER_ARTIFACT: set_truth(out, marks_of(filter, trial)->has_artifact); return;
    case DLN_FILTER_TEXT: set_truth(out, holds_text(filter, trial, field->text)); return;
    case DLN_FILTER_TIME: set_number(out, seconds_of(trial)); return;
    case DLN_FILTER_RANK: set_number(out, rank_of(filter, trial)); return;
    case DLN_FILTER_ATTRIBUTE:
        column.kind = COLUMN_ATTRIBUTE;
        column.name = dln_arena_printf(&filter->arena, "attr.%s", field->text);
        if (!column.name) return;
        break;
    case DLN_FILTER_PARAM:
    case DLN_FILTER_METRIC:
    case DLN_FILTER_VALUE:
    case DLN_FILTER_NUMBER:
    case DLN_FILTER_STATE:
    case DLN_FILTER_STEP:
    case DLN_FILTER_LAST:
    case DLN_FILTER_REASON:
    case DLN_FILTER_SLOT:
    case DLN_FILTER_STARTED:
    case DLN_FILTER_ENDED:
    case DLN_FILTER_ATTEMPTS:
    case DLN_FILTER_STRATEGY:
    case DLN_FILTER_WHY:
    case DLN_FILTER_DETAIL:
    case DLN_FILTER_HAS: break;
    }
    *out = column_value(filter->study, column, trial, &filter->scratch);
}

bool trial_filter_keeps(struct trial_filter *filter, const struct dln_trial *trial)
{
    if (!filter->filter) return true;
    struct reading reading = {.filter = filter, .trial = trial};
    return dln_filter_keeps(filter->filter, read_field, &reading);
}

/* ── making one ────────────────────────────────────────────────────────────────────────────────*/

static bool prepare(struct trial_filter *filter, struct dln_error *err)
{
    const struct dln_filter *parsed = filter->filter;
    if (dln_filter_uses(parsed, DLN_FILTER_RANK) && !find_ranks(filter, err)) return false;
    if (!dln_filter_uses(parsed, DLN_FILTER_TAG) && !dln_filter_uses(parsed, DLN_FILTER_NOTE) &&
        !dln_filter_uses(parsed, DLN_FILTER_ARTIFACT) &&
        !dln_filter_uses(parsed, DLN_FILTER_TEXT)) {
        return true;
    }
    return dln_store_trial_marks(filter->study->store, filter->study->summary.id, &filter->arena,
                                 &filter->marks, &filter->n_marks, err);
}

bool trial_filter_init(struct trial_filter *filter, struct opened *study, const char *text,
                       struct dln_error *err)
{
    *filter = (struct trial_filter){.study = study};
    if (!text) return true;
    saved_filters_load(&filter->saved);
    const struct dln_filter_names names = {
        .space = study->space,
        .m = study->summary.n_objectives,
        .metric = study->summary.metric_names,
        .saved = saved_filters_text,
        .context = &filter->saved,
    };
    size_t column = 1;
    struct dln_error why = {0};
    if (!dln_filter_parse(text, &names, &filter->arena, &filter->filter, &column, &why)) {
        trial_filter_release(filter);
        return dln_fail(err, why.code == DLN_NOMEM ? DLN_NOMEM : DLN_USAGE,
                        "--filter, column %zu: %s", column, why.text);
    }
    if (prepare(filter, err)) return true;
    trial_filter_release(filter);
    return false;
}

void trial_filter_release(struct trial_filter *filter)
{
    saved_filters_release(&filter->saved);
    dln_strbuf_release(&filter->scratch);
    dln_arena_release(&filter->arena);
    *filter = (struct trial_filter){0};
}

bool trial_filter_apply(struct opened *study, const char *text, struct trial_list *list,
                        struct dln_error *err)
{
    struct trial_filter filter;
    if (!trial_filter_init(&filter, study, text, err)) return false;
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (trial_filter_keeps(&filter, &list->trials[i])) list->trials[kept++] = list->trials[i];
    }
    list->n = kept;
    trial_filter_release(&filter);
    return true;
}
