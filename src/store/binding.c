#include "store/binding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "store/attributes.h"
#include "store/distribution.h"

/* ── one parameter ─────────────────────────────────────────────────────────────────────────────*/

static bool is_choice(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
}

static bool out_of_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

/* Position of a choice in a list: the very same kind first, else what Python calls equal. */
static int position_of(const struct dln_scalar *choice, const struct dln_scalar *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].kind == choice->kind && dln_choice_same(&list[i], choice)) return (int)i;
    }
    for (size_t i = 0; i < n; i++) {
        if (dln_choice_same(&list[i], choice)) return (int)i;
    }
    return -1;
}

/* The stored text with choices put before its closing brackets, so that the old part stays. */
static const char *grow_list(struct dln_slice stored, const struct dln_scalar *const *added,
                             size_t n_added, struct dln_arena *arena)
{
    size_t len = stored.len;
    while (len > 0 && stored.at[len - 1] != ']')
        len--;
    if (len == 0) return NULL;
    struct dln_strbuf text = {0};
    dln_strbuf_add_len(&text, stored.at, len - 1);
    for (size_t i = 0; i < n_added; i++) {
        dln_strbuf_add(&text, ", ");
        dln_choice_write(added[i], &text);
    }
    dln_strbuf_add_len(&text, stored.at + len - 1, stored.len - len + 1);
    const char *copy = dln_strbuf_ok(&text) ? dln_arena_copy(arena, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return copy;
}

static bool merge_choices(const struct dln_param *param, struct dln_slice stored_text,
                          const struct dln_param *stored, struct dln_arena *arena,
                          struct dln_bound *bound, bool *grown, struct dln_error *err)
{
    const size_t n = param->n_choices;
    int *to_store = DLN_ARENA_ARRAY(arena, int, n);
    int *to_space = DLN_ARENA_ARRAY(arena, int, stored->n_choices + n);
    const struct dln_scalar **added = DLN_ARENA_ARRAY(arena, const struct dln_scalar *, n);
    if (!to_store || !to_space || !added) return out_of_memory(err);
    size_t n_added = 0;
    bool is_same = n == stored->n_choices;
    for (size_t i = 0; i < stored->n_choices; i++)
        to_space[i] = -1;
    for (size_t i = 0; i < n; i++) {
        to_store[i] = position_of(&param->choices[i], stored->choices, stored->n_choices);
        if (to_store[i] < 0) {
            to_store[i] = (int)(stored->n_choices + n_added);
            added[n_added++] = &param->choices[i];
        }
        to_space[to_store[i]] = (int)i;
        if (to_store[i] != (int)i) is_same = false;
    }
    bound->n_stored = stored->n_choices + n_added;
    bound->json = n_added > 0 ? grow_list(stored_text, added, n_added, arena)
                              : dln_arena_copy_len(arena, stored_text.at, stored_text.len);
    if (!bound->json) return out_of_memory(err);
    if (!is_same) {
        bound->to_store = to_store;
        bound->to_space = to_space;
    }
    *grown = n_added > 0;
    return true;
}

bool dln_bound_merge(const struct dln_param *param, struct dln_slice stored,
                     struct dln_arena *arena, struct dln_bound *out, bool *grown,
                     struct dln_error *err)
{
    struct dln_param old;
    enum dln_distribution_form form = DLN_FORM_MODERN;
    const bool has_old = stored.len > 0 && dln_distribution_read(stored, arena, &old, &form, NULL);
    struct dln_bound bound = {
        .name = param->name,
        .n_choices = is_choice(param) ? param->n_choices : 0,
        .n_stored = is_choice(param) ? param->n_choices : 0,
    };
    *grown = false;
    if (has_old && is_choice(param) && old.kind == DLN_PARAM_CHOICE) {
        if (!merge_choices(param, stored, &old, arena, &bound, grown, err)) return false;
    } else {
        struct dln_strbuf json = {0};
        const bool keeps_form = has_old && old.kind == param->kind && old.log == param->log;
        dln_distribution_write(param, keeps_form ? form : DLN_FORM_MODERN, &json);
        bound.json = dln_strbuf_ok(&json) ? dln_arena_copy(arena, dln_strbuf_text(&json)) : NULL;
        dln_strbuf_release(&json);
        if (!bound.json) return out_of_memory(err);
    }
    *out = bound;
    return true;
}

double dln_bound_read(const struct dln_bound *bound, double stored)
{
    if (bound->n_choices == 0) return stored;
    if (!(stored >= 0 && stored < (double)bound->n_stored)) return NAN;
    const int index = bound->to_space ? bound->to_space[(size_t)stored] : (int)stored;
    return index < 0 || (size_t)index >= bound->n_choices ? (double)NAN : (double)index;
}

double dln_bound_write(const struct dln_bound *bound, double x)
{
    if (!bound->to_store || !(x >= 0 && x < (double)bound->n_choices)) return x;
    return bound->to_store[(size_t)x];
}

/* ── all of them ───────────────────────────────────────────────────────────────────────────────*/

static bool sort_names(struct dln_binding *binding, struct dln_arena *arena)
{
    binding->by_name = DLN_ARENA_ARRAY(arena, size_t, binding->n);
    if (!binding->by_name) return false;
    for (size_t i = 0; i < binding->n; i++) { /* insertion: at most a few dozen, once */
        size_t at = i;
        while (at > 0 && strcmp(binding->params[binding->by_name[at - 1]].name,
                                binding->params[i].name) > 0) {
            binding->by_name[at] = binding->by_name[at - 1];
            at--;
        }
        binding->by_name[at] = i;
    }
    return true;
}

bool dln_binding_make(dln_db *db, int64_t study_id, const struct dln_space *space,
                      struct dln_arena *arena, struct dln_binding *out, struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SPACE, arena, &json, err)) {
        return false;
    }
    const struct dln_slice stored = {json ? json : "", json ? strlen(json) : 0};
    struct dln_binding binding = {.n = space->n};
    binding.params = DLN_ARENA_ARRAY(arena, struct dln_bound, space->n);
    if (!binding.params) return out_of_memory(err);
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        bool grown;
        if (!dln_bound_merge(param, dln_slice_member(stored, param->name, arena), arena,
                             &binding.params[i], &grown, err)) {
            return false;
        }
    }
    if (!sort_names(&binding, arena)) return out_of_memory(err);
    *out = binding;
    return true;
}

size_t dln_binding_find(const struct dln_binding *binding, const char *name, size_t *cursor)
{
    for (size_t tries = 0; tries < binding->n; tries++) {
        const size_t at = (*cursor + tries) % binding->n;
        if (strcmp(binding->params[binding->by_name[at]].name, name) != 0) continue;
        *cursor = at + 1;
        return binding->by_name[at];
    }
    return SIZE_MAX;
}

/* ── cached ────────────────────────────────────────────────────────────────────────────────────*/

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    return dln_splitmix64(hash ^ dln_hash_bytes(bytes, len));
}

static uint64_t fingerprint_of(const struct dln_space *space, int64_t study_id)
{
    uint64_t hash = mix(space->n, &study_id, sizeof study_id);
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        const double facts[] = {(double)param->kind, param->low, param->high,
                                param->step,         param->log, (double)param->n_choices};
        hash = mix(hash, facts, sizeof facts);
        hash = mix(hash, param->name, strlen(param->name));
        for (size_t k = 0; is_choice(param) && k < param->n_choices; k++) {
            const struct dln_scalar *choice = &param->choices[k];
            const double value[] = {(double)choice->kind, choice->number};
            hash = mix(hash, value, sizeof value);
            if (choice->text) hash = mix(hash, choice->text, strlen(choice->text));
        }
    }
    return hash;
}

bool dln_binding_get(struct dln_binding_cache *cache, dln_db *db, int64_t study_id,
                     const struct dln_space *space, const struct dln_binding **out,
                     struct dln_error *err)
{
    const uint64_t fingerprint = fingerprint_of(space, study_id);
    if (!cache->is_filled || cache->fingerprint != fingerprint) {
        dln_binding_cache_release(cache);
        if (!dln_binding_make(db, study_id, space, &cache->arena, &cache->binding, err)) {
            return false;
        }
        cache->fingerprint = fingerprint;
        cache->is_filled = true;
    }
    *out = &cache->binding;
    return true;
}

void dln_binding_cache_release(struct dln_binding_cache *cache)
{
    dln_arena_release(&cache->arena);
    *cache = (struct dln_binding_cache){0};
}
