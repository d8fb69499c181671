#include "support/desk.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "support/fixture.h"
#include "support/test.h"

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

void desk_open(struct desk *desk)
{
    *desk = (struct desk){{0}, {0}, {0}};
    scratch_make(desk->folder);
}

void desk_close(struct desk *desk)
{
    int64_t pid;
    if (desk->db[0] && desk_engine_alive(desk, &pid)) {
        (void)kill((pid_t)pid, SIGKILL); /* its guardian ends the trials */
        desk_wait_engine_gone(desk);
    }
    scratch_remove(desk->folder);
}

void desk_fixture(const struct desk *desk, const char *file, const char *name, int n)
{
    struct dln_error err = {0};
    assert_ok(fixture_study(scratch_path(desk->folder, file), name, (size_t)n, 6, 20, 7, &err),
              err);
}

void desk_write(struct desk *desk, int trials, int parallel)
{
    char text[2048];
    (void)snprintf(desk->study, sizeof desk->study, "%s", scratch_path(desk->folder, "gated.yaml"));
    (void)snprintf(desk->db, sizeof desk->db, "%s", scratch_path(desk->folder, "gated.db"));
    (void)snprintf(text, sizeof text,
                   "study: gated\n"
                   "run: [sh, trial.sh, \"{x}\", \"{kind}\"]\n"
                   "objective: {minimize: loss}\n"
                   "space:\n"
                   "  x: {float: [0, 1]}\n"
                   "  kind: {choice: [plain, fancy]}\n"
                   "strategy: random\n"
                   "budget: {trials: %d}\n"
                   "machine: {parallel: %d, grace: 2s}\n",
                   trials, parallel);
    write_file(desk->study, text);
    write_file(scratch_path(desk->folder, "trial.sh"),
               "echo \"trial of $1\"\n"
               "echo \"loss=$1\"\n"
               "while [ ! -e gate ]; do sleep 0.05; done\n");
}

void desk_open_gate(const struct desk *desk)
{
    write_file(scratch_path(desk->folder, "gate"), "");
}

screen *desk_start(const struct desk *desk, int rows, int cols, const char *term,
                   const char *locale, const char *const *words)
{
    char home[SCRATCH_PATH_MAX + 8], state[SCRATCH_PATH_MAX + 32], language[64];
    (void)snprintf(home, sizeof home, "HOME=%s", desk->folder);
    (void)snprintf(state, sizeof state, "XDG_STATE_HOME=%s/state", desk->folder);
    (void)snprintf(language, sizeof language, "LC_ALL=%s", locale);
    /* It is always about noon there: no trial began yesterday. */
    char zone[32];
    (void)snprintf(zone, sizeof zone, "TZ=T%+d", (int)(dln_clock_wall_us() / 3600000000 % 24) - 12);
    char *const env[] = {home, state, language, zone, NULL};
    enum { WORDS_MAX = 12 };
    char copies[WORDS_MAX][SCRATCH_PATH_MAX];
    char *argv[WORDS_MAX + 1] = {NULL};
    (void)snprintf(copies[0], sizeof copies[0], "%s", TEST_DIALIN);
    argv[0] = copies[0];
    for (int i = 0; words[i] && i + 1 < WORDS_MAX; i++) {
        (void)snprintf(copies[i + 1], sizeof copies[i + 1], "%s", words[i]);
        argv[i + 1] = copies[i + 1];
    }
    return screen_open(rows, cols, term, argv, env);
}

screen *desk_dialin(const struct desk *desk, const char *word, const char *argument)
{
    const char *const words[] = {word, argument, NULL};
    return desk_start(desk, 24, 80, "xterm-256color", "C.UTF-8", words);
}

/* Time that no event can be waited for: another process or a deaf question. */
static void pass_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

void desk_press_until_gone(screen *s, const char *key, const char *text)
{
    const int64_t end_ns = dln_clock_mono_ns() + DESK_WAIT_MS * (int64_t)1000000;
    while (screen_shows(s, text)) {
        assert_true(dln_clock_mono_ns() < end_ns);
        screen_keys(s, key);
        pass_ms(100);
    }
}

/* The only study of the gated file; false while there is none. */
static bool read_summary(const struct desk *desk, struct dln_arena *arena,
                         struct dln_study_summary *summary)
{
    dln_store *store = NULL;
    int64_t id;
    const bool ok = dln_store_open(desk->db, DLN_STORE_READ, &store, NULL) &&
                    dln_store_find_study(store, NULL, &id, NULL) &&
                    dln_store_study(store, id, arena, summary, NULL);
    dln_store_close(store);
    return ok;
}

int64_t desk_count_ended(const struct desk *desk)
{
    struct dln_arena arena = {0};
    struct dln_study_summary summary;
    int64_t n = -1;
    if (read_summary(desk, &arena, &summary)) {
        n = summary.counts[DLN_TRIAL_COMPLETE] + summary.counts[DLN_TRIAL_PRUNED] +
            summary.counts[DLN_TRIAL_FAIL];
    }
    dln_arena_release(&arena);
    return n;
}

bool desk_engine_alive(const struct desk *desk, int64_t *pid)
{
    struct dln_arena arena = {0};
    struct dln_study_summary summary;
    const bool is_alive =
        read_summary(desk, &arena, &summary) && summary.lease.held && summary.lease.alive;
    if (is_alive) *pid = summary.lease.pid;
    dln_arena_release(&arena);
    return is_alive;
}

void desk_wait_engine_gone(const struct desk *desk)
{
    const int64_t end_ns = dln_clock_mono_ns() + DESK_WAIT_MS * (int64_t)1000000;
    int64_t pid;
    while (desk_engine_alive(desk, &pid)) {
        assert_true(dln_clock_mono_ns() < end_ns);
        pass_ms(50);
    }
}

int64_t desk_child_of(int64_t pid)
{
    char path[96], text[256] = "";
    (void)snprintf(path, sizeof path, "/proc/%lld/task/%lld/children", (long long)pid,
                   (long long)pid);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    const bool ok = fgets(text, sizeof text, file) != NULL;
    (void)fclose(file);
    long long child = -1;
    if (!ok || sscanf(text, "%lld", &child) != 1) return -1;
    return child;
}
