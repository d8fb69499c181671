/* Before the first trial: does every placeholder mean something, does every parameter arrive? */
#include "dialin/exec.h"

#include <string.h>

#include "dialin/nearest.h"
#include "exec/placeholder.h"

/* For "%s%s%u:%u". */
#define AT(study, words)                                                              \
    (study)->path ? (study)->path : "", (study)->path && (study)->path[0] ? ":" : "", \
        (words)->line, (words)->column

struct check {
    const struct dln_study *study;
    const struct dln_words *words;
    const char *key; /* "run" */
    struct dln_error *err;
    bool is_worker;    /* started once for many trials */
    bool places_all;   /* {args}, {json} or {config}: everything arrives */
    bool places_param; /* a parameter or a constant by name */
};

static bool refuse_unknown(const struct check *check, const struct dln_piece *piece)
{
    char name[DLN_PARAM_NAME_MAX + 1] = {0};
    memcpy(name, piece->text, piece->len < sizeof name ? piece->len : sizeof name - 1);
    struct dln_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < check->study->space.n; i++) {
        dln_nearest_offer(&nearest, check->study->space.params[i].name);
    }
    for (size_t i = 0; i < check->study->n_fixed; i++) {
        dln_nearest_offer(&nearest, check->study->fixed[i].name);
    }
#define OFFER_WORD(enum_name, word) dln_nearest_offer(&nearest, word);
    DLN_PLACES(OFFER_WORD)
#undef OFFER_WORD
    if (nearest.best) {
        return dln_fail(
            check->err, DLN_INVALID,
            "%s%s%u:%u: '{%.80s}' in '%s' is no parameter and no placeholder; did you mean "
            "'{%.80s}'?",
            AT(check->study, check->words), name, check->key, nearest.best);
    }
    const struct dln_space *space = &check->study->space;
    return dln_fail(check->err, DLN_INVALID,
                    "%s%s%u:%u: '{%.80s}' in '%s' is no parameter and no placeholder; there are "
                    "{args}%s%.80s%s (a brace is written '{{')",
                    AT(check->study, check->words), name, check->key, space->n > 0 ? ", {" : "",
                    space->n > 0 ? space->params[0].name : "",
                    space->n > 1   ? "} ..."
                    : space->n > 0 ? "}"
                                   : "");
}

static bool check_args(const struct check *check, const struct dln_piece *piece, bool is_alone)
{
    struct dln_args_style style;
    if (!dln_args_style(piece, &style)) {
        return dln_fail(
            check->err, DLN_INVALID,
            "%s%s%u:%u: '{%.*s}' in '%s' is written {args}, {args:--k v}, {args:k=v} or "
            "{args:++k=v}",
            AT(check->study, check->words), (int)(piece->len < 80 ? piece->len : 80), piece->text,
            check->key);
    }
    if (is_alone) return true;
    return dln_fail(
        check->err, DLN_INVALID,
        "%s%s%u:%u: '{args}' in '%s' becomes several words, so it must be a word of its own",
        AT(check->study, check->words), check->key);
}

static bool is_of_trial(enum dln_place place)
{
    switch (place) {
    case DLN_PLACE_PARAM:
    case DLN_PLACE_ARGS:
    case DLN_PLACE_JSON:
    case DLN_PLACE_CONFIG:
    case DLN_PLACE_TRIAL:
    case DLN_PLACE_SEED:
    case DLN_PLACE_FOLD:
    case DLN_PLACE_CKPT:
    case DLN_PLACE_RESUME: return true;
    case DLN_PLACE_TEXT:
    case DLN_PLACE_FIXED:
    case DLN_PLACE_FOLDS:
    case DLN_PLACE_DIR:
    case DLN_PLACE_GPU:
    case DLN_PLACE_BUDGET:
    case DLN_PLACE_UNKNOWN:
    case DLN_PLACE_OPEN: break;
    }
    return false;
}

static bool check_word(struct check *check, const char *word)
{
    const char *at = word;
    struct dln_piece piece;
    while (dln_piece_next(check->study, &at, &piece)) {
        if (check->is_worker && is_of_trial(piece.place)) {
            return dln_fail(check->err, DLN_INVALID,
                            "%s%s%u:%u: '{%.*s}' in 'worker' differs from trial to trial, and a "
                            "worker is started once: it reads a line of JSON for each trial",
                            AT(check->study, check->words), (int)(piece.len < 80 ? piece.len : 80),
                            piece.text);
        }
        switch (piece.place) {
        case DLN_PLACE_UNKNOWN: return refuse_unknown(check, &piece);
        case DLN_PLACE_OPEN:
            return dln_fail(check->err, DLN_INVALID,
                            "%s%s%u:%u: '%.80s' in '%s' has a brace that is not closed (a brace is "
                            "written '{{')",
                            AT(check->study, check->words), piece.text, check->key);
        case DLN_PLACE_ARGS:
            if (!check_args(check, &piece, piece.text == word + 1 && *at == '\0')) return false;
            check->places_all = true;
            break;
        case DLN_PLACE_CONFIG:
            if (check->study->config_as == DLN_CONFIG_NONE) {
                return dln_fail(
                    check->err, DLN_INVALID,
                    "%s%s%u:%u: '{config}' in '%s' needs the key 'config', which says what "
                    "file to fill in",
                    AT(check->study, check->words), check->key);
            }
            check->places_all = true;
            break;
        case DLN_PLACE_JSON: check->places_all = true; break;
        case DLN_PLACE_BUDGET:
            if (!dln_budget_of(check->study)) {
                return dln_fail(
                    check->err, DLN_INVALID,
                    "%s%s%u:%u: '{budget}' in '%s' needs a pruner with the setting 'max'",
                    AT(check->study, check->words), check->key);
            }
            break;
        case DLN_PLACE_PARAM: check->places_param = true; break;
        case DLN_PLACE_TEXT:
        case DLN_PLACE_FIXED:
        case DLN_PLACE_DIR:
        case DLN_PLACE_TRIAL:
        case DLN_PLACE_SEED:
        case DLN_PLACE_FOLD:
        case DLN_PLACE_FOLDS:
        case DLN_PLACE_GPU:
        case DLN_PLACE_CKPT:
        case DLN_PLACE_RESUME: break;
        }
    }
    return true;
}

static bool check_words(struct check *check)
{
    for (size_t i = 0; i < check->words->n; i++) {
        if (!check_word(check, check->words->word[i])) return false;
    }
    return true;
}

static bool is_placed(const struct check *check, size_t param)
{
    for (size_t i = 0; i < check->words->n; i++) {
        const char *at = check->words->word[i];
        struct dln_piece piece;
        while (dln_piece_next(check->study, &at, &piece)) {
            if (piece.place == DLN_PLACE_PARAM && piece.index == param) return true;
        }
    }
    return false;
}

bool dln_argv_check(const struct dln_study *study, struct dln_error *err)
{
    struct check worker = {
        .study = study, .words = &study->worker, .key = "worker", .err = err, .is_worker = true};
    struct check confirm = {
        .study = study, .words = &study->confirm.run, .key = "confirm: run", .err = err};
    struct check run = {.study = study, .words = &study->run, .key = "run", .err = err};
    if (!check_words(&run) || !check_words(&worker) || !check_words(&confirm)) return false;

    /* A command that names no parameter reads them from the file that DIALIN_PARAMS names. */
    if (run.places_all || !run.places_param) return true;
    for (size_t i = 0; i < study->space.n; i++) {
        if (is_placed(&run, i)) continue;
        return dln_fail(
            err, DLN_INVALID,
            "%s%s%u:%u: parameter '%.80s' reaches the program by no way: add '{%.80s}' or "
            "'{args}' to 'run'",
            AT(study, &study->run), study->space.params[i].name, study->space.params[i].name);
    }
    return true;
}
