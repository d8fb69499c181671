/*
 * A new study in four questions. The command is asked for its --help while the second question is
 * answered; nothing is written before the last answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/prepare.h"
#include "cli/whole_file.h"
#include "dialin/num.h"
#include "draft/draft.h"
#include "export/study_file.h"
#include "screen/home.h"
#include "screen/screens.h"

enum { HELP_MS = 10000, DRY_RUN_MS = 20000, NAMES_MAX = 100 };

struct new_study {
    int64_t number; /* of this round: an answer to an earlier one is too late */
    struct dln_arena arena;
    char command[LINE_EDIT_MAX], objective[LINE_EDIT_MAX], vary[LINE_EDIT_MAX];
    size_t n_words;
    char **words;
    const char *metric;
    bool maximize;
    int64_t trials;
    char *help; /* NULL: not told yet */
    bool waits_for_help;
};

static struct new_study *fresh_of(const struct view *view)
{
    const struct home *home = view->state[SCREEN_HOME];
    return home->fresh;
}

static struct draft_ask ask_of(const struct new_study *fresh)
{
    return (struct draft_ask){
        .verb = "",
        .n_words = fresh->n_words,
        .words = fresh->words,
        .metric = fresh->metric,
        .maximize = fresh->maximize,
        .trials = fresh->trials,
        .parallel = 1,
        .help = fresh->help,
    };
}

/* The folder that home lists; for a file, its folder. */
static bool folder_of(const struct view *view, struct dln_strbuf *out)
{
    const char *const path = view->options->path ? view->options->path : ".";
    const char *const slash = strrchr(path, '/');
    const size_t len = strlen(path);
    const bool is_file =
        view->options->study_id >= 0 || (len > 3 && !strcmp(path + len - 3, ".db"));
    if (!is_file) {
        dln_strbuf_add(out, path);
    } else if (!slash) {
        dln_strbuf_add(out, ".");
    } else {
        dln_strbuf_add_len(out, path, slash == path ? 1 : (size_t)(slash - path));
    }
    return dln_strbuf_ok(out);
}

/* ── in the helper's thread ────────────────────────────────────────────────────────────────────*/

struct new_job {
    struct job job;
    int64_t number;
    struct dln_arena arena;
    struct draft_ask ask; /* borrows from the arena */
    const char *folder;
    const char *help;
    const char *path;         /* of the study file that was made */
    char told[VIEW_TEXT_MAX]; /* of the dry run */
    struct prepared prepared;
    bool ok;
    struct dln_error err;
};

static void free_new_job(struct job *job)
{
    struct new_job *const own = (struct new_job *)job;
    prepared_release(&own->prepared);
    dln_arena_release(&own->arena);
    free(own);
}

static void run_help(struct job *job)
{
    struct new_job *const own = (struct new_job *)job;
    own->ok = draft_help(&own->ask, HELP_MS, &own->arena, &own->help, &own->err);
}

/* A name that neither a study file nor a database has: train, train-2 … */
static bool choose_name(struct new_job *own)
{
    const char *const base = draft_name(own->ask.n_words, own->ask.words, &own->arena);
    for (int i = 1; base && i <= NAMES_MAX; i++) {
        own->ask.name = i == 1 ? base : dln_arena_printf(&own->arena, "%s-%d", base, i);
        if (!own->ask.name) break;
        own->path = dln_arena_printf(&own->arena, "%s/%s.yaml", own->folder, own->ask.name);
        const char *const db =
            dln_arena_printf(&own->arena, "%s/%s.db", own->folder, own->ask.name);
        if (!own->path || !db) break;
        if (access(own->path, F_OK) != 0 && access(db, F_OK) != 0) return true;
    }
    return dln_fail(&own->err, DLN_REFUSED, "there are %d studies of that name here", NAMES_MAX);
}

static void run_make(struct job *job)
{
    struct new_job *const own = (struct new_job *)job;
    struct dln_strbuf text = {0};
    own->ok = choose_name(own) && draft_make(&own->ask, own->path, &own->arena, &text, &own->err) &&
              write_whole_file(own->path, &text, &own->err) &&
              prepare_study(own->path, NULL, NULL, &own->prepared, &own->err);
    dln_strbuf_release(&text);
}

static void run_dry(struct job *job)
{
    struct new_job *const own = (struct new_job *)job;
    struct dln_strbuf text = {0}, told = {0};
    own->ok =
        draft_make(&own->ask, "study.yaml", &own->arena, &text, &own->err) &&
        draft_dry_run(&own->ask, dln_strbuf_text(&text), text.len, DRY_RUN_MS, &told, &own->err);
    (void)snprintf(own->told, sizeof own->told, "%.240s",
                   own->ok ? dln_strbuf_text(&told) : own->err.text);
    dln_strbuf_release(&text);
    dln_strbuf_release(&told);
}

/* ── the questions, from the last to the first ─────────────────────────────────────────────────*/

static void submit(struct view *view, void (*run)(struct job *), void (*done)(struct job *, void *))
{
    struct new_study *const fresh = fresh_of(view);
    struct new_job *const own = calloc(1, sizeof *own);
    struct dln_strbuf folder = {0};
    if (!own || !folder_of(view, &folder)) {
        free(own);
        dln_strbuf_release(&folder);
        return;
    }
    own->job = (struct job){.run = run, .done = done, .drop = free_new_job};
    own->number = fresh->number;
    own->ask = ask_of(fresh);
    own->ask.verb = "";
    own->folder = dln_arena_copy(&own->arena, dln_strbuf_text(&folder));
    own->ask.folder = own->folder;
    own->ask.vary = dln_arena_copy(&own->arena, fresh->vary);
    own->ask.metric = fresh->metric ? dln_arena_copy(&own->arena, fresh->metric) : NULL;
    own->ask.help = fresh->help ? dln_arena_copy(&own->arena, fresh->help) : NULL;
    char **const words = DLN_ARENA_ARRAY(&own->arena, char *, fresh->n_words + 1);
    bool ok = own->folder && own->ask.vary && words;
    for (size_t i = 0; ok && i < fresh->n_words; i++) {
        words[i] = dln_arena_copy(&own->arena, fresh->words[i]);
        ok = words[i] != NULL;
    }
    own->ask.words = words;
    dln_strbuf_release(&folder);
    if (!ok) {
        free_new_job(&own->job);
        return;
    }
    helper_submit(view->thinker, &own->job);
}

static void made(struct job *job, void *context)
{
    struct view *const view = context;
    struct new_job *const own = (struct new_job *)job;
    if (!own->ok) {
        view_say(view, ROLE_ERROR, "%.240s", own->err.text);
    } else if (view->screen == SCREEN_HOME &&
               view_open(view, own->prepared.db_path, own->prepared.study_id)) {
        view_go(view, SCREEN_LIVE);
        view_say(view, ROLE_INFO, "Made %s; p starts it", own->path);
    } else {
        view_say(view, ROLE_INFO, "Made %s", own->path);
    }
    free_new_job(job);
}

static void hint(struct view *view, const char *text)
{
    view->prompt.has_hint = true;
    (void)snprintf(view->prompt.hint, sizeof view->prompt.hint, "%s", text);
}

static bool accept_trials(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct new_study *const fresh = fresh_of(view);
    int64_t trials;
    if (!dln_num_parse_int(text, strlen(text), &trials) || trials < 1 || trials > 1000000000) {
        (void)snprintf(error, VIEW_TEXT_MAX, "A whole number of trials, at least 1");
        return false;
    }
    fresh->trials = trials;
    submit(view, run_make, made);
    return true;
}

static void dry_run_ended(struct job *job, void *context)
{
    struct view *const view = context;
    struct new_job *const own = (struct new_job *)job;
    struct new_study *const fresh = fresh_of(view);
    const bool is_asked = fresh && fresh->number == own->number && view->prompt.is_open &&
                          view->prompt.accept == accept_trials;
    if (is_asked) {
        hint(view, own->told);
        view->is_dirty = true;
    } else {
        view_say(view, own->ok ? ROLE_INFO : ROLE_WARN, "%s", own->told);
    }
    free_new_job(job);
}

/* v at the last question: a number has no such letter. */
static bool special_of_trials(struct view *view, uint32_t code)
{
    if (code != 'v') return false;
    hint(view, "Running it once, at the defaults …");
    submit(view, run_dry, dry_run_ended);
    view->is_dirty = true;
    return true;
}

/* Checked as the file that it will be; nothing is run or written for that. */
static bool accept_vary(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct new_study *const fresh = fresh_of(view);
    struct dln_arena arena = {0};
    struct dln_strbuf file = {0};
    struct dln_error err = {0};
    struct draft_ask ask = ask_of(fresh);
    ask.vary = text;
    ask.name = "study";
    const bool ok = draft_make(&ask, "study.yaml", &arena, &file, &err);
    if (!ok) (void)snprintf(error, VIEW_TEXT_MAX, "%.240s", err.text);
    dln_strbuf_release(&file);
    dln_arena_release(&arena);
    if (!ok) return false;
    (void)snprintf(fresh->vary, sizeof fresh->vary, "%s", text);
    char trials[DLN_NUM_TEXT_MAX];
    (void)dln_num_short((double)fresh->trials, trials);
    view_prompt(view, "4/4 Trials", trials, accept_trials);
    view->prompt.special = special_of_trials;
    hint(view, "Enter writes the study file; v is a dry run");
    return true;
}

static void ask_vary(struct view *view)
{
    struct new_study *const fresh = fresh_of(view);
    struct dln_arena arena = {0};
    struct dln_strbuf vary = {0};
    struct dln_error err = {0};
    const struct draft_ask ask = ask_of(fresh);
    fresh->waits_for_help = false;
    const bool is_told = draft_vary(&ask, &arena, &vary, &err);
    size_t len = vary.len < LINE_EDIT_MAX ? vary.len : LINE_EDIT_MAX - 1;
    while (len < vary.len && len > 0 && dln_strbuf_text(&vary)[len] != ',')
        len--; /* whole ones only */
    if (is_told) {
        (void)snprintf(fresh->vary, sizeof fresh->vary, "%.*s", (int)len, dln_strbuf_text(&vary));
    }
    view_prompt(view, "3/4 Parameters", fresh->vary, accept_vary);
    hint(view, is_told ? "From its --help. As lr=1e-5..0.1 log, n=1..8, opt=a|b"
                       : "Its --help tells none. As lr=1e-5..0.1 log, n=1..8, opt=a|b");
    dln_strbuf_release(&vary);
    dln_arena_release(&arena);
}

static void told(struct job *job, void *context)
{
    struct view *const view = context;
    struct new_job *const own = (struct new_job *)job;
    struct new_study *const fresh = fresh_of(view);
    if (fresh && fresh->number == own->number) {
        if (!own->ok) view_say(view, ROLE_WARN, "%.240s", own->err.text);
        fresh->help = strdup(own->ok && own->help ? own->help : "");
        if (fresh->help && fresh->waits_for_help && !view->prompt.is_open &&
            view->screen == SCREEN_HOME) {
            view->message.text[0] = own->ok ? '\0' : view->message.text[0];
            ask_vary(view);
        }
    }
    free_new_job(job);
}

static bool accept_objective(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct new_study *const fresh = fresh_of(view);
    const bool maximizes = strncmp(text, "maximize ", 9) == 0;
    const char *const name = maximizes || strncmp(text, "minimize ", 9) == 0 ? text + 9 : text;
    if (!*name || strchr(name, ' ')) {
        (void)snprintf(error, VIEW_TEXT_MAX, "'minimize' or 'maximize', and the name it prints");
        return false;
    }
    fresh->maximize = maximizes;
    fresh->metric = dln_arena_copy(&fresh->arena, name);
    if (!fresh->metric) return false;
    (void)snprintf(fresh->objective, sizeof fresh->objective, "%s", text);
    if (fresh->help) {
        ask_vary(view);
    } else {
        fresh->waits_for_help = true;
        view_say(view, ROLE_INFO, "Asking the command for its --help …");
    }
    return true;
}

/* Words as the study file splits them. */
static bool split(struct new_study *fresh, const char *text, struct dln_error *err)
{
    struct dln_strbuf file = {0};
    struct dln_study *study = NULL;
    dln_strbuf_add(&file, "study: s\nobjective: {minimize: x}\nspace: {x: {flag: true}}\nrun: ");
    study_file_word(&file, text);
    dln_strbuf_add(&file, "\n");
    bool ok = dln_study_read("study.yaml", dln_strbuf_text(&file), file.len, &study, err);
    dln_strbuf_release(&file);
    if (!ok) return false;
    fresh->n_words = study->run.n;
    fresh->words = DLN_ARENA_ARRAY(&fresh->arena, char *, study->run.n + 1);
    ok = fresh->words && study->run.n > 0;
    for (size_t i = 0; ok && i < study->run.n; i++) {
        fresh->words[i] = dln_arena_copy(&fresh->arena, study->run.word[i]);
        ok = fresh->words[i] != NULL;
    }
    dln_study_free(study);
    return ok || dln_fail(err, DLN_USAGE, "say how your program is called");
}

static bool accept_command(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct new_study *const fresh = fresh_of(view);
    struct dln_error err = {0};
    if (text[strspn(text, " ")] == '\0') {
        (void)snprintf(error, VIEW_TEXT_MAX, "Say how your program is called");
        return false;
    }
    if (!split(fresh, text, &err)) {
        (void)snprintf(error, VIEW_TEXT_MAX, "%.240s", err.text);
        return false;
    }
    (void)snprintf(fresh->command, sizeof fresh->command, "%s", text);
    submit(view, run_help, told);
    view_prompt(view, "2/4 Objective", fresh->objective, accept_objective);
    hint(view, "minimize or maximize, and the name before the value");
    return true;
}

void home_new(struct view *view)
{
    struct home *const home = view->state[SCREEN_HOME];
    if (view->options->read_only) {
        view_say(view, ROLE_WARN, "dialin view only looks");
        return;
    }
    struct new_study *fresh = home->fresh;
    if (!fresh) {
        fresh = home->fresh = calloc(1, sizeof *fresh);
        if (!fresh) return;
        (void)snprintf(fresh->objective, sizeof fresh->objective, "minimize loss");
        fresh->trials = 100;
    }
    fresh->number++;
    free(fresh->help);
    fresh->help = NULL;
    fresh->waits_for_help = false;
    fresh->vary[0] = '\0';
    view_prompt(view, "1/4 Command", fresh->command, accept_command);
    hint(view, "As you would type it; {lr} where a value goes");
}

void home_new_free(struct new_study *fresh)
{
    if (!fresh) return;
    dln_arena_release(&fresh->arena);
    free(fresh->help);
    free(fresh);
}
