#include "support/engine_rig.h"

#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/exec.h"
#include "dialin/num.h"
#include "dialin/wake.h"

static const int64_t patience_ns = INT64_C(60000000000);

void rig_be_guardian(int argc, char **argv)
{
    int64_t fd;
    if (argc != 3 || strcmp(argv[1], "--guardian") != 0) return;
    if (!dln_num_parse_int(argv[2], strlen(argv[2]), &fd)) exit(2);
    exit(dln_guardian_main((int)fd));
}

void rig_path(const struct engine_rig *rig, const char *file, char *out, size_t cap)
{
    const int len = snprintf(out, cap, "%s/%s", rig->dir, file);
    assert_true(len > 0 && (size_t)len < cap);
}

void rig_write(const struct engine_rig *rig, const char *file, const char *text)
{
    char path[256];
    rig_path(rig, file, path, sizeof path);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

bool rig_has(const struct engine_rig *rig, const char *file)
{
    char path[256];
    rig_path(rig, file, path, sizeof path);
    return access(path, F_OK) == 0;
}

void rig_open(struct engine_rig *rig, const char *script, const char *yaml)
{
    rig_open_in("/tmp", rig, script, yaml);
}

void rig_open_in(const char *root, struct engine_rig *rig, const char *script, const char *yaml)
{
    struct dln_error err = {0};
    char path[256];
    *rig = (struct engine_rig){0};
    const int len = snprintf(rig->dir, sizeof rig->dir, "%s/dialin-engine-XXXXXX", root);
    assert_true(len > 0 && (size_t)len < sizeof rig->dir);
    assert_non_null(mkdtemp(rig->dir));
    rig_path(rig, "study.db", rig->db, sizeof rig->db);
    rig_write(rig, "prog.sh", script);
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, "study: t\n");
    if (!strstr(yaml, "run:") && !strstr(yaml, "worker:")) {
        dln_strbuf_add(&text, "run: sh prog.sh {args}\n");
    }
    dln_strbuf_add(&text, yaml);
    rig_write(rig, "study.yaml", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    rig_path(rig, "study.yaml", path, sizeof path);
    assert_ok(dln_study_read_file(path, &rig->study, &err), err);

    dln_store *store;
    assert_ok(dln_store_open(rig->db, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, rig->study, &rig->study_id, &err), err);
    dln_store_close(store);
    assert_ok(dln_wake_init(&rig->wake, &err), err);
}

void rig_close(struct engine_rig *rig)
{
    assert_null(rig->engine);
    char command[128];
    dln_wake_release(&rig->wake);
    dln_arena_release(&rig->arena);
    dln_study_free(rig->study);
    assert_true(snprintf(command, sizeof command, "rm -r '%s'", rig->dir) > 0);
    assert_int_equal(system(command), 0);
}

void rig_start(struct engine_rig *rig)
{
    struct dln_error err = {0};
    const struct dln_engine_options options = {
        .db_path = rig->db, .study_id = rig->study_id, .notify = &rig->wake};
    assert_ok(dln_engine_start(&options, &rig->engine, &err), err);
}

void rig_join(struct engine_rig *rig, enum dln_engine_outcome expected)
{
    struct dln_error err = {0};
    const enum dln_engine_outcome outcome = dln_engine_join(rig->engine, &err);
    rig->engine = NULL;
    if (outcome != expected) print_error("outcome %d: %s\n", (int)outcome, err.text);
    assert_int_equal(outcome, expected);
}

void rig_run(struct engine_rig *rig)
{
    rig_start(rig);
    rig_join(rig, DLN_OUTCOME_DONE);
}

static char *answer_of(struct engine_rig *rig)
{
    char *answer = dln_arena_alloc(&rig->arena, DLN_ERROR_TEXT_MAX, 1);
    assert_non_null(answer);
    return answer;
}

const char *rig_steer(struct engine_rig *rig, enum dln_command_kind kind, const char *payload)
{
    struct dln_error err = {0};
    char *answer = answer_of(rig);
    assert_ok(dln_steer(rig->db, rig->study_id, kind, payload, 30000, answer, &err), err);
    return answer;
}

const char *rig_refused(struct engine_rig *rig, enum dln_command_kind kind, const char *payload)
{
    struct dln_error err = {0};
    char *answer = answer_of(rig);
    assert_fails(dln_steer(rig->db, rig->study_id, kind, payload, 30000, answer, &err), err,
                 DLN_REFUSED);
    assert_string_equal(err.text, answer);
    return answer;
}

static dln_store *open_to_read(const struct engine_rig *rig)
{
    struct dln_error err = {0};
    dln_store *store;
    assert_ok(dln_store_open(rig->db, DLN_STORE_READ, &store, &err), err);
    return store;
}

struct dln_study_summary rig_summary(struct engine_rig *rig)
{
    struct dln_error err = {0};
    struct dln_study_summary summary;
    dln_store *store = open_to_read(rig);
    assert_ok(dln_store_study(store, rig->study_id, &rig->arena, &summary, &err), err);
    dln_store_close(store);
    return summary;
}

struct dln_trial rig_trial(struct engine_rig *rig, int64_t number)
{
    struct dln_error err = {0};
    struct dln_trial trial;
    dln_store *store = open_to_read(rig);
    assert_ok(dln_store_trial(store, rig->study_id, &rig->study->space, rig->study->n_objectives,
                              number, &rig->arena, &trial, &err),
              err);
    dln_store_close(store);
    return trial;
}

static bool journal_has(struct engine_rig *rig, const char *text, bool print)
{
    struct dln_error err = {0};
    struct dln_command *lines;
    size_t n;
    bool found = false;
    dln_store *store = open_to_read(rig);
    assert_ok(dln_store_journal(store, rig->study_id, 0, 1000, &rig->arena, &lines, &n, &err), err);
    for (size_t i = 0; i < n; i++) {
        found = found || strstr(lines[i].payload, text) || strstr(lines[i].answer, text);
    }
    for (size_t i = 0; i < n && print && !found; i++) {
        print_error("%s %s\n", lines[i].payload, lines[i].answer);
    }
    dln_store_close(store);
    return found;
}

bool rig_journal_says(struct engine_rig *rig, const char *text)
{
    return journal_has(rig, text, true);
}

/* Until the engine pokes or a short time is over: a child's file makes no event of ours. */
static void wait_a_little(struct engine_rig *rig, int64_t since_ns, const char *what)
{
    struct pollfd fd = {.fd = rig->wake.read_fd, .events = POLLIN};
    if (dln_clock_mono_ns() - since_ns > patience_ns) {
        print_error("waited in vain for %s\n", what);
        fail();
    }
    (void)poll(&fd, 1, 20);
    dln_wake_clear(&rig->wake);
}

void rig_wait_count(struct engine_rig *rig, enum dln_trial_state state, int64_t at_least)
{
    const int64_t since = dln_clock_mono_ns();
    while (rig_summary(rig).counts[state] < at_least) {
        wait_a_little(rig, since, dln_trial_state_name(state));
    }
}

void rig_wait_run(struct engine_rig *rig, int64_t number)
{
    const int64_t since = dln_clock_mono_ns();
    while (rig_summary(rig).n_trials <= number || rig_trial(rig, number).attempt == 0) {
        wait_a_little(rig, since, "a run");
    }
}

void rig_wait_state(struct engine_rig *rig, enum dln_engine_state state)
{
    const int64_t since = dln_clock_mono_ns();
    while (rig_summary(rig).state != state) {
        wait_a_little(rig, since, dln_engine_state_name(state));
    }
}

void rig_wait_file(struct engine_rig *rig, const char *file)
{
    const int64_t since = dln_clock_mono_ns();
    while (!rig_has(rig, file))
        wait_a_little(rig, since, file);
}

void rig_wait_journal(struct engine_rig *rig, const char *text)
{
    const int64_t since = dln_clock_mono_ns();
    while (!journal_has(rig, text, false))
        wait_a_little(rig, since, text);
}

void rig_assert_numbers(struct engine_rig *rig, int64_t n)
{
    struct dln_error err = {0};
    struct dln_history_row *rows;
    size_t n_rows;
    dln_store *store = open_to_read(rig);
    assert_ok(dln_store_history(store, rig->study_id, &rig->study->space, rig->study->n_objectives,
                                0, &rig->arena, &rows, &n_rows, &err),
              err);
    dln_store_close(store);
    assert_int_equal(n_rows, n);
    for (size_t i = 0; i < n_rows; i++)
        assert_int_equal(rows[i].number, i);
}
