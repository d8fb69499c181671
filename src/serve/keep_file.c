/*
 * Trials in a file that engines, other conversations and Optuna write at the same time. The book is
 * brought up to date whenever another connection has committed; what was written here is read back
 * at once, so the book shows what the file has, not what we believe.
 */
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"
#include "serve/keeper.h"

enum {
    SECOND_LOOK_MS = 200, /* after a claim that a worker of Optuna may have made too */
    SHORTEN_MS = 1000,    /* between attempts at a long log */
    SINGLE_COST = 4       /* reading one trial costs as much as so many rows of a scan */
};

struct file {
    struct dln_keeper keeper;
    dln_store *store;
    int64_t study_id;
    int64_t version; /* of the file as the book has it; 0: not read yet */
    bool beats, has_written;
    int64_t *asked; /* ids of trials that this tuner asked for and that were not told, as known */
    size_t n_asked, cap_asked;
    int64_t shorten_ns; /* when a long log is looked at again */
    struct dln_arena arena;
};

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static bool put_curve(struct dln_book *book, const struct dln_history_row *row, size_t n,
                      const int64_t *steps, const double *values, struct dln_error *err)
{
    const struct dln_pruned_trial trial = {
        .number = row->number,
        .state = row->state,
        .value = row->values[book->curve_objective],
        .violation = row->violation,
        .n = n,
        .steps = steps,
        .values = values,
    };
    return dln_pruning_put(book->pruning, &trial, err);
}

/* Curves of rows that were just read, in the same order. */
static bool learn_curves(struct file *file, int64_t after_id, size_t n,
                         const struct dln_history_row *rows, struct dln_error *err)
{
    struct dln_book *book = file->keeper.book;
    struct dln_curve_row *curves;
    size_t n_curves;
    size_t at = 0;
    if (!book->pruning || n == 0) return true;
    if (!dln_store_curves(file->store, file->study_id, after_id, &file->arena, &curves, &n_curves,
                          err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        while (at < n_curves && curves[at].trial_id < rows[i].id)
            at++;
        const bool has_curve = at < n_curves && curves[at].trial_id == rows[i].id;
        if (!put_curve(book, &rows[i], has_curve ? curves[at].n_steps : 0,
                       has_curve ? curves[at].steps : NULL, has_curve ? curves[at].curve : NULL,
                       err)) {
            return false;
        }
    }
    return true;
}

static bool learn_after(struct file *file, int64_t after_id, struct dln_error *err)
{
    const struct dln_study *study = file->keeper.book->study;
    struct dln_history_row *rows;
    size_t n;
    dln_arena_reset(&file->arena);
    bool ok = dln_store_history(file->store, file->study_id, &study->space, study->n_objectives,
                                after_id, &file->arena, &rows, &n, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = dln_book_learn(file->keeper.book, &rows[i], err);
    return ok && learn_curves(file, after_id, n, rows, err);
}

/* What is written and cannot be read back is read when memory or file allow it. */
static bool learn_later(struct file *file)
{
    file->version = 0;
    return false;
}

static bool learn_one(struct file *file, int64_t id, struct dln_error *err)
{
    const struct dln_study *study = file->keeper.book->study;
    struct dln_history_row row;
    dln_arena_reset(&file->arena);
    if (dln_store_history_one(file->store, file->study_id, &study->space, study->n_objectives, id,
                              &file->arena, &row, err) &&
        dln_book_learn(file->keeper.book, &row, err)) {
        return true;
    }
    return learn_later(file);
}

/* The same with its curve, for one that others may have written. */
static bool learn_foreign(struct file *file, const struct dln_ledger_row *known,
                          struct dln_error *err)
{
    struct dln_book *book = file->keeper.book;
    const struct dln_study *study = book->study;
    const int64_t number = known->number;
    struct dln_history_row row;
    struct dln_trial trial;
    if (!book->pruning) return learn_one(file, known->id, err);
    dln_arena_reset(&file->arena);
    if (dln_store_history_one(file->store, file->study_id, &study->space, study->n_objectives,
                              known->id, &file->arena, &row, err) &&
        dln_book_learn(book, &row, err) &&
        dln_store_trial(file->store, file->study_id, &study->space, study->n_objectives, number,
                        &file->arena, &trial, err) &&
        put_curve(book, &row, trial.n_steps, trial.steps, trial.curve, err)) {
        return true;
    }
    return learn_later(file);
}

static bool is_open(const struct dln_ledger_row *row)
{
    return row->state == DLN_TRIAL_RUNNING || row->state == DLN_TRIAL_WAITING;
}

/* New trials, and again those that were not finished. */
static bool learn_changes(struct file *file, struct dln_error *err)
{
    const struct dln_ledger *ledger = &file->keeper.book->ledger;
    const size_t n_known = ledger->n_rows;
    size_t left = (size_t)(ledger->counts[DLN_TRIAL_RUNNING] + ledger->counts[DLN_TRIAL_WAITING]);
    const size_t n_open = left;
    size_t first = n_known;
    for (size_t i = n_known; i > 0 && left > 0; i--) { /* from the end: they are young */
        if (!is_open(&ledger->rows[i - 1])) continue;
        first = i - 1;
        left--;
    }
    if (n_open * SINGLE_COST >= n_known - first) {
        const int64_t after =
            first < n_known ? ledger->rows[first].id - 1 : dln_ledger_max_id(ledger);
        return learn_after(file, after, err);
    }
    for (size_t i = first; i < n_known; i++) {
        if (is_open(&ledger->rows[i]) && !learn_foreign(file, &ledger->rows[i], err)) return false;
    }
    return learn_after(file, dln_ledger_max_id(ledger), err);
}

static bool refresh(struct dln_keeper *keeper, struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    struct dln_study_summary summary;
    const int64_t version = dln_store_version(file->store);
    if (version != 0 && version == file->version) return true;
    dln_arena_reset(&file->arena);
    if (!dln_store_study(file->store, file->study_id, &file->arena, &summary, err)) return false;
    keeper->book->budget = summary.live.budget;
    keeper->book->earlier = summary.spent;
    if (!learn_changes(file, err)) return false;
    file->version = version;
    return true;
}

/* Numbers ascend with ids, but for the oddest of files. */
static bool find_id(const struct file *file, int64_t number, int64_t *id, struct dln_error *err)
{
    const struct dln_ledger *ledger = &file->keeper.book->ledger;
    size_t low = 0;
    size_t high = ledger->n_rows;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ledger->rows[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == ledger->n_rows || ledger->rows[low].number != number) {
        low = 0;
        while (low < ledger->n_rows && ledger->rows[low].number != number)
            low++;
    }
    if (low == ledger->n_rows) {
        return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, number);
    }
    *id = ledger->rows[low].id;
    return true;
}

/* ── writing ───────────────────────────────────────────────────────────────────────────────────*/

/* After a commit: the log is nobody's but ours where no engine is at work. */
static void keep_log_short(struct file *file)
{
    file->has_written = true;
    if (!dln_store_log_is_long(file->store)) return;
    const int64_t now = dln_clock_mono_ns();
    if (now < file->shorten_ns) return;
    file->shorten_ns = now + SHORTEN_MS * INT64_C(1000000);
    dln_store_shorten_log(dln_store_path(file->store), file->study_id);
}

/* The trial is ours to beat for. */
static bool note_asked(struct file *file, int64_t id, struct dln_error *err)
{
    if (!file->beats) return true;
    if (file->n_asked == file->cap_asked) {
        const size_t cap = file->cap_asked ? file->cap_asked * 2 : 16;
        int64_t *asked = realloc(file->asked, cap * sizeof *asked);
        if (!asked) return dln_fail(err, DLN_NOMEM, "keep a trial");
        file->asked = asked;
        file->cap_asked = cap;
    }
    file->asked[file->n_asked++] = id;
    return dln_store_beat_trials(file->store, 1, &id, err);
}

static bool next_number(struct dln_keeper *keeper, int64_t *number, struct dln_error *err)
{
    return dln_store_next_number(((struct file *)keeper)->store, number, err);
}

static bool start(struct dln_keeper *keeper, int64_t number, const struct dln_new_trial *trial,
                  struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    int64_t id;
    if (!dln_store_start_numbered(file->store, &keeper->book->study->space, number, trial, &id,
                                  err)) {
        return false;
    }
    const bool ok = learn_one(file, id, err) && note_asked(file, id, err);
    keep_log_short(file);
    return ok;
}

static bool next_waiting(struct dln_keeper *keeper, int64_t *number, double *x,
                         struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    int64_t id;
    return dln_store_next_waiting(file->store, &keeper->book->study->space, &id, number, x, err);
}

/* Python takes a waiting trial without looking twice; whoever wrote last has it. */
static bool look_again(struct file *file, int64_t id, int64_t number, struct dln_error *err)
{
    bool ours;
    (void)poll(NULL, 0, SECOND_LOOK_MS); /* the other one's write wakes nobody */
    if (!dln_store_still_claimed(file->store, id, &ours, err)) return false;
    if (ours) return true;
    return dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " was taken by another program", number);
}

static bool claim(struct dln_keeper *keeper, int64_t number, const struct dln_new_trial *trial,
                  struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    struct dln_error why = {0};
    bool foreign;
    int64_t id;
    if (!find_id(file, number, &id, err)) return false;
    if (!dln_store_foreign_workers(file->store, &foreign, err)) return false;
    const bool claimed = dln_store_claim(file->store, &keeper->book->study->space, id, trial, &why);
    if (!learn_one(file, id, err)) return false;
    if (!claimed) {
        const struct dln_view_trial *now = dln_book_find(keeper->book, number);
        const bool is_taken = why.code == DLN_BUSY && now->state != DLN_TRIAL_WAITING;
        return dln_fail(err, is_taken ? DLN_REFUSED : why.code, "%s", why.text);
    }
    const bool ok = (!foreign || look_again(file, id, number, err)) && note_asked(file, id, err);
    keep_log_short(file);
    return ok;
}

static bool enqueue(struct dln_keeper *keeper, const double *x, int64_t *number,
                    struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    char who[128];
    int64_t id;
    dln_command_who(who, sizeof who);
    if (!dln_store_enqueue(file->store, &keeper->book->study->space, x, -1, false, who, &id, number,
                           err) ||
        !learn_one(file, id, err)) {
        return false;
    }
    keep_log_short(file);
    return true;
}

static bool report(struct dln_keeper *keeper, int64_t number, const struct dln_report *report,
                   bool *is_news, struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    dln_pruning *pruning = keeper->book->pruning;
    int64_t id;
    if (!find_id(file, number, &id, err) || !dln_store_report(file->store, id, 1, report, err) ||
        !learn_one(file, id, err)) {
        return false;
    }
    if (pruning && !dln_pruning_report(pruning, number, report->step, report->value, is_news, err))
        return false;
    keep_log_short(file);
    return true;
}

static bool finish(struct dln_keeper *keeper, int64_t number, const struct dln_finish *finish,
                   struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    struct dln_ledger_row told = {.number = number};
    if (!find_id(file, number, &told.id, err) ||
        !dln_store_finish(file->store, told.id, finish, err) || !learn_foreign(file, &told, err)) {
        return false;
    }
    keep_log_short(file);
    return true;
}

/* ── signs of life ─────────────────────────────────────────────────────────────────────────────*/

static bool beat(struct dln_keeper *keeper, struct dln_error *err)
{
    struct file *file = (struct file *)keeper;
    size_t n_lost;
    size_t n = 0;
    if (!refresh(keeper, err)) return false;
    const struct dln_ledger *ledger = &keeper->book->ledger;
    for (size_t i = 0; i < file->n_asked; i++) { /* those that run still */
        size_t at = 0;
        while (at < ledger->n_rows && ledger->rows[ledger->n_rows - 1 - at].id != file->asked[i])
            at++;
        if (at == ledger->n_rows) continue;
        if (ledger->rows[ledger->n_rows - 1 - at].state != DLN_TRIAL_RUNNING) continue;
        file->asked[n++] = file->asked[i];
    }
    file->n_asked = n;
    if (!dln_store_beat_trials(file->store, n, file->asked, err)) return false;
    if (!dln_store_fail_lost(file->store, DLN_LOST_S, &n_lost, err)) return false;
    if (n_lost > 0) file->version = 0; /* our own commits change no version */
    return true;
}

static void close_file(struct dln_keeper *keeper)
{
    struct file *file = (struct file *)keeper;
    char *path = file->has_written ? strdup(dln_store_path(file->store)) : NULL;
    dln_store_close(file->store);
    if (path) dln_store_shorten_log(path, file->study_id); /* so that the file alone is whole */
    free(path);
    dln_arena_release(&file->arena);
    free(file->asked);
    free(file);
}

bool dln_keep_in_file(struct dln_book *book, dln_store *store, int64_t study_id, bool beats,
                      struct dln_keeper **out, struct dln_error *err)
{
    struct file *file = calloc(1, sizeof *file);
    if (!file) {
        dln_store_close(store);
        return dln_fail(err, DLN_NOMEM, "keep the trials");
    }
    file->store = store;
    file->study_id = study_id;
    file->beats = beats;
    file->keeper = (struct dln_keeper){
        .book = book,
        .refresh = refresh,
        .next_number = next_number,
        .start = start,
        .next_waiting = next_waiting,
        .claim = claim,
        .enqueue = enqueue,
        .report = report,
        .finish = finish,
        .beat = beat,
        .close = close_file,
    };
    if (!dln_store_join(store, study_id, err) || !beat(&file->keeper, err)) {
        close_file(&file->keeper);
        return false;
    }
    *out = &file->keeper;
    return true;
}
