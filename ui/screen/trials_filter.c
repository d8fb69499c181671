/* The filter of the table: typed, completed, recalled, saved under a name; and what is looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "screen/trials.h"
#include "widget/dialog.h"

static const char hint[] =
    "state: tag: note: has: #n #n..m word  == != < <= > >= in [ ] and or not";
static const char save_command[] = ":save-filter ";

/* ── history ───────────────────────────────────────────────────────────────────────────────────*/

void trials_use_history(struct trials *trials, const json_t *history)
{
    trials->n_history = 0;
    for (size_t i = 0; i < json_array_size(history) && trials->n_history < HISTORY_MAX; i++) {
        const char *text = json_string_value(json_array_get(history, i));
        if (!text) continue;
        (void)snprintf(trials->history[trials->n_history++], LINE_EDIT_MAX, "%s", text);
    }
}

json_t *trials_history(const struct trials *trials)
{
    json_t *history = json_array();
    for (int i = 0; i < trials->n_history; i++)
        (void)json_array_append_new(history, json_string(trials->history[i]));
    return history;
}

/* The newest first, each once. */
static void add_history(struct trials *trials, const char *text)
{
    if (text[strspn(text, " ")] == '\0') return;
    int at = 0;
    while (at < trials->n_history && strcmp(trials->history[at], text) != 0)
        at++;
    if (at == trials->n_history && trials->n_history < HISTORY_MAX) trials->n_history++;
    if (at == HISTORY_MAX) at = HISTORY_MAX - 1;
    memmove(trials->history[1], trials->history[0], (size_t)at * LINE_EDIT_MAX);
    (void)snprintf(trials->history[0], LINE_EDIT_MAX, "%s", text);
}

/* ── completion ────────────────────────────────────────────────────────────────────────────────*/

struct completion {
    char prefix[64];
    size_t len;
    char common[LINE_EDIT_MAX]; /* what all that begin so have in common */
    int n;
    char list[VIEW_TEXT_MAX];
};

static void offer(struct completion *c, const char *word)
{
    if (strncmp(word, c->prefix, c->len) != 0 || strlen(word) >= sizeof c->common) return;
    if (c->n == 0) {
        (void)snprintf(c->common, sizeof c->common, "%s", word);
    } else {
        size_t same = 0;
        while (c->common[same] && c->common[same] == word[same])
            same++;
        c->common[same] = '\0';
    }
    c->n++;
    const size_t at = strlen(c->list);
    (void)snprintf(c->list + at, sizeof c->list - at, "%s%s", at > 0 ? "  " : "", word);
}

static void offer_choices(struct completion *c, const struct dln_space *space)
{
    for (size_t p = 0; p < space->n; p++) {
        for (size_t i = 0; i < space->params[p].n_choices; i++) {
            const struct dln_scalar *choice = &space->params[p].choices[i];
            if (choice->kind == DLN_SCALAR_TEXT && choice->text) offer(c, choice->text);
        }
    }
}

static void offer_all(struct completion *c, struct view *view)
{
    static const char *const atoms[] = {"state:run",  "state:ok", "state:cut", "state:err",
                                        "state:wait", "tag:",     "note:",     "has:artifact",
                                        "has:note",   "has:tag",  "and",       "or",
                                        "not",        "in"};
    const struct session *session = &view->session;
    if (c->prefix[0] == '@') {
        const char *name;
        json_t *value;
        json_object_foreach(view->saved.all, name, value)
        {
            char word[80];
            (void)snprintf(word, sizeof word, "@%.64s", name);
            offer(c, word);
        }
        return;
    }
    for (size_t i = 0; i < session->space->n; i++)
        offer(c, session->space->params[i].name);
    for (size_t i = 0; i < session->model.m; i++)
        offer(c, session_metric(session, i));
    for (size_t i = 0; dln_filter_word_at(i); i++)
        offer(c, dln_filter_word_at(i));
    for (size_t i = 0; i < sizeof atoms / sizeof atoms[0]; i++)
        offer(c, atoms[i]);
    offer_choices(c, session->space);
}

static bool is_word(char c)
{
    return c && !strchr(" \t,()[]=<>!+*/%'\"", c);
}

static void typed(struct view *view);

static void complete(struct view *view)
{
    struct line_edit *edit = &view->prompt.edit;
    struct completion c = {.n = 0};
    size_t start = edit->caret;
    while (start > 0 && is_word(edit->text[start - 1]))
        start--;
    c.len = edit->caret - start;
    if (c.len >= sizeof c.prefix) return;
    memcpy(c.prefix, edit->text + start, c.len);
    offer_all(&c, view);
    if (c.n == 0) return;
    for (const char *rest = c.common + c.len; *rest; rest++)
        (void)line_edit_insert(edit, (unsigned char)*rest);
    const bool is_open = c.common[0] && c.common[strlen(c.common) - 1] == ':';
    if (c.n == 1 && !is_open) (void)line_edit_insert(edit, ' ');
    view->prompt.error[0] = '\0';
    typed(view);
    if (c.n > 1) (void)snprintf(view->prompt.hint, sizeof view->prompt.hint, "%s", c.list);
}

/* ── the prompt ────────────────────────────────────────────────────────────────────────────────*/

static void tell_count(struct view *view)
{
    const struct sieve *sieve = &view->sieve;
    struct prompt *prompt = &view->prompt;
    prompt->right[0] = '\0';
    if (!sieve->filter) return;
    (void)snprintf(prompt->right, sizeof prompt->right, "%zu of %zu", sieve->n_shown, sieve->n);
}

/* While somebody types: what is right so far is shown, what is not says where. */
static bool apply(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct prompt *prompt = &view->prompt;
    size_t column = 1;
    const bool ok = sieve_set(&view->sieve, &view->session, &view->saved, text, view->now_us, error,
                              VIEW_TEXT_MAX, &column);
    prompt->error_column = ok ? 0 : column;
    tell_count(view);
    if (ok && trials_of(view)->sieve_revision != view->sieve.revision) {
        view->selected_id = trials_of(view)->selected_before; /* or the first, if it is hidden */
        trials_arrange(view);
    }
    return ok;
}

static void typed(struct view *view)
{
    struct prompt *prompt = &view->prompt;
    (void)snprintf(prompt->hint, sizeof prompt->hint, "%s", hint);
    if (prompt->edit.text[0] == ':') {
        prompt->error_column = 0;
        (void)snprintf(prompt->hint, sizeof prompt->hint,
                       ":save-filter NAME keeps the filter as @NAME, with no filter forgets it");
        return;
    }
    (void)apply(view, prompt->edit.text, prompt->error);
}

static void cancelled(struct view *view)
{
    char error[VIEW_TEXT_MAX];
    (void)apply(view, trials_of(view)->before, error);
}

/* ":save-filter good" keeps what was applied before. */
static bool save(struct view *view, const char *name, char error[VIEW_TEXT_MAX])
{
    const struct trials *trials = trials_of(view);
    if (!saved_filters_is_name(name)) {
        (void)snprintf(error, VIEW_TEXT_MAX, "A name has letters, digits, - and _");
        return false;
    }
    if (!saved_filters_put(&view->saved, name, trials->before)) {
        (void)snprintf(error, VIEW_TEXT_MAX, "The filter could not be kept in the state folder");
        return false;
    }
    if (trials->before[0]) {
        view_say(view, ROLE_INFO, "@%s means: %s", name, trials->before);
    } else {
        view_say(view, ROLE_INFO, "@%s is forgotten", name);
    }
    return true;
}

static bool accept(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct trials *trials = trials_of(view);
    if (strncmp(text, save_command, strlen(save_command)) == 0) {
        const char *name = text + strlen(save_command);
        if (!save(view, name + strspn(name, " "), error)) return false;
        char ignored[VIEW_TEXT_MAX];
        (void)apply(view, trials->before, ignored);
        return true;
    }
    if (!apply(view, text, error)) return false;
    add_history(trials, text);
    trials_remember(view);
    return true;
}

static bool special(struct view *view, uint32_t code)
{
    struct trials *trials = trials_of(view);
    struct prompt *prompt = &view->prompt;
    if (code == '\t') {
        complete(view);
        return true;
    }
    if (code != KEY_CODE_UP && code != KEY_CODE_DOWN) return false;
    const int at = trials->history_at + (code == KEY_CODE_UP ? 1 : -1);
    if (at < -1 || at >= trials->n_history) return true;
    trials->history_at = at;
    line_edit_set(&prompt->edit, at < 0 ? "" : trials->history[at]);
    prompt->error[0] = '\0';
    typed(view);
    return true;
}

void trials_ask_filter(struct view *view)
{
    struct trials *trials = trials_of(view);
    struct prompt *prompt = &view->prompt;
    (void)snprintf(trials->before, sizeof trials->before, "%s", view->sieve.text);
    trials->history_at = -1;
    trials->selected_before = view->selected_id;
    view_prompt(view, "Filter", view->sieve.text, accept);
    prompt->typed = typed;
    prompt->cancelled = cancelled;
    prompt->special = special;
    prompt->has_hint = true;
    (void)snprintf(prompt->hint, sizeof prompt->hint, "%s", hint);
    tell_count(view);
}

/* ── finding ───────────────────────────────────────────────────────────────────────────────────*/

/* The next row in the table's order that is looked for; false: there is none. */
static bool find(struct view *view, int step)
{
    struct trials *trials = trials_of(view);
    const int64_t n = (int64_t)trials->order.n;
    int64_t at = trials->table.table.cursor;
    (void)sieve_follow(&trials->found, &view->session, view->now_us);
    for (int64_t i = 0; trials->found.filter && i < n; i++) {
        at = (at + step + n) % n;
        if (trials->found.hidden[trials->order.row[at]]) continue;
        const int64_t moved = at - trials->table.table.cursor;
        trials->is_following = false;
        trials_step(view, (int)moved);
        return true;
    }
    return false;
}

static bool accept_find(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    struct trials *trials = trials_of(view);
    char wanted[LINE_EDIT_MAX + 1];
    size_t column = 1;
    text += strspn(text, " ");
    const bool is_number = *text && text[strspn(text, "0123456789")] == '\0';
    (void)snprintf(wanted, sizeof wanted, "%s%s", is_number ? "#" : "", text);
    if (!sieve_set(&trials->found, &view->session, &view->saved, wanted, view->now_us, error,
                   VIEW_TEXT_MAX, &column)) {
        return false;
    }
    if (!*text || find(view, 1)) return true;
    (void)snprintf(error, VIEW_TEXT_MAX, "No shown trial is '%.200s'", text);
    return false;
}

void trials_ask_find(struct view *view)
{
    view_prompt(view, "Find", "", accept_find);
}

void trials_find_again(struct view *view, int step)
{
    const struct trials *trials = trials_of(view);
    if (!trials->found.filter) {
        view_say(view, ROLE_WARN, "/ finds a number, a word, or what a filter says");
    } else if (!find(view, step)) {
        view_say(view, ROLE_WARN, "No shown trial is '%s'", trials->found.text);
    }
}
