#include "engine/outcome.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_TRY_AGAIN = 75 }; /* EX_TEMPFAIL of sysexits.h */

void dln_signal_text(int number, char *out, size_t cap)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
        {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},   {SIGFPE, "FPE"},
        {SIGKILL, "KILL"}, {SIGUSR1, "USR1"}, {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},
        {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"}, {SIGXCPU, "XCPU"},
        {SIGXFSZ, "XFSZ"}, {SIGSYS, "SYS"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].number != number) continue;
        (void)snprintf(out, cap, "%s", names[i].name);
        return;
    }
    (void)snprintf(out, cap, "%d", number);
}

DLN_PRINTF(3, 4)
static void fail(struct dln_outcome *out, enum dln_fail_reason reason, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    out->state = DLN_TRIAL_FAIL;
    out->reason = reason;
    if (vsnprintf(out->detail, sizeof out->detail, format, args) < 0) out->detail[0] = '\0';
    va_end(args);
}

static double aggregate(const struct dln_study *study, size_t objective,
                        const struct dln_metric_sum *sum)
{
    if (sum->n == 0) return (double)NAN;
    switch (study->aggregate) {
    case DLN_AGGREGATE_LAST: break;
    case DLN_AGGREGATE_BEST:
        return study->objectives[objective].maximize ? sum->highest : sum->lowest;
    case DLN_AGGREGATE_MEAN: return sum->sum / (double)sum->n;
    }
    return sum->last;
}

static void judge_values(const struct dln_study *study, const size_t *objective_metric,
                         const struct dln_job *job, struct dln_outcome *out)
{
    for (size_t k = 0; k < study->n_objectives; k++) {
        if (job->sums[objective_metric[k]].n > 0) continue;
        fail(out, DLN_FAIL_NO_METRIC,
             job->end.by_worker ? "the answer has no '%.160s'"
                                : "exit 0, but it did not print '%.160s'",
             study->objectives[k].metric);
        return;
    }
    for (size_t k = 0; k < study->n_objectives; k++) {
        if (!isnan(out->values[k])) continue;
        fail(out, DLN_FAIL_NAN, "%.200s is nan", study->objectives[k].metric);
        return;
    }
    out->state = DLN_TRIAL_COMPLETE;
}

static void judge_exit(const struct dln_study *study, const size_t *objective_metric,
                       const struct dln_job *job, struct dln_outcome *out)
{
    const struct dln_run_event *end = &job->end;
    const bool signaled = end->signal != 0 || !end->has_exit;
    char name[16];
    if (end->guardian_lost) {
        fail(out, DLN_FAIL_LOST, "the process that watches over the trials died");
    } else if (!signaled && end->exit_status == 0) {
        judge_values(study, objective_metric, job, out);
    } else if (end->oom) {
        fail(out, DLN_FAIL_OOM, "out of memory");
    } else if (end->by_worker) {
        fail(out, DLN_FAIL_EXIT, "%s", job->end_text);
    } else if (signaled) {
        dln_signal_text(end->signal, name, sizeof name);
        fail(out, DLN_FAIL_SIGNAL, "signal %s", name);
    } else {
        fail(out, DLN_FAIL_EXIT, "exit %d", end->exit_status);
    }
}

void dln_outcome_decide(const struct dln_study *study, const size_t *objective_metric,
                        const struct dln_job *job, struct dln_outcome *out)
{
    *out = (struct dln_outcome){.state = DLN_TRIAL_FAIL};
    for (size_t k = 0; k < study->n_objectives; k++) {
        out->values[k] = aggregate(study, k, &job->sums[objective_metric[k]]);
    }
    const bool could_start = job->end.kind != DLN_RUN_FAILED;
    switch (job->verdict) {
    case DLN_VERDICT_PRUNE:
        out->state = DLN_TRIAL_PRUNED;
        (void)snprintf(out->detail, sizeof out->detail, "%s",
                       job->is_cut ? job->cut.why : "pruned by a person");
        if (study->n_objectives == 1 && job->last_step >= 0) out->values[0] = job->last_value;
        return;
    case DLN_VERDICT_STOP: fail(out, DLN_FAIL_STOPPED, "stopped by a person"); return;
    case DLN_VERDICT_TIMEOUT:
        fail(out, DLN_FAIL_TIMEOUT, "ran for %.6g s", (double)study->machine.timeout_ms / 1e3);
        break;
    case DLN_VERDICT_SILENT:
        fail(out, DLN_FAIL_TIMEOUT, "silent for %.6g s",
             (double)study->machine.idle_timeout_ms / 1e3);
        break;
    case DLN_VERDICT_NONE:
    case DLN_VERDICT_LEAVE:
        if (could_start) {
            judge_exit(study, objective_metric, job, out);
        } else {
            fail(out, DLN_FAIL_EXIT, "could not be started: %.200s", job->end_text);
        }
        break;
    }
    if (out->state != DLN_TRIAL_FAIL) return;
    const bool asked = could_start && job->end.has_exit && job->end.signal == 0 &&
                       job->end.exit_status == EXIT_TRY_AGAIN;
    out->again = (study->policy[out->reason] == DLN_POLICY_RETRY || asked) &&
                 !job->end.program_missing && job->failures < study->retries;
}
