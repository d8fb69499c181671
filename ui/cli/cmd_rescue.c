#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "dialin/json.h"
#include "dialin/store.h"

static enum status tell_json(const char *to, const struct dln_rescued *rescued)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    const struct {
        const char *key;
        int64_t n;
    } counts[] = {{"studies", rescued->studies}, {"trials", rescued->trials},
                  {"rows", rescued->read},       {"gaps", rescued->gaps},
                  {"adrift", rescued->adrift},   {"made_up", rescued->made_up}};
    dln_json_object(&w);
    dln_json_key(&w, "file");
    dln_json_string(&w, to);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        dln_json_key(&w, counts[i].key);
        dln_json_int(&w, counts[i].n);
    }
    dln_json_end_object(&w);
    return print_json(&out);
}

static enum status tell(const char *to, const struct dln_rescued *rescued)
{
    say(stdout, "%s: %" PRId64 " studies, %" PRId64 " trials, %" PRId64 " rows in all", to,
        rescued->studies, rescued->trials, rescued->read);
    if (rescued->gaps == 0) {
        say(stdout, "everything could be read");
    } else {
        say(stdout, "%" PRId64 " places could not be read", rescued->gaps);
    }
    if (rescued->adrift > 0) {
        say(stdout, "%" PRId64 " rows belonged to lost trials or studies and were left out",
            rescued->adrift);
    }
    if (rescued->made_up > 0) {
        say(stdout, "%" PRId64 " lost studies have the name rescued-N and are minimized",
            rescued->made_up);
    }
    return STATUS_DONE;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_rescued rescued = {0};
    if (!dln_store_rescue(options->words[0], options->words[1], &rescued, &err)) {
        return complain(&err);
    }
    if (option_given(options, "json")) return tell_json(options->words[1], &rescued);
    return tell(options->words[1], &rescued);
}

static const struct option options_rescue[] = {OPTION_JSON, {0}};

const struct command command_rescue = {
    .name = "rescue",
    .group = GROUP_MOVE,
    .words = "DAMAGED.db NEW.db",
    .summary = "what can still be read of a damaged file, into a new one",
    .notes =
        "The damaged file is only read. Rows keep their ids; parameters, values and attributes\n"
        "of trials that are lost are left out and counted.\n",
    .options = options_rescue,
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
