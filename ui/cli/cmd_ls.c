#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/progress.h"
#include "cli/trial_list.h"
#include "dialin/clock.h"
#include "format.h"

struct listing { /* where the studies go: a table, or JSON */
    struct report table;
    struct dln_json_writer *json; /* NULL: the table */
    size_t n;
    enum status unread; /* of a file that is there and could not be read */
};

static void add_row(struct listing *listing, const char *path,
                    const struct dln_study_summary *summary)
{
    char text[FORMAT_MAX];
    struct report *const table = &listing->table;
    report_cell(table, summary->name);
    report_cell(table, state_word(summary));
    if (summary->live.budget.trials > 0) {
        report_cellf(table, "%" PRId64 "/%" PRId64, summary->n_trials, summary->live.budget.trials);
    } else {
        report_cellf(table, "%" PRId64, summary->n_trials);
    }
    if (summary->n_objectives != 1 || summary->best_id < 0) {
        report_cell(table, FORMAT_MISSING);
    } else {
        report_cell(table, format_runs(text, summary->best_value, summary->best_spread,
                                       summary->best_runs));
    }
    if (summary->last_activity_us == 0) {
        report_cell(table, FORMAT_MISSING);
    } else {
        const int64_t age_us = dln_clock_wall_us() - summary->last_activity_us;
        report_cell(table, format_ago(text, age_us / 1000000, true));
    }
    report_cell(table, path);
}

static bool list_file(struct listing *listing, const char *path, struct dln_error *err)
{
    struct dln_arena arena = {0};
    dln_store *store = NULL;
    struct dln_study_summary *studies;
    size_t n;
    const bool ok = dln_store_open(path, DLN_STORE_READ, &store, err) &&
                    dln_store_studies(store, &arena, &studies, &n, err);
    for (size_t i = 0; ok && i < n; i++) {
        if (listing->json) {
            summary_json(listing->json, &studies[i], path);
        } else {
            add_row(listing, path, &studies[i]);
        }
        listing->n++;
    }
    dln_store_close(store);
    dln_arena_release(&arena);
    return ok;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_database_name(const char *name)
{
    const size_t len = strlen(name);
    return name[0] != '.' && len > 3 && strcmp(name + len - 3, ".db") == 0;
}

/* The *.db of a folder, by name. Those that are something else are named on standard error. */
static bool list_folder(struct listing *listing, const char *folder, struct dln_error *err)
{
    DIR *const handle = opendir(folder);
    if (!handle) return dln_fail_errno(err, errno, "read the folder '%s'", folder);
    struct dln_arena arena = {0};
    const char **paths = NULL;
    size_t n = 0, cap = 0;
    bool ok = true;
    const bool is_here = strcmp(folder, ".") == 0;
    for (const struct dirent *entry = readdir(handle); entry && ok; entry = readdir(handle)) {
        if (!is_database_name(entry->d_name)) continue;
        if (n == cap) {
            cap = cap ? 2 * cap : 16;
            const char **const moved = realloc((void *)paths, cap * sizeof *moved);
            ok = moved != NULL;
            if (!ok) break;
            paths = moved;
        }
        paths[n] = is_here ? dln_arena_copy(&arena, entry->d_name)
                           : dln_arena_printf(&arena, "%s/%s", folder, entry->d_name);
        ok = paths[n++] != NULL;
    }
    closedir(handle);
    if (!ok) dln_fail(err, DLN_NOMEM, "out of memory for the folder '%s'", folder);
    if (ok && n > 0) qsort((void *)paths, n, sizeof *paths, by_text);
    for (size_t i = 0; ok && i < n; i++) {
        struct dln_error why = {0};
        if (list_file(listing, paths[i], &why)) continue;
        const enum status status = complain(&why);
        if (why.code != DLN_CORRUPT) listing->unread = status;
    }
    free((void *)paths);
    dln_arena_release(&arena);
    return ok;
}

static bool list_study_file(struct listing *listing, const char *path, struct dln_error *err)
{
    struct dln_arena arena = {0};
    const char *db_path;
    const char *name = NULL;
    const bool ok =
        follow_study_file(path, &arena, &db_path, &name, err) && list_file(listing, db_path, err);
    dln_arena_release(&arena);
    return ok;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_strbuf text = {0};
    struct dln_json_writer json = {.out = &text};
    struct listing listing = {.json = option_given(options, "json") ? &json : NULL};
    static const char *const titles[] = {"STUDY", "STATE", "TRIALS", "BEST", "SEEN", "FILE"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        report_column(&listing.table, titles[i], i == 2 || i == 3);
    }
    if (listing.json) dln_json_array(&json);
    bool ok = true;
    if (options->n_words == 0) ok = list_folder(&listing, ".", &err);
    for (size_t i = 0; ok && i < options->n_words; i++) {
        const char *const path = options->words[i];
        if (is_folder(path)) {
            ok = list_folder(&listing, path, &err);
        } else if (is_study_file(path)) {
            ok = list_study_file(&listing, path, &err);
        } else {
            ok = list_file(&listing, path, &err);
        }
    }
    if (listing.json) dln_json_end_array(&json);
    enum status status = STATUS_DONE;
    if (!ok) {
        status = complain(&err);
    } else if (listing.json) {
        status = print_json(&text);
    } else if (listing.n == 0 && listing.unread != STATUS_DONE) {
        status = listing.unread;
    } else if (listing.n == 0) {
        say(stdout, "no studies here yet: dialin run STUDY.yaml starts one");
    } else if (!report_print(&listing.table, stdout, report_width(), true, NULL, &err)) {
        status = complain(&err);
    }
    dln_strbuf_release(&text);
    report_release(&listing.table);
    return status;
}

static const struct option options_ls[] = {OPTION_JSON, {0}};

const struct command command_ls = {
    .name = "ls",
    .group = GROUP_LOOK,
    .words = "[FILE or FOLDER…]",
    .summary = "the studies of databases, or of all *.db in folders (default: here)",
    .options = options_ls,
    .min_words = 0,
    .max_words = WORDS_ANY,
    .run = run,
};
