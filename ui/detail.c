#include "detail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOLD_MS = 6 };
static const int64_t period_ns = 1000000000;

const char *log_stream_name(enum log_stream stream)
{
    return stream == LOG_STDERR ? "stderr" : "stdout";
}

/* What comes back for one ask. Owns everything until the ui takes it. */
struct detail_job {
    struct job job;
    struct detail *detail;
    char *path;
    int64_t study_id, trial_id, number;
    struct loader *loader; /* held: it owns the space */
    const struct dln_space *space;
    size_t n_objectives;
    int64_t known_size[LOG_STREAM_COUNT]; /* of the logs we have; -1: none */

    struct dln_arena arena;
    bool has_trial;
    struct dln_trial trial;
    size_t n_attributes;
    struct dln_attribute *attributes;
    struct log_text log[LOG_STREAM_COUNT];
    bool has_log[LOG_STREAM_COUNT];
    struct dln_error err;
};

static void free_job(struct job *job)
{
    struct detail_job *ask = (struct detail_job *)job;
    for (int i = 0; i < LOG_STREAM_COUNT; i++)
        free(ask->log[i].text);
    dln_arena_release(&ask->arena);
    loader_let_go(ask->loader);
    free(ask->path);
    free(ask);
}

/* ── in the helper's thread ────────────────────────────────────────────────────────────────────*/

/* The last DETAIL_LOG_MAX bytes of a file, unless it still has the known size. */
static bool read_log(const char *path, int64_t known_size, struct log_text *log)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return false;
    struct stat stat;
    if (fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_size == known_size) {
        (void)close(fd);
        return false;
    }
    const int64_t start = stat.st_size > DETAIL_LOG_MAX ? stat.st_size - DETAIL_LOG_MAX : 0;
    const size_t wanted = (size_t)(stat.st_size - start);
    char *text = malloc(wanted + 1);
    size_t len = 0;
    while (text && len < wanted) {
        const ssize_t n = pread(fd, text + len, wanted - len, start + (int64_t)len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        len += (size_t)n;
    }
    (void)close(fd);
    if (!text) return false;
    text[len] = '\0';
    if (start > 0) { /* begin with a whole line */
        const char *line = memchr(text, '\n', len);
        if (line) {
            len -= (size_t)(line + 1 - text);
            memmove(text, line + 1, len + 1);
        }
    }
    *log = (struct log_text){.text = text, .len = len, .size = stat.st_size, .is_cut = start > 0};
    return true;
}

static void read_logs(struct detail_job *ask)
{
    const char *run_dir = ask->trial.run_dir;
    if (!run_dir || !*run_dir) return;
    const char *slash = strrchr(ask->path, '/');
    for (int i = 0; i < LOG_STREAM_COUNT; i++) {
        const char *file = log_stream_name((enum log_stream)i);
        char *path = *run_dir == '/' || !slash
                         ? dln_arena_printf(&ask->arena, "%s/%s", run_dir, file)
                         : dln_arena_printf(&ask->arena, "%.*s/%s/%s", (int)(slash - ask->path),
                                            ask->path, run_dir, file);
        if (path) ask->has_log[i] = read_log(path, ask->known_size[i], &ask->log[i]);
    }
}

static void run_job(struct job *job)
{
    struct detail_job *ask = (struct detail_job *)job;
    dln_store *store = NULL;
    if (!dln_store_open(ask->path, DLN_STORE_READ, &store, &ask->err)) return;
    ask->has_trial = dln_store_trial(store, ask->study_id, ask->space, ask->n_objectives,
                                     ask->number, &ask->arena, &ask->trial, &ask->err);
    if (ask->has_trial && !dln_store_trial_attributes(store, ask->trial.id, &ask->arena,
                                                      &ask->attributes, &ask->n_attributes, NULL)) {
        ask->n_attributes = 0;
    }
    dln_store_close(store);
    if (ask->has_trial) read_logs(ask);
}

/* ── in the ui ─────────────────────────────────────────────────────────────────────────────────*/

void detail_release(struct detail *detail)
{
    for (int i = 0; i < LOG_STREAM_COUNT; i++)
        free(detail->log[i].text);
    dln_arena_release(&detail->arena);
    const bool is_asked = detail->is_asked;
    *detail = (struct detail){.trial_id = -1, .is_asked = is_asked};
}

static void job_done(struct job *job, void *context)
{
    struct detail_job *ask = (struct detail_job *)job;
    struct detail *detail = ask->detail;
    struct view *view = context;
    detail->is_asked = false;
    view->hold_ns = 0;
    if (detail->trial_id != ask->trial_id) { /* the cursor has moved on */
        free_job(job);
        view->is_data_dirty = true;
        return;
    }
    if (!detail->has_trial) view->is_dirty = true; /* somebody waits for it */
    view->is_data_dirty = true;
    if (ask->has_trial) {
        dln_arena_release(&detail->arena);
        detail->arena = ask->arena;
        ask->arena = (struct dln_arena){0};
        detail->has_trial = true;
        detail->trial = ask->trial;
        detail->n_attributes = ask->n_attributes;
        detail->attributes = ask->attributes;
        detail->sentence[0] = '\0';
        for (int i = 0; i < LOG_STREAM_COUNT; i++) {
            if (!ask->has_log[i]) continue;
            const uint64_t revision = detail->log[i].revision + 1;
            free(detail->log[i].text);
            detail->log[i] = ask->log[i];
            detail->log[i].revision = revision;
            ask->log[i].text = NULL;
        }
    } else {
        (void)snprintf(detail->sentence, sizeof detail->sentence, "%.200s", ask->err.text);
    }
    free_job(job);
}

void detail_ask(struct view *view, struct detail *detail, size_t row)
{
    const struct session *session = &view->session;
    if (!session->is_open || row >= session->model.n) return;
    const int64_t trial_id = session->model.id[row];
    if (detail->trial_id != trial_id) {
        detail_release(detail);
        detail->trial_id = trial_id;
    }
    if (detail->is_asked) return;
    const bool is_current = detail->has_trial && detail->trial.state == session->model.state[row] &&
                            (int32_t)detail->trial.n_steps == session->model.n_steps[row];
    const bool is_growing = session->model.state[row] == DLN_TRIAL_RUNNING;
    if ((is_current && !is_growing) || detail->sentence[0]) return;
    if (detail->has_trial && view->now_ns - detail->asked_ns < period_ns) return;
    detail->asked_ns = view->now_ns;
    struct detail_job *ask = calloc(1, sizeof *ask);
    if (!ask) return;
    *ask = (struct detail_job){
        .job = {.run = run_job, .done = job_done, .drop = free_job},
        .detail = detail,
        .path = strdup(session->path),
        .study_id = session->study_id,
        .trial_id = trial_id,
        .number = session->model.number[row],
        .space = session->space,
        .n_objectives = session->model.m,
        .loader = session->loader,
    };
    loader_hold(session->loader);
    for (int i = 0; i < LOG_STREAM_COUNT; i++) {
        ask->known_size[i] = detail->log[i].text ? detail->log[i].size : -1;
    }
    if (!ask->path) {
        free_job(&ask->job);
        return;
    }
    detail->is_asked = true;
    if (!detail->has_trial) view->hold_ns = view->now_ns + HOLD_MS * (int64_t)1000000;
    helper_submit(view->helper, &ask->job);
}

void detail_why(const struct dln_trial *trial, struct dln_strbuf *out)
{
    const size_t len = strlen(trial->strategy);
    const bool is_named = strncmp(trial->why, trial->strategy, len) == 0 && trial->why[len] == ':';
    if (!is_named) dln_strbuf_addf(out, "%s%s", trial->strategy, *trial->why && len ? ": " : "");
    dln_strbuf_add(out, trial->why);
}
