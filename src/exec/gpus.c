#define _GNU_SOURCE /* pipe2, memmem */
/*
 * The GPUs that trials may use, and which of them a slot has. Programs see them by
 * CUDA_VISIBLE_DEVICES, and so do we: where it is set, it is all there is (also in a job of a
 * cluster, with names instead of numbers); else what nvidia-smi lists.
 */
#include "dialin/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/placeholder.h"

enum { LIST_BYTES_MAX = 64 * 1024, LIST_MS = 10000, GPUS_MAX = 4096 };

extern char **environ;

struct dln_gpus {
    struct dln_arena arena;
    size_t n;
    const char **name;
    size_t each;  /* GPUs of a slot */
    size_t share; /* slots of a GPU */
};

bool dln_gpu_wanted(const struct dln_study *study)
{
    const struct dln_machine *machine = &study->machine;
    if (machine->gpus == 0) return false;
    return machine->gpus_auto || machine->gpus > 0 || machine->gpus_per_trial > 0 ||
           machine->trials_per_gpu > 0;
}

static bool add(struct dln_gpus *gpus, const char *name, size_t len)
{
    char *copy = dln_arena_alloc(&gpus->arena, len + 1, 1);
    if (!copy) return false;
    memcpy(copy, name, len);
    copy[len] = '\0';
    gpus->name[gpus->n++] = copy;
    return true;
}

/* ── which there are ───────────────────────────────────────────────────────────────────────────*/

/* As CUDA reads it: what comes after the first entry that is none does not count. */
static bool take_visible(struct dln_gpus *gpus, const char *list)
{
    for (const char *at = list; *at && gpus->n < GPUS_MAX; at++) {
        at += strspn(at, " \t");
        const size_t whole = strcspn(at, ",");
        size_t len = whole;
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
            len--;
        if (len == 0 || at[0] == '-' || strncmp(at, "NoDevFiles", len) == 0) return true;
        if (!add(gpus, at, len)) return false;
        at += whole;
        if (*at == '\0') return true;
    }
    return true;
}

/* The output until its end; what takes too long is ended. */
static size_t read_list(int fd, pid_t pid, char *out)
{
    const int64_t deadline_ns = dln_clock_mono_ns() + LIST_MS * INT64_C(1000000);
    size_t len = 0;
    while (len < LIST_BYTES_MAX) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        const int64_t left_ms = (deadline_ns - dln_clock_mono_ns()) / 1000000;
        if (left_ms <= 0) break;
        if (poll(&ready, 1, (int)left_ms) <= 0) continue;
        const ssize_t got = read(fd, out + len, LIST_BYTES_MAX - len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        len += (size_t)got;
    }
    (void)kill(pid, SIGKILL); /* not reaped yet: nobody else has its number */
    return len;
}

static bool spawn_list(int out_fd, pid_t *pid)
{
    static char program[] = "nvidia-smi";
    static char list[] = "-L";
    char *const argv[] = {program, list, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&files) != 0) return false;
    bool ok = posix_spawnattr_init(&attributes) == 0;
    if (ok) {
        ok = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0 &&
             posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
             posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0) == 0 &&
             posix_spawn_file_actions_adddup2(&files, out_fd, 1) == 0 &&
             posix_spawn_file_actions_adddup2(&files, 0, 2) == 0 &&
             posix_spawnp(pid, program, &files, &attributes, argv, environ) == 0;
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return ok;
}

/*
 * "GPU 0: NVIDIA A100 (UUID: GPU-…)", and below it "  MIG 1g.5gb Device 0: (UUID: MIG-…)" where it
 * is cut into parts: those are what programs can have then.
 */
static bool take_line(struct dln_gpus *gpus, const char *line, size_t len, bool *is_cut)
{
    const char *at = line + strspn(line, " ");
    const size_t left = len - (size_t)(at - line);
    if (gpus->n == GPUS_MAX) return true;
    if (left > 4 && memcmp(at, "GPU ", 4) == 0) {
        const size_t digits = strspn(at + 4, "0123456789");
        *is_cut = false;
        return digits == 0 || add(gpus, at + 4, digits);
    }
    if (left < 4 || memcmp(at, "MIG ", 4) != 0) return true;
    const char *name = memmem(at, left, "UUID: ", 6);
    if (!name) return true;
    name += 6;
    if (!*is_cut && gpus->n > 0) gpus->n--; /* the whole one */
    *is_cut = true;
    size_t n = 0;
    while (name + n < line + len && name[n] != ')')
        n++;
    return add(gpus, name, n);
}

static bool ask_machine(struct dln_gpus *gpus)
{
    int ends[2];
    pid_t pid;
    char *text = malloc(LIST_BYTES_MAX + 1);
    if (!text) return false;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(text);
        return true;
    }
    const bool runs = spawn_list(ends[1], &pid);
    (void)close(ends[1]);
    const size_t len = runs ? read_list(ends[0], pid, text) : 0;
    (void)close(ends[0]);
    while (runs && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    text[len] = '\0';
    bool ok = true;
    bool is_cut = false;
    for (const char *at = text; ok && *at;) {
        const size_t line = strcspn(at, "\n");
        ok = take_line(gpus, at, line, &is_cut);
        at += line + (at[line] == '\n');
    }
    free(text);
    return ok;
}

/* `gpus: 4` where nobody says which: the first four. */
static bool count_off(struct dln_gpus *gpus, int n)
{
    char text[32];
    for (int i = 0; i < n; i++) {
        const int len = snprintf(text, sizeof text, "%d", i);
        if (!add(gpus, text, (size_t)len)) return false;
    }
    return true;
}

/* ── whose they are ────────────────────────────────────────────────────────────────────────────*/

static void deal(struct dln_gpus *gpus, const struct dln_machine *machine)
{
    const double each = machine->gpus_per_trial;
    gpus->each = each > 1 ? (size_t)each : 1;
    gpus->share = machine->trials_per_gpu > 1 ? (size_t)machine->trials_per_gpu : 1;
    if (each > 0 && each < 1) gpus->share = (size_t)(1 / each + 0.5);
}

static bool find(struct dln_gpus *gpus, const struct dln_study *study, struct dln_error *err)
{
    const int wanted = study->machine.gpus;
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    gpus->name = DLN_ARENA_ARRAY(&gpus->arena, const char *, GPUS_MAX);
    bool ok = gpus->name != NULL;
    if (ok && visible) {
        ok = take_visible(gpus, visible);
    } else if (ok) {
        ok = wanted > 0 ? count_off(gpus, wanted) : ask_machine(gpus);
    }
    if (!ok) return dln_fail(err, DLN_NOMEM, "list the GPUs");
    if (gpus->n == 0) {
        return dln_fail(err, DLN_NOT_FOUND,
                        visible ? "the trials need a GPU, but CUDA_VISIBLE_DEVICES names none"
                                : "the trials need a GPU, but 'nvidia-smi -L' lists none; set "
                                  "CUDA_VISIBLE_DEVICES to name those to use");
    }
    if (wanted > 0 && (size_t)wanted > gpus->n) {
        return dln_fail(err, DLN_NOT_FOUND,
                        "'gpus' is %d, but CUDA_VISIBLE_DEVICES has only %zu: %.100s", wanted,
                        gpus->n, visible ? visible : "");
    }
    if (wanted > 0) gpus->n = (size_t)wanted;
    if (gpus->each > gpus->n) {
        return dln_fail(err, DLN_NOT_FOUND, "a trial needs %zu GPUs, but there are only %zu",
                        gpus->each, gpus->n);
    }
    return true;
}

bool dln_gpus_new(const struct dln_study *study, dln_gpus **out, struct dln_error *err)
{
    *out = NULL;
    if (!dln_gpu_wanted(study)) return true;
    dln_gpus *gpus = calloc(1, sizeof *gpus);
    if (!gpus) return dln_fail(err, DLN_NOMEM, "list the GPUs");
    deal(gpus, &study->machine);
    if (!find(gpus, study, err)) {
        dln_gpus_free(gpus);
        return false;
    }
    *out = gpus;
    return true;
}

void dln_gpus_free(dln_gpus *gpus)
{
    if (!gpus) return;
    dln_arena_release(&gpus->arena);
    free(gpus);
}

int dln_gpus_slots(const dln_gpus *gpus)
{
    return (int)(gpus->n / gpus->each * gpus->share);
}

/* The slots go round the GPUs, so that one is shared only when each has a trial. */
char *dln_gpus_of_slot(const dln_gpus *gpus, int slot, struct dln_arena *arena)
{
    struct dln_strbuf list = {0};
    const size_t first = (size_t)slot % (gpus->n / gpus->each) * gpus->each;
    for (size_t i = 0; i < gpus->each; i++) {
        if (i > 0) dln_strbuf_add_char(&list, ',');
        dln_strbuf_add(&list, gpus->name[first + i]);
    }
    char *text = dln_strbuf_ok(&list) ? dln_arena_copy(arena, dln_strbuf_text(&list)) : NULL;
    dln_strbuf_release(&list);
    return text;
}

void dln_gpus_text(const dln_gpus *gpus, struct dln_strbuf *out)
{
    dln_strbuf_addf(out, "%zu GPU%s (", gpus->n, gpus->n == 1 ? "" : "s");
    for (size_t i = 0; i < gpus->n; i++)
        dln_strbuf_addf(out, "%s%.60s", i > 0 ? " " : "", gpus->name[i]);
    dln_strbuf_add(out, ")");
    if (gpus->each > 1) dln_strbuf_addf(out, ", %zu a trial", gpus->each);
    if (gpus->share > 1) dln_strbuf_addf(out, ", %zu trials a GPU", gpus->share);
}
