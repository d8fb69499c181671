/*
 * Commands that take words: what the palette runs, by the verbs of the command line. Each is
 * planned first, which says what it would do or what is wrong, and changes nothing. Thread: ui.
 */
#ifndef UI_VERBS_H
#define UI_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/strbuf.h"
#include "view.h"

enum { VERB_WORDS_MAX = 32, VERB_EFFECT_MAX = 512 };

/* A line cut at blanks; what stands after the verb and first argument also as one text. */
struct verb_words {
    char text[LINE_EDIT_MAX];
    const char *word[VERB_WORDS_MAX]; /* [0] is the verb */
    size_t n;
    const char *rest; /* of the line, after the verb */
    bool has_gap;     /* a blank ends the line: the next word begins */
};
void verb_words(const char *line, struct verb_words *out);

struct plan {
    char effect[VERB_EFFECT_MAX]; /* sentences */
    enum dln_command_kind kind;
    struct dln_strbuf payload;
    char line[96]; /* names it while it waits for its answer */
    void (*run)(struct view *view, const struct plan *plan); /* NULL: posts the payload */
    enum action action;
    struct targets targets;
    int top, repeats;
};

struct verb {
    const char *name;
    const char *words; /* "NAME LOW..HIGH" */
    const char *help;
    enum action action; /* the key that does the same, or ACTION_NONE */
    bool is_view;       /* of what is shown only: needs no study, changes none */
    bool (*plan)(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err);
    /* Offers what the word that is being typed may become. */
    void (*complete)(struct view *view,
                     void (*offer)(void *context, const char *word, const char *help),
                     void *context);
};

const struct verb *verbs_all(size_t *n);
const struct verb *verb_find(const char *name);
/* False: it cannot be, and err says why. The plan is released in both cases. */
DLN_CHECK bool verb_plan(struct view *view, const struct verb *verb, const struct verb_words *words,
                         struct plan *plan, struct dln_error *err);
void verb_run(struct view *view, const struct plan *plan);
void plan_release(struct plan *plan);

#endif
