#include "cli/facts.h"

#include "cli/commands.h"
#include "cli/screen_options.h"

const char fact_purpose[] = "tune hyperparameters from the terminal";

const struct fact fact_calls[] = {
    {"[FOLDER]", "the studies here, on the screen"},
    {"STUDY", "open one: a study file (.yaml) or a database (.db)"},
    {"COMMAND STUDY [WORDS]", "one of the commands below"},
    {"COMMAND --help", "its words and options"},
    {0},
};

const struct option fact_options[] = {
    OPTION_STUDY,
    OPTIONS_SCREEN,
    {.name = "version", .alias = 'V', .help = "versions of dialin and of SQLite"},
    {.name = "manual", .help = "the manual page: dialin --manual | man -l -"},
    {0},
};

const struct fact fact_statuses[] = {
    {"0", "done"},
    {"1", "the study failed or has no result, or a command was refused"},
    {"2", "bad usage, a bad study file, no such study or trial"},
    {"3", "another engine holds the study, or gives no answer"},
    {"4", "the file or the machine failed"},
    {0},
};

const struct fact fact_files[] = {
    {"NAME.yaml", "a study file: what to run, what to vary, how long"},
    {"NAME.db", "its study: an SQLite file that Optuna opens too"},
    {"NAME.db-wal, NAME.db-shm", "beside it while it is in use; copy all of them or none"},
    {"NAME.runs/000017/", "a trial's folder: stdout, stderr, metrics.jsonl, what it wrote"},
    {"~/.config/dialin/themes/", "themes of your own, as those in themes/"},
    {"~/.local/state/dialin/", "when you last looked, for \"since you left\""},
    {0},
};

const struct fact fact_environment[] = {
    {"XDG_RUNTIME_DIR", "where an engine locks its study (else /tmp/dialin-UID)"},
    {"XDG_CONFIG_HOME", "instead of ~/.config"},
    {"XDG_STATE_HOME", "instead of ~/.local/state"},
    {"COLUMNS", "width of tables, where output is no terminal"},
    {"TERM", "what the screen's terminal is"},
    {"NO_COLOR", "no colours, if set and not empty"},
    {"CUDA_VISIBLE_DEVICES", "the GPUs that trials may share"},
    {0},
};

const struct fact fact_trial_environment[] = {
    {"DIALIN_TRIAL", "its number"},
    {"DIALIN_DIR", "its folder, a place for checkpoints"},
    {"DIALIN_PARAMS", "a JSON file with its values"},
    {"DIALIN_PARAM_NAME", "one value each, NAME in capitals"},
    {"DIALIN_METRICS", "a file to which it may append metrics as JSON lines"},
    {"DIALIN_SEED", "a seed of its own"},
    {"OMP_NUM_THREADS, CUDA_VISIBLE_DEVICES", "its share, where the study file divides them"},
    {0},
};
