#include "verbs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "dialin/json.h"
#include "dialin/num.h"
#include "format.h"
#include "methods.h"
#include "verbs_space.h"

static const char undoes[] = "u undoes.";

void verb_words(const char *line, struct verb_words *out)
{
    out->n = 0;
    out->rest = "";
    out->has_gap = false;
    (void)snprintf(out->text, sizeof out->text, "%s", line);
    char *at = out->text + strspn(out->text, " ");
    while (*at && out->n < VERB_WORDS_MAX) {
        out->word[out->n++] = at;
        at += strcspn(at, " ");
        out->has_gap = *at == ' ';
        if (out->has_gap) *at++ = '\0';
        at += strspn(at, " ");
        if (out->n == 1) out->rest = line + (at - out->text);
    }
}

void plan_release(struct plan *plan)
{
    dln_strbuf_release(&plan->payload);
}

/* ── the study ─────────────────────────────────────────────────────────────────────────────────*/

static bool no_words(const struct verb_words *words, struct dln_error *err)
{
    return words->n == 1 || dln_fail(err, DLN_USAGE, "%s takes no word", words->word[0]);
}

static bool plan_pause(struct view *view, const struct verb_words *words, struct plan *plan,
                       struct dln_error *err)
{
    plan->kind = DLN_COMMAND_PAUSE;
    dln_strbuf_add(&plan->payload, "{}");
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "No new trials start; %" PRId64 " running go on to their end. resume goes on.",
                   view->session.summary->counts[DLN_TRIAL_RUNNING]);
    return no_words(words, err);
}

static bool plan_resume(struct view *view, const struct verb_words *words, struct plan *plan,
                        struct dln_error *err)
{
    plan->kind = DLN_COMMAND_RESUME;
    dln_strbuf_add(&plan->payload, "{}");
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "New trials start again, %d at a time, where an engine runs the study.",
                   view->session.summary->live.parallel);
    return no_words(words, err);
}

static bool plan_drain(struct view *view, const struct verb_words *words, struct plan *plan,
                       struct dln_error *err)
{
    plan->kind = DLN_COMMAND_DRAIN;
    dln_strbuf_add(&plan->payload, "{}");
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%" PRId64 " running trials finish, then the engine ends. Nothing is lost.",
                   view->session.summary->counts[DLN_TRIAL_RUNNING]);
    return no_words(words, err);
}

static bool plan_parallel(struct view *view, const struct verb_words *words, struct plan *plan,
                          struct dln_error *err)
{
    enum { PARALLEL_MAX = 100000 };
    int64_t wanted = 0;
    const int now = view->session.summary->live.parallel;
    if (words->n != 2 || !dln_num_parse_int(words->word[1], strlen(words->word[1]), &wanted) ||
        wanted < 1 || wanted > PARALLEL_MAX) {
        return dln_fail(err, DLN_USAGE, "how many at a time: a whole number, now %d", now);
    }
    plan->kind = DLN_COMMAND_SET_PARALLEL;
    dln_strbuf_addf(&plan->payload, "{\"value\": %" PRId64 "}", wanted);
    (void)snprintf(plan->effect, sizeof plan->effect, "%" PRId64 " trials at a time (now %d).%s %s",
                   wanted, now, wanted < now ? " The surplus finishes its trial." : "", undoes);
    return true;
}

static bool plan_budget(struct view *view, const struct verb_words *words, struct plan *plan,
                        struct dln_error *err)
{
    const struct dln_study_summary *summary = view->session.summary;
    const struct dln_budget *budget = &summary->live.budget;
    const int64_t base = budget->trials > 0 ? budget->trials : summary_finished(summary);
    char number[DLN_NUM_TEXT_MAX];
    double value = 0;
    bool is_time = false;
    const char *text = words->rest;
    plan->kind = DLN_COMMAND_SET_BUDGET;
    if (*text == '$') {
        if (!dln_num_parse(text + 1, strlen(text + 1), &value) || !(value > 0) || isinf(value)) {
            return dln_fail(err, DLN_USAGE, "a cost is given as $80");
        }
        (void)dln_num_short(value, number);
        dln_strbuf_addf(&plan->payload, "{\"cost\": %s}", number);
        (void)snprintf(plan->effect, sizeof plan->effect,
                       "It ends when trials have cost %s in all. %s", number, undoes);
        return true;
    }
    if (!actions_budget_parse(text, base, &is_time, &value)) {
        return dln_fail(err, DLN_USAGE, "a number of trials (400, +100), a time (6h, 90m) or $80");
    }
    (void)dln_num_short(value, number);
    dln_strbuf_addf(&plan->payload, "{\"%s\": %s}", is_time ? "time_s" : "trials", number);
    if (is_time) {
        char length[FORMAT_MAX];
        (void)snprintf(plan->effect, sizeof plan->effect, "It ends after %s of run time in all. %s",
                       format_duration(length, (int64_t)(value * 1000)), undoes);
    } else {
        const double left = value - (double)summary_finished(summary);
        (void)snprintf(plan->effect, sizeof plan->effect,
                       "It ends after %s trials in all; %.0f are left. %s", number,
                       left > 0 ? left : 0, undoes);
    }
    return true;
}

static void run_confirm(struct view *view, const struct plan *plan)
{
    actions_confirm(view, plan->top, plan->repeats, false, false);
}

/* "top 5 seeds 3", both optional. */
static bool plan_confirm(struct view *view, const struct verb_words *words, struct plan *plan,
                         struct dln_error *err)
{
    const struct dln_study *study = view->session.definition;
    if (!study) return dln_fail(err, DLN_UNSUPPORTED, "this study has no study file to run by");
    int64_t top = study->confirm.top, repeats = study->confirm.seeds;
    for (size_t i = 1; i < words->n; i += 2) {
        int64_t *out = strcmp(words->word[i], "top") == 0     ? &top
                       : strcmp(words->word[i], "seeds") == 0 ? &repeats
                                                              : NULL;
        const char *value = i + 1 < words->n ? words->word[i + 1] : "";
        if (!out || !dln_num_parse_int(value, strlen(value), out) || *out < 1 || *out > 1000) {
            return dln_fail(err, DLN_USAGE, "confirm, or confirm top 5 seeds 3");
        }
    }
    plan->run = run_confirm;
    plan->top = (int)top;
    plan->repeats = (int)repeats;
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "The best %d run again on %d fresh seeds each; the search goes on.", plan->top,
                   plan->repeats);
    return true;
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

/* "#12 #15" or "12 15"; none: those that the key would act on. */
static bool read_targets(struct view *view, const struct verb_words *words, struct plan *plan,
                         struct dln_error *err)
{
    const struct model *model = &view->session.model;
    for (size_t i = 1; i < words->n; i++) {
        const char *word = words->word[i] + (words->word[i][0] == '#');
        int64_t number = 0;
        if (!dln_num_parse_int(word, strlen(word), &number)) {
            return dln_fail(err, DLN_USAGE, "'%.40s' is no trial: #12", words->word[i]);
        }
        if (plan->kind != DLN_COMMAND_RESTORE && model_find_number(model, number) == SIZE_MAX) {
            return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, number);
        }
        plan->targets.number[plan->targets.n++] = number;
    }
    return true;
}

static void run_on_targets(struct view *view, const struct plan *plan)
{
    if (plan->targets.n == 0) {
        actions_on_trials(view, plan->action);
        return;
    }
    view->targets = plan->targets;
    actions_on_targets(view, plan->action);
}

static const char *whom(const struct view *view, const struct plan *plan)
{
    if (plan->targets.n > 0) return plan->targets.n == 1 ? "It" : "They";
    return view->session.model.n_marked > 0 ? "The marked trials" : "The trial under the cursor";
}

static bool plan_prune(struct view *view, const struct verb_words *words, struct plan *plan,
                       struct dln_error *err)
{
    plan->run = run_on_targets;
    plan->action = ACTION_PRUNE;
    if (!read_targets(view, words, plan, err)) return false;
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%s: ended now, as cut; the model learns from the last value. Asks first.",
                   whom(view, plan));
    return true;
}

static bool plan_stop(struct view *view, const struct verb_words *words, struct plan *plan,
                      struct dln_error *err)
{
    plan->run = run_on_targets;
    plan->action = ACTION_STOP;
    if (!read_targets(view, words, plan, err)) return false;
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%s: ended now, as err; the model does not use it. Asks first.",
                   whom(view, plan));
    return true;
}

static bool plan_retry(struct view *view, const struct verb_words *words, struct plan *plan,
                       struct dln_error *err)
{
    plan->run = run_on_targets;
    plan->action = ACTION_RETRY;
    if (!read_targets(view, words, plan, err)) return false;
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%s: queued again with the same parameters and a new number.", whom(view, plan));
    return true;
}

static bool plan_delete(struct view *view, const struct verb_words *words, struct plan *plan,
                        struct dln_error *err)
{
    plan->run = run_on_targets;
    plan->action = ACTION_DELETE;
    if (!read_targets(view, words, plan, err)) return false;
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%s: into the trash for %d days; the number has to be typed.", whom(view, plan),
                   DLN_TRASH_DAYS);
    return true;
}

static bool plan_restore(struct view *view, const struct verb_words *words, struct plan *plan,
                         struct dln_error *err)
{
    plan->kind = DLN_COMMAND_RESTORE;
    if (words->n < 2) return dln_fail(err, DLN_USAGE, "which deleted trials: restore #12 #15");
    if (!read_targets(view, words, plan, err)) return false;
    dln_strbuf_add(&plan->payload, "{\"trials\": [");
    for (size_t i = 0; i < plan->targets.n; i++)
        dln_strbuf_addf(&plan->payload, "%s%" PRId64, i > 0 ? ", " : "", plan->targets.number[i]);
    dln_strbuf_add(&plan->payload, "]}");
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "Out of the trash, with values and curves, into every table and model.");
    return true;
}

/* Notes and tags are on trials that are chosen when the command is run. */
static bool plan_note(struct view *view, const struct verb_words *words, struct plan *plan,
                      struct dln_error *err)
{
    const size_t row = view_selected_row(view);
    struct dln_json_writer w = {.out = &plan->payload};
    if (row == SIZE_MAX) return dln_fail(err, DLN_NOT_FOUND, "no trial is under the cursor");
    if (words->n < 2) return dln_fail(err, DLN_USAGE, "what the note says: note a lucky seed?");
    const int64_t number = view->session.model.number[row];
    plan->kind = DLN_COMMAND_TRIAL_NOTE;
    dln_json_object(&w);
    dln_json_key(&w, "trial");
    dln_json_int(&w, number);
    dln_json_key(&w, "text");
    dln_json_string(&w, words->rest);
    dln_json_end_object(&w);
    const struct dln_trial_marks *marks =
        session_marks(&view->session, view->session.model.id[row]);
    (void)snprintf(plan->effect, sizeof plan->effect, "The note on #%" PRId64 "%s. %s", number,
                   marks && marks->note && *marks->note ? ", in place of the one it has" : "",
                   undoes);
    return true;
}

static void run_tag(struct view *view, const struct plan *plan)
{
    actions_tag(view, plan->line);
}

static bool plan_tag(struct view *view, const struct verb_words *words, struct plan *plan,
                     struct dln_error *err)
{
    if (words->n < 2) return dln_fail(err, DLN_USAGE, "which tags: tag paper, tag -paper");
    if (strlen(words->rest) >= sizeof plan->line) return dln_fail(err, DLN_USAGE, "too many tags");
    plan->run = run_tag;
    (void)snprintf(plan->line, sizeof plan->line, "%s", words->rest);
    (void)snprintf(plan->effect, sizeof plan->effect, "%s: tagged; -TAG takes one off. %s",
                   whom(view, plan), undoes);
    return true;
}

static bool plan_enqueue(struct view *view, const struct verb_words *words, struct plan *plan,
                         struct dln_error *err)
{
    const struct dln_space *space = view->session.space;
    struct dln_json_writer w = {.out = &plan->payload};
    struct dln_strbuf value = {0};
    bool ok = words->n > 1 || dln_fail(err, DLN_USAGE, "a point: enqueue %s=VALUE …",
                                       space->n > 0 ? space->params[0].name : "NAME");
    plan->kind = DLN_COMMAND_ENQUEUE;
    dln_json_object(&w);
    dln_json_key(&w, "params");
    dln_json_object(&w);
    for (size_t i = 1; ok && i < words->n; i++) {
        char name[DLN_PARAM_NAME_MAX];
        const char *equals = strchr(words->word[i], '=');
        const size_t len = equals ? (size_t)(equals - words->word[i]) : strlen(words->word[i]);
        (void)snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1),
                       words->word[i]);
        const size_t at = dln_space_find(space, name);
        double x = 0;
        if (at == SIZE_MAX) {
            ok = dln_fail(err, DLN_NOT_FOUND, "there is no parameter '%s'", name);
        } else if (!equals) {
            ok = dln_fail(err, DLN_USAGE, "%s needs a value: %s=…", name, name);
        } else if ((ok = dln_param_parse(&space->params[at], equals + 1, &x, err))) {
            ok = dln_param_contains(&space->params[at], x) ||
                 dln_fail(err, DLN_USAGE, "%s=%.40s lies outside its range", name, equals + 1);
            dln_strbuf_reset(&value);
            dln_param_json(&space->params[at], x, &value);
            dln_json_key(&w, name);
            dln_json_raw(&w, dln_strbuf_text(&value));
        }
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    dln_strbuf_release(&value);
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "The next free worker takes it; the strategy fills in what is not named. %s",
                   undoes);
    return ok;
}

/* ── strategy and pruner ───────────────────────────────────────────────────────────────────────*/

static bool plan_method(struct view *view, const struct verb_words *words, struct plan *plan,
                        enum method_kind kind, struct dln_error *err)
{
    const char *word = kind == METHOD_STRATEGY ? "strategy" : "pruner";
    struct dln_json_writer w = {.out = &plan->payload};
    struct method_choice choice;
    const struct methods *methods = methods_of(view);
    size_t i = 0;
    if (words->n < 2) return dln_fail(err, DLN_USAGE, "which %s: Tab shows them", word);
    while (method_choice(kind, i, &choice) && strcmp(choice.name, words->word[1]) != 0)
        i++;
    if (!method_choice(kind, i, &choice)) {
        return dln_fail(err, DLN_NOT_FOUND, "there is no %s '%.40s'", word, words->word[1]);
    }
    if (methods && i < METHOD_CHOICES_MAX && methods->facts[kind].why_not[i][0]) {
        return dln_fail(err, DLN_REFUSED, "%s", methods->facts[kind].why_not[i]);
    }
    plan->kind = kind == METHOD_STRATEGY ? DLN_COMMAND_SET_STRATEGY : DLN_COMMAND_SET_PRUNER;
    dln_json_object(&w);
    dln_json_key(&w, word);
    dln_json_object(&w);
    dln_json_key(&w, choice.name);
    dln_json_object(&w);
    for (size_t k = 2; k < words->n; k++) {
        char name[64];
        const char *equals = strchr(words->word[k], '=');
        if (!equals || (size_t)(equals - words->word[k]) >= sizeof name) {
            return dln_fail(err, DLN_USAGE, "'%.40s': a setting is given as NAME=VALUE",
                            words->word[k]);
        }
        (void)snprintf(name, sizeof name, "%.*s", (int)(equals - words->word[k]), words->word[k]);
        dln_json_key(&w, name);
        if (!setting_word_json(&w, equals + 1)) {
            return dln_fail(err, DLN_USAGE, "'%.40s' is no JSON", words->word[k]);
        }
    }
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    (void)snprintf(plan->effect, sizeof plan->effect, "%.200s. %s %s", choice.summary,
                   kind == METHOD_STRATEGY ? "It proposes from the next trial on."
                                           : "It judges from the next report on.",
                   undoes);
    return true;
}

static bool plan_strategy(struct view *view, const struct verb_words *words, struct plan *plan,
                          struct dln_error *err)
{
    return plan_method(view, words, plan, METHOD_STRATEGY, err);
}

static bool plan_pruner(struct view *view, const struct verb_words *words, struct plan *plan,
                        struct dln_error *err)
{
    return plan_method(view, words, plan, METHOD_PRUNER, err);
}

typedef void offer_fn(void *context, const char *word, const char *help);

static void complete_method(enum method_kind kind, offer_fn *offer, void *context)
{
    struct method_choice choice;
    for (size_t i = 0; method_choice(kind, i, &choice); i++)
        offer(context, choice.name, choice.title);
}

static void complete_strategy(struct view *view, offer_fn *offer, void *context)
{
    (void)view;
    complete_method(METHOD_STRATEGY, offer, context);
}

static void complete_pruner(struct view *view, offer_fn *offer, void *context)
{
    (void)view;
    complete_method(METHOD_PRUNER, offer, context);
}

/* ── filters ───────────────────────────────────────────────────────────────────────────────────*/

static void run_save_filter(struct view *view, const struct plan *plan)
{
    if (!saved_filters_put(&view->saved, plan->line, view->sieve.text)) {
        view_say(view, ROLE_ERROR, "The filter could not be kept in the state folder");
    } else {
        view_say(view, ROLE_INFO, view->sieve.text[0] ? "@%s means: %s" : "@%s is forgotten%s",
                 plan->line, view->sieve.text);
    }
}

static bool plan_save_filter(struct view *view, const struct verb_words *words, struct plan *plan,
                             struct dln_error *err)
{
    if (words->n != 2 || !saved_filters_is_name(words->word[1])) {
        return dln_fail(err, DLN_USAGE, "a name of letters, digits, - and _");
    }
    plan->run = run_save_filter;
    (void)snprintf(plan->line, sizeof plan->line, "%s", words->word[1]);
    if (view->sieve.text[0]) {
        (void)snprintf(plan->effect, sizeof plan->effect, "@%s means, in every study: %.300s",
                       plan->line, view->sieve.text);
    } else {
        (void)snprintf(plan->effect, sizeof plan->effect,
                       "There is no filter now, so @%s is forgotten.", plan->line);
    }
    return true;
}

/* ── colours ───────────────────────────────────────────────────────────────────────────────────*/

static void run_theme(struct view *view, const struct plan *plan)
{
    (void)snprintf(view->theme, sizeof view->theme, "%.*s", THEME_NAME_MAX - 1, plan->line);
}

static bool plan_theme(struct view *view, const struct verb_words *words, struct plan *plan,
                       struct dln_error *err)
{
    struct theme theme;
    (void)view;
    if (words->n != 2) return dln_fail(err, DLN_USAGE, "which theme: Tab and the arrows show them");
    if (strlen(words->word[1]) >= THEME_NAME_MAX) {
        return dln_fail(err, DLN_NOT_FOUND, "there is no such theme");
    }
    if (!theme_load(words->word[1], NULL, &theme, err)) return false;
    plan->run = run_theme;
    (void)snprintf(plan->line, sizeof plan->line, "%s", words->word[1]);
    (void)snprintf(plan->effect, sizeof plan->effect,
                   "%s, as you see it now%s, until you leave; --theme %s begins with it.",
                   plan->line,
                   theme.base == THEME_DARK    ? " (for dark backgrounds)"
                   : theme.base == THEME_LIGHT ? " (for light backgrounds)"
                                               : "",
                   plan->line);
    return true;
}

static void complete_theme(struct view *view, offer_fn *offer, void *context)
{
    struct dln_strbuf names = {0};
    (void)view;
    theme_list(NULL, &names);
    for (char *at = names.data, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        offer(context, at, "");
    }
    dln_strbuf_release(&names);
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static const struct verb verbs[] = {
    {"pause", "", "no new trials", ACTION_PAUSE, false, plan_pause, NULL},
    {"resume", "", "go on after a pause", ACTION_PAUSE, false, plan_resume, NULL},
    {"drain", "", "running trials finish, then it ends", ACTION_DRAIN, false, plan_drain, NULL},
    {"parallel", "N", "trials at a time", ACTION_MORE, false, plan_parallel, NULL},
    {"budget", "+100|6h|$80", "when it ends", ACTION_BUDGET, false, plan_budget, NULL},
    {"enqueue", "NAME=VALUE…", "try this point next", ACTION_ENQUEUE, false, plan_enqueue,
     complete_param},
    {"prune", "[#N…]", "end trials, learn from them", ACTION_PRUNE, false, plan_prune, NULL},
    {"stop", "[#N…]", "end trials as failed", ACTION_STOP, false, plan_stop, NULL},
    {"retry", "[#N…]", "run trials again", ACTION_RETRY, false, plan_retry, NULL},
    {"narrow", "[NAME [LOW..HIGH]]", "look in less", ACTION_NARROW, false, plan_narrow,
     complete_param},
    {"widen", "NAME…", "undo the last narrowing", ACTION_WIDEN, false, plan_before, complete_param},
    {"freeze", "NAME[=VALUE]…", "give one value", ACTION_FREEZE, false, plan_freeze,
     complete_param},
    {"thaw", "NAME…", "give the range back", ACTION_FREEZE, false, plan_before, complete_param},
    {"strategy", "NAME [SETTING=VALUE…]", "another", ACTION_STRATEGY, false, plan_strategy,
     complete_strategy},
    {"pruner", "NAME [SETTING=VALUE…]", "another", ACTION_STRATEGY, false, plan_pruner,
     complete_pruner},
    {"confirm", "[top 5 seeds 3]", "on fresh seeds", ACTION_CONFIRM, false, plan_confirm, NULL},
    {"note", "TEXT", "on the trial under the cursor", ACTION_NOTE, false, plan_note, NULL},
    {"tag", "TAG… -TAG…", "on trials", ACTION_TAG, false, plan_tag, NULL},
    {"delete", "[#N…]", "trials into the trash", ACTION_DELETE, false, plan_delete, NULL},
    {"restore", "#N…", "trials out of the trash", ACTION_NONE, false, plan_restore, NULL},
    {"save-filter", "NAME", "keep the filter as @NAME", ACTION_FILTER, false, plan_save_filter,
     NULL},
    {"theme", "NAME", "colours, shown as you move", ACTION_NONE, true, plan_theme, complete_theme},
};

const struct verb *verbs_all(size_t *n)
{
    *n = sizeof verbs / sizeof verbs[0];
    return verbs;
}

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

bool verb_plan(struct view *view, const struct verb *verb, const struct verb_words *words,
               struct plan *plan, struct dln_error *err)
{
    *plan = (struct plan){.kind = DLN_COMMAND_COUNT};
    if (verb->is_view) return verb->plan(view, words, plan, err);
    const char *reason = view_read_only(view);
    if (!view->session.is_open || !view->session.summary) {
        return dln_fail(err, DLN_REFUSED, "no study is open");
    }
    if (reason) return dln_fail(err, DLN_REFUSED, "read only: %s", reason);
    if (!verb->plan(view, words, plan, err)) return false;
    if (!plan->run) {
        (void)snprintf(plan->line, sizeof plan->line, "%.30s %.60s", verb->name, words->rest);
        if (plan->line[0] >= 'a') plan->line[0] = (char)(plan->line[0] - 'a' + 'A');
    }
    return dln_strbuf_ok(&plan->payload) || dln_fail(err, DLN_NOMEM, "out of memory");
}

void verb_run(struct view *view, const struct plan *plan)
{
    if (plan->run) {
        plan->run(view, plan);
    } else {
        actions_post(view, plan->kind, dln_strbuf_text(&plan->payload), plan->line);
    }
}
