/* The space screen's inside: what is edited, and the form of one parameter. */
#ifndef UI_SCREEN_SPACE_SCREEN_H
#define UI_SCREEN_SPACE_SCREEN_H

#include "dialin/json.h"
#include "dialin/space_plan.h"
#include "space_change.h"
#include "view.h"
#include "widget/table.h"

enum { SPACE_ROWS_MAX = DLN_SPACE_MAX, SEEN_BINS = 8, PREVIEW_ROWS = 20 };

enum space_field {
    FIELD_NAME,
    FIELD_TYPE,
    FIELD_LOW,
    FIELD_HIGH,
    FIELD_CHOICES,
    FIELD_LOG,
    FIELD_ORDERED,
    FIELD_STEP,
    FIELD_DEFAULT,
    FIELD_WAS,
    FIELD_WHEN,
    FIELD_COUNT
};

struct space_form {
    bool is_open, is_new;
    enum dln_param_kind kind;
    bool is_log, is_ordered;
    enum space_field field;
    struct line_edit text[FIELD_COUNT];
    char error[VIEW_TEXT_MAX]; /* "": it can be */
};

struct space_row {
    const struct dln_param *now;  /* in the study as it is; NULL: added */
    const struct dln_param *next; /* with the edits; NULL: dropped */
};

struct space_screen {
    struct table table;
    struct column columns[8];
    json_t *edits;              /* staged: name → definition or null */
    const struct dln_space *of; /* the space that they are for */
    struct dln_space_plan plan; /* of the edits */
    bool has_plan;
    size_t n_rows;
    struct space_row *rows;
    struct space_form form;
    bool is_previewing;
    /* of the trials there are, for one state of the model */
    uint64_t seen_of;
    const struct dln_space *seen_space;
    double *seen; /* SEEN_BINS a parameter */
    struct best_range best;
    bool has_best;
    uint64_t best_of;
    const struct dln_param *best_param;
};

struct space_screen *space_of(const struct view *view);
const struct space_row *space_selected(const struct view *view);
/* With the edits, or as the study is; NULL: not open. */
const struct dln_space *space_next(const struct view *view);
/* The fields that the form has for its kind, in order; FIELD_COUNT ends them. */
const enum space_field *space_fields(const struct space_form *form);
bool space_is_edited(const struct view *view, const struct space_row *row);
/* The definition that the form says. */
void space_form_definition(const struct space_form *form, struct dln_strbuf *out);
/* The best tenth of a parameter's trials; NULL: nothing to go by. */
const struct best_range *space_best(struct view *view, const struct dln_param *now);

const char *space_row_name(const struct space_row *row);
/* NULL: there is none of this name, or no space. */
const struct dln_param *space_param(const struct dln_space *space, const char *name);

/*
 * What the staged edits and this one more (name NULL: none) would give; *none: they change nothing,
 * and there is no plan. False: they cannot be.
 */
bool space_try(struct view *view, const char *name, const char *definition,
               struct dln_space_plan *plan, bool *none, struct dln_error *err);
/* Stages one edit; false: it cannot be, and was told. */
bool space_stage(struct view *view, const char *name, const char *definition);
/* After the staged edits, or the study, have changed. */
void space_plan_again(struct view *view);

/* space_form.c; param NULL: a new one */
void space_form_open(struct view *view, const struct dln_param *param);
bool space_form_key(struct view *view, struct key key);
/* space_file.c */
void space_edit_file(struct view *view);
/* space_panes.c */
void space_draw(struct view *view, struct rect body);

#endif
