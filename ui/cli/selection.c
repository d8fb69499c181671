#include "cli/selection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/trial_filter.h"

/* "ok,cut" */
static bool parse_states(const char *list, bool wanted[DLN_TRIAL_STATE_COUNT],
                         struct dln_error *err)
{
    static const char *const known[] = {
#define STATE_WORD(name, word) word,
        DLN_TRIAL_STATES(STATE_WORD)
#undef STATE_WORD
    };
    char word[32];
    for (; *list; list += *list == ',') {
        const size_t len = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), list);
        list += len;
        size_t state = 0;
        while (state < DLN_TRIAL_STATE_COUNT && strcmp(known[state], word) != 0)
            state++;
        if (state == DLN_TRIAL_STATE_COUNT) {
            dln_fail(err, DLN_USAGE, "--state: '%s' is none of run, ok, cut, err, wait", word);
            return add_meant(err, word, known, DLN_TRIAL_STATE_COUNT);
        }
        wanted[state] = true;
    }
    return true;
}

static bool keep_wanted(struct opened *study, const struct options *options,
                        struct trial_list *list, struct dln_error *err)
{
    const char *const states = option_text(options, "state");
    bool wanted[DLN_TRIAL_STATE_COUNT] = {false};
    if (states && !parse_states(states, wanted, err)) return false;
    size_t kept = 0;
    for (size_t i = 0; states && i < list->n; i++) {
        if (wanted[list->trials[i].state]) list->trials[kept++] = list->trials[i];
    }
    if (states) list->n = kept;
    return trial_filter_apply(study, option_text(options, "filter"), list, err);
}

struct sort_key { /* of one trial; missing values are last in both directions */
    struct dln_value value;
    size_t place; /* equal keys keep their order */
    bool descending;
};

static int by_key(const void *a, const void *b)
{
    const struct sort_key *const x = a;
    const struct sort_key *const y = b;
    const bool x_has = x->value.kind != DLN_VALUE_MISSING && x->value.kind != DLN_VALUE_NULL;
    const bool y_has = y->value.kind != DLN_VALUE_MISSING && y->value.kind != DLN_VALUE_NULL;
    if (x_has != y_has) return x_has ? -1 : 1;
    int order = 0;
    if (x_has && x->value.kind != y->value.kind) {
        order = x->value.kind < y->value.kind ? -1 : 1;
    } else if (x_has && x->value.kind == DLN_VALUE_TEXT) {
        order = strcmp(x->value.text, y->value.text);
    } else if (x_has && x->value.kind == DLN_VALUE_BOOL) {
        order = x->value.truth - y->value.truth;
    } else if (x_has) {
        order = (x->value.number > y->value.number) - (x->value.number < y->value.number);
    }
    if (x->descending) order = -order;
    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

/* Row i becomes what row keys[i].place was; in place, because trials are large. */
static void arrange(struct trial_list *list, struct sort_key *keys)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct dln_trial first = list->trials[i];
        size_t at = i;
        while (keys[at].place != SIZE_MAX) {
            const size_t from = keys[at].place;
            keys[at].place = SIZE_MAX;
            if (from == i) {
                list->trials[at] = first;
                break;
            }
            list->trials[at] = list->trials[from];
            at = from;
        }
    }
}

static void reverse(struct trial_list *list)
{
    for (size_t i = 0; i < list->n / 2; i++) {
        const struct dln_trial swap = list->trials[i];
        list->trials[i] = list->trials[list->n - 1 - i];
        list->trials[list->n - 1 - i] = swap;
    }
}

static bool sort(struct opened *study, const char *name, bool reversed, struct trial_list *list,
                 struct dln_error *err)
{
    struct trial_column column;
    const bool has_dash = name[0] == '-';
    const bool descending = has_dash != reversed;
    if (!column_find(study, name + has_dash, &column, err)) return false;
    struct sort_key *const keys = calloc(list->n + 1, sizeof *keys);
    bool ok = keys != NULL;
    struct dln_strbuf scratch = {0};
    for (size_t i = 0; ok && i < list->n; i++) {
        keys[i] = (struct sort_key){.place = i, .descending = descending};
        keys[i].value = column_value(study, column, &list->trials[i], &scratch);
        if (keys[i].value.kind == DLN_VALUE_TEXT &&
            keys[i].value.text == dln_strbuf_text(&scratch)) {
            keys[i].value.text = dln_arena_copy(&list->arena, keys[i].value.text);
            ok = keys[i].value.text != NULL;
        }
    }
    if (ok) {
        qsort(keys, list->n, sizeof *keys, by_key);
        arrange(list, keys);
    }
    dln_strbuf_release(&scratch);
    free(keys);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory to sort the trials");
}

bool selection_apply(struct opened *study, const struct options *options, struct trial_list *list,
                     struct dln_error *err)
{
    const char *const order = option_text(options, "sort");
    const bool reversed = option_given(options, "reverse");
    int64_t limit = INT64_MAX;
    if (!option_whole(options, "limit", 0, INT64_MAX, &limit, err)) return false;
    if (!keep_wanted(study, options, list, err)) return false;
    if (order && !sort(study, order, reversed, list, err)) return dln_wrap(err, "--sort");
    if (!order && reversed) reverse(list);
    if (limit < (int64_t)list->n) list->n = (size_t)limit;
    return true;
}

/* ── long studies ──────────────────────────────────────────────────────────────────────────────*/

enum { FEW = 1000, SLICE = 20000 }; /* rows that are looked up singly; trials that a look reads */

/* True: the parts of a trial that tell this column, which is a number. */
static bool is_number_of(const struct opened *study, struct trial_column column,
                         enum dln_trial_parts *parts)
{
    switch (column.kind) {
    case COLUMN_NUMBER:
    case COLUMN_VALUE:
    case COLUMN_METRIC:
    case COLUMN_DURATION: *parts = DLN_TRIAL_VALUES; return true;
    case COLUMN_PARAM: *parts = DLN_TRIAL_PARAMS; return column_is_number(study, column);
    case COLUMN_STATE:
    case COLUMN_STARTED:
    case COLUMN_ENDED:
    case COLUMN_REASON:
    case COLUMN_DETAIL:
    case COLUMN_STRATEGY:
    case COLUMN_WHY:
    case COLUMN_ATTEMPTS:
    case COLUMN_SLOT:
    case COLUMN_STEP:
    case COLUMN_LAST:
    case COLUMN_RUNS:
    case COLUMN_SPREAD:
    case COLUMN_ATTRIBUTE: break;
    }
    return false;
}

struct rank { /* a trial that may be among the first ones */
    double key;
    int64_t number;
};

/* Numbers before NaN, then the key, then the trial's number. */
static int by_rank(const void *a, const void *b)
{
    const struct rank *const x = a;
    const struct rank *const y = b;
    if (isnan(x->key) != isnan(y->key)) return isnan(x->key) ? 1 : -1;
    if (!isnan(x->key) && x->key != y->key) return x->key > y->key ? 1 : -1;
    return (x->number > y->number) - (x->number < y->number);
}

struct first_rows { /* the least by rank, at most twice as many as wanted */
    size_t n, wanted;
    struct rank at[2 * FEW];
};

static void offer(struct first_rows *rows, struct rank rank)
{
    rows->at[rows->n++] = rank;
    if (rows->n < 2 * rows->wanted) return;
    qsort(rows->at, rows->n, sizeof rows->at[0], by_rank);
    rows->n = rows->wanted;
}

static bool rank_trials(struct opened *study, struct trial_column column,
                        enum dln_trial_parts parts, bool descending, struct first_rows *rows,
                        struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_strbuf scratch = {0};
    int64_t after = INT64_MIN;
    size_t n = SLICE;
    bool ok = true;
    while (ok && n == SLICE) {
        const struct dln_trial *trials;
        dln_arena_reset(&arena);
        ok = dln_store_trials(study->store, study->summary.id, study->space,
                              study->summary.n_objectives, parts, after, SLICE, false, &arena,
                              &trials, &n, err);
        for (size_t i = 0; ok && i < n; i++) {
            const struct dln_value value = column_value(study, column, &trials[i], &scratch);
            const double key = value.kind == DLN_VALUE_NUMBER ? value.number : (double)NAN;
            offer(rows, (struct rank){descending ? -key : key, trials[i].number});
        }
        if (ok && n > 0) after = trials[n - 1].id;
    }
    dln_strbuf_release(&scratch);
    dln_arena_release(&arena);
    if (ok && rows->n > 0) qsort(rows->at, rows->n, sizeof rows->at[0], by_rank);
    if (rows->n > rows->wanted) rows->n = rows->wanted;
    return ok;
}

static bool take_rows(struct opened *study, const struct first_rows *rows, struct trial_list *list,
                      struct dln_error *err)
{
    list->trials = calloc(rows->n + 1, sizeof *list->trials);
    if (!list->trials) return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
    list->cap = rows->n + 1;
    for (size_t i = 0; i < rows->n; i++) {
        const struct dln_space *const space = study->space;
        if (!opened_number(study, rows->at[i].number, &list->trials[i], err)) return false;
        if (study->space != space) i = SIZE_MAX; /* the space has grown: all of them again */
        list->n = i + 1;
    }
    return true;
}

/* The first or last trials, as they come. */
static bool take_ends(struct opened *study, size_t limit, bool newest, struct trial_list *list,
                      struct dln_error *err)
{
    const struct dln_trial *trials;
    size_t n;
    bool has_strangers = false;
    if (!dln_store_trials(study->store, study->summary.id, study->space,
                          study->summary.n_objectives, DLN_TRIAL_ALL, INT64_MIN, limit, newest,
                          &list->arena, &trials, &n, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++)
        has_strangers = has_strangers || trials[i].has_strangers;
    if (has_strangers && study->is_sampled) {
        return opened_infer(study, err) && take_ends(study, limit, newest, list, err);
    }
    list->trials = calloc(n + 1, sizeof *list->trials);
    if (!list->trials) return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
    list->cap = n + 1;
    list->n = n;
    if (n > 0) memcpy(list->trials, trials, n * sizeof *trials);
    if (newest) reverse(list);
    return true;
}

static bool load_few(struct opened *study, const struct options *options, size_t limit,
                     struct trial_list *list, bool *done, struct dln_error *err)
{
    const char *const order = option_text(options, "sort");
    const bool reversed = option_given(options, "reverse");
    struct trial_column column;
    enum dln_trial_parts parts;
    *done = true;
    if (!order) return take_ends(study, limit, reversed, list, err);
    const bool has_dash = order[0] == '-';
    if (!column_find(study, order + has_dash, &column, err)) {
        if (!study->is_sampled) return dln_wrap(err, "--sort");
        *done = false;
        return true;
    }
    if (!is_number_of(study, column, &parts)) {
        *done = false;
        return true;
    }
    struct first_rows *const rows = calloc(1, sizeof *rows);
    if (!rows) return dln_fail(err, DLN_NOMEM, "out of memory to sort the trials");
    rows->wanted = limit;
    const bool ok = rank_trials(study, column, parts, has_dash != reversed, rows, err) &&
                    take_rows(study, rows, list, err);
    free(rows);
    return ok;
}

bool selection_load(struct opened *study, const struct options *options, struct trial_list *list,
                    struct dln_error *err)
{
    int64_t limit = INT64_MAX;
    *list = (struct trial_list){0};
    if (!option_whole(options, "limit", 0, INT64_MAX, &limit, err)) return false;
    const bool is_choosy = option_given(options, "filter") || option_given(options, "state");
    if (!is_choosy && limit > 0 && limit <= FEW) {
        bool done;
        if (!load_few(study, options, (size_t)limit, list, &done, err)) {
            trial_list_release(list);
            return false;
        }
        if (done) return true;
    }
    if (study->is_sampled && !opened_infer(study, err)) return false;
    return trial_list_load(study, list, err) && selection_apply(study, options, list, err);
}
