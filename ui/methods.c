#include "methods.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recorded.h"
#include "format.h"

/* ── the registries ────────────────────────────────────────────────────────────────────────────*/

bool method_choice(enum method_kind kind, size_t i, struct method_choice *out)
{
    if (i >= method_choices(kind)) return false;
    if (kind == METHOD_STRATEGY) {
        const struct dln_strategy *s = dln_strategies()[i];
        *out = (struct method_choice){s->name, s->title, s->summary, s->best_for, s->settings};
    } else {
        const struct dln_pruner *p = dln_pruner_choices()[i];
        *out = (struct method_choice){p->name, p->title, p->summary, p->best_for, p->settings};
    }
    return true;
}

size_t method_choices(enum method_kind kind)
{
    size_t n = 0;
    if (kind == METHOD_STRATEGY) {
        while (dln_strategies()[n] && n < METHOD_CHOICES_MAX)
            n++;
    } else {
        while (dln_pruner_choices()[n] && n < METHOD_CHOICES_MAX)
            n++;
    }
    return n;
}

/* ── in the thinker's thread ───────────────────────────────────────────────────────────────────*/

struct methods_job {
    struct job job;
    char *path;
    int64_t study_id, of_command;
    int64_t budget_trials, n_ended, n_curves;
    uint64_t seed;
    struct method_form form; /* of a replay */

    struct dln_study *study;
    struct method_facts facts[METHOD_KINDS];
    char replay[METHOD_TEXT_MAX];
    bool ok;
    struct dln_error err;
};

static void free_job(struct job *job)
{
    struct methods_job *ask = (struct methods_job *)job;
    dln_study_free(ask->study);
    free(ask->path);
    free(ask);
}

/* The library's sentence without a place in a file that does not hold it. */
static void keep_sentence(const struct dln_error *err, char out[METHOD_TEXT_MAX])
{
    const char *text = err->text;
    size_t n = strspn(text, "0123456789:");
    if (n > 0 && text[n - 1] == ':' && text[n] == ' ') text += n + 1;
    (void)snprintf(out, METHOD_TEXT_MAX, "%.250s", text);
}

/* Each of them is made once: what refuses it here refuses it in the engine. */
static void judge_strategies(struct methods_job *ask)
{
    struct method_facts *facts = &ask->facts[METHOD_STRATEGY];
    struct dln_study study = *ask->study;
    struct method_choice choice;
    for (size_t i = 0; method_choice(METHOD_STRATEGY, i, &choice); i++) {
        dln_proposer *proposer = NULL;
        struct dln_error err = {0};
        study.strategy = (struct dln_method){.name = choice.name};
        if (strcmp(ask->study->strategy.name, choice.name) == 0) continue;
        if (!dln_proposer_new(&study, ask->seed, &proposer, &err)) {
            keep_sentence(&err, facts->why_not[i]);
        }
        dln_proposer_free(proposer);
    }
    facts->recommended = dln_strategy_recommend(ask->study, ask->budget_trials, facts->why)->name;
}

static void judge_pruners(struct methods_job *ask)
{
    struct method_facts *facts = &ask->facts[METHOD_PRUNER];
    struct method_choice choice;
    const bool is_blind = dln_prune_objective(ask->study) == SIZE_MAX;
    for (size_t i = 0; method_choice(METHOD_PRUNER, i, &choice); i++) {
        if (!is_blind || !dln_pruner_find(choice.name)) continue;
        (void)snprintf(facts->why_not[i], METHOD_TEXT_MAX,
                       "several goals: 'prune_on' in the study file has to name one");
    }
    facts->recommended = dln_pruner_recommend(ask->study, ask->n_ended, ask->n_curves, facts->why);
}

static bool read_study(struct methods_job *ask)
{
    dln_store *store = NULL;
    const bool ok = dln_store_open(ask->path, DLN_STORE_READ, &store, &ask->err) &&
                    dln_store_definition(store, ask->study_id, &ask->study, &ask->err);
    dln_store_close(store);
    return ok;
}

static void run_facts(struct job *job)
{
    struct methods_job *ask = (struct methods_job *)job;
    ask->ok = read_study(ask);
    if (!ask->ok) return;
    judge_strategies(ask);
    judge_pruners(ask);
}

static void tell_replay(struct methods_job *ask, const struct replay *replay)
{
    char saved[FORMAT_MAX], whole[FORMAT_MAX], best[48] = "";
    (void)format_duration(saved, (int64_t)(replay->saved_s * 1000));
    (void)format_duration(whole, (int64_t)(replay->time_s * 1000));
    if (replay->best >= 0 && replay->is_best_lost) {
        (void)snprintf(best, sizeof best, ", #%" PRId64 " the best among them", replay->best);
    }
    (void)snprintf(
        ask->replay, sizeof ask->replay,
        "Replayed on %zu curve%s: would have saved %s of %s, and cut %zu of the %zu best "
        "trials%s.",
        replay->n_curves, replay->n_curves == 1 ? "" : "s", saved, whole, replay->n_good_lost,
        replay->n_good, best);
}

static bool replay_now(struct methods_job *ask, struct recorded *list)
{
    struct dln_method method;
    struct replay replay;
    dln_pruning *pruning = NULL;
    const size_t objective = dln_prune_objective(ask->study);
    if (!method_form_read(&ask->form, &ask->study->arena, &method, &ask->err) ||
        !dln_pruning_new(ask->study, &method, &pruning, &ask->err)) {
        return false;
    }
    if (!pruning) {
        (void)snprintf(ask->replay, sizeof ask->replay, "It prunes nothing: nothing to replay.");
        return true;
    }
    bool ok = objective != SIZE_MAX ||
              dln_fail(&ask->err, DLN_USAGE, "several goals and no 'prune_on': no curve to judge");
    ok = ok &&
         recorded_load(ask->path, ask->study_id, &ask->study->space, ask->study->n_objectives,
                       objective, list, &ask->err) &&
         replay_run(pruning, ask->study->objectives[objective].maximize, list->n, list->trials,
                    &replay, &ask->err);
    dln_pruning_free(pruning);
    if (!ok) return false;
    if (replay.n_curves == 0) {
        (void)snprintf(ask->replay, sizeof ask->replay,
                       "No finished trial has a curve: the program prints no steps.");
    } else {
        tell_replay(ask, &replay);
    }
    return true;
}

static void run_replay(struct job *job)
{
    struct methods_job *ask = (struct methods_job *)job;
    struct recorded list = {0};
    ask->ok = read_study(ask) && replay_now(ask, &list);
    recorded_release(&list);
}

/* ── in the ui ─────────────────────────────────────────────────────────────────────────────────*/

static void forget(struct methods *methods)
{
    dln_study_free(methods->study);
    free(methods->path);
    *methods = (struct methods){.revision = methods->revision + 1,
                                .of_command = -1,
                                .is_asking = methods->is_asking,
                                .is_replaying = methods->is_replaying};
}

/* Where the job belongs, or NULL when another study is open by now. */
static struct methods *methods_for(struct view *view, const struct methods_job *ask)
{
    struct methods *methods = view->methods;
    view->is_dirty = true;
    const bool is_it = methods && methods->path && methods->study_id == ask->study_id &&
                       strcmp(methods->path, ask->path) == 0;
    return is_it ? methods : NULL;
}

static void facts_done(struct job *job, void *context)
{
    struct methods_job *ask = (struct methods_job *)job;
    struct view *view = context;
    struct methods *methods = methods_for(view, ask);
    if (view->methods) view->methods->is_asking = false;
    if (methods) {
        methods->revision++;
        methods->was_asked = true;
        methods->of_command = ask->of_command;
        methods->sentence[0] = '\0';
        if (!ask->ok) keep_sentence(&ask->err, methods->sentence);
    }
    if (methods && ask->ok) {
        dln_study_free(methods->study);
        methods->study = ask->study;
        ask->study = NULL;
        memcpy(methods->facts, ask->facts, sizeof methods->facts);
    }
    free_job(job);
}

static void replay_done(struct job *job, void *context)
{
    struct methods_job *ask = (struct methods_job *)job;
    struct view *view = context;
    struct methods *methods = methods_for(view, ask);
    if (view->methods) view->methods->is_replaying = false;
    if (methods) {
        struct dln_strbuf text = {0};
        method_form_json(&ask->form, &text);
        (void)snprintf(methods->replayed, sizeof methods->replayed, "%s", dln_strbuf_text(&text));
        dln_strbuf_release(&text);
        if (!ask->ok) keep_sentence(&ask->err, ask->replay);
        (void)snprintf(methods->replay, sizeof methods->replay, "%s", ask->replay);
    }
    free_job(job);
}

static struct methods_job *new_job(const struct view *view)
{
    const struct session *session = &view->session;
    struct methods_job *ask = calloc(1, sizeof *ask);
    if (!ask) return NULL;
    *ask = (struct methods_job){
        .job = {.drop = free_job},
        .path = strdup(session->path),
        .study_id = session->study_id,
        .seed = session->definition ? session->definition->seed : 0,
        .budget_trials = session->summary->live.budget.trials,
    };
    for (size_t i = 0; i < session->model.n; i++) {
        const enum dln_trial_state state = session->model.state[i];
        if (state == DLN_TRIAL_RUNNING || state == DLN_TRIAL_WAITING) continue;
        ask->n_ended++;
        ask->n_curves += session->model.n_steps[i] > 0;
    }
    if (ask->path) return ask;
    free_job(&ask->job);
    return NULL;
}

static int64_t newest_change(const struct session *session)
{
    for (size_t i = 0; i < session->n_commands; i++) { /* the newest first */
        const struct dln_command *command = &session->commands[i];
        if (command->state == DLN_COMMAND_DONE && command->kind != DLN_COMMAND_NOTE) {
            return command->id; /* whatever it was: to read the definition again is cheap */
        }
    }
    return 0;
}

static void ask_facts(struct view *view, struct methods *methods)
{
    const int64_t newest = newest_change(&view->session);
    if (methods->is_asking || (methods->was_asked && methods->of_command == newest)) return;
    struct methods_job *ask = new_job(view);
    if (!ask) return;
    ask->job.run = run_facts;
    ask->job.done = facts_done;
    ask->of_command = newest;
    methods->is_asking = true;
    helper_submit(view->thinker, &ask->job);
}

struct methods *methods_of(struct view *view)
{
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary) return NULL;
    if (!view->methods) {
        view->methods = calloc(1, sizeof *view->methods);
        if (!view->methods) return NULL;
    }
    struct methods *methods = view->methods;
    if (!methods->path || methods->study_id != session->study_id ||
        strcmp(methods->path, session->path) != 0) {
        forget(methods);
        methods->path = strdup(session->path);
        methods->study_id = session->study_id;
        if (!methods->path) return NULL;
    }
    ask_facts(view, methods);
    return methods;
}

const struct dln_method *methods_in_force(const struct methods *methods, enum method_kind kind)
{
    if (!methods->study) return NULL;
    return kind == METHOD_STRATEGY ? &methods->study->strategy : &methods->study->pruner;
}

void methods_replay(struct view *view, const struct method_form *form)
{
    struct methods *methods = methods_of(view);
    if (!methods || methods->is_replaying) return;
    struct methods_job *ask = new_job(view);
    if (!ask) return;
    ask->job.run = run_replay;
    ask->job.done = replay_done;
    ask->form = *form;
    methods->is_replaying = true;
    helper_submit(view->thinker, &ask->job);
}

void methods_free(struct view *view)
{
    if (!view->methods) return;
    forget(view->methods);
    free(view->methods);
    view->methods = NULL;
}
