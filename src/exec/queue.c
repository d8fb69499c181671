/*
 * Any other queue, by three commands of the study file: submit, poll, cancel. For PBS, LSF, SGE,
 * and whatever has the like. Results and ends come by files, so that a poll is only there to notice
 * deaths, and a crude one will do.
 */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "exec/batch_system.h"

struct piece {
    const char *name, *value;
};

/* A word with every {name} filled in. */
static char *fill(const char *word, const struct piece *pieces, struct dln_arena *arena)
{
    struct dln_strbuf text = {0};
    while (*word) {
        const struct piece *piece = pieces;
        while (piece->name && strncmp(word, piece->name, strlen(piece->name)) != 0)
            piece++;
        if (piece->name) {
            dln_strbuf_add(&text, piece->value);
            word += strlen(piece->name);
        } else {
            dln_strbuf_add_char(&text, *word++);
        }
    }
    char *made = dln_strbuf_ok(&text) ? dln_arena_copy(arena, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return made;
}

static char **fill_all(const struct dln_words *words, const struct piece *pieces,
                       struct dln_arena *arena)
{
    char **argv = DLN_ARENA_ARRAY(arena, char *, words->n + 1);
    for (size_t i = 0; argv && i < words->n; i++) {
        argv[i] = fill(words->word[i], pieces, arena);
        if (!argv[i]) return NULL;
    }
    if (argv) argv[words->n] = NULL;
    return argv;
}

static char **submit(const struct dln_submission *submission, struct dln_arena *arena)
{
    const struct piece pieces[] = {{"{script}", submission->script},
                                   {"{name}", submission->name},
                                   {"{dir}", submission->dir},
                                   {NULL, NULL}};
    return fill_all(&submission->study->machine.cluster.submit, pieces, arena);
}

/* ── the id ────────────────────────────────────────────────────────────────────────────────────*/

static bool keep_id(const char *text, size_t len, struct dln_job_id *id)
{
    if (len == 0 || len >= sizeof id->id) return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] == 0x7F) return false;
    }
    *id = (struct dln_job_id){0};
    memcpy(id->id, text, len);
    return true;
}

static bool match_id(const char *expression, const char *text, struct dln_job_id *id)
{
    regex_t regex;
    regmatch_t match[2];
    if (regcomp(&regex, expression, REG_EXTENDED | REG_NEWLINE) != 0) return false;
    const bool found = regexec(&regex, text, 2, match, 0) == 0 && match[1].rm_so >= 0;
    regfree(&regex);
    return found && keep_id(text + match[1].rm_so, (size_t)(match[1].rm_eo - match[1].rm_so), id);
}

/* "123.server" of the last line with a word that begins with a digit. */
static bool first_number(const char *text, struct dln_job_id *id)
{
    bool found = false;
    for (size_t at = 0; text[at];) {
        at += strspn(text + at, " \t\r\n");
        const size_t len = strcspn(text + at, " \t\r\n");
        if (text[at] >= '0' && text[at] <= '9') found = keep_id(text + at, len, id) || found;
        at += len;
    }
    return found;
}

static enum dln_submitted read_submit(const struct dln_study *study, const struct dln_child *child,
                                      struct dln_job_id *id)
{
    const char *expression = study->machine.cluster.id_regex;
    const char *text = dln_strbuf_text(&child->text[0]);
    const bool found = expression ? match_id(expression, text, id) : first_number(text, id);
    /* One that hung may have made a job, which nobody would find: a person has to look. */
    return !child->is_late && dln_child_exit(child) == 0 && found ? DLN_SUBMIT_DONE
                                                                  : DLN_SUBMIT_REFUSED;
}

/* ── poll ──────────────────────────────────────────────────────────────────────────────────────*/

static char **poll_words(const struct dln_study *study, size_t n,
                         const struct dln_job_id *const *ids, struct dln_arena *arena)
{
    const struct dln_words *words = &study->machine.cluster.poll;
    char **argv = DLN_ARENA_ARRAY(arena, char *, words->n + n + 1);
    size_t count = 0;
    for (size_t i = 0; argv && i < words->n; i++) {
        if (strcmp(words->word[i], "{jobids}") != 0) {
            argv[count] = dln_arena_copy(arena, words->word[i]);
            if (!argv[count++]) return NULL;
            continue;
        }
        for (size_t k = 0; k < n; k++) {
            argv[count] = dln_arena_copy(arena, ids[k]->id);
            if (!argv[count++]) return NULL;
        }
    }
    if (argv) argv[count] = NULL;
    return argv;
}

/* As PBS, LSF, SGE and task-spooler have them. */
static enum dln_state_meaning usual_meaning(const char *word)
{
    static const struct dln_state_word usual[] = {
        {"Q", DLN_MEANS_PENDING},      {"W", DLN_MEANS_PENDING},    {"T", DLN_MEANS_PENDING},
        {"PEND", DLN_MEANS_PENDING},   {"qw", DLN_MEANS_PENDING},   {"hqw", DLN_MEANS_HELD},
        {"queued", DLN_MEANS_PENDING}, {"H", DLN_MEANS_HELD},       {"PSUSP", DLN_MEANS_HELD},
        {"Eqw", DLN_MEANS_HELD},       {"F", DLN_MEANS_ENDED},      {"X", DLN_MEANS_ENDED},
        {"C", DLN_MEANS_ENDED},        {"DONE", DLN_MEANS_ENDED},   {"EXIT", DLN_MEANS_ENDED},
        {"finished", DLN_MEANS_ENDED}, {"skipped", DLN_MEANS_ENDED}};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (strcmp(usual[i].word, word) == 0) return usual[i].means;
    }
    return DLN_MEANS_RUNNING;
}

static enum dln_job_state state_of(const struct dln_cluster *cluster, const char *word)
{
    enum dln_state_meaning means = usual_meaning(word);
    for (size_t i = 0; i < cluster->n_states; i++) {
        if (strcmp(cluster->states[i].word, word) == 0) means = cluster->states[i].means;
    }
    switch (means) {
    case DLN_MEANS_PENDING: return DLN_STATE_QUEUED;
    case DLN_MEANS_HELD: return DLN_STATE_HELD;
    case DLN_MEANS_RUNNING: return DLN_STATE_RUNNING;
    case DLN_MEANS_ENDED: return DLN_STATE_ENDED;
    }
    return DLN_STATE_UNKNOWN;
}

/* The column-th word of a line, from 1; NULL: there are fewer. */
static const char *column_of(const char *line, int column, struct dln_arena *arena)
{
    for (;;) {
        line += strspn(line, " \t\r");
        const size_t len = strcspn(line, " \t\r");
        if (len == 0) return NULL;
        if (--column == 0) return dln_arena_copy_len(arena, line, len);
        line += len;
    }
}

static bool read_poll(const struct dln_study *study, const struct dln_child *child,
                      dln_seen_sink *sink, void *context)
{
    const struct dln_cluster *cluster = &study->machine.cluster;
    const char *text = dln_strbuf_text(&child->text[0]);
    struct dln_arena arena = {0};
    if (child->is_late || dln_child_exit(child) < 0) return false;
    /* Some of them fail where there is no job, and say nothing then. */
    if (dln_child_exit(child) != 0 && *text == '\0' && child->text[1].len > 0) return false;
    while (*text) {
        const size_t len = strcspn(text, "\n");
        const char *line = dln_arena_copy_len(&arena, text, len);
        const char *id = line ? column_of(line, cluster->id_column, &arena) : NULL;
        const char *word = line ? column_of(line, cluster->state_column, &arena) : NULL;
        if (id && word) {
            const struct dln_job_seen seen = {
                .id = id, .state = state_of(cluster, word), .word = word, .reason = "", .node = ""};
            sink(context, &seen);
        }
        text += len + (text[len] == '\n');
    }
    dln_arena_release(&arena);
    return true;
}

/* ── cancel ────────────────────────────────────────────────────────────────────────────────────*/

static char **cancel(const struct dln_study *study, size_t n, const struct dln_job_id *const *ids,
                     bool gently, struct dln_arena *arena)
{
    const struct piece pieces[] = {{"{jobid}", n > 0 ? ids[0]->id : ""}, {NULL, NULL}};
    (void)gently;
    return fill_all(&study->machine.cluster.cancel, pieces, arena);
}

/* One that is over already cannot be ended, which no two of them say in the same way. */
static bool read_cancel(const struct dln_child *child)
{
    return !child->is_late;
}

const struct dln_batch_system dln_batch_queue = {
    .title = "the queue",
    .cancel_ids = 1,
    .submit = submit,
    .read_submit = read_submit,
    .poll = poll_words,
    .read_poll = read_poll,
    .cancel = cancel,
    .read_cancel = read_cancel,
};
