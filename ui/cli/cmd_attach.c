#include "app.h"
#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/screen_options.h"

static enum status open_screen(const struct command *command, const struct options *options,
                               bool read_only)
{
    struct dln_error err = {0};
    if (!report_on_terminal()) {
        dln_fail(&err, DLN_USAGE, "%s needs a terminal; dialin watch %s prints lines instead",
                 command->name, options->words[0]);
        return complain(&err);
    }
    struct app_options app = {.attach = true, .read_only = read_only};
    if (!screen_options_read(options, &app, &err)) return complain(&err);
    struct opened study;
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    /* the screen forks and makes threads: nothing may be open by then */
    dln_store_close(study.store);
    study.store = NULL;
    app.path = study.db_path;
    app.study_id = study.summary.id;
    app.study_name = study.summary.name;
    const enum status status = (enum status)app_run(&app);
    opened_release(&study);
    return status;
}

static enum status attach(const struct command *command, const struct options *options)
{
    return open_screen(command, options, false);
}

static enum status view(const struct command *command, const struct options *options)
{
    return open_screen(command, options, true);
}

static const struct option options_attach[] = {OPTION_STUDY, OPTIONS_SCREEN, {0}};

const struct command command_attach = {
    .name = "attach",
    .group = GROUP_RUN,
    .words = "STUDY",
    .summary = "watch and steer a study that runs elsewhere, on the screen",
    .notes = "Several terminals may be attached at once; leaving one ends nothing.\n",
    .options = options_attach,
    .min_words = 1,
    .max_words = 1,
    .run = attach,
};

const struct command command_view = {
    .name = "view",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "the same screen, for looking only: never writes a byte",
    .notes = "Works on files of Optuna that dialin has never seen, and on a read-only disk.\n",
    .options = options_attach,
    .min_words = 1,
    .max_words = 1,
    .run = view,
};
