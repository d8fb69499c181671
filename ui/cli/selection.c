#include "cli/selection.h"

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

static bool sort(struct opened *study, const char *name, struct trial_list *list,
                 struct dln_error *err)
{
    struct trial_column column;
    const bool descending = name[0] == '-';
    if (!column_find(study, name + descending, &column, err)) return false;
    struct sort_key *const keys = calloc(list->n + 1, sizeof *keys);
    struct dln_trial *const sorted = calloc(list->n + 1, sizeof *sorted);
    bool ok = keys && sorted;
    struct dln_strbuf scratch = {0};
    for (size_t i = 0; ok && i < list->n; i++) {
        keys[i] = (struct sort_key){.place = i, .descending = descending};
        keys[i].value = column_value(study, column, &list->trials[i], &scratch);
        if (keys[i].value.kind == DLN_VALUE_TEXT) {
            keys[i].value.text = dln_arena_copy(&list->arena, keys[i].value.text);
            ok = keys[i].value.text != NULL;
        }
    }
    if (ok) {
        qsort(keys, list->n, sizeof *keys, by_key);
        for (size_t i = 0; i < list->n; i++)
            sorted[i] = list->trials[keys[i].place];
        memcpy(list->trials, sorted, list->n * sizeof *sorted);
    }
    dln_strbuf_release(&scratch);
    free(keys);
    free(sorted);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory to sort the trials");
}

bool selection_apply(struct opened *study, const struct options *options, struct trial_list *list,
                     struct dln_error *err)
{
    const char *const order = option_text(options, "sort");
    int64_t limit = INT64_MAX;
    if (!option_whole(options, "limit", 0, INT64_MAX, &limit, err)) return false;
    if (!keep_wanted(study, options, list, err)) return false;
    if (order && !sort(study, order, list, err)) return dln_wrap(err, "--sort");
    if (limit < (int64_t)list->n) list->n = (size_t)limit;
    return true;
}
