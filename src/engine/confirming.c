#include "engine/confirming.h"

#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"
#include "engine/confirm_parts.h"
#include "engine/launch.h"
#include "engine/obey.h"
#include "engine/outcome.h"
#include "engine/record.h"
#include "engine/slots.h"

enum { ORPHAN_GRACE_MS = 1000, FDS_A_RUN = 8, FDS_MORE = 16 };

struct run { /* of one row on one seed; job NULL: the slot is free */
    struct dln_job *job;
    size_t row, seed;
};

struct confirming {
    struct dln_driver *driver;
    const struct dln_confirm_options *options;
    struct dln_confirmation plan;
    struct dln_study judged; /* the study with the confirmation's metric as its one objective */
    struct dln_objective objective;
    size_t metric; /* its place among the driver's metrics */
    const struct dln_words *words;
    struct run *runs;
    size_t n_slots, n_busy;
    struct pollfd *fds;
    enum dln_engine_state state; /* as it was before */
    int64_t version, look_ns;
    int64_t next_number; /* of no trial: stands for the default */
    int quits;
    bool is_leaving;
};

static void watch(struct confirming *c, size_t row, size_t seed, const char *failure)
{
    if (c->options->watch) c->options->watch(c->options->context, &c->plan, row, seed, failure);
}

/* ── one run ───────────────────────────────────────────────────────────────────────────────────*/

/* NAME.runs/000017/confirm/000003, for the default NAME.runs/default/confirm/000003. */
static bool make_folder(struct confirming *c, struct dln_job *job, const struct run *run,
                        struct dln_error *err)
{
    const int64_t number = c->plan.rows[run->row].number;
    struct dln_study placed = *c->driver->study;
    struct dln_strbuf path = {0};
    const char *of_trial;
    if (!dln_run_dir_make(&placed, number < 0 ? 0 : number, &job->run_arena, &of_trial, err)) {
        return false;
    }
    if (number < 0) {
        dln_strbuf_addf(&path, "%.*s/default", (int)(strrchr(of_trial, '/') - of_trial), of_trial);
    } else {
        dln_strbuf_add(&path, of_trial);
    }
    dln_strbuf_add(&path, "/confirm");
    placed.dir = dln_strbuf_ok(&path) ? dln_strbuf_text(&path) : NULL;
    const bool ok = placed.dir ? dln_run_dir_make(&placed, (int64_t)run->seed, &job->run_arena,
                                                  &job->run_dir, err)
                               : dln_fail(err, DLN_NOMEM, "start a run");
    dln_strbuf_release(&path);
    return ok;
}

static bool start(struct confirming *c, struct run *run, int slot, struct dln_error *err)
{
    struct dln_driver *driver = c->driver;
    const struct dln_confirm_row *row = &c->plan.rows[run->row];
    struct dln_job *job = dln_job_new(&driver->study->space, driver->n_metrics, row->x, "", NULL);
    if (!job) return dln_fail(err, DLN_NOMEM, "start a run");
    job->number = row->number < 0 ? c->next_number : row->number;
    job->slot = slot;
    job->attempt = 1;
    job->fold = (int)(run->seed % (size_t)c->plan.folds);
    job->folds = c->plan.folds;
    job->phase = DLN_JOB_ASKED;
    const uint64_t seed = dln_confirm_seed(&c->plan, driver->seed, run->seed);
    if (!make_folder(c, job, run, err) || !dln_launch_words(driver, job, c->words, seed, err)) {
        dln_job_free(job);
        return false;
    }
    run->job = job;
    c->n_busy++;
    return true;
}

static bool fill(struct confirming *c, struct dln_error *err)
{
    for (size_t i = 0; i < c->n_slots && !c->is_leaving; i++) {
        struct run *run = &c->runs[i];
        if (run->job) continue;
        if (!dln_confirm_next(&c->plan, &run->row, &run->seed)) return true;
        if (!start(c, run, (int)i, err)) return false;
    }
    return true;
}

static bool finish(struct confirming *c, struct run *run, struct dln_error *err)
{
    struct dln_outcome outcome;
    struct dln_job *job = run->job;
    bool ok = true;
    dln_outcome_decide(&c->judged, &c->metric, job, &outcome);
    const bool is_cut_short = job->verdict == DLN_VERDICT_LEAVE;
    const bool is_good = outcome.state == DLN_TRIAL_COMPLETE && isfinite(outcome.values[0]);
    const bool is_missing = job->end.kind == DLN_RUN_FAILED && job->end.program_missing;
    if (is_missing) {
        ok = dln_fail(err, DLN_NOT_FOUND, "%s", job->end_text);
    } else if (!is_cut_short) {
        ok = dln_confirm_take(&c->plan, run->row, run->seed,
                              is_good ? outcome.values[0] : (double)NAN, err) &&
             dln_confirm_save(c->driver->store, c->driver->study_id, &c->plan, c->driver->seed,
                              run->row, err);
        if (ok) {
            dln_driver_committed(c->driver, true);
            watch(c, run->row, run->seed,
                  is_good             ? NULL
                  : outcome.detail[0] ? outcome.detail
                                      : "its value is infinite");
        }
    }
    dln_job_free(job);
    run->job = NULL;
    c->n_busy--;
    return ok;
}

/* ── the loop ──────────────────────────────────────────────────────────────────────────────────*/

static void leave(struct confirming *c, int64_t grace_ms)
{
    c->is_leaving = true;
    for (size_t i = 0; i < c->n_slots; i++) {
        if (c->runs[i].job) {
            dln_slots_end(c->driver, c->runs[i].job, DLN_VERDICT_LEAVE, grace_ms);
        }
    }
}

/* People may steer meanwhile: what gives the study something else to do goes first. */
static bool look(struct confirming *c, int64_t now_ns, struct dln_error *err)
{
    struct dln_driver *driver = c->driver;
    const int quits = c->options->quits ? atomic_load(c->options->quits) : 0;
    if (quits > c->quits) {
        c->quits = quits;
        leave(c, quits > 1 ? 0 : -1);
    }
    if (now_ns >= driver->beat_ns) dln_driver_beat(driver, now_ns);
    if (now_ns < c->look_ns) return true;
    c->look_ns = now_ns + DLN_LOOK_MS * DLN_NS_PER_MS;
    const int64_t version = dln_store_version(driver->store);
    if (version != c->version) (void)dln_obey_inbox(driver);
    c->version = version;
    if (driver->engine_state != c->state && !c->is_leaving) leave(c, -1);
    if (dln_driver_is_failing(driver)) {
        return dln_fail(err, driver->end_error.code, "%s", driver->end_error.text);
    }
    return true;
}

static int64_t check_limits(struct confirming *c, int64_t now_ns)
{
    int64_t next = c->look_ns;
    for (size_t i = 0; i < c->n_slots; i++) {
        struct dln_job *job = c->runs[i].job;
        enum dln_verdict verdict = DLN_VERDICT_NONE;
        if (!job || job->phase != DLN_JOB_RUNNING || job->verdict != DLN_VERDICT_NONE) continue;
        const int64_t due = dln_slots_limit_ns(&c->driver->study->machine, job, &verdict);
        if (now_ns >= due) {
            dln_slots_end(c->driver, job, verdict, -1);
        } else if (due < next) {
            next = due;
        }
    }
    return next;
}

static bool wait_and_work(struct confirming *c, int64_t until_ns, struct dln_error *err)
{
    struct dln_driver *driver = c->driver;
    const int64_t left_ns = until_ns - dln_clock_mono_ns();
    int timeout_ms = left_ns > 0 ? (int)((left_ns + DLN_NS_PER_MS - 1) / DLN_NS_PER_MS) : 0;
    c->fds[0] =
        (struct pollfd){.fd = c->options->wake ? c->options->wake->read_fd : -1, .events = POLLIN};
    const size_t cap = FDS_MORE + FDS_A_RUN * c->n_slots;
    const size_t n = 1 + dln_runner_poll(driver->runner, c->fds + 1, cap - 1, &timeout_ms);
    if (poll(c->fds, (nfds_t)n, timeout_ms) > 0 && c->fds[0].revents != 0) {
        dln_wake_clear(c->options->wake);
    }
    return dln_runner_work(driver->runner, dln_record_event, driver, err);
}

static bool run_all(struct confirming *c, struct dln_error *err)
{
    for (;;) {
        const int64_t now = dln_clock_mono_ns();
        if (!look(c, now, err) || !fill(c, err)) return false;
        if (c->n_busy == 0) return true;
        if (!wait_and_work(c, check_limits(c, now), err)) return false;
        for (size_t i = 0; i < c->n_slots; i++) {
            struct run *run = &c->runs[i];
            if (run->job && run->job->phase == DLN_JOB_ENDED && !finish(c, run, err)) return false;
        }
    }
}

/* After a failure: what still runs is ended, and its results are not wanted. */
static void end_all(struct confirming *c)
{
    struct dln_error ignored = {0};
    leave(c, 0);
    while (c->n_busy > 0) {
        const bool works = wait_and_work(c, dln_clock_mono_ns() + DLN_NS_PER_S, &ignored);
        for (size_t i = 0; i < c->n_slots; i++) {
            struct run *run = &c->runs[i];
            if (!run->job || (works && run->job->phase != DLN_JOB_ENDED)) continue;
            dln_job_free(run->job);
            run->job = NULL;
            c->n_busy--;
        }
    }
}

/* ── before and after ──────────────────────────────────────────────────────────────────────────*/

static bool set_up(struct confirming *c, struct dln_error *err)
{
    struct dln_driver *driver = c->driver;
    const struct dln_study *study = driver->study;
    if (!dln_confirm_plan(driver->store, driver->study_id, study, &c->options->settings, &c->plan,
                          err)) {
        return false;
    }
    struct dln_study_summary summary;
    if (!dln_store_study(driver->store, driver->study_id, &c->plan.arena, &summary, err)) {
        return false;
    }
    c->next_number = summary.n_trials;
    c->objective = study->objectives[dln_confirm_objective(study)];
    c->objective.metric = c->plan.metric;
    c->judged = *study;
    c->judged.objectives = &c->objective;
    c->judged.n_objectives = 1;
    c->words = study->confirm.run.n > 0 ? &study->confirm.run : dln_study_command(study);
    if (c->words != &study->worker)
        dln_runner_trim(driver->runner, NULL, 0); /* they hold what it needs */
    while (c->metric < driver->n_metrics &&
           strcmp(driver->metric_names[c->metric], c->plan.metric) != 0) {
        c->metric++;
    }
    if (c->metric == driver->n_metrics) {
        return dln_fail(err, DLN_INVALID, "nothing reads the metric '%s'", c->plan.metric);
    }
    c->n_slots = driver->live.parallel > 0 ? (size_t)driver->live.parallel : 1;
    c->runs = calloc(c->n_slots, sizeof *c->runs);
    c->fds = calloc(FDS_MORE + FDS_A_RUN * c->n_slots, sizeof *c->fds);
    if (!c->runs || !c->fds) return dln_fail(err, DLN_NOMEM, "confirm a study");
    return true;
}

static void tell_start(struct confirming *c)
{
    const struct dln_confirmation *plan = &c->plan;
    size_t n = plan->n;
    const bool has_control = plan->rows[n - 1].result.is_control;
    n -= has_control;
    dln_driver_note(c->driver,
                    "confirm: %s %zu candidate%s%s on fresh %s%s, %d runs each on average%s",
                    plan->n_runs > 0 ? "goes on with" : "runs", n, n == 1 ? "" : "s",
                    has_control ? " and the default" : "", plan->folds > 1 ? "folds" : "seeds",
                    plan->is_held_out ? " by the held-out command" : "", plan->repeats,
                    plan->is_held_out && plan->held_out_uses > 1 ? "; it was used before" : "");
}

/* The verdict's first two sentences go to the journal. */
static void tell_end(struct confirming *c)
{
    struct dln_strbuf text = {0};
    dln_confirmation_verdict(&c->plan, &text);
    char *line = text.data;
    for (int i = 0; line && *line && i < 2; i++) {
        char *end = strchr(line, '\n');
        if (!end) break;
        *end = '\0';
        dln_driver_note(c->driver, "confirm: %s", line);
        line = end + 1;
    }
    dln_strbuf_release(&text);
}

bool dln_confirm_drive(struct dln_driver *driver, const struct dln_confirm_options *options,
                       bool *finished, struct dln_error *err)
{
    struct confirming c = {
        .driver = driver,
        .options = options,
        .state = driver->engine_state,
    };
    const size_t curve_metric = driver->curve_metric;
    driver->curve_metric = SIZE_MAX; /* fresh runs have no curve, and no pruner looks at them */
    *finished = false;
    bool ok = set_up(&c, err);
    if (ok && !c.plan.is_finished) {
        ok =
            dln_confirm_save(driver->store, driver->study_id, &c.plan, driver->seed, SIZE_MAX, err);
        if (ok) {
            tell_start(&c);
            watch(&c, SIZE_MAX, 0, NULL);
            ok = run_all(&c, err);
        }
        if (!ok && c.runs && c.fds) end_all(&c);
        if (ok && c.plan.is_finished) tell_end(&c);
    }
    *finished = ok && c.plan.is_finished;
    driver->curve_metric = curve_metric;
    free(c.runs);
    free(c.fds);
    dln_confirmation_release(&c.plan);
    return ok;
}

bool dln_confirm(const struct dln_confirm_options *options, bool *finished, struct dln_error *err)
{
    struct dln_driver driver;
    *finished = false;
    if (!dln_driver_open(&driver, options->db_path, options->study_id, err)) return false;
    const struct dln_study *study = driver.study;
    bool ok = dln_study_can_run(study, err) && dln_argv_check(study, err) &&
              dln_config_new(study, &driver.config, err);
    const int64_t grace_ms = study->machine.grace_ms;
    const struct dln_runner_options runner = {
        .program = options->guardian,
        .inherit_fd = driver.lock_fd,
        .log_limit_bytes = study->machine.log_limit_bytes,
        .seed = driver.seed,
        .orphan_grace_ms = grace_ms < ORPHAN_GRACE_MS ? grace_ms : ORPHAN_GRACE_MS,
    };
    ok = ok && dln_runner_new(study, &runner, &driver.runner, err);
    if (ok) {
        driver.beat_ns = dln_clock_mono_ns() + DLN_BEAT_MS * DLN_NS_PER_MS;
        ok = dln_confirm_drive(&driver, options, finished, err);
    }
    dln_driver_close(&driver);
    return ok;
}
