/*
 * `machine.executor`: local, or slurm and queue with what their jobs ask for. What Slurm would
 * refuse or misread is an error of the study file, with its place, before anything is submitted.
 */
#include <regex.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/num.h"
#include "study/reader.h"

#define AT(member) offsetof(struct dln_study, machine.cluster.member)
#define FIELD(text, type, member)                                      \
    {                                                                  \
        .name = (text), .kind = DLN_FIELD_##type, .offset = AT(member) \
    }
#define RANGE(text, type, member, least, most)                                          \
    {                                                                                   \
        .name = (text), .kind = DLN_FIELD_##type, .offset = AT(member), .low = (least), \
        .high = (most)                                                                  \
    }
#define WORD(text, member, list)                                                      \
    {                                                                                 \
        .name = (text), .kind = DLN_FIELD_WORD, .offset = AT(member), .words = (list) \
    }
#define FUNCTION(text, function)                                       \
    {                                                                  \
        .name = (text), .kind = DLN_FIELD_FUNCTION, .read = (function) \
    }

/* ── options of a job ──────────────────────────────────────────────────────────────────────────*/

static bool is_clean(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) return false;
    }
    return true;
}

static bool check_option(struct dln_reader *r, const struct dln_node *at, const char *what,
                         const char *text)
{
    if (!is_clean(text)) {
        return dln_read_fail(r, at, "'%.80s' must not contain control characters", what);
    }
    if (text[0] == '-') return dln_read_fail(r, at, "'%.80s' must not begin with a '-'", what);
    return true;
}

static const struct {
    const char *name;
    size_t offset;
} options[] = {
    {"partition", AT(partition)},
    {"account", AT(account)},
    {"qos", AT(qos)},
    {"constraint", AT(constraint)},
    {"reservation", AT(reservation)},
    {"nodelist", AT(nodelist)},
    {"exclude", AT(exclude)},
    {"mem", AT(mem)},
    {"mem_per_cpu", AT(mem_per_cpu)},
    {"mem_per_gpu", AT(mem_per_gpu)},
    {"gpu_type", AT(gpu_type)},
    {"nodes", AT(nodes)},
    {"mail_type", AT(mail_type)},
    {"mail_user", AT(mail_user)},
    {"dependency", AT(dependency)},
};

static bool read_option(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].name, key->text) != 0) continue;
        const char **at = (const char **)((char *)r->study + options[i].offset);
        return dln_read_text(r, value, key->text, at) && check_option(r, value, key->text, *at);
    }
    return dln_read_fail(r, key, "'%.80s' is not an option", key->text);
}

/* Negative ones are for administrators, and sbatch's to refuse. */
static bool read_nice(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    double number;
    return dln_read_whole(r, value, key->text, -2147483645, 2147483645, &number) &&
           dln_read_text(r, value, key->text, &r->study->machine.cluster.nice);
}

/* Digits up to one of `ends`; false: none, or too many. */
static bool take_number(const char **text, int64_t *out)
{
    const size_t len = strspn(*text, "0123456789");
    if (len == 0 || len > 9 || !dln_num_parse_int(*text, len, out)) return false;
    *text += len;
    return true;
}

/* Slurm's ways to write a time limit: M, M:S, H:M:S, D-H, D-H:M, D-H:M:S. */
static bool parse_time(const char *text, int64_t *seconds)
{
    int64_t part[4] = {0};
    const bool has_days = strchr(text, '-') != NULL;
    size_t n = 0;
    if (has_days && (!take_number(&text, &part[0]) || *text++ != '-')) return false;
    do {
        if (n == 3 || !take_number(&text, &part[1 + n++])) return false;
    } while (*text == ':' && *++text != '\0');
    if (*text != '\0' || text[-1] == ':') return false;
    if (has_days || n == 3) {
        *seconds = part[0] * 86400 + part[1] * 3600 + part[2] * 60 + part[3];
    } else {
        *seconds = part[1] * 60 + part[2];
    }
    return true;
}

static bool read_time(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    const char **time = &r->study->machine.cluster.time;
    int64_t seconds;
    if (!dln_read_text(r, value, key->text, time)) return false;
    if (!parse_time(*time, &seconds)) {
        return dln_read_fail(r, value,
                             "'time' is written as Slurm has it: minutes, H:M:S or D-H:M:S, as "
                             "90, 1:30:00 or 2-12, not '%.80s'",
                             *time);
    }
    if (seconds > 0) return true;
    return dln_read_fail(r, value,
                         "a time of 0 is no limit for Slurm, and such a job may wait for ever; "
                         "leave 'time' out for the partition's own");
}

static bool read_amount(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    struct dln_cluster *cluster = &r->study->machine.cluster;
    struct dln_amount *amount = strcmp(key->text, "gpus") == 0 ? &cluster->gpus : &cluster->cpus;
    double number;
    if (value->kind != DLN_NODE_MAP) {
        if (!dln_read_whole(r, value, key->text, 1, 65536, &number)) return false;
        amount->count = (int)number;
        return true;
    }
    if (value->count != 1 || strcmp(value->first->text, "param") != 0) {
        return dln_read_fail(r, value, "'%.80s' is a number, or {param: NAME}", key->text);
    }
    return dln_read_name(r, value->first->next, "a parameter's name", &amount->param);
}

static bool read_list(struct dln_reader *r, const struct dln_node *value, const char *what,
                      const char *example, size_t *n, const char *const **out)
{
    if (!dln_read_expect_list(r, value, what, example)) return false;
    const char **list = DLN_ARENA_ARRAY(r->arena, const char *, value->count);
    if (!list) return dln_read_no_memory(r);
    size_t count = 0;
    for (const struct dln_node *item = value->first; item; item = item->next) {
        if (!dln_read_text(r, item, what, &list[count++])) return false;
    }
    *n = count;
    *out = list;
    return true;
}

/* What dialin says itself, and what would change what sbatch does or answers. */
static bool is_ours(const char *word)
{
    static const char *const names[] = {
        "--array", "--wrap",  "--wait",  "--parsable",  "--job-name", "--output", "--error",
        "--help",  "--usage", "--chdir", "--test-only", "--version",  "--export", "--open-mode"};
    const size_t len = strcspn(word, "=");
    if (word[0] == '-' && word[1] != '-' && word[1] && strchr("aWJoehDV", word[1])) return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == len && strncmp(word, names[i], len) == 0) return true;
    }
    return false;
}

static bool read_extra(struct dln_reader *r, const struct dln_node *key,
                       const struct dln_node *value)
{
    struct dln_cluster *cluster = &r->study->machine.cluster;
    if (!read_list(r, value, key->text, "[--exclusive, --licenses=x]", &cluster->n_extra,
                   &cluster->extra)) {
        return false;
    }
    const struct dln_node *item = value->first;
    for (size_t i = 0; i < cluster->n_extra; i++, item = item->next) {
        const char *word = cluster->extra[i];
        if (!is_clean(word)) {
            return dln_read_fail(r, item, "'extra' must not contain control characters");
        }
        if (i == 0 && word[0] != '-') {
            return dln_read_fail(r, item, "'extra' has options of sbatch, which begin with a '-'");
        }
        if (is_ours(word)) {
            return dln_read_fail(r, item, "'%.80s' is dialin's own to say", word);
        }
    }
    return true;
}

static bool read_setup(struct dln_reader *r, const struct dln_node *key,
                       const struct dln_node *value)
{
    struct dln_cluster *cluster = &r->study->machine.cluster;
    return read_list(r, value, key->text, "[module load cuda, . venv/bin/activate]",
                     &cluster->n_setup, &cluster->setup);
}

/* ── queue ─────────────────────────────────────────────────────────────────────────────────────*/

static bool read_id(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    const char **id = &r->study->machine.cluster.id_regex;
    regex_t regex;
    char why[200];
    if (!dln_read_text(r, value, key->text, id)) return false;
    const int problem = regcomp(&regex, *id, REG_EXTENDED);
    if (problem != 0) {
        (void)regerror(problem, NULL, why, sizeof why);
        return dln_read_fail(r, value, "'id' cannot be read: %s", why);
    }
    const bool has_group = regex.re_nsub > 0;
    regfree(&regex);
    if (has_group) return true;
    return dln_read_fail(r, value,
                         "'id' needs a group around the job's number, as in 'Job <([0-9]+)>'");
}

static const char *const meanings[] = {"pending", "held", "running", "ended", NULL};

static bool read_states(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    struct dln_cluster *cluster = &r->study->machine.cluster;
    if (!dln_read_expect_map(r, value, key->text, "{Q: pending, R: running, F: ended}")) {
        return false;
    }
    struct dln_state_word *states = DLN_ARENA_ARRAY(r->arena, struct dln_state_word, value->count);
    if (!states) return dln_read_no_memory(r);
    size_t n = 0;
    for (const struct dln_node *word = value->first; word; word = word->next->next) {
        int index = 0;
        if (!dln_read_name(r, word, "a state", &states[n].word)) return false;
        if (!dln_read_word(r, word->next, word->text, meanings, &index)) return false;
        states[n++].means = (enum dln_state_meaning)index;
    }
    cluster->n_states = n;
    cluster->states = states;
    return true;
}

static bool has_piece(const struct dln_words *words, const char *piece)
{
    for (size_t i = 0; i < words->n; i++) {
        if (strstr(words->word[i], piece)) return true;
    }
    return false;
}

/* Every {word} of a command is one that is known there. */
static bool check_pieces(struct dln_reader *r, const struct dln_node *at,
                         const struct dln_words *words, const char *what, const char *const *known)
{
    for (size_t i = 0; i < words->n; i++) {
        for (const char *open = words->word[i]; (open = strchr(open, '{')); open++) {
            const size_t len = strcspn(open, "}");
            struct dln_nearest nearest = {.wanted = open};
            bool is_known = false;
            for (size_t k = 0; known[k]; k++) {
                dln_nearest_offer(&nearest, known[k]);
                is_known = is_known ||
                           (strlen(known[k]) == len + 1 && strncmp(known[k], open, len + 1) == 0);
            }
            if (is_known) continue;
            return dln_read_fail(r, at, "'%.80s' is not known in '%s'; there is %s", open, what,
                                 nearest.best ? nearest.best : known[0]);
        }
    }
    return true;
}

static bool check_queue(struct dln_reader *r, const struct dln_node *value)
{
    static const char *const of_submit[] = {"{script}", "{name}", "{dir}", NULL};
    static const char *const of_poll[] = {"{jobids}", NULL};
    static const char *const of_cancel[] = {"{jobid}", "{name}", NULL};
    const struct dln_cluster *cluster = &r->study->machine.cluster;
    if (cluster->submit.n == 0 || cluster->poll.n == 0 || cluster->cancel.n == 0) {
        return dln_read_fail(r, value,
                             "'queue' needs 'submit', 'poll' and 'cancel', such as {submit: "
                             "[qsub, -N, '{name}', '{script}'], poll: [qstat], cancel: [qdel, "
                             "'{jobid}']}");
    }
    const struct dln_node *submit = dln_node_get(value, "submit");
    const struct dln_node *cancel = dln_node_get(value, "cancel");
    if (!has_piece(&cluster->submit, "{script}")) {
        return dln_read_fail(r, submit, "'submit' has no {script}, so it would run nothing");
    }
    if (!has_piece(&cluster->cancel, "{jobid}") && !has_piece(&cluster->cancel, "{name}")) {
        return dln_read_fail(r, cancel, "'cancel' has no {jobid}, so it would end the wrong job");
    }
    return check_pieces(r, submit, &cluster->submit, "submit", of_submit) &&
           check_pieces(r, dln_node_get(value, "poll"), &cluster->poll, "poll", of_poll) &&
           check_pieces(r, cancel, &cluster->cancel, "cancel", of_cancel);
}

/* ── the two sections ──────────────────────────────────────────────────────────────────────────*/

static const char *const on_timeout[] = {"fail", "prune", NULL};
static const char *const gpu_flags[] = {"gpus", "gres", NULL};
static const char *const envs[] = {"all", "clean", NULL};

#define OF_BOTH                                                                                  \
    RANGE("max_jobs", COUNT, max_jobs, 1, 65536),                                                \
        RANGE("max_queued", COUNT, max_queued, 1, 65536), FIELD("poll_min", MS, poll_min_ms),    \
        FIELD("poll_max", MS, poll_max_ms), FIELD("fs_grace", MS, fs_grace_ms),                  \
        FIELD("queue_timeout", MS, queue_timeout_ms), RANGE("retries", COUNT, retries, 0, 1000), \
        FIELD("line_buffer", TRUTH, line_buffer), FIELD("launcher", COMMAND, launcher),          \
        FUNCTION("setup", read_setup)

static const struct dln_field slurm_fields[] = {
    OF_BOTH,
    WORD("on_timeout", on_timeout, on_timeout),
    FUNCTION("partition", read_option),
    FUNCTION("account", read_option),
    FUNCTION("qos", read_option),
    FUNCTION("constraint", read_option),
    FUNCTION("reservation", read_option),
    FUNCTION("nodelist", read_option),
    FUNCTION("exclude", read_option),
    FUNCTION("time", read_time),
    FUNCTION("cpus", read_amount),
    FUNCTION("mem", read_option),
    FUNCTION("mem_per_cpu", read_option),
    FUNCTION("mem_per_gpu", read_option),
    FUNCTION("gpus", read_amount),
    FUNCTION("gpu_type", read_option),
    WORD("gpu_flag", gpu_flag, gpu_flags),
    FUNCTION("nodes", read_option),
    FIELD("requeue", TRUTH, requeue),
    FUNCTION("nice", read_nice),
    FUNCTION("mail_type", read_option),
    FUNCTION("mail_user", read_option),
    FUNCTION("dependency", read_option),
    WORD("env", env, envs),
    FUNCTION("extra", read_extra),
    {0},
};

static const struct dln_field queue_fields[] = {
    OF_BOTH,
    FIELD("submit", COMMAND, submit),
    FIELD("poll", COMMAND, poll),
    FIELD("cancel", COMMAND, cancel),
    FUNCTION("id", read_id),
    RANGE("id_column", COUNT, id_column, 1, 100),
    RANGE("state_column", COUNT, state_column, 1, 100),
    FUNCTION("states", read_states),
    {0},
};

static bool check_slurm(struct dln_reader *r, const struct dln_node *value)
{
    const struct dln_cluster *cluster = &r->study->machine.cluster;
    if ((cluster->mem != NULL) + (cluster->mem_per_cpu != NULL) + (cluster->mem_per_gpu != NULL) >
        1) {
        return dln_read_fail(r, value, "only one of 'mem', 'mem_per_cpu' and 'mem_per_gpu'");
    }
    if (cluster->gpu_type && cluster->gpus.count == 0 && !cluster->gpus.param) {
        return dln_read_fail(r, dln_node_get(value, "gpu_type"), "'gpu_type' needs 'gpus'");
    }
    return true;
}

bool dln_read_executor(struct dln_reader *r, const struct dln_node *key,
                       const struct dln_node *value)
{
    static const char *const names[] = {"local", "slurm", "queue", NULL};
    (void)key;
    const struct dln_node *name = value;
    const struct dln_node *settings = NULL;
    int index = 0;
    struct dln_machine *machine = &r->study->machine;
    if (value->kind == DLN_NODE_LIST || (value->kind == DLN_NODE_MAP && value->count != 1)) {
        return dln_read_fail(r, value, "'executor' is one name, or {name: {settings}}");
    }
    if (value->kind == DLN_NODE_MAP) {
        name = value->first;
        settings = name->next;
        if (settings->kind == DLN_NODE_SCALAR && settings->count == 0) settings = NULL;
    }
    if (!dln_read_word(r, name, "executor", names, &index)) return false;
    machine->executor = names[index];
    machine->cluster = (struct dln_cluster){
        .poll_min_ms = 5000,
        .poll_max_ms = 60000,
        .fs_grace_ms = 60000,
        .retries = 2,
        .id_column = 1,
        .state_column = 2,
    };
    if (settings && settings->kind != DLN_NODE_MAP) {
        return dln_read_fail(r, settings, "the settings of '%s' are a map: {%s: {name: value}}",
                             machine->executor, machine->executor);
    }
    const bool is_queue = index == 2;
    if (settings && index == 0) {
        return dln_read_fail(r, value, "the executor 'local' has no settings");
    }
    if (is_queue && !settings) {
        settings = value;
        return check_queue(r, settings);
    }
    if (!settings) return true;
    if (!dln_read_map(r, settings, is_queue ? "'queue'" : "'slurm'",
                      is_queue ? queue_fields : slurm_fields, r->study)) {
        return false;
    }
    if (machine->cluster.poll_max_ms < machine->cluster.poll_min_ms) {
        return dln_read_fail(r, settings, "'poll_max' must not be less than 'poll_min'");
    }
    return is_queue ? check_queue(r, settings) : check_slurm(r, settings);
}

bool dln_check_executor(struct dln_reader *r, const struct dln_node *machine)
{
    static const struct {
        const char *key, *slurm;
    } local_only[] = {
        {"gpus", "slurm: {gpus: 1}"},
        {"gpus_per_trial", "slurm: {gpus: 1}"},
        {"trials_per_gpu", "slurm: {gpus: 1}"},
        {"memory", "slurm: {mem: 4G}"},
    };
    const bool is_slurm = strcmp(r->study->machine.executor, "slurm") == 0;
    if (strcmp(r->study->machine.executor, "local") == 0) return true;
    for (size_t i = 0; i < sizeof local_only / sizeof local_only[0]; i++) {
        const struct dln_node *key = dln_node_get_key(machine, local_only[i].key);
        if (!key) continue;
        return dln_read_fail(r, key, "'%s' is for trials on this machine; a job asks by %s",
                             key->text, is_slurm ? local_only[i].slurm : "the options in 'submit'");
    }
    return true;
}

/* The parameter that feeds what a job asks for, whichever comes first in the file. */
static bool find_param(struct dln_reader *r, const char *name, struct dln_amount *amount)
{
    const struct dln_space *space = &r->study->space;
    if (!amount->param) return true;
    const struct dln_node *executor = dln_node_get(dln_node_get(r->root, "machine"), "executor");
    const struct dln_node *at = dln_node_get(dln_node_get(executor, "slurm"), name);
    at = dln_node_get(at, "param");
    amount->index = dln_space_find(space, amount->param);
    if (amount->index == SIZE_MAX) {
        struct dln_nearest nearest = {.wanted = amount->param};
        for (size_t i = 0; i < space->n; i++)
            dln_nearest_offer(&nearest, space->params[i].name);
        return dln_read_fail(r, at, "there is no parameter '%.80s'%s%.80s%s", amount->param,
                             nearest.best ? "; did you mean '" : "",
                             nearest.best ? nearest.best : "", nearest.best ? "'?" : "");
    }
    const struct dln_param *param = &space->params[amount->index];
    if (param->kind == DLN_PARAM_INT && param->low >= 1) return true;
    return dln_read_fail(r, at, "'%.80s' cannot say how many: that is an int from 1 up",
                         amount->param);
}

bool dln_validate_executor(struct dln_reader *r)
{
    struct dln_cluster *cluster = &r->study->machine.cluster;
    return find_param(r, "cpus", &cluster->cpus) && find_param(r, "gpus", &cluster->gpus);
}
