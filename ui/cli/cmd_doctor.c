#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/commands.h"
#include "dialin/json.h"
#include "doctor.h"

/* The folder in which a study lies: of FILE.yaml or FILE.db, or the word itself. */
static bool find_folder(const char *word, struct dln_arena *arena, const char **out,
                        struct dln_error *err)
{
    struct stat info;
    if (stat(word, &info) != 0) {
        if (errno == ENOENT) return dln_fail(err, DLN_NOT_FOUND, "there is no file '%s'", word);
        return dln_fail_errno(err, errno, "look at '%s'", word);
    }
    const char *const slash = strrchr(word, '/');
    if (S_ISDIR(info.st_mode)) {
        *out = word;
    } else if (!slash) {
        *out = ".";
    } else {
        *out = dln_arena_copy_len(arena, word, slash == word ? 1 : (size_t)(slash - word));
    }
    return *out || dln_fail(err, DLN_NOMEM, "out of memory");
}

static size_t count(const struct doctor_check *checks, size_t n, enum doctor_state state)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += checks[i].state == state;
    return found;
}

static enum status tell_json(const char *folder, const struct doctor_check *checks, size_t n)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "folder");
    dln_json_string(&w, folder);
    dln_json_key(&w, "hurts");
    dln_json_int(&w, (int64_t)count(checks, n, DOCTOR_HURTS));
    dln_json_key(&w, "notes");
    dln_json_int(&w, (int64_t)count(checks, n, DOCTOR_NOTE));
    dln_json_key(&w, "checks");
    dln_json_array(&w);
    for (size_t i = 0; i < n; i++) {
        dln_json_object(&w);
        dln_json_key(&w, "name");
        dln_json_string(&w, checks[i].name);
        dln_json_key(&w, "state");
        dln_json_string(&w, doctor_state_name(checks[i].state));
        dln_json_key(&w, "text");
        dln_json_string(&w, checks[i].text);
        dln_json_key(&w, "remedy");
        dln_json_string(&w, checks[i].remedy);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

enum { INDENT = 20 }; /* of the words, behind state and name */

/* One check's words in as many lines as they need; `head` stands before the first. */
static void tell_wrapped(const char *head, const char *words)
{
    const size_t width = report_width() > INDENT + 30 ? report_width() - INDENT : 30;
    while (*words) {
        size_t len = strlen(words);
        if (len > width) {
            for (len = width; len > 0 && words[len] != ' ';)
                len--;
            if (len == 0) len = strcspn(words, " ");
        }
        say(stdout, "%-*s%.*s", INDENT, head, (int)len, words);
        head = "";
        words += len + strspn(words + len, " ");
    }
}

static void tell(const struct doctor_check *checks, size_t n)
{
    const size_t hurts = count(checks, n, DOCTOR_HURTS);
    const size_t notes = count(checks, n, DOCTOR_NOTE);
    for (size_t i = 0; i < n; i++) {
        char head[INDENT + 1];
        struct dln_strbuf remedy = {0};
        (void)snprintf(head, sizeof head, "%-6s %-11s", doctor_state_name(checks[i].state),
                       checks[i].name);
        tell_wrapped(head, checks[i].text);
        if (checks[i].remedy) dln_strbuf_addf(&remedy, "-> %s", checks[i].remedy);
        tell_wrapped("", dln_strbuf_text(&remedy));
        dln_strbuf_release(&remedy);
    }
    fputc('\n', stdout);
    if (hurts > 0) {
        say(stdout, "%zu thing%s here would hurt a study", hurts, hurts == 1 ? "" : "s");
    } else {
        say(stdout, "nothing here would hurt a study%s", notes > 0 ? "; see the notes" : "");
    }
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct surroundings here;
    struct doctor_check checks[DOCTOR_CHECKS_MAX];
    const char *folder = NULL;
    size_t n = 0;
    bool ok = find_folder(options->n_words > 0 ? options->words[0] : ".", &arena, &folder, &err);
    if (ok) {
        surroundings_read(folder, &here);
        n = doctor_judge(&here, &arena, checks);
        ok = n > 0 || dln_fail(&err, DLN_NOMEM, "out of memory");
    }
    enum status status = STATUS_DONE;
    if (!ok) {
        status = complain(&err);
    } else {
        if (option_given(options, "json")) {
            status = tell_json(folder, checks, n);
        } else {
            tell(checks, n);
        }
        if (status == STATUS_DONE && count(checks, n, DOCTOR_HURTS) > 0) status = STATUS_FAILED;
    }
    dln_arena_release(&arena);
    return status;
}

static const struct option options_doctor[] = {
    OPTION_JSON,
    {0},
};

const struct command command_doctor = {
    .name = "doctor",
    .group = GROUP_RUN,
    .words = "[FOLDER or STUDY]",
    .summary = "what on this machine would hurt a study, and the remedy",
    .notes = "Exit status 0: nothing would hurt (there may be notes); 1: something would.\n",
    .options = options_doctor,
    .max_words = 1,
    .run = run,
};
