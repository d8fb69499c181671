/*
 * Keys that are understood and checked, but whose machinery is not built yet: one line each. A
 * study that uses one can be written, looked at and stored; running it is refused with a sentence.
 */
#include <stdlib.h>
#include <string.h>

#include "study/reader.h"

/* Of several objectives one must be named; 'prune_on' does it too. */
static bool confirms_a_front(const struct dln_study *study)
{
    if (study->n_objectives < 2 || study->prune_on) return false;
    for (size_t i = 0; study->confirm.metric && i < study->n_objectives; i++) {
        if (strcmp(study->confirm.metric, study->objectives[i].metric) == 0) return false;
    }
    return true;
}

static const struct {
    const char *key; /* as in struct dln_later */
    bool (*is_used)(const struct dln_study *study);
    const char *remedy;
} unbuilt[] = {
    {"confirm", confirms_a_front, "give it 'metric', the objective to judge by"},
};
enum { N_UNBUILT = sizeof unbuilt / sizeof unbuilt[0] };

/* The key's node, for a key or "section.key". */
static const struct dln_node *find_key(const struct dln_node *root, const char *key)
{
    const char *dot = strchr(key, '.');
    if (!dot) return dln_node_get_key(root, key);
    char section[32] = "";
    memcpy(section, key, (size_t)(dot - key)); /* names of the table above */
    return dln_node_get_key(dln_node_get(root, section), dot + 1);
}

static int by_place(const void *a, const void *b)
{
    const struct dln_later *left = a;
    const struct dln_later *right = b;
    if (left->line != right->line) return left->line < right->line ? -1 : 1;
    return left->column < right->column ? -1 : left->column > right->column;
}

bool dln_list_later(struct dln_reader *r)
{
    struct dln_study *study = r->study;
    study->later = DLN_ARENA_ARRAY(r->arena, struct dln_later, N_UNBUILT);
    if (!study->later) return dln_read_no_memory(r);
    for (size_t i = 0; i < N_UNBUILT; i++) {
        const struct dln_node *key = find_key(r->root, unbuilt[i].key);
        if (!key || !unbuilt[i].is_used(study)) continue;
        study->later[study->n_later++] =
            (struct dln_later){.key = unbuilt[i].key, .line = key->line, .column = key->column};
    }
    qsort(study->later, study->n_later, sizeof *study->later, by_place);
    return true;
}

const struct dln_words *dln_study_command(const struct dln_study *study)
{
    return study->worker.n > 0 ? &study->worker : &study->run;
}

bool dln_study_can_run(const struct dln_study *study, struct dln_error *err)
{
    if (study->n_later > 0) {
        const struct dln_later *later = &study->later[0];
        size_t i = 0;
        while (i + 1 < N_UNBUILT && strcmp(unbuilt[i].key, later->key) != 0)
            i++;
        return dln_fail(err, DLN_UNSUPPORTED,
                        "%.400s%s%u:%u: '%s' is understood but cannot run yet in this release; %s",
                        study->path, study->path[0] ? ":" : "", later->line, later->column,
                        later->key, unbuilt[i].remedy);
    }
    if (dln_study_command(study)->n == 0) {
        return dln_fail(err, DLN_INVALID,
                        "%.400s%s1:1: there is nothing to run: 'run' names the program",
                        study->path, study->path[0] ? ":" : "");
    }
    return true;
}
