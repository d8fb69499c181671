/* The journal's way back: undo, redo, and why. */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/steer.h"
#include "dialin/json.h"
#include "dialin/num.h"

static bool read_id(const char *text, int64_t *id, struct dln_error *err)
{
    return (dln_num_parse_int(text, strlen(text), id) && *id > 0) ||
           dln_fail(err, DLN_USAGE, "'%s' is no entry: dialin log shows their numbers", text);
}

static enum status turn(const struct options *options, enum dln_command_kind kind)
{
    struct dln_strbuf payload = {0};
    struct dln_error err = {0};
    int64_t id;
    if (options->n_words > 1) {
        if (!read_id(options->words[1], &id, &err)) return complain(&err);
        dln_strbuf_addf(&payload, "{\"id\": %" PRId64 "}", id);
    }
    return steer_word(options, kind, &payload);
}

static enum status undo(const struct command *command, const struct options *options)
{
    (void)command;
    return turn(options, DLN_COMMAND_UNDO);
}

static enum status redo(const struct command *command, const struct options *options)
{
    (void)command;
    return turn(options, DLN_COMMAND_REDO);
}

/* TEXT, or ID TEXT: about an entry of the journal. */
static enum status why(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_strbuf payload = {0};
    struct dln_error err = {0};
    struct dln_json_writer w = {.out = &payload};
    int64_t id = 0;
    if (options->n_words > 2 && !read_id(options->words[1], &id, &err)) return complain(&err);
    dln_json_object(&w);
    dln_json_key(&w, "text");
    dln_json_string(&w, options->words[options->n_words - 1]);
    if (id > 0) {
        dln_json_key(&w, "about");
        dln_json_int(&w, id);
    }
    dln_json_end_object(&w);
    return steer_word(options, DLN_COMMAND_NOTE, &payload);
}

static const struct option options_undo[] = {OPTIONS_STEER, {0}};

const struct command command_undo = {
    .name = "undo",
    .group = GROUP_STEER,
    .words = "STUDY [ID]",
    .summary = "take the last change back, or that of an entry of the journal",
    .notes = "What can be: parallel, budget, strategy, space, pause, notes, tags, deleted trials,\n"
             "points that still wait. An entry that a later one builds on goes after it.\n",
    .options = options_undo,
    .min_words = 1,
    .max_words = 2,
    .run = undo,
};

const struct command command_redo = {
    .name = "redo",
    .group = GROUP_STEER,
    .words = "STUDY [ID]",
    .summary = "do again what was undone last, or an entry that was undone",
    .options = options_undo,
    .min_words = 1,
    .max_words = 2,
    .run = redo,
};

const struct command command_why = {
    .name = "why",
    .group = GROUP_STEER,
    .words = "STUDY [ID] TEXT",
    .summary = "write a line into the journal, or the reason of an entry",
    .options = options_undo,
    .min_words = 2,
    .max_words = 3,
    .run = why,
};
