/* The space of a study, from a script: set … space, freeze, thaw, narrow, widen. */
#include "cli/space_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/outlook.h"
#include "cli/steer.h"
#include "dialin/json.h"
#include "dialin/space_plan.h"
#include "space_change.h"

enum { JOURNAL_MAX = 20000 };

/* The edits while they are gathered: {"edits": {…}}. */
struct gathering {
    struct opened *study;
    json_t *edits;
};

static const struct dln_param *find_param(const struct opened *study, const char *name, size_t len,
                                          struct dln_error *err)
{
    char text[DLN_PARAM_NAME_MAX];
    (void)snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1),
                   name);
    const size_t at = dln_space_find(study->space, text);
    if (at != SIZE_MAX) return &study->space->params[at];
    (void)dln_fail(err, DLN_USAGE, "there is no parameter '%s'", text);
    return NULL;
}

static bool add_edit(struct gathering *g, const char *name, const char *definition,
                     struct dln_error *err)
{
    json_t *value = definition ? json_string(definition) : json_null();
    return json_object_set_new(g->edits, name, value) == 0 ||
           dln_fail(err, DLN_INVALID, "'%.80s' is no text", name);
}

static bool add_range(struct gathering *g, const struct dln_param *param, double low, double high,
                      struct dln_error *err)
{
    struct dln_strbuf text = {0};
    const bool ok = change_range(param, low, high, &text, err) &&
                    add_edit(g, param->name, dln_strbuf_text(&text), err);
    dln_strbuf_release(&text);
    return ok;
}

/* ── what the words mean ───────────────────────────────────────────────────────────────────────*/

/* "lr=1e-4..1e-2", "lr={float: [0, 1]}", "lr=none". */
static bool add_setting(struct gathering *g, const char *word, struct dln_error *err)
{
    const char *equals = strchr(word, '=');
    char name[DLN_PARAM_NAME_MAX];
    double low;
    double high;
    if (!equals || equals == word) {
        return dln_fail(err, DLN_USAGE,
                        "'%s': a parameter is given as lr=1e-4..1e-2, 'lr={float: [0, 1]}' or "
                        "lr=none",
                        word);
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
    const char *text = equals + 1;
    if (strcmp(text, "none") == 0) return add_edit(g, name, NULL, err);
    if (text[0] == '{') return add_edit(g, name, text, err);
    const struct dln_param *param = find_param(g->study, name, strlen(name), err);
    if (!param) return false;
    if (!change_parse_range(text, &low, &high)) {
        return dln_fail(err, DLN_USAGE, "'%s': a range is given as 1e-4..1e-2", word);
    }
    return add_range(g, param, low, high, err);
}

/* "dropout=0.1", or "dropout": the best trial's value. */
static bool add_frozen(struct gathering *g, const char *word, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    const char *equals = strchr(word, '=');
    const struct dln_param *param =
        find_param(g->study, word, equals ? (size_t)(equals - word) : strlen(word), err);
    double x = (double)NAN;
    if (!param) return false;
    if (equals) {
        if (!dln_param_parse(param, equals + 1, &x, err)) return false;
    } else {
        struct opened *study = g->study;
        struct dln_trial best;
        if (study->summary.best_number < 0) {
            return dln_fail(err, DLN_USAGE, "no trial is the best yet: say %s=VALUE", word);
        }
        if (!dln_store_trial(study->store, study->summary.id, study->space,
                             study->summary.n_objectives, study->summary.best_number, &study->arena,
                             &best, err)) {
            return false;
        }
        x = best.x[param - study->space->params];
        if (isnan(x)) {
            return dln_fail(err, DLN_USAGE, "the best trial has no %s: say %s=VALUE", word, word);
        }
    }
    const bool ok = change_freeze(param, x, &text, err) &&
                    add_edit(g, param->name, dln_strbuf_text(&text), err);
    dln_strbuf_release(&text);
    return ok;
}

/* As it was before the newest edit that stands. */
static bool add_before(struct gathering *g, const char *name, struct dln_error *err)
{
    struct opened *study = g->study;
    struct dln_command *journal;
    size_t n;
    if (!dln_store_journal(study->store, study->summary.id, 0, JOURNAL_MAX, &study->arena, &journal,
                           &n, err)) {
        return false;
    }
    const char *before = change_before(name, n, journal, &study->arena);
    if (!before || !before[0]) {
        return dln_fail(err, DLN_USAGE,
                        "'%.80s' was not narrowed or frozen: set STUDY space %.80s=LOW..HIGH gives "
                        "it a range",
                        name, name);
    }
    return add_edit(g, name, before, err);
}

/* Columns of the finished trials. */
static bool add_narrowed(struct gathering *g, const char *name, bool must, struct dln_error *err)
{
    struct opened *study = g->study;
    const struct dln_param *param = find_param(study, name, strlen(name), err);
    struct dln_history_row *rows;
    struct best_range range;
    size_t n;
    if (!param) return false;
    if (study->summary.n_objectives != 1) {
        return dln_fail(err, DLN_USAGE,
                        "with several objectives there is no best tenth: say "
                        "LOW..HIGH");
    }
    if (!dln_store_history(study->store, study->summary.id, study->space, 1, 0, &study->arena,
                           &rows, &n, err)) {
        return false;
    }
    double *x = DLN_ARENA_ARRAY(&study->arena, double, n + 1);
    double *loss = DLN_ARENA_ARRAY(&study->arena, double, n + 1);
    if (!x || !loss) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const bool counts = rows[i].state == DLN_TRIAL_COMPLETE && isfinite(rows[i].values[0]) &&
                            !(rows[i].violation > 0);
        x[i] = rows[i].x[param - study->space->params];
        loss[i] = !counts                      ? (double)NAN
                  : study->summary.maximize[0] ? -rows[i].values[0]
                                               : rows[i].values[0];
    }
    if (!change_best_range(param, n, x, loss, &range)) {
        return !must || dln_fail(err, DLN_USAGE,
                                 "'%s' cannot be narrowed by its trials: it needs two of them and "
                                 "a range of numbers",
                                 name);
    }
    if (range.low <= param->low && range.high >= param->high) {
        return !must ||
               dln_fail(err, DLN_REFUSED,
                        "the best tenth of the trials needs the whole range of '%s'", name);
    }
    return add_range(g, param, range.low, range.high, err);
}

/* ── the commands ──────────────────────────────────────────────────────────────────────────────*/

static enum status say_plan(struct opened *study, const json_t *edits)
{
    struct dln_error err = {0};
    struct dln_space_plan plan;
    if (!dln_space_plan_make(study->store, study->summary.id, study->def, edits, &plan, &err)) {
        return complain(&err);
    }
    say(stdout, "%s", dln_strbuf_text(&plan.change));
    if (plan.effect.len > 0) say(stdout, "%s", dln_strbuf_text(&plan.effect));
    dln_space_plan_release(&plan);
    return STATUS_DONE;
}

static enum status finish(struct opened *study, const struct options *options, json_t *edits)
{
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    if (option_given(options, "dry-run")) return say_plan(study, edits);
    dln_json_object(&w);
    dln_json_key(&w, "edits");
    dln_json_value(&w, edits);
    if (option_text(options, "why")) {
        dln_json_key(&w, "why");
        dln_json_string(&w, option_text(options, "why"));
    }
    dln_json_end_object(&w);
    return steer(study, options, DLN_COMMAND_SET_SPACE, &payload);
}

typedef bool gather_fn(struct gathering *g, const struct options *options, struct dln_error *err);

static enum status edit(const struct options *options, gather_fn *gather)
{
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    struct gathering g = {.study = &study, .edits = json_object()};
    bool ok = g.edits || dln_fail(&err, DLN_NOMEM, "out of memory");
    if (ok && !study.def) {
        ok = dln_fail(&err, DLN_UNSUPPORTED,
                      "the study has no study file, so its space is what its program says");
    }
    ok = ok && gather(&g, options, &err);
    if (ok && json_object_size(g.edits) == 0) {
        ok = dln_fail(&err, DLN_REFUSED,
                      "the best tenth of the trials needs the whole range of every parameter");
    }
    const enum status status = ok ? finish(&study, options, g.edits) : complain(&err);
    json_decref(g.edits);
    opened_release(&study);
    return status;
}

static bool gather_settings(struct gathering *g, const struct options *options,
                            struct dln_error *err)
{
    for (size_t i = 2; i < options->n_words; i++) {
        if (!add_setting(g, options->words[i], err)) return false;
    }
    return options->n_words > 2 || dln_fail(err, DLN_USAGE,
                                            "set space needs a parameter: lr=1e-4..1e-2, "
                                            "'x={float: [0, 1]}', x=none");
}

static bool gather_frozen(struct gathering *g, const struct options *options, struct dln_error *err)
{
    for (size_t i = 1; i < options->n_words; i++) {
        if (!add_frozen(g, options->words[i], err)) return false;
    }
    return true;
}

static bool gather_before(struct gathering *g, const struct options *options, struct dln_error *err)
{
    for (size_t i = 1; i < options->n_words; i++) {
        if (!add_before(g, options->words[i], err)) return false;
    }
    return true;
}

/* A parameter with a range, a parameter alone, or none: all of them. */
static bool gather_narrowed(struct gathering *g, const struct options *options,
                            struct dln_error *err)
{
    for (size_t i = 0; options->n_words == 1 && i < g->study->space->n; i++) {
        if (!add_narrowed(g, g->study->space->params[i].name, false, err)) return false;
    }
    for (size_t i = 1; i < options->n_words; i++) {
        const char *name = options->words[i];
        double low;
        double high;
        if (i + 1 < options->n_words && change_parse_range(options->words[i + 1], &low, &high)) {
            const struct dln_param *param = find_param(g->study, name, strlen(name), err);
            if (!param || !add_range(g, param, low, high, err)) return false;
            i++;
        } else if (strchr(name, '=')) {
            if (!add_setting(g, name, err)) return false;
        } else if (!add_narrowed(g, name, true, err)) {
            return false;
        }
    }
    return true;
}

enum status set_space(const struct options *options)
{
    return edit(options, gather_settings);
}

static enum status freeze(const struct command *command, const struct options *options)
{
    (void)command;
    return edit(options, gather_frozen);
}

static enum status before(const struct command *command, const struct options *options)
{
    (void)command;
    return edit(options, gather_before);
}

static enum status narrow(const struct command *command, const struct options *options)
{
    (void)command;
    return edit(options, gather_narrowed);
}

static const struct option options_space[] = {OPTIONS_STEER, OPTIONS_PLAN, {0}};

const struct command command_freeze = {
    .name = "freeze",
    .group = GROUP_STEER,
    .words = "STUDY NAME[=VALUE]…",
    .summary = "give parameters one value from the next trial on: this one, or the best trial's",
    .notes = "Trials so far stay and still inform the model; `dialin thaw` gives the range back.\n",
    .options = options_space,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = freeze,
};

const struct command command_thaw = {
    .name = "thaw",
    .group = GROUP_STEER,
    .words = "STUDY NAME…",
    .summary = "give frozen parameters the range that they had",
    .options = options_space,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = before,
};

const struct command command_narrow = {
    .name = "narrow",
    .group = GROUP_STEER,
    .words = "STUDY [NAME[=LOW..HIGH]]…",
    .summary = "look in a smaller range: this one, or where the best tenth of the trials lie",
    .notes = "The best tenth gets a margin of a fifth on both sides; without a name, of every\n"
             "parameter. Trials outside stay and still inform the model.\n",
    .options = options_space,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = narrow,
};

const struct command command_widen = {
    .name = "widen",
    .group = GROUP_STEER,
    .words = "STUDY NAME…",
    .summary = "take the last narrowing of parameters back",
    .options = options_space,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = before,
};
