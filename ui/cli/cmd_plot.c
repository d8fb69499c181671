/* Every plot of the screen, printed: into a pipe, a file, or a terminal. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/outlook.h"
#include "cli/trial_filter.h"
#include "dialin/clock.h"
#include "dialin/nearest.h"
#include "model.h"
#include "picture.h"
#include "plot/plots.h"
#include "print.h"

enum { ROWS = 24, COLS_MAX = 400, ROWS_MAX = 200 };

/* ── the trials ────────────────────────────────────────────────────────────────────────────────*/

static bool absorb(struct model *model, struct trial_filter *filter, const struct dln_batch *batch,
                   struct dln_error *err)
{
    struct model_row *rows = calloc(batch->n_trials + 1, sizeof *rows);
    struct model_change change;
    size_t n = 0;
    for (size_t i = 0; rows && i < batch->n_trials; i++) {
        const struct dln_trial *trial = &batch->trials[i];
        if (!trial_filter_keeps(filter, trial)) continue;
        rows[n++] = model_row_of(trial);
    }
    const bool ok = rows && model_absorb(model, rows, n, &change);
    free(rows);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory for the trials");
}

static bool load(struct opened *study, struct trial_filter *filter, struct model *model,
                 struct dln_error *err)
{
    dln_follow *follow;
    if (!model_init(model, study->space->n, study->summary.n_objectives)) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the trials");
    }
    if (!dln_follow_open(study->db_path, study->summary.id, study->space,
                         study->summary.n_objectives, 1000, &follow, err)) {
        return false;
    }
    struct dln_batch batch = {.more = true};
    bool ok = true;
    while (ok && batch.more && !batch.study_gone)
        ok = dln_follow_next(follow, &batch, err) && absorb(model, filter, &batch, err);
    dln_follow_close(follow);
    return ok || dln_wrap(err, "read the trials of '%s'", study->db_path);
}

/* ── what was asked for ────────────────────────────────────────────────────────────────────────*/

static bool find_kind(const char *name, const struct plot_kind **out, struct dln_error *err)
{
    *out = plot_find(name);
    if (*out) return true;
    size_t n;
    const struct plot_kind *const *all = plots(&n);
    const char *names[32];
    for (size_t i = 0; i < n; i++)
        names[i] = all[i]->name;
    dln_fail(err, DLN_USAGE, "there is no plot '%s'", name);
    return add_meant(err, name, names, n);
}

static bool find_param(const struct opened *study, const struct options *options,
                       const char *option, size_t *out, struct dln_error *err)
{
    const char *const name = option_text(options, option);
    if (!name) return true;
    const size_t at = dln_space_find(study->space, name);
    if (at != SIZE_MAX) {
        *out = at;
        return true;
    }
    const char **names = calloc(study->space->n + 1, sizeof *names);
    dln_fail(err, DLN_USAGE, "--%s: the study has no parameter '%s'", option, name);
    for (size_t i = 0; names && i < study->space->n; i++)
        names[i] = study->space->params[i].name;
    if (names) (void)add_meant(err, name, names, study->space->n);
    free(names);
    return false;
}

static bool find_goal(const struct opened *study, const struct options *options, const char *option,
                      size_t *out, struct dln_error *err)
{
    const char *const name = option_text(options, option);
    if (!name) return true;
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        if (strcmp(study->summary.metric_names[i], name) != 0) continue;
        *out = i;
        return true;
    }
    dln_fail(err, DLN_USAGE, "--%s: '%s' is no objective of the study", option, name);
    return add_meant(err, name, study->summary.metric_names, study->summary.n_objectives);
}

/* Without the blank rows at its end. */
static void cut_blank(struct cells *cells)
{
    while (cells->rows > 1) {
        const struct cell *row = cells->cell + (size_t)(cells->rows - 1) * (size_t)cells->cols;
        for (int col = 0; col < cells->cols; col++) {
            if (row[col].code != ' ') return;
        }
        cells->rows--;
    }
}

/* The parameters that vary come first: a constant one makes no plot. */
static void choose_params(const struct model *model, struct plot_ask *ask)
{
    size_t found = 0;
    for (size_t i = 0; i < model->d && found < 2; i++) {
        if (!(model->x_low[i] < model->x_high[i])) continue;
        *(found == 0 ? &ask->param : &ask->other_param) = i;
        found++;
    }
}

static bool read_ask(const struct opened *study, const struct options *options,
                     const struct model *model, struct plot_ask *ask, struct dln_error *err)
{
    int64_t share = PLOT_SHARE_TOP;
    choose_params(model, ask);
    if (!find_param(study, options, "param", &ask->param, err)) return false;
    if (ask->param == ask->other_param) ask->other_param = ask->param == 0 && model->d > 1;
    if (!find_param(study, options, "other", &ask->other_param, err)) return false;
    if (!find_goal(study, options, "objective", &ask->goal, err)) return false;
    if (ask->goal == ask->other_goal) ask->other_goal = 0;
    if (!find_goal(study, options, "against", &ask->other_goal, err)) return false;
    if (!option_whole(options, "top", 1, 100, &share, err)) return false;
    ask->share = (int)share;
    ask->log_y = option_given(options, "log");
    ask->show_pruned = option_given(options, "pruned");
    ask->show_all = option_given(options, "all");
    const char *const show = option_text(options, "show");
    static const char *const shows[] = {"mean", "sd", "improvement"};
    for (size_t i = 0; show && i < PLOT_MAP_COUNT; i++) {
        if (strcmp(shows[i], show) == 0) ask->map_show = (enum plot_map_show)i;
    }
    if (show && strcmp(shows[ask->map_show], show) != 0) {
        dln_fail(err, DLN_USAGE, "--show: there is no '%s'", show);
        return add_meant(err, show, shows, PLOT_MAP_COUNT);
    }
    return true;
}

/* ── printing ──────────────────────────────────────────────────────────────────────────────────*/

static enum status print(const struct plot_kind *kind, const struct cells *cells,
                         const struct options *options, const struct plot_result *result,
                         const struct plot_study *study)
{
    struct dln_error err = {0};
    struct dln_strbuf text = {0};
    struct theme theme;
    if (option_given(options, "json")) {
        plot_json(kind, result, study, &text);
        return print_text(&text);
    }
    if (option_given(options, "csv")) {
        plot_csv(result, study, &text);
        return print_text(&text);
    }
    if (option_given(options, "svg")) {
        theme_builtin("paper", &theme);
        picture_cells(&text, cells, &theme);
        return print_text(&text);
    }
    const char *const no_color = getenv("NO_COLOR");
    const bool colored = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    theme_builtin("neutral", &theme);
    return print_to(stdout, cells, colored ? &theme : NULL, DEPTH_256, &err) ? STATUS_DONE
                                                                             : complain(&err);
}

/* What a model says, for the plots that show it; where there is none, the plot tells why. */
static void guess(struct opened *study, const struct model *model, const struct plot_ask *ask,
                  struct outlook *outlook, struct dln_arena *arena, struct plot_guess *out,
                  struct plot_study *source, struct dln_error *why)
{
    struct plot_guess_ask wanted = {
        .goal = ask->goal, .param = ask->param, .other_param = ask->other_param};
    plot_guess_pick(model, &wanted);
    if (outlook_open(study, outlook, why) &&
        plot_guess_make(outlook->predictor, study->space, &wanted, arena, out, why)) {
        source->guess = out;
    } else {
        source->guess_why = why->text;
    }
}

static enum status plot(struct opened *study, const struct options *options)
{
    struct dln_error err = {0};
    struct model model = {0};
    struct cells cells = {0};
    struct plot_result result = {0};
    const struct plot_kind *kind = NULL;
    struct trial_filter filter = {0};
    struct plot_ask ask = {.other_goal = 1, .selected = -1};
    int64_t rows = ROWS, cols = (int64_t)report_width();
    enum status status;
    if (!find_kind(options->n_words > 1 ? options->words[1] : "history", &kind, &err) ||
        !option_whole(options, "rows", 5, ROWS_MAX, &rows, &err) ||
        !option_whole(options, "cols", 20, COLS_MAX, &cols, &err) ||
        !trial_filter_init(&filter, study, option_text(options, "filter"), &err) ||
        !load(study, &filter, &model, &err) || !read_ask(study, options, &model, &ask, &err)) {
        status = complain(&err);
    } else if (!cells_init(&cells, (int)rows, (int)(cols > COLS_MAX ? COLS_MAX : cols),
                           option_given(options, "ascii") || report_ascii() ? GLYPHS_ASCII
                                                                            : GLYPHS_BRAILLE)) {
        dln_fail(&err, DLN_NOMEM, "out of memory for the plot");
        status = complain(&err);
    } else {
        struct outlook outlook = {0};
        struct dln_arena arena = {0};
        struct plot_guess said;
        struct dln_error why = {0};
        struct plot_study source = {
            .name = study->summary.name,
            .model = &model,
            .space = study->space,
            .metric = study->summary.metric_names,
            .maximize = study->summary.maximize,
            .budget = study->summary.live.budget.trials,
            .now_us = dln_clock_wall_us(),
        };
        cells_clear(&cells);
        if ((kind->uses & PLOT_USES_GUESS) && model.d > 0 && model.m > 0) {
            guess(study, &model, &ask, &outlook, &arena, &said, &source, &why);
        }
        plot_draw(kind, &cells, cells_all(&cells), &source, &ask, &result);
        cut_blank(&cells);
        status = print(kind, &cells, options, &result, &source);
        outlook_close(&outlook);
        dln_arena_release(&arena);
    }
    plot_result_release(&result);
    cells_release(&cells);
    model_release(&model);
    trial_filter_release(&filter);
    return status;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    const enum status status = plot(&study, options);
    opened_release(&study);
    return status;
}

static const struct option options_plot[] = {
    {.name = "param",
     .alias = 'p',
     .value = "NAME",
     .help = "the parameter of slice, contour and rank"},
    {.name = "other", .value = "NAME", .help = "the second parameter of contour and rank"},
    {.name = "objective", .alias = 'o', .value = "NAME", .help = "of several, else the first"},
    {.name = "against", .value = "NAME", .help = "the second objective of pareto"},
    OPTION_FILTER,
    {.name = "show", .value = "WHAT", .help = "contour: mean, sd, improvement"},
    {.name = "top", .value = "PERCENT", .help = "that count as the best, else 10"},
    {.name = "log", .alias = 'l', .help = "logarithmic values"},
    {.name = "pruned", .help = "with pruned trials, at their last value"},
    {.name = "all", .alias = 'a', .help = "outliers too"},
    {.name = "rows", .value = "N", .help = "of the picture, else 24"},
    {.name = "cols", .value = "N", .help = "of the picture, else the terminal's"},
    {.name = "ascii", .help = "no braille"},
    {.name = "svg", .help = "as a picture for a page"},
    {.name = "csv", .help = "the points themselves: trial,state,x,y; contour: the map"},
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_plot = {
    .name = "plot",
    .group = GROUP_LOOK,
    .words = "STUDY [PLOT]",
    .summary = "history curves importance slice contour parallel pareto edf timeline rank",
    .notes = "  history    best so far, and where it is heading\n"
             "  curves     learning curves: value against step\n"
             "  importance which parameters the objective depends on\n"
             "  slice      value against one parameter (--param)\n"
             "  contour    what a model says over two parameters (--param, --other, --show)\n"
             "  rank       two parameters (--param, --other), coloured by the rank of the value\n"
             "  parallel   all parameters side by side, a line a trial\n"
             "  pareto     two objectives and their front\n"
             "  edf        which share of the trials reaches a value\n"
             "  timeline   what each worker did, over time\n"
             "  dialin plot svm.db slice --param gamma --svg > gamma.svg\n",
    .options = options_plot,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
