/* `machine`, `budget`, `failure`, `confirm`, `folds`, `repeat`, `config`: sections of plain fields.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "study/reader.h"

#define FIELD(text, type, member)                                                              \
    {                                                                                          \
        .name = (text), .kind = DLN_FIELD_##type, .offset = offsetof(struct dln_study, member) \
    }
#define RANGE(text, type, member, least, most)                                                  \
    {                                                                                           \
        .name = (text), .kind = DLN_FIELD_##type, .offset = offsetof(struct dln_study, member), \
        .low = (least), .high = (most)                                                          \
    }
#define WORD(text, member, list)                                                              \
    {                                                                                         \
        .name = (text), .kind = DLN_FIELD_WORD, .offset = offsetof(struct dln_study, member), \
        .words = (list)                                                                       \
    }
#define FUNCTION(text, function)                                       \
    {                                                                  \
        .name = (text), .kind = DLN_FIELD_FUNCTION, .read = (function) \
    }

#define ABOVE_ZERO 1e-300

/* ── machine ───────────────────────────────────────────────────────────────────────────────────*/

static bool read_gpus(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    (void)key;
    struct dln_machine *machine = &r->study->machine;
    machine->gpus_auto = dln_node_is(value, "auto");
    if (machine->gpus_auto) return true;
    double count;
    const bool is_number =
        value->kind == DLN_NODE_SCALAR && value->text[0] >= '0' && value->text[0] <= '9';
    if (!is_number) return dln_read_fail(r, value, "'gpus' is auto or a number");
    if (!dln_read_whole(r, value, "gpus", 0, 4096, &count)) return false;
    machine->gpus = (int)count;
    return true;
}

const struct dln_field dln_machine_fields[] = {
    RANGE("parallel", COUNT, machine.parallel, 1, 65536),
    FUNCTION("gpus", read_gpus),
    RANGE("gpus_per_trial", REAL, machine.gpus_per_trial, ABOVE_ZERO, HUGE_VAL),
    RANGE("trials_per_gpu", COUNT, machine.trials_per_gpu, 1, 1024),
    RANGE("cpus_per_trial", COUNT, machine.cpus_per_trial, 1, 65536),
    FIELD("memory", BYTES, machine.memory_bytes),
    FIELD("timeout", MS, machine.timeout_ms),
    FIELD("idle_timeout", MS, machine.idle_timeout_ms),
    FIELD("grace", MS, machine.grace_ms),
    FIELD("log_limit", BYTES, machine.log_limit_bytes),
    FUNCTION("executor", dln_read_executor),
    {0},
};

/* Whole GPUs for a trial, or a whole number of trials for a GPU. */
static bool check_gpus(struct dln_reader *r, const struct dln_node *value)
{
    const struct dln_machine *machine = &r->study->machine;
    const double each = machine->gpus_per_trial;
    const double share = each > 0 ? 1 / each : 1;
    const struct dln_node *at = dln_node_get(value, "gpus_per_trial");
    if (each > 1 ? each != floor(each) || each > 4096
                 : fabs(share - round(share)) > 0.02 || share > 1024) {
        return dln_read_fail(r, at,
                             "'gpus_per_trial' is a whole number, or a part of one as 0.5 or 0.25");
    }
    if (machine->trials_per_gpu > 1 && each > 0 && each != 1) {
        return dln_read_fail(r, at, "either 'gpus_per_trial' or 'trials_per_gpu', not both");
    }
    if (machine->gpus > 0 && each > machine->gpus) {
        return dln_read_fail(r, at, "a trial cannot have %.0f of %d GPUs", each, machine->gpus);
    }
    return true;
}

bool dln_read_machine(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    (void)key;
    if (!dln_read_expect_map(r, value, "machine", "{parallel: 4, timeout: 2h}") ||
        !dln_read_map(r, value, "'machine'", dln_machine_fields, r->study)) {
        return false;
    }
    r->study->machine.has_parallel = dln_node_get(value, "parallel") != NULL;
    return check_gpus(r, value) && dln_check_executor(r, value);
}

/* ── budget ────────────────────────────────────────────────────────────────────────────────────*/

static bool read_slot_hours(struct dln_reader *r, const struct dln_node *key,
                            const struct dln_node *value)
{
    (void)key;
    double hours;
    if (!dln_read_number(r, value, "slot_hours", &hours)) return false;
    if (!(hours > 0)) return dln_read_fail(r, value, "'slot_hours' must be above 0");
    r->study->budget.slot_s = hours * 3600;
    return true;
}

static bool read_target(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    (void)key;
    r->study->budget.has_target = true;
    return dln_read_number(r, value, "target", &r->study->budget.target);
}

const struct dln_field dln_budget_fields[] = {
    RANGE("trials", COUNT64, budget.trials, 1, DLN_INT_MAX),
    FIELD("time", SECONDS, budget.time_s),
    FUNCTION("slot_hours", read_slot_hours),
    RANGE("cost", REAL, budget.cost, ABOVE_ZERO, HUGE_VAL),
    FUNCTION("target", read_target),
    RANGE("no_improvement", COUNT64, budget.no_improvement, 1, DLN_INT_MAX),
    {0},
};

bool dln_read_budget(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    r->study->budget = (struct dln_budget){0};
    return dln_read_expect_map(r, value, "budget", "{trials: 100, time: 12h}") &&
           dln_read_map(r, value, "'budget'", dln_budget_fields, r->study);
}

/* ── failure ───────────────────────────────────────────────────────────────────────────────────*/

static const char *const policies[] = {"retry", "avoid", "ignore", NULL};

const struct dln_field dln_failure_fields[] = {
    WORD("oom", policy[DLN_FAIL_OOM], policies),
    WORD("nan", policy[DLN_FAIL_NAN], policies),
    WORD("timeout", policy[DLN_FAIL_TIMEOUT], policies),
    WORD("exit", policy[DLN_FAIL_EXIT], policies),
    WORD("signal", policy[DLN_FAIL_SIGNAL], policies),
    WORD("no_metric", policy[DLN_FAIL_NO_METRIC], policies),
    WORD("lost", policy[DLN_FAIL_LOST], policies),
    RANGE("retry", COUNT, retries, 0, 1000),
    RANGE("pause_after", COUNT, pause_after, 0, 1000000),
    {0},
};

bool dln_read_failure(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    (void)key;
    return dln_read_expect_map(r, value, "failure", "{oom: avoid, retry: 1}") &&
           dln_read_map(r, value, "'failure'", dln_failure_fields, r->study);
}

/* ── confirm, folds, repeat ────────────────────────────────────────────────────────────────────*/

static bool read_confirm_run(struct dln_reader *r, const struct dln_node *key,
                             const struct dln_node *value)
{
    (void)key;
    return dln_read_words(r, value, "run", &r->study->confirm.run);
}

static bool read_confirm_metric(struct dln_reader *r, const struct dln_node *key,
                                const struct dln_node *value)
{
    (void)key;
    return dln_read_name(r, value, "a metric's name", &r->study->confirm.metric);
}

const struct dln_field dln_confirm_fields[] = {
    RANGE("top", COUNT, confirm.top, 1, 1000),     RANGE("seeds", COUNT, confirm.seeds, 1, 1000),
    RANGE("folds", COUNT, confirm.folds, 2, 1000), FUNCTION("run", read_confirm_run),
    FUNCTION("metric", read_confirm_metric),       {0},
};

bool dln_read_confirm(struct dln_reader *r, const struct dln_node *key,
                      const struct dln_node *value)
{
    (void)key;
    struct dln_confirm *confirm = &r->study->confirm;
    confirm->given = true;
    if (!dln_read_expect_map(r, value, "confirm", "{top: 3, seeds: 5}") ||
        !dln_read_map(r, value, "'confirm'", dln_confirm_fields, r->study)) {
        return false;
    }
    if (confirm->top == 0) {
        return dln_read_fail(r, value, "'confirm' needs 'top', the number of trials to confirm");
    }
    if ((confirm->seeds > 0) == (confirm->folds > 0)) {
        return dln_read_fail(r, value, "'confirm' needs either 'seeds' or 'folds'%s",
                             confirm->seeds > 0 ? ", not both" : "");
    }
    return true;
}

bool dln_read_folds(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    double folds;
    if (!dln_read_whole(r, value, "folds", 1, 1000, &folds)) return false;
    r->study->folds = (int)folds;
    return true;
}

static const char *const takes[] = {"mean", "median", "worst", "best", NULL};

const char *dln_take_name(enum dln_take take)
{
    return takes[take];
}

int dln_study_runs(const struct dln_study *study)
{
    const int folds = study->folds > 1 ? study->folds : 1;
    return study->repeat_runs > 1 ? folds * study->repeat_runs : folds;
}

const struct dln_field dln_repeat_fields[] = {
    RANGE("runs", COUNT, repeat_runs, 1, 1000),
    WORD("take", take, takes),
    {0},
};

bool dln_read_repeat(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    (void)key;
    return dln_read_expect_map(r, value, "repeat", "{runs: 3, take: median}") &&
           dln_read_map(r, value, "'repeat'", dln_repeat_fields, r->study);
}

/* ── config ────────────────────────────────────────────────────────────────────────────────────*/

static const char *const formats[] = {"none", "yaml", "json", "toml", "ini", "text", NULL};

static bool read_format(struct dln_reader *r, const struct dln_node *key,
                        const struct dln_node *value)
{
    (void)key;
    int index = 0;
    if (!dln_read_word(r, value, "as", formats + 1, &index)) return false;
    r->study->config_as = (enum dln_config_format)(index + 1);
    return true;
}

const struct dln_field dln_config_fields[] = {
    FIELD("from", TEXT, config_from),
    FUNCTION("as", read_format),
    {0},
};

bool dln_read_config(struct dln_reader *r, const struct dln_node *key, const struct dln_node *value)
{
    struct dln_study *study = r->study;
    study->config_line = key->line;
    study->config_column = key->column;
    if (!dln_read_expect_map(r, value, "config", "{from: base.yaml, as: yaml}") ||
        !dln_read_map(r, value, "'config'", dln_config_fields, study)) {
        return false;
    }
    if (study->config_as == DLN_CONFIG_NONE) {
        return dln_read_fail(r, value, "'config' needs 'as': yaml, json, toml, ini or text");
    }
    if (!study->config_from && study->config_as == DLN_CONFIG_TEXT) {
        return dln_read_fail(r, value, "'config' as text needs 'from', a file");
    }
    return true;
}
