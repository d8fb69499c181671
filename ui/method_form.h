/*
 * The settings of a strategy or a pruner as a form: a table of the registry, and what a person has
 * typed beside it. What is right is what the study file's checker takes, in its words. Thread: any.
 */
#ifndef UI_METHOD_FORM_H
#define UI_METHOD_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"
#include "dialin/json.h"
#include "dialin/strategy.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"

enum { FORM_SETTINGS_MAX = 16, FORM_TEXT_MAX = 256 };

struct method_form {
    const char *name;                /* of the method; static */
    const struct dln_setting *table; /* NULL: it has no settings */
    size_t n;
    char text[FORM_SETTINGS_MAX][FORM_TEXT_MAX]; /* as in a study file; "": the default */
};

/* `given`: a method whose settings stand in the form if it is the same one; may be NULL. */
void method_form_init(struct method_form *form, const char *name, const struct dln_setting *table,
                      const struct dln_method *given);
/* What is in force: what was typed, else the default in the same writing. */
void method_form_value(const struct method_form *form, size_t i, char *out, size_t cap);
/* "1 to 1000", "true or false", "jso or lshade". */
void method_form_range(const struct method_form *form, size_t i, char *out, size_t cap);
/* Whether it is one of a few values, which method_form_turn() goes through. */
bool method_form_is_choice(const struct method_form *form, size_t i);
void method_form_turn(struct method_form *form, size_t i, int step);
/* Takes a value over; an empty text is the default. False: refused, err says why, nothing has
   changed. */
DLN_CHECK bool method_form_set(struct method_form *form, size_t i, const char *text,
                               struct dln_error *err);
/* Whether a method says the same as the form. */
bool method_form_is(const struct method_form *form, const struct dln_method *method);
/* {"tpe": {"startup": 20}} */
void method_form_json(const struct method_form *form, struct dln_strbuf *out);
/* The same as a method, in the arena. */
DLN_CHECK bool method_form_read(const struct method_form *form, struct dln_arena *arena,
                                struct dln_method *out, struct dln_error *err);

/* What a setting's word means: true, false, a number, JSON, or a text. False: no JSON. */
bool setting_word_json(struct dln_json_writer *writer, const char *word);

#endif
