/* A confirmation as attributes of its study. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "engine/confirm_parts.h"

#define KEY_PLAN "dialin:guard"
#define KEY_ROW  "dialin:guard:" /* and the trial's number, or "default" */
#define KEY_SEEN "dialin_confirmed"

static const char *row_key(const struct dln_confirm_row *row, struct dln_arena *arena)
{
    return row->number < 0 ? KEY_ROW "default"
                           : dln_arena_printf(arena, KEY_ROW "%" PRId64, row->number);
}

static void plan_json(const struct dln_confirmation *c, struct dln_strbuf *text)
{
    struct dln_json_writer w = {.out = text};
    const struct {
        const char *key;
        int64_t value;
    } numbers[] = {
        {"series", c->series},   {"complete", c->n_complete},         {"top", c->top},
        {"repeats", c->repeats}, {"held_out_uses", c->held_out_uses},
    };
    dln_json_object(&w);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        dln_json_key(&w, numbers[i].key);
        dln_json_int(&w, numbers[i].value);
    }
    dln_json_key(&w, "command");
    dln_json_string(&w, c->command);
    dln_json_key(&w, "finished");
    dln_json_bool(&w, c->is_finished);
    dln_json_key(&w, "candidates");
    dln_json_array(&w);
    for (size_t i = 0; i < c->n; i++) {
        dln_json_object(&w);
        dln_json_key(&w, "number");
        if (c->rows[i].number < 0) {
            dln_json_null(&w);
        } else {
            dln_json_int(&w, c->rows[i].number);
        }
        dln_json_key(&w, "search");
        dln_json_double(&w, c->rows[i].result.search);
        dln_json_key(&w, "best");
        dln_json_bool(&w, c->rows[i].is_best);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
}

static void row_json(const struct dln_confirmation *c, uint64_t study_seed, size_t row,
                     struct dln_strbuf *text)
{
    struct dln_json_writer w = {.out = text};
    dln_json_object(&w);
    dln_json_key(&w, "series");
    dln_json_int(&w, c->series);
    dln_json_key(&w, "runs"); /* which, seed, value */
    dln_json_array(&w);
    for (size_t s = 0; s < c->n_seeds; s++) {
        if (!dln_confirm_is_tried(&c->rows[row], s)) continue;
        dln_json_array(&w);
        dln_json_int(&w, (int64_t)s);
        dln_json_int(&w, (int64_t)dln_confirm_seed(c, study_seed, s));
        dln_json_double(&w, c->rows[row].values[s]);
        dln_json_end_array(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
}

/* For people who look with other programs. */
static void seen_json(const struct dln_confirmation *c, struct dln_strbuf *text)
{
    const struct dln_confirm_row *winner = &c->rows[c->findings.winner];
    struct dln_json_writer w = {.out = text};
    struct dln_strbuf verdict = {0};
    dln_confirmation_verdict(c, &verdict);
    dln_json_object(&w);
    dln_json_key(&w, "trial");
    dln_json_int(&w, winner->number);
    dln_json_key(&w, c->metric);
    dln_json_double(&w, c->findings.value);
    dln_json_key(&w, "half_width");
    dln_json_double(&w, c->findings.half_width);
    dln_json_key(&w, "runs");
    dln_json_int(&w, (int64_t)winner->result.n);
    dln_json_key(&w, "best_of_search");
    dln_json_string(&w, dln_verdict_name(c->rows[c->best].result.word));
    dln_json_key(&w, "verdict");
    dln_json_string(&w, dln_strbuf_text(&verdict));
    dln_json_end_object(&w);
    dln_strbuf_release(&verdict);
}

bool dln_confirm_save(dln_store *store, int64_t study_id, const struct dln_confirmation *c,
                      uint64_t study_seed, size_t row, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_strbuf plan = {0};
    struct dln_strbuf runs = {0};
    struct dln_strbuf seen = {0};
    bool ok = false;
    const bool is_seen = c->is_finished && c->findings.is_known;
    struct dln_attribute list[2] = {{.key = KEY_PLAN}};
    size_t n = 1;
    plan_json(c, &plan);
    list[0].json = dln_strbuf_text(&plan);
    if (row < c->n) {
        row_json(c, study_seed, row, &runs);
        list[n++] = (struct dln_attribute){.key = row_key(&c->rows[row], &arena),
                                           .json = dln_strbuf_text(&runs)};
    }
    if (is_seen) seen_json(c, &seen);
    if (!dln_strbuf_ok(&plan) || !dln_strbuf_ok(&runs) || !dln_strbuf_ok(&seen) ||
        !list[n - 1].key) {
        (void)dln_confirm_no_memory(err);
    } else {
        const struct dln_attribute people = {.key = KEY_SEEN, .json = dln_strbuf_text(&seen)};
        ok = dln_store_set_study_attributes(store, study_id, n, list, false, err) &&
             (!is_seen || dln_store_set_study_attributes(store, study_id, 1, &people, true, err));
    }
    dln_strbuf_release(&seen);
    dln_strbuf_release(&runs);
    dln_strbuf_release(&plan);
    dln_arena_release(&arena);
    return ok;
}

static int64_t int_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool read_json(dln_store *store, int64_t study_id, const char *key, struct dln_arena *arena,
                      json_t **out, struct dln_error *err)
{
    const char *text = NULL;
    *out = NULL;
    if (!dln_store_attribute(store, DLN_OF_STUDY_SYSTEM, study_id, key, arena, &text, err)) {
        return false;
    }
    /* what another hand has changed beyond reading counts as not there */
    if (text && !dln_json_read(text, strlen(text), out, NULL)) *out = NULL;
    return true;
}

static bool read_plan(const json_t *plan, struct dln_confirmation *c, struct dln_error *err)
{
    const json_t *list = json_object_get(plan, "candidates");
    const char *command = json_string_value(json_object_get(plan, "command"));
    const int64_t top = int_at(plan, "top");
    const int64_t repeats = int_at(plan, "repeats");
    const size_t n = json_array_size(list);
    if (n == 0 || top < 1 || top > 1000 || repeats < 1 || repeats > 1000 || !command) return true;
    c->rows = DLN_ARENA_ARRAY(&c->arena, struct dln_confirm_row, n);
    c->command = dln_arena_copy(&c->arena, command);
    if (!c->rows || !c->command) return dln_confirm_no_memory(err);
    c->top = (int)top;
    c->repeats = (int)repeats;
    c->n_complete = int_at(plan, "complete");
    c->held_out_uses = int_at(plan, "held_out_uses");
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *number = json_object_get(one, "number");
        struct dln_confirm_row *row = &c->rows[i];
        *row = (struct dln_confirm_row){0};
        row->result.is_control = !json_is_integer(number);
        row->number = json_is_integer(number) ? json_integer_value(number) : -1;
        row->is_best = json_is_true(json_object_get(one, "best"));
        const json_t *search = json_object_get(one, "search");
        row->result.search = json_is_number(search) ? json_number_value(search) : (double)NAN;
        if (row->is_best) c->best = i;
        if (row->result.is_control && i + 1 < n) return true; /* no plan of ours */
    }
    c->n = n;
    c->series = int_at(plan, "series");
    return true;
}

/* Into cells; the highest seed alone where `c` has no room yet. */
static void read_runs(const json_t *runs, struct dln_confirm_row *row, size_t room, size_t *highest)
{
    const size_t n = json_array_size(runs);
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(runs, i);
        const json_t *value = json_array_get(one, 2);
        const json_int_t seed = json_integer_value(json_array_get(one, 0));
        if (json_array_size(one) != 3 || seed < 0 || seed >= DLN_CONFIRM_SEEDS_MAX) continue;
        if ((size_t)seed + 1 > *highest) *highest = (size_t)seed + 1;
        if ((size_t)seed >= room) continue;
        row->values[seed] = json_is_number(value) ? json_number_value(value) : (double)NAN;
        row->cells[seed] = json_is_number(value) ? DLN_CELL_MEASURED : DLN_CELL_FAILED;
    }
}

bool dln_confirm_read_rows(dln_store *store, int64_t study_id, struct dln_confirmation *c,
                           struct dln_error *err)
{
    json_t **json = DLN_ARENA_ARRAY(&c->arena, json_t *, c->n);
    size_t highest = 0;
    size_t n = 0;
    bool ok = json || dln_confirm_no_memory(err);
    for (; ok && n < c->n; n++) {
        const char *key = row_key(&c->rows[n], &c->arena);
        json[n] = NULL;
        ok = key ? read_json(store, study_id, key, &c->arena, &json[n], err)
                 : dln_confirm_no_memory(err);
        if (json[n] && int_at(json[n], "series") != c->series) {
            json_decref(json[n]);
            json[n] = NULL;
        }
        if (ok) read_runs(json_object_get(json[n], "runs"), NULL, 0, &highest);
    }
    ok = ok && dln_confirm_make_room(c, highest, err);
    for (size_t i = 0; i < n; i++) {
        if (ok) read_runs(json_object_get(json[i], "runs"), &c->rows[i], c->n_seeds, &highest);
        json_decref(json[i]);
    }
    return ok;
}

bool dln_confirm_read_plan(dln_store *store, int64_t study_id, struct dln_confirmation *c,
                           struct dln_error *err)
{
    json_t *plan;
    if (!read_json(store, study_id, KEY_PLAN, &c->arena, &plan, err)) return false;
    const bool ok = read_plan(plan, c, err);
    json_decref(plan);
    return ok;
}
