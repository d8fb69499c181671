#include "actions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "dialin/engine.h"
#include "dialin/json.h"
#include "dialin/num.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "screen/screens.h"

enum { ANSWER_WAIT_MS = 5000 };

/* ── posting ───────────────────────────────────────────────────────────────────────────────────*/

struct post_job {
    struct job job;
    char *path;
    int64_t study_id;
    enum dln_command_kind kind;
    char *payload;
    char text[VIEW_TEXT_MAX];
    bool has_engine; /* somewhere; else the change is made here and now */
    bool is_answered;
    int64_t command_id;
    char answer[DLN_ERROR_TEXT_MAX];
    struct dln_error err;
};

static void free_post(struct job *job)
{
    struct post_job *post = (struct post_job *)job;
    free(post->path);
    free(post->payload);
    free(post);
}

static void run_post(struct job *job)
{
    struct post_job *post = (struct post_job *)job;
    if (!post->has_engine) {
        post->is_answered = dln_steer(post->path, post->study_id, post->kind, post->payload,
                                      ANSWER_WAIT_MS, post->answer, &post->err);
        return;
    }
    dln_store *store = NULL;
    char who[128];
    dln_command_who(who, sizeof who);
    if (dln_store_open(post->path, DLN_STORE_STEER, &store, &post->err)) {
        (void)!dln_store_post(store, post->study_id, post->kind, who, post->payload,
                              &post->command_id, &post->err);
    }
    dln_store_close(store);
}

/* Whether what comes next is another one after it. */
static bool changes_next(enum dln_command_kind kind)
{
    return kind == DLN_COMMAND_REVISE || kind == DLN_COMMAND_SET_STRATEGY;
}

static void show_answer(struct view *view, const struct dln_command *command)
{
    if (changes_next(command->kind)) advice_doubt_next(view);
    const bool is_done = command->state == DLN_COMMAND_DONE;
    view_say(view, is_done ? ROLE_INFO : ROLE_WARN, "%s",
             command->answer && *command->answer ? command->answer
             : is_done                           ? "Done."
                                                 : "Refused.");
}

static void post_done(struct job *job, void *context)
{
    struct post_job *post = (struct post_job *)job;
    struct view *view = context;
    const bool is_here = view->session.path && view->session.study_id == post->study_id &&
                         strcmp(view->session.path, post->path) == 0;
    if (post->err.code != DLN_OK) {
        view_say(view, post->err.code == DLN_TIMEOUT ? ROLE_WARN : ROLE_ERROR, "%s: %s", post->text,
                 post->err.text);
        view->wanted_parallel = 0;
    } else if (post->is_answered) {
        view_say(view, ROLE_INFO, "%s", *post->answer ? post->answer : post->text);
        if (changes_next(post->kind)) advice_doubt_next(view);
        if (is_here) loader_poke(view->session.loader);
    } else {
        runs_poke(&view->runs, post->path, post->study_id);
        if (is_here && view->n_pending < PENDING_MAX) {
            struct pending *pending = &view->pending[view->n_pending++];
            pending->command_id = post->command_id;
            (void)snprintf(pending->text, sizeof pending->text, "%s", post->text);
            view_say(view, ROLE_DIM, "%s …", post->text);
            loader_hurry(view->session.loader);
            /* The engine may have been faster than we. */
            for (size_t i = 0; i < view->session.n_commands; i++) {
                const struct dln_command *command = &view->session.commands[i];
                if (command->state != DLN_COMMAND_POSTED) actions_answer(view, command);
            }
        }
    }
    free_post(job);
}

void actions_answer(struct view *view, const struct dln_command *command)
{
    for (int i = 0; i < view->n_pending; i++) {
        if (view->pending[i].command_id != command->id) continue;
        view->n_pending--;
        memmove(&view->pending[i], &view->pending[i + 1],
                (size_t)(view->n_pending - i) * sizeof view->pending[0]);
        if (command->kind == DLN_COMMAND_SET_PARALLEL) view->wanted_parallel = 0;
        show_answer(view, command);
        return;
    }
}

void actions_post_to(struct view *view, const char *path, int64_t study_id,
                     enum dln_command_kind kind, const char *payload, const char *text)
{
    const struct session *session = &view->session;
    const bool is_here =
        session->is_open && session->study_id == study_id && strcmp(session->path, path) == 0;
    struct post_job *post = calloc(1, sizeof *post);
    if (post) {
        *post = (struct post_job){
            .job = {.run = run_post, .done = post_done, .drop = free_post},
            .path = strdup(path),
            .payload = strdup(payload),
            .study_id = study_id,
            .kind = kind,
            .has_engine = runs_find(&view->runs, path, study_id) ||
                          (is_here && session->summary && session->summary->lease.alive),
        };
        (void)snprintf(post->text, sizeof post->text, "%s", text);
    }
    if (!post || !post->path || !post->payload) {
        if (post) free_post(&post->job);
        view_say(view, ROLE_ERROR, "%s: out of memory", text);
        return;
    }
    helper_submit(view->helper, &post->job);
}

void actions_post(struct view *view, enum dln_command_kind kind, const char *payload,
                  const char *text)
{
    actions_post_to(view, view->session.path, view->session.study_id, kind, payload, text);
}

/* Whether the study can be changed now; else it is said why not. */
bool actions_may_change(struct view *view)
{
    const char *reason = view_read_only(view);
    if (!view->session.is_open || !view->session.summary) {
        view_say(view, ROLE_WARN, "The study is not loaded yet");
    } else if (reason) {
        view_say(view, ROLE_WARN, "Read only: %s", reason);
    } else {
        return true;
    }
    return false;
}

/* ── the study ─────────────────────────────────────────────────────────────────────────────────*/

static void start_here(struct view *view)
{
    const struct session *session = &view->session;
    if (runs_find(&view->runs, session->path, session->study_id)) return;
    if (!session->definition) {
        view_say(view, ROLE_WARN,
                 "This study has no study file: `dialin run STUDY.yaml` gives it one");
    } else if (view->options->attach && session->word != WORD_LOST) {
        view_say(view, ROLE_WARN,
                 "No engine runs it, and this is `attach`: `dialin run` starts one");
    } else if (runs_start(&view->runs, session->path, session->study_id, view_study_name(view),
                          false, 0)) {
        view_say(view, ROLE_DIM, "Starting an engine here …");
    } else {
        view_say(view, ROLE_WARN, "%d studies run in this process already", RUNS_MAX);
    }
}

static void pause_or_resume(struct view *view)
{
    switch (view->session.word) {
    case WORD_RUN: actions_post(view, DLN_COMMAND_PAUSE, "{}", "Pause"); break;
    case WORD_PAUSE:
    case WORD_DRAIN: actions_post(view, DLN_COMMAND_RESUME, "{}", "Resume"); break;
    case WORD_DONE: view_say(view, ROLE_WARN, "Done: B adds to the budget, then p goes on"); break;
    case WORD_IDLE:
    case WORD_LOST: start_here(view); break;
    }
}

static void change_parallel(struct view *view, int delta)
{
    const int now = view->session.summary->live.parallel;
    const int wanted = (view->wanted_parallel > 0 ? view->wanted_parallel : now) + delta;
    if (wanted < 1) {
        view_say(view, ROLE_WARN, "One worker is the least; p pauses");
        return;
    }
    view->wanted_parallel = wanted;
    char payload[64], text[64];
    (void)snprintf(payload, sizeof payload, "{\"value\": %d}", wanted);
    (void)snprintf(text, sizeof text, "Workers %d → %d", now, wanted);
    actions_post(view, DLN_COMMAND_SET_PARALLEL, payload, text);
}

bool actions_budget_parse(const char *text, int64_t now_trials, bool *is_time, double *value)
{
    while (*text == ' ')
        text++;
    const bool is_more = *text == '+';
    if (is_more) text++;
    double number = 0;
    const size_t len = strlen(text);
    const size_t used = dln_num_scan(text, len, &number);
    if (used == 0 || !(number > 0) || number > 1e12) return false;
    const char *unit = text + used;
    while (*unit == ' ')
        unit++;
    double factor = 0;
    if (strcmp(unit, "h") == 0) factor = 3600;
    if (strcmp(unit, "m") == 0 || strcmp(unit, "min") == 0) factor = 60;
    if (strcmp(unit, "s") == 0) factor = 1;
    if (strcmp(unit, "d") == 0) factor = 86400;
    if (factor > 0) {
        *is_time = true;
        *value = number * factor;
        return !is_more;
    }
    if (*unit != '\0' && strcmp(unit, "trials") != 0) return false;
    if (floor(number) < number) return false;
    *is_time = false;
    *value = number + (is_more ? (double)now_trials : 0);
    return true;
}

static bool accept_budget(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    bool is_time = false;
    double value = 0;
    const struct dln_budget *budget = &view->session.summary->live.budget;
    const int64_t base =
        budget->trials > 0 ? budget->trials : summary_finished(view->session.summary);
    if (text[strspn(text, " ")] == '\0') return true; /* as it is */
    if (!actions_budget_parse(text, base, &is_time, &value)) {
        (void)snprintf(error, VIEW_TEXT_MAX, "A number of trials (400, +100) or a time (6h, 90m)");
        return false;
    }
    char number[DLN_NUM_TEXT_MAX], payload[96], line[96];
    (void)dln_num_short(value, number);
    (void)snprintf(payload, sizeof payload, "{\"%s\": %s}", is_time ? "time_s" : "trials", number);
    (void)snprintf(line, sizeof line, "Budget %s%s", number, is_time ? " s" : " trials");
    actions_post(view, DLN_COMMAND_SET_BUDGET, payload, line);
    return true;
}

static void ask_budget(struct view *view)
{
    const struct dln_budget *budget = &view->session.summary->live.budget;
    char now[32] = "none", label[64];
    if (budget->trials > 0) {
        (void)snprintf(now, sizeof now, "%" PRId64 " trials", budget->trials);
    } else if (budget->time_s > 0) {
        char length[FORMAT_MAX];
        (void)snprintf(now, sizeof now, "%.20s",
                       format_duration(length, (int64_t)(budget->time_s * 1000)));
    }
    (void)snprintf(label, sizeof label, "Budget, now %s (400, +100, 6h)", now);
    view_prompt(view, label, "", accept_budget);
}

/* ── enqueueing a point ────────────────────────────────────────────────────────────────────────*/

/* "params": what is active and not as in base (NULL: all that is active). */
static void add_params(struct dln_json_writer *writer, const struct dln_space *space,
                       const double *x, const double *base)
{
    struct dln_strbuf value = {0};
    dln_json_key(writer, "params");
    dln_json_object(writer);
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(x[i]) || (base && x[i] == base[i])) continue;
        dln_strbuf_reset(&value);
        dln_param_json(&space->params[i], x[i], &value);
        dln_json_key(writer, space->params[i].name);
        dln_json_raw(writer, dln_strbuf_text(&value));
    }
    dln_json_end_object(writer);
    dln_strbuf_release(&value);
}

void actions_point_payload(const struct dln_space *space, const double *x, const double *base,
                           int64_t copy_of, struct dln_strbuf *payload)
{
    struct dln_json_writer writer = {.out = payload};
    dln_json_object(&writer);
    add_params(&writer, space, x, base);
    if (copy_of >= 0) {
        dln_json_key(&writer, "copy_of");
        dln_json_int(&writer, copy_of);
    }
    dln_json_end_object(&writer);
}

bool actions_enqueue(struct view *view, const double *x, const double *base, int64_t copy_of)
{
    struct dln_strbuf payload = {0};
    char line[64] = "Enqueue a point";
    if (!actions_may_change(view)) return false;
    if (copy_of >= 0) (void)snprintf(line, sizeof line, "Enqueue a copy of #%" PRId64, copy_of);
    actions_point_payload(view->session.space, x, base, copy_of, &payload);
    const bool ok = dln_strbuf_ok(&payload);
    if (ok) {
        actions_post(view, DLN_COMMAND_ENQUEUE, dln_strbuf_text(&payload), line);
    } else {
        view_say(view, ROLE_ERROR, "%s: out of memory", line);
    }
    dln_strbuf_release(&payload);
    return ok;
}

bool actions_revise(struct view *view, int64_t number, const double *x)
{
    struct dln_strbuf payload = {0};
    struct dln_json_writer writer = {.out = &payload};
    char line[64];
    if (!actions_may_change(view)) return false;
    (void)snprintf(line, sizeof line, "Change #%" PRId64 " in the queue", number);
    dln_json_object(&writer);
    dln_json_key(&writer, "trial");
    dln_json_int(&writer, number);
    add_params(&writer, view->session.space, x, NULL);
    dln_json_end_object(&writer);
    const bool ok = dln_strbuf_ok(&payload);
    if (ok) actions_post(view, DLN_COMMAND_REVISE, dln_strbuf_text(&payload), line);
    dln_strbuf_release(&payload);
    return ok;
}

bool actions_withdraw(struct view *view, int64_t number)
{
    char payload[64], line[64];
    if (!actions_may_change(view)) return false;
    (void)snprintf(payload, sizeof payload, "{\"trial\": %" PRId64 "}", number);
    (void)snprintf(line, sizeof line, "Take #%" PRId64 " out of the queue", number);
    actions_post(view, DLN_COMMAND_WITHDRAW, payload, line);
    return true;
}

void actions_set_method(struct view *view, bool is_pruner, const char *method, const char *name)
{
    struct dln_strbuf payload = {0};
    char line[64];
    if (!actions_may_change(view)) return;
    const char *word = is_pruner ? "pruner" : "strategy";
    dln_strbuf_addf(&payload, "{\"%s\": %s}", word, method);
    (void)snprintf(line, sizeof line, "Switch the %s to %.30s", word, name);
    actions_post(view, is_pruner ? DLN_COMMAND_SET_PRUNER : DLN_COMMAND_SET_STRATEGY,
                 dln_strbuf_text(&payload), line);
    dln_strbuf_release(&payload);
}

static bool is_working(enum study_word word)
{
    return word == WORD_RUN || word == WORD_PAUSE || word == WORD_DRAIN;
}

void actions_confirm(struct view *view, int top, int repeats, bool fresh, bool stops)
{
    const struct session *session = &view->session;
    char payload[128];
    if (!actions_may_change(view)) return;
    if (is_working(session->word)) {
        int used = snprintf(payload, sizeof payload, "{\"fresh\": %s", fresh ? "true" : "false");
        if (top > 0) {
            used += snprintf(payload + used, sizeof payload - (size_t)used,
                             ", \"top\": %d, \"repeats\": %d", top, repeats);
        }
        (void)snprintf(payload + used, sizeof payload - (size_t)used, "%s}",
                       stops ? ", \"then\": \"stop\"" : "");
        actions_post(view, DLN_COMMAND_CONFIRM, payload, stops ? "Wrap up" : "Confirm");
    } else if (runs_find(&view->runs, session->path, session->study_id) ||
               session->summary->lease.alive) {
        view_say(view, ROLE_WARN, "A confirmation runs already");
    } else if (!session->definition) {
        view_say(view, ROLE_WARN, "This study has no study file, so nothing says how to run it");
    } else if (session->summary->counts[DLN_TRIAL_COMPLETE] == 0) {
        view_say(view, ROLE_WARN, "No trial is complete yet, so there is nothing to confirm");
    } else {
        const struct dln_confirm_settings settings = {
            .top = top, .repeats = repeats, .fresh = fresh};
        if (runs_confirm(&view->runs, session->path, session->study_id, view_study_name(view),
                         &settings)) {
            view_say(view, ROLE_DIM, "Running the best again on fresh seeds …");
        } else {
            view_say(view, ROLE_WARN, "%d studies run in this process already", RUNS_MAX);
        }
    }
}

/* ── wrapping up ───────────────────────────────────────────────────────────────────────────────*/

static void wrap_up(struct view *view, char letter)
{
    if (letter == 'd') actions_post(view, DLN_COMMAND_DRAIN, "{}", "Drain");
    if (letter == 'c') actions_confirm(view, 0, 0, false, true);
}

static void ask_wrap_up(struct view *view)
{
    static const struct dialog_choice choices[] = {
        {"d", "drain: running trials finish, then it ends"},
        {"c", "drain, confirm the best on fresh seeds, then end"},
        {"Esc", "go on"},
    };
    if (is_working(view->session.word)) {
        view_menu(view, "Wrap up", choices, 3, wrap_up);
    } else {
        guard_ask(view);
    }
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static void begin(struct view *view, enum action action)
{
    if (action == ACTION_PAUSE) pause_or_resume(view);
    if (action == ACTION_MORE) change_parallel(view, 1);
    if (action == ACTION_FEWER) change_parallel(view, -1);
    if (action == ACTION_BUDGET) ask_budget(view);
    if (action == ACTION_DRAIN) ask_wrap_up(view);
    if (action == ACTION_CONFIRM) guard_ask(view);
    if (action == ACTION_UNDO) actions_post(view, DLN_COMMAND_UNDO, "{}", "Undo");
    if (action == ACTION_REDO) actions_post(view, DLN_COMMAND_REDO, "{}", "Redo");
    actions_on_trials(view, action);
}

bool actions_begin(struct view *view, enum action action)
{
    const struct binding *binding = keymap_binding(action);
    if (!binding || !binding->changes) return false;
    if (actions_may_change(view)) begin(view, action);
    return true;
}
