/*
 * What the study is searched with: the strategy and the pruner in force, what cannot work here,
 * what fits best, and what a pruner would have done on the curves that are there. Read from the
 * file in the thinker's thread; the screens see finished answers. Thread: ui.
 */
#ifndef UI_METHODS_H
#define UI_METHODS_H

#include "dialin/pruner.h"
#include "dialin/strategy.h"
#include "method_form.h"
#include "view.h"

enum method_kind { METHOD_STRATEGY, METHOD_PRUNER, METHOD_KINDS };
enum { METHOD_CHOICES_MAX = 16, METHOD_TEXT_MAX = 256 };

/* One that can be chosen, as the registries describe it. */
struct method_choice {
    const char *name, *title, *summary, *best_for;
    const struct dln_setting *settings; /* NULL: none */
};
/* In the order of the picker; false: there are not so many. */
bool method_choice(enum method_kind kind, size_t i, struct method_choice *out);
size_t method_choices(enum method_kind kind);

struct method_facts {
    const char *recommended; /* static; NULL: not known yet */
    char why[DLN_WHY_MAX];
    char why_not[METHOD_CHOICES_MAX][METHOD_TEXT_MAX]; /* "": it can work */
};

struct methods {
    char *path;
    int64_t study_id;
    struct dln_study
        *study; /* the definition with what was set since; NULL: not read yet, or none */
    struct method_facts facts[METHOD_KINDS];
    uint64_t revision;  /* changes with each answer */
    int64_t of_command; /* the newest answered command that it knows of */
    bool is_asking, was_asked;
    char sentence[METHOD_TEXT_MAX]; /* why nothing is known; "" */

    bool is_replaying;
    char replayed[METHOD_TEXT_MAX]; /* JSON of the method that the answer is about; "": none */
    char replay[METHOD_TEXT_MAX];
};

/* Of the open study; NULL while none is open, or without memory. Asks for what is not known. */
struct methods *methods_of(struct view *view);
const struct dln_method *methods_in_force(const struct methods *methods, enum method_kind kind);
/* Tries a pruner on the curves of the finished trials. */
void methods_replay(struct view *view, const struct method_form *form);
void methods_free(struct view *view);

#endif
