/* What people say of trials, and of a study: `note` and `tag`. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/steer.h"
#include "cli/trial_filter.h"
#include "cli/trial_list.h"
#include "dialin/json.h"

enum { NOTE_BYTES_MAX = 256 * 1024 };

/* ── note ──────────────────────────────────────────────────────────────────────────────────────*/

static bool read_input(struct dln_strbuf *text, struct dln_error *err)
{
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0) {
        dln_strbuf_add_len(text, bytes, n);
        if (text->len > NOTE_BYTES_MAX) {
            return dln_fail(err, DLN_USAGE, "a note has at most %d KiB", NOTE_BYTES_MAX / 1024);
        }
    }
    while (text->len > 0 && text->data[text->len - 1] == '\n')
        dln_strbuf_cut(text, text->len - 1);
    return true;
}

/* `dialin note STUDY` and `dialin note STUDY study TEXT` */
static bool is_about_study(const struct options *options)
{
    return options->n_words < 2 || strcmp(options->words[1], "study") == 0;
}

static enum status show_note(const struct options *options)
{
    struct opened study;
    struct dln_error err = {0};
    struct dln_trial trial = {0};
    const char *note = "";
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_DONE;
    if ((!is_about_study(options) && !opened_trial(&study, options->words[1], &trial, &err)) ||
        !dln_store_note_text(study.store, study.summary.id, trial.id, &study.arena, &note, &err)) {
        status = complain(&err);
    }
    while (status == STATUS_DONE && *note) { /* each line by itself: it is Markdown */
        const size_t len = strcspn(note, "\n");
        say(stdout, "%.*s", (int)len, note);
        note += len + (note[len] == '\n');
    }
    opened_release(&study);
    return status;
}

static enum status run_note(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0}, text = {0};
    struct dln_json_writer w = {.out = &payload};
    int64_t number = 0;
    if (options->n_words < 3) return show_note(options);
    const char *const word = options->words[2];
    bool ok = is_about_study(options) || parse_trial_number(options->words[1], &number, &err);
    if (ok && strcmp(word, "-") == 0) {
        ok = read_input(&text, &err);
    } else {
        dln_strbuf_add(&text, word);
    }
    dln_json_object(&w);
    if (!is_about_study(options)) {
        dln_json_key(&w, "trial");
        dln_json_int(&w, number);
    }
    dln_json_key(&w, "text");
    dln_json_string(&w, dln_strbuf_text(&text));
    dln_json_end_object(&w);
    if (ok && !dln_strbuf_ok(&text)) ok = dln_fail(&err, DLN_NOMEM, "out of memory");
    const enum status status =
        ok ? steer_word(options, DLN_COMMAND_TRIAL_NOTE, &payload) : complain(&err);
    dln_strbuf_release(&text);
    dln_strbuf_release(&payload);
    return status;
}

/* ── tag ───────────────────────────────────────────────────────────────────────────────────────*/

static bool is_number(const char *word)
{
    if (*word == '#') word++;
    return *word && word[strspn(word, "0123456789")] == '\0';
}

/* The tags that begin with `sign`, or with none where sign is '+'. */
static void add_tags(struct dln_json_writer *w, const struct options *options, char sign)
{
    dln_json_array(w);
    for (size_t i = 1; i < options->n_words; i++) {
        const char *word = options->words[i];
        const bool has_sign = *word == '+' || *word == '-';
        if (is_number(word) || (has_sign ? *word : '+') != sign) continue;
        dln_json_string(w, word + has_sign);
    }
    dln_json_end_array(w);
}

static bool tag_payload(struct opened *study, const struct options *options,
                        struct dln_strbuf *payload, struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    struct trial_list list = {0};
    const char *const filter = option_text(options, "filter");
    size_t n = 0, n_tags = 0;
    if (filter &&
        (!trial_list_load(study, &list, err) || !trial_filter_apply(study, filter, &list, err))) {
        trial_list_release(&list);
        return false;
    }
    dln_json_object(&w);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < list.n; i++, n++)
        dln_json_int(&w, list.trials[i].number);
    for (size_t i = 1; i < options->n_words; i++) {
        int64_t number;
        if (!is_number(options->words[i])) {
            n_tags++;
            continue;
        }
        if (!parse_trial_number(options->words[i], &number, err)) return false;
        dln_json_int(&w, number);
        n++;
    }
    dln_json_end_array(&w);
    dln_json_key(&w, "add");
    add_tags(&w, options, '+');
    dln_json_key(&w, "remove");
    add_tags(&w, options, '-');
    dln_json_end_object(&w);
    trial_list_release(&list);
    if (n == 0) {
        return dln_fail(err, filter ? DLN_REFUSED : DLN_USAGE,
                        filter ? "the filter keeps no trial"
                               : "tag needs the number of a trial, or --filter");
    }
    return n_tags > 0 || dln_fail(err, DLN_USAGE, "tag needs a tag: paper, or -paper to take away");
}

static enum status run_tag(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    const enum status status = tag_payload(&study, options, &payload, &err)
                                   ? steer(&study, options, DLN_COMMAND_TAG, &payload)
                                   : complain(&err);
    dln_strbuf_release(&payload);
    opened_release(&study);
    return status;
}

static const struct option options_note[] = {OPTIONS_STEER, {0}};
static const struct option options_tag[] = {OPTION_FILTER, OPTIONS_STEER, {0}};

const struct command command_note = {
    .name = "note",
    .group = GROUP_STEER,
    .words = "STUDY [NUMBER|study] [TEXT]",
    .summary = "the note on a study or trial, which optuna-dashboard shows: printed, or written",
    .notes = "TEXT '-' is read from standard input, '' takes the note away. It is Markdown.\n"
             "  dialin note svm.db 17 'first run with cosine restarts'\n"
             "  dialin note svm.db study 'features of May, without the third camera'\n",
    .options = options_note,
    .min_words = 1,
    .max_words = 3,
    .run = run_note,
};

const struct command command_tag = {
    .name = "tag",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER… TAG…",
    .summary = "tags on trials: TAG puts it on, -TAG takes it away",
    .notes = "A tag is a word; a filter finds it: tag:paper.\n"
             "  dialin tag svm.db 17 31 paper\n"
             "  dialin tag svm.db --filter 'rank <= 5' candidate -- -old\n",
    .options = options_tag,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = run_tag,
};
