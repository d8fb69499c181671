#include "doctor.h"

#include <inttypes.h>
#include <string.h>

#include "format.h"

static const int64_t mega = 1000000, giga = 1000000000;
/* A clock before this has never been set: 2024-01-01. */
static const int64_t earliest_s = 1704067200;

const char *doctor_state_name(enum doctor_state state)
{
    switch (state) {
    case DOCTOR_OK: return "ok";
    case DOCTOR_NOTE: return "note";
    case DOCTOR_HURTS: return "hurts";
    }
    return "";
}

struct round {
    const struct surroundings *here;
    struct dln_arena *arena;
    struct doctor_check *out;
    size_t n;
};

static void add(struct round *round, const char *name, enum doctor_state state, const char *text,
                const char *remedy)
{
    round->out[round->n++] = (struct doctor_check){
        .name = name, .state = state, .text = text, .remedy = state == DOCTOR_OK ? NULL : remedy};
}

/* ── the checks, the gravest first ─────────────────────────────────────────────────────────────*/

static void check_folder(struct round *round)
{
    const struct surroundings *here = round->here;
    if (here->folder_errno != 0) {
        add(round, "folder", DOCTOR_HURTS,
            dln_arena_printf(round->arena, "'%s' cannot be written (%s): no study can begin there",
                             here->folder, strerror(here->folder_errno)),
            "work in a folder of your own, or have its owner give you the right to write");
    } else {
        add(round, "folder", DOCTOR_OK,
            dln_arena_printf(round->arena, "'%s' can be written", here->folder), NULL);
    }
    add(round, "file system", here->is_network ? DOCTOR_HURTS : DOCTOR_OK,
        here->is_network ? "several machines share it: without a write-ahead log every commit waits"
                           " for the network, and locks may fail"
                         : "local: write-ahead logging works",
        "keep the .db on a local disk (dialin copy takes it there) and copy it back at the end");
}

static void check_space(struct round *round)
{
    const struct surroundings *here = round->here;
    char bytes[FORMAT_MAX];
    enum doctor_state state = DOCTOR_OK;
    if (here->free_bytes == SURROUNDINGS_NONE) {
        add(round, "disk", DOCTOR_NOTE, "how much room is left cannot be told", "look at df");
        return;
    }
    if (here->free_bytes < giga || here->free_files < 10000) state = DOCTOR_NOTE;
    if (here->free_bytes < 100 * mega || here->free_files < 1000) state = DOCTOR_HURTS;
    (void)format_bytes(bytes, here->free_bytes);
    const char *text =
        here->free_files == SURROUNDINGS_NONE
            ? dln_arena_printf(round->arena, "%s free", bytes)
            : dln_arena_printf(round->arena, "%s and room for %" PRId64 " files free", bytes,
                               here->free_files);
    add(round, "disk", state, text,
        "make room: a study pauses when its disk is full, and what trials write themselves is"
        " lost; keep: {top: 3} in the study file removes the folders of trials that are not"
        " among the best");
}

static void check_locks(struct round *round)
{
    const struct surroundings *here = round->here;
    const bool ok = here->lock_trouble[0] == '\0';
    add(round, "locks", ok ? DOCTOR_OK : DOCTOR_HURTS,
        ok ? "engines can lock their studies"
           : dln_arena_printf(round->arena, "no engine can start: %s", here->lock_trouble),
        "set XDG_RUNTIME_DIR to a folder of your own with mode 700");
}

static void check_log_out(struct round *round)
{
    const struct surroundings *here = round->here;
    if (!here->kills_at_logout || here->is_root) {
        add(round, "log-out", DOCTOR_OK, "what you leave running goes on when you log out", NULL);
        return;
    }
    add(round, "log-out", here->in_session ? DOCTOR_HURTS : DOCTOR_NOTE,
        here->in_session
            ? "logind ends all processes of this session at log-out (KillUserProcesses=yes), the"
              " study and its trials too"
            : "logind ends the processes of sessions at log-out (KillUserProcesses=yes); this"
              " process is in none",
        "once: loginctl enable-linger; then start it by systemd-run --user --scope dialin ...");
}

/* An open file is needed for nine ways of a trial, and some by the engine itself. */
static void check_limits(struct round *round)
{
    const struct surroundings *here = round->here;
    char bytes[FORMAT_MAX];
    const char *text = NULL;
    const char *remedy = NULL;
    enum doctor_state state = DOCTOR_HURTS;
    if (here->open_files < 256) {
        text = dln_arena_printf(round->arena, "%" PRId64 " open files: not enough for many trials",
                                here->open_files);
        remedy = "raise it: ulimit -Hn 4096, or nofile in /etc/security/limits.conf";
    } else if (here->processes < 256 && !here->is_root) {
        text = dln_arena_printf(round->arena, "%" PRId64 " processes: trials may not start",
                                here->processes);
        remedy = "raise it: ulimit -u 4096, or nproc in /etc/security/limits.conf";
    } else if (here->cpu_s != SURROUNDINGS_NONE) {
        text = dln_arena_printf(round->arena,
                                "the kernel ends each process after %" PRId64 " s of CPU time",
                                here->cpu_s);
        remedy = "ulimit -t unlimited, or run it in a batch job";
    } else if (here->file_bytes < giga) {
        text = dln_arena_printf(round->arena, "no file may grow beyond %s",
                                format_bytes(bytes, here->file_bytes));
        remedy = "ulimit -f unlimited";
    } else if (here->memory_bytes < 2 * giga) {
        text = dln_arena_printf(round->arena, "a process may address %s only",
                                format_bytes(bytes, here->memory_bytes));
        remedy = "ulimit -v unlimited; machine: {memory: 4G} in the study file limits trials alone";
        state = DOCTOR_NOTE;
    } else {
        text = "wide enough: open files, processes, memory, CPU time, file size";
        state = DOCTOR_OK;
    }
    add(round, "limits", state, text, remedy);
}

static void check_kernel(struct round *round)
{
    const bool ok = round->here->sees_children;
    add(round, "processes", ok ? DOCTOR_OK : DOCTOR_HURTS,
        ok ? "what trials start can be found and ended"
           : "/proc does not tell which processes a process has: what a trial leaves behind lives"
             " on",
        "mount /proc; its kernel needs CONFIG_PROC_CHILDREN");
}

static void check_sqlite(struct round *round)
{
    const struct surroundings *here = round->here;
    add(round, "SQLite", here->sqlite_notice ? DOCTOR_NOTE : DOCTOR_OK,
        here->sqlite_notice
            ? dln_arena_printf(round->arena, "%s: %s", here->sqlite_version, here->sqlite_notice)
            : dln_arena_printf(round->arena, "%s", here->sqlite_version),
        "SQLite 3.51.3, 3.50.7 or 3.44.6; until then let no program of another SQLite write the"
        " file while a study runs");
}

static void check_clock(struct round *round)
{
    const struct surroundings *here = round->here;
    static const char set_it[] = "switch time synchronisation on: timedatectl set-ntp true";
    if (here->now_s < earliest_s) {
        add(round, "clock", DOCTOR_HURTS, "it has never been set: the times of trials are wrong",
            set_it);
    } else {
        add(round, "clock", here->is_synchronised ? DOCTOR_OK : DOCTOR_NOTE,
            here->is_synchronised
                ? "set and synchronised"
                : "set, but nothing keeps it right: times of trials may jump, their durations and"
                  " limits do not",
            set_it);
    }
}

static void check_terminal(struct round *round)
{
    const struct surroundings *here = round->here;
    const bool is_utf8 = strcmp(here->codeset, "UTF-8") == 0;
    add(round, "locale", is_utf8 ? DOCTOR_OK : DOCTOR_NOTE,
        is_utf8 ? "UTF-8"
                : dln_arena_printf(round->arena,
                                   "%s, not UTF-8: plots are drawn with ASCII,"
                                   " letters beyond it become '?'",
                                   here->codeset),
        "export LC_ALL=C.UTF-8");
    if (here->term[0] == '\0') {
        add(round, "terminal", DOCTOR_NOTE, "TERM is not set: lines instead of a screen",
            "export TERM=xterm-256color, where there is a terminal");
    } else if (strcmp(here->term, "dumb") == 0) {
        add(round, "terminal", DOCTOR_NOTE, "TERM is 'dumb': lines instead of a screen",
            "export TERM=xterm-256color, where it is one");
    } else {
        add(round, "terminal", here->term_is_known ? DOCTOR_OK : DOCTOR_HURTS,
            here->term_is_known
                ? dln_arena_printf(round->arena, "'%s' is known", here->term)
                : dln_arena_printf(round->arena, "'%s' is unknown here: there is no screen",
                                   here->term),
            "export TERM=xterm-256color, or copy its description here:"
            " infocmp | ssh HOST tic -x -");
    }
}

size_t doctor_judge(const struct surroundings *here, struct dln_arena *arena,
                    struct doctor_check out[DOCTOR_CHECKS_MAX])
{
    struct round round = {.here = here, .arena = arena, .out = out};
    check_folder(&round);
    check_space(&round);
    check_locks(&round);
    check_log_out(&round);
    check_limits(&round);
    check_kernel(&round);
    check_sqlite(&round);
    check_clock(&round);
    check_terminal(&round);
    for (size_t i = 0; i < round.n; i++) {
        if (!out[i].text) return 0;
    }
    return round.n;
}
