#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/space_words.h"
#include "cli/steer.h"
#include "dialin/json.h"
#include "dialin/num.h"
#include "method_form.h"

enum unit { UNIT_COUNT, UNIT_TIME, UNIT_HOURS, UNIT_REAL };

static const struct limit {
    const char *name; /* as in the study file */
    const char *key;  /* as in the command */
    enum unit unit;
} limits[] = {
    {"trials", "trials", UNIT_COUNT},     {"time", "time_s", UNIT_TIME},
    {"slot_hours", "slot_s", UNIT_HOURS}, {"cost", "cost", UNIT_REAL},
    {"target", "target", UNIT_REAL},      {"no_improvement", "no_improvement", UNIT_COUNT},
};
enum { N_LIMITS = sizeof limits / sizeof limits[0] };

/* "90s" "10m" "2h" "1d", a bare number is seconds. */
static bool parse_duration(const char *text, double *seconds)
{
    const size_t len = strlen(text);
    const size_t n = dln_num_scan(text, len, seconds);
    if (n == 0 || !(*seconds >= 0) || isinf(*seconds)) return false;
    if (n == len) return true;
    static const char letters[] = "smhd";
    static const double factors[] = {1, 60, 3600, 86400};
    const char *const letter = text[n] ? strchr(letters, text[n]) : NULL;
    if (!letter || n + 1 != len) return false;
    *seconds *= factors[letter - letters];
    return true;
}

static bool parse_limit(const struct limit *limit, const char *text, double *out,
                        struct dln_error *err)
{
    const size_t len = strlen(text);
    bool ok = false;
    const char *right = "";
    switch (limit->unit) {
    case UNIT_COUNT: {
        int64_t count;
        ok = dln_num_parse_int(text, len, &count) && count >= 0 && count <= (int64_t)DLN_INT_MAX;
        if (ok) *out = (double)count;
        right = "a whole number";
        break;
    }
    case UNIT_TIME:
        ok = parse_duration(text, out);
        right = "a duration such as 90s, 10m, 2h, 1d";
        break;
    case UNIT_HOURS:
        ok = dln_num_parse(text, len, out) && isfinite(*out) && *out >= 0;
        *out *= 3600;
        right = "a number of hours";
        break;
    case UNIT_REAL:
        ok = dln_num_parse(text, len, out) && isfinite(*out);
        right = "a number";
        break;
    }
    return ok ||
           dln_fail(err, DLN_USAGE, "budget %s=%s: must be %s, or none", limit->name, text, right);
}

static double current(const struct dln_budget *budget, const struct limit *limit)
{
    if (strcmp(limit->name, "trials") == 0) return (double)budget->trials;
    if (strcmp(limit->name, "time") == 0) return budget->time_s;
    if (strcmp(limit->name, "slot_hours") == 0) return budget->slot_s;
    if (strcmp(limit->name, "cost") == 0) return budget->cost;
    if (strcmp(limit->name, "no_improvement") == 0) return (double)budget->no_improvement;
    return budget->has_target ? budget->target : 0;
}

static const struct limit *find_limit(const char *word, size_t len, struct dln_error *err)
{
    char name[32];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
    const char *names[N_LIMITS];
    for (size_t i = 0; i < N_LIMITS; i++) {
        names[i] = limits[i].name;
        if (strcmp(names[i], name) == 0) return &limits[i];
    }
    dln_fail(err, DLN_USAGE,
             "'%s' is no budget: there are trials, time, slot_hours, cost, target, "
             "no_improvement",
             name);
    add_meant(err, name, names, N_LIMITS);
    return NULL;
}

/* "trials=200", "trials=+100", "time=none". */
static bool add_limit(const struct opened *study, struct dln_json_writer *w, const char *word,
                      struct dln_error *err)
{
    const char *const equals = strchr(word, '=');
    if (!equals) {
        return dln_fail(err, DLN_USAGE, "'%s': a budget is given as trials=200 or time=2h", word);
    }
    const struct limit *const limit = find_limit(word, (size_t)(equals - word), err);
    if (!limit) return false;
    const char *const text = equals + 1;
    double value = 0;
    dln_json_key(w, limit->key);
    if (strcmp(text, "none") == 0) {
        dln_json_null(w);
        return true;
    }
    const bool more = text[0] == '+';
    if (!parse_limit(limit, text + more, &value, err)) return false;
    if (more) value += current(&study->summary.live.budget, limit);
    if (limit->unit == UNIT_COUNT) {
        dln_json_int(w, (int64_t)value);
    } else {
        dln_json_double(w, value);
    }
    return true;
}

static bool add_budget(const struct opened *study, const struct options *options,
                       struct dln_strbuf *payload, struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    if (options->n_words < 3) {
        return dln_fail(err, DLN_USAGE,
                        "set budget needs a limit: trials=200, time=2h, trials=+50");
    }
    dln_json_object(&w);
    for (size_t i = 2; i < options->n_words; i++) {
        if (!add_limit(study, &w, options->words[i], err)) return false;
    }
    dln_json_end_object(&w);
    return true;
}

static bool add_parallel(const struct options *options, struct dln_strbuf *payload,
                         struct dln_error *err)
{
    int64_t value;
    if (options->n_words != 3 ||
        !dln_num_parse_int(options->words[2], strlen(options->words[2]), &value) || value < 1 ||
        value > 100000) {
        return dln_fail(err, DLN_USAGE, "set parallel needs one whole number, at least 1");
    }
    dln_strbuf_addf(payload, "{\"value\": %" PRId64 "}", value);
    return true;
}

/* "2 off" */
static bool add_slot(const struct options *options, struct dln_strbuf *payload,
                     struct dln_error *err)
{
    int64_t slot;
    const char *const word = options->n_words == 4 ? options->words[3] : "";
    const bool is_open = strcmp(word, "on") == 0;
    if ((!is_open && strcmp(word, "off") != 0) ||
        !dln_num_parse_int(options->words[2], strlen(options->words[2]), &slot) || slot < 0) {
        return dln_fail(err, DLN_USAGE, "set slot needs its number, from 0 on, and on or off");
    }
    dln_strbuf_addf(payload, "{\"slot\": %" PRId64 ", \"open\": %s}", slot,
                    is_open ? "true" : "false");
    return true;
}

/* "gp startup=5" → {"strategy": {"gp": {"startup": 5}}}; the engine knows what is right. */
static bool add_method(const struct options *options, const char *what, const char *example,
                       struct dln_strbuf *payload, struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    if (options->n_words < 3 || strchr(options->words[2], '=')) {
        return dln_fail(err, DLN_USAGE, "set %s needs a name: %s", what, example);
    }
    dln_json_object(&w);
    dln_json_key(&w, what);
    dln_json_object(&w);
    dln_json_key(&w, options->words[2]);
    dln_json_object(&w);
    for (size_t i = 3; i < options->n_words; i++) {
        const char *const word = options->words[i];
        const char *const equals = strchr(word, '=');
        char name[64];
        if (!equals || equals == word || (size_t)(equals - word) >= sizeof name) {
            return dln_fail(err, DLN_USAGE, "'%s': a setting is given as startup=20", word);
        }
        snprintf(name, sizeof name, "%.*s", (int)(equals - word), word);
        for (size_t k = 3; k < i; k++) {
            if (strncmp(options->words[k], word, (size_t)(equals - word) + 1) != 0) continue;
            return dln_fail(err, DLN_USAGE, "'%s' is given twice", name);
        }
        dln_json_key(&w, name);
        if (!setting_word_json(&w, equals + 1)) {
            return dln_fail(err, DLN_USAGE, "'%s': this is no JSON", word);
        }
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0};
    if (strcmp(options->words[1], "space") == 0) return set_space(options);
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    const char *const what = options->words[1];
    enum dln_command_kind kind = DLN_COMMAND_SET_BUDGET;
    bool ok;
    if (option_given(options, "dry-run") || option_given(options, "why")) {
        ok = dln_fail(&err, DLN_USAGE, "--dry-run and --why belong to 'set STUDY space'");
    } else if (strcmp(what, "parallel") == 0) {
        kind = DLN_COMMAND_SET_PARALLEL;
        ok = add_parallel(options, &payload, &err);
    } else if (strcmp(what, "slot") == 0) {
        kind = DLN_COMMAND_SET_SLOT;
        ok = add_slot(options, &payload, &err);
    } else if (strcmp(what, "budget") == 0) {
        ok = add_budget(&study, options, &payload, &err);
    } else if (strcmp(what, "strategy") == 0) {
        kind = DLN_COMMAND_SET_STRATEGY;
        ok = add_method(options, what, "gp, or tpe startup=20", &payload, &err);
    } else if (strcmp(what, "pruner") == 0) {
        kind = DLN_COMMAND_SET_PRUNER;
        ok = add_method(options, what, "none, or asha eta=3", &payload, &err);
    } else {
        ok = dln_fail(&err, DLN_USAGE,
                      "'%s' cannot be set: parallel N, budget trials=200 time=2h, strategy gp, or "
                      "pruner asha, space lr=1e-4..1e-2",
                      what);
    }
    const enum status status = ok ? steer(&study, options, kind, &payload) : complain(&err);
    dln_strbuf_release(&payload);
    opened_release(&study);
    return status;
}

static const struct option options_set[] = {OPTIONS_STEER, OPTIONS_PLAN, {0}};

const struct command command_set = {
    .name = "set",
    .group = GROUP_STEER,
    .words =
        "STUDY parallel N | STUDY slot N on|off | STUDY budget LIMIT=VALUE… | STUDY strategy|pruner NAME [SETTING=VALUE…] | "
        "STUDY space NAME=…",
    .summary = "change how many trials run at a time, the budget, strategy, pruner or space",
    .notes =
        "Limits: trials=200 time=2h slot_hours=20 cost=50 target=0.95 no_improvement=50; they are\n"
        "totals over the study's life. trials=+50 adds, time=none takes the limit away.\n"
        "slot 2 off: no more trials there (on that GPU), what runs there goes on to its end.\n"
        "Another strategy learns from all trials so far, and proposes the next one; another\n"
        "pruner knows all curves so far, and judges from the next report on. Each stays until\n"
        "the study file names another one than it did.\n"
        "space: lr=1e-4..1e-2, 'x={int: [1, 8], was: 2}' as a study file has it (new: added; was:\n"
        "what trials so far had of it), x=none drops it. All of one call is one change.\n",
    .options = options_set,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = run,
};
