#include "support/live_run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "exec/proc.h"

bool run_guardian(int argc, char **argv, int *status)
{
    int64_t fd;
    if (argc != 3 || strcmp(argv[1], "--guardian") != 0) return false;
    if (!dln_num_parse_int(argv[2], strlen(argv[2]), &fd)) return false;
    *status = dln_guardian_main((int)fd);
    return true;
}

void run_open(struct run_fixture *f, int64_t log_limit_bytes)
{
    run_open_with(f, log_limit_bytes, -1);
}

void run_open_with(struct run_fixture *f, int64_t log_limit_bytes, int inherit_fd)
{
    *f = (struct run_fixture){.objective = {.metric = "loss"}};
    f->study.name = "study";
    f->study.n_objectives = 1;
    f->study.objectives = &f->objective;
    (void)snprintf(f->root, sizeof f->root, "/tmp/dialin-test-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    const struct dln_runner_options options = {
        .inherit_fd = inherit_fd, .log_limit_bytes = log_limit_bytes, .orphan_grace_ms = 300};
    struct dln_error err;
    assert_ok(dln_runner_new(&f->study, &options, &f->runner, &err), err);
}

void run_remove(const char *dir)
{
    static const char *const files[] = {"stdout", "stderr", "metrics.jsonl", "status"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

void run_close(struct run_fixture *f)
{
    dln_runner_free(f->runner);
    for (int i = 0; i < f->n_runs; i++) {
        char dir[256];
        (void)snprintf(dir, sizeof dir, "%s/%d", f->root, i);
        run_remove(dir);
    }
    (void)rmdir(f->root);
}

void run_request(struct run_fixture *f, struct run_record *record,
                 const struct dln_run_request *request)
{
    *record = (struct run_record){0};
    (void)snprintf(record->dir, sizeof record->dir, "%s/%d", f->root, f->n_runs++);
    assert_int_equal(mkdir(record->dir, 0700), 0);
    struct dln_run_request copy = *request;
    copy.owner = record;
    copy.run_dir = record->dir;
    if (!copy.directory) copy.directory = record->dir;
    struct dln_error err;
    assert_ok(dln_runner_start(f->runner, &copy, &err), err);
}

void run_start(struct run_fixture *f, struct run_record *record, char *const *argv,
               char *const *envp)
{
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    static char *const plain[] = {path, NULL};
    const struct dln_run_request request = {.argv = argv, .envp = envp ? envp : plain};
    run_request(f, record, &request);
}

static void note(void *context, const struct dln_run_event *event)
{
    (void)context;
    struct run_record *record = event->owner;
    assert_false(record->over);
    if (event->kind == DLN_RUN_NOTICE) return;
    switch (event->kind) {
    case DLN_RUN_STARTED:
        record->started = true;
        record->pid = event->pid;
        break;
    case DLN_RUN_METRIC:
        assert_true(record->started);
        if (record->n_metrics < RUN_METRICS_KEPT) record->metric[record->n_metrics] = event->metric;
        record->n_metrics++;
        record->last_metric = event->metric;
        break;
    case DLN_RUN_OUTPUT: record->n_output++; break;
    case DLN_RUN_ENDED:
    case DLN_RUN_FAILED:
        record->over = true;
        record->end = *event;
        (void)snprintf(record->text, sizeof record->text, "%s", event->text);
        break;
    case DLN_RUN_NOTICE: break;
    }
}

void run_turn(struct run_fixture *f, int max_ms)
{
    struct pollfd fds[4];
    int timeout_ms = max_ms;
    const size_t n = dln_runner_poll(f->runner, fds, 4, &timeout_ms);
    (void)poll(fds, (nfds_t)n, timeout_ms);
    struct dln_error err;
    assert_ok(dln_runner_work(f->runner, note, NULL, &err), err);
}

static void wait_for(struct run_fixture *f, struct run_record *record,
                     bool (*is_so)(const struct run_record *), const char *what)
{
    const int64_t give_up_ns = dln_clock_mono_ns() + (int64_t)RUN_WAIT_S * 1000000000;
    while (!is_so(record)) {
        if (dln_clock_mono_ns() > give_up_ns) {
            print_error("%s: not %s after %d s\n", record->dir, what, RUN_WAIT_S);
            fail();
        }
        run_turn(f, 1000);
    }
}

static bool is_over(const struct run_record *record)
{
    return record->over;
}

static bool is_started(const struct run_record *record)
{
    return record->started || record->over;
}

static bool has_output(const struct run_record *record)
{
    return record->n_output > 0 || record->over;
}

void run_wait(struct run_fixture *f, struct run_record *record)
{
    wait_for(f, record, is_over, "over");
}

void run_wait_started(struct run_fixture *f, struct run_record *record)
{
    wait_for(f, record, is_started, "started");
}

void run_wait_output(struct run_fixture *f, struct run_record *record)
{
    wait_for(f, record, has_output, "printing");
}

char *run_read(const struct run_record *record, const char *file, size_t *len)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", record->dir, file);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    const long size = ftell(in);
    assert_true(size >= 0);
    rewind(in);
    char *text = malloc((size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, in), (size_t)size);
    text[size] = '\0';
    (void)fclose(in);
    if (len) *len = (size_t)size;
    return text;
}

size_t run_count_marked(const char *value)
{
    struct dln_pids found = {0};
    dln_proc_find_marked("DIALIN_RUN", value, &found);
    size_t alive = 0;
    for (size_t i = 0; i < found.n; i++)
        alive += dln_proc_is_alive(found.pid[i]);
    dln_pids_release(&found);
    return alive;
}

int64_t run_wait_no_marked(const char *value, int64_t deadline_ms)
{
    const int64_t start_ns = dln_clock_mono_ns();
    for (;;) {
        const size_t alive = run_count_marked(value);
        const int64_t passed_ms = (dln_clock_mono_ns() - start_ns) / 1000000;
        if (alive == 0) return passed_ms;
        if (passed_ms > deadline_ms) {
            print_error("%zu processes of '%s' are left after %d ms\n", alive, value,
                        (int)passed_ms);
            fail();
        }
        (void)poll(NULL, 0, 5); /* /proc has no event to wait for */
    }
}
