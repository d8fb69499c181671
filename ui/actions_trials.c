/* What is done to trials: the marked ones, or the one under the cursor. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actions.h"
#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "screen/dial.h"

/* ── which ones
 * ────────────────────────────────────────────────────────────────────────────────────*/

/* The marked trials, else the one under the cursor. */
static size_t choose_targets(struct view *view)
{
    const struct model *model = &view->session.model;
    struct targets *targets = &view->targets;
    targets->n = 0;
    if (model->n_marked > 0 && (view->screen == SCREEN_LIVE || view->screen == SCREEN_TRIALS)) {
        for (size_t i = 0; i < model->n && targets->n < TARGETS_MAX; i++) {
            if (model->mark[i] & MODEL_MARKED) targets->number[targets->n++] = model->number[i];
        }
    } else {
        const size_t row = view_selected_row(view);
        if (row != SIZE_MAX) targets->number[targets->n++] = model->number[row];
    }
    return targets->n;
}

/* Leaves those in a state of the mask only. */
static size_t keep_states(struct view *view, unsigned mask)
{
    const struct model *model = &view->session.model;
    struct targets *targets = &view->targets;
    size_t kept = 0;
    for (size_t i = 0; i < targets->n; i++) {
        const size_t row = model_find_number(model, targets->number[i]);
        if (row == SIZE_MAX || (mask & 1u << model->state[row]) == 0) continue;
        targets->number[kept++] = targets->number[i];
    }
    return targets->n = kept;
}

static void name_targets(const struct targets *targets, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < targets->n && i < 5 && len < cap; i++) {
        const int n =
            snprintf(out + len, cap - len, "%s#%" PRId64, i > 0 ? ", " : "", targets->number[i]);
        if (n > 0) len += (size_t)n;
    }
    if (targets->n > 5 && len < cap) {
        (void)snprintf(out + len, cap - len, " and %zu more", targets->n - 5);
    }
}

static void post_targets(struct view *view, enum dln_command_kind kind, const char *verb)
{
    struct dln_strbuf payload = {0};
    dln_strbuf_add(&payload, "{\"trials\": [");
    for (size_t i = 0; i < view->targets.n; i++) {
        dln_strbuf_addf(&payload, "%s%" PRId64, i > 0 ? ", " : "", view->targets.number[i]);
    }
    dln_strbuf_add(&payload, "]}");
    char names[96], text[VIEW_TEXT_MAX];
    name_targets(&view->targets, names, sizeof names);
    (void)snprintf(text, sizeof text, "%s %s", verb, names);
    if (dln_strbuf_ok(&payload)) actions_post(view, kind, dln_strbuf_text(&payload), text);
    dln_strbuf_release(&payload);
    model_clear_marks(&view->session.model);
}

static void accept_prune(struct view *view)
{
    post_targets(view, DLN_COMMAND_PRUNE, "Prune");
}

static void accept_stop(struct view *view)
{
    post_targets(view, DLN_COMMAND_STOP_TRIAL, "Stop");
}

static void accept_retry(struct view *view)
{
    post_targets(view, DLN_COMMAND_RETRY, "Retry");
}

static void ask_end(struct view *view, bool is_prune)
{
    if (keep_states(view, 1u << DLN_TRIAL_RUNNING) == 0) {
        view_say(view, ROLE_WARN, "Only running trials can be %s", is_prune ? "pruned" : "stopped");
        return;
    }
    const struct model *model = &view->session.model;
    int64_t lost_ms = 0;
    for (size_t i = 0; i < view->targets.n; i++) {
        const size_t row = model_find_number(model, view->targets.number[i]);
        if (row != SIZE_MAX) lost_ms += model_elapsed_ms(model, row, view->now_us);
    }
    char names[96], lost[FORMAT_MAX], yes[64];
    const size_t n = view->targets.n;
    name_targets(&view->targets, names, sizeof names);
    (void)snprintf(yes, sizeof yes, "%s %zu trial%s", is_prune ? "prune" : "stop", n,
                   n == 1 ? "" : "s");
    view_confirm(view, "Confirm", "keep running", yes, is_prune ? accept_prune : accept_stop);
    view_confirm_line(view, "%s %s?", is_prune ? "Prune" : "Stop", names);
    view_confirm_line(view, " ");
    if (is_prune) {
        view_confirm_line(view,
                          "%zu running trial%s now, after %s of work. The last values stay, as "
                          "cut, and inform the model.",
                          n, n == 1 ? " ends" : "s end", format_duration(lost, lost_ms));
    } else {
        view_confirm_line(view,
                          "%zu running trial%s now. %s of work is lost; the last values stay in "
                          "the table as err (stopped by you).",
                          n, n == 1 ? " ends" : "s end", format_duration(lost, lost_ms));
        view_confirm_line(view, "P would keep them as cut and inform the model.");
    }
}

static void ask_retry(struct view *view)
{
    const unsigned failed = 1u << DLN_TRIAL_FAIL;
    if (keep_states(view, failed | 1u << DLN_TRIAL_COMPLETE | 1u << DLN_TRIAL_PRUNED) == 0) {
        view_say(view, ROLE_WARN, "Only trials that have ended can be run again");
        return;
    }
    const size_t all = view->targets.n;
    const struct targets wanted = view->targets;
    const bool is_all_failed = keep_states(view, failed) == all;
    view->targets = wanted;
    if (is_all_failed) {
        accept_retry(view);
        return;
    }
    char names[96], yes[64];
    name_targets(&view->targets, names, sizeof names);
    (void)snprintf(yes, sizeof yes, all == 1 ? "run it again" : "run %zu again", all);
    view_confirm(view, "Confirm", all == 1 ? "leave it" : "leave them", yes, accept_retry);
    view_confirm_line(view, "Run %s again?", names);
    view_confirm_line(view, " ");
    if (all == 1) {
        view_confirm_line(view, "It has ended well. A copy with the same parameters and a new "
                                "number is queued, and costs its time once more.");
    } else {
        view_confirm_line(view, "Copies with the same parameters and new numbers are queued; some "
                                "of these have ended well and cost their time once more.");
    }
}

/* ── notes and tags ────────────────────────────────────────────────────────────────────────────*/

/* A note has lines, the prompt has one: "\\n" stands for the end of one, "\\\\" for itself. */
static void note_to_line(const char *note, struct dln_strbuf *out)
{
    for (; *note; note++) {
        if (*note == '\n') {
            dln_strbuf_add(out, "\\n");
        } else {
            if (*note == '\\') dln_strbuf_add_char(out, '\\');
            dln_strbuf_add_char(out, *note);
        }
    }
}

static void line_to_note(const char *line, struct dln_strbuf *out)
{
    for (; *line; line++) {
        if (*line == '\\' && (line[1] == 'n' || line[1] == '\\')) line++;
        const bool is_end = *line == 'n' && line[-1] == '\\';
        dln_strbuf_add_char(out, is_end ? '\n' : *line);
    }
}

static bool accept_note(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    (void)error;
    struct dln_strbuf payload = {0}, note = {0};
    struct dln_json_writer w = {.out = &payload};
    char what[64];
    line_to_note(text, &note);
    dln_json_object(&w);
    dln_json_key(&w, "trial");
    dln_json_int(&w, view->targets.number[0]);
    dln_json_key(&w, "text");
    dln_json_string(&w, dln_strbuf_text(&note));
    dln_json_end_object(&w);
    (void)snprintf(what, sizeof what, "Note on #%" PRId64, view->targets.number[0]);
    if (dln_strbuf_ok(&payload) && dln_strbuf_ok(&note)) {
        actions_post(view, DLN_COMMAND_TRIAL_NOTE, dln_strbuf_text(&payload), what);
    }
    dln_strbuf_release(&note);
    dln_strbuf_release(&payload);
    return true;
}

/* A note is on one trial: the one under the cursor, whatever is marked. */
static void ask_note(struct view *view)
{
    const size_t row = view_selected_row(view);
    if (row == SIZE_MAX) return;
    view->targets.n = 1;
    view->targets.number[0] = view->session.model.number[row];
    const struct dln_trial_marks *marks =
        session_marks(&view->session, view->session.model.id[row]);
    const char *note = marks ? marks->note : "";
    struct dln_strbuf line = {0};
    char label[64];
    note_to_line(note, &line);
    if (line.len >= LINE_EDIT_MAX) {
        view_say(view, ROLE_WARN, "This note is long: `dialin note STUDY %" PRId64 " -` writes it",
                 view->targets.number[0]);
    } else {
        (void)snprintf(label, sizeof label, "Note on #%" PRId64 " (\\n ends a line)",
                       view->targets.number[0]);
        view_prompt(view, label, dln_strbuf_text(&line), accept_note);
    }
    dln_strbuf_release(&line);
}

/* The words of the line that begin with '-' where `is_minus`, else the others. */
static void add_tags(struct dln_json_writer *w, const char *text, bool is_minus)
{
    char tag[LINE_EDIT_MAX];
    dln_json_array(w);
    for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
        const size_t len = strcspn(text, " ,");
        const bool has_sign = *text == '-' || *text == '+';
        if ((*text == '-') == is_minus) {
            (void)snprintf(tag, sizeof tag, "%.*s", (int)(len - has_sign), text + has_sign);
            if (*tag) dln_json_string(w, tag);
        }
        text += len;
    }
    dln_json_end_array(w);
}

static bool accept_tags(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    (void)error;
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    char names[96], what[VIEW_TEXT_MAX];
    if (text[strspn(text, " ,")] == '\0') return true;
    dln_json_object(&w);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < view->targets.n; i++)
        dln_json_int(&w, view->targets.number[i]);
    dln_json_end_array(&w);
    dln_json_key(&w, "add");
    add_tags(&w, text, false);
    dln_json_key(&w, "remove");
    add_tags(&w, text, true);
    dln_json_end_object(&w);
    name_targets(&view->targets, names, sizeof names);
    (void)snprintf(what, sizeof what, "Tag %s", names);
    if (dln_strbuf_ok(&payload))
        actions_post(view, DLN_COMMAND_TAG, dln_strbuf_text(&payload), what);
    dln_strbuf_release(&payload);
    return true;
}

static void ask_tags(struct view *view)
{
    char names[40], label[64];
    if (view->targets.n == 1) {
        name_targets(&view->targets, names, sizeof names);
    } else {
        (void)snprintf(names, sizeof names, "%zu trials", view->targets.n);
    }
    (void)snprintf(label, sizeof label, "Tag %s (paper, -paper)", names);
    view_prompt(view, label, "", accept_tags);
}

/* ── deleting ──────────────────────────────────────────────────────────────────────────────────*/

static void accept_delete(struct view *view)
{
    post_targets(view, DLN_COMMAND_DELETE, "Delete");
}

static void ask_delete(struct view *view)
{
    const size_t all = view->targets.n;
    if (keep_states(view, ~(1u << DLN_TRIAL_RUNNING)) < all) {
        view_say(view, ROLE_WARN, "A running trial is not deleted: X stops it first");
        return;
    }
    if (view->session.summary->lease.alive) {
        view_say(view, ROLE_WARN, "Trials are deleted while no engine runs the study");
        return;
    }
    char names[96], yes[64], count[32];
    name_targets(&view->targets, names, sizeof names);
    (void)snprintf(count, sizeof count, "%zu", all);
    (void)snprintf(yes, sizeof yes, "delete %zu trial%s", all, all == 1 ? "" : "s");
    view_confirm_typed(view, "Delete", all == 1 ? "keep it" : "keep them", yes, count,
                       accept_delete);
    view_confirm_line(view, "Delete %s?", names);
    view_confirm_line(view, " ");
    view_confirm_line(view,
                      "No table, plot or model knows %s any more, Optuna neither. For %d days "
                      "`dialin restore` brings %s back.",
                      all == 1 ? "it" : "them", DLN_TRASH_DAYS, all == 1 ? "it" : "them");
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

void actions_on_trials(struct view *view, enum action action)
{
    const bool is_one = action == ACTION_PRUNE || action == ACTION_STOP || action == ACTION_RETRY ||
                        action == ACTION_NOTE || action == ACTION_TAG || action == ACTION_DELETE;
    if (!is_one) return;
    if (choose_targets(view) == 0) {
        view_say(view, ROLE_WARN, "No trial yet");
    } else {
        actions_on_targets(view, action);
    }
}

void actions_tag(struct view *view, const char *text)
{
    char error[VIEW_TEXT_MAX];
    if (choose_targets(view) == 0) {
        view_say(view, ROLE_WARN, "No trial yet");
    } else {
        (void)accept_tags(view, text, error);
    }
}

void actions_on_targets(struct view *view, enum action action)
{
    if (action == ACTION_NOTE) {
        ask_note(view);
    } else if (action == ACTION_TAG) {
        ask_tags(view);
    } else if (action == ACTION_DELETE) {
        ask_delete(view);
    } else if (action == ACTION_RETRY) {
        ask_retry(view);
    } else {
        ask_end(view, action == ACTION_PRUNE);
    }
}

static void choose_action(struct view *view, char letter)
{
    const enum action action = keymap_action((uint32_t)letter, SCOPE_TRIALS);
    if (action == ACTION_ENQUEUE) {
        dial_open_selected(view);
    } else if (action != ACTION_NONE) {
        (void)actions_begin(view, action);
    }
}

void actions_menu(struct view *view)
{
    static const struct dialog_choice choices[] = {
        {"P", "prune: ends now, the model learns from it"},
        {"X", "stop: ends now, as failed"},
        {"R", "retry: run it again, as a new trial"},
        {"e", "enqueue a copy, turned in the dial"},
        {"m", "note on the one under the cursor"},
        {"t", "tag"},
        {"D", "delete, for 30 days in the trash"},
    };
    char names[40], title[48];
    if (choose_targets(view) == 0) {
        view_say(view, ROLE_WARN, "No trial yet");
        return;
    }
    if (view->targets.n == 1) {
        name_targets(&view->targets, names, sizeof names);
    } else {
        (void)snprintf(names, sizeof names, "%zu marked trials", view->targets.n);
    }
    (void)snprintf(title, sizeof title, "Act on %s", names);
    view_menu(view, title, choices, sizeof choices / sizeof choices[0], choose_action);
}
