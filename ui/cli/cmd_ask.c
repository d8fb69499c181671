#include <inttypes.h>

#include "cli/asking.h"
#include "cli/commands.h"
#include "dialin/exec.h"
#include "dialin/json.h"

static enum status print_asked_json(const dln_tuner *tuner, const struct dln_asked *asked)
{
    struct dln_strbuf out = {0};
    struct dln_strbuf params = {0};
    struct dln_json_writer w = {.out = &out};
    dln_space_json(&dln_tuner_study(tuner)->space, asked->x, &params);
    dln_json_object(&w);
    dln_json_key(&w, "trial");
    dln_json_int(&w, asked->number);
    dln_json_key(&w, "params");
    dln_json_raw(&w, dln_strbuf_text(&params));
    dln_json_key(&w, "seed");
    dln_json_int(&w, (int64_t)asked->seed);
    dln_json_key(&w, "strategy");
    dln_json_string(&w, asked->strategy);
    dln_json_key(&w, "why");
    dln_json_string(&w, asked->why);
    dln_json_end_object(&w);
    if (!dln_strbuf_ok(&params)) out.failed = true;
    dln_strbuf_release(&params);
    return print_json(&out);
}

/* "17 --lr=0.01 --batch=16": words of a shell, quoted where they must be. */
static enum status print_asked(const dln_tuner *tuner, const struct dln_asked *asked)
{
    static const char *const word[] = {"{args}"};
    static const struct dln_words template = {.n = 1, .word = word};
    struct dln_arena arena = {0};
    struct dln_strbuf line = {0};
    struct dln_error err = {0};
    char **argv;
    const struct dln_run_spec spec = {
        .study = dln_tuner_study(tuner),
        .x = asked->x,
        .number = asked->number,
        .seed = asked->seed,
        .attempt = 1,
        .run_dir = "",
        .json_path = "",
    };
    const bool ok = dln_argv_fill(&template, &spec, &arena, &argv, &err);
    if (ok) {
        dln_strbuf_addf(&line, "%" PRId64, asked->number);
        if (argv[0]) dln_strbuf_add_char(&line, ' ');
        dln_argv_quote(argv, &line);
        dln_strbuf_add_char(&line, '\n');
    }
    const enum status status = ok ? print_text(&line) : complain(&err);
    dln_strbuf_release(&line);
    dln_arena_release(&arena);
    return status;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    dln_tuner *tuner;
    struct dln_asked asked;
    struct dln_error err = {0};
    if (!tuner_of(options, options->words[0], false, &tuner, &err)) return complain(&err);
    enum status status = STATUS_FAILED;
    if (dln_tuner_ask(tuner, &asked, &err)) {
        status = option_given(options, "json") ? print_asked_json(tuner, &asked)
                                               : print_asked(tuner, &asked);
    } else if (err.code == DLN_EXHAUSTED) {
        say(stderr, "done: %s", err.text);
    } else {
        status = complain(&err);
    }
    dln_tuner_close(tuner);
    return status;
}

static const struct option options_ask[] = {OPTION_JSON, OPTION_DB, OPTION_STUDY, {0}};

const struct command command_ask = {
    .name = "ask",
    .group = GROUP_RUN,
    .words = "STUDY",
    .summary = "the next trial for a program of your own: its number and parameters",
    .notes = "  set -- $(dialin ask study.yaml) && n=$1 && shift\n"
             "  dialin tell study.yaml $n $(./train \"$@\" | tail -n 1)\n"
             "The trial is running from now on, until it is told. The status is 1 when nothing is\n"
             "left to do.\n",
    .options = options_ask,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
