/*
 * Slurm through its own commands, from 20.02 on: sbatch, squeue, scancel, scontrol. Their text
 * output, which has not changed in many releases; not the JSON, which changes with each.
 */
#include <stdlib.h>
#include <string.h>

#include "dialin/num.h"
#include "exec/batch_system.h"

extern char **environ;

/* ── words ─────────────────────────────────────────────────────────────────────────────────────*/

struct argv {
    struct dln_arena *arena;
    char **word;
    size_t n, cap;
    bool failed;
};

static void push(struct argv *argv, char *word)
{
    if (argv->n + 1 >= argv->cap) {
        const size_t cap = argv->cap ? argv->cap * 2 : 64;
        char **grown = DLN_ARENA_ARRAY(argv->arena, char *, cap);
        if (grown && argv->n > 0)
            memcpy((void *)grown, (void *)argv->word, argv->n * sizeof *grown);
        if (grown) argv->cap = cap;
        if (grown) argv->word = grown;
        argv->failed = argv->failed || !grown;
    }
    argv->failed = argv->failed || !word;
    if (!argv->failed) argv->word[argv->n++] = word;
}

static void add(struct argv *argv, const char *word)
{
    push(argv, dln_arena_copy(argv->arena, word));
}

/* "--flag=value", nothing for a value that is not given. */
static void add_flag(struct argv *argv, const char *flag, const char *value)
{
    if (value) push(argv, dln_arena_printf(argv->arena, "%s=%s", flag, value));
}

static void add_number(struct argv *argv, const char *flag, int number)
{
    push(argv, dln_arena_printf(argv->arena, "%s=%d", flag, number));
}

static char **finish(struct argv *argv)
{
    if (argv->failed || argv->n == 0) return NULL;
    argv->word[argv->n] = NULL; /* push() leaves room */
    return argv->word;
}

/* ── submit ────────────────────────────────────────────────────────────────────────────────────*/

static int amount_of(const struct dln_amount *amount, const double *x)
{
    if (!amount->param) return amount->count;
    const double value = x[amount->index];
    return value >= 1 && value <= 65536 ? (int)value : 0; /* inactive: not asked for */
}

/* Slurm fills in what follows a '%', so that those of the path are doubled. */
static char *log_option(const char *dir, struct dln_arena *arena)
{
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, "--output=");
    for (const char *c = dir; *c; c++) {
        if (*c == '%') dln_strbuf_add_char(&text, '%');
        dln_strbuf_add_char(&text, *c);
    }
    dln_strbuf_add(&text, "/slurm.%j");
    char *made = dln_strbuf_ok(&text) ? dln_arena_copy(arena, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return made;
}

static char **submit(const struct dln_submission *submission, struct dln_arena *arena)
{
    const struct dln_study *study = submission->study;
    const struct dln_cluster *c = &study->machine.cluster;
    const struct {
        const char *flag, *value;
    } flags[] = {
        {"--partition", c->partition},
        {"--account", c->account},
        {"--qos", c->qos},
        {"--constraint", c->constraint},
        {"--reservation", c->reservation},
        {"--nodelist", c->nodelist},
        {"--exclude", c->exclude},
        {"--time", c->time},
        {"--mem", c->mem},
        {"--mem-per-cpu", c->mem_per_cpu},
        {"--mem-per-gpu", c->mem_per_gpu},
        {"--nodes", c->nodes},
        {"--nice", c->nice},
        {"--mail-type", c->mail_type},
        {"--mail-user", c->mail_user},
        {"--dependency", c->dependency},
    };
    struct argv argv = {.arena = arena};
    add(&argv, "sbatch");
    add(&argv, "--parsable");
    add(&argv, c->requeue ? "--requeue" : "--no-requeue");
    add(&argv, "--open-mode=append");
    add_flag(&argv, "--job-name", submission->name);
    add_flag(&argv, "--comment", submission->name);
    add_flag(&argv, "--chdir", submission->directory);
    push(&argv, log_option(submission->dir, arena));
    add(&argv, c->env == 1 ? "--export=NONE" : "--export=ALL");
    add(&argv, "--signal=B:USR1@60");
    add(&argv, "--ntasks=1");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        add_flag(&argv, flags[i].flag, flags[i].value);
    int cpus = amount_of(&c->cpus, submission->x);
    if (cpus == 0) cpus = study->machine.cpus_per_trial;
    if (cpus > 0) add_number(&argv, "--cpus-per-task", cpus);
    const int gpus = amount_of(&c->gpus, submission->x);
    if (gpus > 0) {
        push(&argv, dln_arena_printf(arena, "%s%s%s%d", c->gpu_flag ? "--gres=gpu:" : "--gpus=",
                                     c->gpu_type ? c->gpu_type : "", c->gpu_type ? ":" : "", gpus));
    }
    for (size_t i = 0; i < c->n_extra; i++)
        add(&argv, c->extra[i]);
    add(&argv, submission->script);
    return finish(&argv);
}

/* "1459" or "1459;cluster", nothing else on the line. */
static bool read_id(const char *line, size_t len, struct dln_job_id *id)
{
    size_t digits = 0;
    while (digits < len && line[digits] >= '0' && line[digits] <= '9')
        digits++;
    if (digits == 0 || digits >= sizeof id->id) return false;
    size_t cluster = 0;
    if (digits < len) {
        if (line[digits] != ';') return false;
        cluster = len - digits - 1;
        if (cluster == 0 || cluster >= sizeof id->cluster) return false;
        for (size_t i = digits + 1; i < len; i++) {
            const char c = line[i];
            const bool fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                              (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
            if (!fits) return false;
        }
    }
    *id = (struct dln_job_id){0};
    memcpy(id->id, line, digits);
    if (cluster > 0) memcpy(id->cluster, line + digits + 1, cluster);
    return true;
}

/* The last line that is an id: sites print banners around it. */
static bool find_id(const char *text, struct dln_job_id *id)
{
    bool found = false;
    while (*text) {
        size_t len = strcspn(text, "\n");
        const bool has_more = text[len] == '\n';
        size_t end = len;
        while (end > 0 && (text[end - 1] == '\r' || text[end - 1] == ' '))
            end--;
        found = read_id(text, end, id) || found;
        text += len + has_more;
    }
    return found;
}

static enum dln_submitted read_submit(const struct dln_study *study, const struct dln_child *child,
                                      struct dln_job_id *id)
{
    static const char *const may_exist[] = {"Socket timed out", "Zero Bytes were transmitted",
                                            "Transport endpoint is not connected"};
    static const char *const passing[] = {"Unable to contact slurm controller",
                                          "temporarily unable",
                                          "Resource temporarily",
                                          "Slurm backup controller",
                                          "Connection refused",
                                          "Connection timed out",
                                          "job submit limit",
                                          "Rate limit",
                                          "Communication connection",
                                          "Protocol authentication error",
                                          "in standby mode",
                                          "Munge",
                                          "DBD",
                                          "Error writing message"};
    const char *err = dln_strbuf_text(&child->text[1]);
    (void)study;
    if (child->is_late) {
        return find_id(dln_strbuf_text(&child->text[0]), id) ? DLN_SUBMIT_DONE : DLN_SUBMIT_UNSURE;
    }
    if (dln_child_exit(child) == 0) {
        return find_id(dln_strbuf_text(&child->text[0]), id) ? DLN_SUBMIT_DONE : DLN_SUBMIT_UNSURE;
    }
    if (dln_child_exit(child) < 0) return DLN_SUBMIT_UNSURE;
    for (size_t i = 0; i < sizeof may_exist / sizeof may_exist[0]; i++) {
        if (strstr(err, may_exist[i])) return DLN_SUBMIT_UNSURE;
    }
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (strstr(err, passing[i])) return DLN_SUBMIT_LATER;
    }
    return DLN_SUBMIT_REFUSED;
}

/* ── poll ──────────────────────────────────────────────────────────────────────────────────────*/

static void add_cluster(struct argv *argv, size_t n, const struct dln_job_id *const *ids)
{
    if (n == 0 || !ids[0]->cluster[0]) return;
    add(argv, "-M");
    add(argv, ids[0]->cluster);
}

static char **poll_words(const struct dln_study *study, size_t n,
                         const struct dln_job_id *const *ids, struct dln_arena *arena)
{
    struct argv argv = {.arena = arena};
    struct dln_strbuf list = {0};
    (void)study;
    add(&argv, "squeue");
    add(&argv, "-h");
    add(&argv, "-t");
    add(&argv, "all");
    add_cluster(&argv, n, ids);
    if (n == 0) {
        add(&argv, "--me");
    } else {
        for (size_t i = 0; i < n; i++)
            dln_strbuf_addf(&list, "%s%s", i > 0 ? "," : "", ids[i]->id);
        add(&argv, "-j");
        push(&argv, dln_strbuf_ok(&list) ? dln_arena_copy(arena, dln_strbuf_text(&list)) : NULL);
        dln_strbuf_release(&list);
    }
    add(&argv, "-o");
    add(&argv, "%A|%T|%M|%l|%r|%N|%j");
    return finish(&argv);
}

enum dln_job_state dln_slurm_state(const char *word)
{
    static const struct {
        const char *word;
        enum dln_job_state state;
    } states[] = {
        {"PENDING", DLN_STATE_QUEUED},       {"CONFIGURING", DLN_STATE_QUEUED},
        {"REQUEUED", DLN_STATE_QUEUED},      {"REQUEUE_FED", DLN_STATE_QUEUED},
        {"RESV_DEL_HOLD", DLN_STATE_QUEUED}, {"REQUEUE_HOLD", DLN_STATE_HELD},
        {"SPECIAL_EXIT", DLN_STATE_HELD},    {"RUNNING", DLN_STATE_RUNNING},
        {"SIGNALING", DLN_STATE_RUNNING},    {"STAGE_OUT", DLN_STATE_RUNNING},
        {"RESIZING", DLN_STATE_RUNNING},     {"COMPLETING", DLN_STATE_ENDING},
        {"SUSPENDED", DLN_STATE_SUSPENDED},  {"STOPPED", DLN_STATE_SUSPENDED},
        {"COMPLETED", DLN_STATE_COMPLETED},  {"FAILED", DLN_STATE_FAILED},
        {"OUT_OF_MEMORY", DLN_STATE_OOM},    {"TIMEOUT", DLN_STATE_TIMEOUT},
        {"DEADLINE", DLN_STATE_TIMEOUT},     {"CANCELLED", DLN_STATE_CANCELLED},
        {"PREEMPTED", DLN_STATE_LOST},       {"NODE_FAIL", DLN_STATE_LOST},
        {"BOOT_FAIL", DLN_STATE_LOST},       {"REVOKED", DLN_STATE_LOST},
        {"LAUNCH_FAILED", DLN_STATE_LOST},
    };
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].word, word) == 0) return states[i].state;
    }
    return DLN_STATE_UNKNOWN;
}

bool dln_slurm_is_stuck(const char *reason)
{
    static const char *const stuck[] = {"PartitionConfig",
                                        "PartitionTimeLimit",
                                        "PartitionNodeLimit",
                                        "PartitionInactive",
                                        "PartitionDown",
                                        "JobHeldUser",
                                        "JobHeldAdmin",
                                        "DependencyNeverSatisfied",
                                        "BadConstraints",
                                        "AccountNotAllowed",
                                        "QOSNotAllowed",
                                        "ReqNodeNotAvail",
                                        "InvalidAccount",
                                        "InvalidQOS",
                                        "launch_failed_requeued_held"};
    for (size_t i = 0; i < sizeof stuck / sizeof stuck[0]; i++) {
        if (strncmp(stuck[i], reason, strlen(stuck[i])) == 0) return true;
    }
    const size_t len = strlen(reason);
    return (strncmp(reason, "Assoc", 5) == 0 || strncmp(reason, "QOS", 3) == 0) && len > 5 &&
           strcmp(reason + len - 5, "Limit") == 0;
}

/* A line of ours cut at its first six bars. Foreign names may hold anything: what does not fit is
   passed over. */
static bool read_line(char *line, struct dln_job_seen *seen)
{
    char *field[7];
    field[0] = line;
    for (size_t i = 1; i < 7; i++) {
        char *bar = strchr(field[i - 1], '|');
        if (!bar) return false;
        *bar = '\0';
        field[i] = bar + 1;
    }
    if (field[0][0] == '\0' || field[0][strspn(field[0], "0123456789")] != '\0') return false;
    const size_t capitals = strspn(field[1], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    if (capitals == 0 || field[1][capitals] != '\0') return false;
    *seen = (struct dln_job_seen){
        .id = field[0],
        .state = dln_slurm_state(field[1]),
        .word = field[1],
        .reason = strcmp(field[4], "None") == 0 ? "" : field[4],
        .node = field[5],
        .name = field[6],
    };
    return true;
}

static bool read_poll(const struct dln_study *study, const struct dln_child *child,
                      dln_seen_sink *sink, void *context)
{
    (void)study;
    if (child->is_late) return false;
    if (dln_child_exit(child) != 0) { /* none of the ids is known any more */
        return dln_child_exit(child) == 1 &&
               strstr(dln_strbuf_text(&child->text[1]), "Invalid job id specified") != NULL;
    }
    char *copy = strdup(dln_strbuf_text(&child->text[0]));
    if (!copy) return false;
    char *line = copy;
    while (*line) {
        char *end = strchr(line, '\n');
        if (!end) break; /* a cut line tells nothing */
        *end = '\0';
        struct dln_job_seen seen;
        if (read_line(line, &seen)) sink(context, &seen);
        line = end + 1;
    }
    free(copy);
    return true;
}

/* ── cancel, detail ────────────────────────────────────────────────────────────────────────────*/

static char **cancel(const struct dln_study *study, size_t n, const struct dln_job_id *const *ids,
                     bool gently, struct dln_arena *arena)
{
    struct argv argv = {.arena = arena};
    (void)study;
    add(&argv, "scancel");
    add_cluster(&argv, n, ids);
    if (gently) { /* -f: the script and its children too */
        add(&argv, "-f");
        add(&argv, "-s");
        add(&argv, "TERM");
    }
    for (size_t i = 0; i < n; i++)
        add(&argv, ids[i]->id);
    return finish(&argv);
}

/* With a signal, 1 says that a job was over already, which is as good. */
static bool read_cancel(const struct dln_child *child)
{
    const int status = dln_child_exit(child);
    return !child->is_late && (status == 0 || status == 1);
}

static char **detail(const struct dln_job_id *id, struct dln_arena *arena)
{
    struct argv argv = {.arena = arena};
    add(&argv, "scontrol");
    add_cluster(&argv, 1, &id);
    add(&argv, "show");
    add(&argv, "job");
    add(&argv, "-o");
    add(&argv, id->id);
    return finish(&argv);
}

bool dln_slurm_exit_code(const char *text, int *code, int *signal)
{
    const size_t first = strspn(text, "0123456789");
    if (first == 0 || text[first] != ':') return false;
    const size_t second = strspn(text + first + 1, "0123456789");
    int64_t left;
    int64_t right;
    if (!dln_num_parse_int(text, first, &left) || left > 255) return false;
    if (!dln_num_parse_int(text + first + 1, second, &right) || right > 255) return false;
    *code = (int)left;
    *signal = (int)right;
    return true;
}

static bool read_detail(const struct dln_child *child, int *code, int *signal)
{
    static const char key[] = " ExitCode=";
    const char *at = strstr(dln_strbuf_text(&child->text[0]), key);
    if (child->is_late || dln_child_exit(child) != 0 || !at) return false;
    return dln_slurm_exit_code(at + sizeof key - 1, code, signal);
}

const struct dln_batch_system dln_batch_slurm = {
    .title = "Slurm",
    .has_names = true,
    .has_signals = true,
    .cancel_ids = DLN_CANCEL_IDS_MAX,
    .submit = submit,
    .read_submit = read_submit,
    .poll = poll_words,
    .read_poll = read_poll,
    .cancel = cancel,
    .read_cancel = read_cancel,
    .detail = detail,
    .read_detail = read_detail,
};

/* ── environment ───────────────────────────────────────────────────────────────────────────────*/

static bool begins(const char *entry, const char *prefix)
{
    return strncmp(entry, prefix, strlen(prefix)) == 0;
}

static bool is_unwanted(const char *entry, bool is_inside, bool is_query)
{
    static const char *const always[] = {
        "SBATCH_ARRAY_INX=", "SBATCH_WAIT=",      "SBATCH_EXPORT=",
        "SBATCH_REQUEUE=",   "SBATCH_OPEN_MODE=", "SBATCH_NO_REQUEUE="};
    static const char *const queries[] = {
        "SQUEUE_", "SACCT_", "SCANCEL_", "SLURM_TIME_FORMAT=", "SLURM_BITSTR_LEN=", "LC_ALL="};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (begins(entry, always[i])) return true;
    }
    for (size_t i = 0; is_query && i < sizeof queries / sizeof queries[0]; i++) {
        if (begins(entry, queries[i])) return true;
    }
    if (begins(entry, "SLURM_CONF=") || begins(entry, "SLURM_CLUSTERS=")) return false;
    if (begins(entry, "SLURM_CPU_BIND")) return true;
    return is_inside &&
           (begins(entry, "SLURM_") || begins(entry, "SRUN_") || begins(entry, "SBATCH_"));
}

char **dln_batch_environment(bool is_query, struct dln_arena *arena)
{
    const bool is_inside = getenv("SLURM_JOB_ID") != NULL;
    size_t n = 0;
    while (environ && environ[n])
        n++;
    char **all = DLN_ARENA_ARRAY(arena, char *, n + 2);
    if (!all) return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_unwanted(environ[i], is_inside, is_query)) all[kept++] = environ[i];
    }
    if (is_query) {
        all[kept] = dln_arena_copy(arena, "LC_ALL=C");
        if (!all[kept++]) return NULL;
    }
    all[kept] = NULL;
    return all;
}
