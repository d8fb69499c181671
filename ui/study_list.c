#include "study_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dialin/clock.h"
#include "digest.h"

enum { FILES_MAX = 512, OPEN_MAX = 64 };

/* One file that was found; its connection stays open while there are not too many. */
struct scanned {
    char *path;
    dln_store *store;
    int64_t version;
    struct dln_error err; /* why it is not open */
    bool is_found;        /* in this scan */
};

struct scanner {
    char *where; /* folder or file */
    struct scanned file[FILES_MAX];
    size_t n_files, n_open;
    bool has_scanned;
    struct digest digest;
    bool has_digest;
};

struct scan_job {
    struct job job;
    struct study_list *studies;
    struct scanner *scanner;
    struct dln_arena arena;
    bool is_new;
    size_t n, n_unreadable;
    struct study_row *row;
    char sentence[VIEW_TEXT_MAX], digest[VIEW_TEXT_MAX];
};

/* ── in the helper's thread ────────────────────────────────────────────────────────────────────*/

static bool ends_with_db(const char *name)
{
    const size_t len = strlen(name);
    return len > 3 && strcmp(name + len - 3, ".db") == 0;
}

static void add_file(struct scanner *scanner, const char *path)
{
    for (size_t i = 0; i < scanner->n_files; i++) {
        if (strcmp(scanner->file[i].path, path) == 0) {
            scanner->file[i].is_found = true;
            return;
        }
    }
    char *copy = scanner->n_files < FILES_MAX ? strdup(path) : NULL;
    if (!copy) return;
    scanner->file[scanner->n_files++] =
        (struct scanned){.path = copy, .version = -1, .is_found = true};
}

static void close_file(struct scanner *scanner, struct scanned *file)
{
    if (file->store) scanner->n_open--;
    dln_store_close(file->store);
    file->store = NULL;
}

/* Finds the files; true if there are others than before. */
static bool list_files(struct scanner *scanner)
{
    const size_t before = scanner->n_files;
    bool is_new = false;
    for (size_t i = 0; i < before; i++)
        scanner->file[i].is_found = false;
    struct stat stat_buffer;
    if (stat(scanner->where, &stat_buffer) == 0 && !S_ISDIR(stat_buffer.st_mode)) {
        add_file(scanner, scanner->where);
    } else {
        DIR *folder = opendir(scanner->where);
        for (struct dirent *entry = folder ? readdir(folder) : NULL; entry;
             entry = readdir(folder)) {
            if (entry->d_name[0] == '.' || !ends_with_db(entry->d_name)) continue;
            char path[4096];
            const int len = snprintf(path, sizeof path, "%s/%s", scanner->where, entry->d_name);
            if (len > 0 && len < (int)sizeof path) add_file(scanner, path);
        }
        if (folder) (void)closedir(folder);
    }
    is_new = scanner->n_files != before;
    size_t kept = 0;
    for (size_t i = 0; i < scanner->n_files; i++) {
        if (scanner->file[i].is_found) {
            scanner->file[kept++] = scanner->file[i];
            continue;
        }
        is_new = true;
        close_file(scanner, &scanner->file[i]);
        free(scanner->file[i].path);
    }
    scanner->n_files = kept;
    return is_new;
}

/* Opens what is not open; true if something was committed since. */
static bool look_at(struct scanner *scanner, struct scanned *file)
{
    if (!file->store) {
        dln_error_reset(&file->err);
        if (!dln_store_open(file->path, DLN_STORE_READ, &file->store, &file->err)) {
            file->store = NULL;
            const bool was_known = file->version == -2;
            file->version = -2;
            return !was_known;
        }
        scanner->n_open++;
        file->version = -1;
    }
    const int64_t version = dln_store_version(file->store);
    if (version != 0 && version == file->version) return false;
    file->version = version;
    return true;
}

static bool append(struct scan_job *scan, size_t *cap, const struct scanned *file,
                   const struct dln_study_summary *summary)
{
    if (scan->n == *cap) {
        const size_t grown_cap = *cap ? *cap * 2 : 32;
        struct study_row *grown = DLN_ARENA_ARRAY(&scan->arena, struct study_row, grown_cap);
        if (!grown) return false;
        if (scan->n > 0) memcpy(grown, scan->row, scan->n * sizeof *grown);
        scan->row = grown;
        *cap = grown_cap;
    }
    const char *path = dln_arena_copy(&scan->arena, file->path);
    if (!path) return false;
    const char *slash = strrchr(path, '/');
    scan->row[scan->n++] =
        (struct study_row){.path = path, .file = slash ? slash + 1 : path, .summary = *summary};
    return true;
}

static void note_error(struct scan_job *scan, const struct scanned *file, const char *sentence)
{
    scan->n_unreadable++;
    if (scan->sentence[0]) return;
    const char *slash = strrchr(file->path, '/');
    (void)snprintf(scan->sentence, sizeof scan->sentence, "%.80s: %.160s",
                   slash ? slash + 1 : file->path, sentence);
}

static void read_all(struct scan_job *scan)
{
    struct scanner *scanner = scan->scanner;
    size_t cap = 0;
    for (size_t i = 0; i < scanner->n_files; i++) {
        struct scanned *file = &scanner->file[i];
        if (!file->store) {
            note_error(scan, file, file->err.text);
            continue;
        }
        struct dln_study_summary *summaries = NULL;
        size_t n = 0;
        struct dln_error err = {0};
        if (!dln_store_studies(file->store, &scan->arena, &summaries, &n, &err)) {
            file->version = -1; /* again next time */
            note_error(scan, file, err.text);
            continue;
        }
        for (size_t k = 0; k < n; k++) {
            if (!append(scan, &cap, file, &summaries[k])) return;
        }
        if (scanner->n_open > OPEN_MAX) close_file(scanner, file);
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct study_row *x = a, *y = b;
    const bool x_runs = x->summary.lease.alive, y_runs = y->summary.lease.alive;
    if (x_runs != y_runs) return x_runs ? -1 : 1;
    const int64_t x_us = x->summary.last_activity_us, y_us = y->summary.last_activity_us;
    if (x_us != y_us) return x_us > y_us ? -1 : 1;
    const int by_name = strcmp(x->summary.name, y->summary.name);
    return by_name ? by_name : strcmp(x->path, y->path);
}

/* The study with most news speaks; then all are seen. */
static void make_digest(struct scan_job *scan)
{
    struct scanner *scanner = scan->scanner;
    const int64_t now_us = dln_clock_wall_us();
    if (!scanner->has_digest) {
        digest_load(&scanner->digest);
        scanner->has_digest = true;
        int64_t most = 0;
        for (size_t i = 0; i < scan->n; i++) {
            char text[VIEW_TEXT_MAX];
            int64_t n_finished = 0;
            if (digest_compare(&scanner->digest, scan->row[i].path, &scan->row[i].summary, now_us,
                               text, sizeof text, &n_finished) &&
                n_finished > most) {
                most = n_finished;
                (void)snprintf(scan->digest, sizeof scan->digest, "%s", text);
            }
        }
    }
    for (size_t i = 0; i < scan->n; i++) {
        digest_note(&scanner->digest, scan->row[i].path, &scan->row[i].summary, now_us);
    }
    digest_save(&scanner->digest);
}

static void run_scan(struct job *job)
{
    struct scan_job *scan = (struct scan_job *)job;
    struct scanner *scanner = scan->scanner;
    bool is_new = list_files(scanner) || !scanner->has_scanned;
    for (size_t i = 0; i < scanner->n_files; i++) {
        if (look_at(scanner, &scanner->file[i])) is_new = true;
    }
    scanner->has_scanned = true;
    if (!is_new) return;
    scan->is_new = true;
    read_all(scan);
    if (scan->n > 1) qsort(scan->row, scan->n, sizeof *scan->row, compare_rows);
    make_digest(scan);
}

static void free_scanner(struct scanner *scanner)
{
    if (!scanner) return;
    for (size_t i = 0; i < scanner->n_files; i++) {
        dln_store_close(scanner->file[i].store);
        free(scanner->file[i].path);
    }
    if (scanner->has_digest) digest_release(&scanner->digest);
    free(scanner->where);
    free(scanner);
}

/* ── in the ui ─────────────────────────────────────────────────────────────────────────────────*/

static void free_job(struct job *job)
{
    struct scan_job *scan = (struct scan_job *)job;
    dln_arena_release(&scan->arena);
    free(scan);
}

static void job_done(struct job *job, void *context)
{
    struct scan_job *scan = (struct scan_job *)job;
    struct study_list *studies = scan->studies;
    struct view *view = context;
    studies->is_asked = false;
    if (scan->is_new) {
        dln_arena_release(&studies->arena);
        studies->arena = scan->arena;
        scan->arena = (struct dln_arena){0};
        studies->n = scan->n;
        studies->row = scan->row;
        studies->n_files = scan->scanner->n_files;
        studies->n_unreadable = scan->n_unreadable;
        (void)snprintf(studies->sentence, sizeof studies->sentence, "%s", scan->sentence);
        if (scan->digest[0]) {
            (void)snprintf(studies->digest, sizeof studies->digest, "%s", scan->digest);
        }
        view->is_data_dirty = true;
        if (!studies->is_loaded) view->is_dirty = true;
        studies->is_loaded = true;
    }
    free_job(job);
}

static struct scanner *scanner_new(const char *where)
{
    struct scanner *scanner = calloc(1, sizeof *scanner);
    if (!scanner) return NULL;
    scanner->where = strdup(where);
    if (scanner->where) return scanner;
    free(scanner);
    return NULL;
}

/* The folder or file that home is about: beside a study that was opened directly, its folder. */
static struct scanner *scanner_for(const struct app_options *options)
{
    const char *path = options->path ? options->path : ".";
    const char *slash = strrchr(path, '/');
    if (options->study_id < 0) return scanner_new(path);
    if (!slash) return scanner_new(".");
    struct scanner *scanner = scanner_new(slash == path ? "/" : path);
    if (scanner && slash != path) scanner->where[slash - path] = '\0';
    return scanner;
}

void study_list_ask(struct view *view, struct study_list *studies)
{
    if (studies->is_asked) return;
    if (!studies->scanner) studies->scanner = scanner_for(view->options);
    struct scan_job *scan = studies->scanner ? calloc(1, sizeof *scan) : NULL;
    if (!scan) return;
    scan->job = (struct job){.run = run_scan, .done = job_done, .drop = free_job};
    scan->studies = studies;
    scan->scanner = studies->scanner;
    studies->is_asked = true;
    studies->asked_ns = view->now_ns;
    helper_submit(view->helper, &scan->job);
}

void study_list_release(struct study_list *studies)
{
    free_scanner(studies->scanner);
    dln_arena_release(&studies->arena);
    *studies = (struct study_list){0};
}
