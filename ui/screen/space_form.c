/* The form of one parameter: what is typed is checked at each key. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "dialin/space_edit.h"
#include "screen/space_screen.h"

const enum space_field *space_fields(const struct space_form *form)
{
    static const enum space_field number[] = {FIELD_TYPE, FIELD_LOW,     FIELD_HIGH, FIELD_LOG,
                                              FIELD_STEP, FIELD_DEFAULT, FIELD_WHEN, FIELD_COUNT};
    static const enum space_field choice[] = {FIELD_TYPE,    FIELD_CHOICES, FIELD_ORDERED,
                                              FIELD_DEFAULT, FIELD_WHEN,    FIELD_COUNT};
    static const enum space_field flag[] = {FIELD_TYPE, FIELD_DEFAULT, FIELD_WHEN, FIELD_COUNT};
    static const enum space_field new_number[] = {FIELD_NAME, FIELD_TYPE, FIELD_LOW,     FIELD_HIGH,
                                                  FIELD_LOG,  FIELD_STEP, FIELD_DEFAULT, FIELD_WAS,
                                                  FIELD_WHEN, FIELD_COUNT};
    static const enum space_field new_choice[] = {FIELD_NAME,    FIELD_TYPE,    FIELD_CHOICES,
                                                  FIELD_ORDERED, FIELD_DEFAULT, FIELD_WAS,
                                                  FIELD_WHEN,    FIELD_COUNT};
    static const enum space_field new_flag[] = {FIELD_NAME, FIELD_TYPE, FIELD_DEFAULT,
                                                FIELD_WAS,  FIELD_WHEN, FIELD_COUNT};
    switch (form->kind) {
    case DLN_PARAM_FLOAT:
    case DLN_PARAM_INT: return form->is_new ? new_number : number;
    case DLN_PARAM_CHOICE: return form->is_new ? new_choice : choice;
    case DLN_PARAM_FLAG: break;
    }
    return form->is_new ? new_flag : flag;
}

static void add_member(struct dln_strbuf *out, const char *key, const struct line_edit *text)
{
    if (text->text[strspn(text->text, " ")]) dln_strbuf_addf(out, ", %s: %s", key, text->text);
}

void space_form_definition(const struct space_form *form, struct dln_strbuf *out)
{
    const bool is_number = form->kind == DLN_PARAM_FLOAT || form->kind == DLN_PARAM_INT;
    if (is_number) {
        dln_strbuf_addf(out, "{%s: [%s, %s]", form->kind == DLN_PARAM_INT ? "int" : "float",
                        form->text[FIELD_LOW].text, form->text[FIELD_HIGH].text);
        if (form->is_log) dln_strbuf_add(out, ", log: true");
        add_member(out, "step", &form->text[FIELD_STEP]);
    } else if (form->kind == DLN_PARAM_CHOICE) {
        dln_strbuf_addf(out, "{choice: [%s]", form->text[FIELD_CHOICES].text);
        if (form->is_ordered) dln_strbuf_add(out, ", ordered: true");
    } else {
        dln_strbuf_add(out, "{flag: true");
    }
    add_member(out, "default", &form->text[FIELD_DEFAULT]);
    add_member(out, "was", &form->text[FIELD_WAS]);
    const char *when = form->text[FIELD_WHEN].text;
    if (when[strspn(when, " ")]) {
        dln_strbuf_add(out, ", when: \"");
        for (const char *c = when; *c; c++) {
            if (*c == '"' || *c == '\\') dln_strbuf_add(out, "\\");
            dln_strbuf_add_len(out, c, 1);
        }
        dln_strbuf_add(out, "\"");
    }
    dln_strbuf_add(out, "}");
}

static bool is_number_text(const char *text, double *x)
{
    const size_t skip = strspn(text, " ");
    size_t len = strlen(text + skip);
    while (len > 0 && text[skip + len - 1] == ' ')
        len--;
    return dln_num_parse(text + skip, len, x);
}

/* Sentences for what is wrong while somebody types, before the reader of study files is asked. */
static bool check_form(const struct view *view, const struct space_form *form, char *error,
                       size_t cap)
{
    double low = 0;
    double high = 0;
    const char *name = form->text[FIELD_NAME].text;
    error[0] = '\0';
    if (form->is_new && !name[0]) {
        (void)snprintf(error, cap, "It needs a name, such as lr or model.width");
    } else if (form->is_new && space_param(space_next(view), name)) {
        (void)snprintf(error, cap, "There is a parameter '%.60s' already", name);
    } else if (form->kind == DLN_PARAM_FLOAT || form->kind == DLN_PARAM_INT) {
        if (!is_number_text(form->text[FIELD_LOW].text, &low)) {
            (void)snprintf(error, cap, "Low must be a number, such as 1e-4");
        } else if (!is_number_text(form->text[FIELD_HIGH].text, &high)) {
            (void)snprintf(error, cap, "High must be a number, such as 0.5");
        } else if (low > high) {
            (void)snprintf(error, cap, "High must be above low: %.30s .. %.30s has no value",
                           form->text[FIELD_LOW].text, form->text[FIELD_HIGH].text);
        } else if (low == high) {
            (void)snprintf(error, cap,
                           "High must be above low: %.30s .. %.30s has one value. Use ! to freeze",
                           form->text[FIELD_LOW].text, form->text[FIELD_HIGH].text);
        } else if (form->is_log && low <= 0) {
            (void)snprintf(error, cap, "Log needs a low above 0, not %.30s",
                           form->text[FIELD_LOW].text);
        }
    } else if (form->kind == DLN_PARAM_CHOICE && !form->text[FIELD_CHOICES].text[0]) {
        (void)snprintf(error, cap, "Choices stand in a row, such as sgd, adamw, lion");
    }
    return error[0] == '\0';
}

static const char *form_name(const struct view *view)
{
    const struct space_form *form = &space_of(view)->form;
    const struct space_row *row = space_selected(view);
    return form->is_new ? form->text[FIELD_NAME].text : row ? space_row_name(row) : "";
}

static void validate(struct view *view)
{
    struct space_form *form = &space_of(view)->form;
    struct dln_strbuf text = {0};
    struct dln_error err = {0};
    struct dln_space_plan plan;
    bool none;
    if (!check_form(view, form, form->error, sizeof form->error)) return;
    space_form_definition(form, &text);
    if (!space_try(view, form_name(view), dln_strbuf_text(&text), &plan, &none, &err)) {
        (void)snprintf(form->error, sizeof form->error, "%.250s", err.text);
        if (form->error[0] >= 'a' && form->error[0] <= 'z') {
            form->error[0] = (char)(form->error[0] - 'a' + 'A');
        }
    } else if (!none) {
        dln_space_plan_release(&plan);
    }
    dln_strbuf_release(&text);
}

static void set_number(struct line_edit *edit, double x)
{
    char text[DLN_NUM_TEXT_MAX];
    (void)dln_num_short(x, text);
    line_edit_set(edit, text);
}

static void set_value(struct line_edit *edit, const struct dln_param *param, double x)
{
    struct dln_strbuf text = {0};
    if (param->n_choices > 0 && x >= 0 && x < (double)param->n_choices) {
        dln_choice_define(&param->choices[(size_t)x], &text);
        line_edit_set(edit, dln_strbuf_text(&text));
    } else {
        set_number(edit, x);
    }
    dln_strbuf_release(&text);
}

void space_form_open(struct view *view, const struct dln_param *param)
{
    struct space_form *form = &space_of(view)->form;
    struct dln_strbuf choices = {0};
    *form = (struct space_form){.is_open = true, .is_new = !param, .kind = DLN_PARAM_FLOAT};
    form->field = FIELD_NAME;
    if (param) {
        form->kind = param->kind;
        form->is_log = param->log;
        form->is_ordered = param->ordered;
        form->field = param->n_choices == 0             ? FIELD_LOW
                      : param->kind == DLN_PARAM_CHOICE ? FIELD_CHOICES
                                                        : FIELD_DEFAULT;
        if (param->n_choices == 0) {
            set_number(&form->text[FIELD_LOW], param->low);
            set_number(&form->text[FIELD_HIGH], param->high);
            const bool has_step = param->kind == DLN_PARAM_INT ? param->step > 1 : param->step > 0;
            if (has_step) set_number(&form->text[FIELD_STEP], param->step);
        }
        for (size_t i = 0; param->kind == DLN_PARAM_CHOICE && i < param->n_choices; i++) {
            if (i > 0) dln_strbuf_add(&choices, ", ");
            dln_choice_define(&param->choices[i], &choices);
        }
        line_edit_set(&form->text[FIELD_CHOICES], dln_strbuf_text(&choices));
        if (param->has_initial) set_value(&form->text[FIELD_DEFAULT], param, param->initial);
        if (param->has_was) set_value(&form->text[FIELD_WAS], param, param->was);
        if (param->when_text) line_edit_set(&form->text[FIELD_WHEN], param->when_text);
    } else {
        line_edit_set(&form->text[FIELD_LOW], "0");
        line_edit_set(&form->text[FIELD_HIGH], "1");
    }
    dln_strbuf_release(&choices);
    validate(view);
    view->is_dirty = true;
}

static void move_field(struct space_form *form, int by)
{
    const enum space_field *fields = space_fields(form);
    int n = 0;
    int at = 0;
    for (; fields[n] != FIELD_COUNT; n++) {
        if (fields[n] == form->field) at = n;
    }
    form->field = fields[(at + by + n) % n];
}

static void turn_field(struct space_form *form, int by)
{
    if (form->field == FIELD_TYPE) {
        form->kind = (enum dln_param_kind)(((int)form->kind + by + 4) % 4);
    } else if (form->field == FIELD_LOG) {
        form->is_log = !form->is_log;
    } else {
        form->is_ordered = !form->is_ordered;
    }
}

static void accept_form(struct view *view)
{
    struct space_form *form = &space_of(view)->form;
    struct dln_strbuf text = {0};
    validate(view);
    if (form->error[0]) {
        view_say(view, ROLE_WARN, "%s", form->error);
        return;
    }
    space_form_definition(form, &text);
    if (space_stage(view, form_name(view), dln_strbuf_text(&text))) form->is_open = false;
    dln_strbuf_release(&text);
}

static enum edit_op op_of(uint32_t code)
{
    switch (code) {
    case KEY_CODE_LEFT: return EDIT_LEFT;
    case KEY_CODE_RIGHT: return EDIT_RIGHT;
    case KEY_CODE_HOME: return EDIT_HOME;
    case KEY_CODE_END: return EDIT_END;
    case KEY_CODE_DELETE: return EDIT_DELETE;
    default: break;
    }
    return code < 32 || code == 127 ? edit_op_of_control((int)code) : EDIT_NONE;
}

bool space_form_key(struct view *view, struct key key)
{
    struct space_form *form = &space_of(view)->form;
    const bool is_choice =
        form->field == FIELD_TYPE || form->field == FIELD_LOG || form->field == FIELD_ORDERED;
    view->is_dirty = true;
    if (!key.pasted) {
        switch (key.code) {
        case KEY_CODE_ESC:
        case KEY_CTRL('G'):
        case KEY_CTRL('C'): form->is_open = false; return true;
        case '\r':
        case '\n': accept_form(view); return true;
        case '\t':
        case KEY_CODE_DOWN: move_field(form, 1); return true;
        case KEY_CODE_BACK_TAB:
        case KEY_CODE_UP: move_field(form, -1); return true;
        default: break;
        }
        if (is_choice) {
            const bool is_back = key.code == KEY_CODE_LEFT || key.code == 'h';
            if (form->field == FIELD_TYPE && !form->is_new && view->session.model.n > 0) {
                view_say(view, ROLE_WARN, "The type of a parameter with trials stays");
            } else if (is_back || key.code == KEY_CODE_RIGHT || key.code == 'l' ||
                       key.code == ' ') {
                turn_field(form, is_back ? -1 : 1);
                validate(view);
            }
            return true;
        }
        const enum edit_op op = op_of(key.code);
        if (op != EDIT_NONE) {
            if (line_edit_op(&form->text[form->field], op)) validate(view);
            return true;
        }
    }
    if (key.code >= 32 && key.code < KEY_CODE_UP && !is_choice &&
        line_edit_insert(&form->text[form->field], key.code)) {
        validate(view);
    }
    return true;
}
