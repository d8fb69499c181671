#include <stdio.h>

#include "cli/commands.h"
#include "dialin/json.h"
#include "dialin/store.h"

static enum status tell(const struct options *options, const char *path, const char *backup,
                        bool changed)
{
    if (option_given(options, "json")) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_object(&w);
        dln_json_key(&w, "file");
        dln_json_string(&w, path);
        dln_json_key(&w, "changed");
        dln_json_bool(&w, changed);
        dln_json_key(&w, "backup");
        dln_json_string(&w, changed ? backup : NULL);
        dln_json_end_object(&w);
        return print_json(&out);
    }
    if (changed) {
        say(stdout, "%s: now in the format of Optuna 3.2 and later; as it was: %s", path, backup);
    } else {
        say(stdout, "%s: nothing to do, Optuna 3.2 and later open it", path);
    }
    return STATUS_DONE;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    dln_store *store = NULL;
    bool changed = false;
    const char *const path = options->words[0];
    const char *backup = option_text(options, "backup");
    if (!backup) backup = dln_arena_printf(&arena, "%s.v3.0.0.d", path);
    bool ok = backup || dln_fail(&err, DLN_NOMEM, "out of memory");
    ok = ok && dln_store_open(path, DLN_STORE_ENGINE, &store, &err) &&
         dln_store_upgrade(store, backup, &changed, &err);
    dln_store_close(store);
    const enum status status = ok ? tell(options, path, backup, changed) : complain(&err);
    dln_arena_release(&arena);
    return status;
}

static const struct option options_upgrade[] = {
    {.name = "backup", .value = "FILE", .help = "the copy made before (default: FILE.v3.0.0.d)"},
    OPTION_JSON,
    {0},
};

const struct command command_upgrade = {
    .name = "upgrade",
    .group = GROUP_MOVE,
    .words = "FILE.db",
    .summary = "a file of Optuna 3.0 or 3.1 to the format of 3.2 and later, after a copy",
    .notes = "dialin reads and continues both; only Optuna 3.2 and later refuse the older one.\n"
             "Files from before 3.0 are brought up by `optuna storage upgrade`.\n",
    .options = options_upgrade,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
