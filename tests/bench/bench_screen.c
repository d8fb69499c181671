/*
 * The screen on a line: how many bytes, how late. The program runs on a pseudo-terminal of 80x24,
 * 160x45 and 200x50 with TERM=xterm-256color in front of a terminal emulator that answers its
 * questions, on a finished study of 100,000 trials and 6 parameters, then on one that runs.
 *
 *     first frame   from fork to the first moment with 4 filled rows; 7 starts; its bytes until
 *                   60 ms of silence
 *     key           from the key to the last byte before 150 ms of silence; 20 presses
 *     at rest       5 s after all is loaded
 *     running       4 workers, one report a second each, 15 s; also with --slow
 *
 * With each key its processor time, of all threads: it is the same whatever else is at work.
 *
 * Bytes are medians; times are medians and 99th percentiles, which of 20 is the worst. At the end,
 * for scale, what other screen programs that are installed cost in the same harness.
 *
 *     bench_screen DIALIN FILE [80x24]
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "support/measure.h"
#include "support/screen.h"
#include "support/test.h"

enum { SIZES = 3, STARTS = 7, PRESSES = 20, REST_S = 5, RUN_S = 15 };
enum { QUIET_MS = 150, BURST_MS = 60, LATEST_MS = 20000, TRIALS = 100000 };

static const struct {
    int cols, rows;
} sizes[SIZES] = {{80, 24}, {160, 45}, {200, 50}};

/* What is pressed, and what it may cost. */
struct situation {
    const char *name;
    const char *keys[2]; /* pressed in turn */
    bool only_narrow;    /* wider screens show it all at once */
    int bytes[SIZES];    /* limits; 0: none */
    double ms;           /* limit, 99th percentile; 0: none */
};

static const struct situation situations[] = {
    {"cursor down", {"j", "j"}, false, {300, 450, 500}, 16},
    {"page down", {SCREEN_PAGE_DOWN, SCREEN_PAGE_DOWN}, false, {1600, 3000, 3500}, 16},
    {"sort by value, number", {"sv", "sn"}, false, {0, 0, 0}, 16},
    {"other tab and back", {"8", "1"}, false, {0, 0, 0}, 16},
    {"other plot", {"]", "["}, true, {2500, 0, 0}, 30},
    {"Ctrl-L", {"\f", "\f"}, false, {5000, 18000, 24000}, 0},
};

static char *program;

/* ── processes ─────────────────────────────────────────────────────────────────────────────────*/

struct family {
    int64_t rss_kb, switches;
    double cpu_ms;
};

static int64_t status_field(int64_t pid, const char *field)
{
    const int64_t value = measure_memory_kb(pid, field);
    return value < 0 ? 0 : value;
}

/* Processor time of all threads of a process: not what others at work take away. */
static double cpu_ms_of(int64_t pid)
{
    char path[96];
    double ms = 0;
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) return 0;
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        int64_t ns = 0;
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/task/%.20s/schedstat", pid,
                       entry->d_name);
        FILE *in = fopen(path, "r");
        if (!in) continue;
        if (fscanf(in, "%" SCNd64, &ns) == 1) ms += (double)ns / 1e6;
        (void)fclose(in);
    }
    (void)closedir(tasks);
    return ms;
}

/* A process and its children, as far down as they go; threads each have their own switches. */
static void add_family(int64_t pid, struct family *family, int depth)
{
    char path[96];
    int64_t child;
    family->rss_kb += status_field(pid, "VmRSS");
    family->cpu_ms += cpu_ms_of(pid);
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/task/%" PRId64 "/children", pid, pid);
    family->switches += status_field(pid, "voluntary_ctxt_switches");
    FILE *in = fopen(path, "r");
    if (!in) return;
    while (depth < 8 && fscanf(in, "%" SCNd64, &child) == 1)
        add_family(child, family, depth + 1);
    (void)fclose(in);
}

/* ── one program on one terminal ───────────────────────────────────────────────────────────────*/

static screen *open_on(size_t size, char *verb, char *file)
{
    char *const argv[] = {program, verb ? verb : file, verb ? file : NULL, NULL};
    return screen_open(sizes[size].rows, sizes[size].cols, "xterm-256color", argv, NULL);
}

/* A program that is installed, in 80x24; NULL: it is not. */
static screen *open_other(const char *name)
{
    static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], name);
        char *const argv[] = {path, NULL};
        if (access(path, X_OK) == 0) return screen_open(24, 80, "xterm-256color", argv, NULL);
    }
    return NULL;
}

static bool has_frame(screen *s, const void *context)
{
    const int rows = *(const int *)context;
    int filled = 0;
    for (int row = 0; row < rows && filled < 4; row++)
        filled += screen_row(s, row)[0] != '\0';
    return filled >= 4;
}

static void show_limit(double seen, double limit)
{
    if (limit <= 0) {
        printf("%9s    ", "");
    } else {
        printf(" <= %-6g%s", limit, seen <= limit ? "  " : " !");
    }
}

static void print_row(const char *name, const struct samples *ms, double ms_limit,
                      const struct samples *bytes, double byte_limit, const struct samples *cpu)
{
    const double worst = samples_quantile(ms, 0.99);
    printf("  %-22s %7.1f %7.1f ms", name, samples_quantile(ms, 0.5), worst);
    show_limit(worst, ms_limit);
    printf("%9.0f B", samples_quantile(bytes, 0.5));
    show_limit(samples_quantile(bytes, 0.5), byte_limit);
    if (cpu) printf("%6.1f %6.1f ms", samples_quantile(cpu, 0.5), samples_quantile(cpu, 0.99));
    printf("\n");
}

static void measure_starts(size_t size, char *file, const char *name)
{
    static const int limits[SIZES] = {3000, 7000, 9000};
    static struct samples ms;
    static struct samples bytes;
    ms.n = bytes.n = 0;
    for (int i = 0; i < STARTS; i++) {
        screen *s = open_on(size, NULL, file);
        screen_wait_until(s, has_frame, &sizes[size].rows, "a frame", LATEST_MS);
        samples_add(&ms, (double)(screen_last_ns(s) - screen_started_ns(s)) / 1e6);
        (void)screen_settle(s, BURST_MS, 1000);
        samples_add(&bytes, (double)screen_bytes(s));
        screen_close(s);
    }
    print_row(name, &ms, 50, &bytes, limits[size], NULL);
}

static bool has_more(screen *s, const void *context)
{
    return screen_bytes(s) > *(const size_t *)context;
}

static void measure_keys(screen *s, size_t size, const struct situation *what)
{
    static struct samples ms;
    static struct samples bytes;
    static struct samples cpu;
    ms.n = bytes.n = cpu.n = 0;
    (void)screen_settle(s, 2 * QUIET_MS, LATEST_MS);
    for (int i = 0; i < PRESSES; i++) {
        const size_t before = screen_bytes(s);
        struct family family = {0};
        add_family(screen_pid(s), &family, 0);
        const double cpu_before_ms = family.cpu_ms;
        const int64_t pressed_ns = dln_clock_mono_ns();
        screen_keys(s, what->keys[i % 2]);
        screen_wait_until(s, has_more, &before, what->name, LATEST_MS);
        (void)screen_settle(s, QUIET_MS, 2000);
        samples_add(&ms, (double)(screen_last_ns(s) - pressed_ns) / 1e6);
        samples_add(&bytes, (double)(screen_bytes(s) - before));
        family = (struct family){0};
        add_family(screen_pid(s), &family, 0);
        samples_add(&cpu, family.cpu_ms - cpu_before_ms);
    }
    print_row(what->name, &ms, what->ms, &bytes, what->bytes[size], &cpu);
}

/* Lets some seconds pass, reading along. Returns bytes a second. */
static double let_pass(screen *s, int seconds)
{
    const size_t bytes = screen_bytes(s);
    const int64_t until_ns = dln_clock_mono_ns() + seconds * (int64_t)1000000000;
    for (int64_t left_ms; (left_ms = (until_ns - dln_clock_mono_ns()) / 1000000) > 0;)
        (void)screen_settle(s, (int)left_ms, (int)left_ms);
    return (double)(screen_bytes(s) - bytes) / seconds;
}

/* Bytes, wake-ups and memory of some seconds in which nobody presses a key. */
static void measure_time(screen *s, int seconds, const char *name, double byte_limit)
{
    struct family before = {0};
    struct family after = {0};
    add_family(screen_pid(s), &before, 0);
    const double rate = let_pass(s, seconds);
    add_family(screen_pid(s), &after, 0);
    printf("  %-22s %7.1f wake-ups a second      %9.0f B/s", name,
           (double)(after.switches - before.switches) / seconds, rate);
    if (byte_limit >= 0) printf(" <= %-4g%s", byte_limit, rate <= byte_limit ? "  " : " !");
    printf("  RSS %.1f MB\n", (double)after.rss_kb / 1024);
}

static void measure_others(void)
{
    static const char *const names[] = {"top", "htop", "btop", "tig", "ncdu"};
    static const int rows = 24;
    printf("Other programs, 80x24\n");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        screen *s = open_other(names[i]);
        if (!s) continue;
        screen_wait_until(s, has_frame, &rows, "a frame", LATEST_MS);
        const double ms = (double)(screen_last_ns(s) - screen_started_ns(s)) / 1e6;
        (void)screen_settle(s, BURST_MS, 1000);
        const size_t first = screen_bytes(s);
        printf("  %-22s first frame %.1f ms, %zu B; at rest %.0f B/s\n", names[i], ms, first,
               let_pass(s, REST_S));
        screen_close(s);
    }
}

/* ── the tables ────────────────────────────────────────────────────────────────────────────────*/

static void measure_finished(size_t size, char *file)
{
    measure_starts(size, file, "first frame");
    screen *s = open_on(size, NULL, file);
    screen_wait(s, "100000", LATEST_MS);
    (void)screen_settle(s, 1500, LATEST_MS);
    for (size_t i = 0; i < sizeof situations / sizeof situations[0]; i++)
        if (size == 0 || !situations[i].only_narrow) measure_keys(s, size, &situations[i]);
    (void)screen_settle(s, 1500, LATEST_MS);
    measure_time(s, REST_S, "at rest", 0);
    screen_close(s);
}

static void write_study(const char *folder, const char *name, char *path, size_t cap)
{
    static const char text[] =
        "study: %s\n"
        "run: [sh, -c, 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo loss=0.$((9999-i*17));"
        " sleep 1; done', x, '{args}']\n"
        "objective: {minimize: loss}\n"
        "space:\n"
        "  lr: {float: [1e-5, 1e-1], log: true}\n"
        "  dropout: {float: [0.0, 0.5]}\n"
        "  layers: {int: [2, 8]}\n"
        "  optimizer: {choice: [sgd, adamw, lion]}\n"
        "  momentum: {float: [0.80, 0.99]}\n"
        "  amp: {flag: true}\n"
        "strategy: random\n"
        "machine: {parallel: 4}\n"
        "budget: {trials: 1000}\n";
    (void)snprintf(path, cap, "%.200s/%s.yaml", folder, name);
    FILE *out = fopen(path, "w");
    if (!out || fprintf(out, text, name) < 0 || fclose(out) != 0)
        measure_fail("write a study", NULL);
}

static void measure_run(screen *s, const char *name, double limit)
{
    screen_wait(s, "RUN 4/4", LATEST_MS);
    (void)screen_settle(s, 1000, 3000);
    measure_time(s, RUN_S, name, limit);
    screen_close(s);
}

static void measure_running(size_t size, const char *folder)
{
    static const double limits[SIZES] = {400, 700, 900};
    static char verb[] = "run";
    static char slow[] = "--slow";
    char study[300];
    write_study(folder, "running", study, sizeof study);
    measure_run(open_on(size, verb, study), "running, 4 workers", limits[size]);
    if (size > 0) return;
    write_study(folder, "running-slow", study, sizeof study);
    char *const argv[] = {program, verb, slow, study, NULL};
    measure_run(screen_open(sizes[size].rows, sizes[size].cols, "xterm-256color", argv, NULL),
                "the same, --slow", 60);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        (void)fprintf(stderr, "bench_screen DIALIN FILE [80x24]\n");
        return 2;
    }
    program = argv[1];
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t size = 0; size < SIZES; size++) {
        char name[16];
        char folder[256];
        (void)snprintf(name, sizeof name, "%dx%d", sizes[size].cols, sizes[size].rows);
        if (argc > 3 && strcmp(argv[3], name) != 0) continue;
        measure_folder(folder, sizeof folder);
        printf(
            "%-8s                    median    99 %%   limit          bytes   limit     cpu   99 %%\n",
            name);
        measure_finished(size, argv[2]);
        measure_running(size, folder);
        measure_remove(folder);
    }
    measure_others();
    return 0;
}
