/*
 * The search space: a table of parameters, a form for one of them. Edits are staged here, checked
 * as the study file's own reader checks them, and applied together: one command, one undo.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actions.h"
#include "dialin/space_edit.h"
#include "screen/screens.h"
#include "screen/space_screen.h"

struct space_screen *space_of(const struct view *view)
{
    return view->state[SCREEN_SPACE];
}

const struct dln_space *space_next(const struct view *view)
{
    const struct space_screen *screen = space_of(view);
    if (!view->session.is_open) return NULL;
    return screen->has_plan ? &screen->plan.study->space : view->session.space;
}

const struct space_row *space_selected(const struct view *view)
{
    const struct space_screen *screen = space_of(view);
    const int64_t at = screen->table.cursor;
    return at >= 0 && (size_t)at < screen->n_rows ? &screen->rows[at] : NULL;
}

const char *space_row_name(const struct space_row *row)
{
    return row->next ? row->next->name : row->now->name;
}

bool space_is_edited(const struct view *view, const struct space_row *row)
{
    return json_object_get(space_of(view)->edits, space_row_name(row)) != NULL;
}

static bool may_edit(struct view *view)
{
    const char *reason = view_read_only(view);
    if (!view->session.is_open || !view->session.summary) {
        view_say(view, ROLE_WARN, "The study is not loaded yet");
    } else if (reason) {
        view_say(view, ROLE_WARN, "Read only: %s", reason);
    } else if (!view->session.definition) {
        view_say(view, ROLE_WARN, "Another program says what this study searches");
    } else {
        return true;
    }
    return false;
}

/* ── staged edits ──────────────────────────────────────────────────────────────────────────────*/

static void drop_plan(struct space_screen *screen)
{
    if (screen->has_plan) dln_space_plan_release(&screen->plan);
    screen->has_plan = false;
}

const struct dln_param *space_param(const struct dln_space *space, const char *name)
{
    const size_t at = space ? dln_space_find(space, name) : SIZE_MAX;
    return at == SIZE_MAX ? NULL : &space->params[at];
}

static void list_rows(struct view *view)
{
    struct space_screen *screen = space_of(view);
    const struct dln_space *now = view->session.space;
    const struct dln_space *next = space_next(view);
    free(screen->rows);
    screen->n_rows = 0;
    screen->rows = calloc((now ? now->n : 0) + (next ? next->n : 0) + 1, sizeof *screen->rows);
    if (!screen->rows || !now || !next) return;
    for (size_t i = 0; i < now->n; i++) {
        screen->rows[screen->n_rows++] =
            (struct space_row){&now->params[i], space_param(next, now->params[i].name)};
    }
    for (size_t i = 0; i < next->n; i++) {
        if (space_param(now, next->params[i].name)) continue;
        screen->rows[screen->n_rows++] = (struct space_row){NULL, &next->params[i]};
    }
    table_keep(&screen->table, (int64_t)screen->n_rows, screen->table.cursor);
}

/* A kind or scale that trials have already cannot become another: Optuna would not read them. */
static bool keeps_kind(const struct view *view, const struct dln_study *study, const char *name,
                       struct dln_error *err)
{
    const struct dln_param *was = space_param(view->session.space, name);
    const struct dln_param *is = space_param(&study->space, name);
    if (!was || !is || view->session.model.n == 0) return true;
    const bool same = was->log == is->log && (was->n_choices > 0) == (is->n_choices > 0) &&
                      (was->n_choices > 0 || was->kind == is->kind);
    return same || dln_fail(err, DLN_REFUSED,
                            "%s of a parameter with trials stays: add another under a new name",
                            was->log != is->log ? "log" : "the type");
}

/* What the edits and this one more would give; *none: they change nothing. */
bool space_try(struct view *view, const char *name, const char *definition,
               struct dln_space_plan *plan, bool *none, struct dln_error *err)
{
    struct space_screen *screen = space_of(view);
    json_t *edits = json_deep_copy(screen->edits);
    *none = false;
    bool ok = edits != NULL;
    if (ok && name) {
        ok = json_object_set_new(edits, name, definition ? json_string(definition) : json_null()) ==
             0;
    }
    if (!ok) {
        ok = dln_fail(err, DLN_INVALID, "this is no text");
    } else if (json_object_size(edits) == 0) {
        *none = true;
    } else {
        ok = dln_space_plan_make(NULL, 0, view->session.definition, edits, plan, err);
        *none = !ok && err->code == DLN_REFUSED;
        if (ok && name && !keeps_kind(view, plan->study, name, err)) {
            dln_space_plan_release(plan);
            ok = false;
        }
        ok = ok || *none;
    }
    json_decref(edits);
    return ok;
}

/* Leaves out edits that the study says already. */
static void tidy(struct view *view)
{
    struct space_screen *screen = space_of(view);
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(screen->edits, next, name, value)
    {
        const struct dln_param *now = space_param(view->session.space, name);
        const struct dln_param *then = space_param(space_next(view), name);
        struct dln_strbuf a = {0};
        struct dln_strbuf b = {0};
        if (now) dln_param_define(now, &a);
        if (then) dln_param_define(then, &b);
        const bool same = strcmp(dln_strbuf_text(&a), dln_strbuf_text(&b)) == 0;
        dln_strbuf_release(&a);
        dln_strbuf_release(&b);
        if (same) (void)json_object_del(screen->edits, name);
    }
}

/* Makes the plan of the staged edits anew; edits that cannot be any more are dropped and told. */
void space_plan_again(struct view *view)
{
    struct space_screen *screen = space_of(view);
    struct dln_error err = {0};
    bool none;
    drop_plan(screen);
    if (!view->session.definition) {
        (void)json_object_clear(screen->edits);
    } else if (!space_try(view, NULL, NULL, &screen->plan, &none, &err)) {
        view_say(view, ROLE_WARN, "The edits do not fit the study any more: %s", err.text);
        (void)json_object_clear(screen->edits);
    } else if (none) {
        (void)json_object_clear(screen->edits);
    } else {
        screen->has_plan = true;
        tidy(view);
    }
    list_rows(view);
    view->is_dirty = true;
}

/* Stages one edit; false: it cannot be, and was told. */
bool space_stage(struct view *view, const char *name, const char *definition)
{
    struct space_screen *screen = space_of(view);
    struct dln_error err = {0};
    struct dln_space_plan plan;
    bool none;
    if (!space_try(view, name, definition, &plan, &none, &err)) {
        view_say(view, ROLE_WARN, "%s", err.text);
        return false;
    }
    if (!none) dln_space_plan_release(&plan);
    (void)json_object_set_new(screen->edits, name,
                              definition ? json_string(definition) : json_null());
    space_plan_again(view);
    return true;
}

static void unstage(struct view *view, const char *name)
{
    (void)json_object_del(space_of(view)->edits, name);
    space_plan_again(view);
}

static bool init(struct view *view)
{
    struct space_screen *screen = calloc(1, sizeof *screen);
    view->state[SCREEN_SPACE] = screen;
    if (!screen) return false;
    screen->edits = json_object();
    screen->table.pinned = -1;
    screen->seen_of = screen->best_of = UINT64_MAX;
    return screen->edits != NULL;
}

static void release(struct view *view)
{
    struct space_screen *screen = space_of(view);
    if (!screen) return;
    drop_plan(screen);
    json_decref(screen->edits);
    free(screen->rows);
    free(screen->seen);
    free(screen);
    view->state[SCREEN_SPACE] = NULL;
}

static void changed(struct view *view)
{
    struct space_screen *screen = space_of(view);
    if (!view->session.is_open || screen->of == view->session.space) return;
    screen->of = view->session.space;
    screen->form.is_open = false;
    space_plan_again(view);
}

/* ── what the trials say ───────────────────────────────────────────────────────────────────────*/

const struct best_range *space_best(struct view *view, const struct dln_param *now)
{
    struct space_screen *screen = space_of(view);
    const struct model *model = &view->session.model;
    if (!now || model->m != 1) return NULL;
    if (screen->best_of != model->revision || screen->best_param != now) {
        const size_t p = (size_t)(now - view->session.space->params);
        double *loss = calloc(model->n + 1, sizeof *loss);
        screen->best_of = model->revision;
        screen->best_param = now;
        for (size_t i = 0; loss && i < model->n; i++) {
            const double value = model->value[0][i];
            const bool counts = model->state[i] == DLN_TRIAL_COMPLETE && isfinite(value);
            loss[i] = !counts ? (double)NAN : view->session.maximize ? -value : value;
        }
        screen->has_best =
            loss && change_best_range(now, model->n, model->x[p], loss, &screen->best);
        free(loss);
    }
    return screen->has_best ? &screen->best : NULL;
}

/* ── single actions ────────────────────────────────────────────────────────────────────────────*/

static bool accept_frozen(struct view *view, const char *text, char error[VIEW_TEXT_MAX])
{
    const struct space_row *row = space_selected(view);
    struct dln_strbuf definition = {0};
    struct dln_error err = {0};
    double x;
    if (!row || !row->next) return true;
    bool ok = dln_param_parse(row->next, text, &x, &err) &&
              change_freeze(row->next, x, &definition, &err);
    if (ok) {
        ok = space_stage(view, row->next->name, dln_strbuf_text(&definition));
        if (!ok) (void)snprintf(error, VIEW_TEXT_MAX, "%s", view->message.text);
    } else {
        (void)snprintf(error, VIEW_TEXT_MAX, "%.250s", err.text);
    }
    dln_strbuf_release(&definition);
    return ok;
}

/* Back to what it was before the newest edit that stands; the staged one first. */
static void back(struct view *view, const struct space_row *row)
{
    struct dln_arena arena = {0};
    if (space_is_edited(view, row)) {
        unstage(view, space_row_name(row));
    } else {
        const char *before = change_before(space_row_name(row), view->session.n_commands,
                                           view->session.commands, &arena);
        if (before && before[0]) {
            (void)space_stage(view, space_row_name(row), before);
        } else {
            view_say(view, ROLE_WARN, "%s was not narrowed or frozen; Enter edits it",
                     space_row_name(row));
        }
    }
    dln_arena_release(&arena);
}

static void freeze(struct view *view, const struct space_row *row)
{
    char value[128] = "";
    char label[64];
    if (!row->next) return;
    if (dln_param_is_single(row->next)) {
        back(view, row);
        return;
    }
    const size_t best = view->session.best.best;
    if (row->now && best < view->session.model.n) {
        const size_t p = (size_t)(row->now - view->session.space->params);
        const double x = view->session.model.x[p][best];
        struct dln_strbuf text = {0};
        if (!isnan(x)) dln_param_text(row->now, x, &text);
        (void)snprintf(value, sizeof value, "%.120s", dln_strbuf_text(&text));
        dln_strbuf_release(&text);
    }
    (void)snprintf(label, sizeof label, "Freeze %.40s at", row->next->name);
    view_prompt(view, label, value, accept_frozen);
}

static void narrow(struct view *view, const struct space_row *row)
{
    struct dln_strbuf definition = {0};
    struct dln_error err = {0};
    if (!row->now || !row->next) return;
    const struct best_range *best = space_best(view, row->now);
    if (!best) {
        view_say(view, ROLE_WARN, "%s: no best tenth to go by (one objective, numbers, two trials)",
                 row->now->name);
    } else if (best->low <= row->next->low && best->high >= row->next->high) {
        view_say(view, ROLE_INFO, "The best tenth needs the whole range of %s", row->now->name);
    } else if (change_range(row->next, fmax(best->low, row->next->low),
                            fmin(best->high, row->next->high), &definition, &err)) {
        (void)space_stage(view, row->now->name, dln_strbuf_text(&definition));
    } else {
        view_say(view, ROLE_WARN, "%s", err.text);
    }
    dln_strbuf_release(&definition);
}

static void apply(struct view *view)
{
    struct space_screen *screen = space_of(view);
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    char text[64];
    const size_t n = json_object_size(screen->edits);
    if (n == 0) {
        view_say(view, ROLE_INFO, "No edit to apply; Enter edits a parameter");
        return;
    }
    dln_json_object(&w);
    dln_json_key(&w, "edits");
    dln_json_value(&w, screen->edits);
    dln_json_end_object(&w);
    (void)snprintf(text, sizeof text, "%zu edit%s of the space", n, n == 1 ? "" : "s");
    if (dln_strbuf_ok(&payload)) {
        actions_post(view, DLN_COMMAND_SET_SPACE, dln_strbuf_text(&payload), text);
    }
    dln_strbuf_release(&payload);
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

static bool key_pressed(struct view *view, struct key key)
{
    struct space_screen *screen = space_of(view);
    if (screen->form.is_open) return space_form_key(view, key);
    const bool ends = key.code == KEY_CODE_ESC || key.code == 'q' || key.code == KEY_CTRL('G');
    if (screen->is_previewing && !key.pasted && ends) {
        screen->is_previewing = false;
        view->is_dirty = true;
        return true;
    }
    return false;
}

static bool edit(struct view *view, enum action action)
{
    const struct space_row *row = space_selected(view);
    if (action == ACTION_UNDO && json_object_size(space_of(view)->edits) == 0) return false;
    if (!may_edit(view)) return true;
    if (!row && action != ACTION_ADD && action != ACTION_WRITE && action != ACTION_EXPORT) {
        return true;
    }
    switch ((int)action) {
    case ACTION_ENTER:
        if (row->next) space_form_open(view, row->next);
        break;
    case ACTION_ADD: space_form_open(view, NULL); break;
    case ACTION_DELETE:
        if (!row->now || !row->next) {
            unstage(view, space_row_name(row));
        } else {
            (void)space_stage(view, row->now->name, NULL);
        }
        break;
    case ACTION_FREEZE: freeze(view, row); break;
    case ACTION_NARROW: narrow(view, row); break;
    case ACTION_WIDEN: back(view, row); break;
    case ACTION_WRITE: apply(view); break;
    case ACTION_EXPORT: space_edit_file(view); break;
    case ACTION_UNDO:
        if (space_is_edited(view, row)) {
            unstage(view, space_row_name(row));
        } else {
            view_say(view, ROLE_INFO, "This row is not edited; w applies, u on an edited row (*)");
        }
        break;
    default: break;
    }
    return true;
}

static bool act(struct view *view, enum action action)
{
    struct space_screen *screen = space_of(view);
    struct table *table = &screen->table;
    const int half = table->page > 1 ? table->page / 2 : 1;
    switch ((int)action) {
    case ACTION_UP: table_move(table, -1); return true;
    case ACTION_DOWN: table_move(table, 1); return true;
    case ACTION_FIRST: table_go(table, 0); return true;
    case ACTION_LAST: table_go(table, INT64_MAX); return true;
    case ACTION_HALF_UP: table_move(table, -half); return true;
    case ACTION_HALF_DOWN: table_move(table, half); return true;
    case ACTION_PAGE_UP: table_page(table, -1); return true;
    case ACTION_PAGE_DOWN: table_page(table, 1); return true;
    case ACTION_PREVIEW: screen->is_previewing = !screen->is_previewing; return true;
    case ACTION_ENTER:
    case ACTION_ADD:
    case ACTION_DELETE:
    case ACTION_FREEZE:
    case ACTION_NARROW:
    case ACTION_WIDEN:
    case ACTION_WRITE:
    case ACTION_EXPORT:
    case ACTION_UNDO: return edit(view, action);
    default: return false;
    }
}

void space_begin(struct view *view, const char *name, enum action action)
{
    view_go(view, SCREEN_SPACE);
    struct space_screen *screen = space_of(view);
    if (!screen || view->screen != SCREEN_SPACE) return;
    list_rows(view);
    for (size_t i = 0; i < screen->n_rows; i++) {
        if (strcmp(space_row_name(&screen->rows[i]), name) != 0) continue;
        table_go(&screen->table, (int64_t)i);
        (void)edit(view, action);
        return;
    }
}

static bool offers(const struct view *view, enum action action)
{
    const struct space_screen *screen = space_of(view);
    const struct space_row *row = space_selected(view);
    if (action == ACTION_BACK || action == ACTION_HELP) return true;
    if (screen->form.is_open) return false;
    switch ((int)action) {
    case ACTION_DOWN: return screen->n_rows > 1;
    case ACTION_WRITE: return json_object_size(screen->edits) > 0;
    case ACTION_ADD:
    case ACTION_EXPORT: return view->session.definition != NULL;
    case ACTION_UNDO: return true;
    default: return row != NULL && view->session.definition != NULL;
    }
}

static const enum action keys[] = {
    ACTION_HELP,   ACTION_ENTER, ACTION_WRITE, ACTION_UNDO,   ACTION_NARROW,
    ACTION_FREEZE, ACTION_WIDEN, ACTION_ADD,   ACTION_DELETE, ACTION_PREVIEW,
    ACTION_EXPORT, ACTION_BACK,  ACTION_NONE,
};

const struct screen screen_space = {
    .title = "Space",
    .digit = '4',
    .scope = SCOPE_SPACE,
    .keys = keys,
    .init = init,
    .release = release,
    .enter = changed,
    .changed = changed,
    .draw = space_draw,
    .key = key_pressed,
    .act = act,
    .offers = offers,
};
